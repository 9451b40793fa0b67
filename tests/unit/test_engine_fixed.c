/* test_engine_fixed.c - leaves when it is no longer needed, and not before; and does nothing while Setup is at work. The clock is the test's. */
#include "tests/lib/engine_lab.h"
#include "tests/lib/hive_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MINUTE (60 * 1000LL)
#define HOUR   (60 * MINUTE)
#define ROLE   "Microsoft\\ExchangeServer\\v15\\MailboxRole"
#define REBOOT "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending"

static const char needed[] =
        "<sg:Applicability><sg:Product name=\"Exchange\" role=\"Mailbox\"><sg:Affected from=\"15.2\" "
        "below=\"15.3\"/>"
        "<sg:Fixed branch=\"15.2.986\" from=\"15.2.986.36\"/></sg:Product></sg:Applicability>";

static void set_build(struct lab *lab, unsigned revision)
{
	struct sg_buf pe = { 0 };

	t_pe(15, 2, 986, revision, &pe);
	t_drive_write(lab->drive, T_EXSETUP, sg_buf_bytes(&pe));
	sg_buf_release(&pe);
}

static void offer(struct lab *lab, uint64_t serial)
{
	char *config = lab_config("EXK-1", "1", "/", "yes", LAB_ATTACK, needed);

	lab_offer(lab, "corp", serial, config);
	lab_run(lab);
	free(config);
}

static int setup(void **state)
{
	struct lab *lab;

	lab_set_up(state);
	lab = *state;
	lab_configure(lab, NULL, NULL);
	offer(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	return 0;
}

static void later(struct lab *lab, int64_t by)
{
	lab->now += by;
	lab_run(lab);
}

static int64_t wake(struct lab *lab)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	int64_t at = s->wake;

	sg_snapshot_free(s);
	return at;
}

static void begin_setup(struct lab *lab)
{
	t_software_text(lab->drive, ROLE, "Watermark", "Mailbox___7");
	t_software_text(lab->drive, ROLE, "Action", "BuildToBuildUpgrade");
}

static void end_setup(struct lab *lab)
{
	struct t_hive *h = t_hive_open(lab->drive, T_SOFTWARE);

	t_hive_remove_value(h, ROLE, "Watermark");
	t_hive_remove_value(h, ROLE, "Action");
	t_hive_save(lab->drive, T_SOFTWARE, h, NULL);
	t_hive_free(h);
}

static void a_fix_takes_it_out_when_it_has_read_so_for_the_settle_time(void **state)
{
	struct lab *lab = *state;

	set_build(lab, 36);
	later(lab, MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "fixed from 15.2.986.36 on"));
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "another 30m"));
	later(lab, 30 * MINUTE - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	assert_non_null(strstr(lab_field(lab, "EXK-1", "text"), "fixed from 15.2.986.36 on"));
	set_build(lab, 29);
	assert_true(lab_untouched(lab));
}

static void the_line_of_its_going_says_why(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = NULL;
	const struct sg_val *lines;
	bool found = false;

	set_build(lab, 36);
	later(lab, MINUTE);
	later(lab, 30 * MINUTE);
	assert_int_equal(lab_ask(lab, &reply, "history", "limit", "@100", NULL), 0);
	lines = sg_val_get(reply, "lines");
	for (size_t i = 0; i < lines->n; i++)
		found = found || (strcmp(sg_val_get_str(lines->kid[i], "name", ""), "reverted") == 0 &&
		                         strstr(sg_val_get_str(lines->kid[i], "text", ""),
		                                 "fixed from 15.2.986.36 on"));
	assert_true(found);
	sg_val_free(reply);
}

static void the_engine_wakes_when_the_settle_time_is_over(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<audit every=\"7d\"/>");
	set_build(lab, 36);
	later(lab, MINUTE);
	assert_int_equal(wake(lab), lab->now + 30 * MINUTE);
}

static void the_settle_time_is_the_configurations(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy><removal fixed-settle=\"2h\"/></policy>");
	set_build(lab, 36);
	later(lab, MINUTE);
	later(lab, 2 * HOUR - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void a_fix_that_goes_again_within_the_settle_time_begins_anew(void **state)
{
	struct lab *lab = *state;

	set_build(lab, 36);
	later(lab, MINUTE);
	set_build(lab, 29);
	later(lab, 20 * MINUTE);
	set_build(lab, 36);
	later(lab, MINUTE);
	later(lab, 20 * MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	later(lab, 10 * MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void the_settle_time_goes_on_over_a_restart_of_the_service(void **state)
{
	struct lab *lab = *state;

	set_build(lab, 36);
	later(lab, MINUTE);
	later(lab, 20 * MINUTE);
	lab_close(lab);
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	later(lab, 10 * MINUTE - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void while_a_restart_is_due_the_settle_time_does_not_run(void **state)
{
	struct lab *lab = *state;

	set_build(lab, 36);
	t_software_dword(lab->drive, REBOOT, "1", 1);
	later(lab, MINUTE);
	later(lab, 48 * HOUR);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "a restart of Windows is due"));
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "RebootPending"));
	t_software_remove(lab->drive, REBOOT);
	later(lab, MINUTE); /* it begins here */
	later(lab, 30 * MINUTE - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void a_restart_that_becomes_due_starts_the_settle_time_anew(void **state)
{
	struct lab *lab = *state;

	set_build(lab, 36);
	later(lab, MINUTE);
	later(lab, 29 * MINUTE);
	t_software_dword(lab->drive, REBOOT, "1", 1);
	later(lab, 30 * 1000);
	t_software_remove(lab->drive, REBOOT);
	later(lab, 30 * 1000);
	later(lab, 29 * MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	later(lab, MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void while_setup_is_at_work_nothing_is_taken_out_and_the_settle_time_begins_at_its_end(void **state)
{
	struct lab *lab = *state;

	set_build(lab, 36);
	later(lab, MINUTE);
	begin_setup(lab);
	later(lab, MINUTE);
	later(lab, 10 * HOUR);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "Setup"));
	end_setup(lab);
	later(lab, 2000);
	later(lab, 30 * MINUTE - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void what_is_known_stays_known_while_setup_replaces_the_files(void **state)
{
	struct lab *lab = *state;

	begin_setup(lab);
	t_drive_remove(lab->drive, T_EXSETUP); /* for a while there is none */
	later(lab, MINUTE);
	assert_string_equal(lab_field(lab, "EXK-1", "applies"), "yes");
	assert_string_equal(lab_field(lab, "EXK-1", "verdict"), "IN FORCE");
	set_build(lab, 30);
	end_setup(lab);
	later(lab, 2000);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	assert_string_equal(lab_field(lab, "EXK-1", "applies"), "yes");
}

static void what_is_new_while_setup_is_at_work_goes_in_at_its_end(void **state)
{
	struct lab *lab = *state;
	char *configs[2] = { lab_config("EXK-1", "1", "/", "yes", LAB_ATTACK, needed),
		lab_config("EXK-2", "1", "/owa", "no", "evil", NULL) };
	char *both = sg_format("%s%s", configs[0], configs[1]);

	begin_setup(lab);
	later(lab, MINUTE);
	lab_offer(lab, "corp", 2, both);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "EXK-2", "reason"), "setup");
	assert_string_equal(lab_field(lab, "EXK-2", "verdict"), "WAITING");
	assert_true(wake(lab) <= lab->now + 2000);
	later(lab, 2000);
	assert_string_equal(lab_field(lab, "EXK-2", "reason"), "setup");
	end_setup(lab);
	later(lab, 2000); /* within two seconds of its end */
	assert_string_equal(lab_state(lab, "EXK-2"), "applied/applied");
	free(both);
	free(configs[0]);
	free(configs[1]);
}

static void what_setup_overwrites_comes_back_at_its_end(void **state)
{
	struct lab *lab = *state;
	struct sg_buf shipped = { 0 };

	lab_do(lab, "rollback", "id", "EXK-1", NULL);
	t_drive_read(lab->drive, T_WWWROOT, &shipped);
	lab_do(lab, "apply", "id", "EXK-1", NULL);
	begin_setup(lab);
	later(lab, MINUTE);
	sg_buf_str(&shipped, "<!-- of the new build -->\n");
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&shipped));
	later(lab, HOUR);
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "EXK-1"));
	end_setup(lab);
	later(lab, 2000);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap EXK-1 inbound"));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "of the new build"));
	sg_buf_release(&shipped);
}

static void verbs_that_change_are_refused_while_setup_is_at_work(void **state)
{
	static const char *const verbs[][4] = { { "apply", NULL, NULL, "" }, { "rollback", NULL, NULL, "" } };
	struct lab *lab = *state;

	begin_setup(lab);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		assert_int_equal(lab_ask(lab, NULL, verbs[i][0], "id", "EXK-1", NULL), SG_ESTATE);
		assert_non_null(strstr(lab->err.msg, "Setup"));
		assert_non_null(strstr(lab->err.msg, "MailboxRole"));
	}
	assert_int_equal(lab_ask(lab, NULL, "rollback", "all", "true", NULL), SG_ESTATE);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_do(lab, "pause", "reason", "by hand", NULL);
	lab_do(lab, "resume", NULL);
	lab_do(lab, "block", "id", "EXK-1", NULL);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied"); /* noted; done when Setup ends */
	end_setup(lab);
	later(lab, 2000);
	assert_string_equal(lab_state(lab, "EXK-1"), "blocked/admin");
	assert_true(lab_untouched(lab) || !t_drive_has(lab->drive, T_WWWROOT, "EXK-1"));
}

static char *host_says(struct lab *lab, const char *what)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	char *text = sg_strdup(sg_val_get_str(sg_val_get(s->status, "host"), what, NULL));

	sg_snapshot_free(s);
	return text;
}

static void status_says_what_goes_on_on_the_server(void **state)
{
	static const char *const keys[] = { "setup", "restart", "maintenance", "registry" };
	struct lab *lab = *state;
	char *text;

	for (size_t i = 0; i < 4; i++)
		assert_null(host_says(lab, keys[i]));
	begin_setup(lab);
	t_software_dword(lab->drive, REBOOT, "1", 1);
	t_software_text(lab->drive,
	        "Microsoft\\ExchangeServer\\v15\\ServerComponentStates\\ServerWideOffline", "Maintenance",
	        "1:Inactive:1");
	t_make_dirty(lab->drive, T_SOFTWARE);
	later(lab, MINUTE);
	for (size_t i = 0; i < 4; i++) {
		text = host_says(lab, keys[i]);
		assert_non_null(text);
		free(text);
	}
	text = host_says(lab, "em");
	assert_string_equal(text, "disabled");
	free(text);
}

static void resolving_waits_for_setup_too(void **state)
{
	struct lab *lab = *state;

	t_drive_replace(lab->drive, T_WWWROOT, "(?=.*autodiscover)", "(?=.*other)");
	later(lab, HOUR);
	assert_string_equal(lab_state(lab, "EXK-1"), "blocked/drift");
	begin_setup(lab);
	assert_int_equal(lab_ask(lab, NULL, "resolve", "id", "EXK-1", "how", "take-over", NULL), SG_ESTATE);
	assert_non_null(strstr(lab->err.msg, "Setup"));
	assert_int_equal(lab_ask(lab, NULL, "resolve", "id", "EXK-1", "how", "accept", NULL), SG_ESTATE);
	assert_non_null(strstr(lab->err.msg, "Setup"));
	end_setup(lab);
	lab_do(lab, "resolve", "id", "EXK-1", "how", "take-over", NULL);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
}

static void a_feed_that_still_claims_the_fixed_build_does_not_bring_it_back(void **state)
{
	struct lab *lab = *state;

	set_build(lab, 36);
	later(lab, MINUTE);
	later(lab, 30 * MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	for (uint64_t serial = 2; serial < 5; serial++) {
		char *revision = sg_format("%d", (int)serial),
		     *config = lab_config("EXK-1", revision, "/", "yes", LAB_ATTACK, needed);

		lab_offer(lab, "corp", serial, config);
		later(lab, HOUR);
		assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
		free(config);
		free(revision);
	}
	set_build(lab, 29);
	assert_true(lab_untouched(lab));
}

static void an_uninstalled_update_matches_again_and_applies_in_the_same_run(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy><when do=\"apply\" delay=\"30m\"/></policy>");
	set_build(lab, 36);
	later(lab, MINUTE);
	later(lab, 30 * MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	set_build(lab, 29);
	later(lab, 30 * 1000);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
}

static void what_is_not_needed_is_asked_again_at_every_audit(void **state)
{
	struct lab *lab = *state;

	set_build(lab, 36);
	later(lab, MINUTE);
	later(lab, 30 * MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	assert_int_equal(wake(lab), lab->now + 15 * MINUTE);
}

static void a_fixed_file_settles_like_a_fixed_product(void **state)
{
	static const char file[] = "<sg:Applicability><sg:Product name=\"Exchange\"/>"
	                           "<sg:File path=\"{app}\\Bin\\ExSetup.exe\" below=\"15.2.986.36\"/>"
	                           "</sg:Applicability>";
	struct lab *lab = *state;
	char *config = lab_config("EXK-1", "2", "/", "yes", LAB_ATTACK, file);

	lab_offer(lab, "corp", 2, config);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	set_build(lab, 37);
	later(lab, MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	later(lab, 30 * MINUTE);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
	free(config);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, lab_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_fix_takes_it_out_when_it_has_read_so_for_the_settle_time),
		T(the_line_of_its_going_says_why),
		T(the_engine_wakes_when_the_settle_time_is_over),
		T(the_settle_time_is_the_configurations),
		T(a_fix_that_goes_again_within_the_settle_time_begins_anew),
		T(the_settle_time_goes_on_over_a_restart_of_the_service),
		T(while_a_restart_is_due_the_settle_time_does_not_run),
		T(a_restart_that_becomes_due_starts_the_settle_time_anew),
		T(while_setup_is_at_work_nothing_is_taken_out_and_the_settle_time_begins_at_its_end),
		T(what_is_known_stays_known_while_setup_replaces_the_files),
		T(what_is_new_while_setup_is_at_work_goes_in_at_its_end),
		T(what_setup_overwrites_comes_back_at_its_end),
		T(verbs_that_change_are_refused_while_setup_is_at_work),
		T(status_says_what_goes_on_on_the_server),
		T(resolving_waits_for_setup_too),
		T(a_feed_that_still_claims_the_fixed_build_does_not_bring_it_back),
		T(an_uninstalled_update_matches_again_and_applies_in_the_same_run),
		T(what_is_not_needed_is_asked_again_at_every_audit),
		T(a_fixed_file_settles_like_a_fixed_product),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
