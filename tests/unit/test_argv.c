/* test_argv.c - arguments on a line, and taken apart again by the rules of CommandLineToArgvW, which are written down here once more. */
#include "base/argv.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void quoted(const char *arg, const char *expected)
{
	struct sg_buf line = { 0 };

	sg_buf_str(&line, "x");
	sg_argv_add(&line, arg);
	if (strcmp((const char *)line.data + 2, expected) != 0)
		fail_msg("%s: %s, expected %s", arg, (const char *)line.data + 2, expected);
	sg_buf_release(&line);
}

static void an_argument_is_quoted_where_it_must_be_and_nowhere_else(void **state)
{
	(void)state;
	quoted("list", "list");
	quoted("", "\"\"");
	quoted("/apppool.name:MSExchangeOWAAppPool", "/apppool.name:MSExchangeOWAAppPool");
	quoted("/apppool.name:.NET v4.5", "\"/apppool.name:.NET v4.5\"");
	quoted("a\\b", "a\\b");
	quoted("a b\\", "\"a b\\\\\"");
	quoted("a\"b", "\"a\\\"b\"");
	quoted("a\\\"b", "\"a\\\\\\\"b\"");
	quoted("a\tb", "\"a\tb\"");
	quoted("%PATH% & calc | ^x", "\"%PATH% & calc | ^x\"");
}

/* The next argument of the line, from *at on, as CommandLineToArgvW reads it; false: there is none. */
static bool next(const char *line, size_t *at, struct sg_buf *ret)
{
	const char *p = line + *at;
	bool inside = false;

	while (*p == ' ' || *p == '\t')
		p++;
	if (!*p)
		return false;
	sg_buf_add(ret, "", 0);
	while (*p && (inside || (*p != ' ' && *p != '\t'))) {
		size_t run = strspn(p, "\\");

		p += run;
		if (*p != '"') {
			while (run--)
				sg_buf_char(ret, '\\');
			if (*p && (inside || (*p != ' ' && *p != '\t')) && *p != '\\')
				sg_buf_char(ret, *p++);
			continue;
		}
		for (size_t i = 0; i < run / 2; i++)
			sg_buf_char(ret, '\\');
		if (run % 2)
			sg_buf_char(ret, '"');
		else
			inside = !inside;
		p++;
	}
	*at = (size_t)(p - line);
	return true;
}

static void whatever_an_argument_holds_it_arrives_alone_and_unchanged(void **state)
{
	static const char letters[] = "a\\\\\" \t/:'%&|";
	struct sg_rand rand = { 20260101 };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct sg_buf line = { 0 };
		struct sg_strs args = { 0 };
		size_t at = 0, n = 0;

		sg_argv_add(&line, "program.exe");
		for (int64_t k = sg_rand_below(&rand, 4); k >= 0; k--) {
			char arg[16] = { 0 };

			for (int64_t i = 0, len = sg_rand_below(&rand, 12); i < len; i++)
				arg[i] = letters[sg_rand_below(&rand, sizeof(letters) - 1)];
			sg_strs_add(&args, arg);
			sg_argv_add(&line, arg);
		}
		for (;; n++) {
			struct sg_buf got = { 0 };
			const char *want = n == 0 ? "program.exe" : n <= args.n ? args.at[n - 1] : NULL;

			if (!next((const char *)line.data, &at, &got))
				break;
			if (!want || strcmp((const char *)got.data, want) != 0)
				fail_msg("%s: argument %zu is %s", (const char *)line.data, n,
				        (const char *)got.data);
			sg_buf_release(&got);
		}
		assert_int_equal(n, args.n + 1);
		sg_strs_release(&args);
		sg_buf_release(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_argument_is_quoted_where_it_must_be_and_nowhere_else),
		cmocka_unit_test(whatever_an_argument_holds_it_arrives_alone_and_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
