/* test_engine_neighbours.c - the engine beside rules of others that do the same: left and counted, missed at once when they go, or adopted. */
#include "tests/lib/hive_file.h"
#include "tests/lib/neighbour_lab.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void take_rule_out(struct lab *lab, const char *name)
{
	char *text = lab_rule(name);

	t_drive_replace(lab->drive, T_WWWROOT, text, "");
	free(text);
}

static bool says(struct lab *lab, const char *id, const char *what)
{
	struct sg_val *history = NULL;
	bool found = false;

	assert_int_equal(lab_ask(lab, &history, "history", "id", id, NULL), 0);
	for (size_t i = 0; i < sg_val_get(history, "lines")->n; i++)
		found = found ||
		        strstr(sg_val_get_str(sg_val_get(history, "lines")->kid[i], "text", ""), what);
	sg_val_free(history);
	return found;
}

static void a_rule_that_does_it_already_is_left_and_counts(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_put_rule(lab, EM_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/others");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE BY OTHERS");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), EM_RULE));
	assert_non_null(strstr(lab_field(lab, "M1", "text"), "Microsoft's EM"));
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "stopgap"));
	assert_true(says(lab, "M1", "in force by others"));
	lab->now += 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/others");
}

static void it_is_durable_that_others_do_it(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_put_rule(lab, EM_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	lab_close(lab);
	lab_open(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE BY OTHERS");
}

static void when_theirs_vanishes_ours_goes_in_at_once(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_put_rule(lab, EM_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	take_rule_out(lab, EM_RULE);
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	assert_true(says(lab, "M1", "what others had in force is gone"));
}

static void an_audit_finds_out_without_being_told(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_put_rule(lab, EM_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	take_rule_out(lab, EM_RULE);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/others"); /* nobody has looked since */
	lab->now += 24 * 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_rule_without_effect_does_not_count(void **state)
{
	struct lab *lab = *state;
	char *theirs = lab_rule(EM_RULE), *rules;

	lab_configure(lab, NULL, NULL);
	rules = sg_format("\t\t\t\t<rule name=\"all\" stopProcessing=\"true\"><match url=\".*\" /><action "
	                  "type=\"None\" /></rule>\r\n%s",
	        theirs);
	lab_put_rules(lab, T_WWWROOT, rules);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	free(rules);
	free(theirs);
}

static void an_adopted_rule_makes_way_and_comes_back_with_identical_octets(void **state)
{
	struct lab *lab = *state;
	struct t_snapshot *before;

	lab_configure(lab, NULL, ADOPT);
	lab_put_rule(lab, EOMTV2_RULE);
	before = t_drive_snapshot(lab->drive);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	assert_false(t_drive_has(lab->drive, T_WWWROOT, EOMTV2_RULE));
	assert_true(says(lab, "M1", EOMTV2_RULE));
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(t_drive_same(lab->drive, before));
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE BY OTHERS");
	t_snapshot_free(before);
}

static void three_rules_of_three_actors_all_make_way(void **state)
{
	struct lab *lab = *state;
	char *a = lab_rule(EOMTV2_RULE), *b = lab_rule("RequestBlockingRule1"), *c = lab_rule("ours of 2022"),
	     *rules;
	struct t_snapshot *before;

	lab_configure(lab, NULL, ADOPT);
	rules = sg_format("%s\t\t\t\t<!-- between -->\r\n%s%s", a, b, c);
	lab_put_rules(lab, T_WWWROOT, rules);
	before = t_drive_snapshot(lab->drive);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, EOMTV2_RULE));
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "RequestBlockingRule1"));
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "ours of 2022"));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "<!-- between -->"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(t_drive_same(lab->drive, before));
	t_snapshot_free(before);
	free(rules);
	free(a);
	free(b);
	free(c);
}

static void a_copy_of_ours_is_adopted_in_its_place(void **state)
{
	struct lab *lab = *state;
	struct t_snapshot *before;

	lab_configure(lab, NULL, ADOPT);
	lab_put_rule(lab, "stopgap M1 inbound"); /* by hand, as `show --by-hand` says */
	before = t_drive_snapshot(lab->drive);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "statusCode=\"403\""));
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "AbortRequest"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(t_drive_same(lab->drive, before));
	t_snapshot_free(before);
}

static void a_newer_body_leaves_what_was_adopted_out(void **state)
{
	struct lab *lab = *state;
	struct t_snapshot *before;

	lab_configure(lab, NULL, ADOPT);
	lab_put_rule(lab, EOMTV2_RULE);
	before = t_drive_snapshot(lab->drive);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	lab_offer_m1(lab, 2, "2", LAB_ATTACK "|never");
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "|never"));
	assert_false(t_drive_has(lab->drive, T_WWWROOT, EOMTV2_RULE));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(t_drive_same(lab->drive, before));
	t_snapshot_free(before);
}

static void who_puts_an_adopted_rule_back_takes_nothing_of_ours_out(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, ADOPT);
	lab_put_rule(lab, EOMTV2_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	{
		char *text = lab_rule(EOMTV2_RULE), *both = sg_format("%s\t\t\t</rules>", text);

		t_drive_replace(lab->drive, T_WWWROOT, "\t\t\t</rules>", both);
		free(both);
		free(text);
	}
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	t_drive_replace(lab->drive, T_WWWROOT, "url=\".*\"  />", "url=\"edited\"  />");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "url=\"edited\"")); /* as they made it */
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "stopgap"));
}

static void a_collection_that_is_gone_gets_no_adopted_rule_back(void **state)
{
	struct lab *lab = *state;
	static const char bare[] = "<?xml version=\"1.0\"?>\r\n<configuration>\r\n</configuration>\r\n";

	lab_configure(lab, NULL, ADOPT);
	lab_put_rule(lab, EOMTV2_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	t_drive_write(lab->drive, T_WWWROOT, sg_bytes_of(bare)); /* a cumulative update */
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	{
		struct sg_buf now = { 0 };

		t_drive_read(lab->drive, T_WWWROOT, &now);
		assert_string_equal((char *)now.data, bare);
		sg_buf_release(&now);
	}
}

/* An update puts another file in the place of ours before anything was repaired: what made way in the old one never was in the new one. */
static void a_file_that_others_replaced_gets_no_adopted_rule_back(void **state)
{
	static const char fresh[] =
	        "<?xml version=\"1.0\"?>\r\n<configuration>\r\n\t<system.webServer>\r\n\t\t<rewrite>\r\n"
	        "\t\t\t<rules>\r\n\t\t\t</rules>\r\n\t\t</rewrite>\r\n\t</system.webServer>\r\n</"
	        "configuration>\r\n";
	struct lab *lab = *state;
	struct sg_buf now = { 0 };

	lab_configure(lab, NULL, ADOPT);
	lab_put_rule(lab, EOMTV2_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	t_drive_write(lab->drive, T_WWWROOT, sg_bytes_of(fresh));
	lab_do(lab, "rollback", "id", "M1", NULL);
	t_drive_read(lab->drive, T_WWWROOT, &now);
	assert_string_equal((char *)now.data, fresh);
	sg_buf_release(&now);
}

/* An editor saves the site's file elsewhere in it, and an update replaces OWA's: the repair of the one forgets nothing of the other. */
static void a_repair_elsewhere_keeps_what_an_edited_file_gets_back(void **state)
{
	struct lab *lab = *state;
	char *text = lab_rule(EOMTV2_RULE), *config;
	struct sg_buf owa = { 0 };

	lab_configure(lab, NULL, ADOPT);
	t_drive_read(lab->drive, T_OWA, &owa);
	lab_put_rule(lab, EOMTV2_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	config = sg_format(
	        "<Config id=\"M1\" sg:revision=\"2\"><ActionList><Action type=\"UrlRewrite\" scope=\"Site\">"
	        "<sg:At sites=\"Default Web Site\" path=\"/\" inherit=\"yes\"/><rewrite><rules>"
	        "<rule name=\"stopgap M1 inbound\" stopProcessing=\"true\"><match "
	        "url=\".*\"/><conditions><add "
	        "input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"" LAB_ATTACK
	        "\"/></conditions><action type=\"AbortRequest\"/></rule></rules></rewrite></Action>"
	        "<Action type=\"UrlRewrite\" scope=\"VDir\"><sg:At sites=\"Default Web Site\" path=\"/owa\" "
	        "inherit=\"no\"/><rewrite><rules><rule name=\"stopgap M1 owa\" "
	        "stopProcessing=\"true\"><match "
	        "url=\"^x$\"/><action type=\"AbortRequest\"/></rule></rules></rewrite></Action>"
	        "</ActionList></Config>");
	lab_offer(lab, "corp", 2, config);
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_OWA, "stopgap M1 owa"));
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", "<!-- theirs --></configuration>");
	t_drive_write(lab->drive, T_OWA, sg_buf_bytes(&owa));
	t_drive_replace(lab->drive, T_OWA, "</configuration>", "<!-- newer --></configuration>");
	lab_do(lab, "audit", NULL);
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_OWA, "stopgap M1 owa"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, text));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "<!-- theirs -->"));
	sg_buf_release(&owa);
	free(config);
	free(text);
}

static void em_rules_are_never_adopted_while_its_service_is_enabled(void **state)
{
	struct lab *lab = *state;

	t_set_start(lab->drive, "MSExchangeMitigation", 2);
	sg_engine_touched(lab->engine, NULL);
	lab_configure(lab, NULL, ADOPT);
	lab_put_rule(lab, EM_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/others");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE BY OTHERS");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, EM_RULE));
	t_set_start(lab->drive, "MSExchangeMitigation", 4); /* a dead tool's from now on */
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, EM_RULE));
}

static void em_rules_are_never_adopted_while_nobody_knows_whether_it_is_enabled(void **state)
{
	struct lab *lab = *state;

	t_drive_remove(lab->drive, T_SYSTEM);
	sg_engine_touched(lab->engine, NULL);
	lab_configure(lab, NULL, ADOPT);
	lab_put_rule(lab, EM_RULE);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE BY OTHERS");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, EM_RULE));
}

static void observe_counts_them_too_and_changes_nothing(void **state)
{
	struct lab *lab = *state;
	struct t_snapshot *before;

	lab_configure(lab, "observe", ADOPT);
	lab_put_rule(lab, EOMTV2_RULE);
	before = t_drive_snapshot(lab->drive);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE BY OTHERS");
	assert_true(t_drive_same(lab->drive, before));
	t_snapshot_free(before);
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_rule_that_does_it_already_is_left_and_counts),
		T(it_is_durable_that_others_do_it),
		T(when_theirs_vanishes_ours_goes_in_at_once),
		T(an_audit_finds_out_without_being_told),
		T(a_rule_without_effect_does_not_count),
		T(an_adopted_rule_makes_way_and_comes_back_with_identical_octets),
		T(three_rules_of_three_actors_all_make_way),
		T(a_copy_of_ours_is_adopted_in_its_place),
		T(a_newer_body_leaves_what_was_adopted_out),
		T(who_puts_an_adopted_rule_back_takes_nothing_of_ours_out),
		T(a_collection_that_is_gone_gets_no_adopted_rule_back),
		T(a_file_that_others_replaced_gets_no_adopted_rule_back),
		T(a_repair_elsewhere_keeps_what_an_edited_file_gets_back),
		T(em_rules_are_never_adopted_while_its_service_is_enabled),
		T(em_rules_are_never_adopted_while_nobody_knows_whether_it_is_enabled),
		T(observe_counts_them_too_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
