/* disk.h - what a disk holds after a crash: a base that is durable, and a log of events (shim.h) of which a loss keeps some.
 *
 * A content event is durable when an fsync or fdatasync of its file follows it (blocks and modes: only fsync; a write through O_DSYNC: at once).
 * A name is durable when an fsync of its folder follows. Everything else may be lost, in any combination; the losses below are the extreme ones, and
 * random ones between them. Nothing here knows stopgap.
 */
#ifndef SG_TESTS_CRASH_DISK_H
#define SG_TESTS_CRASH_DISK_H

#include "base/hash.h"
#include "shim.h"

enum disk_loss {
	DISK_KILL,   /* the process died, the system lives: nothing is lost */
	DISK_STRICT, /* only what is durable */
	DISK_NAMES, /* names reach the disk by themselves, unsynced contents do not: renamed files are empty */
	DISK_DATA,  /* contents reach the disk by themselves, unsynced names do not */
	DISK_RANDOM, /* and all above: sectors of 512 octets by chance, names of a folder up to a point in time by chance */
};

struct disk_node {
	bool dir;
	uint32_t mode;
	uint64_t size, allocated;
	unsigned char *data; /* up to the last octet that is not 0 */
	uint64_t len;
};
struct disk {
	struct disk_node *nodes;
	uint32_t n_nodes;
	struct shim_entry *entries;
	uint32_t n_entries;
	struct shim_event *events; /* behind the base, not lost and not durable yet */
	uint32_t n_events;
	unsigned char *octets;
	uint64_t n_octets;
};
/* The folder as it is, all of it durable. */
void disk_read(const char *root, struct disk *ret);
void disk_copy(const struct disk *d, struct disk *ret); /* with its events */
/* The disk on which a child worked, with what the child did. */
void disk_after(const struct disk *start, struct disk *ret);
/* What is left of it. `seed` chooses among the random losses. No events are left: what is kept is the new
 * base. (DISK_KILL so gives what processes see.) */
void disk_lose(const struct disk *d, enum disk_loss loss, uint64_t seed, struct disk *ret);
/* Makes the folder equal to the disk as a process sees it, and the shim's log equal to its events. */
void disk_put(const struct disk *d, const char *root);
void disk_release(struct disk *d);

/* Names, modes and octets of all files and folders as a process sees them, as one hash. `but`: a folder that does not count (NULL: all count).
 * `blocks`: whether blocks are allocated counts, too. */
struct sg_hash disk_hash(const struct disk *d, const char *but, bool blocks);
/* The first difference between two disks, for people; owned by the caller, NULL when they are equal. */
char *disk_difference(const struct disk *a, const struct disk *b, const char *but);

#endif
