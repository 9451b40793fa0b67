/* feed_edit.c - `add` and `withdraw`: one mitigation of a feed document changes, and its head; every other octet stays.
 *
 * Guarantees that every other mitigation has the same canonical body as before, and that the servers' reader understands the result. Signs nothing.
 */
#include "cli/feed_work.h"

#include "base/guess.h"
#include "base/os.h"
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_EDITS = 8, GUESSES = 512 };
static const int64_t DAY_MS = 24LL * 60 * 60 * 1000;

struct edit { /* octets from..to become the text */
	size_t from, to;
	struct sg_buf text;
};
struct edits {
	struct edit at[MAX_EDITS];
	size_t n;
};

static struct sg_buf *replace(struct edits *e, size_t from, size_t to)
{
	e->at[e->n] = (struct edit){ .from = from, .to = to };
	return &e->at[e->n++].text;
}

/* Positions are of the document as it was, so the last one goes first. */
static void apply(struct edits *e, const struct sg_buf *doc, struct sg_buf *ret)
{
	sg_buf_set(ret, doc->data, doc->len);
	for (size_t done = 0; done < e->n; done++) {
		struct edit *last = &e->at[0];

		for (size_t i = 1; i < e->n; i++)
			if (e->at[i].from > last->from ||
			        (e->at[i].from == last->from && e->at[i].to > last->to))
				last = &e->at[i];
		sg_buf_cut(ret, last->from, last->to - last->from);
		sg_buf_insert(ret, last->from, last->text.data, last->text.len);
		sg_buf_release(&last->text);
		last->from = last->to =
		        0; /* never the last again: the head's edits lie behind the first octet */
	}
}

/* --- the document and its head */

static int begin(const struct sg_author_args *a, struct sg_author_doc *ret, bool *ret_new, struct sg_err *err)
{
	const char *path = a->words.at[0], *name = sg_author_value(a, SG_AUTHOR_FEED);
	struct sg_file_id id;
	struct sg_buf text = { 0 };
	int r;

	*ret_new = false;
	if (sg_os_stat(path, &id, NULL) == SG_ENOENT && name && strcmp(a->verb->name, "add") == 0) {
		char now[32];

		sg_time_format(a->now / 1000 * 1000, now);
		*ret_new = true;
		sg_buf_str(&text, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<EOCS version=\"1.0.0\"");
		if (!sg_author_eocs(a)) {
			sg_buf_str(&text, " xmlns:sg=\"" SG_FEED_NS "\"\n      sg:feed=\"");
			sg_layout_escape(name, &text);
			sg_buf_fmt(&text,
			        "\" sg:serial=\"1\" sg:issued=\"%s\" sg:expires=\"9999-01-01T00:00:00Z\"",
			        now);
		}
		sg_buf_str(&text, ">\n</EOCS>\n");
		r = sg_author_take(a, path, sg_buf_bytes(&text), ret, err);
	} else if (sg_os_stat(path, &id, NULL) == SG_ENOENT && strcmp(a->verb->name, "add") == 0) {
		r = sg_fail(err, SG_ENOENT, "%s is not there; to begin a new feed document add --feed NAME",
		        path);
	} else {
		r = sg_os_read(path, SG_AUTHOR_MAX, &text, NULL, err);
		if (!r)
			r = sg_author_take(a, path, sg_buf_bytes(&text), ret, err);
	}
	sg_buf_release(&text);
	if (!r)
		r = sg_author_decode(a, ret, err);
	if (r)
		sg_author_doc_release(ret);
	return r;
}

static int set_head(struct edits *e, const struct sg_author_doc *doc, const char *name, const char *value,
        struct sg_err *err)
{
	char *attr = sg_format("%s:%s", doc->layout.prefix ? doc->layout.prefix : "sg", name);
	size_t from = 0, to = 0;
	int r = 0;

	if (sg_layout_attr(sg_buf_bytes(&doc->octets), doc->layout.tag_from, attr, &from, &to))
		sg_buf_str(replace(e, from, to), value);
	else
		r = sg_fail(err, SG_EINVAL, "%s: EOCS has no attribute %s", doc->where, attr);
	free(attr);
	return r;
}

/* Serial, issued and expires. In EM's own form there are none. */
static int renew(const struct sg_author_args *a, const struct sg_author_doc *doc, bool fresh, struct edits *e,
        struct sg_err *err)
{
	uint64_t serial = doc->feed->serial + (fresh ? 0 : 1);
	int64_t now = a->now / 1000 * 1000, expires = 0;
	char text[32];
	int r;

	if (sg_author_eocs(a))
		return sg_author_has(a, SG_AUTHOR_EXPIRES)
		               ? sg_fail(err, SG_EINVAL,
		                         "--expires: a document in EM's own form has no such thing")
		               : 0;
	if (serial > INT64_MAX)
		return sg_fail(err, SG_ELIMIT, "%s: its serial cannot go up any more", doc->where);
	r = sg_author_time(a, SG_AUTHOR_EXPIRES, true, now + 14 * DAY_MS, &expires, err);
	if (!r && expires <= a->now)
		r = sg_fail(
		        err, SG_EINVAL, "--expires %s is in the past", sg_author_value(a, SG_AUTHOR_EXPIRES));
	if (r)
		return r;
	char *number = sg_format("%llu", (unsigned long long)serial);

	r = set_head(e, doc, "serial", number, err);
	free(number);
	sg_time_format(now, text);
	if (!r)
		r = set_head(e, doc, "issued", text, err);
	sg_time_format(expires / 1000 * 1000, text);
	if (!r)
		r = set_head(e, doc, "expires", text, err);
	return r;
}

static const struct sg_layout_part *find(const struct sg_author_doc *doc, const char *id)
{
	for (size_t i = 0; i < doc->layout.n; i++)
		if (!doc->layout.at[i].signature && doc->layout.at[i].id &&
		        strcmp(doc->layout.at[i].id, id) == 0)
			return &doc->layout.at[i];
	return NULL;
}

static void cut_signature(const struct sg_author_doc *doc, struct edits *e)
{
	for (size_t i = 0; i < doc->layout.n; i++)
		if (doc->layout.at[i].signature && e->n < MAX_EDITS)
			replace(e, doc->layout.at[i].from, doc->layout.at[i].to);
}

/* --- the end: checked, written, told */

/* Every mitigation but `id` is what it was. */
static int check_others(
        const struct sg_author_doc *old, const struct sg_author_doc *new, const char *id, struct sg_err *err)
{
	struct sg_val *changes = sg_author_compare(old->feed, new->feed, true, 0);
	int r = 0;

	for (size_t i = 0; !r && i < sg_val_count(changes); i++) {
		const struct sg_val *one = changes->kid[i];

		if (strcmp(sg_val_get_str(one, "change", ""), "keep") != 0 &&
		        strcmp(sg_val_get_str(one, "id", ""), id) != 0)
			r = sg_fail(err, SG_EIO, "%s: the edit would change %s, too; nothing was written",
			        old->where, sg_val_get_str(one, "id", ""));
	}
	sg_val_free(changes);
	return r;
}

static int finish(const struct sg_author_args *a, struct sg_author_doc *old, struct edits *e, const char *id,
        const char *source, struct sg_author_out *out, struct sg_err *err)
{
	struct sg_author_doc new = { 0 };
	struct sg_buf octets = { 0 };
	struct sg_val *changes;
	int r;

	apply(e, &old->octets, &octets);
	r = sg_author_take(a, old->where, sg_buf_bytes(&octets), &new, err);
	if (!r)
		r = sg_author_decode(a, &new, err);
	for (size_t i = 0; !r && i < new.feed->n_refused; i++)
		if (strcmp(new.feed->refused[i].id, id) == 0)
			r = sg_fail(err, SG_EINVAL, "%s: %s", source, new.feed->refused[i].text);
	if (!r)
		r = check_others(old, &new, id, err);
	if (!r)
		r = sg_author_put(old->where, sg_buf_bytes(&octets), false, err);
	if (!r) {
		changes = sg_author_compare(old->feed, new.feed, sg_author_eocs(a), a->now);
		out->json = sg_val_map();
		sg_val_set_str(out->json, "schema", "stopgap.feed-edit.v1");
		sg_val_set_int(out->json, "serial", (int64_t) new.feed->serial);
		sg_val_set_int(out->json, "expires", new.feed->expires);
		for (size_t i = 0; i < sg_val_count(changes); i++)
			if (strcmp(sg_val_get_str(changes->kid[i], "id", ""), id) == 0)
				sg_val_push(sg_val_set(out->json, "changes", sg_val_array()),
				        sg_val_copy(changes->kid[i]));
		sg_author_print_changes(sg_val_get(out->json, "changes"), false, &out->text);
		sg_author_print_notes(new.feed, a->now, &out->text);
		sg_buf_fmt(&out->text, "%s:", old->where);
		if (new.feed->serial) {
			sg_buf_fmt(&out->text, " serial %llu, fresh until ",
			        (unsigned long long)new.feed->serial);
			sg_put_time(new.feed->expires, &out->text);
			sg_buf_char(&out->text, ';');
		}
		sg_buf_fmt(&out->text, " %s: \"stopgap-feed sign\" comes next\n",
		        sg_layout_signed(&old->layout) ? "its signature was taken out" : "not signed");
		sg_val_free(changes);
	}
	sg_author_doc_release(&new);
	sg_buf_release(&octets);
	return r;
}

static void release(struct edits *e)
{
	for (size_t i = 0; i < e->n; i++)
		sg_buf_release(&e->at[i].text);
}

/* --- the verbs */

/* Behind the last mitigation, as far to the right as that one; or as the first one. */
static void insert(const struct sg_author_doc *doc, struct sg_bytes config, struct edits *e)
{
	const struct sg_layout *l = &doc->layout;
	const struct sg_layout_part *last = NULL;
	size_t line;
	struct sg_buf *text;

	for (size_t i = 0; i < l->n; i++)
		if (!l->at[i].signature)
			last = &l->at[i];
	if (l->empty) {
		text = replace(e, l->tag_to - 2, l->tag_to);
		sg_buf_str(text, ">\n  ");
		sg_buf_add(text, config.data, config.len);
		sg_buf_str(text, "\n</EOCS>");
		return;
	}
	if (!last) {
		text = replace(e, l->tag_to, l->tag_to);
		sg_buf_str(text, "\n  ");
		sg_buf_add(text, config.data, config.len);
		if (doc->octets.data[l->tag_to] != '\n' && doc->octets.data[l->tag_to] != '\r')
			sg_buf_char(text, '\n');
		return;
	}
	for (line = last->from;
	        line > 0 && (doc->octets.data[line - 1] == ' ' || doc->octets.data[line - 1] == '\t');)
		line--;
	text = replace(e, last->to, last->to);
	sg_buf_char(text, '\n');
	sg_buf_add(text, doc->octets.data + line, last->from - line);
	sg_buf_add(text, config.data, config.len);
}

int sg_author_add(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	const char *source = a->words.at[1];
	struct sg_author_doc doc = { 0 };
	struct sg_buf file = { 0 };
	struct edits e = { 0 };
	size_t from = 0, to = 0;
	bool fresh = false;
	char *id = NULL;
	int r = sg_os_read(source, SG_AUTHOR_MAX, &file, NULL, err);

	if (!r)
		r = sg_layout_config(sg_buf_bytes(&file), source, &from, &to, &id, err);
	if (!r && !sg_id_valid(id))
		r = sg_fail(err, SG_EINVAL,
		        "%s: the id \"%.80s\" is not allowed: 1 to 64 of A-Z a-z 0-9 . _ - beginning with a "
		        "letter or digit",
		        source, id);
	if (!r)
		r = begin(a, &doc, &fresh, err);
	if (!r)
		r = renew(a, &doc, fresh, &e, err);
	if (!r) {
		const struct sg_layout_part *part = find(&doc, id);
		struct sg_bytes config = { file.data + from, to - from };

		cut_signature(&doc, &e);
		if (part)
			sg_buf_add(replace(&e, part->from, part->to), config.data, config.len);
		else
			insert(&doc, config, &e);
		r = finish(a, &doc, &e, id, source, out, err);
	}
	release(&e);
	free(id);
	sg_buf_release(&file);
	sg_author_doc_release(&doc);
	return r;
}

static int unknown_id(const struct sg_author_doc *doc, const char *id, struct sg_err *err)
{
	const char *ids[GUESSES + 1] = { NULL }, *near;

	for (size_t i = 0; i < doc->feed->n && i < GUESSES; i++)
		ids[i] = doc->feed->at[i]->id;
	near = sg_guess(id, ids);
	return sg_fail(err, SG_ENOENT, "%s offers no mitigation \"%.80s\"%s%s%s", doc->where, id,
	        near ? ": did you mean \"" : "", near ? near : "; \"stopgap-feed show\" lists what is in it",
	        near ? "\"?" : "");
}

static void tombstone(const struct sg_author_args *a, const struct sg_author_doc *doc,
        const struct sg_mitigation *m, const char *reason, struct sg_buf *out)
{
	const char *prefix = doc->layout.prefix ? doc->layout.prefix : "sg";
	char now[32];

	sg_time_format(a->now / 1000 * 1000, now);
	sg_buf_fmt(out, "<Config id=\"%s\"", m->id);
	if (!doc->layout.prefix)
		sg_buf_fmt(out, " xmlns:%s=\"" SG_FEED_NS "\"", prefix);
	if (m->desc) {
		sg_buf_str(out, " desc=\"");
		sg_layout_escape(m->desc, out);
		sg_buf_char(out, '"');
	}
	sg_buf_fmt(out, " %s:withdrawn=\"%s\" %s:reason=\"", prefix, now, prefix);
	sg_layout_escape(reason, out);
	sg_buf_str(out, "\"/>");
}

int sg_author_withdraw(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	const char *id = a->words.at[1], *reason = sg_author_value(a, SG_AUTHOR_REASON);
	const struct sg_mitigation *m = NULL;
	const struct sg_layout_part *part;
	struct sg_author_doc doc = { 0 };
	struct edits e = { 0 };
	bool fresh = false;
	int r;

	if (!reason || !*reason)
		return sg_author_usage(out, err,
		        "withdraw needs a reason, which every administrator will read: --reason TEXT");
	if (sg_author_eocs(a))
		return sg_author_usage(out, err,
		        "EM's own form has no tombstones: an id that is missing is withdrawn there; take its "
		        "Config out");
	r = begin(a, &doc, &fresh, err);
	if (r)
		return r;
	for (size_t i = 0; i < doc.feed->n; i++)
		if (strcmp(doc.feed->at[i]->id, id) == 0)
			m = doc.feed->at[i];
	part = find(&doc, id);
	if (!m || !part)
		r = unknown_id(&doc, id, err);
	else if (m->tombstone)
		r = sg_fail(err, SG_EEXIST, "%s: %s is withdrawn already (%s)", doc.where, id,
		        m->withdraw_reason ? m->withdraw_reason : "-");
	if (!r)
		r = renew(a, &doc, false, &e, err);
	if (!r && m && part) {
		cut_signature(&doc, &e);
		tombstone(a, &doc, m, reason, replace(&e, part->from, part->to));
		r = finish(a, &doc, &e, id, doc.where, out, err);
	}
	release(&e);
	sg_author_doc_release(&doc);
	return r;
}
