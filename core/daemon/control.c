/* control.c - accepts, reads, writes and drops the connections of the control pipe. Must not know what a request means. */
#include "daemon/control.h"

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
	LINGER_MS = 1000,
	UNREAD = 256 << 10,
};

struct conn {
	uv_pipe_t pipe; /* first: a handle is its connection */
	struct sg_control *owner;
	struct conn *next;
	uint64_t id;
	char *opener;            /* the account that it is counted for */
	struct sg_caller caller; /* of what was read last */
	struct sg_buf in;
	size_t under_way; /* requests without an answer yet */
	size_t largest;   /* answer so far */
	int64_t begun;    /* when the first octet of an unfinished request came */
	int64_t last;     /* opened, or the last answer */
	int64_t linger;   /* when a closing connection is dropped */
	bool heard;       /* its first octet has come */
	bool ended;       /* it will send nothing more */
	bool watching, closing;
	bool put_off; /* what is in `in` has its turn with the next tick, and nothing is read before */
};

struct sg_control {
	struct sg_endpoint *endpoint;
	uv_loop_t *loop;
	struct sg_control_hooks hooks;
	struct conn *conns;
	uint64_t next_id;
	bool stopping;
	char chunk[64 << 10]; /* libuv fills it and hands it over in one step */
};

struct write {
	uv_write_t req; /* first */
	struct sg_buf octets;
};

static int64_t now_of(const struct sg_control *c)
{
	return (int64_t)uv_now(c->loop);
}

static struct conn *find(const struct sg_control *c, uint64_t id)
{
	for (struct conn *k = c->conns; k; k = k->next)
		if (k->id == id && !uv_is_closing((uv_handle_t *)&k->pipe))
			return k;
	return NULL;
}

/* --- closing */

static void on_closed(uv_handle_t *handle)
{
	struct conn *k = (struct conn *)handle, **at = &k->owner->conns;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	sg_buf_release(&k->in);
	sg_caller_release(&k->caller);
	free(k->opener);
	free(k);
}

/* What the system has taken its client can still read; what it has not is thrown away. */
static void drop(struct conn *k)
{
	if (uv_is_closing((uv_handle_t *)&k->pipe))
		return;
	if (uv_stream_get_write_queue_size((uv_stream_t *)&k->pipe))
		sg_endpoint_cut(&k->pipe);
	uv_close((uv_handle_t *)&k->pipe, on_closed);
}

/* Closes once the system has taken everything, or after LINGER_MS. Never by uv_shutdown(): on Windows that waits, with a thread, until the client has read it all,
 * and a close waits for that in turn. */
static void finish(struct conn *k)
{
	if (k->closing || uv_is_closing((uv_handle_t *)&k->pipe))
		return;
	k->closing = true;
	k->linger = now_of(k->owner) + LINGER_MS;
	uv_read_stop((uv_stream_t *)&k->pipe);
	if (!uv_stream_get_write_queue_size((uv_stream_t *)&k->pipe))
		drop(k);
	k->owner->hooks.rearm(k->owner->hooks.arg);
}

/* --- writing */

static void on_written(uv_write_t *req, int status)
{
	struct write *w = (struct write *)req;
	struct conn *k = (struct conn *)req->handle;

	if ((status < 0 && status != UV_ECANCELED) ||
	        (k->closing && !uv_stream_get_write_queue_size((uv_stream_t *)&k->pipe)))
		drop(k);
	sg_buf_release(&w->octets);
	free(w);
}

/* Takes the octets over. */
static void post(struct conn *k, struct sg_buf *octets)
{
	struct write *w;
	uv_buf_t buf;

	if (octets->len > k->largest)
		k->largest = octets->len;
	if (uv_is_closing((uv_handle_t *)&k->pipe) ||
	        uv_stream_get_write_queue_size((uv_stream_t *)&k->pipe) > UNREAD + k->largest) {
		drop(k);
		sg_buf_release(octets);
		return;
	}
	w = sg_alloc(sizeof *w);
	w->octets = *octets;
	*octets = (struct sg_buf){ 0 };
	buf = uv_buf_init((char *)w->octets.data, (unsigned)w->octets.len);
	if (uv_write(&w->req, (uv_stream_t *)&k->pipe, &buf, 1, on_written) < 0) {
		sg_buf_release(&w->octets);
		free(w);
		drop(k);
	}
}

static void answered(struct conn *k, struct sg_buf *octets)
{
	if (k->under_way)
		k->under_way--;
	k->last = now_of(k->owner);
	post(k, octets);
	if ((k->ended || k->owner->stopping) && k->under_way == 0)
		finish(k);
	k->owner->hooks.rearm(k->owner->hooks.arg);
}

void sg_control_result(struct sg_control *c, uint64_t conn, uint32_t id, const struct sg_val *result)
{
	struct conn *k = find(c, conn);
	struct sg_buf out = { 0 };

	if (!k)
		return;
	sg_rpc_result(id, result, &out);
	answered(k, &out);
}

void sg_control_error(
        struct sg_control *c, uint64_t conn, uint32_t id, const struct sg_err *why, enum sg_exit status)
{
	struct conn *k = find(c, conn);
	struct sg_buf out = { 0 };

	if (!k)
		return;
	sg_rpc_error(id, why, status, &out);
	answered(k, &out);
}

/* --- reading */

static void refuse(struct conn *k, uint32_t id, const struct sg_err *why)
{
	struct sg_buf out = { 0 };

	sg_rpc_error(id, why, sg_exit_of(why->code), &out);
	post(k, &out);
	finish(k);
}

static void take_requests(struct conn *k)
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
		k->begun = now_of(c);
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
	struct sg_control *c = ((struct conn *)handle)->owner;

	(void)suggested;
	*buf = uv_buf_init(c->chunk, sizeof c->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *k = (struct conn *)stream;

	if (n == 0)
		return;
	if (n < 0) {
		k->ended = true;
		uv_read_stop(stream);
		/* who only closed its writing side still waits for its answers; a watcher has nothing to wait for */
		if (n != UV_EOF || k->watching)
			drop(k);
		else if (k->under_way == 0)
			finish(k);
		return;
	}
	k->heard = true;
	if (k->in.len == 0)
		k->begun = now_of(k->owner);
	sg_buf_add(&k->in, buf->base, (size_t)n);
	take_requests(k);
	k->owner->hooks.rearm(k->owner->hooks.arg);
}

static void take_up(struct conn *k)
{
	take_requests(k);
	if (!k->put_off && !k->closing && !uv_is_closing((uv_handle_t *)&k->pipe))
		uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read);
}

/* --- accepting */

static bool is_same(const struct conn *a, const struct conn *b)
{
	return a->opener && b->opener && strcmp(a->opener, b->opener) == 0;
}

static void count(const struct conn *one, size_t *all, size_t *of_user)
{
	*all = *of_user = 0;
	for (const struct conn *k = one->owner->conns; k; k = k->next) {
		if (k->closing || uv_is_closing((const uv_handle_t *)&k->pipe))
			continue;
		++*all;
		*of_user += is_same(k, one);
	}
}

/* SG_ELIMIT when there are too many connections already. */
static int admit(struct conn *k, struct sg_err *err)
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
	struct conn *k = sg_alloc(sizeof *k);

	k->owner = c;
	k->id = ++c->next_id;
	k->last = now_of(c);
	uv_pipe_init(c->loop, &k->pipe, 0);
	k->next = c->conns;
	c->conns = k;
	if (sg_endpoint_accept(c->endpoint, &k->pipe) < 0 || c->stopping) {
		drop(k);
		return;
	}
	if (admit(k, &err) < 0)
		refuse(k, 0, &err);
	else if (uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read) < 0)
		drop(k);
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
	struct conn *k = find(c, conn);
	size_t watching = 0;

	if (!k || k->watching)
		return 0;
	for (const struct conn *o = c->conns; o; o = o->next)
		watching += o->watching && is_same(o, k);
	if (watching >= WATCHERS)
		return sg_fail(err, SG_ELIMIT, "this account watches %d times already: end one of them first",
		        WATCHERS);
	k->watching = true;
	return 0;
}

void sg_control_notify(struct sg_control *c, const struct sg_val *events)
{
	for (struct conn *k = c->conns; k; k = k->next) {
		struct sg_buf out = { 0 };

		if (!k->watching || k->closing || events->n == 0)
			continue;
		if (!c->hooks.may_watch(c->hooks.arg, &k->caller)) {
			finish(k);
			continue;
		}
		for (size_t i = 0; i < events->n; i++)
			sg_rpc_notify("event", events->kid[i], &out);
		post(k, &out);
	}
}

static int64_t deadline(const struct conn *k)
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

int64_t sg_control_tick(struct sg_control *c, int64_t now)
{
	int64_t next = INT64_MAX;

	for (struct conn *k = c->conns; k; k = k->next) {
		int64_t due;

		if (k->put_off && !c->stopping)
			take_up(k);
		if (uv_is_closing((uv_handle_t *)&k->pipe))
			continue;
		due = k->put_off ? now + 1 : deadline(k);
		if (due <= now)
			drop(k);
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
	for (struct conn *k = c->conns; k; k = k->next)
		if (k->under_way == 0)
			finish(k);
		else
			uv_read_stop((uv_stream_t *)&k->pipe);
}

bool sg_control_stopped(const struct sg_control *c)
{
	return sg_endpoint_stopped(c->endpoint) && !c->conns;
}

void sg_control_free(struct sg_control *c)
{
	free(c);
}
