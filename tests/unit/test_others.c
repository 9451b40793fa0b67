/* test_others.c - whether somebody else's rules do it already: by behaviour, at every place, and whose they probably are. */
#include "actions/apart.h"
#include "tests/lib/rewrite_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PATTERN "(?=.*autodiscover)(?=.*powershell)"
#define THEIRS(name, action)                                                                                 \
	"<rule name=\"" name "\" stopProcessing=\"true\"><match url=\".*\" /><conditions><add "              \
	"input=\"{UrlDecode:{REQUEST_URI}}\" "                                                               \
	"pattern=\"" PATTERN "\" /></conditions><action " action " /></rule>"
#define ABORTS  "type=\"AbortRequest\""
#define FORBIDS "type=\"CustomResponse\" statusCode=\"403\" statusReason=\"Forbidden\""
#define REWRITE(rules)                                                                                       \
	"<system.webServer><rewrite><rules>" rules "</rules></rewrite></system.webServer>\r\n</"             \
	"configuration>"

struct lab {
	struct t_ur *f;
	struct sg_others others;
	struct sg_holds own;
};

static int set_up(void **state)
{
	struct lab *lab = sg_alloc(sizeof(*lab));
	void *f = NULL;

	t_ur_setup(&f);
	lab->f = f;
	*state = lab;
	return 0;
}

static int tear_down(void **state)
{
	struct lab *lab = *state;
	void *f = lab->f;

	sg_others_release(&lab->others);
	sg_holds_release(&lab->own);
	t_ur_teardown(&f);
	free(lab);
	return 0;
}

static void put(struct lab *lab, const char *file, const char *rules)
{
	t_drive_replace(lab->f->dir, file, "</configuration>", rules);
}

/* Whether all of it is there already. */
static bool asked(struct lab *lab, const char *config)
{
	sg_others_release(&lab->others);
	t_ur_use(lab->f, config);
	sg_err_clear(&lab->f->err);
	if (sg_actions_others(
	            lab->f->m, lab->f->host, &lab->f->drives, &lab->own, &lab->others, &lab->f->err))
		fail_msg("%s", lab->f->err.msg);
	return lab->others.all;
}

static const struct sg_other *named(struct lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->others.n; i++) {
		if (strstr(lab->others.at[i].text, name))
			return &lab->others.at[i];
	}
	fail_msg("%s is not among them", name);
	return NULL;
}

static void nobody_does_it_on_a_fresh_drive(void **state)
{
	struct lab *lab = *state;

	assert_false(asked(lab, POWERSHELL));
	assert_int_equal(lab->others.n, 0);
	assert_false(asked(lab, CSP));
	assert_false(asked(lab, GLOBAL));
}

static void three_rules_of_three_actors_are_told_apart(void **state)
{
	struct lab *lab = *state;

	put(lab, T_WWWROOT,
	        REWRITE(THEIRS("EEMS M1.1 PowerShell - inbound", ABORTS) THEIRS(
	                "PowerShell - inbound", FORBIDS) THEIRS("RequestBlockingRule1", ABORTS)));
	assert_true(asked(lab, POWERSHELL));
	assert_int_equal(lab->others.n, 3);
	assert_true(named(lab, "EEMS M1.1 PowerShell - inbound")->em);
	assert_non_null(strstr(named(lab, "EEMS M1.1")->text, "(Microsoft's EM)"));
	assert_non_null(strstr(named(lab, "'PowerShell - inbound'")->text, "EOMTv2"));
	assert_false(named(lab, "'PowerShell - inbound'")->em);
	assert_non_null(strstr(named(lab, "RequestBlockingRule1")->text, "by hand"));
	assert_non_null(strstr(named(lab, "EEMS M1.1")->text, "C:\\inetpub\\wwwroot\\web.config:"));
	assert_string_equal(named(lab, "EEMS M1.1")->addr.path,
	        "/configuration/system.webServer/rewrite/rules/rule[@name='EEMS M1.1 PowerShell - inbound']");
}

static void what_does_something_else_is_none(void **state)
{
	static const char *const rules[] = {
		"<rule name=\"x\"><match url=\".*\" /><action type=\"AbortRequest\" /></rule>",
		"<rule name=\"x\" enabled=\"false\"><match url=\".*\" /><conditions><add "
		"input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"" PATTERN
		"\" /></conditions><action type=\"AbortRequest\" /></rule>",
		"<rule name=\"x\"><match url=\".*\" /><conditions><add input=\"{REQUEST_URI}\" "
		"pattern=\"" PATTERN "\" /></conditions><action type=\"AbortRequest\" /></rule>",
		"<rule name=\"x\"><match url=\".*\" /><conditions><add input=\"{UrlDecode:{REQUEST_URI}}\" "
		"pattern=\".*autodiscover\\.json.*Powershell.*\" /></conditions><action "
		"type=\"AbortRequest\" "
		"/></rule>",
		THEIRS("x", "type=\"CustomResponse\" statusCode=\"404\""),
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct lab *lab = NULL;
		char *text = sg_format("<system.webServer><rewrite><rules>%s</rules></rewrite></"
		                       "system.webServer>\r\n</configuration>",
		        rules[i]);
		void *mine = NULL;

		set_up(&mine);
		lab = mine;
		put(lab, T_WWWROOT, text);
		if (asked(lab, POWERSHELL) || lab->others.n)
			fail_msg("%s", rules[i]);
		free(text);
		tear_down(&mine);
	}
	(void)state;
}

static void a_rule_counts_where_it_is_inherited_from(void **state)
{
	struct lab *lab = *state;

	put(lab, T_APPHOST, "<location path=\"Default Web Site\">" REWRITE(THEIRS("EEMS M1.1 x", ABORTS)));
	t_drive_replace(lab->f->dir, T_APPHOST, "</system.webServer>\r\n</configuration>",
	        "</system.webServer></location>\r\n</configuration>");
	assert_true(asked(lab, POWERSHELL));
	assert_int_equal(lab->others.n, 1);
	assert_string_equal(lab->others.at[0].addr.path,
	        "/configuration/location[@path='Default Web "
	        "Site']/system.webServer/rewrite/rules/rule[@name='EEMS M1.1 x']");
}

static void a_rule_that_applications_below_do_not_get_is_not_all_of_an_inherited_one(void **state)
{
	struct lab *lab = *state;

	put(lab, T_WWWROOT,
	        "<location path=\".\" inheritInChildApplications=\"false\">" REWRITE(THEIRS("x", ABORTS)));
	t_drive_replace(lab->f->dir, T_WWWROOT, "</system.webServer>\r\n</configuration>",
	        "</system.webServer></location>\r\n</configuration>");
	assert_false(asked(lab, POWERSHELL));
}

static void what_is_cleared_or_removed_on_the_way_counts_no_more(void **state)
{
	struct lab *lab = *state;

	put(lab, T_APPHOST, "<location path=\"Default Web Site\">" REWRITE(THEIRS("EEMS M1.1 x", ABORTS)));
	t_drive_replace(lab->f->dir, T_APPHOST, "</system.webServer>\r\n</configuration>",
	        "</system.webServer></location>\r\n</configuration>");
	assert_true(asked(lab, POWERSHELL));
	put(lab, T_WWWROOT, REWRITE("<remove name=\"eems m1.1 x\" />"));
	assert_false(asked(lab, POWERSHELL));
	t_drive_replace(lab->f->dir, T_WWWROOT, "<remove name=\"eems m1.1 x\" />", "<clear />");
	assert_false(asked(lab, POWERSHELL));
	t_drive_replace(
	        lab->f->dir, T_WWWROOT, "<clear />", "<clear />" THEIRS("RequestBlockingRule1", FORBIDS));
	assert_true(asked(lab, POWERSHELL));
	assert_int_equal(lab->others.n, 1);
}

static void what_we_hold_is_nobody_elses(void **state)
{
	struct lab *lab = *state;
	struct sg_hold *hold;

	put(lab, T_WWWROOT, REWRITE(THEIRS("stopgap T-1 PowerShell", ABORTS)));
	assert_true(asked(lab, POWERSHELL));
	assert_non_null(strstr(lab->others.at[0].text, "a copy of ours"));
	hold = sg_holds_add(&lab->own);
	sg_addr_copy(&hold->addr, &lab->others.at[0].addr);
	assert_false(asked(lab, POWERSHELL));
	assert_int_equal(lab->others.n, 0);
}

#define THEIR_CSP(pattern)                                                                                   \
	"<system.webServer><rewrite><outboundRules><preConditions><preCondition name=\"EOMT OWA SPA HTML "   \
	"shell - precondition\"><add input=\"{RESPONSE_CONTENT_TYPE}\" pattern=\"" pattern                   \
	"\" /></preCondition></preConditions><rule name=\"EOMT OWA CSP - outbound\" preCondition=\"EOMT "    \
	"OWA SPA HTML shell - precondition\"><match serverVariable=\"RESPONSE_Content_Security_Policy\" "    \
	"pattern=\"(.*)\" /><action type=\"Rewrite\" value=\"{R:1}; script-src-attr 'none'\" /></rule>"      \
	"</outboundRules></rewrite></system.webServer>\r\n</configuration>"

static void an_outbound_rule_counts_with_its_pre_condition(void **state)
{
	struct lab *lab = *state;

	put(lab, T_OWA, THEIR_CSP("^text/html"));
	assert_true(asked(lab, CSP));
	assert_int_equal(lab->others.n, 1);
	assert_non_null(strstr(lab->others.at[0].text, "EOMT, probably"));
	t_drive_replace(lab->f->dir, T_OWA, "\"^text/html\"", "\"^text/plain\"");
	assert_false(asked(lab, CSP));
	assert_int_equal(lab->others.n, 0);
}

static void half_of_it_is_not_all(void **state)
{
	struct lab *lab = *state;
	const char *two =
	        CONFIG("T-9", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-9 a", PATTERN) RULE(
	                                                     "stopgap T-9 b", "something else")))));

	put(lab, T_WWWROOT, REWRITE(THEIRS("PowerShell - inbound", ABORTS)));
	assert_false(asked(lab, two));
	assert_int_equal(lab->others.n, 1); /* it is shown all the same */
}

static void a_rule_of_the_parent_does_it_below_too(void **state)
{
	struct lab *lab = *state;
	const char *below =
	        CONFIG("T-8", ACTIONS(ACTION("VDir", AT("Default Web Site", "/ecp", "yes") RULES(
	                                                     RULE("stopgap T-8 PowerShell", PATTERN)))));

	put(lab, T_WWWROOT, REWRITE(THEIRS("PowerShell - inbound", ABORTS)));
	assert_true(asked(lab,
	        below)); /* both match whatever the URL is, so the folder it is relative to is no matter */
	t_drive_replace(lab->f->dir, T_WWWROOT, "url=\".*\"", "url=\"ecp/.*\"");
	assert_false(asked(lab, below));
}

static void global_rules_are_compared_with_global_rules(void **state)
{
	struct lab *lab = *state;
	const char *rule = "<rule name=\"theirs\" stopProcessing=\"true\"><match "
	                   "url=\"(^|/)upload\\.ashx$\" /><action type=\"AbortRequest\" /></rule>";
	char *text = sg_format("<system.webServer><rewrite><globalRules>%s</globalRules></rewrite></"
	                       "system.webServer>\r\n</configuration>",
	        rule);

	put(lab, T_APPHOST, text);
	assert_true(asked(lab, GLOBAL));
	assert_non_null(strstr(lab->others.at[0].text, "made by hand or by another tool"));
	free(text);
}

static void a_file_that_cannot_be_read_holds_nobody_elses(void **state)
{
	struct lab *lab = *state;

	put(lab, T_WWWROOT, REWRITE(THEIRS("PowerShell - inbound", ABORTS)));
	assert_true(asked(lab, POWERSHELL));
	t_drive_replace(lab->f->dir, T_WWWROOT, "</rules>", "");
	assert_false(asked(lab, POWERSHELL));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* In this process, and once more with workers that read and run the rules. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(nobody_does_it_on_a_fresh_drive),
		T(three_rules_of_three_actors_are_told_apart),
		T(what_does_something_else_is_none),
		T(a_rule_counts_where_it_is_inherited_from),
		T(a_rule_that_applications_below_do_not_get_is_not_all_of_an_inherited_one),
		T(what_is_cleared_or_removed_on_the_way_counts_no_more),
		T(what_we_hold_is_nobody_elses),
		T(an_outbound_rule_counts_with_its_pre_condition),
		T(half_of_it_is_not_all),
		T(a_rule_of_the_parent_does_it_below_too),
		T(global_rules_are_compared_with_global_rules),
		T(a_file_that_cannot_be_read_holds_nobody_elses),
	};

	sg_worker_begin(argc, argv, sg_action_jobs);
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
