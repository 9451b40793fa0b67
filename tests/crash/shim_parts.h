/* shim_parts.h - what the shim's two files share; nothing else includes it. */
#ifndef SG_TESTS_CRASH_SHIM_PARTS_H
#define SG_TESTS_CRASH_SHIM_PARTS_H

#include "shim.h"

#include <stddef.h>

extern bool shim_tracking; /* in this process */

/* Where a path leads: its folder and last name, and its entry when there is one. A path whose folders are not all there is the system's to refuse. */
struct place {
	uint32_t folder;
	char name[SHIM_NAME];
	struct shim_entry *entry;
	bool is_root;
};

_Noreturn void shim_give_up(const char *what, const char *path);
bool shim_below(const char *path);                   /* below the root, and tracked */
bool shim_find(const char *path, struct place *ret); /* false: the path's folders are not all there */
/* One call that changes something, or makes it durable: the process may end here. */
void shim_point(const char *call, const char *what);

struct shim_event *shim_log(enum shim_kind kind);
void shim_log_content(enum shim_kind kind, uint32_t node, uint64_t at, uint64_t len);
void shim_log_write(uint32_t node, bool durable, uint64_t at, const void *data, size_t len);
void shim_log_link(const struct place *p, bool dir, uint32_t mode);
void shim_drop_entry(struct shim_entry *e);

#endif
