/* os_folder_win.c - folders on Windows: listed, made, removed, and the space around them. */
#include "base/os.h"
#include "base/os_deadline_win.h"
#include "base/os_meta_win.h"
#include "base/os_win.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool sg_os_slash(char c)
{
	return c == '\\' || c == '/';
}

const char *sg_os_last(const char *path)
{
	const char *last = path;

	for (const char *p = path; *p; p++)
		if (sg_os_slash(*p))
			last = p + 1;
	return last;
}

/* Here whoever has the folder to himself, or makes its entries up when they are asked for, could let us wait; what follows comes from this first answer or from
 * the volume. */
static HANDLE find_first(const wchar_t *pattern, WIN32_FIND_DATAW *ret)
{
	HANDLE h = INVALID_HANDLE_VALUE;
	struct sg_deadline d;

	if (!sg_deadline_begin(&d, SG_DEADLINE_MS))
		return h;
	h = FindFirstFileExW(pattern, FindExInfoBasic, ret, FindExSearchNameMatch, NULL, 0);
	sg_deadline_end(&d);
	return h;
}

int sg_os_list_most(const char *dir, size_t max, struct sg_strs *ret, struct sg_err *err)
{
	char *pattern = sg_format("%s\\*", dir);
	wchar_t *wide = sg_win_path(pattern);
	struct sg_strs names = { 0 };
	WIN32_FIND_DATAW found;
	HANDLE h = find_first(wide, &found);
	DWORD e = h == INVALID_HANDLE_VALUE ? GetLastError() : 0;
	int r = 0;

	while (r == 0 && !e) {
		char *name = sg_win_utf8(found.cFileName);
		bool counts = strcmp(name, ".") != 0 && strcmp(name, "..") != 0;

		if (counts && names.n == max)
			r = sg_fail(err, SG_ELIMIT, "%s holds more than %llu names and is not listed", dir,
			        (unsigned long long)max);
		else if (counts)
			sg_strs_add(&names, name);
		free(name);
		if (r == 0 && !FindNextFileW(h, &found))
			e = GetLastError();
	}
	/* the root of an empty drive has not even "." and ".." */
	if (r == 0 && e != ERROR_NO_MORE_FILES && !(e == ERROR_FILE_NOT_FOUND && h == INVALID_HANDLE_VALUE))
		r = sg_win_fail(err, e, "cannot list %s", dir);
	if (h != INVALID_HANDLE_VALUE)
		FindClose(h);
	if (r == 0) {
		if (names.n)
			qsort(names.at, names.n, sizeof *names.at, by_bytes);
		sg_strs_release(ret);
		*ret = names;
		names = (struct sg_strs){ 0 };
	}
	sg_strs_release(&names);
	free(wide);
	free(pattern);
	return r;
}

int sg_os_list(const char *dir, struct sg_strs *ret, struct sg_err *err)
{
	return sg_os_list_most(dir, SG_OS_MOST_NAMES, ret, err);
}

/* NTFS logs its own metadata, and what replaces a file is flushed by sg_os_replace(). */
int sg_os_sync_dir(const char *path, struct sg_err *err)
{
	(void)path;
	(void)err;
	return 0;
}

int sg_os_mkdirs(const char *path, struct sg_err *err)
{
	char *part = sg_strdup(path);
	size_t len = strlen(part), root;
	int r = 0;

	for (size_t i = 0; i < len; i++)
		if (part[i] == '/')
			part[i] = '\\';
	root = sg_win_root(part);
	for (size_t i = root; r == 0 && i < len; i++) {
		size_t end = i + strcspn(part + i, "\\");
		char c = part[end];

		part[end] = 0;
		if (end > i)
			r = sg_win_make_dir(part, err);
		part[end] = c;
		i = end;
	}
	if (r == 0 && root == len && len) /* it is there or not */
		r = sg_win_make_dir(part, err);
	free(part);
	return r;
}

int sg_os_free_space(const char *path, uint64_t *ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path), volume[MAX_PATH + 1];
	ULARGE_INTEGER free_bytes;
	int r = 0;

	/* of what is not there, too, Windows names the volume */
	if (GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES ||
	        !GetVolumePathNameW(wide, volume, MAX_PATH + 1) ||
	        !GetDiskFreeSpaceExW(volume, &free_bytes, NULL, NULL))
		r = sg_win_fail(err, GetLastError(), "cannot ask for the free space of %s", path);
	else
		*ret = free_bytes.QuadPart;
	free(wide);
	return r;
}

int sg_os_remove_tree(const char *path, struct sg_err *err)
{
	struct sg_err look = SG_ERR_INIT;
	struct sg_strs names = { 0 };
	struct sg_file_id id = { 0 };
	wchar_t *wide;
	int r;

	r = sg_os_stat(path, &id, &look);
	if (r == SG_ENOENT)
		return 0;
	if (r < 0)
		return sg_fail(err, r, "%s", look.msg);
	if (id.is_dir)
		r = sg_os_list_most(path, SIZE_MAX, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char *kid = sg_format("%s\\%s", path, names.at[i]);

		r = sg_os_remove_tree(kid, err);
		free(kid);
	}
	sg_strs_release(&names);
	if (r < 0)
		return r;
	/* a link to a folder is removed as a folder, and what it points to stays */
	wide = sg_win_path(path);
	if (!RemoveDirectoryW(wide) && GetLastError() != ERROR_DIRECTORY)
		r = sg_win_fail(err, GetLastError(), "cannot remove the folder %s", path);
	else
		r = sg_os_unlink(path, err);
	free(wide);
	return r;
}
