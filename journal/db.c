/* db.c - LMDB behind db.h. No other file includes <lmdb.h>, and LMDB's codes leave only through translate(). */
#include "journal/db.h"

#include "base/os.h"
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

struct sg_db {
	MDB_env *env;
	MDB_dbi table[SG_T_COUNT];
	char *path;
	bool fatal;
};

static const char *const names[SG_T_COUNT] = {
	[SG_T_META] = "meta",
	[SG_T_ROWS] = "rows",
	[SG_T_HOLDS] = "holds",
	[SG_T_INTENT] = "intent",
	[SG_T_BLOCKS] = "blocks",
	[SG_T_FEEDS] = "feeds",
	[SG_T_FACTS] = "facts",
	[SG_T_BLOBS] = "blobs",
	[SG_T_AUDIT] = "audit",
};

const char *sg_table_name(enum sg_table t)
{
	return (unsigned)t < SG_T_COUNT ? names[t] : "?";
}

static int translate(int rc, const char *path, const char *step, struct sg_err *err)
{
	int code;

	switch (rc) {
	case MDB_MAP_FULL: return sg_fail(err, SG_ENOSPC, "%s: the journal is full (%s)", path, step);
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_BAD_TXN:
	case MDB_NOTFOUND:
	case MDB_INCOMPATIBLE:
	case MDB_PAGE_FULL:
	case MDB_CURSOR_FULL: code = SG_EDAMAGED; break;
	case MDB_VERSION_MISMATCH: code = SG_EVERSION; break;
	case MDB_PANIC: code = SG_EFATAL; break;
	default: code = SG_EIO; break;
	}
	return sg_fail(err, code, "%s: %s: %s", path, step, mdb_strerror(rc));
}

static int env_open(const char *path, unsigned flags, uint64_t map_size, MDB_env **ret, struct sg_err *err)
{
	MDB_env *env = NULL;
	int rc = mdb_env_create(&env);

	if (rc == 0)
		rc = mdb_env_set_maxdbs(env, SG_T_COUNT);
	if (rc == 0 && map_size > 0)
		rc = mdb_env_set_mapsize(env, (size_t)map_size);
	if (rc == 0)
		rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS | flags, 0600);
	if (rc != 0) {
		mdb_env_close(env);
		return translate(rc, path, "open", err);
	}
	*ret = env;
	return 0;
}

/* Opens every table; `flags` is MDB_CREATE when the environment is being made. */
static int tables_open(MDB_env *env, const char *path, unsigned flags, MDB_dbi *ret, struct sg_err *err)
{
	MDB_txn *txn = NULL;
	int rc = mdb_txn_begin(env, NULL, flags & MDB_CREATE ? 0 : MDB_RDONLY, &txn);

	if (rc != 0)
		return translate(rc, path, "begin", err);
	for (size_t i = 0; rc == 0 && i < SG_T_COUNT; i++) {
		rc = mdb_dbi_open(txn, names[i], flags, &ret[i]);
		if (rc != 0)
			translate(rc, path, names[i], err);
	}
	if (rc != 0) {
		mdb_txn_abort(txn);
		return rc == MDB_MAP_FULL ? SG_ENOSPC : rc == MDB_NOTFOUND ? SG_EDAMAGED : SG_EIO;
	}
	rc = mdb_txn_commit(txn);
	return rc == 0 ? 0 : translate(rc, path, "commit", err);
}

int sg_db_make(const char *path, uint64_t map_size, struct sg_err *err)
{
	MDB_env *env = NULL;
	MDB_dbi table[SG_T_COUNT];
	int rc = env_open(path, 0, map_size, &env, err);

	if (rc != 0)
		return rc;
	rc = tables_open(env, path, MDB_CREATE, table, err);
	mdb_env_close(env);
	if (rc == 0)
		rc = sg_os_allocate(path, map_size, err);
	return rc;
}

int sg_db_open(const char *path, bool read_only, struct sg_db **ret, struct sg_err *err)
{
	MDB_env *env = NULL;
	struct sg_db *db;
	int rc = env_open(path, read_only ? MDB_RDONLY : 0, 0, &env, err);

	if (rc != 0)
		return rc;
	db = sg_alloc(sizeof *db);
	db->env = env;
	db->path = sg_strdup(path);
	rc = tables_open(env, path, 0, db->table, err);
	if (rc != 0) {
		sg_db_close(db);
		return rc;
	}
	*ret = db;
	return 0;
}

void sg_db_close(struct sg_db *db)
{
	if (!db)
		return;
	mdb_env_close(db->env);
	free(db->path);
	free(db);
}

void sg_db_set_fatal(struct sg_db *db)
{
	db->fatal = true;
}

uint64_t sg_db_size(const struct sg_db *db)
{
	MDB_envinfo info;

	return mdb_env_info(db->env, &info) == 0 ? (uint64_t)info.me_mapsize : 0;
}

int sg_db_used(struct sg_db *db, uint64_t *ret, struct sg_err *err)
{
	MDB_envinfo info;
	MDB_stat stat;
	MDB_txn *txn = NULL;
	MDB_cursor *cursor = NULL;
	MDB_val key, value;
	uint64_t free_pages = 0;
	int rc = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn);

	if (rc != 0)
		return translate(rc, db->path, "begin", err);
	/* Table 0 is LMDB's own list of free pages: per transaction a count, then the page numbers. */
	rc = mdb_cursor_open(txn, 0, &cursor);
	while (rc == 0 && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		size_t n = 0;
		if (value.mv_size >= sizeof n)
			memcpy(&n, value.mv_data, sizeof n);
		free_pages += n;
	}
	if (cursor)
		mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	if (rc != MDB_NOTFOUND)
		return translate(rc, db->path, "free list", err);
	mdb_env_info(db->env, &info);
	mdb_env_stat(db->env, &stat);
	uint64_t pages = (uint64_t)info.me_last_pgno + 1;
	*ret = (pages - (free_pages < pages ? free_pages : pages)) * stat.ms_psize;
	return 0;
}

static MDB_val val_of(struct sg_bytes b)
{
	return (MDB_val){ .mv_size = b.len, .mv_data = (void *)(uintptr_t)b.data };
}

static struct sg_bytes bytes_of(MDB_val v)
{
	return (struct sg_bytes){ v.mv_data, v.mv_size };
}

void sg_txn_begin(struct sg_txn *t, struct sg_db *db, bool write, struct sg_err *err)
{
	MDB_txn *txn = NULL;

	*t = (struct sg_txn){ .db = db, .err = err };
	if (db->fatal && write) {
		t->code = sg_fail(err, SG_EFATAL,
		        "%s: an earlier write failed; the service must be started again", db->path);
		return;
	}
	int rc = mdb_txn_begin(db->env, NULL, write ? 0 : MDB_RDONLY, &txn);
	if (rc != 0)
		t->code = translate(rc, db->path, "begin", err);
	else
		t->handle = txn;
}

bool sg_txn_get(struct sg_txn *t, enum sg_table table, struct sg_bytes key, struct sg_bytes *ret)
{
	MDB_val k = val_of(key), v;

	if (t->code != 0)
		return false;
	int rc = mdb_get(t->handle, t->db->table[table], &k, &v);
	if (rc == 0) {
		*ret = bytes_of(v);
		return true;
	}
	if (rc != MDB_NOTFOUND)
		t->code = translate(rc, t->db->path, names[table], t->err);
	return false;
}

void sg_txn_put(struct sg_txn *t, enum sg_table table, struct sg_bytes key, struct sg_bytes value)
{
	MDB_val k = val_of(key), v = val_of(value);

	if (t->code != 0)
		return;
	int rc = mdb_put(t->handle, t->db->table[table], &k, &v, 0);
	if (rc != 0)
		t->code = translate(rc, t->db->path, names[table], t->err);
	t->bytes += key.len + value.len;
}

void sg_txn_del(struct sg_txn *t, enum sg_table table, struct sg_bytes key)
{
	MDB_val k = val_of(key);

	if (t->code != 0)
		return;
	int rc = mdb_del(t->handle, t->db->table[table], &k, NULL);
	if (rc != 0 && rc != MDB_NOTFOUND)
		t->code = translate(rc, t->db->path, names[table], t->err);
}

void sg_txn_fail(struct sg_txn *t, int code)
{
	if (t->code == 0)
		t->code = code;
}

int sg_txn_commit(struct sg_txn *t)
{
	if (t->code != 0 || !t->handle) {
		sg_txn_abort(t);
		return t->code;
	}
	int rc = mdb_txn_commit(t->handle);
	t->handle = NULL;
	/* A full map is found before the meta page is written: nothing changed, and a smaller write may still fit. Whatever else fails may have
	 * reached the disk in part, and a second flush would report success for pages that were lost. */
	if (rc == MDB_MAP_FULL) {
		t->code = translate(rc, t->db->path, "commit", t->err);
	} else if (rc != 0) {
		t->db->fatal = true;
		t->code = sg_fail(t->err, SG_EFATAL, "%s: commit: %s", t->db->path, mdb_strerror(rc));
	}
	return t->code;
}

void sg_txn_abort(struct sg_txn *t)
{
	if (t->handle)
		mdb_txn_abort(t->handle);
	t->handle = NULL;
}

static int source_get(
        void *self, enum sg_table table, struct sg_bytes key, struct sg_bytes *ret, struct sg_err *err)
{
	struct sg_txn *t = self;
	MDB_val k = val_of(key), v;

	if (t->code != 0)
		return t->code;
	int rc = mdb_get(t->handle, t->db->table[table], &k, &v);
	if (rc == MDB_NOTFOUND)
		return SG_ENOENT;
	if (rc != 0)
		return translate(rc, t->db->path, names[table], err);
	*ret = bytes_of(v);
	return 0;
}

/* Puts the cursor on the first record of the walk. */
static int seek(MDB_cursor *cursor, struct sg_bytes from, bool backwards, MDB_val *key, MDB_val *value)
{
	if (from.len == 0)
		return mdb_cursor_get(cursor, key, value, backwards ? MDB_LAST : MDB_FIRST);
	*key = val_of(from);
	int rc = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
	if (!backwards)
		return rc;
	if (rc == MDB_NOTFOUND)
		return mdb_cursor_get(cursor, key, value, MDB_LAST);
	if (rc == 0 && !sg_bytes_equal(bytes_of(*key), from))
		return mdb_cursor_get(cursor, key, value, MDB_PREV);
	return rc;
}

static int source_each(void *self, enum sg_table table, struct sg_bytes from, bool backwards,
        sg_source_fn *fn, void *arg, struct sg_err *err)
{
	struct sg_txn *t = self;
	MDB_cursor *cursor = NULL;
	MDB_val key, value;
	int stop = 0;

	if (t->code != 0)
		return t->code;
	int rc = mdb_cursor_open(t->handle, t->db->table[table], &cursor);
	if (rc == 0)
		rc = seek(cursor, from, backwards, &key, &value);
	while (rc == 0 && stop == 0) {
		stop = fn(arg, bytes_of(key), bytes_of(value));
		if (stop == 0)
			rc = mdb_cursor_get(cursor, &key, &value, backwards ? MDB_PREV : MDB_NEXT);
	}
	if (cursor)
		mdb_cursor_close(cursor);
	if (stop != 0)
		return stop;
	return rc == MDB_NOTFOUND ? 0 : translate(rc, t->db->path, names[table], err);
}

struct sg_source sg_txn_source(struct sg_txn *t)
{
	return (struct sg_source){ t, source_get, source_each };
}
