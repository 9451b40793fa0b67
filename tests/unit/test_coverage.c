/* test_coverage.c - "was this server protected from X to Y" (P13): what each kind of line does to the answer about a mitigation, line by line and without
 * any journal. */
#include "tests/lib/coverage_trail.h"

/* --- mitigations */

static void verdicts_count_as_design_says(void **state)
{
	struct trail *t = *state;
	const struct sg_val *ms;

	up(t);
	says(t, 1, SG_EV_NEW, "M1", SG_V_UNKNOWN);
	says(t, 2, SG_EV_WAITS, "M1", SG_V_WAITING);
	says(t, 4, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 7, SG_EV_DEFEATED, "M1", SG_V_EXPOSED);
	says(t, 11, SG_EV_MOVED, "M1", SG_V_BY_OTHERS);
	says(t, 16, SG_EV_REVERTED, "M1", SG_V_NOT_NEEDED);
	report(t, 22, NULL, -1, -1);
	spans_are(t, "M1",
	        "1-2 unknown; 2-4 exposed; 4-7 protected; 7-11 exposed; 11-16 protected; 16-22 protected");
	ms = sg_val_get(of(t, "M1"), "ms");
	assert_int_equal(sg_val_get_int(ms, "protected", 0), (3 + 5 + 6) * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "by_others", 0), 5 * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "not_needed", 0), 6 * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "exposed", 0), (2 + 4) * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "waiting", 0), 2 * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "unknown", 0), 1 * MINUTE);
	assert_string_equal(sg_val_get_str(of(t, "M1"), "coverage", ""), "exposed");
}

static void lines_that_say_the_same_make_no_new_span(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 2, SG_EV_EVALUATED, "M1", SG_V_IN_FORCE);
	says(t, 3, SG_EV_EVALUATED, "M1", SG_V_EXPOSED);
	says(t, 3, SG_EV_REPAIRED, "M1", SG_V_IN_FORCE); /* exposed for no time at all */
	report(t, 5, NULL, -1, -1);
	spans_are(t, "M1", "1-5 protected");
}

static void a_question_about_a_part_is_cut_to_it(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 2, SG_EV_WAITS, "M1", SG_V_EXPOSED);
	says(t, 4, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	report(t, 20, "M1", 5, 9);
	spans_are(t, "M1", "5-9 protected");
	assert_string_equal(sg_val_get_str(of(t, "M1"), "coverage", ""), "protected");
	assert_int_equal(sg_val_get(t->report, "server")->type, SG_VAL_NIL);
	report(t, 20, "f/m*", 3, 5);
	spans_are(t, "M1", "3-4 exposed; 4-5 protected");
	report(t, 20, "g/M1", 3, 5);
	assert_null(of(t, "M1"));
}

static void the_future_is_not_foretold(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	report(t, 5, NULL, 0, 900);
	spans_are(t, "M1", "1-5 protected");
	assert_int_equal(sg_val_get_int(t->report, "to", 0), 5 * MINUTE);
}

/* --- gaps */

static void nothing_is_known_while_the_service_is_stopped(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 1, SG_EV_WAITS, "M2", SG_V_EXPOSED);
	service(t, 5, SG_EV_STOPPED);
	service(t, 9, SG_EV_STARTED);
	configured(t, 9, "corp", NULL);
	says(t, 12, SG_EV_APPLIED, "M2", SG_V_IN_FORCE);
	report(t, 20, NULL, -1, -1);
	spans_are(t, "M1", "1-5 protected; 5-9 unknown; 9-20 protected");
	spans_are(t, "M2", "1-5 exposed; 5-9 unknown; 9-12 exposed; 12-20 protected");
	spans_are(t, NULL, "0-1 protected; 1-5 exposed; 5-9 unknown; 9-12 exposed; 12-20 protected");
	cause_has(t, "M1", 1, "the service was stopped; what was in place stays there");
	cause_has(t, NULL, 2, "the service was stopped");
}

static void who_died_is_known_to_have_run_until_the_last_line(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	service(t, 4, SG_EV_AUDITED);
	says(t, 10, SG_EV_RECOVERED, "M1", SG_V_IN_FORCE); /* of the next run, in front of its STARTED */
	service(t, 10, SG_EV_STARTED);
	configured(t, 10, "corp", NULL);
	report(t, 12, NULL, -1, -1);
	spans_are(t, "M1", "1-4 protected; 4-10 unknown; 10-12 protected");
	spans_are(t, NULL, "0-1 protected; 1-4 protected; 4-10 unknown; 10-12 protected");
	cause_has(t, "M1", 1, "died");
}

static void a_journal_that_is_only_read_says_nothing_behind_its_end(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	service(t, 4, SG_EV_AUDITED);
	sg_coverage_end(&t->c, 0);
	t->report = sg_coverage_report(&t->c, NULL, INT64_MIN, INT64_MAX);
	spans_are(t, "M1", "1-4 protected");
	sg_val_free(t->report);
	t->report = sg_coverage_report(&t->c, NULL, INT64_MIN, 9 * MINUTE);
	spans_are(t, "M1", "1-4 protected; 4-9 unknown");
	spans_are(t, NULL, "0-1 protected; 1-4 protected; 4-9 unknown");
}

static void before_the_first_line_nothing_is_known(void **state)
{
	struct trail *t = *state;

	t->c.now = 0;
	service(t, 10, SG_EV_STARTED);
	configured(t, 10, "corp", NULL);
	feed(t, 10, SG_EV_FEED_ACCEPTED, "corp", "feed corp: serial 1");
	says(t, 12, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	report(t, 14, NULL, 5, 14);
	spans_are(t, NULL, "5-10 unknown; 10-12 protected; 12-14 protected");
	spans_are(t, "M1", "12-14 protected"); /* nobody knew of it */
	cause_has(t, NULL, 0, "before the journal's first line");
}

static void a_clock_that_was_set_back_makes_no_negative_time(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 10, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 3, SG_EV_DRIFT, "M1", SG_V_EXPOSED);
	says(t, 12, SG_EV_REPAIRED, "M1", SG_V_IN_FORCE);
	report(t, 15, NULL, -1, -1);
	spans_are(t, "M1", "10-12 exposed; 12-15 protected");
}

static void behind_a_lost_line_nobody_knows_until_the_next(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 1, SG_EV_APPLIED, "M2", SG_V_IN_FORCE);
	t->seq += 2;
	service(t, 5, SG_EV_AUDITED);
	says(t, 8, SG_EV_EVALUATED, "M1", SG_V_IN_FORCE);
	report(t, 10, NULL, -1, -1);
	spans_are(t, "M1", "1-8 unknown; 8-10 protected");
	spans_are(t, "M2", "1-10 unknown");
	cause_has(t, "M2", 0, "lost");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(verdicts_count_as_design_says),
		T(lines_that_say_the_same_make_no_new_span),
		T(a_question_about_a_part_is_cut_to_it),
		T(the_future_is_not_foretold),
		T(nothing_is_known_while_the_service_is_stopped),
		T(who_died_is_known_to_have_run_until_the_last_line),
		T(a_journal_that_is_only_read_says_nothing_behind_its_end),
		T(before_the_first_line_nothing_is_known),
		T(a_clock_that_was_set_back_makes_no_negative_time),
		T(behind_a_lost_line_nobody_knows_until_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
