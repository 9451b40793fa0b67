/* test_engine.c - the engine as a whole: feed in, mitigations applied, bytes given back. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void applies_and_gives_back_every_byte(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	assert_false(lab_untouched(lab));
	lab_do(lab, "rollback", "id", "M1", "reason", "done", NULL);
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	assert_true(lab_untouched(lab));
}

static void newer_body_takes_the_place_of_the_older(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", "first");
	lab_run(lab);
	lab_offer_one(lab, 2, "M1", "2", "second");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "second"));
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "first"));
	lab_do(lab, "rollback", "all", "true", NULL);
	assert_true(lab_untouched(lab));
}

static void two_that_share_scaffolds_end_in_any_order(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	for (int order = 0; order < 2; order++) {
		char *a = lab_config("A", "1", "/", "yes", "aaa", NULL),
		     *b = lab_config("B", "1", "/", "yes", "bbb", NULL);
		char *both = sg_format("%s%s", a, b);

		lab_offer(lab, "corp", (uint64_t)order + 1, both);
		if (order)
			lab_do(lab, "apply", "id", "A", NULL);
		if (order)
			lab_do(lab, "apply", "id", "B", NULL);
		lab_run(lab);
		assert_string_equal(lab_state(lab, "A"), "applied/applied");
		assert_string_equal(lab_state(lab, "B"), "applied/applied");
		lab_do(lab, "rollback", "id", order ? "B" : "A", NULL);
		assert_string_equal(lab_state(lab, order ? "A" : "B"), "applied/applied");
		assert_true(t_drive_has(
		        lab->drive, T_WWWROOT, order ? "stopgap A inbound" : "stopgap B inbound"));
		lab_do(lab, "rollback", "id", order ? "A" : "B", NULL);
		assert_true(lab_untouched(lab));
		free(a);
		free(b);
		free(both);
	}
}

static void a_tombstone_takes_out_and_a_missing_id_stays(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	lab_offer(lab, "corp", 2, "");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_offer(lab, "corp", 3,
	        "<Config id=\"M1\" desc=\"old\" sg:withdrawn=\"2026-10-01T00:00:00Z\" "
	        "sg:reason=\"Fixed.\"/>");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "NOT NEEDED");
	assert_true(lab_untouched(lab));
}

static void not_needed_on_a_fixed_build_and_the_proof_says_why(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", LAB_ATTACK,
	        "<sg:Applicability><sg:Product name=\"Exchange\" role=\"Mailbox\"><sg:Affected from=\"15.0\" "
	        "below=\"15.3\"/>"
	        "<sg:Fixed branch=\"15.2.986\" from=\"15.2.986.29\"/></sg:Product></sg:Applicability>");

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "pending/not-needed");
	assert_non_null(strstr(lab_field(lab, "M1", "proof"), "15.2.986.29"));
	assert_true(lab_untouched(lab));
	free(config);
}

static void a_fix_that_is_installed_takes_it_out_after_the_settle_time(void **state)
{
	struct lab *lab = *state;
	struct sg_buf pe = { 0 };
	char *config = lab_config("M1", "1", "/", "yes", LAB_ATTACK,
	        "<sg:Applicability><sg:Product name=\"Exchange\"><sg:Affected from=\"15.0\" below=\"15.3\"/>"
	        "<sg:Fixed branch=\"15.2.986\" from=\"15.2.986.36\"/></sg:Product></sg:Applicability>");

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	t_pe(15, 2, 986, 36, &pe);
	t_drive_write(lab->drive, T_EXSETUP, sg_buf_bytes(&pe));
	lab->now += 60 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab->now += 31 * 60 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "pending/not-needed");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "stopgap"));
	sg_buf_release(&pe);
	free(config);
}

static void a_delay_holds_and_a_withdrawal_inside_it_never_applies(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy><when do=\"apply\" delay=\"30m\"/></policy>");
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/delay");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "WAITING");
	lab_offer(lab, "corp", 2,
	        "<Config id=\"M1\" desc=\"old\" sg:withdrawn=\"2026-10-01T00:00:00Z\" sg:reason=\"Broke "
	        "mail.\"/>");
	lab->now += 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn");
	assert_true(lab_untouched(lab));
}

static void an_unknown_action_type_waits_and_the_others_work(void **state)
{
	struct lab *lab = *state;
	char *good = lab_config("M1", "1", "/", "yes", LAB_ATTACK, NULL);
	char *both = sg_format("%s<Config id=\"M9\" desc=\"new\"><ActionList><Action type=\"Teleport\" "
	                       "scope=\"Server\"><Value>x</Value></Action>"
	                       "</ActionList></Config>",
	        good);

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, both);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_state(lab, "M9"), "pending/unknown");
	assert_non_null(strstr(lab_field(lab, "M9", "text"), "Teleport"));
	free(both);
	free(good);
}

static void the_heartbeat_is_applied_and_changes_nothing(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1,
	        "<Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" "
	        "scope=\"Server\"><Value>DoNothing</Value></Action>"
	        "</ActionList></Config>");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "PING1"), "applied/applied");
	assert_true(lab_untouched(lab));
}

static void an_earlier_feed_shadows_a_later_one(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", "first", NULL);

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	lab_offer(lab, "local", 1, config);
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	assert_int_equal(lab_ask(lab, NULL, "show", "id", "M1", NULL), SG_EINVAL);
	lab_do(lab, "rollback", "id", "M1", "feed", "corp", NULL);
	free(config);
}

static void no_feed_is_never_protected_and_a_fresh_one_is(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", LAB_ATTACK, NULL);

	assert_string_equal(lab_verdict(lab), "EXPOSED");
	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_string_equal(lab_verdict(lab), "UNKNOWN"); /* "local" has never verified */
	lab_offer(lab, "local", 1, "");
	assert_string_equal(lab_verdict(lab), "PROTECTED");
	lab->now += 25 * 3600 * 1000LL;
	assert_string_equal(lab_verdict(lab), "UNKNOWN");
	free(config);
}

static void a_serial_never_goes_down(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 5, "M1", "1", "first");
	lab_run(lab);
	lab_offer_one(lab, 4, "M1", "2", "second");
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "first"));
	lab_offer_one(lab, 5, "M1", "2", "second");
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "first"));
}

static void without_a_configuration_only_what_a_person_asks_is_done(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	lab_close(lab);
	lab_open(lab);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "rollback", "all", "true", NULL);
	assert_true(lab_untouched(lab));
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(applies_and_gives_back_every_byte),
		T(newer_body_takes_the_place_of_the_older),
		T(two_that_share_scaffolds_end_in_any_order),
		T(a_tombstone_takes_out_and_a_missing_id_stays),
		T(not_needed_on_a_fixed_build_and_the_proof_says_why),
		T(a_fix_that_is_installed_takes_it_out_after_the_settle_time),
		T(a_delay_holds_and_a_withdrawal_inside_it_never_applies),
		T(an_unknown_action_type_waits_and_the_others_work),
		T(the_heartbeat_is_applied_and_changes_nothing),
		T(an_earlier_feed_shadows_a_later_one),
		T(no_feed_is_never_protected_and_a_fresh_one_is),
		T(a_serial_never_goes_down),
		T(without_a_configuration_only_what_a_person_asks_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
