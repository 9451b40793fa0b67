/* test_iis_effective.c - what counts for an URL, in which order, and what IIS does not read. */
#include "actions/iis_effective.h"
#include "tests/lib/iis_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ONE(name) "<rewrite><rules><rule name=\"" name "\"/></rules></rewrite>"
#define IN(path, inside)                                                                                     \
	"<location path=\"" path "\"><system.webServer>" inside "</system.webServer></location>"
#define FILE_OF(inside) "<configuration><system.webServer>" inside "</system.webServer></configuration>"
#define BEFORE          "<location path=\"Exchange Back End/owa/15.2.986.29\">"

/* The names of the first rule of each met section, in order: "a b c". */
static char *names(struct sg_iis_files *files, const struct sg_iis_site *site, const char *url)
{
	struct sg_iis_effective e;
	struct sg_buf out = { 0 };

	sg_iis_effective(files, RULES, site, url, &e);
	for (size_t i = 0; i < e.n; i++) {
		uint32_t rule = sg_cfg_first_element(e.at[i].cfg, e.at[i].node);

		sg_buf_fmt(&out, "%s%s", out.len ? " " : "", sg_cfg_attr(e.at[i].cfg, rule, "name"));
	}
	sg_iis_effective_release(&e);
	return out.len ? sg_buf_detach(&out) : sg_strdup("");
}

static void wants(struct t_iis *f, const char *url, const char *expected)
{
	const struct sg_iis_site *site = sg_iis_site(f->iis, "Default Web Site");
	struct sg_iis_files *files = sg_iis_files_new(f->iis, &f->drives);
	char *got = names(files, url ? site : NULL, url);

	assert_string_equal(got, expected);
	free(got);
	sg_iis_files_free(files);
}

static void levels_count_outer_first_and_inside_one_the_outer_file(void **state)
{
	struct t_iis *f = *state;

	t_drive_replace(f->dir, T_APPHOST, BEFORE,
	        IN("Default Web Site/ecp", ONE("3")) IN("Default Web Site", ONE("1")) IN("", ONE("0"))
	                IN("Exchange Back End", ONE("x")) BEFORE);
	t_drive_replace(f->dir, T_WWWROOT, "<assemblyBinding",
	        IN("ECP", ONE("4")) "<system.webServer>" ONE("2") "</system.webServer><assemblyBinding");
	t_drive_replace(f->dir, T_ECP, "<modules>", ONE("5") "<modules>");
	t_drive_write(
	        f->dir, T_V15 "\\FrontEnd\\HttpProxy\\ecp\\a\\WEB.config", sg_bytes_of(FILE_OF(ONE("6"))));
	assert_int_equal(t_iis_reread(f), 0);
	wants(f, NULL, "0");
	wants(f, "/", "0 1 2");
	wants(f, "/owa", "0 1 2");
	wants(f, "/ecp", "0 1 2 3 4 5");
	wants(f, "/EcP/none.aspx", "0 1 2 3 4 5");
	wants(f, "/ecp/A/b/c.aspx", "0 1 2 3 4 5 6");
}

static void what_applications_do_not_inherit_is_withheld(void **state)
{
	struct t_iis *f = *state;
	const struct sg_iis_site *site;
	struct sg_iis_files *files;
	struct sg_iis_effective e;

	t_drive_replace(f->dir, T_WWWROOT, "<modules>", ONE("own") "<modules>");
	assert_int_equal(t_iis_reread(f), 0);
	wants(f, "/", "own");
	wants(f, "/folder/x", "own");
	wants(f, "/ecp", "");
	site = sg_iis_site(f->iis, "Default Web Site");
	files = sg_iis_files_new(f->iis, &f->drives);
	sg_iis_effective(files, RULES, site, "/ecp", &e);
	assert_int_equal(e.n_withheld, 1);
	assert_string_equal(e.withheld[0].container, "C:\\inetpub\\wwwroot\\web.config");
	assert_int_equal(e.withheld[0].location, 3);
	sg_iis_effective_release(&e);
	sg_iis_files_free(files);
}

static void a_drive_that_is_not_at_hand_is_no_absence(void **state)
{
	struct t_iis *f = *state;
	struct sg_iis_files *files;
	const struct sg_iis_file *file;
	struct sg_iis_effective e;
	struct sg_err err = SG_ERR_INIT;

	t_drive_replace(f->dir, T_APPHOST, T_V15 "\\FrontEnd\\HttpProxy\\ecp\"", "E:\\ecp\"");
	t_drive_replace(f->dir, T_APPHOST, T_V15 "\\FrontEnd\\HttpProxy\\OAB\"", "\\\\server\\share\"");
	assert_int_equal(t_iis_reread(f), 0);
	files = sg_iis_files_new(f->iis, &f->drives);
	sg_iis_effective(files, RULES, sg_iis_site(f->iis, "Default Web Site"), "/ecp", &e);
	assert_non_null(strstr(e.broken, "the drive E: is not at hand"));
	sg_iis_effective_release(&e);
	sg_iis_effective(files, RULES, sg_iis_site(f->iis, "Default Web Site"), "/OAB", &e);
	assert_non_null(strstr(e.broken, "\\\\server\\share"));
	sg_iis_effective_release(&e);
	assert_int_equal(sg_iis_files_get(files, "C:\\none\\web.config", &file, &err), SG_ENOENT);
	sg_iis_files_free(files);
}

static void one_proof_reads_a_file_once(void **state)
{
	struct t_iis *f = *state;
	struct sg_iis_files *files = sg_iis_files_new(f->iis, &f->drives);
	const struct sg_iis_file *first, *second;
	struct sg_err err = SG_ERR_INIT;

	assert_int_equal(sg_iis_files_get(files, T_ECP, &first, &err), 0);
	t_drive_remove(f->dir, T_ECP);
	assert_int_equal(sg_iis_files_get(files, T_ECP, &second, &err), 0);
	assert_ptr_equal(first, second);
	sg_iis_files_free(files);
}

static void uris_lead_where_iis_would_go(void **state)
{
	static const struct {
		const char *uri, *path;
	} cases[] = { { "/", "/" }, { "/a/b?x=/c", "/a/b" }, { "/a#f", "/a" }, { "//a///b/", "/a/b" },
		{ "/a/../b", "/b" }, { "/../../b", "/b" }, { "/a/./b/.", "/a/b" }, { "/%61%2Fb", "/a/b" },
		{ "/a%252Fb", "/a%2Fb" }, { "/a\\b", "/a/b" }, { "/a%2", "/a%2" }, { "/a%00b", "/a%00b" },
		{ "", "/" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *path = sg_iis_uri_path(cases[i].uri);

		assert_string_equal(path, cases[i].path);
		free(path);
	}
}

static void urls_below_are_virtual_directories_and_folders_with_a_web_config(void **state)
{
	static const char base[] = T_V15 "\\FrontEnd\\HttpProxy\\ecp\\";
	struct t_iis *f = *state;
	const struct sg_iis_site *site;
	struct sg_iis_files *files;
	struct sg_strs urls = { 0 };
	bool all = false;

	assert_int_equal(t_iis_reread(f), 0);
	site = sg_iis_site(f->iis, "Default Web Site");
	files = sg_iis_files_new(f->iis, &f->drives);
	for (int i = 0; i < 40; i++) {
		char *file = sg_format("%sf%d\\%s", base, i, i % 20 ? "x.aspx" : "web.config");

		t_drive_write(f->dir, file, sg_bytes_of(FILE_OF("")));
		free(file);
	}
	sg_iis_urls_below(files, site, "/ecp", true, 100, &urls, &all);
	assert_true(all);
	assert_int_equal(urls.n, 3);
	assert_string_equal(urls.at[0], "/ecp");
	assert_true(sg_strs_has(&urls, "/ecp/f0"));
	assert_true(sg_strs_has(&urls, "/ecp/f20"));
	sg_strs_release(&urls);
	sg_iis_urls_below(files, site, "/", true, 100, &urls, &all);
	assert_int_equal(urls.n, 10); /* eight applications, two folders */
	sg_strs_release(&urls);
	sg_iis_urls_below(files, site, "/owa", true, 100, &urls, &all);
	assert_int_equal(urls.n, 4);
	sg_strs_release(&urls);
	sg_iis_urls_below(files, site, "/owa", false, 100, &urls, &all);
	assert_int_equal(urls.n, 1);
	sg_strs_release(&urls);
	sg_iis_files_free(files);
	/* where there are too many, that is said, and the virtual directories are all there */
	files = sg_iis_files_new(f->iis, &f->drives);
	sg_iis_urls_below(files, site, "/", true, 10, &urls, &all);
	assert_false(all);
	assert_true(urls.n >= 8);
	sg_strs_release(&urls);
	/* and it is the trouble of that place alone */
	sg_iis_urls_below(files, site, "/owa", true, 10, &urls, &all);
	assert_true(all);
	sg_strs_release(&urls);
	sg_iis_files_free(files);
}

/* Facts: MaxWebConfigFileSizeInKB, 250 KB by default; for files that configSource names, too. */
static void a_file_larger_than_iis_reads_is_not_read(void **state)
{
	static const char ecp[] = T_V15 "\\FrontEnd\\HttpProxy\\ecp\\web.config";
	struct t_iis *f = *state;
	const struct sg_iis_site *site;
	const size_t limit = 250 * 1024;

	for (int over = 0; over < 2; over++)
		for (int source = 0; source < 2; source++) {
			const char *head = source ? "<rules><rule name=\"big\"/></rules><!--"
			                          : "<configuration><system.webServer>" ONE(
			                                    "big") "</system.webServer></configuration><!--";
			struct sg_buf octets = { 0 };
			struct sg_iis_files *files;
			struct sg_iis_effective e;

			sg_buf_str(&octets, head);
			while (octets.len < limit - 3 + (size_t)over)
				sg_buf_char(&octets, ' ');
			sg_buf_str(&octets, "-->");
			assert_int_equal(octets.len, limit + (size_t)over);
			t_drive_write(f->dir, ecp,
			        source ? sg_bytes_of(
			                         "<configuration><system.webServer><rewrite><rules "
			                         "configSource=\"my.config\"/></rewrite></system.webServer></"
			                         "configuration>")
			               : sg_buf_bytes(&octets));
			if (source)
				t_drive_write(f->dir, T_V15 "\\FrontEnd\\HttpProxy\\ecp\\my.config",
				        sg_buf_bytes(&octets));
			assert_int_equal(t_iis_reread(f), 0);
			site = sg_iis_site(f->iis, "Default Web Site");
			files = sg_iis_files_new(f->iis, &f->drives);
			sg_iis_effective(files, RULES, site, "/ecp", &e);
			assert_int_equal(e.n, !over);
			assert_int_equal(e.broken != NULL, over);
			if (over) {
				assert_non_null(strstr(
				        e.broken, source ? "my.config has 251 KB" : "web.config has 251 KB"));
				assert_non_null(
				        strstr(e.broken, "more than 250 KB (MaxWebConfigFileSizeInKB)"));
			}
			if (over && !source)
				assert_non_null(strstr(e.broken, "500.19 for all of Default Web Site/ecp"));
			sg_iis_effective_release(&e);
			sg_iis_files_free(files);
			/* the limit is the registry's */
			if (over) {
				f->iis->max_web_config = 251 * 1024;
				wants(f, "/ecp", "big");
			}
			sg_buf_release(&octets);
		}
	/* IIS's own file has none */
	f->iis->max_web_config = 1;
	wants(f, NULL, "");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_iis_setup, t_iis_teardown)
	const struct CMUnitTest tests[] = {
		T(levels_count_outer_first_and_inside_one_the_outer_file),
		T(what_applications_do_not_inherit_is_withheld),
		T(a_drive_that_is_not_at_hand_is_no_absence),
		T(a_file_larger_than_iis_reads_is_not_read),
		T(one_proof_reads_a_file_once),
		T(uris_lead_where_iis_would_go),
		T(urls_below_are_virtual_directories_and_folders_with_a_web_config),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
