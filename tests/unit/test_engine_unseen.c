/* test_engine_unseen.c - a mitigation in place whose file nobody can read any more: what is known of it, what is said, and what becomes of it. */
#include "base/clock.h"
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int set_up(void **state)
{
	struct lab *lab;

	if (lab_set_up(state))
		return -1;
	lab = *state;
	lab_configure(lab, NULL, "");
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_offer(lab, "local", 1, "");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_verdict(lab), "PROTECTED");
	return 0;
}

static void touch(struct lab *lab)
{
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
}

/* The file as an editor leaves it that saves half of it. */
static void tear(struct lab *lab, struct sg_buf *ret_whole)
{
	t_drive_read(lab->drive, T_WWWROOT, ret_whole);
	t_drive_write(lab->drive, T_WWWROOT, (struct sg_bytes){ ret_whole->data, ret_whole->len / 2 });
	touch(lab);
}

static void mend(struct lab *lab, struct sg_buf *whole)
{
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(whole));
	sg_buf_release(whole);
	touch(lab);
}

static void what_cannot_be_read_is_not_said_to_be_in_force(void **state)
{
	struct lab *lab = *state;
	struct sg_buf whole = { 0 };
	char *text = NULL;

	tear(lab, &whole);
	assert_true(lab_wake(lab) <= lab->now + 10 * SG_SECOND);
	lab_later(lab, 10 * SG_SECOND);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "UNKNOWN");
	assert_string_equal(lab_field(lab, "M1", "status"), "Unknown");
	assert_string_equal(lab_verdict(lab), "UNKNOWN");
	assert_non_null(strstr(lab_field(lab, "M1", "why"), "web.config"));
	assert_int_equal(lab_said(lab, "unseen", &text), 1);
	assert_non_null(strstr(text, "web.config"));
	free(text);
	for (int i = 0; i < 5; i++)
		lab_later(lab, SG_MINUTE);
	assert_int_equal(lab_said(lab, "unseen", NULL), 1);
	assert_true(lab_wake(lab) <= lab->now + SG_MINUTE);

	mend(lab, &whole);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_verdict(lab), "PROTECTED");
	assert_int_equal(lab_said(lab, "seen", NULL), 1);
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
}

static void a_moment_says_nothing(void **state)
{
	struct lab *lab = *state;
	struct sg_buf whole = { 0 };

	tear(lab, &whole);
	lab_later(lab, SG_SECOND);
	touch(lab); /* a watched folder tells of each write */
	lab_later(lab, 9 * SG_SECOND - 1);
	mend(lab, &whole);
	lab_later(lab, SG_HOUR);
	assert_int_equal(lab_said(lab, "unseen", NULL), 0);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");

	/* and the next one counts from its own beginning */
	tear(lab, &whole);
	lab_later(lab, 9 * SG_SECOND);
	assert_int_equal(lab_said(lab, "unseen", NULL), 0);
	mend(lab, &whole);
}

static void who_asks_for_it_is_told(void **state)
{
	struct lab *lab = *state;
	struct sg_buf whole = { 0 };

	tear(lab, &whole);
	assert_int_equal(lab_ask(lab, NULL, "apply", "id", "M1", NULL), SG_ESTATE);
	assert_non_null(strstr(lab->err.msg, "web.config"));
	lab_later(lab, SG_MINUTE);
	assert_int_equal(lab_ask(lab, NULL, "apply", "id", "M1", NULL), SG_ESTATE);
	mend(lab, &whole);
	lab_do(lab, "apply", "id", "M1", NULL);
}

static const char *last_coverage(struct lab *lab, struct sg_val **ret)
{
	const struct sg_val *spans;

	assert_int_equal(lab_ask(lab, ret, "coverage", "id", "M1", NULL), 0);
	spans = sg_val_get(sg_val_get(*ret, "mitigations")->kid[0], "spans");
	return sg_val_get_str(spans->kid[spans->n - 1], "coverage", "");
}

static void restart(struct lab *lab)
{
	lab_close(lab);
	lab_open(lab);
	lab_configure(lab, NULL, "");
	lab_run(lab);
}

static void a_restart_forgets_nothing_and_history_has_both_ends(void **state)
{
	struct lab *lab = *state;
	struct sg_buf whole = { 0 };
	struct sg_val *reply = NULL;

	tear(lab, &whole);
	lab_later(lab, SG_MINUTE);
	restart(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "UNKNOWN");
	lab_later(lab, SG_MINUTE);
	assert_int_equal(lab_said(lab, "unseen", NULL), 1);
	assert_string_equal(last_coverage(lab, &reply), "unknown");
	sg_val_free(reply);
	assert_int_not_equal(lab_ask(lab, NULL, "rollback", "id", "M1", NULL), 0);

	/* put right while nobody looks */
	lab_close(lab);
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&whole));
	sg_buf_release(&whole);
	lab_open(lab);
	lab_configure(lab, NULL, "");
	lab_run(lab);
	lab_later(lab, SG_HOUR);
	assert_int_equal(lab_said(lab, "seen", NULL), 1);
	assert_true(lab_untouched(lab));
}

static void history_says_unknown_while_it_could_not_be_seen(void **state)
{
	struct lab *lab = *state;
	struct sg_buf whole = { 0 };
	struct sg_val *reply = NULL;

	tear(lab, &whole);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, SG_HOUR);
	lab_close(lab);
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&whole));
	sg_buf_release(&whole);
	lab_open(lab);
	lab_configure(lab, NULL, "");
	lab_run(lab);
	lab_later(lab, SG_MINUTE);
	assert_string_equal(last_coverage(lab, &reply), "protected");
	assert_true(sg_val_get_int(sg_val_get(sg_val_get(reply, "mitigations")->kid[0], "ms"), "unknown",
	                    0) >= SG_HOUR);
	sg_val_free(reply);
}

static void neither_a_pause_nor_observe_nor_a_window_hides_it(void **state)
{
	static const char *const ways[] = { "pause", "observe", "window" };
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct sg_buf whole = { 0 };

		if (i == 0)
			lab_do(lab, "pause", NULL);
		else if (i == 1)
			lab_configure(lab, "observe", "");
		else
			lab_configure(lab, NULL, "<policy><removal window=\"03:00-03:01\"/></policy>");
		if (i == 2)
			lab_offer(lab, "corp", 2,
			        "<Config id=\"M1\" desc=\"lab\" sg:withdrawn=\"2026-11-18T00:00:00Z\" "
			        "sg:reason=\"x\" sg:revision=\"1\"/>");
		lab_run(lab);
		tear(lab, &whole);
		lab_later(lab, SG_MINUTE);
		if (strcmp(lab_field(lab, "M1", "verdict"), "UNKNOWN") != 0)
			fail_msg("%s: %s", ways[i], lab_field(lab, "M1", "verdict"));
		mend(lab, &whole);
		if (strcmp(lab_field(lab, "M1", "verdict"), "IN FORCE") != 0)
			fail_msg("%s, mended: %s", ways[i], lab_field(lab, "M1", "verdict"));
		if (i == 0)
			lab_do(lab, "resume", NULL);
	}
}

static void where_nobody_can_tell_whether_it_is_needed_its_file_counts_all_the_same(void **state)
{
	struct lab *lab = *state;
	struct sg_buf whole = { 0 }, apphost = { 0 }, theirs = { 0 };
	char *config = lab_config("M1", "2", "/", "yes", "evil",
	        "<sg:Applicability><sg:Product name=\"Exchange\" role=\"Mailbox\"/></sg:Applicability>");

	t_drive_read(lab->drive, T_WWWROOT, &whole);
	lab_do(lab, "rollback", "id", "M1", NULL);
	t_drive_read(lab->drive, T_WWWROOT, &theirs);
	lab_do(lab, "apply", "id", "M1", NULL);
	lab_offer(lab, "corp", 2, config);
	lab_run(lab);
	t_drive_read(lab->drive, T_APPHOST, &apphost);
	t_drive_write(lab->drive, T_APPHOST, (struct sg_bytes){ apphost.data, apphost.len / 2 });
	t_drive_write(lab->drive, T_WWWROOT, (struct sg_bytes){ whole.data, whole.len / 2 });
	touch(lab);
	lab_later(lab, SG_MINUTE);
	assert_string_equal(lab_field(lab, "M1", "applies"), "unknown");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "UNKNOWN");
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&theirs)); /* without our rule */
	touch(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	t_drive_write(lab->drive, T_APPHOST, sg_buf_bytes(&apphost));
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&whole));
	touch(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
	sg_buf_release(&whole);
	sg_buf_release(&apphost);
	sg_buf_release(&theirs);
	free(config);
}

static void a_file_that_is_torn_again_and_again_fills_no_journal(void **state)
{
	struct lab *lab = *state;

	for (int i = 0; i < 60; i++) {
		struct sg_buf whole = { 0 };

		tear(lab, &whole);
		lab_later(lab, 15 * SG_SECOND);
		assert_string_equal(lab_field(lab, "M1", "verdict"), "UNKNOWN");
		mend(lab, &whole);
	}
	assert_true(lab_said(lab, "unseen", NULL) < 30);
	assert_true(lab_said(lab, "seen", NULL) < 30);
	lab_later(lab, SG_HOUR);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_cannot_be_read_is_not_said_to_be_in_force),
		T(a_moment_says_nothing),
		T(who_asks_for_it_is_told),
		T(a_restart_forgets_nothing_and_history_has_both_ends),
		T(history_says_unknown_while_it_could_not_be_seen),
		T(neither_a_pause_nor_observe_nor_a_window_hides_it),
		T(where_nobody_can_tell_whether_it_is_needed_its_file_counts_all_the_same),
		T(a_file_that_is_torn_again_and_again_fills_no_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
