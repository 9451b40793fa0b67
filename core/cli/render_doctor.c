/* render_doctor.c - `doctor`: one line per check, then each feed's way step by step, and below each that is not well what to do. */
#include "cli/render.h"
#include "cli/table.h"

#include <inttypes.h>
#include <string.h>

/* Columns of 8 and 14, then the text; what failed stands out. */
static void line(const char *status, const char *name, const char *text, struct sg_buf *out)
{
	bool failed = strcmp(status, "fail") == 0 || strcmp(status, "failed") == 0;

	sg_buf_fmt(out, "%-8s%-14s ", failed ? "FAIL" : status, name);
	sg_put_safe(text, out);
}

static void cure(const struct sg_val *c, struct sg_buf *out)
{
	const char *text = sg_val_get_str(c, "cure", "");

	if (!*text || strcmp(sg_val_get_str(c, "status", "-"), "ok") == 0)
		return;
	sg_buf_fmt(out, "%-8s%-14s do: ", "", "");
	sg_put_safe(text, out);
	sg_buf_char(out, '\n');
}

/* Steps that were left out for one reason are one line; the number of those behind the first. */
static size_t skipped(const struct sg_val *list, size_t i, struct sg_buf *out)
{
	const struct sg_val *first = list->kid[i];
	const char *text = sg_val_get_str(first, "text", "-"), *feed = sg_val_get_str(first, "feed", "-");
	size_t n = 1;

	sg_buf_fmt(out, "%-8s", "skipped");
	sg_put_safe(sg_val_get_str(first, "step", "-"), out);
	for (; i + n < list->n; n++) {
		const struct sg_val *c = list->kid[i + n];

		if (strcmp(sg_val_get_str(c, "status", "-"), "skipped") != 0 ||
		        strcmp(sg_val_get_str(c, "text", "-"), text) != 0 ||
		        strcmp(sg_val_get_str(c, "feed", "-"), feed) != 0)
			break;
		sg_buf_str(out, ", ");
		sg_put_safe(sg_val_get_str(c, "step", "-"), out);
	}
	sg_buf_str(out, ": ");
	sg_put_safe(text, out);
	sg_buf_char(out, '\n');
	return n - 1;
}

static void put_path(const struct sg_val *list, struct sg_buf *out)
{
	const char *last = "";

	for (size_t i = 0; i < sg_val_count(list); i++) {
		const struct sg_val *c = list->kid[i];
		const char *feed = sg_val_get_str(c, "feed", "-");
		int64_t ms = sg_val_get_int(c, "ms", -1);

		if (strcmp(feed, last) != 0) {
			sg_buf_str(out, "\nthe way of feed ");
			sg_put_safe(feed, out);
			sg_buf_char(out, '\n');
		}
		last = feed;
		if (strcmp(sg_val_get_str(c, "status", "-"), "skipped") == 0) {
			i += skipped(list, i, out);
			continue;
		}
		line(sg_val_get_str(c, "status", "-"), sg_val_get_str(c, "step", "-"),
		        sg_val_get_str(c, "text", "-"), out);
		if (ms >= 0)
			sg_buf_fmt(out, " (%" PRId64 " ms)", ms);
		sg_buf_char(out, '\n');
		cure(c, out);
	}
}

void sg_render_doctor(const struct sg_val *reply, struct sg_buf *out)
{
	const struct sg_val *list = sg_val_get(reply, "checks");

	for (size_t i = 0; i < sg_val_count(list); i++) {
		const struct sg_val *c = list->kid[i];

		line(sg_val_get_str(c, "status", "-"), sg_val_get_str(c, "check", "-"),
		        sg_val_get_str(c, "text", "-"), out);
		sg_buf_char(out, '\n');
		cure(c, out);
	}
	put_path(sg_val_get(reply, "path"), out);
	sg_buf_char(out, '\n');
	sg_put_safe(sg_val_get_str(reply, "text", ""), out);
	sg_buf_char(out, '\n');
}
