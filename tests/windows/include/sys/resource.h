/* resource.h - there are no such limits: the cases that set one are left out in windows.cmake. */
#ifndef SG_TEST_WINDOWS_RESOURCE_H
#define SG_TEST_WINDOWS_RESOURCE_H

typedef unsigned rlim_t;
struct rlimit {
	rlim_t rlim_cur, rlim_max;
};
enum { RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_NPROC, RLIMIT_FSIZE, RLIMIT_CPU };
int getrlimit(int what, struct rlimit *ret);      /* ENOSYS */
int setrlimit(int what, const struct rlimit *to); /* ENOSYS */

#endif
