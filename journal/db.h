/* db.h - the only user of LMDB: an environment of one file, and transactions with a sticky error.
 *
 * Flags: MDB_NOSUBDIR, MDB_NOLOCK (its lock file would let anyone who may open it freeze the writer; journal.lock is ours), MDB_NOTLS. WRITEMAP,
 * NOSYNC, NOMETASYNC and MAPASYNC stay off: a commit is one fdatasync of the pages and one write of the meta page through an O_DSYNC descriptor.
 * After a failed commit the environment is fatal: every later write is SG_EFATAL. One owner, one transaction at a time.
 */
#ifndef SG_JOURNAL_DB_H
#define SG_JOURNAL_DB_H

#include "journal/table.h"

struct sg_db;

/* Makes a new environment at `path`, which must not exist: all tables, empty; its blocks allocated up to `map_size` (a multiple of 64 KiB); not
 * synced, because the caller fills it and renames it first. */
int sg_db_make(const char *path, uint64_t map_size, struct sg_err *err);
int sg_db_open(const char *path, bool read_only, struct sg_db **ret, struct sg_err *err);
void sg_db_close(struct sg_db *db);
void sg_db_set_fatal(struct sg_db *db); /* something that must go with a commit failed: the mirror's flush */
uint64_t sg_db_size(const struct sg_db *db);                         /* of the map, in bytes */
int sg_db_used(struct sg_db *db, uint64_t *ret, struct sg_err *err); /* bytes in pages that are not free */

/* A transaction. Begin cannot fail loudly: the first failure sticks in `code`, every later step is a no-op, and commit gives it back. So a durable
 * write is a plain list of steps with one return. Ends with sg_txn_commit or sg_txn_abort, in any state; the second one does nothing. */
struct sg_txn {
	struct sg_db *db;
	void *handle;
	struct sg_err *err;
	int code;
	uint64_t bytes; /* put so far, keys included */
};
void sg_txn_begin(struct sg_txn *t, struct sg_db *db, bool write, struct sg_err *err);
bool sg_txn_get(struct sg_txn *t, enum sg_table table, struct sg_bytes key,
        struct sg_bytes *ret); /* valid until the next put or del */
void sg_txn_put(struct sg_txn *t, enum sg_table table, struct sg_bytes key, struct sg_bytes value);
void sg_txn_del(struct sg_txn *t, enum sg_table table, struct sg_bytes key); /* absent is fine */
void sg_txn_fail(struct sg_txn *t, int code); /* the message is recorded already */
/* 0: on the disk. SG_ENOSPC: the map is full, nothing changed. SG_EFATAL: unknown what is on the disk; sticky for the environment. */
int sg_txn_commit(struct sg_txn *t);
void sg_txn_abort(struct sg_txn *t);
struct sg_source sg_txn_source(struct sg_txn *t);

#endif
