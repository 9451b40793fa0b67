/* test_step.c - values are looked at and moved; what is somebody else's is never written. */
#include "tests/lib/step_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* --- moving */

static void apply_then_revert_gives_back_the_identical_octets(void **state)
{
	struct t_step *f = *state;

	t_step_want_rule(f, T_WWWROOT, "/configuration");
	t_step_want_rule(f, T_OWA, OWA_LOC);
	t_step_want_rule(f, T_APPHOST, OAB_LOC);
	t_step_take_before(f);
	t_step_go(f, false);
	assert_true(t_drive_has(f->dir, T_WWWROOT, "stopgap T-1 a"));
	assert_true(t_drive_has(f->dir, T_OWA, "stopgap T-1 a"));
	assert_true(t_drive_has(f->dir, T_APPHOST, "<location path=\"Default Web Site/OAB\">"));
	t_step_turn(f);
	t_step_go(f, false);
	assert_true(t_drive_same(f->dir, f->before));
}

static void the_order_of_the_moves_does_not_matter_to_scaffolds(void **state)
{
	struct t_step *f = *state;

	t_step_want_rule(f, T_OWA, OWA_LOC);
	t_step_take_before(f);
	assert_true(f->moves.n > 2);
	for (size_t i = 0; i < f->moves.n / 2; i++) {
		struct sg_move m = f->moves.at[i];

		f->moves.at[i] = f->moves.at[f->moves.n - 1 - i];
		f->moves.at[f->moves.n - 1 - i] = m;
	}
	t_step_go(f, false);
	assert_true(t_drive_has(f->dir, T_OWA, "stopgap T-1 a"));
	t_step_turn(f);
	t_step_go(f, false);
	assert_true(t_drive_same(f->dir, f->before));
}

static void all_values_of_a_file_change_in_one_replace(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_want(f, SG_VALUE_ELEMENT, T_ECP, REWRITE "/rules/rule[@name='stopgap T-1 b']",
	        "<rule name=\"stopgap T-1 b\" />");
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	assert_int_equal(p.n_files, 1);
	assert_true(p.files[0].changed);
	assert_true(t_drive_same(f->dir, f->before)); /* planning writes nothing */
	assert_int_equal(t_step_write(f, &p), 0);
	assert_true(t_drive_has(f->dir, T_ECP, "stopgap T-1 a"));
	assert_true(t_drive_has(f->dir, T_ECP, "stopgap T-1 b"));
	sg_step_plan_release(&p);
}

static void mode_is_kept_and_no_temporary_file_stays(void **state)
{
	struct t_step *f = *state;
	char *native = t_drive_native(f->dir, T_ECP);
	struct t_snapshot *after;
	struct stat st;

	assert_int_equal(chmod(native, 0640), 0);
	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	t_step_go(f, false);
	assert_int_equal(stat(native, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	after = t_drive_snapshot(f->dir);
	t_step_turn(f);
	t_step_go(f, false);
	assert_int_equal(chmod(native, 0644), 0);
	assert_true(t_drive_same(f->dir, f->before));
	t_snapshot_free(after);
	free(native);
}

static void a_second_apply_changes_nothing(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	t_step_go(f, false);
	t_step_snapshot(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	assert_false(p.files[0].changed);
	for (size_t i = 0; i < p.n; i++)
		assert_int_equal(p.seen[i], SG_SEEN_TO);
	assert_int_equal(t_step_write(f, &p), 0);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
}

static void settle_brings_from_and_to_alike_to_the_settle_content(void **state)
{
	struct t_step *f = *state;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_want_rule(f, T_WWWROOT, "/configuration");
	t_step_take_before(f);
	t_step_go(f, false); /* everything at to */
	for (size_t i = 0; i < f->moves.n; i++)
		f->moves.at[i].settle_to = false;
	t_step_go(f, true);
	assert_true(t_drive_same(f->dir, f->before));
	t_step_go(f, true); /* everything at from: nothing to do */
	assert_true(t_drive_same(f->dir, f->before));
	for (size_t i = 0; i < f->moves.n; i++)
		f->moves.at[i].settle_to = true;
	t_step_go(f, true);
	assert_true(t_drive_has(f->dir, T_ECP, "stopgap T-1 a"));
	assert_true(t_drive_has(f->dir, T_WWWROOT, "stopgap T-1 a"));
}

static void revert_leaves_foreign_edits_elsewhere_alone(void **state)
{
	struct t_step *f = *state;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	t_step_go(f, false);
	t_drive_replace(f->dir, T_ECP, "value=\"Ecp\"", "value=\"Edited by somebody\"");
	t_step_turn(f);
	t_step_go(f, false);
	t_drive_replace(f->dir, T_ECP, "value=\"Edited by somebody\"", "value=\"Ecp\"");
	assert_true(t_drive_same(f->dir, f->before));
}

static void a_scaffold_with_a_foreign_rule_stays(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;
	size_t kept = 0;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	t_step_go(f, false);
	t_drive_replace(f->dir, T_ECP, "</rules>", "<rule name=\"foreign\" /></rules>");
	t_step_turn(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	for (size_t i = 0; i < p.n; i++)
		kept += p.kept_foreign[i];
	assert_int_equal(kept, 2); /* <rewrite> and <rules> */
	assert_int_equal(t_step_write(f, &p), 0);
	assert_true(t_drive_has(f->dir, T_ECP, "<rule name=\"foreign\" />"));
	assert_false(t_drive_has(f->dir, T_ECP, "stopgap"));
	sg_step_plan_release(&p);
}

/* --- P2: what is somebody else's is never written */

static void a_foreign_value_is_refused_and_never_written(void **state)
{
	struct t_step *f = *state;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	t_step_go(f, false);
	t_drive_replace(f->dir, T_ECP, "type=\"AbortRequest\"", "type=\"None\"");
	t_step_snapshot(f);
	t_step_turn(f);
	t_step_refused(f, SG_ECONFLICT, "stopgap T-1 a");
	t_step_go(f, true);
	assert_true(t_drive_has(f->dir, T_ECP, "type=\"None\""));
	t_step_turn(f);
	t_step_go(f, true);
	assert_true(t_drive_same(f->dir, f->before));
}

static void one_foreign_value_stops_the_plan_for_every_file(void **state)
{
	struct t_step *f = *state;

	t_step_want_rule(f, T_WWWROOT, "/configuration");
	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	t_drive_replace(f->dir, T_ECP, "<appSettings>",
	        "<system.webServer><rewrite><rules><rule name=\"STOPGAP T-1 A\" "
	        "/></rules></rewrite></system.webServer><appSettings>");
	t_step_snapshot(f);
	t_step_refused(f, SG_ECONFLICT, "stopgap T-1 a");
}

static void a_name_that_is_there_twice_counts_as_foreign(void **state)
{
	struct t_step *f = *state;
	struct sg_seen_value now[16];

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	t_step_go(f, false);
	t_drive_replace(f->dir, T_ECP, "</rules>", "<rule name=\"stopgap T-1 a\" /></rules>");
	assert_true(f->moves.n <= 16);
	assert_int_equal(sg_step_look(&f->drives, &f->moves, now, &f->err), 0);
	assert_int_equal(now[f->moves.n - 1].seen, SG_SEEN_OTHER);
	sg_seen_release(now, f->moves.n);
}

/* --- between plan and write */

static void a_file_replaced_after_the_plan_is_not_written(void **state)
{
	struct t_step *f = *state;
	struct sg_buf octets = { 0 };
	struct sg_step_plan p;

	t_step_want_rule(f, T_WWWROOT, "/configuration");
	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	t_drive_read(f->dir, T_ECP, &octets);
	t_drive_write(f->dir, T_ECP, sg_buf_bytes(&octets)); /* the same octets in another file */
	assert_int_equal(t_step_write(f, &p), SG_ECONFLICT);
	t_step_says(f, T_ECP);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
	sg_buf_release(&octets);
}

static void a_file_changed_in_place_after_the_plan_is_not_written(void **state)
{
	struct t_step *f = *state;
	char *native = t_drive_native(f->dir, T_ECP);
	struct sg_step_plan p;
	struct sg_buf octets = { 0 };
	const char *at;
	FILE *file;

	t_drive_read(f->dir, T_ECP, &octets);
	at = strstr((const char *)octets.data, "Ecp");
	assert_non_null(at);
	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	file = fopen(native, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, (long)(at - (const char *)octets.data), SEEK_SET), 0);
	assert_int_equal(fputc('e', file), 'e');
	assert_int_equal(fclose(file), 0);
	t_step_snapshot(f);
	assert_int_equal(t_step_write(f, &p), SG_ECONFLICT);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
	sg_buf_release(&octets);
	free(native);
}

/* Asked at the last moment before the replaces, it puts other octets into the first temporary file, or another file in its place. */
struct exchange {
	const struct sg_step_plan *plan;
	bool in_place;
};

static bool exchange(void *arg)
{
	const struct exchange *e = arg;
	const char *temp = e->plan->files[0].temp;
	FILE *file;

	if (!e->in_place)
		assert_int_equal(remove(temp), 0);
	file = fopen(temp, e->in_place ? "r+b" : "wb");
	assert_non_null(file);
	assert_true(fputs("<x", file) >= 0);
	assert_int_equal(fclose(file), 0);
	return false;
}

static void a_temporary_file_that_somebody_exchanged_replaces_nothing(void **state)
{
	struct t_step *f = *state;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_take_before(f);
	for (int i = 0; i < 2; i++) {
		struct sg_step_plan p;
		struct exchange e = { &p, i == 0 };

		sg_err_clear(&f->err);
		assert_int_equal(t_step_plan(f, false, &p), 0);
		assert_int_equal(sg_step_write(&p, false, exchange, &e, &f->err), SG_ECONFLICT);
		assert_non_null(strstr(f->err.msg, p.files[0].temp_win));
		assert_true(t_drive_same(f->dir, f->before));
		sg_step_plan_release(&p);
	}
}

static bool always(void *arg)
{
	(*(int *)arg)++;
	return true;
}

static void a_stop_before_the_first_replace_leaves_everything(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;
	int asked = 0;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_want_rule(f, T_WWWROOT, "/configuration");
	t_step_take_before(f);
	assert_int_equal(t_step_plan(f, false, &p), 0);
	assert_int_equal(sg_step_write(&p, false, always, &asked, &f->err), SG_ECANCELED);
	assert_int_equal(asked, 1);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_step_setup, t_step_teardown)
	const struct CMUnitTest tests[] = {
		T(apply_then_revert_gives_back_the_identical_octets),
		T(the_order_of_the_moves_does_not_matter_to_scaffolds),
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
		T(a_temporary_file_that_somebody_exchanged_replaces_nothing),
		T(a_stop_before_the_first_replace_leaves_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
