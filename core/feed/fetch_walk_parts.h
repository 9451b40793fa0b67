/* fetch_walk_parts.h - what fetch_walk*.c share; nobody else includes it. */
#ifndef SG_FEED_FETCH_WALK_PARTS_H
#define SG_FEED_FETCH_WALK_PARTS_H

#include "feed/fetch_curl.h"
#include "feed/fetch_walk.h"

/* fetch_walk_net.c: NAME to SIZE, in this process; `detached` is not looked at. req->ca_file is for sentences, what counts is `ca`, as in
 * sg_fetch_network(). */
void sg_walk_network(const struct sg_fetch_request *req, struct sg_bytes ca, struct sg_walk *ret);

/* One transfer on its way. */
struct sg_path {
	struct sg_transfer t;
	struct sg_walk *w;
	char *host, *port;
	bool https, loopback;
	char *proxy, *proxy_from; /* NULL: none is used */
	char *protocol;           /* of TLS */
	char *location;           /* where a redirect leads to */
	char *tried;              /* addresses, as libcurl tried them */
	int64_t connected,
	        tunnel; /* ms from the beginning: when the first octet could be sent, and when the proxy had connected; 0: not yet */
	enum sg_walk_step at;        /* where it is */
	int64_t since;               /* ms from the beginning: when it came there */
	bool ended;                  /* a step's limit ended it */
	int64_t took[SG_WALK_STEPS]; /* ms; -1: not measured */
};
/* fetch_walk_net.c: libcurl's numbers, a step's limit in ms, and where the transfer is now. Times are ms, at least 1 once there is one. */
int64_t sg_path_ms(CURL *curl, CURLINFO which);
long sg_path_number(CURL *curl, CURLINFO which);
int64_t sg_path_limit(enum sg_walk_step step);
void sg_path_look(struct sg_path *p);
void sg_path_measure(struct sg_path *p); /* once it has ended: fills `took` */
/* fetch_walk_say.c: it has ended with `code`. */
void sg_path_judge(struct sg_path *p, CURLcode code);

/* fetch_walk_tls.c: the TLS step. Names who issued the server's certificate. */
struct sg_walk_tls {
	const struct sg_fetch_request *req;
	struct sg_bytes ca;
	const char *host, *port;
	const char *protocol; /* "TLSv1.3"; NULL: not known */
	const char *cause;    /* what libcurl says; NULL: it went well */
	int64_t ms;
};
/* It went well on `curl`, which was told to keep certificates. */
void sg_walk_tls_good(const struct sg_walk_tls *tls, CURL *curl, struct sg_walk *ret);
/* It failed: connects again, twice at most, to see whose certificate it is. Nothing is sent over what is not verified. */
void sg_walk_tls_bad(const struct sg_walk_tls *tls, struct sg_walk *ret);

#endif
