/* test_state.c - the state machine as pure functions: what is wanted, which situation that is. Every cell that any facts can ask for is
 * walked; test_state_table.c pins what stands in them, test_verdict.c what people are told. */
#include "model/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- facts by number: each bit of `n` is one fact */

static bool bit(unsigned n, unsigned i)
{
	return (n >> i) & 1u;
}

enum { WANT_BITS = 11, SITUATION_BITS = 14, LOOKS = SG_LOOK_FAILED + 1, APPLIES = SG_APPLIES_NO + 1 };

static void set_want_facts(struct sg_facts *f, unsigned n)
{
	f->setup_running = bit(n, 0);
	f->admin_out = bit(n, 1);
	f->blocked = bit(n, 2);
	f->keep = bit(n, 3);
	f->paused = bit(n, 4);
	f->observe = bit(n, 5);
	f->withdrawn = bit(n, 6);
	f->ended = bit(n, 7);
	f->shadowed = bit(n, 8);
	f->shadow_settled = bit(n, 9);
	f->holds = bit(n, 10);
}

static void set_situation_facts(struct sg_facts *f, unsigned n)
{
	f->incomplete = bit(n, 0);
	f->asked = bit(n, 1);
	f->removal_window = bit(n, 2);
	f->replaced = bit(n, 3);
	f->reapply = bit(n, 4);
	f->repair_bound = bit(n, 5);
	f->other_body = bit(n, 6);
	f->body_failed = bit(n, 7);
	f->go = bit(n, 8);
	f->removed = bit(n, 9);
	f->retry_due = bit(n, 10);
	f->tried_out = bit(n, 11);
	f->equivalent = bit(n, 12);
	f->mixed = bit(n, 13);
}

/* Every slot with every want that these facts give, and every look: which situations come out. */
static void walk_rest(const struct sg_facts *of, bool seen[SG_SLOT_COUNT][SG_SIT_COUNT])
{
	struct sg_facts f = *of;
	enum sg_want want = sg_state_want(&f);

	for (unsigned n = 0; n < 1u << SITUATION_BITS; n++) {
		set_situation_facts(&f, n);
		for (int adopt = 0; adopt < 2; adopt++) {
			f.adopt = adopt;
			for (int look = 0; look < LOOKS; look++) {
				f.look = (enum sg_look)look;
				for (int slot = 0; slot < SG_SLOT_COUNT; slot++)
					seen[slot][sg_state_situation((enum sg_slot)slot, want, &f)] = true;
			}
		}
	}
}

/* What the situation may depend on of the facts that want is made of. */
static unsigned left_of_want(const struct sg_facts *f)
{
	return (unsigned)sg_state_want(f) | (unsigned)f->setup_running << 2 | (unsigned)f->paused << 3 |
	       (unsigned)f->observe << 4 | (unsigned)f->blocked << 5 | (unsigned)f->holds << 6;
}

static void every_cell_that_can_be_asked_for_is_a_real_one(void **state)
{
	static bool seen[SG_SLOT_COUNT][SG_SIT_COUNT];
	bool walked[128] = { false };
	bool asked[SG_SIT_COUNT] = { false };

	(void)state;
	for (unsigned n = 0; n < 1u << WANT_BITS; n++) {
		for (int applies = 0; applies < APPLIES; applies++) {
			struct sg_facts f = { .applies = (enum sg_applies)applies };
			unsigned left;

			set_want_facts(&f, n);
			left = left_of_want(&f);
			if (walked[left])
				continue;
			walked[left] = true;
			walk_rest(&f, seen);
		}
	}
	for (int slot = 0; slot < SG_SLOT_COUNT; slot++) {
		for (int sit = 0; sit < SG_SIT_COUNT; sit++) {
			const struct sg_cell *c = sg_state_cell((enum sg_slot)slot, (enum sg_situation)sit);

			asked[sit] = asked[sit] || seen[slot][sit];
			if (seen[slot][sit] && strcmp(c->text, "cannot be") == 0)
				fail_msg("no cell for %s, %s", sg_slot_name((enum sg_slot)slot),
				        sg_situation_name((enum sg_situation)sit));
		}
	}
	for (int sit = 0; sit < SG_SIT_COUNT; sit++) {
		if (!asked[sit])
			fail_msg("no facts lead to: %s", sg_situation_name((enum sg_situation)sit));
	}
}

static void every_cell_says_one_thing(void **state)
{
	(void)state;
	for (int slot = 0; slot < SG_SLOT_COUNT; slot++) {
		for (int sit = 0; sit < SG_SIT_COUNT; sit++) {
			const struct sg_cell *c = sg_state_cell((enum sg_slot)slot, (enum sg_situation)sit);

			assert_non_null(c->text);
			assert_true((c->kind == SG_CELL_WORK) == (c->work != SG_WORK_NONE));
			if (c->kind != SG_CELL_WORK)
				assert_true(!c->done && !c->failed && !c->done_why && !c->failed_why);
			/* What can fail says where that leads; a note cannot. */
			if (c->kind == SG_CELL_WORK && c->work != SG_WORK_NOTE && c->work != SG_WORK_DROP)
				assert_true(c->failed != 0);
			if (c->work == SG_WORK_NOTE)
				assert_true(!c->failed);
		}
	}
}

/* --- want: the first that matches, in design.md's order */

static void want_takes_the_first_that_matches(void **state)
{
	/* Each line wins over all that follow it. */
	static const struct {
		const char *what;
		struct sg_facts f;
		enum sg_want want;
		enum sg_reason why;
	} order[] = {
		{ "Setup", { .setup_running = true }, SG_HOLD, SG_WHY_SETUP },
		{ "taken out", { .admin_out = true }, SG_OUT, SG_WHY_BY_ADMIN },
		{ "blocked", { .blocked = true }, SG_OUT, SG_WHY_ADMIN },
		{ "paused", { .paused = true, .holds = true }, SG_HOLD, SG_WHY_PAUSED },
		{ "observe", { .observe = true, .holds = true }, SG_HOLD, SG_WHY_OBSERVE },
		{ "withdrawn", { .withdrawn = true }, SG_OUT, SG_WHY_WITHDRAWN },
		{ "ended", { .ended = true }, SG_OUT, SG_WHY_ENDED },
		{ "kept", { .blocked = true, .keep = true, .holds = true }, SG_HOLD, SG_WHY_ADMIN },
		{ "shadowed", { .shadowed = true, .holds = true }, SG_HOLD, SG_WHY_SHADOWED },
		{ "unknown", { .applies = SG_APPLIES_UNKNOWN }, SG_HOLD, SG_WHY_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++) {
		for (size_t k = i; k < COUNT(order); k++) {
			struct sg_facts f = order[i].f, g = order[k].f;

			f.setup_running |= g.setup_running;
			f.admin_out |= g.admin_out;
			f.keep = f.blocked ? f.keep : g.keep;
			f.blocked |= g.blocked;
			f.paused |= g.paused;
			f.observe |= g.observe;
			f.withdrawn |= g.withdrawn;
			f.ended |= g.ended;
			f.shadowed |= g.shadowed;
			f.holds |= g.holds;
			if (sg_state_want(&f) != order[i].want || sg_state_want_reason(&f) != order[i].why)
				fail_msg("%s and %s: %s (%s)", order[i].what, order[k].what,
				        sg_want_name(sg_state_want(&f)),
				        sg_reason_name(sg_state_want_reason(&f)));
		}
	}
}

static void want_ends_with_what_this_server_needs(void **state)
{
	struct sg_facts f = { .applies = SG_APPLIES_YES };

	(void)state;
	assert_int_equal(sg_state_want(&f), SG_IN);
	assert_int_equal(sg_state_want_reason(&f), SG_WHY_NONE);
	f.applies = SG_APPLIES_NO;
	assert_int_equal(sg_state_want(&f), SG_OUT);
	assert_int_equal(sg_state_want_reason(&f), SG_WHY_NOT_NEEDED);
	f.applies = SG_APPLIES_UNKNOWN; /* neither applied nor reverted */
	f.holds = true;
	assert_int_equal(sg_state_want(&f), SG_HOLD);
}

/* Where nothing of ours is, a pause keeps nothing back: what is not needed, withdrawn or unknown is said as ever. */
static void still_says_what_is_not_needed(void **state)
{
	static const struct {
		struct sg_facts f;
		enum sg_want want;
		enum sg_reason why;
		enum sg_situation situation;
	} cases[] = {
		{ { .applies = SG_APPLIES_NO }, SG_OUT, SG_WHY_NOT_NEEDED, SG_SIT_OUT_EMPTY },
		{ { .withdrawn = true }, SG_OUT, SG_WHY_WITHDRAWN, SG_SIT_OUT_EMPTY },
		{ { .ended = true }, SG_OUT, SG_WHY_ENDED, SG_SIT_OUT_EMPTY },
		{ { .blocked = true, .keep = true }, SG_OUT, SG_WHY_ADMIN, SG_SIT_OUT_EMPTY },
		{ { .applies = SG_APPLIES_UNKNOWN }, SG_HOLD, SG_WHY_UNKNOWN, SG_SIT_HOLD_PENDING },
		{ { .applies = SG_APPLIES_YES }, SG_HOLD, SG_WHY_PAUSED, SG_SIT_HOLD },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sg_facts f = cases[i].f;

		f.paused = true;
		assert_int_equal(sg_state_want(&f), cases[i].want);
		assert_int_equal(sg_state_want_reason(&f), cases[i].why);
		assert_int_equal(sg_state_situation(SG_SLOT_PENDING, cases[i].want, &f), cases[i].situation);
		f.paused = false;
		f.observe = true;
		assert_int_equal(sg_state_want(&f), cases[i].want);
	}
}

static void keep_and_shadow_look_at_what_is_held(void **state)
{
	struct sg_facts keep = { .blocked = true, .keep = true, .applies = SG_APPLIES_YES };
	struct sg_facts shadow = { .shadowed = true, .applies = SG_APPLIES_YES };

	(void)state;
	assert_int_equal(sg_state_want(&keep), SG_OUT);
	keep.holds = true;
	assert_int_equal(sg_state_want(&keep), SG_HOLD);
	assert_int_equal(sg_state_want(&shadow), SG_OUT);
	shadow.holds = true;
	assert_int_equal(sg_state_want(&shadow), SG_HOLD);
	shadow.shadow_settled = true;
	assert_int_equal(sg_state_want(&shadow), SG_OUT);
}

/* Whatever the facts: nothing is written while HOLD, nothing goes in unless it is wanted in, nothing foreign is taken for ours. */
static void no_cell_breaks_what_want_says(void **state)
{
	static const struct {
		struct sg_facts f;
		unsigned may;
	} wants[] = {
#define W(w) (1u << SG_WORK_##w)
		{ { .paused = true, .applies = SG_APPLIES_YES }, W(NONE) | W(NOTE) },
		{ { .paused = true, .applies = SG_APPLIES_YES, .holds = true }, W(NONE) | W(NOTE) },
		{ { .holds = true }, W(NONE) | W(NOTE) },
		{ { .applies = SG_APPLIES_NO }, W(NONE) | W(NOTE) },
		{ { .applies = SG_APPLIES_NO, .holds = true }, W(NONE) | W(NOTE) | W(REVERT) | W(DROP) },
		{ { .applies = SG_APPLIES_YES },
		        W(NONE) | W(NOTE) | W(APPLY) | W(REPAIR) | W(SUPERSEDE) | W(REVERT) | W(DROP) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wants); i++) {
		bool seen[SG_SLOT_COUNT][SG_SIT_COUNT] = { { false } };

		walk_rest(&wants[i].f, seen);
		for (int slot = 0; slot < SG_SLOT_COUNT; slot++) {
			for (int sit = 0; sit < SG_SIT_COUNT; sit++) {
				const struct sg_cell *c =
				        sg_state_cell((enum sg_slot)slot, (enum sg_situation)sit);

				if (seen[slot][sit] && !(wants[i].may & (1u << c->work)))
					fail_msg("want %zu: %s, %s does %s", i,
					        sg_slot_name((enum sg_slot)slot),
					        sg_situation_name((enum sg_situation)sit),
					        sg_work_name(c->work));
			}
		}
	}
}

static void a_foreign_value_is_written_by_no_cell_that_wants_in(void **state)
{
	struct sg_facts f = { .holds = true, .applies = SG_APPLIES_YES, .look = SG_LOOK_OTHER };

	(void)state;
	for (unsigned n = 0; n < 1u << SITUATION_BITS; n++) {
		set_situation_facts(&f, n);
		for (int s = 0; s < SG_SLOT_COUNT; s++) {
			enum sg_slot slot = (enum sg_slot)s;
			enum sg_work work = sg_state_cell(slot, sg_state_situation(slot, SG_IN, &f))->work;

			assert_true(work == SG_WORK_NONE || work == SG_WORK_NOTE);
		}
	}
}

/* --- names */

static void names_come_back_as_what_they_name(void **state)
{
	(void)state;
	for (int i = SG_PENDING; i <= SG_REVERTED; i++) {
		enum sg_state back = SG_PENDING;

		assert_true(sg_state_parse(sg_state_name((enum sg_state)i), &back));
		assert_int_equal(back, i);
	}
	for (int i = 0; i < SG_WHY_COUNT; i++) {
		enum sg_reason back = SG_WHY_NONE;

		assert_string_not_equal(sg_reason_name((enum sg_reason)i), "?");
		assert_true(sg_reason_parse(sg_reason_name((enum sg_reason)i), &back));
		assert_int_equal(back, i);
	}
}

static void a_name_that_is_none_is_refused(void **state)
{
	enum sg_state s = SG_APPLIED;
	enum sg_reason r = SG_WHY_IO;

	(void)state;
	assert_false(sg_state_parse("Applied", &s));
	assert_false(sg_state_parse("", &s));
	assert_false(sg_reason_parse("?", &r));
	assert_int_equal(s, SG_APPLIED);
	assert_int_equal(r, SG_WHY_IO);
	assert_string_equal(sg_state_name((enum sg_state)99), "?");
	assert_string_equal(sg_reason_name(SG_WHY_COUNT), "?");
}

static void a_blocked_row_s_reason_is_its_slot(void **state)
{
	static const struct {
		enum sg_reason why;
		enum sg_slot slot;
		const char *name;
	} slots[] = {
		{ SG_WHY_ADMIN, SG_SLOT_ADMIN, "blocked (admin)" },
		{ SG_WHY_REMOVED, SG_SLOT_REMOVED, "blocked (removed)" },
		{ SG_WHY_DRIFT, SG_SLOT_DRIFT, "blocked (drift)" },
		{ SG_WHY_CONFLICT, SG_SLOT_CONFLICT, "blocked (conflict)" },
		{ SG_WHY_FOUGHT, SG_SLOT_FOUGHT, "blocked (fought)" },
		{ SG_WHY_FAILED, SG_SLOT_FAILED, "blocked (failed)" },
		{ SG_WHY_IO, SG_SLOT_IO, "blocked (io)" },
		{ SG_WHY_NONE, SG_SLOT_IO, "blocked (io)" }, /* whatever else: it retries by itself */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(slots); i++) {
		assert_int_equal(sg_state_slot(SG_BLOCKED, slots[i].why), slots[i].slot);
		assert_string_equal(sg_slot_name(slots[i].slot), slots[i].name);
	}
	assert_int_equal(sg_state_slot(SG_PENDING, SG_WHY_ADMIN), SG_SLOT_PENDING);
	assert_int_equal(sg_state_slot(SG_APPLIED, SG_WHY_DRIFT), SG_SLOT_APPLIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_that_can_be_asked_for_is_a_real_one),
		cmocka_unit_test(every_cell_says_one_thing),
		cmocka_unit_test(want_takes_the_first_that_matches),
		cmocka_unit_test(want_ends_with_what_this_server_needs),
		cmocka_unit_test(still_says_what_is_not_needed),
		cmocka_unit_test(keep_and_shadow_look_at_what_is_held),
		cmocka_unit_test(no_cell_breaks_what_want_says),
		cmocka_unit_test(a_foreign_value_is_written_by_no_cell_that_wants_in),
		cmocka_unit_test(names_come_back_as_what_they_name),
		cmocka_unit_test(a_name_that_is_none_is_refused),
		cmocka_unit_test(a_blocked_row_s_reason_is_its_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
