/* client.h - a blocking client of the control pipe. */
#ifndef SG_CLI_CLIENT_H
#define SG_CLI_CLIENT_H

#include "base/rpc.h"
#include "cli/pipe.h"

struct sg_client {
	struct sg_pipe pipe;
	struct sg_buf in;
	uint32_t last_id;
	int64_t deadline; /* sg_pipe_now() */
};

/* *ret_exit is the exit status that goes with a failure: 3 when nobody listens, 4 when this account may not, 6 at the deadline, and what the
 * daemon says about its own. It is written on failure only. */
int sg_client_open(
        const char *path, int64_t timeout, struct sg_client *ret, enum sg_exit *ret_exit, struct sg_err *err);
int sg_client_call(struct sg_client *c, const char *method, const struct sg_val *params,
        struct sg_val **ret_result, enum sg_exit *ret_exit, struct sg_err *err);
/* The next event after `watch`; the caller's. */
int sg_client_event(struct sg_client *c, struct sg_val **ret, enum sg_exit *ret_exit, struct sg_err *err);
void sg_client_close(struct sg_client *c);

#endif
