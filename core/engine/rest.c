/* rest.c - see rest.h. Ours is taken out in memory, by the same plan that a revert makes. */
#include "engine/rest.h"

#include <stdlib.h>
#include <string.h>

static void add_content(struct sg_buf *to, const struct sg_content *c)
{
	sg_buf_fmt(to, "%d %zu %zu %s|", c->present, c->octets.len, c->lead.len, c->after ? c->after : "-");
	sg_buf_add(to, c->octets.data, c->octets.len);
	sg_buf_add(to, c->lead.data, c->lead.len);
}

/* The file's octets, and what is asked of them. */
static struct sg_hash question(const struct sg_hash *file, const struct sg_moves *moves)
{
	struct sg_buf all = { 0 };
	struct sg_hash hash;

	sg_buf_add(&all, file->b, sizeof(file->b));
	for (size_t i = 0; i < moves->n; i++) {
		const struct sg_move *m = &moves->at[i];

		sg_buf_fmt(&all, "%d %d %s|%s|", (int)m->addr.kind, m->settle_to, m->addr.container,
		        m->addr.path);
		add_content(&all, &m->from);
		add_content(&all, &m->to);
	}
	hash = sg_sha256(sg_buf_bytes(&all));
	sg_buf_release(&all);
	return hash;
}

static const struct sg_rest_known *find(const struct sg_rests *rests, const struct sg_hash *asked)
{
	for (size_t i = 0; i < sizeof(rests->at) / sizeof(*rests->at); i++)
		if (rests->at[i].used && sg_hash_equal(&rests->at[i].asked, asked))
			return &rests->at[i];
	return NULL;
}

static void remember(struct sg_rests *rests, const struct sg_hash *asked, const struct sg_hash *rest)
{
	rests->at[rests->next] = (struct sg_rest_known){ true, *asked, *rest };
	rests->next = (rests->next + 1) % (sizeof(rests->at) / sizeof(*rests->at));
}

static bool ask(struct sg_ctx *ctx, const char *container, const struct sg_moves *back, struct sg_hash *ret)
{
	struct sg_container_id before = { 0 }, after = { 0 };
	const struct sg_rest_known *known = NULL;
	struct sg_hash asked = { 0 };
	bool may_know; /* else it is no file, and has no octets, or nobody remembers */

	if (!back->n || sg_step_identify(ctx->drives, container, &before, NULL))
		return false;
	may_know = ctx->rests && (before.dev || before.ino);
	if (may_know) {
		asked = question(&before.file, back);
		known = find(ctx->rests, &asked);
	}
	if (known) {
		*ret = known->rest;
		return true;
	}
	if (sg_step_rest(ctx->drives, back, ret, NULL))
		return false;
	if (may_know && !sg_step_identify(ctx->drives, container, &after, NULL) &&
	        sg_hash_equal(&before.file, &after.file))
		remember(ctx->rests, &asked, ret);
	return true;
}

bool sg_rest(struct sg_ctx *ctx, const struct sg_hold *const *list, size_t n, const char *container,
        struct sg_hash *ret)
{
	struct sg_moves back = { 0 };
	bool told;

	for (size_t i = 0; i < n; i++) {
		/* an adopted rule is no value of ours: where a new file has none, it has no place to come back to */
		if (!sg_win_same(list[i]->addr.container, container) || sg_hold_makes_way(list[i]))
			continue;
		sg_moves_add_hold(&back, list[i], true)->settle_to = true;
	}
	told = ask(ctx, container, &back, ret);
	sg_moves_release(&back);
	return told;
}

bool sg_rest_replaced(struct sg_ctx *ctx, const struct sg_holds *holds, const struct sg_hold *h)
{
	const struct sg_hold **list = sg_alloc((holds->n + 1) * sizeof(*list));
	struct sg_container_id id = { 0 };
	struct sg_hash rest;
	bool replaced = false;

	for (size_t i = 0; i < holds->n; i++)
		list[i] = &holds->at[i];
	if (sg_step_identify(ctx->drives, h->addr.container, &id, NULL) == 0 &&
	        (id.dev != h->dev || id.ino != h->ino) &&
	        sg_rest(ctx, list, holds->n, h->addr.container, &rest))
		replaced = !sg_hash_equal(&rest, &h->file);
	free(list);
	return replaced;
}

bool sg_addr_inside(const struct sg_addr *scaffold, const struct sg_addr *inner)
{
	size_t n = strlen(scaffold->path);

	return scaffold->kind == SG_VALUE_SCAFFOLD && sg_win_same(scaffold->container, inner->container) &&
	       strncmp(scaffold->path, inner->path, n) == 0 && inner->path[n] == '/';
}

/* Whether the held value is at its after now. */
static bool at_after(struct sg_ctx *ctx, const struct sg_hold *h)
{
	struct sg_seen_value seen = { 0 };
	struct sg_moves one = { 0 };
	bool there;

	sg_moves_add_hold(&one, h, false);
	there = sg_step_look(ctx->drives, &one, &seen, NULL) == 0 && seen.seen == SG_SEEN_TO;
	sg_seen_release(&seen, 1);
	sg_moves_release(&one);
	return there;
}

bool sg_rest_theirs(struct sg_ctx *ctx, const struct sg_holds *holds, const struct sg_hold *scaffold)
{
	if (!sg_rest_replaced(ctx, holds, scaffold) || !at_after(ctx, scaffold))
		return false;
	for (size_t i = 0; i < holds->n; i++) {
		const struct sg_hold *h = &holds->at[i];

		if (h->addr.kind != SG_VALUE_SCAFFOLD && sg_addr_inside(&scaffold->addr, &h->addr) &&
		        at_after(ctx, h))
			return false;
	}
	return true;
}

bool sg_rest_another(struct sg_ctx *ctx, const struct sg_holds *holds, const struct sg_hold *h)
{
	bool ours = false;

	if (!sg_rest_replaced(ctx, holds, h))
		return false;
	for (size_t i = 0; i < holds->n && !ours; i++) {
		const struct sg_hold *other = &holds->at[i];

		ours = other->addr.kind != SG_VALUE_SCAFFOLD && !sg_hold_makes_way(other) &&
		       sg_win_same(other->addr.container, h->addr.container) && at_after(ctx, other);
	}
	return !ours;
}
