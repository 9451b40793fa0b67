/* ends.h - when what a feed's trust rests on comes to its end: certificates of a path, pinned anchors, revocation lists. Plain data. */
#ifndef SG_FEED_ENDS_H
#define SG_FEED_ENDS_H

#include "base/buf.h"

struct sg_end {
	char *what;       /* for people: "the signer's certificate (CN=...)"; owned */
	int64_t from, at; /* ms: since when it counts, and until when */
};
/* Zeroed is empty. */
struct sg_ends {
	struct sg_end *at;
	size_t n, cap;
};
void sg_ends_add(struct sg_ends *ends, const char *what, int64_t from, int64_t at); /* once; copied */
void sg_ends_add_all(struct sg_ends *to, const struct sg_ends *from);
int64_t sg_ends_first(
        const struct sg_ends *ends, int64_t after); /* that lies behind `after`; INT64_MAX: none */
void sg_ends_release(struct sg_ends *ends);

#endif
