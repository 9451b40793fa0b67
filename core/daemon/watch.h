/* watch.h - tells when one of a list of files changed, came or went. Knows no mitigation; what follows is for the engine, which looks for itself.
 *
 * With handles, each folder on the way from a root to a file is watched (files are replaced by rename, and folders, too), events are filtered by name and
 * collected for a moment, and nothing runs while nothing changes. Without handles, or where the system has no more of them to give, the files are asked for
 * identity, size and time about every second: the bar for an answer is two seconds, so two seconds between the questions would be too long.
 * Told too often is fine, and happens whenever a handle was opened: what changed before that is not known.
 *
 * On Windows no handle is kept, ever: an open folder keeps every folder above it from being renamed or removed, whatever it shares, so that an installer or
 * a person who moves a site would fail. One recursive handle on the root of each drive would block nobody and wake for every file written on it; asking some
 * dozens of files for their identity each second is cheaper than that.
 * Owner: the loop. Thread: the loop's; the files are asked on a thread of libuv's pool.
 */
#ifndef SG_DAEMON_WATCH_H
#define SG_DAEMON_WATCH_H

#include "base/mem.h"
#include <uv.h>

enum {
	SG_WATCH_STAT_MS = 1000, /* between two questions, without handles */
	SG_WATCH_QUIET_MS = 50,  /* so long after an event it is told, unless more come */
	SG_WATCH_GONE_MS =
	        1000, /* a file that is not there may be about to come back: waited for that long */
};

struct sg_watch;
struct sg_watch_options {
	uv_loop_t *loop;
	/* Native paths, of those that were given, that changed or may have changed. Borrowed. */
	void (*changed)(void *arg, const struct sg_strs *paths);
	/* The system gives no more handles (`why`): from now on the files are asked instead. Once. */
	void (*limited)(void *arg, const char *why);
	void *arg;
};
struct sg_watch *sg_watch_new(const struct sg_watch_options *options);

/* What is to be watched from now on: native paths, there or not. Nothing above `roots` is looked at; of a path below none of them only the folder is watched.
 * With `handles_off` every handle is closed before this returns. An equal list costs a comparison. */
void sg_watch_update(
        struct sg_watch *w, const struct sg_strs *paths, const struct sg_strs *roots, bool handles_off);
size_t sg_watch_handles(const struct sg_watch *w); /* open ones */

/* Closes everything; it is stopped when the loop has seen to that. */
void sg_watch_stop(struct sg_watch *w);
bool sg_watch_stopped(const struct sg_watch *w);
void sg_watch_free(struct sg_watch *w); /* after the loop has run out; NULL is fine */

#endif
