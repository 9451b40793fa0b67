/* watch.c - which files the mitigations rest on, so that the daemon can tell when one of them changes. Reads folder names, writes nothing.
 *
 * The list is as long as it must be for an answer within seconds, and bounded: what is beyond the bounds is found by the audit, which looks at everything.
 */
#include "engine/watch.h"

#include "base/os.h"

#include <stdlib.h>
#include <string.h>

enum {
	MOST_PATHS = 4096,
	MOST_FOLDERS = 512, /* below places, in which a web.config could appear */
	MOST_ENTRIES = 20000,
	MOST_DEPTH = 16,
};

struct collect {
	const struct sg_drives *drives;
	struct sg_strs *paths, walked;
	size_t folders, entries;
};

/* The native path of what may not be there: as far as its folders exist as they are written there, the rest as asked for. NULL: no such drive. */
static char *native_of(const struct sg_drives *drives, const char *win)
{
	struct sg_err why = SG_ERR_INIT;
	const char *cut = strrchr(win, '\\');
	char *native = NULL, *folder, *above;
	int code = sg_drive_path(drives, win, true, &native, &why);

	if (code == 0)
		return native;
	if (code != SG_ENOENT || !cut || !cut[1])
		return NULL;
	folder = sg_strndup(win, (size_t)(cut - win));
	above = strchr(folder, '\\') ? native_of(drives, folder) : NULL;
	if (above)
		native = sg_format("%s/%s", above, cut + 1);
	free(above);
	free(folder);
	return native;
}

static void add_native(struct collect *c, const char *native)
{
	if (c->paths->n < MOST_PATHS && !sg_strs_has(c->paths, native))
		sg_strs_add(c->paths, native);
}

static void add(struct collect *c, const char *win)
{
	struct sg_err ignored = SG_ERR_INIT;
	char *canonical = NULL, *native;

	if (!win || sg_drive_canonical(c->drives, win, &canonical, &ignored))
		return;
	native = native_of(c->drives, canonical);
	if (native)
		add_native(c, native);
	free(native);
	free(canonical);
}

static void add_below(struct collect *c, const char *folder, const char *name)
{
	char *win = sg_win_join(folder, name);

	add(c, win);
	free(win);
}

/* A web.config in each folder below: it may undo there what stands above it. */
static void add_folders(struct collect *c, const char *native, int depth)
{
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_strs names = { 0 };

	if (depth > MOST_DEPTH || sg_strs_has(&c->walked, native) || sg_os_list(native, &names, &ignored))
		return;
	sg_strs_add(&c->walked, native);
	for (size_t i = 0; i < names.n && c->folders < MOST_FOLDERS && c->entries < MOST_ENTRIES; i++) {
		char *inside = sg_format("%s/%s", native, names.at[i]);
		struct sg_file_id id;

		c->entries++;
		if (sg_os_stat(inside, &id, &ignored) == 0 && id.is_dir) {
			char *config = sg_format("%s/web.config", inside);

			c->folders++;
			add_native(c, config);
			free(config);
			add_folders(c, inside, depth + 1);
		}
		free(inside);
	}
	sg_strs_release(&names);
}

/* --- what a site's configuration is read from */

/* Whether something of ours can be met on the site's chains: it stands in applicationHost.config or in one of the site's folders, or is to go where it waits
 * for a file that can take it. */
static bool concerns(const struct sg_iis *iis, const struct sg_iis_site *site, const struct sg_world *w)
{
	const struct sg_holds *holds = &w->holds;

	for (size_t i = 0; i < w->rows.n; i++) {
		if (w->rows.at[i]->state == SG_APPLICABLE)
			return true;
	}
	for (size_t i = 0; i < holds->n; i++) {
		const char *container = holds->at[i].addr.container;

		if (sg_win_same(container, iis->apphost))
			return true;
		for (size_t a = 0; a < site->n_apps; a++) {
			for (size_t v = 0; v < site->apps[a].n_vdirs; v++) {
				if (sg_win_under(container, site->apps[a].vdirs[v].physical))
					return true;
			}
		}
	}
	return false;
}

static void add_site(struct collect *c, const struct sg_iis_site *site)
{
	for (size_t a = 0; a < site->n_apps; a++) {
		for (size_t v = 0; v < site->apps[a].n_vdirs; v++)
			add_below(c, site->apps[a].vdirs[v].physical, "web.config");
	}
	for (size_t a = 0; a < site->n_apps; a++) {
		for (size_t v = 0; v < site->apps[a].n_vdirs; v++) {
			char *native = native_of(c->drives, site->apps[a].vdirs[v].physical);

			if (native)
				add_folders(c, native, 0);
			free(native);
		}
	}
}

/* --- what applicability is read from */

static void add_condition(struct collect *c, const struct sg_host *host, const char *path)
{
	static const char app[] = "{app}";
	const char *rest = path + sizeof(app) - 1;

	if (strncmp(path, app, sizeof(app) - 1) != 0) {
		add(c, path);
		return;
	}
	while (*rest == '\\')
		rest++;
	for (size_t i = 0; host && i < host->n_products; i++) {
		if (host->products[i].app)
			add_below(c, host->products[i].app, rest);
	}
	for (size_t s = 0; host && host->iis && s < host->iis->n_sites; s++) {
		const struct sg_iis_site *site = &host->iis->sites[s];

		for (size_t a = 0; a < site->n_apps; a++) {
			if (site->apps[a].n_vdirs)
				add_below(c, site->apps[a].vdirs[0].physical, rest);
		}
	}
}

static void add_rows(struct collect *c, struct sg_engine *e, const struct sg_world *w)
{
	for (size_t i = 0; i < w->rows.n; i++) {
		const struct sg_row *row = w->rows.at[i];
		const struct sg_mitigation *m = sg_engine_offered(e, row);

		for (size_t k = 0; m && k < m->applicability.n_files; k++)
			add_condition(c, e->host, m->applicability.files[k].path);
	}
}

/* Product files whose version decides, and the hives with services, Setup's marks and pending restarts. */
static void add_host(struct collect *c, const struct sg_host *host)
{
	static const char *const fixed[] = {
		"%windir%\\System32\\inetsrv\\config\\applicationHost.config",
		"%windir%\\System32\\inetsrv\\config\\redirection.config",
		"%windir%\\System32\\inetsrv\\config\\schema\\rewrite_schema.xml",
		"%windir%\\System32\\inetsrv\\rewrite.dll",
		"%windir%\\System32\\inetsrv\\w3wp.exe",
		"%windir%\\System32\\config\\SOFTWARE",
		"%windir%\\System32\\config\\SYSTEM",
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		add(c, fixed[i]);
	for (size_t i = 0; host && i < host->n_products; i++) {
		if (host->products[i].app && sg_same(host->products[i].name, "Exchange"))
			add_below(c, host->products[i].app, "Bin\\ExSetup.exe");
	}
}

/* --- the list, made anew only when what it is made from is another */

static struct sg_hash made_from(const struct sg_engine *e, const struct sg_world *w)
{
	struct sg_buf text = { 0 };
	struct sg_hash hash;

	for (size_t i = 0; i < w->holds.n; i++)
		sg_buf_fmt(&text, "%s\n", w->holds.at[i].addr.container);
	for (size_t i = 0; i < w->rows.n; i++) {
		sg_buf_add(&text, &w->rows.at[i]->offered, sizeof(w->rows.at[i]->offered));
		sg_buf_char(&text, w->rows.at[i]->state == SG_APPLICABLE ? 'w' : '-');
	}
	for (size_t i = 0; e->host && i < e->host->n_products; i++)
		sg_buf_fmt(&text, "%s\n", e->host->products[i].app ? e->host->products[i].app : "");
	if (e->host && e->host->iis)
		sg_buf_add(&text, e->host->iis->octets.data, e->host->iis->octets.len);
	hash = sg_sha256(sg_buf_bytes(&text));
	sg_buf_release(&text);
	return hash;
}

static void collect(struct sg_engine *e, const struct sg_world *w)
{
	struct sg_strs paths = { 0 };
	struct collect c = { .drives = e->options.drives, .paths = &paths };
	const struct sg_iis *iis = e->host ? e->host->iis : NULL;

	for (size_t i = 0; i < w->holds.n; i++)
		add(&c, w->holds.at[i].addr.container);
	add_host(&c, e->host);
	add_rows(&c, e, w);
	for (size_t i = 0; iis && i < iis->n_sites; i++) {
		if (concerns(iis, &iis->sites[i], w))
			add_site(&c, &iis->sites[i]);
	}
	sg_strs_release(&c.walked);
	sg_strs_release(&e->watched);
	e->watched = paths;
}

void sg_watch_snapshot(struct sg_engine *e, const struct sg_world *w, struct sg_snapshot *s)
{
	const struct sg_conf *conf = sg_engine_conf(e);
	struct sg_hash from = made_from(e, w);
	int64_t now = w->now.wall;

	if (!e->watched_at || !sg_hash_equal(&from, &e->watched_from) || now < e->watched_at ||
	        now - e->watched_at >= conf->audit_every) {
		collect(e, w);
		e->watched_from = from;
		e->watched_at = now;
	}
	for (size_t i = 0; i < e->watched.n; i++)
		sg_strs_add(&s->watch, e->watched.at[i]);
	for (const char *letter = SG_DRIVE_LETTERS; *letter; letter++) {
		if (sg_drive_root(e->options.drives, *letter))
			sg_strs_add(&s->watch_roots, sg_drive_root(e->options.drives, *letter));
	}
	s->handles_off = sg_world_paused(w) || (e->host && e->host->setup_running);
}

void sg_watch_forget(struct sg_engine *e)
{
	sg_strs_release(&e->watched);
	e->watched_at = 0;
}
