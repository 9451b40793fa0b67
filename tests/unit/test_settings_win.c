/* test_settings_win.c - what the service control manager is told when the service is made and when it is mended, call by call.
 *
 * Wine takes few of these settings and forgets others, so the calls are looked at on their way: this program's own imports stand for advapi32's, and no
 * service is made. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/os_win.h"
#include "daemon/service_settings.h"
#include "daemon/settings_win.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct sg_service_settings *const want = &sg_service_settings;
static char service[1], manager[1]; /* their addresses are the handles */

/* --- between this program and the system */

static DWORD refuse[16]; /* by level: the error that it is refused with */
static DWORD start_is;   /* how the service starts that is there */
static BOOL delayed_is;
static struct {
	size_t calls;
	char *command, *depends, *account, *display;
	DWORD type, start, error_control;
	bool group, tag, password;
} told;
static struct {
	size_t calls[16];
	char *description, *privileges;
	DWORD preshutdown, sid, reset, n_restarts, restarts[4];
	BOOL on_error, delayed;
} more;

/* A MULTI_SZ as text. An empty one has both of its NULs, too. */
static char *list_text(const wchar_t *list)
{
	struct sg_buf all = { 0 };

	if (!list)
		return sg_strdup("as it is");
	if (!*list)
		assert_int_equal(list[1], 0);
	for (; *list; list += wcslen(list) + 1) {
		char *one = sg_win_utf8(list);

		sg_buf_fmt(&all, "%s;", one);
		free(one);
	}
	sg_buf_fmt(&all, ".");
	return sg_buf_detach(&all);
}

static char *text_or_null(const wchar_t *wide)
{
	return wide ? sg_win_utf8(wide) : NULL;
}

static void tell(DWORD type, DWORD start, DWORD error_control, const wchar_t *command, const wchar_t *group,
        const DWORD *tag, const wchar_t *depends, const wchar_t *account, const wchar_t *password,
        const wchar_t *display)
{
	told.calls++;
	told.type = type;
	told.start = start;
	told.error_control = error_control;
	told.command = text_or_null(command);
	told.group = group;
	told.tag = tag;
	told.depends = list_text(depends);
	told.account = text_or_null(account);
	told.password = password;
	told.display = text_or_null(display);
}

static SC_HANDLE WINAPI create(SC_HANDLE m, const wchar_t *name, const wchar_t *display, DWORD access,
        DWORD type, DWORD start, DWORD error_control, const wchar_t *command, const wchar_t *group,
        DWORD *tag, const wchar_t *depends, const wchar_t *account, const wchar_t *password)
{
	assert_ptr_equal(m, (SC_HANDLE)manager);
	assert_int_equal(wcscmp(name, L"stopgap"), 0);
	assert_int_equal(access, SERVICE_ALL_ACCESS);
	tell(type, start, error_control, command, group, tag, depends, account, password, display);
	return (SC_HANDLE)service;
}

static BOOL WINAPI change(SC_HANDLE s, DWORD type, DWORD start, DWORD error_control, const wchar_t *command,
        const wchar_t *group, DWORD *tag, const wchar_t *depends, const wchar_t *account,
        const wchar_t *password, const wchar_t *display)
{
	assert_ptr_equal(s, (SC_HANDLE)service);
	tell(type, start, error_control, command, group, tag, depends, account, password, display);
	return TRUE;
}

static BOOL WINAPI change_more(SC_HANDLE s, DWORD level, void *v)
{
	const SERVICE_FAILURE_ACTIONSW *failure = v;

	assert_ptr_equal(s, (SC_HANDLE)service);
	assert_true(level < 16);
	more.calls[level]++;
	if (refuse[level]) {
		SetLastError(refuse[level]);
		return FALSE;
	}
	switch (level) {
	case SERVICE_CONFIG_DESCRIPTION:
		more.description = sg_win_utf8(((SERVICE_DESCRIPTIONW *)v)->lpDescription);
		break;
	case SERVICE_CONFIG_FAILURE_ACTIONS:
		more.reset = failure->dwResetPeriod;
		more.n_restarts = failure->cActions;
		assert_null(failure->lpCommand);
		assert_null(failure->lpRebootMsg);
		assert_true(failure->cActions <= 4);
		for (DWORD i = 0; i < failure->cActions; i++) {
			assert_int_equal(failure->lpsaActions[i].Type, SC_ACTION_RESTART);
			more.restarts[i] = failure->lpsaActions[i].Delay;
		}
		break;
	case SERVICE_CONFIG_FAILURE_ACTIONS_FLAG:
		more.on_error = ((SERVICE_FAILURE_ACTIONS_FLAG *)v)->fFailureActionsOnNonCrashFailures;
		break;
	case SERVICE_CONFIG_DELAYED_AUTO_START_INFO:
		more.delayed = ((SERVICE_DELAYED_AUTO_START_INFO *)v)->fDelayedAutostart;
		break;
	case SERVICE_CONFIG_PRESHUTDOWN_INFO:
		more.preshutdown = ((SERVICE_PRESHUTDOWN_INFO *)v)->dwPreshutdownTimeout;
		break;
	case SERVICE_CONFIG_SERVICE_SID_INFO: more.sid = ((SERVICE_SID_INFO *)v)->dwServiceSidType; break;
	case SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO:
		more.privileges = list_text(((SERVICE_REQUIRED_PRIVILEGES_INFOW *)v)->pmszRequiredPrivileges);
		break;
	default: fail_msg("level %lu", level);
	}
	return TRUE;
}

static BOOL WINAPI query(SC_HANDLE s, QUERY_SERVICE_CONFIGW *c, DWORD room, DWORD *size)
{
	(void)s;
	*size = sizeof *c;
	if (room < sizeof *c) {
		SetLastError(ERROR_INSUFFICIENT_BUFFER);
		return FALSE;
	}
	*c = (QUERY_SERVICE_CONFIGW){ .dwStartType = start_is };
	return TRUE;
}

static BOOL WINAPI query_more(SC_HANDLE s, DWORD level, BYTE *v, DWORD room, DWORD *size)
{
	(void)s;
	assert_int_equal(level, SERVICE_CONFIG_DELAYED_AUTO_START_INFO);
	assert_int_equal(room, sizeof(SERVICE_DELAYED_AUTO_START_INFO));
	*size = room;
	if (refuse[level]) {
		SetLastError(refuse[level]);
		return FALSE;
	}
	((SERVICE_DELAYED_AUTO_START_INFO *)(void *)v)->fDelayedAutostart = delayed_is;
	return TRUE;
}

void *const __imp_CreateServiceW = (void *)create;
void *const __imp_ChangeServiceConfigW = (void *)change;
void *const __imp_ChangeServiceConfig2W = (void *)change_more;
void *const __imp_QueryServiceConfigW = (void *)query;
void *const __imp_QueryServiceConfig2W = (void *)query_more;

static int forget(void **state)
{
	(void)state;
	free(told.command);
	free(told.depends);
	free(told.account);
	free(told.display);
	free(more.description);
	free(more.privileges);
	memset(&told, 0, sizeof told);
	memset(&more, 0, sizeof more);
	memset(refuse, 0, sizeof refuse);
	return 0;
}

/* --- tests */

static void a_new_one_starts_with_the_system_and_needs_nothing(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	void *made = NULL;

	(void)state;
	assert_int_equal(sg_settings_create(manager, "\"C:\\x y\" run", &made, &err), 0);
	assert_ptr_equal(made, (void *)service);
	assert_int_equal(told.calls, 1);
	assert_string_equal(told.command, "\"C:\\x y\" run");
	assert_int_equal(told.type, SERVICE_WIN32_OWN_PROCESS);
	assert_int_equal(told.start, SERVICE_AUTO_START);
	assert_int_equal(told.error_control, SERVICE_ERROR_NORMAL);
	assert_string_equal(told.display, want->display);
	assert_null(told.account); /* LocalSystem */
	assert_false(told.group || told.tag || told.password);
}

/* NULL would leave what somebody has set: an empty list takes it away. */
static void one_that_is_there_loses_its_dependencies_and_keeps_how_it_starts(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_settings_mend(service, "\"C:\\x\" run", &err), 0);
	assert_int_equal(told.calls, 1);
	assert_string_equal(told.command, "\"C:\\x\" run");
	assert_string_equal(told.depends, ".");
	assert_int_equal(told.type, SERVICE_WIN32_OWN_PROCESS);
	assert_int_equal(told.start, SERVICE_NO_CHANGE);
	assert_int_equal(told.error_control, SERVICE_ERROR_NORMAL);
	assert_string_equal(told.account, "LocalSystem");
	assert_string_equal(told.display, want->display);
	assert_false(told.group || told.tag || told.password);
}

static void all_settings_are_asked_for_as_they_are_written_down(void **state)
{
	struct sg_buf all = { 0 };
	char *left;

	(void)state;
	for (const char *const *one = want->privileges; *one; one++)
		sg_buf_fmt(&all, "%s;", *one);
	sg_buf_fmt(&all, ".");
	left = sg_settings_ask(service, true);
	assert_null(left);
	assert_string_equal(more.description, want->description);
	assert_int_equal(more.n_restarts, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(more.restarts[i], want->restart_ms[i]);
	assert_int_equal(more.reset, want->reset_s);
	assert_true(more.on_error);
	assert_int_equal(more.calls[SERVICE_CONFIG_DELAYED_AUTO_START_INFO], 1);
	assert_false(more.delayed);
	assert_int_equal(more.preshutdown, 0x1d4c0);
	assert_int_equal(more.sid, SERVICE_SID_TYPE_UNRESTRICTED);
	assert_string_equal(more.privileges, (char *)all.data);
	sg_buf_release(&all);
}

static void a_delayed_start_is_the_administrators(void **state)
{
	(void)state;
	assert_null(sg_settings_ask(service, false));
	assert_int_equal(more.calls[SERVICE_CONFIG_DELAYED_AUTO_START_INFO], 0);
	assert_int_equal(more.calls[SERVICE_CONFIG_PRESHUTDOWN_INFO], 1);
}

static void what_is_refused_is_named_with_its_error_and_keeps_nothing_else(void **state)
{
	char *left;

	(void)state;
	refuse[SERVICE_CONFIG_FAILURE_ACTIONS_FLAG] = ERROR_INVALID_LEVEL;
	refuse[SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO] = ERROR_ACCESS_DENIED;
	left = sg_settings_ask(service, true);
	assert_string_equal(left, "failure actions on errors (error 124), required privileges (error 5)");
	assert_int_equal(more.preshutdown, want->preshutdown_ms);
	assert_int_equal(more.sid, want->sid_type);
	free(left);
	for (size_t i = 0; i < 16; i++)
		refuse[i] = ERROR_INVALID_LEVEL;
	left = sg_settings_ask(service, true);
	assert_string_equal(left,
	        "description (error 124), failure actions (error 124), failure actions on errors (error "
	        "124), "
	        "delayed start (error 124), preshutdown time (error 124), service SID (error 124), required "
	        "privileges (error 124)");
	free(left);
}

static void how_it_starts_is_told(void **state)
{
	static const struct {
		DWORD start;
		BOOL delayed;
		const char *words;
	} table[] = {
		{ SERVICE_AUTO_START, FALSE, "with the system" },
		{ SERVICE_AUTO_START, TRUE, "with the system, delayed" },
		{ SERVICE_DEMAND_START, FALSE, "when asked" },
		{ SERVICE_DEMAND_START, TRUE, "when asked" }, /* what is left of another time */
		{ SERVICE_DISABLED, TRUE, "never: it is disabled" },
		{ 7, FALSE, "as it did" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		start_is = table[i].start;
		delayed_is = table[i].delayed;
		assert_string_equal(sg_settings_starts(service), table[i].words);
	}
	refuse[SERVICE_CONFIG_DELAYED_AUTO_START_INFO] = ERROR_INVALID_LEVEL;
	start_is = SERVICE_AUTO_START;
	delayed_is = TRUE;
	assert_string_equal(sg_settings_starts(service), "with the system");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, forget, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_one_starts_with_the_system_and_needs_nothing),
		TEST(one_that_is_there_loses_its_dependencies_and_keeps_how_it_starts),
		TEST(all_settings_are_asked_for_as_they_are_written_down),
		TEST(a_delayed_start_is_the_administrators),
		TEST(what_is_refused_is_named_with_its_error_and_keeps_nothing_else),
		TEST(how_it_starts_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
