/* blob.h - long contents by their SHA-256, in chunks, so that no record is large.
 *
 * A tree of values that goes into a record is packed; every string and run of octets longer than SG_INLINE_MAX is put aside as a blob and the record
 * refers to it by {"$blob": hash, "len": n, "text": bool}. A record that is still too long refers to the whole of itself by {"$all": hash}. A map
 * of somebody's own whose first key starts with '$' is wrapped as {"$map": ...}. Blobs are freed only by prune, when nothing names their hash.
 */
#ifndef SG_JOURNAL_BLOB_H
#define SG_JOURNAL_BLOB_H

#include "journal/record.h"

enum { SG_INLINE_MAX = 256, SG_CHUNK = 1400 };

/* Packs the tree for a record; at most SG_PAYLOAD_MAX octets are left in `ret`. `put` stores each blob that it refers to. Text that is no
 * UTF-8 is made safe first, because a record with it could not be read again. */
typedef void sg_blob_put_fn(void *arg, const struct sg_hash *hash, struct sg_bytes octets);
void sg_blob_shrink(const struct sg_val *v, sg_blob_put_fn *put, void *arg, struct sg_buf *ret);

/* The other way: gives the tree with every reference replaced. SG_EDAMAGED: a blob is missing or wrong. Takes `v` (freed on failure). */
int sg_blob_expand(const struct sg_source *s, struct sg_val *v, struct sg_val **ret, struct sg_err *err);

/* One blob, whole and verified. SG_ENOENT: none of that hash. */
int sg_blob_get(
        const struct sg_source *s, const struct sg_hash *hash, struct sg_buf *ret, struct sg_err *err);

/* Calls fn for every hash that the tree may refer to: 32 octets, or 64 hexadecimal digits. */
void sg_blob_refs(const struct sg_val *v, void (*fn)(void *arg, const struct sg_hash *hash), void *arg);

#endif
