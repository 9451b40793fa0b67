/* dump_coverage.c - `coverage`: when was this server protected, exposed, or when is that unknown, and why (P13).
 *
 * Built from the audit trail alone. A line that carries a verdict begins an interval; "in force", by us or by others, and "not needed" count as
 * protected, "waiting" and "exposed" as exposed. While the service is not running nothing is repaired and nothing is seen: what was in force counts as
 * protected, because mitigations stay in place, and everything else as unknown. A start without a stop in front means that the service died: it is not
 * known to have run after its last line. Times that go back (a clock that was set) are held at the latest before.
 */
#include "journal/dump.h"

#include "base/text.h"
#include "model/codes.h"
#include <stdlib.h>
#include <string.h>

enum cover { C_NONE, C_PROTECTED, C_EXPOSED, C_UNKNOWN };
static const char *const cover_names[] = { "-", "protected", "exposed", "unknown" };

struct interval {
	enum cover cover;
	char *cause;
	int64_t from, to; /* to 0: it goes on */
	uint64_t seq;     /* the line that began it */
};
struct subject { /* one mitigation */
	struct sg_key key;
	enum cover cover; /* by its last verdict */
	char *cause;
	bool in_force;
	struct interval *at;
	size_t n, cap;
};
struct history {
	struct sg_dump *d;
	struct subject *at;
	size_t n, cap;
	int64_t now; /* latest time met */
	bool running;
};

static enum cover cover_of(const char *verdict, bool *ret_in_force)
{
	static const struct {
		enum sg_verdict verdict;
		enum cover cover;
		bool in_force;
	} map[] = { { SG_V_IN_FORCE, C_PROTECTED, true }, { SG_V_BY_OTHERS, C_PROTECTED, true },
		{ SG_V_NOT_NEEDED, C_PROTECTED, false }, { SG_V_WAITING, C_EXPOSED, false },
		{ SG_V_EXPOSED, C_EXPOSED, false }, { SG_V_UNKNOWN, C_UNKNOWN, false } };

	for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
		if (strcmp(verdict, sg_verdict_name(map[i].verdict)) == 0) {
			*ret_in_force = map[i].in_force;
			return map[i].cover;
		}
	}
	*ret_in_force = false;
	return C_UNKNOWN;
}

static struct subject *subject_of(struct history *h, const struct sg_key *key)
{
	for (size_t i = 0; i < h->n; i++) {
		if (sg_key_equal(&h->at[i].key, key))
			return &h->at[i];
	}
	h->at = sg_grow(h->at, h->n, &h->cap, sizeof *h->at);
	struct subject *s = &h->at[h->n++];
	*s = (struct subject){ 0 };
	sg_key_copy(&s->key, key);
	return s;
}

/* Ends the interval that goes on, and begins another, unless it would say the same. */
static void begin(struct subject *s, enum cover cover, const char *cause, int64_t at, uint64_t seq)
{
	struct interval *last = s->n ? &s->at[s->n - 1] : NULL;

	if (last && last->to == 0 && last->cover == cover && strcmp(last->cause, cause) == 0)
		return;
	if (last && last->to == 0)
		last->to = at;
	if (last && last->to == last->from) { /* it lasted no time */
		free(last->cause);
		s->n--;
	}
	s->at = sg_grow(s->at, s->n, &s->cap, sizeof *s->at);
	s->at[s->n++] = (struct interval){ cover, sg_strdup(cause), at, 0, seq };
}

static void stop(struct history *h, int64_t at, uint64_t seq, const char *how)
{
	for (size_t i = 0; i < h->n; i++) {
		struct subject *s = &h->at[i];
		char *cause = s->in_force ? sg_format("%s; %s, and mitigations stay in place", s->cause, how)
		                          : sg_strdup(how);
		begin(s, s->in_force ? C_PROTECTED : C_UNKNOWN, cause, at, seq);
		free(cause);
	}
	h->running = false;
}

static void start(struct history *h, int64_t at, uint64_t seq)
{
	for (size_t i = 0; i < h->n; i++)
		begin(&h->at[i], h->at[i].cover, h->at[i].cause, at, seq);
	h->running = true;
}

static void on_line(void *arg, const struct sg_audit *line)
{
	struct history *h = arg;
	int64_t before = h->now;
	const char *verdict = line->data ? sg_val_get_str(line->data, "verdict", NULL) : NULL;

	if (line->wall > h->now)
		h->now = line->wall;
	if (line->code == SG_EV_STARTED) {
		if (h->running)
			stop(h, before, line->seq, "the service died some time after this");
		start(h, h->now, line->seq);
		return;
	}
	if (line->code == SG_EV_STOPPED) {
		stop(h, h->now, line->seq, "the service was stopped");
		return;
	}
	if (!verdict || !line->key.id || !line->key.feed ||
	        (h->d->o->arg && !sg_dump_is(h->d->o->arg, &line->key)))
		return;
	const struct sg_event_info *info = sg_event_info(line->code);
	const char *state = sg_val_get_str(line->data, "state", ""),
	           *reason = sg_val_get_str(line->data, "reason", "");
	struct subject *s = subject_of(h, &line->key);
	s->cover = cover_of(verdict, &s->in_force);
	free(s->cause);
	if (strcmp(state, reason) == 0 || !*reason || strcmp(reason, "none") == 0)
		s->cause = sg_format("%s: %s", verdict, *state ? state : info ? info->name : "-");
	else
		s->cause = sg_format("%s: %s (%s)", verdict, state, reason);
	begin(s, s->cover, s->cause, h->now, line->seq);
}

static void put(struct sg_dump *d, const struct subject *s, const struct interval *i)
{
	char text[32];

	if ((i->to != 0 && i->to <= d->o->since) || i->from >= d->o->until)
		return;
	if (sg_dump_json(d)) {
		struct sg_val *v = sg_val_map();
		sg_val_set_str(v, "feed", s->key.feed);
		sg_val_set_str(v, "id", s->key.id);
		sg_time_format(i->from, text);
		sg_val_set_str(v, "from", text);
		sg_time_format(i->to, text);
		sg_val_set_str(v, "to", i->to ? text : NULL);
		sg_val_set_str(v, "coverage", cover_names[i->cover]);
		sg_val_set_str(v, "cause", i->cause);
		sg_val_set_int(v, "seq", (int64_t)i->seq);
		sg_dump_object(d, "coverage", v);
		return;
	}
	sg_buf_str(&d->out, "  ");
	sg_dump_time(d, i->from, &d->out);
	sg_buf_str(&d->out, " to ");
	if (i->to) {
		sg_dump_time(d, i->to, &d->out);
		sg_duration_format(i->to - i->from, text);
	} else {
		sg_buf_str(&d->out, "now                 ");
		text[0] = 0;
	}
	sg_buf_fmt(&d->out, "  %-8s  %-9s  ", text, cover_names[i->cover]);
	sg_text_safe(i->cause, &d->out);
	sg_buf_char(&d->out, '\n');
}

void sg_dump_coverage(struct sg_dump *d)
{
	struct history h = { .d = d };

	sg_dump_lines(d, 0, on_line, &h);
	for (size_t i = 0; i < h.n; i++) {
		struct subject *s = &h.at[i];
		if (!sg_dump_json(d)) {
			sg_text_safe(s->key.feed, &d->out);
			sg_buf_char(&d->out, '/');
			sg_text_safe(s->key.id, &d->out);
			sg_buf_char(&d->out, '\n');
		}
		for (size_t k = 0; k < s->n; k++) {
			put(d, s, &s->at[k]);
			free(s->at[k].cause);
		}
		free(s->at);
		free(s->cause);
		sg_key_release(&s->key);
	}
	if (h.n == 0 && d->o->arg)
		sg_finder_add(&d->bad, "coverage", d->o->arg, "this journal knows nothing of it");
	else if (h.n == 0 && !sg_dump_json(d))
		sg_buf_str(&d->out, "no mitigation is recorded\n");
	free(h.at);
}
