/* test_feed_attacks_engine.c - whatever a feed serves, the last good document stays in force, and what it brought stays as it is. */
#include "tests/lib/attack.h"
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static size_t serve(struct lab *lab, const struct attack_table *table, size_t step, const char *state)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n; i += step, n++) {
		struct attack a = { .rules = fix_rules };
		struct sg_fetched fetched = { 0 };

		table->rows[i].make(&table->rows[i], &a);
		fetched.octets = a.doc;
		sg_err_clear(&lab->err);
		if (sg_engine_fetched(lab->engine, "corp", &fetched, NULL, &lab->err))
			fail_msg("%s: %s", table->rows[i].name, lab->err.msg);
		lab_run(lab);
		if (strcmp(lab_state(lab, "GOOD-1"), state) != 0)
			fail_msg("%s: %s", table->rows[i].name, lab_state(lab, "GOOD-1"));
		attack_release(&a);
	}
	return n;
}

static void the_last_good_document_stays_in_force(void **state)
{
	struct lab *lab = *state;
	char *good;

	lab_configure(lab, NULL, "");
	lab_offer_one(lab, 1, "GOOD-1", "1", LAB_ATTACK);
	lab_run(lab);
	good = sg_strdup(lab_state(lab, "GOOD-1"));
	assert_non_null(strstr(good, "applied"));
	assert_true(serve(lab, &attack_hostile, 9, good) + serve(lab, &attack_documents, 9, good) +
	                    serve(lab, &attack_encodings, 9, good) >=
	            12);
	/* and the feed goes on where it was */
	lab_offer_one(lab, 2, "GOOD-2", "1", LAB_ATTACK);
	lab_run(lab);
	assert_true(*lab_state(lab, "GOOD-2") != 0);
	free(good);
}

static int set_up(void **state)
{
	return attack_set_up(state) || lab_set_up(state) ? -1 : 0;
}

static int tear_down(void **state)
{
	return lab_tear_down(state) || attack_tear_down(NULL) ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_good_document_stays_in_force, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
