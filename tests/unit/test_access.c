/* test_access.c - from the names in <access> to ids, on POSIX. */
#include "daemon/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void lists_are_read_with_numbers_names_and_groups(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;
	char *self;

	(void)state;
	assert_int_equal(sg_access_resolve(" 1001 , root,%2001", "%root,\t1002", false, &a, &err), 0);
	self = sg_access_self();
	assert_int_equal(a->always.n, geteuid() ? 2 : 1);
	assert_string_equal(a->always.at[0], "uid 0");
	assert_string_equal(a->always.at[a->always.n - 1], self);
	free(self);
	assert_int_equal(a->read.n, 3);
	assert_string_equal(a->read.at[0], "uid 1001");
	assert_string_equal(a->read.at[1], "uid 0");
	assert_string_equal(a->read.at[2], "gid 2001");
	assert_int_equal(a->change.n, 2);
	assert_string_equal(a->change.at[0], "gid 0");
	assert_string_equal(a->change.at[1], "uid 1002");
	assert_true(sg_access_others(a));
	sg_access_free(a);
}

static void root_in_a_list_opens_the_pipe_to_nobody_else(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;

	(void)state;
	assert_int_equal(sg_access_resolve("root", "0", false, &a, &err), 0);
	assert_false(sg_access_others(a));
	sg_access_free(a);
}

static void a_name_that_the_system_does_not_know_is_refused(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;

	(void)state;
	assert_int_equal(sg_access_resolve("no-such-account-here", NULL, false, &a, &err), SG_EINVAL);
	assert_non_null(strstr(err.msg, "no-such-account-here"));
	sg_err_clear(&err);
	assert_int_equal(sg_access_resolve(NULL, "%no-such-group-here", false, &a, &err), SG_EINVAL);
	assert_non_null(strstr(err.msg, "no-such-group-here"));
	sg_err_clear(&err);
	/* (uid_t)-1 is no account, and beyond it numbers would wrap to somebody */
	assert_int_equal(sg_access_resolve("4294967295", NULL, false, &a, &err), SG_EINVAL);
	sg_err_clear(&err);
	assert_int_equal(sg_access_resolve("4294967296", NULL, false, &a, &err), SG_EINVAL);
	assert_null(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_with_numbers_names_and_groups),
		cmocka_unit_test(root_in_a_list_opens_the_pipe_to_nobody_else),
		cmocka_unit_test(a_name_that_the_system_does_not_know_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
