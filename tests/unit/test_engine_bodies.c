/* test_engine_bodies.c - a mitigation's bodies one after the other: newer, failed, recalled, blocked by revision, taken out. */
#include "tests/lib/engine_lab.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TAKEN                                                                                                \
	"<system.webServer><rewrite><rules><rule name=\"stopgap M1 second\"><match url=\"theirs\" "          \
	"/><action type=\"None\" /></rule></rules></rewrite></system.webServer></configuration>"

static void offer(struct lab *lab, uint64_t serial, const char *revision, const char *pattern)
{
	lab_offer_one(lab, serial, "M1", revision, pattern);
	lab_run(lab);
}

/* A body with a second rule beside the first. */
static void offer_two(struct lab *lab, uint64_t serial, const char *revision, const char *pattern)
{
	char *one = lab_config("M1", revision, "/", "yes", pattern, NULL), *end = strstr(one, "</rules>"),
	     *two;

	two = sg_format("%.*s<rule name=\"stopgap M1 second\" stopProcessing=\"true\"><match "
	                "url=\"second\"/><action type=\"AbortRequest\"/></rule>%s",
	        (int)(end - one), one, end);
	lab_offer(lab, "corp", serial, two);
	lab_run(lab);
	free(two);
	free(one);
}

static char *wwwroot(struct lab *lab)
{
	struct sg_buf now = { 0 };

	t_drive_read(lab->drive, T_WWWROOT, &now);
	return sg_buf_detach(&now);
}

static void a_newer_body_that_fails_leaves_the_older_one_as_it_was(void **state)
{
	struct lab *lab = *state;
	char *before, *after;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", "first");
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", TAKEN);
	before = wwwroot(lab);
	offer_two(lab, 2, "2", "second"); /* the name of its other rule is taken */
	after = wwwroot(lab);
	assert_string_equal(before, after);
	assert_string_equal(lab_state(lab, "M1"), "applied/newer-failed");
	assert_string_equal(lab_field(lab, "M1", "revision"), "1");
	assert_string_equal(lab_field(lab, "M1", "offered_revision"), "2");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
	t_drive_replace(lab->drive, T_WWWROOT, TAKEN, "</configuration>");
	lab->now += 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "revision"), "2");
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
	free(before);
	free(after);
}

static void a_body_with_less_takes_the_rest_out_in_the_same_replace(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer_two(lab, 1, "1", "first");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 second"));
	offer(lab, 2, "2", "newer");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 second"));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"newer\""));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
}

static void a_recall_brings_the_older_body_back_to_the_octet(void **state)
{
	struct lab *lab = *state;
	char *first, *again;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", "first");
	first = wwwroot(lab);
	offer_two(lab, 2, "2", "second");
	assert_string_equal(lab_field(lab, "M1", "revision"), "2");
	offer(lab, 3, "1", "first"); /* under a newer serial: an offer like any other */
	again = wwwroot(lab);
	assert_string_equal(first, again);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "revision"), "1");
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
	free(first);
	free(again);
}

static void a_recall_of_what_failed_ends_the_failure(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", "first");
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", TAKEN);
	offer_two(lab, 2, "2", "second");
	assert_string_equal(lab_state(lab, "M1"), "applied/newer-failed");
	offer(lab, 3, "1", "first");
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "offered_revision"), "1");
}

static void what_was_taken_out_stays_out_under_newer_and_older_bodies(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", "first");
	lab_do(lab, "rollback", "id", "M1", NULL);
	offer(lab, 2, "2", "second");
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	offer(lab, 3, "1", "first");
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	lab_close(lab);
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	lab_do(lab, "apply", "id", "M1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_block_of_a_revision_covers_it_part_by_part(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "2.0", "first");
	lab_do(lab, "block", "id", "M1@2.1", "reason", "breaks printing", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied"); /* it is about another revision */
	offer(lab, 2, "2.1.0", "covered");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"covered\""));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"first\""));
	assert_string_equal(lab_field(lab, "M1", "revision"), "2.0");
	offer(lab, 3, "2.10", "beside");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "pattern=\"beside\""));
	assert_string_equal(lab_field(lab, "M1", "revision"), "2.10");
}

static void a_block_that_misses_the_revision_in_place_says_so(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = NULL;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "2.0", "first");
	assert_int_equal(lab_ask(lab, &reply, "block", "id", "M1@2.1", NULL), 0);
	assert_non_null(strstr(sg_val_get_str(reply, "text", ""), "revision 2.0 is in place"));
	assert_non_null(strstr(sg_val_get_str(reply, "text", ""), "'block M1'"));
	sg_val_free(reply);
	assert_int_equal(lab_ask(lab, &reply, "block", "id", "M1@2", NULL), 0);
	assert_null(strstr(sg_val_get_str(reply, "text", ""), "in place"));
	sg_val_free(reply);
	assert_true(lab_untouched(lab));
}

static void a_block_of_the_revision_that_is_in_takes_it_out(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "2.1.0", "first");
	lab_do(lab, "block", "id", "M1@2.1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/admin");
	assert_true(lab_untouched(lab));
	offer(lab, 2, "2.2", "fine");
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_block_has_its_reason_its_author_and_its_end(void **state)
{
	struct lab *lab = *state;
	struct sg_val *list = NULL;
	const struct sg_val *b;
	char until[32];

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", "first");
	snprintf(until, sizeof(until), "@%lld", (long long)lab->now + 3600 * 1000);
	lab_do(lab, "block", "id", "M1", "reason", "breaks printing", "ticket", "OPS-17", "on_behalf_of",
	        "desk", "until", until, NULL);
	assert_int_equal(lab_ask(lab, &list, "list", NULL), 0);
	assert_int_equal(sg_val_get(list, "blocks")->n, 1);
	b = sg_val_get(list, "blocks")->kid[0];
	assert_string_equal(sg_val_get_str(b, "reason", ""), "breaks printing");
	assert_string_equal(sg_val_get_str(b, "account", ""), "uid 0 (root)");
	assert_string_equal(sg_val_get_str(b, "ticket", ""), "OPS-17");
	assert_string_equal(sg_val_get_str(b, "on_behalf_of", ""), "desk");
	assert_int_equal(sg_val_get_int(b, "until", 0), lab->now + 3600 * 1000);
	assert_true(strstr(lab_field(lab, "M1", "text"), "breaks printing") != NULL);
	sg_val_free(list);
	lab->now += 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

/* A mistyped product or role in a newer body proves nothing: what protects stays, as it was. */
static void a_newer_body_for_a_product_that_is_not_known_takes_nothing_out(void **state)
{
	static const char *const wrong[] = { "name=\"Exchnge\" role=\"Mailbox\"",
		"name=\"Exchange\" role=\"Mailbx\"" };
	struct lab *lab = *state;
	char *before, *after;

	lab_configure(lab, NULL, NULL);
	offer(lab, 1, "1", "first");
	before = wwwroot(lab);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char *where = sg_format("<sg:Applicability><sg:Product %s/></sg:Applicability>", wrong[i]);
		char *config = lab_config("M1", "2", "/", "yes", "second", where);

		lab_offer(lab, "corp", 2 + i, config);
		lab_run(lab);
		lab->now += 24 * 3600 * 1000;
		lab_run(lab);
		after = wwwroot(lab);
		assert_string_equal(before, after);
		assert_string_equal(lab_field(lab, "M1", "state"), "applied");
		assert_string_equal(lab_field(lab, "M1", "applies"), "unknown");
		assert_non_null(strstr(lab_field(lab, "M1", "proof"), "did you mean"));
		free(after);
		free(config);
		free(where);
	}
	free(before);
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_newer_body_that_fails_leaves_the_older_one_as_it_was),
		T(a_body_with_less_takes_the_rest_out_in_the_same_replace),
		T(a_recall_brings_the_older_body_back_to_the_octet),
		T(a_recall_of_what_failed_ends_the_failure),
		T(what_was_taken_out_stays_out_under_newer_and_older_bodies),
		T(a_block_of_a_revision_covers_it_part_by_part),
		T(a_block_that_misses_the_revision_in_place_says_so),
		T(a_block_of_the_revision_that_is_in_takes_it_out),
		T(a_newer_body_for_a_product_that_is_not_known_takes_nothing_out),
		T(a_block_has_its_reason_its_author_and_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
