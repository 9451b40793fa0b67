/* stat.h - mingw-w64's, with POSIX's mkdir(), and lstat() where no links are made (posix_win.c). */
#ifndef SG_TEST_WINDOWS_STAT_H
#define SG_TEST_WINDOWS_STAT_H

#include_next <sys/stat.h>

int t_windows_mkdir(const char *path, mode_t mode);
#define mkdir(path, mode) t_windows_mkdir(path, mode)
#define lstat(path, ret)  stat(path, ret)
int mkfifo(const char *path, mode_t mode); /* ENOSYS */

#endif
