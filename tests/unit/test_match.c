/* test_match.c - whether this server needs a mitigation: affected minus fixed by branches, files' versions, and what makes the answer UNKNOWN.
 * Products are given as facts; files are read from a real drive. */
#include "engine/match.h"

#include "tests/lib/drive.h"
#include "tests/lib/as_canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define APP T_V15

static struct sg_mitigation *body_of(const char *applicability, const char *type)
{
	char *text = sg_format("<Config xmlns:sg=\"" SG_FEED_NS
	                       "\" id=\"EXK-1\" desc=\"x\" sg:revision=\"1\">%s<ActionList>"
	                       "<Action type=\"%s\" scope=\"Server\" desc=\"x\"><Value>x</Value></Action>"
	                       "</ActionList></Config>",
	        applicability, type);
	struct sg_err err = SG_ERR_INIT;
	struct sg_mitigation *m = NULL;

	if (decode_mitigation("corp", sg_bytes_of(text), &m, &err))
		fail_msg("%s", err.msg);
	free(text);
	return m;
}

/* The answer on a server with Exchange (role Mailbox) of that build; build NULL: it cannot be read; "": no Exchange. */
static struct sg_match match_on(const char *build, const char *applicability, const struct sg_drives *drives)
{
	char exchange[] = "Exchange", mailbox[] = "Mailbox", app[] = APP, source[] = "ExSetup.exe";
	struct sg_host_product product = { .name = exchange, .role = mailbox, .app = app, .source = source };
	struct sg_host host = { .products = &product, .n_products = build && !*build ? 0 : 1 };
	struct sg_mitigation *m = body_of(applicability, "DoNothing");
	struct sg_match r = { 0 };

	if (build && *build)
		assert_int_equal(sg_version_parse(build, &product.version, NULL), 0);
	sg_match(m, &host, drives, &r);
	assert_non_null(r.proof);
	sg_mitigation_free(m);
	return r;
}

static void expect(
        const char *build, const char *applicability, enum sg_applies applies, bool fixed, const char *says)
{
	struct sg_match r = match_on(build, applicability, NULL);

	if (r.applies != applies || r.fixed != fixed || !strstr(r.proof, says))
		fail_msg("%s: %s%s: %s", build ? build : "no build", sg_applies_name(r.applies),
		        r.fixed ? ", fixed" : "", r.proof);
	sg_match_release(&r);
}

#define PRODUCT(inside)                                                                                      \
	"<sg:Applicability><sg:Product name=\"Exchange\" role=\"Mailbox\">" inside                           \
	"</sg:Product></sg:Applicability>"
#define FIXED                                                                                                \
	PRODUCT("<sg:Affected from=\"15.0\" below=\"15.3\"/><sg:Fixed branch=\"15.2.986\" "                  \
	        "from=\"15.2.986.36\"/>"                                                                     \
	        "<sg:Fixed branch=\"15.2.1118\" from=\"15.2.1118.20\"/><sg:Fixed branch=\"15.2\" "           \
	        "from=\"15.2.1258.0\"/>")

static void without_a_condition_every_server_needs_it(void **state)
{
	(void)state;
	expect("15.2.986.29", "", SG_APPLIES_YES, false, "no condition");
	expect("", "", SG_APPLIES_YES, false, "no condition");
}

static void a_range_begins_at_its_from_and_ends_before_its_below(void **state)
{
	static const char range[] = PRODUCT("<sg:Affected from=\"15.1.100\" below=\"15.2.200.5\"/>");

	(void)state;
	expect("15.1.99.9999", range, SG_APPLIES_NO, false, "outside the affected builds");
	expect("15.1.100.0", range, SG_APPLIES_YES, false, "affected");
	expect("15.2.200.4", range, SG_APPLIES_YES, false, "affected");
	expect("15.2.200.5", range, SG_APPLIES_NO, false, "outside");
}

static void an_open_end_has_no_limit_and_any_range_is_enough(void **state)
{
	static const char open[] = PRODUCT("<sg:Affected below=\"14.0\"/><sg:Affected from=\"15.2\"/>");

	(void)state;
	expect("8.3.0.0", open, SG_APPLIES_YES, false, "affected");
	expect("14.3.1.1", open, SG_APPLIES_NO, false, "outside");
	expect("99.0.0.0", open, SG_APPLIES_YES, false, "affected");
}

static void each_branch_is_fixed_from_its_own_build_on(void **state)
{
	(void)state;
	expect("15.2.986.35", FIXED, SG_APPLIES_YES, false, "15.2.986.35");
	expect("15.2.986.36", FIXED, SG_APPLIES_NO, true, "fixed from 15.2.986.36");
	expect("15.2.1118.19", FIXED, SG_APPLIES_YES, false,
	        "affected"); /* higher than another branch's fix */
	expect("15.2.1118.20", FIXED, SG_APPLIES_NO, true, "fixed from 15.2.1118.20");
	expect("15.2.1258.0", FIXED, SG_APPLIES_NO, true,
	        "fixed from 15.2.1258.0");                                /* a later cumulative update */
	expect("15.1.2507.16", FIXED, SG_APPLIES_YES, false, "affected"); /* no fix is named for its branch */
	expect("15.3.0.0", FIXED, SG_APPLIES_NO, false, "outside");
}

static void a_branch_is_compared_part_by_part(void **state)
{
	static const char branch[] = PRODUCT("<sg:Fixed branch=\"15.2.98\" from=\"15.2.98.1\"/>");

	(void)state;
	expect("15.2.986.29", branch, SG_APPLIES_YES, false, "affected");
	expect("15.2.98.1", branch, SG_APPLIES_NO, true, "fixed");
}

static void a_product_that_is_not_there_is_a_proof(void **state)
{
	(void)state;
	expect("", FIXED, SG_APPLIES_NO, false, "Exchange Mailbox is not installed here");
	expect("15.2.986.29",
	        "<sg:Applicability><sg:Product name=\"Exchange\" role=\"edge\"/></sg:Applicability>",
	        SG_APPLIES_NO, false, "Exchange edge is not installed here");
	expect("15.2.986.29", "<sg:Applicability><sg:Product name=\"exchange\"/></sg:Applicability>",
	        SG_APPLIES_YES, false, "affected");
}

/* As the newer body of what is in force, a NO would take it out. */
static void a_product_or_role_that_nothing_here_detects_is_no_proof(void **state)
{
	static const struct {
		const char *product, *says;
	} table[] = {
		{ "name=\"Exchnge\" role=\"Mailbox\"",
		        "does not know the product 'Exchnge'; did you mean 'Exchange'?" },
		{ "name=\"SharePoint\"", "does not know the product 'SharePoint'" },
		{ "name=\"Exchange\" role=\"Mailbx\"", "cannot tell whether the role 'Mailbx' of Exchange is "
		                                       "installed; did you mean 'Mailbox'?" },
		{ "name=\"Exchange\" role=\"ClientAccess\"",
		        "cannot tell whether the role 'ClientAccess' of Exchange is installed" },
		{ "name=\"IIS\" role=\"Mailbox\"",
		        "cannot tell whether the role 'Mailbox' of IIS is installed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *alone =
		        sg_format("<sg:Applicability><sg:Product %s/></sg:Applicability>", table[i].product);
		char *beside = sg_format("<sg:Applicability><sg:Product %s/><sg:Product name=\"Exchange\">"
		                         "<sg:Affected below=\"15.2.1000\"/></sg:Product></sg:Applicability>",
		        table[i].product);

		expect("15.2.986.29", alone, SG_APPLIES_UNKNOWN, false, table[i].says);
		expect("", alone, SG_APPLIES_UNKNOWN, false, table[i].says);
		expect("15.2.986.29", beside, SG_APPLIES_YES, false, "affected");
		expect("15.2.1118.20", beside, SG_APPLIES_UNKNOWN, false, table[i].says);
		free(alone);
		free(beside);
	}
}

/* The front end in IIS shows the role Mailbox, the registry the role Edge: each proves absence only when it can be read. */
static void what_a_role_is_found_by_must_be_readable_for_a_proof(void **state)
{
	static const struct {
		const char *role;
		bool no_iis, no_registry;
		enum sg_applies applies;
		const char *says;
	} table[] = {
		{ "", false, false, SG_APPLIES_NO, "Exchange is not installed here" },
		{ "", true, false, SG_APPLIES_UNKNOWN, "whether Exchange is here cannot be told: IIS-X" },
		{ "", false, true, SG_APPLIES_UNKNOWN, "whether Exchange is here cannot be told: REG-X" },
		{ "role=\"Mailbox\"", true, false, SG_APPLIES_UNKNOWN, "IIS-X" },
		{ "role=\"Mailbox\"", false, true, SG_APPLIES_NO, "Exchange Mailbox is not installed here" },
		{ "role=\"Edge\"", true, false, SG_APPLIES_NO, "Exchange Edge is not installed here" },
		{ "role=\"Edge\"", false, true, SG_APPLIES_UNKNOWN, "REG-X" },
	};
	char iis[] = "IIS-X", registry[] = "REG-X";

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct sg_host host = { .iis_code = table[i].no_iis ? SG_EIO : 0,
			.iis_error = table[i].no_iis ? iis : NULL,
			.edge_error = table[i].no_registry ? registry : NULL };
		char *text =
		        sg_format("<sg:Applicability><sg:Product name=\"Exchange\" %s/></sg:Applicability>",
		                table[i].role);
		struct sg_mitigation *m = body_of(text, "DoNothing");
		struct sg_match r = { 0 };

		sg_match(m, &host, NULL, &r);
		if (r.applies != table[i].applies || !strstr(r.proof, table[i].says))
			fail_msg("row %zu: %s: %s", i, sg_applies_name(r.applies), r.proof);
		sg_match_release(&r);
		sg_mitigation_free(m);
		free(text);
	}
}

static void any_of_the_products_is_enough(void **state)
{
	static const char two[] =
	        "<sg:Applicability><sg:Product name=\"IIS\"/>"
	        "<sg:Product name=\"Exchange\"><sg:Affected below=\"16\"/></sg:Product></sg:Applicability>";

	(void)state;
	expect("15.2.986.29", two, SG_APPLIES_YES, false, "Exchange");
	expect("", two, SG_APPLIES_NO, false, "not installed");
}

/* --- UNKNOWN: neither applied nor reverted */

static void a_build_that_cannot_be_read_is_unknown_when_it_matters(void **state)
{
	(void)state;
	expect(NULL, FIXED, SG_APPLIES_UNKNOWN, false, "the build of Exchange cannot be told");
	expect(NULL, "<sg:Applicability><sg:Product name=\"Exchange\"/></sg:Applicability>", SG_APPLIES_YES,
	        false, "is here");
}

static void a_condition_of_a_later_version_is_unknown(void **state)
{
	(void)state;
	expect("15.2.986.29", "<sg:Applicability><sg:Weather is=\"rain\"/></sg:Applicability>",
	        SG_APPLIES_UNKNOWN, false, "Weather");
}

static void an_action_type_of_a_later_version_is_unknown(void **state)
{
	struct sg_mitigation *m = body_of("", "Frobnicate");
	struct sg_host host = { 0 };
	struct sg_match r = { 0 };

	(void)state;
	sg_match(m, &host, NULL, &r);
	assert_int_equal(r.applies, SG_APPLIES_UNKNOWN);
	assert_non_null(strstr(r.proof, "Frobnicate"));
	sg_match_release(&r);
	sg_mitigation_free(m);
}

static void a_server_that_cannot_be_read_is_unknown(void **state)
{
	struct sg_mitigation *m = body_of("", "DoNothing");
	struct sg_match r = { 0 };

	(void)state;
	sg_match(m, NULL, NULL, &r);
	assert_int_equal(r.applies, SG_APPLIES_UNKNOWN);
	sg_match_release(&r);
	sg_mitigation_free(m);
}

/* --- files */

#define FILES(path, more)                                                                                    \
	"<sg:Applicability><sg:Product name=\"Exchange\"/><sg:File path=\"" path "\" " more                  \
	"/></sg:Applicability>"

static void expect_file(const struct sg_drives *drives, const char *applicability, enum sg_applies applies,
        bool fixed, const char *says)
{
	struct sg_match r = match_on("15.2.986.29", applicability, drives);

	if (r.applies != applies || r.fixed != fixed || !strstr(r.proof, says))
		fail_msg("%s%s: %s", sg_applies_name(r.applies), r.fixed ? ", fixed" : "", r.proof);
	sg_match_release(&r);
}

static void a_file_s_version_decides(void **state)
{
	char *dir = t_drive_make();
	struct sg_buf pe = { 0 };
	struct sg_drives drives;

	(void)state;
	t_drive_drives(dir, &drives);
	t_pe(4, 2, 0, 7, &pe);
	t_drive_write(dir, APP "\\Bin\\Portal.dll", sg_buf_bytes(&pe));
	expect_file(&drives, FILES("{app}\\bin\\Portal.dll", "below=\"4.2.1\""), SG_APPLIES_YES, false,
	        "4.2.0.7");
	expect_file(&drives, FILES("{app}\\BIN\\portal.dll", "from=\"4.2\" below=\"4.2.1\""), SG_APPLIES_YES,
	        false, "affected");
	expect_file(&drives, FILES("{app}\\bin\\Portal.dll", "below=\"4.2.0.7\""), SG_APPLIES_NO, true,
	        "outside");
	expect_file(
	        &drives, FILES("{app}\\bin\\Portal.dll", "from=\"4.3\""), SG_APPLIES_NO, false, "outside");
	expect_file(
	        &drives, FILES("{app}\\bin\\Other.dll", "below=\"9\""), SG_APPLIES_NO, false, "is not there");
	expect_file(&drives, FILES("C:\\Windows\\System32\\inetsrv\\w3wp.exe", "from=\"10\""), SG_APPLIES_YES,
	        false, "w3wp.exe");
	sg_buf_release(&pe);
	sg_drives_release(&drives);
	t_drive_free(dir);
}

static void a_file_without_a_version_is_unknown(void **state)
{
	char *dir = t_drive_make();
	struct sg_drives drives;

	(void)state;
	t_drive_drives(dir, &drives);
	t_drive_write(dir, APP "\\Bin\\Portal.dll", sg_bytes_of("no PE file at all"));
	expect_file(&drives, FILES("{app}\\bin\\Portal.dll", "below=\"4.2.1\""), SG_APPLIES_UNKNOWN, false,
	        "cannot be read");
	sg_drives_release(&drives);
	t_drive_free(dir);
}

static void each_of_the_files_must_be_affected(void **state)
{
	static const char two[] = "<sg:Applicability><sg:File path=\"C:\\a.dll\" below=\"2\"/>"
	                          "<sg:File path=\"C:\\b.dll\" below=\"2\"/></sg:Applicability>";
	char *dir = t_drive_make();
	struct sg_buf one = { 0 }, three = { 0 };
	struct sg_drives drives;

	(void)state;
	t_drive_drives(dir, &drives);
	t_pe(1, 0, 0, 0, &one);
	t_pe(3, 0, 0, 0, &three);
	t_drive_write(dir, "C:\\a.dll", sg_buf_bytes(&one));
	t_drive_write(dir, "C:\\b.dll", sg_buf_bytes(&one));
	expect_file(&drives, two, SG_APPLIES_YES, false, "C:\\b.dll");
	t_drive_write(dir, "C:\\b.dll", sg_buf_bytes(&three));
	expect_file(&drives, two, SG_APPLIES_NO, true, "C:\\b.dll");
	sg_buf_release(&one);
	sg_buf_release(&three);
	sg_drives_release(&drives);
	t_drive_free(dir);
}

/* Without a product that names a folder, and for IIS, {app} is the folder of every application. */
static void app_is_every_application_s_folder(void **state)
{
	char *dir = t_drive_make();
	struct sg_mitigation *iis =
	        body_of("<sg:Applicability><sg:Product name=\"IIS\"/><sg:File "
	                "path=\"{app}\\bin\\Portal.dll\" below=\"2\"/></sg:Applicability>",
	                "DoNothing");
	struct sg_mitigation *m = body_of(
	        "<sg:Applicability><sg:File path=\"{app}\\bin\\Portal.dll\" below=\"2\"/></sg:Applicability>",
	        "DoNothing");
	struct sg_host *host = NULL;
	struct sg_match r = { 0 };
	struct sg_buf pe = { 0 };
	struct sg_drives drives;

	(void)state;
	t_drive_drives(dir, &drives);
	assert_int_equal(sg_host_read(&drives, &host, NULL), 0);
	sg_match(m, host, &drives, &r);
	assert_int_equal(r.applies, SG_APPLIES_NO);
	sg_match_release(&r);
	t_pe(1, 5, 0, 0, &pe);
	t_drive_write(dir, T_V15 "\\FrontEnd\\HttpProxy\\ecp\\bin\\Portal.dll", sg_buf_bytes(&pe));
	sg_match(m, host, &drives, &r);
	assert_int_equal(r.applies, SG_APPLIES_YES);
	assert_non_null(strstr(r.proof, "ecp\\bin\\Portal.dll is 1.5.0.0"));
	sg_match_release(&r);
	sg_match(iis, host, &drives, &r);
	assert_int_equal(r.applies, SG_APPLIES_YES);
	assert_non_null(strstr(r.proof, "ecp\\bin\\Portal.dll is 1.5.0.0"));
	sg_match_release(&r);
	sg_buf_release(&pe);
	sg_host_free(host);
	sg_mitigation_free(iis);
	sg_mitigation_free(m);
	sg_drives_release(&drives);
	t_drive_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_condition_every_server_needs_it),
		cmocka_unit_test(a_range_begins_at_its_from_and_ends_before_its_below),
		cmocka_unit_test(an_open_end_has_no_limit_and_any_range_is_enough),
		cmocka_unit_test(each_branch_is_fixed_from_its_own_build_on),
		cmocka_unit_test(a_branch_is_compared_part_by_part),
		cmocka_unit_test(a_product_that_is_not_there_is_a_proof),
		cmocka_unit_test(a_product_or_role_that_nothing_here_detects_is_no_proof),
		cmocka_unit_test(what_a_role_is_found_by_must_be_readable_for_a_proof),
		cmocka_unit_test(any_of_the_products_is_enough),
		cmocka_unit_test(a_build_that_cannot_be_read_is_unknown_when_it_matters),
		cmocka_unit_test(a_condition_of_a_later_version_is_unknown),
		cmocka_unit_test(an_action_type_of_a_later_version_is_unknown),
		cmocka_unit_test(a_server_that_cannot_be_read_is_unknown),
		cmocka_unit_test(a_file_s_version_decides),
		cmocka_unit_test(a_file_without_a_version_is_unknown),
		cmocka_unit_test(each_of_the_files_must_be_affected),
		cmocka_unit_test(app_is_every_application_s_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
