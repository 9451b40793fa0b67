/* test_engine_others.c - the engine beside other hands: values edited, rules taken out, files replaced or gone. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

static void an_edited_value_is_left_alone_and_named(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", "mine");
	lab_run(lab);
	t_drive_replace(lab->drive, T_WWWROOT, "pattern=\"mine\"", "pattern=\"theirs\"");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	assert_int_not_equal(lab_ask(lab, NULL, "rollback", "id", "M1", NULL), 0);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"theirs\""));
	lab_do(lab, "resolve", "id", "M1", "how", "accept", NULL);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"theirs\""));
}

static void show_has_the_diff_of_what_somebody_edited(void **state)
{
	struct lab *lab = *state;
	struct sg_val *shown = NULL;
	const struct sg_val *values;
	bool found = false;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", "mine");
	lab_run(lab);
	t_drive_replace(lab->drive, T_WWWROOT, "pattern=\"mine\"", "pattern=\"theirs\"");
	assert_int_equal(lab_ask(lab, &shown, "show", "id", "M1", NULL), 0);
	values = sg_val_get(shown, "values");
	for (size_t i = 0; i < values->n; i++) {
		const char *diff = sg_val_get_str(values->kid[i], "diff", "");

		found = found || (strstr(diff, "-") && strstr(diff, "mine") && strstr(diff, "theirs"));
	}
	assert_true(found);
	sg_val_free(shown);
}

static void take_over_writes_ours_and_gives_theirs_back(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", "mine");
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
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
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
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
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
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
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
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	t_drive_remove(lab->drive, T_WWWROOT);
	lab_do(lab, "audit", NULL);
	assert_false(t_drive_has(lab->drive, T_APPHOST, "nothing of this text"));
	/* The folder has no web.config now: the rule belongs into a location of applicationHost.config. */
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(t_drive_has(lab->drive, T_APPHOST, "stopgap M1 inbound"));
}

/* What the configuration says now counts, not what it said when the file was looked at. */
static void a_rule_that_was_left_is_adopted_once_the_configuration_says_so(void **state)
{
	struct lab *lab = *state;
	struct t_snapshot *theirs;

	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>",
	        "<system.webServer><rewrite><rules><rule name=\"by hand\" stopProcessing=\"true\"><match "
	        "url=\".*\"/>"
	        "<conditions><add input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"" LAB_ATTACK
	        "\"/></conditions>"
	        "<action "
	        "type=\"AbortRequest\"/></rule></rules></rewrite></system.webServer></configuration>");
	theirs = t_drive_snapshot(lab->drive);
	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/others");
	lab_configure(lab, NULL, "<policy><removal equivalent=\"adopt\"/></policy>");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "by hand"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(t_drive_same(lab->drive, theirs));
	t_snapshot_free(theirs);
}

#define OUT_PRE(name)                                                                                        \
	"<preConditions><preCondition name=\"" name                                                          \
	"\"><add input=\"{RESPONSE_CONTENT_TYPE}\" pattern=\"^text/html\"/></preCondition></preConditions>"
#define OUT_RULE(name, pre)                                                                                  \
	"<rule name=\"" name "\" preCondition=\"" pre                                                        \
	"\"><match serverVariable=\"RESPONSE_X_Test\" pattern=\"(.*)\"/><action type=\"Rewrite\" "           \
	"value=\"{R:1}; strict\"/></rule>"

/* Theirs makes way; its preCondition stays, unused and harmless, and is what it was when the rule comes back. */
static void a_pre_condition_that_an_adopted_rule_leaves_behind_is_said_and_stays(void **state)
{
	struct lab *lab = *state;
	struct t_snapshot *theirs;
	struct sg_val *plan = NULL;
	const struct sg_val *effects;
	bool said = false;

	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>",
	        "<system.webServer><rewrite><outboundRules>" OUT_PRE("their html")
	                OUT_RULE("by hand", "their html") "</outboundRules></rewrite></system.webServer>"
	                                                  "</configuration>");
	theirs = t_drive_snapshot(lab->drive);
	lab_configure(lab, NULL, "<policy><when do=\"ask\"/><removal equivalent=\"adopt\"/></policy>");
	lab_offer(lab, "corp", 1,
	        "<Config id=\"M5\" desc=\"x\" sg:revision=\"1\"><ActionList><Action type=\"UrlRewrite\" "
	        "scope=\"Site\"><sg:At sites=\"Default Web Site\" path=\"/\" "
	        "inherit=\"yes\"/><rewrite><outboundRules>" OUT_PRE("stopgap M5 html") OUT_RULE(
	                "stopgap M5 out",
	                "stopgap M5 html") "</outboundRules></rewrite></Action></ActionList></Config>");
	lab_run(lab);
	assert_int_equal(lab_ask(lab, &plan, "plan", "id", "M5", NULL), 0);
	effects = sg_val_get(plan, "effects");
	for (size_t i = 0; i < effects->n; i++)
		said = said || strstr(effects->kid[i]->s, "no rule uses the preCondition 'their html' then");
	assert_true(said);
	sg_val_free(plan);
	lab_do(lab, "apply", "id", "M5", NULL);
	assert_string_equal(lab_state(lab, "M5"), "applied/applied");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "by hand"));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "<preCondition name=\"their html\">"));
	lab_do(lab, "rollback", "id", "M5", NULL);
	assert_true(t_drive_same(lab->drive, theirs));
	t_snapshot_free(theirs);
}

/* What could not be taken out of a file that somebody broke goes as soon as the file is right again, not within the hour. */
static void what_could_not_go_goes_when_its_file_can_be_read_again(void **state)
{
	struct lab *lab = *state;
	struct sg_buf good = { 0 };

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	t_drive_read(lab->drive, T_WWWROOT, &good);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", "");
	assert_int_not_equal(lab_ask(lab, NULL, "rollback", "id", "M1", NULL), 0);
	assert_string_equal(lab_state(lab, "M1"), "blocked/io");
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/io");
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&good));
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	assert_true(lab_untouched(lab));
	sg_buf_release(&good);
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_edited_value_is_left_alone_and_named),
		T(show_has_the_diff_of_what_somebody_edited),
		T(take_over_writes_ours_and_gives_theirs_back),
		T(a_foreign_edit_elsewhere_survives),
		T(what_a_person_took_out_stays_out_and_is_exposed),
		T(a_replaced_file_gets_the_rule_back),
		T(a_file_that_is_gone_drops_its_claims),
		T(what_could_not_go_goes_when_its_file_can_be_read_again),
		T(a_rule_that_was_left_is_adopted_once_the_configuration_says_so),
		T(a_pre_condition_that_an_adopted_rule_leaves_behind_is_said_and_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
