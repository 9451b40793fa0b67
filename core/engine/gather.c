/* gather.c - lists what a plan reads. Bounded: at most so many folders are looked into for one server, and it is said when there were more. Reads only. */
#include "engine/gather.h"

#include "base/os.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_FOLDERS = 20000, MOST_DEPTH = 32, HEAD = 4096, MOST_CONFIG = 64 << 20 };
static const size_t most = (size_t)1 << 30;

struct work {
	const struct sg_drives *drives;
	struct sg_gather *g;
	struct sg_strs roots; /* native folders that were walked already */
	size_t folders;
	bool said;
};

void sg_gather_release(struct sg_gather *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->at[i].rel);
	free(g->at);
	sg_strs_release(&g->notes);
	*g = (struct sg_gather){ 0 };
}

char *sg_gathered_native(const struct sg_drives *drives, const struct sg_gathered *g)
{
	const char *root = sg_drive_root(drives, g->drive);

	/* "C:" alone is the folder where this process is on C: */
	return *g->rel || sg_drives_live(drives) ? sg_format("%s/%s", root, g->rel) : sg_strdup(root);
}

int sg_gathered_read(
        const struct sg_drives *drives, const struct sg_gathered *g, struct sg_buf *ret, struct sg_err *err)
{
	struct sg_os_file f = SG_OS_FILE_INIT;
	char *native = sg_gathered_native(drives, g);
	unsigned char head[HEAD];
	size_t got = 0;
	int r;

	if (!g->head) {
		r = sg_os_read(native, most, ret, NULL, err);
	} else {
		r = sg_os_open_read(native, &f, err);
		if (!r)
			r = sg_os_pread(f, 0, head, g->head < HEAD ? g->head : HEAD, &got, err);
		if (!r)
			sg_buf_set(ret, head, got);
		sg_os_close(&f);
	}
	free(native);
	return r;
}

/* --- one more */

/* The drive that a native path lies on, and the rest of the path; NULL: on none. */
static const char *split(const struct sg_drives *drives, const char *native, char *ret_drive)
{
	for (const char *letter = SG_DRIVE_LETTERS; *letter; letter++) {
		const char *root = sg_drive_root(drives, *letter);
		size_t len = root ? strlen(root) : 0;

		if (len && !strncmp(native, root, len) && (sg_os_slash(native[len]) || !native[len])) {
			*ret_drive = *letter;
			return native[len] ? native + len + 1 : native + len;
		}
	}
	return NULL;
}

static void add_native(struct work *w, const char *native, struct sg_gathered like)
{
	const char *behind = split(w->drives, native, &like.drive);
	char *rel = behind ? sg_strdup(behind) : NULL;

	if (!rel)
		return;
	for (char *c = rel; *c; c++)
		if (sg_os_slash(*c))
			*c = '/';
	for (size_t i = 0; i < w->g->n; i++) {
		const char *other = w->g->at[i].rel;

		/* where native paths are Windows' own, they come as they were written */
		if (w->g->at[i].drive == like.drive &&
		        (sg_os_slash('\\') ? sg_same(other, rel) : !strcmp(other, rel))) {
			free(rel);
			return;
		}
	}
	like.rel = rel;
	w->g->at = sg_grow(w->g->at, w->g->n, &w->g->cap, sizeof(*w->g->at));
	w->g->at[w->g->n++] = like;
}

/* By its Windows path; what is not there is passed over. */
static void add(struct work *w, const char *win, struct sg_gathered like)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_file_id id;
	char *native = NULL;

	if (sg_drive_path(w->drives, win, false, &native, &why) == 0 && sg_os_stat(native, &id, &why) == 0 &&
	        (like.folder ? id.is_dir : id.is_file))
		add_native(w, native, like);
	else if (why.code && why.code != SG_ENOENT)
		sg_strs_add(&w->g->notes, why.msg);
	free(native);
}

static void add_below(struct work *w, const char *folder, const char *name, struct sg_gathered like)
{
	char *win = sg_win_join(folder, name);

	add(w, win, like);
	free(win);
}

/* --- configuration files */

/* Files that a configuration file names with configSource, which lie beside it. */
static void add_sources(struct work *w, const char *native)
{
	static const char word[] = "configSource=";
	struct sg_buf octets = { 0 };
	const char *last = sg_os_last(native);

	if (sg_os_read(native, MOST_CONFIG, &octets, NULL, NULL) == 0 && octets.len && last > native)
		for (const char *p = strstr((const char *)octets.data, word); p; p = strstr(p, word)) {
			char quote = p[sizeof(word) - 1];
			const char *name = p + sizeof(word), *end = quote ? strchr(name, quote) : NULL;
			char *path;
			struct sg_file_id id;

			p = name;
			if (!end || (quote != '"' && quote != '\'') || strstr(name, "..") == name)
				continue;
			path = sg_format("%.*s%.*s", (int)(last - native), native, (int)(end - name), name);
			for (char *c = path + (last - native); *c; c++)
				if (*c == '\\')
					*c = '/';
			if (!strstr(path, "/../") && sg_os_stat(path, &id, NULL) == 0 && id.is_file)
				add_native(w, path, (struct sg_gathered){ .config = true });
			free(path);
		}
	sg_buf_release(&octets);
}

static void walk(struct work *w, const char *native, int depth)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_strs names = { 0 };

	if (w->folders >= MOST_FOLDERS || depth > MOST_DEPTH) {
		if (!w->said)
			sg_strs_add(
			        &w->g->notes, "there are more folders below the sites than are looked into");
		w->said = true;
		return;
	}
	w->folders++;
	if (sg_os_list(native, &names, &why)) {
		if (why.code != SG_ENOENT)
			sg_strs_add(&w->g->notes, why.msg);
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		char *inside = sg_format("%s/%s", native, names.at[i]);
		struct sg_file_id id;

		if (sg_os_stat(inside, &id, NULL) == 0 && id.is_dir) {
			walk(w, inside, depth + 1);
		} else if (sg_same(names.at[i], "web.config")) {
			add_native(w, inside, (struct sg_gathered){ .config = true });
			add_sources(w, inside);
		}
		free(inside);
	}
	sg_strs_release(&names);
}

static bool walked(const struct work *w, const char *native)
{
	for (size_t i = 0; i < w->roots.n; i++) {
		size_t len = strlen(w->roots.at[i]);

		if (!strncmp(w->roots.at[i], native, len) && (!native[len] || sg_os_slash(native[len])))
			return true;
	}
	return false;
}

static void add_sites(struct work *w, const struct sg_iis *iis)
{
	for (size_t s = 0; s < iis->n_sites; s++)
		for (size_t a = 0; a < iis->sites[s].n_apps; a++)
			for (size_t v = 0; v < iis->sites[s].apps[a].n_vdirs; v++) {
				const char *folder = iis->sites[s].apps[a].vdirs[v].physical;
				char *native = NULL;

				add(w, folder, (struct sg_gathered){ .folder = true });
				if (sg_drive_path(w->drives, folder, false, &native, NULL) == 0 &&
				        !walked(w, native)) {
					walk(w, native, 0);
					sg_strs_add(&w->roots, native);
				}
				free(native);
			}
}

/* --- products and conditions */

static void add_condition(struct work *w, const struct sg_host *host, const char *path)
{
	static const char app[] = "{app}";
	const char *rest = path + sizeof(app) - 1;

	if (strncmp(path, app, sizeof(app) - 1) != 0) {
		add(w, path, (struct sg_gathered){ 0 });
		return;
	}
	while (*rest == '\\')
		rest++;
	for (size_t i = 0; i < host->n_products; i++)
		if (host->products[i].app)
			add_below(w, host->products[i].app, rest, (struct sg_gathered){ 0 });
	for (size_t s = 0; host->iis && s < host->iis->n_sites; s++)
		for (size_t a = 0; a < host->iis->sites[s].n_apps; a++)
			if (host->iis->sites[s].apps[a].n_vdirs)
				add_below(w, host->iis->sites[s].apps[a].vdirs[0].physical, rest,
				        (struct sg_gathered){ 0 });
}

static const struct {
	const char *path;
	bool config, hive;
	size_t head;
	bool shut; /* while Windows runs: it lets nobody read it */
} fixed[] = {
	{ "%windir%\\System32\\inetsrv\\config\\applicationHost.config", true, false, 0, false },
	{ "%windir%\\System32\\inetsrv\\config\\redirection.config", true, false, 0, false },
	{ "%windir%\\System32\\inetsrv\\config\\schema\\rewrite_schema.xml", false, false, 0, false },
	{ "%windir%\\System32\\inetsrv\\rewrite.dll", false, false, HEAD, false },
	{ "%windir%\\System32\\inetsrv\\w3wp.exe", false, false, 0, false },
	{ "%ProgramData%\\stopgap\\machine", false, false, 0, false },
	{ "C:\\hiberfil.sys", false, false, HEAD, true },
	{ "%windir%\\System32\\config\\SYSTEM", false, true, 0, true },
	{ "%windir%\\System32\\config\\SYSTEM.LOG1", false, true, 0, true },
	{ "%windir%\\System32\\config\\SYSTEM.LOG2", false, true, 0, true },
	{ "%windir%\\System32\\config\\SOFTWARE", false, true, 0, true },
	{ "%windir%\\System32\\config\\SOFTWARE.LOG1", false, true, 0, true },
	{ "%windir%\\System32\\config\\SOFTWARE.LOG2", false, true, 0, true },
};

/* The DLL that applicationHost.config names as URL Rewrite's image may lie elsewhere: its being there is a sign. */
static void add_images(struct work *w, const struct sg_iis *iis)
{
	for (uint32_t i = 0; i < iis->cfg.n_nodes; i++) {
		const char *image =
		        sg_cfg_is(&iis->cfg, i, "add") ? sg_cfg_attr(&iis->cfg, i, "image") : NULL;

		if (image && sg_same(sg_cfg_attr(&iis->cfg, i, "name"), "RewriteModule"))
			add(w, image, (struct sg_gathered){ .head = HEAD });
	}
}

void sg_gather(const struct sg_drives *drives, const struct sg_host *host,
        const struct sg_mitigation *const *list, size_t n, struct sg_gather *ret)
{
	struct work w = { .drives = drives, .g = ret };

	*ret = (struct sg_gather){ 0 };
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (!fixed[i].shut || !sg_drives_live(drives))
			add(&w, fixed[i].path,
			        (struct sg_gathered){ .config = fixed[i].config,
			                .hive = fixed[i].hive,
			                .head = fixed[i].head });
	if (host->iis) {
		add_images(&w, host->iis);
		add_sites(&w, host->iis);
	}
	for (size_t i = 0; i < host->n_products; i++)
		if (host->products[i].app && sg_same(host->products[i].name, "Exchange"))
			add_below(&w, host->products[i].app, "Bin\\ExSetup.exe", (struct sg_gathered){ 0 });
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list[i]->applicability.n_files; k++)
			add_condition(&w, host, list[i]->applicability.files[k].path);
	sg_strs_release(&w.roots);
}
