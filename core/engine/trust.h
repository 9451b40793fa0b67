/* trust.h - private to core/engine and the daemon's configuration: what <trust> pins, read from its files, and by which rules a feed is verified with it. */
#ifndef SG_ENGINE_TRUST_H
#define SG_ENGINE_TRUST_H

#include "feed/feed.h"

enum sg_pin_kind { SG_PIN_ANCHOR, SG_PIN_STAMP, SG_PIN_CRL };
struct sg_pin {
	enum sg_pin_kind kind;
	struct sg_anchor anchor; /* of a list: its file's name and octets */
	char *feeds;             /* globs */
	struct sg_ends ends;     /* none for a fingerprint: the certificate is not here */
};
/* Zeroed is empty: nothing can be verified. */
struct sg_trust {
	struct sg_pin *at;
	size_t n;
};
/* Reads every file that the configuration pins. SG_EINVAL names the element and says why: not there, not ours (sg_os_ours), no certificate authority, no
 * revocation list. A new trust is read whole before it takes the old one's place. */
int sg_trust_read(const struct sg_conf *conf, struct sg_trust *ret, struct sg_err *err);
void sg_trust_release(struct sg_trust *t);

/* How one feed is verified at `now`. The lists are its own, what is in them is borrowed from the trust and the configuration. */
struct sg_trust_rules {
	struct sg_feed_rules feed;
	struct sg_anchor *anchors, *stamps;
	struct sg_buf *crls;
	int64_t until; /* ms: when the first of its revocation lists ends; INT64_MAX: there is none */
	struct sg_hash
	        hash; /* of all that decides but the time: what was read by other rules is read again */
};
void sg_trust_rules(
        const struct sg_trust *t, const struct sg_conf_feed *feed, int64_t now, struct sg_trust_rules *ret);
void sg_trust_rules_release(struct sg_trust_rules *r);

/* Adds the ends of every pin that a feed of the configuration may use. */
void sg_trust_ends(const struct sg_trust *t, const struct sg_conf *conf, struct sg_ends *ends);

#endif
