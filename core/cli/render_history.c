/* render_history.c - `history`, `watch` and `audit`: one line per thing that happened or was found. */
#include "cli/render.h"
#include "cli/table.h"

#include <inttypes.h>
#include <string.h>

static void aside(const char *name, const char *text, struct sg_buf *out)
{
	if (!*text)
		return;
	sg_buf_fmt(out, " [%s: ", name);
	sg_put_safe(text, out);
	sg_buf_char(out, ']');
}

void sg_render_event(const struct sg_val *line, struct sg_buf *out)
{
	const char *id = sg_val_get_str(line, "id", ""), *text = sg_val_get_str(line, "text", "");

	sg_put_time(sg_val_get_int(line, "time", 0), out);
	sg_buf_fmt(out, " %4" PRId64 " ", sg_val_get_int(line, "code", 0));
	sg_put_safe(sg_val_get_str(line, "name", "-"), out);
	sg_buf_str(out, ": ");
	if (*id && strncmp(text, id, strlen(id)) != 0) { /* most sentences begin with it */
		sg_put_safe(id, out);
		sg_buf_str(out, ": ");
	}
	sg_put_safe(text, out);
	aside("by", sg_val_get_str(line, "account", ""), out);
	aside("for", sg_val_get_str(line, "on_behalf_of", ""), out);
	aside("reason", sg_val_get_str(line, "reason", ""), out);
	aside("ticket", sg_val_get_str(line, "ticket", ""), out);
	sg_buf_char(out, '\n');
}

void sg_render_history(const struct sg_val *reply, struct sg_buf *out)
{
	const struct sg_val *lines = sg_val_get(reply, "lines");

	for (size_t i = 0; i < sg_val_count(lines); i++)
		sg_render_event(lines->kid[i], out);
	if (sg_val_count(lines) == 0)
		sg_buf_str(out, "Nothing is recorded.\n");
}

void sg_render_audit(const struct sg_val *reply, struct sg_buf *out)
{
	static const char *const heads[] = { "SEEN", "ID", "CONTAINER", "PATH", "WHY", NULL };
	const struct sg_val *values = sg_val_get(reply, "values");
	struct sg_table t = { 0 };

	sg_table_head(&t, heads);
	for (size_t i = 0; i < sg_val_count(values); i++) {
		const struct sg_val *v = values->kid[i];

		sg_table_cell(&t, sg_val_get_str(v, "seen", NULL));
		sg_table_cell(&t, sg_val_get_str(v, "id", NULL));
		sg_table_cell(&t, sg_val_get_str(v, "container", NULL));
		sg_table_cell(&t, sg_val_get_str(v, "path", NULL));
		sg_table_cell(&t, sg_val_get_str(v, "why", NULL));
	}
	sg_table_print(&t, "", out);
	sg_put_safe(sg_val_get_str(reply, "text", ""), out);
	sg_buf_char(out, '\n');
}
