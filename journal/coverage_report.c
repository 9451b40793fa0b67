/* coverage_report.c - spans within two times as a value tree, the one shape of both tools (schemas/control.md). */
#include "journal/coverage.h"

#include <stdlib.h>
#include <string.h>

struct clip {
	int64_t from, to;
	struct sg_val *list;
	int64_t cover[3], by_others, not_needed, waiting;
};

static void put(struct clip *k, const struct sg_span *s)
{
	int64_t from = s->from > k->from ? s->from : k->from, to = s->to < k->to ? s->to : k->to;
	struct sg_val *v;

	if (from >= to)
		return;
	v = sg_val_push(k->list, sg_val_map());
	sg_val_set_int(v, "from", from);
	sg_val_set_int(v, "to", to);
	sg_val_set_str(v, "coverage", sg_cover_name(s->cover));
	sg_val_set_str(v, "verdict", sg_verdict_name(s->verdict));
	sg_val_set_str(v, "cause", s->cause);
	sg_val_set_int(v, "seq", (int64_t)s->seq);
	k->cover[s->cover] += to - from;
	if (s->verdict == SG_V_BY_OTHERS)
		k->by_others += to - from;
	if (s->verdict == SG_V_NOT_NEEDED)
		k->not_needed += to - from;
	if (s->verdict == SG_V_WAITING)
		k->waiting += to - from;
}

/* One subject: `spans` (into `map`), what they sum up to, and the one word. False: nothing of it lies between the times. */
static bool subject(const struct sg_coverage *c, const struct sg_spans *spans, bool always, int64_t from,
        int64_t to, struct sg_val *map)
{
	struct clip k = { .from = from, .to = to, .list = sg_val_array() };
	char older[] = "older history was taken out", earlier[] = "before the journal's first line",
	     later[] = "behind the journal's last line";
	struct sg_val *ms;

	/* What ends where the kept lines begin is of unknown past: the server always, a mitigation when it was known by then. */
	if (from < c->first && (always || (spans->n && spans->at[0].from == c->first && c->first_seq > 1))) {
		struct sg_span s = { SG_COVER_UNKNOWN, SG_V_UNKNOWN, c->first_seq > 1 ? older : earlier, from,
			c->first, c->first_seq };
		put(&k, &s);
	}
	for (size_t i = 0; i < spans->n; i++)
		put(&k, &spans->at[i]);
	if (to > c->now && (always || spans->n)) {
		struct sg_span s = { SG_COVER_UNKNOWN, SG_V_UNKNOWN, later, c->now, to, 0 };
		put(&k, &s);
	}
	sg_val_set_str(map, "coverage",
	        sg_cover_name(k.cover[SG_COVER_EXPOSED] ? SG_COVER_EXPOSED
	                      : k.cover[SG_COVER_UNKNOWN] || !k.cover[SG_COVER_PROTECTED]
	                              ? SG_COVER_UNKNOWN
	                              : SG_COVER_PROTECTED));
	ms = sg_val_set(map, "ms", sg_val_map());
	for (int i = SG_COVER_PROTECTED; i <= SG_COVER_UNKNOWN; i++)
		sg_val_set_int(ms, sg_cover_name((enum sg_cover)i), k.cover[i]);
	sg_val_set_int(ms, "by_others", k.by_others);
	sg_val_set_int(ms, "not_needed", k.not_needed);
	sg_val_set_int(ms, "waiting", k.waiting);
	sg_val_set(map, "spans", k.list);
	return k.list->n > 0;
}

static int by_key(const void *a, const void *b)
{
	const struct sg_covered *const *x = a, *const *y = b;
	int order = strcmp((*x)->key.feed, (*y)->key.feed);

	return order ? order : strcmp((*x)->key.id, (*y)->key.id);
}

struct sg_val *sg_coverage_report(const struct sg_coverage *c, const char *pattern, int64_t from, int64_t to)
{
	struct sg_val *v = sg_val_map(), *list, *m;
	const struct sg_covered **order = sg_alloc((c->n + 1) * sizeof(struct sg_covered *));
	size_t n = 0;

	if (from == INT64_MIN)
		from = c->first;
	if (to == INT64_MAX || (c->live && to > c->now)) /* nothing can be said of the future */
		to = c->now;
	if (from > to)
		from = to;
	sg_val_set_str(v, "schema", "stopgap.coverage.v1");
	sg_val_set_int(v, "from", from);
	sg_val_set_int(v, "to", to);
	m = sg_val_set(v, "server", pattern ? sg_val_nil() : sg_val_map());
	if (!pattern)
		subject(c, &c->server, true, from, to, m);
	list = sg_val_set(v, "mitigations", sg_val_array());
	for (size_t i = 0; i < c->n; i++) {
		if (sg_coverage_is(pattern, &c->at[i].key))
			order[n++] = &c->at[i];
	}
	if (n > 1)
		qsort(order, n, sizeof *order, by_key);
	for (size_t i = 0; i < n; i++) {
		m = sg_val_map();
		sg_val_set_str(m, "feed", order[i]->key.feed);
		sg_val_set_str(m, "id", order[i]->key.id);
		if (subject(c, &order[i]->spans, false, from, to, m))
			sg_val_push(list, m);
		else
			sg_val_free(m);
	}
	free(order);
	return v;
}
