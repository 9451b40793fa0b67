/* read.h - the read half of the journal: all that the dump tool links. Never writes, never locks.
 *
 * A reader is either the daemon's own (sg_journal_reader) or a private copy (sg_journal_copy), never a map of a file that somebody writes.
 * Every record's checksum is verified; a bad one is SG_EDAMAGED naming the table and key. Results are owned by the caller.
 */
#ifndef SG_JOURNAL_READ_H
#define SG_JOURNAL_READ_H

#include "model/row.h"

struct sg_journal_read;

/* Copies the journal at `path` (its folder or the .mdb file) into memory and reads the copy: nothing is mapped, nothing is written anywhere. A copy
 * that was taken while a commit was under way is recognised and taken again (a few times, then SG_EBUSY). Damage does not fail it as long as one meta
 * page can be read: what is damaged is listed by sg_journal_check, and the rest is read. SG_ENOENT, SG_EDAMAGED. */
int sg_journal_copy(const char *path, struct sg_journal_read **ret, struct sg_err *err);
void sg_journal_copy_close(struct sg_journal_read *r);
/* Writes the copy as one consistent file, allocated and synced; `path` must not exist (SG_EEXIST). */
int sg_journal_export(struct sg_journal_read *r, const char *path, struct sg_err *err);

struct sg_journal_meta {
	uint32_t format;
	int64_t created;
	char *machine;
	uint64_t size, used;
	uint64_t audit_first, audit_last; /* seq; 0: none */
	uint64_t records[8];              /* per table, in the order of sg_journal_table_name() */
	int64_t max_wall;                 /* highest wall time recorded */
};
int sg_journal_read_meta(struct sg_journal_read *r, struct sg_journal_meta *ret, struct sg_err *err);
void sg_journal_meta_release(struct sg_journal_meta *m);
const char *sg_journal_table_name(size_t i);

struct sg_rows {
	struct sg_row **at;
	size_t n, cap;
};
void sg_rows_release(struct sg_rows *rows);
int sg_journal_rows(struct sg_journal_read *r, struct sg_rows *ret, struct sg_err *err);
int sg_journal_row(struct sg_journal_read *r, const struct sg_key *key, struct sg_row **ret,
        struct sg_err *err); /* SG_ENOENT */
int sg_journal_holds(struct sg_journal_read *r, struct sg_holds *ret, struct sg_err *err);
int sg_journal_intent(struct sg_journal_read *r, struct sg_intent *ret, bool *ret_open, struct sg_err *err);
struct sg_blocks {
	struct sg_block *at;
	size_t n, cap;
};
void sg_blocks_release(struct sg_blocks *b);
int sg_journal_blocks(struct sg_journal_read *r, struct sg_blocks *ret, struct sg_err *err);
struct sg_feed_rows {
	struct sg_feed_row *at;
	size_t n, cap;
};
void sg_feed_rows_release(struct sg_feed_rows *f);
int sg_journal_feeds(struct sg_journal_read *r, struct sg_feed_rows *ret, struct sg_err *err);
int sg_journal_facts(struct sg_journal_read *r, struct sg_val **ret, struct sg_err *err); /* a map */
int sg_journal_body(struct sg_journal_read *r, const struct sg_hash *hash, struct sg_buf *ret,
        struct sg_err *err); /* SG_ENOENT */

/* Audit lines from `from_seq` on (0: the first) in order, or backwards; stops when fn returns non-zero and gives that. The chain (prev, hash) is verified
 * on the way: a break is SG_EDAMAGED with its seq. */
int sg_journal_audits(struct sg_journal_read *r, uint64_t from_seq, bool backwards,
        int (*fn)(void *arg, const struct sg_audit *line), void *arg, struct sg_err *err);

/* Every promise that can be checked from the file alone; each finding is one call of fn. Returns the number of findings, or a negative code when the file
 * cannot be read at all. Damaged records are findings, and the walk goes on behind them. */
struct sg_finding {
	const char *promise; /* "P1", ... or "file" */
	char *record;        /* table and key, or offset */
	char *text;
};
int sg_journal_check(struct sg_journal_read *r, void (*fn)(void *arg, const struct sg_finding *f), void *arg,
        struct sg_err *err);

#endif
