/* control.h - the connections of the control pipe: limits, frames, deadlines. Knows no method and no right; hooks do.
 *
 * Owner: the loop. Thread: the loop's. Nothing blocks. A peer that breaks a limit or the form gets one error answer and is dropped; one that
 * does not read, or does not finish what it began, is dropped. All times are uv_now()'s milliseconds.
 */
#ifndef SG_DAEMON_CONTROL_H
#define SG_DAEMON_CONTROL_H

#include "base/rpc.h"
#include "daemon/endpoint.h"
#include <uv.h>

struct sg_control;

struct sg_control_hooks {
	void *arg;
	/* A whole request. What is in *m may be taken out of it. It is answered exactly once, then or later, by (conn, m->id). */
	void (*request)(void *arg, uint64_t conn, const struct sg_caller *caller, struct sg_rpc_message *m);
	/* Whether a watcher may still see events: asked for each batch. */
	bool (*may_watch)(void *arg, const struct sg_caller *caller);
	/* Whether this one may send a document with its request: others have less room. Asked while a request comes in. */
	bool (*may_import)(void *arg, const struct sg_caller *caller);
	/* Whether there is a place for this one however many others there are: who may only read must not keep those out who may change. */
	bool (*has_place)(void *arg, const struct sg_caller *caller);
	/* The deadline that sg_control_tick() gives may be nearer now. */
	void (*rearm)(void *arg);
};

/* `endpoint` is borrowed, and must not be freed before the loop has run out. */
int sg_control_start(uv_loop_t *loop, struct sg_endpoint *endpoint, const struct sg_control_hooks *hooks,
        struct sg_control **ret, struct sg_err *err);

/* An answer to a connection that is gone by then is dropped. */
void sg_control_result(struct sg_control *c, uint64_t conn, uint32_t id, const struct sg_val *result);
void sg_control_error(
        struct sg_control *c, uint64_t conn, uint32_t id, const struct sg_err *why, enum sg_exit status);

/* From now on the connection gets every event. SG_ELIMIT: this account watches too often already. */
int sg_control_watch(struct sg_control *c, uint64_t conn, struct sg_err *err);
void sg_control_notify(struct sg_control *c, const struct sg_val *events);

/* Takes what was put off: sixteen requests of a connection at a time, so that no crowd of them keeps the loop from its other work. Drops whoever is past a
 * deadline. When it has to be called again, INT64_MAX: never. */
int64_t sg_control_tick(struct sg_control *c, int64_t now);

/* Takes no more connections and requests, and closes each connection once its answers are written (a second at most). */
void sg_control_stop(struct sg_control *c);
bool sg_control_stopped(const struct sg_control *c);
void sg_control_free(struct sg_control *c); /* after the loop has run out; NULL is fine */

#endif
