/* endpoint.h - the control pipe as the system sees it: its address, who may reach it, who comes, and who asks.
 *
 * Guarantees that there is no moment at which somebody who is not listed can connect. POSIX: the folder is made with mode 0700 and the socket is born with
 * mode 0600; both are opened for others only when the configuration lists others, whose requests are then judged one by one. uv_pipe_chmod() is never
 * used: it opens a socket to everybody. Windows: every instance of the pipe is born with its descriptor (descriptor.h), the first one as the first, and
 * none answers another machine. uv_pipe_bind() is never used: its pipe can be read by everybody.
 * Owner: main. Thread: the loop's.
 */
#ifndef SG_DAEMON_ENDPOINT_H
#define SG_DAEMON_ENDPOINT_H

#include "daemon/authorise.h"
#include <uv.h>

struct sg_endpoint;

/* Takes the address. A socket that nobody listens at any more is taken out of the way (the journal's lock is held, so it is ours); SG_EBUSY when somebody
 * does. A folder is made when missing; one that others may write is SG_EACCES. Call before threads: it sets the umask. `access` is read here only. */
int sg_endpoint_open(
        const char *path, const struct sg_access *access, struct sg_endpoint **ret, struct sg_err *err);
/* Lets connect whom `access` lists, and nobody else; connections that are there stay. */
int sg_endpoint_share(struct sg_endpoint *e, const struct sg_access *access, struct sg_err *err);

/* From now on connected(arg) is called for each connection, which sg_endpoint_accept() then moves into `ret`, an initialised handle. */
int sg_endpoint_listen(
        struct sg_endpoint *e, uv_loop_t *loop, void (*connected)(void *arg), void *arg, struct sg_err *err);
int sg_endpoint_accept(struct sg_endpoint *e, uv_pipe_t *ret);

/* Before uv_close() of a connection with octets that its client does not take: they are thrown away. On Windows the system would keep them, and the writing
 * that waits, and with it the connection, for as long as the client pleases; POSIX needs nothing. */
void sg_endpoint_cut(uv_pipe_t *pipe);

/* Takes no more connections; it has stopped when the loop has seen to that. */
void sg_endpoint_stop(struct sg_endpoint *e);
bool sg_endpoint_stopped(const struct sg_endpoint *e);
/* Gives the address up. Before it listens or after it has stopped; NULL is fine. */
void sg_endpoint_free(struct sg_endpoint *e);

/* Who opened the connection: known before it has sent anything, good for counting, and for nothing else. */
int sg_endpoint_opener(const uv_pipe_t *pipe, struct sg_caller *ret, struct sg_err *err);
/* Who sent what was read last, as the kernel says: asked for each request. */
int sg_endpoint_caller(const uv_pipe_t *pipe, struct sg_caller *ret, struct sg_err *err);

#endif
