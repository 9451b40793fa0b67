/* request.c - what administrators and clients ask for: one function per method, one table. Shapes and meanings: schemas/control.md. */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

/* Work that one request may cause before it answers; each piece moves at least one row, so it ends long before. */
#define SG_REQUEST_ROUNDS 1000

struct request {
	struct sg_engine *e;
	const struct sg_val *params;
	struct sg_who who;
	struct sg_world w;
	struct sg_row *row; /* of params' id, for methods that need one; owned by w */
	struct sg_val *reply;
	struct sg_err *err;
};

static const char *param(const struct request *r, const char *key)
{
	const char *s = sg_val_get_str(r->params, key, NULL);

	return s && s[0] ? s : NULL;
}

static int reload(struct request *r)
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
static int settle(struct request *r)
{
	int code = 1;

	sg_engine_forget_views(r->e);
	for (int i = 0; i < SG_REQUEST_ROUNDS && code > 0; i++)
		code = sg_engine_run(r->e, r->err);
	return code < 0 ? code : reload(r);
}

static int note(
        struct request *r, int event, struct sg_row *row, const struct sg_change *more, const char *text)
{
	struct sg_change change = more ? *more : (struct sg_change){ 0 };
	struct sg_lines lines = { 0 };
	struct sg_ctx ctx;
	int code;

	sg_engine_ctx(r->e, &r->who, &ctx);
	sg_line(&lines, &ctx, event, row, NULL, "%s%s%s", text, r->who.reason ? ": " : "",
	        r->who.reason ? r->who.reason : "");
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

static void done(struct request *r, bool changed, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void done(struct request *r, bool changed, const char *fmt, ...)
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
		sg_val_push(list, sg_report_row(&r->w, r->row));
	sg_buf_release(&text);
	sg_val_free(r->reply);
	r->reply = v;
}

static void approve_row(struct request *r, bool now)
{
	struct sg_clock clock;

	sg_engine_clock(r->e, &clock);
	r->row->approved = r->row->offered;
	sg_who_release(&r->row->approved_who);
	sg_who_copy(&r->row->approved_who, &r->who);
	r->row->approved_at = clock.wall;
	r->row->now = now;
}

static int do_list(struct request *r)
{
	r->reply = sg_report_list(r->e, &r->w);
	return 0;
}

static int do_status(struct request *r)
{
	r->reply = sg_report_status(r->e, &r->w);
	return 0;
}

static int do_show(struct request *r)
{
	return sg_report_show(
	        r->e, &r->w, r->row, sg_val_get_bool(r->params, "by_hand", false), &r->reply, r->err);
}

static int do_plan(struct request *r)
{
	sg_engine_forget_views(
	        r->e); /* a plan is about the files as they are, not as the last audit saw them */
	return sg_report_plan(r->e, &r->w, r->row ? &r->row->key : NULL, &r->reply, r->err);
}

static int do_history(struct request *r)
{
	int64_t limit = sg_val_get_int(r->params, "limit", 100);

	if (limit < 1 || limit > 100000)
		return sg_fail(
		        r->err, SG_EINVAL, "limit: %lld is not between 1 and 100000", (long long)limit);
	return sg_report_history(r->e, param(r, "id"), limit, &r->reply, r->err);
}

static int do_audit(struct request *r)
{
	int code = settle(r); /* looks at every held value afresh, and does what follows */

	return code ? code : sg_report_audit(r->e, &r->w, &r->reply, r->err);
}

static int do_states(struct request *r)
{
	struct sg_buf text = { 0 };

	sg_state_print(sg_val_get_bool(r->params, "dot", false) ? SG_PRINT_DOT : SG_PRINT_TEXT, &text);
	r->reply = sg_val_map();
	sg_val_set_str(r->reply, "schema", "stopgap.states.v1");
	sg_val_set_str(r->reply, "text", (const char *)text.data);
	sg_buf_release(&text);
	return 0;
}

static int do_approve(struct request *r)
{
	char *text;
	int code;

	if (sg_hash_is_zero(&r->row->offered))
		return sg_fail(r->err, SG_ESTATE, "%s has no body to approve: %s", r->row->key.id,
		        r->row->text ? r->row->text : "it was withdrawn");
	approve_row(r, false);
	text = sg_format("approved %s%s%s", r->row->key.id, r->row->offered_revision ? " revision " : "",
	        r->row->offered_revision ? r->row->offered_revision : "");
	code = note(r, SG_EV_APPROVED, r->row, NULL, text);
	if (!code)
		code = settle(r);
	if (!code)
		done(r, true, "%s; %s", text, r->row && r->row->text ? r->row->text : "");
	free(text);
	return code;
}

/* Past window, delay and ring; never past applicability, locks, space or a block. */
static int do_apply(struct request *r)
{
	const struct sg_block *block;
	bool keep;
	int code;

	sg_engine_host(r->e, 0);
	block = sg_policy_block(&r->w.blocks, r->row, r->row->offered_revision, r->w.now.wall, &keep);
	if (block)
		return sg_fail(r->err, SG_ESTATE, "%s is blocked (%s%s%s): 'stopgapctl unblock %s' first",
		        r->row->key.id, block->source, block->who.reason ? ": " : "",
		        block->who.reason ? block->who.reason : "", r->row->key.id);
	if (r->row->tombstone)
		return sg_fail(r->err, SG_ESTATE, "%s was withdrawn by its feed: %s", r->row->key.id,
		        r->row->withdraw_reason ? r->row->withdraw_reason : "?");
	if (!r->e->conf)
		return sg_fail(r->err, SG_ESTATE,
		        "no configuration is in force: nothing is applied; start stopgapd with --config");
	approve_row(r, true);
	r->row->out = false;
	r->row->attempts = 0;
	r->row->retry_at = 0;
	r->row->failed = (struct sg_hash){ { 0 } };
	if (r->row->state == SG_BLOCKED && !sg_holds_any(&r->w.holds, &r->row->key))
		sg_row_move(
		        r->row, SG_PENDING, SG_WHY_NEW, r->w.now.wall, "an administrator asked to apply it");
	code = note(r, SG_EV_APPLY_ASKED, r->row, NULL, "asked to apply now");
	if (!code)
		code = settle(r);
	if (code)
		return code;
	if (!r->row || r->row->state != SG_APPLIED)
		return sg_fail(r->err, SG_ESTATE, "%s was not applied: %s", r->row ? r->row->key.id : "it",
		        r->row && r->row->text ? r->row->text : "?");
	done(r, true, "%s is applied", r->row->key.id);
	return 0;
}

static int do_block(struct request *r)
{
	static char source[] = "admin";
	const char *id = param(r, "id");
	const char *at = strchr(id, '@');
	char *name = at ? sg_strndup(id, (size_t)(at - id)) : sg_strdup(id);
	char *feed = sg_strdup(param(r, "feed")), *revision = at && at[1] ? sg_strdup(at + 1) : NULL;
	struct sg_block block = {
		.feed = feed, .id = name, .revision = revision, .source = source, .who = r->who
	};
	struct sg_change change = { .blocks_put = &block, .n_blocks_put = 1 };
	char *text = NULL;
	int code = 0;

	block.keep = sg_val_get_bool(r->params, "keep", false);
	block.until = sg_val_get_int(r->params, "until", 0);
	block.created = r->w.now.wall;
	if (!sg_id_valid(name))
		code = sg_fail(r->err, SG_EINVAL,
		        "'%s' is not an id: letters, digits, '.', '_' and '-', such as EXK-2022-41040 or "
		        "EXK-2022-41040@1.1",
		        name);
	else if (block.until && block.until <= block.created)
		code = sg_fail(r->err, SG_EINVAL, "the block would end in the past");
	if (code)
		goto out;
	text = sg_format("blocked %s", id);
	code = note(r, SG_EV_BLOCKED, NULL, &change, text);
	if (!code)
		code = settle(r);
	if (code)
		goto out;
	for (size_t i = 0; !r->row && i < r->w.rows.n; i++) {
		if (sg_same(r->w.rows.at[i]->key.id, name) &&
		        (!feed || strcmp(feed, r->w.rows.at[i]->key.feed) == 0))
			r->row = r->w.rows.at[i];
	}
	done(r, true, "%s%s%s", text, r->row ? "; " : "; no feed offers it yet",
	        r->row && r->row->text ? r->row->text : "");
out:
	free(text);
	free(name);
	free(feed);
	free(revision);
	return code;
}

static int do_unblock(struct request *r)
{
	const char *id = param(r, "id"), *feed = param(r, "feed");
	const char *at = strchr(id, '@');
	size_t len = at ? (size_t)(at - id) : strlen(id);
	struct sg_block *drop = sg_alloc((r->w.blocks.n + 1) * sizeof(*drop));
	struct sg_change change = { .blocks_drop = drop };
	bool config = false;
	int code;

	for (size_t i = 0; i < r->w.blocks.n; i++) {
		const struct sg_block *b = &r->w.blocks.at[i];

		if (strlen(b->id) != len || !sg_same_n(b->id, id, len) ||
		        (feed && b->feed && strcmp(feed, b->feed) != 0))
			continue;
		if (at && !sg_same(b->revision, at + 1))
			continue;
		if (strcmp(b->source, "config") == 0)
			config = true;
		else
			drop[change.n_blocks_drop++] = *b;
	}
	if (change.n_blocks_drop)
		code = note(r, SG_EV_UNBLOCKED, NULL, &change, id);
	else if (config)
		code = sg_fail(r->err, SG_ESTATE,
		        "%s is blocked by the configuration: take its <block> out there and reload", id);
	else
		code = sg_fail(
		        r->err, SG_ENOENT, "nothing blocks %s; 'stopgapctl list' shows the blocks", id);
	if (!code)
		code = settle(r);
	if (!code) {
		for (size_t i = 0; !r->row && i < r->w.rows.n; i++) {
			if (strlen(r->w.rows.at[i]->key.id) == len &&
			        sg_same_n(r->w.rows.at[i]->key.id, id, len))
				r->row = r->w.rows.at[i];
		}
		done(r, true, "unblocked %s%s%s%s", id, config ? "; the configuration still blocks it" : "",
		        r->row ? "; " : "", r->row && r->row->text ? r->row->text : "");
	}
	free(drop);
	return code;
}

/* This id stays out, whatever its body, until `apply`. */
static int take_out(struct request *r, struct sg_row *row)
{
	row->out = true;
	row->out_at = r->w.now.wall;
	sg_who_release(&row->out_who);
	sg_who_copy(&row->out_who, &r->who);
	row->retry_at = 0;
	row->now = false;
	row->approved = (struct sg_hash){ { 0 } };
	return note(r, SG_EV_ROLLBACK_ASKED, row, NULL, "asked to roll back");
}

static int do_rollback(struct request *r)
{
	bool all = sg_val_get_bool(r->params, "all", false);
	size_t n = 0, left = 0;
	struct sg_val *list;
	int code = 0;

	if (all == (r->row != NULL))
		return sg_fail(r->err, SG_EINVAL, "rollback takes an id, or --all");
	if (r->row) {
		code = take_out(r, r->row);
		if (!code)
			code = settle(r);
		if (code)
			return code;
		if (!r->row || sg_holds_any(&r->w.holds, &r->row->key))
			return sg_fail(r->err, SG_ESTATE, "%s could not be taken out whole: %s",
			        r->row ? r->row->key.id : "it", r->row && r->row->text ? r->row->text : "?");
		done(r, true, "%s: %s", r->row->key.id, r->row->text ? r->row->text : "rolled back");
		return 0;
	}
	for (size_t i = 0; !code && i < r->w.rows.n; i++) {
		struct sg_row *row = r->w.rows.at[i];

		if (!sg_holds_any(&r->w.holds, &row->key) && row->state != SG_APPLIED)
			continue;
		code = take_out(r, row);
		n++;
	}
	if (!code)
		code = settle(r);
	if (code)
		return code;
	left = r->w.holds.n;
	if (left)
		return sg_fail(r->err, SG_ESTATE,
		        "%zu value%s could not be taken out: 'stopgapctl list' and 'show ID' say why", left,
		        left == 1 ? "" : "s");
	done(r, n > 0, "%zu mitigation%s rolled back; nothing of ours is left", n, n == 1 ? "" : "s");
	list = sg_val_set(r->reply, "mitigations", sg_val_array());
	for (size_t i = 0; i < r->w.rows.n; i++)
		sg_val_push(list, sg_report_row(&r->w, r->w.rows.at[i]));
	return 0;
}

static int take_over(struct request *r)
{
	const struct sg_hash *hash = sg_hash_is_zero(&r->row->applied) ? &r->row->offered : &r->row->applied;
	struct sg_member member = { .row = r->row,
		.m = sg_engine_body(r->e, r->row->key.feed, hash, r->err) };
	struct sg_ctx ctx;

	if (!member.m)
		return r->err ? r->err->code : SG_ENOENT;
	sg_engine_ctx(r->e, &r->who, &ctx);
	return sg_op_in(&ctx, SG_OP_TAKE_OVER, &member, 1, r->err);
}

static int do_resolve(struct request *r)
{
	const char *how = param(r, "how");
	bool keep;
	bool holds = sg_holds_any(&r->w.holds, &r->row->key);
	struct sg_ctx ctx;
	int code;

	if (r->row->state != SG_BLOCKED && r->row->state != SG_APPLICABLE)
		return sg_fail(r->err, SG_ESTATE, "%s is %s: there is nothing to resolve", r->row->key.id,
		        sg_state_name(r->row->state));
	if (r->row->state == SG_BLOCKED && r->row->reason == SG_WHY_ADMIN)
		return sg_fail(r->err, SG_ESTATE,
		        "%s is blocked by an administrator: 'stopgapctl unblock %s'", r->row->key.id,
		        r->row->key.id);
	if (strcmp(how ? how : "", "take-over") == 0 &&
	        sg_policy_block(&r->w.blocks, r->row, r->row->offered_revision, r->w.now.wall, &keep))
		return sg_fail(r->err, SG_ESTATE, "%s is blocked: 'stopgapctl unblock %s' first",
		        r->row->key.id, r->row->key.id);
	if (!how || (strcmp(how, "retry") && strcmp(how, "take-over") && strcmp(how, "accept")))
		return sg_fail(r->err, SG_EINVAL, "how: retry, take-over or accept");
	if (strcmp(how, "accept") == 0 && sg_hash_is_zero(&r->row->applied))
		return sg_fail(r->err, SG_ESTATE,
		        "%s is not in place, so there is nothing to accept: --retry, --take-over or block it",
		        r->row->key.id);
	r->row->failed = (struct sg_hash){ { 0 } };
	r->row->attempts = r->row->repairs = 0;
	r->row->retry_at = 0;
	r->row->goal = SG_IN;
	if (strcmp(how, "retry") == 0) {
		bool whole = holds && !sg_hash_is_zero(&r->row->applied);

		sg_row_move(r->row,
		        whole   ? SG_APPLIED
		        : holds ? SG_BLOCKED
		                : SG_PENDING,
		        whole   ? SG_WHY_APPLIED
		        : holds ? SG_WHY_IO
		                : SG_WHY_NEW,
		        r->w.now.wall, "looked at again");
	}
	code = note(r, SG_EV_RESOLVED, r->row, NULL, how);
	sg_engine_ctx(r->e, &r->who, &ctx);
	if (!code && strcmp(how, "take-over") == 0)
		code = take_over(r);
	if (!code && strcmp(how, "accept") == 0)
		code = sg_op_accept(&ctx, r->row, r->err);
	if (!code)
		code = settle(r);
	if (code)
		return code;
	if (r->row && r->row->state == SG_BLOCKED)
		return sg_fail(r->err, SG_ESTATE, "%s is still blocked: %s", r->row->key.id,
		        r->row->text ? r->row->text : "?");
	done(r, true, "%s: %s", r->row ? r->row->key.id : "?", r->row && r->row->text ? r->row->text : "");
	return 0;
}

static int set_pause(struct request *r, struct sg_val *pause, int event, const char *text)
{
	struct sg_val *facts = sg_val_map();
	struct sg_change change = { .facts = facts };
	int code;

	sg_val_set(facts, "pause", pause);
	code = note(r, event, NULL, &change, text);
	sg_val_free(facts);
	if (!code)
		code = settle(r);
	if (!code)
		done(r, true, "%s", text);
	return code;
}

static int do_pause(struct request *r)
{
	struct sg_val *pause;
	int64_t until = sg_val_get_int(r->params, "until", 0);

	if (until && until <= r->w.now.wall)
		return sg_fail(r->err, SG_EINVAL, "the pause would end in the past");
	pause = sg_val_map();
	sg_val_set_int(pause, "until", until);
	sg_val_set_str(pause, "account", r->who.account);
	sg_val_set_str(pause, "reason", r->who.reason);
	return set_pause(r, pause, SG_EV_PAUSED,
	        "paused: nothing is applied, repaired or reverted until 'stopgapctl resume'");
}

static int do_resume(struct request *r)
{
	return set_pause(r, sg_val_nil(), SG_EV_RESUMED, "work goes on");
}

/* After the polls that the daemon made for a refresh: what they asked for is done. */
static int do_refresh(struct request *r)
{
	struct sg_val *list;
	int code = note(r, SG_EV_REFRESH_ASKED, NULL, NULL, "asked to poll the feeds now");

	if (!code)
		code = settle(r);
	if (code)
		return code;
	done(r, true, "every feed was asked");
	list = sg_val_set(r->reply, "mitigations", sg_val_array());
	for (size_t i = 0; i < r->w.rows.n; i++)
		sg_val_push(list, sg_report_row(&r->w, r->w.rows.at[i]));
	return 0;
}

enum need { NEED_NONE, NEED_ROW, MAY_ROW, NEED_ID };
static const struct verb {
	const char *method;
	enum need need;
	bool changes;
	const char *params; /* allowed besides reason, ticket, on_behalf_of */
	int (*run)(struct request *r);
} verbs[] = {
	{ "status", NEED_NONE, false, "", do_status },
	{ "list", NEED_NONE, false, "", do_list },
	{ "show", NEED_ROW, false, "id feed by_hand", do_show },
	{ "plan", MAY_ROW, false, "id feed", do_plan },
	{ "history", NEED_NONE, false, "id limit", do_history },
	{ "audit", NEED_NONE, false, "", do_audit },
	{ "states", NEED_NONE, false, "dot", do_states },
	{ "refresh", NEED_NONE, true, "feed", do_refresh },
	{ "approve", NEED_ROW, true, "id feed", do_approve },
	{ "apply", NEED_ROW, true, "id feed", do_apply },
	{ "block", NEED_ID, true, "id feed until keep", do_block },
	{ "unblock", NEED_ID, true, "id feed", do_unblock },
	{ "rollback", MAY_ROW, true, "id feed all", do_rollback },
	{ "resolve", NEED_ROW, true, "id feed how", do_resolve },
	{ "pause", NEED_NONE, true, "until", do_pause },
	{ "resume", NEED_NONE, true, "", do_resume },
};

static int find_row(struct request *r, bool needed)
{
	const char *id = param(r, "id"), *feed = param(r, "feed");

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
	if (!r->row)
		return sg_fail(r->err, SG_ENOENT,
		        "no mitigation %s is known%s%s; 'stopgapctl list' shows them", id,
		        feed ? " from feed " : "", feed ? feed : "");
	return 0;
}

static int check_params(const struct request *r, const struct verb *verb)
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
	struct request r = { .e = e, .params = params, .err = err };
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
	r.who.reason = sg_strdup(param(&r, "reason"));
	r.who.ticket = sg_strdup(param(&r, "ticket"));
	r.who.on_behalf_of = sg_strdup(param(&r, "on_behalf_of"));
	code = check_params(&r, verb);
	if (!code && verb->need == NEED_ID && !param(&r, "id"))
		code = sg_fail(err, SG_EINVAL, "an id is needed, such as EXK-2022-41040");
	if (!code)
		code = sg_world_load(e, &r.w, err);
	if (!code && (verb->need == NEED_ROW || verb->need == MAY_ROW))
		code = find_row(&r, verb->need == NEED_ROW);
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
