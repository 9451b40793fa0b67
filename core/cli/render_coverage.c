/* render_coverage.c - `coverage`: the one word first, then how much of the time, then the spans with their causes. */
#include "cli/render.h"
#include "cli/table.h"

#include "base/text.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

/* "99.9%": rounded down, so that 100% is said of nothing less than the whole. */
static void share(int64_t part, int64_t whole, struct sg_buf *out)
{
	int64_t tenths = 0;

	if (whole > 0 && whole < INT64_MAX / 1000)
		tenths = part * 1000 / whole;
	sg_buf_fmt(out, "%" PRId64 ".%" PRId64 "%%", tenths / 10, tenths % 10);
}

static void part(const char *name, int64_t ms, int64_t whole, const char **comma, struct sg_buf *out)
{
	char text[32];

	if (ms <= 0)
		return;
	sg_duration_format(ms, text);
	sg_buf_fmt(out, "%s%s %s (", *comma, name, text);
	share(ms, whole, out);
	sg_buf_char(out, ')');
	*comma = ", ";
}

static void totals(const struct sg_val *subject, struct sg_buf *out)
{
	const struct sg_val *ms = sg_val_get(subject, "ms");
	int64_t in = sg_val_get_int(ms, "protected", 0), off = sg_val_get_int(ms, "exposed", 0),
	        unknown = sg_val_get_int(ms, "unknown", 0), others = sg_val_get_int(ms, "by_others", 0),
	        unneeded = sg_val_get_int(ms, "not_needed", 0), waiting = sg_val_get_int(ms, "waiting", 0);
	int64_t whole = in + off + unknown;
	const char *comma = "";

	sg_buf_str(out, "  ");
	part("protected", in, whole, &comma, out);
	part("of it by others", others, whole, &comma, out);
	part("of it not needed", unneeded, whole, &comma, out);
	part("exposed", off, whole, &comma, out);
	part("of it waiting", waiting, whole, &comma, out);
	part("unknown", unknown, whole, &comma, out);
	sg_buf_str(out, *comma ? "\n" : "no time\n");
}

static void spans(const struct sg_val *subject, struct sg_buf *out)
{
	static const char *const heads[] = { "FROM", "TO", "FOR", "COVERAGE", "CAUSE", NULL };
	const struct sg_val *list = sg_val_get(subject, "spans");
	struct sg_table t = { 0 };
	char text[32];

	sg_table_head(&t, heads);
	for (size_t i = 0; i < sg_val_count(list); i++) {
		const struct sg_val *s = list->kid[i];
		int64_t from = sg_val_get_int(s, "from", 0), to = sg_val_get_int(s, "to", 0);

		sg_duration_format(to - from, text);
		sg_table_time(&t, from);
		sg_table_time(&t, to);
		sg_table_cell(&t, text);
		sg_table_cell(&t, sg_val_get_str(s, "coverage", NULL));
		sg_table_cell(&t, sg_val_get_str(s, "cause", NULL));
	}
	sg_table_print(&t, "  ", out);
}

static void headline(const char *of, const struct sg_val *subject, struct sg_buf *out)
{
	for (const char *c = sg_val_get_str(subject, "coverage", "unknown"); *c; c++)
		sg_buf_char(out, (char)toupper((unsigned char)*c));
	sg_buf_str(out, "  ");
	sg_put_safe(of, out);
	sg_buf_char(out, '\n');
	totals(subject, out);
	spans(subject, out);
}

void sg_render_coverage(const struct sg_val *reply, struct sg_buf *out)
{
	const struct sg_val *server = sg_val_get(reply, "server"), *list = sg_val_get(reply, "mitigations");
	bool first = true;

	sg_buf_str(out, "from ");
	sg_put_time(sg_val_get_int(reply, "from", 0), out);
	sg_buf_str(out, " to ");
	sg_put_time(sg_val_get_int(reply, "to", 0), out);
	sg_buf_str(out, "\n");
	if (server && server->type == SG_VAL_MAP) {
		headline("this server", server, out);
		first = false;
	}
	for (size_t i = 0; i < sg_val_count(list); i++) {
		char *name = sg_format("%s (feed %s)", sg_val_get_str(list->kid[i], "id", "-"),
		        sg_val_get_str(list->kid[i], "feed", "-"));

		if (!first)
			sg_buf_char(out, '\n');
		headline(name, list->kid[i], out);
		free(name);
		first = false;
	}
}
