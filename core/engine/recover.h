/* recover.h - one rule: every value of an open intent that is at from or to is brought to settle; files and folders of all of them are synced,
 * whether or not this run wrote them; then the intent is closed.
 *
 * The same code serves a crashed apply, a crashed revert, a crashed recovery, and an operation that fails while it runs. An intent can always be
 * closed: what could not be settled keeps its claims, and its mitigation becomes blocked (io) with a goal and a time to retry. Values found OTHER are
 * named and never written (P2).
 */
#ifndef SG_ENGINE_RECOVER_H
#define SG_ENGINE_RECOVER_H

#include "engine/ctx.h"

/* At start. *ret_recovered: an intent was open. The third start that finds the same intent closes it without touching (blocked, io). */
int sg_recover(struct sg_ctx *ctx, bool *ret_recovered, struct sg_err *err);

struct sg_rans; /* op_run.h */

/* After a failure inside an operation whose intent is open: `cause` is recorded as why. `stopped` (may be NULL) is what it had stopped: it is started
 * again. `rows` are the members' rows, changed in place to what they become (matched by key; a member without a row here is read from the journal). */
int sg_settle(struct sg_ctx *ctx, const struct sg_intent *intent, const struct sg_err *cause,
        const struct sg_rans *stopped, struct sg_row *const *rows, size_t n, struct sg_err *err);

/* ms after which something that failed `attempts` times is tried again: 1 min, 2, 4, ... 1 h. */
int64_t sg_retry_delay(uint32_t attempts);

#endif
