/* dump_out.c - what the commands of stopgap-journal share: safe text, times, JSON, and walks that go on behind damage. */
#include "journal/dump.h"

#include "base/diff.h"
#include "base/json.h"
#include "base/os.h"
#include "base/pack.h"
#include "base/text.h"
#include "journal/blob.h"
#include "journal/coverage.h"
#include "model/codes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Whatever was made safe before: nothing of a feed, a file or another person reaches the terminal as it stands. */
void sg_dump_flush(struct sg_dump *d)
{
	struct sg_buf page = { 0 };

	sg_text_page(sg_buf_bytes(&d->out), &page);
	fwrite(page.data, 1, page.len, stdout);
	fflush(stdout);
	sg_buf_release(&page);
	sg_buf_clear(&d->out);
}

void sg_dump_complain(const char *fmt, ...)
{
	struct sg_buf text = { 0 }, line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	sg_buf_str(&line, "stopgap-journal: ");
	sg_text_safe((const char *)text.data, &line);
	sg_buf_char(&line, '\n');
	fflush(stdout);
	fwrite(line.data, 1, line.len, stderr);
	sg_buf_release(&text);
	sg_buf_release(&line);
}

bool sg_dump_json(const struct sg_dump *d)
{
	return d->o->style != SG_DUMP_SHORT;
}

void sg_dump_safe(const char *s, struct sg_buf *out)
{
	sg_text_safe(s ? s : "-", out);
}

void sg_dump_safe_lines(struct sg_bytes text, const char *indent, struct sg_buf *out)
{
	for (size_t at = 0; at < text.len;) {
		const unsigned char *end = memchr(text.data + at, '\n', text.len - at);
		size_t n = end ? (size_t)(end - text.data) - at : text.len - at;
		char *line = sg_strndup((const char *)text.data + at, n);
		sg_buf_str(out, indent);
		for (char *p = line; *p;) {
			size_t run = strcspn(p, "\t");
			char tab = p[run];
			p[run] = 0;
			sg_text_safe(p, out);
			if (tab)
				sg_buf_char(out, '\t');
			p += run + (tab != 0);
		}
		sg_buf_char(out, '\n');
		free(line);
		at += n + 1;
	}
}

void sg_dump_time(const struct sg_dump *d, int64_t ms, struct sg_buf *out)
{
	char text[64];
	time_t seconds = (time_t)(ms / 1000);
	const struct tm *tm = d->o->local && ms > 0 ? localtime(&seconds) : NULL;

	if (ms == 0) {
		sg_buf_char(out, '-');
	} else if (tm && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", tm) > 0) {
		sg_buf_str(out, text);
	} else {
		sg_time_format(ms, text);
		sg_buf_str(out, text);
	}
}

void sg_dump_object(struct sg_dump *d, const char *thing, struct sg_val *v)
{
	struct sg_val *map = sg_val_map();
	char *schema = sg_format("stopgap.journal.%s.v1", thing);

	sg_val_set_str(map, "schema", schema);
	for (size_t i = 0; i < v->n; i++)
		sg_val_set(map, v->kid[i]->key, sg_val_copy(v->kid[i]));
	sg_json(map, SG_JSON_ASCII | (d->o->style == SG_DUMP_PRETTY ? SG_JSON_PRETTY : SG_JSON_LINE),
	        &d->out);
	if (d->out.len > 0 && d->out.data[d->out.len - 1] != '\n')
		sg_buf_char(&d->out, '\n');
	free(schema);
	sg_val_free(map);
	sg_val_free(v);
}

static struct sg_val *plain(const struct sg_val *v)
{
	struct sg_val *out;

	if (v->type == SG_VAL_BIN && v->len == sizeof(struct sg_hash)) {
		struct sg_hash h;
		char hex[65];
		memcpy(h.b, v->s, sizeof h.b);
		sg_hash_hex(&h, hex);
		return sg_val_str(hex);
	}
	if (v->type == SG_VAL_BIN) {
		bool text = sg_utf8_valid((struct sg_bytes){ (const unsigned char *)v->s, v->len }) &&
		            !memchr(v->s, 0, v->len);
		out = sg_val_map();
		sg_val_set(out, text ? "text" : "base64",
		        text ? sg_val_strn(v->s, v->len) : sg_val_bin(v->s, v->len));
		return out;
	}
	if (v->type != SG_VAL_ARRAY && v->type != SG_VAL_MAP)
		return sg_val_copy(v);
	out = v->type == SG_VAL_MAP ? sg_val_map() : sg_val_array();
	for (size_t i = 0; i < v->n; i++) {
		if (v->type == SG_VAL_MAP)
			sg_val_set(out, v->kid[i]->key, plain(v->kid[i]));
		else
			sg_val_push(out, plain(v->kid[i]));
	}
	return out;
}

struct sg_val *sg_dump_plain(struct sg_val *v)
{
	struct sg_val *out = plain(v);

	sg_val_free(v);
	return out;
}

struct sg_val *sg_dump_line_val(const struct sg_audit *line)
{
	const struct sg_event_info *info = sg_event_info(line->code);
	struct sg_val *v = sg_val_map();
	char text[65];

	sg_val_set_int(v, "seq", (int64_t)line->seq);
	sg_time_format(line->wall, text);
	sg_val_set_str(v, "time", text);
	sg_val_set_int(v, "wall", line->wall);
	sg_val_set_str(v, "boot", line->boot);
	sg_val_set_int(v, "code", line->code);
	sg_val_set_str(v, "name", info ? info->name : NULL);
	sg_val_set_str(v, "feed", line->key.feed);
	sg_val_set_str(v, "id", line->key.id);
	sg_val_set_str(v, "text", line->text);
	sg_val_set_str(v, "account", line->who.account);
	sg_val_set_str(v, "reason", line->who.reason);
	sg_val_set_str(v, "ticket", line->who.ticket);
	sg_val_set_str(v, "on_behalf_of", line->who.on_behalf_of);
	sg_val_set(v, "data", line->data ? plain(line->data) : sg_val_nil());
	sg_hash_hex(&line->prev, text);
	sg_val_set_str(v, "prev", text);
	sg_hash_hex(&line->hash, text);
	sg_val_set_str(v, "hash", text);
	return v;
}

static void aside(const char *name, const char *s, struct sg_buf *out)
{
	if (!s || !*s)
		return;
	sg_buf_fmt(out, " [%s: ", name);
	sg_text_safe(s, out);
	sg_buf_char(out, ']');
}

void sg_dump_line_text(const struct sg_dump *d, const struct sg_audit *line, struct sg_buf *out)
{
	const struct sg_event_info *info = sg_event_info(line->code);

	sg_dump_time(d, line->wall, out);
	sg_buf_fmt(out, " %4d %-16s ", line->code, info ? info->name : "-");
	if (line->key.feed) {
		sg_text_safe(line->key.feed, out);
		if (line->key.id) {
			sg_buf_char(out, '/');
			sg_text_safe(line->key.id, out);
		}
		sg_buf_str(out, ": ");
	}
	/* Many sentences begin with the id, which stands in front already. */
	const char *text = line->text ? line->text : "";
	size_t n = line->key.id ? strlen(line->key.id) : 0;
	if (n > 0 && strncmp(text, line->key.id, n) == 0 && strncmp(text + n, ": ", 2) == 0)
		text += n + 2;
	sg_text_safe(text, out);
	aside("by", line->who.account, out);
	aside("for", line->who.on_behalf_of, out);
	aside("reason", line->who.reason, out);
	aside("ticket", line->who.ticket, out);
	sg_buf_char(out, '\n');
}

/* --- walks */

struct walk {
	struct sg_dump *d;
	enum sg_table table;
	void (*on_val)(void *arg, const struct sg_val *v);
	void (*on_line)(void *arg, const struct sg_audit *line);
	void *arg;
	bool linked;
	uint64_t expect;
	struct sg_hash link;
};

static int damage(struct walk *w, struct sg_bytes key, struct sg_err *err)
{
	if (!w->d->verified)
		sg_finder_add_err(&w->d->bad, "file", w->table, key, err);
	w->linked = false;
	return 0;
}

/* A record of a format that is not known here: what it says, as it stands. */
static void raw(struct walk *w, struct sg_bytes key, const struct sg_record *record)
{
	struct sg_buf name = { 0 };
	struct sg_val *v = NULL, *out = sg_val_map();
	struct sg_bytes text = record->payload;

	sg_record_name(w->table, key, &name);
	sg_val_set_str(out, "record", (char *)name.data);
	sg_val_set_int(out, "format", record->format);
	if (w->table == SG_T_AUDIT && text.len >= 64)
		text = (struct sg_bytes){ text.data + 64, text.len - 64 };
	if (sg_unpack(text, &sg_pack_row_limits, &v, NULL) == 0)
		sg_val_set(out, "value", sg_dump_plain(v));
	else
		sg_val_set_bin(out, "raw", record->payload.data, record->payload.len);
	sg_dump_object(w->d, "raw", out);
	sg_buf_release(&name);
}

static int each_val(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct walk *w = arg;
	struct sg_err err = SG_ERR_INIT;
	struct sg_record record;
	struct sg_val *v = NULL;

	if (sg_record_open(w->table, key, value, &record, &err) != 0)
		return damage(w, key, &err);
	if (!sg_record_readable(record.format)) {
		raw(w, key, &record);
		return 0;
	}
	if (sg_look_decode(&w->d->s, w->table, key, value, &v, &err) != 0)
		return damage(w, key, &err);
	w->on_val(w->arg, v);
	sg_val_free(v);
	return 0;
}

void sg_dump_each(
        struct sg_dump *d, enum sg_table t, void (*fn)(void *arg, const struct sg_val *v), void *arg)
{
	struct walk w = { .d = d, .table = t, .on_val = fn, .arg = arg };

	d->s.each(d->s.self, t, (struct sg_bytes){ 0 }, false, each_val, &w, NULL);
}

static int each_line(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct walk *w = arg;
	struct sg_err err = SG_ERR_INIT;
	struct sg_record record;
	struct sg_audit line;

	if (sg_record_open(w->table, key, value, &record, &err) != 0)
		return damage(w, key, &err);
	if (!sg_record_readable(record.format)) {
		raw(w, key, &record);
		w->linked = false;
		return 0;
	}
	if (sg_look_audit(&w->d->s, key, value, &line, &err) != 0)
		return damage(w, key, &err);
	if (w->linked && (line.seq != w->expect || !sg_hash_equal(&line.prev, &w->link))) {
		sg_fail(&err, SG_EDAMAGED,
		        "the chain is broken in front of this line: the line before it was changed or is "
		        "missing");
		damage(w, key, &err);
	}
	w->linked = true;
	w->expect = line.seq + 1;
	w->link = line.hash;
	w->on_line(w->arg, &line);
	sg_audit_release(&line);
	return 0;
}

void sg_dump_lines(
        struct sg_dump *d, uint64_t from_seq, void (*fn)(void *arg, const struct sg_audit *line), void *arg)
{
	struct walk w = { .d = d, .table = SG_T_AUDIT, .on_line = fn, .arg = arg };
	unsigned char key[8];
	struct sg_bytes from = { 0 };

	if (from_seq != 0) {
		sg_key_of_audit(from_seq, key);
		from = (struct sg_bytes){ key, sizeof key };
	}
	d->s.each(d->s.self, SG_T_AUDIT, from, false, each_line, &w, NULL);
}

bool sg_dump_is(const char *pattern, const struct sg_key *key)
{
	return sg_coverage_is(pattern, key);
}

void sg_dump_diff(const struct sg_content *a, const struct sg_content *b, const char *name_a,
        const char *name_b, struct sg_buf *out)
{
	struct sg_buf diff = { 0 };
	struct sg_bytes none = { 0 };
	char *from = sg_format("%s%s", name_a, a->present ? "" : " (absent)"),
	     *to = sg_format("%s%s", name_b, b->present ? "" : " (absent)");

	sg_diff_unified(a->present ? sg_buf_bytes(&a->octets) : none,
	        b->present ? sg_buf_bytes(&b->octets) : none, from, to, 3, &diff);
	if (diff.len > 0)
		sg_dump_safe_lines(sg_buf_bytes(&diff), "    ", out);
	else if (a->present != b->present) /* a scaffold is there or not: it has no octets of its own */
		sg_buf_fmt(out, "    %s: %s, %s: %s\n", name_a, a->present ? "there" : "absent", name_b,
		        b->present ? "there" : "absent");
	else
		sg_buf_fmt(out, "    %s and %s are the same\n", from, to);
	sg_buf_release(&diff);
	free(from);
	free(to);
}
