/* sched.h - when something is due next. Pure: now and rows in, a time out. */
#ifndef SG_ENGINE_SCHED_H
#define SG_ENGINE_SCHED_H

#include "engine/inside.h"

/* Wall ms of the next deadline of any row, block, window, pause, audit or reminder, or of the next look at a Setup that is at work; INT64_MAX: none. */
int64_t sg_sched_wake(const struct sg_engine *e, const struct sg_world *w, const struct sg_decision *list);
/* When a feed is polled next: its interval with jitter that only shortens (to 10%), back-off after failures (doubled up to an hour, never beyond 12
 * intervals). Never polled: within 5 s. */
int64_t sg_sched_poll(const struct sg_conf_feed *feed, const struct sg_feed_row *row, int64_t now,
        int64_t started, struct sg_rand *rand);

#endif
