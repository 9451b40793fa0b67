/* os.h - all that stopgap asks of an operating system. One contract, two files: os_posix.c and os_win.c.
 *
 * Paths are native and UTF-8. Every function is blocking, thread-safe unless it says otherwise, and follows no
 * symbolic link in the last component of a file's path (a folder may be reached through one). Nothing here retries a
 * flush: a failed one is SG_EFATAL (after fsync fails, the pages count as clean and a second fsync lies).
 */
#ifndef SG_BASE_OS_H
#define SG_BASE_OS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

/* --- the process */
/* First in main(). The arguments are UTF-8 then (and live as long as the process); the standard streams carry octets, line ends included; a reader who
 * has gone makes a write fail and ends nobody. Windows: libraries come from the system's folder only, and no fault asks somebody to click. */
void sg_os_begin(int *argc, char ***argv);
void sg_os_setenv(const char *name, const char *value); /* NULL takes it away; before threads are started */
char *sg_os_temp(void); /* the folder for temporary files; owned by the caller */

/* --- time, chance, identity */
void sg_os_clock(struct sg_clock *ret); /* max_wall is left as it is */
void sg_os_sleep(int64_t ms);           /* at least that long, signals aside; only for tools without a loop */
/* For secrets and names; ends the process when the system has none. */
void sg_os_random(void *out, size_t len);
char *sg_os_host(void);             /* the machine's name; owned by the caller */
bool sg_os_stderr_is_journal(void); /* stderr is the stream that $JOURNAL_STREAM names */

/* --- looking */
struct sg_file_id {
	uint64_t dev;
	uint64_t ino; /* who it is within dev, never used again: on Linux the inode and when it was made */
	uint64_t size;
	int64_t mtime_ns;
	uint32_t links;
	bool is_dir, is_file, is_link;
	bool is_away; /* a file that is but a name here, and so no is_file: a cloud or an archive has its contents. Windows only */
};
int sg_os_stat(const char *path, struct sg_file_id *ret, struct sg_err *err); /* SG_ENOENT when absent */
/* A regular file of at most `max` octets; SG_EUNSUPPORTED for a link or anything else that is no regular file. Here and below, SG_EBUSY: somebody else has it
 * open and does not share it, or (Windows) lets whoever opens it wait, which nobody does for more than a few seconds. */
int sg_os_read(
        const char *path, size_t max, struct sg_buf *ret, struct sg_file_id *ret_id, struct sg_err *err);
/* The same where a link is followed: for what an administrator names and this process only reads, as certificate authorities are kept on most systems. */
int sg_os_read_linked(const char *path, uint64_t max, struct sg_buf *ret, struct sg_err *err);
/* SG_EACCES unless it belongs to this account or to the system's own (root; SYSTEM, the administrators): whoever else
 * made it may change it. A file that others may write is SG_EACCES, too; on Windows closed_win.h says who the others
 * are, and a folder is judged in the same way, with what may be put into it. */
int sg_os_ours(const char *path, struct sg_err *err);
/* Names without . and .., sorted by bytes. SG_ELIMIT when there are more than SG_OS_MOST_NAMES, or `max`: a folder may be another's, who could have us keep as
 * many as his quota lets him make. What a folder that was refused holds is not known; it is not empty. */
enum { SG_OS_MOST_NAMES = 65536 };
int sg_os_list(const char *dir, struct sg_strs *ret, struct sg_err *err);
int sg_os_list_most(const char *dir, size_t max, struct sg_strs *ret, struct sg_err *err);

/* --- replacing a file: temp, sync, replace, sync the folder (the caller does each, in that order) */
/* Creates `path` (O_EXCL) with `octets`, owner, mode, ACL and extended attributes of the file `like` (NULL: 0600).
 * Not synced. On failure nothing is left behind. */
int sg_os_create(const char *path, struct sg_bytes octets, const char *like, struct sg_err *err);
/* The same for a person's own file: who may read it is up to the account's umask; Windows: to the folder's access list. */
int sg_os_create_plain(const char *path, struct sg_bytes octets, struct sg_err *err);
/* Contents and metadata are durable; SG_EFATAL. */
int sg_os_sync_file(const char *path, struct sg_err *err);
/* The folder's entries are durable; SG_EFATAL. Windows: no-op. */
int sg_os_sync_dir(const char *path, struct sg_err *err);
/* Atomic, both in one folder; SG_EBUSY on a sharing violation. Windows: durable, too. SG_EFATAL is a flush that failed after the rename, any other code says that
 * nothing was changed. While it works a file of ours, named as `from` with SG_OS_PIN behind it, is in the folder; only a loss of power leaves it there. */
#define SG_OS_PIN ".pin"
int sg_os_replace(const char *from, const char *to, struct sg_err *err);
int sg_os_unlink(const char *path, struct sg_err *err); /* absent is fine */

/* --- names */
bool sg_os_slash(char c);                 /* it separates names in a native path */
const char *sg_os_last(const char *path); /* its last name: what is behind the last separator, or all of it */

/* --- folders and space */
/* 0700; existing ones are fine; each new one is synced in its parent, and the innermost existing one, too. */
int sg_os_mkdirs(const char *path, struct sg_err *err);
/* Creates or grows; blocks really allocated. */
int sg_os_allocate(const char *path, uint64_t size, struct sg_err *err);
int sg_os_free_space(const char *path, uint64_t *ret, struct sg_err *err);
int sg_os_remove_tree(const char *path, struct sg_err *err); /* for our own temporary folders only */

/* --- an open file that is written in place (journal.mirror; a hive's four bytes) */
struct sg_os_file {
	intptr_t h; /* -1: closed */
};
/* clang-format off */
#define SG_OS_FILE_INIT { -1 }
/* clang-format on */
/* Read and write; 0600. */
int sg_os_open(const char *path, bool create, struct sg_os_file *ret, struct sg_err *err);
/* What sg_os_stat() says, of the file that is open. */
int sg_os_identify(struct sg_os_file f, struct sg_file_id *ret, struct sg_err *err);
/* Reading only; SG_ENOENT. */
int sg_os_open_read(const char *path, struct sg_os_file *ret, struct sg_err *err);
int sg_os_pread(struct sg_os_file f, uint64_t at, void *out, size_t len, size_t *ret_len, struct sg_err *err);
/* All of it. */
int sg_os_pwrite(struct sg_os_file f, uint64_t at, const void *data, size_t len, struct sg_err *err);
int sg_os_sync(struct sg_os_file f, struct sg_err *err); /* SG_EFATAL */
void sg_os_close(struct sg_os_file *f);

/* One owner: an exclusive lock for as long as the process lives or until closed. SG_EBUSY names the holder's pid. */
int sg_os_lock(const char *path, struct sg_os_file *ret, struct sg_err *err);

/* Runs fn(arg) in a throw-away child process and gives its return value (0..100); SG_EDAMAGED when the child died of a
 * signal or an exception (a damaged map kills its reader), SG_ETIMEOUT after `timeout_ms`. Windows: runs in-process
 * under a vectored handler, and what took too long is left to itself: after SG_ETIMEOUT `arg` must last as long as the process does; SG_EBUSY when too many
 * were. Must be called before threads are started. */
int sg_os_guarded(int (*fn)(void *arg), void *arg, int64_t timeout_ms, struct sg_err *err);

#endif
