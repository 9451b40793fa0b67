/* test_url_rewrite_plan.c - what an UrlRewrite action wishes for on a server, and what is refused. */
#include "tests/lib/rewrite_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- plan */

static void wishes_are_scaffolds_then_elements_in_the_feeds_order(void **state)
{
	static const char *const paths[] = {
		"/configuration/system.webServer",
		"/configuration/system.webServer/rewrite",
		"/configuration/system.webServer/rewrite/rules",
		"/configuration/system.webServer/rewrite/rules/rule[@name='stopgap T-1 a']",
		"/configuration/system.webServer/rewrite/rules/rule[@name='stopgap T-1 b']",
	};
	struct t_ur *f = *state;

	assert_int_equal(
	        t_ur_plan(f,
	                CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-1 a", "x")
	                                                                     RULE("stopgap T-1 b", "y"))))),
	                NULL),
	        0);
	assert_int_equal(f->wishes.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(f->wishes.at[i].addr.path, paths[i]);
		assert_string_equal(f->wishes.at[i].addr.container, T_WWWROOT);
		assert_int_equal(f->wishes.at[i].addr.kind, i < 3 ? SG_VALUE_SCAFFOLD : SG_VALUE_ELEMENT);
		assert_true(f->wishes.at[i].to.present);
		assert_string_equal(f->wishes.at[i].site, "Default Web Site");
	}
	assert_null(f->wishes.at[3].to.after);
	assert_string_equal(f->wishes.at[4].to.after, "rule[@name='stopgap T-1 a']");
	assert_null(strstr((const char *)f->wishes.at[3].to.octets.data, "xmlns"));
	assert_int_equal(f->wishes.at[3].to.lead.len, 0);
}

static void attributes_stand_in_the_schemas_order_whatever_the_documents(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(
	        t_ur_plan(f,
	                CONFIG("T-1",
	                        ACTIONS(ACTION("Site",
	                                SITE_ROOT RULES(
	                                        "<rule stopProcessing='true' name='stopgap T-1 a'><match "
	                                        "url='x'/>"
	                                        "<action statusCode='403' statusReason='Forbidden' "
	                                        "statusDescription='No' type='CustomResponse'/></rule>")))),
	                NULL),
	        0);
	assert_string_equal((const char *)f->wishes.at[f->wishes.n - 1].to.octets.data,
	        "<rule name=\"stopgap T-1 a\" stopProcessing=\"true\"><match url=\"x\" />"
	        "<action type=\"CustomResponse\" statusCode=\"403\" statusReason=\"Forbidden\" "
	        "statusDescription=\"No\" /></rule>");
}

static void a_precondition_is_a_value_beside_its_rule(void **state)
{
#define OWA_REWRITE                                                                                          \
	"/configuration/location[@path='.'][@inheritInChildApplications='false']/system.webServer/rewrite/"  \
	"outboundRules"
	struct t_ur *f = *state;

	assert_int_equal(t_ur_plan(f, CSP, NULL), 0);
	assert_int_equal(f->wishes.n, 7);
	assert_string_equal(f->wishes.at[0].addr.path,
	        "/configuration/location[@path='.'][@inheritInChildApplications='false']");
	assert_string_equal(f->wishes.at[4].addr.path, OWA_REWRITE "/preConditions");
	assert_string_equal(f->wishes.at[5].addr.path,
	        OWA_REWRITE "/preConditions/preCondition[@name='stopgap T-2 HTML']");
	assert_string_equal(f->wishes.at[6].addr.path, OWA_REWRITE "/rule[@name='stopgap T-2 CSP']");
	assert_string_equal(f->wishes.at[6].addr.container, T_OWA);
	assert_string_equal(f->wishes.at[6].site, "Default Web Site/owa");
}

static void the_server_and_folders_without_web_config_are_in_applicationhost(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(t_ur_plan(f, GLOBAL, NULL), 0);
	assert_string_equal(f->wishes.at[f->wishes.n - 1].addr.container, T_APPHOST);
	assert_string_equal(f->wishes.at[f->wishes.n - 1].addr.path,
	        "/configuration/system.webServer/rewrite/globalRules/rule[@name='stopgap T-3 upload']");
	assert_null(f->wishes.at[0].site);
	assert_int_equal(t_ur_plan(f,
	                         CONFIG("T-1", ACTIONS(ACTION("VDir", AT("*", "/OAB", "yes") RULES(
	                                                                      RULE("stopgap T-1 a", "x"))))),
	                         NULL),
	        0);
	assert_int_equal(f->wishes.n, 10);
	assert_string_equal(f->wishes.at[4].addr.path,
	        "/configuration/location[@path='Default Web "
	        "Site/OAB']/system.webServer/rewrite/rules/rule[@name='stopgap T-1 a']");
	assert_string_equal(f->wishes.at[9].addr.container, T_APPHOST);
	assert_non_null(strstr(f->wishes.at[9].addr.path, "Exchange Back End/OAB"));
}

static void doing_nothing_wishes_nothing(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(
	        t_ur_plan(f, CONFIG("T-1", ACTIONS("<Action type=\"DoNothing\" scope=\"Server\"/>")), NULL),
	        0);
	assert_int_equal(f->wishes.n, 0);
}

static void what_speaks_against_it_is_said_and_nothing_is_touched(void **state)
{
#define AT_ROOT(rules) CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT rules)))
	static const struct {
		const char *config, *file, *from, *to;
		int code;
		const char *says;
	} cases[] = {
		{ POWERSHELL, T_APPHOST, "<add name=\"RewriteModule\" image=", "<add name=\"X\" image=",
		        SG_EUNSUPPORTED, "URL Rewrite is not installed" },
		{ POWERSHELL, T_APPHOST, "<sectionGroup name=\"rewrite\">", "<sectionGroup name=\"x\">",
		        SG_EUNSUPPORTED, "URL Rewrite is not installed" },
		{ POWERSHELL, T_APPHOST, "<section name=\"rules\" overrideModeDefault=\"Allow\" />",
		        "<section name=\"rules\" overrideModeDefault=\"Deny\" />", SG_EACCES, "locked" },
		{ POWERSHELL, T_WWWROOT, "</system.web>", "<system.web>", SG_EPARSE, "wwwroot\\web.config" },
		{ POWERSHELL, T_WWWROOT, "<configuration>", "<!DOCTYPE configuration><configuration>",
		        SG_EUNSUPPORTED, "DOCTYPE" },
		{ POWERSHELL, T_WWWROOT, "<assemblyBinding",
		        "<system.webServer><rewrite><rules "
		        "configSource=\"r.config\"/></rewrite></system.webServer><assemblyBinding",
		        SG_EUNSUPPORTED, "configSource" },
		{ POWERSHELL, T_WWWROOT, "<assemblyBinding",
		        "<system.webServer><rewrite><rules "
		        "configProtectionProvider=\"p\"><EncryptedData/></rules></rewrite></system.webServer>"
		        "<assemblyBinding",
		        SG_EUNSUPPORTED, "encrypted" },
		{ POWERSHELL, T_WWWROOT, "<modules>", "<rewrite><rules/></rewrite><modules>", SG_EUNSUPPORTED,
		        "already" },
		{ POWERSHELL, T_ECP, "<appSettings>",
		        "<system.webServer><rewrite><rules><rule name=\"stopgap T-1 "
		        "powershell\"/></rules></rewrite></system.webServer>"
		        "<appSettings>",
		        SG_ECONFLICT, "only once" },
		{ POWERSHELL, T_APPHOST, "<site name=\"Default Web Site\"", "<site name=\"Renamed\"",
		        SG_ENOENT, "Default Web Site" },
		{ CONFIG("T-1", ACTIONS(ACTION("VDir", AT("Default Web Site", "/owa", "yes")
		                                               RULES(RULE("stopgap T-1 a", "x"))))),
		        T_APPHOST, "", "", SG_ECONFLICT, "twice" },
		{ AT_ROOT(RULES("<rule name=\"stopgap T-1 a\"><match url=\".*\"/><serverVariables><set "
		                "name=\"HTTP_X\" "
		                "value=\"1\"/></serverVariables><action type=\"None\"/></rule>")),
		        T_APPHOST, "", "", SG_EUNSUPPORTED, "allowedServerVariables" },
	};
	struct t_ur *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };

		t_drive_read(f->dir, cases[i].file, &was);
		t_drive_replace(f->dir, cases[i].file, cases[i].from, cases[i].to);
		t_ur_refused(f, cases[i].config, cases[i].code, cases[i].says);
		t_drive_write(f->dir, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
	}
	/* a set variable that the server allows is fine */
	t_drive_replace(f->dir, T_APPHOST, "<validation />",
	        "<rewrite><allowedServerVariables><add name=\"http_x\" "
	        "/></allowedServerVariables></rewrite><validation />");
	assert_int_equal(
	        t_ur_plan(f,
	                AT_ROOT(RULES("<rule name=\"stopgap T-1 a\"><match url=\".*\"/><serverVariables><set "
	                              "name=\"HTTP_X\" "
	                              "value=\"1\"/></serverVariables><action type=\"None\"/></rule>")),
	                NULL),
	        0);
}

static void utf16_is_refused(void **state)
{
	static const char utf16[] = "\xff\xfe<\0c\0o\0n\0f\0i\0g\0u\0r\0a\0t\0i\0o\0n\0/\0>";
	struct t_ur *f = *state;

	t_drive_write(f->dir, T_WWWROOT, (struct sg_bytes){ (const unsigned char *)utf16, sizeof(utf16) });
	t_ur_refused(f, POWERSHELL, SG_EUNSUPPORTED, "UTF-16");
}

static void a_drive_without_iis_does_not_need_it(void **state)
{
	struct t_ur *f = *state;

	t_drive_remove(f->dir, T_APPHOST);
	t_ur_refused(f, POWERSHELL, SG_ENOENT, "no IIS");
}

static void what_we_hold_is_no_conflict(void **state)
{
	struct t_ur *f = *state;
	struct sg_moves moves = { 0 };
	struct sg_holds own = { 0 };
	const char *below =
	        CONFIG("T-1", ACTIONS(ACTION("VDir", AT("Default Web Site", "/ecp", "yes")
	                                                     RULES(RULE("stopgap T-1 PowerShell", "x")))));

	t_ur_apply(f, POWERSHELL, &moves);
	assert_int_equal(
	        t_ur_plan(f, POWERSHELL, NULL), 0); /* at its own address: the operation sees what it is */
	assert_int_equal(t_ur_plan(f, below, NULL), SG_ECONFLICT);
	for (size_t i = 0; i < moves.n; i++)
		sg_addr_copy(&sg_holds_add(&own)->addr, &moves.at[i].addr);
	assert_int_equal(t_ur_plan(f, POWERSHELL, &own), 0);
	assert_int_equal(t_ur_plan(f, below, &own), 0);
	sg_holds_release(&own);
	sg_moves_release(&moves);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(wishes_are_scaffolds_then_elements_in_the_feeds_order),
		T(attributes_stand_in_the_schemas_order_whatever_the_documents),
		T(a_precondition_is_a_value_beside_its_rule),
		T(the_server_and_folders_without_web_config_are_in_applicationhost),
		T(doing_nothing_wishes_nothing),
		T(what_speaks_against_it_is_said_and_nothing_is_touched),
		T(utf16_is_refused),
		T(a_drive_without_iis_does_not_need_it),
		T(what_we_hold_is_no_conflict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
