/* worker_win.c - starts the program again for one job, in a job object and with a token of few rights, and sees to it that the child ends.
 *
 * The child has no handle of this process but its two pipes, no console, no environment but what Windows's own libraries need, System32 as its folder and
 * the only one that libraries come from. It starts no process, commits at most MEMORY octets, computes as long as it may, and is gone when its caller is.
 * It gets the strictest token with which it comes up (worker_cage.h): whether it does is known before it is sent anything, so that no request has a say in
 * that. What did not come up is tried again a minute later. A token that Windows made otherwise than it was asked to, and that is worth too much, is not used.
 * Frames: one octet when the child is ready; then one that is 0, or 1 for a reason why there is no reply; a length of four octets, big-endian; the octets.
 */
#include "base/worker_parts.h"

#include "base/argv.h"
#include "base/os_win.h"
#include "base/spawn_win.h"
#include "base/worker_token_win.h"

#include <windows.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a child says by its exit status that it did not get as far as a reply; 70 is base/mem.c's, for memory that ran out. */
enum { OUT_OF_MEMORY = 70, CLOSED = 71, NO_SANDBOX = 72, NO_REQUEST = 73 };
enum { READY = 1, HEAD = 5, ARGUMENTS = 6, LAST_MS = 2000, AGAIN_MS = 60 * 1000 };
#define MEMORY      ((size_t)1 << 30)
#define READY_OCTET 'R'

static void put_head(unsigned char head[HEAD], bool reason, size_t len)
{
	head[0] = reason;
	for (int i = 1; i < HEAD; i++)
		head[i] = (unsigned char)(len >> (8 * (HEAD - 1 - i)));
}

static size_t length_of(const unsigned char head[HEAD])
{
	return (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
}

static bool read_all(HANDLE from, void *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		DWORD part = len - at < 1 << 20 ? (DWORD)(len - at) : 1 << 20, n = 0;

		if (!ReadFile(from, (char *)to + at, part, &n, NULL) || !n)
			return false;
		at += n;
	}
	return true;
}

static bool write_all(HANDLE to, const void *from, size_t len)
{
	for (size_t at = 0; at < len;) {
		DWORD part = len - at < 1 << 16 ? (DWORD)(len - at) : 1 << 16, n = 0;

		if (!WriteFile(to, (const char *)from + at, part, &n, NULL))
			return false;
		at += n;
	}
	return true;
}

/* --- the child */

struct channel {
	HANDLE in, out;
};

/* What libraries do at the end needs rights, and nothing here is worth flushing. */
static _Noreturn void leave(UINT status)
{
	TerminateProcess(GetCurrentProcess(), status);
	abort();
}

static _Noreturn void give_up(struct channel c, UINT status, const struct sg_err *err)
{
	const unsigned char ready = READY_OCTET;
	unsigned char head[HEAD];
	size_t len = strlen(err->msg);

	put_head(head, true, len);
	if (write_all(c.out, &ready, READY) && write_all(c.out, head, HEAD))
		write_all(c.out, err->msg, len);
	leave(status);
}

static _Noreturn void work(const struct sg_worker_job *job, struct channel c)
{
	const unsigned char ready = READY_OCTET;
	struct sg_buf request = { 0 }, reply = { 0 };
	struct sg_err err = SG_ERR_INIT;
	unsigned char head[HEAD];

	SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
	if (!SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32))
		sg_win_fail(&err, GetLastError(), "libraries cannot be kept to Windows's own folder");
	if (err.code || (job->prepare && job->prepare(&err)))
		give_up(c, NO_SANDBOX, &err);
	if (!write_all(c.out, &ready, READY))
		leave(CLOSED);
	if (!read_all(c.in, head, HEAD) || length_of(head) > SG_WORKER_MAX)
		leave(CLOSED);
	request.len = length_of(head);
	request.data = sg_alloc(request.len + 1);
	if (!read_all(c.in, request.data, request.len))
		leave(CLOSED);
	if (job->run(sg_buf_bytes(&request), &reply))
		leave(NO_REQUEST);
	put_head(head, false, reply.len);
	if (!write_all(c.out, head, HEAD) || !write_all(c.out, reply.data, reply.len))
		leave(CLOSED);
	leave(0);
}

/* A pipe that this process was given, by its number. */
static HANDLE given(const char *number)
{
	char *end = NULL;
	HANDLE h = (HANDLE)(uintptr_t)strtoull(number, &end, 10);

	return *number && !*end && h && GetFileType(h) == FILE_TYPE_PIPE ? h : NULL;
}

void sg_worker_begin(int argc, char **argv, const struct sg_worker_job *jobs)
{
	const struct sg_worker_job *job;
	struct channel c = { 0 };
	bool begun = false;

	sg_worker_offer(jobs);
	if (argc < 2 || strcmp(argv[1], SG_WORKER_OPTION) != 0)
		return;
	job = argc == ARGUMENTS ? sg_worker_find(argv[2]) : NULL;
	if (job) {
		c.in = given(argv[3]);
		c.out = given(argv[4]);
		/* who starts one by hand has a console, or pipes as standard handles */
		begun = c.in && c.out && !GetConsoleWindow() && c.in != GetStdHandle(STD_INPUT_HANDLE) &&
		        c.out != GetStdHandle(STD_OUTPUT_HANDLE) && strcmp(argv[5], SG_VERSION) == 0;
	}
	if (!begun) {
		fputs(SG_WORKER_OPTION " is for this program itself: it starts its workers by it\n", stderr);
		exit(2);
	}
	work(job, c);
}

/* --- the parent */

struct child {
	const struct sg_worker_call *call;
	struct sg_spawned process;
	HANDLE in, out; /* ours: the request is written to `in`, the reply read from `out` */
	HANDLE writer, reader;
	HANDLE ready; /* an event: it has come up */
	ULONGLONG end;
	struct sg_worker_token is;
	bool up;
	struct sg_buf got; /* of head and reply; the reader's until its thread has ended */
};

/* Both threads end when the child does: nobody else has the other ends of its pipes. */
static DWORD WINAPI write_request(void *arg)
{
	struct child *c = arg;
	unsigned char head[HEAD];

	put_head(head, false, c->call->request.len);
	if (write_all(c->in, head, HEAD))
		write_all(c->in, c->call->request.data, c->call->request.len);
	return 0;
}

static bool too_large(const struct child *c)
{
	return c->got.len > HEAD + c->call->max_reply ||
	       (c->got.len >= HEAD && length_of(c->got.data) > c->call->max_reply);
}

static bool whole(const struct child *c)
{
	return c->got.len >= HEAD && c->got.len - HEAD >= length_of(c->got.data);
}

static DWORD WINAPI read_reply(void *arg)
{
	enum { PART = 64 * 1024 };
	struct child *c = arg;
	unsigned char ready = 0, *part = sg_alloc(PART);
	DWORD n = 0;

	c->up = read_all(c->out, &ready, READY) && ready == READY_OCTET;
	SetEvent(c->ready);
	while (c->up && !whole(c) && !too_large(c) && ReadFile(c->out, part, PART, &n, NULL) && n)
		sg_buf_add(&c->got, part, n);
	free(part);
	return 0;
}

/* What Windows's libraries do not do without; what a child that talks may know besides: how to get out. Sorted, as Windows wants it. */
static wchar_t *make_environment(bool network)
{
	static const wchar_t *const proxies[] = { L"all_proxy", L"http_proxy", L"https_proxy", L"no_proxy" };
	wchar_t root[MAX_PATH + 1] = { 0 }, *block;
	size_t cap = 40000, at = 0;

	block = sg_alloc(cap * sizeof *block);
	GetSystemWindowsDirectoryW(root, MAX_PATH + 1);
	for (size_t i = 0; network && i < sizeof proxies / sizeof *proxies; i++) {
		wchar_t value[2048];
		DWORD len = GetEnvironmentVariableW(proxies[i], value, sizeof value / sizeof *value);

		if (len && len < sizeof value / sizeof *value)
			at += (size_t)swprintf(block + at, cap - at, L"%ls=%ls", proxies[i], value) + 1;
	}
	at += (size_t)swprintf(block + at, cap - at, L"SystemDrive=%.2ls", root) + 1;
	at += (size_t)swprintf(block + at, cap - at, L"SystemRoot=%ls", root) + 1;
	swprintf(block + at, cap - at, L"windir=%ls", root);
	return block;
}

static int spawn(struct child *c, const struct sg_worker_job *job, enum sg_worker_rights rights,
        void *theirs[2], struct sg_err *err)
{
	struct sg_buf line = { 0 };
	wchar_t program[MAX_PATH * 4] = { 0 }, *folder = sg_spawn_system32(),
	                           *environment = make_environment(job->network);
	struct sg_spawn how = { .program = program,
		.folder = folder,
		.environment = environment,
		.given = { theirs[0], theirs[1] },
		.alone = true,
		.memory = MEMORY,
		.cpu_s = (unsigned)(c->call->timeout_ms / 1000 + 1),
		.hardened = true };
	char number[2][24];
	int r = sg_worker_token(rights, &how.token, &c->is, err);

	if (!r && !sg_cage_may(&c->is, job->network))
		r = sg_fail(err, SG_EACCES, "Windows gives no token but one with the system's own rights");
	GetModuleFileNameW(NULL, program, sizeof program / sizeof *program - 1);
	for (int i = 0; i < 2; i++)
		snprintf(number[i], sizeof number[i], "%" PRIuPTR, (uintptr_t)theirs[i]);
	sg_argv_add(&line, "stopgap-worker");
	sg_argv_add(&line, SG_WORKER_OPTION);
	sg_argv_add(&line, job->name);
	sg_argv_add(&line, number[0]);
	sg_argv_add(&line, number[1]);
	sg_argv_add(&line, SG_VERSION); /* a program that was replaced meanwhile refuses */
	how.line = (const char *)line.data;
	if (rights != SG_RIGHTS_LOWERED || c->is.system)
		how.desktop = sg_worker_desktop();
	if (!r)
		r = sg_spawn(&how, &c->process, NULL, err);
	if (how.token)
		CloseHandle(how.token);
	sg_buf_release(&line);
	free(environment);
	free(folder);
	return r;
}

static int start(
        struct child *c, const struct sg_worker_job *job, enum sg_worker_rights rights, struct sg_err *err)
{
	void *theirs[2] = { NULL, NULL };
	int r;

	r = sg_spawn_pipe(true, &c->in, &theirs[0], err);
	if (!r)
		r = sg_spawn_pipe(false, &c->out, &theirs[1], err);
	if (!r)
		r = spawn(c, job, rights, theirs, err);
	for (int i = 0; i < 2; i++)
		if (theirs[i])
			CloseHandle(theirs[i]);
	c->ready = r ? NULL : CreateEventW(NULL, TRUE, FALSE, NULL);
	if (c->ready)
		c->reader = CreateThread(NULL, 0, read_reply, c, 0, NULL);
	if (!r && !c->reader)
		r = sg_win_fail(err, GetLastError(), "no thread can be started");
	return r;
}

/* Until `what` is signalled: an event or a thread's end. */
static int wait_for(struct child *c, HANDLE what, struct sg_err *err)
{
	const struct sg_worker_call *call = c->call;

	for (;;) {
		ULONGLONG now = GetTickCount64(), left = now < c->end ? c->end - now : 0;

		if (WaitForSingleObject(what, 0) == WAIT_OBJECT_0)
			return 0;
		if (call->stop && call->stop(call->arg))
			return sg_fail(err, SG_ECANCELED, "the worker for '%s' was stopped", call->job);
		if (!left)
			return sg_fail(err, SG_ETIMEOUT,
			        "the worker for '%s' was ended: it took more than %lld ms", call->job,
			        (long long)call->timeout_ms);
		if (call->stop && left > SG_WORKER_STOP_MS)
			left = SG_WORKER_STOP_MS;
		WaitForSingleObject(what, left < INT32_MAX ? (DWORD)left : INT32_MAX);
	}
}

static int talk(struct child *c, struct sg_err *err)
{
	int r;

	c->writer = CreateThread(NULL, 0, write_request, c, 0, NULL);
	if (!c->writer)
		return sg_win_fail(err, GetLastError(), "no thread can be started");
	r = wait_for(c, c->reader, err);
	if (!r && too_large(c))
		r = sg_fail(err, SG_ELIMIT, "the worker for '%s' answers with more than %zu octets",
		        c->call->job, c->call->max_reply);
	return r;
}

/* Ends it, if it has not ended, and gives its status. One that closed its pipe by itself is on its way out and keeps the status that it has: it is given
 * `ms` for that. */
static unsigned long reap(struct child *c, unsigned long ms)
{
	unsigned long status = 1;
	HANDLE threads[2] = { c->reader, c->writer };

	if (c->process.process && !sg_spawn_wait(&c->process, ms, &status)) {
		TerminateProcess(c->process.process, 1);
		sg_spawn_wait(&c->process, 10 * 1000, &status);
	}
	sg_spawn_end(&c->process);
	for (int i = 0; i < 2; i++)
		if (threads[i]) {
			WaitForSingleObject(threads[i], INFINITE);
			CloseHandle(threads[i]);
		}
	if (c->ready)
		CloseHandle(c->ready);
	if (c->in)
		CloseHandle(c->in);
	if (c->out)
		CloseHandle(c->out);
	c->reader = c->writer = c->ready = c->in = c->out = NULL;
	return status;
}

/* Why there is no reply. */
static int judge(const struct child *c, unsigned long status, struct sg_err *err)
{
	const char *job = c->call->job;

	if (whole(c))
		return sg_fail(err, SG_EDAMAGED, "the worker for '%s' did not begin: %.*s", job,
		        (int)(c->got.len - HEAD), (const char *)c->got.data + HEAD);
	if (status == OUT_OF_MEMORY || status == STATUS_NO_MEMORY)
		return sg_fail(err, SG_ELIMIT, "the worker for '%s' needs more memory than it may have", job);
	if (status >= 0x80000000ul)
		return sg_fail(
		        err, SG_EDAMAGED, "the worker for '%s' died of exception 0x%08lx", job, status);
	return sg_fail(err, SG_EDAMAGED, "the worker for '%s' gave up (%lu)", job, status);
}

/* One attempt. *ret_up: it came up, whatever became of it then. */
static int attempt(const struct sg_worker_call *call, const struct sg_worker_job *job,
        enum sg_worker_rights rights, ULONGLONG end, bool *ret_up, struct sg_buf *ret_reply,
        struct sg_err *err)
{
	struct child c = { .call = call, .end = end };
	struct sg_err why = SG_ERR_INIT;
	unsigned long status;
	int r = start(&c, job, rights, &why);
	bool started = !r;

	if (r)
		r = sg_fail(
		        err, SG_EBUSY, "no worker process can be started for '%s': %s", call->job, why.msg);
	if (!r)
		r = wait_for(&c, c.ready, err);
	*ret_up = started && (r || c.up);
	if (!r && c.up) {
		sg_worker_caged(job->network, sg_cage_lacks(&c.is, job->network));
		r = talk(&c, err);
	}
	status = reap(&c, !r && !whole(&c) ? LAST_MS : 0);
	if (!r && (!whole(&c) || c.got.data[0]))
		r = judge(&c, status, err);
	if (!r)
		sg_buf_set(ret_reply, c.got.data + HEAD, length_of(c.got.data));
	sg_buf_release(&c.got);
	return r;
}

int sg_worker_apart(const struct sg_worker_call *call, const struct sg_worker_job *job,
        struct sg_buf *ret_reply, struct sg_err *err)
{
	/* by whether the job uses the network: the step that the last child came up with, and until when the stricter ones are passed over */
	static volatile LONG came_up[2];
	static volatile LONG64 until[2];
	enum sg_worker_rights steps[SG_CAGE_STEPS];
	ULONGLONG now = GetTickCount64(), end = now + (ULONGLONG)call->timeout_ms;
	size_t n = sg_cage_steps(job->network, sg_worker_is_system(), steps);
	LONG first = now < (ULONGLONG)until[job->network] ? came_up[job->network] : 0, at = first;
	struct sg_err why = SG_ERR_INIT; /* of the strictest that was tried */
	bool up = false;
	int r;

	do {
		struct sg_err this = SG_ERR_INIT;

		r = attempt(call, job, steps[at], end, &up, ret_reply, &this);
		if (up)
			why = this;
		else
			sg_fail(&why, r, "%s", this.msg);
	} while (!up && (size_t)++at < n);
	if (!up)
		sg_worker_caged(job->network, SG_LACKS_ALL);
	if (!first || !up) {
		InterlockedExchange(&came_up[job->network], up ? at : 0);
		InterlockedExchange64(&until[job->network], (LONG64)(up && at ? now + AGAIN_MS : 0));
	}
	return r ? sg_fail(err, why.code, "%s", why.msg) : 0;
}
