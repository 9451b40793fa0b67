/* test_run.c - what a runner is asked and told, as text; what stops and starts in earnest is in test_live_win.c and test_run_pool_win.c. */
#include "actions/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void w3svc_and_was_are_refused_whatever_asks(void **state)
{
	static const char *const names[] = { "W3SVC", "w3svc", "WAS", "Was" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct sg_err err = SG_ERR_INIT;

		assert_int_equal(sg_run_check(SG_HOOK_SERVICE, names[i], &err), SG_EUNSUPPORTED);
		assert_non_null(strstr(err.msg, "never stopped"));
		assert_int_equal(sg_run_check(SG_HOOK_POOL, names[i], NULL), 0); /* a pool may be called so */
	}
	assert_int_equal(sg_run_check(SG_HOOK_SERVICE, "W3SVC2", NULL), 0);
	assert_int_equal(sg_run_check(SG_HOOK_SERVICE, "MSExchangeUM", NULL), 0);
}

static void a_name_carries_no_command(void **state)
{
	char longest[258];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[257] = 0;
	assert_int_equal(sg_run_check(SG_HOOK_POOL, longest, NULL), SG_EINVAL);
	longest[256] = 0;
	assert_int_equal(sg_run_check(SG_HOOK_POOL, longest, NULL), 0);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, "", NULL), SG_EINVAL);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, "a\" /x:\"b", NULL), SG_EINVAL);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, "a\r\nb", NULL), SG_EINVAL);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, ".NET v4.5 Classic", NULL), 0);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, "Pool\xc3\xa4 (1) 100%", NULL), 0);
}

static void appcmds_word_for_a_state_is_read_and_nothing_else(void **state)
{
	enum sg_run_state is = SG_RUN_OFFLINE;
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_run_parse_pool("Started\r\n", &is, NULL), 0);
	assert_int_equal(is, SG_RUN_RUNNING);
	assert_int_equal(sg_run_parse_pool("Stopped", &is, NULL), 0);
	assert_int_equal(is, SG_RUN_STOPPED);
	assert_int_equal(sg_run_parse_pool("Stopping\r\n\r\n", &is, NULL), 0);
	assert_int_equal(is, SG_RUN_UNKNOWN);
	assert_int_equal(sg_run_parse_pool("", &is, NULL), SG_EPARSE);
	assert_int_equal(sg_run_parse_pool("Started\r\nStopped\r\n", &is, NULL), SG_EPARSE);
	assert_int_equal(sg_run_parse_pool("ERROR ( message:x )\r\n", &is, &err), SG_EPARSE);
	assert_non_null(strstr(err.msg, "'ERROR ( message:x )'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(w3svc_and_was_are_refused_whatever_asks),
		cmocka_unit_test(a_name_carries_no_command),
		cmocka_unit_test(appcmds_word_for_a_state_is_read_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
