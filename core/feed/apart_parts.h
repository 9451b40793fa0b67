/* apart_parts.h - what apart.c and its workers' half, apart_jobs.c, share: how requests and answers are written. Nobody else includes it.
 *
 * MessagePack, one map each way. Every answer has code (0 or an enum sg_code), text and event; what came of it only with code 0.
 *   feed-take       {name, eocs, document} -> {octets, signed-info, value, certs, stamp, stamp-certs}
 *   feed-canonical  {name, document}       -> {octets}
 *   fetch           {url, proxy, etag, last-modified, ca-file, timeout, max, ca} -> {unchanged, octets, etag, last-modified, status}
 *   walk            {the same} -> {lines: [{walked, text, cure, ms}] by enum sg_walk_step, octets}
 */
#ifndef SG_FEED_APART_PARTS_H
#define SG_FEED_APART_PARTS_H

#include "base/pack.h"
#include "base/worker.h"

#define SG_JOB_TAKE      "feed-take"
#define SG_JOB_CANONICAL "feed-canonical"
#define SG_JOB_FETCH     "fetch"
#define SG_JOB_WALK      "walk"

extern const struct sg_pack_limits sg_apart_limits;

int sg_apart_take(struct sg_bytes request, struct sg_buf *ret_reply);
int sg_apart_canonical(struct sg_bytes request, struct sg_buf *ret_reply);
int sg_apart_prepare(struct sg_err *err);
/* fetch_apart.c */
int sg_apart_fetch(struct sg_bytes request, struct sg_buf *ret_reply);
int sg_apart_fetch_prepare(struct sg_err *err);
/* fetch_walk.c */
int sg_apart_walk(struct sg_bytes request, struct sg_buf *ret_reply);

/* The map that a job answers with. */
struct sg_val *sg_apart_answer(int code, int event, const struct sg_err *err);
/* Both sides: packs v, frees it. */
void sg_apart_pack(struct sg_val *v, struct sg_buf *out);

/* The other side: asks, and gives the answer's map once its code is 0. What the worker failed with becomes this call's failure, if it is a failure that
 * such a job may have. Takes `request` over. */
struct sg_apart_ask {
	const char *job, *what; /* what it is about, for messages */
	int64_t timeout_ms;
	bool (*stop)(void *arg);
	void *arg;
};
int sg_apart_ask(const struct sg_apart_ask *ask, struct sg_val *request, struct sg_val **ret, int *ret_event,
        struct sg_err *err);

#endif
