/* test_engine_care.c - what the engine looks after beside the mitigations, over simulated days. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int setup(void **state)
{
	struct lab *lab = sg_alloc(sizeof(*lab));
	char *config;

	lab_make(lab);
	lab_open(lab);
	lab_configure(lab, NULL, "<journal keep=\"30d\"/>");
	config = lab_config("M1", "1", "/", "yes", "evil", NULL);
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	free(config);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	lab_free(*state);
	free(*state);
	return 0;
}

static void poll_again(struct lab *lab, bool fails)
{
	struct sg_fetched same = { .unchanged = true };
	struct sg_err failure = SG_ERR_INIT, err = SG_ERR_INIT;

	sg_fail(&failure, SG_EIO, "no route to the feed");
	assert_int_equal(sg_engine_fetched(lab->engine, "corp", &same, fails ? &failure : NULL, &err), 0);
	lab_run(lab);
}

static void a_clean_look_is_recorded_at_most_hourly(void **state)
{
	struct lab *lab = *state;
	char *text = NULL;

	assert_int_equal(lab_said(lab, "audited", NULL), 0);
	lab_later(lab, SG_HOUR - 1);
	assert_int_equal(lab_said(lab, "audited", NULL), 0);
	lab_later(lab, 1);
	assert_int_equal(lab_said(lab, "audited", &text), 1);
	assert_non_null(strstr(text, "1 mitigation"));
	lab_later(lab, SG_HOUR / 2);
	assert_int_equal(lab_said(lab, "audited", NULL), 1);
	lab_later(lab, SG_HOUR);
	assert_int_equal(lab_said(lab, "audited", NULL), 2);
	free(text);
}

static void what_is_not_as_written_is_no_clean_look(void **state)
{
	struct lab *lab = *state;
	char *text = NULL;

	t_drive_replace(lab->drive, T_WWWROOT, "pattern=\"evil\"", "pattern=\"other\"");
	lab_later(lab, 2 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	assert_int_equal(lab_said(lab, "audited", &text), 1);
	assert_non_null(strstr(text, "0 of 1 mitigations are as they were written"));
	free(text);
}

static void a_feed_that_grows_stale_is_said_once_until_it_verifies(void **state)
{
	struct lab *lab = *state;

	lab_later(lab, SG_DAY);
	assert_int_equal(lab_said(lab, "feed-stale", NULL), 0);
	lab_later(lab, 1000);
	assert_int_equal(lab_said(lab, "feed-stale", NULL), 2); /* corp, and local, which never verified */
	lab_later(lab, SG_DAY);
	assert_int_equal(lab_said(lab, "feed-stale", NULL), 2);
	poll_again(lab, false);
	lab_later(lab, SG_DAY + 1000);
	assert_int_equal(lab_said(lab, "feed-stale", NULL), 3);
}

static void a_feed_that_can_be_had_again_is_said_once(void **state)
{
	struct lab *lab = *state;

	poll_again(lab, true);
	poll_again(lab, true);
	assert_int_equal(lab_said(lab, "feed-unreachable", NULL), 1);
	assert_int_equal(lab_said(lab, "feed-reachable", NULL), 0);
	poll_again(lab, false);
	poll_again(lab, false);
	assert_int_equal(lab_said(lab, "feed-reachable", NULL), 1);
}

static void history_past_its_time_is_taken_out_and_the_rest_still_verifies(void **state)
{
	struct lab *lab = *state;
	char *text = NULL;

	assert_int_equal(lab_said(lab, "started", NULL), 1);
	lab_later(lab, 29 * SG_DAY);
	assert_int_equal(lab_said(lab, "journal-pruned", NULL), 0);
	lab_later(lab, 2 * SG_DAY);
	assert_int_equal(lab_said(lab, "journal-pruned", &text), 1);
	assert_int_equal(lab_said(lab, "started", NULL), 0);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_close(lab);
	lab_open(lab); /* verifies the chain from its checkpoint */
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
	free(text);
}

static void a_block_of_the_configuration_is_said_when_it_comes_and_when_it_goes(void **state)
{
	struct lab *lab = *state;
	char *text = NULL;

	for (int twice = 0; twice < 2; twice++) {
		lab_configure(
		        lab, NULL, "<policy><block id=\"M1\" revision=\"1\" reason=\"printing\"/></policy>");
		lab_run(lab);
		assert_string_equal(lab_state(lab, "M1"), "blocked/admin");
		assert_int_equal(lab_said(lab, "blocked", &text), 1);
		assert_string_equal(text, "blocked M1@1");
	}
	lab_configure(lab, NULL, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_int_equal(lab_said(lab, "blocked", NULL), 1);
	assert_int_equal(lab_said(lab, "unblocked", &text), 1);
	assert_string_equal(text, "unblocked M1@1");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_clean_look_is_recorded_at_most_hourly, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_as_written_is_no_clean_look, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        a_feed_that_grows_stale_is_said_once_until_it_verifies, setup, teardown),
		cmocka_unit_test_setup_teardown(a_feed_that_can_be_had_again_is_said_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        history_past_its_time_is_taken_out_and_the_rest_still_verifies, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        a_block_of_the_configuration_is_said_when_it_comes_and_when_it_goes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
