/* test_engine_fixed.c - leaves when it is no longer needed, and not before; while a restart is due the time does not run. The clock is the test's. */
#include "tests/lib/exchange_lab.h"
#include "tests/lib/hive_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define REBOOT "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending"

static void a_fix_takes_it_out_when_it_has_read_so_for_the_settle_time(void **state)
{
	struct lab *lab = *state;

	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "fixed from 15.2.986.36 on"));
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "another 30m"));
	lab_later(lab, 30 * SG_MINUTE - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	assert_non_null(strstr(lab_field(lab, "EXK-1", "text"), "fixed from 15.2.986.36 on"));
	lab_exchange_build(lab, 29);
	assert_true(lab_untouched(lab));
}

static void the_line_of_its_going_says_why(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = NULL;
	const struct sg_val *lines;
	bool found = false;
	size_t evaluated = 0;

	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 30 * SG_MINUTE);
	assert_int_equal(lab_ask(lab, &reply, "history", "limit", "@100", NULL), 0);
	lines = sg_val_get(reply, "lines");
	for (size_t i = 0; i < lines->n; i++) {
		evaluated += strcmp(sg_val_get_str(lines->kid[i], "name", ""), "evaluated") == 0;
		found = found || (strcmp(sg_val_get_str(lines->kid[i], "name", ""), "reverted") == 0 &&
		                         strstr(sg_val_get_str(lines->kid[i], "text", ""),
		                                 "fixed from 15.2.986.36 on"));
	}
	assert_true(found);
	assert_int_equal(evaluated, 3); /* needed; fixed, and it stays; not needed: each once */
	sg_val_free(reply);
}

static void the_engine_wakes_when_the_settle_time_is_over(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<audit every=\"7d\"/>");
	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	assert_int_equal(lab_wake(lab), lab->now + 30 * SG_MINUTE);
}

static void the_settle_time_is_the_configurations(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy><removal fixed-settle=\"2h\"/></policy>");
	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 2 * SG_HOUR - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void a_fix_that_goes_again_within_the_settle_time_begins_anew(void **state)
{
	struct lab *lab = *state;

	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	lab_exchange_build(lab, 29);
	lab_later(lab, 20 * SG_MINUTE);
	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 20 * SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_later(lab, 10 * SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void the_settle_time_goes_on_over_a_restart_of_the_service(void **state)
{
	struct lab *lab = *state;

	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 20 * SG_MINUTE);
	lab_close(lab);
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	lab_later(lab, 10 * SG_MINUTE - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void while_a_restart_is_due_the_settle_time_does_not_run(void **state)
{
	struct lab *lab = *state;

	lab_exchange_build(lab, 36);
	t_software_dword(lab->drive, REBOOT, "1", 1);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 48 * SG_HOUR);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "a restart of Windows is due"));
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "RebootPending"));
	t_software_remove(lab->drive, REBOOT);
	lab_later(lab, SG_MINUTE); /* it begins here */
	lab_later(lab, 30 * SG_MINUTE - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void a_restart_that_becomes_due_starts_the_settle_time_anew(void **state)
{
	struct lab *lab = *state;

	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 29 * SG_MINUTE);
	t_software_dword(lab->drive, REBOOT, "1", 1);
	lab_later(lab, 30 * 1000);
	t_software_remove(lab->drive, REBOOT);
	lab_later(lab, 30 * 1000);
	lab_later(lab, 29 * SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_later(lab, SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void a_feed_that_still_claims_the_fixed_build_does_not_bring_it_back(void **state)
{
	struct lab *lab = *state;

	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 30 * SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	for (uint64_t serial = 2; serial < 5; serial++) {
		char *revision = sg_format("%d", (int)serial),
		     *config = lab_config("EXK-1", revision, "/", "yes", LAB_ATTACK, lab_exchange_needed);

		lab_offer(lab, "corp", serial, config);
		lab_later(lab, SG_HOUR);
		assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
		free(config);
		free(revision);
	}
	lab_exchange_build(lab, 29);
	assert_true(lab_untouched(lab));
}

static void an_uninstalled_update_matches_again_and_applies_in_the_same_run(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy><when do=\"apply\" delay=\"30m\"/></policy>");
	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 30 * SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	lab_exchange_build(lab, 29);
	lab_later(lab, 30 * 1000);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
}

static void what_is_not_needed_is_asked_again_at_every_audit(void **state)
{
	struct lab *lab = *state;

	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 30 * SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	assert_int_equal(lab_wake(lab), lab->now + 15 * SG_MINUTE);
}

static void a_fixed_file_settles_like_a_fixed_product(void **state)
{
	static const char file[] = "<sg:Applicability><sg:Product name=\"Exchange\"/>"
	                           "<sg:File path=\"{app}\\Bin\\ExSetup.exe\" below=\"15.2.986.36\"/>"
	                           "</sg:Applicability>";
	struct lab *lab = *state;
	char *config = lab_config("EXK-1", "2", "/", "yes", LAB_ATTACK, file);

	lab_offer(lab, "corp", 2, config);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_exchange_build(lab, 37);
	lab_later(lab, SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_later(lab, 30 * SG_MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	free(config);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lab_exchange_set_up, lab_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_fix_takes_it_out_when_it_has_read_so_for_the_settle_time),
		T(the_line_of_its_going_says_why),
		T(the_engine_wakes_when_the_settle_time_is_over),
		T(the_settle_time_is_the_configurations),
		T(a_fix_that_goes_again_within_the_settle_time_begins_anew),
		T(the_settle_time_goes_on_over_a_restart_of_the_service),
		T(while_a_restart_is_due_the_settle_time_does_not_run),
		T(a_restart_that_becomes_due_starts_the_settle_time_anew),
		T(a_feed_that_still_claims_the_fixed_build_does_not_bring_it_back),
		T(an_uninstalled_update_matches_again_and_applies_in_the_same_run),
		T(what_is_not_needed_is_asked_again_at_every_audit),
		T(a_fixed_file_settles_like_a_fixed_product),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
