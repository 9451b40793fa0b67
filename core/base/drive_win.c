/* drive_win.c - Windows paths on Windows: they are native. Names such as %SystemRoot% mean what the system says, because
 * its folder need not be on C:. */
#include "base/drive.h"
#include "base/os_win.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

char *sg_drive_env(const char *name)
{
	wchar_t *wide = sg_win_wide(name);
	DWORD len = GetEnvironmentVariableW(wide, NULL, 0);
	wchar_t *value = len ? sg_alloc(len * sizeof *value) : NULL;
	char *utf8 = NULL;

	if (value && GetEnvironmentVariableW(wide, value, len) < len)
		utf8 = sg_win_utf8(value);
	free(value);
	free(wide);
	return utf8;
}

int sg_drives_add(struct sg_drives *d, const char *arg, struct sg_err *err)
{
	(void)d;
	return sg_fail(err, SG_EUNSUPPORTED,
	        "\"%s\": drives are given on other systems only; here they are what they are", arg);
}

void sg_drives_release(struct sg_drives *d)
{
	for (int i = 0; i < 26; i++)
		free(d->dir[i]);
	*d = (struct sg_drives){ 0 };
}

int sg_drive_path(
        const struct sg_drives *d, const char *win, bool may_lack_last, char **ret, struct sg_err *err)
{
	char *full = NULL;
	wchar_t *wide;
	DWORD e = 0;
	int r;

	r = sg_drive_canonical(d, win, &full, err);
	if (r < 0)
		return r;
	wide = sg_win_path(full);
	if (GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES)
		e = GetLastError(); /* "path not found" when a folder on the way is missing, "file" for the last name */
	free(wide);
	if (e && !(e == ERROR_FILE_NOT_FOUND && may_lack_last)) {
		r = sg_win_fail(err, e, "%s", full);
		free(full);
		return r;
	}
	*ret = full;
	return 0;
}
