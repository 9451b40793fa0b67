/* test_iis.c - IIS's layout as its files say it, and where a mitigation may stand. */
#include "tests/lib/iis_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- reading */

static void sites_applications_and_pools_are_read(void **state)
{
	struct t_iis *f = *state;
	const struct sg_iis_site *site;

	assert_int_equal(t_iis_reread(f), 0);
	assert_int_equal(f->iis->n_sites, 2);
	site = sg_iis_site(f->iis, "default web site");
	assert_non_null(site);
	assert_int_equal(site->n_apps, 8);
	assert_string_equal(site->apps[0].vdirs[0].physical, "C:\\inetpub\\wwwroot");
	assert_string_equal(site->apps[1].path, "/owa");
	assert_string_equal(site->apps[1].pool, "MSExchangeOWAAppPool");
	site = sg_iis_site(f->iis, "Exchange Back End");
	assert_non_null(site);
	assert_string_equal(site->apps[0].pool, "DefaultAppPool"); /* by applicationDefaults */
	assert_false(site->apps[0].pool_explicit);
	assert_int_equal(site->apps[0].n_vdirs, 4);
	assert_int_equal(f->iis->n_pools, 7);
	assert_null(f->iis->pools[0].auto_start);
	assert_string_equal(f->iis->pools[2].auto_start, "true");
	assert_string_equal(f->iis->pools[6].start_mode, "AlwaysRunning");
	assert_null(f->iis->rewrite_missing);
	assert_int_equal(f->iis->max_web_config, 250 * 1024);
}

static void each_sign_of_url_rewrite_is_missed(void **state)
{
	static const struct {
		const char *from, *to, *says;
	} in_apphost[] = {
		{ "<sectionGroup name=\"rewrite\">", "<sectionGroup name=\"other\">", "configSections" },
		{ "<section name=\"outboundRules\"", "<section name=\"other\"", "rewrite/outboundRules" },
		{ "<add name=\"RewriteModule\" image=", "<add name=\"Other\" image=", "in globalModules" },
		{ "<add name=\"RewriteModule\" />", "<!-- <add name=\"RewriteModule\" /> -->", "in modules" },
	};
	struct t_iis *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_APPHOST, &was);
	for (size_t i = 0; i < sizeof(in_apphost) / sizeof(*in_apphost); i++) {
		t_drive_replace(f->dir, T_APPHOST, in_apphost[i].from, in_apphost[i].to);
		assert_int_equal(t_iis_reread(f), 0);
		assert_non_null(f->iis->rewrite_missing);
		assert_non_null(strstr(f->iis->rewrite_missing, in_apphost[i].says));
		t_drive_write(f->dir, T_APPHOST, sg_buf_bytes(&was));
	}
	t_drive_remove(f->dir, T_SCHEMA);
	assert_int_equal(t_iis_reread(f), 0);
	assert_non_null(strstr(f->iis->rewrite_missing, "rewrite_schema.xml"));
	t_drive_write(f->dir, T_SCHEMA, sg_bytes_of("<configSchema/>"));
	assert_int_equal(t_iis_reread(f), 0);
	assert_null(f->iis->rewrite_missing);
	t_drive_remove(f->dir, "C:\\Windows\\System32\\inetsrv\\rewrite.dll");
	assert_int_equal(t_iis_reread(f), 0);
	assert_non_null(strstr(f->iis->rewrite_missing, "rewrite.dll"));
	sg_buf_release(&was);
}

static void an_enabled_redirection_is_refused_and_a_disabled_one_is_not(void **state)
{
	struct t_iis *f = *state;

	t_drive_write(f->dir, T_REDIRECT,
	        sg_bytes_of("<configuration><configurationRedirection enabled=\"false\" /></configuration>"));
	assert_int_equal(t_iis_reread(f), 0);
	t_drive_write(f->dir, T_REDIRECT,
	        sg_bytes_of("<configuration><configurationRedirection enabled=\"true\" path=\"\\\\far\\iis\" "
	                    "/></configuration>"));
	assert_int_equal(t_iis_reread(f), SG_EUNSUPPORTED);
	t_iis_says(f, "\\\\far\\iis");
}

static void a_drive_without_iis_is_not_there(void **state)
{
	struct t_iis *f = *state;

	t_drive_remove(f->dir, T_APPHOST);
	assert_int_equal(t_iis_reread(f), SG_ENOENT);
}

/* --- t_iis_places */

static void a_place_is_the_web_config_of_its_folder(void **state)
{
	struct t_iis *f = *state;
	const struct sg_iis_place *p = t_iis_place(f, "Default Web Site", "/", true);

	assert_string_equal(p->container, T_WWWROOT);
	assert_string_equal(p->prefix, "/configuration");
	assert_false(p->shared);
	p = t_iis_place(f, "DEFAULT web site", "/OWA", false);
	assert_string_equal(p->site, "Default Web Site");
	assert_string_equal(p->path, "/owa");
	assert_string_equal(p->container, T_OWA);
	assert_string_equal(
	        p->prefix, "/configuration/location[@path='.'][@inheritInChildApplications='false']");
	assert_true(p->shared);
	assert_non_null(strstr(p->shared_text, "Default Web Site/owa/Calendar"));
}

static void a_folder_without_web_config_gets_a_location_in_applicationhost(void **state)
{
	struct t_iis *f = *state;
	const struct sg_iis_place *p = t_iis_place(f, "Default Web Site", "/OAB", true);

	assert_string_equal(p->container, T_APPHOST);
	assert_string_equal(p->prefix, "/configuration/location[@path='Default Web Site/OAB']");
	p = t_iis_place(f, "Default Web Site", "/OAB", false);
	assert_string_equal(p->prefix,
	        "/configuration/location[@path='Default Web Site/OAB'][@inheritInChildApplications='false']");
	p = t_iis_place(f, "Exchange Back End", "/", true);
	assert_string_equal(p->prefix, "/configuration/location[@path='Exchange Back End']");
}

static void sites_are_chosen_by_name_by_star_and_by_application(void **state)
{
	struct t_iis *f = *state;

	assert_int_equal(t_iis_places(f, "*", "/", true), 0);
	assert_int_equal(f->n, 2);
	assert_int_equal(t_iis_places(f, "having-app:/owa/Integrated", "/", true), 0);
	assert_int_equal(f->n, 1);
	assert_string_equal(f->places[0].site, "Default Web Site");
	assert_int_equal(t_iis_places(f, "having-app:/ecp", "/owa", false), 0);
	assert_int_equal(f->n, 2);
	assert_int_equal(t_iis_places(f, "No Such Site", "/", true), SG_ENOENT);
	assert_int_equal(t_iis_places(f, "Default Web Site", "/nothing", true), SG_ENOENT);
	assert_int_equal(t_iis_places(f, "having-app:/nothing", "/", true), SG_ENOENT);
}

static void a_folder_that_is_not_at_hand_is_refused(void **state)
{
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_APPHOST, "physicalPath=\"%SystemDrive%\\inetpub\\wwwroot\"",
	        "physicalPath=\"\\\\far\\share\\www\"");
	assert_int_equal(t_iis_reread(f), 0);
	assert_int_equal(t_iis_places(f, "Default Web Site", "/", true), SG_EUNSUPPORTED);
	t_iis_says(f, "\\\\far\\share\\www");
}

static void restarts_name_the_applications_that_read_the_file(void **state)
{
	struct t_iis *f = *state;
	struct sg_strs lines = { 0 };

	assert_int_equal(t_iis_reread(f), 0);
	sg_iis_restarts(f->iis, T_ECP, &lines);
	assert_int_equal(lines.n, 1);
	assert_string_equal(lines.at[0], "application Default Web Site/ecp (pool MSExchangeECPAppPool)");
	sg_strs_release(&lines);
	sg_iis_restarts(f->iis, T_WWWROOT, &lines);
	assert_int_equal(lines.n, 8);
	sg_strs_release(&lines);
	sg_iis_restarts(f->iis, T_APPHOST, &lines);
	assert_int_equal(lines.n, 0);
	sg_strs_release(&lines);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_iis_setup, t_iis_teardown)
	const struct CMUnitTest tests[] = {
		T(sites_applications_and_pools_are_read),
		T(each_sign_of_url_rewrite_is_missed),
		T(an_enabled_redirection_is_refused_and_a_disabled_one_is_not),
		T(a_drive_without_iis_is_not_there),
		T(a_place_is_the_web_config_of_its_folder),
		T(a_folder_without_web_config_gets_a_location_in_applicationhost),
		T(sites_are_chosen_by_name_by_star_and_by_application),
		T(a_folder_that_is_not_at_hand_is_refused),
		T(restarts_name_the_applications_that_read_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
