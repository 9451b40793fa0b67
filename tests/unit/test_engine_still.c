/* What people are told while nothing may be changed: observed only, or paused. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NEEDED                                                                                               \
	"<Config id=\"M1\" desc=\"x\" sg:revision=\"1\"><ActionList><Action type=\"UrlRewrite\" "            \
	"scope=\"Site\">"                                                                                    \
	"<sg:At sites=\"Default Web Site\" path=\"/\" inherit=\"yes\"/><rewrite><rules><rule "               \
	"name=\"stopgap M1 in\" "                                                                            \
	"stopProcessing=\"true\"><match url=\".*\"/><action "                                                \
	"type=\"AbortRequest\"/></rule></rules></rewrite>"                                                   \
	"</Action></ActionList></Config>"
#define NEEDED_TOO                                                                                           \
	"<Config id=\"M9\" desc=\"x\" sg:revision=\"1\"><ActionList><Action type=\"UrlRewrite\" "            \
	"scope=\"Site\">"                                                                                    \
	"<sg:At sites=\"Default Web Site\" path=\"/\" inherit=\"yes\"/><rewrite><rules><rule "               \
	"name=\"stopgap M9 in\" "                                                                            \
	"stopProcessing=\"true\"><match url=\"nine\"/><action "                                              \
	"type=\"AbortRequest\"/></rule></rules></rewrite>"                                                   \
	"</Action></ActionList></Config>"
#define NO_TARGET                                                                                            \
	"<Config id=\"M2\" desc=\"x\"><ActionList><Action type=\"Service\" scope=\"Server\"><sg:Service "    \
	"name=\"NoSuchService\" start=\"Disabled\"/></Action></ActionList></Config>"
#define GONE "<Config id=\"M3\" sg:withdrawn=\"2026-10-01T00:00:00Z\" sg:reason=\"fixed\" desc=\"x\"/>"
#define HEARTBEAT                                                                                            \
	"<Config id=\"PING1\" desc=\"x\"><ActionList><Action type=\"DoNothing\" scope=\"Server\" "           \
	"desc=\"x\">"                                                                                        \
	"<Value>DoNothing</Value></Action></ActionList></Config>"

static void observed_only_what_is_needed_says_so(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, "observe", NULL);
	lab_offer(lab, "corp", 1, NEEDED NO_TARGET GONE HEARTBEAT);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "pending/observe");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_string_equal(lab_state(lab, "M2"), "pending/not-needed");
	assert_string_equal(lab_field(lab, "M2", "verdict"), "NOT NEEDED");
	assert_non_null(strstr(lab_field(lab, "M2", "text"), "NoSuchService"));
	assert_string_equal(lab_state(lab, "M3"), "reverted/withdrawn");
	assert_string_equal(lab_field(lab, "M3", "verdict"), "NOT NEEDED");
	assert_string_equal(lab_field(lab, "PING1", "verdict"), "IN FORCE");
	assert_true(lab_untouched(lab));
}

/* The mode in which people look first: they see what would go in, and nothing does. */
static void the_plan_of_one_shows_what_would_be_done(void **state)
{
	struct lab *lab = *state;
	struct sg_val *plan = NULL;
	const struct sg_val *files;

	lab_configure(lab, "observe", NULL);
	lab_offer(lab, "corp", 1, NEEDED NO_TARGET);
	lab_run(lab);
	assert_int_equal(lab_ask(lab, &plan, "plan", "id", "M1", NULL), 0);
	files = sg_val_get(plan, "files");
	assert_int_equal(files->n, 1);
	assert_non_null(strstr(sg_val_get_str(files->kid[0], "diff", ""), "<rule name=\"stopgap M1 in\""));
	assert_non_null(strstr(
	        sg_val_get_str(sg_val_get(plan, "mitigations")->kid[0], "text", ""), "the mode is observe"));
	sg_val_free(plan);
	assert_int_equal(lab_ask(lab, &plan, "plan", NULL), 0);
	assert_int_equal(sg_val_get(plan, "files")->n, 0);
	assert_false(sg_val_get_bool(plan, "would_change", true));
	sg_val_free(plan);
	assert_true(lab_untouched(lab));
}

static void unblocked_in_a_pause_it_is_blocked_no_longer(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_do(lab, "block", "id", "M1", "reason", "no", NULL);
	lab_offer(lab, "corp", 1, NEEDED);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/admin");
	lab_do(lab, "pause", "reason", "a change", NULL);
	lab_do(lab, "unblock", "id", "M1", "reason", "yes", NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "pending/paused");
	assert_true(lab_untouched(lab));
	lab_do(lab, "resume", NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

/* Waiting means: at a known time. Maintenance mode begins when somebody begins it. */
static void what_waits_for_maintenance_is_exposed(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, "<policy><when id=\"M1\" do=\"apply\" window=\"maintenance\"/></policy>");
	lab_offer(lab, "corp", 1, NEEDED);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/maintenance");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), "at no known time; 'stopgapctl apply ID'"));
	lab_do(lab, "apply", "id", "M1", "reason", "now", NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void what_waits_says_until_when(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL,
	        "<policy><when id=\"M1\" do=\"ask\" after=\"4h\" then=\"apply\"/>"
	        "<when do=\"apply\" delay=\"30m\"/></policy>");
	lab_offer(lab, "corp", 1, NEEDED);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "WAITING");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), "; goes in without it at 2026-11-"));
	lab_configure(lab, NULL, "<policy><when do=\"apply\" delay=\"30m\"/></policy>");
	lab_offer(lab, "local", 1, NEEDED_TOO);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M9", "verdict"), "WAITING");
	assert_non_null(
	        strstr(lab_field(lab, "M9", "text"), "the delay that the policy sets, until 2026-11-"));
}

/* A heartbeat changes nothing: nothing is missing where it is out. */
static void a_heartbeat_exposes_nothing_and_is_nothing_to_roll_back(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = NULL;
	const struct sg_val *list;

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, NEEDED NO_TARGET GONE HEARTBEAT);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "PING1", "verdict"), "IN FORCE");
	assert_int_equal(lab_ask(lab, &reply, "rollback", "all", "true", NULL), 0);
	list = sg_val_get(reply, "mitigations");
	assert_int_equal(list->n, 1); /* what was not in place was not touched */
	assert_string_equal(sg_val_get_str(list->kid[0], "id", ""), "M1");
	assert_non_null(strstr(sg_val_get_str(reply, "text", ""), "1 mitigation rolled back"));
	sg_val_free(reply);
	assert_string_equal(lab_state(lab, "PING1"), "applied/applied");
	lab_do(lab, "rollback", "id", "PING1", NULL);
	assert_string_equal(lab_state(lab, "PING1"), "reverted/by-admin");
	assert_string_equal(lab_field(lab, "PING1", "verdict"), "NOT NEEDED");
	lab_do(lab, "apply", "id", "PING1", NULL);
	assert_string_equal(lab_field(lab, "PING1", "verdict"), "IN FORCE");
	lab_do(lab, "block", "id", "PING1", NULL);
	assert_string_equal(lab_field(lab, "PING1", "verdict"), "NOT NEEDED");
	lab_do(lab, "unblock", "id", "PING1", NULL);
	assert_string_equal(lab_field(lab, "PING1", "verdict"), "IN FORCE");
	assert_true(lab_untouched(lab));
}

static void one_line_per_test_that_says_something_else(void **state)
{
	struct lab *lab = *state;
	struct sg_val *shown = NULL;
	const struct sg_val *list;

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1,
	        "<Config id=\"M7\" desc=\"x\" sg:revision=\"1\"><sg:Test><sg:Serve uri=\"/owa/\"/><sg:Serve "
	        "uri=\"/owa/\"/></sg:Test><ActionList><Action type=\"UrlRewrite\" scope=\"Site\"><sg:At "
	        "sites=\"*\" path=\"/\" inherit=\"yes\"/><rewrite><rules><rule name=\"stopgap M7 in\" "
	        "stopProcessing=\"true\"><match url=\"seven\"/><action "
	        "type=\"AbortRequest\"/></rule></rules></rewrite></Action></ActionList></Config>");
	lab_run(lab);
	assert_int_equal(lab_ask(lab, &shown, "show", "id", "M7", NULL), 0);
	list = sg_val_get(shown, "tests");
	assert_true(list->n > 0);
	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(sg_val_get_str(list->kid[i], "text", "a"),
			        sg_val_get_str(list->kid[k], "text", "b"));
	sg_val_free(shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        a_heartbeat_exposes_nothing_and_is_nothing_to_roll_back, lab_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        one_line_per_test_that_says_something_else, lab_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        observed_only_what_is_needed_says_so, lab_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        the_plan_of_one_shows_what_would_be_done, lab_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        what_waits_for_maintenance_is_exposed, lab_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(what_waits_says_until_when, lab_set_up, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        unblocked_in_a_pause_it_is_blocked_no_longer, lab_set_up, lab_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
