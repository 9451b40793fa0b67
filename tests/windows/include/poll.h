/* poll.h - Winsock's WSAPoll() under POSIX's name (posix_win.c). */
#ifndef SG_TEST_WINDOWS_POLL_H
#define SG_TEST_WINDOWS_POLL_H

/* Its members' names are POSIX's, its socket is not. */
struct t_windows_pollfd {
	int fd;
	short events, revents;
};
#include <sys/socket.h>
int t_windows_poll(struct t_windows_pollfd *p, unsigned long n, int timeout_ms);
#define pollfd                 t_windows_pollfd
#define poll(p, n, timeout_ms) t_windows_poll(p, n, timeout_ms)

#endif
