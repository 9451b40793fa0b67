/* test_cli_args.c - the command line of stopgapctl and of stopgapd: what is understood, what is refused, what is guessed. */
#include "base/guess.h"
#include "cli/args.h"
#include "daemon/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { WORDS = 24 };
static const int64_t now = INT64_C(1795000000000);

/* Splits at blanks; argv[0] is the program. */
static int split(const char *line, char *copy, char **argv)
{
	char *rest = copy, *word;
	int n = 0;

	strcpy(copy, line);
	argv[n++] = NULL; /* set by the caller */
	while ((word = strsep(&rest, " ")) != NULL && n < WORDS)
		if (*word)
			argv[n++] = word;
	argv[n] = NULL;
	return n;
}

static char buffer[256];
static char program[] = "prog";

static int args(const char *line, struct sg_args *ret, struct sg_err *err)
{
	char *argv[WORDS + 1];
	int argc = split(line, buffer, argv);

	argv[0] = program;
	sg_err_clear(err);
	return sg_args_read(argc, argv, now, ret, err);
}

static void every_verb_of_the_issue_is_understood(void **state)
{
	static const char *const lines[] = { "status", "list", "show M1", "show M1 --by-hand", "refresh",
		"approve M1", "apply M1", "block M1", "block M1@2.1 --for 8h --keep",
		"block M1 --until 2026-12-24T08:00:00Z", "unblock M1", "rollback M1", "rollback --all",
		"rollback --all --offline --root C=/", "rollback M1 --offline --journal /j --root C=/",
		"resolve M1 --retry", "resolve M1 --take-over", "resolve M1 --accept", "plan",
		"plan M1 --exit-code", "plan M1@2 --as block --keep", "plan --as rollback",
		"plan M1 --as approve", "plan M1 --as resolve --take-over", "plan --as pause",
		"plan --as resume", "pause", "pause --for 2h30m", "resume", "history", "history M1",
		"history --limit 5", "watch", "audit", "doctor", "help", "help show", "help states",
		"help states --dot", "", "--json", "--version", "--help", "show --help",
		"list --json --timeout 5s", "--socket /s status",
		"approve M1 --reason=why --ticket T-1 --on-behalf-of anna", "rollback -- --odd-id" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct sg_args a = { 0 };
		struct sg_err err = SG_ERR_INIT;

		if (args(lines[i], &a, &err) < 0)
			fail_msg("%s: %s", lines[i], err.msg);
		sg_args_release(&a);
	}
}

static void mistakes_are_refused_and_say_what_is_wrong(void **state)
{
	static const struct {
		const char *line, *says;
	} table[] = {
		{ "rollbak M1", "did you mean \"rollback\"" },
		{ "staus", "did you mean \"status\"" },
		{ "STATUS", "did you mean \"status\"" },
		{ "hlep", "did you mean \"help\"" },
		{ "frobnicate", "there is no verb \"frobnicate\"" },
		{ "block M1 --fro 2h", "did you mean \"--for\"" },
		{ "block M1 --untli x", "did you mean \"--until\"" },
		{ "list --jsno", "did you mean \"--json\"" },
		{ "rollback M1 --resaon=x", "did you mean \"--reason\"" },
		{ "list --keep", "list does not take --keep" },
		{ "status --reason x", "status does not take --reason" },
		{ "show", "needs the id" },
		{ "list M1", "takes no word" },
		{ "show M1 M2", "takes one word" },
		{ "rollback", "or --all" },
		{ "rollback M1 --all", "or --all" },
		{ "rollback M1 --journal /j", "--offline" },
		{ "resolve M1", "one of --retry" },
		{ "resolve M1 --retry --accept", "one of --retry" },
		{ "block M1 --for 2h --until 2026-12-24T08:00:00Z", "--for and --until" },
		{ "block M1 --until 2020-01-01T00:00:00Z", "in the past" },
		{ "block M1 --until tomorrow", "tomorrow" },
		{ "block M1 --for 2x", "2x" },
		{ "plan M1 --as rolback", "did you mean \"rollback\"" },
		{ "plan M1 --as resolve", "resolve" },
		{ "plan --as block", "needs the id" },
		{ "plan --as approve", "needs the id" },
		{ "plan M1 --as pause", "takes no id" },
		{ "plan M1 --as resolve --retry --accept", "one of them" },
		{ "plan M1 --retry", "--as resolve" },
		{ "plan M1 --keep", "--as block" },
		{ "plan M1 --as rollback --keep", "--as block" },
		{ "pause --for 0s", "longer than nothing" },
		{ "history --limit 0", "number" },
		{ "history --limit -1", "number" },
		{ "list --json=yes", "takes no value" },
		{ "list --timeout", "needs a value" },
		{ "list --json --json", "twice" },
		{ "--reason x", "what is to be done" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_args a = { 0 };
		struct sg_err err = SG_ERR_INIT;
		int r = args(table[i].line, &a, &err);

		if (r != SG_EINVAL || !strstr(err.msg, table[i].says))
			fail_msg("%s: %d: %s", table[i].line, r, err.msg);
	}
}

static void params_say_what_the_line_said(void **state)
{
	struct sg_args a = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *p;

	(void)state;
	assert_int_equal(args("block M1@2.1 --for 90s --keep --feed f --reason r --ticket t --on-behalf-of b",
	                         &a, &err),
	        0);
	p = sg_args_params(&a);
	assert_string_equal(sg_val_get_str(p, "id", ""), "M1@2.1");
	assert_string_equal(sg_val_get_str(p, "feed", ""), "f");
	assert_string_equal(sg_val_get_str(p, "reason", ""), "r");
	assert_string_equal(sg_val_get_str(p, "ticket", ""), "t");
	assert_string_equal(sg_val_get_str(p, "on_behalf_of", ""), "b");
	assert_true(sg_val_get_bool(p, "keep", false));
	assert_int_equal(sg_val_get_int(p, "until", 0), now + 90000);
	assert_int_equal(p->n, 7);
	sg_val_free(p);
	sg_args_release(&a);
	assert_int_equal(args("resolve M1 --take-over", &a, &err), 0);
	p = sg_args_params(&a);
	assert_string_equal(sg_val_get_str(p, "how", ""), "take-over");
	assert_int_equal(p->n, 2);
	sg_val_free(p);
	sg_args_release(&a);
}

static void json_is_seen_in_a_line_that_is_wrong(void **state)
{
	static const struct {
		const char *line;
		bool json;
	} table[] = {
		{ "lits --json", true },
		{ "--json --frobnicate", true },
		{ "block --json --for", true },
		{ "rollback -- --json", false }, /* an id */
		{ "list --keep", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char *argv[WORDS + 1];
		int argc = split(table[i].line, buffer, argv);

		argv[0] = program;
		if (sg_args_ask_json(argc, argv) != table[i].json)
			fail_msg("%s", table[i].line);
	}
}

static void a_mistyped_page_of_help_is_guessed(void **state)
{
	static const struct {
		const char *typed, *says;
	} table[] = { { "evnts", "did you mean \"events\"" }, { "stats", "there is no verb or page of help" },
		{ "rolback", "did you mean \"rollback\"" }, { "nonsense", "\"nonsense\"" } };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_err err = SG_ERR_INIT;

		assert_int_equal(sg_help_unknown(table[i].typed, &err), SG_EINVAL);
		if (!strstr(err.msg, table[i].says))
			fail_msg("%s: %s", table[i].typed, err.msg);
	}
}

static void every_verb_has_help_with_its_options(void **state)
{
	struct sg_buf all = { 0 };

	(void)state;
	sg_help(&all);
	for (size_t i = 0; sg_verb_at(i); i++) {
		const struct sg_verb *v = sg_verb_at(i);
		struct sg_buf out = { 0 };

		assert_non_null(strstr((const char *)all.data, v->name));
		sg_help_verb(v, &out);
		assert_non_null(strstr((const char *)out.data, v->summary));
		assert_int_equal(strstr((const char *)out.data, "--reason") != NULL,
		        (v->options & SG_OPT_REASON) != 0);
		sg_buf_release(&out);
	}
	sg_buf_release(&all);
}

static void a_guess_is_near_and_the_only_one(void **state)
{
	static const char *const words[] = { "block", "unblock", "list", "apply", "approve", NULL };

	(void)state;
	assert_string_equal(sg_guess("blcok", words), "block");
	assert_string_equal(sg_guess("lsit", words), "list");
	assert_string_equal(sg_guess("aprove", words), "approve");
	assert_string_equal(sg_guess("appl", words), "apply");
	assert_string_equal(sg_guess("unblok", words), "unblock");
	assert_null(sg_guess("app", words)); /* begins two of them */
	assert_null(sg_guess("xyzzy", words));
	assert_null(sg_guess("", words));
	assert_null(sg_guess("a-word-that-is-far-too-long-to-be-one-of-them", words));
}

static int options(const char *line, struct sg_options *ret, struct sg_err *err)
{
	char *argv[WORDS + 1];
	int argc = split(line, buffer, argv);

	argv[0] = program;
	sg_err_clear(err);
	return sg_options_read(argc, argv, ret, err);
}

static void the_daemon_understands_its_own_options(void **state)
{
	static const struct {
		const char *line;
		enum sg_run run;
	} table[] = {
		{ "--config f --root C=/", SG_RUN_SERVICE },
		{ "--config=f --root=C=/ --journal=/j --socket=/s --foreground --any-machine",
		        SG_RUN_SERVICE },
		{ "--config f --check-config", SG_RUN_CHECK_CONFIG },
		{ "--print-config --config f", SG_RUN_PRINT_CONFIG },
		{ "--once recover --root C=/", SG_RUN_RECOVER },
		{ "--once rollback M1 --root C=/", SG_RUN_ROLLBACK },
		{ "--root C=/ --once rollback --all", SG_RUN_ROLLBACK_ALL },
		{ "--help", SG_RUN_HELP },
		{ "-h", SG_RUN_HELP },
		{ "--version", SG_RUN_VERSION },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_options o = { 0 };
		struct sg_err err = SG_ERR_INIT;

		if (options(table[i].line, &o, &err) < 0)
			fail_msg("%s: %s", table[i].line, err.msg);
		assert_int_equal(o.run, table[i].run);
		sg_options_release(&o);
	}
}

static void the_daemon_refuses_what_makes_no_sense(void **state)
{
	static const struct {
		const char *line, *says;
	} table[] = {
		{ "--conifg f", "did you mean \"--config\"" },
		{ "--once", "needs a value" },
		{ "--once repair", "recover or rollback" },
		{ "--once rollback", "needs the id" },
		{ "--once rollback M1 --all", "--all" },
		{ "--once recover M1", "rollback alone" },
		{ "M1", "there is no verb \"M1\"" },
		{ "--config f rnu", "there is no verb \"rnu\": did you mean \"run\"" },
		{ "--config f run", "run comes first" },
		{ "run M1", "one argument too many" },
		{ "--all", "rollback alone" },
		{ "--check-config", "which configuration" },
		{ "--root C", "C=FOLDER" },
		{ "--root C=/ --root c=/", "twice" },
		{ "--foreground=yes", "takes no value" },
		{ "--once rollback A B", "too many" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_options o = { 0 };
		struct sg_err err = SG_ERR_INIT;
		int r = options(table[i].line, &o, &err);

		if (r != SG_EINVAL || !strstr(err.msg, table[i].says))
			fail_msg("%s: %d: %s", table[i].line, r, err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_of_the_issue_is_understood),
		cmocka_unit_test(mistakes_are_refused_and_say_what_is_wrong),
		cmocka_unit_test(params_say_what_the_line_said),
		cmocka_unit_test(json_is_seen_in_a_line_that_is_wrong),
		cmocka_unit_test(a_mistyped_page_of_help_is_guessed),
		cmocka_unit_test(every_verb_has_help_with_its_options),
		cmocka_unit_test(a_guess_is_near_and_the_only_one),
		cmocka_unit_test(the_daemon_understands_its_own_options),
		cmocka_unit_test(the_daemon_refuses_what_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
