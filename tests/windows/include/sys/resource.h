/* resource.h - what this process has used. There are no limits: the cases that set one are left out in windows.cmake. */
#ifndef SG_TEST_WINDOWS_RESOURCE_H
#define SG_TEST_WINDOWS_RESOURCE_H

#include <sys/time.h>

typedef unsigned rlim_t;
struct rlimit {
	rlim_t rlim_cur, rlim_max;
};
enum { RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_NPROC, RLIMIT_FSIZE, RLIMIT_CPU };
int getrlimit(int what, struct rlimit *ret);      /* ENOSYS */
int setrlimit(int what, const struct rlimit *to); /* ENOSYS */

struct rusage {
	struct timeval ru_utime, ru_stime;
	long ru_maxrss; /* KiB */
};
enum { RUSAGE_SELF };
int getrusage(int who, struct rusage *ret);

#endif
