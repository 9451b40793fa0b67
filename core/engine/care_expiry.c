/* care_expiry.c - what ends by the calendar alone: the certificates and lists that the feeds rest on, and the memory of what was withdrawn. */
#include "engine/accept.h"
#include "engine/care.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Days before the end at which it is said. One that is longer than the thing's whole life says nothing: a list that is renewed each week. */
static const int warn_days[] = { 90, 30, 7, 0 };
/* So long a withdrawal is remembered once its feed no longer says it. */
#define REMEMBERED (90 * SG_DAY)

/* The certificate of a pinned anchor is in the path of a signer, too. */
static bool same_thing(const struct sg_end *a, const struct sg_end *b)
{
	const char *x = strstr(a->what, " ("), *y = strstr(b->what, " (");

	return a->at == b->at && x && y && strcmp(x, y) == 0;
}

static bool seen(const struct sg_ends *ends, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_thing(&ends->at[k], &ends->at[i]))
			return true;
	return false;
}

void sg_engine_ends(const struct sg_engine *e, const struct sg_world *w, struct sg_ends *ends)
{
	const struct sg_conf *conf = sg_engine_conf(e);

	sg_trust_ends(&e->trust, conf, ends);
	for (size_t i = 0; i < conf->n_feeds; i++) {
		struct sg_memo memo;

		sg_memo_read(w, conf->feeds[i].name, &memo);
		sg_memo_ends(&memo, ends);
	}
}

static void say(struct sg_care *c, const struct sg_end *end, int days)
{
	char when[32], left[32];

	sg_time_format(end->at, when);
	if (days) {
		sg_duration_format((end->at - c->ctx.now.wall) / SG_HOUR * SG_HOUR, left);
		sg_line(&c->lines, &c->ctx, SG_EV_TRUST_ENDS, NULL, NULL, "%s ends in %s, at %s", end->what,
		        left, when);
	} else {
		sg_line(&c->lines, &c->ctx, SG_EV_TRUST_ENDED, NULL, NULL, "%s has ended, at %s", end->what,
		        when);
	}
}

/* What was noted is the last of warn_days that was said, plus one. */
static void warn(struct sg_care *c, const struct sg_end *end)
{
	char *name = sg_format("%s %lld", end->what, (long long)end->at), hex[65];
	struct sg_hash hash = sg_sha256(sg_bytes_of(name));
	int64_t said;
	char *topic;
	int due = -1;

	sg_hash_hex(&hash, hex);
	topic = sg_format("ends %.16s", hex);
	said = sg_care_noted(c, topic);
	for (size_t i = 0; i < sizeof warn_days / sizeof *warn_days; i++) {
		int days = warn_days[i];

		if (days * SG_DAY >= end->at - end->from || (said && days + 1 >= said))
			continue;
		if (sg_care_due(c, end->at - days * SG_DAY))
			due = days;
	}
	if (due >= 0) {
		say(c, end, due);
		sg_care_note(c, topic, due + 1);
	}
	free(topic);
	free(name);
}

void sg_care_expiry(struct sg_care *c)
{
	struct sg_ends ends = { 0 };

	sg_engine_ends(c->e, c->w, &ends);
	for (size_t i = 0; i < ends.n; i++)
		if (!seen(&ends, i))
			warn(c, &ends.at[i]);
	sg_ends_release(&ends);
}

static bool kept(const struct sg_care *c, const struct sg_decision *d)
{
	const struct sg_row *row = d->row;
	const struct sg_feed_row *feed = sg_world_feed(c->w, row->key.feed);

	/* what an administrator took out stays out when the id comes back */
	return !row->tombstone || !(row->missing || (feed && feed->eocs)) || d->facts.holds || row->out;
}

void sg_care_forget(struct sg_care *c)
{
	for (size_t i = 0; i < c->w->rows.n; i++) {
		const struct sg_row *row = c->list[i].row;
		int64_t now = c->ctx.now.wall, since;
		char *topic;

		if (kept(c, &c->list[i]))
			continue;
		topic = sg_format("withdrawn %s/%s", row->key.feed, row->key.id);
		since = sg_care_noted(c, topic);
		if (!since || since > now) {
			sg_care_note(c, topic, now);
			sg_care_due(c, now + REMEMBERED);
		} else if (sg_care_due(c, since + REMEMBERED)) {
			sg_line(&c->lines, &c->ctx, SG_EV_FORGOTTEN, row, NULL,
			        "%s: withdrawn, no longer in feed %s for 90 days, and nothing of it is here",
			        row->key.id, row->key.feed);
			sg_keys_add(&c->drop, row->key.feed, row->key.id);
		}
		free(topic);
	}
}
