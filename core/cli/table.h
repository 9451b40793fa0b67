/* table.h - aligned columns and safe text for a terminal. Pure. Widths are counted in characters. */
#ifndef SG_CLI_TABLE_H
#define SG_CLI_TABLE_H

#include "base/buf.h"
#include "base/val.h"

enum { SG_TABLE_COLUMNS = 10 };
struct sg_table { /* {0} is an empty one */
	size_t columns;
	struct sg_strs cells; /* row by row, made safe; the headings are the first row */
};
void sg_table_head(
        struct sg_table *t, const char *const *names);    /* NULL-terminated; an empty table otherwise */
void sg_table_cell(struct sg_table *t, const char *text); /* "" and NULL show as "-" */
void sg_table_time(struct sg_table *t, int64_t ms);       /* 0 shows as "-" */
/* Appends the rows, each behind `indent`; nothing when there is none but the headings. Releases the table. */
void sg_table_print(struct sg_table *t, const char *indent, struct sg_buf *out);

void sg_put_safe(const char *text, struct sg_buf *out); /* one line */
void sg_put_lines(const char *text, const char *indent,
        struct sg_buf *out);                      /* several; tabs stay, a CR before a newline is left out */
void sg_put_time(int64_t ms, struct sg_buf *out); /* 0: "-" */
size_t sg_val_count(const struct sg_val *list);   /* 0 for NULL */

#endif
