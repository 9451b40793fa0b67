/* test_known_feed.c - every mitigation of schemas/examples on an Exchange-shaped drive: its words, its own tests before and after, alone, all together,
 * given back in several orders, and all bodies of the two that had several. The drive is byte-identical at the end, hives included (P7). */
#include "engine/match.h"
#include "tests/lib/engine_lab.h"
#include "tests/lib/known_feed.h"

#include "base/os.h"

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PORTAL "C:\\inetpub\\portal\\bin\\Portal.Upload.dll"
#define PORTAL_APP                                                                                           \
	"<application path=\"/portal\" applicationPool=\"DefaultAppPool\"><virtualDirectory path=\"/\" "     \
	"physicalPath=\"C:\\inetpub\\portal\" /></application>"
#define SETUP_WITH_ALL                                                                                       \
	15, 1, 2176, 2 /* 2016 CU19 as it came out: nothing is fixed, and Unified Messaging is there */

/* Those that change something, in the feed's order. */
static const char *const ids[] = { "EXK-2022-41040", "EXK-2026-42897", "EXK-2021-26855", "EXK-2021-26857",
	"EXK-2021-27065-ECP", "EXK-2021-27065-OAB", "CORP-7", "CORP-8" };
enum { IDS = sizeof ids / sizeof *ids };

struct known {
	struct lab lab;
	struct sg_feed *feed;
	struct t_snapshot *before; /* with the builds that need all of them */
	uint64_t serial;
};

static void install(struct lab *lab, const char *win, unsigned a, unsigned b, unsigned c, unsigned d)
{
	struct sg_buf pe = { 0 };

	t_pe(a, b, c, d, &pe);
	t_drive_write(lab->drive, win, sg_buf_bytes(&pe));
	sg_buf_release(&pe);
}

static int setup(void **state)
{
	struct known *k = sg_alloc(sizeof *k);

	lab_make(&k->lab);
	install(&k->lab, T_EXSETUP, SETUP_WITH_ALL);
	install(&k->lab, PORTAL, 4, 2, 0, 0);
	t_drive_replace(k->lab.drive, T_APPHOST, "<bindings>", PORTAL_APP "<bindings>");
	k->before = t_drive_snapshot(k->lab.drive);
	k->feed = known_decode(KNOWN_NEWEST);
	lab_open(&k->lab);
	lab_configure(
	        &k->lab, NULL, "<feed name=\"" KNOWN_FEED "\" url=\"https://feed.example/known.xml\"/>");
	*state = k;
	return 0;
}

static int teardown(void **state)
{
	struct known *k = *state;

	t_snapshot_free(k->before);
	sg_feed_free(k->feed);
	lab_free(&k->lab);
	free(k);
	return 0;
}

static void offer(struct known *k, const char *configs)
{
	lab_offer(&k->lab, KNOWN_FEED, ++k->serial, configs);
	lab_run(&k->lab);
}

static void offer_file(struct known *k, const char *name)
{
	char *configs = known_configs(name);

	offer(k, configs);
	free(configs);
}

static void is_applied(struct known *k, const char *id)
{
	if (strcmp(lab_state(&k->lab, id), "applied/applied") != 0)
		fail_msg("%s is not applied: %s", id, lab_field(&k->lab, id, "text"));
	if (strcmp(lab_field(&k->lab, id, "effective"), "yes") != 0)
		fail_msg("%s takes effect: %s", id, lab_field(&k->lab, id, "effective"));
}

static void roll_back(struct known *k, const char *id)
{
	lab_do(&k->lab, "rollback", "id", id, NULL);
	assert_string_equal(lab_state(&k->lab, id), "reverted/by-admin");
}

/* What the evaluator says about the mitigation's own tests, over the files as they are. */
static enum sg_effective prove(struct known *k, const struct sg_mitigation *m, size_t *ret_passed)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_host *host = NULL;
	struct sg_proof proof = { 0 };
	enum sg_effective r;

	assert_int_equal(sg_host_read(&k->lab.drives, &host, &err), 0);
	if (sg_actions_prove(m, host, &k->lab.drives, &proof, &err))
		fail_msg("%s: %s", m->id, err.msg);
	r = proof.effective;
	*ret_passed = 0;
	for (size_t i = 0; i < proof.n; i++)
		*ret_passed += proof.at[i].passed;
	if (r == SG_EFFECTIVE_YES && *ret_passed != proof.n)
		fail_msg("%s takes effect, and a test of it fails", m->id);
	sg_proof_release(&proof);
	sg_host_free(host);
	return r;
}

/* --- the documents by themselves */

static char *document(int serial)
{
	return serial <= KNOWN_OLDER ? sg_format("known/serial-%d.xml", serial) : sg_strdup(KNOWN_NEWEST);
}

static void every_document_is_valid_by_the_schema(void **state)
{
	xmlSchemaParserCtxt *ctxt = xmlSchemaNewParserCtxt(SG_SOURCE_DIR "/schemas/feed.xsd");
	xmlSchema *schema = xmlSchemaParse(ctxt);

	(void)state;
	assert_non_null(schema);
	for (int serial = 1; serial <= KNOWN_OLDER + 1; serial++) {
		char *name = document(serial);
		xmlSchemaValidCtxt *valid = xmlSchemaNewValidCtxt(schema);
		struct sg_buf octets = { 0 };
		xmlDoc *doc;

		known_octets(name, &octets);
		doc = xmlReadMemory((char *)octets.data, (int)octets.len, name, NULL, XML_PARSE_NONET);
		assert_non_null(doc);
		assert_int_equal(xmlSchemaValidateDoc(valid, doc), 0);
		xmlFreeDoc(doc);
		xmlSchemaFreeValidCtxt(valid);
		sg_buf_release(&octets);
		free(name);
	}
	xmlSchemaFree(schema);
	xmlSchemaFreeParserCtxt(ctxt);
}

static void every_document_is_whole_and_says_what_people_need(void **state)
{
	struct known *k = *state;

	for (int serial = 1; serial <= KNOWN_OLDER + 1; serial++) {
		char *name = document(serial);
		struct sg_feed *feed = known_decode(name);

		assert_int_equal(feed->n_refused, 0);
		assert_int_equal(feed->serial, serial);
		for (size_t i = 0; i < feed->n; i++) {
			const struct sg_mitigation *m = feed->at[i];
			struct sg_err err = SG_ERR_INIT;
			bool requests = false, refuses = false, serves = false;

			if (m->tombstone || strcmp(m->id, "PING1") == 0)
				continue;
			if (sg_actions_check(m, &err))
				fail_msg("%s: %s: %s", name, m->id, err.msg);
			assert_non_null(m->desc);
			assert_non_null(m->revision);
			assert_non_null(m->fixed_by);
			assert_true(m->references.n && m->side_effects.n);
			assert_true(m->review_by && m->applicability.given);
			for (size_t a = 0; a < m->n_actions; a++)
				requests |= strcmp(m->actions[a].type, "UrlRewrite") == 0 ||
				            strcmp(m->actions[a].type, "RequestFiltering") == 0;
			for (size_t t = 0; t < m->n_tests; t++) {
				refuses |= m->tests[t].kind != SG_TEST_SERVE;
				serves |= m->tests[t].kind == SG_TEST_SERVE;
			}
			if (requests && !(refuses && serves))
				fail_msg("%s: %s lacks tests of both sorts", name, m->id);
		}
		sg_feed_free(feed);
		free(name);
	}
	for (size_t i = 0; i < IDS; i++)
		known_find(k->feed, ids[i]);
	assert_int_equal(k->feed->n, IDS + 2); /* and the heartbeat, and the tombstone */
	assert_string_equal(known_find(k->feed, "EXK-2022-41040")->same_as, "EM:M1");
	assert_string_equal(known_find(k->feed, "EXK-2026-42897")->same_as, "EM:M2");
}

/* --- on a drive */

static void each_alone_takes_effect_and_is_given_back(void **state)
{
	struct known *k = *state;

	for (size_t i = 0; i < IDS; i++) {
		const struct sg_mitigation *m = known_find(k->feed, ids[i]);
		char *config = known_config(KNOWN_NEWEST, ids[i]);
		size_t before, after, wanted = 0;

		if (prove(k, m, &before) != SG_EFFECTIVE_NO)
			fail_msg("%s takes effect before it is applied", m->id);
		offer(k, config);
		is_applied(k, ids[i]);
		assert_int_equal(prove(k, m, &after), SG_EFFECTIVE_YES);
		for (size_t t = 0; t < m->n_tests;
		        t++) /* what only rewrites answers has no say about Serve */
			wanted += m->tests[t].kind != SG_TEST_SERVE;
		if (wanted && (after < wanted || before >= after))
			fail_msg("%s: of %zu tests %zu passed before and %zu after", m->id, wanted, before,
			        after);
		roll_back(k, ids[i]);
		if (!t_drive_same(k->lab.drive, k->before))
			fail_msg("%s leaves something behind", ids[i]);
		assert_int_equal(prove(k, m, &after), SG_EFFECTIVE_NO);
		assert_int_equal(before, after);
		free(config);
	}
}

static void shuffle(size_t *order, uint64_t *seed)
{
	for (size_t i = IDS - 1; i > 0; i--) {
		size_t with, keep = order[i];

		*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
		with = (size_t)(*seed >> 33) % (i + 1);
		order[i] = order[with];
		order[with] = keep;
	}
}

static void all_together_are_given_back_in_any_order(void **state)
{
	struct known *k = *state;
	size_t order[IDS];
	uint64_t seed = 41040;

	offer_file(k, KNOWN_NEWEST);
	assert_string_equal(lab_field(&k->lab, "PING1", "verdict"), "IN FORCE");
	assert_string_equal(lab_field(&k->lab, "EXK-2021-OLD", "verdict"), "NOT NEEDED");
	for (size_t i = 0; i < IDS; i++)
		order[i] = i;
	for (int round = 0; round < 6; round++) {
		for (size_t i = 0; i < IDS; i++)
			is_applied(k, ids[i]);
		for (size_t i = 0; i < IDS; i++) {
			roll_back(k, ids[order[i]]);
			for (size_t rest = i + 1; rest < IDS; rest++) /* what stays is as it was (P6) */
				is_applied(k, ids[order[rest]]);
		}
		if (!t_drive_same(k->lab.drive, k->before))
			fail_msg("round %d leaves something behind", round);
		if (round == 0)
			for (size_t i = 0; i < IDS; i++)
				order[i] = IDS - 1 - i;
		else
			shuffle(order, &seed);
		for (size_t i = 0; i < IDS; i++)
			lab_do(&k->lab, "apply", "id", ids[order[IDS - 1 - i]], NULL);
	}
	lab_do(&k->lab, "rollback", "all", "true", NULL);
	assert_true(t_drive_same(k->lab.drive, k->before));
}

/* Serial after serial as they were published, then back to each older body under a newer serial (a recall), then out. */
static void every_body_supersedes_and_is_recalled(void **state)
{
	static const char *const revisions[] = { "1.0", "1.0.1", "1.0.2", "1.0.3", "1.1" };
	struct known *k = *state;

	for (int step = 1; step <= 2 * KNOWN_OLDER; step++) {
		int serial = step <= KNOWN_OLDER ? step : 2 * KNOWN_OLDER - step + 1;
		char *name = sg_format("known/serial-%d.xml", serial);
		struct sg_feed *feed = known_decode(name);
		const struct sg_mitigation *m = known_find(feed, "EXK-2022-41040");
		struct sg_buf root = { 0 };
		size_t passed;

		offer_file(k, name);
		is_applied(k, m->id);
		assert_string_equal(
		        lab_field(&k->lab, m->id, "revision"), revisions[serial < 5 ? serial - 1 : 4]);
		assert_int_equal(prove(k, m, &passed), SG_EFFECTIVE_YES);
		assert_true(passed >= m->n_tests);
		t_drive_read(k->lab.drive, T_WWWROOT, &root);
		assert_non_null(strstr((char *)root.data, m->id));
		assert_null(strstr(strstr((char *)root.data, m->id) + 1, m->id)); /* one body, not two */
		sg_buf_release(&root);
		sg_feed_free(feed);
		free(name);
	}
	roll_back(k, "EXK-2022-41040");
	roll_back(k, "EXK-2026-42897");
	assert_true(t_drive_same(k->lab.drive, k->before));
}

/* What the next body was published for: the older one passes none of its new tests. */
static void each_newer_body_refuses_what_the_older_one_served(void **state)
{
	static const int closes[] = { 2, 3, 5 }; /* 4 says the same as 3, without a stray blank */
	struct known *k = *state;

	for (size_t i = 0; i < sizeof closes / sizeof *closes; i++) {
		char *older = sg_format("known/serial-%d.xml", closes[i] - 1),
		     *newer = sg_format("known/serial-%d.xml", closes[i]);
		struct sg_feed *feed = known_decode(newer);
		size_t passed;

		offer_file(k, older);
		assert_int_not_equal(prove(k, known_find(feed, "EXK-2022-41040"), &passed), SG_EFFECTIVE_YES);
		offer_file(k, newer);
		assert_int_equal(prove(k, known_find(feed, "EXK-2022-41040"), &passed), SG_EFFECTIVE_YES);
		sg_feed_free(feed);
		free(older);
		free(newer);
	}
	offer_file(k, "known/serial-6.xml"); /* narrow */
	size_t narrow, wide;
	assert_int_not_equal(prove(k, known_find(k->feed, "EXK-2026-42897"), &narrow), SG_EFFECTIVE_YES);
	offer_file(k, KNOWN_NEWEST);
	assert_string_equal(lab_field(&k->lab, "EXK-2026-42897", "revision"), "2.1.0");
	assert_int_equal(prove(k, known_find(k->feed, "EXK-2026-42897"), &wide), SG_EFFECTIVE_YES);
	assert_true(narrow < wide);
}

static void on_a_server_that_is_up_to_date_nothing_is_touched(void **state)
{
	struct known *k = *state;
	struct t_snapshot *fixed;

	install(&k->lab, T_EXSETUP, 15, 2, 2562, 46);
	install(&k->lab, PORTAL, 4, 2, 1, 0);
	k->lab.now += 60 * 1000; /* what was read of this server is older than a look at it may be */
	fixed = t_drive_snapshot(k->lab.drive);
	offer_file(k, KNOWN_NEWEST);
	for (size_t i = 0; i < IDS; i++)
		if (strcmp(lab_field(&k->lab, ids[i], "verdict"), "NOT NEEDED") != 0)
			fail_msg("%s: %s", ids[i], lab_field(&k->lab, ids[i], "text"));
	assert_true(t_drive_same(k->lab.drive, fixed));
	t_snapshot_free(fixed);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_document_is_valid_by_the_schema),
		T(every_document_is_whole_and_says_what_people_need),
		T(each_alone_takes_effect_and_is_given_back),
		T(all_together_are_given_back_in_any_order),
		T(every_body_supersedes_and_is_recalled),
		T(each_newer_body_refuses_what_the_older_one_served),
		T(on_a_server_that_is_up_to_date_nothing_is_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
