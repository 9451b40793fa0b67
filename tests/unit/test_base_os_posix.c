/* test_base_os_posix.c - files through the system layer, what only POSIX has: modes, owners, attributes, links, special files, blocks. */
#include "base/os.h"
#include "tests/lib/folder_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <cmocka.h>

static void a_new_file_is_for_its_owner_only(void **state)
{
	struct stat st;

	(void)state;
	t_put(t_at("new"), "text");
	assert_int_equal(lstat(t_at("new"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(sg_os_mkdirs(t_at("deep/er"), NULL), 0);
	assert_int_equal(stat(t_at("deep/er"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

/* A person's own file: the umask decides. */
static void a_plain_file_is_as_any_programs(void **state)
{
	mode_t was = umask(026);
	struct stat st;

	(void)state;
	assert_int_equal(sg_os_create_plain(t_at("plain"), sg_bytes_of("text"), NULL), 0);
	umask(was);
	assert_int_equal(lstat(t_at("plain"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(sg_os_create_plain(t_at("plain"), sg_bytes_of("other"), NULL), SG_EEXIST);
	assert_holds(t_at("plain"), "text");
}

static void a_replaced_file_keeps_mode_owner_and_attributes(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct stat st;
	char value[32] = { 0 };
	bool attributes, root = geteuid() == 0;

	(void)state;
	t_put(t_at("web.config"), "old");
	assert_int_equal(chmod(t_at("web.config"), 0754), 0);
	if (root)
		assert_int_equal(chown(t_at("web.config"), 12345, 23456), 0);
	else
		print_message("the owner is not tested: that needs root\n");
	attributes = setxattr(t_at("web.config"), "user.note", "kept", 4, 0) == 0;
	if (!attributes)
		print_message("attributes are not tested: this file system has none\n");
	assert_int_equal(sg_os_create(t_at("t.config"), sg_bytes_of("new"), t_at("web.config"), &err), 0);
	assert_int_equal(sg_os_sync_file(t_at("t.config"), &err), 0);
	assert_int_equal(sg_os_replace(t_at("t.config"), t_at("web.config"), &err), 0);
	assert_int_equal(sg_os_sync_dir(t_folder(), &err), 0);
	assert_holds(t_at("web.config"), "new");
	assert_int_equal(lstat(t_at("web.config"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0754);
	if (root) {
		assert_int_equal(st.st_uid, 12345);
		assert_int_equal(st.st_gid, 23456);
	}
	if (attributes) {
		assert_int_equal(getxattr(t_at("web.config"), "user.note", value, sizeof value), 4);
		assert_string_equal(value, "kept");
	}
	assert_int_equal(access(t_at("t.config"), F_OK), -1);
}

/* A POSIX ACL as the kernel takes it: version 2, then tag, permissions and id of each entry, little-endian. */
static void an_access_list_is_kept(void **state)
{
	static const unsigned char acl[] = { 2, 0, 0, 0, 1, 0, 6, 0, 0xff, 0xff, 0xff, 0xff, 2, 0, 4, 0, 0x39,
		0x30, 0, 0, 4, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, 0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, 0x20,
		0, 0, 0, 0xff, 0xff, 0xff, 0xff };
	unsigned char back[128];

	(void)state;
	t_put(t_at("acl.config"), "old");
	if (setxattr(t_at("acl.config"), "system.posix_acl_access", acl, sizeof acl, 0) < 0) {
		print_message("skipped: this file system has no access lists\n");
		skip();
	}
	assert_int_equal(sg_os_create(t_at("acl2.config"), sg_bytes_of("new"), t_at("acl.config"), NULL), 0);
	assert_int_equal(
	        getxattr(t_at("acl2.config"), "system.posix_acl_access", back, sizeof back), sizeof acl);
	assert_memory_equal(back, acl, sizeof acl);
}

static void only_regular_files_are_read(void **state)
{
	struct sg_buf buf = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	t_put(t_at("real"), "real");
	assert_int_equal(symlink("real", t_at("link")), 0);
	assert_int_equal(mkfifo(t_at("fifo"), 0600), 0);
	assert_int_equal(sg_os_read(t_at("link"), 100, &buf, NULL, &err), SG_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "symbolic link"));
	assert_int_equal(sg_os_read(t_at("fifo"), 100, &buf, NULL, NULL), SG_EUNSUPPORTED);
	assert_int_equal(sg_os_read(t_folder(), 100, &buf, NULL, NULL), SG_EUNSUPPORTED);
	assert_int_equal(sg_os_read(t_at("none"), 100, &buf, NULL, NULL), SG_ENOENT);
	assert_int_equal(sg_os_read("/dev/zero", 100, &buf, NULL, NULL), SG_EUNSUPPORTED);
	assert_int_equal(sg_os_create(t_at("copy"), sg_bytes_of("x"), t_at("link"), NULL), SG_EUNSUPPORTED);
	assert_null(buf.data);
}

static void links_are_told_and_removed_not_followed(void **state)
{
	struct sg_file_id id;

	(void)state;
	t_put(t_at("one"), "x");
	assert_int_equal(symlink("one", t_at("three")), 0);
	assert_int_equal(sg_os_stat(t_at("three"), &id, NULL), 0);
	assert_true(id.is_link && !id.is_file);
	assert_int_equal(sg_os_mkdirs(t_at("linked"), NULL), 0);
	assert_int_equal(sg_os_mkdirs(t_at("kept"), NULL), 0);
	t_put(t_at("kept/file"), "kept");
	assert_int_equal(symlink("../kept", t_at("linked/link")), 0);
	assert_int_equal(sg_os_remove_tree(t_at("linked"), NULL), 0);
	assert_int_equal(access(t_at("linked"), F_OK), -1);
	assert_holds(t_at("kept/file"), "kept");
}

static void allocated_space_has_its_blocks(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(sg_os_allocate(t_at("map"), 1 << 20, NULL), 0);
	assert_int_equal(stat(t_at("map"), &st), 0);
	assert_true(st.st_blocks * 512 >= 1 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file_is_for_its_owner_only),
		cmocka_unit_test(a_plain_file_is_as_any_programs),
		cmocka_unit_test(a_replaced_file_keeps_mode_owner_and_attributes),
		cmocka_unit_test(an_access_list_is_kept),
		cmocka_unit_test(only_regular_files_are_read),
		cmocka_unit_test(links_are_told_and_removed_not_followed),
		cmocka_unit_test(allocated_space_has_its_blocks),
	};

	return cmocka_run_group_tests(tests, t_folder_make, t_folder_remove);
}
