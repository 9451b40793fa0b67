/* test_by_path.c - what is found again by its path, and what it costs: counted in comparisons, whatever somebody named his files. */
#include "actions/by_path.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MANY = 20000, DEPTH = 50 }; /* three times the logarithm, and luck */

static void put(struct sg_by_path *t, const char *path)
{
	const char *own = NULL;
	void **at = sg_by_path(t, path, &own);

	assert_null(*at);
	assert_string_equal(own, path);
	*at = sg_strdup(path);
}

static void *get(struct sg_by_path *t, const char *path)
{
	const char *own = NULL;

	return *sg_by_path(t, path, &own);
}

static void a_path_is_found_again_whatever_its_letters(void **state)
{
	struct sg_by_path t = { 0 };
	const char *own = NULL;

	(void)state;
	put(&t, "C:\\a\\web.config");
	put(&t, "C:\\a\\web.configs");
	put(&t, "C:\\a");
	put(&t, "C:\\\xc3\x84");
	assert_string_equal(get(&t, "c:\\A\\Web.Config"), "C:\\a\\web.config");
	assert_string_equal(get(&t, "C:\\a"), "C:\\a");
	assert_string_equal(get(&t, "C:\\\xc3\xa4"), "C:\\\xc3\x84");
	sg_by_path(&t, "C:\\A", &own);
	assert_string_equal(own, "C:\\a");
	assert_int_equal(t.n, 4);
	sg_by_path_release(&t, free);
	assert_int_equal(t.n, 0);
	assert_null(get(&t, "C:\\a"));
	sg_by_path_release(&t, NULL);
}

static uint32_t old_hash(const char *path)
{
	uint32_t hash = 2166136261u;

	for (const char *p = path; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return hash;
}

/* How the names of an owner who knows the program might look: in order, against it, or all in one bucket of the hash that was here once. */
static void nobody_chooses_names_that_make_it_slow(void **state)
{
	enum { UP, DOWN, ONE_BUCKET, WAYS };

	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct sg_by_path t = { 0 };
		char path[64];
		unsigned name = 0;

		for (int i = 0; i < MANY; i++) {
			do
				snprintf(path, sizeof(path), "C:\\inetpub\\wwwroot\\%08x\\web.config",
				        way == DOWN ? UINT32_MAX - name++ : name++);
			while (way == ONE_BUCKET && old_hash(path) % 512);
			put(&t, path);
		}
		assert_int_equal(t.n, MANY);
		assert_in_range(t.compared, 1, (size_t)MANY * DEPTH);
		t.compared = 0;
		name = 0;
		for (int i = 0; way != ONE_BUCKET && i < MANY; i++, name++) {
			snprintf(path, sizeof(path), "C:\\INETPUB\\wwwroot\\%08X\\web.config",
			        way == DOWN ? UINT32_MAX - name : name);
			assert_non_null(get(&t, path));
		}
		assert_int_equal(t.n, MANY);
		assert_in_range(t.compared, 0, (size_t)MANY * DEPTH);
		sg_by_path_release(&t, free);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_found_again_whatever_its_letters),
		cmocka_unit_test(nobody_chooses_names_that_make_it_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
