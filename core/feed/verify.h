/* verify.h - XMLDSig with X.509 through libxmlsec1 and OpenSSL, restricted to the exact shape that EM uses. The only user of both xmlsec and X.509.
 *
 * Never a key from the document: KeyInfo gives certificates only, the chain must end at a pinned anchor, and the leaf's key is handed to xmlsec as signKey.
 * Pure; any thread after sg_verify_init().
 */
#ifndef SG_FEED_VERIFY_H
#define SG_FEED_VERIFY_H

#include "feed/feed.h"

int sg_verify_init(struct sg_err *err); /* before threads; a second call changes nothing */

struct sg_verified {
	struct sg_buf octets; /* what was signed, in canonical form: the only thing that may be read */
	char *signer;
	int64_t not_after;
	int64_t signed_at; /* by a pinned time-stamping authority; 0: nobody says */
};
int sg_verify_xmldsig(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_verified *ret,
        int *ret_event, struct sg_err *err);
/* verify_cms.c. rules->cms over the document's raw octets, before any XML reader sees them: every signer must hold, and at least rules->signers of them
 * must have keys of their own. ret->octets are the document's, copied. */
int sg_verify_cms(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_verified *ret,
        int *ret_event, struct sg_err *err);
void sg_verified_release(struct sg_verified *v);

#endif
