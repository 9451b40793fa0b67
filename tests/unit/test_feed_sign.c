/* test_feed_sign.c - what stopgap-feed signs is what servers accept, and nothing of the author's document is lost. The reader that judges goes through
 * libxmlsec1, which the signer does not use. */
#include "feed/sign.h"

#include "base/os.h"
#include "base/xml.h"
#include "feed/sign_layout.h"
#include "model/codes.h"
#include "tests/lib/signed_fixture.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SG                                                                                                   \
	" xmlns:sg=\"urn:stopgap:feed:1\" sg:feed=\"test\" sg:serial=\"3\" "                                 \
	"sg:issued=\"2026-11-01T00:00:00Z\" sg:expires=\"2026-12-01T00:00:00Z\""
#define PING                                                                                                 \
	"<Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" scope=\"Server\" "   \
	"desc=\"d\"><Value>DoNothing</Value>"                                                                \
	"</Action></ActionList></Config>"

static char folder[] = "/tmp/stopgap-sign-XXXXXX";

static char *path(const char *name)
{
	return sg_format("%s/%s", folder, name);
}

static void put(const char *name, const struct sg_buf *octets)
{
	char *p = path(name);

	sg_os_unlink(p, NULL);
	assert_int_equal(sg_os_create(p, sg_buf_bytes(octets), NULL, NULL), 0);
	free(p);
}

static void put_text(const char *name, const char *text)
{
	struct sg_buf octets = { 0 };

	sg_buf_str(&octets, text);
	put(name, &octets);
	sg_buf_release(&octets);
}

static int setup(void **state)
{
	struct sg_buf text = { 0 };

	if (fix_setup(state) || !mkdtemp(folder))
		return -1;
	pki_key_pem(&fix_pki.leaf, &text);
	put("leaf.key", &text);
	sg_buf_clear(&text);
	pki_cert_pem(&fix_pki.leaf, &text);
	put("leaf.pem", &text);
	sg_buf_clear(&text);
	pki_cert_pem(&fix_pki.middle, &text);
	put("middle.pem", &text);
	pki_cert_pem(&fix_pki.root, &text);
	put("chain.pem", &text);
	sg_buf_release(&text);
	return 0;
}

static int teardown(void **state)
{
	sg_os_remove_tree(folder, NULL);
	return fix_teardown(state);
}

static int open_with(const char *key, const char *cert, const char *chain, const char *password,
        struct sg_sign_key **ret, struct sg_err *err)
{
	struct sg_strs files = { 0 };
	char *k = strncmp(key, "pkcs11:", 7) == 0 ? sg_strdup(key) : path(key), *c = cert ? path(cert) : NULL,
	     *p = password ? path(password) : NULL, *more = chain ? path(chain) : NULL;
	struct sg_sign_source source = { .key = k, .cert = c, .chain = &files, .password_file = p };
	int r;

	if (more)
		sg_strs_add(&files, more);
	r = sg_sign_key_open(&source, ret, err);
	sg_strs_release(&files);
	free(k);
	free(c);
	free(p);
	free(more);
	return r;
}

static struct sg_sign_key *good_key(void)
{
	struct sg_sign_key *key = NULL;
	struct sg_err err = SG_ERR_INIT;

	if (open_with("leaf.key", "leaf.pem", "chain.pem", NULL, &key, &err))
		fail_msg("%s", err.msg);
	return key;
}

static char *sign(const char *doc)
{
	struct sg_sign_key *key = good_key();
	struct sg_buf out = { 0 };
	struct sg_err err = SG_ERR_INIT;

	if (sg_sign_xmldsig(sg_bytes_of(doc), "doc", key, &out, &err))
		fail_msg("%s", err.msg);
	sg_sign_key_free(key);
	return sg_buf_detach(&out);
}

static void no_key(const char *key, const char *cert, const char *password, int code, const char *says)
{
	struct sg_sign_key *k = NULL;
	struct sg_err err = SG_ERR_INIT;

	assert_int_equal(open_with(key, cert, NULL, password, &k, &err), code);
	assert_null(k);
	if (!strstr(err.msg, says))
		fail_msg("says '%s', not '%s'", err.msg, says);
}

static void verifies(const char *doc, const struct sg_feed_rules *rules)
{
	struct sg_verified v = { 0 };
	struct sg_err err = SG_ERR_INIT;
	int event = 0;

	if (sg_verify_xmldsig(sg_bytes_of(doc), rules, &v, &event, &err))
		fail_msg("%s", err.msg);
	assert_memory_equal(v.octets.data, "<EOCS", 5);
	sg_verified_release(&v);
}

/* --- documents */

static const char *const documents[] = {
	"<EOCS version=\"1\"" SG ">" PING "</EOCS>",
	"<EOCS version=\"1\"" SG "/>",
	"<EOCS version=\"1\"" SG "></EOCS>\n\n",
	"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- </EOCS> <Signature> -->\r\n<EOCS "
	"version='1'" SG ">\r\n  " PING "\r\n  <!-- <Config id=\"X\"> -->\r\n</EOCS>\r\n<!-- behind -->\r\n",
	"<EOCS version=\"a&gt;b &quot; &#233; '\"" SG
	" xmlns:q='urn:other'>\n<Config id=\"P\" desc='a > b \"/> \xc3\xa9'><ActionList>"
	"<Action type=\"DoNothing\" scope=\"Server\" "
	"desc=\"&#9;tab\"><Value>DoNothing</Value></Action></ActionList></Config>\n</EOCS\n>",
};

static void every_document_verifies_and_its_octets_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		char *done = sign(documents[i]);
		struct sg_layout l = { 0 };
		struct sg_buf plain = { 0 };

		verifies(done, &fix_rules);
		assert_int_equal(sg_layout_read(sg_bytes_of(done), "done", &l, NULL), 0);
		assert_true(sg_layout_signed(&l));
		sg_layout_unsigned(sg_bytes_of(done), &l, &plain);
		if (i != 1) /* <EOCS/> has to be opened */
			assert_string_equal(plain.data, documents[i]);
		sg_layout_release(&l);
		sg_buf_release(&plain);
		free(done);
	}
}

static void em_form_verifies_as_such(void **state)
{
	struct sg_feed_rules rules = fix_rules;
	char *done = sign("<EOCS version=\"1.0.4\">" PING "</EOCS>");

	(void)state;
	rules.eocs = true;
	verifies(done, &rules);
	free(done);
}

static void what_the_signature_covers_is_what_the_independent_signer_covers(void **state)
{
	X509 *certs[2];
	struct sign_spec spec = fix_spec(certs);
	char *ours = sign(fix_plain), *theirs = fix_sign(fix_plain, &spec);
	struct sg_verified a = { 0 }, b = { 0 };
	int event = 0;

	(void)state;
	assert_int_equal(sg_verify_xmldsig(sg_bytes_of(ours), &fix_rules, &a, &event, NULL), 0);
	assert_int_equal(sg_verify_xmldsig(sg_bytes_of(theirs), &fix_rules, &b, &event, NULL), 0);
	assert_int_equal(a.octets.len, b.octets.len);
	assert_memory_equal(a.octets.data, b.octets.data, a.octets.len);
	sg_verified_release(&a);
	sg_verified_release(&b);
	free(ours);
	free(theirs);
}

static void signing_again_replaces_the_signature(void **state)
{
	char *once = sign(fix_plain), *twice = sign(once);

	(void)state;
	assert_string_equal(once, twice); /* RSASSA-PKCS1-v1_5 is deterministic */
	free(once);
	free(twice);
}

/* --- CMS */

static void a_detached_signature_by_two_keys_counts_two(void **state)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);
	struct sg_sign_key *keys[2] = { good_key(), NULL };
	struct sg_feed_rules rules = fix_rules;
	struct sg_buf p7s = { 0 }, text = { 0 };
	struct sg_bufs signers = { 0 };
	struct sg_feed *feed = NULL;
	struct pki_cert second;
	struct sg_err err = SG_ERR_INIT;
	int event = 0;

	(void)state;
	spec.name = "Second Signer";
	spec.key_of = NULL;
	second = pki_make(&spec);
	pki_key_pem(&second, &text);
	put("second.key", &text);
	sg_buf_clear(&text);
	pki_cert_pem(&second, &text);
	put("second.pem", &text);
	sg_buf_release(&text);
	pki_cert_release(&second);
	assert_int_equal(open_with("second.key", "second.pem", "chain.pem", NULL, &keys[1], &err), 0);

	rules.need = SG_SIGNED_CMS;
	rules.signers = 2;
	assert_int_equal(sg_sign_cms(sg_bytes_of(fix_plain), keys, 2, &p7s, &err), 0);
	rules.cms = sg_buf_bytes(&p7s);
	if (sg_feed_read(sg_bytes_of(fix_plain), &rules, &feed, &event, &err))
		fail_msg("%s", err.msg);
	sg_feed_free(feed);
	sg_sign_cms_signers(rules.cms, &signers);
	assert_int_equal(signers.n, 2);
	sg_bufs_release(&signers);

	assert_int_equal(sg_sign_cms(sg_bytes_of(fix_plain), keys, 1, &p7s, &err), 0);
	rules.cms = sg_buf_bytes(&p7s);
	assert_int_equal(sg_feed_read(sg_bytes_of(fix_plain), &rules, &feed, &event, &err), SG_ETRUST);
	assert_non_null(strstr(err.msg, "1 different key signed"));
	sg_buf_release(&p7s);
	sg_sign_key_free(keys[0]);
	sg_sign_key_free(keys[1]);
}

/* --- keys */

static void a_key_without_its_certificate_is_refused(void **state)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);
	struct sg_buf text = { 0 };
	struct pki_cert other;

	(void)state;
	spec.key_of = NULL;
	other = pki_make(&spec);
	pki_cert_pem(&other, &text);
	put("other.pem", &text);
	sg_buf_release(&text);
	pki_cert_release(&other);
	put_text("text", "this is no key\n");
	no_key("leaf.key", "other.pem", NULL, SG_EINVAL, "is not that of this key");
	no_key("leaf.key", NULL, NULL, SG_EINVAL, "--cert");
	no_key("leaf.key", "text", NULL, SG_EINVAL, "no certificate in PEM");
	no_key("text", "leaf.pem", NULL, SG_EINVAL, "neither");
	no_key("leaf.pem", "leaf.pem", NULL, SG_EINVAL, "no private key in PEM");
	no_key("absent.key", "leaf.pem", NULL, SG_ENOENT, "absent.key");
}

static void a_key_that_is_not_rsa_is_refused(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct sg_buf text = { 0 };
	char *data;
	BIO *bio = BIO_new(BIO_s_mem());

	(void)state;
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	long n = BIO_get_mem_data(bio, &data);
	sg_buf_add(&text, data, (size_t)n);
	put("ec.key", &text);
	sg_buf_release(&text);
	BIO_free(bio);
	EVP_PKEY_free(key);
	no_key("ec.key", "leaf.pem", NULL, SG_EINVAL, "RSA");
}

static void an_encrypted_key_opens_with_its_password_file_only(void **state)
{
	struct sg_sign_key *key = NULL;
	struct sg_buf text = { 0 };
	char *data, secret[] = "s3cret words";
	BIO *bio = BIO_new(BIO_s_mem());

	(void)state;
	PEM_write_bio_PKCS8PrivateKey(
	        bio, fix_pki.leaf.key, EVP_aes_256_cbc(), secret, (int)strlen(secret), NULL, NULL);
	long n = BIO_get_mem_data(bio, &data);
	sg_buf_add(&text, data, (size_t)n);
	put("locked.key", &text);
	sg_buf_release(&text);
	BIO_free(bio);
	put_text("right", "s3cret words\nand a second line\n");
	put_text("wrong", "something else\n");
	put_text("empty", "\n");
	assert_int_equal(open_with("locked.key", "leaf.pem", NULL, "right", &key, NULL), 0);
	sg_sign_key_free(key);
	no_key("locked.key", "leaf.pem", "wrong", SG_ETRUST, "is the password right?");
	no_key("locked.key", "leaf.pem", "empty", SG_EINVAL, "first line");
	no_key("locked.key", "leaf.pem", "nowhere", SG_ENOENT, "nowhere");
}

static void pkcs12_brings_key_certificate_and_authorities(void **state)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	struct sg_sign_key *key = NULL;
	struct sg_buf octets = { 0 }, pem = { 0 }, root = { 0 };
	struct sg_err err = SG_ERR_INIT;
	unsigned char *der = NULL;
	PKCS12 *p12;
	int n;

	(void)state;
	sk_X509_push(others, fix_pki.root.x509);
	sk_X509_push(others, fix_pki.middle.x509);
	p12 = PKCS12_create(
	        "open sesame", "leaf", fix_pki.leaf.key, fix_pki.leaf.x509, others, 0, 0, 0, 0, 0);
	n = i2d_PKCS12(p12, &der);
	sg_buf_add(&octets, der, (size_t)n);
	put("leaf.p12", &octets);
	put_text("sesame", "open sesame\n");
	put_text("barley", "open barley\n");
	if (open_with("leaf.p12", NULL, NULL, "sesame", &key, &err))
		fail_msg("%s", err.msg);
	assert_true(sg_sign_key_anchor(key, &pem));
	pki_cert_pem(&fix_pki.root, &root);
	assert_string_equal(pem.data, root.data);
	sg_buf_clear(&octets);
	assert_int_equal(sg_sign_xmldsig(sg_bytes_of(fix_plain), "doc", key, &octets, &err), 0);
	verifies((const char *)octets.data, &fix_rules);
	no_key("leaf.p12", NULL, "barley", SG_ETRUST, "password is wrong");
	sg_sign_key_free(key);
	OPENSSL_free(der);
	PKCS12_free(p12);
	sk_X509_free(others);
	sg_buf_release(&octets);
	sg_buf_release(&pem);
	sg_buf_release(&root);
}

static void a_pin_in_an_address_is_refused(void **state)
{
	(void)state;
	no_key("pkcs11:token=t;object=o?pin-value=1234", "leaf.pem", NULL, SG_EINVAL, "--password-file");
}

#ifdef OPENSSL_NO_ENGINE /* what a token does where there are engines is system_feed_sign's */
static void a_build_without_engines_sends_a_token_to_linux(void **state)
{
	(void)state;
	no_key("pkcs11:token=t;object=o", "leaf.pem", NULL, SG_EUNSUPPORTED, "sign with a token on Linux");
}
#endif

static void without_authorities_there_is_no_anchor_to_check_against(void **state)
{
	struct sg_sign_key *key = NULL;
	struct sg_buf pem = { 0 };

	(void)state;
	assert_int_equal(open_with("leaf.key", "leaf.pem", NULL, NULL, &key, NULL), 0);
	assert_false(sg_sign_key_anchor(key, &pem));
	sg_sign_key_free(key);
}

/* --- trial keys */

static void trial_keys_sign_what_their_root_verifies(void **state)
{
	struct sg_sign_trial t = { 0 };
	struct sg_sign_key *key = NULL;
	struct sg_feed_rules rules = fix_rules;
	struct sg_anchor anchor = { .name = (char *)"trial" };
	struct sg_buf out = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_sign_make("Trial \xc3\xa9", FIX_NOW, 7, &t, &err), 0);
	put("t.key", &t.leaf_key);
	put("t.pem", &t.leaf_cert);
	assert_int_equal(open_with("t.key", "t.pem", NULL, NULL, &key, &err), 0);
	assert_int_equal(sg_sign_xmldsig(sg_bytes_of(fix_plain), "doc", key, &out, &err), 0);
	anchor.pem = t.root_cert;
	rules.anchors = &anchor;
	rules.n_anchors = 1;
	verifies((const char *)out.data, &rules);
	rules.now = FIX_NOW + 8LL * 86400000;
	fix_refused_by((const char *)out.data, &rules, SG_EV_TRUST_CHAIN, "expired");
	sg_sign_key_free(key);
	sg_sign_trial_release(&t);
	sg_buf_release(&out);
	assert_int_equal(sg_sign_make("", FIX_NOW, 7, &t, &err), SG_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_document_verifies_and_its_octets_are_kept),
		cmocka_unit_test(em_form_verifies_as_such),
		cmocka_unit_test(what_the_signature_covers_is_what_the_independent_signer_covers),
		cmocka_unit_test(signing_again_replaces_the_signature),
		cmocka_unit_test(a_detached_signature_by_two_keys_counts_two),
		cmocka_unit_test(a_key_without_its_certificate_is_refused),
		cmocka_unit_test(a_key_that_is_not_rsa_is_refused),
		cmocka_unit_test(an_encrypted_key_opens_with_its_password_file_only),
		cmocka_unit_test(pkcs12_brings_key_certificate_and_authorities),
		cmocka_unit_test(a_pin_in_an_address_is_refused),
#ifdef OPENSSL_NO_ENGINE
		cmocka_unit_test(a_build_without_engines_sends_a_token_to_linux),
#endif
		cmocka_unit_test(without_authorities_there_is_no_anchor_to_check_against),
		cmocka_unit_test(trial_keys_sign_what_their_root_verifies),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
