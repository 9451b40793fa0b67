/* test_service_settings.c - what the service is installed with is what people are told, and what they check a real Windows by. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/os.h"
#include "daemon/service_settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct sg_service_settings *const want = &sg_service_settings;

static char *file(const char *name)
{
	char *path = sg_format(SG_SOURCE_DIR "/%s", name);
	struct sg_buf octets = { 0 };

	assert_int_equal(sg_os_read(path, 1 << 20, &octets, NULL, NULL), 0);
	free(path);
	return sg_buf_detach(&octets);
}

static void says(const char *text, char *line)
{
	if (!strstr(text, line))
		fail_msg("it does not say: %s", line);
	free(line);
}

/* Numbers of winsvc.h, and the times that design and issue name. */
static void it_starts_with_the_system_as_a_process_of_its_own_and_depends_on_nothing(void **state)
{
	(void)state;
	assert_int_equal(want->type, 0x10);
	assert_int_equal(want->start, 2);
	assert_false(want->delayed);
	assert_int_equal(want->error_control, 1);
	assert_null(want->depends_on[0]);
	assert_string_equal(want->account, "LocalSystem");
	assert_int_equal(want->preshutdown_ms, 0x1d4c0);
	assert_int_equal(want->sid_type, 1);
	assert_int_equal(want->reset_s, 86400);
	assert_true(want->restart_on_error);
	for (size_t i = 1; i < 3; i++)
		assert_true(want->restart_ms[i] > want->restart_ms[i - 1]);
}

static void no_privilege_lets_it_be_somebody_else_or_read_everything(void **state)
{
	static const char *const never[] = { "SeDebugPrivilege", "SeBackupPrivilege",
		"SeTakeOwnershipPrivilege", "SeLoadDriverPrivilege", "SeImpersonatePrivilege",
		"SeCreateTokenPrivilege", "SeSecurityPrivilege" };

	(void)state;
	for (size_t i = 0; want->privileges[i]; i++)
		for (size_t k = 0; k < sizeof never / sizeof *never; k++)
			assert_string_not_equal(want->privileges[i], never[k]);
}

static void the_script_for_a_real_windows_checks_these_very_settings(void **state)
{
	char *script = file("scripts/windows/findings-service.ps1"), *end;
	struct sg_buf list = { 0 };

	(void)state;
	says(script, sg_format("$want = 'Start=%lu DelayedAutostart=%d FailureActionsOnNonCrashFailures=%d "
	                       "ServiceSidType=%lu PreshutdownTimeout=%lu'",
	                     want->start, want->delayed, want->restart_on_error, want->sid_type,
	                     want->preshutdown_ms));
	says(script, sg_format("$numbers[0] -eq %lu -and ($numbers[5..10] -join ' ') -eq '1 %lu 1 %lu 1 %lu'",
	                     want->reset_s, want->restart_ms[0], want->restart_ms[1], want->restart_ms[2]));
	says(script, sg_strdup("$needs.Count -eq 0"));
	sg_buf_fmt(&list, "$Privileges = @(\n");
	for (size_t i = 0; want->privileges[i]; i++)
		sg_buf_fmt(&list, "    '%s'\n", want->privileges[i]);
	sg_buf_fmt(&list, ")\n");
	for (char *from = script, *to = script;; from++) { /* its lines may end as Windows ends them */
		if (*from != '\r')
			*to++ = *from;
		if (!*from)
			break;
	}
	end = strstr(script, "$Privileges = @(");
	assert_non_null(end);
	end[list.len] = 0;
	assert_string_equal(end, (char *)list.data);
	sg_buf_release(&list);
	free(script);
}

static void the_page_for_a_real_windows_tells_these_very_settings(void **state)
{
	static const char *const count[] = { "no", "one", "two", "three", "four", "five", "six", "seven" };
	char *page = file("scripts/windows/on-windows.md");
	size_t n = 0;

	(void)state;
	while (want->privileges[n])
		n++;
	assert_true(n < sizeof count / sizeof *count);
	says(page, sg_strdup("Seen: automatic and not delayed, no dependency"));
	says(page,
	        sg_format("restarts (after %lu, %lu, %lu s) also on errors, SID unrestricted",
	                want->restart_ms[0] / 1000, want->restart_ms[1] / 1000, want->restart_ms[2] / 1000));
	says(page, sg_format("the %s privileges of the code and no other, %lu s", count[n],
	                   want->preshutdown_ms / 1000));
	says(page, sg_format("the machine goes down within %lu s", want->preshutdown_ms / 1000));
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_starts_with_the_system_as_a_process_of_its_own_and_depends_on_nothing),
		cmocka_unit_test(no_privilege_lets_it_be_somebody_else_or_read_everything),
		cmocka_unit_test(the_script_for_a_real_windows_checks_these_very_settings),
		cmocka_unit_test(the_page_for_a_real_windows_tells_these_very_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
