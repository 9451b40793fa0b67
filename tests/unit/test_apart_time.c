/* test_apart_time.c - how long workers are waited for: what octets that hang them may cost, what is asked all the same, and a stop. Real workers. */
#include "actions/apart_parts.h"
#include "actions/config_scan.h"
#include "base/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NAME "C:\\x\\web.config"

static volatile uint64_t spun;

static int spin(struct sg_bytes request, struct sg_buf *ret)
{
	do
		spun++;
	while (strstr((const char *)request.data, "SPIN"));
	return sg_cfg_job(request, ret);
}

static const struct sg_worker_job jobs[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = spin },
	{ 0 },
};

static int64_t mono(void)
{
	struct sg_clock now = { 0 };

	sg_os_clock(&now);
	return now.mono;
}

/* Nobody stops until the first question `stop_after` ms ago. */
static int64_t stop_after, stop_asked;

static bool stop(void *arg)
{
	(void)arg;
	if (!stop_asked)
		stop_asked = mono();
	return mono() - stop_asked >= stop_after;
}

static int set_up(void **state)
{
	(void)state;
	sg_cfg_forget();
	sg_actions_stop_when(NULL, NULL);
	stop_after = stop_asked = 0;
	return 0;
}

static int scan(sg_cfg_scanner *scanner, const char *octets, struct sg_err *err)
{
	struct sg_cfg cfg = { 0 };
	int r;

	sg_err_clear(err);
	r = scanner(sg_bytes_of(octets), NAME, &cfg, err);
	sg_cfg_release(&cfg);
	return r;
}

static void what_is_lost_shortens_what_the_next_may_take(void **state)
{
	static const struct {
		int64_t lost, writing, telling;
	} rows[] = {
		{ 0, SG_ACTION_WORKER_MS, SG_ACTION_WORKER_MS },
		{ 500, SG_ACTION_WORKER_MS, SG_ACTION_WORKER_MS },
		{ SG_ACTION_WORKER_MS - 1, SG_ACTION_WORKER_MS, SG_ACTION_WORKER_MS },
		{ SG_ACTION_WORKER_MS, SG_ACTION_WORKER_MS / 10, SG_ACTION_WORKER_MS / 10 },
		{ SG_ACTION_LOST_MS - 1, SG_ACTION_WORKER_MS / 10, SG_ACTION_WORKER_MS / 10 },
		{ SG_ACTION_LOST_MS, SG_ACTION_WORKER_MS / 10, 0 },
		{ 100 * SG_ACTION_LOST_MS, SG_ACTION_WORKER_MS / 10, 0 },
	};
	const int64_t now = 1000;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sg_action_lost_forget();
		if (rows[i].lost)
			sg_action_lost(SG_ACTION_CONFIG, rows[i].lost, now);
		assert_int_equal(sg_action_may_take(SG_ACTION_CONFIG, SG_FOR_WRITING, now), rows[i].writing);
		assert_int_equal(sg_action_may_take(SG_ACTION_CONFIG, SG_FOR_TELLING, now), rows[i].telling);
		/* each job has its own, and a minute later it is as if nothing had been */
		assert_int_equal(
		        sg_action_may_take(SG_ACTION_RULES, SG_FOR_TELLING, now), SG_ACTION_WORKER_MS);
		assert_int_equal(sg_action_may_take(SG_ACTION_CONFIG, SG_FOR_TELLING, now + SG_MINUTE),
		        SG_ACTION_WORKER_MS);
	}
}

static void losses_of_a_minute_add_up(void **state)
{
	int64_t now = 1000;

	(void)state;
	for (int i = 0; i < SG_ACTION_LOST_MS; i++)
		sg_action_lost(SG_ACTION_RULES, 0, now += 10); /* each counts, however short */
	assert_int_equal(sg_action_may_take(SG_ACTION_RULES, SG_FOR_TELLING, now), 0);
	sg_action_lost(SG_ACTION_RULES, 5, now + SG_MINUTE);
	assert_int_equal(
	        sg_action_may_take(SG_ACTION_RULES, SG_FOR_TELLING, now + SG_MINUTE), SG_ACTION_WORKER_MS);
}

/* As many as their owner likes: a round is not held up for minutes, and what is to be written is read. */
static void fifty_files_that_hang_their_reader_are_not_waited_for(void **state)
{
	enum { FILES = 50, BEFORE = 18000 };
	struct sg_err err = SG_ERR_INIT;
	int64_t begun = mono();
	int refused = 0;

	(void)state;
	sg_action_lost(SG_ACTION_CONFIG, BEFORE, begun);
	for (int i = 0; i < FILES; i++) {
		char *octets = sg_format("<a>SPIN %d</a>", i);

		assert_int_equal(scan(sg_cfg_scan_to_tell, octets, &err), SG_EIO);
		refused += strstr(err.msg, NAME ": not asked: ") != NULL;
		free(octets);
	}
	assert_in_range(mono() - begun, 1000, 5000);
	assert_in_range(refused, FILES - 3, FILES - 1);
	assert_int_equal(scan(sg_cfg_scan_to_tell, "<a>good</a>", &err), SG_EIO);
	assert_int_equal(scan(sg_cfg_scan, "<a>good</a>", &err), 0);
	assert_int_equal(scan(sg_cfg_scan_to_tell, "<a>good</a>", &err), 0); /* by now it is known */
	/* what was not asked was not answered: it is asked when there is time again */
	sg_action_lost_forget();
	assert_int_equal(scan(sg_cfg_scan_to_tell, "<a>better</a>", &err), 0);
}

static void a_stop_ends_a_worker_that_hangs_within_a_second(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	int64_t begun;

	(void)state;
	sg_actions_stop_when(stop, NULL);
	stop_after = 200;
	begun = mono();
	assert_int_equal(scan(sg_cfg_scan, "<a>SPIN</a>", &err), SG_ECANCELED);
	assert_in_range(mono() - begun, 200 + SG_ACTION_STOP_MS, 1000 + 200);
	assert_non_null(strstr(err.msg, NAME));
	/* and it was not the file's fault */
	assert_int_equal(sg_action_may_take(SG_ACTION_CONFIG, SG_FOR_TELLING, mono()), SG_ACTION_WORKER_MS);
}

static void after_a_stop_what_is_to_be_written_is_read_and_the_rest_is_not(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(scan(sg_cfg_scan_to_tell, "<a>known</a>", &err), 0);
	sg_actions_stop_when(stop, NULL);
	assert_int_equal(scan(sg_cfg_scan_to_tell, "<a>known</a>", &err), 0);
	assert_int_equal(scan(sg_cfg_scan_to_tell, "<a>good</a>", &err), SG_ECANCELED);
	assert_int_equal(scan(sg_cfg_scan, "<a>good</a>", &err), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_lost_shortens_what_the_next_may_take, set_up),
		cmocka_unit_test_setup(losses_of_a_minute_add_up, set_up),
		cmocka_unit_test_setup(fifty_files_that_hang_their_reader_are_not_waited_for, set_up),
		cmocka_unit_test_setup(a_stop_ends_a_worker_that_hangs_within_a_second, set_up),
		cmocka_unit_test_setup(
		        after_a_stop_what_is_to_be_written_is_read_and_the_rest_is_not, set_up),
	};

	sg_worker_begin(argc, argv, jobs);
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
