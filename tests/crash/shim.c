/* shim.c - the log of what was done below the root, and the point at which a process dies (shim.h). The calls are in shim_calls.c. */
#include "shim_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct shim *shim;
bool shim_tracking;

_Noreturn void shim_give_up(const char *what, const char *path)
{
	fprintf(stderr, "crash shim: %s: %s\n", what, path);
	abort();
}

void shim_init(const char *root)
{
	shim = mmap(NULL, sizeof(*shim), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE,
	        -1, 0);
	if (shim == MAP_FAILED || strlen(root) >= sizeof(shim->root))
		shim_give_up("no log", root);
	memcpy(shim->root, root, strlen(root) + 1);
}

void shim_track(void)
{
	shim_tracking = true;
}

void shim_arm(uint32_t die_at)
{
	shim->die_at = die_at;
	shim->calls = 0;
	shim->flushes = 0;
	shim->armed = true;
}

void shim_disarm(void)
{
	shim->armed = false;
}

/* --- the log */

bool shim_below(const char *path)
{
	size_t n = shim_tracking ? strlen(shim->root) : 0;

	return n && strncmp(path, shim->root, n) == 0 && (path[n] == '/' || path[n] == 0);
}

static struct shim_entry *entry_of(uint32_t folder, const char *name, size_t len)
{
	for (uint32_t i = 0; i < shim->n_entries; i++) {
		struct shim_entry *e = &shim->entries[i];

		if (e->folder == folder && strncmp(e->name, name, len) == 0 && e->name[len] == 0)
			return e;
	}
	return NULL;
}

bool shim_find(const char *path, struct place *ret)
{
	const char *p = path + strlen(shim->root);

	*ret = (struct place){ .folder = SHIM_ROOT, .is_root = true };
	while (*p == '/')
		p++;
	while (*p) {
		size_t len = strcspn(p, "/");

		if (len >= SHIM_NAME)
			shim_give_up("the name is too long", path);
		if (!ret->is_root) {
			if (!ret->entry || !ret->entry->dir)
				return false;
			ret->folder = ret->entry->node;
		}
		ret->is_root = false;
		memcpy(ret->name, p, len);
		ret->name[len] = 0;
		ret->entry = entry_of(ret->folder, p, len);
		p += len;
		while (*p == '/')
			p++;
	}
	return true;
}

/* One call that changes something, or makes it durable. */
void shim_point(const char *call, const char *what)
{
	if (!shim->armed)
		return;
	shim->calls++;
	if (shim->calls != shim->die_at)
		return;
	snprintf(shim->last, sizeof(shim->last), "%s(%s)", call, what);
	_exit(SHIM_DIED);
}

struct shim_event *shim_log(enum shim_kind kind)
{
	struct shim_event *e;

	if (shim->n_events == SHIM_EVENTS)
		shim_give_up("the log is full", "events");
	e = &shim->events[shim->n_events++];
	*e = (struct shim_event){ .kind = kind };
	return e;
}

void shim_log_content(enum shim_kind kind, uint32_t node, uint64_t at, uint64_t len)
{
	struct shim_event *e = shim_log(kind);

	e->node = node;
	e->at = at;
	e->len = len;
}

void shim_log_write(uint32_t node, bool durable, uint64_t at, const void *data, size_t len)
{
	if (shim->n_octets + len > SHIM_OCTETS)
		shim_give_up("the log is full", "octets");
	shim_log_content(SHIM_WRITE, node, at, len);
	shim->events[shim->n_events - 1].durable = durable;
	shim->events[shim->n_events - 1].octets = shim->n_octets;
	memcpy(shim->octets + shim->n_octets, data, len);
	shim->n_octets += len;
}

void shim_log_link(const struct place *p, bool dir, uint32_t mode)
{
	struct shim_event *e = shim_log(SHIM_LINK);
	struct shim_entry *entry;

	if (shim->n_entries == SHIM_ENTRIES)
		shim_give_up("the log is full", "names");
	entry = &shim->entries[shim->n_entries++];
	*entry = (struct shim_entry){ .folder = p->folder, .node = shim->n_nodes++, .dir = dir };
	memcpy(entry->name, p->name, sizeof(entry->name));
	e->dir = dir;
	e->node = entry->node;
	e->folder = p->folder;
	e->at = mode;
	memcpy(e->name, p->name, sizeof(e->name));
}

void shim_drop_entry(struct shim_entry *e)
{
	*e = shim->entries[--shim->n_entries];
}
