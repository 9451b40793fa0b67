/* test_worker.c - octets in, octets out, and every way in which a worker can end, on every system. Its jobs are functions of this very program. What one
 * system alone has: test_worker_posix.c, test_worker_rights.c, test_worker_win.c. */
#include "tests/lib/worker_lab.h"

#include "base/os.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* --- the jobs */

static int echo(struct sg_bytes request, struct sg_buf *ret)
{
	sg_buf_add(ret, request.data, request.len);
	return 0;
}

static volatile uint64_t spun;

static int spin(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	do
		spun++;
	while (spun);
	return 0;
}

static int refuse(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	return -1;
}

static int fall(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	__builtin_trap();
}

static int eat(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	do
		memset(sg_alloc(16 << 20), 1, 16 << 20);
	while (!spun);
	return 0;
}

static int flood(struct sg_bytes request, struct sg_buf *ret)
{
	char part[1000] = { 0 };

	(void)request;
	for (int i = 0; i < 1000; i++)
		sg_buf_add(ret, part, sizeof part);
	return 0;
}

static int unprepared(struct sg_err *err)
{
	return sg_fail(err, SG_EIO, "a library is not there");
}

static const struct sg_worker_job jobs[] = {
	{ .name = "echo", .run = echo },
	{ .name = "spin", .run = spin },
	{ .name = "refuse", .run = refuse },
	{ .name = "fall", .run = fall },
	{ .name = "eat", .run = eat },
	{ .name = "flood", .run = flood },
	{ .name = "unprepared", .run = echo, .prepare = unprepared },
	{ 0 },
};

static int64_t mono(void)
{
	struct sg_clock c = { 0 };

	sg_os_clock(&c);
	return c.mono;
}

/* --- */

static void octets_go_in_and_come_back(void **state)
{
	const size_t sizes[] = { 0, 1, 4096, 70000, 9 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct sg_buf request = { 0 }, reply = { 0 };
		struct sg_err err = SG_ERR_INIT;
		unsigned char *octets = sg_alloc(sizes[i]);

		sg_os_random(octets, sizes[i]);
		sg_buf_set(&request, octets, sizes[i]);
		if (sg_worker_call(&(struct sg_worker_call){ .job = "echo",
		                           .request = sg_buf_bytes(&request),
		                           .max_reply = SG_WORKER_MAX,
		                           .timeout_ms = 20000 },
		            &reply, &err))
			fail_msg("%zu: %s", sizes[i], err.msg);
		assert_true(sg_bytes_equal(sg_buf_bytes(&request), sg_buf_bytes(&reply)));
		sg_buf_release(&request);
		sg_buf_release(&reply);
		free(octets);
	}
}

static void a_job_that_never_ends_is_ended(void **state)
{
	int64_t begun = mono();

	(void)state;
	t_worker_fails("spin", "", 300, SG_ETIMEOUT, "300 ms");
	assert_in_range(mono() - begun, 300, 5000);
}

static void a_job_that_dies_says_of_what(void **state)
{
	(void)state;
	t_worker_fails("fall", "", 20000, SG_EDAMAGED, "died of");
	t_worker_fails("refuse", "", 20000, SG_EDAMAGED, "gave up");
	t_worker_fails("unprepared", "", 20000, SG_EDAMAGED, "did not begin: a library is not there");
}

static void memory_is_limited(void **state)
{
	int64_t begun = mono();

	(void)state;
	if (SANITIZED) {
		print_message("skipped: the sanitizer's shadow allows no limit of addresses\n");
		return;
	}
	t_worker_fails("eat", "", 20000, SG_ELIMIT, "memory");
	assert_in_range(mono() - begun, 0, 10000);
}

static void a_reply_is_never_larger_than_allowed(void **state)
{
	(void)state;
	t_worker_fails("flood", "", 20000, SG_ELIMIT, "more than 100000");
}

static void a_job_that_nobody_offers_is_no_process(void **state)
{
	(void)state;
	t_worker_fails("unheard of", "", 1000, SG_EUNSUPPORTED, "unheard of");
}

static bool at_once(void *arg)
{
	return ++*(int *)arg > 2;
}

static void a_stop_ends_a_job_within_a_moment(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf reply = { 0 };
	int asked = 0;
	int64_t begun = mono();

	(void)state;
	assert_int_equal(sg_worker_call(&(struct sg_worker_call){ .job = "spin",
	                                        .max_reply = 10,
	                                        .timeout_ms = 20000,
	                                        .stop = at_once,
	                                        .arg = &asked },
	                         &reply, &err),
	        SG_ECANCELED);
	assert_in_range(mono() - begun, 0, 2000);
}

static void starting_one_takes_milliseconds(void **state)
{
	enum { TIMES = 20 };
	int64_t begun = mono(), took;
	struct sg_buf reply = { 0 };

	(void)state;
	for (int i = 0; i < TIMES; i++)
		assert_int_equal(t_worker_call("echo", "x", 20000, &reply, NULL), 0);
	took = mono() - begun;
	print_message("a worker: %.1f ms from start to end\n", (double)took / TIMES);
	assert_true(took / TIMES < 1000);
	sg_buf_release(&reply);
}

/* Of the kind that came up, and of no other. */
static void how_it_was_shut_in_can_be_asked_for(void **state)
{
	struct sg_buf reply = { 0 };
	char *why = NULL;
	enum sg_worker_cage cage;

	(void)state;
	assert_int_equal(t_worker_call("echo", "x", 20000, &reply, NULL), 0);
	sg_buf_release(&reply);
	cage = sg_worker_cage(false, &why);
	print_message("cage: %d%s%s\n", (int)cage, why ? ": " : "", why ? why : "");
	assert_true(cage == SG_CAGE_WHOLE || cage == SG_CAGE_LESS);
	assert_int_equal(why != NULL, cage == SG_CAGE_LESS);
	assert_int_equal(sg_worker_cage(true, NULL), SG_CAGE_UNKNOWN);
	free(why);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_go_in_and_come_back),
		cmocka_unit_test(a_job_that_never_ends_is_ended),
		cmocka_unit_test(a_job_that_dies_says_of_what),
		cmocka_unit_test(memory_is_limited),
		cmocka_unit_test(a_reply_is_never_larger_than_allowed),
		cmocka_unit_test(a_job_that_nobody_offers_is_no_process),
		cmocka_unit_test(a_stop_ends_a_job_within_a_moment),
		cmocka_unit_test(how_it_was_shut_in_can_be_asked_for),
		cmocka_unit_test(starting_one_takes_milliseconds),
	};

	sg_worker_begin(argc, argv, jobs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
