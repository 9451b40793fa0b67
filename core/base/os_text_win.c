/* os_text_win.c - UTF-8 and UTF-16, paths, errors and bounded patience on Windows. */
#include "base/os_deadline_win.h"
#include "base/os_win.h"

#include <windows.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ERROR_DISK_QUOTA_EXCEEDED
#define ERROR_DISK_QUOTA_EXCEEDED 1295 /* winerror.h of the Windows SDK; mingw-w64 10 lacks it */
#endif

wchar_t *sg_win_wide(const char *utf8)
{
	int n = MultiByteToWideChar(CP_UTF8, 0, utf8, -1, NULL, 0);
	wchar_t *wide = sg_alloc((size_t)(n > 0 ? n : 1) * sizeof *wide);

	if (n > 0)
		MultiByteToWideChar(CP_UTF8, 0, utf8, -1, wide, n);
	return wide;
}

char *sg_win_utf8(const wchar_t *wide)
{
	int n = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
	char *utf8 = sg_alloc((size_t)(n > 0 ? n : 1));

	if (n > 0)
		WideCharToMultiByte(CP_UTF8, 0, wide, -1, utf8, n, NULL, NULL);
	return utf8;
}

wchar_t *sg_win_path(const char *utf8)
{
	char *copy = sg_strdup(utf8), *full;
	wchar_t *wide;

	for (char *p = copy; *p; p++)
		if (*p == '/')
			*p = '\\';
	/* CreateDirectoryW stops 12 characters before MAX_PATH; \\?\ lifts the limit but takes absolute paths only */
	full = strlen(copy) >= MAX_PATH - 12 && copy[1] == ':' ? sg_format("\\\\?\\%s", copy)
	                                                       : sg_strdup(copy);
	wide = sg_win_wide(full);
	free(full);
	free(copy);
	return wide;
}

int sg_win_full_path(const char *path, char **ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path), *full;
	DWORD n = GetFullPathNameW(wide, 0, NULL, NULL);

	full = sg_alloc(((size_t)n + 1) * sizeof *full);
	n = n ? GetFullPathNameW(wide, n, full, NULL) : 0;
	if (n)
		*ret = sg_win_utf8(full);
	free(full);
	free(wide);
	return n ? 0 : sg_win_fail(err, GetLastError(), "%s is no path", path);
}

/* The octets of a name, and of the backslash behind it. */
static size_t step(const char *at)
{
	size_t len = strcspn(at, "\\");

	return len + (at[len] != 0);
}

size_t sg_win_root(const char *path)
{
	size_t at = strncmp(path, "\\\\?\\", 4) == 0 ? 4 : 0;

	if (at && _strnicmp(path + at, "UNC\\", 4) == 0)
		at += 4;
	else if (!at && strncmp(path, "\\\\", 2) == 0)
		at = 2;
	else if (path[at] && path[at + 1] == ':')
		return at + 2 + (path[at + 2] == '\\');
	else
		return at ? at + step(path + at) : path[0] == '\\';
	at += step(path + at);
	return at + step(path + at);
}

static int code_of(DWORD e)
{
	switch (e) {
	case ERROR_FILE_NOT_FOUND:
	case ERROR_PATH_NOT_FOUND:
	case ERROR_INVALID_DRIVE:
	case ERROR_DIRECTORY: return SG_ENOENT;
	case ERROR_ACCESS_DENIED:
	case ERROR_WRITE_PROTECT:
	case ERROR_PRIVILEGE_NOT_HELD:
	case ERROR_INVALID_OWNER: return SG_EACCES;
	case ERROR_DISK_FULL:
	case ERROR_HANDLE_DISK_FULL:
	case ERROR_DISK_QUOTA_EXCEEDED: return SG_ENOSPC;
	case ERROR_SHARING_VIOLATION:
	case ERROR_LOCK_VIOLATION:
	case ERROR_USER_MAPPED_FILE:
	case ERROR_OPERATION_ABORTED: /* by sg_deadline_begin(): nothing else here cancels a call */
	case ERROR_BUSY: return SG_EBUSY;
	case ERROR_FILE_EXISTS:
	case ERROR_ALREADY_EXISTS: return SG_EEXIST;
	default: return SG_EIO;
	}
}

int sg_win_fail(struct sg_err *err, unsigned long e, const char *fmt, ...)
{
	int code = code_of(e);
	char what[768];
	wchar_t text[256] = { 0 };
	char *why;
	va_list ap;

	if (!err || err->code)
		return code;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	FormatMessageW(
	        FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK,
	        NULL, e, 0, text, 256, NULL);
	if (e == ERROR_OPERATION_ABORTED)
		why = sg_format(
		        "given up after %d s, in which somebody who holds it, or is to fetch it, did not "
		        "answer ",
		        SG_DEADLINE_MS / 1000);
	else
		why = sg_win_utf8(text);
	sg_fail(err, code, "%s: %s(error %lu)", what, why, e);
	free(why);
	return code;
}

int sg_win_refuse_away(const char *path, struct sg_err *err)
{
	return sg_fail(err, SG_EUNSUPPORTED,
	        "%s is but a name on this machine: a cloud or an archive has its contents, which would have "
	        "to be "
	        "fetched; have that service keep the file on this machine, then try again",
	        path);
}

bool sg_win_again(unsigned long e, int *tries)
{
	int nth;

	if ((e != ERROR_SHARING_VIOLATION && e != ERROR_LOCK_VIOLATION && e != ERROR_USER_MAPPED_FILE) ||
	        *tries >= 10)
		return false;
	nth = ++*tries;
	Sleep(10 * (DWORD)nth); /* 10, 20, ... 100 ms */
	return true;
}
