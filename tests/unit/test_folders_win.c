/* test_folders_win.c - the service's folder is closed, with what is in it, and what somebody planted there before is refused. Wine approximates access lists:
 * what is seen here is what is refused, and that it stays as it is. */
#include "base/os.h"
#include "base/os_win.h"
#include "daemon/folders_win.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *top, *outside;

static int set_up(void **state)
{
	char *tmp = sg_os_temp(), *below;

	(void)state;
	top = sg_format("%s\\sg-folders-%lu", tmp, GetCurrentProcessId());
	outside = sg_format("%s\\sg-outside-%lu", tmp, GetCurrentProcessId());
	below = sg_format("%s\\below", top);
	free(tmp);
	assert_int_equal(sg_os_mkdirs(below, NULL), 0);
	free(below);
	return sg_os_create(outside, sg_bytes_of("theirs"), NULL, NULL);
}

static int tear_down(void **state)
{
	int r = sg_os_remove_tree(top, NULL);

	(void)state;
	if (r == 0)
		r = sg_os_unlink(outside, NULL);
	free(top);
	free(outside);
	return r;
}

static void put(const char *name)
{
	char *path = sg_format("%s\\%s", top, name);

	assert_int_equal(sg_os_create(path, sg_bytes_of("ours"), NULL, NULL), 0);
	free(path);
}

static void a_folder_is_closed_with_all_that_is_in_it_again_and_again(void **state)
{
	char *path = sg_format("%s\\below\\open", top);
	struct sg_os_file open = SG_OS_FILE_INIT;

	(void)state;
	put("one");
	put("below\\two");
	assert_int_equal(sg_os_open(path, true, &open, NULL), 0); /* as a service that runs has its journal */
	assert_int_equal(sg_folder_close(top, NULL), 0);
	assert_int_equal(sg_folder_close(top, NULL), 0);
	sg_os_close(&open);
	free(path);
}

static void a_hard_link_is_refused_wherever_it_is(void **state)
{
	static const char *const names[] = { "planted", "below\\planted" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *path = sg_format("%s\\%s", top, names[i]);
		wchar_t *wide = sg_win_path(path), *theirs = sg_win_path(outside);
		struct sg_err err = SG_ERR_INIT;

		assert_true(CreateHardLinkW(wide, theirs, NULL));
		assert_int_equal(sg_folder_close(top, &err), SG_EACCES);
		assert_non_null(strstr(err.msg, names[i]));
		assert_non_null(strstr(err.msg, "2 hard links"));
		assert_int_equal(sg_os_unlink(path, NULL), 0);
		assert_int_equal(sg_folder_close(top, NULL), 0);
		free(theirs);
		free(wide);
		free(path);
	}
}

static void a_file_in_the_folders_place_is_refused(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_folder_close(outside, &err), SG_EEXIST);
}

static void what_nobody_else_may_open_is_a_clean_failure(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	wchar_t *wide;
	char *path = sg_format("%s\\below\\held", top);
	HANDLE h;

	(void)state;
	put("below\\held");
	wide = sg_win_path(path);
	h = CreateFileW(wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
	assert_true(h != INVALID_HANDLE_VALUE);
	assert_int_equal(sg_folder_close(top, &err), SG_EBUSY);
	assert_non_null(strstr(err.msg, "held"));
	CloseHandle(h);
	assert_int_equal(sg_folder_close(top, NULL), 0);
	free(wide);
	free(path);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_folder_is_closed_with_all_that_is_in_it_again_and_again),
		CASE(a_hard_link_is_refused_wherever_it_is),
		CASE(a_file_in_the_folders_place_is_refused),
		CASE(what_nobody_else_may_open_is_a_clean_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
