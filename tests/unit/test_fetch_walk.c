/* test_fetch_walk.c - each step of a feed's way fails where it fails, says so of itself and of no other, and says what to do.
 * libcurl runs in a worker, as in the service. */
#include "base/os.h"
#include "feed/apart.h"
#include "feed/fetch_walk.h"
#include "tests/lib/http_server.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define OK_2  "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 2\r\n\r\nok"
#define EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static char dir[] = "/tmp/test_fetch_walk_XXXXXX";
static struct pki pki, other;
static struct sg_walk walk;
static char *ca;

static struct sg_fetch_request ask(const char *url)
{
	return (struct sg_fetch_request){
		.url = url, .proxy = "none", .timeout_ms = 10000, .max_bytes = 1000
	};
}

static const char *word(enum sg_walked walked)
{
	static const char *const words[] = { "no step", "ok", "skipped", "failed" };

	return words[walked];
}

static void is(enum sg_walk_step step, enum sg_walked walked, const char *says)
{
	const struct sg_walk_line *line = &walk.at[step];

	if (line->walked != walked || (walked && !strstr(line->text, says)))
		fail_msg("%s: %s, \"%s\"; expected %s, \"%s\"", sg_walk_step_name(step), word(line->walked),
		        line->walked ? line->text : "", word(walked), says);
	if (walked == SG_WALKED_FAILED)
		assert_non_null(line->cure);
}

/* Every step before `step` went well or was left out for a reason, it failed so, and the rest was not tried. */
static void fails(
        const struct sg_fetch_request *req, enum sg_walk_step step, const char *says, const char *cure)
{
	sg_walk_release(&walk);
	sg_fetch_walk(req, &walk);
	if (walk.at[step].walked != SG_WALKED_FAILED)
		for (int i = 0; i < SG_WALK_STEPS; i++)
			if (walk.at[i].walked == SG_WALKED_FAILED)
				print_error(
				        "%s: %s\n", sg_walk_step_name((enum sg_walk_step)i), walk.at[i].text);
	is(step, SG_WALKED_FAILED, says);
	if (!strstr(walk.at[step].cure, cure))
		fail_msg("do: \"%s\"; expected \"%s\"", walk.at[step].cure, cure);
	for (int i = SG_WALK_NAME; i <= SG_WALK_SIZE; i++) {
		if (i == (int)step)
			continue;
		if (walk.at[i].walked == SG_WALKED_FAILED || walk.at[i].walked == SG_WALKED_NOT)
			fail_msg("%s: %s", sg_walk_step_name((enum sg_walk_step)i), word(walk.at[i].walked));
		if (i > (int)step)
			is((enum sg_walk_step)i, SG_WALKED_SKIPPED, "");
	}
	assert_int_equal(walk.fetched.octets.len, 0);
	assert_true(sg_walk_failed(&walk));
}

static void all_is_well(const struct sg_fetch_request *req)
{
	sg_walk_release(&walk);
	sg_fetch_walk(req, &walk);
	for (int i = 0; i < SG_WALK_STEPS; i++)
		if (walk.at[i].walked == SG_WALKED_FAILED)
			fail_msg("%s: %s", sg_walk_step_name((enum sg_walk_step)i), walk.at[i].text);
	assert_false(sg_walk_failed(&walk));
}

static char *write_file(const char *name, const char *text)
{
	char *path = sg_format("%s/%s", dir, name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
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

/* --- the way to the server */

static void a_good_way_names_every_step_and_the_issuer(void **state)
{
	struct pki_cert tls = server_cert("IP:127.0.0.1", 0, 0, &pki.root);
	struct http_server s = { .answer = OK_2 };

	(void)state;
	http_server_start(&s, &tls);
	struct sg_fetch_request req = ask(s.url);

	req.ca_file = ca;
	all_is_well(&req);
	is(SG_WALK_NAME, SG_WALKED_OK, "127.0.0.1 is an address already");
	is(SG_WALK_TCP, SG_WALKED_OK, "connected to 127.0.0.1 port ");
	is(SG_WALK_PROXY, SG_WALKED_OK, "none is used: this machine");
	is(SG_WALK_TLS, SG_WALKED_OK, "TLSv1.");
	is(SG_WALK_TLS, SG_WALKED_OK, "issued by 'O = stopgap tests, CN = Test Root', until 20");
	is(SG_WALK_HTTP, SG_WALKED_OK, "200, text/xml");
	is(SG_WALK_SIZE, SG_WALKED_OK, "2 octets");
	is(SG_WALK_FILE, SG_WALKED_NOT, "");
	is(SG_WALK_PARSE, SG_WALKED_NOT, "");
	assert_true(sg_bytes_is(sg_buf_bytes(&walk.fetched.octets), "ok"));
	assert_true(walk.at[SG_WALK_TLS].ms >= 0 && walk.at[SG_WALK_TLS].ms < 10000);
	http_server_stop(&s);
	assert_int_equal(atomic_load(&s.served), 1); /* it is asked once, as by a poll */
	pki_cert_release(&tls);
}

static void a_name_that_does_not_exist_fails_at_the_name(void **state)
{
	struct sg_fetch_request req = ask("https://no-such-host.invalid/feed.xml");

	(void)state;
	fails(&req, SG_WALK_NAME, "'no-such-host.invalid'", "DNS");
}

static void a_shut_port_fails_at_tcp(void **state)
{
	struct http_server s = { .answer = "" };

	(void)state;
	http_server_start(&s, NULL);
	http_server_stop(&s);
	struct sg_fetch_request req = ask(s.url);

	fails(&req, SG_WALK_TCP, "no connection to 127.0.0.1 port ", "firewall");
	is(SG_WALK_TCP, SG_WALKED_FAILED, "refused");
	is(SG_WALK_NAME, SG_WALKED_OK, "");
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
		struct sg_fetch_request req = ask("https://feed.example/feed.xml");
		char *proxy = sg_format("%.*s", (int)strcspn(s.url + 7, "/") + 7, s.url),
		     *with = sg_format("http://user:secret@%s", proxy + 7);

		s.answer = table[i].answer;
		req.proxy = i ? with : proxy;
		fails(&req, SG_WALK_PROXY, table[i].says, table[i].cure);
		is(SG_WALK_PROXY, SG_WALKED_FAILED, proxy);
		is(SG_WALK_PROXY, SG_WALKED_FAILED, "(<network proxy>)");
		is(SG_WALK_NAME, SG_WALKED_SKIPPED, "left to the proxy");
		assert_null(strstr(walk.at[SG_WALK_PROXY].text, "secret"));
		free(proxy);
		free(with);
	}
	http_server_stop(&s);
}

static void a_proxy_that_is_not_there_fails_at_the_proxy(void **state)
{
	struct sg_fetch_request req = ask("https://feed.example/feed.xml");

	(void)state;
	req.proxy = "http://127.0.0.1:9";
	fails(&req, SG_WALK_PROXY, "http://127.0.0.1:9 (<network proxy>): ", "host and port");
	req.proxy = "http://no-such-proxy.invalid:3128";
	fails(&req, SG_WALK_PROXY, "no address is known for the proxy's name", "spelling");
}

static void the_environments_proxy_is_named_as_such(void **state)
{
	struct sg_fetch_request req = ask("https://feed.example/feed.xml");

	(void)state;
	setenv("https_proxy", "http://u:secret@127.0.0.1:9", 1);
	req.proxy = "system";
	fails(&req, SG_WALK_PROXY,
	        "http://127.0.0.1:9 (https_proxy of the service's own environment): ", "host and port");
	setenv("no_proxy", "feed.example", 1);
	sg_walk_release(&walk);
	sg_fetch_walk(&req, &walk);
	is(SG_WALK_NAME, SG_WALKED_FAILED, "feed.example");
	is(SG_WALK_PROXY, SG_WALKED_SKIPPED, "none is used");
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
	struct sg_fetch_request req = ask("https://feed.example/feed.xml");

	proxy = sg_format("%.*s", (int)strcspn(s.url + 7, "/") + 7, s.url);
	req.proxy = proxy;
	fails(&req, SG_WALK_TLS, "no TLS with feed.example port 443", "in between");
	is(SG_WALK_PROXY, SG_WALKED_OK, "through http://127.0.0.1:");
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
	struct sg_fetch_request req = ask(s.url);

	req.ca_file = ca;
	fails(&req, SG_WALK_TLS, "is issued by 'O = stopgap tests, CN = Acme Inspection CA'",
	        "exempt 127.0.0.1 from inspection");
	is(SG_WALK_TLS, SG_WALKED_FAILED, "an inspection box stands in between, unless");
	is(SG_WALK_TLS, SG_WALKED_FAILED, ca);
	is(SG_WALK_TCP, SG_WALKED_OK, "connected");
	req.ca_file = NULL;
	fails(&req, SG_WALK_TLS, "CN = Acme Inspection CA', which this system's authorities do not",
	        "ca-file");
	assert_null(strstr(s.request, "GET")); /* nothing is asked of whom nobody knows */
	http_server_stop(&s);
	pki_cert_release(&tls);
	pki_cert_release(&inspector);
}

static void a_certificate_out_of_its_time_says_when_and_the_clock(void **state)
{
	struct pki_cert old = server_cert("IP:127.0.0.1", pki.now - 86400 * 9, pki.now - 86400, &pki.root),
	                young = server_cert("IP:127.0.0.1", pki.now + 86400, 0, &pki.root);
	struct http_server s = { .answer = OK_2 };

	(void)state;
	http_server_start(&s, &old);
	struct sg_fetch_request req = ask(s.url);

	req.ca_file = ca;
	fails(&req, SG_WALK_TLS, "has expired on 20", "renew");
	is(SG_WALK_TLS, SG_WALKED_FAILED, "this server's clock says 20");
	http_server_stop(&s);
	http_server_start(&s, &young);
	req = ask(s.url);
	req.ca_file = ca;
	fails(&req, SG_WALK_TLS, "is valid from 20", "set this server's clock");
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
	struct sg_fetch_request req = ask(s.url);

	req.ca_file = ca;
	fails(&req, SG_WALK_TLS, "is for 'elsewhere.example, www.elsewhere.example', not for '127.0.0.1'",
	        "feed's url");
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
	struct sg_fetch_request req = ask(url);

	req.timeout_ms = 1200;
	fails(&req, SG_WALK_TLS, "longer than 1s", "check the port");
	http_server_stop(&s);
	free(url);
}

static void authorities_that_cannot_be_read_fail_at_tls(void **state)
{
	char *junk = write_file("junk.pem", "no certificate");
	struct pki_cert tls = server_cert("IP:127.0.0.1", 0, 0, &pki.root);
	struct http_server s = { .answer = OK_2 };

	(void)state;
	http_server_start(&s, &tls);
	struct sg_fetch_request req = ask(s.url);

	req.ca_file = "/nonexistent/ca.pem";
	fails(&req, SG_WALK_TLS, "/nonexistent/ca.pem", "ca-file");
	req.ca_file = junk;
	fails(&req, SG_WALK_TLS, junk, "PEM");
	http_server_stop(&s);
	pki_cert_release(&tls);
	free(junk);
}

/* --- HTTP and the document */

static void answers_that_are_no_document_fail_at_http(void **state)
{
	static const struct {
		const char *answer, *says, *cure;
	} table[] = {
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
		        "has no such document (404): http://127", "check the path" },
		{ "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "password (401)", "without one" },
		{ "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "refuses this address (403)",
		        "filters" },
		{ "HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n", "(407)", "proxy" },
		{ "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", "(410)", "publisher" },
		{ "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "the server fails (500)",
		        "try again later" },
		{ "HTTP/1.1 503 Oops\r\nContent-Length: 0\r\n\r\n", "the server fails (503)",
		        "try again later" },
		{ "HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n", "answers 418", "browser" },
		{ "HTTP/1.1 304 Not Modified\r\n\r\n", "(304)", "caches" },
		{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/login\r\nContent-Length: 0\r\n\r\n",
		        "elsewhere (302 to http://127.0.0.1:9/login)", "https" },
		{ "SSH-2.0-server\r\n\r\n", "no answer in HTTP", "check the port" },
		{ "", "no answer in HTTP", "check the port" },
	};
	struct http_server s = { .answer = "" };

	(void)state;
	http_server_start(&s, NULL);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_fetch_request req = ask(s.url);

		s.answer = table[i].answer;
		fails(&req, SG_WALK_HTTP, table[i].says, table[i].cure);
		is(SG_WALK_TLS, SG_WALKED_SKIPPED, "this machine needs none");
	}
	http_server_stop(&s);
}

static void what_is_too_large_torn_or_empty_fails_at_its_size(void **state)
{
	static const struct {
		const char *answer, *says, *cure;
		bool endless;
	} table[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", "larger than the 1000 octets",
		        "max-size", false },
		{ "HTTP/1.1 200 OK\r\n\r\n", "larger than the 1000 octets", "max-size", true },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntorn", "did not come whole, only 4 octets",
		        "again", false },
		{ EMPTY, "the document is empty", "publisher", false },
	};
	struct http_server s = { .answer = "" };

	(void)state;
	http_server_start(&s, NULL);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_fetch_request req = ask(s.url);

		s.answer = table[i].answer;
		s.endless = table[i].endless;
		fails(&req, SG_WALK_SIZE, table[i].says, table[i].cure);
		is(SG_WALK_HTTP, SG_WALKED_OK, "200");
	}
	http_server_stop(&s);
}

static void a_server_that_keeps_silent_names_the_limit(void **state)
{
	struct http_server s = { .silent = true };

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = ask(s.url);

	req.timeout_ms = 1200;
	fails(&req, SG_WALK_HTTP, "longer than 1s", "who runs it");
	http_server_stop(&s);
}

static bool at_once(void *arg)
{
	(void)arg;
	return true;
}

static void a_stop_ends_a_walk(void **state)
{
	struct http_server s = { .silent = true };

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = ask(s.url);

	req.stop = at_once;
	fails(&req, SG_WALK_NAME, "stopped", "");
	http_server_stop(&s);
}

/* --- files */

static void a_file_is_walked_as_one(void **state)
{
	char *path = write_file("feed.xml", "<EOCS/>"), *cms;
	struct sg_fetch_request req = ask(path);

	(void)state;
	all_is_well(&req);
	is(SG_WALK_FILE, SG_WALKED_OK, "feed.xml can be read");
	is(SG_WALK_SIZE, SG_WALKED_OK, "7 octets");
	is(SG_WALK_NAME, SG_WALKED_NOT, "");
	assert_true(sg_bytes_is(sg_buf_bytes(&walk.fetched.octets), "<EOCS/>"));
	req.detached = true;
	sg_walk_release(&walk);
	sg_fetch_walk(&req, &walk);
	is(SG_WALK_SIZE, SG_WALKED_FAILED, "feed.xml.p7s");
	cms = write_file("feed.xml.p7s", "CMS");
	all_is_well(&req);
	assert_true(sg_bytes_is(sg_buf_bytes(&walk.fetched.cms), "CMS"));
	req.max_bytes = 6;
	sg_walk_release(&walk);
	sg_fetch_walk(&req, &walk);
	is(SG_WALK_FILE, SG_WALKED_OK, "feed.xml is there");
	is(SG_WALK_SIZE, SG_WALKED_FAILED, "");
	req.url = "/nonexistent/feed.xml";
	sg_walk_release(&walk);
	sg_fetch_walk(&req, &walk);
	is(SG_WALK_FILE, SG_WALKED_FAILED, "/nonexistent/feed.xml");
	is(SG_WALK_SIZE, SG_WALKED_SKIPPED, "");
	free(path);
	free(cms);
}

static int setup(void **state)
{
	struct sg_buf pem = { 0 };
	struct sg_clock clock = { 0 };

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	sg_os_clock(&clock);
	pki_chain(&pki, clock.wall);
	pki_chain(&other, clock.wall);
	pki_cert_pem(&pki.root, &pem);
	ca = write_file("ca.pem", (char *)pem.data);
	sg_buf_release(&pem);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sg_walk_release(&walk);
	pki_release(&pki);
	pki_release(&other);
	free(ca);
	return sg_os_remove_tree(dir, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_way_names_every_step_and_the_issuer),
		cmocka_unit_test(a_name_that_does_not_exist_fails_at_the_name),
		cmocka_unit_test(a_shut_port_fails_at_tcp),
		cmocka_unit_test(a_proxy_that_refuses_fails_at_the_proxy),
		cmocka_unit_test(a_proxy_that_is_not_there_fails_at_the_proxy),
		cmocka_unit_test(the_environments_proxy_is_named_as_such),
		cmocka_unit_test(a_tunnel_that_ends_fails_at_tls),
		cmocka_unit_test(an_issuer_that_nobody_knows_is_named),
		cmocka_unit_test(a_certificate_out_of_its_time_says_when_and_the_clock),
		cmocka_unit_test(a_certificate_of_another_name_says_which),
		cmocka_unit_test(a_port_that_speaks_no_tls_keeps_silent),
		cmocka_unit_test(authorities_that_cannot_be_read_fail_at_tls),
		cmocka_unit_test(answers_that_are_no_document_fail_at_http),
		cmocka_unit_test(what_is_too_large_torn_or_empty_fails_at_its_size),
		cmocka_unit_test(a_server_that_keeps_silent_names_the_limit),
		cmocka_unit_test(a_stop_ends_a_walk),
		cmocka_unit_test(a_file_is_walked_as_one),
	};

	sg_worker_begin(argc, argv, sg_feed_jobs);
	return cmocka_run_group_tests(tests, setup, teardown);
}
