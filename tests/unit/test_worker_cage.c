/* test_worker_cage.c - which tokens a worker is tried with, which of them it may have, and what is said of it. */
#include "base/worker_cage.h"
#include "base/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void the_system_itself_never_meets_the_network(void **state)
{
	static const struct {
		struct sg_worker_token is;
		bool network, may;
	} rows[] = {
		{ { .system = true, .low = true, .stripped = true }, true, false },
		{ { .system = true }, true, false },
		{ { .system = true, .restricted = true }, true, true },
		{ { .restricted = true }, true, true },
		{ { .low = true }, true, true },
		{ { 0 }, true, true }, /* a person's own process, under a Windows that makes no such tokens */
		{ { .system = true }, false, true },
		{ { 0 }, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (sg_cage_may(&rows[i].is, rows[i].network) != rows[i].may)
			fail_msg("row %zu", i);
}

static void every_job_is_tried_with_the_strictest_first(void **state)
{
	static const struct {
		bool network, system;
		size_t n;
		enum sg_worker_rights steps[SG_CAGE_STEPS];
	} rows[] = {
		{ false, false, 2, { SG_RIGHTS_RESTRICTED, SG_RIGHTS_LOWERED } },
		{ false, true, 3, { SG_RIGHTS_RESTRICTED, SG_RIGHTS_SERVICE, SG_RIGHTS_LOWERED } },
		{ true, false, 1, { SG_RIGHTS_LOWERED } },
		/* and never with what LOWERED would be here: the system's own account */
		{ true, true, 2, { SG_RIGHTS_SERVICE, SG_RIGHTS_RESTRICTED } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum sg_worker_rights steps[SG_CAGE_STEPS];

		assert_int_equal(sg_cage_steps(rows[i].network, rows[i].system, steps), rows[i].n);
		for (size_t k = 0; k < rows[i].n; k++)
			assert_int_equal(steps[k], rows[i].steps[k]);
	}
}

static void what_is_lacking_is_what_windows_did_not_give(void **state)
{
	static const struct {
		struct sg_worker_token is;
		bool network;
		unsigned lacks;
	} rows[] = {
		{ { .restricted = true, .low = true, .stripped = true }, false, 0 },
		{ { .system = true, .restricted = true, .low = true, .stripped = true }, false, 0 },
		{ { .low = true, .stripped = true }, false, SG_LACKS_CHECK },
		{ { .system = true, .low = true, .stripped = true }, false,
		        SG_LACKS_CHECK | SG_LACKS_ACCOUNT },
		{ { .low = true, .stripped = true }, true, 0 },
		{ { .system = true, .restricted = true, .low = true, .stripped = true }, true,
		        SG_LACKS_ACCOUNT },
		{ { 0 }, true, SG_LACKS_LEVEL | SG_LACKS_PRIVILEGES },
		{ { 0 }, false, SG_LACKS_CHECK | SG_LACKS_LEVEL | SG_LACKS_PRIVILEGES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (sg_cage_lacks(&rows[i].is, rows[i].network) != rows[i].lacks)
			fail_msg("row %zu: %u", i, sg_cage_lacks(&rows[i].is, rows[i].network));
}

static void the_last_worker_of_each_kind_can_be_asked_for(void **state)
{
	char *why = NULL;

	(void)state;
	assert_int_equal(sg_worker_cage(false, &why), SG_CAGE_UNKNOWN);
	assert_null(why);
	sg_worker_caged(true, 0);
	assert_int_equal(sg_worker_cage(false, NULL), SG_CAGE_UNKNOWN);
	assert_int_equal(sg_worker_cage(true, &why), SG_CAGE_WHOLE);
	assert_null(why);
	sg_worker_caged(true, SG_LACKS_LEVEL | SG_LACKS_FILES);
	assert_int_equal(sg_worker_cage(true, &why), SG_CAGE_LESS);
	assert_string_equal(why, "its integrity level is not Low; this kernel has no landlock, so that it "
	                         "can read what everybody may");
	free(why);
	sg_worker_caged(false, SG_LACKS_ALL);
	assert_int_equal(sg_worker_cage(false, &why), SG_CAGE_REFUSED);
	assert_string_equal(why, "none comes up with few enough rights");
	free(why);
	assert_int_equal(sg_worker_cage(true, NULL), SG_CAGE_LESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_system_itself_never_meets_the_network),
		cmocka_unit_test(every_job_is_tried_with_the_strictest_first),
		cmocka_unit_test(what_is_lacking_is_what_windows_did_not_give),
		cmocka_unit_test(the_last_worker_of_each_kind_can_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
