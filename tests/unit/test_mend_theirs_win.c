/* test_mend_theirs_win.c - mending access lists stops where stopgap's own files stop, and what it changes can be given back. */
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"
#include "daemon/lists_win.h"
#include "tests/windows/mend_win.h"

static char *below(const char *folder, const char *name)
{
	return sg_format("%s\\%s", folder, name);
}

static void a_folder_without_a_journal_is_somebodys_and_stays(void **state)
{
	char *data = below(top, "data"), *file = below(data, "ledger"), *made = below(data, "reserve"),
	     *mirror = below(data, "journal.mirror");
	struct sg_mended mended = { 0 };

	(void)state;
	assert_int_equal(sg_os_mkdirs(data, NULL), 0);
	assert_int_equal(sg_os_create_plain(file, sg_bytes_of("theirs"), NULL), 0);
	assert_int_equal(sg_os_create_plain(made, sg_bytes_of("theirs"), NULL), 0);
	give(data, "O:BA", TOP TO(ADMIN));
	give(file, "O:BA", FILE_ TO_F(ADMIN));
	sg_mend_folder(data, SG_MEND_JOURNAL, ask, &mended);
	assert_int_equal(mended.put_back.n + mended.left.n + n_written, 0);
	expect(data, "O:BA", TOP TO(ADMIN));
	expect(file, "O:BA", FILE_ TO_F(ADMIN));

	/* what is left of a journal is one; and even there the other file is not ours */
	assert_int_equal(sg_os_create_plain(mirror, sg_bytes_of("ours"), NULL), 0);
	give(mirror, "O:BA", FILE_ TO_F(ADMIN));
	sg_mend_folder(data, SG_MEND_JOURNAL, ask, &mended);
	assert_int_equal(mended.put_back.n, 1);
	assert_int_equal(n_written, 2);
	expect(data, "O:BA", TOP);
	expect(mirror, "O:BA", FILE_);
	expect(file, "O:BA", FILE_ TO_F(ADMIN));
	sg_mended_release(&mended);
	free(mirror);
	free(made);
	free(file);
	free(data);
}

static void a_journal_where_others_may_put_another_stays(void **state)
{
	struct sg_mended mended = { 0 };

	(void)state;
	give(journal, "O:BA", TOP TO(ADMIN));
	give(top, "O:BA", TOP TO(PERSON));
	sg_mend_folder(journal, SG_MEND_JOURNAL, ask, &mended);
	assert_int_equal(mended.put_back.n + mended.left.n + n_written, 0);
	give(top, "O:BA", TOP);
	sg_mend_folder(journal, SG_MEND_JOURNAL, ask, &mended);
	assert_int_equal(mended.put_back.n, 1);
	sg_mended_release(&mended);
}

static void what_others_keep_in_our_folder_stays_as_it_is(void **state)
{
	char *anchors = below(top, "anchors"), *anchor = below(anchors, "corp.pem"),
	     *theirs = below(top, "theirs"), *inside = below(theirs, "stopgap.xml"),
	     *note = below(top, "note.txt"), *odd = below(journal, "export.mdb");
	struct sg_mended mended;

	(void)state;
	assert_int_equal(sg_os_mkdirs(anchors, NULL), 0);
	assert_int_equal(sg_os_mkdirs(theirs, NULL), 0);
	assert_int_equal(sg_os_create_plain(anchor, sg_bytes_of("ours"), NULL), 0);
	assert_int_equal(sg_os_create_plain(inside, sg_bytes_of("theirs"), NULL), 0);
	assert_int_equal(sg_os_create_plain(note, sg_bytes_of("theirs"), NULL), 0);
	assert_int_equal(sg_os_create_plain(odd, sg_bytes_of("theirs"), NULL), 0);
	CONTINUE(ADMIN);
	give(anchors, "O:BA", FOLDER TO_D(ADMIN));
	give(anchor, "O:BA", FILE_ TO_F(ADMIN));
	give(theirs, "O:BA", FOLDER TO_D(ADMIN));
	give(inside, "O:BA", FILE_ TO_F(ADMIN));
	give(note, "O:BA", FILE_ TO_F(ADMIN));
	give(odd, "O:BA", FILE_ TO_F(ADMIN));
	mended = run();
	assert_int_equal(mended.put_back.n, 1);
	assert_int_equal(mended.left.n, 0);
	assert_int_equal(n_written, 6);
	expect_all_closed();
	expect(anchors, "O:BA", FOLDER);
	expect(anchor, "O:BA", FILE_);
	expect(theirs, "O:BA", FOLDER TO_D(ADMIN));
	expect(inside, "O:BA", FILE_ TO_F(ADMIN));
	expect(note, "O:BA", FILE_ TO_F(ADMIN));
	expect(odd, "O:BA", FILE_ TO_F(ADMIN));
	sg_mended_release(&mended);
	free(odd);
	free(note);
	free(inside);
	free(theirs);
	free(anchor);
	free(anchors);
}

static void what_lies_in_a_folder_that_stays_open_is_not_looked_at(void **state)
{
	struct sg_mended mended;

	(void)state;
	CONTINUE(ADMIN);
	give(top, "O:BA", TOP TO(PERSON));
	mended = run();
	assert_int_equal(mended.put_back.n + n_written, 0);
	assert_int_equal(mended.left.n, 1);
	assert_int_equal(asked[0], 0);
	sg_mended_release(&mended);

	CONTINUE(ADMIN);
	give(journal, "O:BA", FOLDER TO_D(PERSON));
	mended = run();
	assert_int_equal(n_written, 2);
	expect(config, "O:BA", FILE_);
	expect(base, "O:BA", FILE_ TO_F(ADMIN));
	sg_mended_release(&mended);
}

/* So that it can be given back by hand. */
static void how_the_lists_were_is_told_as_far_as_it_fits(void **state)
{
	struct sg_buf much = { 0 };
	struct sg_mended mended;

	(void)state;
	CONTINUE(ADMIN);
	for (int i = 0; i < 200; i++)
		sg_buf_fmt(&much, "(A;;FR;;;S-1-5-21-1-2-3-%d)", 2000 + i);
	sg_buf_fmt(&much, "(A;;FA;;;" ADMIN ")");
	{
		char *dacl = sg_format(FILE_ "%s", (const char *)much.data);

		give(config, "O:BA", dacl);
		free(dacl);
	}
	mended = run();
	assert_int_equal(n_written, 4);
	assert_non_null(strstr(mended.put_back.at[0], "journal.mdb O:BAD:"));
	assert_non_null(strstr(mended.put_back.at[0], "(A;OICI;FA;;;" ADMIN ")"));
	assert_non_null(strstr(mended.put_back.at[0], "; 1 too long to be told here"));
	assert_null(strstr(mended.put_back.at[0], "2000"));
	assert_true(strlen(mended.put_back.at[0]) < 6000);
	sg_mended_release(&mended);
	sg_buf_release(&much);
}

/* What the names lead to between the look and the opening is a real Windows' to race for; what is open tells by itself. */
static void what_is_open_is_known_by_its_folder_not_by_its_name(void **state)
{
	struct sg_file_id id;
	void *folder = NULL, *other = NULL, *file = NULL;

	(void)state;
	assert_int_equal(sg_list_open(journal, false, &folder, &id, NULL), 0);
	assert_int_equal(sg_list_open(top, false, &other, &id, NULL), 0);
	assert_int_equal(sg_list_open(base, false, &file, &id, NULL), 0);
	assert_true(sg_list_lies(file, folder, "journal.mdb"));
	assert_true(sg_list_lies(file, folder, "Journal.MDB"));
	assert_true(sg_list_lies(folder, other, "journal"));
	assert_false(sg_list_lies(file, other, "journal.mdb"));
	assert_false(sg_list_lies(file, folder, "journal.md"));
	assert_false(sg_list_lies(file, folder, "reserve"));
	assert_false(sg_list_lies(folder, folder, "journal"));
	{ /* and it stays there */
		wchar_t *wide = sg_win_path(journal), *to = sg_win_path(config);

		assert_false(MoveFileExW(wide, to, MOVEFILE_REPLACE_EXISTING));
		free(to);
		free(wide);
	}
	CloseHandle(file);
	CloseHandle(other);
	CloseHandle(folder);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_folder_without_a_journal_is_somebodys_and_stays),
		CASE(a_journal_where_others_may_put_another_stays),
		CASE(what_others_keep_in_our_folder_stays_as_it_is),
		CASE(what_lies_in_a_folder_that_stays_open_is_not_looked_at),
		CASE(how_the_lists_were_is_told_as_far_as_it_fits),
		CASE(what_is_open_is_known_by_its_folder_not_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
