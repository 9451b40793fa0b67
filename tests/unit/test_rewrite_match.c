/* test_rewrite_match.c - patterns, conditions, variables, functions and maps of rewrite rules. */
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

/* --- patterns */

static void match_is_partial_and_ignores_case_unless_told(void **state)
{
	(void)state;
	expect(IN(RULE("r", "", "<match url='OWA'/>" ABORT)), "/x/owa/y", "refused");
	expect(IN(RULE("r", "", "<match url='OWA' ignoreCase='false'/>" ABORT)), "/x/owa/y",
	        "served /x/owa/y");
}

static void negated_match_applies_when_the_pattern_does_not(void **state)
{
	(void)state;
	expect(IN(RULE("r", "", "<match url='^a' negate='true'/>" ABORT)), "/b", "refused");
	expect(IN(RULE("r", "", "<match url='^a' negate='true'/>" ABORT)), "/a", "served /a");
}

static void ecmascript_details_hold(void **state)
{
	(void)state;
	expect(WHEN("{UrlDecode:{QUERY_STRING}}", "a$"), "/?a%0a", "served /?a%0a");
	expect(WHEN("{UrlDecode:{QUERY_STRING}}", "a.b"), "/?a%0ab", "served /?a%0ab");
	expect(WHEN("{UrlDecode:{QUERY_STRING}}", "a[^]b"), "/?a%0ab", "refused");
	expect(WHEN("{QUERY_STRING}", "^\\u0061\\x62$"), "/?ab", "refused");
	expect(WHEN("{QUERY_STRING}", "^(a)?\\1b$"), "/?b", "refused");
}

static void constructs_outside_ecmascript_are_unknown(void **state)
{
	static const char *const patterns[] = { "(?&lt;=a)b", "(?i)a", "a++", "\\Aa", "(?&lt;n>a)", "(?>a)",
		"[[:alpha:]]", "\\Qa\\E", "a{2}+", "(?#c)a", "(?R)?a" };
	char xml[512];

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		snprintf(xml, sizeof(xml), WHEN("{QUERY_STRING}", "%s"), patterns[i]);
		expect_why(xml, "/?ab", "is not ECMAScript");
	}
	expect(WHEN("{QUERY_STRING}", "^a\\++b+?[(?&lt;+]*$"), "/?a+b", "refused");
}

static void wildcard_covers_the_whole_url_and_captures_stars(void **state)
{
	const char *xml = IN(RULE("r", "patternSyntax='Wildcard'",
	        "<match url='*/x?.*'/><action type='Rewrite' url='/{R:2}/{R:1}'/>"));

	(void)state;
	expect(xml, "/a/b/x1.html", "served /html/a/b");
	expect(xml, "/a/b/x.html", "served /a/b/x.html");
	expect(IN(RULE("r", "patternSyntax='Wildcard'", "<match url='a(+'/>" ABORT)), "/A(+", "refused");
	expect(IN(RULE("r", "patternSyntax='Wildcard'", "<match url='a'/>" ABORT)), "/ab", "served /ab");
}

static void exact_match_compares_the_whole_text(void **state)
{
	(void)state;
	expect(IN(RULE("r", "patternSyntax='ExactMatch'", "<match url='a.b'/>" ABORT)), "/A.B", "refused");
	expect(IN(RULE("r", "patternSyntax='ExactMatch'", "<match url='a.b'/>" ABORT)), "/axb",
	        "served /axb");
	expect(IN(RULE("r", "patternSyntax='ExactMatch'", "<match url='a.b' ignoreCase='false'/>" ABORT)),
	        "/A.b", "served /A.b");
}

static void pattern_that_runs_away_is_unknown(void **state)
{
	char uri[128] = "/?";

	(void)state;
	memset(uri + 2, 'a', 60);
	strcpy(uri + 62, "b");
	expect_why(WHEN("{QUERY_STRING}", "^(a+)+$"), uri, "ran away");
	expect_why(WHEN("{QUERY_STRING}", "^(a|aa)*$"), uri, "ran away");
}

/* The rules may be anybody's who owns a web.config: many bad patterns together are bounded, too. */
static void many_long_patterns_are_bounded_together(void **state)
{
	struct sg_buf xml = { 0 };
	char uri[128] = "/";

	(void)state;
	memset(uri + 1, 'a', 60);
	strcpy(uri + 61, "b");
	sg_buf_str(&xml, "<rewrite><rules>");
	for (int i = 0; i < 150; i++)
		sg_buf_fmt(&xml, "<rule name='r%d'><match url='^(a+)+$'/><action type='None'/></rule>", i);
	sg_buf_str(&xml, RULE("last", "", "<match url='^(a+)+$'/>" ABORT) "</rules></rewrite>");
	expect_why((const char *)xml.data, uri, "take too long in all");
	sg_buf_release(&xml);
}

/* --- conditions */

static void match_all_needs_all_and_match_any_one(void **state)
{
#define TWO(grouping)                                                                                        \
	IN(RULE("r", "",                                                                                     \
	        "<match url='.*'/><conditions logicalGrouping='" grouping                                    \
	        "'><add input='{QUERY_STRING}' pattern='a'/>"                                                \
	        "<add input='{QUERY_STRING}' pattern='b'/></conditions>" ABORT))
	(void)state;
	expect(TWO("MatchAll"), "/?ab", "refused");
	expect(TWO("MatchAll"), "/?a", "served /?a");
	expect(TWO("MatchAny"), "/?b", "refused");
	expect(TWO("MatchAny"), "/?c", "served /?c");
}

static void negated_condition_holds_when_its_pattern_does_not(void **state)
{
	const char *xml = IN(RULE("r", "",
	        "<match url='.*'/><conditions><add input='{QUERY_STRING}' pattern='^ok$' negate='true'/>"
	        "</conditions>" ABORT));

	(void)state;
	expect(xml, "/?no", "refused");
	expect(xml, "/?ok", "served /?ok");
}

static void back_reference_c_is_the_last_matched_condition(void **state)
{
#define CAPTURES(attr, url)                                                                                  \
	IN(RULE("r", "",                                                                                     \
	        "<match url='(.*)'/><conditions " attr "><add input='{R:1}' pattern='^/?([^/]+)/([^/]+)/'/>" \
	        "<add input='{QUERY_STRING}' pattern='p2=([^&amp;]+)'/></conditions><action type='Rewrite' " \
	        "url='" url "' appendQueryString='false'/>"))
	(void)state;
	expect(CAPTURES("", "/{C:0}-{C:1}"), "/article/23/?p1=123&p2=abc", "served /p2=abc-abc");
	/* The example of the 2.0 reference. */
	expect(CAPTURES("trackAllCaptures='true'", "/{C:1}-{C:2}-{C:3}"), "/article/23/?p1=123&p2=abc",
	        "served /article-23-abc");
	expect(CAPTURES("trackAllCaptures='true'", "/x?{C:0}"), "/article/23/?p1=123&p2=abc",
	        "served /x?article/23/");
}

static void reference_to_no_group_is_unknown(void **state)
{
	(void)state;
	expect_why(IN(RULE("r", "", "<match url='.*'/><action type='Rewrite' url='/{R:1}'/>")), "/a",
	        "{R:1}, which refers to nothing");
	expect_why(
	        IN(RULE("r", "", "<match url='.*'/><action type='Rewrite' url='/{C:0}'/>")), "/a", "{C:0}");
	expect(IN(RULE("r", "", "<match url='a(b)?'/><action type='Rewrite' url='/x{R:1}'/>")), "/a",
	        "served /x");
}

static void back_references_beyond_nine_need_all_captures(void **state)
{
#define TEN "(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)"
	(void)state;
	expect_why(IN(RULE("r", "", "<match url='" TEN "'/><action type='Rewrite' url='/{R:10}'/>")),
	        "/abcdefghij", "{R:10}");
	expect(IN(RULE("r", "",
	               "<match url='.*'/><conditions trackAllCaptures='true'><add input='{QUERY_STRING}' "
	               "pattern='" TEN
	               "'/></conditions><action type='Rewrite' url='/{C:10}' appendQueryString='false'/>")),
	        "/?abcdefghij", "served /j");
}

static void captures_after_an_unknown_alternative_are_unknown(void **state)
{
	const char *xml = IN(RULE("r", "",
	        "<match url='.*'/><conditions logicalGrouping='MatchAny'><add input='{REMOTE_ADDR}' "
	        "pattern='(.)'/>"
	        "<add input='{QUERY_STRING}' pattern='(.)'/></conditions><action type='Rewrite' "
	        "url='/{C:1}'/>"));

	(void)state;
	expect_why(xml, "/?a", "{C:1}");
}

static void false_condition_makes_an_unknown_one_irrelevant(void **state)
{
#define FILE_AND(grouping, pattern)                                                                          \
	IN(RULE("r", "",                                                                                     \
	        "<match url='.*'/><conditions logicalGrouping='" grouping                                    \
	        "'><add input='{REQUEST_FILENAME}' matchType='IsFile'/>"                                     \
	        "<add input='{QUERY_STRING}' pattern='" pattern "'/></conditions>" ABORT))
	(void)state;
	expect(FILE_AND("MatchAll", "^x$"), "/?a", "served /?a");
	expect_why(FILE_AND("MatchAll", "^a$"), "/?a", "IsFile");
	expect(FILE_AND("MatchAny", "^a$"), "/?a", "refused");
	expect_why(FILE_AND("MatchAny", "^x$"), "/?a", "IsFile");
}

static void unknown_rule_without_effect_does_not_matter(void **state)
{
	(void)state;
	expect(IN(RULE("r", "",
	               "<match url='.*'/><conditions><add input='{URL}' "
	               "matchType='IsDirectory'/></conditions>"
	               "<action type='None'/>") RULE("s", "", "<match url='.*'/>" ABORT)),
	        "/a", "refused");
}

/* --- variables */

static void request_variables_have_their_values(void **state)
{
	static const char *const pairs[][2] = {
		{ "{REQUEST_METHOD}", "^PUT$" },
		{ "{HTTPS}", "^on$" },
		{ "{SERVER_PORT}", "^8443$" },
		{ "{SERVER_PORT_SECURE}", "^1$" },
		{ "{HTTP_HOST}", "^h\\.example:8443$" },
		{ "{SERVER_NAME}", "^h\\.example$" },
		{ "{URL}", "^/a b$" },
		{ "{PATH_INFO}", "^/a b$" },
		{ "{QUERY_STRING}", "^c=%20$" },
		{ "{REQUEST_URI}", "^/a%20b\\?c=%20$" },
		{ "{UNENCODED_URL}", "^/a%20b\\?c=%20$" },
		{ "{HTTP_X_NONE}", "^$" },
		{ "{CONTENT_TYPE}", "^text/xml$" },
		{ "{REMOTE_ADDR}", "^192\\.0\\.2\\.1$" },
		{ "{request_method}", "^PUT$" },
	};
	struct sg_rw_header headers[] = { { "content-type", "text/xml" } };
	struct sg_rw_request req = { .method = "PUT",
		.uri = "/a%20b?c=%20",
		.host = "h.example:8443",
		.https = true,
		.headers = headers,
		.n_headers = 1,
		.remote = "192.0.2.1" };
	char xml[512];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		snprintf(xml, sizeof(xml), WHEN("%s", "%s"), pairs[i][0], pairs[i][1]);
		expect_at(xml, &req, "refused");
	}
	req = (struct sg_rw_request){ .uri = "/" };
	expect_at(WHEN("{REQUEST_METHOD} {HTTPS} {SERVER_PORT} {HTTP_HOST}", "^GET off 80 localhost$"), &req,
	        "refused");
}

static void header_names_ignore_case_and_dashes(void **state)
{
	struct sg_rw_header headers[] = { { "user-Agent", "probe" } };
	struct sg_rw_request req = { .uri = "/", .headers = headers, .n_headers = 1 };

	(void)state;
	expect_at(WHEN("{HTTP_USER_AGENT}", "^probe$"), &req, "refused");
	expect_at(WHEN("{http_user_agent}", "^probe$"), &req, "refused");
	expect_at(WHEN("{HTTP_USER}", "^$"), &req, "refused");
}

static void headers_of_one_name_are_joined(void **state)
{
	struct sg_rw_header headers[] = { { "Cookie", "a=1" }, { "X-A", "1" }, { "cookie", "b=2" },
		{ "x-a", "2" } };
	struct sg_rw_request req = { .uri = "/", .headers = headers, .n_headers = 4 };

	(void)state;
	expect_at(WHEN("{HTTP_COOKIE}", "^a=1; b=2$"), &req, "refused");
	expect_at(WHEN("{HTTP_X_A}", "^1, 2$"), &req, "refused");
}

static void variable_of_the_machine_is_unknown_by_name(void **state)
{
	(void)state;
	expect_why(WHEN("{REMOTE_ADDR}", "^10\\."), "/", "{REMOTE_ADDR}");
	expect_why(WHEN("{REQUEST_FILENAME}", "x"), "/", "{REQUEST_FILENAME}");
	expect_why(WHEN("{RESPONSE_STATUS}", "x"), "/", "{RESPONSE_STATUS}");
}

static void variables_follow_a_rewrite_but_request_uri_is_unknown(void **state)
{
#define AFTER(input, pattern)                                                                                \
	IN(RULE("a", "", "<match url='.*'/><action type='Rewrite' url='/n/m?z=1'/>") RULE("b", "",           \
	        "<match url='.*'/><conditions><add input='" input "' pattern='" pattern                      \
	        "'/></conditions>" ABORT))
	(void)state;
	expect(AFTER("{URL} {QUERY_STRING}", "^/n/m z=1&amp;q$"), "/a%20?q", "refused");
	expect(AFTER("{UNENCODED_URL}", "^/a%20\\?q$"), "/a%20?q", "refused");
	expect_why(AFTER("{REQUEST_URI}", "q"), "/a%20?q", "{REQUEST_URI} after a rewrite");
}

static void set_variables_are_seen_by_later_rules(void **state)
{
#define SET(attrs, next)                                                                                     \
	IN(RULE("a", "",                                                                                     \
	        "<match url='(.*)'/><serverVariables><set name='HTTP_X_A' value='{R:1}' " attrs              \
	        "/></serverVariables>"                                                                       \
	        "<action type='None'/>") RULE("b", "",                                                       \
	        "<match url='.*'/><conditions><add input='{HTTP_X_A}' pattern='" next                        \
	        "'/></conditions>" ABORT))
	struct sg_rw_header headers[] = { { "X-A", "sent" } };
	struct sg_rw_request req = { .uri = "/path", .headers = headers, .n_headers = 1 };

	(void)state;
	expect_at(SET("", "^path$"), &req, "refused");
	expect_at(SET("replace='false'", "^sent$"), &req, "refused");
	req.n_headers = 0;
	expect_at(SET("replace='false'", "^path$"), &req, "refused");
}

static void variable_set_to_something_unknown_stays_unknown(void **state)
{
	(void)state;
	expect_why(
	        IN(RULE("a", "",
	                "<match url='.*'/><serverVariables><set name='MINE' "
	                "value='{REMOTE_ADDR}'/></serverVariables>") RULE("b", "",
	                "<match url='.*'/><conditions><add input='{MINE}' pattern='x'/></conditions>" ABORT)),
	        "/", "{REMOTE_ADDR}");
}

/* --- functions and maps */

static void functions_change_their_argument(void **state)
{
	(void)state;
	expect(WHEN("{ToLower:{QUERY_STRING}}", "^ab$"), "/?AB", "refused");
	expect(WHEN("{UrlDecode:{QUERY_STRING}}", "^a b%2+$"), "/?a%20b%2+", "served /?a%20b%2+");
	expect(WHEN("{UrlDecode:{QUERY_STRING}}", "^a b%2\\+$"), "/?a%20b%2+", "refused");
	expect(WHEN("{UrlEncode:{UrlDecode:{QUERY_STRING}}}", "^a%20%2F%C3%A9$"), "/?a%20/%c3%a9", "refused");
	expect(WHEN("{HtmlEncode:{QUERY_STRING}}", "^&amp;lt;&amp;amp;$"), "/?<&", "refused");
	expect(WHEN("{urldecode:{UrlDecode:{QUERY_STRING}}}", "^A$"), "/?%2541", "refused");
}

static void blank_after_the_colon_is_part_of_the_value(void **state)
{
	(void)state;
	expect(WHEN("{UrlDecode: {REQUEST_URI}}", "^ /a$"), "/%61", "refused");
	expect(WHEN("{UrlDecode: {REQUEST_URI}}", "^/a$"), "/%61", "served /%61");
}

static void rewrite_map_gives_value_or_default(void **state)
{
#define MAPPED(attrs, pattern)                                                                               \
	"<rewrite><rewriteMaps><rewriteMap name='Redirects' defaultValue='none' " attrs                      \
	"><add key='/a' value='one'/></rewriteMap>"                                                          \
	"</rewriteMaps><rules>" RULE("r", "",                                                                \
	        "<match url='.*'/><conditions><add input='{redirects:{URL}}' pattern='" pattern              \
	        "'/></conditions>" ABORT) "</rules></rewrite>"
	(void)state;
	expect(MAPPED("", "^one$"), "/A", "refused");
	expect(MAPPED("ignoreCase='false'", "^none$"), "/A", "refused");
	expect(MAPPED("", "^none$"), "/b", "refused");
	expect_why(WHEN("{Other:{URL}}", "x"), "/", "{Other:...}");
}

static void value_that_grows_without_end_is_unknown(void **state)
{
	struct sg_buf xml = { 0 };

	(void)state;
	sg_buf_str(&xml, "<rewrite><rules>");
	for (int i = 0; i < 40; i++)
		sg_buf_fmt(&xml,
		        "<rule name='r%d'><match url='.*'/><action type='Rewrite' url='/{R:0}{R:0}'/></rule>",
		        i);
	sg_buf_str(&xml, "</rules></rewrite>");
	expect_why((char *)xml.data, "/aaaa", "65536 octets");
	sg_buf_release(&xml);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(match_is_partial_and_ignores_case_unless_told),
		T(negated_match_applies_when_the_pattern_does_not),
		T(ecmascript_details_hold),
		T(constructs_outside_ecmascript_are_unknown),
		T(wildcard_covers_the_whole_url_and_captures_stars),
		T(exact_match_compares_the_whole_text),
		T(pattern_that_runs_away_is_unknown),
		T(many_long_patterns_are_bounded_together),
		T(match_all_needs_all_and_match_any_one),
		T(negated_condition_holds_when_its_pattern_does_not),
		T(back_reference_c_is_the_last_matched_condition),
		T(reference_to_no_group_is_unknown),
		T(back_references_beyond_nine_need_all_captures),
		T(captures_after_an_unknown_alternative_are_unknown),
		T(false_condition_makes_an_unknown_one_irrelevant),
		T(unknown_rule_without_effect_does_not_matter),
		T(request_variables_have_their_values),
		T(header_names_ignore_case_and_dashes),
		T(headers_of_one_name_are_joined),
		T(variable_of_the_machine_is_unknown_by_name),
		T(variables_follow_a_rewrite_but_request_uri_is_unknown),
		T(set_variables_are_seen_by_later_rules),
		T(variable_set_to_something_unknown_stays_unknown),
		T(functions_change_their_argument),
		T(blank_after_the_colon_is_part_of_the_value),
		T(rewrite_map_gives_value_or_default),
		T(value_that_grows_without_end_is_unknown),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
