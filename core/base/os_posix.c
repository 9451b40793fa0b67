/* os_posix.c - files on Linux. Folders are in os_folder_posix.c; time, locks and processes in os_system_posix.c.
 *
 * Guarantees: no symbolic link is followed in the last component, a flush is never retried, and everything that makes
 * a change durable (fsync, fdatasync, rename, pwrite) is a plain call of the C library, so that a test can count it,
 * fail it, or end the process before it.
 */
#define _GNU_SOURCE /* statx */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* --- looking */

/* A number of an inode is used again as soon as it is free: a file that was removed and made anew may have the old one. Where the filesystem knows when a
 * file was made, that is part of who it is. `path` NULL: the open file. */
static uint64_t identity(const struct stat *st, int fd, const char *path)
{
	struct statx more;

	if (statx(path ? AT_FDCWD : fd, path ? path : "",
	            path ? AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC : AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
	            STATX_BTIME, &more) < 0 ||
	        !(more.stx_mask & STATX_BTIME))
		return (uint64_t)st->st_ino;
	return (uint64_t)st->st_ino ^
	       ((uint64_t)more.stx_btime.tv_sec * 1000000000 + more.stx_btime.tv_nsec) * 0x9e3779b97f4a7c15u;
}

static struct sg_file_id id_of(const struct stat *st, int fd, const char *path)
{
	return (struct sg_file_id){
		.dev = (uint64_t)st->st_dev,
		.ino = identity(st, fd, path),
		.size = (uint64_t)st->st_size,
		.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
		.links = (uint32_t)st->st_nlink,
		.is_dir = S_ISDIR(st->st_mode),
		.is_file = S_ISREG(st->st_mode),
		.is_link = S_ISLNK(st->st_mode),
	};
}

int sg_os_stat(const char *path, struct sg_file_id *ret, struct sg_err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return sg_fail_errno(err, "cannot look at %s", path);
	*ret = id_of(&st, -1, path);
	return 0;
}

int sg_os_ours(const char *path, struct sg_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return sg_fail_errno(err, "cannot look at %s", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return sg_fail(err, SG_EACCES,
		        "%s belongs to uid %lu, who may change what is in it: give it to this account, or "
		        "choose another",
		        path, (unsigned long)st.st_uid);
	if (S_ISREG(st.st_mode) && ((st.st_mode & S_IWOTH) || ((st.st_mode & S_IWGRP) && st.st_gid != 0 &&
	                                                              st.st_gid != getegid())))
		return sg_fail(err, SG_EACCES,
		        "others may change %s (mode %03o): take their right to write away", path,
		        (unsigned)(st.st_mode & 0777));
	return 0;
}

/* Opens a regular file and nothing else; a FIFO or a device never blocks. */
static int open_regular(const char *path, int flags, int *ret, struct stat *ret_st, struct sg_err *err)
{
	int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600), r;

	if (fd < 0 && errno == ELOOP)
		return sg_fail(
		        err, SG_EUNSUPPORTED, "%s is a symbolic link, and those are not followed", path);
	if (fd < 0)
		return sg_fail_errno(err, "cannot open %s", path);
	if (fstat(fd, ret_st) < 0) {
		r = sg_fail_errno(err, "cannot look at %s", path);
		close(fd);
		return r;
	}
	if (!S_ISREG(ret_st->st_mode)) {
		close(fd);
		return sg_fail(err, SG_EUNSUPPORTED, "%s is no regular file", path);
	}
	*ret = fd;
	return 0;
}

int sg_os_read(
        const char *path, size_t max, struct sg_buf *ret, struct sg_file_id *ret_id, struct sg_err *err)
{
	struct sg_buf buf = { 0 };
	unsigned char chunk[65536];
	struct stat st;
	ssize_t n;
	int fd = -1, r;

	r = open_regular(path, O_RDONLY, &fd, &st, err);
	if (r < 0)
		return r;
	/* the size was true when it was asked for: what grows meanwhile is caught in the loop */
	while (buf.len <= max && (uint64_t)st.st_size <= max) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = sg_fail_errno(err, "cannot read %s", path);
			goto out;
		}
		if (n == 0)
			break;
		sg_buf_add(&buf, chunk, (size_t)n);
	}
	if (buf.len > max || (uint64_t)st.st_size > max) {
		r = sg_fail(err, SG_ELIMIT, "%s is larger than %llu octets", path, (unsigned long long)max);
		goto out;
	}
	sg_buf_add(&buf, NULL, 0);
	sg_buf_release(ret);
	*ret = buf;
	buf = (struct sg_buf){ 0 };
	if (ret_id)
		*ret_id = id_of(&st, fd, NULL);
out:
	close(fd);
	sg_buf_release(&buf);
	return r;
}

/* --- replacing a file */

static int write_all(int fd, struct sg_bytes octets)
{
	for (size_t at = 0; at < octets.len;) {
		ssize_t n = write(fd, octets.data + at, octets.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += (size_t)n;
	}
	return 0;
}

static int copy_xattr(int from, int to, const char *name, const char *path, struct sg_err *err)
{
	char *value = NULL;
	ssize_t len = fgetxattr(from, name, NULL, 0);
	int r = 0;

	if (len >= 0) {
		value = sg_alloc((size_t)len + 1);
		len = fgetxattr(from, name, value, (size_t)len);
	}
	if (len < 0 && errno != ENODATA && errno != ENOTSUP)
		r = sg_fail_errno(err, "cannot read the attribute %s that %s is to have", name, path);
	/* security.* is the system's own: what it does not let us set, it sets by its policy */
	else if (len >= 0 && fsetxattr(to, name, value, (size_t)len, 0) < 0 &&
	         strncmp(name, "security.", 9) != 0)
		r = sg_fail_errno(err, "cannot give %s the attribute %s", path, name);
	free(value);
	return r;
}

static int copy_xattrs(int from, int to, const char *path, struct sg_err *err)
{
	ssize_t len = flistxattr(from, NULL, 0);
	char *names;
	int r;

	/* ntfs-3g keeps the Windows ACL here and does not list it; other file systems know no such name */
	r = copy_xattr(from, to, "system.ntfs_acl", path, err);
	if (r < 0 || len == 0 || (len < 0 && errno == ENOTSUP))
		return r;
	names = sg_alloc(len < 0 ? 1 : (size_t)len);
	if (len < 0 || (len = flistxattr(from, names, (size_t)len)) < 0)
		r = sg_fail_errno(err, "cannot list the attributes that %s is to have", path);
	for (char *p = names; r == 0 && p < names + len; p += strlen(p) + 1)
		r = copy_xattr(from, to, p, path, err);
	free(names);
	return r;
}

/* Owner first, because a change of owner clears mode bits; attributes before the mode, because an ACL sets it, too. */
static int copy_metadata(const char *like, int fd, const char *path, struct sg_err *err)
{
	struct stat st, now;
	int from = -1, r;

	r = open_regular(like, O_RDONLY, &from, &st, err);
	if (r < 0)
		return r;
	if (fstat(fd, &now) < 0)
		r = sg_fail_errno(err, "cannot look at %s", path);
	else if ((now.st_uid != st.st_uid || now.st_gid != st.st_gid) && fchown(fd, st.st_uid, st.st_gid) < 0)
		r = sg_fail_errno(err, "cannot give %s the owner of %s", path, like);
	if (r == 0)
		r = copy_xattrs(from, fd, path, err);
	if (r == 0 && fchmod(fd, st.st_mode & 07777) < 0)
		r = sg_fail_errno(err, "cannot give %s the mode of %s", path, like);
	close(from);
	return r;
}

static int create(const char *path, mode_t mode, struct sg_bytes octets, const char *like, struct sg_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	int r = 0;

	if (fd < 0)
		return sg_fail_errno(err, "cannot create %s", path);
	if (write_all(fd, octets) < 0)
		r = sg_fail_errno(err, "cannot write %s", path);
	if (r == 0 && like)
		r = copy_metadata(like, fd, path, err);
	if (close(fd) < 0 && r == 0)
		r = sg_fail_errno(err, "cannot write %s", path);
	if (r < 0)
		unlink(path);
	return r;
}

int sg_os_create(const char *path, struct sg_bytes octets, const char *like, struct sg_err *err)
{
	return create(path, 0600, octets, like, err);
}

int sg_os_create_plain(const char *path, struct sg_bytes octets, struct sg_err *err)
{
	return create(path, 0666, octets, NULL, err);
}

static int fatal(struct sg_err *err, const char *path)
{
	return sg_fail(err, SG_EFATAL, "cannot flush %s: %s; what the volume holds is not known now", path,
	        strerror(errno));
}

int sg_os_sync_file(const char *path, struct sg_err *err)
{
	struct stat st;
	int fd = -1, r;

	r = open_regular(path, O_RDONLY, &fd, &st, err);
	if (r < 0)
		return r;
	if (fsync(fd) < 0)
		r = fatal(err, path);
	close(fd);
	return r;
}

int sg_os_replace(const char *from, const char *to, struct sg_err *err)
{
	if (rename(from, to) < 0)
		return sg_fail_errno(err, "cannot put %s in the place of %s", from, to);
	return 0;
}

int sg_os_unlink(const char *path, struct sg_err *err)
{
	if (unlink(path) < 0 && errno != ENOENT)
		return sg_fail_errno(err, "cannot remove %s", path);
	return 0;
}

/* --- space */

int sg_os_allocate(const char *path, uint64_t size, struct sg_err *err)
{
	struct stat st;
	int fd = -1, r, e = 0;

	if (size > INT64_MAX)
		return sg_fail(err, SG_EINVAL, "%s cannot have %llu octets", path, (unsigned long long)size);
	r = open_regular(path, O_RDWR | O_CREAT, &fd, &st, err);
	if (r < 0)
		return r;
	do
		e = size ? posix_fallocate(fd, 0, (off_t)size) : 0;
	while (e == EINTR);
	close(fd);
	if (e) {
		errno = e;
		return sg_fail_errno(
		        err, "cannot allocate %llu octets for %s", (unsigned long long)size, path);
	}
	return 0;
}

/* --- an open file that is written in place */

int sg_os_open(const char *path, bool create, struct sg_os_file *ret, struct sg_err *err)
{
	struct stat st;
	int fd = -1, r;

	r = open_regular(path, O_RDWR | (create ? O_CREAT : 0), &fd, &st, err);
	if (r == 0)
		ret->h = fd;
	return r;
}

int sg_os_identify(struct sg_os_file f, struct sg_file_id *ret, struct sg_err *err)
{
	struct stat st;

	if (fstat((int)f.h, &st) < 0)
		return sg_fail_errno(err, "cannot look at an open file");
	*ret = id_of(&st, (int)f.h, NULL);
	return 0;
}

int sg_os_open_read(const char *path, struct sg_os_file *ret, struct sg_err *err)
{
	struct stat st;
	int fd = -1, r;

	r = open_regular(path, O_RDONLY, &fd, &st, err);
	if (r == 0)
		ret->h = fd;
	return r;
}

int sg_os_pread(struct sg_os_file f, uint64_t at, void *out, size_t len, size_t *ret_len, struct sg_err *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread((int)f.h, (char *)out + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sg_fail_errno(
			        err, "cannot read at octet %llu", (unsigned long long)(at + done));
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*ret_len = done;
	return 0;
}

int sg_os_pwrite(struct sg_os_file f, uint64_t at, const void *data, size_t len, struct sg_err *err)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite((int)f.h, (const char *)data + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sg_fail_errno(
			        err, "cannot write at octet %llu", (unsigned long long)(at + done));
		done += (size_t)n;
	}
	return 0;
}

int sg_os_sync(struct sg_os_file f, struct sg_err *err)
{
	return fdatasync((int)f.h) < 0 ? fatal(err, "an open file") : 0;
}

void sg_os_close(struct sg_os_file *f)
{
	if (f->h >= 0)
		close((int)f->h);
	f->h = -1;
}
