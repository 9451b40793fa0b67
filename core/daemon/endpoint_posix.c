/* endpoint_posix.c - the control pipe as a Unix socket in a folder of its own. */
#define _GNU_SOURCE /* struct ucred */
#include "daemon/endpoint.h"
#include "base/os.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

enum { QUEUE = 64, MOST_GROUPS = 4096 }; /* an account in more groups has none here */

struct sg_endpoint {
	uv_pipe_t listener;
	char *path;
	int fd; /* -1: the listener's, or closed */
	void (*connected)(void *arg);
	void *arg;
	bool listening, closed;
};

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return sg_strdup(".");
	return slash == path ? sg_strdup("/") : sg_strndup(path, (size_t)(slash - path));
}

static int check_folder(const char *folder, struct sg_err *err)
{
	struct stat st;
	int r = sg_os_mkdirs(folder, err);

	if (r < 0)
		return r;
	if (stat(folder, &st) < 0)
		return sg_fail_errno(err, "cannot look at %s", folder);
	if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 022))
		return sg_fail(err, SG_EACCES,
		        "%s belongs to, or may be written by, somebody else: the control socket needs a "
		        "folder of its "
		        "own (--socket PATH or <control socket=\"...\"/>)",
		        folder);
	return 0;
}

static void address(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strncpy(ret->sun_path, path, sizeof ret->sun_path - 1);
}

/* A socket that is left over from a process that was killed is taken away; one that answers is not. */
static int clear_old(const char *path, struct sg_err *err)
{
	struct sockaddr_un to;
	struct stat st;
	int fd, r;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : sg_fail_errno(err, "cannot look at %s", path);
	if (!S_ISSOCK(st.st_mode))
		return sg_fail(err, SG_EEXIST, "%s is there and is no socket: it was left alone", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return sg_fail_errno(err, "cannot make a socket");
	address(path, &to);
	/* EAGAIN: somebody listens and its queue is full */
	r = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EAGAIN
	            ? sg_fail(err, SG_EBUSY, "another process listens at %s", path)
	            : 0;
	close(fd);
	if (r == 0 && unlink(path) < 0)
		r = sg_fail_errno(err, "cannot take %s out of the way", path);
	return r;
}

/* Born for nobody else. */
static int bind_socket(const char *path, int *ret, struct sg_err *err)
{
	struct sockaddr_un at;
	mode_t mask;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), bound;

	if (fd < 0)
		return sg_fail_errno(err, "cannot make a socket");
	address(path, &at);
	mask = umask(0177);
	bound = bind(fd, (struct sockaddr *)&at, sizeof at);
	umask(mask);
	if (bound < 0 || listen(fd, QUEUE) < 0) {
		int r = sg_fail_errno(err, "cannot listen at %s", path);

		close(fd);
		return r;
	}
	*ret = fd;
	return 0;
}

int sg_endpoint_open(
        const char *path, const struct sg_access *access, struct sg_endpoint **ret, struct sg_err *err)
{
	struct sg_endpoint *e = sg_alloc(sizeof *e);
	char *folder = folder_of(path);
	int r;

	e->fd = -1;
	r = check_folder(folder, err);
	if (r == 0)
		r = clear_old(path, err);
	if (r == 0)
		r = bind_socket(path, &e->fd, err);
	if (r == 0) {
		e->path = sg_strdup(path);
		if (sg_access_others(access))
			r = sg_endpoint_share(e, access, err);
	}
	free(folder);
	if (r < 0) {
		sg_endpoint_free(e);
		return r;
	}
	*ret = e;
	return 0;
}

int sg_endpoint_share(struct sg_endpoint *e, const struct sg_access *access, struct sg_err *err)
{
	bool others = sg_access_others(access);
	char *folder = folder_of(e->path);
	struct stat st;
	int r = 0;

	if (chmod(e->path, others ? 0666 : 0600) < 0)
		r = sg_fail_errno(err, "cannot set the mode of %s", e->path);
	/* passing through is all that others need, and only a folder of ours is changed */
	if (r == 0 && others && stat(folder, &st) == 0 && st.st_uid == geteuid() &&
	        (st.st_mode & 011) != 011 && chmod(folder, (st.st_mode & 07777) | 011) < 0)
		r = sg_fail_errno(err, "cannot set the mode of %s", folder);
	free(folder);
	return r;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct sg_endpoint *e = listener->data;

	if (status == 0)
		e->connected(e->arg);
}

int sg_endpoint_listen(
        struct sg_endpoint *e, uv_loop_t *loop, void (*connected)(void *arg), void *arg, struct sg_err *err)
{
	int r;

	e->connected = connected;
	e->arg = arg;
	uv_pipe_init(loop, &e->listener, 0);
	e->listener.data = e;
	e->listening = true;
	r = uv_pipe_open(&e->listener, e->fd);
	if (r == 0) {
		e->fd = -1;
		r = uv_listen((uv_stream_t *)&e->listener, QUEUE, on_connection);
	}
	return r < 0 ? sg_fail(err, SG_EIO, "cannot listen at %s: %s", e->path, uv_strerror(r)) : 0;
}

int sg_endpoint_accept(struct sg_endpoint *e, uv_pipe_t *ret)
{
	return uv_accept((uv_stream_t *)&e->listener, (uv_stream_t *)ret) < 0 ? SG_EIO : 0;
}

static void on_closed(uv_handle_t *handle)
{
	((struct sg_endpoint *)handle->data)->closed = true;
}

void sg_endpoint_cut(uv_pipe_t *pipe)
{
	(void)pipe;
}

void sg_endpoint_stop(struct sg_endpoint *e)
{
	if (e->listening && !uv_is_closing((uv_handle_t *)&e->listener))
		uv_close((uv_handle_t *)&e->listener, on_closed);
}

bool sg_endpoint_stopped(const struct sg_endpoint *e)
{
	return !e->listening || e->closed;
}

void sg_endpoint_free(struct sg_endpoint *e)
{
	if (!e)
		return;
	if (e->fd >= 0)
		close(e->fd);
	if (e->path)
		unlink(e->path);
	free(e->path);
	free(e);
}

static void add_id(struct sg_strs *ids, const char *kind, uint32_t number)
{
	char *id = sg_format("%s %" PRIu32, kind, number);

	sg_strs_add_once(ids, id);
	free(id);
}

/* Supplementary groups, as SO_PEERGROUPS gives them; a kernel without it has none to tell. */
static void add_groups(int fd, struct sg_strs *ids)
{
	gid_t groups[64], *at = groups, *more = NULL;
	socklen_t len = sizeof groups;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, at, &len) < 0) {
		if (errno != ERANGE || len > MOST_GROUPS * sizeof *at)
			return;
		at = more = sg_alloc(len);
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, at, &len) < 0)
			len = 0;
	}
	for (size_t i = 0; i < len / sizeof *at; i++)
		add_id(ids, "gid", at[i]);
	free(more);
}

int sg_endpoint_caller(const uv_pipe_t *pipe, struct sg_caller *ret, struct sg_err *err)
{
	struct ucred c;
	socklen_t len = sizeof c;
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)pipe, &fd) < 0)
		return sg_fail(err, SG_EIO, "cannot tell who asks");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len) < 0)
		return sg_fail_errno(err, "cannot tell who asks");
	sg_caller_release(ret);
	ret->pid = c.pid;
	ret->account = sg_format("uid %" PRIu32, c.uid);
	add_id(&ret->ids, "uid", c.uid);
	add_id(&ret->ids, "gid", c.gid);
	add_groups(fd, &ret->ids);
	return 0;
}

/* The kernel records it when the peer connects: the two are one. */
int sg_endpoint_opener(const uv_pipe_t *pipe, struct sg_caller *ret, struct sg_err *err)
{
	return sg_endpoint_caller(pipe, ret, err);
}
