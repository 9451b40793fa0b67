/* feed_parts.h - what feed.c and apart.c share; nobody else includes it. */
#ifndef SG_FEED_FEED_PARTS_H
#define SG_FEED_FEED_PARTS_H

#include "feed/feed.h"
#include "feed/verify.h"

/* Who meets XML: this process, or one without rights. What each must do, and its errors, are those of sg_verify_take() and sg_feed_canonical(). What
 * they give is octets; whether to trust them is decided, and what is trusted is read (sg_feed_decode), without an XML parser, always in this process. */
struct sg_feed_reader {
	int (*take)(struct sg_bytes document, bool eocs, const char *name, struct sg_signed *ret,
	        int *ret_event, struct sg_err *err);
	int (*canonical)(struct sg_bytes document, const char *name, struct sg_buf *ret, int *ret_event,
	        struct sg_err *err);
};
int sg_feed_read_by(const struct sg_feed_reader *reader, struct sg_bytes document,
        const struct sg_feed_rules *rules, struct sg_feed **ret, int *ret_event, struct sg_err *err);

/* A document that a detached signature covers, as XMLDSig would have given it: canonical, without comments and without a Signature of its own. Event
 * FEED_MALFORMED. */
int sg_feed_canonical(
        struct sg_bytes document, const char *name, struct sg_buf *ret, int *ret_event, struct sg_err *err);

enum { SG_FEED_MAX_CONFIGS = 4096 };

#endif
