/* render_show.c - `show`: one mitigation in full. */
#include "cli/render.h"
#include "cli/table.h"

#include <string.h>

static void field(const char *name, const char *text, struct sg_buf *out)
{
	if (!text || !*text)
		return;
	sg_buf_fmt(out, "  %-13s", name);
	sg_put_safe(text, out);
	sg_buf_char(out, '\n');
}

static void time_field(const char *name, int64_t ms, struct sg_buf *out)
{
	struct sg_buf text = { 0 };

	if (!ms)
		return;
	sg_put_time(ms, &text);
	field(name, (const char *)text.data, out);
	sg_buf_release(&text);
}

/* A string, or a list of strings. */
static void texts(const char *name, const struct sg_val *v, struct sg_buf *out)
{
	if (v && v->type == SG_VAL_STR)
		field(name, v->s, out);
	for (size_t i = 0; v && v->type == SG_VAL_ARRAY && i < v->n; i++)
		if (v->kid[i]->type == SG_VAL_STR)
			field(i ? "" : name, v->kid[i]->s, out);
}

static void mitigation(const struct sg_val *m, struct sg_buf *out)
{
	sg_put_safe(sg_val_get_str(m, "id", "-"), out);
	sg_buf_str(out, ": ");
	sg_put_safe(sg_val_get_str(m, "verdict", "-"), out);
	sg_buf_char(out, '\n');
	field("what", sg_val_get_str(m, "desc", NULL), out);
	field("state", sg_val_get_str(m, "state", NULL), out);
	field("why", sg_val_get_str(m, "text", NULL), out);
	time_field("since", sg_val_get_int(m, "since", 0), out);
	field("feed", sg_val_get_str(m, "feed", NULL), out);
	if (sg_val_get_bool(m, "missing", false) && !sg_val_get_bool(m, "withdrawn", false))
		field("", "no longer lists it, and has not withdrawn it: it stays", out);
	field("shadowed by", sg_val_get_str(m, "shadowed_by", NULL), out);
	field("revision", sg_val_get_str(m, "revision", NULL), out);
	field("offered", sg_val_get_str(m, "offered_revision", NULL), out);
	field("severity", sg_val_get_str(m, "severity", NULL), out);
	field("applies", sg_val_get_str(m, "applies", NULL), out);
	field("proof", sg_val_get_str(m, "proof", NULL), out);
	field("effective", sg_val_get_str(m, "effective", NULL), out);
	field("", sg_val_get_str(m, "effective_text", NULL), out);
	time_field("applied at", sg_val_get_int(m, "applied_at", 0), out);
	time_field("retry at", sg_val_get_int(m, "retry_at", 0), out);
	texts("not running", sg_val_get(m, "not_running"), out);
	field("approved by", sg_val_get_str(m, "approved_by", NULL), out);
	field("withdrawn", sg_val_get_str(m, "withdraw_reason", NULL), out);
	field("body", sg_val_get_str(m, "body", NULL), out);
}

/* A content is a string, or nil for "absent". */
static void content(const char *name, const struct sg_val *v, struct sg_buf *out)
{
	bool text = v && (v->type == SG_VAL_STR || v->type == SG_VAL_BIN);

	if (text && memchr(v->s, '\n', v->len)) {
		sg_buf_fmt(out, "      %s:\n", name);
		sg_put_lines(v->s, "        ", out);
		return;
	}
	sg_buf_fmt(out, "      %-6s  ", name);
	sg_put_safe(text ? v->s : !v || v->type == SG_VAL_NIL ? "(absent)" : "-", out);
	sg_buf_char(out, '\n');
}

static void values(const struct sg_val *list, struct sg_buf *out)
{
	if (sg_val_count(list))
		sg_buf_str(out, "\n  VALUES\n");
	for (size_t i = 0; i < sg_val_count(list); i++) {
		const struct sg_val *v = list->kid[i];

		sg_buf_str(out, "    ");
		sg_put_safe(sg_val_get_str(v, "container", "-"), out);
		sg_buf_str(out, "\n      ");
		sg_put_safe(sg_val_get_str(v, "path", "-"), out);
		sg_buf_str(out, "\n      seen    ");
		sg_put_safe(sg_val_get_str(v, "seen", "-"), out);
		sg_buf_char(out, '\n');
		content("before", sg_val_get(v, "before"), out);
		content("after", sg_val_get(v, "after"), out);
		if (sg_val_get_str(v, "diff", "")[0]) {
			sg_buf_str(out, "      edited by somebody else:\n");
			sg_put_lines(sg_val_get_str(v, "diff", ""), "        ", out);
		}
	}
}

static void others(const struct sg_val *v, struct sg_buf *out)
{
	const struct sg_val *rules = sg_val_get(v, "rules");
	const char *away = sg_val_get_str(v, "keep_away", "");

	if (!sg_val_count(rules) && !*away)
		return;
	sg_buf_str(out, "\n  OTHERS\n");
	for (size_t i = 0; i < sg_val_count(rules); i++) {
		sg_buf_str(out, "    ");
		sg_put_safe(sg_val_get_str(rules->kid[i], "text", "-"), out);
		sg_buf_char(out, '\n');
	}
	sg_buf_str(out, "    Microsoft's EM service: ");
	sg_put_safe(sg_val_get_str(v, "em_service", "unknown"), out);
	sg_buf_char(out, '\n');
	if (*away) {
		sg_buf_str(out, "    to keep EM's rule away: ");
		sg_put_safe(away, out);
		sg_buf_char(out, '\n');
	}
}

/* What is not needed here is not in place, and its tests are about servers where it is. */
static void tests(const struct sg_val *m, const struct sg_val *list, struct sg_buf *out)
{
	bool needed = strcmp(sg_val_get_str(m, "verdict", ""), "NOT NEEDED") != 0;

	if (sg_val_count(list))
		sg_buf_str(out, needed ? "\n  TESTS\n"
		                       : "\n  TESTS, as this server answers without it; none of them counts, "
		                         "because it is not needed here\n");
	for (size_t i = 0; i < sg_val_count(list); i++) {
		sg_buf_str(out, sg_val_get_bool(list->kid[i], "passed", false)    ? "    pass  "
		                : !needed                                         ? "    -     "
		                : sg_val_get_bool(list->kid[i], "warning", false) ? "    warn  "
		                                                                  : "    FAIL  ");
		sg_put_safe(sg_val_get_str(list->kid[i], "text", "-"), out);
		sg_buf_char(out, '\n');
	}
}

static void by_hand(const struct sg_val *h, struct sg_buf *out)
{
	if (!h || h->type != SG_VAL_MAP)
		return;
	sg_buf_str(out, "\n  BY HAND, TO APPLY\n");
	sg_put_lines(sg_val_get_str(h, "apply", "-"), "    ", out);
	sg_buf_str(out, "\n  BY HAND, TO UNDO\n");
	sg_put_lines(sg_val_get_str(h, "undo", "-"), "    ", out);
}

static void history(const struct sg_val *list, struct sg_buf *out)
{
	if (sg_val_count(list))
		sg_buf_str(out, "\n  HISTORY\n");
	for (size_t i = 0; i < sg_val_count(list); i++) {
		sg_buf_str(out, "    ");
		sg_render_event(list->kid[i], out);
	}
}

/* Why, by whom, what of it, and until when. */
static void block(const struct sg_val *b, struct sg_buf *out)
{
	const char *reason = sg_val_get_str(b, "reason", ""), *account = sg_val_get_str(b, "account", ""),
	           *revision = sg_val_get_str(b, "revision", "");
	struct sg_buf text = { 0 };

	sg_buf_fmt(&text, "%s%sby %s%s%s", reason, *reason ? ", " : "",
	        *account ? account : sg_val_get_str(b, "source", "?"), *revision ? ", revision " : "",
	        revision);
	if (sg_val_get_bool(b, "keep", false))
		sg_buf_str(&text, ", what is applied stays");
	if (sg_val_get_int(b, "until", 0)) {
		sg_buf_str(&text, ", until ");
		sg_put_time(sg_val_get_int(b, "until", 0), &text);
	}
	field("blocked", (const char *)text.data, out);
	sg_buf_release(&text);
}

void sg_render_show(const struct sg_val *reply, struct sg_buf *out)
{
	const struct sg_val *blocks = sg_val_get(reply, "blocks"), *body = sg_val_get(reply, "body");

	mitigation(sg_val_get(reply, "mitigation"), out);
	texts("fixed by", sg_val_get(body, "fixed_by"), out);
	texts("side effects", sg_val_get(body, "side_effects"), out);
	texts("references", sg_val_get(body, "references"), out);
	for (size_t i = 0; i < sg_val_count(blocks); i++)
		block(blocks->kid[i], out);
	values(sg_val_get(reply, "values"), out);
	others(sg_val_get(reply, "others"), out);
	tests(sg_val_get(reply, "mitigation"), sg_val_get(reply, "tests"), out);
	by_hand(sg_val_get(reply, "by_hand"), out);
	history(sg_val_get(reply, "history"), out);
}
