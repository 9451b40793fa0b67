/* op.h - the operations: each one blocking function that plans everything, checks everything, writes the intent, then touches.
 *
 * Only op*.c and recover*.c write both, targets and journal. Every operation ends with its intent closed: as wanted, or settled (recover.h). What a
 * member became is in its row, durable, when the call returns. SG_EFATAL (a failed flush) leaves the intent to the next start.
 */
#ifndef SG_ENGINE_OP_H
#define SG_ENGINE_OP_H

#include "engine/ctx.h"

/* Repairs are counted within this time: decide.c bounds them. */
#define SG_REPAIR_BOUND_TIME SG_DAY

/* A mitigation that takes part. `row` is changed to what it became; `m` is the body that goes in (a revert moves what is
 * held, whatever the body). */
struct sg_member {
	struct sg_row *row;
	const struct sg_mitigation *m;
	bool adopt; /* apply: somebody else's equivalent rules make way, and come back when it is taken out */
	enum sg_state done; /* revert: where it leads when all is given back */
	enum sg_reason done_why;
	const char *done_text;
};

/* Brings bodies in: apply (nothing held), supersede (another body held), repair (values missing), take-over (what is there becomes the before).
 * All values of one file in one replace; all members or none. 0: all are applied. Otherwise every member is where it was (supersede: the OLD
 * after), its row says why and when it is tried again, and the code is the cause: SG_EBUSY with reason HOLDER, SG_ECONFLICT, SG_EUNSUPPORTED, ... */
int sg_op_in(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_err *err);

/* Takes members out: every value that is at its after goes to its before, unless another mitigation holds it. Values found OTHER are left and stay
 * claimed: the member becomes blocked (drift); what could not be read or written: blocked (io) with OUT as goal. 0: all members left nothing. */
int sg_op_out(struct sg_ctx *ctx, struct sg_member *members, size_t n, struct sg_err *err);

/* Drops the claims on values whose container or carrier is gone. Creates nothing. */
int sg_op_drop(struct sg_ctx *ctx, struct sg_row *row, struct sg_err *err);
/* resolve --accept: what is there now stays; claims on values that are OTHER or missing are dropped. */
int sg_op_accept(struct sg_ctx *ctx, struct sg_row *row, struct sg_err *err);

/* Looks at every value that the row holds. ret_replaced: whether a container with missing values was replaced by others (identity and other bytes). */
struct sg_look_result {
	enum sg_look look;
	bool replaced;
	char *text; /* the first value that is not at its after, with the reason */
};
int sg_op_look(struct sg_ctx *ctx, const struct sg_holds *holds, const struct sg_key *key,
        struct sg_look_result *ret, struct sg_err *err);
void sg_look_result_release(struct sg_look_result *r);

/* Runs the body's tests over the files as they are; sets effective and its text. */
void sg_op_prove(struct sg_ctx *ctx, struct sg_row *row, const struct sg_mitigation *m);

/* What sg_op_in would do, in memory: nothing is written anywhere, nothing stopped. ret_runs (may be NULL): what it would stop and start, for people, added. The
 * caller releases all of them. */
int sg_op_preview_in(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n,
        struct sg_step_plan *ret, struct sg_moves *ret_moves, struct sg_strs *ret_runs, struct sg_err *err);
int sg_op_preview_out(struct sg_ctx *ctx, struct sg_member *members, size_t n, struct sg_step_plan *ret,
        struct sg_moves *ret_moves, struct sg_strs *ret_runs, struct sg_err *err);

#endif
