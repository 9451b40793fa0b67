/* record.h - one record of journal.mdb: a tag, a stamp, a checksum, and a payload of at most SG_PAYLOAD_MAX octets.
 *
 *   offset 0  'S'            4  stamp: number of the durable write that put it, 8 bytes, big-endian
 *          1  table + 0x40  12  SHA-256 over table name, NUL, key, bytes 0..11 and payload, its first 16 bytes
 *          2  format, 16 bit 28 payload: MessagePack; raw octets in blobs; prev, hash and MessagePack in audit
 * LMDB has no checksums: a damaged page can give another key's value, or nothing. The checksum covers table and key, so a value that turns up
 * under another key is damage, too; the sum in the head record (writer.h) finds records that are lost. Pure, but for blobs (blob.h).
 */
#ifndef SG_JOURNAL_RECORD_H
#define SG_JOURNAL_RECORD_H

#include "base/hash.h"
#include "base/val.h"
#include "journal/table.h"
#include "model/row.h"

enum { SG_RECORD_HEAD = 28, SG_RECORD_SUM = 16, SG_PAYLOAD_MAX = 1500, SG_KEY_MAX = 255 };
/* Of each record, as it is written; older ones are read as well, and a newer one is SG_EVERSION when it is read as a struct, and shown raw by the dump
 * tool. 1: without the keys "hook" of a hold and "mixed" of a row, and without the reason "maintenance". */
enum { SG_RECORD_FORMAT = 2 };
/* Of the file as a whole, in meta/made: the highest format that a record in it may have. Opening it for writing raises it. */
enum { SG_JOURNAL_FORMAT = 2 };
bool sg_record_readable(unsigned format);

struct sg_record {
	uint16_t format;
	uint64_t stamp;
	unsigned char sum[SG_RECORD_SUM];
	struct sg_bytes payload; /* borrowed from the value */
};
void sg_record_seal(enum sg_table table, struct sg_bytes key, uint64_t stamp, struct sg_bytes payload,
        struct sg_buf *ret);
/* Any format, when the checksum is right. SG_EDAMAGED names table and key. */
int sg_record_open(enum sg_table table, struct sg_bytes key, struct sg_bytes value, struct sg_record *ret,
        struct sg_err *err);
/* The payload as a value tree, with references to blobs still in it. SG_EVERSION: a newer format; SG_EDAMAGED. Not for blobs and audit. */
int sg_record_val(enum sg_table table, struct sg_bytes key, struct sg_bytes value, struct sg_val **ret,
        struct sg_err *err);

/* "rows/microsoft/M1", "audit/17", "holds/3f2a...": for people; appended, safe for a terminal. */
void sg_record_name(enum sg_table table, struct sg_bytes key, struct sg_buf *out);

/* Keys; each replaces what is in `ret`. */
void sg_key_of_row(const struct sg_key *k, struct sg_buf *ret);
void sg_key_of_hold(const struct sg_addr *a, struct sg_buf *ret);
void sg_key_of_block(const struct sg_block *b, struct sg_buf *ret);
void sg_key_of_name(const char *name, struct sg_buf *ret); /* feeds, facts */
void sg_key_of_move(uint32_t i, struct sg_buf *ret);
void sg_key_of_chunk(const struct sg_hash *hash, uint32_t i, struct sg_buf *ret);
void sg_key_of_audit(uint64_t seq, unsigned char ret[8]);
uint64_t sg_key_audit_seq(struct sg_bytes key); /* 0: not 8 bytes */

void sg_be_put(unsigned char *to, uint64_t v, size_t bytes);
uint64_t sg_be_get(const unsigned char *from, size_t bytes);

#endif
