/* test_base_meta_win.c - what a file that replaces another has of it besides the contents: attributes, creation time, named streams. Wine has no streams, and keeps
 * the rest only on some file systems: what the product asks Windows for is seen in between, and what is kept is looked at afterwards. S21 shows it on a real one. */
#include "base/mem.h"
#include "base/os.h"
#include "base/os_win.h"

#include <windows.h>
#include <winternl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- between this program and the system */

enum { MOST = 8 };
static DWORD pretended;     /* attributes of every file that is asked for; 0: its own */
static FILETIME born;       /* and when it was made */
static FILE_BASIC_INFO set; /* what was asked for last */
static size_t n_set;
static const wchar_t *const *streams; /* names, ending with a NULL; NULL: `refusal` */
static DWORD refusal, broken;         /* the errors of the first look, and of the one behind the last name */
static int listing;
static size_t n_flushed, n_through; /* writes that go to the disk at once */

static void *system_call(const char *name)
{
	return (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), name);
}

static BOOL WINAPI get_information(HANDLE h, BY_HANDLE_FILE_INFORMATION *ret)
{
	BOOL(WINAPI * real)(HANDLE, BY_HANDLE_FILE_INFORMATION *) = system_call("GetFileInformationByHandle");
	BOOL done = real(h, ret);

	if (done && pretended) {
		ret->dwFileAttributes = pretended;
		ret->ftCreationTime = born;
	}
	return done;
}

static BOOL WINAPI set_information(HANDLE h, FILE_INFO_BY_HANDLE_CLASS what, void *info, DWORD size)
{
	BOOL(WINAPI * real)
	(HANDLE, FILE_INFO_BY_HANDLE_CLASS, void *, DWORD) = system_call("SetFileInformationByHandle");

	if (what == FileBasicInfo) {
		assert_int_equal(size, sizeof set);
		memcpy(&set, info, sizeof set);
		n_set++;
	}
	return real(h, what, info, size);
}

/* The next name, as the last of a walk of `streams`; a file that is hidden by then would refuse its streams. */
static BOOL next_stream(WIN32_FIND_STREAM_DATA *ret)
{
	assert_int_equal(n_set, 0);
	if (!streams || !streams[listing]) {
		SetLastError(streams ? broken : refusal);
		return FALSE;
	}
	memset(ret, 0, sizeof *ret);
	wcscpy(ret->cStreamName, streams[listing++]);
	return TRUE;
}

static HANDLE WINAPI find_first(const wchar_t *path, STREAM_INFO_LEVELS level, void *ret, DWORD flags)
{
	(void)path;
	(void)flags;
	assert_int_equal(level, FindStreamInfoStandard);
	listing = 0;
	return next_stream(ret) ? (HANDLE)&listing : INVALID_HANDLE_VALUE;
}

static BOOL WINAPI find_next(HANDLE h, void *ret)
{
	assert_ptr_equal(h, &listing);
	return next_stream(ret);
}

static BOOL WINAPI find_close(HANDLE h)
{
	BOOL(WINAPI * real)(HANDLE) = system_call("FindClose");

	return h == (HANDLE)&listing || real(h);
}

static BOOL WINAPI flush(HANDLE h)
{
	BOOL(WINAPI * real)(HANDLE) = system_call("FlushFileBuffers");

	n_flushed++;
	return real(h);
}

static BOOL WINAPI write_file(HANDLE h, const void *data, DWORD len, DWORD *ret, OVERLAPPED *at)
{
	__typeof__(&NtQueryInformationFile) ask =
	        (void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQueryInformationFile");
	BOOL(WINAPI * real)(HANDLE, const void *, DWORD, DWORD *, OVERLAPPED *) = system_call("WriteFile");
	IO_STATUS_BLOCK said;
	ULONG mode = 0;

	if (ask(h, &said, &mode, sizeof mode, FileModeInformation) >= 0 && (mode & FILE_WRITE_THROUGH))
		n_through++;
	return real(h, data, len, ret, at);
}

void *const __imp_WriteFile = (void *)write_file;
void *const __imp_FlushFileBuffers = (void *)flush;
void *const __imp_GetFileInformationByHandle = (void *)get_information;
void *const __imp_SetFileInformationByHandle = (void *)set_information;
void *const __imp_FindFirstStreamW = (void *)find_first;
void *const __imp_FindNextStreamW = (void *)find_next;
void *const __imp_FindClose = (void *)find_close;

/* --- the files */

static char *folder, *file, *temp;

static int set_up(void **state)
{
	char *tmp = sg_os_temp();

	(void)state;
	folder = sg_format("%s\\sg-meta-%lu", tmp, GetCurrentProcessId());
	file = sg_format("%s\\web.config", folder);
	temp = sg_format("%s\\stopgap-0123456789abcdef.config", folder);
	free(tmp);
	pretended = 0;
	memset(&set, 0, sizeof set);
	n_set = n_flushed = n_through = 0;
	streams = NULL;
	refusal = broken = ERROR_HANDLE_EOF;
	return sg_os_mkdirs(folder, NULL) || sg_os_create(file, sg_bytes_of("old"), NULL, NULL);
}

static int tear_down(void **state)
{
	int r = sg_os_remove_tree(folder, NULL);

	(void)state;
	free(folder);
	free(file);
	free(temp);
	return r;
}

static void put(const char *suffix, struct sg_bytes octets)
{
	char *path = sg_format("%s%s", file, suffix);

	assert_int_equal(sg_os_create(path, octets, NULL, NULL), 0);
	free(path);
}

static void drop(const char *path, const char *suffix)
{
	char *whole = sg_format("%s%s", path, suffix);

	assert_int_equal(sg_os_unlink(whole, NULL), 0);
	free(whole);
}

static void assert_temp_has(const char *suffix, const char *text)
{
	char *path = sg_format("%s%s", temp, suffix);
	struct sg_buf is = { 0 };

	assert_int_equal(sg_os_read(path, 1 << 20, &is, NULL, NULL), 0);
	assert_string_equal((char *)is.data, text);
	sg_buf_release(&is);
	free(path);
}

static void assert_no_temp(void)
{
	struct sg_file_id id;

	assert_int_equal(sg_os_stat(temp, &id, NULL), SG_ENOENT);
}

/* --- */

static void attributes_and_the_time_of_making_are_asked_for_as_they_were(void **state)
{
	const DWORD people = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_ARCHIVE;
	static const FILETIME then = { 0x12345678, 0x01d00000 };
	const struct {
		DWORD has, wanted;
	} table[] = {
		{ people | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED, people | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED },
		{ FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_HIDDEN },
		{ FILE_ATTRIBUTE_SYSTEM, FILE_ATTRIBUTE_SYSTEM },
		{ FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_ARCHIVE },
		{ FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_NORMAL },
		/* the volume's business: no call of this kind sets them, and 0 would leave ARCHIVE as it is */
		{ FILE_ATTRIBUTE_COMPRESSED | FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_ARCHIVE },
		{ FILE_ATTRIBUTE_COMPRESSED, FILE_ATTRIBUTE_NORMAL },
	};

	(void)state;
	born = then;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		pretended = table[i].has;
		n_set = 0;
		assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, NULL), 0);
		pretended = 0;
		assert_int_equal(n_set, 1);
		assert_int_equal(set.FileAttributes, table[i].wanted);
		assert_int_equal(set.CreationTime.LowPart, then.dwLowDateTime);
		assert_int_equal(set.CreationTime.HighPart, then.dwHighDateTime);
		assert_int_equal(set.LastWriteTime.QuadPart, 0); /* IIS goes by it: left to the system */
		assert_int_equal(set.LastAccessTime.QuadPart, 0);
		assert_int_equal(set.ChangeTime.QuadPart, 0);
		assert_int_equal(sg_os_unlink(temp, NULL), 0);
	}
}

/* Where files can be hidden and have a time of making, which Wine's often cannot. */
static void what_the_volume_keeps_stays_through_a_replace(void **state)
{
	wchar_t *wide = sg_win_path(file);
	const FILETIME then = { 0, 0x01d00000 };
	FILETIME kept = { 0 }, is = { 0 };
	HANDLE h = CreateFileW(wide, GENERIC_READ | FILE_WRITE_ATTRIBUTES, 0, NULL, OPEN_EXISTING, 0, NULL);
	DWORD attributes;

	(void)state;
	assert_true(h != INVALID_HANDLE_VALUE);
	assert_true(SetFileTime(h, &then, NULL, NULL));
	CloseHandle(h);
	assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM));
	attributes = GetFileAttributesW(wide);
	h = CreateFileW(wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
	assert_true(GetFileTime(h, &kept, NULL, NULL));
	CloseHandle(h);

	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, NULL), 0);
	assert_int_equal(sg_os_sync_file(temp, NULL), 0);
	assert_int_equal(sg_os_replace(temp, file, NULL), 0);
	assert_int_equal(GetFileAttributesW(wide), attributes);
	h = CreateFileW(wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
	assert_true(GetFileTime(h, &is, NULL, NULL));
	CloseHandle(h);
	if (CompareFileTime(&kept, &then) == 0)
		assert_int_equal(CompareFileTime(&is, &then), 0);
	printf("the volume keeps%s%s\n", attributes & FILE_ATTRIBUTE_HIDDEN ? " hidden" : "",
	        CompareFileTime(&kept, &then) == 0 ? " the time of making" : "");
	free(wide);
}

/* Under names that every volume takes: what is behind the file's name in the list is put behind its successor's. */
static void every_named_stream_comes_along(void **state)
{
	static const wchar_t *const names[] = { L"::$DATA", L"#Zone.Identifier#$DATA", L"#\x00e4#$DATA",
		L"#empty#$DATA", NULL };

	(void)state;
	put("#Zone.Identifier#$DATA", sg_bytes_of("[ZoneTransfer]\r\nZoneId=3\r\n"));
	put("#\xc3\xa4#$DATA", sg_bytes_of("x"));
	put("#empty#$DATA", sg_bytes_of(""));
	streams = names;
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, NULL), 0);
	assert_temp_has("", "new");
	assert_temp_has("#Zone.Identifier#$DATA", "[ZoneTransfer]\r\nZoneId=3\r\n");
	assert_temp_has("#\xc3\xa4#$DATA", "x");
	assert_temp_has("#empty#$DATA", "");
	assert_int_equal(n_set, 1);
	assert_int_equal(n_flushed, 0);
	assert_int_equal(n_through, 3);
	assert_int_equal(sg_os_sync_file(temp, NULL), 0);
	assert_int_equal(n_flushed, 1); /* for all of them */
}

static void a_stream_that_cannot_come_along_makes_no_file(void **state)
{
	static const wchar_t *const gone[] = { L"::$DATA", L"#gone#$DATA", NULL }, *const large[] = {
		L"::$DATA", L"#large#$DATA", NULL
	};
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf octets = { 0 };

	(void)state;
	streams = gone;
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, &err), SG_ENOENT);
	assert_non_null(strstr(err.msg, "#gone#"));
	assert_no_temp();

	for (size_t i = 0; i < (1 << 20); i++)
		sg_buf_add(&octets, "x", 1);
	put("#large#$DATA", (struct sg_bytes){ octets.data, octets.len });
	streams = large;
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, NULL), 0);
	assert_int_equal(sg_os_unlink(temp, NULL), 0);
	n_set = 0;
	sg_buf_add(&octets, "x", 1);
	drop(file, "#large#$DATA");
	drop(temp, "#large#$DATA");
	put("#large#$DATA", (struct sg_bytes){ octets.data, octets.len });
	sg_err_clear(&err);
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, &err), SG_ELIMIT);
	assert_non_null(strstr(err.msg, "too large"));
	assert_no_temp();
	sg_buf_release(&octets);
}

static void more_streams_than_a_file_may_have_make_no_file(void **state)
{
	static wchar_t text[33][20];
	const wchar_t *names[35] = { L"::$DATA" };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	for (int i = 0; i < 33; i++) {
		char *suffix = sg_format("#%d#$DATA", i);

		swprintf(text[i], 20, L"#%d#$DATA", i);
		names[i + 1] = text[i];
		put(suffix, sg_bytes_of("x"));
		free(suffix);
	}
	streams = names;
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, &err), SG_ELIMIT);
	assert_non_null(strstr(err.msg, "more than 32 named streams"));
	assert_no_temp();
	names[33] = NULL;
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, NULL), 0);
	assert_temp_has("#31#$DATA", "x");
}

static void streams_that_are_too_large_in_sum_make_no_file(void **state)
{
	static const wchar_t *const names[] = { L"#half#$DATA", L"::$DATA", L"#rest#$DATA", NULL };
	static unsigned char half[1 << 19];
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf rest = { 0 };

	(void)state;
	sg_buf_add(&rest, half, sizeof half);
	put("#half#$DATA", (struct sg_bytes){ half, sizeof half });
	put("#rest#$DATA", sg_buf_bytes(&rest));
	streams = names;
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, NULL), 0);
	assert_int_equal(sg_os_unlink(temp, NULL), 0);
	drop(temp, "#half#$DATA");
	drop(temp, "#rest#$DATA");
	drop(file, "#rest#$DATA");
	sg_buf_add(&rest, "x", 1);
	put("#rest#$DATA", sg_buf_bytes(&rest));
	n_set = 0;
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, &err), SG_ELIMIT);
	assert_non_null(strstr(err.msg, "#rest#$DATA is too large"));
	assert_no_temp();
	sg_buf_release(&rest);
}

static void a_list_of_streams_that_breaks_off_makes_no_file(void **state)
{
	static const wchar_t *const names[] = { L"::$DATA", NULL };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	refusal = ERROR_ACCESS_DENIED;
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "streams"));
	assert_no_temp();
	streams = names;
	broken = ERROR_READ_FAULT;
	sg_err_clear(&err);
	assert_true(sg_os_create(temp, sg_bytes_of("new"), file, &err) < 0);
	assert_non_null(strstr(err.msg, "streams"));
	assert_no_temp();
}

static void a_volume_without_streams_is_no_failure(void **state)
{
	static const DWORD said[] = { ERROR_HANDLE_EOF, ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED,
		ERROR_INVALID_FUNCTION };

	(void)state;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		refusal = said[i];
		n_set = 0;
		assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), file, NULL), 0);
		assert_int_equal(n_set, 1);
		assert_int_equal(sg_os_unlink(temp, NULL), 0);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(attributes_and_the_time_of_making_are_asked_for_as_they_were),
		CASE(what_the_volume_keeps_stays_through_a_replace),
		CASE(every_named_stream_comes_along),
		CASE(a_stream_that_cannot_come_along_makes_no_file),
		CASE(more_streams_than_a_file_may_have_make_no_file),
		CASE(streams_that_are_too_large_in_sum_make_no_file),
		CASE(a_list_of_streams_that_breaks_off_makes_no_file),
		CASE(a_volume_without_streams_is_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
