/* disk.c - losing what was not synced, and making a folder look like what is left (disk.h). */
#include "disk_parts.h"

#include "base/buf.h"
#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512 };

_Noreturn void disk_give_up(const char *what, const char *path)
{
	fprintf(stderr, "crash disk: %s: %s: %s\n", what, path, strerror(errno));
	abort();
}

void disk_release(struct disk *d)
{
	for (uint32_t i = 0; i < d->n_nodes; i++)
		free(d->nodes[i].data);
	free(d->nodes);
	free(d->entries);
	free(d->events);
	free(d->octets);
	*d = (struct disk){ 0 };
}

static void *copy_of(const void *data, size_t len)
{
	void *copy = sg_alloc(len ? len : 1);

	if (len)
		memcpy(copy, data, len);
	return copy;
}

/* --- reading */

static void trim(struct disk_node *n)
{
	static const unsigned char none[4096];

	while (n->len >= sizeof(none) && memcmp(n->data + n->len - sizeof(none), none, sizeof(none)) == 0)
		n->len -= sizeof(none);
	while (n->len && n->data[n->len - 1] == 0)
		n->len--;
}

void disk_read_file(const char *path, const struct stat *st, struct disk_node *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ret->size = (uint64_t)st->st_size;
	ret->allocated = (uint64_t)st->st_blocks * 512;
	ret->data = sg_alloc(ret->size + 1);
	if (fd < 0 || pread(fd, ret->data, ret->size, 0) != (ssize_t)ret->size)
		disk_give_up("cannot read", path);
	close(fd);
	ret->len = ret->size;
	trim(ret);
}

static uint32_t read_tree(const char *path, struct disk *ret)
{
	uint32_t node = ret->n_nodes++;
	struct stat st;
	struct dirent *e;
	DIR *dir = NULL;

	if (node == SHIM_ENTRIES || lstat(path, &st))
		disk_give_up("cannot look at", path);
	ret->nodes[node] = (struct disk_node){ .dir = S_ISDIR(st.st_mode), .mode = st.st_mode & 07777 };
	if (!S_ISDIR(st.st_mode)) {
		disk_read_file(path, &st, &ret->nodes[node]);
		return node;
	}
	dir = opendir(path);
	if (!dir)
		disk_give_up("cannot list", path);
	while ((e = readdir(dir)) != NULL) {
		struct shim_entry *entry;
		char *kid;
		uint32_t at;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		kid = sg_format("%s/%s", path, e->d_name);
		at = ret->n_entries++;
		if (at == SHIM_ENTRIES || strlen(e->d_name) >= SHIM_NAME)
			disk_give_up("too much", kid);
		entry = &ret->entries[at];
		*entry = (struct shim_entry){ .folder = node };
		memcpy(entry->name, e->d_name, strlen(e->d_name) + 1);
		ret->entries[at].node = read_tree(kid, ret);
		ret->entries[at].dir = ret->nodes[ret->entries[at].node].dir;
		free(kid);
	}
	closedir(dir);
	return node;
}

void disk_read(const char *root, struct disk *ret)
{
	*ret = (struct disk){ 0 };
	ret->nodes = sg_alloc(SHIM_ENTRIES * sizeof(*ret->nodes));
	ret->entries = sg_alloc(SHIM_ENTRIES * sizeof(*ret->entries));
	read_tree(root, ret);
}

/* --- what is left */

static void copy_base(const struct disk *from, uint32_t n_nodes, struct disk *ret)
{
	*ret = (struct disk){ .n_nodes = n_nodes, .n_entries = from->n_entries };
	ret->nodes = sg_alloc((n_nodes + 1) * sizeof(*ret->nodes));
	ret->entries = sg_alloc(SHIM_ENTRIES * sizeof(*ret->entries));
	memcpy(ret->entries, from->entries, from->n_entries * sizeof(*ret->entries));
	for (uint32_t i = 0; i < from->n_nodes; i++) {
		ret->nodes[i] = from->nodes[i];
		ret->nodes[i].data = copy_of(from->nodes[i].data, from->nodes[i].len);
	}
}

void disk_copy(const struct disk *d, struct disk *ret)
{
	copy_base(d, d->n_nodes, ret);
	ret->n_events = d->n_events;
	ret->events = copy_of(d->events, d->n_events * sizeof(*d->events));
	ret->n_octets = d->n_octets;
	ret->octets = copy_of(d->octets, d->n_octets);
}

void disk_after(const struct disk *start, struct disk *ret)
{
	copy_base(start, start->n_nodes, ret);
	ret->n_events = shim->n_events;
	ret->events = copy_of(shim->events, shim->n_events * sizeof(*shim->events));
	ret->n_octets = shim->n_octets;
	ret->octets = copy_of(shim->octets, shim->n_octets);
}

static void put_octets(struct disk_node *n, uint64_t at, const unsigned char *data, uint64_t len)
{
	if (at + len > n->len) {
		unsigned char *more = sg_alloc(at + len);

		if (n->len)
			memcpy(more, n->data, n->len);
		free(n->data);
		n->data = more;
		n->len = at + len;
	}
	memcpy(n->data + at, data, len);
	if (at + len > n->size)
		n->size = at + len;
	if (at + len > n->allocated)
		n->allocated = at + len;
}

static void resize(struct disk_node *n, uint64_t size)
{
	n->size = size;
	if (n->len > size)
		n->len = size;
	if (n->allocated > size)
		n->allocated = size;
}

static void name_event(struct disk *d, const struct shim_event *e)
{
	const char *gone = e->kind == SHIM_RENAME ? e->to : e->name;
	struct shim_entry *entry;

	for (uint32_t i = 0; i < d->n_entries; i++) {
		if (d->entries[i].folder == e->folder && strcmp(d->entries[i].name, gone) == 0) {
			d->entries[i] = d->entries[--d->n_entries];
			break;
		}
	}
	if (e->kind == SHIM_UNLINK)
		return;
	if (e->kind == SHIM_RENAME) {
		for (uint32_t i = 0; i < d->n_entries; i++) {
			if (d->entries[i].folder == e->folder && strcmp(d->entries[i].name, e->name) == 0)
				memcpy(d->entries[i].name, e->to, SHIM_NAME);
		}
		return;
	}
	entry = &d->entries[d->n_entries++];
	*entry = (struct shim_entry){ .folder = e->folder, .node = e->node, .dir = e->dir };
	memcpy(entry->name, e->name, SHIM_NAME);
}

static void content_event(
        struct disk *d, const struct disk *log, const struct shim_event *e, struct sg_rand *chance)
{
	struct disk_node *n = &d->nodes[e->node];
	const unsigned char *data = log->octets + e->octets;

	if (e->kind == SHIM_SIZE) {
		resize(n, e->len);
	} else if (e->kind == SHIM_ALLOCATE) {
		n->allocated = e->len > n->allocated ? e->len : n->allocated;
	} else if (e->kind == SHIM_MODE) {
		n->mode = (uint32_t)e->at;
	} else if (!chance) {
		put_octets(n, e->at, data, e->len);
	} else {
		for (uint64_t at = 0; at < e->len; at += SECTOR) {
			uint64_t len = e->len - at < SECTOR ? e->len - at : SECTOR;

			if (sg_rand_below(chance, 2))
				put_octets(n, e->at + at, data + at, len);
		}
	}
}

static bool is_name(enum shim_kind kind)
{
	return kind == SHIM_LINK || kind == SHIM_UNLINK || kind == SHIM_RENAME;
}

/* Which events a later flush, or the write itself, made durable. */
static bool *durable_events(const struct disk *d, uint32_t n_nodes)
{
	bool *durable = sg_alloc(d->n_events + 1);
	bool *synced = sg_alloc(n_nodes + 1), *data = sg_alloc(n_nodes + 1);

	for (uint32_t i = d->n_events; i-- > 0;) {
		const struct shim_event *e = &d->events[i];

		switch (e->kind) {
		case SHIM_SYNC:
		case SHIM_SYNC_DIR: synced[e->node] = true; break;
		case SHIM_SYNC_DATA: data[e->node] = true; break;
		case SHIM_LINK:
		case SHIM_UNLINK:
		case SHIM_RENAME: durable[i] = synced[e->folder]; break;
		case SHIM_WRITE:
		case SHIM_SIZE: durable[i] = e->durable || synced[e->node] || data[e->node]; break;
		case SHIM_ALLOCATE:
		case SHIM_MODE: durable[i] = synced[e->node]; break;
		}
	}
	free(synced);
	free(data);
	return durable;
}

static bool reachable(const struct disk *d, uint32_t folder)
{
	while (folder != SHIM_ROOT) {
		uint32_t i = 0;

		while (i < d->n_entries && d->entries[i].node != folder)
			i++;
		if (i == d->n_entries)
			return false;
		folder = d->entries[i].folder;
	}
	return true;
}

void disk_lose(const struct disk *d, enum disk_loss loss, uint64_t seed, struct disk *ret)
{
	struct sg_rand chance = { seed };
	uint32_t n_nodes = d->n_nodes;
	bool *durable, *stopped;

	for (uint32_t i = 0; i < d->n_events; i++) {
		if (d->events[i].kind == SHIM_LINK && d->events[i].node >= n_nodes)
			n_nodes = d->events[i].node + 1;
	}
	copy_base(d, n_nodes, ret);
	durable = durable_events(d, n_nodes);
	stopped = sg_alloc(n_nodes + 1); /* random: folders whose later names are lost */
	for (uint32_t i = 0; i < d->n_events; i++) {
		const struct shim_event *e = &d->events[i];
		bool keep = durable[i] || loss == DISK_KILL, by_chance = loss >= DISK_RANDOM && !keep;

		if (e->kind == SHIM_SYNC || e->kind == SHIM_SYNC_DATA || e->kind == SHIM_SYNC_DIR)
			continue;
		if (e->kind ==
		        SHIM_LINK) /* the file itself; whether a name leads to it is another question */
			ret->nodes[e->node] = (struct disk_node){
				.dir = e->dir, .mode = (uint32_t)e->at, .data = sg_alloc(1)
			};
		if (is_name(e->kind)) {
			if (by_chance && !sg_rand_below(&chance, 3))
				stopped[e->folder] = true;
			if (keep || loss == DISK_NAMES || (by_chance && !stopped[e->folder]))
				name_event(ret, e);
		} else {
			bool part = by_chance && e->kind == SHIM_WRITE;

			if (keep || loss == DISK_DATA || part || (by_chance && sg_rand_below(&chance, 2)))
				content_event(ret, d, e, part ? &chance : NULL);
		}
	}
	for (uint32_t i = ret->n_entries; i-- > 0;) {
		if (!reachable(ret, ret->entries[i].folder))
			ret->entries[i] = ret->entries[--ret->n_entries];
	}
	for (uint32_t i = 0; i < n_nodes; i++)
		trim(&ret->nodes[i]);
	free(durable);
	free(stopped);
}
