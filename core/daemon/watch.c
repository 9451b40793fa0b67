/* watch.c - handles on folders, and the one timer. Every event leads to the same question (watch_look.c), so that none must have been seen: a lost one costs time
 * until the audit, no more. */
#include "daemon/watch_parts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	LONGEST_QUIET = 250,       /* events that do not end are told after this */
	RETRY_MS = 10 * 60 * 1000, /* until handles are asked for again where there were none left */
};

int64_t sg_watch_now(const struct sg_watch *w)
{
	return (int64_t)uv_now(w->o.loop);
}

/* --- events */

static void on_closed(uv_handle_t *handle)
{
	struct sg_watch *w = handle->data;

	w->closing--;
	free(handle);
}

void sg_watch_close(struct sg_watch *w, struct sg_watched_folder *f)
{
	if (!f->handle)
		return;
	w->closing++;
	uv_close((uv_handle_t *)f->handle, on_closed);
	f->handle = NULL;
}

bool sg_watch_touch(struct sg_watch *w, const char *folder, const char *name)
{
	size_t n = strlen(folder) + 1, len = name ? strlen(name) : 0;
	bool any = false;

	for (size_t i = 0; i < w->n_files; i++) {
		const char *path = w->files[i].path;

		if (!sg_watch_inside(path, folder))
			continue;
		if (!name || (sg_same_n(path + n, name, len) &&
		                     (path[n + len] == '\0' || sg_watch_is_cut(path[n + len]))))
			w->files[i].touched = any = true;
	}
	return any;
}

static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct sg_watch *w = handle->data;
	const struct sg_watched_folder *folder = NULL;
	bool about_itself, touched;

	(void)events;
	for (size_t i = 0; i < w->n_folders && !folder; i++) {
		if (w->folders[i].handle == handle)
			folder = &w->folders[i];
	}
	if (!folder)
		return;
	/* Of the folder itself libuv gives the folder's name: the question that follows tells what became of it. */
	about_itself = status < 0 ||
	               (name && strcmp(folder->path + sg_watch_folder_len(folder->path) + 1, name) == 0);
	touched = sg_watch_touch(w, folder->path, status < 0 ? NULL : name);
	if (!about_itself && !touched)
		return;
	w->last = sg_watch_now(w);
	if (!w->first)
		w->first = w->last;
	sg_watch_schedule(w);
}

/* false: the system has no more. A folder that is not there is no failure: the one above it is watched, too. */
bool sg_watch_open(struct sg_watch *w, struct sg_watched_folder *f)
{
	uv_fs_event_t *handle = sg_alloc(sizeof *handle);
	int r;

	uv_fs_event_init(w->o.loop, handle);
	handle->data = w;
	r = uv_fs_event_start(handle, on_event, f->path, 0);
	if (r == 0) {
		f->handle = handle;
		return true;
	}
	w->closing++;
	uv_close((uv_handle_t *)handle, on_closed);
	if (r == UV_ENOENT || r == UV_ENOTDIR)
		return true;
	w->limited = true;
	w->limited_at = sg_watch_now(w);
	if (!w->told_limited)
		w->o.limited(w->o.arg, uv_strerror(r));
	w->told_limited = true;
	return false;
}

/* --- the timer */

static void on_timer(uv_timer_t *timer)
{
	sg_watch_ask(timer->data);
}

/* When the next question is due; INT64_MAX: not before something happens. */
static int64_t next_look(const struct sg_watch *w)
{
	int64_t now = sg_watch_now(w), at = INT64_MAX;

	if (!w->n_files)
		return at;
	if (w->due)
		return now;
	if (w->off || w->limited || w->lost)
		at = now + SG_WATCH_STAT_MS;
	if (w->first) {
		int64_t quiet = w->last + SG_WATCH_QUIET_MS, longest = w->first + LONGEST_QUIET;
		int64_t event = quiet < longest ? quiet : longest;

		if (event <= now) /* asked already, and it waits for a file that went */
			event = now + SG_WATCH_QUIET_MS;
		if (w->told && event < w->told + w->busy)
			event = w->told + w->busy;
		at = event < at ? event : at;
	}
	return at;
}

void sg_watch_schedule(struct sg_watch *w)
{
	int64_t at, now = sg_watch_now(w);

	if (w->stopped || w->looking)
		return;
	at = next_look(w);
	if (at == INT64_MAX)
		uv_timer_stop(&w->timer);
	else
		uv_timer_start(&w->timer, on_timer, at > now ? (uint64_t)(at - now) : 0, 0);
}

/* --- from outside */

static bool same_list(const struct sg_strs *a, const struct sg_strs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->at[i], b->at[i]) != 0)
			return false;
	}
	return true;
}

static void copy_list(struct sg_strs *to, const struct sg_strs *from)
{
	sg_strs_release(to);
	for (size_t i = 0; i < from->n; i++)
		sg_strs_add(to, from->at[i]);
}

void sg_watch_update(
        struct sg_watch *w, const struct sg_strs *paths, const struct sg_strs *roots, bool handles_off)
{
	bool other = !same_list(&w->paths, paths) || !same_list(&w->roots, roots);
	bool off = handles_off || !sg_watch_keeps_handles();

	if (w->stopped)
		return;
	if (other) {
		copy_list(&w->paths, paths);
		copy_list(&w->roots, roots);
		sg_watch_take_list(w);
	}
	if (off && !w->off) {
		for (size_t i = 0; i < w->n_folders; i++)
			sg_watch_close(w, &w->folders[i]);
		for (size_t i = 0; i < w->n_files; i++)
			w->files[i].known = false; /* what changed before the first question is not known */
		w->due = true;
	}
	if (!off && w->off)
		w->due = true;
	w->off = off;
	if (w->limited && sg_watch_now(w) - w->limited_at >= RETRY_MS) {
		w->limited = false;
		w->due = true;
	}
	if (w->due)
		sg_watch_schedule(w);
}

size_t sg_watch_handles(const struct sg_watch *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_folders; i++)
		n += w->folders[i].handle != NULL;
	return n;
}

/* --- the whole */

struct sg_watch *sg_watch_new(const struct sg_watch_options *options)
{
	struct sg_watch *w = sg_alloc(sizeof *w);

	w->o = *options;
	uv_timer_init(w->o.loop, &w->timer);
	w->timer.data = w;
	return w;
}

static void on_timer_closed(uv_handle_t *handle)
{
	((struct sg_watch *)handle->data)->timer_closed = true;
}

void sg_watch_stop(struct sg_watch *w)
{
	if (w->stopped)
		return;
	w->stopped = true;
	for (size_t i = 0; i < w->n_folders; i++)
		sg_watch_close(w, &w->folders[i]);
	uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}

bool sg_watch_stopped(const struct sg_watch *w)
{
	return w->stopped && w->timer_closed && !w->closing && !w->looking;
}

void sg_watch_free(struct sg_watch *w)
{
	if (!w)
		return;
	sg_watch_free_list(w);
	sg_strs_release(&w->paths);
	sg_strs_release(&w->roots);
	free(w);
}
