/* stdio.h - the C library's, with a rename() that replaces, as POSIX has it (posix_win.c). */
#ifndef SG_TEST_WINDOWS_STDIO_H
#define SG_TEST_WINDOWS_STDIO_H

#include_next <stdio.h>

int t_windows_rename(const char *from, const char *to);
#define rename(from, to) t_windows_rename(from, to)

#endif
