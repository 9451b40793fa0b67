/* test_eventlog_win.c - the message table inside stopgapd.exe says of each event what the table of codes.h says, with the two strings that the writer gives, and
 * nothing else is in it. What a viewer shows is a real Windows' (S18). */
#include "base/buf.h"
#include "base/mem.h"
#include "base/os_win.h"
#include "model/codes.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* By a code's thousands, as the head of codes.h has them; a thousand without events has a text, too: a viewer would show its number. */
static const char *const categories[] = { "Service", "Feeds", "Trust", "Mitigations", "People", "Other",
	"Other", "Other", "Journal" };

enum {
	CATEGORIES = sizeof categories / sizeof *categories,
	OTHER = 1
}; /* OTHER: an event that has no code of the table */

static HMODULE program;

static int set_up(void **state)
{
	wchar_t *path = sg_win_wide(SG_BINARY_DIR "\\stopgapd.exe");

	(void)state;
	for (wchar_t *c = path; *c; c++)
		*c = *c == '/' ? '\\' : *c;
	program = LoadLibraryExW(path, NULL, LOAD_LIBRARY_AS_DATAFILE);
	free(path);
	return program ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return FreeLibrary(program) ? 0 : -1;
}

/* As Windows numbers it: the severity of its level in the two upmost bits, Error for what is worse as well. */
static DWORD id_of(const struct sg_event_info *info)
{
	static const DWORD severities[] = {
		[SG_DEBUG] = 1, [SG_INFO] = 1, [SG_WARNING] = 2, [SG_ERROR] = 3, [SG_CRITICAL] = 3
	};

	return severities[info->level] << 30 | (DWORD)info->code;
}

/* NULL: there is none. */
static char *message(DWORD id, const char *first, const char *second)
{
	wchar_t *text = NULL, *one = sg_win_wide(first), *two = sg_win_wide(second);
	DWORD_PTR strings[] = { (DWORD_PTR)one, (DWORD_PTR)two };
	DWORD n = FormatMessageW(
	        FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY,
	        program, id, 0, (wchar_t *)(void *)&text, 0, (va_list *)strings);
	char *utf8 = n ? sg_win_utf8(text) : NULL;

	LocalFree(text);
	free(one);
	free(two);
	return utf8;
}

static void add_sentence(struct sg_buf *out, const char *before, const char *clause)
{
	char first = *clause;

	if (first >= 'a' && first <= 'z')
		first = (char)(first - 'a' + 'A');
	sg_buf_fmt(out, "%s%c%s.\r\n", before, first, clause + 1);
}

static void each_event_has_its_text_with_the_sentence_first_and_the_data_last(void **state)
{
	const char *sentence = "W-1 is applied: \xc3\xa4 & 50% done", *json = "{\"id\":\"W-1\"}";

	(void)state;
	assert_true(sg_event_count() > 50);
	for (size_t i = 0; i < sg_event_count(); i++) {
		const struct sg_event_info *info = sg_event_at(i);
		char *is = message(id_of(info), sentence, json);
		struct sg_buf expected = { 0 };

		sg_buf_fmt(&expected, "%s\r\n\r\n", sentence);
		add_sentence(&expected, "", info->meaning);
		add_sentence(&expected, "Cause: ", info->cause);
		add_sentence(&expected, "What to do: ", info->cure);
		sg_buf_fmt(&expected, "\r\n%s\r\n", json);
		if (!is)
			fail_msg("event %d has no message", info->code);
		assert_string_equal(is, (char *)expected.data);
		free(is);
		sg_buf_release(&expected);
	}
}

/* A viewer expands the result once more ([MS-EVEN]): our own words must hold nothing for it, as the strings do not (test_eventlog_text). */
static void no_text_holds_what_a_viewer_would_expand(void **state)
{
	(void)state;
	for (size_t i = 0; i < sg_event_count(); i++) {
		char *is = message(id_of(sg_event_at(i)), "", "");

		assert_non_null(is);
		for (const char *p = is; (p = strchr(p, '%')); p++)
			if (strchr("0123456789%{!", p[1]))
				fail_msg("event %d: %s", sg_event_at(i)->code, p);
		free(is);
	}
}

static void each_category_has_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < CATEGORIES; i++) {
		char *is = message((DWORD)i + 1, "", ""), *expected = sg_format("%s\r\n", categories[i]);

		assert_non_null(is);
		assert_string_equal(is, expected);
		free(is);
		free(expected);
	}
	for (size_t i = 0; i < sg_event_count(); i++) {
		int thousand = sg_event_at(i)->code / 1000;

		assert_in_range(thousand, 1, CATEGORIES);
		assert_string_not_equal(categories[thousand - 1], "Other");
	}
}

static void an_event_without_a_code_has_its_two_strings(void **state)
{
	char *is = message((DWORD)1 << 30 | OTHER, "a line", "{}");

	(void)state;
	assert_non_null(is);
	assert_string_equal(is, "a line\r\n{}\r\n");
	free(is);
}

static bool is_expected(DWORD id)
{
	bool found = id == ((DWORD)1 << 30 | OTHER) || (id >= 1 && id <= CATEGORIES);

	for (size_t i = 0; i < sg_event_count() && !found; i++)
		found = id_of(sg_event_at(i)) == id;
	return found;
}

static void the_table_has_nothing_else(void **state)
{
	HRSRC resource =
	        FindResourceW(program, MAKEINTRESOURCEW(1), MAKEINTRESOURCEW(11)); /* RT_MESSAGETABLE */
	const MESSAGE_RESOURCE_DATA *table;
	size_t n = 0;

	(void)state;
	assert_non_null(resource);
	table = LockResource(LoadResource(program, resource));
	assert_non_null(table);
	for (DWORD i = 0; i < table->NumberOfBlocks; i++)
		for (DWORD id = table->Blocks[i].LowId; id <= table->Blocks[i].HighId; id++, n++)
			if (!is_expected(id))
				fail_msg("message 0x%08lx belongs to no event", id);
	assert_int_equal(n, sg_event_count() + CATEGORIES + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_has_its_text_with_the_sentence_first_and_the_data_last),
		cmocka_unit_test(no_text_holds_what_a_viewer_would_expand),
		cmocka_unit_test(each_category_has_its_name),
		cmocka_unit_test(an_event_without_a_code_has_its_two_strings),
		cmocka_unit_test(the_table_has_nothing_else),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
