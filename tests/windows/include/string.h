/* string.h - the C library's, and strsep() (posix_win.c). */
#ifndef SG_TEST_WINDOWS_STRING_H
#define SG_TEST_WINDOWS_STRING_H

#include_next <string.h>

char *strsep(char **text, const char *ends);

#endif
