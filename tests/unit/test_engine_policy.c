/* test_engine_policy.c - what the configuration's policy does on a real server: delays, rings, windows, maintenance, questions, approvals. */
#include "tests/lib/engine_lab.h"
#include "tests/lib/hive_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define NOON    (LAB_NOW - LAB_NOW % SG_DAY + 12 * SG_HOUR)
#define OFFLINE "Microsoft\\ExchangeServer\\v15\\ServerComponentStates\\ServerWideOffline"

static const char withdrawn[] = "<Config id=\"M1\" desc=\"lab\" sg:withdrawn=\"2026-11-18T00:00:00Z\" "
                                "sg:reason=\"It broke printing.\"/>";

static int setup(void **state)
{
	struct lab *lab;

	lab_set_up(state);
	lab = *state;
	lab->now = NOON;
	return 0;
}

static void offer_pool(struct lab *lab, uint64_t serial, const char *severity)
{
	char *config = sg_format(
	        "<Config id=\"P1\" desc=\"lab\" sg:revision=\"1\" sg:severity=\"%s\"><ActionList><Action "
	        "type=\"AppPool\" scope=\"Server\" desc=\"lab\"><sg:AppPool name=\"MSExchangeOABAppPool\" "
	        "autoStart=\"false\"/></Action></ActionList></Config>",
	        severity);

	lab_offer(lab, "corp", serial, config);
	lab_run(lab);
	free(config);
}

static void a_withdrawal_inside_the_delay_never_reaches_a_server_that_waits(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL,
	        "<policy ring=\"rest\"><when ring=\"canary\" do=\"apply\"/><when do=\"apply\" "
	        "delay=\"30m\"/></policy>");
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/delay");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "WAITING");
	lab_later(lab, 29 * SG_MINUTE);
	lab_offer(lab, "corp", 2, withdrawn);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn");
	lab_later(lab, SG_DAY);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn");
	assert_int_equal(lab_said(lab, "applied", NULL), 0);
	assert_true(lab_untouched(lab));
}

static void a_canary_has_it_at_once_and_the_rest_after_the_delay(void **state)
{
	static const char policy[] = "<policy ring=\"%s\"><when ring=\"canary\" do=\"apply\"/><when "
	                             "do=\"apply\" delay=\"30m\"/></policy>";
	struct lab *lab = *state;
	char *rest = sg_format("<policy ring=\"rest\">%s", strchr(policy, '>') + 1),
	     *canary = sg_format("<policy ring=\"canary\">%s", strchr(policy, '>') + 1);

	lab_configure(lab, NULL, canary);
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_configure(lab, NULL, rest);
	lab_offer_one(lab, 2, "M2", "1", "worse");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M2"), "applicable/delay");
	assert_int_equal(lab_wake(lab) <= lab->now + 30 * SG_MINUTE, 1);
	lab_later(lab, 30 * SG_MINUTE);
	assert_string_equal(lab_state(lab, "M2"), "applied/applied");
	free(rest);
	free(canary);
}

static void what_stops_something_waits_for_the_general_window_and_a_rule_does_not(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy window=\"22:00-05:00\"/>");
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "block", "id", "M1", NULL);
	offer_pool(lab, 2, "critical");
	assert_string_equal(lab_state(lab, "P1"), "applicable/window");
	assert_non_null(strstr(lab_field(lab, "P1", "text"), "22:00-05:00"));
	lab_later(lab, 10 * SG_HOUR - 1);
	assert_string_equal(lab_state(lab, "P1"), "applicable/window");
	assert_int_equal(lab_wake(lab), lab->now + 1);
	lab_later(lab, 1);
	assert_string_equal(lab_state(lab, "P1"), "applied/applied");
}

static void a_person_who_applies_does_not_wait_for_the_window(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy window=\"22:00-05:00\"/>");
	offer_pool(lab, 1, "high");
	lab_do(lab, "apply", "id", "P1", NULL);
	assert_string_equal(lab_state(lab, "P1"), "applied/applied");
}

static void what_is_withdrawn_waits_for_the_removal_window_and_a_persons_word_does_not(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy window=\"22:00-05:00\"/>");
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	lab_offer(lab, "corp", 2, withdrawn);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/removal-window");
	lab_later(lab, 10 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn");
	assert_true(lab_untouched(lab));
	lab_offer_one(lab, 3, "M2", "1", "evil");
	lab_later(lab, 14 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M2"), "applied/applied");
	lab_do(lab, "rollback", "id", "M2", NULL);
	assert_string_equal(lab_state(lab, "M2"), "reverted/by-admin");
}

static void maintenance_mode_is_a_window_for_both_ways(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy window=\"maintenance\"/>");
	offer_pool(lab, 1, "high");
	lab_later(lab, 3 * SG_DAY);
	assert_string_equal(lab_state(lab, "P1"), "applicable/maintenance");
	t_software_text(lab->drive, OFFLINE, "Maintenance", "1:Inactive:638700000000000000");
	lab_later(lab, SG_MINUTE);
	assert_string_equal(lab_state(lab, "P1"), "applied/applied");
	t_software_text(lab->drive, OFFLINE, "Maintenance", "1:Active:638700000000000001");
	lab_offer(lab, "corp", 2,
	        "<Config id=\"P1\" desc=\"lab\" sg:withdrawn=\"2026-11-18T00:00:00Z\" sg:reason=\"x\"/>");
	lab_later(lab, 3 * SG_DAY);
	assert_string_equal(lab_state(lab, "P1"), "applied/removal-window");
	t_software_text(lab->drive, OFFLINE, "Maintenance", "1:Inactive:638700000000000002");
	lab_later(lab, SG_MINUTE);
	assert_string_equal(lab_state(lab, "P1"), "reverted/withdrawn");
}

static void ask_ends_in_apply_when_nobody_answers(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy><when do=\"ask\" after=\"4h\" then=\"apply\"/></policy>");
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/approval");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "WAITING");
	lab_later(lab, 4 * SG_HOUR - 1);
	assert_string_equal(lab_state(lab, "M1"), "applicable/approval");
	assert_int_equal(lab_wake(lab), lab->now + 1);
	lab_later(lab, 1);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void ask_reminds_as_often_as_it_is_told_and_after_a_day_once_a_day(void **state)
{
	struct lab *lab = *state;
	char *text = NULL;

	lab_configure(lab, NULL, "<policy><when do=\"ask\" remind=\"6h\"/></policy>");
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	assert_int_equal(lab_said(lab, "asks", NULL), 0); /* that it waits was said */
	lab_later(lab, 6 * SG_HOUR - 1);
	assert_int_equal(lab_said(lab, "asks", NULL), 0);
	assert_int_equal(lab_wake(lab), lab->now + 1);
	lab_later(lab, 1);
	assert_int_equal(lab_said(lab, "asks", &text), 1);
	assert_non_null(strstr(text, "stopgapctl approve M1"));
	lab_close(lab); /* a restart repeats nothing */
	lab_open(lab);
	lab_configure(lab, NULL, "<policy><when do=\"ask\" remind=\"6h\"/></policy>");
	lab_run(lab);
	assert_int_equal(lab_said(lab, "asks", NULL), 1);
	for (int hour = 0; hour < 24 * 9; hour++)
		lab_later(lab, SG_HOUR);
	assert_in_range(lab_said(lab, "asks", NULL), 3 + 8, 3 + 10);
	lab_do(lab, "approve", "id", "M1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_later(lab, 3 * SG_DAY);
	assert_in_range(lab_said(lab, "asks", NULL), 3 + 8, 3 + 10);
	free(text);
}

static void an_approval_is_void_when_the_body_is_another_one(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL,
	        "<policy window=\"22:00-05:00\"><when do=\"ask\" window=\"22:00-05:00\"/></policy>");
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	lab_do(lab, "approve", "id", "M1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applicable/window");
	lab_offer_one(lab, 2, "M1", "1", "something else under the same label");
	lab_run(lab);
	lab_later(lab, 10 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applicable/approval");
	lab_offer_one(lab, 3, "M1", "1", "evil"); /* the body that was approved */
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_block_of_a_revision_is_compared_part_by_part(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_do(lab, "block", "id", "M2@2.1", "reason", "printing", NULL);
	lab_offer_one(lab, 1, "M2", "2.1.0", "evil");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M2"), "blocked/admin");
	assert_non_null(strstr(lab_field(lab, "M2", "text"), "printing"));
	assert_non_null(strstr(lab_field(lab, "M2", "text"), "uid 0 (root)"));
	lab_offer_one(lab, 2, "M2", "2.10", "evil and more");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M2"), "applied/applied");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_withdrawal_inside_the_delay_never_reaches_a_server_that_waits),
		T(a_canary_has_it_at_once_and_the_rest_after_the_delay),
		T(what_stops_something_waits_for_the_general_window_and_a_rule_does_not),
		T(a_person_who_applies_does_not_wait_for_the_window),
		T(what_is_withdrawn_waits_for_the_removal_window_and_a_persons_word_does_not),
		T(maintenance_mode_is_a_window_for_both_ways),
		T(ask_ends_in_apply_when_nobody_answers),
		T(ask_reminds_as_often_as_it_is_told_and_after_a_day_once_a_day),
		T(an_approval_is_void_when_the_body_is_another_one),
		T(a_block_of_a_revision_is_compared_part_by_part),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
