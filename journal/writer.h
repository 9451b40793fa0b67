/* writer.h - one durable write: records sealed with this write's stamp, and the head record that accounts for all of them.
 *
 * Sticky like the transaction under it (db.h). The head keeps, per table, how many records there are and the exclusive or of all their checksums, so a
 * record that LMDB no longer finds, or an old one that came back, shows when the file is walked. Begin, steps, then sg_writer_commit or _abort.
 */
#ifndef SG_JOURNAL_WRITER_H
#define SG_JOURNAL_WRITER_H

#include "base/clock.h"
#include "journal/db.h"
#include "journal/shape.h"

struct sg_writer {
	struct sg_txn txn;
	struct sg_head head;
	uint64_t used; /* bytes before this write */
};
/* `first`: the journal is being made and has no head yet. */
void sg_writer_begin(struct sg_writer *w, struct sg_db *db, bool first, struct sg_err *err);
void sg_writer_put(struct sg_writer *w, enum sg_table table, struct sg_bytes key, const struct sg_val *v);
void sg_writer_del(struct sg_writer *w, enum sg_table table, struct sg_bytes key);
void sg_writer_blob(
        struct sg_writer *w, const struct sg_hash *hash, struct sg_bytes octets); /* stored once */
void sg_writer_audit(struct sg_writer *w, struct sg_audit *line,
        const struct sg_clock *now); /* appends; fills seq, prev, hash */
/* SG_ENOSPC, sticky: with what was put so far the journal would use more than `limit` bytes. */
void sg_writer_within(struct sg_writer *w, uint64_t limit, const char *what);
int sg_writer_commit(struct sg_writer *w, const struct sg_clock *now);

#endif
