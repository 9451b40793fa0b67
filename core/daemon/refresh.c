/* refresh.c - the waiting list of `refresh`. A poll that failed makes the answer an error that says why; what the other feeds brought is in
 * force all the same. */
#include "daemon/refresh.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct target {
	char *feed;
	uint64_t number; /* of the poll that is waited for */
};

struct waiter {
	struct waiter *next;
	uint64_t conn;
	uint32_t id;
	struct target *targets;
	size_t n, cap;
	struct sg_val *before; /* the list when it was asked */
};

struct sg_refresh {
	struct sg_polls *polls;
	struct sg_control *control;
	void (*rearm)(void *arg);
	void *arg;
	struct waiter *first;
	bool stopped;
};

static void waiter_free(struct waiter *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->targets[i].feed);
	free(w->targets);
	sg_val_free(w->before);
	free(w);
}

struct sg_refresh *sg_refresh_new(
        struct sg_polls *polls, struct sg_control *control, void (*rearm)(void *arg), void *arg)
{
	struct sg_refresh *r = sg_alloc(sizeof *r);

	*r = (struct sg_refresh){ .polls = polls, .control = control, .rearm = rearm, .arg = arg };
	return r;
}

void sg_refresh_free(struct sg_refresh *r)
{
	struct waiter *w;

	if (!r)
		return;
	while ((w = r->first) != NULL) {
		r->first = w->next;
		waiter_free(w);
	}
	free(r);
}

static void give_up(struct sg_refresh *r, uint64_t conn, uint32_t id)
{
	struct sg_err err = SG_ERR_INIT;

	sg_fail(&err, SG_ECANCELED, "stopgapd is stopping: the polls were given up");
	sg_control_error(r->control, conn, id, &err, SG_EXIT_FAILED);
}

static void ask(struct sg_refresh *r, struct waiter *w, const char *feed)
{
	uint64_t number = sg_polls_ask(r->polls, feed);

	if (!number)
		return;
	w->targets = sg_grow(w->targets, w->n, &w->cap, sizeof *w->targets);
	w->targets[w->n++] = (struct target){ .feed = sg_strdup(feed), .number = number };
}

void sg_refresh_begin(
        struct sg_refresh *r, uint64_t conn, uint32_t id, const char *feed, const struct sg_snapshot *now)
{
	struct waiter *w;
	struct sg_err err = SG_ERR_INIT;

	if (r->stopped) { /* its job was under way when the stop came, and no poll begins any more */
		give_up(r, conn, id);
		return;
	}
	w = sg_alloc(sizeof *w);
	w->conn = conn;
	w->id = id;
	if (feed) {
		ask(r, w, feed);
	} else {
		for (size_t i = 0; i < sg_polls_count(r->polls); i++)
			ask(r, w, sg_polls_name(r->polls, i));
	}
	if (w->n == 0) {
		if (feed)
			sg_fail(&err, SG_ENOENT, "there is no feed \"%s\": stopgapctl status names them",
			        feed);
		else
			sg_fail(&err, SG_ESTATE,
			        "no feed is configured: add <feed> to the configuration and reload");
		sg_control_error(r->control, conn, id, &err, sg_exit_of(err.code));
		waiter_free(w);
		return;
	}
	w->before = sg_val_copy(now->list);
	w->next = r->first;
	r->first = w;
	r->rearm(r->arg);
}

static bool ended(const struct sg_refresh *r, const struct waiter *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (!sg_polls_has_ended(r->polls, w->targets[i].feed, w->targets[i].number))
			return false;
	return true;
}

static const struct sg_val *feed_of(const struct sg_snapshot *now, const char *name)
{
	const struct sg_val *feeds = sg_val_get(now->status, "feeds");

	for (size_t i = 0; feeds && i < feeds->n; i++)
		if (strcmp(sg_val_get_str(feeds->kid[i], "name", ""), name) == 0)
			return feeds->kid[i];
	return NULL;
}

/* One clause per feed; true when one of them failed. */
static bool describe(const struct waiter *w, const struct sg_snapshot *now, struct sg_buf *text)
{
	bool failed = false;

	for (size_t i = 0; i < w->n; i++) {
		const struct sg_val *feed = feed_of(now, w->targets[i].feed);
		const char *error = sg_val_get_str(feed, "error", NULL);
		int64_t serial = sg_val_get_int(feed, "serial", 0);

		if (i)
			sg_buf_str(text, "; ");
		sg_buf_fmt(text, "feed %s: ", w->targets[i].feed);
		if (error)
			sg_buf_str(text, error);
		else if (!feed)
			sg_buf_str(text, "is not configured any more");
		else if (serial)
			sg_buf_fmt(text, "verified, serial %" PRId64, serial);
		else
			sg_buf_str(text, "verified");
		failed |= error != NULL;
	}
	return failed;
}

static void answer(struct sg_refresh *r, const struct waiter *w, const struct sg_snapshot *now)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf text = { 0 };
	struct sg_val *reply;
	const struct sg_val *list = sg_val_get(now->list, "mitigations");

	if (describe(w, now, &text)) {
		sg_fail(&err, SG_ENET, "%s", (const char *)text.data);
		sg_control_error(r->control, w->conn, w->id, &err, SG_EXIT_FAILED);
	} else {
		reply = sg_val_map();
		sg_val_set_str(reply, "schema", "stopgap.done.v1");
		sg_val_set_bool(
		        reply, "changed", !list || !sg_val_equal(list, sg_val_get(w->before, "mitigations")));
		sg_val_set_str(reply, "text", (const char *)text.data);
		sg_val_set(reply, "mitigations", list ? sg_val_copy(list) : sg_val_array());
		sg_control_result(r->control, w->conn, w->id, reply);
		sg_val_free(reply);
	}
	sg_buf_release(&text);
}

void sg_refresh_idle(struct sg_refresh *r, const struct sg_snapshot *now)
{
	struct waiter **link = &r->first, *w;

	while ((w = *link) != NULL) {
		if (!ended(r, w)) {
			link = &w->next;
			continue;
		}
		*link = w->next;
		answer(r, w, now);
		waiter_free(w);
	}
}

void sg_refresh_stop(struct sg_refresh *r)
{
	struct waiter *w;

	r->stopped = true;
	while ((w = r->first) != NULL) {
		r->first = w->next;
		give_up(r, w->conn, w->id);
		waiter_free(w);
	}
}
