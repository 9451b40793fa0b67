/* run.c - the next piece of work: one note for all rows that move without edits, else one operation. Takings-out first, then repairs, then the rest. */
#include "engine/calm.h"
#include "engine/group.h"
#include "engine/rerun.h"
#include "engine/sched.h"
#include "engine/watch.h"

#include <stdlib.h>
#include <string.h>

/* The host's facts are read again when they are older. */
#define HOST_AGE (30 * SG_SECOND)

int sg_world_load(struct sg_engine *e, struct sg_world *ret, struct sg_err *err)
{
	struct sg_world w = { 0 };
	int code;

	sg_engine_clock(e, &w.now);
	code = sg_journal_rows(e->read, &w.rows, err);
	if (!code)
		code = sg_journal_holds(e->read, &w.holds, err);
	if (!code)
		code = sg_journal_blocks(e->read, &w.blocks, err);
	if (!code)
		code = sg_journal_feeds(e->read, &w.feeds, err);
	if (!code)
		code = sg_journal_facts(e->read, &w.facts, err);
	for (size_t i = 0; !code && i < w.rows.n; i++)
		sg_sight_known(&w, w.rows.at[i]);
	if (code)
		sg_world_release(&w);
	else
		*ret = w;
	return code;
}

void sg_world_release(struct sg_world *w)
{
	sg_rows_release(&w->rows);
	sg_holds_release(&w->holds);
	sg_blocks_release(&w->blocks);
	sg_feed_rows_release(&w->feeds);
	sg_val_free(w->facts);
	*w = (struct sg_world){ 0 };
}

struct sg_row *sg_world_row(const struct sg_world *w, const struct sg_key *key)
{
	for (size_t i = 0; i < w->rows.n; i++) {
		if (sg_key_equal(&w->rows.at[i]->key, key))
			return w->rows.at[i];
	}
	return NULL;
}

const struct sg_feed_row *sg_world_feed(const struct sg_world *w, const char *name)
{
	for (size_t i = 0; i < w->feeds.n; i++) {
		if (strcmp(w->feeds.at[i].name, name) == 0)
			return &w->feeds.at[i];
	}
	return NULL;
}

static bool wants(const struct sg_decision *d, enum sg_work work)
{
	return d->cell->kind == SG_CELL_WORK && d->cell->work == work;
}

static void line_of_move(struct sg_lines *lines, const struct sg_ctx *ctx, const struct sg_row *row)
{
	int code = row->reason == SG_WHY_DRIFT    ? SG_EV_DRIFT
	           : row->reason == SG_WHY_FOUGHT ? SG_EV_FOUGHT
	           : row->state == SG_APPLICABLE  ? SG_EV_WAITS
	                                          : SG_EV_MOVED;

	sg_line(lines, ctx, code, row, NULL, "%s: %s (%s): %s", row->key.id, sg_state_name(row->state),
	        sg_reason_name(row->reason), row->text ? row->text : "");
}

static void line_of_proof(struct sg_lines *lines, const struct sg_ctx *ctx, const struct sg_row *row)
{
	if (row->effective == SG_EFFECTIVE_NO)
		sg_line(lines, ctx, SG_EV_DEFEATED, row, NULL, "%s: in place without effect: %s", row->key.id,
		        row->effective_text ? row->effective_text : "");
	else
		sg_line(lines, ctx, SG_EV_EVALUATED, row, NULL, "%s: takes effect: %s", row->key.id,
		        sg_effective_name(row->effective));
}

static void line_of_sight(struct sg_lines *lines, const struct sg_ctx *ctx, const struct sg_row *row)
{
	char *text = sg_row_sight(row);

	sg_line(lines, ctx, text ? SG_EV_UNSEEN : SG_EV_SEEN, row, NULL, "%s: %s", row->key.id,
	        text                             ? text
	        : sg_hash_is_zero(&row->applied) ? "nothing of it is in place any more"
	                                         : "its values are looked after again");
	sg_sight_said(row, &lines->facts);
	free(text);
}

static void line_of_others(struct sg_lines *lines, const struct sg_ctx *ctx, const struct sg_row *row)
{
	if (row->in_force_by_others)
		sg_line(lines, ctx, SG_EV_BY_OTHERS, row, NULL, "%s: in force by others: %s", row->key.id,
		        row->others_text);
	else
		sg_line(lines, ctx, SG_EV_OTHERS_GONE, row, NULL,
		        "%s: what others had in force is gone or without effect", row->key.id);
}

/* Rows that move without an edit, all in one note. 1: something was written. */
static int note_moves(
        struct sg_engine *e, const struct sg_world *w, struct sg_decision *list, struct sg_err *err)
{
	struct sg_row **rows = sg_alloc((w->rows.n + 1) * sizeof(struct sg_row *));
	struct sg_lines lines = { 0 };
	struct sg_ctx ctx;
	size_t n = 0;
	int code = 0;

	sg_engine_ctx(e, NULL, &ctx);
	for (size_t i = 0; i < w->rows.n; i++) {
		bool moved = false;

		if (!e->conf && !list[i].facts.admin_out)
			continue; /* without a configuration only what a person asked for is done */
		sg_decision_note(&list[i], w->now.wall, &moved);
		/* What is about to be put back or taken out is proven when that is done. */
		list[i].proven = list[i].proven && !wants(&list[i], SG_WORK_REPAIR) &&
		                 !wants(&list[i], SG_WORK_REVERT);
		if (!moved && !list[i].evaluated && !list[i].proven && !list[i].others && !list[i].sight)
			continue;
		rows[n++] = list[i].row;
		if (moved)
			line_of_move(&lines, &ctx, list[i].row);
		if (!moved && list[i].evaluated)
			sg_line(&lines, &ctx, SG_EV_EVALUATED, list[i].row, NULL, "%s: needed here: %s: %s",
			        list[i].row->key.id, sg_applies_name(list[i].row->applies),
			        list[i].row->proof ? list[i].row->proof : "");
		if (list[i].proven)
			line_of_proof(&lines, &ctx, list[i].row);
		if (list[i].others)
			line_of_others(&lines, &ctx, list[i].row);
		if (list[i].sight)
			line_of_sight(&lines, &ctx, list[i].row);
		sg_calm_spend(e, list[i].row, 1);
		sg_calm_say(e, list[i].row, &lines);
	}
	if (n)
		code = sg_note(&ctx, rows, n, &lines, err);
	sg_lines_release(&lines);
	free(rows);
	return code ? code : n ? 1 : 0;
}

/* A block whose time is over is a row less, and says so. */
static int end_blocks(struct sg_engine *e, const struct sg_world *w, struct sg_err *err)
{
	struct sg_lines lines = { 0 };
	struct sg_change change = { 0 };
	struct sg_ctx ctx;
	int code = 0;

	sg_engine_ctx(e, NULL, &ctx);
	for (size_t i = 0; !code && i < w->blocks.n; i++) {
		const struct sg_block *b = &w->blocks.at[i];

		if (!b->until || w->now.wall < b->until)
			continue;
		sg_line(&lines, &ctx, SG_EV_BLOCK_ENDED, NULL, NULL, "the block of %s%s%s is over", b->id,
		        b->revision ? "@" : "", b->revision ? b->revision : "");
		lines.at[lines.n - 1].key.id = sg_strdup(b->id);
		lines.at[lines.n - 1].key.feed = sg_strdup(b->feed);
		change = (struct sg_change){
			.blocks_drop = b, .n_blocks_drop = 1, .audits = lines.at, .n_audits = lines.n
		};
		code = sg_journal_note(e->journal, &change, &ctx.now, err);
		if (!code)
			code = 1;
	}
	sg_lines_release(&lines);
	return code;
}

/* Collects the rows that want `work`, as members. */
static size_t members_of(const struct sg_engine *e, const struct sg_world *w, struct sg_decision *list,
        enum sg_work work, struct sg_member *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < w->rows.n; i++) {
		struct sg_decision *d = &list[i];

		if (!wants(d, work) || (!e->conf && !d->facts.admin_out))
			continue;
		ret[n] = (struct sg_member){ .row = d->row, .m = d->m };
		ret[n].adopt = work == SG_WORK_APPLY && d->facts.equivalent && d->facts.adopt;
		if (work == SG_WORK_REPAIR)
			ret[n].m = d->held ? d->held : d->m;
		if (work == SG_WORK_REVERT && d->situation == SG_SIT_BY_HAND) {
			ret[n].done = SG_BLOCKED;
			ret[n].done_why = SG_WHY_REMOVED;
			free(d->out_text);
			ret[n].done_text = d->out_text = sg_format(
			        "a person took it out by hand (%s), and what was left of it went, too; "
			        "'stopgapctl resolve %s --retry' takes it in again",
			        d->look_text ? d->look_text : "?", d->row->key.id);
		} else if (work == SG_WORK_REVERT && d->situation == SG_SIT_HALF) {
			ret[n].done = d->cell->done;
			ret[n].done_why = d->cell->done_why;
			ret[n].done_text = "what an error left half done is out; it is evaluated again";
		} else if (work == SG_WORK_REVERT) {
			sg_out_goal(&d->facts, &ret[n].done, &ret[n].done_why);
			free(d->out_text);
			ret[n].done_text = d->out_text = sg_decision_sentence(d, ret[n].done_why);
		}
		if (work == SG_WORK_REVERT || work == SG_WORK_DROP || ret[n].m)
			n++;
	}
	return n;
}

static int operate(
        struct sg_engine *e, const struct sg_world *w, struct sg_decision *list, struct sg_err *err)
{
	static const struct {
		enum sg_work work;
		enum sg_op op;
	} order[] = { { SG_WORK_DROP, SG_OP_REVERT }, { SG_WORK_REVERT, SG_OP_REVERT },
		{ SG_WORK_REPAIR, SG_OP_REPAIR }, { SG_WORK_SUPERSEDE, SG_OP_SUPERSEDE },
		{ SG_WORK_APPLY, SG_OP_APPLY } };
	struct sg_member *members = sg_alloc((w->rows.n + 1) * sizeof(*members));
	struct sg_err why = SG_ERR_INIT;
	struct sg_ctx ctx;
	int code = 0;
	size_t n;

	sg_engine_ctx(e, NULL, &ctx);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!e->conf && order[i].work != SG_WORK_REVERT)
			continue; /* without a configuration nothing is brought in */
		n = members_of(e, w, list, order[i].work, members);
		if (!n)
			continue;
		for (size_t k = 0; k < n; k++)
			sg_calm_spend(e, members[k].row, order[i].work == SG_WORK_APPLY ? 2 : 0);
		if (order[i].work == SG_WORK_DROP)
			code = sg_op_drop(&ctx, members[0].row, &why);
		else if (order[i].op == SG_OP_REVERT)
			code = sg_group_out(&ctx, members, n, &why);
		else
			code = sg_group_in(&ctx, order[i].op, members, n, &why);
		sg_engine_forget_views(e);
		e->host_at = 0;
		/* What failed is in its row by now; only what ends the process, or the stop that was asked for, goes up. */
		if (code == SG_EFATAL || code == SG_ECANCELED)
			sg_fail(err, code, "%s", why.msg);
		else
			code = 1;
		break;
	}
	free(members);
	return code;
}

/* What was seen while Setup or a pause was on is no ground to act on when it ends. */
static void look_at_hold(struct sg_engine *e, const struct sg_world *w)
{
	bool held = sg_world_paused(w) || (e->host && e->host->setup_running);

	if (e->held && !held)
		sg_engine_touched(e, NULL);
	e->held = held;
	sg_engine_host(e, HOST_AGE);
}

bool sg_engine_stopping(const struct sg_engine *e)
{
	return e->options.stop && e->options.stop(e->options.stop_arg);
}

int sg_engine_run(struct sg_engine *e, struct sg_err *err)
{
	struct sg_decision *list = NULL;
	struct sg_world w = { 0 };
	int code;

	if (e->fatal)
		return sg_fail(err, SG_EFATAL, "an earlier flush failed: the process must stop");
	sg_engine_host(e, HOST_AGE);
	code = sg_world_load(e, &w, err);
	if (code)
		return sg_engine_fail(e, code);
	look_at_hold(e, &w);
	if (sg_engine_stopping(e)) {
		code = SG_ECANCELED;
		goto out;
	}
	code = end_blocks(e, &w, err);
	if (code)
		goto out;
	code = sg_overhaul_begin(e, &w, err);
	if (code)
		goto out;
	sg_again_look(e, &w);
	list = sg_alloc((w.rows.n + 1) * sizeof(*list));
	for (size_t i = 0; i < w.rows.n && !sg_engine_stopping(e); i++) {
		struct sg_row *row = w.rows.at[i];
		struct sg_row *was = sg_calm_spent(e, row, w.now.wall) ? sg_row_copy(row) : NULL;

		sg_decide(e, &w, row, &list[i]);
		if (was)
			sg_calm_hold(e, &list[i], was, w.now.wall);
	}
	code = sg_engine_stopping(e) ? SG_ECANCELED : 0;
	if (!code)
		code = note_moves(e, &w, list, err);
	if (!code)
		code = operate(e, &w, list, err);
	if (!code)
		code = sg_rerun(e, &w, err);
	if (!code)
		code = sg_overhaul_end(e, &w, list, err);
	if (!code)
		code = sg_care(e, &w, list, err);
	if (!code)
		e->touched = false;
	if (!code)
		e->wake = sg_sched_wake(e, &w, list);
	if (!code && sg_calm_wake(e) < e->wake)
		e->wake = sg_calm_wake(e);
	for (size_t i = 0; i < w.rows.n; i++)
		sg_decision_release(&list[i]);
out:
	free(list);
	sg_world_release(&w);
	sg_engine_tell(e);
	return code == SG_ECANCELED ? 0 : sg_engine_fail(e, code);
}
