/* test_takeout.c - everything out before the service goes: all of it, or nothing when a value is somebody else's. */
#include "daemon/takeout.h"
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A mitigation at the site's root and one of OWA, and no engine. */
static void hold_two(struct lab *lab)
{
	char *one = lab_config("T-1", "1.0", "/", "yes", LAB_ATTACK, ""),
	     *two = lab_config("T-2", "1.0", "/owa", "no", LAB_ATTACK, ""),
	     *both = sg_format("%s%s", one, two);

	lab_configure(lab, NULL, "");
	lab_offer(lab, "corp", 1, both);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "T-1"), "applied/applied");
	assert_string_equal(lab_state(lab, "T-2"), "applied/applied");
	lab_close(lab);
	free(one);
	free(two);
	free(both);
}

static void all_goes_out_and_every_octet_comes_back(void **state)
{
	struct lab *lab = *state;
	struct sg_err err = SG_ERR_INIT;

	hold_two(lab);
	assert_false(lab_untouched(lab));
	assert_int_equal(sg_takeout(&lab->drives, lab->journal, "the test", &err), 0);
	assert_true(lab_untouched(lab));
	assert_int_equal(sg_takeout(&lab->drives, lab->journal, "again", &err), 0);
}

static void one_value_of_somebody_else_keeps_all_in_place(void **state)
{
	struct lab *lab = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf before = { 0 }, after = { 0 };

	hold_two(lab);
	t_drive_replace(lab->drive, T_OWA, LAB_ATTACK, "(?=.*less)");
	t_drive_read(lab->drive, T_WWWROOT, &before);
	assert_int_equal(sg_takeout(&lab->drives, lab->journal, "the test", &err), SG_ESTATE);
	assert_non_null(strstr(err.msg, "nothing was changed"));
	assert_non_null(strstr(err.msg, "T-2"));
	assert_null(strstr(err.msg, "T-1"));
	t_drive_read(lab->drive, T_WWWROOT, &after);
	assert_true(sg_bytes_equal(sg_buf_bytes(&before), sg_buf_bytes(&after)));
	assert_true(t_drive_has(lab->drive, T_OWA, "(?=.*less)"));

	/* what was somebody else's is ours again: all of it goes */
	t_drive_replace(lab->drive, T_OWA, "(?=.*less)", LAB_ATTACK);
	sg_err_clear(&err);
	assert_int_equal(sg_takeout(&lab->drives, lab->journal, "the test", &err), 0);
	assert_true(lab_untouched(lab));
	sg_buf_release(&before);
	sg_buf_release(&after);
}

static void a_busy_journal_is_named_and_no_journal_is_nothing_to_do(void **state)
{
	struct lab *lab = *state;
	struct sg_err err = SG_ERR_INIT;
	char *none = sg_format("%s/none", lab->folder);

	assert_int_equal(sg_takeout(&lab->drives, none, "the test", &err), 0);
	assert_int_equal(sg_takeout(&lab->drives, lab->journal, "the test", &err), SG_EBUSY);
	free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        all_goes_out_and_every_octet_comes_back, lab_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        one_value_of_somebody_else_keeps_all_in_place, lab_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        a_busy_journal_is_named_and_no_journal_is_nothing_to_do, lab_set_up, lab_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
