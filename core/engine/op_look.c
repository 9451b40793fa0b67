/* op_look.c - looking without touching: what became of held values, whether they take effect; and the two ways to let claims go. */
#include "engine/op_run.h"
#include "engine/rest.h"

#include <stdlib.h>
#include <string.h>

void sg_look_result_release(struct sg_look_result *r)
{
	free(r->text);
	*r = (struct sg_look_result){ 0 };
}

/* Held values of the row as moves from before to after, with the holds in the same order. */
static size_t held(const struct sg_holds *holds, const struct sg_key *key, struct sg_moves *moves,
        const struct sg_hold **ret)
{
	for (size_t i = 0; i < holds->n; i++) {
		if (!sg_keys_has(&holds->at[i].holders, key))
			continue;
		ret[moves->n] = &holds->at[i];
		sg_moves_add_hold(moves, &holds->at[i], false);
	}
	return moves->n;
}

static enum sg_look look_of(const struct sg_seen_value *seen, const struct sg_hold *h)
{
	const struct sg_addr *addr = &h->addr;

	/* Whoever puts an adopted rule back, or another in its place, takes nothing of ours out. */
	if (sg_hold_makes_way(h) && (seen->seen == SG_SEEN_FROM || seen->seen == SG_SEEN_OTHER))
		return SG_LOOK_AFTER;
	switch (seen->seen) {
	case SG_SEEN_TO: return SG_LOOK_AFTER;
	case SG_SEEN_FROM: return SG_LOOK_MISSING;
	case SG_SEEN_OTHER:
		return addr->kind == SG_VALUE_SCAFFOLD || !seen->now.present ? SG_LOOK_MISSING
		                                                             : SG_LOOK_OTHER;
	case SG_SEEN_GONE: return SG_LOOK_GONE;
	case SG_SEEN_FAILED: return SG_LOOK_FAILED;
	}
	return SG_LOOK_FAILED;
}

static unsigned rank(enum sg_look l)
{
	static const unsigned ranks[] = { [SG_LOOK_NONE] = 0,
		[SG_LOOK_AFTER] = 1,
		[SG_LOOK_MISSING] = 2,
		[SG_LOOK_OTHER] = 3,
		[SG_LOOK_FAILED] = 4,
		[SG_LOOK_GONE] = 5 };

	return ranks[l];
}

/* Which value it is, in which file, what became of it, and for what somebody else edited, what a person can do. */
static char *say_look(
        const struct sg_addr *addr, enum sg_look look, const char *why, const struct sg_key *key)
{
	if (look == SG_LOOK_OTHER)
		return sg_format(
		        "%s in %s was edited by somebody else%s%s; 'stopgapctl show %s' has both versions, "
		        "'stopgapctl resolve %s' with --retry, --take-over or --accept decides",
		        addr->path, addr->container, why ? ": " : "", why ? why : "", key->id, key->id);
	return sg_format("%s in %s: %s%s%s", addr->path, addr->container, sg_look_name(look), why ? ": " : "",
	        why ? why : "");
}

int sg_op_look(struct sg_ctx *ctx, const struct sg_holds *holds, const struct sg_key *key,
        struct sg_look_result *ret, struct sg_err *err)
{
	const struct sg_hold **list = sg_alloc((holds->n + 1) * sizeof(*list));
	struct sg_moves moves = { 0 };
	struct sg_look_result r = { 0 };
	size_t n = held(holds, key, &moves, list);
	struct sg_seen_value *seen = sg_alloc((n + 1) * sizeof(*seen));
	int code = n ? sg_step_look(ctx->drives, &moves, seen, err) : 0;

	for (size_t i = 0; !code && i < n; i++) {
		enum sg_look l = look_of(&seen[i], list[i]);

		if (l == SG_LOOK_MISSING && !r.replaced)
			r.replaced = sg_rest_replaced(ctx, holds, list[i]);
		if (l != SG_LOOK_AFTER && (!r.text || rank(l) > rank(r.look))) {
			free(r.text);
			r.text = say_look(&moves.at[i].addr, l, seen[i].why, key);
		}
		if (rank(l) > rank(r.look))
			r.look = l;
	}
	if (code)
		sg_look_result_release(&r);
	else
		*ret = r;
	sg_seen_release(seen, n);
	free(seen);
	free(list);
	sg_moves_release(&moves);
	return code;
}

void sg_op_prove(struct sg_ctx *ctx, struct sg_row *row, const struct sg_mitigation *m)
{
	struct sg_proof proof = { 0 };
	struct sg_err err = SG_ERR_INIT;

	free(row->effective_text);
	row->effective_text = NULL;
	row->effective = SG_EFFECTIVE_UNKNOWN;
	if (!ctx->host)
		return;
	if (sg_actions_prove(m, ctx->host, ctx->drives, &proof, &err)) {
		row->effective_text = sg_strdup(err.msg);
		return;
	}
	row->effective = proof.effective;
	if (proof.effective != SG_EFFECTIVE_NO)
		row->effective_text = sg_run_defeat(ctx, row);
	if (row->effective_text)
		row->effective = SG_EFFECTIVE_NO;
	else
		row->effective_text = sg_strdup(proof.text);
	sg_proof_release(&proof);
}

/* Which claims go: those whose carrier is gone (drop), or those that are not at their after (accept). */
static int let_go(struct sg_ctx *ctx, struct sg_row *row, bool accept, struct sg_err *err)
{
	struct sg_holds holds = { 0 };
	const struct sg_hold **list = NULL;
	struct sg_moves moves = { 0 };
	struct sg_seen_value *seen = NULL;
	struct sg_hold *put = NULL;
	struct sg_addr *drop = NULL;
	struct sg_lines lines = { 0 };
	struct sg_change change = { .rows = &row, .n_rows = 1 };
	size_t n = 0, left = 0;
	int code = sg_journal_holds(ctx->read, &holds, err);

	if (code)
		goto out;
	list = sg_alloc((holds.n + 1) * sizeof(*list));
	n = held(&holds, &row->key, &moves, list);
	seen = sg_alloc((n + 1) * sizeof(*seen));
	put = sg_alloc((n + 1) * sizeof(*put));
	drop = sg_alloc((n + 1) * sizeof(*drop));
	code = sg_step_look(ctx->drives, &moves, seen, err);
	if (code)
		goto out;
	for (size_t i = 0; i < n; i++) {
		bool go = seen[i].seen == SG_SEEN_GONE ||
		          (accept && (seen[i].seen == SG_SEEN_OTHER || seen[i].seen == SG_SEEN_FROM));

		if (!go) {
			left++;
			continue;
		}
		if (list[i]->holders.n > 1) {
			sg_hold_copy(&put[change.n_holds_put], list[i]);
			sg_keys_remove(&put[change.n_holds_put++].holders, &row->key);
		} else {
			drop[change.n_holds_drop++] = list[i]->addr;
		}
	}
	if (accept)
		sg_row_move(row, SG_APPLIED, SG_WHY_APPLIED, ctx->now.wall,
		        "an administrator accepted what others made of it");
	else if (!left)
		sg_row_out(row, SG_PENDING, SG_WHY_GONE, "what held its values is gone", ctx->now.wall);
	sg_line(&lines, ctx, SG_EV_DROPPED, row, NULL, "%s: %zu claim%s dropped, %zu left", row->key.id,
	        change.n_holds_put + change.n_holds_drop,
	        change.n_holds_put + change.n_holds_drop == 1 ? "" : "s", left);
	change.holds_put = put;
	change.holds_drop = drop;
	change.audits = lines.at;
	change.n_audits = lines.n;
	code = sg_journal_note(ctx->journal, &change, &ctx->now, err);
out:
	for (size_t i = 0; i < change.n_holds_put; i++)
		sg_hold_release(&put[i]);
	free(put);
	free(drop);
	if (seen)
		sg_seen_release(seen, n);
	free(seen);
	free(list);
	sg_lines_release(&lines);
	sg_moves_release(&moves);
	sg_holds_release(&holds);
	return code;
}

int sg_op_drop(struct sg_ctx *ctx, struct sg_row *row, struct sg_err *err)
{
	return let_go(ctx, row, false, err);
}

int sg_op_accept(struct sg_ctx *ctx, struct sg_row *row, struct sg_err *err)
{
	return let_go(ctx, row, true, err);
}
