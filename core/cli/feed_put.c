/* feed_put.c - writes an author's file. Guarantees that a reader sees the old octets or the new ones, also after a crash, and nothing half. What a crash
 * leaves beside the file is named FILE.<12 hexadecimal digits>.tmp, and is removed by who writes FILE next. */
#include "cli/feed_work.h"

#include "base/os.h"

#include <stdlib.h>
#include <string.h>

enum { RANDOM = 6 };
static const char suffix[] = ".tmp";

static char *folder_of(const char *path)
{
	size_t above = (size_t)(sg_os_last(path) - path); /* with the separator */

	return above > 1 ? sg_strndup(path, above - 1) : sg_strdup(above ? "/" : ".");
}

static int sync_folder_of(const char *path, struct sg_err *err)
{
	char *folder = folder_of(path);
	int r = sg_os_sync_dir(folder, err);

	free(folder);
	return r;
}

static bool is_left_of(const char *name, const char *file)
{
	size_t len = strlen(file);

	return strncmp(name, file, len) == 0 && name[len] == '.' &&
	       strspn(name + len + 1, "0123456789abcdef") == (size_t)2 * RANDOM &&
	       strcmp(name + len + 1 + (size_t)2 * RANDOM, suffix) == 0;
}

void sg_author_tidy(const char *path)
{
	char *folder = folder_of(path);
	struct sg_strs names = { 0 };

	if (sg_os_list(folder, &names, NULL) == 0)
		for (size_t i = 0; i < names.n; i++) {
			char *left = sg_format("%s/%s", folder, names.at[i]);
			struct sg_file_id id;

			if (is_left_of(names.at[i], sg_os_last(path)) && sg_os_stat(left, &id, NULL) == 0 &&
			        id.is_file)
				sg_os_unlink(left, NULL);
			free(left);
		}
	sg_strs_release(&names);
	free(folder);
}

int sg_author_put(const char *path, struct sg_bytes octets, bool secret, struct sg_err *err)
{
	struct sg_file_id id;
	unsigned char random[RANDOM];
	char *temp;
	int r = sg_os_stat(path, &id, NULL);

	if (secret && r == 0)
		return sg_fail(err, SG_EEXIST, "%s is there already; it is not replaced", path);
	if (r == 0 && !id.is_file)
		return sg_fail(err, SG_EINVAL, "%s is no ordinary file", path);
	if (r == SG_ENOENT) {
		size_t len = (size_t)(sg_os_last(path) - path);
		char *folder = len > 1 ? sg_strndup(path, len - 1) : NULL;
		struct sg_file_id above;
		bool lost = folder && sg_os_stat(folder, &above, NULL) == SG_ENOENT;

		if (lost)
			sg_fail(err, SG_ENOENT, "%s cannot be written: there is no folder %s; make it first",
			        path, folder);
		free(folder);
		if (lost)
			return SG_ENOENT;
	}
	sg_author_tidy(path);
	sg_os_random(random, sizeof random);
	temp = sg_format("%s.%02x%02x%02x%02x%02x%02x%s", path, random[0], random[1], random[2], random[3],
	        random[4], random[5], suffix);
	if (secret || r == 0)
		r = sg_os_create(temp, octets, r == 0 ? path : NULL, err);
	else
		r = sg_os_create_plain(temp, octets, err);
	if (!r) {
		r = sg_os_sync_file(temp, err);
		if (!r)
			r = sg_os_replace(temp, path, err);
		if (r)
			sg_os_unlink(temp, NULL);
		else
			r = sync_folder_of(path, err);
	}
	free(temp);
	return r;
}
