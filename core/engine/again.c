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
	bool well = sg_op_preview_in(ctx, op, m, 1, &plan, &moves, NULL, &why) == 0;

	sg_step_plan_release(&plan);
	sg_moves_release(&moves);
	return well;
}

void sg_again_look(struct sg_engine *e, const struct sg_world *w)
{
	struct sg_ctx ctx;

	sg_engine_ctx(e, NULL, &ctx);
	for (size_t i = 0; i < w->rows.n; i++) {
		struct sg_row *row = w->rows.at[i];
		struct sg_member m = { .row = row };
		bool missing = row->state == SG_APPLIED && row->reason == SG_WHY_VALUES_MISSING;
		bool newer = row->state == SG_APPLIED && row->reason == SG_WHY_NEWER_FAILED;
		bool waits = row->state == SG_APPLICABLE && row->reason == SG_WHY_REFUSED;
		bool behind = row->state == SG_APPLICABLE && row->reason == SG_WHY_HOLDER;

		/* No file says that another mitigation has gone: what waits for it looks each time, so that nothing is between the two. */
		if (row->retry_at <= w->now.wall ||
		        !(behind || (e->touched && (missing || newer || waits))) ||
		        row->attempts > SG_EARLY_TRIES)
			continue;
		m.m = sg_engine_body(e, row->key.feed, missing ? &row->applied : &row->offered, NULL);
		/* Looked at before it is tried: what is still refused keeps its time and its count of tries. */
		if (m.m && previews(&ctx, missing ? SG_OP_REPAIR : newer ? SG_OP_SUPERSEDE : SG_OP_APPLY, &m))
			row->retry_at = 0;
	}
}
