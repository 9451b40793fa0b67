/* Documents whose signer's certificate is over: only a pinned authority's countersignature lets them in, and only at its time. */
#include "feed/verify.h"
#include "tests/lib/real_files.h"
#include "tests/lib/signed_fixture.h"
#include "tests/lib/stamp.h"

#include "base/os.h"
#include "model/codes.h"
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define YEAR_MS (365 * 24 * 3600 * INT64_C(1000))
#define SIGNED  "20261118120000Z" /* within the leaf's year */

static struct pki_cert authority, service;
static struct sg_anchor stamps[1];
static struct sg_feed_rules later; /* two years on: the leaf is over, its issuers are not */

static struct pki_spec service_spec(void)
{
	return (struct pki_spec){ .name = "Time Service",
		.issuer = &authority,
		.from = FIX_NOW / 1000 - 86400,
		.to = FIX_NOW / 1000 + 86400,
		.constraints = "critical,CA:FALSE",
		.usage = "critical,digitalSignature",
		.extended = "critical,timeStamping" };
}

static int set_up(void **state)
{
	struct pki_spec root = { .name = "Time Root",
		.from = FIX_NOW / 1000 - 86400,
		.to = FIX_NOW / 1000 + 20 * 365 * 86400,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };
	struct pki_spec spec;

	if (fix_setup(state))
		return -1;
	authority = pki_make(&root);
	spec = service_spec();
	service = pki_make(&spec);
	stamps[0] = (struct sg_anchor){ .name = "time" };
	pki_cert_pem(&authority, &stamps[0].pem);
	later = fix_rules;
	later.eocs = true;
	later.now = FIX_NOW + 2 * YEAR_MS;
	later.stamps = stamps;
	later.n_stamps = 1;
	return 0;
}

static int tear_down(void **state)
{
	sg_buf_release(&stamps[0].pem);
	pki_cert_release(&service);
	pki_cert_release(&authority);
	return fix_teardown(state);
}

/* A signed EM document; `spec` NULL: without an Object. */
static char *stamped(const char *plain, const struct stamp_spec *spec)
{
	X509 *certs[2];
	struct sign_spec sign = fix_spec(certs);
	char *doc = fix_sign(plain, &sign), *value = fix_part(doc, "<SignatureValue", "</SignatureValue>");
	const char *text = strchr(value, '>') + 1;
	size_t len = strcspn(text, "<");
	unsigned char *raw = sg_alloc(len + 8);
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	struct sg_buf token = { 0 }, object = { 0 };
	int n = 0, rest = 0;
	char *with;

	if (!spec) {
		free(value);
		free(raw);
		EVP_ENCODE_CTX_free(ctx);
		return doc;
	}
	EVP_DecodeInit(ctx);
	assert_true(EVP_DecodeUpdate(ctx, raw, &n, (const unsigned char *)text, (int)len) >= 0);
	assert_true(EVP_DecodeFinal(ctx, raw + n, &rest) >= 0);
	stamp_token((struct sg_bytes){ raw, (size_t)(n + rest) }, spec, &token);
	stamp_object(sg_buf_bytes(&token), NULL, 0, &object);
	sg_buf_str(&object, "</Signature>");
	with = fix_with(doc, "</Signature>", (const char *)object.data);
	EVP_ENCODE_CTX_free(ctx);
	sg_buf_release(&token);
	sg_buf_release(&object);
	free(raw);
	free(value);
	free(doc);
	return with;
}

static const char em_plain[] =
        "<EOCS version=\"1.0.4\"><Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action "
        "type=\"DoNothing\" "
        "scope=\"Server\" desc=\"\"><Value>DoNothing</Value></Action></ActionList></Config></EOCS>";

static struct stamp_spec good(void)
{
	return (struct stamp_spec){ .signer = &service, .authority = &authority, .time = SIGNED };
}

static void an_expired_leaf_is_accepted_at_the_time_that_a_pinned_authority_names(void **state)
{
	struct stamp_spec spec = good();
	char *doc = stamped(em_plain, &spec);
	struct sg_feed *feed = NULL;
	struct sg_feed_rules without = later;
	int event = 0;

	(void)state;
	assert_int_equal(sg_feed_read(sg_bytes_of(doc), &later, &feed, &event, NULL), 0);
	assert_int_equal(feed->issued, INT64_C(1795003200000));
	sg_feed_free(feed);
	without.n_stamps = 0; /* nobody is pinned: the token says nothing */
	fix_refused_by(doc, &without, SG_EV_TRUST_CHAIN, "expired");
	free(doc);
}

static void an_authority_may_be_pinned_by_its_fingerprint(void **state)
{
	struct stamp_spec spec = good();
	char *doc = stamped(em_plain, &spec);
	struct sg_anchor pinned = { .name = "time" };
	struct sg_feed_rules by = later;
	unsigned len = 0;

	(void)state;
	assert_int_equal(X509_digest(authority.x509, EVP_sha256(), pinned.sha256.b, &len), 1);
	by.stamps = &pinned;
	fix_verifies(doc, &by);
	pinned.sha256.b[31] ^= 1;
	fix_refused_by(doc, &by, SG_EV_TRUST_CHAIN, "pinned authority");
	free(doc);
}

static void a_document_without_its_timestamp_is_refused(void **state)
{
	char *doc = stamped(em_plain, NULL);
	struct sg_feed_rules today = later;

	(void)state;
	fix_refused_by(doc, &later, SG_EV_TRUST_CHAIN, "there is none");
	/* even while the leaf is good: whoever strips it would take the order of documents away */
	today.now = FIX_NOW + 86400000;
	fix_refused_by(doc, &today, SG_EV_TRUST_CHAIN, "there is none");
	free(doc);
}

static void a_timestamp_that_is_wrong_in_one_point_is_refused(void **state)
{
	struct pki_spec spec = service_spec();
	struct pki_cert tls, both, ca, expired, strangers_root, stranger;
	struct pki_spec root = { .name = "Time Root",
		.from = FIX_NOW / 1000 - 86400,
		.to = FIX_NOW / 1000 + 86400 * 9999,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };

	(void)state;
	spec.extended = "critical,serverAuth";
	tls = pki_make(&spec);
	spec.extended = "critical,timeStamping,codeSigning";
	both = pki_make(&spec);
	spec = service_spec();
	spec.constraints = "critical,CA:TRUE";
	spec.usage = "critical,keyCertSign,digitalSignature";
	ca = pki_make(&spec);
	spec = service_spec();
	spec.to = FIX_NOW / 1000 - 3600; /* before the token's time */
	expired = pki_make(&spec);
	strangers_root = pki_make(&root);
	spec = service_spec();
	spec.issuer = &strangers_root;
	stranger = pki_make(&spec);
	{
		const struct {
			const char *says;
			struct stamp_spec spec;
		} cases[] = {
			{ "another signature", { .other_imprint = true } },
			{ "SHA-256", { .imprint_md = "SHA1" } },
			{ "SHA-256", { .signer_md = "SHA1" } },
			{ "no signed TSTInfo", { .plain_content = true } },
			{ "no CMS message", { .trailing = true } },
			{ "cannot be read", { .cut = "info" } },
			{ "future", { .time = "20290101000000Z" } },
			{ "not accepted", { .time = "20200101000000Z" } },
			{ "time cannot be read", { .time = "20261118120000" } },
			{ "time cannot be read", { .time = "20261318120000Z" } },
			{ "time cannot be read", { .time = "202611181200+0100" } },
			{ "not for time-stamping alone", { .signer = &tls } },
			{ "not for time-stamping alone", { .signer = &both } },
			{ "is an authority", { .signer = &ca } },
			{ "expired", { .signer = &expired } },
			{ "not accepted", { .signer = &stranger, .authority = &strangers_root } },
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct stamp_spec one = cases[i].spec;
			char *doc;

			if (!one.signer)
				one.signer = &service;
			if (!one.authority)
				one.authority = &authority;
			if (!one.time)
				one.time = SIGNED;
			doc = stamped(em_plain, &one);
			fix_refused_by(doc, &later, SG_EV_TRUST_CHAIN, cases[i].says);
			free(doc);
		}
	}
	pki_cert_release(&tls);
	pki_cert_release(&both);
	pki_cert_release(&ca);
	pki_cert_release(&expired);
	pki_cert_release(&stranger);
	pki_cert_release(&strangers_root);
}

static void the_token_of_another_document_does_not_help(void **state)
{
	struct stamp_spec spec = good();
	char *doc = stamped(em_plain, &spec), *other, *object, *moved;
	char *changed = fix_with(em_plain, "Heartbeat", "Another");

	(void)state;
	object = fix_part(doc, "<Object", "</Object>");
	other = stamped(changed, NULL);
	moved = sg_format("%s</Signature>", object);
	free(object);
	object = fix_with(other, "</Signature>", moved);
	fix_refused_by(object, &later, SG_EV_TRUST_CHAIN, "another signature");
	free(object);
	free(moved);
	free(other);
	free(changed);
	free(doc);
}

static struct sg_feed *read_at(const char *plain, const char *time)
{
	struct stamp_spec spec = good();
	struct sg_feed *feed = NULL;
	int event = 0;
	char *doc;

	spec.time = time;
	doc = stamped(plain, &spec);
	assert_int_equal(sg_feed_read(sg_bytes_of(doc), &later, &feed, &event, NULL), 0);
	free(doc);
	return feed;
}

static void em_documents_are_ordered_by_their_timestamps(void **state)
{
	char *changed = fix_with(em_plain, "Heartbeat", "Another");
	struct sg_feed *first = read_at(em_plain, SIGNED), *next = read_at(changed, "20261118120001Z"),
	               *same = read_at(changed, SIGNED);
	struct sg_feed_before before = { .issued = first->issued, .document = first->document };
	int event = 0;

	(void)state;
	assert_int_equal(sg_feed_follows(next, &before, 0, &event, NULL), 0);
	assert_int_equal(sg_feed_follows(first, &before, 0, &event, NULL), 0); /* unchanged */
	assert_int_equal(sg_feed_follows(same, &before, 0, &event, NULL), SG_ETRUST);
	assert_int_equal(event, SG_EV_TRUST_EQUIVOCATION);
	before = (struct sg_feed_before){ .issued = next->issued, .document = next->document };
	assert_int_equal(sg_feed_follows(first, &before, 0, &event, NULL), SG_ETRUST);
	assert_int_equal(event, SG_EV_TRUST_SERIAL);
	sg_feed_free(first);
	sg_feed_free(next);
	sg_feed_free(same);
	free(changed);
}

/* --- the genuine document: its root, its authority by fingerprint, today's clock */

static void microsofts_document_verifies_by_its_countersignature(void **state)
{
	char eku[] = "1.3.6.1.4.1.311.76.57.1.11";
	struct sg_anchor root = { .name = "Microsoft", .eku = eku }, time = { .name = "Time-Stamp PCA 2010" };
	struct sg_feed_rules by = { .name = "em",
		.eocs = true,
		.anchors = &root,
		.n_anchors = 1,
		.stamps = &time,
		.n_stamps = 1,
		.now = FIX_NOW };
	struct sg_buf doc = { 0 };
	struct sg_feed *feed = NULL;
	const char *at;
	int event = 0;

	(void)state;
	if (!t_real_read("feed/eems-feed-PING1-2021.xml", &doc))
		skip();
	at = (const char *)doc.data;
	for (int i = 0; i < 3; i++) /* leaf, intermediate, root */
		at = strstr(at, "<X509Certificate>") + strlen("<X509Certificate>");
	sg_buf_str(&root.pem, "-----BEGIN CERTIFICATE-----\n");
	for (size_t left = strcspn(at, "<"), len; left > 0; at += len, left -= len) {
		len = left < 64 ? left : 64;
		sg_buf_fmt(&root.pem, "%.*s\n", (int)len, at);
	}
	sg_buf_str(&root.pem, "-----END CERTIFICATE-----\n");
	assert_true(sg_hash_from_hex(
	        "86ec118d1ee69670a46e2be29c4b4208be043e36600d4e1dd3f3d515ca119020", &time.sha256));
	assert_int_equal(sg_feed_read(sg_buf_bytes(&doc), &by, &feed, &event, NULL), 0);
	assert_int_equal(feed->issued, INT64_C(1631724128621)); /* 2021-09-15T16:42:08.621Z */
	assert_string_equal(feed->at[0]->id, "PING1");
	sg_feed_free(feed);
	by.n_stamps = 0;
	fix_refused_by((char *)doc.data, &by, SG_EV_TRUST_CHAIN, "certificate has expired");
	sg_buf_release(&root.pem);
	sg_buf_release(&doc);
}

/* The half that met the document was bounded by its shape, and may be somebody else's by now. */
static void a_token_that_no_document_can_hold_is_not_parsed(void **state)
{
	struct stamp_spec spec = good();
	char *doc = stamped(em_plain, &spec);
	struct sg_verified v = { 0 };
	struct sg_signed s = { 0 };
	struct sg_err err = SG_ERR_INIT;
	int event = 0;

	(void)state;
	assert_int_equal(sg_verify_take(sg_bytes_of(doc), true, "em", &s, &event, &err), 0);
	while (s.stamp.len <= 64 << 10)
		sg_buf_char(&s.stamp, 0);
	assert_int_equal(sg_verify_signed(&s, &later, &v, &event, &err), SG_ETRUST);
	assert_non_null(strstr(err.msg, "it is too large"));
	assert_int_equal(event, SG_EV_TRUST_CHAIN);
	sg_signed_release(&s);
	free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expired_leaf_is_accepted_at_the_time_that_a_pinned_authority_names),
		cmocka_unit_test(an_authority_may_be_pinned_by_its_fingerprint),
		cmocka_unit_test(a_document_without_its_timestamp_is_refused),
		cmocka_unit_test(a_timestamp_that_is_wrong_in_one_point_is_refused),
		cmocka_unit_test(the_token_of_another_document_does_not_help),
		cmocka_unit_test(a_token_that_no_document_can_hold_is_not_parsed),
		cmocka_unit_test(em_documents_are_ordered_by_their_timestamps),
		cmocka_unit_test(microsofts_document_verifies_by_its_countersignature),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
