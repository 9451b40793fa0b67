/* apart_parts.h - what both calls of apart.h share: asking a worker, and how it answers. Nothing outside actions/ includes it.
 *
 * An answer is one MessagePack map with code (0, or an enum sg_code) and text (why; UTF-8 without control characters), besides what a job adds.
 *   config  the file's octets as they are -> {code, text}; text goes on where the file's name ends: ":12: column 3: ..."
 */
#ifndef SG_ACTIONS_APART_PARTS_H
#define SG_ACTIONS_APART_PARTS_H

#include "actions/apart.h"
#include "base/val.h"

enum { SG_ACTION_WORKER_MS = 10000 }; /* what one worker may take */

/* Whether sg_actions_apart() was called. */
bool sg_actions_are_apart(void);

/* Asks; *ret is the answer, the caller's, whatever its code is. Without one: SG_EBUSY when no worker can be started now, SG_EIO when it died, took longer
 * than SG_ACTION_WORKER_MS or gave no answer of that form. Messages begin with `what`. Blocking; any thread. */
int sg_action_ask(
        const char *job, const char *what, struct sg_bytes request, struct sg_val **ret, struct sg_err *err);
/* The answer's code, if a job may fail with it; SG_EIO for any other: no worker can stop the service. */
int sg_action_code(const struct sg_val *answer);
/* In the worker: a map with code and err's message, made safe. */
struct sg_val *sg_action_answer(int code, const struct sg_err *err);

/* --- config_apart.c */

int sg_cfg_job_prepare(struct sg_err *err);
int sg_cfg_job(struct sg_bytes request, struct sg_buf *ret_reply);

#endif
