/* fetch_request.c - what goes to the worker that fetches, and comes out there. The worker trusts no field of it to be there: it is bounded on both sides. */
#include "base/text.h"
#include "feed/apart_parts.h"
#include "feed/fetch_parts.h"
#include <stdlib.h>

enum { MAX_DOCUMENT = SG_WORKER_MAX / 2 };

int sg_fetch_ask_worker(const char *job, const struct sg_fetch_request *req, struct sg_bytes ca,
        int64_t spare_ms, struct sg_val **ret_answer, struct sg_err *err)
{
	int64_t timeout = req->timeout_ms < 1 ? 1 : req->timeout_ms;
	const struct sg_apart_ask ask = { .job = job,
		.what = req->url,
		.timeout_ms = timeout + spare_ms,
		.stop = req->stop,
		.arg = req->arg };
	struct sg_val *request = sg_val_map();
	int event = 0;

	sg_val_set_str(request, "url", req->url);
	sg_val_set_str(request, "proxy", req->proxy);
	sg_val_set_str(request, "etag", req->etag);
	sg_val_set_str(request, "last-modified", req->last_modified);
	sg_val_set_str(request, "ca-file", req->ca_file);
	sg_val_set_int(request, "timeout", timeout < INT32_MAX ? timeout : INT32_MAX);
	sg_val_set_int(
	        request, "max", (int64_t)(req->max_bytes < MAX_DOCUMENT ? req->max_bytes : MAX_DOCUMENT));
	sg_val_set_bin(request, "ca", ca.data, ca.len);
	return sg_apart_ask(&ask, request, ret_answer, &event, err);
}

int sg_fetch_asked_unpack(struct sg_bytes request, struct sg_fetch_asked *ret)
{
	struct sg_val *in = NULL;
	struct sg_rd rd;
	int code;

	if (sg_unpack(request, &sg_apart_limits, &in, NULL))
		return -1;
	sg_rd_begin(&rd, in, "the request", NULL);
	ret->url = sg_rd_str(&rd, "url");
	ret->proxy = sg_rd_str_or_nil(&rd, "proxy");
	ret->etag = sg_rd_str_or_nil(&rd, "etag");
	ret->last_modified = sg_rd_str_or_nil(&rd, "last-modified");
	ret->ca_file = sg_rd_str_or_nil(&rd, "ca-file");
	ret->req = (struct sg_fetch_request){ .url = ret->url,
		.proxy = ret->proxy,
		.etag = ret->etag,
		.last_modified = ret->last_modified,
		.ca_file = ret->ca_file,
		.timeout_ms = sg_rd_int(&rd, "timeout", 0, INT32_MAX),
		.max_bytes = (uint64_t)sg_rd_int(&rd, "max", 0, SG_WORKER_MAX) };
	sg_rd_bin(&rd, "ca", SG_FETCH_MAX_CA + 1, &ret->ca);
	code = sg_rd_end(&rd);
	sg_val_free(in);
	return code;
}

void sg_fetch_asked_release(struct sg_fetch_asked *asked)
{
	free(asked->url);
	free(asked->proxy);
	free(asked->etag);
	free(asked->last_modified);
	free(asked->ca_file);
	sg_buf_release(&asked->ca);
	*asked = (struct sg_fetch_asked){ 0 };
}
