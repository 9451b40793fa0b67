/* op_in.c - apply, supersede, repair, take over: plan everything, check everything, write the intent, then touch, look again, close. */
#include "engine/op_copies.h"
#include "engine/op_run.h"
#include "engine/recover.h"

#include <stdlib.h>
#include <string.h>

static const int done_codes[] = {
	[SG_OP_APPLY] = SG_EV_APPLIED,
	[SG_OP_SUPERSEDE] = SG_EV_SUPERSEDED,
	[SG_OP_REPAIR] = SG_EV_REPAIRED,
	[SG_OP_REVERT] = SG_EV_REVERTED,
	[SG_OP_TAKE_OVER] = SG_EV_APPLIED,
};
static const int failed_codes[] = {
	[SG_OP_APPLY] = SG_EV_APPLY_FAILED,
	[SG_OP_SUPERSEDE] = SG_EV_SUPERSEDE_FAILED,
	[SG_OP_REPAIR] = SG_EV_REPAIR_FAILED,
	[SG_OP_REVERT] = SG_EV_REVERT_FAILED,
	[SG_OP_TAKE_OVER] = SG_EV_APPLY_FAILED,
};

static void rows_of(const struct sg_member *members, size_t n, struct sg_row **ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = members[i].row;
}

/* Nothing was written: each member says why, durably. The cause is given back. */
static int refused(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n,
        const struct sg_build *b, const struct sg_err *cause, struct sg_err *err)
{
	struct sg_row **rows = sg_alloc(n * sizeof(struct sg_row *));
	struct sg_lines lines = { 0 };
	int code = cause->code;
	bool news;

	if (code == SG_EFATAL || code == SG_ECANCELED)
		goto out;
	rows_of(members, n, rows);
	for (size_t i = 0; i < n; i++) {
		bool holds = sg_holds_any(&b->holds, &rows[i]->key);
		enum sg_reason why = rows[i]->reason;
		char *said = sg_strdup(rows[i]->text);

		sg_row_failed(
		        rows[i], op, cause, code == SG_EBUSY && op == SG_OP_APPLY, holds, ctx->now.wall);
		/* The same refusal hour after hour is said once. */
		news = ctx->who || why != rows[i]->reason || !said || strcmp(said, rows[i]->text) != 0;
		free(said);
		if (!news)
			continue;
		sg_line(&lines, ctx, rows[i]->reason == SG_WHY_CONFLICT ? SG_EV_CONFLICT : failed_codes[op],
		        rows[i], NULL, "%s: %s", rows[i]->key.id, rows[i]->text);
	}
	if (sg_note(ctx, rows, n, &lines, err))
		code = err ? err->code : SG_EFATAL;
out:
	sg_fail(err, code, "%s", cause->msg);
	sg_lines_release(&lines);
	free(rows);
	return code;
}

static bool wrote_service(const struct sg_build *b)
{
	for (size_t i = 0; i < b->moves.n; i++)
		if (b->moves.at[i].addr.kind == SG_VALUE_SERVICE)
			return true;
	return false;
}

/* Whether it takes effect, over the files as they are now: what was read before applicationHost.config or a service changed does not know of it. */
static void prove(struct sg_ctx *ctx, struct sg_member *members, size_t n, const struct sg_build *b,
        const struct sg_step_plan *plan)
{
	struct sg_ctx now = *ctx;
	struct sg_host host = { 0 };
	struct sg_iis *iis = NULL;
	struct sg_services *services = NULL;

	if (ctx->host) {
		host = *ctx->host;
		now.host = &host;
	}
	for (size_t i = 0; plan && host.iis && !iis && i < plan->n_files; i++) {
		if (plan->files[i].changed && sg_win_same(plan->files[i].container, host.iis->apphost) &&
		        sg_iis_read(ctx->drives, &iis, NULL) == 0)
			host.iis = iis;
	}
	if (plan && ctx->host && wrote_service(b) && sg_services_read(ctx->drives, &services, NULL) == 0)
		host.services = services;
	for (size_t i = 0; i < n; i++)
		sg_op_prove(&now, members[i].row, members[i].m);
	sg_services_free(services);
	sg_iis_free(iis);
}

/* How much of it the mitigation's own values are: the others of its group have theirs. */
static void count(const struct sg_build *b, const struct sg_key *key, size_t *ret_values, size_t *ret_files)
{
	*ret_values = *ret_files = 0;
	for (size_t i = 0; i < b->n; i++) {
		const char *container = b->staged[i].hold.addr.container;
		bool first = true;

		if (b->staged[i].move == SG_NO_MOVE || !sg_keys_has(&b->staged[i].hold.holders, key))
			continue;
		for (size_t k = 0; k < i; k++)
			first = first && !(b->staged[k].move != SG_NO_MOVE &&
			                         sg_keys_has(&b->staged[k].hold.holders, key) &&
			                         sg_win_same(b->staged[k].hold.addr.container, container));
		*ret_values += 1;
		*ret_files += first;
	}
}

/* The end as wanted. After it returned 0 the operation cannot be undone by a crash. */
static int finish(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_build *b,
        const struct sg_step_plan *plan, const struct sg_rans *stopped, bool intent, struct sg_err *err)
{
	struct sg_row **rows = sg_alloc(n * sizeof(struct sg_row *));
	struct sg_lines lines = { 0 };
	struct sg_close closing;
	char *ran = sg_run_text(stopped);
	int code;

	rows_of(members, n, rows);
	sg_run_start(ctx, b, rows, n, &lines); /* of what a newer body wants no more */
	sg_build_close(ctx, b, plan, &closing);
	for (size_t i = 0; i < n; i++)
		sg_row_applied(rows[i], &members[i].m->hash, members[i].m->revision, op, ctx->now.wall);
	prove(ctx, members, n, b, plan);
	for (size_t i = 0; i < n; i++) {
		const struct sg_mitigation *m = members[i].m;
		size_t values, files;
		char *text;

		count(b, &rows[i]->key, &values, &files);
		if (values)
			text = sg_format("%zu value%s in %zu file%s", values, values == 1 ? "" : "s", files,
			        files == 1 ? "" : "s");
		else
			text = sg_strdup("nothing to write");
		sg_line(&lines, ctx, done_codes[op], rows[i], sg_build_values(&b->moves), "%s%s%s: %s, %s",
		        rows[i]->key.id, m->revision ? " revision " : "", m->revision ? m->revision : "",
		        sg_op_name(op), text);
		free(text);
		if (rows[i]->effective == SG_EFFECTIVE_NO)
			sg_line(&lines, ctx, SG_EV_DEFEATED, rows[i], NULL,
			        "%s is in place but has no effect: %s", rows[i]->key.id,
			        rows[i]->effective_text ? rows[i]->effective_text : "?");
	}
	if (ran)
		sg_line(&lines, ctx, SG_EV_RAN, n == 1 ? rows[0] : NULL, NULL, "stopped: %s", ran);
	code = sg_close_write(ctx, intent, rows, n, &closing, &lines, err);
	free(ran);
	sg_lines_release(&lines);
	free(rows);
	return code;
}

/* Everything that was to move is at its to, seen with fresh eyes. */
static int look_again(struct sg_ctx *ctx, const struct sg_build *b, struct sg_err *err)
{
	struct sg_seen_value *seen = sg_alloc((b->moves.n + 1) * sizeof(*seen));
	int code = sg_step_look(ctx->drives, &b->moves, seen, err);

	for (size_t i = 0; !code && i < b->moves.n; i++) {
		const struct sg_addr *addr = &b->moves.at[i].addr;

		if (seen[i].seen != SG_SEEN_TO && addr->kind != SG_VALUE_SCAFFOLD)
			code = sg_fail(err, SG_ECONFLICT,
			        "%s in %s is not as it was just written: something else writes this file",
			        addr->path, addr->container);
	}
	sg_seen_release(seen, b->moves.n);
	free(seen);
	return code;
}

int sg_op_in(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_err *err)
{
	struct sg_row **rows = sg_alloc(n * sizeof(struct sg_row *));
	struct sg_build b = { 0 };
	struct sg_step_plan plan = { 0 };
	struct sg_intent intent = { 0 };
	struct sg_rans stopped = { 0 };
	struct sg_copies_watch copies = { 0 };
	struct sg_err cause = SG_ERR_INIT;
	uint64_t limit = ctx->host && ctx->host->iis ? ctx->host->iis->max_web_config : 0;
	int code;

	rows_of(members, n, rows);
	code = sg_build_in(ctx, op, members, n, &b, &cause);
	if (!code)
		code = sg_run_look(ctx, &b, &cause);
	if (!code && !b.moves.n && !sg_run_any(ctx, &b)) {
		code = finish(ctx, op, members, n, &b, NULL, &stopped, false, err);
		goto out;
	}
	if (!code)
		code = sg_step_plan(ctx->drives, &b.moves, false, limit, &plan, &cause);
	if (!code)
		code = sg_build_open(ctx, op, &b, &plan, members, n, &intent, &cause);
	if (code) {
		code = refused(ctx, op, members, n, &b, &cause, err);
		goto out;
	}
	sg_copies_begin(ctx, &plan, &copies);
	code = sg_step_write(&plan, false, ctx->stop, ctx->stop_arg, &cause);
	if (!code)
		code = look_again(ctx, &b, &cause);
	if (!code)
		code = sg_run_stop(ctx, &b, &stopped, &cause);
	if (!code) {
		code = finish(ctx, op, members, n, &b, &plan, &stopped, true, err);
		if (!code)
			sg_copies_end(ctx, &copies);
		goto out;
	}
	if (code == SG_EFATAL) {
		sg_fail(err, code, "%s", cause.msg);
		goto out;
	}
	if (sg_settle(ctx, &intent, &cause, &stopped, rows, n, err)) {
		code = err ? err->code : SG_EFATAL;
		goto out;
	}
	sg_fail(err, code, "%s", cause.msg);
out:
	sg_copies_release(&copies);
	sg_rans_release(&stopped);
	sg_intent_release(&intent);
	sg_step_plan_release(&plan);
	sg_build_release(&b);
	free(rows);
	return code;
}

int sg_op_preview_in(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n,
        struct sg_step_plan *ret, struct sg_moves *ret_moves, struct sg_strs *ret_runs, struct sg_err *err)
{
	struct sg_build b = { 0 };
	uint64_t limit = ctx->host && ctx->host->iis ? ctx->host->iis->max_web_config : 0;
	int code = sg_build_in(ctx, op, members, n, &b, err);

	if (!code && ret_runs)
		code = sg_run_look(ctx, &b, err);
	if (!code && b.moves.n)
		code = sg_step_plan(ctx->drives, &b.moves, false, limit, ret, err);
	if (!code) {
		if (ret_runs)
			sg_run_plan(ctx, &b, ret_runs);
		*ret_moves = b.moves;
		b.moves = (struct sg_moves){ 0 };
	}
	sg_build_release(&b);
	return code;
}
