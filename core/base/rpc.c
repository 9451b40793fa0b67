/* rpc.c - reads and writes the messages of MessagePack-RPC. Guarantees that nothing is unpacked before it was walked, and that what comes
 * out has the shape that rpc.h says. */
#include "base/rpc.h"

#include <stdlib.h>
#include <string.h>
void sg_rpc_release(struct sg_rpc_message *m)
{
	free(m->method);
	sg_val_free(m->params);
	sg_val_free(m->error);
	sg_val_free(m->result);
	*m = (struct sg_rpc_message){ 0 };
}

static int broken(struct sg_err *err, const char *what)
{
	return sg_fail(err, SG_EPARSE, "not a message of MessagePack-RPC: %s", what);
}

static int read_id(const struct sg_val *v, uint32_t *ret, struct sg_err *err)
{
	if (v->type != SG_VAL_INT || v->i < 0 || v->i > UINT32_MAX)
		return broken(err, "its id is no number of 32 bits");
	*ret = (uint32_t)v->i;
	return 0;
}

static int read_call(const struct sg_val *method, const struct sg_val *params, struct sg_rpc_message *m,
        struct sg_err *err)
{
	if (method->type != SG_VAL_STR || method->len == 0 || method->len > 64)
		return broken(err, "its method is no name");
	if (params->type != SG_VAL_ARRAY || params->n > 1)
		return broken(err, "its parameters are no array with at most one map");
	if (params->n == 1 && params->kid[0]->type != SG_VAL_MAP)
		return broken(err, "its parameter is no map");
	m->method = sg_strndup(method->s, method->len);
	m->params = params->n ? sg_val_copy(params->kid[0]) : sg_val_map();
	return 0;
}

static int read_answer(
        const struct sg_val *error, const struct sg_val *result, struct sg_rpc_message *m, struct sg_err *err)
{
	if (error->type == SG_VAL_NIL)
		m->result = sg_val_copy(result);
	else if (error->type == SG_VAL_MAP)
		m->error = sg_val_copy(error);
	else
		return broken(err, "its error is no map");
	return 0;
}

static int read_message(
        const struct sg_val *v, struct sg_rpc_message *m, uint32_t *ret_id, struct sg_err *err)
{
	int64_t kind = v->type == SG_VAL_ARRAY && v->n && v->kid[0]->type == SG_VAL_INT ? v->kid[0]->i : -1;
	int r;

	if (kind < SG_RPC_REQUEST || kind > SG_RPC_NOTIFY)
		return broken(err, "it does not begin with 0, 1 or 2 in an array");
	m->kind = (enum sg_rpc_kind)kind;
	if (v->n != (kind == SG_RPC_NOTIFY ? 3u : 4u))
		return broken(err, "it has not the number of parts of its kind");
	if (kind == SG_RPC_NOTIFY)
		return read_call(v->kid[1], v->kid[2], m, err);
	r = read_id(v->kid[1], &m->id, err);
	if (r < 0)
		return r;
	*ret_id = m->id;
	return kind == SG_RPC_REQUEST ? read_call(v->kid[2], v->kid[3], m, err)
	                              : read_answer(v->kid[2], v->kid[3], m, err);
}

int sg_rpc_take(struct sg_buf *in, const struct sg_pack_limits *limits, struct sg_rpc_message *ret,
        uint32_t *ret_id, struct sg_err *err)
{
	struct sg_rpc_message m = { 0 };
	struct sg_val *v = NULL;
	int64_t len;
	int r;

	*ret_id = 0;
	if (in->len == 0)
		return 0;
	len = sg_pack_walk(sg_buf_bytes(in), limits, err);
	if (len <= 0)
		return (int)len;
	r = sg_unpack((struct sg_bytes){ in->data, (size_t)len }, limits, &v, err);
	sg_buf_cut(in, 0, (size_t)len);
	if (r == 0)
		r = read_message(v, &m, ret_id, err);
	if (r == 0) {
		*ret = m;
		m = (struct sg_rpc_message){ 0 };
		r = 1;
	}
	sg_rpc_release(&m);
	sg_val_free(v);
	return r;
}

bool sg_rpc_begins(const struct sg_buf *in, const char *method)
{
	size_t n = strlen(method), id;

	if (in->len < 3 || in->data[0] != 0x94 || in->data[1] != SG_RPC_REQUEST)
		return false;
	/* the message's number: in its own octet, or behind one that says how long it is */
	id = in->data[2] < 0x80    ? 1
	     : in->data[2] == 0xcc ? 2
	     : in->data[2] == 0xcd ? 3
	     : in->data[2] == 0xce ? 5
	                           : 0;
	return id && in->len >= 2 + id + 1 + n && in->data[2 + id] == (0xa0 | n) &&
	       memcmp(in->data + 3 + id, method, n) == 0;
}

static void finish(struct sg_val *message, struct sg_buf *out)
{
	sg_pack(message, out);
	sg_val_free(message);
}

static void push_params(struct sg_val *message, const struct sg_val *params)
{
	struct sg_val *list = sg_val_push(message, sg_val_array());

	if (params)
		sg_val_push(list, sg_val_copy(params));
}

void sg_rpc_request(uint32_t id, const char *method, const struct sg_val *params, struct sg_buf *out)
{
	struct sg_val *m = sg_val_array();

	sg_val_push(m, sg_val_int(SG_RPC_REQUEST));
	sg_val_push(m, sg_val_int(id));
	sg_val_push(m, sg_val_str(method));
	push_params(m, params);
	finish(m, out);
}

void sg_rpc_result(uint32_t id, const struct sg_val *result, struct sg_buf *out)
{
	struct sg_val *m = sg_val_array();

	sg_val_push(m, sg_val_int(SG_RPC_ANSWER));
	sg_val_push(m, sg_val_int(id));
	sg_val_push(m, sg_val_nil());
	sg_val_push(m, result ? sg_val_copy(result) : sg_val_nil());
	finish(m, out);
}

void sg_rpc_error(uint32_t id, const struct sg_err *why, enum sg_exit status, struct sg_buf *out)
{
	struct sg_val *m = sg_val_array(), *error;

	sg_val_push(m, sg_val_int(SG_RPC_ANSWER));
	sg_val_push(m, sg_val_int(id));
	error = sg_val_push(m, sg_val_map());
	sg_val_set_str(error, "code", sg_code_name(why->code));
	sg_val_set_str(error, "message", why->msg);
	sg_val_set_int(error, "exit", status);
	sg_val_push(m, sg_val_nil());
	finish(m, out);
}

void sg_rpc_notify(const char *method, const struct sg_val *params, struct sg_buf *out)
{
	struct sg_val *m = sg_val_array();

	sg_val_push(m, sg_val_int(SG_RPC_NOTIFY));
	sg_val_push(m, sg_val_str(method));
	push_params(m, params);
	finish(m, out);
}

enum sg_exit sg_exit_of(int code)
{
	switch (code) {
	case SG_OK: return SG_EXIT_DONE;
	case SG_EINVAL: return SG_EXIT_USAGE;
	case SG_ESTATE:
	case SG_ECONFLICT: return SG_EXIT_STATE;
	case SG_ETIMEOUT: return SG_EXIT_TIMEOUT;
	default: return SG_EXIT_FAILED;
	}
}
