/* shim_calls.c - the calls of the C library that change files, in front of the C library's (shim.h). */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include "shim_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* What this process has open below the root. */
enum { FDS = 256 };
static struct {
	bool known, dir, sync;
	uint32_t node;
} files[FDS];

/* --- descriptors */

static bool known(int fd)
{
	return shim && fd >= 0 && fd < FDS && files[fd].known;
}

static const char *name_of(int fd)
{
	if (files[fd].node == SHIM_ROOT)
		return "/";
	for (uint32_t i = 0; i < shim->n_entries; i++) {
		if (shim->entries[i].node == files[fd].node)
			return shim->entries[i].name;
	}
	return "(no name)";
}

static int do_open(int at, const char *path, int flags, mode_t mode)
{
	struct place p = { 0 };
	bool ours = shim_below(path), fresh;
	int fd;

	if (ours && !shim_find(path, &p))
		ours = false;
	fresh = ours && !p.is_root && !p.entry;
	if (fresh && (flags & O_CREAT))
		shim_point("create", p.name);
	fd = (int)syscall(SYS_openat, at, path, flags, mode);
	if (fd < 0)
		return fd;
	if (fd < FDS)
		files[fd].known = false;
	if (!ours)
		return fd;
	if (fd >= FDS)
		shim_give_up("too many descriptors", path);
	if (fresh && (flags & O_CREAT)) {
		shim_log_link(&p, false, mode & 07777);
		shim_find(path, &p);
	} else if (fresh) {
		shim_give_up("a file that nobody made", path);
	}
	files[fd].known = true;
	files[fd].dir = p.is_root || p.entry->dir;
	files[fd].node = p.is_root ? SHIM_ROOT : p.entry->node;
	files[fd].sync = (flags & O_DSYNC) != 0; /* O_SYNC has this bit, too */
	if ((flags & O_TRUNC) && !fresh)
		shim_log_content(SHIM_SIZE, files[fd].node, 0, 0);
	return fd;
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return do_open(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return do_open(at, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
	return do_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int close(int fd)
{
	if (fd >= 0 && fd < FDS)
		files[fd].known = false;
	return (int)syscall(SYS_close, fd);
}

/* --- contents */

static void writing(int fd)
{
	shim_point(files[fd].sync ? "write and sync" : "write", name_of(fd));
	shim->flushes += files[fd].sync;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	ssize_t n;

	if (known(fd))
		writing(fd);
	n = syscall(SYS_pwrite64, fd, data, len, at);
	if (known(fd) && n > 0)
		shim_log_write(files[fd].node, files[fd].sync, (uint64_t)at, data, (size_t)n);
	return n;
}

ssize_t write(int fd, const void *data, size_t len)
{
	off_t at = known(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t n;

	if (known(fd))
		writing(fd);
	n = syscall(SYS_write, fd, data, len);
	if (known(fd) && n > 0)
		shim_log_write(files[fd].node, files[fd].sync, (uint64_t)at, data, (size_t)n);
	return n;
}

static void log_vector(int fd, off_t at, const struct iovec *v, int n, ssize_t done)
{
	for (int i = 0; i < n && done > 0; i++) {
		size_t len = v[i].iov_len < (size_t)done ? v[i].iov_len : (size_t)done;

		shim_log_write(files[fd].node, files[fd].sync, (uint64_t)at, v[i].iov_base, len);
		at += (off_t)len;
		done -= (ssize_t)len;
	}
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	off_t at = known(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t done;

	if (known(fd))
		writing(fd);
	done = syscall(SYS_writev, fd, v, n);
	if (known(fd))
		log_vector(fd, at, v, n, done);
	return done;
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	ssize_t done;

	if (known(fd))
		writing(fd);
	done = syscall(SYS_pwritev, fd, v, n, at, 0);
	if (known(fd))
		log_vector(fd, at, v, n, done);
	return done;
}

int ftruncate(int fd, off_t len)
{
	int r;

	if (known(fd))
		shim_point("truncate", name_of(fd));
	r = (int)syscall(SYS_ftruncate, fd, len);
	if (known(fd) && r == 0)
		shim_log_content(SHIM_SIZE, files[fd].node, 0, (uint64_t)len);
	return r;
}

/* Growing is one thing, having the blocks another: fdatasync owes only what reading needs. */
int fallocate(int fd, int mode, off_t at, off_t len)
{
	struct stat st;
	int r;

	if (known(fd))
		shim_point("allocate", name_of(fd));
	r = (int)syscall(SYS_fallocate, fd, mode, at, len);
	if (known(fd) && r == 0) {
		if (mode || at || fstat(fd, &st))
			shim_give_up("a fallocate that the log cannot express", name_of(fd));
		shim_log_content(SHIM_SIZE, files[fd].node, 0, (uint64_t)st.st_size);
		shim_log_content(SHIM_ALLOCATE, files[fd].node, 0, (uint64_t)len);
	}
	return r;
}

int posix_fallocate(int fd, off_t at, off_t len)
{
	return fallocate(fd, 0, at, len) < 0 ? errno : 0;
}

int fchmod(int fd, mode_t mode)
{
	int r;

	if (known(fd))
		shim_point("chmod", name_of(fd));
	r = (int)syscall(SYS_fchmod, fd, mode);
	if (known(fd) && r == 0)
		shim_log_content(SHIM_MODE, files[fd].node, mode, 0);
	return r;
}

/* --- flushes */

static int flush(int fd, const char *call, enum shim_kind kind)
{
	if (!known(fd))
		return (int)syscall(kind == SHIM_SYNC ? SYS_fsync : SYS_fdatasync, fd);
	shim_point(call, name_of(fd));
	shim->flushes++;
	shim_log_content(files[fd].dir ? SHIM_SYNC_DIR : kind, files[fd].node, 0, 0);
	return 0;
}

int fsync(int fd)
{
	return flush(fd, "fsync", SHIM_SYNC);
}

int fdatasync(int fd)
{
	return flush(fd, "fdatasync", SHIM_SYNC_DATA);
}

/* Nothing of the journal is written through a map (MDB_WRITEMAP stays off): a flush of one would be beside the point, and is counted. */
int msync(void *at, size_t len, int flags)
{
	if (shim && shim->armed)
		shim->flushes++;
	return (int)syscall(SYS_msync, at, len, flags);
}

/* --- names */

int rename(const char *from, const char *to)
{
	struct place a, b;
	struct shim_event *e;
	char both[2 * SHIM_NAME + 8];
	int r;

	if (!shim_below(from) || !shim_below(to))
		return (int)syscall(SYS_rename, from, to);
	if (!shim_find(from, &a) || !shim_find(to, &b) || !a.entry || a.folder != b.folder ||
	        (b.entry && b.entry->dir))
		shim_give_up("a rename that the log cannot express", from);
	snprintf(both, sizeof(both), "%s -> %s", a.name, b.name);
	shim_point("rename", both);
	r = (int)syscall(SYS_rename, from, to);
	if (r < 0)
		return r;
	e = shim_log(SHIM_RENAME);
	e->folder = a.folder;
	e->node = a.entry->node;
	memcpy(e->name, a.name, sizeof(e->name));
	memcpy(e->to, b.name, sizeof(e->to));
	memcpy(a.entry->name, b.name, sizeof(a.entry->name));
	if (b.entry)
		shim_drop_entry(b.entry);
	return 0;
}

static int drop_name(const char *path, bool dir)
{
	struct place p;
	struct shim_event *e;
	int r;

	if (shim_below(path) && shim_find(path, &p) && p.entry)
		shim_point(dir ? "rmdir" : "unlink", p.name);
	r = (int)syscall(dir ? SYS_rmdir : SYS_unlink, path);
	if (r < 0 || !shim_below(path))
		return r;
	if (!shim_find(path, &p) || !p.entry)
		shim_give_up("a name that nobody made is gone", path);
	e = shim_log(SHIM_UNLINK);
	e->folder = p.folder;
	e->node = p.entry->node;
	memcpy(e->name, p.name, sizeof(e->name));
	shim_drop_entry(p.entry);
	return 0;
}

int unlink(const char *path)
{
	return drop_name(path, false);
}

int rmdir(const char *path)
{
	return drop_name(path, true);
}

int mkdir(const char *path, mode_t mode)
{
	struct place p;
	int r;

	if (shim_below(path) && shim_find(path, &p) && !p.is_root && !p.entry)
		shim_point("mkdir", p.name);
	r = (int)syscall(SYS_mkdir, path, mode);
	if (r == 0 && shim_below(path) && shim_find(path, &p))
		shim_log_link(&p, true, mode & 07777);
	return r;
}

int link(const char *from, const char *to)
{
	if (shim_below(to))
		shim_give_up("a hard link, which the log cannot express", from);
	return (int)syscall(SYS_link, from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	if (shim_below(from) || shim_below(to))
		return rename(from, to);
	return (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

/* --- what would differ from run to run: a point has to mean the same thing when it is replayed, and equal disks have to be equal octet by octet */

ssize_t getrandom(void *out, size_t len, unsigned flags)
{
	static uint64_t at;
	unsigned char *p = out;

	if (!shim_tracking)
		return syscall(SYS_getrandom, out, len, flags);
	for (size_t i = 0; i < len; i++) {
		uint64_t z = (at++ + 1000003 * (uint64_t)shim->n_events) * 0x9e3779b97f4a7c15u;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		p[i] = (unsigned char)(z >> 56);
	}
	return (ssize_t)len;
}

pid_t getpid(void)
{
	return shim_tracking ? 4242 : (pid_t)syscall(SYS_getpid);
}

/* A file is the same file when its node is; the drive is one device. */
static void steady(uint32_t node, struct stat *st)
{
	st->st_dev = 1;
	st->st_ino = node + 1;
	st->st_mtim = (struct timespec){ 0 };
}

static int look(const char *path, struct stat *st, int flags)
{
	struct place p;
	int r = (int)syscall(SYS_newfstatat, AT_FDCWD, path, st, flags);

	if (r == 0 && shim_below(path) && shim_find(path, &p) && (p.is_root || p.entry))
		steady(p.is_root ? SHIM_ROOT : p.entry->node, st);
	return r;
}

int stat(const char *path, struct stat *st)
{
	return look(path, st, 0);
}

/* A disk that is put together again has new files under numbers that stay (lstat below); when they were made is not kept, so nobody is told. */
int statx(int dir, const char *restrict path, int flags, unsigned mask, struct statx *restrict ret)
{
	(void)dir;
	(void)path;
	(void)flags;
	(void)mask;
	(void)ret;
	errno = ENOSYS;
	return -1;
}

int lstat(const char *path, struct stat *st)
{
	return look(path, st, AT_SYMLINK_NOFOLLOW);
}

int fstat(int fd, struct stat *st)
{
	int r = (int)syscall(SYS_fstat, fd, st);

	if (r == 0 && known(fd))
		steady(files[fd].node, st);
	return r;
}
