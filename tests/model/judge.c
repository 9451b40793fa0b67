/* judge.c - the promises, over one state of the model. */
#include "model.h"

#include <stdio.h>
#include <string.h>

void print_world(const struct world *w)
{
	fprintf(stderr,
	        "  disk S%d a%d c%d e%d b%d; orig S%d a%d c%d e%d b%d; in S %d, gen %d, intent %s%s\n",
	        w->disk[VS], w->disk[VA], w->disk[VC], w->disk[VE], w->disk[VB], w->orig[VS], w->orig[VA],
	        w->orig[VC], w->orig[VE], w->orig[VB], w->in_s, w->gen,
	        w->intent.open ? sg_op_name((enum sg_op)w->intent.op) : "-", w->adopt ? ", adopts" : "");
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

void judge(const struct world *w)
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
		for (int v = 0; r->known && r->state == SG_APPLIED && v < NV; v++) {
			const struct w_hold *h = &w->hold[v];
			int wish = world_wish(m, r->applied, v);

			if (v != VS && (h->holders & (1 << m)) && h->after && h->after != wish &&
			        h->after != h->before)
				broken("M%d/%d is applied, wants %d at %s, and holds %d of another body "
				       "there",
				        m + 1, r->applied, wish, world_path(v), h->after);
		}
	}
}

/* At rest, and nobody else was at work: what is applied is what its body wants, whoever else ended meanwhile. */
static void judge_applied(const struct world *w, int m)
{
	const struct w_row *r = &w->row[m];

	for (int v = 0; r->known && r->state == SG_APPLIED && !w->edits && v < NV; v++) {
		int wish = world_wish(m, r->applied, v);

		if (wish && (w->disk[v] != wish || !(w->hold[v].holders & (1 << m))))
			broken("P6: M%d/%d is applied, nobody else was at work, and %s is %d, held by %d",
			        m + 1, r->applied, world_path(v), w->disk[v], w->hold[v].holders);
		if (!wish && (w->hold[v].holders & (1 << m)) && w->hold[v].after)
			broken("P6: M%d/%d is applied and holds %s, which it does not want", m + 1,
			        r->applied, world_path(v));
	}
}

/* Left alone, with time passing, everything comes to rest, and where it should be. */
void settles(const struct world *from)
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

		judge_applied(&w, m);
		for (int v = 0; v < NV; v++) {
			foreign = foreign || (v != VE && w.disk[v] == FOREIGN) || w.in_s;
			holds = holds || (w.hold[v].holders & (1 << m));
		}
		if (w.row[m].known && out && holds && !foreign)
			broken("M%d is to be out, nobody stands in its way, and it still holds something",
			        m + 1);
		if (w.row[m].known && !out && !foreign && w.row[m].state != SG_APPLIED &&
		        w.row[m].state != SG_BLOCKED && w.row[m].reason != SG_WHY_HOLDER &&
		        w.row[m].reason != SG_WHY_OTHERS && !from->edits)
			broken("M%d is to be in, nobody stands in its way, and it is %s (%s)", m + 1,
			        sg_state_name((enum sg_state)w.row[m].state),
			        sg_reason_name((enum sg_reason)w.row[m].reason));
	}
}
