/* The engine as a whole: feed in, mitigations applied, bytes given back. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ATTACK "(?=.*autodiscover)(?=.*powershell)"

static int setup(void **state)
{
	struct lab *lab = sg_alloc(sizeof(*lab));

	lab_make(lab);
	lab_open(lab);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	lab_free(*state);
	free(*state);
	return 0;
}

static void offer_one(
        struct lab *lab, uint64_t serial, const char *id, const char *revision, const char *pattern)
{
	char *config = lab_config(id, revision, "/", "yes", pattern, NULL);

	lab_offer(lab, "corp", serial, config);
	free(config);
}

static void applies_and_gives_back_every_byte(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	assert_false(lab_untouched(lab));
	lab_do(lab, "rollback", "id", "M1", "reason", "done", NULL);
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	assert_true(lab_untouched(lab));
}

static void rolled_back_id_stays_out_whatever_its_body_until_apply(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	lab_do(lab, "rollback", "id", "M1", NULL);
	offer_one(lab, 2, "M1", "2", "other");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	assert_true(lab_untouched(lab));
	lab_do(lab, "apply", "id", "M1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "revision"), "2");
}

static void newer_body_takes_the_place_of_the_older(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", "first");
	lab_run(lab);
	offer_one(lab, 2, "M1", "2", "second");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "second"));
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "first"));
	lab_do(lab, "rollback", "all", "true", NULL);
	assert_true(lab_untouched(lab));
}

static void two_that_share_scaffolds_end_in_any_order(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	for (int order = 0; order < 2; order++) {
		char *a = lab_config("A", "1", "/", "yes", "aaa", NULL),
		     *b = lab_config("B", "1", "/", "yes", "bbb", NULL);
		char *both = sg_format("%s%s", a, b);

		lab_offer(lab, "corp", (uint64_t)order + 1, both);
		if (order)
			lab_do(lab, "apply", "id", "A", NULL);
		if (order)
			lab_do(lab, "apply", "id", "B", NULL);
		lab_run(lab);
		assert_string_equal(lab_state(lab, "A"), "applied/applied");
		assert_string_equal(lab_state(lab, "B"), "applied/applied");
		lab_do(lab, "rollback", "id", order ? "B" : "A", NULL);
		assert_string_equal(lab_state(lab, order ? "A" : "B"), "applied/applied");
		assert_true(t_drive_has(
		        lab->drive, T_WWWROOT, order ? "stopgap A inbound" : "stopgap B inbound"));
		lab_do(lab, "rollback", "id", order ? "A" : "B", NULL);
		assert_true(lab_untouched(lab));
		free(a);
		free(b);
		free(both);
	}
}

static void a_block_rolls_back_and_an_unblock_applies_again(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "2.1.0", ATTACK);
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
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/admin");
	assert_true(lab_untouched(lab));
}

static void a_block_ends_at_its_time(void **state)
{
	struct lab *lab = *state;
	char until[32];

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	snprintf(until, sizeof(until), "@%lld", (long long)(lab->now + 3600 * 1000));
	lab_do(lab, "block", "id", "M1", "until", until, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/admin");
	lab->now += 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_tombstone_takes_out_and_a_missing_id_stays(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	lab_offer(lab, "corp", 2, "");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_offer(lab, "corp", 3,
	        "<Config id=\"M1\" desc=\"old\" sg:withdrawn=\"2026-10-01T00:00:00Z\" "
	        "sg:reason=\"Fixed.\"/>");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "NOT NEEDED");
	assert_true(lab_untouched(lab));
}

static void not_needed_on_a_fixed_build_and_the_proof_says_why(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", ATTACK,
	        "<sg:Applicability><sg:Product name=\"Exchange\" role=\"Mailbox\"><sg:Affected from=\"15.0\" "
	        "below=\"15.3\"/>"
	        "<sg:Fixed branch=\"15.2.986\" from=\"15.2.986.29\"/></sg:Product></sg:Applicability>");

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "pending/not-needed");
	assert_non_null(strstr(lab_field(lab, "M1", "proof"), "15.2.986.29"));
	assert_true(lab_untouched(lab));
	free(config);
}

static void a_fix_that_is_installed_takes_it_out_after_the_settle_time(void **state)
{
	struct lab *lab = *state;
	struct sg_buf pe = { 0 };
	char *config = lab_config("M1", "1", "/", "yes", ATTACK,
	        "<sg:Applicability><sg:Product name=\"Exchange\"><sg:Affected from=\"15.0\" below=\"15.3\"/>"
	        "<sg:Fixed branch=\"15.2.986\" from=\"15.2.986.36\"/></sg:Product></sg:Applicability>");

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	t_pe(15, 2, 986, 36, &pe);
	t_drive_write(lab->drive, T_EXSETUP, sg_buf_bytes(&pe));
	lab->now += 60 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab->now += 31 * 60 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "pending/not-needed");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "stopgap"));
	sg_buf_release(&pe);
	free(config);
}

static void an_edited_value_is_left_alone_and_named(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", "mine");
	lab_run(lab);
	t_drive_replace(lab->drive, T_WWWROOT, "pattern=\"mine\"", "pattern=\"theirs\"");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	assert_int_not_equal(lab_ask(lab, NULL, "rollback", "id", "M1", NULL), 0);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"theirs\""));
	lab_do(lab, "resolve", "id", "M1", "how", "accept", NULL);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"theirs\""));
}

static void take_over_writes_ours_and_gives_theirs_back(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", "mine");
	lab_run(lab);
	t_drive_replace(lab->drive, T_WWWROOT, "pattern=\"mine\"", "pattern=\"theirs\"");
	lab_do(lab, "audit", NULL);
	lab_do(lab, "resolve", "id", "M1", "how", "take-over", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"mine\""));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"theirs\""));
}

static void a_foreign_edit_elsewhere_survives(void **state)
{
	struct lab *lab = *state;
	struct sg_buf want = { 0 }, have = { 0 };

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", "<!-- theirs --></configuration>");
	t_drive_read(lab->drive, T_WWWROOT, &have);
	lab_do(lab, "rollback", "id", "M1", NULL);
	t_drive_read(lab->drive, T_WWWROOT, &want);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "<!-- theirs -->"));
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "stopgap"));
	t_drive_replace(lab->drive, T_WWWROOT, "<!-- theirs --></configuration>", "</configuration>");
	assert_true(lab_untouched(lab));
	sg_buf_release(&want);
	sg_buf_release(&have);
}

static void what_a_person_took_out_stays_out_and_is_exposed(void **state)
{
	struct lab *lab = *state;
	struct sg_buf before = { 0 };

	lab_configure(lab, NULL, NULL);
	t_drive_read(lab->drive, T_WWWROOT, &before);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&before));
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/removed");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	lab->now += 24 * 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/removed");
	lab_do(lab, "resolve", "id", "M1", "how", "retry", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	sg_buf_release(&before);
}

static void a_replaced_file_gets_the_rule_back(void **state)
{
	struct lab *lab = *state;
	static const char fresh[] =
	        "<?xml "
	        "version=\"1.0\"?>\r\n<configuration>\r\n\t<system.webServer>\r\n\t\t<rewrite>\r\n\t\t\t<"
	        "rules>\r\n"
	        "\t\t\t</rules>\r\n\t\t</rewrite>\r\n\t</system.webServer>\r\n</configuration>\r\n";
	struct sg_buf now = { 0 };

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	t_drive_write(lab->drive, T_WWWROOT, sg_bytes_of(fresh));
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	t_drive_read(lab->drive, T_WWWROOT, &now);
	assert_string_equal((char *)now.data, fresh);
	sg_buf_release(&now);
}

static void a_file_that_is_gone_drops_its_claims(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	t_drive_remove(lab->drive, T_WWWROOT);
	lab_do(lab, "audit", NULL);
	assert_false(t_drive_has(lab->drive, T_APPHOST, "nothing of this text"));
	/* The folder has no web.config now: the rule belongs into a location of applicationHost.config. */
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_APPHOST, "stopgap M1 inbound"));
}

static void observe_changes_nothing_and_says_exposed(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, "observe", NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_true(lab_untouched(lab));
}

static void ask_waits_for_approval_of_that_body(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, "ask", NULL);
	offer_one(lab, 1, "M1", "1", "first");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/approval");
	assert_true(lab_untouched(lab));
	lab_do(lab, "approve", "id", "M1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	offer_one(lab, 2, "M1", "2", "second");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/newer-waits");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "first"));
}

static void a_delay_holds_and_a_withdrawal_inside_it_never_applies(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy><when do=\"apply\" delay=\"30m\"/></policy>");
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/delay");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "WAITING");
	lab_offer(lab, "corp", 2,
	        "<Config id=\"M1\" desc=\"old\" sg:withdrawn=\"2026-10-01T00:00:00Z\" sg:reason=\"Broke "
	        "mail.\"/>");
	lab->now += 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/withdrawn");
	assert_true(lab_untouched(lab));
}

static void an_unknown_action_type_waits_and_the_others_work(void **state)
{
	struct lab *lab = *state;
	char *good = lab_config("M1", "1", "/", "yes", ATTACK, NULL);
	char *both = sg_format("%s<Config id=\"M9\" desc=\"new\"><ActionList><Action type=\"Teleport\" "
	                       "scope=\"Server\"><Value>x</Value></Action>"
	                       "</ActionList></Config>",
	        good);

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, both);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_state(lab, "M9"), "pending/unknown");
	assert_non_null(strstr(lab_field(lab, "M9", "text"), "Teleport"));
	free(both);
	free(good);
}

static void the_heartbeat_is_applied_and_changes_nothing(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1,
	        "<Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" "
	        "scope=\"Server\"><Value>DoNothing</Value></Action>"
	        "</ActionList></Config>");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "PING1"), "applied/applied");
	assert_true(lab_untouched(lab));
}

static void the_heartbeat_needs_no_approval(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, "ask", NULL);
	lab_offer(lab, "corp", 1,
	        "<Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" scope=\"Server\">"
	        "<Value>DoNothing</Value></Action></ActionList></Config>");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "PING1"), "applied/applied");
}

static void an_earlier_feed_shadows_a_later_one(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", "first", NULL);

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	lab_offer(lab, "local", 1, config);
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	assert_int_equal(lab_ask(lab, NULL, "show", "id", "M1", NULL), SG_EINVAL);
	lab_do(lab, "rollback", "id", "M1", "feed", "corp", NULL);
	free(config);
}

static void no_feed_is_never_protected_and_a_fresh_one_is(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", ATTACK, NULL);

	assert_string_equal(lab_verdict(lab), "EXPOSED");
	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_string_equal(lab_verdict(lab), "UNKNOWN"); /* "local" has never verified */
	lab_offer(lab, "local", 1, "");
	assert_string_equal(lab_verdict(lab), "PROTECTED");
	lab->now += 25 * 3600 * 1000LL;
	assert_string_equal(lab_verdict(lab), "UNKNOWN");
	free(config);
}

static void a_serial_never_goes_down(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 5, "M1", "1", "first");
	lab_run(lab);
	offer_one(lab, 4, "M1", "2", "second");
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "first"));
	offer_one(lab, 5, "M1", "2", "second");
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "first"));
}

static void pause_holds_and_resume_goes_on(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_do(lab, "pause", NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	lab_do(lab, "resume", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_plan_writes_nothing_and_shows_the_diff(void **state)
{
	struct lab *lab = *state;
	struct sg_val *plan = NULL;
	const struct sg_val *files;

	lab_configure(lab, "ask", NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
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

static void without_a_configuration_only_what_a_person_asks_is_done(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_one(lab, 1, "M1", "1", ATTACK);
	lab_run(lab);
	lab_close(lab);
	lab_open(lab);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "rollback", "all", "true", NULL);
	assert_true(lab_untouched(lab));
}

static void a_required_reason_is_required(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy require-reason=\"true\"/>");
	offer_one(lab, 1, "M1", "1", ATTACK);
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
	offer_one(lab, 1, "M1", "1", ATTACK);
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

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(applies_and_gives_back_every_byte),
		T(rolled_back_id_stays_out_whatever_its_body_until_apply),
		T(newer_body_takes_the_place_of_the_older),
		T(two_that_share_scaffolds_end_in_any_order),
		T(a_block_rolls_back_and_an_unblock_applies_again),
		T(a_block_for_an_id_that_no_feed_has_yet_works),
		T(a_block_ends_at_its_time),
		T(a_tombstone_takes_out_and_a_missing_id_stays),
		T(not_needed_on_a_fixed_build_and_the_proof_says_why),
		T(a_fix_that_is_installed_takes_it_out_after_the_settle_time),
		T(an_edited_value_is_left_alone_and_named),
		T(take_over_writes_ours_and_gives_theirs_back),
		T(a_foreign_edit_elsewhere_survives),
		T(what_a_person_took_out_stays_out_and_is_exposed),
		T(a_replaced_file_gets_the_rule_back),
		T(a_file_that_is_gone_drops_its_claims),
		T(observe_changes_nothing_and_says_exposed),
		T(ask_waits_for_approval_of_that_body),
		T(a_delay_holds_and_a_withdrawal_inside_it_never_applies),
		T(an_unknown_action_type_waits_and_the_others_work),
		T(the_heartbeat_is_applied_and_changes_nothing),
		T(the_heartbeat_needs_no_approval),
		T(an_earlier_feed_shadows_a_later_one),
		T(no_feed_is_never_protected_and_a_fresh_one_is),
		T(a_serial_never_goes_down),
		T(pause_holds_and_resume_goes_on),
		T(a_plan_writes_nothing_and_shows_the_diff),
		T(without_a_configuration_only_what_a_person_asks_is_done),
		T(a_required_reason_is_required),
		T(history_says_who_and_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
