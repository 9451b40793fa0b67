/* test_feed.c - from a document to its mitigations: names, serials, parts that are refused, and what may follow what. */
#include "tests/lib/growth.h"
#include "tests/lib/growth.h"
#include "feed/feed.h"
#include "model/codes.h"
#include "tests/lib/signed_fixture.h"
#include "tests/lib/as_canonical.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HEAD(attrs) "<EOCS version=\"1.0.4\" xmlns:sg=\"urn:stopgap:feed:1\" " attrs ">"
#define TIMES       " sg:issued=\"2026-11-01T00:00:00Z\" sg:expires=\"2026-12-01T00:00:00Z\""
#define GOOD_HEAD   HEAD("sg:feed=\"corp\" sg:serial=\"7\"" TIMES)
#define CONFIG(id)  "<Config id=\"" id "\"><ActionList><Action type=\"DoNothing\"/></ActionList></Config>"

static struct sg_feed *decode(const char *doc, const struct sg_feed_rules *rules)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_feed *feed = NULL;
	int event = 0;

	if (decode_feed(sg_bytes_of(doc), rules, &feed, &event, &err))
		fail_msg("%s", err.msg);
	return feed;
}

static void refused(const char *doc, const struct sg_feed_rules *rules, int code, int event, const char *says)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_feed *feed = NULL;
	int got = 0, r = decode_feed(sg_bytes_of(doc), rules, &feed, &got, &err);

	if (r >= 0)
		fail_msg("accepted: %s", doc);
	assert_null(feed);
	assert_int_equal(r, code);
	assert_int_equal(got, event);
	if (!strstr(err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
}

static void a_signed_document_becomes_its_mitigations(void **state)
{
	struct sg_feed *feed = NULL;
	struct sg_err err = SG_ERR_INIT;
	int event = 0;

	(void)state;
	assert_int_equal(sg_feed_read(sg_bytes_of(fix_good), &fix_rules, &feed, &event, &err), 0);
	assert_string_equal(feed->name, "corp");
	assert_int_equal(feed->serial, 7);
	assert_int_equal(feed->issued, 1793491200000);
	assert_int_equal(feed->expires, 1796083200000);
	assert_string_equal(feed->version, "1.0.4");
	assert_string_equal(feed->signer, "CN=Test Feed Signing,O=stopgap tests");
	assert_int_equal(feed->signer_expires, FIX_NOW + 365LL * 86400000);
	assert_false(sg_hash_is_zero(&feed->document));
	assert_int_equal(feed->n, 1);
	assert_int_equal(feed->n_refused, 0);
	assert_string_equal(feed->at[0]->id, "PING1");
	assert_string_equal(feed->at[0]->feed, "corp");
	assert_string_equal(feed->at[0]->actions[0].type, "DoNothing");
	sg_feed_free(feed);
}

static void an_unsigned_document_gives_nothing(void **state)
{
	struct sg_feed *feed = NULL;
	struct sg_err err = SG_ERR_INIT;
	int event = 0;

	(void)state;
	assert_int_equal(sg_feed_read(sg_bytes_of(fix_plain), &fix_rules, &feed, &event, &err), SG_ETRUST);
	assert_int_equal(event, SG_EV_TRUST_SIGNATURE);
	assert_null(feed);
}

/* The identity of a mitigation is its content, not where it stands or how its document is spaced around it. */
static void a_body_does_not_depend_on_its_neighbours(void **state)
{
	struct sg_feed *a = decode(GOOD_HEAD CONFIG("A") CONFIG("B") "</EOCS>", &fix_rules);
	struct sg_feed *b =
	        decode(HEAD("sg:feed=\"corp\" sg:serial=\"8\"" TIMES) "\n<!-- c --> " CONFIG("B") "\n</EOCS>",
	                &fix_rules);

	(void)state;
	assert_true(sg_hash_equal(&a->at[1]->hash, &b->at[0]->hash));
	assert_false(sg_hash_equal(&a->at[0]->hash, &a->at[1]->hash));
	sg_feed_free(a);
	sg_feed_free(b);
}

static void one_bad_mitigation_leaves_the_others_working(void **state)
{
	struct sg_feed *feed =
	        decode(GOOD_HEAD CONFIG("A") "<Config id=\"B\"/>" CONFIG("C!") "<Config/>" CONFIG(
	                       "D") "<Config id=\"E\"><ActionList><Action "
	                            "type=\"FromTheFuture\"/></ActionList></Config></EOCS>",
	                &fix_rules);

	(void)state;
	assert_int_equal(feed->n, 3);
	assert_string_equal(feed->at[0]->id, "A");
	assert_string_equal(feed->at[1]->id, "D");
	assert_string_equal(feed->at[2]->actions[0].type, "FromTheFuture"); /* kept: it waits as unknown */
	assert_int_equal(feed->n_refused, 3);
	assert_string_equal(feed->refused[0].id, "B");
	assert_non_null(strstr(feed->refused[0].text, "ActionList"));
	assert_string_equal(feed->refused[1].id, "C!");
	assert_string_equal(feed->refused[2].id, "?");
	sg_feed_free(feed);
}

static void ids_that_the_feed_may_not_offer_are_refused(void **state)
{
	struct sg_feed_rules rules = fix_rules;

	(void)state;
	rules.ids = "PING1 CORP-*";
	struct sg_feed *feed =
	        decode(GOOD_HEAD CONFIG("PING1") CONFIG("EXK-1") CONFIG("CORP-9") "</EOCS>", &rules);

	assert_int_equal(feed->n, 2);
	assert_int_equal(feed->n_refused, 1);
	assert_string_equal(feed->refused[0].id, "EXK-1");
	assert_non_null(strstr(feed->refused[0].text, "may not offer it"));
	sg_feed_free(feed);
}

static void a_document_is_refused_as_a_whole(void **state)
{
	const struct sg_feed_rules *by = &fix_rules;
	const int bad = SG_EV_FEED_MALFORMED;

	(void)state;
	refused(GOOD_HEAD CONFIG("A") CONFIG("B") CONFIG("A") "</EOCS>", by, SG_EINVAL, bad, "twice");
	refused(GOOD_HEAD CONFIG("A") CONFIG("a") "</EOCS>", by, SG_EINVAL, bad, "twice");
	refused(HEAD("sg:feed=\"other\" sg:serial=\"7\"" TIMES) "</EOCS>", by, SG_ETRUST, SG_EV_TRUST_NAME,
	        "of the feed 'other', not of 'corp'");
	refused(HEAD("sg:serial=\"7\"" TIMES) "</EOCS>", by, SG_EINVAL, bad, "'sg:feed' is missing");
	refused(HEAD("sg:feed=\"corp\"" TIMES) "</EOCS>", by, SG_EINVAL, bad, "'sg:serial' is missing");
	refused(HEAD("sg:feed=\"corp\" sg:serial=\"7\"") "</EOCS>", by, SG_EINVAL, bad,
	        "'sg:issued' is missing");
	refused(HEAD("sg:feed=\"corp\" sg:serial=\"7\" sg:issued=\"2026-11-01T00:00:00Z\"") "</EOCS>", by,
	        SG_EINVAL, bad, "'sg:expires' is missing");
	refused(HEAD("sg:feed=\"corp\" sg:serial=\"7\" sg:issued=\"2026-11-01\" "
	             "sg:expires=\"2026-12-01T00:00:00Z\"") "</EOCS>",
	        by, SG_EINVAL, bad, "is not a time");
	refused(HEAD("sg:feed=\"corp\" sg:serial=\"7\" sg:expires=\"2026-11-01T00:00:00Z\" "
	             "sg:issued=\"2026-12-01T00:00:00Z\"") "</EOCS>",
	        by, SG_EINVAL, bad, "must be later");
	refused(HEAD("sg:feed=\"corp\" sg:serial=\"7\" sg:sreial=\"7\"" TIMES) "</EOCS>", by, SG_EINVAL, bad,
	        "did you mean 'serial'?");
	refused(HEAD("sg:feed=\"corp\" sg:serial=\"7\" x=\"7\"" TIMES) "</EOCS>", by, SG_EINVAL, bad,
	        "'x' is not known");
	refused(GOOD_HEAD "<Confg/></EOCS>", by, SG_EINVAL, bad, "element 'Confg'");
	refused(GOOD_HEAD "text</EOCS>", by, SG_EINVAL, bad, "text is not allowed");
	refused("<feed/>", by, SG_EPARSE, bad, "not EOCS");
	refused("<EOCS>", by, SG_EPARSE, bad, "corp: octet 6 of ");
}

static void serials_are_numbers_that_fit(void **state)
{
	static const char *const wrong[] = { "0", "-1", "+1", "07", "1.5", "", "x", " 7",
		"9223372036854775808", "99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char *doc = sg_format(HEAD("sg:feed=\"corp\" sg:serial=\"%s\"" TIMES) "</EOCS>", wrong[i]);

		refused(doc, &fix_rules, SG_EINVAL, SG_EV_FEED_MALFORMED, "9223372036854775807");
		free(doc);
	}
	struct sg_feed *feed = decode(
	        HEAD("sg:feed=\"corp\" sg:serial=\"9223372036854775807\"" TIMES) "</EOCS>", &fix_rules);

	assert_true(feed->serial == INT64_MAX);
	assert_int_equal(feed->n, 0);
	sg_feed_free(feed);
}

static void an_em_document_needs_no_head(void **state)
{
	struct sg_feed_rules eocs = fix_rules;
	struct sg_feed *feed;

	(void)state;
	eocs.eocs = true;
	feed = decode("<EOCS version=\"1.0.4\">" CONFIG("M1") "</EOCS>", &eocs);
	assert_string_equal(feed->name, "corp");
	assert_int_equal(feed->serial, 0);
	assert_int_equal(feed->expires, 0);
	assert_string_equal(feed->at[0]->feed, "corp");
	sg_feed_free(feed);
	refused(HEAD("sg:feed=\"other\"") "</EOCS>", &eocs, SG_ETRUST, SG_EV_TRUST_NAME, "other");
}

static void what_follows_never_goes_back(void **state)
{
	static const struct {
		uint64_t before, now, max;
		bool same;
		int event; /* 0: follows */
	} table[] = {
		{ 0, 5, 0, false, 0 },
		{ 7, 8, 0, false, 0 },
		{ 7, 7, 0, true, 0 },
		{ 7, 7, 0, false, SG_EV_TRUST_EQUIVOCATION },
		{ 7, 6, 0, false, SG_EV_TRUST_SERIAL },
		{ 7, 6, 0, true, SG_EV_TRUST_SERIAL },
		{ 7, 0, 0, false, SG_EV_TRUST_SERIAL },
		{ 7, 10007, 0, false, 0 },
		{ 7, 10008, 0, false, SG_EV_TRUST_SERIAL },
		{ 7, 10, 2, false, SG_EV_TRUST_SERIAL },
		{ 7, 9, 2, false, 0 },
		{ 1, INT64_MAX, 0, false, SG_EV_TRUST_SERIAL },
		{ 0, 0, 0, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_feed feed = { .serial = table[i].now };
		struct sg_feed_before before = { .serial = table[i].before };
		struct sg_err err = SG_ERR_INIT;
		int event = 0;

		feed.document.b[0] = table[i].same ? 0 : 1;
		int r = sg_feed_follows(&feed, &before, table[i].max, &event, &err);

		if (r != (table[i].event ? SG_ETRUST : 0) || event != table[i].event)
			fail_msg("row %zu: %d, event %d, %s", i, r, event, err.msg);
		if (table[i].now < table[i].before && !strstr(err.msg, "was accepted before"))
			fail_msg("row %zu: %s", i, err.msg);
	}
}

static void what_is_from_the_future_does_not_follow(void **state)
{
	static const struct {
		int64_t issued, now;
		int event;
	} table[] = {
		{ FIX_NOW + 300000, FIX_NOW, 0 },
		{ FIX_NOW + 300001, FIX_NOW, SG_EV_TRUST_TIME },
		{ FIX_NOW + 300001, 0, 0 }, /* nobody asks */
		{ 1, FIX_NOW, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_feed feed = { .serial = 2, .issued = table[i].issued };
		struct sg_feed_before before = { .serial = 1, .now = table[i].now };
		struct sg_err err = SG_ERR_INIT;
		int event = 0;

		assert_int_equal(
		        sg_feed_follows(&feed, &before, 0, &event, &err), table[i].event ? SG_ETRUST : 0);
		assert_int_equal(event, table[i].event);
	}
}

/* Thousands of mitigations in one document: the time for each must not grow with their number. */
static void configs(size_t n, struct sg_buf *doc)
{
	sg_buf_str(doc, GOOD_HEAD);
	for (size_t i = 0; i < n; i++)
		sg_buf_fmt(doc,
		        "<Config id=\"C-%zu\"><ActionList><Action type=\"UrlRewrite\"><rewrite><rules><rule "
		        "name=\"r\"/></rules></rewrite>"
		        "</Action></ActionList></Config>",
		        i);
	sg_buf_str(doc, "</EOCS>");
}

static void read_configs(size_t n)
{
	struct sg_buf doc = { 0 };
	struct sg_feed *feed;

	configs(n, &doc);
	feed = decode((char *)doc.data, &fix_rules);
	assert_int_equal(feed->n, n);
	sg_feed_free(feed);
	sg_buf_release(&doc);
}

static void a_large_document_is_read_in_linear_time(void **state)
{
	struct sg_buf doc = { 0 };

	(void)state;
	assert_linear(read_configs, 4096);
	configs(4096, &doc);
	sg_buf_cut(&doc, doc.len - 7, 7);
	sg_buf_str(&doc, CONFIG("ONE-MORE") "</EOCS>");
	refused((char *)doc.data, &fix_rules, SG_ELIMIT, SG_EV_FEED_MALFORMED, "more than 4096");
	sg_buf_release(&doc);
}

/* A root's long namespace stands in every mitigation and every action of it: two megabytes would become more than a thousand. */
static void decode_swollen(size_t mitigations)
{
	struct sg_buf doc = { 0 };
	struct sg_feed *feed = NULL;
	struct sg_err err = SG_ERR_INIT;
	int event = 0;

	sg_buf_str(&doc, "<EOCS xmlns:sg=\"urn:stopgap:feed:1\" xmlns:x=\"urn:");
	for (int i = 0; i < 15000; i++)
		sg_buf_char(&doc, 'a');
	sg_buf_str(&doc,
	        "\" sg:expires=\"2026-12-01T00:00:00Z\" sg:feed=\"corp\" sg:issued=\"2026-11-01T00:00:00Z\" "
	        "sg:serial=\"7\">");
	for (size_t i = 0; i < mitigations; i++) {
		sg_buf_fmt(&doc, "<Config id=\"A-%zu\"><ActionList>", i);
		for (int k = 0; k < 32; k++)
			sg_buf_str(&doc, "<Action type=\"a\"></Action>");
		sg_buf_str(&doc, "</ActionList></Config>");
	}
	sg_buf_str(&doc, "</EOCS>");
	assert_int_equal(sg_feed_decode(sg_buf_bytes(&doc), &fix_rules, &feed, &event, &err), SG_ELIMIT);
	assert_int_equal(event, SG_EV_FEED_MALFORMED);
	/* 33 copies of more than 15,000 octets each: 64 MiB are passed by the 135th */
	assert_non_null(strstr(err.msg, "the mitigations up to 'A-134' are too large"));
	assert_null(feed);
	sg_buf_release(&doc);
}

static void what_its_namespaces_make_too_large_is_refused_where_it_passes_the_bound(void **state)
{
	double few, many;

	(void)state;
	few = growth_cost(decode_swollen, 150);
	many = growth_cost(decode_swollen, 150 * 12);
	/* What follows is read as text, and copied no more: copies of all of it would cost twelve times as much, and a gigabyte. */
	if (many > 6 * few + 0.05)
		fail_msg("150 mitigations cost %.3f s and 1800 of them %.3f s", few, many);
}

/* Its words go to logs, to people and over the control pipe. */
static void what_a_refusal_quotes_is_safe_to_show(void **state)
{
	static const char head[] =
	        "<EOCS xmlns:sg=\"urn:stopgap:feed:1\" sg:expires=\"2026-12-01T00:00:00Z\" sg:feed=\"corp\" "
	        "sg:issued=\"2026-11-01T00:00:00Z\" sg:serial=\"7\">";
	char long_name[80] = { 0 }, *doc;
	struct sg_feed *feed = NULL;
	struct sg_err err = SG_ERR_INIT;
	int event = 0;

	(void)state;
	memset(long_name, 'A', 59);
	doc = sg_format("%s<%s\xc3\xa9tail></%s\xc3\xa9tail></EOCS>", head, long_name, long_name);
	assert_int_equal(sg_feed_decode(sg_bytes_of(doc), &fix_rules, &feed, &event, &err), SG_EINVAL);
	assert_true(sg_utf8_valid(sg_bytes_of(err.msg)));
	assert_non_null(strstr(err.msg, "is not known; allowed: Config"));
	free(doc);
	memset(long_name, 'A', 79);
	doc = sg_format(
	        "%s<Config id=\"%s\xc3\xa9\"></Config><Config id=\"B\" sg:severity=\"x&#xA;2026 CRITICAL "
	        "\xe2\x80\xae\xc2\x9b\"></Config></EOCS>",
	        head, long_name);
	assert_int_equal(sg_feed_decode(sg_bytes_of(doc), &fix_rules, &feed, &event, &err), 0);
	assert_int_equal(feed->n_refused, 2);
	for (size_t i = 0; i < 2; i++) {
		struct sg_buf safe = { 0 };

		assert_true(sg_utf8_valid(sg_bytes_of(feed->refused[i].id)));
		assert_true(sg_utf8_valid(sg_bytes_of(feed->refused[i].text)));
		sg_text_safe(feed->refused[i].text, &safe);
		assert_string_equal((char *)safe.data, feed->refused[i].text);
		sg_buf_release(&safe);
	}
	sg_feed_free(feed);
	free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_its_namespaces_make_too_large_is_refused_where_it_passes_the_bound),
		cmocka_unit_test(what_a_refusal_quotes_is_safe_to_show),
		cmocka_unit_test(a_signed_document_becomes_its_mitigations),
		cmocka_unit_test(an_unsigned_document_gives_nothing),
		cmocka_unit_test(a_body_does_not_depend_on_its_neighbours),
		cmocka_unit_test(one_bad_mitigation_leaves_the_others_working),
		cmocka_unit_test(ids_that_the_feed_may_not_offer_are_refused),
		cmocka_unit_test(a_document_is_refused_as_a_whole),
		cmocka_unit_test(serials_are_numbers_that_fit),
		cmocka_unit_test(an_em_document_needs_no_head),
		cmocka_unit_test(what_follows_never_goes_back),
		cmocka_unit_test(what_is_from_the_future_does_not_follow),
		cmocka_unit_test(a_large_document_is_read_in_linear_time),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
