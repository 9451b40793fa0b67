/* test_step.c - looking at values, planning their moves and writing them: what is written, what is refused, and what is never touched. */
#include "actions/step.h"
#include "base/os.h"
#include "base/text.h"
#include "tests/lib/drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define REWRITE  "/configuration/system.webServer/rewrite"
#define RULE     REWRITE "/rules/rule[@name='stopgap T-1 a']"
#define OWA_LOC  "/configuration/location[@path='.'][@inheritInChildApplications='false']"
#define OAB_LOC  "/configuration/location[@path='Default Web Site/OAB']"
#define RULE_XML "<rule name=\"stopgap T-1 a\"><match url=\".*\" /><action type=\"AbortRequest\" /></rule>"
#define MAX      (250 * 1024)

struct fixture {
	char *dir;
	struct sg_drives drives;
	struct sg_err err;
	struct sg_moves moves;
	struct t_snapshot *before;
};

static int setup(void **state)
{
	struct fixture *f = sg_alloc(sizeof(*f));

	f->dir = t_drive_make();
	t_drive_drives(f->dir, &f->drives);
	f->before = t_drive_snapshot(f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sg_moves_release(&f->moves);
	t_snapshot_free(f->before);
	sg_drives_release(&f->drives);
	t_drive_free(f->dir);
	free(f);
	return 0;
}

/* The drive as it is now is what must be there at the end. */
static void snapshot(struct fixture *f)
{
	t_snapshot_free(f->before);
	f->before = t_drive_snapshot(f->dir);
}

static void want(struct fixture *f, enum sg_value_kind kind, const char *container, const char *path,
        const char *octets)
{
	struct sg_move *m = sg_moves_add(&f->moves);

	m->addr.kind = kind;
	m->addr.container = sg_strdup(container);
	m->addr.path = sg_strdup(path);
	m->to.present = true;
	if (octets)
		sg_buf_str(&m->to.octets, octets);
}

/* One rule with all its scaffolds. */
static void want_rule(struct fixture *f, const char *container, const char *prefix)
{
	static const char *const tail[] = { "/system.webServer", "/system.webServer/rewrite",
		"/system.webServer/rewrite/rules" };
	char *rule = sg_format("%s/system.webServer/rewrite/rules/rule[@name='stopgap T-1 a']", prefix);

	if (strcmp(prefix, "/configuration"))
		want(f, SG_VALUE_SCAFFOLD, container, prefix, NULL);
	for (size_t i = 0; i < 3; i++) {
		char *path = sg_format("%s%s", prefix, tail[i]);

		want(f, SG_VALUE_SCAFFOLD, container, path, NULL);
		free(path);
	}
	want(f, SG_VALUE_ELEMENT, container, rule, RULE_XML);
	free(rule);
}

/* What is there becomes the before, as an intent would say; what is there already as it is wanted is no move at all. */
static void take_before(struct fixture *f)
{
	struct sg_seen_value *now = sg_alloc(f->moves.n * sizeof(*now));
	size_t n = 0;

	assert_int_equal(sg_step_look(&f->drives, &f->moves, now, &f->err), 0);
	for (size_t i = 0; i < f->moves.n; i++) {
		struct sg_move *m = &f->moves.at[i];

		assert_true(now[i].seen != SG_SEEN_FAILED && now[i].seen != SG_SEEN_GONE);
		if (now[i].seen == SG_SEEN_TO) {
			sg_move_release(m);
			continue;
		}
		sg_content_release(&m->from);
		sg_content_copy(&m->from, &now[i].now);
		f->moves.at[n++] = *m;
	}
	sg_seen_release(now, f->moves.n);
	free(now);
	f->moves.n = n;
}

static int plan(struct fixture *f, bool settle, struct sg_step_plan *ret)
{
	memset(ret, 0, sizeof(*ret));
	sg_err_clear(&f->err);
	return sg_step_plan(&f->drives, &f->moves, settle, MAX, ret, &f->err);
}

static int write_plan(struct fixture *f, const struct sg_step_plan *p)
{
	sg_err_clear(&f->err);
	return sg_step_write(p, false, NULL, NULL, &f->err);
}

/* Plans and writes; the journal would keep what was written as the after. */
static void go(struct fixture *f, bool settle)
{
	struct sg_step_plan p;

	if (plan(f, settle, &p) || write_plan(f, &p))
		fail_msg("%s", f->err.msg);
	for (size_t i = 0; !settle && i < f->moves.n; i++) {
		sg_content_release(&f->moves.at[i].to);
		sg_content_copy(&f->moves.at[i].to, &p.written[i]);
	}
	sg_step_plan_release(&p);
}

static void turn_round(struct fixture *f)
{
	for (size_t i = 0; i < f->moves.n; i++) {
		struct sg_content c = f->moves.at[i].from;

		f->moves.at[i].from = f->moves.at[i].to;
		f->moves.at[i].to = c;
	}
}

static void says(const struct fixture *f, const char *text)
{
	if (!strstr(f->err.msg, text))
		fail_msg("\"%s\" does not say \"%s\"", f->err.msg, text);
}

/* The plan is refused with that code and text, and the drive is as it was. */
static void refused(struct fixture *f, int code, const char *text)
{
	struct sg_step_plan p;

	assert_int_equal(plan(f, false, &p), code);
	says(f, text);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
}

/* --- moving */

static void apply_then_revert_gives_back_the_identical_octets(void **state)
{
	struct fixture *f = *state;

	want_rule(f, T_WWWROOT, "/configuration");
	want_rule(f, T_OWA, OWA_LOC);
	want_rule(f, T_APPHOST, OAB_LOC);
	take_before(f);
	go(f, false);
	assert_true(t_drive_has(f->dir, T_WWWROOT, "stopgap T-1 a"));
	assert_true(t_drive_has(f->dir, T_OWA, "stopgap T-1 a"));
	assert_true(t_drive_has(f->dir, T_APPHOST, "<location path=\"Default Web Site/OAB\">"));
	turn_round(f);
	go(f, false);
	assert_true(t_drive_same(f->dir, f->before));
}

static void all_values_of_a_file_change_in_one_replace(void **state)
{
	struct fixture *f = *state;
	struct sg_step_plan p;

	want_rule(f, T_ECP, "/configuration");
	want(f, SG_VALUE_ELEMENT, T_ECP, REWRITE "/rules/rule[@name='stopgap T-1 b']",
	        "<rule name=\"stopgap T-1 b\" />");
	take_before(f);
	assert_int_equal(plan(f, false, &p), 0);
	assert_int_equal(p.n_files, 1);
	assert_true(p.files[0].changed);
	assert_true(t_drive_same(f->dir, f->before)); /* planning writes nothing */
	assert_int_equal(write_plan(f, &p), 0);
	assert_true(t_drive_has(f->dir, T_ECP, "stopgap T-1 a"));
	assert_true(t_drive_has(f->dir, T_ECP, "stopgap T-1 b"));
	sg_step_plan_release(&p);
}

static void mode_is_kept_and_no_temporary_file_stays(void **state)
{
	struct fixture *f = *state;
	char *native = t_drive_native(f->dir, T_ECP);
	struct t_snapshot *after;
	struct stat st;

	assert_int_equal(chmod(native, 0640), 0);
	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	go(f, false);
	assert_int_equal(stat(native, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	after = t_drive_snapshot(f->dir);
	turn_round(f);
	go(f, false);
	assert_int_equal(chmod(native, 0644), 0);
	assert_true(t_drive_same(f->dir, f->before));
	t_snapshot_free(after);
	free(native);
}

static void a_second_apply_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct sg_step_plan p;

	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	go(f, false);
	snapshot(f);
	assert_int_equal(plan(f, false, &p), 0);
	assert_false(p.files[0].changed);
	for (size_t i = 0; i < p.n; i++)
		assert_int_equal(p.seen[i], SG_SEEN_TO);
	assert_int_equal(write_plan(f, &p), 0);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
}

static void settle_brings_from_and_to_alike_to_the_settle_content(void **state)
{
	struct fixture *f = *state;

	want_rule(f, T_ECP, "/configuration");
	want_rule(f, T_WWWROOT, "/configuration");
	take_before(f);
	go(f, false); /* everything at to */
	for (size_t i = 0; i < f->moves.n; i++)
		f->moves.at[i].settle_to = false;
	go(f, true);
	assert_true(t_drive_same(f->dir, f->before));
	go(f, true); /* everything at from: nothing to do */
	assert_true(t_drive_same(f->dir, f->before));
	for (size_t i = 0; i < f->moves.n; i++)
		f->moves.at[i].settle_to = true;
	go(f, true);
	assert_true(t_drive_has(f->dir, T_ECP, "stopgap T-1 a"));
	assert_true(t_drive_has(f->dir, T_WWWROOT, "stopgap T-1 a"));
}

static void revert_leaves_foreign_edits_elsewhere_alone(void **state)
{
	struct fixture *f = *state;

	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	go(f, false);
	t_drive_replace(f->dir, T_ECP, "value=\"Ecp\"", "value=\"Edited by somebody\"");
	turn_round(f);
	go(f, false);
	t_drive_replace(f->dir, T_ECP, "value=\"Edited by somebody\"", "value=\"Ecp\"");
	assert_true(t_drive_same(f->dir, f->before));
}

static void a_scaffold_with_a_foreign_rule_stays(void **state)
{
	struct fixture *f = *state;
	struct sg_step_plan p;
	size_t kept = 0;

	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	go(f, false);
	t_drive_replace(f->dir, T_ECP, "</rules>", "<rule name=\"foreign\" /></rules>");
	turn_round(f);
	assert_int_equal(plan(f, false, &p), 0);
	for (size_t i = 0; i < p.n; i++)
		kept += p.kept_foreign[i];
	assert_int_equal(kept, 2); /* <rewrite> and <rules> */
	assert_int_equal(write_plan(f, &p), 0);
	assert_true(t_drive_has(f->dir, T_ECP, "<rule name=\"foreign\" />"));
	assert_false(t_drive_has(f->dir, T_ECP, "stopgap"));
	sg_step_plan_release(&p);
}

/* --- P2: what is somebody else's is never written */

static void a_foreign_value_is_refused_and_never_written(void **state)
{
	struct fixture *f = *state;

	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	go(f, false);
	t_drive_replace(f->dir, T_ECP, "type=\"AbortRequest\"", "type=\"None\"");
	snapshot(f);
	turn_round(f);
	refused(f, SG_ECONFLICT, "stopgap T-1 a");
	go(f, true);
	assert_true(t_drive_has(f->dir, T_ECP, "type=\"None\""));
	turn_round(f);
	go(f, true);
	assert_true(t_drive_same(f->dir, f->before));
}

static void one_foreign_value_stops_the_plan_for_every_file(void **state)
{
	struct fixture *f = *state;

	want_rule(f, T_WWWROOT, "/configuration");
	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	t_drive_replace(f->dir, T_ECP, "<appSettings>",
	        "<system.webServer><rewrite><rules><rule name=\"STOPGAP T-1 A\" "
	        "/></rules></rewrite></system.webServer><appSettings>");
	snapshot(f);
	refused(f, SG_ECONFLICT, "stopgap T-1 a");
}

static void a_name_that_is_there_twice_counts_as_foreign(void **state)
{
	struct fixture *f = *state;
	struct sg_seen_value now[16];

	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	go(f, false);
	t_drive_replace(f->dir, T_ECP, "</rules>", "<rule name=\"stopgap T-1 a\" /></rules>");
	assert_true(f->moves.n <= 16);
	assert_int_equal(sg_step_look(&f->drives, &f->moves, now, &f->err), 0);
	assert_int_equal(now[f->moves.n - 1].seen, SG_SEEN_OTHER);
	sg_seen_release(now, f->moves.n);
}

/* --- between plan and write */

static void a_file_replaced_after_the_plan_is_not_written(void **state)
{
	struct fixture *f = *state;
	struct sg_buf octets = { 0 };
	struct sg_step_plan p;

	want_rule(f, T_WWWROOT, "/configuration");
	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	assert_int_equal(plan(f, false, &p), 0);
	t_drive_read(f->dir, T_ECP, &octets);
	t_drive_write(f->dir, T_ECP, sg_buf_bytes(&octets)); /* the same octets in another file */
	assert_int_equal(write_plan(f, &p), SG_ECONFLICT);
	says(f, T_ECP);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
	sg_buf_release(&octets);
}

static void a_file_changed_in_place_after_the_plan_is_not_written(void **state)
{
	struct fixture *f = *state;
	char *native = t_drive_native(f->dir, T_ECP);
	struct sg_step_plan p;
	struct sg_buf octets = { 0 };
	const char *at;
	FILE *file;

	t_drive_read(f->dir, T_ECP, &octets);
	at = strstr((const char *)octets.data, "Ecp");
	assert_non_null(at);
	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	assert_int_equal(plan(f, false, &p), 0);
	file = fopen(native, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, at - (const char *)octets.data, SEEK_SET), 0);
	assert_int_equal(fputc('e', file), 'e');
	assert_int_equal(fclose(file), 0);
	snapshot(f);
	assert_int_equal(write_plan(f, &p), SG_ECONFLICT);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
	sg_buf_release(&octets);
	free(native);
}

static bool always(void *arg)
{
	(*(int *)arg)++;
	return true;
}

static void a_stop_before_the_first_replace_leaves_everything(void **state)
{
	struct fixture *f = *state;
	struct sg_step_plan p;
	int asked = 0;

	want_rule(f, T_ECP, "/configuration");
	want_rule(f, T_WWWROOT, "/configuration");
	take_before(f);
	assert_int_equal(plan(f, false, &p), 0);
	assert_int_equal(sg_step_write(&p, false, always, &asked, &f->err), SG_ECANCELED);
	assert_int_equal(asked, 1);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
}

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
	struct fixture *f = *state;

	want_rule(f, T_ECP, "/configuration");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_bytes b = cases[i].len ? (struct sg_bytes){ (const unsigned char *)cases[i].octets,
			cases[i].len }
		                                 : sg_bytes_of(cases[i].octets);
		struct sg_step_plan p;
		int r;

		t_drive_write(f->dir, T_ECP, b);
		snapshot(f);
		r = plan(f, false, &p);
		assert_true(r == SG_EPARSE || r == SG_EUNSUPPORTED);
		if (cases[i].code == SG_EPARSE)
			assert_int_equal(r, SG_EPARSE);
		says(f, "web.config");
		assert_true(t_drive_same(f->dir, f->before));
		/* settling leaves it alone and says so */
		assert_int_equal(plan(f, true, &p), 0);
		assert_int_equal(p.seen[0], SG_SEEN_FAILED);
		assert_int_equal(write_plan(f, &p), 0);
		assert_true(t_drive_same(f->dir, f->before));
		sg_step_plan_release(&p);
	}
}

static void a_container_that_is_gone_is_gone_and_not_made(void **state)
{
	struct fixture *f = *state;
	struct sg_container_id id;
	struct sg_step_plan p;

	want_rule(f, T_ECP, "/configuration");
	t_drive_remove(f->dir, T_ECP);
	snapshot(f);
	refused(f, SG_ENOENT, "web.config");
	assert_int_equal(plan(f, true, &p), 0);
	assert_int_equal(p.n_files, 0);
	assert_int_equal(p.seen[0], SG_SEEN_GONE);
	sg_step_plan_release(&p);
	assert_int_equal(sg_step_identify(&f->drives, T_ECP, &id, &f->err), SG_ENOENT);
}

static void hard_and_symbolic_links_are_refused(void **state)
{
	struct fixture *f = *state;
	char *native = t_drive_native(f->dir, T_ECP), *other = sg_format("%s.other", native);

	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	assert_int_equal(link(native, other), 0);
	snapshot(f);
	refused(f, SG_EUNSUPPORTED, "hard links");
	assert_int_equal(unlink(native), 0);
	assert_int_equal(symlink("web.config.other", native), 0);
	{
		struct sg_step_plan p;

		assert_true(plan(f, false, &p) < 0);
		says(f, "link");
		assert_int_equal(unlink(native), 0);
		assert_int_equal(rename(other, native), 0);
	}
	free(other);
	free(native);
}

static void iis_size_limit_binds_adding_and_not_removing(void **state)
{
	struct fixture *f = *state;
	struct sg_buf pad = { 0 };

	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	go(f, false);
	/* somebody fills the file to the limit: ours may still go */
	sg_buf_str(&pad, "<appSettings><!-- ");
	for (size_t i = 0; i < MAX; i++)
		sg_buf_char(&pad, '.');
	sg_buf_str(&pad, " -->");
	t_drive_replace(f->dir, T_ECP, "<appSettings>", (const char *)pad.data);
	turn_round(f);
	go(f, false);
	assert_false(t_drive_has(f->dir, T_ECP, "stopgap"));
	snapshot(f);
	turn_round(f);
	refused(f, SG_ELIMIT, "web.config");
	sg_buf_release(&pad);
}

static void applicationhost_has_no_size_limit(void **state)
{
	struct fixture *f = *state;
	struct sg_buf pad = { 0 };

	sg_buf_str(&pad, "<!-- ");
	for (size_t i = 0; i < MAX; i++)
		sg_buf_char(&pad, '.');
	sg_buf_str(&pad, " --><configSections>");
	t_drive_replace(f->dir, T_APPHOST, "<configSections>", (const char *)pad.data);
	want_rule(f, T_APPHOST, OAB_LOC);
	take_before(f);
	go(f, false);
	assert_true(t_drive_has(f->dir, T_APPHOST, "stopgap T-1 a"));
	sg_buf_release(&pad);
}

static void a_kind_without_a_backend_fails_and_touches_nothing(void **state)
{
	struct fixture *f = *state;
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
	struct fixture *f = *state;
	struct sg_step_plan a, b;
	const char *name;

	want_rule(f, T_ECP, "/configuration");
	take_before(f);
	assert_int_equal(plan(f, false, &a), 0);
	assert_int_equal(plan(f, false, &b), 0);
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
	struct fixture *f = *state;
	struct sg_strs temps = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *win = sg_format(T_V15 "\\FrontEnd\\HttpProxy\\OAB\\%s", names[i]);

		if (i)
			t_drive_write(f->dir, win, sg_bytes_of("x"));
		sg_strs_add(&temps, win);
		free(win);
	}
	snapshot(f);
	t_drive_write(f->dir, temps.at[0], sg_bytes_of("half of a file"));
	sg_strs_add(&temps, "C:\\no such folder\\stopgap-0123456789abcdef.config");
	assert_int_equal(sg_step_clean(&f->drives, &temps, &f->err), 0);
	assert_true(t_drive_same(f->dir, f->before));
	assert_int_equal(sg_step_clean(&f->drives, &temps, &f->err), 0); /* again: absent is fine */
	sg_strs_release(&temps);
}

static void identity_changes_with_the_file_and_with_its_octets(void **state)
{
	struct fixture *f = *state;
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
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(apply_then_revert_gives_back_the_identical_octets),
		T(all_values_of_a_file_change_in_one_replace),
		T(mode_is_kept_and_no_temporary_file_stays),
		T(a_second_apply_changes_nothing),
		T(settle_brings_from_and_to_alike_to_the_settle_content),
		T(revert_leaves_foreign_edits_elsewhere_alone),
		T(a_scaffold_with_a_foreign_rule_stays),
		T(a_foreign_value_is_refused_and_never_written),
		T(one_foreign_value_stops_the_plan_for_every_file),
		T(a_name_that_is_there_twice_counts_as_foreign),
		T(a_file_replaced_after_the_plan_is_not_written),
		T(a_file_changed_in_place_after_the_plan_is_not_written),
		T(a_stop_before_the_first_replace_leaves_everything),
		T(files_that_no_reader_agrees_on_are_refused),
		T(a_container_that_is_gone_is_gone_and_not_made),
		T(hard_and_symbolic_links_are_refused),
		T(iis_size_limit_binds_adding_and_not_removing),
		T(applicationhost_has_no_size_limit),
		T(a_kind_without_a_backend_fails_and_touches_nothing),
		T(temporary_names_are_random_and_end_in_config),
		T(clean_removes_names_of_ours_and_no_others),
		T(identity_changes_with_the_file_and_with_its_octets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
