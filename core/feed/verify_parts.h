/* verify_parts.h - what the files of verify*.c share; nobody else includes it, and it shows no foreign type. */
#ifndef SG_FEED_VERIFY_PARTS_H
#define SG_FEED_VERIFY_PARTS_H

#include "base/xml.h"
#include "feed/feed.h"
#include "feed/verify.h"

#define SG_DSIG_NS "http://www.w3.org/2000/09/xmldsig#"

enum {
	SG_VERIFY_MAX_CERTS = 3,
	SG_VERIFY_MAX_DER = 8192,
	SG_VERIFY_MAX_STAMP_CERTS = 4,
	SG_VERIFY_MAX_TOKEN = 64 << 10,
	SG_VERIFY_MAX_VALUE = 2048, /* of SignatureValue: RSA of 16,384 bits */
};

/* verify_shape.c: what the document offers, once its shape is exactly right. Points into the tree. */
struct sg_shape {
	xmlNode *signature;
	const xmlNode *signed_info;
	const xmlNode *certs[SG_VERIFY_MAX_CERTS]; /* X509Certificate elements, leaf first */
	size_t n_certs;
	const xmlNode *value; /* SignatureValue */
	const xmlNode *stamp; /* CounterSignature of the Object; NULL: none */
	const xmlNode *stamp_certs[SG_VERIFY_MAX_STAMP_CERTS]; /* X509Certificate elements beside it */
	size_t n_stamp_certs;
};
/* Errors: SG_EPARSE (no EOCS document; event FEED_MALFORMED), SG_ETRUST (no signature), SG_EUNSUPPORTED (another shape);
 * event TRUST_SIGNATURE for both. */
int sg_verify_shape(xmlDoc *doc, bool eocs, struct sg_shape *ret, int *ret_event, struct sg_err *err);

/* verify_signed.c: SignedInfo is of the one allowed form and names the digest of the octets, and the value is `key`'s signature over it. SG_ETRUST. */
struct evp_pkey_st;
int sg_verify_holds(const struct sg_signed *s, struct evp_pkey_st *key, struct sg_err *err);

/* verify_chain.c: the leaf's key, once at the time `at` (ms) its chain ends at a pinned anchor and the leaf may sign feeds. */
struct sg_signer {
	struct evp_pkey_st *key; /* owned: EVP_PKEY_free */
	char *subject;           /* owned */
	int64_t not_after;       /* of the leaf, ms */
	struct sg_ends ends;     /* of the path; owned */
};
/* Errors: SG_ETRUST (the sentence says which rule), SG_EINVAL (an anchor is no certificate); event TRUST_CHAIN. */
int sg_verify_chain(const struct sg_signed *s, const struct sg_feed_rules *rules, int64_t at,
        struct sg_signer *ret, int *ret_event, struct sg_err *err);

/* verify_time.c: when the document was signed (ms), by its countersignature and the rules' stamps. Errors: SG_ETRUST (also when there is none),
 * SG_EINVAL (a pinned authority is no certificate); event TRUST_CHAIN. The ends of the authority's path are added. */
int sg_verify_time(const struct sg_signed *s, const struct sg_feed_rules *rules, int64_t *ret_at,
        struct sg_ends *ends, int *ret_event, struct sg_err *err);

#endif
