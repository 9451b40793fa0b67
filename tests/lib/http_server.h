/* http_server.h - a loopback server in a thread, for tests: it answers every connection as it is told, wrongly too. */
#ifndef SG_TESTS_HTTP_SERVER_H
#define SG_TESTS_HTTP_SERVER_H

#include "tests/lib/pki.h"
#include <pthread.h>
#include <stdatomic.h>

struct http_server {
	char url[64]; /* http://127.0.0.1:PORT/feed.xml, or https */
	/* What is sent after the request's head. With `etag` set, a request that carries it gets 304. */
	const char *answer;
	const char *etag;
	bool endless;       /* goes on sending after `answer` until the client leaves */
	bool silent;        /* sends nothing and keeps the connection */
	char request[4096]; /* the last one */
	atomic_int served;
	/* private */
	int listener;
	atomic_bool over;
	pthread_t thread;
	void *tls;
};

/* `tls`: the server's certificate and key; NULL: plain http. Fields may be changed between requests. */
void http_server_start(struct http_server *s, const struct pki_cert *tls);
void http_server_stop(struct http_server *s);

#endif
