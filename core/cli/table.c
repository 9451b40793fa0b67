/* table.c - columns as wide as their widest cell; the last one is never padded, so that lines have no blanks at their end. */
#include "cli/table.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void sg_put_safe(const char *text, struct sg_buf *out)
{
	sg_text_safe(text ? text : "", out);
}

/* One line, its tabs kept. */
static void put_line(const char *line, size_t len, struct sg_buf *out)
{
	while (len) {
		const char *tab = memchr(line, '\t', len);
		size_t n = tab ? (size_t)(tab - line) : len;
		char *part = sg_strndup(line, n);

		sg_text_safe(part, out);
		free(part);
		if (tab)
			sg_buf_char(out, '\t');
		n += tab != NULL;
		line += n;
		len -= n;
	}
}

void sg_put_lines(const char *text, const char *indent, struct sg_buf *out)
{
	for (const char *p = text ? text : ""; *p;) {
		size_t len = strcspn(p, "\n");

		if (len)
			sg_buf_str(out, indent);
		put_line(p, len && p[len - 1] == '\r' ? len - 1 : len, out);
		sg_buf_char(out, '\n');
		p += len + (p[len] == '\n');
	}
}

void sg_put_time(int64_t ms, struct sg_buf *out)
{
	char text[32];

	if (ms == 0) {
		sg_buf_char(out, '-');
		return;
	}
	sg_time_format(ms - (ms % 1000 + 1000) % 1000, text); /* whole seconds are enough for people */
	sg_buf_str(out, text);
}

size_t sg_val_count(const struct sg_val *list)
{
	return list ? list->n : 0;
}

void sg_table_head(struct sg_table *t, const char *const *names)
{
	for (t->columns = 0; names[t->columns] && t->columns < SG_TABLE_COLUMNS; t->columns++)
		sg_strs_add(&t->cells, names[t->columns]);
}

void sg_table_cell(struct sg_table *t, const char *text)
{
	struct sg_buf safe = { 0 };

	sg_text_safe(text && *text ? text : "-", &safe);
	sg_strs_add(&t->cells, (const char *)safe.data);
	sg_buf_release(&safe);
}

void sg_table_time(struct sg_table *t, int64_t ms)
{
	struct sg_buf text = { 0 };

	sg_put_time(ms, &text);
	sg_table_cell(t, (const char *)text.data);
	sg_buf_release(&text);
}

static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void sg_table_print(struct sg_table *t, const char *indent, struct sg_buf *out)
{
	size_t width[SG_TABLE_COLUMNS] = { 0 };

	for (size_t i = 0; i < t->cells.n; i++) {
		size_t w = width_of(t->cells.at[i]);

		if (w > width[i % t->columns])
			width[i % t->columns] = w;
	}
	for (size_t i = 0; t->cells.n > t->columns && i < t->cells.n; i++) {
		size_t column = i % t->columns;

		if (column == 0)
			sg_buf_str(out, indent);
		sg_buf_str(out, t->cells.at[i]);
		if (column + 1 == t->columns)
			sg_buf_char(out, '\n');
		else
			sg_buf_fmt(out, "%*s", (int)(width[column] - width_of(t->cells.at[i]) + 2), "");
	}
	sg_strs_release(&t->cells);
	*t = (struct sg_table){ 0 };
}
