/* test_base_system.c - the rest of the system: the one-owner lock, throw-away children, clock, chance, the log. */
#include "base/log.h"
#include "base/os.h"
#include "tests/lib/folder_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void a_lock_has_one_owner_and_names_it(void **state)
{
	struct sg_os_file f = SG_OS_FILE_INIT, second = SG_OS_FILE_INIT;
	struct sg_err err = SG_ERR_INIT;
	char pid[32];

	(void)state;
	assert_int_equal(sg_os_lock(t_at("lock"), &f, &err), 0);
	assert_int_equal(sg_os_lock(t_at("lock"), &second, &err), SG_EBUSY);
	snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	assert_non_null(strstr(err.msg, pid));
	assert_int_equal(second.h, -1);
	sg_os_close(&f);
	assert_int_equal(sg_os_lock(t_at("lock"), &second, NULL), 0);
	sg_os_close(&second);
}

static void a_lock_dies_with_its_owner(void **state)
{
	struct sg_os_file f = SG_OS_FILE_INIT;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		int r = sg_os_lock(t_at("orphan lock"), &f, NULL);

		_exit(r == 0 ? 0 : 1); /* without closing */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(sg_os_lock(t_at("orphan lock"), &f, NULL), 0);
	sg_os_close(&f);
}

static int answer(void *arg)
{
	return *(int *)arg;
}

static int kill_self(void *arg)
{
	raise(*(int *)arg);
	return 0;
}

static int sleep_long(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static void a_guarded_child_reports_value_death_and_time(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	int value = 42, deaths[] = { SIGBUS, SIGSEGV, SIGABRT, SIGKILL };

	(void)state;
	assert_int_equal(sg_os_guarded(answer, &value, 10000, &err), 42);
	value = 0;
	assert_int_equal(sg_os_guarded(answer, &value, 10000, &err), 0);
	value = 101;
	assert_int_equal(sg_os_guarded(answer, &value, 10000, &err), SG_EDAMAGED);
	for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
		char says[32];

		sg_err_clear(&err);
		assert_int_equal(sg_os_guarded(kill_self, &deaths[i], 10000, &err), SG_EDAMAGED);
		snprintf(says, sizeof says, "signal %d", deaths[i]);
		assert_non_null(strstr(err.msg, says));
	}
	sg_err_clear(&err);
	assert_int_equal(sg_os_guarded(sleep_long, NULL, 50, &err), SG_ETIMEOUT);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left over */
	assert_int_equal(errno, ECHILD);
}

static void the_clock_goes_on_and_the_boot_has_a_name(void **state)
{
	struct sg_clock a = { .max_wall = 77 }, b = { 0 };
	unsigned char x[16] = { 0 }, y[16] = { 0 };
	char *host = sg_os_host();

	(void)state;
	sg_os_clock(&a);
	sg_os_clock(&b);
	assert_int_equal(a.max_wall, 77);
	assert_true(a.wall > INT64_C(1500000000000));
	assert_true(b.mono >= a.mono);
	assert_string_equal(a.boot, b.boot);
	assert_true(strlen(a.boot) > 0);
	sg_os_random(x, sizeof x);
	sg_os_random(y, sizeof y);
	assert_memory_not_equal(x, y, sizeof x);
	assert_true(strlen(host) > 0);
	free(host);
}

static void the_journal_is_recognised_by_the_stream(void **state)
{
	struct stat st;
	char stream[64];

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
	        (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_true(sg_os_stderr_is_journal());
	setenv("JOURNAL_STREAM", "1:2", 1);
	assert_false(sg_os_stderr_is_journal());
	unsetenv("JOURNAL_STREAM");
	assert_false(sg_os_stderr_is_journal());
}

static void collect(void *arg, enum sg_level level, int code, const char *text, const struct sg_val *data)
{
	sg_buf_fmt(arg, "%d %d %s %s\n", (int)level, code, text, sg_val_get_str(data, "id", "-"));
}

static void a_sink_gets_the_lines_of_its_level(void **state)
{
	struct sg_val *data = sg_val_map();
	struct sg_buf lines = { 0 };

	(void)state;
	sg_val_set_str(data, "id", "M1");
	sg_log_to(collect, &lines);
	sg_log(SG_DEBUG, 1000, NULL, "unseen");
	sg_log(SG_INFO, 1001, data, "seen %d", 1);
	sg_log_level(SG_ERROR);
	sg_log(SG_WARNING, 1002, NULL, "unseen");
	sg_log(SG_CRITICAL, 1003, NULL, "%s", "");
	assert_string_equal((char *)lines.data, "1 1001 seen 1 M1\n4 1003  -\n");
	sg_log_level(SG_INFO);
	sg_log_to(NULL, NULL);
	sg_buf_release(&lines);
	sg_val_free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_has_one_owner_and_names_it),
		cmocka_unit_test(a_lock_dies_with_its_owner),
		cmocka_unit_test(a_guarded_child_reports_value_death_and_time),
		cmocka_unit_test(the_clock_goes_on_and_the_boot_has_a_name),
		cmocka_unit_test(the_journal_is_recognised_by_the_stream),
		cmocka_unit_test(a_sink_gets_the_lines_of_its_level),
	};

	return cmocka_run_group_tests(tests, t_folder_make, t_folder_remove);
}
