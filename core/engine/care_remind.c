/* care_remind.c - says again, in time, what a person has to know: that something is exposed, that something asks, that Setup does not end. */
#include "engine/care.h"

#include "base/worker.h"

#include <stdlib.h>
#include <string.h>

/* A Setup that is at work for so long was interrupted, most likely. */
#define SETUP_LASTS (4 * SG_HOUR)

/* How it is said that a row is exposed for the first time. */
enum first {
	FIRST_NEVER,    /* the administrators chose a mode that changes nothing */
	FIRST_AT_ONCE,  /* nobody was told with that weight */
	FIRST_WAS_SAID, /* the event of the move itself is critical */
	FIRST_IN_A_DAY, /* it may pass by itself */
};

static enum first first_of(const struct sg_row *row)
{
	if (row->state == SG_APPLIED && row->effective == SG_EFFECTIVE_NO)
		return FIRST_WAS_SAID;
	switch (row->reason) {
	case SG_WHY_OBSERVE: return FIRST_NEVER;
	case SG_WHY_APPROVAL:
	case SG_WHY_ADMIN:
	case SG_WHY_CONFLICT:
	case SG_WHY_FAILED:
	case SG_WHY_BY_ADMIN: return FIRST_AT_ONCE;
	case SG_WHY_REMOVED:
	case SG_WHY_DRIFT:
	case SG_WHY_FOUGHT: return FIRST_WAS_SAID;
	case SG_WHY_NONE:
	case SG_WHY_NEW:
	case SG_WHY_NOT_NEEDED:
	case SG_WHY_UNKNOWN:
	case SG_WHY_SHADOWED:
	case SG_WHY_GONE:
	case SG_WHY_WINDOW:
	case SG_WHY_MAINTENANCE:
	case SG_WHY_DELAY:
	case SG_WHY_RETRY:
	case SG_WHY_HOLDER:
	case SG_WHY_OTHERS:
	case SG_WHY_STALE:
	case SG_WHY_PAUSED:
	case SG_WHY_REFUSED:
	case SG_WHY_SETUP:
	case SG_WHY_APPLIED:
	case SG_WHY_REMOVAL_WINDOW:
	case SG_WHY_NEWER_WAITS:
	case SG_WHY_NEWER_FAILED:
	case SG_WHY_VALUES_MISSING:
	case SG_WHY_IO:
	case SG_WHY_WITHDRAWN:
	case SG_WHY_ENDED:
	case SG_WHY_COUNT: break;
	}
	return FIRST_IN_A_DAY;
}

static const char *sentence(const struct sg_row *row)
{
	if (row->state == SG_APPLIED && row->effective == SG_EFFECTIVE_NO && row->effective_text)
		return row->effective_text;
	return row->text ? row->text : "?";
}

/* Once when it begins, and once a day while it lasts. */
static void exposed(struct sg_care *c, const struct sg_decision *d)
{
	const struct sg_row *row = d->row;
	enum first first = first_of(row);
	int64_t now = c->ctx.now.wall, at;
	char *topic, since[32];

	if (first == FIRST_NEVER || sg_row_verdict(row, d->facts.holds) != SG_V_EXPOSED)
		return;
	topic = sg_format("exposed %s/%s", row->key.feed, row->key.id);
	at = sg_care_noted(c, topic);
	if (!at || at > now) {
		if (!at && first == FIRST_AT_ONCE)
			sg_line(&c->lines, &c->ctx, SG_EV_EXPOSED, row, NULL, "%s: EXPOSED: %s", row->key.id,
			        sentence(row));
		sg_care_note(c, topic, now);
		sg_care_due(c, now + SG_DAY);
	} else if (sg_care_due(c, at + SG_DAY)) {
		sg_duration_format((now - row->since) / SG_HOUR * SG_HOUR, since);
		sg_line(&c->lines, &c->ctx, SG_EV_STILL_EXPOSED, row, NULL, "%s: EXPOSED for %s: %s",
		        row->key.id, since, sentence(row));
		sg_care_note(c, topic, now);
		sg_care_due(c, now + SG_DAY);
	}
	free(topic);
}

/* What waits for an approval says so as often as its <when remind> wants, and after the first day once a day. */
static void asks(struct sg_care *c, const struct sg_decision *d)
{
	const struct sg_row *row = d->row;
	const struct sg_conf_when *when = d->m ? sg_policy_when(sg_engine_conf(c->e), d->m) : NULL;
	bool waits = row->reason == SG_WHY_APPROVAL ||
	             (row->reason == SG_WHY_NEWER_WAITS && d->go.why == SG_WHY_APPROVAL);
	int64_t now = c->ctx.now.wall, every, at;
	char *topic, then[32] = "";

	if (!waits || !when || !when->remind)
		return;
	topic = sg_format("asks %s/%s", row->key.feed, row->key.id);
	at = sg_care_noted(c, topic);
	every = now - row->since < SG_DAY || when->remind > SG_DAY ? when->remind : SG_DAY;
	if (!at || at > now) { /* that it waits was just said */
		sg_care_note(c, topic, now);
		sg_care_due(c, now + every);
	} else if (sg_care_due(c, at + every)) {
		if (row->ask_until > now)
			sg_time_format(row->ask_until, then);
		sg_line(&c->lines, &c->ctx, SG_EV_ASKS, row, NULL,
		        "%s waits for approval%s%s: 'stopgapctl approve %s'", row->key.id,
		        then[0] ? ", and is applied without it at " : "", then, row->key.id);
		sg_care_note(c, topic, now);
		sg_care_due(c, now + every);
	}
	free(topic);
}

/* While Setup is at work nothing is applied: one that was interrupted and forgotten would keep it so for ever. */
static void setup_lasts(struct sg_care *c)
{
	const struct sg_host *host = c->e->host;
	int64_t now = c->ctx.now.wall, since, said;
	char text[32];

	if (!host || !host->setup_running)
		return;
	since = sg_care_noted(c, "setup");
	said = sg_care_noted(c, "setup-lasts");
	if (!since || since > now) {
		sg_care_note(c, "setup", now);
		sg_care_due(c, now + SETUP_LASTS);
	} else if (sg_care_due(c, said ? said + SG_DAY : since + SETUP_LASTS)) {
		sg_duration_format((now - since) / SG_HOUR * SG_HOUR, text);
		sg_line(&c->lines, &c->ctx, SG_EV_SETUP_LASTS, NULL, NULL,
		        "nothing was applied, repaired or taken out for %s: %s", text, host->setup_text);
		sg_care_note(c, "setup-lasts", now);
		sg_care_due(c, now + SG_DAY);
	}
}

static void registry(struct sg_care *c)
{
	const struct sg_host *host = c->e->host;

	if (!host || !host->registry_text || sg_care_noted(c, "registry"))
		return;
	sg_line(&c->lines, &c->ctx, SG_EV_REGISTRY_DOUBTED, NULL, NULL, "%s", host->registry_text);
	sg_care_note(c, "registry", c->ctx.now.wall);
}

/* How well workers are shut in, once per change. What is noted is no time but the state that was said. */
static void workers(struct sg_care *c, bool network)
{
	static const char *const kinds[] = { "that compute", "that use the network" };
	char *why = NULL, *topic = sg_format("workers %s", kinds[network]);
	enum sg_worker_cage cage = sg_worker_cage(network, &why);
	int64_t said = sg_care_noted(c, topic);

	if (cage == SG_CAGE_WHOLE && said)
		sg_line(&c->lines, &c->ctx, SG_EV_WORKERS_SHUT_IN, NULL, NULL,
		        "workers %s are shut in again as they should be", kinds[network]);
	else if (cage == SG_CAGE_LESS && said != (int64_t)cage)
		sg_line(&c->lines, &c->ctx, SG_EV_WORKERS_LESS, NULL, NULL, "workers %s: %s", kinds[network],
		        why);
	else if (cage == SG_CAGE_REFUSED && said != (int64_t)cage)
		sg_line(&c->lines, &c->ctx, SG_EV_WORKERS_REFUSED, NULL, NULL, "workers %s: %s",
		        kinds[network], why);
	if (cage == SG_CAGE_WHOLE ? said != 0 : cage != SG_CAGE_UNKNOWN && said != (int64_t)cage)
		sg_care_note(c, topic, cage == SG_CAGE_WHOLE ? 0 : (int64_t)cage);
	free(topic);
	free(why);
}

void sg_care_remind(struct sg_care *c)
{
	for (size_t i = 0; i < c->w->rows.n; i++) {
		exposed(c, &c->list[i]);
		asks(c, &c->list[i]);
	}
	setup_lasts(c);
	registry(c);
	workers(c, false);
	workers(c, true);
}
