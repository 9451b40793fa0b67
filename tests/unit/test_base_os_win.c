/* test_base_os_win.c - files through the system layer, what only Windows has: long paths, UTF-16 names, sharing, attributes, exceptions. */
#include "base/drive.h"
#include "base/os.h"
#include "base/os_win.h"
#include "model/url.h"
#include "tests/lib/folder_lab.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *folder; /* with its drive */

static int set_up(void **state)
{
	char *tmp = sg_os_temp();

	(void)state;
	folder = sg_format("%s\\sg-os-%lu", tmp, GetCurrentProcessId());
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

static HANDLE held_open(const char *path, DWORD share)
{
	wchar_t *wide = sg_win_path(path);
	HANDLE h = CreateFileW(wide, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);

	free(wide);
	assert_true(h != INVALID_HANDLE_VALUE);
	return h;
}

static void paths_longer_than_max_path_are_paths(void **state)
{
	struct sg_buf path = { 0 };
	char *file, *temp;

	(void)state;
	sg_buf_str(&path, folder);
	for (int i = 0; i < 6; i++)
		sg_buf_fmt(&path, "\\%d-%s", i,
		        "a folder with a name of eighty characters, as nobody would choose it, but may");
	assert_true(path.len > MAX_PATH);
	assert_int_equal(sg_os_mkdirs((char *)path.data, NULL), 0);
	file = sg_format("%s\\web.config", (char *)path.data);
	temp = sg_format("%s\\temp.config", (char *)path.data);
	assert_int_equal(sg_os_create(file, sg_bytes_of("old"), NULL, NULL), 0);
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, NULL), 0);
	assert_int_equal(sg_os_sync_file(temp, NULL), 0);
	assert_int_equal(sg_os_replace(temp, file, NULL), 0);
	assert_holds(file, "new");
	free(file);
	free(temp);
	sg_buf_release(&path);
}

static void names_outside_of_the_code_page_are_kept(void **state)
{
	static const char *const names[] = { "Gr\xc3\xb6\xc3\x9f"
		                             "e.config",
		"\xce\xa9\xd0\x96.config", "\xf0\x9f\x8c\x8d.config" };
	struct sg_strs found = { 0 };
	char *below = sg_format("%s\\names", folder);

	(void)state;
	assert_int_equal(sg_os_mkdirs(below, NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		char *path = sg_format("%s\\%s", below, names[i]);

		assert_int_equal(sg_os_create(path, sg_bytes_of(names[i]), NULL, NULL), 0);
		assert_holds(path, names[i]);
		free(path);
	}
	assert_int_equal(sg_os_list(below, &found, NULL), 0);
	assert_int_equal(found.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(sg_strs_has(&found, names[i]));
	assert_int_equal(sg_os_list_most(below, 3, &found, NULL), 0);
	assert_int_equal(sg_os_list_most(below, 2, &found, NULL), SG_ELIMIT);
	assert_int_equal(found.n, 3); /* left as it was */
	sg_strs_release(&found);
	free(below);
}

/* IIS and scanners keep a file for moments; who keeps it longer makes a clean failure. */
static void a_file_that_somebody_has_open_is_busy_and_stays_as_it_is(void **state)
{
	char *file = sg_format("%s\\busy.config", folder), *temp = sg_format("%s\\busy.new", folder);
	struct sg_err err = SG_ERR_INIT;
	ULONGLONG begun;
	HANDLE h;

	(void)state;
	assert_int_equal(sg_os_create(file, sg_bytes_of("old"), NULL, NULL), 0);
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), NULL, NULL), 0);
	h = held_open(file, FILE_SHARE_READ);
	begun = GetTickCount64();
	assert_int_equal(sg_os_replace(temp, file, &err), SG_EBUSY);
	assert_true(GetTickCount64() - begun >= 400 && GetTickCount64() - begun < 10000);
	assert_int_equal(sg_os_unlink(file, NULL), SG_EBUSY);
	assert_holds(file, "old");
	assert_holds(temp, "new");
	CloseHandle(h);
	h = held_open(file, FILE_SHARE_READ | FILE_SHARE_WRITE |
	                            FILE_SHARE_DELETE); /* polite, and in the way all the same */
	assert_int_equal(sg_os_replace(temp, file, NULL), SG_EBUSY);
	CloseHandle(h);
	assert_int_equal(sg_os_replace(temp, file, NULL), 0);
	assert_holds(file, "new");
	free(file);
	free(temp);
}

static void attributes_come_along_and_read_only_is_refused(void **state)
{
	char *file = sg_format("%s\\hidden.config", folder), *temp = sg_format("%s\\hidden.new", folder);
	wchar_t *wide = sg_win_path(file), *wide_temp = sg_win_path(temp);
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_os_create(file, sg_bytes_of("old"), NULL, NULL), 0);
	assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_READONLY));
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "read-only"));
	assert_true(GetFileAttributesW(wide_temp) == INVALID_FILE_ATTRIBUTES); /* nothing is left behind */
	assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_NORMAL));
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, NULL), 0);
	free(wide);
	free(wide_temp);
	free(file);
	free(temp);
}

static void a_second_lock_names_the_holder(void **state)
{
	struct sg_os_file first = SG_OS_FILE_INIT, second = SG_OS_FILE_INIT;
	char *path = sg_format("%s\\lock", folder), pid[32];
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_os_lock(path, &first, NULL), 0);
	assert_int_equal(sg_os_lock(path, &second, &err), SG_EBUSY);
	snprintf(pid, sizeof pid, "process %lu", GetCurrentProcessId());
	assert_non_null(strstr(err.msg, pid));
	sg_os_close(&first);
	assert_int_equal(sg_os_lock(path, &second, NULL), 0);
	sg_os_close(&second);
	free(path);
}

static int answer(void *arg)
{
	return *(int *)arg;
}

static int fall(void *arg)
{
	volatile int *nowhere = *(int *volatile *)arg;

	return *nowhere;
}

/* Until the event comes; then it falls. */
static int hang(void *arg)
{
	volatile int *volatile nowhere = NULL;

	WaitForSingleObject(arg, INFINITE);
	return *nowhere;
}

static void a_guarded_call_reports_value_and_death(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	void *nowhere = NULL;
	int value = 42;

	(void)state;
	assert_int_equal(sg_os_guarded(answer, &value, 10000, NULL), 42);
	value = 101;
	assert_int_equal(sg_os_guarded(answer, &value, 10000, NULL), SG_EDAMAGED);
	for (int i = 0; i < 3; i++) { /* this process lives on */
		sg_err_clear(&err);
		assert_int_equal(sg_os_guarded(fall, &nowhere, 10000, &err), SG_EDAMAGED);
		assert_non_null(strstr(err.msg, "0xc0000005"));
	}
}

/* What takes too long keeps its locks and what it has; so many and no more are left to themselves, and what becomes of them then is nobody's fault. */
static void a_guarded_call_that_takes_too_long_is_left_behind_and_bounded(void **state)
{
	HANDLE go = CreateEventW(NULL, TRUE, FALSE, NULL);
	struct sg_err err = SG_ERR_INIT;
	int value = 42, n = 0, r;

	(void)state;
	while ((r = sg_os_guarded(hang, go, 20, NULL)) == SG_ETIMEOUT)
		assert_true(++n <= 8);
	assert_int_equal(r, SG_EBUSY);
	assert_int_equal(n, 8);
	assert_int_equal(sg_os_guarded(answer, &value, 10000, &err), SG_EBUSY);
	assert_non_null(strstr(err.msg, "took too long"));
	SetEvent(go);
	for (int i = 0; i < 200 && (r = sg_os_guarded(answer, &value, 10000, NULL)) == SG_EBUSY; i++)
		Sleep(20);
	assert_int_equal(r, 42);
	CloseHandle(go);
}

static void names_end_at_either_slash_and_file_addresses_have_drives(void **state)
{
	char *path = NULL;

	(void)state;
	assert_string_equal(sg_os_last("C:\\a/b\\c.xml"), "c.xml");
	assert_string_equal(sg_os_last("C:\\a/b.xml"), "b.xml");
	assert_string_equal(sg_os_last("c.xml"), "c.xml");
	assert_int_equal(sg_url_path("file:///C:/feeds/a%20b.xml", &path, NULL), 0);
	assert_string_equal(path, "C:/feeds/a b.xml");
	free(path);
	path = NULL;
	assert_int_equal(sg_url_path("D:\\feeds\\ecp.xml", &path, NULL), 0);
	assert_string_equal(path, "D:\\feeds\\ecp.xml");
	free(path);
}

/* The journal is below it: an account that starts a program must not choose where that is. */
static void program_data_is_where_the_system_has_it_whatever_the_environment_says(void **state)
{
	char *before = sg_drive_env("ProgramData"), *after;
	wchar_t kept[MAX_PATH] = L"";

	(void)state;
	GetEnvironmentVariableW(L"ProgramData", kept, MAX_PATH);
	SetEnvironmentVariableW(L"ProgramData", L"C:\\elsewhere");
	after = sg_drive_env("ProgramData");
	SetEnvironmentVariableW(L"ProgramData", *kept ? kept : NULL);
	assert_non_null(before);
	assert_string_equal(after, before);
	assert_int_equal(strncmp(after + 1, ":\\", 2), 0);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_longer_than_max_path_are_paths),
		cmocka_unit_test(names_outside_of_the_code_page_are_kept),
		cmocka_unit_test(a_file_that_somebody_has_open_is_busy_and_stays_as_it_is),
		cmocka_unit_test(attributes_come_along_and_read_only_is_refused),
		cmocka_unit_test(a_second_lock_names_the_holder),
		cmocka_unit_test(a_guarded_call_reports_value_and_death),
		cmocka_unit_test(a_guarded_call_that_takes_too_long_is_left_behind_and_bounded),
		cmocka_unit_test(names_end_at_either_slash_and_file_addresses_have_drives),
		cmocka_unit_test(program_data_is_where_the_system_has_it_whatever_the_environment_says),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
