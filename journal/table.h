/* table.h - the tables of journal.mdb, and where records come from.
 *
 * A source gives records by key and in key order, wherever they are: the live environment under a transaction (db.h), or a private copy in
 * memory (pages.h). The read half, the check and the mirror are written against it, so that all three see the same with either.
 */
#ifndef SG_JOURNAL_TABLE_H
#define SG_JOURNAL_TABLE_H

#include "base/buf.h"
#include "base/err.h"

/* The number is the first byte after the 'S' of a record's tag, so it never changes its meaning. */
enum sg_table {
	SG_T_META =
	        0, /* "made": format, machine, created; "head": counters and sums, replaced by every durable write */
	SG_T_ROWS = 1,  /* feed NUL id */
	SG_T_HOLDS = 2, /* SHA-256 of kind, container in lower case, path */
	SG_T_INTENT =
	        3, /* "intent", and one "move" + number (4 bytes, big-endian) per value; empty when none is open */
	SG_T_BLOCKS = 4, /* SHA-256 of feed, id, revision, source */
	SG_T_FEEDS = 5,  /* name */
	SG_T_FACTS = 6,  /* name */
	SG_T_BLOBS = 7,  /* SHA-256 of the whole, number of the chunk (4 bytes, big-endian) */
	SG_T_AUDIT = 8,  /* seq, 8 bytes, big-endian */
	SG_T_COUNT
};
const char *sg_table_name(enum sg_table t);

/* One record under the walk: borrowed for the call. Not 0 stops the walk, which gives that value. */
typedef int sg_source_fn(void *arg, struct sg_bytes key, struct sg_bytes value);

struct sg_source {
	void *self;
	/* SG_ENOENT (without a message) when there is none. *ret is valid until the source is written to or closed. */
	int (*get)(
	        void *self, enum sg_table t, struct sg_bytes key, struct sg_bytes *ret, struct sg_err *err);
	/* From the first key >= from (backwards: the last key <= from; from empty: the end of the table) on. */
	int (*each)(void *self, enum sg_table t, struct sg_bytes from, bool backwards, sg_source_fn *fn,
	        void *arg, struct sg_err *err);
};

#endif
