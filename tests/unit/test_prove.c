/* test_prove.c - a mitigation's own tests over the files as IIS reads them: who refuses, who does not, and what keeps a rule from it. */
#include "actions/apart.h"
#include "tests/lib/prove_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void where_no_test_asks_a_gap_is_a_warning(void **state)
{
	struct t_ur *f = *state;
	char *place, *text;

	t_ur_apply(f, POWERSHELL, NULL);
	t_drive_replace(f->dir, T_OWA, "<appSettings>",
	        "<system.webServer>" SECTION("<clear/>") "</system.webServer><appSettings>");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	assert_null(f->proof.text);
	place = t_prove_at(f, T_OWA, "<clear/>");
	text = sg_format("not in force at " DWS "/owa and 3 more below: %s<clear> takes", place);
	assert_true(t_prove_has_line(f, text));
	assert_false(f->proof.at[f->proof.n - 1].passed);
	assert_true(f->proof.at[f->proof.n - 1].warning);
	free(text);
	free(place);
}

static void where_a_test_asks_the_gap_is_named_with_the_request(void **state)
{
	static const struct {
		const char *file, *from, *to, *needle, *how;
	} cases[] = {
		{ T_ECP, "<modules>", "<rewrite><rules>\n<clear/></rules></rewrite><modules>", "<clear/>",
		        "<clear> takes 'stopgap T-1 PowerShell' out of force" },
		{ T_APPHOST, APPHOST_END, LOCATION(DWS "/ecp", SECTION("<clear/>")) APPHOST_END,
		        "<rules><clear/>", "<clear> takes 'stopgap T-1 PowerShell' out of force" },
		{ T_APPHOST, "<add name=\"MSExchangeECPAppPool\"",
		        "<add name=\"MSExchangeECPAppPool\" enableConfigurationOverride=\"false\"",
		        "<add name=\"MSExchangeECPAppPool\"",
		        "enableConfigurationOverride=\"false\" of the application pool" },
		{ T_ECP, "<modules>", "<modules>\n<remove name=\"RewriteModule\"/>",
		        "<remove name=\"RewriteModule\"", "<remove> takes RewriteModule out of force" },
		{ T_APPHOST, "<validation />", SECTION(STOP_ALL) "<validation />", "<rule name=\"early\"",
		        "rule 'early' ends the processing of every request before" },
	};
	struct t_ur *f = *state;

	t_ur_apply(f, POWERSHELL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };
		char *place, *text;

		t_drive_read(f->dir, cases[i].file, &was);
		t_drive_replace(f->dir, cases[i].file, cases[i].from, cases[i].to);
		assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_NO);
		t_ur_proof_says(f, ", and should be refused: GET /");
		place = t_prove_at(f, cases[i].file, cases[i].needle);
		text = sg_format("; %s%s", place, cases[i].how);
		t_ur_proof_says(f, text);
		free(text);
		free(place);
		t_drive_write(f->dir, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
		assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	}
}

/* A rule of somebody else that refuses protects as well: the test asks what becomes of the request, not whose rule it is. */
static void anothers_rule_that_refuses_passes_the_test(void **state)
{
	struct t_ur *f = *state;

	t_ur_apply(f, POWERSHELL, NULL);
	t_drive_replace(f->dir, T_WWWROOT, "stopProcessing=\"true\"", "enabled=\"false\"");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_NO);
	t_drive_replace(f->dir, T_APPHOST, "<validation />",
	        SECTION(RULE("EEMS M1.1 PowerShell - inbound",
	                "(?=.*autodiscover)(?=.*powershell)")) "<validation />");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	assert_true(t_prove_has_line(f, "refused by rule 'EEMS M1.1 PowerShell - inbound'"));
	assert_true(t_prove_has_line(f, "enabled=\"false\" takes 'stopgap T-1 PowerShell' out of force"));
}

/* What is wrong with ours explains no refusal by somebody else's. */
static void a_refusal_that_should_not_be_is_explained_by_itself(void **state)
{
	struct t_ur *f = *state;

	t_ur_apply(f, POWERSHELL, NULL);
	t_drive_replace(f->dir, T_WWWROOT, "stopProcessing=\"true\"", "enabled=\"false\"");
	t_drive_replace(f->dir, T_APPHOST, "<validation />", SECTION(REFUSE_ALL) "<validation />");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_NO);
	assert_string_equal(f->proof.text, "refused by rule 'early' (503), and should be served: GET /owa/");
}

/* One file, two folders: what it says is relative to each. */
static void rules_of_a_shared_file_see_urls_from_each_of_its_folders_on(void **state)
{
	static const char shared[] = CONFIG("T-8",
	        "<sg:Test><sg:Refuse uri=\"/owa/secret\"/><sg:Refuse uri=\"/owa/Calendar/secret\"/><sg:Serve "
	        "uri=\"/owa/x/secret\"/></sg:Test>" ACTIONS(
	                ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-8 a", "nothing has this")))));
	struct t_ur *f = *state;

	t_drive_replace(f->dir, T_OWA, "<appSettings>",
	        "<system.webServer>" SECTION(
	                "<clear/><rule name=\"x\"><match url=\"^secret$\"/><action "
	                "type=\"AbortRequest\"/></rule>") "</system.webServer><appSettings>");
	t_ur_prove(f, shared);
	for (size_t i = 0; i < 3; i++)
		if (!f->proof.at[i].passed)
			fail_msg("%s", f->proof.at[i].text);
}

static void a_request_that_no_place_covers_is_not_known(void **state)
{
	static const char ecp_only[] = CONFIG("T-5",
	        "<sg:Test><sg:Refuse uri=\"/ecp/nothing%20has%20this\"/><sg:Refuse "
	        "uri=\"/owa/%6eothing%20has%20this\"/></sg:Test>" ACTIONS(ACTION(
	                "VDir", AT(DWS, "/ecp", "yes") RULES(RULE("stopgap T-5 a", "nothing has this")))));
	struct t_ur *f = *state;

	t_ur_apply(f, ecp_only, NULL);
	assert_int_equal(t_ur_prove(f, ecp_only), SG_EFFECTIVE_UNKNOWN);
	t_ur_proof_says(f, "no place of the mitigation covers /owa/%6eothing%20has%20this");
	assert_true(f->proof.at[0].passed);
}

/* Dot segments and encoded letters lead to the application that IIS would choose. */
static void a_request_is_judged_where_its_path_leads(void **state)
{
	static const char round_about[] = CONFIG(
	        "T-6", "<sg:Test><sg:Refuse uri=\"/owa/../%65cp/nothing%20has%20this\"/></sg:Test>" ACTIONS(
	                       ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-6 a", "nothing has this")))));
	struct t_ur *f = *state;

	t_ur_apply(f, round_about, NULL);
	assert_int_equal(t_ur_prove(f, round_about), SG_EFFECTIVE_YES);
	t_drive_replace(f->dir, T_OWA, "<appSettings>",
	        "<system.webServer>" SECTION("<clear/>") "</system.webServer><appSettings>");
	assert_int_equal(t_ur_prove(f, round_about), SG_EFFECTIVE_YES);
	t_drive_replace(f->dir, T_ECP, "<modules>", SECTION("<clear/>") "<modules>");
	assert_int_equal(t_ur_prove(f, round_about), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "ecp\\web.config");
}

static void two_sites_are_two_answers(void **state)
{
	static const char both[] = CONFIG("T-7",
	        "<sg:Test><sg:Refuse uri=\"/ecp/nothing%20has%20this\"/></sg:Test>" ACTIONS(ACTION(
	                "Site", AT("*", "/", "yes") RULES(RULE("stopgap T-7 a", "nothing has this")))));
	struct t_ur *f = *state;

	t_ur_apply(f, both, NULL);
	assert_int_equal(t_ur_prove(f, both), SG_EFFECTIVE_YES);
	assert_int_equal(f->proof.n, 2);
	assert_non_null(strstr(f->proof.at[0].text, "GET /ecp/nothing%20has%20this at " DWS));
	assert_non_null(strstr(f->proof.at[1].text, " at Exchange Back End"));
	t_drive_replace(f->dir, T_APPHOST, APPHOST_END,
	        LOCATION("Exchange Back End/ecp", SECTION("<clear/>")) APPHOST_END);
	assert_int_equal(t_ur_prove(f, both), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "at Exchange Back End; " T_APPHOST ":");
}

static void inbound_and_outbound_actions_are_judged_by_their_own_tests(void **state)
{
	static const char two[] = CONFIG("T-3",
	        "<sg:Test><sg:Refuse uri=\"/owa/nothing%20has%20this\"/><sg:Serve "
	        "uri=\"/owa/\"/><sg:Response "
	        "uri=\"/owa/\" type=\"text/html\" header=\"X\" is=\"1\" becomes=\"y\"/></sg:Test>" ACTIONS(
	                ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-3 in", "nothing has this")))
	                        ACTION("Site", SITE_ROOT
	                                "<rewrite><outboundRules><rule name=\"stopgap T-3 out\"><match "
	                                "serverVariable=\"RESPONSE_X\" pattern=\".*\"/><action "
	                                "type=\"Rewrite\" value=\"y\"/></rule></outboundRules></rewrite>")));
	struct t_ur *f = *state;

	t_ur_apply(f, two, NULL);
	assert_int_equal(t_ur_prove(f, two), SG_EFFECTIVE_YES);
	assert_int_equal(f->proof.n, 3);
	assert_true(t_prove_has_line(f, "X becomes \"y\": /owa/"));
	t_drive_replace(f->dir, T_OWA, "<appSettings>",
	        "<system.webServer><rewrite><outboundRules>\r\n<clear/></outboundRules></rewrite></"
	        "system.webServer><appSettings>");
	assert_int_equal(t_ur_prove(f, two), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "X is \"1\", and should be \"y\": /owa/; " T_OWA ":");
	assert_true(f->proof.at[0].passed);
	assert_true(f->proof.at[1].passed);
	assert_false(f->proof.at[2].passed);
	t_drive_replace(f->dir, T_OWA, "<rewrite><outboundRules>\r\n<clear/></outboundRules></rewrite>",
	        SECTION(REFUSE_ALL));
	assert_int_equal(t_ur_prove(f, two), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "refused by rule 'early' (503), and should be served: GET /owa/");
}

/* In this process, and once more with workers that read and run the rules. */
int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(where_no_test_asks_a_gap_is_a_warning),
		T(where_a_test_asks_the_gap_is_named_with_the_request),
		T(anothers_rule_that_refuses_passes_the_test),
		T(a_refusal_that_should_not_be_is_explained_by_itself),
		T(rules_of_a_shared_file_see_urls_from_each_of_its_folders_on),
		T(a_request_that_no_place_covers_is_not_known),
		T(a_request_is_judged_where_its_path_leads),
		T(two_sites_are_two_answers),
		T(inbound_and_outbound_actions_are_judged_by_their_own_tests),
	};
	sg_worker_begin(argc, argv, sg_action_jobs);
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
