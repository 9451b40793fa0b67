/* setup_win.c - `stopgapd start | reload | stop`, and the way to install and uninstall (install_win.c, uninstall_win.c). Waits for what it asked for, and says how it went. */
#include "base/os_win.h"
#include "daemon/setup_win.h"
#include "engine/places.h"

#include <windows.h>

#include <stdio.h>

#define NAME L"" SG_SERVICE_NAME

_Static_assert(sizeof(void *) == 8, "a 32-bit program would see another System32 and another registry");

enum {
	PATIENCE_MS = 150 * 1000, /* for a start or a stop, however much goes on */
	LOOK_MS = 250,
};

int sg_setup_open_manager(unsigned long access, void **ret, struct sg_err *err)
{
	*ret = OpenSCManagerW(NULL, NULL, access);
	if (*ret)
		return 0;
	if (GetLastError() == ERROR_ACCESS_DENIED)
		return sg_fail(err, SG_EACCES,
		        "this account may not manage services: ask as an administrator, elevated");
	return sg_win_fail(err, GetLastError(), "cannot reach the service control manager");
}

/* SG_ENOENT: it is not installed. */
static int open_service(SC_HANDLE manager, DWORD access, SC_HANDLE *ret, struct sg_err *err)
{
	DWORD e;

	*ret = OpenServiceW(manager, NAME, access);
	if (*ret)
		return 0;
	e = GetLastError();
	if (e == ERROR_SERVICE_DOES_NOT_EXIST)
		return sg_fail(
		        err, SG_ENOENT, "the service " SG_SERVICE_NAME " is not installed: stopgapd install");
	return sg_win_fail(err, e, "cannot open the service " SG_SERVICE_NAME);
}

/* --- start and stop */

static int state_of(SC_HANDLE service, SERVICE_STATUS_PROCESS *ret, struct sg_err *err)
{
	DWORD size = 0;

	if (QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)ret, sizeof *ret, &size))
		return 0;
	return sg_win_fail(err, GetLastError(), "cannot ask for the state of the service " SG_SERVICE_NAME);
}

/* Waits while the service is in `pending`; says now and then that it goes on. */
static int await(
        SC_HANDLE service, DWORD pending, const char *what, SERVICE_STATUS_PROCESS *ret, struct sg_err *err)
{
	ULONGLONG began = GetTickCount64(), said = began;
	int r = state_of(service, ret, err);

	while (r == 0 && ret->dwCurrentState == pending) {
		ULONGLONG now = GetTickCount64();

		if (now - began > PATIENCE_MS)
			return sg_fail(err, SG_ETIMEOUT,
			        "the service " SG_SERVICE_NAME
			        " is still %s after %d s: it goes on, ask again",
			        what, PATIENCE_MS / 1000);
		if (now - said >= 5000) {
			printf("%s for %llu s (step %lu)\n", what, (now - began) / 1000, ret->dwCheckPoint);
			fflush(stdout);
			said = now;
		}
		Sleep(LOOK_MS);
		r = state_of(service, ret, err);
	}
	return r;
}

int sg_setup_start(void *service, struct sg_err *err)
{
	SERVICE_STATUS_PROCESS s;
	int r;

	if (!StartServiceW(service, 0, NULL) && GetLastError() != ERROR_SERVICE_ALREADY_RUNNING) {
		if (GetLastError() == ERROR_SERVICE_DISABLED)
			return sg_fail(err, SG_ESTATE,
			        "the service " SG_SERVICE_NAME " is disabled: sc.exe config " SG_SERVICE_NAME
			        " start= auto lets it start");
		return sg_win_fail(err, GetLastError(), "cannot start the service " SG_SERVICE_NAME);
	}
	r = await(service, SERVICE_START_PENDING, "starting", &s, err);
	if (r < 0)
		return r;
	if (s.dwCurrentState != SERVICE_RUNNING)
		return sg_fail(err, SG_EIO,
		        "the service " SG_SERVICE_NAME
		        " started and ended (error %lu, %lu): the Application log of "
		        "the event viewer says why",
		        s.dwWin32ExitCode, s.dwServiceSpecificExitCode);
	printf("the service " SG_SERVICE_NAME " runs, as process %lu\n", s.dwProcessId);
	return 0;
}

int sg_setup_stop(void *service, bool *ret_ran, struct sg_err *err)
{
	SERVICE_STATUS_PROCESS s;
	SERVICE_STATUS now;
	int r = await(
	        service, SERVICE_START_PENDING, "starting", &s, err); /* it takes no stop before it is up */

	*ret_ran = r == 0 && s.dwCurrentState != SERVICE_STOPPED;
	if (r == 0 && s.dwCurrentState == SERVICE_STOPPED) {
		printf("the service " SG_SERVICE_NAME " was not running\n");
		return 0;
	}
	if (r == 0 && s.dwCurrentState == SERVICE_RUNNING &&
	        !ControlService(service, SERVICE_CONTROL_STOP, &now) &&
	        GetLastError() != ERROR_SERVICE_NOT_ACTIVE)
		r = sg_win_fail(err, GetLastError(), "cannot stop the service " SG_SERVICE_NAME);
	if (r == 0)
		r = await(service, SERVICE_STOP_PENDING, "stopping", &s, err);
	if (r == 0 && s.dwCurrentState == SERVICE_RUNNING) /* asked, and its answer has not come yet */
		r = await(service, SERVICE_RUNNING, "stopping", &s, err);
	if (r == 0)
		r = await(service, SERVICE_STOP_PENDING, "stopping", &s, err);
	if (r < 0)
		return r;
	if (s.dwCurrentState != SERVICE_STOPPED)
		return sg_fail(
		        err, SG_EIO, "the service " SG_SERVICE_NAME " is in state %lu", s.dwCurrentState);
	printf("the service " SG_SERVICE_NAME " has stopped; mitigations stay in place\n");
	return 0;
}

static int read_again(SC_HANDLE service, struct sg_err *err)
{
	SERVICE_STATUS now;

	if (ControlService(service, SERVICE_CONTROL_PARAMCHANGE, &now)) {
		printf("the service " SG_SERVICE_NAME
		       " reads its configuration again; stopgapctl status says what came of it\n");
		return 0;
	}
	if (GetLastError() == ERROR_SERVICE_NOT_ACTIVE)
		return sg_fail(err, SG_ESTATE, "the service " SG_SERVICE_NAME " is not running");
	return sg_win_fail(err, GetLastError(), "cannot reach the service " SG_SERVICE_NAME);
}

/* --- the verbs */

/* Whether the verb has something to do without a service: the package asks for these three, also when somebody has taken the service away by hand. */
static bool goes_without(enum sg_service_verb verb, const struct sg_service_setup *setup)
{
	return verb == SG_SERVICE_HALT || (verb == SG_SERVICE_UNINSTALL && (setup->keep || setup->rollback));
}

int sg_service_setup(enum sg_service_verb verb, const struct sg_service_setup *setup, struct sg_err *err)
{
	SC_HANDLE service = NULL;
	void *manager = NULL;
	struct sg_err why = SG_ERR_INIT;
	bool ran;
	int r;

	if (verb == SG_SERVICE_INSTALL)
		return sg_setup_install(setup, err);
	r = sg_setup_open_manager(SC_MANAGER_CONNECT, &manager, err);
	if (r < 0)
		return r;
	r = open_service(manager,
	        SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG | SERVICE_START | SERVICE_STOP |
	                SERVICE_PAUSE_CONTINUE | (verb == SG_SERVICE_UNINSTALL ? DELETE : 0),
	        &service, &why);
	if (r == SG_ENOENT && goes_without(verb, setup)) {
		printf("the service " SG_SERVICE_NAME " is not installed: there is nothing to stop\n");
		r = verb == SG_SERVICE_UNINSTALL ? sg_setup_uninstall(NULL, setup, err) : 0;
	} else if (r < 0) {
		sg_fail(err, r, "%s", why.msg);
	} else {
		switch (verb) {
		case SG_SERVICE_INSTALL: break;
		case SG_SERVICE_UNINSTALL: r = sg_setup_uninstall(service, setup, err); break;
		case SG_SERVICE_START: r = sg_setup_start(service, err); break;
		case SG_SERVICE_READ_AGAIN: r = read_again(service, err); break;
		case SG_SERVICE_HALT: r = sg_setup_stop(service, &ran, err); break;
		}
		CloseServiceHandle(service);
	}
	CloseServiceHandle(manager);
	return r;
}
