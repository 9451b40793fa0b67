/* folders_win.c - access lists of folders. Never follows a link. */
#include "daemon/folders_win.h"
#include "base/closed_win.h"
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"

#include <windows.h>
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
			r = check ? sg_win_check(path, id.is_dir ? SG_WIN_OWNER : SG_WIN_FILE, err)
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
		r = sg_win_check(folder, SG_WIN_OWNER, err);
	if (r == 0)
		r = set_list(folder, TOP, err); /* from here on nobody else puts anything in */
	if (r == 0)
		r = walk(folder, true, err);
	if (r == 0)
		r = walk(folder, false, err);
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
	return sg_folder_close(folder, err);
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
