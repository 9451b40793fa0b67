/* test_hive_mutants.c - seeded mutants of hives, tens of thousands: each gives an answer or an error, and nothing but start types is ever written. */
#include "actions/hive.h"
#include "actions/services.h"
#include "base/clock.h"
#include "tests/lib/hive_file.h"
#include "tests/lib/step_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Nothing here asks about power failures; thousands of real flushes would only wait. */
int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static void mutate(struct sg_buf *b, struct sg_rand *rand)
{
	static const uint32_t odd[] = { 0, 1, 7, 8, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, 0x1000 };
	int n = 1 + (int)sg_rand_below(rand, 6);

	while (n--) {
		size_t at = (size_t)sg_rand_below(rand, (int64_t)b->len - 8);

		switch (sg_rand_below(rand, 7)) {
		case 0: b->data[at] = (unsigned char)sg_rand_next(rand); break;
		case 1: b->data[at] = (unsigned char)(b->data[at] ^ 1 << sg_rand_below(rand, 8)); break;
		case 2: t_hive_put32(b->data + at / 4 * 4, odd[sg_rand_below(rand, 9)]); break;
		case 3:
			t_hive_put32(
			        b->data + at / 4 * 4, (uint32_t)sg_rand_below(rand, (int64_t)b->len) & ~7u);
			break;
		case 4: memcpy(b->data + at, b->data + sg_rand_below(rand, (int64_t)b->len - 8), 8); break;
		case 5:
			t_hive_put32(
			        b->data + at / 8 * 8, 0u - (uint32_t)(8 * (1 + sg_rand_below(rand, 600))));
			break;
		default: /* the fields that lead somewhere, in a key's record */
			for (; at + 80 < b->len && memcmp(b->data + at, "nk", 2); at++)
				;
			if (at + 80 < b->len)
				t_hive_put32(b->data + at + 16 + 4 * sg_rand_below(rand, 10),
				        (uint32_t)sg_rand_below(rand, (int64_t)b->len));
			break;
		}
	}
	if (sg_rand_below(rand, 10))
		t_hive_seal(b);
	if (!sg_rand_below(rand, 20))
		b->len = (size_t)sg_rand_below(rand, (int64_t)b->len);
}

/* Everything that can be asked, of every key that is found, to a depth. */
static void visit(const struct sg_hive *h, uint32_t key, int depth, int *budget)
{
	static const char *const names[] = { "Start", "Current", "ImagePath", "DependOnService", "Big", "" };
	struct sg_hive_keys keys = { 0 };

	if (depth > 6 || --*budget < 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct sg_hive_value v = { 0 };
		struct sg_strs list = { 0 };
		uint32_t number;
		char *text = NULL;
		size_t at = 0;

		if (sg_hive_value(h, key, names[i], &v, NULL) == 0 && v.is_inline)
			assert_true(v.at + 4 <= h->end && v.data.len <= 4);
		if (sg_hive_dword(h, key, names[i], &number, &at, NULL) == 0 && at)
			assert_true(at + 4 <= h->end && at % 8 == 4);
		if (sg_hive_string(h, key, names[i], &text, NULL) == 0)
			free(text);
		sg_hive_strings(h, key, names[i], &list, NULL);
		sg_strs_release(&list);
		sg_hive_value_release(&v);
	}
	if (sg_hive_list(h, key, &keys, NULL) == 0)
		for (size_t i = 0; i < keys.n; i++)
			visit(h, keys.at[i].key, depth + 1, budget);
	sg_hive_keys_release(&keys);
}

static void mutants_are_read_or_refused_and_nothing_else(void **state)
{
	static const struct t_hive_shape shapes[] = { { .chunk = 2 }, { .list = "lf" },
		{ .list = "li", .minor = 3 } };
	struct sg_rand rand = { .s = 20261122 };
	struct t_hive *tree = t_hive_sample();
	int read = 0, refused = 0;

	(void)state;
	for (size_t s = 0; s < 3; s++) {
		struct sg_buf whole = { 0 };

		t_hive_build(tree, &shapes[s], &whole);
		for (int i = 0; i < 10000; i++) {
			struct sg_err err = SG_ERR_INIT;
			struct sg_buf octets = { 0 };
			struct sg_hive h = { 0 };
			int budget = 200;
			unsigned number;
			uint32_t key;

			sg_buf_set(&octets, whole.data, whole.len);
			mutate(&octets, &rand);
			if (sg_hive_scan("HIVE", &octets, &h, &err)) {
				assert_true(err.msg[0] != 0);
				refused++;
				continue;
			}
			read++;
			assert_true(h.clean == !h.unclean);
			sg_hive_control_set(&h, &key, &number, NULL);
			visit(&h, h.root, 0, &budget);
			sg_hive_release(&h);
		}
		sg_buf_release(&whole);
	}
	assert_true(read > 10000);
	assert_true(refused > 1000);
	t_hive_free(tree);
}

/* Whatever a mutant is, what is written into it are the four octets of a number that was a start type under that name. */
static void no_mutant_is_written_outside_of_a_start_type(void **state)
{
	struct sg_rand rand = { .s = 42 };
	struct t_hive *tree = t_hive_sample();
	struct t_step *f = *state;
	struct sg_buf whole = { 0 };
	int written = 0, refused = 0;

	t_hive_build(tree, NULL, &whole);
	t_step_want_service(f, "W3SVC", 4);
	t_step_want_service(f, "WAS", 4);
	for (size_t m = 0; m < 2; m++) {
		f->moves.at[m].from.present = f->moves.at[m].settle_to = true;
		sg_buf_str(&f->moves.at[m].from.octets, m ? "3" : "2");
	}
	for (int i = 0; i < 6000; i++) {
		struct sg_buf octets = { 0 }, now = { 0 };
		struct sg_services *services = NULL;
		struct sg_step_plan p;

		sg_buf_set(&octets, whole.data, whole.len);
		mutate(&octets, &rand);
		t_drive_write(f->dir, T_SYSTEM, sg_buf_bytes(&octets));
		if (sg_services_read(&f->drives, &services, NULL) == 0)
			sg_services_free(services);
		if (t_step_plan(f, i % 2, &p)) {
			refused++;
		} else {
			if (t_step_write(f, &p))
				fail_msg("%s", f->err.msg);
			written += p.n_files && p.files[0].changed;
			for (size_t k = 0; p.n_files && k < p.files[0].n_patches; k++) {
				size_t at = p.files[0].patches[k].at;
				uint32_t was = t_hive_get32(octets.data + at);

				assert_true(was == 2 || was == 3);
				t_hive_put32(octets.data + at, 4);
			}
			sg_step_plan_release(&p);
		}
		t_drive_read(f->dir, T_SYSTEM, &now);
		assert_true(sg_bytes_equal(sg_buf_bytes(&now), sg_buf_bytes(&octets)));
		sg_buf_release(&now);
		sg_buf_release(&octets);
	}
	assert_true(written > 1000);
	assert_true(refused > 500);
	sg_buf_release(&whole);
	t_hive_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutants_are_read_or_refused_and_nothing_else),
		cmocka_unit_test_setup_teardown(
		        no_mutant_is_written_outside_of_a_start_type, t_step_setup, t_step_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
