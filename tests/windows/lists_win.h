/* lists_win.h - access lists of a test's own, by path, where Wine keeps none: the program's own imports stand for advapi32's. Included once, by the test itself.
 * What has no list was closed by `install`: it belongs to the administrators, and inherits. */
#ifndef SG_TESTS_LISTS_WIN_H
#define SG_TESTS_LISTS_WIN_H

#include "base/os_win.h"

#include <windows.h>
#include <sddl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* As `install` makes them, and entries that let an account do everything, given at the top and inherited from there. */
#define TOP       "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
#define FOLDER    "D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
#define FILE_     "D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)"
#define TO(sid)   "(A;OICI;FA;;;" sid ")"
#define TO_D(sid) "(A;OICIID;FA;;;" sid ")"
#define TO_F(sid) "(A;ID;FA;;;" sid ")"

enum { MOST = 64 };
static struct {
	char *path;         /* as the system names it, without its beginning */
	char *owner, *dacl; /* SDDL */
} store[MOST];
static size_t n_store, n_written;

static char *text_of(PSECURITY_DESCRIPTOR sd, SECURITY_INFORMATION what)
{
	wchar_t *wide = NULL;
	char *text;

	assert_true(
	        ConvertSecurityDescriptorToStringSecurityDescriptorW(sd, SDDL_REVISION_1, what, &wide, NULL));
	text = sg_win_utf8(wide);
	LocalFree(wide);
	return text;
}

static PSECURITY_DESCRIPTOR parse(const char *sddl)
{
	wchar_t *wide = sg_win_wide(sddl);
	PSECURITY_DESCRIPTOR sd = NULL;

	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, &sd, NULL))
		fail_msg("%s: error %lu", sddl, GetLastError());
	free(wide);
	return sd;
}

/* By its last names, which are this test's alone. */
static size_t place_of(const char *path)
{
	for (size_t i = 0; i < n_store; i++)
		if (strcmp(store[i].path, path) == 0)
			return i;
	assert_true(n_store < MOST);
	store[n_store].path = sg_strdup(path);
	store[n_store].owner = sg_strdup("O:BA");
	store[n_store].dacl = sg_strdup(FILE_);
	return n_store++;
}

static size_t place_of_handle(HANDLE h)
{
	wchar_t wide[1024];
	char *path;
	size_t i;

	assert_true(GetFinalPathNameByHandleW(h, wide, 1024, 0));
	path = sg_win_utf8(wcsncmp(wide, L"\\\\?\\", 4) == 0 ? wide + 4 : wide);
	i = place_of(path);
	free(path);
	return i;
}

static BOOL WINAPI read_list(
        HANDLE h, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR sd, DWORD size, LPDWORD need)
{
	size_t i = place_of_handle(h);
	char *sddl = sg_format("%s%s", store[i].owner, store[i].dacl);
	PSECURITY_DESCRIPTOR all = parse(sddl);
	bool fits;

	(void)what;
	*need = GetSecurityDescriptorLength(all);
	fits = sd && size >= *need;
	if (fits)
		memcpy(sd, all, *need);
	else
		SetLastError(ERROR_INSUFFICIENT_BUFFER);
	LocalFree(all);
	free(sddl);
	return fits;
}

static BOOL WINAPI write_list(HANDLE h, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR sd)
{
	size_t i = place_of_handle(h);

	assert_true(what & DACL_SECURITY_INFORMATION);
	SetSecurityDescriptorControl(
	        sd, SE_DACL_AUTO_INHERIT_REQ, 0); /* a wish, which the kernel does not keep */
	free(store[i].dacl);
	store[i].dacl = text_of(sd, DACL_SECURITY_INFORMATION);
	if (what & OWNER_SECURITY_INFORMATION) {
		free(store[i].owner);
		store[i].owner = text_of(sd, OWNER_SECURITY_INFORMATION);
	}
	n_written++;
	return TRUE;
}

void *const __imp_GetKernelObjectSecurity = (void *)read_list;
void *const __imp_SetKernelObjectSecurity = (void *)write_list;

static char *real_name(const char *path)
{
	wchar_t *wide = sg_win_path(path), end[1024];
	HANDLE h = CreateFileW(wide, 0, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);

	assert_true(h != INVALID_HANDLE_VALUE);
	assert_true(GetFinalPathNameByHandleW(h, end, 1024, 0));
	CloseHandle(h);
	free(wide);
	return sg_win_utf8(wcsncmp(end, L"\\\\?\\", 4) == 0 ? end + 4 : end);
}

static void give(const char *path, const char *owner, const char *dacl)
{
	char *name = real_name(path);
	size_t i = place_of(name);

	free(name);
	free(store[i].owner);
	free(store[i].dacl);
	store[i].owner = sg_strdup(owner);
	store[i].dacl = sg_strdup(dacl);
}

/* As text: both ways through the same functions. */
static void expect(const char *path, const char *owner, const char *dacl)
{
	char *name = real_name(path), *is, *want;
	size_t i = place_of(name);
	PSECURITY_DESCRIPTOR sd = parse(store[i].dacl), other = parse(dacl);

	is = text_of(sd, DACL_SECURITY_INFORMATION);
	want = text_of(other, DACL_SECURITY_INFORMATION);
	assert_string_equal(store[i].owner, owner);
	assert_string_equal(is, want);
	free(is);
	free(want);
	LocalFree(sd);
	LocalFree(other);
	free(name);
}

static void forget_lists(void)
{
	while (n_store) {
		n_store--;
		free(store[n_store].path);
		free(store[n_store].owner);
		free(store[n_store].dacl);
	}
	n_written = 0;
}

#endif
