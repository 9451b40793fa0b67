/* test_journal_open.c - making, opening and owning a journal, and what is refused there. */
#include "journal/own.h"
#include "journal/shape.h"
#include "journal/writer.h"
#include "tests/lib/journal_fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_second_owner_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_journal *second = NULL;

	assert_int_equal(sg_journal_open(f->dir, &f->options, &f->now, &second, &err), SG_EBUSY);
	assert_null(second);
}

static void a_folder_of_somebody_else_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;

	if (geteuid() != 0) {
		print_message("skipped: only root can give a folder away\n");
		skip();
	}
	sg_journal_close(f->j);
	f->j = NULL;
	assert_int_equal(chown(f->dir, 12345, 12345), 0);
	assert_int_equal(sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "belongs to uid 12345"));
	assert_int_equal(chown(f->dir, 0, 0), 0);
	fixture_reopen(f);
}

static void a_file_in_it_that_others_may_change_is_refused(void **state)
{
	static const char *const names[] = { "journal.mdb", "journal.mirror" };
	struct fixture *f = *state;

	sg_journal_close(f->j);
	f->j = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = sg_format("%s/%s", f->dir, names[i]);
		struct sg_err err = SG_ERR_INIT;

		assert_int_equal(chmod(path, 0606), 0);
		assert_int_equal(sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err), SG_EACCES);
		assert_non_null(strstr(err.msg, names[i]));
		assert_int_equal(chmod(path, 0600), 0);
		free(path);
	}
	fixture_reopen(f);
}

static void a_journal_of_another_machine_asks_first(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;

	sg_journal_close(f->j);
	f->j = NULL;
	f->options.machine = "machine-2";
	assert_int_equal(sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err), SG_ESTATE);
	assert_non_null(strstr(err.msg, "machine-1"));
	sg_err_clear(&err);
	f->options.any_machine = true;
	assert_int_equal(sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err), 0);
	f->options.any_machine = false;
	fixture_reopen(f);
}

static void what_a_dead_creation_left_is_removed(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	char *path = sg_format("%s/journal.mdb", f->dir), *aside = sg_format("%s/journal.new", f->dir);

	sg_journal_close(f->j);
	f->j = NULL;
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(truncate(aside, 5000), 0);
	assert_int_equal(sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err), 0);
	assert_true(sg_journal_created(f->j));
	assert_int_not_equal(access(aside, F_OK), 0);
	free(path);
	free(aside);
}

static void a_lost_journal_is_not_replaced_by_an_empty_one(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 };
	struct sg_err err = SG_ERR_INIT;
	char *path = sg_format("%s/journal.mdb", f->dir);

	fixture_apply(f, "M1", 2, 40, &intent);
	sg_journal_close(f->j);
	f->j = NULL;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err), SG_EDAMAGED);
	assert_non_null(strstr(err.msg, "2 claims"));
	assert_int_not_equal(access(path, F_OK), 0);
	free(path);
	sg_intent_release(&intent);
}

static void an_older_copy_put_back_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf old = { 0 };
	char *path = sg_format("%s/journal.mdb", f->dir);

	fixture_lines(f, 1);
	assert_int_equal(sg_os_read(path, SIZE_MAX, &old, NULL, &err), 0);
	fixture_lines(f, 1);
	fixture_apply(f, "M1", 1, 40, &intent);
	sg_journal_close(f->j);
	f->j = NULL;
	fixture_write(path, sg_buf_bytes(&old));
	assert_int_equal(sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err), SG_EDAMAGED);
	assert_non_null(strstr(err.msg, "older"));
	free(path);
	sg_buf_release(&old);
	sg_intent_release(&intent);
}

/* The file as a stopgap of that format left it. */
static void made_as(struct fixture *f, uint32_t format)
{
	char machine[] = "machine-1";
	struct sg_made made = { format, 1000, machine };
	struct sg_val *v = sg_shape_made(&made);
	struct sg_err err = SG_ERR_INIT;
	struct sg_writer w;

	sg_writer_begin(&w, f->j->db, false, &err);
	sg_writer_put(&w, SG_T_META, sg_bytes_of("made"), v);
	assert_int_equal(sg_writer_commit(&w, &f->now), 0);
	sg_val_free(v);
}

static void an_older_journal_is_opened_and_says_from_then_on_that_it_is_of_today(void **state)
{
	struct fixture *f = *state;
	struct sg_journal_meta meta = { 0 };
	struct sg_err err = SG_ERR_INIT;

	fixture_lines(f, 2);
	made_as(f, 1);
	fixture_reopen(f);
	assert_int_equal(sg_journal_read_meta(sg_journal_reader(f->j), &meta, &err), 0);
	assert_int_equal(meta.format, 2);
	assert_int_equal(meta.audit_last, 2);
	assert_string_equal(meta.machine, "machine-1");
	sg_journal_meta_release(&meta);
}

static void a_newer_journal_is_refused_and_both_formats_are_named(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;

	made_as(f, 3);
	sg_journal_close(f->j);
	f->j = NULL;
	assert_int_equal(sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err), SG_EVERSION);
	assert_non_null(strstr(err.msg, "journal format 3"));
	assert_non_null(strstr(err.msg, "formats up to 2"));
}

static void makes_a_journal_that_opens_again_with_nothing_in_it(void **state)
{
	struct fixture *f = *state;
	struct sg_journal_meta meta = { 0 };
	struct sg_err err = SG_ERR_INIT;

	assert_true(sg_journal_created(f->j));
	fixture_reopen(f);
	assert_false(sg_journal_created(f->j));
	assert_int_equal(sg_journal_read_meta(sg_journal_reader(f->j), &meta, &err), 0);
	assert_int_equal(meta.format, 2);
	assert_int_equal(meta.created, 1000);
	assert_string_equal(meta.machine, "machine-1");
	assert_int_equal(meta.size, MAP_SIZE);
	assert_int_equal(meta.audit_last, 0);
	sg_journal_meta_release(&meta);
}

static void the_reserve_is_given_back_once_and_made_again(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;

	assert_int_equal(sg_journal_reserve_free(f->j, &err), 0);
	assert_int_equal(sg_journal_reserve_free(f->j, &err), SG_ENOENT);
	sg_err_clear(&err);
	assert_int_equal(sg_journal_reserve_make(f->j, &err), 0);
	assert_int_equal(sg_journal_reserve_free(f->j, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(a_second_owner_is_refused),
		T(a_folder_of_somebody_else_is_refused),
		T(a_file_in_it_that_others_may_change_is_refused),
		T(a_journal_of_another_machine_asks_first),
		T(what_a_dead_creation_left_is_removed),
		T(a_lost_journal_is_not_replaced_by_an_empty_one),
		T(an_older_copy_put_back_is_refused),
		T(an_older_journal_is_opened_and_says_from_then_on_that_it_is_of_today),
		T(a_newer_journal_is_refused_and_both_formats_are_named),
		T(makes_a_journal_that_opens_again_with_nothing_in_it),
		T(the_reserve_is_given_back_once_and_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
