/* refresh.h - who waits for polls: a request for `refresh` is answered once the polls that it began have ended and the engine is idle.
 * Thread: the loop's. Owner: the loop. */
#ifndef SG_DAEMON_REFRESH_H
#define SG_DAEMON_REFRESH_H

#include "daemon/control.h"
#include "daemon/poll.h"

struct sg_refresh;
struct sg_refresh *sg_refresh_new(
        struct sg_polls *polls, struct sg_control *control, void (*rearm)(void *arg), void *arg);
void sg_refresh_free(struct sg_refresh *r); /* NULL is fine */

/* Makes polls due (of one feed, or of all when `feed` is NULL) and waits. Answers at once when there is none. */
void sg_refresh_begin(
        struct sg_refresh *r, uint64_t conn, uint32_t id, const char *feed, const struct sg_snapshot *now);
/* The engine has done what is due: answers those whose polls have ended. */
void sg_refresh_idle(struct sg_refresh *r, const struct sg_snapshot *now);
void sg_refresh_stop(struct sg_refresh *r); /* answers everybody with "stopping", and who comes later, too */

#endif
