/* test_prove_below.c - what takes rules out of force below their place, by the files as IIS reads them: each with file and line. */
#include "actions/apart.h"
#include "base/os.h"
#include "tests/lib/hive_file.h"
#include "tests/lib/prove_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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
		t_prove_show(f);
		fail_msg("%s in %s is judged as %d", e->to, e->file, f->proof.effective);
	}
	if (e->how) {
		place = t_prove_at(f, e->file, e->needle);
		text = sg_format("%s: %s%s", e->where, place, e->how);
		if (!t_prove_has_line(f, text) ||
		        (wanted == SG_EFFECTIVE_NO && !strstr(f->proof.text, text))) {
			t_prove_show(f);
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
		        "<remove> takes RewriteModule out of force" },
		{ T_ECP, "<modules>", "<modules>\n<clear/>", "<clear/>", DWS "/ecp",
		        "<clear> takes RewriteModule out of force" },
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
	assert_true(t_prove_has_line(f, "in the effective configuration of 8 URLs"));
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
	place = t_prove_at(f, sub, "<clear/>");
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
	place = t_prove_at(f, body, "<clear/>");
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

/* What a file that cannot be read holds is not known: nobody is told that the rule is not there. */
static void a_file_of_its_own_that_does_not_parse_makes_it_unknown(void **state)
{
	struct t_ur *f = *state;

	t_ur_apply(f, BARE, NULL);
	t_drive_replace(f->dir, T_WWWROOT, "</configuration>", "");
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_UNKNOWN);
	t_ur_proof_says(f, T_WWWROOT ": line ");
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
	place = t_prove_at(f, T_APPHOST, "overrideMode=\"Deny\"><system.webServer><rewrite>");
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
	place = t_prove_at(f, T_WWWROOT, "<location path=\".\"");
	t_ur_proof_says(f, place);
	t_ur_proof_says(f, "not in force at " DWS "/owa and 6 more below");
	t_ur_proof_says(f, "inheritInChildApplications=\"false\" takes 'stopgap T-9 a' out of force");
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
	assert_true(t_prove_has_line(f, "of 1 URL,"));
}

/* All files of a proof are held until it ends: a site's owner shall not choose how much memory that is. */
static void files_that_are_too_many_for_memory_are_not_known(void **state)
{
	struct t_ur *f = *state;
	struct sg_buf text = { 0 };
	struct sg_clock before = { 0 }, after = { 0 };

	t_software_dword(f->dir, "Microsoft\\InetStp\\Configuration", "MaxWebConfigFileSizeInKB", 4096);
	t_ur_apply(f, BARE, NULL);
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_YES);
	sg_buf_str(&text, "<configuration>");
	while (text.len < 2 << 20)
		sg_buf_str(&text, "<a/>");
	sg_buf_str(&text, "</configuration>");
	for (int i = 0; i < 16; i++) {
		char *folder = sg_format("%s/inetpub/wwwroot/many%d", f->dir, i),
		     *file = sg_format("%s/web.config", folder);

		assert_int_equal(sg_os_mkdirs(folder, &f->err), 0);
		assert_int_equal(sg_os_create(file, sg_buf_bytes(&text), NULL, &f->err), 0);
		free(file);
		free(folder);
	}
	sg_os_clock(&before);
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_UNKNOWN);
	sg_os_clock(&after);
	t_ur_proof_says(f, "take more than 512 MiB of memory");
	print_message("16 files of 2 MiB: %lld ms\n", (long long)(after.mono - before.mono));
	sg_buf_release(&text);
}

/* What such a folder holds could be a web.config that defeats the rule. */
static void a_folder_with_too_many_names_is_not_known(void **state)
{
	static bool seen;
	struct t_ur *f = *state;
	char *folder = sg_format("%s/inetpub/wwwroot/many", f->dir);

	/* workers have no part in it; and where names have backslashes so many files take minutes to make */
	if (!seen && !sg_os_slash('\\')) {
		t_ur_apply(f, BARE, NULL);
		assert_int_equal(sg_os_mkdirs(folder, &f->err), 0);
		assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_YES);
		for (int i = 0; i <= SG_OS_MOST_NAMES; i++) {
			char *name = sg_format("%s/%d", folder, i);
			FILE *file = fopen(name, "wb");

			assert_non_null(file);
			fclose(file);
			free(name);
		}
		assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_UNKNOWN);
		t_ur_proof_says(f, "many holds more than 65536 names");
	}
	seen = true;
	free(folder);
}

/* In this process, and once more with workers that read and run the rules. */
int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(without_tests_one_application_that_opts_out_defeats),
		T(what_only_looks_like_a_defeat_is_none),
		T(outbound_rules_and_their_preconditions_are_followed_down),
		T(folders_below_with_a_web_config_are_looked_at),
		T(a_section_in_a_file_of_its_own_is_followed),
		T(a_file_that_does_not_parse_makes_its_application_unknown),
		T(a_file_of_its_own_that_does_not_parse_makes_it_unknown),
		T(a_section_that_was_locked_later_is_said),
		T(rules_that_applications_do_not_inherit_are_missed_below),
		T(url_rewrite_that_was_uninstalled_defeats_everything),
		T(with_redirection_the_files_at_hand_are_not_in_force),
		T(with_inherit_no_applications_below_do_not_count),
		T(files_that_are_too_many_for_memory_are_not_known),
		T(a_folder_with_too_many_names_is_not_known),
	};
	sg_worker_begin(argc, argv, sg_action_jobs);
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
