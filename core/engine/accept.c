/* accept.c - a verified document becomes rows (offered bodies, tombstones), in one durable write. What was withdrawn or is missing is said by the
 * document; nothing is concluded from silence, but in an EM document, which has no other way to withdraw. */
#include "engine/accept.h"

#include <stdlib.h>
#include <string.h>

/* One Config of the document against the row that is there. Returns the row, owned by the caller, or NULL when nothing changed. */
static struct sg_row *offer(struct sg_engine *e, const struct sg_world *w, const struct sg_mitigation *m,
        uint64_t serial, struct sg_ctx *ctx, struct sg_lines *lines)
{
	struct sg_key key = { m->feed, m->id };
	const struct sg_row *old = sg_world_row(w, &key);
	struct sg_row *row = old ? sg_row_copy(old) : sg_row_new(m->feed, m->id);

	if (old &&
	        (m->tombstone ? old->tombstone && !old->missing &&
	                                sg_str_equal(old->withdraw_reason, m->withdraw_reason)
	                      : !old->tombstone && !old->missing && sg_hash_equal(&old->offered, &m->hash))) {
		sg_row_free(row);
		return NULL;
	}
	row->missing = false;
	row->offered_serial = serial;
	row->offered_at = ctx->now.wall;
	sg_str_set(&row->desc, m->desc);
	if (m->tombstone) {
		row->tombstone = true;
		row->offered = (struct sg_hash){ { 0 } };
		sg_str_set(&row->offered_revision, NULL);
		sg_str_set(&row->withdraw_reason, m->withdraw_reason);
		if (!row->since)
			sg_row_move(row, SG_PENDING, SG_WHY_NEW, ctx->now.wall, "recorded; to be evaluated");
		sg_line(lines, ctx, SG_EV_NEW, row, NULL, "%s: withdrawn by feed %s%s%s", m->id, m->feed,
		        m->withdraw_reason ? ": " : "", m->withdraw_reason ? m->withdraw_reason : "");
		return row;
	}
	row->tombstone = false;
	sg_str_set(&row->withdraw_reason, NULL);
	row->offered = m->hash;
	sg_str_set(&row->offered_revision, m->revision);
	row->remove_after = m->remove_after;
	row->severity = (enum sg_severity_row)m->severity;
	row->attempts = 0;
	row->retry_at = 0;
	sg_policy_deadlines(sg_engine_conf(e), m, row, ctx->now.wall);
	if (!old)
		sg_row_move(row, SG_PENDING, SG_WHY_NEW, ctx->now.wall, "recorded; to be evaluated");
	sg_line(lines, ctx, SG_EV_NEW, row, NULL, "%s%s%s: %s by feed %s: %s", m->id,
	        m->revision ? " revision " : "", m->revision ? m->revision : "",
	        old ? "a changed body was offered" : "offered", m->feed, m->desc ? m->desc : "");
	return row;
}

/* An id that the document no longer lists: in an EM document that withdraws it, in ours it stays and says so. */
static struct sg_row *absent(const struct sg_feed *feed, bool eocs, const struct sg_row *old,
        struct sg_ctx *ctx, struct sg_lines *lines)
{
	struct sg_row *row;

	for (size_t i = 0; i < feed->n; i++) {
		if (strcmp(feed->at[i]->id, old->key.id) == 0)
			return NULL;
	}
	for (size_t i = 0; i < feed->n_refused; i++) { /* listed, only not understood: it stays as it was */
		if (feed->refused[i].id && strcmp(feed->refused[i].id, old->key.id) == 0)
			return NULL;
	}
	if (old->missing || (old->tombstone && eocs))
		return NULL;
	row = sg_row_copy(old);
	if (old->tombstone) { /* said while it was listed; from here on it is only kept (care_forget.c) */
		row->missing = true;
		return row;
	}
	if (eocs) {
		row->tombstone = true;
		sg_str_set(&row->withdraw_reason, "no longer in the document");
	} else {
		row->missing = true;
	}
	sg_line(lines, ctx, SG_EV_NEW, row, NULL, "%s is no longer in feed %s: %s", row->key.id,
	        row->key.feed, eocs ? "withdrawn" : "it stays until it is withdrawn");
	return row;
}

/* What the next poll and the next warning need to know. */
static struct sg_val *ends_of(const struct sg_feed *feed, int64_t now)
{
	struct sg_val *list = sg_val_array();

	for (size_t i = 0; i < feed->ends.n; i++) {
		const struct sg_end *end = &feed->ends.at[i];
		struct sg_val *one;

		/* It verified although this is over, so nothing rests on it: the signer of a document with a timestamp. */
		if (end->at <= now)
			continue;
		one = sg_val_push(list, sg_val_array());
		sg_val_push(one, sg_val_str(end->what));
		sg_val_push(one, sg_val_int(end->from));
		sg_val_push(one, sg_val_int(end->at));
	}
	return list;
}

/* Rows of this feed that the document changes, with their bodies and lines. */
static void collect(struct sg_arrival *a, const struct sg_feed *feed, struct sg_ctx *ctx,
        struct sg_row **rows, struct sg_body *bodies, struct sg_change *change, struct sg_lines *lines)
{
	const struct sg_world *w = a->w;
	const char *name = a->row.name;

	for (size_t i = 0; i < feed->n; i++) {
		struct sg_row *row = offer(a->e, w, feed->at[i], feed->serial, ctx, lines);

		if (!row)
			continue;
		rows[change->n_rows++] = row;
		if (!row->tombstone)
			bodies[change->n_bodies++] =
			        (struct sg_body){ feed->at[i]->hash, sg_buf_bytes(&feed->at[i]->body) };
	}
	for (size_t i = 0; i < w->rows.n; i++) {
		struct sg_row *row = strcmp(w->rows.at[i]->key.feed, name) == 0
		                             ? absent(feed, a->row.eocs, w->rows.at[i], ctx, lines)
		                             : NULL;

		if (row)
			rows[change->n_rows++] = row;
	}
	for (size_t i = 0; i < feed->n_refused; i++)
		sg_line(lines, ctx, SG_EV_FEED_PART_REFUSED, NULL, sg_line_of_feed(name),
		        "feed %s: %s was left out: %s", name,
		        feed->refused[i].id ? feed->refused[i].id : "a mitigation", feed->refused[i].text);
}

int sg_accept_feed(struct sg_arrival *a, const struct sg_feed *feed, struct sg_err *err)
{
	struct sg_row **rows = sg_alloc((feed->n + a->w->rows.n + 1) * sizeof(struct sg_row *));
	struct sg_body *bodies = sg_alloc((feed->n + 1) * sizeof(*bodies));
	struct sg_val *facts = sg_val_map(), *ends = ends_of(feed, a->w->now.wall);
	struct sg_lines lines = { 0 };
	struct sg_change change = {
		.rows = rows, .bodies = bodies, .feeds = &a->row, .n_feeds = 1, .facts = facts
	};
	struct sg_ctx ctx;
	int code;

	sg_engine_ctx(a->e, a->who, &ctx);
	a->row.serial = feed->serial;
	a->row.document = feed->document;
	a->row.issued = feed->issued;
	a->row.expires = feed->expires;
	sg_str_set(&a->row.signer, feed->signer);
	a->memo.ends = ends;
	sg_memo_write(&a->memo, a->row.name, facts);
	sg_line(&lines, &ctx, SG_EV_FEED_ACCEPTED, NULL, sg_line_of_feed(a->row.name),
	        "feed %s: serial %llu, %zu mitigation%s, signed by %s", a->row.name,
	        (unsigned long long)feed->serial, feed->n, feed->n == 1 ? "" : "s",
	        feed->signer ? feed->signer : "?");
	collect(a, feed, &ctx, rows, bodies, &change, &lines);
	change.audits = lines.at;
	change.n_audits = lines.n;
	code = sg_journal_accept(a->e->journal, &change, &ctx.now, err);
	for (size_t i = 0; i < change.n_rows; i++)
		sg_row_free(rows[i]);
	free(rows);
	free(bodies);
	sg_lines_release(&lines);
	sg_val_free(facts);
	sg_val_free(ends);
	a->memo.ends = NULL;
	return code;
}
