/* test_verify.c - P8: a document counts only when its signer's chain ends at a pinned anchor and the signer may sign. */
#include "base/os.h"
#include "model/codes.h"
#include "tests/lib/real_files.h"
#include "tests/lib/signed_fixture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define GENUINE "feed/eems-feed-PING1-2021.xml" /* Microsoft's own document */

#define EKU "1.3.6.1.4.1.99999.7"

static void a_good_document_verifies_in_both_profiles(void **state)
{
	struct sg_feed_rules eocs = fix_rules;
	struct sg_verified v = { 0 };
	int event = 0;

	(void)state;
	eocs.eocs = true;
	fix_verifies(fix_good, &fix_rules);
	fix_verifies(fix_good, &eocs);
	assert_int_equal(sg_verify_xmldsig(sg_bytes_of(fix_good), &fix_rules, &v, &event, NULL), 0);
	assert_string_equal(v.signer, "CN=Test Feed Signing,O=stopgap tests");
	assert_int_equal(v.not_after, FIX_NOW + 365LL * 86400000);
	sg_verified_release(&v);
}

static void a_leaf_that_may_not_sign_feeds_is_refused(void **state)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);

	(void)state;
	spec.extended = NULL;
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "lacks codeSigning");
	spec.extended = "serverAuth";
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "lacks codeSigning");
	spec.extended = "anyExtendedKeyUsage";
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "lacks codeSigning");
	spec = pki_leaf_spec(&fix_pki);
	spec.usage = "critical,keyEncipherment";
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "keyUsage lacks digitalSignature");
	spec = pki_leaf_spec(&fix_pki);
	spec.constraints = "critical,CA:TRUE";
	spec.usage = "critical,digitalSignature,keyCertSign";
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "");
	spec = pki_leaf_spec(&fix_pki);
	spec.unknown_critical = "1.3.6.1.4.1.99999.1";
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "unhandled critical extension");
}

static void a_leaf_out_of_its_time_is_refused(void **state)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);
	struct sg_feed_rules later = fix_rules;

	(void)state;
	spec.to = fix_pki.now - 3600;
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "certificate has expired");
	spec = pki_leaf_spec(&fix_pki);
	spec.from = fix_pki.now + 3600;
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "not yet valid");
	later.now += 366LL * 86400000;
	fix_refused_by(fix_good, &later, SG_EV_TRUST_CHAIN, "certificate has expired");
}

static void weak_keys_and_digests_are_refused(void **state)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);

	(void)state;
	spec.key_of = NULL;
	spec.bits = 1024;
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "too weak");
	spec = pki_leaf_spec(&fix_pki);
	spec.md = "SHA1";
	fix_refused(fix_sign_with_leaf(&spec), SG_EV_TRUST_CHAIN, "too weak");
}

static void another_chain_is_refused(void **state)
{
	struct pki other;
	X509 *certs[3];
	struct sign_spec spec = { .certs = certs, .n_certs = 3 };

	(void)state;
	pki_chain(&other, FIX_NOW); /* the same names, other keys */
	spec.key = other.leaf.key;
	certs[0] = other.leaf.x509;
	certs[1] = other.middle.x509;
	certs[2] = other.root.x509;
	fix_refused(fix_sign(fix_plain, &spec), SG_EV_TRUST_CHAIN, "not accepted");
	/* their leaf under our intermediate's name */
	certs[1] = fix_pki.middle.x509;
	certs[2] = fix_pki.root.x509;
	fix_refused(fix_sign(fix_plain, &spec), SG_EV_TRUST_CHAIN, "not accepted");
	/* self-signed */
	struct pki_spec self = pki_leaf_spec(&fix_pki);

	self.issuer = NULL;
	fix_refused(fix_sign_with_leaf(&self), SG_EV_TRUST_CHAIN, "not accepted");
	/* issued by a leaf */
	struct pki_spec below = pki_leaf_spec(&fix_pki);

	below.issuer = &fix_pki.leaf;
	struct pki_cert bastard = pki_make(&below);

	spec.key = bastard.key;
	certs[0] = bastard.x509;
	certs[1] = fix_pki.leaf.x509;
	certs[2] = fix_pki.middle.x509;
	fix_refused(fix_sign(fix_plain, &spec), SG_EV_TRUST_CHAIN, "not accepted");
	pki_cert_release(&bastard);
	/* the intermediate is not there */
	certs[0] = fix_pki.leaf.x509;
	spec = (struct sign_spec){ .key = fix_pki.leaf.key, .certs = certs, .n_certs = 1 };
	fix_refused(fix_sign(fix_plain, &spec), SG_EV_TRUST_CHAIN, "unable to get local issuer");
	pki_release(&other);
}

static void anchors_are_what_ends_a_chain(void **state)
{
	struct sg_anchor middle = { .name = "middle" }, leaf = { .name = "leaf" },
	                 nothing = { .name = "nothing" };
	struct sg_feed_rules by = fix_rules;

	(void)state;
	pki_cert_pem(&fix_pki.middle, &middle.pem);
	pki_cert_pem(&fix_pki.leaf, &leaf.pem);
	sg_buf_str(&nothing.pem, "no certificate");
	by.n_anchors = 1;
	by.anchors = &middle; /* a pinned intermediate */
	fix_verifies(fix_good, &by);
	by.anchors = &leaf;
	fix_refused_by(fix_good, &by, SG_EV_TRUST_CHAIN, "the anchor 'leaf' is not a certificate authority");
	by.anchors = &nothing;
	fix_refused_by(fix_good, &by, SG_EV_TRUST_CHAIN, "the anchor 'nothing' is no certificate");
	by.n_anchors = 0;
	fix_refused_by(fix_good, &by, SG_EV_TRUST_CHAIN, "1 to 64 anchors");
	sg_buf_release(&middle.pem);
	sg_buf_release(&leaf.pem);
	sg_buf_release(&nothing.pem);
}

static void an_anchor_may_ask_for_a_usage_of_its_own(void **state)
{
	char oid[] = EKU;
	struct sg_anchor strict = fix_anchors[0];
	struct sg_feed_rules by = fix_rules;
	struct pki_spec spec = pki_leaf_spec(&fix_pki);

	(void)state;
	strict.eku = oid;
	by.anchors = &strict;
	by.n_anchors = 1;
	fix_refused_by(fix_good, &by, SG_EV_TRUST_CHAIN, "lacks the extendedKeyUsage " EKU);
	spec.extended = "codeSigning," EKU;
	char *doc = fix_sign_with_leaf(&spec);

	fix_verifies(doc, &by);
	free(doc);
	spec.extended = EKU;
	doc = fix_sign_with_leaf(&spec);
	fix_refused_by(doc, &by, SG_EV_TRUST_CHAIN, "lacks codeSigning");
	free(doc);
}

static void an_issuer_for_other_usages_cannot_make_a_signer(void **state)
{
	static const struct {
		const char *extended;
		bool good;
	} issuers[] = { { "serverAuth,clientAuth", false }, { "serverAuth,codeSigning", true },
		{ "anyExtendedKeyUsage", true } };

	(void)state;
	for (size_t i = 0; i < sizeof issuers / sizeof *issuers; i++) {
		struct pki_spec middle = { .name = "TLS Only CA",
			.issuer = &fix_pki.root,
			.key_of = &fix_pki.middle,
			.from = fix_pki.now - 86400,
			.to = fix_pki.now + 86400,
			.constraints = "critical,CA:TRUE,pathlen:0",
			.usage = "critical,keyCertSign,cRLSign",
			.extended = issuers[i].extended };
		struct pki_cert issuer = pki_make(&middle);
		struct pki_spec spec = pki_leaf_spec(&fix_pki);

		spec.issuer = &issuer;
		struct pki_cert leaf = pki_make(&spec);
		X509 *certs[2] = { leaf.x509, issuer.x509 };
		struct sign_spec sign = { .key = leaf.key, .certs = certs, .n_certs = 2 };
		char *doc = fix_sign(fix_plain, &sign);

		if (issuers[i].good)
			fix_verifies(doc, &fix_rules);
		else
			fix_refused_by(doc, &fix_rules, SG_EV_TRUST_CHAIN,
			        "may not issue for codeSigning (CN=TLS Only CA");
		free(doc);
		pki_cert_release(&leaf);
		pki_cert_release(&issuer);
	}
}

/* --- the genuine document */

/* The n-th certificate of the document, from 1: leaf, intermediate, root. */
static void pin_from(const struct sg_buf *doc, int n, struct sg_anchor *ret)
{
	const char *at = (const char *)doc->data;

	for (int i = 0; i < n; i++)
		at = strstr(at, "<X509Certificate>") + strlen("<X509Certificate>");
	sg_buf_clear(&ret->pem);
	sg_buf_str(&ret->pem, "-----BEGIN CERTIFICATE-----\n");
	for (size_t left = strcspn(at, "<"), len; left > 0; at += len, left -= len) {
		len = left < 64 ? left : 64;
		sg_buf_fmt(&ret->pem, "%.*s\n", (int)len, at);
	}
	sg_buf_str(&ret->pem, "-----END CERTIFICATE-----\n");
}

static void microsofts_document_is_refused_only_because_its_leaf_expired(void **state)
{
	const int64_t captured = 1638835200000, in_2023 = 1672531200000;
	struct sg_buf doc = { 0 };
	struct sg_anchor anchor = { .name = "Microsoft" };
	char eku[] = "1.3.6.1.4.1.311.76.57.1.11";
	struct sg_feed_rules by = {
		.name = "em", .eocs = true, .anchors = &anchor, .n_anchors = 1, .now = captured
	};
	struct sg_feed *feed = NULL;
	int event = 0;

	(void)state;
	if (!t_real_read(GENUINE, &doc))
		skip();
	anchor.eku = eku;
	pin_from(&doc, 2, &anchor); /* the intermediate, though its root comes along */
	fix_verifies((char *)doc.data, &by);
	pin_from(&doc, 3, &anchor);
	fix_verifies((char *)doc.data, &by);
	assert_int_equal(sg_feed_read(sg_buf_bytes(&doc), &by, &feed, &event, NULL), 0);
	assert_int_equal(feed->n, 1);
	assert_int_equal(feed->n_refused, 0);
	assert_string_equal(feed->at[0]->id, "PING1");
	assert_string_equal(feed->at[0]->actions[0].type, "DoNothing");
	assert_null(feed->at[0]->applicability.unknown);
	sg_feed_free(feed);

	by.now = in_2023; /* the leaf's time is over, its issuer's is not */
	fix_refused_by((char *)doc.data, &by, SG_EV_TRUST_CHAIN,
	        "certificate has expired (CN=Microsoft Exchange XML Signing");
	by.now = captured;
	by.eocs = false;
	fix_refused_by((char *)doc.data, &by, SG_EV_TRUST_SIGNATURE, "KeyValue");
	by.eocs = true;
	by.anchors = fix_anchors;
	fix_refused_by((char *)doc.data, &by, SG_EV_TRUST_CHAIN, "not accepted");
	sg_buf_release(&anchor.pem);
	sg_buf_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_document_verifies_in_both_profiles),
		cmocka_unit_test(a_leaf_that_may_not_sign_feeds_is_refused),
		cmocka_unit_test(a_leaf_out_of_its_time_is_refused),
		cmocka_unit_test(weak_keys_and_digests_are_refused),
		cmocka_unit_test(another_chain_is_refused),
		cmocka_unit_test(anchors_are_what_ends_a_chain),
		cmocka_unit_test(an_anchor_may_ask_for_a_usage_of_its_own),
		cmocka_unit_test(an_issuer_for_other_usages_cannot_make_a_signer),
		cmocka_unit_test(microsofts_document_is_refused_only_because_its_leaf_expired),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
