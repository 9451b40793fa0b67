/* test_coverage_server.c - the answer about the server (P13): feeds that fail, the worst mitigation, and what stays known of history that was taken out. */
#include "base/pack.h"
#include "tests/lib/coverage_trail.h"

/* --- feeds */

static void a_feed_that_fails_leaves_the_server_unknown_with_the_cause(void **state)
{
	static const int failures[] = { SG_EV_FEED_UNREACHABLE, SG_EV_FEED_MALFORMED, SG_EV_TRUST_SIGNATURE,
		SG_EV_TRUST_CHAIN, SG_EV_TRUST_SERIAL, SG_EV_TRUST_EQUIVOCATION, SG_EV_TRUST_NAME,
		SG_EV_FEED_STALE, SG_EV_FEED_PART_REFUSED };
	struct trail *t = *state;
	int minute = 1;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		minute += 2;
		feed(t, minute++, failures[i], "corp", "feed corp: cannot be had");
		feed(t, minute, i % 2 ? SG_EV_FEED_ACCEPTED : SG_EV_FEED_REACHABLE, "corp",
		        "feed corp: well");
		if (failures[i] == SG_EV_FEED_PART_REFUSED)
			feed(t, minute, SG_EV_FEED_ACCEPTED, "corp", "feed corp: well");
	}
	report(t, minute + 1, NULL, -1, -1);
	spans_are(t, "M1", "1-29 protected"); /* what it has of it, it has */
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
		cause_has(t, NULL, 2 + 2 * i,
		        "feed corp: cannot be had: whether it had anything new is not known");
	assert_int_equal(sg_val_get_int(sg_val_get(of(t, NULL), "ms"), "unknown", 0), 9 * MINUTE);
	assert_string_equal(sg_val_get_str(of(t, NULL), "coverage", ""), "unknown");
}

static void a_failure_lasts_beyond_a_restart_and_ends_with_its_feed(void **state)
{
	struct trail *t = *state;

	up(t);
	feed(t, 2, SG_EV_FEED_UNREACHABLE, "corp", "feed corp: no route");
	service(t, 4, SG_EV_STOPPED);
	service(t, 5, SG_EV_STARTED);
	configured(t, 5, "corp", NULL);
	configured(t, 8, "other", NULL);
	feed(t, 9, SG_EV_FEED_ACCEPTED, "other", "feed other: serial 1");
	report(t, 10, NULL, -1, -1);
	spans_are(
	        t, NULL, "0-2 protected; 2-4 unknown; 4-5 unknown; 5-8 unknown; 8-9 unknown; 9-10 protected");
	cause_has(t, NULL, 3, "no route");
	cause_has(t, NULL, 4, "feed other: not read yet");
}

static void without_a_feed_the_server_is_exposed(void **state)
{
	struct trail *t = *state;

	service(t, 0, SG_EV_STARTED);
	configured(t, 2, NULL, NULL);
	report(t, 5, NULL, -1, -1);
	spans_are(t, NULL, "0-2 unknown; 2-5 exposed");
	cause_has(t, NULL, 0, "no configuration");
	cause_has(t, NULL, 1, "no feed is configured");
}

static void the_worst_mitigation_speaks_for_the_server(void **state)
{
	struct trail *t = *state;

	up(t);
	feed(t, 1, SG_EV_FEED_STALE, "corp", "feed corp: has not verified for 6h");
	says(t, 2, SG_EV_EVALUATED, "M1", SG_V_UNKNOWN);
	says(t, 3, SG_EV_WAITS, "M2", SG_V_WAITING);
	report(t, 4, NULL, -1, -1);
	spans_are(t, NULL, "0-1 protected; 1-2 unknown; 2-3 unknown; 3-4 exposed");
	cause_has(t, NULL, 2, "M1: UNKNOWN");
	cause_has(t, NULL, 2, "has not verified");
	cause_has(t, NULL, 3, "M2: WAITING: some (cause); and 1 more");
}

/* --- history that was taken out */

static void what_stood_before_a_prune_stays_known(void **state)
{
	struct trail *t = *state;
	struct sg_val *standing;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 2, SG_EV_WAITS, "M2", SG_V_EXPOSED);
	feed(t, 3, SG_EV_FEED_UNREACHABLE, "corp", "feed corp: no route");
	standing = sg_coverage_standing(&t->c, 7, NULL);
	sg_coverage_release(&t->c);
	sg_coverage_init(&t->c, standing);
	sg_val_free(standing);
	assert_int_equal(t->seq, 6);
	service(t, 10, SG_EV_AUDITED);
	feed(t, 12, SG_EV_FEED_REACHABLE, "corp", "feed corp: well");
	says(t, 14, SG_EV_APPLIED, "M2", SG_V_IN_FORCE);
	report(t, 20, NULL, 5, 20);
	spans_are(t, "M1", "5-10 unknown; 10-20 protected");
	spans_are(t, "M2", "5-10 unknown; 10-14 exposed; 14-20 protected");
	spans_are(t, NULL, "5-10 unknown; 10-14 exposed; 14-20 protected");
	cause_has(t, "M1", 0, "older history was taken out");
	cause_has(t, NULL, 0, "older history was taken out");
}

/* A part that is too large for a record could be written and never be read again. */
static void however_many_there_are_each_part_fits_a_record(void **state)
{
	struct trail *t = *state;
	struct sg_val *facts, *again;
	struct sg_coverage c;
	struct sg_buf octets = { 0 };
	char id[65], error[600];

	up(t);
	memset(error, 'e', sizeof error - 1);
	error[sizeof error - 1] = 0;
	for (int i = 0; i < 4096; i++) {
		snprintf(id, sizeof id, "EXK-%060d", i);
		says(t, 1, SG_EV_WAITS, id, i % 2 ? SG_V_EXPOSED : SG_V_NOT_NEEDED);
	}
	for (int i = 0; i < 64; i++) {
		snprintf(id, sizeof id, "feed-%059d", i);
		feed(t, 1, SG_EV_FEED_UNREACHABLE, id, error);
		feed(t, 1, SG_EV_FEED_STALE, id, error);
	}
	facts = sg_coverage_standing(&t->c, t->seq + 1, NULL);
	assert_true(facts->n > 40);
	for (size_t i = 0; i < facts->n; i++) {
		sg_buf_clear(&octets);
		sg_pack(facts->kid[i], &octets);
		assert_int_equal(
		        sg_pack_walk(sg_buf_bytes(&octets), &sg_pack_row_limits, NULL), (int64_t)octets.len);
	}
	sg_coverage_init(&c, facts);
	again = sg_coverage_standing(&c, 1, facts);
	for (size_t i = 0; i < facts->n; i++) /* nothing is known yet: the old parts go */
		assert_int_equal(sg_val_get(again, facts->kid[i]->key)->type,
		        strcmp(facts->kid[i]->key, SG_COVERAGE_FACT) == 0 ? SG_VAL_MAP : SG_VAL_NIL);
	sg_coverage_release(&c);
	sg_coverage_release(&t->c);
	sg_coverage_init(&t->c, facts);
	service(t, 5, SG_EV_AUDITED);
	report(t, 9, NULL, 5, 9);
	snprintf(id, sizeof id, "EXK-%060d", 4095);
	spans_are(t, id, "5-9 exposed");
	assert_int_equal(sg_val_get(t->report, "mitigations")->n, 4096);
	sg_val_free(facts);
	sg_val_free(again);
	sg_buf_release(&octets);
}

static void what_nobody_kept_is_unknown_up_to_its_next_line(void **state)
{
	struct trail *t = *state;

	t->seq = 40;
	service(t, 10, SG_EV_AUDITED);
	says(t, 14, SG_EV_EVALUATED, "M1", SG_V_IN_FORCE);
	says(t, 15, SG_EV_NEW, "M2", SG_V_WAITING);
	report(t, 20, NULL, 5, 20);
	spans_are(t, "M1", "5-10 unknown; 10-14 unknown; 14-20 protected");
	spans_are(t, "M2", "15-20 exposed");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_feed_that_fails_leaves_the_server_unknown_with_the_cause),
		T(a_failure_lasts_beyond_a_restart_and_ends_with_its_feed),
		T(without_a_feed_the_server_is_exposed),
		T(the_worst_mitigation_speaks_for_the_server),
		T(what_stood_before_a_prune_stays_known),
		T(however_many_there_are_each_part_fits_a_record),
		T(what_nobody_kept_is_unknown_up_to_its_next_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
