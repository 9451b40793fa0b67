/* worker_token_win.c - tokens that are worth little, and a desktop for their owners.
 *
 * All of them: no privilege but the one to be told of changes, the administrators' groups for denying only, and the Low integrity level, with which nothing
 * can be written that was not made for it. RESTRICTED in addition: Windows checks every access twice, the second time as if the process were Everyone, an
 * ordinary user and RESTRICTED, and nobody else; so of this account's own rights none remains.
 */
#include "base/worker_token_win.h"

#include "base/os.h"
#include "base/os_win.h"
#include "base/privilege_win.h"

#include <windows.h>
#include <sddl.h>

#include <stdlib.h>

#ifndef SE_GROUP_INTEGRITY
#define SE_GROUP_INTEGRITY 0x20
#endif

/* --- SIDs */

/* A well-known SID on the heap; NULL: this Windows has none such. */
static PSID well_known(WELL_KNOWN_SID_TYPE type)
{
	DWORD size = SECURITY_MAX_SID_SIZE;
	PSID sid = sg_alloc(size);

	if (CreateWellKnownSid(type, NULL, sid, &size))
		return sid;
	free(sid);
	return NULL;
}

static bool of_system(HANDLE token)
{
	TOKEN_USER *user = sg_win_token_info(token, TokenUser);
	bool is = !user || IsWellKnownSid(user->User.Sid, WinLocalSystemSid);

	free(user);
	return is;
}

bool sg_worker_is_system(void)
{
	HANDLE own;
	bool is;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &own))
		return true;
	is = of_system(own);
	CloseHandle(own);
	return is;
}

static bool is_low(HANDLE token)
{
	DWORD level;

	return sg_win_token_level(token, &level) && level <= SECURITY_MANDATORY_LOW_RID;
}

/* DISABLE_MAX_PRIVILEGE leaves one: to be told of changes, which also means to pass through folders that one may not list. */
static bool is_stripped(HANDLE token)
{
	TOKEN_PRIVILEGES *left = sg_win_token_info(token, TokenPrivileges);
	bool is = left != NULL;
	LUID told;

	if (!LookupPrivilegeValueW(NULL, L"SeChangeNotifyPrivilege", &told))
		is = false;
	for (DWORD i = 0; is && i < left->PrivilegeCount; i++)
		is = left->Privileges[i].Luid.LowPart == told.LowPart &&
		     left->Privileges[i].Luid.HighPart == told.HighPart;
	free(left);
	return is;
}

static void look_at(HANDLE token, struct sg_worker_token *ret)
{
	TOKEN_GROUPS *only = sg_win_token_info(token, TokenRestrictedSids);

	*ret = (struct sg_worker_token){ .system = of_system(token),
		.restricted = only && only->GroupCount > 0,
		.low = is_low(token),
		.stripped = is_stripped(token) };
	free(only);
}

/* The session of whoever logged on, to whom desktops are open; borrowed from `groups`, NULL: a service has none. */
static PSID logon_of(const TOKEN_GROUPS *groups)
{
	for (DWORD i = 0; groups && i < groups->GroupCount; i++)
		if ((groups->Groups[i].Attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID)
			return groups->Groups[i].Sid;
	return NULL;
}

/* --- tokens */

/* The account that Windows keeps for services of no consequence. Borrowed: it is taken once and kept for good.
 *
 * Microsoft's "LogonUserW function" says that SeTcbPrivilege is needed for Passport accounts only. That is about accounts with a password: a service's account
 * has none, and is given to who is trusted to start services, by all that is known to who has that privilege. So the service keeps it (service_settings.c) until
 * this is done, and gives it up then. It cannot be done for one thread alone: whose rights count is settled when the process first connects to the LSA. */
static int local_service(HANDLE *ret, struct sg_err *err)
{
	static SRWLOCK lock = SRWLOCK_INIT;
	static HANDLE kept;
	int r = 0;

	AcquireSRWLockExclusive(&lock);
	if (!kept) {
		if (LogonUserW(L"LocalService", L"NT AUTHORITY", NULL, LOGON32_LOGON_SERVICE,
		            LOGON32_PROVIDER_DEFAULT, &kept))
			sg_privilege_drop(L"SeTcbPrivilege");
		else
			r = sg_win_fail(
			        err, GetLastError(), "the account LocalService cannot be had for a worker");
	}
	*ret = kept;
	ReleaseSRWLockExclusive(&lock);
	return r;
}

static int filter(HANDLE from, bool restricted, HANDLE *ret, struct sg_err *err)
{
	static const WELL_KNOWN_SID_TYPE denied[] = { WinBuiltinAdministratorsSid, WinBuiltinPowerUsersSid,
		WinBuiltinBackupOperatorsSid, WinAccountDomainAdminsSid };
	static const WELL_KNOWN_SID_TYPE allowed[] = { WinWorldSid, WinBuiltinUsersSid,
		WinRestrictedCodeSid };
	enum { DENIED = sizeof denied / sizeof *denied, ALLOWED = sizeof allowed / sizeof *allowed };
	TOKEN_GROUPS *groups = sg_win_token_info(from, TokenGroups);
	SID_AND_ATTRIBUTES deny[DENIED], only[ALLOWED + 1];
	DWORD n_deny = 0, n_only = 0, own;
	PSID logon = logon_of(groups);
	int r = 0;

	for (size_t i = 0; i < DENIED; i++) {
		deny[n_deny] = (SID_AND_ATTRIBUTES){ well_known(denied[i]), 0 };
		n_deny += deny[n_deny].Sid != NULL;
	}
	for (size_t i = 0; restricted && i < ALLOWED; i++) {
		only[n_only] = (SID_AND_ATTRIBUTES){ well_known(allowed[i]), 0 };
		n_only += only[n_only].Sid != NULL;
	}
	own = n_only;
	if (restricted && logon)
		only[n_only++] = (SID_AND_ATTRIBUTES){ logon, 0 };
	if (!CreateRestrictedToken(
	            from, DISABLE_MAX_PRIVILEGE, n_deny, deny, 0, NULL, n_only, n_only ? only : NULL, ret))
		r = sg_win_fail(err, GetLastError(), "no token of few rights can be made");
	for (DWORD i = 0; i < n_deny; i++)
		free(deny[i].Sid);
	for (DWORD i = 0; i < own; i++)
		free(only[i].Sid);
	free(groups);
	return r;
}

static int lower(HANDLE token, struct sg_err *err)
{
	TOKEN_MANDATORY_LABEL low = { { well_known(WinLowLabelSid), SE_GROUP_INTEGRITY } };
	int r = 0;

	if (!low.Label.Sid || !SetTokenInformation(token, TokenIntegrityLevel, &low,
	                              (DWORD)sizeof low + GetLengthSid(low.Label.Sid)))
		r = sg_win_fail(err, GetLastError(), "a token cannot be lowered");
	free(low.Label.Sid);
	return r;
}

/* What the process makes is open to itself in spite of the second check: RESTRICTED is in the list, too. */
static int open_to_itself(HANDLE token, struct sg_err *err)
{
	TOKEN_USER *user = sg_win_token_info(token, TokenUser);
	PSID rc = well_known(WinRestrictedCodeSid);
	DWORD size = (DWORD)(sizeof(ACL) + 2 * sizeof(ACCESS_ALLOWED_ACE)) + 2 * SECURITY_MAX_SID_SIZE;
	TOKEN_DEFAULT_DACL dacl = { sg_alloc(size) };
	int r = 0;

	if (!user || !rc || !InitializeAcl(dacl.DefaultDacl, size, ACL_REVISION) ||
	        !AddAccessAllowedAce(dacl.DefaultDacl, ACL_REVISION, GENERIC_ALL, user->User.Sid) ||
	        !AddAccessAllowedAce(dacl.DefaultDacl, ACL_REVISION, GENERIC_ALL, rc) ||
	        !SetTokenInformation(token, TokenDefaultDacl, &dacl, sizeof dacl))
		r = sg_win_fail(err, GetLastError(), "a token's access list cannot be set");
	free(dacl.DefaultDacl);
	free(user);
	free(rc);
	return r;
}

int sg_worker_token(
        enum sg_worker_rights rights, void **ret, struct sg_worker_token *ret_is, struct sg_err *err)
{
	HANDLE own = NULL, from, token = NULL;
	int r = 0;

	if (!OpenProcessToken(GetCurrentProcess(),
	            TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT, &own))
		return sg_win_fail(err, GetLastError(), "this process's own token cannot be opened");
	from = own;
	if (rights == SG_RIGHTS_SERVICE)
		r = local_service(&from, err);
	if (!r)
		r = filter(from, rights == SG_RIGHTS_RESTRICTED, &token, err);
	if (!r)
		r = lower(token, err);
	if (!r && rights == SG_RIGHTS_RESTRICTED)
		r = open_to_itself(token, err);
	CloseHandle(own);
	if (!r) {
		look_at(token, ret_is);
		*ret = token;
	} else if (token) {
		CloseHandle(token);
	}
	return r;
}

/* --- a desktop */

static wchar_t desktop_name[96];

/* user32, which libuv and half of Windows's libraries bring along, connects to a desktop when it is loaded, and a process that may not ends there and then
 * (0xC0000142). Those of a service are closed to its restricted children, and to another account's. Who is named: each account that a worker may have, and
 * RESTRICTED, for the second check. */
static BOOL CALLBACK make_desktop(INIT_ONCE *once, void *arg, void **context)
{
	static const wchar_t fixed[] = L"D:(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;LS)(A;;GA;;;RC)";
	char *self = sg_win_self_sid(),
	     *text = sg_format("%ls(A;;GA;;;%s)S:(ML;;NW;;;LW)", fixed, self ? self : "SY");
	wchar_t *sddl = sg_win_wide(text);
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, FALSE };
	HWINSTA before = GetProcessWindowStation(), station = NULL;
	wchar_t name[48];
	uint64_t random;

	(void)once, (void)arg, (void)context;
	sg_os_random(&random, sizeof random);
	swprintf(name, sizeof name / sizeof *name, L"stopgap-%08lx%08lx", (unsigned long)(random >> 32),
	        (unsigned long)(random & 0xffffffff));
	if (ConvertStringSecurityDescriptorToSecurityDescriptorW(
	            sddl, SDDL_REVISION_1, &sa.lpSecurityDescriptor, NULL))
		station = CreateWindowStationW(name, 0, GENERIC_ALL, &sa);
	if (station && SetProcessWindowStation(station)) {
		if (CreateDesktopW(L"worker", NULL, NULL, 0, GENERIC_ALL, &sa))
			swprintf(desktop_name, sizeof desktop_name / sizeof *desktop_name, L"%ls\\worker",
			        name);
		SetProcessWindowStation(before);
	}
	if (sa.lpSecurityDescriptor)
		LocalFree(sa.lpSecurityDescriptor);
	free(sddl);
	free(text);
	free(self);
	return TRUE;
}

const wchar_t *sg_worker_desktop(void)
{
	static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

	InitOnceExecuteOnce(&once, make_desktop, NULL, NULL);
	return desktop_name[0] ? desktop_name : NULL;
}
