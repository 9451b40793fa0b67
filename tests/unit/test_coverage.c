/* test_coverage.c - "was this server protected from X to Y" (P13): what each kind of line does to the answer, line by line and without any journal. */
#include "journal/coverage.h"
#include "base/pack.h"
#include "base/text.h"
#include "model/codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MINUTE 60000

struct trail {
	struct sg_coverage c;
	uint64_t seq;
	struct sg_val *report;
};

static int set_up(void **state)
{
	struct trail *t = sg_alloc(sizeof *t);

	sg_coverage_init(&t->c, NULL);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct trail *t = *state;

	sg_coverage_release(&t->c);
	sg_val_free(t->report);
	free(t);
	return 0;
}

/* A line at that minute; takes data over. */
static void line(struct trail *t, int minute, int code, const char *id, struct sg_val *data, const char *text)
{
	struct sg_audit one = { .seq = ++t->seq,
		.wall = (int64_t)minute * MINUTE,
		.code = code,
		.text = (char *)(uintptr_t)text,
		.data = data };

	if (id)
		one.key = (struct sg_key){ (char *)(uintptr_t) "f", (char *)(uintptr_t)id };
	sg_coverage_line(&t->c, &one);
	sg_val_free(data);
}

static void service(struct trail *t, int minute, int code)
{
	line(t, minute, code, NULL, NULL, "");
}

static void says(struct trail *t, int minute, int code, const char *id, enum sg_verdict verdict)
{
	struct sg_val *data = sg_val_map();

	sg_val_set_str(data, "verdict", sg_verdict_name(verdict));
	sg_val_set_str(data, "state", "some");
	sg_val_set_str(data, "reason", "cause");
	line(t, minute, code, id, data, "");
}

static void feed(struct trail *t, int minute, int code, const char *name, const char *text)
{
	struct sg_val *data = sg_val_map();

	sg_val_set_str(data, "feed", name);
	line(t, minute, code, NULL, data, text);
}

/* A configuration with these feeds, up to NULL. */
static void configured(struct trail *t, int minute, const char *a, const char *b)
{
	struct sg_val *data = sg_val_map(), *list = sg_val_set(data, "feeds", sg_val_array());

	if (a)
		sg_val_push(list, sg_val_str(a));
	if (b)
		sg_val_push(list, sg_val_str(b));
	line(t, minute, SG_EV_RELOADED, NULL, data, "");
}

/* A service that runs from minute 0 on, with one feed that was read. */
static void up(struct trail *t)
{
	service(t, 0, SG_EV_STARTED);
	configured(t, 0, "corp", NULL);
	feed(t, 0, SG_EV_FEED_ACCEPTED, "corp", "feed corp: serial 1");
}

/* The trail's end at that minute, the service running, and what is said of [from, to) minutes; -1: open. */
static void report(struct trail *t, int end, const char *pattern, int from, int to)
{
	sg_coverage_end(&t->c, (int64_t)end * MINUTE);
	sg_val_free(t->report);
	t->report = sg_coverage_report(&t->c, pattern, from < 0 ? INT64_MIN : (int64_t)from * MINUTE,
	        to < 0 ? INT64_MAX : (int64_t)to * MINUTE);
}

static const struct sg_val *of(const struct trail *t, const char *id)
{
	const struct sg_val *list = sg_val_get(t->report, "mitigations");

	if (!id)
		return sg_val_get(t->report, "server");
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(sg_val_get_str(list->kid[i], "id", ""), id) == 0)
			return list->kid[i];
	}
	return NULL;
}

/* "0-5 protected; 5-9 exposed": minutes; NULL id: the server. */
static void spans_are(const struct trail *t, const char *id, const char *want)
{
	const struct sg_val *spans = sg_val_get(of(t, id), "spans");
	struct sg_buf got = { 0 };

	assert_non_null(spans);
	for (size_t i = 0; i < spans->n; i++)
		sg_buf_fmt(&got, "%s%lld-%lld %s", i ? "; " : "",
		        (long long)(sg_val_get_int(spans->kid[i], "from", -1) / MINUTE),
		        (long long)(sg_val_get_int(spans->kid[i], "to", -1) / MINUTE),
		        sg_val_get_str(spans->kid[i], "coverage", ""));
	assert_string_equal(got.len ? (char *)got.data : "", want);
	sg_buf_release(&got);
}

static void cause_has(const struct trail *t, const char *id, size_t span, const char *text)
{
	const struct sg_val *spans = sg_val_get(of(t, id), "spans");

	assert_true(span < spans->n);
	if (!strstr(sg_val_get_str(spans->kid[span], "cause", ""), text))
		fail_msg("\"%s\" lacks \"%s\"", sg_val_get_str(spans->kid[span], "cause", ""), text);
}

/* --- mitigations */

static void verdicts_count_as_design_says(void **state)
{
	struct trail *t = *state;
	const struct sg_val *ms;

	up(t);
	says(t, 1, SG_EV_NEW, "M1", SG_V_UNKNOWN);
	says(t, 2, SG_EV_WAITS, "M1", SG_V_WAITING);
	says(t, 4, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 7, SG_EV_DEFEATED, "M1", SG_V_EXPOSED);
	says(t, 11, SG_EV_MOVED, "M1", SG_V_BY_OTHERS);
	says(t, 16, SG_EV_REVERTED, "M1", SG_V_NOT_NEEDED);
	report(t, 22, NULL, -1, -1);
	spans_are(t, "M1",
	        "1-2 unknown; 2-4 exposed; 4-7 protected; 7-11 exposed; 11-16 protected; 16-22 protected");
	ms = sg_val_get(of(t, "M1"), "ms");
	assert_int_equal(sg_val_get_int(ms, "protected", 0), (3 + 5 + 6) * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "by_others", 0), 5 * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "not_needed", 0), 6 * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "exposed", 0), (2 + 4) * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "waiting", 0), 2 * MINUTE);
	assert_int_equal(sg_val_get_int(ms, "unknown", 0), 1 * MINUTE);
	assert_string_equal(sg_val_get_str(of(t, "M1"), "coverage", ""), "exposed");
}

static void lines_that_say_the_same_make_no_new_span(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 2, SG_EV_EVALUATED, "M1", SG_V_IN_FORCE);
	says(t, 3, SG_EV_EVALUATED, "M1", SG_V_EXPOSED);
	says(t, 3, SG_EV_REPAIRED, "M1", SG_V_IN_FORCE); /* exposed for no time at all */
	report(t, 5, NULL, -1, -1);
	spans_are(t, "M1", "1-5 protected");
}

static void a_question_about_a_part_is_cut_to_it(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 2, SG_EV_WAITS, "M1", SG_V_EXPOSED);
	says(t, 4, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	report(t, 20, "M1", 5, 9);
	spans_are(t, "M1", "5-9 protected");
	assert_string_equal(sg_val_get_str(of(t, "M1"), "coverage", ""), "protected");
	assert_int_equal(sg_val_get(t->report, "server")->type, SG_VAL_NIL);
	report(t, 20, "f/m*", 3, 5);
	spans_are(t, "M1", "3-4 exposed; 4-5 protected");
	report(t, 20, "g/M1", 3, 5);
	assert_null(of(t, "M1"));
}

static void the_future_is_not_foretold(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	report(t, 5, NULL, 0, 900);
	spans_are(t, "M1", "1-5 protected");
	assert_int_equal(sg_val_get_int(t->report, "to", 0), 5 * MINUTE);
}

/* --- gaps */

static void nothing_is_known_while_the_service_is_stopped(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 1, SG_EV_WAITS, "M2", SG_V_EXPOSED);
	service(t, 5, SG_EV_STOPPED);
	service(t, 9, SG_EV_STARTED);
	configured(t, 9, "corp", NULL);
	says(t, 12, SG_EV_APPLIED, "M2", SG_V_IN_FORCE);
	report(t, 20, NULL, -1, -1);
	spans_are(t, "M1", "1-5 protected; 5-9 unknown; 9-20 protected");
	spans_are(t, "M2", "1-5 exposed; 5-9 unknown; 9-12 exposed; 12-20 protected");
	spans_are(t, NULL, "0-1 protected; 1-5 exposed; 5-9 unknown; 9-12 exposed; 12-20 protected");
	cause_has(t, "M1", 1, "the service was stopped; what was in place stays there");
	cause_has(t, NULL, 2, "the service was stopped");
}

static void who_died_is_known_to_have_run_until_the_last_line(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	service(t, 4, SG_EV_AUDITED);
	says(t, 10, SG_EV_RECOVERED, "M1", SG_V_IN_FORCE); /* of the next run, in front of its STARTED */
	service(t, 10, SG_EV_STARTED);
	configured(t, 10, "corp", NULL);
	report(t, 12, NULL, -1, -1);
	spans_are(t, "M1", "1-4 protected; 4-10 unknown; 10-12 protected");
	spans_are(t, NULL, "0-1 protected; 1-4 protected; 4-10 unknown; 10-12 protected");
	cause_has(t, "M1", 1, "died");
}

static void a_journal_that_is_only_read_says_nothing_behind_its_end(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	service(t, 4, SG_EV_AUDITED);
	sg_coverage_end(&t->c, 0);
	t->report = sg_coverage_report(&t->c, NULL, INT64_MIN, INT64_MAX);
	spans_are(t, "M1", "1-4 protected");
	sg_val_free(t->report);
	t->report = sg_coverage_report(&t->c, NULL, INT64_MIN, 9 * MINUTE);
	spans_are(t, "M1", "1-4 protected; 4-9 unknown");
	spans_are(t, NULL, "0-1 protected; 1-4 protected; 4-9 unknown");
}

static void before_the_first_line_nothing_is_known(void **state)
{
	struct trail *t = *state;

	t->c.now = 0;
	service(t, 10, SG_EV_STARTED);
	configured(t, 10, "corp", NULL);
	feed(t, 10, SG_EV_FEED_ACCEPTED, "corp", "feed corp: serial 1");
	says(t, 12, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	report(t, 14, NULL, 5, 14);
	spans_are(t, NULL, "5-10 unknown; 10-12 protected; 12-14 protected");
	spans_are(t, "M1", "12-14 protected"); /* nobody knew of it */
	cause_has(t, NULL, 0, "before the journal's first line");
}

static void a_clock_that_was_set_back_makes_no_negative_time(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 10, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 3, SG_EV_DRIFT, "M1", SG_V_EXPOSED);
	says(t, 12, SG_EV_REPAIRED, "M1", SG_V_IN_FORCE);
	report(t, 15, NULL, -1, -1);
	spans_are(t, "M1", "10-12 exposed; 12-15 protected");
}

static void behind_a_lost_line_nobody_knows_until_the_next(void **state)
{
	struct trail *t = *state;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 1, SG_EV_APPLIED, "M2", SG_V_IN_FORCE);
	t->seq += 2;
	service(t, 5, SG_EV_AUDITED);
	says(t, 8, SG_EV_EVALUATED, "M1", SG_V_IN_FORCE);
	report(t, 10, NULL, -1, -1);
	spans_are(t, "M1", "1-8 unknown; 8-10 protected");
	spans_are(t, "M2", "1-10 unknown");
	cause_has(t, "M2", 0, "lost");
}

/* --- feeds */

static void a_feed_that_fails_leaves_the_server_unknown_with_the_cause(void **state)
{
	static const int failures[] = { SG_EV_FEED_UNREACHABLE, SG_EV_FEED_MALFORMED, SG_EV_TRUST_SIGNATURE,
		SG_EV_TRUST_CHAIN, SG_EV_TRUST_SERIAL, SG_EV_TRUST_EQUIVOCATION, SG_EV_TRUST_NAME,
		SG_EV_FEED_STALE, SG_EV_FEED_PART_REFUSED };
	struct trail *t = *state;
	int minute = 1;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		minute += 2;
		feed(t, minute++, failures[i], "corp", "feed corp: cannot be had");
		feed(t, minute, i % 2 ? SG_EV_FEED_ACCEPTED : SG_EV_FEED_REACHABLE, "corp",
		        "feed corp: well");
		if (failures[i] == SG_EV_FEED_PART_REFUSED)
			feed(t, minute, SG_EV_FEED_ACCEPTED, "corp", "feed corp: well");
	}
	report(t, minute + 1, NULL, -1, -1);
	spans_are(t, "M1", "1-29 protected"); /* what it has of it, it has */
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
		cause_has(t, NULL, 2 + 2 * i,
		        "feed corp: cannot be had: whether it had anything new is not known");
	assert_int_equal(sg_val_get_int(sg_val_get(of(t, NULL), "ms"), "unknown", 0), 9 * MINUTE);
	assert_string_equal(sg_val_get_str(of(t, NULL), "coverage", ""), "unknown");
}

static void a_failure_lasts_beyond_a_restart_and_ends_with_its_feed(void **state)
{
	struct trail *t = *state;

	up(t);
	feed(t, 2, SG_EV_FEED_UNREACHABLE, "corp", "feed corp: no route");
	service(t, 4, SG_EV_STOPPED);
	service(t, 5, SG_EV_STARTED);
	configured(t, 5, "corp", NULL);
	configured(t, 8, "other", NULL);
	feed(t, 9, SG_EV_FEED_ACCEPTED, "other", "feed other: serial 1");
	report(t, 10, NULL, -1, -1);
	spans_are(
	        t, NULL, "0-2 protected; 2-4 unknown; 4-5 unknown; 5-8 unknown; 8-9 unknown; 9-10 protected");
	cause_has(t, NULL, 3, "no route");
	cause_has(t, NULL, 4, "feed other: not read yet");
}

static void without_a_feed_the_server_is_exposed(void **state)
{
	struct trail *t = *state;

	service(t, 0, SG_EV_STARTED);
	configured(t, 2, NULL, NULL);
	report(t, 5, NULL, -1, -1);
	spans_are(t, NULL, "0-2 unknown; 2-5 exposed");
	cause_has(t, NULL, 0, "no configuration");
	cause_has(t, NULL, 1, "no feed is configured");
}

static void the_worst_mitigation_speaks_for_the_server(void **state)
{
	struct trail *t = *state;

	up(t);
	feed(t, 1, SG_EV_FEED_STALE, "corp", "feed corp: has not verified for 6h");
	says(t, 2, SG_EV_EVALUATED, "M1", SG_V_UNKNOWN);
	says(t, 3, SG_EV_WAITS, "M2", SG_V_WAITING);
	report(t, 4, NULL, -1, -1);
	spans_are(t, NULL, "0-1 protected; 1-2 unknown; 2-3 unknown; 3-4 exposed");
	cause_has(t, NULL, 2, "M1: UNKNOWN");
	cause_has(t, NULL, 2, "has not verified");
	cause_has(t, NULL, 3, "M2: WAITING: some (cause); and 1 more");
}

/* --- history that was taken out */

static void what_stood_before_a_prune_stays_known(void **state)
{
	struct trail *t = *state;
	struct sg_val *standing;

	up(t);
	says(t, 1, SG_EV_APPLIED, "M1", SG_V_IN_FORCE);
	says(t, 2, SG_EV_WAITS, "M2", SG_V_EXPOSED);
	feed(t, 3, SG_EV_FEED_UNREACHABLE, "corp", "feed corp: no route");
	standing = sg_coverage_standing(&t->c, 7, NULL);
	sg_coverage_release(&t->c);
	sg_coverage_init(&t->c, standing);
	sg_val_free(standing);
	assert_int_equal(t->seq, 6);
	service(t, 10, SG_EV_AUDITED);
	feed(t, 12, SG_EV_FEED_REACHABLE, "corp", "feed corp: well");
	says(t, 14, SG_EV_APPLIED, "M2", SG_V_IN_FORCE);
	report(t, 20, NULL, 5, 20);
	spans_are(t, "M1", "5-10 unknown; 10-20 protected");
	spans_are(t, "M2", "5-10 unknown; 10-14 exposed; 14-20 protected");
	spans_are(t, NULL, "5-10 unknown; 10-14 exposed; 14-20 protected");
	cause_has(t, "M1", 0, "older history was taken out");
	cause_has(t, NULL, 0, "older history was taken out");
}

/* A part that is too large for a record could be written and never be read again. */
static void however_many_there_are_each_part_fits_a_record(void **state)
{
	struct trail *t = *state;
	struct sg_val *facts, *again;
	struct sg_coverage c;
	struct sg_buf octets = { 0 };
	char id[65], error[600];

	up(t);
	memset(error, 'e', sizeof error - 1);
	error[sizeof error - 1] = 0;
	for (int i = 0; i < 4096; i++) {
		snprintf(id, sizeof id, "EXK-%060d", i);
		says(t, 1, SG_EV_WAITS, id, i % 2 ? SG_V_EXPOSED : SG_V_NOT_NEEDED);
	}
	for (int i = 0; i < 64; i++) {
		snprintf(id, sizeof id, "feed-%059d", i);
		feed(t, 1, SG_EV_FEED_UNREACHABLE, id, error);
		feed(t, 1, SG_EV_FEED_STALE, id, error);
	}
	facts = sg_coverage_standing(&t->c, t->seq + 1, NULL);
	assert_true(facts->n > 40);
	for (size_t i = 0; i < facts->n; i++) {
		sg_buf_clear(&octets);
		sg_pack(facts->kid[i], &octets);
		assert_int_equal(
		        sg_pack_walk(sg_buf_bytes(&octets), &sg_pack_row_limits, NULL), (int64_t)octets.len);
	}
	sg_coverage_init(&c, facts);
	again = sg_coverage_standing(&c, 1, facts);
	for (size_t i = 0; i < facts->n; i++) /* nothing is known yet: the old parts go */
		assert_int_equal(sg_val_get(again, facts->kid[i]->key)->type,
		        strcmp(facts->kid[i]->key, SG_COVERAGE_FACT) == 0 ? SG_VAL_MAP : SG_VAL_NIL);
	sg_coverage_release(&c);
	sg_coverage_release(&t->c);
	sg_coverage_init(&t->c, facts);
	service(t, 5, SG_EV_AUDITED);
	report(t, 9, NULL, 5, 9);
	snprintf(id, sizeof id, "EXK-%060d", 4095);
	spans_are(t, id, "5-9 exposed");
	assert_int_equal(sg_val_get(t->report, "mitigations")->n, 4096);
	sg_val_free(facts);
	sg_val_free(again);
	sg_buf_release(&octets);
}

static void what_nobody_kept_is_unknown_up_to_its_next_line(void **state)
{
	struct trail *t = *state;

	t->seq = 40;
	service(t, 10, SG_EV_AUDITED);
	says(t, 14, SG_EV_EVALUATED, "M1", SG_V_IN_FORCE);
	says(t, 15, SG_EV_NEW, "M2", SG_V_WAITING);
	report(t, 20, NULL, 5, 20);
	spans_are(t, "M1", "5-10 unknown; 10-14 unknown; 14-20 protected");
	spans_are(t, "M2", "15-20 exposed");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(verdicts_count_as_design_says),
		T(lines_that_say_the_same_make_no_new_span),
		T(a_question_about_a_part_is_cut_to_it),
		T(the_future_is_not_foretold),
		T(nothing_is_known_while_the_service_is_stopped),
		T(who_died_is_known_to_have_run_until_the_last_line),
		T(a_journal_that_is_only_read_says_nothing_behind_its_end),
		T(before_the_first_line_nothing_is_known),
		T(a_clock_that_was_set_back_makes_no_negative_time),
		T(behind_a_lost_line_nobody_knows_until_the_next),
		T(a_feed_that_fails_leaves_the_server_unknown_with_the_cause),
		T(a_failure_lasts_beyond_a_restart_and_ends_with_its_feed),
		T(without_a_feed_the_server_is_exposed),
		T(the_worst_mitigation_speaks_for_the_server),
		T(what_stood_before_a_prune_stays_known),
		T(however_many_there_are_each_part_fits_a_record),
		T(what_nobody_kept_is_unknown_up_to_its_next_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
