/* admins_win.c - asks Windows who its administrators are.
 *
 * Two questions, as neither is enough alone. The members of Administrators ("NetLocalGroupGetMembers", as SIDs) are kept on this machine: no domain needs to
 * answer, and a group that is listed is answered for, too. Who is a member by a group is in no list: the groups of a token that the account would get
 * ("AuthzInitializeContextFromSid") say it, whatever is nested in what. Both libraries are loaded only here, from the system's folder: the workers, which are
 * the same program, have no use for them.
 */
#include "daemon/admins_win.h"
#include "base/err.h"
#include "base/os_win.h"

#include <windows.h>
#include <authz.h>
#include <lm.h>
#include <sddl.h>

#include <stdlib.h>

static struct {
	NET_API_STATUS(WINAPI *members)
	(LPCWSTR, LPCWSTR, DWORD, LPBYTE *, DWORD, LPDWORD, LPDWORD, PDWORD_PTR);
	NET_API_STATUS(WINAPI *free_buffer)(LPVOID);
	BOOL(WINAPI *manager)(DWORD, void *, void *, void *, PCWSTR, PAUTHZ_RESOURCE_MANAGER_HANDLE);
	BOOL(WINAPI *context)
	(DWORD, PSID, AUTHZ_RESOURCE_MANAGER_HANDLE, PLARGE_INTEGER, LUID, PVOID,
	        PAUTHZ_CLIENT_CONTEXT_HANDLE);
	BOOL(WINAPI *information)
	(AUTHZ_CLIENT_CONTEXT_HANDLE, AUTHZ_CONTEXT_INFORMATION_CLASS, DWORD, PDWORD, PVOID);
	BOOL(WINAPI *free_context)(AUTHZ_CLIENT_CONTEXT_HANDLE);
	BOOL(WINAPI *free_manager)(AUTHZ_RESOURCE_MANAGER_HANDLE);
} lib;

static bool load(void)
{
	HMODULE net = LoadLibraryExW(L"netapi32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
	HMODULE authz = LoadLibraryExW(L"authz.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

	if (!net || !authz)
		return false;
	lib.members = (void *)GetProcAddress(net, "NetLocalGroupGetMembers");
	lib.free_buffer = (void *)GetProcAddress(net, "NetApiBufferFree");
	lib.manager = (void *)GetProcAddress(authz, "AuthzInitializeResourceManager");
	lib.context = (void *)GetProcAddress(authz, "AuthzInitializeContextFromSid");
	lib.information = (void *)GetProcAddress(authz, "AuthzGetInformationFromContext");
	lib.free_context = (void *)GetProcAddress(authz, "AuthzFreeContext");
	lib.free_manager = (void *)GetProcAddress(authz, "AuthzFreeResourceManager");
	return lib.members && lib.free_buffer && lib.manager && lib.context && lib.information &&
	       lib.free_context && lib.free_manager;
}

/* The group's name is in Windows' language. */
static DWORD is_listed(PSID sid, bool *ret)
{
	unsigned char admins[SECURITY_MAX_SID_SIZE];
	wchar_t name[512], domain[512];
	DWORD size = sizeof admins, n_name = 512, n_domain = 512, n = 0, total = 0, e;
	LOCALGROUP_MEMBERS_INFO_0 *all = NULL;
	SID_NAME_USE use;

	if (!CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, admins, &size) ||
	        !LookupAccountSidW(NULL, admins, name, &n_name, domain, &n_domain, &use))
		return GetLastError();
	e = lib.members(NULL, name, 0, (LPBYTE *)&all, MAX_PREFERRED_LENGTH, &n, &total, NULL);
	for (DWORD i = 0; e == NERR_Success && all && i < n; i++)
		*ret = *ret || (all[i].lgrmi0_sid && EqualSid(all[i].lgrmi0_sid, sid));
	if (all)
		lib.free_buffer(all);
	return e;
}

/* A group that may only deny counts: so the token of an administrator who is not elevated has it. */
static DWORD is_in_token(PSID sid, bool *ret)
{
	AUTHZ_RESOURCE_MANAGER_HANDLE manager = NULL;
	AUTHZ_CLIENT_CONTEXT_HANDLE context = NULL;
	TOKEN_GROUPS *groups = NULL;
	DWORD size = 0, e = 0;

	if (!lib.manager(AUTHZ_RM_FLAG_NO_AUDIT, NULL, NULL, NULL, NULL, &manager))
		return GetLastError();
	if (!lib.context(0, sid, manager, NULL, (LUID){ 0 }, NULL, &context)) {
		e = GetLastError();
		lib.free_manager(manager);
		return e ? e : ERROR_NOT_SUPPORTED;
	}
	lib.information(context, AuthzContextInfoGroupsSids, 0, &size, NULL);
	groups = sg_alloc(size + sizeof *groups);
	if (!lib.information(context, AuthzContextInfoGroupsSids, size, &size, groups))
		e = GetLastError();
	for (DWORD i = 0; !e && i < groups->GroupCount; i++)
		*ret = *ret || IsWellKnownSid(groups->Groups[i].Sid, WinBuiltinAdministratorsSid);
	free(groups);
	lib.free_context(context);
	lib.free_manager(manager);
	return e;
}

enum sg_admin sg_admin_ask(const char *sid, char **ret_why)
{
	wchar_t *wide = sg_win_wide(sid);
	struct sg_err why = SG_ERR_INIT;
	PSID binary = NULL;
	bool is = false;
	DWORD e = 0;

	if (!ConvertStringSidToSidW(wide, &binary) || !load())
		e = GetLastError();
	else if (is_listed(binary, &is) != NERR_Success || !is)
		e = is_in_token(binary, &is);
	LocalFree(binary);
	free(wide);
	if (is)
		return SG_ADMIN_YES;
	if (!e)
		return SG_ADMIN_NO;
	sg_win_fail(&why, e, "whether it is an administrator cannot be told");
	if (ret_why)
		*ret_why = sg_strdup(why.msg);
	return SG_ADMIN_UNKNOWN;
}
