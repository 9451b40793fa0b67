/* accept_poll.c - what came of a poll: a document, "unchanged", or a failure.
 *
 * What verified once by the same rules is not read again: "unchanged" and the same octets cost a comparison of hashes. A document and a detached signature
 * of two publications, fetched while they were being replaced, are fetched again once before that is an error. A failure that lasts is a line when its cause
 * changes, and one a day. */
#include "engine/accept.h"

#include "base/text.h"
#include "feed/apart.h"

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

void sg_arrival_begin(struct sg_arrival *a, struct sg_engine *e, const struct sg_world *w,
        const struct sg_conf_feed *conf, const struct sg_who *who)
{
	const struct sg_feed_row *known = sg_world_feed(w, conf->name);

	*a = (struct sg_arrival){ .e = e, .w = w, .conf = conf, .who = who };
	if (known)
		sg_feed_row_copy(&a->row, known);
	else
		a->row.name = sg_strdup(conf->name);
	sg_str_set(&a->row.url, conf->url);
	a->row.eocs = conf->eocs;
	sg_memo_read(w, conf->name, &a->memo);
	sg_trust_rules(&e->trust, conf, w->now.wall, &a->rules);
}

void sg_arrival_release(struct sg_arrival *a)
{
	sg_feed_row_release(&a->row);
	sg_trust_rules_release(&a->rules);
	*a = (struct sg_arrival){ 0 };
}

/* The row, the memo and perhaps a line. */
static int note(struct sg_arrival *a, struct sg_lines *lines, struct sg_err *err)
{
	struct sg_val *facts = sg_val_map();
	struct sg_change change = { .feeds = &a->row, .n_feeds = 1, .facts = facts };
	int code;

	sg_memo_write(&a->memo, a->row.name, facts);
	change.audits = lines->at;
	change.n_audits = lines->n;
	code = sg_journal_note(a->e->journal, &change, &a->w->now, err);
	sg_val_free(facts);
	sg_lines_release(lines);
	return code;
}

/* The same sentence but for its numbers: how long it took, how much came. */
static bool same_cause(const char *a, const char *b)
{
	for (;;) {
		while (*a >= '0' && *a <= '9')
			a++;
		while (*b >= '0' && *b <= '9')
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

/* A failed try is a note; a line only when the cause is news, or a day has passed. */
static int failed(struct sg_arrival *a, int event, const struct sg_err *why, struct sg_err *err)
{
	struct sg_feed_row *row = &a->row;
	int64_t now = a->w->now.wall;
	bool news = !row->error || row->error_code != event || !same_cause(row->error, why->msg);
	bool again = !news && (now - a->memo.said >= SG_DAY || now < a->memo.said);
	struct sg_lines lines = { 0 };
	struct sg_ctx ctx;
	char since[32];

	sg_engine_ctx(a->e, NULL, &ctx);
	row->failures++;
	if (!row->failing_since)
		row->failing_since = now;
	row->tried = now;
	row->error_code = event;
	sg_str_set(&row->error, why->msg);
	sg_duration_format(now - row->failing_since, since);
	if (news)
		sg_line(&lines, &ctx, event, NULL, sg_line_of_feed(row->name), "feed %s: %s", row->name,
		        why->msg);
	else if (again)
		sg_line(&lines, &ctx, event, NULL, sg_line_of_feed(row->name),
		        "feed %s: for %s now, %u times in a row: %s", row->name, since,
		        (unsigned)row->failures, why->msg);
	if (news || again)
		a->memo.said = now;
	return note(a, &lines, err);
}

static void succeeded(struct sg_arrival *a)
{
	struct sg_feed_row *row = &a->row;

	row->tried = row->verified = a->w->now.wall;
	row->failures = 0;
	row->failing_since = 0;
	row->error_code = 0;
	sg_str_set(&row->error, NULL);
}

/* It is what it was; that it can be had again is news. */
static int as_before(struct sg_arrival *a, struct sg_err *err)
{
	bool news = a->row.error || sg_strs_has(&a->e->stale, a->row.name);
	struct sg_lines lines = { 0 };
	struct sg_ctx ctx;

	sg_engine_ctx(a->e, NULL, &ctx);
	succeeded(a);
	if (news)
		sg_line(&lines, &ctx, SG_EV_FEED_REACHABLE, NULL, sg_line_of_feed(a->row.name),
		        "feed %s: verified again", a->row.name);
	return note(a, &lines, err);
}

static struct sg_hash octets_of(const struct sg_fetched *f)
{
	struct sg_hash a = sg_sha256(sg_buf_bytes(&f->octets)), b = sg_sha256(sg_buf_bytes(&f->cms));

	return sg_sha256_2((struct sg_bytes){ a.b, sizeof a.b }, (struct sg_bytes){ b.b, sizeof b.b });
}

/* What the server says of them belongs to the octets that are in force; what an administrator brought, it knows nothing of. */
static void take_validators(struct sg_arrival *a, const struct sg_fetched *f)
{
	sg_str_set(&a->row.etag, a->who ? NULL : f->etag);
	sg_str_set(&a->row.last_modified, a->who ? NULL : f->last_modified);
	a->memo.cms_etag = a->who ? NULL : f->cms_etag;
	a->memo.cms_last_modified = a->who ? NULL : f->cms_last_modified;
}

int sg_accept_document(struct sg_arrival *a, const struct sg_fetched *fetched, int *ret_event,
        struct sg_err *why, struct sg_err *err)
{
	const struct sg_feed_row *row = &a->row;
	struct sg_feed_before before = { .serial = row->serial,
		.issued = row->eocs ? row->issued : 0,
		.document = row->document,
		.now = a->w->now.wall };
	struct sg_hash octets = octets_of(fetched);
	struct sg_feed *feed = NULL;
	int code;

	if (sg_hash_equal(&octets, &a->memo.octets) &&
	        sg_memo_holds(&a->memo, row, &a->rules, a->w->now.wall)) {
		take_validators(a, fetched);
		return as_before(a, err);
	}
	a->e->documents_read++;
	a->rules.feed.cms = sg_buf_bytes(&fetched->cms);
	*ret_event = SG_EV_FEED_MALFORMED;
	code = sg_feed_read_apart(sg_buf_bytes(&fetched->octets), &a->rules.feed, &feed, ret_event, why);
	if (!code)
		code = sg_feed_follows(feed, &before, a->rules.feed.max_serial_jump, ret_event, why);
	if (!code) {
		a->memo.octets = octets;
		a->memo.rules = a->rules.hash;
		take_validators(a, fetched);
		succeeded(a);
		code = sg_accept_feed(a, feed, err);
	} else {
		code = 0;
	}
	sg_feed_free(feed);
	return code;
}

/* --- fetched twice before it is an error */

static bool first_time(struct sg_engine *e, const char *feed)
{
	if (sg_strs_has(&e->again, feed))
		return false;
	sg_strs_add(&e->again, feed);
	return true;
}

static void forget(struct sg_engine *e, const char *feed)
{
	struct sg_strs rest = { 0 };

	for (size_t i = 0; i < e->again.n; i++)
		if (strcmp(e->again.at[i], feed) != 0)
			sg_strs_add(&rest, e->again.at[i]);
	sg_strs_release(&e->again);
	e->again = rest;
}

/* 1: to be fetched again, whole. */
static int arrived(struct sg_arrival *a, const struct sg_fetched *fetched, const struct sg_err *failure,
        struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int event = SG_EV_FEED_UNREACHABLE, code = 0;

	if (failure)
		why = *failure;
	else if (fetched->unchanged) {
		/* A reload came between: "unchanged" says nothing about the rules of now. */
		if (!sg_memo_holds(&a->memo, &a->row, &a->rules, a->w->now.wall))
			return 1;
		return as_before(a, err);
	} else {
		code = sg_accept_document(a, fetched, &event, &why, err);
	}
	if (code || !why.code)
		return code;
	if (!failure && event == SG_EV_TRUST_SIGNATURE && a->conf->signature != SG_SIGNED_XMLDSIG &&
	        first_time(a->e, a->row.name))
		return 1;
	return failed(a, event, &why, err);
}

int sg_engine_fetched(struct sg_engine *e, const char *feed, const struct sg_fetched *fetched,
        const struct sg_err *failure, struct sg_err *err)
{
	const struct sg_conf_feed *conf = conf_feed(e, feed);
	struct sg_arrival a = { 0 };
	struct sg_world w = { 0 };
	int code;

	if (!conf)
		return 0; /* taken out of the configuration while it was under way */
	code = sg_world_load(e, &w, err);
	if (code)
		return sg_engine_fail(e, code);
	sg_arrival_begin(&a, e, &w, conf, NULL);
	code = arrived(&a, fetched, failure, err);
	if (code != 1)
		forget(e, feed);
	sg_arrival_release(&a);
	sg_world_release(&w);
	sg_engine_tell(e);
	return sg_engine_fail(e, code);
}
