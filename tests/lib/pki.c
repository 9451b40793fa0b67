#include "tests/lib/pki.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "pki: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static void extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
	if (!value)
		return;
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	must(extension != NULL, value);
	must(X509_add_ext(x509, extension, -1), "X509_add_ext");
	X509_EXTENSION_free(extension);
}

static void extend_unknown(X509 *x509, const char *oid)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	must(object && octets && ASN1_OCTET_STRING_set(octets, (const unsigned char *)"\x05", 2), oid);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, octets);
	must(extension && X509_add_ext(x509, extension, -1), oid);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
}

static EVP_PKEY *key_for(const struct pki_spec *spec)
{
	if (spec->key_of) {
		EVP_PKEY_up_ref(spec->key_of->key);
		return spec->key_of->key;
	}
	EVP_PKEY *key = EVP_RSA_gen((unsigned)(spec->bits ? spec->bits : 2048));
	must(key != NULL, "EVP_RSA_gen");
	return key;
}

struct pki_cert pki_make(const struct pki_spec *spec)
{
	struct pki_cert c = { X509_new(), key_for(spec) };
	X509 *issuer = spec->issuer ? spec->issuer->x509 : c.x509;
	EVP_PKEY *signer = spec->issuer ? spec->issuer->key : c.key;
	uint64_t serial;

	must(c.x509 != NULL, "X509_new");
	must(X509_set_version(c.x509, X509_VERSION_3), "version");
	must(RAND_bytes((unsigned char *)&serial, sizeof serial), "RAND_bytes");
	must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(c.x509), serial >> 1), "serial");
	must(ASN1_TIME_set(X509_getm_notBefore(c.x509), (time_t)spec->from) != NULL, "notBefore");
	must(ASN1_TIME_set(X509_getm_notAfter(c.x509), (time_t)spec->to) != NULL, "notAfter");
	X509_NAME *name = X509_get_subject_name(c.x509);
	must(X509_NAME_add_entry_by_txt(
	             name, "O", MBSTRING_UTF8, (const unsigned char *)"stopgap tests", -1, -1, 0),
	        "O");
	must(X509_NAME_add_entry_by_txt(
	             name, "CN", MBSTRING_UTF8, (const unsigned char *)spec->name, -1, -1, 0),
	        "CN");
	must(X509_set_issuer_name(c.x509, X509_get_subject_name(issuer)), "issuer");
	must(X509_set_pubkey(c.x509, c.key), "public key");
	extend(c.x509, issuer, NID_basic_constraints, spec->constraints);
	extend(c.x509, issuer, NID_key_usage, spec->usage);
	extend(c.x509, issuer, NID_ext_key_usage, spec->extended);
	extend(c.x509, issuer, NID_subject_alt_name, spec->names);
	extend(c.x509, issuer, NID_subject_key_identifier, "hash");
	if (spec->issuer) /* of its own it would be empty, and Windows takes that for another's */
		extend(c.x509, issuer, NID_authority_key_identifier, "keyid");
	if (spec->unknown_critical)
		extend_unknown(c.x509, spec->unknown_critical);
	must(X509_sign(c.x509, signer, EVP_get_digestbyname(spec->md ? spec->md : "SHA256")) > 0,
	        "X509_sign");
	return c;
}

void pki_cert_release(struct pki_cert *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
	*c = (struct pki_cert){ 0 };
}

static const int64_t DAY = 86400;

void pki_chain(struct pki *pki, int64_t now_ms)
{
	pki->now = now_ms / 1000;
	struct pki_spec root = {
		.name = "Test Root",
		.from = pki->now - DAY,
		.to = pki->now + 3650 * DAY,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign,cRLSign",
	};
	pki->root = pki_make(&root);
	struct pki_spec middle = root;
	middle.name = "Test Code Signing CA";
	middle.constraints = "critical,CA:TRUE,pathlen:0";
	middle.issuer = &pki->root;
	pki->middle = pki_make(&middle);
	pki->leaf = (struct pki_cert){ 0 };
	struct pki_spec leaf = pki_leaf_spec(pki);
	leaf.key_of = NULL;
	pki->leaf = pki_make(&leaf);
}

struct pki_spec pki_leaf_spec(const struct pki *pki)
{
	return (struct pki_spec){
		.name = "Test Feed Signing",
		.issuer = &pki->middle,
		.key_of = &pki->leaf,
		.from = pki->now - DAY,
		.to = pki->now + 365 * DAY,
		.constraints = "critical,CA:FALSE",
		.usage = "critical,digitalSignature",
		.extended = "codeSigning",
	};
}

void pki_release(struct pki *pki)
{
	pki_cert_release(&pki->root);
	pki_cert_release(&pki->middle);
	pki_cert_release(&pki->leaf);
}

static void drain(BIO *bio, struct sg_buf *out)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	sg_buf_add(out, data, (size_t)len);
	BIO_free(bio);
}

void pki_cert_pem(const struct pki_cert *c, struct sg_buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	must(bio && PEM_write_bio_X509(bio, c->x509), "PEM_write_bio_X509");
	drain(bio, out);
}

void pki_key_pem(const struct pki_cert *c, struct sg_buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	must(bio && PEM_write_bio_PKCS8PrivateKey(bio, c->key, NULL, NULL, 0, NULL, NULL),
	        "PEM_write_bio_PKCS8PrivateKey");
	drain(bio, out);
}
