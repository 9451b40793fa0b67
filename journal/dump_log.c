/* dump_log.c - `dump`, what happened, and `show`, one mitigation's whole life. */
#include "journal/dump.h"

#include "base/os.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

struct log {
	struct sg_dump *d;
	struct sg_strs lines; /* rendered; printed once it is known which are the last n */
	uint64_t last;        /* seq */
	size_t shown;
};

static void render(struct sg_dump *d, const struct sg_audit *line)
{
	if (sg_dump_json(d))
		sg_dump_object(d, "line", sg_dump_line_val(line));
	else
		sg_dump_line_text(d, line, &d->out);
}

static bool wanted(const struct sg_dump *d, const struct sg_audit *line)
{
	return line->wall >= d->o->since && line->wall < d->o->until && sg_dump_is(d->o->id, &line->key);
}

static void keep_line(void *arg, const struct sg_audit *line)
{
	struct log *l = arg;
	struct sg_dump *d = l->d;

	if (line->seq > l->last)
		l->last = line->seq;
	if (!wanted(d, line))
		return;
	struct sg_buf before = d->out;
	d->out = (struct sg_buf){ 0 };
	render(d, line);
	sg_strs_add(&l->lines, (char *)d->out.data);
	sg_buf_release(&d->out);
	d->out = before;
}

static void print_kept(struct log *l)
{
	size_t n = l->lines.n, first = 0;
	int64_t count = l->d->o->count;

	if (count >= 0 && (uint64_t)count < n)
		first = n - (size_t)count;
	for (size_t i = first; i < n; i++)
		sg_buf_str(&l->d->out, l->lines.at[l->d->o->reverse ? n - 1 - (i - first) : i]);
	sg_dump_flush(l->d);
	sg_strs_release(&l->lines);
}

static void print_new(void *arg, const struct sg_audit *line)
{
	struct log *l = arg;

	if (line->seq <= l->last)
		return;
	l->last = line->seq;
	if (wanted(l->d, line))
		render(l->d, line);
}

/* Each second a fresh copy; lines that were printed are not printed again. Ends with the process. A copy that fails is said once. */
static void follow(struct log *l)
{
	bool failing = false;

	for (;;) {
		struct sg_dump next = { .o = l->d->o, .bad = l->d->bad };
		struct sg_err err = SG_ERR_INIT;
		sg_os_sleep(1000);
		if (sg_journal_copy(l->d->o->journal, &next.r, &err) != 0) {
			if (!failing)
				sg_finder_add(&next.bad, "file", "journal", "%s", err.msg);
			failing = true;
			continue;
		}
		failing = false;
		next.s = sg_pages_source(next.r->pages);
		struct log more = { .d = &next, .last = l->last };
		sg_dump_lines(&next, l->last + 1, print_new, &more);
		l->last = more.last;
		sg_dump_flush(&next);
		sg_buf_release(&next.out);
		sg_journal_copy_close(next.r);
	}
}

void sg_dump_log(struct sg_dump *d)
{
	struct log l = { .d = d };

	sg_dump_lines(d, 0, keep_line, &l);
	print_kept(&l);
	if (d->o->follow)
		follow(&l);
}

/* --- show */

struct life {
	struct sg_dump *d;
	const char *pattern;
	size_t rows, blocks, holds, lines;
};

static bool names(const struct life *l, const struct sg_val *v)
{
	struct sg_key key = { (char *)(uintptr_t)sg_val_get_str(v, "feed", NULL),
		(char *)(uintptr_t)sg_val_get_str(v, "id", NULL) };

	return sg_dump_is(l->pattern, &key);
}

static void field(struct sg_dump *d, const char *name, const char *s)
{
	if (!s || !*s)
		return;
	sg_buf_fmt(&d->out, "  %-12s ", name);
	sg_text_safe(s, &d->out);
	sg_buf_char(&d->out, '\n');
}

static void field_time(struct sg_dump *d, const char *name, int64_t ms)
{
	if (ms == 0)
		return;
	sg_buf_fmt(&d->out, "  %-12s ", name);
	sg_dump_time(d, ms, &d->out);
	sg_buf_char(&d->out, '\n');
}

static void field_body(
        struct sg_dump *d, const char *name, const struct sg_hash *h, const char *revision, int64_t at)
{
	char hex[65];

	if (sg_hash_is_zero(h))
		return;
	sg_hash_hex(h, hex);
	sg_buf_fmt(&d->out, "  %-12s body %.16s..., revision ", name, hex);
	sg_dump_safe(revision, &d->out);
	sg_buf_str(&d->out, ", ");
	sg_dump_time(d, at, &d->out);
	sg_buf_char(&d->out, '\n');
}

static void show_row(void *arg, const struct sg_val *v)
{
	struct life *l = arg;
	struct sg_dump *d = l->d;
	struct sg_row *row = NULL;
	struct sg_err err = SG_ERR_INIT;

	if (!names(l, v))
		return;
	l->rows++;
	if (sg_dump_json(d)) {
		sg_dump_object(d, "row", sg_dump_plain(sg_val_copy(v)));
		return;
	}
	if (sg_shape_row_read(v, &row, &err) != 0) {
		sg_finder_add(&d->bad, "file", "rows", "%s", err.msg);
		return;
	}
	sg_text_safe(row->key.feed, &d->out);
	sg_buf_char(&d->out, '/');
	sg_text_safe(row->key.id, &d->out);
	sg_buf_fmt(&d->out, ": %s (%s)\n", sg_state_name(row->state), sg_reason_name(row->reason));
	field(d, "why", row->text);
	field_time(d, "since", row->since);
	field(d, "about", row->desc);
	field_body(d, "offered", &row->offered, row->offered_revision, row->offered_at);
	field_body(d, "applied", &row->applied, row->applied_revision, row->applied_at);
	field(d, "needed", sg_applies_name(row->applies));
	field(d, "proof", row->proof);
	field(d, "effective", sg_effective_name(row->effective));
	field(d, "defeated by", row->effective_text);
	field(d, "others", row->others_text);
	field(d, "withdrawn", row->withdraw_reason);
	field_time(d, "retry", row->retry_at);
	if (row->out)
		field(d, "taken out by", row->out_who.account ? row->out_who.account : "an administrator");
	sg_row_free(row);
}

static void show_block(void *arg, const struct sg_val *v)
{
	struct life *l = arg;
	struct sg_dump *d = l->d;

	struct sg_key key = { (char *)(uintptr_t)sg_val_get_str(v, "feed", "*"),
		(char *)(uintptr_t)sg_val_get_str(v, "id", "") };
	if (!sg_dump_is(l->pattern, &key) && !sg_glob(key.id, l->pattern))
		return;
	l->blocks++;
	if (sg_dump_json(d)) {
		sg_dump_object(d, "block", sg_dump_plain(sg_val_copy(v)));
		return;
	}
	const struct sg_val *who = sg_val_get(v, "who");
	sg_buf_str(&d->out, "  blocked by   ");
	sg_dump_safe(sg_val_get_str(v, "source", NULL), &d->out);
	sg_buf_fmt(&d->out, "%s, ", sg_val_get_bool(v, "keep", false) ? ", kept" : "");
	sg_dump_time(d, sg_val_get_int(v, "created", 0), &d->out);
	sg_buf_str(&d->out, ": ");
	sg_dump_safe(who && who->type == SG_VAL_MAP ? sg_val_get_str(who, "reason", NULL) : NULL, &d->out);
	sg_buf_char(&d->out, '\n');
}

static void show_hold(void *arg, const struct sg_val *v)
{
	struct life *l = arg;
	struct sg_dump *d = l->d;
	struct sg_hold h;
	bool ours = false;

	if (sg_shape_hold_read(v, &h, NULL) != 0)
		return;
	for (size_t i = 0; i < h.holders.n; i++)
		ours |= sg_dump_is(l->pattern, &h.holders.at[i]);
	if (ours) {
		l->holds++;
		if (sg_dump_json(d)) {
			sg_dump_object(d, "hold", sg_dump_plain(sg_val_copy(v)));
		} else {
			sg_buf_str(&d->out, "  holds        ");
			sg_text_safe(h.addr.container, &d->out);
			sg_buf_str(&d->out, "\n               ");
			sg_text_safe(h.addr.path, &d->out);
			sg_buf_char(&d->out, '\n');
			sg_dump_diff(&h.before, &h.after, "before", "after", &d->out);
		}
	}
	sg_hold_release(&h);
}

static void show_line(void *arg, const struct sg_audit *line)
{
	struct life *l = arg;

	if (!sg_dump_is(l->pattern, &line->key))
		return;
	if (l->lines++ == 0 && !sg_dump_json(l->d))
		sg_buf_str(&l->d->out, "what happened\n");
	if (!sg_dump_json(l->d))
		sg_buf_str(&l->d->out, "  ");
	render(l->d, line);
}

void sg_dump_show(struct sg_dump *d)
{
	struct life l = { .d = d, .pattern = d->o->arg };

	sg_dump_each(d, SG_T_ROWS, show_row, &l);
	sg_dump_each(d, SG_T_BLOCKS, show_block, &l);
	sg_dump_each(d, SG_T_HOLDS, show_hold, &l);
	sg_dump_lines(d, 0, show_line, &l);
	if (l.rows + l.blocks + l.holds + l.lines == 0)
		sg_finder_add(&d->bad, "show", d->o->arg, "this journal knows nothing of it");
}
