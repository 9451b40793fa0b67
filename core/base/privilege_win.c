/* privilege_win.c - the thread gets a token of its own, a copy of the process's, in which the privilege is enabled: no other thread has it meanwhile, and
 * what the process's own token enables never changes. */
#include "base/privilege_win.h"

#include <windows.h>

#include <stdlib.h>

static bool adjust(HANDLE token, const wchar_t *name, DWORD attributes)
{
	TOKEN_PRIVILEGES want = { .PrivilegeCount = 1, .Privileges = { { .Attributes = attributes } } };

	/* it succeeds, too, when the token does not have what is asked for */
	return LookupPrivilegeValueW(NULL, name, &want.Privileges[0].Luid) &&
	       AdjustTokenPrivileges(token, FALSE, &want, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS;
}

bool sg_privilege_begin(const wchar_t *name)
{
	HANDLE token;
	bool has;

	if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
		CloseHandle(token);
		return false;
	}
	if (!ImpersonateSelf(SecurityImpersonation))
		return false;
	has = OpenThreadToken(GetCurrentThread(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, TRUE, &token);
	if (has) {
		has = adjust(token, name, SE_PRIVILEGE_ENABLED);
		CloseHandle(token);
	}
	if (!has)
		sg_privilege_end(true);
	return has;
}

void sg_privilege_end(bool begun)
{
	DWORD e = GetLastError();

	if (begun && !RevertToSelf())
		abort(); /* Microsoft, "RevertToSelf function": a process that goes on is not who it was */
	SetLastError(e);
}

void sg_privilege_drop(const wchar_t *name)
{
	HANDLE token;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token))
		return;
	adjust(token, name, SE_PRIVILEGE_REMOVED);
	CloseHandle(token);
}
