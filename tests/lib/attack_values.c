/* Signature values that are no signatures, made by the genuine key or from a genuine value: what padding, encodings and edges of arithmetic have let through
 * elsewhere. RSA, in the document and in the detached signature; ECDSA is attack_ecdsa.c. */
#include "tests/lib/attack.h"

#include "model/codes.h"
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIG SG_EV_TRUST_SIGNATURE

enum { K = 256, HASH = 32 }; /* octets of the modulus, of SHA-256 */

/* --- RSA: the block 00 01 FF .. FF 00 DigestInfo (RFC 8017, 9.2), each time wrong in one point */

static const unsigned char sha256_info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
	0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
static const unsigned char sha1_info[] = { 0x30, 0x29, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a,
	0x05, 0x00, 0x04, 0x20 };
static const unsigned char no_null_info[] = { 0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x20 };
static const unsigned char long_form_info[] = { 0x30, 0x81, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
	0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };

static void put(
        unsigned char *block, size_t at, const unsigned char *info, size_t len, const struct sg_hash *hash)
{
	memcpy(block + at, info, len);
	memcpy(block + at + len, hash->b, HASH);
}

/* The info and the hash at the block's end, padding before it. */
static void whole(unsigned char *block, const unsigned char *info, size_t len, const struct sg_hash *hash)
{
	memset(block, 0xff, K);
	block[0] = 0;
	block[1] = 1;
	block[K - HASH - len - 1] = 0;
	put(block, K - HASH - len, info, len, hash);
}

/* Bleichenbacher's: eight octets of padding, and rubbish where nobody may look. */
static void forged(unsigned char *block, bool inside, const struct sg_hash *hash)
{
	const size_t len = sizeof sha256_info, at = 2 + 8 + 1;

	memset(block, 0xa5, K);
	whole(block, sha256_info, len, hash);
	memset(block + at, 0xa5, K - at);
	block[at - 1] = 0;
	if (!inside) { /* behind the hash */
		put(block, at, sha256_info, len, hash);
		return;
	}
	/* as parameters of the algorithm, the hash at the block's end */
	memcpy(block + at,
	        (const unsigned char[]){ 0x30, 0x81, K - at - 3, 0x30, 0x81, K - at - 6 - HASH - 2, 0x06,
	                0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x81,
	                K - at - 6 - HASH - 2 - 11 - 3 },
	        20);
	block[K - HASH - 2] = 0x04;
	block[K - HASH - 1] = HASH;
	memcpy(block + K - HASH, hash->b, HASH);
}

static void block_of(const char *what, const struct sg_hash *hash, unsigned char *block)
{
	const size_t len = sizeof sha256_info;
	struct sg_hash other = *hash;

	whole(block, sha256_info, len, hash);
	if (strcmp(what, "rubbish behind") == 0)
		forged(block, false, hash);
	else if (strcmp(what, "rubbish inside") == 0)
		forged(block, true, hash);
	else if (strcmp(what, "SHA-512") == 0)
		block[K - HASH - 5] = 3; /* the last octet of the name */
	else if (strcmp(what, "SHA-1") == 0)
		whole(block, sha1_info, sizeof sha1_info, hash);
	else if (strcmp(what, "no NULL") == 0)
		whole(block, no_null_info, sizeof no_null_info, hash);
	else if (strcmp(what, "long form") == 0)
		whole(block, long_form_info, sizeof long_form_info, hash);
	else if (strcmp(what, "bare") == 0)
		whole(block, sha256_info, 0, hash);
	else if (strcmp(what, "type 2") == 0)
		block[1] = 2;
	else if (strcmp(what, "type 0") == 0)
		memset(block + 1, 0, K - HASH - len - 1);
	else if (strcmp(what, "padding") == 0)
		block[100] = 0xfe;
	else if (strcmp(what, "a zero in it") == 0)
		block[100] = 0;
	else if (strcmp(what, "another hash") == 0) {
		other.b[HASH - 1] ^= 1;
		whole(block, sha256_info, len, &other);
	}
}

static void raw_rsa(const unsigned char *block, struct sg_buf *ret)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(fix_pki.leaf.key, NULL);
	unsigned char value[K];
	size_t len = K;

	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	assert_int_equal(EVP_PKEY_sign(ctx, value, &len, block, K), 1);
	sg_buf_set(ret, value, len);
	EVP_PKEY_CTX_free(ctx);
}

static void pss(struct sg_bytes octets, struct sg_buf *ret)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	unsigned char value[K];
	size_t len = K;

	assert_int_equal(EVP_DigestSignInit(md, &ctx, EVP_sha256(), NULL, fix_pki.leaf.key), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_DigestSign(md, value, &len, octets.data, octets.len), 1);
	sg_buf_set(ret, value, len);
	EVP_MD_CTX_free(md);
}

/* The modulus and `more`. */
static void about_modulus(long more, struct sg_buf *ret)
{
	BIGNUM *n = NULL;
	unsigned char value[K];

	assert_int_equal(EVP_PKEY_get_bn_param(fix_pki.leaf.key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	if (more < 0)
		BN_sub_word(n, (BN_ULONG)-more);
	else
		BN_add_word(n, (BN_ULONG)more);
	assert_int_equal(BN_bn2binpad(n, value, K), K);
	sg_buf_set(ret, value, K);
	BN_free(n);
}

/* `value` is the genuine one over `octets`. */
static void change(const struct attack_row *row, struct sg_bytes octets, struct sg_buf *value)
{
	struct sg_hash hash = sg_sha256(octets);
	unsigned char block[K];

	if (strcmp(row->a, "value") == 0)
		sg_buf_set(value, memset(block, 0, K), (size_t)row->n);
	else if (strcmp(row->a, "one") == 0) {
		memset(block, 0, K);
		block[K - 1] = 1;
		sg_buf_set(value, block, K);
	} else if (strcmp(row->a, "modulus") == 0) {
		about_modulus(row->n, value);
	} else if (strcmp(row->a, "PSS") == 0) {
		pss(octets, value);
	} else if (strcmp(row->a, "longer") == 0) {
		sg_buf_char(value, 0);
	} else if (strcmp(row->a, "zero first") == 0) {
		sg_buf_insert(value, 0, "", 1);
	} else if (strcmp(row->a, "shorter") == 0) {
		value->len--;
	} else if (strcmp(row->a, "without its first") == 0) {
		sg_buf_cut(value, 0, 1);
	} else if (strcmp(row->a, "twice") == 0) {
		memcpy(block, value->data, K);
		sg_buf_add(value, block, K);
	} else {
		struct sg_buf again = { 0 };

		block_of("", &hash, block); /* right in every point, it is the genuine value */
		raw_rsa(block, &again);
		assert_true(sg_bytes_equal(sg_buf_bytes(&again), sg_buf_bytes(value)));
		sg_buf_release(&again);
		block_of(row->a, &hash, block);
		raw_rsa(block, value);
	}
}

static void rsa(const struct attack_row *row, struct attack *ret)
{
	struct sg_signed s = { 0 };
	int event;

	assert_int_equal(sg_verify_take(sg_bytes_of(fix_good), false, "corp", &s, &event, NULL), 0);
	change(row, sg_buf_bytes(&s.signed_info), &s.value);
	attack_in_document(ret, &s.value);
	sg_signed_release(&s);
}

/* --- the same in a detached signature, whose value covers the signed attributes as a SET */

/* What the value covers, found by what it must be: the attributes' octets, with the tag of a SET for the implicit one. */
static void covered(CMS_ContentInfo *cms, const struct sg_buf *message, struct sg_buf *ret)
{
	CMS_SignerInfo *si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(si);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool found = false;

	for (size_t at = 0; at + 4 < message->len && !found; at++) {
		size_t len = message->data[at + 1];

		if (message->data[at] != 0xa0 || len < 64)
			continue;
		len = len == 0x81 ? 3 + (size_t)message->data[at + 2] : len < 0x80 ? 2 + len : 0;
		if (!len || at + len > message->len)
			continue;
		sg_buf_set(ret, message->data + at, len);
		ret->data[0] = 0x31;
		found = EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, fix_pki.leaf.key) == 1 &&
		        EVP_DigestVerify(md, value->data, (size_t)value->length, ret->data, ret->len) == 1;
		EVP_MD_CTX_reset(md);
	}
	assert_true(found);
	EVP_MD_CTX_free(md);
}

static void cms_rsa(const struct attack_row *row, struct attack *ret)
{
	CMS_ContentInfo *cms = attack_detached(&(struct sign_cms_spec){ 0 }, ret);
	const ASN1_OCTET_STRING *is =
	        CMS_SignerInfo_get0_signature(sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0));
	struct sg_buf octets = { 0 }, value = { 0 };

	covered(cms, &ret->cms, &octets);
	sg_buf_set(&value, is->data, (size_t)is->length);
	change(row, sg_buf_bytes(&octets), &value);
	attack_put_value(cms, &value, ret);
	sg_buf_release(&octets);
	sg_buf_release(&value);
}

#define RSA(name, what, n)                                                                                   \
	{ name, rsa, SG_ETRUST, SIG, "does not hold", what, NULL, n },                                       \
	{                                                                                                    \
		"detached: " name, cms_rsa, SG_ETRUST, SIG, "does not hold", what, NULL, n                   \
	}
static const struct attack_row rows[] = {
	RSA("rubbish behind a short padding", "rubbish behind", 0),
	RSA("rubbish as parameters of the digest", "rubbish inside", 0),
	RSA("the digest is said to be SHA-512", "SHA-512", 0),
	RSA("the digest is said to be SHA-1", "SHA-1", 0),
	RSA("a digest without parameters", "no NULL", 0),
	RSA("a digest in BER", "long form", 0),
	RSA("a bare hash", "bare", 0),
	RSA("padding of type 2", "type 2", 0),
	RSA("padding of type 0", "type 0", 0),
	RSA("padding that is not all ones", "padding", 0),
	RSA("padding that ends early", "a zero in it", 0),
	RSA("another hash", "another hash", 0),
	RSA("PSS", "PSS", 0),
	RSA("zero", "value", K),
	RSA("one", "one", 0),
	RSA("the modulus less one", "modulus", -1),
	RSA("the modulus", "modulus", 0),
	RSA("the modulus and one", "modulus", 1),
	RSA("longer than the modulus", "longer", 0),
	RSA("a zero before it", "zero first", 0),
	RSA("shorter than the modulus", "shorter", 0),
	RSA("without its first octet", "without its first", 0),
	RSA("twice the value", "twice", 0),
	RSA("one octet", "value", 1),
};
const struct attack_table attack_values = ATTACK_TABLE("values", rows);
