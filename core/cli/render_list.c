/* render_list.c - `list`, and what a verb that changed something says. */
#include "cli/render.h"
#include "cli/table.h"

static const char *revision(const struct sg_val *m)
{
	const char *r = sg_val_get_str(m, "revision", "");

	return *r ? r : sg_val_get_str(m, "offered_revision", "");
}

static void mitigations(const struct sg_val *list, struct sg_buf *out)
{
	static const char *const heads[] = { "VERDICT", "ID", "REVISION", "FEED", "STATE", "SINCE", "REASON",
		NULL };
	struct sg_table t = { 0 };

	sg_table_head(&t, heads);
	for (size_t i = 0; i < sg_val_count(list); i++) {
		const struct sg_val *m = list->kid[i];

		sg_table_cell(&t, sg_val_get_str(m, "verdict", NULL));
		sg_table_cell(&t, sg_val_get_str(m, "id", NULL));
		sg_table_cell(&t, revision(m));
		sg_table_cell(&t, sg_val_get_str(m, "feed", NULL));
		sg_table_cell(&t, sg_val_get_str(m, "state", NULL));
		sg_table_time(&t, sg_val_get_int(m, "since", 0));
		sg_table_cell(&t, sg_val_get_str(m, "why", NULL));
	}
	sg_table_print(&t, "", out);
}

static void blocks(const struct sg_val *list, struct sg_buf *out)
{
	static const char *const heads[] = { "BLOCK", "FEED", "KEEPS", "BY", "UNTIL", "REASON", NULL };
	struct sg_table t = { 0 };

	sg_table_head(&t, heads);
	for (size_t i = 0; i < sg_val_count(list); i++) {
		const struct sg_val *b = list->kid[i];
		const char *rev = sg_val_get_str(b, "revision", ""),
		           *account = sg_val_get_str(b, "account", "");
		struct sg_buf id = { 0 };

		sg_buf_fmt(&id, "%s%s%s", sg_val_get_str(b, "id", "-"), *rev ? "@" : "", rev);
		sg_table_cell(&t, (const char *)id.data);
		sg_table_cell(&t, sg_val_get_str(b, "feed", "any"));
		sg_table_cell(&t, sg_val_get_bool(b, "keep", false) ? "yes" : "no");
		sg_table_cell(&t, *account ? account : sg_val_get_str(b, "source", NULL));
		sg_table_time(&t, sg_val_get_int(b, "until", 0));
		sg_table_cell(&t, sg_val_get_str(b, "reason", NULL));
		sg_buf_release(&id);
	}
	if (sg_val_count(list))
		sg_buf_char(out, '\n');
	sg_table_print(&t, "", out);
}

void sg_render_list(const struct sg_val *reply, struct sg_buf *out)
{
	const struct sg_val *list = sg_val_get(reply, "mitigations");

	if (sg_val_count(list) == 0)
		sg_buf_str(out, "No mitigation is known: \"stopgapctl status\" says how the feeds are.\n");
	mitigations(list, out);
	blocks(sg_val_get(reply, "blocks"), out);
}

void sg_render_done(const struct sg_val *reply, struct sg_buf *out)
{
	sg_put_safe(sg_val_get_str(reply, "text", "done"), out);
	sg_buf_char(out, '\n');
	mitigations(sg_val_get(reply, "mitigations"), out);
}
