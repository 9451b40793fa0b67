/* service_look_main.c - what the service control manager has of a service and who may open a pipe, as JSON for the tests of whole programs; and what an
 * administrator would change of it. What this Windows does not tell is not there, and "refused" has the error.
 *
 * NAME: look; NAME start N: its start type; NAME delayed 0|1; NAME depend [SERVICE|+GROUP]...; NAME control N: tells it; --pipe NAME: its access list. */
#include "base/json.h"
#include "base/os_win.h"

#include <windows.h>
#include <sddl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 8 * 1024 }; /* the most that a setting takes ("QueryServiceConfig2W function") */

static void set_text(struct sg_val *map, const char *key, const wchar_t *wide)
{
	char *text = wide ? sg_win_utf8(wide) : NULL;

	sg_val_set_str(map, key, text);
	free(text);
}

static void set_list(struct sg_val *map, const char *key, const wchar_t *list)
{
	struct sg_val *all = sg_val_set(map, key, sg_val_array());

	for (; list && *list; list += wcslen(list) + 1) {
		char *text = sg_win_utf8(list);

		sg_val_push(all, sg_val_str(text));
		free(text);
	}
}

/* --- what it has */

static void look_failure(struct sg_val *map, const void *v)
{
	const SERVICE_FAILURE_ACTIONSW *f = v;
	struct sg_val *list = sg_val_set(map, "restarts", sg_val_array());

	sg_val_set_int(map, "reset_s", f->dwResetPeriod);
	for (DWORD i = 0; i < f->cActions && f->lpsaActions; i++)
		sg_val_push(list, sg_val_int(f->lpsaActions[i].Type == SC_ACTION_RESTART
		                                     ? (int64_t)f->lpsaActions[i].Delay
		                                     : -1));
}

static void look_on_error(struct sg_val *map, const void *v)
{
	sg_val_set_bool(map, "restart_on_error",
	        ((const SERVICE_FAILURE_ACTIONS_FLAG *)v)->fFailureActionsOnNonCrashFailures);
}

static void look_delayed(struct sg_val *map, const void *v)
{
	sg_val_set_bool(map, "delayed", ((const SERVICE_DELAYED_AUTO_START_INFO *)v)->fDelayedAutostart);
}

static void look_preshutdown(struct sg_val *map, const void *v)
{
	sg_val_set_int(map, "preshutdown_ms", ((const SERVICE_PRESHUTDOWN_INFO *)v)->dwPreshutdownTimeout);
}

static void look_sid(struct sg_val *map, const void *v)
{
	sg_val_set_int(map, "sid_type", ((const SERVICE_SID_INFO *)v)->dwServiceSidType);
}

static void look_privileges(struct sg_val *map, const void *v)
{
	set_list(map, "privileges", ((const SERVICE_REQUIRED_PRIVILEGES_INFOW *)v)->pmszRequiredPrivileges);
}

static void look_description(struct sg_val *map, const void *v)
{
	set_text(map, "description", ((const SERVICE_DESCRIPTIONW *)v)->lpDescription);
}

static int look(SC_HANDLE service)
{
	static const struct {
		DWORD level;
		const char *name; /* as stopgapd install says it */
		void (*look)(struct sg_val *map, const void *v);
	} more[] = {
		{ SERVICE_CONFIG_DESCRIPTION, "description", look_description },
		{ SERVICE_CONFIG_FAILURE_ACTIONS, "failure actions", look_failure },
		{ SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, "failure actions on errors", look_on_error },
		{ SERVICE_CONFIG_DELAYED_AUTO_START_INFO, "delayed start", look_delayed },
		{ SERVICE_CONFIG_PRESHUTDOWN_INFO, "preshutdown time", look_preshutdown },
		{ SERVICE_CONFIG_SERVICE_SID_INFO, "service SID", look_sid },
		{ SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, "required privileges", look_privileges },
	};
	unsigned char *room = sg_alloc(ROOM);
	QUERY_SERVICE_CONFIGW *c = (void *)room;
	struct sg_val *map = sg_val_map(), *refused = sg_val_set(map, "refused", sg_val_map());
	struct sg_buf out = { 0 };
	DWORD size = 0;

	if (QueryServiceConfigW(service, c, ROOM, &size)) {
		sg_val_set_int(map, "type", c->dwServiceType);
		sg_val_set_int(map, "start", c->dwStartType);
		sg_val_set_int(map, "error_control", c->dwErrorControl);
		set_text(map, "image", c->lpBinaryPathName);
		set_text(map, "account", c->lpServiceStartName);
		set_text(map, "display", c->lpDisplayName);
		set_list(map, "depends_on", c->lpDependencies);
	}
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		memset(room, 0, ROOM);
		if (QueryServiceConfig2W(service, more[i].level, room, ROOM, &size))
			more[i].look(map, room);
		else
			sg_val_set_int(refused, more[i].name, GetLastError());
	}
	sg_json(map, SG_JSON_ASCII, &out);
	puts((char *)out.data);
	sg_buf_release(&out);
	sg_val_free(map);
	free(room);
	return 0;
}

/* --- what an administrator changes */

static BOOL change(SC_HANDLE service, int argc, char **argv)
{
	SERVICE_DELAYED_AUTO_START_INFO delayed = { argc > 1 && atoi(argv[1]) };
	DWORD start = argc > 1 ? (DWORD)atoi(argv[1]) : 0;
	SERVICE_STATUS now;
	wchar_t list[1024] = { 0 };
	size_t len = 0;

	if (strcmp(argv[0], "control") == 0)
		return ControlService(service, start, &now);
	if (strcmp(argv[0], "delayed") == 0)
		return ChangeServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed);
	if (strcmp(argv[0], "start") == 0)
		return ChangeServiceConfigW(service, SERVICE_NO_CHANGE, start, SERVICE_NO_CHANGE, NULL, NULL,
		        NULL, NULL, NULL, NULL, NULL);
	for (int i = 1; i < argc; i++) /* with its NUL */
		len += (size_t)MultiByteToWideChar(CP_UTF8, 0, argv[i], -1, list + len, (int)(1000 - len));
	return ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, NULL,
	        NULL, NULL, list, NULL, NULL, NULL);
}

/* Its whole descriptor but for the audit entries. Opened to be read alone: an instance that waits is used for it. */
static int look_at_pipe(const char *name)
{
	wchar_t *wide = sg_win_wide(name), *text = NULL;
	unsigned char *sd = sg_alloc(ROOM);
	HANDLE pipe = CreateFileW(
	        wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, NULL);
	DWORD size;
	int r = 1;

	if (pipe != INVALID_HANDLE_VALUE &&
	        GetKernelObjectSecurity(
	                pipe, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, sd, ROOM, &size) &&
	        ConvertSecurityDescriptorToStringSecurityDescriptorW(sd, SDDL_REVISION_1,
	                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &text, NULL)) {
		printf("%ls\n", text);
		r = 0;
	} else {
		printf("error %lu\n", GetLastError());
	}
	if (pipe != INVALID_HANDLE_VALUE)
		CloseHandle(pipe);
	LocalFree(text);
	free(wide);
	free(sd);
	return r;
}

int main(int argc, char **argv)
{
	SC_HANDLE manager, service = NULL;
	wchar_t *name;
	int r;

	if (argc == 3 && strcmp(argv[1], "--pipe") == 0)
		return look_at_pipe(argv[2]);
	if (argc < 2)
		return 2;
	name = sg_win_wide(argv[1]);
	manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	if (manager)
		service = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
	r = service ? argc == 2 ? look(service) : !change(service, argc - 2, argv + 2) : 1;
	if (r)
		printf("error %lu\n", GetLastError());
	if (service)
		CloseServiceHandle(service);
	if (manager)
		CloseServiceHandle(manager);
	free(name);
	return r;
}
