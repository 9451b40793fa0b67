/* check.c - every promise that the file alone can show (read.h, sg_journal_check).
 *
 *   file  the pages of LMDB's trees and its list of free pages; every record's checksum; none lost, none older than it should be (verify.h)
 *   P1    a mitigation that is applied holds something or says that others do; a hold keeps a readable before, and each holder is a row
 *   P4    the audit trail's chain, and its times against the highest time seen
 *   P5    an open intent can be settled: every move's contents are readable, and its mitigations are rows
 *   P9    no line says that a feed's serial went down, and a feed's row has the highest serial that its lines name
 *   mirror  journal.mirror knows no line that the journal lacks, and no line differently
 */
#include "journal/read.h"

#include "journal/mirror.h"
#include "journal/mirror_content.h"
#include "journal/reader.h"
#include "journal/verify.h"
#include "model/codes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
	struct sg_finder find;
	struct sg_rows rows;
	struct sg_holds holds;
	uint64_t *stamps; /* of the holds, in their order */
	size_t n_stamps, cap_stamps;
	bool open; /* an intent is */
	struct sg_source s;
	struct sg_head head;
	struct sg_val *serials; /* feed -> the highest serial that an audit line names */
	const struct sg_val *mirror;
	struct sg_mirror_gist gist;
};

static const struct sg_row *row_of(const struct check *c, const struct sg_key *k)
{
	for (size_t i = 0; i < c->rows.n; i++) {
		if (sg_key_equal(&c->rows.at[i]->key, k))
			return c->rows.at[i];
	}
	return NULL;
}

/* Names a record once more by its struct; what does not decode was found by sg_verify already, or is found here. */
struct decode {
	struct check *c;
	enum sg_table table;
};

static int decode(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct decode *d = arg;
	struct check *c = d->c;
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *v = NULL;

	if (sg_look_decode(&c->s, d->table, key, value, &v, &err) != 0)
		return 0;
	int rc = 0;
	if (d->table == SG_T_ROWS) {
		struct sg_row *row = NULL;
		rc = sg_shape_row_read(v, &row, &err);
		if (rc == 0) {
			c->rows.at = sg_grow(c->rows.at, c->rows.n, &c->rows.cap, sizeof(struct sg_row *));
			c->rows.at[c->rows.n++] = row;
		}
	} else {
		struct sg_hold hold;
		rc = sg_shape_hold_read(v, &hold, &err);
		if (rc == 0) {
			*sg_holds_add(&c->holds) = hold;
			c->stamps = sg_grow(c->stamps, c->n_stamps, &c->cap_stamps, sizeof *c->stamps);
			c->stamps[c->n_stamps++] = sg_be_get(value.data + 4, 8);
		}
	}
	if (rc != 0)
		sg_finder_add_err(&c->find, "file", d->table, key, &err);
	sg_val_free(v);
	return 0;
}

static void check_holds(struct check *c)
{
	for (size_t i = 0; i < c->holds.n; i++) {
		const struct sg_hold *h = &c->holds.at[i];
		char *name = sg_format("hold %s %s", h->addr.container, h->addr.path);
		if (h->holders.n == 0)
			sg_finder_add(&c->find, "P1", name, "nobody holds it");
		for (size_t k = 0; k < h->holders.n; k++) {
			if (!row_of(c, &h->holders.at[k]))
				sg_finder_add(&c->find, "P1", name,
				        "its holder %s of feed %s is not in the journal", h->holders.at[k].id,
				        h->holders.at[k].feed);
		}
		if (h->addr.kind != SG_VALUE_SCAFFOLD && !h->after.present && !h->before.present)
			sg_finder_add(&c->find, "P1", name, "both its before and its after are absent");
		free(name);
	}
	for (size_t i = 0; i < c->rows.n; i++) {
		const struct sg_row *row = c->rows.at[i];
		char *name = sg_format("rows/%s/%s", row->key.feed, row->key.id);
		if (row->state == SG_APPLIED && sg_hash_is_zero(&row->applied))
			sg_finder_add(&c->find, "P1", name, "it is applied, and names no body");
		bool may_hold = c->open || row->state == SG_APPLIED || row->state == SG_BLOCKED;
		for (size_t k = 0; !may_hold && k < c->holds.n; k++) {
			if (!sg_keys_has(&c->holds.at[k].holders, &row->key))
				continue;
			sg_finder_add(&c->find, "P1", name, "it is %s, and still holds %s",
			        sg_state_name(row->state), c->holds.at[k].addr.path);
			break;
		}
		free(name);
	}
}

static void check_intent(struct check *c, struct sg_journal_read *r)
{
	struct sg_intent intent = { 0 };
	struct sg_err err = SG_ERR_INIT;
	bool open = false;

	if (sg_journal_intent(r, &intent, &open, &err) != 0) {
		sg_finder_add(&c->find, "P5", "intent",
		        "an operation is under way, and cannot be settled from this file: %s", err.msg);
		return;
	}
	for (size_t i = 0; open && i < intent.n_outcomes; i++) {
		if (!row_of(c, &intent.outcomes[i].key))
			sg_finder_add(&c->find, "P5", "intent",
			        "its mitigation %s of feed %s is not in the journal",
			        intent.outcomes[i].key.id, intent.outcomes[i].key.feed);
	}
	for (size_t i = 0; open && i < intent.moves.n; i++) {
		const struct sg_move *m = &intent.moves.at[i];
		if (intent.op != SG_OP_REVERT && !sg_holds_find(&c->holds, &m->addr))
			sg_finder_add(&c->find, "P1", "intent", "no hold keeps the before of %s in %s",
			        m->addr.path, m->addr.container);
	}
	sg_intent_release(&intent);
}

static int audit_line(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct check *c = arg;
	struct sg_err err = SG_ERR_INIT;
	struct sg_audit line = { 0 };
	char name[40];

	if (sg_look_audit(&c->s, key, value, &line, &err) != 0) {
		struct sg_record record;
		if (sg_record_open(SG_T_AUDIT, key, value, &record, NULL) == 0 && err.code != SG_EVERSION)
			sg_finder_add_err(&c->find, "file", SG_T_AUDIT, key, &err);
		return 0;
	}
	snprintf(name, sizeof name, "audit/%llu", (unsigned long long)line.seq);
	if (line.wall > c->head.max_wall)
		sg_finder_add(&c->find, "P4", name, "its time is above the highest time seen");
	int64_t serial = line.data ? sg_val_get_int(line.data, "serial", -1) : -1;
	if (line.code == SG_EV_FEED_ACCEPTED && line.key.feed && serial >= 0) {
		if (serial < sg_val_get_int(c->serials, line.key.feed, -1))
			sg_finder_add(&c->find, "P9", name,
			        "feed %s: serial %lld was accepted after a higher one", line.key.feed,
			        (long long)serial);
		else
			sg_val_set_int(c->serials, line.key.feed, serial);
	}
	if (c->mirror && line.seq == c->gist.audit_last && !sg_hash_equal(&line.hash, &c->gist.chain))
		sg_finder_add(&c->find, "mirror", name,
		        "journal.mirror knows another line under this number: the history was changed");
	sg_audit_release(&line);
	return 0;
}

static void check_feeds(struct check *c, struct sg_journal_read *r)
{
	struct sg_feed_rows feeds = { 0 };

	if (sg_journal_feeds(r, &feeds, NULL) != 0)
		return; /* a damaged record: named by sg_verify */
	for (size_t i = 0; i < feeds.n; i++) {
		int64_t seen = sg_val_get_int(c->serials, feeds.at[i].name, -1);
		char *name = sg_format("feeds/%s", feeds.at[i].name);
		if (seen >= 0 && feeds.at[i].serial < (uint64_t)seen)
			sg_finder_add(&c->find, "P9", name, "its serial is %llu, and %lld was accepted",
			        (unsigned long long)feeds.at[i].serial, (long long)seen);
		free(name);
	}
	sg_feed_rows_release(&feeds);
}

/* The hold of that address in the mirror's list; false when there is none. *ret is the caller's to release. */
static bool in_mirror(const struct sg_val *list, const struct sg_addr *addr, struct sg_hold *ret)
{
	for (size_t k = 0; list && k < list->n; k++) {
		struct sg_hold m = { 0 };
		if (sg_shape_hold_read(list->kid[k], &m, NULL) != 0)
			continue;
		if (sg_addr_equal(&m.addr, addr)) {
			*ret = m;
			return true;
		}
		sg_hold_release(&m);
	}
	return false;
}

/* The mirror may still list what was dropped since, and lack what was written since: it is written once per operation. */
static void check_mirror(struct check *c)
{
	const struct sg_val *list = sg_val_get(c->mirror, "holds");

	if (c->gist.audit_last > c->head.audit_last || c->gist.stamp > c->head.stamp) {
		sg_finder_add(&c->find, "mirror", "journal.mirror",
		        "it knows audit line %llu, and the journal ends at %llu: the journal is an older "
		        "copy",
		        (unsigned long long)c->gist.audit_last, (unsigned long long)c->head.audit_last);
		return;
	}
	for (size_t i = 0; i < c->holds.n; i++) {
		const struct sg_hold *h = &c->holds.at[i];
		struct sg_hold m = { 0 };
		if (c->stamps[i] > c->gist.stamp)
			continue;
		if (!in_mirror(list, &h->addr, &m))
			sg_finder_add(&c->find, "mirror", h->addr.path,
			        "journal.mirror does not list this hold of %s", h->addr.container);
		else if (m.before.present != h->before.present ||
		         !sg_bytes_equal(sg_buf_bytes(&m.before.octets), sg_buf_bytes(&h->before.octets)))
			sg_finder_add(&c->find, "mirror", h->addr.path,
			        "journal.mirror keeps another before for it");
		sg_hold_release(&m);
	}
}

int sg_journal_check(struct sg_journal_read *r, void (*fn)(void *arg, const struct sg_finding *f), void *arg,
        struct sg_err *err)
{
	struct check c = { .find = { fn, arg, 0 } };
	struct sg_err why = SG_ERR_INIT;
	struct sg_val *mirror = NULL;
	struct sg_look_at l;
	uint64_t seq = 0;
	int rc = sg_look_begin(&l, r, err);

	if (rc != 0)
		return rc;
	for (size_t i = 0; r->pages && i < sg_pages_faults(r->pages); i++)
		sg_finder_add(&c.find, "file", "pages", "%s", sg_pages_fault(r->pages, i));
	c.s = l.source;
	c.serials = sg_val_map();
	c.find.n += sg_verify(&c.s, fn, arg);
	bool whole = sg_look_head(&c.s, &c.head, &why) == 0;
	sg_err_clear(&why);
	if (r->pages && r->mirror_content)
		mirror = sg_val_copy(r->mirror_content);
	else if (r->pages)
		why = r->mirror_err;
	else if (r->mirror)
		sg_mirror_read(r->mirror, &mirror, &seq, &why);
	if (mirror) {
		c.mirror = mirror;
		sg_mirror_gist(mirror, &c.gist);
	} else if (why.code != 0) {
		sg_finder_add(&c.find, "mirror", "journal.mirror", "%s", why.msg);
	}
	struct decode rows = { &c, SG_T_ROWS }, holds = { &c, SG_T_HOLDS };
	c.s.each(c.s.self, SG_T_ROWS, (struct sg_bytes){ 0 }, false, decode, &rows, NULL);
	c.s.each(c.s.self, SG_T_HOLDS, (struct sg_bytes){ 0 }, false, decode, &holds, NULL);
	struct sg_bytes intent;
	c.open = c.s.get(c.s.self, SG_T_INTENT, sg_bytes_of("intent"), &intent, NULL) == 0;
	check_holds(&c);
	if (whole)
		c.s.each(c.s.self, SG_T_AUDIT, (struct sg_bytes){ 0 }, false, audit_line, &c, NULL);
	check_intent(&c, r);
	check_feeds(&c, r);
	if (mirror && whole)
		check_mirror(&c);
	sg_look_end(&l);
	sg_rows_release(&c.rows);
	sg_holds_release(&c.holds);
	sg_val_free(c.serials);
	free(c.stamps);
	sg_val_free(mirror);
	return c.find.n;
}
