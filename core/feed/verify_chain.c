/* verify_chain.c - from the certificates of a document to a key that may be used.
 *
 * Guarantees that the key belongs to the first certificate of the document, that its chain ends at one of the pinned
 * anchors by RFC 5280 path validation (OpenSSL's, strict, security level 2, no other trust store), and that this leaf
 * may sign feeds and its issuers may say so. The document's certificates are candidates for the path and never trusted by themselves.
 */
#include "feed/verify_x509.h"

#include "model/codes.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { MIN_RSA_BITS = 2048 };

/* The anchors, in the order of the rules; NULL with the reason. */
static STACK_OF(X509) * anchors(const struct sg_feed_rules *rules, struct sg_err *err)
{
	STACK_OF(X509) *trusted = sk_X509_new_null();

	if (rules->n_anchors == 0 || rules->n_anchors > 64) {
		sg_fail(err, SG_EINVAL, "a feed needs 1 to 64 anchors");
		goto fail;
	}
	for (size_t i = 0; i < rules->n_anchors; i++) {
		X509 *cert = sg_x509_of_anchor(&rules->anchors[i], err);

		if (!cert)
			goto fail;
		sk_X509_push(trusted, cert);
	}
	return trusted;
fail:
	sk_X509_pop_free(trusted, X509_free);
	return NULL;
}

static const struct sg_anchor *anchor_of(
        const struct sg_feed_rules *rules, STACK_OF(X509) * trusted, const X509 *end)
{
	for (int i = 0; i < sk_X509_num(trusted); i++)
		if (sk_X509_value(trusted, i) == end)
			return &rules->anchors[i];
	return NULL;
}

/* An authority between leaf and anchor that is limited to other usages, such as to TLS, cannot hand out this one: OpenSSL has no purpose for
 * code signing before 3.2, so it does not look. */
static int issuer_rights(STACK_OF(X509) * chain, struct sg_err *err)
{
	for (int i = 1; i < sk_X509_num(chain) - 1; i++) {
		X509 *cert = sk_X509_value(chain, i);

		if ((X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) &&
		        !sg_x509_has_eku(cert, SG_EKU_CODE_SIGNING) && !sg_x509_has_eku(cert, SG_EKU_ANY)) {
			char *who = sg_x509_subject(cert);
			int r = sg_fail(err, SG_ETRUST,
			        "an authority of the signer's chain may not issue for codeSigning (%s)", who);

			free(who);
			return r;
		}
	}
	return 0;
}

/* --- the leaf's own rights */

static int leaf_rights(X509 *leaf, const struct sg_anchor *anchor, struct sg_err *err)
{
	EVP_PKEY *key = X509_get0_pubkey(leaf);

	/* the flag counts by itself, too: X509_check_ca() overlooks it where keyUsage lacks keyCertSign */
	if (X509_check_ca(leaf) != 0 || (X509_get_extension_flags(leaf) & EXFLAG_CA))
		return sg_fail(
		        err, SG_ETRUST, "the signer's certificate belongs to an authority, not to a signer");
	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < MIN_RSA_BITS)
		return sg_fail(
		        err, SG_ETRUST, "the signer's key is not RSA of at least %d bits", MIN_RSA_BITS);
	if ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) &&
	        !(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE))
		return sg_fail(err, SG_ETRUST,
		        "the signer's certificate may not sign (keyUsage lacks digitalSignature)");
	if (!sg_x509_has_eku(leaf, SG_EKU_CODE_SIGNING))
		return sg_fail(err, SG_ETRUST,
		        "the signer's certificate may not sign feeds (extendedKeyUsage lacks codeSigning)");
	if (anchor->eku && !sg_x509_has_eku(leaf, anchor->eku))
		return sg_fail(err, SG_ETRUST,
		        "the signer's certificate lacks the extendedKeyUsage %s that the anchor '%s' asks "
		        "for",
		        anchor->eku, anchor->name);
	return 0;
}

int sg_verify_signer(X509 *leaf, STACK_OF(X509) * untrusted, const struct sg_feed_rules *rules, int64_t at,
        struct sg_signer *ret, struct sg_err *err)
{
	STACK_OF(X509) *trusted = anchors(rules, err);
	struct sg_ends ends = { 0 };
	struct sg_x509_path path = { .leaf = leaf,
		.trusted = trusted,
		.untrusted = untrusted,
		.who = "signer",
		.at = at,
		.now = rules->now,
		.crls = rules->crls,
		.n_crls = rules->n_crls,
		.each = issuer_rights,
		.ends = &ends };
	X509 *end = NULL;
	int r = trusted ? 0 : SG_EINVAL;

	if (!r)
		r = sg_x509_path(&path, &end, err);
	if (!r)
		r = leaf_rights(leaf, anchor_of(rules, trusted, end), err);
	if (!r)
		*ret = (struct sg_signer){
			.key = X509_get_pubkey(leaf),
			.subject = sg_x509_subject(leaf),
			.not_after = sg_x509_ms(X509_get0_notAfter(leaf)),
			.ends = ends,
		};
	else
		sg_ends_release(&ends);
	sk_X509_pop_free(trusted, X509_free);
	return r;
}

int sg_verify_chain(const struct sg_signed *s, const struct sg_feed_rules *rules, int64_t at,
        struct sg_signer *ret, int *ret_event, struct sg_err *err)
{
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509 *leaf;
	int r = SG_ETRUST;

	ERR_clear_error();
	if (!s->certs.n)
		sg_fail(err, r, "the document brings no certificate");
	leaf = s->certs.n ? sg_x509_of_der(sg_buf_bytes(&s->certs.at[0]), err) : NULL;
	for (size_t i = 1; leaf && i < s->certs.n; i++) {
		X509 *cert = sg_x509_of_der(sg_buf_bytes(&s->certs.at[i]), err);

		if (!cert)
			goto out;
		sk_X509_push(untrusted, cert);
	}
	if (leaf)
		r = sg_verify_signer(leaf, untrusted, rules, at, ret, err);
out:
	if (r)
		*ret_event = SG_EV_TRUST_CHAIN;
	sk_X509_pop_free(untrusted, X509_free);
	X509_free(leaf);
	ERR_clear_error();
	return r;
}
