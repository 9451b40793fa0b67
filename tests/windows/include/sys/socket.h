/* socket.h - Winsock under the names and with the int of POSIX (posix_win.c); close() closes sockets, too. */
#ifndef SG_TEST_WINDOWS_SOCKET_H
#define SG_TEST_WINDOWS_SOCKET_H

#include <winsock2.h>
#include <ws2tcpip.h>

#include <sys/types.h>

#define MSG_NOSIGNAL 0
#define SHUT_WR      SD_SEND
#define SHUT_RDWR    SD_BOTH

int t_windows_socket(int family, int type, int protocol);
int t_windows_accept(int fd, struct sockaddr *ret, socklen_t *ret_len);
ssize_t t_windows_recv(int fd, void *out, size_t len, int flags);
ssize_t t_windows_send(int fd, const void *data, size_t len, int flags);
#define socket(family, type, protocol) t_windows_socket(family, type, protocol)
#define accept(fd, ret, ret_len)       t_windows_accept(fd, ret, ret_len)
#define recv(fd, out, len, flags)      t_windows_recv(fd, out, len, flags)
#define send(fd, data, len, flags)     t_windows_send(fd, data, len, flags)
#define bind(fd, at, len)              bind((SOCKET)(fd), at, (int)(len))
#define connect(fd, at, len)           connect((SOCKET)(fd), at, (int)(len))
#define listen(fd, n)                  listen((SOCKET)(fd), n)
#define getsockname(fd, ret, ret_len)  getsockname((SOCKET)(fd), ret, ret_len)
#define setsockopt(fd, level, name, value, len)                                                              \
	setsockopt((SOCKET)(fd), level, name, (const char *)(value), (int)(len))
#define shutdown(fd, how) shutdown((SOCKET)(fd), how)

#endif
