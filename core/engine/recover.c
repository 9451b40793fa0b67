/* recover.c - bringing an open intent to its end, by content alone. See recover.h for the rule. */
#include "engine/recover.h"

#include "actions/config_edit.h"
#include "engine/op_build.h"

#include <stdlib.h>
#include <string.h>

/* Starts that find the same intent open; the third closes it without touching anything. */
#define SG_RECOVERY_TRIES 3

/* Where one value of the intent stands once settling was tried. */
enum end { END_SETTLED, END_OTHER, END_GONE, END_STUCK };

struct settling {
	struct sg_ctx *ctx;
	const struct sg_intent *intent;
	struct sg_holds holds;
	enum end *end;         /* per move */
	struct sg_content *at; /* per move: what is there, when settled */
	bool foreign;          /* some value is OTHER */
	bool stuck;            /* some value could not be brought to settle */
	char *why;
};

static const struct sg_content *goal(const struct sg_move *m)
{
	return m->settle_to ? &m->to : &m->from;
}

/* One container at a time, so that one that cannot be read or written does not keep the others from being settled. */
static int settle_container(struct settling *s, const char *container, struct sg_err *err)
{
	struct sg_moves moves = { 0 };
	struct sg_step_plan plan = { 0 };
	int code;

	for (size_t i = 0; i < s->intent->moves.n; i++) {
		if (sg_win_same(s->intent->moves.at[i].addr.container, container))
			sg_move_copy(sg_moves_add(&moves), &s->intent->moves.at[i]);
	}
	code = sg_step_plan(s->ctx->drives, &moves, true, 0, &plan, err);
	if (!code)
		code = sg_step_write(&plan, true, NULL, NULL, err);
	if (code == SG_ENOSPC && sg_journal_reserve_free(s->ctx->journal, NULL) == 0) {
		sg_err_clear(err);
		code = sg_step_write(&plan, true, NULL, NULL, err);
		sg_journal_reserve_make(s->ctx->journal, NULL);
	}
	sg_step_plan_release(&plan);
	sg_moves_release(&moves);
	return code;
}

static int settle_all(struct settling *s, struct sg_err *err)
{
	for (size_t i = 0; i < s->intent->moves.n; i++) {
		const char *container = s->intent->moves.at[i].addr.container;
		struct sg_err why = SG_ERR_INIT;
		bool seen = false;
		int code;

		for (size_t k = 0; k < i; k++)
			seen = seen || sg_win_same(s->intent->moves.at[k].addr.container, container);
		if (seen)
			continue;
		code = settle_container(s, container, &why);
		if (code == SG_EFATAL)
			return sg_fail(err, code, "%s", why.msg);
		if (code && !s->why)
			s->why = sg_strdup(why.msg);
	}
	return 0;
}

/* Fresh eyes decide, not what was tried. */
static int look(struct settling *s, struct sg_err *err)
{
	size_t n = s->intent->moves.n;
	struct sg_seen_value *seen = sg_alloc((n + 1) * sizeof(*seen));
	int code = sg_step_look(s->ctx->drives, &s->intent->moves, seen, err);

	for (size_t i = 0; !code && i < n; i++) {
		const struct sg_move *m = &s->intent->moves.at[i];
		bool scaffold = m->addr.kind == SG_VALUE_SCAFFOLD;

		if (seen[i].seen == SG_SEEN_GONE)
			s->end[i] = END_GONE;
		else if (seen[i].seen == SG_SEEN_FAILED)
			s->end[i] = END_STUCK;
		else if (seen[i].seen == (m->settle_to ? SG_SEEN_TO : SG_SEEN_FROM))
			s->end[i] = END_SETTLED;
		else if (seen[i].seen == SG_SEEN_OTHER)
			s->end[i] = scaffold ? END_GONE : END_OTHER;
		else /* not at settle: a scaffold that others use now is let go, anything else did not work */
			s->end[i] = scaffold && seen[i].now.present && !s->why ? END_GONE : END_STUCK;
		if (s->end[i] == END_SETTLED)
			sg_content_copy(&s->at[i], &seen[i].now);
		s->foreign = s->foreign || s->end[i] == END_OTHER;
		s->stuck = s->stuck || s->end[i] == END_STUCK;
		if ((s->end[i] == END_OTHER || s->end[i] == END_STUCK) && !s->why)
			s->why = sg_format("%s in %s %s", m->addr.path, m->addr.container,
			        s->end[i] == END_OTHER ? "is somebody else's work now"
			                               : "could not be brought back");
	}
	sg_seen_release(seen, n);
	free(seen);
	return code;
}

/* A claim that still stands on a value which could not be settled keeps the scaffolds around it claimed, too. */
static bool around_kept(const struct settling *s, size_t i)
{
	const struct sg_addr *a = &s->intent->moves.at[i].addr;
	size_t n = strlen(a->path);

	for (size_t k = 0; k < s->intent->moves.n; k++) {
		const struct sg_addr *inner = &s->intent->moves.at[k].addr;

		if ((s->end[k] == END_OTHER || s->end[k] == END_STUCK) && a->kind == SG_VALUE_SCAFFOLD &&
		        sg_win_same(a->container, inner->container) &&
		        strncmp(a->path, inner->path, n) == 0 && inner->path[n] == '/')
			return true;
	}
	return false;
}

/* Which claims end: values that are at their before again (a repair keeps its claims: it is to be tried again), and what is gone. */
static void close_holds(
        const struct settling *s, struct sg_hold *put, size_t *n_put, struct sg_addr *drop, size_t *n_drop)
{
	for (size_t i = 0; i < s->intent->moves.n; i++) {
		const struct sg_move *m = &s->intent->moves.at[i];
		const struct sg_hold *h = sg_holds_find(&s->holds, &m->addr);

		if (!h)
			continue;
		if (s->end[i] == END_GONE) {
			drop[(*n_drop)++] = h->addr;
			continue;
		}
		if (s->end[i] != END_SETTLED || around_kept(s, i))
			continue;
		/* In a revert settle is the before. In the others a value whose hold came with this intent settles to that before; an older hold's
		 * value settles to the old after and stays claimed as it was. */
		if (s->intent->op == SG_OP_REVERT ||
		        (s->intent->op != SG_OP_REPAIR &&
		                sg_content_same(m->addr.kind, goal(m), &h->before))) {
			drop[(*n_drop)++] = h->addr;
			continue;
		}
		if (s->at[i].present && sg_content_same(m->addr.kind, goal(m),
		                                &h->after)) { /* as it stands now: its lead may be another */
			sg_hold_copy(&put[*n_put], h);
			sg_content_release(&put[*n_put].after);
			sg_content_copy(&put[(*n_put)++].after, &s->at[i]);
		}
	}
}

static bool holds_after(
        const struct settling *s, const struct sg_key *key, const struct sg_addr *drop, size_t n_drop)
{
	for (size_t i = 0; i < s->holds.n; i++) {
		bool gone = false;

		if (!sg_keys_has(&s->holds.at[i].holders, key))
			continue;
		for (size_t k = 0; k < n_drop; k++)
			gone = gone || sg_addr_equal(&drop[k], &s->holds.at[i].addr);
		if (!gone)
			return true;
	}
	return false;
}

static void row_settled(const struct settling *s, struct sg_row *row, const struct sg_outcome *o,
        const struct sg_err *cause, bool holds)
{
	enum sg_op op = s->intent->op;
	int64_t now = s->ctx->now.wall;
	struct sg_err why = SG_ERR_INIT;

	if (s->foreign && holds) {
		row->goal = op == SG_OP_REVERT ? SG_OUT : SG_IN;
		row->attempts++;
		sg_row_move(row, SG_BLOCKED, SG_WHY_DRIFT, now, "%s", s->why);
		return;
	}
	if (s->stuck && holds) {
		sg_fail(&why, SG_EIO, "%s", s->why ? s->why : cause->msg);
		sg_row_failed(row, SG_OP_REVERT, &why, false, true, now);
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
	if (op == SG_OP_SUPERSEDE) /* a crash says nothing about the body: it may be tried again */
		row->failed = cause->code ? row->failed : (struct sg_hash){ { 0 } };
	if (!cause->code && row->reason == SG_WHY_RETRY)
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

static int close_intent(struct settling *s, const struct sg_err *cause, struct sg_row *const *rows, size_t n,
        struct sg_err *err)
{
	size_t moves = s->intent->moves.n, members = s->intent->n_outcomes;
	struct sg_hold *put = sg_alloc((moves + 1) * sizeof(*put));
	struct sg_addr *drop = sg_alloc((moves + 1) * sizeof(*drop));
	struct sg_row **done = sg_alloc((members + 1) * sizeof(struct sg_row *));
	bool *owned = sg_alloc((members + 1) * sizeof(*owned));
	struct sg_lines lines = { 0 };
	struct sg_change change = { .rows = done, .holds_put = put, .holds_drop = drop };
	int code = 0;

	close_holds(s, put, &change.n_holds_put, drop, &change.n_holds_drop);
	for (size_t i = 0; i < members; i++) {
		const struct sg_outcome *o = &s->intent->outcomes[i];
		struct sg_row *row = row_of(s->ctx, &o->key, rows, n, &owned[change.n_rows], err);

		if (!row) {
			code = err ? err->code : SG_EDAMAGED;
			goto out;
		}
		done[change.n_rows++] = row;
		row_settled(s, row, o, cause, holds_after(s, &o->key, drop, change.n_holds_drop));
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
	change.audits = lines.at;
	change.n_audits = lines.n;
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

static int settle(struct sg_ctx *ctx, const struct sg_intent *intent, const struct sg_err *cause,
        struct sg_row *const *rows, size_t n, bool touch, struct sg_err *err)
{
	struct settling s = { .ctx = ctx, .intent = intent };
	size_t moves = intent->moves.n;
	int code = sg_journal_holds(ctx->read, &s.holds, err);

	s.end = sg_alloc((moves + 1) * sizeof(*s.end));
	s.at = sg_alloc((moves + 1) * sizeof(*s.at));
	if (!code && touch)
		code = settle_all(&s, err);
	if (!code)
		code = sg_step_clean(ctx->drives, &intent->temps, err);
	if (code && code != SG_EFATAL) { /* a temporary file that stays is no reason to keep an intent open */
		sg_err_clear(err);
		code = 0;
	}
	if (!code)
		code = look(&s, err);
	if (!code)
		code = close_intent(&s, cause, rows, n, err);
	for (size_t i = 0; i < moves; i++)
		sg_content_release(&s.at[i]);
	free(s.at);
	free(s.end);
	free(s.why);
	sg_holds_release(&s.holds);
	return code;
}

int sg_settle(struct sg_ctx *ctx, const struct sg_intent *intent, const struct sg_err *cause,
        struct sg_row *const *rows, size_t n, struct sg_err *err)
{
	return settle(ctx, intent, cause, rows, n, true, err);
}

int sg_recover(struct sg_ctx *ctx, bool *ret_recovered, struct sg_err *err)
{
	struct sg_intent intent = { 0 };
	struct sg_err none = SG_ERR_INIT;
	uint32_t attempts = 0;
	bool open = false;
	int code = sg_journal_intent(ctx->read, &intent, &open, err);

	if (code || !open)
		goto out;
	code = sg_journal_count_attempt(ctx->journal, &attempts, &ctx->now, err);
	if (code)
		goto out;
	if (attempts >= SG_RECOVERY_TRIES)
		sg_fail(&none, SG_EIO, "recovery itself ended %u times; the values were left as they are",
		        attempts - 1);
	code = settle(ctx, &intent, &none, NULL, 0, attempts < SG_RECOVERY_TRIES, err);
out:
	*ret_recovered = !code && open;
	sg_intent_release(&intent);
	return code;
}
