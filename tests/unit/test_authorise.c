/* test_authorise.c - who may do what over the control pipe (P11): the decision as a table, and the lists it is made from. */
#include "daemon/access.h"
#include "daemon/authorise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { SELF = 500, READER = 1001, CHANGER = 1002, STRANGER = 1003, READ_GROUP = 2001, CHANGE_GROUP = 2002 };

static struct sg_access *access_with_lists(void)
{
	struct sg_access *a = sg_alloc(sizeof *a);

	a->self = SELF;
	sg_ids_add(&a->read_uids, READER);
	sg_ids_add(&a->read_gids, READ_GROUP);
	sg_ids_add(&a->change_uids, CHANGER);
	sg_ids_add(&a->change_gids, CHANGE_GROUP);
	return a;
}

static void each_account_gets_exactly_its_rights(void **state)
{
	static const uint32_t read_group[] = { 7, READ_GROUP }, change_group[] = { CHANGE_GROUP },
	                      other[] = { 9 };
	const struct {
		const char *who;
		struct sg_caller caller;
		bool read, change;
	} table[] = {
		{ "root", { .uid = 0 }, true, true },
		{ "the service's own account", { .uid = SELF, .gid = 1 }, true, true },
		{ "listed reader", { .uid = READER, .gid = 1 }, true, false },
		{ "listed changer", { .uid = CHANGER, .gid = 1 }, true, true },
		{ "primary group reads", { .uid = STRANGER, .gid = READ_GROUP }, true, false },
		{ "primary group changes", { .uid = STRANGER, .gid = CHANGE_GROUP }, true, true },
		{ "supplementary group reads", { STRANGER, 1, read_group, 2 }, true, false },
		{ "supplementary group changes", { STRANGER, 1, change_group, 1 }, true, true },
		{ "stranger", { STRANGER, 1, other, 1 }, false, false },
		{ "a uid that is a listed gid", { .uid = CHANGE_GROUP, .gid = 1 }, false, false },
		{ "a gid that is a listed uid", { .uid = STRANGER, .gid = CHANGER }, false, false },
		{ "group 0 is not user 0", { .uid = STRANGER, .gid = 0 }, false, false },
		{ "the service's own uid as a group", { .uid = STRANGER, .gid = SELF }, false, false },
	};
	struct sg_access *a = access_with_lists();

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		bool read = sg_authorise(a, &table[i].caller, SG_RIGHT_READ),
		     change = sg_authorise(a, &table[i].caller, SG_RIGHT_CHANGE);

		if (read != table[i].read || change != table[i].change)
			fail_msg("%s: read %d, change %d", table[i].who, read, change);
	}
	sg_access_free(a);
}

static void without_lists_only_root_and_the_service_itself_may_ask(void **state)
{
	const struct sg_access a = { .self = SELF };
	const struct sg_caller root = { .uid = 0 }, self = { .uid = SELF }, other = { .uid = STRANGER };

	(void)state;
	assert_true(sg_authorise(&a, &root, SG_RIGHT_CHANGE));
	assert_true(sg_authorise(&a, &self, SG_RIGHT_CHANGE));
	assert_false(sg_authorise(&a, &other, SG_RIGHT_READ));
	assert_false(sg_authorise(&a, &other, SG_RIGHT_CHANGE));
	assert_false(sg_access_others(&a));
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

static void lists_are_read_with_numbers_names_and_groups(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;

	(void)state;
	assert_int_equal(sg_access_resolve(" 1001 , root,%2001", "%root,\t1002", &a, &err), 0);
	assert_int_equal(a->self, geteuid());
	assert_int_equal(a->read_uids.n, 2);
	assert_int_equal(a->read_uids.at[0], 1001);
	assert_int_equal(a->read_uids.at[1], 0);
	assert_int_equal(a->read_gids.n, 1);
	assert_int_equal(a->read_gids.at[0], 2001);
	assert_int_equal(a->change_uids.at[0], 1002);
	assert_int_equal(a->change_gids.at[0], 0);
	assert_true(sg_access_others(a));
	sg_access_free(a);
}

static void root_in_a_list_opens_the_pipe_to_nobody_else(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;

	(void)state;
	assert_int_equal(sg_access_resolve("root", "0", &a, &err), 0);
	assert_false(sg_access_others(a));
	sg_access_free(a);
}

static void a_name_that_the_system_does_not_know_is_refused(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;

	(void)state;
	assert_int_equal(sg_access_resolve("no-such-account-here", NULL, &a, &err), SG_EINVAL);
	assert_non_null(strstr(err.msg, "no-such-account-here"));
	sg_err_clear(&err);
	assert_int_equal(sg_access_resolve(NULL, "%no-such-group-here", &a, &err), SG_EINVAL);
	assert_non_null(strstr(err.msg, "no-such-group-here"));
	sg_err_clear(&err);
	/* (uid_t)-1 is no account, and beyond it numbers would wrap to somebody */
	assert_int_equal(sg_access_resolve("4294967295", NULL, &a, &err), SG_EINVAL);
	sg_err_clear(&err);
	assert_int_equal(sg_access_resolve("4294967296", NULL, &a, &err), SG_EINVAL);
	assert_null(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_account_gets_exactly_its_rights),
		cmocka_unit_test(without_lists_only_root_and_the_service_itself_may_ask),
		cmocka_unit_test(every_method_that_changes_something_needs_the_right_to_change),
		cmocka_unit_test(lists_are_read_with_numbers_names_and_groups),
		cmocka_unit_test(root_in_a_list_opens_the_pipe_to_nobody_else),
		cmocka_unit_test(a_name_that_the_system_does_not_know_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
