/* os_system_posix.c - time, chance, identity, the one-owner lock and throw-away children on Linux. */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void read_boot_id(char out[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, 36);

	if (fd >= 0)
		close(fd);
	if (n == 36)
		out[36] = 0;
	else
		snprintf(out, 40, "unknown");
}

void sg_os_clock(struct sg_clock *ret)
{
	ret->wall = now_ms(CLOCK_REALTIME);
	ret->mono = now_ms(CLOCK_BOOTTIME); /* goes on while the machine sleeps */
	read_boot_id(ret->boot);
}

void sg_os_sleep(int64_t ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

void sg_os_random(void *out, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = getrandom((char *)out + at, len - at, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fprintf(stderr, "stopgap: the system gives no random octets\n");
			_Exit(70);
		}
		at += (size_t)n;
	}
}

char *sg_os_host(void)
{
	char name[256] = { 0 };

	if (gethostname(name, sizeof name - 1) < 0 || !name[0])
		return sg_strdup("localhost");
	return sg_strdup(name);
}

bool sg_os_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM"); /* "DEVICE:INODE", systemd.exec(5) */
	char own[48];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, own) == 0;
}

int sg_os_lock(const char *path, struct sg_os_file *ret, struct sg_err *err)
{
	struct sg_os_file f = SG_OS_FILE_INIT;
	char pid[32] = { 0 };
	size_t len = 0;
	int r;

	r = sg_os_open(path, true, &f, err);
	if (r < 0)
		return r;
	if (flock((int)f.h, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK) {
			r = sg_fail_errno(err, "cannot lock %s", path);
		} else {
			sg_os_pread(f, 0, pid, sizeof pid - 1, &len, NULL);
			pid[strspn(pid, "0123456789")] = 0;
			r = sg_fail(err, SG_EBUSY, "%s is held by process %s: only one may use this journal",
			        path, pid[0] ? pid : "(unknown)");
		}
		goto out;
	}
	/* for people and for the message above; never synced, because only the lock itself means anything */
	len = (size_t)snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate((int)f.h, 0) < 0 || write((int)f.h, pid, len) != (ssize_t)len) {
		r = sg_fail_errno(err, "cannot write %s", path);
		goto out;
	}
	ret->h = f.h;
	f.h = -1;
out:
	sg_os_close(&f);
	return r;
}

/* --- a throw-away child */

static _Noreturn void run_child(int (*fn)(void *arg), void *arg)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT };
	const struct rlimit none = { 0, 0 };
	int status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	/* a handler inherited from the parent would turn a death into something else */
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		signal(deadly[i], SIG_DFL);
	status = fn(arg);
	_exit(status < 0 || status > 100
	                ? 101
	                : status); /* not exit(): the buffers of stdio are the parent's to flush */
}

/* Waits until `fd`, whose other end only the child holds, is closed; false after the timeout. */
static bool wait_closed(int fd, int64_t timeout_ms)
{
	int64_t end = now_ms(CLOCK_MONOTONIC) + timeout_ms;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - now_ms(CLOCK_MONOTONIC);

		if (left < 0)
			left = 0;
		if (poll(&p, 1, left > 60000 ? 60000 : (int)left) > 0)
			return true;
		if (left == 0)
			return false;
	}
}

int sg_os_guarded(int (*fn)(void *arg), void *arg, int64_t timeout_ms, struct sg_err *err)
{
	int ends[2], status = 0;
	bool done;
	pid_t pid;

	if (pipe(ends) < 0)
		return sg_fail_errno(err, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		run_child(fn, arg);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return sg_fail_errno(err, "cannot start a child process");
	}
	done = wait_closed(ends[0], timeout_ms);
	close(ends[0]);
	if (!done)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return sg_fail_errno(err, "cannot wait for the child process");
	if (!done)
		return sg_fail(err, SG_ETIMEOUT,
		        "the check in a child process took longer than %" PRId64 " ms", timeout_ms);
	if (WIFSIGNALED(status))
		return sg_fail(err, SG_EDAMAGED,
		        "the child process that read it first died of signal %d (%s)", WTERMSIG(status),
		        strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) > 100)
		return sg_fail(err, SG_EDAMAGED, "the child process that read it first ended with status %d",
		        WEXITSTATUS(status));
	return WEXITSTATUS(status);
}

/* --- a file behind links */

int sg_os_read_linked(const char *path, uint64_t max, struct sg_buf *ret, struct sg_err *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), r = 0;
	struct sg_os_file f = { .h = fd };
	struct stat st;
	size_t len = 0;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = sg_fail_errno(err, "cannot read %s", path);
	} else if (!S_ISREG(st.st_mode)) {
		r = sg_fail(err, SG_EUNSUPPORTED, "%s is not a regular file", path);
	} else if ((uint64_t)st.st_size > max) {
		r = sg_fail(err, SG_ELIMIT, "%s is larger than %llu octets", path, (unsigned long long)max);
	} else {
		unsigned char *data = sg_alloc((size_t)st.st_size + 1);

		r = sg_os_pread(f, 0, data, (size_t)st.st_size, &len, err);
		if (!r)
			sg_buf_set(ret, data, len);
		free(data);
	}
	sg_os_close(&f);
	return r;
}
