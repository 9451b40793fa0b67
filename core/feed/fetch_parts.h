/* fetch_parts.h - what fetch.c (libcurl), fetch_apart.c and fetch_walk.c (who call it, and where) share; nobody else includes it. */
#ifndef SG_FEED_FETCH_PARTS_H
#define SG_FEED_FETCH_PARTS_H

#include "base/val.h"
#include "feed/fetch.h"

void sg_fetch_ready(void);   /* libcurl's own beginning; before threads */
bool sg_fetch_is_here(void); /* sg_fetch_init() was called */

/* sg_fetch() for http and https alone, in this process. `ca`: PEM of the authorities that count instead of the system's; empty: the system's. req->ca_file
 * is not looked at. */
int sg_fetch_network(
        const struct sg_fetch_request *req, struct sg_bytes ca, struct sg_fetched *ret, struct sg_err *err);

/* fetch_apart.c: the authorities of req->ca_file. SG_ENET. */
int sg_fetch_read_ca(const struct sg_fetch_request *req, struct sg_buf *ret, struct sg_err *err);
/* fetch_request.c: a request on its way to the worker, and its answer. `spare_ms` is what the worker has beyond the request's own time. */
int sg_fetch_ask_worker(const char *job, const struct sg_fetch_request *req, struct sg_bytes ca,
        int64_t spare_ms, struct sg_val **ret_answer, struct sg_err *err);
/* In the worker: the request again, without `stop`, and all that it points to. Nonzero: it is none of ours. */
struct sg_fetch_asked {
	struct sg_fetch_request req;
	char *url, *proxy, *etag, *last_modified, *ca_file;
	struct sg_buf ca;
};
int sg_fetch_asked_unpack(struct sg_bytes request, struct sg_fetch_asked *ret);
void sg_fetch_asked_release(struct sg_fetch_asked *asked);
enum { SG_FETCH_MAX_CA = 4 << 20 }; /* octets of authorities */

/* fetch_signed.c: the address of a document's detached signature; the caller's. */
char *sg_fetch_beside(const char *url);

bool sg_fetch_good_validator(const char *s); /* fit for a request's header: printable ASCII, not long */

#endif
