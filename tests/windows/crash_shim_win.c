/* crash_shim_win.c - the part of tests/crash/shim.h that counts and dies, for Windows: stands between this program (LMDB included, as it is linked in) and
 * kernel32, by the import table of the program itself, and between it and NtCreateFile, which it asks for by name.
 *
 * A change is a call that makes, writes, lengthens, renames, removes or flushes something below the root. There is no log and so no loss of power: what the
 * system was told it keeps, as when a process is killed.
 */
#include "base/os_win.h"
#include "tests/crash/scenario.h"
#include "tests/crash/shim.h"

#include <windows.h>
#include <winternl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shim *shim;
static wchar_t root[MAX_PATH]; /* the drive's folder by its last name */

/* Handles of what is open for writing below the root. */
enum { HANDLES = 64 };
static HANDLE ours[HANDLES];

static bool is_below(const wchar_t *path)
{
	size_t n = wcslen(root);

	for (const wchar_t *p = path; n && (p = wcsstr(p, root)) != NULL; p++)
		if (p[n] == L'\\' || p[n] == L'/' || p[n] == 0)
			return true;
	return false;
}

/* The like for a name of the kernel, which has no end. */
static bool is_named_below(const UNICODE_STRING *name, wchar_t path[MAX_PATH])
{
	size_t len = name->Length / sizeof *path, skip = wcslen(L"\\??\\");

	if (len < skip || len - skip >= MAX_PATH)
		return false;
	memcpy(path, name->Buffer + skip, (len - skip) * sizeof *path);
	path[len - skip] = 0;
	return is_below(path);
}

static bool is_ours(HANDLE h)
{
	for (size_t i = 0; i < HANDLES; i++)
		if (h && ours[i] == h)
			return true;
	return false;
}

static void remember(HANDLE h)
{
	size_t i = 0;

	while (i < HANDLES && ours[i])
		i++;
	if (i == HANDLES) /* a call that is not seen would be a point that is not tried */
		abort();
	ours[i] = h;
}

static void point(const char *call, const wchar_t *path)
{
	const wchar_t *name = path ? wcsrchr(path, L'\\') : NULL;

	if (!shim->armed || ++shim->calls != shim->die_at)
		return;
	printf("died before %s(%ls)\nacknowledged %u\n", call, name ? name + 1 : L"", told->acknowledged);
	fflush(stdout);
	TerminateProcess(GetCurrentProcess(), SHIM_DIED);
	abort();
}

/* --- the calls */

typedef void (*any)(void);
#define CALLS(X)                                                                                             \
	X(CreateFileW)                                                                                       \
	X(GetProcAddress)                                                                                    \
	X(CloseHandle)                                                                                       \
	X(WriteFile)                                                                                         \
	X(FlushFileBuffers)                                                                                  \
	X(SetEndOfFile)                                                                                      \
	X(SetFileInformationByHandle)                                                                        \
	X(MoveFileExW)                                                                                       \
	X(DeleteFileW)                                                                                       \
	X(CreateDirectoryW)                                                                                  \
	X(RemoveDirectoryW)
#define NUMBER(name) N_##name,
enum { CALLS(NUMBER) N_CALLS };
static any real[N_CALLS]; /* as Windows has them: this file's own calls come by the import table, too */
#define REAL(name) ((__typeof__(&name))real[N_##name])

static HANDLE WINAPI do_create_file(const wchar_t *path, DWORD access, DWORD share,
        SECURITY_ATTRIBUTES *security, DWORD how, DWORD flags, HANDLE like)
{
	bool below = is_below(path), there = below && GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
	HANDLE h;

	if (below &&
	        (how == CREATE_NEW || how == CREATE_ALWAYS || how == TRUNCATE_EXISTING ||
	                how == OPEN_ALWAYS) &&
	        (!there || how == CREATE_ALWAYS || how == TRUNCATE_EXISTING))
		point("create", path);
	h = REAL(CreateFileW)(path, access, share, security, how, flags, like);
	if (below && h != INVALID_HANDLE_VALUE)
		remember(h);
	return h;
}

static __typeof__(&NtCreateFile) real_nt_create;

static NTSTATUS NTAPI do_nt_create(HANDLE *ret, ACCESS_MASK access, OBJECT_ATTRIBUTES *what,
        IO_STATUS_BLOCK *said, LARGE_INTEGER *size, ULONG attributes, ULONG share, ULONG how, ULONG options,
        void *extended, ULONG len)
{
	wchar_t path[MAX_PATH];
	bool below = is_named_below(what->ObjectName, path);
	NTSTATUS status;

	if (below && (how == FILE_OVERWRITE_IF ||
	                     (how == FILE_CREATE && GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)))
		point("create", path);
	status =
	        real_nt_create(ret, access, what, said, size, attributes, share, how, options, extended, len);
	if (below && status >= 0)
		remember(*ret);
	return status;
}

static FARPROC WINAPI do_get_address(HMODULE library, const char *name)
{
	FARPROC found = REAL(GetProcAddress)(library, name);

	if ((uintptr_t)name >> 16 == 0 || strcmp(name, "NtCreateFile") != 0)
		return found;
	real_nt_create = (__typeof__(real_nt_create))(void *)found;
	return (FARPROC)(void *)do_nt_create;
}

static BOOL WINAPI do_close(HANDLE h)
{
	for (size_t i = 0; i < HANDLES; i++)
		if (h && ours[i] == h)
			ours[i] = NULL;
	return REAL(CloseHandle)(h);
}

static BOOL WINAPI do_write(HANDLE h, const void *data, DWORD len, DWORD *ret, OVERLAPPED *at)
{
	if (is_ours(h))
		point("write", NULL);
	return REAL(WriteFile)(h, data, len, ret, at);
}

static BOOL WINAPI do_flush(HANDLE h)
{
	if (is_ours(h)) {
		point("flush", NULL);
		shim->flushes++;
	}
	return REAL(FlushFileBuffers)(h);
}

static BOOL WINAPI do_end(HANDLE h)
{
	if (is_ours(h))
		point("end of file", NULL);
	return REAL(SetEndOfFile)(h);
}

static BOOL WINAPI do_set(HANDLE h, FILE_INFO_BY_HANDLE_CLASS what, void *data, DWORD len)
{
	if (is_ours(h))
		point("set", NULL);
	return REAL(SetFileInformationByHandle)(h, what, data, len);
}

static BOOL WINAPI do_move(const wchar_t *from, const wchar_t *to, DWORD flags)
{
	if (is_below(to))
		point("move", to);
	return REAL(MoveFileExW)(from, to, flags);
}

static BOOL WINAPI do_delete(const wchar_t *path)
{
	if (is_below(path) && GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES)
		point("delete", path);
	return REAL(DeleteFileW)(path);
}

static BOOL WINAPI do_make_folder(const wchar_t *path, SECURITY_ATTRIBUTES *security)
{
	if (is_below(path) && GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)
		point("make folder", path);
	return REAL(CreateDirectoryW)(path, security);
}

static BOOL WINAPI do_remove_folder(const wchar_t *path)
{
	if (is_below(path))
		point("remove folder", path);
	return REAL(RemoveDirectoryW)(path);
}

/* --- the import table */

static const struct {
	const char *name;
	any instead;
} calls[N_CALLS] = {
	[N_CreateFileW] = { "CreateFileW", (any)do_create_file },
	[N_GetProcAddress] = { "GetProcAddress", (any)do_get_address },
	[N_CloseHandle] = { "CloseHandle", (any)do_close },
	[N_WriteFile] = { "WriteFile", (any)do_write },
	[N_FlushFileBuffers] = { "FlushFileBuffers", (any)do_flush },
	[N_SetEndOfFile] = { "SetEndOfFile", (any)do_end },
	[N_SetFileInformationByHandle] = { "SetFileInformationByHandle", (any)do_set },
	[N_MoveFileExW] = { "MoveFileExW", (any)do_move },
	[N_DeleteFileW] = { "DeleteFileW", (any)do_delete },
	[N_CreateDirectoryW] = { "CreateDirectoryW", (any)do_make_folder },
	[N_RemoveDirectoryW] = { "RemoveDirectoryW", (any)do_remove_folder },
};

static void stand_in(any *slot)
{
	DWORD before;

	for (size_t i = 0; i < N_CALLS; i++) {
		if (*slot != real[i])
			continue;
		VirtualProtect(slot, sizeof *slot, PAGE_READWRITE, &before);
		*slot = calls[i].instead;
		VirtualProtect(slot, sizeof *slot, before, &before);
		return;
	}
}

static void stand_between(void)
{
	unsigned char *base = (unsigned char *)GetModuleHandleW(NULL);
	IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)base;
	IMAGE_NT_HEADERS *nt = (IMAGE_NT_HEADERS *)(void *)(base + dos->e_lfanew);
	IMAGE_DATA_DIRECTORY imports = nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
	IMAGE_IMPORT_DESCRIPTOR *d = (IMAGE_IMPORT_DESCRIPTOR *)(void *)(base + imports.VirtualAddress);
	HMODULE kernel = GetModuleHandleW(L"kernel32.dll");

	for (size_t i = 0; i < N_CALLS; i++) {
		real[i] = (any)GetProcAddress(kernel, calls[i].name);
		if (!real[i])
			abort();
	}
	for (; d->FirstThunk; d++)
		for (any *slot = (any *)(void *)(base + d->FirstThunk); *slot; slot++)
			stand_in(slot);
}

/* --- shim.h */

void shim_init(const char *folder)
{
	const char *name = strrchr(folder, '\\');

	shim = calloc(1, sizeof *shim);
	MultiByteToWideChar(CP_UTF8, 0, name ? name + 1 : folder, -1, root, MAX_PATH);
	stand_between();
}

void shim_track(void)
{
}

void shim_arm(uint32_t die_at)
{
	shim->die_at = die_at;
	shim->calls = 0;
	shim->flushes = 0;
	shim->armed = true;
}

void shim_disarm(void)
{
	shim->armed = false;
}
