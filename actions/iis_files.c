/* iis_files.c - the files and folders of one proof, each read once. Reads only. */
#include "actions/by_path.h"
#include "actions/iis_effective_parts.h"
#include "actions/rules_apart.h"
#include "base/os.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 32 };
/* What the files of one proof may take. Whoever may write a site's folders may make as many files as fit his quota, and read they take up to 20 times their
 * octets, all of them until the proof ends. */
static const size_t room = (size_t)512 << 20;

/* A file or a folder that was asked for. */
struct kept {
	const char *path; /* the table's */
	struct sg_iis_file file;
	struct sg_err why; /* code 0: the file is there */
	bool brief; /* it was asked for to tell something, so it may have been refused for want of time */
	/* a folder: all that is in it, and once somebody walked it, its sub-folders and whether it holds a web.config */
	char *native;
	struct sg_strs names, folders;
	bool walked, has_config;
};
struct sg_iis_files {
	const struct sg_iis *iis;
	const struct sg_drives *drives;
	struct sg_by_path files, folders;
	size_t taken; /* of `room` */
	struct sg_iis_server_section *server;
	struct sg_rules *rules;
};

struct sg_iis_files *sg_iis_files_new(const struct sg_iis *iis, const struct sg_drives *drives)
{
	struct sg_iis_files *files = sg_alloc(sizeof(*files));

	files->iis = iis;
	files->drives = drives;
	return files;
}

static void forget(void *thing)
{
	struct kept *k = thing;

	sg_iis_file_release(&k->file);
	sg_strs_release(&k->names);
	sg_strs_release(&k->folders);
	free(k->native);
	free(k);
}

void sg_iis_files_free(struct sg_iis_files *files)
{
	if (!files)
		return;
	sg_by_path_release(&files->files, forget);
	sg_by_path_release(&files->folders, forget);
	while (files->server) {
		struct sg_iis_server_section *next = files->server->next;

		sg_iis_occurrences_release(&files->server->found);
		free(files->server->section);
		free(files->server);
		files->server = next;
	}
	sg_rules_free(files->rules);
	free(files);
}

struct sg_rules *sg_iis_files_rules(struct sg_iis_files *files)
{
	if (!files->rules)
		files->rules = sg_rules_new();
	return files->rules;
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

/* The entry of that path; *ret_new says that it was made just now. */
static struct kept *keep(struct sg_by_path *table, const char *path, bool *ret_new)
{
	const char *own;
	void **at = sg_by_path(table, path, &own);
	struct kept *k = *at;

	*ret_new = !k;
	if (!k) {
		*at = k = sg_alloc(sizeof(*k));
		k->path = own;
	}
	return k;
}

/* Names that are the same but for their letters come together. */
static int by_name(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	int r = sg_win_compare(x, y);

	return r ? r : strcmp(x, y);
}

/* The one entry of the folder by that name, whatever its letters; SG_ENOENT, SG_ECONFLICT for two of them. */
static int entry(const struct kept *k, const char *name, const char **ret, struct sg_err *err)
{
	size_t low = 0, high = k->names.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sg_win_compare(k->names.at[middle], name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == k->names.n || !sg_win_same(k->names.at[low], name))
		return sg_fail(err, SG_ENOENT, "there is no \"%s\" in %s", name, k->path);
	if (low + 1 < k->names.n && sg_win_same(k->names.at[low + 1], name))
		return sg_fail(err, SG_ECONFLICT, "%s: \"%s\" and \"%s\" are both there", k->path,
		        k->names.at[low], k->names.at[low + 1]);
	*ret = k->names.at[low];
	return 0;
}

/* "C:\a\b" -> "C:\a" and "b"; NULL for a drive itself. */
static char *parent_of(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '\\');

	if (!slash || !slash[1])
		return NULL;
	*ret_name = slash + 1;
	return sg_strndup(path, (size_t)(slash - path) + (slash == path + 2));
}

/* The folder of a canonical path, looked for as sg_drive_path() does, but each folder on the way is listed once for all that is below it. */
static struct kept *folder(struct sg_iis_files *files, const char *path)
{
	const char *name = NULL, *found = NULL;
	struct sg_file_id id;
	char *above;
	struct kept *up;
	bool fresh;
	struct kept *k = keep(&files->folders, path, &fresh);

	if (!fresh)
		return k;
	sg_err_clear(&k->why);
	above = parent_of(path, &name);
	if (!above) {
		/* a drive that nobody gave us is not one without files */
		if (path[0] >= 'A' && path[0] <= 'Z' && !sg_drive_root(files->drives, path[0]))
			sg_fail(&k->why, SG_EUNSUPPORTED, "the drive %c: is not at hand", path[0]);
		else
			sg_drive_path(files->drives, path, false, &k->native, &k->why);
	} else {
		up = folder(files, above);
		if (up->why.code) {
			sg_fail(&k->why, up->why.code, "%s", up->why.msg);
		} else if (!entry(up, name, &found, &k->why)) {
			k->native = sg_format("%s/%s", up->native, found);
			if (!sg_os_stat(k->native, &id, &k->why) && id.is_link)
				sg_fail(&k->why, SG_EUNSUPPORTED, "%s is a link, and links are not followed",
				        path);
			else if (!k->why.code && !id.is_dir)
				sg_fail(&k->why, SG_ENOENT, "%s is no folder", path);
		}
	}
	if (!k->why.code && !sg_os_list(k->native, &k->names, &k->why) && k->names.n)
		qsort(k->names.at, k->names.n, sizeof(*k->names.at), by_name);
	free(above);
	return k;
}

/* IIS refuses a larger one, and everything below its folder with it. Its own applicationHost.config has no such limit. */
static bool too_large(const struct sg_iis_files *files, const char *path, uint64_t size)
{
	const struct sg_iis *iis = files->iis;

	return iis && iis->max_web_config && size > iis->max_web_config && !sg_win_same(path, iis->apphost);
}

/* What was refused has cost its octets, too: reading it took that long. */
static void read_native(
        struct sg_iis_files *files, const char *native, const char *path, uint64_t size, struct kept *k)
{
	const struct sg_cfg *cfg = &k->file.cfg;

	if (too_large(files, path, size)) {
		sg_fail(&k->why, SG_EPARSE,
		        "%s has %llu KB and IIS reads no configuration file of more than %llu KB "
		        "(MaxWebConfigFileSizeInKB)",
		        path, (unsigned long long)(size + 1023) / 1024,
		        (unsigned long long)files->iis->max_web_config / 1024);
		return;
	}
	if (size > room - files->taken) {
		sg_fail(&k->why, SG_ELIMIT,
		        "%s was not read: the files that count here take more than %zu MiB of memory", path,
		        room >> 20);
		return;
	}
	sg_iis_file_read_native(
	        native, path, k->brief ? sg_cfg_scan_to_tell : sg_cfg_scan, &k->file, &k->why);
	size += cfg->n_nodes * sizeof(*cfg->nodes) + cfg->n_attrs * sizeof(*cfg->attrs);
	files->taken = size > room - files->taken ? room : files->taken + (size_t)size;
}

static void read_file(struct sg_iis_files *files, const char *path, struct kept *k)
{
	const char *name = NULL, *found = NULL;
	char *above = parent_of(path, &name), *native;
	struct sg_file_id id;
	struct kept *in;

	if (!above) {
		sg_fail(&k->why, SG_EINVAL, "%s is no file", path);
		return;
	}
	in = folder(files, above);
	if (in->why.code) {
		sg_fail(&k->why, in->why.code, "%s: %s", path, in->why.msg);
	} else if (!entry(in, name, &found, &k->why)) {
		native = sg_format("%s/%s", in->native, found);
		if (!sg_os_stat(native, &id, &k->why) && id.is_link)
			sg_fail(&k->why, SG_EUNSUPPORTED,
			        "%s: %s is a link, and links inside a drive are not followed", path, native);
		if (!k->why.code)
			read_native(files, native, path, id.size, k);
		free(native);
	}
	free(above);
}

static int get(struct sg_iis_files *files, const char *container, bool brief, const struct sg_iis_file **ret,
        struct sg_err *err)
{
	bool fresh;
	struct kept *k = keep(&files->files, container, &fresh);

	if (fresh || (k->brief && !brief && k->why.code == SG_EIO)) {
		char *path = NULL;

		k->brief = brief;
		sg_err_clear(&k->why);
		if (!sg_drive_canonical(files->drives, container, &path, &k->why))
			read_file(files, path, k);
		free(path);
	}
	if (k->why.code)
		return sg_fail(err, k->why.code, "%s", k->why.msg);
	*ret = &k->file;
	return 0;
}

int sg_iis_files_get(
        struct sg_iis_files *files, const char *container, const struct sg_iis_file **ret, struct sg_err *err)
{
	return get(files, container, false, ret, err);
}

int sg_iis_files_get_to_tell(
        struct sg_iis_files *files, const char *container, const struct sg_iis_file **ret, struct sg_err *err)
{
	return get(files, container, true, ret, err);
}

/* --- folders below */

static void walk(struct kept *k)
{
	struct sg_err ignored = SG_ERR_INIT;

	k->walked = true;
	for (size_t i = 0; i < k->names.n; i++) {
		char *inside = sg_format("%s/%s", k->native, k->names.at[i]);
		struct sg_file_id id;

		if (sg_os_stat(inside, &id, &ignored) == 0) {
			if (id.is_dir)
				sg_strs_add(&k->folders, k->names.at[i]);
			else if (sg_win_same(k->names.at[i], "web.config"))
				k->has_config = true;
		}
		free(inside);
	}
}

struct below {
	struct sg_iis_files *files;
	struct sg_strs vdirs; /* URLs of all virtual directories of the site */
	size_t max, looked;   /* folders */
	struct sg_strs *ret;
	bool all;
};

static bool is_vdir(const struct below *b, const char *url)
{
	for (size_t i = 0; i < b->vdirs.n; i++)
		if (sg_win_same(b->vdirs.at[i], url))
			return true;
	return false;
}

static void go_below(struct below *b, const char *path, const char *url, int depth)
{
	struct kept *k;

	if (depth > MAX_DEPTH || (b->looked >= b->max && depth)) {
		b->all = false;
		return;
	}
	b->looked++;
	k = folder(b->files, path);
	if (!k->walked && !k->why.code)
		walk(k);
	/* one that cannot be listed is asked for as well: its web.config then says why nothing is known of it */
	if (depth && (k->has_config || (k->why.code && k->why.code != SG_ENOENT)))
		sg_strs_add(b->ret, url);
	for (size_t i = 0; i < k->folders.n; i++) {
		char *below = sg_iis_url_join(url, k->folders.at[i]);

		/* a virtual directory in front of the sub-folder is looked at by its own URL */
		if (!is_vdir(b, below)) {
			char *inside = sg_win_join(path, k->folders.at[i]);

			go_below(b, inside, below, depth + 1);
			free(inside);
		}
		free(below);
	}
}

void sg_iis_urls_below(struct sg_iis_files *files, const struct sg_iis_site *site, const char *url,
        bool inherit, size_t max_folders, struct sg_strs *ret, bool *ret_all)
{
	struct below b = { .files = files, .max = max_folders, .ret = ret, .all = true };
	const struct sg_iis_app *here = NULL;
	size_t n = 0;

	sg_iis_resolve(site, url, &here, NULL);
	for (size_t a = 0; a < site->n_apps; a++)
		for (size_t v = 0; v < site->apps[a].n_vdirs; v++) {
			char *own = sg_iis_vdir_url(&site->apps[a], &site->apps[a].vdirs[v]);

			sg_strs_add(&b.vdirs, own);
			free(own);
		}
	sg_strs_add(ret, url);
	/* the virtual directories first: they matter more than folders, of which there may be too many */
	for (int below = 0; below < 2; below++, n = 0)
		for (size_t a = 0; a < site->n_apps; a++)
			for (size_t v = 0; v < site->apps[a].n_vdirs; v++) {
				const char *own = b.vdirs.at[n++];

				if (!sg_iis_url_covers(url, own) || (!inherit && &site->apps[a] != here))
					continue;
				if (below)
					go_below(&b, site->apps[a].vdirs[v].physical, own, 0);
				else if (!sg_win_same(own, url))
					sg_strs_add(ret, own);
			}
	*ret_all = b.all;
	sg_strs_release(&b.vdirs);
}
