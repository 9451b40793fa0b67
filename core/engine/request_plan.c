/* request_plan.c - `plan`: what would be done, as things are or as a verb would leave them. Changes nothing that lasts. */
#include "engine/request_parts.h"

#include <string.h>

/* The verbs that a plan can suppose; `how` is of resolve, `keep` of block. */
static const struct {
	const char *verb, *how;
	enum sg_plan_as as;
	bool id; /* needs one; of the others, rollback takes one */
} supposed[] = {
	{ "apply", NULL, SG_AS_APPLY, true },
	{ "approve", NULL, SG_AS_APPROVE, true },
	{ "block", NULL, SG_AS_BLOCK, true },
	{ "unblock", NULL, SG_AS_UNBLOCK, true },
	{ "rollback", NULL, SG_AS_ROLLBACK, false },
	{ "resolve", "retry", SG_AS_RETRY, true },
	{ "resolve", "take-over", SG_AS_TAKE_OVER, true },
	{ "resolve", "accept", SG_AS_ACCEPT, true },
	{ "pause", NULL, SG_AS_PAUSE, false },
	{ "resume", NULL, SG_AS_RESUME, false },
};

static int plan_as(const struct sg_request *r, enum sg_plan_as *ret)
{
	const char *as = sg_request_param(r, "as"), *how = sg_request_param(r, "how"),
	           *id = sg_request_param(r, "id");
	bool keep = sg_val_get_bool(r->params, "keep", false), resolve = as && strcmp(as, "resolve") == 0,
	     all = false;

	*ret = SG_AS_IS;
	if (how && !resolve)
		return sg_fail(r->err, SG_EINVAL, "how: goes with as resolve alone");
	if (resolve && !how)
		return sg_fail(r->err, SG_EINVAL, "how: retry, take-over or accept");
	for (size_t i = 0; as && i < sizeof(supposed) / sizeof(supposed[0]); i++) {
		if (strcmp(supposed[i].verb, as) != 0 || (how && strcmp(supposed[i].how, how) != 0))
			continue;
		*ret = supposed[i].as;
		all = !supposed[i].id;
	}
	if (as && *ret == SG_AS_IS)
		return resolve ? sg_fail(r->err, SG_EINVAL, "how: retry, take-over or accept")
		               : sg_fail(r->err, SG_EINVAL,
		                         "as: '%.60s' is none of apply, approve, block, unblock, rollback, "
		                         "resolve, pause and resume",
		                         as);
	if (keep && *ret != SG_AS_BLOCK)
		return sg_fail(r->err, SG_EINVAL, "keep: goes with as block alone");
	if (as && !all && !id)
		return sg_fail(r->err, SG_EINVAL, "as %s: an id is needed", as);
	if (id && (*ret == SG_AS_PAUSE || *ret == SG_AS_RESUME))
		return sg_fail(r->err, SG_EINVAL, "as %s: it is of all mitigations, not of one", as);
	if (keep)
		*ret = SG_AS_BLOCK_KEEP;
	return 0;
}

/* A block may name a revision, and an id that no feed has yet: then nothing that is here is meant. */
static int find_planned(struct sg_request *r, enum sg_plan_as as)
{
	const char *id = sg_request_param(r, "id"), *at = id ? strchr(id, '@') : NULL;
	bool block = as == SG_AS_BLOCK || as == SG_AS_BLOCK_KEEP || as == SG_AS_UNBLOCK;
	const char *revision;

	if (!block || !id)
		return sg_request_find_row(r, false);
	for (size_t i = 0; i < r->w.rows.n; i++) {
		struct sg_row *row = r->w.rows.at[i];
		size_t len = at ? (size_t)(at - id) : strlen(id);
		const char *feed = sg_request_param(r, "feed");

		revision = row->applied_revision ? row->applied_revision : row->offered_revision;
		if (strlen(row->key.id) != len || !sg_same_n(row->key.id, id, len) ||
		        (feed && strcmp(feed, row->key.feed) != 0))
			continue;
		if (!at || (revision && sg_revision_covers(at + 1, revision)))
			r->row = row;
	}
	return 0;
}

/* What the verb writes into the row, in this request's copy of it: what the verb refuses is refused here in the same words. */
static int suppose(struct sg_request *r, enum sg_plan_as as)
{
	bool resolve = as == SG_AS_RETRY || as == SG_AS_TAKE_OVER || as == SG_AS_ACCEPT;
	const char *how = sg_request_param(r, "how");
	int code = 0;

	if (as == SG_AS_APPROVE)
		code = sg_request_check_approve(r);
	else if (resolve)
		code = sg_request_check_resolve(r, how);
	if (!code && as == SG_AS_APPROVE) {
		r->row->approved = r->row->offered;
		r->row->now = false;
	} else if (!code && resolve)
		sg_request_resolve_row(r, how);
	return code;
}

int sg_request_do_plan(struct sg_request *r)
{
	static char nothing[] = "";
	static const struct sg_key nobody = { nothing, nothing };
	const struct sg_key *only;
	enum sg_plan_as as;
	int code = plan_as(r, &as);

	if (!code)
		code = find_planned(r, as);
	if (!code)
		code = suppose(r, as);
	if (code)
		return code;
	only = r->row ? &r->row->key : sg_request_param(r, "id") ? &nobody : NULL;
	sg_engine_forget_views(
	        r->e); /* a plan is about the files as they are, not as the last audit saw them */
	return sg_report_plan(r->e, &r->w, only, as, &r->reply, r->err);
}
