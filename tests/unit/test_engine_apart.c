/* test_engine_apart.c - the engine where workers read the server's configuration: what they cost, and what waits while there are none. */
#include "actions/apart_parts.h"
#include "actions/iis.h"
#include "feed/apart.h"
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 16, MANY = 40, HOUR = 3600 * 1000, MINUTE = 60 * 1000 };

static int asked;
static bool dead; /* workers end without an answer */
static struct sg_worker_job jobs[MOST], no_reader[MOST];

static int counted(struct sg_bytes request, struct sg_buf *ret)
{
	asked++;
	return dead ? -1 : sg_cfg_job(request, ret);
}

/* Both programs' tables in one, with our reader in it, or with none. */
static void join(struct sg_worker_job *to, bool reader)
{
	const struct sg_worker_job *const tables[] = { sg_feed_jobs, sg_action_jobs };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		for (const struct sg_worker_job *j = tables[i]; j->name && n + 1 < MOST; j++) {
			bool is = strcmp(j->name, SG_JOB_CONFIG) == 0;

			if (is && !reader)
				continue;
			to[n] = *j;
			if (is)
				to[n].run = counted;
			n++;
		}
}

/* The server is known when the engine opens. */
static int setup(void **state)
{
	struct lab *lab = sg_alloc(sizeof *lab);
	struct sg_iis *iis = NULL;

	asked = 0;
	dead = false;
	sg_cfg_forget();
	sg_worker_in_process(jobs);
	lab_make(lab);
	if (sg_iis_read(&lab->drives, &iis, &lab->err))
		return 1;
	sg_iis_free(iis);
	lab_open(lab);
	sg_worker_in_process(jobs);
	lab_configure(lab, NULL, NULL);
	*state = lab;
	return 0;
}

static void offer_many(struct lab *lab, uint64_t serial)
{
	struct sg_buf all = { 0 };

	for (int i = 0; i < MANY; i++) {
		char id[16], *config;

		snprintf(id, sizeof id, "M%d", i);
		config = lab_config(id, "1", i % 2 ? "/" : "/owa", "no", LAB_ATTACK, NULL);
		sg_buf_str(&all, config);
		free(config);
	}
	lab_offer(lab, "corp", serial, (const char *)all.data);
	sg_buf_release(&all);
}

static void many_mitigations_of_two_files_cost_a_handful_of_workers(void **state)
{
	struct lab *lab = *state;
	int applied;

	offer_many(lab, 1);
	lab_run(lab);
	for (int i = 0; i < MANY; i++) {
		char id[16];

		snprintf(id, sizeof id, "M%d", i);
		assert_string_equal(lab_state(lab, id), "applied/applied");
	}
	applied = asked;
	print_message("%d mitigations: %d workers\n", MANY, applied);
	assert_in_range(applied, 3, 12);
	lab_do(lab, "rollback", "all", "true", NULL);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	assert_in_range(asked - applied, 0, 4);
}

static void a_server_that_has_not_changed_costs_none(void **state)
{
	struct lab *lab = *state;

	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_true(asked > 0);
	asked = 0;
	for (int i = 0; i < 5; i++)
		lab_later(lab, HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_int_equal(asked, 0);
	/* somebody edits a file: that one is read again */
	t_drive_replace(lab->drive, T_ECP, "<configuration>", "<configuration><!-- mine -->");
	sg_engine_touched(lab->engine, NULL);
	lab_later(lab, HOUR);
	assert_int_equal(asked, 1);
}

static void without_workers_nothing_goes_in_and_later_it_does(void **state)
{
	struct lab *lab = *state;

	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	sg_worker_in_process(no_reader);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	assert_string_equal(lab_state(lab, "M1"), "applicable/retry");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), T_WWWROOT ": this program has no worker"));
	sg_worker_in_process(jobs);
	lab_later(lab, HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

/* The file that is to be edited was read, and what it shall be is not believed. */
static void what_no_worker_has_read_is_not_written(void **state)
{
	struct lab *lab = *state;

	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	dead = true;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/retry");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), T_WWWROOT));
	assert_true(lab_untouched(lab));
	dead = false;
	lab_later(lab, HOUR);
	/* what that worker died of is believed for a minute by the system's clock, which is not the lab's */
	assert_string_equal(lab_state(lab, "M1"), "applicable/retry");
	sg_cfg_forget();
	lab_later(lab, 2 * HOUR);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_revert_waits_for_a_reader(void **state)
{
	struct lab *lab = *state;

	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	sg_cfg_forget(); /* as after a new start of the service */
	sg_worker_in_process(no_reader);
	lab_ask(lab, NULL, "rollback", "id", "M1", NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/io");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), T_WWWROOT));
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound"));
	sg_worker_in_process(jobs);
	lab_later(lab, 2 * MINUTE);
	assert_string_equal(lab_state(lab, "M1"), "reverted/by-admin");
	assert_true(lab_untouched(lab));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        many_mitigations_of_two_files_cost_a_handful_of_workers, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        a_server_that_has_not_changed_costs_none, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(
		        without_workers_nothing_goes_in_and_later_it_does, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(what_no_worker_has_read_is_not_written, setup, lab_tear_down),
		cmocka_unit_test_setup_teardown(a_revert_waits_for_a_reader, setup, lab_tear_down),
	};

	join(jobs, true);
	join(no_reader, false);
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
