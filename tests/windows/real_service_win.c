/* real_service_win.c - see real_service_win.h. A service is another process of the test's program: "serve NAME STOP_MS [START_MS]". */
#include "tests/windows/real_service_win.h"

#include "base/mem.h"
#include "base/os_win.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SERVICE_STATUS_HANDLE own;
static HANDLE stopping;
static wchar_t own_name[64];
static DWORD stop_ms, start_ms;

static void say(DWORD state, DWORD takes, DWORD hint)
{
	SERVICE_STATUS s = { .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
		.dwCurrentState = state,
		.dwControlsAccepted = takes,
		.dwWaitHint = hint };

	SetServiceStatus(own, &s);
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context)
{
	(void)type, (void)data, (void)context;
	if (control == SERVICE_CONTROL_STOP) {
		say(SERVICE_STOP_PENDING, 0, stop_ms);
		SetEvent(stopping);
	}
	return control == SERVICE_CONTROL_STOP || control == SERVICE_CONTROL_INTERROGATE
	               ? NO_ERROR
	               : ERROR_CALL_NOT_IMPLEMENTED;
}

static void WINAPI serve(DWORD argc, wchar_t **argv)
{
	(void)argc, (void)argv;
	stopping = CreateEventW(NULL, TRUE, FALSE, NULL);
	own = RegisterServiceCtrlHandlerExW(own_name, on_control, NULL);
	if (start_ms) {
		say(SERVICE_START_PENDING, 0, start_ms);
		Sleep(start_ms);
	}
	say(SERVICE_RUNNING, SERVICE_ACCEPT_STOP, 0);
	WaitForSingleObject(stopping, INFINITE);
	Sleep(stop_ms);
	say(SERVICE_STOPPED, 0, 0);
}

bool t_service_served(int argc, char **argv)
{
	SERVICE_TABLE_ENTRYW table[2] = { { own_name, serve } };

	if (argc < 4 || argc > 5 || strcmp(argv[1], "serve") != 0)
		return false;
	MultiByteToWideChar(CP_UTF8, 0, argv[2], -1, own_name, 64);
	stop_ms = (DWORD)atoi(argv[3]);
	start_ms = argc == 5 ? (DWORD)atoi(argv[4]) : 0;
	StartServiceCtrlDispatcherW(table);
	return true;
}

void t_service_make(const char *name, DWORD start, const char *needs, DWORD slow)
{
	wchar_t self[MAX_PATH], line[MAX_PATH + 64], *wide = sg_win_wide(name), *deps = NULL;
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS), h;

	if (needs) { /* a list: two NULs at its end */
		char *two = sg_format("%s ", needs);

		deps = sg_win_wide(two);
		deps[strlen(needs)] = 0;
		deps = sg_realloc(deps, (strlen(needs) + 2) * sizeof *deps);
		deps[strlen(needs) + 1] = 0;
		free(two);
	}
	GetModuleFileNameW(NULL, self, MAX_PATH);
	swprintf(line, MAX_PATH + 64, L"\"%ls\" serve %ls %lu", self, wide, slow);
	/* one of that name that was deleted is there until its process has ended and its last handle is closed */
	for (int i = 0; i < 500; i++) {
		h = CreateServiceW(manager, wide, wide, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS, start,
		        SERVICE_ERROR_NORMAL, line, NULL, NULL, deps, NULL, NULL);
		if (h || GetLastError() != ERROR_SERVICE_MARKED_FOR_DELETE)
			break;
		Sleep(20);
	}
	if (!h) { /* the stage cannot be set: the test has nothing to say */
		fprintf(stderr, "CreateService %s: error %lu\n", name, GetLastError());
		abort();
	}
	CloseServiceHandle(h);
	CloseServiceHandle(manager);
	free(deps);
	free(wide);
}

void t_service_unmake(const char *name)
{
	wchar_t *wide = sg_win_wide(name);
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS),
	          h = OpenServiceW(manager, wide, SERVICE_ALL_ACCESS);
	SERVICE_STATUS now = { 0 };

	free(wide);
	if (h) {
		ControlService(h, SERVICE_CONTROL_STOP, &now);
		for (int i = 0;
		        i < 500 && QueryServiceStatus(h, &now) && now.dwCurrentState != SERVICE_STOPPED; i++)
			Sleep(20);
		DeleteService(h);
		CloseServiceHandle(h);
	}
	CloseServiceHandle(manager);
}
