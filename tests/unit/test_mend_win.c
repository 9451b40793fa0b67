/* test_mend_win.c - a click on "Continue" in Explorer ends no protection, and nobody else gets in by it. Wine keeps no access list, so the lists of this test
 * are its own: this program's own imports stand for advapi32's. */
#include "base/drive.h"
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"
#include "daemon/access.h"
#include "daemon/folders_win.h"
#include "tests/windows/mend_win.h"

/* --- the decision */

static void only_an_administrators_right_in_a_closed_folder_is_put_back(void **state)
{
	static const struct {
		enum sg_win_access is;
		const char *sid;
		enum sg_admin admin;
		bool closed;
		enum sg_mend want;
	} table[] = {
		{ SG_WIN_CLOSED, NULL, SG_ADMIN_NO, true, SG_MEND_NOTHING },
		{ SG_WIN_CLOSED, ADMIN, SG_ADMIN_UNKNOWN, false, SG_MEND_NOTHING },
		{ SG_WIN_LISTED, ADMIN, SG_ADMIN_YES, true, SG_MEND_PUT_BACK },
		{ SG_WIN_OWNED, ADMIN, SG_ADMIN_YES, true, SG_MEND_PUT_BACK },
		{ SG_WIN_LISTED, "S-1-12-1-1-2-3-4", SG_ADMIN_YES, true, SG_MEND_PUT_BACK },
		{ SG_WIN_LISTED, ADMIN, SG_ADMIN_YES, false, SG_MEND_REFUSE },
		{ SG_WIN_OWNED, ADMIN, SG_ADMIN_YES, false, SG_MEND_REFUSE },
		{ SG_WIN_LISTED, ADMIN, SG_ADMIN_NO, true, SG_MEND_REFUSE },
		{ SG_WIN_LISTED, ADMIN, SG_ADMIN_UNKNOWN, true, SG_MEND_REFUSE },
		{ SG_WIN_OWNED, ADMIN, SG_ADMIN_UNKNOWN, true, SG_MEND_REFUSE },
		{ SG_WIN_UNLISTED, NULL, SG_ADMIN_YES, true, SG_MEND_REFUSE },
		{ SG_WIN_UNLISTED, ADMIN, SG_ADMIN_YES, true, SG_MEND_REFUSE },
		/* nobody's account: Everyone, authenticated users, Users, a service, an app's package */
		{ SG_WIN_LISTED, "S-1-1-0", SG_ADMIN_YES, true, SG_MEND_REFUSE },
		{ SG_WIN_LISTED, "S-1-5-11", SG_ADMIN_YES, true, SG_MEND_REFUSE },
		{ SG_WIN_LISTED, "S-1-5-32-545", SG_ADMIN_YES, true, SG_MEND_REFUSE },
		{ SG_WIN_LISTED, "S-1-5-80-1-2-3-4-5", SG_ADMIN_YES, true, SG_MEND_REFUSE },
		{ SG_WIN_LISTED, "S-1-15-2-1", SG_ADMIN_YES, true, SG_MEND_REFUSE },
		{ SG_WIN_LISTED, "S-1-5-210-1", SG_ADMIN_YES, true, SG_MEND_REFUSE },
		{ SG_WIN_LISTED, NULL, SG_ADMIN_YES, true, SG_MEND_REFUSE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (sg_mend_decide(table[i].is, table[i].sid, table[i].admin, table[i].closed) !=
		        table[i].want)
			fail_msg("row %zu", i);
}

/* --- folders */

static void who_only_looked_as_an_administrator_ends_nothing(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_mended mended;

	(void)state;
	CONTINUE(ADMIN);
	/* neither the journal nor the configuration is obeyed like this, nor does install take it */
	assert_int_equal(sg_os_ours(journal, NULL), SG_EACCES);
	assert_int_equal(sg_os_ours(base, NULL), SG_EACCES);
	assert_int_equal(sg_os_ours(config, NULL), SG_EACCES);
	mended = run();
	assert_int_equal(mended.left.n, 0);
	assert_int_equal(mended.put_back.n, 1);
	assert_non_null(strstr(mended.put_back.at[0], ADMIN));
	assert_non_null(strstr(mended.put_back.at[0], top));
	assert_non_null(strstr(mended.put_back.at[0], " and 3 more files or folders below"));
	assert_int_equal(asked[0], 1);
	expect_all_closed();
	assert_int_equal(sg_os_ours(journal, &err), 0);
	assert_int_equal(sg_os_ours(base, &err), 0);
	assert_int_equal(sg_os_ours(config, &err), 0);
	sg_mended_release(&mended);

	/* and at the next start nothing is said or written */
	n_written = 0;
	mended = run();
	assert_int_equal(mended.put_back.n + mended.left.n + n_written, 0);
	assert_int_equal(asked[0], 1);
}

static void install_takes_the_folder_again(void **state)
{
	struct sg_mended mended;

	(void)state;
	CONTINUE(ADMIN);
	assert_int_equal(sg_folder_close(top, NULL), SG_EACCES);
	CONTINUE(ADMIN);
	mended = run();
	sg_mended_release(&mended);
	assert_int_equal(sg_folder_close(top, NULL), 0);
	expect_all_closed();
}

static void whoever_is_no_administrator_stays_refused_and_nothing_is_written(void **state)
{
	static const char *const says[] = { "is no administrator", "the domain does not answer" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sg_mended mended;

		if (i == 0)
			CONTINUE(PERSON);
		else
			CONTINUE(GONE);
		mended = run();
		assert_int_equal(mended.put_back.n, 0);
		assert_int_equal(mended.left.n, 1);
		assert_non_null(strstr(mended.left.at[0], i == 0 ? PERSON : GONE));
		assert_non_null(strstr(mended.left.at[0], top));
		assert_non_null(strstr(mended.left.at[0], "icacls \""));
		assert_non_null(strstr(mended.left.at[0], says[i]));
		assert_int_equal(n_written, 0);
		assert_int_equal(sg_os_ours(journal, NULL), SG_EACCES);
		assert_int_equal(sg_os_ours(config, NULL), SG_EACCES);
		sg_mended_release(&mended);
	}
	assert_int_equal(asked[1] + asked[2], 2);
}

static void a_group_of_windows_is_not_even_asked_about(void **state)
{
	struct sg_mended mended;

	(void)state;
	give(config, "O:BA", FILE_ "(A;;FA;;;WD)");
	mended = run(); /* ask() knows no such account */
	assert_int_equal(mended.put_back.n + n_written, 0);
	assert_int_equal(mended.left.n, 1);
	assert_non_null(strstr(mended.left.at[0], "stopgap.xml may be changed by "));
	sg_mended_release(&mended);
}

static void one_stranger_beside_an_administrator_keeps_a_file_as_it_is(void **state)
{
	struct sg_mended mended;

	(void)state;
	CONTINUE(ADMIN);
	give(config, "O:BA", FILE_ TO_F(ADMIN) "(A;;0x2;;;" PERSON ")");
	mended = run();
	assert_int_equal(mended.put_back.n, 1);
	assert_non_null(strstr(mended.put_back.at[0], " and 2 more"));
	assert_int_equal(mended.left.n, 1);
	assert_non_null(strstr(mended.left.at[0], "stopgap.xml may be changed by " PERSON));
	expect(top, "O:BA", TOP);
	expect(journal, "O:BA", FOLDER);
	expect(base, "O:BA", FILE_);
	expect(config, "O:BA", FILE_ TO_F(ADMIN) "(A;;0x2;;;" PERSON ")");
	assert_int_equal(sg_os_ours(journal, NULL), 0);
	assert_int_equal(sg_os_ours(config, NULL), SG_EACCES);
	sg_mended_release(&mended);
}

static void what_an_administrator_made_there_belongs_to_all_of_them(void **state)
{
	struct sg_mended mended;

	(void)state;
	give(config, "O:" ADMIN, FILE_ TO_F(ADMIN));
	mended = run();
	assert_int_equal(mended.put_back.n, 1);
	assert_non_null(strstr(mended.put_back.at[0], "stopgap.xml, not elevated"));
	assert_int_equal(n_written, 1);
	expect_all_closed();
	sg_mended_release(&mended);
	give(config, "O:" PERSON, FILE_);
	mended = run();
	assert_int_equal(mended.put_back.n, 0);
	assert_non_null(strstr(mended.left.at[0], "/setowner"));
	expect(config, "O:" PERSON, FILE_);
	sg_mended_release(&mended);
}

static void a_right_to_read_is_left_to_whoever_has_it(void **state)
{
	struct sg_mended mended;

	(void)state;
	give(top, "O:BA", TOP "(A;OICI;0x1200a9;;;" PERSON ")");
	give(config, "O:BA", FILE_ "(A;ID;0x1200a9;;;" PERSON ")(A;;FR;;;" ADMIN ")");
	mended = run();
	assert_int_equal(mended.put_back.n + mended.left.n + n_written, 0);
	assert_int_equal(asked[0] + asked[1], 0);
	sg_mended_release(&mended);
}

static void a_folder_that_install_did_not_close_is_nobodys_to_mend(void **state)
{
	static const struct {
		const char *owner, *dacl;
	} tops[] = {
		{ "O:BA", "D:AI" TO("SY") TO("BA") TO(ADMIN) }, /* it inherits */
		{ "O:" ADMIN, TOP TO(ADMIN) },                  /* somebody made it before install came */
		{ "O:" PERSON, TOP },
		{ "", TOP TO(ADMIN) },
		{ "O:BA", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
		struct sg_mended mended;

		CONTINUE(ADMIN);
		give(top, tops[i].owner, tops[i].dacl);
		mended = run();
		assert_int_equal(mended.put_back.n + mended.left.n + n_written, 0);
		sg_mended_release(&mended);
	}
	assert_int_equal(asked[0], 0);
	{
		struct sg_mended mended = { 0 };
		char *none = sg_format("%s\\none", top);

		sg_mend_folder(none, SG_MEND_OWN, ask, &mended);
		assert_int_equal(mended.put_back.n + mended.left.n, 0);
		free(none);
	}
}

static void what_is_held_or_linked_is_left_and_named_and_the_rest_is_put_back(void **state)
{
	char *second = sg_format("%s\\second", journal);
	wchar_t *wide = sg_win_path(config), *from = sg_win_path(base), *to = sg_win_path(second);
	struct sg_mended mended;
	HANDLE h;

	(void)state;
	CONTINUE(ADMIN);
	h = CreateFileW(wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
	assert_true(h != INVALID_HANDLE_VALUE);
	mended = run();
	CloseHandle(h);
	assert_int_equal(mended.put_back.n, 1);
	assert_int_equal(mended.left.n, 1);
	assert_non_null(strstr(mended.left.at[0], "cannot open "));
	assert_non_null(strstr(mended.left.at[0], "stopgap.xml"));
	expect(journal, "O:BA", FOLDER);
	expect(base, "O:BA", FILE_);
	expect(config, "O:BA", FILE_ TO_F(ADMIN));
	sg_mended_release(&mended);

	give(config, "O:BA", FILE_);
	assert_true(CreateHardLinkW(to, from, NULL));
	give(base, "O:BA", FILE_ TO_F(ADMIN));
	n_written = 0;
	mended = run();
	assert_int_equal(mended.put_back.n + n_written, 0);
	assert_int_equal(mended.left.n, 1);
	assert_non_null(strstr(mended.left.at[0], "the same file as another"));
	sg_mended_release(&mended);
	free(to);
	free(from);
	free(wide);
	free(second);
}

/* What is asked of Windows itself is not answered under Wine, so that all of it is left, and named. */
static void the_services_own_folder_is_looked_at_where_it_is_this_machines(void **state)
{
	struct sg_drives live = { 0 };
	struct sg_strs put_back = { 0 }, left = { 0 };
	char *own = NULL, *inside;

	(void)state;
	assert_int_equal(sg_drive_canonical(&live, "%ProgramData%\\stopgap", &own, NULL), 0);
	assert_int_equal(sg_os_mkdirs(own, NULL), 0);
	inside = sg_format("%s\\stopgap.xml", own);
	give(own, "O:BA", TOP TO(ADMIN));
	sg_access_mend_around(inside, &put_back, &left);
	assert_int_equal(left.n, 1);
	assert_non_null(strstr(left.at[0], "is not known to be an administrator's; "));
	sg_strs_release(&left);
	sg_access_mend_around(config, &put_back, &left); /* elsewhere */
	assert_int_equal(left.n, 0);
	sg_access_mend(true, journal, &put_back, &left);
	assert_int_equal(left.n, 1);
	sg_strs_release(&left);
	sg_access_mend(false, journal, &put_back, &left); /* another machine's drives */
	assert_int_equal(left.n, 0);
	give(journal, "O:BA", TOP TO(ADMIN));
	sg_access_mend(false, journal, &put_back, &left); /* a journal's folder that was closed by itself */
	assert_int_equal(left.n, 1);
	sg_strs_release(&left);
	assert_int_equal(put_back.n + n_written, 0);
	free(inside);
	free(own);
}

/* Which answers Windows gives is for a real one to show; what cannot be asked is never yes. */
static void who_cannot_be_asked_about_is_no_administrator_for_sure(void **state)
{
	char *why = NULL;

	(void)state;
	assert_int_equal(sg_admin_ask("no sid", &why), SG_ADMIN_UNKNOWN);
	assert_non_null(strstr(why, "cannot be told"));
	free(why);
	why = NULL;
	assert_int_not_equal(sg_admin_ask("S-1-5-21-9-9-9-9999", &why), SG_ADMIN_YES);
	free(why);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_an_administrators_right_in_a_closed_folder_is_put_back),
		CASE(who_only_looked_as_an_administrator_ends_nothing),
		CASE(install_takes_the_folder_again),
		CASE(whoever_is_no_administrator_stays_refused_and_nothing_is_written),
		CASE(a_group_of_windows_is_not_even_asked_about),
		CASE(one_stranger_beside_an_administrator_keeps_a_file_as_it_is),
		CASE(what_an_administrator_made_there_belongs_to_all_of_them),
		CASE(a_right_to_read_is_left_to_whoever_has_it),
		CASE(a_folder_that_install_did_not_close_is_nobodys_to_mend),
		CASE(what_is_held_or_linked_is_left_and_named_and_the_rest_is_put_back),
		CASE(the_services_own_folder_is_looked_at_where_it_is_this_machines),
		cmocka_unit_test(who_cannot_be_asked_about_is_no_administrator_for_sure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
