/* model_main.c - explores every state that two mitigations, two administrators' verbs, outside edits, crashes and failing writes can reach within the
 * bounds, and holds every one against the promises. Exit status: 0 none broke, 1 one did (the path that led there is printed).
 *
 *   model                 explore
 *   model --mutant N      explore with one planted fault below the operations (1: holds do not go in with the intent, 2: OTHER is written, 3: a revert that
 *                         does not count the other holder); exit status 0 when it was caught
 */
#include "world.h"

#include "engine/recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	int edits, crashes, faults, asks;
} bound = { 2, 2, 1, 4 };

/* --- every state that was reached, with the step that led there */
struct node {
	struct world w;
	uint32_t parent;
	char step[56];
};
static struct node *nodes;
static size_t n_nodes, cap_nodes;
static uint32_t *table;
static size_t table_size;
static uint64_t runs;

static uint64_t hash_of(const struct world *w)
{
	const unsigned char *p = (const unsigned char *)w;
	uint64_t h = 1469598103934665603u;

	for (size_t i = 0; i < sizeof(*w); i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h ^ (h >> 29);
}

static void grow_table(void)
{
	size_t size = table_size ? table_size * 2 : 1 << 16;
	uint32_t *fresh = sg_alloc(size * sizeof(*fresh));

	for (size_t i = 0; i < n_nodes; i++) {
		size_t at = (size_t)hash_of(&nodes[i].w) & (size - 1);

		while (fresh[at])
			at = (at + 1) & (size - 1);
		fresh[at] = (uint32_t)i + 1;
	}
	free(table);
	table = fresh;
	table_size = size;
}

static void print_path(uint32_t i)
{
	if (nodes[i].parent != UINT32_MAX)
		print_path(nodes[i].parent);
	fprintf(stderr, "  %s\n", nodes[i].step);
}

static void print_world(const struct world *w)
{
	fprintf(stderr, "  disk S%d a%d c%d b%d; orig S%d a%d c%d b%d; in S %d, gen %d, intent %s\n",
	        w->disk[VS], w->disk[VA], w->disk[VC], w->disk[VB], w->orig[VS], w->orig[VA], w->orig[VC],
	        w->orig[VB], w->in_s, w->gen, w->intent.open ? sg_op_name((enum sg_op)w->intent.op) : "-");
	for (int m = 0; m < 2; m++)
		fprintf(stderr, "  M%d %s (%s) offered %d applied %d failed %d goal %s%s%s%s\n", m + 1,
		        sg_state_name((enum sg_state)w->row[m].state),
		        sg_reason_name((enum sg_reason)w->row[m].reason), w->row[m].offered,
		        w->row[m].applied, w->row[m].failed, sg_want_name((enum sg_want)w->row[m].goal),
		        w->row[m].out ? " out" : "", w->blocked[m] ? " blocked" : "",
		        w->row[m].retry ? " retry" : "");
	for (int v = 0; v < NV; v++) {
		if (w->hold[v].present)
			fprintf(stderr, "  hold %s before %d after %d holders %d gen %d\n", world_path(v),
			        w->hold[v].before, w->hold[v].after, w->hold[v].holders, w->hold[v].gen);
	}
}

/* Adds a state unless it is known. */
static void reach(const struct world *w, uint32_t parent, const char *step)
{
	size_t at;

	if ((n_nodes + 1) * 2 > table_size)
		grow_table();
	at = (size_t)hash_of(w) & (table_size - 1);
	while (table[at]) {
		if (memcmp(&nodes[table[at] - 1].w, w, sizeof(*w)) == 0)
			return;
		at = (at + 1) & (table_size - 1);
	}
	nodes = sg_grow(nodes, n_nodes, &cap_nodes, sizeof(*nodes));
	nodes[n_nodes].w = *w;
	nodes[n_nodes].parent = parent;
	snprintf(nodes[n_nodes].step, sizeof(nodes[n_nodes].step), "%s", step);
	table[at] = (uint32_t)++n_nodes;
}

/* --- deciding, as engine/decide.c does, over the model's facts */

static void context(struct sg_ctx *ctx)
{
	static struct sg_host host;

	*ctx = (struct sg_ctx){ .host = &host, .now = { .wall = MODEL_NOW } };
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
	if (f.holds && sg_op_look(&ctx, &holds, &row->key, &look, NULL) == 0) {
		f.look = look.look;
		f.replaced = look.replaced;
	}
	sg_look_result_release(&look);
	sg_holds_release(&holds);
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
static void work(int mask, struct sg_err *err)
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

/* --- what can happen */

enum event {
	RUN_1,
	RUN_2,
	RUN_BOTH,
	TIME,
	START,
	OFFER_1_1,
	OFFER_1_2,
	OFFER_2_1,
	OFFER_2_2,
	GONE_1,
	GONE_2,
	OUT_1,
	OUT_2,
	APPLY_1,
	APPLY_2,
	BLOCK_1,
	RETRY_1,
	TAKE_OVER_1,
	ACCEPT_1,
	FIXED_1,
	EDIT_A,
	EDIT_B,
	EDIT_C,
	HAND_A,
	HAND_B,
	INTO_S,
	REPLACE_BARE,
	REPLACE_WITH_S,
	N_EVENTS
};
static const char *const event_names[] = { "work on M1", "work on M2", "work on both", "time passes", "start",
	"offer M1/1", "offer M1/2", "offer M2/1", "offer M2/2", "withdraw M1", "withdraw M2", "rollback M1",
	"rollback M2", "apply M1", "apply M2", "block or unblock M1", "resolve M1 --retry",
	"resolve M1 --take-over", "resolve M1 --accept", "M1 fixed or not", "somebody edits a",
	"somebody edits b", "somebody edits c", "somebody takes a out", "somebody takes b out",
	"somebody puts something into S", "F is replaced, bare", "F is replaced, with S" };

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

/* Somebody makes a scaffold. Where we claim that it was absent, an empty one cannot be told from ours: it goes when nothing is left inside. */
static void make_scaffold(struct world *w)
{
	if (!w->disk[VS] && !w->hold[VS].present)
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
		bool whole = any && !sg_hash_is_zero(&row->applied);

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
static bool allowed(enum event e, struct world *w)
{
	bool ask = e >= OFFER_1_1 && e <= FIXED_1, outside = e >= EDIT_A;

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
	if (e == ACCEPT_1 && !w->row[0].applied)
		return false;
	if (e == TAKE_OVER_1 &&
	        (w->blocked[0] || w->row[0].reason == SG_WHY_ADMIN || w->row[0].out || w->row[0].tombstone))
		return false;
	if ((e == HAND_A && !w->disk[VA]) || (e == HAND_B && !w->disk[VB]))
		return false;
	if (ask)
		return w->asks++ < bound.asks;
	return !outside || w->edits++ < bound.edits;
}

static void happen(enum event e, struct sg_err *err)
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
	case EDIT_A: edit(w, VA, FOREIGN); break;
	case EDIT_B: edit(w, VB, FOREIGN); break;
	case EDIT_C: edit(w, VC, FOREIGN); break;
	case HAND_A: edit(w, VA, 0); break;
	case HAND_B: edit(w, VB, 0); break;
	case INTO_S:
		make_scaffold(w);
		w->in_s = 1;
		break;
	case REPLACE_BARE:
	case REPLACE_WITH_S:
		w->gen = (uint8_t)((w->gen + 1) % 4);
		w->in_s = 0;
		w->disk[VA] = w->orig[VA] = w->disk[VC] = w->orig[VC] = 0;
		w->disk[VS] = w->orig[VS] = e == REPLACE_WITH_S;
		break;
	case N_EVENTS: break;
	}
}

/* --- what must be true of every state, whether the process lives or not */

static void judge(const struct world *w)
{
	for (int v = 0; v < NV; v++) {
		const struct w_hold *h = &w->hold[v];
		if (!h->present && w->disk[v] != w->orig[v])
			broken("P7: %s is %d, was %d, and nothing holds it", world_path(v), w->disk[v],
			        w->orig[v]);
		if (h->present && w->disk[v] != w->orig[v] && h->before != w->orig[v])
			broken("P1: the before of %s is kept as %d and was %d", world_path(v), h->before,
			        w->orig[v]);
		if (w->orig[v] == FOREIGN && w->disk[v] != FOREIGN && !(h->present && h->before == FOREIGN))
			broken("P2: what somebody put at %s is lost", world_path(v));
	}
	if (!w->disk[VS] && (w->disk[VA] || w->disk[VC]))
		broken("P10: an element without its scaffold");
	if (w->intent.open)
		return;
	for (int m = 0; m < 2; m++) {
		const struct w_row *r = &w->row[m];

		if (r->known && r->state != SG_APPLIED && r->state != SG_BLOCKED) {
			for (int v = 0; v < NV; v++) {
				if (w->hold[v].holders & (1 << m))
					broken("M%d is %s and holds %s", m + 1,
					        sg_state_name((enum sg_state)r->state), world_path(v));
			}
		}
		if (r->known && r->state == SG_APPLIED && !r->applied)
			broken("M%d is applied without a body", m + 1);
	}
}

/* Left alone, with time passing, everything comes to rest, and where it should be. */
static void settles(const struct world *from)
{
	struct world w = *from, before;
	int rounds = 0;

	if (w.intent.open)
		return;
	do {
		before = w;
		w.row[0].retry = w.row[1].retry = 0;
		the_run.w = &w;
		work(1, NULL);
		work(2, NULL);
		if (++rounds > 24) {
			broken("no rest: M1 %s (%s), M2 %s (%s)",
			        sg_state_name((enum sg_state)w.row[0].state),
			        sg_reason_name((enum sg_reason)w.row[0].reason),
			        sg_state_name((enum sg_state)w.row[1].state),
			        sg_reason_name((enum sg_reason)w.row[1].reason));
			return;
		}
		/* A retry that fails again the same way is rest. */
		before.row[0].retry = before.row[1].retry = 0;
		before.row[0].attempts = w.row[0].attempts;
		before.row[1].attempts = w.row[1].attempts;
		w.row[0].retry = w.row[1].retry = 0;
	} while (memcmp(&w, &before, sizeof(w)) != 0);
	judge(&w);
	for (int m = 0; m < 2; m++) {
		bool out = w.row[m].out || w.blocked[m] || w.row[m].tombstone || !(w.needed & (1 << m));
		bool foreign = false, holds = false;

		for (int v = 0; v < NV; v++) {
			foreign = foreign || w.disk[v] == FOREIGN || w.in_s;
			holds = holds || (w.hold[v].holders & (1 << m));
		}
		if (w.row[m].known && out && holds && !foreign)
			broken("M%d is to be out, nobody stands in its way, and it still holds something",
			        m + 1);
		if (w.row[m].known && !out && !foreign && w.row[m].state != SG_APPLIED &&
		        w.row[m].state != SG_BLOCKED && w.row[m].reason != SG_WHY_HOLDER && !from->edits)
			broken("M%d is to be in, nobody stands in its way, and it is %s (%s)", m + 1,
			        sg_state_name((enum sg_state)w.row[m].state),
			        sg_reason_name((enum sg_reason)w.row[m].reason));
	}
}

static bool run_one(uint32_t i, enum event e, enum cut cut, int at, int mutant, int *ret_points)
{
	struct world w = nodes[i].w;
	struct sg_err err = SG_ERR_INIT;
	char step[96];

	if (!allowed(e, &w))
		return false;
	if (cut == CUT_CRASH && w.crashes++ >= bound.crashes)
		return false;
	if ((cut == CUT_ONCE || cut == CUT_FROM_THERE) && w.faults++ >= bound.faults)
		return false;
	the_run = (struct run){ .w = &w, .cut = cut, .at = at, .mutant = mutant };
	happen(e, &err);
	*ret_points = the_run.points;
	runs++;
	if (cut == CUT_CRASH && !the_run.dead)
		return false;
	if (!the_run.dead && err.code == SG_EFATAL)
		broken("an operation that lives says that it is dead: %s", err.msg);
	judge(&w);
	if (!the_run.broken[0] && !the_run.dead && cut == CUT_NONE)
		settles(&w);
	snprintf(step, sizeof(step), "%s%s%.0d", event_names[e],
	        cut == CUT_CRASH  ? ", killed at "
	        : cut == CUT_ONCE ? ", one failure at "
	        : cut             ? ", failing from "
	                          : "",
	        cut ? at : 0);
	if (the_run.broken[0]) {
		char what[256];

		memcpy(what, the_run.broken, sizeof(what));
		if (mutant)
			return true;
		fprintf(stderr, "broken: %s\n", what);
		print_path(i);
		fprintf(stderr, "  %s\n", step);
		print_world(&w);
		return true;
	}
	if (!w.intent.open && the_run.dead) { /* died before its intent: a start finds nothing to do */
		reach(&w, i, step);
		return false;
	}
	reach(&w, i, step);
	return false;
}

/* 1: a promise broke. */
static int explore(int mutant)
{
	struct world start = { .needed = 3 };

	nodes = NULL;
	table = NULL;
	n_nodes = cap_nodes = table_size = 0;
	reach(&start, UINT32_MAX, "an empty server");
	for (uint32_t i = 0; i < n_nodes; i++) {
		for (int e = 0; e < N_EVENTS; e++) {
			int points = 0, ignored;

			if (run_one(i, (enum event)e, CUT_NONE, 0, mutant, &points))
				return 1;
			for (int at = 1; at <= points; at++) {
				for (enum cut cut = CUT_CRASH; cut <= CUT_FROM_THERE; cut++) {
					if (run_one(i, (enum event)e, cut, at, mutant, &ignored))
						return 1;
				}
			}
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int mutant = argc == 3 && strcmp(argv[1], "--mutant") == 0 ? atoi(argv[2]) : 0, found;

	if (argc == 6 && strcmp(argv[1], "--bounds") == 0) {
		bound.edits = atoi(argv[2]);
		bound.crashes = atoi(argv[3]);
		bound.faults = atoi(argv[4]);
		bound.asks = atoi(argv[5]);
	} else if (argc != 1 && (mutant < 1 || mutant > 3)) {
		fprintf(stderr, "usage: model [--mutant 1|2|3] [--bounds EDITS CRASHES FAULTS ASKS]\n");
		return 2;
	}
	found = explore(mutant);
	printf("model: %zu states, %llu transitions%s\n", n_nodes, (unsigned long long)runs,
	        mutant  ? found ? ", the planted fault was caught" : ", THE PLANTED FAULT WAS NOT CAUGHT"
	        : found ? ", A PROMISE BROKE"
	                : ", every promise held");
	free(nodes);
	free(table);
	return mutant ? !found : found;
}
