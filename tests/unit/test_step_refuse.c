/* test_step_refuse.c - what a plan refuses, and the temporary files. */
#include "tests/lib/step_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* --- refusals */

static void files_that_no_reader_agrees_on_are_refused(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		int code;
	} cases[] = {
		{ "<configuration><system.webServer></configuration>", 0, SG_EPARSE },
		{ "<!DOCTYPE configuration><configuration/>", 0, SG_EUNSUPPORTED },
		{ "\xff\xfe<\0c\0/\0>\0", 10, SG_EUNSUPPORTED },
		{ "<configuration>\xc3\x28</configuration>", 0, SG_EPARSE },
	};
	struct t_step *f = *state;

	t_step_want_rule(f, T_ECP, "/configuration");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_bytes b = cases[i].len ? (struct sg_bytes){ (const unsigned char *)cases[i].octets,
			cases[i].len }
		                                 : sg_bytes_of(cases[i].octets);
		struct sg_step_plan p;
		int r;

		t_drive_write(f->dir, T_ECP, b);
		t_step_snapshot(f);
		r = t_step_plan(f, false, &p);
		assert_true(r == SG_EPARSE || r == SG_EUNSUPPORTED);
		if (cases[i].code == SG_EPARSE)
			assert_int_equal(r, SG_EPARSE);
		t_step_says(f, "web.config");
		assert_true(t_drive_same(f->dir, f->before));
		/* settling leaves it alone and says so */
		assert_int_equal(t_step_plan(f, true, &p), 0);
		assert_int_equal(p.seen[0], SG_SEEN_FAILED);
		assert_int_equal(t_step_write(f, &p), 0);
		assert_true(t_drive_same(f->dir, f->before));
		sg_step_plan_release(&p);
	}
}

static void a_container_that_is_gone_is_gone_and_not_made(void **state)
{
	struct t_step *f = *state;
	struct sg_container_id id;
	struct sg_step_plan p;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_drive_remove(f->dir, T_ECP);
	t_step_snapshot(f);
	t_step_refused(f, SG_ENOENT, "web.config");
	assert_int_equal(t_step_plan(f, true, &p), 0);
	assert_int_equal(p.n_files, 0);
	assert_int_equal(p.seen[0], SG_SEEN_GONE);
	sg_step_plan_release(&p);
	assert_int_equal(sg_step_identify(&f->drives, T_ECP, &id, &f->err), SG_ENOENT);
}

static void hard_and_symbolic_links_are_refused(void **state)
{
	struct t_step *f = *state;
	char *native = t_drive_native(f->dir, T_ECP), *other = sg_format("%s.other", native);

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	assert_int_equal(link(native, other), 0);
	t_step_snapshot(f);
	t_step_refused(f, SG_EUNSUPPORTED, "hard links");
	assert_int_equal(unlink(native), 0);
	assert_int_equal(symlink("web.config.other", native), 0);
	{
		struct sg_step_plan p;

		assert_true(t_step_plan(f, false, &p) < 0);
		t_step_says(f, "link");
		assert_int_equal(unlink(native), 0);
		assert_int_equal(rename(other, native), 0);
	}
	free(other);
	free(native);
}

/* What the owner of a site could do between the plan and the write. */
struct swap {
	char *folder, *away;
};

static bool swap_folder(void *arg)
{
	const struct swap *s = arg;

	assert_int_equal(rename(s->folder, s->away), 0);
	assert_int_equal(symlink(s->away, s->folder), 0);
	return false;
}

static void swap_back(const struct swap *s)
{
	assert_int_equal(unlink(s->folder), 0);
	assert_int_equal(rename(s->away, s->folder), 0);
}

static void a_folder_that_becomes_a_link_is_not_written_through(void **state)
{
	struct t_step *f = *state;
	char *native = t_drive_native(f->dir, T_ECP);
	struct swap s = { .folder = sg_strndup(native, (size_t)(strrchr(native, '/') - native)) };
	struct sg_step_plan p;

	s.away = sg_format("%s.away", f->dir); /* outside of the drive */
	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	swap_folder(&s);
	assert_int_equal(sg_step_write(&p, false, NULL, NULL, &f->err), SG_EUNSUPPORTED);
	t_step_says(f, "links inside a drive are not followed");
	swap_back(&s);
	assert_true(t_drive_same(f->dir, f->before));
	/* as late as that, and the temporary file is there already */
	sg_err_clear(&f->err);
	assert_int_equal(sg_step_write(&p, false, swap_folder, &s, &f->err), SG_EUNSUPPORTED);
	swap_back(&s);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
	free(s.away);
	free(s.folder);
	free(native);
}

static void iis_size_limit_binds_adding_and_not_removing(void **state)
{
	struct t_step *f = *state;
	struct sg_buf pad = { 0 };

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	t_step_go(f, false);
	/* somebody fills the file to the limit: ours may still go */
	sg_buf_str(&pad, "<appSettings><!-- ");
	for (size_t i = 0; i < MAX; i++)
		sg_buf_char(&pad, '.');
	sg_buf_str(&pad, " -->");
	t_drive_replace(f->dir, T_ECP, "<appSettings>", (const char *)pad.data);
	t_step_turn(f);
	t_step_go(f, false);
	assert_false(t_drive_has(f->dir, T_ECP, "stopgap"));
	t_step_snapshot(f);
	t_step_turn(f);
	t_step_refused(f, SG_ELIMIT, "web.config");
	sg_buf_release(&pad);
}

static void applicationhost_has_no_size_limit(void **state)
{
	struct t_step *f = *state;
	struct sg_buf pad = { 0 };

	sg_buf_str(&pad, "<!-- ");
	for (size_t i = 0; i < MAX; i++)
		sg_buf_char(&pad, '.');
	sg_buf_str(&pad, " --><configSections>");
	t_drive_replace(f->dir, T_APPHOST, "<configSections>", (const char *)pad.data);
	t_step_want_rule(f, T_APPHOST, OAB_LOC);
	t_step_take_before(f);
	t_step_go(f, false);
	assert_true(t_drive_has(f->dir, T_APPHOST, "stopgap T-1 a"));
	sg_buf_release(&pad);
}

static void a_kind_without_a_backend_fails_and_touches_nothing(void **state)
{
	struct t_step *f = *state;
	struct sg_addr addr = { SG_VALUE_SERVICE, (char *)"services", (char *)"MSExchangeUM" };
	struct sg_seen_value now = { 0 };

	assert_int_equal(sg_step_read(&f->drives, &addr, 1, &now, &f->err), 0);
	assert_int_equal(now.seen, SG_SEEN_FAILED);
	assert_non_null(now.why);
	sg_seen_release(&now, 1);
	assert_true(t_drive_same(f->dir, f->before));
}

/* --- temporary files */

static void temporary_names_are_random_and_end_in_config(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan a, b;
	const char *name;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &a), 0);
	assert_int_equal(t_step_plan(f, false, &b), 0);
	assert_string_not_equal(a.files[0].temp, b.files[0].temp);
	name = strrchr(a.files[0].temp_win, '\\') + 1;
	assert_int_equal(strlen(name), strlen("stopgap-0123456789abcdef.config"));
	assert_int_equal(strncmp(name, "stopgap-", 8), 0);
	assert_int_equal(strspn(name + 8, "0123456789abcdef"), 16);
	assert_string_equal(name + 24, ".config");
	assert_non_null(strstr(a.files[0].temp, name)); /* the same name in both forms */
	sg_step_plan_release(&a);
	sg_step_plan_release(&b);
}

struct beside {
	struct t_step *step;
	char *names;
};

/* The names beside the container, in order. */
static char *names_beside(const struct t_step *f, const char *container)
{
	char *native = t_drive_native(f->dir, container), *folder, *all;
	struct sg_strs names = { 0 };
	struct sg_buf text = { 0 };

	folder = sg_strndup(native, (size_t)(sg_os_last(native) - native - 1));
	assert_int_equal(sg_os_list(folder, &names, NULL), 0);
	for (size_t i = 0; i < names.n; i++)
		sg_buf_fmt(&text, "%s ", names.at[i]);
	all = sg_buf_detach(&text);
	sg_strs_release(&names);
	free(folder);
	free(native);
	return all;
}

static bool see_names(void *arg)
{
	struct beside *b = arg;

	free(b->names);
	b->names = names_beside(b->step, T_ECP);
	return false;
}

static void what_a_write_needs_beside_the_file_is_gone_after_it(void **state)
{
	struct t_step *f = *state;
	struct beside b = { .step = f };
	char *before = names_beside(f, T_ECP), *after;
	struct sg_step_plan p;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	assert_int_equal(sg_step_write(&p, false, see_names, &b, &f->err), 0);
	assert_non_null(strstr(b.names, sg_os_last(p.files[0].temp)));
	if (sg_os_slash('\\')) /* Windows holds the folder meanwhile */
		assert_non_null(strstr(b.names, SG_DRIVE_HOLD));
	after = names_beside(f, T_ECP);
	assert_string_equal(after, before);
	sg_step_plan_release(&p);
	free(after);
	free(before);
	free(b.names);
}

static void clean_removes_names_of_ours_and_no_others(void **state)
{
	static const char *const names[] = {
		"stopgap-0123456789abcdef.config", /* ours */
		"stopgap-1123456789ABCDEF.config",
		"stopgap-0123456789abcde.config",
		"stopgap-0123456789abcdef0.config",
		"my-0123456789abcdef.config",
		"web.config",
	};
	struct t_step *f = *state;
	struct sg_strs temps = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *win = sg_format(T_V15 "\\FrontEnd\\HttpProxy\\OAB\\%s", names[i]);

		if (i)
			t_drive_write(f->dir, win, sg_bytes_of("x"));
		sg_strs_add(&temps, win);
		free(win);
	}
	t_step_snapshot(f);
	t_drive_write(f->dir, temps.at[0], sg_bytes_of("half of a file"));
	for (int i = 0; i < 2;
	        i++) { /* what a loss of power leaves of a folder that is held, and of a replace */
		char *beside = sg_format("%s%s", temps.at[0], i ? SG_OS_PIN : SG_DRIVE_HOLD);

		t_drive_write(f->dir, beside, sg_bytes_of("\n"));
		free(beside);
	}
	sg_strs_add(&temps, "C:\\no such folder\\stopgap-0123456789abcdef.config");
	assert_int_equal(sg_step_clean(&f->drives, &temps, &f->err), 0);
	assert_true(t_drive_same(f->dir, f->before));
	assert_int_equal(sg_step_clean(&f->drives, &temps, &f->err), 0); /* again: absent is fine */
	sg_strs_release(&temps);
}

static void identity_changes_with_the_file_and_with_its_octets(void **state)
{
	struct t_step *f = *state;
	struct sg_container_id a, b, c;
	struct sg_buf octets = { 0 };

	assert_int_equal(sg_step_identify(&f->drives, T_ECP, &a, &f->err), 0);
	assert_int_equal(sg_step_identify(&f->drives, T_ECP, &b, &f->err), 0);
	assert_true(a.dev == b.dev && a.ino == b.ino && sg_hash_equal(&a.file, &b.file));
	t_drive_read(f->dir, T_ECP, &octets);
	t_drive_write(f->dir, T_ECP, sg_buf_bytes(&octets));
	assert_int_equal(sg_step_identify(&f->drives, T_ECP, &c, &f->err), 0);
	assert_true(a.ino != c.ino && sg_hash_equal(&a.file, &c.file));
	sg_buf_release(&octets);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_step_setup, t_step_teardown)
	const struct CMUnitTest tests[] = {
		T(files_that_no_reader_agrees_on_are_refused),
		T(a_container_that_is_gone_is_gone_and_not_made),
		T(hard_and_symbolic_links_are_refused),
		T(a_folder_that_becomes_a_link_is_not_written_through),
		T(iis_size_limit_binds_adding_and_not_removing),
		T(applicationhost_has_no_size_limit),
		T(a_kind_without_a_backend_fails_and_touches_nothing),
		T(temporary_names_are_random_and_end_in_config),
		T(what_a_write_needs_beside_the_file_is_gone_after_it),
		T(clean_removes_names_of_ours_and_no_others),
		T(identity_changes_with_the_file_and_with_its_octets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
