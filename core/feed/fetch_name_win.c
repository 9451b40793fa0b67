/* fetch_name_win.c - GetAddrInfo's own reason, where libcurl only says that a name was not resolved. libcurl has begun Winsock before. */
#include "feed/fetch_name.h"

#include <winsock2.h>
#include <ws2tcpip.h>

enum sg_name_fault sg_fetch_name_fault(const char *host)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int r = getaddrinfo(host, NULL, &hints, &found);

	if (!r)
		freeaddrinfo(found);
	return !r ? SG_NAME_FOUND : r == WSAHOST_NOT_FOUND ? SG_NAME_NONE : SG_NAME_SILENT;
}
