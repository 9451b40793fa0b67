/* care.c - what the engine looks after beside the mitigations: history that is too old, a journal that fills, feeds that grow stale, that every
 * held value was looked at, and what people are to be reminded of. No row changes here but one
 * that is forgotten, and a journal without room for such a line is no failure. */
#include "engine/care.h"

#include <stdlib.h>
#include <string.h>

/* --- what was said before */

static char *fact_of(const char *topic)
{
	return sg_format("said %s", topic);
}

int64_t sg_care_noted(struct sg_care *c, const char *topic)
{
	char *fact = fact_of(topic);
	int64_t at = c->w->facts ? sg_val_get_int(c->w->facts, fact, 0) : 0;

	sg_strs_add(&c->live, fact);
	free(fact);
	return at;
}

void sg_care_note(struct sg_care *c, const char *topic, int64_t at)
{
	char *fact = fact_of(topic);

	sg_val_set_int(c->facts, fact, at);
	free(fact);
}

bool sg_care_due(struct sg_care *c, int64_t at)
{
	if (c->ctx.now.wall >= at)
		return true;
	if (at < c->wake)
		c->wake = at;
	return false;
}

static void forget_the_rest(struct sg_care *c)
{
	for (size_t i = 0; c->w->facts && i < c->w->facts->n; i++) {
		const char *name = c->w->facts->kid[i]->key;

		if (strncmp(name, "said ", 5) == 0 && !sg_strs_has(&c->live, name))
			sg_val_set(c->facts, name, sg_val_nil());
	}
}

/* --- the journal, the feeds, the looks */

static int first_wall(void *arg, const struct sg_audit *line)
{
	*(int64_t *)arg = line->wall;
	return 1;
}

/* Daily, and only when there is something to take out: lines older than history is kept, or half of the room in use. */
static int prune(struct sg_engine *e, const struct sg_clock *now, struct sg_lines *lines,
        const struct sg_ctx *ctx, struct sg_err *err)
{
	int64_t keep_from = now->wall - sg_engine_conf(e)->history_keep, oldest = INT64_MAX;
	struct sg_journal_space space;
	uint64_t n = 0;
	int code;

	if (e->pruned && now->wall - e->pruned < SG_DAY && now->wall >= e->pruned)
		return 0;
	e->pruned = now->wall;
	sg_journal_space(e->journal, &space);
	code = sg_journal_audits(e->read, 0, false, first_wall, &oldest, err);
	if (code < 0 || (oldest >= keep_from && space.used < space.first_threshold / 2))
		return code < 0 ? code : 0;
	code = sg_coverage_keep(e, keep_from, now, err);
	if (code)
		return code;
	code = sg_journal_prune(e->journal, keep_from, now, &n, err);
	if (!code && n)
		sg_line(lines, ctx, SG_EV_JOURNAL_PRUNED, NULL, NULL,
		        "%llu line%s of history taken out; the chain goes on from a checkpoint",
		        (unsigned long long)n, n == 1 ? "" : "s");
	return code;
}

static void room(struct sg_engine *e, struct sg_lines *lines, const struct sg_ctx *ctx)
{
	struct sg_journal_space space;
	bool full;

	sg_journal_space(e->journal, &space);
	full = space.used >= space.first_threshold;
	if (full && !e->told_full)
		sg_line(lines, ctx, SG_EV_JOURNAL_FULL, NULL, NULL,
		        "%llu of %llu bytes of the journal are in use: nothing new is applied; reverts go on",
		        (unsigned long long)space.used, (unsigned long long)space.size);
	e->told_full = full;
}

/* A feed that has not verified for its stale-after, counted from the start when it never did: said once, until it has. */
static void freshness(
        struct sg_engine *e, const struct sg_world *w, struct sg_lines *lines, const struct sg_ctx *ctx)
{
	const struct sg_conf *conf = sg_engine_conf(e);
	struct sg_strs stale = { 0 };

	for (size_t i = 0; i < conf->n_feeds; i++) {
		const struct sg_conf_feed *f = &conf->feeds[i];
		const struct sg_feed_row *row = sg_world_feed(w, f->name);
		int64_t since = row && row->verified ? row->verified : e->started;
		char text[32];

		if (w->now.wall - since <= f->stale_after)
			continue;
		sg_strs_add(&stale, f->name);
		if (sg_strs_has(&e->stale, f->name))
			continue;
		sg_duration_format(f->stale_after, text);
		sg_line(lines, ctx, SG_EV_FEED_STALE, NULL, sg_line_of_feed(f->name),
		        "feed %s: has not verified for %s", f->name, text);
	}
	sg_strs_release(&e->stale);
	e->stale = stale;
}

/* At most hourly: how what is held was found. The line also says that the service was there until then (journal/coverage.h). */
static void hourly_look(struct sg_engine *e, const struct sg_world *w, const struct sg_decision *list,
        struct sg_lines *lines, const struct sg_ctx *ctx)
{
	size_t n = 0, clean = 0;

	if (w->now.wall >= e->audited && w->now.wall - e->audited < SG_HOUR)
		return;
	for (size_t i = 0; i < w->rows.n; i++) {
		n += list[i].facts.holds;
		clean += list[i].facts.holds && list[i].facts.look == SG_LOOK_AFTER;
	}
	e->audited = w->now.wall;
	if (!n)
		sg_line(lines, ctx, SG_EV_AUDITED, NULL, NULL, "nothing is held");
	else if (clean == n)
		sg_line(lines, ctx, SG_EV_AUDITED, NULL, NULL,
		        "every held value was looked at and is as it was written: %zu mitigation%s", n,
		        n == 1 ? "" : "s");
	else
		sg_line(lines, ctx, SG_EV_AUDITED, NULL, NULL,
		        "every held value was looked at: %zu of %zu mitigations are as they were written",
		        clean, n);
}

int sg_care(struct sg_engine *e, const struct sg_world *w, const struct sg_decision *list, struct sg_err *err)
{
	struct sg_care c = { .e = e, .w = w, .list = list, .facts = sg_val_map(), .wake = INT64_MAX };
	struct sg_change change = { .facts = c.facts };
	struct sg_err why = SG_ERR_INIT;
	int code;

	sg_engine_ctx(e, NULL, &c.ctx);
	code = prune(e, &w->now, &c.lines, &c.ctx, &why);
	room(e, &c.lines, &c.ctx);
	freshness(e, w, &c.lines, &c.ctx);
	hourly_look(e, w, list, &c.lines, &c.ctx);
	sg_care_remind(&c);
	sg_care_ends(&c);
	sg_care_expiry(&c);
	sg_care_forget(&c);
	forget_the_rest(&c);
	e->care_wake = c.wake;
	change.audits = c.lines.at;
	change.n_audits = c.lines.n;
	change.rows_drop = c.drop.at;
	change.n_rows_drop = c.drop.n;
	if (!code && (c.lines.n || c.facts->n))
		code = sg_journal_note(e->journal, &change, &c.ctx.now, &why);
	sg_lines_release(&c.lines);
	sg_strs_release(&c.live);
	sg_keys_release(&c.drop);
	sg_val_free(c.facts);
	if (code == SG_ENOSPC)
		return 0;
	return code ? sg_fail(err, code, "%s", why.msg) : 0;
}
