/* test_step_hive_refuse.c - what is no start type that could be written in place, hives that are not to be touched, and who was there between plan and write. */
#include "actions/services.h"
#include "tests/lib/hive_file.h"
#include "tests/lib/step_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* --- values that are not there, or not as they should be */

static void look(struct t_step *f, enum sg_seen seen, const char *why)
{
	struct sg_seen_value now = { 0 };
	struct sg_addr a = { 0 };

	sg_service_addr("W3SVC", &a);
	assert_int_equal(sg_step_read(&f->drives, &a, 1, &now, &f->err), 0);
	assert_int_equal(now.seen, seen);
	if (!now.why || !strstr(now.why, why))
		fail_msg("\"%s\" does not say \"%s\"", now.why ? now.why : "", why);
	assert_false(now.now.present);
	sg_seen_release(&now, 1);
	sg_addr_release(&a);
}

/* Looked at so, refused so, and left alone by settling. */
static void no_value(struct t_step *f, enum sg_seen seen, int code, const char *why)
{
	struct sg_step_plan p;

	look(f, seen, why);
	t_step_snapshot(f);
	t_step_refused(f, code, why);
	assert_int_equal(t_step_plan(f, true, &p), 0);
	assert_int_equal(p.seen[0], seen);
	assert_int_equal(t_step_write(f, &p), 0);
	sg_step_plan_release(&p);
	assert_true(t_drive_same(f->dir, f->before));
}

static void a_service_or_hive_that_is_gone_is_gone(void **state)
{
	struct t_step *f = *state;
	struct t_hive *h;

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	h = t_hive_open(f->dir, T_SYSTEM);
	t_hive_remove_value(h, T_SERVICES "W3SVC", "Start");
	t_hive_save(f->dir, T_SYSTEM, h, NULL);
	no_value(f, SG_SEEN_GONE, SG_ENOENT, "has no Start");
	t_hive_remove(h, T_SERVICES "W3SVC");
	t_hive_save(f->dir, T_SYSTEM, h, NULL);
	no_value(f, SG_SEEN_GONE, SG_ENOENT, "no service W3SVC in ControlSet001");
	t_hive_free(h);
	t_drive_remove(f->dir, T_SYSTEM);
	no_value(f, SG_SEEN_GONE, SG_ENOENT, "SYSTEM");
}

static void a_start_that_windows_would_not_write_is_not_touched(void **state)
{
	static const struct {
		uint32_t type;
		const char *octets;
		size_t len;
		const char *why;
	} cases[] = {
		{ T_REG_DWORD, "\5\0\0\0", 4, "is 5, and start types are 0 to 4" },
		{ T_REG_DWORD, "\2\0\0\1", 4, "start types are 0 to 4" },
		{ T_REG_DWORD, "\2\0", 2, "2 octets instead of 4" },
		{ T_REG_DWORD, "\2\0\0\0\0\0\0\0", 8, "8 octets instead of 4" },
		{ T_REG_DWORD, "", 0, "0 octets instead of 4" },
		{ T_REG_BINARY, "\2\0\0\0", 4, "of type 3 instead of 4" },
		{ T_REG_SZ, "2\0\0\0", 4, "of type 1 instead of 4" },
		{ 5, "\0\0\0\2", 4, "of type 5 instead of 4" }, /* big-endian */
	};
	struct t_hive_shape cells = { .cells = true };
	struct t_step *f = *state;
	struct t_hive *h = t_hive_open(f->dir, T_SYSTEM);

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		t_hive_raw(h, T_SERVICES "W3SVC", "Start", cases[i].type, cases[i].octets, cases[i].len);
		t_hive_save(f->dir, T_SYSTEM, h, NULL);
		no_value(f, SG_SEEN_FAILED, SG_EUNSUPPORTED, cases[i].why);
	}
	t_hive_dword(h, T_SERVICES "W3SVC", "Start", 2);
	t_hive_save(f->dir, T_SYSTEM, h, &cells);
	no_value(f, SG_SEEN_FAILED, SG_EUNSUPPORTED, "not in its value's own record");
	t_hive_free(h);
}

static void a_hive_that_is_none_or_of_two_minds_fails_and_is_not_gone(void **state)
{
	struct t_step *f = *state;
	struct t_hive *h = t_hive_open(f->dir, T_SYSTEM);
	struct sg_buf octets = { 0 };

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	t_hive_dword(h, "Select", "Default", 2);
	t_hive_save(f->dir, T_SYSTEM, h, NULL);
	no_value(f, SG_SEEN_FAILED, SG_EUNSUPPORTED, "ControlSet002");
	t_hive_remove(h, "Select");
	t_hive_save(f->dir, T_SYSTEM, h, NULL);
	no_value(f, SG_SEEN_FAILED, SG_EPARSE, "\"Select\"");
	t_hive_build(h, NULL, &octets);
	t_drive_write(f->dir, T_SYSTEM, (struct sg_bytes){ octets.data, octets.len - 4096 });
	no_value(f, SG_SEEN_FAILED, SG_EPARSE, "the file ends before its last bin does");
	t_drive_write(f->dir, T_SYSTEM, sg_bytes_of("<configuration/>"));
	no_value(f, SG_SEEN_FAILED, SG_EPARSE, "the file ends before");
	sg_buf_release(&octets);
	t_hive_free(h);
}

static void other_hives_and_other_addresses_are_nothing_of_ours(void **state)
{
	static const struct {
		enum sg_value_kind kind;
		const char *container, *path;
	} cases[] = {
		{ SG_VALUE_SERVICE, T_SOFTWARE, "/CurrentControlSet/Services/W3SVC/@Start" },
		{ SG_VALUE_SERVICE, T_SYSTEM, "/CurrentControlSet/Services/W3SVC/@ImagePath" },
		{ SG_VALUE_SERVICE, T_SYSTEM, "/ControlSet001/Services/W3SVC/@Start" },
		{ SG_VALUE_ATTRIBUTE, T_SYSTEM, "/configuration/@x" },
		{ SG_VALUE_SERVICE, T_ECP, "/CurrentControlSet/Services/W3SVC/@Start" },
	};
	struct t_step *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_addr a = { cases[i].kind, (char *)cases[i].container, (char *)cases[i].path };
		struct sg_seen_value now[2] = { { 0 } };
		struct sg_addr two[2] = { a, a };

		assert_int_equal(sg_step_read(&f->drives, &a, 1, now, &f->err), 0);
		assert_int_equal(now[0].seen, SG_SEEN_FAILED);
		sg_seen_release(now, 1);
		/* beside a value that is ours */
		two[0] = (struct sg_addr){ 0 };
		sg_service_addr("W3SVC", &two[0]);
		assert_int_equal(sg_step_read(&f->drives, two, 2, now, &f->err), 0);
		assert_int_equal(now[0].seen, SG_SEEN_FROM);
		assert_int_equal(now[1].seen, SG_SEEN_FAILED);
		sg_seen_release(now, 2);
		sg_addr_release(&two[0]);
	}
	assert_true(t_drive_same(f->dir, f->before));
}

static void only_five_contents_can_be_wanted(void **state)
{
	static const char *const cases[] = { "5", "", "04", "-1", "Automatic", "2 " };
	struct t_step *f = *state;

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		sg_buf_set(&f->moves.at[0].to.octets, cases[i], strlen(cases[i]));
		t_step_refused(f, SG_EINVAL, "0 to 4");
	}
	f->moves.at[0].to.present = false; /* a start type cannot be taken away */
	t_step_refused(f, SG_EINVAL, "0 to 4");
}

static void one_value_is_not_written_under_two_names(void **state)
{
	struct t_step *f = *state;

	t_step_want_service(f, "W3SVC", 4);
	t_step_want_service(f, "w3svc", 3);
	t_step_take_before(f);
	assert_int_equal(f->moves.n, 2);
	t_step_refused(f, SG_ECONFLICT, "more would change");
}

/* --- hives that are not to be written, and can be looked at */

/* Neither forwards nor back, and looking goes on. */
static void locked(struct t_step *f, const char *why)
{
	struct sg_seen_value now = { 0 };
	struct sg_step_plan p;

	t_step_snapshot(f);
	t_step_refused(f, SG_EUNSUPPORTED, why);
	assert_int_equal(t_start(f->dir, "W3SVC"), 2);
	f->moves.at[0].settle_to = true; /* 2 to 4 by recovery */
	assert_int_equal(t_step_plan(f, true, &p), SG_EUNSUPPORTED);
	t_step_says(f, why);
	f->moves.at[0].settle_to =
	        false; /* it is at its settle content: nothing is to be written, and that is no failure */
	assert_int_equal(t_step_plan(f, true, &p), 0);
	assert_int_equal(sg_step_write(&p, true, NULL, NULL, &f->err), 0);
	sg_step_plan_release(&p);
	assert_true(t_drive_same(f->dir, f->before));
	assert_int_equal(sg_step_read(&f->drives, &f->moves.at[0].addr, 1, &now, &f->err), 0);
	assert_int_equal(now.seen, SG_SEEN_FROM);
	sg_seen_release(&now, 1);
}

static void unclean_hives_and_sleeping_drives_are_left_alone(void **state)
{
	struct t_step *f = *state;
	struct sg_buf octets = { 0 };

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	t_make_dirty(f->dir, T_SYSTEM);
	locked(f, "sequence numbers 8 and 7); start Windows once, shut it down properly, and try again");
	t_make_clean(f->dir, T_SYSTEM);
	t_make_newer_log(f->dir, T_SYSTEM);
	locked(f, "LOG1 holds changes that it has not");
	t_make_clean(f->dir, T_SYSTEM);
	t_drive_read(f->dir, T_SYSTEM, &octets);
	octets.data[508] ^= 1;
	t_drive_write(f->dir, T_SYSTEM, sg_buf_bytes(&octets));
	locked(f, "the checksum of its base block is wrong");
	t_make_clean(f->dir, T_SYSTEM);
	t_hibernate(f->dir);
	locked(f, "hibernated");
	t_drive_remove(f->dir, "C:\\hiberfil.sys");
	t_step_go(f, false); /* and now it goes */
	assert_int_equal(t_start(f->dir, "W3SVC"), 4);
	sg_buf_release(&octets);
}

static void a_hive_with_links_is_left_alone(void **state)
{
	struct t_step *f = *state;
	char *native = t_drive_native(f->dir, T_SYSTEM), *other = sg_format("%s.other", native);
	struct sg_step_plan p;

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	assert_int_equal(link(native, other), 0);
	locked(f, "hard links");
	assert_int_equal(t_step_write(f, &p), SG_ECONFLICT); /* a link that was made since */
	sg_step_plan_release(&p);
	assert_int_equal(unlink(native), 0);
	assert_int_equal(symlink("SYSTEM.other", native), 0);
	assert_true(t_step_plan(f, false, &p) < 0);
	t_step_says(f, "link");
	free(other);
	free(native);
}

/* --- between the plan and the write */

struct meanwhile {
	struct t_step *f;
	int what;
};
enum { OTHER_START, SAME_OCTETS, CUT, GROWN, LINKED, GONE, KINDS };

static bool happens(void *arg)
{
	const struct meanwhile *m = arg;
	char *native = t_drive_native(m->f->dir, T_SYSTEM), *away = sg_format("%s.away", native);
	struct sg_buf octets = { 0 };

	t_drive_read(m->f->dir, T_SYSTEM, &octets);
	switch (m->what) {
	case OTHER_START: t_set_start(m->f->dir, "WAS", 2); break;
	case SAME_OCTETS: t_drive_write(m->f->dir, T_SYSTEM, sg_buf_bytes(&octets)); break;
	case CUT: assert_int_equal(truncate(native, 8192), 0); break;
	case GROWN: assert_int_equal(truncate(native, (off_t)octets.len + 1), 0); break;
	case LINKED:
		assert_int_equal(rename(native, away), 0);
		assert_int_equal(symlink("SYSTEM.away", native), 0);
		break;
	default: assert_int_equal(rename(native, away), 0); break;
	}
	sg_buf_release(&octets);
	free(away);
	free(native);
	return false;
}

static void who_changes_the_hive_meanwhile_is_not_written_over(void **state)
{
	struct t_step *f = *state;
	char *native = t_drive_native(f->dir, T_SYSTEM), *away = sg_format("%s.away", native);
	struct sg_buf octets = { 0 };

	t_drive_read(f->dir, T_SYSTEM, &octets);
	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	for (int what = 0; what < KINDS; what++)
		for (int late = 0; late < 2; late++) {
			struct meanwhile m = { f, what };
			struct sg_step_plan p;

			assert_int_equal(t_step_plan(f, false, &p), 0);
			if (!late)
				happens(&m);
			assert_true(sg_step_write(&p, false, late ? happens : NULL, &m, &f->err) < 0);
			sg_step_plan_release(&p);
			t_step_says(f, "SYSTEM");
			if (what == LINKED || what == GONE)
				assert_true(rename(away, native) == 0);
			else if (what == OTHER_START)
				assert_int_equal(t_start(f->dir, "WAS"), 2);
			if (what != CUT)
				assert_int_equal(t_start(f->dir, "W3SVC"), 2);
			t_drive_write(f->dir, T_SYSTEM, sg_buf_bytes(&octets));
			assert_true(t_drive_same(f->dir, f->before));
			sg_err_clear(&f->err);
		}
	sg_buf_release(&octets);
	free(away);
	free(native);
}

static bool stop(void *arg)
{
	(void)arg;
	return true;
}

static void a_stop_before_the_write_leaves_the_hive(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	assert_int_equal(sg_step_write(&p, false, stop, NULL, &f->err), SG_ECANCELED);
	sg_step_plan_release(&p);
	assert_true(t_drive_same(f->dir, f->before));
}

static void a_refused_hive_keeps_the_config_files_of_the_plan_as_they_were(void **state)
{
	struct t_step *f = *state;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	t_make_dirty(f->dir, T_SYSTEM);
	t_step_snapshot(f);
	t_step_refused(f, SG_EUNSUPPORTED, "start Windows once");
}

#define T(f) cmocka_unit_test_setup_teardown(f, t_step_setup, t_step_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_service_or_hive_that_is_gone_is_gone),
		T(a_start_that_windows_would_not_write_is_not_touched),
		T(a_hive_that_is_none_or_of_two_minds_fails_and_is_not_gone),
		T(other_hives_and_other_addresses_are_nothing_of_ours),
		T(only_five_contents_can_be_wanted),
		T(one_value_is_not_written_under_two_names),
		T(unclean_hives_and_sleeping_drives_are_left_alone),
		T(a_hive_with_links_is_left_alone),
		T(who_changes_the_hive_meanwhile_is_not_written_over),
		T(a_stop_before_the_write_leaves_the_hive),
		T(a_refused_hive_keeps_the_config_files_of_the_plan_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
