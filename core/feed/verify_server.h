/* verify_server.h - what a TLS server's certificate says of itself, for people. Decides nothing: libcurl does. */
#ifndef SG_FEED_VERIFY_SERVER_H
#define SG_FEED_VERIFY_SERVER_H

#include "base/buf.h"

#include <stdint.h>

/* Texts may quote anybody. */
struct sg_server_cert {
	char *subject, *issuer;
	char *names;         /* of hosts, with commas between them; "": none */
	int64_t from, until; /* ms */
	bool self_signed;    /* by its names */
};
/* One certificate in PEM. False: it is none. */
bool sg_server_cert_read(struct sg_bytes pem, struct sg_server_cert *ret);
void sg_server_cert_release(struct sg_server_cert *c);

#endif
