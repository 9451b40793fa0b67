/* client.c - one request at a time over the control pipe. What the daemon sends is walked against limits, too. */
#include "cli/client.h"

#include <string.h>

static int fail(int code, enum sg_exit *ret_exit)
{
	switch (code) {
	case SG_ENOENT: *ret_exit = SG_EXIT_NOBODY; break;
	case SG_EACCES: *ret_exit = SG_EXIT_DENIED; break;
	case SG_ETIMEOUT: *ret_exit = SG_EXIT_TIMEOUT; break;
	default: *ret_exit = SG_EXIT_FAILED; break;
	}
	return code;
}

int sg_client_open(
        const char *path, int64_t timeout, struct sg_client *ret, enum sg_exit *ret_exit, struct sg_err *err)
{
	struct sg_client c = { .deadline = sg_pipe_now() + timeout };
	int r = sg_pipe_open(path, c.deadline, &c.pipe, err);

	if (r < 0)
		return fail(r, ret_exit);
	*ret = c;
	return 0;
}

void sg_client_close(struct sg_client *c)
{
	sg_pipe_close(&c->pipe);
	sg_buf_release(&c->in);
}

static int next_message(struct sg_client *c, struct sg_rpc_message *ret, struct sg_err *err)
{
	for (;;) {
		uint32_t id;
		int r = sg_rpc_take(&c->in, &sg_pack_reply_limits, ret, &id, err);

		if (r != 0)
			return r < 0 ? r : 0;
		r = sg_pipe_read(c->pipe, c->deadline, &c->in, err);
		if (r < 0)
			return r;
	}
}

/* The code whose name the error map carries. */
static int code_of(const char *name)
{
	for (int code = -1; code >= SG_EFATAL; code--)
		if (strcmp(sg_code_name(code), name) == 0)
			return code;
	return SG_EIO;
}

static int take_error(const struct sg_val *error, enum sg_exit *ret_exit, struct sg_err *err)
{
	int64_t status = sg_val_get_int(error, "exit", SG_EXIT_FAILED);

	*ret_exit = status > 0 && status < 256 ? (enum sg_exit)status : SG_EXIT_FAILED;
	return sg_fail(err, code_of(sg_val_get_str(error, "code", "")), "%s",
	        sg_val_get_str(error, "message", "stopgapd refused, and did not say why"));
}

int sg_client_call(struct sg_client *c, const char *method, const struct sg_val *params,
        struct sg_val **ret_result, enum sg_exit *ret_exit, struct sg_err *err)
{
	uint32_t id = ++c->last_id;
	struct sg_buf out = { 0 };
	int r;

	sg_rpc_request(id, method, params, &out);
	r = sg_pipe_write(c->pipe, sg_buf_bytes(&out), c->deadline, err);
	sg_buf_release(&out);
	while (r == 0) {
		struct sg_rpc_message m = { 0 };

		r = next_message(c, &m, err);
		/* id 0: about the connection, not about a request */
		if (r == 0 && m.kind == SG_RPC_ANSWER && (m.id == id || (m.id == 0 && m.error))) {
			if (m.error) {
				r = take_error(m.error, ret_exit, err);
			} else {
				*ret_result = m.result;
				m.result = NULL;
			}
			sg_rpc_release(&m);
			return r;
		}
		sg_rpc_release(&m);
	}
	return fail(r == SG_ENOENT || r == SG_EACCES ? SG_EIO : r, ret_exit);
}

int sg_client_event(struct sg_client *c, struct sg_val **ret, enum sg_exit *ret_exit, struct sg_err *err)
{
	for (;;) {
		struct sg_rpc_message m = { 0 };
		int r = next_message(c, &m, err);

		if (r < 0)
			return fail(r, ret_exit);
		if (m.kind == SG_RPC_NOTIFY) {
			*ret = m.params;
			m.params = NULL;
			sg_rpc_release(&m);
			return 0;
		}
		sg_rpc_release(&m);
	}
}
