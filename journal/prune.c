/* prune.c - takes old history out (journal.h): audit lines before a time, then blobs that nothing names any more.
 *
 * The chain goes on: the hash of the last line that went becomes the checkpoint in the head, where the first line that stays hangs from. What a blob's
 * hash is named by is decided by value (blob.h, sg_blob_refs), so a record of any kind keeps the contents that it mentions, audit lines included.
 */
#include "journal/journal.h"

#include "base/pack.h"
#include "journal/blob.h"
#include "journal/own.h"
#include "journal/writer.h"
#include <stdlib.h>
#include <string.h>

struct hashes {
	struct sg_hash *at;
	size_t n, cap;
};

static void hashes_add(void *arg, const struct sg_hash *hash)
{
	struct hashes *h = arg;

	h->at = sg_grow(h->at, h->n, &h->cap, sizeof *h->at);
	h->at[h->n++] = *hash;
}

static int hash_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sg_hash));
}

static bool hashes_has(const struct hashes *h, const struct sg_hash *hash)
{
	return h->n > 0 && bsearch(hash, h->at, h->n, sizeof *h->at, hash_cmp) != NULL;
}

/* --- lines */

struct lines {
	struct sg_writer *w;
	int64_t keep_from;
	uint64_t until; /* the first line that stays */
	struct sg_hash base;
	struct sg_err *err;
};

static int old_line(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct lines *l = arg;
	struct sg_source s = sg_txn_source(&l->w->txn);
	struct sg_audit line = { 0 };
	int rc = sg_look_audit(&s, key, value, &line, l->err);

	/* The last line always stays: an empty trail could not be told from a lost one. */
	if (rc == 0 && (line.wall >= l->keep_from || line.seq == l->w->head.audit_last))
		rc = 1;
	if (rc == 0) {
		l->until = line.seq + 1;
		l->base = line.hash;
	}
	sg_audit_release(&line);
	return rc;
}

/* --- blobs */

struct mark {
	struct sg_source s;
	enum sg_table table;
	struct hashes *named;
	struct sg_err *err;
};

static int mark_record(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct mark *m = arg;
	struct sg_record record;
	struct sg_val *v = NULL, *whole = NULL;
	int rc = sg_record_open(m->table, key, value, &record, m->err);

	if (rc != 0)
		return rc;
	struct sg_bytes text = record.payload;
	if (m->table == SG_T_AUDIT && text.len >= 64)
		text = (struct sg_bytes){ text.data + 64, text.len - 64 };
	rc = sg_unpack(text, &sg_pack_row_limits, &v, m->err);
	if (rc != 0)
		return rc;
	/* What the record refers to, and what its long contents mention in turn. */
	sg_blob_refs(v, hashes_add, m->named);
	rc = sg_blob_expand(&m->s, v, &whole, m->err);
	if (rc == 0)
		sg_blob_refs(whole, hashes_add, m->named);
	sg_val_free(whole);
	return rc;
}

struct sweep {
	const struct hashes *named;
	struct hashes *gone;
};

static int sweep_chunk(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct sweep *s = arg;
	struct sg_hash hash;

	(void)value;
	if (key.len != 36)
		return 0;
	memcpy(hash.b, key.data, sizeof hash.b);
	if (!hashes_has(s->named, &hash))
		hashes_add(s->gone, &hash); /* once per chunk */
	return 0;
}

static int drop_blobs(struct sg_writer *w, struct sg_err *err)
{
	struct hashes named = { 0 }, gone = { 0 };
	struct mark m = { sg_txn_source(&w->txn), SG_T_META, &named, err };
	struct sg_buf key = { 0 };
	int rc = 0;

	for (size_t i = SG_T_ROWS; rc == 0 && i < SG_T_COUNT; i++) {
		m.table = (enum sg_table)i;
		if (m.table != SG_T_BLOBS)
			rc = m.s.each(m.s.self, m.table, (struct sg_bytes){ 0 }, false, mark_record, &m, err);
	}
	if (named.n > 1)
		qsort(named.at, named.n, sizeof *named.at, hash_cmp);
	struct sweep sweep = { &named, &gone };
	if (rc == 0)
		rc = m.s.each(m.s.self, SG_T_BLOBS, (struct sg_bytes){ 0 }, false, sweep_chunk, &sweep, err);
	uint32_t no = 0;
	for (size_t i = 0; rc == 0 && i < gone.n; i++) {
		no = i > 0 && sg_hash_equal(&gone.at[i], &gone.at[i - 1]) ? no + 1 : 0;
		sg_key_of_chunk(&gone.at[i], no, &key);
		sg_writer_del(w, SG_T_BLOBS, sg_buf_bytes(&key));
	}
	sg_buf_release(&key);
	free(named.at);
	free(gone.at);
	return rc;
}

int sg_journal_prune(struct sg_journal *j, int64_t keep_from, const struct sg_clock *now, uint64_t *ret_lines,
        struct sg_err *err)
{
	struct sg_writer w;
	unsigned char key[8];

	sg_writer_begin(&w, j->db, false, err);
	uint64_t first = w.head.audit_first;
	struct lines l = { &w, keep_from, first, w.head.base, err };
	if (w.txn.code == 0) {
		struct sg_source s = sg_txn_source(&w.txn);
		int rc = s.each(s.self, SG_T_AUDIT, (struct sg_bytes){ 0 }, false, old_line, &l, err);
		if (rc < 0)
			sg_txn_fail(&w.txn, rc);
	}
	for (uint64_t seq = first; seq != 0 && seq < l.until && w.txn.code == 0; seq++) {
		sg_key_of_audit(seq, key);
		sg_writer_del(&w, SG_T_AUDIT, (struct sg_bytes){ key, sizeof key });
	}
	w.head.audit_first = l.until;
	w.head.base = l.base;
	if (w.txn.code == 0) {
		int rc = drop_blobs(&w, err);
		if (rc != 0)
			sg_txn_fail(&w.txn, rc);
	}
	int rc = sg_writer_commit(&w, now);
	if (rc == 0)
		*ret_lines = l.until - first;
	return rc;
}
