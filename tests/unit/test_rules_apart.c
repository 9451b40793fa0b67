/* test_rules_apart.c - strangers' rules read and run by workers: the same answers as in this process; workers that are killed, hang or lie; what it costs. */
#include "actions/rules_apart.h"

#include "actions/apart.h"
#include "actions/rules_parts.h"
#include "base/os.h"
#include "tests/lib/prove_lab.h"
#include "tests/lib/rules_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- asking */

/* All that a proof and a look for equal rules say. */
static char *all_said(struct t_ur *f, const char *config)
{
	struct sg_others o = { 0 };
	struct sg_buf text = { 0 };
	int r;

	t_ur_prove(f, config);
	sg_buf_fmt(&text, "%d %s\n", f->proof.effective, f->proof.text ? f->proof.text : "");
	for (size_t i = 0; i < f->proof.n; i++)
		sg_buf_fmt(&text, "%d %d %s\n", f->proof.at[i].passed, f->proof.at[i].warning,
		        f->proof.at[i].text);
	r = t_rules_others(f, config, &o);
	sg_buf_fmt(&text, "others %d %d\n", r, o.all);
	for (size_t i = 0; i < o.n; i++)
		sg_buf_fmt(&text, "%s %s %s\n", o.at[i].addr.container, o.at[i].addr.path, o.at[i].text);
	sg_others_release(&o);
	return sg_buf_detach(&text);
}

/* --- servers whose owners wrote this and that */

static void nothing(struct t_ur *f)
{
	(void)f;
}

static void ours(struct t_ur *f)
{
	t_ur_apply(f, POWERSHELL, NULL);
	t_ur_apply(f, CSP, NULL);
	t_ur_apply(f, GLOBAL, NULL);
}

static void ours_and_a_clear(struct t_ur *f)
{
	ours(f);
	t_drive_replace(f->dir, T_ECP, "<modules>", SECTION("<clear/>") "<modules>");
}

static void ours_behind_one_that_stops(struct t_ur *f)
{
	ours(f);
	t_drive_replace(f->dir, T_APPHOST, "<validation />", SECTION(STOP_ALL) "<validation />");
}

static void the_module_is_gone(struct t_ur *f)
{
	ours(f);
	t_drive_replace(f->dir, T_ECP, "<modules>", "<modules><remove name=\"RewriteModule\"/>");
}

static void theirs(struct t_ur *f)
{
	t_rules_put(f, T_WWWROOT, SECTION(THEIRS("EEMS M1.1 x", ABORTS) THEIRS("y", ABORTS)));
}

static void theirs_removed_and_met_again(struct t_ur *f)
{
	t_rules_put(f, T_APPHOST, SECTION(THEIRS("x", ABORTS)));
	t_rules_put(f, T_WWWROOT, SECTION("<remove name=\"X\"/>" THEIRS("x", ABORTS)));
}

static void a_section_that_iis_refuses(struct t_ur *f)
{
	t_rules_put(
	        f, T_WWWROOT, SECTION("<rule name=\"x\"><match url=\"*\"/><action type=\"None\"/></rule>"));
}

static void a_name_met_twice(struct t_ur *f)
{
	t_rules_put(f, T_APPHOST, SECTION(THEIRS("x", ABORTS)));
	t_rules_put(f, T_WWWROOT, SECTION(THEIRS("x", ABORTS)));
}

static void a_pattern_that_runs_away(struct t_ur *f)
{
	t_rules_put(f, T_WWWROOT, SECTION(MATCHES("slow", "^(([^!]+)+)+[!#]$")));
}

static void rewrite_maps(struct t_ur *f)
{
	t_rules_put(f, T_WWWROOT,
	        "<rewrite><rewriteMaps><rewriteMap name=\"m\" defaultValue=\"0\"><add key=\"/owa/\" "
	        "value=\"1\"/></rewriteMap></rewriteMaps><rules><rule name=\"map\"><match url=\".*\"/>"
	        "<conditions><add input=\"{m:{REQUEST_URI}}\" pattern=\"1\"/></conditions><action "
	        "type=\"Redirect\" url=\"/&#9;&#x202e;elsewhere&#xe4;\"/></rule></rules></rewrite>");
}

static void (*const servers[])(struct t_ur *) = { nothing, ours, ours_and_a_clear, ours_behind_one_that_stops,
	the_module_is_gone, theirs, theirs_removed_and_met_again, a_section_that_iis_refuses,
	a_name_met_twice, a_pattern_that_runs_away, rewrite_maps };
enum { SERVERS = sizeof servers / sizeof *servers, CONFIGS = 3 };
static const char *const configs[CONFIGS] = { POWERSHELL, CSP, GLOBAL };

static char *said_here[SERVERS][CONFIGS];

/* Drives have names of their own, but those are in no text: all of them are C:. */
static void say_all(char *into[SERVERS][CONFIGS])
{
	for (size_t s = 0; s < SERVERS; s++) {
		void *state = NULL;

		t_ur_setup(&state);
		servers[s](state);
		for (size_t c = 0; c < CONFIGS; c++)
			into[s][c] = all_said(state, configs[c]);
		t_ur_teardown(&state);
	}
}

static int set_up_once(void **state)
{
	(void)state;
	say_all(said_here);
	sg_actions_apart();
	return 0;
}

static int tear_down_once(void **state)
{
	(void)state;
	for (size_t s = 0; s < SERVERS; s++)
		for (size_t c = 0; c < CONFIGS; c++)
			free(said_here[s][c]);
	return 0;
}

/* --- workers that do what hostile octets tell them; and one in this process, which counts */

static size_t asked; /* how often, in this process */
static volatile uint64_t spun;

static int suffer(struct sg_bytes request, struct sg_buf *ret)
{
	if (t_rules_hold(request, "CRASH-THE-WORKER"))
		__builtin_trap();
	if (t_rules_hold(request, "ASK-THE-SYSTEM"))
		fclose(fopen("/", "r"));
	do
		spun++;
	while (t_rules_hold(request, "SPIN-THE-WORKER"));
	return sg_rules_job(request, ret);
}

static int count(struct sg_bytes request, struct sg_buf *ret)
{
	asked++;
	return sg_rules_job(request, ret);
}

static const struct sg_worker_job jobs[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = sg_cfg_job },
	{ .name = SG_JOB_RULES, .prepare = sg_rules_job_prepare, .run = suffer },
	{ 0 },
};
static const struct sg_worker_job here[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = sg_cfg_job },
	{ .name = SG_JOB_RULES, .run = count },
	{ 0 },
};
static const struct sg_worker_job none[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = sg_cfg_job },
	{ 0 },
};

static int set_up(void **state)
{
	sg_worker_begin(0, NULL, jobs);
	sg_rules_forget();
	asked = 0;
	return t_ur_setup(state);
}

/* --- the tests */

static void workers_say_what_this_process_would_have_said(void **state)
{
	static char *apart[SERVERS][CONFIGS];

	(void)state;
	say_all(apart);
	for (size_t s = 0; s < SERVERS; s++)
		for (size_t c = 0; c < CONFIGS; c++) {
			assert_string_equal(said_here[s][c], apart[s][c]);
			free(apart[s][c]);
		}
	/* and they are answers */
	assert_non_null(strstr(said_here[1][0], "refused by rule 'stopgap T-1 PowerShell'"));
	assert_non_null(strstr(said_here[1][1], "becomes \"default-src"));
	assert_non_null(strstr(said_here[5][0], "others 0 1\n"));
	assert_non_null(strstr(said_here[6][0], "x'] C:\\inetpub\\wwwroot\\web.config:"));
	assert_non_null(strstr(said_here[7][0], "not known: C:\\inetpub\\wwwroot\\web.config:"));
	assert_non_null(strstr(said_here[8][0], "not known: C:\\inetpub\\wwwroot\\web.config:"));
	assert_non_null(strstr(said_here[9][0], "ran away on a text of"));
	assert_non_null(strstr(said_here[10][0], "redirected by rule 'map' to "));
}

/* What a stranger's patterns cost is bounded over the whole proof; the next question is answered. */
static void a_pattern_that_runs_away_is_not_known(void **state)
{
	enum { REQUESTS = 60 };
	struct t_ur *f = *state;
	struct sg_clock before = { 0 }, after = { 0 };
	struct sg_buf tests = { 0 };
	char *config;

	t_rules_put(f, T_WWWROOT, SECTION(MATCHES("slow", "^(([^!]+)+)+[!#]$")));
	for (int i = 0; i < REQUESTS; i++)
		sg_buf_fmt(&tests, "<sg:Refuse uri=\"/owa/something-that-is-long-enough/%d\"/>", i);
	config = sg_format(CONFIG("T-1", "<sg:Test>%s</sg:Test>" ACTIONS(ACTION(
	                                         "Site", SITE_ROOT RULES(RULE("stopgap T-1 a", "x"))))),
	        (const char *)tests.data);
	sg_os_clock(&before);
	assert_int_equal(t_ur_prove(f, config), SG_EFFECTIVE_UNKNOWN);
	sg_os_clock(&after);
	t_ur_proof_says(f, "not known: rule 'slow' depends on the pattern ");
	assert_non_null(strstr(f->proof.at[0].text, "ran away on a text of"));
	assert_non_null(strstr(f->proof.at[REQUESTS - 1].text, "take too long in all"));
	print_message("%d requests and a pattern that runs away: %lld ms\n", REQUESTS,
	        (long long)(after.mono - before.mono));
	assert_true(after.mono - before.mono < SG_ACTION_WORKER_MS / 2);
	t_drive_replace(f->dir, T_WWWROOT, "[!#]$", "");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_NO);
	assert_true(t_prove_has_line(f, "refused by rule 'slow' (connection aborted), and should be served"));
	sg_buf_release(&tests);
	free(config);
}

static void without_a_worker(struct t_ur *f, const char *says)
{
	struct sg_others o = { 0 };

	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
	t_ur_proof_says(f, says);
	for (size_t i = 0; i < 3; i++)
		assert_false(f->proof.at[i].passed);
	assert_int_equal(t_rules_others(f, POWERSHELL, &o), SG_EIO);
	if (!strstr(f->err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", f->err.msg, says);
	assert_int_equal(o.n, 0);
	assert_false(o.all);
}

static void sections_that_kill_their_worker_are_not_known(void **state)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
		{ "CRASH-THE-WORKER", "not known: the rules: the worker for 'rules' died of " },
		{ "ASK-THE-SYSTEM", "not known: the rules: the worker for 'rules' was killed by signal" },
	};
	struct t_ur *f = *state;

	t_ur_apply(f, POWERSHELL, NULL);
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sg_buf was = { 0 };

		t_drive_read(f->dir, T_WWWROOT, &was);
		t_drive_replace(f->dir, T_WWWROOT, "<rules>", "<rules><!-- CRASH-THE-WORKER -->");
		if (i)
			t_drive_replace(f->dir, T_WWWROOT, "CRASH-THE-WORKER", cases[i].name);
		assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
		t_ur_proof_says(f, cases[i].says);
		t_drive_write(f->dir, T_WWWROOT, sg_buf_bytes(&was));
		sg_buf_release(&was);
		sg_rules_forget(); /* else its owner waits a minute */
		assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	}
}

/* What holds one proof up for long is not asked again at once, and as long as its owner goes on, what he writes next is asked about alone and for less. */
static void a_worker_that_hangs_is_ended(void **state)
{
	struct t_ur *f = *state;
	struct sg_clock at[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
	struct sg_buf was = { 0 };

	t_drive_read(f->dir, T_WWWROOT, &was);
	t_rules_put(f, T_WWWROOT, SECTION("<!-- SPIN-THE-WORKER -->"));
	sg_os_clock(&at[0]);
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
	sg_os_clock(&at[1]);
	t_ur_proof_says(f, "not known: the rules: the worker for 'rules' ");
	t_ur_proof_says(f, "(with " T_WWWROOT ")");
	assert_in_range(at[1].mono - at[0].mono, SG_ACTION_WORKER_MS / 2, SG_ACTION_WORKER_MS + 6000);
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
	t_ur_proof_says(f, "not known: the rules: the worker for 'rules' ");
	sg_os_clock(&at[2]);
	assert_in_range(at[2].mono - at[1].mono, 0, 500);
	t_drive_replace(f->dir, T_WWWROOT, "SPIN", "and SPIN");
	t_drive_replace(f->dir, T_WWWROOT, "and SPIN-THE-WORKER", "SPIN-THE-WORKER again");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
	sg_os_clock(&at[3]);
	assert_in_range(at[3].mono - at[2].mono, SG_ACTION_WORKER_MS / 20, SG_ACTION_WORKER_MS / 2);
	t_drive_write(f->dir, T_WWWROOT, sg_buf_bytes(&was));
	sg_buf_release(&was);
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_NO);
}

static void without_a_worker_nothing_is_run_here(void **state)
{
	struct t_ur *f = *state;

	t_rules_put(f, T_WWWROOT, SECTION(THEIRS("x", ABORTS)));
	sg_worker_in_process(none);
	without_a_worker(f, "this program has no worker for 'rules'");
	sg_worker_in_process(here);
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	assert_true(t_prove_has_line(f, "refused by rule 'x'"));
}

#define MANY 240

static char *one_of_many(unsigned i)
{
	return sg_format(
	        CONFIG("T-%u",
	                "<sg:Test><sg:Refuse uri=\"/ecp/%u\"/><sg:Serve uri=\"/owa/\"/></sg:Test>" ACTIONS(
	                        ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-%u a", "x%u"))))),
	        i, i, i, i);
}

static int64_t a_round(struct t_ur *f)
{
	struct sg_clock before = { 0 }, after = { 0 };

	sg_os_clock(&before);
	for (unsigned i = 0; i < MANY; i++) {
		char *config = one_of_many(i);
		struct sg_proof proof = { 0 };
		struct sg_mitigation *m = t_ur_decode(config);

		assert_int_equal(sg_actions_prove(m, f->host, &f->drives, &proof, &f->err), 0);
		sg_proof_release(&proof);
		sg_mitigation_free(m);
		free(config);
	}
	sg_os_clock(&after);
	return after.mono - before.mono;
}

static void a_proof_asks_once_and_an_unchanged_server_never_again(void **state)
{
	struct t_ur *f = *state;
	struct sg_others o = { 0 };

	sg_worker_in_process(here);
	t_ur_apply(f, POWERSHELL, NULL);
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	assert_int_equal(asked, 1); /* three requests */
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	assert_int_equal(asked, 1);
	assert_int_equal(t_rules_others(f, POWERSHELL, &o), 0);
	assert_true(o.all);
	sg_others_release(&o);
	assert_int_equal(asked, 2);
	assert_int_equal(t_rules_others(f, POWERSHELL, &o), 0);
	sg_others_release(&o);
	assert_int_equal(asked, 2);
	/* a file that holds no rules */
	t_drive_replace(f->dir, T_ECP, "<modules>", "\r\n\r\n<modules>");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	assert_int_equal(asked, 2);
	t_drive_replace(f->dir, T_ECP, "<modules>", SECTION("<clear/>") "<modules>");
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_NO);
	assert_int_equal(asked, 3);
	asked = 0;
	a_round(f);
	assert_int_equal(asked, MANY);
	a_round(f);
	assert_int_equal(asked, MANY);
}

static void where_nobody_has_rules_nobody_is_asked_about_equal_ones(void **state)
{
	struct t_ur *f = *state;
	struct sg_others o = { 0 };

	sg_worker_in_process(here);
	assert_int_equal(t_rules_others(f, POWERSHELL, &o), 0);
	assert_false(o.all);
	assert_int_equal(asked, 0);
}

static void what_a_proof_costs(void **state)
{
	struct t_ur *f = *state;
	int64_t in_process, cold, warm;

	t_ur_apply(f, POWERSHELL, NULL);
	t_ur_use(f, POWERSHELL);
	sg_worker_in_process(here);
	in_process = a_round(f);
	sg_worker_begin(0, NULL, jobs);
	sg_rules_forget();
	cold = a_round(f);
	warm = a_round(f);
	print_message("%d proofs: %.2f ms each asked in this process, %.2f ms by a worker, %.2f ms "
	              "remembered\n",
	        MANY, (double)in_process / MANY, (double)cold / MANY, (double)warm / MANY);
	assert_true(warm < cold);
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(workers_say_what_this_process_would_have_said),
		T(a_pattern_that_runs_away_is_not_known),
		T(sections_that_kill_their_worker_are_not_known),
		T(a_worker_that_hangs_is_ended),
		T(without_a_worker_nothing_is_run_here),
		T(a_proof_asks_once_and_an_unchanged_server_never_again),
		T(where_nobody_has_rules_nobody_is_asked_about_equal_ones),
		T(what_a_proof_costs),
	};

	sg_worker_begin(argc, argv, jobs);
	return cmocka_run_group_tests(tests, set_up_once, tear_down_once);
}
