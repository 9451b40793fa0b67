/* drive_posix.c - Windows drives that are folders of this machine. Guarantees that a path never leaves its drive: it is
 * walked component by component, each must match exactly one entry without case, and no entry may be a link. */
#include "base/drive.h"
#include "base/os.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

char *sg_drive_env(const char *name)
{
	(void)name;
	return NULL;
}

bool sg_drives_live(const struct sg_drives *d)
{
	(void)d;
	return false;
}

const char *sg_drive_root(const struct sg_drives *d, char letter)
{
	return d->dir[letter - 'A'];
}

int sg_drives_add(struct sg_drives *d, const char *arg, struct sg_err *err)
{
	char letter = (char)(arg[0] >= 'a' && arg[0] <= 'z' ? arg[0] - 32 : arg[0]);
	struct sg_file_id id = { 0 };
	char *real, *dir;
	int r;

	if (letter < 'A' || letter > 'Z' || arg[1] != '=' || !arg[2])
		return sg_fail(err, SG_EINVAL, "\"%s\" is no drive: write it as C=FOLDER", arg);
	if (d->dir[letter - 'A'])
		return sg_fail(err, SG_EINVAL, "the drive %c: is given twice", letter);
	/* the drive itself may be named by a link or from the working folder; what is inside of it may not */
	real = realpath(arg + 2, NULL);
	if (!real)
		return sg_fail_errno(err, "the drive %c: cannot be the folder %s", letter, arg + 2);
	dir = sg_strdup(real);
	free(real);
	r = sg_os_stat(dir, &id, err);
	if (r == 0 && !id.is_dir)
		r = sg_fail(err, SG_EINVAL, "the drive %c: cannot be %s, which is no folder", letter, dir);
	if (r < 0)
		free(dir);
	else
		d->dir[letter - 'A'] = dir;
	return r;
}

void sg_drives_release(struct sg_drives *d)
{
	for (int i = 0; i < 26; i++)
		free(d->dir[i]);
	*d = (struct sg_drives){ 0 };
}

/* The entry of `names` that is `name` without case; SG_ENOENT when none is. */
static int find(
        const struct sg_strs *names, const char *name, const char *win, const char **ret, struct sg_err *err)
{
	const char *found = NULL;

	for (size_t i = 0; i < names->n; i++) {
		if (!sg_win_same(names->at[i], name))
			continue;
		if (found)
			return sg_fail(err, SG_ECONFLICT,
			        "%s: \"%s\" and \"%s\" are both there, and Windows would see one name", win,
			        found, names->at[i]);
		found = names->at[i];
	}
	if (!found)
		return SG_ENOENT;
	*ret = found;
	return 0;
}

/* Appends the entry of the native folder *path that `name` means. */
static int descend(
        struct sg_buf *path, const char *name, bool last, bool may_lack, const char *win, struct sg_err *err)
{
	struct sg_strs names = { 0 };
	struct sg_file_id id = { 0 };
	const char *entry = NULL;
	int r;

	r = sg_os_list(path->len ? (const char *)path->data : "/", &names, err);
	if (r < 0)
		return r;
	r = find(&names, name, win, &entry, err);
	if (r == SG_ENOENT && last && may_lack) {
		sg_buf_fmt(path, "/%s", name);
		r = 0;
		goto out;
	}
	if (r == SG_ENOENT)
		sg_fail(err, r, "%s: there is no \"%s\" in %s", win, name, (const char *)path->data);
	if (r < 0)
		goto out;
	sg_buf_fmt(path, "/%s", entry);
	r = sg_os_stat((const char *)path->data, &id, err);
	if (r < 0)
		goto out;
	if (id.is_link)
		r = sg_fail(err, SG_EUNSUPPORTED,
		        "%s: %s is a link, and links inside a drive are not followed", win,
		        (const char *)path->data);
	else if (!last && !id.is_dir)
		r = sg_fail(err, SG_ENOENT, "%s: %s is no folder", win, (const char *)path->data);
out:
	sg_strs_release(&names);
	return r;
}

int sg_drive_path(
        const struct sg_drives *d, const char *win, bool may_lack_last, char **ret, struct sg_err *err)
{
	struct sg_buf path = { 0 };
	char *full = NULL;
	const char *dir;
	int r;

	r = sg_drive_canonical(d, win, &full, err);
	if (r < 0)
		return r;
	dir = d->dir[full[0] - 'A'];
	if (!dir) {
		r = sg_fail(err, SG_ENOENT, "%s: the drive %c: is not there (--root %c=FOLDER gives it)", win,
		        full[0], full[0]);
		goto out;
	}
	sg_buf_str(&path, strcmp(dir, "/") == 0 ? "" : dir);
	for (char *p = full + 3; r == 0 && *p;) {
		size_t len = strcspn(p, "\\");
		bool last = p[len] == 0;

		p[len] = 0;
		r = descend(&path, p, last, may_lack_last, win, err);
		p += len + !last;
	}
	if (r == 0 && path.len == 0)
		sg_buf_char(&path, '/');
	if (r == 0)
		*ret = sg_buf_detach(&path);
out:
	sg_buf_release(&path);
	free(full);
	return r;
}

int sg_drive_hold(const struct sg_drives *d, const char *win, const char *native, const char *temp,
        struct sg_os_file *ret, struct sg_err *err)
{
	(void)temp;
	(void)ret;
	return sg_drive_still(d, win, native, err);
}
