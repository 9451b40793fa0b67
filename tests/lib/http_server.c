#include "tests/lib/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

struct client {
	int fd;
	SSL *ssl;
};

static int client_read(struct client *c, char *to, size_t len)
{
	return c->ssl ? SSL_read(c->ssl, to, (int)len) : (int)recv(c->fd, to, len, 0);
}

static bool client_write(struct client *c, const char *data, size_t len)
{
	if (c->ssl)
		return SSL_write(c->ssl, data, (int)len) == (int)len;
	return send(c->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool wait_for(struct http_server *s, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (!atomic_load(&s->over))
		if (poll(&p, 1, 50) > 0)
			return true;
	return false;
}

static bool read_head(struct http_server *s, struct client *c)
{
	size_t have = 0;

	while (have < sizeof s->request - 1) {
		if (!(c->ssl && SSL_pending(c->ssl) > 0) && !wait_for(s, c->fd))
			return false;
		int n = client_read(c, s->request + have, sizeof s->request - 1 - have);

		if (n <= 0)
			return false;
		have += (size_t)n;
		s->request[have] = 0;
		if (strstr(s->request, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void serve(struct http_server *s, struct client *c)
{
	static const char more[4096] = "x";

	if (!read_head(s, c))
		return;
	if (s->silent) {
		wait_for(s, c->fd);
		return;
	}
	if (s->etag && strstr(s->request, s->etag)) {
		client_write(c, "HTTP/1.1 304 Not Modified\r\n\r\n", 29);
		return;
	}
	bool ok = client_write(c, s->answer, strlen(s->answer));

	while (ok && s->endless && !atomic_load(&s->over))
		ok = client_write(c, more, sizeof more);
}

static void *run(void *arg)
{
	struct http_server *s = arg;

	while (wait_for(s, s->listener)) {
		struct client c = { .fd = accept(s->listener, NULL, NULL) };

		if (c.fd < 0)
			continue;
		if (s->tls) {
			c.ssl = SSL_new(s->tls);
			SSL_set_fd(c.ssl, c.fd);
		}
		if (!c.ssl || SSL_accept(c.ssl) == 1)
			serve(s, &c);
		if (c.ssl) {
			SSL_shutdown(c.ssl);
			SSL_free(c.ssl);
		}
		shutdown(c.fd, SHUT_WR);
		close(c.fd);
		atomic_fetch_add(&s->served, 1);
	}
	return NULL;
}

void http_server_start(struct http_server *s, const struct pki_cert *tls)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;

	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	must(s->listener >= 0, "socket");
	must(bind(s->listener, (struct sockaddr *)&at, sizeof at) == 0, "bind");
	must(listen(s->listener, 8) == 0, "listen");
	must(getsockname(s->listener, (struct sockaddr *)&at, &len) == 0, "getsockname");
	snprintf(s->url, sizeof s->url, "http%s://127.0.0.1:%d/feed.xml", tls ? "s" : "", ntohs(at.sin_port));
	if (tls) {
		SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

		must(ctx && SSL_CTX_use_certificate(ctx, tls->x509) == 1 &&
		                SSL_CTX_use_PrivateKey(ctx, tls->key) == 1,
		        "SSL_CTX");
		s->tls = ctx;
	}
	atomic_store(&s->over, false);
	must(pthread_create(&s->thread, NULL, run, s) == 0, "pthread_create");
}

void http_server_stop(struct http_server *s)
{
	atomic_store(&s->over, true);
	pthread_join(s->thread, NULL);
	close(s->listener);
	SSL_CTX_free(s->tls);
	s->tls = NULL;
}
