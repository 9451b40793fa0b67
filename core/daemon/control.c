/* control.c - accepts and reads the connections of the control pipe and keeps their deadlines. Must not know what a request means. */
#include "daemon/conn.h"

#include <stdlib.h>
#include <string.h>

/* schemas/control.md, "limit" */
enum {
	CONNECTIONS = 32,
	PER_USER = 8,
	WATCHERS = 4,   /* per user, so that watching never keeps its user from acting */
	UNDER_WAY = 16, /* requests of one connection, and taken of it in one turn of the loop */
	FIRST_OCTET_MS = 2000,
	WHOLE_REQUEST_MS = 5000,
	IDLE_MS = 30000,
};

/* --- reading */

static void refuse(struct sg_conn *k, uint32_t id, const struct sg_err *why)
{
	struct sg_buf out = { 0 };

	sg_rpc_error(id, why, sg_exit_of(why->code), &out);
	sg_conn_post(k, &out);
	sg_conn_finish(k);
}

static void take_requests(struct sg_conn *k)
{
	struct sg_control *c = k->owner;
	struct sg_rpc_message m = { 0 };
	uint32_t id;
	int r = 0;

	k->put_off = false;
	for (int taken = 0; !k->closing && !uv_is_closing((uv_handle_t *)&k->pipe); taken++) {
		struct sg_err err = SG_ERR_INIT;
		bool document;

		if (taken == UNDER_WAY && k->in.len) {
			k->put_off = true;
			uv_read_stop((uv_stream_t *)&k->pipe);
			break;
		}
		if (sg_endpoint_caller(&k->pipe, &k->caller, &err) < 0) {
			refuse(k, 0, &err);
			break;
		}
		document = sg_rpc_begins(&k->in, "import") && c->hooks.may_import(c->hooks.arg, &k->caller);

		r = sg_rpc_take(
		        &k->in, document ? &sg_pack_import_limits : &sg_pack_request_limits, &m, &id, &err);
		if (r == 0)
			break;
		k->begun = sg_conn_now(k);
		if (r < 0) {
			refuse(k, id, &err);
			break;
		}
		if (m.kind != SG_RPC_REQUEST) {
			/* a client has nothing to answer, and notifications of its are none of ours */
		} else if (k->under_way >= UNDER_WAY) {
			k->under_way++;
			sg_fail(&err, SG_ELIMIT,
			        "this connection has %d requests under way: wait for an answer first",
			        UNDER_WAY);
			sg_control_error(c, k->id, m.id, &err, SG_EXIT_FAILED);
		} else {
			k->under_way++;
			c->hooks.request(c->hooks.arg, k->id, &k->caller, &m);
		}
		sg_rpc_release(&m);
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct sg_control *c = ((struct sg_conn *)handle)->owner;

	(void)suggested;
	*buf = uv_buf_init(c->chunk, sizeof c->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct sg_conn *k = (struct sg_conn *)stream;

	if (n == 0)
		return;
	if (n < 0) {
		k->ended = true;
		uv_read_stop(stream);
		/* who only closed its writing side still waits for its answers; a watcher has nothing to wait for */
		if (n != UV_EOF || k->watching)
			sg_conn_drop(k);
		else if (k->under_way == 0)
			sg_conn_finish(k);
		return;
	}
	k->heard = true;
	if (k->in.len == 0)
		k->begun = sg_conn_now(k);
	sg_buf_add(&k->in, buf->base, (size_t)n);
	take_requests(k);
	k->owner->hooks.rearm(k->owner->hooks.arg);
}

static void take_up(struct sg_conn *k)
{
	take_requests(k);
	if (!k->put_off && !k->closing && !uv_is_closing((uv_handle_t *)&k->pipe))
		uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read);
}

/* --- accepting */

static bool is_same(const struct sg_conn *a, const struct sg_conn *b)
{
	return a->opener && b->opener && strcmp(a->opener, b->opener) == 0;
}

static void count(const struct sg_conn *one, size_t *all, size_t *of_user)
{
	*all = *of_user = 0;
	for (const struct sg_conn *k = one->owner->conns; k; k = k->next) {
		if (k->closing || uv_is_closing((const uv_handle_t *)&k->pipe))
			continue;
		++*all;
		*of_user += is_same(k, one);
	}
}

/* SG_ELIMIT when there are too many connections already. */
static int admit(struct sg_conn *k, struct sg_err *err)
{
	const struct sg_control *c = k->owner;
	struct sg_caller opener = { 0 };
	size_t all, of_user;
	bool has_place;
	int r = sg_endpoint_opener(&k->pipe, &opener, err);

	if (r < 0)
		return r;
	k->opener = sg_strdup(sg_caller_account(&opener));
	has_place = c->hooks.has_place(c->hooks.arg, &opener);
	sg_caller_release(&opener);
	count(k, &all, &of_user); /* this one is counted, too */
	if ((all > CONNECTIONS && !has_place) || of_user > PER_USER)
		return sg_fail(err, SG_ELIMIT,
		        "too many connections are open (%d, of them %d per account): close some and try "
		        "again",
		        CONNECTIONS, PER_USER);
	return 0;
}

static void on_connection(void *arg)
{
	struct sg_control *c = arg;
	struct sg_err err = SG_ERR_INIT;
	struct sg_conn *k = sg_alloc(sizeof *k);

	k->owner = c;
	k->id = ++c->next_id;
	k->last = sg_conn_now(k);
	uv_pipe_init(c->loop, &k->pipe, 0);
	k->next = c->conns;
	c->conns = k;
	if (sg_endpoint_accept(c->endpoint, &k->pipe) < 0 || c->stopping) {
		sg_conn_drop(k);
		return;
	}
	if (admit(k, &err) < 0)
		refuse(k, 0, &err);
	else if (uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read) < 0)
		sg_conn_drop(k);
	c->hooks.rearm(c->hooks.arg);
}

int sg_control_start(uv_loop_t *loop, struct sg_endpoint *endpoint, const struct sg_control_hooks *hooks,
        struct sg_control **ret, struct sg_err *err)
{
	struct sg_control *c = sg_alloc(sizeof *c);
	int r;

	c->loop = loop;
	c->endpoint = endpoint;
	c->hooks = *hooks;
	r = sg_endpoint_listen(endpoint, loop, on_connection, c, err);
	if (r < 0) {
		sg_control_stop(c);
		uv_run(loop, UV_RUN_NOWAIT);
		sg_control_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

/* --- watching, deadlines, the end */

int sg_control_watch(struct sg_control *c, uint64_t conn, struct sg_err *err)
{
	struct sg_conn *k = sg_conn_find(c, conn);
	size_t watching = 0;

	if (!k || k->watching)
		return 0;
	for (const struct sg_conn *o = c->conns; o; o = o->next)
		watching += o->watching && is_same(o, k);
	if (watching >= WATCHERS)
		return sg_fail(err, SG_ELIMIT, "this account watches %d times already: end one of them first",
		        WATCHERS);
	k->watching = true;
	return 0;
}

void sg_control_notify(struct sg_control *c, const struct sg_val *events)
{
	for (struct sg_conn *k = c->conns; k; k = k->next) {
		struct sg_buf out = { 0 };

		if (!k->watching || k->closing || events->n == 0)
			continue;
		if (!c->hooks.may_watch(c->hooks.arg, &k->caller)) {
			sg_conn_finish(k);
			continue;
		}
		for (size_t i = 0; i < events->n; i++)
			sg_rpc_notify("event", events->kid[i], &out);
		sg_conn_post(k, &out);
	}
}

static int64_t deadline(const struct sg_conn *k)
{
	if (k->closing)
		return k->linger;
	if (k->in.len)
		return k->begun + WHOLE_REQUEST_MS;
	if (!k->heard)
		return k->last + FIRST_OCTET_MS;
	if (k->under_way || k->watching)
		return INT64_MAX;
	return k->last + IDLE_MS;
}

/* A turn that is still to come keeps everything else from being due; once the end has begun there is none. */
static bool has_turn(const struct sg_conn *k)
{
	return k->put_off && !k->closing && !k->owner->stopping;
}

int64_t sg_control_tick(struct sg_control *c, int64_t now)
{
	int64_t next = INT64_MAX;

	for (struct sg_conn *k = c->conns; k; k = k->next) {
		int64_t due;

		if (has_turn(k))
			take_up(k);
		if (uv_is_closing((uv_handle_t *)&k->pipe))
			continue;
		due = has_turn(k) ? now + 1 : deadline(k);
		if (due <= now)
			sg_conn_drop(k);
		else if (due < next)
			next = due;
	}
	return next;
}

void sg_control_stop(struct sg_control *c)
{
	if (c->stopping)
		return;
	c->stopping = true;
	sg_endpoint_stop(c->endpoint);
	for (struct sg_conn *k = c->conns; k; k = k->next)
		if (k->under_way == 0)
			sg_conn_finish(k);
		else
			sg_conn_end_reading(k);
}

bool sg_control_stopped(const struct sg_control *c)
{
	return sg_endpoint_stopped(c->endpoint) && !c->conns;
}

void sg_control_free(struct sg_control *c)
{
	free(c);
}
