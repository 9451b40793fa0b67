/* test_step_hive_calls.c - writing into a hive when the system fails or the process dies: the calls that write and flush are this program's own. */
#undef _FORTIFY_SOURCE
#include "tests/lib/hive_file.h"
#include "tests/lib/step_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* --- the C library's calls */

enum { DIED = 42 };
static struct {
	int writes, syncs, data_syncs; /* syncs: of both kinds */
	int calls, die_at;             /* at the call of that number, before it is made */
	int fail_write, fail_data_sync;
	bool lose_writes; /* said to be written, and not */
} t_calls;

static void t_calls_reset(void)
{
	memset(&t_calls, 0, sizeof(t_calls));
}

static void count(int *which)
{
	(*which)++;
	if (++t_calls.calls == t_calls.die_at)
		_exit(DIED);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	count(&t_calls.writes);
	if (t_calls.writes == t_calls.fail_write) {
		errno = EIO;
		return -1;
	}
	return t_calls.lose_writes ? (ssize_t)len : syscall(SYS_pwrite64, fd, data, len, at);
}

int fdatasync(int fd)
{
	(void)fd;
	t_calls.data_syncs++;
	count(&t_calls.syncs);
	if (t_calls.data_syncs == t_calls.fail_data_sync) {
		errno = EIO;
		return -1;
	}
	return 0;
}

int fsync(int fd)
{
	(void)fd;
	count(&t_calls.syncs);
	return 0;
}

int rename(const char *from, const char *to)
{
	static int renames;

	count(&renames);
	return (int)syscall(SYS_rename, from, to);
}

/* --- tests */

static void what_is_wanted_already_changes_nothing(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;

	t_step_want_service(f, "MSExchangeMitigation", 4);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	assert_int_equal(p.seen[0], SG_SEEN_TO);
	assert_false(p.files[0].changed);
	t_calls_reset();
	assert_int_equal(t_step_write(f, &p), 0);
	assert_int_equal(t_calls.writes + t_calls.syncs, 0);
	/* recovery makes sure of it all the same */
	assert_int_equal(sg_step_write(&p, true, NULL, NULL, &f->err), 0);
	assert_int_equal(t_calls.writes, 0);
	assert_int_equal(t_calls.syncs, 1);
	sg_step_plan_release(&p);
	assert_true(t_drive_same(f->dir, f->before));
}

static void many_services_cost_one_flush(void **state)
{
	static const char *const names[] = { "W3SVC", "WAS", "MSExchangeHM", "MSExchangeHMRecovery",
		"MSExchangeUMCR" };
	struct t_step *f = *state;
	struct sg_step_plan p;

	for (size_t i = 0; i < 5; i++)
		t_step_want_service(f, names[i], 4);
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	t_calls_reset();
	assert_int_equal(t_step_write(f, &p), 0);
	assert_int_equal(t_calls.writes, 5);
	assert_int_equal(t_calls.syncs, 1);
	sg_step_plan_release(&p);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(t_start(f->dir, names[i]), 4);
	t_step_turn(f);
	t_step_go(f, false);
	assert_true(t_drive_same(f->dir, f->before));
}

static void a_hive_that_cannot_be_written_leaves_the_config_files_alone(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_want_service(f, "W3SVC", 4);
	t_step_want_service(f, "WAS", 4);
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	t_calls_reset();
	t_calls.fail_write = 1;
	assert_int_equal(t_step_write(f, &p), SG_EIO);
	t_step_says(f, "SYSTEM");
	t_calls_reset();
	sg_step_plan_release(&p);
	assert_true(t_drive_same(f->dir, f->before)); /* no temporary file is left either */
	/* the second of two fails: the caller settles */
	assert_int_equal(t_step_plan(f, false, &p), 0);
	t_calls.fail_write = 2;
	assert_int_equal(t_step_write(f, &p), SG_EIO);
	t_calls_reset();
	sg_step_plan_release(&p);
	assert_false(t_drive_has(f->dir, T_ECP, "stopgap T-1 a"));
	assert_int_equal(t_start(f->dir, "W3SVC"), 4);
	assert_int_equal(t_start(f->dir, "WAS"), 3);
	t_step_go(f, true);
	assert_true(t_drive_same(f->dir, f->before));
}

static void a_failed_flush_is_fatal_and_nothing_follows_it(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;

	t_step_want_service(f, "W3SVC", 4);
	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	t_calls_reset();
	t_calls.fail_data_sync = 1;
	assert_int_equal(t_step_write(f, &p), SG_EFATAL);
	assert_int_equal(t_calls.data_syncs, 1); /* never a second time */
	t_calls_reset();
	assert_false(t_drive_has(f->dir, T_ECP, "stopgap T-1 a"));
	sg_step_plan_release(&p);
}

static void what_reads_back_otherwise_is_an_error(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	t_calls_reset();
	t_calls.lose_writes = true;
	assert_int_equal(t_step_write(f, &p), SG_EIO);
	t_step_says(f, "reads otherwise");
	t_calls_reset();
	sg_step_plan_release(&p);
	assert_true(t_drive_same(f->dir, f->before));
}

/* --- whatever instant the process dies */

static void a_death_at_any_call_leaves_each_start_old_or_new(void **state)
{
	static const char *const names[] = { "W3SVC", "WAS", "MSExchangeHM" };
	static const uint32_t old[] = { 2, 3, 2 };
	struct t_step *f = *state;
	bool done = false;

	for (size_t i = 0; i < 3; i++)
		t_step_want_service(f, names[i], 4);
	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	for (int call = 1; !done; call++) {
		struct sg_strs temps = { 0 };
		struct sg_step_plan p;
		int status;
		pid_t child;

		assert_true(call < 100);
		if (t_step_plan(f, false, &p))
			fail_msg("%s", f->err.msg);
		for (size_t i = 0; i < p.n_files; i++)
			if (!p.files[i].in_place)
				sg_strs_add(&temps, p.files[i].temp_win);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			t_calls_reset();
			t_calls.die_at = call;
			_exit(t_step_write(f, &p) ? 1 : 0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		done = WEXITSTATUS(status) == 0;
		if (!done)
			assert_int_equal(WEXITSTATUS(status), DIED);
		sg_step_plan_release(&p);
		for (size_t i = 0; i < 3; i++) {
			uint32_t now = t_start(f->dir, names[i]);

			assert_true(now == (done ? 4 : old[i]) || now == 4);
		}
		/* recovery: every value to its settle, twice as good as once */
		for (int again = 0; again < 2; again++) {
			if (t_step_plan(f, true, &p) || sg_step_write(&p, true, NULL, NULL, &f->err))
				fail_msg("%s", f->err.msg);
			sg_step_plan_release(&p);
		}
		assert_int_equal(sg_step_clean(&f->drives, &temps, &f->err), 0);
		sg_strs_release(&temps);
		assert_true(t_drive_same(f->dir, f->before));
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, t_step_setup, t_step_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_wanted_already_changes_nothing),
		T(many_services_cost_one_flush),
		T(a_hive_that_cannot_be_written_leaves_the_config_files_alone),
		T(a_failed_flush_is_fatal_and_nothing_follows_it),
		T(what_reads_back_otherwise_is_an_error),
		T(a_death_at_any_call_leaves_each_start_old_or_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
