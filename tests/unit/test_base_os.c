/* test_base_os.c - files through the system layer, on every system: created, replaced, read, listed, flushed. What belongs to one system only is in
 * test_base_os_posix.c and test_base_os_win.c. */
#include "base/os.h"
#include "tests/lib/folder_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void a_new_file_is_made_once(void **state)
{
	(void)state;
	t_put(t_at("new"), "text");
	assert_holds(t_at("new"), "text");
	assert_int_equal(sg_os_create(t_at("new"), sg_bytes_of("other"), NULL, NULL), SG_EEXIST);
	assert_int_equal(sg_os_create_plain(t_at("new"), sg_bytes_of("other"), NULL), SG_EEXIST);
	assert_holds(t_at("new"), "text");
	assert_int_equal(sg_os_create(t_at("no/such/folder"), sg_bytes_of("x"), NULL, NULL), SG_ENOENT);
	assert_int_equal(sg_os_create_plain(t_at("plain"), sg_bytes_of("a\r\nb\n"), NULL), 0);
	assert_holds(t_at("plain"), "a\r\nb\n");
}

static void a_file_is_replaced_whole(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	t_put(t_at("web.config"), "old");
	assert_int_equal(sg_os_create(t_at("t.config"), sg_bytes_of("new"), t_at("web.config"), &err), 0);
	assert_int_equal(sg_os_sync_file(t_at("t.config"), &err), 0);
	assert_int_equal(sg_os_replace(t_at("t.config"), t_at("web.config"), &err), 0);
	assert_int_equal(sg_os_sync_dir(t_folder(), &err), 0);
	assert_holds(t_at("web.config"), "new");
	assert_int_equal(access(t_at("t.config"), F_OK), -1);
}

static void a_failed_create_leaves_nothing_behind(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_os_create(t_at("orphan"), sg_bytes_of("x"), t_at("missing"), &err), SG_ENOENT);
	assert_int_equal(access(t_at("orphan"), F_OK), -1);
	assert_non_null(strstr(err.msg, "missing"));
}

static void only_files_are_read(void **state)
{
	struct sg_buf buf = { 0 };

	(void)state;
	assert_int_equal(sg_os_read(t_folder(), 100, &buf, NULL, NULL), SG_EUNSUPPORTED);
	assert_int_equal(sg_os_read(t_at("none"), 100, &buf, NULL, NULL), SG_ENOENT);
	assert_null(buf.data);
}

static void a_file_larger_than_allowed_is_refused(void **state)
{
	struct sg_buf buf = { 0 };
	struct sg_file_id id;

	(void)state;
	t_put(t_at("five"), "12345");
	assert_int_equal(sg_os_read(t_at("five"), 4, &buf, NULL, NULL), SG_ELIMIT);
	assert_null(buf.data);
	assert_int_equal(sg_os_read(t_at("five"), 5, &buf, &id, NULL), 0);
	assert_int_equal(buf.len, 5);
	assert_int_equal(id.size, 5);
	sg_buf_release(&buf);
	t_put(t_at("empty"), "");
	assert_int_equal(sg_os_read(t_at("empty"), 0, &buf, NULL, NULL), 0);
	assert_string_equal((char *)buf.data, "");
	sg_buf_release(&buf);
}

static void a_look_tells_kind_links_and_identity(void **state)
{
	struct sg_file_id a, b, c;

	(void)state;
	t_put(t_at("one"), "x");
	assert_int_equal(sg_os_stat(t_at("one"), &a, NULL), 0);
	assert_true(a.is_file && !a.is_dir && !a.is_link);
	assert_int_equal(a.links, 1);
	assert_true(a.mtime_ns > INT64_C(1500000000000000000));
	assert_int_equal(link(t_at("one"), t_at("two")), 0);
	assert_int_equal(sg_os_stat(t_at("two"), &b, NULL), 0);
	assert_int_equal(b.links, 2);
	assert_true(a.dev == b.dev && a.ino == b.ino);
	assert_int_equal(sg_os_stat(t_folder(), &c, NULL), 0);
	assert_true(c.is_dir);
	assert_int_equal(sg_os_stat(t_at("nothing"), &c, NULL), SG_ENOENT);
	assert_int_equal(sg_os_stat(t_at("one/below"), &c, NULL), SG_ENOENT);
}

static void names_are_listed_in_order(void **state)
{
	struct sg_strs names = { 0 };

	(void)state;
	assert_int_equal(sg_os_mkdirs(t_at("list/b"), NULL), 0);
	t_put(t_at("list/a"), "");
	t_put(t_at("list/C"), "");
	t_put(t_at("list/.hidden"), "");
	assert_int_equal(sg_os_list(t_at("list"), &names, NULL), 0);
	assert_int_equal(names.n, 4);
	assert_string_equal(names.at[0], ".hidden");
	assert_string_equal(names.at[1], "C");
	assert_string_equal(names.at[2], "a");
	assert_string_equal(names.at[3], "b");
	assert_true(sg_strs_has(&names, "C"));
	assert_int_equal(sg_os_list(t_at("nowhere"), &names, NULL), SG_ENOENT);
	assert_int_equal(names.n, 4); /* left as it was */
	sg_strs_release(&names);
}

static void more_names_than_are_allowed_are_no_list(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_strs names = { 0 };

	(void)state;
	assert_int_equal(sg_os_mkdirs(t_at("full/c"), NULL), 0);
	t_put(t_at("full/a"), "");
	t_put(t_at("full/b"), "");
	assert_int_equal(sg_os_list_most(t_at("full"), 3, &names, NULL), 0);
	assert_int_equal(names.n, 3);
	assert_int_equal(sg_os_list_most(t_at("full"), 2, &names, &err), SG_ELIMIT);
	assert_non_null(strstr(err.msg, "full holds more than 2 names"));
	assert_int_equal(names.n, 3); /* left as it was */
	assert_int_equal(sg_os_list_most(t_at("full/c"), 0, &names, NULL), 0);
	assert_int_equal(names.n, 0);
	sg_strs_release(&names);
}

static void folders_are_made_and_removed_with_all_that_is_in_them(void **state)
{
	(void)state;
	assert_int_equal(sg_os_mkdirs(t_at("deep/er/est/"), NULL), 0);
	assert_int_equal(sg_os_mkdirs(t_at("deep/er/est"), NULL), 0);
	t_put(t_at("deep/file"), "");
	assert_int_equal(sg_os_mkdirs(t_at("deep/file"), NULL), SG_EEXIST);
	assert_int_equal(sg_os_mkdirs(t_at("deep/file/x"), NULL), SG_EEXIST);
	assert_int_equal(sg_os_remove_tree(t_at("deep"), NULL), 0);
	assert_int_equal(access(t_at("deep"), F_OK), -1);
	assert_int_equal(sg_os_remove_tree(t_at("deep"), NULL), 0);
	assert_int_equal(sg_os_unlink(t_at("absent"), NULL), 0);
}

static void allocated_space_is_there_and_stays(void **state)
{
	struct stat st;
	uint64_t space = 0;

	(void)state;
	assert_int_equal(sg_os_allocate(t_at("map"), 1 << 20, NULL), 0);
	assert_int_equal(stat(t_at("map"), &st), 0);
	assert_int_equal(st.st_size, 1 << 20);
	assert_int_equal(sg_os_allocate(t_at("map"), 4096, NULL), 0);
	assert_int_equal(stat(t_at("map"), &st), 0);
	assert_int_equal(st.st_size, 1 << 20); /* it grows, it never shrinks */
	assert_int_equal(sg_os_free_space(t_folder(), &space, NULL), 0);
	assert_true(space > 0);
	assert_int_equal(sg_os_free_space(t_at("not here"), &space, NULL), SG_ENOENT);
}

static void more_than_the_volume_has_is_not_allocated(void **state)
{
	(void)state;
	assert_true(sg_os_allocate(t_at("huge"), UINT64_C(1) << 55, NULL) < 0);
}

static void an_open_file_is_written_in_place(void **state)
{
	struct sg_os_file f = SG_OS_FILE_INIT;
	struct sg_file_id open_one, named;
	char out[16] = { 0 };
	size_t len = 0;

	(void)state;
	assert_int_equal(sg_os_open(t_at("mirror"), false, &f, NULL), SG_ENOENT);
	assert_int_equal(f.h, -1);
	assert_int_equal(sg_os_open(t_at("mirror"), true, &f, NULL), 0);
	assert_int_equal(sg_os_pwrite(f, 0, "0123456789", 10, NULL), 0);
	assert_int_equal(sg_os_pwrite(f, 4, "xy", 2, NULL), 0);
	assert_int_equal(sg_os_sync(f, NULL), 0);
	assert_int_equal(sg_os_pread(f, 3, out, sizeof out, &len, NULL), 0);
	assert_int_equal(len, 7);
	assert_memory_equal(out, "3xy6789", 7);
	assert_int_equal(sg_os_identify(f, &open_one, NULL), 0);
	assert_int_equal(sg_os_stat(t_at("mirror"), &named, NULL), 0);
	assert_true(open_one.dev == named.dev && open_one.ino == named.ino && open_one.links == 1);
	assert_int_equal(open_one.size, 10);
	sg_os_close(&f);
	assert_int_equal(f.h, -1);
	sg_os_close(&f);
	assert_holds(t_at("mirror"), "0123xy6789");
}

static void a_flush_that_fails_is_fatal(void **state)
{
	struct sg_os_file closed = { 9999 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_os_sync(closed, &err), SG_EFATAL);
	assert_int_equal(sg_os_sync_file(t_at("is not there"), NULL), SG_ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file_is_made_once),
		cmocka_unit_test(a_file_is_replaced_whole),
		cmocka_unit_test(a_failed_create_leaves_nothing_behind),
		cmocka_unit_test(only_files_are_read),
		cmocka_unit_test(a_file_larger_than_allowed_is_refused),
		cmocka_unit_test(a_look_tells_kind_links_and_identity),
		cmocka_unit_test(names_are_listed_in_order),
		cmocka_unit_test(more_names_than_are_allowed_are_no_list),
		cmocka_unit_test(folders_are_made_and_removed_with_all_that_is_in_them),
		cmocka_unit_test(allocated_space_is_there_and_stays),
		cmocka_unit_test(more_than_the_volume_has_is_not_allocated),
		cmocka_unit_test(an_open_file_is_written_in_place),
		cmocka_unit_test(a_flush_that_fails_is_fatal),
	};

	return cmocka_run_group_tests(tests, t_folder_make, t_folder_remove);
}
