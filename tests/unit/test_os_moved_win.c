/* test_os_moved_win.c - a rename that was given up, and what the system then says of the new file: in place, or moved elsewhere by the folder's owner. Wine says
 * what a file's name was when it was opened: a kernel that says what it is, as Windows does, stands between this program and it. */
#include "base/os.h"
#include "base/os_deadline_win.h"
#include "base/os_win.h"
#include "tests/lib/folder_lab.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- between this program and the system */

#define MADE L"stopgap-0123456789abcdef.config"

static bool gone;         /* the file that was put in place is removed at once */
static wchar_t *aside;    /* the new file is moved to here, not to where it is wanted */
static const wchar_t *is; /* its name now, from the folder on; NULL: as Wine says it */

static void *system_call(const char *name)
{
	return (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), name);
}

static BOOL WINAPI move_file(const wchar_t *from, const wchar_t *to, DWORD flags)
{
	__typeof__(&MoveFileExW) real = system_call("MoveFileExW");

	assert_true(real(from, aside ? aside : to, flags));
	if (gone)
		assert_true(DeleteFileW(to));
	Sleep(SG_DEADLINE_MS + 300);
	SetLastError(ERROR_OPERATION_ABORTED);
	return FALSE;
}

static BOOL WINAPI get_information(HANDLE h, FILE_INFO_BY_HANDLE_CLASS what, void *ret, DWORD room)
{
	__typeof__(&GetFileInformationByHandleEx) real = system_call("GetFileInformationByHandleEx");
	const size_t old = wcslen(MADE);
	FILE_NAME_INFO *name = ret;
	size_t len;

	if (!real(h, what, ret, room))
		return FALSE;
	len = what == FileNameInfo ? name->FileNameLength / sizeof *is : 0;
	if (is && len >= old && wmemcmp(name->FileName + len - old, MADE, old) == 0) {
		wmemcpy(name->FileName + len - old, is, wcslen(is));
		name->FileNameLength = (DWORD)((len - old + wcslen(is)) * sizeof *is);
	}
	return TRUE;
}

void *const __imp_MoveFileExW = (void *)move_file;
void *const __imp_GetFileInformationByHandleEx = (void *)get_information;

/* --- the files */

static char *folder, *file, *temp, *below, *moved;

static int set_up(void **state)
{
	char *tmp = sg_os_temp();

	(void)state;
	folder = sg_format("%s\\sg-moved-%lu", tmp, GetCurrentProcessId());
	file = sg_format("%s\\web.config", folder);
	temp = sg_format("%s\\stopgap-0123456789abcdef.config", folder);
	below = sg_format("%s\\below", folder);
	moved = sg_format("%s\\web.config", below);
	free(tmp);
	return sg_os_mkdirs(below, NULL) || sg_os_create(file, sg_bytes_of("old"), NULL, NULL) ||
	       sg_os_create(temp, sg_bytes_of("new"), NULL, NULL);
}

static int tear_down(void **state)
{
	int r = sg_os_remove_tree(folder, NULL);

	(void)state;
	gone = false;
	is = NULL;
	free(aside);
	aside = NULL;
	free(folder);
	free(file);
	free(temp);
	free(below);
	free(moved);
	return r;
}

/* --- */

static void a_file_that_is_in_place_says_so_itself(void **state)
{
	(void)state;
	gone = true; /* nobody else can say it */
	is = L"Web.Config";
	assert_int_equal(sg_os_replace(temp, file, NULL), 0);
}

static void who_has_the_name_tells_where_the_file_does_not(void **state)
{
	(void)state;
	assert_int_equal(sg_os_replace(temp, file, NULL), 0);
	assert_holds(file, "new");
}

static void the_last_name_in_another_folder_is_not_the_file_in_place(void **state)
{
	(void)state;
	aside = sg_win_path(moved);
	is = L"below\\web.config";
	assert_int_equal(sg_os_replace(temp, file, NULL), SG_EBUSY);
	assert_holds(file, "old");
	assert_holds(moved, "new");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_file_that_is_in_place_says_so_itself),
		CASE(who_has_the_name_tells_where_the_file_does_not),
		CASE(the_last_name_in_another_folder_is_not_the_file_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
