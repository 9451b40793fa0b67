/* lint_across.c - the mitigations of one document against each other: what one of them refuses or stops may be another one's business. Pure.
 *
 * In which order they stand on a server depends on when each went in, so both orders of the document are asked.
 */
#include "engine/lint_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TOGETHER = 64 }; /* of more only neighbours in the document are asked about each other */

static enum sg_effective ask(
        const struct sg_bare *bare, const struct sg_bare *where, const struct sg_test *test, char **ret_text)
{
	struct sg_judgement j = { .fate = SG_FATE_NONE };
	enum sg_effective v = SG_EFFECTIVE_UNKNOWN;

	if (sg_bare_judge_where(bare, where, test, &j, NULL) == 0 && j.fate != SG_FATE_NONE)
		v = sg_fate_verdict(test, j.fate);
	*ret_text = j.text;
	j.text = NULL;
	sg_judgement_release(&j);
	return v;
}

/* Tests that pass with the mitigation alone and fail beside the others. */
static void compare(struct sg_lint *l, const struct sg_bare *together)
{
	const struct sg_mitigation *m = l->m;
	struct sg_bare *alone = NULL;

	if (sg_bare_new(&m, 1, &alone, NULL))
		return;
	for (size_t t = 0; t < m->n_tests && sg_bare_any(alone); t++) {
		const struct sg_test *test = &m->tests[t];
		char *first = NULL, *text = NULL;

		if (ask(alone, alone, test, &first) == SG_EFFECTIVE_YES &&
		        ask(together, alone, test, &text) == SG_EFFECTIVE_NO) {
			bool serve = test->kind == SG_TEST_SERVE;

			sg_lint_add(l, serve ? SG_LINT_WARNING : SG_LINT_ERROR,
			        serve ? "refused-by-other" : "hidden", sg_lint_line(sg_lint_test(l, t)),
			        serve ? "narrow the other one, or take the test away"
			              : "narrow the rule that stops it, or take its stopProcessing away",
			        "%s %s is as it should be with this mitigation alone, and %s beside the "
			        "others of the document",
			        test->method ? test->method : "GET", test->uri, text ? text : "otherwise");
		}
		free(first);
		free(text);
	}
	sg_bare_free(alone);
}

static void both_orders(struct sg_lint *lenses, size_t n)
{
	const struct sg_mitigation **list = sg_alloc((n + 1) * sizeof(*list));
	size_t before = n ? lenses[0].found->n : 0;

	for (int turn = 0; turn < 2; turn++) {
		struct sg_bare *together = NULL;

		for (size_t i = 0; i < n; i++)
			list[i] = lenses[turn ? n - 1 - i : i].m;
		/* one that is wrong by itself was said, and nothing can be asked beside it */
		if (n > 1 && sg_bare_new(list, n, &together, NULL) == 0 && lenses[0].found->n == before)
			for (size_t i = 0; i < n; i++)
				compare(&lenses[i], together);
		sg_bare_free(together);
	}
	free(list);
}

void sg_lint_across(struct sg_lint *lenses, size_t n)
{
	for (size_t at = 0; at < n; at += MOST_TOGETHER)
		both_orders(lenses + at, n - at < MOST_TOGETHER ? n - at : MOST_TOGETHER);
}
