/* watch_list.c - from paths to the files and folders that are watched. */
#include "daemon/watch_parts.h"

#include <stdlib.h>
#include <string.h>

/* Native paths here are made from Windows names, so that neither sign stands in a name. */
bool sg_watch_is_cut(char c)
{
	return c == '/' || c == '\\';
}

size_t sg_watch_folder_len(const char *path)
{
	size_t n = strlen(path);

	while (n && !sg_watch_is_cut(path[n - 1]))
		n--;
	return n > 1 ? n - 1 : n;
}

bool sg_watch_inside(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && sg_watch_is_cut(path[n]);
}

/* The folder that the first n octets name. */
static void add_folder(struct sg_watch *w, const struct sg_watch *old, const char *path, size_t n, bool top)
{
	struct sg_watched_folder *f;

	for (size_t i = 0; i < w->n_folders; i++) {
		if (strncmp(w->folders[i].path, path, n) == 0 && w->folders[i].path[n] == '\0')
			return;
	}
	w->folders = sg_grow(w->folders, w->n_folders, &w->cap_folders, sizeof *w->folders);
	f = &w->folders[w->n_folders++];
	*f = (struct sg_watched_folder){ .path = sg_strndup(path, n), .top = top };
	for (size_t i = 0; i < old->n_folders; i++) {
		struct sg_watched_folder *was = &old->folders[i];

		if (strcmp(was->path, f->path) != 0)
			continue;
		f->handle = was->handle;
		f->dev = was->dev;
		f->ino = was->ino;
		was->handle = NULL;
	}
}

/* The file's folder, and those above it up to the root. */
static void add_folders(struct sg_watch *w, const struct sg_watch *old, const char *path)
{
	size_t top = sg_watch_folder_len(path);

	for (size_t i = 0; i < w->roots.n; i++) {
		size_t len = strlen(w->roots.at[i]);

		if (sg_watch_inside(path, w->roots.at[i]) && len < top)
			top = len;
	}
	for (size_t n = strlen(path); n > top;) {
		while (n > top && !sg_watch_is_cut(path[n - 1]))
			n--;
		n -= n > top; /* the cut itself */
		add_folder(w, old, path, n, n == top);
	}
}

void sg_watch_take_list(struct sg_watch *w)
{
	struct sg_watch old = *w;

	w->folders = NULL;
	w->n_folders = w->cap_folders = 0;
	w->files = sg_alloc((w->paths.n + 1) * sizeof *w->files);
	w->n_files = 0;
	for (size_t i = 0; i < w->paths.n; i++) {
		struct sg_watched_file *f = &w->files[w->n_files++];

		*f = (struct sg_watched_file){ .path = sg_strdup(w->paths.at[i]) };
		for (size_t k = 0; k < old.n_files; k++) {
			if (strcmp(old.files[k].path, f->path) != 0)
				continue;
			f->seen = old.files[k].seen;
			f->known = old.files[k].known;
			f->touched = old.files[k].touched;
			f->gone = old.files[k].gone;
		}
		add_folders(w, &old, f->path);
	}
	for (size_t i = 0; i < old.n_folders; i++) {
		sg_watch_close(w, &old.folders[i]);
		free(old.folders[i].path);
	}
	for (size_t i = 0; i < old.n_files; i++)
		free(old.files[i].path);
	free(old.folders);
	free(old.files);
	w->list++;
	w->due = true;
}

void sg_watch_free_list(struct sg_watch *w)
{
	for (size_t i = 0; i < w->n_folders; i++)
		free(w->folders[i].path);
	for (size_t i = 0; i < w->n_files; i++)
		free(w->files[i].path);
	free(w->folders);
	free(w->files);
}
