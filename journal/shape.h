/* shape.h - the structs of model/row.h as value trees and back: what a record's payload says, before long contents are put aside (blob.h).
 *
 * Each struct has one constant table of fields, used in both directions, so writer and reader cannot disagree. Reading is strict: every key must
 * be there, of its type and in its range, and a key that is not known is refused (SG_EPARSE); a new key or word needs a new record format, and what a record
 * of an older one lacks has a stated meaning here. States and reasons are stored by name, because numbers move when a word is added.
 */
#ifndef SG_JOURNAL_SHAPE_H
#define SG_JOURNAL_SHAPE_H

#include "model/row.h"

struct sg_val *sg_shape_row(const struct sg_row *row);
int sg_shape_row_read(const struct sg_val *v, struct sg_row **ret, struct sg_err *err);
struct sg_val *sg_shape_block(const struct sg_block *b);
int sg_shape_block_read(const struct sg_val *v, struct sg_block *ret, struct sg_err *err);
struct sg_val *sg_shape_feed(const struct sg_feed_row *f);
int sg_shape_feed_read(const struct sg_val *v, struct sg_feed_row *ret, struct sg_err *err);
struct sg_val *sg_shape_hold(const struct sg_hold *h);
int sg_shape_hold_read(const struct sg_val *v, struct sg_hold *ret, struct sg_err *err);
struct sg_val *sg_shape_move(const struct sg_move *m);
int sg_shape_move_read(const struct sg_val *v, struct sg_move *ret, struct sg_err *err);
/* Without its moves, which are records of their own; "moves" is their number. */
struct sg_val *sg_shape_intent(const struct sg_intent *i);
int sg_shape_intent_read(
        const struct sg_val *v, struct sg_intent *ret, size_t *ret_moves, struct sg_err *err);
/* Without prev and hash, which stand beside the line. */
struct sg_val *sg_shape_audit(const struct sg_audit *a);
int sg_shape_audit_read(const struct sg_val *v, struct sg_audit *ret, struct sg_err *err);

/* meta/head: replaced by every durable write. */
struct sg_head {
	uint64_t stamp;                   /* durable writes so far */
	uint64_t intents;                 /* seq of the last intent */
	uint64_t audit_first, audit_last; /* 0: none */
	struct sg_hash base;  /* prev of the first line: zero, or the checkpoint that pruning left */
	struct sg_hash chain; /* hash of the last line; with no line, base */
	int64_t max_wall;
	uint64_t records[9];   /* per table; meta's own is not counted */
	unsigned char sum[16]; /* exclusive or of the checksums of all records but this one */
};
struct sg_val *sg_shape_head(const struct sg_head *h);
int sg_shape_head_read(const struct sg_val *v, struct sg_head *ret, struct sg_err *err);

/* meta/made: written once. */
struct sg_made {
	uint32_t format;
	int64_t created;
	char *machine;
};
struct sg_val *sg_shape_made(const struct sg_made *m);
int sg_shape_made_read(const struct sg_val *v, struct sg_made *ret, struct sg_err *err);

#endif
