/* op_run.h - private to op_*.c and recover*.c: what runs. Services and pools are stopped once the values are in, and run again once they are out.
 *
 * With rerun.c the only caller of ctx->runner. What ran before is looked at before the intent is opened and goes into the journal with it, so that a crash at any
 * instant knows what to start again; all of it can be repeated. A run state counts within one boot. Companions are stopped first and started last; what
 * depends on a service is stopped before it and started after it, unless a mitigation that stays wants it stopped: then that one's claim remembers that
 * it ran. Nor is anything started that depends on what such a mitigation wants stopped, because Windows would start that with it. A start that fails or has to
 * wait keeps no value from going back: it is said, and tried again (rerun.h).
 */
#ifndef SG_ENGINE_OP_RUN_H
#define SG_ENGINE_OP_RUN_H

#include "engine/op_build.h"

/* What an operation stopped, in that order. */
struct sg_ran {
	enum sg_hook_kind kind;
	char *name;
};
struct sg_rans {
	struct sg_ran *at;
	size_t n, cap;
};
void sg_rans_release(struct sg_rans *rans);

/* Looks at what the staged hooks stop, and notes in their holds what ran. Nothing is stopped. Before sg_build_open. */
int sg_run_look(struct sg_ctx *ctx, struct sg_build *b, struct sg_err *err);
/* Whether the operation stops or starts anything. */
bool sg_run_any(const struct sg_ctx *ctx, const struct sg_build *b);
/* Stops it. After a failure ret_done has what was stopped until then, and what did not stop: it is to be started again. */
int sg_run_stop(struct sg_ctx *ctx, struct sg_build *b, struct sg_rans *ret_done, struct sg_err *err);
/* Starts what ran before of the staged holds that end. May stage more holds; before sg_build_close. */
void sg_run_start(
        struct sg_ctx *ctx, struct sg_build *b, struct sg_row *const *rows, size_t n, struct sg_lines *lines);

/* The same for an operation that settles. `ended`: holds whose claims end with their values at the before. `kept`: all claims that stay, whose memory may
 * change: ret_touched, one per kept, says which. */
void sg_run_start_ended(struct sg_ctx *ctx, const struct sg_hold *const *ended, size_t n_ended,
        struct sg_hold *const *kept, size_t n_kept, bool *ret_touched, struct sg_row *const *rows, size_t n,
        struct sg_lines *lines);
/* Starts again what a failed operation had stopped, in the other order. `kept`: all claims that stay. */
void sg_run_again(struct sg_ctx *ctx, const struct sg_rans *stopped, struct sg_hold *const *kept,
        size_t n_kept, struct sg_row *row, struct sg_lines *lines);
/* Whom a start of it has to wait for: a service that it depends on, directly or through others, that does not run and that one of these claims wants stopped.
 * NULL: nobody, or it cannot be told (then the start itself fails). Borrowed from the claim. */
const char *sg_run_waits_for(const struct sg_ctx *ctx, enum sg_hook_kind kind, const char *name,
        struct sg_hold *const *held, size_t n);
/* Stops what a held hook wants stopped, after a crash; a failure is said. */
void sg_run_hold(struct sg_ctx *ctx, const struct sg_hold *h, struct sg_row *row, struct sg_lines *lines);

/* One line of what was stopped: "the service X, the service Y". NULL: nothing. The caller's to free. */
char *sg_run_text(const struct sg_rans *stopped);
/* What the operation would stop and start, for people; on a drive: that nothing is, and when it counts. */
void sg_run_plan(struct sg_ctx *ctx, const struct sg_build *b, struct sg_strs *ret);
/* What of the row's holds runs although it is to be stopped; NULL: nothing, or it cannot be told. The caller's to free. */
char *sg_run_defeat(struct sg_ctx *ctx, const struct sg_row *row);

#endif
