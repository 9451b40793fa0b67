/* test_rewrite_read.c - which rules are read, which are refused, and how sets of rules join. */
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

/* --- reading */

static void pattern_that_does_not_compile_is_refused_with_its_place(void **state)
{
	(void)state;
	refuse_to_read(
	        IN(RULE("all", "", "<match url='*'/>" ABORT)), SG_EINVAL, "rule 'all': the pattern '*'");
	refuse_to_read(IN(RULE("r", "", "<match url='a(b'/>" ABORT)), SG_EINVAL, "offset 3");
	refuse_to_read(
	        IN(RULE("r", "", "<match url='(*LIMIT_MATCH=1)a'/>" ABORT)), SG_EINVAL, "nothing to repeat");
	refuse_to_read(WHEN("{URL}", "[z-a]"), SG_EINVAL, "[z-a]");
	struct sg_rw_rules *rules =
	        rules_of(IN(RULE("r", "patternSyntax='Wildcard'", "<match url='*'/>" ABORT)));
	sg_rw_free(rules);
}

static void what_iis_would_refuse_is_refused(void **state)
{
	(void)state;
	refuse_to_read(IN(RULE("r", "", "<match url=''/>")), SG_EINVAL, "empty url");
	refuse_to_read(
	        IN(RULE("r", "", "<match url='a'/>") RULE("R", "", "<match url='b'/>")), SG_EINVAL, "twice");
	refuse_to_read(IN(RULE("r", "", "<match url='a'/><action type='Rewrite'/>")), SG_EINVAL, "no url");
	refuse_to_read(IN(RULE("r", "", "<match url='a'/><action type='CustomResponse'/>")), SG_EINVAL,
	        "statusCode");
	refuse_to_read(IN(RULE("r", "", "<match url='a'/><action type='CustomResponse' statusCode='302'/>")),
	        SG_EINVAL, "302");
	refuse_to_read(WHEN("{URL", "a"), SG_EINVAL, "without its '}'");
	refuse_to_read(WHEN("{}", "a"), SG_EINVAL, "without a name");
	refuse_to_read(IN("<rule><match url='a'/></rule>"), SG_EPARSE, "without name");
}

static void unknown_words_are_refused_with_what_is_allowed(void **state)
{
	(void)state;
	refuse_to_read(IN(RULE("r", "patternSyntax='Regular Expressions'", "<match url='a'/>")), SG_EPARSE,
	        "allowed: ECMAScript, Wildcard, ExactMatch");
	refuse_to_read(
	        IN(RULE("r", "colour='red'", "<match url='a'/>")), SG_EPARSE, "allowed: name, enabled");
	refuse_to_read(IN("<rul/>"), SG_EPARSE, "<rul> in <rules>; allowed: rule, clear, remove");
	refuse_to_read("<rules/>", SG_EPARSE, "<rewrite> was expected");
	refuse_to_read("<rewrite xmlns='urn:x'/>", SG_EPARSE, "in no namespace");
	refuse_to_read(
	        "<rewrite><globalRules>" RULE("r", "",
	                "<match url='a'/><action type='None' logRewrittenUrl='true'/>") "</globalRules></"
	                                                                                "rewrite>",
	        SG_EPARSE, "logRewrittenUrl");
	refuse_to_read(
	        "<rewrite><rules configSource='x.config'/></rewrite>", SG_EUNSUPPORTED, "configSource");
	refuse_to_read(
	        IN(RULE("r", "", "<match url='a' ignoreCase='1'/>")), SG_EPARSE, "allowed: false, true");
}

static void deep_nesting_is_refused(void **state)
{
	struct sg_buf xml = { 0 };

	(void)state;
	sg_buf_str(&xml, "<rewrite><rules><rule name='r'><match url='a'/><action type='Rewrite' url='");
	for (int i = 0; i < 20; i++)
		sg_buf_str(&xml, "{ToLower:");
	for (int i = 0; i < 20; i++)
		sg_buf_str(&xml, "}");
	sg_buf_str(&xml, "'/></rule></rules></rewrite>");
	refuse_to_read((char *)xml.data, SG_ELIMIT, "nests more than");
	sg_buf_release(&xml);
}

static void locks_and_enum_case_are_accepted(void **state)
{
	(void)state;
	expect(IN("<!-- a --><clear/>" RULE("r",
	               "lockItem='true' patternSyntax='ecmascript' stopProcessing='True'",
	               "<match url='a'/><action type='abortrequest'/>")),
	        "/a", "refused");
}

/* --- sets of rules */

static void clear_and_remove_act_on_what_is_inherited(void **state)
{
	const char *parent =
	        IN(RULE("a", "", "<match url='^a'/>" ABORT) RULE("b", "", "<match url='^b'/>" ABORT));
	static const struct {
		const char *child;
		size_t left;
	} cases[] = {
		{ IN("<clear/>" RULE("a", "", "<match url='x'/>")), 1 },
		{ IN("<remove name='A'/>" RULE("a", "", "<match url='x'/>")), 2 },
		{ IN(RULE("c", "", "<match url='x'/>") "<clear/>"), 0 },
		{ IN(RULE("c", "", "<match url='x'/>")), 3 },
	};
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sg_rw_rules *rules = rules_of(parent), *child = rules_of(cases[i].child);
		assert_int_equal(sg_rw_append(rules, child, &err), 0);
		assert_int_equal(sg_rw_count(rules, SG_RW_INBOUND), cases[i].left);
		sg_rw_free(rules);
		sg_rw_free(child);
	}
}

static void name_met_twice_is_a_conflict_and_changes_nothing(void **state)
{
	struct sg_rw_rules *rules = rules_of(IN(RULE("a", "", "<match url='^a'/>" ABORT)));
	struct sg_rw_rules *child =
	        rules_of(IN(RULE("b", "", "<match url='x'/>") RULE("A", "", "<match url='x'/>")));
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_rw_append(rules, child, &err), SG_ECONFLICT);
	assert_non_null(strstr(err.msg, "'a' twice"));
	assert_int_equal(sg_rw_count(rules, SG_RW_INBOUND), 1);
	sg_rw_free(rules);
	sg_rw_free(child);
}

static void appended_set_outlives_its_source(void **state)
{
	struct sg_rw_rules *rules = rules_of("<rewrite/>");
	struct sg_rw_rules *child =
	        rules_of("<rewrite><rewriteMaps><rewriteMap name='m'><add key='a' "
	                 "value='yes'/></rewriteMap></rewriteMaps>"
	                 "<rules>" RULE("r", "",
	                         "<match url='(.*)'/><conditions><add input='{m:{R:1}}' "
	                         "pattern='yes'/></conditions>"
	                         "<serverVariables><set name='X' "
	                         "value='y'/></serverVariables>" ABORT) "</"
	                                                                "rules><outboundRules>" HTML HEADER(
	                                                                        "preCondition"
	                                                                        "='html'",
	                                                                        "a", "b") "</"
	                                                                                  "outbou"
	                                                                                  "ndRule"
	                                                                                  "s></"
	                                                                                  "rewrit"
	                                                                                  "e>");
	struct sg_rw_request req = { .uri = "/a" };
	struct sg_rw_result result;
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_rw_append(rules, child, &err), 0);
	sg_rw_free(child);
	assert_int_equal(sg_rw_request(rules, &req, &result, &err), 0);
	assert_int_equal(result.outcome, SG_RW_REFUSED);
	sg_rw_result_release(&result);
	assert_int_equal(sg_rw_response(rules, &req, "text/html", "x-a", "a", &result, &err), 0);
	assert_string_equal(result.url, "b");
	sg_rw_result_release(&result);
	sg_rw_remove(rules, SG_RW_INBOUND, "R");
	assert_int_equal(sg_rw_count(rules, SG_RW_INBOUND), 0);
	sg_rw_free(rules);
}

static void request_that_is_none_is_refused(void **state)
{
	struct sg_rw_rules *rules = rules_of("<rewrite/>");
	struct sg_rw_request req = { .uri = "http://x/" };
	struct sg_rw_result result;
	struct sg_err err = SG_ERR_INIT;
	char *large = sg_alloc(70000);

	(void)state;
	assert_int_equal(sg_rw_request(rules, &req, &result, &err), SG_EINVAL);
	sg_err_clear(&err);
	memset(large, '/', 69999);
	req.uri = large;
	assert_int_equal(sg_rw_request(rules, &req, &result, &err), SG_ELIMIT);
	free(large);
	sg_rw_free(rules);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pattern_that_does_not_compile_is_refused_with_its_place),
		T(what_iis_would_refuse_is_refused),
		T(unknown_words_are_refused_with_what_is_allowed),
		T(deep_nesting_is_refused),
		T(locks_and_enum_case_are_accepted),
		T(clear_and_remove_act_on_what_is_inherited),
		T(name_met_twice_is_a_conflict_and_changes_nothing),
		T(appended_set_outlives_its_source),
		T(request_that_is_none_is_refused),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
