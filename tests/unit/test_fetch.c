/* test_fetch.c - one document from a file, from plain http on this machine; and servers that misbehave.
 * libcurl runs in a worker, as in the service. */
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

static char dir[] = "/tmp/test_fetch_XXXXXX";

static void a_file_is_given_whole(void **state)
{
	char *path = fetch_file(dir, "a b.xml", "<EOCS/>"), *url = sg_format("file://%s/a%%20b.xml", dir);
	const char *const ways[] = { path, url };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sg_fetch_request req = fetch_ask(ways[i]);
		struct sg_fetched got = { 0 };

		assert_int_equal(sg_fetch(&req, &got, NULL), 0);
		assert_true(sg_bytes_is(sg_buf_bytes(&got.octets), "<EOCS/>"));
		assert_false(got.unchanged);
		sg_fetched_release(&got);
		req.max_bytes = 7;
		assert_int_equal(sg_fetch(&req, &got, NULL), 0);
		sg_fetched_release(&got);
		req.max_bytes = 6;
		assert_fetch_refused(&req, SG_ELIMIT, "");
	}
	free(path);
	free(url);
}

static void what_is_no_file_is_refused(void **state)
{
	char *missing = sg_format("%s/none.xml", dir);
	struct sg_fetch_request req = fetch_ask(missing);

	(void)state;
	assert_fetch_refused(&req, SG_ENOENT, "none.xml");
	req.url = dir;
	assert_fetch_refused(&req, SG_EUNSUPPORTED, "");
	req.url = "file://elsewhere/feed.xml";
	assert_fetch_refused(&req, SG_EINVAL, "files of this machine");
	free(missing);
}

static void addresses_that_are_not_safe_are_refused(void **state)
{
	static const struct {
		const char *url, *says;
	} table[] = {
		{ "http://feed.example/a", "use https://" },
		{ "ftp://127.0.0.1/a", "not a known kind" },
		{ "https://user:secret@127.0.0.1/a", "user name" },
		{ "", "empty" },
		{ "dict://127.0.0.1:1/a", "not a known kind" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_fetch_request req = fetch_ask(table[i].url);

		assert_fetch_refused(&req, SG_EINVAL, table[i].says);
	}
}

static void an_unchanged_document_is_not_sent_again(void **state)
{
	struct http_server s = {
		.answer = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nlast-modified: Sat, 21 Nov 2026 09:00:00 "
		          "GMT\r\nContent-Length: 7\r\n\r\n<EOCS/>",
		.etag = "If-None-Match: \"v1\"",
	};
	struct sg_fetched first = { 0 }, second = { 0 };

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = fetch_ask(s.url);

	assert_int_equal(sg_fetch(&req, &first, NULL), 0);
	assert_true(sg_bytes_is(sg_buf_bytes(&first.octets), "<EOCS/>"));
	assert_string_equal(first.etag, "\"v1\"");
	assert_string_equal(first.last_modified, "Sat, 21 Nov 2026 09:00:00 GMT");
	assert_int_equal(first.status, 200);
	assert_null(strstr(s.request, "If-"));
	assert_null(strstr(s.request, "Accept-Encoding"));
	req.etag = first.etag;
	req.last_modified = first.last_modified;
	assert_int_equal(sg_fetch(&req, &second, NULL), 0);
	assert_true(second.unchanged);
	assert_int_equal(second.octets.len, 0);
	assert_non_null(strstr(s.request, "If-Modified-Since: Sat, 21 Nov 2026 09:00:00 GMT\r\n"));
	http_server_stop(&s);
	sg_fetched_release(&first);
	sg_fetched_release(&second);
}

static void a_304_that_nobody_asked_for_is_refused(void **state)
{
	struct http_server s = { .answer = "HTTP/1.1 304 Not Modified\r\n\r\n" };

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = fetch_ask(s.url);

	assert_fetch_refused(&req, SG_ENET, "304");
	http_server_stop(&s);
}

static void validators_that_could_split_a_header_are_dropped(void **state)
{
	struct http_server s = {
		.answer = "HTTP/1.1 200 OK\r\nETag: \"a\xff\"\r\nContent-Length: 2\r\n\r\nok"
	};
	struct sg_fetched got = { 0 };

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = fetch_ask(s.url);

	req.etag = "x\r\nEvil: 1";
	assert_int_equal(sg_fetch(&req, &got, NULL), 0);
	assert_null(got.etag);
	assert_null(strstr(s.request, "Evil"));
	http_server_stop(&s);
	sg_fetched_release(&got);
}

static void a_body_is_never_larger_than_allowed(void **state)
{
	struct http_server s = { .answer = "HTTP/1.1 200 OK\r\n\r\n", .endless = true };

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = fetch_ask(s.url);

	assert_fetch_refused(&req, SG_ELIMIT, "larger than the allowed 1000 octets");
	s.endless = false;
	s.answer = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n";
	assert_fetch_refused(&req, SG_ELIMIT, "larger than the allowed 1000 octets");
	http_server_stop(&s);
}

static void a_server_that_keeps_silent_costs_only_the_timeout(void **state)
{
	struct http_server s = { .silent = true };

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = fetch_ask(s.url);

	req.timeout_ms = 200;
	assert_fetch_refused(&req, SG_ETIMEOUT, "it took too long");
	http_server_stop(&s);
}

static bool soon(void *arg)
{
	int *calls = arg;

	return ++*calls > 1;
}

static void a_stop_ends_a_transfer(void **state)
{
	struct http_server s = { .silent = true };
	int calls = 0;

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = fetch_ask(s.url);

	req.stop = soon;
	req.arg = &calls;
	assert_fetch_refused(&req, SG_ECANCELED, "stopped");
	calls = 1;
	assert_fetch_refused(&req, SG_ECANCELED, "stopped");
	http_server_stop(&s);
}

static void answers_that_are_no_document_are_errors(void **state)
{
	static const struct {
		const char *answer;
		int code;
		const char *says;
	} table[] = {
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", SG_ENOENT,
		        "no such document (404)" },
		{ "HTTP/1.1 403 Forbidden\r\n\r\n", SG_ENET, "refuses (403)" },
		{ "HTTP/1.1 500 Oops\r\n\r\n", SG_ENET, "answered 500" },
		{ "HTTP/1.1 204 No Content\r\n\r\n", SG_ENET, "answered 204" },
		{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/x\r\n\r\n", SG_ENET,
		        "other than https" },
		{ "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", SG_ENET, "other than https" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntorn", SG_ENET, "check the network" },
		{ "SSH-2.0-server\r\n\r\n", SG_ENET, "" },
		{ "", SG_ENET, "" },
	};
	struct http_server s = { .answer = "" };

	(void)state;
	http_server_start(&s, NULL);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_fetch_request req = fetch_ask(s.url);

		s.answer = table[i].answer;
		assert_fetch_refused(&req, table[i].code, table[i].says);
	}
	http_server_stop(&s);
}

static void nobody_listening_says_what_to_check(void **state)
{
	struct http_server s = { .answer = "" };

	(void)state;
	http_server_start(&s, NULL);
	http_server_stop(&s);
	struct sg_fetch_request req = fetch_ask(s.url);

	assert_fetch_refused(&req, SG_ENET, "check the address, the firewall");
}

/* The environment's proxy would be asked for this machine's own address, too, if nothing prevented it. */
static void this_machine_is_never_asked_through_a_proxy(void **state)
{
	struct http_server s = { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" };
	struct sg_fetched got = { 0 };

	(void)state;
	http_server_start(&s, NULL);
	struct sg_fetch_request req = fetch_ask(s.url);

	req.proxy = "http://127.0.0.1:9";
	assert_int_equal(sg_fetch(&req, &got, NULL), 0);
	http_server_stop(&s);
	sg_fetched_release(&got);
}

/* --- a document and its detached signature */

static void both_come_or_neither(void **state)
{
	char *doc = fetch_file(dir, "both.xml", "<EOCS/>"), *cms;
	struct sg_fetch_request req = fetch_ask(doc);
	struct sg_fetched got = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_fetch_signed(&req, &got, NULL), 0); /* nobody asks for a signature */
	assert_int_equal(got.cms.len, 0);
	sg_fetched_release(&got);
	req.detached = true;
	assert_int_equal(sg_fetch_signed(&req, &got, &err), SG_ENOENT);
	assert_non_null(strstr(err.msg, "both.xml.p7s"));
	cms = fetch_file(dir, "both.xml.p7s", "CMS");
	assert_int_equal(sg_fetch_signed(&req, &got, NULL), 0);
	assert_true(sg_bytes_is(sg_buf_bytes(&got.octets), "<EOCS/>"));
	assert_true(sg_bytes_is(sg_buf_bytes(&got.cms), "CMS"));
	sg_fetched_release(&got);
	free(doc);
	free(cms);
}

/* One server for both addresses: whoever carries its ETag gets 304. */
static void what_changed_alone_brings_the_other_along(void **state)
{
	static const struct {
		const char *etag, *cms_etag;
		bool unchanged;
		int served;
	} table[] = {
		{ NULL, NULL, false, 2 },
		{ "\"1\"", "\"1\"", true, 2 },
		{ "\"1\"", NULL, false, 3 },
		{ NULL, "\"1\"", false, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct http_server s = {
			.answer = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 2\r\n\r\nab",
			.etag = "\"1\""
		};
		struct sg_fetched got = { 0 };
		struct sg_err err = SG_ERR_INIT;
		char *url;

		http_server_start(&s, NULL);
		url = sg_format("%s?x=1", s.url);
		struct sg_fetch_request req = fetch_ask(url);
		req.detached = true;
		req.etag = table[i].etag;
		req.cms_etag = table[i].cms_etag;
		if (sg_fetch_signed(&req, &got, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(got.unchanged, table[i].unchanged);
		assert_int_equal(got.octets.len, table[i].unchanged ? 0 : 2);
		assert_int_equal(got.cms.len, table[i].unchanged ? 0 : 2);
		http_server_stop(&s); /* it counts behind its answer: its thread must have ended */
		assert_int_equal(atomic_load(&s.served), table[i].served);
		if (i != 2)
			assert_non_null(strstr(s.request, "/feed.xml.p7s?x=1 "));
		sg_fetched_release(&got);
		free(url);
	}
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
		cmocka_unit_test(a_file_is_given_whole),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(addresses_that_are_not_safe_are_refused),
		cmocka_unit_test(an_unchanged_document_is_not_sent_again),
		cmocka_unit_test(a_304_that_nobody_asked_for_is_refused),
		cmocka_unit_test(both_come_or_neither),
		cmocka_unit_test(what_changed_alone_brings_the_other_along),
		cmocka_unit_test(validators_that_could_split_a_header_are_dropped),
		cmocka_unit_test(a_body_is_never_larger_than_allowed),
		cmocka_unit_test(a_server_that_keeps_silent_costs_only_the_timeout),
		cmocka_unit_test(a_stop_ends_a_transfer),
		cmocka_unit_test(answers_that_are_no_document_are_errors),
		cmocka_unit_test(nobody_listening_says_what_to_check),
		cmocka_unit_test(this_machine_is_never_asked_through_a_proxy),
	};

	sg_worker_begin(argc, argv, sg_feed_jobs);
	return cmocka_run_group_tests(tests, setup, teardown);
}
