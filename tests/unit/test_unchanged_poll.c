/* test_unchanged_poll.c - a poll that brings nothing new costs a comparison of hashes: no worker is started, and libxml2 is not called at all. */
#include "feed/apart.h"
#include "feed/apart_parts.h"
#include "tests/lib/feed_lab.h"

#include <libxml/xmlmemory.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A    "<trust><anchor name=\"a\" file=\"a.pem\"/></trust>"
#define CORP "<feed name=\"corp\" url=\"https://h/\" anchors=\"a\"/>"
#define BOTH "<feed name=\"corp\" url=\"https://h/\" anchors=\"a\" signature=\"both\"/>"

static size_t jobs_done, xml_calls;

/* --- what is counted: jobs of a worker, and whatever libxml2 asks memory for */

static int take(struct sg_bytes request, struct sg_buf *ret)
{
	jobs_done++;
	return sg_apart_take(request, ret);
}

static int canonical(struct sg_bytes request, struct sg_buf *ret)
{
	jobs_done++;
	return sg_apart_canonical(request, ret);
}

static const struct sg_worker_job counted[] = {
	{ .name = SG_JOB_TAKE, .run = take },
	{ .name = SG_JOB_CANONICAL, .run = canonical },
	{ 0 },
};

static void *xml_malloc(size_t size)
{
	xml_calls++;
	return malloc(size);
}

static void *xml_realloc(void *p, size_t size)
{
	xml_calls++;
	return realloc(p, size);
}

static char *xml_strdup(const char *s)
{
	xml_calls++;
	return sg_strdup(s);
}

/* How many jobs a poll starts; *ret_xml: how often libxml2 was asked for something. */
static size_t costs(struct lab *lab, const struct sg_fetched *fetched, size_t *ret_xml)
{
	size_t before = jobs_done, xml_before = xml_calls;

	assert_int_equal(feed_lab_give(lab, "corp", fetched), 0);
	*ret_xml = xml_calls - xml_before;
	return jobs_done - before;
}

static void costs_nothing(struct lab *lab, const struct sg_fetched *fetched)
{
	size_t xml;

	assert_int_equal(costs(lab, fetched, &xml), 0);
	assert_int_equal(xml, 0);
}

static void begin(struct lab *lab, const char *conf)
{
	if (feed_lab_configure(lab, conf))
		fail_msg("%s", lab->err.msg);
	sg_worker_in_process(counted);
}

static void a_new_document_is_read_by_a_worker(void **state)
{
	struct lab *lab = *state;
	struct sg_fetched f;
	size_t xml;

	begin(lab, A CORP);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 }, &f);
	assert_int_equal(costs(lab, &f, &xml), 1);
	assert_true(xml > 100); /* the counter counts */
	sg_fetched_release(&f);
}

static void not_modified_costs_nothing(void **state)
{
	struct lab *lab = *state;
	struct sg_fetched f, same = { .unchanged = true, .status = 304 };
	size_t xml;

	begin(lab, A CORP);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 }, &f);
	costs(lab, &f, &xml);
	costs_nothing(lab, &same);
	costs_nothing(lab, &same);
	feed_lab_expect(lab, "corp", 1, NULL);
	sg_fetched_release(&f);
}

static void the_same_octets_cost_nothing(void **state)
{
	struct lab *lab = *state;
	struct sg_fetched f;
	size_t xml;

	begin(lab, A CORP);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 }, &f);
	costs(lab, &f, &xml);
	costs_nothing(lab, &f);
	/* nor after a restart: what was read is remembered in the journal */
	lab_close(lab);
	lab_open(lab);
	begin(lab, A CORP);
	costs_nothing(lab, &f);
	/* one octet more is another document */
	sg_buf_char(&f.octets, '\n');
	assert_int_equal(costs(lab, &f, &xml), 1);
	sg_fetched_release(&f);
}

static void a_file_that_did_not_change_costs_nothing(void **state)
{
	struct lab *lab = *state;
	struct sg_fetched f, got = { 0 };
	char *url = sg_format("file://%s/feed.xml", lab->folder);
	const struct sg_fetch_request req = { .url = url, .timeout_ms = 5000, .max_bytes = 1 << 20 };
	size_t xml, jobs;

	begin(lab, A CORP);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 1 }, &f);
	feed_lab_put(lab, "feed.xml", sg_buf_bytes(&f.octets));
	for (int poll = 0; poll < 3; poll++) {
		jobs = jobs_done;
		xml = xml_calls;
		if (sg_fetch_signed(&req, &got, &lab->err))
			fail_msg("%s", lab->err.msg);
		assert_int_equal(jobs_done - jobs, 0); /* a file is read here, as octets */
		assert_int_equal(xml_calls - xml, 0);
		if (poll)
			costs_nothing(lab, &got);
		else
			assert_int_equal(costs(lab, &got, &xml), 1);
		sg_fetched_release(&got);
		got = (struct sg_fetched){ 0 };
	}
	sg_fetched_release(&f);
	free(url);
}

/* With a detached signature both must be the same; another signature over the same document is looked at. */
static void a_detached_signature_is_part_of_it(void **state)
{
	struct lab *lab = *state;
	const struct sign_cms_signer signer = { .key = feed_pki[0].leaf.key, .cert = feed_pki[0].leaf.x509 };
	X509 *certs[] = { feed_pki[0].middle.x509 };
	const struct sign_cms_spec by = { .signers = &signer, .n_signers = 1, .certs = certs, .n_certs = 1 };
	struct sg_fetched f;
	size_t xml;

	begin(lab, A BOTH);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 1, .cms = &by }, &f);
	assert_int_equal(costs(lab, &f, &xml), 1);
	feed_lab_expect(lab, "corp", 1, NULL);
	costs_nothing(lab, &f);
	f.cms.data[f.cms.len / 2] ^= 1;
	assert_int_equal(feed_lab_give(lab, "corp", &f), 1); /* the two may be of different moments: again */
	assert_int_equal(feed_lab_give(lab, "corp", &f), 0);
	feed_lab_expect(lab, "corp", 1, "detached signature");
	sg_fetched_release(&f);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, feed_lab_set_up, lab_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_new_document_is_read_by_a_worker),
		TEST(not_modified_costs_nothing),
		TEST(the_same_octets_cost_nothing),
		TEST(a_file_that_did_not_change_costs_nothing),
		TEST(a_detached_signature_is_part_of_it),
	};

	xmlMemSetup(free, xml_malloc, xml_realloc, xml_strdup); /* before libxml2 is used at all */
	return cmocka_run_group_tests(tests, feed_lab_group, feed_lab_ungroup);
}
