/* test_closed_win.c - who may change a file: descriptors as text, each with the verdict for every place; entries of kinds that are rare; and files and folders
 * as Wine shows them. */
#include "base/closed_win.h"
#include "base/os.h"
#include "base/os_win.h"

#include <windows.h>
#include <sddl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SELF  "S-1-5-21-1-2-3-1001"
#define USERS "S-1-5-32-545"
#define TI    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

static const enum sg_win_place places[] = { SG_WIN_OWNER, SG_WIN_FILE, SG_WIN_FOLDER, SG_WIN_ABOVE,
	SG_WIN_ROOT };

enum { PLACES = sizeof places / sizeof *places };

static PSECURITY_DESCRIPTOR parse(const char *sddl)
{
	wchar_t *wide = sg_win_wide(sddl);
	PSECURITY_DESCRIPTOR sd = NULL;

	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, &sd, NULL))
		fail_msg("%s: error %lu", sddl, GetLastError());
	free(wide);
	return sd;
}

/* One letter for each place, in the order of the enumeration: c(losed), o(wned), l(isted), u(nlisted). */
static void expect(void *sd, const char *self, const char *want, const char *who, const char *name)
{
	for (size_t i = 0; i < PLACES; i++) {
		char *sid = NULL;
		enum sg_win_access is = sg_win_judge(sd, places[i], self, &sid);

		if ("colu"[is] != want[i])
			fail_msg("%s, place %zu: %c, wanted %s", name, i, "colu"[is], want);
		if (is == SG_WIN_OWNED || is == SG_WIN_LISTED)
			assert_string_equal(sid, who);
		else
			assert_null(sid);
		free(sid);
	}
}

static const struct {
	const char *sddl, *want, *who;
} table[] = {
	/* the owner says who may */
	{ "O:SYD:", "ccccc", NULL },
	{ "O:BAD:(A;;FA;;;SY)(A;;FA;;;BA)", "ccccc", NULL },
	{ "O:" TI "D:(A;;FA;;;" TI ")", "ccccc", NULL },
	{ "O:BUD:(A;;FA;;;SY)", "ooooo", USERS },
	{ "O:S-1-5-21-1-2-3-500D:", "ooooo", "S-1-5-21-1-2-3-500" },
	{ "O:" SELF "D:", "ooooo", SELF },
	{ "D:(A;;FA;;;SY)", "uuuuu", NULL },
	/* no list, and one that allows nothing to anybody */
	{ "O:SY", "cuuuu", NULL },
	/* reading harms nobody */
	{ "O:SYD:(A;;FR;;;WD)(A;;FX;;;WD)(A;;0x1200a9;;;BU)", "ccccc", NULL },
	/* each right that changes something */
	{ "O:SYD:(A;;0x2;;;BU)", "cllcc", USERS },   /* write; make files */
	{ "O:SYD:(A;;0x4;;;BU)", "cllcc", USERS },   /* append; make folders */
	{ "O:SYD:(A;;0x10;;;BU)", "cllcc", USERS },  /* extended attributes */
	{ "O:SYD:(A;;0x100;;;BU)", "cllcc", USERS }, /* attributes, and links with them */
	{ "O:SYD:(A;;0x40;;;BU)", "cllll", USERS },  /* take away what is in it */
	{ "O:SYD:(A;;SD;;;BU)", "clllc", USERS },    /* take it away: not a root */
	{ "O:SYD:(A;;WD;;;BU)", "cllll", USERS },    /* say who may */
	{ "O:SYD:(A;;WO;;;BU)", "cllll", USERS },    /* become its owner */
	{ "O:SYD:(A;;GA;;;BU)", "cllll", USERS },
	{ "O:SYD:(A;;GW;;;BU)", "cllcc", USERS },
	{ "O:SYD:(A;;GR;;;BU)(A;;GX;;;BU)", "ccccc", NULL },
	{ "O:SYD:(A;;FA;;;BU)", "cllll", USERS },
	{ "O:SYD:(A;;0x1301bf;;;BU)", "clllc", USERS }, /* icacls: M */
	/* the first stranger is named, wherever they stand */
	{ "O:BAD:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;WD)(A;;FA;;;BU)(A;;FA;;;WD)", "cllll", USERS },
	{ "O:SYD:(A;;FA;;;WD)", "cllll", "S-1-1-0" },
	{ "O:SYD:(A;;FA;;;AN)", "cllll", "S-1-5-7" },
	{ "O:SYD:(A;;FA;;;LS)", "cllll", "S-1-5-19" },
	{ "O:SYD:(A;;FA;;;" SELF ")", "cllll", SELF },
	/* creators stand for nobody where the entry is in force, and for whoever makes something where it is handed on; who comes after them counts */
	{ "O:SYD:(A;;FA;;;CO)", "ccccc", NULL },
	{ "O:SYD:(A;OICI;FA;;;CO)(A;OICI;FA;;;CG)", "ccccc", NULL },
	{ "O:SYD:(A;OICI;FA;;;S-1-3-2)(A;;FA;;;S-1-3-3)", "ccccc", NULL },
	{ "O:SYD:(A;;FA;;;CO)(A;;FA;;;CG)(A;;FA;;;BU)", "cllll", USERS },
	{ "O:S-1-3-0D:(A;;FA;;;SY)", "ooooo", "S-1-3-0" },
	{ "O:SYD:(A;;FA;;;S-1-3-5)", "cllll", "S-1-3-5" },
	{ "O:SYD:(A;;FA;;;S-1-5-32-5440)", "cllll", "S-1-5-32-5440" },
	/* what is for those below only, and the owner's own rights */
	{ "O:SYD:(A;OICIIO;FA;;;BU)(A;CIIO;FA;;;CO)(A;OICI;FA;;;SY)", "ccccc", NULL },
	{ "O:SYD:(A;OICI;0x1301bf;;;BU)", "clllc", USERS },
	{ "O:SYD:(A;;FA;;;S-1-3-4)", "ccccc", NULL },
	/* inherited entries count like others */
	{ "O:SYD:AI(A;ID;FA;;;BU)", "cllll", USERS },
	/* a denial is not subtracted, and is no permission */
	{ "O:SYD:(D;;FA;;;BU)(A;;FA;;;SY)", "ccccc", NULL },
	{ "O:SYD:(D;;FA;;;BU)(A;;FA;;;BU)", "cllll", USERS },
	/* as Windows has them: C:\, C:\ProgramData, C:\Program Files, a new volume, and what is made in C:\ */
	{ "O:" TI
	  "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)(A;;LC;;;AU)(A;OICIIO;0x1301bf;;;AU)",
	        "cllcc", "S-1-5-11" },
	{ "O:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICI;0x1200a9;;;BU)(A;CI;0x116;;;"
	  "BU)",
	        "cllcc", USERS },
	{ "O:" TI "D:PAI(A;;FA;;;" TI ")(A;CIIO;GA;;;" TI
	  ")(A;;0x1301bf;;;SY)(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;BA)(A;OICIIO;GA;;;BA)(A;;0x1200a9;;;BU)"
	  "(A;OICIIO;GXGR;;;BU)(A;OICIIO;GA;;;CO)",
	        "ccccc", NULL },
	{ "O:BAD:(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1301bf;;;AU)(A;OICI;0x1200a9;;;BU)", "clllc",
	        "S-1-5-11" },
	{ "O:BAD:AI(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)(A;"
	  "OICIIOID;GA;;;AU)",
	        "clllc", "S-1-5-11" },
};

static void every_right_to_change_belongs_to_the_trusted_or_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		PSECURITY_DESCRIPTOR sd = parse(table[i].sddl);

		expect(sd, NULL, table[i].want, table[i].who, table[i].sddl);
		LocalFree(sd);
	}
}

static void an_empty_pointer_for_a_list_lets_everybody_in(void **state)
{
	unsigned char sid[SECURITY_MAX_SID_SIZE];
	DWORD size = sizeof sid;
	SECURITY_DESCRIPTOR sd;

	(void)state;
	assert_true(CreateWellKnownSid(WinLocalSystemSid, NULL, sid, &size));
	assert_true(InitializeSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION));
	assert_true(SetSecurityDescriptorOwner(&sd, sid, FALSE));
	assert_true(SetSecurityDescriptorDacl(&sd, TRUE, NULL, FALSE));
	expect(&sd, NULL, "cuuuu", NULL, "a NULL list");
}

static void a_person_is_believed_about_their_own_files(void **state)
{
	PSECURITY_DESCRIPTOR own = parse("O:" SELF "D:(A;;FA;;;" SELF ")(A;;FA;;;SY)"),
	                     other = parse("O:" SELF "D:(A;;FA;;;BU)");

	(void)state;
	expect(own, SELF, "ccccc", NULL, "own");
	expect(other, SELF, "cllll", USERS, "other");
	expect(own, "S-1-5-21-1-2-3-100", "ooooo", SELF, "an account whose number begins like it");
	LocalFree(own);
	LocalFree(other);
}

/* The only entry of the list becomes one of another kind. */
static void *with_kind(const char *sddl, BYTE kind)
{
	PSECURITY_DESCRIPTOR sd = parse(sddl);
	BOOL present, by_default;
	void *entry;
	ACL *list;

	assert_true(GetSecurityDescriptorDacl(sd, &present, &list, &by_default));
	assert_true(GetAce(list, 0, &entry));
	((ACE_HEADER *)entry)->AceType = kind;
	return sd;
}

static void entries_of_any_kind_count_unless_they_deny(void **state)
{
	static const struct {
		BYTE kind;
		const char *want, *who;
	} kinds[] = {
		{ ACCESS_ALLOWED_ACE_TYPE, "cllll", USERS },
		{ ACCESS_ALLOWED_CALLBACK_ACE_TYPE, "cllll", USERS },
		{ ACCESS_ALLOWED_COMPOUND_ACE_TYPE, "cuuuu", NULL },
		{ SYSTEM_AUDIT_ACE_TYPE, "cuuuu", NULL },
		{ 0x63, "cuuuu", NULL },
		{ 0xff, "cuuuu", NULL },
		{ ACCESS_DENIED_ACE_TYPE, "ccccc", NULL },
		{ ACCESS_DENIED_OBJECT_ACE_TYPE, "ccccc", NULL },
		{ ACCESS_DENIED_CALLBACK_ACE_TYPE, "ccccc", NULL },
		{ ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE, "ccccc", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		void *sd = with_kind("O:SYD:(A;;FA;;;BU)", kinds[i].kind);
		void *reads = with_kind("O:SYD:(A;;FR;;;BU)", kinds[i].kind);

		expect(sd, NULL, kinds[i].want, kinds[i].who, "kind");
		expect(reads, NULL, "ccccc", NULL, "a kind that lets nothing be changed");
		LocalFree(sd);
		LocalFree(reads);
	}
}

/* An entry for an object: flags, as many GUIDs as they say, and then the account. */
static void entries_for_objects_are_read_behind_their_guids(void **state)
{
	(void)state;
	for (DWORD flags = 0; flags < 4; flags++) {
		unsigned char octets[256] = { 0 }, sid[SECURITY_MAX_SID_SIZE];
		SECURITY_DESCRIPTOR sd;
		DWORD size = sizeof sid;
		ACL *list = (ACL *)octets;
		ACE_HEADER *entry = (ACE_HEADER *)(octets + sizeof *list);
		DWORD words[2] = { FILE_ALL_ACCESS, flags };
		size_t at = sizeof *entry + sizeof words + ((flags & 1) + (flags >> 1)) * sizeof(GUID);

		assert_true(CreateWellKnownSid(WinBuiltinUsersSid, NULL, sid, &size));
		memcpy(entry + 1, words, sizeof words);
		memset((char *)entry + sizeof *entry + sizeof words, 0xa5, at - sizeof *entry - sizeof words);
		memcpy((char *)entry + at, sid, size);
		*entry = (ACE_HEADER){ ACCESS_ALLOWED_OBJECT_ACE_TYPE, 0, (WORD)(at + size) };
		*list = (ACL){ ACL_REVISION_DS, 0, (WORD)(sizeof *list + entry->AceSize), 1, 0 };
		assert_true(InitializeSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION));
		assert_true(SetSecurityDescriptorDacl(&sd, TRUE, list, FALSE));
		size = sizeof sid;
		assert_true(CreateWellKnownSid(WinLocalSystemSid, NULL, sid, &size));
		assert_true(SetSecurityDescriptorOwner(&sd, sid, FALSE));
		expect(&sd, NULL, "cllll", USERS, "object");
		entry->AceSize = (WORD)(entry->AceSize - 4); /* too short for the account that it claims */
		expect(&sd, NULL, "cuuuu", NULL, "a cut one");
	}
}

/* --- files; Wine makes their lists of modes, and knows three accounts */

static char *new_folder(void)
{
	wchar_t temp[MAX_PATH], *wide;
	char *text, *folder;

	assert_true(GetTempPathW(MAX_PATH, temp));
	text = sg_win_utf8(temp);
	folder = sg_format("%sstopgap-closed-%lu-%llu", text, GetCurrentProcessId(), GetTickCount64());
	wide = sg_win_wide(folder);
	assert_true(CreateDirectoryW(wide, NULL));
	free(wide);
	free(text);
	return folder;
}

static void give(const char *path, const wchar_t *sddl)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	wchar_t *wide = sg_win_wide(path);

	assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &sd, NULL));
	assert_true(SetFileSecurityW(wide, DACL_SECURITY_INFORMATION, sd));
	LocalFree(sd);
	free(wide);
}

#define CLOSED L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)"
#define OPEN   L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;WD)"

static void a_file_and_its_way_are_closed_or_it_is_said_who_may(void **state)
{
	char *folder = new_folder(), *inner = sg_format("%s\\inner", folder),
	     *file = sg_format("%s\\file.xml", inner);
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	give(folder, CLOSED);
	assert_int_equal(sg_os_mkdirs(inner, &err), 0);
	assert_int_equal(sg_os_create(file, sg_bytes_of("x"), NULL, &err), 0);
	assert_int_equal(sg_os_ours(folder, &err), 0);
	assert_int_equal(sg_os_ours(file, &err), 0);
	assert_int_equal(sg_win_check_way(file, &err), 0);

	give(file, OPEN);
	assert_int_equal(sg_os_ours(file, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "file.xml may be changed by "));
	assert_non_null(strstr(err.msg, "(S-1-1-0): icacls \""));
	assert_non_null(strstr(err.msg, " /inheritance:d /grant:r *S-1-1-0:RX"));
	sg_err_clear(&err);
	assert_int_equal(sg_win_check(file, SG_WIN_OWNER, &err), 0);
	assert_int_equal(sg_win_check_way(file, &err), 0);
	give(file, CLOSED);

	give(folder, OPEN);
	give(inner, OPEN);
	assert_int_equal(sg_os_ours(file, &err), 0);
	assert_int_equal(sg_os_ours(inner, &err), SG_EACCES);
	sg_err_clear(&err);
	assert_int_equal(sg_win_check_way(file, &err), SG_EACCES);
	assert_non_null(strstr(err.msg, "\\inner may be changed by "));
	assert_non_null(strstr(err.msg, "; ")); /* both are named */
	sg_err_clear(&err);
	give(folder, CLOSED);
	assert_int_equal(sg_win_check_way(file, &err), SG_EACCES);
	assert_null(strstr(err.msg, "; "));
	sg_err_clear(&err);
	give(inner, CLOSED);

	/* what is not there yet has a way all the same */
	char *later = sg_format("%s\\a\\b\\c.xml", inner);
	assert_int_equal(sg_win_check_way(later, &err), 0);
	assert_int_equal(sg_os_ours(later, &err), SG_ENOENT);
	free(later);
	free(file);
	free(inner);
	free(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_right_to_change_belongs_to_the_trusted_or_is_told),
		cmocka_unit_test(an_empty_pointer_for_a_list_lets_everybody_in),
		cmocka_unit_test(a_person_is_believed_about_their_own_files),
		cmocka_unit_test(entries_of_any_kind_count_unless_they_deny),
		cmocka_unit_test(entries_for_objects_are_read_behind_their_guids),
		cmocka_unit_test(a_file_and_its_way_are_closed_or_it_is_said_who_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
