/* loop.h - the service while it runs: one libuv loop, the two lanes, the control pipe, one timer.
 *
 * Straight-line core, asynchronous shell: the engine does all work in jobs of the change lane; here a callback stores a result and calls one
 * function. `status`, `list`, `watch` and `states` are answered from the newest snapshot and never wait.
 */
#ifndef SG_DAEMON_LOOP_H
#define SG_DAEMON_LOOP_H

#include "daemon/authorise.h"
#include "engine/engine.h"
#include <stdatomic.h>

struct sg_endpoint;
struct sg_loop_options {
	struct sg_engine *engine;
	struct sg_access *access; /* taken over */
	const char *config;       /* NULL: none was given */
	struct sg_endpoint *endpoint;
	atomic_bool *stop; /* set when a stop is asked for; the engine asks it, too */
	uint64_t seed;
};
/* Runs until the end is asked for (0), or until the process must stop (SG_EFATAL: the next start recovers). The engine is at a step boundary
 * when this returns, and nothing of the loop uses it any more. Call once per process, from the thread that opened the engine. */
int sg_loop_run(const struct sg_loop_options *options, struct sg_err *err);

#endif
