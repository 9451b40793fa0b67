/* test_base_os.c - files through the system layer, on every system: created, replaced, read, listed, flushed. What belongs to one system only is in
 * test_base_os_posix.c and test_base_os_win.c. */
#include "base/os.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/sg-os-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return sg_os_remove_tree(folder, NULL);
}

/* A path in the test's folder; the last eight are kept. */
static const char *at(const char *name)
{
	static char paths[8][256];
	static int next;

	next = (next + 1) % 8;
	snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
	return paths[next];
}

static void put(const char *path, const char *text)
{
	assert_int_equal(sg_os_create(path, sg_bytes_of(text), NULL, NULL), 0);
}

static void assert_holds(const char *path, const char *text)
{
	struct sg_buf buf = { 0 };

	assert_int_equal(sg_os_read(path, 1 << 20, &buf, NULL, NULL), 0);
	assert_string_equal((char *)buf.data, text);
	sg_buf_release(&buf);
}

static void a_new_file_is_made_once(void **state)
{
	(void)state;
	put(at("new"), "text");
	assert_holds(at("new"), "text");
	assert_int_equal(sg_os_create(at("new"), sg_bytes_of("other"), NULL, NULL), SG_EEXIST);
	assert_int_equal(sg_os_create_plain(at("new"), sg_bytes_of("other"), NULL), SG_EEXIST);
	assert_holds(at("new"), "text");
	assert_int_equal(sg_os_create(at("no/such/folder"), sg_bytes_of("x"), NULL, NULL), SG_ENOENT);
	assert_int_equal(sg_os_create_plain(at("plain"), sg_bytes_of("a\r\nb\n"), NULL), 0);
	assert_holds(at("plain"), "a\r\nb\n");
}

static void a_file_is_replaced_whole(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	put(at("web.config"), "old");
	assert_int_equal(sg_os_create(at("t.config"), sg_bytes_of("new"), at("web.config"), &err), 0);
	assert_int_equal(sg_os_sync_file(at("t.config"), &err), 0);
	assert_int_equal(sg_os_replace(at("t.config"), at("web.config"), &err), 0);
	assert_int_equal(sg_os_sync_dir(folder, &err), 0);
	assert_holds(at("web.config"), "new");
	assert_int_equal(access(at("t.config"), F_OK), -1);
}

static void a_failed_create_leaves_nothing_behind(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_os_create(at("orphan"), sg_bytes_of("x"), at("missing"), &err), SG_ENOENT);
	assert_int_equal(access(at("orphan"), F_OK), -1);
	assert_non_null(strstr(err.msg, "missing"));
}

static void only_files_are_read(void **state)
{
	struct sg_buf buf = { 0 };

	(void)state;
	assert_int_equal(sg_os_read(folder, 100, &buf, NULL, NULL), SG_EUNSUPPORTED);
	assert_int_equal(sg_os_read(at("none"), 100, &buf, NULL, NULL), SG_ENOENT);
	assert_null(buf.data);
}

static void a_file_larger_than_allowed_is_refused(void **state)
{
	struct sg_buf buf = { 0 };
	struct sg_file_id id;

	(void)state;
	put(at("five"), "12345");
	assert_int_equal(sg_os_read(at("five"), 4, &buf, NULL, NULL), SG_ELIMIT);
	assert_null(buf.data);
	assert_int_equal(sg_os_read(at("five"), 5, &buf, &id, NULL), 0);
	assert_int_equal(buf.len, 5);
	assert_int_equal(id.size, 5);
	sg_buf_release(&buf);
	put(at("empty"), "");
	assert_int_equal(sg_os_read(at("empty"), 0, &buf, NULL, NULL), 0);
	assert_string_equal((char *)buf.data, "");
	sg_buf_release(&buf);
}

static void a_look_tells_kind_links_and_identity(void **state)
{
	struct sg_file_id a, b, c;

	(void)state;
	put(at("one"), "x");
	assert_int_equal(sg_os_stat(at("one"), &a, NULL), 0);
	assert_true(a.is_file && !a.is_dir && !a.is_link);
	assert_int_equal(a.links, 1);
	assert_true(a.mtime_ns > INT64_C(1500000000000000000));
	assert_int_equal(link(at("one"), at("two")), 0);
	assert_int_equal(sg_os_stat(at("two"), &b, NULL), 0);
	assert_int_equal(b.links, 2);
	assert_true(a.dev == b.dev && a.ino == b.ino);
	assert_int_equal(sg_os_stat(folder, &c, NULL), 0);
	assert_true(c.is_dir);
	assert_int_equal(sg_os_stat(at("nothing"), &c, NULL), SG_ENOENT);
	assert_int_equal(sg_os_stat(at("one/below"), &c, NULL), SG_ENOENT);
}

static void names_are_listed_in_order(void **state)
{
	struct sg_strs names = { 0 };

	(void)state;
	assert_int_equal(sg_os_mkdirs(at("list/b"), NULL), 0);
	put(at("list/a"), "");
	put(at("list/C"), "");
	put(at("list/.hidden"), "");
	assert_int_equal(sg_os_list(at("list"), &names, NULL), 0);
	assert_int_equal(names.n, 4);
	assert_string_equal(names.at[0], ".hidden");
	assert_string_equal(names.at[1], "C");
	assert_string_equal(names.at[2], "a");
	assert_string_equal(names.at[3], "b");
	assert_true(sg_strs_has(&names, "C"));
	assert_int_equal(sg_os_list(at("nowhere"), &names, NULL), SG_ENOENT);
	assert_int_equal(names.n, 4); /* left as it was */
	sg_strs_release(&names);
}

static void folders_are_made_and_removed_with_all_that_is_in_them(void **state)
{
	(void)state;
	assert_int_equal(sg_os_mkdirs(at("deep/er/est/"), NULL), 0);
	assert_int_equal(sg_os_mkdirs(at("deep/er/est"), NULL), 0);
	put(at("deep/file"), "");
	assert_int_equal(sg_os_mkdirs(at("deep/file"), NULL), SG_EEXIST);
	assert_int_equal(sg_os_mkdirs(at("deep/file/x"), NULL), SG_EEXIST);
	assert_int_equal(sg_os_remove_tree(at("deep"), NULL), 0);
	assert_int_equal(access(at("deep"), F_OK), -1);
	assert_int_equal(sg_os_remove_tree(at("deep"), NULL), 0);
	assert_int_equal(sg_os_unlink(at("absent"), NULL), 0);
}

static void allocated_space_is_there_and_stays(void **state)
{
	struct stat st;
	uint64_t space = 0;

	(void)state;
	assert_int_equal(sg_os_allocate(at("map"), 1 << 20, NULL), 0);
	assert_int_equal(stat(at("map"), &st), 0);
	assert_int_equal(st.st_size, 1 << 20);
	assert_int_equal(sg_os_allocate(at("map"), 4096, NULL), 0);
	assert_int_equal(stat(at("map"), &st), 0);
	assert_int_equal(st.st_size, 1 << 20); /* it grows, it never shrinks */
	assert_int_equal(sg_os_free_space(folder, &space, NULL), 0);
	assert_true(space > 0);
	assert_int_equal(sg_os_free_space(at("not here"), &space, NULL), SG_ENOENT);
}

static void more_than_the_volume_has_is_not_allocated(void **state)
{
	(void)state;
	assert_true(sg_os_allocate(at("huge"), UINT64_C(1) << 55, NULL) < 0);
}

static void an_open_file_is_written_in_place(void **state)
{
	struct sg_os_file f = SG_OS_FILE_INIT;
	struct sg_file_id open_one, named;
	char out[16] = { 0 };
	size_t len = 0;

	(void)state;
	assert_int_equal(sg_os_open(at("mirror"), false, &f, NULL), SG_ENOENT);
	assert_int_equal(f.h, -1);
	assert_int_equal(sg_os_open(at("mirror"), true, &f, NULL), 0);
	assert_int_equal(sg_os_pwrite(f, 0, "0123456789", 10, NULL), 0);
	assert_int_equal(sg_os_pwrite(f, 4, "xy", 2, NULL), 0);
	assert_int_equal(sg_os_sync(f, NULL), 0);
	assert_int_equal(sg_os_pread(f, 3, out, sizeof out, &len, NULL), 0);
	assert_int_equal(len, 7);
	assert_memory_equal(out, "3xy6789", 7);
	assert_int_equal(sg_os_identify(f, &open_one, NULL), 0);
	assert_int_equal(sg_os_stat(at("mirror"), &named, NULL), 0);
	assert_true(open_one.dev == named.dev && open_one.ino == named.ino && open_one.links == 1);
	assert_int_equal(open_one.size, 10);
	sg_os_close(&f);
	assert_int_equal(f.h, -1);
	sg_os_close(&f);
	assert_holds(at("mirror"), "0123xy6789");
}

static void a_flush_that_fails_is_fatal(void **state)
{
	struct sg_os_file closed = { 9999 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_os_sync(closed, &err), SG_EFATAL);
	assert_int_equal(sg_os_sync_file(at("is not there"), NULL), SG_ENOENT);
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
		cmocka_unit_test(folders_are_made_and_removed_with_all_that_is_in_them),
		cmocka_unit_test(allocated_space_is_there_and_stays),
		cmocka_unit_test(more_than_the_volume_has_is_not_allocated),
		cmocka_unit_test(an_open_file_is_written_in_place),
		cmocka_unit_test(a_flush_that_fails_is_fatal),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
