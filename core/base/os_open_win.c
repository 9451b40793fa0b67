/* os_open_win.c - files are opened without waiting for whoever else has them open.
 *
 * CreateFileW waits until the holder of an opportunistic lock answers. Anybody who may read a file can hold such a lock and never answer, and a service that
 * waited would wait for ever; NtCreateFile can be told not to. What it is given here is what CreateFileW gives it, one option (two, with that for contents kept
 * elsewhere) aside.
 */
#define WIN32_NO_STATUS
#include "base/os_open_win.h"
#include "base/mem.h"
#include "base/os_deadline_win.h"

#include <windows.h>
#include <winternl.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>

#include <stdlib.h>
#include <string.h>

#ifndef FILE_ATTRIBUTE_RECALL_ON_OPEN /* winnt.h of the Windows SDK; mingw-w64 10 lacks both */
#define FILE_ATTRIBUTE_RECALL_ON_OPEN        0x00040000
#define FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS 0x00400000
#endif

enum { MOST_NAME = 32766 }; /* characters that a UNICODE_STRING can have, and an end */

/* --- what can be decided without the system */

bool sg_win_is_away(unsigned long attributes)
{
	return attributes & (FILE_ATTRIBUTE_OFFLINE | FILE_ATTRIBUTE_RECALL_ON_OPEN |
	                            FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS);
}

unsigned long sg_win_open_error(long status, unsigned long by_system, bool ends_in_slash)
{
	switch (status) {
	case STATUS_OPLOCK_BREAK_IN_PROGRESS: /* a success, with a handle */
	case STATUS_CANNOT_BREAK_OPLOCK: return ERROR_SHARING_VIOLATION;
	/* the next two as CreateFileW has them */
	case STATUS_OBJECT_NAME_COLLISION: return ERROR_FILE_EXISTS;
	case STATUS_FILE_IS_A_DIRECTORY: return ends_in_slash ? ERROR_PATH_NOT_FOUND : ERROR_ACCESS_DENIED;
	default: return status >= 0 ? 0 : by_system;
	}
}

wchar_t *sg_win_kernel_name(const wchar_t *full)
{
	bool lifted = wcsncmp(full, L"\\\\?\\", 4) == 0 || wcsncmp(full, L"\\\\.\\", 4) == 0;
	bool network = !lifted && wcsncmp(full, L"\\\\", 2) == 0;
	const wchar_t *front = network ? L"\\??\\UNC\\" : L"\\??\\";
	const wchar_t *rest = full + (lifted ? 4 : network ? 2 : 0);
	size_t n = wcslen(front), len = wcslen(rest);
	wchar_t *name = sg_alloc((n + len + 1) * sizeof *name);

	memcpy(name, front, n * sizeof *name);
	memcpy(name + n, rest, len * sizeof *name);
	return name;
}

/* --- the system's own */

typedef NTSTATUS NTAPI create_file(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *,
        LARGE_INTEGER *, ULONG, ULONG, ULONG, ULONG, void *, ULONG);
typedef ULONG NTAPI error_of(NTSTATUS);

/* Asked for by name: to link with ntdll's import library would take its namesakes of the C library for our own. */
static struct {
	INIT_ONCE once;
	create_file *create;
	error_of *error;
} ntdll = { .once = INIT_ONCE_STATIC_INIT };

static BOOL CALLBACK find_calls(INIT_ONCE *once, void *arg, void **ret)
{
	HMODULE library = GetModuleHandleW(L"ntdll.dll");

	(void)once;
	(void)arg;
	(void)ret;
	ntdll.create = (create_file *)(void *)GetProcAddress(library, "NtCreateFile");
	ntdll.error = (error_of *)(void *)GetProcAddress(library, "RtlNtStatusToDosError");
	return ntdll.create && ntdll.error;
}

/* As Windows takes it everywhere: from the current folder, without "." and "..", and without dots and blanks at the end; \\?\ says that it is so already. NULL and GetLastError(). */
static wchar_t *full_name(const wchar_t *path)
{
	wchar_t *full, *name;
	DWORD room, len;

	if (wcsncmp(path, L"\\\\?\\", 4) == 0)
		return sg_win_kernel_name(path);
	room = GetFullPathNameW(path, 0, NULL, NULL);
	full = sg_alloc(((size_t)room + 1) * sizeof *full);
	len = room ? GetFullPathNameW(path, room, full, NULL) : 0;
	name = len && len < room ? sg_win_kernel_name(full) : NULL;
	if (!name)
		SetLastError(ERROR_PATH_NOT_FOUND); /* CreateFileW's word for what is no path at all */
	free(full);
	return name;
}

/* --- opening */

/* Of `how`; -1: of none that is used here. */
static int disposition(DWORD how)
{
	switch (how) {
	case CREATE_NEW: return FILE_CREATE;
	case CREATE_ALWAYS: return FILE_OVERWRITE_IF;
	case OPEN_EXISTING: return FILE_OPEN;
	default: return -1;
	}
}

static ULONG options(DWORD flags)
{
	ULONG chosen = FILE_SYNCHRONOUS_IO_NONALERT | FILE_COMPLETE_IF_OPLOCKED | FILE_OPEN_NO_RECALL;

	chosen |= flags & FILE_FLAG_BACKUP_SEMANTICS ? FILE_OPEN_FOR_BACKUP_INTENT : FILE_NON_DIRECTORY_FILE;
	if (flags & FILE_FLAG_OPEN_REPARSE_POINT)
		chosen |= FILE_OPEN_REPARSE_POINT;
	if (flags & FILE_FLAG_DELETE_ON_CLOSE)
		chosen |= FILE_DELETE_ON_CLOSE;
	if (flags & FILE_FLAG_WRITE_THROUGH)
		chosen |= FILE_WRITE_THROUGH;
	return chosen;
}

static DWORD open_named(
        wchar_t *name, ACCESS_MASK access, ULONG share, void *descriptor, ULONG how, ULONG flags, HANDLE *ret)
{
	SECURITY_QUALITY_OF_SERVICE nobody = { sizeof nobody, SecurityAnonymous, SECURITY_STATIC_TRACKING,
		TRUE };
	size_t len = wcslen(name);
	UNICODE_STRING text = { .Buffer = name };
	OBJECT_ATTRIBUTES what = { .Length = sizeof what,
		.ObjectName = &text,
		.Attributes = OBJ_CASE_INSENSITIVE,
		.SecurityDescriptor = descriptor,
		.SecurityQualityOfService = &nobody };
	IO_STATUS_BLOCK said = { 0 };
	struct sg_deadline d;
	HANDLE h = NULL;
	NTSTATUS status;
	DWORD e;

	if (len > MOST_NAME)
		return ERROR_FILENAME_EXCED_RANGE;
	text.Length = (USHORT)(len * sizeof *name);
	text.MaximumLength = (USHORT)(text.Length + sizeof *name);
	if (!sg_deadline_begin(&d, SG_DEADLINE_MS))
		return GetLastError();
	status = ntdll.create(&h, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, &what, &said, NULL,
	        FILE_ATTRIBUTE_NORMAL, share, how, flags, NULL, 0);
	sg_deadline_end(&d);
	e = sg_win_open_error(status, ntdll.error(status), len && name[len - 1] == L'\\');
	if (!e)
		*ret = h;
	else if (status >= 0)
		CloseHandle(h);
	return e;
}

void *sg_win_open(const wchar_t *path, unsigned long access, unsigned long share, void *descriptor,
        unsigned long how, unsigned long flags)
{
	const DWORD known = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT |
	                    FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_WRITE_THROUGH;
	int nt_how = disposition(how);
	HANDLE h = INVALID_HANDLE_VALUE;
	wchar_t *name = NULL;
	DWORD e;

	if (nt_how < 0 || (flags & ~known))
		e = ERROR_INVALID_PARAMETER;
	else if (!InitOnceExecuteOnce(&ntdll.once, find_calls, NULL, NULL) || !(name = full_name(path)))
		e = GetLastError();
	else
		e = open_named(name, access | (flags & FILE_FLAG_DELETE_ON_CLOSE ? DELETE : 0), share,
		        descriptor, (ULONG)nt_how, options(flags), &h);
	free(name);
	SetLastError(e);
	return h;
}
