/* service_win.c - the service control manager, or a console in its place.
 *
 * The manager's thread never touches the loop: it notes what was asked and wakes the loop by uv_async. Guarantees that "stopped" is told only after the
 * journal was closed; and while a start or a stop takes its time, that the manager sees it go on (a checkpoint a second) for ten minutes, then no more: what
 * takes longer hangs, and shall look like it.
 */
#include "daemon/service.h"
#include "base/log.h"
#include "daemon/eventlog_win.h"
#include "daemon/service_control.h"
#include "engine/places.h"
#include "model/codes.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

enum {
	TICK_MS = 1000,
	HINT_MS = 10 * 1000, /* until the next checkpoint: what the manager is told to expect */
	PATIENCE = 600,      /* checkpoints of one start or stop */
	STOP_ASKED = 1,
	SHUTDOWN_ASKED = 2,
	CONSOLE_ASKED = 4,
	RELOAD_ASKED = 8,
};

/* service_control.h's numbers are Windows's. */
_Static_assert(SG_SCM_STOPPED == SERVICE_STOPPED && SG_SCM_START_PENDING == SERVICE_START_PENDING &&
                       SG_SCM_STOP_PENDING == SERVICE_STOP_PENDING && SG_SCM_RUNNING == SERVICE_RUNNING,
        "states");
_Static_assert(SG_SCM_STOP == SERVICE_CONTROL_STOP && SG_SCM_INTERROGATE == SERVICE_CONTROL_INTERROGATE &&
                       SG_SCM_SHUTDOWN == SERVICE_CONTROL_SHUTDOWN &&
                       SG_SCM_PARAMCHANGE == SERVICE_CONTROL_PARAMCHANGE &&
                       SG_SCM_PRESHUTDOWN == SERVICE_CONTROL_PRESHUTDOWN,
        "controls");
_Static_assert(SG_SCM_ACCEPT_STOP == SERVICE_ACCEPT_STOP &&
                       SG_SCM_ACCEPT_SHUTDOWN == SERVICE_ACCEPT_SHUTDOWN &&
                       SG_SCM_ACCEPT_PARAMCHANGE == SERVICE_ACCEPT_PARAMCHANGE &&
                       SG_SCM_ACCEPT_PRESHUTDOWN == SERVICE_ACCEPT_PRESHUTDOWN,
        "what is accepted");
_Static_assert(SG_SCM_DONE == NO_ERROR && SG_SCM_NOT_THIS_ONE == ERROR_CALL_NOT_IMPLEMENTED &&
                       SG_SCM_NOT_IN_THIS_STATE == ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
        "errors");

/* The lock is between the loop's thread, the manager's and the ticker's; nothing waits while it is held. */
static struct {
	SRWLOCK lock;
	SERVICE_STATUS_HANDLE manager; /* NULL: a console */
	SERVICE_STATUS status;
	int argc;
	char **argv;
	int (*body)(int argc, char **argv);
	int result;
	atomic_bool *stop; /* until it is attached */
	unsigned asked;
	uv_async_t async;
	uv_signal_t interrupt, brk, hangup;
	void (*hook)(void *arg, enum sg_service_ask what, const char *why);
	void *arg;
	bool attached;
} the = { .lock = SRWLOCK_INIT };

/* --- what it tells */

/* With the lock held. */
static void report(DWORD state, DWORD hint)
{
	the.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
	if (the.status.dwCurrentState != state)
		the.status.dwCheckPoint = 0;
	the.status.dwCurrentState = state;
	the.status.dwWaitHint = hint;
	the.status.dwControlsAccepted = sg_scm_accepts(state);
	if (the.manager)
		SetServiceStatus(the.manager, &the.status);
}

static bool is_pending(void)
{
	return the.status.dwCurrentState == SERVICE_START_PENDING ||
	       the.status.dwCurrentState == SERVICE_STOP_PENDING;
}

static void CALLBACK on_tick(void *arg, BOOLEAN fired)
{
	(void)arg;
	(void)fired;
	AcquireSRWLockExclusive(&the.lock);
	if (is_pending() && the.status.dwCheckPoint < PATIENCE) {
		the.status.dwCheckPoint++;
		report(the.status.dwCurrentState, HINT_MS);
	}
	ReleaseSRWLockExclusive(&the.lock);
}

void sg_service_ready(const char *status)
{
	(void)status; /* the event log has it */
	AcquireSRWLockExclusive(&the.lock);
	if (the.status.dwCurrentState == SERVICE_START_PENDING)
		report(SERVICE_RUNNING, 0);
	ReleaseSRWLockExclusive(&the.lock);
}

void sg_service_reloading(void)
{
}

void sg_service_stopping(void)
{
	AcquireSRWLockExclusive(&the.lock);
	if (the.status.dwCurrentState != SERVICE_STOP_PENDING)
		report(SERVICE_STOP_PENDING, HINT_MS);
	ReleaseSRWLockExclusive(&the.lock);
}

void sg_service_alive(void)
{
}

int64_t sg_service_watchdog(void)
{
	return 0; /* the manager has none */
}

void sg_service_failed(const struct sg_err *why)
{
	if (the.manager) /* who looks at a console sees it there */
		sg_log(SG_CRITICAL, SG_EV_FAILED, NULL, "%s", why->msg);
}

/* --- what it is asked */

/* With the lock held. */
static void note(unsigned what)
{
	if (what == STOP_ASKED || what == SHUTDOWN_ASKED) /* accepted: nothing more is until it has stopped */
		report(SERVICE_STOP_PENDING, HINT_MS);
	the.asked |= what;
	if (the.attached)
		uv_async_send(&the.async);
	else if (what != RELOAD_ASKED && the.stop)
		atomic_store(the.stop, true);
}

/* On a thread of the manager's. */
static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *arg)
{
	struct sg_scm_answer answer;

	(void)type;
	(void)data;
	(void)arg;
	AcquireSRWLockExclusive(&the.lock);
	answer = sg_scm_answer(the.status.dwCurrentState, control);
	switch (answer.does) {
	case SG_SCM_NOTHING: break;
	case SG_SCM_TELL: SetServiceStatus(the.manager, &the.status); break;
	case SG_SCM_RELOAD: note(RELOAD_ASKED); break;
	case SG_SCM_END: note(STOP_ASKED); break;
	case SG_SCM_END_DOWN: note(SHUTDOWN_ASKED); break;
	}
	ReleaseSRWLockExclusive(&the.lock);
	return answer.error;
}

/* Before there is a loop; on a thread of the console's. */
static BOOL WINAPI on_early_console(DWORD event)
{
	(void)event;
	AcquireSRWLockExclusive(&the.lock);
	note(CONSOLE_ASKED);
	ReleaseSRWLockExclusive(&the.lock);
	return TRUE;
}

int sg_service_begin(atomic_bool *stop, struct sg_err *err)
{
	(void)err;
	AcquireSRWLockExclusive(&the.lock);
	the.stop = stop;
	ReleaseSRWLockExclusive(&the.lock);
	if (!the.manager)
		SetConsoleCtrlHandler(on_early_console, TRUE);
	return 0;
}

static void on_async(uv_async_t *async)
{
	unsigned asked;

	(void)async;
	AcquireSRWLockExclusive(&the.lock);
	asked = the.asked;
	the.asked = 0;
	ReleaseSRWLockExclusive(&the.lock);
	if (asked & RELOAD_ASKED)
		the.hook(the.arg, SG_SERVICE_RELOAD, "the service manager");
	if (asked & SHUTDOWN_ASKED)
		the.hook(the.arg, SG_SERVICE_STOP, "the system's shutdown");
	else if (asked & (STOP_ASKED | CONSOLE_ASKED))
		the.hook(
		        the.arg, SG_SERVICE_STOP, asked & STOP_ASKED ? "the service manager" : "the console");
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)handle;
	the.hook(the.arg, SG_SERVICE_STOP,
	        number == SIGHUP     ? "the console's end"
	        : number == SIGBREAK ? "Ctrl+Break"
	                             : "Ctrl+C");
}

void sg_service_attach(
        uv_loop_t *loop, void (*asked)(void *arg, enum sg_service_ask what, const char *why), void *arg)
{
	the.hook = asked;
	the.arg = arg;
	uv_async_init(loop, &the.async, on_async);
	uv_signal_init(loop, &the.interrupt);
	uv_signal_init(loop, &the.brk);
	uv_signal_init(loop, &the.hangup);
	if (!the.manager) {
		uv_signal_start(&the.interrupt, on_signal, SIGINT);
		uv_signal_start(&the.brk, on_signal, SIGBREAK);
		uv_signal_start(&the.hangup, on_signal, SIGHUP);
		SetConsoleCtrlHandler(on_early_console, FALSE);
	}
	AcquireSRWLockExclusive(&the.lock);
	the.attached = true;
	if (the.asked) /* before there was a loop */
		uv_async_send(&the.async);
	ReleaseSRWLockExclusive(&the.lock);
}

void sg_service_detach(void)
{
	bool was;

	AcquireSRWLockExclusive(&the.lock);
	was = the.attached;
	the.attached = false; /* from here on nobody sends to what is closed next */
	ReleaseSRWLockExclusive(&the.lock);
	if (!was)
		return;
	uv_close((uv_handle_t *)&the.async, NULL);
	uv_close((uv_handle_t *)&the.interrupt, NULL);
	uv_close((uv_handle_t *)&the.brk, NULL);
	uv_close((uv_handle_t *)&the.hangup, NULL);
}

/* --- the process */

/* On the thread that the manager gives to the service. A status above 0 makes the manager do what is configured for a failure. */
static void WINAPI service_main(DWORD n, wchar_t **words)
{
	HANDLE ticker = NULL;

	(void)n;
	(void)words;
	the.manager = RegisterServiceCtrlHandlerExW(L"" SG_SERVICE_NAME, on_control, NULL);
	if (!the.manager)
		return;
	AcquireSRWLockExclusive(&the.lock);
	report(SERVICE_START_PENDING, HINT_MS);
	ReleaseSRWLockExclusive(&the.lock);
	CreateTimerQueueTimer(&ticker, NULL, on_tick, NULL, TICK_MS, TICK_MS, WT_EXECUTEDEFAULT);
	sg_eventlog_begin();
	the.result = the.body(the.argc, the.argv);
	if (ticker) /* waits for on_tick() to have returned */
		DeleteTimerQueueTimer(NULL, ticker, INVALID_HANDLE_VALUE);
	AcquireSRWLockExclusive(&the.lock);
	if (the.result) {
		the.status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
		the.status.dwServiceSpecificExitCode = (DWORD)the.result;
	}
	report(SERVICE_STOPPED, 0);
	ReleaseSRWLockExclusive(&the.lock);
}

int sg_service_host(int argc, char **argv, int (*body)(int argc, char **argv))
{
	SERVICE_TABLE_ENTRYW table[] = { { (wchar_t[]){ L"" SG_SERVICE_NAME }, service_main },
		{ NULL, NULL } };

	bool by_person = argc < 2 || strcmp(argv[1], "run") != 0;

	for (int i = 2; i < argc; i++)
		by_person = by_person || strcmp(argv[i], "--foreground") == 0;
	the.argc = argc;
	the.argv = argv;
	the.body = body;
	if (by_person)
		return body(argc, argv);
	if (StartServiceCtrlDispatcherW(table))
		return the.result;
	return body(argc, argv); /* ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: a person runs it */
}
