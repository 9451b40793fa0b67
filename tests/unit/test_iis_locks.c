/* test_iis_locks.c - which sections may be written where, and why not. */
#include "tests/lib/iis_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- locks */

static void an_ordinary_place_may_be_written(void **state)
{
	struct t_iis *f = *state;

	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", true), RULES), 0);
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/owa", false), OUTBOUND), 0);
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/OAB", true), RULES), 0);
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/ecp", true), RULES), 0);
}

static void a_section_that_is_not_declared_is_refused(void **state)
{
	struct t_iis *f = *state;

	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", true),
	                         "system.webServer/rewrite/nothing"),
	        SG_EUNSUPPORTED);
	t_iis_says(f, "not declared");
}

static void global_rules_belong_to_the_server_alone(void **state)
{
	struct t_iis *f = *state;
	struct sg_iis_place server;

	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", true),
	                         "system.webServer/rewrite/globalRules"),
	        SG_EACCES);
	t_iis_says(f, "AppHostOnly");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/OAB", true),
	                         "system.webServer/rewrite/globalRules"),
	        SG_EACCES);
	sg_iis_place_server(f->iis, &server);
	assert_int_equal(t_iis_may_write(f, &server, "system.webServer/rewrite/globalRules"), 0);
	sg_iis_place_release(&server);
}

static void a_denied_section_is_locked_for_web_config_and_not_for_a_location(void **state)
{
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_APPHOST, "<section name=\"rules\" overrideModeDefault=\"Allow\" />",
	        "<section name=\"rules\" overrideModeDefault=\"Deny\" />");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", true), RULES), SG_EACCES);
	t_iis_says(f, "overrideModeDefault");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/OAB", true), RULES), 0);
	/* unlocked again for this site */
	t_drive_replace(f->dir, T_APPHOST, "<location path=\"Default Web Site\">",
	        "<location path=\"Default Web Site\" "
	        "overrideMode=\"Allow\"><system.webServer><rewrite><rules/></rewrite></system.webServer>"
	        "</location><location path=\"Default Web Site\">");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", true), RULES), 0);
}

static void a_location_that_denies_locks_what_it_covers(void **state)
{
	static const char *const how[] = { "overrideMode=\"Deny\"", "allowOverride=\"false\"" };
	struct t_iis *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_APPHOST, &was);
	for (size_t i = 0; i < 2; i++) {
		char *deny = sg_format("<location path=\"default web site/OWA\" "
		                       "%s><system.webServer><rewrite><rules/></rewrite>"
		                       "</system.webServer></location>\r\n</configuration>",
		        how[i]);

		t_drive_replace(f->dir, T_APPHOST, "</configuration>", deny);
		assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/owa", false), RULES),
		        SG_EACCES);
		t_iis_says(f, "locked for Default Web Site/owa");
		assert_int_equal(
		        t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/ecp", true), RULES), 0);
		assert_int_equal(
		        t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/owa", false), OUTBOUND), 0);
		t_drive_write(f->dir, T_APPHOST, sg_buf_bytes(&was));
		free(deny);
	}
	sg_buf_release(&was);
}

static void locks_of_elements_are_seen(void **state)
{
	static const struct {
		const char *lock;
		int code;
	} cases[] = {
		{ "lockItem=\"true\"", SG_EACCES },
		{ "lockElements=\"clear, rule\"", SG_EACCES },
		{ "lockElements=\"*\"", SG_EACCES },
		{ "lockElements=\"clear\"", 0 },
		{ "lockAllElementsExcept=\"clear\"", SG_EACCES },
		{ "lockAllElementsExcept=\"rule\"", 0 },
		{ "lockItem=\"false\"", 0 },
	};
	struct t_iis *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_APPHOST, &was);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *to = sg_format("<rewrite><rules %s/></rewrite><validation />", cases[i].lock);

		t_drive_replace(f->dir, T_APPHOST, "<validation />", to);
		assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", true), RULES),
		        cases[i].code);
		t_drive_write(f->dir, T_APPHOST, sg_buf_bytes(&was));
		free(to);
	}
	sg_buf_release(&was);
}

static void a_lock_in_the_site_roots_file_binds_the_applications_below(void **state)
{
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_WWWROOT, "<location inheritInChildApplications=\"false\">",
	        "<location path=\"ecp\" "
	        "overrideMode=\"Deny\"><system.webServer><rewrite><rules/></rewrite></system.webServer></"
	        "location>"
	        "<location inheritInChildApplications=\"false\">");
	assert_int_equal(
	        t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/ecp", true), RULES), SG_EACCES);
	t_iis_says(f, T_WWWROOT);
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/owa", false), RULES), 0);
}

static void a_section_in_another_file_or_encrypted_is_refused(void **state)
{
	static const struct {
		const char *with, *says;
	} cases[] = {
		{ "<rewrite><rules configSource=\"rules.config\" /></rewrite>",
		        "configSource=\"rules.config\"" },
		{ "<rewrite><rules "
		  "configProtectionProvider=\"AesProvider\"><EncryptedData/></rules></rewrite>",
		        "encrypted" },
		{ "<rewrite><rules><EncryptedData/></rules></rewrite>", "encrypted" },
	};
	struct t_iis *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_ECP, &was);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *to = sg_format("<system.webServer>%s", cases[i].with);

		t_drive_replace(f->dir, T_ECP, "<system.webServer>", to);
		assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/ecp", true), RULES),
		        SG_EUNSUPPORTED);
		t_iis_says(f, cases[i].says);
		t_iis_says(f, "web.config:3");
		assert_int_equal(
		        t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/ecp", true), OUTBOUND), 0);
		t_drive_write(f->dir, T_ECP, sg_buf_bytes(&was));
		free(to);
	}
	sg_buf_release(&was);
}

static void a_section_at_top_level_and_in_a_location_is_refused_in_both_directions(void **state)
{
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_OWA, "<appSettings>",
	        "<system.webServer><rewrite><rules /></rewrite></system.webServer><appSettings>");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/owa", false), RULES),
	        SG_EUNSUPPORTED);
	t_iis_says(f, "at top level");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/owa", false), OUTBOUND), 0);

	t_drive_replace(f->dir, T_WWWROOT, "<modules>", "<rewrite><rules /></rewrite><modules>");
	assert_int_equal(
	        t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", true), RULES), SG_EUNSUPPORTED);
	t_iis_says(f, "<location>");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", false), RULES), 0);
}

static void two_locations_of_one_path_with_the_section_are_refused(void **state)
{
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_APPHOST, "</configuration>",
	        "<location path=\"Default Web "
	        "Site/oab\"><system.webServer><rewrite><rules/></rewrite></system.webServer></location>\r\n"
	        "</configuration>");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/OAB", true), RULES), 0);
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/OAB", false), RULES),
	        SG_EUNSUPPORTED);
	t_iis_says(f, "another <location>");
	t_drive_replace(f->dir, T_APPHOST, "</configuration>",
	        "<location path=\"Default Web "
	        "Site/OAB\"><system.webServer><rewrite><rules/></rewrite></system.webServer></location>\r\n"
	        "</configuration>");
	assert_int_equal(
	        t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/OAB", true), RULES), SG_EUNSUPPORTED);
	t_iis_says(f, "two locations");
}

static void a_file_that_the_pool_ignores_is_refused(void **state)
{
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_APPHOST, "<add name=\"MSExchangeECPAppPool\"",
	        "<add name=\"MSExchangeECPAppPool\" enableConfigurationOverride=\"false\"");
	assert_int_equal(
	        t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/ecp", true), RULES), SG_EUNSUPPORTED);
	t_iis_says(f, "MSExchangeECPAppPool");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", true), RULES), 0);
}

static void an_ill_formed_file_is_refused_also_when_it_is_above(void **state)
{
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_WWWROOT, "</system.web>", "<system.web>");
	assert_int_equal(t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/", true), RULES), SG_EPARSE);
	assert_int_equal(
	        t_iis_may_write(f, t_iis_place(f, "Default Web Site", "/ecp", true), RULES), SG_EPARSE);
	t_iis_says(f, T_WWWROOT);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_iis_setup, t_iis_teardown)
	const struct CMUnitTest tests[] = {
		T(an_ordinary_place_may_be_written),
		T(a_section_that_is_not_declared_is_refused),
		T(global_rules_belong_to_the_server_alone),
		T(a_denied_section_is_locked_for_web_config_and_not_for_a_location),
		T(a_location_that_denies_locks_what_it_covers),
		T(locks_of_elements_are_seen),
		T(a_lock_in_the_site_roots_file_binds_the_applications_below),
		T(a_section_in_another_file_or_encrypted_is_refused),
		T(a_section_at_top_level_and_in_a_location_is_refused_in_both_directions),
		T(two_locations_of_one_path_with_the_section_are_refused),
		T(a_file_that_the_pool_ignores_is_refused),
		T(an_ill_formed_file_is_refused_also_when_it_is_above),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
