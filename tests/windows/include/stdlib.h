/* stdlib.h - the C library's, and what POSIX adds to it, for tests on Windows (posix_win.c). */
#ifndef SG_TEST_WINDOWS_STDLIB_H
#define SG_TEST_WINDOWS_STDLIB_H

#include_next <stdlib.h>

char *mkdtemp(char *template);
int setenv(const char *name, const char *value, int overwrite);
int unsetenv(const char *name);

#endif
