/* walks.h - the doctor's walks: the way of each feed, on threads beside both lanes, so that neither waits for a slow server.
 *
 * Who asks gets walks that began after it asked: one round of walks at a time, and all who ask meanwhile share the next. A round is over within
 * SG_WALKS_MS; then its requests go to the change lane, which answers them. Thread: the loop's. Owner: the loop.
 */
#ifndef SG_DAEMON_WALKS_H
#define SG_DAEMON_WALKS_H

#include "daemon/change.h"

enum { SG_WALKS_MS = 30000 };

struct sg_walks;
struct sg_walks_options {
	uv_loop_t *loop;
	atomic_bool *stop; /* ends walks that are under way */
	size_t at_once;
	struct sg_change *change;                  /* borrowed */
	const struct sg_snapshot *const *snapshot; /* the newest: whose feeds there are */
};
struct sg_walks *sg_walks_new(const struct sg_walks_options *options);
void sg_walks_free(struct sg_walks *walks); /* when none is under way; NULL is fine */

/* A request for "doctor". Takes the job over. */
void sg_walks_add(struct sg_walks *walks, struct sg_job *job);
/* The change lane is done with a request that had walks. */
void sg_walks_answered(struct sg_walks *walks, const struct sg_job *job);
/* Requests of this account that wait for the next round. */
size_t sg_walks_waiting(const struct sg_walks *walks, const char *account);
bool sg_walks_busy(const struct sg_walks *walks);
/* Hands every request over to the change lane, which was stopped before and says so to who asked. */
void sg_walks_stop(struct sg_walks *walks);

#endif
