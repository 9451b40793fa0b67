/* recover.c - bringing an open intent to its end, by content alone. See recover.h for the rule. */
#include "engine/recover_parts.h"

#include "actions/config_edit.h"
#include "engine/rest.h"

#include <stdlib.h>

/* Starts that find the same intent open; the third closes it without touching anything. */
#define SG_RECOVERY_TRIES 3

const struct sg_content *sg_settle_goal(const struct sg_move *m)
{
	return m->settle_to ? &m->to : &m->from;
}

/* One container at a time, so that one that cannot be read or written does not keep the others from being settled. */
static int settle_container(struct sg_settling *s, const char *container, struct sg_err *err)
{
	struct sg_moves moves = { 0 };
	struct sg_step_plan plan = { 0 };
	int code;

	for (size_t i = 0; i < s->intent->moves.n; i++) {
		const struct sg_move *m = &s->intent->moves.at[i];
		const struct sg_hold *h = sg_holds_find(&s->holds, &m->addr);

		if (!sg_win_same(m->addr.container, container))
			continue;
		if (s->left[i] || (h && s->theirs[h - s->holds.at]))
			continue;
		sg_move_copy(sg_moves_add(&moves), m);
	}
	code = sg_step_plan(s->ctx->drives, &moves, true, 0, &plan, err);
	sg_step_plan_rename(
	        &plan, &s->intent->temps); /* what this run leaves behind, the next one finds by the intent */
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

static int settle_all(struct sg_settling *s, struct sg_err *err)
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

/* Absent where it should stand, and not by us: the claim stays where an older one is to be repaired, and ends where this operation brought it. */
static enum sg_end absent(const struct sg_settling *s, const struct sg_move *m)
{
	enum sg_value_kind kind = m->addr.kind;
	const struct sg_hold *h = sg_holds_find(&s->holds, &m->addr);
	bool brought =
	        s->intent->op == SG_OP_REVERT || s->intent->op == SG_OP_APPLY ||
	        (s->intent->op == SG_OP_SUPERSEDE && h && sg_content_same(kind, &m->from, &h->before) &&
	                !sg_content_same(kind, &m->from, &h->after)); /* the newer body's alone */

	return kind == SG_VALUE_SCAFFOLD || brought ? END_GONE : END_LEFT;
}

/* Fresh eyes decide, not what was tried. */
static int look(struct sg_settling *s, struct sg_err *err)
{
	size_t n = s->intent->moves.n;
	struct sg_seen_value *seen = sg_alloc((n + 1) * sizeof(*seen));
	int code = sg_step_look(s->ctx->drives, &s->intent->moves, seen, err);

	for (size_t i = 0; !code && i < n; i++) {
		const struct sg_move *m = &s->intent->moves.at[i];
		bool scaffold = m->addr.kind == SG_VALUE_SCAFFOLD;

		if (seen[i].seen == SG_SEEN_GONE)
			s->end[i] = END_GONE;
		else if (s->left[i])
			s->end[i] = absent(s, m);
		else if (seen[i].seen == SG_SEEN_FAILED)
			s->end[i] = END_STUCK;
		else if (seen[i].seen == (m->settle_to ? SG_SEEN_TO : SG_SEEN_FROM) ||
		         (seen[i].seen == SG_SEEN_TO && sg_content_same(m->addr.kind, &m->from, &m->to)))
			s->end[i] = END_SETTLED;
		else if (seen[i].seen == SG_SEEN_OTHER)
			s->end[i] = !scaffold && seen[i].now.present ? END_OTHER : absent(s, m);
		else /* not at settle: a scaffold that others use now is let go, anything else did not work */
			s->end[i] = scaffold && seen[i].now.present && !s->why ? END_GONE : END_STUCK;
		if (s->end[i] == END_SETTLED || s->end[i] == END_STUCK)
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

/* Whether the intent moves values of the file that the address is in. */
static bool in_intent(const struct sg_intent *intent, const struct sg_addr *addr)
{
	for (size_t i = 0; i < intent->moves.n; i++) {
		if (addr->kind == SG_VALUE_SCAFFOLD &&
		        sg_win_same(intent->moves.at[i].addr.container, addr->container))
			return true;
	}
	return false;
}

/* Whether something in the container is as this operation writes it: then the file is the one that it wrote, and nobody's else. */
static bool is_written(const struct sg_settling *s, const char *container)
{
	size_t n = 0, max = s->intent->moves.n + 1;
	const struct sg_move **moves = sg_alloc(max * sizeof(*moves));
	struct sg_seen_value *seen = sg_alloc(max * sizeof(*seen));
	struct sg_addr *addrs = sg_alloc(max * sizeof(*addrs));
	bool written = false;

	for (size_t i = 0; i < s->intent->moves.n; i++) {
		const struct sg_move *m = &s->intent->moves.at[i];

		if (m->addr.kind == SG_VALUE_SCAFFOLD || !m->to.present ||
		        !sg_win_same(m->addr.container, container) ||
		        sg_content_same(m->addr.kind, &m->from, &m->to))
			continue;
		addrs[n] = m->addr;
		moves[n++] = m;
	}
	if (sg_step_read(s->ctx->drives, addrs, n, seen, NULL) == 0)
		for (size_t i = 0; !written && i < n; i++)
			written = seen[i].now.present &&
			          sg_content_same(moves[i]->addr.kind, &seen[i].now, &moves[i]->to);
	sg_seen_release(seen, n);
	free(seen);
	free(addrs);
	free(moves);
	return written;
}

/* What is absent because others replaced the file is not put into theirs by recovery, which knows nothing of it: a repair does, with an intent of its own. */
static void leave_replaced(struct sg_settling *s)
{
	size_t n = s->intent->op == SG_OP_REVERT ? 0 : s->intent->moves.n;
	struct sg_seen_value *seen = sg_alloc((n + 1) * sizeof(*seen));
	struct sg_addr *addrs = sg_alloc((n + 1) * sizeof(*addrs));
	const char *container = NULL; /* that `written` is about */
	bool written = false, read;

	for (size_t i = 0; i < n; i++)
		addrs[i] = s->intent->moves.at[i].addr;
	read = sg_step_read(s->ctx->drives, addrs, n, seen, NULL) == 0;
	for (size_t i = 0; read && i < n; i++) {
		const struct sg_move *m = &s->intent->moves.at[i];
		const struct sg_hold *h = sg_holds_find(&s->holds, &m->addr);

		if (!h || !sg_settle_goal(m)->present || seen[i].seen == SG_SEEN_FAILED ||
		        seen[i].seen == SG_SEEN_GONE || seen[i].now.present)
			continue;
		if (!container || !sg_win_same(container, m->addr.container)) {
			container = m->addr.container;
			written = is_written(s, container);
		}
		s->left[i] = !written && sg_rest_replaced(s->ctx, &s->holds, h);
	}
	sg_seen_release(seen, n);
	free(seen);
	free(addrs);
}

static int settle(struct sg_ctx *ctx, const struct sg_intent *intent, const struct sg_err *cause,
        const struct sg_rans *stopped, struct sg_row *const *rows, size_t n, bool touch, struct sg_err *err)
{
	struct sg_settling s = { .ctx = ctx, .intent = intent, .stopped = stopped, .touch = touch };
	size_t moves = intent->moves.n;
	int code = sg_journal_holds(ctx->read, &s.holds, err);

	s.end = sg_alloc((moves + 1) * sizeof(*s.end));
	s.at = sg_alloc((moves + 1) * sizeof(*s.at));
	s.theirs = sg_alloc((s.holds.n + 1) * sizeof(*s.theirs));
	for (size_t i = 0; !code && i < s.holds.n; i++)
		s.theirs[i] = in_intent(intent, &s.holds.at[i].addr) &&
		              !is_written(&s, s.holds.at[i].addr.container) &&
		              sg_rest_theirs(ctx, &s.holds, &s.holds.at[i]);
	s.left = sg_alloc((moves + 1) * sizeof(*s.left));
	if (!code)
		leave_replaced(&s);
	/* Before the folders are synced, so that no temporary file comes back after the intent is closed; one that stays is no reason to keep it open. */
	if (!code)
		sg_step_clean(ctx->drives, &intent->temps, NULL);
	if (!code && touch)
		code = settle_all(&s, err);
	if (!code)
		code = look(&s, err);
	if (!code)
		code = sg_settle_close(&s, cause, rows, n, err);
	for (size_t i = 0; i < moves; i++)
		sg_content_release(&s.at[i]);
	free(s.at);
	free(s.theirs);
	free(s.left);
	free(s.end);
	free(s.why);
	sg_holds_release(&s.holds);
	return code;
}

int sg_settle(struct sg_ctx *ctx, const struct sg_intent *intent, const struct sg_err *cause,
        const struct sg_rans *stopped, struct sg_row *const *rows, size_t n, struct sg_err *err)
{
	return settle(ctx, intent, cause, stopped, rows, n, true, err);
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
	code = settle(ctx, &intent, &none, NULL, NULL, 0, attempts < SG_RECOVERY_TRIES, err);
out:
	*ret_recovered = !code && open;
	sg_intent_release(&intent);
	return code;
}
