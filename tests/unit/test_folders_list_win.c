/* test_folders_list_win.c - which access lists `stopgapd install` gives to folders, and which folders it takes. Wine keeps no list as it was given, so what is
 * given is looked at on its way to the system: this program's own import stands for advapi32's. */
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"
#include "daemon/access.h"
#include "daemon/folders_win.h"

#include <windows.h>
#include <sddl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- between this program and the system */

enum { MOST = 64 };
static struct {
	wchar_t path[512];
	char *sddl;
	SECURITY_INFORMATION what;
	SECURITY_DESCRIPTOR_CONTROL control;
	WORD entries;
} given[MOST];
static size_t n_given;

static BOOL WINAPI give_list(HANDLE h, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR sd)
{
	BOOL(WINAPI * real)
	(HANDLE, SECURITY_INFORMATION, PSECURITY_DESCRIPTOR) =
	        (void *)GetProcAddress(GetModuleHandleW(L"advapi32.dll"), "SetKernelObjectSecurity");
	BOOL present, by_default;
	wchar_t *sddl = NULL;
	DWORD revision;
	ACL *list = NULL;

	assert_true(n_given < MOST);
	assert_true(GetFinalPathNameByHandleW(h, given[n_given].path, 512, 0));
	assert_true(GetSecurityDescriptorControl(sd, &given[n_given].control, &revision));
	assert_true(GetSecurityDescriptorDacl(sd, &present, &list, &by_default));
	assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorW(
	        sd, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &sddl, NULL));
	given[n_given].what = what;
	given[n_given].entries = list->AceCount;
	given[n_given++].sddl = sg_win_utf8(sddl);
	LocalFree(sddl);
	return real(h, what, sd);
}

void *const __imp_SetKernelObjectSecurity = (void *)give_list;

/* --- the stage */

static char *top;

static char *below(const char *name)
{
	return sg_format("%s\\%s", top, name);
}

static int set_up(void **state)
{
	char *tmp = sg_os_temp();

	(void)state;
	top = sg_format("%s\\sg-lists-%lu-%llu", tmp, GetCurrentProcessId(), GetTickCount64());
	free(tmp);
	return sg_os_mkdirs(top, NULL);
}

static void forget(void)
{
	while (n_given)
		free(given[--n_given].sddl);
}

static int tear_down(void **state)
{
	int r = sg_os_remove_tree(top, NULL);

	(void)state;
	forget();
	free(top);
	return r;
}

static void put(const char *name)
{
	char *path = below(name);

	assert_int_equal(sg_os_create(path, sg_bytes_of("ours"), NULL, NULL), 0);
	free(path);
}

static void make(const char *name)
{
	char *path = below(name);

	assert_int_equal(sg_os_mkdirs(path, NULL), 0);
	free(path);
}

/* Everybody may do everything with it; or nobody else again. */
static void open_to(const char *path, bool everybody)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	wchar_t *wide = sg_win_path(path);

	assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(
	        everybody ? L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;OW)(A;OICI;FA;;;WD)"
	                  : L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;OW)",
	        SDDL_REVISION_1, &sd, NULL));
	assert_true(SetFileSecurityW(wide, DACL_SECURITY_INFORMATION, sd));
	LocalFree(sd);
	free(wide);
}

/* --- what is given */

static void expect(size_t i, const char *end, SECURITY_DESCRIPTOR_CONTROL protected, BYTE flags)
{
	char *path = sg_win_utf8(given[i].path), *text = below(end);
	PSECURITY_DESCRIPTOR sd = NULL;
	BOOL present, by_default;
	wchar_t *wide;
	ACL *list;

	assert_non_null(strstr(path, *end ? end : strrchr(top, '\\')));
	assert_int_equal(given[i].what, DACL_SECURITY_INFORMATION);
	/* protected from what is above at the top, and there alone; "inherited" is asked for, which the kernel keeps */
	assert_int_equal(given[i].control & SE_DACL_PROTECTED, protected);
	assert_int_equal(
	        given[i].control & (SE_DACL_PRESENT | SE_DACL_AUTO_INHERITED | SE_DACL_AUTO_INHERIT_REQ),
	        SE_DACL_PRESENT | SE_DACL_AUTO_INHERITED | SE_DACL_AUTO_INHERIT_REQ);
	assert_int_equal(given[i].entries, 2);
	wide = sg_win_wide(given[i].sddl);
	assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, &sd, NULL));
	assert_true(GetSecurityDescriptorDacl(sd, &present, &list, &by_default));
	for (DWORD k = 0; k < 2; k++) {
		ACCESS_ALLOWED_ACE *entry = NULL;

		assert_true(GetAce(list, k, (void **)&entry));
		assert_int_equal(entry->Header.AceType, ACCESS_ALLOWED_ACE_TYPE);
		assert_int_equal(entry->Header.AceFlags, flags);
		assert_int_equal(entry->Mask, FILE_ALL_ACCESS);
		assert_true(IsWellKnownSid(
		        &entry->SidStart, k == 0 ? WinLocalSystemSid : WinBuiltinAdministratorsSid));
	}
	LocalFree(sd);
	free(wide);
	free(text);
	free(path);
}

static void system_and_administrators_get_all_of_it_and_nobody_else_anything(void **state)
{
	const BYTE handed_on = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE;

	(void)state;
	make("inner");
	put("inner\\two");
	put("one");
	assert_int_equal(sg_folder_close(top, NULL), 0);
	assert_int_equal(n_given, 4);
	expect(0, "", SE_DACL_PROTECTED, handed_on);
	expect(1, "\\inner", 0, handed_on | INHERITED_ACE);
	expect(2, "\\inner\\two", 0, INHERITED_ACE);
	expect(3, "\\one", 0, INHERITED_ACE);
}

static void a_file_that_others_could_change_is_refused_before_any_other_is_touched(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	char *path = below("two");

	(void)state;
	put("one");
	put("two");
	open_to(path, true);
	assert_int_equal(sg_folder_close(top, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "two may be changed by "));
	assert_int_equal(n_given, 1); /* the top, so that nothing more comes in */
	free(path);
}

/* --- a journal elsewhere */

static void a_journals_folder_is_made_or_taken_when_it_is_empty_or_a_journals(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	char *fresh = below("fresh\\journal"), *empty = below("empty"), *used = below("used"),
	     *other = below("other");

	(void)state;
	assert_int_equal(sg_folder_close_journal(fresh, &err), 0);
	make("empty");
	assert_int_equal(sg_folder_close_journal(empty, &err), 0);
	make("used");
	put("used\\journal.mdb");
	put("used\\journal.lock");
	forget();
	assert_int_equal(sg_folder_close_journal(used, &err), 0);
	assert_int_equal(n_given, 3);
	make("other");
	put("other\\letter.txt");
	forget();
	assert_int_equal(sg_folder_close_journal(other, &err), SG_EINVAL);
	assert_non_null(strstr(err.msg, "other things than a journal"));
	assert_int_equal(n_given, 0);
	free(other);
	free(used);
	free(empty);
	free(fresh);
}

static void a_way_that_others_may_change_is_refused_and_named(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	char *way = below("way"), *journal = below("way\\journal"), *config = below("way\\stopgap.xml"),
	     *program = below("way\\bin\\stopgapd.exe"), *bin = below("way\\bin");

	(void)state;
	make("way\\bin");
	put("way\\stopgap.xml");
	put("way\\bin\\stopgapd.exe");
	assert_int_equal(sg_folder_check_config(config, &err), 0);
	assert_int_equal(sg_access_check_file(config, &err), 0);
	assert_int_equal(sg_folder_check_program(program, &err), 0);

	open_to(way, true);
	forget();
	assert_int_equal(sg_folder_close_journal(journal, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "\\way may be changed by "));
	assert_int_equal(n_given, 0);
	sg_err_clear(&err);
	assert_int_equal(sg_folder_check_config(config, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "stopgap.xml is not safe where it is"));
	sg_err_clear(&err);
	assert_int_equal(sg_access_check_file(config, &err), SG_EACCES);
	sg_err_clear(&err);
	assert_int_equal(sg_folder_check_program(program, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "What runs from there runs as SYSTEM"));
	sg_err_clear(&err);
	open_to(way, false);

	/* beside the program, a library would do */
	open_to(bin, true);
	assert_int_equal(sg_folder_check_program(program, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "\\bin may be changed by "));
	sg_err_clear(&err);
	open_to(bin, false);
	open_to(program, true);
	assert_int_equal(sg_folder_check_program(program, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "stopgapd.exe may be changed by "));
	sg_err_clear(&err);
	open_to(config, true);
	assert_int_equal(sg_folder_check_config(config, &err), SG_EACCES);
	sg_err_clear(&err);
	assert_int_equal(sg_access_check_file(config, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "icacls \""));
	free(bin);
	free(program);
	free(config);
	free(journal);
	free(way);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(system_and_administrators_get_all_of_it_and_nobody_else_anything),
		CASE(a_file_that_others_could_change_is_refused_before_any_other_is_touched),
		CASE(a_journals_folder_is_made_or_taken_when_it_is_empty_or_a_journals),
		CASE(a_way_that_others_may_change_is_refused_and_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
