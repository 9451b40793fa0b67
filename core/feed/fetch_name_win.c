/* fetch_name_win.c - GetAddrInfo's own reason, where libcurl only says that a name was not resolved. libcurl has begun Winsock before. */
#include "feed/fetch_name.h"

#include "base/os_win.h"

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

#include <stdlib.h>
#include <string.h>

enum sg_name_fault sg_fetch_name_fault(const char *host)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int r = getaddrinfo(host, NULL, &hints, &found);

	if (!r)
		freeaddrinfo(found);
	return !r ? SG_NAME_FOUND : r == WSAHOST_NOT_FOUND ? SG_NAME_NONE : SG_NAME_SILENT;
}

char *sg_fetch_socket_fault(long number)
{
	wchar_t wide[256] = { 0 };
	char *text;
	size_t len;

	if (!FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
	                            FORMAT_MESSAGE_MAX_WIDTH_MASK,
	            NULL, (DWORD)number, 0, wide, 256, NULL))
		return sg_format("error %ld of Winsock", number);
	text = sg_win_utf8(wide);
	len = strlen(text);
	while (len && (text[len - 1] == ' ' || text[len - 1] == '.'))
		text[--len] = 0;
	return text;
}
