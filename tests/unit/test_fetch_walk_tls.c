/* test_fetch_walk_tls.c - proxies and certificates on a feed's way: who stands in between is named, with where it was set and what to do.
 * libcurl runs in a worker, as in the service. */
#include "base/os.h"
#include "feed/apart.h"
#include "tests/lib/http_server.h"
#include "tests/lib/walk_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define OK_2 "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 2\r\n\r\nok"

static struct pki pki;
static char *ca;

/* Named as people name servers: with Schannel libcurl compares names and no numbers. The caller's. */
static char *by_name(const struct http_server *s)
{
	return sg_format("https://localhost%s", strrchr(s->url, ':'));
}

static struct pki_cert server_cert(const char *names, int64_t from, int64_t to, const struct pki_cert *issuer)
{
	struct pki_spec spec = pki_leaf_spec(&pki);

	spec.issuer = issuer;
	spec.extended = "serverAuth";
	spec.name = "the mirror";
	spec.names = names;
	if (from)
		spec.from = from;
	if (to)
		spec.to = to;
	return pki_make(&spec);
}

static void a_good_way_names_every_step_and_the_issuer(void **state)
{
	struct pki_cert tls = server_cert("IP:127.0.0.1", 0, 0, &pki.root);
	struct http_server s = { .answer = OK_2 };

	(void)state;
	http_server_start(&s, &tls);
	struct sg_fetch_request req = walk_ask(s.url);

	req.ca_file = ca;
	walk_is_well(&req);
	walk_is(SG_WALK_NAME, SG_WALKED_OK, "127.0.0.1 is an address already");
	walk_is(SG_WALK_TCP, SG_WALKED_OK, "connected to 127.0.0.1 port ");
	walk_is(SG_WALK_PROXY, SG_WALKED_OK, "none is used: this machine");
	walk_is(SG_WALK_TLS, SG_WALKED_OK, "TLSv1.");
	walk_is(SG_WALK_TLS, SG_WALKED_OK, "issued by 'O = stopgap tests, CN = Test Root', until 20");
	walk_is(SG_WALK_HTTP, SG_WALKED_OK, "200, text/xml");
	walk_is(SG_WALK_SIZE, SG_WALKED_OK, "2 octets");
	walk_is(SG_WALK_FILE, SG_WALKED_NOT, "");
	walk_is(SG_WALK_PARSE, SG_WALKED_NOT, "");
	assert_true(sg_bytes_is(sg_buf_bytes(&walk.fetched.octets), "ok"));
	assert_true(walk.at[SG_WALK_TLS].ms >= 0 && walk.at[SG_WALK_TLS].ms < 10000);
	http_server_stop(&s);
	assert_int_equal(atomic_load(&s.served), 1); /* it is asked once, as by a poll */
	pki_cert_release(&tls);
}

static void the_issuer_of_a_server_of_ones_own_authority_is_named(void **state)
{
	struct pki_cert tls = server_cert("DNS:localhost", 0, 0, &pki.root);
	struct http_server s = { .answer = OK_2 };
	char *url;

	(void)state;
	http_server_start(&s, &tls);
	url = by_name(&s);
	struct sg_fetch_request req = walk_ask(url);

	req.ca_file = ca;
	walk_is_well(&req);
	walk_is(SG_WALK_NAME, SG_WALKED_OK, "localhost");
	walk_is(SG_WALK_TLS, SG_WALKED_OK, "the certificate of localhost is issued by '");
	walk_is(SG_WALK_TLS, SG_WALKED_OK, "Test Root");
	walk_is(SG_WALK_TLS, SG_WALKED_OK, "', until 20");
	walk_is(SG_WALK_HTTP, SG_WALKED_OK, "200, text/xml");
	assert_true(sg_bytes_is(sg_buf_bytes(&walk.fetched.octets), "ok"));
	http_server_stop(&s);
	pki_cert_release(&tls);
	free(url);
}

/* --- proxies */

static void a_proxy_that_refuses_fails_at_the_proxy(void **state)
{
	static const struct {
		const char *answer, *says, *cure;
	} table[] = {
		{ "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
		  "realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
		        "asks for a password (407)", "without a password" },
		{ "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
		        "refuses to connect to feed.example port 443 (403)", "allow this server" },
	};
	struct http_server s = { .answer = "" };

	(void)state;
	http_server_start(&s, NULL);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_fetch_request req = walk_ask("https://feed.example/feed.xml");
		char *proxy = sg_format("%.*s", (int)strcspn(s.url + 7, "/") + 7, s.url),
		     *with = sg_format("http://user:secret@%s", proxy + 7);

		s.answer = table[i].answer;
		req.proxy = i ? with : proxy;
		walk_fails(&req, SG_WALK_PROXY, table[i].says, table[i].cure);
		walk_is(SG_WALK_PROXY, SG_WALKED_FAILED, proxy);
		walk_is(SG_WALK_PROXY, SG_WALKED_FAILED, "(<network proxy>)");
		walk_is(SG_WALK_NAME, SG_WALKED_SKIPPED, "left to the proxy");
		assert_null(strstr(walk.at[SG_WALK_PROXY].text, "secret"));
		free(proxy);
		free(with);
	}
	http_server_stop(&s);
}

static void a_proxy_that_is_not_there_fails_at_the_proxy(void **state)
{
	struct sg_fetch_request req = walk_ask("https://feed.example/feed.xml");

	(void)state;
	req.proxy = "http://127.0.0.1:9";
	walk_fails(&req, SG_WALK_PROXY, "http://127.0.0.1:9 (<network proxy>): ", "host and port");
	req.proxy = "http://no-such-proxy.invalid:3128";
	walk_fails(&req, SG_WALK_PROXY, "no address is known for the proxy's name", "spelling");
}

static void a_proxy_that_keeps_silent_names_itself_and_the_limit(void **state)
{
	struct http_server s = { .silent = true };
	char *proxy;

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = walk_ask("https://feed.example/feed.xml");

	proxy = sg_format("%.*s", (int)strcspn(s.url + 7, "/") + 7, s.url);
	req.proxy = proxy;
	req.timeout_ms = 1200;
	walk_fails(&req, SG_WALK_PROXY, "to connect to feed.example port 443, the doctor's limit",
	        "that the proxy runs");
	walk_is(SG_WALK_PROXY, SG_WALKED_FAILED, proxy);
	walk_is(SG_WALK_PROXY, SG_WALKED_FAILED, "it took longer than 1s");
	http_server_stop(&s);
	free(proxy);
}

static void the_environments_proxy_is_named_as_such(void **state)
{
	struct sg_fetch_request req = walk_ask("https://feed.example/feed.xml");

	(void)state;
	setenv("https_proxy", "http://u:secret@127.0.0.1:9", 1);
	req.proxy = "system";
	walk_fails(&req, SG_WALK_PROXY,
	        "http://127.0.0.1:9 (https_proxy of the service's own environment): ", "host and port");
	setenv("no_proxy", "feed.example", 1);
	sg_walk_release(&walk);
	sg_fetch_walk(&req, &walk);
	walk_is(SG_WALK_NAME, SG_WALKED_FAILED, "feed.example");
	walk_is(SG_WALK_PROXY, SG_WALKED_SKIPPED, "none is used");
	unsetenv("https_proxy");
	unsetenv("no_proxy");
}

/* What comes behind a proxy is not the proxy's. */
static void a_tunnel_that_ends_fails_at_tls(void **state)
{
	struct http_server s = { .answer = "HTTP/1.1 200 Connection established\r\n\r\n" };
	char *proxy;

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = walk_ask("https://feed.example/feed.xml");

	proxy = sg_format("%.*s", (int)strcspn(s.url + 7, "/") + 7, s.url);
	req.proxy = proxy;
	walk_fails(&req, SG_WALK_TLS, "no TLS with feed.example port 443", "in between");
	walk_is(SG_WALK_PROXY, SG_WALKED_OK, "through http://127.0.0.1:");
	http_server_stop(&s);
	free(proxy);
}

/* --- TLS */

static void an_issuer_that_nobody_knows_is_named(void **state)
{
	struct pki_spec box = { .name = "Acme Inspection CA",
		.from = pki.now - 86400,
		.to = pki.now + 86400 * 365,
		.constraints = "critical,CA:TRUE",
		.usage = "keyCertSign" };
	struct pki_cert inspector = pki_make(&box);
	struct pki_cert tls = server_cert("IP:127.0.0.1", 0, 0, &inspector);
	struct http_server s = { .answer = OK_2 };

	(void)state;
	http_server_start(&s, &tls);
	struct sg_fetch_request req = walk_ask(s.url);

	req.ca_file = ca;
	walk_fails(&req, SG_WALK_TLS, "is issued by 'O = stopgap tests, CN = Acme Inspection CA'",
	        "exempt 127.0.0.1 from inspection");
	walk_is(SG_WALK_TLS, SG_WALKED_FAILED, "an inspection box stands in between, unless");
	walk_is(SG_WALK_TLS, SG_WALKED_FAILED, ca);
	walk_is(SG_WALK_TCP, SG_WALKED_OK, "connected");
	req.ca_file = NULL;
	walk_fails(&req, SG_WALK_TLS, "CN = Acme Inspection CA', which this system's authorities do not",
	        "ca-file");
	assert_null(strstr(s.request, "GET")); /* nothing is asked of whom nobody knows */
	http_server_stop(&s);
	pki_cert_release(&tls);
	pki_cert_release(&inspector);
}

/* What stands in between is told by its name, whatever looks at the certificate: OpenSSL, or Windows. */
static void an_inspection_box_on_the_way_is_named(void **state)
{
	struct pki_spec box = { .name = "Acme Inspection CA",
		.from = pki.now - 86400,
		.to = pki.now + 86400 * 365,
		.constraints = "critical,CA:TRUE",
		.usage = "keyCertSign" };
	struct pki_cert inspector = pki_make(&box), tls = server_cert("DNS:localhost", 0, 0, &inspector);
	struct http_server s = { .answer = OK_2 };
	char *url;

	(void)state;
	http_server_start(&s, &tls);
	url = by_name(&s);
	struct sg_fetch_request req = walk_ask(url);

	req.ca_file = ca;
	walk_fails(&req, SG_WALK_TLS, "Acme Inspection CA", "exempt localhost from inspection");
	walk_is(SG_WALK_TLS, SG_WALKED_FAILED, "the certificate of localhost is issued by '");
	walk_is(SG_WALK_TLS, SG_WALKED_FAILED, "an inspection box stands in between, unless");
	walk_is(SG_WALK_TLS, SG_WALKED_FAILED, ca);
	assert_null(strstr(s.request, "GET")); /* nothing is asked of whom nobody knows */
	http_server_stop(&s);
	pki_cert_release(&tls);
	pki_cert_release(&inspector);
	free(url);
}

static void a_certificate_of_another_server_says_whose(void **state)
{
	struct pki_cert tls = server_cert("DNS:elsewhere.example,DNS:www.elsewhere.example", 0, 0, &pki.root);
	struct http_server s = { .answer = OK_2 };
	char *url;

	(void)state;
	http_server_start(&s, &tls);
	url = by_name(&s);
	struct sg_fetch_request req = walk_ask(url);

	req.ca_file = ca;
	walk_fails(&req, SG_WALK_TLS,
	        "is for 'elsewhere.example, www.elsewhere.example', not for 'localhost'", "feed's url");
	http_server_stop(&s);
	pki_cert_release(&tls);
	free(url);
}

static void a_certificate_out_of_its_time_says_when_and_the_clock(void **state)
{
	struct pki_cert old = server_cert("IP:127.0.0.1", pki.now - 86400 * 9, pki.now - 86400, &pki.root),
	                young = server_cert("IP:127.0.0.1", pki.now + 86400, 0, &pki.root);
	struct http_server s = { .answer = OK_2 };

	(void)state;
	http_server_start(&s, &old);
	struct sg_fetch_request req = walk_ask(s.url);

	req.ca_file = ca;
	walk_fails(&req, SG_WALK_TLS, "has expired on 20", "renew");
	walk_is(SG_WALK_TLS, SG_WALKED_FAILED, "this server's clock says 20");
	http_server_stop(&s);
	http_server_start(&s, &young);
	req = walk_ask(s.url);
	req.ca_file = ca;
	walk_fails(&req, SG_WALK_TLS, "is valid from 20", "set this server's clock");
	http_server_stop(&s);
	pki_cert_release(&old);
	pki_cert_release(&young);
}

static void a_certificate_of_another_name_says_which(void **state)
{
	struct pki_cert tls = server_cert("DNS:elsewhere.example,DNS:www.elsewhere.example", 0, 0, &pki.root);
	struct http_server s = { .answer = OK_2 };

	(void)state;
	http_server_start(&s, &tls);
	struct sg_fetch_request req = walk_ask(s.url);

	req.ca_file = ca;
	walk_fails(&req, SG_WALK_TLS,
	        "is for 'elsewhere.example, www.elsewhere.example', not for '127.0.0.1'", "feed's url");
	http_server_stop(&s);
	pki_cert_release(&tls);
}

static void a_port_that_speaks_no_tls_keeps_silent(void **state)
{
	struct http_server s = { .answer = OK_2 };
	char *url;

	(void)state;
	http_server_start(&s, NULL);
	url = sg_format("https%s", s.url + 4);
	struct sg_fetch_request req = walk_ask(url);

	req.timeout_ms = 1200;
	walk_fails(&req, SG_WALK_TLS, "longer than 1s", "check the port");
	http_server_stop(&s);
	free(url);
}

static void authorities_that_cannot_be_read_fail_at_tls(void **state)
{
	char *junk = walk_file("junk.pem", "no certificate");
	struct pki_cert tls = server_cert("IP:127.0.0.1", 0, 0, &pki.root);
	struct http_server s = { .answer = OK_2 };

	(void)state;
	http_server_start(&s, &tls);
	struct sg_fetch_request req = walk_ask(s.url);

	req.ca_file = "/nonexistent/ca.pem";
	walk_fails(&req, SG_WALK_TLS, "/nonexistent/ca.pem", "ca-file");
	req.ca_file = junk;
	walk_fails(&req, SG_WALK_TLS, junk, "PEM");
	http_server_stop(&s);
	pki_cert_release(&tls);
	free(junk);
}

static int setup(void **state)
{
	struct sg_buf pem = { 0 };
	struct sg_clock clock = { 0 };

	if (walk_set_up(state))
		return -1;
	sg_os_clock(&clock);
	pki_chain(&pki, clock.wall);
	pki_cert_pem(&pki.root, &pem);
	ca = walk_file("ca.pem", (char *)pem.data);
	sg_buf_release(&pem);
	return 0;
}

static int teardown(void **state)
{
	pki_release(&pki);
	free(ca);
	return walk_tear_down(state);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_way_names_every_step_and_the_issuer),
		cmocka_unit_test(the_issuer_of_a_server_of_ones_own_authority_is_named),
		cmocka_unit_test(a_proxy_that_refuses_fails_at_the_proxy),
		cmocka_unit_test(a_proxy_that_is_not_there_fails_at_the_proxy),
		cmocka_unit_test(a_proxy_that_keeps_silent_names_itself_and_the_limit),
		cmocka_unit_test(the_environments_proxy_is_named_as_such),
		cmocka_unit_test(a_tunnel_that_ends_fails_at_tls),
		cmocka_unit_test(an_issuer_that_nobody_knows_is_named),
		cmocka_unit_test(an_inspection_box_on_the_way_is_named),
		cmocka_unit_test(a_certificate_of_another_server_says_whose),
		cmocka_unit_test(a_certificate_out_of_its_time_says_when_and_the_clock),
		cmocka_unit_test(a_certificate_of_another_name_says_which),
		cmocka_unit_test(a_port_that_speaks_no_tls_keeps_silent),
		cmocka_unit_test(authorities_that_cannot_be_read_fail_at_tls),
	};

	sg_worker_begin(argc, argv, sg_feed_jobs);
	return cmocka_run_group_tests(tests, setup, teardown);
}
