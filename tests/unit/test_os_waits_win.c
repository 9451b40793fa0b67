/* test_os_waits_win.c - a file's owner who would have us wait: an opportunistic lock that is never given up, an open, a rename or a removal that does not come
 * back, contents that are elsewhere. Wine has none of these: a kernel that has them stands between this program and it, for one file. S41 of
 * scripts/windows/on-windows.md shows the real ones. */
#include "base/os.h"
#include "base/os_deadline_win.h"
#include "base/os_win.h"
#include "tests/lib/folder_lab.h"

#include <windows.h>
#include <winternl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- between this program and the system */

#define STATUS_BREAKS   ((NTSTATUS)0x00000108) /* STATUS_OPLOCK_BREAK_IN_PROGRESS */
#define STATUS_GIVEN_UP ((NTSTATUS)0xc0000120) /* STATUS_CANCELLED */
#define TARGET          L"web.config"

static enum { OPENS, LOCKED, STUCK } open_is; /* opening the target for more than a look */
static int answers_after;                     /* so many times LOCKED, then OPENS; 0: never */
static size_t n_told, n_rude; /* times that the holder was told; opens that would have waited for him */
static enum { MOVES, MOVES_NOT, MOVES_LATE, MOVES_AWAY } move_is;
static bool removal_sticks;
static DWORD pretended; /* attributes of every file; 0: its own */

static void *system_call(const wchar_t *library, const char *name)
{
	return (void *)GetProcAddress(LoadLibraryW(library), name);
}

/* What a call does that waits for somebody who does not answer. */
static void wait_for_ever(void)
{
	wchar_t name[100];
	HANDLE server, client;
	char octet;
	DWORD n;

	swprintf(name, 100, L"\\\\.\\pipe\\sg-waits-%lu", GetCurrentProcessId());
	server = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, PIPE_WAIT, 1, 512, 512, 0, NULL);
	client = CreateFileW(name, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
	assert_true(client != INVALID_HANDLE_VALUE);
	assert_false(ReadFile(client, &octet, 1, &n, NULL));
	assert_int_equal(GetLastError(), ERROR_OPERATION_ABORTED);
	CloseHandle(client);
	CloseHandle(server);
}

static bool ends_in_target(const wchar_t *name, size_t len)
{
	size_t n = wcslen(TARGET);

	return len >= n && wcsncmp(name + len - n, TARGET, n) == 0;
}

/* The product asks ntdll for these two by name; it is given this program in its place. */
__declspec(dllexport) NTSTATUS NTAPI NtCreateFile(HANDLE *ret, ACCESS_MASK access, OBJECT_ATTRIBUTES *what,
        IO_STATUS_BLOCK *said, LARGE_INTEGER *size, ULONG attributes, ULONG share, ULONG how, ULONG options,
        void *extended, ULONG len)
{
	__typeof__(&NtCreateFile) real = system_call(L"ntdll.dll", "NtCreateFile");
	const UNICODE_STRING *name = what->ObjectName;
	NTSTATUS status;

	if (!ends_in_target(name->Buffer, name->Length / sizeof *name->Buffer) || open_is == OPENS ||
	        !(access & ~(ACCESS_MASK)(SYNCHRONIZE | FILE_READ_ATTRIBUTES)))
		return real(ret, access, what, said, size, attributes, share, how, options, extended, len);
	if (open_is == STUCK) {
		wait_for_ever();
		return STATUS_GIVEN_UP;
	}
	n_rude += !(options & FILE_COMPLETE_IF_OPLOCKED);
	n_told++;
	status = real(ret, access, what, said, size, attributes, share, how, options, extended, len);
	if (answers_after && --answers_after == 0)
		open_is = OPENS;
	return status >= 0 ? STATUS_BREAKS : status;
}

__declspec(dllexport) ULONG NTAPI RtlNtStatusToDosError(NTSTATUS status)
{
	__typeof__(&RtlNtStatusToDosError) real = system_call(L"ntdll.dll", "RtlNtStatusToDosError");

	return real(status);
}

static HMODULE WINAPI get_module(const wchar_t *name)
{
	__typeof__(&GetModuleHandleW) real = system_call(L"kernel32.dll", "GetModuleHandleW");

	return real(name && wcscmp(name, L"ntdll.dll") == 0 ? NULL : name);
}

static BOOL WINAPI move_file(const wchar_t *from, const wchar_t *to, DWORD flags)
{
	__typeof__(&MoveFileExW) real = system_call(L"kernel32.dll", "MoveFileExW");
	__typeof__(&DeleteFileW) gone = system_call(L"kernel32.dll", "DeleteFileW");

	if (move_is == MOVES)
		return real(from, to, flags);
	if (move_is != MOVES_NOT)
		assert_true(real(from, to, flags));
	if (move_is == MOVES_AWAY)
		assert_true(gone(to));
	wait_for_ever();
	SetLastError(ERROR_OPERATION_ABORTED);
	return FALSE;
}

static BOOL WINAPI delete_file(const wchar_t *path)
{
	__typeof__(&DeleteFileW) real = system_call(L"kernel32.dll", "DeleteFileW");

	if (!removal_sticks || !ends_in_target(path, wcslen(path)))
		return real(path);
	wait_for_ever();
	SetLastError(ERROR_OPERATION_ABORTED);
	return FALSE;
}

static BOOL WINAPI get_information(HANDLE h, BY_HANDLE_FILE_INFORMATION *ret)
{
	__typeof__(&GetFileInformationByHandle) real =
	        system_call(L"kernel32.dll", "GetFileInformationByHandle");
	BOOL done = real(h, ret);

	if (done && pretended && !(ret->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
		ret->dwFileAttributes = pretended;
	return done;
}

void *const __imp_GetModuleHandleW = (void *)get_module;
void *const __imp_MoveFileExW = (void *)move_file;
void *const __imp_DeleteFileW = (void *)delete_file;
void *const __imp_GetFileInformationByHandle = (void *)get_information;

/* --- the file */

static char *folder, *file, *temp;

static int set_up(void **state)
{
	char *tmp = sg_os_temp();

	(void)state;
	folder = sg_format("%s\\sg-waits-%lu", tmp, GetCurrentProcessId());
	file = sg_format("%s\\web.config", folder);
	temp = sg_format("%s\\stopgap-0123456789abcdef.config", folder);
	free(tmp);
	assert_int_equal(sg_os_mkdirs(folder, NULL), 0);
	assert_int_equal(sg_os_create(file, sg_bytes_of("old"), NULL, NULL), 0);
	assert_int_equal(sg_os_create(temp, sg_bytes_of("new"), NULL, NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	int r;

	(void)state;
	open_is = OPENS;
	move_is = MOVES;
	removal_sticks = false;
	pretended = 0;
	answers_after = 0;
	n_told = n_rude = 0;
	r = sg_os_remove_tree(folder, NULL);
	free(folder);
	free(file);
	free(temp);
	return r;
}

/* Nothing of ours is left open on it: alone with it, nobody is. */
static void assert_free(const char *path)
{
	wchar_t *wide = sg_win_path(path);
	HANDLE h = CreateFileW(wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);

	assert_true(h != INVALID_HANDLE_VALUE);
	CloseHandle(h);
	free(wide);
}

/* The names in the folder, in order and with blanks between. */
static void assert_names(const char *expected)
{
	struct sg_strs names = { 0 };
	struct sg_buf all = { 0 };

	assert_int_equal(sg_os_list(folder, &names, NULL), 0);
	for (size_t i = 0; i < names.n; i++)
		sg_buf_fmt(&all, "%s%s", i ? " " : "", names.at[i]);
	assert_string_equal((char *)all.data, expected);
	sg_buf_release(&all);
	sg_strs_release(&names);
}

/* --- calls on it, and what they come to */

static int read_it(struct sg_err *err)
{
	struct sg_buf buf = { 0 };
	int r = sg_os_read(file, 100, &buf, NULL, err);

	sg_buf_release(&buf);
	return r;
}

static int read_linked(struct sg_err *err)
{
	struct sg_buf buf = { 0 };
	int r = sg_os_read_linked(file, 100, &buf, err);

	sg_buf_release(&buf);
	return r;
}

static int open_it(struct sg_err *err)
{
	struct sg_os_file f = SG_OS_FILE_INIT;
	int r = sg_os_open(file, true, &f, err);

	sg_os_close(&f);
	return r;
}

static int open_to_read(struct sg_err *err)
{
	struct sg_os_file f = SG_OS_FILE_INIT;
	int r = sg_os_open_read(file, &f, err);

	sg_os_close(&f);
	return r;
}

static int sync_it(struct sg_err *err)
{
	return sg_os_sync_file(file, err);
}

static int make_like_it(struct sg_err *err)
{
	char *other = sg_format("%s\\other", folder);
	int r = sg_os_create(other, sg_bytes_of("x"), file, err);

	if (r == 0)
		sg_os_unlink(other, NULL);
	free(other);
	return r;
}

static int replace_it(struct sg_err *err)
{
	return sg_os_replace(temp, file, err);
}

static int remove_it(struct sg_err *err)
{
	return sg_os_unlink(file, err);
}

static void assert_takes(int (*fn)(struct sg_err *err), int expected, ULONGLONG at_least, ULONGLONG at_most)
{
	ULONGLONG begun = GetTickCount64(), took;
	struct sg_err err = SG_ERR_INIT;

	assert_int_equal(fn(&err), expected);
	took = GetTickCount64() - begun;
	if (took < at_least || took > at_most)
		fail_msg("it took %llu ms: %s", took, err.msg);
}

static int (*const opens[])(
        struct sg_err *err) = { read_it, read_linked, open_it, open_to_read, sync_it, make_like_it };
enum { N_OPENS = sizeof opens / sizeof *opens };

static void a_lock_that_is_never_given_up_makes_a_file_busy_and_lets_nobody_wait(void **state)
{
	struct sg_file_id id;

	(void)state;
	open_is = LOCKED;
	for (int i = 0; i < N_OPENS; i++) {
		n_told = 0;
		if (opens[i] == read_linked) /* what an administrator named is not tried again */
			assert_takes(opens[i], SG_EBUSY, 0, 2000);
		else
			assert_takes(opens[i], SG_EBUSY, 400, 4000);
		assert_true(n_told == (opens[i] == read_linked ? 1 : 11));
		assert_free(file);
	}
	assert_int_equal(n_rude, 0);
	assert_int_equal(sg_os_stat(file, &id, NULL), 0); /* to look is in nobody's way */
	assert_true(id.is_file);
	assert_names("stopgap-0123456789abcdef.config web.config");
}

static void a_lock_that_is_given_up_in_time_is_in_nobodys_way(void **state)
{
	(void)state;
	for (int i = 0; i < N_OPENS; i++) {
		if (opens[i] == read_linked)
			continue;
		open_is = LOCKED;
		answers_after = 3;
		assert_takes(opens[i], 0, 30, 4000);
	}
	assert_int_equal(n_rude, 0);
}

static void an_open_that_does_not_come_back_is_given_up(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	open_is = STUCK;
	assert_int_equal(read_it(&err), SG_EBUSY);
	assert_non_null(strstr(err.msg, "given up after 5 s"));
	open_is = OPENS;
	assert_takes(read_it, 0, 0, 1000);
}

static void a_rename_that_does_not_come_back_changed_nothing(void **state)
{
	(void)state;
	move_is = MOVES_NOT;
	assert_takes(replace_it, SG_EBUSY, SG_DEADLINE_MS - 100, SG_DEADLINE_MS + 3000);
	assert_holds(file, "old");
	assert_holds(temp, "new");
	assert_names("stopgap-0123456789abcdef.config web.config");
	move_is = MOVES;
	assert_int_equal(sg_os_replace(temp, file, NULL), 0);
	assert_holds(file, "new");
}

static void a_rename_that_was_given_up_and_took_place_is_one(void **state)
{
	(void)state;
	move_is = MOVES_LATE;
	assert_takes(replace_it, 0, SG_DEADLINE_MS - 100, SG_DEADLINE_MS + 3000);
	assert_holds(file, "new");
	assert_names("web.config");
}

/* As if the folder's owner had taken the new file away at once. Until we let go of it, a system may keep its name: then it was replaced, and removed behind us.
 * Either way it is no reason to stop the service. */
static void a_rename_that_somebody_undid_is_not_fatal(void **state)
{
	int r;

	(void)state;
	move_is = MOVES_AWAY;
	r = replace_it(NULL);
	assert_true(r == 0 || r == SG_EBUSY);
}

static void a_removal_that_does_not_come_back_is_given_up(void **state)
{
	(void)state;
	removal_sticks = true;
	assert_takes(remove_it, SG_EBUSY, SG_DEADLINE_MS - 100, SG_DEADLINE_MS + 3000);
	assert_holds(file, "old");
}

static void contents_that_are_elsewhere_are_not_fetched(void **state)
{
	static const DWORD away[] = { FILE_ATTRIBUTE_OFFLINE, 0x00040000 /* RECALL_ON_OPEN */,
		0x00400000 /* RECALL_ON_DATA_ACCESS */ };
	struct sg_err err = SG_ERR_INIT;
	struct sg_file_id id;

	(void)state;
	open_is = LOCKED; /* counts the opens: there must be none */
	for (size_t i = 0; i < sizeof away / sizeof *away; i++) {
		pretended = FILE_ATTRIBUTE_ARCHIVE | away[i];
		assert_int_equal(sg_os_stat(file, &id, NULL), 0);
		assert_true(id.is_away && !id.is_file && !id.is_dir && !id.is_link);
		sg_err_clear(&err);
		assert_int_equal(read_it(&err), SG_EUNSUPPORTED);
		assert_non_null(strstr(err.msg, "a cloud or an archive has its contents"));
		assert_int_equal(open_it(NULL), SG_EUNSUPPORTED);
		assert_int_equal(open_to_read(NULL), SG_EUNSUPPORTED);
		assert_int_equal(sync_it(NULL), SG_EUNSUPPORTED);
	}
	assert_int_equal(n_told, 0);
	pretended = FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_SPARSE_FILE;
	open_is = OPENS;
	assert_int_equal(read_it(NULL), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_lock_that_is_never_given_up_makes_a_file_busy_and_lets_nobody_wait),
		CASE(a_lock_that_is_given_up_in_time_is_in_nobodys_way),
		CASE(an_open_that_does_not_come_back_is_given_up),
		CASE(a_rename_that_does_not_come_back_changed_nothing),
		CASE(a_rename_that_was_given_up_and_took_place_is_one),
		CASE(a_rename_that_somebody_undid_is_not_fatal),
		CASE(a_removal_that_does_not_come_back_is_given_up),
		CASE(contents_that_are_elsewhere_are_not_fetched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
