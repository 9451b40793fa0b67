/* test_state_table.c - THE table: the rows of design.md section 4 are pinned one by one, and what is printed shows them all. */
#include "model/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- the rows of design.md section 4 */

#define S(slot)    (1u << SG_SLOT_##slot)
#define ALL        ((1u << SG_SLOT_COUNT) - 1u)
#define HOLDING    (S(APPLIED) | S(REMOVED) | S(DRIFT) | S(CONFLICT) | S(FOUGHT) | S(FAILED) | S(IO))
#define WAITING    (S(PENDING) | S(APPLICABLE) | S(REVERTED))
#define HELD       .holds = true
#define YES        .applies = SG_APPLIES_YES
#define NO         .applies = SG_APPLIES_NO
#define DUE        .retry_due = true
#define LOOK(l)    .look = SG_LOOK_##l
#define DOES(w)    .cell.kind = SG_CELL_WORK, .cell.work = SG_WORK_##w
#define NOTHING    .cell.kind = SG_CELL_IGNORE
#define REFUSED    .cell.kind = SG_CELL_REFUSE
#define TO(s, r)   .cell.done = SG_##s, .cell.done_why = SG_WHY_##r
#define ELSE(s, r) .cell.failed = SG_##s, .cell.failed_why = SG_WHY_##r

static const struct pinned {
	const char *row;
	unsigned slots;
	struct sg_facts f;
	struct sg_cell cell;
} pinned[] = {
	{ "HOLD: stays", ALL & ~(S(PENDING) | S(APPLICABLE)), { HELD, YES, .paused = true, DUE, LOOK(AFTER) },
	        NOTHING },
	{ "HOLD: says why", S(PENDING) | S(APPLICABLE), { YES, .paused = true, DUE }, DOES(NOTE) },
	{ "HOLD, what kept it out is over: says why", S(ADMIN) | S(REVERTED), { YES, .paused = true, DUE },
	        DOES(NOTE), TO(PENDING, NONE) },
	{ "HOLD, Setup: stays as it is", ALL & ~(S(PENDING) | S(APPLICABLE)),
	        { YES, .setup_running = true, DUE }, NOTHING },
	{ "HOLD, foreign edits too: not written", HOLDING, { HELD, YES, .paused = true, DUE, LOOK(OTHER) },
	        NOTHING },
	{ "unknown, holds nothing", WAITING | S(ADMIN), { DUE }, DOES(NOTE), TO(PENDING, NONE) },
	{ "unknown, held: neither applied nor reverted", HOLDING, { HELD, DUE, LOOK(AFTER) }, NOTHING },
	{ "OUT, its window shut", S(APPLIED), { HELD, NO, DUE, LOOK(AFTER) }, DOES(NOTE),
	        TO(APPLIED, REMOVAL_WINDOW) },
	{ "OUT, its window shut, blocked", HOLDING & ~S(APPLIED), { HELD, NO, DUE, LOOK(AFTER) }, NOTHING },
	{ "OUT, its window shut, a person asked", HOLDING,
	        { HELD, .admin_out = true, .asked = true, DUE, LOOK(AFTER) }, DOES(REVERT),
	        ELSE(BLOCKED, NONE) },
	{ "OUT", HOLDING, { HELD, NO, DUE, .removal_window = true, LOOK(AFTER) }, DOES(REVERT),
	        ELSE(BLOCKED, NONE) },
	{ "OUT, half of it is foreign: the rest goes", S(APPLIED),
	        { HELD, NO, DUE, .removal_window = true, LOOK(OTHER) }, DOES(REVERT), ELSE(BLOCKED, NONE) },
	{ "OUT, drift, tried already: again when the container changes", S(DRIFT),
	        { HELD, NO, DUE, .removal_window = true, .tried_out = true, LOOK(OTHER) }, NOTHING },
	{ "OUT, io: at its retry time", S(IO), { HELD, NO, .removal_window = true, LOOK(AFTER) }, NOTHING },
	{ "OUT, io: or when a person asks", S(IO), { HELD, .admin_out = true, .asked = true, LOOK(AFTER) },
	        DOES(REVERT), ELSE(BLOCKED, NONE) },
	{ "OUT, holds nothing", ALL, { NO, DUE }, DOES(NOTE) },
	{ "gone, IN", HOLDING, { HELD, YES, DUE, LOOK(GONE) }, DOES(DROP), TO(PENDING, GONE) },
	{ "gone, OUT", HOLDING, { HELD, NO, DUE, LOOK(GONE) }, DOES(DROP), TO(PENDING, GONE) },
	{ "IN, cannot be looked at", HOLDING, { HELD, YES, DUE, LOOK(FAILED) }, NOTHING },
	{ "IN, some value other", S(APPLIED), { HELD, YES, DUE, .go = true, LOOK(OTHER) }, DOES(NOTE),
	        TO(BLOCKED, DRIFT) },
	{ "IN, some value other, another body: still drift", S(APPLIED),
	        { HELD, YES, DUE, .go = true, .other_body = true, LOOK(OTHER) }, DOES(NOTE),
	        TO(BLOCKED, DRIFT) },
	{ "drift stays drift", S(DRIFT), { HELD, YES, DUE, .go = true, LOOK(OTHER) }, REFUSED },
	{ "missing, replaced", S(APPLIED), { HELD, YES, DUE, .replaced = true, LOOK(MISSING) }, DOES(REPAIR),
	        TO(APPLIED, APPLIED), ELSE(APPLIED, VALUES_MISSING) },
	{ "missing, replaced, retry not due", S(APPLIED), { HELD, YES, .replaced = true, LOOK(MISSING) },
	        NOTHING },
	{ "missing, replaced, after the bound", S(APPLIED),
	        { HELD, YES, DUE, .replaced = true, .repair_bound = true, LOOK(MISSING) }, DOES(NOTE),
	        TO(BLOCKED, FOUGHT) },
	{ "missing, by hand: respected", S(APPLIED), { HELD, YES, DUE, LOOK(MISSING) }, DOES(REVERT),
	        TO(BLOCKED, REMOVED), ELSE(BLOCKED, NONE) },
	{ "missing, by hand: respected, whatever the bound", S(APPLIED),
	        { HELD, YES, DUE, .repair_bound = true, LOOK(MISSING) }, DOES(REVERT), TO(BLOCKED, REMOVED),
	        ELSE(BLOCKED, NONE) },
	{ "missing, by hand: reapplied", S(APPLIED), { HELD, YES, DUE, .reapply = true, LOOK(MISSING) },
	        DOES(REPAIR), TO(APPLIED, APPLIED), ELSE(APPLIED, VALUES_MISSING) },
	{ "missing, by hand: reapplied, bounded", S(APPLIED),
	        { HELD, YES, DUE, .reapply = true, .repair_bound = true, LOOK(MISSING) }, DOES(NOTE),
	        TO(BLOCKED, FOUGHT) },
	{ "other body, go", S(APPLIED), { HELD, YES, DUE, .go = true, .other_body = true, LOOK(AFTER) },
	        DOES(SUPERSEDE), TO(APPLIED, APPLIED), ELSE(APPLIED, NEWER_FAILED) },
	{ "fought, another body, go: it goes in", S(FOUGHT),
	        { HELD, YES, DUE, .go = true, .other_body = true, .replaced = true, .repair_bound = true,
	                LOOK(MISSING) },
	        DOES(SUPERSEDE), TO(APPLIED, APPLIED), ELSE(APPLIED, NEWER_FAILED) },
	{ "fought, another body, no go", S(FOUGHT),
	        { HELD, YES, DUE, .other_body = true, .replaced = true, .repair_bound = true, LOOK(MISSING) },
	        REFUSED },
	{ "fought, another body that failed before: a person decides", S(FOUGHT),
	        { HELD, YES, DUE, .go = true, .other_body = true, .body_failed = true, .replaced = true,
	                .repair_bound = true, LOOK(MISSING) },
	        REFUSED },
	{ "other body, no go", S(APPLIED), { HELD, YES, DUE, .other_body = true, LOOK(AFTER) }, DOES(NOTE),
	        TO(APPLIED, NEWER_WAITS) },
	{ "same body, all after", S(APPLIED), { HELD, YES, DUE, LOOK(AFTER) }, DOES(NOTE),
	        TO(APPLIED, APPLIED) },
	{ "the heartbeat holds nothing and is applied", S(APPLIED), { YES, DUE }, DOES(NOTE),
	        TO(APPLIED, APPLIED) },
	{ "an equivalent rule: left", WAITING, { YES, DUE, .go = true, .equivalent = true }, DOES(NOTE),
	        TO(APPLICABLE, OTHERS) },
	{ "an equivalent rule: adopted", WAITING, { YES, DUE, .go = true, .equivalent = true, .adopt = true },
	        DOES(APPLY), TO(APPLIED, APPLIED), ELSE(APPLICABLE, NONE) },
	{ "IN, go", WAITING, { YES, DUE, .go = true }, DOES(APPLY), TO(APPLIED, APPLIED),
	        ELSE(APPLICABLE, NONE) },
	{ "IN, no go", WAITING, { YES, DUE }, DOES(NOTE), TO(APPLICABLE, NONE) },
	{ "its block is gone", S(ADMIN), { YES, DUE, .go = true }, DOES(NOTE), TO(PENDING, NEW) },
	{ "its block is gone, no go", S(ADMIN), { YES, DUE }, DOES(NOTE), TO(PENDING, NEW) },
	{ "drift, all after again", S(DRIFT), { HELD, YES, DUE, LOOK(AFTER) }, DOES(NOTE),
	        TO(APPLIED, APPLIED) },
	{ "io, retry not due", S(IO), { YES, .go = true }, NOTHING },
	{ "io, retry due", S(IO), { YES, DUE, .go = true }, DOES(APPLY), TO(APPLIED, APPLIED),
	        ELSE(APPLICABLE, NONE) },
	{ "of two bodies, whatever it is blocked for", HOLDING,
	        { HELD, YES, DUE, .mixed = true, LOOK(AFTER) }, DOES(REPAIR), TO(APPLIED, APPLIED),
	        ELSE(BLOCKED, IO) },
	{ "of two bodies, some of it missing", HOLDING, { HELD, YES, DUE, .mixed = true, LOOK(MISSING) },
	        DOES(REPAIR), TO(APPLIED, APPLIED), ELSE(BLOCKED, IO) },
	{ "of two bodies, retry not due", HOLDING, { HELD, YES, .mixed = true, LOOK(AFTER) }, NOTHING },
	{ "half done", HOLDING, { HELD, YES, DUE, .incomplete = true, LOOK(AFTER) }, DOES(REVERT),
	        TO(PENDING, NEW), ELSE(BLOCKED, NONE) },
	{ "this body failed", S(REMOVED) | S(CONFLICT) | S(FOUGHT) | S(FAILED),
	        { YES, DUE, .go = true, .body_failed = true }, REFUSED },
	{ "another body than the one that failed", S(REMOVED) | S(CONFLICT) | S(FOUGHT) | S(FAILED),
	        { YES, DUE, .go = true, .other_body = true }, DOES(APPLY), TO(APPLIED, APPLIED),
	        ELSE(APPLICABLE, NONE) },
};

static void the_rows_of_the_design_are_in_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pinned); i++) {
		const struct pinned *p = &pinned[i];

		for (int s = 0; s < SG_SLOT_COUNT; s++) {
			enum sg_slot slot = (enum sg_slot)s;
			enum sg_situation sit;
			const struct sg_cell *c;

			if (!(p->slots & (1u << s)))
				continue;
			sit = sg_state_situation(slot, sg_state_want(&p->f), &p->f);
			c = sg_state_cell(slot, sit);
			if (c->kind != p->cell.kind || c->work != p->cell.work || c->done != p->cell.done ||
			        c->done_why != p->cell.done_why || c->failed != p->cell.failed ||
			        c->failed_why != p->cell.failed_why)
				fail_msg("'%s', %s: '%s', %s -> %s (%s), else %s (%s)", p->row,
				        sg_slot_name(slot), sg_situation_name(sit), sg_work_name(c->work),
				        sg_state_name(c->done), sg_reason_name(c->done_why),
				        sg_state_name(c->failed), sg_reason_name(c->failed_why));
		}
	}
}

/* --- how it is printed */

static size_t lines_with(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void the_printed_table_has_every_situation_in_even_lines(void **state)
{
	struct sg_buf out = { 0 };
	const char *line;

	(void)state;
	sg_state_print(SG_PRINT_TEXT, &out);
	for (line = (const char *)out.data; *line; line = strchr(line, '\n') + 1) {
		size_t bars = 0;

		for (const char *p = line; *p != '\n'; p++)
			bars += *p == '|';
		assert_int_equal(bars, 7);
	}
	for (int sit = 0; sit < SG_SIT_COUNT; sit++) {
		char *cell = sg_format("| %s | ", sg_situation_name((enum sg_situation)sit));

		if (!lines_with((const char *)out.data, cell))
			fail_msg("not printed: %s", cell);
		free(cell);
	}
	assert_null(strstr((const char *)out.data, "?"));
	sg_buf_release(&out);
}

static void the_drawing_leads_to_every_state(void **state)
{
	static const char *const targets[] = { "pending", "applicable", "applied", "reverted",
		"blocked (admin)", "blocked (removed)", "blocked (drift)", "blocked (conflict)",
		"blocked (fought)", "blocked (failed)", "blocked (io)" };
	struct sg_buf out = { 0 };

	(void)state;
	sg_state_print(SG_PRINT_DOT, &out);
	assert_int_equal(strncmp((const char *)out.data, "digraph stopgap {\n", 18), 0);
	for (size_t i = 0; i < COUNT(targets); i++) {
		char *edge = sg_format("-> \"%s\"", targets[i]);

		if (!lines_with((const char *)out.data, edge))
			fail_msg("nothing leads to %s", targets[i]);
		free(edge);
	}
	assert_string_equal((const char *)out.data + out.len - 2, "}\n");
	sg_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rows_of_the_design_are_in_the_table),
		cmocka_unit_test(the_printed_table_has_every_situation_in_even_lines),
		cmocka_unit_test(the_drawing_leads_to_every_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
