/* in.h - Winsock's addresses. */
#include <sys/socket.h>
