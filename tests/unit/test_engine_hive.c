/* test_engine_hive.c - a hive that was restored is told from a start type that a person changed, through the whole engine. */
#include "tests/lib/live_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void later(struct live *l)
{
	l->lab.now += 3600 * 1000; /* the audit's interval */
	lab_run(&l->lab);
}

/* The hive comes back from a backup: another file, other octets beside ours. Ours go in again. */
static void a_restored_hive_is_repaired(void **state)
{
	struct live *l = *state;
	struct t_hive *backup = t_hive_open(l->lab.drive, T_SYSTEM);

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), "")));
	live_is(l, "A", "applied/applied");
	t_hive_text(backup, T_SERVICES T_UM, "Description", "as it was a week ago");
	t_hive_save(l->lab.drive, T_SYSTEM, backup, NULL);
	t_hive_free(backup);
	live_start(l, T_UM, 2);
	later(l);
	live_is(l, "A", "applied/applied");
	live_start(l, T_UM, 4);
	live_out(l, "A");
	live_start(l, T_UM, 2);
}

/* The same file, and the start type alone is as before: a person did that, and it is respected. */
static void a_start_type_that_a_person_put_back_stays_so(void **state)
{
	struct live *l = *state;

	live_offer(l, 1, T_CONFIG("A", T_SERVICE(T_OFF(T_UM), "")));
	live_is(l, "A", "applied/applied");
	t_set_start(l->lab.drive, T_UM, 2);
	later(l);
	live_is(l, "A", "blocked/removed");
	live_start(l, T_UM, 2);
	assert_true(lab_untouched(&l->lab));
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_set_up, live_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_restored_hive_is_repaired),
		T(a_start_type_that_a_person_put_back_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
