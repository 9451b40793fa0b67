/* test_authorise.c - who may do what over the control pipe (P11): the decision as tables. */
#include "daemon/authorise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Up to three ids in a row, NULL-terminated, as a list. */
static struct sg_strs strs_of(const char *const *ids)
{
	struct sg_strs s = { 0 };

	for (; *ids; ids++)
		sg_strs_add(&s, *ids);
	return s;
}

struct row {
	const char *who;
	const char *ids[6], *barred[3];
	bool read, change;
};

static void check_rows(const struct sg_access *a, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sg_caller c = { .ids = strs_of(rows[i].ids), .barred = strs_of(rows[i].barred) };
		bool read = sg_authorise(a, &c, SG_RIGHT_READ), change = sg_authorise(a, &c, SG_RIGHT_CHANGE);

		if (read != rows[i].read || change != rows[i].change)
			fail_msg("%s: read %d, change %d", rows[i].who, read, change);
		sg_caller_release(&c);
	}
}

static void each_account_gets_exactly_its_rights(void **state)
{
	static const struct row rows[] = {
		{ "root", { "uid 0", "gid 0" }, { NULL }, true, true },
		{ "the service's own account", { "uid 500", "gid 1" }, { NULL }, true, true },
		{ "listed reader", { "uid 1001", "gid 1" }, { NULL }, true, false },
		{ "listed changer", { "uid 1002", "gid 1" }, { NULL }, true, true },
		{ "primary group reads", { "uid 1003", "gid 2001" }, { NULL }, true, false },
		{ "primary group changes", { "uid 1003", "gid 2002" }, { NULL }, true, true },
		{ "supplementary group reads", { "uid 1003", "gid 1", "gid 7", "gid 2001" }, { NULL }, true,
		        false },
		{ "supplementary group changes", { "uid 1003", "gid 1", "gid 2002" }, { NULL }, true, true },
		{ "stranger", { "uid 1003", "gid 1", "gid 9" }, { NULL }, false, false },
		{ "a uid that is a listed gid", { "uid 2002", "gid 1" }, { NULL }, false, false },
		{ "a gid that is a listed uid", { "uid 1003", "gid 1002" }, { NULL }, false, false },
		{ "group 0 is not user 0", { "uid 1003", "gid 0" }, { NULL }, false, false },
		{ "the service's own uid as a group", { "uid 1003", "gid 500" }, { NULL }, false, false },
		{ "a number that begins like another", { "uid 10011", "gid 200" }, { NULL }, false, false },
		{ "nobody at all", { NULL }, { NULL }, false, false },
	};
	struct sg_access a = { 0 };

	(void)state;
	sg_strs_add(&a.always, "uid 0");
	sg_strs_add(&a.always, "uid 500");
	sg_strs_add(&a.read, "uid 1001");
	sg_strs_add(&a.read, "gid 2001");
	sg_strs_add(&a.change, "uid 1002");
	sg_strs_add(&a.change, "gid 2002");
	assert_true(sg_access_others(&a));
	check_rows(&a, rows, sizeof rows / sizeof *rows);
	sg_strs_release(&a.always);
	sg_strs_release(&a.read);
	sg_strs_release(&a.change);
}

#define SYSTEM     "S-1-5-18"
#define ADMINS     "S-1-5-32-544"
#define USERS      "S-1-5-32-545"
#define EVERYONE   "S-1-1-0"
#define NETWORK    "S-1-5-2"
#define ANONYMOUS  "S-1-5-7"
#define RESTRICTED "S-1-5-12"
#define LOW        "S-1-16-4096"
#define MEDIUM     "S-1-16-8192"
#define HIGH       "S-1-16-12288"
#define DOMAIN     "S-1-5-21-1-2-3-"
#define ANNA       DOMAIN "1001"
#define READERS    DOMAIN "2001"
#define CHANGERS   DOMAIN "2002"

/* Tokens as Windows gives them: what counts, and what is for denying only. */
static void each_token_of_windows_gets_exactly_its_rights(void **state)
{
	static const struct row rows[] = {
		{ "SYSTEM", { SYSTEM, ADMINS, EVERYONE, HIGH }, { NULL }, true, true },
		{ "elevated administrator", { ANNA, ADMINS, USERS, HIGH }, { NULL }, true, true },
		{ "filtered administrator", { ANNA, USERS, MEDIUM }, { ADMINS }, false, false },
		{ "filtered administrator who may read", { ANNA, READERS, MEDIUM }, { ADMINS }, true, false },
		{ "reading group", { ANNA, USERS, READERS, MEDIUM }, { NULL }, true, false },
		{ "changing group", { ANNA, USERS, CHANGERS, MEDIUM }, { NULL }, true, true },
		{ "changing group, for denying only", { ANNA, USERS, MEDIUM }, { CHANGERS }, false, false },
		{ "other", { ANNA, USERS, EVERYONE, MEDIUM }, { NULL }, false, false },
		{ "anonymous", { ANONYMOUS, EVERYONE, NETWORK, MEDIUM }, { NULL }, false, false },
		{ "anonymous in a listed group", { ANONYMOUS, READERS, MEDIUM }, { NULL }, false, false },
		{ "an administrator from the network", { ANNA, ADMINS, NETWORK, HIGH }, { NULL }, false,
		        false },
		{ "a reader from the network", { ANNA, READERS, NETWORK, MEDIUM }, { NULL }, false, false },
		{ "the network, for denying only", { ANNA, ADMINS, HIGH }, { NETWORK }, false, false },
		{ "a low process of a changer", { ANNA, CHANGERS, LOW }, { NULL }, false, false },
		{ "a restricted token of an administrator", { ANNA, ADMINS, HIGH }, { RESTRICTED }, false,
		        false },
		{ "a SID that begins like another", { ANNA "1", READERS "9", MEDIUM }, { NULL }, false,
		        false },
	};
	static const char *const never[] = { ANONYMOUS, NETWORK, RESTRICTED, LOW, NULL };
	struct sg_access a = { .never = strs_of(never) };

	(void)state;
	sg_strs_add(&a.always, SYSTEM);
	sg_strs_add(&a.always, ADMINS);
	sg_strs_add(&a.read, READERS);
	sg_strs_add(&a.change, CHANGERS);
	check_rows(&a, rows, sizeof rows / sizeof *rows);
	sg_strs_release(&a.always);
	sg_strs_release(&a.never);
	sg_strs_release(&a.read);
	sg_strs_release(&a.change);
}

static void a_level_that_is_unreadable_or_below_medium_counts_as_low(void **state)
{
	static const struct {
		bool known;
		uint32_t level;
		const char *id;
		bool change;
	} rows[] = {
		{ false, 0, LOW, false },
		{ false, 0x4000, LOW, false }, /* what was not read says nothing */
		{ true, 0, LOW, false },
		{ true, 0x1000, LOW, false },
		{ true, 0x1001, LOW, false },
		{ true, 0x1fff, LOW, false },
		{ true, 0x2000, MEDIUM, true },
		{ true, 0x2100, "S-1-16-8448", true },
		{ true, 0x3000, HIGH, true },
	};
	static const char *const never[] = { LOW, NULL };
	struct sg_access a = { .never = strs_of(never) };

	(void)state;
	sg_strs_add(&a.change, ANNA);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sg_caller c = { 0 };

		sg_strs_add(&c.ids, ANNA);
		sg_caller_level(&c, rows[i].known, rows[i].level);
		assert_string_equal(c.ids.at[c.ids.n - 1], rows[i].id);
		assert_int_equal(sg_authorise(&a, &c, SG_RIGHT_CHANGE), rows[i].change);
		sg_caller_release(&c);
	}
	sg_strs_release(&a.never);
	sg_strs_release(&a.change);
}

static void without_lists_only_those_of_always_may_ask(void **state)
{
	static const struct row rows[] = {
		{ "root", { "uid 0" }, { NULL }, true, true },
		{ "itself", { "uid 500" }, { NULL }, true, true },
		{ "other", { "uid 1003" }, { NULL }, false, false },
	};
	struct sg_access a = { 0 };

	(void)state;
	sg_strs_add(&a.always, "uid 0");
	sg_strs_add(&a.always, "uid 500");
	assert_false(sg_access_others(&a));
	check_rows(&a, rows, sizeof rows / sizeof *rows);
	sg_strs_release(&a.always);
}

static void every_method_that_changes_something_needs_the_right_to_change(void **state)
{
	static const char *const reads[] = { "status", "list", "states", "watch", "show", "plan", "history",
		"coverage", "audit", "doctor" };
	size_t n = 0, n_reads = 0;

	(void)state;
	for (const struct sg_method *m; (m = sg_method_at(n)) != NULL; n++) {
		bool reading = false;

		for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
			reading |= strcmp(reads[i], m->name) == 0;
		assert_int_equal(m->right, reading ? SG_RIGHT_READ : SG_RIGHT_CHANGE);
		assert_ptr_equal(sg_method_find(m->name), m);
		n_reads += reading;
	}
	assert_int_equal(n, 21);
	assert_int_equal(n_reads, 10);
	assert_null(sg_method_find("Status"));
	assert_null(sg_method_find(""));
	assert_null(sg_method_find("rollback "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_account_gets_exactly_its_rights),
		cmocka_unit_test(each_token_of_windows_gets_exactly_its_rights),
		cmocka_unit_test(a_level_that_is_unreadable_or_below_medium_counts_as_low),
		cmocka_unit_test(without_lists_only_those_of_always_may_ask),
		cmocka_unit_test(every_method_that_changes_something_needs_the_right_to_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
