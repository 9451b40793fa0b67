/* test_engine_remind.c - what people are told again, over simulated days: who is exposed, blocks that end, ends and reviews that a feed set, a Setup that
 * does not end, a registry that cannot be trusted. Each once, or once a day; a restart repeats nothing. */
#include "tests/lib/engine_lab.h"
#include "tests/lib/hive_file.h"

#include "base/os.h"
#include "base/worker_cage.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ROLE "Microsoft\\ExchangeServer\\v15\\MailboxRole"

/* The engine wakes for what is to be said and not for looks at files, of which days would have hundreds. */
static const char rarely[] = "<audit every=\"1h\"/>";

static int setup(void **state)
{
	struct lab *lab;

	lab_set_up(state);
	lab = *state;
	lab_configure(lab, NULL, rarely);
	lab_offer_one(lab, 1, "M1", "2.1.0", "evil");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	return 0;
}

/* Goes on for that long, waking as the engine asks, at most hourly. */
static void pass(struct lab *lab, int64_t by)
{
	int64_t end = lab->now + by;

	while (lab->now < end) {
		struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
		int64_t next = s->wake < lab->now + SG_HOUR ? s->wake : lab->now + SG_HOUR;

		sg_snapshot_free(s);
		lab->now = next <= lab->now ? lab->now + 1 : next < end ? next : end;
		lab_run(lab);
	}
}

static void restart(struct lab *lab)
{
	lab_close(lab);
	lab_open(lab);
	lab_configure(lab, NULL, rarely);
	lab_run(lab);
}

struct found {
	size_t n;
	char *text, *level; /* of the newest */
	int64_t at;
};

static size_t said(struct lab *lab, const char *name, struct found *ret)
{
	static struct found last;
	struct sg_val *reply = NULL;
	const struct sg_val *lines;

	free(last.text);
	free(last.level);
	last = (struct found){ 0 };
	assert_int_equal(lab_ask(lab, &reply, "history", "limit", "@1000", NULL), 0);
	lines = sg_val_get(reply, "lines");
	for (size_t i = 0; lines && i < lines->n; i++) {
		if (strcmp(sg_val_get_str(lines->kid[i], "name", ""), name) != 0)
			continue;
		last.n++;
		if (sg_val_get_int(lines->kid[i], "time", 0) < last.at)
			continue;
		free(last.text);
		free(last.level);
		last.text = sg_strdup(sg_val_get_str(lines->kid[i], "text", ""));
		last.level = sg_strdup(sg_val_get_str(lines->kid[i], "level", ""));
		last.at = sg_val_get_int(lines->kid[i], "time", 0);
	}
	sg_val_free(reply);
	if (ret)
		*ret = last;
	return last.n;
}

/* A rule that we put in, taken out as a person does: the file is otherwise as we left it. */
static void take_out_by_hand(struct lab *lab)
{
	struct sg_buf file = { 0 };
	char *text, *from, *to;

	t_drive_read(lab->drive, T_WWWROOT, &file);
	text = sg_strndup((const char *)file.data, file.len);
	from = strstr(text, "<rule name=\"stopgap M1 inbound\"");
	assert_non_null(from);
	to = strstr(from, "</rule>") + strlen("</rule>");
	memmove(from, to, strlen(to) + 1);
	t_drive_write(lab->drive, T_WWWROOT, sg_bytes_of(text));
	free(text);
	sg_buf_release(&file);
}

static void who_takes_it_out_by_hand_is_told_at_once_and_every_day_it_stays_so(void **state)
{
	struct lab *lab = *state;
	struct found found;

	take_out_by_hand(lab);
	lab_later(lab, SG_HOUR);
	assert_string_equal(lab_state(lab, "M1"), "blocked/removed");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_int_equal(said(lab, "removed-by-hand", &found), 1);
	assert_string_equal(found.level, "critical");
	assert_int_equal(said(lab, "exposed", NULL), 0); /* it was said with that weight */
	pass(lab, SG_DAY - SG_MINUTE);
	assert_int_equal(said(lab, "still-exposed", NULL), 0);
	pass(lab, 2 * SG_MINUTE);
	assert_int_equal(said(lab, "still-exposed", &found), 1);
	assert_string_equal(found.level, "critical");
	assert_non_null(strstr(found.text, "M1: EXPOSED for 1d"));
	restart(lab);
	restart(lab);
	assert_int_equal(said(lab, "still-exposed", NULL), 1);
	pass(lab, 9 * SG_DAY);
	assert_int_equal(said(lab, "still-exposed", NULL), 10);
	lab_do(lab, "resolve", "id", "M1", "how", "retry", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	pass(lab, 3 * SG_DAY);
	assert_int_equal(said(lab, "still-exposed", NULL), 10);
}

static void what_an_administrator_blocks_or_takes_out_is_exposed_and_said_daily(void **state)
{
	struct lab *lab = *state;
	struct found found;

	lab_do(lab, "block", "id", "M1", "reason", "printing", NULL);
	assert_int_equal(said(lab, "exposed", &found), 1);
	assert_string_equal(found.level, "critical");
	assert_non_null(strstr(found.text, "printing"));
	pass(lab, 2 * SG_DAY + SG_HOUR);
	assert_int_equal(said(lab, "exposed", NULL), 1);
	assert_int_equal(said(lab, "still-exposed", NULL), 2);
	lab_do(lab, "unblock", "id", "M1", NULL);
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_int_equal(said(lab, "exposed", NULL), 2); /* it was in force in between */
	pass(lab, SG_DAY + SG_HOUR);
	assert_int_equal(said(lab, "still-exposed", NULL), 3);
}

static void a_block_that_keeps_it_in_place_is_no_exposure(void **state)
{
	struct lab *lab = *state;

	lab_do(lab, "block", "id", "M1", "keep", "true", NULL);
	pass(lab, 2 * SG_DAY);
	assert_int_equal(said(lab, "exposed", NULL), 0);
	assert_int_equal(said(lab, "still-exposed", NULL), 0);
}

static void what_waits_for_an_approval_is_exposed_and_an_observer_is_left_alone(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, "ask", NULL);
	lab_offer_one(lab, 2, "M2", "1", "worse");
	lab_run(lab);
	assert_int_equal(said(lab, "exposed", NULL), 1);
	pass(lab, SG_DAY + SG_HOUR);
	assert_int_equal(said(lab, "still-exposed", NULL), 1);
	lab_configure(lab, "observe", NULL);
	pass(lab, 3 * SG_DAY);
	assert_int_equal(said(lab, "still-exposed", NULL), 1);
}

/* --- blocks */

static void the_end_of_a_block_is_announced_a_day_and_an_hour_before_each_once(void **state)
{
	struct lab *lab = *state;
	int64_t end = lab->now + 3 * SG_DAY;
	char *until = sg_format("@%lld", (long long)end);
	struct found found;

	lab_do(lab, "block", "id", "M1@2.1", "reason", "printing", "until", until, NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/admin");
	pass(lab, 2 * SG_DAY - 31 * SG_MINUTE);
	assert_int_equal(said(lab, "block-ends", NULL), 0);
	pass(lab, 32 * SG_MINUTE);
	assert_int_equal(said(lab, "block-ends", &found), 1);
	assert_in_range(end - found.at, SG_DAY, SG_DAY + 30 * SG_MINUTE);
	assert_non_null(strstr(found.text, "M1@2.1"));
	assert_non_null(strstr(found.text, "uid 0 (root)"));
	assert_non_null(strstr(found.text, "printing"));
	restart(lab);
	pass(lab, SG_DAY - SG_HOUR - 3 * SG_MINUTE);
	assert_int_equal(said(lab, "block-ends", NULL), 1);
	pass(lab, 4 * SG_MINUTE);
	assert_int_equal(said(lab, "block-ends", &found), 2);
	assert_in_range(end - found.at, SG_HOUR, SG_HOUR + SG_MINUTE);
	restart(lab);
	restart(lab);
	assert_int_equal(said(lab, "block-ends", NULL), 2);
	pass(lab, end - lab->now);
	assert_int_equal(said(lab, "block-ended", NULL), 1);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_int_equal(said(lab, "block-ends", NULL), 2);
	free(until);
}

static void what_was_missed_while_the_service_was_down_is_said_once_and_late(void **state)
{
	struct lab *lab = *state;
	char *until = sg_format("@%lld", (long long)(lab->now + 3 * SG_DAY));

	lab_do(lab, "block", "id", "M1", "reason", "printing", "until", until, NULL);
	lab_close(lab);
	lab->now += 3 * SG_DAY - 30 * SG_MINUTE;
	lab_open(lab);
	lab_configure(lab, NULL, rarely);
	lab_run(lab);
	assert_int_equal(said(lab, "block-ends", NULL), 1);
	pass(lab, 29 * SG_MINUTE);
	assert_int_equal(said(lab, "block-ends", NULL), 1);
	free(until);
}

static void who_blocks_for_an_hour_or_two_is_not_told_what_he_knows(void **state)
{
	struct lab *lab = *state;
	char *until = sg_format("@%lld", (long long)(lab->now + 50 * SG_MINUTE));

	lab_do(lab, "block", "id", "M1", "reason", "printing", "until", until, NULL);
	pass(lab, SG_HOUR);
	assert_int_equal(said(lab, "block-ends", NULL), 0);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	free(until);
}

/* Two servers with one configuration: each at a time of its own, and always the same. */
static int64_t day_mark(const char *machine)
{
	struct lab lab;
	struct found found;
	int64_t end = LAB_NOW + 3 * SG_DAY;
	char *until = sg_format("@%lld", (long long)end);

	lab_make(&lab);
	t_drive_write(lab.drive, "C:\\ProgramData\\stopgap\\machine", sg_bytes_of(machine));
	lab_open(&lab);
	lab_configure(&lab, NULL, rarely);
	lab_do(&lab, "block", "id", "M1", "reason", "printing", "until", until, NULL);
	pass(&lab, 2 * SG_DAY + SG_MINUTE);
	assert_int_equal(said(&lab, "block-ends", &found), 1);
	lab_free(&lab);
	free(until);
	return end - found.at;
}

static void each_server_announces_at_a_time_of_its_own(void **state)
{
	int64_t a = day_mark("server-a"), b = day_mark("server-b"), c = day_mark("server-c");

	(void)state;
	assert_true(a != b || b != c);
	assert_int_equal(a, day_mark("server-a"));
}

/* --- what a feed sets */

static void a_remove_after_takes_it_out_and_is_said_once(void **state)
{
	struct lab *lab = *state;
	char *config =
	        lab_config("M3", "1\" sg:remove-after=\"2026-11-20T12:00:00Z", "/owa", "no", "evil", NULL);
	struct found found;

	lab_offer(lab, "local", 1, config);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M3"), "applied/applied");
	pass(lab, 10 * SG_DAY);
	assert_string_equal(lab_state(lab, "M3"), "reverted/ended");
	assert_int_equal(said(lab, "ended", &found), 1);
	assert_non_null(strstr(found.text, "2026-11-20T12:00:00Z"));
	restart(lab);
	pass(lab, SG_DAY);
	assert_int_equal(said(lab, "ended", NULL), 1);
	free(config);
}

static void a_review_that_is_due_is_said_once_and_changes_nothing(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M3", "1\" sg:review-by=\"2026-11-20", "/owa", "no", "evil", NULL);

	lab_offer(lab, "local", 1, config);
	lab_run(lab);
	assert_int_equal(said(lab, "review-due", NULL), 0);
	pass(lab, 10 * SG_DAY);
	restart(lab);
	pass(lab, SG_DAY);
	assert_int_equal(said(lab, "review-due", NULL), 1);
	assert_string_equal(lab_state(lab, "M3"), "applied/applied");
	free(config);
}

/* --- the host */

static void a_setup_that_does_not_end_is_said_after_hours_and_daily(void **state)
{
	struct lab *lab = *state;
	struct found found;

	t_software_text(lab->drive, ROLE, "Watermark", "Mailbox___7");
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 4 * SG_HOUR - 1);
	assert_int_equal(said(lab, "setup-lasts", NULL), 0);
	lab_later(lab, 1);
	assert_int_equal(said(lab, "setup-lasts", &found), 1);
	assert_string_equal(found.level, "critical");
	assert_non_null(strstr(found.text, "Mailbox___7"));
	restart(lab);
	assert_int_equal(said(lab, "setup-lasts", NULL), 1);
	lab_later(lab, SG_DAY);
	assert_int_equal(said(lab, "setup-lasts", NULL), 2);
}

/* Of one kind and of the other; what a restart knows nothing of is not said again. */
static void workers_that_are_less_shut_in_are_said_once_per_change(void **state)
{
	struct lab *lab = *state;
	struct found found;

	sg_worker_caged(false, SG_LACKS_LEVEL);
	pass(lab, SG_HOUR);
	pass(lab, SG_DAY);
	assert_int_equal(said(lab, "workers-less", &found), 1);
	assert_string_equal(found.text, "workers that compute: its integrity level is not Low");
	assert_string_equal(found.level, "warning");
	restart(lab);
	pass(lab, SG_HOUR);
	assert_int_equal(said(lab, "workers-less", NULL), 1);
	sg_worker_caged(true, SG_LACKS_ALL);
	pass(lab, SG_HOUR);
	assert_int_equal(said(lab, "workers-refused", &found), 1);
	assert_string_equal(found.level, "error");
	assert_int_equal(said(lab, "workers-shut-in", NULL), 0);
	sg_worker_caged(false, 0);
	pass(lab, SG_HOUR);
	pass(lab, SG_HOUR);
	assert_int_equal(said(lab, "workers-shut-in", NULL), 1);
	sg_worker_caged(true, 0);
	pass(lab, SG_HOUR);
	sg_worker_caged(true, SG_LACKS_ALL);
	pass(lab, SG_HOUR);
	assert_int_equal(said(lab, "workers-shut-in", NULL), 2);
	assert_int_equal(said(lab, "workers-refused", NULL), 2);
	sg_worker_caged(true, 0);
}

static void a_doubt_about_the_registry_is_said_once_as_long_as_it_lasts(void **state)
{
	struct lab *lab = *state;

	t_make_dirty(lab->drive, T_SOFTWARE);
	lab_later(lab, SG_HOUR);
	restart(lab);
	lab_later(lab, SG_DAY);
	assert_int_equal(said(lab, "registry-doubted", NULL), 1);
	t_make_clean(lab->drive, T_SOFTWARE);
	lab_later(lab, SG_HOUR);
	t_make_dirty(lab->drive, T_SOFTWARE);
	lab_later(lab, SG_HOUR);
	assert_int_equal(said(lab, "registry-doubted", NULL), 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_tear_down)
	const struct CMUnitTest tests[] = {
		T(who_takes_it_out_by_hand_is_told_at_once_and_every_day_it_stays_so),
		T(what_an_administrator_blocks_or_takes_out_is_exposed_and_said_daily),
		T(a_block_that_keeps_it_in_place_is_no_exposure),
		T(what_waits_for_an_approval_is_exposed_and_an_observer_is_left_alone),
		T(the_end_of_a_block_is_announced_a_day_and_an_hour_before_each_once),
		T(what_was_missed_while_the_service_was_down_is_said_once_and_late),
		T(who_blocks_for_an_hour_or_two_is_not_told_what_he_knows),
		T(each_server_announces_at_a_time_of_its_own),
		T(a_remove_after_takes_it_out_and_is_said_once),
		T(a_review_that_is_due_is_said_once_and_changes_nothing),
		T(a_setup_that_does_not_end_is_said_after_hours_and_daily),
		T(workers_that_are_less_shut_in_are_said_once_per_change),
		T(a_doubt_about_the_registry_is_said_once_as_long_as_it_lasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
