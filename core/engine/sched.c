/* sched.c - see sched.h. */
#include "engine/sched.h"
#include "engine/rerun.h"

enum {
	FIRST_POLLS = 4000,  /* ms after a start, in which every feed is asked once */
	MOST_INTERVALS = 12, /* that a feed which fails is left alone */
};

static void sooner(int64_t *wake, int64_t at, int64_t now)
{
	if (at > now && at < *wake)
		*wake = at;
}

int64_t sg_sched_wake(const struct sg_engine *e, const struct sg_world *w, const struct sg_decision *list)
{
	const struct sg_conf *conf = sg_engine_conf(e);
	int64_t now = w->now.wall, wake = INT64_MAX, opens = 0;
	const struct sg_val *pause = w->facts ? sg_val_get(w->facts, "pause") : NULL;

	for (size_t i = 0; i < w->rows.n; i++) {
		const struct sg_row *row = w->rows.at[i];

		sooner(&wake, row->retry_at, now);
		sooner(&wake, row->delay_until, now);
		sooner(&wake, row->ask_until, now);
		sooner(&wake, row->remove_after, now);
		sooner(&wake, list[i].go.next, now);
		if (row->fixed_since)
			sooner(&wake, row->fixed_since + conf->fixed_settle, now);
		/* What is held is looked at, and whether it is needed is asked again: a file that changed may tell nobody. */
		if (list[i].facts.holds || !row->tombstone)
			sooner(&wake, now + conf->audit_every, now);
		if (row->reason == SG_WHY_REMOVAL_WINDOW &&
		        !sg_policy_window(sg_policy_removal_window(conf), now, false, &opens))
			sooner(&wake, opens, now);
	}
	for (size_t i = 0; i < e->n_views; i++) {
		if (e->views[i].gone_since || e->views[i].failed_since)
			sooner(&wake, sg_view_due(&e->views[i], conf->audit_every), now);
	}
	sooner(&wake, e->care_wake, now);
	sooner(&wake, sg_rerun_wake(w), now);
	if (e->host && e->host->setup_running)
		sooner(&wake, now + SG_SETUP_LOOK, now);
	for (size_t i = 0; i < w->blocks.n; i++)
		sooner(&wake, w->blocks.at[i].until, now);
	if (pause)
		sooner(&wake, sg_val_get_int(pause, "until", 0), now);
	return wake;
}

int64_t sg_sched_poll(const struct sg_conf_feed *feed, const struct sg_feed_row *row, int64_t now,
        int64_t started, struct sg_rand *rand)
{
	int64_t every = feed->every, most;

	if (!row || !row->tried || row->tried < started)
		return started + sg_rand_below(rand, FIRST_POLLS);
	if (row->tried > now) /* the clock was set back */
		return now;
	most = every * MOST_INTERVALS < SG_HOUR ? every * MOST_INTERVALS : SG_HOUR;
	if (most < every)
		most = every;
	for (uint32_t i = 1; i < row->failures && every < most; i++)
		every *= 2;
	if (every > most)
		every = most;
	return row->tried + every - sg_rand_below(rand, every / 10);
}
