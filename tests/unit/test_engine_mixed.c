/* test_engine_mixed.c - a supersede that could neither be finished nor walked back leaves values of two bodies: whatever happens to the row next, it does not
 * count as applied before one body is whole. The disk's errors come from a rename() that is this file's own. */
#include "tests/lib/engine_lab.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int renames_left = -1; /* -1: all of them work */
static bool once;             /* only one of them fails */

int rename(const char *from, const char *to)
{
	if (renames_left == 0) {
		renames_left = once ? -1 : 0;
		errno = EIO;
		return -1;
	}
	if (renames_left > 0)
		renames_left--;
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* One body with a rule in two files. */
static void offer(struct lab *lab, uint64_t serial, const char *revision, const char *pattern)
{
	static const char end[] = "</ActionList>", begin[] = "<ActionList>";
	char *one = lab_config("M1", revision, "/", "yes", pattern, NULL);
	char *two = lab_config("M1", revision, "/owa", "no", pattern, NULL);
	char *cut = strstr(one, end), *from = strstr(two, begin) + sizeof(begin) - 1, *both;

	memcpy(strstr(two, "inbound"), "for OWA", 7); /* the other rule's name */
	both = sg_format("%.*s%.*s%s", (int)(cut - one), one, (int)(strstr(two, end) - from), from, cut);
	lab_offer(lab, "corp", serial, both);
	lab_run(lab);
	free(both);
	free(two);
	free(one);
}

static bool has(struct lab *lab, const char *file, const char *pattern)
{
	return t_drive_has(lab->drive, file, pattern);
}

/* "first" in one file and "second" in the other, and the feed wants "first" again. */
static void mix(struct lab *lab)
{
	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", "first");
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	renames_left = 1;
	offer(lab, 2, "2", "second");
	assert_string_equal(lab_state(lab, "M1"), "blocked/io");
	assert_int_not_equal(has(lab, T_WWWROOT, "first"), has(lab, T_OWA, "first"));
	assert_int_not_equal(has(lab, T_WWWROOT, "second"), has(lab, T_OWA, "second"));
	offer(lab, 3, "1", "first");
	renames_left = -1;
	assert_string_equal(lab_state(lab, "M1"), "blocked/io");
}

static void assert_whole(struct lab *lab)
{
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "revision"), "1");
	assert_true(has(lab, T_WWWROOT, "first") && has(lab, T_OWA, "first"));
	assert_false(has(lab, T_WWWROOT, "second") || has(lab, T_OWA, "second"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
}

static const char *older(struct lab *lab)
{
	return has(lab, T_OWA, "first") ? T_OWA : T_WWWROOT;
}

/* Somebody edits the rule of the older body, and it is blocked for that. */
static const char *edit(struct lab *lab)
{
	const char *file = older(lab);

	t_drive_replace(lab->drive, file, "first", "theirs");
	lab_later(lab, 2 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	return file;
}

static void a_file_that_refuses_the_newer_body_leaves_the_older_one_whole(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", "first");
	renames_left = 1;
	once = true;
	offer(lab, 2, "2", "second");
	once = false;
	assert_int_equal(renames_left, -1);
	assert_string_equal(lab_state(lab, "M1"), "applied/newer-failed");
	assert_true(has(lab, T_WWWROOT, "first") && has(lab, T_OWA, "first"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
}

static void two_bodies_are_one_again_once_files_can_be_written(void **state)
{
	struct lab *lab = *state;

	mix(lab);
	lab_later(lab, 2 * SG_HOUR);
	assert_whole(lab);
}

static void an_edit_that_is_undone_does_not_make_two_bodies_one(void **state)
{
	struct lab *lab = *state;
	const char *file;

	mix(lab);
	file = edit(lab);
	t_drive_replace(lab->drive, file, "theirs", "first");
	sg_engine_touched(lab->engine, NULL);
	lab_later(lab, 2 * SG_HOUR);
	assert_whole(lab);
}

static void a_restart_between_knows_it_still(void **state)
{
	struct lab *lab = *state;
	const char *file;

	mix(lab);
	file = edit(lab);
	lab_close(lab);
	t_drive_replace(lab->drive, file, "theirs", "first");
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	lab_later(lab, 2 * SG_HOUR);
	assert_whole(lab);
}

static void a_retry_that_a_person_asks_for_does_not_make_two_bodies_one(void **state)
{
	struct lab *lab = *state;
	const char *file;

	mix(lab);
	file = edit(lab);
	assert_int_equal(lab_ask(lab, NULL, "resolve", "id", "M1", "how", "retry", NULL), SG_ESTATE);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	t_drive_replace(lab->drive, file, "theirs", "first");
	lab_do(lab, "resolve", "id", "M1", "how", "retry", NULL);
	assert_whole(lab);
}

static void two_bodies_are_not_accepted_as_one(void **state)
{
	struct lab *lab = *state;

	mix(lab);
	edit(lab);
	assert_int_equal(lab_ask(lab, NULL, "resolve", "id", "M1", "how", "accept", NULL), SG_ESTATE);
	assert_non_null(strstr(lab->err.msg, "half of another"));
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	assert_true(
	        has(lab, older(lab), "theirs") || has(lab, T_OWA, "theirs") || has(lab, T_WWWROOT, "theirs"));
}

static void a_take_over_writes_one_body_whole(void **state)
{
	struct lab *lab = *state;
	const char *file;

	mix(lab);
	file = edit(lab);
	lab_do(lab, "resolve", "id", "M1", "how", "take-over", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(has(lab, T_WWWROOT, "first") && has(lab, T_OWA, "first"));
	assert_false(has(lab, T_WWWROOT, "second") || has(lab, T_OWA, "second"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(has(lab, file, "theirs"));
	assert_false(has(lab, T_WWWROOT, "first") || has(lab, T_OWA, "first"));
}

static void a_repair_that_fails_waits_and_stays_of_two_bodies(void **state)
{
	struct lab *lab = *state;
	const char *file;

	mix(lab);
	file = edit(lab);
	t_drive_replace(lab->drive, file, "theirs", "first");
	sg_engine_touched(lab->engine, NULL);
	renames_left = 0;
	lab_later(lab, 2 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "blocked/io");
	renames_left = -1;
	lab_later(lab, 2 * SG_HOUR);
	assert_whole(lab);
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_that_refuses_the_newer_body_leaves_the_older_one_whole),
		T(two_bodies_are_one_again_once_files_can_be_written),
		T(an_edit_that_is_undone_does_not_make_two_bodies_one),
		T(a_restart_between_knows_it_still),
		T(a_retry_that_a_person_asks_for_does_not_make_two_bodies_one),
		T(two_bodies_are_not_accepted_as_one),
		T(a_take_over_writes_one_body_whole),
		T(a_repair_that_fails_waits_and_stays_of_two_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
