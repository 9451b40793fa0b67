/* dump_coverage.c - `coverage`: when was this server protected, exposed, or when is that unknown, and why (P13). The answer is coverage.c's, the same
 * that stopgapctl prints; what lies behind the journal's last line is not known to a reader of files.
 */
#include "journal/dump.h"

#include "base/json.h"
#include "base/text.h"
#include "journal/coverage.h"

static void on_line(void *arg, const struct sg_audit *line)
{
	sg_coverage_line(arg, line);
}

static void on_fact(void *arg, const struct sg_val *v)
{
	const char *name = sg_val_get_str(v, "name", "");

	if (sg_coverage_is_fact(name) && sg_val_get(v, "value"))
		sg_val_set(arg, name, sg_val_copy(sg_val_get(v, "value")));
}

static void put_spans(struct sg_dump *d, const struct sg_val *subject)
{
	const struct sg_val *spans = sg_val_get(subject, "spans");
	char text[32];

	for (size_t i = 0; spans && i < spans->n; i++) {
		const struct sg_val *s = spans->kid[i];
		int64_t from = sg_val_get_int(s, "from", 0), to = sg_val_get_int(s, "to", 0);

		sg_buf_str(&d->out, "  ");
		sg_dump_time(d, from, &d->out);
		sg_buf_str(&d->out, " to ");
		sg_dump_time(d, to, &d->out);
		sg_duration_format(to - from, text);
		sg_buf_fmt(&d->out, "  %-8s  %-9s  ", text, sg_val_get_str(s, "coverage", "-"));
		sg_text_safe(sg_val_get_str(s, "cause", "-"), &d->out);
		sg_buf_char(&d->out, '\n');
	}
}

static void put(struct sg_dump *d, const struct sg_val *report)
{
	const struct sg_val *server = sg_val_get(report, "server"), *list = sg_val_get(report, "mitigations");

	if (server->type == SG_VAL_MAP) {
		sg_buf_fmt(&d->out, "this server: %s\n", sg_val_get_str(server, "coverage", "-"));
		put_spans(d, server);
	}
	for (size_t i = 0; i < list->n; i++) {
		sg_text_safe(sg_val_get_str(list->kid[i], "feed", "-"), &d->out);
		sg_buf_char(&d->out, '/');
		sg_text_safe(sg_val_get_str(list->kid[i], "id", "-"), &d->out);
		sg_buf_fmt(&d->out, ": %s\n", sg_val_get_str(list->kid[i], "coverage", "-"));
		put_spans(d, list->kid[i]);
	}
}

void sg_dump_coverage(struct sg_dump *d)
{
	struct sg_val *facts = sg_val_map(), *report;
	struct sg_coverage c;

	sg_dump_each(d, SG_T_FACTS, on_fact, facts);
	sg_coverage_init(&c, facts);
	sg_dump_lines(d, 0, on_line, &c);
	sg_coverage_end(&c, 0);
	report = sg_coverage_report(&c, d->o->arg, d->o->since, d->o->until);
	if (d->o->arg && sg_val_get(report, "mitigations")->n == 0)
		sg_finder_add(
		        &d->bad, "coverage", d->o->arg, "this journal knows nothing of it at that time");
	else if (sg_dump_json(d)) {
		sg_json(report,
		        SG_JSON_ASCII | (d->o->style == SG_DUMP_PRETTY ? SG_JSON_PRETTY : SG_JSON_LINE),
		        &d->out);
		sg_buf_char(&d->out, '\n');
	} else {
		put(d, report);
	}
	sg_val_free(report);
	sg_coverage_release(&c);
	sg_val_free(facts);
}
