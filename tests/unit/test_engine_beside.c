/* test_engine_beside.c - what people are told of rules of others that do the same: by show, plan, block and rollback. */
#include "tests/lib/hive_file.h"
#include "tests/lib/neighbour_lab.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void offer_same_as(struct lab *lab, const char *same_as)
{
	char *config = lab_config("M1", "1", "/", "yes", LAB_ATTACK, TESTS), *more;

	more = sg_format(
	        "<Config id=\"M1\" sg:same-as=\"%s\"%s", same_as, config + strlen("<Config id=\"M1\""));
	lab_offer(lab, "corp", 1, more);
	lab_run(lab);
	free(more);
	free(config);
}

static void a_rollback_says_that_em_has_its_rule_there_and_what_keeps_it_away(void **state)
{
	static const char line[] =
	        "Set-ExchangeServer -Identity $env:COMPUTERNAME -MitigationsBlocked @(\"M1\")";
	struct lab *lab = *state;
	struct sg_val *reply = NULL;
	const char *text;

	t_set_start(lab->drive, "MSExchangeMitigation", 2);
	sg_engine_touched(lab->engine, NULL);
	lab_configure(lab, NULL, NULL);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	{
		char *theirs = lab_rule(EM_RULE), *both = sg_format("%s\t\t\t</rules>", theirs);

		t_drive_replace(lab->drive, T_WWWROOT, "</rules>", both); /* EM's comes beside ours */
		free(both);
		free(theirs);
	}
	assert_int_equal(lab_ask(lab, &reply, "rollback", "id", "M1", NULL), 0);
	text = sg_val_get_str(reply, "text", "");
	assert_non_null(strstr(text, "still there, and not ours"));
	assert_non_null(strstr(text, EM_RULE));
	assert_non_null(strstr(text, line));
	assert_string_equal(sg_val_get_str(sg_val_get(reply, "others"), "keep_away", ""), line);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE BY OTHERS");
	sg_val_free(reply);
	assert_int_equal(lab_ask(lab, &reply, "block", "id", "M1", NULL), 0);
	assert_non_null(strstr(sg_val_get_str(reply, "text", ""), line));
	sg_val_free(reply);
}

static void a_rollback_names_the_id_that_the_feed_says_is_the_same(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = NULL;

	t_set_start(lab->drive, "MSExchangeMitigation", 2);
	sg_engine_touched(lab->engine, NULL);
	lab_configure(lab, NULL, NULL);
	offer_same_as(lab, "EM:M7");
	assert_int_equal(lab_ask(lab, &reply, "rollback", "id", "M1", NULL), 0);
	assert_non_null(strstr(sg_val_get_str(reply, "text", ""), "@(\"M7\")"));
	assert_non_null(strstr(sg_val_get_str(reply, "text", ""), "may bring its own"));
	sg_val_free(reply);
}

static void a_rollback_without_neighbours_says_nothing_of_them(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = NULL;

	lab_configure(lab, NULL, NULL);
	offer_same_as(lab, "EM:M7"); /* its service is disabled on this drive */
	assert_int_equal(lab_ask(lab, &reply, "rollback", "id", "M1", NULL), 0);
	assert_null(strstr(sg_val_get_str(reply, "text", ""), "EM"));
	sg_val_free(reply);
}

static void show_names_the_neighbours_and_the_state_of_em(void **state)
{
	struct lab *lab = *state;
	struct sg_val *shown = NULL;
	const struct sg_val *others;

	lab_configure(lab, NULL, NULL);
	lab_put_rule(lab, EOMTV2_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_int_equal(lab_ask(lab, &shown, "show", "id", "M1", NULL), 0);
	others = sg_val_get(shown, "others");
	assert_string_equal(sg_val_get_str(others, "em_service", ""), "disabled");
	assert_string_equal(sg_val_get_str(others, "policy", ""), "leave");
	assert_true(sg_val_get_bool(others, "all", false));
	assert_int_equal(sg_val_get(others, "rules")->n, 1);
	assert_non_null(strstr(sg_val_get_str(sg_val_get(others, "rules")->kid[0], "text", ""), "EOMTv2"));
	sg_val_free(shown);
}

static void the_plan_of_an_adoption_shows_theirs_out_and_ours_in(void **state)
{
	struct lab *lab = *state;
	struct sg_val *plan = NULL;
	const char *diff;

	lab_configure(lab, "observe", NULL);
	lab_put_rule(lab, EOMTV2_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	lab_configure(lab, NULL, ADOPT);
	assert_int_equal(lab_ask(lab, &plan, "plan", NULL), 0);
	assert_int_equal(sg_val_get(plan, "files")->n, 1);
	diff = sg_val_get_str(sg_val_get(plan, "files")->kid[0], "diff", "");
	assert_non_null(strstr(diff, "+\t\t\t\t<rule name=\"stopgap M1 inbound\""));
	assert_non_null(strstr(diff, "-\t\t\t\t<rule name='PowerShell - inbound'"));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, EOMTV2_RULE));
	sg_val_free(plan);
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_rollback_says_that_em_has_its_rule_there_and_what_keeps_it_away),
		T(a_rollback_names_the_id_that_the_feed_says_is_the_same),
		T(a_rollback_without_neighbours_says_nothing_of_them),
		T(show_names_the_neighbours_and_the_state_of_em),
		T(the_plan_of_an_adoption_shows_theirs_out_and_ours_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
