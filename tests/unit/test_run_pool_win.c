/* test_run_pool_win.c - application pools through appcmd.exe: which is this very program, by a name that only the linker can give it. What it is told is
 * written down by whom it is told to, so the test sees the arguments as they arrived. */
#include "actions/run_win.h"
#include "base/os.h"
#include "base/os_win.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool missing; /* no appcmd at all */

/* Takes the place of the product's, whose file is not linked then. */
wchar_t *sg_run_appcmd(void)
{
	wchar_t *self = sg_alloc(1024 * sizeof *self);

	GetModuleFileNameW(NULL, self, 1000);
	if (missing)
		wcscat(self, L".none");
	return self;
}

/* --- appcmd: the state of one pool is in the file SG_POOL, and what it was told in SG_TOLD */

static void put(const char *variable, const char *mode, const char *text)
{
	FILE *f = fopen(getenv(variable), mode);

	if (!f)
		abort();
	fputs(text, f);
	fclose(f);
}

static char *get(const char *variable, char *ret, size_t size)
{
	FILE *f = fopen(getenv(variable), "r");
	size_t n = f ? fread(ret, 1, size - 1, f) : 0;

	if (f)
		fclose(f);
	ret[n] = 0;
	return ret;
}

static int be_appcmd(int argc, char **argv)
{
	char state[64], *pool = getenv("SG_NAME"), *which = sg_format("/apppool.name:%s", pool);
	const char *how = getenv("SG_HOW");

	for (int i = 1; i < argc; i++) {
		put("SG_TOLD", "a", argv[i]);
		put("SG_TOLD", "a", i + 1 < argc ? "|" : "\n");
	}
	if (argc < 4 || strcmp(argv[2], "apppool") || strcmp(argv[3], which))
		return 1; /* none of that name */
	get("SG_POOL", state, sizeof state);
	if (!strcmp(argv[1], "list")) {
		printf("%s\r\n", state);
		return 0;
	}
	if (how && !strcmp(how, "hangs"))
		Sleep(INFINITE);
	if (how && !strcmp(how, "fails")) {
		printf("ERROR ( message:Access is denied. )\r\nmore\r\n");
		return 5;
	}
	while (how && !strcmp(how, "never ends"))
		puts("and it goes on");
	if (how && !strcmp(how, "chatters"))
		for (int i = 0; i < 20000; i++)
			puts("this is more than a pipe holds");
	put("SG_POOL", "w",
	        how && !strcmp(how, "stays") ? "Stopping"
	        : !strcmp(argv[1], "stop")   ? "Stopped"
	                                     : "Started");
	printf("\"%s\" successfully done\r\n", pool);
	return 0;
}

/* --- the tests */

static const struct sg_runner *runner;
static char told[4096];

static void lab(const char *name, const char *state, const char *how)
{
	SetEnvironmentVariableA("SG_NAME", name);
	SetEnvironmentVariableA("SG_HOW", how);
	_putenv_s("SG_POOL", "sg-pool.txt");
	_putenv_s("SG_TOLD", "sg-told.txt");
	put("SG_POOL", "w", state);
	put("SG_TOLD", "w", "");
	/* appcmd runs in System32: the names must hold from there, too */
	{
		char full[MAX_PATH];

		GetFullPathNameA("sg-pool.txt", MAX_PATH, full, NULL);
		_putenv_s("SG_POOL", full);
		GetFullPathNameA("sg-told.txt", MAX_PATH, full, NULL);
		_putenv_s("SG_TOLD", full);
	}
}

static int set_up(void **state)
{
	struct sg_drives live = { 0 };

	(void)state;
	runner = sg_runner_of(&live);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove("sg-pool.txt");
	remove("sg-told.txt");
	return 0;
}

static void a_pool_is_named_by_one_argument_whatever_its_name(void **state)
{
	static const char *const names[] = { "MSExchangeOWAAppPool", ".NET v4.5 Classic", "a b %PATH% ^",
		"ends with \\", "it's (1)", "-in" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *expected = sg_format("list|apppool|/apppool.name:%s|/text:state\n"
		                           "stop|apppool|/apppool.name:%s\n"
		                           "list|apppool|/apppool.name:%s|/text:state\n",
		        names[i], names[i], names[i]);
		enum sg_run_state is = SG_RUN_UNKNOWN;
		struct sg_strs none = { 0 };
		struct sg_err err = SG_ERR_INIT;

		lab(names[i], "Started", NULL);
		if (runner->stop(NULL, SG_HOOK_POOL, names[i], 20000, &err))
			fail_msg("%s", err.msg);
		assert_string_equal(get("SG_TOLD", told, sizeof told), expected);
		assert_int_equal(runner->look(NULL, SG_HOOK_POOL, names[i], &is, &none, NULL), 0);
		assert_int_equal(is, SG_RUN_STOPPED);
		assert_int_equal(none.n, 0);
		put("SG_TOLD", "w", "");
		assert_int_equal(runner->stop(NULL, SG_HOOK_POOL, names[i], 20000, NULL), 0);
		assert_null(strstr(get("SG_TOLD", told, sizeof told), "stop|")); /* already so */
		assert_int_equal(runner->start(NULL, SG_HOOK_POOL, names[i], 20000, NULL), 0);
		assert_int_equal(runner->look(NULL, SG_HOOK_POOL, names[i], &is, &none, NULL), 0);
		assert_int_equal(is, SG_RUN_RUNNING);
		free(expected);
	}
}

static void a_pool_is_recycled_without_being_stopped(void **state)
{
	(void)state;
	lab("P", "Started", NULL);
	assert_int_equal(runner->recycle(NULL, "P", 20000, NULL), 0);
	assert_string_equal(get("SG_TOLD", told, sizeof told), "recycle|apppool|/apppool.name:P\n");
	assert_int_equal(runner->recycle(NULL, "a\"b", 20000, NULL), SG_EINVAL);
	put("SG_TOLD", "w", "");
	assert_int_equal(runner->recycle(NULL, "$=*", 20000, NULL), SG_EINVAL);
	assert_int_equal(runner->stop(NULL, SG_HOOK_POOL, "P*", 20000, NULL), SG_EINVAL);
	assert_string_equal(get("SG_TOLD", told, sizeof told), ""); /* nothing reached it */
}

static void a_pool_that_is_not_there_is_said_to_be_so(void **state)
{
	struct sg_strs none = { 0 };
	struct sg_err err = SG_ERR_INIT;
	enum sg_run_state is;

	(void)state;
	lab("P", "Started", NULL);
	assert_int_equal(runner->look(NULL, SG_HOOK_POOL, "Q", &is, &none, &err), SG_ENOENT);
	assert_non_null(strstr(err.msg, "no application pool Q"));
	assert_int_equal(runner->stop(NULL, SG_HOOK_POOL, "Q", 20000, NULL), SG_ENOENT);
	missing = true;
	sg_err_clear(&err);
	assert_int_equal(runner->look(NULL, SG_HOOK_POOL, "P", &is, &none, &err), SG_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "appcmd.exe is not in"));
	missing = false;
}

static void what_appcmd_says_when_it_fails_is_quoted(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	lab("P", "Started", "fails");
	assert_int_equal(runner->stop(NULL, SG_HOOK_POOL, "P", 20000, &err), SG_EIO);
	assert_non_null(strstr(err.msg, "(status 5): ERROR ( message:Access is denied. )"));
	assert_null(strstr(err.msg, "more"));
}

static void an_appcmd_that_hangs_is_ended(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	ULONGLONG begun = GetTickCount64();

	(void)state;
	lab("P", "Started", "hangs");
	assert_int_equal(runner->stop(NULL, SG_HOOK_POOL, "P", 1500, &err), SG_ETIMEOUT);
	assert_in_range(GetTickCount64() - begun, 1000, 10000);
}

static void an_appcmd_that_talks_much_is_read_to_its_end(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	lab("P", "Started", "chatters");
	if (runner->stop(NULL, SG_HOOK_POOL, "P", 30000, &err))
		fail_msg("%s", err.msg);
}

static void an_appcmd_that_talks_without_end_is_ended(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	ULONGLONG begun = GetTickCount64();

	(void)state;
	lab("P", "Started", "never ends");
	assert_int_equal(runner->stop(NULL, SG_HOOK_POOL, "P", 1500, &err), SG_ETIMEOUT);
	assert_in_range(GetTickCount64() - begun, 1000, 20000);
}

static void a_state_that_nobody_knows_is_quoted(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	lab("P", "whatever", NULL);
	assert_int_equal(runner->stop(NULL, SG_HOOK_POOL, "P", 5000, &err), SG_EPARSE);
	assert_non_null(strstr(err.msg, "'whatever'"));
}

static void a_pool_that_does_not_come_to_rest_is_no_success(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	lab("P", "Started", "stays");
	assert_int_equal(runner->stop(NULL, SG_HOOK_POOL, "P", 1500, &err), SG_ETIMEOUT);
	assert_non_null(strstr(err.msg, "the application pool P is still on its way"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_is_named_by_one_argument_whatever_its_name),
		cmocka_unit_test(a_pool_is_recycled_without_being_stopped),
		cmocka_unit_test(a_pool_that_is_not_there_is_said_to_be_so),
		cmocka_unit_test(what_appcmd_says_when_it_fails_is_quoted),
		cmocka_unit_test(an_appcmd_that_hangs_is_ended),
		cmocka_unit_test(an_appcmd_that_talks_much_is_read_to_its_end),
		cmocka_unit_test(an_appcmd_that_talks_without_end_is_ended),
		cmocka_unit_test(a_state_that_nobody_knows_is_quoted),
		cmocka_unit_test(a_pool_that_does_not_come_to_rest_is_no_success),
	};

	if (!strcmp(argv[0], "appcmd.exe"))
		return be_appcmd(argc, argv);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
