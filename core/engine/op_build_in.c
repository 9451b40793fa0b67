/* op_build_in.c - what it takes to bring bodies in: wishes against what is held and what is there. Writes nothing. */
#include "actions/config_edit.h"
#include "actions/iis_effective.h"
#include "engine/op_build.h"
#include "engine/rest.h"

#include <stdlib.h>
#include <string.h>

struct in {
	struct sg_ctx *ctx;
	enum sg_op op;
	const struct sg_member *members;
	size_t n;
	struct sg_build *b;
	enum theirs {
		UNKNOWN,
		NOT_THEIRS,
		THEIRS
	} *
	        theirs; /* of each of the journal's holds, once it was asked */
	struct sg_err *err;
};

/* Nothing is written while a build is collected, so that each member that asks gets the first one's answer. */
static bool is_theirs(struct in *in, const struct sg_hold *scaffold)
{
	enum theirs *known = &in->theirs[scaffold - in->b->holds.at];

	if (*known == UNKNOWN)
		*known = sg_rest_theirs(in->ctx, &in->b->holds, scaffold) ? THEIRS : NOT_THEIRS;
	return *known == THEIRS;
}

static bool held_by_others(const struct in *in, const struct sg_hold *h)
{
	for (size_t i = 0; i < h->holders.n; i++) {
		bool member = false;

		for (size_t k = 0; k < in->n; k++)
			member = member || sg_key_equal(&h->holders.at[i], &in->members[k].row->key);
		if (!member)
			return true;
	}
	return false;
}

static int waits_for_holder(struct in *in, const struct sg_hold *h)
{
	return sg_fail(in->err, SG_EBUSY,
	        "%s in %s is held by %s/%s with another content; it goes in when that one ends", h->addr.path,
	        h->addr.container, h->holders.n ? h->holders.at[0].feed : "?",
	        h->holders.n ? h->holders.at[0].id : "?");
}

static int taken(struct in *in, const struct sg_addr *addr, const char *what)
{
	return sg_fail(in->err, SG_ECONFLICT,
	        "%s in %s %s; look at it, then 'resolve ID --take-over' or remove it", addr->path,
	        addr->container, what);
}

/* A fresh claim, or an old one whose before is taken afresh. */
static void claim(
        struct in *in, struct sg_staged *s, const struct sg_content *now, const struct sg_content *to)
{
	sg_content_release(&s->hold.before);
	sg_content_copy(&s->hold.before, now);
	sg_content_release(&s->hold.after);
	sg_content_copy(&s->hold.after, to);
	s->opening = true;
	sg_build_move(in->b, s, now, to, false);
}

/* What the value belongs to is to be stopped. Who comes later may ask for what the first holder did not. */
static void hook(struct sg_staged *s, const struct sg_wish *w)
{
	struct sg_hook *h = &s->hold.hook;

	if (!w->hook)
		return;
	if (!h->kind) {
		h->kind = w->hook;
		h->name = sg_strdup(w->hook_name);
	}
	h->companion = h->companion || w->companion;
	s->run = true;
}

static bool is_open(const struct sg_content *c)
{
	static const struct sg_content open = { .present = true };

	return sg_content_same(SG_VALUE_SCAFFOLD, c, &open);
}

static int scaffold(
        struct in *in, const struct sg_key *key, const struct sg_wish *w, const struct sg_content *now)
{
	const struct sg_hold *held = sg_holds_find(&in->b->holds, &w->addr);
	struct sg_staged *s = sg_build_find(in->b, &w->addr);
	struct sg_content open = { .present = true };

	if (s && s->move != SG_NO_MOVE) {
		sg_keys_add(&s->hold.holders, key->feed, key->id);
		return 0;
	}
	if (is_open(now)) {
		if (held || s) { /* whoever has values inside holds it from the moment they may be there */
			s = sg_build_stage(in->b, &w->addr);
			sg_keys_add(&s->hold.holders, key->feed, key->id);
			s->opening = true;
		}
		return 0; /* somebody else's is not ours to claim */
	}
	s = sg_build_stage(in->b, &w->addr);
	sg_keys_add(&s->hold.holders, key->feed, key->id);
	claim(in, s, now, &open);
	/* It may stand around values of others, too, that are to come back into it. */
	for (size_t i = 0; i < in->b->holds.n; i++) {
		const struct sg_hold *h = &in->b->holds.at[i];

		for (size_t k = 0; k < h->holders.n && sg_addr_inside(&w->addr, &h->addr); k++)
			sg_keys_add(&s->hold.holders, h->holders.at[k].feed, h->holders.at[k].id);
	}
	return 0;
}

static int element(
        struct in *in, const struct sg_key *key, const struct sg_wish *w, const struct sg_content *now)
{
	enum sg_value_kind kind = w->addr.kind;
	const struct sg_hold *held = sg_holds_find(&in->b->holds, &w->addr);
	struct sg_staged *s = sg_build_find(in->b, &w->addr);
	bool mine = held && sg_keys_has(&held->holders, key);

	if (s && s->move != SG_NO_MOVE) { /* another member of this operation wants it too */
		if (!sg_content_same(kind, &in->b->moves.at[s->move].to, &w->to))
			return waits_for_holder(in, &s->hold);
		sg_keys_add(&s->hold.holders, key->feed, key->id);
		hook(s, w);
		return 0;
	}
	if (held && sg_content_same(kind, now, &held->after)) {
		if (!sg_content_same(kind, &held->after, &w->to)) {
			if (!mine || held_by_others(in, held))
				return waits_for_holder(in, held);
			s = sg_build_stage(in->b, &w->addr);
			sg_build_move(in->b, s, now, &w->to, false);
			hook(s, w);
			return 0;
		}
		s = sg_build_stage(in->b, &w->addr);
		sg_keys_add(&s->hold.holders, key->feed, key->id);
		hook(s, w);
		return 0;
	}
	if (held && !mine)
		return taken(in, &w->addr, "is held by another mitigation and is not as that one left it");
	if (held && held_by_others(in, held) && !sg_content_same(kind, &held->after, &w->to))
		return waits_for_holder(in, held);
	/* An attribute or a start type that stands there is what it was before us, whoever wrote it. */
	if (now->present && !w->adopt && (held || (kind != SG_VALUE_ATTRIBUTE && kind != SG_VALUE_SERVICE)) &&
	        !(held && sg_content_same(kind, now, &held->before)) && in->op != SG_OP_TAKE_OVER)
		return taken(in, &w->addr,
		        held ? "was edited by somebody else" : "is there already and is not ours");
	s = sg_build_stage(in->b, &w->addr);
	sg_keys_add(&s->hold.holders, key->feed, key->id);
	s->hold.adopted = s->hold.adopted || (w->adopt && now->present);
	claim(in, s, now, &w->to);
	hook(s, w);
	return 0;
}

/* Somebody else's rule makes way: its octets are the before, and nothing is wanted in its place. */
static void adopt(
        struct in *in, const struct sg_key *key, const struct sg_wish *w, const struct sg_content *now)
{
	struct sg_staged *s = sg_build_find(in->b, &w->addr);

	if (s && s->move != SG_NO_MOVE) { /* another member of this operation adopts it too */
		sg_keys_add(&s->hold.holders, key->feed, key->id);
		return;
	}
	if (!now->present || sg_holds_find(&in->b->holds, &w->addr))
		return;
	s = sg_build_stage(in->b, &w->addr);
	sg_keys_add(&s->hold.holders, key->feed, key->id);
	s->hold.adopted = true;
	claim(in, s, now, &w->to);
}

/* What the member holds and no longer wishes: the older body's own values. */
static int leave(struct in *in, const struct sg_key *key, const struct sg_wishes *wishes)
{
	for (size_t i = 0; i < in->b->holds.n; i++) {
		const struct sg_hold *h = &in->b->holds.at[i];
		struct sg_seen_value seen = { 0 };
		struct sg_staged *s;
		bool wished = false;

		if (!sg_keys_has(&h->holders, key))
			continue;
		if (sg_hold_makes_way(
		            h)) { /* adopted, until the last body is out; a new file has a say of its own */
			if (in->op == SG_OP_REPAIR && sg_rest_another(in->ctx, &in->b->holds, h))
				sg_build_stage(in->b, &h->addr)->drop = true;
			continue;
		}
		for (size_t k = 0; k < wishes->n; k++)
			wished = wished || sg_addr_equal(&wishes->at[k].addr, &h->addr);
		if (wished)
			continue;
		s = sg_build_stage(in->b, &h->addr);
		sg_keys_remove(&s->hold.holders, key);
		if (s->hold.holders.n)
			continue;
		s->drop = true;
		if (h->addr.kind == SG_VALUE_SCAFFOLD && is_theirs(in, h))
			continue;
		if (sg_step_read(in->ctx->drives, &h->addr, 1, &seen, NULL) == 0 &&
		        seen.seen != SG_SEEN_FAILED && seen.seen != SG_SEEN_GONE) {
			s->run =
			        h->hook.kind && (sg_content_same(h->addr.kind, &seen.now, &h->after) ||
			                                sg_content_same(h->addr.kind, &seen.now, &h->before));
			if (sg_content_same(h->addr.kind, &seen.now, &h->after)) {
				sg_build_move(in->b, s, &seen.now, &h->before, false);
			} else if (seen.now.present && h->addr.kind != SG_VALUE_SCAFFOLD &&
			           !sg_content_same(h->addr.kind, &seen.now, &h->before)) {
				sg_seen_release(&seen, 1);
				return taken(in, &h->addr, "was edited by somebody else");
			}
		}
		sg_seen_release(&seen, 1);
	}
	return 0;
}

/* A file that others replaced brings its own scaffolds: the claims on those that are open in it are not ours any more. */
static void disown(struct in *in, const struct sg_wishes *wishes, const struct sg_seen_value *seen)
{
	for (size_t i = 0; i < wishes->n; i++) {
		const struct sg_addr *addr = &wishes->at[i].addr;
		const struct sg_hold *h =
		        addr->kind == SG_VALUE_SCAFFOLD ? sg_holds_find(&in->b->holds, addr) : NULL;

		if (h && is_open(&seen[i].now) && is_theirs(in, h))
			sg_build_stage(in->b, addr)->disown = sg_build_stage(in->b, addr)->drop = true;
	}
}

/* The wishes, with what is adopted: its addresses count as ours already, so that its names are free. */
static int wishes_of(struct in *in, const struct sg_member *m, struct sg_wishes *ret)
{
	const struct sg_host *host = in->ctx->host;
	struct sg_others others = { 0 };
	struct sg_holds own = { 0 }; /* borrowed contents */
	int code = 0;

	if (m->adopt)
		code = sg_actions_others(m->m, host, in->ctx->drives, &in->b->holds, &others, in->err);
	own.at = sg_alloc((in->b->holds.n + others.n + 1) * sizeof(*own.at));
	for (size_t i = 0; i < in->b->holds.n; i++)
		own.at[own.n++] = in->b->holds.at[i];
	for (size_t i = 0; i < others.n; i++) {
		if (sg_other_adoptable(&others.at[i], host))
			own.at[own.n++] = (struct sg_hold){ .addr = others.at[i].addr };
	}
	if (!code)
		code = sg_actions_plan(m->m, host, in->ctx->drives, &own, ret, in->err);
	for (size_t i = in->b->holds.n; !code && i < own.n; i++) {
		struct sg_wish *w = NULL;

		for (size_t k = 0; !w && k < ret->n; k++) {
			if (sg_addr_equal(&ret->at[k].addr, &own.at[i].addr))
				w = &ret->at[k];
		}
		if (!w) {
			w = sg_wishes_add(ret);
			sg_addr_copy(&w->addr, &own.at[i].addr);
		}
		w->adopt = true;
	}
	free(own.at);
	sg_others_release(&others);
	return code;
}

/* The same key at another place by an earlier member of this operation: whether IIS would meet both can be told when one of them is in the files, so
 * that the other waits for its own turn. */
static int meet_nobody(struct in *in, const struct sg_wishes *wishes)
{
	static const char below[] = "/system.webServer/";

	for (size_t i = 0; i < wishes->n; i++) {
		const struct sg_wish *w = &wishes->at[i];
		const char *tail = w->addr.kind == SG_VALUE_ELEMENT ? strstr(w->addr.path, below) : NULL;

		for (size_t k = 0; tail && k < in->b->n; k++) {
			const struct sg_staged *s = &in->b->staged[k];
			const char *other = s->hold.addr.kind == SG_VALUE_ELEMENT && !s->drop && s->opening
			                            ? strstr(s->hold.addr.path, below)
			                            : NULL;

			if (other && sg_same(other, tail) && !sg_addr_equal(&s->hold.addr, &w->addr))
				return sg_fail(in->err, SG_ECONFLICT,
				        "%s in %s goes in first, and then %s in %s", s->hold.addr.path,
				        s->hold.addr.container, w->addr.path, w->addr.container);
		}
	}
	return 0;
}

/* A member with what it wishes; `seen` is what is there of each, in the one list of all members. */
static int member(struct in *in, const struct sg_member *m, const struct sg_wishes *wishes,
        const struct sg_seen_value *seen)
{
	int code = meet_nobody(in, wishes);

	for (size_t i = 0; !code && i < wishes->n; i++) {
		const char *container = wishes->at[i].addr.container;

		if (seen[i].seen == SG_SEEN_FAILED)
			code = sg_fail(in->err, SG_EPARSE, "%s cannot be read: %s", container,
			        seen[i].why ? seen[i].why : "?");
		else if (seen[i].seen == SG_SEEN_GONE)
			code = sg_fail(in->err, SG_ENOENT, "%s is not there", container);
	}
	if (!code)
		disown(in, wishes, seen);
	for (size_t i = 0; !code && i < wishes->n; i++) {
		const struct sg_wish *w = &wishes->at[i];
		struct sg_staged *s = sg_build_find(in->b, &w->addr);

		if (s && s->drop)
			continue;
		if (w->addr.kind == SG_VALUE_SCAFFOLD)
			code = scaffold(in, &m->row->key, w, &seen[i].now);
		else if (w->adopt && !w->to.present)
			adopt(in, &m->row->key, w, &seen[i].now);
		else
			code = element(in, &m->row->key, w, &seen[i].now);
	}
	return code ? code : leave(in, &m->row->key, wishes);
}

/* Nothing is written in between, so that every file is read once for all of them. Who comes before one that cannot be planned has its say first. */
static int all_members(struct in *in)
{
	struct sg_wishes *wishes = sg_alloc((in->n + 1) * sizeof(*wishes));
	struct sg_err late = SG_ERR_INIT, *err = in->err;
	struct sg_seen_value *seen;
	struct sg_addr *addrs;
	size_t planned = 0, n = 0, at = 0;
	int code = 0, failed = 0;

	in->err = &late;
	while (planned < in->n && !failed) {
		failed = wishes_of(in, &in->members[planned], &wishes[planned]);
		if (!failed)
			n += wishes[planned++].n;
	}
	in->err = err;
	addrs = sg_alloc((n + 1) * sizeof(*addrs));
	seen = sg_alloc((n + 1) * sizeof(*seen));
	for (size_t i = 0; i < planned; i++)
		for (size_t k = 0; k < wishes[i].n; k++)
			addrs[at++] = wishes[i].at[k].addr;
	code = sg_step_read(in->ctx->drives, addrs, n, seen, in->err);
	at = 0;
	for (size_t i = 0; !code && i < planned; i++) {
		code = member(in, &in->members[i], &wishes[i], seen + at);
		at += wishes[i].n;
	}
	if (!code && failed)
		code = sg_fail(in->err, failed, "%s", late.msg);
	sg_seen_release(seen, n);
	free(seen);
	free(addrs);
	for (size_t i = 0; i < in->n; i++)
		sg_wishes_release(&wishes[i]);
	free(wishes);
	return code;
}

int sg_build_in(struct sg_ctx *ctx, enum sg_op op, const struct sg_member *members, size_t n,
        struct sg_build *b, struct sg_err *err)
{
	struct in in = { .ctx = ctx, .op = op, .members = members, .n = n, .b = b, .err = err };
	const struct sg_host *host = ctx->host;
	struct sg_iis_files *files = NULL;
	struct sg_host sharing;
	int code = sg_journal_holds(ctx->read, &b->holds, err);

	if (!code && n && !host)
		code = sg_fail(err, SG_ESTATE, "this server's facts could not be read: nothing is applied");
	in.theirs = sg_alloc((b->holds.n + 1) * sizeof(*in.theirs));
	if (host && host->iis && !host->files) { /* all members are planned over the same files */
		sharing = *host;
		sharing.files = files = sg_iis_files_new(host->iis, ctx->drives);
		ctx->host = &sharing;
	}
	if (!code)
		code = all_members(&in);
	ctx->host = host;
	sg_iis_files_free(files);
	free(in.theirs);
	return code;
}
