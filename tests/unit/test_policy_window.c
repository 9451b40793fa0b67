/* test_policy_window.c - windows: what they are, when they are open, and whom they bind. The server's local time is UTC here. */
#include "base/clock.h"
#include "model/window.h"
#include "tests/lib/policy_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void a_window_is_open_from_its_first_to_before_its_last_minute(void **state)
{
	int64_t opens = -1;

	(void)state;
	assert_false(sg_policy_window("09:00-17:30", T0 + 9 * SG_HOUR - 1, false, &opens));
	assert_int_equal(opens, T0 + 9 * SG_HOUR);
	assert_true(sg_policy_window("09:00-17:30", T0 + 9 * SG_HOUR, false, &opens));
	assert_int_equal(opens, 0);
	assert_true(sg_policy_window("09:00-17:30", T0 + 17 * SG_HOUR + 30 * SG_MINUTE - 1, false, &opens));
	assert_false(sg_policy_window("09:00-17:30", T0 + 17 * SG_HOUR + 30 * SG_MINUTE, false, &opens));
	assert_int_equal(opens, T0 + SG_DAY + 9 * SG_HOUR);
}

static void a_window_may_go_over_midnight(void **state)
{
	static const struct {
		int64_t at;
		bool open;
		int64_t next;
	} times[] = {
		{ T0 + 21 * SG_HOUR + 59 * SG_MINUTE + 59999, false, T0 + 22 * SG_HOUR },
		{ T0 + 22 * SG_HOUR, true, 0 },
		{ T0 + 23 * SG_HOUR + 59 * SG_MINUTE, true, 0 },
		{ T0 + SG_DAY, true, 0 },
		{ T0 + SG_DAY + 5 * SG_HOUR - 1, true, 0 },
		{ T0 + SG_DAY + 5 * SG_HOUR, false, T0 + SG_DAY + 22 * SG_HOUR },
		{ T0 + 12 * SG_HOUR + 30 * SG_MINUTE + 1234, false, T0 + 22 * SG_HOUR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		int64_t next = -1;

		if (sg_policy_window("22:00-05:00", times[i].at, false, &next) != times[i].open ||
		        next != times[i].next)
			fail_msg("at %lld: next %lld", (long long)times[i].at, (long long)next);
	}
}

static void several_windows_are_open_when_one_of_them_is(void **state)
{
	static const char text[] = "22:00-05:00 or 12:00-12:30 or maintenance";
	int64_t opens = -1;

	(void)state;
	assert_true(sg_policy_window(text, T0 + 12 * SG_HOUR + 10 * SG_MINUTE, false, &opens));
	assert_true(sg_policy_window(text, T0 + 23 * SG_HOUR, false, &opens));
	assert_false(sg_policy_window(text, T0 + 6 * SG_HOUR, false, &opens));
	assert_int_equal(opens, T0 + 12 * SG_HOUR);
	assert_false(sg_policy_window(text, T0 + 13 * SG_HOUR, false, &opens));
	assert_int_equal(opens, T0 + 22 * SG_HOUR);
	assert_true(sg_policy_window(text, T0 + 13 * SG_HOUR, true, &opens));
	assert_int_equal(opens, 0);
}

static void maintenance_alone_opens_at_no_known_time(void **state)
{
	int64_t opens = -1;

	(void)state;
	assert_false(sg_policy_window("maintenance", T0, false, &opens));
	assert_int_equal(opens, 0);
	assert_true(sg_policy_window("maintenance", T0, true, &opens));
	assert_true(sg_policy_window("22:00-05:00", T0, false, &opens));
	assert_false(
	        sg_policy_window("22:00-05:00", T0 + 12 * SG_HOUR, true, &opens)); /* not said, not meant */
}

static void a_window_is_times_of_day_and_maintenance_and_nothing_else(void **state)
{
	static const char *const wrong[] = { "", "night", "22:00-05:00,06:00-07:00", "22:00-05:00 or",
		"22:00-05:00 or ", " or 22:00-05:00", "maintenance or day", "Maintenance", "22:00-22:00",
		("01:00-02:00 or 01:00-02:00 or 01:00-02:00 or 01:00-02:00 or 01:00-02:00 or 01:00-02:00 or "
		 "01:00-02:00 or 01:00-02:00 or 01:00-02:00") };

	(void)state;
	assert_int_equal(sg_window_check("maintenance or 22:00-05:00", NULL), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (sg_window_check(wrong[i], NULL) != SG_EPARSE)
			fail_msg("'%s' is taken for a window", wrong[i]);
}

static void no_window_is_always_open(void **state)
{
	int64_t opens = -1;

	(void)state;
	assert_true(sg_policy_window(NULL, T0, false, &opens));
	assert_int_equal(opens, 0);
}

/* What one body waits for under a policy at noon, which is in no window. */
static enum sg_reason waits_for(
        const char *policy, const char *severity, const char *type, bool maintenance, int64_t *ret_next)
{
	struct sg_conf *conf = conf_of("enforce", policy);
	struct sg_mitigation *m = body_of("EXK-1", severity, type);
	struct sg_row *row = sg_row_new("corp", "EXK-1");
	struct sg_go_in in = {
		.conf = conf, .m = m, .row = row, .maintenance = maintenance, .now = T0 + 12 * SG_HOUR
	};
	struct sg_go go;

	row->offered = m->hash;
	sg_policy_go(&in, &go);
	sg_row_free(row);
	sg_mitigation_free(m);
	sg_conf_free(conf);
	*ret_next = go.next;
	return go.why;
}

static enum sg_reason at_noon(const char *policy, const char *severity, const char *type, bool maintenance)
{
	int64_t next;

	return waits_for(policy, severity, type, maintenance, &next);
}

static void a_body_waits_for_its_window_and_says_when_it_opens(void **state)
{
	int64_t next = 0;

	(void)state;
	assert_int_equal(waits_for("<policy><when do=\"apply\" window=\"22:00-05:00\"/></policy>", "high",
	                         "UrlRewrite", false, &next),
	        SG_WHY_WINDOW);
	assert_int_equal(next, T0 + 22 * SG_HOUR);
	assert_int_equal(at_noon("<policy><when do=\"apply\" window=\"11:00-13:00\"/></policy>", "high",
	                         "UrlRewrite", false),
	        SG_WHY_NONE);
}

static void the_general_window_binds_what_stops_something_and_nothing_else(void **state)
{
	static const char policy[] = "<policy window=\"22:00-05:00\"/>";

	(void)state;
	assert_int_equal(at_noon(policy, "low", "UrlRewrite", false), SG_WHY_NONE);
	assert_int_equal(at_noon(policy, "critical", "UrlRewrite", false), SG_WHY_NONE);
	assert_int_equal(at_noon(policy, "low", "AppPool", false), SG_WHY_WINDOW);
	assert_int_equal(at_noon(policy, "critical", "AppPool", false), SG_WHY_WINDOW);
}

static void a_critical_rewrite_rule_ignores_windows_unless_it_is_named(void **state)
{
#define NIGHT " do=\"apply\" window=\"22:00-05:00\"/></policy>"
	static const char all[] = "<policy><when" NIGHT;

	(void)state;
	assert_int_equal(at_noon(all, "critical", "UrlRewrite", false), SG_WHY_NONE);
	assert_int_equal(at_noon(all, "high", "UrlRewrite", false), SG_WHY_WINDOW);
	assert_int_equal(at_noon(all, "critical", "AppPool", false), SG_WHY_WINDOW);
	assert_int_equal(
	        at_noon("<policy ring=\"a\"><when ring=\"a\"" NIGHT, "critical", "UrlRewrite", false),
	        SG_WHY_NONE);
	assert_int_equal(at_noon("<policy><when kind=\"url_rewrite\"" NIGHT, "critical", "UrlRewrite", false),
	        SG_WHY_WINDOW);
	assert_int_equal(
	        at_noon("<policy><when id=\"EXK-*\"" NIGHT, "critical", "UrlRewrite", false), SG_WHY_WINDOW);
	assert_int_equal(
	        at_noon("<policy><when min-severity=\"critical\"" NIGHT, "critical", "UrlRewrite", false),
	        SG_WHY_WINDOW);
	assert_int_equal(
	        at_noon("<policy><when feed=\"corp\"" NIGHT, "critical", "UrlRewrite", false), SG_WHY_WINDOW);
}

static void maintenance_is_a_window(void **state)
{
	static const char policy[] = "<policy window=\"22:00-05:00 or maintenance\"/>";

	(void)state;
	assert_int_equal(at_noon(policy, "high", "AppPool", false), SG_WHY_WINDOW);
	assert_int_equal(at_noon(policy, "high", "AppPool", true), SG_WHY_NONE);
	assert_int_equal(at_noon("<policy window=\"22:00-05:00\"/>", "high", "AppPool", true), SG_WHY_WINDOW);
}

static void removals_have_their_own_window_or_the_general_one(void **state)
{
	static const struct {
		const char *policy, *window;
	} table[] = {
		{ "", NULL },
		{ "<policy window=\"01:00-02:00\"/>", "01:00-02:00" },
		{ "<policy window=\"01:00-02:00\"><removal window=\"maintenance\"/></policy>",
		        "maintenance" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct sg_conf *conf = conf_of("enforce", table[i].policy);
		const char *window = sg_policy_removal_window(conf);

		assert_true(sg_same(window, table[i].window));
		sg_conf_free(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_is_open_from_its_first_to_before_its_last_minute),
		cmocka_unit_test(a_window_may_go_over_midnight),
		cmocka_unit_test(several_windows_are_open_when_one_of_them_is),
		cmocka_unit_test(maintenance_alone_opens_at_no_known_time),
		cmocka_unit_test(a_window_is_times_of_day_and_maintenance_and_nothing_else),
		cmocka_unit_test(no_window_is_always_open),
		cmocka_unit_test(a_body_waits_for_its_window_and_says_when_it_opens),
		cmocka_unit_test(the_general_window_binds_what_stops_something_and_nothing_else),
		cmocka_unit_test(a_critical_rewrite_rule_ignores_windows_unless_it_is_named),
		cmocka_unit_test(maintenance_is_a_window),
		cmocka_unit_test(removals_have_their_own_window_or_the_general_one),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
