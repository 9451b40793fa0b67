/* test_pipe_win.c - the control pipe's client on Windows: who is believed to be the service, what a server learns of its client, and which names a pipe has.
 *
 * Wine has one account, so the calls are looked at on their way to the system: this program's own imports stand for kernel32's and advapi32's. */
#include "base/os_win.h"
#include "base/text.h"
#include "cli/pipe.h"
#include "engine/places.h"

#include <windows.h>
#include <aclapi.h>
#include <sddl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *name_of(const char *what)
{
	return sg_format("\\\\.\\pipe\\stopgap-test-%lu-%s", GetCurrentProcessId(), what);
}

/* --- between this program and the system */

static DWORD client_flags;
static bool owned_by_users; /* every pipe, as the client is told */

static HANDLE WINAPI open_file(const wchar_t *name, DWORD access, DWORD share, SECURITY_ATTRIBUTES *sa,
        DWORD how, DWORD flags, HANDLE like)
{
	HANDLE(WINAPI * real)
	(const wchar_t *, DWORD, DWORD, SECURITY_ATTRIBUTES *, DWORD, DWORD, HANDLE) =
	        (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "CreateFileW");

	if (wcsstr(name, L"\\pipe\\"))
		client_flags = flags;
	return real(name, access, share, sa, how, flags, like);
}

static DWORD WINAPI whose_is(HANDLE h, SE_OBJECT_TYPE type, SECURITY_INFORMATION what, PSID *owner,
        PSID *group, PACL *list, PACL *audit, PSECURITY_DESCRIPTOR *sd)
{
	DWORD(WINAPI * real)
	(HANDLE, SE_OBJECT_TYPE, SECURITY_INFORMATION, PSID *, PSID *, PACL *, PACL *,
	        PSECURITY_DESCRIPTOR *) =
	        (void *)GetProcAddress(GetModuleHandleW(L"advapi32.dll"), "GetSecurityInfo");
	BOOL by_default;

	if (!owned_by_users)
		return real(h, type, what, owner, group, list, audit, sd);
	assert_true(
	        ConvertStringSecurityDescriptorToSecurityDescriptorW(L"O:BUD:", SDDL_REVISION_1, sd, NULL));
	assert_true(GetSecurityDescriptorOwner(*sd, owner, &by_default));
	return 0;
}

void *const __imp_CreateFileW = (void *)open_file;
void *const __imp_GetSecurityInfo = (void *)whose_is;

/* --- the client's end */

static HANDLE stranger(const char *name)
{
	char *self = sg_win_self_sid(), *text = sg_format("O:%sD:(A;;GA;;;WD)", self);
	wchar_t *wide = sg_win_wide(name), *sddl = sg_win_wide(text);
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, FALSE };
	HANDLE h;

	assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(
	        sddl, SDDL_REVISION_1, &sa.lpSecurityDescriptor, NULL));
	h = CreateNamedPipeW(wide, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, &sa);
	LocalFree(sa.lpSecurityDescriptor);
	free(sddl);
	free(wide);
	free(text);
	free(self);
	assert_ptr_not_equal(h, INVALID_HANDLE_VALUE);
	return h;
}

static void a_server_may_know_its_client_and_not_be_them(void **state)
{
	char *name = name_of("level");
	struct sg_err err = SG_ERR_INIT;
	SECURITY_IMPERSONATION_LEVEL level = SecurityDelegation;
	HANDLE server = stranger(name), token;
	struct sg_pipe p = { -1 };
	DWORD size = 0, n;
	char octet;

	(void)state;
	assert_int_equal(sg_pipe_open(name, sg_pipe_now() + 5000, &p, &err), 0);
	assert_int_equal(client_flags & (SECURITY_SQOS_PRESENT | SECURITY_VALID_SQOS_FLAGS),
	        SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION);
	assert_int_equal(sg_pipe_write(p, sg_bytes_of("x"), sg_pipe_now() + 5000, &err), 0);
	assert_true(ReadFile(server, &octet, 1, &n, NULL));
	assert_true(ImpersonateNamedPipeClient(server));
	assert_true(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
	assert_true(RevertToSelf());
	assert_true(GetTokenInformation(token, TokenImpersonationLevel, &level, sizeof level, &size));
	CloseHandle(token);
	if (level == SecurityImpersonation) /* Wine hands on what it has, whatever the client said */
		print_message("the system gave the level Impersonation\n");
	else
		assert_int_equal(level, SecurityIdentification);
	sg_pipe_close(&p);
	CloseHandle(server);
	free(name);
}

static void a_stranger_at_the_pipe_is_told_nothing(void **state)
{
	char *name = name_of("stranger"), *services = NULL;
	struct sg_drives live = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_pipe p = { -1 };
	HANDLE server = stranger(name);
	DWORD there = 0;

	(void)state;
	owned_by_users = true;
	assert_int_equal(sg_pipe_open(name, sg_pipe_now() + 5000, &p, &err), SG_ETRUST);
	assert_non_null(strstr(err.msg, "neither an administrator nor this account: nothing was sent"));
	assert_false(PeekNamedPipe(server, NULL, 0, NULL, &there, NULL) && there);
	CloseHandle(server);
	sg_err_clear(&err);

	/* at the service's own name nobody but the service's process is believed, whoever owns the pipe */
	owned_by_users = false;
	assert_int_equal(sg_place_socket(&live, &services, &err), 0);
	assert_string_equal(services, "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\stopgap");
	server = stranger(services);
	assert_int_equal(sg_pipe_open(services, sg_pipe_now() + 5000, &p, &err), SG_ETRUST);
	assert_non_null(strstr(err.msg, "is not the service stopgap"));
	assert_false(PeekNamedPipe(server, NULL, 0, NULL, &there, NULL) && there);
	CloseHandle(server);
	free(services);
	free(name);
}

static void a_pipes_name_is_one_word_below_a_place_that_is_known(void **state)
{
	static const struct {
		const char *path;
		int code;
	} table[] = {
		{ "\\\\.\\pipe\\x", 0 },
		{ "\\\\.\\PIPE\\x", 0 },
		{ "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\x", 0 },
		{ "\\\\.\\pipe\\protectedprefix\\administrators\\stopgap", 0 },
		{ "\\\\.\\pipe\\", SG_EINVAL },
		{ "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\", SG_EINVAL },
		{ "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\x\\y", SG_EINVAL },
		{ "\\\\.\\pipe\\ProtectedPrefix\\LocalService\\x", SG_EINVAL },
		{ "\\\\.\\pipe\\x\\y", SG_EINVAL },
		{ "\\\\.\\pipe\\x/y", SG_EINVAL },
		{ "\\\\other\\pipe\\x", SG_EINVAL },
		{ "C:\\x", SG_EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(sg_place_check_socket(table[i].path, NULL), table[i].code);
	assert_true(sg_place_is_service(table[3].path));
	assert_false(sg_place_is_service("\\\\.\\pipe\\stopgap"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_may_know_its_client_and_not_be_them),
		cmocka_unit_test(a_stranger_at_the_pipe_is_told_nothing),
		cmocka_unit_test(a_pipes_name_is_one_word_below_a_place_that_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
