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
	assert_string_equal(lab_state(lab, "M1"), "applied/unseen");
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

static void it_is_known_after_a_restart_and_goes_when_it_is_taken_out(void **state)
{
	struct lab *lab = *state;
	struct sg_buf whole = { 0 };

	tear(lab, &whole);
	lab_later(lab, SG_MINUTE);
	lab_close(lab);
	lab_open(lab);
	lab_configure(lab, NULL, "");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/unseen");
	lab_later(lab, SG_MINUTE);
	assert_string_equal(lab_state(lab, "M1"), "applied/unseen");
	assert_int_equal(lab_said(lab, "unseen", NULL), 1);
	assert_int_not_equal(lab_ask(lab, NULL, "rollback", "id", "M1", NULL), 0);
	mend(lab, &whole);
	lab_later(lab, SG_HOUR);
	assert_true(lab_untouched(lab));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_cannot_be_read_is_not_said_to_be_in_force),
		T(a_moment_says_nothing),
		T(who_asks_for_it_is_told),
		T(it_is_known_after_a_restart_and_goes_when_it_is_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
