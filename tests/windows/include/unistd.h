/* unistd.h - mingw-w64's, and what the tests need besides (posix_win.c). What Windows has no like of fails with ENOSYS: the cases that need it are left
 * out in windows.cmake, each with the reason. The one account may do everything, as root may. */
#ifndef SG_TEST_WINDOWS_UNISTD_H
#define SG_TEST_WINDOWS_UNISTD_H

#include_next <unistd.h>
#include <sys/types.h>

typedef int uid_t;
typedef int gid_t;

int link(const char *from, const char *to);
int symlink(const char *to, const char *path); /* ENOSYS */
int truncate(const char *path, off_t len);
ssize_t pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t pread(int fd, void *out, size_t len, off_t at);
uid_t geteuid(void);
int seteuid(uid_t uid);
int chown(const char *path, uid_t uid, gid_t gid); /* ENOSYS */
int pause(void);                                   /* ENOSYS */
pid_t fork(void);                                  /* ENOSYS */
int pipe(int ends[2]);                             /* ENOSYS */

int t_windows_close(int fd); /* sockets, too */
#define close(fd) t_windows_close(fd)
int fdatasync(int fd); /* for tests that put their own in its place; nothing calls it */

#endif
