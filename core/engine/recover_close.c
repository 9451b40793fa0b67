/* recover_close.c - the end of an intent: claims and rows by what stands there now, never by what was tried. */
#include "engine/recover_parts.h"

#include "actions/config_edit.h"
#include "engine/op_run.h"
#include "engine/rest.h"

#include <stdlib.h>
#include <string.h>

/* A claim that still stands on a value which could not be settled keeps the scaffolds around it claimed, too. */
static bool around_kept(const struct sg_settling *s, size_t i)
{
	for (size_t k = 0; k < s->intent->moves.n; k++) {
		if ((s->end[k] == END_OTHER || s->end[k] == END_STUCK) &&
		        sg_addr_inside(&s->intent->moves.at[i].addr, &s->intent->moves.at[k].addr))
			return true;
	}
	return false;
}

/* The claim goes on, with what stands there as its after. */
static void keep_as_is(
        const struct sg_settling *s, size_t i, const struct sg_hold *h, struct sg_hold *put, size_t *n_put)
{
	sg_hold_copy(&put[*n_put], h);
	sg_content_release(&put[*n_put].after);
	sg_content_copy(&put[(*n_put)++].after, &s->at[i]);
}

/* Which claims end: values that are at their before again (a repair keeps its claims: it is to be tried again), and what is gone. */
static void close_holds(
        const struct sg_settling *s, struct sg_hold *put, size_t *n_put, struct sg_addr *drop, size_t *n_drop)
{
	for (size_t i = 0; i < s->intent->moves.n; i++) {
		const struct sg_move *m = &s->intent->moves.at[i];
		const struct sg_hold *h = sg_holds_find(&s->holds, &m->addr);

		if (!h)
			continue;
		if (s->theirs[h - s->holds.at])
			continue; /* below */
		if (s->end[i] == END_GONE && !around_kept(s, i)) {
			drop[(*n_drop)++] = h->addr;
			continue;
		}
		if (s->end[i] == END_STUCK && s->at[i].present && m->addr.kind != SG_VALUE_SCAFFOLD &&
		        !sg_content_same(m->addr.kind, &s->at[i], &h->before)) {
			keep_as_is(s, i, h, put,
			        n_put); /* ours, of the newer body perhaps: the claim says what is there */
			continue;
		}
		if (s->end[i] != END_SETTLED || around_kept(s, i))
			continue;
		/* In a revert settle is the before. In the others a value whose hold came with this intent settles to that before; an older hold's
		 * value settles to the old after and stays claimed as it was, also where that is its before. */
		if (s->intent->op == SG_OP_REVERT ||
		        (s->intent->op != SG_OP_REPAIR &&
		                !(s->intent->op == SG_OP_SUPERSEDE &&
		                        sg_content_same(m->addr.kind, sg_settle_goal(m), &h->after)) &&
		                sg_content_same(m->addr.kind, sg_settle_goal(m), &h->before))) {
			drop[(*n_drop)++] = h->addr;
			continue;
		}
		if (s->at[i].present && sg_content_same(m->addr.kind, sg_settle_goal(m), &h->after))
			keep_as_is(s, i, h, put, n_put); /* its lead may be another now */
	}
	for (size_t i = 0; i < s->holds.n; i++) {
		if (s->theirs[i])
			drop[(*n_drop)++] = s->holds.at[i].addr;
	}
}

static bool is_member(const struct sg_intent *intent, const struct sg_key *key)
{
	for (size_t i = 0; i < intent->n_outcomes; i++) {
		if (sg_key_equal(&intent->outcomes[i].key, key))
			return true;
	}
	return false;
}

static bool dropped(const struct sg_addr *drop, size_t n_drop, const struct sg_addr *addr)
{
	for (size_t i = 0; i < n_drop; i++) {
		if (sg_addr_equal(&drop[i], addr))
			return true;
	}
	return false;
}

/* In a revert members leave what others hold too. */
static bool is_left(const struct sg_settling *s, const struct sg_hold *h)
{
	for (size_t i = 0; s->intent->op == SG_OP_REVERT && i < h->holders.n; i++) {
		if (!is_member(s->intent, &h->holders.at[i]))
			return true;
	}
	return false;
}

/* Whether the member will still have a value inside the scaffold. */
static bool has_inside(const struct sg_settling *s, const struct sg_hold *scaffold, const struct sg_key *key,
        const struct sg_addr *drop, size_t n_drop)
{
	for (size_t i = 0; i < s->holds.n; i++) {
		const struct sg_hold *h = &s->holds.at[i];

		if (h->addr.kind != SG_VALUE_SCAFFOLD && sg_addr_inside(&scaffold->addr, &h->addr) &&
		        sg_keys_has(&h->holders, key) && !dropped(drop, n_drop, &h->addr) && !is_left(s, h))
			return true;
	}
	return false;
}

/* What others hold too is not moved; members only stop holding it: all of it in a revert, else the scaffolds in which they have nothing now. */
static void leave_shared(const struct sg_settling *s, struct sg_hold *put, size_t *n_put,
        const struct sg_addr *drop, size_t n_drop)
{
	for (size_t i = 0; i < s->holds.n; i++) {
		const struct sg_hold *h = &s->holds.at[i];
		struct sg_keys left = { 0 };

		for (size_t k = 0; k < h->holders.n; k++) {
			const struct sg_key *key = &h->holders.at[k];
			bool scaffold = h->addr.kind == SG_VALUE_SCAFFOLD;
			bool inside = scaffold && has_inside(s, h, key, drop, n_drop);
			bool goes = is_member(s->intent, key) && !inside &&
			            (scaffold || s->intent->op == SG_OP_REVERT);

			if (!goes)
				sg_keys_add(&left, key->feed, key->id);
		}
		if (!left.n || left.n == h->holders.n || dropped(drop, n_drop, &h->addr)) {
			sg_keys_release(&left);
			continue;
		}
		sg_hold_copy(&put[*n_put], h);
		sg_keys_release(&put[*n_put].holders);
		put[(*n_put)++].holders = left;
	}
}

/* Whether the mitigation still holds something once the close is written. */
static bool holds_after(const struct sg_settling *s, const struct sg_key *key, const struct sg_change *change)
{
	for (size_t i = 0; i < s->holds.n; i++) {
		const struct sg_hold *h = &s->holds.at[i];
		bool holds = sg_keys_has(&h->holders, key);

		for (size_t k = 0; k < change->n_holds_drop; k++)
			holds = holds && !sg_addr_equal(&change->holds_drop[k], &h->addr);
		for (size_t k = 0; k < change->n_holds_put; k++) {
			if (sg_addr_equal(&change->holds_put[k].addr, &h->addr))
				holds = holds && sg_keys_has(&change->holds_put[k].holders, key);
		}
		if (holds)
			return true;
	}
	return false;
}

static void row_settled(const struct sg_settling *s, struct sg_row *row, const struct sg_outcome *o,
        const struct sg_err *cause, bool holds)
{
	/* a crash or a stop says nothing about the body: the next start tries it again at once */
	bool cut_off = !cause->code || cause->code == SG_ECANCELED;
	enum sg_op op = s->intent->op;
	int64_t now = s->ctx->now.wall;
	struct sg_err why = SG_ERR_INIT;

	if (!s->stuck && holds &&
	        (s->foreign ||
	                op == SG_OP_REVERT)) { /* a revert that still holds left somebody else's work alone */
		row->mixed =
		        row->mixed || op == SG_OP_SUPERSEDE; /* the newer body's claim on it stays, too */
		row->goal = op == SG_OP_REVERT ? SG_OUT : SG_IN;
		row->attempts++;
		sg_row_move(row, SG_BLOCKED, SG_WHY_DRIFT, now, "%s",
		        s->why ? s->why : "a held value was edited by somebody else and stays");
		return;
	}
	if (s->stuck && holds) {
		sg_fail(&why, SG_EIO, "%s", s->why ? s->why : cause->msg);
		sg_row_revert_failed(row, o->done_why, &why, now);
		row->goal = op == SG_OP_REVERT ? SG_OUT : SG_IN;
		return;
	}
	if (op == SG_OP_REVERT) {
		sg_row_out(row, o->done, o->done_why, NULL, now);
		return;
	}
	sg_fail(&why, cause->code ? cause->code : SG_EIO, "%s",
	        cause->msg[0] ? cause->msg
	                      : "the service ended in the middle of it; what was there before is back");
	sg_row_failed(row, op, &why, false, holds, now);
	if (cut_off && op == SG_OP_SUPERSEDE)
		row->failed = (struct sg_hash){ { 0 } };
	if (cut_off && row->reason == SG_WHY_RETRY)
		row->retry_at = now;
}

static struct sg_row *row_of(struct sg_ctx *ctx, const struct sg_key *key, struct sg_row *const *rows,
        size_t n, bool *ret_owned, struct sg_err *err)
{
	struct sg_row *row = NULL;

	*ret_owned = false;
	for (size_t i = 0; i < n; i++) {
		if (sg_key_equal(&rows[i]->key, key))
			return rows[i];
	}
	if (sg_journal_row(ctx->read, key, &row, err))
		return NULL;
	*ret_owned = true;
	return row;
}

/* A revert moves nothing that was at its before already, or gone; those claims end with it as well. */
static void drop_idle(const struct sg_settling *s, struct sg_addr *drop, size_t *n_drop)
{
	for (size_t i = 0; s->intent->op == SG_OP_REVERT && i < s->holds.n; i++) {
		const struct sg_hold *h = &s->holds.at[i];
		struct sg_seen_value seen = { 0 };
		struct sg_moves one = { 0 };
		bool moved = false, ours = true;

		for (size_t k = 0; k < s->intent->moves.n; k++)
			moved = moved || sg_addr_equal(&s->intent->moves.at[k].addr, &h->addr);
		for (size_t k = 0; k < h->holders.n; k++)
			ours = ours && is_member(s->intent, &h->holders.at[k]);
		if (moved || !ours || h->addr.kind == SG_VALUE_SCAFFOLD || dropped(drop, *n_drop, &h->addr))
			continue;
		sg_moves_add_hold(&one, h, true);
		if (sg_step_look(s->ctx->drives, &one, &seen, NULL) == 0 &&
		        (seen.seen == SG_SEEN_TO || seen.seen == SG_SEEN_GONE ||
		                (seen.seen == SG_SEEN_OTHER && !seen.now.present)))
			drop[(*n_drop)++] = h->addr;
		sg_seen_release(&seen, 1);
		sg_moves_release(&one);
	}
}

/* What stays claimed is marked with the file that it is in now: what recovery wrote is no longer the file that the operation found. */
static void mark(const struct sg_settling *s, struct sg_hold *put, size_t n_put, const struct sg_addr *drop,
        size_t n_drop)
{
	const struct sg_hold **list = sg_alloc((s->holds.n + 1) * sizeof(*list));
	const char *container = NULL; /* that the next three are about */
	struct sg_container_id id;
	struct sg_hash rest;
	bool told = false;
	size_t n = 0;

	for (size_t i = 0; i < s->holds.n; i++) {
		if (!dropped(drop, n_drop, &s->holds.at[i].addr))
			list[n++] = &s->holds.at[i];
	}
	for (size_t i = 0; i < n_put; i++) {
		if (!container || !sg_win_same(container, put[i].addr.container)) {
			container = put[i].addr.container;
			told = !sg_step_identify(s->ctx->drives, container, &id, NULL) &&
			       sg_rest(s->ctx, list, n, container, &rest);
		}
		if (!told)
			continue;
		put[i].dev = id.dev;
		put[i].ino = id.ino;
		put[i].file = rest;
	}
	free(list);
}

/* Collects the claims that stay. */
static size_t stay(const struct sg_settling *s, const struct sg_change *change, struct sg_hold **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < s->holds.n; i++)
		if (!dropped(change->holds_drop, change->n_holds_drop, &s->holds.at[i].addr))
			ret[n++] = &s->holds.at[i];
	return n;
}

/* The claims that stay, as the close will write them; those that have to remember something new are put, too. */
static void remember(struct sg_settling *s, const struct sg_hold *const *ended, size_t n_ended,
        struct sg_hold *put, size_t *n_put, const struct sg_change *change, struct sg_lines *lines)
{
	struct sg_hold **kept = sg_alloc((s->holds.n + 1) * sizeof(*kept));
	bool *touched = sg_alloc((s->holds.n + 1) * sizeof(*touched));
	size_t n_kept = stay(s, change, kept);

	sg_run_start_ended(
	        s->ctx, ended, n_ended, kept, n_kept, touched, change->rows, change->n_rows, lines);
	for (size_t i = 0; i < n_kept; i++) {
		bool there = false;

		for (size_t k = 0; k < *n_put && touched[i]; k++) {
			if (!sg_addr_equal(&put[k].addr, &kept[i]->addr))
				continue;
			sg_hook_release(&put[k].hook);
			sg_hook_copy(&put[k].hook, &kept[i]->hook);
			there = true;
		}
		if (touched[i] && !there)
			sg_hold_copy(&put[(*n_put)++], kept[i]);
	}
	free(touched);
	free(kept);
}

/* Stops and starts are repeated as far as values went: what ended runs again if it ran, what an older body keeps is stopped again. */
static void run(struct sg_settling *s, const struct sg_change *change, struct sg_hold *put, size_t *n_put,
        struct sg_lines *lines)
{
	const struct sg_hold **ended = sg_alloc((s->holds.n + 1) * sizeof(*ended));
	size_t n_ended = 0;

	if (s->stopped) {
		struct sg_hold **kept = sg_alloc((s->holds.n + 1) * sizeof(*kept));

		sg_run_again(s->ctx, s->stopped, kept, stay(s, change, kept),
		        change->n_rows == 1 ? change->rows[0] : NULL, lines);
		free(kept);
	}
	for (size_t i = 0; i < s->holds.n && s->touch && !s->stopped; i++) {
		const struct sg_hold *h = &s->holds.at[i];
		bool ends = dropped(change->holds_drop, change->n_holds_drop, &h->addr);
		bool settled = true, stays = false;

		for (size_t k = 0; k < s->intent->moves.n; k++) {
			const struct sg_move *m = &s->intent->moves.at[k];

			if (!sg_addr_equal(&m->addr, &h->addr))
				continue;
			settled = s->end[k] == END_SETTLED;
			stays = settled && s->intent->op == SG_OP_SUPERSEDE &&
			        sg_content_same(m->addr.kind, sg_settle_goal(m), &h->after);
		}
		if (ends && settled && h->hook.kind)
			ended[n_ended++] = h;
		else if (!ends && stays && h->hook.kind)
			sg_run_hold(s->ctx, h, change->n_rows == 1 ? change->rows[0] : NULL, lines);
	}
	if (n_ended)
		remember(s, ended, n_ended, put, n_put, change, lines);
	free(ended);
}

int sg_settle_close(struct sg_settling *s, const struct sg_err *cause, struct sg_row *const *rows, size_t n,
        struct sg_err *err)
{
	size_t moves = s->intent->moves.n, members = s->intent->n_outcomes;
	struct sg_hold *put = sg_alloc((moves + 2 * s->holds.n + 1) * sizeof(*put));
	struct sg_addr *drop = sg_alloc((moves + s->holds.n + 1) * sizeof(*drop));
	struct sg_row **done = sg_alloc((members + 1) * sizeof(struct sg_row *));
	bool *owned = sg_alloc((members + 1) * sizeof(*owned));
	struct sg_lines lines = { 0 };
	struct sg_change change = { .rows = done, .holds_put = put, .holds_drop = drop };
	int code = 0;

	close_holds(s, put, &change.n_holds_put, drop, &change.n_holds_drop);
	drop_idle(s, drop, &change.n_holds_drop);
	mark(s, put, change.n_holds_put, drop, change.n_holds_drop);
	leave_shared(s, put, &change.n_holds_put, drop, change.n_holds_drop);
	for (size_t i = 0; i < members; i++) {
		const struct sg_outcome *o = &s->intent->outcomes[i];
		struct sg_row *row = row_of(s->ctx, &o->key, rows, n, &owned[change.n_rows], err);

		if (!row) {
			code = err ? err->code : SG_EDAMAGED;
			goto out;
		}
		done[change.n_rows++] = row;
		row_settled(s, row, o, cause, holds_after(s, &o->key, &change));
		sg_line(&lines, s->ctx, SG_EV_RECOVERED, row, sg_build_values(&s->intent->moves),
		        "%s: an unfinished %s was settled%s%s", row->key.id, sg_op_name(s->intent->op),
		        cause->msg[0] ? ": " : "", cause->msg);
	}
	for (size_t i = 0; i < moves; i++) {
		const struct sg_addr *a = &s->intent->moves.at[i].addr;

		if (s->end[i] == END_OTHER || s->end[i] == END_STUCK)
			sg_line(&lines, s->ctx, SG_EV_LEFT_ALONE, NULL, NULL, "%s in %s: %s", a->path,
			        a->container,
			        s->end[i] == END_OTHER ? "somebody else's work, left alone"
			                               : "could not be brought back, tried again later");
	}
	run(s, &change, put, &change.n_holds_put, &lines);
	change.audits = lines.at;
	change.n_audits = lines.n;
	change.facts = lines.facts;
	code = sg_journal_close_intent(s->ctx->journal, &change, &s->ctx->now, err);
out:
	for (size_t i = 0; i < change.n_rows; i++) {
		if (owned[i])
			sg_row_free(done[i]);
	}
	for (size_t i = 0; i < change.n_holds_put; i++)
		sg_hold_release(&put[i]);
	sg_lines_release(&lines);
	free(owned);
	free(done);
	free(put);
	free(drop);
	return code;
}
