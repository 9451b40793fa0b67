/* calm.c - see calm.h. Writes nothing itself. */
#include "engine/calm.h"

#include <stdlib.h>

static struct sg_calm *calm_of(struct sg_engine *e, const struct sg_row *row, int64_t now)
{
	struct sg_calm *c = NULL;

	for (size_t i = 0; !c && i < e->n_calm; i++) {
		if (sg_key_equal(&e->calm[i].key, &row->key))
			c = &e->calm[i];
	}
	if (!c) {
		e->calm = sg_grow(e->calm, e->n_calm, &e->cap_calm, sizeof(*e->calm));
		c = &e->calm[e->n_calm++];
		*c = (struct sg_calm){ .at = now, .left = SG_CALM_FREE, .body = row->offered };
		sg_key_copy(&c->key, &row->key);
	}
	if (!sg_hash_equal(&c->body, &row->offered)) {
		c->body = row->offered;
		c->left = SG_CALM_FREE;
	}
	if (now < c->at) /* the clock was set back */
		c->at = now;
	for (; now - c->at >= SG_HOUR && c->left < SG_CALM_FREE; c->at += SG_HOUR)
		c->left++;
	if (c->left >= SG_CALM_FREE)
		c->at = now;
	return c;
}

bool sg_calm_spent(struct sg_engine *e, const struct sg_row *row, int64_t now)
{
	return calm_of(e, row, now)->left <= 0;
}

void sg_calm_spend(struct sg_engine *e, const struct sg_row *row, int times)
{
	struct sg_clock now;
	struct sg_calm *c;

	sg_engine_clock(e, &now);
	c = calm_of(e, row, now.wall);
	c->left = c->left > times ? c->left - times : 0;
}

/* How bad it is for people. */
static int rank(const struct sg_row *row, bool holds)
{
	switch (sg_row_verdict(row, holds)) {
	case SG_V_IN_FORCE:
	case SG_V_BY_OTHERS:
	case SG_V_NOT_NEEDED: return 0;
	case SG_V_UNKNOWN: return 1;
	case SG_V_WAITING: return 2;
	case SG_V_EXPOSED: break;
	}
	return 3;
}

static bool got_worse(const struct sg_row *was, const struct sg_row *is, bool holds)
{
	return rank(is, holds) > rank(was, holds) || (is->state == SG_BLOCKED && was->state != SG_BLOCKED);
}

/* What waits: a note that says nothing bad, and an apply. */
static bool may_wait(const struct sg_decision *d, const struct sg_row *was, int64_t now)
{
	bool works = d->cell->kind == SG_CELL_WORK && d->cell->work != SG_WORK_NOTE;
	bool news = d->evaluated || d->proven || d->others || d->sight, moved = false;
	struct sg_decision noted = *d;

	if (works)
		return d->cell->work == SG_WORK_APPLY && !d->row->now;
	noted.row = sg_row_copy(d->row);
	sg_decision_note(&noted, now, &moved);
	moved = (moved || news) && !got_worse(was, noted.row, d->facts.holds);
	sg_row_free(noted.row);
	return moved;
}

void sg_calm_hold(struct sg_engine *e, struct sg_decision *d, struct sg_row *was, int64_t now)
{
	static const struct sg_cell quiet = { .kind = SG_CELL_IGNORE, .text = "changes too often" };
	struct sg_calm *c = calm_of(e, d->row, now);

	if (may_wait(d, was, now)) {
		struct sg_row fresh = *d->row;

		*d->row = *was;
		*was = fresh;
		d->cell = &quiet;
		d->evaluated = d->proven = d->others = d->sight = false;
		if (!c->unsaid++)
			c->since = now;
	}
	sg_row_free(was);
}

void sg_calm_say(struct sg_engine *e, const struct sg_row *row, struct sg_lines *lines)
{
	struct sg_clock now;
	struct sg_calm *c;
	struct sg_audit *line;
	char since[32], *text;

	sg_engine_clock(e, &now);
	c = calm_of(e, row, now.wall);
	if (!c->unsaid || !lines->n)
		return;
	line = &lines->at[lines->n - 1];
	sg_time_format(c->since, since);
	text = sg_format("%s (it changed %llu time%s since %s, which was not written down each time)",
	        line->text, (unsigned long long)c->unsaid, c->unsaid == 1 ? "" : "s", since);
	free(line->text);
	line->text = text;
	c->unsaid = 0;
}

int64_t sg_calm_wake(const struct sg_engine *e)
{
	int64_t wake = INT64_MAX;

	for (size_t i = 0; i < e->n_calm; i++) {
		if (e->calm[i].unsaid && e->calm[i].at + SG_HOUR < wake)
			wake = e->calm[i].at + SG_HOUR;
	}
	return wake;
}

void sg_calm_forget(struct sg_engine *e)
{
	for (size_t i = 0; i < e->n_calm; i++)
		sg_key_release(&e->calm[i].key);
	free(e->calm);
	e->calm = NULL;
	e->n_calm = e->cap_calm = 0;
}
