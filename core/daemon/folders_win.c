/* folders_win.c - access lists of folders. Never follows a link. */
#include "daemon/folders_win.h"
#include "base/closed_win.h"
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"
#include "daemon/lists_win.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

/* --- the service's own */

/* What is open as `h` has an owner, or for a file an access list, that others have no part in. */
static int check_open(void *h, const char *path, enum sg_win_place place, struct sg_err *err)
{
	struct sg_win_look seen = { 0 };
	int r = sg_win_look_open(h, path, place, &seen, err);

	if (r == 0 && seen.is != SG_WIN_CLOSED)
		r = sg_win_refuse(path, place, seen.is, seen.strangers.n ? seen.strangers.at[0] : NULL, err);
	sg_win_look_release(&seen);
	return r;
}

/* Looks at `name` of the open folder `in` (NULL: the top) and, with `close`, closes the very one that was looked at. *ret: it is a folder, and open, which the
 * caller closes; else NULL. */
static int close_entry(
        const char *path, void *in, const char *name, bool close, void **ret, struct sg_err *err)
{
	struct sg_file_id id = { 0 };
	void *h = NULL;
	int r = sg_list_open(path, false, &h, &id, err);

	*ret = NULL;
	if (r < 0)
		return r;
	if (id.is_link)
		r = sg_fail(err, SG_EACCES,
		        "%s is a link, which stopgap never made: look at it, and remove it", path);
	else if (!id.is_dir && id.links > 1)
		r = sg_fail(err, SG_EACCES,
		        "%s is the same file as another (it has %u hard links), which would be closed with "
		        "it: "
		        "look at it, and remove it",
		        path, (unsigned)id.links);
	else if (in && !sg_list_lies(h, in, name))
		r = sg_fail(
		        err, SG_EACCES, "%s is not in its folder any more: look at it, and try again", path);
	if (r == 0)
		r = check_open(h, path, id.is_dir ? SG_WIN_OWNER : SG_WIN_FILE, err);
	if (r == 0 && close)
		r = sg_list_set(h, path,
		        !in         ? SG_LIST_TOP
		        : id.is_dir ? SG_LIST_FOLDER
		                    : SG_LIST_FILE,
		        false, err);
	if (r == 0 && id.is_dir)
		*ret = h;
	else
		CloseHandle(h);
	return r;
}

/* Everything below `folder`, which is open as `h`, so that it stays where it is, and closed to others by then, so that nobody puts in what was not listed.
 * Without `close` it is only looked at. */
static int walk(const char *folder, void *h, bool close, struct sg_err *err)
{
	struct sg_strs names = { 0 };
	int r = sg_os_list(folder, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char *path = sg_format("%s\\%s", folder, names.at[i]);
		struct sg_err why = SG_ERR_INIT;
		void *inside = NULL;

		r = close_entry(path, h, names.at[i], close, &inside, &why);
		if (r == 0 && inside)
			r = walk(path, inside, close, err);
		else if (r == SG_ENOENT) /* a service that runs makes files and takes them away */
			r = 0;
		else if (r < 0)
			sg_fail(err, r, "%s", why.msg);
		if (inside)
			CloseHandle(inside);
		free(path);
	}
	sg_strs_release(&names);
	return r;
}

/* The first walk changes nothing, so that what is refused stays as it is. A folder in the tree is open to others until the second one closes it: that looks at
 * everything anew, after its folder was closed; the third would see what still got in. */
int sg_folder_close(const char *folder, struct sg_err *err)
{
	void *top = NULL;
	int r = sg_os_mkdirs(folder, err);

	if (r == 0) /* nobody else puts anything in from here on */
		r = close_entry(folder, NULL, NULL, true, &top, err);
	if (r == 0)
		r = walk(folder, top, false, err);
	if (r == 0)
		r = walk(folder, top, true, err);
	if (r == 0)
		r = walk(folder, top, false, err);
	if (top)
		CloseHandle(top);
	return r;
}

/* --- where the administrator put them */

int sg_folder_check_config(const char *config, struct sg_err *err)
{
	struct sg_file_id id = { 0 };
	struct sg_err why = SG_ERR_INIT;
	int r = sg_win_check_way(config, err);

	if (r < 0)
		return r;
	r = sg_os_stat(config, &id, &why);
	if (r == SG_ENOENT) /* it may be written later, and is looked at then */
		return 0;
	return r < 0 ? sg_fail(err, r, "%s", why.msg) : sg_win_check(config, SG_WIN_FILE, err);
}

/* Whether there is a journal in it, or nothing at all: then all of it is ours. SG_ENOENT: it is not there. */
static int look_for_journal(const char *folder, bool *ret_ours, struct sg_err *err)
{
	struct sg_strs names = { 0 };
	int r = sg_os_list(folder, &names, err);

	*ret_ours = r == 0 && (names.n == 0 || sg_strs_has(&names, "journal.mdb"));
	sg_strs_release(&names);
	return r;
}

int sg_folder_close_journal(const char *folder, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	bool ours = false;
	int r = sg_win_check_way(folder, err);

	if (r < 0)
		return r;
	r = look_for_journal(folder, &ours, &why);
	if (r < 0 && r != SG_ENOENT)
		return sg_fail(err, r, "%s", why.msg);
	if (r == 0 && !ours)
		return sg_fail(err, SG_EINVAL,
		        "%s holds other things than a journal, and a journal's folder is for SYSTEM and the "
		        "administrators alone: choose one that is empty, or not there yet",
		        folder);
	r = sg_folder_close(folder, err);
	/* What is above it is not empty from here on, and nobody can make a link of it any more: whether somebody did before is seen now. */
	return r < 0 ? r : sg_win_check_way(folder, err);
}

/* --- the program's */

int sg_folder_check_program(const char *program, struct sg_err *err)
{
	char *folder = sg_strdup(program), *cut = strrchr(folder, '\\');
	struct sg_err why = SG_ERR_INIT;
	int r = sg_win_check(program, SG_WIN_FILE, &why);

	if (cut && r == 0) {
		*cut = 0;
		r = sg_win_check(folder, SG_WIN_FOLDER, &why);
		if (r == 0)
			r = sg_win_check_way(folder, &why);
	}
	if (r < 0)
		sg_fail(err, r,
		        "%s. What runs from there runs as SYSTEM: put the program below C:\\Program Files, "
		        "and "
		        "install it from there",
		        why.msg);
	free(folder);
	return r;
}
