/* test_limit.c - the same event of the same thing is said a few times in a while, and what was left out is counted. */
#include "model/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void the_first_few_are_said_and_the_rest_are_counted(void **state)
{
	struct sg_limit l = { 0 };
	struct sg_limited over;
	uint32_t left = 9;

	(void)state;
	for (int i = 0; i < SG_LIMIT_SAID; i++) {
		assert_true(sg_limit_pass(&l, 4030, "corp/M1", 1000 + i, &left));
		assert_int_equal(left, 0);
	}
	for (int i = 0; i < 40; i++)
		assert_false(sg_limit_pass(&l, 4030, "corp/M1", 2000 + i, &left));
	assert_true(sg_limit_pass(&l, 4030, "corp/M2", 3000, &left)); /* another thing */
	assert_true(sg_limit_pass(&l, 4010, "corp/M1", 3000, &left)); /* another event */
	assert_true(sg_limit_pass(&l, 4010, NULL, 3000, &left));
	assert_false(sg_limit_over(&l, 3000, &over));
	assert_true(sg_limit_pass(&l, 4030, "corp/M1", 1000 + SG_LIMIT_WHILE, &left));
	assert_int_equal(left, 40);
	assert_true(sg_limit_pass(&l, 4030, "corp/M1", 1001 + SG_LIMIT_WHILE, &left));
	assert_int_equal(left, 0);
}

static void what_fell_silent_is_told_once(void **state)
{
	struct sg_limit l = { 0 };
	struct sg_limited over;
	uint32_t left;

	(void)state;
	for (int i = 0; i < SG_LIMIT_SAID + 3; i++)
		sg_limit_pass(&l, 5007, "uid 7", 1000, &left);
	assert_false(sg_limit_over(&l, 1000 + SG_LIMIT_WHILE - 1, &over));
	assert_true(sg_limit_over(&l, 1000 + SG_LIMIT_WHILE, &over));
	assert_int_equal(over.code, 5007);
	assert_int_equal(over.left_out, 3);
	assert_string_equal(over.thing, "uid 7");
	assert_false(sg_limit_over(&l, 1000 + SG_LIMIT_WHILE, &over));
}

static void a_clock_that_is_set_back_silences_nothing(void **state)
{
	struct sg_limit l = { 0 };
	uint32_t left;

	(void)state;
	for (int i = 0; i < SG_LIMIT_SAID + 1; i++)
		sg_limit_pass(&l, 1, "x", 1000000000, &left);
	assert_true(sg_limit_pass(&l, 1, "x", 5, &left));
	assert_int_equal(left, 1);
}

static void the_table_stays_as_large_as_it_is(void **state)
{
	struct sg_limit l = { 0 };
	uint32_t left;

	(void)state;
	for (int i = 0; i < 10 * SG_LIMIT_THINGS; i++) {
		char thing[200];

		snprintf(thing, sizeof thing, "%0150d", i);
		assert_true(sg_limit_pass(&l, 1, thing, i, &left));
		assert_true(l.n <= SG_LIMIT_THINGS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_few_are_said_and_the_rest_are_counted),
		cmocka_unit_test(what_fell_silent_is_told_once),
		cmocka_unit_test(a_clock_that_is_set_back_silences_nothing),
		cmocka_unit_test(the_table_stays_as_large_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
