/* test_conf.c - the configuration: defaults, what is read, what a mistake says, and that printing reads to the same. */
#include "model/conf.h"

#include "base/xml.h"
#include "model/url.h"
#include "model/words.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789ABCDEF"
#define KINDS "url_rewrite app_pool service do_nothing"
#define NS    "xmlns=\"urn:stopgap:config:1\""

static struct sg_conf *decode(const char *text)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_conf *conf = NULL;

	if (sg_conf_decode(sg_bytes_of(text), "/etc/stopgap/stopgap.xml", KINDS, &conf, &err))
		fail_msg("%s", err.msg);
	return conf;
}

static const char full[] =
        "<?xml version=\"1.0\"?>\n<!-- <feed> -->\n"
        "<stopgap " NS " mode=\"ask\">\n"
        "<trust><anchor name=\"corp\" file=\"anchors/root.pem\" eku=\"1.3.6.1.4.1.311.76.57.1.11\"/>"
        "<anchor name=\"ms\" file=\"/etc/ms.pem\"/></trust>\n"
        "<network proxy=\"http://proxy.example:3128\" ca-file=\"ca.pem\"/>\n"
        "<feed name=\"exchange-known\" url=\"https://feed.example/a.xml\" anchors=\"corp\" ids=\"PING1 "
        "CORP-*\" every=\"90s\""
        " stale-after=\"12h\" timeout=\"30s\" max-size=\"512KiB\"/>\n"
        "<feed name=\"em\" url=\"copies/em.xml\" profile=\"eocs\"/>\n"
        "<policy require-reason=\"true\">\n"
        "<when kind=\"service app_pool\" do=\"ask\" remind=\"15m\" after=\"4h\" then=\"apply\"/>\n"
        "<when min-severity=\"critical\" feed=\"exchange-*\" do=\"apply\"/>\n"
        "<when do=\"apply\" delay=\"30m\" window=\"22:00-05:00\"/>\n"
        "<removal fixed-settle=\"45m\" window=\"23:00-04:30\" by-hand=\"reapply\" equivalent=\"adopt\"/>\n"
        "<block id=\"EXK-1\" revision=\"2.1\" reason=\"calendar &quot;printing&quot; &amp; more\" "
        "until=\"2026-11-23T08:00:00Z\""
        " keep=\"true\"/>\n"
        "</policy>\n"
        "<access read=\"%adm, 1000\" change=\"root\"/>\n"
        "<journal size=\"1GiB\" keep=\"30d\"/><control socket=\"run/ctl\"/><audit every=\"10m\"/>\n"
        "</stopgap>";

static void everything_left_out_has_a_default(void **state)
{
	struct sg_conf *c = decode("<stopgap " NS "/>"), *same = sg_conf_default();

	(void)state;
	assert_int_equal(c->mode, SG_MODE_ENFORCE);
	assert_string_equal(c->proxy, "system");
	assert_null(c->ca_file);
	assert_int_equal(c->n_feeds, 0);
	assert_false(c->require_reason);
	assert_int_equal(c->fixed_settle, 30 * 60000);
	assert_null(c->removal_window);
	assert_false(c->reapply_by_hand);
	assert_false(c->adopt);
	assert_string_equal(c->access_change, "root");
	assert_int_equal(c->journal_size, 64 << 20);
	assert_int_equal(c->history_keep, 400LL * 86400000);
	assert_null(c->socket);
	assert_int_equal(c->audit_every, 15 * 60000);
	assert_int_equal(same->audit_every, c->audit_every);
	assert_true(sg_strs_has(&c->origins, "mode=enforce (default)"));
	sg_conf_free(c);
	sg_conf_free(same);
}

static void every_setting_is_read(void **state)
{
	struct sg_conf *c = decode(full);

	(void)state;
	assert_int_equal(c->mode, SG_MODE_ASK);
	assert_int_equal(c->n_anchors, 2);
	assert_string_equal(c->anchors[0].file, "/etc/stopgap/anchors/root.pem");
	assert_string_equal(c->anchors[0].eku, "1.3.6.1.4.1.311.76.57.1.11");
	assert_string_equal(c->anchors[1].file, "/etc/ms.pem");
	assert_string_equal(c->ca_file, "/etc/stopgap/ca.pem");
	assert_int_equal(c->n_feeds, 2);
	assert_string_equal(c->feeds[0].url, "https://feed.example/a.xml");
	assert_string_equal(c->feeds[0].ids, "PING1 CORP-*");
	assert_false(c->feeds[0].eocs);
	assert_int_equal(c->feeds[0].every, 90000);
	assert_int_equal(c->feeds[0].stale_after, 12 * 3600000);
	assert_int_equal(c->feeds[0].timeout, 30000);
	assert_int_equal(c->feeds[0].max_bytes, 512 << 10);
	assert_true(c->feeds[1].eocs);
	assert_null(c->feeds[1].anchors);
	assert_string_equal(c->feeds[1].ids, "*");
	assert_string_equal(c->feeds[1].url, "/etc/stopgap/copies/em.xml");
	assert_int_equal(c->feeds[1].every, 300000);
	assert_true(c->require_reason);
	assert_int_equal(c->n_whens, 3);
	assert_string_equal(c->whens[0].kind, "service app_pool");
	assert_int_equal(c->whens[0].what, SG_DO_ASK);
	assert_int_equal(c->whens[0].remind, 15 * 60000);
	assert_int_equal(c->whens[0].after, 4 * 3600000);
	assert_true(c->whens[0].then_apply);
	assert_int_equal(c->whens[0].min_severity, -1);
	assert_int_equal(c->whens[1].min_severity, 3);
	assert_string_equal(c->whens[2].window, "22:00-05:00");
	assert_int_equal(c->whens[2].delay, 30 * 60000);
	assert_int_equal(c->fixed_settle, 45 * 60000);
	assert_true(c->reapply_by_hand);
	assert_true(c->adopt);
	assert_int_equal(c->n_blocks, 1);
	assert_string_equal(c->blocks[0].reason, "calendar \"printing\" & more");
	assert_string_equal(c->blocks[0].revision, "2.1");
	assert_int_equal(c->blocks[0].until, 1795420800000);
	assert_true(c->blocks[0].keep);
	assert_string_equal(c->access_read, "%adm, 1000");
	assert_int_equal(c->journal_size, 1 << 30);
	assert_string_equal(c->socket, "/etc/stopgap/run/ctl");
	assert_true(sg_strs_has(&c->origins, "feed[exchange-known].every=90s (/etc/stopgap/stopgap.xml:6)"));
	assert_true(sg_strs_has(&c->origins, "feed[em].every=5m (default)"));
	assert_true(sg_strs_has(&c->origins, "policy.removal.by-hand=reapply (/etc/stopgap/stopgap.xml:12)"));
	sg_conf_free(c);
}

static void a_printed_configuration_reads_to_the_same(void **state)
{
	const char *const docs[] = { full, "<stopgap " NS "/>" };

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct sg_conf *first = decode(docs[i]);
		struct sg_buf printed = { 0 }, again = { 0 };

		sg_conf_print(first, &printed);
		struct sg_conf *second = decode((const char *)printed.data);

		sg_conf_print(second, &again);
		assert_string_equal((const char *)printed.data, (const char *)again.data);
		assert_int_equal(first->n_whens, second->n_whens);
		assert_int_equal(first->origins.n, second->origins.n);
		if (i == 0) {
			assert_string_equal(first->blocks[0].reason, second->blocks[0].reason);
			assert_non_null(strstr((const char *)printed.data, "every=\"90s\""));
			assert_non_null(strstr((const char *)printed.data, "every=\"5m\""));
		}
		sg_conf_free(first);
		sg_conf_free(second);
		sg_buf_release(&printed);
		sg_buf_release(&again);
	}
}

/* Each mistake, and all that its sentence must hold. */
static const struct {
	const char *doc, *says;
} mistakes[] = {
	{ "<stopgap " NS ">\n<audit every=\"5x\"/></stopgap>",
	        "F:2: attribute 'every' of <audit>: '5x' is not a duration; write a number and a unit, such "
	        "as 15m (1s to 7d)" },
	{ "<stopgap " NS "><audit every=\"8d\"/></stopgap>", "'8d' is out of range (1s to 7d)" },
	{ "<stopgap " NS "><audit every=\"\"/></stopgap>", "'' is not a duration" },
	{ "<stopgap " NS "><audit\n\n every = '0s'\n/></stopgap>", "F:3: attribute 'every'" },
	{ "<stopgap " NS "><audit evry=\"5m\"/></stopgap>",
	        "F:1: attribute 'evry' of <audit> is not known; did you mean 'every'? Allowed: every" },
	{ "<stopgap " NS ">\n\n<polcy/></stopgap>", "F:3: element <polcy> is not known in <stopgap>; did you "
	                                            "mean 'policy'? Allowed: trust, network, feed, policy, "
	                                            "access, journal, control, audit" },
	{ "<stopgap " NS "><health preset=\"exchange\"/></stopgap>",
	        "element <health> is not known in <stopgap>; allowed: trust, network" },
	{ "<stopgap " NS " mode=\"enforc\"/>",
	        "'enforc' is not allowed; did you mean 'enforce'? Allowed: enforce, ask, observe" },
	{ "<stopgap xmlns=\"urn:other\"/>",
	        "F:1: the root element must be <stopgap xmlns=\"urn:stopgap:config:1\">" },
	{ "<stopgap " NS "><audit/><audit/></stopgap>", "<audit> stands twice" },
	{ "<stopgap " NS "><policy><removal/><removal/></policy></stopgap>", "<removal> stands twice" },
	{ "<stopgap " NS "><policy><when do=\"apply\" delay=\"-5m\"/></policy></stopgap>",
	        "'-5m' is not a duration" },
	{ "<stopgap " NS "><policy><when/></policy></stopgap>", "attribute 'do' of <when> is missing" },
	{ "<stopgap " NS "><policy><when do=\"apply\" after=\"4h\" then=\"apply\"/></policy></stopgap>",
	        "belong to do=\"ask\"" },
	{ "<stopgap " NS "><policy><when do=\"ask\" then=\"apply\"/></policy></stopgap>", "need each other" },
	{ "<stopgap " NS "><policy><when do=\"ask\" kind=\"pool\"/></policy></stopgap>",
	        "allowed: url_rewrite, app_pool, service" },
	{ "<stopgap " NS "><policy><when do=\"ask\" window=\"22:00-24:00\"/></policy></stopgap>",
	        "not a window; write 22:00-05:00, maintenance, or several" },
	{ "<stopgap " NS "><policy><block id=\"A\"/></policy></stopgap>",
	        "attribute 'reason' of <block> is missing" },
	{ "<stopgap " NS "><policy><block id=\"A*\" reason=\"x\"/></policy></stopgap>",
	        "'A*' is not a name" },
	{ "<stopgap " NS "><policy><block id=\"A\" reason=\"x\" until=\"tomorrow\"/></policy></stopgap>",
	        "is not a time" },
	{ "<stopgap " NS "><policy><block id=\"A\" reason=\"x\"><x/></block></policy></stopgap>",
	        "element <x> is not allowed in <block>" },
	{ "<stopgap " NS "><journal size=\"64\"/></stopgap>",
	        "'64' is not a size; write a number and a unit, such as 64MiB (1MiB to 64GiB)" },
	{ "<stopgap " NS "><policy><when do=\"ask\" remind=\"15\"/></policy></stopgap>",
	        "'15' is not a duration; write a number and a unit, such as 1h (0s to 7d)" },
	{ "<stopgap " NS "><journal size=\"999999999999GiB\"/></stopgap>", "is not a size" },
	{ "<stopgap " NS "><network proxy=\"proxy\"/></stopgap>", "write system, none or http://host:port" },
	{ "<stopgap " NS ">text</stopgap>", "text is not allowed in <stopgap>" },
	{ "<stopgap " NS
	  "><trust><anchor name=\"a\" file=\"a\"/><anchor name=\"a\" file=\"b\"/></trust></stopgap>",
	        "two anchors" },
	{ "<stopgap " NS "><trust x=\"1\"/></stopgap>", "attribute 'x' of <trust>" },
	{ "<stopgap " NS "><trust><anchor name=\"a\" file=\"a\" eku=\"1.x\"/></trust></stopgap>",
	        "object identifier" },
	{ "<stopgap " NS "><feed name=\"f\" url=\"https://h/\"/></stopgap>",
	        "feed 'f' cannot be verified: no <anchor>" },
	{ "<stopgap " NS "><trust/>", "F: line 1" },
	{ "not XML", "F: " },
	{ "<!DOCTYPE stopgap><stopgap " NS "/>", "document type" },
};

#define TRUSTED(feeds) "<stopgap " NS "><trust><anchor name=\"a\" file=\"a\"/></trust>" feeds "</stopgap>"
static const struct {
	const char *doc, *says;
} feed_mistakes[] = {
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" anchors=\"b\"/>"), "there is no <anchor name=\"b\">" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\"/><feed name=\"f\" url=\"x\"/>"),
	        "two feeds with the name 'f'" },
	{ TRUSTED("<feed name=\"f\" url=\"http://feed.example/\"/>"), "use https://" },
	{ TRUSTED("<feed name=\"f\" url=\"ftp://feed.example/\"/>"), "not a known kind of address" },
	{ TRUSTED("<feed name=\"f\" url=\"fil:///srv/feed.xml\"/>"),
	        "'fil' is not a known kind of address; use https://, file:// or a path" },
	{ TRUSTED("<feed name=\"f\" url=\"https:///feed.xml\"/>"), "has no host" },
	{ TRUSTED("<feed name=\"f\" url=\"https://u:p@h/\"/>"), "user name" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" signature=\"pgp\"/>"),
	        "'pgp' is not allowed; allowed: xmldsig, cms, both" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" signers=\"2\"/>"),
	        "more than one of 'signers' needs signature=\"cms\" or \"both\"" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" signature=\"cms\" signers=\"9\"/>"),
	        "'9' is out of range (1 to 8)" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" max-serial-jump=\"ten\"/>"),
	        "'ten' is not a number, such as 10000 (1 to 1000000000000)" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" max-serial-jump=\"0\"/>"), "'0' is out of range" },
	{ "<stopgap " NS "><trust><anchor name=\"a\" file=\"a\" feeds=\"vendor-*\"/></trust>"
	  "<feed name=\"f\" url=\"https://h/\"/></stopgap>",
	        "feed 'f' cannot be verified: no <anchor> that may sign it" },
	{ "<stopgap " NS
	  "><trust><anchor name=\"a\" file=\"a\" feeds=\"g\"/><anchor name=\"b\" file=\"b\"/></trust>"
	  "<feed name=\"f\" url=\"https://h/\" anchors=\"b a\"/></stopgap>",
	        "the anchor 'a' may not sign it (feeds=\"g\")" },
	{ "<stopgap " NS "><trust><timestamp name=\"t\"/></trust></stopgap>",
	        "<timestamp> needs either 'file' or 'sha256'" },
	{ "<stopgap " NS "><trust><timestamp name=\"t\" file=\"f\" sha256=\"" HEX64 "\"/></trust></stopgap>",
	        "<timestamp> needs either 'file' or 'sha256'" },
	{ "<stopgap " NS "><trust><timestamp name=\"t\" sha256=\"aa:bb\"/></trust></stopgap>",
	        "'aa:bb' is not a SHA-256" },
	{ "<stopgap " NS
	  "><trust><timestamp name=\"t\" file=\"f\"/>\n<timestamp name=\"t\" file=\"g\"/></trust></stopgap>",
	        "F:2: there are two timestamps with the name 't'" },
	{ "<stopgap " NS "><trust><crl/></trust></stopgap>", "attribute 'file' of <crl> is missing" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" signature=\"none\"/>"),
	        "'none' is not allowed; allowed: xmldsig" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" profile=\"em\"/>"),
	        "'em' is not allowed; allowed: stopgap, eocs" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" max-size=\"7MiB\"/>"), "out of range (1KiB to 6MiB)" },
	{ TRUSTED("<feed name=\"a b\" url=\"https://h/\"/>"), "'a b' is not a name" },
	{ TRUSTED("<feed name=\"f\" url=\"https://h/\" ids=\"A;B\"/>"), "'A;B' is not a list of names" },
	{ TRUSTED("<feed url=\"https://h/\"/>"), "attribute 'name' of <feed> is missing" },
};

static void assert_mistake(const char *doc, const char *says)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_conf *conf = NULL;
	size_t len = strlen(doc);
	char *exact = malloc(len); /* without a NUL: whoever reads past the end is caught */

	memcpy(exact, doc, len);
	int r = sg_conf_decode((struct sg_bytes){ (unsigned char *)exact, len }, "F", KINDS, &conf, &err);

	free(exact);
	assert_true(r < 0);
	assert_int_equal(err.code, r);
	assert_null(conf);
	if (!strstr(err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
}

static void a_mistake_names_its_place_and_what_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
		assert_mistake(mistakes[i].doc, mistakes[i].says);
	for (size_t i = 0; i < sizeof feed_mistakes / sizeof *feed_mistakes; i++)
		assert_mistake(feed_mistakes[i].doc, feed_mistakes[i].says);
}

static void torn_files_are_refused_without_harm(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof full - 1; n++) {
		struct sg_err err = SG_ERR_INIT;
		struct sg_conf *conf = NULL;
		char *part = malloc(n + 1);

		memcpy(part, full, n);
		assert_true(sg_conf_decode((struct sg_bytes){ (unsigned char *)part, n }, "F", KINDS, &conf,
		                    &err) < 0);
		free(part);
	}
}

static void a_guess_is_made_only_when_it_is_near(void **state)
{
	struct sg_buf hint = { 0 };

	(void)state;
	sg_words_hint("apply ask observe", "aplly", &hint);
	assert_string_equal((char *)hint.data, "; did you mean 'apply'? Allowed: apply, ask, observe");
	sg_buf_clear(&hint);
	sg_words_hint("apply ask observe", "xyz", &hint);
	assert_string_equal((char *)hint.data, "; allowed: apply, ask, observe");
	sg_buf_clear(&hint);
	sg_words_hint("", "x", &hint);
	assert_string_equal((char *)hint.data, "; allowed: nothing");
	sg_buf_release(&hint);
	assert_int_equal(sg_words_index("ab abc", "abc"), 1);
	assert_int_equal(sg_words_index("ab abc", "a"), -1);
}

static void an_address_is_https_a_file_or_this_machine(void **state)
{
	static const struct {
		const char *url;
		int kind; /* -1: refused */
	} table[] = {
		{ "https://feed.example/a.xml", SG_URL_HTTPS },
		{ "HTTPS://h", SG_URL_HTTPS },
		{ "http://127.0.0.1:8080/a", SG_URL_HTTP },
		{ "http://localhost/a", SG_URL_HTTP },
		{ "http://[::1]:80/a", SG_URL_HTTP },
		{ "http://localhost.evil.example/", -1 },
		{ "http://127.0.0.1.evil.example/", -1 },
		{ "http://[::1].evil/", -1 },
		{ "http://10.0.0.1/", -1 },
		{ "http://127.0.0.1@evil.example/", -1 },
		{ "https://user@h/", -1 },
		{ "https:///x", -1 },
		{ "file:///srv/feed.xml", SG_URL_FILE },
		{ "/srv/feed.xml", SG_URL_PATH },
		{ "feeds/a b.xml", SG_URL_PATH },
		{ "https://h/a b", -1 },
		{ "", -1 },
		{ "gopher://h/", -1 },
		{ "https://h/\n", -1 },
	};
	char *path = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		enum sg_url_kind kind = SG_URL_PATH;
		struct sg_err err = SG_ERR_INIT;
		int r = sg_url_check(table[i].url, &kind, &err);

		if (r != (table[i].kind < 0 ? SG_EINVAL : 0) || (!r && (int)kind != table[i].kind))
			fail_msg("%s: %d, kind %d, %s", table[i].url, r, (int)kind, err.msg);
	}
	assert_int_equal(sg_url_path("file:///a%20b/c%25.xml", &path, NULL), 0);
	assert_string_equal(path, "/a b/c%.xml");
	free(path);
	assert_int_equal(sg_url_path("file://localhost/a", &path, NULL), 0);
	assert_string_equal(path, "/a");
	free(path);
	assert_int_equal(sg_url_path("file://server/a", &path, NULL), SG_EINVAL);
	assert_int_equal(sg_url_path("file:///a%00", &path, NULL), SG_EINVAL);
	assert_int_equal(sg_url_path("file:///a%4", &path, NULL), SG_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_left_out_has_a_default),
		cmocka_unit_test(every_setting_is_read),
		cmocka_unit_test(a_printed_configuration_reads_to_the_same),
		cmocka_unit_test(a_mistake_names_its_place_and_what_is_allowed),
		cmocka_unit_test(torn_files_are_refused_without_harm),
		cmocka_unit_test(a_guess_is_made_only_when_it_is_near),
		cmocka_unit_test(an_address_is_https_a_file_or_this_machine),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
