/* request.c - what administrators and clients ask for: one table of methods, and the ones that only look. Shapes and meanings: schemas/control.md. */
#include "base/guess.h"
#include "engine/calm.h"
#include "engine/request_parts.h"

#include <stdlib.h>
#include <string.h>

/* Work that one request may cause before it answers; each piece moves at least one row, so it ends long before. */
#define SG_REQUEST_ROUNDS 1000

const char *sg_request_param(const struct sg_request *r, const char *key)
{
	const char *s = sg_val_get_str(r->params, key, NULL);

	return s && s[0] ? s : NULL;
}

static int sg_request_reload(struct sg_request *r)
{
	char *feed = r->row ? sg_strdup(r->row->key.feed) : NULL,
	     *id = r->row ? sg_strdup(r->row->key.id) : NULL;
	struct sg_key key = { feed, id };
	int code;

	sg_world_release(&r->w);
	code = sg_world_load(r->e, &r->w, r->err);
	r->row = !code && id ? sg_world_row(&r->w, &key) : NULL;
	free(feed);
	free(id);
	return code;
}

/* The work that follows from what was noted, before the answer. */
int sg_request_settle(struct sg_request *r)
{
	int code = 1;

	sg_engine_forget_views(r->e);
	sg_calm_forget(r->e);
	for (int i = 0; i < SG_REQUEST_ROUNDS && code > 0; i++)
		code = sg_engine_run(r->e, r->err);
	if (code >= 0 && sg_engine_stopping(r->e))
		return sg_fail(r->err, SG_ECANCELED,
		        "stopgapd is stopping: what was asked for is noted, and is done when it runs again");
	return code < 0 ? code : sg_request_reload(r);
}

int sg_request_note(
        struct sg_request *r, int event, struct sg_row *row, const struct sg_change *more, const char *text)
{
	struct sg_change change = more ? *more : (struct sg_change){ 0 };
	struct sg_lines lines = { 0 };
	struct sg_ctx ctx;
	int code;

	sg_engine_ctx(r->e, &r->who, &ctx);
	sg_line(&lines, &ctx, event, row, NULL, "%s%s%s%s%s", row ? row->key.id : "", row ? ": " : "", text,
	        r->who.reason ? ": " : "", r->who.reason ? r->who.reason : "");
	if (!row && sg_request_param(r, "id")) { /* of an id that may have no row: what it was asked for */
		const char *id = sg_request_param(r, "id");

		lines.at[0].key.id = sg_strndup(id, strcspn(id, "@"));
		lines.at[0].key.feed = sg_strdup(sg_request_param(r, "feed"));
	}
	if (row) {
		change.rows = &row;
		change.n_rows = 1;
	}
	change.audits = lines.at;
	change.n_audits = lines.n;
	code = sg_journal_note(r->e->journal, &change, &ctx.now, r->err);
	sg_lines_release(&lines);
	return code;
}

void sg_request_done(struct sg_request *r, bool changed, const char *fmt, ...)
{
	struct sg_val *v = sg_val_map(), *list;
	struct sg_buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	sg_val_set_str(v, "schema", "stopgap.done.v1");
	sg_val_set_bool(v, "changed", changed);
	sg_val_set_str(v, "text", (const char *)text.data);
	list = sg_val_set(v, "mitigations", sg_val_array());
	if (r->row)
		sg_val_push(list, sg_report_row(r->e, &r->w, r->row));
	sg_buf_release(&text);
	sg_val_free(r->reply);
	r->reply = v;
}

static int sg_request_do_list(struct sg_request *r)
{
	r->reply = sg_report_list(r->e, &r->w);
	return 0;
}

static int sg_request_do_status(struct sg_request *r)
{
	r->reply = sg_report_status(r->e, &r->w);
	return 0;
}

static int sg_request_do_show(struct sg_request *r)
{
	return sg_report_show(
	        r->e, &r->w, r->row, sg_val_get_bool(r->params, "by_hand", false), &r->reply, r->err);
}

static int sg_request_do_history(struct sg_request *r)
{
	int64_t limit = sg_val_get_int(r->params, "limit", 100);

	if (limit < 1 || limit > 100000)
		return sg_fail(
		        r->err, SG_EINVAL, "limit: %lld is not between 1 and 100000", (long long)limit);
	return sg_report_history(r->e, sg_request_param(r, "id"), limit, &r->reply, r->err);
}

static int sg_request_do_coverage(struct sg_request *r)
{
	int64_t from = sg_val_get_int(r->params, "from", INT64_MIN),
	        to = sg_val_get_int(r->params, "to", INT64_MAX);

	if (from > to)
		return sg_fail(r->err, SG_EINVAL, "from: it must lie before to");
	return sg_report_coverage(
	        r->e, sg_request_param(r, "id"), sg_request_param(r, "feed"), from, to, &r->reply, r->err);
}

static int sg_request_do_audit(struct sg_request *r)
{
	int code = sg_request_settle(r); /* looks at every held value afresh, and does what follows */

	return code ? code : sg_report_audit(r->e, &r->w, &r->reply, r->err);
}

static int sg_request_do_doctor(struct sg_request *r)
{
	sg_engine_host(r->e, 0);
	return sg_report_doctor(r->e, &r->w, &r->reply, r->err);
}

static int sg_request_do_states(struct sg_request *r)
{
	struct sg_buf text = { 0 };

	sg_state_print(sg_val_get_bool(r->params, "dot", false) ? SG_PRINT_DOT : SG_PRINT_TEXT, &text);
	r->reply = sg_val_map();
	sg_val_set_str(r->reply, "schema", "stopgap.states.v1");
	sg_val_set_str(r->reply, "text", (const char *)text.data);
	sg_buf_release(&text);
	return 0;
}

enum need { NEED_NONE, NEED_ROW, MAY_ROW, NEED_ID };
static const struct verb {
	const char *method;
	enum need need;
	bool changes;
	const char *params; /* allowed besides reason, ticket, on_behalf_of */
	int (*run)(struct sg_request *r);
} verbs[] = {
	{ "status", NEED_NONE, false, "", sg_request_do_status },
	{ "list", NEED_NONE, false, "", sg_request_do_list },
	{ "show", NEED_ROW, false, "id feed by_hand", sg_request_do_show },
	{ "plan", NEED_NONE, false, "id feed as keep how", sg_request_do_plan },
	{ "history", NEED_NONE, false, "id limit", sg_request_do_history },
	{ "coverage", NEED_NONE, false, "id feed from to", sg_request_do_coverage },
	{ "audit", NEED_NONE, false, "", sg_request_do_audit },
	{ "doctor", NEED_NONE, false, "", sg_request_do_doctor },
	{ "states", NEED_NONE, false, "dot", sg_request_do_states },
	{ "refresh", NEED_NONE, true, "feed", sg_request_do_refresh },
	{ "import", NEED_NONE, true, "feed document signature name", sg_request_do_import },
	{ "reset-serial", NEED_NONE, true, "feed", sg_request_do_reset_serial },
	{ "approve", NEED_ROW, true, "id feed", sg_request_do_approve },
	{ "apply", NEED_ROW, true, "id feed", sg_request_do_apply },
	{ "block", NEED_ID, true, "id feed until keep", sg_request_do_block },
	{ "unblock", NEED_ID, true, "id feed", sg_request_do_unblock },
	{ "rollback", MAY_ROW, true, "id feed all", sg_request_do_rollback },
	{ "resolve", NEED_ROW, true, "id feed how", sg_request_do_resolve },
	{ "pause", NEED_NONE, true, "until", sg_request_do_pause },
	{ "resume", NEED_NONE, true, "", sg_request_do_resume },
};

/* No row has that id (and feed); the one that may be meant is named. */
static int unknown_id(const struct sg_request *r, const char *id, const char *feed)
{
	const struct sg_rows *rows = &r->w.rows;
	const char **ids = sg_alloc((rows->n + 1) * sizeof(*ids)), *guess;
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		bool known = feed && strcmp(feed, rows->at[i]->key.feed) != 0;

		for (size_t k = 0; k < n && !known; k++) /* two feeds may offer it */
			known = sg_same(ids[k], rows->at[i]->key.id);
		if (!known)
			ids[n++] = rows->at[i]->key.id;
	}
	guess = sg_guess(id, ids);
	sg_fail(r->err, SG_ENOENT, "no mitigation %.80s is known%s%.80s%s%s%s; 'stopgapctl list' shows them",
	        id, feed ? " from feed " : "", feed ? feed : "", guess ? "; did you mean " : "",
	        guess ? guess : "", guess ? "?" : "");
	free(ids);
	return SG_ENOENT;
}

int sg_request_find_row(struct sg_request *r, bool needed)
{
	const char *id = sg_request_param(r, "id"), *feed = sg_request_param(r, "feed");

	if (!id)
		return needed ? sg_fail(r->err, SG_EINVAL,
		                        "an id is needed, such as EXK-2022-41040; 'stopgapctl list' shows "
		                        "them")
		              : 0;
	for (size_t i = 0; i < r->w.rows.n; i++) {
		struct sg_row *row = r->w.rows.at[i];

		if (!sg_same(row->key.id, id) || (feed && strcmp(feed, row->key.feed) != 0))
			continue;
		if (r->row)
			return sg_fail(r->err, SG_EINVAL,
			        "feeds %s and %s both offer %s: say which with --feed", r->row->key.feed,
			        row->key.feed, id);
		r->row = row;
	}
	return r->row ? 0 : unknown_id(r, id, feed);
}

static int check_params(const struct sg_request *r, const struct verb *verb)
{
	for (size_t i = 0; r->params && i < r->params->n; i++) {
		const char *key = r->params->kid[i]->key;

		if (sg_globs("reason ticket on_behalf_of", key) ||
		        (verb->params[0] && sg_globs(verb->params, key)))
			continue;
		return sg_fail(r->err, SG_EINVAL, "%s does not take '%s'%s%s", verb->method, key,
		        verb->params[0] ? "; it takes " : "", verb->params);
	}
	if (verb->changes && sg_engine_conf(r->e)->require_reason && !r->who.reason)
		return sg_fail(
		        r->err, SG_EINVAL, "the configuration requires a reason: add --reason \"...\"");
	return 0;
}

int sg_engine_request(struct sg_engine *e, const char *method, const struct sg_val *params,
        const char *account, struct sg_val **ret_reply, struct sg_err *err)
{
	struct sg_request r = { .e = e, .params = params, .err = err };
	const struct verb *verb = NULL;
	int code = 0;

	for (size_t i = 0; !verb && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].method, method) == 0)
			verb = &verbs[i];
	}
	if (!verb)
		return sg_fail(err, SG_EINVAL, "no method '%s'; see schemas/control.md", method);
	if (e->fatal)
		return sg_fail(err, SG_EFATAL, "an earlier flush failed: the process must stop");
	r.who.account = sg_strdup(account);
	r.who.reason = sg_strdup(sg_request_param(&r, "reason"));
	r.who.ticket = sg_strdup(sg_request_param(&r, "ticket"));
	r.who.on_behalf_of = sg_strdup(sg_request_param(&r, "on_behalf_of"));
	code = check_params(&r, verb);
	if (!code && verb->need == NEED_ID && !sg_request_param(&r, "id"))
		code = sg_fail(err, SG_EINVAL, "an id is needed, such as EXK-2022-41040");
	if (!code)
		code = sg_world_load(e, &r.w, err);
	if (!code && (verb->need == NEED_ROW || verb->need == MAY_ROW))
		code = sg_request_find_row(&r, verb->need == NEED_ROW);
	if (!code)
		code = verb->run(&r);
	if (code)
		sg_val_free(r.reply);
	else
		*ret_reply = r.reply;
	sg_who_release(&r.who);
	sg_world_release(&r.w);
	sg_engine_tell(e);
	return sg_engine_fail(e, code);
}
