/* feed_compare.c - what a new document means to servers that have the one before. Pure. Bodies are compared by their canonical form, as servers do. */
#include "cli/feed_work.h"

#include "base/diff.h"
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 3, END_NOTE_DAYS = 30 };
static const int64_t DAY_MS = 24LL * 60 * 60 * 1000;

static const struct sg_mitigation *find(const struct sg_feed *feed, const char *id)
{
	for (size_t i = 0; i < feed->n; i++)
		if (strcmp(feed->at[i]->id, id) == 0)
			return feed->at[i];
	return NULL;
}

static struct sg_val *add(
        struct sg_val *list, const char *change, const struct sg_mitigation *m, const char *note)
{
	struct sg_val *one = sg_val_push(list, sg_val_map());

	sg_val_set_str(one, "change", change);
	sg_val_set_str(one, "id", m->id);
	sg_val_set_str(one, "revision", m->revision);
	sg_val_set_str(one, "severity", m->tombstone ? NULL : sg_severity_name(m->severity));
	sg_val_set_str(one, "note", note);
	return one;
}

static void changed(struct sg_val *list, const struct sg_mitigation *old, const struct sg_mitigation *new)
{
	bool same_label = strcmp(old->revision ? old->revision : "", new->revision ? new->revision : "") == 0;
	struct sg_buf diff = { 0 }, before = { 0 }, after = { 0 };
	struct sg_val *one;

	if (old->tombstone && new->tombstone)
		one = add(list, "change", new, "its tombstone says something else");
	else if (new->tombstone)
		one = add(list, "withdraw", new, new->withdraw_reason);
	else if (old->tombstone)
		one = add(list, "add", new, "it was withdrawn before");
	else
		one = add(
		        list, "change", new, same_label ? "its revision should change with its body" : NULL);
	sg_val_set_str(one, "old_revision", old->revision);
	/* canonical bodies end without a line's end, which is nothing to tell an author */
	sg_buf_add(&before, old->body.data, old->body.len);
	sg_buf_char(&before, '\n');
	sg_buf_add(&after, new->body.data, new->body.len);
	sg_buf_char(&after, '\n');
	sg_diff_unified(sg_buf_bytes(&before), sg_buf_bytes(&after), old->id, new->id, CONTEXT, &diff);
	sg_buf_release(&before);
	sg_buf_release(&after);
	sg_val_set(one, "diff", sg_val_strn((const char *)diff.data, diff.len));
	sg_buf_release(&diff);
}

static void gone(struct sg_val *list, const struct sg_mitigation *old, bool eocs, int64_t now)
{
	if (eocs)
		add(list, "withdraw", old, "it is missing, which withdraws it in EM's own form");
	else if (!old->tombstone)
		add(list, "drop", old,
		        "it is missing: servers that have it keep it; \"stopgap-feed withdraw\" takes it "
		        "back");
	else if (now - old->withdrawn < SG_AUTHOR_TOMBSTONE_DAYS * DAY_MS)
		add(list, "forget", old,
		        "its tombstone is younger than 90 days: servers that were away would keep it");
	else
		add(list, "keep", old, "its tombstone of more than 90 days ago is gone");
}

struct sg_val *sg_author_compare(
        const struct sg_feed *before, const struct sg_feed *after, bool eocs, int64_t now)
{
	struct sg_val *list = sg_val_array();

	for (size_t i = 0; i < after->n; i++) {
		const struct sg_mitigation *new = after->at[i], *old = before ? find(before, new->id) : NULL;

		if (!old)
			add(list, new->tombstone ? "withdraw" : "add", new,
			        new->tombstone ? new->withdraw_reason : NULL);
		else if (sg_hash_equal(&old->hash, &new->hash))
			add(list, "keep", new, new->tombstone ? "withdrawn" : NULL);
		else
			changed(list, old, new);
	}
	for (size_t i = 0; before && i < before->n; i++)
		if (!find(after, before->at[i]->id))
			gone(list, before->at[i], eocs, now);
	return list;
}

static const char *words_of(const char *change)
{
	static const struct {
		const char *change, *words;
	} table[] = { { "add", "adds" }, { "change", "changes" }, { "withdraw", "withdraws" },
		{ "keep", "keeps" }, { "drop", "DROPS" }, { "forget", "FORGETS" } };

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].change, change) == 0)
			return table[i].words;
	return change;
}

void sg_author_print_changes(const struct sg_val *changes, bool bodies, struct sg_buf *out)
{
	static const char *const order[] = { "add", "change", "withdraw", "drop", "forget", "keep" };

	for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
		for (size_t i = 0; i < sg_val_count(changes); i++) {
			const struct sg_val *one = changes->kid[i];
			const char *old = sg_val_get_str(one, "old_revision", ""),
			           *new = sg_val_get_str(one, "revision", ""),
			           *note = sg_val_get_str(one, "note", ""),
			           *diff = sg_val_get_str(one, "diff", "");

			if (strcmp(sg_val_get_str(one, "change", ""), order[k]) != 0)
				continue;
			sg_buf_fmt(out, "%-9s %s", words_of(order[k]), sg_val_get_str(one, "id", "-"));
			if (*old && *new &&strcmp(old, new) != 0) {
				sg_buf_char(out, ' ');
				sg_put_safe(old, out);
				sg_buf_str(out, " -> ");
				sg_put_safe(new, out);
			} else if (*new) {
				sg_buf_char(out, ' ');
				sg_put_safe(new, out);
			}
			if (*note) {
				sg_buf_str(out, " (");
				sg_put_safe(note, out);
				sg_buf_char(out, ')');
			}
			sg_buf_char(out, '\n');
			if (bodies && *diff)
				sg_put_lines(diff, "    ", out);
		}
	}
}

bool sg_author_changed(const struct sg_val *changes)
{
	for (size_t i = 0; i < sg_val_count(changes); i++)
		if (strcmp(sg_val_get_str(changes->kid[i], "change", ""), "keep") != 0)
			return true;
	return false;
}

void sg_author_print_notes(const struct sg_feed *feed, int64_t now, struct sg_buf *out)
{
	for (size_t i = 0; i < feed->n; i++) {
		const struct sg_mitigation *m = feed->at[i];

		if (m->tombstone && now - m->withdrawn >= SG_AUTHOR_TOMBSTONE_DAYS * DAY_MS)
			sg_buf_fmt(out,
			        "note: %s was withdrawn more than 90 days ago: its tombstone may go\n",
			        m->id);
		else if (!m->tombstone && m->review_by && m->review_by < now)
			sg_buf_fmt(out, "note: %s is past its review-by\n", m->id);
	}
	for (size_t i = 0; i < feed->ends.n; i++) {
		const struct sg_end *end = &feed->ends.at[i];

		if (end->at < now || end->at - now > END_NOTE_DAYS * DAY_MS)
			continue;
		sg_buf_str(out, "note: ");
		sg_put_safe(end->what, out);
		sg_buf_str(out, " ends at ");
		sg_put_time(end->at, out);
		sg_buf_str(out, ": servers refuse the feed then\n");
	}
	for (size_t i = 0; i < feed->n_refused; i++) {
		sg_buf_fmt(out, "note: servers refuse %s: ", feed->refused[i].id);
		sg_put_safe(feed->refused[i].text, out);
		sg_buf_char(out, '\n');
	}
}
