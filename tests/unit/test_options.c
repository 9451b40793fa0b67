/* test_options.c - the command line of stopgapd: what goes together, and what is said of the rest. */
#include "daemon/options.h"

#include "base/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Up to seven arguments behind the program's name. */
static int read_options(const char *const *given, struct sg_options *ret, struct sg_err *err)
{
	char *argv[9] = { sg_strdup("stopgapd") };
	int argc = 1, r;

	while (given[argc - 1]) {
		argv[argc] = sg_strdup(given[argc - 1]);
		argc++;
	}
	sg_err_clear(err);
	r = sg_options_read(argc, argv, ret, err);
	if (r == 0) { /* what it borrows goes with argv */
		ret->config = ret->config ? "given" : NULL;
		ret->journal = ret->journal ? "given" : NULL;
		ret->socket = ret->socket ? "given" : NULL;
		ret->id = ret->id ? "given" : NULL;
		ret->seed = ret->seed ? "given" : NULL;
		ret->anchor = ret->anchor ? "given" : NULL;
		ret->mode = ret->mode ? "given" : NULL;
	}
	while (argc)
		free(argv[--argc]);
	return r;
}

static void a_first_word_says_what_is_to_be_done(void **state)
{
	static const struct {
		const char *word;
		enum sg_run run;
	} words[] = { { "run", SG_RUN_SERVICE }, { "install", SG_RUN_INSTALL },
		{ "uninstall", SG_RUN_UNINSTALL }, { "start", SG_RUN_START }, { "reload", SG_RUN_RELOAD },
		{ "stop", SG_RUN_STOP } };

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *const args[] = { words[i].word, NULL };
		struct sg_options o = { 0 };
		struct sg_err err = SG_ERR_INIT;

		assert_int_equal(read_options(args, &o, &err), 0);
		assert_int_equal(o.run, words[i].run);
		sg_options_release(&o);
	}
}

static void install_keeps_what_the_service_is_to_be_started_with(void **state)
{
	static const char *const args[] = { "install", "--config", "c", "--journal=j", NULL };
	struct sg_options o = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(read_options(args, &o, &err), 0);
	assert_int_equal(o.run, SG_RUN_INSTALL);
	assert_string_equal(o.config, "given");
	assert_string_equal(o.journal, "given");
	sg_options_release(&o);
}

/* Who types it would take it for done. */
static void what_a_word_does_not_take_is_refused(void **state)
{
	static const char *const wrong[][5] = {
		{ "start", "--config", "c" },
		{ "stop", "--journal", "j" },
		{ "uninstall", "--config", "c" },
		{ "reload", "--journal", "j" },
		{ "install", "--root", "C=." },
		{ "install", "--socket", "s" },
		{ "install", "--keep" },
		{ "install", "--rollback" },
		{ "uninstall", "--keep", "--rollback" },
		{ "uninstall", "--seed", "c" },
		{ "--mode", "ask" },
		{ "start", "--start" },
		{ "start", "--foreground" },
		{ "run", "--keep" },
		{ "--keep" },
		{ "install", "uninstall" },
		{ "--config", "c", "install" },
		{ "instal" },
		{ "stop", "--check-config", "--config", "c" },
		{ "install", "--check-config", "--config", "c" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct sg_options o = { 0 };
		struct sg_err err = SG_ERR_INIT;

		if (read_options(wrong[i], &o, &err) != SG_EINVAL || !err.msg[0])
			fail_msg("row %zu was taken", i);
	}
}

/* Where there is no service to be managed, no verb of it is offered. */
static void a_mistyped_verb_is_no_argument_of_rollback(void **state)
{
	static const struct {
		const char *typed, *meant;
	} table[] = { { "instal", "did you mean \"install\"" }, { "uninstal", "did you mean \"uninstall\"" },
		{ "relaod", "did you mean \"reload\"" } };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *const args[] = { table[i].typed, NULL };
		struct sg_options o = { 0 };
		struct sg_err err = SG_ERR_INIT;

		assert_int_equal(read_options(args, &o, &err), SG_EINVAL);
		assert_non_null(strstr(err.msg, "there is no verb"));
		assert_non_null(strstr(err.msg, table[i].typed));
		assert_non_null(
		        strstr(err.msg, sg_os_slash('\\') ? table[i].meant : "run is the only one here"));
	}
}

static void uninstall_may_keep_what_is_in_place(void **state)
{
	static const char *const args[] = { "uninstall", "--keep", NULL };
	struct sg_options o = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(read_options(args, &o, &err), 0);
	assert_true(o.keep);
	sg_options_release(&o);
}

static void install_takes_what_a_server_begins_with(void **state)
{
	static const char *const args[] = { "install", "--start", "--seed=s", "--anchor", "a", "--mode=ask",
		NULL };
	struct sg_options o = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(read_options(args, &o, &err), 0);
	assert_true(o.start);
	assert_string_equal(o.seed, "given");
	assert_string_equal(o.anchor, "given");
	assert_string_equal(o.mode, "given");
	sg_options_release(&o);
}

static void uninstall_is_told_where_the_journal_is(void **state)
{
	static const char *const args[] = { "uninstall", "--rollback", "--journal", "j", NULL };
	struct sg_options o = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(read_options(args, &o, &err), 0);
	assert_string_equal(o.journal, "given");
	sg_options_release(&o);
}

static void uninstall_may_roll_everything_back(void **state)
{
	static const char *const args[] = { "uninstall", "--rollback", NULL };
	struct sg_options o = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(read_options(args, &o, &err), 0);
	assert_true(o.rollback);
	assert_false(o.keep);
	sg_options_release(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_word_says_what_is_to_be_done),
		cmocka_unit_test(install_keeps_what_the_service_is_to_be_started_with),
		cmocka_unit_test(what_a_word_does_not_take_is_refused),
		cmocka_unit_test(a_mistyped_verb_is_no_argument_of_rollback),
		cmocka_unit_test(uninstall_may_keep_what_is_in_place),
		cmocka_unit_test(install_takes_what_a_server_begins_with),
		cmocka_unit_test(uninstall_is_told_where_the_journal_is),
		cmocka_unit_test(uninstall_may_roll_everything_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
