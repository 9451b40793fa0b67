/* test_lint_pattern.c - what lint says of one pattern: loops that run away, and what matches everything. */
#include "engine/lint_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void patterns_are_judged_by_their_loops(void **state)
{
	static const struct {
		const char *pattern;
		bool ambiguous, overlapping, everything, unreadable;
	} p[] = {
		{ "(a+)+", true, false, false, false },
		{ "(a*)*b", true, false, true, false }, /* nullable but for b: see below */
		{ "([^/]+/)*x", false, false, false, false },
		{ "(\\d+\\.)*\\d+", false, false, false, false },
		{ "(.*,)*$", true, false, true, false },
		{ "(a|ab)*c", true, true, false, false },
		{ "(foo|bar)*c", false, false, false, false },
		{ "(foo|fob)*c", false, false, false, false },
		{ "(\\w|_)*c", true, true, false, false },
		{ "", false, false, true, false },
		{ ".*", false, false, true, false },
		{ "^.*$", false, false, true, false },
		{ "^(.*)$", false, false, true, false },
		{ ".", false, false, true, false },
		{ "x?", false, false, true, false },
		{ "^$", false, false, false, false },
		{ "^a*$", false, false, false, false },
		{ "a|.*", false, false, true, false },
		{ "[a-z]{2,5}\\x41[^\\]]", false, false, false, false },
		{ "(?<n>a)", false, false, false, true },
		{ "(a", false, false, false, true },
		{ "a)", false, false, false, true },
		{ "*a", false, false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(p) / sizeof(*p); i++) {
		struct sg_pattern_faults f;

		sg_lint_pattern(p[i].pattern, true, &f);
		if (i == 1) { /* (a*)*b */
			assert_true(f.ambiguous);
			assert_false(f.everything);
		} else if (f.ambiguous != p[i].ambiguous || f.overlapping != p[i].overlapping ||
		           f.everything != p[i].everything || f.unreadable != p[i].unreadable) {
			fail_msg("\"%s\": ambiguous %d overlapping %d everything %d unreadable %d",
			        p[i].pattern, f.ambiguous, f.overlapping, f.everything, f.unreadable);
		}
		sg_pattern_faults_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_judged_by_their_loops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
