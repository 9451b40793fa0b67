/* test_url_rewrite_prove.c - rules go in, do what they say, and come out again. */
#include "actions/apart.h"
#include "tests/lib/rewrite_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- in and out again, and what it does */

static void each_kind_goes_in_and_comes_out_with_identical_octets(void **state)
{
	static const char *const configs[] = { POWERSHELL, CSP, GLOBAL };
	struct t_ur *f = *state;
	struct t_snapshot *before = t_drive_snapshot(f->dir);

	for (size_t i = 0; i < 3; i++) {
		struct sg_moves moves = { 0 };

		assert_int_equal(t_ur_prove(f, configs[i]), SG_EFFECTIVE_NO);
		t_ur_apply(f, configs[i], &moves);
		if (t_ur_prove(f, configs[i]) != SG_EFFECTIVE_YES)
			fail_msg("%s", f->proof.text);
		t_ur_revert(f, &moves);
		assert_int_equal(t_ur_prove(f, configs[i]), SG_EFFECTIVE_NO);
		assert_true(t_drive_same(f->dir, before));
	}
	t_snapshot_free(before);
}

static void mitigations_end_in_every_order_and_leave_nothing(void **state)
{
	static const char *const configs[] = { POWERSHELL, CSP, GLOBAL };
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
		{ 2, 1, 0 } };
	struct t_ur *f = *state;
	struct t_snapshot *before = t_drive_snapshot(f->dir);

	for (size_t o = 0; o < 6; o++) {
		struct sg_moves moves[3] = { { 0 } };

		for (size_t i = 0; i < 3; i++)
			t_ur_apply(f, configs[i], &moves[i]);
		for (size_t i = 0; i < 3; i++)
			t_ur_revert(f, &moves[orders[o][i]]);
		assert_true(t_drive_same(f->dir, before));
	}
	t_snapshot_free(before);
}

static void proof_lines_say_which_rule_refused(void **state)
{
	struct t_ur *f = *state;

	t_ur_apply(f, POWERSHELL, NULL);
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	assert_int_equal(f->proof.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(f->proof.at[i].passed);
	assert_non_null(
	        strstr(f->proof.at[0].text, "refused by rule 'stopgap T-1 PowerShell' (connection aborted)"));
	assert_non_null(strstr(f->proof.at[2].text, "served: GET /owa/"));
	t_ur_apply(f, GLOBAL, NULL);
	assert_int_equal(t_ur_prove(f, GLOBAL), SG_EFFECTIVE_YES);
	assert_non_null(strstr(f->proof.at[0].text, "(403)"));
	assert_int_equal(f->proof.n, 2); /* on each site */
}

static void what_defeats_a_rule_is_named_with_file_and_line(void **state)
{
	static const struct {
		const char *file, *from, *to, *says;
	} cases[] = {
		{ T_ECP, "<modules>", "<rewrite><rules>\r\n<clear/></rules></rewrite><modules>",
		        "ecp\\web.config:5: <clear>" },
		{ T_ECP, "<modules>",
		        "<rewrite><rules><remove name=\"STOPGAP T-1 "
		        "PowerShell\"/></rules></rewrite><modules>",
		        "ecp\\web.config:4: <remove>" },
		{ T_ECP, "<modules>", "<modules><remove name=\"RewriteModule\"/>", "RewriteModule" },
		{ T_WWWROOT, "stopProcessing=\"true\"", "enabled=\"false\"", "should be refused" },
	};
	struct t_ur *f = *state;

	t_ur_apply(f, POWERSHELL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };

		t_drive_read(f->dir, cases[i].file, &was);
		t_drive_replace(f->dir, cases[i].file, cases[i].from, cases[i].to);
		assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_NO);
		t_ur_proof_says(f, cases[i].says);
		t_drive_write(f->dir, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
		assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	}
}

static void a_rule_sees_urls_from_its_own_folder_on(void **state)
{
	static const char ecp[] = CONFIG("T-4",
	        "<sg:Test><sg:Refuse uri=\"/ecp/secret.aspx\"/><sg:Serve "
	        "uri=\"/ecp/a/secret.aspx\"/></sg:Test>" ACTIONS(ACTION("VDir",
	                AT("Default Web Site", "/ecp", "yes")
	                        RULES("<rule name=\"stopgap T-4 a\"><match url=\"^secret\\.aspx$\"/><action "
	                              "type=\"AbortRequest\"/></rule>"))));
	struct t_ur *f = *state;

	t_ur_apply(f, ecp, NULL);
	if (t_ur_prove(f, ecp) != SG_EFFECTIVE_YES)
		fail_msg("%s", f->proof.text);
}

static void a_foreign_rule_that_stops_before_ours_defeats_it(void **state)
{
	struct t_ur *f = *state;

	t_ur_apply(f, POWERSHELL, NULL);
	t_drive_replace(f->dir, T_APPHOST, "<validation />",
	        "<rewrite><rules><rule name=\"early\" stopProcessing=\"true\"><match url=\".*\"/><action "
	        "type=\"None\"/></rule></rules>"
	        "</rewrite><validation />");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "early");
}

static void what_cannot_be_known_is_unknown(void **state)
{
	struct t_ur *f = *state;

	/* without a test the files still say that the rule is not there */
	assert_int_equal(
	        t_ur_prove(f,
	                CONFIG("T-9", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-9 a", "x")))))),
	        SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "'stopgap T-9 a' is in none of the files that IIS reads for it");
	/* a foreign rule in front that depends on the file system */
	t_ur_apply(f, POWERSHELL, NULL);
	t_drive_replace(f->dir, T_APPHOST, "<validation />",
	        "<rewrite><rules><rule name=\"early\" stopProcessing=\"true\"><match "
	        "url=\".*\"/><conditions><add input=\"{REQUEST_FILENAME}\" "
	        "matchType=\"IsFile\"/></conditions><action type=\"Rewrite\" "
	        "url=\"/x\"/></rule></rules></rewrite><validation />");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
	t_ur_proof_says(f, "early");
	/* a file on the way that cannot be read */
	t_drive_replace(f->dir, T_ECP, "</modules>", "<modules>");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
	assert_int_equal(
	        t_ur_prove(f, CONFIG("PING", ACTIONS("<Action type=\"DoNothing\" scope=\"Server\"/>"))),
	        SG_EFFECTIVE_UNKNOWN);
}

/* In this process, and once more with workers that read and run the rules. */
int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(each_kind_goes_in_and_comes_out_with_identical_octets),
		T(mitigations_end_in_every_order_and_leave_nothing),
		T(proof_lines_say_which_rule_refused),
		T(what_defeats_a_rule_is_named_with_file_and_line),
		T(a_rule_sees_urls_from_its_own_folder_on),
		T(a_foreign_rule_that_stops_before_ours_defeats_it),
		T(what_cannot_be_known_is_unknown),
	};
	sg_worker_begin(argc, argv, sg_action_jobs);
	if (cmocka_run_group_tests(tests, NULL, NULL))
		return 1;
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
