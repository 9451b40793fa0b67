/* os_folder_posix.c - folders on Linux: listed, made durably, synced, removed, and the space around them. */
#include "base/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool sg_os_slash(char c)
{
	return c == '/';
}

const char *sg_os_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int sg_os_list_most(const char *dir, size_t max, struct sg_strs *ret, struct sg_err *err)
{
	struct sg_strs names = { 0 };
	struct dirent *e;
	DIR *d = opendir(dir);
	int r = 0;

	if (!d)
		return sg_fail_errno(err, "cannot list %s", dir);
	while (r == 0 && (errno = 0, (e = readdir(d)) != NULL)) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (names.n == max)
			r = sg_fail(
			        err, SG_ELIMIT, "%s holds more than %zu names and is not listed", dir, max);
		else
			sg_strs_add(&names, e->d_name);
	}
	if (r == 0 && errno)
		r = sg_fail_errno(err, "cannot list %s", dir);
	closedir(d);
	if (r == 0) {
		if (names.n)
			qsort(names.at, names.n, sizeof *names.at, by_bytes);
		sg_strs_release(ret);
		*ret = names;
		names = (struct sg_strs){ 0 };
	}
	sg_strs_release(&names);
	return r;
}

int sg_os_list(const char *dir, struct sg_strs *ret, struct sg_err *err)
{
	return sg_os_list_most(dir, SG_OS_MOST_NAMES, ret, err);
}

int sg_os_sync_dir(const char *path, struct sg_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return sg_fail_errno(err, "cannot open the folder %s", path);
	if (fsync(fd) < 0)
		r = sg_fail(err, SG_EFATAL,
		        "cannot flush the folder %s: %s; which names it holds is not known now", path,
		        strerror(errno));
	close(fd);
	return r;
}

static int sync_parent(const char *path, struct sg_err *err)
{
	char *parent = sg_strdup(path), *slash = strrchr(parent, '/');
	int r;

	if (slash)
		slash[slash == parent] = 0;
	r = sg_os_sync_dir(slash ? parent : ".", err);
	free(parent);
	return r;
}

/* *ret_made: it was not there. */
static int make_dir(const char *path, bool *ret_made, struct sg_err *err)
{
	struct stat st;

	*ret_made = mkdir(path, 0700) == 0;
	if (*ret_made)
		return sync_parent(path, err);
	if (errno != EEXIST)
		return sg_fail_errno(err, "cannot make the folder %s", path);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return sg_fail(err, SG_EEXIST, "%s is there and is no folder", path);
	return 0;
}

/* The innermost folder that is there already may have been made by a process that died before it could sync it: that one is synced first. A
 * parent that this account may not even read was not made by it. */
static int sync_found(const char *path, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int r = sync_parent(path, &why);

	return r == 0 || r == SG_EACCES ? 0 : sg_fail(err, r, "%s", why.msg);
}

int sg_os_mkdirs(const char *path, struct sg_err *err)
{
	char *part = sg_strdup(path), *found = NULL;
	size_t len = strlen(part), i;
	struct sg_file_id id;
	int r = 0;

	while (len > 1 && part[len - 1] == '/')
		part[--len] = 0;
	for (i = 1; r == 0 && i <= len; i++) {
		char c = part[i];
		bool made = false;

		if ((c != '/' && c != 0) || part[i - 1] == '/')
			continue;
		part[i] = 0;
		if (found && sg_os_stat(part, &id, NULL) == SG_ENOENT) {
			r = sync_found(found, err);
			free(found);
			found = NULL;
		}
		if (r == 0)
			r = make_dir(part, &made, err);
		if (r == 0 && !made) {
			free(found);
			found = sg_strdup(part);
		}
		part[i] = c;
	}
	if (r == 0 && found)
		r = sync_found(found, err);
	free(found);
	free(part);
	return r;
}

int sg_os_free_space(const char *path, uint64_t *ret, struct sg_err *err)
{
	struct statvfs vfs;

	if (statvfs(path, &vfs) < 0)
		return sg_fail_errno(err, "cannot ask for the free space of %s", path);
	*ret = (uint64_t)vfs.f_bavail * (vfs.f_frsize ? vfs.f_frsize : vfs.f_bsize);
	return 0;
}

int sg_os_remove_tree(const char *path, struct sg_err *err)
{
	struct sg_strs names = { 0 };
	struct sg_file_id id = { 0 };
	struct sg_err look = SG_ERR_INIT;
	int r;

	r = sg_os_stat(path, &id, &look);
	if (r == SG_ENOENT)
		return 0;
	if (r < 0)
		return sg_fail(err, r, "%s", look.msg);
	if (!id.is_dir)
		return sg_os_unlink(path, err);
	r = sg_os_list_most(path, SIZE_MAX, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char *kid = sg_format("%s/%s", path, names.at[i]);

		r = sg_os_remove_tree(kid, err);
		free(kid);
	}
	if (r == 0 && rmdir(path) < 0)
		r = sg_fail_errno(err, "cannot remove the folder %s", path);
	sg_strs_release(&names);
	return r;
}
