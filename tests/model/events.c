/* events.c - what can happen in the model: work as engine/decide.c decides it, verbs, outside edits, time and starts. */
#include "model.h"

#include "engine/recover.h"

#include <stdlib.h>
#include <string.h>

static void context(struct sg_ctx *ctx)
{
	static struct sg_host host;

	*ctx = (struct sg_ctx){ .runner = &sg_run_offline, .host = &host, .now = { .wall = MODEL_NOW } };
}

struct choice {
	struct sg_facts f;
	const struct sg_cell *cell;
	enum sg_situation situation;
};

static void choose(int m, const struct sg_row *row, struct choice *ret)
{
	struct world *w = the_run.w;
	struct sg_look_result look = { 0 };
	struct sg_holds holds = { 0 };
	struct sg_facts f = { 0 };
	enum sg_slot slot = sg_state_slot(row->state, row->reason);
	struct sg_ctx ctx;

	context(&ctx);
	sg_journal_holds(NULL, &holds, NULL);
	f.holds = sg_holds_any(&holds, &row->key);
	f.admin_out = row->out;
	f.blocked = w->blocked[m];
	f.withdrawn = row->tombstone;
	f.applies = row->applies;
	f.asked = row->out || f.blocked;
	f.removal_window = true;
	f.repair_bound = row->repairs >= 2;
	f.body_failed = !sg_hash_is_zero(&row->failed) && sg_hash_equal(&row->failed, &row->offered);
	f.other_body = sg_hash_is_zero(&row->applied) ? !f.body_failed
	                                              : !sg_hash_is_zero(&row->offered) &&
	                                                        !sg_hash_equal(&row->offered, &row->applied);
	f.retry_due = !row->retry_at;
	f.go = f.retry_due && !f.blocked;
	f.tried_out = row->goal == SG_OUT;
	f.removed = !sg_hash_is_zero(&row->applied) && sg_hash_equal(&row->failed, &row->applied);
	f.incomplete = f.holds && sg_hash_is_zero(&row->applied);
	f.mixed = f.holds && row->mixed;
	if (f.holds && sg_op_look(&ctx, &holds, &row->key, &look, NULL) == 0) {
		f.look = look.look;
		f.replaced = look.replaced;
	}
	sg_look_result_release(&look);
	sg_holds_release(&holds);
	if (m == 1 && row->state != SG_APPLIED && !f.holds && f.applies == SG_APPLIES_YES && !f.withdrawn) {
		f.equivalent = world_equivalent();
		f.adopt = f.equivalent && w->adopt;
	}
	ret->f = f;
	ret->situation = sg_state_situation(slot, sg_state_want(&f), &f);
	ret->cell = sg_state_cell(slot, ret->situation);
}

static void out_goal(const struct sg_facts *f, enum sg_state *state, enum sg_reason *why)
{
	*why = sg_state_want_reason(f);
	*state = *why == SG_WHY_ADMIN ? SG_BLOCKED : *why == SG_WHY_NOT_NEEDED ? SG_PENDING : SG_REVERTED;
}

static void note(struct sg_ctx *ctx, struct sg_row *row, const struct choice *c, struct sg_err *err)
{
	enum sg_state state = c->cell->done ? c->cell->done : row->state;
	enum sg_reason why = c->cell->done_why;

	if (c->situation == SG_SIT_OUT_EMPTY)
		out_goal(&c->f, &state, &why);
	else if (why == SG_WHY_NONE)
		why = row->retry_at ? row->reason : SG_WHY_NEW;
	if (c->situation == SG_SIT_WAIT && row->state == SG_APPLICABLE)
		return;
	if (c->situation == SG_SIT_NEWER_WAITS && row->reason == SG_WHY_NEWER_FAILED)
		return;
	if (row->state == state && row->reason == why)
		return;
	sg_row_move(row, state, why, MODEL_NOW, "model");
	sg_note(ctx, &row, 1, NULL, err);
}

/* One piece of work for the mitigations in `mask`; both at once only when both want the same. */
void work(int mask, struct sg_err *err)
{
	struct sg_row *rows[2] = { 0 };
	struct sg_member members[2] = { 0 };
	struct choice c[2] = { 0 };
	struct sg_ctx ctx;
	size_t n = 0;
	int first = mask & 1 ? 0 : 1;

	context(&ctx);
	for (int m = 0; m < 2; m++) {
		if (!(mask & (1 << m)) || !the_run.w->row[m].known)
			continue;
		{
			struct sg_key key = { world_body(m, 1)->feed, world_body(m, 1)->id };

			sg_journal_row(NULL, &key, &rows[m], NULL);
		}
		choose(m, rows[m], &c[m]);
		members[n] = (struct sg_member){ .row = rows[m] };
		members[n].adopt = c[m].cell->work == SG_WORK_APPLY && c[m].f.equivalent && c[m].f.adopt;
		the_run.adopting = the_run.adopting || members[n].adopt;
		if (c[m].cell->work == SG_WORK_REPAIR && !sg_hash_is_zero(&rows[m]->applied))
			members[n].m = world_body(m, world_body_of(&rows[m]->applied));
		else if (!sg_hash_is_zero(&rows[m]->offered))
			members[n].m = world_body(m, world_body_of(&rows[m]->offered));
		if (c[m].situation == SG_SIT_BY_HAND) {
			members[n].done = SG_BLOCKED;
			members[n].done_why = SG_WHY_REMOVED;
		} else if (c[m].situation == SG_SIT_HALF) {
			members[n].done = c[m].cell->done;
			members[n].done_why = c[m].cell->done_why;
		} else {
			out_goal(&c[m].f, &members[n].done, &members[n].done_why);
		}
		n++;
	}
	if (!n || (n == 2 && c[0].cell->work != c[1].cell->work) || c[first].cell->kind != SG_CELL_WORK)
		goto out;
	if (the_run.mutant == 3 &&
	        c[first].cell->work == SG_WORK_REVERT) { /* the other holder is not counted */
		for (int v = 0; v < NV; v++)
			the_run.w->hold[v].holders &=
			        (uint8_t)(the_run.w->hold[v].holders & mask ? mask : 255);
	}
	switch (c[first].cell->work) {
	case SG_WORK_NOTE:
		for (int m = 0; m < 2; m++) {
			if (rows[m])
				note(&ctx, rows[m], &c[m], err);
		}
		break;
	case SG_WORK_APPLY: sg_op_in(&ctx, SG_OP_APPLY, members, n, err); break;
	case SG_WORK_SUPERSEDE: sg_op_in(&ctx, SG_OP_SUPERSEDE, members, 1, err); break;
	case SG_WORK_REPAIR: sg_op_in(&ctx, SG_OP_REPAIR, members, 1, err); break;
	case SG_WORK_REVERT: sg_op_out(&ctx, members, n, err); break;
	case SG_WORK_DROP: sg_op_drop(&ctx, rows[first], err); break;
	case SG_WORK_NONE: break;
	}
out:
	sg_row_free(rows[0]);
	sg_row_free(rows[1]);
}

const char *const event_names[] = { "work on M1", "work on M2", "work on both", "time passes", "start",
	"offer M1/1", "offer M1/2", "offer M2/1", "offer M2/2", "withdraw M1", "withdraw M2", "rollback M1",
	"rollback M2", "apply M1", "apply M2", "block or unblock M1", "resolve M1 --retry",
	"resolve M1 --take-over", "resolve M1 --accept", "M1 fixed or not", "policy adopts or leaves",
	"somebody edits a", "somebody edits b", "somebody edits c", "somebody makes b what M1/1 wants",
	"somebody puts e", "somebody undoes an edit", "somebody takes a out", "somebody takes b out",
	"somebody takes e out", "somebody puts something into S", "F is replaced, bare",
	"F is replaced, with S" };

static bool holds(const struct world *w, int m)
{
	for (int v = 0; v < NV; v++) {
		if (w->hold[v].holders & (1 << m))
			return true;
	}
	return false;
}

static void offer(struct world *w, int m, uint8_t body)
{
	if (!w->row[m].known)
		w->row[m] = (struct w_row){
			.known = 1, .state = SG_PENDING, .reason = SG_WHY_NEW, .goal = SG_HOLD
		};
	w->row[m].offered = body;
	w->row[m].tombstone = body == 0;
	w->row[m].retry = 0;
	w->row[m].attempts = 0;
}

/* Somebody makes a scaffold. Where we claim that it was absent in this very file, an empty one cannot be told from ours: it goes when
 * nothing is left inside. */
static void make_scaffold(struct world *w)
{
	if (!w->disk[VS] && (!w->hold[VS].present || w->hold[VS].gen != w->gen))
		w->orig[VS] = 1;
	w->disk[VS] = 1;
}

static void edit(struct world *w, int v, uint8_t content)
{
	w->disk[v] = content;
	w->orig[v] = content;
	if (v != VB && content)
		make_scaffold(w);
}

/* What somebody made of our values, as we had left it again. */
static bool undo(struct world *w, bool really)
{
	bool any = false;

	for (int v = 0; v < NV; v++) {
		if (!w->hold[v].present || !w->hold[v].after || w->disk[v] != FOREIGN || v == VS)
			continue;
		any = true;
		if (really) {
			w->disk[v] = w->hold[v].after;
			w->orig[v] = w->hold[v].before;
		}
	}
	return any;
}

static void resolve(int how, struct sg_err *err)
{
	struct sg_key key = { world_body(0, 1)->feed, world_body(0, 1)->id };
	struct sg_member member = { 0 };
	struct sg_row *row = NULL;
	struct sg_ctx ctx;
	bool any = holds(the_run.w, 0);

	context(&ctx);
	sg_journal_row(NULL, &key, &row, NULL);
	row->failed = (struct sg_hash){ { 0 } };
	row->attempts = row->repairs = 0;
	row->retry_at = 0;
	row->goal = SG_IN;
	if (how == RETRY_1) {
		bool whole = any && !sg_hash_is_zero(&row->applied) && !row->mixed;

		sg_row_move(row,
		        whole ? SG_APPLIED
		        : any ? SG_BLOCKED
		              : SG_PENDING,
		        whole ? SG_WHY_APPLIED
		        : any ? SG_WHY_IO
		              : SG_WHY_NEW,
		        MODEL_NOW, "model");
	}
	if (sg_note(&ctx, &row, 1, NULL, err) == 0 && how == TAKE_OVER_1) {
		int body = world_body_of(sg_hash_is_zero(&row->applied) ? &row->offered : &row->applied);

		member.row = row;
		member.m = world_body(0, body ? body : 1);
		the_run.taking_over = true;
		if (body)
			sg_op_in(&ctx, SG_OP_TAKE_OVER, &member, 1, err);
	} else if (how == ACCEPT_1) {
		sg_op_accept(&ctx, row, err);
	}
	sg_row_free(row);
}

/* Whether the event can happen in this state, within the bounds; spends them. */
bool allowed(enum event e, struct world *w)
{
	bool ask = e >= OFFER_1_1 && e <= POLICY, outside = e >= EDIT_A;

	if (w->intent.open && (e == EDIT_B_ALIKE || (e == HAND_E && w->hold[VE].present)))
		return false;
	if (e == UNDO && (w->intent.open || !undo(w, false)))
		return false;
	if (w->intent.open) /* the process is down: only the world outside goes on, and the next start */
		return e == START || (outside && w->edits++ < bound.edits);
	if (e == START)
		return false;
	if ((e == OUT_2 || e == APPLY_2 || e == GONE_2 || e == RUN_2) && !w->row[1].known)
		return false;
	if ((e == RUN_1 || e == GONE_1 || (e >= OUT_1 && e <= ACCEPT_1 && e != OUT_2 && e != APPLY_2)) &&
	        !w->row[0].known)
		return false;
	if (e == RUN_BOTH && !(w->row[0].known && w->row[1].known))
		return false;
	if ((e == RETRY_1 || e == TAKE_OVER_1 || e == ACCEPT_1) && w->row[0].state != SG_BLOCKED)
		return false;
	if (e == ACCEPT_1 && (!w->row[0].applied || w->row[0].mixed || w->row[0].reason == SG_WHY_IO))
		return false;
	if (e == TAKE_OVER_1 &&
	        (w->blocked[0] || w->row[0].reason == SG_WHY_ADMIN || w->row[0].out || w->row[0].tombstone))
		return false;
	if ((e == HAND_A && !w->disk[VA]) || (e == HAND_B && !w->disk[VB]) || (e == HAND_E && !w->disk[VE]))
		return false;
	/* What we are about to take out, or did: nobody can tell who it was. */
	if (e == HAND_E && w->hold[VE].present)
		return false;
	/* What we want ourselves is told from ours by nobody once we claim it: it is the before, or it is ours. */
	if (e == EDIT_B_ALIKE && (w->disk[VB] == 1 || w->hold[VB].present))
		return false;
	if (ask)
		return w->asks++ < bound.asks;
	return !outside || w->edits++ < bound.edits;
}

void happen(enum event e, struct sg_err *err)
{
	struct world *w = the_run.w;
	struct sg_ctx ctx;
	bool recovered;

	context(&ctx);
	switch (e) {
	case RUN_1: work(1, err); break;
	case RUN_2: work(2, err); break;
	case RUN_BOTH: work(3, err); break;
	case TIME: w->row[0].retry = w->row[1].retry = 0; break;
	case START: sg_recover(&ctx, &recovered, err); break;
	case OFFER_1_1: offer(w, 0, 1); break;
	case OFFER_1_2: offer(w, 0, 2); break;
	case OFFER_2_1: offer(w, 1, 1); break;
	case OFFER_2_2: offer(w, 1, 2); break;
	case GONE_1: offer(w, 0, 0); break;
	case GONE_2: offer(w, 1, 0); break;
	case OUT_1: w->row[0].out = 1, w->row[0].retry = 0; break;
	case OUT_2: w->row[1].out = 1, w->row[1].retry = 0; break;
	case APPLY_1:
	case APPLY_2: {
		struct w_row *r = &w->row[e == APPLY_2];

		r->out = r->retry = r->attempts = r->failed = 0;
		if (r->state == SG_BLOCKED && !holds(w, e == APPLY_2))
			r->state = SG_PENDING, r->reason = SG_WHY_NEW;
		break;
	}
	case BLOCK_1: w->blocked[0] ^= 1; break;
	case RETRY_1:
	case TAKE_OVER_1:
	case ACCEPT_1: resolve((int)e, err); break;
	case FIXED_1: w->needed ^= 1; break;
	case POLICY: w->adopt ^= 1; break;
	case EDIT_A: edit(w, VA, FOREIGN); break;
	case EDIT_B: edit(w, VB, FOREIGN); break;
	case EDIT_C: edit(w, VC, FOREIGN); break;
	case EDIT_B_ALIKE: edit(w, VB, 1); break;
	case EDIT_E: edit(w, VE, FOREIGN); break;
	case UNDO: undo(w, true); break;
	case HAND_A: edit(w, VA, 0); break;
	case HAND_B: edit(w, VB, 0); break;
	case HAND_E: edit(w, VE, 0); break;
	case INTO_S:
		make_scaffold(w);
		w->in_s = 1;
		break;
	case REPLACE_BARE:
	case REPLACE_WITH_S:
		w->gen = (uint8_t)((w->gen + 1) % 4);
		w->in_s = 0;
		w->disk[VA] = w->orig[VA] = w->disk[VC] = w->orig[VC] = w->disk[VE] = w->orig[VE] = 0;
		w->disk[VS] = w->orig[VS] = e == REPLACE_WITH_S;
		break;
	case N_EVENTS: break;
	}
}
