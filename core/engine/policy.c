/* policy.c - first match wins; whatever is not said is allowed at once. */
#include "engine/policy.h"

#include "base/text.h"
#include "model/window.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct sg_conf_when *sg_policy_when(const struct sg_conf *conf, const struct sg_mitigation *m)
{
	for (size_t i = 0; i < conf->n_whens; i++) {
		const struct sg_conf_when *w = &conf->whens[i];
		bool kind = !w->kind;

		for (size_t k = 0; !kind && k < m->n_actions; k++) {
			const struct sg_action_kind *a = sg_action_kind(m->actions[k].type);

			kind = a && sg_globs(w->kind, a->conf_name);
		}
		if (!kind || (w->feed && !sg_globs(w->feed, m->feed)) || (w->id && !sg_globs(w->id, m->id)))
			continue;
		if (w->min_severity >= 0 && (int)m->severity < w->min_severity)
			continue;
		if (w->ring && !(conf->ring && sg_globs(w->ring, conf->ring)))
			continue;
		return w;
	}
	return NULL;
}

/* A heartbeat changes nothing: nobody is asked for it, and it is not observed only. */
bool sg_policy_harmless(const struct sg_mitigation *m)
{
	for (size_t i = 0; i < m->n_actions; i++) {
		const struct sg_action_kind *kind = sg_action_kind(m->actions[i].type);

		if (!kind || strcmp(kind->conf_name, "do_nothing") != 0)
			return false;
	}
	return m->n_actions > 0;
}

bool sg_policy_observe(const struct sg_conf *conf, const struct sg_mitigation *m)
{
	const struct sg_conf_when *w = m ? sg_policy_when(conf, m) : NULL;

	return (conf->mode == SG_MODE_OBSERVE || (w && w->what == SG_DO_OBSERVE)) &&
	       !(m && sg_policy_harmless(m));
}

static bool asks(const struct sg_conf *conf, const struct sg_conf_when *w)
{
	return w ? w->what == SG_DO_ASK || (conf->mode == SG_MODE_ASK && w->what == SG_DO_APPLY)
	         : conf->mode == SG_MODE_ASK;
}

void sg_policy_deadlines(
        const struct sg_conf *conf, const struct sg_mitigation *m, struct sg_row *row, int64_t now)
{
	const struct sg_conf_when *w = sg_policy_when(conf, m);

	row->delay_until = w && w->delay ? now + w->delay : 0;
	row->ask_until = w && asks(conf, w) && w->then_apply && w->after ? now + w->after : 0;
}

bool sg_policy_window(const char *window, int64_t now, bool maintenance, int64_t *ret_next)
{
	time_t t = (time_t)(now / 1000);
	struct tm *local;
	int wait;

	*ret_next = 0;
	if (!window)
		return true;
	local = localtime(&t); /* C's own, not re-entrant: only the change lane asks */
	if (!local || sg_window_open(window, local->tm_hour * 60 + local->tm_min, maintenance, &wait))
		return true;
	if (wait >= 0)
		*ret_next = now - now % 60000 + wait * INT64_C(60000);
	return false;
}

const char *sg_policy_removal_window(const struct sg_conf *conf)
{
	return conf->removal_window ? conf->removal_window : conf->window;
}

static bool disruptive(const struct sg_mitigation *m)
{
	for (size_t i = 0; i < m->n_actions; i++) {
		const struct sg_action_kind *kind = sg_action_kind(m->actions[i].type);

		if (kind && kind->disruptive)
			return true;
	}
	return false;
}

/* The window that it goes in by. A hole that is being used cannot wait for the night: what is critical and stops nothing waits only where a <when> that
 * is about it by kind, feed, id or severity says so. */
static const char *window_of(
        const struct sg_conf *conf, const struct sg_conf_when *w, const struct sg_mitigation *m)
{
	bool named = w && (w->kind || w->feed || w->id || w->min_severity >= 0), stops = disruptive(m);

	if (w && w->window)
		return named || stops || m->severity != SG_CRITICAL_SEVERITY ? w->window : NULL;
	return stops ? conf->window : NULL;
}

static void wait_for(struct sg_go *ret, enum sg_reason why, int64_t next, const char *text)
{
	ret->go = false;
	ret->why = why;
	ret->next = next;
	snprintf(ret->text, sizeof(ret->text), "%s", text);
}

/* With the time from which it no longer waits, where there is one. */
static void wait_until(
        struct sg_go *ret, enum sg_reason why, int64_t next, const char *text, const char *until)
{
	char when[32] = "";

	wait_for(ret, why, next, text);
	if (next) {
		sg_time_format(next, when);
		snprintf(ret->text, sizeof(ret->text), "%s%s%s", text, until, when);
	}
}

void sg_policy_go(const struct sg_go_in *in, struct sg_go *ret)
{
	const struct sg_row *row = in->row;
	const struct sg_conf_when *w = sg_policy_when(in->conf, in->m);
	bool approved = sg_hash_equal(&row->approved, &in->m->hash);
	bool applied_before = sg_hash_equal(&row->applied, &in->m->hash);
	const char *window = window_of(in->conf, w, in->m);
	int64_t opens = 0;

	*ret = (struct sg_go){ .go = true };
	if (in->newer_blocked)
		wait_for(ret, SG_WHY_ADMIN, 0,
		        "a block covers this revision; 'stopgapctl unblock' takes it back");
	else if (row->retry_at > in->now)
		wait_for(ret, SG_WHY_RETRY, row->retry_at, row->text ? row->text : "tried again later");
	else if (in->feed && in->feed->expires && in->now > in->feed->expires && !applied_before)
		wait_for(ret, SG_WHY_STALE, 0, "its feed is past its expires: nothing new starts from it");
	else if (approved && row->now)
		return; /* apply: past window, delay and ring */
	else if (asks(in->conf, w) && !sg_policy_harmless(in->m) && !approved &&
	         !(row->ask_until && in->now >= row->ask_until))
		wait_until(ret, SG_WHY_APPROVAL, row->ask_until,
		        "waits for approval: 'stopgapctl approve ID' or 'apply ID'",
		        "; goes in without it at ");
	else if (row->delay_until > in->now)
		wait_until(ret, SG_WHY_DELAY, row->delay_until, "waits for the delay that the policy sets",
		        ", until ");
	else if (!sg_policy_window(window, in->now, in->maintenance, &opens)) {
		wait_for(ret, opens ? SG_WHY_WINDOW : SG_WHY_MAINTENANCE, opens, "");
		snprintf(ret->text, sizeof(ret->text), "waits for its window: %s%s", window,
		        opens ? "" : ", at no known time; 'stopgapctl apply ID' does not wait for it");
	}
}

const struct sg_block *sg_policy_block(const struct sg_blocks *blocks, const struct sg_row *row,
        const char *revision, int64_t now, bool *ret_keep)
{
	const struct sg_block *first = NULL;

	*ret_keep = true;
	for (size_t i = 0; i < blocks->n; i++) {
		const struct sg_block *b = &blocks->at[i];

		if ((b->feed && strcmp(b->feed, row->key.feed) != 0) || !sg_same(b->id, row->key.id) ||
		        (b->until && now >= b->until))
			continue;
		if (b->revision && !(revision && sg_revision_covers(b->revision, revision)))
			continue;
		if (!first)
			first = b;
		*ret_keep = *ret_keep && b->keep;
	}
	return first;
}
