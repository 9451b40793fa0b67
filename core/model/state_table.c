/* state_table.c - THE table: for each slot and situation what is done, and where it leads. First match counts; a test walks every pair.
 *
 * README.md shows sg_state_print()'s output, and CI compares them. Change behaviour here or nowhere.
 */
#include "model/state.h"

#include <string.h>

#define S(slot)    (1u << SG_SLOT_##slot)
#define WAITING    (S(PENDING) | S(APPLICABLE) | S(REVERTED))
#define PERSON     (S(REMOVED) | S(CONFLICT) | S(FOUGHT) | S(FAILED))
#define LIVE       (S(APPLIED) | S(ADMIN) | S(IO))
#define ANY        ((1u << SG_SLOT_COUNT) - 1u)
#define WORK(w)    .cell.kind = SG_CELL_WORK, .cell.work = SG_WORK_##w
#define DONE(s)    .cell.done = SG_##s
#define WHY(r)     .cell.done_why = SG_WHY_##r
#define ELSE(s)    .cell.failed = SG_##s
#define BECAUSE(r) .cell.failed_why = SG_WHY_##r
#define IGNORE     .cell.kind = SG_CELL_IGNORE
#define REFUSE     .cell.kind = SG_CELL_REFUSE

static const struct rule {
	enum sg_situation situation;
	unsigned slots;
	struct sg_cell cell;
} rules[] = {
	{ SG_SIT_HOLD, S(PENDING) | S(APPLICABLE), WORK(NOTE), .cell.text = "stays; says why" },
	{ SG_SIT_HOLD, ANY, IGNORE, .cell.text = "stays as it is" },
	{ SG_SIT_HOLD_PENDING, WAITING | S(ADMIN), WORK(NOTE), DONE(PENDING),
	        .cell.text = "neither applied nor reverted" },
	{ SG_SIT_HOLD_PENDING, ANY, IGNORE, .cell.text = "stays as it is" },
	{ SG_SIT_RETRY_WAIT, ANY, IGNORE, .cell.text = "waits for its retry time" },
	{ SG_SIT_OUT_WAIT, S(APPLIED), WORK(NOTE), DONE(APPLIED), WHY(REMOVAL_WINDOW),
	        .cell.text = "goes when its window opens" },
	{ SG_SIT_OUT_WAIT, ANY, IGNORE, .cell.text = "again when the window opens or the file changes" },
	{ SG_SIT_OUT, ANY, WORK(REVERT), ELSE(BLOCKED), .cell.text = "what was there before comes back" },
	{ SG_SIT_OUT_EMPTY, ANY, WORK(NOTE), .cell.text = "nothing of ours is there" },
	{ SG_SIT_GONE, ANY, WORK(DROP), DONE(PENDING), WHY(GONE),
	        .cell.text = "those claims are dropped, nothing is created" },
	{ SG_SIT_UNSEEN, ANY, IGNORE, .cell.text = "cannot be looked at now; looked at again" },
	{ SG_SIT_OTHER, LIVE | WAITING, WORK(NOTE), DONE(BLOCKED), WHY(DRIFT),
	        .cell.text = "somebody else's work is never written" },
	{ SG_SIT_OTHER, ANY, REFUSE,
	        .cell.text = "a person decides: resolve --retry, --take-over or --accept" },
	{ SG_SIT_HALF, ANY, WORK(REVERT), DONE(PENDING), WHY(NEW), ELSE(BLOCKED),
	        .cell.text = "what an error left half done is taken out first, then it is evaluated again" },
	{ SG_SIT_MIXED, ANY, WORK(REPAIR), DONE(APPLIED), WHY(APPLIED), ELSE(BLOCKED), BECAUSE(IO),
	        .cell.text = "the body that was in is brought back whole" },
	{ SG_SIT_REPLACED, LIVE | WAITING | S(DRIFT), WORK(REPAIR), DONE(APPLIED), WHY(APPLIED),
	        ELSE(APPLIED), BECAUSE(VALUES_MISSING),
	        .cell.text = "the file was replaced: applied in place, its before taken afresh" },
	{ SG_SIT_REPLACED, ANY, REFUSE, .cell.text = "a person decides: resolve" },
	{ SG_SIT_FOUGHT, LIVE | WAITING | S(DRIFT), WORK(NOTE), DONE(BLOCKED), WHY(FOUGHT),
	        .cell.text = "taken out too often: a person decides" },
	{ SG_SIT_FOUGHT, ANY, REFUSE, .cell.text = "a person decides: resolve" },
	{ SG_SIT_BY_HAND, LIVE | WAITING | S(DRIFT), WORK(REVERT), DONE(BLOCKED), WHY(REMOVED), ELSE(BLOCKED),
	        .cell.text = "a person took it out: respected, the rest is taken out too" },
	{ SG_SIT_BY_HAND, ANY, REFUSE, .cell.text = "a person decides: resolve" },
	{ SG_SIT_BY_HAND_REAPPLY, LIVE | WAITING | S(DRIFT), WORK(REPAIR), DONE(APPLIED), WHY(APPLIED),
	        ELSE(APPLIED), BECAUSE(VALUES_MISSING),
	        .cell.text = "applied again, as EM does, but not for ever" },
	{ SG_SIT_BY_HAND_REAPPLY, ANY, REFUSE, .cell.text = "a person decides: resolve" },
	{ SG_SIT_NEWER, S(APPLIED) | S(FOUGHT), WORK(SUPERSEDE), DONE(APPLIED), WHY(APPLIED), ELSE(APPLIED),
	        BECAUSE(NEWER_FAILED),
	        .cell.text = "the newer body takes the older one's place in one replace per file" },
	{ SG_SIT_NEWER, LIVE | WAITING | S(DRIFT), WORK(NOTE), DONE(APPLIED), WHY(APPLIED),
	        .cell.text = "as it should be again" },
	{ SG_SIT_NEWER, ANY, REFUSE, .cell.text = "a person decides: resolve" },
	{ SG_SIT_NEWER_WAITS, LIVE | WAITING | S(DRIFT), WORK(NOTE), DONE(APPLIED), WHY(NEWER_WAITS),
	        .cell.text = "the older body stays until then" },
	{ SG_SIT_NEWER_WAITS, ANY, REFUSE, .cell.text = "a person decides: resolve" },
	{ SG_SIT_AFTER, LIVE | WAITING | S(DRIFT), WORK(NOTE), DONE(APPLIED), WHY(APPLIED),
	        .cell.text = "as it should be" },
	{ SG_SIT_AFTER, ANY, REFUSE, .cell.text = "a person decides: resolve" },
	{ SG_SIT_OTHERS, WAITING | S(IO), WORK(NOTE), DONE(APPLICABLE), WHY(OTHERS),
	        .cell.text = "in force by others: left" },
	{ SG_SIT_OTHERS, S(ADMIN), WORK(NOTE), DONE(PENDING), WHY(NEW),
	        .cell.text = "no longer blocked: evaluated at once" },
	{ SG_SIT_OTHERS, ANY, WORK(NOTE), DONE(APPLICABLE), WHY(OTHERS),
	        .cell.text = "in force by others: left" },
	{ SG_SIT_GO, WAITING | S(IO) | PERSON | S(DRIFT), WORK(APPLY), DONE(APPLIED), WHY(APPLIED),
	        ELSE(APPLICABLE), .cell.text = "goes in" },
	{ SG_SIT_GO, S(ADMIN), WORK(NOTE), DONE(PENDING), WHY(NEW),
	        .cell.text = "no longer blocked: evaluated at once" },
	{ SG_SIT_WAIT, S(ADMIN), WORK(NOTE), DONE(PENDING), WHY(NEW),
	        .cell.text = "no longer blocked: evaluated at once" },
	{ SG_SIT_WAIT, ANY, WORK(NOTE), DONE(APPLICABLE), .cell.text = "needed here, and waits" },
	{ SG_SIT_STUCK, PERSON, REFUSE, .cell.text = "resolve, or another body" },
};

static const struct sg_cell impossible = { .kind = SG_CELL_REFUSE, .text = "cannot be" };

const struct sg_cell *sg_state_cell(enum sg_slot slot, enum sg_situation situation)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].situation == situation && (rules[i].slots & (1u << slot)))
			return &rules[i].cell;
	}
	return &impossible;
}

/* --- names: what people, JSON and the journal see. They never change. */

static const char *const state_names[] = { [SG_PENDING] = "pending",
	[SG_APPLICABLE] = "applicable",
	[SG_APPLIED] = "applied",
	[SG_BLOCKED] = "blocked",
	[SG_REVERTED] = "reverted" };
static const char *const reason_names[] = { [SG_WHY_NONE] = "none",
	[SG_WHY_NEW] = "new",
	[SG_WHY_NOT_NEEDED] = "not-needed",
	[SG_WHY_UNKNOWN] = "unknown",
	[SG_WHY_SHADOWED] = "shadowed",
	[SG_WHY_GONE] = "gone",
	[SG_WHY_APPROVAL] = "approval",
	[SG_WHY_WINDOW] = "window",
	[SG_WHY_MAINTENANCE] = "maintenance",
	[SG_WHY_DELAY] = "delay",
	[SG_WHY_RETRY] = "retry",
	[SG_WHY_HOLDER] = "holder",
	[SG_WHY_OTHERS] = "others",
	[SG_WHY_STALE] = "stale",
	[SG_WHY_OBSERVE] = "observe",
	[SG_WHY_PAUSED] = "paused",
	[SG_WHY_REFUSED] = "refused",
	[SG_WHY_SETUP] = "setup",
	[SG_WHY_APPLIED] = "applied",
	[SG_WHY_REMOVAL_WINDOW] = "removal-window",
	[SG_WHY_NEWER_WAITS] = "newer-waits",
	[SG_WHY_NEWER_FAILED] = "newer-failed",
	[SG_WHY_VALUES_MISSING] = "values-missing",
	[SG_WHY_ADMIN] = "admin",
	[SG_WHY_REMOVED] = "removed",
	[SG_WHY_DRIFT] = "drift",
	[SG_WHY_CONFLICT] = "conflict",
	[SG_WHY_FOUGHT] = "fought",
	[SG_WHY_FAILED] = "failed",
	[SG_WHY_IO] = "io",
	[SG_WHY_WITHDRAWN] = "withdrawn",
	[SG_WHY_ENDED] = "ended",
	[SG_WHY_BY_ADMIN] = "by-admin" };
static const char *const want_names[] = { [SG_IN] = "IN", [SG_OUT] = "OUT", [SG_HOLD] = "HOLD" };
static const char *const slot_names[] = { [SG_SLOT_PENDING] = "pending",
	[SG_SLOT_APPLICABLE] = "applicable",
	[SG_SLOT_APPLIED] = "applied",
	[SG_SLOT_REVERTED] = "reverted",
	[SG_SLOT_ADMIN] = "blocked (admin)",
	[SG_SLOT_REMOVED] = "blocked (removed)",
	[SG_SLOT_DRIFT] = "blocked (drift)",
	[SG_SLOT_CONFLICT] = "blocked (conflict)",
	[SG_SLOT_FOUGHT] = "blocked (fought)",
	[SG_SLOT_FAILED] = "blocked (failed)",
	[SG_SLOT_IO] = "blocked (io)" };
static const char *const situation_names[] = { [SG_SIT_HOLD] = "HOLD",
	[SG_SIT_HOLD_PENDING] = "HOLD, holds nothing, unknown or free again",
	[SG_SIT_RETRY_WAIT] = "a retry is not due yet",
	[SG_SIT_OUT_WAIT] = "OUT, cannot go now",
	[SG_SIT_OUT] = "OUT",
	[SG_SIT_OUT_EMPTY] = "OUT, holds nothing",
	[SG_SIT_GONE] = "what held its values is gone",
	[SG_SIT_UNSEEN] = "IN, cannot be looked at",
	[SG_SIT_OTHER] = "IN, some value other",
	[SG_SIT_HALF] = "IN, half done",
	[SG_SIT_MIXED] = "IN, of two bodies",
	[SG_SIT_REPLACED] = "IN, values missing, file replaced",
	[SG_SIT_FOUGHT] = "IN, values missing too often",
	[SG_SIT_BY_HAND] = "IN, values missing, by hand",
	[SG_SIT_BY_HAND_REAPPLY] = "IN, values missing, by hand, reapply",
	[SG_SIT_NEWER] = "IN, other body, go",
	[SG_SIT_NEWER_WAITS] = "IN, other body, no go",
	[SG_SIT_AFTER] = "IN, all after",
	[SG_SIT_OTHERS] = "IN, equivalent rule there",
	[SG_SIT_GO] = "IN, go",
	[SG_SIT_WAIT] = "IN, no go",
	[SG_SIT_STUCK] = "IN, this body failed before" };
static const char *const work_names[] = { [SG_WORK_NONE] = "none",
	[SG_WORK_NOTE] = "note",
	[SG_WORK_APPLY] = "apply",
	[SG_WORK_SUPERSEDE] = "supersede",
	[SG_WORK_REPAIR] = "repair",
	[SG_WORK_REVERT] = "revert",
	[SG_WORK_DROP] = "drop" };
static const char *const verdict_names[] = { [SG_V_IN_FORCE] = "IN FORCE",
	[SG_V_BY_OTHERS] = "IN FORCE BY OTHERS",
	[SG_V_NOT_NEEDED] = "NOT NEEDED",
	[SG_V_WAITING] = "WAITING",
	[SG_V_EXPOSED] = "EXPOSED",
	[SG_V_UNKNOWN] = "UNKNOWN" };
static const char *const applies_names[] = {
	[SG_APPLIES_UNKNOWN] = "unknown", [SG_APPLIES_YES] = "yes", [SG_APPLIES_NO] = "no"
};
static const char *const effective_names[] = {
	[SG_EFFECTIVE_UNKNOWN] = "unknown", [SG_EFFECTIVE_YES] = "yes", [SG_EFFECTIVE_NO] = "no"
};
static const char *const look_names[] = { [SG_LOOK_NONE] = "none",
	[SG_LOOK_AFTER] = "after",
	[SG_LOOK_MISSING] = "missing",
	[SG_LOOK_OTHER] = "other",
	[SG_LOOK_GONE] = "gone",
	[SG_LOOK_FAILED] = "failed" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *name_of(const char *const *names, size_t count, size_t i)
{
	return i < count && names[i] ? names[i] : "?";
}

const char *sg_state_name(enum sg_state s)
{
	return name_of(state_names, COUNT(state_names), (size_t)s);
}

const char *sg_reason_name(enum sg_reason r)
{
	return name_of(reason_names, COUNT(reason_names), (size_t)r);
}

bool sg_state_parse(const char *name, enum sg_state *ret)
{
	for (size_t i = 1; i < COUNT(state_names); i++) {
		if (strcmp(state_names[i], name) == 0) {
			*ret = (enum sg_state)i;
			return true;
		}
	}
	return false;
}

bool sg_reason_parse(const char *name, enum sg_reason *ret)
{
	for (size_t i = 0; i < COUNT(reason_names); i++) {
		if (strcmp(reason_names[i], name) == 0) {
			*ret = (enum sg_reason)i;
			return true;
		}
	}
	return false;
}

const char *sg_want_name(enum sg_want w)
{
	return name_of(want_names, COUNT(want_names), (size_t)w);
}

const char *sg_slot_name(enum sg_slot s)
{
	return name_of(slot_names, COUNT(slot_names), (size_t)s);
}

const char *sg_situation_name(enum sg_situation s)
{
	return name_of(situation_names, COUNT(situation_names), (size_t)s);
}

const char *sg_work_name(enum sg_work w)
{
	return name_of(work_names, COUNT(work_names), (size_t)w);
}

const char *sg_verdict_name(enum sg_verdict v)
{
	return name_of(verdict_names, COUNT(verdict_names), (size_t)v);
}

const char *sg_applies_name(enum sg_applies a)
{
	return name_of(applies_names, COUNT(applies_names), (size_t)a);
}

const char *sg_effective_name(enum sg_effective e)
{
	return name_of(effective_names, COUNT(effective_names), (size_t)e);
}

const char *sg_look_name(enum sg_look l)
{
	return name_of(look_names, COUNT(look_names), (size_t)l);
}

/* --- printing */

static bool first_of_its_situation(const struct rule *r)
{
	return r == rules || r[-1].situation != r->situation;
}

static void print_slots(const struct rule *r, struct sg_buf *out)
{
	bool first = true;

	if (r->slots == ANY) {
		sg_buf_str(out, first_of_its_situation(r) ? "any" : "any other");
		return;
	}
	for (unsigned s = 0; s < SG_SLOT_COUNT; s++) {
		if (!(r->slots & (1u << s)))
			continue;
		sg_buf_fmt(out, "%s%s", first ? "" : ", ", sg_slot_name((enum sg_slot)s));
		first = false;
	}
}

static void print_goal(enum sg_state state, enum sg_reason why, struct sg_buf *out)
{
	if (!state && why == SG_WHY_NONE)
		sg_buf_str(out, "same");
	else if (why == SG_WHY_NONE || strcmp(sg_reason_name(why), sg_state_name(state)) == 0)
		sg_buf_str(out, sg_state_name(state));
	else
		sg_buf_fmt(out, "%s (%s)", sg_state_name(state), sg_reason_name(why));
}

static void print_row(const struct rule *r, struct sg_buf *out)
{
	sg_buf_fmt(out, "| %s | ", sg_situation_name(r->situation));
	print_slots(r, out);
	switch (r->cell.kind) {
	case SG_CELL_IGNORE: sg_buf_str(out, " | IGNORE | same | "); break;
	case SG_CELL_REFUSE: sg_buf_str(out, " | REFUSE | same | "); break;
	case SG_CELL_WORK:
		sg_buf_fmt(out, " | %s | ", sg_work_name(r->cell.work));
		if (r->cell.done || r->situation == SG_SIT_HOLD)
			print_goal(r->cell.done, r->cell.done_why, out);
		else
			sg_buf_str(out, "pending, reverted or blocked (admin), by reason");
		sg_buf_str(out, " | ");
		if (r->cell.work == SG_WORK_REVERT)
			sg_buf_str(out, "blocked (drift) or blocked (io)");
		else if (r->cell.work == SG_WORK_APPLY)
			sg_buf_str(out, "applicable (why), blocked (failed) or blocked (conflict)");
		else if (r->cell.failed)
			print_goal(r->cell.failed, r->cell.failed_why, out);
		break;
	}
	sg_buf_fmt(out, " | %s |\n", r->cell.text);
}

static void print_edge(unsigned slot, const struct rule *r, const char *to, bool failed, struct sg_buf *out)
{
	const char *from = sg_slot_name((enum sg_slot)slot);

	if (strcmp(from, to) != 0)
		sg_buf_fmt(out, "\t\"%s\" -> \"%s\" [label=\"%s\"%s];\n", from, to,
		        sg_situation_name(r->situation), failed ? " style=dashed" : "");
}

static void print_edges(unsigned slot, const struct rule *r, struct sg_buf *out)
{
	const struct sg_cell *c = &r->cell;

	if (c->kind != SG_CELL_WORK)
		return;
	if (c->done)
		print_edge(slot, r, sg_slot_name(sg_state_slot(c->done, c->done_why)), false, out);
	else if (r->situation == SG_SIT_OUT || r->situation == SG_SIT_OUT_EMPTY) {
		print_edge(slot, r, sg_slot_name(SG_SLOT_PENDING), false, out);
		print_edge(slot, r, sg_slot_name(SG_SLOT_REVERTED), false, out);
		print_edge(slot, r, sg_slot_name(SG_SLOT_ADMIN), false, out);
	}
	if (c->work == SG_WORK_REVERT) {
		print_edge(slot, r, sg_slot_name(SG_SLOT_DRIFT), true, out);
		print_edge(slot, r, sg_slot_name(SG_SLOT_IO), true, out);
	} else if (c->work == SG_WORK_APPLY) {
		print_edge(slot, r, sg_slot_name(SG_SLOT_APPLICABLE), true, out);
		print_edge(slot, r, sg_slot_name(SG_SLOT_FAILED), true, out);
		print_edge(slot, r, sg_slot_name(SG_SLOT_CONFLICT), true, out);
	} else if (c->failed)
		print_edge(slot, r, sg_slot_name(sg_state_slot(c->failed, c->failed_why)), true, out);
}

void sg_state_print(enum sg_state_print_style style, struct sg_buf *out)
{
	if (style == SG_PRINT_TEXT) {
		sg_buf_str(out, "| situation | state | work | done | not done | in words |\n| --- | --- | "
		                "--- | --- | --- | --- |\n");
		for (size_t i = 0; i < COUNT(rules); i++)
			print_row(&rules[i], out);
		return;
	}
	sg_buf_str(out, "digraph stopgap {\n\trankdir=LR;\n");
	for (unsigned slot = 0; slot < SG_SLOT_COUNT; slot++) {
		for (unsigned sit = 0; sit < SG_SIT_COUNT; sit++) {
			const struct sg_cell *cell =
			        sg_state_cell((enum sg_slot)slot, (enum sg_situation)sit);

			for (size_t i = 0; i < COUNT(rules); i++) {
				if (&rules[i].cell == cell)
					print_edges(slot, &rules[i], out);
			}
		}
	}
	sg_buf_str(out, "}\n");
}
