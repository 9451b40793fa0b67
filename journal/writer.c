/* writer.c - puts sealed records and keeps the head in step with them (writer.h). */
#include "journal/writer.h"

#include "base/pack.h"
#include "journal/blob.h"
#include <string.h>

#define KEY_HEAD sg_bytes_of("head")

void sg_writer_begin(struct sg_writer *w, struct sg_db *db, bool first, struct sg_err *err)
{
	struct sg_bytes value;
	struct sg_val *v = NULL;

	*w = (struct sg_writer){ 0 };
	int rc = sg_db_used(db, &w->used, err);
	sg_txn_begin(&w->txn, db, true, err);
	if (rc != 0)
		sg_txn_fail(&w->txn, rc);
	if (sg_txn_get(&w->txn, SG_T_META, KEY_HEAD, &value)) {
		rc = sg_record_val(SG_T_META, KEY_HEAD, value, &v, err);
		if (rc == 0)
			rc = sg_shape_head_read(v, &w->head, err);
		sg_val_free(v);
		if (rc != 0)
			sg_txn_fail(&w->txn, rc);
	} else if (!first && w->txn.code == 0) {
		sg_txn_fail(&w->txn, sg_fail(err, SG_EDAMAGED, "record meta/head is missing"));
	}
	w->head.stamp++;
}

/* Takes a record that goes away, or comes, out of or into the sum. */
static void account(struct sg_writer *w, struct sg_bytes value)
{
	for (size_t i = 0; i < SG_RECORD_SUM && value.len >= SG_RECORD_HEAD; i++)
		w->head.sum[i] ^= value.data[12 + i];
}

static void put_payload(
        struct sg_writer *w, enum sg_table table, struct sg_bytes key, struct sg_bytes payload)
{
	struct sg_buf record = { 0 };
	struct sg_bytes old;

	if (sg_txn_get(&w->txn, table, key, &old))
		account(w, old);
	else
		w->head.records[table]++;
	sg_record_seal(table, key, w->head.stamp, payload, &record);
	account(w, sg_buf_bytes(&record));
	sg_txn_put(&w->txn, table, key, sg_buf_bytes(&record));
	sg_buf_release(&record);
}

static void put_blob(void *arg, const struct sg_hash *hash, struct sg_bytes octets)
{
	sg_writer_blob(arg, hash, octets);
}

void sg_writer_put(struct sg_writer *w, enum sg_table table, struct sg_bytes key, const struct sg_val *v)
{
	struct sg_buf payload = { 0 };

	if (w->txn.code != 0)
		return;
	sg_blob_shrink(v, put_blob, w, &payload);
	put_payload(w, table, key, sg_buf_bytes(&payload));
	sg_buf_release(&payload);
}

void sg_writer_del(struct sg_writer *w, enum sg_table table, struct sg_bytes key)
{
	struct sg_bytes old;

	if (!sg_txn_get(&w->txn, table, key, &old))
		return;
	account(w, old);
	w->head.records[table]--;
	sg_txn_del(&w->txn, table, key);
}

void sg_writer_blob(struct sg_writer *w, const struct sg_hash *hash, struct sg_bytes octets)
{
	struct sg_buf key = { 0 };
	struct sg_bytes there;
	uint32_t no = 0;

	sg_key_of_chunk(hash, 0, &key);
	bool known = sg_txn_get(&w->txn, SG_T_BLOBS, sg_buf_bytes(&key), &there);
	for (size_t at = 0; !known && w->txn.code == 0 && (at < octets.len || no == 0); no++) {
		size_t n = octets.len - at < SG_CHUNK ? octets.len - at : SG_CHUNK;
		sg_key_of_chunk(hash, no, &key);
		put_payload(w, SG_T_BLOBS, sg_buf_bytes(&key), (struct sg_bytes){ octets.data + at, n });
		at += n;
	}
	sg_buf_release(&key);
}

void sg_writer_audit(struct sg_writer *w, struct sg_audit *line, const struct sg_clock *now)
{
	struct sg_buf packed = { 0 }, payload = { 0 };
	unsigned char key[8];

	if (w->txn.code != 0)
		return;
	line->seq = w->head.audit_last + 1;
	line->prev = w->head.chain;
	if (line->wall == 0)
		line->wall = now->wall;
	if (line->boot[0] == 0)
		memcpy(line->boot, now->boot, sizeof line->boot);
	/* The hash is over the line as it is stored, long contents by their hashes, so that the chain can be verified without any blob. */
	struct sg_val *v = sg_shape_audit(line);
	sg_blob_shrink(v, put_blob, w, &packed);
	sg_val_free(v);
	line->hash =
	        sg_sha256_2((struct sg_bytes){ line->prev.b, sizeof line->prev.b }, sg_buf_bytes(&packed));
	sg_buf_add(&payload, line->prev.b, sizeof line->prev.b);
	sg_buf_add(&payload, line->hash.b, sizeof line->hash.b);
	sg_buf_add(&payload, packed.data, packed.len);
	sg_key_of_audit(line->seq, key);
	put_payload(w, SG_T_AUDIT, (struct sg_bytes){ key, sizeof key }, sg_buf_bytes(&payload));
	w->head.audit_last = line->seq;
	w->head.chain = line->hash;
	if (w->head.audit_first == 0)
		w->head.audit_first = line->seq;
	if (line->wall > w->head.max_wall)
		w->head.max_wall = line->wall;
	sg_buf_release(&packed);
	sg_buf_release(&payload);
}

void sg_writer_within(struct sg_writer *w, uint64_t limit, const char *what)
{
	/* Copy on write touches each changed page and its ancestors once; records fill their pages to about two thirds. */
	uint64_t need = w->txn.bytes + w->txn.bytes / 2 + 16 * (uint64_t)4096;

	if (w->txn.code == 0 && w->used + need > limit)
		sg_txn_fail(&w->txn,
		        sg_fail(w->txn.err, SG_ENOSPC,
		                "the journal uses %llu of %llu bytes, and its threshold for %s is %llu: "
		                "prune it, or make it larger",
		                (unsigned long long)w->used, (unsigned long long)sg_db_size(w->txn.db), what,
		                (unsigned long long)limit));
}

int sg_writer_commit(struct sg_writer *w, const struct sg_clock *now)
{
	struct sg_buf payload = { 0 }, record = { 0 };

	if (w->txn.code == 0) {
		if (now->wall > w->head.max_wall)
			w->head.max_wall = now->wall;
		struct sg_val *v = sg_shape_head(&w->head);
		sg_pack(v, &payload);
		sg_val_free(v);
		sg_record_seal(SG_T_META, KEY_HEAD, w->head.stamp, sg_buf_bytes(&payload), &record);
		sg_txn_put(&w->txn, SG_T_META, KEY_HEAD, sg_buf_bytes(&record));
		sg_buf_release(&payload);
		sg_buf_release(&record);
	}
	return sg_txn_commit(&w->txn);
}
