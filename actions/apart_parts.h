/* apart_parts.h - what both calls of apart.h share: asking a worker, and how it answers. Nothing outside actions/ includes it.
 *
 * An answer is one MessagePack map with code (0, or an enum sg_code) and text (why; UTF-8 without control characters), besides what a job adds.
 *   config  the file's octets as they are -> {code, text}; text goes on where the file's name ends: ":12: column 3: ..."
 *   rules   rules_parts.h
 */
#ifndef SG_ACTIONS_APART_PARTS_H
#define SG_ACTIONS_APART_PARTS_H

#include "actions/apart.h"
#include "base/hash.h"
#include "base/val.h"

enum { SG_ACTION_WORKER_MS = 10000 }; /* what one worker may take */

/* Whether sg_actions_apart() was called. */
bool sg_actions_are_apart(void);

/* Asks; *ret is the answer, the caller's, whatever its code is. Without one: SG_EBUSY when no worker can be started now, SG_EIO when it died, took longer
 * than timeout_ms or gave no answer of that form. Messages begin with `what`. Blocking; any thread. The engine knows SG_EBUSY as another mitigation's
 * hold: callers pass SG_EIO on, which is tried again by itself. */
int sg_action_ask(const char *job, const char *what, struct sg_bytes request, int64_t timeout_ms,
        struct sg_val **ret, struct sg_err *err);
/* 0, or what the job failed with: its code, if a job may fail with it, else SG_EIO (no worker can stop the service), and its text, made safe. */
int sg_action_refusal(const struct sg_val *answer, struct sg_err *err);
/* In the worker: a map with code and err's message, made safe. */
struct sg_val *sg_action_answer(int code, const struct sg_err *err);

/* --- config_apart.c: the job */

int sg_cfg_job_prepare(struct sg_err *err);
int sg_cfg_job(struct sg_bytes request, struct sg_buf *ret_reply);

/* --- config_memo.c */

/* What was said of some octets. */
struct sg_cfg_said {
	int code;       /* 0: both readers agree; else a refusal, or a worker's end */
	char text[300]; /* goes on where the file's name ends; cut where it is longer */
	int64_t until;  /* monotonic ms; 0: for good */
};
enum { SG_CFG_MEMO = 32768 }; /* octets remembered: more than one proof may look through (iis.h) */

/* One memory for the process: what is said of octets holds whoever asks and in whatever thread, and rounds, plans and looks ask about the same ones.
 * Any thread; a spinning lock is held for the comparison or the copy of a few entries, never while anything is read or waited for. When a set of eight is
 * full, the oldest goes. */
bool sg_cfg_remembered(const struct sg_hash *octets, int64_t now, struct sg_cfg_said *ret);
void sg_cfg_remember(const struct sg_hash *octets, const struct sg_cfg_said *said);
void sg_cfg_forget(void); /* all; for tests */

#endif
