/* test_engine_hostile.c - a site's owner who means no good: what he writes into his folder costs bounded time, blocks nothing and says nothing in our name. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define ADOPT "<policy><removal equivalent=\"adopt\"/></policy>"

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put_rules(struct lab *lab, const char *rules)
{
	char *text = sg_format("<system.webServer><rewrite><rules>%s</rules></rewrite></system.webServer>"
	                       "</configuration>",
	        rules);

	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", text);
	free(text);
}

/* Patterns that run away, one rule after the other, and tests that meet all of them: the proof says that it cannot tell, and soon. */
static void patterns_that_burn_time_hold_up_nobody(void **state)
{
	struct lab *lab = *state;
	struct sg_buf rules = { 0 }, tests = { 0 };
	char *config;
	double begun;

	for (int i = 0; i < 60; i++)
		sg_buf_fmt(&rules,
		        "<rule name='r%d'><match url='.*'/><conditions><add input='{REQUEST_URI}' "
		        "pattern='^(([a-z/]+)+)+$|%d'/></conditions><action type='None'/></rule>",
		        i, i);
	put_rules(lab, (char *)rules.data);
	sg_buf_str(&tests, "<sg:Test>");
	for (int i = 0; i < 60; i++)
		sg_buf_fmt(&tests, "<sg:Serve uri=\"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!%d\"/>", i);
	sg_buf_str(&tests, "</sg:Test>");
	config = lab_config("M1", "1", "/", "yes", LAB_ATTACK, (char *)tests.data);
	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, config);
	begun = cpu_seconds();
	lab_run(lab);
	assert_true(cpu_seconds() - begun <
	            20); /* sanitized and shared machines are slow; unbounded it is minutes */
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "effective"), "unknown");
	free(config);
	sg_buf_release(&tests);
	sg_buf_release(&rules);
}

/* What stands in the place of a web.config is not opened, waited for or followed. */
static void what_is_no_file_is_refused_and_named(void **state)
{
	struct lab *lab = *state;
	char *path = t_drive_native(lab->drive, T_WWWROOT);

	lab_configure(lab, NULL, NULL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/refused");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), "no regular file"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	sg_engine_touched(lab->engine, NULL);
	lab->now += 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/refused");
	assert_non_null(strstr(lab_field(lab, "M1", "text"), "links inside a drive are not followed"));
	assert_int_equal(unlink(path), 0);
	free(path);
}

/* In force by others as long as it is; what he disables is missed when it is, and ours goes in. */
static void a_rule_like_ours_that_is_disabled_later_counts_no_more(void **state)
{
	struct lab *lab = *state;

	put_rules(lab,
	        "<rule name='EEMS M1.1 imitation' enabled='true' stopProcessing='true'><match url='.*'/>"
	        "<conditions><add input='{UrlDecode:{REQUEST_URI}}' pattern='" LAB_ATTACK
	        "'/></conditions><action type='AbortRequest'/></rule>");
	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/others");
	t_drive_replace(lab->drive, T_WWWROOT, "enabled='true'", "enabled='false'");
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

/* An adopted rule is given back with the octets that he wrote, whatever they are. */
static void an_adopted_rule_may_be_large_and_odd(void **state)
{
	struct lab *lab = *state;
	struct sg_buf rule = { 0 };

	sg_buf_str(&rule, "<rule   name='odd&#10;one&#x9b;31m'\tstopProcessing='true'><!-- ");
	for (int i = 0; i < 6000; i++)
		sg_buf_str(&rule, "octets ");
	sg_buf_str(&rule, "--><match url='.*'></match><conditions><add input='{UrlDecode:{REQUEST_URI}}' "
	                  "pattern='" LAB_ATTACK "'/></conditions><action type='AbortRequest'/></rule  >");
	put_rules(lab, (char *)rule.data);
	t_snapshot_free(lab->before);
	lab->before = t_drive_snapshot(lab->drive);
	lab_configure(lab, NULL, ADOPT);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "octets octets"));
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
	sg_buf_release(&rule);
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(patterns_that_burn_time_hold_up_nobody),
		T(what_is_no_file_is_refused_and_named),
		T(a_rule_like_ours_that_is_disabled_later_counts_no_more),
		T(an_adopted_rule_may_be_large_and_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
