/* accept.c - what came of a poll: a document becomes rows (offered bodies, tombstones), in one durable write; a failure becomes a line. */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

static const struct sg_conf_feed *conf_feed(const struct sg_engine *e, const char *name)
{
	const struct sg_conf *conf = sg_engine_conf(e);

	for (size_t i = 0; i < conf->n_feeds; i++) {
		if (strcmp(conf->feeds[i].name, name) == 0)
			return &conf->feeds[i];
	}
	return NULL;
}

static void feed_row(const struct sg_world *w, const struct sg_conf_feed *feed, struct sg_feed_row *ret)
{
	for (size_t i = 0; i < w->feeds.n; i++) {
		if (strcmp(w->feeds.at[i].name, feed->name) == 0) {
			sg_feed_row_copy(ret, &w->feeds.at[i]);
			sg_str_set(&ret->url, feed->url);
			return;
		}
	}
	*ret = (struct sg_feed_row){
		.name = sg_strdup(feed->name), .url = sg_strdup(feed->url), .eocs = feed->eocs
	};
}

/* A failed try is a note; a line only when the cause is news. */
static int failed(
        struct sg_engine *e, struct sg_feed_row *row, int event, const struct sg_err *why, struct sg_err *err)
{
	struct sg_lines lines = { 0 };
	struct sg_change change = { .feeds = row, .n_feeds = 1 };
	struct sg_ctx ctx;
	bool news = !row->error || strcmp(row->error, why->msg) != 0;
	int code;

	sg_engine_ctx(e, NULL, &ctx);
	row->failures++;
	if (!row->failing_since)
		row->failing_since = ctx.now.wall;
	row->tried = ctx.now.wall;
	row->error_code = event;
	sg_str_set(&row->error, why->msg);
	if (news)
		sg_line(&lines, &ctx, event, NULL, sg_line_of_feed(row->name), "feed %s: %s", row->name,
		        why->msg);
	change.audits = lines.at;
	change.n_audits = lines.n;
	code = sg_journal_note(e->journal, &change, &ctx.now, err);
	sg_lines_release(&lines);
	return code;
}

/* It is what it was; that it can be had again is news. */
static int as_before(struct sg_engine *e, const struct sg_feed_row *row, bool failing, struct sg_err *err)
{
	struct sg_change change = { .feeds = row, .n_feeds = 1 };
	struct sg_lines lines = { 0 };
	struct sg_ctx ctx;
	int code;

	sg_engine_ctx(e, NULL, &ctx);
	if (failing || sg_strs_has(&e->stale, row->name))
		sg_line(&lines, &ctx, SG_EV_FEED_REACHABLE, NULL, sg_line_of_feed(row->name),
		        "feed %s: verified again", row->name);
	change.audits = lines.at;
	change.n_audits = lines.n;
	code = sg_journal_note(e->journal, &change, &ctx.now, err);
	sg_lines_release(&lines);
	return code;
}

static void succeeded(struct sg_feed_row *row, const struct sg_fetched *fetched, int64_t now)
{
	row->tried = now;
	row->verified = now;
	row->failures = 0;
	row->failing_since = 0;
	row->error_code = 0;
	sg_str_set(&row->error, NULL);
	if (fetched && !fetched->unchanged) {
		sg_str_set(&row->etag, fetched->etag);
		sg_str_set(&row->last_modified, fetched->last_modified);
	}
}

/* One Config of the document against the row that is there. Returns the row, owned by the caller, or NULL when nothing changed. */
static struct sg_row *offer(struct sg_engine *e, const struct sg_world *w, const struct sg_mitigation *m,
        uint64_t serial, struct sg_ctx *ctx, struct sg_lines *lines)
{
	struct sg_key key = { m->feed, m->id };
	const struct sg_row *old = sg_world_row(w, &key);
	struct sg_row *row = old ? sg_row_copy(old) : sg_row_new(m->feed, m->id);

	if (old &&
	        (m->tombstone ? old->tombstone
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
	if (old->tombstone || old->missing)
		return NULL;
	row = sg_row_copy(old);
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

static int accept(struct sg_engine *e, const struct sg_world *w, const struct sg_feed *feed,
        struct sg_feed_row *frow, struct sg_err *err)
{
	struct sg_row **rows = sg_alloc((feed->n + w->rows.n + 1) * sizeof(struct sg_row *));
	struct sg_body *bodies = sg_alloc((feed->n + 1) * sizeof(*bodies));
	struct sg_lines lines = { 0 };
	struct sg_change change = { .rows = rows, .bodies = bodies, .feeds = frow, .n_feeds = 1 };
	struct sg_ctx ctx;
	int code;

	sg_engine_ctx(e, NULL, &ctx);
	frow->serial = feed->serial;
	frow->document = feed->document;
	frow->issued = feed->issued;
	frow->expires = feed->expires;
	sg_str_set(&frow->signer, feed->signer);
	sg_line(&lines, &ctx, SG_EV_FEED_ACCEPTED, NULL, sg_line_of_feed(frow->name),
	        "feed %s: serial %llu, %zu mitigation%s, signed by %s", frow->name,
	        (unsigned long long)feed->serial, feed->n, feed->n == 1 ? "" : "s",
	        feed->signer ? feed->signer : "?");
	for (size_t i = 0; i < feed->n; i++) {
		struct sg_row *row = offer(e, w, feed->at[i], feed->serial, &ctx, &lines);

		if (!row)
			continue;
		rows[change.n_rows++] = row;
		if (!row->tombstone)
			bodies[change.n_bodies++] =
			        (struct sg_body){ feed->at[i]->hash, sg_buf_bytes(&feed->at[i]->body) };
	}
	for (size_t i = 0; i < w->rows.n; i++) {
		struct sg_row *row;

		if (strcmp(w->rows.at[i]->key.feed, frow->name) != 0)
			continue;
		row = absent(feed, frow->eocs, w->rows.at[i], &ctx, &lines);
		if (row)
			rows[change.n_rows++] = row;
	}
	for (size_t i = 0; i < feed->n_refused; i++)
		sg_line(&lines, &ctx, SG_EV_FEED_PART_REFUSED, NULL, sg_line_of_feed(frow->name),
		        "feed %s: %s was left out: %s", frow->name,
		        feed->refused[i].id ? feed->refused[i].id : "a mitigation", feed->refused[i].text);
	change.audits = lines.at;
	change.n_audits = lines.n;
	code = sg_journal_accept(e->journal, &change, &ctx.now, err);
	for (size_t i = 0; i < change.n_rows; i++)
		sg_row_free(rows[i]);
	free(rows);
	free(bodies);
	sg_lines_release(&lines);
	return code;
}

/* Verifies and takes in one document. A bad one is recorded and is no failure. */
static int document(struct sg_engine *e, const struct sg_world *w, const struct sg_conf_feed *conf,
        struct sg_feed_row *row, const struct sg_fetched *fetched, struct sg_err *err)
{
	struct sg_feed_rules rules = {
		.name = conf->name, .eocs = conf->eocs, .ids = conf->ids, .now = w->now.wall
	};
	struct sg_feed_before before = {
		.serial = row->serial, .issued = row->eocs ? row->issued : 0, .document = row->document
	};
	struct sg_anchor *anchors = sg_alloc((e->n_anchors + 1) * sizeof(*anchors));
	struct sg_feed *feed = NULL;
	struct sg_err why = SG_ERR_INIT;
	int event = SG_EV_FEED_MALFORMED, code;
	bool failing;
	size_t n = 0;

	for (size_t i = 0; i < e->n_anchors; i++) {
		if (!conf->anchors || sg_globs(conf->anchors, e->anchors[i].name))
			anchors[n++] = e->anchors[i];
	}
	rules.anchors = anchors;
	rules.n_anchors = n;
	code = sg_feed_read(sg_buf_bytes(&fetched->octets), &rules, &feed, &event, &why);
	if (!code)
		code = sg_feed_follows(feed, &before, 0, &event, &why);
	if (code) {
		code = failed(e, row, event, &why, err);
		goto out;
	}
	failing = row->error != NULL;
	succeeded(row, fetched, w->now.wall);
	if (!sg_hash_is_zero(&before.document) && sg_hash_equal(&before.document, &feed->document))
		code = as_before(e, row, failing, err);
	else
		code = accept(e, w, feed, row, err);
out:
	free(anchors);
	sg_feed_free(feed);
	return code;
}

int sg_engine_fetched(struct sg_engine *e, const char *feed, const struct sg_fetched *fetched,
        const struct sg_err *failure, struct sg_err *err)
{
	const struct sg_conf_feed *conf = conf_feed(e, feed);
	struct sg_feed_row row = { 0 };
	struct sg_world w = { 0 };
	int code;

	if (!conf)
		return 0; /* taken out of the configuration while it was under way */
	code = sg_world_load(e, &w, err);
	if (code)
		return sg_engine_fail(e, code);
	feed_row(&w, conf, &row);
	row.eocs = conf->eocs;
	if (failure) {
		code = failed(e, &row, SG_EV_FEED_UNREACHABLE, failure, err);
	} else if (fetched->unchanged) {
		bool failing = row.error != NULL;

		succeeded(&row, fetched, w.now.wall);
		code = as_before(e, &row, failing, err);
	} else {
		code = document(e, &w, conf, &row, fetched, err);
	}
	sg_feed_row_release(&row);
	sg_world_release(&w);
	sg_engine_tell(e);
	return sg_engine_fail(e, code);
}

static bool same_block(const struct sg_block *b, const struct sg_conf_block *conf)
{
	return sg_same(b->id, conf->id) && sg_same(b->revision, conf->revision);
}

/* Blocks of the configuration are rows like others, so that list, show and want see one kind. What came and what went is said. */
int sg_engine_sync_blocks(struct sg_engine *e, struct sg_err *err)
{
	static char source[] = "config", account[] = "the configuration";
	const struct sg_conf *conf = sg_engine_conf(e);
	struct sg_block *put = sg_alloc((conf->n_blocks + 1) * sizeof(*put)), *drop = NULL;
	struct sg_who who = { .account = account };
	struct sg_blocks blocks = { 0 };
	struct sg_change change = { .blocks_put = put };
	struct sg_lines lines = { 0 };
	struct sg_ctx ctx;
	int code = sg_journal_blocks(e->read, &blocks, err);

	if (code)
		goto out;
	sg_engine_ctx(e, &who, &ctx);
	drop = sg_alloc((blocks.n + 1) * sizeof(*drop));
	for (size_t i = 0; i < conf->n_blocks; i++) {
		const struct sg_conf_block *b = &conf->blocks[i];
		const struct sg_block *old = NULL;

		if (b->until && ctx.now.wall >= b->until)
			continue; /* it is over, and its end was said */
		for (size_t k = 0; !old && k < blocks.n; k++)
			old = strcmp(blocks.at[k].source, source) == 0 && same_block(&blocks.at[k], b)
			              ? &blocks.at[k]
			              : NULL;
		if (old && old->keep == b->keep && old->until == b->until &&
		        sg_same(old->who.reason, b->reason))
			continue;
		who.reason = b->reason;
		sg_line(&lines, &ctx, SG_EV_BLOCKED, NULL, NULL, "blocked %s%s%s", b->id,
		        b->revision ? "@" : "", b->revision ? b->revision : "");
		put[change.n_blocks_put++] = (struct sg_block){ .id = b->id,
			.revision = b->revision,
			.source = source,
			.keep = b->keep,
			.who = who,
			.created = ctx.now.wall,
			.until = b->until };
	}
	who.reason = NULL;
	for (size_t i = 0; i < blocks.n; i++) {
		bool stays = strcmp(blocks.at[i].source, source) != 0;

		for (size_t k = 0; !stays && k < conf->n_blocks; k++)
			stays = same_block(&blocks.at[i], &conf->blocks[k]);
		if (stays)
			continue;
		sg_line(&lines, &ctx, SG_EV_UNBLOCKED, NULL, NULL, "unblocked %s%s%s", blocks.at[i].id,
		        blocks.at[i].revision ? "@" : "", blocks.at[i].revision ? blocks.at[i].revision : "");
		drop[change.n_blocks_drop++] = blocks.at[i];
	}
	change.blocks_drop = drop;
	change.audits = lines.at;
	change.n_audits = lines.n;
	if (lines.n)
		code = sg_journal_note(e->journal, &change, &ctx.now, err);
out:
	free(put);
	free(drop);
	sg_lines_release(&lines);
	sg_blocks_release(&blocks);
	return code;
}
