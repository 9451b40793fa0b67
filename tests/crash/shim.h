/* shim.h - stands between the program (LMDB included) and the system: counts what makes a change, dies at the n-th, and keeps a log of it all.
 *
 * The program defines open, write, pwrite, fsync, rename, ... itself, so that every call of this process comes here first, those of liblmdb.so too.
 * Calls about files below the root are passed on to the system, except the flushes: what is durable is decided by the log alone (disk.h), and a real
 * flush would only cost time. The log is in shared memory: a child writes it, dies, and its parent reads what the child had done.
 * What the log cannot express (a hard link, a rename between folders, a file that is not known) ends the process with a message.
 */
#ifndef SG_TESTS_CRASH_SHIM_H
#define SG_TESTS_CRASH_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#define SHIM_DIED 77 /* exit status of a child that reached its point */
#define SHIM_NAME 80
#define SHIM_ROOT 0 /* the node of the root folder */

enum shim_kind {
	SHIM_LINK,      /* a name for a new file or folder: `at` is its mode */
	SHIM_UNLINK,    /* a name goes */
	SHIM_RENAME,    /* `name` becomes `to`, in one folder */
	SHIM_WRITE,     /* `len` octets at `at` */
	SHIM_SIZE,      /* the length becomes `len` */
	SHIM_ALLOCATE,  /* blocks up to `len` are allocated */
	SHIM_MODE,      /* the mode becomes `at` */
	SHIM_SYNC,      /* fsync of a file */
	SHIM_SYNC_DATA, /* fdatasync of a file */
	SHIM_SYNC_DIR,  /* fsync of a folder */
};
struct shim_event {
	enum shim_kind kind;
	bool durable; /* at once: a write through O_DSYNC or O_SYNC */
	bool dir;     /* LINK: a folder */
	uint32_t node, folder;
	uint64_t at, len;
	uint64_t octets; /* WRITE: where they are in shim->octets */
	char name[SHIM_NAME], to[SHIM_NAME];
};
/* A name, as every process sees it. */
struct shim_entry {
	uint32_t folder, node;
	bool dir;
	char name[SHIM_NAME];
};

enum { SHIM_EVENTS = 16384, SHIM_ENTRIES = 1024, SHIM_OCTETS = 64 << 20 };
struct shim {
	char root[256];
	bool armed;
	uint32_t die_at, calls; /* changing calls since it was armed; 0: does not die */
	uint32_t flushes;       /* flush system calls, and writes that flush by themselves */
	char last[256];         /* the call that was not made any more, for people */
	struct shim_entry entries[SHIM_ENTRIES];
	uint32_t n_entries, n_nodes;
	struct shim_event events[SHIM_EVENTS];
	uint32_t n_events;
	uint64_t n_octets;
	unsigned char octets[SHIM_OCTETS];
};
extern struct shim *shim;

/* Makes the shared log; once per process that starts children. */
void shim_init(const char *root);
/* From here on this process's calls are logged; a child calls it first. */
void shim_track(void);
/* Counts from here on; the die_at-th call is not made and the process ends with SHIM_DIED. 0: only counts. */
void shim_arm(uint32_t die_at);
void shim_disarm(void);

#endif
