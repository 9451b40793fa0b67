/* os_system_win.c - time, chance, identity, the one-owner lock and guarded calls on Windows. */
#include "base/os.h"
#include "base/os_win.h"

#include <windows.h>
#include <bcrypt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sg_os_sleep(int64_t ms)
{
	Sleep((DWORD)ms);
}

void sg_os_random(void *out, size_t len)
{
	if (BCryptGenRandom(NULL, out, (ULONG)len, BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0) {
		fprintf(stderr, "stopgap: the system gives no random octets\n");
		_Exit(70);
	}
}

/* Windows has no boot id that survives a change of the clock. A volatile key does: it is gone after each boot, and the
 * first who asks writes a new one. */
static void boot_id(char out[40])
{
	wchar_t value[40] = { 0 };
	DWORD size = sizeof value, type = 0;
	unsigned char id[16];
	HKEY key;

	strcpy(out, "unknown");
	if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\stopgap\\boot", 0, NULL, REG_OPTION_VOLATILE,
	            KEY_READ | KEY_WRITE, NULL, &key, NULL) != ERROR_SUCCESS)
		return;
	if (RegQueryValueExW(key, L"id", NULL, &type, (BYTE *)value, &size) != ERROR_SUCCESS ||
	        type != REG_SZ || !value[0]) {
		sg_os_random(id, sizeof id);
		for (int i = 0; i < 16; i++)
			swprintf(value + 2 * i, 3, L"%02x", (unsigned)id[i]);
		if (RegSetValueExW(key, L"id", 0, REG_SZ, (const BYTE *)value, 33 * sizeof *value) !=
		        ERROR_SUCCESS)
			value[0] = 0;
	}
	value[39] = 0;
	if (value[0])
		WideCharToMultiByte(CP_UTF8, 0, value, -1, out, 40, NULL, NULL);
	RegCloseKey(key);
}

void sg_os_clock(struct sg_clock *ret)
{
	FILETIME now;
	uint64_t ticks;

	GetSystemTimeAsFileTime(&now);
	ticks = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
	ret->wall = ((int64_t)ticks - INT64_C(116444736000000000)) / 10000;
	ret->mono = (int64_t)GetTickCount64(); /* goes on while the machine sleeps */
	boot_id(ret->boot);
}

char *sg_os_host(void)
{
	wchar_t name[256];
	DWORD len = 256;

	if (!GetComputerNameExW(ComputerNameDnsHostname, name, &len) || !name[0])
		return sg_strdup("localhost");
	return sg_win_utf8(name);
}

bool sg_os_stderr_is_journal(void)
{
	return false;
}

int sg_os_lock(const char *path, struct sg_os_file *ret, struct sg_err *err)
{
	OVERLAPPED far_away = {
		.OffsetHigh = 1
	}; /* a lock is mandatory here: beyond the pid, which others may read */
	struct sg_os_file f = SG_OS_FILE_INIT;
	char pid[32] = { 0 };
	size_t len = 0;
	int r;

	r = sg_os_open(path, true, &f, err);
	if (r < 0)
		return r;
	if (!LockFileEx(
	            (HANDLE)f.h, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &far_away)) {
		if (GetLastError() != ERROR_LOCK_VIOLATION && GetLastError() != ERROR_IO_PENDING) {
			r = sg_win_fail(err, GetLastError(), "cannot lock %s", path);
		} else {
			sg_os_pread(f, 0, pid, sizeof pid - 1, &len, NULL);
			pid[strspn(pid, "0123456789")] = 0;
			r = sg_fail(err, SG_EBUSY, "%s is held by process %s: only one may use this journal",
			        path, pid[0] ? pid : "(unknown)");
		}
		goto out;
	}
	len = (size_t)snprintf(pid, sizeof pid, "%lu\n", GetCurrentProcessId());
	r = sg_os_pwrite(f, 0, pid, len, err);
	if (r < 0)
		goto out;
	ret->h = f.h;
	f.h = -1;
out:
	sg_os_close(&f);
	return r;
}

/* --- guarded calls: a thread of its own, so that an exception ends it and nothing else */

enum { DIED = 0x10000 }; /* above every value of fn */

struct guarded {
	int (*fn)(void *arg);
	void *arg;
	DWORD thread, exception;
};

static struct guarded *the_guarded; /* one at a time: called before threads are started */

static void __attribute__((noreturn)) end_thread(void)
{
	ExitThread(DIED);
}

/* Lets the thread go on in end_thread() instead of at the faulting instruction. Leaving the handler in the ordinary
 * way keeps Windows' own count of running handlers right. */
static LONG CALLBACK on_exception(EXCEPTION_POINTERS *e)
{
	DWORD code = e->ExceptionRecord->ExceptionCode;

	if (!the_guarded || GetCurrentThreadId() != the_guarded->thread)
		return EXCEPTION_CONTINUE_SEARCH;
	if (code != EXCEPTION_ACCESS_VIOLATION && code != EXCEPTION_IN_PAGE_ERROR &&
	        code != EXCEPTION_INT_DIVIDE_BY_ZERO && code != EXCEPTION_ILLEGAL_INSTRUCTION &&
	        code != EXCEPTION_DATATYPE_MISALIGNMENT)
		return EXCEPTION_CONTINUE_SEARCH;
	the_guarded->exception = code;
	/* as after a call: the return address below a 16-octet boundary, and 32 octets of home space above it */
	e->ContextRecord->Rsp = ((e->ContextRecord->Rsp - 128) & ~(DWORD64)15) - 40;
	e->ContextRecord->Rip = (DWORD64)(uintptr_t)end_thread;
	return EXCEPTION_CONTINUE_EXECUTION;
}

static DWORD WINAPI run_guarded(void *arg)
{
	struct guarded *g = arg;
	int r;

	g->thread = GetCurrentThreadId();
	r = g->fn(g->arg);
	return r < 0 || r > 100 ? 101 : (DWORD)r;
}

int sg_os_guarded(int (*fn)(void *arg), void *arg, int64_t timeout_ms, struct sg_err *err)
{
	struct guarded g = { .fn = fn, .arg = arg };
	DWORD status = DIED, wait;
	void *handler;
	HANDLE thread;

	the_guarded = &g;
	handler = AddVectoredExceptionHandler(1, on_exception);
	thread = CreateThread(NULL, 0, run_guarded, &g, 0, NULL);
	if (!thread) {
		int r = sg_win_fail(err, GetLastError(), "cannot start a thread");

		RemoveVectoredExceptionHandler(handler);
		the_guarded = NULL;
		return r;
	}
	wait = WaitForSingleObject(thread, timeout_ms < 0x7fffffff ? (DWORD)timeout_ms : 0x7fffffff);
	if (wait == WAIT_OBJECT_0)
		GetExitCodeThread(thread, &status);
	else
		TerminateThread(thread, DIED); /* `arg` is about to go: nothing may run on with it */
	CloseHandle(thread);
	RemoveVectoredExceptionHandler(handler);
	the_guarded = NULL;
	if (wait != WAIT_OBJECT_0)
		return sg_fail(err, SG_ETIMEOUT, "the check took longer than %lld ms", (long long)timeout_ms);
	if (status > 100)
		return sg_fail(err, SG_EDAMAGED, "the check that reads it first ended with exception 0x%08lx",
		        g.exception);
	return (int)status;
}
