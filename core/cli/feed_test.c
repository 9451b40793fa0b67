/* feed_test.c - the verb test: each mitigation's own tests and Exchange's health pages, on a server that has nothing else (engine/exam.h). */
#include "cli/feed_check.h"

#include "base/os.h"
#include "base/xml.h"
#include "cli/feed_work.h"
#include "cli/table.h"
#include "engine/exam.h"

#include <stdlib.h>

struct testing {
	struct sg_author_out *out;
	struct sg_val *list;
	size_t passed, failed, unknown, silent;
};

static const char *word_of(enum sg_effective passed)
{
	switch (passed) {
	case SG_EFFECTIVE_YES: return "pass";
	case SG_EFFECTIVE_NO: return "FAIL";
	case SG_EFFECTIVE_UNKNOWN: break;
	}
	return "unknown";
}

static void about(struct testing *t, const struct sg_mitigation *m, const struct sg_exam *exam)
{
	static const char *const head[] = { "", "wants", "request", "what happens", NULL };
	struct sg_val *v = sg_val_push(t->list, sg_val_map()), *tests;
	struct sg_table table = { 0 };

	sg_val_set_str(v, "id", m->id);
	tests = sg_val_set(v, "tests", sg_val_array());
	sg_put_safe(m->id, &t->out->text);
	if (exam->silent) {
		t->silent++;
		sg_buf_str(&t->out->text, ": nothing in it has a say about requests\n");
		return;
	}
	sg_buf_fmt(&t->out->text, ": %zu of %zu pass\n", exam->passed, exam->n);
	sg_table_head(&table, head);
	for (size_t i = 0; i < exam->n; i++) {
		const struct sg_exam_line *line = &exam->at[i];
		struct sg_val *one = sg_val_push(tests, sg_val_map());
		char *request = sg_format("%s %s", line->method, line->uri);
		bool page = line->test == SIZE_MAX;

		sg_table_cell(&table, word_of(line->passed));
		sg_table_cell(&table, page ? "health page" : line->wanted);
		sg_table_cell(&table, request);
		sg_table_cell(&table, line->text);
		sg_val_set_str(one, "wants", line->wanted);
		sg_val_set_bool(one, "health_page", page);
		sg_val_set_str(one, "method", line->method);
		sg_val_set_str(one, "uri", line->uri);
		sg_val_set_str(
		        one, "result", line->passed == SG_EFFECTIVE_NO ? "fail" : word_of(line->passed));
		sg_val_set_str(one, "text", line->text);
		free(request);
	}
	sg_table_print(&table, "  ", &t->out->text);
	t->passed += exam->passed;
	t->failed += exam->failed;
	t->unknown += exam->unknown;
}

static int one(struct testing *t, const struct sg_mitigation *m, struct sg_err *err)
{
	struct sg_exam exam = { 0 };
	int r;

	if (m->tombstone)
		return 0;
	r = sg_actions_check(m, err);
	if (!r)
		r = sg_exam(m, &exam, err);
	if (!r)
		about(t, m, &exam);
	sg_exam_release(&exam);
	return r;
}

static int file(struct testing *t, const struct sg_author_args *a, const char *where, struct sg_err *err)
{
	struct sg_author_doc doc = { 0 };
	struct sg_mitigation *m = NULL;
	struct sg_buf octets = { 0 };
	int r = sg_author_config(where, &octets, &m, err);

	if (!r && m) {
		r = one(t, m, err);
	} else if (!r) {
		r = sg_author_take(a, where, sg_buf_bytes(&octets), &doc, err);
		if (!r)
			r = sg_author_decode(a, &doc, err);
		if (!r)
			r = sg_author_whole(&doc, err);
		for (size_t i = 0; !r && i < doc.feed->n; i++)
			r = one(t, doc.feed->at[i], err);
	}
	sg_author_doc_release(&doc);
	sg_mitigation_free(m);
	sg_buf_release(&octets);
	return r;
}

int sg_author_config(
        const char *where, struct sg_buf *ret_octets, struct sg_mitigation **ret, struct sg_err *err)
{
	struct sg_buf body = { 0 };
	xmlDoc *doc = NULL;
	xmlNode *root;
	int r = sg_os_read(where, SG_AUTHOR_MAX, ret_octets, NULL, err);

	if (!r)
		r = sg_xml_parse(sg_buf_bytes(ret_octets), where, &sg_xml_feed_limits, &doc, err);
	root = r ? NULL : xmlDocGetRootElement(doc);
	if (root && sg_xml_is(root, NULL, "Config")) {
		struct sg_err why = SG_ERR_INIT;

		r = sg_xml_octets(root, &body, &why);
		if (!r)
			r = sg_mitigation_decode("feed", sg_buf_bytes(&body), ret, &why);
		if (r)
			sg_fail(err, r, "%s: %s", where, why.msg);
	}
	sg_buf_release(&body);
	xmlFreeDoc(doc);
	return r;
}

int sg_author_test(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	struct testing t = { .out = out };
	int r = 0;

	out->json = sg_val_map();
	sg_val_set_str(out->json, "schema", "stopgap.test.v1");
	t.list = sg_val_set(out->json, "mitigations", sg_val_array());
	for (size_t i = 0; !r && i < a->words.n; i++)
		r = file(&t, a, a->words.at[i], err);
	if (!r)
		sg_buf_fmt(
		        &out->text, "%zu passed, %zu failed, %zu unknown\n", t.passed, t.failed, t.unknown);
	sg_val_set_int(out->json, "passed", (int64_t)t.passed);
	sg_val_set_int(out->json, "failed", (int64_t)t.failed);
	sg_val_set_int(out->json, "unknown", (int64_t)t.unknown);
	if (t.failed || t.unknown)
		out->status = SG_EXIT_FAILED;
	return r;
}
