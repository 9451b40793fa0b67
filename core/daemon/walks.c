/* walks.c - rounds of walks: begun, bounded in time, and kept until the last request of the round is answered. */
#include "daemon/walks.h"

#include "daemon/poll.h"
#include <stdlib.h>
#include <string.h>

enum { LEAST_MS = 500 }; /* with less time left a walk is not begun */

struct walk {
	uv_work_t work; /* first */
	struct round *round;
	struct sg_poll what;
	struct sg_walk *to;
	int64_t timeout;
};

struct round {
	struct round *next;
	struct sg_walks *owner;
	struct walk *at;
	struct sg_walk *walks; /* what the change lane gets; its thread's while it has them */
	size_t n, begun, ended;
	int64_t since;
	struct sg_job *jobs; /* while it walks: who asked */
	size_t unanswered;   /* of those that the change lane has */
};

struct sg_walks {
	struct sg_walks_options o;
	struct round *walking; /* NULL: none is */
	struct round *rounds;  /* all, until they are answered */
	struct sg_job *waiting, **last;
};

struct sg_walks *sg_walks_new(const struct sg_walks_options *options)
{
	struct sg_walks *w = sg_alloc(sizeof *w);

	w->o = *options;
	w->last = &w->waiting;
	return w;
}

static void round_free(struct round *r)
{
	for (size_t i = 0; i < r->n; i++) {
		sg_poll_release(&r->at[i].what);
		sg_walk_release(&r->walks[i]);
	}
	free(r->at);
	free(r->walks);
	free(r);
}

void sg_walks_free(struct sg_walks *w)
{
	struct round *r;

	if (!w)
		return;
	while ((r = w->rounds) != NULL) {
		w->rounds = r->next;
		round_free(r);
	}
	free(w);
}

static void forget(struct round *r)
{
	struct round **at = &r->owner->rounds;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	round_free(r);
}

/* --- on a walk's thread */

static bool stopped(void *arg)
{
	return atomic_load((atomic_bool *)arg);
}

static void on_thread(uv_work_t *work)
{
	struct walk *w = (struct walk *)work;
	const struct sg_fetch_request req = { .url = w->what.url,
		.proxy = w->what.proxy,
		.ca_file = w->what.ca_file,
		.detached = w->what.detached,
		.timeout_ms = w->timeout,
		.max_bytes = w->what.max_bytes,
		.stop = stopped,
		.arg = w->round->owner->o.stop };

	sg_fetch_walk(&req, w->to);
}

/* --- on the loop's thread */

/* The change lane answers them, or says that it was stopped: both may happen before this returns, and with the last answer the round is gone. */
static void hand_over(struct sg_change *lane, struct sg_job *jobs)
{
	struct sg_job *job;

	while ((job = jobs) != NULL) {
		jobs = job->next;
		sg_change_add(lane, job);
	}
}

static void begin_round(struct sg_walks *w, struct sg_job *jobs);

static void end_round(struct round *r)
{
	struct sg_walks *w = r->owner;
	struct sg_job *jobs = r->jobs, *waiting = w->waiting;

	w->walking = NULL;
	w->waiting = NULL;
	w->last = &w->waiting;
	r->jobs = NULL;
	for (struct sg_job *job = jobs; job; job = job->next) {
		job->walks = r->walks;
		job->n_walks = r->n;
		r->unanswered++;
	}
	if (!jobs) /* a stop took them */
		forget(r);
	hand_over(w->o.change, jobs);
	if (waiting)
		begin_round(w, waiting);
}

static void after(uv_work_t *work, int status);

static void begin_walk(struct round *r, struct walk *w)
{
	int64_t left = r->since + SG_WALKS_MS - (int64_t)uv_now(r->owner->o.loop);

	if (left < LEAST_MS) {
		sg_walk_skip(w->to, SG_WALK_NAME, SG_WALK_SIZE,
		        "not asked: the doctor's 30 s were up, which other feeds' servers took");
		r->ended++;
		return;
	}
	w->timeout = w->what.timeout_ms < left ? w->what.timeout_ms : left;
	uv_queue_work(r->owner->o.loop, &w->work, on_thread, after);
}

static void go_on(struct round *r)
{
	bool stop = atomic_load(r->owner->o.stop);

	while (!stop && r->begun < r->n && r->begun - r->ended < r->owner->o.at_once) {
		r->begun++;
		begin_walk(r, &r->at[r->begun - 1]);
	}
	if (r->ended == r->begun && (stop || r->ended == r->n))
		end_round(r);
}

static void after(uv_work_t *work, int status)
{
	struct round *r = ((struct walk *)work)->round;

	(void)status;
	r->ended++;
	go_on(r);
}

static void begin_round(struct sg_walks *w, struct sg_job *jobs)
{
	const struct sg_snapshot *now = *w->o.snapshot;
	struct round *r;

	if (!now->n_polls) { /* there is no way to walk */
		hand_over(w->o.change, jobs);
		return;
	}
	r = sg_alloc(sizeof *r);
	*r = (struct round){ .next = w->rounds,
		.owner = w,
		.at = sg_alloc(now->n_polls * sizeof *r->at),
		.walks = sg_alloc(now->n_polls * sizeof *r->walks),
		.n = now->n_polls,
		.since = (int64_t)uv_now(w->o.loop),
		.jobs = jobs };
	for (size_t i = 0; i < r->n; i++) {
		r->at[i].round = r;
		r->at[i].to = &r->walks[i];
		sg_poll_copy(&r->at[i].what, &now->polls[i]);
		r->walks[i].feed = sg_strdup(now->polls[i].feed);
	}
	w->rounds = r;
	w->walking = r;
	go_on(r);
}

void sg_walks_add(struct sg_walks *w, struct sg_job *job)
{
	job->next = NULL;
	if (!w->walking) {
		begin_round(w, job);
		return;
	}
	*w->last = job;
	w->last = &job->next;
}

void sg_walks_answered(struct sg_walks *w, const struct sg_job *job)
{
	for (struct round *r = w->rounds; r && job->walks; r = r->next) {
		if (r->walks != job->walks)
			continue;
		if (--r->unanswered == 0)
			forget(r);
		return;
	}
}

size_t sg_walks_waiting(const struct sg_walks *w, const char *account)
{
	size_t n = 0;

	for (const struct sg_job *job = w->waiting; job; job = job->next)
		n += strcmp(job->account, account) == 0;
	return n;
}

bool sg_walks_busy(const struct sg_walks *w)
{
	return w->walking != NULL;
}

void sg_walks_stop(struct sg_walks *w)
{
	struct sg_job *waiting = w->waiting, *jobs = w->walking ? w->walking->jobs : NULL;

	w->waiting = NULL;
	w->last = &w->waiting;
	if (w->walking)
		w->walking->jobs = NULL; /* its threads still write what they found */
	hand_over(w->o.change, jobs);
	hand_over(w->o.change, waiting);
}
