/* fetch_parts.h - what fetch.c (libcurl) and fetch_apart.c (who calls it, and where) share; nobody else includes it. */
#ifndef SG_FEED_FETCH_PARTS_H
#define SG_FEED_FETCH_PARTS_H

#include "feed/fetch.h"

void sg_fetch_ready(void);   /* libcurl's own beginning; before threads */
bool sg_fetch_is_here(void); /* sg_fetch_init() was called */

/* sg_fetch() for http and https alone, in this process. `ca`: PEM of the authorities that count instead of the system's; empty: the system's. req->ca_file
 * is not looked at. */
int sg_fetch_network(
        const struct sg_fetch_request *req, struct sg_bytes ca, struct sg_fetched *ret, struct sg_err *err);

/* fetch_apart.c: the authorities of req->ca_file. SG_ENET. */
int sg_fetch_read_ca(const struct sg_fetch_request *req, struct sg_buf *ret, struct sg_err *err);
/* fetch_signed.c: the address of a document's detached signature; the caller's. */
char *sg_fetch_beside(const char *url);

bool sg_fetch_good_validator(const char *s); /* fit for a request's header: printable ASCII, not long */

#endif
