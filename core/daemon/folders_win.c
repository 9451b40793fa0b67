/* folders_win.c - access lists of folders. Never follows a link. */
#include "daemon/folders_win.h"
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"

#include <windows.h>
#include <aclapi.h>
#include <sddl.h>

#include <stdlib.h>
#include <string.h>

/* --- the service's own */

#define TOP          L"D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
#define FOLDER_BELOW L"D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
#define FILE_BELOW   L"D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)"

/* As it is written, bit by bit: the calls that compute inheritance would ask the parent again. */
static int set_list(const char *path, const wchar_t *sddl, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path);
	PSECURITY_DESCRIPTOR sd = NULL;
	int r = 0;

	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &sd, NULL)) {
		r = sg_win_fail(err, GetLastError(), "cannot make an access list for %s", path);
	} else {
		/* the kernel keeps the mark "inherited" only for a descriptor that asks for it */
		SetSecurityDescriptorControl(sd, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERIT_REQ);
		if (!SetFileSecurityW(wide, DACL_SECURITY_INFORMATION, sd))
			r = sg_win_fail(err, GetLastError(), "cannot set the access list of %s", path);
		LocalFree(sd);
	}
	free(wide);
	return r;
}

/* Everything below `folder`; with `check` only whether all of it is ours, so that nothing is changed before that is known. */
static int walk(const char *folder, bool check, struct sg_err *err)
{
	struct sg_strs names = { 0 };
	int r = sg_os_list(folder, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char *path = sg_format("%s\\%s", folder, names.at[i]);
		struct sg_file_id id = { 0 };

		r = sg_os_stat(path, &id, err);
		if (r == 0 && id.is_link)
			r = sg_fail(err, SG_EACCES,
			        "%s is a link, which stopgap never made: look at it, and remove it", path);
		if (r == 0)
			r = check ? sg_os_ours(path, err)
			          : set_list(path, id.is_dir ? FOLDER_BELOW : FILE_BELOW, err);
		if (r == 0 && id.is_dir)
			r = walk(path, check, err);
		free(path);
	}
	sg_strs_release(&names);
	return r;
}

int sg_folder_close(const char *folder, struct sg_err *err)
{
	int r = sg_os_mkdirs(folder, err);

	if (r == 0)
		r = sg_os_ours(folder, err);
	if (r == 0)
		r = set_list(folder, TOP, err); /* from here on nobody else puts anything in */
	if (r == 0)
		r = walk(folder, true, err);
	if (r == 0)
		r = walk(folder, false, err);
	return r;
}

/* --- the program's */

/* What changes a file, or what is in a folder, or who may. */
enum {
	CHANGES = FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER,
	GENERIC_CHANGES = GENERIC_WRITE | GENERIC_ALL,
};

/* Also the account that installs: it is an administrator, elevated now. */
static bool is_trusted(PSID sid)
{
	static const char installer[] = /* NT SERVICE\TrustedInstaller */
	        "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
	char *text, *self;
	bool same;

	if (IsWellKnownSid(sid, WinLocalSystemSid) || IsWellKnownSid(sid, WinBuiltinAdministratorsSid))
		return true;
	text = sg_win_sid_text(sid);
	self = sg_win_self_sid();
	same = strcmp(text, installer) == 0 || strcmp(text, self) == 0;
	free(self);
	free(text);
	return same;
}

static int refuse(const char *path, PSID who, struct sg_err *err)
{
	char *sid = sg_win_sid_text(who), *account = sg_win_account(sid);
	int r = sg_fail(err, SG_EACCES,
	        "%s may be changed by %s, and what runs from there runs as SYSTEM: put the program below "
	        "C:\\Program Files, and install it from there",
	        path, account);

	free(account);
	free(sid);
	return r;
}

static int check_list(const char *path, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path);
	PSECURITY_DESCRIPTOR sd = NULL;
	PSID owner = NULL;
	ACL *list = NULL;
	DWORD e = GetNamedSecurityInfoW(wide, SE_FILE_OBJECT,
	        OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, NULL, &list, NULL, &sd);
	int r = 0;

	free(wide);
	if (e)
		return sg_win_fail(err, e, "cannot tell who may change %s", path);
	if (!owner || !is_trusted(owner))
		r = refuse(path, owner, err);
	if (r == 0 && !list)
		r = sg_fail(err, SG_EACCES, "%s has no access list: anybody may change it", path);
	for (DWORD i = 0; r == 0 && i < list->AceCount; i++) {
		ACCESS_ALLOWED_ACE *ace = NULL;

		if (!GetAce(list, i, (void **)&ace) || ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE ||
		        (ace->Header.AceFlags & INHERIT_ONLY_ACE))
			continue;
		if ((ace->Mask & (CHANGES | (DWORD)GENERIC_CHANGES)) && !is_trusted(&ace->SidStart))
			r = refuse(path, &ace->SidStart, err);
	}
	LocalFree(sd);
	return r;
}

int sg_folder_check_program(const char *program, struct sg_err *err)
{
	char *folder = sg_strdup(program), *cut = strrchr(folder, '\\');
	int r = check_list(program, err);

	if (cut && r == 0) {
		*cut = 0;
		r = check_list(folder, err);
	}
	free(folder);
	return r;
}
