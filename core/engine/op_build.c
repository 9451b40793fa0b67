/* op_build.c - staging: holds as they will be, moves that bring them there, and the two durable writes around them. */
#include "engine/op_build.h"
#include "engine/rest.h"

#include <stdlib.h>

void sg_build_release(struct sg_build *b)
{
	for (size_t i = 0; i < b->n; i++)
		sg_hold_release(&b->staged[i].hold);
	free(b->staged);
	sg_moves_release(&b->moves);
	sg_holds_release(&b->holds);
	*b = (struct sg_build){ 0 };
}

struct sg_staged *sg_build_find(struct sg_build *b, const struct sg_addr *addr)
{
	for (size_t i = 0; i < b->n; i++) {
		if (sg_addr_equal(&b->staged[i].hold.addr, addr))
			return &b->staged[i];
	}
	return NULL;
}

struct sg_staged *sg_build_stage(struct sg_build *b, const struct sg_addr *addr)
{
	struct sg_staged *s = sg_build_find(b, addr);
	const struct sg_hold *held;

	if (s)
		return s;
	b->staged = sg_grow(b->staged, b->n, &b->cap, sizeof(*b->staged));
	s = &b->staged[b->n++];
	*s = (struct sg_staged){ .move = SG_NO_MOVE };
	held = sg_holds_find(&b->holds, addr);
	if (held)
		sg_hold_copy(&s->hold, held);
	else
		sg_addr_copy(&s->hold.addr, addr);
	return s;
}

void sg_build_move(struct sg_build *b, struct sg_staged *s, const struct sg_content *from,
        const struct sg_content *to, bool settle_to)
{
	struct sg_move *move = sg_moves_add(&b->moves);

	sg_addr_copy(&move->addr, &s->hold.addr);
	sg_content_copy(&move->from, from);
	sg_content_copy(&move->to, to);
	move->settle_to = settle_to;
	s->move = b->moves.n - 1;
}

/* Marks the staged holds of a container with its identity and with what it would be without ours. Before the write the identity is not known yet: ours
 * will be another file. */
static void mark_container(struct sg_ctx *ctx, struct sg_build *b, const char *container, bool written)
{
	const struct sg_hold **list = sg_alloc((b->holds.n + b->n + 1) * sizeof(*list));
	struct sg_container_id id = { 0 };
	struct sg_hash rest;
	size_t n = 0;
	bool known;

	for (size_t i = 0; i < b->holds.n; i++) {
		if (!sg_build_find(b, &b->holds.at[i].addr))
			list[n++] = &b->holds.at[i];
	}
	for (size_t i = 0; i < b->n; i++) {
		if (!b->staged[i].drop || !written)
			list[n++] = &b->staged[i].hold;
	}
	known = sg_rest(ctx, list, n, container, &rest);
	free(list);
	if (written && sg_step_identify(ctx->drives, container, &id, NULL))
		return;
	for (size_t i = 0; i < b->n; i++) {
		struct sg_hold *h = &b->staged[i].hold;

		if (b->staged[i].drop || !sg_win_same(h->addr.container, container) ||
		        !(written || (b->staged[i].opening && !b->staged[i].only_hook)))
			continue;
		h->dev = id.dev;
		h->ino = id.ino;
		if (known)
			h->file = rest;
	}
}

int sg_build_open(struct sg_ctx *ctx, enum sg_op op, struct sg_build *b, const struct sg_step_plan *plan,
        const struct sg_member *members, size_t n, struct sg_intent *ret, struct sg_err *err)
{
	struct sg_hold *put = sg_alloc((b->n + 1) * sizeof(*put));
	struct sg_addr *drop = sg_alloc((b->n + 1) * sizeof(*drop));
	struct sg_change change = { .holds_put = put, .holds_drop = drop };
	struct sg_intent intent = { .op = op, .started = ctx->now.wall };
	int code;

	for (size_t i = 0; i < sizeof(intent.boot); i++)
		intent.boot[i] = ctx->now.boot[i];
	if (ctx->who)
		sg_who_copy(&intent.who, ctx->who);
	intent.outcomes = sg_alloc(n * sizeof(*intent.outcomes));
	intent.n_outcomes = n;
	for (size_t i = 0; i < n; i++) {
		struct sg_outcome *o = &intent.outcomes[i];

		sg_key_copy(&o->key, &members[i].row->key);
		o->done = op == SG_OP_REVERT ? members[i].done : SG_APPLIED;
		o->done_why = op == SG_OP_REVERT ? members[i].done_why : SG_WHY_APPLIED;
		if (members[i].m) {
			o->body = members[i].m->hash;
			o->revision = sg_strdup(members[i].m->revision);
		}
	}
	for (size_t i = 0; i < b->moves.n; i++)
		sg_move_copy(sg_moves_add(&intent.moves), &b->moves.at[i]);
	for (size_t i = 0; i < plan->n_files; i++) /* unchanged ones, too: recovery may have to change them */
		if (!plan->files[i].in_place)
			sg_strs_add(&intent.temps, plan->files[i].temp_win);
	for (size_t i = 0; i < plan->n_files; i++)
		mark_container(ctx, b, plan->files[i].container, false);
	for (size_t i = 0; i < b->n; i++) {
		const struct sg_hold *held = sg_holds_find(&b->holds, &b->staged[i].hold.addr);

		if (!b->staged[i].opening)
			continue;
		put[change.n_holds_put] = b->staged[i].hold;
		if (b->staged[i].only_hook && held)
			put[change.n_holds_put].holders = held->holders;
		change.n_holds_put++;
	}
	for (size_t i = 0; i < b->n; i++) {
		if (b->staged[i].disown)
			drop[change.n_holds_drop++] = b->staged[i].hold.addr;
	}
	code = sg_journal_open_intent(ctx->journal, &intent, &change, &ctx->now, err);
	free(put);
	free(drop);
	if (code)
		sg_intent_release(&intent);
	else
		*ret = intent;
	return code;
}

void sg_build_close(
        struct sg_ctx *ctx, struct sg_build *b, const struct sg_step_plan *plan, struct sg_close *ret)
{
	*ret = (struct sg_close){ .put = sg_alloc((b->n + 1) * sizeof(*ret->put)),
		.drop = sg_alloc((b->n + 1) * sizeof(*ret->drop)) };
	for (size_t i = 0; i < b->n; i++) {
		struct sg_staged *s = &b->staged[i];

		if (s->move == SG_NO_MOVE || s->drop || !plan)
			continue;
		if (s->move < plan->n && plan->written[s->move].present) {
			sg_content_release(&s->hold.after);
			sg_content_copy(&s->hold.after, &plan->written[s->move]);
		}
	}
	for (size_t i = 0; plan && i < plan->n_files; i++)
		mark_container(ctx, b, plan->files[i].container, true);
	for (size_t i = 0; i < b->n; i++) {
		if (b->staged[i].disown && plan)
			continue;
		if (b->staged[i].drop)
			ret->drop[ret->n_drop++] = b->staged[i].hold.addr;
		else
			ret->put[ret->n_put++] = b->staged[i].hold;
	}
}

int sg_close_write(struct sg_ctx *ctx, bool intent, struct sg_row *const *rows, size_t n_rows,
        struct sg_close *closing, const struct sg_lines *lines, struct sg_err *err)
{
	struct sg_change change = {
		.rows = rows,
		.n_rows = n_rows,
		.holds_put = closing->put,
		.n_holds_put = closing->n_put,
		.holds_drop = closing->drop,
		.n_holds_drop = closing->n_drop,
		.audits = lines->at,
		.n_audits = lines->n,
		.facts = lines->facts,
	};
	int code = intent ? sg_journal_close_intent(ctx->journal, &change, &ctx->now, err)
	                  : sg_journal_note(ctx->journal, &change, &ctx->now, err);

	free(closing->put);
	free(closing->drop);
	*closing = (struct sg_close){ 0 };
	return code;
}

static void value_hash(struct sg_val *map, const char *key, const struct sg_content *c)
{
	struct sg_hash h;
	char hex[65];

	if (!c->present) {
		sg_val_set(map, key, sg_val_nil());
		return;
	}
	h = sg_sha256(sg_buf_bytes(&c->octets));
	sg_hash_hex(&h, hex);
	sg_val_set_str(map, key, hex);
}

struct sg_val *sg_build_values(const struct sg_moves *moves)
{
	struct sg_val *data = sg_val_map();
	struct sg_val *list = sg_val_set(data, "values", sg_val_array());

	/* A line stays small: rows of the journal have a bound, and the intent has them all. */
	for (size_t i = 0; i < moves->n && i < 16; i++) {
		struct sg_val *v;

		if (moves->at[i].addr.kind == SG_VALUE_SCAFFOLD)
			continue;
		v = sg_val_push(list, sg_val_map());
		sg_val_set_str(v, "container", moves->at[i].addr.container);
		sg_val_set_str(v, "path", moves->at[i].addr.path);
		value_hash(v, "from", &moves->at[i].from);
		value_hash(v, "to", &moves->at[i].to);
	}
	return data;
}
