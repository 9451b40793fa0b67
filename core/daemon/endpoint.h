/* endpoint.h - the control pipe as the system sees it: its address, who may reach it, and who is at the other end.
 *
 * Guarantees that there is no moment at which somebody who is not listed can connect: the folder is made with mode 0700 and the socket is
 * born with mode 0600; both are opened for others only when the configuration lists others, whose requests are then judged one by one.
 * uv_pipe_chmod() is never used: it opens a socket to everybody.
 */
#ifndef SG_DAEMON_ENDPOINT_H
#define SG_DAEMON_ENDPOINT_H

#include "base/buf.h"
#include "base/err.h"

/* Binds and listens. Takes a socket that nobody listens at any more out of the way (the journal's lock is held, so it is ours); SG_EBUSY
 * when somebody does. The folder is made when missing; one that others may write is SG_EACCES. Call before threads: it sets the umask. */
int sg_endpoint_open(const char *path, int *ret_fd, struct sg_err *err);
/* Lets everybody connect, or only the service's own account. */
int sg_endpoint_share(const char *path, bool others, struct sg_err *err);
void sg_endpoint_remove(const char *path);

enum { SG_PEER_GROUPS = 256 };
struct sg_peer {
	uint32_t uid, gid;
	int64_t pid;
	uint32_t groups[SG_PEER_GROUPS]; /* supplementary; an account in more of them has none here */
	size_t n_groups;
};
/* As the kernel recorded it when the peer connected. */
int sg_endpoint_peer(int fd, struct sg_peer *ret, struct sg_err *err);

#endif
