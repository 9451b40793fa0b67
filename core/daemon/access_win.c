/* access_win.c - looks the accounts of <access> up on Windows. Blocking (a domain controller may be asked); never on the loop's thread.
 *
 * A name of a domain that is not known now is left out and said: it gets no right, and the configuration is in force all the same. The service starts before
 * the domain can be asked, and a server without protection would be the worse end.
 */
#include "daemon/access.h"
#include "base/closed_win.h"
#include "base/drive.h"
#include "base/log.h"
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"
#include "daemon/mend_win.h"
#include "model/codes.h"

#include <windows.h>
#include <sddl.h>

#include <stdlib.h>
#include <string.h>

static int refuse(const char *name, struct sg_err *err)
{
	return sg_fail(err, SG_EINVAL, "<access>: there is no account or group \"%s\" on this machine", name);
}

/* SG_ENOENT: it belongs to a domain that does not know it, or does not answer. */
static int look_up(const char *name, char **ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_wide(name), domain[512];
	unsigned char sid[SECURITY_MAX_SID_SIZE];
	DWORD n_sid = sizeof sid, n_domain = 512;
	SID_NAME_USE use = SidTypeInvalid;
	bool found = LookupAccountNameW(NULL, wide, sid, &n_sid, domain, &n_domain, &use);

	free(wide);
	if (found && (use == SidTypeUser || use == SidTypeGroup || use == SidTypeAlias ||
	                     use == SidTypeWellKnownGroup)) {
		*ret = sg_win_sid_text(sid);
		return 0;
	}
	return !found && strpbrk(name, "\\@") ? SG_ENOENT : refuse(name, err);
}

static int take_sid(const char *text, char **ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_wide(text);
	PSID sid = NULL;
	bool good = ConvertStringSidToSidW(wide, &sid);

	free(wide);
	if (!good)
		return sg_fail(err, SG_EINVAL, "<access>: \"%s\" is no SID", text);
	*ret = sg_win_sid_text(sid);
	LocalFree(sid);
	return 0;
}

static int add_one(const char *name, struct sg_strs *ids, struct sg_err *err)
{
	char *sid = NULL;
	int r;

	if (sg_same(name, "root")) /* the default: the administrators, who are always listed */
		return 0;
	r = sg_same_n(name, "S-1-", 4) ? take_sid(name, &sid, err) : look_up(name, &sid, err);
	if (r == 0)
		sg_strs_add_once(ids, sid);
	if (r == SG_ENOENT) {
		sg_log(SG_WARNING, SG_EV_ACCOUNT_UNKNOWN, NULL,
		        "<access>: \"%s\" is not known, or its domain does not answer: it may do nothing "
		        "until "
		        "the configuration is read again; its SID in its place needs no domain",
		        name);
		r = 0;
	}
	free(sid);
	return r;
}

static int add_list(const char *list, struct sg_strs *ids, struct sg_err *err)
{
	int r = 0;

	for (const char *at = list ? list : ""; r == 0 && *at;) {
		size_t len = strcspn(at, ","), skip = strspn(at, " \t\r\n%"), end = len;
		char *name;

		while (end > skip && strchr(" \t\r\n", at[end - 1]))
			end--;
		name = sg_strndup(at + skip, end > skip ? end - skip : 0);
		if (*name)
			r = add_one(name, ids, err);
		free(name);
		at += len + (at[len] == ',');
	}
	return r;
}

int sg_access_resolve(
        const char *read, const char *change, bool remote, struct sg_access **ret, struct sg_err *err)
{
	/* nobody by name; a restricted token; an app container; untrusted and low integrity, where browsers and readers of documents run */
	static const char *const never[] = { "S-1-5-7", "S-1-5-12", "S-1-15-2-1", "S-1-16-0", "S-1-16-4096" };
	struct sg_access *a = sg_alloc(sizeof *a);
	char *self = sg_access_self();
	int r;

	sg_strs_add_once(&a->always, "S-1-5-18");     /* SYSTEM */
	sg_strs_add_once(&a->always, "S-1-5-32-544"); /* Administrators, where the token has them enabled */
	sg_strs_add_once(&a->always, self);
	free(self);
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		sg_strs_add(&a->never, never[i]);
	if (!remote)
		sg_strs_add(&a->never,
		        "S-1-5-2"); /* NETWORK; another machine's own calls the pipe refuses by itself */
	r = add_list(read, &a->read, err);
	if (r == 0)
		r = add_list(change, &a->change, err);
	if (r < 0) {
		sg_access_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

char *sg_access_self(void)
{
	return sg_win_self_sid();
}

char *sg_access_account(const char *id)
{
	return sg_win_account(id);
}

int sg_access_check_file(const char *file, struct sg_err *err)
{
	int r = sg_win_check(file, SG_WIN_FILE, err);

	return r < 0 ? r : sg_win_check_way(file, err);
}

/* NULL: it cannot be told. */
static char *own_folder(void)
{
	struct sg_drives drives = { 0 };
	char *own = NULL;

	return sg_drive_canonical(&drives, "%ProgramData%\\stopgap", &own, NULL) == 0 ? own : NULL;
}

void sg_access_mend(bool live, const char *journal, struct sg_strs *ret_put_back, struct sg_strs *ret_left)
{
	struct sg_mended mended = { 0 };
	char *own = live ? own_folder() : NULL;

	if (own)
		sg_mend_folder(own, SG_MEND_OWN, NULL, &mended);
	sg_mend_folder(journal, SG_MEND_JOURNAL, NULL, &mended);
	free(own);
	*ret_put_back = mended.put_back;
	*ret_left = mended.left;
}

void sg_access_mend_around(const char *file, struct sg_strs *ret_put_back, struct sg_strs *ret_left)
{
	struct sg_mended mended = { 0 };
	char *own = own_folder();
	size_t len = own ? strlen(own) : 0;

	if (own && sg_same_n(file, own, len) && sg_os_slash(file[len]))
		sg_mend_folder(own, SG_MEND_OWN, NULL, &mended);
	free(own);
	*ret_put_back = mended.put_back;
	*ret_left = mended.left;
}
