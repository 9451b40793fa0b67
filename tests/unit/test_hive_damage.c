/* test_hive_damage.c - hives that are damaged or hostile: each gives an answer or an error, in bounded time, and nothing but start types is ever written. */
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

static struct t_hive *sample(void)
{
	struct t_hive *h = t_hive_new();
	char big[20000] = { 1 };

	t_hive_dword(h, "Select", "Current", 1);
	t_hive_dword(h, "Select", "Default", 1);
	t_hive_service(h, "W3SVC", 2, "%windir%\\x.exe", "WAS HTTP");
	t_hive_service(h, "WAS", 3, NULL, "RpcSs");
	t_hive_service(h,
	        "Gr\xc3\xb6\xc3\x9f"
	        "e",
	        3, NULL, NULL);
	t_hive_service(h, "\xce\xa9", 3, NULL, NULL);
	t_hive_dword(h, T_SERVICES "W3SVC\\Parameters\\Deep\\Deeper", "Start", 2);
	t_hive_raw(h, "Big", "Big", T_REG_BINARY, big, sizeof(big));
	return h;
}

static void put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The record of the first key or value of that name. */
static unsigned char *record(struct sg_buf *b, const char *kind, const char *name)
{
	size_t head = strcmp(kind, "nk") ? 20 : 76, len = strlen(name);

	for (size_t at = 4096 + 32; at + head + len < b->len; at += 8)
		if (!memcmp(b->data + at + 4, kind, 2) && !memcmp(b->data + at + 4 + head, name, len))
			return b->data + at + 4;
	fail_msg("no %s %s", kind, name);
	return NULL;
}

/* How the file calls the cell of that record. */
static uint32_t cell_of(const struct sg_buf *b, const unsigned char *record)
{
	return (uint32_t)(record - b->data) - 4 - 4096;
}

static unsigned char *at_cell(struct sg_buf *b, uint32_t cell)
{
	return b->data + 4096 + cell + 4;
}

/* --- the file as a whole */

static void a_file_that_is_no_hive_is_refused_with_its_place(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
		int code;
		const char *says;
	} cases[] = {
		{ 0, 0x66676573, SG_EPARSE, "at octet 0: this is no registry hive" },
		{ 20, 2, SG_EUNSUPPORTED, "version 2.5" },
		{ 24, 2, SG_EUNSUPPORTED, "version 1.2" },
		{ 24, 7, SG_EUNSUPPORTED, "version 1.7" },
		{ 28, 6, SG_EUNSUPPORTED, "type 6" }, /* a log */
		{ 32, 2, SG_EUNSUPPORTED, "format 2" },
		{ 36, 0xffffffff, SG_EPARSE, "no root key" },
		{ 36, 33, SG_EPARSE, "no root key" },
		{ 36, 0, SG_EPARSE, "no root key" },
		{ 40, 0, SG_EPARSE, "at octet 40: the size of the bins" },
		{ 40, 5000, SG_EPARSE, "the size of the bins" },
		{ 40, 0x7ffff000, SG_EPARSE, "the file ends before" },
		{ 40, 0xfffff000, SG_EPARSE, "the file ends before" },
		{ 4096, 0, SG_EPARSE, "at octet 4096: a bin should begin here" },
		{ 4100, 4096, SG_EPARSE, "a bin should begin here" },
		{ 4104, 0, SG_EPARSE, "a bin has an impossible size" },
		{ 4104, 4097, SG_EPARSE, "a bin has an impossible size" },
		{ 4104, 0x7ffff000, SG_EPARSE, "a bin has an impossible size" },
	};
	struct t_hive *tree = sample();
	struct sg_buf whole = { 0 };

	(void)state;
	t_hive_build(tree, NULL, &whole);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_err err = SG_ERR_INIT;
		struct sg_buf octets = { 0 };
		struct sg_hive h = { 0 };

		sg_buf_set(&octets, whole.data, whole.len);
		put32(octets.data + cases[i].at, cases[i].value);
		t_hive_seal(&octets);
		assert_int_equal(sg_hive_scan("HIVE", &octets, &h, &err), cases[i].code);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("case %zu: %s", i, err.msg);
		assert_null(h.name);
		assert_null(octets.data);
	}
	for (size_t len = 0; len < whole.len; len += 511) {
		struct sg_buf octets = { 0 };
		struct sg_hive h;

		sg_buf_set(&octets, whole.data, len);
		assert_int_equal(sg_hive_scan("HIVE", &octets, &h, NULL), SG_EPARSE);
	}
	sg_buf_release(&whole);
	t_hive_free(tree);
}

/* --- one thing wrong in it */

static void two_of_a_name(struct sg_buf *b)
{
	memcpy(record(b, "nk", "WAS") + 76, "WSA", 3);
	put32(record(b, "nk", "W3SVC") + 72, 3); /* the length of its name */
	memcpy(record(b, "nk", "W3SVC") + 76, "WSA", 3);
}

static void belongs_elsewhere(struct sg_buf *b)
{
	unsigned char *p = record(b, "nk", "W3SVC");

	put32(p + 16, get32(p + 16) + 8);
}

static void list_in_a_list_in_a_list(struct sg_buf *b)
{
	unsigned char *services = record(b, "nk", "Services"), *list = at_cell(b, get32(services + 28));

	memcpy(list, "ri", 2);
	for (int i = 0; i < 4; i++)
		put32(list + 4 + 4 * i, get32(services + 28)); /* itself */
}

static void more_listed_than_counted(struct sg_buf *b)
{
	put32(record(b, "nk", "Services") + 20, 2);
}

static void count_beyond_the_list(struct sg_buf *b)
{
	unsigned char *services = record(b, "nk", "Services"), *list = at_cell(b, get32(services + 28));

	put32(services + 20, 200);
	list[2] = 200;
}

static void count_beyond_the_file(struct sg_buf *b)
{
	put32(record(b, "nk", "Services") + 20, 0xffffffff);
}

static void list_is_no_list(struct sg_buf *b)
{
	put32(record(b, "nk", "Services") + 28, get32(record(b, "nk", "W3SVC") + 40));
}

static void list_is_nowhere(struct sg_buf *b)
{
	put32(record(b, "nk", "Services") + 28, 0xffffffff);
}

static void subkey_is_a_value(struct sg_buf *b)
{
	unsigned char *list = at_cell(b, get32(record(b, "nk", "Services") + 28));

	put32(list + 4, cell_of(b, record(b, "vk", "Start")));
}

static void cell_is_free(struct sg_buf *b)
{
	unsigned char *p = record(b, "nk", "Services");

	put32(p - 4, 0u - get32(p - 4));
}

static void cell_is_tiny(struct sg_buf *b)
{
	put32(record(b, "nk", "Services") - 4, 0u - 8u);
}

static void cell_leaves_the_bins(struct sg_buf *b)
{
	put32(record(b, "nk", "Services") - 4, 0x80000008u);
}

static void name_leaves_its_cell(struct sg_buf *b)
{
	record(b, "nk", "Services")[73] = 0xff;
}

static void value_list_too_short(struct sg_buf *b)
{
	record(b, "nk", "W3SVC")[36] = 200;
}

static void too_many_values(struct sg_buf *b)
{
	put32(record(b, "nk", "W3SVC") + 36, 0xffffffff);
}

static void value_is_a_key(struct sg_buf *b)
{
	unsigned char *w3svc = record(b, "nk", "W3SVC");

	put32(at_cell(b, get32(w3svc + 40)), cell_of(b, w3svc));
}

static void name_of_value_leaves_its_cell(struct sg_buf *b)
{
	unsigned char *w3svc = record(b, "nk", "W3SVC"),
	              *vk = at_cell(b, get32(at_cell(b, get32(w3svc + 40))));

	vk[3] = 0xff;
}

static void inline_data_of_five_octets(struct sg_buf *b)
{
	put32(at_cell(b, get32(at_cell(b, get32(record(b, "nk", "W3SVC") + 40)) + 4)) + 4, 0x80000005);
}

static void one_damage_gives_one_clear_error(void **state)
{
	static const struct {
		void (*damage)(struct sg_buf *b);
		int code;
		const char *says;
	} cases[] = {
		{ belongs_elsewhere, SG_EPARSE, "says that it belongs elsewhere" },
		{ list_in_a_list_in_a_list, SG_EPARSE, "the list of subkeys is damaged" },
		{ more_listed_than_counted, SG_EPARSE, "more subkeys are listed" },
		{ count_beyond_the_list, SG_EPARSE, "the list of subkeys is damaged" },
		{ count_beyond_the_file, SG_EPARSE, "more subkeys than the file has room for" },
		{ list_is_no_list, SG_EPARSE, "the list of subkeys is damaged" },
		{ list_is_nowhere, SG_EPARSE, "no list of subkeys is here" },
		{ subkey_is_a_value, SG_EPARSE, "a subkey is listed where there is no key" },
		{ cell_is_free, SG_EPARSE, "a subkey is listed where there is no key" },
		{ cell_is_tiny, SG_EPARSE, "a subkey is listed where there is no key" },
		{ cell_leaves_the_bins, SG_EPARSE, "a subkey is listed where there is no key" },
		{ name_leaves_its_cell, SG_EPARSE, "a subkey is listed where there is no key" },
		{ value_list_too_short, SG_EPARSE, "the key's list of values is damaged" },
		{ too_many_values, SG_ELIMIT, "4294967295 values" },
		{ value_is_a_key, SG_EPARSE, "lists a value where there is none" },
		{ name_of_value_leaves_its_cell, SG_EPARSE, "lists a value where there is none" },
		{ inline_data_of_five_octets, SG_EPARSE, "more octets in its record than fit" },
	};
	struct t_hive *tree = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_err err = SG_ERR_INIT;
		struct sg_buf octets = { 0 };
		struct sg_hive h = { 0 };
		uint32_t key = SG_NO_KEY, start;
		size_t at;
		int r;

		t_hive_build(tree, NULL, &octets);
		cases[i].damage(&octets);
		assert_int_equal(sg_hive_scan("HIVE", &octets, &h, NULL), 0);
		r = sg_hive_key(&h, h.root, T_SERVICES "W3SVC", &key, &err);
		if (!r)
			r = sg_hive_dword(&h, key, "Start", &start, &at, &err);
		if (r != cases[i].code || !strstr(err.msg, cases[i].says))
			fail_msg("case %zu: %d %s", i, r, err.msg);
		sg_hive_release(&h);
	}
	t_hive_free(tree);
}

static void two_of_one_name_are_refused_and_not_chosen_from(void **state)
{
	struct t_hive *tree = sample();
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	struct sg_hive h = { 0 };
	uint32_t key;
	unsigned char *values;

	(void)state;
	t_hive_build(tree, NULL, &octets);
	two_of_a_name(&octets);
	assert_int_equal(sg_hive_scan("HIVE", &octets, &h, NULL), 0);
	assert_int_equal(sg_hive_key(&h, h.root, T_SERVICES "WSA", &key, &err), SG_EPARSE);
	assert_non_null(strstr(err.msg, "two keys \"WSA\""));
	sg_hive_release(&h);
	t_hive_build(tree, NULL, &octets);
	values = at_cell(&octets, get32(record(&octets, "nk", "W3SVC") + 40));
	put32(values, get32(values + 4)); /* one record, listed twice */
	assert_int_equal(sg_hive_scan("HIVE", &octets, &h, NULL), 0);
	assert_int_equal(sg_hive_key(&h, h.root, T_SERVICES "W3SVC", &key, NULL), 0);
	sg_err_clear(&err);
	assert_int_equal(sg_hive_dword(&h, key, "Start", &key, NULL, &err), SG_EPARSE);
	assert_non_null(strstr(err.msg, "two values \"Start\""));
	sg_hive_release(&h);
	t_hive_free(tree);
}

/* A name that only looks like another's: letters behind a NUL. */
static void a_nul_in_a_name_hides_nothing(void **state)
{
	struct t_hive *tree = sample();
	struct sg_strs names = { 0 };
	struct sg_buf octets = { 0 };
	struct sg_hive h = { 0 };
	uint32_t key;

	(void)state;
	t_hive_build(tree, NULL, &octets);
	record(&octets, "nk", "W3SVC")[76 + 2] = 0; /* "W3\0VC" */
	assert_int_equal(sg_hive_scan("HIVE", &octets, &h, NULL), 0);
	assert_int_equal(sg_hive_key(&h, h.root, T_SERVICES "W3", &key, NULL), SG_ENOENT);
	assert_int_equal(sg_hive_key(&h, h.root, "ControlSet001\\Services", &key, NULL), 0);
	assert_int_equal(sg_hive_subkeys(&h, key, &names, NULL), 0);
	assert_true(sg_strs_has(&names, "W3\xef\xbf\xbdVC"));
	sg_strs_release(&names);
	sg_hive_release(&h);
	t_hive_free(tree);
}

/* --- thousands of mutants */

static void mutate(struct sg_buf *b, struct sg_rand *rand)
{
	static const uint32_t odd[] = { 0, 1, 7, 8, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, 0x1000 };
	int n = 1 + (int)sg_rand_below(rand, 6);

	while (n--) {
		size_t at = (size_t)sg_rand_below(rand, (int64_t)b->len - 8);

		switch (sg_rand_below(rand, 7)) {
		case 0: b->data[at] = (unsigned char)sg_rand_next(rand); break;
		case 1: b->data[at] = (unsigned char)(b->data[at] ^ 1 << sg_rand_below(rand, 8)); break;
		case 2: put32(b->data + at / 4 * 4, odd[sg_rand_below(rand, 9)]); break;
		case 3:
			put32(b->data + at / 4 * 4, (uint32_t)sg_rand_below(rand, (int64_t)b->len) & ~7u);
			break;
		case 4: memcpy(b->data + at, b->data + sg_rand_below(rand, (int64_t)b->len - 8), 8); break;
		case 5:
			put32(b->data + at / 8 * 8, 0u - (uint32_t)(8 * (1 + sg_rand_below(rand, 600))));
			break;
		default: /* the fields that lead somewhere, in a key's record */
			for (; at + 80 < b->len && memcmp(b->data + at, "nk", 2); at++)
				;
			if (at + 80 < b->len)
				put32(b->data + at + 16 + 4 * sg_rand_below(rand, 10),
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
	struct t_hive *tree = sample();
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
	struct t_hive *tree = sample();
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
				uint32_t was = get32(octets.data + at);

				assert_true(was == 2 || was == 3);
				put32(octets.data + at, 4);
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
		cmocka_unit_test(a_file_that_is_no_hive_is_refused_with_its_place),
		cmocka_unit_test(one_damage_gives_one_clear_error),
		cmocka_unit_test(two_of_one_name_are_refused_and_not_chosen_from),
		cmocka_unit_test(a_nul_in_a_name_hides_nothing),
		cmocka_unit_test(mutants_are_read_or_refused_and_nothing_else),
		cmocka_unit_test_setup_teardown(
		        no_mutant_is_written_outside_of_a_start_type, t_step_setup, t_step_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
