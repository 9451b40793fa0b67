/* test_base_drive.c - Windows paths on folders of this machine. */
#include "base/drive.h"
#include "base/os.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/sg-drive-XXXXXX";
static struct sg_drives drives;

static void make(const char *path)
{
	char *full = sg_format("%s/%s", folder, path);
	char *slash = strrchr(full, '/');

	*slash = 0;
	assert_int_equal(sg_os_mkdirs(full, NULL), 0);
	*slash = '/';
	if (slash[1])
		assert_int_equal(sg_os_create(full, sg_bytes_of("x"), NULL, NULL), 0);
	free(full);
}

static int set_up(void **state)
{
	char *arg;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	make("drive/Windows/System32/inetsrv/config/applicationHost.config");
	make("drive/inetpub/wwwroot/web.config");
	make("drive/inetpub/Twins/web.config");
	make("drive/inetpub/Twins/Web.Config");
	make("drive/ProgramData/");
	make("drive/\xc3\x84rger/\xc3\x96l.config");
	make("outside/secret");
	arg = sg_format("%s/drive/inetpub/link", folder);
	if (symlink("../../outside", arg) < 0)
		return -1;
	free(arg);
	arg = sg_format("%s/drive/inetpub/dangling", folder);
	if (symlink("nowhere", arg) < 0)
		return -1;
	free(arg);
	arg = sg_format("c=%s/drive/", folder);
	assert_int_equal(sg_drives_add(&drives, arg, NULL), 0);
	free(arg);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sg_drives_release(&drives);
	return sg_os_remove_tree(folder, NULL);
}

static void assert_path(const char *win, bool may_lack_last, const char *expected)
{
	struct sg_err err = SG_ERR_INIT;
	char *full = sg_format("%s/drive%s", folder, expected), *path = NULL;

	assert_int_equal(sg_drive_path(&drives, win, may_lack_last, &path, &err), 0);
	assert_string_equal(path, full);
	free(full);
	free(path);
}

static void assert_no_path(const char *win, bool may_lack_last, int code, const char *says)
{
	struct sg_err err = SG_ERR_INIT;
	char *path = NULL;

	assert_int_equal(sg_drive_path(&drives, win, may_lack_last, &path, &err), code);
	if (!strstr(err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
	assert_null(path);
}

static void names_are_found_without_case(void **state)
{
	(void)state;
	assert_path("C:\\inetpub\\wwwroot\\web.config", false, "/inetpub/wwwroot/web.config");
	assert_path("c:/INETPUB/WwwRoot/WEB.CONFIG", false, "/inetpub/wwwroot/web.config");
	assert_path("%SystemDrive%\\inetpub\\wwwroot", false, "/inetpub/wwwroot");
	assert_path("%windir%\\system32\\INETSRV", false, "/Windows/System32/inetsrv");
	assert_path("%SYSTEMROOT%\\System32", false, "/Windows/System32");
	assert_path("%programdata%", false, "/ProgramData");
	assert_path("C:\\\xc3\xa4RGER\\\xc3\xb6l.config", false, "/\xc3\x84rger/\xc3\x96l.config");
	assert_path("C:\\", false, "");
	assert_path("C:", false, "");
	assert_path("C:\\inetpub\\wwwroot\\", false, "/inetpub/wwwroot");
}

static void only_the_last_name_may_be_missing(void **state)
{
	(void)state;
	assert_no_path("C:\\inetpub\\wwwroot\\New.config", false, SG_ENOENT, "New.config");
	assert_path("C:\\inetpub\\wwwroot\\New.config", true, "/inetpub/wwwroot/New.config");
	assert_no_path("C:\\inetpub\\missing\\New.config", true, SG_ENOENT, "\"missing\"");
	assert_no_path("C:\\inetpub\\wwwroot\\web.config\\x", true, SG_ENOENT, "no folder");
	assert_no_path("D:\\x", true, SG_ENOENT, "drive D:");
}

static void two_names_that_differ_in_case_only_are_refused(void **state)
{
	(void)state;
	assert_no_path("C:\\inetpub\\twins\\web.config", false, SG_ECONFLICT, "Web.Config");
	assert_no_path("C:\\inetpub\\twins\\Web.Config", true, SG_ECONFLICT, "web.config");
}

static void links_inside_a_drive_are_refused(void **state)
{
	(void)state;
	assert_no_path("C:\\inetpub\\link\\secret", false, SG_EUNSUPPORTED, "link");
	assert_no_path("C:\\inetpub\\link", false, SG_EUNSUPPORTED, "link");
	assert_no_path("C:\\inetpub\\dangling", true, SG_EUNSUPPORTED, "link");
}

static void nothing_climbs_above_the_drive(void **state)
{
	(void)state;
	assert_path("C:\\..\\..\\inetpub", false, "/inetpub");
	assert_path("C:\\inetpub\\..\\..\\..\\Windows", false, "/Windows");
	assert_no_path("C:\\..\\outside\\secret", false, SG_ENOENT, "outside");
	assert_path("C:\\inetpub\\nowhere\\..\\wwwroot", false, "/inetpub/wwwroot");
}

static void paths_that_are_not_of_a_drive_are_refused(void **state)
{
	(void)state;
	assert_no_path("inetpub\\wwwroot", false, SG_EINVAL, "absolute");
	assert_no_path("\\inetpub", false, SG_EINVAL, "absolute");
	assert_no_path("C:inetpub", false, SG_EINVAL, "absolute");
	assert_no_path("", false, SG_EINVAL, "absolute");
	assert_no_path("\\\\server\\share\\x", false, SG_EUNSUPPORTED, "network");
	assert_no_path("\\\\?\\C:\\x", false, SG_EUNSUPPORTED, "network");
	assert_no_path("%TEMP%\\x", false, SG_EINVAL, "%TEMP%");
	assert_no_path("%windir", false, SG_EINVAL, "absolute");
	assert_no_path("C:\\inetpub\\web.config:stream", true, SG_EINVAL, "character");
	assert_no_path("C:\\inetpub\\a*", true, SG_EINVAL, "character");
	assert_no_path("C:\\inetpub\\...", true, SG_EINVAL, "dots");
	assert_no_path("C:\\inetpub\\NUL", true, SG_EINVAL, "device");
	assert_no_path("C:\\inetpub\\aux\\web.config", true, SG_EINVAL, "device");
	assert_no_path("C:\\inetpub\\Com1.web.config", true, SG_EINVAL, "device");
	assert_no_path("C:\\inetpub\\lpt\xc2\xb2 .x", true, SG_EINVAL, "device");
	assert_no_path("C:\\inetpub\\conin$", true, SG_EINVAL, "device");
	assert_path("C:\\inetpub\\com10", true, "/inetpub/com10"); /* a name like another */
	assert_path("C:\\inetpub\\null", true, "/inetpub/null");
	assert_path("C:\\inetpub\\x.aux", true, "/inetpub/x.aux");
}

static void assert_canonical(const char *win, const char *expected)
{
	struct sg_drives none = { { NULL } };
	char *s = NULL;

	assert_int_equal(sg_drive_canonical(&none, win, &s, NULL), 0);
	assert_string_equal(s, expected);
	free(s);
}

static void canonical_names_need_no_drive(void **state)
{
	(void)state;
	assert_canonical("c:/inetpub//wwwroot/", "C:\\inetpub\\wwwroot");
	assert_canonical("%SystemDrive%\\inetpub\\.\\x\\..\\Y", "C:\\inetpub\\Y");
	assert_canonical("%SystemDrive%", "C:\\");
	assert_canonical("d:", "D:\\");
	assert_canonical("%ProgramFiles%\\Microsoft", "C:\\Program Files\\Microsoft");
	assert_canonical("%ProgramData%\\stopgap", "C:\\ProgramData\\stopgap");
	assert_canonical("C:\\inetpub\\web.config. .", "C:\\inetpub\\web.config");
	assert_canonical("C:\\a\\..\\..", "C:\\");
}

static void assert_joined(const char *a, const char *b, const char *expected)
{
	char *s = sg_win_join(a, b);

	assert_string_equal(s, expected);
	free(s);
}

static void windows_paths_are_joined_and_compared(void **state)
{
	(void)state;
	assert_joined("C:\\a", "b", "C:\\a\\b");
	assert_joined("C:\\a\\", "\\b", "C:\\a\\b");
	assert_joined("C:\\", "b", "C:\\b");
	assert_joined("C:\\a", "", "C:\\a");
	assert_true(sg_win_same("C:\\InetPub", "C:\\inetpub"));
	assert_false(sg_win_same("C:\\inetpub", "C:\\inetpu"));
	assert_true(sg_win_same("C:\\\xc3\x84", "C:\\\xc3\xa4"));
	assert_false(sg_win_same("C:\\\xc3\x97", "C:\\\xc3\xb7"));
	/* the order that names are looked for by says the same, and is one */
	static const char *const names[] = { "", "a", "A", "aB", "Ab", "b", "\xc3\x84", "\xc3\xa4",
		"\xc3\x97", "\xc3\xb7", "\xc4\x84" };
	enum { N = sizeof names / sizeof *names };
	for (size_t i = 0; i < N * N * N; i++) {
		const char *x = names[i / N / N], *y = names[i / N % N], *z = names[i % N];

		assert_int_equal(sg_win_compare(x, y) == 0, sg_win_same(x, y));
		assert_int_equal(sg_win_compare(x, y) < 0, sg_win_compare(y, x) > 0);
		if (sg_win_compare(x, y) <= 0 && sg_win_compare(y, z) <= 0)
			assert_true(sg_win_compare(x, z) <= 0);
	}
	assert_true(sg_win_under("C:\\inetpub\\wwwroot", "c:\\INETPUB"));
	assert_true(sg_win_under("C:\\inetpub", "C:\\inetpub"));
	assert_false(sg_win_under("C:\\inetpub2", "C:\\inetpub"));
	assert_true(sg_win_under("C:\\inetpub", "C:\\"));
	assert_false(sg_win_under("C:\\", "C:\\inetpub"));
	assert_false(sg_win_under("D:\\inetpub", "C:\\"));
}

static void a_drive_may_be_named_by_a_link_and_from_the_working_folder(void **state)
{
	struct sg_drives d = { { NULL } };
	char *link = sg_format("%s/by-link", folder), *expected = sg_format("%s/drive/inetpub", folder),
	     *path = NULL;

	(void)state;
	assert_int_equal(symlink("drive", link), 0);
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(sg_drives_add(&d, "E=by-link/", NULL), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(sg_drive_path(&d, "e:\\InetPub", false, &path, NULL), 0);
	assert_string_equal(path, expected);
	free(path);
	free(link);
	free(expected);
	sg_drives_release(&d);
}

static void a_drive_argument_is_checked(void **state)
{
	static const char *const wrong[] = { "", "C", "C=", "C:/x", "1=/", "CC=/" };
	struct sg_drives d = { { NULL } };
	char *path = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(sg_drives_add(&d, wrong[i], NULL), SG_EINVAL);
	assert_int_equal(sg_drives_add(&d, "C=/nowhere/at/all", NULL), SG_ENOENT);
	assert_int_equal(sg_drives_add(&d, "C=/dev/null", NULL), SG_EINVAL);
	assert_int_equal(sg_drives_add(&d, "C=/", NULL), 0);
	assert_int_equal(sg_drives_add(&d, "c=/tmp", NULL), SG_EINVAL);
	assert_int_equal(sg_drive_path(&d, "C:\\TMP", false, &path, NULL), 0);
	assert_string_equal(path, "/tmp");
	free(path);
	path = NULL;
	assert_int_equal(sg_drive_path(&d, "C:\\", false, &path, NULL), 0);
	assert_string_equal(path, "/");
	free(path);
	sg_drives_release(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_without_case),
		cmocka_unit_test(only_the_last_name_may_be_missing),
		cmocka_unit_test(two_names_that_differ_in_case_only_are_refused),
		cmocka_unit_test(links_inside_a_drive_are_refused),
		cmocka_unit_test(nothing_climbs_above_the_drive),
		cmocka_unit_test(paths_that_are_not_of_a_drive_are_refused),
		cmocka_unit_test(canonical_names_need_no_drive),
		cmocka_unit_test(windows_paths_are_joined_and_compared),
		cmocka_unit_test(a_drive_may_be_named_by_a_link_and_from_the_working_folder),
		cmocka_unit_test(a_drive_argument_is_checked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
