/* test_request_filtering_effect.c - RequestFiltering actions go in and out without a trace, and do to requests what their tests say. */
#include "base/os.h"
#include "tests/lib/filter_lab.h"
#include "tests/lib/real_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- in and out */

/* In, with the sequence in that file, and out: the drive is what it was. */
static void round_trip(struct t_ur *f, const char *config, const char *file, const char *text)
{
	struct t_snapshot *before = t_drive_snapshot(f->dir);
	struct sg_moves moves = { 0 };

	t_ur_apply(f, config, &moves);
	assert_true(t_drive_has(f->dir, file, text));
	t_ur_revert(f, &moves);
	assert_true(t_drive_same(f->dir, before));
	t_snapshot_free(before);
}

static void it_goes_in_and_out_without_a_trace(void **state)
{
	static const char add[] = "<add sequence=\"ddiservice.svc\" />";
	struct t_ur *f = *state;

	round_trip(f, AT_ECP(BOTH), T_ECP, add);
	round_trip(f, CONFIG("T-5", ACTIONS(FILTER("Site", SITE_ROOT BOTH))), T_WWWROOT, add);
	round_trip(f, CONFIG("T-5", ACTIONS(FILTER("VDir", OAB BOTH))), T_APPHOST, add);
	round_trip(f, CONFIG("T-5", ACTIONS(FILTER("VDir", AT("Default Web Site", "/OAB", "no") BOTH))),
	        T_APPHOST, "path=\"Default Web Site/OAB\" inheritInChildApplications=\"false\"");
	round_trip(f, CONFIG("T-5", ACTIONS(FILTER("Server", BOTH))), T_APPHOST, add);
	/* beside other people's sequences, of which one is written without blanks */
	t_drive_replace(f->dir, T_ECP, "<modules>",
	        "<security><requestFiltering><denyUrlSequences><add sequence=\"one\"/><add "
	        "sequence='two'/></denyUrlSequences></requestFiltering></security><modules>");
	round_trip(f, AT_ECP(BOTH), T_ECP, add);
}

/* A value that comes back between others finds its place by the one in front of it, which has no name. */
static void a_sequence_comes_back_between_its_neighbours(void **state)
{
	struct t_ur *f = *state;
	struct sg_moves moves = { 0 };
	struct t_snapshot *between;

	t_ur_apply(f, AT_ECP(DENY(SEQ("first") SEQ("middle") SEQ("last.one"), "")), &moves);
	for (size_t i = 0; i < moves.n; i++)
		if (!strstr(moves.at[i].addr.path, "'middle'")) {
			sg_move_release(&moves.at[i]);
			moves.at[i] = moves.at[--moves.n];
			i--;
		}
	assert_int_equal(moves.n, 1);
	between = t_drive_snapshot(f->dir);
	{
		struct sg_moves out = { 0 }, in = { 0 };

		sg_move_copy(sg_moves_add(&out), &moves.at[0]);
		sg_move_copy(sg_moves_add(&in), &moves.at[0]);
		t_ur_revert(f, &out);
		assert_false(t_drive_has(f->dir, T_ECP, "middle"));
		sg_content_release(&in.at[0].from);
		sg_content_copy(&in.at[0].from, &moves.at[0].to); /* t_ur_revert turns it round */
		sg_content_release(&in.at[0].to);
		t_ur_revert(f, &in);
	}
	assert_true(t_drive_same(f->dir, between));
	t_snapshot_free(between);
	sg_moves_release(&moves);
}

#define RULE_AT_ECP                                                                                          \
	ACTION("VDir", ECP RULES("<rule name=\"stopgap T-6 x\" stopProcessing=\"true\"><match "              \
	                         "url=\"^evil\"/><action type=\"AbortRequest\"/></rule>"))
#define FILTER_AT_ECP FILTER("VDir", ECP DENY(SEQ("bad.svc"), ""))
#define BOTH_TESTS                                                                                           \
	"<sg:Test><sg:Refuse uri=\"/ecp/evil.aspx\"/><sg:Refuse uri=\"/ecp/a/bad.svc\"/><sg:Serve "          \
	"uri=\"/ecp/\"/></sg:Test>"

static void it_works_beside_rewrite_rules_in_one_mitigation(void **state)
{
	static const char *const orders[] = {
		CONFIG("T-6", BOTH_TESTS ACTIONS(RULE_AT_ECP FILTER_AT_ECP)),
		CONFIG("T-6", BOTH_TESTS ACTIONS(FILTER_AT_ECP RULE_AT_ECP)),
	};
	struct t_ur *f = *state;

	for (size_t i = 0; i < 2; i++) {
		struct t_snapshot *before = t_drive_snapshot(f->dir);
		struct sg_moves moves = { 0 };

		assert_int_equal(t_ur_prove(f, orders[i]), SG_EFFECTIVE_NO);
		t_ur_apply(f, orders[i], &moves);
		if (t_ur_prove(f, orders[i]) != SG_EFFECTIVE_YES)
			fail_msg("%s", f->proof.text);
		t_ur_revert(f, &moves);
		assert_true(t_drive_same(f->dir, before));
		t_snapshot_free(before);
	}
}

/* --- requests */

static const char *proof_line(const struct t_ur *f, const char *uri)
{
	for (size_t i = 0; i < f->proof.n; i++)
		if (strstr(f->proof.at[i].text, uri))
			return f->proof.at[i].text;
	return "";
}

static void says(const struct t_ur *f, const char *uri, const char *text)
{
	if (!strstr(proof_line(f, uri), text))
		fail_msg("\"%s\" does not say \"%s\"", proof_line(f, uri), text);
}

static void its_tests_pass_once_it_is_in(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(t_ur_prove(f, AT_ECP(BOTH)), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "is not in denyUrlSequences");
	t_ur_apply(f, AT_ECP(BOTH), NULL);
	if (t_ur_prove(f, AT_ECP(BOTH)) != SG_EFFECTIVE_YES)
		fail_msg("%s", f->proof.text);
	says(f, "/ecp/x/DDIService.SVC", "refused by the sequence \"ddiservice.svc\" (404.5, " T_ECP ":");
	says(f, "msExchEcpCanary", "(404.18, " T_ECP ":");
	says(f, "/ecp/default.aspx", "served");
}

static void what_defeats_it_is_named_with_file_and_line(void **state)
{
	static const struct {
		const char *file, *from, *to;
		enum sg_effective effective;
		const char *says;
	} cases[] = {
		/* put in a folder below, which clears, or at the place, which allows */
		{ T_ECP, "<modules>", "<modules><remove name=\"RequestFilteringModule\" />", SG_EFFECTIVE_NO,
		        "<remove> takes RequestFilteringModule out of force" },
		{ T_ECP, "<modules>", "<modules><clear />", SG_EFFECTIVE_NO,
		        "<clear> takes RequestFilteringModule out of force" },
		{ T_ECP, "<denyQueryStringSequences>",
		        "<alwaysAllowedUrls><add "
		        "url=\"/ECP/x/ddiservice.svc\"/></alwaysAllowedUrls><denyQueryStringSequences>",
		        SG_EFFECTIVE_NO, "alwaysAllowedUrls holds" },
		{ T_ECP, "<denyQueryStringSequences>",
		        "<alwaysAllowedUrls><add "
		        "url=\"/ddiservice\"/></alwaysAllowedUrls><denyQueryStringSequences>",
		        SG_EFFECTIVE_UNKNOWN, "\"/ddiservice\" in alwaysAllowedUrls" },
		{ T_ECP, "<denyQueryStringSequences>",
		        "<alwaysAllowedQueryStrings><add "
		        "queryString=\"msExchEcpCanary=powershell\"/></"
		        "alwaysAllowedQueryStrings><denyQueryStringSequences>",
		        SG_EFFECTIVE_NO, "alwaysAllowedQueryStrings holds" },
		{ T_ECP, "<requestFiltering>", "<requestFiltering unescapeQueryString=\"false\">",
		        SG_EFFECTIVE_NO, "msExchEcpCanary" },
		{ T_ECP, "</denyUrlSequences>", "<remove sequence=\"DDISERVICE.svc\"/></denyUrlSequences>",
		        SG_EFFECTIVE_NO, "<remove> takes the sequence \"ddiservice.svc\" out of force" },
	};
	static const char sub[] = T_V15 "\\FrontEnd\\HttpProxy\\ecp\\x\\web.config";
	struct t_ur *f = *state;
	struct sg_buf was = { 0 };

	t_ur_apply(f, AT_ECP(BOTH), NULL);
	t_drive_read(f->dir, T_ECP, &was);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum sg_effective found;

		t_drive_replace(f->dir, cases[i].file, cases[i].from, cases[i].to);
		found = t_ur_prove(f, AT_ECP(BOTH));
		if (found != cases[i].effective)
			fail_msg("case %zu: %d (%s)", i, found, f->proof.text ? f->proof.text : "");
		t_ur_proof_says(f, cases[i].says);
		t_drive_write(f->dir, T_ECP, sg_buf_bytes(&was));
	}
	t_drive_write(f->dir, sub,
	        sg_bytes_of("<configuration><system.webServer><security><requestFiltering><denyUrlSequences>"
	                    "\n<clear/>"
	                    "</denyUrlSequences></requestFiltering></security></system.webServer></"
	                    "configuration>"));
	assert_int_equal(t_ur_prove(f, AT_ECP(BOTH)), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "\\ecp\\x\\web.config:2: <clear> takes the sequence");
	says(f, "/ecp/%64diservice.svc", "refused"); /* beside that folder it still is */
	sg_buf_release(&was);
}

static void without_tests_the_files_are_the_proof(void **state)
{
	static const char bare[] = CONFIG("T-5", ACTIONS(FILTER("VDir", ECP BOTH)));
	struct t_ur *f = *state;

	assert_int_equal(t_ur_prove(f, bare), SG_EFFECTIVE_NO);
	t_ur_apply(f, bare, NULL);
	assert_int_equal(t_ur_prove(f, bare), SG_EFFECTIVE_YES);
	t_drive_replace(f->dir, T_ECP, "<modules>", "<modules><remove name=\"RequestFilteringModule\" />");
	assert_int_equal(t_ur_prove(f, bare), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, T_ECP ":");
}

/* --- real files */

/* Puts the file in at /ecp. True: a filter went in and out of it. */
static bool real_file(struct t_ur *f, const char *native)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	struct sg_file_id id;
	bool good = false;

	if (sg_os_read(native, 1u << 20, &octets, &id, &why) == 0) {
		t_drive_write(f->dir, T_ECP, sg_buf_bytes(&octets));
		good = t_ur_plan(f, AT_ECP(BOTH), NULL) == 0;
		if (good)
			round_trip(f, AT_ECP(BOTH), T_ECP, "sequence=\"ddiservice.svc\"");
		else
			assert_true(f->err.msg[0]);
	}
	sg_buf_release(&octets);
	return good;
}

static void real_files_get_their_bytes_back(void **state)
{
	char *root = t_real_path("iis");
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_strs folders = { 0 };
	struct t_ur *f = *state;
	size_t done = 0, refused = 0;

	sg_os_list(root, &folders, &ignored);
	for (size_t i = 0; i < folders.n; i++) {
		char *folder = sg_format("%s/%s", root, folders.at[i]);
		struct sg_strs names = { 0 };

		if (sg_os_list(folder, &names, &ignored) == 0)
			for (size_t k = 0; k < names.n; k++) {
				char *native = sg_format("%s/%s", folder, names.at[k]);
				size_t len = strlen(native);

				if (len > 10 && sg_same(native + len - 10, "web.config")) {
					bool good = real_file(f, native);

					done += good;
					refused += !good;
				}
				free(native);
			}
		sg_strs_release(&names);
		free(folder);
	}
	sg_strs_release(&folders);
	free(root);
	if (!done) {
		print_message("no real files here\n");
		skip();
	}
	print_message("%zu real files went through, %zu were refused with a reason\n", done, refused);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(it_goes_in_and_out_without_a_trace),
		T(a_sequence_comes_back_between_its_neighbours),
		T(it_works_beside_rewrite_rules_in_one_mitigation),
		T(its_tests_pass_once_it_is_in),
		T(what_defeats_it_is_named_with_file_and_line),
		T(without_tests_the_files_are_the_proof),
		T(real_files_get_their_bytes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
