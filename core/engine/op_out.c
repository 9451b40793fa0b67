/* op_out.c - taking mitigations out: what is at its after goes to its before, what others hold stays, what is somebody else's work is left alone. */
#include "actions/config_edit.h"
#include "engine/op_copies.h"
#include "engine/op_run.h"
#include "engine/recover.h"
#include "engine/rest.h"

#include <stdlib.h>
#include <string.h>

struct candidate {
	size_t staged;
	enum sg_seen seen;
	bool keep; /* stays claimed */
};

static bool is_member(const struct sg_member *members, size_t n, const struct sg_key *key)
{
	for (size_t i = 0; i < n; i++) {
		if (sg_key_equal(&members[i].row->key, key))
			return true;
	}
	return false;
}

static void note_kept(const struct sg_member *members, size_t n, const struct sg_hold *h, enum sg_seen seen,
        const char *why, int *ret_kept, char **ret_why)
{
	for (size_t i = 0; i < n; i++) {
		if (!sg_keys_has(&h->holders, &members[i].row->key))
			continue;
		if (ret_kept[i] != SG_EIO)
			ret_kept[i] = seen == SG_SEEN_OTHER ? SG_ECONFLICT : SG_EIO;
	}
	if (!*ret_why)
		*ret_why = sg_format("%s in %s %s%s%s", h->addr.path, h->addr.container,
		        seen == SG_SEEN_OTHER ? "was edited by somebody else" : "could not be looked at",
		        why ? ": " : "", why ? why : "");
}

/* Stages every hold of the members; those that others hold too only lose the members. */
static size_t collect(const struct sg_member *members, size_t n, struct sg_build *b, struct candidate *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < b->holds.n; i++) {
		const struct sg_hold *h = &b->holds.at[i];
		struct sg_staged *s;
		struct sg_keys left = { 0 };
		bool ours = false;

		for (size_t k = 0; k < h->holders.n; k++) {
			if (is_member(members, n, &h->holders.at[k]))
				ours = true;
			else
				sg_keys_add(&left, h->holders.at[k].feed, h->holders.at[k].id);
		}
		if (!ours) {
			sg_keys_release(&left);
			continue;
		}
		s = sg_build_stage(b, &h->addr);
		if (left.n) {
			sg_keys_release(&s->hold.holders);
			s->hold.holders = left;
			continue;
		}
		sg_keys_release(&left);
		ret[count++] = (struct candidate){ .staged = (size_t)(s - b->staged) };
	}
	return count;
}

/* A scaffold that others hold too keeps the member as a holder as long as a value of it stays claimed inside. */
static void stay_around(const struct sg_member *members, size_t n, struct sg_build *b, size_t at,
        const struct candidate *list, size_t count)
{
	struct sg_hold *h = &b->staged[at].hold;

	for (size_t i = 0; i < count; i++) {
		const struct sg_hold *inner = &b->staged[list[i].staged].hold;

		if (!list[i].keep || !sg_addr_inside(&h->addr, &inner->addr) ||
		        (inner->addr.kind == SG_VALUE_SCAFFOLD && list[i].seen != SG_SEEN_FAILED))
			continue;
		for (size_t k = 0; k < n; k++) {
			const struct sg_key *key = &members[k].row->key;

			if (sg_keys_has(&inner->holders, key))
				sg_keys_add(&h->holders, key->feed, key->id);
		}
	}
}

/* An adopted rule comes back into the collection that it was taken from, if that is there and open still; a file that others put in its place never had it. */
static bool may_come_back(struct sg_ctx *ctx, const struct sg_holds *holds, const struct sg_hold *h)
{
	static const struct sg_content open = { .present = true };
	struct sg_addr parent = { SG_VALUE_SCAFFOLD, h->addr.container, NULL };
	struct sg_seen_value seen = { 0 };
	bool may = true;

	if (!sg_hold_makes_way(h))
		return true;
	if (sg_rest_another(ctx, holds, h))
		return false;
	parent.path = sg_path_parent(h->addr.path);
	if (parent.path && sg_step_read(ctx->drives, &parent, 1, &seen, NULL) == 0)
		may = sg_content_same(SG_VALUE_SCAFFOLD, &seen.now, &open);
	sg_seen_release(&seen, 1);
	free(parent.path);
	return may;
}

int sg_build_out(struct sg_ctx *ctx, const struct sg_member *members, size_t n, struct sg_build *b,
        int *ret_kept, char **ret_why, struct sg_err *err)
{
	struct candidate *list;
	struct sg_moves look = { 0 };
	struct sg_seen_value *seen = NULL;
	size_t count = 0;
	int code = sg_journal_holds(ctx->read, &b->holds, err);

	list = sg_alloc((b->holds.n + 1) * sizeof(*list));
	if (code)
		goto out;
	count = collect(members, n, b, list);
	for (size_t i = 0; i < count; i++)
		sg_moves_add_hold(&look, &b->staged[list[i].staged].hold, true);
	seen = sg_alloc((count + 1) * sizeof(*seen));
	code = sg_step_look(ctx->drives, &look, seen, err);
	if (code)
		goto out;
	for (size_t i = 0; i < count; i++) {
		const struct sg_hold *h = &b->staged[list[i].staged].hold;

		list[i].seen = seen[i].seen;
		/* What is not there at all is nobody's work: the claim on it goes. */
		list[i].keep = seen[i].seen == SG_SEEN_FAILED ||
		               (seen[i].seen == SG_SEEN_OTHER && seen[i].now.present &&
		                       h->addr.kind != SG_VALUE_SCAFFOLD && !sg_hold_makes_way(h));
		if (list[i].keep)
			note_kept(members, n, h, seen[i].seen, seen[i].why, ret_kept, ret_why);
	}
	for (size_t i = 0; i < count; i++) {
		struct sg_staged *s = &b->staged[list[i].staged];

		for (size_t k = 0; k < count && !list[i].keep; k++)
			list[i].keep = list[k].keep &&
			               sg_addr_inside(&s->hold.addr, &b->staged[list[k].staged].hold.addr);
		if (list[i].keep) { /* a scaffold around what stays claimed stays claimed, by those whose value that is */
			if (s->hold.addr.kind == SG_VALUE_SCAFFOLD && list[i].seen != SG_SEEN_FAILED)
				sg_keys_release(&s->hold.holders);
			continue;
		}
		s->drop = true;
		s->run = s->hold.hook.kind && (list[i].seen == SG_SEEN_FROM || list[i].seen == SG_SEEN_TO);
		if (list[i].seen == SG_SEEN_FROM && may_come_back(ctx, &b->holds, &s->hold) &&
		        !(s->hold.addr.kind == SG_VALUE_SCAFFOLD && sg_rest_theirs(ctx, &b->holds, &s->hold)))
			sg_build_move(b, s, &seen[i].now, &s->hold.before, true);
	}
	for (size_t i = 0; i < b->n; i++)
		stay_around(members, n, b, i, list, count);
out:
	if (seen)
		sg_seen_release(seen, count);
	free(seen);
	free(list);
	sg_moves_release(&look);
	return code;
}

static int finish(struct sg_ctx *ctx, struct sg_member *members, size_t n, struct sg_build *b,
        const struct sg_step_plan *plan, const int *kept, const char *why, bool intent, struct sg_err *err)
{
	struct sg_row **rows = sg_alloc(n * sizeof(struct sg_row *));
	struct sg_lines lines = { 0 };
	struct sg_close closing;
	int code;

	for (size_t i = 0; i < n; i++) {
		struct sg_row *row = members[i].row;

		rows[i] = row;
		if (kept[i]) {
			struct sg_err cause = SG_ERR_INIT;

			sg_fail(&cause, kept[i], "%s", why ? why : "?");
			sg_row_revert_failed(row, members[i].done_why, &cause, ctx->now.wall);
			sg_line(&lines, ctx, kept[i] == SG_ECONFLICT ? SG_EV_LEFT_ALONE : SG_EV_REVERT_FAILED,
			        row, NULL, "%s: %s", row->key.id, row->text);
			continue;
		}
		sg_row_out(row, members[i].done, members[i].done_why, members[i].done_text, ctx->now.wall);
		sg_line(&lines, ctx,
		        members[i].done_why == SG_WHY_REMOVED ? SG_EV_REMOVED_BY_HAND : SG_EV_REVERTED, row,
		        sg_build_values(&b->moves), "%s: %s%s", row->key.id,
		        members[i].done_text && members[i].done_why != SG_WHY_REMOVED
		                ? "what was there before is back: "
		                : "",
		        row->text);
	}
	for (size_t i = 0; plan && i < b->moves.n; i++) {
		if (plan->kept_foreign[i])
			sg_line(&lines, ctx, SG_EV_DROPPED, NULL, NULL,
			        "%s in %s stays: others have put something into it", b->moves.at[i].addr.path,
			        b->moves.at[i].addr.container);
	}
	sg_run_start(ctx, b, rows, n, &lines);
	sg_build_close(ctx, b, plan, &closing);
	code = sg_close_write(ctx, intent, rows, n, &closing, &lines, err);
	for (size_t i = 0; !code && i < n; i++) {
		if (kept[i])
			code = sg_fail(err, kept[i], "%s", why ? why : "?");
	}
	sg_lines_release(&lines);
	free(rows);
	return code;
}

/* A full volume gets the reserve back, once: what was there before must fit again. */
static int write_with_reserve(struct sg_ctx *ctx, const struct sg_step_plan *plan, struct sg_err *cause)
{
	int code = sg_step_write(plan, false, ctx->stop, ctx->stop_arg, cause);

	if (code != SG_ENOSPC || sg_journal_reserve_free(ctx->journal, NULL))
		return code;
	sg_err_clear(cause);
	code = sg_step_write(plan, false, ctx->stop, ctx->stop_arg, cause);
	sg_journal_reserve_make(ctx->journal, NULL);
	return code;
}

/* Why it could not be done at all: every member is tried again later, durably. */
static int refused(struct sg_ctx *ctx, struct sg_member *members, size_t n, const struct sg_err *cause,
        struct sg_err *err)
{
	struct sg_row **rows = sg_alloc(n * sizeof(struct sg_row *));
	struct sg_lines lines = { 0 };
	int code = cause->code;

	for (size_t i = 0; i < n; i++) {
		struct sg_err io = *cause;

		io.code = SG_EIO; /* nothing was found to be somebody else's: it is tried again by itself */
		rows[i] = members[i].row;
		sg_row_revert_failed(rows[i], members[i].done_why, &io, ctx->now.wall);
		sg_line(&lines, ctx, SG_EV_REVERT_FAILED, rows[i], NULL, "%s: %s", rows[i]->key.id,
		        rows[i]->text);
	}
	if (code != SG_EFATAL && code != SG_ECANCELED && sg_note(ctx, rows, n, &lines, err))
		code = err ? err->code : SG_EFATAL;
	sg_fail(err, code, "%s", cause->msg);
	sg_lines_release(&lines);
	free(rows);
	return code;
}

int sg_op_out(struct sg_ctx *ctx, struct sg_member *members, size_t n, struct sg_err *err)
{
	struct sg_row **rows = sg_alloc(n * sizeof(struct sg_row *));
	int *kept = sg_alloc(n * sizeof(*kept));
	struct sg_build b = { 0 };
	struct sg_step_plan plan = { 0 };
	struct sg_intent intent = { 0 };
	struct sg_copies_watch copies = { 0 };
	struct sg_err cause = SG_ERR_INIT;
	char *why = NULL;
	int code;

	for (size_t i = 0; i < n; i++)
		rows[i] = members[i].row;
	code = sg_build_out(ctx, members, n, &b, kept, &why, &cause);
	if (!code && !b.moves.n && !sg_run_any(ctx, &b)) {
		code = finish(ctx, members, n, &b, NULL, kept, why, false, err);
		goto out;
	}
	if (!code)
		code = sg_step_plan(ctx->drives, &b.moves, false, 0, &plan, &cause);
	if (!code)
		code = sg_build_open(ctx, SG_OP_REVERT, &b, &plan, members, n, &intent, &cause);
	if (code) {
		code = refused(ctx, members, n, &cause, err);
		goto out;
	}
	sg_copies_begin(ctx, &plan, &copies);
	code = write_with_reserve(ctx, &plan, &cause);
	if (!code) {
		code = finish(ctx, members, n, &b, &plan, kept, why, true, err);
		if (!code)
			sg_copies_end(ctx, &copies);
		goto out;
	}
	if (code == SG_EFATAL) {
		sg_fail(err, code, "%s", cause.msg);
		goto out;
	}
	if (sg_settle(ctx, &intent, &cause, NULL, rows, n, err))
		code = err ? err->code : SG_EFATAL;
	else
		sg_fail(err, code, "%s", cause.msg);
out:
	sg_copies_release(&copies);
	free(why);
	free(kept);
	free(rows);
	sg_intent_release(&intent);
	sg_step_plan_release(&plan);
	sg_build_release(&b);
	return code;
}

int sg_op_preview_out(struct sg_ctx *ctx, struct sg_member *members, size_t n, struct sg_step_plan *ret,
        struct sg_moves *ret_moves, struct sg_strs *ret_runs, struct sg_err *err)
{
	struct sg_build b = { 0 };
	int *kept = sg_alloc(n * sizeof(*kept));
	char *why = NULL;
	int code = sg_build_out(ctx, members, n, &b, kept, &why, err);

	if (!code && b.moves.n)
		code = sg_step_plan(ctx->drives, &b.moves, false, 0, ret, err);
	if (!code) {
		if (ret_runs)
			sg_run_plan(ctx, &b, ret_runs);
		*ret_moves = b.moves;
		b.moves = (struct sg_moves){ 0 };
	}
	free(why);
	free(kept);
	sg_build_release(&b);
	return code;
}
