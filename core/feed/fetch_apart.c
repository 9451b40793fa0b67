/* fetch_apart.c - sg_fetch(): files are read here, as octets; the network is a worker's, which holds libcurl and has no rights.
 *
 * The worker is another user without files of its own, so what only this process may read goes with the request: the authorities of <network ca-file>. What
 * comes back is checked for size and form, and is untrusted octets as before.
 */
#include "feed/fetch.h"

#include "base/os.h"
#include "base/text.h"
#include "feed/apart_parts.h"
#include "feed/fetch_parts.h"
#include "model/url.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_CA = 4 << 20, SPARE_MS = 2000 };

/* --- a file */

static int from_file(const struct sg_fetch_request *req, struct sg_fetched *ret, struct sg_err *err)
{
	struct sg_fetched got = { 0 };
	char *path = NULL;
	int r = sg_url_path(req->url, &path, err);

	if (!r)
		r = sg_os_read(path, req->max_bytes, &got.octets, NULL, err);
	free(path);
	if (r)
		sg_fetched_release(&got);
	else
		*ret = got;
	return r;
}

/* The administrator's own setting: a link is followed, as everywhere where authorities are kept. Read here and not by libcurl, whose fopen() takes a name in
 * the process's code page and runs without the rights to read it. */
int sg_fetch_read_ca(const struct sg_fetch_request *req, struct sg_buf *ret, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int r = sg_os_read_linked(req->ca_file, MAX_CA, ret, &why);

	if (!r && !ret->len)
		r = sg_fail(&why, SG_EPARSE, "%s is empty", req->ca_file);
	if (!r)
		return 0;
	return sg_fail(err, SG_ENET,
	        "%s: the authorities cannot be read: %s; check <network ca-file>: it must be a readable "
	        "PEM file",
	        req->url, why.msg);
}

/* --- the worker's half */

int sg_apart_fetch_prepare(struct sg_err *err)
{
	(void)err;
	sg_fetch_ready();
	return 0;
}

int sg_apart_fetch(struct sg_bytes request, struct sg_buf *ret_reply)
{
	struct sg_fetched got = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *in = NULL, *out;
	struct sg_buf ca = { 0 };
	struct sg_rd rd;
	int code;

	if (sg_unpack(request, &sg_apart_limits, &in, NULL))
		return -1;
	sg_rd_begin(&rd, in, "the request", NULL);
	char *url = sg_rd_str(&rd, "url"), *proxy = sg_rd_str_or_nil(&rd, "proxy"),
	     *etag = sg_rd_str_or_nil(&rd, "etag"), *last_modified = sg_rd_str_or_nil(&rd, "last-modified");
	struct sg_fetch_request req = { .url = url,
		.proxy = proxy,
		.etag = etag,
		.last_modified = last_modified,
		.timeout_ms = sg_rd_int(&rd, "timeout", 0, INT32_MAX),
		.max_bytes = (uint64_t)sg_rd_int(&rd, "max", 0, SG_WORKER_MAX) };

	sg_rd_bin(&rd, "ca", MAX_CA + 1, &ca);
	code = sg_rd_end(&rd);
	if (!code) {
		code = sg_fetch_network(&req, sg_buf_bytes(&ca), &got, &err);
		out = sg_apart_answer(code, 0, &err);
		sg_val_set_bool(out, "unchanged", got.unchanged);
		sg_val_set_bin(out, "octets", got.octets.data, got.octets.len);
		sg_val_set_str(out, "etag", got.etag);
		sg_val_set_str(out, "last-modified", got.last_modified);
		sg_val_set_int(out, "status", got.status);
		sg_apart_pack(out, ret_reply);
		code = 0;
	}
	sg_fetched_release(&got);
	sg_buf_release(&ca);
	free(url);
	free(proxy);
	free(etag);
	free(last_modified);
	sg_val_free(in);
	return code;
}

/* --- this process's half */

static int accept_answer(const struct sg_fetch_request *req, const struct sg_val *answer,
        struct sg_fetched *ret, struct sg_err *err)
{
	const struct sg_val *octets = sg_val_get(answer, "octets");
	const char *etag = sg_val_get_str(answer, "etag", NULL),
	           *last_modified = sg_val_get_str(answer, "last-modified", NULL);

	if (!octets || octets->type != SG_VAL_BIN || octets->len > req->max_bytes)
		return sg_fail(err, SG_ELIMIT, "%s: the document is larger than the allowed %llu octets",
		        req->url, (unsigned long long)req->max_bytes);
	ret->unchanged = sg_val_get_bool(answer, "unchanged", false);
	if (!ret->unchanged)
		sg_buf_set(&ret->octets, octets->s, octets->len);
	ret->etag = etag && sg_fetch_good_validator(etag) ? sg_strdup(etag) : NULL;
	ret->last_modified =
	        last_modified && sg_fetch_good_validator(last_modified) ? sg_strdup(last_modified) : NULL;
	ret->status = (long)sg_val_get_int(answer, "status", 0);
	return 0;
}

static int from_worker(
        const struct sg_fetch_request *req, struct sg_bytes ca, struct sg_fetched *ret, struct sg_err *err)
{
	int64_t timeout = req->timeout_ms < 1 ? 1 : req->timeout_ms;
	const struct sg_apart_ask ask = { .job = SG_JOB_FETCH,
		.what = req->url,
		.timeout_ms = timeout + SPARE_MS,
		.stop = req->stop,
		.arg = req->arg };
	struct sg_val *request = sg_val_map(), *answer = NULL;
	int event = 0, r;

	sg_val_set_str(request, "url", req->url);
	sg_val_set_str(request, "proxy", req->proxy);
	sg_val_set_str(request, "etag", req->etag);
	sg_val_set_str(request, "last-modified", req->last_modified);
	sg_val_set_int(request, "timeout", timeout < INT32_MAX ? timeout : INT32_MAX);
	sg_val_set_int(request, "max",
	        (int64_t)(req->max_bytes < SG_WORKER_MAX / 2 ? req->max_bytes : SG_WORKER_MAX / 2));
	sg_val_set_bin(request, "ca", ca.data, ca.len);
	r = sg_apart_ask(&ask, request, &answer, &event, err);
	if (!r)
		r = accept_answer(req, answer, ret, err);
	sg_val_free(answer);
	return r;
}

int sg_fetch(const struct sg_fetch_request *req, struct sg_fetched *ret, struct sg_err *err)
{
	enum sg_url_kind kind = SG_URL_PATH;
	struct sg_buf ca = { 0 };
	int r = sg_url_check(req->url, &kind, err);

	if (r)
		return r;
	if (req->stop && req->stop(req->arg))
		return sg_fail(err, SG_ECANCELED, "fetching %s was stopped", req->url);
	if (kind == SG_URL_FILE || kind == SG_URL_PATH)
		return from_file(req, ret, err);
	if (req->ca_file)
		r = sg_fetch_read_ca(req, &ca, err);
	if (!r)
		r = sg_fetch_is_here() ? sg_fetch_network(req, sg_buf_bytes(&ca), ret, err)
		                       : from_worker(req, sg_buf_bytes(&ca), ret, err);
	sg_buf_release(&ca);
	return r;
}
