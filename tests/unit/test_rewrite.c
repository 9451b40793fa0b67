/* test_rewrite.c - what a rule sees, in which order rules run, what their actions do. */
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

/* --- what a rule sees */

static void url_has_no_leading_slash_and_no_query(void **state)
{
	(void)state;
	expect(IN(RULE("r", "", "<match url='^a/b$'/>" ABORT)), "/a/b?c", "refused");
	expect(IN(RULE("r", "", "<match url='^/a'/>" ABORT)), "/a/b?c", "served /a/b?c");
	expect(IN(RULE("r", "", "<match url='c'/>" ABORT)), "/a/b?c", "served /a/b?c");
}

static void path_is_decoded_once_and_made_canonical(void **state)
{
	const char *xml = IN(RULE("r", "", "<match url='^owa/x$'/>" ABORT));

	(void)state;
	expect(xml, "/%6fwa%2fx", "refused");
	expect(xml, "/%u006fwa/x", "refused");
	expect(xml, "/a/../owa//./x", "refused");
	expect(xml, "/a/%2e%2e/owa\\x", "refused");
	expect(xml, "/%256fwa/x", "served /%256fwa/x");
}

static void path_that_http_sys_refuses_is_unknown(void **state)
{
	(void)state;
	expect_why(IN(""), "/a%zz", "400");
	expect_why(IN(""), "/a%00", "400");
	expect_why(IN(""), "/../a", "400");
}

static void path_that_is_no_utf8_counts_as_latin_1(void **state)
{
	(void)state;
	expect(IN(RULE("r", "", "<match url='^a.b$'/>" ABORT)), "/a%ffb", "refused");
	expect(IN(RULE("r", "", "<match url='^a\xc3\xa9$'/>" ABORT)), "/a%C3%A9", "refused");
	expect(IN(RULE("r", "", "<match url='^a\xc3\xa9$'/>" ABORT)), "/a%E9", "refused");
}

static void url_is_relative_to_the_folder_of_the_rules(void **state)
{
	struct sg_rw_request req = { .uri = "/OWA/auth/x.js", .base = "/owa/" };
	const char *xml = IN(RULE("r", "", "<match url='^auth/'/>" ABORT));

	(void)state;
	expect_at(xml, &req, "refused");
	req.uri = "/ecp/auth/x.js";
	expect_at(xml, &req, "served /ecp/auth/x.js");
	req.uri = "/owa";
	expect_at(IN(RULE("r", "", "<match url='^$'/>" ABORT)), &req, "refused");
	expect_at("<rewrite><globalRules>" RULE(
	                  "g", "", "<match url='^owa$'/>" ABORT) "</globalRules></rewrite>",
	        &req, "refused");
}

static void inherited_rules_see_the_url_of_their_own_folder(void **state)
{
	struct sg_rw_rules *site = rules_of(IN(RULE("s", "", "<match url='^owa/x'/>" ABORT)));
	struct sg_rw_rules *child = rules_of(IN(RULE("c", "", "<match url='^y'/>" ABORT)));
	struct sg_rw_request req = { .uri = "/owa/x", .base = "/owa/" };
	struct sg_rw_result result;
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	sg_rw_place(site, "/");
	sg_rw_place(child, "/owa/");
	assert_int_equal(sg_rw_append(site, child, &err), 0);
	assert_int_equal(sg_rw_request(site, &req, &result, &err), 0);
	assert_int_equal(result.outcome, SG_RW_REFUSED);
	assert_string_equal(result.rule, "s");
	sg_rw_result_release(&result);
	req.uri = "/owa/y";
	assert_int_equal(sg_rw_request(site, &req, &result, &err), 0);
	assert_string_equal(result.rule, "c");
	sg_rw_result_release(&result);
	sg_rw_free(site);
	sg_rw_free(child);
}

/* --- order */

static void rewritten_url_feeds_the_next_rule(void **state)
{
	(void)state;
	expect(IN(RULE("a", "", "<match url='^a$'/><action type='Rewrite' url='b'/>")
	                       RULE("b", "", "<match url='^b$'/>" ABORT)),
	        "/a", "refused");
	expect(IN(RULE("a", "", "<match url='^a$'/><action type='Rewrite' url='b'/>")
	                       RULE("b", "", "<match url='^a$'/>" ABORT)),
	        "/a", "served /b");
}

static void stop_processing_ends_its_own_set_only(void **state)
{
	(void)state;
	expect(IN(RULE("a", "stopProcessing='true'", "<match url='.*'/><action type='None'/>")
	                       RULE("b", "", "<match url='.*'/>" ABORT)),
	        "/a", "served /a");
	expect(IN(RULE("a", "stopProcessing='true'", "<match url='x'/><action type='None'/>")
	                       RULE("b", "", "<match url='.*'/>" ABORT)),
	        "/a", "refused");
	expect("<rewrite><globalRules>" RULE(
	               "a", "stopProcessing='true'", "<match url='.*'/><action type='None'/>") RULE("b", "",
	               "<match url='.*'/><action type='Rewrite' url='z'/>") "</globalRules><rules>" RULE("c",
	               "", "<match url='^a$'/>" ABORT) "</rules></rewrite>",
	        "/a", "refused");
}

static void rewrite_that_stops_ends_its_set(void **state)
{
	(void)state;
	expect(IN(RULE("a", "stopProcessing='true'", "<match url='^a'/><action type='Rewrite' url='b'/>")
	                       RULE("b", "", "<match url='^b'/>" ABORT)),
	        "/a", "served /b");
}

static void global_rules_run_first_wherever_they_stand(void **state)
{
	(void)state;
	expect("<rewrite><rules>" RULE("r", "",
	               "<match url='^a$'/><action type='CustomResponse' statusCode='200'/>") "</"
	                                                                                     "rules><"
	                                                                                     "globalRules"
	                                                                                     ">" RULE("g", "",
	                                                                                             "<match "
	                                                                                             "url='^"
	                                                                                             "a$'/"
	                                                                                             ">" ABORT) "</globalRules></rewrite>",
	        "/a", "refused");
}

static void disabled_rule_does_nothing(void **state)
{
	(void)state;
	expect(IN(RULE("r", "enabled='false'", "<match url='.*'/>" ABORT)), "/a", "served /a");
}

static void rule_without_match_matches_every_url(void **state)
{
	(void)state;
	expect(IN(RULE("r", "", "<action type='Rewrite' url='public{REQUEST_URI}'/>")), "/a?b",
	        "served /public/a?b&b");
	expect(IN(RULE("r", "", "")), "/a", "served /a");
}

/* --- actions */

static void custom_response_below_400_is_no_refusal(void **state)
{
	struct sg_rw_request req = { .uri = "/" };
	struct sg_rw_result result =
	        run_at(IN(RULE("r", "",
	                       "<match url='.*'/><action type='CustomResponse' statusCode='403' "
	                       "subStatusCode='7' statusReason='No' statusDescription='{'/>")),
	                &req);

	(void)state;
	assert_int_equal(result.outcome, SG_RW_REFUSED);
	assert_int_equal(result.status, 403);
	assert_int_equal(result.substatus, 7);
	assert_string_equal(result.rule, "r");
	sg_rw_result_release(&result);
	expect(IN(RULE("r", "", "<match url='.*'/><action type='CustomResponse' statusCode='299'/>")), "/",
	        "responded");
	expect(IN(RULE("r", "", "<match url='.*'/><action type='CustomResponse' statusCode='404'/>")), "/",
	        "refused");
}

static void redirect_gives_target_and_status(void **state)
{
#define REDIRECT(attrs)                                                                                      \
	IN(RULE("r", "", "<match url='^a(.*)'/><action type='Redirect' " attrs "/>")                         \
	                RULE("s", "", "<match url='.*'/>" ABORT))
	struct sg_rw_request req = { .uri = "/ab?q=1" };
	struct sg_rw_result result =
	        run_at(REDIRECT("url='https://x.example/{R:1}' redirectType='Temporary'"), &req);

	(void)state;
	assert_int_equal(result.outcome, SG_RW_REDIRECTED);
	assert_int_equal(result.status, 307);
	assert_string_equal(result.url, "https://x.example/b?q=1");
	sg_rw_result_release(&result);
	expect(REDIRECT("url='/n' appendQueryString='false'"), "/a?q", "redirected /n");
	expect(REDIRECT("url='/n?z=2'"), "/a?q", "redirected /n?z=2&q");
	req.base = "/f/";
	req.uri = "/f/ax";
	expect_at(REDIRECT("url='n'"), &req, "redirected /f/n");
}

static void rewrite_appends_the_query_unless_told(void **state)
{
#define REWRITE(attrs) IN(RULE("r", "", "<match url='^a'/><action type='Rewrite' " attrs "/>"))
	(void)state;
	expect(REWRITE("url='n'"), "/a?q", "served /n?q");
	expect(REWRITE("url='n?z=1'"), "/a?q", "served /n?z=1&q");
	expect(REWRITE("url='n?z=1' appendQueryString='false'"), "/a?q", "served /n?z=1");
	expect(REWRITE("url='n'"), "/a", "served /n");
}

static void rule_after_a_rewrite_to_another_server_is_unknown(void **state)
{
	(void)state;
	expect(REWRITE("url='http://back.example/{R:0}'"), "/a", "served http://back.example/a");
	expect_why(IN(RULE("a", "", "<match url='.*'/><action type='Rewrite' url='http://back.example/'/>")
	                           RULE("b", "", "<match url='.*'/>" ABORT)),
	        "/a", "another server");
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(url_has_no_leading_slash_and_no_query),
		T(path_is_decoded_once_and_made_canonical),
		T(path_that_http_sys_refuses_is_unknown),
		T(path_that_is_no_utf8_counts_as_latin_1),
		T(url_is_relative_to_the_folder_of_the_rules),
		T(inherited_rules_see_the_url_of_their_own_folder),
		T(rewritten_url_feeds_the_next_rule),
		T(stop_processing_ends_its_own_set_only),
		T(rewrite_that_stops_ends_its_set),
		T(global_rules_run_first_wherever_they_stand),
		T(disabled_rule_does_nothing),
		T(rule_without_match_matches_every_url),
		T(custom_response_below_400_is_no_refusal),
		T(redirect_gives_target_and_status),
		T(rewrite_appends_the_query_unless_told),
		T(rule_after_a_rewrite_to_another_server_is_unknown),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
