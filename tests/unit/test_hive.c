/* test_hive.c - the reader of registry hives: what it finds, what it calls unclean, what it refuses. Damage of all kinds is in test_hive_damage.c. */
#include "actions/hive.h"
#include "tests/lib/drive.h"
#include "tests/lib/hive_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct t_hive *sample(void)
{
	struct t_hive *h = t_hive_new();

	t_hive_dword(h, "Select", "Current", 1);
	t_hive_dword(h, "Select", "Default", 1);
	t_hive_text(h, "Texts", "", "the default");
	t_hive_text(h, "Texts",
	        "Gr\xc3\xb6\xc3\x9f"
	        "e",
	        "\xce\xa9mega");
	t_hive_expand(h, "Texts", "Path", "%windir%\\x");
	t_hive_list(h, "Texts", "List", "one two three");
	t_hive_list(h, "Texts", "None", "");
	t_hive_text(h, "Texts\\K\xce\xa9y", "\xce\xa9", "behind UTF-16 names");
	t_hive_dword(h, "ControlSet001\\Services\\W3SVC", "Start", 2);
	t_hive_dword(h,
	        "ControlSet001\\Services\\Stra\xc3\x9f"
	        "e",
	        "Start", 3);
	return h;
}

static void scan(const struct t_hive *tree, const struct t_hive_shape *shape, struct sg_hive *ret)
{
	struct sg_buf octets = { 0 };
	struct sg_err err = SG_ERR_INIT;

	t_hive_build(tree, shape, &octets);
	if (sg_hive_scan("HIVE", &octets, ret, &err))
		fail_msg("%s", err.msg);
	assert_null(octets.data); /* taken over */
}

static void keys_are_found_by_path_whatever_their_letters_case(void **state)
{
	static const char *const paths[] = { "Select", "SELECT", "controlset001\\services\\w3svc",
		("ControlSet001\\Services\\STRA\xc3\x9f"
		 "E"),
		"Texts\\K\xce\xa9y", "" };
	struct t_hive *tree = sample();
	struct sg_err err = SG_ERR_INIT;
	struct sg_hive h;
	uint32_t key, services;

	(void)state;
	scan(tree, NULL, &h);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_int_equal(sg_hive_key(&h, h.root, paths[i], &key, &err), 0);
		assert_int_not_equal(key, SG_NO_KEY);
	}
	assert_int_equal(sg_hive_key(&h, h.root, "ControlSet001\\Servitude\\W3SVC", &key, &err), SG_ENOENT);
	assert_int_equal(key, SG_NO_KEY);
	assert_non_null(strstr(err.msg, "\"Servitude\""));
	assert_int_equal(sg_hive_key(&h, h.root, "Select\\Current", &key, NULL), SG_ENOENT);
	assert_int_equal(sg_hive_key(&h, h.root, "Sel", &key, NULL), SG_ENOENT);
	assert_int_equal(sg_hive_key(&h, SG_NO_KEY, "Select", &key, NULL), SG_EPARSE);
	/* one step: the name as it is, and no path */
	assert_int_equal(sg_hive_key(&h, h.root, "ControlSet001", &key, NULL), 0);
	assert_int_equal(sg_hive_child(&h, key, "Services", &services, NULL), 0);
	assert_int_equal(sg_hive_child(&h, key, "Services\\W3SVC", &services, NULL), SG_ENOENT);
	sg_hive_release(&h);
	t_hive_free(tree);
}

static void values_of_every_type_are_read(void **state)
{
	struct t_hive *tree = sample();
	struct sg_hive_value v;
	struct sg_strs list = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_hive h;
	uint32_t key, number;
	char *text;
	size_t at = 0;

	(void)state;
	scan(tree, NULL, &h);
	assert_int_equal(sg_hive_key(&h, h.root, "Texts", &key, NULL), 0);
	assert_int_equal(sg_hive_string(&h, key, "", &text, NULL), 0);
	assert_string_equal(text, "the default");
	free(text);
	assert_int_equal(sg_hive_string(&h, key,
	                         "GR\xc3\x96\xc3\x9f"
	                         "E",
	                         &text, NULL),
	        0);
	assert_string_equal(text, "\xce\xa9mega");
	free(text);
	assert_int_equal(sg_hive_string(&h, key, "path", &text, NULL), 0);
	assert_string_equal(text, "%windir%\\x");
	free(text);
	assert_int_equal(sg_hive_strings(&h, key, "List", &list, NULL), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.at[2], "three");
	assert_int_equal(sg_hive_strings(&h, key, "None", &list, NULL), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(sg_hive_dword(&h, key, "Path", &number, NULL, &err), SG_EINVAL);
	assert_int_equal(sg_hive_dword(&h, key, "Nothing", &number, NULL, NULL), SG_ENOENT);
	assert_int_equal(sg_hive_strings(&h, key, "Path", &list, NULL), SG_EINVAL);
	assert_int_equal(sg_hive_key(&h, key, "K\xce\xa9y", &key, NULL), 0);
	assert_int_equal(sg_hive_string(&h, key, "\xce\xa9", &text, NULL), 0);
	assert_string_equal(text, "behind UTF-16 names");
	free(text);
	assert_int_equal(sg_hive_key(&h, h.root, T_SERVICES "W3SVC", &key, NULL), 0);
	assert_int_equal(sg_hive_dword(&h, key, "start", &number, &at, NULL), 0);
	assert_int_equal(number, 2);
	assert_memory_equal(h.octets.data + at, "\2\0\0\0", 4);
	assert_int_equal(at % 8, 4); /* it never straddles a sector */
	assert_int_equal(sg_hive_value(&h, key, "Start", &v, NULL), 0);
	assert_true(v.is_inline && v.at == at && v.type == SG_REG_DWORD && v.data.len == 4);
	sg_hive_value_release(&v);
	sg_strs_release(&list);
	sg_hive_release(&h);
	t_hive_free(tree);
}

static void data_outside_of_the_record_is_read_too(void **state)
{
	static const size_t sizes[] = { 0, 3, 4, 5, 16344, 16345, 40000, 1 << 20 };
	static const uint32_t minors[] = { 3, 5 };
	unsigned char *data = malloc(2 << 20);
	struct sg_hive_value v;
	struct sg_err err = SG_ERR_INIT;
	uint32_t key, number;
	size_t at = 1;

	(void)state;
	for (size_t i = 0; i < 2 << 20; i++)
		data[i] = (unsigned char)(i * 7 + i / 251);
	for (size_t m = 0; m < 2; m++) {
		struct t_hive_shape shape = { .minor = minors[m], .cells = true };
		struct t_hive *tree = sample();
		struct sg_hive h;

		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			char *name = sg_format("%zu", sizes[i]);

			t_hive_raw(tree, "Data", name, T_REG_BINARY, data, sizes[i]);
			free(name);
		}
		t_hive_raw(tree, "Data", "more", T_REG_BINARY, data, (1 << 20) + 1);
		scan(tree, &shape, &h);
		assert_int_equal(sg_hive_key(&h, h.root, "Data", &key, NULL), 0);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			char *name = sg_format("%zu", sizes[i]);

			assert_int_equal(sg_hive_value(&h, key, name, &v, NULL), 0);
			assert_int_equal(v.data.len, sizes[i]);
			assert_memory_equal(v.data.data, data, sizes[i]);
			assert_int_equal(v.is_inline, sizes[i] <= 4);
			sg_hive_value_release(&v);
			free(name);
		}
		sg_err_clear(&err);
		assert_int_equal(sg_hive_value(&h, key, "more", &v, &err), SG_ELIMIT);
		/* a number with a cell of its own has no place where four octets could be written */
		assert_int_equal(sg_hive_key(&h, h.root, "Select", &key, NULL), 0);
		assert_int_equal(sg_hive_dword(&h, key, "Current", &number, &at, NULL), 0);
		assert_int_equal(number, 1);
		assert_int_equal(at, 0);
		sg_hive_release(&h);
		t_hive_free(tree);
	}
	free(data);
}

static void every_kind_of_list_leads_to_the_subkeys(void **state)
{
	static const struct t_hive_shape shapes[] = { { .list = "lh" }, { .list = "lf" }, { .list = "li" },
		{ .chunk = 7 }, { .list = "li", .chunk = 1 }, { .gap = 100000 }, { .slack = 777 } };
	struct t_hive *tree = sample();

	(void)state;
	for (int i = 0; i < 98; i++) {
		char *key = sg_format(T_SERVICES "svc%02d", i);

		t_hive_dword(tree, key, "Start", (uint32_t)i % 5);
		free(key);
	}
	for (size_t s = 0; s < sizeof(shapes) / sizeof(*shapes); s++) {
		struct sg_strs names = { 0 };
		struct sg_hive h;
		uint32_t services, key, start;

		scan(tree, &shapes[s], &h);
		assert_true(h.clean);
		assert_int_equal(sg_hive_key(&h, h.root, "ControlSet001\\Services", &services, NULL), 0);
		assert_int_equal(sg_hive_subkeys(&h, services, &names, NULL), 0);
		assert_int_equal(names.n, 100);
		assert_string_equal(names.at[1], "svc00");
		assert_string_equal(names.at[0], "Stra\xc3\x9f"
		                                 "e");
		for (int i = 0; i < 98; i++) {
			char *name = sg_format("SVC%02d", i);

			assert_int_equal(sg_hive_child(&h, services, name, &key, NULL), 0);
			assert_int_equal(sg_hive_dword(&h, key, "Start", &start, NULL, NULL), 0);
			assert_int_equal(start, i % 5);
			free(name);
		}
		sg_strs_release(&names);
		sg_hive_release(&h);
	}
	t_hive_free(tree);
}

/* --- clean or not */

static void set32(struct sg_buf *b, size_t at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b->data[at + (size_t)i] = (unsigned char)(v >> (8 * i));
}

static uint32_t xor_of(const struct sg_buf *b)
{
	uint32_t x = 0;

	for (size_t i = 0; i < 508; i++)
		x ^= (uint32_t)b->data[i] << (8 * (i % 4));
	return x;
}

/* A checksum is never 0 or -1: 1 and -2 stand in their places. */
static void the_two_special_checksums_are_known(void **state)
{
	static const struct {
		uint32_t sum, stored;
		bool clean;
	} cases[] = { { 0, 1, true }, { 0, 0, false }, { UINT32_MAX, UINT32_MAX - 1, true },
		{ UINT32_MAX, UINT32_MAX, false }, { 5, 5, true }, { 5, 4, false } };
	struct t_hive *tree = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf octets = { 0 };
		struct sg_hive h;

		t_hive_build(tree, NULL, &octets);
		set32(&octets, 400, 0);
		set32(&octets, 400, xor_of(&octets) ^ cases[i].sum);
		set32(&octets, 508, cases[i].stored);
		assert_int_equal(sg_hive_scan("HIVE", &octets, &h, NULL), 0);
		assert_int_equal(h.clean, cases[i].clean);
		if (!cases[i].clean)
			assert_non_null(strstr(h.unclean, "checksum"));
		sg_hive_release(&h);
	}
	t_hive_free(tree);
}

static void a_dirty_hive_is_read_and_says_so(void **state)
{
	struct t_hive_shape shape = { .primary = 8, .secondary = 7 };
	struct t_hive *tree = sample();
	struct sg_hive h;
	uint32_t key;
	unsigned number = 0;

	(void)state;
	scan(tree, &shape, &h);
	assert_false(h.clean);
	assert_string_equal(h.unclean, "it was not written to its end (sequence numbers 8 and 7)");
	assert_int_equal(sg_hive_control_set(&h, &key, &number, NULL), 0);
	assert_int_equal(number, 1);
	sg_hive_release(&h);
	t_hive_free(tree);
}

static void logs_that_are_ahead_make_it_unclean(void **state)
{
	/* the hive is at `at`; the log's entries begin with `first` */
	static const struct {
		const char *tail;
		uint32_t at, first, entries;
		bool clean;
	} cases[] = {
		{ ".LOG1", 7, 6, 2, true }, /* 6 and 7 */
		{ ".LOG1", 7, 7, 2, false }, { ".LOG2", 7, 8, 1, false }, { ".log2", 7, 8, 1, false },
		{ ".LOG1", 7, 8, 0, true }, { ".LOG1", UINT32_MAX, 0, 1, false }, /* numbers wrap */
		{ ".LOG1", 0, UINT32_MAX, 1, true },
		{ ".LOG", 7, 8, 1, true }, /* the old kind of log is asked for by nobody */
	};
	char *dir = t_drive_empty();
	struct t_hive *tree = sample();
	struct sg_drives drives;

	(void)state;
	t_drive_drives(dir, &drives);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct t_hive_shape shape = { .primary = cases[i].at, .secondary = cases[i].at };
		char *win = sg_format(T_SYSTEM "%s", cases[i].tail);
		struct sg_buf octets = { 0 }, log = { 0 };
		struct sg_hive h;

		t_hive_build(tree, &shape, &octets);
		if (!cases[i].at) /* 0 and 0 mean the usual to the maker */
			set32(&octets, 4, 0), set32(&octets, 8, 0), t_hive_seal(&octets);
		t_drive_write(dir, T_SYSTEM, sg_buf_bytes(&octets));
		t_hive_log(sg_buf_bytes(&octets), cases[i].first, cases[i].entries, &log);
		t_drive_write(dir, win, sg_buf_bytes(&log));
		assert_int_equal(sg_hive_load(&drives, SG_HIVE_SYSTEM, &h, NULL), 0);
		if (h.clean != cases[i].clean)
			fail_msg("case %zu: %s", i, h.clean ? "clean" : h.unclean);
		if (!h.clean)
			assert_non_null(strstr(h.unclean, "holds changes that it has not"));
		sg_hive_release(&h);
		/* a log whose own head is wrong says nothing, nor does one that is cut short or empty */
		log.data[30] ^= 1;
		t_drive_write(dir, win, sg_buf_bytes(&log));
		assert_int_equal(sg_hive_load(&drives, SG_HIVE_SYSTEM, &h, NULL), 0);
		assert_true(h.clean);
		sg_hive_release(&h);
		log.data[30] ^= 1;
		t_drive_write(dir, win, (struct sg_bytes){ log.data, cases[i].entries ? 530 : 0 });
		assert_int_equal(sg_hive_load(&drives, SG_HIVE_SYSTEM, &h, NULL), 0);
		assert_true(h.clean);
		sg_hive_release(&h);
		t_drive_remove(dir, win);
		sg_buf_release(&log);
		sg_buf_release(&octets);
		free(win);
	}
	t_hive_free(tree);
	sg_drives_release(&drives);
	t_drive_free(dir);
}

static void a_log_that_cannot_be_read_is_no_reassurance(void **state)
{
	char *dir = t_drive_make(), *native = t_drive_native(dir, T_SYSTEM ".LOG1");
	struct sg_drives drives;
	struct sg_hive h;

	(void)state;
	t_drive_drives(dir, &drives);
	assert_int_equal(symlink("SYSTEM", native), 0);
	assert_int_equal(sg_hive_load(&drives, SG_HIVE_SYSTEM, &h, NULL), 0);
	assert_false(h.clean);
	assert_non_null(strstr(h.unclean, "its log cannot be read"));
	sg_hive_release(&h);
	free(native);
	sg_drives_release(&drives);
	t_drive_free(dir);
}

static void a_hive_that_is_not_there_is_said(void **state)
{
	char *dir = t_drive_empty();
	struct sg_drives drives;
	struct sg_err err = SG_ERR_INIT;
	struct sg_hive h;

	(void)state;
	t_drive_drives(dir, &drives);
	assert_int_equal(sg_hive_load(&drives, SG_HIVE_SOFTWARE, &h, &err), SG_ENOENT);
	sg_drives_release(&drives);
	t_drive_free(dir);
}

/* --- which control set */

static void the_control_set_is_the_one_that_select_names_twice(void **state)
{
	static const struct {
		uint32_t current, next;
		int code;
		const char *says;
	} cases[] = {
		{ 1, 1, 0, NULL },
		{ 2, 2, 0, NULL },
		{ 1, 2, SG_EUNSUPPORTED, "ControlSet001" },
		{ 1, 2, SG_EUNSUPPORTED, "ControlSet002" },
		{ 0, 0, SG_EPARSE, "1 to 999" },
		{ 1000, 1000, SG_EPARSE, "1 to 999" },
		{ 3, 3, SG_ENOENT, "ControlSet003" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct t_hive *tree = sample();
		struct sg_err err = SG_ERR_INIT;
		unsigned number = 99;
		struct sg_hive h;
		uint32_t key;

		t_hive_key(tree, "ControlSet002\\Services");
		t_hive_dword(tree, "Select", "Current", cases[i].current);
		t_hive_dword(tree, "Select", "Default", cases[i].next);
		scan(tree, NULL, &h);
		assert_int_equal(sg_hive_control_set(&h, &key, &number, &err), cases[i].code);
		if (cases[i].code) {
			assert_non_null(strstr(err.msg, cases[i].says));
			assert_int_equal(number, 99);
			assert_int_equal(key, SG_NO_KEY);
		} else {
			assert_int_equal(number, cases[i].current);
		}
		sg_hive_release(&h);
		t_hive_free(tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found_by_path_whatever_their_letters_case),
		cmocka_unit_test(values_of_every_type_are_read),
		cmocka_unit_test(data_outside_of_the_record_is_read_too),
		cmocka_unit_test(every_kind_of_list_leads_to_the_subkeys),
		cmocka_unit_test(the_two_special_checksums_are_known),
		cmocka_unit_test(a_dirty_hive_is_read_and_says_so),
		cmocka_unit_test(logs_that_are_ahead_make_it_unclean),
		cmocka_unit_test(a_log_that_cannot_be_read_is_no_reassurance),
		cmocka_unit_test(a_hive_that_is_not_there_is_said),
		cmocka_unit_test(the_control_set_is_the_one_that_select_names_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
