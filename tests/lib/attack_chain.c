/* Signers that may not sign: other people's chains, certificates that are wrong in one point, and revocation. */
#include "tests/lib/attack.h"

#include "model/codes.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CHAIN SG_EV_TRUST_CHAIN
#define DAY   86400

static void own(struct attack *a, char *doc)
{
	sg_buf_set(&a->doc, doc, strlen(doc));
	free(doc);
}

/* Signed with the key by whoever it belongs to, these certificates beside it. */
static void signed_by(EVP_PKEY *key, X509 *first, X509 *second, X509 *third, struct attack *ret)
{
	X509 *certs[3] = { first, second, third };

	own(ret, fix_sign(fix_plain, &(struct sign_spec){ .key = key,
	                                     .certs = certs,
	                                     .n_certs = third    ? 3
	                                                : second ? 2
	                                                         : 1 }));
}

/* --- leaves under the genuine intermediate: row->a names what is wrong, row->b and row->n are its value */

static struct pki_spec wrong_leaf(const struct attack_row *row)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);

	if (strcmp(row->a, "extended") == 0)
		spec.extended = row->b;
	else if (strcmp(row->a, "usage") == 0)
		spec.usage = row->b;
	else if (strcmp(row->a, "constraints") == 0)
		spec.constraints = row->b;
	else if (strcmp(row->a, "critical") == 0)
		spec.unknown_critical = row->b;
	else if (strcmp(row->a, "md") == 0)
		spec.md = row->b;
	else if (strcmp(row->a, "from") == 0)
		spec.from = fix_pki.now + row->n;
	else if (strcmp(row->a, "to") == 0)
		spec.to = fix_pki.now + row->n;
	else if (strcmp(row->a, "bits") == 0) {
		spec.key_of = NULL;
		spec.bits = (int)row->n;
	} else if (strcmp(row->a, "self") == 0)
		spec.issuer = NULL;
	return spec;
}

static void leaf(const struct attack_row *row, struct attack *ret)
{
	struct pki_spec spec = wrong_leaf(row);

	own(ret, fix_sign_with_leaf(&spec));
}

static void leaf_for_a_usage(const struct attack_row *row, struct attack *ret)
{
	leaf(row, ret);
	ret->anchor =
	        (struct sg_anchor){ .name = sg_strdup("corp"), .eku = sg_strdup("1.3.6.1.4.1.99999.7") };
	pki_cert_pem(&fix_pki.root, &ret->anchor.pem);
}

/* A leaf that is changed once more after it was made: the genuine intermediate signs that, too. */
static void resign(X509 *cert)
{
	assert_true(X509_sign(cert, fix_pki.middle.key, EVP_sha256()) > 0);
}

static void changed(const struct attack_row *row, struct attack *ret)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);
	struct pki_cert c = pki_make(&spec);
	X509_EXTENSION *same;

	if (strcmp(row->a, "serial") == 0)
		ASN1_INTEGER_set_int64(X509_get_serialNumber(c.x509), row->n);
	else if (strcmp(row->a, "version") == 0)
		X509_set_version(c.x509, row->n);
	else if (strcmp(row->a, "twice") == 0) {
		same = X509_EXTENSION_dup(
		        X509_get_ext(c.x509, X509_get_ext_by_NID(c.x509, NID_ext_key_usage, -1)));
		X509_add_ext(c.x509, same, -1);
		X509_EXTENSION_free(same);
	} else if (strcmp(row->a, "issuer") == 0) {
		X509_set_issuer_name(c.x509, X509_get_subject_name(fix_pki.root.x509));
	}
	resign(c.x509);
	if (strcmp(row->a, "no serial") == 0) { /* not signed again */
		ASN1_INTEGER_set_int64(X509_get_serialNumber(c.x509), row->n);
	}
	signed_by(c.key, c.x509, fix_pki.middle.x509, NULL, ret);
	pki_cert_release(&c);
}

/* RSA with the public exponent row->n, of row->b bits of which nobody knows the factors: what was signed cannot hold, and is not asked. */
static void exponent(const struct attack_row *row, struct attack *ret)
{
	BIGNUM *n = BN_new(), *e = BN_new();
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	struct pki_spec spec = pki_leaf_spec(&fix_pki);
	struct pki_cert c = { 0 };
	struct sg_buf der = { 0 };
	OSSL_PARAM *params;
	int event;

	BN_rand(n, atoi(row->b), BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
	BN_set_word(e, (BN_ULONG)row->n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_fromdata_init(ctx);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &c.key, EVP_PKEY_PUBLIC_KEY, params), 1);
	spec.key_of = &c;
	c = (struct pki_cert){ pki_make(&spec).x509, c.key };
	attack_der(c.x509, &der);
	ret->lies = true;
	assert_int_equal(sg_verify_take(sg_bytes_of(fix_good), false, "corp", &ret->said, &event, NULL), 0);
	sg_buf_set(&ret->said.certs.at[0], der.data, der.len);
	EVP_PKEY_free(c.key); /* the certificate's reference */
	pki_cert_release(&c);
	sg_buf_release(&der);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
}

/* --- intermediates */

static void middle(const struct attack_row *row, struct attack *ret)
{
	struct pki_spec spec = { .name = "Another CA",
		.issuer = &fix_pki.root,
		.key_of = &fix_pki.middle,
		.from = fix_pki.now - DAY,
		.to = fix_pki.now + DAY,
		.constraints = "critical,CA:TRUE,pathlen:0",
		.usage = "critical,keyCertSign,cRLSign" };
	struct pki_spec below = pki_leaf_spec(&fix_pki);
	struct pki_cert ca, c;

	if (strcmp(row->a, "extended") == 0)
		spec.extended = row->b;
	else if (strcmp(row->a, "usage") == 0)
		spec.usage = row->b;
	else if (strcmp(row->a, "constraints") == 0)
		spec.constraints = row->b;
	else if (strcmp(row->a, "md") == 0)
		spec.md = row->b;
	else if (strcmp(row->a, "critical") == 0)
		spec.unknown_critical = row->b;
	else if (strcmp(row->a, "to") == 0)
		spec.to = fix_pki.now + row->n;
	else if (strcmp(row->a, "bits") == 0) {
		spec.key_of = NULL;
		spec.bits = (int)row->n;
	}
	ca = pki_make(&spec);
	if (strcmp(row->a, "names") == 0) { /* it may only issue for one domain */
		X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_name_constraints, row->b);

		assert_non_null(ext);
		X509_add_ext(ca.x509, ext, -1);
		X509_EXTENSION_free(ext);
		assert_true(X509_sign(ca.x509, fix_pki.root.key, EVP_sha256()) > 0);
		below.names = "DNS:evil.example";
	}
	if (strcmp(row->a, "serial") == 0) {
		ASN1_INTEGER_set_int64(X509_get_serialNumber(ca.x509), row->n);
		assert_true(X509_sign(ca.x509, fix_pki.root.key, EVP_sha256()) > 0);
	}
	below.issuer = &ca;
	c = pki_make(&below);
	signed_by(c.key, c.x509, ca.x509, NULL, ret);
	pki_cert_release(&c);
	pki_cert_release(&ca);
}

/* --- other people's: row->n says which */

enum {
	SAME_NAMES,
	THEIR_LEAF,
	SELF,
	UNDER_A_LEAF,
	NO_MIDDLE,
	ORDER,
	GENUINE_AND_ANOTHER,
	TOO_LONG,
	MIDDLE_SIGNS,
	ROOT_SIGNS,
	GENUINE_BEHIND,
	OF_ITSELF
};

static void other(const struct attack_row *row, struct attack *ret)
{
	struct pki theirs;
	struct pki_spec spec = pki_leaf_spec(&fix_pki);
	struct pki_cert c = { 0 }, d = { 0 };

	pki_chain(&theirs, FIX_NOW); /* the same names, other keys */
	switch (row->n) {
	case SAME_NAMES:
		signed_by(theirs.leaf.key, theirs.leaf.x509, theirs.middle.x509, theirs.root.x509, ret);
		break;
	case THEIR_LEAF:
		signed_by(theirs.leaf.key, theirs.leaf.x509, fix_pki.middle.x509, fix_pki.root.x509, ret);
		break;
	case UNDER_A_LEAF:
		spec.issuer = &fix_pki.leaf;
		c = pki_make(&spec);
		signed_by(c.key, c.x509, fix_pki.leaf.x509, fix_pki.middle.x509, ret);
		break;
	case NO_MIDDLE: signed_by(fix_pki.leaf.key, fix_pki.leaf.x509, NULL, NULL, ret); break;
	case ORDER: signed_by(fix_pki.leaf.key, fix_pki.middle.x509, fix_pki.leaf.x509, NULL, ret); break;
	case GENUINE_AND_ANOTHER:
		signed_by(theirs.leaf.key, fix_pki.leaf.x509, fix_pki.middle.x509, NULL, ret);
		break;
	case GENUINE_BEHIND:
		signed_by(theirs.leaf.key, theirs.leaf.x509, fix_pki.leaf.x509, fix_pki.middle.x509, ret);
		break;
	case MIDDLE_SIGNS:
		signed_by(fix_pki.middle.key, fix_pki.middle.x509, fix_pki.root.x509, NULL, ret);
		break;
	case ROOT_SIGNS: signed_by(fix_pki.root.key, fix_pki.root.x509, NULL, NULL, ret); break;
	case OF_ITSELF: /* its own issuer by name, by another key */
		spec.name = "Test Code Signing CA";
		spec.issuer = &theirs.middle;
		c = pki_make(&spec);
		signed_by(c.key, c.x509, theirs.middle.x509, fix_pki.middle.x509, ret);
		break;
	case TOO_LONG: /* below an authority that allows none below itself */
		spec = (struct pki_spec){ .name = "Below",
			.issuer = &fix_pki.middle,
			.key_of = &fix_pki.middle,
			.from = fix_pki.now - DAY,
			.to = fix_pki.now + DAY,
			.constraints = "critical,CA:TRUE",
			.usage = "critical,keyCertSign" };
		c = pki_make(&spec);
		spec = pki_leaf_spec(&fix_pki);
		spec.issuer = &c;
		d = pki_make(&spec);
		signed_by(d.key, d.x509, c.x509, fix_pki.middle.x509, ret);
		break;
	default: fail();
	}
	pki_cert_release(&d);
	pki_cert_release(&c);
	pki_release(&theirs);
}

/* --- revocation: row->a says for whom a list is made, row->b what is wrong with it */

static void revoked(const struct attack_row *row, struct attack *ret)
{
	const int64_t now = fix_pki.now;
	const char *wrong = row->b;
	struct pki theirs = { 0 };
	bool leaf_is = strcmp(row->a, "leaf") == 0;

	attack_crl(&fix_pki.root, strcmp(row->a, "middle") == 0 ? fix_pki.middle.x509 : NULL, now - DAY,
	        now + DAY, &ret->crls[0]);
	if (strcmp(wrong, "forged") == 0) {
		pki_chain(&theirs, FIX_NOW);
		attack_crl(&theirs.middle, NULL, now - DAY, now + DAY, &ret->crls[1]);
		pki_release(&theirs);
	} else {
		attack_crl(&fix_pki.middle, leaf_is ? fix_pki.leaf.x509 : NULL,
		        strcmp(wrong, "future") == 0 ? now + DAY : now - DAY,
		        strcmp(wrong, "stale") == 0 ? now - 1 : now + 2 * DAY, &ret->crls[1]);
	}
	if (strcmp(wrong, "turned") == 0)
		ret->crls[1].data[ret->crls[1].len - 9] ^= 1;
	if (strcmp(wrong, "torn") == 0)
		ret->crls[1].len /= 2;
	ret->rules.n_crls = strcmp(wrong, "missing") == 0 ? 1 : 2;
	own(ret, sg_strdup(fix_good));
}

/* --- the octets of a certificate: row->n are added (or taken away) */

static void der(const struct attack_row *row, struct attack *ret)
{
	struct sg_buf octets = { 0 };

	attack_der(fix_pki.leaf.x509, &octets);
	if (row->n < 0)
		octets.len -= (size_t)-row->n;
	for (long i = 0; i < row->n; i++)
		sg_buf_char(&octets, row->a ? 'x' : 0);
	own(ret, attack_with_cert(fix_good, 0, sg_buf_bytes(&octets)));
	sg_buf_release(&octets);
}

static void garbage(const struct attack_row *row, struct attack *ret)
{
	own(ret, attack_with_cert(fix_good, (int)row->n, sg_bytes_of(row->a)));
}

#define LEAF(name, says, field, value)                                                                       \
	{                                                                                                    \
		name, leaf, SG_ETRUST, CHAIN, says, field, value                                             \
	}
#define LEAF_N(name, says, field, n)                                                                         \
	{                                                                                                    \
		name, leaf, SG_ETRUST, CHAIN, says, field, NULL, n                                           \
	}
#define MIDDLE(name, says, field, value)                                                                     \
	{                                                                                                    \
		name, middle, SG_ETRUST, CHAIN, says, field, value                                           \
	}
#define OTHER(name, says, which)                                                                             \
	{                                                                                                    \
		name, other, SG_ETRUST, CHAIN, says, NULL, NULL, which                                       \
	}
#define REVOKED(name, says, whom, wrong)                                                                     \
	{                                                                                                    \
		name, revoked, SG_ETRUST, CHAIN, says, whom, wrong                                           \
	}

static const struct attack_row rows[] = {
	LEAF("no usage", "lacks codeSigning", "extended", NULL),
	LEAF("for TLS", "lacks codeSigning", "extended", "serverAuth"),
	LEAF("for TLS and mail", "lacks codeSigning", "extended", "serverAuth,emailProtection"),
	LEAF("for any usage", "lacks codeSigning", "extended", "anyExtendedKeyUsage"),
	LEAF("for time-stamping", "lacks codeSigning", "extended", "timeStamping"),
	LEAF("for a private usage alone", "lacks codeSigning", "extended", "1.3.6.1.4.1.99999.7"),
	{ "without the anchor's own usage", leaf_for_a_usage, SG_ETRUST, CHAIN,
	        "lacks the extendedKeyUsage 1.3.6.1.4.1.99999.7", "extended", "codeSigning" },
	LEAF("a key for encryption", "keyUsage lacks digitalSignature", "usage", "critical,keyEncipherment"),
	LEAF("a leaf that is an authority", "", "constraints", "critical,CA:TRUE"),
	LEAF("an unknown critical extension", "unhandled critical extension", "critical",
	        "1.3.6.1.4.1.99999.1"),
	LEAF("signed with SHA-1", "too weak", "md", "SHA1"),
	LEAF("signed with MD5", "too weak", "md", "MD5"),
	LEAF_N("expired", "certificate has expired", "to", -60),
	LEAF_N("expired years ago", "certificate has expired", "to", -3600),
	LEAF_N("not yet valid", "not yet valid", "from", 3600),
	LEAF_N("a key of 512 bits", "too weak", "bits", 512),
	LEAF_N("a key of 768 bits", "too weak", "bits", 768),
	LEAF_N("a key of 1,024 bits", "too weak", "bits", 1024),
	LEAF_N("a key of 2,047 bits", "", "bits", 2047),
	LEAF_N("signed by itself", "not accepted", "self", 0),
	{ "a serial below zero", changed, SG_ETRUST, CHAIN, "serial number", "serial", NULL, -7 },
	{ "serial zero", changed, SG_ETRUST, CHAIN, "serial number", "serial", NULL, 0 },
	{ "version 1 with extensions", changed, SG_ETRUST, CHAIN, "not accepted", "version", NULL, 0 },
	{ "two extendedKeyUsage", changed, SG_ETRUST, CHAIN, "not accepted", "twice" },
	{ "issued by the root in name alone", changed, SG_ETRUST, CHAIN, "not accepted", "issuer" },
	{ "changed after it was issued", changed, SG_ETRUST, CHAIN, "signature failure", "no serial", NULL,
	        4711 },
	{ "exponent 1", exponent, SG_ETRUST, CHAIN, "exponent", NULL, "2048", 1 },
	{ "exponent 3", exponent, SG_ETRUST, CHAIN, "exponent", NULL, "2048", 3 },
	{ "an even exponent", exponent, SG_ETRUST, CHAIN, "exponent", NULL, "2048", 65536 },
	{ "a key of 16,384 bits", exponent, SG_ETRUST, CHAIN, "at most 8192 bits", NULL, "16384", 65537 },
	MIDDLE("an authority for TLS", "may not issue for codeSigning", "extended", "serverAuth,clientAuth"),
	MIDDLE("an authority for mail", "may not issue for codeSigning", "extended", "emailProtection"),
	MIDDLE("an authority that may not issue", "not accepted", "usage", "critical,digitalSignature"),
	MIDDLE("an authority that is none", "not accepted", "constraints", "critical,CA:FALSE"),
	MIDDLE("an authority that says nothing about it", "not accepted", "constraints", NULL),
	MIDDLE("an authority signed with SHA-1", "too weak", "md", "SHA1"),
	MIDDLE("an authority signed with MD5", "too weak", "md", "MD5"),
	MIDDLE("an authority with an unknown critical extension", "unhandled critical extension", "critical",
	        "1.3.6.1.4.1.99999.1"),
	MIDDLE("an authority for other names", "not accepted", "names",
	        "critical,permitted;DNS:good.example"),
	MIDDLE("an authority that excludes the name", "not accepted", "names",
	        "critical,excluded;DNS:evil.example"),
	{ "an authority that has expired", middle, SG_ETRUST, CHAIN, "certificate has expired", "to", NULL,
	        -60 },
	{ "an authority's key of 1,024 bits", middle, SG_ETRUST, CHAIN, "too weak", "bits", NULL, 1024 },
	{ "an authority's serial below zero", middle, SG_ETRUST, CHAIN, "serial number", "serial", NULL, -1 },
	OTHER("another chain of the same names", "not accepted", SAME_NAMES),
	OTHER("another's leaf under our authority's certificate", "not accepted", THEIR_LEAF),
	OTHER("issued by a leaf", "not accepted", UNDER_A_LEAF),
	OTHER("the authority's certificate is missing", "unable to get local issuer", NO_MIDDLE),
	{ "the genuine certificates in the wrong order", other, SG_ETRUST, SG_EV_TRUST_SIGNATURE,
	        "does not hold", NULL, NULL, ORDER },
	{ "the genuine certificates, another's key", other, SG_ETRUST, SG_EV_TRUST_SIGNATURE, "does not hold",
	        NULL, NULL, GENUINE_AND_ANOTHER },
	OTHER("another's leaf before the genuine one", "not accepted", GENUINE_BEHIND),
	OTHER("an authority below one that allows none", "path length", TOO_LONG),
	OTHER("the intermediate itself signs", "belongs to an authority", MIDDLE_SIGNS),
	OTHER("the root itself signs", "does not lead to a pinned anchor", ROOT_SIGNS),
	OTHER("a leaf of the authority's name", "not accepted", OF_ITSELF),
	REVOKED("the leaf was revoked", "revoked", "leaf", ""),
	REVOKED("the authority was revoked", "revoked", "middle", ""),
	REVOKED("a list is missing", "unable to get certificate CRL", "", "missing"),
	REVOKED("a list is out of date", "out of date", "", "stale"),
	REVOKED("a list is from the future", "from the future", "", "future"),
	REVOKED("a list of another authority of the same name", "not accepted", "", "forged"),
	REVOKED("a list whose signature does not hold", "not accepted", "", "turned"),
	{ "a list that is torn", revoked, SG_EINVAL, CHAIN, "is none in PEM or DER", "", "torn" },
	{ "a certificate with an octet behind it", der, SG_ETRUST, CHAIN, "cannot be decoded", NULL, NULL,
	        1 },
	{ "a certificate with text behind it", der, SG_ETRUST, CHAIN, "cannot be decoded", "x", NULL, 30 },
	{ "a certificate that is cut short", der, SG_ETRUST, CHAIN, "cannot be decoded", NULL, NULL, -1 },
	{ "a certificate of 8 KiB, most of it nothing", der, SG_ETRUST, CHAIN, "cannot be decoded", NULL,
	        NULL, 7000 },
	{ "a certificate of 9 KiB", der, SG_ETRUST, CHAIN, "at most 8192 octets", NULL, NULL, 9000 },
	{ "a certificate of 2 MiB", der, SG_ETRUST, CHAIN, "at most 8192 octets", NULL, NULL, 2 << 20 },
	{ "text as leaf", garbage, SG_ETRUST, CHAIN, "cannot be decoded", "certificate", NULL, 0 },
	{ "text as authority", garbage, SG_ETRUST, CHAIN, "cannot be decoded", "certificate", NULL, 1 },
	{ "an endless length as leaf", garbage, SG_ETRUST, CHAIN, "cannot be decoded",
	        "0\x84\x7f\xff\xff\xff", NULL, 0 },
	{ "an indefinite length as leaf", garbage, SG_ETRUST, CHAIN, "cannot be decoded",
	        "0\x80"
	        "0\x80"
	        "0\x80"
	        "0\x80",
	        NULL, 0 },
};
const struct attack_table attack_chains = ATTACK_TABLE("chains", rows);
