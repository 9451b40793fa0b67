/* pipe_win.c - a named pipe as the client's end of the control pipe.
 *
 * A pipe's name is not below a folder that says whose it is: whoever makes it first has it (an administrator, for the service's own). Guarantees that nothing is sent before the other end is known to be
 * the service (its own name), or at least an administrator's or this account's program (another name), and that whoever answers can tell who asks and never
 * act as them.
 */
#include "cli/pipe.h"
#include "base/os_win.h"
#include "engine/places.h"

#include <windows.h>
#include <aclapi.h>

#include <stdlib.h>
#include <string.h>

enum { LONGEST_MS = 60 * 1000, CHUNK = 16 << 10 };

int64_t sg_pipe_now(void)
{
	return (int64_t)GetTickCount64();
}

char *sg_pipe_self(void)
{
	char *sid = sg_win_self_sid(), *account = sg_win_account(sid);

	free(sid);
	return account;
}

static int timed_out(struct sg_err *err)
{
	return sg_fail(err, SG_ETIMEOUT, "stopgapd has not answered in time");
}

static DWORD left_of(int64_t deadline)
{
	int64_t left = deadline - sg_pipe_now();

	return left <= 0 ? 0 : left > LONGEST_MS ? LONGEST_MS : (DWORD)left;
}

/* --- who answers */

/* The state and the process of the service, as the service control manager has them; 0: none. */
static DWORD service_pid(const char **ret_why)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	SC_HANDLE service = manager ? OpenServiceW(manager, L"" SG_SERVICE_NAME, SERVICE_QUERY_STATUS) : NULL;
	SERVICE_STATUS_PROCESS s = { 0 };
	DWORD size = 0;

	*ret_why = "its state cannot be read";
	if (!service && manager && GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST)
		*ret_why = "it is not installed";
	if (service && QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&s, sizeof s, &size))
		*ret_why = s.dwProcessId ? "it is another process" : "it does not run";
	if (service)
		CloseServiceHandle(service);
	if (manager)
		CloseServiceHandle(manager);
	return s.dwProcessId;
}

static int check_service(HANDLE pipe, const char *path, struct sg_err *err)
{
	const char *why;
	DWORD service = service_pid(&why);
	ULONG pid = 0;

	if (!GetNamedPipeServerProcessId(pipe, &pid))
		return sg_win_fail(err, GetLastError(), "cannot tell who answers at %s", path);
	if (service && pid == service)
		return 0;
	return sg_fail(err, SG_ETRUST,
	        "process %lu answers at %s and is not the service " SG_SERVICE_NAME
	        " (%s): nothing was sent. A stopgapd that a person runs takes another name: --socket "
	        "\\\\.\\pipe\\NAME, there and here",
	        pid, path, why);
}

/* The owner of a pipe is its maker, or the administrators where its maker was elevated: nobody can name an owner that they are not. */
static int check_owner(HANDLE pipe, const char *path, struct sg_err *err)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	PSID owner = NULL;
	DWORD e = GetSecurityInfo(
	        pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &sd);
	char *self = sg_win_self_sid(), *sid = NULL;
	int r = 0;

	if (e || !owner) {
		r = sg_win_fail(err, e, "cannot tell whose the pipe %s is", path);
	} else if (!IsWellKnownSid(owner, WinLocalSystemSid) &&
	           !IsWellKnownSid(owner, WinBuiltinAdministratorsSid)) {
		sid = sg_win_sid_text(owner);
		if (strcmp(sid, self) != 0) {
			char *account = sg_win_account(sid);

			r = sg_fail(err, SG_ETRUST,
			        "the pipe %s is %s's, who is neither an administrator nor this account: "
			        "nothing was "
			        "sent",
			        path, account);
			free(account);
		}
	}
	if (sd)
		LocalFree(sd);
	free(sid);
	free(self);
	return r;
}

/* --- connecting */

static int refused(const char *path, DWORD e, struct sg_err *err)
{
	if (e == ERROR_FILE_NOT_FOUND || e == ERROR_PATH_NOT_FOUND || e == ERROR_INVALID_NAME)
		return sg_fail(err, SG_ENOENT, "no stopgapd listens at %s", path);
	if (e == ERROR_ACCESS_DENIED)
		return sg_fail(err, SG_EACCES,
		        "this account may not connect to %s: ask as an administrator (elevated), or see "
		        "<access> in "
		        "the configuration",
		        path);
	return sg_win_fail(err, e, "cannot connect to %s", path);
}

int sg_pipe_open(const char *path, int64_t deadline, struct sg_pipe *ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_wide(path);
	HANDLE h;
	DWORD e = 0;
	int r;

	for (;;) {
		h = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
		        FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
		e = h == INVALID_HANDLE_VALUE ? GetLastError() : 0;
		if (e != ERROR_PIPE_BUSY || left_of(deadline) == 0)
			break;
		/* false when the time is over, and when the last instance went meanwhile: the next open tells */
		WaitNamedPipeW(wide, left_of(deadline) < 1000 ? left_of(deadline) : 1000);
	}
	free(wide);
	if (e == ERROR_PIPE_BUSY)
		return sg_fail(err, SG_ETIMEOUT, "stopgapd has too many callers waiting at %s", path);
	if (e)
		return refused(path, e, err);
	r = GetFileType(h) == FILE_TYPE_PIPE ? 0 : sg_fail(err, SG_EINVAL, "%s is no pipe", path);
	if (r == 0)
		r = sg_place_is_service(path) ? check_service(h, path, err) : check_owner(h, path, err);
	if (r < 0) {
		CloseHandle(h);
		return r;
	}
	ret->h = (intptr_t)h;
	return 0;
}

/* --- reading and writing */

/* Waits for what was begun. 0 with *ret_n, or SG_ETIMEOUT after it was taken back; ERROR_* in *ret_error otherwise, with SG_EIO. */
static int finish(HANDLE h, OVERLAPPED *io, int64_t deadline, DWORD *ret_n, DWORD *ret_error)
{
	DWORD wait;

	do
		wait = WaitForSingleObject(io->hEvent, left_of(deadline));
	while (wait == WAIT_TIMEOUT && left_of(deadline) > 0);
	if (wait == WAIT_TIMEOUT)
		CancelIoEx(h, io);
	*ret_error = GetOverlappedResult(h, io, ret_n, TRUE) ? 0 : GetLastError();
	if (wait == WAIT_TIMEOUT && *ret_error)
		return SG_ETIMEOUT;
	return *ret_error ? SG_EIO : 0;
}

static bool is_gone(DWORD e)
{
	return e == ERROR_BROKEN_PIPE || e == ERROR_NO_DATA || e == ERROR_PIPE_NOT_CONNECTED;
}

int sg_pipe_write(struct sg_pipe p, struct sg_bytes octets, int64_t deadline, struct sg_err *err)
{
	OVERLAPPED io = { .hEvent = CreateEventW(NULL, TRUE, FALSE, NULL) };
	int r = io.hEvent ? 0 : sg_win_fail(err, GetLastError(), "cannot ask stopgapd");

	for (size_t at = 0; r == 0 && at < octets.len;) {
		size_t left = octets.len - at;
		DWORD n = 0, e = 0;

		if (!WriteFile(
		            (HANDLE)p.h, octets.data + at, (DWORD)(left < CHUNK ? left : CHUNK), NULL, &io) &&
		        GetLastError() != ERROR_IO_PENDING)
			e = GetLastError();
		else
			r = finish((HANDLE)p.h, &io, deadline, &n, &e);
		if (is_gone(e)) { /* it may have said why before it closed: the reader finds out */
			r = 0;
			break;
		}
		if (r == SG_ETIMEOUT)
			timed_out(err);
		else if (e)
			r = sg_win_fail(err, e, "cannot ask stopgapd");
		at += n;
	}
	if (io.hEvent)
		CloseHandle(io.hEvent);
	return r;
}

int sg_pipe_read(struct sg_pipe p, int64_t deadline, struct sg_buf *in, struct sg_err *err)
{
	OVERLAPPED io = { .hEvent = CreateEventW(NULL, TRUE, FALSE, NULL) };
	char chunk[CHUNK];
	DWORD n = 0, e = 0;
	int r = 0;

	if (!io.hEvent)
		return sg_win_fail(err, GetLastError(), "cannot hear stopgapd");
	if (!ReadFile((HANDLE)p.h, chunk, sizeof chunk, NULL, &io) && GetLastError() != ERROR_IO_PENDING)
		e = GetLastError();
	else
		r = finish((HANDLE)p.h, &io, deadline, &n, &e);
	CloseHandle(io.hEvent);
	if (r == SG_ETIMEOUT)
		return timed_out(err);
	if (is_gone(e) || (!e && n == 0))
		return sg_fail(err, SG_EIO, "stopgapd closed the connection before it answered");
	if (e)
		return sg_win_fail(err, e, "cannot hear stopgapd");
	sg_buf_add(in, chunk, n);
	return 0;
}

void sg_pipe_close(struct sg_pipe *p)
{
	if (p->h != -1)
		CloseHandle((HANDLE)p->h);
	p->h = -1;
}
