/* test_poll.c - the fetch lane: when feeds are polled, what a poll brings, and what "ended" means. Real files, a real loop. */
#include "base/os.h"
#include "daemon/poll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct stage {
	char dir[64];
	uv_loop_t loop;
	atomic_bool stop;
	struct sg_polls *polls;
	int ended; /* polls that the hook heard of */
	int failed;
	char last[64];    /* octets of the last one */
	bool keep_handed; /* the hook does not call sg_polls_ended() */
};

static void on_fetched(void *arg, const char *feed, struct sg_fetched *fetched, const struct sg_err *failure)
{
	struct stage *s = arg;

	s->ended++;
	s->failed += failure->code != 0;
	s->last[0] = 0;
	if (fetched->octets.len && fetched->octets.len < sizeof s->last)
		memcpy(s->last, fetched->octets.data, fetched->octets.len + 1);
	sg_fetched_release(fetched);
	if (!s->keep_handed)
		sg_polls_ended(s->polls, feed);
}

static int set_up(void **state)
{
	struct stage *s = sg_alloc(sizeof *s);

	strcpy(s->dir, "/tmp/stopgap-poll-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(uv_loop_init(&s->loop), 0);
	sg_fetch_init();
	s->polls = sg_polls_new(&(struct sg_polls_options){ .loop = &s->loop,
	        .stop = &s->stop,
	        .seed = 7,
	        .at_once = 2,
	        .fetched = on_fetched,
	        .arg = s });
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&s->loop), 0);
	sg_polls_free(s->polls);
	sg_os_remove_tree(s->dir, NULL);
	free(s);
	return 0;
}

static int64_t now(struct stage *s)
{
	uv_update_time(&s->loop);
	return (int64_t)uv_now(&s->loop);
}

static char *path_of(struct stage *s, const char *name)
{
	return sg_format("%s/%s", s->dir, name);
}

static void put(struct stage *s, const char *name, const char *text)
{
	char *path = path_of(s, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

/* Tells the lane about feeds a, b, ... whose files have the same names; due `in_ms` from a wall time of 1,000,000. */
static void update(struct stage *s, const char *names, int64_t in_ms)
{
	struct sg_poll polls[8] = { { 0 } };
	size_t n = strlen(names);

	for (size_t i = 0; i < n; i++) {
		polls[i].feed = sg_strndup(names + i, 1);
		polls[i].url = path_of(s, polls[i].feed);
		polls[i].due = 1000000 + in_ms;
		polls[i].timeout_ms = 5000;
		polls[i].max_bytes = 1000;
	}
	sg_polls_update(s->polls, polls, n, 1000000);
	for (size_t i = 0; i < n; i++) {
		free(polls[i].feed);
		free(polls[i].url);
	}
}

static void run_until(struct stage *s, int ended)
{
	while (s->ended < ended && uv_run(&s->loop, UV_RUN_ONCE))
		;
	assert_int_equal(s->ended, ended);
}

static void a_new_feed_is_polled_within_four_seconds_whatever_its_interval(void **state)
{
	struct stage *s = *state;
	int64_t next;

	put(s, "a", "hello");
	update(s, "a", INT64_C(7) * 24 * 3600 * 1000);
	next = sg_polls_tick(s->polls, now(s));
	if (next != INT64_MAX)
		assert_in_range(next - now(s), 0, SG_FIRST_POLL_MS);
	sg_polls_tick(s->polls, now(s) + SG_FIRST_POLL_MS);
	run_until(s, 1);
	assert_string_equal(s->last, "hello");
	/* from then on the engine says when */
	update(s, "a", 3600 * 1000);
	next = sg_polls_tick(s->polls, now(s));
	assert_in_range(next - now(s), 3599 * 1000, 3600 * 1000);
}

static void a_poll_that_is_asked_for_begins_at_once_and_is_told_from_an_older_one(void **state)
{
	struct stage *s = *state;
	uint64_t first, second;

	put(s, "a", "one");
	update(s, "a", 3600 * 1000);
	first = sg_polls_ask(s->polls, "a");
	assert_int_equal(first, 1);
	sg_polls_tick(s->polls, now(s));
	assert_true(sg_polls_busy(s->polls));
	second =
	        sg_polls_ask(s->polls, "a"); /* while the first is under way: it may have been read already */
	assert_int_equal(second, 2);
	run_until(s, 1);
	assert_true(sg_polls_has_ended(s->polls, "a", first));
	assert_false(sg_polls_has_ended(s->polls, "a", second));
	update(s, "a", 3600 * 1000); /* an older opinion about when: what was asked for stays due */
	sg_polls_tick(s->polls, now(s));
	run_until(s, 2);
	assert_true(sg_polls_has_ended(s->polls, "a", second));
	assert_int_equal(sg_polls_ask(s->polls, "nobody"), 0);
	assert_true(sg_polls_has_ended(s->polls, "nobody", 9));
}

static void no_feed_is_polled_twice_at_a_time_nor_before_its_result_is_dealt_with(void **state)
{
	struct stage *s = *state;

	s->keep_handed = true;
	put(s, "a", "one");
	update(s, "a", 0);
	sg_polls_ask(s->polls, "a");
	sg_polls_tick(s->polls, now(s));
	sg_polls_tick(s->polls, now(s) + 10000);
	run_until(s, 1);
	assert_int_equal(sg_polls_tick(s->polls, now(s) + 10000), INT64_MAX);
	assert_false(sg_polls_busy(s->polls));
	sg_polls_ended(s->polls, "a");
	sg_polls_tick(s->polls, now(s) + 10000);
	run_until(s, 2);
}

static void more_feeds_than_may_be_fetched_at_once_take_turns(void **state)
{
	struct stage *s = *state;

	for (const char *p = "abcde"; *p; p++)
		put(s, (char[]){ *p, 0 }, "x");
	update(s, "abcde", 3600 * 1000);
	assert_int_equal(sg_polls_count(s->polls), 5);
	for (const char *p = "abcde"; *p; p++)
		sg_polls_ask(s->polls, (char[]){ *p, 0 });
	while (s->ended < 5) {
		int before = s->ended;

		sg_polls_tick(s->polls, now(s));
		assert_true(sg_polls_busy(s->polls));
		uv_run(&s->loop, UV_RUN_DEFAULT);
		assert_in_range(s->ended - before, 1, 2);
	}
	assert_int_equal(s->ended, 5);
	assert_int_equal(s->failed, 0);
}

static void an_engine_that_keeps_saying_now_does_not_make_it_spin(void **state)
{
	struct stage *s = *state;
	int64_t next;

	put(s, "a", "one");
	update(s, "a", 0);
	sg_polls_ask(s->polls, "a");
	sg_polls_tick(s->polls, now(s));
	run_until(s, 1);
	update(s, "a", -5000);
	next = sg_polls_tick(s->polls, now(s));
	assert_false(sg_polls_busy(s->polls));
	assert_in_range(next - now(s), 1, 1000);
}

static void a_feed_that_is_gone_is_polled_no_more_and_nobody_waits_for_it(void **state)
{
	struct stage *s = *state;
	uint64_t number;

	put(s, "a", "one");
	update(s, "a", 3600 * 1000);
	number = sg_polls_ask(s->polls, "a");
	sg_polls_tick(s->polls, now(s));
	update(s, "", 0); /* a reload, while it is fetched */
	assert_true(sg_polls_has_ended(s->polls, "a", number));
	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_int_equal(s->ended, 0);
	assert_int_equal(sg_polls_count(s->polls), 0);
}

static void a_failure_is_handed_over_as_one_and_a_stop_is_not(void **state)
{
	struct stage *s = *state;

	update(s, "a", 3600 * 1000); /* its file is not there */
	sg_polls_ask(s->polls, "a");
	sg_polls_tick(s->polls, now(s));
	run_until(s, 1);
	assert_int_equal(s->failed, 1);
	sg_polls_ask(s->polls, "a");
	sg_polls_tick(s->polls, now(s));
	atomic_store(&s->stop, true);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_int_equal(s->ended, 1);
	sg_polls_ended(s->polls, "a");
	assert_int_equal(sg_polls_tick(s->polls, now(s)), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(a_new_feed_is_polled_within_four_seconds_whatever_its_interval),
		TEST(a_poll_that_is_asked_for_begins_at_once_and_is_told_from_an_older_one),
		TEST(no_feed_is_polled_twice_at_a_time_nor_before_its_result_is_dealt_with),
		TEST(more_feeds_than_may_be_fetched_at_once_take_turns),
		TEST(an_engine_that_keeps_saying_now_does_not_make_it_spin),
		TEST(a_feed_that_is_gone_is_polled_no_more_and_nobody_waits_for_it),
		TEST(a_failure_is_handed_over_as_one_and_a_stop_is_not),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
