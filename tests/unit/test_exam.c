/* A mitigation's tests on a server that has nothing else: rules, sequences, headers, places, and Exchange's health pages. */
#include "base/xml.h"
#include "engine/exam.h"
#include "tests/lib/as_canonical.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define DENY                                                                                                 \
	"<action type=\"CustomResponse\" statusCode=\"403\" statusReason=\"Forbidden\" "                     \
	"statusDescription=\"Refused\"/>"
#define REWRITE(at, rules)                                                                                   \
	"<Action type=\"UrlRewrite\" scope=\"Site\"><sg:At " at "/><rewrite><rules>" rules                   \
	"</rules></rewrite></Action>"
#define RULE(url)                                                                                            \
	"<rule name=\"stopgap C-1 " url "\" stopProcessing=\"true\"><match url=\"" url "\"/>" DENY "</rule>"
#define DWS "sites=\"Default Web Site\" path=\"/\" inherit=\"yes\""

static struct sg_mitigation *read_one(const char *tests, const char *actions)
{
	char *text = sg_format("<Config xmlns:sg=\"" SG_FEED_NS
	                       "\" id=\"C-1\"><sg:Test>%s</sg:Test><ActionList>%s</ActionList></Config>",
	        tests, actions);
	struct sg_mitigation *m = NULL;
	struct sg_err err = SG_ERR_INIT;

	if (decode_mitigation("corp", sg_bytes_of(text), &m, &err) || sg_actions_check(m, &err))
		fail_msg("%s", err.msg);
	free(text);
	return m;
}

/* How the first test fares: 'p'assed, 'f'ailed, 'u'nknown; '-' when nothing has a say. */
static char first(const char *tests, const char *actions)
{
	struct sg_mitigation *m = read_one(tests, actions);
	struct sg_err err = SG_ERR_INIT;
	struct sg_exam e = { 0 };
	char ret = '-';

	assert_int_equal(sg_exam(m, &e, &err), 0);
	assert_int_equal(e.passed + e.failed + e.unknown, e.n);
	if (e.n)
		ret = e.at[0].passed == SG_EFFECTIVE_YES  ? 'p'
		      : e.at[0].passed == SG_EFFECTIVE_NO ? 'f'
		                                          : 'u';
	assert_true(e.silent == (e.n == 0));
	sg_exam_release(&e);
	sg_mitigation_free(m);
	return ret;
}

static void requests_are_judged_by_the_rules_of_their_place(void **state)
{
	(void)state;
	assert_int_equal(first("<sg:Refuse uri=\"/a/x\"/>", REWRITE(DWS, RULE("^a/x"))), 'p');
	assert_int_equal(first("<sg:Refuse uri=\"/a/y\"/>", REWRITE(DWS, RULE("^a/x"))), 'f');
	assert_int_equal(first("<sg:Serve uri=\"/a/y\"/>", REWRITE(DWS, RULE("^a/x"))), 'p');
	assert_int_equal(first("<sg:Serve uri=\"/a/x\"/>", REWRITE(DWS, RULE("^a/x"))), 'f');
	/* a rule's URL is relative to the action's path, and says nothing elsewhere */
	assert_int_equal(first("<sg:Refuse uri=\"/owa/x\"/>",
	                         REWRITE("sites=\"*\" path=\"/owa\" inherit=\"no\"", RULE("^x"))),
	        'p');
	assert_int_equal(first("<sg:Refuse uri=\"/ecp/x\"/>",
	                         REWRITE("sites=\"*\" path=\"/owa\" inherit=\"no\"", RULE("^x"))),
	        'u');
	assert_int_equal(first("<sg:Serve uri=\"/ecp/x\"/>",
	                         REWRITE("sites=\"*\" path=\"/owa\" inherit=\"no\"", RULE("^x"))),
	        'p');
}

static void every_site_must_refuse(void **state)
{
	(void)state;
	assert_int_equal(first("<sg:Refuse uri=\"/a\"/>",
	                         REWRITE(DWS, RULE("^a")) REWRITE("sites=\"Exchange Back End\" path=\"/\" "
	                                                          "inherit=\"yes\"",
	                                 RULE("^b"))),
	        'f');
	assert_int_equal(
	        first("<sg:Refuse uri=\"/a\"/>",
	                REWRITE("sites=\"*\" path=\"/\" inherit=\"yes\"", RULE("^a")) REWRITE(
	                        "sites=\"Exchange Back End\" path=\"/\" inherit=\"yes\"", RULE("^b"))),
	        'p');
}

static void headers_and_methods_count(void **state)
{
	static const char rules[] =
	        "<rule name=\"stopgap C-1 c\"><match url=\".*\"/><conditions><add input=\"{HTTP_COOKIE}\" "
	        "pattern=\"evil\"/><add input=\"{REQUEST_METHOD}\" pattern=\"^POST$\"/></conditions>" DENY
	        "</rule>";
	char *actions = sg_format("<Action type=\"UrlRewrite\" scope=\"Site\"><sg:At " DWS
	                          "/><rewrite><rules>%s</rules></rewrite></Action>",
	        rules);

	(void)state;
	assert_int_equal(first("<sg:Refuse method=\"POST\" uri=\"/\"><sg:Header "
	                       "name=\"Cookie\">a=evil</sg:Header></sg:Refuse>",
	                         actions),
	        'p');
	assert_int_equal(first("<sg:Serve uri=\"/\"><sg:Header name=\"Cookie\">a=evil</sg:Header></sg:Serve>",
	                         actions),
	        'p');
	assert_int_equal(first("<sg:Refuse method=\"POST\" uri=\"/\"/>", actions), 'f');
	free(actions);
}

static void responses_are_judged_by_outbound_rules(void **state)
{
	static const char actions[] =
	        "<Action type=\"UrlRewrite\" scope=\"VDir\"><sg:At sites=\"Default Web Site\" path=\"/owa\" "
	        "inherit=\"no\"/><rewrite>"
	        "<outboundRules><rule name=\"stopgap C-1 o\"><match serverVariable=\"RESPONSE_X_A\" "
	        "pattern=\"(.*)\"/><action "
	        "type=\"Rewrite\" value=\"{R:1}; b\"/></rule></outboundRules></rewrite></Action>";

	(void)state;
	assert_int_equal(
	        first("<sg:Response uri=\"/owa/\" header=\"X-A\" is=\"a\" becomes=\"a; b\"/>", actions), 'p');
	assert_int_equal(
	        first("<sg:Response uri=\"/owa/\" header=\"X-A\" is=\"a\" becomes=\"a\"/>", actions), 'f');
	assert_int_equal(
	        first("<sg:Response uri=\"/ecp/\" header=\"X-A\" is=\"a\" becomes=\"a\"/>", actions), 'u');
}

static void sequences_refuse_as_request_filtering_does(void **state)
{
	static const char actions[] =
	        "<Action type=\"RequestFiltering\" scope=\"Site\"><sg:At " DWS
	        "/><requestFiltering><denyUrlSequences>"
	        "<add sequence=\"/evil.aspx\"/></denyUrlSequences><denyQueryStringSequences><add "
	        "sequence=\"cmd=\"/></denyQueryStringSequences></requestFiltering></Action>";

	(void)state;
	assert_int_equal(first("<sg:Refuse uri=\"/a/%65vil.ASPX\"/>", actions), 'p');
	assert_int_equal(first("<sg:Refuse uri=\"/a?x=1&amp;%63md=2\"/>", actions), 'p');
	assert_int_equal(first("<sg:Refuse uri=\"/a?x=evil.aspx\"/>", actions), 'f');
	assert_int_equal(first("<sg:Serve uri=\"/a?x=1\"/>", actions), 'p');
}

static void what_has_no_say_about_requests_is_silent(void **state)
{
	(void)state;
	assert_int_equal(first("<sg:Refuse uri=\"/\"/>",
	                         "<Action type=\"Service\" scope=\"Server\"><sg:Service name=\"X\" "
	                         "start=\"Disabled\" run=\"Stopped\"/></Action>"),
	        '-');
}

static void health_pages_of_exchange_must_be_served(void **state)
{
	struct sg_mitigation *m =
	        read_one("<sg:Refuse uri=\"/owa/x.htm\"/>", REWRITE(DWS, RULE("^owa/.*htm")));
	struct sg_exam e = { 0 };
	size_t pages = 0, bad = 0;

	(void)state;
	assert_int_equal(sg_exam(m, &e, NULL), 0);
	for (size_t i = 0; i < e.n; i++) {
		pages += e.at[i].test == SIZE_MAX;
		if (e.at[i].passed == SG_EFFECTIVE_NO) {
			assert_string_equal(e.at[i].uri, "/owa/healthcheck.htm");
			bad++;
		}
	}
	assert_int_equal(pages, 9);
	assert_int_equal(bad, 1);
	sg_exam_release(&e);
	sg_mitigation_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_judged_by_the_rules_of_their_place),
		cmocka_unit_test(every_site_must_refuse),
		cmocka_unit_test(headers_and_methods_count),
		cmocka_unit_test(responses_are_judged_by_outbound_rules),
		cmocka_unit_test(sequences_refuse_as_request_filtering_does),
		cmocka_unit_test(what_has_no_say_about_requests_is_silent),
		cmocka_unit_test(health_pages_of_exchange_must_be_served),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
