/* again.c - what is tried before its time because a file changed: a refusal that rests on files is over when the files are other ones, and one
 * that rests on another mitigation when that has gone. Writes nothing. */
#include "engine/group.h"
#include "engine/watch.h"

/* A write that fails is a change, too: it must not be its own reason to try again for ever. */
#define SG_EARLY_TRIES 5

static bool previews(struct sg_ctx *ctx, enum sg_op op, struct sg_member *m)
{
	struct sg_step_plan plan = { 0 };
	struct sg_moves moves = { 0 };
	struct sg_err why = SG_ERR_INIT;
	int code = op == SG_OP_REVERT ? sg_op_preview_out(ctx, m, 1, &plan, &moves, NULL, &why)
	                              : sg_op_preview_in(ctx, op, m, 1, &plan, &moves, NULL, &why);

	/* A way out keeps what cannot be looked at: it is one only when something moves. */
	if (!code && op == SG_OP_REVERT && !moves.n)
		code = SG_EIO;
	sg_step_plan_release(&plan);
	sg_moves_release(&moves);
	return code == 0;
}

/* What would be tried again now, and with which body; false: nothing that rests on files. */
static bool tried_again(const struct sg_row *row, enum sg_op *ret, const struct sg_hash **ret_body)
{
	bool io = row->state == SG_BLOCKED && row->reason == SG_WHY_IO;

	*ret_body = &row->offered;
	if (io && row->goal == SG_OUT) {
		*ret = SG_OP_REVERT;
		*ret_body = &row->applied;
	} else if ((row->state == SG_APPLIED && row->reason == SG_WHY_VALUES_MISSING) ||
	           ((io || row->mixed) && !sg_hash_is_zero(&row->applied))) {
		*ret = SG_OP_REPAIR;
		*ret_body = &row->applied;
	} else if (row->state == SG_APPLIED && row->reason == SG_WHY_NEWER_FAILED) {
		*ret = SG_OP_SUPERSEDE;
	} else if (io || (row->state == SG_APPLICABLE &&
	                         (row->reason == SG_WHY_REFUSED || row->reason == SG_WHY_HOLDER))) {
		*ret = SG_OP_APPLY;
	} else {
		return false;
	}
	return true;
}

void sg_again_look(struct sg_engine *e, const struct sg_world *w)
{
	struct sg_ctx ctx;

	sg_engine_ctx(e, NULL, &ctx);
	for (size_t i = 0; i < w->rows.n; i++) {
		struct sg_row *row = w->rows.at[i];
		struct sg_member m = { .row = row };
		const struct sg_hash *body;
		enum sg_op op;
		bool behind = row->state == SG_APPLICABLE && row->reason == SG_WHY_HOLDER;

		/* No file says that another mitigation has gone: what waits for it looks each time, so that nothing is between the two. */
		if (row->retry_at <= w->now.wall || !(behind || e->touched) ||
		        row->attempts > SG_EARLY_TRIES || !tried_again(row, &op, &body))
			continue;
		m.m = sg_engine_body(e, row->key.feed, body, NULL);
		/* Looked at before it is tried: what is still refused keeps its time and its count of tries. */
		if ((m.m || op == SG_OP_REVERT) && previews(&ctx, op, &m))
			row->retry_at = 0;
	}
}
