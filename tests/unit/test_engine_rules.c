/* test_engine_rules.c - the engine where workers read and run the server's rewrite rules: what they cost, and what is kept while there are none. */
#include "actions/apart.h"
#include "tests/lib/neighbour_lab.h"
#include "tests/lib/worker_lab_engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MANY = 40, HOUR = 3600 * 1000 };

static void an_audit_of_an_unchanged_server_asks_nobody(void **state)
{
	struct lab *lab = *state;
	struct sg_buf all = { 0 };

	lab_configure(lab, NULL, NULL);
	for (int i = 0; i < MANY; i++) {
		char *id = sg_format("M%d", i);
		char *tests =
		        sg_format("<sg:Test><sg:Refuse uri=\"/autodiscover?powershell%d\"/></sg:Test>", i);
		char *config = lab_config(id, "1", "/", "yes", LAB_ATTACK, tests);

		sg_buf_str(&all, config);
		free(config);
		free(tests);
		free(id);
	}
	lab_offer(lab, "corp", 1, (const char *)all.data);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M39"), "applied/applied");
	print_message("%d mitigations go in: %d workers for rules\n", MANY, t_workers.asked);
	assert_in_range(t_workers.asked, MANY, 4 * MANY);
	lab_later(lab, HOUR); /* each proof has seen the rules of those that came before it only */
	t_workers.asked = 0;
	for (int i = 0; i < 3; i++)
		lab_later(lab, HOUR);
	assert_string_equal(lab_field(lab, "M39", "verdict"), "IN FORCE");
	assert_int_equal(t_workers.asked, 0);
	sg_buf_release(&all);
}

/* Nobody can say at that hour what others' rules do: ours does not go in beside them for that. */
static void what_others_do_is_kept_while_nobody_can_say(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_put_rule(lab, EM_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/others");
	t_workers.dead = true;
	t_workers_forget();
	t_workers.asked = 0;
	for (int i = 0; i < 3; i++)
		lab_later(lab, HOUR);
	assert_true(t_workers.asked > 0);
	assert_string_equal(lab_state(lab, "M1"), "applicable/others");
	/* and it is asked again at once, not when the next audit is due */
	t_workers.dead = false;
	t_drive_replace(lab->drive, T_WWWROOT, "AbortRequest", "None");
	lab_later(lab, HOUR / 6);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void without_an_answer_it_goes_in_and_its_effect_is_not_known(void **state)
{
	struct lab *lab = *state;
	struct sg_val *shown = NULL;

	t_workers.dead = true;
	lab_configure(lab, NULL, NULL);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "effective"), "unknown");
	assert_int_equal(lab_ask(lab, &shown, "show", "id", "M1", NULL), 0);
	assert_non_null(strstr(sg_val_get_str(sg_val_get(shown, "mitigation"), "effective_text", ""),
	        "not known: the rules: the worker for 'rules' gave up"));
	sg_val_free(shown);
	t_workers.dead = false;
	t_workers_forget(); /* that minute is one of the system's clock, which is not the lab's */
	lab_later(lab, HOUR);
	assert_string_equal(lab_field(lab, "M1", "effective"), "yes");
	lab_do(lab, "rollback", "all", "true", NULL);
	assert_true(lab_untouched(lab));
}

/* What nobody may be asked about any more is not thereby unknown. */
static void a_stop_makes_nothing_unknown(void **state)
{
	struct lab *lab = *state;
	size_t said;

	lab_configure(lab, NULL, NULL);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "effective"), "yes");
	said = lab_said(lab, "EVALUATED", NULL);
	t_workers_forget(); /* as if another file had changed what is asked */
	t_workers.asked = 0;
	lab->stopping = true;
	lab_later(lab, HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "effective"), "yes");
	assert_int_equal(lab_said(lab, "EVALUATED", NULL), said);
	assert_int_equal(t_workers.asked, 0);
	lab->stopping = false;
	lab_later(lab, HOUR);
	assert_string_equal(lab_field(lab, "M1", "effective"), "yes");
	assert_true(t_workers.asked > 0);
}

static void nothing_begins_once_a_stop_was_asked_for(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab->stopping = true;
	lab_run(lab);
	assert_true(lab_untouched(lab));
	assert_string_equal(lab_state(lab, "M1"), "pending/new");
	lab->stopping = false;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void what_is_asked_for_during_a_stop_is_done_at_the_next_start(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	lab->stopping = true;
	assert_int_equal(lab_ask(lab, NULL, "rollback", "id", "M1", NULL), SG_ECANCELED);
	assert_non_null(strstr(lab->err.msg, "is noted, and is done when it runs again"));
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_close(lab);
	lab->stopping = false;
	lab_open(lab);
	t_workers_are_there(true);
	lab_configure(lab, NULL, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	assert_true(lab_untouched(lab));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        an_audit_of_an_unchanged_server_asks_nobody, t_workers_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        what_others_do_is_kept_while_nobody_can_say, t_workers_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(without_an_answer_it_goes_in_and_its_effect_is_not_known,
		        t_workers_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        a_stop_makes_nothing_unknown, t_workers_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        nothing_begins_once_a_stop_was_asked_for, t_workers_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(what_is_asked_for_during_a_stop_is_done_at_the_next_start,
		        t_workers_set_up, lab_tear_down),
	};

	t_workers_watch(SG_JOB_RULES);
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
