/* request_feed.c - what an administrator does to a feed: brings a document by hand, and lets a serial begin anew. */
#include "engine/accept.h"
#include "engine/request_parts.h"

#include <stdlib.h>
#include <string.h>

static const struct sg_conf_feed *feed_named(const struct sg_request *r, const char *name)
{
	const struct sg_conf *conf = sg_engine_conf(r->e);

	for (size_t i = 0; i < conf->n_feeds; i++)
		if (strcmp(conf->feeds[i].name, name) == 0)
			return &conf->feeds[i];
	sg_fail(r->err, SG_ENOENT, "there is no feed \"%s\": stopgapctl status names them", name);
	return NULL;
}

/* --- import */

static void set_octets(struct sg_buf *buf, const struct sg_val *v)
{
	if (v && v->type == SG_VAL_BIN)
		sg_buf_set(buf, v->s, v->len);
}

/* One feed tries the document. A refusal is a line with who brought it, and leaves the feed as it is: its own polls say how it is. */
static int try_feed(struct sg_request *r, const struct sg_conf_feed *conf, const struct sg_fetched *fetched,
        int *ret_event, struct sg_err *why)
{
	struct sg_arrival a = { 0 };
	int code;

	if (fetched->octets.len > (size_t)conf->max_bytes) {
		*ret_event = SG_EV_FEED_MALFORMED;
		sg_fail(why, SG_ELIMIT, "the document is larger than max-size of feed %s", conf->name);
		return 0;
	}
	sg_arrival_begin(&a, r->e, &r->w, conf, &r->who);
	code = sg_accept_document(&a, fetched, ret_event, why, r->err);
	sg_arrival_release(&a);
	return code;
}

/* The feed that was named, or the first that takes it: a document is signed for one. *ret NULL: `why` says what the one that it names said. */
static int try_feeds(struct sg_request *r, const struct sg_fetched *fetched, const struct sg_conf_feed **ret,
        int *ret_event, struct sg_err *why)
{
	const struct sg_conf *conf = sg_engine_conf(r->e);
	const char *name = sg_request_param(r, "feed");
	int code = 0;

	for (size_t i = 0; !code && !*ret && i < conf->n_feeds; i++) {
		struct sg_err one = SG_ERR_INIT;
		int event = 0;

		if (name && strcmp(name, conf->feeds[i].name) != 0)
			continue;
		code = try_feed(r, &conf->feeds[i], fetched, &event, &one);
		if (!code && !one.code)
			*ret = &conf->feeds[i];
		/* that it is of another feed says least of all */
		else if (!why->code || *ret_event == SG_EV_TRUST_NAME) {
			sg_err_clear(why);
			sg_fail(why, one.code, "feed %s: %s", conf->feeds[i].name, one.msg);
			*ret_event = event;
		}
	}
	return code;
}

int sg_request_do_import(struct sg_request *r)
{
	const char *from = sg_request_param(r, "name"), *feed = sg_request_param(r, "feed");
	const struct sg_conf_feed *taken = NULL;
	struct sg_fetched fetched = { 0 };
	struct sg_err why = SG_ERR_INIT;
	int event = SG_EV_FEED_MALFORMED, code = 0;
	char *text = NULL;

	set_octets(&fetched.octets, sg_val_get(r->params, "document"));
	set_octets(&fetched.cms, sg_val_get(r->params, "signature"));
	if (!fetched.octets.len)
		code = sg_fail(r->err, SG_EINVAL, "a document is needed: stopgapctl import FILE");
	else if (feed && !feed_named(r, feed))
		code = SG_ENOENT;
	else if (!sg_engine_conf(r->e)->n_feeds)
		code = sg_fail(r->err, SG_ESTATE, "no feed is configured: add <feed> and reload");
	if (!code) {
		text = sg_format("import of %s", from ? from : "a document");
		code = sg_request_note(r, SG_EV_IMPORTED, NULL, NULL, text);
	}
	if (!code)
		code = try_feeds(r, &fetched, &taken, &event, &why);
	if (!code && !taken) {
		free(text);
		text = sg_format("import of %s refused: %s", from ? from : "a document", why.msg);
		code = sg_request_note(r, event, NULL, NULL, text);
		if (!code)
			code = sg_fail(r->err, why.code, "%s", why.msg);
	}
	if (!code)
		code = sg_request_settle(r);
	if (!code && taken) {
		const struct sg_feed_row *row = sg_world_feed(&r->w, taken->name);

		sg_request_done(r, true, "feed %s: serial %llu, signed by %s", taken->name,
		        (unsigned long long)(row ? row->serial : 0), row && row->signer ? row->signer : "?");
		for (size_t i = 0; i < r->w.rows.n; i++)
			if (strcmp(r->w.rows.at[i]->key.feed, taken->name) == 0)
				sg_val_push((struct sg_val *)(uintptr_t)sg_val_get(r->reply, "mitigations"),
				        sg_report_row(r->e, &r->w, r->w.rows.at[i]));
	}
	free(text);
	sg_fetched_release(&fetched);
	return code;
}

/* --- reset-serial */

int sg_request_do_reset_serial(struct sg_request *r)
{
	const char *name = sg_request_param(r, "feed");
	const struct sg_feed_row *known;
	struct sg_feed_row row = { 0 };
	struct sg_val *facts = sg_val_map();
	struct sg_change change = { .feeds = &row, .n_feeds = 1, .facts = facts, .serial_reset = name };
	struct sg_memo memo = { 0 };
	uint64_t serial = 0;
	char *text = NULL;
	int code = 0;

	if (!name)
		code = sg_fail(r->err, SG_EINVAL, "a feed is needed: stopgapctl feed reset-serial NAME");
	else if (!r->who.reason)
		code = sg_fail(r->err, SG_EINVAL, "why is it reset? add --reason \"...\"");
	else if (!feed_named(r, name))
		code = SG_ENOENT;
	known = code ? NULL : sg_world_feed(&r->w, name);
	if (!code && (!known || (!known->serial && !known->issued)))
		code = sg_fail(r->err, SG_ESTATE,
		        "nothing of feed %s was accepted yet: it may have any serial", name);
	if (code)
		goto out;
	sg_feed_row_copy(&row, known);
	serial = row.serial;
	/* the next document is judged as the first one: it is fetched and read whole */
	row.serial = 0;
	row.issued = 0;
	row.document = (struct sg_hash){ { 0 } };
	sg_str_set(&row.etag, NULL);
	sg_str_set(&row.last_modified, NULL);
	sg_memo_read(&r->w, name, &memo);
	memo.octets = (struct sg_hash){ { 0 } };
	memo.rules = (struct sg_hash){ { 0 } };
	sg_memo_write(&memo, name, facts);
	text = sg_format("feed %s: the serial %llu was reset; the next document may have any", name,
	        (unsigned long long)serial);
	code = sg_request_note(r, SG_EV_SERIAL_RESET, NULL, &change, text);
	if (!code)
		code = sg_request_settle(r);
	if (!code)
		sg_request_done(r, true, "%s; 'stopgapctl refresh' fetches it now", text);
out:
	free(text);
	sg_val_free(facts);
	sg_feed_row_release(&row);
	return code;
}
