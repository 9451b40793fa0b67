/* feed.h - from octets to mitigations: verified first, then read (P8). Pure; the octets come from fetch.h.
 *
 * Order, each cheap step before the next: size, pre-scan, exact shape of the document and of ds:Signature, certificate chain to a pinned anchor, signature,
 * then the re-parsed pre-digest octets, and only they are read. Both profiles: `stopgap` (namespace urn:stopgap:feed:1 attributes on EOCS) and `eocs`.
 */
#ifndef SG_FEED_FEED_H
#define SG_FEED_FEED_H

#include "feed/ends.h"
#include "model/conf.h"
#include "model/mitigation.h"

struct sg_anchor { /* a pinned certificate, DER or PEM octets */
	char *name;
	struct sg_buf pem;
	char *eku;             /* OID the leaf must carry besides codeSigning; NULL: none */
	struct sg_hash sha256; /* of a time-stamping authority without `pem`: its certificate's fingerprint */
};
struct sg_feed_rules {
	const char *name; /* the configured name */
	bool eocs;
	const struct sg_anchor *anchors;
	size_t n_anchors;
	/* Pinned time-stamping authorities. With any, an eocs document must carry a countersignature of one of them (RFC 3161): then the signer's
	 * certificate counts at that time, and documents are ordered by it. Without, the certificate must be valid now. */
	const struct sg_anchor *stamps;
	size_t n_stamps;
	/* Revocation lists, PEM or DER; with any, every authority of a signer's path needs a current one. */
	const struct sg_buf *crls;
	size_t n_crls;
	enum sg_signature_need need; /* which signatures must hold; zeroed: XMLDSig */
	struct sg_bytes
	        cms; /* the octets of FEED.p7s: a detached CMS signature (RFC 5652) over the raw octets; empty: there is none */
	size_t signers;           /* how many different keys must have signed it; 0: one */
	const char *ids;          /* globs; NULL: all */
	int64_t now;              /* ms; certificate validity */
	uint64_t max_serial_jump; /* 0: 10,000 */
};
struct sg_refused { /* one mitigation that was left out; the others work */
	char *id;
	char *text;
};
struct sg_feed {
	char *name;
	uint64_t serial;         /* 0 in eocs */
	int64_t issued, expires; /* in eocs: issued is the time of the countersignature, or 0; expires 0 */
	char *version;           /* EOCS/@version */
	char *signer;            /* subject of the leaf */
	int64_t signer_expires;
	struct sg_ends ends;     /* of every certificate that the signature was verified with */
	struct sg_hash document; /* of the verified octets: the document's identity */
	struct sg_mitigation **at;
	size_t n;
	struct sg_refused *refused;
	size_t n_refused;
};
/* Errors: SG_ELIMIT, SG_EPARSE, SG_EUNSUPPORTED (shape), SG_ETRUST (signature, chain, EKU, name), SG_EINVAL (content); *ret_event is the code of
 * model/codes.h that goes with it (FEED_MALFORMED, TRUST_SIGNATURE, TRUST_CHAIN, TRUST_NAME). */
int sg_feed_read(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_feed **ret,
        int *ret_event, struct sg_err *err);
/* The second half alone: octets in canonical form (base/canon.h) that are verified already, or that need not be (an author's check). `signer` stays NULL.
 * SG_ELIMIT, too: mitigations that, with the namespaces around them, are larger than 64 MiB together. What it says is safe to show. */
int sg_feed_decode(struct sg_bytes verified, const struct sg_feed_rules *rules, struct sg_feed **ret,
        int *ret_event, struct sg_err *err);
void sg_feed_free(struct sg_feed *feed);

/* Whether a document may follow the one before it: serial never down (P9), not the same serial with other octets, jump bounded, and not
 * issued in the future. */
struct sg_feed_before {
	uint64_t serial; /* 0: none accepted yet, or eocs */
	int64_t issued;  /* eocs: of the countersignature; 0: none */
	struct sg_hash document;
	int64_t now; /* ms; a document that was issued more than five minutes later is refused. 0: that is not asked */
};
int sg_feed_follows(const struct sg_feed *feed, const struct sg_feed_before *before, uint64_t max_jump,
        int *ret_event, struct sg_err *err);

#endif
