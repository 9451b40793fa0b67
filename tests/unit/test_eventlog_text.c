/* test_eventlog_text.c - what an event says in Windows' event log: bounded, whole, and with nothing in it that a viewer would expand. */
#include "daemon/eventlog_text.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Units of UTF-16; the text is known to be UTF-8. */
static size_t units(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80 ? (unsigned char)*s >= 0xf0 ? 2 : 1 : 0;
	return n;
}

static char *repeated(const char *s, size_t times)
{
	struct sg_buf b = { 0 };

	for (size_t i = 0; i < times; i++)
		sg_buf_str(&b, s);
	return sg_buf_detach(&b);
}

static bool ends_with(const char *s, const char *tail)
{
	return strlen(s) >= strlen(tail) && strcmp(s + strlen(s) - strlen(tail), tail) == 0;
}

static void an_event_of_usual_length_is_left_as_it_is(void **state)
{
	struct sg_val *data = sg_val_map();
	struct sg_eventlog_text e;

	(void)state;
	sg_val_set_str(data, "feed", "corp");
	sg_val_set_int(data, "serial", 7);
	sg_eventlog_text(2001, "a new document \xc3\xa4", data, &e);
	assert_string_equal(e.text, "a new document \xc3\xa4");
	assert_string_equal(e.json, "{\"feed\":\"corp\",\"serial\":7}");
	sg_eventlog_text_release(&e);
	sg_eventlog_text(1001, "", NULL, &e);
	assert_string_equal(e.text, "");
	assert_string_equal(e.json, "{}");
	sg_eventlog_text_release(&e);
	sg_val_free(data);
}

static void nothing_that_a_viewer_would_expand_is_left(void **state)
{
	static const struct {
		const char *said, *text, *json;
	} table[] = {
		{ "/a%20b", "/a% 20b", "{\"x\":\"/a\\u002520b\"}" },
		{ "%1", "% 1", "{\"x\":\"\\u00251\"}" },
		{ "%%1234", "% % 1234", "{\"x\":\"\\u0025\\u00251234\"}" },
		{ "%{S-1-5-18}", "% {S-1-5-18}", "{\"x\":\"\\u0025{S-1-5-18}\"}" },
		{ "90% of 5 %", "90% of 5 %", "{\"x\":\"90% of 5 %\"}" },
		{ "%PATH%", "%PATH%", "{\"x\":\"%PATH%\"}" },
		{ "%%%", "% % %", "{\"x\":\"\\u0025\\u0025%\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_val *data = sg_val_map();
		struct sg_eventlog_text e;

		sg_val_set_str(data, "x", table[i].said);
		sg_eventlog_text(4001, table[i].said, data, &e);
		assert_string_equal(e.text, table[i].text);
		assert_string_equal(e.json, table[i].json);
		sg_eventlog_text_release(&e);
		sg_val_free(data);
	}
}

static void a_sentence_is_cut_between_two_characters(void **state)
{
	/* a character of two units on and beside the boundary, and of one unit */
	static const char *const characters[] = { "\xf0\x9f\x94\x92", "\xe2\x82\xac", "x" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t shift = 0; shift < 3; shift++) {
			char *lead = repeated("y", shift), *tail = repeated(characters[i], 9000),
			     *said = sg_format("%s%s", lead, tail);
			struct sg_eventlog_text e;

			sg_eventlog_text(4001, said, NULL, &e);
			assert_in_range(units(e.text), SG_EVENTLOG_TEXT_UNITS - 1, SG_EVENTLOG_TEXT_UNITS);
			assert_true(ends_with(e.text, "... [cut]"));
			assert_true(strncmp(e.text, said, strlen(e.text) - strlen("... [cut]")) == 0);
			assert_int_equal(
			        (strlen(e.text) - strlen("... [cut]") - shift) % strlen(characters[i]), 0);
			sg_eventlog_text_release(&e);
			free(said);
			free(tail);
			free(lead);
		}
	{ /* the longest that is not cut */
		char *said = repeated("x", SG_EVENTLOG_TEXT_UNITS);
		struct sg_eventlog_text e;

		sg_eventlog_text(4001, said, NULL, &e);
		assert_string_equal(e.text, said);
		sg_eventlog_text_release(&e);
		free(said);
	}
}

static void a_document_too_long_has_its_long_fields_shortened_and_says_so(void **state)
{
	char *diff = repeated("\\\"<%20>", 20000);
	struct sg_val *data = sg_val_map(), *list;
	struct sg_eventlog_text e;

	(void)state;
	sg_val_set_str(data, "file", "C:\\inetpub\\wwwroot\\web.config");
	sg_val_set_str(data, "diff", diff);
	sg_val_set_bin(data, "octets", diff, 60000);
	list = sg_val_set(data, "values", sg_val_array());
	for (int i = 0; i < 5000; i++)
		sg_val_push(list, sg_val_int(i));
	sg_eventlog_text(4005, diff, data, &e);
	assert_in_range(units(e.text) + units(e.json), 1, SG_EVENTLOG_UNITS);
	assert_non_null(strstr(e.json,
	        "{\"file\":\"C:\\\\inetpub\\\\wwwroot\\\\web.config\",\"diff\":\"\\\\\\\"<\\u002520>"));
	assert_non_null(strstr(e.json, "... [cut]\",\"octets\":\"... [cut]\",\"values\":[0,1,2,"));
	assert_true(ends_with(e.json, ",\"... [cut]\"],\"cut\":true}"));
	assert_null(strstr(e.json, "%2"));
	sg_eventlog_text_release(&e);
	sg_val_free(data);
	free(diff);
}

static void a_document_that_cannot_be_shortened_keeps_its_code(void **state)
{
	struct sg_val *data = sg_val_map();
	struct sg_eventlog_text e;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		char *key = sg_format("a key of its own, number %d", i);

		sg_val_set_int(data, key, i);
		free(key);
	}
	sg_eventlog_text(9001, "a record", data, &e);
	assert_string_equal(e.json, "{\"code\":9001,\"cut\":true}");
	sg_eventlog_text_release(&e);
	sg_val_free(data);
}

/* Whatever is said at the limits, the sum fits: lengths around the one at which shortening begins. */
static void both_together_never_have_more_than_the_log_takes(void **state)
{
	(void)state;
	for (size_t n = SG_EVENTLOG_UNITS - SG_EVENTLOG_TEXT_UNITS - 40;
	        n < SG_EVENTLOG_UNITS - SG_EVENTLOG_TEXT_UNITS + 4; n++) {
		char *said = repeated("x", n);
		struct sg_val *data = sg_val_map();
		struct sg_eventlog_text e;

		sg_val_set_str(data, "d", said);
		sg_eventlog_text(4001, said, data, &e);
		assert_in_range(units(e.text) + units(e.json), 1, SG_EVENTLOG_UNITS);
		assert_int_equal(units(e.text), SG_EVENTLOG_TEXT_UNITS);
		assert_int_equal(strstr(e.json, "\"cut\":true") != NULL,
		        n + strlen("{\"d\":\"\"}") > SG_EVENTLOG_UNITS - SG_EVENTLOG_TEXT_UNITS);
		sg_eventlog_text_release(&e);
		sg_val_free(data);
		free(said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_of_usual_length_is_left_as_it_is),
		cmocka_unit_test(nothing_that_a_viewer_would_expand_is_left),
		cmocka_unit_test(a_sentence_is_cut_between_two_characters),
		cmocka_unit_test(a_document_too_long_has_its_long_fields_shortened_and_says_so),
		cmocka_unit_test(a_document_that_cannot_be_shortened_keeps_its_code),
		cmocka_unit_test(both_together_never_have_more_than_the_log_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
