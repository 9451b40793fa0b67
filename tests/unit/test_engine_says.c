/* What the engine says about what it did: its own numbers, and the truth about the files as they now are. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SERVER_RULE(id, test, pattern)                                                                       \
	"<Config id=\"" id "\" desc=\"x\" sg:revision=\"1\">"                                                \
	"<sg:Test><sg:Refuse method=\"" test "\" uri=\"/owa/\"/><sg:Serve uri=\"/owa/\"/></sg:Test>"         \
	"<ActionList><Action type=\"UrlRewrite\" scope=\"Server\" desc=\"x\"><rewrite><globalRules>"         \
	"<rule name=\"stopgap " id " method - inbound\" stopProcessing=\"true\"><match url=\".*\"/>"         \
	"<conditions><add input=\"{REQUEST_METHOD}\" pattern=\"" pattern "\"/></conditions>"                 \
	"<action type=\"AbortRequest\"/></rule></globalRules></rewrite></Action></ActionList></Config>"
#define HEARTBEAT                                                                                            \
	"<Config id=\"PING1\" desc=\"x\"><ActionList><Action type=\"DoNothing\" scope=\"Server\" "           \
	"desc=\"x\">"                                                                                        \
	"<Value>DoNothing</Value></Action></ActionList></Config>"

#define REFUSES "<sg:Test><sg:Refuse uri=\"/x?evil\"/><sg:Serve uri=\"/x\"/></sg:Test>"

static int setup(void **state)
{
	struct lab *lab = sg_alloc(sizeof(*lab));

	lab_make(lab);
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	lab_free(*state);
	free(*state);
	return 0;
}

/* The newest line of that name about the id; owned by the caller. */
static char *said(struct lab *lab, const char *id, const char *name)
{
	struct sg_val *reply = NULL;
	const struct sg_val *lines;
	char *text = NULL;

	assert_int_equal(lab_ask(lab, &reply, "history", "id", id, NULL), 0);
	lines = sg_val_get(reply, "lines");
	for (size_t i = 0; lines && i < lines->n; i++) {
		if (strcmp(sg_val_get_str(lines->kid[i], "name", ""), name) != 0)
			continue;
		free(text);
		text = sg_strdup(sg_val_get_str(lines->kid[i], "text", ""));
	}
	sg_val_free(reply);
	assert_non_null(text);
	return text;
}

static void rule_of_the_server_is_proven_over_the_file_that_holds_it(void **state)
{
	struct lab *lab = *state;

	lab_offer(lab, "corp", 1, SERVER_RULE("C7", "TRACE", "^TRACE$"));
	lab_run(lab);
	assert_string_equal(lab_state(lab, "C7"), "applied/applied");
	assert_string_equal(lab_field(lab, "C7", "effective"), "yes");
	assert_string_equal(lab_field(lab, "C7", "verdict"), "IN FORCE");
}

static void list_says_why_what_is_in_place_has_no_effect(void **state)
{
	struct lab *lab = *state;

	lab_offer(lab, "corp", 1, SERVER_RULE("C7", "TRACE", "^TRICK$"));
	lab_run(lab);
	assert_string_equal(lab_state(lab, "C7"), "applied/applied");
	assert_string_equal(lab_field(lab, "C7", "verdict"), "EXPOSED");
	assert_non_null(strstr(lab_field(lab, "C7", "text"), "should be refused: TRACE /owa/"));
}

static void each_of_a_group_counts_its_own_values(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", "evil", NULL),
	     *both = sg_format("%s%s%s", config, SERVER_RULE("C7", "TRACE", "^TRACE$"), HEARTBEAT), *text;

	lab_offer(lab, "corp", 1, both);
	lab_run(lab);
	text = said(lab, "M1", "applied");
	assert_non_null(strstr(text, "4 values in 1 file"));
	free(text);
	text = said(lab, "C7", "applied");
	assert_non_null(strstr(text, "3 values in 1 file"));
	free(text);
	text = said(lab, "PING1", "applied");
	assert_non_null(strstr(text, "nothing to write"));
	free(text);
	free(both);
	free(config);
}

static void plan_of_one_that_waits_shows_what_is_about_to_be_approved(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", "evil", NULL);
	struct sg_val *plan = NULL;

	lab_configure(lab, "ask", NULL);
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_int_equal(lab_ask(lab, &plan, "plan", NULL), 0);
	assert_false(
	        sg_val_get_bool(plan, "would_change", true)); /* nothing is done until a person approves */
	sg_val_free(plan);
	assert_int_equal(lab_ask(lab, &plan, "plan", "id", "M1", NULL), 0);
	assert_true(sg_val_get_bool(plan, "would_change", false));
	assert_int_equal(sg_val_get(plan, "files")->n, 1);
	sg_val_free(plan);
	assert_string_equal(lab_state(lab, "M1"), "applicable/approval");
	assert_true(lab_untouched(lab));
	free(config);
}

/* Others' edits, as an editor saves them; the daemon sees them at the next look. */
static void edit_site(struct lab *lab, const char *from, const char *to)
{
	struct sg_val *reply = NULL;

	t_drive_replace(lab->drive, T_WWWROOT, from, to);
	assert_int_equal(lab_ask(lab, &reply, "audit", NULL), 0);
	sg_val_free(reply);
	lab_run(lab);
}

static void what_others_take_out_of_force_is_exposed_at_the_next_look(void **state)
{
	static const char foreign[] = "<rules><rule name=\"mine\" stopProcessing=\"true\"><match url=\".*\"/>"
	                              "<action type=\"None\"/></rule>";
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", "evil", REFUSES), *text;

	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "effective"), "yes");
	edit_site(lab, "<rules>", foreign);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "effective"), "no");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_string_equal(lab_verdict(lab), "EXPOSED");
	text = said(lab, "M1", "defeated");
	assert_non_null(strstr(text, "without effect"));
	free(text);
	edit_site(lab, foreign, "<rules>");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
	free(config);
}

static void an_edited_rule_that_refuses_nothing_any_more_is_exposed(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", "evil", REFUSES);

	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	edit_site(lab, "pattern=\"evil\"", "pattern=\"nothing\"");
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_string_equal(lab_verdict(lab), "EXPOSED");
	free(config);
}

/* OWA's folder is shared by applications below: what is inherited there would be met twice. */
static void what_cannot_go_in_until_somebody_acts_is_exposed(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/owa", "yes", "evil", NULL);

	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/refused");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_true(lab_untouched(lab));
	free(config);
}

/* What a person reads at night: which value, in which file, and what to type. */
static void what_people_did_is_said_with_its_file_and_what_to_do(void **state)
{
	struct lab *lab = *state;
	struct sg_buf file = { 0 }, cut = { 0 };
	char *text, *from, *to;

	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	t_drive_replace(lab->drive, T_WWWROOT, "pattern=\"evil\"", "pattern=\"good\"");
	lab_do(lab, "audit", NULL);
	text = sg_strdup(lab_field(lab, "M1", "text"));
	assert_non_null(strstr(text, "in C:\\inetpub\\wwwroot\\web.config was edited by somebody else: "));
	assert_non_null(strstr(text, "'stopgapctl resolve M1' with --retry, --take-over or --accept"));
	assert_null(strstr(strstr(text, "web.config") + 1, "web.config")); /* named once */
	free(text);
	t_drive_replace(lab->drive, T_WWWROOT, "pattern=\"good\"", "pattern=\"evil\"");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	t_drive_read(lab->drive, T_WWWROOT, &file);
	from = strstr((char *)file.data, "<rule name=\"stopgap M1");
	to = strstr(from, "</rule>") + strlen("</rule>");
	sg_buf_add(&cut, file.data, (size_t)(from - (char *)file.data));
	sg_buf_str(&cut, to);
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&cut));
	sg_buf_release(&file);
	sg_buf_release(&cut);
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/removed");
	text = sg_strdup(lab_field(lab, "M1", "text"));
	assert_non_null(strstr(text, "a person took it out by hand ("));
	assert_non_null(strstr(text, "C:\\inetpub\\wwwroot\\web.config"));
	assert_non_null(strstr(text, "'stopgapctl resolve M1 --retry'"));
	free(text);
}

static void a_reason_longer_than_a_line_is_whole_in_the_plan(void **state)
{
	struct lab *lab = *state;
	struct sg_val *plan = NULL;

	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>",
	        "<system.webServer><rewrite><rules><rule name=\"stopgap M1 inbound\"><match url=\"z\"/>"
	        "<action type=\"None\"/></rule></rules></rewrite></system.webServer></configuration>");
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	assert_int_equal(lab_ask(lab, &plan, "plan", "id", "M1", NULL), 0);
	assert_non_null(strstr(sg_val_get_str(sg_val_get(plan, "mitigations")->kid[0], "text", ""),
	        "--take-over' or remove it"));
	sg_val_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        rule_of_the_server_is_proven_over_the_file_that_holds_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        list_says_why_what_is_in_place_has_no_effect, setup, teardown),
		cmocka_unit_test_setup_teardown(each_of_a_group_counts_its_own_values, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        plan_of_one_that_waits_shows_what_is_about_to_be_approved, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        what_others_take_out_of_force_is_exposed_at_the_next_look, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        an_edited_rule_that_refuses_nothing_any_more_is_exposed, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        what_cannot_go_in_until_somebody_acts_is_exposed, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        what_people_did_is_said_with_its_file_and_what_to_do, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        a_reason_longer_than_a_line_is_whole_in_the_plan, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
