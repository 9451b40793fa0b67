/* test_url_rewrite.c - what an UrlRewrite action may say, and its lines by hand. */
#include "tests/lib/rewrite_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- check */

static void check(const char *config, int code, const char *says)
{
	struct sg_mitigation *m = t_ur_decode(config);
	struct sg_err err = SG_ERR_INIT;
	int r = sg_actions_check(m, &err);

	if (r != code)
		fail_msg("%d (%s) where %d (%s) was expected", r, err.msg, code, says);
	if (says && !strstr(err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
	if (says)
		assert_non_null(strstr(err.msg, m->id));
	sg_mitigation_free(m);
}

static void good_actions_pass(void **state)
{
	(void)state;
	check(POWERSHELL, 0, NULL);
	check(CSP, 0, NULL);
	check(GLOBAL, 0, NULL);
	check(CONFIG("T-1", ACTIONS("<Action type=\"DoNothing\" "
	                            "scope=\"Server\"><Value>DoNothing</Value></Action>")),
	        0, NULL);
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-1", "x"))))), 0, NULL);
}

static void names_must_carry_the_prefix(void **state)
{
	static const char must[] = "must begin with";

	(void)state;
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("PowerShell - inbound", "x"))))),
	        SG_EINVAL, must);
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-2 x", "x"))))), SG_EINVAL,
	        must);
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-10 x", "x"))))), SG_EINVAL,
	        must);
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("Stopgap T-1 x", "x"))))), SG_EINVAL,
	        must);
	check(CONFIG("T-1",
	              ACTIONS(ACTION("Site",
	                      SITE_ROOT RULES("<rule><match url=\".*\"/><action type=\"None\"/></rule>")))),
	        SG_EINVAL, "no name");
}

static void names_are_used_once(void **state)
{
	(void)state;
	check(CONFIG("T-1", ACTIONS(ACTION("Site",
	                            SITE_ROOT RULES(RULE("stopgap T-1 a", "x") RULE("stopgap T-1 A", "y"))))),
	        SG_EINVAL, "twice");
	check(CONFIG("T-1",
	              ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-1 a", "x"))) ACTION("Site",
	                      AT("Default Web Site", "/ecp", "yes") RULES(RULE("stopgap T-1 a", "x"))))),
	        SG_EINVAL, "two actions");
}

static void what_a_feed_may_not_hold_is_named(void **state)
{
	static const struct {
		const char *rewrite, *says;
	} cases[] = {
		{ "<rewrite><rewriteMaps/></rewrite>", "<rewriteMaps>" },
		{ "<rewrite><providers/></rewrite>", "<providers>" },
		{ "<rewrite><allowedServerVariables/></rewrite>", "<allowedServerVariables>" },
		{ "<rewrite><outboundRules><customTags/></outboundRules></rewrite>", "<customTags>" },
		{ RULES("<clear/>"), "only adds" },
		{ RULES("<remove name=\"other\"/>"), "only adds" },
		{ "<rewrite><outboundRules rewriteBeforeCache=\"true\"/></rewrite>", "rewriteBeforeCache" },
		{ "<rewrite><rules configSource=\"x.config\"/></rewrite>", "configSource" },
		{ RULES("<rule name=\"stopgap T-1 a\" lockItem=\"true\"><match url=\".*\"/><action "
		        "type=\"None\"/></rule>"),
		        "lockItem" },
		{ RULES("<rule name=\"stopgap T-1 a\">text<match url=\".*\"/><action type=\"None\"/></rule>"),
		        "text" },
		{ RULES("<rule name=\"stopgap T-1 a\"><match url=\"*\"/><action type=\"None\"/></rule>"),
		        "stopgap T-1 a" },
		{ RULES("<rule name=\"stopgap T-1 a\"><match url=\"(\"/><action type=\"None\"/></rule>"),
		        "stopgap T-1 a" },
		{ RULES("<rule name=\"stopgap T-1 a\"><match url=\".*\"/><action type=\"Explode\"/></rule>"),
		        "AbortRequest" },
		{ RULES("<rule name=\"stopgap T-1 a\"><match url=\".*\" speed=\"1\"/><action "
		        "type=\"None\"/></rule>"),
		        "speed" },
		{ RULES("<sg:rule name=\"stopgap T-1 a\"/>"), "<rule>" },
		{ "<rewrite><globalRules>" RULE("stopgap T-1 a", "x") "</globalRules></rewrite>",
		        "scope=\"Server\"" },
		{ "<rewrite/>", "no rule" },
		{ "", "no <rewrite>" },
		{ "<rewrite><outboundRules><rule name=\"stopgap T-1 a\" preCondition=\"IsHTML\"><match "
		  "serverVariable=\"RESPONSE_X\" "
		  "pattern=\".*\"/><action type=\"Rewrite\" value=\"\"/></rule></outboundRules></rewrite>",
		        "IsHTML" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *config =
		        sg_format(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT "%s"))), cases[i].rewrite);

		check(config, SG_EINVAL, cases[i].says);
		free(config);
	}
}

static void the_place_is_checked(void **state)
{
#define GOOD RULES(RULE("stopgap T-1 a", "x"))
	(void)state;
	check(CONFIG("T-1", ACTIONS(ACTION("Site", GOOD))), SG_EINVAL, "needs <At");
	check(CONFIG("T-1", ACTIONS(ACTION("Server", SITE_ROOT GOOD))), SG_EINVAL, "scope=\"Server\"");
	check(CONFIG("T-1", ACTIONS(ACTION("World", SITE_ROOT GOOD))), SG_EINVAL, "Server, Site, VDir");
	check(CONFIG("T-1", ACTIONS(ACTION("VDir", "<sg:At sites=\"*\"/>" GOOD))), SG_EINVAL, "path");
	check(CONFIG("T-1", ACTIONS(ACTION("Site", "<sg:At path=\"/\"/>" GOOD))), SG_EINVAL, "sites");
	check(CONFIG("T-1", ACTIONS(ACTION("Site", AT("*", "/", "maybe") GOOD))), SG_EINVAL, "yes, no");
	check(CONFIG("T-1", ACTIONS(ACTION("VDir", AT("*", "/../x", "yes") GOOD))), SG_EINVAL, "path");
	check(CONFIG("T-1", ACTIONS(ACTION("Site", "<sg:At sites=\"*\" speed=\"1\"/>" GOOD))), SG_EINVAL,
	        "'speed'");
}

static void an_unknown_kind_is_named(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_mitigation *m =
	        t_ur_decode(CONFIG("T-1", ACTIONS("<Action type=\"Firewall\" scope=\"Server\"/>")));

	(void)state;
	assert_int_equal(sg_actions_check(m, &err), SG_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "Firewall"));
	assert_null(sg_action_kind("urlrewrite"));
	assert_string_equal(sg_action_kind("UrlRewrite")->conf_name, "url_rewrite");
	sg_mitigation_free(m);
}

/* --- by hand */

static void by_hand_lines_are_appcmd_where_appcmd_can(void **state)
{
	struct t_ur *f = *state;
	const struct sg_action_kind *kind = sg_action_kind("UrlRewrite");
	struct sg_buf out = { 0 };

	assert_int_equal(t_ur_plan(f, POWERSHELL, NULL), 0);
	kind->by_hand(&f->wishes.at[0], false, &out);
	assert_int_equal(out.len, 0); /* appcmd makes what surrounds a rule by itself */
	kind->by_hand(&f->wishes.at[f->wishes.n - 1], false, &out);
	assert_non_null(strstr((const char *)out.data,
	        "appcmd.exe set config \"Default Web Site\" -section:system.webServer/rewrite/rules "
	        "/+\"[@start,name='stopgap T-1 PowerShell',stopProcessing='true']\"\r\n"));
	assert_non_null(
	        strstr((const char *)out.data, "\"/[name='stopgap T-1 PowerShell'].match.url:.*\"\r\n"));
	assert_non_null(strstr((const char *)out.data,
	        "/+\"[name='stopgap T-1 PowerShell'].conditions.[input='{UrlDecode:{REQUEST_URI}}',"));
	sg_buf_clear(&out);
	kind->by_hand(&f->wishes.at[f->wishes.n - 1], true, &out);
	assert_non_null(strstr((const char *)out.data, "/-\"[name='stopgap T-1 PowerShell']\""));
	sg_buf_clear(&out);
	assert_int_equal(t_ur_plan(f, CSP, NULL), 0);
	kind->by_hand(&f->wishes.at[f->wishes.n - 1], false, &out);
	assert_non_null(strstr((const char *)out.data, T_OWA));
	assert_non_null(strstr((const char *)out.data, "<rule name=\"stopgap T-2 CSP\""));
	sg_buf_clear(&out);
	assert_int_equal(t_ur_plan(f, GLOBAL, NULL), 0);
	kind->by_hand(&f->wishes.at[f->wishes.n - 1], false, &out);
	assert_non_null(strstr((const char *)out.data, "/commit:apphost"));
	sg_buf_release(&out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_actions_pass),
		cmocka_unit_test(names_must_carry_the_prefix),
		cmocka_unit_test(names_are_used_once),
		cmocka_unit_test(what_a_feed_may_not_hold_is_named),
		cmocka_unit_test(the_place_is_checked),
		cmocka_unit_test(an_unknown_kind_is_named),
		T(by_hand_lines_are_appcmd_where_appcmd_can),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
