/* closed_win.c - reads owners and access lists. Changes nothing. */
#include "base/closed_win.h"
#include "base/os_open_win.h"
#include "base/os_win.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

#define SYSTEM         "S-1-5-18"
#define ADMINISTRATORS "S-1-5-32-544"
#define INSTALLER                                                                                            \
	"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464" /* NT SERVICE\TrustedInstaller */
#define OWNER_RIGHTS "S-1-3-4" /* whoever owns it, who is judged by himself */
/* CREATOR OWNER, CREATOR GROUP, and the same for servers ("Well-known SIDs"): replaced by an account where an entry is handed on. In an entry that is in force
 * they stand for nobody, as no token has them. */
static const char *const nobody[] = { "S-1-3-0", "S-1-3-1", "S-1-3-2", "S-1-3-3" };

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

static bool is_harmless(const char *sid, const char *self)
{
	for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++)
		if (strcmp(sid, nobody[i]) == 0)
			return true;
	return is_trusted(sid, self) || strcmp(sid, OWNER_RIGHTS) == 0;
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
	if (is_harmless(sid, self)) {
		free(sid);
		return SG_WIN_CLOSED;
	}
	*ret_sid = sid;
	return SG_WIN_LISTED;
}

static void find(enum sg_win_access is, char *sid, enum sg_win_access *ret, struct sg_strs *strangers)
{
	if (*ret == SG_WIN_CLOSED || is == SG_WIN_UNLISTED)
		*ret = is;
	if (sid)
		sg_strs_add_once(strangers, sid);
	free(sid);
}

enum sg_win_access sg_win_strangers(
        void *descriptor, enum sg_win_place place, const char *self, struct sg_strs *strangers)
{
	BOOL present = FALSE, by_default = FALSE;
	enum sg_win_access found = SG_WIN_CLOSED;
	PSID owner = NULL;
	ACL *list = NULL;
	char *sid;

	if (!GetSecurityDescriptorOwner(descriptor, &owner, &by_default) || !owner)
		return SG_WIN_UNLISTED;
	sid = sg_win_sid_text(owner);
	if (is_trusted(sid, self))
		free(sid);
	else
		find(SG_WIN_OWNED, sid, &found, strangers);
	if (place == SG_WIN_OWNER)
		return found;
	if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &by_default) || !present || !list)
		return SG_WIN_UNLISTED;
	for (DWORD i = 0; i < list->AceCount; i++) {
		enum sg_win_access is = SG_WIN_UNLISTED;
		void *entry = NULL;

		sid = NULL;
		if (GetAce(list, i, &entry))
			is = judge_entry(entry, forbidden(place), self, &sid);
		find(is, sid, &found, strangers);
	}
	return found;
}

/* Whoever owns it is the first of the strangers. */
enum sg_win_access sg_win_judge(void *descriptor, enum sg_win_place place, const char *self, char **ret_sid)
{
	struct sg_strs strangers = { 0 };
	enum sg_win_access is = sg_win_strangers(descriptor, place, self, &strangers);

	*ret_sid = strangers.n && (is == SG_WIN_OWNED || is == SG_WIN_LISTED) ? sg_strdup(strangers.at[0])
	                                                                      : NULL;
	sg_strs_release(&strangers);
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

/* Owner and access list of what is open; the caller's. */
static int read_descriptor(HANDLE h, const char *path, void **ret, bool *ret_link, struct sg_err *err)
{
	const SECURITY_INFORMATION what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
	BY_HANDLE_FILE_INFORMATION info = { 0 };
	DWORD size = 0;
	void *sd;
	int r;

	GetKernelObjectSecurity(h, what, NULL, 0, &size);
	sd = sg_alloc((size_t)size + 1);
	if (!GetFileInformationByHandle(h, &info) || !GetKernelObjectSecurity(h, what, sd, size, &size)) {
		r = sg_win_fail(err, GetLastError(), "cannot tell who may change %s", path);
		free(sd);
		return r;
	}
	*ret = sd;
	*ret_link = info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT;
	return 0;
}

int sg_win_look_open(
        void *h, const char *path, enum sg_win_place place, struct sg_win_look *ret, struct sg_err *err)
{
	SECURITY_DESCRIPTOR_CONTROL control = 0;
	struct sg_win_look seen = { 0 };
	char *self = trusted_self();
	DWORD revision = 0;
	void *sd = NULL;
	int r = read_descriptor(h, path, &sd, &seen.link, err);

	if (r == 0) {
		seen.is = sg_win_strangers(sd, place, self, &seen.strangers);
		seen.apart = GetSecurityDescriptorControl(sd, &control, &revision) &&
		             (control & SE_DACL_PROTECTED);
		*ret = seen;
	}
	free(self);
	free(sd);
	return r;
}

int sg_win_look_at(const char *path, unsigned long how, enum sg_win_place place, struct sg_win_look *ret,
        struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path);
	HANDLE h = sg_win_open(wide, READ_CONTROL | FILE_READ_ATTRIBUTES,
	        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
	        FILE_FLAG_BACKUP_SEMANTICS | how);
	DWORD e = GetLastError();
	int r;

	free(wide);
	if (h == INVALID_HANDLE_VALUE)
		return sg_win_fail(err, e, "cannot tell who may change %s", path);
	r = sg_win_look_open(h, path, place, ret, err);
	CloseHandle(h);
	return r;
}

int sg_win_look(const char *path, enum sg_win_place place, struct sg_win_look *ret, struct sg_err *err)
{
	return sg_win_look_at(path, FILE_FLAG_OPEN_REPARSE_POINT, place, ret, err);
}

void sg_win_look_release(struct sg_win_look *look)
{
	sg_strs_release(&look->strangers);
	*look = (struct sg_win_look){ 0 };
}
