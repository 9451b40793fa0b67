/* coverage_standing.c - what must be known of lines that are taken out, cut into facts that each fit a record (base/pack.h, row limits). */
#include "journal/coverage.h"

#include <stdio.h>
#include <string.h>

enum { MITIGATIONS = 100, FEEDS = 10 }; /* of one part; a feed may bring three long sentences */

static const char part_prefix[] = SG_COVERAGE_FACT ".";

bool sg_coverage_is_fact(const char *name)
{
	return strcmp(name, SG_COVERAGE_FACT) == 0 || strncmp(name, part_prefix, sizeof part_prefix - 1) == 0;
}

static void put_mitigation(struct sg_val *list, const struct sg_covered *s)
{
	struct sg_val *m = sg_val_push(list, sg_val_map());

	sg_val_set_str(m, "feed", s->key.feed);
	sg_val_set_str(m, "id", s->key.id);
	sg_val_set_str(m, "verdict", sg_verdict_name(s->verdict));
	sg_val_set_str(m, "cause", s->cause);
}

static void put_feed(struct sg_val *list, const struct sg_covered_feed *f)
{
	struct sg_val *m = sg_val_push(list, sg_val_map());

	sg_val_set_str(m, "name", f->name);
	sg_val_set_bool(m, "listed", f->listed);
	sg_val_set_bool(m, "read", f->read);
	sg_val_set_str(m, "error", f->error);
	sg_val_set_str(m, "stale", f->stale);
	sg_val_set_str(m, "part", f->part);
}

struct sg_val *sg_coverage_standing(const struct sg_coverage *c, uint64_t seq, const struct sg_val *facts)
{
	struct sg_val *put = sg_val_map(), *head = sg_val_map();
	size_t m = 0, f = 0;

	for (size_t i = 0; facts && i < facts->n; i++) {
		if (sg_coverage_is_fact(facts->kid[i]->key))
			sg_val_set(put, facts->kid[i]->key, sg_val_nil());
	}
	sg_val_set_int(head, "seq", (int64_t)seq);
	sg_val_set_bool(head, "known", c->known);
	sg_val_set_bool(head, "running", c->running);
	sg_val_set_bool(head, "configured", c->configured);
	sg_val_set_str(head, "gap", c->gap);
	sg_val_set(put, SG_COVERAGE_FACT, head);
	for (size_t part = 0; m < c->n || f < c->n_feeds; part++) {
		char name[sizeof part_prefix + 20];
		struct sg_val *one = sg_val_map(), *list = sg_val_set(one, "mitigations", sg_val_array()),
		              *feeds = sg_val_set(one, "feeds", sg_val_array());

		for (size_t i = 0; i < MITIGATIONS && m < c->n; i++)
			put_mitigation(list, &c->at[m++]);
		for (size_t i = 0; i < FEEDS && f < c->n_feeds; i++)
			put_feed(feeds, &c->feeds[f++]);
		snprintf(name, sizeof name, "%s%zu", part_prefix, part);
		sg_val_set(put, name, one);
	}
	return put;
}
