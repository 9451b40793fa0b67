/* test_feed_apart.c - a feed that workers read: the same as without them; and workers that crash, hang or lie. */
#include "feed/apart.h"

#include "base/os.h"
#include "feed/apart_parts.h"
#include "model/codes.h"
#include "tests/lib/signed_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

/* --- workers that do what a hostile document made of them. In a worker, the document says what; in this process, `lie` does. */

static const char *lie;
static volatile uint64_t spun;

static bool has(struct sg_bytes s, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= s.len; i++)
		if (memcmp(s.data + i, text, n) == 0)
			return true;
	return false;
}

static int take(struct sg_bytes request, struct sg_buf *ret)
{
	if (has(request, "CRASH-THE-FIRST"))
		__builtin_trap();
	do
		spun++;
	while (has(request, "SPIN-THE-FIRST"));
	return sg_apart_take(request, ret);
}

/* The reply with one thing in it changed. */
static int change(struct sg_buf *reply, void (*how)(struct sg_val *v))
{
	struct sg_val *v = NULL;

	assert_int_equal(sg_unpack(sg_buf_bytes(reply), &sg_apart_limits, &v, NULL), 0);
	how(v);
	sg_buf_clear(reply);
	sg_apart_pack(v, reply);
	return 0;
}

/* The octets under `key` with one word in them changed. */
static void change_octets(struct sg_val *v, const char *key, const char *from, const char *to)
{
	const struct sg_val *octets = sg_val_get(v, key);
	char *text = sg_strndup(octets->s, octets->len), *with = fix_with(text, from, to);

	sg_val_set_bin(v, key, with, strlen(with));
	free(text);
	free(with);
}

static void tell(struct sg_val *v)
{
	if (strcmp(lie, "octets") == 0)
		change_octets(v, "octets", "PING1", "PONG1");
	else if (strcmp(lie, "signed info") == 0)
		change_octets(v, "signed-info", "URI=\"\"", "URI=\"#a\"");
	else if (strcmp(lie, "value") == 0)
		sg_val_set_bin(v, "value", "x", 1);
	else if (strcmp(lie, "no certificates") == 0)
		sg_val_set(v, "certs", sg_val_array());
	else if (strcmp(lie, "no octets") == 0)
		sg_val_set_int(v, "octets", 1);
	else if (strcmp(lie, "fatal") == 0) {
		sg_val_set_int(v, "code", SG_EFATAL);
		sg_val_set_int(v, "event", SG_EV_STARTED);
	}
}

static int take_and_lie(struct sg_bytes request, struct sg_buf *ret)
{
	int r = sg_apart_take(request, ret);

	return r || !lie ? r : change(ret, tell);
}

static const struct sg_worker_job jobs[] = {
	{ .name = SG_JOB_TAKE, .prepare = sg_apart_prepare, .run = take },
	{ .name = SG_JOB_CANONICAL, .prepare = sg_apart_prepare, .run = sg_apart_canonical },
	{ 0 },
};
static const struct sg_worker_job lying_takers[] = {
	{ .name = SG_JOB_TAKE, .run = take_and_lie },
	{ 0 },
};

/* --- judging */

static void same(struct sg_bytes doc, const struct sg_feed_rules *rules)
{
	struct sg_feed *here = NULL, *apart = NULL;
	struct sg_err err = SG_ERR_INIT;
	int event = 0;

	if (sg_feed_read(doc, rules, &here, &event, &err) ||
	        sg_feed_read_apart(doc, rules, &apart, &event, &err) || !here || !apart) {
		fail_msg("%s", err.msg);
		return;
	}
	assert_true(sg_hash_equal(&here->document, &apart->document));
	assert_int_equal(here->serial, apart->serial);
	assert_int_equal(here->issued, apart->issued);
	assert_int_equal(here->expires, apart->expires);
	assert_string_equal(here->name, apart->name);
	assert_string_equal(here->version ? here->version : "", apart->version ? apart->version : "");
	assert_string_equal(here->signer, apart->signer);
	assert_int_equal(here->signer_expires, apart->signer_expires);
	assert_int_equal(here->ends.n, apart->ends.n);
	assert_int_equal(here->n, apart->n);
	for (size_t i = 0; i < here->n; i++) {
		assert_string_equal(here->at[i]->id, apart->at[i]->id);
		assert_true(sg_hash_equal(&here->at[i]->hash, &apart->at[i]->hash));
	}
	assert_int_equal(here->n_refused, apart->n_refused);
	for (size_t i = 0; i < here->n_refused; i++) {
		assert_string_equal(here->refused[i].id, apart->refused[i].id);
		assert_string_equal(here->refused[i].text, apart->refused[i].text);
	}
	sg_feed_free(here);
	sg_feed_free(apart);
}

static void refused(const char *doc, const struct sg_feed_rules *rules, int code, int event, const char *says)
{
	struct sg_feed *feed = NULL;
	struct sg_err err = SG_ERR_INIT;
	int got = 0, r = sg_feed_read_apart(sg_bytes_of(doc), rules, &feed, &got, &err);

	if (r != code || !strstr(err.msg, says) || got != event)
		fail_msg("%d, event %d, \"%s\"; expected %d, %d, \"%s\"", r, got, err.msg, code, event, says);
	assert_null(feed);
}

#define HEAD                                                                                                 \
	"<EOCS version=\"1.0.4\" xmlns:sg=\"urn:stopgap:feed:1\" xmlns:x='urn:x' sg:feed=\"corp\" "          \
	"sg:serial=\"7\""                                                                                    \
	" sg:issued=\"2026-11-01T00:00:00Z\" sg:expires=\"2026-12-01T00:00:00Z\">"
#define ONE(id, more)                                                                                        \
	"<Config id=\"" id "\" desc=\"Heartbeat\"" more                                                      \
	"><ActionList><Action type=\"DoNothing\" scope=\"Server\">"                                          \
	"<Value>DoNothing</Value></Action></ActionList></Config>"

static char *sign(const char *doc)
{
	X509 *certs[2];
	struct sign_spec spec = fix_spec(certs);

	return fix_sign(doc, &spec);
}

/* --- */

static void workers_read_what_this_process_would_have_read(void **state)
{
	static const char *const docs[] = {
		HEAD "</EOCS>",
		HEAD ONE("A", "") ONE("B", " sg:severity='high'") "\n<!-- a -->\n" ONE(
		        "C", " x:y='&gt;&#10;&quot;&lt;'") "</EOCS>",
		HEAD ONE("A", "") ONE("not an id", "") ONE("C", " sg:nonsense='1'")
		        ONE("D", " xmlns:x='urn:other' xmlns:a='urn:a' a:b='>'") "</EOCS>",
		HEAD ONE("A", " xmlns='urn:other'") ONE("B", "") "</EOCS>",
	};

	(void)state;
	same(sg_bytes_of(fix_good), &fix_rules);
	for (size_t i = 0; i < 3; i++) {
		char *doc = sign(docs[i]);

		same(sg_bytes_of(doc), &fix_rules);
		free(doc);
	}
	/* what the one refuses, the other refuses in the same words */
	char *doc = sign(docs[3]);

	refused(doc, &fix_rules, SG_EINVAL, SG_EV_FEED_MALFORMED, "element 'Config' is not known");
	free(doc);
}

static void detached_signatures_need_no_xml_reader_with_rights(void **state)
{
	struct sg_feed_rules rules = fix_rules;
	struct sign_cms_signer leaf = { fix_pki.leaf.x509, fix_pki.leaf.key };
	X509 *certs[] = { fix_pki.middle.x509 };
	struct sign_cms_spec spec = { .signers = &leaf, .n_signers = 1, .certs = certs, .n_certs = 1 };
	struct sg_buf p7s = { 0 };

	(void)state;
	sign_cms(sg_bytes_of(fix_good), &spec, &p7s);
	rules.cms = sg_buf_bytes(&p7s);
	rules.need = SG_SIGNED_CMS;
	same(sg_bytes_of(fix_good), &rules);
	rules.need = SG_SIGNED_BOTH;
	same(sg_bytes_of(fix_good), &rules);
	sg_buf_release(&p7s);
}

static void a_refusal_is_the_same_one(void **state)
{
	char *changed = fix_with(fix_good, "Heartbeat", "Heartbeaf");
	struct sg_feed_rules rules = fix_rules;

	(void)state;
	refused(changed, &fix_rules, SG_ETRUST, SG_EV_TRUST_SIGNATURE, "does not hold");
	refused("<EOCS/", &fix_rules, SG_EPARSE, SG_EV_FEED_MALFORMED, "");
	refused(fix_plain, &fix_rules, SG_ETRUST, SG_EV_TRUST_SIGNATURE, "not signed");
	rules.name = "other";
	refused(fix_good, &rules, SG_ETRUST, SG_EV_TRUST_NAME, "not of 'other'");
	rules = fix_rules;
	rules.n_anchors = 0;
	refused(fix_good, &rules, SG_EINVAL, SG_EV_TRUST_CHAIN, "anchors");
	free(changed);
}

static void a_document_that_kills_its_worker_is_refused(void **state)
{
	struct sg_clock before = { 0 }, after = { 0 };
	char *crash = fix_with(fix_good, "Heartbeat", "CRASH-THE-FIRST"),
	     *spin = fix_with(fix_good, "Heartbeat", "SPIN-THE-FIRST");

	(void)state;
	refused(crash, &fix_rules, SG_EDAMAGED, SG_EV_FEED_MALFORMED, "died of ");
	sg_os_clock(&before);
	refused(spin, &fix_rules, SG_ETIMEOUT, SG_EV_FEED_MALFORMED, "10000 ms");
	sg_os_clock(&after);
	assert_in_range(after.mono - before.mono, SG_FEED_WORKER_MS, SG_FEED_WORKER_MS + 5000);
	same(sg_bytes_of(fix_good), &fix_rules); /* and the next one is read */
	free(crash);
	free(spin);
}

static void without_a_worker_nothing_is_read(void **state)
{
	struct rlimit before, none;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	refused(fix_good, &fix_rules, SG_EBUSY, SG_EV_FEED_UNREACHABLE, "no channel");
	setrlimit(RLIMIT_NOFILE, &before);
	sg_worker_begin(0, NULL, NULL);
	refused(fix_good, &fix_rules, SG_EUNSUPPORTED, SG_EV_FEED_UNREACHABLE, "no worker");
	sg_worker_begin(0, NULL, jobs);
}

static void a_worker_that_lies_is_caught(void **state)
{
	static const struct {
		const char *lie;
		int code, event;
		const char *says;
	} rows[] = {
		{ "octets", SG_ETRUST, SG_EV_TRUST_SIGNATURE, "does not hold" },
		{ "signed info", SG_ETRUST, SG_EV_TRUST_SIGNATURE, "" },
		{ "value", SG_ETRUST, SG_EV_TRUST_SIGNATURE, "" },
		{ "no certificates", SG_EDAMAGED, SG_EV_FEED_MALFORMED, "lacks what it should have found" },
		{ "no octets", SG_EDAMAGED, SG_EV_FEED_MALFORMED, "lacks what it should have found" },
		{ "fatal", SG_EIO, SG_EV_FEED_MALFORMED, "" }, /* a worker cannot stop the service */
	};

	(void)state;
	sg_worker_in_process(lying_takers);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lie = rows[i].lie;
		refused(fix_good, &fix_rules, rows[i].code, rows[i].event, rows[i].says);
	}
	lie = NULL;
	same(sg_bytes_of(fix_good), &fix_rules);
	sg_worker_begin(0, NULL, jobs);
}

/* 4,096 mitigations, 5 MB: what workers may ask the system for is enough for the largest. */
static void workers_read_the_largest_feed(void **state)
{
	enum { MOST = 4096 };
	X509 *certs[2];
	struct sign_spec spec = fix_spec(certs);
	struct sg_buf many = { 0 };
	struct sg_feed *feed = NULL;
	struct sg_err err = SG_ERR_INIT;
	char *plain, *signed_one, pad[1001] = { 0 };
	int event = 0;

	(void)state;
	memset(pad, 'x', sizeof pad - 1);
	for (int i = 1; i < MOST; i++)
		sg_buf_fmt(&many,
		        "<Config id=\"MANY-%d\" desc=\"%s\"><ActionList><Action type=\"DoNothing\" "
		        "scope=\"Server\"><Value>DoNothing</Value></Action></ActionList></Config>\n",
		        i, pad);
	sg_buf_str(&many, "</EOCS>");
	plain = fix_with(fix_plain, "</EOCS>", (const char *)many.data);
	signed_one = fix_sign(plain, &spec);
	sg_worker_begin(0, NULL, jobs);
	if (sg_feed_read_apart(sg_bytes_of(signed_one), &fix_rules, &feed, &event, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(feed->n, MOST);
	sg_feed_free(feed);
	sg_buf_release(&many);
	free(plain);
	free(signed_one);
}

static int64_t time_of(
        int (*read)(struct sg_bytes, const struct sg_feed_rules *, struct sg_feed **, int *, struct sg_err *),
        int times)
{
	struct sg_clock before = { 0 }, after = { 0 };

	sg_os_clock(&before);
	for (int i = 0; i < times; i++) {
		struct sg_feed *feed = NULL;
		int event = 0;

		assert_int_equal(read(sg_bytes_of(fix_good), &fix_rules, &feed, &event, NULL), 0);
		sg_feed_free(feed);
	}
	sg_os_clock(&after);
	return after.mono - before.mono;
}

static void a_worker_costs_milliseconds(void **state)
{
	enum { TIMES = 20 };
	int64_t apart, here;

	(void)state;
	sg_worker_begin(0, NULL, jobs);
	here = time_of(sg_feed_read, TIMES);
	apart = time_of(sg_feed_read_apart, TIMES);
	print_message("a small feed: %.1f ms in this process, %.1f ms by a worker\n", (double)here / TIMES,
	        (double)apart / TIMES);
	assert_true(apart / TIMES < 2000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_read_what_this_process_would_have_read),
		cmocka_unit_test(detached_signatures_need_no_xml_reader_with_rights),
		cmocka_unit_test(a_refusal_is_the_same_one),
		cmocka_unit_test(a_document_that_kills_its_worker_is_refused),
		cmocka_unit_test(without_a_worker_nothing_is_read),
		cmocka_unit_test(a_worker_that_lies_is_caught),
		cmocka_unit_test(workers_read_the_largest_feed),
		cmocka_unit_test(a_worker_costs_milliseconds),
	};

	sg_worker_begin(argc, argv, jobs);
	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
