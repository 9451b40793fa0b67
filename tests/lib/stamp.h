/* stamp.h - a time-stamping authority for tests: RFC 3161 tokens over a signature's octets, right, and wrong in one point. */
#ifndef SG_TESTS_STAMP_H
#define SG_TESTS_STAMP_H

#include "tests/lib/pki.h"

struct stamp_spec {
	const struct pki_cert *signer;
	const struct pki_cert *authority; /* goes into the token beside the signer; NULL: it does not */
	const char *time;                 /* "20261118000000Z": GeneralizedTime as it is to stand there */
	/* The right thing where NULL or false; else a deviation from it. */
	const char *imprint_md; /* digest of the imprint: "SHA1" ... */
	const char *signer_md;  /* of the token's own signature */
	bool other_imprint;     /* made for other octets */
	bool plain_content;     /* content type data, not TSTInfo */
	bool trailing;          /* an octet behind the message */
	const char *cut;        /* "info": TSTInfo is cut short */
};
/* The token over SHA-256 (or imprint_md) of `signature`, DER, appended to `out`. */
void stamp_token(struct sg_bytes signature, const struct stamp_spec *spec, struct sg_buf *out);
/* The Object element of EM with that token, appended; `certs` (may be NULL) go into its X509Data. */
void stamp_object(struct sg_bytes token, X509 *const *certs, size_t n_certs, struct sg_buf *out);

#endif
