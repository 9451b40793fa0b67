/* policy.h - what the configuration and the administrators say: whether a mitigation may go in now, and what blocks it. Pure. */
#ifndef SG_ENGINE_POLICY_H
#define SG_ENGINE_POLICY_H

#include "actions/action.h"
#include "journal/read.h"
#include "model/conf.h"

/* Whether a body may go in now; if not, why and when that may change. */
struct sg_go {
	bool go;
	enum sg_reason why; /* APPROVAL, DELAY, WINDOW, STALE, RETRY */
	int64_t next;       /* ms; 0: only a person or the feed changes it */
	char text[160];
};
struct sg_go_in {
	const struct sg_conf *conf;
	const struct sg_mitigation *m; /* the offered body */
	const struct sg_row *row;
	const struct sg_feed_row *feed; /* NULL: none yet */
	bool newer_blocked;             /* a block covers the offered revision */
	bool maintenance;               /* the server is in maintenance */
	int64_t now;
};
void sg_policy_go(const struct sg_go_in *in, struct sg_go *ret);

/* What the first matching <when> says. */
const struct sg_conf_when *sg_policy_when(
        const struct sg_conf *conf, const struct sg_mitigation *m); /* NULL: apply */
/* Delay and question times of a row whose body is offered for the first time: fixed once, in the row. */
void sg_policy_deadlines(
        const struct sg_conf *conf, const struct sg_mitigation *m, struct sg_row *row, int64_t now);
bool sg_policy_observe(const struct sg_conf *conf, const struct sg_mitigation *m);
/* A heartbeat: whether it is in or out, nothing changes. */
bool sg_policy_harmless(const struct sg_mitigation *m);

/* model/window.h, in the server's local time; NULL is always open. *ret_next: when a time of day opens it next, 0 when it is open or none does. */
bool sg_policy_window(const char *window, int64_t now, bool maintenance, int64_t *ret_next);
/* The window that a removal waits for; NULL: none. */
const char *sg_policy_removal_window(const struct sg_conf *conf);

/* Blocks that cover the row (with `revision`), not ended. *ret_keep: all of them keep what is applied. Returns the first, or NULL. */
const struct sg_block *sg_policy_block(const struct sg_blocks *blocks, const struct sg_row *row,
        const char *revision, int64_t now, bool *ret_keep);

#endif
