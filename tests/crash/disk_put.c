/* disk_put.c - makes a folder look like a disk, and compares disks (disk.h). */
#include "disk_parts.h"

#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- a folder that looks like it */

static char *path_of(const struct disk *d, const struct shim_entry *e, const char *root)
{
	char *folder, *path;

	if (e->folder == SHIM_ROOT)
		return sg_format("%s/%s", root, e->name);
	for (uint32_t i = 0; i < d->n_entries; i++) {
		if (d->entries[i].node != e->folder)
			continue;
		folder = path_of(d, &d->entries[i], root);
		path = sg_format("%s/%s", folder, e->name);
		free(folder);
		return path;
	}
	disk_give_up("no folder for", e->name);
}

static bool same_node(const struct disk_node *a, const struct disk_node *b)
{
	return a->dir == b->dir && a->mode == b->mode && a->size == b->size && a->len == b->len &&
	       (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static bool has_blocks(const struct disk_node *n)
{
	return n->allocated >= n->size;
}

static bool is_there(const char *path, const struct disk_node *n)
{
	struct disk_node now = { 0 };
	struct stat st;
	bool same;

	if (lstat(path, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != n->size)
		return false;
	now.mode = st.st_mode & 07777;
	disk_read_file(path, &st, &now);
	same = same_node(&now, n) && has_blocks(&now) == has_blocks(n);
	free(now.data);
	return same;
}

static void put_file(const char *path, const struct disk_node *n)
{
	int fd;

	if (is_there(path, n))
		return;
	if (unlink(path) && errno != ENOENT)
		disk_give_up("cannot replace", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)n->size) ||
	        (n->size && has_blocks(n) && posix_fallocate(fd, 0, (off_t)n->size)))
		disk_give_up("cannot make", path);
	if (n->len && pwrite(fd, n->data, n->len, 0) != (ssize_t)n->len)
		disk_give_up("cannot write", path);
	if (fchmod(fd, n->mode))
		disk_give_up("cannot give a mode to", path);
	close(fd);
}

static void remove_tree(const char *path)
{
	struct dirent *e;
	DIR *dir = opendir(path);

	while (dir && (e = readdir(dir)) != NULL) {
		char *kid = sg_format("%s/%s", path, e->d_name);

		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove_tree(kid);
		free(kid);
	}
	if (dir)
		closedir(dir);
	if (dir ? rmdir(path) : unlink(path))
		disk_give_up("cannot remove", path);
}

static void put_folder(const struct disk *d, uint32_t folder, const char *path)
{
	struct dirent *e;
	DIR *dir = opendir(path);

	while (dir && (e = readdir(dir)) != NULL) {
		uint32_t i = 0;
		char *kid;
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		while (i < d->n_entries &&
		        (d->entries[i].folder != folder || strcmp(d->entries[i].name, e->d_name) != 0))
			i++;
		kid = sg_format("%s/%s", path, e->d_name);
		if (i == d->n_entries || lstat(kid, &st) || S_ISDIR(st.st_mode) != d->entries[i].dir)
			remove_tree(kid);
		free(kid);
	}
	if (dir)
		closedir(dir);
	for (uint32_t i = 0; i < d->n_entries; i++) {
		char *kid;

		if (d->entries[i].folder != folder)
			continue;
		kid = sg_format("%s/%s", path, d->entries[i].name);
		if (d->entries[i].dir) {
			if (mkdir(kid, 0700) && errno != EEXIST)
				disk_give_up("cannot make", kid);
			if (chmod(kid, d->nodes[d->entries[i].node].mode))
				disk_give_up("cannot give a mode to", kid);
			put_folder(d, d->entries[i].node, kid);
		} else {
			put_file(kid, &d->nodes[d->entries[i].node]);
		}
		free(kid);
	}
}

void disk_put(const struct disk *d, const char *root)
{
	struct disk now;

	disk_lose(d, DISK_KILL, 0, &now);
	put_folder(&now, SHIM_ROOT, root);
	memcpy(shim->entries, now.entries, now.n_entries * sizeof(*now.entries));
	shim->n_entries = now.n_entries;
	shim->n_nodes = now.n_nodes;
	if (d->n_events)
		memcpy(shim->events, d->events, d->n_events * sizeof(*d->events));
	shim->n_events = d->n_events;
	if (d->n_octets)
		memcpy(shim->octets, d->octets, d->n_octets);
	shim->n_octets = d->n_octets;
	shim->armed = false;
	disk_release(&now);
}

/* --- comparing */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool counts(const char *path, const char *but)
{
	size_t n = but ? strlen(but) : 0;

	return !n || strncmp(path, but, n) != 0 || (path[n] != '/' && path[n] != 0);
}

/* One line for each file or folder, sorted by path. */
static void lines_of(const struct disk *d, const char *but, bool blocks, struct sg_strs *ret)
{
	for (uint32_t i = 0; i < d->n_entries; i++) {
		const struct disk_node *n = &d->nodes[d->entries[i].node];
		struct sg_hash h = sg_sha256((struct sg_bytes){ n->data, n->len });
		char *path = path_of(d, &d->entries[i], ""), *line, hex[65];

		sg_hash_hex(&h, hex);
		line = sg_format("%s: %s, mode %o, %llu octets, %.16s%s", path, n->dir ? "folder" : "file",
		        (unsigned)n->mode, (unsigned long long)n->size, hex,
		        blocks && !has_blocks(n) ? ", not allocated" : "");
		if (counts(path, but))
			sg_strs_add(ret, line);
		free(line);
		free(path);
	}
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(*ret->at), by_text);
}

struct sg_hash disk_hash(const struct disk *d, const char *but, bool blocks)
{
	struct sg_strs lines = { 0 };
	struct sg_buf all = { 0 };
	struct sg_hash h;

	lines_of(d, but, blocks, &lines);
	for (size_t i = 0; i < lines.n; i++)
		sg_buf_fmt(&all, "%s\n", lines.at[i]);
	h = sg_sha256(sg_buf_bytes(&all));
	sg_buf_release(&all);
	sg_strs_release(&lines);
	return h;
}

char *disk_difference(const struct disk *a, const struct disk *b, const char *but)
{
	struct sg_strs x = { 0 }, y = { 0 };
	char *ret = NULL;
	size_t i = 0;

	lines_of(a, but, false, &x);
	lines_of(b, but, false, &y);
	while (i < x.n && i < y.n && strcmp(x.at[i], y.at[i]) == 0)
		i++;
	if (i < x.n || i < y.n)
		ret = sg_format(
		        "%s | expected %s", i < x.n ? x.at[i] : "(nothing)", i < y.n ? y.at[i] : "(nothing)");
	sg_strs_release(&x);
	sg_strs_release(&y);
	return ret;
}
