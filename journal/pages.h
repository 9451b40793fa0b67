/* pages.h - reads an LMDB file of format 1 from memory, page by page, every step checked against the bounds.
 *
 * LMDB trusts its file: a damaged one can kill its reader or make records vanish. This reader never does more than name what is wrong and go on
 * behind it, so the dump tool needs no environment, no child and no folder for a private copy, and the service knows before it maps a file that its
 * trees, and the list of free pages that the next write will trust, are sound. Reads only; 64-bit little-endian files, as LMDB writes them on every
 * platform that stopgap runs on. The layout is LMDB's own (mdb.c: MDB_meta, MDB_page, MDB_node, MDB_db).
 */
#ifndef SG_JOURNAL_PAGES_H
#define SG_JOURNAL_PAGES_H

#include "journal/table.h"

struct sg_pages;

/* Takes the octets (file is emptied). Damage is kept as findings, one sentence each; SG_EDAMAGED only when no meta page can be used. */
int sg_pages_load(struct sg_buf *file, struct sg_pages **ret, struct sg_err *err);
void sg_pages_free(struct sg_pages *p);
size_t sg_pages_faults(const struct sg_pages *p);
const char *sg_pages_fault(const struct sg_pages *p, size_t i); /* "page 17: ..." */
uint64_t sg_pages_size(const struct sg_pages *p);               /* of the map */
uint64_t sg_pages_used(const struct sg_pages *p);               /* bytes in pages that are not free */
struct sg_bytes sg_pages_octets(const struct sg_pages *p); /* the whole file, up to its last page in use */
struct sg_source sg_pages_source(struct sg_pages *p);

/* From the two meta pages alone: transaction number of the newest valid one and how many octets of the file are in use. */
int sg_pages_peek(
        struct sg_bytes first_two_pages, uint64_t *ret_txn, uint64_t *ret_octets, struct sg_err *err);

#endif
