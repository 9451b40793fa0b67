/* settings_win.c - see settings_win.h. */
#include "daemon/settings_win.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/os_win.h"
#include "daemon/service_settings.h"
#include "engine/places.h"

#include <windows.h>

#include <stdlib.h>

/* A setting that this system does not know (an older Windows; Wine) goes into `left`. */
static void set(SC_HANDLE service, DWORD what, void *value, const char *name, struct sg_buf *left)
{
	if (!ChangeServiceConfig2W(service, what, value))
		sg_buf_fmt(left, "%s%s (error %lu)", left->len ? ", " : "", name, GetLastError());
}

/* A list as the registry has it: each with its NUL, and one more at the end; the two of an empty one, too. */
static wchar_t *multi(const char *const *list)
{
	struct sg_buf all = { 0 };

	for (; *list; list++) {
		wchar_t *wide = sg_win_wide(*list);

		sg_buf_add(&all, wide, (wcslen(wide) + 1) * sizeof *wide);
		free(wide);
	}
	sg_buf_add(&all, L"\0", 2 * sizeof(wchar_t));
	return (wchar_t *)(void *)sg_buf_detach(&all);
}

char *sg_settings_ask(void *service, bool made)
{
	const struct sg_service_settings *want = &sg_service_settings;
	SC_ACTION actions[] = { { SC_ACTION_RESTART, want->restart_ms[0] },
		{ SC_ACTION_RESTART, want->restart_ms[1] }, { SC_ACTION_RESTART, want->restart_ms[2] } };
	SERVICE_FAILURE_ACTIONSW failure = {
		.dwResetPeriod = want->reset_s, .cActions = 3, .lpsaActions = actions
	};
	SERVICE_FAILURE_ACTIONS_FLAG ended = { want->restart_on_error };
	SERVICE_DELAYED_AUTO_START_INFO delayed = { want->delayed };
	SERVICE_PRESHUTDOWN_INFO preshutdown = { want->preshutdown_ms };
	SERVICE_SID_INFO sid = { want->sid_type };
	SERVICE_REQUIRED_PRIVILEGES_INFOW required = { multi(want->privileges) };
	SERVICE_DESCRIPTIONW description = { sg_win_wide(want->description) };
	struct sg_buf left = { 0 };

	set(service, SERVICE_CONFIG_DESCRIPTION, &description, "description", &left);
	set(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure, "failure actions", &left);
	set(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &ended, "failure actions on errors", &left);
	if (made)
		set(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed, "delayed start", &left);
	set(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, &preshutdown, "preshutdown time", &left);
	set(service, SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "service SID", &left);
	set(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &required, "required privileges", &left);
	free(description.lpDescription);
	free(required.pmszRequiredPrivileges);
	return left.len ? sg_buf_detach(&left) : NULL;
}

int sg_settings_create(void *manager, const char *command, void **ret, struct sg_err *err)
{
	const struct sg_service_settings *want = &sg_service_settings;
	wchar_t *wide = sg_win_wide(command), *display = sg_win_wide(want->display);
	SC_HANDLE s = CreateServiceW(manager, L"" SG_SERVICE_NAME, display, SERVICE_ALL_ACCESS, want->type,
	        want->start, want->error_control, wide, NULL, NULL, NULL, NULL, NULL);
	DWORD e = GetLastError();

	free(wide);
	free(display);
	if (!s)
		return sg_win_fail(err, e, "cannot make the service " SG_SERVICE_NAME);
	*ret = s;
	return 0;
}

const char *sg_settings_starts(void *service)
{
	static const char *const words[] = { "by the boot loader", "by the kernel", "with the system",
		"when asked", "never: it is disabled" };
	SERVICE_DELAYED_AUTO_START_INFO delayed = { FALSE };
	QUERY_SERVICE_CONFIGW *c = sg_win_service_config(service);
	DWORD start = c ? c->dwStartType : SERVICE_AUTO_START, size;

	free(c);
	QueryServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, (BYTE *)&delayed,
	        sizeof delayed, &size); /* what it does not tell is not said */
	if (start == SERVICE_AUTO_START && delayed.fDelayedAutostart)
		return "with the system, delayed";
	return start < 5 ? words[start] : "as it did";
}

int sg_settings_mend(void *service, const char *command, struct sg_err *err)
{
	const struct sg_service_settings *want = &sg_service_settings;
	wchar_t *wide = sg_win_wide(command), *display = sg_win_wide(want->display),
	        *account = sg_win_wide(want->account), *depends = multi(want->depends_on);
	int r = 0;

	if (!ChangeServiceConfigW(service, want->type, SERVICE_NO_CHANGE, want->error_control, wide, NULL,
	            NULL, depends, account, NULL, display))
		r = sg_win_fail(err, GetLastError(), "cannot change the service " SG_SERVICE_NAME);
	free(wide);
	free(display);
	free(account);
	free(depends);
	return r;
}
