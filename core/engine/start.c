/* start.c - a start is a fact: when, which boot, which builds; a new journal and a changed host are said. One durable note. */
#include "engine/inside.h"

#include <string.h>

struct sg_val *sg_builds_of(const struct sg_host *host)
{
	struct sg_val *list = sg_val_array();

	for (size_t i = 0; host && i < host->n_products; i++) {
		char v[48];

		sg_version_format(&host->products[i].version, v);
		sg_val_push(list, sg_val_str(host->products[i].name));
		sg_val_push(list, sg_val_str(v));
	}
	return list;
}

/* The same for people. */
static void say_products(const struct sg_host *host, struct sg_buf *text)
{
	for (size_t i = 0; host && i < host->n_products; i++) {
		const struct sg_host_product *p = &host->products[i];
		char v[48];

		sg_version_format(&p->version, v);
		sg_buf_fmt(text, "%s%s %s", i ? ", " : "; here: ", p->name,
		        p->version.n ? v : "of unknown build");
	}
}

/* What differs from the start before this one, as a sentence part; "" when nothing does. */
static const char *changed(const struct sg_val *before, const struct sg_val *now)
{
	bool boot = strcmp(sg_val_get_str(before, "boot", ""), sg_val_get_str(now, "boot", "")) != 0;
	bool builds = !sg_val_equal(sg_val_get(before, "products"), sg_val_get(now, "products"));

	if (boot && builds)
		return "the machine was started again, and product builds changed";
	if (boot)
		return "the machine was started again";
	return builds ? "product builds changed" : "";
}

int sg_engine_note_start(struct sg_engine *e, struct sg_err *err)
{
	struct sg_val *facts = sg_val_map(), *start = sg_val_set(facts, "start", sg_val_map()),
	              *before = NULL;
	struct sg_lines lines = { 0 };
	struct sg_buf text = { 0 };
	struct sg_change change = { .facts = facts };
	const struct sg_val *last;
	struct sg_ctx ctx;
	int code;

	sg_engine_ctx(e, NULL, &ctx);
	sg_buf_fmt(&text, "stopgap %s started", SG_VERSION);
	say_products(e->host, &text);
	sg_val_set_int(start, "at", ctx.now.wall);
	sg_val_set_str(start, "boot", ctx.now.boot);
	sg_val_set_str(start, "version", SG_VERSION);
	sg_val_set(start, "products", sg_builds_of(e->host));
	code = sg_journal_facts(e->read, &before, err);
	last = before ? sg_val_get(before, "start") : NULL;
	if (sg_journal_created(e->journal))
		sg_line(&lines, &ctx, SG_EV_JOURNAL_CREATED, NULL, NULL, "a new journal was made at %s",
		        sg_journal_folder(e->journal));
	sg_line(&lines, &ctx, SG_EV_STARTED, NULL, NULL, "%s", (const char *)text.data);
	if (last && last->type == SG_VAL_MAP && changed(last, start)[0])
		sg_line(&lines, &ctx, SG_EV_HOST_CHANGED, NULL, NULL, "%s", changed(last, start));
	change.audits = lines.at;
	change.n_audits = lines.n;
	if (!code)
		code = sg_journal_note(e->journal, &change, &ctx.now, err);
	sg_lines_release(&lines);
	sg_buf_release(&text);
	sg_val_free(before);
	sg_val_free(facts);
	return code;
}
