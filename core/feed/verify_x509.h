/* verify_x509.h - small things about certificates that chain and timestamp both need. Included by verify_*.c only: it shows OpenSSL's types. */
#ifndef SG_FEED_VERIFY_X509_H
#define SG_FEED_VERIFY_X509_H

#include "feed/verify_parts.h"
#include <openssl/x509.h>

#define SG_EKU_CODE_SIGNING  "1.3.6.1.5.5.7.3.3"
#define SG_EKU_TIME_STAMPING "1.3.6.1.5.5.7.3.8"
#define SG_EKU_ANY           "2.5.29.37.0"

/* Base64 with blanks, of one text element (verify_shape.c saw to that): at most `max` octets. SG_ETRUST names `what`. */
int sg_x509_base64(const xmlNode *node, size_t max, const char *what, struct sg_buf *ret, struct sg_err *err);
/* One DER certificate and nothing behind it; the caller's to free. SG_ETRUST. */
X509 *sg_x509_of_der(struct sg_bytes der, struct sg_err *err);
/* One certificate in PEM or DER; SG_EINVAL names the anchor. */
X509 *sg_x509_of_anchor(const struct sg_anchor *anchor, struct sg_err *err);

X509_CRL *sg_x509_crl(const struct sg_buf *octets); /* PEM or DER; NULL: it is none */
/* verify_ends.c: adds when each certificate of the path ends, leaf first. */
void sg_x509_ends(STACK_OF(X509) * path, const char *who, struct sg_ends *ends);

/* Serial number and RSA key are such as no honest authority gives otherwise. SG_ETRUST says which is not. */
int sg_x509_sound(X509 *cert, struct sg_err *err);

char *sg_x509_subject(X509 *cert); /* safe to print; the caller's */
int64_t sg_x509_ms(const ASN1_TIME *t);
bool sg_x509_has_eku(X509 *cert, const char *oid);
int sg_x509_n_eku(X509 *cert); /* how many usages it is limited to; 0: not limited */

/* Validates the path from `leaf` to a certificate of `trusted` (RFC 5280: OpenSSL's, strict, security level 2, `at` in ms, at most three authorities),
 * with `untrusted` as candidates. *ret_end: the trusted certificate, borrowed from it; the path is given
 * to `each`, leaf first, when it is not NULL. SG_ETRUST: the sentence begins with "the `who`'s certificate". */
struct sg_x509_path {
	X509 *leaf;
	STACK_OF(X509) * trusted, *untrusted;
	const char *who;
	int64_t at;
	/* With any, each certificate of the path must have a list of its issuer that is current at `now`, and must not be on it, whenever it was revoked. */
	const struct sg_buf *crls; /* PEM or DER */
	size_t n_crls;
	int64_t now;
	int (*each)(STACK_OF(X509) * path, struct sg_err *err);
	struct sg_ends *ends; /* of the path are added; NULL: nobody asks */
};
int sg_x509_path(const struct sg_x509_path *p, X509 **ret_end, struct sg_err *err);

/* verify_chain.c: a certificate that may sign feeds by these rules, valid at `at` (ms). SG_ETRUST, SG_EINVAL (an anchor). */
int sg_verify_signer(X509 *leaf, STACK_OF(X509) * untrusted, const struct sg_feed_rules *rules, int64_t at,
        struct sg_signer *ret, struct sg_err *err);

#endif
