/* test_feed_layout.c - where the parts of a feed document stand, however it is written. */
#include "base/xml.h"
#include "feed/sign_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void parts_are_found_whatever_they_are_written_like(void **state)
{
	const char *doc = "<!-- <EOCS> --><EOCS a='<' ></EOCS>";
	const char *good = "<!-- <EOCS> --><EOCS a='>' b=\"x\"  c = 'y' xmlns:s='urn:stopgap:feed:1' "
	                   "s:feed='f'><Config id='A' d='/>'/><!-- "
	                   "<Config id='no'/> --><Config id=\"B\"><x>1</x><Config/></Config ></EOCS>";
	struct sg_layout l = { 0 };
	size_t from, to;

	(void)state;
	assert_int_equal(sg_layout_read(sg_bytes_of(doc), "doc", &l, NULL), SG_EPARSE);
	assert_int_equal(sg_layout_read(sg_bytes_of(good), "doc", &l, NULL), 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.at[0].id, "A");
	assert_string_equal(l.at[1].id, "B");
	assert_memory_equal(
	        good + l.at[0].from, "<Config id='A' d='/>'/><!--", l.at[0].to - l.at[0].from + 4);
	assert_memory_equal(good + l.at[1].to, "</EOCS>", 7);
	assert_int_equal(l.at[1].to, l.end);
	assert_string_equal(l.prefix, "s");
	assert_string_equal(l.feed, "f");
	assert_true(sg_layout_attr(sg_bytes_of(good), l.tag_from, "c", &from, &to));
	assert_int_equal(to - from, 1);
	assert_int_equal(good[from], 'y');
	assert_true(sg_layout_attr(sg_bytes_of(good), l.tag_from, "s:feed", &from, &to));
	assert_false(sg_layout_attr(sg_bytes_of(good), l.tag_from, "feed", &from, &to));
	assert_false(sg_layout_attr(sg_bytes_of(good), l.tag_from, "id", &from, &to));
	sg_layout_release(&l);
}

static void a_document_that_is_none_has_no_parts(void **state)
{
	static const struct {
		const char *doc, *says;
	} bad[] = { { "<EOCS><Config></EOCS>", "line 1" }, { "<feed/>", "not EOCS" }, { "", "" },
		{ "<EOCS xmlns='urn:other'/>", "not EOCS" },
		{ "<!DOCTYPE x [<!ENTITY a 'b'>]><EOCS/>", "DOCTYPE" } };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct sg_layout l = { 0 };
		struct sg_err err = SG_ERR_INIT;

		assert_int_not_equal(sg_layout_read(sg_bytes_of(bad[i].doc), "doc", &l, &err), 0);
		if (!strstr(err.msg, bad[i].says))
			fail_msg("says '%s', not '%s'", err.msg, bad[i].says);
		assert_int_equal(l.n, 0);
	}
}

static void a_config_of_its_own_is_found_between_comments(void **state)
{
	const char *doc =
	        "<?xml version='1.0'?><!-- <Config id='no'> --><Config id='A' d='>'><x/></Config ><!-- -->\n";
	size_t from = 0, to = 0;
	char *id = NULL;
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_layout_config(sg_bytes_of(doc), "doc", &from, &to, &id, NULL), 0);
	assert_string_equal(id, "A");
	free(id);
	assert_int_equal(to - from, strlen("<Config id='A' d='>'><x/></Config >"));
	assert_memory_equal(doc + from, "<Config id='A' d='>'><x/></Config >", to - from);
	assert_int_equal(sg_layout_config(sg_bytes_of("<EOCS/>"), "doc", &from, &to, &id, &err), SG_EPARSE);
	assert_int_equal(sg_layout_config(sg_bytes_of("<Config/>"), "doc", &from, &to, &id, NULL), SG_EINVAL);
}

static void escaped_text_reads_back_as_it_was(void **state)
{
	struct sg_buf out = { 0 };

	(void)state;
	sg_layout_escape("a<b>&\"'\n\xc3\xa9", &out);
	assert_string_equal(out.data, "a&lt;b>&amp;&quot;' \xc3\xa9");
	sg_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_found_whatever_they_are_written_like),
		cmocka_unit_test(a_document_that_is_none_has_no_parts),
		cmocka_unit_test(a_config_of_its_own_is_found_between_comments),
		cmocka_unit_test(escaped_text_reads_back_as_it_was),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
