/* test_op_run.c - what several mitigations hold together, what others do meanwhile, and what a newer body wants no more: values and run state. */
#include "tests/lib/live_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define A T_CONFIG("A", T_SERVICE(T_OFF(T_UM), T_BOTH))
#define B T_CONFIG("B", T_POOL(T_ECP_POOL, T_BOTH))
#define C T_CONFIG("C", T_SERVICE(T_OFF(T_SPAM), "<sg:Companion name=\"" T_HM "\"/>"))

static void all_run(struct live *l)
{
	live_runs(l, T_HM);
	live_runs(l, T_HMR);
	live_runs(l, T_UM);
	live_runs(l, "FaxPrinter");
	live_runs(l, T_SPAM);
	live_runs(l, T_ECP_POOL);
	live_rests(l, T_UMCR);
	assert_true(lab_untouched(&l->lab));
}

/* P6, for values and for what runs: companions stay off until the last of those that need them off has ended. */
static void three_that_share_companions_end_in_every_order(void **state)
{
	static const char *const orders[] = { "ABC", "ACB", "BAC", "BCA", "CAB", "CBA" };
	struct live *l = *state;

	for (size_t o = 0; o < 6; o++) {
		live_offer(l, 1, A B C);
		for (size_t i = 0; i < 3; i++) {
			char id[2] = { orders[o][i], 0 };

			live_is(l, id, "applied/applied");
			live_start(l, T_HM, 4);
			live_rests(l, T_HM);
			live_out(l, id);
		}
		all_run(l);
		live_tear_down(state);
		live_set_up(state);
		l = *state;
	}
}

/* The same, one after the other in: what the second one finds stopped, the first one stopped. */
static void two_that_came_one_after_the_other_end_in_either_order(void **state)
{
	static const char *const orders[] = { "AB", "BA", "AC", "CA", "CB", "BC" };
	struct live *l = *state;

	for (size_t o = 0; o < 6; o++) {
		for (size_t first = 0; first < 2; first++) {
			static const char *const bodies[] = { A, B, C };
			const char *one = bodies[orders[o][first] - 'A'],
			           *two = bodies[orders[o][!first] - 'A'];
			char both[4096];

			live_offer(l, 1, one);
			snprintf(both, sizeof(both), "%s%s", one, two);
			live_offer(l, 2, both);
			for (size_t i = 0; i < 2; i++) {
				char id[2] = { orders[o][i], 0 };

				live_is(l, id, "applied/applied");
				live_rests(l, T_HM);
				live_out(l, id);
			}
			all_run(l);
			live_tear_down(state);
			live_set_up(state);
			l = *state;
		}
	}
}

/* HMR went down with HM, as its dependant; then somebody else's mitigation wants HMR itself off, and stays. */
static void a_dependant_that_another_one_wants_off_is_not_started_but_remembered(void **state)
{
	struct live *l = *state;
	static const char hm[] = T_CONFIG("H", T_SERVICE(T_OFF(T_HM), ""));
	static const char both[] = T_CONFIG("H", T_SERVICE(T_OFF(T_HM), ""))
	        T_CONFIG("R", T_SERVICE("name=\"" T_HMR "\" start=\"Manual\" run=\"Stopped\"", ""));

	live_offer(l, 1, hm);
	live_offer(l, 2, both);
	live_is(l, "R", "applied/applied");
	live_out(l, "H");
	live_runs(l, T_HM);
	live_rests(l, T_HMR);
	live_out(l, "R");
	all_run(l);
}

static void the_three_kinds_go_in_and_out_in_one_operation(void **state)
{
	struct live *l = *state;

	live_offer(l, 1,
	        T_CONFIG("A", T_RULE("A") T_SERVICE(T_OFF(T_UM), T_BOTH) T_POOL(T_ECP_POOL, T_BOTH))
	                T_CONFIG("B", T_RULE("B")) C);
	live_is(l, "A", "applied/applied");
	live_is(l, "B", "applied/applied");
	live_is(l, "C", "applied/applied");
	live_rests(l, T_UM);
	live_rests(l, T_ECP_POOL);
	live_rests(l, T_SPAM);
	live_out(l, "C");
	live_out(l, "A");
	live_out(l, "B");
	all_run(l);
}

/* --- the order */

static struct {
	const struct sg_runner *runner;
	const char *drive;
	uint32_t start; /* of UM when it was told to stop */
} watched;

static int stop_and_look(void *arg, enum sg_hook_kind kind, const char *name, int64_t ms, struct sg_err *err)
{
	if (strcmp(name, T_UM) == 0)
		watched.start = t_start(watched.drive, T_UM);
	return watched.runner->stop(arg, kind, name, ms, err);
}

/* What is stopped before its start type is durable would be started again by whoever starts services meanwhile. */
static void nothing_is_stopped_before_its_value_is_in_its_file(void **state)
{
	struct live *l = *state;
	struct sg_runner real = l->runner;

	watched.runner = &real;
	watched.drive = l->lab.drive;
	watched.start = 0;
	l->runner.stop = stop_and_look;
	live_offer(l, 1, A);
	live_rests(l, T_UM);
	assert_int_equal(watched.start, 4);
}

/* --- what others do meanwhile */

static void an_uninstalled_service_is_let_go_and_nothing_is_created(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, A);
	t_remove_service(l->lab.drive, T_UM);
	snprintf(l->fake->gone, sizeof(l->fake->gone), "%s", T_UM);
	lab_do(&l->lab, "audit", NULL);
	lab_run(&l->lab);
	assert_int_equal(t_start(l->lab.drive, T_UM), T_NO_START);
	l->lab.now += 3600 * 1000;
	lab_run(&l->lab);
	live_out(l, "A");
	assert_int_equal(t_start(l->lab.drive, T_UM), T_NO_START);
	live_start(l, T_HM, 2);
	live_start(l, T_HMR, 3);
	live_runs(l, T_HM);
	live_runs(l, T_HMR);
}

static void what_an_administrator_set_is_never_written(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, A);
	t_set_start(l->lab.drive, T_UM, 3); /* neither the before (2) nor the after (4) */
	lab_do(&l->lab, "audit", NULL);
	live_is(l, "A", "blocked/drift");
	assert_int_not_equal(lab_ask(&l->lab, NULL, "rollback", "id", "A", NULL), 0);
	live_start(l, T_UM, 3);
	live_start(l, T_HM, 2); /* the rest went */
	live_runs(l, T_HM);
	live_rests(l, T_UM); /* still claimed: nobody starts it */
}

static void what_an_administrator_put_back_is_respected(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), "")));
	t_set_start(l->lab.drive, T_UM, 2);
	lab_do(&l->lab, "audit", NULL);
	live_is(l, "A", "blocked/removed");
	assert_string_equal(lab_verdict(&l->lab), "EXPOSED");
	live_runs(l, T_UM); /* as it was before us */
	assert_true(lab_untouched(&l->lab));
}

static void a_service_that_somebody_started_again_is_said(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE("name=\"" T_UM "\" start=\"Manual\" run=\"Stopped\"", "")));
	assert_string_equal(lab_field(&l->lab, "A", "effective"), "yes");
	fake_runner_set(l->fake, T_UM, true);
	lab_do(&l->lab, "audit", NULL);
	live_is(l, "A", "applied/applied"); /* no value of ours moved */
	assert_string_equal(lab_field(&l->lab, "A", "effective"), "no");
	assert_true(live_said(l, "A", "somebody has started it again"));
	fake_runner_set(l->fake, T_UM, false);
	lab_do(&l->lab, "audit", NULL);
	assert_string_equal(lab_field(&l->lab, "A", "effective"), "yes");
}

static void what_somebody_put_back_is_stopped_again_where_policy_says_so(void **state)
{
	struct live *l = *state;

	lab_configure(&l->lab, NULL, "<policy><removal by-hand=\"reapply\"/></policy>");
	live_offer(l, 1, A);
	t_set_start(l->lab.drive, T_UM, 2);
	fake_runner_set(l->fake, T_UM, true);
	l->lab.boot = "another-boot"; /* what ran is what runs now, and Fax does not */
	fake_runner_set(l->fake, "Fax", false);
	fake_runner_set(l->fake, "FaxPrinter", false);
	lab_do(&l->lab, "audit", NULL);
	lab_run(&l->lab);
	live_is(l, "A", "applied/applied");
	live_start(l, T_UM, 4);
	live_rests(l, T_UM);
	live_out(l, "A");
	live_runs(l, T_UM);
	live_rests(l, "Fax");
	live_rests(l, T_HM); /* of the other boot */
	assert_true(lab_untouched(&l->lab));
}

static void taking_over_makes_theirs_the_before(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), "")));
	t_set_start(l->lab.drive, T_UM, 3);
	fake_runner_set(l->fake, T_UM, true);
	lab_do(&l->lab, "audit", NULL);
	live_is(l, "A", "blocked/drift");
	lab_do(&l->lab, "resolve", "id", "A", "how", "take-over", NULL);
	live_is(l, "A", "applied/applied");
	live_start(l, T_UM, 4);
	live_rests(l, T_UM);
	live_out(l, "A");
	live_start(l, T_UM, 3);
	live_runs(l, T_UM);
}

static void what_went_in_on_a_drive_is_not_started_where_it_runs(void **state)
{
	struct live *l = *state;

	lab_close(&l->lab);
	l->lab.runner = NULL;
	lab_open(&l->lab);
	lab_configure(&l->lab, NULL, NULL);
	live_offer(l, 1, A);
	live_is(l, "A", "applied/applied");
	lab_close(&l->lab);
	l->lab.runner = &l->runner; /* the drive is back in its server, and Windows has started */
	fake_runner_set(l->fake, T_UM, false);
	lab_open(&l->lab);
	lab_configure(&l->lab, NULL, NULL);
	live_out(l, "A");
	live_rests(l, T_UM);
	assert_true(live_said(l, "A", "went in while nothing ran on this drive"));
	assert_true(lab_untouched(&l->lab));
}

static void one_whose_stop_fails_does_not_keep_the_others_out(void **state)
{
	struct live *l = *state;

	snprintf(l->fake->fails, sizeof(l->fake->fails), "%s", T_ECP_POOL);
	live_offer(l, 1, A B T_CONFIG("R", T_RULE("R")));
	live_is(l, "A", "applied/applied");
	live_is(l, "R", "applied/applied");
	live_is(l, "B", "applicable/retry");
	live_rests(l, T_HM);
	live_runs(l, T_ECP_POOL);
	l->fake->fails[0] = 0;
	live_out(l, "A");
	live_out(l, "R");
	l->lab.now += 3600 * 1000;
	lab_run(&l->lab);
	live_is(l, "B", "applied/applied");
	live_out(l, "B");
	all_run(l);
}

/* --- newer bodies, and who joins */

static void a_newer_body_that_wants_less_lets_it_run_again(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_RULE("A") T_SERVICE(T_OFF(T_UM), T_BOTH)));
	live_rests(l, T_UM);
	live_offer(l, 2, T_CONFIG("A", T_RULE("A")));
	live_is(l, "A", "applied/applied");
	live_runs(l, T_UM);
	live_runs(l, T_HM);
	live_start(l, T_UM, 2);
	live_out(l, "A");
	all_run(l);
}

static void a_newer_body_that_fails_leaves_the_older_one_as_it_was(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), T_BOTH)));
	snprintf(l->fake->fails, sizeof(l->fake->fails), "%s", T_ECP_POOL);
	live_offer(l, 2, T_CONFIG("A", T_POOL(T_ECP_POOL, T_BOTH)));
	live_is(l, "A", "applied/newer-failed");
	live_rests(l, T_UM);
	live_rests(l, T_HM);
	live_runs(l, T_ECP_POOL);
	live_start(l, T_UM, 4);
	l->fake->fails[0] = 0;
	live_out(l, "A");
	all_run(l);
}

static void who_joins_and_wants_it_stopped_stops_it(void **state)
{
	struct live *l = *state;
	static const char quiet[] = T_CONFIG("A", T_SERVICE("name=\"" T_UM "\" start=\"Disabled\"", ""));
	static const char both[] = T_CONFIG("A", T_SERVICE("name=\"" T_UM "\" start=\"Disabled\"", ""))
	        T_CONFIG("B", T_SERVICE(T_OFF(T_UM), ""));

	live_offer(l, 1, quiet);
	live_runs(l, T_UM);
	live_offer(l, 2, both);
	live_is(l, "B", "applied/applied");
	live_rests(l, T_UM);
	live_out(l, "B"); /* A holds it still: it stays as it is until the last one leaves */
	live_rests(l, T_UM);
	live_out(l, "A");
	all_run(l);
}

static void who_joins_and_cannot_stop_it_holds_nothing(void **state)
{
	struct live *l = *state;
	static const char quiet[] = T_CONFIG("A", T_SERVICE("name=\"" T_UM "\" start=\"Disabled\"", ""));
	static const char both[] = T_CONFIG("A", T_SERVICE("name=\"" T_UM "\" start=\"Disabled\"", ""))
	        T_CONFIG("B", T_SERVICE(T_OFF(T_UM), ""));

	live_offer(l, 1, quiet);
	snprintf(l->fake->fails, sizeof(l->fake->fails), "%s", T_UM);
	live_offer(l, 2, both);
	live_is(l, "B", "applicable/retry");
	live_is(l, "A", "applied/applied");
	l->fake->fails[0] = 0;
	lab_do(&l->lab, "block", "id", "B", "reason", "test", NULL);
	live_start(l, T_UM, 4);
	live_out(l, "A");
	live_start(l, T_UM, 2); /* B is no holder */
	assert_true(lab_untouched(&l->lab));
}

/* --- if-missing, and drives that may not be written */

static void if_missing_is_honoured(void **state)
{
	struct live *l = *state;

	live_offer(l, 1,
	        T_CONFIG("A", T_SERVICE(T_OFF("NoSuch"), T_BOTH)) T_CONFIG("B",
	                T_RULE("B") T_SERVICE(T_OFF("NoSuch") " if-missing=\"skip\"", T_BOTH)) T_CONFIG("C",
	                T_SERVICE(T_OFF(T_UM), "<sg:Companion name=\"NoSuch\"/>")) T_CONFIG("D",
	                T_SERVICE(T_OFF(T_UM), "<sg:Companion name=\"NoSuch\" if-missing=\"skip\"/>")));
	live_is(l, "A", "pending/not-needed");
	assert_non_null(strstr(lab_field(&l->lab, "A", "text"), "has no service NoSuch"));
	live_is(l, "B", "applied/applied"); /* its rule; and with no target no companion is stopped */
	live_start(l, T_HM, 2);
	live_is(l, "C", "applicable/refused"); /* its target is here: that is not "not needed" */
	live_is(l, "D", "applied/applied");
	live_out(l, "B");
	live_out(l, "D");
	all_run(l);
}

static void a_dirty_hive_is_refused_and_nothing_is_stopped(void **state)
{
	struct live *l = *state;

	t_make_dirty(l->lab.drive, T_SYSTEM);
	live_offer(l, 1, T_CONFIG("A", T_RULE("A") T_SERVICE(T_OFF(T_UM), T_BOTH)));
	live_is(l, "A", "applicable/refused");
	assert_string_equal(l->fake->log, "");
	live_start(l, T_UM, 2);
	t_make_clean(l->lab.drive, T_SYSTEM);
	l->lab.now += 3600 * 1000;
	lab_run(&l->lab);
	live_is(l, "A", "applied/applied");
	live_out(l, "A");
	all_run(l);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_set_up, live_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(three_that_share_companions_end_in_every_order),
		T(two_that_came_one_after_the_other_end_in_either_order),
		T(a_dependant_that_another_one_wants_off_is_not_started_but_remembered),
		T(the_three_kinds_go_in_and_out_in_one_operation),
		T(nothing_is_stopped_before_its_value_is_in_its_file),
		T(an_uninstalled_service_is_let_go_and_nothing_is_created),
		T(what_an_administrator_set_is_never_written),
		T(what_an_administrator_put_back_is_respected),
		T(a_service_that_somebody_started_again_is_said),
		T(what_somebody_put_back_is_stopped_again_where_policy_says_so),
		T(taking_over_makes_theirs_the_before),
		T(what_went_in_on_a_drive_is_not_started_where_it_runs),
		T(one_whose_stop_fails_does_not_keep_the_others_out),
		T(a_newer_body_that_wants_less_lets_it_run_again),
		T(a_newer_body_that_fails_leaves_the_older_one_as_it_was),
		T(who_joins_and_wants_it_stopped_stops_it),
		T(who_joins_and_cannot_stop_it_holds_nothing),
		T(if_missing_is_honoured),
		T(a_dirty_hive_is_refused_and_nothing_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
