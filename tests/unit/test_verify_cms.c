/* Detached signatures, several signers, and lists of what was revoked. */
#include "tests/lib/signed_fixture.h"

#include "model/codes.h"
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sg_feed_rules by; /* what accepts a detached signature alone */

static int set_up(void **state)
{
	if (fix_setup(state))
		return -1;
	by = fix_rules;
	by.need = SG_SIGNED_CMS;
	return 0;
}

/* fix_plain's detached signature by the chain's leaf, but for what the spec says. */
static void sign(struct sign_cms_spec spec, struct sg_buf *ret)
{
	struct sign_cms_signer leaf = { fix_pki.leaf.x509, fix_pki.leaf.key };
	X509 *certs[] = { fix_pki.middle.x509 };

	if (!spec.n_signers) {
		spec.signers = &leaf;
		spec.n_signers = 1;
	}
	if (!spec.n_certs) {
		spec.certs = certs;
		spec.n_certs = 1;
	}
	sign_cms(sg_bytes_of(fix_plain), &spec, ret);
}

static void refused(const char *doc, const struct sg_feed_rules *rules, int event, const char *says)
{
	struct sg_feed *feed = NULL;
	struct sg_err err = SG_ERR_INIT;
	int got = 0;

	assert_int_not_equal(sg_feed_read(sg_bytes_of(doc), rules, &feed, &got, &err), 0);
	if (!strstr(err.msg, says))
		fail_msg("says '%s', not '%s'", err.msg, says);
	assert_int_equal(got, event);
}

static void a_detached_signature_over_the_raw_octets_is_enough_where_it_is_asked_for(void **state)
{
	struct sg_buf p7s = { 0 };
	struct sg_feed_rules rules = by;
	struct sg_feed *feed = NULL, *same = NULL;
	int event = 0;

	(void)state;
	sign((struct sign_cms_spec){ 0 }, &p7s);
	rules.cms = sg_buf_bytes(&p7s);
	assert_int_equal(sg_feed_read(sg_bytes_of(fix_plain), &rules, &feed, &event, NULL), 0);
	assert_string_equal(feed->at[0]->id, "PING1");
	assert_non_null(strstr(feed->signer, "CN="));
	/* a mitigation is the same one however its document was signed */
	assert_int_equal(sg_feed_read(sg_bytes_of(fix_good), &fix_rules, &same, &event, NULL), 0);
	assert_true(sg_hash_equal(&feed->at[0]->hash, &same->at[0]->hash));
	sg_feed_free(feed);
	sg_feed_free(same);
	refused(fix_plain, &fix_rules, SG_EV_TRUST_SIGNATURE, "not signed"); /* XMLDSig asked for */
	sg_buf_release(&p7s);
}

static void both_means_both(void **state)
{
	struct sg_feed_rules rules = by;
	struct sign_cms_signer leaf = { fix_pki.leaf.x509, fix_pki.leaf.key };
	X509 *certs[] = { fix_pki.middle.x509 };
	struct sign_cms_spec spec = { .signers = &leaf, .n_signers = 1, .certs = certs, .n_certs = 1 };
	struct sg_buf of_signed = { 0 }, of_plain = { 0 };
	struct sg_feed *feed = NULL;
	int event = 0;

	(void)state;
	rules.need = SG_SIGNED_BOTH;
	sign_cms(sg_bytes_of(fix_good), &spec, &of_signed);
	sign_cms(sg_bytes_of(fix_plain), &spec, &of_plain);
	rules.cms = sg_buf_bytes(&of_signed);
	assert_int_equal(sg_feed_read(sg_bytes_of(fix_good), &rules, &feed, &event, NULL), 0);
	sg_feed_free(feed);
	rules.cms = sg_buf_bytes(&of_plain);
	refused(fix_good, &rules, SG_EV_TRUST_SIGNATURE, "does not hold");
	refused(fix_plain, &rules, SG_EV_TRUST_SIGNATURE, "not signed");
	rules.cms = (struct sg_bytes){ 0 };
	refused(fix_good, &rules, SG_EV_TRUST_SIGNATURE, "there is none");
	/* a document that carries a signature of its own is read without it where CMS alone is asked for */
	rules.need = SG_SIGNED_CMS;
	rules.cms = sg_buf_bytes(&of_signed);
	assert_int_equal(sg_feed_read(sg_bytes_of(fix_good), &rules, &feed, &event, NULL), 0);
	sg_feed_free(feed);
	sg_buf_release(&of_signed);
	sg_buf_release(&of_plain);
}

static void a_document_or_signature_that_was_changed_is_refused(void **state)
{
	static const char *const changes[][2] = { { "Heartbeat", "Heartbeaf" },
		{ "<!-- head -->", "<!-- haed -->" }, { "\n</EOCS>", "</EOCS>" },
		{ "serial=\"7\"", "serial=\"8\"" } };
	struct sg_buf p7s = { 0 };
	struct sg_feed_rules rules = by;

	(void)state;
	sign((struct sign_cms_spec){ 0 }, &p7s);
	rules.cms = sg_buf_bytes(&p7s);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		char *doc = fix_with(fix_plain, changes[i][0], changes[i][1]);

		refused(doc, &rules, SG_EV_TRUST_SIGNATURE, "does not hold");
		free(doc);
	}
	sg_buf_release(&p7s);
}

static void a_message_of_another_shape_is_refused(void **state)
{
	const struct {
		struct sign_cms_spec spec;
		const char *says;
	} cases[] = {
		{ { .attached = true }, "content of its own" },
		{ { .no_attributes = true }, "no attributes" },
		{ { .trailing = true }, "no CMS message" },
		{ { .md = "SHA1" }, "SHA-256" },
		{ { .md = "MD5" }, "SHA-256" },
	};
	struct sg_feed_rules rules = by;
	struct sg_buf big = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf p7s = { 0 };

		sign(cases[i].spec, &p7s);
		rules.cms = sg_buf_bytes(&p7s);
		refused(fix_plain, &rules, SG_EV_TRUST_SIGNATURE, cases[i].says);
		sg_buf_release(&p7s);
	}
	rules.cms = sg_bytes_of("-----BEGIN CMS-----");
	refused(fix_plain, &rules, SG_EV_TRUST_SIGNATURE, "no CMS message");
	for (size_t i = 0; i < 70000; i++)
		sg_buf_char(&big, '0');
	rules.cms = sg_buf_bytes(&big);
	refused(fix_plain, &rules, SG_EV_TRUST_SIGNATURE, "64 KiB");
	sg_buf_release(&big);
}

static void signers_are_held_to_the_same_rules_as_in_xmldsig(void **state)
{
	struct pki_spec specs[6];
	static const char *const says[] = { "codeSigning", "belongs to an authority", "expired",
		"not accepted", "not accepted", "digitalSignature" };
	struct sg_feed_rules rules = by;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		specs[i] = pki_leaf_spec(&fix_pki);
	specs[0].extended = "serverAuth";
	specs[1].constraints = "critical,CA:TRUE";
	specs[1].usage = "critical,keyCertSign,digitalSignature";
	specs[2].to = FIX_NOW / 1000 - 3600;
	specs[3].issuer = NULL;
	specs[4].unknown_critical = "1.2.3.4.5";
	specs[5].usage = "critical,keyEncipherment";
	for (size_t i = 0; i < 6; i++) {
		struct pki_cert leaf = pki_make(&specs[i]);
		struct sign_cms_signer signer = { leaf.x509, leaf.key };
		struct sg_buf p7s = { 0 };

		sign((struct sign_cms_spec){ .signers = &signer, .n_signers = 1 }, &p7s);
		rules.cms = sg_buf_bytes(&p7s);
		refused(fix_plain, &rules, SG_EV_TRUST_CHAIN, says[i]);
		sg_buf_release(&p7s);
		pki_cert_release(&leaf);
	}
}

static void enough_different_keys_must_have_signed(void **state)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki), again = pki_leaf_spec(&fix_pki);
	struct pki_cert second, twin;
	struct sg_feed_rules rules = by;
	struct sg_feed *feed = NULL;
	struct sg_buf one = { 0 }, two = { 0 }, same = { 0 }, bad = { 0 };
	struct pki_spec tls_spec = pki_leaf_spec(&fix_pki);
	struct pki_cert tls;
	int event = 0;

	(void)state;
	spec.name = "Second signer";
	spec.key_of = NULL;
	second = pki_make(&spec);
	again.name = "Twin";
	again.key_of = &fix_pki.leaf; /* another certificate of the same key is no second signer */
	twin = pki_make(&again);
	tls_spec.extended = "serverAuth";
	tls_spec.key_of = NULL;
	tls = pki_make(&tls_spec);
	{
		const struct sign_cms_signer pair[] = { { fix_pki.leaf.x509, fix_pki.leaf.key },
			{ second.x509, second.key } };
		const struct sign_cms_signer twins[] = { { fix_pki.leaf.x509, fix_pki.leaf.key },
			{ twin.x509, twin.key } };
		const struct sign_cms_signer mixed[] = { { fix_pki.leaf.x509, fix_pki.leaf.key },
			{ tls.x509, tls.key } };

		sign((struct sign_cms_spec){ 0 }, &one);
		sign((struct sign_cms_spec){ .signers = pair, .n_signers = 2 }, &two);
		sign((struct sign_cms_spec){ .signers = twins, .n_signers = 2 }, &same);
		sign((struct sign_cms_spec){ .signers = mixed, .n_signers = 2 }, &bad);
	}
	rules.signers = 2;
	rules.cms = sg_buf_bytes(&one);
	refused(fix_plain, &rules, SG_EV_TRUST_CHAIN, "2 are wanted");
	rules.cms = sg_buf_bytes(&same);
	refused(fix_plain, &rules, SG_EV_TRUST_CHAIN, "2 are wanted");
	rules.cms = sg_buf_bytes(&two);
	assert_int_equal(sg_feed_read(sg_bytes_of(fix_plain), &rules, &feed, &event, NULL), 0);
	sg_feed_free(feed);
	rules.signers = 0; /* one that may not sign spoils the whole, however many others may */
	rules.cms = sg_buf_bytes(&bad);
	refused(fix_plain, &rules, SG_EV_TRUST_CHAIN, "codeSigning");
	sg_buf_release(&one);
	sg_buf_release(&two);
	sg_buf_release(&same);
	sg_buf_release(&bad);
	pki_cert_release(&second);
	pki_cert_release(&twin);
	pki_cert_release(&tls);
}

/* --- revocation */

static void crl(const struct pki_cert *issuer, X509 *revoked, int64_t from, int64_t to, struct sg_buf *ret)
{
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)from);
	unsigned char *der = NULL;
	int len;

	X509_CRL_set_version(list, 1);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer->x509));
	X509_CRL_set1_lastUpdate(list, t);
	if (revoked) {
		X509_REVOKED *entry = X509_REVOKED_new();

		X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
		X509_REVOKED_set_revocationDate(entry, t);
		X509_CRL_add0_revoked(list, entry);
	}
	ASN1_TIME_free(t);
	t = ASN1_TIME_set(NULL, (time_t)to);
	X509_CRL_set1_nextUpdate(list, t);
	ASN1_TIME_free(t);
	assert_true(X509_CRL_sign(list, issuer->key, EVP_sha256()) > 0);
	len = i2d_X509_CRL(list, &der);
	assert_true(len > 0);
	sg_buf_set(ret, der, (size_t)len);
	OPENSSL_free(der);
	X509_CRL_free(list);
}

static void what_a_list_names_may_not_sign_any_more(void **state)
{
	const int64_t now = FIX_NOW / 1000, day = 86400;
	struct sg_feed_rules rules = fix_rules;
	struct sg_buf lists[2] = { { 0 }, { 0 } };

	(void)state;
	rules.crls = lists;
	rules.n_crls = 2;
	crl(&fix_pki.root, NULL, now - day, now + day, &lists[0]);
	crl(&fix_pki.middle, NULL, now - day, now + day, &lists[1]);
	fix_verifies(fix_good, &rules);
	crl(&fix_pki.middle, fix_pki.leaf.x509, now - day, now + day, &lists[1]);
	fix_refused_by(fix_good, &rules, SG_EV_TRUST_CHAIN, "revoked");
	crl(&fix_pki.middle, NULL, now - day, now + day, &lists[1]);
	crl(&fix_pki.root, fix_pki.middle.x509, now - day, now + day, &lists[0]);
	fix_refused_by(fix_good, &rules, SG_EV_TRUST_CHAIN, "revoked");
	crl(&fix_pki.root, NULL, now - day, now - 1, &lists[0]);
	fix_refused_by(fix_good, &rules, SG_EV_TRUST_CHAIN, "out of date");
	crl(&fix_pki.root, NULL, now + day, now + 2 * day, &lists[0]);
	fix_refused_by(fix_good, &rules, SG_EV_TRUST_CHAIN, "future");
	rules.n_crls = 1; /* a list for one authority only */
	crl(&fix_pki.root, NULL, now - day, now + day, &lists[0]);
	fix_refused_by(fix_good, &rules, SG_EV_TRUST_CHAIN, "unable to get certificate CRL");
	sg_buf_set(&lists[0], "no list", 7);
	fix_refused_by(fix_good, &rules, SG_EV_TRUST_CHAIN, "is none in PEM or DER");
	sg_buf_release(&lists[0]);
	sg_buf_release(&lists[1]);
}

static void bits_of_a_signature_that_are_turned_never_change_what_is_read(void **state)
{
	struct sg_feed_rules rules = by;
	struct sg_buf p7s = { 0 };
	size_t accepted = 0, refusals = 0;

	(void)state;
	sign((struct sign_cms_spec){ 0 }, &p7s);
	for (size_t i = 0; i < p7s.len; i++) {
		struct sg_feed *feed = NULL;
		int event = 0;

		p7s.data[i] ^= (unsigned char)(1u << (i % 8));
		rules.cms = sg_buf_bytes(&p7s);
		if (sg_feed_read(sg_bytes_of(fix_plain), &rules, &feed, &event, NULL) == 0) {
			accepted++;
			assert_string_equal(feed->at[0]->id, "PING1");
			sg_feed_free(feed);
		} else {
			refusals++;
		}
		p7s.data[i] ^= (unsigned char)(1u << (i % 8));
	}
	assert_true(refusals > accepted * 20);
	sg_buf_release(&p7s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_detached_signature_over_the_raw_octets_is_enough_where_it_is_asked_for),
		cmocka_unit_test(both_means_both),
		cmocka_unit_test(a_document_or_signature_that_was_changed_is_refused),
		cmocka_unit_test(a_message_of_another_shape_is_refused),
		cmocka_unit_test(signers_are_held_to_the_same_rules_as_in_xmldsig),
		cmocka_unit_test(enough_different_keys_must_have_signed),
		cmocka_unit_test(what_a_list_names_may_not_sign_any_more),
		cmocka_unit_test(bits_of_a_signature_that_are_turned_never_change_what_is_read),
	};

	return cmocka_run_group_tests(tests, set_up, fix_teardown);
}
