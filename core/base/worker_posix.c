/* worker_posix.c - starts the program again for one job, over a pair of sockets, and sees to it that the child ends.
 *
 * The parent uses posix_spawn(), which forks nothing of a threaded process but the new program. The child is /proc/self/exe: the very file that runs, even
 * after an update has put another one in its place, so both sides speak the same. Frames: of the child, before
 * it reads anything, one octet that says what it is not kept by (worker_cage.h); then, both ways, one that is 0, or 1 for a reason why there is no reply; a
 * length of four octets, big-endian; then the octets.
 */
#define _GNU_SOURCE /* posix_spawn's closefrom and setsid, the other end's credentials */
#include "base/worker_parts.h"

#include "base/sandbox_posix.h"
#include "base/worker_cage.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "/proc/self/exe"

/* How a child says by its exit status that it did not get as far as a reply; 70 is base/mem.c's, for memory that ran out. */
enum { OUT_OF_MEMORY = 70, CLOSED = 71, NO_SANDBOX = 72, NO_REQUEST = 73 };
enum { READY = 1, HEAD = 5, CHANNEL = STDIN_FILENO };

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

/* --- the child */

static bool read_all(void *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(CHANNEL, (char *)to + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static bool write_all(const void *from, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = write(CHANNEL, (const char *)from + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* Only the process that made the channel can be the one that started this one. */
static bool started_by_parent(void)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof peer;

	return getsockopt(CHANNEL, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == getppid();
}

static _Noreturn void give_up(int status, const struct sg_err *err)
{
	const unsigned char ready = SG_LACKS_ALL;
	unsigned char head[HEAD];
	size_t len = strlen(err->msg);

	put_head(head, true, len);
	if (write_all(&ready, READY) && write_all(head, HEAD))
		write_all(err->msg, len);
	_exit(status);
}

/* _exit(), not exit(): what libraries do at the end needs rights, and nothing here is worth flushing. */
static _Noreturn void work(const struct sg_worker_job *job, int64_t cpu_s)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf request = { 0 }, reply = { 0 };
	unsigned char head[HEAD], ready;
	unsigned lacks = 0;

	if ((job->prepare && job->prepare(&err)) || sg_sandbox_enter(job->network, cpu_s, &lacks, &err))
		give_up(NO_SANDBOX, &err);
	ready = (unsigned char)lacks;
	if (!write_all(&ready, READY))
		_exit(CLOSED);
	if (!read_all(head, HEAD) || length_of(head) > SG_WORKER_MAX)
		_exit(CLOSED);
	request.len = length_of(head);
	request.data = sg_alloc(request.len + 1);
	if (!read_all(request.data, request.len))
		_exit(CLOSED);
	if (job->run(sg_buf_bytes(&request), &reply))
		_exit(NO_REQUEST);
	put_head(head, false, reply.len);
	if (!write_all(head, HEAD) || !write_all(reply.data, reply.len))
		_exit(CLOSED);
	_exit(0);
}

/* A freed tree is many small pieces. glibc keeps them apart for the time being, and joins all of them whenever a large piece is freed among them: a fifth of the
 * time that a large feed takes. Joined at once they cost little. */
static void set_up_memory(void)
{
#ifdef M_MXFAST
	mallopt(M_MXFAST, 0);
#endif
}

void sg_worker_begin(int argc, char **argv, const struct sg_worker_job *jobs)
{
	const struct sg_worker_job *job;
	long cpu_s;

	set_up_memory();
	sg_worker_offer(jobs);
	if (argc < 2 || strcmp(argv[1], SG_WORKER_OPTION) != 0)
		return;
	job = argc == 4 ? sg_worker_find(argv[2]) : NULL;
	cpu_s = job ? strtol(argv[3], NULL, 10) : 0;
	if (cpu_s < 1 || !started_by_parent()) {
		fputs(SG_WORKER_OPTION " is for this program itself: it starts its workers by it\n", stderr);
		_exit(2);
	}
	work(job, cpu_s);
}

/* --- the parent */

struct child {
	const struct sg_worker_call *call;
	pid_t pid;
	int fd;
	int64_t end;              /* monotonic ms */
	unsigned char head[HEAD]; /* of the request */
	size_t sent;              /* octets of head and request */
	bool ready;               /* it has said what it is not kept by */
	unsigned char lacks;
	struct sg_buf got; /* of head and reply */
};

static int64_t now(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* What a child that talks may know of this process's environment: how to get out. */
static void proxies(const char *env[static 10])
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
		"ALL_PROXY", "no_proxy", "NO_PROXY" };
	size_t n = 0;

	for (char **e = environ; e && *e; e++)
		for (size_t i = 0; i < sizeof names / sizeof *names && n < 9; i++) {
			size_t len = strlen(names[i]);

			if (strncmp(*e, names[i], len) == 0 && (*e)[len] == '=')
				env[n++] = *e;
		}
	env[n] = NULL;
}

static int spawn(struct child *c, const struct sg_worker_job *job, int theirs, struct sg_err *err)
{
	char cpu[24], *const argv[] = { (char *)"stopgap-worker", (char *)SG_WORKER_OPTION, (char *)job->name,
		cpu, NULL };
	const char *env[10] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, all;
	int e;

	snprintf(cpu, sizeof cpu, "%lld", (long long)c->call->timeout_ms / 1000 + 1);
	if (job->network)
		proxies(env);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&how);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&how, &all);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawn_file_actions_adddup2(&files, theirs, CHANNEL);
	if (job->network) { /* the next descriptor that it opens is a socket: no library's complaint may go into it */
		posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
		posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	}
	posix_spawn_file_actions_addclosefrom_np(&files, job->network ? STDERR_FILENO + 1 : CHANNEL + 1);
	e = posix_spawn(&c->pid, PROGRAM, &files, &how, argv, (char *const *)env);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	if (!e)
		return 0;
	c->pid = 0;
	errno = e;
	sg_fail_errno(err, "no worker process can be started for '%s'", job->name);
	return SG_EBUSY;
}

static int start(struct child *c, const struct sg_worker_job *job, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		sg_fail_errno(&why, "no channel to a worker process can be made");
		return sg_fail(err, SG_EBUSY, "%s", why.msg);
	}
	c->fd = pair[0];
	r = spawn(c, job, pair[1], &why);
	close(pair[1]);
	return r ? sg_fail(err, r, "%s", why.msg) : 0;
}

/* 1: the whole reply is there, 0: go on, negative: the channel is closed. */
static int take(struct child *c)
{
	unsigned char part[65536];
	ssize_t n = recv(c->fd, part, sizeof part, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	if (!c->ready)
		c->lacks = part[0];
	sg_buf_add(&c->got, part + !c->ready, (size_t)n - !c->ready);
	c->ready = true;
	return c->got.len >= HEAD && c->got.len - HEAD >= length_of(c->got.data);
}

static void give(struct child *c)
{
	const struct sg_bytes body = c->call->request;
	const unsigned char *from = c->sent < HEAD ? c->head + c->sent : body.data + (c->sent - HEAD);
	size_t len = c->sent < HEAD ? HEAD - c->sent : body.len - (c->sent - HEAD);
	ssize_t n = send(c->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		c->sent += (size_t)n;
	else if (n < 0 && errno == EPIPE) /* what it said before it left is still to be read */
		c->sent = HEAD + body.len;
}

/* Request out, reply in, both at once, until the reply is whole or the child is gone. */
static int talk(struct child *c, struct sg_err *err)
{
	const struct sg_worker_call *call = c->call;

	for (int done = 0; !done;) {
		bool more = c->sent < HEAD + call->request.len;
		struct pollfd p = { .fd = c->fd, .events = (short)(POLLIN | (more ? POLLOUT : 0)) };
		int64_t left = c->end - now();

		if (call->stop && call->stop(call->arg))
			return sg_fail(err, SG_ECANCELED, "the worker for '%s' was stopped", call->job);
		if (left <= 0)
			return sg_fail(err, SG_ETIMEOUT,
			        "the worker for '%s' was ended: it took more than %lld ms", call->job,
			        (long long)call->timeout_ms);
		if (call->stop && left > SG_WORKER_STOP_MS)
			left = SG_WORKER_STOP_MS;
		if (poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left) <= 0)
			continue;
		if (p.revents & (POLLIN | POLLHUP | POLLERR))
			done = take(c);
		if (!done && more && (p.revents & POLLOUT))
			give(c);
		if (c->got.len > HEAD + call->max_reply ||
		        (c->got.len >= HEAD && length_of(c->got.data) > call->max_reply))
			return sg_fail(err, SG_ELIMIT,
			        "the worker for '%s' answers with more than %zu octets", call->job,
			        call->max_reply);
	}
	return 0;
}

static bool whole(const struct child *c)
{
	return c->got.len >= HEAD && c->got.len - HEAD == length_of(c->got.data);
}

/* Ends it, if it has not ended, and gives its status; -1: nobody knows (SIGCHLD is ignored in this process). A child that is on its way out when the
 * signal comes keeps the status that it had. */
static int reap(struct child *c)
{
	int status = -1;

	close(c->fd);
	c->fd = -1;
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* Why there is no reply. */
static int judge(const struct child *c, int status, struct sg_err *err)
{
	const char *job = c->call->job;
	int number = status != -1 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (whole(c))
		return sg_fail(err, SG_EDAMAGED, "the worker for '%s' did not begin: %.*s", job,
		        (int)(c->got.len - HEAD), (const char *)c->got.data + HEAD);
	if (number == SIGSYS)
		return sg_fail(err, SG_EDAMAGED,
		        "the worker for '%s' was killed by signal %d: it asked the system for something that "
		        "it may "
		        "not do",
		        job, number);
	if (number)
		return sg_fail(err, SG_EDAMAGED, "the worker for '%s' died of signal %d", job, number);
	if (status != -1 && WEXITSTATUS(status) == OUT_OF_MEMORY)
		return sg_fail(err, SG_ELIMIT, "the worker for '%s' needs more memory than it may have", job);
	return sg_fail(err, SG_EDAMAGED, "the worker for '%s' gave up (%d)", job,
	        status == -1 ? status : WEXITSTATUS(status));
}

int sg_worker_apart(const struct sg_worker_call *call, const struct sg_worker_job *job,
        struct sg_buf *ret_reply, struct sg_err *err)
{
	struct child c = { .call = call, .fd = -1, .end = now() + call->timeout_ms };
	int r, status;

	put_head(c.head, false, call->request.len);
	r = start(&c, job, err);
	if (!r) {
		r = talk(&c, err);
		status = reap(&c);
		if (!r && (!whole(&c) || c.got.data[0]))
			r = judge(&c, status, err);
	} else if (c.fd >= 0) {
		close(c.fd);
	}
	if (c.ready)
		sg_worker_caged(job->network, c.lacks);
	if (!r)
		sg_buf_set(ret_reply, c.got.data + HEAD, c.got.len - HEAD);
	sg_buf_release(&c.got);
	return r;
}
