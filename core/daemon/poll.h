/* poll.h - the fetch lane: one job per feed on a thread of libuv's pool. Bytes only: what they mean is for the change lane.
 *
 * Every poll has a number, counted per feed, so that whoever asks for one can wait for a poll that began after it asked. Thread: the
 * loop's. Owner: the loop. Times are uv_now()'s milliseconds.
 */
#ifndef SG_DAEMON_POLL_H
#define SG_DAEMON_POLL_H

#include "engine/engine.h"
#include <stdatomic.h>
#include <uv.h>

void sg_poll_copy(struct sg_poll *to, const struct sg_poll *from);
void sg_poll_release(struct sg_poll *p);

struct sg_polls;
struct sg_polls_options {
	uv_loop_t *loop;
	atomic_bool *stop; /* ends a fetch that is under way */
	uint64_t seed;     /* of the first polls' jitter */
	size_t at_once;    /* fetches under way at most: the pool's other threads are for the change lane */
	/* A poll ended. The hook takes *fetched over, hands it to the engine, and calls sg_polls_ended() once the engine is done with it. */
	void (*fetched)(
	        void *arg, const char *feed, struct sg_fetched *fetched, const struct sg_err *failure);
	void *arg;
};
struct sg_polls *sg_polls_new(const struct sg_polls_options *options);
void sg_polls_free(struct sg_polls *polls); /* when none is under way; NULL is fine */

/* What the engine says now: feeds come, go and change. `wall` is the time at which it said so. A feed that is new to this process is polled
 * within SG_FIRST_POLL_MS. */
enum { SG_FIRST_POLL_MS = 4000 };
void sg_polls_update(struct sg_polls *polls, const struct sg_poll *at, size_t n, int64_t wall);

/* Begins what is due; when the next one is, INT64_MAX: none. */
int64_t sg_polls_tick(struct sg_polls *polls, int64_t now);

/* Makes a poll due now and gives its number; 0: there is no such feed. */
uint64_t sg_polls_ask(struct sg_polls *polls, const char *feed);
void sg_polls_ended(struct sg_polls *polls, const char *feed);
/* Instead of sg_polls_ended(): the poll did not end, it is made once more. */
enum { SG_POLL_AGAIN_MS = 1000 };
void sg_polls_again(struct sg_polls *polls, const char *feed);
bool sg_polls_has_ended(
        const struct sg_polls *polls, const char *feed, uint64_t number); /* true for a feed that is gone */

size_t sg_polls_count(const struct sg_polls *polls);
const char *sg_polls_name(const struct sg_polls *polls, size_t i);
bool sg_polls_busy(const struct sg_polls *polls); /* fetches are under way */

#endif
