/* coverage.c - from audit lines to spans; see coverage.h for what counts as what. */
#include "journal/coverage.h"

#include "base/text.h"
#include "model/codes.h"
#include <stdlib.h>
#include <string.h>

static enum sg_cover cover_of(enum sg_verdict verdict)
{
	switch (verdict) {
	case SG_V_IN_FORCE:
	case SG_V_BY_OTHERS:
	case SG_V_NOT_NEEDED: return SG_COVER_PROTECTED;
	case SG_V_WAITING:
	case SG_V_EXPOSED: return SG_COVER_EXPOSED;
	case SG_V_UNKNOWN: break;
	}
	return SG_COVER_UNKNOWN;
}

static enum sg_verdict verdict_named(const char *name)
{
	for (int i = SG_V_IN_FORCE; i < SG_V_UNKNOWN; i++) {
		if (strcmp(name, sg_verdict_name((enum sg_verdict)i)) == 0)
			return (enum sg_verdict)i;
	}
	return SG_V_UNKNOWN;
}

/* --- the server: the worst of all */

static const char *feed_trouble(const struct sg_coverage *c, const struct sg_covered_feed *f)
{
	if (c->configured && !f->listed)
		return NULL;
	return f->error ? f->error : f->stale ? f->stale : f->part;
}

static void begin_server(struct sg_coverage *c, uint64_t seq)
{
	const struct sg_covered *worst = NULL;
	enum sg_cover cover = SG_COVER_PROTECTED;
	enum sg_verdict verdict = SG_V_NOT_NEEDED;
	struct sg_buf cause = { 0 };
	size_t more = 0, listed = 0;

	for (size_t i = 0; i < c->n; i++) {
		enum sg_cover one = cover_of(c->at[i].verdict);

		if (c->at[i].verdict == SG_V_IN_FORCE || c->at[i].verdict == SG_V_BY_OTHERS)
			verdict = SG_V_IN_FORCE;
		if (one == SG_COVER_PROTECTED)
			continue;
		more += worst != NULL;
		if (!worst || (one == SG_COVER_EXPOSED && cover != SG_COVER_EXPOSED)) {
			worst = &c->at[i];
			cover = one;
		}
	}
	for (size_t i = 0; i < c->n_feeds; i++)
		listed += c->feeds[i].listed;
	if (c->known && !c->running) {
		cover = SG_COVER_UNKNOWN;
		verdict = SG_V_UNKNOWN;
		sg_buf_str(&cause, c->gap);
	} else if (c->configured && !listed) {
		cover = SG_COVER_EXPOSED;
		verdict = SG_V_EXPOSED;
		sg_buf_str(&cause, "no feed is configured");
	} else if (worst && cover == SG_COVER_EXPOSED) {
		verdict = worst->verdict;
		sg_buf_fmt(&cause, "%s: %s", worst->key.id, worst->cause);
		if (more)
			sg_buf_fmt(&cause, "; and %zu more", more);
	} else {
		if (worst)
			sg_buf_fmt(&cause, "%s: %s", worst->key.id, worst->cause);
		if (c->known && !c->configured)
			sg_buf_fmt(&cause, "%sno configuration is in force yet", worst ? "; " : "");
		for (size_t i = 0; i < c->n_feeds; i++) {
			const struct sg_covered_feed *f = &c->feeds[i];
			const char *trouble = feed_trouble(c, f);

			if (trouble || (c->configured && f->listed && !f->read))
				sg_buf_fmt(&cause, "%sfeed %s: %s: whether it had anything new is not known",
				        cause.len ? "; " : "", f->name, trouble ? trouble : "not read yet");
		}
		if (cause.len) {
			cover = SG_COVER_UNKNOWN;
			verdict = SG_V_UNKNOWN;
		} else {
			sg_buf_str(&cause, verdict == SG_V_IN_FORCE ? "everything that is needed is in force"
			                                            : "nothing is needed");
		}
	}
	sg_spans_begin(&c->server, cover, verdict, (const char *)cause.data, c->now, seq);
	sg_buf_release(&cause);
}

/* --- feeds */

static struct sg_covered_feed *feed_of(struct sg_coverage *c, const char *name)
{
	for (size_t i = 0; i < c->n_feeds; i++) {
		if (strcmp(c->feeds[i].name, name) == 0)
			return &c->feeds[i];
	}
	c->feeds = sg_grow(c->feeds, c->n_feeds, &c->cap_feeds, sizeof *c->feeds);
	c->feeds[c->n_feeds] = (struct sg_covered_feed){ .name = sg_strdup(name) };
	return &c->feeds[c->n_feeds++];
}

/* The sentence behind "feed NAME: ", which the cause says by itself. */
static const char *behind_name(const struct sg_audit *line, const char *name)
{
	const char *text = line->text ? line->text : "";
	size_t len = strlen(name);

	if (strncmp(text, "feed ", 5) == 0 && strncmp(text + 5, name, len) == 0)
		text += 5 + len + strspn(text + 5 + len, ": ");
	return text;
}

static bool on_feed(struct sg_coverage *c, const struct sg_audit *line)
{
	const char *name = line->data ? sg_val_get_str(line->data, "feed", NULL) : NULL;

	if (!name)
		return false;
	struct sg_covered_feed *f = feed_of(c, name);
	const char *text = behind_name(line, name);
	switch (line->code) {
	case SG_EV_FEED_ACCEPTED:
		f->read = true;
		sg_str_set(&f->part, NULL); /* what it lacks is said behind this */
		sg_str_set(&f->error, NULL);
		sg_str_set(&f->stale, NULL);
		return true;
	case SG_EV_FEED_REACHABLE:
		f->read = true;
		sg_str_set(&f->error, NULL);
		sg_str_set(&f->stale, NULL);
		return true;
	case SG_EV_FEED_PART_REFUSED: sg_str_set(&f->part, text); return true;
	case SG_EV_FEED_STALE: sg_str_set(&f->stale, text); return true;
	case SG_EV_FEED_UNREACHABLE:
	case SG_EV_FEED_MALFORMED:
	case SG_EV_TRUST_SIGNATURE:
	case SG_EV_TRUST_CHAIN:
	case SG_EV_TRUST_SERIAL:
	case SG_EV_TRUST_EQUIVOCATION:
	case SG_EV_TRUST_NAME:
	case SG_EV_TRUST_TIME: sg_str_set(&f->error, text); return true;
	default: return false;
	}
}

static void on_configuration(struct sg_coverage *c, const struct sg_audit *line)
{
	const struct sg_val *names = line->data ? sg_val_get(line->data, "feeds") : NULL;

	c->configured = names != NULL;
	for (size_t i = 0; i < c->n_feeds; i++)
		c->feeds[i].listed = false;
	for (size_t i = 0; names && i < names->n; i++) {
		if (names->kid[i]->type == SG_VAL_STR)
			feed_of(c, names->kid[i]->s)->listed = true;
	}
}

/* --- the service's life */

static void stop(struct sg_coverage *c, int64_t at, uint64_t seq, const char *how)
{
	int64_t now = c->now;

	sg_str_set(&c->gap, how);
	c->known = true;
	c->running = false;
	for (size_t i = 0; i < c->n; i++) {
		struct sg_covered *s = &c->at[i];
		char *cause = s->verdict == SG_V_IN_FORCE
		                      ? sg_format("%s; what was in place stays there, and nobody looks", how)
		                      : sg_strdup(how);

		sg_spans_begin(&s->spans, SG_COVER_UNKNOWN, SG_V_UNKNOWN, cause, at, seq);
		free(cause);
	}
	c->now = at;
	begin_server(c, seq);
	c->now = now;
}

static void start(struct sg_coverage *c, uint64_t seq)
{
	c->known = true;
	c->running = true;
	c->configured = false;
	for (size_t i = 0; i < c->n_feeds; i++)
		sg_str_set(&c->feeds[i].stale, NULL); /* each run says it anew */
	for (size_t i = 0; i < c->n; i++) {
		struct sg_covered *s = &c->at[i];

		sg_spans_begin(&s->spans, cover_of(s->verdict), s->verdict, s->cause, c->now, seq);
	}
}

/* --- mitigations */

static struct sg_covered *covered(struct sg_coverage *c, const struct sg_key *key, bool *ret_new)
{
	*ret_new = false;
	for (size_t i = 0; i < c->n; i++) {
		if (sg_key_equal(&c->at[i].key, key))
			return &c->at[i];
	}
	c->at = sg_grow(c->at, c->n, &c->cap, sizeof *c->at);
	struct sg_covered *s = &c->at[c->n++];
	*s = (struct sg_covered){ .verdict = SG_V_UNKNOWN };
	sg_key_copy(&s->key, key);
	*ret_new = true;
	return s;
}

static bool on_verdict(struct sg_coverage *c, const struct sg_audit *line)
{
	const char *verdict = line->data ? sg_val_get_str(line->data, "verdict", NULL) : NULL;

	if (!verdict || !line->key.id || !line->key.feed)
		return false;
	const struct sg_event_info *info = sg_event_info(line->code);
	const char *state = sg_val_get_str(line->data, "state", ""),
	           *reason = sg_val_get_str(line->data, "reason", "");
	bool fresh;
	struct sg_covered *s = covered(c, &line->key, &fresh);

	/* known for longer than the lines go back: what it was then went with them */
	if (fresh && line->code != SG_EV_NEW && c->first_seq > 1)
		sg_spans_begin(&s->spans, SG_COVER_UNKNOWN, SG_V_UNKNOWN, "older history was taken out",
		        c->first, c->first_seq);
	s->verdict = verdict_named(verdict);
	free(s->cause);
	if (strcmp(state, reason) == 0 || !*reason || strcmp(reason, "none") == 0)
		s->cause = sg_format("%s: %s", verdict, *state ? state : info ? info->name : "-");
	else
		s->cause = sg_format("%s: %s (%s)", verdict, state, reason);
	if (!c->known || c->running)
		sg_spans_begin(&s->spans, cover_of(s->verdict), s->verdict, s->cause, c->now, line->seq);
	return true;
}

/* --- what stood when older lines were taken out */

static void take_mitigations(struct sg_coverage *c, const struct sg_val *list, uint64_t seq)
{
	bool fresh;

	for (size_t i = 0; list && i < list->n; i++) {
		struct sg_key key = { (char *)(uintptr_t)sg_val_get_str(list->kid[i], "feed", ""),
			(char *)(uintptr_t)sg_val_get_str(list->kid[i], "id", "") };
		struct sg_covered *s = covered(c, &key, &fresh);

		s->verdict = verdict_named(sg_val_get_str(list->kid[i], "verdict", ""));
		sg_str_set(&s->cause, sg_val_get_str(list->kid[i], "cause", "-"));
		if (!c->known || c->running)
			sg_spans_begin(&s->spans, cover_of(s->verdict), s->verdict, s->cause, c->now, seq);
		else
			sg_spans_begin(&s->spans, SG_COVER_UNKNOWN, SG_V_UNKNOWN, c->gap, c->now, seq);
	}
}

static void take_feeds(struct sg_coverage *c, const struct sg_val *list)
{
	for (size_t i = 0; list && i < list->n; i++) {
		const struct sg_val *one = list->kid[i];
		struct sg_covered_feed *f = feed_of(c, sg_val_get_str(one, "name", "?"));

		f->listed = sg_val_get_bool(one, "listed", false);
		f->read = sg_val_get_bool(one, "read", false);
		sg_str_set(&f->error, sg_val_get_str(one, "error", NULL));
		sg_str_set(&f->stale, sg_val_get_str(one, "stale", NULL));
		sg_str_set(&f->part, sg_val_get_str(one, "part", NULL));
	}
}

/* SG_COVERAGE_FACT first: it says whether the service ran. */
static void take_standing(struct sg_coverage *c, uint64_t seq)
{
	const struct sg_val *head = sg_val_get(c->facts, SG_COVERAGE_FACT);

	c->known = sg_val_get_bool(head, "known", false);
	c->running = sg_val_get_bool(head, "running", false);
	c->configured = sg_val_get_bool(head, "configured", false);
	sg_str_set(&c->gap, sg_val_get_str(head, "gap", "the service did not run"));
	for (size_t i = 0; i < c->facts->n; i++) {
		if (!sg_coverage_is_fact(c->facts->kid[i]->key))
			continue;
		take_mitigations(c, sg_val_get(c->facts->kid[i], "mitigations"), seq);
		take_feeds(c, sg_val_get(c->facts->kid[i], "feeds"));
	}
	sg_val_free(c->facts);
	c->facts = NULL;
	begin_server(c, seq);
}

/* --- the lines */

/* Lines were damaged and could not be read: what they said is not known, of nobody. */
static void lost(struct sg_coverage *c, int64_t at, const struct sg_audit *line)
{
	char *cause = sg_format("the line in front of line %llu is lost", (unsigned long long)line->seq);
	int64_t now = c->now;

	c->now = at;
	for (size_t i = 0; i < c->n; i++) {
		c->at[i].verdict = SG_V_UNKNOWN;
		sg_str_set(&c->at[i].cause, cause);
		sg_spans_begin(&c->at[i].spans, SG_COVER_UNKNOWN, SG_V_UNKNOWN, cause, at, line->seq);
	}
	begin_server(c, line->seq);
	c->now = now;
	free(cause);
}

void sg_coverage_init(struct sg_coverage *c, const struct sg_val *facts)
{
	const struct sg_val *head = facts ? sg_val_get(facts, SG_COVERAGE_FACT) : NULL;

	*c = (struct sg_coverage){ 0 };
	c->gap = sg_strdup("the service did not run");
	if (head && head->type == SG_VAL_MAP)
		c->facts = sg_val_copy(facts);
}

void sg_coverage_line(struct sg_coverage *c, const struct sg_audit *line)
{
	int64_t before = c->now;
	bool changed = false;

	if (line->wall > c->now)
		c->now = line->wall;
	if (!c->first_seq) {
		c->first_seq = line->seq;
		c->first = before = c->now;
		changed = true;
	}
	if (c->last_seq && line->seq != c->last_seq + 1)
		lost(c, before, line);
	c->last_seq = line->seq;
	if (c->facts && (int64_t)line->seq >=
	                        sg_val_get_int(sg_val_get(c->facts, SG_COVERAGE_FACT), "seq", INT64_MAX))
		take_standing(c, line->seq);
	if (c->running && (line->code == SG_EV_STARTED || line->code == SG_EV_RECOVERED))
		stop(c, before, line->seq, "the service died some time after this");
	if (line->code == SG_EV_STARTED) {
		start(c, line->seq);
		changed = true;
	} else if (line->code == SG_EV_STOPPED) {
		stop(c, c->now, line->seq, "the service was stopped");
	} else if (line->code == SG_EV_RELOADED) {
		on_configuration(c, line);
		changed = true;
	}
	changed |= on_feed(c, line);
	changed |= on_verdict(c, line);
	if (changed)
		begin_server(c, line->seq);
}

void sg_coverage_end(struct sg_coverage *c, int64_t now)
{
	c->live = now != 0;
	if (now > c->now)
		c->now = now;
	for (size_t i = 0; i < c->n; i++)
		sg_spans_end(&c->at[i].spans, c->now);
	sg_spans_end(&c->server, c->now);
}

void sg_coverage_release(struct sg_coverage *c)
{
	for (size_t i = 0; i < c->n; i++) {
		sg_spans_release(&c->at[i].spans);
		free(c->at[i].cause);
		sg_key_release(&c->at[i].key);
	}
	for (size_t i = 0; i < c->n_feeds; i++) {
		free(c->feeds[i].name);
		free(c->feeds[i].error);
		free(c->feeds[i].stale);
		free(c->feeds[i].part);
	}
	sg_spans_release(&c->server);
	free(c->at);
	free(c->feeds);
	free(c->gap);
	sg_val_free(c->facts);
	*c = (struct sg_coverage){ 0 };
}
