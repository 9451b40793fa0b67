/* test_step_hive.c - start types in a drive's SYSTEM hive: looked at, planned, written in place, undone. Failing and dying in between is in
 * test_step_hive_calls.c, what is refused in test_step_hive_refuse.c. */
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

static ino_t inode(const struct t_step *f)
{
	char *native = t_drive_native(f->dir, T_SYSTEM);
	struct stat st;

	assert_int_equal(stat(native, &st), 0);
	free(native);
	return st.st_ino;
}

/* How many octets of the hive differ from the snapshot's moment. */
static size_t differing(const struct sg_buf *before, const struct sg_buf *now)
{
	size_t n = 0;

	assert_int_equal(before->len, now->len);
	for (size_t i = 0; i < now->len; i++)
		n += before->data[i] != now->data[i];
	return n;
}

/* --- moving */

static void a_start_type_moves_by_one_octet_and_back(void **state)
{
	struct t_step *f = *state;
	struct sg_buf before = { 0 }, now = { 0 };
	ino_t file = inode(f);
	struct sg_step_plan p;

	t_drive_read(f->dir, T_SYSTEM, &before);
	t_step_want_service(f, "MSExchangeUM", 4);
	t_step_take_before(f);
	assert_int_equal(f->moves.n, 1);
	assert_string_equal((char *)f->moves.at[0].from.octets.data, "2");
	assert_string_equal((char *)f->moves.at[0].from.lead.data, "ControlSet001");
	assert_int_equal(t_step_plan(f, false, &p), 0);
	assert_int_equal(p.n_files, 1);
	assert_true(p.files[0].in_place && p.files[0].changed);
	assert_null(p.files[0].temp);
	assert_null(p.files[0].temp_win);
	assert_int_equal(p.files[0].n_patches, 1);
	assert_string_equal(
	        p.files[0].patches[0].text, "service MSExchangeUM: Start 2 (Automatic) -> 4 (Disabled)");
	assert_string_equal((char *)p.written[0].octets.data, "4");
	assert_int_equal(differing(&before, &p.files[0].after), 1);
	assert_true(t_drive_same(f->dir, f->before)); /* planning writes nothing */
	assert_int_equal(t_step_write(f, &p), 0);
	sg_step_plan_release(&p);
	t_drive_read(f->dir, T_SYSTEM, &now);
	assert_int_equal(differing(&before, &now), 1);
	assert_int_equal(t_start(f->dir, "MSExchangeUM"), 4);
	assert_int_equal(inode(f), file);
	t_step_turn(f);
	t_step_go(f, false);
	assert_true(t_drive_same(f->dir, f->before));
	assert_int_equal(inode(f), file);
	sg_buf_release(&before);
	sg_buf_release(&now);
}

static void ninety_eight_services_undone_in_another_order_leave_the_identical_file(void **state)
{
	static const struct t_hive_shape shapes[] = { { 0 }, { .chunk = 9 },
		{ .list = "li", .gap = 5000, .slack = 300 } };
	struct t_step *f = *state;

	for (size_t s = 0; s < sizeof(shapes) / sizeof(*shapes); s++) {
		struct t_hive *h = t_hive_open(f->dir, T_SYSTEM);

		for (int i = 0; i < 98; i++) {
			char *name = sg_format("Svc%02d", i);

			t_hive_service(h, name, (uint32_t)i % 4, NULL, NULL);
			free(name);
		}
		t_hive_save(f->dir, T_SYSTEM, h, &shapes[s]);
		t_hive_free(h);
		t_step_snapshot(f);
		for (int i = 0; i < 98; i++) {
			char *name = sg_format("svC%02d", i);

			t_step_want_service(f, name, 4);
			free(name);
			t_step_take_before(f);
			t_step_go(f, false);
			sg_moves_release(&f->moves);
		}
		assert_int_equal(t_start(f->dir, "Svc97"), 4);
		for (int i = 0; i < 98; i++) {
			int k = i * 37 % 98;
			char *name = sg_format("Svc%02d", k);

			t_step_want_service(f, name, (uint32_t)k % 4);
			free(name);
			t_step_take_before(f);
			t_step_go(f, false);
			sg_moves_release(&f->moves);
		}
		assert_true(t_drive_same(f->dir, f->before));
	}
}

/* Windows moves cells when it runs: the name finds them again. */
static void a_value_whose_cell_has_moved_is_found_by_its_name(void **state)
{
	struct t_step *f = *state;
	struct t_hive_shape shape = { .gap = 3000 };
	struct t_hive *h;

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	t_step_go(f, false);
	h = t_hive_open(f->dir, T_SYSTEM);
	t_hive_save(f->dir, T_SYSTEM, h, &shape);
	t_step_turn(f);
	t_step_go(f, false);
	t_hive_free(h);
	assert_int_equal(t_start(f->dir, "W3SVC"), 2);
}

static void edits_of_others_in_the_hive_survive(void **state)
{
	struct t_step *f = *state;

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	t_step_go(f, false);
	t_set_start(f->dir, "MSExchangePop3", 2);
	t_system_text(f->dir, T_SERVICES "W3SVC", "Description", "edited");
	t_step_turn(f);
	t_step_go(f, false);
	assert_int_equal(t_start(f->dir, "W3SVC"), 2);
	assert_int_equal(t_start(f->dir, "MSExchangePop3"), 2);
}

static void a_start_type_of_somebody_else_is_never_written(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan p;

	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	t_set_start(f->dir, "W3SVC", 3);
	t_step_snapshot(f);
	t_step_refused(f, SG_ECONFLICT, "W3SVC");
	assert_int_equal(t_step_plan(f, true, &p), 0);
	assert_int_equal(p.seen[0], SG_SEEN_OTHER);
	assert_int_equal(t_step_write(f, &p), 0);
	sg_step_plan_release(&p);
	assert_true(t_drive_same(f->dir, f->before));
}

/* --- with config files in the same plan */

static void a_rule_and_a_service_go_in_together(void **state)
{
	struct t_step *f = *state;

	t_step_want_rule(f, T_ECP, "/configuration");
	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	t_step_go(f, false);
	assert_int_equal(t_start(f->dir, "W3SVC"), 4);
	assert_true(t_drive_has(f->dir, T_ECP, "stopgap T-1 a"));
	t_step_turn(f);
	t_step_go(f, false);
	assert_true(t_drive_same(f->dir, f->before));
}

/* --- what the hive is without ours */

static void the_rest_of_a_hive_is_known_whatever_state_it_is_in(void **state)
{
	struct t_step *f = *state;
	struct sg_container_id id;
	struct sg_hash rest;

	assert_int_equal(sg_step_identify(&f->drives, T_SYSTEM, &id, &f->err), 0);
	t_step_want_service(f, "W3SVC", 4);
	t_step_want_service(f, "WAS", 4);
	t_step_take_before(f);
	t_step_go(f, false);
	t_step_turn(f);
	for (size_t i = 0; i < f->moves.n; i++)
		f->moves.at[i].settle_to = true;
	assert_int_equal(sg_step_rest(&f->drives, &f->moves, &rest, &f->err), 0);
	assert_true(sg_hash_equal(&rest, &id.file));
	t_set_start(f->dir, "WAS", 3); /* one of ours put back by hand: the rest is the same */
	assert_int_equal(sg_step_rest(&f->drives, &f->moves, &rest, &f->err), 0);
	assert_true(sg_hash_equal(&rest, &id.file));
	t_make_newer_log(f->dir, T_SYSTEM);
	assert_int_equal(sg_step_rest(&f->drives, &f->moves, &rest, &f->err), 0);
	assert_true(sg_hash_equal(&rest, &id.file));
	t_make_dirty(f->dir, T_SYSTEM); /* its base block is another one now */
	assert_int_equal(sg_step_rest(&f->drives, &f->moves, &rest, &f->err), 0);
	assert_false(sg_hash_equal(&rest, &id.file));
	t_drive_remove(f->dir, T_SYSTEM);
	assert_int_equal(sg_step_rest(&f->drives, &f->moves, &rest, &f->err), SG_ENOENT);
}

static void a_hive_larger_than_any_config_file_is_worked_on(void **state)
{
	struct t_step *f = *state;
	struct t_hive_shape shape = { .slack = (64 << 20) + 1 };
	struct sg_container_id id;
	struct t_hive *h = t_hive_open(f->dir, T_SYSTEM);

	t_hive_save(f->dir, T_SYSTEM, h, &shape);
	t_hive_free(h);
	assert_int_equal(sg_step_identify(&f->drives, T_SYSTEM, &id, &f->err), 0);
	t_step_want_service(f, "W3SVC", 4);
	t_step_take_before(f);
	t_step_go(f, false);
	assert_int_equal(t_start(f->dir, "W3SVC"), 4);
}

#define T(f) cmocka_unit_test_setup_teardown(f, t_step_setup, t_step_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_start_type_moves_by_one_octet_and_back),
		T(ninety_eight_services_undone_in_another_order_leave_the_identical_file),
		T(a_value_whose_cell_has_moved_is_found_by_its_name),
		T(edits_of_others_in_the_hive_survive),
		T(a_start_type_of_somebody_else_is_never_written),
		T(a_rule_and_a_service_go_in_together),
		T(the_rest_of_a_hive_is_known_whatever_state_it_is_in),
		T(a_hive_larger_than_any_config_file_is_worked_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
