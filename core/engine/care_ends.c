/* care_ends.c - ends that somebody set: blocks are announced before they end, and what a feed wanted to end or to be looked at again is said when it is so. */
#include "engine/care.h"

#include "base/hash.h"
#include <stdlib.h>
#include <string.h>

static const struct mark {
	const char *name;
	int64_t before, jitter; /* ms before the end; up to so much earlier still */
} marks[] = { { "day", SG_DAY, SG_HOUR / 2 }, { "hour", SG_HOUR, SG_HOUR / 60 } };

enum { MARKS = sizeof(marks) / sizeof(marks[0]) };

/* The same for this server and this block after every restart, another one for its neighbour: a fleet with one configuration is not heard all at once. */
static int64_t jitter_of(const struct sg_care *c, const struct sg_block *b, int64_t most)
{
	const struct sg_host *host = c->e->host;
	char *text = sg_format("%s %llu %s %s %lld", host && host->machine ? host->machine : "?",
	        (unsigned long long)c->e->options.seed, b->id, b->revision ? b->revision : "",
	        (long long)b->until);
	struct sg_hash hash = sg_sha256(sg_bytes_of(text));
	uint32_t n =
	        (uint32_t)hash.b[0] << 24 | (uint32_t)hash.b[1] << 16 | (uint32_t)hash.b[2] << 8 | hash.b[3];

	free(text);
	return (int64_t)n % (most + 1);
}

static void announce(struct sg_care *c, const struct sg_block *b)
{
	char end[32], left[32];
	struct sg_audit *line;

	sg_time_format(b->until, end);
	sg_duration_format((b->until - c->ctx.now.wall) / 1000 * 1000, left);
	sg_line(&c->lines, &c->ctx, SG_EV_BLOCK_ENDS, NULL, NULL,
	        "the block of %s%s%s by %s%s%s%s ends in %s, at %s: what it covers goes in again then", b->id,
	        b->revision ? "@" : "", b->revision ? b->revision : "",
	        b->who.account ? b->who.account : b->source, b->who.reason ? " (" : "",
	        b->who.reason ? b->who.reason : "", b->who.reason ? ")" : "", left, end);
	line = &c->lines.at[c->lines.n - 1];
	line->key.id = sg_strdup(b->id);
	line->key.feed = sg_strdup(b->feed);
}

/* A day before and an hour before, each once; what was missed because the service was down is said late, the nearer one alone. A block that was made later
 * than that is as its author knows it. */
static void block_ends(struct sg_care *c, const struct sg_block *b)
{
	int64_t now = c->ctx.now.wall;
	bool said = false;

	for (int i = MARKS - 1; i >= 0; i--) {
		int64_t at = b->until - marks[i].before - jitter_of(c, b, marks[i].jitter);
		char *topic = sg_format("block-%s %s %s %s@%s", marks[i].name, b->source,
		        b->feed ? b->feed : "*", b->id, b->revision ? b->revision : "*");

		if (sg_care_noted(c, topic) != b->until && b->created <= at && sg_care_due(c, at)) {
			if (!said && now < b->until)
				announce(c, b);
			said = true;
			sg_care_note(c, topic, b->until);
		}
		free(topic);
	}
}

/* Once, when the time has come; another time in a newer body is another one. */
static void passed(struct sg_care *c, const struct sg_decision *d, const char *what, int64_t at, int event,
        const char *then)
{
	const struct sg_row *row = d->row;
	char *topic, time[32];

	if (!at)
		return;
	topic = sg_format("%s %s/%s", what, row->key.feed, row->key.id);
	if (sg_care_noted(c, topic) != at && sg_care_due(c, at)) {
		sg_time_format(at, time);
		if (d->facts.holds || row->applies == SG_APPLIES_YES)
			sg_line(&c->lines, &c->ctx, event, row, NULL, "%s: its %s of %s has passed: %s",
			        row->key.id, what, time, then);
		sg_care_note(c, topic, at);
	}
	free(topic);
}

void sg_care_ends(struct sg_care *c)
{
	for (size_t i = 0; i < c->w->blocks.n; i++) {
		if (c->w->blocks.at[i].until)
			block_ends(c, &c->w->blocks.at[i]);
	}
	for (size_t i = 0; i < c->w->rows.n; i++) {
		const struct sg_decision *d = &c->list[i];

		if (d->row->tombstone)
			continue;
		passed(c, d, "remove-after", d->row->remove_after, SG_EV_ENDED,
		        d->facts.holds ? "it is to go" : "nothing of it is in place");
		passed(c, d, "review-by", d->m ? d->m->review_by : 0, SG_EV_REVIEW_DUE,
		        "ask its publisher whether it is still the right answer");
	}
}
