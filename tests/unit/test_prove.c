/* test_prove.c - what takes rules out of force below their place, by the files as IIS reads them: each with file and line. */
#include "tests/lib/rewrite_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define DWS "Default Web Site"
/* Rules without a test: what the files say decides. */
#define BARE                                                                                                 \
	CONFIG("T-9", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-9 a", "nothing has this")))))
#define BARE_OUT                                                                                             \
	CONFIG("T-8", ACTIONS(ACTION("Site", SITE_ROOT                                                       \
	                      "<rewrite><outboundRules><preConditions><preCondition name=\"stopgap "         \
	                      "T-8 html\"><add input=\"{RESPONSE_CONTENT_TYPE}\" "                           \
	                      "pattern=\"^text/html\"/></preCondition></preConditions><rule "                \
	                      "name=\"stopgap T-8 a\" preCondition=\"stopgap T-8 html\"><match "             \
	                      "serverVariable=\"RESPONSE_X\" pattern=\".*\"/><action type=\"Rewrite\" "      \
	                      "value=\"y\"/></rule></outboundRules></rewrite>")))
#define SECTION(inside) "<rewrite><rules>" inside "</rules></rewrite>"
#define STOP_ALL                                                                                             \
	"<rule name=\"early\" stopProcessing=\"true\"><match url=\".*\"/><action type=\"None\"/></rule>"
#define REFUSE_ALL                                                                                           \
	"<rule name=\"early\" stopProcessing=\"true\"><match url=\".*\"/><action type=\"CustomResponse\" "   \
	"statusCode=\"503\"/></rule>"
#define LOCATION(path, inside)                                                                               \
	"<location path=\"" path "\"><system.webServer>" inside "</system.webServer></location>"
#define APPHOST_END "<location path=\"Exchange Back End/owa/15.2.986.29\">"

/* "FILE:LINE: " of the first `needle` in the file. */
static char *at(const struct t_ur *f, const char *file, const char *needle)
{
	struct sg_buf octets = { 0 };
	const char *found;
	unsigned line = 1;
	char *text;

	t_drive_read(f->dir, file, &octets);
	found = strstr((const char *)octets.data, needle);
	if (!found)
		fail_msg("%s does not hold %s", file, needle);
	for (const char *p = (const char *)octets.data; found && p < found; p++)
		line += *p == '\n';
	text = sg_format("%s:%u: ", file, line);
	sg_buf_release(&octets);
	return text;
}

static bool has_line(const struct t_ur *f, const char *text)
{
	for (size_t i = 0; i < f->proof.n; i++)
		if (strstr(f->proof.at[i].text, text))
			return true;
	return false;
}

static void show_lines(const struct t_ur *f)
{
	print_message("effective %d: %s\n", f->proof.effective, f->proof.text ? f->proof.text : "");
	for (size_t i = 0; i < f->proof.n; i++)
		print_message("  %d %s\n", f->proof.at[i].passed, f->proof.at[i].text);
}

/* One edit of one file, and what is then in force. */
struct edit {
	const char *file, *from, *to;
	const char *needle; /* it names the line of this text, in that file */
	const char *where;  /* "Default Web Site/ecp" */
	const char *how;    /* behind file and line; NULL: all is in force */
};

static void check(struct t_ur *f, const char *config, const struct edit *e, enum sg_effective wanted)
{
	struct sg_buf was = { 0 };
	char *place, *text;

	t_drive_read(f->dir, e->file, &was);
	t_drive_replace(f->dir, e->file, e->from, e->to);
	if (t_ur_prove(f, config) != wanted) {
		show_lines(f);
		fail_msg("%s in %s is judged as %d", e->to, e->file, f->proof.effective);
	}
	if (e->how) {
		place = at(f, e->file, e->needle);
		text = sg_format("%s: %s%s", e->where, place, e->how);
		if (!has_line(f, text) || (wanted == SG_EFFECTIVE_NO && !strstr(f->proof.text, text))) {
			show_lines(f);
			fail_msg("it does not say: %s", text);
		}
		free(text);
		free(place);
	}
	t_drive_write(f->dir, e->file, sg_buf_bytes(&was));
	sg_buf_release(&was);
	assert_int_equal(t_ur_prove(f, config), SG_EFFECTIVE_YES);
}

static void without_tests_one_application_that_opts_out_defeats(void **state)
{
	const struct edit edits[] = {
		{ T_ECP, "<modules>", "<rewrite><rules>\n<clear/></rules></rewrite><modules>", "<clear/>",
		        DWS "/ecp", "<clear> takes 'stopgap T-9 a' out of force" },
		{ T_ECP, "<modules>",
		        "<rewrite><rules>\n<remove name=\"STOPGAP t-9 A\"/></rules></rewrite><modules>",
		        "<remove name=\"STOPGAP", DWS "/ecp", "<remove> takes 'stopgap T-9 a' out of force" },
		{ T_ECP, "<modules>", "<modules>\n<remove name=\"RewriteModule\"/>",
		        "<remove name=\"RewriteModule\"", DWS "/ecp",
		        "<remove> takes URL Rewrite out of force" },
		{ T_ECP, "<modules>", "<modules>\n<clear/>", "<clear/>", DWS "/ecp",
		        "<clear> takes URL Rewrite out of force" },
		/* the second <system.webServer> of a file counts, too */
		{ T_ECP, "<appSettings>",
		        "<system.webServer>\n" SECTION("<clear/>") "</system.webServer><appSettings>",
		        "<clear/>", DWS "/ecp", "<clear> takes 'stopgap T-9 a' out of force" },
		/* four applications read this file: one cause is said once */
		{ T_OWA, "<appSettings>",
		        "<system.webServer>" SECTION("<clear/>") "</system.webServer><appSettings>",
		        "<clear/>", DWS "/owa and 3 more below",
		        "<clear> takes 'stopgap T-9 a' out of force" },
		{ T_WWWROOT, "stopProcessing=\"true\"", "enabled=\"false\"", "enabled=\"false\"",
		        DWS "/ and 7 more below", "enabled=\"false\" takes 'stopgap T-9 a' out of force" },
		{ T_WWWROOT, "</rules>", "<clear/></rules>", "<clear/>", DWS "/ and 7 more below",
		        "<clear> takes 'stopgap T-9 a' out of force" },
		{ T_WWWROOT, "<rules>", "<rules>\n" STOP_ALL, "<rule name=\"early\"",
		        DWS "/ and 7 more below",
		        "rule 'early' ends the processing of every request before 'stopgap T-9 a'" },
		{ T_APPHOST, "<validation />", SECTION(STOP_ALL) "<validation />", "<rule name=\"early\"",
		        DWS "/ and 7 more below",
		        "rule 'early' ends the processing of every request before 'stopgap T-9 a'" },
		{ T_APPHOST, APPHOST_END, LOCATION(DWS "/ecp", SECTION("<clear/>")) APPHOST_END,
		        "<rules><clear/>", DWS "/ecp", "<clear> takes 'stopgap T-9 a' out of force" },
		{ T_APPHOST, "<add name=\"MSExchangeECPAppPool\"",
		        "<add name=\"MSExchangeECPAppPool\" enableConfigurationOverride=\"false\"",
		        "<add name=\"MSExchangeECPAppPool\"", DWS "/ecp",
		        "enableConfigurationOverride=\"false\" of the application pool: " T_WWWROOT
		        " is ignored, and 'stopgap T-9 a' is nowhere else" },
		{ T_APPHOST, "<applicationPoolDefaults ",
		        "<applicationPoolDefaults enableConfigurationOverride=\"false\" ",
		        "<applicationPoolDefaults ", DWS "/ and 7 more below",
		        "enableConfigurationOverride=\"false\" of the application pool: " T_WWWROOT
		        " is ignored" },
	};
	struct t_ur *f = *state;

	t_ur_apply(f, BARE, NULL);
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_YES);
	assert_true(has_line(f, "in the effective configuration of 8 URLs"));
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++)
		check(f, BARE, &edits[i], SG_EFFECTIVE_NO);
}

static void what_only_looks_like_a_defeat_is_none(void **state)
{
	static const struct edit edits[] = {
		/* taken out and brought again */
		{ T_ECP, "<modules>",
		        SECTION("<remove name=\"stopgap T-9 a\"/>" RULE("stopgap T-9 a", "x")) "<modules>",
		        NULL, NULL, NULL },
		/* ends only some requests, or refuses them all, or is disabled, or stands behind ours */
		{ T_APPHOST, "<validation />",
		        SECTION("<rule name=\"early\" stopProcessing=\"true\"><match "
		                "url=\"^health\"/><action "
		                "type=\"None\"/></rule>") "<validation />",
		        NULL, NULL, NULL },
		{ T_APPHOST, "<validation />", SECTION(REFUSE_ALL) "<validation />", NULL, NULL, NULL },
		{ T_APPHOST, "<validation />",
		        SECTION("<rule name=\"early\" enabled=\"false\" stopProcessing=\"true\"><match "
		                "url=\".*\"/><action type=\"None\"/></rule>") "<validation />",
		        NULL, NULL, NULL },
		{ T_ECP, "<modules>", SECTION(STOP_ALL) "<modules>", NULL, NULL, NULL },
		/* another name, another site, another section */
		{ T_ECP, "<modules>", SECTION("<remove name=\"PowerShell - inbound\"/>") "<modules>", NULL,
		        NULL, NULL },
		{ T_APPHOST, APPHOST_END, LOCATION("Exchange Back End/ecp", SECTION("<clear/>")) APPHOST_END,
		        NULL, NULL, NULL },
		{ T_ECP, "<modules>", "<httpErrors><clear/></httpErrors><modules>", NULL, NULL, NULL },
		/* applications below inherit nothing of it, and the site's root has the rule behind it */
		{ T_ECP, "<modules>",
		        "<modules><remove name=\"RewriteModule\"/><add name=\"RewriteModule\"/>", NULL, NULL,
		        NULL },
	};
	struct t_ur *f = *state;

	t_ur_apply(f, BARE, NULL);
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++)
		check(f, BARE, &edits[i], SG_EFFECTIVE_YES);
}

static void outbound_rules_and_their_preconditions_are_followed_down(void **state)
{
	static const struct edit edits[] = {
		{ T_ECP, "<modules>",
		        "<rewrite><outboundRules>\n<remove name=\"stopgap T-8 "
		        "a\"/></outboundRules></rewrite><modules>",
		        "<remove name=\"stopgap", DWS "/ecp", "<remove> takes 'stopgap T-8 a' out of force" },
		{ T_ECP, "<modules>",
		        "<rewrite><outboundRules><preConditions>\n<clear/></preConditions></outboundRules></"
		        "rewrite><modules>",
		        "<clear/>", DWS "/ecp", "<clear> takes 'stopgap T-8 html' out of force" },
		{ T_APPHOST, "<validation />",
		        "<rewrite><outboundRules>\n<rule name=\"early\" stopProcessing=\"true\"><match "
		        "serverVariable=\"RESPONSE_x\" pattern=\"^.*$\"/><action "
		        "type=\"None\"/></rule></outboundRules></rewrite><validation />",
		        "<rule name=\"early\"", DWS "/ and 7 more below",
		        "rule 'early' ends the processing of every request before 'stopgap T-8 a'" },
	};
	struct t_ur *f = *state;

	t_ur_apply(f, BARE_OUT, NULL);
	assert_int_equal(t_ur_prove(f, BARE_OUT), SG_EFFECTIVE_YES);
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++)
		check(f, BARE_OUT, &edits[i], SG_EFFECTIVE_NO);
}

/* --- with tests: they decide, and the rest is said */

static void where_no_test_asks_a_gap_is_a_warning(void **state)
{
	struct t_ur *f = *state;
	char *place, *text;

	t_ur_apply(f, POWERSHELL, NULL);
	t_drive_replace(f->dir, T_OWA, "<appSettings>",
	        "<system.webServer>" SECTION("<clear/>") "</system.webServer><appSettings>");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	assert_null(f->proof.text);
	place = at(f, T_OWA, "<clear/>");
	text = sg_format("not in force at " DWS "/owa and 3 more below: %s<clear> takes", place);
	assert_true(has_line(f, text));
	assert_false(f->proof.at[f->proof.n - 1].passed);
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
		        "<remove name=\"RewriteModule\"", "<remove> takes URL Rewrite out of force" },
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
		place = at(f, cases[i].file, cases[i].needle);
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
	assert_true(has_line(f, "refused by rule 'EEMS M1.1 PowerShell - inbound'"));
	assert_true(has_line(f, "enabled=\"false\" takes 'stopgap T-1 PowerShell' out of force"));
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

/* --- the rest of what IIS reads, or does not */

static void folders_below_with_a_web_config_are_looked_at(void **state)
{
	static const char sub[] = T_V15 "\\FrontEnd\\HttpProxy\\ecp\\15.2.986\\sub\\web.config";
	struct t_ur *f = *state;
	char *place, *text;

	t_ur_apply(f, BARE, NULL);
	t_drive_write(f->dir, sub,
	        sg_bytes_of("<configuration>\n<system.webServer>" SECTION(
	                "<clear/>") "</system.webServer></configuration>"));
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_NO);
	place = at(f, sub, "<clear/>");
	text = sg_format("not in force at " DWS "/ecp/15.2.986/sub: %s<clear> takes", place);
	t_ur_proof_says(f, text);
	free(text);
	free(place);
	/* IIS does not look for it there: it does no harm */
	t_drive_replace(f->dir, T_APPHOST, "allowSubDirConfig=\"true\"", "allowSubDirConfig=\"false\"");
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_YES);
	t_drive_replace(f->dir, T_APPHOST,
	        "<virtualDirectory path=\"/\" physicalPath=\"" T_V15 "\\FrontEnd\\HttpProxy\\ecp\"",
	        "<virtualDirectory path=\"/\" allowSubDirConfig=\"true\" physicalPath=\"" T_V15
	        "\\FrontEnd\\HttpProxy\\ecp\"");
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_NO);
}

static void a_section_in_a_file_of_its_own_is_followed(void **state)
{
	static const char body[] = T_V15 "\\FrontEnd\\HttpProxy\\ecp\\rules.xml";
	struct t_ur *f = *state;
	char *place;

	t_ur_apply(f, BARE, NULL);
	t_drive_replace(f->dir, T_ECP, "<modules>",
	        "<rewrite><rules configSource=\"rules.xml\"/></rewrite><modules>");
	t_drive_write(f->dir, body, sg_bytes_of("<rules>\n\n<clear/></rules>"));
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_NO);
	place = at(f, body, "<clear/>");
	t_ur_proof_says(f, place);
	free(place);
	t_drive_write(f->dir, body, sg_bytes_of("<rules/>"));
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_YES);
	t_drive_remove(f->dir, body);
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_UNKNOWN);
	t_ur_proof_says(f, "rules.xml");
}

static void a_file_that_does_not_parse_makes_its_application_unknown(void **state)
{
	struct t_ur *f = *state;

	t_ur_apply(f, BARE, NULL);
	t_drive_replace(f->dir, T_ECP, "</modules>", "<modules>");
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_UNKNOWN);
	t_ur_proof_says(f, "not known at " DWS "/ecp: " T_ECP ":");
	t_ur_proof_says(f, "it answers 500.19 for all of " DWS "/ecp");
	/* what is certain elsewhere outweighs it */
	t_drive_replace(f->dir, T_APPHOST, "<validation />", SECTION(STOP_ALL) "<validation />");
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_NO);
}

static void a_section_that_was_locked_later_is_said(void **state)
{
	struct t_ur *f = *state;
	char *place;

	t_ur_apply(f, BARE, NULL);
	t_drive_replace(f->dir, T_APPHOST, APPHOST_END,
	        "<location path=\"" DWS "\" "
	                                "overrideMode=\"Deny\"><system.webServer><rewrite><rules/></"
	                                "rewrite></system.webServer></location>\n" APPHOST_END);
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_NO);
	place = at(f, T_APPHOST, "overrideMode=\"Deny\"><system.webServer><rewrite>");
	t_ur_proof_says(f, place);
	t_ur_proof_says(f, "with a rule in it IIS answers 500.19 there");
	free(place);
}

static void rules_that_applications_do_not_inherit_are_missed_below(void **state)
{
	struct t_ur *f = *state;
	char *place;

	t_ur_apply(f, BARE, NULL);
	t_drive_replace(f->dir, T_WWWROOT, "</system.webServer>\r\n</configuration>",
	        "</system.webServer></location>\r\n</configuration>");
	t_drive_replace(f->dir, T_WWWROOT, "<system.webServer>\r\n    <rewrite>",
	        "<location path=\".\" inheritInChildApplications=\"false\"><system.webServer>\r\n    "
	        "<rewrite>");
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_NO);
	place = at(f, T_WWWROOT, "<location path=\".\"");
	t_ur_proof_says(f, place);
	t_ur_proof_says(f, "not in force at " DWS "/owa and 6 more below");
	t_ur_proof_says(f, "inheritInChildApplications=\"false\" keeps 'stopgap T-9 a' from it");
	free(place);
}

static void url_rewrite_that_was_uninstalled_defeats_everything(void **state)
{
	struct t_ur *f = *state;

	t_ur_apply(f, POWERSHELL, NULL);
	t_drive_replace(f->dir, T_APPHOST, "<add name=\"RewriteModule\" />", "");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, T_APPHOST ": URL Rewrite is not installed: no RewriteModule in modules");
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_NO);
}

static void with_redirection_the_files_at_hand_are_not_in_force(void **state)
{
	static const char *const configs[] = { POWERSHELL, BARE };
	struct t_ur *f = *state;

	for (size_t i = 0; i < 2; i++)
		t_ur_apply(f, configs[i], NULL);
	t_drive_write(f->dir, T_REDIRECT,
	        sg_bytes_of("<configuration>\n<configurationRedirection enabled=\"true\" "
	                    "path=\"\\\\s\\iis\"/>\n</configuration>"));
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(t_ur_prove(f, configs[i]), SG_EFFECTIVE_NO);
		t_ur_proof_says(f, T_REDIRECT ":2: redirection.config is enabled");
	}
	t_drive_replace(f->dir, T_REDIRECT, "enabled=\"true\"", "enabled=\"false\"");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(t_ur_prove(f, configs[i]), SG_EFFECTIVE_YES);
	/* without the file nobody can tell anything */
	t_drive_replace(f->dir, T_APPHOST, "</configuration>", "");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(t_ur_prove(f, configs[i]), SG_EFFECTIVE_UNKNOWN);
}

/* Rules of an action that is for one application only are looked for in that one alone. */
static void with_inherit_no_applications_below_do_not_count(void **state)
{
	static const char own[] = CONFIG("T-4",
	        ACTIONS(ACTION("Site", AT(DWS, "/", "no") RULES(RULE("stopgap T-4 a", "nothing has this")))));
	struct t_ur *f = *state;

	t_ur_apply(f, own, NULL);
	t_drive_replace(f->dir, T_ECP, "<modules>", SECTION("<clear/>") "<modules>");
	assert_int_equal(t_ur_prove(f, own), SG_EFFECTIVE_YES);
	assert_true(has_line(f, "of 1 URL,"));
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
	assert_true(has_line(f, "X becomes \"y\": /owa/"));
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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(without_tests_one_application_that_opts_out_defeats),
		T(what_only_looks_like_a_defeat_is_none),
		T(outbound_rules_and_their_preconditions_are_followed_down),
		T(where_no_test_asks_a_gap_is_a_warning),
		T(where_a_test_asks_the_gap_is_named_with_the_request),
		T(anothers_rule_that_refuses_passes_the_test),
		T(a_request_that_no_place_covers_is_not_known),
		T(a_request_is_judged_where_its_path_leads),
		T(two_sites_are_two_answers),
		T(folders_below_with_a_web_config_are_looked_at),
		T(a_section_in_a_file_of_its_own_is_followed),
		T(a_file_that_does_not_parse_makes_its_application_unknown),
		T(a_section_that_was_locked_later_is_said),
		T(rules_that_applications_do_not_inherit_are_missed_below),
		T(url_rewrite_that_was_uninstalled_defeats_everything),
		T(with_redirection_the_files_at_hand_are_not_in_force),
		T(with_inherit_no_applications_below_do_not_count),
		T(inbound_and_outbound_actions_are_judged_by_their_own_tests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
