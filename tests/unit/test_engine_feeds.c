/* test_engine_feeds.c - time, order and number: serials, clocks, withdrawals, several feeds, documents brought by hand, failures that last. */
#include "model/codes.h"
#include "model/limit.h"
#include "tests/lib/feed_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define A               "<trust><anchor name=\"a\" file=\"a.pem\"/></trust>"
#define CORP            "<feed name=\"corp\" url=\"https://feed.example/corp.xml\" ids=\"*\"/>"
#define VENDOR          "<feed name=\"vendor\" url=\"https://feed.example/vendor.xml\"/>"
#define OFFER(lab, ...) feed_lab_offer(lab, &(struct feed_doc){ __VA_ARGS__ })

static void configure(struct lab *lab, const char *inside)
{
	if (feed_lab_configure(lab, inside))
		fail_msg("%s", lab->err.msg);
}

static char *rule(const char *id, const char *pattern)
{
	return lab_config(id, "1.0", "/", "yes", pattern, NULL);
}

/* --- serials */

static void a_serial_goes_down_only_when_an_administrator_reset_it(void **state)
{
	struct lab *lab = *state;

	configure(lab, A CORP);
	assert_int_equal(lab_ask(lab, NULL, "reset-serial", "feed", "corp", "reason", "x", NULL), SG_ESTATE);
	OFFER(lab, .feed = "corp", .serial = 9);
	OFFER(lab, .feed = "corp", .serial = 4);
	feed_lab_expect(lab, "corp", 9, "serial 4, but 9 was accepted before");
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_SERIAL, "serial 4"), 1);
	assert_int_equal(lab_ask(lab, NULL, "reset-serial", "feed", "corp", NULL), SG_EINVAL);
	assert_int_equal(lab_ask(lab, NULL, "reset-serial", "feed", "none", "reason", "x", NULL), SG_ENOENT);
	lab_do(lab, "reset-serial", "feed", "corp", "reason", "the publisher lost count", NULL);
	assert_int_equal(
	        feed_lab_said(lab, SG_EV_SERIAL_RESET,
	                "the serial 9 was reset; the next document may have any: the publisher lost count"),
	        1);
	lab_close(lab);
	lab_open(lab);
	configure(lab, A CORP);
	OFFER(lab, .feed = "corp", .serial = 4);
	feed_lab_expect(lab, "corp", 4, NULL);
	OFFER(lab, .feed = "corp", .serial = 3);
	feed_lab_expect(lab, "corp", 4, "but 4 was accepted before");
}

static void a_serial_jumps_as_far_as_the_configuration_says(void **state)
{
	struct lab *lab = *state;

	configure(lab, A "<feed name=\"corp\" url=\"https://h/\" max-serial-jump=\"5\"/>");
	OFFER(lab, .feed = "corp", .serial = 1000000); /* the first may have any */
	OFFER(lab, .feed = "corp", .serial = 1000006);
	feed_lab_expect(lab, "corp", 1000000, "at most 5 at once");
	OFFER(lab, .feed = "corp", .serial = 1000005);
	feed_lab_expect(lab, "corp", 1000005, NULL);
}

static void the_same_serial_with_other_octets_is_an_alarm(void **state)
{
	struct lab *lab = *state;

	configure(lab, A CORP);
	OFFER(lab, .feed = "corp", .serial = 3);
	OFFER(lab, .feed = "corp", .serial = 3, .issued = lab->now - 3600000);
	feed_lab_expect(lab, "corp", 3, "serial 3 came with other octets");
	assert_int_equal(sg_event_info(SG_EV_TRUST_EQUIVOCATION)->level, SG_CRITICAL);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_EQUIVOCATION, "feed corp"), 1);
}

static void the_document_of_another_feed_is_refused_by_its_name(void **state)
{
	struct lab *lab = *state;

	configure(lab, A CORP VENDOR);
	feed_lab_offer_as(lab, "corp", &(struct feed_doc){ .feed = "vendor", .serial = 1 });
	feed_lab_expect(lab, "corp", 0, "the document is of the feed 'vendor', not of 'corp'");
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_NAME, "feed corp"), 1);
}

static void an_id_that_the_feed_may_not_offer_leaves_the_others_working(void **state)
{
	struct lab *lab = *state;
	char *good = rule("CORP-1", "evil"), *bad = rule("VENDOR-1", "evil"),
	     *both = sg_format("%s%s", bad, good);

	configure(lab, A "<feed name=\"corp\" url=\"https://h/\" ids=\"CORP-*\"/>");
	OFFER(lab, .feed = "corp", .serial = 1, .configs = both);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "CORP-1"), "applied/applied");
	assert_string_equal(lab_state(lab, "VENDOR-1"), "");
	assert_int_equal(feed_lab_said(lab, SG_EV_FEED_PART_REFUSED, "VENDOR-1"), 1);
	free(good);
	free(bad);
	free(both);
}

/* --- clocks */

static void a_document_from_the_future_is_refused(void **state)
{
	struct lab *lab = *state;

	configure(lab, A CORP);
	OFFER(lab, .feed = "corp", .serial = 1, .issued = lab->now + 6 * 60000);
	feed_lab_expect(lab, "corp", 0, "issued in the future");
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_TIME, "feed corp"), 1);
	OFFER(lab, .feed = "corp", .serial = 1, .issued = lab->now + 4 * 60000);
	feed_lab_expect(lab, "corp", 1, NULL);
	OFFER(lab, .feed = "corp", .serial = 2, .issued = lab->now, .expires = lab->now - 60000);
	feed_lab_expect(lab, "corp", 1, "must be later than");
}

static void a_clock_that_jumps_takes_nothing_back(void **state)
{
	struct lab *lab = *state;
	char *m1 = rule("M1", "evil"), *m2 = rule("M2", "wicked"), *both = sg_format("%s%s", m1, m2);
	int64_t issued = lab->now - 1000, expires = lab->now + 14 * FEED_DAY;

	configure(lab, A CORP);
	OFFER(lab, .feed = "corp", .serial = 1, .configs = m1, .issued = issued, .expires = expires);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab->now = LAB_NOW - 3000 * FEED_DAY; /* back: no certificate is valid yet */
	lab_run(lab);
	OFFER(lab, .feed = "corp", .serial = 2, .configs = both, .issued = issued, .expires = expires);
	lab_run(lab);
	feed_lab_expect(lab, "corp", 1, "not yet valid");
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab->now = LAB_NOW + 20 * FEED_DAY; /* forward: the feed is not fresh, so nothing new starts */
	OFFER(lab, .feed = "corp", .serial = 2, .configs = both, .issued = issued, .expires = expires);
	lab_run(lab);
	feed_lab_expect(lab, "corp", 2, NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_state(lab, "M2"), "applicable/stale");
	lab->now = LAB_NOW + 60000; /* right again: it goes in */
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_state(lab, "M2"), "applied/applied");
	free(m1);
	free(m2);
	free(both);
}

/* --- withdrawals */

static const char tombstone[] = "<Config id=\"M1\" desc=\"lab\" sg:withdrawn=\"2026-11-18T00:00:00Z\" "
                                "sg:reason=\"It broke printing.\"/>";

static void a_missing_id_stays_and_says_so(void **state)
{
	struct lab *lab = *state;
	char *m1 = rule("M1", "evil");
	struct sg_val *list = NULL;

	configure(lab, A CORP);
	OFFER(lab, .feed = "corp", .serial = 1, .configs = m1);
	lab_run(lab);
	OFFER(lab, .feed = "corp", .serial = 2);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_int_equal(lab_ask(lab, &list, "show", "id", "M1", NULL), 0);
	assert_true(sg_val_get_bool(sg_val_get(list, "mitigation"), "missing", false));
	assert_int_equal(feed_lab_said(lab, SG_EV_NEW, "it stays until it is withdrawn"), 1);
	sg_val_free(list);
	lab->now += 400 * 24 * 3600 * 1000LL;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied"); /* silence is never a withdrawal */
	free(m1);
}

static void a_withdrawal_is_remembered_for_90_days_after_it_left_the_feed(void **state)
{
	struct lab *lab = *state;
	char *m1 = rule("M1", "evil");

	configure(lab, A CORP);
	OFFER(lab, .feed = "corp", .serial = 1, .configs = m1);
	lab_run(lab);
	OFFER(lab, .feed = "corp", .serial = 2, .configs = tombstone);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn");
	lab->now += 200 * FEED_DAY;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn"); /* the feed still says it */
	OFFER(lab, .feed = "corp", .serial = 3);
	lab_run(lab);
	lab->now += 89 * FEED_DAY;
	lab_run(lab);
	lab_close(lab);
	lab_open(lab);
	configure(lab, A CORP);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn");
	assert_string_equal(lab_field(lab, "M1", "reason"), "withdrawn");
	lab->now += 2 * FEED_DAY;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "");
	assert_int_equal(feed_lab_said(lab, SG_EV_FORGOTTEN, "M1"), 1);
	OFFER(lab, .feed = "corp", .serial = 4, .configs = m1, .issued = lab->now - 1000);
	free(m1);
}

static void what_an_administrator_took_out_is_not_forgotten(void **state)
{
	struct lab *lab = *state;
	char *m1 = rule("M1", "evil");

	configure(lab, A CORP);
	OFFER(lab, .feed = "corp", .serial = 1, .configs = m1);
	lab_run(lab);
	lab_do(lab, "rollback", "id", "M1", NULL);
	OFFER(lab, .feed = "corp", .serial = 2, .configs = tombstone);
	OFFER(lab, .feed = "corp", .serial = 3);
	lab_run(lab);
	lab->now += 91 * FEED_DAY;
	lab_run(lab);
	assert_string_not_equal(lab_state(lab, "M1"), "");
	OFFER(lab, .feed = "corp", .serial = 4, .configs = m1);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "state"), "reverted");
	free(m1);
}

/* --- several feeds */

static const char *field_of(struct lab *lab, const char *feed, const char *key, char *out, size_t size)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	const struct sg_val *list = sg_val_get(s->list, "mitigations");

	out[0] = 0;
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(sg_val_get_str(list->kid[i], "feed", ""), feed) == 0)
			snprintf(out, size, "%s", sg_val_get_str(list->kid[i], key, ""));
	sg_snapshot_free(s);
	return out;
}

static void the_feed_that_stands_first_shadows_and_says_so(void **state)
{
	struct lab *lab = *state;
	char *corp = rule("M1", "corp-evil"), *vendor = rule("M1", "vendor-evil"), text[300];

	configure(lab, A CORP VENDOR);
	OFFER(lab, .feed = "vendor", .serial = 1, .configs = vendor);
	lab_run(lab);
	assert_string_equal(field_of(lab, "vendor", "state", text, sizeof text), "applied");
	OFFER(lab, .feed = "corp", .serial = 1, .configs = corp);
	lab_run(lab);
	assert_string_equal(field_of(lab, "corp", "state", text, sizeof text), "applied");
	assert_string_equal(field_of(lab, "vendor", "reason", text, sizeof text), "shadowed");
	assert_string_equal(field_of(lab, "vendor", "shadowed_by", text, sizeof text), "corp");
	assert_non_null(strstr(field_of(lab, "vendor", "text", text, sizeof text), "corp"));
	assert_true(
	        feed_lab_said(lab, SG_EV_REVERTED, "M1") + feed_lab_said(lab, SG_EV_MOVED, "shadowed") > 0);
	/* a reload in the other order: the vendor's comes back, the company's goes */
	configure(lab, A VENDOR CORP);
	lab_run(lab);
	assert_string_equal(field_of(lab, "vendor", "state", text, sizeof text), "applied");
	assert_string_equal(field_of(lab, "corp", "shadowed_by", text, sizeof text), "vendor");
	/* the one above withdraws it: the one below comes back */
	OFFER(lab, .feed = "vendor", .serial = 2, .configs = tombstone);
	lab_run(lab);
	assert_string_equal(field_of(lab, "corp", "state", text, sizeof text), "applied");
	assert_string_equal(field_of(lab, "corp", "shadowed_by", text, sizeof text), "");
	assert_string_equal(field_of(lab, "vendor", "state", text, sizeof text), "reverted");
	free(corp);
	free(vendor);
}

/* --- by hand */

static int import(struct lab *lab, const struct sg_fetched *f, const char *feed)
{
	struct sg_val *params = sg_val_map(), *reply = NULL;
	int r;

	sg_val_set_bin(params, "document", f->octets.data, f->octets.len);
	if (f->cms.len)
		sg_val_set_bin(params, "signature", f->cms.data, f->cms.len);
	sg_val_set_str(params, "name", "usb/corp.xml");
	sg_val_set_str(params, "reason", "no network here");
	if (feed)
		sg_val_set_str(params, "feed", feed);
	sg_err_clear(&lab->err);
	r = sg_engine_request(lab->engine, "import", params, "uid 7 (anna)", &reply, &lab->err);
	sg_val_free(params);
	sg_val_free(reply);
	return r;
}

static void an_import_is_judged_like_a_poll_and_names_who_brought_it(void **state)
{
	struct lab *lab = *state;
	char *m1 = rule("M1", "evil");
	struct sg_snapshot *s;
	struct sg_fetched f;
	struct sg_val *reply = NULL;
	size_t n = 0;

	configure(lab, A "<feed name=\"vendor\" url=\"https://h/\"/><feed name=\"corp\"/>");
	s = sg_engine_snapshot(lab->engine);
	assert_int_equal(s->n_polls, 1); /* a feed without an address is never polled */
	sg_snapshot_free(s);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 5, .configs = m1 }, &f);
	assert_int_equal(import(lab, &f, "vendor"), SG_ETRUST); /* it is not the vendor's */
	assert_int_equal(import(lab, &f, NULL), 0);
	feed_lab_expect(lab, "corp", 5, NULL);
	feed_lab_expect(lab, "vendor", 0, NULL); /* a refused import is no failure of the feed */
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_int_equal(import(lab, &f, NULL), 0); /* again: nothing changes */
	sg_fetched_release(&f);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 4, .configs = m1 }, &f);
	assert_int_equal(import(lab, &f, NULL), SG_ETRUST);
	assert_non_null(strstr(lab->err.msg, "but 5 was accepted before"));
	sg_fetched_release(&f);
	feed_lab_sign(lab, &(struct feed_doc){ .feed = "corp", .serial = 6, .pki = 1 }, &f);
	assert_int_equal(import(lab, &f, NULL), SG_ETRUST);
	sg_fetched_release(&f);
	assert_int_equal(lab_ask(lab, NULL, "import", "feed", "corp", NULL), SG_EINVAL);
	assert_int_equal(lab_ask(lab, &reply, "history", "limit", "@1000", NULL), 0);
	for (size_t i = 0; i < sg_val_get(reply, "lines")->n; i++) {
		const struct sg_val *line = sg_val_get(reply, "lines")->kid[i];

		n += sg_val_get_int(line, "code", 0) == SG_EV_FEED_ACCEPTED &&
		     strcmp(sg_val_get_str(line, "account", ""), "uid 7 (anna)") == 0 &&
		     strcmp(sg_val_get_str(line, "reason", ""), "no network here") == 0;
	}
	assert_int_equal(n, 1);
	assert_int_equal(feed_lab_said(lab, SG_EV_IMPORTED, "import of usb/corp.xml"), 5);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_SERIAL, "refused"), 1);
	sg_val_free(reply);
	free(m1);
}

/* --- failures that last */

static void a_week_of_failures_is_a_line_per_cause_and_one_a_day(void **state)
{
	struct lab *lab = *state;

	configure(lab, A CORP);
	for (int i = 0; i < 7 * 288; i++) {
		struct sg_err why = SG_ERR_INIT, err = SG_ERR_INIT;

		lab->now += 300000;
		sg_fail(&why, SG_ENET, "https://feed.example: %s after %d ms",
		        i < 288 ? "no answer" : "refused", 15000 + i);
		assert_int_equal(sg_engine_fetched(lab->engine, "corp", NULL, &why, &err), 0);
	}
	assert_int_equal(feed_lab_said(lab, SG_EV_FEED_UNREACHABLE, "feed corp: https"), 2);
	assert_int_equal(feed_lab_said(lab, SG_EV_FEED_UNREACHABLE, "times in a row"), 5);
	feed_lab_expect(lab, "corp", 0, "refused after 17015 ms"); /* status has the newest */
	OFFER(lab, .feed = "corp", .serial = 1);
	feed_lab_expect(lab, "corp", 1, NULL);
}

static void the_same_event_is_said_to_watchers_a_few_times_and_counted(void **state)
{
	struct lab *lab = *state;
	struct sg_snapshot *s;
	size_t told = 0;

	configure(lab, A CORP);
	sg_snapshot_free(sg_engine_snapshot(lab->engine));
	for (int i = 0; i < 40; i++) { /* two causes that take turns */
		struct sg_err why = SG_ERR_INIT, err = SG_ERR_INIT;

		lab->now += 1000;
		sg_fail(&why, SG_ENET, "%s", i % 2 ? "no name" : "no answer");
		sg_engine_fetched(lab->engine, "corp", NULL, &why, &err);
	}
	s = sg_engine_snapshot(lab->engine);
	for (size_t i = 0; i < s->events->n; i++)
		told += sg_val_get_int(s->events->kid[i], "code", 0) == SG_EV_FEED_UNREACHABLE;
	assert_int_equal(told, SG_LIMIT_SAID);
	sg_snapshot_free(s);
	assert_int_equal(feed_lab_said(lab, SG_EV_FEED_UNREACHABLE, "feed corp"), 40); /* the trail has all */
	lab->now += SG_LIMIT_WHILE;
	{
		struct sg_err why = SG_ERR_INIT, err = SG_ERR_INIT;

		sg_fail(&why, SG_ENET, "no answer");
		sg_engine_fetched(lab->engine, "corp", NULL, &why, &err);
	}
	s = sg_engine_snapshot(lab->engine);
	assert_int_equal(s->events->n, 1);
	assert_int_equal(sg_val_get_int(s->events->kid[0], "left_out", 0), 40 - SG_LIMIT_SAID);
	sg_snapshot_free(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, feed_lab_set_up, lab_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_serial_goes_down_only_when_an_administrator_reset_it),
		TEST(a_serial_jumps_as_far_as_the_configuration_says),
		TEST(the_same_serial_with_other_octets_is_an_alarm),
		TEST(the_document_of_another_feed_is_refused_by_its_name),
		TEST(an_id_that_the_feed_may_not_offer_leaves_the_others_working),
		TEST(a_document_from_the_future_is_refused),
		TEST(a_clock_that_jumps_takes_nothing_back),
		TEST(a_missing_id_stays_and_says_so),
		TEST(a_withdrawal_is_remembered_for_90_days_after_it_left_the_feed),
		TEST(what_an_administrator_took_out_is_not_forgotten),
		TEST(the_feed_that_stands_first_shadows_and_says_so),
		TEST(an_import_is_judged_like_a_poll_and_names_who_brought_it),
		TEST(a_week_of_failures_is_a_line_per_cause_and_one_a_day),
		TEST(the_same_event_is_said_to_watchers_a_few_times_and_counted),
	};

	return cmocka_run_group_tests(tests, feed_lab_group, feed_lab_ungroup);
}
