/* test_engine_calm.c - a file that is changed all the time: what gets worse is written at once, the rest is counted, and the journal grows within a bound whatever the
 * owner of a site does. */
#include "tests/lib/engine_lab.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* For one mitigation whose file is changed as often as anybody likes; the hourly line of the audit included. */
#define MOST_LINES_A_DAY  200
#define MOST_OCTETS_A_DAY (MOST_LINES_A_DAY * 512)

#define TESTS                                                                                                \
	"<sg:Test><sg:Refuse uri=\"/autodiscover/autodiscover.json?a@b.example/PowerShell/\"/></sg:Test>"

struct lines {
	size_t n, octets;
};

static struct lines lines(struct lab *lab)
{
	struct sg_val *reply = NULL;
	const struct sg_val *list;
	struct lines l = { 0 };

	assert_int_equal(lab_ask(lab, &reply, "history", "limit", "@100000", NULL), 0);
	list = sg_val_get(reply, "lines");
	l.n = list->n;
	for (size_t i = 0; i < list->n; i++)
		l.octets +=
		        strlen(sg_val_get_str(list->kid[i], "text", "")) + 300; /* hashes, keys, time, data */
	sg_val_free(reply);
	return l;
}

static void flip(struct lab *lab, bool bad)
{
	if (bad)
		t_drive_replace(lab->drive, T_WWWROOT, LAB_ATTACK, "theirs");
	else
		t_drive_replace(lab->drive, T_WWWROOT, "theirs", LAB_ATTACK);
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
}

static void applied(struct lab *lab)
{
	char *config = lab_config("M1", "1", "/", "yes", LAB_ATTACK, TESTS);

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	free(config);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_file_that_changes_every_second_writes_a_bounded_number_of_lines(void **state)
{
	struct lab *lab = *state;
	struct lines before, after;

	applied(lab);
	before = lines(lab);
	for (int i = 0; i < 900; i++) {
		lab->now += SG_SECOND;
		flip(lab, i % 2 == 0);
	}
	after = lines(lab);
	print_message("900 changes in 15 minutes: %zu lines, %zu octets\n", after.n - before.n,
	        after.octets - before.octets);
	assert_in_range(after.n - before.n, 10, 70);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift"); /* whatever it is just now */
}

/* Whoever knows the bound changes the file just as it is looked at again. */
static void whoever_knows_the_bound_fills_no_more_than_it_says(void **state)
{
	struct lab *lab = *state;
	struct lines before, after;
	int days = 3;

	applied(lab);
	for (int i = 0; i < 60; i++) {
		lab->now += SG_SECOND;
		flip(lab, i % 2 == 0);
	}
	before = lines(lab);
	for (int64_t t = 0, bad = 0; t < days * SG_DAY; t += 10 * SG_MINUTE, bad = !bad) {
		lab->now += 10 * SG_MINUTE;
		flip(lab, !bad);
	}
	after = lines(lab);
	print_message("%d days, every ten minutes: %zu lines, %zu octets a day\n", days,
	        (after.n - before.n) / (size_t)days, (after.octets - before.octets) / (size_t)days);
	assert_true(after.n - before.n <= (size_t)days * MOST_LINES_A_DAY);
	assert_true(after.octets - before.octets <= (size_t)days * MOST_OCTETS_A_DAY);
}

static void what_got_worse_is_said_at_once_and_what_got_better_within_the_hour(void **state)
{
	struct lab *lab = *state;
	char *text = NULL;

	applied(lab);
	for (int i = 0; i < 101; i++) {
		lab->now += SG_SECOND;
		flip(lab, i % 2 == 0);
	}
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	flip(lab, false);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift"); /* counted */
	assert_in_range(lab_wake(lab), lab->now, lab->now + SG_HOUR);
	lab->now += SG_HOUR;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_said(lab, "evaluated", &text);
	assert_non_null(text);
	assert_non_null(strstr(text, "which was not written down each time"));
	free(text);
	flip(lab, true); /* nothing is left, and it is said all the same */
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
}

static void a_person_who_asks_is_told_at_once(void **state)
{
	struct lab *lab = *state;

	applied(lab);
	for (int i = 0; i < 101; i++) {
		lab->now += SG_SECOND;
		flip(lab, i % 2 == 0);
	}
	flip(lab, false);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_new_body_does_not_wait_for_what_an_older_one_wrote(void **state)
{
	struct lab *lab = *state;

	applied(lab);
	for (int i = 0; i < 100; i++) {
		lab->now += SG_SECOND;
		flip(lab, i % 2 == 0);
	}
	lab_offer_one(lab, 2, "M1", "2", "(?=.*other)");
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "revision"), "2");
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_that_changes_every_second_writes_a_bounded_number_of_lines),
		T(whoever_knows_the_bound_fills_no_more_than_it_says),
		T(what_got_worse_is_said_at_once_and_what_got_better_within_the_hour),
		T(a_person_who_asks_is_told_at_once),
		T(a_new_body_does_not_wait_for_what_an_older_one_wrote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
