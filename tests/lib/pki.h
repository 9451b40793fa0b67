/* pki.h - signing chains for tests: good ones, and one wrong in each way that a verifier must notice.
 *
 * Keys are made once per process and shared by certificates that don't need their own, because a 2048-bit key costs a
 * tenth of a second under the sanitizers. Not thread-safe. Any failure ends the process: it is the test's own fault.
 */
#ifndef SG_TESTS_PKI_H
#define SG_TESTS_PKI_H

#include "base/buf.h"
#include <openssl/evp.h>
#include <openssl/x509.h>

struct pki_cert {
	X509 *x509;
	EVP_PKEY *key;
};

/* What a certificate says; zeroed fields mean "nothing of it". */
struct pki_spec {
	const char *name;              /* CN */
	const struct pki_cert *issuer; /* NULL: signed by itself */
	const struct pki_cert *key_of; /* shares this certificate's key; NULL: a fresh key */
	int bits;                      /* of a fresh key; 0: 2048 */
	const char *md;                /* of the issuer's signature; NULL: SHA256 */
	int64_t from, to;              /* validity, seconds since 1970 */
	const char *constraints;       /* basicConstraints, as openssl-x509v3_config(5) writes it */
	const char *usage;             /* keyUsage */
	const char *extended;          /* extendedKeyUsage */
	const char *names;             /* subjectAltName */
	const char *unknown_critical;  /* OID of a critical extension that nobody knows */
};
struct pki_cert pki_make(const struct pki_spec *spec);
void pki_cert_release(struct pki_cert *c);

/* root -> middle -> leaf, the leaf fit to sign feeds; valid from a day before `now` (ms) for a year (the leaf), ten
 * years (the others). */
struct pki {
	int64_t now; /* seconds */
	struct pki_cert root, middle, leaf;
};
void pki_chain(struct pki *pki, int64_t now_ms);
void pki_release(struct pki *pki);
struct pki_spec pki_leaf_spec(
        const struct pki *pki); /* of the chain's own leaf, to be changed in one point */

void pki_cert_pem(const struct pki_cert *c, struct sg_buf *out); /* appended */
void pki_key_pem(const struct pki_cert *c, struct sg_buf *out);  /* appended, unencrypted PKCS #8 */

#endif
