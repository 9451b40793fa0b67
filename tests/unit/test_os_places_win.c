/* test_os_places_win.c - where a path begins, what folders are made of it, and a boot's name. */
#include "base/os.h"
#include "base/os_win.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *folder; /* with its drive */

static int set_up(void **state)
{
	char *tmp = sg_os_temp();

	(void)state;
	folder = sg_format("%s\\sg-places-%lu", tmp, GetCurrentProcessId());
	free(tmp);
	return sg_os_mkdirs(folder, NULL);
}

static int tear_down(void **state)
{
	int r = sg_os_remove_tree(folder, NULL);

	(void)state;
	free(folder);
	return r;
}

static void a_path_is_known_by_its_root(void **state)
{
	static const struct {
		const char *path, *root;
	} rows[] = {
		{ "C:\\a\\b", "C:\\" },
		{ "C:\\", "C:\\" },
		{ "C:a", "C:" },
		{ "\\\\server\\share\\a", "\\\\server\\share\\" },
		{ "\\\\server\\share", "\\\\server\\share" },
		{ "\\\\server", "\\\\server" },
		{ "\\\\?\\C:\\a", "\\\\?\\C:\\" },
		{ "\\\\?\\UNC\\server\\share\\a", "\\\\?\\UNC\\server\\share\\" },
		{ "\\\\?\\Volume{0}\\a", "\\\\?\\Volume{0}\\" },
		{ "\\a", "\\" },
		{ "a\\b", "" },
		{ "k2", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *root = sg_strndup(rows[i].path, sg_win_root(rows[i].path));

		assert_string_equal(root, rows[i].root);
		free(root);
	}
}

/* All of them below one folder, which is the current one for those that begin there. */
static void every_form_of_a_path_makes_its_folders(void **state)
{
	static const char *const forms[] = { "k2", "ab\\cd", "a/b/c", "x\\", "y\\\\z", "%s\\full\\of\\it",
		"%s/slash/es/", "\\\\?\\%s\\long\\er", "\\\\?\\%s\\one" };
	wchar_t before[MAX_PATH], *wide = sg_win_path(folder);

	(void)state;
	assert_true(GetCurrentDirectoryW(MAX_PATH, before));
	assert_true(SetCurrentDirectoryW(wide));
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const char *hole = strstr(forms[i], "%s");
		char *path = hole ? sg_format("%.*s%s%s", (int)(hole - forms[i]), forms[i], folder, hole + 2)
		                  : sg_strdup(forms[i]);
		struct sg_file_id id = { 0 };
		struct sg_err err = SG_ERR_INIT;

		for (int again = 0; again < 2; again++)
			if (sg_os_mkdirs(path, &err))
				fail_msg("%s: %s", path, err.msg);
		assert_int_equal(sg_os_stat(path, &id, NULL), 0);
		assert_true(id.is_dir);
		free(path);
	}
	assert_int_equal(sg_os_mkdirs("C:\\", NULL), 0);
	assert_true(SetCurrentDirectoryW(before));
	free(wide);
}

/* --- the boot's name */

#define KEY L"SOFTWARE\\stopgap-test"

static LSTATUS make(const wchar_t *name)
{
	HKEY key;
	LSTATUS e = RegCreateKeyExW(
	        HKEY_LOCAL_MACHINE, name, 0, NULL, REG_OPTION_NON_VOLATILE, KEY_WRITE, NULL, &key, NULL);

	if (e == ERROR_SUCCESS)
		RegCloseKey(key);
	return e;
}

/* Below a volatile key only volatile ones can be made. */
static void a_boots_name_goes_with_the_boot_and_what_is_beside_it_stays(void **state)
{
	char one[40], two[40];

	(void)state;
	RegDeleteTreeW(HKEY_LOCAL_MACHINE, KEY);
	sg_win_boot_id(KEY, one);
	sg_win_boot_id(KEY, two);
	assert_int_equal(strlen(one), 32);
	assert_string_equal(one, two);
	assert_int_equal(make(KEY L"\\lasting"), ERROR_SUCCESS);
	assert_int_equal(make(KEY L"\\boot\\lasting"), ERROR_CHILD_MUST_BE_VOLATILE);
	RegDeleteTreeW(HKEY_LOCAL_MACHINE, KEY);
}

static DWORD WINAPI ask(void *arg)
{
	sg_win_boot_id(KEY, arg);
	return 0;
}

static void all_who_ask_first_at_once_have_one_name(void **state)
{
	enum { ASKERS = 8, ROUNDS = 20 };

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char names[ASKERS][40];
		HANDLE threads[ASKERS];

		RegDeleteTreeW(HKEY_LOCAL_MACHINE, KEY);
		for (int n = 0; n < ASKERS; n++)
			threads[n] = CreateThread(NULL, 0, ask, names[n], 0, NULL);
		assert_int_equal(WaitForMultipleObjects(ASKERS, threads, TRUE, 30000), WAIT_OBJECT_0);
		for (int n = 0; n < ASKERS; n++) {
			CloseHandle(threads[n]);
			assert_int_equal(strlen(names[n]), 32);
			assert_string_equal(names[n], names[0]);
		}
	}
	RegDeleteTreeW(HKEY_LOCAL_MACHINE, KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_known_by_its_root),
		cmocka_unit_test(every_form_of_a_path_makes_its_folders),
		cmocka_unit_test(a_boots_name_goes_with_the_boot_and_what_is_beside_it_stays),
		cmocka_unit_test(all_who_ask_first_at_once_have_one_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
