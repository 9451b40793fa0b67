/* test_engine_trust.c - whom a server obeys: anchors as data, detached signatures, what is read again and what is not, and what ends when. */
#include "base/os.h"
#include "model/codes.h"
#include "tests/lib/feed_lab.h"

#include <openssl/x509.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define CORP  "<feed name=\"corp\" url=\"https://feed.example/corp.xml\"/>"
#define LOCAL "<feed name=\"local\" url=\"https://feed.example/local.xml\"/>"
#define A     "<anchor name=\"a\" file=\"a.pem\"/>"

static void configure(struct lab *lab, const char *inside)
{
	if (feed_lab_configure(lab, inside))
		fail_msg("%s", lab->err.msg);
}

static void an_anchor_signs_only_the_feeds_that_it_is_for(void **state)
{
	struct lab *lab = *state;

	configure(lab, "<trust><anchor name=\"a\" file=\"a.pem\" feeds=\"corp c*\"/>"
	               "<anchor name=\"b\" file=\"b.pem\" feeds=\"local\"/></trust>" CORP LOCAL);
	assert_int_equal(feed_lab_offer(lab, &(struct feed_doc){ .feed = "corp", .serial = 1, .pki = 1 }), 0);
	feed_lab_expect(lab, "corp", 0, "signer's certificate is not accepted");
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_CHAIN, "feed corp"), 1);
	assert_int_equal(
	        feed_lab_offer(lab, &(struct feed_doc){ .feed = "local", .serial = 1, .pki = 0 }), 0);
	feed_lab_expect(lab, "local", 0, "signer's certificate is not accepted");
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "corp", .serial = 1, .pki = 0 });
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "local", .serial = 7, .pki = 1 });
	feed_lab_expect(lab, "corp", 1, NULL);
	feed_lab_expect(lab, "local", 7, NULL);
}

static void several_roots_and_a_pinned_intermediate_stand_side_by_side(void **state)
{
	struct lab *lab = *state;

	configure(lab, "<trust><anchor name=\"m\" file=\"a-middle.pem\"/><anchor name=\"b\" file=\"b.pem\"/>"
	               "</trust>" CORP LOCAL);
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "corp", .serial = 1, .pki = 0 });
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "local", .serial = 1, .pki = 1 });
	feed_lab_expect(lab, "corp", 1, NULL);
	feed_lab_expect(lab, "local", 1, NULL);
}

static void refused(struct lab *lab, const char *inside, const char *says)
{
	if (feed_lab_configure(lab, inside) != SG_EINVAL || !strstr(lab->err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", lab->err.msg, says);
}

static void an_anchor_file_that_is_wrong_or_not_ours_keeps_the_old_configuration(void **state)
{
	struct lab *lab = *state;
	char *file = sg_format("%s/b.pem", lab->folder);

	configure(lab, "<trust>" A "</trust>" CORP);
	refused(lab, "<trust><anchor name=\"x\" file=\"none.pem\"/></trust>" LOCAL,
	        "the file of 'x' is needed");
	feed_lab_put(lab, "bad.pem", sg_bytes_of("no certificate"));
	refused(lab, "<trust><anchor name=\"x\" file=\"bad.pem\"/></trust>" LOCAL,
	        "is no certificate in PEM or DER");
	refused(lab, "<trust>" A "<crl file=\"bad.pem\"/></trust>" LOCAL, "is no revocation list");
	refused(lab, "<trust>" A "<timestamp name=\"t\" file=\"bad.pem\"/></trust>" LOCAL, "<timestamp>");
	assert_int_equal(chmod(file, 0666), 0);
	refused(lab, "<trust><anchor name=\"x\" file=\"b.pem\"/></trust>" LOCAL, "may change");
	assert_int_equal(chmod(file, 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(file, 4711, 4711), 0);
		refused(lab, "<trust><anchor name=\"x\" file=\"b.pem\"/></trust>" LOCAL, "4711");
	}
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 });
	feed_lab_expect(lab, "corp", 1, NULL);
	free(file);
}

static const struct sg_poll *poll_of(const struct sg_snapshot *s, const char *feed)
{
	for (size_t i = 0; i < s->n_polls; i++)
		if (strcmp(s->polls[i].feed, feed) == 0)
			return &s->polls[i];
	return NULL;
}

static bool asks_for_changes(struct lab *lab)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	bool conditional = poll_of(s, "corp")->etag != NULL;

	sg_snapshot_free(s);
	return conditional;
}

static void a_reload_picks_up_a_changed_anchor_and_what_it_signed_is_read_again(void **state)
{
	struct lab *lab = *state;
	struct sg_fetched f, unchanged = { .unchanged = true };
	struct sg_buf pem = { 0 };

	configure(lab, "<trust>" A "</trust>" CORP);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 }, &f);
	f.etag = sg_strdup("\"one\"");
	assert_int_equal(feed_lab_give(lab, "corp", &f), 0);
	assert_true(asks_for_changes(lab));
	pki_cert_pem(&feed_pki[1].root, &pem);
	feed_lab_put(lab, "a.pem", sg_buf_bytes(&pem));
	configure(lab, "<trust>" A "</trust>" CORP);
	assert_false(asks_for_changes(lab)); /* "unchanged" would be no answer */
	assert_int_equal(feed_lab_give(lab, "corp", &unchanged), 1);
	assert_int_equal(feed_lab_give(lab, "corp", &f), 0);
	feed_lab_expect(lab, "corp", 1, "signer's certificate is not accepted");
	assert_string_equal(lab_field(lab, "PING", "id"), "PING"); /* nothing is taken back */
	sg_fetched_release(&f);
	sg_buf_release(&pem);
}

static void what_did_not_change_is_not_read(void **state)
{
	struct lab *lab = *state;
	struct sg_fetched f, unchanged = { .unchanged = true };

	configure(lab, "<trust>" A "</trust>" CORP);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 }, &f);
	for (int i = 0; i < 5; i++) {
		lab->now += 300000;
		assert_int_equal(feed_lab_give(lab, "corp", i == 3 ? &unchanged : &f), 0);
		feed_lab_expect(lab, "corp", 1, NULL);
	}
	assert_int_equal(feed_lab_read(lab), 1);
	lab_close(lab);
	lab_open(lab);
	configure(lab, "<trust>" A "</trust>" CORP);
	assert_int_equal(feed_lab_give(lab, "corp", &f), 0);
	assert_int_equal(feed_lab_read(lab), 0); /* a restart knows it, too */
	/* other rules, another reading: what it may offer counts anew */
	configure(lab, "<trust>" A
	               "</trust><feed name=\"corp\" url=\"https://feed.example/corp.xml\" ids=\"X-*\"/>");
	assert_int_equal(feed_lab_give(lab, "corp", &f), 0);
	assert_int_equal(feed_lab_read(lab), 1);
	assert_int_equal(feed_lab_said(lab, SG_EV_FEED_PART_REFUSED, "PING was left out"), 1);
	sg_fetched_release(&f);
}

#define SIGNER(n)                                                                                            \
	{                                                                                                    \
		feed_pki[n].leaf.x509, feed_pki[n].leaf.key                                                  \
	}

static void a_detached_signature_is_fetched_again_before_it_is_an_error(void **state)
{
	struct lab *lab = *state;
	struct sign_cms_signer signer[1] = { SIGNER(0) };
	X509 *middle[1] = { feed_pki[0].middle.x509 };
	struct sign_cms_spec spec = { .signers = signer, .n_signers = 1, .certs = middle, .n_certs = 1 };
	struct sg_fetched one, two;
	struct sg_buf own;
	struct sg_snapshot *s;

	configure(lab,
	        "<trust>" A
	        "</trust><feed name=\"corp\" url=\"https://feed.example/corp.xml\" signature=\"both\"/>");
	s = sg_engine_snapshot(lab->engine);
	assert_true(poll_of(s, "corp")->detached);
	sg_snapshot_free(s);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 1, .cms = &spec }, &one);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 2, .cms = &spec }, &two);
	assert_int_equal(feed_lab_give(lab, "corp", &one), 0);
	feed_lab_expect(lab, "corp", 1, NULL);
	/* the document of one publication with the signature of the other */
	own = two.cms;
	two.cms = one.cms;
	assert_int_equal(feed_lab_give(lab, "corp", &two), 1);
	feed_lab_expect(lab, "corp", 1, NULL);
	assert_int_equal(feed_lab_give(lab, "corp", &two), 0);
	feed_lab_expect(lab, "corp", 1, "do not belong together");
	/* and after an error the next race is forgiven again */
	assert_int_equal(feed_lab_give(lab, "corp", &two), 1);
	two.cms = own;
	assert_int_equal(feed_lab_give(lab, "corp", &two), 0);
	feed_lab_expect(lab, "corp", 2, NULL);
	/* the octets of both count: the same document with another signature is read */
	own = two.cms;
	two.cms = (struct sg_buf){ 0 };
	assert_int_equal(feed_lab_give(lab, "corp", &two), 1);
	assert_int_equal(feed_lab_give(lab, "corp", &two), 0);
	feed_lab_expect(lab, "corp", 2, "FEED.p7s must lie beside");
	two.cms = own;
	sg_fetched_release(&one);
	sg_fetched_release(&two);
}

static void as_many_signers_as_the_feed_wants(void **state)
{
	struct lab *lab = *state;
	struct sign_cms_signer signer[2] = { SIGNER(0), SIGNER(1) };
	X509 *middle[2] = { feed_pki[0].middle.x509, feed_pki[1].middle.x509 };
	struct sign_cms_spec one = { .signers = signer, .n_signers = 1, .certs = middle, .n_certs = 2 };
	struct sign_cms_spec both = { .signers = signer, .n_signers = 2, .certs = middle, .n_certs = 2 };

	configure(lab,
	        "<trust>" A "<anchor name=\"b\" file=\"b.pem\"/></trust>"
	        "<feed name=\"corp\" url=\"https://feed.example/c\" signature=\"cms\" signers=\"2\"/>");
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "corp", .serial = 1, .cms = &one });
	feed_lab_expect(lab, "corp", 0, "1 different key signed, and 2 are wanted");
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "corp", .serial = 1, .cms = &both });
	feed_lab_expect(lab, "corp", 1, NULL);
}

static void restart(struct lab *lab, const char *conf)
{
	lab_close(lab);
	lab_open(lab);
	configure(lab, conf);
	lab_run(lab);
}

/* The leaf lives for a year, its issuers for ten: all of it in use, each said at 90, 30 and 7 days, once. */
static void an_end_is_said_90_30_and_7_days_before_and_once_each(void **state)
{
	static const char conf[] =
	        "<trust>" A "<anchor name=\"unused\" file=\"b.pem\" feeds=\"none\"/></trust>" CORP;
	static const struct {
		int64_t left;
		size_t lines;
	} table[] = { { 91, 0 }, { 90, 1 }, { 89, 1 }, { 30, 2 }, { 8, 2 }, { 7, 3 }, { 1, 3 } };
	struct lab *lab = *state;
	int64_t end = feed_pki[0].now * 1000 + 365 * FEED_DAY;
	struct sg_snapshot *s;

	configure(lab, conf);
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 });
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		lab->now = end - table[i].left * FEED_DAY;
		lab_run(lab);
		lab_run(lab);
		assert_int_equal(
		        feed_lab_said(lab, SG_EV_TRUST_ENDS, "the signer's certificate"), table[i].lines);
		restart(lab, conf);
		assert_int_equal(
		        feed_lab_said(lab, SG_EV_TRUST_ENDS, "the signer's certificate"), table[i].lines);
	}
	s = sg_engine_snapshot(lab->engine);
	assert_int_equal(sg_val_get_int(sg_val_get(s->status, "ends"), "at", 0), end);
	assert_non_null(
	        strstr(sg_val_get_str(sg_val_get(s->status, "ends"), "what", ""), "signer's certificate"));
	sg_snapshot_free(s);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_ENDED, ""), 0);
	lab->now = end + 1000;
	lab_run(lab);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_ENDED, "the signer's certificate"), 1);
	restart(lab, conf);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_ENDED, ""), 1);
	/* the authorities, in nine years; the anchor is named once although it is in the path, too, and what no feed may use not at all */
	lab->now = feed_pki[0].now * 1000 + (3650 - 6) * FEED_DAY;
	lab_run(lab);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_ENDS, "the anchor 'a'"), 1);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_ENDS, "an authority of the signer"), 1);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_ENDS, "unused"), 0);
}

static void the_engine_wakes_for_the_next_end(void **state)
{
	struct lab *lab = *state;
	int64_t end = feed_pki[0].now * 1000 + 365 * FEED_DAY;
	struct sg_snapshot *s;

	configure(lab, "<trust>" A "</trust>" CORP "<audit every=\"7d\"/>");
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 });
	lab->now = end - 90 * FEED_DAY - 5000;
	lab_run(lab);
	s = sg_engine_snapshot(lab->engine);
	assert_true(s->wake <= end - 90 * FEED_DAY);
	sg_snapshot_free(s);
}

static void an_unchanged_document_whose_signer_ended_is_read_again_and_refused(void **state)
{
	struct lab *lab = *state;
	struct sg_fetched f;

	configure(lab, "<trust>" A "</trust>" CORP);
	feed_lab_sign(lab,
	        &(struct feed_doc){ .feed = "corp", .serial = 1, .expires = LAB_NOW + 3000 * FEED_DAY }, &f);
	f.etag = sg_strdup("\"x\"");
	feed_lab_give(lab, "corp", &f);
	assert_true(asks_for_changes(lab));
	lab->now += 370 * FEED_DAY;
	assert_false(asks_for_changes(lab));
	feed_lab_give(lab, "corp", &f);
	feed_lab_expect(lab, "corp", 1, "certificate has expired");
	assert_string_equal(lab_field(lab, "PING", "withdrawn"), "");
	sg_fetched_release(&f);
}

/* --- revocation lists */

static void put_crl(struct lab *lab, const char *name, const struct pki_cert *issuer,
        const struct pki_cert *revoked, int64_t days)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(LAB_NOW / 1000 - 3600));
	ASN1_TIME *to = ASN1_TIME_set(NULL, (time_t)(LAB_NOW / 1000 + days * 86400));
	unsigned char *der = NULL;
	int len;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x509));
	X509_CRL_set1_lastUpdate(crl, from);
	X509_CRL_set1_nextUpdate(crl, to);
	if (revoked) {
		X509_REVOKED *entry = X509_REVOKED_new();

		X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->x509));
		X509_REVOKED_set_revocationDate(entry, from);
		X509_CRL_add0_revoked(crl, entry);
	}
	X509_CRL_sort(crl);
	assert_true(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0);
	len = i2d_X509_CRL(crl, &der);
	assert_true(len > 0);
	feed_lab_put(lab, name, (struct sg_bytes){ der, (size_t)len });
	OPENSSL_free(der);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	X509_CRL_free(crl);
}

static void a_revoked_signer_is_refused_with_the_next_reload_and_a_list_that_ends_is_said(void **state)
{
	static const char conf[] = "<trust>" A "<crl file=\"root.crl\" feeds=\"corp\"/><crl "
	                           "file=\"middle.crl\" feeds=\"corp\"/></trust>" CORP LOCAL;
	struct lab *lab = *state;
	struct sg_fetched f;

	put_crl(lab, "root.crl", &feed_pki[0].root, NULL, 400);
	put_crl(lab, "middle.crl", &feed_pki[0].middle, NULL, 40);
	configure(lab, conf);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 }, &f);
	feed_lab_give(lab, "corp", &f);
	feed_lab_expect(lab, "corp", 1, NULL);
	put_crl(lab, "middle.crl", &feed_pki[0].middle, &feed_pki[0].leaf, 40);
	configure(lab, conf);
	feed_lab_give(lab, "corp", &f); /* the very same octets */
	feed_lab_expect(lab, "corp", 1, "revoked");
	feed_lab_offer(lab, &(struct feed_doc){ .feed = "local", .serial = 1 }); /* the list is not for it */
	feed_lab_expect(lab, "local", 1, NULL);
	/* it lives for 40 days: 90 say nothing of it, 30 and 7 do */
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_ENDS, "middle.crl"), 0);
	lab->now += 11 * FEED_DAY;
	lab_run(lab);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_ENDS, "middle.crl"), 1);
	sg_fetched_release(&f);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, feed_lab_set_up, lab_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_anchor_signs_only_the_feeds_that_it_is_for),
		TEST(several_roots_and_a_pinned_intermediate_stand_side_by_side),
		TEST(an_anchor_file_that_is_wrong_or_not_ours_keeps_the_old_configuration),
		TEST(a_reload_picks_up_a_changed_anchor_and_what_it_signed_is_read_again),
		TEST(what_did_not_change_is_not_read),
		TEST(a_detached_signature_is_fetched_again_before_it_is_an_error),
		TEST(as_many_signers_as_the_feed_wants),
		TEST(an_end_is_said_90_30_and_7_days_before_and_once_each),
		TEST(the_engine_wakes_for_the_next_end),
		TEST(an_unchanged_document_whose_signer_ended_is_read_again_and_refused),
		TEST(a_revoked_signer_is_refused_with_the_next_reload_and_a_list_that_ends_is_said),
	};

	return cmocka_run_group_tests(tests, feed_lab_group, feed_lab_ungroup);
}
