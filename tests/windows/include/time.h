/* time.h - the C library's, and what POSIX adds to it, for tests on Windows (posix_win.c). */
#ifndef SG_TEST_WINDOWS_TIME_H
#define SG_TEST_WINDOWS_TIME_H

#include_next <time.h>

struct tm *gmtime_r(const time_t *t, struct tm *ret);

#endif
