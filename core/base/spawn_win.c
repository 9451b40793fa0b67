/* spawn_win.c - processes of our own on Windows. See spawn_win.h.
 *
 * The child is made suspended, put into its job, and only then let run: at no instant is it free of its limits. Handles are inherited by a list, so that
 * two threads that start processes at once do not give each other's pipes away.
 */
#include "base/spawn_win.h"
#include "base/os_win.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

/* processthreadsapi.h; mingw-w64's headers have them for newer targets only. */
#ifndef PROC_THREAD_ATTRIBUTE_MITIGATION_POLICY
#define PROC_THREAD_ATTRIBUTE_MITIGATION_POLICY 0x00020007
#endif
#define POLICY(value, at) ((DWORD64)(value) << (at))
enum {
	EXTENSION_POINTS_OFF = 32,
	FONTS_OFF = 48,
	NO_REMOTE_IMAGES = 52,
	NO_LOW_IMAGES = 56,
	SYSTEM32_FIRST = 60,
};

wchar_t *sg_spawn_system32(void)
{
	UINT len = GetSystemDirectoryW(NULL, 0);
	wchar_t *folder = sg_alloc(((size_t)len + 1) * sizeof *folder);

	if (!len || GetSystemDirectoryW(folder, len + 1) > len)
		folder[0] = 0;
	return folder;
}

int sg_spawn_pipe(bool to_child, void **ret_ours, void **ret_theirs, struct sg_err *err)
{
	HANDLE from, to;

	if (!CreatePipe(&from, &to, NULL, 64 * 1024))
		return sg_win_fail(err, GetLastError(), "no pipe can be made");
	*ret_ours = to_child ? to : from;
	*ret_theirs = to_child ? from : to;
	if (!SetHandleInformation(*ret_theirs, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)) {
		int r = sg_win_fail(err, GetLastError(), "no pipe can be given to a process");

		CloseHandle(from);
		CloseHandle(to);
		*ret_ours = *ret_theirs = NULL;
		return r;
	}
	return 0;
}

/* --- the job */

static HANDLE make_job(const struct sg_spawn *how)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = { 0 };
	JOBOBJECT_BASIC_UI_RESTRICTIONS ui = {
		JOB_OBJECT_UILIMIT_DESKTOP | JOB_OBJECT_UILIMIT_DISPLAYSETTINGS |
		JOB_OBJECT_UILIMIT_EXITWINDOWS | JOB_OBJECT_UILIMIT_GLOBALATOMS | JOB_OBJECT_UILIMIT_HANDLES |
		JOB_OBJECT_UILIMIT_READCLIPBOARD | JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS |
		JOB_OBJECT_UILIMIT_WRITECLIPBOARD
	};
	JOBOBJECT_BASIC_LIMIT_INFORMATION *basic = &limits.BasicLimitInformation;
	HANDLE job = CreateJobObjectW(NULL, NULL);
	DWORD e;

	if (!job)
		return NULL;
	basic->LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
	if (how->alone) {
		basic->LimitFlags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
		basic->ActiveProcessLimit = 1;
	}
	if (how->memory) {
		basic->LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
		limits.ProcessMemoryLimit = how->memory;
	}
	if (how->cpu_s) {
		basic->LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_TIME;
		basic->PerProcessUserTimeLimit.QuadPart = (LONGLONG)how->cpu_s * 10 * 1000 * 1000;
	}
	if (SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits) &&
	        (!how->alone || SetInformationJobObject(job, JobObjectBasicUIRestrictions, &ui, sizeof ui)))
		return job;
	e = GetLastError();
	CloseHandle(job);
	SetLastError(e);
	return NULL;
}

/* --- the process */

struct attributes {
	LPPROC_THREAD_ATTRIBUTE_LIST list;
	HANDLE handles[3];
	DWORD64 policy;
};

static bool add_policy(struct attributes *a, DWORD64 policy)
{
	a->policy = policy;
	return UpdateProcThreadAttribute(a->list, 0, PROC_THREAD_ATTRIBUTE_MITIGATION_POLICY, &a->policy,
	        sizeof a->policy, NULL, NULL);
}

/* Older Windows refuses a policy that it does not know as a whole: what it may know is asked for from the strictest down. */
static void harden(struct attributes *a)
{
	const DWORD64 old = POLICY(1, EXTENSION_POINTS_OFF),
	              images = POLICY(1, NO_REMOTE_IMAGES) | POLICY(1, NO_LOW_IMAGES) | POLICY(1, FONTS_OFF);

	if (!add_policy(a, old | images | POLICY(1, SYSTEM32_FIRST)) && !add_policy(a, old | images))
		add_policy(a, old);
}

static bool make_attributes(const struct sg_spawn *how, struct attributes *a)
{
	DWORD n = 0;
	SIZE_T size = 0;

	if (how->out)
		a->handles[n++] = how->out;
	for (int i = 0; i < 2; i++)
		if (how->given[i])
			a->handles[n++] = how->given[i];
	InitializeProcThreadAttributeList(NULL, 2, 0, &size);
	a->list = sg_alloc(size);
	if (!InitializeProcThreadAttributeList(a->list, 2, 0, &size)) {
		free(a->list);
		a->list = NULL;
		return false;
	}
	if (how->hardened)
		harden(a);
	return !n || UpdateProcThreadAttribute(a->list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, a->handles,
	                     n * sizeof *a->handles, NULL, NULL);
}

static bool create(const struct sg_spawn *how, struct attributes *a, PROCESS_INFORMATION *ret)
{
	STARTUPINFOEXW start = { .StartupInfo = { .cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES } };
	/* a console, even one without a window, is served by a process more */
	DWORD flags = CREATE_SUSPENDED | (how->alone ? DETACHED_PROCESS : CREATE_NO_WINDOW) |
	              CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;
	wchar_t *line = sg_win_wide(how->line); /* Windows may write into it */
	BOOL inherit = how->out || how->given[0] || how->given[1], done;
	DWORD e;

	start.lpAttributeList = a->list;
	start.StartupInfo.hStdOutput = how->out;
	start.StartupInfo.hStdError = how->out;
	start.StartupInfo.lpDesktop = (wchar_t *)how->desktop;
	if (how->token)
		done = CreateProcessAsUserW(how->token, how->program, line, NULL, NULL, inherit, flags,
		        (void *)how->environment, how->folder, &start.StartupInfo, ret);
	else
		done = CreateProcessW(how->program, line, NULL, NULL, inherit, flags,
		        (void *)how->environment, how->folder, &start.StartupInfo, ret);
	e = GetLastError();
	free(line);
	SetLastError(e);
	return done;
}

int sg_spawn(const struct sg_spawn *how, struct sg_spawned *ret, unsigned long *ret_error, struct sg_err *err)
{
	PROCESS_INFORMATION made = { 0 };
	struct attributes a = { 0 };
	HANDLE job = make_job(how);
	DWORD e = 0;

	if (!job || !make_attributes(how, &a) || !create(how, &a, &made))
		e = GetLastError();
	if (!e &&
	        (!AssignProcessToJobObject(job, made.hProcess) || ResumeThread(made.hThread) == (DWORD)-1)) {
		e = GetLastError();
		TerminateProcess(made.hProcess, 1);
	}
	if (a.list) {
		DeleteProcThreadAttributeList(a.list);
		free(a.list);
	}
	if (made.hThread)
		CloseHandle(made.hThread);
	if (ret_error)
		*ret_error = e;
	if (!e) {
		*ret = (struct sg_spawned){ made.hProcess, job, made.dwProcessId };
		return 0;
	}
	if (made.hProcess)
		CloseHandle(made.hProcess);
	if (job)
		CloseHandle(job);
	return sg_win_fail(err, e, "the process cannot be started");
}

bool sg_spawn_wait(const struct sg_spawned *p, unsigned long ms, unsigned long *ret_status)
{
	DWORD status = 0;

	if (WaitForSingleObject(p->process, ms) != WAIT_OBJECT_0 || !GetExitCodeProcess(p->process, &status))
		return false;
	*ret_status = status;
	return true;
}

void sg_spawn_end(struct sg_spawned *p)
{
	if (!p->process)
		return;
	TerminateJobObject(p->job, 1);
	WaitForSingleObject(p->process, 10 * 1000);
	CloseHandle(p->process);
	CloseHandle(p->job);
	*p = (struct sg_spawned){ 0 };
}
