/* test_access_win.c - who asks, on Windows: names and SIDs of <access>, a token as it is and with less in it, and the control pipe's descriptor as the
 * system reads it. Wine has one account and enforces nothing: what is seen here is that the right things are asked for and read. */
#include "base/log.h"
#include "base/os_win.h"
#include "daemon/access.h"
#include "daemon/descriptor.h"
#include "daemon/token_win.h"
#include "model/codes.h"

#include <windows.h>
#include <sddl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void names_and_sids_become_sids(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;

	(void)state;
	assert_int_equal(sg_access_resolve("root", " S-1-5-32-545 , %Everyone", false, &a, &err), 0);
	assert_int_equal(a->read.n, 0); /* the administrators, who are always listed */
	assert_int_equal(a->change.n, 2);
	assert_string_equal(a->change.at[0], "S-1-5-32-545");
	assert_string_equal(a->change.at[1], "S-1-1-0");
	assert_true(sg_strs_has(&a->always, "S-1-5-18"));
	assert_true(sg_strs_has(&a->always, "S-1-5-32-544"));
	assert_true(sg_strs_has(&a->never, "S-1-5-7"));
	assert_true(sg_strs_has(&a->never, "S-1-5-2"));
	assert_true(sg_access_others(a));
	sg_access_free(a);
	a = NULL;
	assert_int_equal(sg_access_resolve(NULL, NULL, true, &a, &err), 0);
	assert_false(sg_strs_has(&a->never, "S-1-5-2"));
	assert_true(sg_strs_has(&a->never, "S-1-5-7"));
	sg_access_free(a);
}

static int warned;

static void count_line(void *arg, enum sg_level level, int code, const char *text, const struct sg_val *data)
{
	(void)arg;
	(void)text;
	(void)data;
	warned += level == SG_WARNING && code == SG_EV_ACCOUNT_UNKNOWN;
}

static void a_name_of_this_machine_must_be_known_and_one_of_a_domain_may_wait(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;

	(void)state;
	assert_int_equal(sg_access_resolve("no such account", NULL, false, &a, &err), SG_EINVAL);
	assert_non_null(strstr(err.msg, "no such account"));
	sg_err_clear(&err);
	assert_int_equal(sg_access_resolve(NULL, "S-1-", false, &a, &err), SG_EINVAL);
	sg_err_clear(&err);
	sg_log_to(count_line, NULL);
	assert_int_equal(sg_access_resolve("NOSUCHDOMAIN\\anna", NULL, false, &a, &err), 0);
	sg_log_to(NULL, NULL);
	assert_int_equal(warned, 1);
	assert_int_equal(a->read.n, 0);
	sg_access_free(a);
}

static void this_process_is_who_it_is(void **state)
{
	char *self = sg_access_self(), *account = sg_access_account(self);
	struct sg_caller c = { 0 };
	struct sg_err err = SG_ERR_INIT;
	HANDLE token;

	(void)state;
	assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
	assert_int_equal(sg_token_caller(token, &c, &err), 0);
	CloseHandle(token);
	assert_string_equal(c.account, self);
	assert_true(sg_strs_has(&c.ids, self));
	assert_true(sg_strs_has(&c.ids, "S-1-1-0"));
	assert_false(sg_strs_has(&c.barred, "S-1-5-12"));
	assert_false(sg_strs_has(&c.ids, "S-1-16-4096"));
	assert_non_null(strstr(account, self));
	sg_caller_release(&c);
	free(account);
	free(self);
}

/* What UAC does to an administrator's token. */
static void a_group_for_denying_only_is_barred(void **state)
{
	SID_AND_ATTRIBUTES less = { 0 };
	unsigned char sid[SECURITY_MAX_SID_SIZE];
	DWORD size = sizeof sid;
	struct sg_caller c = { 0 };
	struct sg_err err = SG_ERR_INIT;
	HANDLE token, filtered;

	(void)state;
	assert_true(CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, sid, &size));
	less.Sid = sid;
	assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &token));
	if (!CreateRestrictedToken(token, 0, 1, &less, 0, NULL, 0, NULL, &filtered))
		skip();
	assert_int_equal(sg_token_caller(filtered, &c, &err), 0);
	CloseHandle(filtered);
	CloseHandle(token);
	assert_false(sg_strs_has(&c.ids, "S-1-5-32-544"));
	assert_true(sg_strs_has(&c.barred, "S-1-5-32-544"));
	sg_caller_release(&c);
}

static void the_pipes_descriptor_is_what_the_system_reads(void **state)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;
	wchar_t *wide, *back = NULL;
	char *text;

	(void)state;
	assert_int_equal(sg_access_resolve("S-1-5-32-545", "root", false, &a, &err), 0);
	text = sg_descriptor_text(a, "S-1-5-18", true);
	wide = sg_win_wide(text);
	assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, &sd, NULL));
	assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorW(
	        sd, SDDL_REVISION_1, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &back, NULL));
	free(wide);
	free(text);
	text = sg_win_utf8(back);
	assert_non_null(strstr(text, "O:SY"));
	assert_non_null(strstr(text, "D:P(D;;"));
	assert_non_null(strstr(text, ";;;SY)"));
	assert_non_null(strstr(text, "(A;;0x12019b;;;BA)"));
	assert_non_null(strstr(text, "(A;;0x12019b;;;BU)"));
	free(text);
	LocalFree(back);
	LocalFree(sd);
	sg_access_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_sids_become_sids),
		cmocka_unit_test(a_name_of_this_machine_must_be_known_and_one_of_a_domain_may_wait),
		cmocka_unit_test(this_process_is_who_it_is),
		cmocka_unit_test(a_group_for_denying_only_is_barred),
		cmocka_unit_test(the_pipes_descriptor_is_what_the_system_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
