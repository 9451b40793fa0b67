/* sign.h - signs an EOCS document the way EM's publisher does, and, on request, wrongly in one point. */
#ifndef SG_TESTS_SIGN_H
#define SG_TESTS_SIGN_H

#include "base/buf.h"
#include <openssl/evp.h>
#include <openssl/x509.h>

#define SIGN_C14N      "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define SIGN_ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define SIGN_RSA256    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define SIGN_SHA256    "http://www.w3.org/2001/04/xmlenc#sha256"

struct sign_spec {
	EVP_PKEY *key;
	X509 *const *certs; /* into X509Data, leaf first */
	size_t n_certs;
	/* The exact shape where NULL or false; else a deviation from it. */
	const char *c14n, *method, *transform, *digest, *uri;
	const char *extra_transform; /* a whole Transform element, after the two */
	const char *extra_reference; /* a whole Reference element with an empty DigestValue, after the one */
	const char *hmac;            /* secret; with an HMAC method */
	bool key_value;              /* KeyInfo carries the public key as well */
	const char *object;          /* a whole Object element */
};

/* Appends the signed form of `doc` to `out`: the signature as last child of the root. 0, or -1 with a line on stderr. */
int sign_xmldsig(struct sg_bytes doc, const struct sign_spec *spec, struct sg_buf *out);

/* Whether the library that signs has the transform, digest or method of that name at all: Windows' is built without MD5. */
bool sign_knows(const char *algorithm);

/* A detached CMS signature (FEED.p7s) over the octets, right where NULL or false. */
struct sign_cms_signer {
	X509 *cert;
	EVP_PKEY *key;
};
struct sign_cms_spec {
	const struct sign_cms_signer *signers;
	size_t n_signers;
	X509 *const *certs; /* that come along, beside the signers' own */
	size_t n_certs;
	const char *md;
	bool attached, no_attributes, trailing;
};
void sign_cms(struct sg_bytes doc, const struct sign_cms_spec *spec, struct sg_buf *out); /* appended */

#endif
