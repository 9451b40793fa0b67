/* polls.c - which feed is fetched when, and what is asked for: only what would change something. */
#include "engine/accept.h"
#include "engine/sched.h"

#include <stdlib.h>

/* "Unchanged" is an answer only where what it is compared with is in force and would verify now. */
static void ask_for_changes(const struct sg_engine *e, const struct sg_world *w, const struct sg_conf_feed *f,
        const struct sg_feed_row *row, struct sg_poll *p)
{
	struct sg_trust_rules rules;
	struct sg_memo memo;

	if (!row || row->error || !sg_str_equal(row->url, f->url) || sg_strs_has(&e->again, f->name))
		return;
	sg_memo_read(w, f->name, &memo);
	sg_trust_rules(&e->trust, f, w->now.wall, &rules);
	if (sg_memo_holds(&memo, row, &rules, w->now.wall)) {
		p->etag = sg_strdup(row->etag);
		p->last_modified = sg_strdup(row->last_modified);
		p->cms_etag = sg_strdup(memo.cms_etag);
		p->cms_last_modified = sg_strdup(memo.cms_last_modified);
	}
	sg_trust_rules_release(&rules);
}

void sg_polls_add(struct sg_engine *e, const struct sg_world *w, struct sg_snapshot *s)
{
	const struct sg_conf *conf = sg_engine_conf(e);

	s->polls = sg_alloc((conf->n_feeds + 1) * sizeof(*s->polls));
	for (size_t i = 0; i < conf->n_feeds; i++) {
		const struct sg_conf_feed *f = &conf->feeds[i];
		const struct sg_feed_row *row = sg_world_feed(w, f->name);
		struct sg_poll *p;

		if (!f->url) /* its documents are imported */
			continue;
		p = &s->polls[s->n_polls++];
		*p = (struct sg_poll){ .feed = sg_strdup(f->name),
			.url = sg_strdup(f->url),
			.proxy = sg_strdup(conf->proxy),
			.ca_file = sg_strdup(conf->ca_file),
			.detached = f->signature != SG_SIGNED_XMLDSIG,
			.timeout_ms = f->timeout,
			.max_bytes = (uint64_t)f->max_bytes };
		ask_for_changes(e, w, f, row, p);
		p->due = sg_sched_poll(f, row, w->now.wall, e->started, &e->rand);
	}
}

void sg_polls_release(struct sg_snapshot *s)
{
	for (size_t i = 0; i < s->n_polls; i++) {
		free(s->polls[i].feed);
		free(s->polls[i].url);
		free(s->polls[i].etag);
		free(s->polls[i].last_modified);
		free(s->polls[i].cms_etag);
		free(s->polls[i].cms_last_modified);
		free(s->polls[i].proxy);
		free(s->polls[i].ca_file);
	}
	free(s->polls);
}
