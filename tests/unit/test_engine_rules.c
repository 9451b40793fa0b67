/* test_engine_rules.c - the engine where workers read and run the server's rewrite rules: what they cost, and what is kept while there are none. */
#include "actions/apart_parts.h"
#include "actions/rules_apart.h"
#include "actions/rules_parts.h"
#include "feed/apart.h"
#include "tests/lib/neighbour_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 16, MANY = 40, HOUR = 3600 * 1000 };

static int asked;
static bool dead; /* workers end without an answer */
static struct sg_worker_job jobs[MOST];

static int counted(struct sg_bytes request, struct sg_buf *ret)
{
	asked++;
	return dead ? -1 : sg_rules_job(request, ret);
}

/* Both tables in one, with our worker in it. */
static void join(void)
{
	const struct sg_worker_job *const tables[] = { sg_feed_jobs, sg_action_jobs };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		for (const struct sg_worker_job *j = tables[i]; j->name && n + 1 < MOST; j++) {
			jobs[n] = *j;
			if (strcmp(j->name, SG_JOB_RULES) == 0)
				jobs[n].run = counted;
			n++;
		}
}

/* The server is known when the engine opens, which offers a table of its own. */
static int setup(void **state)
{
	struct lab *lab = sg_alloc(sizeof *lab);
	struct sg_iis *iis = NULL;

	asked = 0;
	dead = false;
	sg_rules_forget();
	sg_worker_in_process(jobs);
	lab_make(lab);
	if (sg_iis_read(&lab->drives, &iis, &lab->err))
		return 1;
	sg_iis_free(iis);
	lab_open(lab);
	sg_worker_in_process(jobs);
	*state = lab;
	return 0;
}

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
	print_message("%d mitigations go in: %d workers for rules\n", MANY, asked);
	assert_in_range(asked, MANY, 4 * MANY);
	lab_later(lab, HOUR); /* each proof has seen the rules of those that came before it only */
	asked = 0;
	for (int i = 0; i < 3; i++)
		lab_later(lab, HOUR);
	assert_string_equal(lab_field(lab, "M39", "verdict"), "IN FORCE");
	assert_int_equal(asked, 0);
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
	dead = true;
	sg_rules_forget();
	asked = 0;
	for (int i = 0; i < 3; i++)
		lab_later(lab, HOUR);
	assert_true(asked > 0);
	assert_string_equal(lab_state(lab, "M1"), "applicable/others");
	/* and it is asked again at once, not when the next audit is due */
	dead = false;
	t_drive_replace(lab->drive, T_WWWROOT, "AbortRequest", "None");
	lab_later(lab, HOUR / 6);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void without_an_answer_it_goes_in_and_its_effect_is_not_known(void **state)
{
	struct lab *lab = *state;
	struct sg_val *shown = NULL;

	dead = true;
	lab_configure(lab, NULL, NULL);
	lab_offer_m1(lab, 1, "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "effective"), "unknown");
	assert_int_equal(lab_ask(lab, &shown, "show", "id", "M1", NULL), 0);
	assert_non_null(strstr(sg_val_get_str(sg_val_get(shown, "mitigation"), "effective_text", ""),
	        "not known: the rules: the worker for 'rules' gave up"));
	sg_val_free(shown);
	dead = false;
	lab_later(lab, HOUR);
	assert_string_equal(lab_field(lab, "M1", "effective"), "yes");
	lab_do(lab, "rollback", "all", "true", NULL);
	assert_true(lab_untouched(lab));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        an_audit_of_an_unchanged_server_asks_nobody, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        what_others_do_is_kept_while_nobody_can_say, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        without_an_answer_it_goes_in_and_its_effect_is_not_known, setup, lab_tear_down),
	};

	join();
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
