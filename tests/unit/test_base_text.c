/* test_base_text.c - times, durations, versions, revisions, globs, UTF-8, safe text and diffs. */
#include "base/clock.h"
#include "base/diff.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void times_are_read_and_written(void **state)
{
	static const struct {
		const char *in;
		int64_t ms;
		const char *out;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z" },
		{ "2026-11-21T09:00:00Z", INT64_C(1795251600000), "2026-11-21T09:00:00Z" },
		{ "2026-11-21T09:00:00.123Z", INT64_C(1795251600123), "2026-11-21T09:00:00.123Z" },
		{ "2026-11-21T09:00:00.1239999Z", INT64_C(1795251600123), "2026-11-21T09:00:00.123Z" },
		{ "2026-11-21T09:00:00.5Z", INT64_C(1795251600500), "2026-11-21T09:00:00.500Z" },
		{ "2026-11-21T11:30:00+02:30", INT64_C(1795251600000), "2026-11-21T09:00:00Z" },
		{ "2026-11-20t23:00:00-10:00", INT64_C(1795251600000), "2026-11-21T09:00:00Z" },
		{ "2000-02-29T23:59:59z", INT64_C(951868799000), "2000-02-29T23:59:59Z" },
		{ "1969-12-31T23:59:59Z", -1000, "1969-12-31T23:59:59Z" },
		{ "0000-01-01T00:00:00Z", INT64_C(-62167219200000), "0000-01-01T00:00:00Z" },
		{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
	};
	struct sg_err err = SG_ERR_INIT;
	char out[32];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(sg_time_parse(cases[i].in, &ms, &err), 0);
		assert_int_equal(ms, cases[i].ms);
		sg_time_format(ms, out);
		assert_string_equal(out, cases[i].out);
	}
	sg_time_format(INT64_MAX, out);
	assert_string_equal(out, "9999-12-31T23:59:59.999Z");
	sg_time_format(INT64_MIN, out);
	assert_string_equal(out, "0000-01-01T00:00:00Z");
}

static void times_agree_with_the_c_library(void **state)
{
	struct sg_rand rand = { 3 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t s = sg_rand_below(&rand, INT64_C(315569520000)) - INT64_C(62167219200), back = 0;
		time_t t = (time_t)s;
		char ours[32], theirs[96];
		struct tm tm;

		if (s > INT64_C(253402300799))
			continue;
		assert_non_null(gmtime_r(&t, &tm));
		snprintf(theirs, sizeof theirs, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
		        tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
		sg_time_format(s * 1000, ours);
		assert_string_equal(ours, theirs);
		assert_int_equal(sg_time_parse(ours, &back, NULL), 0);
		assert_int_equal(back, s * 1000);
	}
}

static void wrong_times_are_refused(void **state)
{
	static const char *const wrong[] = { "", "2026-11-21", "2026-11-21T09:00Z", "2026-11-21T09:00:00",
		"2026-11-21 09:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T09:00:60Z",
		"2026-11-21T09:00:00.Z", "2026-11-21T09:00:00ZZ", "2026-11-21T09:00:00+24:00",
		"2026-11-21T09:00:00+0200", "26-11-21T09:00:00Z", "+2026-11-21T09:00:00Z",
		"2026-1-21T09:00:00Z", "0000-01-01T00:00:00+01:00", " 2026-11-21T09:00:00Z" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct sg_err err = SG_ERR_INIT;
		int64_t ms = 77;

		assert_int_equal(sg_time_parse(wrong[i], &ms, &err), SG_EPARSE);
		assert_int_equal(ms, 77);
	}
}

static void windows_are_read_strictly(void **state)
{
	static const char *const wrong[] = { "", "22:00", "22:00-", "22:00-05", "22:00-05:0", "22:00-05:000",
		"22:00 -05:00", "24:00-05:00", "22:60-05:00", "22:00-05:60", "9:00-17:00", "+9:00-17:00",
		"22:00-22:00", "22.00-05.00", "-1:00-05:00" };
	int from = -1, to = -1;

	(void)state;
	assert_int_equal(sg_window_parse("22:00-05:30", &from, &to, NULL), 0);
	assert_int_equal(from, 22 * 60);
	assert_int_equal(to, 5 * 60 + 30);
	assert_int_equal(sg_window_parse("00:00-23:59", &from, &to, NULL), 0);
	assert_int_equal(from, 0);
	assert_int_equal(to, 24 * 60 - 1);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(sg_window_parse(wrong[i], &from, &to, NULL), SG_EPARSE);
	assert_int_equal(to, 24 * 60 - 1); /* written only on success */
}

static void durations_are_read_and_written(void **state)
{
	static const struct {
		const char *in;
		int64_t ms;
		const char *out;
	} cases[] = {
		{ "0s", 0, "0s" },
		{ "90s", 90000, "1m 30s" },
		{ "5m", 300000, "5m" },
		{ "2h30m", 9000000, "2h 30m" },
		{ "15m", 900000, "15m" },
		{ "250ms", 250, "250ms" },
		{ "1s500ms", 1500, "1s 500ms" },
		{ "1w", INT64_C(604800000), "7d" },
		{ "2d3h59m", INT64_C(187140000), "2d 3h" },
		{ "1d5m", INT64_C(86700000), "1d" },
		{ "3650d", INT64_C(315360000000), "3650d" },
	};
	static const char *const wrong[] = { "", "5", "m", "5 m", "-5m", "5m2h", "5m5m", "1.5h", "5M", "5min",
		"5m ", "4000d", "99999999999999999999d", "3653d1ms", "9223372036854775807ms" };
	char out[32];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(sg_duration_parse(cases[i].in, &ms, NULL), 0);
		assert_int_equal(ms, cases[i].ms);
		sg_duration_format(ms, out);
		assert_string_equal(out, cases[i].out);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(sg_duration_parse(wrong[i], &ms, NULL), SG_EPARSE);
	sg_duration_format(-300000, out);
	assert_string_equal(out, "-5m");
	sg_duration_format(INT64_MIN, out);
	assert_string_equal(out, "-106751991167d 7h");
}

static struct sg_version v(const char *s)
{
	struct sg_version ret = { .n = 0 };

	assert_int_equal(sg_version_parse(s, &ret, NULL), 0);
	return ret;
}

static int cmp(const char *a, const char *b)
{
	struct sg_version x = v(a), y = v(b);

	return sg_version_cmp(&x, &y);
}

static bool prefix(const char *a, const char *b)
{
	struct sg_version x = v(a), y = v(b);

	return sg_version_has_prefix(&x, &y);
}

static void versions_are_compared_by_number(void **state)
{
	static const char *const wrong[] = { "", ".", "1.", ".1", "1..2", "1.2.3.4.5", "1.x", " 1", "1 ",
		"-1", "4294967296", "1.2.3.4." };
	struct sg_version ver;
	char out[48];

	(void)state;
	assert_true(cmp("15.0.1497.44", "15.0.1497.6") > 0);
	assert_true(cmp("15.0.1497.44", "15.0.1497.44") == 0);
	assert_true(cmp("15.0", "15.0.0.0") == 0);
	assert_true(cmp("15.01.2507.006", "15.1.2507.6") == 0);
	assert_true(cmp("15.0.1497.44", "15.1") < 0);
	assert_true(cmp("4294967295.0", "1") > 0);
	assert_true(prefix("15.0.1497.44", "15.0"));
	assert_true(prefix("15.0.1497.44", "15.0.1497.44"));
	assert_false(prefix("15.0.1497.44", "15.0.149"));
	assert_false(prefix("15", "15.0.1"));
	ver = v("15.0.1497.44");
	sg_version_format(&ver, out);
	assert_string_equal(out, "15.0.1497.44");
	ver = v("4294967295.4294967295.4294967295.4294967295");
	sg_version_format(&ver, out);
	assert_string_equal(out, "4294967295.4294967295.4294967295.4294967295");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(sg_version_parse(wrong[i], &ver, NULL), SG_EPARSE);
}

static void a_revision_prefix_ends_at_a_part(void **state)
{
	(void)state;
	assert_true(sg_revision_covers("2.1", "2.1"));
	assert_true(sg_revision_covers("2.1", "2.1.0"));
	assert_false(sg_revision_covers("2.1", "2.10"));
	assert_false(sg_revision_covers("2.1", "2"));
	assert_false(sg_revision_covers("2.1.0", "2.1"));
	assert_true(sg_revision_covers("2", "2.10"));
	assert_false(sg_revision_covers("", "2.1"));
}

static void globs_match_whole_names_without_case(void **state)
{
	char *many = sg_alloc(30001), *text = sg_alloc(30001);

	(void)state;
	assert_true(sg_glob("*", ""));
	assert_true(sg_glob("Default*", "default web site"));
	assert_true(sg_glob("M?", "m1"));
	assert_false(sg_glob("M?", "M12"));
	assert_false(sg_glob("M?", "M"));
	assert_true(sg_glob("*a*b", "xxaybzb"));
	assert_false(sg_glob("*a*b", "xxaybz"));
	assert_true(sg_glob("?", "\xc3\xa4"));
	assert_false(sg_glob("", "a"));
	assert_true(sg_globs("  M1\tM2*  ", "m2x"));
	assert_false(sg_globs("M1 M2", "M12"));
	assert_false(sg_globs("", "M1"));
	/* not exponential */
	for (int i = 0; i < 15000; i++)
		memcpy(many + 2 * i, "*a", 2);
	memset(text, 'a', 14000);
	assert_false(sg_glob(many, text));
	free(many);
	free(text);
}

static void utf8_is_checked_strictly(void **state)
{
	static const char *const good[] = { "", "abc", "\xc3\xa4", "\xef\xbf\xbd", "\xf0\x9f\x98\x80",
		"\xf4\x8f\xbf\xbf", "\xed\x9f\xbf" };
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xff",
		"\xe2\x82" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(sg_utf8_valid(sg_bytes_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(sg_utf8_valid(sg_bytes_of(bad[i])));
}

static void foreign_text_is_made_safe(void **state)
{
	struct sg_buf out = { 0 };

	(void)state;
	sg_text_safe("a\x1b[31m\xc3\xa4\n\xe2\x80\xae\xff\xc2\x9b", &out);
	assert_string_equal((char *)out.data, "a\\x1b[31m\xc3\xa4\\x0a\\u{202e}\\xff\\u{9b}");
	sg_buf_clear(&out);
	sg_text_safe("", &out);
	assert_string_equal((char *)out.data, "");
	sg_buf_release(&out);
}

static void sameness_ignores_ascii_case_only(void **state)
{
	(void)state;
	assert_true(sg_same("Default Web Site", "DEFAULT WEB SITE"));
	assert_false(sg_same("a", "ab"));
	assert_false(sg_same("ab", "a"));
	assert_false(sg_same("[", "{"));
	assert_true(sg_same(NULL, NULL));
	assert_false(sg_same(NULL, ""));
	assert_true(sg_same_n("abX", "ABy", 2));
	assert_false(sg_same_n("abX", "ABy", 3));
}

/* --- diffs */

static char *diff(const char *a, const char *b, int context)
{
	struct sg_buf out = { 0 };

	sg_diff_unified(sg_bytes_of(a), sg_bytes_of(b), "old", "new", context, &out);
	return sg_buf_detach(&out);
}

static void assert_diff(const char *a, const char *b, int context, const char *expected)
{
	char *s = diff(a, b, context);

	assert_string_equal(s, expected);
	free(s);
}

static void diffs_look_as_diff_u_writes_them(void **state)
{
	(void)state;
	assert_diff("a\nb\n", "a\nb\n", 3, "");
	assert_diff("a\nb\nc\n", "a\nX\nc\n", 3, "--- old\n+++ new\n@@ -1,3 +1,3 @@\n a\n-b\n+X\n c\n");
	assert_diff("", "a\n", 3, "--- old\n+++ new\n@@ -0,0 +1 @@\n+a\n");
	assert_diff("a\n", "", 3, "--- old\n+++ new\n@@ -1 +0,0 @@\n-a\n");
	assert_diff("a\nb", "a\nb\n", 3,
	        "--- old\n+++ new\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
	assert_diff("a\r\nb\r\n", "a\r\nb\n", 0, "--- old\n+++ new\n@@ -2 +2 @@\n-b\r\n+b\n");
	assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\nX\n3\n4\n5\n6\n7\nY\n9\n", 1,
	        "--- old\n+++ new\n@@ -1,3 +1,3 @@\n 1\n-2\n+X\n 3\n@@ -7,3 +7,3 @@\n 7\n-8\n+Y\n 9\n");
	/* two changes with 2 * context lines between them share a hunk */
	assert_diff("1\n2\n3\n4\n5\n", "X\n2\n3\n4\nY\n", 2,
	        "--- old\n+++ new\n@@ -1,5 +1,5 @@\n-1\n+X\n 2\n 3\n 4\n-5\n+Y\n");
	assert_diff("1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n6\n", 2,
	        "--- old\n+++ new\n@@ -4,2 +4,3 @@\n 4\n 5\n+6\n");
	/* the example of Myers' paper: five edits are the fewest */
	assert_diff("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", 3,
	        "--- old\n+++ new\n@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n");
}

/* Applies a diff of whole contexts to `a`: an independent reading of the format. */
static char *patched(const char *d)
{
	struct sg_buf out = { 0 };

	for (const char *p = d; *p;) {
		size_t len = strcspn(p, "\n") + 1;

		if (strncmp(p, "--- ", 4) != 0 && strncmp(p, "+++ ", 4) != 0 && (*p == ' ' || *p == '+'))
			sg_buf_add(&out, p + 1, len - 1);
		p += len;
	}
	return sg_buf_detach(&out);
}

static void every_diff_leads_from_old_to_new(void **state)
{
	struct sg_rand rand = { 11 };

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct sg_buf a = { 0 }, b = { 0 };
		char *d, *back;

		sg_buf_str(&a, "");
		sg_buf_str(&b, "");
		for (int64_t n = sg_rand_below(&rand, 40); n > 0; n--)
			sg_buf_fmt(&a, "%d\n", (int)sg_rand_below(&rand, 6));
		for (int64_t n = sg_rand_below(&rand, 40); n > 0; n--)
			sg_buf_fmt(&b, "%d\n", (int)sg_rand_below(&rand, 6));
		d = diff((char *)a.data, (char *)b.data, 1000);
		back = patched(d);
		if (*d)
			assert_string_equal(back, (char *)b.data);
		else
			assert_string_equal((char *)a.data, (char *)b.data);
		free(d);
		free(back);
		sg_buf_release(&a);
		sg_buf_release(&b);
	}
}

static void a_small_edit_gives_a_small_diff(void **state)
{
	struct sg_buf a = { 0 }, b = { 0 };
	size_t lines = 0;
	char *d;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		sg_buf_fmt(&a, "line %d\n", i);
		if (i != 1000)
			sg_buf_fmt(&b, "line %d\n", i);
		if (i == 2500)
			sg_buf_str(&b, "inserted\n");
	}
	d = diff((char *)a.data, (char *)b.data, 0);
	/* 1,500 lines lie between the two edits: found by searching, not replaced */
	assert_string_equal(
	        d, "--- old\n+++ new\n@@ -1001 +1000,0 @@\n-line 1000\n@@ -2501,0 +2501 @@\n+inserted\n");
	free(d);
	sg_buf_clear(&a);
	sg_buf_clear(&b);
	for (int i = 0; i < 3000; i++) {
		sg_buf_fmt(&a, "a%d\n", i);
		sg_buf_fmt(&b, "b%d\n", i);
	}
	d = diff((char *)a.data, (char *)b.data, 3);
	assert_non_null(strstr(d, "@@ -1,3000 +1,3000 @@ replaced\n"));
	for (char *p = d; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 6003);
	free(d);
	sg_buf_release(&a);
	sg_buf_release(&b);
}

static void chance_is_repeatable_and_in_range(void **state)
{
	struct sg_rand a = { 1234567 }, b = { 1234567 };

	(void)state;
	assert_true(sg_rand_next(&a) ==
	            UINT64_C(6457827717110365317)); /* the published first value for this seed */
	sg_rand_next(&b);
	for (int i = 0; i < 1000; i++) {
		int64_t n = sg_rand_below(&a, 10);

		assert_in_range(n, 0, 9);
		assert_int_equal(n, sg_rand_below(&b, 10));
	}
	assert_int_equal(sg_rand_below(&a, 0), 0);
	assert_int_equal(sg_rand_below(&a, -3), 0);
}

static void a_page_keeps_its_lines_and_nothing_else_that_steers(void **state)
{
	struct sg_buf page = { 0 };

	(void)state;
	sg_text_page(sg_bytes_of("a\tb\n\x1b[31mc\r\n\xc2\x9b\xe2\x80\xae\xff.\n\\x1b"), &page);
	assert_string_equal((char *)page.data, "a\tb\n\\x1b[31mc\\x0d\n\\u{9b}\\u{202e}\\xff.\n\\x1b");
	sg_buf_release(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_keeps_its_lines_and_nothing_else_that_steers),
		cmocka_unit_test(times_are_read_and_written),
		cmocka_unit_test(times_agree_with_the_c_library),
		cmocka_unit_test(wrong_times_are_refused),
		cmocka_unit_test(windows_are_read_strictly),
		cmocka_unit_test(durations_are_read_and_written),
		cmocka_unit_test(versions_are_compared_by_number),
		cmocka_unit_test(a_revision_prefix_ends_at_a_part),
		cmocka_unit_test(globs_match_whole_names_without_case),
		cmocka_unit_test(utf8_is_checked_strictly),
		cmocka_unit_test(foreign_text_is_made_safe),
		cmocka_unit_test(sameness_ignores_ascii_case_only),
		cmocka_unit_test(diffs_look_as_diff_u_writes_them),
		cmocka_unit_test(every_diff_leads_from_old_to_new),
		cmocka_unit_test(a_small_edit_gives_a_small_diff),
		cmocka_unit_test(chance_is_repeatable_and_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
