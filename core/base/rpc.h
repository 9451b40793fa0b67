/* rpc.h - the messages of MessagePack-RPC (github.com/msgpack-rpc/msgpack-rpc, spec.md), for both ends of the control pipe. Pure.
 *
 * Request [0, id, method, [params]], answer [1, id, error, result], notification [2, method, [params]]. `params` is one map and may be
 * left out. An error is the map {"code", "message", "exit"}; `exit` is the exit status of stopgapctl (schemas/control.md).
 * It lives below daemon and cli because both speak it and neither may include the other.
 */
#ifndef SG_BASE_RPC_H
#define SG_BASE_RPC_H

#include "base/pack.h"

enum sg_exit {
	SG_EXIT_DONE = 0,
	SG_EXIT_FAILED = 1,
	SG_EXIT_USAGE = 2,
	SG_EXIT_NOBODY = 3, /* no daemon */
	SG_EXIT_DENIED = 4,
	SG_EXIT_STATE = 5, /* refused because of the state */
	SG_EXIT_TIMEOUT = 6,
	SG_EXIT_CHANGES = 10, /* plan --exit-code: it would change something */
	SG_EXIT_EXPOSED = 11, /* coverage --exit-code: exposed at some time */
	SG_EXIT_UNKNOWN = 12, /* coverage --exit-code: never known to be exposed, but unknown at some time */
};

enum sg_rpc_kind { SG_RPC_REQUEST = 0, SG_RPC_ANSWER = 1, SG_RPC_NOTIFY = 2 };

/* One message. {0} is an empty one; owned by whoever took it. */
struct sg_rpc_message {
	enum sg_rpc_kind kind;
	uint32_t id;                   /* of a request or an answer */
	char *method;                  /* of a request or a notification */
	struct sg_val *params;         /* of those: a map, empty when it was left out */
	struct sg_val *error, *result; /* of an answer: exactly one is not NULL */
};

/* Takes the first message off the front of `in`. 1: *ret is the caller's; 0: more octets are needed; negative: the peer broke the
 * limits or the form, nothing after it can be trusted, and *ret_id is the id that the message named (0: none could be read). */
int sg_rpc_take(struct sg_buf *in, const struct sg_pack_limits *limits, struct sg_rpc_message *ret,
        uint32_t *ret_id, struct sg_err *err);
void sg_rpc_release(struct sg_rpc_message *m);
/* Whether `in` begins with a request of that method (at most 31 octets), before the whole of it is here. Looks at the smallest encoding alone. */
bool sg_rpc_begins(const struct sg_buf *in, const char *method);
/* Append one message. What goes in stays the caller's; `params` NULL leaves them out, `result` NULL is nil. */
void sg_rpc_request(uint32_t id, const char *method, const struct sg_val *params, struct sg_buf *out);
void sg_rpc_result(uint32_t id, const struct sg_val *result, struct sg_buf *out);
void sg_rpc_error(uint32_t id, const struct sg_err *why, enum sg_exit status, struct sg_buf *out);
void sg_rpc_notify(const char *method, const struct sg_val *params, struct sg_buf *out);

/* The exit status that goes with a failure of the engine. Never SG_EXIT_DENIED: that is for whoever asked, not for a file that the
 * service itself may not write. */
enum sg_exit sg_exit_of(int code);

#endif
