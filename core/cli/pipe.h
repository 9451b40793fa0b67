/* pipe.h - the client's end of the control pipe: blocking, with a deadline. One file per platform. */
#ifndef SG_CLI_PIPE_H
#define SG_CLI_PIPE_H

#include "base/buf.h"
#include "base/err.h"

struct sg_pipe {
	intptr_t h;
};

/* Errors: SG_ENOENT nobody listens there, SG_EACCES this account may not connect, SG_ETIMEOUT, SG_EIO. */
int sg_pipe_open(const char *path, int64_t deadline, struct sg_pipe *ret, struct sg_err *err);
int sg_pipe_write(struct sg_pipe p, struct sg_bytes octets, int64_t deadline, struct sg_err *err);
/* Appends what is there, waiting for the first octet. SG_EIO when the other end closed, SG_ETIMEOUT at the deadline. */
int sg_pipe_read(struct sg_pipe p, int64_t deadline, struct sg_buf *in, struct sg_err *err);
void sg_pipe_close(struct sg_pipe *p);

/* Deadlines are on this clock: ms, never set back. */
int64_t sg_pipe_now(void);

/* Who runs this program, as the audit trail names people: "uid 0 (root)". The caller's. */
char *sg_pipe_self(void);

#endif
