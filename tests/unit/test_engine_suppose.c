/* test_engine_suppose.c - `plan` as a verb would leave things: approve, resolve, pause and resume. What it shows is what the verb does then, and what it refuses
 * is refused in the verb's own words. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define WINDOW_SHUT                                                                                          \
	"<policy window=\"03:00-03:01\"><when kind=\"url_rewrite\" do=\"ask\" "                              \
	"window=\"03:00-03:01\"/></policy>"

struct plan {
	bool change;
	char work[32], text[512], diff[8192];
};

/* Of one mitigation, or of all where `id` is NULL and there is one. */
static struct plan plan_of(struct lab *lab, const char *id, const char *as, const char *how)
{
	struct plan p = { 0 };
	struct sg_val *reply = NULL;
	const struct sg_val *files, *rows;

	assert_int_equal(lab_ask(lab, &reply, "plan", "as", as,
	                         id    ? "id"
	                         : how ? "how"
	                               : NULL,
	                         id ? id : how, id && how ? "how" : NULL, how, NULL),
	        0);
	rows = sg_val_get(reply, "mitigations");
	files = sg_val_get(reply, "files");
	assert_int_equal(rows->n, 1);
	p.change = sg_val_get_bool(reply, "would_change", false);
	snprintf(p.work, sizeof p.work, "%s", sg_val_get_str(rows->kid[0], "work", ""));
	snprintf(p.text, sizeof p.text, "%s", sg_val_get_str(rows->kid[0], "text", ""));
	snprintf(p.diff, sizeof p.diff, "%s", files->n ? sg_val_get_str(files->kid[0], "diff", "") : "");
	assert_int_equal(p.change, p.diff[0] != 0);
	sg_val_free(reply);
	return p;
}

static void assert_refused_alike(struct lab *lab, const char *id, const char *verb, const char *how)
{
	struct sg_val *reply = NULL;
	char said[sizeof lab->err.msg];
	int code = lab_ask(lab, &reply, "plan", "id", id, "as", verb, how ? "how" : NULL, how, NULL);

	assert_true(code < 0);
	snprintf(said, sizeof said, "%s", lab->err.msg);
	assert_int_equal(lab_ask(lab, &reply, verb, "id", id, how ? "how" : NULL, how, NULL), code);
	assert_string_equal(lab->err.msg, said);
}

static void an_approval_is_planned_as_what_it_does(void **state)
{
	struct lab *lab = *state;
	struct plan p;

	lab_configure(lab, "ask", NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	p = plan_of(lab, "M1", "approve", NULL);
	assert_string_equal(p.work, "apply");
	assert_non_null(strstr(p.diff, "\n+"));
	assert_true(lab_untouched(lab));
	assert_string_equal(lab_state(lab, "M1"), "applicable/approval"); /* supposed, and no more */
	lab_run(lab);
	assert_true(lab_untouched(lab));
	lab_do(lab, "approve", "id", "M1", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_false(plan_of(lab, "M1", "approve", NULL).change);
}

static void an_approval_does_not_open_a_window(void **state)
{
	struct lab *lab = *state;
	struct plan p;

	lab_configure(lab, NULL, WINDOW_SHUT);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_true(plan_of(lab, "M1", "apply", NULL).change);
	p = plan_of(lab, "M1", "approve", NULL);
	assert_false(p.change);
	assert_non_null(strstr(p.text, "waits for its window"));
	lab_do(lab, "approve", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
}

static void a_pause_is_planned_as_what_it_holds_back(void **state)
{
	struct lab *lab = *state;
	struct plan p;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	p = plan_of(lab, NULL, "pause", NULL);
	assert_false(p.change);
	assert_non_null(strstr(p.text, "held back until 'stopgapctl resume'"));
	lab_do(lab, "pause", NULL);
	assert_true(lab_untouched(lab));
	assert_false(plan_of(lab, NULL, "pause", NULL).change);
	p = plan_of(lab, NULL, "resume", NULL);
	assert_string_equal(p.work, "apply");
	assert_non_null(strstr(p.diff, "\n+"));
	assert_true(lab_untouched(lab));
	lab_do(lab, "resume", NULL);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void drift(struct lab *lab)
{
	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	t_drive_replace(lab->drive, T_WWWROOT, LAB_ATTACK, "theirs");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
}

static void to_take_over_is_planned_as_ours_over_theirs(void **state)
{
	struct lab *lab = *state;
	struct plan p;

	drift(lab);
	p = plan_of(lab, "M1", "resolve", "take-over");
	assert_string_equal(p.work, "take-over");
	assert_non_null(strstr(p.diff, "-"));
	assert_non_null(strstr(p.diff, "theirs"));
	assert_non_null(strstr(p.diff, LAB_ATTACK));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "theirs"));
	assert_string_equal(lab_state(lab, "M1"), "blocked/drift");
	lab_do(lab, "resolve", "id", "M1", "how", "take-over", NULL);
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "theirs"));
}

static void to_accept_and_to_retry_are_planned_as_writing_nothing(void **state)
{
	struct lab *lab = *state;
	struct plan p;

	drift(lab);
	p = plan_of(lab, "M1", "resolve", "accept");
	assert_false(p.change);
	assert_non_null(strstr(p.text, "stays and is none of ours any more"));
	assert_false(plan_of(lab, "M1", "resolve", "retry").change); /* theirs is there still */
	lab_do(lab, "resolve", "id", "M1", "how", "accept", NULL);
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "theirs"));
}

static void what_the_verb_refuses_the_plan_refuses(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = NULL;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_refused_alike(lab, "M1", "resolve", "retry"); /* it is applied */
	assert_refused_alike(lab, "NOBODY-HAS-IT", "approve", NULL);
	lab_do(lab, "block", "id", "M1", NULL);
	assert_refused_alike(lab, "M1", "resolve", "take-over");
	assert_int_equal(lab_ask(lab, &reply, "plan", "id", "M1", "as", "resolve", NULL), SG_EINVAL);
	assert_int_equal(
	        lab_ask(lab, &reply, "plan", "id", "M1", "as", "resolve", "how", "guess", NULL), SG_EINVAL);
	assert_int_equal(
	        lab_ask(lab, &reply, "plan", "id", "M1", "as", "apply", "how", "retry", NULL), SG_EINVAL);
	assert_int_equal(lab_ask(lab, &reply, "plan", "id", "M1", "as", "pause", NULL), SG_EINVAL);
	assert_int_equal(lab_ask(lab, &reply, "plan", "as", "approve", NULL), SG_EINVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_approval_is_planned_as_what_it_does),
		T(an_approval_does_not_open_a_window),
		T(a_pause_is_planned_as_what_it_holds_back),
		T(to_take_over_is_planned_as_ours_over_theirs),
		T(to_accept_and_to_retry_are_planned_as_writing_nothing),
		T(what_the_verb_refuses_the_plan_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
