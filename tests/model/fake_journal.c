/* fake_journal.c - the four durable writes and the reads that operations use, over the model's struct. Each write is one point: all of it or nothing. */
#include "world.h"

#include <stdlib.h>

static uint8_t cap(uint32_t n, uint8_t most)
{
	return n < most ? (uint8_t)n : most;
}

static void put_row(const struct sg_row *row)
{
	struct w_row *r = &the_run.w->row[world_member(&row->key)];

	*r = (struct w_row){ .known = 1, .state = (uint8_t)row->state, .reason = (uint8_t)row->reason };
	r->offered = (uint8_t)world_body_of(&row->offered);
	r->applied = (uint8_t)world_body_of(&row->applied);
	r->failed = (uint8_t)world_body_of(&row->failed);
	r->goal = (uint8_t)row->goal;
	r->out = row->out;
	r->attempts = cap(row->attempts, 3);
	r->retry = row->retry_at > MODEL_NOW;
	r->tombstone = row->tombstone;
	r->repairs = cap(row->repairs, 2);
	r->mixed = row->mixed;
}

static struct sg_row *get_row(int m)
{
	const struct w_row *r = &the_run.w->row[m];
	const struct sg_mitigation *b = world_body(m, 1);
	struct sg_row *row = sg_row_new(b->feed, b->id);

	row->state = (enum sg_state)r->state;
	row->reason = (enum sg_reason)r->reason;
	row->since = 1;
	row->offered = world_hash(m, r->offered);
	row->applied = world_hash(m, r->applied);
	row->failed = world_hash(m, r->failed);
	row->goal = (enum sg_want)r->goal;
	row->out = r->out;
	row->attempts = r->attempts;
	row->retry_at = r->retry ? MODEL_NOW + 60000 : 0;
	row->tombstone = r->tombstone;
	row->repairs = r->repairs;
	row->repairs_since = MODEL_NOW;
	row->mixed = r->mixed;
	row->applies = the_run.w->needed & (1 << m) ? SG_APPLIES_YES : SG_APPLIES_NO;
	return row;
}

static uint8_t gen_of(const struct sg_hash *h)
{
	for (unsigned char g = 0; g < 4; g++) {
		struct sg_hash one = sg_sha256((struct sg_bytes){ &g, 1 });

		if (sg_hash_equal(&one, h))
			return g;
	}
	return 0;
}

static void put_hold(const struct sg_hold *h)
{
	int v = world_value(&h->addr);
	struct w_hold *to = &the_run.w->hold[v];

	*to = (struct w_hold){ .present = 1 };
	to->before = (uint8_t)world_content_of(&h->before);
	to->after = (uint8_t)world_content_of(&h->after);
	for (size_t i = 0; i < h->holders.n; i++)
		to->holders |= (uint8_t)(1 << world_member(&h->holders.at[i]));
	to->gen = gen_of(&h->file);
	to->adopted = h->adopted;
	if (!to->holders)
		broken("P6: a hold without a holder: %s", world_path(v));
}

static void get_hold(int v, struct sg_hold *ret)
{
	const struct w_hold *from = &the_run.w->hold[v];
	unsigned char gen = from->gen;

	ret->addr =
	        (struct sg_addr){ world_kind(v), sg_strdup(world_container(v)), sg_strdup(world_path(v)) };
	world_content(v, from->before, &ret->before);
	world_content(v, from->after, &ret->after);
	for (int m = 0; m < 2; m++) {
		if (from->holders & (1 << m))
			sg_keys_add(&ret->holders, world_body(m, 1)->feed, world_body(m, 1)->id);
	}
	ret->adopted = from->adopted;
	ret->dev = 1;
	ret->ino = gen + 1u;
	ret->file = sg_sha256((struct sg_bytes){ &gen, 1 });
}

static void put(const struct sg_change *c)
{
	for (size_t i = 0; i < c->n_rows; i++)
		put_row(c->rows[i]);
	for (size_t i = 0; i < c->n_holds_put; i++) {
		if (the_run.mutant != 1 ||
		        !the_run.w->intent.open) /* mutant 1: holds do not go in with the intent */
			put_hold(&c->holds_put[i]);
	}
	for (size_t i = 0; i < c->n_holds_drop;
	        i++) { /* last: a drop and a put of one value in one write is a drop */
		int v = world_value(&c->holds_drop[i]);
		struct world *w = the_run.w;

		w->hold[v] = (struct w_hold){ 0 };
		/* A scaffold that is let go because others use it is theirs from then on. */
		if (v == VS && w->disk[VS] && (w->in_s || w->orig[VA] || w->orig[VC] || w->orig[VE]))
			w->orig[VS] = 1;
	}
}

int sg_journal_note(
        struct sg_journal *j, const struct sg_change *change, const struct sg_clock *now, struct sg_err *err)
{
	int code = point(0, err);

	(void)j;
	(void)now;
	if (!code)
		put(change);
	return code;
}

int sg_journal_open_intent(struct sg_journal *j, struct sg_intent *intent, const struct sg_change *change,
        const struct sg_clock *now, struct sg_err *err)
{
	struct w_intent *to = &the_run.w->intent;
	int code = point(SG_ENOSPC, err);

	(void)j;
	(void)now;
	if (code)
		return code;
	if (to->open)
		broken("P4: an intent is opened over an open one");
	*to = (struct w_intent){ .open = 1, .op = (uint8_t)intent->op };
	for (size_t i = 0; i < intent->moves.n; i++) {
		const struct sg_move *m = &intent->moves.at[i];

		to->move[to->n_moves++] =
		        (struct w_move){ (uint8_t)world_value(&m->addr), (uint8_t)world_content_of(&m->from),
			        (uint8_t)world_content_of(&m->to), m->settle_to };
	}
	for (size_t i = 0; i < intent->n_outcomes; i++) {
		int m = world_member(&intent->outcomes[i].key);

		to->members |= (uint8_t)(1 << m);
		to->body[m] = (uint8_t)world_body_of(&intent->outcomes[i].body);
		to->done[m] = (uint8_t)intent->outcomes[i].done;
		to->why[m] = (uint8_t)intent->outcomes[i].done_why;
	}
	put(change);
	return 0;
}

int sg_journal_close_intent(
        struct sg_journal *j, const struct sg_change *change, const struct sg_clock *now, struct sg_err *err)
{
	int code = point(0, err);

	(void)j;
	(void)now;
	if (code)
		return code;
	if (!the_run.w->intent.open)
		broken("P4: a close without an open intent");
	the_run.w->intent = (struct w_intent){ 0 };
	put(change);
	return 0;
}

int sg_journal_count_attempt(
        struct sg_journal *j, uint32_t *ret_attempts, const struct sg_clock *now, struct sg_err *err)
{
	int code = point(0, err);

	(void)j;
	(void)now;
	if (!code)
		*ret_attempts = ++the_run.w->intent.attempts;
	return code;
}

int sg_journal_holds(struct sg_journal_read *r, struct sg_holds *ret, struct sg_err *err)
{
	(void)r;
	(void)err;
	for (int v = 0; v < NV; v++) {
		if (the_run.w->hold[v].present)
			get_hold(v, sg_holds_add(ret));
	}
	return 0;
}

int sg_journal_row(
        struct sg_journal_read *r, const struct sg_key *key, struct sg_row **ret, struct sg_err *err)
{
	(void)r;
	(void)err;
	*ret = get_row(world_member(key));
	return 0;
}

int sg_journal_intent(struct sg_journal_read *r, struct sg_intent *ret, bool *ret_open, struct sg_err *err)
{
	const struct w_intent *from = &the_run.w->intent;

	(void)r;
	(void)err;
	*ret_open = from->open;
	if (!from->open)
		return 0;
	ret->op = (enum sg_op)from->op;
	ret->attempts = from->attempts;
	for (int i = 0; i < from->n_moves; i++) {
		int v = from->move[i].v;
		struct sg_move *m = sg_moves_add(&ret->moves);

		m->addr = (struct sg_addr){ world_kind(v), sg_strdup(world_container(v)),
			sg_strdup(world_path(v)) };
		world_content(v, from->move[i].from, &m->from);
		world_content(v, from->move[i].to, &m->to);
		m->settle_to = from->move[i].settle_to;
	}
	ret->outcomes = sg_alloc(2 * sizeof(*ret->outcomes));
	for (int m = 0; m < 2; m++) {
		struct sg_outcome *o = &ret->outcomes[ret->n_outcomes];

		if (!(from->members & (1 << m)))
			continue;
		o->key.feed = sg_strdup(world_body(m, 1)->feed);
		o->key.id = sg_strdup(world_body(m, 1)->id);
		o->body = world_hash(m, from->body[m]);
		o->done = (enum sg_state)from->done[m];
		o->done_why = (enum sg_reason)from->why[m];
		ret->n_outcomes++;
	}
	return 0;
}

int sg_journal_reserve_free(struct sg_journal *j, struct sg_err *err)
{
	(void)j;
	return sg_fail(err, SG_ENOENT, "none");
}

int sg_journal_reserve_make(struct sg_journal *j, struct sg_err *err)
{
	(void)j;
	(void)err;
	return 0;
}
