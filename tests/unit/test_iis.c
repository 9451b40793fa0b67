/* test_iis.c - IIS's layout, where a mitigation may stand, and what it would collide with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actions/iis.h"
#include "actions/iis_parts.h"
#include "base/text.h"
#include "tests/lib/drive.h"
#include "model/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES    "system.webServer/rewrite/rules"
#define OUTBOUND "system.webServer/rewrite/outboundRules"
#define NAME     "stopgap T-1 rule"

/* A drive and what is read from it. */
struct fixture {
	char *dir;
	struct sg_drives drives;
	struct sg_iis *iis;
	struct sg_err err;
	struct sg_iis_place *places;
	size_t n;
};

static int setup(void **state)
{
	struct fixture *f = sg_alloc(sizeof(*f));

	f->dir = t_drive_make();
	t_drive_drives(f->dir, &f->drives);
	*state = f;
	return 0;
}

static void drop_places(struct fixture *f)
{
	for (size_t i = 0; i < f->n; i++)
		sg_iis_place_release(&f->places[i]);
	free(f->places);
	f->places = NULL;
	f->n = 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	drop_places(f);
	sg_iis_free(f->iis);
	sg_drives_release(&f->drives);
	t_drive_free(f->dir);
	free(f);
	return 0;
}

static int reread(struct fixture *f)
{
	sg_iis_free(f->iis);
	f->iis = NULL;
	sg_err_clear(&f->err);
	return sg_iis_read(&f->drives, &f->iis, &f->err);
}

static int places(struct fixture *f, const char *sites, const char *path, bool inherit)
{
	drop_places(f);
	if (!f->iis)
		assert_int_equal(reread(f), 0);
	sg_err_clear(&f->err);
	return sg_iis_places(f->iis, &f->drives, sites, path, inherit, &f->places, &f->n, &f->err);
}

/* The only place, read again. */
static const struct sg_iis_place *place(struct fixture *f, const char *site, const char *path, bool inherit)
{
	assert_int_equal(reread(f), 0);
	if (places(f, site, path, inherit))
		fail_msg("%s", f->err.msg);
	assert_int_equal(f->n, 1);
	return &f->places[0];
}

static int may_write(struct fixture *f, const struct sg_iis_place *p, const char *section)
{
	sg_err_clear(&f->err);
	return sg_iis_may_write(f->iis, &f->drives, p, section, &f->err);
}

static int name_free(struct fixture *f, const struct sg_iis_place *p)
{
	sg_err_clear(&f->err);
	return sg_iis_name_free(f->iis, &f->drives, p, RULES, "rule", NAME, NULL, 0, &f->err);
}

static void says(const struct fixture *f, const char *text)
{
	if (!strstr(f->err.msg, text))
		fail_msg("\"%s\" does not say \"%s\"", f->err.msg, text);
}

#define SECTION_OF_RULE(indent)                                                                              \
	"<system.webServer><rewrite><rules><rule name=\"STOPGAP t-1 rule\"><match url=\".*\"/><action "      \
	"type=\"None\"/></rule>"                                                                             \
	"</rules></rewrite></system.webServer>" indent

/* --- reading */

static void sites_applications_and_pools_are_read(void **state)
{
	struct fixture *f = *state;
	const struct sg_iis_site *site;

	assert_int_equal(reread(f), 0);
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
	struct fixture *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_APPHOST, &was);
	for (size_t i = 0; i < sizeof(in_apphost) / sizeof(*in_apphost); i++) {
		t_drive_replace(f->dir, T_APPHOST, in_apphost[i].from, in_apphost[i].to);
		assert_int_equal(reread(f), 0);
		assert_non_null(f->iis->rewrite_missing);
		assert_non_null(strstr(f->iis->rewrite_missing, in_apphost[i].says));
		t_drive_write(f->dir, T_APPHOST, sg_buf_bytes(&was));
	}
	t_drive_remove(f->dir, T_SCHEMA);
	assert_int_equal(reread(f), 0);
	assert_non_null(strstr(f->iis->rewrite_missing, "rewrite_schema.xml"));
	t_drive_write(f->dir, T_SCHEMA, sg_bytes_of("<configSchema/>"));
	assert_int_equal(reread(f), 0);
	assert_null(f->iis->rewrite_missing);
	t_drive_remove(f->dir, "C:\\Windows\\System32\\inetsrv\\rewrite.dll");
	assert_int_equal(reread(f), 0);
	assert_non_null(strstr(f->iis->rewrite_missing, "rewrite.dll"));
	sg_buf_release(&was);
}

static void an_enabled_redirection_is_refused_and_a_disabled_one_is_not(void **state)
{
	struct fixture *f = *state;

	t_drive_write(f->dir, T_REDIRECT,
	        sg_bytes_of("<configuration><configurationRedirection enabled=\"false\" /></configuration>"));
	assert_int_equal(reread(f), 0);
	t_drive_write(f->dir, T_REDIRECT,
	        sg_bytes_of("<configuration><configurationRedirection enabled=\"true\" path=\"\\\\far\\iis\" "
	                    "/></configuration>"));
	assert_int_equal(reread(f), SG_EUNSUPPORTED);
	says(f, "\\\\far\\iis");
}

static void a_drive_without_iis_is_not_there(void **state)
{
	struct fixture *f = *state;

	t_drive_remove(f->dir, T_APPHOST);
	assert_int_equal(reread(f), SG_ENOENT);
}

/* --- places */

static void a_place_is_the_web_config_of_its_folder(void **state)
{
	struct fixture *f = *state;
	const struct sg_iis_place *p = place(f, "Default Web Site", "/", true);

	assert_string_equal(p->container, T_WWWROOT);
	assert_string_equal(p->prefix, "/configuration");
	assert_false(p->shared);
	p = place(f, "DEFAULT web site", "/OWA", false);
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
	struct fixture *f = *state;
	const struct sg_iis_place *p = place(f, "Default Web Site", "/OAB", true);

	assert_string_equal(p->container, T_APPHOST);
	assert_string_equal(p->prefix, "/configuration/location[@path='Default Web Site/OAB']");
	p = place(f, "Default Web Site", "/OAB", false);
	assert_string_equal(p->prefix,
	        "/configuration/location[@path='Default Web Site/OAB'][@inheritInChildApplications='false']");
	p = place(f, "Exchange Back End", "/", true);
	assert_string_equal(p->prefix, "/configuration/location[@path='Exchange Back End']");
}

static void sites_are_chosen_by_name_by_star_and_by_application(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(places(f, "*", "/", true), 0);
	assert_int_equal(f->n, 2);
	assert_int_equal(places(f, "having-app:/owa/Integrated", "/", true), 0);
	assert_int_equal(f->n, 1);
	assert_string_equal(f->places[0].site, "Default Web Site");
	assert_int_equal(places(f, "having-app:/ecp", "/owa", false), 0);
	assert_int_equal(f->n, 2);
	assert_int_equal(places(f, "No Such Site", "/", true), SG_ENOENT);
	assert_int_equal(places(f, "Default Web Site", "/nothing", true), SG_ENOENT);
	assert_int_equal(places(f, "having-app:/nothing", "/", true), SG_ENOENT);
}

static void a_folder_that_is_not_at_hand_is_refused(void **state)
{
	struct fixture *f = *state;

	t_drive_replace(f->dir, T_APPHOST, "physicalPath=\"%SystemDrive%\\inetpub\\wwwroot\"",
	        "physicalPath=\"\\\\far\\share\\www\"");
	assert_int_equal(reread(f), 0);
	assert_int_equal(places(f, "Default Web Site", "/", true), SG_EUNSUPPORTED);
	says(f, "\\\\far\\share\\www");
}

/* --- locks */

static void an_ordinary_place_may_be_written(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(may_write(f, place(f, "Default Web Site", "/", true), RULES), 0);
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/owa", false), OUTBOUND), 0);
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/OAB", true), RULES), 0);
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/ecp", true), RULES), 0);
}

static void a_section_that_is_not_declared_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	        may_write(f, place(f, "Default Web Site", "/", true), "system.webServer/rewrite/nothing"),
	        SG_EUNSUPPORTED);
	says(f, "not declared");
}

static void global_rules_belong_to_the_server_alone(void **state)
{
	struct fixture *f = *state;
	struct sg_iis_place server;

	assert_int_equal(
	        may_write(f, place(f, "Default Web Site", "/", true), "system.webServer/rewrite/globalRules"),
	        SG_EACCES);
	says(f, "AppHostOnly");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/OAB", true),
	                         "system.webServer/rewrite/globalRules"),
	        SG_EACCES);
	sg_iis_place_server(f->iis, &server);
	assert_int_equal(may_write(f, &server, "system.webServer/rewrite/globalRules"), 0);
	sg_iis_place_release(&server);
}

static void a_denied_section_is_locked_for_web_config_and_not_for_a_location(void **state)
{
	struct fixture *f = *state;

	t_drive_replace(f->dir, T_APPHOST, "<section name=\"rules\" overrideModeDefault=\"Allow\" />",
	        "<section name=\"rules\" overrideModeDefault=\"Deny\" />");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/", true), RULES), SG_EACCES);
	says(f, "overrideModeDefault");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/OAB", true), RULES), 0);
	/* unlocked again for this site */
	t_drive_replace(f->dir, T_APPHOST, "<location path=\"Default Web Site\">",
	        "<location path=\"Default Web Site\" "
	        "overrideMode=\"Allow\"><system.webServer><rewrite><rules/></rewrite></system.webServer>"
	        "</location><location path=\"Default Web Site\">");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/", true), RULES), 0);
}

static void a_location_that_denies_locks_what_it_covers(void **state)
{
	static const char *const how[] = { "overrideMode=\"Deny\"", "allowOverride=\"false\"" };
	struct fixture *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_APPHOST, &was);
	for (size_t i = 0; i < 2; i++) {
		char *deny = sg_format("<location path=\"default web site/OWA\" "
		                       "%s><system.webServer><rewrite><rules/></rewrite>"
		                       "</system.webServer></location>\r\n</configuration>",
		        how[i]);

		t_drive_replace(f->dir, T_APPHOST, "</configuration>", deny);
		assert_int_equal(may_write(f, place(f, "Default Web Site", "/owa", false), RULES), SG_EACCES);
		says(f, "locked for Default Web Site/owa");
		assert_int_equal(may_write(f, place(f, "Default Web Site", "/ecp", true), RULES), 0);
		assert_int_equal(may_write(f, place(f, "Default Web Site", "/owa", false), OUTBOUND), 0);
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
	struct fixture *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_APPHOST, &was);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *to = sg_format("<rewrite><rules %s/></rewrite><validation />", cases[i].lock);

		t_drive_replace(f->dir, T_APPHOST, "<validation />", to);
		assert_int_equal(may_write(f, place(f, "Default Web Site", "/", true), RULES), cases[i].code);
		t_drive_write(f->dir, T_APPHOST, sg_buf_bytes(&was));
		free(to);
	}
	sg_buf_release(&was);
}

static void a_lock_in_the_site_roots_file_binds_the_applications_below(void **state)
{
	struct fixture *f = *state;

	t_drive_replace(f->dir, T_WWWROOT, "<location inheritInChildApplications=\"false\">",
	        "<location path=\"ecp\" "
	        "overrideMode=\"Deny\"><system.webServer><rewrite><rules/></rewrite></system.webServer></"
	        "location>"
	        "<location inheritInChildApplications=\"false\">");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/ecp", true), RULES), SG_EACCES);
	says(f, T_WWWROOT);
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/owa", false), RULES), 0);
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
	struct fixture *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_ECP, &was);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *to = sg_format("<system.webServer>%s", cases[i].with);

		t_drive_replace(f->dir, T_ECP, "<system.webServer>", to);
		assert_int_equal(
		        may_write(f, place(f, "Default Web Site", "/ecp", true), RULES), SG_EUNSUPPORTED);
		says(f, cases[i].says);
		says(f, "web.config:3");
		assert_int_equal(may_write(f, place(f, "Default Web Site", "/ecp", true), OUTBOUND), 0);
		t_drive_write(f->dir, T_ECP, sg_buf_bytes(&was));
		free(to);
	}
	sg_buf_release(&was);
}

static void a_section_at_top_level_and_in_a_location_is_refused_in_both_directions(void **state)
{
	struct fixture *f = *state;

	t_drive_replace(f->dir, T_OWA, "<appSettings>",
	        "<system.webServer><rewrite><rules /></rewrite></system.webServer><appSettings>");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/owa", false), RULES), SG_EUNSUPPORTED);
	says(f, "at top level");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/owa", false), OUTBOUND), 0);

	t_drive_replace(f->dir, T_WWWROOT, "<modules>", "<rewrite><rules /></rewrite><modules>");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/", true), RULES), SG_EUNSUPPORTED);
	says(f, "<location>");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/", false), RULES), 0);
}

static void two_locations_of_one_path_with_the_section_are_refused(void **state)
{
	struct fixture *f = *state;

	t_drive_replace(f->dir, T_APPHOST, "</configuration>",
	        "<location path=\"Default Web "
	        "Site/oab\"><system.webServer><rewrite><rules/></rewrite></system.webServer></location>\r\n"
	        "</configuration>");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/OAB", true), RULES), 0);
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/OAB", false), RULES), SG_EUNSUPPORTED);
	says(f, "another <location>");
	t_drive_replace(f->dir, T_APPHOST, "</configuration>",
	        "<location path=\"Default Web "
	        "Site/OAB\"><system.webServer><rewrite><rules/></rewrite></system.webServer></location>\r\n"
	        "</configuration>");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/OAB", true), RULES), SG_EUNSUPPORTED);
	says(f, "two locations");
}

static void a_file_that_the_pool_ignores_is_refused(void **state)
{
	struct fixture *f = *state;

	t_drive_replace(f->dir, T_APPHOST, "<add name=\"MSExchangeECPAppPool\"",
	        "<add name=\"MSExchangeECPAppPool\" enableConfigurationOverride=\"false\"");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/ecp", true), RULES), SG_EUNSUPPORTED);
	says(f, "MSExchangeECPAppPool");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/", true), RULES), 0);
}

static void an_ill_formed_file_is_refused_also_when_it_is_above(void **state)
{
	struct fixture *f = *state;

	t_drive_replace(f->dir, T_WWWROOT, "</system.web>", "<system.web>");
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/", true), RULES), SG_EPARSE);
	assert_int_equal(may_write(f, place(f, "Default Web Site", "/ecp", true), RULES), SG_EPARSE);
	says(f, T_WWWROOT);
}

/* --- names */

static void a_free_name_is_free(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(name_free(f, place(f, "Default Web Site", "/", true)), 0);
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/owa", false)), 0);
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/OAB", true)), 0);
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/ecp", true)), 0);
}

/* The name stands somewhere; places on its chain are refused, others are not. */
static void a_name_is_met_above_itself_and_below(void **state)
{
	static const struct {
		const char *file, *before; /* where the rule is put in, at top level */
		int root, ecp, oab, owa;   /* of Default Web Site; inherit but for owa */
	} cases[] = {
		{ T_WWWROOT, "<location", SG_ECONFLICT, SG_ECONFLICT, SG_ECONFLICT, SG_ECONFLICT },
		{ T_ECP, "<appSettings>", SG_ECONFLICT, SG_ECONFLICT, 0, 0 },
		{ T_OWA, "<appSettings>", SG_ECONFLICT, 0, 0, SG_ECONFLICT },
		{ T_BACK_OWA, "\t<location", 0, 0, 0, 0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };
		char *to = sg_format("%s%s", SECTION_OF_RULE(""), cases[i].before);

		t_drive_read(f->dir, cases[i].file, &was);
		t_drive_replace(f->dir, cases[i].file, cases[i].before, to);
		assert_int_equal(name_free(f, place(f, "Default Web Site", "/", true)), cases[i].root);
		if (cases[i].root)
			says(f, cases[i].file);
		assert_int_equal(name_free(f, place(f, "Default Web Site", "/ecp", true)), cases[i].ecp);
		assert_int_equal(name_free(f, place(f, "Default Web Site", "/OAB", true)), cases[i].oab);
		assert_int_equal(name_free(f, place(f, "Default Web Site", "/owa", false)), cases[i].owa);
		t_drive_write(f->dir, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
		free(to);
	}
}

static void a_name_is_met_in_applicationhost_and_its_locations(void **state)
{
	struct fixture *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_APPHOST, &was);
	t_drive_replace(f->dir, T_APPHOST, "</configuration>",
	        "<location path=\"Default Web Site/ecp\">" SECTION_OF_RULE("</location></configuration>"));
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	says(f, T_APPHOST);
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/ecp", true)), SG_ECONFLICT);
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/OAB", true)), 0);
	assert_int_equal(
	        name_free(f, place(f, "Default Web Site", "/", false)), 0); /* not inherited by /ecp */
	t_drive_write(f->dir, T_APPHOST, sg_buf_bytes(&was));
	t_drive_replace(f->dir, T_APPHOST, "</configuration>", SECTION_OF_RULE("</configuration>"));
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/OAB", true)), SG_ECONFLICT);
	assert_int_equal(name_free(f, place(f, "Exchange Back End", "/", true)), SG_ECONFLICT);
	sg_buf_release(&was);
}

static void a_name_is_met_in_a_folder_below_and_in_an_outsourced_section(void **state)
{
	static const char auth[] = T_V15 "\\FrontEnd\\HttpProxy\\owa\\auth\\Web.config";
	struct fixture *f = *state;

	t_drive_write(f->dir, auth, sg_bytes_of("<configuration>" SECTION_OF_RULE("</configuration>")));
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/owa", false)), SG_ECONFLICT);
	says(f, "\\owa\\auth\\");
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	t_drive_write(f->dir, auth, sg_bytes_of("<configuration><rewrite name='stopgap T-1 rule'>"));
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	says(f, "cannot be read");
	t_drive_remove(f->dir, auth);
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/", true)), 0);

	t_drive_replace(f->dir, T_ECP, "<appSettings>",
	        "<system.webServer><rewrite><rules "
	        "configSource=\"my.config\"/></rewrite></system.webServer><appSettings>");
	t_drive_write(f->dir, T_V15 "\\FrontEnd\\HttpProxy\\ecp\\my.config",
	        sg_bytes_of("<rules><rule name='" NAME "'/></rules>"));
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	says(f, "my.config");
}

static void a_shared_folder_is_refused_unless_it_is_not_inherited(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(name_free(f, place(f, "Default Web Site", "/owa", true)), SG_ECONFLICT);
	says(f, "/owa/Calendar");
	says(f, "inherit=\"no\"");
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/owa", false)), 0);
	/* two virtual directories of one application share all that is in the file */
	t_drive_replace(f->dir, T_APPHOST,
	        "<application path=\"/ecp\" applicationPool=\"MSExchangeECPAppPool\">",
	        "<application path=\"/ecp\" applicationPool=\"MSExchangeECPAppPool\"><virtualDirectory "
	        "path=\"/again\" physicalPath=\"" T_V15 "\\FrontEnd\\HttpProxy\\ecp\" />");
	assert_int_equal(name_free(f, place(f, "Default Web Site", "/ecp", false)), SG_ECONFLICT);
	says(f, "/ecp/again");
}

static void what_is_ours_does_not_count(void **state)
{
	struct fixture *f = *state;
	struct sg_addr own = { SG_VALUE_ELEMENT, (char *)T_ECP,
		(char *)"/configuration/system.webServer/rewrite/rules/rule[@name='stopgap T-1 rule']" };
	const struct sg_iis_place *p;

	t_drive_replace(f->dir, T_ECP, "<appSettings>", SECTION_OF_RULE("<appSettings>"));
	p = place(f, "Default Web Site", "/ecp", true);
	assert_int_equal(name_free(f, p), SG_ECONFLICT);
	sg_err_clear(&f->err);
	assert_int_equal(sg_iis_name_free(f->iis, &f->drives, p, RULES, "rule", NAME, &own, 1, &f->err), 0);
}

static void the_server_meets_every_site(void **state)
{
	struct fixture *f = *state;
	struct sg_iis_place server;

	t_drive_replace(f->dir, T_BACK_OWA, "\t<location", SECTION_OF_RULE("\t<location"));
	assert_int_equal(reread(f), 0);
	sg_iis_place_server(f->iis, &server);
	assert_int_equal(name_free(f, &server), SG_ECONFLICT);
	says(f, T_BACK_OWA);
	/* global rules are a collection of their own, which only the server has */
	sg_err_clear(&f->err);
	assert_int_equal(sg_iis_name_free(f->iis, &f->drives, &server, "system.webServer/rewrite/globalRules",
	                         "rule", NAME, NULL, 0, &f->err),
	        0);
	sg_iis_place_release(&server);
}

static void restarts_name_the_applications_that_read_the_file(void **state)
{
	struct fixture *f = *state;
	struct sg_strs lines = { 0 };

	assert_int_equal(reread(f), 0);
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
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(sites_applications_and_pools_are_read),
		T(each_sign_of_url_rewrite_is_missed),
		T(an_enabled_redirection_is_refused_and_a_disabled_one_is_not),
		T(a_drive_without_iis_is_not_there),
		T(a_place_is_the_web_config_of_its_folder),
		T(a_folder_without_web_config_gets_a_location_in_applicationhost),
		T(sites_are_chosen_by_name_by_star_and_by_application),
		T(a_folder_that_is_not_at_hand_is_refused),
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
		T(a_free_name_is_free),
		T(a_name_is_met_above_itself_and_below),
		T(a_name_is_met_in_applicationhost_and_its_locations),
		T(a_name_is_met_in_a_folder_below_and_in_an_outsourced_section),
		T(a_shared_folder_is_refused_unless_it_is_not_inherited),
		T(what_is_ours_does_not_count),
		T(the_server_meets_every_site),
		T(restarts_name_the_applications_that_read_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
