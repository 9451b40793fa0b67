/* test_rewrite_outbound.c - outbound rules, and when two rules count as the same. */
#include "tests/lib/rewrite_expect.h"
#include "base/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- outbound */

static void expect_header(
        const char *xml, const char *uri, const char *type, const char *is, const char *expected)
{
	struct sg_rw_rules *rules = rules_of(xml);
	struct sg_rw_request req = { .uri = uri };
	struct sg_rw_result result = { 0 };
	struct sg_err err = SG_ERR_INIT;

	assert_int_equal(sg_rw_response(rules, &req, type, "X-A", is, &result, &err), 0);
	const char *got = result.outcome == SG_RW_UNKNOWN ? "UNKNOWN" : result.url ? result.url : "ABSENT";
	if (strcmp(got, expected))
		fail_msg("%s: expected '%s', got '%s' %s", xml, expected, got, result.why ? result.why : "");
	sg_rw_result_release(&result);
	sg_rw_free(rules);
}

static void outbound_rule_rewrites_or_makes_a_header(void **state)
{
	(void)state;
	expect_header(OUT(HEADER("", "(.*)", "{R:1}; more")), "/", "a/b", "was", "was; more");
	expect_header(OUT(HEADER("", "(.*)", "{R:1}; more")), "/", "a/b", NULL, "; more");
	expect_header(OUT(HEADER("", "w(.)", "{R:1}")), "/", "a/b", "was", "a");
	expect_header(OUT(HEADER("", "x", "y")), "/", "a/b", NULL, "ABSENT");
	expect_header(OUT("<rule name='o'><match filterByTags='A, Img' pattern='.*'/><action type='Rewrite' "
	                  "value='y'/></rule>"),
	        "/", "a/b", "was", "was");
}

static void pre_condition_decides_by_the_response(void **state)
{
	const char *xml = OUT(HTML HEADER("preCondition='HTML'", "(.*)", "new"));

	(void)state;
	expect_header(xml, "/", "text/html; charset=utf-8", "was", "new");
	expect_header(xml, "/", "image/png", "was", "was");
	expect_header(xml, "/", NULL, "was", "UNKNOWN");
	expect_header(OUT(HEADER("preCondition='gone'", "(.*)", "new")), "/", "text/html", "was", "UNKNOWN");
}

static void outbound_rules_feed_each_other_until_one_stops(void **state)
{
	(void)state;
	expect_header(OUT(HEADER("", "^a$", "b") HEADER("", "^b$", "c")), "/", "x/y", "a", "c");
	expect_header(OUT(HEADER("stopProcessing='true'", "^a$", "b") HEADER("", "^b$", "c")), "/", "x/y",
	        "a", "b");
	expect_header(OUT("<rule name='o' stopProcessing='true'><match serverVariable='RESPONSE_Other' "
	                  "pattern='.*'/>"
	                  "<action type='Rewrite' value='x'/></rule>" HEADER("", "^a$", "b")),
	        "/", "x/y", "a", "b");
}

static void pre_conditions_see_what_the_application_sent(void **state)
{
	(void)state;
	expect_header(OUT(HTML "<rule name='t'><match serverVariable='RESPONSE_CONTENT_TYPE' pattern='.*'/>"
	                       "<action type='Rewrite' value='image/png'/></rule>" HEADER(
	                               "preCondition='html'", "^a$", "b")),
	        "/", "text/html", "a", "b");
}

/* --- equivalence */

static bool same(const char *a, const char *b)
{
	struct sg_rw_rules *x = rules_of(a), *y = rules_of(b);
	bool equal = sg_rw_equivalent(x, 0, y, 0, SG_RW_INBOUND);

	assert_int_equal(equal, sg_rw_equivalent(y, 0, x, 0, SG_RW_INBOUND));
	sg_rw_free(x);
	sg_rw_free(y);
	return equal;
}

static void rules_that_refuse_the_same_are_equivalent(void **state)
{
#define M1(name, more, url, cond, action)                                                                    \
	IN(RULE(name, more, "<match url='" url "'/><conditions>" cond "</conditions>" action))
#define LOOK "<add input='{UrlDecode:{REQUEST_URI}}' pattern='(?=.*autodiscover)(?=.*powershell)'/>"
	const char *eems = M1("EEMS M1.1 PowerShell - inbound", "stopProcessing='true'", ".*", LOOK, ABORT);

	(void)state;
	assert_true(same(eems, M1("PowerShell - inbound", "", "(.*)",
	                               "<add pattern='(?=.*autodiscover)(?=.*powershell)' "
	                               "matchType='Pattern' negate='false' ignoreCase='true' "
	                               "input='{UrlDecode:{REQUEST_URI}}'/>",
	                               ABORT)));
	assert_true(
	        same(eems, M1("x", "", ".*", LOOK,
	                           "<action type='CustomResponse' statusCode='403' statusReason='No'/>")));
	assert_false(same(eems, M1("x", "", ".*", LOOK, "<action type='CustomResponse' statusCode='404'/>")));
	assert_false(same(eems, M1("x", "", "owa", LOOK, ABORT)));
	assert_false(same(eems, M1("x", "enabled='false'", ".*", LOOK, ABORT)));
	assert_false(same(eems, M1("x", "", ".*", LOOK "<add input='{HTTPS}' pattern='on'/>", ABORT)));
	assert_false(same(eems,
	        M1("x", "", ".*", "<add input='{REQUEST_URI}' pattern='(?=.*autodiscover)(?=.*powershell)'/>",
	                ABORT)));
	assert_false(same(eems, M1("x", "", ".*",
	                                "<add input='{UrlDecode:{REQUEST_URI}}' negate='true' "
	                                "pattern='(?=.*autodiscover)(?=.*powershell)'/>",
	                                ABORT)));
}

static void captures_and_stop_count_where_they_have_an_effect(void **state)
{
#define TO(more, url, target)                                                                                \
	IN(RULE("r", more, "<match url='" url "'/><action type='Rewrite' url='" target "'/>"))
	(void)state;
	assert_true(same(TO("", ".*", "x{R:0}"), TO("", "(.*)", "x{R:0}")));
	assert_false(same(TO("", ".*", "x"), TO("", ".*", "y")));
	assert_false(same(TO("", "(.*)", "x{R:1}"), TO("", ".*", "x{R:1}")));
	assert_false(same(TO("stopProcessing='true'", ".*", "x"), TO("", ".*", "x")));
	assert_true(same(IN(RULE("r", "stopProcessing='true'", "<match url='a'/>" ABORT)),
	        IN(RULE("s", "", "<match url='a'/>" ABORT))));
}

static void outbound_rules_compare_their_pre_conditions_by_content(void **state)
{
	struct sg_rw_rules *a = rules_of(OUT(HTML HEADER("preCondition='html'", "(.*)", "new")));
	struct sg_rw_rules *b =
	        rules_of(OUT("<preConditions><preCondition name='other'><add input='{RESPONSE_CONTENT_TYPE}' "
	                     "pattern='^text/html'/></preCondition></preConditions>" HEADER(
	                             "preCondition='other'", "(.*)", "new")));
	struct sg_rw_rules *c = rules_of(OUT(HEADER("", "(.*)", "new")));

	(void)state;
	assert_true(sg_rw_equivalent(a, 0, b, 0, SG_RW_OUTBOUND));
	assert_false(sg_rw_equivalent(a, 0, c, 0, SG_RW_OUTBOUND));
	sg_rw_free(a);
	sg_rw_free(b);
	sg_rw_free(c);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(outbound_rule_rewrites_or_makes_a_header),
		T(pre_condition_decides_by_the_response),
		T(outbound_rules_feed_each_other_until_one_stops),
		T(pre_conditions_see_what_the_application_sent),
		T(rules_that_refuse_the_same_are_equivalent),
		T(captures_and_stop_count_where_they_have_an_effect),
		T(outbound_rules_compare_their_pre_conditions_by_content),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
