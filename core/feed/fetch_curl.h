/* fetch_curl.h - one transfer of libcurl, as fetch.c makes it and fetch_walk.c watches it; nobody else includes it. */
#ifndef SG_FEED_FETCH_CURL_H
#define SG_FEED_FETCH_CURL_H

#include "feed/fetch_parts.h"
#include "model/url.h"
#include <curl/curl.h>

struct sg_transfer {
	const struct sg_fetch_request *req;
	struct sg_bytes ca; /* PEM of the authorities that count; empty: the system's */
	CURL *curl;
	struct curl_slist *headers;
	struct sg_fetched got;
	bool too_large, stopped;
	char text[CURL_ERROR_SIZE];
};
/* Zeroed but for req and ca before. Every option that a fetch has: the limits, who is trusted, the proxy, the conditions. What a walk sets besides, it
 * sets afterwards. SG_EINVAL: no address of a server. */
int sg_transfer_begin(struct sg_transfer *t, CURLcode *ret_code, struct sg_err *err);
/* Performs it. No password is in `text` afterwards. */
CURLcode sg_transfer_run(struct sg_transfer *t);
void sg_transfer_release(struct sg_transfer *t);

#endif
