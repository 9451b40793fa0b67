/* closed_way_win.c - refuses what others may change, by name: a file, a folder, a link with what it leads to, and the way to each. Changes nothing. */
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

int sg_win_refuse(
        const char *path, enum sg_win_place place, enum sg_win_access is, const char *sid, struct sg_err *err)
{
	char *account = sid ? sg_win_account(sid) : NULL;
	int r = is == SG_WIN_CLOSED ? 0 : SG_EACCES;

	switch (is) {
	case SG_WIN_CLOSED: break;
	case SG_WIN_OWNED:
		sg_fail(err, r,
		        "%s may be changed by %s, who owns it: icacls \"%s\" /setowner *" ADMINISTRATORS
		        " gives it to the administrators; look at what is in it first",
		        path, account, path);
		break;
	case SG_WIN_LISTED:
		sg_fail(err, r,
		        "%s may be changed by %s: icacls \"%s\" /inheritance:d /grant:r *%s:%sRX leaves "
		        "that account the right to read; look at what is in it first",
		        path, account, path, sid, place == SG_WIN_FOLDER ? "(OI)(CI)" : "");
		break;
	case SG_WIN_UNLISTED:
		sg_fail(err, r,
		        "%s may be changed by anybody, as its owner or its access list is missing or of an "
		        "unknown kind: icacls \"%s\" /inheritance:r /grant:r *" SYSTEM ":F *" ADMINISTRATORS
		        ":F closes it; look at what is in it first",
		        path, path);
		break;
	}
	free(account);
	return r;
}

static int check_one(const char *path, DWORD how, enum sg_win_place place, bool *ret_link, struct sg_err *err)
{
	struct sg_win_look seen = { 0 };
	int r = sg_win_look_at(path, how, place, &seen, err);

	if (r == 0) {
		*ret_link = seen.link;
		r = sg_win_refuse(path, place, seen.is, seen.strangers.n ? seen.strangers.at[0] : NULL, err);
	}
	sg_win_look_release(&seen);
	return r;
}

/* --- the way to it */

/* Cuts the last name off: of "C:\a\b" to "C:\a", then "C:\"; of "\\server\share\a" to "\\server\share\". False: that was the root. */
static bool go_up(char *path)
{
	size_t root = sg_win_root(path), len = strlen(path);

	while (len > root && path[len - 1] == '\\')
		len--;
	if (len == root)
		return false;
	while (len > root && path[len - 1] != '\\')
		len--;
	while (len > root && path[len - 1] == '\\')
		len--;
	path[len] = 0;
	return true;
}

static bool is_root(const char *path)
{
	return *path && path[strlen(path) - 1] == '\\';
}

/* One folder of the way: what is wrong with it is added to `open`. */
static int check_step(const char *folder, struct sg_buf *open, struct sg_err *err)
{
	struct sg_win_look seen = { 0 };
	struct sg_file_id id = { 0 };
	char *account;
	int r = sg_os_stat(folder, &id, err);

	if (r == 0)
		r = sg_win_look(folder, is_root(folder) ? SG_WIN_ROOT : SG_WIN_ABOVE, &seen, err);
	if (r < 0)
		return r;
	if (open->len && (id.is_link || seen.is != SG_WIN_CLOSED))
		sg_buf_str(open, "; ");
	account = seen.is == SG_WIN_CLOSED || !seen.strangers.n ? sg_strdup("anybody")
	                                                        : sg_win_account(seen.strangers.at[0]);
	if (id.is_link)
		sg_buf_fmt(open, "%s is a link (name where it leads instead)", folder);
	else if (seen.is != SG_WIN_CLOSED)
		sg_buf_fmt(open, "%s may be changed by %s%s", folder, account,
		        seen.is == SG_WIN_OWNED ? ", who owns it" : "");
	free(account);
	sg_win_look_release(&seen);
	return 0;
}

int sg_win_check_way(const char *path, struct sg_err *err)
{
	struct sg_buf open = { 0 };
	char *at = NULL;
	bool last = true;
	int r = sg_win_full_path(path, &at, err);

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

/* --- it, and what it leads to */

/* Where the link leads in the end, as the system names it; the caller's. */
static int follow(const char *path, char **ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path), end[32768];
	HANDLE h = sg_win_open(wide, FILE_READ_ATTRIBUTES,
	        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
	        FILE_FLAG_BACKUP_SEMANTICS);
	DWORD n = h == INVALID_HANDLE_VALUE ? 0 : GetFinalPathNameByHandleW(h, end, 32768, 0),
	      e = n ? ERROR_BUFFER_OVERFLOW : GetLastError();

	if (h != INVALID_HANDLE_VALUE)
		CloseHandle(h);
	free(wide);
	if (!n || n >= 32768)
		return sg_win_fail(err, e, "cannot tell where %s leads", path);
	*ret = sg_win_utf8(wcsncmp(end, L"\\\\?\\UNC\\", 8) == 0 ? wmemcpy(end + 6, L"\\", 1) : end);
	return 0;
}

static int check_link(const char *path, enum sg_win_place place, struct sg_err *err)
{
	bool none = false;
	char *folder = NULL, *end = NULL;
	int r = sg_win_full_path(path, &folder, err);

	if (r == 0 && go_up(folder)) /* who may take names away there may put another link in its place */
		r = check_one(folder, FILE_FLAG_OPEN_REPARSE_POINT,
		        is_root(folder) ? SG_WIN_ROOT : SG_WIN_ABOVE, &none, err);
	if (r == 0)
		r = follow(path, &end, err);
	if (r == 0)
		r = check_one(end, 0, place, &none, err);
	if (r == 0)
		r = sg_win_check_way(end, err);
	free(end);
	free(folder);
	return r;
}

int sg_win_check(const char *path, enum sg_win_place place, struct sg_err *err)
{
	bool link = false;
	int r = check_one(path, FILE_FLAG_OPEN_REPARSE_POINT, place, &link, err);

	return r == 0 && link ? check_link(path, place, err) : r;
}

int sg_os_ours(const char *path, struct sg_err *err)
{
	struct sg_file_id id = { 0 };
	int r = sg_os_stat(path, &id, err);

	return r < 0 ? r : sg_win_check(path, id.is_file ? SG_WIN_FILE : SG_WIN_FOLDER, err);
}
