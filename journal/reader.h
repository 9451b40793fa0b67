/* reader.h - what a reader is made of; private to the journal's own files. */
#ifndef SG_JOURNAL_READER_H
#define SG_JOURNAL_READER_H

#include "journal/db.h"
#include "journal/pages.h"
#include "journal/read.h"
#include "journal/record.h"
#include "journal/shape.h"

struct sg_journal_read {
	struct sg_db *db;       /* the daemon's own environment, or */
	struct sg_pages *pages; /* a private copy in memory */
	char *mirror;           /* path of the journal.mirror beside it; NULL: unknown */
	/* A copy reads the mirror before the journal, so that it can only be behind; with a live one it is read when it is asked for. */
	struct sg_val *mirror_content;
	struct sg_err mirror_err;
};

/* One look: a source that stays the same until sg_look_end, which is called in any case. */
struct sg_look_at {
	struct sg_txn txn;
	struct sg_source source;
};
int sg_look_begin(struct sg_look_at *l, struct sg_journal_read *r, struct sg_err *err);
void sg_look_end(struct sg_look_at *l);

/* A record's tree, references replaced. SG_ENOENT without a message. */
int sg_look_val(const struct sg_source *s, enum sg_table t, struct sg_bytes key, struct sg_val **ret,
        struct sg_err *err);
/* The same from a value that is at hand. */
int sg_look_decode(const struct sg_source *s, enum sg_table t, struct sg_bytes key, struct sg_bytes value,
        struct sg_val **ret, struct sg_err *err);
int sg_look_head(const struct sg_source *s, struct sg_head *ret, struct sg_err *err);
int sg_look_made(const struct sg_source *s, struct sg_made *ret, struct sg_err *err);
/* A line from its record: checksum and its own hash are verified; the chain to its neighbours is the caller's. *ret is owned by the caller. */
int sg_look_audit(const struct sg_source *s, struct sg_bytes key, struct sg_bytes value, struct sg_audit *ret,
        struct sg_err *err);

/* A consistent copy of the file's used part (copy.c). SG_EBUSY: written to faster than it can be copied. */
int sg_pages_read_file(const char *path, struct sg_pages **ret, struct sg_err *err);

#endif
