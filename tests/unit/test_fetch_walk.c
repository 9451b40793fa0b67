/* test_fetch_walk.c - each step of a feed's way fails where it fails, says so of itself and of no other, and says what to do: names, ports, answers, sizes,
 * files. libcurl runs in a worker, as in the service. */
#include "feed/apart.h"
#include "tests/lib/http_server.h"
#include "tests/lib/walk_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* --- the way to the server */

static void a_name_that_does_not_exist_fails_at_the_name(void **state)
{
	struct sg_fetch_request req = walk_ask("https://no-such-host.invalid/feed.xml");

	(void)state;
	walk_fails(&req, SG_WALK_NAME, "'no-such-host.invalid'", "DNS");
}

static void a_shut_port_fails_at_tcp(void **state)
{
	struct http_server s = { .answer = "" };

	(void)state;
	http_server_start(&s, NULL);
	http_server_stop(&s);
	struct sg_fetch_request req = walk_ask(s.url);

	walk_fails(&req, SG_WALK_TCP, "no connection to 127.0.0.1 port ", "firewall");
	walk_is(SG_WALK_TCP, SG_WALKED_FAILED, "refused");
	walk_is(SG_WALK_NAME, SG_WALKED_OK, "");
}

/* Written as no address has it, or with a slip behind it: libcurl quotes it, and so would a person's question to a helpdesk. */
static void a_proxys_password_is_in_no_sentence(void **state)
{
	static const char *const proxies[] = { "http://u:x@SECRET@127.0.0.1:9",
		"http://u:x/SECRET@127.0.0.1:9", "http://u:x#SECRET@127.0.0.1:9",
		"http://u:SECRET@127.0.0.1:99999", "http://u:SECRET@[::1:9", "no://u:SECRET@127.0.0.1:9",
		"http://u:SECRET@127.0.0.1:9",
		"http://"
		"u:SECRET-which-is-so-long-that-libcurl-cuts-it-off-before-its-end-SECRET-which-is-so-long-"
		"that"
		"-libcurl-cuts-it-off-before-its-end-SECRET-which-is-so-long-that-libcurl-cuts-it-off-before-"
		"its-end-"
		"SECRET-which-is-so-long-that-libcurl-cuts-it-off-before-its-end@127.0.0.1:99999" };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof proxies / sizeof *proxies; i++) {
		struct sg_fetch_request req = walk_ask("https://feed.example.invalid/feed.xml");
		struct sg_err err = SG_ERR_INIT;
		struct sg_fetched got = { 0 };
		struct sg_walk w = { 0 };

		setenv("https_proxy", proxies[i / 2], 1);
		req.proxy = i % 2 ? "system" : proxies[i / 2];
		assert_int_not_equal(sg_fetch(&req, &got, &err), 0);
		assert_null(strstr(err.msg, "SECRET"));
		sg_fetch_walk(&req, &w);
		assert_true(sg_walk_failed(&w));
		for (int k = 0; k < SG_WALK_STEPS; k++)
			if (w.at[k].text && strstr(w.at[k].text, "SECRET"))
				fail_msg("%s: %s", proxies[i / 2], w.at[k].text);
		sg_walk_release(&w);
	}
	unsetenv("https_proxy");
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
		struct sg_fetch_request req = walk_ask(s.url);

		s.answer = table[i].answer;
		walk_fails(&req, SG_WALK_HTTP, table[i].says, table[i].cure);
		walk_is(SG_WALK_TLS, SG_WALKED_SKIPPED, "this machine needs none");
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
		struct sg_fetch_request req = walk_ask(s.url);

		s.answer = table[i].answer;
		s.endless = table[i].endless;
		walk_fails(&req, SG_WALK_SIZE, table[i].says, table[i].cure);
		walk_is(SG_WALK_HTTP, SG_WALKED_OK, "200");
	}
	http_server_stop(&s);
}

static void a_server_that_keeps_silent_names_the_limit(void **state)
{
	struct http_server s = { .silent = true };

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = walk_ask(s.url);

	req.timeout_ms = 1200;
	walk_fails(&req, SG_WALK_HTTP, "longer than 1s", "who runs it");
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
	struct sg_fetch_request req = walk_ask(s.url);

	req.stop = at_once;
	walk_fails(&req, SG_WALK_NAME, "stopped", "");
	http_server_stop(&s);
}

/* --- files */

static void a_file_is_walked_as_one(void **state)
{
	char *path = walk_file("feed.xml", "<EOCS/>"), *cms;
	struct sg_fetch_request req = walk_ask(path);

	(void)state;
	walk_is_well(&req);
	walk_is(SG_WALK_FILE, SG_WALKED_OK, "feed.xml can be read");
	walk_is(SG_WALK_SIZE, SG_WALKED_OK, "7 octets");
	walk_is(SG_WALK_NAME, SG_WALKED_NOT, "");
	assert_true(sg_bytes_is(sg_buf_bytes(&walk.fetched.octets), "<EOCS/>"));
	req.detached = true;
	sg_walk_release(&walk);
	sg_fetch_walk(&req, &walk);
	walk_is(SG_WALK_SIZE, SG_WALKED_FAILED, "feed.xml.p7s");
	cms = walk_file("feed.xml.p7s", "CMS");
	walk_is_well(&req);
	assert_true(sg_bytes_is(sg_buf_bytes(&walk.fetched.cms), "CMS"));
	req.max_bytes = 6;
	sg_walk_release(&walk);
	sg_fetch_walk(&req, &walk);
	walk_is(SG_WALK_FILE, SG_WALKED_OK, "feed.xml is there");
	walk_is(SG_WALK_SIZE, SG_WALKED_FAILED, "");
	req.url = "/nonexistent/feed.xml";
	sg_walk_release(&walk);
	sg_fetch_walk(&req, &walk);
	walk_is(SG_WALK_FILE, SG_WALKED_FAILED, "/nonexistent/feed.xml");
	walk_is(SG_WALK_SIZE, SG_WALKED_SKIPPED, "");
	free(path);
	free(cms);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_that_does_not_exist_fails_at_the_name),
		cmocka_unit_test(a_shut_port_fails_at_tcp),
		cmocka_unit_test(a_proxys_password_is_in_no_sentence),
		cmocka_unit_test(answers_that_are_no_document_fail_at_http),
		cmocka_unit_test(what_is_too_large_torn_or_empty_fails_at_its_size),
		cmocka_unit_test(a_server_that_keeps_silent_names_the_limit),
		cmocka_unit_test(a_stop_ends_a_walk),
		cmocka_unit_test(a_file_is_walked_as_one),
	};

	sg_worker_begin(argc, argv, sg_feed_jobs);
	return cmocka_run_group_tests(tests, walk_set_up, walk_tear_down);
}
