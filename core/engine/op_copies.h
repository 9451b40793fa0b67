/* op_copies.h - private to op_in.c and op_out.c: whether IIS took notice of an edit of applicationHost.config.
 *
 * The operation is complete and durable before anybody waits here, and nothing that is found undoes it. On a drive, where no IIS is at work, nobody
 * waits. Only pools whose worker processes may run on an old copy are touched: IIS is at work and the pool is started.
 */
#ifndef SG_ENGINE_OP_COPIES_H
#define SG_ENGINE_OP_COPIES_H

#include "actions/pool_copies.h"
#include "actions/step.h"
#include "engine/ctx.h"

struct sg_copies_watch {
	bool on;
	struct sg_pool_copies before;
};
/* Before the write: remembers the copies when the plan changes applicationHost.config. */
void sg_copies_begin(struct sg_ctx *ctx, const struct sg_step_plan *plan, struct sg_copies_watch *ret);
/* After the close: waits until every copy is a new one, at most the runner's renew_ms; recycles the pools of those that are not, and says so in one note. */
void sg_copies_end(struct sg_ctx *ctx, struct sg_copies_watch *watch);
void sg_copies_release(struct sg_copies_watch *watch);

#endif
