/* fetch_name_posix.c - getaddrinfo(3)'s own reason, where libcurl only says that a name was not resolved. */
#include "feed/fetch_name.h"

#include "base/mem.h"

#include <netdb.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

enum sg_name_fault sg_fetch_name_fault(const char *host)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int r = getaddrinfo(host, NULL, &hints, &found);

	if (!r)
		freeaddrinfo(found);
	return !r ? SG_NAME_FOUND : r == EAI_NONAME ? SG_NAME_NONE : SG_NAME_SILENT;
}

char *sg_fetch_socket_fault(long number)
{
	return sg_strdup(strerror((int)number));
}
