/* feed_put.c - writes an author's file. Guarantees that a reader sees the old octets or the new ones, also after a crash, and nothing half. */
#include "cli/feed_work.h"

#include "base/os.h"

#include <stdlib.h>
#include <string.h>

static int sync_folder_of(const char *path, struct sg_err *err)
{
	size_t above = (size_t)(sg_os_last(path) - path); /* with the separator */
	char *folder = above > 1 ? sg_strndup(path, above - 1) : sg_strdup(above ? "/" : ".");
	int r = sg_os_sync_dir(folder, err);

	free(folder);
	return r;
}

int sg_author_put(const char *path, struct sg_bytes octets, bool secret, struct sg_err *err)
{
	struct sg_file_id id;
	unsigned char random[6];
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
	sg_os_random(random, sizeof random);
	temp = sg_format("%s.%02x%02x%02x%02x%02x%02x.tmp", path, random[0], random[1], random[2], random[3],
	        random[4], random[5]);
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
