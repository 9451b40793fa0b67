/* test_verdict.c - what people are told of a row: its verdict, and its status in the words of Get-Mitigations.ps1. */
#include "model/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void the_verdict_is_what_people_need_to_know(void **state)
{
	static const struct {
		struct sg_verdict_in in;
		enum sg_verdict verdict;
	} table[] = {
#define V(s, r, a, e)                                                                                        \
	.state = SG_##s, .reason = SG_WHY_##r, .applies = SG_APPLIES_##a, .effective = SG_EFFECTIVE_##e
		{ { V(APPLIED, APPLIED, YES, YES), .holds = true }, SG_V_IN_FORCE },
		{ { V(APPLIED, APPLIED, YES, UNKNOWN), .holds = true }, SG_V_IN_FORCE },
		{ { V(APPLIED, NEWER_FAILED, YES, YES), .holds = true }, SG_V_IN_FORCE },
		{ { V(APPLIED, APPLIED, UNKNOWN, YES), .holds = true }, SG_V_IN_FORCE },
		{ { V(APPLIED, APPLIED, YES, NO), .holds = true }, SG_V_EXPOSED }, /* defeated */
		{ { V(APPLIED, VALUES_MISSING, YES, YES), .holds = true }, SG_V_EXPOSED },
		{ { V(APPLIED, APPLIED, YES, UNKNOWN), .holds = true, .seen = SG_LOOK_FAILED },
		        SG_V_UNKNOWN },
		{ { V(APPLIED, REMOVAL_WINDOW, NO, YES), .holds = true, .seen = SG_LOOK_FAILED },
		        SG_V_UNKNOWN },
		{ { V(APPLIED, APPLIED, YES, NO), .holds = true, .seen = SG_LOOK_FAILED }, SG_V_EXPOSED },
		{ { V(APPLIED, VALUES_MISSING, YES, UNKNOWN), .holds = true, .seen = SG_LOOK_FAILED },
		        SG_V_EXPOSED },
		{ { V(APPLIED, APPLIED, UNKNOWN, UNKNOWN), .holds = true, .seen = SG_LOOK_MISSING },
		        SG_V_EXPOSED },
		{ { V(APPLIED, APPLIED, YES, YES), .holds = true, .seen = SG_LOOK_MISSING }, SG_V_IN_FORCE },
		{ { V(APPLIED, VALUES_MISSING, YES, YES), .holds = true, .scheduled = true }, SG_V_WAITING },
		{ { V(BLOCKED, ADMIN, YES, YES), .holds = true }, SG_V_IN_FORCE }, /* blocked with keep */
		{ { V(BLOCKED, ADMIN, YES, UNKNOWN) }, SG_V_EXPOSED },
		{ { V(BLOCKED, DRIFT, YES, UNKNOWN), .holds = true }, SG_V_EXPOSED },
		{ { V(BLOCKED, IO, YES, UNKNOWN), .holds = true }, SG_V_EXPOSED },
		{ { V(APPLICABLE, OTHERS, YES, UNKNOWN), .by_others = true }, SG_V_BY_OTHERS },
		{ { V(APPLICABLE, APPROVAL, YES, UNKNOWN) }, SG_V_EXPOSED }, /* ask without then */
		{ { V(APPLICABLE, APPROVAL, YES, UNKNOWN), .scheduled = true }, SG_V_WAITING },
		{ { V(APPLICABLE, WINDOW, YES, UNKNOWN), .scheduled = true }, SG_V_WAITING },
		{ { V(APPLICABLE, OBSERVE, YES, UNKNOWN) }, SG_V_EXPOSED },
		{ { V(PENDING, NOT_NEEDED, NO, UNKNOWN) }, SG_V_NOT_NEEDED },
		{ { V(PENDING, SHADOWED, YES, UNKNOWN) }, SG_V_NOT_NEEDED },
		{ { V(PENDING, UNKNOWN, UNKNOWN, UNKNOWN) }, SG_V_UNKNOWN },
		{ { V(REVERTED, WITHDRAWN, YES, UNKNOWN) }, SG_V_NOT_NEEDED },
		{ { V(REVERTED, WITHDRAWN, UNKNOWN, UNKNOWN) }, SG_V_NOT_NEEDED },
		{ { V(REVERTED, ENDED, YES, UNKNOWN) }, SG_V_NOT_NEEDED },
		{ { V(REVERTED, BY_ADMIN, YES, UNKNOWN) }, SG_V_EXPOSED },
		{ { V(REVERTED, BY_ADMIN, NO, UNKNOWN) }, SG_V_NOT_NEEDED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		enum sg_verdict v = sg_state_verdict(&table[i].in);

		if (v != table[i].verdict)
			fail_msg("%s (%s), applies %s, effective %s: %s", sg_state_name(table[i].in.state),
			        sg_reason_name(table[i].in.reason), sg_applies_name(table[i].in.applies),
			        sg_effective_name(table[i].in.effective), sg_verdict_name(v));
	}
}

/* The words that administrators know from Get-Mitigations.ps1: what a person asked for comes first, and Applied is said of nothing that does not protect. */
static void the_status_says_blocked_first_and_applied_of_nothing_that_does_not_protect(void **state)
{
	static const struct {
		enum sg_state state;
		enum sg_reason reason;
		enum sg_verdict verdict;
		const char *status;
	} table[] = {
		{ SG_APPLIED, SG_WHY_APPLIED, SG_V_IN_FORCE, "Applied" },
		{ SG_APPLIED, SG_WHY_NEWER_FAILED, SG_V_IN_FORCE, "Applied" },
		{ SG_APPLIED, SG_WHY_APPLIED, SG_V_EXPOSED, "Failed" }, /* defeated by another rule */
		{ SG_APPLIED, SG_WHY_VALUES_MISSING, SG_V_WAITING, "Failed" },
		{ SG_APPLIED, SG_WHY_APPLIED, SG_V_UNKNOWN, "Unknown" }, /* its file cannot be looked at */
		{ SG_BLOCKED, SG_WHY_DRIFT, SG_V_IN_FORCE,
		        "Applied" }, /* edited by hand, and refuses all the same */
		{ SG_BLOCKED, SG_WHY_DRIFT, SG_V_EXPOSED, "Failed" },
		{ SG_BLOCKED, SG_WHY_CONFLICT, SG_V_EXPOSED, "Failed" },
		{ SG_BLOCKED, SG_WHY_IO, SG_V_EXPOSED, "Failed" },
		{ SG_BLOCKED, SG_WHY_ADMIN, SG_V_EXPOSED, "Blocked" },
		{ SG_BLOCKED, SG_WHY_ADMIN, SG_V_IN_FORCE, "Blocked" },
		{ SG_BLOCKED, SG_WHY_ADMIN, SG_V_NOT_NEEDED, "Blocked" },
		{ SG_BLOCKED, SG_WHY_ADMIN, SG_V_BY_OTHERS, "Blocked" },
		{ SG_BLOCKED, SG_WHY_REMOVED, SG_V_EXPOSED, "Blocked" },
		{ SG_REVERTED, SG_WHY_BY_ADMIN, SG_V_EXPOSED, "Blocked" },
		{ SG_REVERTED, SG_WHY_WITHDRAWN, SG_V_NOT_NEEDED, "NotNeeded" },
		{ SG_PENDING, SG_WHY_NOT_NEEDED, SG_V_NOT_NEEDED, "NotNeeded" },
		{ SG_PENDING, SG_WHY_UNKNOWN, SG_V_UNKNOWN, "Unknown" },
		{ SG_APPLICABLE, SG_WHY_OTHERS, SG_V_BY_OTHERS, "ByOthers" },
		{ SG_APPLICABLE, SG_WHY_APPROVAL, SG_V_EXPOSED, "Waiting" },
		{ SG_APPLICABLE, SG_WHY_WINDOW, SG_V_WAITING, "Waiting" },
		{ SG_APPLICABLE, SG_WHY_RETRY, SG_V_WAITING, "Failed" },
		{ SG_APPLICABLE, SG_WHY_REFUSED, SG_V_EXPOSED, "Failed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(
		        sg_state_status(table[i].state, table[i].reason, table[i].verdict), table[i].status);
	for (int s = SG_PENDING; s <= SG_REVERTED; s++) {
		for (int r = 0; r < SG_WHY_COUNT; r++) {
			for (int v = SG_V_IN_FORCE; v <= SG_V_UNKNOWN; v++) {
				const char *status = sg_state_status(
				        (enum sg_state)s, (enum sg_reason)r, (enum sg_verdict)v);

				if (strcmp(status, "Applied") == 0 && v != SG_V_IN_FORCE)
					fail_msg("%s (%s), %s: %s", sg_state_name((enum sg_state)s),
					        sg_reason_name((enum sg_reason)r),
					        sg_verdict_name((enum sg_verdict)v), status);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_verdict_is_what_people_need_to_know),
		cmocka_unit_test(the_status_says_blocked_first_and_applied_of_nothing_that_does_not_protect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
