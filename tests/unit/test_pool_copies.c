/* test_pool_copies.c - the copies that IIS makes of applicationHost.config: which are old, and what becomes of pools that it forgot. IIS is a fake's. */
#include "actions/pool_copies.h"
#include "actions/run.h"
#include "tests/lib/live_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FOLDER     "C:\\inetpub\\temp\\appPools"
#define COPY(pool) FOLDER "\\" pool "\\" pool ".config"
#define OAB        "MSExchangeOABAppPool"
#define AUTO                                                                                                 \
	"<Action type=\"AppPool\" scope=\"Server\"><sg:AppPool name=\"" OAB                                  \
	"\" autoStart=\"false\"/></Action>"
#define SYSTEM "C:\\Windows\\System32\\config\\SYSTEM"

static void write_copy(const char *dir, const char *win, const char *text)
{
	t_drive_write(dir, win, sg_bytes_of(text));
}

/* --- which are old */

static void a_copy_that_nobody_wrote_since_is_old(void **state)
{
	struct sg_pool_copies before = { 0 }, now = { 0 };
	char *dir = t_drive_make();
	struct sg_drives drives = { 0 };
	struct sg_strs stale = { 0 };

	(void)state;
	t_drive_drives(dir, &drives);
	sg_pool_copies_read(&drives, &before);
	assert_int_equal(before.n, 0); /* no folder */
	write_copy(dir, COPY("A"), "1");
	write_copy(dir, COPY("B b"), "1");
	write_copy(dir, COPY("C"), "1");
	write_copy(dir, FOLDER "\\D\\other.config", "1");
	sg_pool_copies_read(&drives, &before);
	assert_int_equal(before.n, 3);
	sg_pool_copies_read(&drives, &now);
	sg_pool_copies_stale(&before, &now, &stale);
	assert_int_equal(stale.n, 3);
	sg_strs_release(&stale);
	write_copy(dir, COPY("A"), "2"); /* a new file of the same size */
	t_drive_remove(dir, COPY("C"));
	sg_pool_copies_read(&drives, &now);
	sg_pool_copies_stale(&before, &now, &stale);
	assert_int_equal(stale.n, 1);
	assert_string_equal(stale.at[0], "B b");
	sg_strs_release(&stale);
	sg_pool_copies_release(&before);
	sg_pool_copies_release(&now);
	sg_drives_release(&drives);
	t_drive_free(dir);
}

static void the_folder_is_where_the_activation_service_keeps_it(void **state)
{
	struct sg_pool_copies copies = { 0 };
	char *dir = t_drive_make();
	struct sg_drives drives = { 0 };
	struct t_hive *h = t_hive_open(dir, SYSTEM);

	(void)state;
	t_drive_drives(dir, &drives);
	t_hive_text(
	        h, "ControlSet001\\Services\\WAS\\Parameters", "ConfigIsolationPath", "C:\\elsewhere\\pools");
	t_hive_save(dir, SYSTEM, h, NULL);
	t_hive_free(h);
	write_copy(dir, COPY("A"), "1");
	write_copy(dir, "C:\\elsewhere\\pools\\B\\B.config", "1");
	sg_pool_copies_read(&drives, &copies);
	assert_int_equal(copies.n, 1);
	assert_string_equal(copies.at[0].pool, "B");
	sg_pool_copies_release(&copies);
	sg_drives_release(&drives);
	t_drive_free(dir);
}

/* --- what becomes of them */

static struct live *lab;
static struct sg_runner fake;
static char recycled[256];
static bool renews, recycle_fails;

static int recycle(void *arg, const char *pool, int64_t timeout_ms, struct sg_err *err)
{
	(void)arg, (void)timeout_ms;
	strcat(recycled, pool);
	strcat(recycled, "; ");
	return recycle_fails ? sg_fail(err, SG_EIO, "it says no") : 0;
}

/* Whoever asks about IIS comes after the write: then it renews what it keeps. */
static int look(void *arg, enum sg_hook_kind kind, const char *name, enum sg_run_state *ret,
        struct sg_strs *ret_dependants, struct sg_err *err)
{
	if (renews && !strcmp(name, "WAS")) {
		write_copy(lab->lab.drive, COPY(T_ECP_POOL), "new");
		write_copy(lab->lab.drive, COPY(OAB), "new");
	}
	return fake.look(arg, kind, name, ret, ret_dependants, err);
}

static int set_up(void **state)
{
	int r = live_set_up(state);

	lab = *state;
	fake = lab->runner;
	lab->runner.look = look;
	lab->runner.recycle = recycle;
	lab->runner.renew_ms = 600;
	fake_runner_add(lab->fake, SG_HOOK_SERVICE, "WAS", true, NULL);
	fake_runner_add(lab->fake, SG_HOOK_POOL, OAB, false, NULL);
	write_copy(lab->lab.drive, COPY(T_ECP_POOL), "old");
	write_copy(lab->lab.drive, COPY(OAB), "old");
	recycled[0] = 0;
	renews = recycle_fails = false;
	return r;
}

/* The newest event 4052 says so, and there are that many. */
static void said(struct live *l, size_t times, const char *words)
{
	char *text = NULL;

	assert_int_equal(lab_said(&l->lab, "copy-stale", &text), times);
	assert_non_null(text);
	if (!strstr(text, T_ECP_POOL) || !strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\" of " T_ECP_POOL, text, words);
	free(text);
}

static void pools_that_iis_forgot_are_recycled_and_it_is_said(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", AUTO));
	live_is(l, "A", "applied/applied");
	assert_string_equal(recycled, T_ECP_POOL "; "); /* the other does not run */
	said(l, 1, "it was recycled");
	recycled[0] = 0;
	recycle_fails = true;
	live_out(l, "A");
	live_is(l, "A", "reverted/by-admin");
	assert_string_equal(recycled, T_ECP_POOL "; ");
	said(l, 2, "could not be recycled: it says no");
}

static void pools_that_iis_renewed_are_left_alone(void **state)
{
	struct live *l = *state;

	renews = true;
	live_offer(l, 1, T_CONFIG("A", AUTO));
	live_is(l, "A", "applied/applied");
	live_out(l, "A");
	assert_string_equal(recycled, "");
	assert_int_equal(lab_said(&l->lab, "copy-stale", NULL), 0);
}

static void without_iis_at_work_nobody_waits(void **state)
{
	struct live *l = *state;

	l->runner.renew_ms = 60000;
	fake_runner_set(l->fake, "WAS", false);
	live_offer(l, 1, T_CONFIG("A", AUTO));
	live_is(l, "A", "applied/applied");
	assert_string_equal(recycled, "");
}

static void an_edit_elsewhere_concerns_no_copy(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_RULE("A")) T_CONFIG("B", T_SERVICE(T_OFF(T_UM), "")));
	live_is(l, "A", "applied/applied");
	live_is(l, "B", "applied/applied");
	assert_string_equal(recycled, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_that_nobody_wrote_since_is_old),
		cmocka_unit_test(the_folder_is_where_the_activation_service_keeps_it),
		cmocka_unit_test_setup_teardown(
		        pools_that_iis_forgot_are_recycled_and_it_is_said, set_up, live_tear_down),
		cmocka_unit_test_setup_teardown(
		        pools_that_iis_renewed_are_left_alone, set_up, live_tear_down),
		cmocka_unit_test_setup_teardown(without_iis_at_work_nobody_waits, set_up, live_tear_down),
		cmocka_unit_test_setup_teardown(an_edit_elsewhere_concerns_no_copy, set_up, live_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
