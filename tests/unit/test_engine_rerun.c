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

/* --- what it depends on is held stopped by another one */

#define HMR_OFF  T_CONFIG("A", T_SERVICE(T_OFF(T_HMR), ""))
#define HM_QUIET T_CONFIG("B", T_SERVICE("name=\"" T_HM "\" start=\"Manual\" run=\"Stopped\"", ""))

static void both_in_and_a_out(struct live *l)
{
	live_offer(l, 1, HMR_OFF);
	live_offer(l, 2, HMR_OFF HM_QUIET);
	live_is(l, "A", "applied/applied");
	live_is(l, "B", "applied/applied");
	live_out(l, "A");
	lab_run(&l->lab);
	live_is(l, "A", "reverted/by-admin");
}

static void what_waits_for_another_mitigation_uses_up_no_try(void **state)
{
	struct live *l = *state;

	both_in_and_a_out(l);
	assert_true(live_said(l, "A",
	        "depends on the service " T_HM ", which would be started with it and which a mitigation that "
	        "is in wants stopped; it is tried again as soon as " T_HM " may run"));
	for (int i = 0; i < 30; i++) /* hours */
		after(l, 10 * MINUTE);
	assert_string_equal(l->fake->log, "");
	assert_int_equal(listed(l, "list"), 1);
	doctor_is(l, "warn", "as soon as " T_HM " may run");
	live_out(l, "B");
	lab_run(&l->lab);
	assert_string_equal(l->fake->log, "start " T_HM "; start " T_HMR "; ");
	live_runs(l, T_HMR);
	assert_int_equal(listed(l, "list"), 0);
	doctor_is(l, "", "");
	assert_true(lab_untouched(&l->lab));
}

/* Whoever starts HMR starts HM, too, where a trigger does: against B's will. */
static void what_a_mitigation_wants_stopped_is_not_started_by_the_back_door(void **state)
{
	struct live *l = *state;

	fake_runner_comes(l->fake, T_HM);
	both_in_and_a_out(l);
	live_rests(l, T_HM);
	live_restart(l);
	after(l, 60 * MINUTE);
	live_rests(l, T_HM);
	live_rests(l, T_HMR);
	live_out(l, "B");
	lab_run(&l->lab);
	live_runs(l, T_HM);
	live_runs(l, T_HMR);
}

/* The same where the first start failed for another reason, before B came in. */
static void nor_when_it_is_tried_again(void **state)
{
	struct live *l = *state;

	fake_runner_comes(l->fake, T_HM);
	live_offer(l, 1, HMR_OFF);
	fails(l, T_HMR);
	live_out(l, "A");
	lab_run(&l->lab);
	live_offer(l, 2, HMR_OFF HM_QUIET);
	live_is(l, "B", "applied/applied");
	fails(l, "");
	l->fake->log[0] = 0;
	for (int i = 0; i < 30; i++)
		after(l, 10 * MINUTE);
	assert_string_equal(l->fake->log, "");
	live_rests(l, T_HM);
	doctor_is(l, "warn", "as soon as " T_HM " may run");
	live_out(l, "B");
	lab_run(&l->lab);
	live_runs(l, T_HM);
	live_runs(l, T_HMR);
}

/* As somebody needs it who does not say so. */
static void what_was_given_up_begins_anew_when_a_mitigation_lets_something_run_again(void **state)
{
	struct live *l = *state;
	size_t tries = 0;

	fail_once(l);
	live_offer(l, 2, UMCR T_CONFIG("B", T_SERVICE(T_OFF(T_SPAM), "")) T_CONFIG("R", T_RULE("R")));
	live_is(l, "B", "applied/applied");
	for (int i = 0; i < 150; i++)
		after(l, MINUTE);
	doctor_is(l, "fail", "it is not tried any more");
	live_out(l, "R"); /* stopped nothing */
	lab_run(&l->lab);
	assert_string_equal(l->fake->log, "");
	doctor_is(l, "fail", "it is not tried any more");
	live_out(l, "B");
	lab_run(&l->lab);
	assert_string_equal(l->fake->log, "start " T_SPAM "; start " T_UMCR "; ");
	doctor_is(l, "warn", "it is tried again at 20");
	for (int i = 0; i < 150; i++) {
		l->fake->log[0] = 0;
		after(l, MINUTE);
		tries += l->fake->log[0] != 0;
	}
	assert_int_equal(tries + 1, SG_RERUN_TRIES);
	doctor_is(l, "fail", "it is not tried any more");
}

/* --- one at a time */

enum { SLOW = 50 * 1000 };
static struct {
	struct live *live;
	int64_t takes;
	size_t calls;
} broken;

static int start_fails(void *arg, enum sg_hook_kind kind, const char *name, int64_t ms, struct sg_err *err)
{
	(void)arg, (void)kind, (void)ms;
	broken.calls++;
	broken.live->lab.now += broken.takes;
	return sg_fail(err, SG_ETIMEOUT, "%s did not start in time", name);
}

/* A start may take long: people and documents get in between, and the delay begins when it ends. */
static void one_is_started_at_a_time_and_the_next_time_is_counted_from_its_end(void **state)
{
	struct live *l = *state;
	struct sg_err err = SG_ERR_INIT;
	int64_t start;
	int code = 1;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_SPAM), "") T_POOL(T_ECP_POOL, "")));
	live_is(l, "A", "applied/applied");
	broken.live = l;
	broken.takes = 0;
	l->runner.start = start_fails;
	live_out(l, "A");
	lab_run(&l->lab);
	assert_int_equal(listed(l, "list"), 2);
	start = l->lab.now += MINUTE;
	broken.takes = SLOW;
	broken.calls = 0;
	for (size_t i = 0; code == 1 && i < 20; i++) {
		size_t calls = broken.calls;

		code = sg_engine_run(l->lab.engine, &err);
		assert_true(broken.calls <= calls + 1);
	}
	assert_int_equal(code, 0);
	assert_int_equal(broken.calls, 2); /* one after the other */
	l->lab.now = start + SLOW + 2 * MINUTE - 1;
	lab_run(&l->lab);
	assert_int_equal(broken.calls, 2);
	broken.takes = 0;
	after(l, 1);
	assert_int_equal(broken.calls, 3);
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
		T(what_waits_for_another_mitigation_uses_up_no_try),
		T(what_a_mitigation_wants_stopped_is_not_started_by_the_back_door),
		T(nor_when_it_is_tried_again),
		T(what_was_given_up_begins_anew_when_a_mitigation_lets_something_run_again),
		T(one_is_started_at_a_time_and_the_next_time_is_counted_from_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
