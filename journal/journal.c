/* journal.c - the four durable writes (journal.h), and nothing else that changes the journal but open.c (making it) and prune.c.
 *
 * Order inside open_intent: everything that may refuse (an open intent, the threshold, the mirror's room) is asked before the commit; then the
 * commit (two flushes), then the mirror (one). When the mirror fails after the commit the intent is open and durable, so the environment becomes
 * fatal: the process stops, and the next start settles the intent.
 */
#include "journal/journal.h"

#include "journal/mirror_content.h"
#include "journal/own.h"
#include "journal/writer.h"
#include <stdlib.h>
#include <string.h>

static uint64_t threshold(const struct sg_journal *j, uint64_t percent)
{
	return sg_db_size(j->db) / 100 * percent;
}

static void put(struct sg_writer *w, enum sg_table table, struct sg_buf *key, struct sg_val *v)
{
	sg_writer_put(w, table, sg_buf_bytes(key), v);
	sg_val_free(v);
}

static void put_facts(struct sg_writer *w, const struct sg_val *facts, struct sg_buf *key)
{
	for (size_t i = 0; i < facts->n; i++) {
		const struct sg_val *fact = facts->kid[i];
		sg_key_of_name(fact->key, key);
		if (fact->type == SG_VAL_NIL) {
			sg_writer_del(w, SG_T_FACTS, sg_buf_bytes(key));
			continue;
		}
		struct sg_val *v = sg_val_map();
		sg_val_set_str(v, "name", fact->key);
		sg_val_set(v, "value", sg_val_copy(fact));
		put(w, SG_T_FACTS, key, v);
	}
}

/* Everything but the intent. Drops come first, so that one change can move a claim. */
static void put_change(struct sg_writer *w, const struct sg_change *c, const struct sg_clock *now)
{
	struct sg_buf key = { 0 };

	for (size_t i = 0; i < c->n_holds_drop; i++) {
		sg_key_of_hold(&c->holds_drop[i], &key);
		sg_writer_del(w, SG_T_HOLDS, sg_buf_bytes(&key));
	}
	for (size_t i = 0; i < c->n_blocks_drop; i++) {
		sg_key_of_block(&c->blocks_drop[i], &key);
		sg_writer_del(w, SG_T_BLOCKS, sg_buf_bytes(&key));
	}
	for (size_t i = 0; i < c->n_rows_drop; i++) {
		sg_key_of_row(&c->rows_drop[i], &key);
		sg_writer_del(w, SG_T_ROWS, sg_buf_bytes(&key));
	}
	for (size_t i = 0; i < c->n_bodies; i++)
		sg_writer_blob(w, &c->bodies[i].hash, c->bodies[i].octets);
	for (size_t i = 0; i < c->n_rows; i++) {
		sg_key_of_row(&c->rows[i]->key, &key);
		put(w, SG_T_ROWS, &key, sg_shape_row(c->rows[i]));
	}
	for (size_t i = 0; i < c->n_holds_put; i++) {
		sg_key_of_hold(&c->holds_put[i].addr, &key);
		put(w, SG_T_HOLDS, &key, sg_shape_hold(&c->holds_put[i]));
	}
	for (size_t i = 0; i < c->n_blocks_put; i++) {
		sg_key_of_block(&c->blocks_put[i], &key);
		put(w, SG_T_BLOCKS, &key, sg_shape_block(&c->blocks_put[i]));
	}
	for (size_t i = 0; i < c->n_feeds; i++) {
		sg_key_of_name(c->feeds[i].name, &key);
		put(w, SG_T_FEEDS, &key, sg_shape_feed(&c->feeds[i]));
	}
	if (c->facts)
		put_facts(w, c->facts, &key);
	for (size_t i = 0; i < c->n_audits; i++)
		sg_writer_audit(w, &c->audits[i], now);
	sg_buf_release(&key);
}

/* P9: whoever writes a feed's row, its serial does not go down, unless an administrator reset it. */
static void check_serials(struct sg_writer *w, const struct sg_change *c)
{
	struct sg_source s = sg_txn_source(&w->txn);
	struct sg_buf key = { 0 };

	for (size_t i = 0; i < c->n_feeds && w->txn.code == 0; i++) {
		struct sg_feed_row old = { 0 };
		struct sg_val *v = NULL;
		sg_key_of_name(c->feeds[i].name, &key);
		if (c->serial_reset && strcmp(c->serial_reset, c->feeds[i].name) == 0)
			continue;
		int rc = sg_look_val(&s, SG_T_FEEDS, sg_buf_bytes(&key), &v, w->txn.err);
		if (rc == 0)
			rc = sg_shape_feed_read(v, &old, w->txn.err);
		if (rc == 0 && c->feeds[i].serial < old.serial)
			rc = sg_fail(w->txn.err, SG_ETRUST,
			        "feed %s: serial %llu is below %llu, which was accepted before", old.name,
			        (unsigned long long)c->feeds[i].serial, (unsigned long long)old.serial);
		if (rc != 0 && rc != SG_ENOENT)
			sg_txn_fail(&w->txn, rc);
		sg_val_free(v);
		sg_feed_row_release(&old);
	}
	sg_buf_release(&key);
}

static int write_change(struct sg_journal *j, const struct sg_change *change, uint64_t percent,
        const char *what, const struct sg_clock *now, struct sg_err *err)
{
	struct sg_writer w;

	sg_writer_begin(&w, j->db, false, err);
	check_serials(&w, change);
	put_change(&w, change, now);
	sg_writer_within(&w, threshold(j, percent), what);
	return sg_writer_commit(&w, now);
}

int sg_journal_accept(
        struct sg_journal *j, const struct sg_change *change, const struct sg_clock *now, struct sg_err *err)
{
	return write_change(j, change, SG_JOURNAL_FIRST, "new feeds", now, err);
}

int sg_journal_note(
        struct sg_journal *j, const struct sg_change *change, const struct sg_clock *now, struct sg_err *err)
{
	return write_change(j, change, SG_JOURNAL_SECOND, "notes", now, err);
}

static bool adds(enum sg_op op)
{
	switch (op) {
	case SG_OP_APPLY:
	case SG_OP_SUPERSEDE:
	case SG_OP_REPAIR:
	case SG_OP_TAKE_OVER: return true;
	case SG_OP_REVERT: break;
	}
	return false;
}

static void put_intent(struct sg_writer *w, const struct sg_intent *intent)
{
	struct sg_buf key = { 0 };
	struct sg_val *v = sg_shape_intent(intent);

	sg_writer_put(w, SG_T_INTENT, sg_bytes_of("intent"), v);
	sg_val_free(v);
	for (size_t i = 0; i < intent->moves.n; i++) {
		sg_key_of_move((uint32_t)i, &key);
		put(w, SG_T_INTENT, &key, sg_shape_move(&intent->moves.at[i]));
	}
	sg_buf_release(&key);
}

int sg_journal_open_intent(struct sg_journal *j, struct sg_intent *intent, const struct sg_change *change,
        const struct sg_clock *now, struct sg_err *err)
{
	struct sg_writer w;
	struct sg_bytes open;
	struct sg_val *content = NULL;
	struct sg_buf slot = { 0 };
	int rc;

	sg_writer_begin(&w, j->db, false, err);
	if (sg_txn_get(&w.txn, SG_T_INTENT, sg_bytes_of("intent"), &open))
		sg_txn_fail(&w.txn,
		        sg_fail(err, SG_ESTATE,
		                "an operation is under way already: it must be finished or settled first"));
	uint64_t seq = w.head.intents + 1, before = intent->seq;
	w.head.intents = intent->seq = seq;
	check_serials(&w, change);
	put_change(&w, change, now);
	put_intent(&w, intent);
	intent->seq = before;
	bool adding = adds(intent->op);
	sg_writer_within(&w, threshold(j, adding ? SG_JOURNAL_FIRST : SG_JOURNAL_SECOND),
	        adding ? "new applies" : "reverts");
	if (w.txn.code == 0) {
		struct sg_source s = sg_txn_source(&w.txn);
		rc = sg_mirror_content(&s, &w.head, &content, err);
		if (rc == 0)
			rc = sg_mirror_pack(j->mirror, content, &slot, err);
		if (rc != 0)
			sg_txn_fail(&w.txn, rc == SG_ELIMIT ? SG_ENOSPC : rc);
	}
	rc = sg_writer_commit(&w, now);
	if (rc == 0) {
		rc = sg_mirror_write_packed(j->mirror, sg_buf_bytes(&slot), err);
		if (rc != 0)
			sg_db_set_fatal(j->db);
		else
			intent->seq = seq;
	}
	sg_val_free(content);
	sg_buf_release(&slot);
	return rc;
}

static int collect_key(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct sg_buf *all = arg;

	(void)value;
	sg_buf_char(all, (char)(unsigned char)key.len);
	sg_buf_add(all, key.data, key.len);
	return 0;
}

static void drop_intent(struct sg_writer *w)
{
	struct sg_source s = sg_txn_source(&w->txn);
	struct sg_buf keys = { 0 };
	int rc = s.each(s.self, SG_T_INTENT, (struct sg_bytes){ 0 }, false, collect_key, &keys, w->txn.err);

	if (rc != 0)
		sg_txn_fail(&w->txn, rc);
	for (size_t at = 0; at < keys.len; at += keys.data[at] + (size_t)1)
		sg_writer_del(w, SG_T_INTENT, (struct sg_bytes){ keys.data + at + 1, keys.data[at] });
	sg_buf_release(&keys);
}

int sg_journal_close_intent(
        struct sg_journal *j, const struct sg_change *change, const struct sg_clock *now, struct sg_err *err)
{
	struct sg_writer w;
	struct sg_bytes open;

	sg_writer_begin(&w, j->db, false, err);
	if (!sg_txn_get(&w.txn, SG_T_INTENT, sg_bytes_of("intent"), &open) && w.txn.code == 0)
		sg_txn_fail(&w.txn, sg_fail(err, SG_ESTATE, "no operation is under way"));
	check_serials(&w, change);
	drop_intent(&w);
	put_change(&w, change, now);
	return sg_writer_commit(&w, now);
}

int sg_journal_count_attempt(
        struct sg_journal *j, uint32_t *ret_attempts, const struct sg_clock *now, struct sg_err *err)
{
	struct sg_writer w;
	struct sg_val *v = NULL;
	uint32_t attempts = 0;

	sg_writer_begin(&w, j->db, false, err);
	if (w.txn.code == 0) {
		struct sg_source s = sg_txn_source(&w.txn);
		int rc = sg_look_val(&s, SG_T_INTENT, sg_bytes_of("intent"), &v, err);
		if (rc == SG_ENOENT)
			rc = sg_fail(err, SG_ESTATE, "no operation is under way");
		if (rc != 0)
			sg_txn_fail(&w.txn, rc);
	}
	if (v) {
		attempts = (uint32_t)sg_val_get_int(v, "attempts", 0) + 1;
		sg_val_set_int(v, "attempts", attempts);
		sg_writer_put(&w, SG_T_INTENT, sg_bytes_of("intent"), v);
	}
	sg_val_free(v);
	int rc = sg_writer_commit(&w, now);
	if (rc == 0)
		*ret_attempts = attempts;
	return rc;
}

void sg_journal_space(struct sg_journal *j, struct sg_journal_space *ret)
{
	*ret = (struct sg_journal_space){ .size = sg_db_size(j->db),
		.first_threshold = threshold(j, SG_JOURNAL_FIRST),
		.second_threshold = threshold(j, SG_JOURNAL_SECOND) };
	if (sg_db_used(j->db, &ret->used, NULL) != 0)
		ret->used = ret->size; /* what cannot be told counts as full */
}
