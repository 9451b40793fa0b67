/* iis_files.c - the files and folders of one proof, each read once. Reads only. */
#include "actions/iis_effective_parts.h"
#include "base/os.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 512, MAX_DEPTH = 32 };

/* A file or a folder that was asked for. */
struct kept {
	struct kept *next;
	char *path;
	struct sg_iis_file file;
	struct sg_err why; /* code 0: the file is there */
	/* a folder: its sub-folders, and whether it holds a web.config */
	struct sg_strs folders;
	char *native;
	bool has_config;
};
struct sg_iis_files {
	const struct sg_iis *iis;
	const struct sg_drives *drives;
	struct kept *files[BUCKETS], *folders[BUCKETS];
	size_t n_folders;
	struct sg_iis_server_section *server;
};

struct sg_iis_files *sg_iis_files_new(const struct sg_iis *iis, const struct sg_drives *drives)
{
	struct sg_iis_files *files = sg_alloc(sizeof(*files));

	files->iis = iis;
	files->drives = drives;
	return files;
}

static void forget(struct kept *k)
{
	while (k) {
		struct kept *next = k->next;

		sg_iis_file_release(&k->file);
		sg_strs_release(&k->folders);
		free(k->native);
		free(k->path);
		free(k);
		k = next;
	}
}

void sg_iis_files_free(struct sg_iis_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		forget(files->files[i]);
		forget(files->folders[i]);
	}
	while (files->server) {
		struct sg_iis_server_section *next = files->server->next;

		sg_iis_occurrences_release(&files->server->found);
		free(files->server->section);
		free(files->server);
		files->server = next;
	}
	free(files);
}

const struct sg_drives *sg_iis_files_drives(const struct sg_iis_files *files)
{
	return files->drives;
}

const struct sg_iis *sg_iis_files_iis(const struct sg_iis_files *files)
{
	return files->iis;
}

const struct sg_iis_occurrences *sg_iis_files_server(struct sg_iis_files *files, const char *section)
{
	struct sg_iis_server_section *s;

	for (s = files->server; s; s = s->next)
		if (!strcmp(s->section, section))
			return &s->found;
	s = sg_alloc(sizeof(*s));
	s->section = sg_strdup(section);
	sg_iis_occurrences(&files->iis->cfg, section, NULL, NULL, &s->found);
	s->next = files->server;
	files->server = s;
	return &s->found;
}

/* The entry of that path; *ret_new says that it was made just now. Paths that differ in letters beyond ASCII may be kept twice. */
static struct kept *keep(struct kept **table, const char *path, bool *ret_new)
{
	uint32_t hash = 2166136261u;
	struct kept **bucket, *k;

	for (const char *p = path; *p; p++) {
		unsigned char c = (unsigned char)*p;

		hash = (hash ^ (c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c)) * 16777619u;
	}
	bucket = &table[hash % BUCKETS];
	for (k = *bucket; k; k = k->next)
		if (sg_win_same(k->path, path)) {
			*ret_new = false;
			return k;
		}
	k = sg_alloc(sizeof(*k));
	k->path = sg_strdup(path);
	k->next = *bucket;
	*bucket = k;
	*ret_new = true;
	return k;
}

/* A folder on a drive that nobody gave us is not one that is absent. */
static int check_drive(const struct sg_drives *drives, const char *path, struct sg_err *err)
{
	int letter = path[0] >= 'a' ? path[0] - 'a' : path[0] - 'A';

	if (path[0] && path[1] == ':' && letter >= 0 && letter < 26 && !drives->dir[letter])
		return sg_fail(err, SG_EUNSUPPORTED, "%s: the drive %c: is not at hand", path, path[0]);
	return 0;
}

int sg_iis_files_get(
        struct sg_iis_files *files, const char *container, const struct sg_iis_file **ret, struct sg_err *err)
{
	bool fresh;
	struct kept *k = keep(files->files, container, &fresh);

	if (fresh) {
		sg_err_clear(&k->why);
		if (!check_drive(files->drives, container, &k->why))
			sg_iis_file_read(files->drives, container, &k->file, &k->why);
	}
	if (k->why.code)
		return sg_fail(err, k->why.code, "%s", k->why.msg);
	*ret = &k->file;
	return 0;
}

/* --- folders */

static void list_folder(struct kept *k)
{
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_strs names = { 0 };

	if (!k->native || sg_os_list(k->native, &names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		char *inside = sg_format("%s/%s", k->native, names.at[i]);
		struct sg_file_id id;

		if (sg_os_stat(inside, &id, &ignored) == 0) {
			if (id.is_dir)
				sg_strs_add(&k->folders, names.at[i]);
			else if (id.is_file && sg_win_same(names.at[i], "web.config"))
				k->has_config = true;
		}
		free(inside);
	}
	sg_strs_release(&names);
}

struct below {
	struct sg_iis_files *files;
	const struct sg_iis_site *site;
	size_t max;
	struct sg_strs *ret;
	bool all;
};

static bool is_vdir(const struct sg_iis_site *site, const char *url)
{
	bool found = false;

	for (size_t a = 0; !found && a < site->n_apps; a++)
		for (size_t v = 0; !found && v < site->apps[a].n_vdirs; v++) {
			char *own = sg_iis_vdir_url(&site->apps[a], &site->apps[a].vdirs[v]);

			found = sg_win_same(own, url);
			free(own);
		}
	return found;
}

/* `native` NULL: to be found from the Windows path. */
static void go_below(struct below *b, const char *folder, const char *native, const char *url, int depth)
{
	struct sg_err ignored = SG_ERR_INIT;
	struct kept *k;
	bool fresh;

	if (depth > MAX_DEPTH) {
		b->all = false;
		return;
	}
	k = keep(b->files->folders, folder, &fresh);
	if (fresh) {
		if (b->files->n_folders++ >= b->max) {
			b->all = false;
		} else {
			if (native)
				k->native = sg_strdup(native);
			else
				sg_drive_path(b->files->drives, folder, false, &k->native, &ignored);
			list_folder(k);
		}
	}
	if (depth && k->has_config)
		sg_strs_add(b->ret, url);
	for (size_t i = 0; i < k->folders.n; i++) {
		char *below = sg_iis_url_join(url, k->folders.at[i]);

		/* a virtual directory in front of the sub-folder is looked at by its own URL */
		if (!is_vdir(b->site, below)) {
			char *win = sg_win_join(folder, k->folders.at[i]);
			char *inside = sg_format("%s/%s", k->native, k->folders.at[i]);

			go_below(b, win, inside, below, depth + 1);
			free(inside);
			free(win);
		}
		free(below);
	}
}

void sg_iis_urls_below(struct sg_iis_files *files, const struct sg_iis_site *site, const char *url,
        bool inherit, size_t max_folders, struct sg_strs *ret, bool *ret_all)
{
	struct below b = { files, site, max_folders, ret, true };
	const struct sg_iis_app *here = NULL;

	sg_iis_resolve(site, url, &here, NULL);
	sg_strs_add(ret, url);
	for (int below = 0; below < 2;
	        below++) /* the virtual directories first: they matter more than folders */
		for (size_t a = 0; a < site->n_apps; a++)
			for (size_t v = 0; v < site->apps[a].n_vdirs; v++) {
				const struct sg_iis_app *app = &site->apps[a];
				char *own = sg_iis_vdir_url(app, &app->vdirs[v]);

				if (sg_iis_url_covers(url, own) && (inherit || app == here)) {
					if (below)
						go_below(&b, app->vdirs[v].physical, NULL, own, 0);
					else if (!sg_win_same(own, url))
						sg_strs_add(ret, own);
				}
				free(own);
			}
	*ret_all = b.all;
}
