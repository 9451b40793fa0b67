/* test_engine_setup.c - while Exchange's Setup is at work nothing is touched, and at its end everything goes on at once. The clock is the test's. */
#include "tests/lib/exchange_lab.h"
#include "tests/lib/hive_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ROLE   "Microsoft\\ExchangeServer\\v15\\MailboxRole"
#define REBOOT "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending"

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

static void while_setup_is_at_work_nothing_is_taken_out_and_the_settle_time_begins_at_its_end(void **state)
{
	struct lab *lab = *state;

	lab_exchange_build(lab, 36);
	lab_later(lab, SG_MINUTE);
	begin_setup(lab);
	lab_later(lab, SG_MINUTE);
	lab_later(lab, 10 * SG_HOUR);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	assert_non_null(strstr(lab_field(lab, "EXK-1", "proof"), "Setup"));
	end_setup(lab);
	lab_later(lab, 2000);
	lab_later(lab, 30 * SG_MINUTE - 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	lab_later(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "pending/not-needed");
}

static void what_is_known_stays_known_while_setup_replaces_the_files(void **state)
{
	struct lab *lab = *state;

	begin_setup(lab);
	t_drive_remove(lab->drive, T_EXSETUP); /* for a while there is none */
	lab_later(lab, SG_MINUTE);
	assert_string_equal(lab_field(lab, "EXK-1", "applies"), "yes");
	assert_string_equal(lab_field(lab, "EXK-1", "verdict"), "IN FORCE");
	lab_exchange_build(lab, 30);
	end_setup(lab);
	lab_later(lab, 2000);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	assert_string_equal(lab_field(lab, "EXK-1", "applies"), "yes");
}

static void what_is_new_while_setup_is_at_work_goes_in_at_its_end(void **state)
{
	struct lab *lab = *state;
	char *configs[2] = { lab_config("EXK-1", "1", "/", "yes", LAB_ATTACK, lab_exchange_needed),
		lab_config("EXK-2", "1", "/owa", "no", "evil", NULL) };
	char *both = sg_format("%s%s", configs[0], configs[1]);

	begin_setup(lab);
	lab_later(lab, SG_MINUTE);
	lab_offer(lab, "corp", 2, both);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "EXK-2", "reason"), "setup");
	assert_string_equal(lab_field(lab, "EXK-2", "verdict"), "WAITING");
	assert_true(lab_wake(lab) <= lab->now + 2000);
	lab_later(lab, 2000);
	assert_string_equal(lab_field(lab, "EXK-2", "reason"), "setup");
	end_setup(lab);
	lab_later(lab, 2000); /* within two seconds of its end */
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
	lab_later(lab, SG_MINUTE);
	sg_buf_str(&shipped, "<!-- of the new build -->\n");
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&shipped));
	lab_later(lab, SG_HOUR);
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "EXK-1"));
	end_setup(lab);
	lab_later(lab, 2000);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap EXK-1 inbound"));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "of the new build"));
	sg_buf_release(&shipped);
}

static void verbs_that_change_are_refused_while_setup_is_at_work(void **state)
{
	static const char *const verbs[][4] = { { "apply", NULL, NULL, "" }, { "rollback", NULL, NULL, "" } };
	struct lab *lab = *state;
	struct sg_val *reply = NULL;

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
	assert_int_equal(lab_ask(lab, &reply, "block", "id", "EXK-1", NULL), 0);
	assert_non_null(strstr(sg_val_get_str(reply, "text", ""), "goes out when Setup ends: "));
	sg_val_free(reply);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied"); /* noted; done when Setup ends */
	end_setup(lab);
	lab_later(lab, 2000);
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
	lab_later(lab, SG_MINUTE);
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
	lab_later(lab, SG_HOUR);
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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lab_exchange_set_up, lab_tear_down)
	const struct CMUnitTest tests[] = {
		T(while_setup_is_at_work_nothing_is_taken_out_and_the_settle_time_begins_at_its_end),
		T(what_is_known_stays_known_while_setup_replaces_the_files),
		T(what_is_new_while_setup_is_at_work_goes_in_at_its_end),
		T(what_setup_overwrites_comes_back_at_its_end),
		T(verbs_that_change_are_refused_while_setup_is_at_work),
		T(status_says_what_goes_on_on_the_server),
		T(resolving_waits_for_setup_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
