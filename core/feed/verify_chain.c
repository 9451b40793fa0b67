/* verify_chain.c - from the certificates of a document to a key that may be used.
 *
 * Guarantees that the key belongs to the first certificate of the document, that its chain ends at one of the pinned
 * anchors by RFC 5280 path validation (OpenSSL's, strict, security level 2, no other trust store), and that this leaf
 * may sign feeds and its issuers may say so. The document's certificates are candidates for the path and never trusted by themselves.
 */
#include "feed/verify_parts.h"

#include "base/text.h"
#include "model/codes.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_RSA_BITS = 2048, MAX_DEPTH = 3 };

#define CODE_SIGNING "1.3.6.1.5.5.7.3.3"
#define ANY_USAGE    "2.5.29.37.0"

/* --- decoding */

/* The text of an X509Certificate: base64 with blanks, one DER certificate and nothing behind it. */
static X509 *decode_cert(const xmlNode *node, struct sg_err *err)
{
	const char *text = (const char *)node->children->content;
	size_t room = (size_t)SG_VERIFY_MAX_DER / 3 * 4 + 1024;
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	unsigned char *der = sg_alloc(room);
	int len = 0, rest = 0;
	X509 *cert = NULL;

	EVP_DecodeInit(ctx);
	if (strlen(text) > room ||
	        EVP_DecodeUpdate(ctx, der, &len, (const unsigned char *)text, (int)strlen(text)) < 0 ||
	        EVP_DecodeFinal(ctx, der + len, &rest) < 0 || len + rest > SG_VERIFY_MAX_DER) {
		sg_fail(err, SG_ETRUST, "a certificate of the signature is not base64 of at most %d octets",
		        SG_VERIFY_MAX_DER);
	} else {
		const unsigned char *p = der;

		cert = d2i_X509(NULL, &p, len + rest);
		if (cert && p != der + len + rest) {
			X509_free(cert);
			cert = NULL;
		}
		if (!cert)
			sg_fail(err, SG_ETRUST, "a certificate of the signature cannot be decoded");
	}
	EVP_ENCODE_CTX_free(ctx);
	free(der);
	return cert;
}

/* An anchor is one certificate in PEM or DER. */
static X509 *decode_anchor(const struct sg_anchor *anchor, struct sg_err *err)
{
	X509 *cert = NULL;
	const unsigned char *p = anchor->pem.data;

	if (anchor->pem.len > 0 && anchor->pem.len <= (64 << 10)) {
		BIO *bio = BIO_new_mem_buf(anchor->pem.data, (int)anchor->pem.len);

		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		BIO_free(bio);
		if (!cert)
			cert = d2i_X509(NULL, &p, (long)anchor->pem.len);
	}
	if (!cert)
		sg_fail(err, SG_EINVAL, "the anchor '%s' is no certificate in PEM or DER", anchor->name);
	else if (X509_check_ca(cert) != 1) {
		sg_fail(err, SG_EINVAL, "the anchor '%s' is not a certificate authority", anchor->name);
		X509_free(cert);
		cert = NULL;
	}
	return cert;
}

/* --- for people */

static char *subject_of(X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct sg_buf safe = { 0 };
	char *text, *copy;
	long len;

	X509_NAME_print_ex(
	        bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(bio, &text);
	copy = sg_strndup(text, len > 500 ? 500 : (size_t)len);
	sg_text_safe(copy, &safe);
	sg_buf_char(&safe, 0);
	safe.len--;
	free(copy);
	BIO_free(bio);
	return sg_buf_detach(&safe);
}

static int64_t ms_of(const ASN1_TIME *t)
{
	struct tm tm = { 0 };
	int days, seconds;
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int64_t ms = 0;

	if (epoch && ASN1_TIME_to_tm(t, &tm) && ASN1_TIME_diff(&days, &seconds, epoch, t))
		ms = ((int64_t)days * 86400 + seconds) * 1000;
	ASN1_TIME_free(epoch);
	return ms;
}

/* --- the path */

struct chain {
	X509_STORE *store;
	STACK_OF(X509) * untrusted;
	X509 *leaf;
	X509 *anchors[64];
	size_t n_anchors;
};

static void chain_release(struct chain *c)
{
	X509_STORE_free(c->store);
	sk_X509_pop_free(c->untrusted, X509_free);
	X509_free(c->leaf);
	for (size_t i = 0; i < c->n_anchors; i++)
		X509_free(c->anchors[i]);
}

static int load(
        struct chain *c, const struct sg_shape *shape, const struct sg_feed_rules *rules, struct sg_err *err)
{
	if (rules->n_anchors == 0 || rules->n_anchors > sizeof c->anchors / sizeof *c->anchors)
		return sg_fail(err, SG_EINVAL, "a feed needs 1 to 64 anchors");
	for (size_t i = 0; i < rules->n_anchors; i++) {
		c->anchors[i] = decode_anchor(&rules->anchors[i], err);
		if (!c->anchors[i])
			return SG_EINVAL;
		c->n_anchors++;
		if (!X509_STORE_add_cert(c->store, c->anchors[i]))
			return sg_fail(
			        err, SG_EINVAL, "the anchor '%s' cannot be used", rules->anchors[i].name);
	}
	c->leaf = decode_cert(shape->certs[0], err);
	for (size_t i = 1; c->leaf && i < shape->n_certs; i++) {
		X509 *cert = decode_cert(shape->certs[i], err);

		if (!cert)
			return SG_ETRUST;
		sk_X509_push(c->untrusted, cert);
	}
	return c->leaf ? 0 : SG_ETRUST;
}

static const struct sg_anchor *anchor_of(
        const struct chain *c, const struct sg_feed_rules *rules, const X509 *end)
{
	for (size_t i = 0; i < c->n_anchors; i++)
		if (X509_cmp(c->anchors[i], end) == 0)
			return &rules->anchors[i];
	return NULL;
}

static bool has_eku(X509 *cert, const char *oid)
{
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	ASN1_OBJECT *wanted = OBJ_txt2obj(oid, 0);
	bool found = false;

	for (int i = 0; wanted && i < sk_ASN1_OBJECT_num(eku); i++)
		found = found || OBJ_cmp(sk_ASN1_OBJECT_value(eku, i), wanted) == 0;
	ASN1_OBJECT_free(wanted);
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	return found;
}

/* An authority between leaf and anchor that is limited to other usages, such as to TLS, cannot hand out this one: OpenSSL has no purpose for
 * code signing before 3.2, so it does not look. */
static int issuer_rights(STACK_OF(X509) * chain, struct sg_err *err)
{
	for (int i = 1; i < sk_X509_num(chain) - 1; i++) {
		X509 *cert = sk_X509_value(chain, i);

		if ((X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) && !has_eku(cert, CODE_SIGNING) &&
		        !has_eku(cert, ANY_USAGE)) {
			char *who = subject_of(cert);
			int r = sg_fail(err, SG_ETRUST,
			        "an authority of the signer's chain may not issue for codeSigning (%s)", who);

			free(who);
			return r;
		}
	}
	return 0;
}

static int path(
        struct chain *c, const struct sg_feed_rules *rules, const struct sg_anchor **ret, struct sg_err *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int r = 0;

	if (!ctx || !X509_STORE_CTX_init(ctx, c->store, c->leaf, c->untrusted)) {
		X509_STORE_CTX_free(ctx);
		return sg_fail(err, SG_EIO, "OpenSSL gives no context to validate certificates");
	}
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	/* A pinned intermediate ends the path, too; the leaf itself must not (below). */
	X509_VERIFY_PARAM_set_flags(
	        param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE | X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_time(param, (time_t)(rules->now / 1000));
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_depth(param, MAX_DEPTH);
	if (X509_verify_cert(ctx) != 1) {
		X509 *at = X509_STORE_CTX_get_current_cert(ctx);
		char *who = subject_of(at ? at : c->leaf);

		r = sg_fail(err, SG_ETRUST, "the signer's certificate is not accepted: %s (%s)",
		        X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)), who);
		free(who);
	} else {
		STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
		int n = sk_X509_num(chain);

		*ret = n > 1 ? anchor_of(c, rules, sk_X509_value(chain, n - 1)) : NULL;
		if (!*ret)
			r = sg_fail(
			        err, SG_ETRUST, "the signer's certificate does not lead to a pinned anchor");
		else
			r = issuer_rights(chain, err);
	}
	X509_STORE_CTX_free(ctx);
	return r;
}

/* --- the leaf's own rights */

static int leaf_rights(X509 *leaf, const struct sg_anchor *anchor, struct sg_err *err)
{
	EVP_PKEY *key = X509_get0_pubkey(leaf);

	if (X509_check_ca(leaf) != 0)
		return sg_fail(
		        err, SG_ETRUST, "the signer's certificate belongs to an authority, not to a signer");
	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < MIN_RSA_BITS)
		return sg_fail(
		        err, SG_ETRUST, "the signer's key is not RSA of at least %d bits", MIN_RSA_BITS);
	if ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) &&
	        !(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE))
		return sg_fail(err, SG_ETRUST,
		        "the signer's certificate may not sign (keyUsage lacks digitalSignature)");
	if (!has_eku(leaf, CODE_SIGNING))
		return sg_fail(err, SG_ETRUST,
		        "the signer's certificate may not sign feeds (extendedKeyUsage lacks codeSigning)");
	if (anchor->eku && !has_eku(leaf, anchor->eku))
		return sg_fail(err, SG_ETRUST,
		        "the signer's certificate lacks the extendedKeyUsage %s that the anchor '%s' asks "
		        "for",
		        anchor->eku, anchor->name);
	return 0;
}

int sg_verify_chain(const struct sg_shape *shape, const struct sg_feed_rules *rules, struct sg_signer *ret,
        int *ret_event, struct sg_err *err)
{
	struct chain c = { .store = X509_STORE_new(), .untrusted = sk_X509_new_null() };
	const struct sg_anchor *anchor = NULL;
	int r;

	ERR_clear_error();
	r = load(&c, shape, rules, err);
	if (!r)
		r = path(&c, rules, &anchor, err);
	if (!r)
		r = leaf_rights(c.leaf, anchor, err);
	if (!r) {
		*ret = (struct sg_signer){
			.key = X509_get_pubkey(c.leaf),
			.subject = subject_of(c.leaf),
			.not_after = ms_of(X509_get0_notAfter(c.leaf)),
		};
	} else {
		*ret_event = SG_EV_TRUST_CHAIN;
	}
	chain_release(&c);
	ERR_clear_error();
	return r;
}
