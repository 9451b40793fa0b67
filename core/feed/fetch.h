/* fetch.h - one document, from https, http (loopback tests only), file:// or a plain path. The only user of libcurl. Blocking; any thread; bytes only.
 *
 * Limits are kept in the write callback: a body is never longer than max_bytes in memory. Redirects: at most 3, https only. No decompression.
 */
#ifndef SG_FEED_FETCH_H
#define SG_FEED_FETCH_H

#include "base/buf.h"
#include "base/err.h"

/* Once, before threads, for a program that works for the person who runs it: from then on sg_fetch() uses libcurl in this process. In a program that
 * does not call it, a service, sg_fetch() starts a worker without rights (base/worker.h: sg_worker_begin() with apart.h's jobs). */
void sg_fetch_init(void);

struct sg_fetch_request {
	const char *url;
	const char *proxy;                /* "system", "none" or an URL */
	const char *ca_file;              /* NULL: the system's */
	const char *etag, *last_modified; /* of the last answer; NULL: unconditional */
	bool detached; /* sg_fetch_signed(): FEED.p7s is wanted, too; its own validators: */
	const char *cms_etag, *cms_last_modified;
	int64_t timeout_ms; /* of the whole; connect is bounded by 15 s, and under 1 KiB/s for 30 s ends it */
	uint64_t max_bytes;
	bool (*stop)(void *arg); /* asked often; true: SG_ECANCELED */
	void *arg;
};
struct sg_fetched {
	bool unchanged; /* 304, or a file whose octets are the same is still given whole */
	struct sg_buf octets;
	char *etag, *last_modified;
	struct sg_buf cms; /* the detached signature's octets */
	char *cms_etag, *cms_last_modified;
	long status;
};
/* Errors: SG_EBUSY (no worker can be started), SG_EDAMAGED (it died), SG_ENET (with what libcurl said, and what to check), SG_ETIMEOUT, SG_ELIMIT, SG_ENOENT, SG_ECANCELED, SG_EINVAL (the address). */
int sg_fetch(const struct sg_fetch_request *req, struct sg_fetched *ret, struct sg_err *err);
/* fetch_signed.c: the document and, when `detached`, the signature beside it, at the same address with ".p7s" behind its path: both, or neither.
 * `unchanged` when both are. Each has the whole timeout. Errors: those of sg_fetch(), with the address of the one that failed. */
int sg_fetch_signed(const struct sg_fetch_request *req, struct sg_fetched *ret, struct sg_err *err);
void sg_fetched_release(struct sg_fetched *f);

#endif
