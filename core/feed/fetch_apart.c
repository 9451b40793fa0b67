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

enum { SPARE_MS = 2000 };

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
	int r = sg_os_read_linked(req->ca_file, SG_FETCH_MAX_CA, ret, &why);

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
	struct sg_fetch_asked asked = { 0 };
	struct sg_fetched got = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *out;
	int code = sg_fetch_asked_unpack(request, &asked);

	if (!code) {
		out = sg_apart_answer(
		        sg_fetch_network(&asked.req, sg_buf_bytes(&asked.ca), &got, &err), 0, &err);
		sg_val_set_bool(out, "unchanged", got.unchanged);
		sg_val_set_bin(out, "octets", got.octets.data, got.octets.len);
		sg_val_set_str(out, "etag", got.etag);
		sg_val_set_str(out, "last-modified", got.last_modified);
		sg_val_set_int(out, "status", got.status);
		sg_apart_pack(out, ret_reply);
	}
	sg_fetched_release(&got);
	sg_fetch_asked_release(&asked);
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
	struct sg_val *answer = NULL;
	int r = sg_fetch_ask_worker(SG_JOB_FETCH, req, ca, SPARE_MS, &answer, err);

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
