/* dirent.h - mingw-w64's, and what POSIX has besides (posix_win.c). */
#ifndef SG_TEST_WINDOWS_DIRENT_H
#define SG_TEST_WINDOWS_DIRENT_H

#include_next <dirent.h>

int alphasort(const struct dirent **a, const struct dirent **b);
int scandir(const char *path, struct dirent ***ret, int (*want)(const struct dirent *),
        int (*order)(const struct dirent **, const struct dirent **));

#endif
