/* test_service_control.c - every control of the service control manager in every state of the service. */
#include "daemon/service_control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { STATES = 7 }; /* SERVICE_STOPPED to SERVICE_PAUSED; the service is never in the last three */

static void each_control_in_each_state(void **state)
{
	/* 1 stopped, 2 starting, 3 stopping, 4 running */
	static const struct {
		unsigned long state, control;
		enum sg_scm_does does;
		unsigned long error;
	} table[] = {
		{ 1, 0x1, SG_SCM_NOTHING, 0 }, /* STOP */
		{ 2, 0x1, SG_SCM_END, 0 },
		{ 3, 0x1, SG_SCM_NOTHING, 0 },
		{ 4, 0x1, SG_SCM_END, 0 },
		{ 1, 0x5, SG_SCM_NOTHING, 0 }, /* SHUTDOWN */
		{ 2, 0x5, SG_SCM_END_DOWN, 0 },
		{ 3, 0x5, SG_SCM_NOTHING, 0 },
		{ 4, 0x5, SG_SCM_END_DOWN, 0 },
		{ 1, 0xf, SG_SCM_NOTHING, 0 }, /* PRESHUTDOWN */
		{ 2, 0xf, SG_SCM_END_DOWN, 0 },
		{ 3, 0xf, SG_SCM_NOTHING, 0 },
		{ 4, 0xf, SG_SCM_END_DOWN, 0 },
		{ 1, 0x6, SG_SCM_NOTHING, 1061 }, /* PARAMCHANGE */
		{ 2, 0x6, SG_SCM_RELOAD, 0 },
		{ 3, 0x6, SG_SCM_NOTHING, 1061 },
		{ 4, 0x6, SG_SCM_RELOAD, 0 },
		{ 1, 0x4, SG_SCM_TELL, 0 }, /* INTERROGATE */
		{ 2, 0x4, SG_SCM_TELL, 0 },
		{ 3, 0x4, SG_SCM_TELL, 0 },
		{ 4, 0x4, SG_SCM_TELL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_scm_answer a = sg_scm_answer(table[i].state, table[i].control);

		if (a.does != table[i].does || a.error != table[i].error)
			fail_msg("control %lu in state %lu: %d, %lu", table[i].control, table[i].state,
			        (int)a.does, a.error);
	}
}

/* PAUSE, CONTINUE, NETBINDADD..., DEVICEEVENT, HARDWAREPROFILECHANGE, POWEREVENT, SESSIONCHANGE, TIMECHANGE, TRIGGEREVENT, and 128 to 255 of users. */
static void every_other_control_is_refused_and_does_nothing(void **state)
{
	(void)state;
	for (unsigned long s = 0; s <= STATES; s++)
		for (unsigned long c = 0; c < 256; c++) {
			struct sg_scm_answer a = sg_scm_answer(s, c);

			if (c == 0x1 || c == 0x4 || c == 0x5 || c == 0x6 || c == 0xf)
				continue;
			assert_int_equal(a.does, SG_SCM_NOTHING);
			assert_int_equal(a.error, 120);
		}
}

static void controls_are_taken_while_it_runs_and_at_no_other_time(void **state)
{
	(void)state;
	for (unsigned long s = 0; s <= STATES; s++)
		assert_int_equal(sg_scm_accepts(s), s == 4 ? 0x1 | 0x4 | 0x8 | 0x100 : 0);
}

/* What the manager is told that is taken is neither refused nor forgotten. */
static void what_is_taken_is_done(void **state)
{
	static const struct {
		unsigned long accept, control;
	} pairs[] = { { 0x1, 0x1 }, { 0x4, 0x5 }, { 0x8, 0x6 }, { 0x100, 0xf } };

	(void)state;
	for (unsigned long s = 0; s <= STATES; s++)
		for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
			struct sg_scm_answer a = sg_scm_answer(s, pairs[i].control);

			if (!(sg_scm_accepts(s) & pairs[i].accept))
				continue;
			assert_int_not_equal(a.does, SG_SCM_NOTHING);
			assert_int_equal(a.error, 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_control_in_each_state),
		cmocka_unit_test(every_other_control_is_refused_and_does_nothing),
		cmocka_unit_test(controls_are_taken_while_it_runs_and_at_no_other_time),
		cmocka_unit_test(what_is_taken_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
