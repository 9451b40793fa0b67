/* test_engine_services.c - services, pools and their companions through the whole engine: what is stopped, what runs again, and when not. */
#include "tests/lib/live_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* --- order */

static void companions_stop_first_and_start_last_and_dependants_go_before(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), T_BOTH)));
	live_is(l, "A", "applied/applied");
	assert_string_equal(
	        l->fake->log, "stop " T_HMR "; stop " T_HM "; stop FaxPrinter; stop Fax; stop " T_UM "; ");
	live_start(l, T_HM, 4);
	live_start(l, T_HMR, 4);
	live_start(l, T_UM, 4);
	assert_string_equal(lab_field(&l->lab, "A", "effective"), "yes");
	live_out(l, "A");
	live_is(l, "A", "reverted/by-admin");
	assert_string_equal(l->fake->log,
	        "start " T_UM "; start Fax; start FaxPrinter; start " T_HM "; start " T_HMR "; ");
	live_runs(l, "FaxPrinter");
	assert_true(lab_untouched(&l->lab));
}

static void what_did_not_run_is_not_started(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UMCR), "")));
	live_is(l, "A", "applied/applied");
	assert_string_equal(l->fake->log, "");
	live_out(l, "A");
	assert_string_equal(l->fake->log, "");
	assert_true(lab_untouched(&l->lab));
}

static void without_run_nothing_is_stopped(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE("name=\"" T_UM "\" start=\"Manual\"", "")));
	live_is(l, "A", "applied/applied");
	live_start(l, T_UM, 3);
	live_out(l, "A");
	assert_string_equal(l->fake->log, "");
	assert_true(lab_untouched(&l->lab));
}

/* --- the very type from before */

static void the_very_type_comes_back(void **state)
{
	struct live *l = *state;

	t_set_start(l->lab.drive, T_UM, 3);
	live_offer(
	        l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), "")) T_CONFIG("B", T_SERVICE(T_OFF(T_SPAM), "")));
	live_start(l, T_UM, 4);
	live_start(l, T_SPAM, 4);
	live_out(l, "A");
	live_start(l, T_UM, 3); /* never "Automatic" */
	live_out(l, "B");
	live_start(l, T_SPAM, 2);
	t_set_start(l->lab.drive, T_UM, 2);
	assert_true(lab_untouched(&l->lab)); /* DelayedAutostart is as it was, too */
}

static void one_that_is_disabled_already_is_held_and_stays_disabled(void **state)
{
	struct live *l = *state;

	t_set_start(l->lab.drive, T_UM, 4);
	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), "")));
	live_is(l, "A", "applied/applied");
	live_rests(l, T_UM); /* it ran still */
	t_set_start(l->lab.drive, T_UM, 2);
	lab_do(&l->lab, "audit", NULL);
	live_is(l, "A", "blocked/drift");
	t_set_start(l->lab.drive, T_UM, 4);
	lab_do(&l->lab, "audit", NULL);
	live_is(l, "A", "applied/applied");
	live_out(l, "A");
	live_start(l, T_UM, 4);
	t_set_start(l->lab.drive, T_UM, 2);
	assert_true(lab_untouched(&l->lab));
}

/* --- boots */

static void in_another_boot_the_run_state_is_left_and_said(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), "")));
	l->lab.boot = "another-boot";
	live_restart(l);
	live_is(l, "A", "applied/applied");
	live_out(l, "A");
	assert_string_equal(l->fake->log, "");
	assert_true(lab_untouched(&l->lab));
	assert_true(live_said(l, "A", "Windows has started since"));
}

static void a_restart_of_the_service_forgets_nothing(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), T_BOTH)));
	live_restart(l);
	live_out(l, "A");
	live_runs(l, T_UM);
	live_runs(l, "FaxPrinter");
	live_runs(l, T_HM);
	live_runs(l, T_HMR);
	assert_true(lab_untouched(&l->lab));
}

/* --- failures */

static void a_stop_that_fails_walks_everything_back(void **state)
{
	struct live *l = *state;

	snprintf(l->fake->fails, sizeof(l->fake->fails), "%s", T_ECP_POOL);
	live_offer(l, 1, T_CONFIG("A", T_RULE("A") T_POOL(T_ECP_POOL, T_BOTH)));
	live_is(l, "A", "applicable/retry");
	assert_non_null(strstr(lab_field(&l->lab, "A", "text"), "could not be stopped"));
	assert_string_equal(l->fake->log, "stop " T_HMR "; stop " T_HM "; stop " T_ECP_POOL
	                                  "; start " T_ECP_POOL "; start " T_HM "; start " T_HMR "; ");
	live_runs(l, T_HM);
	live_runs(l, T_HMR);
	assert_true(lab_untouched(&l->lab));
	l->fake->fails[0] = 0;
	l->lab.now += 3600 * 1000;
	lab_run(&l->lab);
	live_is(l, "A", "applied/applied");
	live_out(l, "A");
	live_runs(l, T_ECP_POOL);
	live_runs(l, T_HMR);
	assert_true(lab_untouched(&l->lab));
}

static void a_start_that_fails_keeps_no_value(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), T_BOTH)));
	snprintf(l->fake->fails, sizeof(l->fake->fails), "%s", T_HM);
	live_out(l, "A");
	live_is(l, "A", "reverted/by-admin");
	live_runs(l, T_UM);
	live_rests(l, T_HM);
	assert_true(lab_untouched(&l->lab));
}

static void a_pool_that_is_gone_from_the_runner_is_refused_before_anything_is_written(void **state)
{
	struct live *l = *state;

	snprintf(l->fake->gone, sizeof(l->fake->gone), "%s", T_ECP_POOL);
	live_offer(l, 1, T_CONFIG("A", T_POOL(T_ECP_POOL, T_BOTH)));
	assert_string_equal(l->fake->log, "");
	assert_string_not_equal(lab_field(&l->lab, "A", "state"), "applied");
	assert_true(lab_untouched(&l->lab));
}

/* --- the process dies in the n-th stop or start, after it took effect */

static bool die_in(struct live *l, int call, void (*work)(struct live *l))
{
	int status;
	pid_t pid;

	lab_close(&l->lab);
	l->fake->calls = 0;
	l->fake->dies_at = call;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		lab_open(&l->lab);
		lab_configure(&l->lab, NULL, NULL);
		work(l);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	l->fake->dies_at = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 9;
}

static void put_in(struct live *l)
{
	live_offer(
	        l, 1, T_CONFIG("A", T_RULE("A") T_SERVICE(T_OFF(T_UM), T_BOTH) T_POOL(T_ECP_POOL, T_BOTH)));
}

static void take_out(struct live *l)
{
	lab_ask(&l->lab, NULL, "rollback", "id", "A", NULL);
}

static void all_run(struct live *l)
{
	live_runs(l, T_HM);
	live_runs(l, T_HMR);
	live_runs(l, T_UM);
	live_runs(l, "Fax");
	live_runs(l, "FaxPrinter");
	live_runs(l, T_ECP_POOL);
	live_rests(l, T_UMCR);
}

static void a_crash_among_the_stops_is_settled_and_tried_again(void **state)
{
	struct live *l = *state;
	int call = 1;

	for (; die_in(l, call, put_in); call++) {
		live_restart(l);
		l->lab.now += 3600 * 1000;
		put_in(l); /* the same document again is no news; what is due is done */
		live_is(l, "A", "applied/applied");
		live_rests(l, T_HM);
		live_rests(l, T_UM);
		live_rests(l, "FaxPrinter");
		live_rests(l, T_ECP_POOL);
		live_out(l, "A");
		all_run(l);
		assert_true(lab_untouched(&l->lab));
		lab_do(&l->lab, "apply", "id", "A",
		        NULL); /* and out, so that the next round begins as this one */
		live_out(l, "A");
		lab_close(&l->lab);
		live_tear_down(state);
		live_set_up(state);
		l = *state;
	}
	assert_int_equal(call, 7); /* two companions, three services, a pool */
	lab_open(&l->lab);
}

static void a_crash_among_the_starts_finishes_the_revert(void **state)
{
	struct live *l = *state;
	int call = 1;

	for (;; call++) {
		put_in(l);
		live_is(l, "A", "applied/applied");
		if (!die_in(l, call, take_out))
			break;
		live_restart(l);
		live_is(l, "A", "reverted/by-admin");
		all_run(l);
		assert_true(lab_untouched(&l->lab));
		live_tear_down(state);
		live_set_up(state);
		l = *state;
	}
	assert_int_equal(call, 7);
	lab_open(&l->lab);
}

#define QUIET T_CONFIG("A", T_SERVICE("name=\"" T_UM "\" start=\"Disabled\"", ""))
#define JOINS QUIET T_CONFIG("B", T_SERVICE(T_OFF(T_UM), ""))

static void join(struct live *l)
{
	live_offer(l, 2, JOINS);
}

static void a_crash_of_who_joins_is_tried_again_and_forgets_nothing(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, QUIET);
	assert_true(die_in(l, 3, join)); /* FaxPrinter, Fax, and now the service itself */
	live_restart(l);
	live_rests(l, T_UM);
	live_is(l, "B", "applied/applied");
	live_out(l, "B");
	live_out(l, "A");
	all_run(l);
	assert_true(lab_untouched(&l->lab));
}

static void a_crash_of_who_joins_holds_nothing(void **state)
{
	struct live *l = *state;
	struct sg_val *reply = NULL;
	const struct sg_val *values;

	live_offer(l, 1, QUIET);
	assert_true(die_in(l, 3, join));
	lab_open(&l->lab); /* recovers */
	assert_int_equal(lab_ask(&l->lab, &reply, "show", "id", "A", NULL), 0);
	values = sg_val_get(reply, "values");
	assert_int_equal(values->n, 1);
	assert_int_equal(sg_val_get(values->kid[0], "holders")->n, 1);
	sg_val_free(reply);
	lab_configure(&l->lab, NULL, "<policy><block id=\"B\" reason=\"r\"/></policy>");
	lab_run(&l->lab);
	live_is(l, "A", "applied/applied");
	live_start(l, T_UM, 4);
	live_out(l, "A");
	all_run(l);
	assert_true(lab_untouched(&l->lab));
}

static void put_in_less(struct live *l)
{
	live_offer(l, 2, T_CONFIG("A", T_POOL(T_ECP_POOL, "")));
}

static void a_crash_of_a_newer_body_stops_again_what_the_older_one_wants_stopped(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), "")));
	assert_true(die_in(l, 3, put_in_less)); /* the pool is stopped; UM and Fax run again */
	live_runs(l, "Fax");
	lab_open(&l->lab); /* recovers */
	live_start(l, T_UM, 4);
	live_rests(l, T_UM);
	live_rests(l, "Fax");
	live_runs(l, T_ECP_POOL);
	lab_configure(&l->lab, NULL, NULL);
	l->lab.now += 3600 * 1000;
	lab_run(&l->lab);
	live_is(l, "A", "applied/applied");
	live_runs(l, T_UM);
	live_rests(l, T_ECP_POOL);
	live_out(l, "A");
	all_run(l);
	assert_true(lab_untouched(&l->lab));
}

static bool says(const struct sg_val *reply, const char *text)
{
	const struct sg_val *list = sg_val_get(reply, "effects");
	bool found = false;

	for (size_t i = 0; list && i < list->n; i++)
		found = found || strstr(list->kid[i]->s, text);
	return found;
}

/* Each once, in this order. */
static void comes_before(const struct sg_val *reply, const char *key, const char *first, const char *then)
{
	const char *text = sg_val_get_str(sg_val_get(reply, "by_hand"), key, "");
	const char *a = strstr(text, first), *b = strstr(text, then);

	assert_non_null(a);
	assert_non_null(b);
	assert_true(a < b);
	assert_null(strstr(a + 1, first));
}

static void the_plan_says_what_runs_and_is_stopped(void **state)
{
	struct live *l = *state;
	struct sg_val *reply = NULL;

	lab_configure(&l->lab, NULL, "<policy><when kind=\"service\" do=\"ask\"/></policy>");
	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), T_BOTH) T_SERVICE(T_OFF(T_UMCR), T_BOTH)));
	assert_int_equal(lab_ask(&l->lab, &reply, "plan", "id", "A", NULL), 0);
	assert_true(says(reply, "the service " T_UM " runs and is stopped"));
	assert_true(says(reply, "the service FaxPrinter runs, depends on " T_UM " and is stopped with it"));
	assert_true(says(reply, "the service " T_UMCR " does not run now"));
	assert_true(says(reply, "managed availability is off"));
	assert_false(says(reply, "is stopped or started"));
	sg_val_free(reply);
	assert_string_equal(l->fake->log, "");
	assert_true(lab_untouched(&l->lab));
	assert_int_equal(lab_ask(&l->lab, &reply, "show", "id", "A", "by_hand", "true", NULL), 0);
	comes_before(reply, "apply", "config \"" T_HM "\"", "config \"" T_UM "\"");
	comes_before(reply, "apply", "config \"" T_UM "\"", "config \"" T_UMCR "\"");
	comes_before(reply, "undo", "config \"" T_UMCR "\"", "config \"" T_UM "\"");
	comes_before(reply, "undo", "config \"" T_UM "\"", "config \"" T_HM "\"");
	sg_val_free(reply);
	lab_do(&l->lab, "apply", "id", "A", NULL);
	assert_true(live_said(l, "A", "stopped: the service " T_HMR ", the service " T_HM));
	live_out(l, "A");
	all_run(l);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_set_up, live_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(companions_stop_first_and_start_last_and_dependants_go_before),
		T(what_did_not_run_is_not_started),
		T(without_run_nothing_is_stopped),
		T(the_very_type_comes_back),
		T(one_that_is_disabled_already_is_held_and_stays_disabled),
		T(in_another_boot_the_run_state_is_left_and_said),
		T(a_restart_of_the_service_forgets_nothing),
		T(a_stop_that_fails_walks_everything_back),
		T(a_start_that_fails_keeps_no_value),
		T(a_pool_that_is_gone_from_the_runner_is_refused_before_anything_is_written),
		T(a_crash_among_the_stops_is_settled_and_tried_again),
		T(a_crash_among_the_starts_finishes_the_revert),
		T(a_crash_of_who_joins_is_tried_again_and_forgets_nothing),
		T(a_crash_of_who_joins_holds_nothing),
		T(a_crash_of_a_newer_body_stops_again_what_the_older_one_wants_stopped),
		T(the_plan_says_what_runs_and_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
