/* pool_copies.c - see pool_copies.h. */
#include "actions/pool_copies.h"
#include "actions/registry.h"

#include <stdlib.h>

static const char usual[] = "%SystemDrive%\\inetpub\\temp\\appPools";

static char *folder_of(const struct sg_drives *drives)
{
	struct sg_registry *system = NULL;
	char *moved = NULL;

	if (sg_registry_open(drives, SG_REGISTRY_SYSTEM, &system, NULL) == 0)
		sg_registry_string(system, "CurrentControlSet\\Services\\WAS\\Parameters",
		        "ConfigIsolationPath", &moved, NULL);
	sg_registry_close(system);
	if (moved && *moved)
		return moved;
	free(moved);
	return sg_strdup(usual);
}

void sg_pool_copies_release(struct sg_pool_copies *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->at[i].pool);
	free(c->at);
	*c = (struct sg_pool_copies){ 0 };
}

static void add(
        const struct sg_drives *drives, const char *folder, const char *pool, struct sg_pool_copies *ret)
{
	char *win = sg_format("%s\\%s\\%s.config", folder, pool, pool), *native = NULL;
	struct sg_file_id id;

	if (sg_drive_path(drives, win, false, &native, NULL) == 0 && sg_os_stat(native, &id, NULL) == 0 &&
	        id.is_file) {
		ret->at = sg_grow(ret->at, ret->n, &ret->cap, sizeof(*ret->at));
		ret->at[ret->n++] = (struct sg_pool_copy){ sg_strdup(pool), id };
	}
	free(native);
	free(win);
}

void sg_pool_copies_read(const struct sg_drives *drives, struct sg_pool_copies *ret)
{
	struct sg_pool_copies copies = { 0 };
	struct sg_strs pools = { 0 };
	char *folder = folder_of(drives), *native = NULL;

	if (sg_drive_path(drives, folder, false, &native, NULL) == 0)
		sg_os_list(native, &pools, NULL);
	for (size_t i = 0; i < pools.n; i++)
		add(drives, folder, pools.at[i], &copies);
	sg_strs_release(&pools);
	free(native);
	free(folder);
	sg_pool_copies_release(ret);
	*ret = copies;
}

static const struct sg_pool_copy *find(const struct sg_pool_copies *c, const char *pool)
{
	for (size_t i = 0; i < c->n; i++)
		if (sg_win_same(c->at[i].pool, pool))
			return &c->at[i];
	return NULL;
}

void sg_pool_copies_stale(
        const struct sg_pool_copies *before, const struct sg_pool_copies *now, struct sg_strs *ret)
{
	for (size_t i = 0; i < before->n; i++) {
		const struct sg_file_id *was = &before->at[i].id, *is;
		const struct sg_pool_copy *copy = find(now, before->at[i].pool);

		if (!copy) /* its pool is gone, or it is being replaced: nothing old is read */
			continue;
		is = &copy->id;
		if (is->dev == was->dev && is->ino == was->ino && is->mtime_ns == was->mtime_ns &&
		        is->size == was->size)
			sg_strs_add(ret, before->at[i].pool);
	}
}
