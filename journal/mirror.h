/* mirror.h - journal.mirror: what must survive the loss of journal.mdb.
 *
 * Two slots of fixed size, written in turn, each with magic, format, a sequence number, length and SHA-256: the newest slot that verifies counts, so a torn
 * write costs one generation at most. Content: live holds with their befores, blocks, approvals and admin_out marks, feed serials, machine id and the
 * chain's head (seq, hash). Written and synced once per operation, after the intent is durable and before a target is touched.
 */
#ifndef SG_JOURNAL_MIRROR_H
#define SG_JOURNAL_MIRROR_H

#include "base/err.h"
#include "base/val.h"

struct sg_mirror;
int sg_mirror_open(const char *path, uint64_t slot_size, struct sg_mirror **ret,
        struct sg_err *err); /* makes it, allocated, when absent; syncing the folder is the caller's */
void sg_mirror_close(struct sg_mirror *m);
int sg_mirror_write(struct sg_mirror *m, const struct sg_val *content,
        struct sg_err *err); /* SG_ELIMIT: larger than a slot; SG_EFATAL */
/* The same in two steps, so that what does not fit is known before the journal is changed. */
int sg_mirror_pack(const struct sg_mirror *m, const struct sg_val *content, struct sg_buf *ret,
        struct sg_err *err);                                                               /* SG_ELIMIT */
int sg_mirror_write_packed(struct sg_mirror *m, struct sg_bytes slot, struct sg_err *err); /* SG_EFATAL */
uint64_t sg_mirror_seq(const struct sg_mirror *m); /* of the newest slot that verified; 0: none */
/* Without opening for writing: the newest content that verifies. SG_ENOENT: no file; SG_EDAMAGED: no slot verifies. */
int sg_mirror_read(const char *path, struct sg_val **ret, uint64_t *ret_seq, struct sg_err *err);

#endif
