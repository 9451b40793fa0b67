/* test_engine_asked.c - what people ask of the engine, by the policy and by requests: block, approve, pause, roll back, plan, history. */
#include "tests/lib/engine_lab.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void rolled_back_id_stays_out_whatever_its_body_until_apply(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	lab_do(lab, "rollback", "id", "M1", NULL);
	lab_offer_one(lab, 2, "M1", "2", "other");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	assert_true(lab_untouched(lab));
	lab_do(lab, "apply", "id", "M1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "revision"), "2");
}

static void a_block_rolls_back_and_an_unblock_applies_again(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "2.1.0", LAB_ATTACK);
	lab_run(lab);
	lab_do(lab, "block", "id", "M1@2.1", "reason", "printing", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/admin");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_true(lab_untouched(lab));
	lab_do(lab, "unblock", "id", "M1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "block", "id", "M1", "keep", "true", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_block_for_an_id_that_no_feed_has_yet_works(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_do(lab, "block", "id", "M1", NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/admin");
	assert_true(lab_untouched(lab));
}

static void a_block_ends_at_its_time(void **state)
{
	struct lab *lab = *state;
	char until[32];

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	snprintf(until, sizeof(until), "@%lld", (long long)(lab->now + 3600 * 1000));
	lab_do(lab, "block", "id", "M1", "until", until, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/admin");
	lab->now += 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void observe_changes_nothing_and_says_exposed(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, "observe", NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_true(lab_untouched(lab));
}

static void ask_waits_for_approval_of_that_body(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, "ask", NULL);
	lab_offer_one(lab, 1, "M1", "1", "first");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/approval");
	assert_true(lab_untouched(lab));
	lab_do(lab, "approve", "id", "M1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_offer_one(lab, 2, "M1", "2", "second");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/newer-waits");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "first"));
}

static void the_heartbeat_needs_no_approval(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, "ask", NULL);
	lab_offer(lab, "corp", 1,
	        "<Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" "
	        "scope=\"Server\">"
	        "<Value>DoNothing</Value></Action></ActionList></Config>");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "PING1"), "applied/applied");
}

static void pause_holds_and_resume_goes_on(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_do(lab, "pause", NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	lab_do(lab, "resume", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_pause_with_an_end_says_when_that_is(void **state)
{
	struct lab *lab = *state;
	char *until, day[32];
	struct sg_val *reply = NULL;

	lab_configure(lab, NULL, NULL);
	until = sg_format("@%lld", (long long)(lab->now + 2 * 3600 * 1000));
	sg_time_format(lab->now + 2 * 3600 * 1000, day);
	assert_int_equal(lab_ask(lab, &reply, "pause", "until", until, NULL), 0);
	assert_non_null(strstr(sg_val_get_str(reply, "text", ""), day));
	sg_val_free(reply);
	reply = NULL;
	assert_int_equal(lab_ask(lab, &reply, "pause", NULL), 0);
	assert_non_null(strstr(sg_val_get_str(reply, "text", ""), "until 'stopgapctl resume'"));
	sg_val_free(reply);
	free(until);
}

static void an_id_that_is_not_known_is_answered_with_the_one_that_is_meant(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "CORP-1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_int_equal(lab_ask(lab, NULL, "rollback", "id", "CROP-1", NULL), SG_ENOENT);
	assert_non_null(strstr(lab->err.msg, "no mitigation CROP-1 is known; did you mean CORP-1?"));
	assert_int_equal(lab_ask(lab, NULL, "show", "id", "EXK-2022-41040", NULL), SG_ENOENT);
	assert_null(strstr(lab->err.msg, "did you mean"));
	assert_non_null(strstr(lab->err.msg, "'stopgapctl list' shows them"));
}

/* Whether the plan would change something, and its diff (borrowed until the next call). */
static const char *planned(struct lab *lab, const char *id, const char *as, const char *keep)
{
	static char diff[8192];
	struct sg_val *plan = NULL;
	const struct sg_val *files;

	assert_int_equal(
	        lab_ask(lab, &plan, "plan", "as", as, id ? "id" : NULL, id, keep ? "keep" : NULL, keep, NULL),
	        0);
	files = sg_val_get(plan, "files");
	snprintf(diff, sizeof diff, "%s", files->n ? sg_val_get_str(files->kid[0], "diff", "") : "");
	assert_int_equal(sg_val_get_bool(plan, "would_change", false), diff[0] != 0);
	sg_val_free(plan);
	return diff;
}

static void a_plan_shows_what_a_verb_would_do_and_does_nothing(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = NULL;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "2.1.0", LAB_ATTACK);
	lab_run(lab);
	assert_non_null(strstr(planned(lab, "M1", "rollback", NULL), "\n-"));
	assert_non_null(strstr(planned(lab, NULL, "rollback", NULL), "\n-"));
	assert_non_null(strstr(planned(lab, "M1", "block", NULL), "\n-"));
	assert_non_null(strstr(planned(lab, "M1@2.1", "block", NULL), "\n-"));
	assert_string_equal(planned(lab, "M1@2.2", "block", NULL), "");
	assert_string_equal(planned(lab, "M1", "block", "true"), "");
	assert_string_equal(planned(lab, "M1", "unblock", NULL), "");
	assert_string_equal(planned(lab, "NOBODY-HAS-IT", "block", NULL), "");
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "block", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
	assert_non_null(strstr(planned(lab, "M1", "unblock", NULL), "\n+"));
	assert_string_equal(planned(lab, "M1", "apply", NULL), ""); /* never past a block */
	lab_do(lab, "unblock", "id", "M1", NULL);
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_non_null(strstr(planned(lab, "M1", "apply", NULL), "\n+"));
	assert_string_equal(planned(lab, "M1", "rollback", NULL), "");
	assert_true(lab_untouched(lab));
	assert_int_equal(lab_ask(lab, &reply, "plan", "id", "M1", "as", "resolve", NULL), SG_EINVAL);
	assert_int_equal(lab_ask(lab, &reply, "plan", "as", "block", NULL), SG_EINVAL);
	assert_int_equal(lab_ask(lab, &reply, "plan", "id", "M1", "keep", "true", NULL), SG_EINVAL);
	assert_int_equal(lab_ask(lab, &reply, "plan", "id", "NOBODY-HAS-IT", NULL), SG_ENOENT);
}

static void a_plan_writes_nothing_and_shows_the_diff(void **state)
{
	struct lab *lab = *state;
	struct sg_val *plan = NULL;
	const struct sg_val *files;

	lab_configure(lab, "ask", NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	assert_int_equal(lab_ask(lab, &plan, "plan", NULL), 0);
	assert_false(sg_val_get_bool(plan, "would_change", true));
	sg_val_free(plan);
	lab_configure(lab, NULL, NULL);
	assert_int_equal(lab_ask(lab, &plan, "plan", "id", "M1", NULL), 0);
	assert_true(sg_val_get_bool(plan, "would_change", false));
	files = sg_val_get(plan, "files");
	assert_int_equal(files->n, 1);
	assert_non_null(strstr(sg_val_get_str(files->kid[0], "diff", ""), "+"));
	assert_true(sg_val_get(files->kid[0], "restarts")->n > 0);
	sg_val_free(plan);
	assert_true(lab_untouched(lab));
}

static void a_required_reason_is_required(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy require-reason=\"true\"/>");
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_int_equal(lab_ask(lab, NULL, "rollback", "id", "M1", NULL), SG_EINVAL);
	assert_non_null(strstr(lab->err.msg, "--reason"));
	lab_do(lab, "rollback", "id", "M1", "reason", "test", NULL);
}

static void history_says_who_and_why(void **state)
{
	struct lab *lab = *state;
	struct sg_val *history = NULL;
	const struct sg_val *lines;
	bool found = false;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	lab_do(lab, "block", "id", "M1", "reason", "printing", "ticket", "T-7", "on_behalf_of", "ann", NULL);
	assert_int_equal(lab_ask(lab, &history, "history", NULL), 0);
	lines = sg_val_get(history, "lines");
	for (size_t i = 0; i < lines->n; i++) {
		if (strcmp(sg_val_get_str(lines->kid[i], "name", ""), "blocked") != 0)
			continue;
		found = true;
		assert_string_equal(sg_val_get_str(lines->kid[i], "account", ""), "uid 0 (root)");
		assert_string_equal(sg_val_get_str(lines->kid[i], "reason", ""), "printing");
		assert_string_equal(sg_val_get_str(lines->kid[i], "ticket", ""), "T-7");
		assert_string_equal(sg_val_get_str(lines->kid[i], "on_behalf_of", ""), "ann");
	}
	assert_true(found);
	sg_val_free(history);
}

static bool has_line(struct lab *lab, const char *id, const char *name, const char *part)
{
	struct sg_val *history = NULL;
	const struct sg_val *lines;
	bool found = false;

	if (id)
		assert_int_equal(lab_ask(lab, &history, "history", "id", id, NULL), 0);
	else
		assert_int_equal(lab_ask(lab, &history, "history", NULL), 0);
	lines = sg_val_get(history, "lines");
	for (size_t i = 0; i < lines->n; i++)
		found = found || (strcmp(sg_val_get_str(lines->kid[i], "name", ""), name) == 0 &&
		                         strstr(sg_val_get_str(lines->kid[i], "text", ""), part));
	sg_val_free(history);
	return found;
}

static void the_life_of_an_id_has_its_blocks(void **state)
{
	struct lab *lab = *state;
	char until[32];

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	snprintf(until, sizeof(until), "@%lld", (long long)(lab->now + 1000));
	lab_do(lab, "block", "id", "M1@1", "until", until, NULL);
	lab->now += 2000;
	lab_run(lab);
	lab_do(lab, "block", "id", "M1", NULL);
	lab_do(lab, "unblock", "id", "M1", NULL);
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(has_line(lab, "M1", "blocked", "blocked M1@1"));
	assert_true(has_line(lab, "M1", "block-ended", "M1@1"));
	assert_true(has_line(lab, "M1", "unblocked", "unblocked M1"));
	assert_true(has_line(lab, "M1", "rollback-asked", "M1: asked"));
}

static void a_new_journal_and_a_changed_host_are_said(void **state)
{
	struct lab *lab = *state;
	struct sg_buf pe = { 0 };

	assert_true(has_line(lab, NULL, "journal-created", lab->journal));
	assert_false(has_line(lab, NULL, "host-changed", ""));
	lab_close(lab);
	t_pe(15, 2, 986, 36, &pe);
	t_drive_write(lab->drive, T_EXSETUP, sg_buf_bytes(&pe));
	sg_buf_release(&pe);
	lab_open(lab);
	assert_true(has_line(lab, NULL, "host-changed", "product builds changed"));
}

static void an_action_that_is_wrong_by_itself_never_goes_in(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1,
	        "<Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" "
	        "scope=\"VDir\">"
	        "<Value>DoNothing</Value></Action></ActionList></Config>");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "PING1"), "blocked/failed");
	assert_non_null(strstr(lab_field(lab, "PING1", "text"), "scope"));
	assert_true(lab_untouched(lab));
}

static void apply_while_paused_says_so_and_keeps_nothing(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, "ask", NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_do(lab, "pause", NULL);
	assert_int_equal(lab_ask(lab, NULL, "apply", "id", "M1", NULL), SG_ESTATE);
	assert_non_null(strstr(lab->err.msg, "resume"));
	lab_do(lab, "resume", NULL);
	assert_true(lab_untouched(lab));
}

static void a_drift_says_the_ways_out(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", "mine");
	lab_run(lab);
	t_drive_replace(lab->drive, T_WWWROOT, "pattern=\"mine\"", "pattern=\"theirs\"");
	lab_do(lab, "audit", NULL);
	assert_int_not_equal(lab_ask(lab, NULL, "rollback", "id", "M1", NULL), 0);
	assert_non_null(strstr(lab->err.msg, "--take-over"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

/* Whoever may ask may ask for any time and any text: each has an answer, and the sanitizers have nothing to say. */
static void times_and_texts_at_their_ends_are_answered(void **state)
{
	static const char *const times[] = { "@9223372036854775807", "@9223372036854775806",
		"@253402300800000", "@-1", "@-9223372036854775808" };
	struct lab *lab = *state;
	char *longest = sg_alloc(5001);

	memset(longest, 'x', 5000);
	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		lab_ask(lab, NULL, "block", "id", "M1", "until", times[i], NULL);
		lab_run(lab);
		lab_later(lab, 3600 * 1000);
		lab_do(lab, "list", NULL);
		lab_do(lab, "status", NULL);
		lab_ask(lab, NULL, "unblock", "id", "M1", NULL);
		lab_ask(lab, NULL, "pause", "until", times[i], NULL);
		lab_run(lab);
		lab_later(lab, 3600 * 1000);
		lab_do(lab, "status", NULL);
		lab_ask(lab, NULL, "resume", NULL);
		lab_ask(lab, NULL, "coverage", "from", times[i], NULL);
		lab_ask(lab, NULL, "coverage", "to", times[i], NULL);
		lab_ask(lab, NULL, "coverage", "from", times[i], "to", times[i], NULL);
		lab_ask(lab, NULL, "history", "limit", times[i], NULL);
	}
	assert_int_not_equal(lab_ask(lab, NULL, "block", "id", longest, NULL), 0);
	assert_int_not_equal(lab_ask(lab, NULL, "show", "id", longest, NULL), 0);
	assert_int_not_equal(lab_ask(lab, NULL, "unblock", "id", "@", NULL), 0);
	assert_int_not_equal(lab_ask(lab, NULL, "plan", "id", "M1", "as", longest, NULL), 0);
	assert_int_not_equal(lab_ask(lab, NULL, "resolve", "id", "M1", "how", longest, NULL), 0);
	lab_ask(lab, NULL, "rollback", "id", "M1", "reason", longest, NULL);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	free(longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_life_of_an_id_has_its_blocks),
		T(a_new_journal_and_a_changed_host_are_said),
		T(an_action_that_is_wrong_by_itself_never_goes_in),
		T(apply_while_paused_says_so_and_keeps_nothing),
		T(a_drift_says_the_ways_out),
		T(rolled_back_id_stays_out_whatever_its_body_until_apply),
		T(a_block_rolls_back_and_an_unblock_applies_again),
		T(a_block_for_an_id_that_no_feed_has_yet_works),
		T(a_block_ends_at_its_time),
		T(observe_changes_nothing_and_says_exposed),
		T(ask_waits_for_approval_of_that_body),
		T(the_heartbeat_needs_no_approval),
		T(pause_holds_and_resume_goes_on),
		T(a_pause_with_an_end_says_when_that_is),
		T(an_id_that_is_not_known_is_answered_with_the_one_that_is_meant),
		T(a_plan_writes_nothing_and_shows_the_diff),
		T(a_plan_shows_what_a_verb_would_do_and_does_nothing),
		T(a_required_reason_is_required),
		T(history_says_who_and_why),
		T(times_and_texts_at_their_ends_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
