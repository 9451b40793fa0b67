/* endpoint_posix.c - the control pipe as a Unix socket in a folder of its own. */
#define _GNU_SOURCE /* struct ucred */
#include "daemon/endpoint.h"
#include "base/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

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

int sg_endpoint_open(const char *path, int *ret_fd, struct sg_err *err)
{
	char *folder = folder_of(path);
	struct sockaddr_un at;
	mode_t mask;
	int fd = -1, r, bound;

	r = check_folder(folder, err);
	if (r == 0)
		r = clear_old(path, err);
	if (r < 0)
		goto out;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		r = sg_fail_errno(err, "cannot make a socket");
		goto out;
	}
	address(path, &at);
	mask = umask(0177);
	bound = bind(fd, (struct sockaddr *)&at, sizeof at);
	umask(mask);
	if (bound < 0 || listen(fd, 64) < 0) {
		r = sg_fail_errno(err, "cannot listen at %s", path);
		goto out;
	}
	*ret_fd = fd;
	fd = -1;
out:
	if (fd >= 0)
		close(fd);
	free(folder);
	return r;
}

int sg_endpoint_share(const char *path, bool others, struct sg_err *err)
{
	char *folder = folder_of(path);
	struct stat st;
	int r = 0;

	if (chmod(path, others ? 0666 : 0600) < 0)
		r = sg_fail_errno(err, "cannot set the mode of %s", path);
	/* passing through is all that others need, and only a folder of ours is changed */
	if (r == 0 && others && stat(folder, &st) == 0 && st.st_uid == geteuid() &&
	        (st.st_mode & 011) != 011 && chmod(folder, (st.st_mode & 07777) | 011) < 0)
		r = sg_fail_errno(err, "cannot set the mode of %s", folder);
	free(folder);
	return r;
}

void sg_endpoint_remove(const char *path)
{
	unlink(path);
}

int sg_endpoint_peer(int fd, struct sg_peer *ret, struct sg_err *err)
{
	struct ucred c;
	socklen_t len = sizeof c;
	gid_t groups[SG_PEER_GROUPS];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len) < 0)
		return sg_fail_errno(err, "cannot tell who asks");
	*ret = (struct sg_peer){ .uid = c.uid, .gid = c.gid, .pid = c.pid };
	len = sizeof groups;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0) {
		ret->n_groups = len / sizeof *groups;
		for (size_t i = 0; i < ret->n_groups; i++)
			ret->groups[i] = groups[i];
	}
	return 0;
}
