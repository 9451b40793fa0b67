/* verify.h - XMLDSig with X.509, restricted to the exact shape that EM uses, and detached CMS signatures. X.509 is OpenSSL's; only verify*.c and sign*.c use it.
 *
 * Two halves, so that no XML reader needs rights. sg_verify_take() meets the document: it refuses every other shape and gives what is in it as octets,
 * without trusting any of it. sg_verify_signed() meets octets only: it decides whom to trust, and checks the signature itself, whatever the first half
 * said. Never a key from the document: KeyInfo gives certificates only, and the chain must end at a pinned anchor. Pure; any thread after sg_verify_init().
 */
#ifndef SG_FEED_VERIFY_H
#define SG_FEED_VERIFY_H

#include "feed/feed.h"

int sg_verify_init(struct sg_err *err); /* before threads; a second call changes nothing */

struct sg_verified {
	struct sg_buf octets; /* what was signed, in canonical form: the only thing that may be read */
	char *signer;
	int64_t not_after;
	struct sg_ends ends;
	int64_t signed_at; /* by a pinned time-stamping authority; 0: nobody says */
};
/* What a document of the right shape offers. Nothing of it is trusted yet. */
struct sg_signed {
	struct sg_buf octets;      /* what the reference covers, canonical */
	struct sg_buf signed_info; /* canonical: what the signature is over */
	struct sg_buf value;       /* SignatureValue */
	struct sg_bufs certs;      /* DER, leaf first */
	struct sg_buf stamp;       /* the countersignature's token; empty: none */
	struct sg_bufs stamp_certs;
};
void sg_signed_release(struct sg_signed *s);
/* Errors: SG_ELIMIT, SG_EPARSE (no feed; event FEED_MALFORMED), SG_EUNSUPPORTED (shape), SG_ETRUST (digest or signature do not hold by the document's own
 * leaf; event TRUST_SIGNATURE). `name` is for messages. */
int sg_verify_take(struct sg_bytes document, bool eocs, const char *name, struct sg_signed *ret,
        int *ret_event, struct sg_err *err);
/* No XML reader. Errors: SG_ETRUST, SG_EINVAL (an anchor); events TRUST_CHAIN and TRUST_SIGNATURE. */
int sg_verify_signed(const struct sg_signed *s, const struct sg_feed_rules *rules, struct sg_verified *ret,
        int *ret_event, struct sg_err *err);
/* Both, one after the other. */
int sg_verify_xmldsig(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_verified *ret,
        int *ret_event, struct sg_err *err);
/* verify_cms.c. rules->cms over the document's raw octets, before any XML reader sees them: every signer must hold, and at least rules->signers of them
 * must have keys of their own. ret->octets are the document's, copied. */
int sg_verify_cms(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_verified *ret,
        int *ret_event, struct sg_err *err);
void sg_verified_release(struct sg_verified *v);

/* verify_ends.c. Adds when the anchor, or the list, ends. SG_EINVAL: it is none. */
int sg_verify_anchor_ends(const struct sg_anchor *anchor, struct sg_ends *ends, struct sg_err *err);
int sg_verify_crl_ends(const struct sg_buf *crl, const char *name, struct sg_ends *ends, struct sg_err *err);

#endif
