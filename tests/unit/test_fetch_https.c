/* test_fetch_https.c - one document over https, by an authority of one's own, by another's, and under another name. libcurl runs in a worker, as in the
 * service. */
#include "base/os.h"
#include "feed/apart.h"
#include "tests/lib/fetch_lab.h"
#include "tests/lib/http_server.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/test_fetch_https_XXXXXX";

/* A server of an authority of one's own, named as people name servers: with Schannel libcurl compares names and no numbers. */
struct own_server {
	struct pki pki, other;
	struct pki_cert tls, wrong_name;
	struct http_server server;
	char *ca, *other_ca, *url;
};

static void own_server_at(struct own_server *o, const struct pki_cert *cert)
{
	http_server_start(&o->server, cert);
	free(o->url);
	o->url = sg_format("https://localhost%s", strrchr(o->server.url, ':'));
}

static void own_server_start(struct own_server *o)
{
	struct sg_buf pem = { 0 }, other_pem = { 0 };
	struct sg_clock clock = { 0 };

	*o = (struct own_server){ .server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" };
	sg_os_clock(&clock);
	pki_chain(&o->pki, clock.wall);
	pki_chain(&o->other, clock.wall);
	struct pki_spec spec = pki_leaf_spec(&o->pki);

	spec.issuer = &o->pki.root;
	spec.extended = "serverAuth";
	spec.names = "DNS:localhost,IP:127.0.0.1";
	o->tls = pki_make(&spec);
	spec.names = "DNS:elsewhere.example";
	o->wrong_name = pki_make(&spec);
	pki_cert_pem(&o->pki.root, &pem);
	pki_cert_pem(&o->other.root, &other_pem);
	o->ca = fetch_file(dir, "\xc3\xa4\xc3\xb6 ca.pem", (char *)pem.data); /* whatever the code page is */
	o->other_ca = fetch_file(dir, "other.pem", (char *)other_pem.data);
	own_server_at(o, &o->tls);
	sg_buf_release(&pem);
	sg_buf_release(&other_pem);
}

static void own_server_stop(struct own_server *o)
{
	http_server_stop(&o->server);
	pki_cert_release(&o->tls);
	pki_cert_release(&o->wrong_name);
	pki_release(&o->pki);
	pki_release(&o->other);
	free(o->ca);
	free(o->other_ca);
	free(o->url);
}

static void https_needs_a_certificate_of_the_given_authority(void **state)
{
	struct own_server o;
	struct sg_fetched got = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	own_server_start(&o);
	struct sg_fetch_request req = fetch_ask(o.url);

	req.ca_file = o.ca;
	if (sg_fetch(&req, &got, &err))
		fail_msg("%s", err.msg);
	assert_true(sg_bytes_is(sg_buf_bytes(&got.octets), "ok"));
	sg_fetched_release(&got);
	req.ca_file = o.other_ca;
	assert_fetch_refused(&req, SG_ENET, "check <network ca-file>");
	req.ca_file = "/nonexistent/ca.pem";
	assert_fetch_refused(&req, SG_ENET, "check <network ca-file>");
	http_server_stop(&o.server);
	own_server_at(&o, &o.wrong_name);
	req = fetch_ask(o.url);
	req.ca_file = o.ca;
	assert_fetch_refused(&req, SG_ENET, "check <network ca-file>");
	own_server_stop(&o);
}

static void https_without_one_needs_an_authority_of_the_system(void **state)
{
	struct own_server o;

	(void)state;
	own_server_start(&o);
	struct sg_fetch_request req = fetch_ask(o.url);

	assert_fetch_refused(&req, SG_ENET, "check <network ca-file>");
	own_server_stop(&o);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return sg_os_remove_tree(dir, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(https_needs_a_certificate_of_the_given_authority),
		cmocka_unit_test(https_without_one_needs_an_authority_of_the_system),
	};

	sg_worker_begin(argc, argv, sg_feed_jobs);
	return cmocka_run_group_tests(tests, setup, teardown);
}
