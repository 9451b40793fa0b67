/* verify_x509.c - small things about certificates that chain and timestamp both need. Pure; trusts nothing by itself. */
#include "feed/verify_x509.h"

#include "base/text.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 3, MAX_CRL = 16 << 20, MAX_RSA_BITS = 8192 };

int sg_x509_base64(const xmlNode *node, size_t max, const char *what, struct sg_buf *ret, struct sg_err *err)
{
	const char *text =
	        node->children && node->children->content ? (const char *)node->children->content : "";
	size_t room = max / 3 * 4 + 1024 + max / 16, n = strlen(text); /* lines end */
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	unsigned char *out = sg_alloc(n + 64);
	int len = 0, rest = 0, r = 0;

	EVP_DecodeInit(ctx);
	/* OpenSSL takes '-' for the end, and whatever stands behind it for nothing */
	if (n > room || strchr(text, '-') ||
	        EVP_DecodeUpdate(ctx, out, &len, (const unsigned char *)text, (int)n) < 0 ||
	        EVP_DecodeFinal(ctx, out + len, &rest) < 0 || (size_t)len + (size_t)rest > max)
		r = sg_fail(err, SG_ETRUST, "%s is not base64 of at most %zu octets", what, max);
	else
		sg_buf_set(ret, out, (size_t)len + (size_t)rest);
	EVP_ENCODE_CTX_free(ctx);
	free(out);
	return r;
}

X509 *sg_x509_of_der(struct sg_bytes der, struct sg_err *err)
{
	const unsigned char *p = der.data;
	X509 *cert = der.len && der.len <= SG_VERIFY_MAX_DER ? d2i_X509(NULL, &p, (long)der.len) : NULL;

	if (cert && p == der.data + der.len)
		return cert;
	X509_free(cert);
	sg_fail(err, SG_ETRUST, "a certificate of the signature cannot be decoded");
	return NULL;
}

X509 *sg_x509_of_anchor(const struct sg_anchor *anchor, struct sg_err *err)
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

/* Beyond what path validation asks: RFC 5280 section 4.1.2.2 wants a positive serial; exponents that are small or even have been ways to forge, and a
 * key of excessive size is work for whoever must verify with it (FIPS 186-5 section 5.4 and A.1.1 for the bounds of e). */
int sg_x509_sound(X509 *cert, struct sg_err *err)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL), *e = NULL;
	int r = 0;

	if (!serial || BN_is_zero(serial) || BN_is_negative(serial) || BN_num_bytes(serial) > 20)
		r = sg_fail(err, SG_ETRUST,
		        "a certificate's serial number is not one of 1 to 20 octets above zero");
	else if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		if (EVP_PKEY_get_bits(key) > MAX_RSA_BITS)
			r = sg_fail(err, SG_ETRUST,
			        "an RSA key of %d bits is too large: at most %d bits are accepted",
			        EVP_PKEY_get_bits(key), MAX_RSA_BITS);
		else if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) != 1 || !BN_is_odd(e) ||
		         BN_num_bits(e) < 17 || BN_num_bits(e) > 64)
			r = sg_fail(err, SG_ETRUST,
			        "an RSA key's public exponent is not accepted: it must be odd and at least "
			        "65537");
	}
	BN_free(serial);
	BN_free(e);
	return r;
}

char *sg_x509_subject(X509 *cert)
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

int64_t sg_x509_ms(const ASN1_TIME *t)
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

bool sg_x509_has_eku(X509 *cert, const char *oid)
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

int sg_x509_n_eku(X509 *cert)
{
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	int n = eku ? sk_ASN1_OBJECT_num(eku) : 0;

	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	return n;
}

X509_CRL *sg_x509_crl(const struct sg_buf *octets)
{
	const unsigned char *p = octets->data;
	X509_CRL *crl = NULL;
	BIO *bio;

	if (!octets->len || octets->len > MAX_CRL)
		return NULL;
	bio = BIO_new_mem_buf(octets->data, (int)octets->len);
	crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return crl ? crl : d2i_X509_CRL(NULL, &p, (long)octets->len);
}

/* Lists that are over say nothing about who was revoked since. */
static int read_crls(const struct sg_x509_path *p, STACK_OF(X509_CRL) * ret, struct sg_err *err)
{
	time_t now = (time_t)(p->now / 1000);

	for (size_t i = 0; i < p->n_crls; i++) {
		X509_CRL *crl = sg_x509_crl(&p->crls[i]);

		if (!crl)
			return sg_fail(err, SG_EINVAL,
			        "revocation list %zu of the configuration is none in PEM or DER", i + 1);
		sk_X509_CRL_push(ret, crl);
		if (!X509_CRL_get0_nextUpdate(crl) || X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &now) < 0)
			return sg_fail(err, SG_ETRUST,
			        "revocation list %zu of the configuration is out of date: put the "
			        "authority's current one in its place",
			        i + 1);
		if (X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &now) > 0)
			return sg_fail(err, SG_ETRUST,
			        "revocation list %zu of the configuration is from the future: one of the "
			        "two clocks is wrong",
			        i + 1);
	}
	return 0;
}

/* The path once more, against the lists. Times were seen to already, and a list made after `at` counts, too. */
static int check_revoked(const struct sg_x509_path *p, struct sg_err *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	X509_VERIFY_PARAM *param;
	int r = read_crls(p, crls, err);

	if (!r && (!ctx || !X509_STORE_CTX_init(ctx, NULL, p->leaf, p->untrusted)))
		r = sg_fail(err, SG_EIO, "OpenSSL gives no context to validate certificates");
	if (r)
		goto out;
	X509_STORE_CTX_set0_trusted_stack(ctx, p->trusted);
	X509_STORE_CTX_set0_crls(ctx, crls);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME |
	                                           X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	X509_VERIFY_PARAM_set_depth(param, MAX_DEPTH);
	if (X509_verify_cert(ctx) != 1) {
		X509 *at = X509_STORE_CTX_get_current_cert(ctx);
		char *who = sg_x509_subject(at ? at : p->leaf);

		r = sg_fail(err, SG_ETRUST, "the %s's certificate is not accepted: %s (%s)", p->who,
		        X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)), who);
		free(who);
	}
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	return r;
}

int sg_x509_path(const struct sg_x509_path *p, X509 **ret_end, struct sg_err *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int r = 0;

	if (!ctx || !X509_STORE_CTX_init(ctx, NULL, p->leaf, p->untrusted)) {
		X509_STORE_CTX_free(ctx);
		return sg_fail(err, SG_EIO, "OpenSSL gives no context to validate certificates");
	}
	X509_STORE_CTX_set0_trusted_stack(ctx, p->trusted);
	param = X509_STORE_CTX_get0_param(ctx);
	/* A pinned intermediate ends the path, too; the leaf itself must not (below). */
	X509_VERIFY_PARAM_set_flags(
	        param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE | X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_time(param, (time_t)(p->at / 1000));
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_depth(param, MAX_DEPTH);
	if (X509_verify_cert(ctx) != 1) {
		X509 *at = X509_STORE_CTX_get_current_cert(ctx);
		char *who = sg_x509_subject(at ? at : p->leaf);

		r = sg_fail(err, SG_ETRUST, "the %s's certificate is not accepted: %s (%s)", p->who,
		        X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)), who);
		free(who);
	} else {
		STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(ctx);
		int n = sk_X509_num(path);
		X509 *end = NULL;

		for (int i = 0; n > 1 && i < sk_X509_num(p->trusted) && !end; i++)
			if (X509_cmp(sk_X509_value(p->trusted, i), sk_X509_value(path, n - 1)) == 0)
				end = sk_X509_value(p->trusted, i);
		if (!end)
			r = sg_fail(err, SG_ETRUST, "the %s's certificate does not lead to a pinned anchor",
			        p->who);
		for (int i = 0; !r && i < n - 1; i++) /* what is pinned was looked at by whoever pinned it */
			r = sg_x509_sound(sk_X509_value(path, i), err);
		if (!r && p->each)
			r = p->each(path, err);
		if (!r && p->n_crls)
			r = check_revoked(p, err);
		if (!r && p->ends)
			sg_x509_ends(path, p->who, p->ends);
		if (!r)
			*ret_end = end;
	}
	X509_STORE_CTX_free(ctx);
	return r;
}
