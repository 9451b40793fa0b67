/* watch_look.c - the question that every event leads to: which files and folders are there, and are they the same? Asked on a thread of the pool. */
#include "daemon/watch_parts.h"
#include "base/os.h"

#include <stdlib.h>

enum {
	BUSY_MS = 100, /* first pause after telling; doubled while it goes on */
	BUSIEST_MS = 1000,
};

/* The question that is under way: its own copies, for the list may change meanwhile. */
struct look {
	uv_work_t work;
	struct sg_watch *watch;
	uint64_t list;
	struct sg_strs paths; /* folders, then files */
	struct sg_stamp *stamps;
};

static void on_thread(uv_work_t *work)
{
	struct look *look = work->data;

	for (size_t i = 0; i < look->paths.n; i++) {
		struct sg_err ignored = SG_ERR_INIT;
		struct sg_file_id id;

		if (sg_os_stat(look->paths.at[i], &id, &ignored) == 0)
			look->stamps[i] = (struct sg_stamp){ true, id.dev, id.ino, id.size, id.mtime_ns };
	}
}

static bool same(const struct sg_stamp *a, const struct sg_stamp *b)
{
	return a->there == b->there && a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime == b->mtime;
}

/* Each handle is on the folder that has the name now. */
static void check_folders(struct sg_watch *w, const struct sg_stamp *stamps)
{
	w->lost = false;
	for (size_t i = 0; i < w->n_folders; i++) {
		struct sg_watched_folder *f = &w->folders[i];

		w->lost = w->lost || (f->top && !stamps[i].there);
		if (f->handle && stamps[i].there && stamps[i].dev == f->dev && stamps[i].ino == f->ino)
			continue;
		if (f->handle)
			sg_watch_touch(w, f->path, NULL);
		sg_watch_close(w, f);
		if (w->off || w->limited || !stamps[i].there || !sg_watch_open(w, f) || !f->handle)
			continue;
		sg_watch_touch(w, f->path, NULL); /* what happened before there was a handle is not known */
		f->dev = stamps[i].dev;
		f->ino = stamps[i].ino;
		w->due = true; /* whether it was that folder is asked again */
	}
}

static void check_files(struct sg_watch *w, const struct sg_stamp *stamps)
{
	bool by_stat = w->off || w->limited || w->lost;

	for (size_t i = 0; i < w->n_files; i++) {
		struct sg_watched_file *f = &w->files[i];

		if (!f->known || (by_stat && !same(&f->seen, &stamps[i])))
			f->touched = true;
		f->gone = !stamps[i].there && (f->gone || (f->known && f->seen.there));
		f->seen = stamps[i];
		f->known = true;
	}
}

/* A file that went may come back at once, as installers do it: what is between is no state to act on. */
static bool waits_for_return(const struct sg_watch *w)
{
	if (!w->first || sg_watch_now(w) - w->first >= SG_WATCH_GONE_MS)
		return false;
	for (size_t i = 0; i < w->n_files; i++) {
		if (w->files[i].touched && w->files[i].gone)
			return true;
	}
	return false;
}

static void tell_changes(struct sg_watch *w)
{
	struct sg_strs paths = { 0 };
	int64_t now = sg_watch_now(w);

	for (size_t i = 0; i < w->n_files; i++) {
		if (w->files[i].touched)
			sg_strs_add(&paths, w->files[i].path);
		w->files[i].touched = w->files[i].gone = false;
	}
	w->first = w->last = 0;
	if (paths.n) {
		bool goes_on = w->told && now - w->told < 2 * w->busy + BUSIEST_MS;

		w->busy = !goes_on ? BUSY_MS : 2 * w->busy < BUSIEST_MS ? 2 * w->busy : BUSIEST_MS;
		w->told = now;
		w->o.changed(w->o.arg, &paths);
	}
	sg_strs_release(&paths);
}

static void after(uv_work_t *work, int status)
{
	struct look *look = work->data;
	struct sg_watch *w = look->watch;

	(void)status;
	w->looking = false;
	if (look->list != w->list) {
		w->due = true; /* another list was given meanwhile */
	} else if (!w->stopped) {
		check_folders(w, look->stamps);
		check_files(w, look->stamps + w->n_folders);
		if (!waits_for_return(w))
			tell_changes(w);
	}
	sg_strs_release(&look->paths);
	free(look->stamps);
	free(look);
	sg_watch_schedule(w);
}

void sg_watch_ask(struct sg_watch *w)
{
	struct look *look;

	if (w->looking || w->stopped)
		return;
	look = sg_alloc(sizeof *look);
	look->watch = w;
	look->list = w->list;
	for (size_t i = 0; i < w->n_folders; i++)
		sg_strs_add(&look->paths, w->folders[i].path);
	for (size_t i = 0; i < w->n_files; i++)
		sg_strs_add(&look->paths, w->files[i].path);
	look->stamps = sg_alloc((look->paths.n + 1) * sizeof *look->stamps);
	look->work.data = look;
	w->looking = true;
	w->due = false;
	uv_queue_work(w->o.loop, &look->work, on_thread, after);
}
