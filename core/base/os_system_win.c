/* os_system_win.c - time, chance, identity, the one-owner lock, guarded calls and files behind links on Windows. */
#include "base/os.h"
#include "base/os_open_win.h"
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

/* Windows has no boot id that survives a change of the clock. A volatile key does: it is gone after each boot, and whoever makes it writes a new one. The key
 * above it holds what has to outlive a boot, and a call that makes both would make both volatile ("RegCreateKeyExW function"). */
static HKEY open_boot(const wchar_t *ours, DWORD *ret_how)
{
	HKEY above = NULL, key = NULL;

	if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, ours, 0, NULL, REG_OPTION_NON_VOLATILE, KEY_CREATE_SUB_KEY,
	            NULL, &above, NULL) != ERROR_SUCCESS)
		return NULL;
	if (RegCreateKeyExW(above, L"boot", 0, NULL, REG_OPTION_VOLATILE, KEY_READ | KEY_WRITE, NULL, &key,
	            ret_how) != ERROR_SUCCESS)
		key = NULL;
	RegCloseKey(above);
	return key;
}

static bool read_id(HKEY key, wchar_t value[40])
{
	DWORD size = 40 * sizeof *value;

	return RegGetValueW(key, NULL, L"id", RRF_RT_REG_SZ, NULL, value, &size) == ERROR_SUCCESS && value[0];
}

/* Who made the key writes the id; who finds it waits for that a little, and writes one after all when its maker has died in between. Read back: of two that
 * write, both have the last one's. */
void sg_win_boot_id(const wchar_t *ours, char out[40])
{
	DWORD how = 0;
	HKEY key = open_boot(ours, &how);
	wchar_t value[40] = { 0 };
	unsigned char id[16];

	snprintf(out, 40, "unknown");
	if (!key)
		return;
	for (int i = 0; i < 20 && how == REG_OPENED_EXISTING_KEY && !read_id(key, value); i++)
		Sleep(5);
	if (!read_id(key, value)) {
		sg_os_random(id, sizeof id);
		for (int i = 0; i < 16; i++)
			swprintf(value + 2 * i, 3, L"%02x", (unsigned)id[i]);
		if (RegSetValueExW(key, L"id", 0, REG_SZ, (const BYTE *)value, 33 * sizeof *value) !=
		                ERROR_SUCCESS ||
		        !read_id(key, value))
			value[0] = 0;
	}
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
	sg_win_boot_id(L"SOFTWARE\\stopgap", ret->boot);
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

enum {
	DIED = 0x10000, /* above every value of fn */
	MOST_LEFT = 8,
};
enum { RUNNING, LEFT, ENDED };

struct guarded {
	int (*fn)(void *arg);
	void *arg;
	DWORD exception;
	volatile LONG users; /* the caller and the thread: the last one frees it */
	volatile LONG state; /* RUNNING, then either LEFT by its caller or ENDED */
};

static volatile LONG left_behind; /* threads that run still, though nobody waits for them */

static DWORD slot(void)
{
	static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
	static DWORD index = TLS_OUT_OF_INDEXES;
	BOOL pending;

	if (InitOnceBeginInitialize(&once, 0, &pending, NULL) && pending) {
		index = TlsAlloc();
		InitOnceComplete(&once, 0, NULL);
	}
	return index;
}

static void let_go(struct guarded *g)
{
	if (!InterlockedDecrement(&g->users))
		free(g);
}

static void leave(struct guarded *g)
{
	TlsSetValue(slot(), NULL);
	if (InterlockedCompareExchange(&g->state, ENDED, RUNNING) == LEFT)
		InterlockedDecrement(&left_behind);
	let_go(g);
}

static void __attribute__((noreturn)) end_thread(void)
{
	leave(TlsGetValue(slot()));
	ExitThread(DIED);
}

/* Lets the thread go on in end_thread() instead of at the faulting instruction. Leaving the handler in the ordinary
 * way keeps Windows' own count of running handlers right. */
static LONG CALLBACK on_exception(EXCEPTION_POINTERS *e)
{
	DWORD code = e->ExceptionRecord->ExceptionCode, last = GetLastError();
	struct guarded *g = TlsGetValue(slot());

	SetLastError(last);
	if (!g || (code != EXCEPTION_ACCESS_VIOLATION && code != EXCEPTION_IN_PAGE_ERROR &&
	                  code != EXCEPTION_INT_DIVIDE_BY_ZERO && code != EXCEPTION_ILLEGAL_INSTRUCTION &&
	                  code != EXCEPTION_DATATYPE_MISALIGNMENT))
		return EXCEPTION_CONTINUE_SEARCH;
	g->exception = code;
	/* as after a call: the return address below a 16-octet boundary, and 32 octets of home space above it */
	e->ContextRecord->Rsp = ((e->ContextRecord->Rsp - 128) & ~(DWORD64)15) - 40;
	e->ContextRecord->Rip = (DWORD64)(uintptr_t)end_thread;
	return EXCEPTION_CONTINUE_EXECUTION;
}

static DWORD WINAPI run_guarded(void *arg)
{
	struct guarded *g = arg;
	int r;

	TlsSetValue(slot(), g);
	r = g->fn(g->arg);
	leave(g);
	return r < 0 || r > 100 ? 101 : (DWORD)r;
}

/* A thread that takes too long is never ended from outside: whatever lock it holds then, the heap's for one, would be held for ever. It is left behind, with
 * the handler that ends it should it fall, and nobody looks at what it comes to. */
int sg_os_guarded(int (*fn)(void *arg), void *arg, int64_t timeout_ms, struct sg_err *err)
{
	struct guarded *g;
	DWORD status = DIED, wait;
	void *handler;
	HANDLE thread;
	int r = 0;

	if (left_behind >= MOST_LEFT || slot() == TLS_OUT_OF_INDEXES)
		return sg_fail(err, SG_EBUSY, "%ld checks that took too long run still", left_behind);
	g = sg_alloc(sizeof *g);
	*g = (struct guarded){ .fn = fn, .arg = arg, .users = 2 };
	handler = AddVectoredExceptionHandler(1, on_exception);
	thread = CreateThread(NULL, 0, run_guarded, g, 0, NULL);
	if (!thread) {
		r = sg_win_fail(err, GetLastError(), "cannot start a thread");
		RemoveVectoredExceptionHandler(handler);
		free(g);
		return r;
	}
	wait = WaitForSingleObject(thread, timeout_ms < 0x7fffffff ? (DWORD)timeout_ms : 0x7fffffff);
	if (wait != WAIT_OBJECT_0) {
		InterlockedIncrement(&left_behind);
		if (InterlockedCompareExchange(&g->state, LEFT, RUNNING) == ENDED) /* just now */
			InterlockedDecrement(&left_behind);
		r = sg_fail(err, SG_ETIMEOUT, "the check took longer than %lld ms", (long long)timeout_ms);
	} else {
		GetExitCodeThread(thread, &status);
		RemoveVectoredExceptionHandler(handler);
		r = status <= 100 ? (int)status
		                  : sg_fail(err, SG_EDAMAGED,
		                            "the check that reads it first ended with exception 0x%08lx",
		                            g->exception);
	}
	CloseHandle(thread);
	let_go(g);
	return r;
}

/* --- a file behind links */

int sg_os_read_linked(const char *path, uint64_t max, struct sg_buf *ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path);
	HANDLE h = sg_win_open(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
	        NULL, OPEN_EXISTING, 0);
	struct sg_os_file f = { .h = (intptr_t)h };
	LARGE_INTEGER size = { 0 };
	size_t len = 0;
	int r = 0;

	free(wide);
	if (h == INVALID_HANDLE_VALUE)
		return sg_win_fail(err, GetLastError(), "cannot read %s", path);
	if (GetFileType(h) != FILE_TYPE_DISK || !GetFileSizeEx(h, &size)) {
		r = sg_fail(err, SG_EUNSUPPORTED, "%s is not a regular file", path);
	} else if ((uint64_t)size.QuadPart > max) {
		r = sg_fail(err, SG_ELIMIT, "%s is larger than %llu octets", path, (unsigned long long)max);
	} else {
		unsigned char *data = sg_alloc((size_t)size.QuadPart + 1);

		r = sg_os_pread(f, 0, data, (size_t)size.QuadPart, &len, err);
		if (!r)
			sg_buf_set(ret, data, len);
		free(data);
	}
	sg_os_close(&f);
	return r;
}
