/* test_lint_document.c - what lint finds in a whole document: mitigations in each other's way, its times, and what is none. */
#include "base/xml.h"
#include "tests/lib/lint_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void a_mitigation_whose_requests_another_stops_is_found(void **state)
{
	struct t_lint stops = t_lint_good, second = t_lint_good;
	struct sg_findings f;
	char *a, *b, *both, *feed;

	(void)state;
	stops.attrs = "id=\"CORP-1\" desc=\"x\" sg:severity=\"high\" sg:review-by=\"2027-02-01\"";
	stops.tests = "<sg:Refuse uri=\"/owa/y\"/><sg:Serve uri=\"/ecp/\"/>";
	stops.rules = "<rule name=\"stopgap CORP-1 a\"><match url=\"^owa/y\"/>" LINT_DENY
	              "</rule><rule name=\"stopgap CORP-1 b\" stopProcessing=\"true\"><match "
	              "url=\"^owa/x\"/><action type=\"None\"/></rule>";
	a = t_lint_config(stops);
	b = t_lint_config(second);
	both = sg_format("%s%s", a, b);
	feed = t_lint_feed(both);
	sg_lint(sg_bytes_of(feed), LINT_NOW, &f);
	if (!t_lint_has(&f, "hidden", SG_LINT_ERROR))
		t_lint_show(&f);
	assert_true(t_lint_has(&f, "hidden", SG_LINT_ERROR));
	sg_findings_release(&f);
	free(feed);
	/* one of them alone hides nothing */
	feed = t_lint_feed(b);
	sg_lint(sg_bytes_of(feed), LINT_NOW, &f);
	assert_false(t_lint_has(&f, "hidden", SG_LINT_ERROR));
	assert_int_equal(f.errors, 0);
	sg_findings_release(&f);
	free(feed);
	free(both);
	free(a);
	free(b);
}

static void what_another_mitigation_refuses_is_found(void **state)
{
	struct t_lint first = t_lint_good;
	struct sg_findings f;
	char *a, *b, *both, *feed;

	(void)state;
	first.attrs = "id=\"CORP-1\" desc=\"x\" sg:severity=\"high\" sg:review-by=\"2027-02-01\"";
	first.tests =
	        "<sg:Refuse uri=\"/owa/x.aspx\"/><sg:Serve uri=\"/ecp/\"/>"; /* which the other serves */
	first.rules = "<rule name=\"stopgap CORP-1 a\"><match url=\"^owa/x\"/>" LINT_DENY "</rule>";
	a = t_lint_config(first);
	b = t_lint_config(t_lint_good);
	both = sg_format("%s%s", a, b);
	feed = t_lint_feed(both);
	sg_lint(sg_bytes_of(feed), LINT_NOW, &f);
	assert_true(t_lint_has(&f, "refused-by-other", SG_LINT_WARNING));
	sg_findings_release(&f);
	free(feed);
	feed = t_lint_feed(b);
	sg_lint(sg_bytes_of(feed), LINT_NOW, &f);
	assert_false(t_lint_has(&f, "refused-by-other", SG_LINT_WARNING));
	sg_findings_release(&f);
	free(feed);
	free(both);
	free(a);
	free(b);
}

/* What the text says from `from` to `to` becomes `with`. */
static char *instead(char *text, const char *from, const char *to, const char *with)
{
	char *at = strstr(text, from), *end, *made;

	assert_non_null(at);
	end = strstr(at, to);
	assert_non_null(end);
	made = sg_format("%.*s%s%s", (int)(at - text), text, with, end + strlen(to));
	free(text);
	return made;
}

/* Of a document that has nothing else: each is not found before, and found after one part was changed. */
static void what_is_left_out_and_times_of_a_document_are_found(void **state)
{
	static const struct {
		const char *rule;
		enum sg_lint_level level;
		const char *from, *to, *with;
	} rows[] = {
		{ "side-effect-missing", SG_LINT_NOTE, "<sg:SideEffect>", "</sg:SideEffect>", "" },
		{ "reference-missing", SG_LINT_NOTE, "<sg:Reference", "</sg:Reference>", "" },
		{ "applicability-missing", SG_LINT_NOTE, "<sg:Applicability>", "</sg:Applicability>", "" },
		{ "expires-past", SG_LINT_WARNING, "sg:expires=\"2026-12-01", "T00",
		        "sg:expires=\"2026-11-18T01" },
		{ "expires-far", SG_LINT_NOTE, "sg:expires=\"2026-12-01", "T", "sg:expires=\"2027-03-01T" },
		{ "issued-future", SG_LINT_WARNING, "sg:issued=\"2026-11-18", "T",
		        "sg:issued=\"2026-11-21T" },
		{ "feed", SG_LINT_ERROR, "sg:serial=\"3", "\" sg", "sg:serial=\"-3\" sg" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *one = t_lint_config(t_lint_good), *feed = t_lint_feed(one);
		struct sg_findings f;

		sg_lint(sg_bytes_of(feed), LINT_NOW, &f);
		assert_false(t_lint_has(&f, rows[i].rule, rows[i].level));
		sg_findings_release(&f);
		feed = instead(feed, rows[i].from, rows[i].to, rows[i].with);
		sg_lint(sg_bytes_of(feed), LINT_NOW, &f);
		if (!t_lint_has(&f, rows[i].rule, rows[i].level)) {
			t_lint_show(&f);
			fail_msg("no %s in\n%s", rows[i].rule, feed);
		}
		sg_findings_release(&f);
		free(feed);
		free(one);
	}
}

static void what_is_no_feed_is_one_error_with_its_line(void **state)
{
	static const char *const texts[] = { "", "<a", "<EOCS>\n<Config/>\n</EOCS>", "<html/>",
		"<!DOCTYPE a><EOCS/>", "<EOCS xmlns:sg=\"urn:stopgap:feed:1\" sg:feed=\"x\"/>" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct sg_findings f;

		sg_lint(sg_bytes_of(texts[i]), LINT_NOW, &f);
		assert_true(f.errors >= 1);
		sg_findings_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mitigation_whose_requests_another_stops_is_found),
		cmocka_unit_test(what_another_mitigation_refuses_is_found),
		cmocka_unit_test(what_is_left_out_and_times_of_a_document_are_found),
		cmocka_unit_test(what_is_no_feed_is_one_error_with_its_line),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
