/* pipe_posix.c - a Unix socket as the client's end of the control pipe. */
#include "cli/pipe.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int64_t sg_pipe_now(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

char *sg_pipe_self(void)
{
	struct passwd *p = getpwuid(geteuid());

	return p ? sg_format("uid %u (%s)", (unsigned)geteuid(), p->pw_name)
	         : sg_format("uid %u", (unsigned)geteuid());
}

static int wait_for(int fd, short events, int64_t deadline, struct sg_err *err)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		int64_t left = deadline - sg_pipe_now();
		int n;

		if (left <= 0)
			return sg_fail(err, SG_ETIMEOUT, "stopgapd has not answered in time");
		n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return sg_fail_errno(err, "cannot wait for stopgapd");
	}
}

static int refused(const char *path, struct sg_err *err)
{
	int e = errno;

	if (e == ENOENT || e == ENOTDIR || e == ECONNREFUSED)
		return sg_fail(err, SG_ENOENT, "no stopgapd listens at %s", path);
	if (e == EACCES || e == EPERM)
		return sg_fail(err, SG_EACCES,
		        "this account may not connect to %s: ask as root, or see <access> in the "
		        "configuration",
		        path);
	return sg_fail_errno(err, "cannot connect to %s", path);
}

int sg_pipe_open(const char *path, int64_t deadline, struct sg_pipe *ret, struct sg_err *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	size_t len = strlen(path);
	int fd, r = 0;

	if (len >= sizeof to.sun_path)
		return sg_fail(
		        err, SG_ENOENT, "%s is too long for a socket: no stopgapd can listen there", path);
	memcpy(to.sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return sg_fail_errno(err, "cannot make a socket");
	/* EAGAIN: its queue is full; a Unix socket offers nothing to wait on */
	while (r == 0 && connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			r = refused(path, err);
		else if (sg_pipe_now() >= deadline)
			r = sg_fail(err, SG_ETIMEOUT, "stopgapd has too many callers waiting at %s", path);
		else
			nanosleep(&pause, NULL);
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	ret->h = fd;
	return 0;
}

int sg_pipe_write(struct sg_pipe p, struct sg_bytes octets, int64_t deadline, struct sg_err *err)
{
	for (size_t at = 0; at < octets.len;) {
		ssize_t n = send((int)p.h, octets.data + at, octets.len - at, MSG_NOSIGNAL);
		int r;

		if (n >= 0) {
			at += (size_t)n;
			continue;
		}
		/* it may have said why before it closed: the reader finds out */
		if (errno == EPIPE || errno == ECONNRESET)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return sg_fail_errno(err, "cannot ask stopgapd");
		r = wait_for((int)p.h, POLLOUT, deadline, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int sg_pipe_read(struct sg_pipe p, int64_t deadline, struct sg_buf *in, struct sg_err *err)
{
	char chunk[16 << 10];

	for (;;) {
		ssize_t n = recv((int)p.h, chunk, sizeof chunk, 0);
		int r;

		if (n > 0) {
			sg_buf_add(in, chunk, (size_t)n);
			return 0;
		}
		if (n == 0 || errno == ECONNRESET)
			return sg_fail(err, SG_EIO, "stopgapd closed the connection before it answered");
		if (errno != EAGAIN && errno != EINTR)
			return sg_fail_errno(err, "cannot hear stopgapd");
		r = wait_for((int)p.h, POLLIN, deadline, err);
		if (r < 0)
			return r;
	}
}

void sg_pipe_close(struct sg_pipe *p)
{
	if (p->h >= 0)
		close((int)p->h);
	p->h = -1;
}
