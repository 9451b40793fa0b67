/* test_rules_memo.c - how much is remembered of what workers said about rules. */
#include "actions/rules_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void the_memory_is_bounded(void **state)
{
	enum { SLOTS = 1024, LARGE = 200000 };
	struct sg_buf reply = { 0 }, large = { 0 };
	struct sg_hash first_hash = { 0 };

	(void)state;
	for (unsigned i = 0; i <= SLOTS; i++) {
		struct sg_hash hash = sg_sha256((struct sg_bytes){ (const unsigned char *)&i, sizeof i });

		if (!i)
			first_hash = hash;
		assert_int_equal(sg_rules_remembered(&first_hash, &reply), i > 0);
		sg_rules_remember(&hash, sg_bytes_of("an answer"));
		assert_true(sg_rules_remembered(&hash, &reply));
		assert_true(sg_bytes_is(sg_buf_bytes(&reply), "an answer"));
	}
	assert_false(sg_rules_remembered(&first_hash, &reply));
	/* and by size: the older ones make room */
	large.data = sg_alloc(LARGE + 1);
	large.len = LARGE;
	for (unsigned i = 0; i < 30; i++) {
		struct sg_hash hash = sg_sha256((struct sg_bytes){ (const unsigned char *)&i, 1 });

		sg_rules_remember(&hash, sg_buf_bytes(&large));
		assert_true(sg_rules_remembered(&hash, &reply));
		if (!i)
			first_hash = hash;
	}
	assert_false(sg_rules_remembered(&first_hash, &reply));
	sg_rules_forget();
	sg_buf_release(&reply);
	sg_buf_release(&large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
