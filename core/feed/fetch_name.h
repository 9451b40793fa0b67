/* fetch_name.h - why the system has no address for a name, or no connection to one: what libcurl does not say. */
#ifndef SG_FEED_FETCH_NAME_H
#define SG_FEED_FETCH_NAME_H

enum sg_name_fault {
	SG_NAME_FOUND,  /* now it has one */
	SG_NAME_NONE,   /* a name server says that there is no such name */
	SG_NAME_SILENT, /* no name server answers, or it cannot say */
};
/* Asks the system once more. May block as long as its resolver does. */
enum sg_name_fault sg_fetch_name_fault(const char *host);

/* The system's words for a socket's error, as CURLINFO_OS_ERRNO gives its number. Owned by the caller. */
char *sg_fetch_socket_fault(long number);

#endif
