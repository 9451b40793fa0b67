/* read.c - the read half (read.h): records into structs. Works on the daemon's own environment and on a private copy alike. */
#include "journal/read.h"

#include "base/pack.h"
#include "journal/blob.h"
#include "journal/reader.h"
#include <stdlib.h>
#include <string.h>

int sg_look_begin(struct sg_look_at *l, struct sg_journal_read *r, struct sg_err *err)
{
	l->txn = (struct sg_txn){ 0 };
	if (r->pages) {
		l->source = sg_pages_source(r->pages);
		return 0;
	}
	sg_txn_begin(&l->txn, r->db, false, err);
	l->source = sg_txn_source(&l->txn);
	return l->txn.code;
}

void sg_look_end(struct sg_look_at *l)
{
	sg_txn_abort(&l->txn);
}

int sg_look_decode(const struct sg_source *s, enum sg_table t, struct sg_bytes key, struct sg_bytes value,
        struct sg_val **ret, struct sg_err *err)
{
	struct sg_val *v = NULL;
	int rc = sg_record_val(t, key, value, &v, err);

	return rc == 0 ? sg_blob_expand(s, v, ret, err) : rc;
}

int sg_look_val(const struct sg_source *s, enum sg_table t, struct sg_bytes key, struct sg_val **ret,
        struct sg_err *err)
{
	struct sg_bytes value;
	int rc = s->get(s->self, t, key, &value, err);

	return rc == 0 ? sg_look_decode(s, t, key, value, ret, err) : rc;
}

int sg_look_head(const struct sg_source *s, struct sg_head *ret, struct sg_err *err)
{
	struct sg_val *v = NULL;
	int rc = sg_look_val(s, SG_T_META, sg_bytes_of("head"), &v, err);

	if (rc == SG_ENOENT)
		return sg_fail(err, SG_EDAMAGED, "record meta/head is missing");
	if (rc == 0)
		rc = sg_shape_head_read(v, ret, err);
	sg_val_free(v);
	return rc;
}

int sg_look_made(const struct sg_source *s, struct sg_made *ret, struct sg_err *err)
{
	struct sg_val *v = NULL;
	int rc = sg_look_val(s, SG_T_META, sg_bytes_of("made"), &v, err);

	if (rc == SG_ENOENT)
		return sg_fail(err, SG_EDAMAGED, "record meta/made is missing");
	if (rc == 0)
		rc = sg_shape_made_read(v, ret, err);
	sg_val_free(v);
	return rc;
}

int sg_look_audit(const struct sg_source *s, struct sg_bytes key, struct sg_bytes value, struct sg_audit *ret,
        struct sg_err *err)
{
	struct sg_audit line = { 0 };
	struct sg_record record;
	struct sg_hash prev, hash;
	struct sg_val *v = NULL;
	unsigned long long seq = sg_key_audit_seq(key);
	int rc = sg_record_open(SG_T_AUDIT, key, value, &record, err);

	if (rc != 0)
		return rc;
	if (!sg_record_readable(record.format))
		return sg_fail(err, SG_EVERSION,
		        "record audit/%llu has format %u; this stopgap reads formats up to %d", seq,
		        (unsigned)record.format, SG_RECORD_FORMAT);
	if (record.payload.len < 64)
		return sg_fail(err, SG_EDAMAGED, "record audit/%llu: it is shorter than its hashes", seq);
	memcpy(prev.b, record.payload.data, sizeof prev.b);
	memcpy(hash.b, record.payload.data + 32, sizeof hash.b);
	struct sg_bytes text = { record.payload.data + 64, record.payload.len - 64 };
	struct sg_hash have = sg_sha256_2((struct sg_bytes){ prev.b, sizeof prev.b }, text);
	if (!sg_hash_equal(&have, &hash))
		return sg_fail(
		        err, SG_EDAMAGED, "record audit/%llu: the line is not what its hash says", seq);
	rc = sg_unpack(text, &sg_pack_row_limits, &v, err);
	if (rc == 0)
		rc = sg_blob_expand(s, v, &v, err);
	else
		v = NULL;
	if (rc == 0) {
		rc = sg_shape_audit_read(v, &line, err);
		sg_val_free(v);
	}
	if (rc != 0)
		return rc == SG_EPARSE ? SG_EDAMAGED : rc;
	if (line.seq != seq) {
		sg_audit_release(&line);
		return sg_fail(err, SG_EDAMAGED, "record audit/%llu: it says that it is another line", seq);
	}
	line.prev = prev;
	line.hash = hash;
	*ret = line;
	return 0;
}

int sg_journal_read_meta(struct sg_journal_read *r, struct sg_journal_meta *ret, struct sg_err *err)
{
	struct sg_journal_meta meta = { 0 };
	struct sg_made made = { 0 };
	struct sg_head head = { 0 };
	struct sg_look_at l;
	int rc = sg_look_begin(&l, r, err);

	if (rc == 0)
		rc = sg_look_made(&l.source, &made, err);
	if (rc == 0)
		rc = sg_look_head(&l.source, &head, err);
	sg_look_end(&l);
	if (rc == 0 && r->db)
		rc = sg_db_used(r->db, &meta.used, err);
	if (rc != 0) {
		free(made.machine);
		return rc;
	}
	meta.format = made.format;
	meta.created = made.created;
	meta.machine = made.machine;
	meta.size = r->db ? sg_db_size(r->db) : sg_pages_size(r->pages);
	if (r->pages)
		meta.used = sg_pages_used(r->pages);
	meta.audit_first = head.audit_first;
	meta.audit_last = head.audit_last;
	meta.max_wall = head.max_wall;
	for (size_t i = 0; i + 1 < SG_T_COUNT; i++)
		meta.records[i] = head.records[i + 1];
	*ret = meta;
	return 0;
}

void sg_journal_meta_release(struct sg_journal_meta *m)
{
	free(m->machine);
	*m = (struct sg_journal_meta){ 0 };
}

const char *sg_journal_table_name(size_t i)
{
	return i + 1 < SG_T_COUNT ? sg_table_name((enum sg_table)(i + 1)) : NULL;
}

/* --- lists of structs: one walk, one decoder per table */

struct list {
	const struct sg_source *s;
	enum sg_table table;
	int (*add)(void *to, const struct sg_val *v, struct sg_err *err);
	void *to;
	struct sg_err *err;
};

static int list_record(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct list *l = arg;
	struct sg_val *v = NULL;
	struct sg_err why = SG_ERR_INIT;
	int rc = sg_look_decode(l->s, l->table, key, value, &v, l->err);

	if (rc != 0)
		return rc;
	rc = l->add(l->to, v, &why);
	if (rc != 0) {
		struct sg_buf name = { 0 };
		sg_record_name(l->table, key, &name);
		rc = sg_fail(l->err, SG_EDAMAGED, "record %s: %s", (char *)name.data, why.msg);
		sg_buf_release(&name);
	}
	sg_val_free(v);
	return rc;
}

static int list(struct sg_journal_read *r, enum sg_table table,
        int (*add)(void *to, const struct sg_val *v, struct sg_err *err), void *to, struct sg_err *err)
{
	struct sg_look_at look;
	int rc = sg_look_begin(&look, r, err);

	if (rc == 0) {
		struct list l = { &look.source, table, add, to, err };
		rc = look.source.each(
		        look.source.self, table, (struct sg_bytes){ 0 }, false, list_record, &l, err);
	}
	sg_look_end(&look);
	return rc;
}

static int add_row(void *to, const struct sg_val *v, struct sg_err *err)
{
	struct sg_rows *rows = to;
	struct sg_row *row = NULL;
	int rc = sg_shape_row_read(v, &row, err);

	if (rc == 0) {
		rows->at = sg_grow(rows->at, rows->n, &rows->cap, sizeof(struct sg_row *));
		rows->at[rows->n++] = row;
	}
	return rc;
}

void sg_rows_release(struct sg_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		sg_row_free(rows->at[i]);
	free(rows->at);
	*rows = (struct sg_rows){ 0 };
}

int sg_journal_rows(struct sg_journal_read *r, struct sg_rows *ret, struct sg_err *err)
{
	struct sg_rows rows = { 0 };
	int rc = list(r, SG_T_ROWS, add_row, &rows, err);

	if (rc != 0)
		sg_rows_release(&rows);
	else
		*ret = rows;
	return rc;
}

int sg_journal_row(
        struct sg_journal_read *r, const struct sg_key *key, struct sg_row **ret, struct sg_err *err)
{
	struct sg_look_at l;
	struct sg_buf k = { 0 };
	struct sg_val *v = NULL;
	int rc = sg_look_begin(&l, r, err);

	sg_key_of_row(key, &k);
	if (rc == 0)
		rc = sg_look_val(&l.source, SG_T_ROWS, sg_buf_bytes(&k), &v, err);
	if (rc == SG_ENOENT)
		sg_fail(err, SG_ENOENT, "the journal knows no mitigation %s of feed %s", key->id, key->feed);
	else if (rc == 0)
		rc = sg_shape_row_read(v, ret, err);
	sg_val_free(v);
	sg_buf_release(&k);
	sg_look_end(&l);
	return rc;
}

static int add_hold(void *to, const struct sg_val *v, struct sg_err *err)
{
	struct sg_hold hold;
	int rc = sg_shape_hold_read(v, &hold, err);

	if (rc == 0)
		*sg_holds_add(to) = hold;
	return rc;
}

static int hold_cmp(const void *a, const void *b)
{
	return sg_addr_cmp(&((const struct sg_hold *)a)->addr, &((const struct sg_hold *)b)->addr);
}

int sg_journal_holds(struct sg_journal_read *r, struct sg_holds *ret, struct sg_err *err)
{
	struct sg_holds holds = { 0 };
	int rc = list(r, SG_T_HOLDS, add_hold, &holds, err);

	if (rc != 0) {
		sg_holds_release(&holds);
		return rc;
	}
	if (holds.n > 1)
		qsort(holds.at, holds.n, sizeof *holds.at, hold_cmp);
	*ret = holds;
	return 0;
}

int sg_journal_intent(struct sg_journal_read *r, struct sg_intent *ret, bool *ret_open, struct sg_err *err)
{
	struct sg_intent intent = { 0 };
	struct sg_look_at l;
	struct sg_buf key = { 0 };
	struct sg_val *v = NULL;
	size_t moves = 0;
	int rc = sg_look_begin(&l, r, err);

	if (rc == 0)
		rc = sg_look_val(&l.source, SG_T_INTENT, sg_bytes_of("intent"), &v, err);
	if (rc == SG_ENOENT) {
		sg_look_end(&l);
		*ret_open = false;
		return 0;
	}
	if (rc == 0)
		rc = sg_shape_intent_read(v, &intent, &moves, err);
	sg_val_free(v);
	for (size_t i = 0; rc == 0 && i < moves; i++) {
		struct sg_move move;
		v = NULL;
		sg_key_of_move((uint32_t)i, &key);
		rc = sg_look_val(&l.source, SG_T_INTENT, sg_buf_bytes(&key), &v, err);
		if (rc == SG_ENOENT)
			rc = sg_fail(err, SG_EDAMAGED, "record intent/move/%llu is missing",
			        (unsigned long long)i);
		if (rc == 0)
			rc = sg_shape_move_read(v, &move, err);
		if (rc == 0)
			*sg_moves_add(&intent.moves) = move;
		sg_val_free(v);
	}
	sg_buf_release(&key);
	sg_look_end(&l);
	if (rc != 0) {
		sg_intent_release(&intent);
		return rc;
	}
	*ret = intent;
	*ret_open = true;
	return 0;
}

static int add_block(void *to, const struct sg_val *v, struct sg_err *err)
{
	struct sg_blocks *blocks = to;
	struct sg_block block;
	int rc = sg_shape_block_read(v, &block, err);

	if (rc == 0) {
		blocks->at = sg_grow(blocks->at, blocks->n, &blocks->cap, sizeof *blocks->at);
		blocks->at[blocks->n++] = block;
	}
	return rc;
}

void sg_blocks_release(struct sg_blocks *b)
{
	for (size_t i = 0; i < b->n; i++)
		sg_block_release(&b->at[i]);
	free(b->at);
	*b = (struct sg_blocks){ 0 };
}

int sg_journal_blocks(struct sg_journal_read *r, struct sg_blocks *ret, struct sg_err *err)
{
	struct sg_blocks blocks = { 0 };
	int rc = list(r, SG_T_BLOCKS, add_block, &blocks, err);

	if (rc != 0)
		sg_blocks_release(&blocks);
	else
		*ret = blocks;
	return rc;
}

static int add_feed(void *to, const struct sg_val *v, struct sg_err *err)
{
	struct sg_feed_rows *feeds = to;
	struct sg_feed_row feed;
	int rc = sg_shape_feed_read(v, &feed, err);

	if (rc == 0) {
		feeds->at = sg_grow(feeds->at, feeds->n, &feeds->cap, sizeof *feeds->at);
		feeds->at[feeds->n++] = feed;
	}
	return rc;
}

void sg_feed_rows_release(struct sg_feed_rows *f)
{
	for (size_t i = 0; i < f->n; i++)
		sg_feed_row_release(&f->at[i]);
	free(f->at);
	*f = (struct sg_feed_rows){ 0 };
}

int sg_journal_feeds(struct sg_journal_read *r, struct sg_feed_rows *ret, struct sg_err *err)
{
	struct sg_feed_rows feeds = { 0 };
	int rc = list(r, SG_T_FEEDS, add_feed, &feeds, err);

	if (rc != 0)
		sg_feed_rows_release(&feeds);
	else
		*ret = feeds;
	return rc;
}

static int add_fact(void *to, const struct sg_val *v, struct sg_err *err)
{
	const char *name = sg_val_get_str(v, "name", NULL);
	const struct sg_val *value = sg_val_get(v, "value");

	if (!name || !value || v->n != 2)
		return sg_fail(err, SG_EDAMAGED, "it is no fact");
	sg_val_set(to, name, sg_val_copy(value));
	return 0;
}

int sg_journal_facts(struct sg_journal_read *r, struct sg_val **ret, struct sg_err *err)
{
	struct sg_val *facts = sg_val_map();
	int rc = list(r, SG_T_FACTS, add_fact, facts, err);

	if (rc != 0)
		sg_val_free(facts);
	else
		*ret = facts;
	return rc;
}

int sg_journal_body(
        struct sg_journal_read *r, const struct sg_hash *hash, struct sg_buf *ret, struct sg_err *err)
{
	char hex[65];
	struct sg_look_at l;
	int rc = sg_look_begin(&l, r, err);

	if (rc == 0)
		rc = sg_blob_get(&l.source, hash, ret, err);
	sg_look_end(&l);
	if (rc == SG_ENOENT) {
		sg_hash_hex(hash, hex);
		sg_fail(err, SG_ENOENT, "the journal keeps no content with the hash %s", hex);
	}
	return rc;
}
