/* run_service_win.c - services of running Windows, through the service control manager: looked at, stopped, started, each with a time limit.
 *
 * A service says how long its next step may take (the wait hint); it is asked again after a tenth of that, and the caller's limit holds whatever it says.
 * Nothing is killed: what does not stop in time may stop later, and the error names it with its state and process. Nothing is started that was not named.
 */
#include "actions/live.h"
#include "actions/run_win.h"
#include "actions/services.h"
#include "base/os_win.h"
#include "base/text.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

enum { SHORTEST_MS = 20, LONGEST_MS = 1000 };

struct opened {
	SC_HANDLE manager, service;
	const char *name;
};

static void close_it(struct opened *o)
{
	if (o->service)
		CloseServiceHandle(o->service);
	if (o->manager)
		CloseServiceHandle(o->manager);
	*o = (struct opened){ 0 };
}

static int open_it(const char *name, DWORD access, struct opened *ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_wide(name);
	DWORD e = 0;
	int r = 0;

	*ret = (struct opened){ .name = name };
	ret->manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	if (ret->manager)
		ret->service = OpenServiceW(ret->manager, wide, access | SERVICE_QUERY_STATUS);
	if (!ret->service)
		e = GetLastError();
	free(wide);
	if (!e)
		return 0;
	if (ret->manager && (e == ERROR_SERVICE_DOES_NOT_EXIST || e == ERROR_INVALID_NAME))
		r = sg_fail(err, SG_ENOENT, "the service control manager knows no service %s", name);
	else
		r = sg_win_fail(err, e, "the service %s cannot be opened", name);
	close_it(ret);
	return r;
}

static int status_of(const struct opened *o, SERVICE_STATUS_PROCESS *ret, struct sg_err *err)
{
	DWORD size;

	if (QueryServiceStatusEx(o->service, SC_STATUS_PROCESS_INFO, (BYTE *)ret, sizeof *ret, &size))
		return 0;
	return sg_win_fail(err, GetLastError(), "the service %s cannot be asked for its state", o->name);
}

static enum sg_run_state state_of(DWORD state)
{
	switch (state) {
	case SERVICE_STOPPED: return SG_RUN_STOPPED;
	case SERVICE_RUNNING:
	case SERVICE_PAUSED:
	case SERVICE_PAUSE_PENDING:
	case SERVICE_CONTINUE_PENDING: return SG_RUN_RUNNING;
	default: return SG_RUN_UNKNOWN;
	}
}

/* --- who depends on it */

static bool runs(const char *name)
{
	SERVICE_STATUS_PROCESS now = { 0 };
	struct opened o;
	bool is;

	if (open_it(name, 0, &o, NULL))
		return false;
	is = status_of(&o, &now, NULL) == 0 && now.dwCurrentState != SERVICE_STOPPED;
	close_it(&o);
	return is;
}

/* As the manager says: it knows of groups of services, too. It gives at most 64 KB, the nearest first, and has no place to go on from
 * ("EnumDependentServicesW function"): those that do not fit depend on others in it, or are known from the registry. */
static void ask_manager(const char *name, struct sg_strs *ret)
{
	enum { MOST = 64 * 1024 };
	ENUM_SERVICE_STATUSW *list;
	DWORD need = 0, n = 0;
	struct opened o;

	if (open_it(name, SERVICE_ENUMERATE_DEPENDENTS, &o, NULL))
		return;
	list = sg_alloc(MOST);
	if (!EnumDependentServicesW(o.service, SERVICE_ACTIVE, list, MOST, &need, &n) &&
	        GetLastError() != ERROR_MORE_DATA)
		n = 0;
	for (DWORD i = 0; i < n; i++) {
		char *dependant = sg_win_utf8(list[i].lpServiceName);

		sg_strs_add_once(ret, dependant);
		free(dependant);
	}
	free(list);
	close_it(&o);
}

/* Those that depend on it come first, each after those that depend on it in turn. `seen` is whom the walk has come to: so each is walked from once, and a
 * circle ends it. */
static void dependants_of(
        const struct sg_services *services, const char *name, struct sg_strs *seen, struct sg_strs *ret)
{
	struct sg_strs next = { 0 };

	sg_strs_add(seen, name);
	if (services) /* in the order in which they would be stopped; the walk below keeps it */
		sg_services_dependants(services, name, &next);
	ask_manager(name, &next);
	for (size_t i = 0; i < next.n; i++) {
		if (sg_strs_has(seen, next.at[i]) || !runs(next.at[i]))
			continue;
		dependants_of(services, next.at[i], seen, ret);
		sg_strs_add(ret, next.at[i]);
	}
	sg_strs_release(&next);
}

int sg_run_service_look(
        const char *name, enum sg_run_state *ret, struct sg_strs *ret_dependants, struct sg_err *err)
{
	struct sg_services *services = NULL;
	SERVICE_STATUS_PROCESS now = { 0 };
	struct sg_drives live = { 0 };
	struct sg_strs seen = { 0 };
	struct opened o;
	int r = open_it(name, 0, &o, err);

	if (r)
		return r;
	r = status_of(&o, &now, err);
	close_it(&o);
	if (r)
		return r;
	if (now.dwCurrentState != SERVICE_STOPPED) {
		sg_services_read(&live, &services, NULL); /* without it the manager alone is asked */
		dependants_of(services, name, &seen, ret_dependants);
		sg_services_free(services);
		sg_strs_release(&seen);
	}
	*ret = state_of(now.dwCurrentState);
	return 0;
}

/* --- turning */

static const char *word(DWORD state)
{
	switch (state) {
	case SERVICE_STOPPED: return "stopped";
	case SERVICE_START_PENDING: return "starting";
	case SERVICE_STOP_PENDING: return "stopping";
	case SERVICE_RUNNING: return "running";
	default: return "paused";
	}
}

static void pause_for(DWORD hint)
{
	DWORD ms = hint / 10;

	Sleep(ms < SHORTEST_MS ? SHORTEST_MS : ms > LONGEST_MS ? LONGEST_MS : ms);
}

static int late(
        const struct opened *o, const SERVICE_STATUS_PROCESS *now, int64_t timeout_ms, struct sg_err *err)
{
	return sg_fail(err, SG_ETIMEOUT,
	        "the service %s is still %s after %lld s (process %lu, checkpoint %lu)", o->name,
	        word(now->dwCurrentState), (long long)timeout_ms / 1000, now->dwProcessId, now->dwCheckPoint);
}

int sg_run_service_stop(const char *name, int64_t timeout_ms, struct sg_err *err)
{
	ULONGLONG end = GetTickCount64() + (ULONGLONG)timeout_ms;
	SERVICE_STATUS_PROCESS now = { 0 };
	SERVICE_STATUS told;
	struct opened o;
	bool asked = false;
	int r = open_it(name, SERVICE_STOP, &o, err);

	while (!r) {
		DWORD e = 0;

		r = status_of(&o, &now, err);
		if (r || now.dwCurrentState == SERVICE_STOPPED)
			break;
		if (!asked && now.dwCurrentState != SERVICE_STOP_PENDING) {
			asked = ControlService(o.service, SERVICE_CONTROL_STOP, &told);
			e = asked ? 0 : GetLastError();
		}
		/* one that is just starting takes no control yet */
		if (e && e != ERROR_SERVICE_CANNOT_ACCEPT_CTRL && e != ERROR_SERVICE_NOT_ACTIVE)
			r = sg_win_fail(err, e, "the service %s cannot be stopped", name);
		else if (GetTickCount64() >= end)
			r = late(&o, &now, timeout_ms, err);
		else
			pause_for(now.dwWaitHint);
	}
	close_it(&o);
	return r;
}

/* --- what it depends on */

/* SERVICE_TRIGGER and SERVICE_TRIGGER_INFO of winsvc.h, which mingw-w64's does not have. */
struct trigger {
	DWORD type, action; /* 1: starts it; 2: stops it */
	GUID *subtype;
	DWORD n_items;
	void *items;
};
struct triggers {
	DWORD n;
	struct trigger *at;
	BYTE *reserved;
};
enum { STARTS_IT = 1 };

/* Whether the system starts it by itself whenever one of its triggers fires. */
static bool has_trigger(SC_HANDLE service)
{
	struct triggers *info;
	DWORD size = 0;
	bool ret = false;

	QueryServiceConfig2W(service, SERVICE_CONFIG_TRIGGER_INFO, NULL, 0, &size);
	info = sg_alloc((size_t)size + sizeof *info);
	if (QueryServiceConfig2W(
	            service, SERVICE_CONFIG_TRIGGER_INFO, (BYTE *)info, size + (DWORD)sizeof *info, &size))
		for (DWORD i = 0; i < info->n; i++)
			ret |= info->at[i].action == STARTS_IT;
	free(info);
	return ret;
}

/* Not running only when it is known: what cannot be asked is left to the manager, which fails the start then. */
static void look_at_need(const wchar_t *name, struct sg_run_need *ret)
{
	SC_HANDLE manager = OpenSCManagerW(
	        NULL, NULL, SC_MANAGER_CONNECT | (ret->group ? SC_MANAGER_ENUMERATE_SERVICE : 0u));
	SC_HANDLE service = manager && !ret->group
	                            ? OpenServiceW(manager, name, SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG)
	                            : NULL;
	SERVICE_STATUS_PROCESS now;
	DWORD size = 0, n = 0, resume = 0;

	ret->missing = manager && !ret->group && !service && GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST;
	ret->runs = !ret->missing;
	if (service && QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&now, sizeof now, &size))
		ret->runs =
		        now.dwCurrentState != SERVICE_STOPPED && now.dwCurrentState != SERVICE_STOP_PENDING;
	else if (manager && ret->group) /* without room for one: success says that there is none */
		ret->runs = !EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO,
		        SERVICE_WIN32 | SERVICE_DRIVER, SERVICE_ACTIVE, NULL, 0, &size, &n, &resume, name);
	ret->comes_and_goes = service && !ret->runs && has_trigger(service);
	if (service)
		CloseServiceHandle(service);
	if (manager)
		CloseServiceHandle(manager);
}

struct needs {
	struct sg_run_need *at; /* names are owned */
	size_t n, cap;
};

static void add_need(struct needs *needs, const char *name, bool group)
{
	struct sg_run_need *need;
	wchar_t *wide;

	for (size_t i = 0; i < needs->n; i++)
		if (needs->at[i].group == group && sg_same(needs->at[i].name, name))
			return;
	needs->at = sg_grow(needs->at, needs->n, &needs->cap, sizeof *needs->at);
	need = &needs->at[needs->n++];
	*need = (struct sg_run_need){ .name = sg_strdup(name), .group = group };
	wide = sg_win_wide(name);
	look_at_need(wide, need);
	free(wide);
}

/* As the manager knows them; it counts. */
static int ask_for_needs(const struct opened *o, struct needs *ret, struct sg_err *err)
{
	QUERY_SERVICE_CONFIGW *config = sg_win_service_config(o->service);
	int r = 0;

	if (!config)
		r = sg_win_fail(err, GetLastError(), "the service %s cannot be asked for what it depends on",
		        o->name);
	for (const wchar_t *one = config ? config->lpDependencies : NULL; one && *one;
	        one += wcslen(one) + 1) {
		bool group = *one == SC_GROUP_IDENTIFIERW;
		char *name = sg_win_utf8(one + group);

		add_need(ret, name, group);
		free(name);
	}
	free(config);
	return r;
}

/* As they are configured, and count from the next start of Windows at the latest. */
static void read_needs(const char *service, struct needs *ret)
{
	static const char *const values[] = { "DependOnService", "DependOnGroup" };
	char *key = sg_format("SYSTEM\\CurrentControlSet\\Services\\%s", service);

	for (size_t group = 0; group < 2; group++) {
		struct sg_hive_value v = { 0 };
		struct sg_strs names = { 0 };

		if (sg_live_value(key, values[group], &v, NULL) == 0)
			sg_hive_value_strings(&v, key, values[group], &names, NULL);
		for (size_t i = 0; i < names.n; i++)
			add_need(ret, names.at[i], group == 1);
		sg_strs_release(&names);
		sg_hive_value_release(&v);
	}
	free(key);
}

static int needs_of(const struct opened *o, struct needs *ret, struct sg_err *err)
{
	int r = ask_for_needs(o, ret, err);

	if (!r)
		read_needs(o->name, ret);
	return r;
}

static void needs_release(struct needs *needs)
{
	for (size_t i = 0; i < needs->n; i++)
		free((char *)needs->at[i].name);
	free(needs->at);
	*needs = (struct needs){ 0 };
}

/* What runs has what it needs itself, so that the direct ones are enough; what does not run brings its own, behind it in the list. */
static int all_needs_of(const struct opened *o, struct needs *ret, struct sg_err *err)
{
	int r = needs_of(o, ret, err);

	for (size_t i = 0; !r && i < ret->n; i++) {
		struct opened of;

		if (ret->at[i].runs || ret->at[i].group || ret->at[i].missing)
			continue;
		r = open_it(ret->at[i].name, SERVICE_QUERY_CONFIG, &of, err);
		if (!r)
			r = needs_of(&of, ret, err);
		close_it(&of);
	}
	return r;
}

int sg_run_service_needs(const char *name, struct sg_strs *ret, struct sg_err *err)
{
	struct needs needs = { 0 };
	struct opened o;
	int r = open_it(name, SERVICE_QUERY_CONFIG, &o, err);

	if (!r)
		r = all_needs_of(&o, &needs, err);
	for (size_t i = 0; !r && i < needs.n; i++)
		if (!needs.at[i].runs && !needs.at[i].group && !needs.at[i].missing)
			sg_strs_add(ret, needs.at[i].name);
	needs_release(&needs);
	close_it(&o);
	return r;
}

static int check_needs(const struct opened *o, struct sg_err *err)
{
	struct needs needs = { 0 };
	int r = all_needs_of(o, &needs, err);

	if (!r)
		r = sg_run_check_needs(o->name, needs.at, needs.n, err);
	needs_release(&needs);
	return r;
}

int sg_run_service_start(const char *name, int64_t timeout_ms, struct sg_err *err)
{
	ULONGLONG end = GetTickCount64() + (ULONGLONG)timeout_ms;
	SERVICE_STATUS_PROCESS now = { 0 };
	struct opened o;
	bool asked = false;
	int r = open_it(name, SERVICE_START | SERVICE_QUERY_CONFIG, &o, err);

	while (!r) {
		DWORD e = 0;

		r = status_of(&o, &now, err);
		if (r || state_of(now.dwCurrentState) == SG_RUN_RUNNING)
			break;
		if (now.dwCurrentState == SERVICE_STOPPED && asked) {
			r = sg_fail(err, SG_EIO,
			        "the service %s stopped again while it started (error %lu, its own %lu)",
			        name, now.dwWin32ExitCode, now.dwServiceSpecificExitCode);
			break;
		}
		if (now.dwCurrentState == SERVICE_STOPPED) {
			r = check_needs(&o, err);
			if (r)
				break;
			asked = StartServiceW(o.service, 0, NULL);
			e = asked ? 0 : GetLastError();
		}
		if (e && e != ERROR_SERVICE_ALREADY_RUNNING && e != ERROR_SERVICE_DATABASE_LOCKED)
			r = sg_win_fail(err, e, "the service %s cannot be started", name);
		else if (GetTickCount64() >= end)
			r = late(&o, &now, timeout_ms, err);
		else
			pause_for(now.dwWaitHint);
	}
	close_it(&o);
	return r;
}
