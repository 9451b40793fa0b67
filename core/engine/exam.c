/* exam.c - every test once, then every health page. Pure. */
#include "engine/exam.h"

#include <stdlib.h>
#include <string.h>

/* Exchange's own front ends, as managed availability asks for them. */
static char pages[][48] = {
	"/owa/healthcheck.htm",
	"/ecp/healthcheck.htm",
	"/EWS/healthcheck.htm",
	"/Autodiscover/healthcheck.htm",
	"/mapi/healthcheck.htm",
	"/OAB/healthcheck.htm",
	"/rpc/healthcheck.htm",
	"/Microsoft-Server-ActiveSync/healthcheck.htm",
	"/PowerShell/healthcheck.htm",
};

void sg_exam_release(struct sg_exam *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->at[i].text);
	free(e->at);
	*e = (struct sg_exam){ 0 };
}

static const char *wanted(enum sg_test_kind kind)
{
	switch (kind) {
	case SG_TEST_REFUSE: return "refuse";
	case SG_TEST_SERVE: return "serve";
	case SG_TEST_RESPONSE: return "response";
	}
	return "";
}

static enum sg_effective verdict(const struct sg_test *test, enum sg_fate fate)
{
	if (fate == SG_FATE_NONE)
		return test->kind == SG_TEST_SERVE ? SG_EFFECTIVE_YES : SG_EFFECTIVE_UNKNOWN;
	return sg_fate_verdict(test, fate);
}

static void ask(struct sg_exam *e, const struct sg_bare *bare, const struct sg_test *test, size_t index)
{
	struct sg_judgement j = { .fate = SG_FATE_NONE };
	struct sg_err why = SG_ERR_INIT;
	struct sg_exam_line *line;
	int r = sg_bare_judge(bare, test, &j, &why);

	e->at = sg_grow(e->at, e->n, &e->cap, sizeof(*e->at));
	line = &e->at[e->n++];
	*line = (struct sg_exam_line){ .test = index,
		.method = test->method ? test->method : "GET",
		.uri = test->uri,
		.wanted = wanted(test->kind),
		.passed = r ? SG_EFFECTIVE_UNKNOWN : verdict(test, j.fate) };
	if (r)
		line->text = sg_format("not known: %s", why.msg);
	else if (j.fate == SG_FATE_NONE)
		line->text = sg_strdup(test->kind == SG_TEST_SERVE
		                               ? "served: no place of the mitigation covers it"
		                               : "not known: no place of the mitigation covers it");
	else
		line->text = sg_strdup(j.text ? j.text : "");
	e->passed += line->passed == SG_EFFECTIVE_YES;
	e->failed += line->passed == SG_EFFECTIVE_NO;
	e->unknown += line->passed == SG_EFFECTIVE_UNKNOWN;
	sg_judgement_release(&j);
}

int sg_exam(const struct sg_mitigation *m, struct sg_exam *ret, struct sg_err *err)
{
	struct sg_exam e = { 0 };
	struct sg_bare *bare = NULL;
	int r = sg_bare_new(&m, 1, &bare, err);

	if (r)
		return r;
	e.silent = !sg_bare_any(bare);
	for (size_t i = 0; !e.silent && i < m->n_tests; i++)
		ask(&e, bare, &m->tests[i], i);
	for (size_t i = 0; !e.silent && i < sizeof(pages) / sizeof(*pages); i++) {
		const struct sg_test page = { .kind = SG_TEST_SERVE, .uri = pages[i] };

		ask(&e, bare, &page, SIZE_MAX);
	}
	sg_bare_free(bare);
	*ret = e;
	return 0;
}
