/* test_verify_attacks.c - P8 under attack: forged, changed, wrapped and dangerous documents. Each is a good one but for
 * one point, so that it is refused for that point alone. */
#include "model/codes.h"
#include "tests/lib/signed_fixture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void key_value_is_ignored_in_eocs_and_refused_in_stopgap(void **state)
{
	X509 *certs[2];
	struct sign_spec spec = fix_spec(certs);
	struct sg_feed_rules eocs = fix_rules;

	(void)state;
	spec.key_value = true;
	spec.object =
	        "<Object Id=\"ts-countersig\"><X509Data><X509Certificate>AA==</X509Certificate></X509Data>"
	        "<CounterSignature ts-format=\"cms-timestamp-message\" "
	        "xmlns=\"http://schemas.microsoft.com/xmldsig/timestamp/2003\">AA==</CounterSignature></"
	        "Object>";
	char *doc = fix_sign(fix_plain, &spec);

	eocs.eocs = true;
	fix_verifies(doc, &eocs);
	fix_refused_by(doc, &fix_rules, SG_EV_TRUST_SIGNATURE, "a key is never taken from the document");
	free(doc);
	spec.key_value = false;
	fix_refused(fix_sign(fix_plain, &spec), SG_EV_TRUST_SIGNATURE, "Object is one too many");
}

static void a_forgery_with_the_forgers_key_value_is_refused(void **state)
{
	X509 *certs[2];
	struct sign_spec spec = fix_spec(certs);
	struct pki_cert forger =
	        pki_make(&(struct pki_spec){ .name = "Forger", .from = 0, .to = FIX_NOW / 500 });
	struct sg_feed_rules eocs = fix_rules;

	(void)state;
	eocs.eocs = true;
	/* the forger's signature and KeyValue, the genuine certificates */
	spec.key = forger.key;
	spec.key_value = true;
	char *doc = fix_sign(fix_plain, &spec);

	fix_refused_by(doc, &eocs, SG_EV_TRUST_SIGNATURE, "the signature does not hold");
	free(doc);
	/* KeyValue alone */
	spec.n_certs = 0;
	doc = fix_sign(fix_plain, &spec);
	fix_refused_by(doc, &eocs, SG_EV_TRUST_SIGNATURE, "X509Data is missing");
	free(doc);
	/* the genuine leaf behind the forger's own certificate */
	certs[0] = forger.x509;
	certs[1] = fix_pki.leaf.x509;
	spec.n_certs = 2;
	doc = fix_sign(fix_plain, &spec);
	fix_refused_by(doc, &eocs, SG_EV_TRUST_CHAIN, "not accepted");
	free(doc);
	pki_cert_release(&forger);
}

static void a_changed_document_is_refused(void **state)
{
	(void)state;
	fix_refused(fix_with(fix_good, "<Value>DoNothing", "<Value>DoNothinG"), SG_EV_TRUST_SIGNATURE,
	        "does not hold");
	fix_refused(fix_with(fix_good, "sg:serial=\"7\"", "sg:serial=\"8\""), SG_EV_TRUST_SIGNATURE,
	        "does not hold");
	fix_refused(fix_with(fix_good, "</Config>", "</Config> "), SG_EV_TRUST_SIGNATURE, "does not hold");
	fix_refused(fix_with(fix_good, "id=\"PING1\"", "id=\"PING1\" id2=\"x\""), SG_EV_TRUST_SIGNATURE,
	        "does not hold");
	char *value = fix_part(fix_good, "<SignatureValue>", "</SignatureValue>");
	char *other = sg_strdup(value);

	other[30] = other[30] == 'A' ? 'B' : 'A';
	fix_refused(fix_with(fix_good, value, other), SG_EV_TRUST_SIGNATURE, "does not hold");
	fix_refused(fix_with(fix_good, value, "<SignatureValue>AAAA</SignatureValue>"), SG_EV_TRUST_SIGNATURE,
	        "does not hold");
	fix_refused(fix_with(fix_good, value, "<SignatureValue></SignatureValue>"), SG_EV_TRUST_SIGNATURE,
	        "not one piece of text");
	free(value);
	free(other);
	fix_refused(sg_strdup(fix_plain), SG_EV_TRUST_SIGNATURE, "not signed");
}

static void meaningless_differences_are_harmless(void **state)
{
	struct sg_verified a = { 0 }, b = { 0 };
	int event;
	char *comments = fix_with(fix_good, "<ActionList>", "<!-- x --><ActionList>");
	char *lines = fix_with(comments, "<Value>DoNothing</Value>", "<Value>Do<!-- y -->Nothing</Value>");
	char *quotes = fix_with(lines, "id=\"PING1\"", "id = 'PING1'");

	(void)state;
	assert_int_equal(sg_verify_xmldsig(sg_bytes_of(fix_good), &fix_rules, &a, &event, NULL), 0);
	assert_int_equal(sg_verify_xmldsig(sg_bytes_of(quotes), &fix_rules, &b, &event, NULL), 0);
	assert_true(sg_bytes_equal(sg_buf_bytes(&a.octets), sg_buf_bytes(&b.octets)));
	sg_verified_release(&a);
	sg_verified_release(&b);
	free(comments);
	free(lines);
	free(quotes);
}

static void other_algorithms_are_refused(void **state)
{
	static const struct {
		struct sign_spec with;
		const char *says;
	} table[] = {
		{ { .method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1" }, "SignatureMethod Algorithm" },
		{ { .method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" },
		        "SignatureMethod Algorithm" },
		{ { .digest = "http://www.w3.org/2000/09/xmldsig#sha1" }, "DigestMethod Algorithm" },
		{ { .c14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments" },
		        "CanonicalizationMethod Algorithm" },
		{ { .c14n = "http://www.w3.org/2001/10/xml-exc-c14n#" }, "CanonicalizationMethod Algorithm" },
		{ { .transform = "http://www.w3.org/2001/10/xml-exc-c14n#" }, "Transform Algorithm" },
		{ { .transform = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments" },
		        "Transform Algorithm" },
		{ { .extra_transform = "<Transform "
		                       "Algorithm=\"http://www.w3.org/TR/1999/"
		                       "REC-xpath-19991116\"><XPath>not(self::Value)</XPath></Transform>" },
		        "Transform is one too many" },
		{ { .extra_reference = "<Reference URI=\"\"><DigestMethod Algorithm=\"" SIGN_SHA256
		                       "\"/><DigestValue></DigestValue></Reference>" },
		        "Reference is one too many" },
		{ { .hmac = "secret", .method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256" },
		        "SignatureMethod Algorithm" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		X509 *certs[2];
		struct sign_spec spec = fix_spec(certs), change = table[i].with;

		spec.method = change.method;
		spec.digest = change.digest;
		spec.c14n = change.c14n;
		spec.transform = change.transform;
		spec.extra_transform = change.extra_transform;
		spec.extra_reference = change.extra_reference;
		spec.hmac = change.hmac;
		fix_refused(fix_sign(fix_plain, &spec), SG_EV_TRUST_SIGNATURE, table[i].says);
	}
}

/* The shape is checked before any cryptography, so these need no valid signature. */
static void every_deviation_from_the_shape_is_refused(void **state)
{
	static const struct {
		const char *from, *to, *says;
	} table[] = {
		{ "Reference URI=\"\"", "Reference URI=\"#x\"", "Reference URI" },
		{ "Reference URI=\"\"", "Reference URI=\"file:///etc/passwd\"", "Reference URI" },
		{ "Reference URI=\"\"", "Reference", "exactly the expected attribute" },
		{ "Reference URI=\"\"", "Reference URI=\"\" Id=\"r\"", "exactly the expected attribute" },
		{ "Reference URI=\"\"",
		        "Reference URI=\"\" Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\"",
		        "exactly the expected attribute" },
		{ "<SignedInfo>", "<SignedInfo Id=\"x\">", "has an attribute" },
		{ "<SignedInfo>", "<SignedInfo/><SignedInfo>", "is missing" },
		{ "<SignedInfo>", "<SignedInfo><!-- c -->", "something besides elements" },
		{ "<SignedInfo>", "<SignedInfo>text", "something besides elements" },
		{ "rsa-sha256\"/>", "rsa-sha256\"><HMACOutputLength>8</HMACOutputLength></SignatureMethod>",
		        "has a parameter" },
		{ "<DigestValue>", "<DigestValue><!-- c -->", "not one piece of text" },
		{ "<DigestValue>", "<DigestValue x=\"1\">", "has an attribute" },
		{ "<SignatureValue>", "<SignatureValue>AAAA<!-- c -->", "not one piece of text" },
		{ "<SignatureValue>", "<SignatureValue Id=\"v\">", "has an attribute" },
		{ "</SignatureValue>", "</SignatureValue><SignatureValue>AA==</SignatureValue>",
		        "SignatureValue stands where KeyInfo" },
		{ "<KeyInfo>", "<KeyInfo><KeyName>k</KeyName>", "KeyName stands where X509Data" },
		{ "<KeyInfo>", "<KeyInfo><RetrievalMethod URI=\"file:///k\"/>",
		        "RetrievalMethod stands where" },
		{ "<X509Data>", "<X509Data><X509SubjectName>x</X509SubjectName>",
		        "X509SubjectName stands where" },
		{ "</X509Data>", "</X509Data><X509Data/>", "X509Data is one too many" },
		{ "<X509Data>",
		        "<X509Data><X509Certificate>AA==</X509Certificate><X509Certificate>AA==</"
		        "X509Certificate>",
		        "more than 3 certificates" },
		{ "</KeyInfo>", "</KeyInfo><Object/>", "Object is one too many" },
		{ "<EOCS ", "<EOCS2 xmlns=\"urn:x\"/><EOCS ", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int event =
		        i + 1 == sizeof table / sizeof *table ? SG_EV_FEED_MALFORMED : SG_EV_TRUST_SIGNATURE;

		fix_refused(fix_with(fix_good, table[i].from, table[i].to), event, table[i].says);
	}
}

/* The good document with these octets as its first certificate. */
static char *with_first_cert(const unsigned char *der, int len)
{
	char *old = fix_part(fix_good, "<X509Certificate>", "</X509Certificate>");
	unsigned char *text = sg_alloc((size_t)len * 2 + 8);

	EVP_EncodeBlock(text, der, len);
	char *cert = sg_format("<X509Certificate>%s</X509Certificate>", (char *)text);
	char *doc = fix_with(fix_good, old, cert);

	free(cert);
	free(text);
	free(old);
	return doc;
}

static void certificates_are_one_piece_of_der(void **state)
{
	unsigned char der[9000] = { 0 }, *p = der;
	int len = i2d_X509(fix_pki.leaf.x509, &p);

	(void)state;
	char *same = with_first_cert(der, len);

	fix_verifies(same, &fix_rules);
	free(same);
	fix_refused(with_first_cert(der, len + 1), SG_EV_TRUST_CHAIN, "cannot be decoded");
	fix_refused(with_first_cert(der, len - 1), SG_EV_TRUST_CHAIN, "cannot be decoded");
	fix_refused(with_first_cert(der, sizeof der), SG_EV_TRUST_CHAIN, "at most 8192 octets");
	fix_refused(with_first_cert(der, 8190), SG_EV_TRUST_CHAIN, "cannot be decoded");
	fix_refused(fix_with(fix_good, "<X509Certificate>", "<X509Certificate>!"), SG_EV_TRUST_CHAIN,
	        "not base64");
}

static void signature_wrapping_is_refused(void **state)
{
	char *signature = fix_part(fix_good, "<Signature ", "</Signature>");
	char *evil = fix_with(fix_good, "<Value>DoNothing", "<Value>Evil");
	char *evil_bare = fix_with(evil, signature, "");
	char *inner = fix_part(fix_good, "<EOCS", "</EOCS>");
	char *inner_bare = fix_with(inner, signature, "");
	struct sg_buf text = { 0 };

	(void)state;
	/* the good document as a child of the evil one, signature where it was */
	sg_buf_fmt(&text, "%s</EOCS>", inner);
	fix_refused(fix_with(evil_bare, "</EOCS>", (char *)text.data), SG_EV_TRUST_SIGNATURE,
	        "not the last child");
	/* the good document inside the signature's Object */
	sg_buf_clear(&text);
	sg_buf_fmt(&text, "</KeyInfo><Object>%s</Object>", inner_bare);
	fix_refused(fix_with(evil, "</KeyInfo>", (char *)text.data), SG_EV_TRUST_SIGNATURE,
	        "Object is one too many");
	/* the same in the profile that allows an Object */
	struct sg_feed_rules eocs = fix_rules;
	char *doc = fix_with(evil, "</KeyInfo>", (char *)text.data);

	eocs.eocs = true;
	fix_refused_by(doc, &eocs, SG_EV_TRUST_SIGNATURE, "Object");
	free(doc);
	sg_buf_clear(&text);
	sg_buf_fmt(&text, "</KeyInfo><Object Id=\"ts-countersig\">%s</Object>", inner_bare);
	doc = fix_with(evil, "</KeyInfo>", (char *)text.data);
	fix_refused_by(doc, &eocs, SG_EV_TRUST_SIGNATURE, "EOCS is one too many in Object");
	free(doc);
	/* two signatures: one good, one in a Config, or both last */
	sg_buf_clear(&text);
	sg_buf_fmt(&text, "%s</Config>", signature);
	fix_refused(fix_with(fix_good, "</Config>", (char *)text.data), SG_EV_TRUST_SIGNATURE,
	        "more than one Signature");
	sg_buf_clear(&text);
	sg_buf_fmt(&text, "%s%s", signature, signature);
	fix_refused(fix_with(fix_good, signature, (char *)text.data), SG_EV_TRUST_SIGNATURE,
	        "more than one Signature");
	fix_refused(fix_with(fix_good, "</Config>", "<Signature/></Config>"), SG_EV_TRUST_SIGNATURE,
	        "more than one Signature");
	/* something behind the signature */
	fix_refused(fix_with(fix_good, "</Signature>", "</Signature><Config id=\"X\"/>"),
	        SG_EV_TRUST_SIGNATURE, "not the last child");
	/* the signature first */
	sg_buf_clear(&text);
	sg_buf_fmt(&text, "%s<Config ", signature);
	char *bare = fix_with(fix_good, signature, "");

	fix_refused(
	        fix_with(bare, "<Config ", (char *)text.data), SG_EV_TRUST_SIGNATURE, "not the last child");
	/* a signature in another namespace */
	fix_refused(fix_with(fix_good, "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"",
	                    "<Signature xmlns=\"urn:x\""),
	        SG_EV_TRUST_SIGNATURE, "namespace");
	sg_buf_release(&text);
	free(bare);
	free(signature);
	free(evil);
	free(evil_bare);
	free(inner);
	free(inner_bare);
}

static void dangerous_documents_never_reach_the_signature(void **state)
{
	(void)state;
	fix_refused(
	        fix_with(fix_good, "<EOCS", "<!DOCTYPE EOCS><EOCS"), SG_EV_FEED_MALFORMED, "document type");
	fix_refused(fix_with(fix_good, "<EOCS",
	                    "<!DOCTYPE EOCS [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><EOCS"),
	        SG_EV_FEED_MALFORMED, "document type");
	fix_refused(fix_with(fix_good, "<Value>", "<Value><![CDATA[x]]>"), SG_EV_FEED_MALFORMED, "CDATA");
	fix_refused(fix_with(fix_good, "<Value>", "<Value><?x y?>"), SG_EV_FEED_MALFORMED, "");
	fix_refused(fix_with(fix_good, "UTF-8", "UTF-16"), SG_EV_FEED_MALFORMED, "UTF-8");
	fix_refused(fix_with(fix_good, "<Value>", "<Value>&x;"), SG_EV_FEED_MALFORMED, "");
	fix_refused(sg_strdup(""), SG_EV_FEED_MALFORMED, "");
	fix_refused(sg_strdup("<EOCS"), SG_EV_FEED_MALFORMED, "");
	fix_refused(sg_strdup("<feed/>"), SG_EV_FEED_MALFORMED, "not EOCS");
	fix_refused(sg_strdup("<EOCS xmlns=\"urn:x\"/>"), SG_EV_FEED_MALFORMED, "not EOCS");
}

/* Every octet of the signature element and its surroundings, changed in turn: what still verifies says the same. */
static void no_single_changed_octet_changes_what_is_read(void **state)
{
	struct sg_verified original = { 0 };
	int event;
	size_t accepted = 0, n = strlen(fix_good);
	char *copy = sg_strdup(fix_good);

	(void)state;
	assert_int_equal(sg_verify_xmldsig(sg_bytes_of(fix_good), &fix_rules, &original, &event, NULL), 0);
	for (size_t i = 0; i < n; i += 3) {
		struct sg_verified v = { 0 };

		copy[i] = (char)(copy[i] ^ 1);
		if (sg_verify_xmldsig(sg_bytes_of(copy), &fix_rules, &v, &event, NULL) == 0) {
			accepted++;
			assert_true(sg_bytes_equal(sg_buf_bytes(&original.octets), sg_buf_bytes(&v.octets)));
			sg_verified_release(&v);
		}
		copy[i] = fix_good[i];
	}
	assert_true(accepted > 0); /* the comment at the head may be changed: the loop does test something */
	free(copy);
	sg_verified_release(&original);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_value_is_ignored_in_eocs_and_refused_in_stopgap),
		cmocka_unit_test(a_forgery_with_the_forgers_key_value_is_refused),
		cmocka_unit_test(a_changed_document_is_refused),
		cmocka_unit_test(meaningless_differences_are_harmless),
		cmocka_unit_test(other_algorithms_are_refused),
		cmocka_unit_test(every_deviation_from_the_shape_is_refused),
		cmocka_unit_test(certificates_are_one_piece_of_der),
		cmocka_unit_test(signature_wrapping_is_refused),
		cmocka_unit_test(dangerous_documents_never_reach_the_signature),
		cmocka_unit_test(no_single_changed_octet_changes_what_is_read),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
