/* test_iis_names.c - names that IIS would meet twice. */
#include "tests/lib/iis_lab.h"
#include "model/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- names */

static void a_free_name_is_free(void **state)
{
	struct t_iis *f = *state;

	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), 0);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/owa", false)), 0);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/OAB", true)), 0);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/ecp", true)), 0);
}

/* The name stands somewhere; t_iis_places on its chain are refused, others are not. */
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
	struct t_iis *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };
		char *to = sg_format("%s%s", SECTION_OF_RULE(""), cases[i].before);

		t_drive_read(f->dir, cases[i].file, &was);
		t_drive_replace(f->dir, cases[i].file, cases[i].before, to);
		assert_int_equal(
		        t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), cases[i].root);
		if (cases[i].root)
			t_iis_says(f, cases[i].file);
		assert_int_equal(
		        t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/ecp", true)), cases[i].ecp);
		assert_int_equal(
		        t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/OAB", true)), cases[i].oab);
		assert_int_equal(
		        t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/owa", false)), cases[i].owa);
		t_drive_write(f->dir, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
		free(to);
	}
}

static void a_name_is_met_in_applicationhost_and_its_locations(void **state)
{
	struct t_iis *f = *state;
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_APPHOST, &was);
	t_drive_replace(f->dir, T_APPHOST, "</configuration>",
	        "<location path=\"Default Web Site/ecp\">" SECTION_OF_RULE("</location></configuration>"));
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	t_iis_says(f, T_APPHOST);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/ecp", true)), SG_ECONFLICT);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/OAB", true)), 0);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", false)),
	        0); /* not inherited by /ecp */
	t_drive_write(f->dir, T_APPHOST, sg_buf_bytes(&was));
	t_drive_replace(f->dir, T_APPHOST, "</configuration>", SECTION_OF_RULE("</configuration>"));
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/OAB", true)), SG_ECONFLICT);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Exchange Back End", "/", true)), SG_ECONFLICT);
	sg_buf_release(&was);
}

static void a_name_is_met_in_a_folder_below_and_in_an_outsourced_section(void **state)
{
	static const char auth[] = T_V15 "\\FrontEnd\\HttpProxy\\owa\\auth\\Web.config";
	struct t_iis *f = *state;

	t_drive_write(f->dir, auth, sg_bytes_of("<configuration>" SECTION_OF_RULE("</configuration>")));
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/owa", false)), SG_ECONFLICT);
	t_iis_says(f, "\\owa\\auth\\");
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	t_drive_write(f->dir, auth, sg_bytes_of("<configuration><rewrite name='stopgap T-1 rule'>"));
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	t_iis_says(f, "cannot be read");
	t_drive_remove(f->dir, auth);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), 0);

	t_drive_replace(f->dir, T_ECP, "<appSettings>",
	        "<system.webServer><rewrite><rules "
	        "configSource=\"my.config\"/></rewrite></system.webServer><appSettings>");
	t_drive_write(f->dir, T_V15 "\\FrontEnd\\HttpProxy\\ecp\\my.config",
	        sg_bytes_of("<rules><rule name='" NAME "'/></rules>"));
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	t_iis_says(f, "my.config");
}

/* Whose file it is may break it as he likes: what cannot be read keeps nobody out, unless it holds the name. */
static void an_outsourced_section_that_cannot_be_read_is_no_name(void **state)
{
	static const char file[] = T_V15 "\\FrontEnd\\HttpProxy\\ecp\\my.config";
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_ECP, "<appSettings>",
	        "<system.webServer><rewrite><rules "
	        "configSource=\"my.config\"/></rewrite></system.webServer><appSettings>");
	t_drive_write(f->dir, file, sg_bytes_of("<rules><rule name='another'>"));
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), 0);
	t_drive_write(f->dir, file, sg_bytes_of("<rules><rule name='" NAME "'>"));
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	t_iis_says(f, "my.config cannot be read");
}

/* IIS refuses it before it meets any name. */
static void what_is_larger_than_iis_reads_holds_no_name(void **state)
{
	static const char auth[] = T_V15 "\\FrontEnd\\HttpProxy\\owa\\auth\\Web.config";
	struct t_iis *f = *state;
	struct sg_buf octets = { 0 };

	sg_buf_str(&octets, "<configuration><rewrite name='" NAME "'>");
	t_drive_write(f->dir, auth, sg_buf_bytes(&octets));
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	while (octets.len <= f->iis->max_web_config)
		sg_buf_char(&octets, ' ');
	t_drive_write(f->dir, auth, sg_buf_bytes(&octets));
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), 0);
	sg_buf_release(&octets);
}

static void a_shared_folder_is_refused_unless_it_is_not_inherited(void **state)
{
	struct t_iis *f = *state;

	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/owa", true)), SG_ECONFLICT);
	t_iis_says(f, "/owa/Calendar");
	t_iis_says(f, "inherit=\"no\"");
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/owa", false)), 0);
	/* two virtual directories of one application share all that is in the file */
	t_drive_replace(f->dir, T_APPHOST,
	        "<application path=\"/ecp\" applicationPool=\"MSExchangeECPAppPool\">",
	        "<application path=\"/ecp\" applicationPool=\"MSExchangeECPAppPool\"><virtualDirectory "
	        "path=\"/again\" physicalPath=\"" T_V15 "\\FrontEnd\\HttpProxy\\ecp\" />");
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/ecp", false)), SG_ECONFLICT);
	t_iis_says(f, "/ecp/again");
}

static void what_is_not_inherited_is_not_met_below(void **state)
{
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_WWWROOT, "<system.webServer>",
	        SECTION_OF_RULE("<system.webServer>")); /* inside inheritInChildApplications="false" */
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/", true)), SG_ECONFLICT);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/ecp", true)), 0);
	assert_int_equal(t_iis_name_free(f, t_iis_place(f, "Default Web Site", "/OAB", true)), 0);
}

static void what_is_ours_does_not_count(void **state)
{
	struct t_iis *f = *state;
	struct sg_addr own = { SG_VALUE_ELEMENT, (char *)T_ECP,
		(char *)"/configuration/system.webServer/rewrite/rules/rule[@name='stopgap T-1 rule']" };
	struct sg_iis_item item = { RULES, "", "rule", "name", NAME, true };
	const struct sg_iis_place *p;

	t_drive_replace(f->dir, T_ECP, "<appSettings>", SECTION_OF_RULE("<appSettings>"));
	p = t_iis_place(f, "Default Web Site", "/ecp", true);
	assert_int_equal(t_iis_name_free(f, p), SG_ECONFLICT);
	sg_err_clear(&f->err);
	assert_int_equal(t_iis_names_free(f, p, &item, &own, 1), 0);
}

static void the_server_meets_every_site(void **state)
{
	struct t_iis *f = *state;
	struct sg_iis_item item = { "system.webServer/rewrite/globalRules", "", "rule", "name", NAME, true };
	struct sg_iis_place server;

	t_drive_replace(f->dir, T_BACK_OWA, "\t<location", SECTION_OF_RULE("\t<location"));
	assert_int_equal(t_iis_reread(f), 0);
	sg_iis_place_server(f->iis, &server);
	assert_int_equal(t_iis_name_free(f, &server), SG_ECONFLICT);
	t_iis_says(f, T_BACK_OWA);
	/* global rules are a collection of their own, which only the server has */
	sg_err_clear(&f->err);
	assert_int_equal(t_iis_names_free(f, &server, &item, NULL, 0), 0);
	sg_iis_place_release(&server);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_iis_setup, t_iis_teardown)
	const struct CMUnitTest tests[] = {
		T(a_free_name_is_free),
		T(a_name_is_met_above_itself_and_below),
		T(a_name_is_met_in_applicationhost_and_its_locations),
		T(a_name_is_met_in_a_folder_below_and_in_an_outsourced_section),
		T(an_outsourced_section_that_cannot_be_read_is_no_name),
		T(what_is_larger_than_iis_reads_holds_no_name),
		T(a_shared_folder_is_refused_unless_it_is_not_inherited),
		T(what_is_not_inherited_is_not_met_below),
		T(what_is_ours_does_not_count),
		T(the_server_meets_every_site),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
