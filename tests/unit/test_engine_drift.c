/* test_engine_drift.c - what others make of our values and of our places: edits, taken names, unreadable files, and something that fights. */
#include "tests/lib/engine_lab.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define REAPPLY "<policy><removal by-hand=\"reapply\"/></policy>"
#define TESTS                                                                                                \
	"<sg:Test><sg:Refuse uri=\"/autodiscover/autodiscover.json?a@b.example/PowerShell/\"/><sg:Serve "    \
	"uri=\"/owa/\"/></sg:Test>"
#define TAKEN                                                                                                \
	"<system.webServer><rewrite><rules><rule name=\"stopgap M1 inbound\"><match url=\"theirs\" "         \
	"/><action type=\"None\" /></rule></rules></rewrite></system.webServer></configuration>"

static void offer(struct lab *lab, uint64_t serial, const char *revision, const char *pattern)
{
	char *config = lab_config("M1", revision, "/", "yes", pattern, TESTS);

	lab_offer(lab, "corp", serial, config);
	lab_run(lab);
	free(config);
}

/* Time passes as it does for the daemon: the engine is woken every ten minutes. */
static void pass(struct lab *lab, int64_t ms)
{
	for (int64_t end = lab->now + ms; lab->now < end;) {
		lab->now += 10 * 60 * 1000;
		lab_run(lab);
	}
}

/* --- an edited rule */

static void an_edited_rule_that_still_refuses_is_in_force_edited_by_hand(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", LAB_ATTACK);
	t_drive_replace(lab->drive, T_WWWROOT, LAB_ATTACK, LAB_ATTACK "|also this");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), "in force, edited by hand"));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "also this"));
}

static void an_edited_rule_that_refuses_nothing_is_exposed(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", LAB_ATTACK);
	t_drive_replace(lab->drive, T_WWWROOT, LAB_ATTACK, "nothing of it");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_null(strstr(lab_field(lab, "M1", "text"), "in force"));
}

static void both_versions_of_an_edited_rule_are_shown(void **state)
{
	struct lab *lab = *state;
	struct sg_val *shown = NULL;
	const struct sg_val *list;
	bool found = false;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", LAB_ATTACK);
	t_drive_replace(lab->drive, T_WWWROOT, LAB_ATTACK, "theirs");
	lab_do(lab, "audit", NULL);
	assert_int_equal(lab_ask(lab, &shown, "show", "id", "M1", NULL), 0);
	list = sg_val_get(shown, "values");
	for (size_t i = 0; i < list->n; i++) {
		const struct sg_val *v = list->kid[i];

		if (strcmp(sg_val_get_str(v, "seen", ""), "other") != 0)
			continue;
		found = true;
		assert_non_null(strstr(sg_val_get_str(v, "after", ""), LAB_ATTACK));
		assert_non_null(strstr(sg_val_get_str(v, "now", ""), "theirs"));
		assert_non_null(strstr(sg_val_get_str(v, "diff", ""), "-"));
		assert_non_null(strstr(sg_val_get_str(v, "diff", ""), "+"));
	}
	assert_true(found);
	sg_val_free(shown);
}

static void an_edit_that_is_undone_is_no_drift_any_more(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", LAB_ATTACK);
	t_drive_replace(lab->drive, T_WWWROOT, LAB_ATTACK, "theirs");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	t_drive_replace(lab->drive, T_WWWROOT, "theirs", LAB_ATTACK);
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

/* --- a taken name */

static void a_taken_name_waits_and_goes_in_when_the_file_changes(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", TAKEN);
	offer(lab, 1, "1", LAB_ATTACK);
	assert_string_equal(lab_state(lab, "M1"), "applicable/refused");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), "web.config"));
	t_drive_replace(lab->drive, T_WWWROOT, TAKEN, "</configuration>");
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab); /* no time has passed */
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_taken_name_is_a_conflict_after_a_day(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", TAKEN);
	offer(lab, 1, "1", LAB_ATTACK);
	pass(lab, 23 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applicable/refused");
	pass(lab, 3 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "blocked/conflict");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "theirs"));
	lab_do(lab, "resolve", "id", "M1", "how", "take-over", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "url=\"theirs\""));
}

static size_t lines_of(struct lab *lab, const char *name)
{
	struct sg_val *history = NULL;
	size_t n = 0;

	assert_int_equal(lab_ask(lab, &history, "history", "id", "M1", NULL), 0);
	for (size_t i = 0; i < sg_val_get(history, "lines")->n; i++)
		n += strcmp(sg_val_get_str(sg_val_get(history, "lines")->kid[i], "name", ""), name) == 0;
	sg_val_free(history);
	return n;
}

static void the_same_refusal_is_said_once(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", TAKEN);
	offer(lab, 1, "1", LAB_ATTACK);
	pass(lab, 20 * SG_HOUR);
	assert_int_equal(lines_of(lab, "apply-failed"), 1);
	pass(lab, 6 * SG_HOUR);
	assert_int_equal(lines_of(lab, "conflict"), 1);
}

static void another_body_ends_a_conflict(void **state)
{
	struct lab *lab = *state;
	char *config, *name;

	lab_configure(lab, NULL, NULL);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", TAKEN);
	offer(lab, 1, "1", LAB_ATTACK);
	pass(lab, 26 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "blocked/conflict");
	config = lab_config("M1", "2", "/", "yes", LAB_ATTACK, NULL);
	name = strstr(config, "M1 inbound"); /* it uses another name */
	memcpy(name, "M1 another", strlen("M1 another"));
	lab_offer(lab, "corp", 2, config);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	free(config);
}

static void an_unparsable_file_waits_the_same_way(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", "");
	offer(lab, 1, "1", LAB_ATTACK);
	assert_string_equal(lab_state(lab, "M1"), "applicable/refused");
	pass(lab, 26 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "blocked/conflict");
}

static void what_is_missing_is_waited_for_without_end(void **state)
{
	struct lab *lab = *state;
	struct sg_buf schema = { 0 };

	lab_configure(lab, NULL, NULL);
	t_drive_read(lab->drive, T_SCHEMA, &schema);
	t_drive_remove(lab->drive, T_SCHEMA); /* URL Rewrite is not installed */
	sg_engine_touched(lab->engine, NULL);
	offer(lab, 1, "1", LAB_ATTACK);
	assert_string_equal(lab_state(lab, "M1"), "applicable/refused");
	pass(lab, 50 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applicable/refused");
	t_drive_write(lab->drive, T_SCHEMA, sg_buf_bytes(&schema));
	sg_engine_touched(lab->engine, NULL);
	pass(lab, 2 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	sg_buf_release(&schema);
}

/* --- something that fights */

static void fight(struct lab *lab, struct sg_bytes bare)
{
	for (int i = 0; i < 20 && strcmp(lab_state(lab, "M1"), "blocked/fought") != 0; i++) {
		t_drive_write(lab->drive, T_WWWROOT, bare);
		lab_do(lab, "audit", NULL);
	}
	assert_string_equal(lab_state(lab, "M1"), "blocked/fought");
}

static void another_body_ends_a_fight(void **state)
{
	struct lab *lab = *state;
	struct sg_buf bare = { 0 };

	lab_configure(lab, NULL, REAPPLY);
	t_drive_read(lab->drive, T_WWWROOT, &bare);
	offer(lab, 1, "1", LAB_ATTACK);
	fight(lab, sg_buf_bytes(&bare));
	pass(lab, 30 * SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "blocked/fought");
	offer(lab, 2, "2", LAB_ATTACK "|newer");
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "|newer"));
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&bare)); /* it gets its own chances */
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
	sg_buf_release(&bare);
}

static void a_body_that_fails_leaves_a_fight_as_it_was(void **state)
{
	struct lab *lab = *state;
	struct sg_buf bare = { 0 };

	lab_configure(lab, NULL, REAPPLY);
	t_drive_read(lab->drive, T_WWWROOT, &bare);
	offer(lab, 1, "1", LAB_ATTACK);
	fight(lab, sg_buf_bytes(&bare));
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", TAKEN);
	sg_engine_touched(lab->engine, NULL);
	offer(lab, 2, "2", LAB_ATTACK "|newer");
	assert_string_equal(lab_field(lab, "M1", "state"), "blocked");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "|newer"));
	sg_buf_release(&bare);
}

static void repairs_are_counted_within_a_day(void **state)
{
	struct lab *lab = *state;
	struct sg_buf bare = { 0 };

	lab_configure(lab, NULL, REAPPLY);
	t_drive_read(lab->drive, T_WWWROOT, &bare);
	offer(lab, 1, "1", LAB_ATTACK);
	for (int i = 0; i < 12; i++) { /* one each day is a nuisance, no fight */
		lab->now += 25 * SG_HOUR;
		t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&bare));
		lab_do(lab, "audit", NULL);
		assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	}
	fight(lab, sg_buf_bytes(&bare));
	sg_buf_release(&bare);
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_edited_rule_that_still_refuses_is_in_force_edited_by_hand),
		T(an_edited_rule_that_refuses_nothing_is_exposed),
		T(both_versions_of_an_edited_rule_are_shown),
		T(an_edit_that_is_undone_is_no_drift_any_more),
		T(a_taken_name_waits_and_goes_in_when_the_file_changes),
		T(a_taken_name_is_a_conflict_after_a_day),
		T(the_same_refusal_is_said_once),
		T(another_body_ends_a_conflict),
		T(an_unparsable_file_waits_the_same_way),
		T(what_is_missing_is_waited_for_without_end),
		T(another_body_ends_a_fight),
		T(a_body_that_fails_leaves_a_fight_as_it_was),
		T(repairs_are_counted_within_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
