/* test_os_open_win.c - files are opened on Windows as CreateFileW opens them, but without waiting for anybody. Wine knows no opportunistic lock and has no file
 * whose contents are elsewhere: what is made of them is decided by pure functions, and the rest is step S41 of scripts/windows/on-windows.md. */
#include "base/os.h"
#include "base/os_open_win.h"
#include "base/os_win.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum { SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };

static char *folder;

static int set_up(void **state)
{
	char *tmp = sg_os_temp(), *dir, *file;
	int r;

	(void)state;
	folder = sg_format("%s\\sg-open-%lu", tmp, GetCurrentProcessId());
	dir = sg_format("%s\\dir", folder);
	file = sg_format("%s\\web.config", folder);
	r = sg_os_mkdirs(dir, NULL);
	if (r == 0)
		r = sg_os_create(file, sg_bytes_of("there"), NULL, NULL);
	free(file);
	free(dir);
	free(tmp);
	return r;
}

static int tear_down(void **state)
{
	int r = sg_os_remove_tree(folder, NULL);

	(void)state;
	free(folder);
	return r;
}

/* Of a name in the folder. */
static wchar_t *below(const char *name)
{
	char *path = sg_format("%s\\%s", folder, name);
	wchar_t *wide = sg_win_path(path);

	free(path);
	return wide;
}

static DWORD by_us(const wchar_t *path, DWORD access, DWORD share, DWORD how, DWORD flags)
{
	HANDLE h = sg_win_open(path, access, share, NULL, how, flags);
	DWORD e = h == INVALID_HANDLE_VALUE ? GetLastError() : 0;

	if (h != INVALID_HANDLE_VALUE)
		CloseHandle(h);
	return e;
}

static DWORD by_windows(const wchar_t *path, DWORD access, DWORD share, DWORD how, DWORD flags)
{
	HANDLE h = CreateFileW(path, access, share, NULL, how, flags, NULL);
	DWORD e = h == INVALID_HANDLE_VALUE ? GetLastError() : 0;

	if (h != INVALID_HANDLE_VALUE)
		CloseHandle(h);
	return e;
}

/* --- as CreateFileW */

static void every_answer_is_that_of_create_file(void **state)
{
	static const struct {
		const char *name;
		DWORD access, how, flags;
		DWORD expected;
	} table[] = {
		{ "web.config", GENERIC_READ, OPEN_EXISTING, 0, 0 },
		{ "web.config", FILE_READ_ATTRIBUTES, OPEN_EXISTING,
		        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, 0 },
		{ "WEB.Config", GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING, 0, 0 },
		{ "dir\\..\\.\\web.config", GENERIC_READ, OPEN_EXISTING, 0, 0 },
		{ "web.config. .", GENERIC_READ, OPEN_EXISTING, 0, 0 },
		{ "web.config", GENERIC_READ, CREATE_NEW, 0, ERROR_FILE_EXISTS },
		{ "web.config", GENERIC_WRITE, CREATE_ALWAYS, 0, 0 },
		{ "dir", GENERIC_READ, CREATE_NEW, 0, ERROR_FILE_EXISTS },
		{ "dir", GENERIC_READ, OPEN_EXISTING, 0, ERROR_ACCESS_DENIED },
		{ "dir", GENERIC_WRITE, CREATE_ALWAYS, 0, ERROR_ACCESS_DENIED },
		{ "dir", FILE_READ_ATTRIBUTES, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, 0 },
		{ "dir\\", FILE_READ_ATTRIBUTES, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, 0 },
		{ "nothing", GENERIC_READ, OPEN_EXISTING, 0, ERROR_FILE_NOT_FOUND },
		{ "nothing\\web.config", GENERIC_READ, OPEN_EXISTING, 0, ERROR_PATH_NOT_FOUND },
		{ "nothing\\web.config", GENERIC_WRITE, CREATE_NEW, 0, ERROR_PATH_NOT_FOUND },
		{ "web.config\\below", GENERIC_READ, OPEN_EXISTING, 0, ERROR_PATH_NOT_FOUND },
		{ "a*b", GENERIC_READ, OPEN_EXISTING, 0, ERROR_INVALID_NAME },
		{ "a<b", GENERIC_WRITE, CREATE_NEW, 0, ERROR_INVALID_NAME },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		wchar_t *wide = below(table[i].name);
		DWORD ours = by_us(wide, table[i].access, SHARE_ALL, table[i].how, table[i].flags);
		DWORD theirs = by_windows(wide, table[i].access, SHARE_ALL, table[i].how, table[i].flags);

		if (ours != theirs || ours != table[i].expected)
			fail_msg("row %d, %s: %lu, CreateFileW %lu, expected %lu", (int)i, table[i].name,
			        ours, theirs, table[i].expected);
		free(wide);
	}
	/* names that are no paths, and the one of a device */
	assert_int_equal(by_us(L"", GENERIC_READ, 0, OPEN_EXISTING, 0), ERROR_PATH_NOT_FOUND);
	assert_int_equal(by_us(L"nul", GENERIC_READ, SHARE_ALL, OPEN_EXISTING, 0),
	        by_windows(L"nul", GENERIC_READ, SHARE_ALL, OPEN_EXISTING, 0));
	assert_int_equal(
	        by_us(L"C:\\", GENERIC_READ, SHARE_ALL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS), 0);
}

static void what_is_asked_for_beyond_that_is_refused(void **state)
{
	wchar_t *wide = below("web.config");

	(void)state;
	assert_int_equal(by_us(wide, GENERIC_READ, SHARE_ALL, OPEN_ALWAYS, 0), ERROR_INVALID_PARAMETER);
	assert_int_equal(by_us(wide, GENERIC_READ, SHARE_ALL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED),
	        ERROR_INVALID_PARAMETER);
	free(wide);
}

static void a_path_may_be_relative_and_long(void **state)
{
	wchar_t before[MAX_PATH], *dir = below(""), *wide;
	struct sg_buf deep = { 0 };

	(void)state;
	assert_true(GetCurrentDirectoryW(MAX_PATH, before) && SetCurrentDirectoryW(dir));
	assert_int_equal(by_us(L"web.config", GENERIC_READ, SHARE_ALL, OPEN_EXISTING, 0), 0);
	assert_int_equal(by_us(L"dir\\..\\web.config", GENERIC_READ, SHARE_ALL, OPEN_EXISTING, 0), 0);
	assert_true(SetCurrentDirectoryW(before));
	for (int i = 0; i < 5; i++)
		sg_buf_fmt(&deep, "%s%s%d", folder + (i ? strlen(folder) : 0),
		        "\\a folder with a name of eighty characters, as nobody would choose it, but may-",
		        i);
	assert_int_equal(sg_os_mkdirs((char *)deep.data, NULL), 0);
	sg_buf_str(&deep, "\\web.config");
	wide = sg_win_path((char *)deep.data);
	assert_true(wcsncmp(wide, L"\\\\?\\", 4) == 0);
	assert_int_equal(by_us(wide, GENERIC_WRITE, 0, OPEN_EXISTING, 0), ERROR_FILE_NOT_FOUND);
	assert_int_equal(by_us(wide, GENERIC_WRITE, 0, CREATE_NEW, 0), 0);
	assert_int_equal(by_us(wide, GENERIC_WRITE, 0, CREATE_NEW, 0), ERROR_FILE_EXISTS);
	free(wide);
	free(dir);
	sg_buf_release(&deep);
}

static void sharing_is_kept_and_asked_for(void **state)
{
	wchar_t *wide = below("web.config");
	HANDLE theirs = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL), ours;

	(void)state;
	assert_true(theirs != INVALID_HANDLE_VALUE);
	assert_int_equal(by_us(wide, GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0), 0);
	assert_int_equal(by_us(wide, GENERIC_WRITE, SHARE_ALL, OPEN_EXISTING, 0), ERROR_SHARING_VIOLATION);
	assert_int_equal(by_us(wide, DELETE, SHARE_ALL, OPEN_EXISTING, 0), ERROR_SHARING_VIOLATION);
	assert_int_equal(by_us(wide, GENERIC_READ, 0, OPEN_EXISTING, 0), ERROR_SHARING_VIOLATION);
	/* only looking is in nobody's way */
	assert_int_equal(by_us(wide, FILE_READ_ATTRIBUTES, 0, OPEN_EXISTING, 0), 0);
	CloseHandle(theirs);
	ours = sg_win_open(wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0);
	assert_true(ours != INVALID_HANDLE_VALUE);
	assert_int_equal(
	        by_windows(wide, GENERIC_READ, SHARE_ALL, OPEN_EXISTING, 0), ERROR_SHARING_VIOLATION);
	CloseHandle(ours);
	free(wide);
}

static void what_is_to_go_with_its_handle_goes_and_reads_and_writes_until_then(void **state)
{
	wchar_t *wide = below("gone");
	HANDLE h = sg_win_open(
	        wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE);
	OVERLAPPED begin = { 0 };
	char back[3] = "";
	DWORD n = 0;

	(void)state;
	assert_true(h != INVALID_HANDLE_VALUE);
	assert_true(
	        WriteFile(h, "ab", 2, &n, NULL) && n == 2); /* waits for its end, and goes on from there */
	assert_true(WriteFile(h, "c", 1, &n, NULL) && n == 1);
	assert_true(ReadFile(h, back, 3, &n, &begin) && n == 3);
	assert_memory_equal(back, "abc", 3);
	assert_true(GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES);
	CloseHandle(h);
	assert_true(GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES);
	free(wide);
}

/* --- what Wine has not */

static void a_lock_that_is_not_given_up_is_a_file_in_use(void **state)
{
	static const struct {
		unsigned long status;
		unsigned long by_system;
		bool slash;
		unsigned long expected;
	} table[] = {
		{ 0x00000000, 0, false, 0 },
		{ 0x00000108, 742, false, ERROR_SHARING_VIOLATION }, /* OPLOCK_BREAK_IN_PROGRESS */
		{ 0xc0000909, 802, false, ERROR_SHARING_VIOLATION }, /* CANNOT_BREAK_OPLOCK */
		{ 0xc0000043, 32, false, ERROR_SHARING_VIOLATION },
		{ 0x00000104, 0, false, 0 },                   /* REPARSE: any other success is one */
		{ 0xc0000035, 183, false, ERROR_FILE_EXISTS }, /* OBJECT_NAME_COLLISION */
		{ 0xc00000ba, 5, false, ERROR_ACCESS_DENIED }, /* FILE_IS_A_DIRECTORY */
		{ 0xc00000ba, 5, true, ERROR_PATH_NOT_FOUND },
		{ 0xc0000034, 2, false, ERROR_FILE_NOT_FOUND },
		{ 0xc000003a, 3, true, ERROR_PATH_NOT_FOUND },
		{ 0xc0000056, 5, false, ERROR_ACCESS_DENIED }, /* DELETE_PENDING */
		{ 0xc0000120, 995, false, ERROR_OPERATION_ABORTED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (sg_win_open_error((long)table[i].status, table[i].by_system, table[i].slash) !=
		        table[i].expected)
			fail_msg("row %d: status 0x%08lx", (int)i, table[i].status);
}

static void a_path_has_a_name_of_the_kernel(void **state)
{
	static const struct {
		const wchar_t *full, *name;
	} table[] = {
		{ L"C:\\inetpub\\web.config", L"\\??\\C:\\inetpub\\web.config" },
		{ L"\\\\?\\C:\\inetpub\\web.config", L"\\??\\C:\\inetpub\\web.config" },
		{ L"\\\\?\\UNC\\server\\share\\x", L"\\??\\UNC\\server\\share\\x" },
		{ L"\\\\server\\share\\x", L"\\??\\UNC\\server\\share\\x" },
		{ L"\\\\.\\nul", L"\\??\\nul" },
		{ L"C:\\", L"\\??\\C:\\" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		wchar_t *name = sg_win_kernel_name(table[i].full);

		if (wcscmp(name, table[i].name) != 0)
			fail_msg("row %d: %ls", (int)i, name);
		free(name);
	}
}

static void a_file_whose_contents_are_elsewhere_is_away(void **state)
{
	static const struct {
		unsigned long attributes;
		bool away;
	} table[] = {
		{ FILE_ATTRIBUTE_NORMAL, false },
		{ FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM, false },
		/* deduplicated, and synchronised and here */
		{ FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_SPARSE_FILE | FILE_ATTRIBUTE_REPARSE_POINT, false },
		{ FILE_ATTRIBUTE_REPARSE_POINT | 0x00080000 /* PINNED */, false },
		{ FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_OFFLINE, true },
		{ 0x00040000 /* RECALL_ON_OPEN */, true },
		{ 0x00400000 /* RECALL_ON_DATA_ACCESS */ | FILE_ATTRIBUTE_REPARSE_POINT, true },
		{ 0x00501620 /* as of a cloud: UNPINNED, OFFLINE, REPARSE_POINT, SPARSE_FILE, ARCHIVE */,
		        true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (sg_win_is_away(table[i].attributes) != table[i].away)
			fail_msg("row %d: 0x%08lx", (int)i, table[i].attributes);
}

/* The text says what it is and what to do; the code is one that a person looks at. */
static void who_keeps_a_file_elsewhere_is_told_what_to_do(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_win_refuse_away("C:\\site\\web.config", &err), SG_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "C:\\site\\web.config is but a name on this machine"));
	assert_non_null(strstr(err.msg, "keep the file on this machine"));
}

/* Wine keeps the mark "offline" of no file; a volume of Windows does. */
static void a_file_that_is_marked_so_is_refused(void **state)
{
	char *path = sg_format("%s\\away.config", folder), *temp = sg_format("%s\\away.new", folder);
	wchar_t *wide = sg_win_path(path);
	struct sg_buf buf = { 0 };
	struct sg_file_id id;

	(void)state;
	assert_int_equal(sg_os_create(path, sg_bytes_of("x"), NULL, NULL), 0);
	assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_OFFLINE));
	assert_int_equal(sg_os_stat(path, &id, NULL), 0);
	assert_int_equal(id.is_away, (GetFileAttributesW(wide) & FILE_ATTRIBUTE_OFFLINE) != 0);
	assert_int_equal(id.is_file, !id.is_away);
	if (id.is_away) {
		assert_int_equal(sg_os_read(path, 10, &buf, NULL, NULL), SG_EUNSUPPORTED);
		assert_int_equal(sg_os_create(temp, sg_bytes_of("y"), path, NULL), SG_EUNSUPPORTED);
	}
	SetFileAttributesW(wide, FILE_ATTRIBUTE_NORMAL);
	free(wide);
	free(temp);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_is_that_of_create_file),
		cmocka_unit_test(what_is_asked_for_beyond_that_is_refused),
		cmocka_unit_test(a_path_may_be_relative_and_long),
		cmocka_unit_test(sharing_is_kept_and_asked_for),
		cmocka_unit_test(what_is_to_go_with_its_handle_goes_and_reads_and_writes_until_then),
		cmocka_unit_test(a_lock_that_is_not_given_up_is_a_file_in_use),
		cmocka_unit_test(a_path_has_a_name_of_the_kernel),
		cmocka_unit_test(a_file_whose_contents_are_elsewhere_is_away),
		cmocka_unit_test(who_keeps_a_file_elsewhere_is_told_what_to_do),
		cmocka_unit_test(a_file_that_is_marked_so_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
