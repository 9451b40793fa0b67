/* test_base_replace_win.c - files are replaced, on Windows, in a folder whose owner would have us write elsewhere, fail for good, or leave something behind.
 * Wine renames a folder with open files below it; that the pin forbids it is seen on Windows alone. */
#include "base/drive.h"
#include "base/os.h"
#include "base/os_win.h"
#include "tests/lib/folder_lab.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };

struct place {
	char *root, *site, *file, *temp; /* C=root; site\web.config; its temporary */
	struct sg_drives drives;
};

#define WIN "C:\\site\\web.config"

static void put(const char *path, const char *text)
{
	assert_int_equal(sg_os_create(path, sg_bytes_of(text), NULL, NULL), 0);
}

static int set_up(void **state)
{
	struct place *p = sg_alloc(sizeof *p);
	char *tmp = sg_os_temp(), *arg;

	p->root = sg_format("%s\\sg-replace-%lu", tmp, GetCurrentProcessId());
	p->site = sg_format("%s\\site", p->root);
	p->file = sg_format("%s\\web.config", p->site);
	p->temp = sg_format("%s\\stopgap-0123456789abcdef.config", p->site);
	free(tmp);
	assert_int_equal(sg_os_mkdirs(p->site, NULL), 0);
	arg = sg_format("C=%s", p->root);
	assert_int_equal(sg_drives_add(&p->drives, arg, NULL), 0);
	free(arg);
	put(p->file, "old");
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	int r = sg_os_remove_tree(p->root, NULL);

	sg_drives_release(&p->drives);
	free(p->root);
	free(p->site);
	free(p->file);
	free(p->temp);
	free(p);
	return r;
}

/* The names in the site's folder, in order and with blanks between. */
static void assert_names(const struct place *p, const char *expected)
{
	struct sg_strs names = { 0 };
	struct sg_buf all = { 0 };

	assert_int_equal(sg_os_list(p->site, &names, NULL), 0);
	for (size_t i = 0; i < names.n; i++)
		sg_buf_fmt(&all, "%s%s", i ? " " : "", names.at[i]);
	assert_string_equal((char *)all.data, expected);
	sg_buf_release(&all);
	sg_strs_release(&names);
}

static HANDLE open_as(const char *path, DWORD access, DWORD share, DWORD flags)
{
	wchar_t *wide = sg_win_path(path);
	HANDLE h = CreateFileW(wide, access, share, NULL, OPEN_EXISTING, flags, NULL);

	free(wide);
	return h;
}

static HANDLE held_open(const char *path, DWORD access, DWORD share, DWORD flags)
{
	HANDLE h = open_as(path, access, share, flags);

	assert_true(h != INVALID_HANDLE_VALUE);
	return h;
}

static bool moves(const char *from, const char *to)
{
	wchar_t *wide_from = sg_win_path(from), *wide_to = sg_win_path(to);
	bool moved = MoveFileExW(wide_from, wide_to, 0);

	free(wide_from);
	free(wide_to);
	return moved;
}

static bool is_wine(void)
{
	return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

static void run(char *line)
{
	STARTUPINFOW start = { .cb = sizeof start };
	wchar_t *wide = sg_win_wide(line);
	PROCESS_INFORMATION child;

	assert_true(CreateProcessW(NULL, wide, NULL, NULL, FALSE, 0, NULL, NULL, &start, &child));
	WaitForSingleObject(child.hProcess, 10000);
	CloseHandle(child.hThread);
	CloseHandle(child.hProcess);
	free(wide);
	free(line);
}

/* As the system below Wine names it. */
static char *unix_path(const char *path)
{
	char *whole = sg_format("%s/dosdevices/%c:%s", getenv("WINEPREFIX"), path[0] | 32, path + 2);

	for (char *c = whole; *c; c++)
		*c = *c == '\\' ? '/' : *c;
	return whole;
}

/* Puts a junction in the place of a folder that went. Wine makes none; it follows a link of the system below it, and does not tell who looks that it is one: to
 * us it is a link that was put there after the look. `to` NULL: takes it away again. */
static void link_folder(const char *link, const char *to)
{
	char *from = unix_path(link), *target = to ? unix_path(to) : NULL;
	wchar_t *wide = sg_win_path(link);

	if (!is_wine() && to)
		run(sg_format("cmd.exe /c mklink /J \"%s\" \"%s\"", link, to));
	else if (!is_wine())
		assert_true(RemoveDirectoryW(wide));
	else if (to)
		run(sg_format("Z:\\bin\\ln -sr \"%s\" \"%s\"", target, from));
	else
		run(sg_format("Z:\\bin\\rm \"%s\"", from));
	/* a program of the system below is not waited for */
	for (int i = 0; i < 500 && (GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES) == (to != NULL); i++)
		Sleep(10);
	free(wide);
	free(target);
	free(from);
}

static void a_pin_is_nobody_elses_and_is_gone_with_its_handle(void **state)
{
	struct place *p = *state;
	char *pinned = sg_format("%s.hold", p->temp), *other = sg_format("%s\\other", p->site),
	     *away = sg_format("%s\\away", p->root);
	wchar_t *wide = sg_win_path(p->site);
	void *pin = NULL;

	assert_int_equal(sg_win_pin(pinned, &pin, NULL), 0);
	assert_true(open_as(pinned, GENERIC_READ, SHARE_ALL, 0) == INVALID_HANDLE_VALUE);
	assert_true(open_as(pinned, DELETE, SHARE_ALL, 0) == INVALID_HANDLE_VALUE);
	assert_false(moves(pinned, other));
	assert_int_equal(sg_os_unlink(pinned, NULL), SG_EBUSY);
	assert_int_equal(sg_os_unlink(p->file, NULL), 0); /* what else is in it may go */
	assert_false(RemoveDirectoryW(wide));
	if (!is_wine())
		assert_false(moves(p->site, away));
	put(p->file, "old");
	CloseHandle(pin);
	assert_names(p, "web.config");
	assert_true(moves(p->site, away));
	free(wide);
	free(away);
	free(other);
	free(pinned);
}

static void a_pin_that_a_loss_of_power_left_is_in_nobodys_way(void **state)
{
	struct place *p = *state;
	char *pinned = sg_format("%s" SG_OS_PIN, p->temp);

	put(pinned, "\n");
	put(p->temp, "new");
	assert_int_equal(sg_os_replace(p->temp, p->file, NULL), 0);
	assert_holds(p->file, "new");
	assert_names(p, "web.config");
	/* what is no file is somebody's work: a clean failure */
	assert_int_equal(sg_os_mkdirs(pinned, NULL), 0);
	put(p->temp, "newer");
	assert_true(sg_os_replace(p->temp, p->file, NULL) < 0);
	assert_holds(p->file, "new");
	assert_holds(p->temp, "newer");
	free(pinned);
}

/* Neither the new file nor its folder can be opened for the flush: the one is read without sharing, the other held alone. */
static void an_owner_who_denies_file_and_folder_makes_no_flush_fail(void **state)
{
	struct place *p = *state;
	struct sg_err err = SG_ERR_INIT;
	HANDLE file, folder;

	put(p->temp, "new");
	file = held_open(p->temp, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, 0);
	folder = held_open(p->site, GENERIC_READ, 0, FILE_FLAG_BACKUP_SEMANTICS);
	assert_int_equal(sg_os_replace(p->temp, p->file, &err), 0);
	CloseHandle(folder);
	CloseHandle(file);
	assert_holds(p->file, "new");
	assert_names(p, "web.config");
}

/* IIS does, as soon as it is told. */
static void the_new_file_is_not_open_for_writing_any_more_when_it_has_its_name(void **state)
{
	struct place *p = *state;
	HANDLE h;

	put(p->temp, "new");
	assert_int_equal(sg_os_sync_file(p->temp, NULL), 0);
	h = held_open(p->temp, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, 0);
	assert_int_equal(sg_os_replace(p->temp, p->file, NULL), 0);
	CloseHandle(h);
}

static void what_is_in_the_way_stays_and_nothing_is_changed(void **state)
{
	struct place *p = *state;
	wchar_t *wide = sg_win_path(p->file), *wide_temp = sg_win_path(p->temp);
	struct sg_file_id id;
	HANDLE h;

	assert_int_equal(sg_os_mkdirs(p->temp, NULL), 0); /* a folder of the temporary's name */
	assert_int_equal(sg_os_create(p->temp, sg_bytes_of("new"), p->file, NULL), SG_EEXIST);
	assert_int_equal(sg_os_stat(p->temp, &id, NULL), 0);
	assert_true(id.is_dir);
	assert_true(RemoveDirectoryW(wide_temp));
	assert_true(CreateHardLinkW(wide_temp, wide, NULL)); /* a link of that name */
	assert_int_equal(sg_os_create(p->temp, sg_bytes_of("new"), p->file, NULL), SG_EEXIST);
	assert_holds(p->file, "old");
	assert_int_equal(sg_os_unlink(p->temp, NULL), 0);
	put(p->temp, "new");
	h = held_open(p->file, GENERIC_READ, 0, 0); /* nothing is shared */
	assert_int_equal(sg_os_replace(p->temp, p->file, NULL), SG_EBUSY);
	CloseHandle(h);
	assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_READONLY));
	if (!is_wine()) /* which replaces it */
		assert_int_equal(sg_os_replace(p->temp, p->file, NULL), SG_EACCES);
	assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_NORMAL));
	assert_holds(p->file, "old");
	assert_holds(p->temp, "new");
	assert_int_equal(sg_os_unlink(p->file, NULL), 0);
	assert_int_equal(sg_os_mkdirs(p->file, NULL), 0); /* a folder in the file's place */
	assert_int_equal(sg_os_replace(p->temp, p->file, NULL), SG_EACCES);
	assert_holds(p->temp, "new");
	assert_names(p, "stopgap-0123456789abcdef.config web.config");
	free(wide_temp);
	free(wide);
}

static void a_folder_is_held_where_it_is(void **state)
{
	struct place *p = *state;
	struct sg_os_file hold = SG_OS_FILE_INIT;
	struct sg_err err = SG_ERR_INIT;
	char *upper = sg_format("%s\\SITE\\web.config", p->root), *away = sg_format("%s\\away", p->root);

	assert_int_equal(sg_drive_hold(&p->drives, WIN, p->file, p->temp, &hold, &err), 0);
	assert_true(hold.h != -1);
	assert_names(p, "stopgap-0123456789abcdef.config.hold web.config");
	put(p->temp, "new");
	assert_int_equal(sg_os_replace(p->temp, p->file, NULL), 0); /* what is held can be worked in */
	sg_os_close(&hold);
	assert_names(p, "web.config");
	assert_holds(p->file, "new");
	/* letter case is no other place, another folder is */
	assert_int_equal(sg_drive_hold(&p->drives, "C:\\SITE\\web.config", upper, p->temp, &hold, &err), 0);
	sg_os_close(&hold);
	assert_int_equal(sg_drive_hold(&p->drives, WIN, "C:\\elsewhere\\web.config", p->temp, &hold, &err),
	        SG_ECONFLICT);
	sg_err_clear(&err);
	assert_true(moves(p->site, away));
	assert_int_equal(sg_drive_hold(&p->drives, WIN, p->file, p->temp, &hold, &err), SG_ENOENT);
	sg_err_clear(&err);
	assert_int_equal(hold.h, -1);
	assert_true(moves(away, p->site));
	free(away);
	free(upper);
}

static void a_planted_link_leads_no_temporary_file_and_no_pin_elsewhere(void **state)
{
	struct place *p = *state;
	char *away = sg_format("%s\\away", p->root);
	struct sg_os_file hold = SG_OS_FILE_INIT;
	struct sg_err err = SG_ERR_INIT;
	struct sg_strs names = { 0 };

	assert_true(moves(p->site, away));
	link_folder(p->site, away);
	assert_holds(p->file, "old"); /* it leads there */
	assert_int_equal(sg_drive_hold(&p->drives, WIN, p->file, p->temp, &hold, &err),
	        is_wine() ? SG_ECONFLICT : SG_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, is_wine() ? "at another place" : "is a link"));
	assert_int_equal(hold.h, -1);
	assert_int_equal(sg_os_list(away, &names, NULL), 0);
	assert_int_equal(names.n, 1);
	sg_strs_release(&names);
	link_folder(p->site, NULL);
	free(away);
}

/* What the walk sees may be over when the pin is made: then where that lies decides. */
static void a_pin_lies_where_its_path_says_or_elsewhere(void **state)
{
	static const struct {
		bool lies;
		const wchar_t *place, *root_place, *path, *root;
	} table[] = {
		{ true, L"\\Device\\V1\\sites\\a\\x.hold", L"\\Device\\V1\\", L"D:\\sites\\a\\x.hold",
		        L"D:\\" },
		{ true, L"\\Device\\V1\\Sites\\\x0410\\x.hold", L"\\Device\\V1\\",
		        L"D:\\sites\\\x0430\\X.hold", L"D:\\" },
		/* a letter that stands for a folder, and a drive that is one */
		{ true, L"\\Device\\V1\\data\\a\\x.hold", L"\\Device\\V1\\data", L"S:\\a\\x.hold", L"S:\\" },
		{ true, L"\\Device\\V1\\t\\c\\a\\x.hold", L"\\Device\\V1\\t\\c", L"T:\\c\\a\\x.hold",
		        L"T:\\c\\" },
		{ false, L"\\Device\\V1\\Windows\\x.hold", L"\\Device\\V1\\", L"D:\\sites\\a\\x.hold",
		        L"D:\\" },
		{ false, L"\\Device\\V2\\sites\\a\\x.hold", L"\\Device\\V1\\", L"D:\\sites\\a\\x.hold",
		        L"D:\\" },
		{ false, L"\\Device\\V1\\sites\\b\\a\\x.hold", L"\\Device\\V1\\", L"D:\\sites\\a\\x.hold",
		        L"D:\\" },
		{ false, L"\\Device\\V10\\sites\\a\\x.hold", L"\\Device\\V1", L"D:\\sites\\a\\x.hold",
		        L"D:" },
		{ false, L"\\Device\\V1", L"\\Device\\V1\\data", L"S:\\a\\x.hold", L"S:\\" },
		{ false, L"", L"\\Device\\V1\\", L"D:\\x.hold", L"D:\\" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (sg_win_lies(table[i].place, table[i].root_place, table[i].path, table[i].root) !=
		        table[i].lies)
			fail_msg("row %d: %ls", (int)i, table[i].place);
}

static void a_folder_with_a_long_path_is_held(void **state)
{
	struct place *p = *state;
	struct sg_os_file hold = SG_OS_FILE_INIT;
	struct sg_buf below = { 0 };
	char *win, *file, *temp;

	for (int i = 0; i < 4; i++)
		sg_buf_fmt(&below, "\\%d-%s", i,
		        "a folder with a name of eighty characters, as nobody would choose it, but may");
	file = sg_format("%s%s", p->root, (char *)below.data);
	assert_int_equal(sg_os_mkdirs(file, NULL), 0);
	free(file);
	file = sg_format("%s%s\\web.config", p->root, (char *)below.data);
	temp = sg_format("%s%s\\stopgap-00.config", p->root, (char *)below.data);
	win = sg_format("C:%s\\web.config", (char *)below.data);
	put(file, "old");
	assert_true(strlen(file) > MAX_PATH);
	/* Wine does not say where a file with so long a path lies: what cannot be told is refused */
	assert_int_equal(sg_drive_hold(&p->drives, win, file, temp, &hold, NULL), is_wine() ? SG_EIO : 0);
	sg_os_close(&hold);
	free(win);
	free(temp);
	free(file);
	sg_buf_release(&below);
}

static void names_of_streams_and_devices_are_no_files(void **state)
{
	static const char *const refused[] = { "C:\\site\\web.config:x", "C:\\site\\web.config::$DATA",
		"C:\\site\\nul", "C:\\aux\\web.config", "C:\\site\\com1.config",
		"\\\\.\\C:\\site\\web.config", "\\\\?\\C:\\site\\web.config" };
	struct place *p = *state;
	struct sg_buf buf = { 0 };
	char *path = NULL, *device = sg_format("%s\\nul", p->site);

	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_true(sg_drive_path(&p->drives, refused[i], true, &path, NULL) < 0);
	assert_null(path);
	assert_int_equal(sg_drive_path(&p->drives, "C:\\site.\\web.config . ", false, &path, NULL), 0);
	assert_string_equal(path, p->file); /* one file has one name */
	free(path);
	assert_true(sg_os_read(device, 100, &buf, NULL, NULL) < 0);
	assert_int_equal(sg_os_read(p->site, 100, &buf, NULL, NULL), SG_EUNSUPPORTED);
	assert_null(buf.data);
	free(device);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_pin_is_nobody_elses_and_is_gone_with_its_handle),
		CASE(a_pin_that_a_loss_of_power_left_is_in_nobodys_way),
		CASE(an_owner_who_denies_file_and_folder_makes_no_flush_fail),
		CASE(the_new_file_is_not_open_for_writing_any_more_when_it_has_its_name),
		CASE(what_is_in_the_way_stays_and_nothing_is_changed),
		CASE(a_folder_is_held_where_it_is),
		CASE(a_planted_link_leads_no_temporary_file_and_no_pin_elsewhere),
		CASE(a_pin_lies_where_its_path_says_or_elsewhere),
		CASE(a_folder_with_a_long_path_is_held),
		CASE(names_of_streams_and_devices_are_no_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
