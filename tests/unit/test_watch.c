/* test_watch.c - which changes of files are told, and when: real files, a real loop. Only the system's refusal to watch is made here, at link time. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "tests/lib/watch_stage.h"

#include <dlfcn.h>
#include <errno.h>

/* libuv asks this one: NULL asks the C library. */
static bool no_more_watches;

int inotify_add_watch(int fd, const char *name, uint32_t mask);
int inotify_add_watch(int fd, const char *name, uint32_t mask)
{
	static int (*real)(int, const char *, uint32_t);

	if (no_more_watches) {
		errno = ENOSPC;
		return -1;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "inotify_add_watch");
	return real(fd, name, mask);
}

static void what_changed_before_there_was_a_handle_is_told_as_changed(void **state)
{
	struct stage *s = *state;

	sg_strs_add(&s->paths, "/nowhere/x");
	sg_watch_update(s->watch, &s->paths, &s->roots, false);
	run(s, 5000, true);
	assert_true(sg_strs_has(&s->last, "/nowhere/x"));
	watch(s, false, BOTH, NULL);
	assert_int_equal(sg_watch_handles(s->watch), 5); /* root, inetpub, wwwroot, Windows, config */
}

static void a_file_that_is_replaced_by_rename_is_told_within_moments(void **state)
{
	struct stage *s = *state;
	int64_t began;

	watch(s, false, BOTH, NULL);
	began = now(s);
	replace(s, "inetpub/wwwroot/web.config", "2");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	assert_false(told(s, "Windows/config/applicationHost.config"));
	assert_in_range(s->at - began, 0, 1000);
}

static void a_file_that_is_written_in_place_is_told(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	put(s, "Windows/config/applicationHost.config", "2");
	run(s, 5000, true);
	assert_true(told(s, "Windows/config/applicationHost.config"));
}

static void a_file_that_comes_is_told_however_its_name_is_written(void **state)
{
	struct stage *s = *state;

	watch(s, false, "inetpub/wwwroot/app/web.config", NULL);
	put(s, "inetpub/wwwroot/app/Web.Config", "1");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/app/web.config"));
}

static void many_events_are_told_in_few_turns(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	for (int i = 0; i < 200; i++) {
		replace(s, "inetpub/wwwroot/web.config", i % 2 ? "2" : "3");
		run(s, 10, false);
	}
	run(s, 1500, false);
	assert_in_range(s->told, 2, 12);
}

static void what_happens_after_the_last_event_was_told_is_told_too(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	for (int i = 0; i < 3; i++) {
		replace(s, "inetpub/wwwroot/web.config", "n");
		run(s, 5000, true);
		assert_int_equal(s->told, 1);
		forget(s);
	}
}

static void a_file_that_is_away_for_a_moment_is_told_when_it_is_back(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	take(s, "inetpub/wwwroot/web.config");
	run(s, 400, false);
	assert_int_equal(s->told, 0);
	put(s, "inetpub/wwwroot/web.config", "2");
	run(s, 5000, true);
	assert_int_equal(s->told, 1);
}

static void a_file_that_stays_away_is_told_within_two_seconds(void **state)
{
	struct stage *s = *state;
	int64_t began;

	watch(s, false, BOTH, NULL);
	began = now(s);
	take(s, "inetpub/wwwroot/web.config");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	assert_in_range(s->at - began, SG_WATCH_GONE_MS - 1, 1900);
}

static void nothing_runs_while_nothing_changes(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	assert_int_equal(uv_backend_timeout(&s->loop), -1); /* it would sleep until something happens */
}

static void an_equal_list_changes_nothing(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	sg_watch_update(s->watch, &s->paths, &s->roots, false);
	assert_int_equal(uv_backend_timeout(&s->loop), -1);
	run(s, 400, false);
	assert_int_equal(s->told, 0);
}

static void what_is_not_asked_for_any_more_has_no_handle(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	watch(s, false, "inetpub/wwwroot/web.config", "inetpub/x", NULL);
	assert_int_equal(sg_watch_handles(s->watch), 3);
	put(s, "Windows/config/applicationHost.config", "2");
	run(s, 500, false);
	assert_int_equal(s->told, 0);
}

static void with_handles_off_there_are_none_and_changes_are_told_by_asking(void **state)
{
	struct stage *s = *state;
	int64_t began;

	watch(s, false, BOTH, NULL);
	sg_watch_update(s->watch, &s->paths, &s->roots, true);
	assert_int_equal(sg_watch_handles(s->watch), 0); /* at once */
	run(s, 5000, true);
	run(s, 300, false);
	forget(s);
	began = now(s);
	replace(s, "inetpub/wwwroot/web.config", "2");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	assert_false(told(s, "Windows/config/applicationHost.config"));
	assert_in_range(s->at - began, 0, 1500);
	forget(s);
	take(s, "inetpub/wwwroot/web.config");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	forget(s);
	run(s, 2500, false);
	assert_int_equal(s->told, 0);
	assert_int_equal(sg_watch_handles(s->watch), 0);
}

static void when_handles_are_allowed_again_all_is_told_once(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	watch(s, true, BOTH, NULL);
	sg_watch_update(s->watch, &s->paths, &s->roots, false);
	run(s, 1000, true);
	assert_true(
	        told(s, "inetpub/wwwroot/web.config") && told(s, "Windows/config/applicationHost.config"));
	run(s, 700, false);
	assert_int_equal(s->told, 1);
	assert_int_equal(sg_watch_handles(s->watch), 5);
	assert_int_equal(uv_backend_timeout(&s->loop), -1);
}

static void where_the_system_gives_no_watches_files_are_asked_and_that_is_said_once(void **state)
{
	struct stage *s = *state;

	no_more_watches = true;
	watch(s, false, BOTH, NULL);
	assert_int_equal(sg_watch_handles(s->watch), 0);
	assert_int_equal(s->limited, 1);
	replace(s, "inetpub/wwwroot/web.config", "2");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	forget(s);
	watch(s, false, "inetpub/wwwroot/web.config", NULL);
	put(s, "inetpub/wwwroot/web.config", "33");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	assert_int_equal(s->limited, 1);
	no_more_watches = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_changed_before_there_was_a_handle_is_told_as_changed),
		T(a_file_that_is_replaced_by_rename_is_told_within_moments),
		T(a_file_that_is_written_in_place_is_told),
		T(a_file_that_comes_is_told_however_its_name_is_written),
		T(many_events_are_told_in_few_turns),
		T(what_happens_after_the_last_event_was_told_is_told_too),
		T(a_file_that_is_away_for_a_moment_is_told_when_it_is_back),
		T(a_file_that_stays_away_is_told_within_two_seconds),
		T(nothing_runs_while_nothing_changes),
		T(an_equal_list_changes_nothing),
		T(what_is_not_asked_for_any_more_has_no_handle),
		T(with_handles_off_there_are_none_and_changes_are_told_by_asking),
		T(when_handles_are_allowed_again_all_is_told_once),
		T(where_the_system_gives_no_watches_files_are_asked_and_that_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
