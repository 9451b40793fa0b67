/* row.c - copies and releases of what the journal keeps. Nothing here decides anything. */
#include "model/row.h"

#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sg_key_equal(const struct sg_key *a, const struct sg_key *b)
{
	return a->feed && b->feed && a->id && b->id && strcmp(a->feed, b->feed) == 0 &&
	       strcmp(a->id, b->id) == 0;
}

void sg_key_copy(struct sg_key *to, const struct sg_key *from)
{
	to->feed = sg_strdup(from->feed);
	to->id = sg_strdup(from->id);
}

void sg_key_release(struct sg_key *k)
{
	free(k->feed);
	free(k->id);
	*k = (struct sg_key){ 0 };
}

void sg_keys_add(struct sg_keys *keys, const char *feed, const char *id)
{
	struct sg_key k = { (char *)(uintptr_t)feed, (char *)(uintptr_t)id };

	if (!sg_keys_has(keys, &k))
		sg_keys_push(keys, feed, id);
}

void sg_keys_push(struct sg_keys *keys, const char *feed, const char *id)
{
	struct sg_key k = { (char *)(uintptr_t)feed, (char *)(uintptr_t)id };

	keys->at = sg_grow(keys->at, keys->n, &keys->cap, sizeof(*keys->at));
	sg_key_copy(&keys->at[keys->n++], &k);
}

bool sg_keys_has(const struct sg_keys *keys, const struct sg_key *k)
{
	for (size_t i = 0; i < keys->n; i++) {
		if (sg_key_equal(&keys->at[i], k))
			return true;
	}
	return false;
}

void sg_keys_remove(struct sg_keys *keys, const struct sg_key *k)
{
	for (size_t i = 0; i < keys->n; i++) {
		if (!sg_key_equal(&keys->at[i], k))
			continue;
		sg_key_release(&keys->at[i]);
		memmove(&keys->at[i], &keys->at[i + 1], (keys->n - i - 1) * sizeof(*keys->at));
		keys->n--;
		return;
	}
}

void sg_keys_copy(struct sg_keys *to, const struct sg_keys *from)
{
	*to = (struct sg_keys){ 0 };
	for (size_t i = 0; i < from->n; i++)
		sg_keys_push(to, from->at[i].feed, from->at[i].id);
}

void sg_keys_release(struct sg_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		sg_key_release(&keys->at[i]);
	free(keys->at);
	*keys = (struct sg_keys){ 0 };
}

void sg_who_copy(struct sg_who *to, const struct sg_who *from)
{
	to->account = sg_strdup(from->account);
	to->reason = sg_strdup(from->reason);
	to->ticket = sg_strdup(from->ticket);
	to->on_behalf_of = sg_strdup(from->on_behalf_of);
}

void sg_who_release(struct sg_who *w)
{
	free(w->account);
	free(w->reason);
	free(w->ticket);
	free(w->on_behalf_of);
	*w = (struct sg_who){ 0 };
}

struct sg_row *sg_row_new(const char *feed, const char *id)
{
	struct sg_row *row = sg_alloc(sizeof(*row));

	row->key.feed = sg_strdup(feed);
	row->key.id = sg_strdup(id);
	row->state = SG_PENDING;
	row->reason = SG_WHY_NEW;
	row->goal = SG_HOLD;
	return row;
}

struct sg_row *sg_row_copy(const struct sg_row *from)
{
	struct sg_row *to = sg_alloc(sizeof(*to));

	*to = *from;
	sg_key_copy(&to->key, &from->key);
	to->text = sg_strdup(from->text);
	to->offered_revision = sg_strdup(from->offered_revision);
	to->applied_revision = sg_strdup(from->applied_revision);
	to->withdraw_reason = sg_strdup(from->withdraw_reason);
	to->desc = sg_strdup(from->desc);
	to->proof = sg_strdup(from->proof);
	to->effective_text = sg_strdup(from->effective_text);
	to->seen_text = sg_strdup(from->seen_text);
	to->others_text = sg_strdup(from->others_text);
	to->shadowed_by = sg_strdup(from->shadowed_by);
	sg_who_copy(&to->out_who, &from->out_who);
	sg_who_copy(&to->approved_who, &from->approved_who);
	return to;
}

void sg_row_free(struct sg_row *row)
{
	if (!row)
		return;
	sg_key_release(&row->key);
	free(row->text);
	free(row->offered_revision);
	free(row->applied_revision);
	free(row->withdraw_reason);
	free(row->desc);
	free(row->proof);
	free(row->effective_text);
	free(row->seen_text);
	free(row->others_text);
	free(row->shadowed_by);
	sg_who_release(&row->out_who);
	sg_who_release(&row->approved_who);
	free(row);
}

void sg_content_copy(struct sg_content *to, const struct sg_content *from)
{
	*to = (struct sg_content){ .present = from->present };
	if (from->octets.len)
		sg_buf_set(&to->octets, from->octets.data, from->octets.len);
	if (from->lead.len)
		sg_buf_set(&to->lead, from->lead.data, from->lead.len);
	to->after = sg_strdup(from->after);
}

void sg_content_release(struct sg_content *c)
{
	sg_buf_release(&c->octets);
	sg_buf_release(&c->lead);
	free(c->after);
	*c = (struct sg_content){ 0 };
}

bool sg_addr_equal(const struct sg_addr *a, const struct sg_addr *b)
{
	return a->kind == b->kind && sg_same(a->container, b->container) && strcmp(a->path, b->path) == 0;
}

int sg_addr_cmp(const struct sg_addr *a, const struct sg_addr *b)
{
	size_t n = 0;
	int c;

	while (a->container[n] && sg_same_n(&a->container[n], &b->container[n], 1))
		n++;
	c = (unsigned char)a->container[n] - (unsigned char)b->container[n];
	if (a->container[n] || b->container[n])
		return c ? c : 1;
	c = strcmp(a->path, b->path);
	return c ? c : (int)a->kind - (int)b->kind;
}

void sg_addr_copy(struct sg_addr *to, const struct sg_addr *from)
{
	to->kind = from->kind;
	to->container = sg_strdup(from->container);
	to->path = sg_strdup(from->path);
}

void sg_addr_release(struct sg_addr *a)
{
	free(a->container);
	free(a->path);
	*a = (struct sg_addr){ 0 };
}

void sg_hook_copy(struct sg_hook *to, const struct sg_hook *from)
{
	*to = *from;
	to->name = sg_strdup(from->name);
	to->dependants = (struct sg_strs){ 0 };
	for (size_t i = 0; i < from->dependants.n; i++)
		sg_strs_add(&to->dependants, from->dependants.at[i]);
}

void sg_hook_release(struct sg_hook *h)
{
	free(h->name);
	sg_strs_release(&h->dependants);
	*h = (struct sg_hook){ 0 };
}

void sg_hold_copy(struct sg_hold *to, const struct sg_hold *from)
{
	*to = *from;
	sg_addr_copy(&to->addr, &from->addr);
	sg_content_copy(&to->before, &from->before);
	sg_content_copy(&to->after, &from->after);
	sg_keys_copy(&to->holders, &from->holders);
	sg_hook_copy(&to->hook, &from->hook);
}

void sg_hold_release(struct sg_hold *h)
{
	sg_hook_release(&h->hook);
	sg_addr_release(&h->addr);
	sg_content_release(&h->before);
	sg_content_release(&h->after);
	sg_keys_release(&h->holders);
	*h = (struct sg_hold){ 0 };
}

bool sg_hold_makes_way(const struct sg_hold *h)
{
	return h->adopted && !h->after.present;
}

struct sg_hold *sg_holds_find(const struct sg_holds *holds, const struct sg_addr *addr)
{
	for (size_t i = 0; i < holds->n; i++) {
		if (sg_addr_equal(&holds->at[i].addr, addr))
			return &holds->at[i];
	}
	return NULL;
}

struct sg_hold *sg_holds_add(struct sg_holds *holds)
{
	holds->at = sg_grow(holds->at, holds->n, &holds->cap, sizeof(*holds->at));
	holds->at[holds->n] = (struct sg_hold){ 0 };
	return &holds->at[holds->n++];
}

void sg_holds_release(struct sg_holds *holds)
{
	for (size_t i = 0; i < holds->n; i++)
		sg_hold_release(&holds->at[i]);
	free(holds->at);
	*holds = (struct sg_holds){ 0 };
}

static const char *const op_names[] = {
	[SG_OP_APPLY] = "apply",
	[SG_OP_SUPERSEDE] = "supersede",
	[SG_OP_REPAIR] = "repair",
	[SG_OP_REVERT] = "revert",
	[SG_OP_TAKE_OVER] = "take-over",
};

const char *sg_op_name(enum sg_op op)
{
	size_t i = (size_t)op;

	return i < sizeof(op_names) / sizeof(op_names[0]) && op_names[i] ? op_names[i] : "?";
}

void sg_move_copy(struct sg_move *to, const struct sg_move *from)
{
	to->settle_to = from->settle_to;
	sg_addr_copy(&to->addr, &from->addr);
	sg_content_copy(&to->from, &from->from);
	sg_content_copy(&to->to, &from->to);
}

void sg_move_release(struct sg_move *m)
{
	sg_addr_release(&m->addr);
	sg_content_release(&m->from);
	sg_content_release(&m->to);
	*m = (struct sg_move){ 0 };
}

struct sg_move *sg_moves_add(struct sg_moves *moves)
{
	moves->at = sg_grow(moves->at, moves->n, &moves->cap, sizeof(*moves->at));
	moves->at[moves->n] = (struct sg_move){ 0 };
	return &moves->at[moves->n++];
}

struct sg_move *sg_moves_add_hold(struct sg_moves *moves, const struct sg_hold *h, bool back)
{
	struct sg_move *move = sg_moves_add(moves);

	sg_addr_copy(&move->addr, &h->addr);
	sg_content_copy(&move->from, back ? &h->after : &h->before);
	sg_content_copy(&move->to, back ? &h->before : &h->after);
	return move;
}

void sg_moves_release(struct sg_moves *moves)
{
	for (size_t i = 0; i < moves->n; i++)
		sg_move_release(&moves->at[i]);
	free(moves->at);
	*moves = (struct sg_moves){ 0 };
}

void sg_intent_release(struct sg_intent *i)
{
	sg_who_release(&i->who);
	for (size_t k = 0; k < i->n_outcomes; k++) {
		sg_key_release(&i->outcomes[k].key);
		free(i->outcomes[k].revision);
	}
	free(i->outcomes);
	sg_moves_release(&i->moves);
	sg_strs_release(&i->temps);
	*i = (struct sg_intent){ 0 };
}

void sg_block_release(struct sg_block *b)
{
	free(b->feed);
	free(b->id);
	free(b->revision);
	free(b->source);
	sg_who_release(&b->who);
	*b = (struct sg_block){ 0 };
}

struct sg_feed_row *sg_feed_row_new(const char *name)
{
	struct sg_feed_row *f = sg_alloc(sizeof(*f));

	f->name = sg_strdup(name);
	return f;
}

void sg_feed_row_copy(struct sg_feed_row *to, const struct sg_feed_row *from)
{
	*to = *from;
	to->name = NULL;
	to->url = to->etag = to->last_modified = to->signer = to->error = NULL;
	sg_str_set(&to->name, from->name);
	sg_str_set(&to->url, from->url);
	sg_str_set(&to->etag, from->etag);
	sg_str_set(&to->last_modified, from->last_modified);
	sg_str_set(&to->signer, from->signer);
	sg_str_set(&to->error, from->error);
}

void sg_feed_row_release(struct sg_feed_row *f)
{
	free(f->name);
	free(f->url);
	free(f->etag);
	free(f->last_modified);
	free(f->signer);
	free(f->error);
	*f = (struct sg_feed_row){ 0 };
}

void sg_audit_release(struct sg_audit *a)
{
	sg_key_release(&a->key);
	sg_who_release(&a->who);
	free(a->text);
	sg_val_free(a->data);
	*a = (struct sg_audit){ 0 };
}
