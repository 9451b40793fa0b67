/* test_closed_link_win.c - a link is as closed as the worst of four: itself, the folder that it lies in, what it leads to, and the way there. Wine shows no link of
 * the system's, so one name of this test is made to look like one: this program's own imports stand for kernel32's. */
#include "base/closed_win.h"
#include "base/os.h"
#include "base/os_win.h"

#include <windows.h>
#include <sddl.h>
#include <winternl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- the link: here\link leads to there\file */

static char *top, *here, *name, *there, *file;
static HANDLE itself = INVALID_HANDLE_VALUE; /* the last one of the link, not of what it leads to */

typedef NTSTATUS NTAPI create_file(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *,
        LARGE_INTEGER *, ULONG, ULONG, ULONG, ULONG, void *, ULONG);
static create_file *real_create;

/* GetProcAddress of the system, which this program's own stands for. */
static void *export_of(HMODULE library, const char *wanted)
{
	const char *base = (const char *)library;
	const IMAGE_DOS_HEADER *dos = (const void *)base;
	const IMAGE_NT_HEADERS *nt = (const void *)(base + dos->e_lfanew);
	const IMAGE_EXPORT_DIRECTORY *all =
	        (const void *)(base +
	                       nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress);
	const DWORD *names = (const void *)(base + all->AddressOfNames),
	            *calls = (const void *)(base + all->AddressOfFunctions);
	const WORD *order = (const void *)(base + all->AddressOfNameOrdinals);

	for (DWORD i = 0; i < all->NumberOfNames; i++)
		if (strcmp(base + names[i], wanted) == 0)
			return (void *)(uintptr_t)(base + calls[order[i]]);
	return NULL;
}

static bool ends_in(const UNICODE_STRING *text, const wchar_t *end)
{
	size_t n = wcslen(end), len = text->Length / sizeof *end;

	return len >= n && wmemcmp(text->Buffer + len - n, end, n) == 0;
}

static NTSTATUS NTAPI open_file(HANDLE *ret, ACCESS_MASK access, OBJECT_ATTRIBUTES *what,
        IO_STATUS_BLOCK *said, LARGE_INTEGER *size, ULONG attributes, ULONG share, ULONG how, ULONG flags,
        void *ea, ULONG n_ea)
{
	bool is_link = ends_in(what->ObjectName, L"\\here\\link"),
	     is_itself = is_link && (flags & FILE_OPEN_REPARSE_POINT);
	UNICODE_STRING *as = what->ObjectName, there_ = *as;
	wchar_t led[1024];
	NTSTATUS status;

	if (is_link && !is_itself) {
		size_t len = as->Length / sizeof *led - wcslen(L"here\\link");

		wmemcpy(led, as->Buffer, len);
		wcscpy(led + len, L"there\\file");
		there_.Buffer = led;
		there_.Length = (USHORT)(wcslen(led) * sizeof *led);
		there_.MaximumLength = (USHORT)(there_.Length + sizeof *led);
		what->ObjectName = &there_;
	}
	status = real_create(ret, access, what, said, size, attributes, share, how, flags, ea, n_ea);
	what->ObjectName = as;
	if (is_itself)
		itself = *ret;
	else if (*ret == itself)
		itself = INVALID_HANDLE_VALUE; /* the number is used again */
	return status;
}

static FARPROC WINAPI find_call(HMODULE library, LPCSTR wanted)
{
	FARPROC(WINAPI * real)
	(HMODULE, LPCSTR) = export_of(GetModuleHandleW(L"kernel32.dll"), "GetProcAddress");

	if (strcmp(wanted, "NtCreateFile") != 0)
		return real(library, wanted);
	real_create = (create_file *)(void *)real(library, wanted);
	return (FARPROC)(void *)open_file;
}

static BOOL WINAPI information(HANDLE h, LPBY_HANDLE_FILE_INFORMATION info)
{
	BOOL(WINAPI * real)
	(HANDLE, LPBY_HANDLE_FILE_INFORMATION) =
	        (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "GetFileInformationByHandle");
	BOOL good = real(h, info);

	if (good && h == itself)
		info->dwFileAttributes |= FILE_ATTRIBUTE_REPARSE_POINT;
	return good;
}

void *const __imp_GetProcAddress = (void *)find_call;
void *const __imp_GetFileInformationByHandle = (void *)information;

/* --- lists, which Wine makes of modes */

static void give(const char *path, bool everybody)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	wchar_t *wide = sg_win_path(path);

	assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(
	        everybody ? L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;OW)(A;OICI;FA;;;WD)"
	                  : L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;OW)",
	        SDDL_REVISION_1, &sd, NULL));
	assert_true(SetFileSecurityW(wide, DACL_SECURITY_INFORMATION, sd));
	LocalFree(sd);
	free(wide);
}

static int set_up(void **state)
{
	char *tmp = sg_os_temp();

	(void)state;
	top = sg_format("%s\\sg-link-%lu-%llu", tmp, GetCurrentProcessId(), GetTickCount64());
	free(tmp);
	here = sg_format("%s\\here", top);
	there = sg_format("%s\\there", top);
	file = sg_format("%s\\file", there);
	assert_int_equal(sg_os_mkdirs(here, NULL), 0);
	assert_int_equal(sg_os_mkdirs(there, NULL), 0);
	assert_int_equal(sg_os_create(file, sg_bytes_of("x"), NULL, NULL), 0);
	name = sg_format("%s\\link", here);
	assert_int_equal(sg_os_create(name, sg_bytes_of(""), NULL, NULL), 0);
	give(top, false);
	return 0;
}

static int tear_down(void **state)
{
	char **all[] = { &top, &here, &there, &file };
	int r;

	(void)state;
	give(name, true);
	give(file, true);
	free(name);
	name = NULL;
	r = sg_os_remove_tree(top, NULL);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		free(*all[i]);
		*all[i] = NULL;
	}
	return r;
}

static void a_link_is_as_open_as_what_is_open_about_it(void **state)
{
	const char *const about[] = { name, here, file, there };
	const char *const says[] = { "\\here\\link may be changed by ", "\\here may be changed by ",
		"\\there\\file may be changed by ", "\\there may be changed by " };

	(void)state;
	assert_int_equal(sg_win_check(name, SG_WIN_FILE, NULL), 0);
	for (size_t i = 0; i < sizeof about / sizeof *about; i++) {
		struct sg_err err = SG_ERR_INIT;

		give(about[i], true);
		assert_int_equal(sg_win_check(name, SG_WIN_FILE, &err), SG_EACCES);
		if (!strstr(err.msg, says[i]))
			fail_msg("%s: %s", says[i], err.msg);
		give(about[i], false);
	}
	/* of a file that is none, the folder is another question */
	give(there, true);
	assert_int_equal(sg_win_check(file, SG_WIN_FILE, NULL), 0);
	give(there, false);
	assert_int_equal(sg_win_check(name, SG_WIN_FILE, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        a_link_is_as_open_as_what_is_open_about_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
