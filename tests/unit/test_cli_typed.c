/* test_cli_typed.c - the reason that comes on stdin: what is text, what is refused, and where it ends. */
#include "cli/typed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MARK "\xef\xbb\xbf"

static void text_comes_through_as_it_was_typed(void **state)
{
	static const struct {
		const char *octets, *text;
	} table[] = {
		{ "breaks \"calendar\" printing", "breaks \"calendar\" printing" },
		{ "a\\\"b\\", "a\\\"b\\" }, /* what a command line of Windows would take apart */
		{ "one\r\ntwo\n", "one\r\ntwo" },
		{ "one\r\n", "one" },
		{ "one\n\n", "one\n" }, /* one line end is the pipe's, the other the person's */
		{ MARK "one\r\n", "one" },
		{ MARK MARK "one", MARK "one" }, /* a second one is a character like any other */
		{ "gr\xc3\xbc\xc3\x9f"
		  "e \xe2\x82\xac \xf0\x9f\x98\x80\n",
		        "gr\xc3\xbc\xc3\x9f"
		        "e \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "-", "-" },
		{ " ", " " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_err err = SG_ERR_INIT;
		char *text = NULL;

		if (sg_typed_text(sg_bytes_of(table[i].octets), &text, &err) < 0)
			fail_msg("%zu: %s", i, err.msg);
		assert_string_equal(text, table[i].text);
		free(text);
	}
}

static void what_is_no_text_is_refused(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *says;
	} table[] = {
		{ "", 0, "nothing stands" },
		{ "\r\n", 2, "nothing stands" },
		{ MARK "\n", 4, "nothing stands" },
		{ "a\0b", 3, "not UTF-8" },
		{ "gr\xfc\xdf"
		  "e",
		        5, "not UTF-8" },           /* windows-1252 */
		{ "a\0b\0", 4, "not UTF-8" },       /* UTF-16 */
		{ "\xed\xa0\x80", 3, "not UTF-8" }, /* half of a pair */
		{ "\xc0\xaf", 2, "not UTF-8" },     /* longer than it need be */
		{ "cut \xe2\x82", 6, "not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_err err = SG_ERR_INIT;
		char *text = NULL;
		int r = sg_typed_text(
		        (struct sg_bytes){ (const unsigned char *)table[i].octets, table[i].len }, &text,
		        &err);

		if (r != SG_EINVAL || !strstr(err.msg, table[i].says) || text)
			fail_msg("%zu: %d: %s", i, r, err.msg);
	}
}

static void the_bound_is_that_of_the_text(void **state)
{
	struct sg_buf octets = { 0 };
	struct sg_err err = SG_ERR_INIT;
	char *text = NULL;

	(void)state;
	sg_buf_str(&octets, MARK);
	for (int i = 0; i < SG_TYPED_MAX; i++)
		sg_buf_char(&octets, 'x');
	sg_buf_str(&octets, "\r\n");
	assert_int_equal(sg_typed_text(sg_buf_bytes(&octets), &text, &err), 0);
	assert_int_equal(strlen(text), SG_TYPED_MAX);
	free(text);
	text = NULL;
	sg_buf_insert(&octets, 3, "x", 1);
	assert_int_equal(sg_typed_text(sg_buf_bytes(&octets), &text, &err), SG_EINVAL);
	assert_non_null(strstr(err.msg, "4096"));
	assert_null(text);
	sg_buf_release(&octets);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_through_as_it_was_typed),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(the_bound_is_that_of_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
