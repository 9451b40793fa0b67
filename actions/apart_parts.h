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

enum {
	SG_ACTION_WORKER_MS = 10000, /* what one worker may take; a tenth of it once that much was lost */
	SG_ACTION_LOST_MS =
	        20000, /* what workers may lose within a minute before only what is to be written is asked */
	SG_ACTION_STOP_MS = 700 /* how long a worker may go on once the process is to stop */
};
enum sg_action_job { SG_ACTION_CONFIG, SG_ACTION_RULES, SG_ACTION_JOBS };
/* What an answer is for: octets that are to be written, or that what is written goes by; or a sentence about what is there. */
enum sg_action_for { SG_FOR_WRITING, SG_FOR_TELLING };

/* Whether sg_actions_apart() was called. */
bool sg_actions_are_apart(void);

/* Asks; *ret is the answer, the caller's, whatever its code is. Without one: SG_EBUSY when no worker can be started now, SG_ECANCELED when the process is to
 * stop, SG_EIO when it died, took longer than it may now (apart_time.c) or gave no answer of that form; *ret_asked (NULL: nobody wants to know) says whether
 * a worker had the octets. Messages begin with `what`. Blocking; any thread. The engine knows SG_EBUSY as another mitigation's hold: callers pass SG_EIO on,
 * which is tried again by itself. */
int sg_action_ask(enum sg_action_job job, enum sg_action_for use, const char *what, struct sg_bytes request,
        struct sg_val **ret, bool *ret_asked, struct sg_err *err);
/* 0, or what the job failed with: its code, if a job may fail with it, else SG_EIO (no worker can stop the service), and its text, made safe. */
int sg_action_refusal(const struct sg_val *answer, struct sg_err *err);
/* In the worker: a map with code and err's message, made safe. */
struct sg_val *sg_action_answer(int code, const struct sg_err *err);

/* --- apart_time.c: what workers have lost lately. Any thread; times are monotonic ms. */

/* What a worker may take now, in ms; 0: none is to be asked. */
int64_t sg_action_may_take(enum sg_action_job job, enum sg_action_for use, int64_t now);
/* A worker took that long and brought nothing. */
void sg_action_lost(enum sg_action_job job, int64_t spent, int64_t now);
void sg_action_lost_forget(void); /* for tests */

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
void sg_cfg_forget(void); /* all, and what workers lost; for tests */

#endif
