/* test_services.c - the services of a drive: what is read of them, who depends on whom, and when nothing may be written. */
#include "actions/services.h"
#include "base/mem.h"
#include "tests/lib/drive.h"
#include "tests/lib/hive_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct lab {
	char *dir;
	struct sg_drives drives;
	struct sg_services *s;
	struct sg_err err;
};

static int setup(void **state)
{
	struct lab *l = sg_alloc(sizeof(*l));

	l->dir = t_drive_make();
	t_drive_drives(l->dir, &l->drives);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;

	sg_services_free(l->s);
	sg_drives_release(&l->drives);
	t_drive_free(l->dir);
	free(l);
	return 0;
}

static int read_them(struct lab *l)
{
	sg_services_free(l->s);
	l->s = NULL;
	sg_err_clear(&l->err);
	return sg_services_read(&l->drives, &l->s, &l->err);
}

static void services_are_read_as_they_stand_in_the_registry(void **state)
{
	struct lab *l = *state;
	const struct sg_service *s;

	if (read_them(l))
		fail_msg("%s", l->err.msg);
	s = sg_services_find(l->s, "msexchangeUM");
	assert_non_null(s);
	assert_string_equal(s->name, "MSExchangeUM");
	assert_int_equal(s->start, SG_START_AUTOMATIC);
	assert_false(s->delayed);
	assert_non_null(strstr(s->image, "umservice.exe"));
	assert_string_equal(s->account, "LocalSystem");
	assert_int_equal(s->depends_on.n, 2);
	assert_string_equal(s->depends_on.at[1], "KeyIso");
	assert_null(s->wrong);
	assert_int_equal(sg_services_find(l->s, "MSExchangeHMRecovery")->start, SG_START_MANUAL);
	assert_int_equal(sg_services_find(l->s, "MSExchangeMitigation")->start, SG_START_DISABLED);
	assert_true(sg_services_find(l->s, "MSExchangeAntispamUpdate")->delayed);
	assert_null(sg_services_find(l->s, ".NET CLR Data")); /* a key without Start is no service */
	assert_null(sg_services_find(l->s, "MSExchange"));
	assert_null(sg_services_find(l->s, ""));
	assert_null(sg_services_locked(l->s));
}

static void the_control_set_of_the_next_start_counts(void **state)
{
	struct lab *l = *state;
	struct t_hive *h = t_hive_open(l->dir, T_SYSTEM);

	t_hive_dword(h, "ControlSet002\\Services\\W3SVC", "Start", 4);
	t_hive_dword(h, "Select", "Current", 2);
	t_hive_save(l->dir, T_SYSTEM, h, NULL);
	assert_int_equal(read_them(l), SG_EUNSUPPORTED);
	assert_non_null(strstr(l->err.msg, "ControlSet001"));
	assert_non_null(strstr(l->err.msg, "ControlSet002"));
	assert_null(l->s);
	t_hive_dword(h, "Select", "Default", 2);
	t_hive_save(l->dir, T_SYSTEM, h, NULL);
	assert_int_equal(read_them(l), 0);
	assert_int_equal(sg_services_find(l->s, "W3SVC")->start, SG_START_DISABLED);
	assert_null(sg_services_find(l->s, "WAS"));
	t_hive_remove(h, "Select");
	t_hive_save(l->dir, T_SYSTEM, h, NULL);
	assert_int_equal(read_them(l), SG_EPARSE); /* no hive of a system: that is not "no services" */
	t_hive_free(h);
	t_drive_remove(l->dir, T_SYSTEM);
	assert_int_equal(read_them(l), SG_ENOENT);
}

static void a_start_type_that_nobody_understands_is_said_and_the_rest_is_read(void **state)
{
	struct lab *l = *state;
	struct t_hive *h = t_hive_open(l->dir, T_SYSTEM);
	struct t_hive_shape cells = { .cells = true };

	t_hive_dword(h, T_SERVICES "WAS", "Start", 5);
	t_hive_text(h, T_SERVICES "W3SVC", "Start", "2");
	t_hive_raw(h, T_SERVICES "HTTP", "Start", T_REG_DWORD, "\2\0", 2);
	t_hive_dword(h, T_SERVICES "EventLog", "ImagePath", 7);
	t_hive_save(l->dir, T_SYSTEM, h, NULL);
	assert_int_equal(read_them(l), 0);
	assert_non_null(strstr(sg_services_find(l->s, "WAS")->wrong, "is 5"));
	assert_non_null(strstr(sg_services_find(l->s, "W3SVC")->wrong, "of type 1 instead of 4"));
	assert_non_null(strstr(sg_services_find(l->s, "HTTP")->wrong, "2 octets"));
	assert_null(sg_services_find(l->s, "EventLog")->wrong);
	assert_null(sg_services_find(l->s, "EventLog")->image);
	assert_null(sg_services_find(l->s, "MSExchangeUM")->wrong);
	t_hive_save(l->dir, T_SYSTEM, h, &cells);
	t_hive_free(h);
	assert_int_equal(read_them(l), 0);
	assert_non_null(strstr(sg_services_find(l->s, "MSExchangeUM")->wrong, "a cell of its own"));
}

static void dependants_come_in_the_order_in_which_they_are_stopped(void **state)
{
	static const char *const want[] = { "MSExchangeUMCR", "X2", "X1" };
	struct lab *l = *state;
	struct sg_strs got = { 0 };
	size_t at[3] = { 0 };

	t_add_service(l->dir, "X1", 2, NULL, "MSExchangeADTopology");
	t_add_service(l->dir, "X2", 2, NULL, "x1 MSEXCHANGEADTOPOLOGY Nowhere");
	assert_int_equal(read_them(l), 0);
	sg_services_dependants(l->s, "msexchangeadtopology", &got);
	for (size_t i = 0; i < got.n; i++)
		for (size_t k = 0; k < 3; k++)
			if (!strcmp(got.at[i], want[k]))
				at[k] = i + 1;
	assert_true(at[0] && at[1] && at[2]);
	assert_true(at[1] < at[2]); /* X2 needs X1 */
	assert_int_equal(at[2], got.n);
	assert_false(sg_strs_has(&got, "MSExchangeADTopology"));
	assert_false(sg_strs_has(&got, "MSExchangeServiceHost"));
	sg_strs_release(&got);
	/* through others, too */
	sg_services_dependants(l->s, "NetTcpPortSharing", &got);
	assert_true(sg_strs_has(&got, "X2"));
	assert_string_equal(got.at[got.n - 1], "MSExchangeADTopology");
	sg_strs_release(&got);
	sg_services_dependants(l->s, "X2", &got);
	assert_int_equal(got.n, 0);
	sg_services_dependants(l->s, "no such service", &got);
	assert_int_equal(got.n, 0);
	sg_services_dependants(l->s, "WAS", &got);
	assert_int_equal(got.n, 1);
	assert_string_equal(got.at[0], "W3SVC");
	sg_strs_release(&got);
}

static void a_circle_of_dependencies_ends(void **state)
{
	struct lab *l = *state;
	struct sg_strs got = { 0 };

	t_add_service(l->dir, "A", 2, NULL, "C A");
	t_add_service(l->dir, "B", 2, NULL, "A");
	t_add_service(l->dir, "C", 2, NULL, "B");
	t_add_service(l->dir, "D", 2, NULL, "B");
	assert_int_equal(read_them(l), 0);
	sg_services_dependants(l->s, "A", &got);
	assert_int_equal(got.n, 3);
	assert_true(sg_strs_has(&got, "B") && sg_strs_has(&got, "C") && sg_strs_has(&got, "D"));
	assert_string_equal(got.at[2], "B");
	sg_strs_release(&got);
}

/* --- locked */

static void locked_says(struct lab *l, const char *text)
{
	const char *locked;

	if (read_them(l))
		fail_msg("%s", l->err.msg);
	locked = sg_services_locked(l->s);
	if (text ? !locked || !strstr(locked, text) : locked != NULL)
		fail_msg("\"%s\" and not \"%s\"", locked ? locked : "(free)", text ? text : "(free)");
	assert_non_null(sg_services_find(l->s, "W3SVC")); /* it can be read all the same */
}

static void an_unclean_hive_is_locked_until_windows_has_shut_down(void **state)
{
	struct lab *l = *state;

	t_make_dirty(l->dir, T_SYSTEM);
	locked_says(l, "start Windows once, shut it down properly, and try again");
	locked_says(l, "sequence numbers 8 and 7");
	t_make_clean(l->dir, T_SYSTEM);
	locked_says(l, NULL);
	t_make_newer_log(l->dir, T_SYSTEM);
	locked_says(l, "LOG1 holds changes that it has not (number 8, and the hive is at 7)");
	t_make_clean(l->dir, T_SYSTEM);
	locked_says(l, NULL);
}

static void a_drive_with_windows_asleep_is_locked(void **state)
{
	static const struct {
		const char *head;
		size_t len;
		bool asleep;
	} cases[] = { { "HIBR", 4096, true }, { "hibr", 4096, true }, { "RSTR", 4096, true },
		{ "wake", 8192, true }, { "h", 1, true }, { "", 4096, false }, { "", 0, false },
		{ "", 100, false } };
	struct lab *l = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned char head[8192] = { 0 };

		memcpy(head, cases[i].head, strlen(cases[i].head));
		t_drive_write(l->dir, "C:\\hiberfil.sys", (struct sg_bytes){ head, cases[i].len });
		locked_says(l, cases[i].asleep ? "hibernat" : NULL);
		locked_says(l, cases[i].asleep ? "powercfg /h off" : NULL);
	}
	{
		char *native = t_drive_native(l->dir, "C:\\hiberfil.sys");

		assert_int_equal(unlink(native), 0);
		assert_int_equal(mkdir(native, 0755), 0);
		locked_says(l, "cannot be told");
		free(native);
	}
}

static void a_hive_that_this_account_may_not_write_is_locked(void **state)
{
	struct lab *l = *state;
	char *native = t_drive_native(l->dir, T_SYSTEM);

	assert_int_equal(chmod(native, 0444), 0);
	if (geteuid() == 0) {
		assert_int_equal(chmod(l->dir, 0755), 0);
		assert_int_equal(seteuid(65534), 0);
		locked_says(l, "it cannot be written");
		assert_int_equal(seteuid(0), 0);
	} else {
		locked_says(l, "it cannot be written");
	}
	free(native);
}

/* --- hostile */

/* Many services whose lists of dependencies are one and the same large cell would fill the memory with copies. */
static void services_that_share_a_large_cell_are_refused(void **state)
{
	struct lab *l = *state;
	struct t_hive *h = t_hive_open(l->dir, T_SYSTEM);
	struct sg_buf octets = { 0 }, words = { 0 };
	size_t big = 0;

	for (int i = 0; i < 3000; i++)
		sg_buf_str(&words, "x ");
	t_hive_service(h, "AAA", 2, NULL, (const char *)words.data);
	for (int i = 0; i < 100; i++) {
		char *name = sg_format("Svc%03d", i);

		t_hive_service(h, name, 2, NULL, "x y z");
		free(name);
	}
	t_hive_build(h, NULL, &octets);
	for (size_t at = 4096; at + 40 < octets.len; at += 8) {
		unsigned char *p = octets.data + at + 4;

		if (memcmp(p, "vk", 2) || memcmp(p + 20, "DependOnService", 15))
			continue;
		if (!big)
			big = at + 4; /* AAA's: services are written in order of their names */
		memcpy(p + 4, octets.data + big + 4, 8);
	}
	t_drive_write(l->dir, T_SYSTEM, sg_buf_bytes(&octets));
	assert_int_equal(read_them(l), SG_EPARSE);
	assert_non_null(strstr(l->err.msg, "share cells"));
	sg_buf_release(&words);
	sg_buf_release(&octets);
	t_hive_free(h);
}

/* --- addresses */

static void an_address_names_one_service_and_nothing_else(void **state)
{
	struct sg_addr a = { 0 };
	char *name;

	(void)state;
	sg_service_addr("W3SVC", &a);
	assert_string_equal(a.container, T_SYSTEM);
	assert_string_equal(a.path, "/CurrentControlSet/Services/W3SVC/@Start");
	name = sg_service_of(&a);
	assert_string_equal(name, "W3SVC");
	free(name);
	a.kind = SG_VALUE_ATTRIBUTE;
	assert_null(sg_service_of(&a));
	a.kind = SG_VALUE_SERVICE;
	strcpy(a.path, "/CurrentControlSet/Services//@Start");
	assert_null(sg_service_of(&a));
	strcpy(a.path, "/CurrentControlSet/Services/W/@Stop");
	assert_null(sg_service_of(&a));
	sg_addr_release(&a);
}

static void start_types_have_names(void **state)
{
	static const char *const names[] = { "Boot", "System", "Automatic", "Manual", "Disabled" };
	enum sg_start_type t;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_string_equal(sg_start_name((enum sg_start_type)i), names[i]);
		assert_true(sg_start_parse(names[i], &t));
		assert_int_equal(t, i);
	}
	assert_string_equal(sg_start_name((enum sg_start_type)5), "?");
	assert_false(sg_start_parse("automatic", &t));
	assert_false(sg_start_parse("", &t));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(services_are_read_as_they_stand_in_the_registry),
		T(the_control_set_of_the_next_start_counts),
		T(a_start_type_that_nobody_understands_is_said_and_the_rest_is_read),
		T(dependants_come_in_the_order_in_which_they_are_stopped),
		T(a_circle_of_dependencies_ends),
		T(an_unclean_hive_is_locked_until_windows_has_shut_down),
		T(a_drive_with_windows_asleep_is_locked),
		T(a_hive_that_this_account_may_not_write_is_locked),
		T(services_that_share_a_large_cell_are_refused),
		cmocka_unit_test(an_address_names_one_service_and_nothing_else),
		cmocka_unit_test(start_types_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
