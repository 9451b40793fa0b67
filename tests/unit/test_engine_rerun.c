/* test_engine_rerun.c - what ran before and did not start when its mitigation went out: tried again for a bounded time, said, and never against anybody's will. */
#include "tests/lib/live_lab.h"

#include "engine/rerun.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define UMCR   T_CONFIG("A", T_SERVICE(T_OFF(T_UMCR), ""))
#define MINUTE (60 * (int64_t)1000)

static void fails(struct live *l, const char *name)
{
	snprintf(l->fake->fails, sizeof(l->fake->fails), "%s", name);
}

/* A holds UMCR, which runs, and its start fails when A goes out. */
static void fail_once(struct live *l)
{
	fake_runner_set(l->fake, T_UMCR, true);
	live_offer(l, 1, UMCR);
	live_is(l, "A", "applied/applied");
	live_rests(l, T_UMCR);
	fails(l, T_UMCR);
	live_out(l, "A");
	lab_run(&l->lab);
	live_is(l, "A", "reverted/by-admin");
	assert_string_equal(l->fake->log, "start " T_UMCR "; ");
	live_rests(l, T_UMCR);
	l->fake->log[0] = 0;
}

static void after(struct live *l, int64_t ms)
{
	l->lab.now += ms;
	lab_run(&l->lab);
}

/* "warn", "fail", or "" where doctor says nothing of it. */
static void doctor_is(struct live *l, const char *status, const char *says)
{
	struct sg_val *reply = NULL;
	const struct sg_val *checks;
	const char *seen = "", *text = "";

	assert_int_equal(lab_ask(&l->lab, &reply, "doctor", NULL), 0);
	checks = sg_val_get(reply, "checks");
	for (size_t i = 0; i < checks->n; i++)
		if (strcmp(sg_val_get_str(checks->kid[i], "check", ""), "not-running") == 0) {
			seen = sg_val_get_str(checks->kid[i], "status", "");
			text = sg_val_get_str(checks->kid[i], "text", "");
		}
	assert_string_equal(seen, status);
	if (!strstr(text, says))
		fail_msg("'%s' does not say '%s'", text, says);
	sg_val_free(reply);
}

static size_t listed(struct live *l, const char *method)
{
	struct sg_val *reply = NULL;
	const struct sg_val *row;
	size_t n;

	assert_int_equal(
	        lab_ask(&l->lab, &reply, method, strcmp(method, "show") == 0 ? "id" : NULL, "A", NULL), 0);
	row = sg_val_get(reply, "mitigation");
	if (!row)
		row = sg_val_get(reply, "mitigations")->kid[0];
	n = sg_val_get(row, "not_running")->n;
	if (n && !strstr(sg_val_get_str(row, "why", ""), "ran before and does not run: "))
		fail_msg("its line does not say so: %s", sg_val_get_str(row, "why", ""));
	sg_val_free(reply);
	return n;
}

static void it_is_said_at_once_and_tried_again_until_it_runs(void **state)
{
	struct live *l = *state;

	fail_once(l);
	assert_true(live_said(l, "A", "did not start in time; it is tried again at 20"));
	assert_int_equal(listed(l, "list"), 1);
	assert_int_equal(listed(l, "show"), 1);
	doctor_is(l, "warn",
	        "the service " T_UMCR " ran before and does not run: " T_UMCR " did not start in time");
	after(l, MINUTE - 2000);
	assert_string_equal(l->fake->log, ""); /* a retry is not due */
	after(l, 2000);
	assert_string_equal(l->fake->log, "start " T_UMCR "; ");
	after(l, MINUTE);
	assert_string_equal(l->fake->log, "start " T_UMCR "; "); /* the third waits twice as long */
	fails(l, "");
	after(l, MINUTE);
	assert_string_equal(l->fake->log, "start " T_UMCR "; start " T_UMCR "; ");
	live_runs(l, T_UMCR);
	assert_true(live_said(l, "A", "the service " T_UMCR " runs again"));
	assert_int_equal(listed(l, "list"), 0);
	doctor_is(l, "", "");
	after(l, 60 * MINUTE);
	assert_string_equal(l->fake->log, "start " T_UMCR "; start " T_UMCR "; ");
	assert_true(lab_untouched(&l->lab));
}

static void the_engine_wakes_for_it(void **state)
{
	struct live *l = *state;
	int64_t wake;

	fail_once(l);
	wake = lab_wake(&l->lab);
	assert_true(wake > l->lab.now && wake <= l->lab.now + MINUTE);
}

static void after_so_many_tries_it_is_given_up_loudly_and_only_looked_at(void **state)
{
	struct live *l = *state;
	size_t tries = 1;

	fail_once(l);
	for (int i = 0; i < 24 * 60; i++) { /* a day */
		after(l, MINUTE);
		tries += l->fake->log[0] != 0;
		l->fake->log[0] = 0;
	}
	assert_int_equal(tries, SG_RERUN_TRIES);
	assert_true(
	        live_said(l, "A", "ran before, and is not tried any more: " T_UMCR " did not start in time"));
	assert_int_equal(listed(l, "list"), 1);
	doctor_is(l, "fail", "it is not tried any more: start it by hand");
	fake_runner_set(l->fake, T_UMCR, true); /* by hand */
	after(l, MINUTE);
	assert_int_equal(listed(l, "list"), 0);
	doctor_is(l, "", "");
	assert_string_equal(l->fake->log, "");
}

static void a_restart_of_stopgap_forgets_nothing(void **state)
{
	struct live *l = *state;

	fail_once(l);
	live_restart(l);
	assert_string_equal(l->fake->log, "");
	assert_int_equal(listed(l, "list"), 1);
	fails(l, "");
	after(l, MINUTE);
	live_runs(l, T_UMCR);
}

static void a_start_of_windows_ends_it_and_says_so(void **state)
{
	struct live *l = *state;

	fail_once(l);
	l->lab.boot = "another-boot";
	live_restart(l);
	fails(l, "");
	after(l, 60 * MINUTE);
	assert_string_equal(l->fake->log, "");
	live_rests(l, T_UMCR);
	assert_true(live_said(l, "A", "Windows has started since"));
	doctor_is(l, "", "");
}

/* The memory that it ran outlives a time in which it is to be stopped. */
static void while_a_mitigation_wants_it_stopped_it_is_not_started(void **state)
{
	struct live *l = *state;

	fail_once(l);
	fails(l, "");
	lab_do(&l->lab, "apply", "id", "A", NULL);
	live_is(l, "A", "applied/applied");
	after(l, 60 * MINUTE);
	assert_string_equal(l->fake->log, "");
	live_rests(l, T_UMCR);
	live_out(l, "A");
	lab_run(&l->lab);
	assert_string_equal(l->fake->log, "start " T_UMCR "; ");
	live_runs(l, T_UMCR);
	assert_true(lab_untouched(&l->lab));
}

static void in_a_pause_nothing_is_started(void **state)
{
	struct live *l = *state;

	fail_once(l);
	fails(l, "");
	lab_do(&l->lab, "pause", NULL);
	after(l, 10 * MINUTE);
	assert_string_equal(l->fake->log, "");
	lab_do(&l->lab, "resume", NULL);
	lab_run(&l->lab);
	live_runs(l, T_UMCR);
}

static void one_that_is_gone_is_forgotten(void **state)
{
	struct live *l = *state;

	fail_once(l);
	snprintf(l->fake->gone, sizeof(l->fake->gone), "%s", T_UMCR);
	after(l, MINUTE);
	assert_string_equal(l->fake->log, "");
	assert_true(live_said(l, "A", "is not there any more"));
	doctor_is(l, "", "");
}

/* Both of a pair: what the other one needs comes first, and it follows when its own time comes. */
static void what_depends_on_it_follows(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), T_BOTH)));
	fails(l, T_HM);
	live_out(l, "A");
	lab_run(&l->lab);
	live_rests(l, T_HM);
	live_rests(l, T_HMR);
	assert_int_equal(listed(l, "list"), 2);
	fails(l, "");
	after(l, MINUTE);
	after(l, 2 * MINUTE);
	live_runs(l, T_HM);
	live_runs(l, T_HMR);
	assert_int_equal(listed(l, "list"), 0);
}

static void a_pool_is_tried_again_too(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_POOL(T_ECP_POOL, "")));
	live_is(l, "A", "applied/applied");
	fails(l, T_ECP_POOL);
	live_out(l, "A");
	lab_run(&l->lab);
	doctor_is(l, "warn", "the application pool " T_ECP_POOL " ran before");
	fails(l, "");
	after(l, MINUTE);
	live_runs(l, T_ECP_POOL);
	doctor_is(l, "", "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, live_set_up, live_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_is_said_at_once_and_tried_again_until_it_runs),
		T(the_engine_wakes_for_it),
		T(after_so_many_tries_it_is_given_up_loudly_and_only_looked_at),
		T(a_restart_of_stopgap_forgets_nothing),
		T(a_start_of_windows_ends_it_and_says_so),
		T(while_a_mitigation_wants_it_stopped_it_is_not_started),
		T(in_a_pause_nothing_is_started),
		T(one_that_is_gone_is_forgotten),
		T(what_depends_on_it_follows),
		T(a_pool_is_tried_again_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
