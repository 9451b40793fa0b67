/* test_hive_damage.c - hives that are damaged or hostile: each damage gives one clear error. Mutants are in test_hive_mutants.c. */
#include "actions/hive.h"
#include "tests/lib/hive_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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
	struct t_hive *tree = t_hive_sample();
	struct sg_buf whole = { 0 };

	(void)state;
	t_hive_build(tree, NULL, &whole);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_err err = SG_ERR_INIT;
		struct sg_buf octets = { 0 };
		struct sg_hive h = { 0 };

		sg_buf_set(&octets, whole.data, whole.len);
		t_hive_put32(octets.data + cases[i].at, cases[i].value);
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
	t_hive_put32(record(b, "nk", "W3SVC") + 72, 3); /* the length of its name */
	memcpy(record(b, "nk", "W3SVC") + 76, "WSA", 3);
}

static void belongs_elsewhere(struct sg_buf *b)
{
	unsigned char *p = record(b, "nk", "W3SVC");

	t_hive_put32(p + 16, t_hive_get32(p + 16) + 8);
}

static void list_in_a_list_in_a_list(struct sg_buf *b)
{
	unsigned char *services = record(b, "nk", "Services"),
	              *list = at_cell(b, t_hive_get32(services + 28));

	memcpy(list, "ri", 2);
	for (int i = 0; i < 4; i++)
		t_hive_put32(list + 4 + 4 * i, t_hive_get32(services + 28)); /* itself */
}

static void more_listed_than_counted(struct sg_buf *b)
{
	t_hive_put32(record(b, "nk", "Services") + 20, 2);
}

static void count_beyond_the_list(struct sg_buf *b)
{
	unsigned char *services = record(b, "nk", "Services"),
	              *list = at_cell(b, t_hive_get32(services + 28));

	t_hive_put32(services + 20, 200);
	list[2] = 200;
}

static void count_beyond_the_file(struct sg_buf *b)
{
	t_hive_put32(record(b, "nk", "Services") + 20, 0xffffffff);
}

static void list_is_no_list(struct sg_buf *b)
{
	t_hive_put32(record(b, "nk", "Services") + 28, t_hive_get32(record(b, "nk", "W3SVC") + 40));
}

static void list_is_nowhere(struct sg_buf *b)
{
	t_hive_put32(record(b, "nk", "Services") + 28, 0xffffffff);
}

static void subkey_is_a_value(struct sg_buf *b)
{
	unsigned char *list = at_cell(b, t_hive_get32(record(b, "nk", "Services") + 28));

	t_hive_put32(list + 4, cell_of(b, record(b, "vk", "Start")));
}

static void cell_is_free(struct sg_buf *b)
{
	unsigned char *p = record(b, "nk", "Services");

	t_hive_put32(p - 4, 0u - t_hive_get32(p - 4));
}

static void cell_is_tiny(struct sg_buf *b)
{
	t_hive_put32(record(b, "nk", "Services") - 4, 0u - 8u);
}

static void cell_leaves_the_bins(struct sg_buf *b)
{
	t_hive_put32(record(b, "nk", "Services") - 4, 0x80000008u);
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
	t_hive_put32(record(b, "nk", "W3SVC") + 36, 0xffffffff);
}

static void value_is_a_key(struct sg_buf *b)
{
	unsigned char *w3svc = record(b, "nk", "W3SVC");

	t_hive_put32(at_cell(b, t_hive_get32(w3svc + 40)), cell_of(b, w3svc));
}

static void name_of_value_leaves_its_cell(struct sg_buf *b)
{
	unsigned char *w3svc = record(b, "nk", "W3SVC"),
	              *vk = at_cell(b, t_hive_get32(at_cell(b, t_hive_get32(w3svc + 40))));

	vk[3] = 0xff;
}

static void inline_data_of_five_octets(struct sg_buf *b)
{
	t_hive_put32(
	        at_cell(b, t_hive_get32(at_cell(b, t_hive_get32(record(b, "nk", "W3SVC") + 40)) + 4)) + 4,
	        0x80000005);
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
	struct t_hive *tree = t_hive_sample();

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
	struct t_hive *tree = t_hive_sample();
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
	values = at_cell(&octets, t_hive_get32(record(&octets, "nk", "W3SVC") + 40));
	t_hive_put32(values, t_hive_get32(values + 4)); /* one record, listed twice */
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
	struct t_hive *tree = t_hive_sample();
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_no_hive_is_refused_with_its_place),
		cmocka_unit_test(one_damage_gives_one_clear_error),
		cmocka_unit_test(two_of_one_name_are_refused_and_not_chosen_from),
		cmocka_unit_test(a_nul_in_a_name_hides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
