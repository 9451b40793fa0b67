/* test_run.c - what a runner is asked and told, as text; what stops and starts in earnest is in test_live_win.c and test_run_pool_win.c. */
#include "actions/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void w3svc_and_was_are_refused_whatever_asks(void **state)
{
	static const char *const names[] = { "W3SVC", "w3svc", "WAS", "Was" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct sg_err err = SG_ERR_INIT;

		assert_int_equal(sg_run_check(SG_HOOK_SERVICE, names[i], &err), SG_EUNSUPPORTED);
		assert_non_null(strstr(err.msg, "never stopped"));
		assert_int_equal(sg_run_check(SG_HOOK_POOL, names[i], NULL), 0); /* a pool may be called so */
	}
	assert_int_equal(sg_run_check(SG_HOOK_SERVICE, "W3SVC2", NULL), 0);
	assert_int_equal(sg_run_check(SG_HOOK_SERVICE, "MSExchangeUM", NULL), 0);
}

static void a_name_carries_no_command(void **state)
{
	char longest[258];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[257] = 0;
	assert_int_equal(sg_run_check(SG_HOOK_POOL, longest, NULL), SG_EINVAL);
	longest[256] = 0;
	assert_int_equal(sg_run_check(SG_HOOK_POOL, longest, NULL), 0);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, "", NULL), SG_EINVAL);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, "a\" /x:\"b", NULL), SG_EINVAL);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, "a\r\nb", NULL), SG_EINVAL);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, ".NET v4.5 Classic", NULL), 0);
	assert_int_equal(sg_run_check(SG_HOOK_POOL, "Pool\xc3\xa4 (1) 100%", NULL), 0);
}

/* Names that appcmd may read as a filter, another parameter or several pools: none of them may reach it. */
static void a_pools_name_that_appcmd_would_read_as_syntax_is_refused(void **state)
{
	static const struct {
		const char *name, *says;
	} table[] = {
		{ "$=*", "'$'" },
		{ "$<>x", "'$'" },
		{ "$x", "'$'" },
		{ "*", "'*'" },
		{ "MSExchange*", "'*'" },
		{ "a?", "'?'" },
		{ "a,b", "','" },
		{ "a=b", "'='" },
		{ "/state:Started", "'/'" },
		{ "a /xml", "'/'" },
		{ "a:b", "':'" },
		{ "[name='a']", "'['" },
		{ "+[name='a']", "'+'" },
		{ "a;b", "';'" },
		{ "a@b", "'@'" },
		{ "a&b", "'&'" },
		{ "a|b", "'|'" },
		{ "a<b>", "'<'" },
		{ "-", NULL },
		{ "-in", NULL }, /* behind /apppool.name: it begins no parameter */
		{ "a$b", NULL },
		{ "it's {1} #2! ~%PATH%", NULL },
		{ "ends with \\", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct sg_err err = SG_ERR_INIT;
		int r = sg_run_check(SG_HOOK_POOL, table[i].name, &err);

		if (r != (table[i].says ? SG_EINVAL : 0))
			fail_msg("%s: %d %s", table[i].name, r, err.msg);
		if (table[i].says) {
			assert_non_null(strstr(err.msg, table[i].says));
			assert_non_null(strstr(err.msg, "cannot be named to appcmd.exe"));
		}
	}
	assert_int_equal(sg_run_check(SG_HOOK_SERVICE, "MSSQL$EXPRESS", NULL), 0);
}

/* P14 by the back door: the service manager starts what a service needs. */
static void a_service_starts_only_when_all_it_depends_on_runs(void **state)
{
#define RUNS    false, true, false, false
#define GONE    false, false, false, false
#define IDLE    false, false, true, false
#define MISSING false, false, false, true
	static const struct {
		struct sg_run_need needs[3];
		size_t n;
		const char *says; /* NULL: it may start */
	} table[] = {
		{ { { "none is looked at", GONE } }, 0, NULL },
		{ { { "W3SVC", RUNS } }, 1, NULL },
		{ { { "W3SVC", GONE } }, 1, "it depends on W3SVC, which does not run" },
		{ { { "HTTP", RUNS }, { "WAS", GONE } }, 2, "it depends on WAS," },
		{ { { "HTTP", RUNS }, { "TDI", true, true, false, false }, { "RpcSs", RUNS } }, 3, NULL },
		{ { { "HTTP", RUNS }, { "TDI", true, false, false, false } }, 2, "on the group TDI," },
		/* it stopped by itself, after what we stopped was gone */
		{ { { "WinHttpAutoProxySvc", IDLE } }, 1, NULL },
		{ { { "WinHttpAutoProxySvc", IDLE }, { "Dhcp", RUNS } }, 2, NULL },
		{ { { "WinHttpAutoProxySvc", IDLE }, { "Dhcp", GONE } }, 2, "it depends on Dhcp," },
		{ { { "W3SVC", IDLE } }, 1, "it depends on W3SVC," },
		{ { { "Idle", IDLE }, { "was", IDLE } }, 2, "it depends on was," },
		{ { { "Old", MISSING } }, 1, "it depends on Old, which this Windows does not have" },
	};
#undef RUNS
#undef GONE
#undef IDLE
#undef MISSING

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct sg_err err = SG_ERR_INIT;
		int r = sg_run_check_needs("Dependant", table[i].needs, table[i].n, &err);

		assert_int_equal(r, table[i].says ? SG_ESTATE : 0);
		if (!table[i].says)
			continue;
		assert_non_null(strstr(err.msg, table[i].says));
		assert_non_null(strstr(err.msg, table[i].needs[table[i].n - 1].missing
		                                        ? "out of what Dependant depends on"
		                                        : "start that and then Dependant by hand"));
	}
}

static void on_a_drive_nothing_is_needed_and_nothing_waits(void **state)
{
	struct sg_strs needs = { 0 };

	(void)state;
	assert_int_equal(sg_run_offline.needs(NULL, "MSExchangeHMRecovery", &needs, NULL), 0);
	assert_int_equal(needs.n, 0);
}

static void appcmds_word_for_a_state_is_read_and_nothing_else(void **state)
{
	enum sg_run_state is = SG_RUN_OFFLINE;
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_run_parse_pool("Started\r\n", &is, NULL), 0);
	assert_int_equal(is, SG_RUN_RUNNING);
	assert_int_equal(sg_run_parse_pool("Stopped", &is, NULL), 0);
	assert_int_equal(is, SG_RUN_STOPPED);
	assert_int_equal(sg_run_parse_pool("Stopping\r\n\r\n", &is, NULL), 0);
	assert_int_equal(is, SG_RUN_UNKNOWN);
	assert_int_equal(sg_run_parse_pool("", &is, NULL), SG_EPARSE);
	assert_int_equal(sg_run_parse_pool("Started\r\nStopped\r\n", &is, NULL), SG_EPARSE);
	assert_int_equal(sg_run_parse_pool("ERROR ( message:x )\r\n", &is, &err), SG_EPARSE);
	assert_non_null(strstr(err.msg, "'ERROR ( message:x )'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(w3svc_and_was_are_refused_whatever_asks),
		cmocka_unit_test(a_name_carries_no_command),
		cmocka_unit_test(a_pools_name_that_appcmd_would_read_as_syntax_is_refused),
		cmocka_unit_test(a_service_starts_only_when_all_it_depends_on_runs),
		cmocka_unit_test(on_a_drive_nothing_is_needed_and_nothing_waits),
		cmocka_unit_test(appcmds_word_for_a_state_is_read_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
