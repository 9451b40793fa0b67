/* sign_make.c - a root and a signer for trials. Keys in files are good enough to try things with; a feed that protects servers deserves a token. */
#include "feed/sign_parts.h"

#include "base/os.h"
#include "base/text.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { BITS = 3072, DAY = 24 * 60 * 60, SERIAL_OCTETS = 16 };

struct plan {
	const char *name;
	int64_t from; /* seconds since 1970 */
	int days;
	const char *constraints, *usage, *extended;
};

static bool extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool good;

	if (!value)
		return true;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	good = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return good;
}

/* RFC 5280, 4.1.2.2: at most 20 octets, positive, and not to be guessed. */
static bool number(X509 *cert)
{
	unsigned char octets[SERIAL_OCTETS];
	BIGNUM *bn;
	bool good;

	sg_os_random(octets, sizeof octets);
	octets[0] = (unsigned char)((octets[0] & 0x7f) | 0x40);
	bn = BN_bin2bn(octets, sizeof octets, NULL);
	good = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));
	BN_free(bn);
	return good;
}

/* The issuer NULL: signed by itself. */
static X509 *make(const struct plan *p, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *cert = X509_new();
	X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;

	if (cert && X509_set_version(cert, 2) && number(cert) &&
	        X509_NAME_add_entry_by_txt(
	                name, "O", MBSTRING_UTF8, (const unsigned char *)"stopgap trial", -1, -1, 0) &&
	        X509_NAME_add_entry_by_txt(
	                name, "CN", MBSTRING_UTF8, (const unsigned char *)p->name, -1, -1, 0) &&
	        X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : name) &&
	        ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)p->from) &&
	        ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(p->from + (int64_t)(p->days + 1) * DAY)) &&
	        X509_set_pubkey(cert, key) &&
	        extend(cert, issuer ? issuer : cert, NID_basic_constraints, p->constraints) &&
	        extend(cert, issuer ? issuer : cert, NID_key_usage, p->usage) &&
	        extend(cert, issuer ? issuer : cert, NID_ext_key_usage, p->extended) &&
	        extend(cert, issuer ? issuer : cert, NID_subject_key_identifier, "hash") &&
	        extend(cert, issuer ? issuer : cert, NID_authority_key_identifier, "keyid:always") &&
	        X509_sign(cert, issuer_key, EVP_sha256()))
		return cert;
	X509_free(cert);
	return NULL;
}

static void take(BIO *bio, struct sg_buf *ret)
{
	char *text;
	long n = BIO_get_mem_data(bio, &text);

	sg_buf_set(ret, text, (size_t)n);
	BIO_free(bio);
}

static void put_key(EVP_PKEY *key, struct sg_buf *ret)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	take(bio, ret);
}

static void put_cert(X509 *cert, struct sg_buf *ret)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, cert);
	take(bio, ret);
}

int sg_sign_make(const char *name, int64_t now, int days, struct sg_sign_trial *ret, struct sg_err *err)
{
	char *root_name = sg_format("%s Root", name);
	const struct plan root_plan = { .name = root_name,
		.from = now / 1000 - DAY,
		.days = days,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign,cRLSign" };
	const struct plan leaf_plan = { .name = name,
		.from = now / 1000 - DAY,
		.days = days,
		.constraints = "critical,CA:FALSE",
		.usage = "critical,digitalSignature",
		.extended = "critical,codeSigning" };
	EVP_PKEY *root_key = NULL, *leaf_key = NULL;
	X509 *root = NULL, *leaf = NULL;
	int r = 0;

	ERR_clear_error();
	if (!*name || strlen(root_name) > 64 || !sg_utf8_valid(sg_bytes_of(name))) {
		r = sg_fail(err, SG_EINVAL, "--name \"%.80s\": a common name has 1 to 59 characters", name);
		goto out;
	}
	root_key = EVP_RSA_gen(BITS);
	leaf_key = EVP_RSA_gen(BITS);
	root = root_key ? make(&root_plan, root_key, NULL, root_key) : NULL;
	leaf = root && leaf_key ? make(&leaf_plan, leaf_key, root, root_key) : NULL;
	if (!leaf) {
		r = sg_sign_fail(err, SG_EIO, "OpenSSL makes no keys");
		goto out;
	}
	put_key(root_key, &ret->root_key);
	put_cert(root, &ret->root_cert);
	put_key(leaf_key, &ret->leaf_key);
	put_cert(leaf, &ret->leaf_cert);
out:
	X509_free(leaf);
	X509_free(root);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(root_key);
	free(root_name);
	return r;
}

void sg_sign_trial_release(struct sg_sign_trial *t)
{
	struct sg_buf *secrets[] = { &t->root_key, &t->leaf_key };

	for (size_t i = 0; i < 2; i++) {
		if (secrets[i]->data)
			OPENSSL_cleanse(secrets[i]->data, secrets[i]->cap);
		sg_buf_release(secrets[i]);
	}
	sg_buf_release(&t->root_cert);
	sg_buf_release(&t->leaf_cert);
}
