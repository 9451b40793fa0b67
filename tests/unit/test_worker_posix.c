/* test_worker_posix.c - what is particular to workers on POSIX: their signals, no descriptor left for a channel, the option given by hand. */
#define _GNU_SOURCE
#include "tests/lib/worker_lab.h"

#include "base/os.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static int echo(struct sg_bytes request, struct sg_buf *ret)
{
	sg_buf_add(ret, request.data, request.len);
	return 0;
}

static int fall(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	signal(SIGSEGV, SIG_DFL);
	__builtin_trap();
}

static const struct sg_worker_job jobs[] = {
	{ .name = "echo", .run = echo },
	{ .name = "fall", .run = fall },
	{ 0 },
};

static void a_job_that_dies_names_its_signal(void **state)
{
	(void)state;
	t_worker_fails("fall", "", 20000, SG_EDAMAGED, "died of signal");
}

static void no_process_no_answer(void **state)
{
	struct rlimit before, none;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none); /* no descriptor, hence no channel */
	t_worker_fails("echo", "x", 1000, SG_EBUSY, "no channel");
	setrlimit(RLIMIT_NOFILE, &before);
}

/* By hand: a line and exit status 2, whatever stands in for the channel. */
static void the_option_is_refused_when_a_person_gives_it(void **state)
{
	static const char *const ways[] = { "--worker", "--worker echo", "--worker echo 5",
		"--worker echo 5 </dev/null", "--worker nonsense 5" };
	char self[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	(void)state;
	assert_true(n > 0);
	self[n] = 0;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		char *line = sg_format("echo hello | '%s' %s 2>/dev/null", self, ways[i]);
		int status = system(line);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 2);
		free(line);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_that_dies_names_its_signal),
		cmocka_unit_test(no_process_no_answer),
		cmocka_unit_test(the_option_is_refused_when_a_person_gives_it),
	};

	sg_worker_begin(argc, argv, jobs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
