/* feed_lint.c - the verb lint: what engine/lint.h finds in files, as lines that an editor can jump to. */
#include "cli/feed_check.h"

#include "base/os.h"
#include "cli/feed_work.h"
#include "cli/table.h"
#include "engine/lint.h"

#include <string.h>

static void print_one(const char *file, const struct sg_finding *f, struct sg_buf *out)
{
	sg_buf_fmt(out, "%s:%u: %s: ", file, f->line, sg_lint_level_name(f->level));
	if (f->id) {
		sg_put_safe(f->id, out);
		sg_buf_str(out, ": ");
	}
	sg_put_safe(f->text, out);
	sg_buf_fmt(out, " [%s]\n", f->rule);
	if (f->advice) {
		sg_buf_str(out, "    ");
		sg_put_safe(f->advice, out);
		sg_buf_char(out, '\n');
	}
}

static void push_one(const char *file, const struct sg_finding *f, struct sg_val *list)
{
	struct sg_val *v = sg_val_push(list, sg_val_map());

	sg_val_set_str(v, "level", sg_lint_level_name(f->level));
	sg_val_set_str(v, "rule", f->rule);
	sg_val_set_str(v, "file", file);
	sg_val_set_int(v, "line", f->line);
	sg_val_set_str(v, "id", f->id);
	sg_val_set_str(v, "text", f->text);
	sg_val_set_str(v, "advice", f->advice);
}

int sg_author_lint(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	struct sg_val *list;
	size_t counts[3] = { 0 }, mitigations = 0;
	int r = 0;

	out->json = sg_val_map();
	sg_val_set_str(out->json, "schema", "stopgap.lint.v1");
	list = sg_val_set(out->json, "findings", sg_val_array());
	for (size_t i = 0; !r && i < a->words.n; i++) {
		struct sg_buf octets = { 0 };
		struct sg_findings found = { 0 };

		r = sg_os_read(a->words.at[i], SG_AUTHOR_MAX, &octets, NULL, err);
		if (!r)
			sg_lint(sg_buf_bytes(&octets), a->now, &found);
		for (size_t k = 0; k < found.n; k++) {
			print_one(a->words.at[i], &found.at[k], &out->text);
			push_one(a->words.at[i], &found.at[k], list);
			counts[found.at[k].level]++;
		}
		mitigations += found.mitigations;
		sg_findings_release(&found);
		sg_buf_release(&octets);
	}
	if (!r) /* a file that could not be read says so, and nothing was counted */
		sg_buf_fmt(&out->text, "%zu mitigation%s: %zu error%s, %zu warning%s, %zu note%s\n",
		        mitigations, mitigations == 1 ? "" : "s", counts[SG_LINT_ERROR],
		        counts[SG_LINT_ERROR] == 1 ? "" : "s", counts[SG_LINT_WARNING],
		        counts[SG_LINT_WARNING] == 1 ? "" : "s", counts[SG_LINT_NOTE],
		        counts[SG_LINT_NOTE] == 1 ? "" : "s");
	sg_val_set_int(out->json, "mitigations", (int64_t)mitigations);
	sg_val_set_int(out->json, "errors", (int64_t)counts[SG_LINT_ERROR]);
	sg_val_set_int(out->json, "warnings", (int64_t)counts[SG_LINT_WARNING]);
	sg_val_set_int(out->json, "notes", (int64_t)counts[SG_LINT_NOTE]);
	if (counts[SG_LINT_ERROR])
		out->status = SG_EXIT_FAILED;
	return r;
}
