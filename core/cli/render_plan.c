/* render_plan.c - `plan`: what would be done, and what it would do to the server. */
#include "cli/render.h"
#include "cli/table.h"

static void list_of(const char *head, const struct sg_val *list, struct sg_buf *out)
{
	for (size_t i = 0; i < sg_val_count(list); i++) {
		if (list->kid[i]->type != SG_VAL_STR)
			continue;
		sg_buf_fmt(out, "  %s", head);
		sg_put_safe(list->kid[i]->s, out);
		sg_buf_char(out, '\n');
	}
}

static void file(const struct sg_val *f, struct sg_buf *out)
{
	sg_buf_char(out, '\n');
	sg_put_safe(sg_val_get_str(f, "container", "-"), out);
	sg_buf_char(out, '\n');
	sg_put_lines(sg_val_get_str(f, "diff", ""), "", out);
	list_of("restarts: ", sg_val_get(f, "restarts"), out);
	list_of("neighbour: ", sg_val_get(f, "neighbours"), out);
}

void sg_render_plan(const struct sg_val *reply, struct sg_buf *out)
{
	static const char *const heads[] = { "ID", "FEED", "WORK", "WHY", NULL };
	const struct sg_val *list = sg_val_get(reply, "mitigations"), *files = sg_val_get(reply, "files");
	struct sg_table t = { 0 };

	sg_table_head(&t, heads);
	for (size_t i = 0; i < sg_val_count(list); i++) {
		sg_table_cell(&t, sg_val_get_str(list->kid[i], "id", NULL));
		sg_table_cell(&t, sg_val_get_str(list->kid[i], "feed", NULL));
		sg_table_cell(&t, sg_val_get_str(list->kid[i], "work", NULL));
		sg_table_cell(&t, sg_val_get_str(list->kid[i], "text", NULL));
	}
	sg_table_print(&t, "", out);
	for (size_t i = 0; i < sg_val_count(files); i++)
		file(files->kid[i], out);
	if (sg_val_count(sg_val_get(reply, "effects")))
		sg_buf_char(out, '\n');
	list_of("effect: ", sg_val_get(reply, "effects"), out);
	if (!sg_val_get_bool(reply, "would_change", false))
		sg_buf_str(out, "Nothing would change.\n");
}
