/* ECDSA values that have passed elsewhere: zeros, the order of the group, other encodings. No feed may be signed with ECDSA, so even a signature that holds is
 * refused; these are refused before that, as signatures that do not hold. */
#include "tests/lib/attack.h"

#include "model/codes.h"
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIG   SG_EV_TRUST_SIGNATURE
#define CHAIN SG_EV_TRUST_CHAIN
#define MORE  "http://www.w3.org/2001/04/xmldsig-more#"

enum { K = 256 }; /* octets of an RSA signature */

/* Over P-256 the value is SEQUENCE { r, s } in CMS, r and s one behind the other in XMLDSig */

static struct pki_cert ec_signer(void)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);
	struct pki_cert key = { .key = EVP_EC_gen("P-256") }, cert;

	spec.key_of = &key;
	cert = pki_make(&spec);
	EVP_PKEY_free(key.key);
	return cert;
}

static void number(const char *what, const BIGNUM *genuine, struct sg_buf *out)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *n = BN_new();

	BN_zero(n);
	if (*what == 'n' || *what == '+')
		EC_GROUP_get_order(group, n, NULL);
	if (*what == 'g' || *what == '+')
		BN_add(n, n, genuine);
	if (*what == '1')
		BN_one(n);
	sg_buf_clear(out);
	if (BN_is_zero(n) || BN_is_bit_set(n, BN_num_bits(n) / 8 * 8 + 7) || BN_num_bits(n) % 8 == 0)
		sg_buf_char(out, 0);
	unsigned char octets[48];

	sg_buf_add(out, octets, (size_t)BN_bn2bin(n, octets));
	BN_free(n);
	EC_GROUP_free(group);
}

static void integer(const struct sg_buf *octets, struct sg_buf *out)
{
	sg_buf_char(out, 0x02);
	sg_buf_char(out, (char)octets->len);
	sg_buf_add(out, octets->data, octets->len);
}

/* row->a is r, row->b is s: g(enuine), 0, 1, n, + (genuine and n); row->n says how they are written. */
enum { PLAIN, PADDED_INTEGER, NEGATIVE, LONG_FORM, INDEFINITE, BEHIND, ONE_ONLY, RAW, EMPTY };

static void ecdsa_value(const struct attack_row *row, struct sg_bytes genuine, struct sg_buf *ret)
{
	const unsigned char *p = genuine.data;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)genuine.len);
	struct sg_buf r = { 0 }, s = { 0 }, both = { 0 };
	unsigned char raw[64];

	assert_non_null(sig);
	number(row->a, ECDSA_SIG_get0_r(sig), &r);
	number(row->b, ECDSA_SIG_get0_s(sig), &s);
	if (row->n == PADDED_INTEGER)
		sg_buf_insert(&r, 0, "", 1);
	if (row->n == NEGATIVE)
		sg_buf_insert(&r, 0, "\xff", 1);
	integer(&r, &both);
	if (row->n != ONE_ONLY)
		integer(&s, &both);
	if (row->n == BEHIND)
		sg_buf_add(&both, "\x05\x00", 2);
	sg_buf_clear(ret);
	if (row->n == RAW) {
		assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
		assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32), 32);
		sg_buf_add(ret, raw, sizeof raw);
	} else if (row->n != EMPTY) {
		sg_buf_char(ret, 0x30);
		if (row->n == LONG_FORM)
			sg_buf_char(ret, (char)0x81);
		sg_buf_char(ret, row->n == INDEFINITE ? (char)0x80 : (char)both.len);
		sg_buf_add(ret, both.data, both.len);
		if (row->n == INDEFINITE)
			sg_buf_add(ret, "\0\0", 2);
	}
	ECDSA_SIG_free(sig);
	sg_buf_release(&r);
	sg_buf_release(&s);
	sg_buf_release(&both);
}

static void cms_ecdsa(const struct attack_row *row, struct attack *ret)
{
	struct pki_cert cert = ec_signer();
	const struct sign_cms_signer signer = { cert.x509, cert.key };
	CMS_ContentInfo *cms =
	        attack_detached(&(struct sign_cms_spec){ .signers = &signer, .n_signers = 1 }, ret);
	const ASN1_OCTET_STRING *is =
	        CMS_SignerInfo_get0_signature(sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0));
	struct sg_buf value = { 0 };

	ecdsa_value(row, (struct sg_bytes){ is->data, (size_t)is->length }, &value);
	attack_put_value(cms, &value, ret);
	sg_buf_release(&value);
	pki_cert_release(&cert);
}

/* In a document: row->n octets, all of them row->b (NULL: zero); row->a "method" names the algorithm, else RSA's name stays. */
static void xml_ecdsa(const struct attack_row *row, struct attack *ret)
{
	struct pki_cert cert = ec_signer();
	struct sg_buf der = { 0 }, value = { 0 };
	char *doc, *with;

	for (long i = 0; i < row->n; i++)
		sg_buf_char(&value, row->b ? *row->b : 0);
	attack_in_document(ret, &value);
	attack_der(cert.x509, &der);
	doc = attack_with_cert((char *)ret->doc.data, 0, sg_buf_bytes(&der));
	with = strcmp(row->a, "method") == 0 ? fix_with(doc, MORE "rsa-sha256", MORE "ecdsa-sha256")
	                                     : sg_strdup(doc);
	sg_buf_set(&ret->doc, with, strlen(with));
	free(doc);
	free(with);
	sg_buf_release(&der);
	sg_buf_release(&value);
	pki_cert_release(&cert);
}

#define ECDSA(name, r, s, how)                                                                               \
	{                                                                                                    \
		"ECDSA, detached: " name, cms_ecdsa, SG_ETRUST, SIG, "does not hold", r, s, how              \
	}
#define IN_XML(name, octet, n)                                                                               \
	{ "ECDSA: " name, xml_ecdsa, SG_EUNSUPPORTED, SIG, "SignatureMethod Algorithm", "method", octet,     \
		n },                                                                                         \
	{                                                                                                    \
		"ECDSA by RSA's name: " name, xml_ecdsa, SG_ETRUST, CHAIN, "not RSA", "", octet, n           \
	}

static const struct attack_row rows[] = {
	{ "ECDSA, detached: a signature that holds", cms_ecdsa, SG_ETRUST, CHAIN, "not RSA", "g", "g",
	        PLAIN },
	ECDSA("r is 0", "0", "g", PLAIN),
	ECDSA("s is 0", "g", "0", PLAIN),
	ECDSA("both are 0", "0", "0", PLAIN),
	ECDSA("both are 1", "1", "1", PLAIN),
	ECDSA("r is n", "n", "g", PLAIN),
	ECDSA("s is n", "g", "n", PLAIN),
	ECDSA("both are n", "n", "n", PLAIN),
	ECDSA("r and n", "+", "g", PLAIN),
	ECDSA("s and n", "g", "+", PLAIN),
	ECDSA("r with a needless zero", "g", "g", PADDED_INTEGER),
	ECDSA("r is negative", "g", "g", NEGATIVE),
	ECDSA("a length in BER", "g", "g", LONG_FORM),
	ECDSA("no length", "g", "g", INDEFINITE),
	ECDSA("more behind s", "g", "g", BEHIND),
	ECDSA("no s", "g", "g", ONE_ONLY),
	ECDSA("r and s bare", "g", "g", RAW),
	ECDSA("nothing", "g", "g", EMPTY),
	IN_XML("r and s are 0", NULL, 64),
	IN_XML("r and s of ones", "\x01", 64),
	IN_XML("an octet too few", "\x01", 63),
	IN_XML("an octet too many", "\x01", 65),
	IN_XML("as long as RSA's", "\x01", K),
};
const struct attack_table attack_ecdsa = ATTACK_TABLE("ECDSA", rows);
