/* endpoint_win.c - the control pipe as a named pipe of our own making. A few instances wait for clients; the system's thread that sees one connect wakes the
 * loop, which gives the connected instance to libuv and puts another in its place. One more, which nobody can connect to, holds the name all the while.
 *
 * A name that another process has taken keeps nobody from being protected: it is said, and tried again until it is free.
 */
#include "daemon/endpoint.h"
#include "base/log.h"
#include "base/os_win.h"
#include "daemon/descriptor.h"
#include "daemon/token_win.h"
#include "model/codes.h"

#include <windows.h>
#include <sddl.h>
#include <io.h>

#include <stdatomic.h>
#include <stdlib.h>

enum {
	WAITING = 4,       /* instances: so many may connect while the loop is busy */
	BUFFER = 64 << 10, /* octets, each way */
	AGAIN_MS = 2000,   /* until an instance that could not be made is tried again */
};

/* One instance that waits. `pipe` INVALID_HANDLE_VALUE: none. */
struct instance {
	struct sg_endpoint *owner;
	HANDLE pipe, event, wait;
	OVERLAPPED io;
	atomic_bool connected; /* set on the system's thread; the rest is the loop's */
};

struct sg_endpoint {
	char *path;
	wchar_t *name;
	PSECURITY_DESCRIPTOR sd;
	HANDLE holder; /* INVALID_HANDLE_VALUE: the name is not ours */
	struct instance at[WAITING];
	HANDLE arrived; /* for sg_endpoint_accept() */
	uv_async_t async;
	uv_timer_t timer;
	size_t open_handles; /* of async and timer, with the loop */
	bool listening, stopping;
	void (*connected)(void *arg);
	void *arg;
};

static int read_descriptor(const struct sg_access *access, PSECURITY_DESCRIPTOR *ret, struct sg_err *err)
{
	char *self = sg_win_self_sid(), *text = sg_descriptor_text(access, self, sg_token_is_high());
	wchar_t *wide = sg_win_wide(text);
	int r = 0;

	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, ret, NULL))
		r = sg_win_fail(err, GetLastError(), "cannot make the control pipe's access list %s", text);
	free(wide);
	free(text);
	free(self);
	return r;
}

/* The first one of the name has to be the first of all: behind another's instance, its owner would be the server of our clients. It alone may change the name's
 * descriptor. In the open mode FILE_FLAG_FIRST_PIPE_INSTANCE is the bit of WRITE_OWNER, too (0x00080000): the right comes with it, and no other instance may have it. */
static HANDLE make_instance(const struct sg_endpoint *e, bool first)
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, e->sd, FALSE };

	return CreateNamedPipeW(e->name,
	        PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED |
	                (first ? FILE_FLAG_FIRST_PIPE_INSTANCE | WRITE_DAC : 0),
	        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
	        PIPE_UNLIMITED_INSTANCES, BUFFER, BUFFER, 0, &sa);
}

/* Afterwards the instance takes no client: they see a busy pipe. Whoever was quick enough to connect is sent away, and comes again. Where an instance has to have
 * had a client before it can be disconnected (Wine), that is this process. GetLastError(). */
static bool shut(const struct sg_endpoint *e, HANDLE instance)
{
	HANDLE self;
	bool done;
	DWORD why;

	if (DisconnectNamedPipe(instance))
		return true;
	self = CreateFileW(e->name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
	        SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
	done = DisconnectNamedPipe(instance);
	why = GetLastError();
	if (self != INVALID_HANDLE_VALUE)
		CloseHandle(self);
	SetLastError(why);
	return done;
}

/* A name is free again as soon as no instance of it is open, and the instances for clients come and go. So one that takes none is kept, and as long as it is
 * there every other stands behind it. GetLastError(). */
static bool take_name(struct sg_endpoint *e)
{
	HANDLE holder;

	if (e->holder != INVALID_HANDLE_VALUE)
		return true;
	holder = make_instance(e, true);
	if (holder == INVALID_HANDLE_VALUE)
		return false;
	if (!shut(e, holder)) {
		DWORD why = GetLastError();

		CloseHandle(holder);
		SetLastError(why);
		return false;
	}
	e->holder = holder;
	return true;
}

static void give_name_up(struct sg_endpoint *e)
{
	if (e->holder != INVALID_HANDLE_VALUE)
		CloseHandle(e->holder);
	e->holder = INVALID_HANDLE_VALUE;
}

int sg_endpoint_open(
        const char *path, const struct sg_access *access, struct sg_endpoint **ret, struct sg_err *err)
{
	struct sg_endpoint *e = sg_alloc(sizeof *e);
	int r;

	e->path = sg_strdup(path);
	e->name = sg_win_wide(path);
	e->arrived = e->holder = INVALID_HANDLE_VALUE;
	for (size_t i = 0; i < WAITING; i++) {
		e->at[i].owner = e;
		e->at[i].pipe = INVALID_HANDLE_VALUE;
	}
	r = read_descriptor(access, &e->sd, err);
	for (size_t i = 0; r == 0 && i < WAITING; i++) {
		e->at[i].event = CreateEventW(NULL, TRUE, FALSE, NULL);
		if (!e->at[i].event)
			r = sg_win_fail(err, GetLastError(), "cannot listen at %s", path);
	}
	if (r < 0) {
		sg_endpoint_free(e);
		return r;
	}
	if (!take_name(e))
		sg_log(SG_CRITICAL, SG_EV_CONTROL_TAKEN, NULL,
		        "the control pipe %s cannot be made (error %lu): another program may have taken its "
		        "name. "
		        "The service works without it, and tries again",
		        path, GetLastError());
	*ret = e;
	return 0;
}

int sg_endpoint_share(struct sg_endpoint *e, const struct sg_access *access, struct sg_err *err)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	int r = read_descriptor(access, &sd, err);

	if (r < 0)
		return r;
	LocalFree(e->sd);
	e->sd = sd;
	/* the descriptor is the name's: one instance tells it for all */
	if (e->holder != INVALID_HANDLE_VALUE &&
	        !SetKernelObjectSecurity(
	                e->holder, DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION, sd))
		r = sg_win_fail(err, GetLastError(), "cannot change who may connect to %s", e->path);
	return r;
}

/* --- waiting for clients */

static void CALLBACK on_system_thread(void *arg, BOOLEAN timed_out)
{
	struct instance *one = arg;

	(void)timed_out;
	atomic_store(&one->connected, true);
	uv_async_send(&one->owner->async);
}

static void close_instance(struct instance *one)
{
	if (one->wait) /* waits for on_system_thread() to have returned */
		UnregisterWaitEx(one->wait, INVALID_HANDLE_VALUE);
	one->wait = NULL;
	if (one->pipe != INVALID_HANDLE_VALUE)
		CloseHandle(one->pipe); /* and what waits for a client there is cancelled */
	one->pipe = INVALID_HANDLE_VALUE;
	atomic_store(&one->connected, false);
}

/* Makes the instance where there is none, and lets it wait. The name is ours. */
static void await(struct sg_endpoint *e, struct instance *one)
{
	DWORD why;

	if (one->wait || atomic_load(&one->connected))
		return;
	if (one->pipe == INVALID_HANDLE_VALUE)
		one->pipe = make_instance(e, false);
	if (one->pipe == INVALID_HANDLE_VALUE)
		return;
	ResetEvent(one->event);
	one->io = (OVERLAPPED){ .hEvent = one->event };
	if (ConnectNamedPipe(one->pipe, &one->io)) /* of an overlapped pipe it says so otherwise */
		why = ERROR_PIPE_CONNECTED;
	else
		why = GetLastError();
	if (why == ERROR_PIPE_CONNECTED) {
		one->io.Internal = 0; /* the kernel leaves it at "pending" where a client was there before */
		atomic_store(&one->connected, true);
		uv_async_send(&e->async);
	} else if (why != ERROR_IO_PENDING ||
	           !RegisterWaitForSingleObject(&one->wait, one->event, on_system_thread, one, INFINITE,
	                   WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD)) {
		close_instance(one); /* a client that has gone already, most of all */
	}
}

static void on_timer(uv_timer_t *timer);

static void await_all(struct sg_endpoint *e)
{
	bool had = e->holder != INVALID_HANDLE_VALUE, has = take_name(e), missing = !has;

	for (size_t i = 0; has && i < WAITING; i++) {
		await(e, &e->at[i]);
		missing = missing || e->at[i].pipe == INVALID_HANDLE_VALUE;
	}
	if (!had && has)
		sg_log(SG_INFO, SG_EV_CONTROL_BACK, NULL, "the control pipe %s answers now", e->path);
	if (missing)
		uv_timer_start(&e->timer, on_timer, AGAIN_MS, 0);
}

static void on_timer(uv_timer_t *timer)
{
	await_all(timer->data);
}

static void on_async(uv_async_t *async)
{
	struct sg_endpoint *e = async->data;

	for (size_t i = 0; i < WAITING && !e->stopping; i++) {
		struct instance *one = &e->at[i];
		DWORD none;

		if (!atomic_load(&one->connected))
			continue;
		if (one->wait)
			UnregisterWaitEx(one->wait, INVALID_HANDLE_VALUE);
		one->wait = NULL;
		atomic_store(&one->connected, false);
		if (!HasOverlappedIoCompleted(&one->io) ||
		        (one->io.Internal && !GetOverlappedResult(one->pipe, &one->io, &none, FALSE))) {
			close_instance(one);
			continue;
		}
		e->arrived = one->pipe;
		one->pipe = INVALID_HANDLE_VALUE;
		await(e, one); /* before the client is looked at: the next one need not wait for that */
		e->connected(e->arg);
		if (e->arrived != INVALID_HANDLE_VALUE)
			CloseHandle(e->arrived);
		e->arrived = INVALID_HANDLE_VALUE;
	}
	if (!e->stopping)
		await_all(e);
}

int sg_endpoint_listen(
        struct sg_endpoint *e, uv_loop_t *loop, void (*connected)(void *arg), void *arg, struct sg_err *err)
{
	int r = uv_async_init(loop, &e->async, on_async);

	if (r < 0)
		return sg_fail(err, SG_EIO, "cannot listen at %s: %s", e->path, uv_strerror(r));
	uv_timer_init(loop, &e->timer);
	e->async.data = e->timer.data = e;
	e->open_handles = 2;
	e->connected = connected;
	e->arg = arg;
	e->listening = true;
	await_all(e);
	return 0;
}

int sg_endpoint_accept(struct sg_endpoint *e, uv_pipe_t *ret)
{
	HANDLE pipe = e->arrived;
	int fd;

	e->arrived = INVALID_HANDLE_VALUE;
	if (pipe == INVALID_HANDLE_VALUE)
		return SG_EIO;
	fd = _open_osfhandle((intptr_t)pipe, 0);
	if (fd < 0) {
		CloseHandle(pipe);
		return SG_EIO;
	}
	if (uv_pipe_open(ret, fd) < 0) {
		_close(fd); /* and the pipe with it */
		return SG_EIO;
	}
	return 0;
}

void sg_endpoint_cut(uv_pipe_t *pipe)
{
	uv_os_fd_t h;

	if (uv_fileno((const uv_handle_t *)pipe, &h) == 0)
		DisconnectNamedPipe(h);
}

/* --- the end */

static void on_closed(uv_handle_t *handle)
{
	((struct sg_endpoint *)handle->data)->open_handles--;
}

void sg_endpoint_stop(struct sg_endpoint *e)
{
	if (!e->listening || e->stopping)
		return;
	e->stopping = true;
	for (size_t i = 0; i < WAITING; i++)
		close_instance(&e->at[i]); /* first: then nobody sends to what is closed next */
	give_name_up(e);                   /* a client need not wait for a service that stops */
	uv_close((uv_handle_t *)&e->async, on_closed);
	uv_close((uv_handle_t *)&e->timer, on_closed);
}

bool sg_endpoint_stopped(const struct sg_endpoint *e)
{
	return !e->listening || (e->stopping && e->open_handles == 0);
}

void sg_endpoint_free(struct sg_endpoint *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < WAITING; i++) {
		close_instance(&e->at[i]);
		if (e->at[i].event)
			CloseHandle(e->at[i].event);
	}
	give_name_up(e);
	LocalFree(e->sd);
	free(e->name);
	free(e->path);
	free(e);
}

/* --- who is at the other end */

static HANDLE handle_of(const uv_pipe_t *pipe)
{
	uv_os_fd_t h;

	return uv_fileno((const uv_handle_t *)pipe, &h) < 0 ? INVALID_HANDLE_VALUE : h;
}

static int64_t pid_of(HANDLE pipe)
{
	ULONG pid = 0;

	return GetNamedPipeClientProcessId(pipe, &pid) ? (int64_t)pid : 0;
}

int sg_endpoint_opener(const uv_pipe_t *pipe, struct sg_caller *ret, struct sg_err *err)
{
	int64_t pid = pid_of(handle_of(pipe));
	HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)pid), token = NULL;
	struct sg_err why =
	        SG_ERR_INIT; /* not the caller's: such a client is let in, counted as one account */
	int r = SG_EACCES;

	(void)err;
	if (process && OpenProcessToken(process, TOKEN_QUERY, &token)) {
		r = sg_token_caller(token, ret, &why);
		CloseHandle(token);
	}
	if (process)
		CloseHandle(process);
	if (r < 0) { /* it has ended, or hides from us: all such share the place of one account, however many processes they are */
		sg_caller_release(ret);
		ret->account = sg_strdup("an account that cannot be told");
	}
	ret->pid = pid;
	return 0;
}

/* What was read last tells whose token it is. The client lets it be looked at and no more (SECURITY_IDENTIFICATION): nothing is ever done in its name. */
int sg_endpoint_caller(const uv_pipe_t *pipe, struct sg_caller *ret, struct sg_err *err)
{
	HANDLE h = handle_of(pipe), token = NULL;
	DWORD e = 0;
	int r;

	if (!ImpersonateNamedPipeClient(h))
		return sg_win_fail(err, GetLastError(), "cannot tell who asks");
	if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token))
		e = GetLastError();
	if (!RevertToSelf()) /* this thread would go on with somebody else's rights */
		abort();
	if (e)
		return sg_win_fail(err, e, "cannot tell who asks");
	r = sg_token_caller(token, ret, err);
	CloseHandle(token);
	if (r == 0)
		ret->pid = pid_of(h);
	return r;
}
