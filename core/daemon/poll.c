/* poll.c - which feed is fetched when, and the fetching on its thread. */
#include "daemon/poll.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum {
	SHORTEST_MS = 1000
}; /* between two polls that nobody asked for: the least interval that a feed may have */

enum poll_state {
	WAITING,
	FETCHING, /* on its thread */
	HANDED,   /* the change lane has the result */
};

/* A fetch takes the feed's address with it: a reload may change the feed meanwhile. */
struct job {
	uv_work_t work; /* first */
	struct sg_polls *owner;
	struct sg_poll what;
	struct sg_fetched fetched;
	struct sg_err failure;
};

struct feed {
	struct feed *next;
	struct sg_poll what;
	int64_t due;
	int64_t begun; /* last time; 0: never */
	enum poll_state state;
	uint64_t started, ended;
	bool asked; /* its due was set here: what the engine says about it is older */
	bool kept;  /* seen in this update */
};

struct sg_polls {
	struct sg_polls_options o;
	struct sg_rand rand;
	struct feed *feeds;
	size_t under_way;
};

void sg_poll_copy(struct sg_poll *to, const struct sg_poll *from)
{
	*to = (struct sg_poll){ .feed = sg_strdup(from->feed),
		.url = sg_strdup(from->url),
		.etag = sg_strdup(from->etag),
		.last_modified = sg_strdup(from->last_modified),
		.proxy = sg_strdup(from->proxy),
		.ca_file = sg_strdup(from->ca_file),
		.detached = from->detached,
		.cms_etag = sg_strdup(from->cms_etag),
		.cms_last_modified = sg_strdup(from->cms_last_modified),
		.due = from->due,
		.timeout_ms = from->timeout_ms,
		.max_bytes = from->max_bytes };
}

void sg_poll_release(struct sg_poll *p)
{
	free(p->feed);
	free(p->url);
	free(p->etag);
	free(p->last_modified);
	free(p->cms_etag);
	free(p->cms_last_modified);
	free(p->proxy);
	free(p->ca_file);
	*p = (struct sg_poll){ 0 };
}

struct sg_polls *sg_polls_new(const struct sg_polls_options *options)
{
	struct sg_polls *p = sg_alloc(sizeof *p);

	p->o = *options;
	p->rand.s = options->seed;
	return p;
}

static void feed_free(struct feed *f)
{
	sg_poll_release(&f->what);
	free(f);
}

void sg_polls_free(struct sg_polls *p)
{
	struct feed *f;

	if (!p)
		return;
	while ((f = p->feeds) != NULL) {
		p->feeds = f->next;
		feed_free(f);
	}
	free(p);
}

static struct feed *find(const struct sg_polls *p, const char *name)
{
	for (struct feed *f = p->feeds; f; f = f->next)
		if (strcmp(f->what.feed, name) == 0)
			return f;
	return NULL;
}

/* --- on the fetch's thread */

static bool stopped(void *arg)
{
	return atomic_load((atomic_bool *)arg);
}

static void on_thread(uv_work_t *work)
{
	struct job *j = (struct job *)work;
	struct sg_fetch_request req = { .url = j->what.url,
		.proxy = j->what.proxy,
		.ca_file = j->what.ca_file,
		.etag = j->what.etag,
		.last_modified = j->what.last_modified,
		.detached = j->what.detached,
		.cms_etag = j->what.cms_etag,
		.cms_last_modified = j->what.cms_last_modified,
		.timeout_ms = j->what.timeout_ms,
		.max_bytes = j->what.max_bytes,
		.stop = stopped,
		.arg = j->owner->o.stop };

	sg_fetch_signed(&req, &j->fetched, &j->failure);
}

/* --- on the loop's thread */

static void after(uv_work_t *work, int status)
{
	struct job *j = (struct job *)work;
	struct sg_polls *p = j->owner;
	struct feed *f = find(p, j->what.feed);

	(void)status;
	p->under_way--;
	if (f)
		f->state = HANDED;
	/* a stop is no failure of the feed's */
	if (f && !atomic_load(p->o.stop))
		p->o.fetched(p->o.arg, j->what.feed, &j->fetched, &j->failure);
	sg_fetched_release(&j->fetched);
	sg_poll_release(&j->what);
	free(j);
}

static void begin(struct sg_polls *p, struct feed *f)
{
	struct job *j = sg_alloc(sizeof *j);

	j->owner = p;
	sg_poll_copy(&j->what, &f->what);
	f->state = FETCHING;
	f->begun = (int64_t)uv_now(p->o.loop);
	f->asked = false;
	f->started++;
	p->under_way++;
	uv_queue_work(p->o.loop, &j->work, on_thread, after);
}

int64_t sg_polls_tick(struct sg_polls *p, int64_t now)
{
	int64_t next = INT64_MAX;

	for (struct feed *f = p->feeds; f; f = f->next) {
		int64_t due = f->due;

		if (f->state != WAITING || atomic_load(p->o.stop))
			continue;
		if (!f->asked && f->begun && due < f->begun + SHORTEST_MS)
			due = f->begun + SHORTEST_MS;
		if (due > now) {
			next = due < next ? due : next;
		} else if (p->under_way < p->o.at_once) {
			begin(p, f);
		} /* else: the end of another fetch brings it here again */
	}
	return next;
}

/* From the engine's wall time to the loop's own, so that a clock that is set neither hurries nor delays a poll. */
static int64_t due_of(const struct sg_polls *p, int64_t due, int64_t wall)
{
	const int64_t longest = 7 * SG_DAY; /* the longest interval that a feed may have */
	int64_t wait = due > wall ? due - wall : 0;

	return (int64_t)uv_now(p->o.loop) + (wait < longest ? wait : longest);
}

void sg_polls_update(struct sg_polls *p, const struct sg_poll *at, size_t n, int64_t wall)
{
	struct feed **link, *f;

	for (f = p->feeds; f; f = f->next)
		f->kept = false;
	for (size_t i = 0; i < n; i++) {
		int64_t due = due_of(p, at[i].due, wall);

		f = find(p, at[i].feed);
		if (!f) {
			int64_t first =
			        (int64_t)uv_now(p->o.loop) + sg_rand_below(&p->rand, SG_FIRST_POLL_MS);

			f = sg_alloc(sizeof *f);
			f->next = p->feeds;
			p->feeds = f;
			f->asked =
			        true; /* whenever it was polled last: nobody knows what this process missed */
			f->due = first;
		}
		sg_poll_release(&f->what);
		sg_poll_copy(&f->what, &at[i]);
		f->kept = true;
		if (!f->asked)
			f->due = due;
	}
	link = &p->feeds;
	while ((f = *link) != NULL) {
		if (f->kept) {
			link = &f->next;
			continue;
		}
		*link = f->next;
		feed_free(f);
	}
}

uint64_t sg_polls_ask(struct sg_polls *p, const char *feed)
{
	struct feed *f = find(p, feed);

	if (!f)
		return 0;
	f->asked = true;
	f->due = (int64_t)uv_now(p->o.loop);
	return f->started + 1;
}

void sg_polls_ended(struct sg_polls *p, const char *feed)
{
	struct feed *f = find(p, feed);

	if (!f)
		return;
	f->state = WAITING;
	f->ended = f->started;
}

/* Whoever waits for this poll waits for the next: `ended` stays. */
void sg_polls_again(struct sg_polls *p, const char *feed)
{
	struct feed *f = find(p, feed);

	if (!f)
		return;
	f->state = WAITING;
	f->asked = true;
	f->due = (int64_t)uv_now(p->o.loop) + SG_POLL_AGAIN_MS;
}

bool sg_polls_has_ended(const struct sg_polls *p, const char *feed, uint64_t number)
{
	const struct feed *f = find(p, feed);

	return !f || f->ended >= number;
}

size_t sg_polls_count(const struct sg_polls *p)
{
	size_t n = 0;

	for (const struct feed *f = p->feeds; f; f = f->next)
		n++;
	return n;
}

const char *sg_polls_name(const struct sg_polls *p, size_t i)
{
	const struct feed *f = p->feeds;

	while (f && i--)
		f = f->next;
	return f ? f->what.feed : NULL;
}

bool sg_polls_busy(const struct sg_polls *p)
{
	return p->under_way > 0;
}
