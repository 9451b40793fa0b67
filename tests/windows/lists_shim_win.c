/* lists_shim_win.c - stopgapd with access lists where Wine keeps none: stands between the program and advapi32, by the import table of the program itself, and
 * answers in the place of admins_win.c, which asks what Wine does not know.
 *
 * SG_LISTS names a file with a line "END OF A PATH|SDDL" for each file and folder that has a list; the last line of a path counts, and what the program writes is
 * added. Everything else is as the system has it. */
#include "base/os_win.h"
#include "daemon/admins_win.h"

#include <windows.h>
#include <sddl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADMIN "S-1-5-21-1-2-3-1001"

enum sg_admin sg_admin_ask(const char *sid, char **ret_why)
{
	(void)ret_why;
	return strcmp(sid, ADMIN) == 0 ? SG_ADMIN_YES : SG_ADMIN_NO;
}

static FILE *open_lists(const char *mode)
{
	const char *file = getenv("SG_LISTS");

	return file ? fopen(file, mode) : NULL;
}

/* The list of what is open, NULL: the system has it. *ret_end (or NULL): the line's path. */
static char *list_of(HANDLE h, char **ret_end)
{
	char line[2048], *found = NULL, *path;
	wchar_t wide[1024];
	FILE *lists;

	if (!GetFinalPathNameByHandleW(h, wide, 1024, 0) || !(lists = open_lists("rb")))
		return NULL;
	path = sg_win_utf8(wide);
	while (fgets(line, sizeof line, lists)) {
		char *bar = strchr(line, '|');
		size_t len = bar ? (size_t)(bar - line) : 0;

		if (!len || len > strlen(path) || strncmp(path + strlen(path) - len, line, len) != 0)
			continue;
		bar[strcspn(bar, "\r\n")] = 0;
		free(found);
		found = sg_strdup(bar + 1);
		*bar = 0;
		if (ret_end) {
			free(*ret_end);
			*ret_end = sg_strdup(line);
		}
	}
	fclose(lists);
	free(path);
	return found;
}

static void *call_of(const char *name)
{
	return (void *)GetProcAddress(GetModuleHandleW(L"advapi32.dll"), name);
}

static BOOL WINAPI read_list(
        HANDLE h, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR sd, DWORD size, LPDWORD need)
{
	BOOL(WINAPI * real)
	(HANDLE, SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, DWORD, LPDWORD) =
	        call_of("GetKernelObjectSecurity");
	PSECURITY_DESCRIPTOR all = NULL;
	char *sddl = list_of(h, NULL);
	wchar_t *wide;
	bool fits;

	if (!sddl)
		return real(h, what, sd, size, need);
	wide = sg_win_wide(sddl);
	free(sddl);
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, &all, NULL))
		abort();
	free(wide);
	*need = GetSecurityDescriptorLength(all);
	fits = sd && size >= *need;
	if (fits)
		memcpy(sd, all, *need);
	else
		SetLastError(ERROR_INSUFFICIENT_BUFFER);
	LocalFree(all);
	return fits;
}

static BOOL WINAPI write_list(HANDLE h, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR sd)
{
	BOOL(WINAPI * real)
	(HANDLE, SECURITY_INFORMATION, PSECURITY_DESCRIPTOR) = call_of("SetKernelObjectSecurity");
	char *end = NULL, *sddl = list_of(h, &end), *text;
	wchar_t *wide = NULL;
	FILE *lists;

	if (!sddl)
		return real(h, what, sd);
	free(sddl);
	SetSecurityDescriptorControl(
	        sd, SE_DACL_AUTO_INHERIT_REQ, 0); /* a wish, which the kernel does not keep */
	lists = open_lists("ab");
	if (!lists || !ConvertSecurityDescriptorToStringSecurityDescriptorW(
	                      sd, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &wide, NULL))
		abort();
	text = sg_win_utf8(wide);
	fprintf(lists, "%s|O:BA%s\n", end, text);
	fclose(lists);
	LocalFree(wide);
	free(text);
	free(end);
	return TRUE;
}

void *const __imp_GetKernelObjectSecurity = (void *)read_list;
void *const __imp_SetKernelObjectSecurity = (void *)write_list;
