/* conn.c - writes to a connection of the control pipe, and closes it. Must not read from it, nor know what an answer says. */
#include "daemon/conn.h"

#include <stdlib.h>

/* schemas/control.md, "limit" */
enum { LINGER_MS = 1000, UNREAD = 256 << 10 };

struct write {
	uv_write_t req; /* first */
	struct sg_buf octets;
};

int64_t sg_conn_now(const struct sg_conn *k)
{
	return (int64_t)uv_now(k->owner->loop);
}

struct sg_conn *sg_conn_find(const struct sg_control *c, uint64_t id)
{
	for (struct sg_conn *k = c->conns; k; k = k->next)
		if (k->id == id && !uv_is_closing((uv_handle_t *)&k->pipe))
			return k;
	return NULL;
}

/* --- closing */

static void on_closed(uv_handle_t *handle)
{
	struct sg_conn *k = (struct sg_conn *)handle, **at = &k->owner->conns;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	sg_buf_release(&k->in);
	sg_caller_release(&k->caller);
	free(k->opener);
	free(k);
}

void sg_conn_end_reading(struct sg_conn *k)
{
	uv_read_stop((uv_stream_t *)&k->pipe);
	k->put_off = false;
	sg_buf_clear(&k->in);
}

void sg_conn_drop(struct sg_conn *k)
{
	if (uv_is_closing((uv_handle_t *)&k->pipe))
		return;
	if (uv_stream_get_write_queue_size((uv_stream_t *)&k->pipe))
		sg_endpoint_cut(&k->pipe);
	uv_close((uv_handle_t *)&k->pipe, on_closed);
}

/* Never by uv_shutdown(): on Windows that waits, with a thread, until the client has read it all, and a close waits for that in turn. */
void sg_conn_finish(struct sg_conn *k)
{
	if (k->closing || uv_is_closing((uv_handle_t *)&k->pipe))
		return;
	k->closing = true;
	k->linger = sg_conn_now(k) + LINGER_MS;
	sg_conn_end_reading(k);
	if (!uv_stream_get_write_queue_size((uv_stream_t *)&k->pipe))
		sg_conn_drop(k);
	k->owner->hooks.rearm(k->owner->hooks.arg);
}

/* --- writing */

static void on_written(uv_write_t *req, int status)
{
	struct write *w = (struct write *)req;
	struct sg_conn *k = (struct sg_conn *)req->handle;

	if ((status < 0 && status != UV_ECANCELED) ||
	        (k->closing && !uv_stream_get_write_queue_size((uv_stream_t *)&k->pipe)))
		sg_conn_drop(k);
	sg_buf_release(&w->octets);
	free(w);
}

void sg_conn_post(struct sg_conn *k, struct sg_buf *octets)
{
	struct write *w;
	uv_buf_t buf;

	if (octets->len > k->largest)
		k->largest = octets->len;
	if (uv_is_closing((uv_handle_t *)&k->pipe) ||
	        uv_stream_get_write_queue_size((uv_stream_t *)&k->pipe) > UNREAD + k->largest) {
		sg_conn_drop(k);
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
		sg_conn_drop(k);
	}
}

static void answered(struct sg_conn *k, struct sg_buf *octets)
{
	if (k->under_way)
		k->under_way--;
	k->last = sg_conn_now(k);
	sg_conn_post(k, octets);
	if ((k->ended || k->owner->stopping) && k->under_way == 0)
		sg_conn_finish(k);
	k->owner->hooks.rearm(k->owner->hooks.arg);
}

void sg_control_result(struct sg_control *c, uint64_t conn, uint32_t id, const struct sg_val *result)
{
	struct sg_conn *k = sg_conn_find(c, conn);
	struct sg_buf out = { 0 };

	if (!k)
		return;
	sg_rpc_result(id, result, &out);
	answered(k, &out);
}

void sg_control_error(
        struct sg_control *c, uint64_t conn, uint32_t id, const struct sg_err *why, enum sg_exit status)
{
	struct sg_conn *k = sg_conn_find(c, conn);
	struct sg_buf out = { 0 };

	if (!k)
		return;
	sg_rpc_error(id, why, status, &out);
	answered(k, &out);
}
