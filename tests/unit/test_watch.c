/* test_watch.c - which changes are told, and when: real folders, a real loop. Only the system's refusal to watch is made here, at link time. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "base/os.h"
#include "daemon/watch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct stage {
	char dir[64];
	uv_loop_t loop;
	struct sg_watch *watch;
	struct sg_strs paths, roots;
	int told; /* times */
	int limited;
	struct sg_strs last; /* what was told, all of it since last asked */
	int64_t at;          /* when it was told last */
};

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

static int64_t now(struct stage *s)
{
	uv_update_time(&s->loop);
	return (int64_t)uv_now(&s->loop);
}

static void on_changed(void *arg, const struct sg_strs *paths)
{
	struct stage *s = arg;

	s->told++;
	s->at = now(s);
	for (size_t i = 0; i < paths->n; i++)
		sg_strs_add(&s->last, paths->at[i]);
}

static void on_limited(void *arg, const char *why)
{
	struct stage *s = arg;

	assert_non_null(why);
	s->limited++;
}

static char *path_of(struct stage *s, const char *name)
{
	return sg_format("%s/%s", s->dir, name);
}

static void make(struct stage *s, const char *folder)
{
	char *path = path_of(s, folder);
	struct sg_err err = SG_ERR_INIT;

	assert_int_equal(sg_os_mkdirs(path, &err), 0);
	free(path);
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

static void move(struct stage *s, const char *from, const char *to)
{
	char *a = path_of(s, from), *b = path_of(s, to);

	assert_int_equal(rename(a, b), 0);
	free(a);
	free(b);
}

static void replace(struct stage *s, const char *name, const char *text)
{
	put(s, "new.tmp", text);
	move(s, "new.tmp", name);
}

static void take(struct stage *s, const char *name)
{
	char *path = path_of(s, name);

	assert_int_equal(remove(path), 0);
	free(path);
}

static int set_up(void **state)
{
	struct stage *s = sg_alloc(sizeof *s);

	strcpy(s->dir, "/tmp/stopgap-watch-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	make(s, "inetpub/wwwroot/app");
	make(s, "Windows/config");
	put(s, "inetpub/wwwroot/web.config", "1");
	put(s, "Windows/config/applicationHost.config", "1");
	assert_int_equal(uv_loop_init(&s->loop), 0);
	s->watch = sg_watch_new(&(struct sg_watch_options){
	        .loop = &s->loop, .changed = on_changed, .limited = on_limited, .arg = s });
	no_more_watches = false;
	sg_strs_add(&s->roots, s->dir);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	sg_watch_stop(s->watch);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_true(sg_watch_stopped(s->watch));
	assert_int_equal(uv_loop_close(&s->loop), 0);
	sg_watch_free(s->watch);
	sg_strs_release(&s->paths);
	sg_strs_release(&s->roots);
	sg_strs_release(&s->last);
	sg_os_remove_tree(s->dir, NULL);
	free(s);
	return 0;
}

static void stop_running(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void ignore_close(uv_handle_t *handle)
{
	(void)handle;
}

/* Runs the loop for that long, or until something was told when `told` is true. */
static void run(struct stage *s, int64_t ms, bool told)
{
	int before = s->told;
	int64_t end = now(s) + ms;

	while (now(s) < end && !(told && s->told != before)) {
		uv_timer_t timer;

		uv_timer_init(&s->loop, &timer);
		uv_timer_start(&timer, stop_running, told ? 10 : (uint64_t)(end - now(s)), 0);
		uv_run(&s->loop, UV_RUN_DEFAULT);
		uv_close((uv_handle_t *)&timer, ignore_close);
		uv_run(&s->loop, UV_RUN_NOWAIT);
	}
}

static void forget(struct stage *s)
{
	s->told = 0;
	sg_strs_release(&s->last);
}

static bool told(struct stage *s, const char *name)
{
	char *path = path_of(s, name);
	bool has = sg_strs_has(&s->last, path);

	free(path);
	return has;
}

/* Watches these files, ended by NULL, and waits until that is told and done. */
static void watch(struct stage *s, bool off, ...)
{
	const char *name;
	va_list ap;

	sg_strs_release(&s->paths);
	va_start(ap, off);
	while ((name = va_arg(ap, const char *))) {
		char *path = path_of(s, name);

		sg_strs_add(&s->paths, path);
		free(path);
	}
	va_end(ap);
	sg_watch_update(s->watch, &s->paths, &s->roots, off);
	run(s, 5000, true);
	run(s, 300, false);
	forget(s);
}

#define BOTH "inetpub/wwwroot/web.config", "Windows/config/applicationHost.config"

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

static void other_files_in_a_watched_folder_are_nobodys_concern(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	for (int i = 0; i < 50; i++) {
		put(s, "inetpub/wwwroot/web.config.bak", "x");
		put(s, "inetpub/wwwroot/web", "x");
		put(s, "Windows/other.txt", "x");
	}
	run(s, 700, false);
	assert_int_equal(s->told, 0);
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

static void a_folder_that_is_replaced_by_another_is_watched_in_its_place(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	make(s, "next");
	put(s, "next/web.config", "2");
	move(s, "inetpub/wwwroot", "inetpub/old");
	move(s, "next", "inetpub/wwwroot");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	run(s, 500, false);
	forget(s);
	put(s, "inetpub/old/web.config", "3"); /* nobody's any more */
	run(s, 700, false);
	assert_int_equal(s->told, 0);
	replace(s, "inetpub/wwwroot/web.config", "4");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
}

static void a_folder_above_that_goes_and_comes_back_is_watched_again(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	move(s, "inetpub", "away");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	run(s, 1500, false);
	assert_int_equal(sg_watch_handles(s->watch), 3);
	forget(s);
	move(s, "away", "inetpub");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	run(s, 500, false);
	assert_int_equal(sg_watch_handles(s->watch), 5);
	forget(s);
	replace(s, "inetpub/wwwroot/web.config", "2");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
}

static void folders_that_are_made_later_are_watched_as_they_come(void **state)
{
	struct stage *s = *state;

	watch(s, false, "inetpub/wwwroot/a/b/web.config", NULL);
	make(s, "inetpub/wwwroot/a");
	run(s, 1000, false);
	make(s, "inetpub/wwwroot/a/b");
	run(s, 1000, false);
	forget(s);
	put(s, "inetpub/wwwroot/a/b/web.config", "1");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/a/b/web.config"));
}

static void a_root_that_went_is_found_again(void **state)
{
	struct stage *s = *state;
	char *away = sg_format("%s.away", s->dir);

	watch(s, false, BOTH, NULL);
	assert_int_equal(rename(s->dir, away), 0);
	run(s, 2500, false);
	forget(s);
	assert_int_equal(rename(away, s->dir), 0);
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/web.config"));
	run(s, 500, false);
	assert_int_equal(sg_watch_handles(s->watch), 5);
	free(away);
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
}

static void a_thousand_folders_are_watched(void **state)
{
	struct stage *s = *state;
	char name[64];

	for (int i = 0; i < 1000; i++) {
		char *path;

		snprintf(name, sizeof name, "inetpub/wwwroot/f%d", i);
		make(s, name);
		snprintf(name, sizeof name, "inetpub/wwwroot/f%d/web.config", i);
		path = path_of(s, name);
		sg_strs_add(&s->paths, path);
		free(path);
	}
	sg_watch_update(s->watch, &s->paths, &s->roots, false);
	run(s, 10000, true);
	run(s, 500, false);
	if (s->limited) {
		print_message("the system's limit is below 1000 watches\n");
		skip();
	}
	assert_int_equal(sg_watch_handles(s->watch), 1003);
	forget(s);
	put(s, "inetpub/wwwroot/f777/web.config", "1");
	run(s, 5000, true);
	assert_true(told(s, "inetpub/wwwroot/f777/web.config"));
	assert_int_equal(s->last.n, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_changed_before_there_was_a_handle_is_told_as_changed),
		T(a_file_that_is_replaced_by_rename_is_told_within_moments),
		T(a_file_that_is_written_in_place_is_told),
		T(a_file_that_comes_is_told_however_its_name_is_written),
		T(other_files_in_a_watched_folder_are_nobodys_concern),
		T(many_events_are_told_in_few_turns),
		T(what_happens_after_the_last_event_was_told_is_told_too),
		T(a_file_that_is_away_for_a_moment_is_told_when_it_is_back),
		T(a_file_that_stays_away_is_told_within_two_seconds),
		T(a_folder_that_is_replaced_by_another_is_watched_in_its_place),
		T(a_folder_above_that_goes_and_comes_back_is_watched_again),
		T(folders_that_are_made_later_are_watched_as_they_come),
		T(a_root_that_went_is_found_again),
		T(nothing_runs_while_nothing_changes),
		T(an_equal_list_changes_nothing),
		T(what_is_not_asked_for_any_more_has_no_handle),
		T(with_handles_off_there_are_none_and_changes_are_told_by_asking),
		T(when_handles_are_allowed_again_all_is_told_once),
		T(where_the_system_gives_no_watches_files_are_asked_and_that_is_said_once),
		T(a_thousand_folders_are_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
