/* feed_show.c - `show` and `diff`: what a feed says, for people and as JSON. Nothing is verified, and it says so. */
#include "cli/feed_work.h"

#include "cli/table.h"

#include <string.h>

static void range(const struct sg_version *from, const struct sg_version *below, struct sg_buf *out)
{
	char text[48];

	if (from->n) {
		sg_version_format(from, text);
		sg_buf_fmt(out, " from %s", text);
	}
	if (below->n) {
		sg_version_format(below, text);
		sg_buf_fmt(out, " below %s", text);
	}
}

static void product(const struct sg_product *p, struct sg_buf *out)
{
	sg_buf_fmt(out, "%s%s%s", p->name, p->role ? " " : "", p->role ? p->role : "");
	for (size_t i = 0; i < p->n_affected; i++) {
		sg_buf_str(out, i ? " or" : "");
		range(&p->affected[i].from, &p->affected[i].below, out);
	}
	if (p->n_fixed)
		sg_buf_fmt(out, ", fixed in %zu branch%s", p->n_fixed, p->n_fixed == 1 ? "" : "es");
}

static void applicability(const struct sg_applicability *ap, struct sg_buf *out)
{
	if (!ap->given)
		sg_buf_str(out, "every server");
	for (size_t i = 0; i < ap->n_products; i++) {
		sg_buf_str(out, i ? "; or " : "");
		product(&ap->products[i], out);
	}
	for (size_t i = 0; i < ap->n_files; i++) {
		sg_buf_fmt(out, "%s%s", out->len ? "; and " : "", ap->files[i].path);
		range(&ap->files[i].from, &ap->files[i].below, out);
	}
	if (ap->unknown)
		sg_buf_fmt(out, "%scondition %s, which is not known here", out->len ? "; and " : "",
		        ap->unknown);
}

static void actions(const struct sg_mitigation *m, struct sg_buf *out)
{
	for (size_t i = 0; i < m->n_actions; i++)
		sg_buf_fmt(out, "%s%s%s%s", i ? ", " : "", m->actions[i].type, m->actions[i].scope ? " " : "",
		        m->actions[i].scope ? m->actions[i].scope : "");
}

static void tests(const struct sg_mitigation *m, struct sg_buf *out)
{
	static const char *const names[] = { "refuse", "serve", "response" };
	size_t count[3] = { 0 };

	for (size_t i = 0; i < m->n_tests; i++)
		count[m->tests[i].kind]++;
	for (size_t i = 0; i < 3; i++)
		if (count[i])
			sg_buf_fmt(out, "%s%zu %s", out->len ? ", " : "", count[i], names[i]);
}

static void cell(struct sg_table *t, struct sg_buf *text)
{
	sg_table_cell(t, (const char *)text->data);
	sg_buf_clear(text);
}

static void print_feed(const struct sg_author_doc *doc, int64_t now, struct sg_buf *out)
{
	static const char *const heads[] = { "ID", "REVISION", "SEVERITY", "APPLIES TO", "ACTIONS", "TESTS",
		NULL };
	const struct sg_feed *f = doc->feed;
	struct sg_table t = { 0 };
	struct sg_buf text = { 0 };

	sg_buf_str(out, "feed ");
	sg_put_safe(f->name, out);
	if (f->serial) {
		sg_buf_fmt(out, ", serial %llu, issued ", (unsigned long long)f->serial);
		sg_put_time(f->issued, out);
		sg_buf_str(out, now > f->expires ? ", EXPIRED " : ", expires ");
		sg_put_time(f->expires, out);
	}
	sg_buf_fmt(out, "; %s\n\n",
	        sg_layout_signed(&doc->layout) ? "signed, and not verified here (stopgap-feed verify)"
	                                       : "not signed");
	sg_table_head(&t, heads);
	for (size_t i = 0; i < f->n; i++) {
		const struct sg_mitigation *m = f->at[i];

		sg_table_cell(&t, m->id);
		sg_table_cell(&t, m->revision);
		if (m->tombstone) {
			sg_table_cell(&t, "-");
			sg_buf_str(&text, "withdrawn ");
			sg_put_time(m->withdrawn, &text);
			sg_buf_fmt(&text, ": %s", m->withdraw_reason ? m->withdraw_reason : "-");
			cell(&t, &text);
			sg_table_cell(&t, NULL);
			sg_table_cell(&t, NULL);
			continue;
		}
		sg_table_cell(&t, sg_severity_name(m->severity));
		applicability(&m->applicability, &text);
		cell(&t, &text);
		actions(m, &text);
		cell(&t, &text);
		tests(m, &text);
		cell(&t, &text);
	}
	sg_buf_release(&text);
	sg_table_print(&t, "", out);
	sg_author_print_notes(f, now, out);
}

static void set_text(struct sg_val *map, const char *key, struct sg_buf *text)
{
	sg_val_set(map, key, sg_val_strn((const char *)text->data, text->len));
	sg_buf_clear(text);
}

static struct sg_val *json_of(const struct sg_mitigation *m)
{
	struct sg_val *v = sg_val_map(), *list;
	struct sg_buf text = { 0 };
	char hex[65];

	sg_hash_hex(&m->hash, hex);
	sg_val_set_str(v, "id", m->id);
	sg_val_set_str(v, "revision", m->revision);
	sg_val_set_str(v, "description", m->desc);
	sg_val_set_str(v, "sha256", hex);
	sg_val_set_int(v, "withdrawn", m->tombstone ? m->withdrawn : 0);
	sg_val_set_str(v, "reason", m->withdraw_reason);
	sg_val_set_str(v, "severity", m->tombstone ? NULL : sg_severity_name(m->severity));
	applicability(&m->applicability, &text);
	set_text(v, "applies_to", &text);
	list = sg_val_set(v, "actions", sg_val_array());
	for (size_t i = 0; i < m->n_actions; i++) {
		struct sg_val *one = sg_val_push(list, sg_val_map());

		sg_val_set_str(one, "type", m->actions[i].type);
		sg_val_set_str(one, "scope", m->actions[i].scope);
	}
	sg_val_set_int(v, "tests", (int64_t)m->n_tests);
	sg_buf_release(&text);
	return v;
}

int sg_author_show(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	struct sg_author_doc doc = { 0 };
	struct sg_val *list;
	int r = sg_author_load(a, a->words.at[0], &doc, err);

	if (!r)
		r = sg_author_decode(a, &doc, err);
	if (!r) {
		print_feed(&doc, a->now, &out->text);
		out->json = sg_val_map();
		sg_val_set_str(out->json, "schema", "stopgap.feed-show.v1");
		sg_val_set_str(out->json, "feed", doc.feed->name);
		sg_val_set_bool(out->json, "signed", sg_layout_signed(&doc.layout));
		sg_val_set_int(out->json, "serial", (int64_t)doc.feed->serial);
		sg_val_set_int(out->json, "issued", doc.feed->issued);
		sg_val_set_int(out->json, "expires", doc.feed->expires);
		list = sg_val_set(out->json, "mitigations", sg_val_array());
		for (size_t i = 0; i < doc.feed->n; i++)
			sg_val_push(list, json_of(doc.feed->at[i]));
		list = sg_val_set(out->json, "refused", sg_val_array());
		for (size_t i = 0; i < doc.feed->n_refused; i++) {
			struct sg_val *one = sg_val_push(list, sg_val_map());

			sg_val_set_str(one, "id", doc.feed->refused[i].id);
			sg_val_set_str(one, "text", doc.feed->refused[i].text);
		}
	}
	sg_author_doc_release(&doc);
	return r;
}

int sg_author_diff(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	struct sg_author_doc old = { 0 }, new = { 0 };
	struct sg_val *changes;
	int r = sg_author_load(a, a->words.at[0], &old, err);

	if (!r)
		r = sg_author_decode(a, &old, err);
	if (!r)
		r = sg_author_load(a, a->words.at[1], &new, err);
	if (!r)
		r = sg_author_decode(a, &new, err);
	if (!r) {
		changes = sg_author_compare(old.feed, new.feed, sg_author_eocs(a), a->now);
		if (old.feed->serial && new.feed->serial)
			sg_buf_fmt(&out->text, "serial %llu -> %llu%s\n",
			        (unsigned long long)old.feed->serial, (unsigned long long)new.feed->serial,
			        new.feed->serial < old.feed->serial ? ": OLDER, servers refuse it"
			        : new.feed->serial > old.feed->serial || !sg_author_changed(changes)
			                ? ""
			                : ": the same, servers refuse it");
		sg_author_print_changes(changes, true, &out->text);
		if (sg_author_has(a, SG_AUTHOR_EXIT_CODE) && sg_author_changed(changes))
			out->status = SG_EXIT_CHANGES;
		out->json = sg_val_map();
		sg_val_set_str(out->json, "schema", "stopgap.feed-diff.v1");
		sg_val_set_int(out->json, "old_serial", (int64_t)old.feed->serial);
		sg_val_set_int(out->json, "serial", (int64_t) new.feed->serial);
		sg_val_set(out->json, "changes", changes);
	}
	sg_author_doc_release(&old);
	sg_author_doc_release(&new);
	return r;
}
