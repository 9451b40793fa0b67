/* test_watch_folders.c - folders that are replaced, go, come back or are many: what is in them is told all the same. */
#include "tests/lib/watch_stage.h"

static void other_files_in_a_watched_folder_are_nobodys_concern(void **state)
{
	struct stage *s = *state;

	watch(s, false, BOTH, NULL);
	for (int i = 0; i < 50; i++) {
		put(s, "inetpub/wwwroot/web.config.bak", "x");
		put(s, "inetpub/wwwroot/web", "x");
		put(s, "inetpub/wwwroot/web.config.hold",
		        "x"); /* what a replace keeps beside it on Windows */
		put(s, "inetpub/wwwroot/web.config.pin", "x");
		put(s, "Windows/other.txt", "x");
	}
	run(s, 700, false);
	assert_int_equal(s->told, 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(other_files_in_a_watched_folder_are_nobodys_concern),
		T(a_folder_that_is_replaced_by_another_is_watched_in_its_place),
		T(a_folder_above_that_goes_and_comes_back_is_watched_again),
		T(folders_that_are_made_later_are_watched_as_they_come),
		T(a_root_that_went_is_found_again),
		T(a_thousand_folders_are_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
