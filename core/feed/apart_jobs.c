/* apart_jobs.c - the workers' half of reading a feed: what runs without rights. Octets in, octets out; whatever goes wrong is part of the answer. */
#include "feed/apart_parts.h"

#include "base/hash.h"
#include "base/text.h"
#include "feed/apart.h"
#include "feed/feed_parts.h"
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 6, OBJECTS = 200000 };

const struct sg_pack_limits sg_apart_limits = { .bytes = SG_WORKER_MAX, .depth = DEPTH, .objects = OBJECTS };

const struct sg_worker_job sg_feed_jobs[] = {
	{ .name = SG_JOB_TAKE, .prepare = sg_apart_prepare, .run = sg_apart_take },
	{ .name = SG_JOB_CANONICAL, .prepare = sg_apart_prepare, .run = sg_apart_canonical },
	{ .name = SG_JOB_FETCH, .prepare = sg_apart_fetch_prepare, .run = sg_apart_fetch, .network = true },
	{ .name = SG_JOB_WALK, .prepare = sg_apart_fetch_prepare, .run = sg_apart_walk, .network = true },
	{ 0 },
};

int sg_apart_prepare(struct sg_err *err)
{
	int r = sg_verify_init(err);

	if (!r)
		sg_sha256((struct sg_bytes){ (const unsigned char *)"",
		        0 }); /* OpenSSL reads its configuration when it is first used */
	return r;
}

void sg_apart_pack(struct sg_val *v, struct sg_buf *out)
{
	sg_pack(v, out);
	sg_val_free(v);
}

/* Messages quote the document: only what is UTF-8 and harmless leaves. */
static void set_text(struct sg_val *map, const char *key, const char *text)
{
	struct sg_buf safe = { 0 };

	sg_text_safe(text, &safe);
	sg_val_set_str(map, key, safe.data ? (const char *)safe.data : "");
	sg_buf_release(&safe);
}

struct sg_val *sg_apart_answer(int code, int event, const struct sg_err *err)
{
	struct sg_val *v = sg_val_map();

	sg_val_set_int(v, "code", code);
	sg_val_set_int(v, "event", code ? event : 0);
	set_text(v, "text", code ? err->msg : "");
	return v;
}

static void set_buf(struct sg_val *map, const char *key, const struct sg_buf *buf)
{
	sg_val_set_bin(map, key, buf->data, buf->len);
}

static void set_bufs(struct sg_val *map, const char *key, const struct sg_bufs *bufs)
{
	struct sg_val *list = sg_val_set(map, key, sg_val_array());

	for (size_t i = 0; i < bufs->n; i++)
		sg_val_push(list, sg_val_bin(bufs->at[i].data, bufs->at[i].len));
}

int sg_apart_take(struct sg_bytes request, struct sg_buf *ret_reply)
{
	struct sg_signed s = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *in = NULL, *out;
	struct sg_buf document = { 0 };
	struct sg_rd rd;
	int event = 0, code;

	if (sg_unpack(request, &sg_apart_limits, &in, NULL))
		return -1;
	sg_rd_begin(&rd, in, "the request", NULL);
	char *name = sg_rd_str(&rd, "name");
	bool eocs = sg_rd_bool(&rd, "eocs");

	sg_rd_bin(&rd, "document", SG_WORKER_MAX, &document);
	code = sg_rd_end(&rd);
	if (!code) {
		code = sg_verify_take(sg_buf_bytes(&document), eocs, name, &s, &event, &err);
		out = sg_apart_answer(code, event, &err);
		set_buf(out, "octets", &s.octets);
		set_buf(out, "signed-info", &s.signed_info);
		set_buf(out, "value", &s.value);
		set_bufs(out, "certs", &s.certs);
		set_buf(out, "stamp", &s.stamp);
		set_bufs(out, "stamp-certs", &s.stamp_certs);
		sg_apart_pack(out, ret_reply);
		code = 0;
	}
	sg_signed_release(&s);
	sg_buf_release(&document);
	free(name);
	sg_val_free(in);
	return code;
}

int sg_apart_canonical(struct sg_bytes request, struct sg_buf *ret_reply)
{
	struct sg_buf document = { 0 }, octets = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *in = NULL, *out;
	struct sg_rd rd;
	int event = 0, code;

	if (sg_unpack(request, &sg_apart_limits, &in, NULL))
		return -1;
	sg_rd_begin(&rd, in, "the request", NULL);
	char *name = sg_rd_str(&rd, "name");

	sg_rd_bin(&rd, "document", SG_WORKER_MAX, &document);
	code = sg_rd_end(&rd);
	if (!code) {
		code = sg_feed_canonical(sg_buf_bytes(&document), name, &octets, &event, &err);
		out = sg_apart_answer(code, event, &err);
		set_buf(out, "octets", &octets);
		sg_apart_pack(out, ret_reply);
		code = 0;
	}
	sg_buf_release(&octets);
	sg_buf_release(&document);
	free(name);
	sg_val_free(in);
	return code;
}
