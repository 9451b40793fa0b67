/* test_engine_apart.c - the engine where workers read the server's configuration: what they cost, and what waits while there are none. */
#include "actions/apart.h"
#include "tests/lib/worker_lab_engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MANY = 40, HOUR = 3600 * 1000, MINUTE = 60 * 1000 };

static int setup(void **state)
{
	if (t_workers_set_up(state))
		return 1;
	lab_configure(*state, NULL, NULL);
	return 0;
}

static void offer_many(struct lab *lab, uint64_t serial)
{
	struct sg_buf all = { 0 };

	for (int i = 0; i < MANY; i++) {
		char id[16], *config;

		snprintf(id, sizeof id, "M%d", i);
		config = lab_config(id, "1", i % 2 ? "/" : "/owa", "no", LAB_ATTACK, NULL);
		sg_buf_str(&all, config);
		free(config);
	}
	lab_offer(lab, "corp", serial, (const char *)all.data);
	sg_buf_release(&all);
}

static void many_mitigations_of_two_files_cost_a_handful_of_workers(void **state)
{
	struct lab *lab = *state;
	int applied;

	offer_many(lab, 1);
	lab_run(lab);
	for (int i = 0; i < MANY; i++) {
		char id[16];

		snprintf(id, sizeof id, "M%d", i);
		assert_string_equal(lab_state(lab, id), "applied/applied");
	}
	applied = t_workers.asked;
	print_message("%d mitigations: %d workers\n", MANY, applied);
	assert_in_range(applied, 3, 12);
	lab_do(lab, "rollback", "all", "true", NULL);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	assert_in_range(t_workers.asked - applied, 0, 4);
}

static void a_server_that_has_not_changed_costs_none(void **state)
{
	struct lab *lab = *state;

	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_workers.asked > 0);
	t_workers.asked = 0;
	for (int i = 0; i < 5; i++)
		lab_later(lab, HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_int_equal(t_workers.asked, 0);
	/* somebody edits a file: that one is read again */
	t_drive_replace(lab->drive, T_ECP, "<configuration>", "<configuration><!-- mine -->");
	sg_engine_touched(lab->engine, NULL);
	lab_later(lab, HOUR);
	assert_int_equal(t_workers.asked, 1);
}

static void without_workers_nothing_goes_in_and_later_it_does(void **state)
{
	struct lab *lab = *state;

	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	t_workers_are_there(false);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	assert_string_equal(lab_state(lab, "M1"), "applicable/retry");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), T_WWWROOT ": this program has no worker"));
	t_workers_are_there(true);
	lab_later(lab, HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

/* The file that is to be edited was read, and what it shall be is not believed. */
static void what_no_worker_has_read_is_not_written(void **state)
{
	struct lab *lab = *state;

	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	t_workers.dead = true;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/retry");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), T_WWWROOT));
	assert_true(lab_untouched(lab));
	t_workers.dead = false;
	lab_later(lab, HOUR);
	/* what that worker died of is believed for a minute by the system's clock, which is not the lab's */
	assert_string_equal(lab_state(lab, "M1"), "applicable/retry");
	t_workers_forget();
	lab_later(lab, 2 * HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_revert_waits_for_a_reader(void **state)
{
	struct lab *lab = *state;

	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	t_workers_forget(); /* as after a new start of the service */
	t_workers_are_there(false);
	lab_ask(lab, NULL, "rollback", "id", "M1", NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/io");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), T_WWWROOT));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	t_workers_are_there(true);
	lab_later(lab, 2 * MINUTE);
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	assert_true(lab_untouched(lab));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        many_mitigations_of_two_files_cost_a_handful_of_workers, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        a_server_that_has_not_changed_costs_none, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        without_workers_nothing_goes_in_and_later_it_does, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(what_no_worker_has_read_is_not_written, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(a_revert_waits_for_a_reader, setup, lab_tear_down),
	};

	t_workers_watch(SG_JOB_CONFIG);
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
