/* closed_win.c - reads owners and access lists. Changes nothing. */
#include "base/closed_win.h"
#include "base/os.h"
#include "base/os_open_win.h"
#include "base/os_win.h"
#include "base/text.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

#define SYSTEM         "S-1-5-18"
#define ADMINISTRATORS "S-1-5-32-544"
#define INSTALLER                                                                                            \
	"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464" /* NT SERVICE\TrustedInstaller */
#define OWNER_RIGHTS "S-1-3-4" /* whoever owns it, who is judged by himself */

enum { REPLACES = FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER };

static DWORD forbidden(enum sg_win_place place)
{
	switch (place) {
	case SG_WIN_OWNER: return 0;
	case SG_WIN_FILE:
	case SG_WIN_FOLDER: /* FILE_WRITE_DATA and FILE_APPEND_DATA make files and folders there */
		return REPLACES | FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES |
		       GENERIC_WRITE | GENERIC_ALL;
	case SG_WIN_ABOVE: return REPLACES | GENERIC_ALL;
	case SG_WIN_ROOT: return (REPLACES & ~(DWORD)DELETE) | GENERIC_ALL;
	}
	return MAXDWORD;
}

static bool is_trusted(const char *sid, const char *self)
{
	return strcmp(sid, SYSTEM) == 0 || strcmp(sid, ADMINISTRATORS) == 0 || strcmp(sid, INSTALLER) == 0 ||
	       (self && strcmp(sid, self) == 0);
}

/* The trustee of an entry that may allow something; NULL for a kind whose form is not known, or that is too short for what it claims. */
static PSID trustee_of(const ACE_HEADER *entry)
{
	size_t at = sizeof(ACE_HEADER) + sizeof(ACCESS_MASK);
	PSID sid;

	switch (entry->AceType) {
	case ACCESS_ALLOWED_ACE_TYPE:
	case ACCESS_ALLOWED_CALLBACK_ACE_TYPE: break;
	case ACCESS_ALLOWED_OBJECT_ACE_TYPE:
	case ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE: {
		DWORD has = 0;

		if (entry->AceSize < at + sizeof has)
			return NULL;
		memcpy(&has, (const char *)entry + at, sizeof has);
		at += sizeof has + (has & ACE_OBJECT_TYPE_PRESENT ? sizeof(GUID) : 0) +
		      (has & ACE_INHERITED_OBJECT_TYPE_PRESENT ? sizeof(GUID) : 0);
		break;
	}
	default: return NULL;
	}
	sid = (char *)(uintptr_t)entry + at;
	if (entry->AceSize < at + 8 || !IsValidSid(sid) || entry->AceSize < at + GetLengthSid(sid))
		return NULL;
	return sid;
}

static bool is_denial(const ACE_HEADER *entry)
{
	return entry->AceType == ACCESS_DENIED_ACE_TYPE || entry->AceType == ACCESS_DENIED_OBJECT_ACE_TYPE ||
	       entry->AceType == ACCESS_DENIED_CALLBACK_ACE_TYPE ||
	       entry->AceType == ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE;
}

static enum sg_win_access judge_entry(const ACE_HEADER *entry, DWORD mask, const char *self, char **ret_sid)
{
	ACCESS_MASK allows = 0;
	char *sid;
	PSID who;

	if (is_denial(entry) || (entry->AceFlags & INHERIT_ONLY_ACE))
		return SG_WIN_CLOSED;
	if (entry->AceSize < sizeof *entry + sizeof allows)
		return SG_WIN_UNLISTED;
	memcpy(&allows, entry + 1, sizeof allows);
	if (!(allows & mask))
		return SG_WIN_CLOSED;
	who = trustee_of(entry);
	if (!who)
		return SG_WIN_UNLISTED;
	sid = sg_win_sid_text(who);
	if (is_trusted(sid, self) || strcmp(sid, OWNER_RIGHTS) == 0) {
		free(sid);
		return SG_WIN_CLOSED;
	}
	*ret_sid = sid;
	return SG_WIN_LISTED;
}

enum sg_win_access sg_win_judge(void *descriptor, enum sg_win_place place, const char *self, char **ret_sid)
{
	BOOL present = FALSE, by_default = FALSE;
	enum sg_win_access is = SG_WIN_CLOSED;
	PSID owner = NULL;
	ACL *list = NULL;
	char *sid;

	*ret_sid = NULL;
	if (!GetSecurityDescriptorOwner(descriptor, &owner, &by_default) || !owner)
		return SG_WIN_UNLISTED;
	sid = sg_win_sid_text(owner);
	if (!is_trusted(sid, self)) {
		*ret_sid = sid;
		return SG_WIN_OWNED;
	}
	free(sid);
	if (place == SG_WIN_OWNER)
		return SG_WIN_CLOSED;
	if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &by_default) || !present || !list)
		return SG_WIN_UNLISTED;
	for (DWORD i = 0; is == SG_WIN_CLOSED && i < list->AceCount; i++) {
		void *entry = NULL;

		is = GetAce(list, i, &entry) ? judge_entry(entry, forbidden(place), self, ret_sid)
		                             : SG_WIN_UNLISTED;
	}
	return is;
}

/* --- of what is there */

/* This account, where it is to be trusted; see the header. NULL: it is not. */
static char *trusted_self(void)
{
	struct {
		TOKEN_OWNER makes;
		unsigned char sid[SECURITY_MAX_SID_SIZE];
	} owner;
	DWORD size = 0;
	HANDLE token;
	bool person;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return NULL;
	person = GetTokenInformation(token, TokenOwner, &owner, sizeof owner, &size) &&
	         !IsWellKnownSid(owner.makes.Owner, WinBuiltinAdministratorsSid) &&
	         !IsWellKnownSid(owner.makes.Owner, WinLocalSystemSid);
	CloseHandle(token);
	return person ? sg_win_self_sid() : NULL;
}

/* Owner and access list of what `how` (FILE_FLAG_*) opens; the caller's. */
static int read_descriptor(const char *path, DWORD how, void **ret, bool *ret_link, struct sg_err *err)
{
	const SECURITY_INFORMATION what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
	wchar_t *wide = sg_win_path(path);
	HANDLE h = sg_win_open(wide, READ_CONTROL | FILE_READ_ATTRIBUTES,
	        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
	        FILE_FLAG_BACKUP_SEMANTICS | how);
	BY_HANDLE_FILE_INFORMATION info = { 0 };
	DWORD e = h == INVALID_HANDLE_VALUE ? GetLastError() : 0, size = 0;
	void *sd = NULL;

	free(wide);
	if (!e) {
		GetKernelObjectSecurity(h, what, NULL, 0, &size);
		sd = sg_alloc((size_t)size + 1);
		if (!GetFileInformationByHandle(h, &info) ||
		        !GetKernelObjectSecurity(h, what, sd, size, &size))
			e = GetLastError();
		CloseHandle(h);
	}
	if (e) {
		free(sd);
		return sg_win_fail(err, e, "cannot tell who may change %s", path);
	}
	*ret = sd;
	*ret_link = info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT;
	return 0;
}

static int look(const char *path, DWORD how, enum sg_win_place place, enum sg_win_access *ret, char **ret_sid,
        bool *ret_link, struct sg_err *err)
{
	char *self = trusted_self();
	void *sd = NULL;
	int r = read_descriptor(path, how, &sd, ret_link, err);

	if (r == 0)
		*ret = sg_win_judge(sd, place, self, ret_sid);
	free(self);
	free(sd);
	return r;
}

static int check_one(const char *path, DWORD how, enum sg_win_place place, bool *ret_link, struct sg_err *err)
{
	enum sg_win_access is = SG_WIN_CLOSED;
	char *sid = NULL, *account = NULL;
	int r = look(path, how, place, &is, &sid, ret_link, err);

	if (r < 0)
		return r;
	if (sid)
		account = sg_win_account(sid);
	switch (is) {
	case SG_WIN_CLOSED: break;
	case SG_WIN_OWNED:
		r = sg_fail(err, SG_EACCES,
		        "%s may be changed by %s, who owns it: icacls \"%s\" /setowner *" ADMINISTRATORS
		        " gives it to the administrators; look at what is in it first",
		        path, account, path);
		break;
	case SG_WIN_LISTED:
		r = sg_fail(err, SG_EACCES,
		        "%s may be changed by %s: icacls \"%s\" /inheritance:d /grant:r *%s:%sRX leaves "
		        "that account the right to read; look at what is in it first",
		        path, account, path, sid, place == SG_WIN_FOLDER ? "(OI)(CI)" : "");
		break;
	case SG_WIN_UNLISTED:
		r = sg_fail(err, SG_EACCES,
		        "%s may be changed by anybody, as its owner or its access list is missing or of an "
		        "unknown kind: icacls \"%s\" /inheritance:r /grant:r *" SYSTEM ":F *" ADMINISTRATORS
		        ":F closes it; look at what is in it first",
		        path, path);
		break;
	}
	free(account);
	free(sid);
	return r;
}

int sg_win_check(const char *path, enum sg_win_place place, struct sg_err *err)
{
	bool link = false, none = false;
	int r = check_one(path, FILE_FLAG_OPEN_REPARSE_POINT, place, &link, err);

	return r == 0 && link ? check_one(path, 0, place, &none, err) : r;
}

int sg_os_ours(const char *path, struct sg_err *err)
{
	struct sg_file_id id = { 0 };
	int r = sg_os_stat(path, &id, err);

	return r < 0 ? r : sg_win_check(path, id.is_file ? SG_WIN_FILE : SG_WIN_FOLDER, err);
}

/* --- the way to it */

/* Absolute, and without . and .. ; the caller's. */
static int full_path(const char *path, char **ret, struct sg_err *err)
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

/* Cuts the last name off: of "C:\a\b" to "C:\a", then "C:\"; of "\\server\share\a" to "\\server\share\". False: that was the root. */
static bool go_up(char *path)
{
	char *root = path, *last = strrchr(path, '\\');

	if (strncmp(path, "\\\\?\\", 4) == 0 && path[4] && path[5] == ':') {
		root = path + 4;
	} else if (strncmp(path, "\\\\", 2) == 0) {
		root = strchr(path + 2, '\\');
		root = root ? strchr(root + 1, '\\') : NULL;
		if (!root)
			return false;
		root -= 2; /* what follows counts from a drive's colon */
	}
	if (!last || last < root + 2 || !last[1])
		return false;
	last[last == root + 2] = 0;
	return true;
}

static bool is_root(const char *path)
{
	return *path && path[strlen(path) - 1] == '\\';
}

/* One folder of the way: what is wrong with it is added to `open`. */
static int check_step(const char *folder, struct sg_buf *open, struct sg_err *err)
{
	enum sg_win_access is = SG_WIN_CLOSED;
	struct sg_file_id id = { 0 };
	char *sid = NULL, *account = NULL;
	bool link = false;
	int r = sg_os_stat(folder, &id, err);

	if (r == 0)
		r = look(folder, FILE_FLAG_OPEN_REPARSE_POINT, is_root(folder) ? SG_WIN_ROOT : SG_WIN_ABOVE,
		        &is, &sid, &link, err);
	if (r < 0)
		return r;
	if (open->len && (id.is_link || is != SG_WIN_CLOSED))
		sg_buf_str(open, "; ");
	account = sid ? sg_win_account(sid) : sg_strdup("anybody");
	if (id.is_link)
		sg_buf_fmt(open, "%s is a link (name where it leads instead)", folder);
	else if (is != SG_WIN_CLOSED)
		sg_buf_fmt(open, "%s may be changed by %s%s", folder, account,
		        is == SG_WIN_OWNED ? ", who owns it" : "");
	free(account);
	free(sid);
	return 0;
}

int sg_win_check_way(const char *path, struct sg_err *err)
{
	struct sg_buf open = { 0 };
	char *at = NULL;
	bool last = true;
	int r = full_path(path, &at, err);

	while (r == 0 && go_up(at)) {
		struct sg_err why = SG_ERR_INIT;

		r = check_step(at, &open, &why);
		if (r == SG_ENOENT && last)
			r = 0;
		else if (r < 0)
			sg_fail(err, r, "%s", why.msg);
		else
			last = false;
	}
	if (r == 0 && open.len)
		r = sg_fail(err, SG_EACCES,
		        "%s is not safe where it is, as others may put something else there: %s. Choose "
		        "another place",
		        path, (char *)open.data);
	sg_buf_release(&open);
	free(at);
	return r;
}
