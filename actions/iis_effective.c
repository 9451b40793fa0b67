/* iis_effective.c - the walk from the server down to one URL; see iis_effective.h. Reads only. */
#include "actions/iis_effective_parts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct walk {
	struct sg_iis_files *files;
	const struct sg_iis *iis;
	const char *section;
	const struct sg_iis_site *site;
	const char *url;
	struct sg_iis_effective *ret;
	size_t *levels; /* of each met element, 0: the server; else more, the farther down */
	size_t cap_levels;
};

/* --- what is met */

static void note_broken(struct walk *w, const char *why, bool parse)
{
	if (!w->ret->broken)
		w->ret->broken = sg_format("%s%s%s%s", why,
		        parse ? "; where IIS cannot read it either, it answers 500.19 for all of " : "",
		        parse ? w->site->name : "", parse ? w->url : "");
}

/* The body of a section that lives in a file of its own. */
static bool follow_source(struct walk *w, const char *container, const char *source, struct sg_iis_met *met)
{
	const char *slash = strrchr(container, '\\');
	char *folder = sg_strndup(container, slash ? (size_t)(slash - container) : 0);
	char *path = sg_win_join(folder, source);
	const struct sg_iis_file *file;
	struct sg_err why = SG_ERR_INIT;
	int r = sg_iis_files_get_to_tell(w->files, path, &file, &why);

	if (r)
		note_broken(w, why.msg, false);
	else
		*met = (struct sg_iis_met){
			.container = file->container, .cfg = &file->cfg, .node = file->cfg.root
		};
	free(path);
	free(folder);
	return r == 0;
}

/* Whether it would reach the URL if applications inherited it. */
static bool is_withheld(const struct walk *w, const struct sg_iis_occurrence *o)
{
	return w->site && o->site && !o->inherit && sg_same(o->site, w->site->name) &&
	       sg_iis_url_covers(o->url, w->url);
}

static void meet(
        struct walk *w, const char *container, const struct sg_cfg *cfg, const struct sg_iis_occurrence *o)
{
	struct sg_iis_met met = { .container = container, .cfg = cfg, .node = o->node };
	const char *source = sg_cfg_attr(cfg, o->node, "configSource");
	bool reaches = w->site ? sg_iis_reaches(w->iis, o, w->site->name, w->url) : !o->site;
	size_t level = o->site ? 1 + strlen(o->url) : 0, at = w->ret->n;

	if (!reaches && !is_withheld(w, o))
		return;
	if (source && *source && !follow_source(w, container, source, &met))
		return;
	met.location = o->location == SG_NO_NODE ? 0 : cfg->nodes[o->location].line;
	met.site = sg_strdup(o->site);
	met.url = sg_strdup(o->url);
	if (!reaches) {
		w->ret->withheld = sg_grow(w->ret->withheld, w->ret->n_withheld, &w->ret->cap_withheld,
		        sizeof(*w->ret->withheld));
		w->ret->withheld[w->ret->n_withheld++] = met;
		return;
	}
	w->levels = sg_grow(w->levels, w->ret->n, &w->cap_levels, sizeof(*w->levels));
	w->ret->at = sg_grow(w->ret->at, w->ret->n, &w->ret->cap, sizeof(*w->ret->at));
	/* files come outer first, and each in its own order: only a level farther up comes before what is there */
	for (; at > 0 && w->levels[at - 1] > level; at--) {
		w->ret->at[at] = w->ret->at[at - 1];
		w->levels[at] = w->levels[at - 1];
	}
	w->ret->at[at] = met;
	w->levels[at] = level;
	w->ret->n++;
}

/* --- web.config files that IIS does not read */

static uint32_t child(
        const struct sg_cfg *cfg, uint32_t node, const char *tag, const char *key, const char *value)
{
	uint32_t kid = node == SG_NO_NODE ? node : sg_cfg_first_element(cfg, node);

	while (kid != SG_NO_NODE) {
		if (sg_cfg_is(cfg, kid, tag) && (!key || sg_same(sg_cfg_attr(cfg, kid, key), value)))
			break;
		kid = sg_cfg_next_element(cfg, kid);
	}
	return kid;
}

static bool is_false(const char *value)
{
	return sg_same(value, "false") || sg_same(value, "0");
}

/* The first of the nodes that says something about the attribute decides. Its line when it says no, else 0. */
static unsigned line_of_no(const struct sg_cfg *cfg, const uint32_t *nodes, size_t n, const char *attr)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = nodes[i] == SG_NO_NODE ? NULL : sg_cfg_attr(cfg, nodes[i], attr);

		if (value)
			return is_false(value) ? cfg->nodes[nodes[i]].line : 0;
	}
	return 0;
}

static uint32_t host_section(const struct sg_cfg *cfg, const char *name)
{
	uint32_t group = child(cfg, cfg->root, "system.applicationHost", NULL, NULL);

	return child(cfg, group, name, NULL, NULL);
}

static unsigned pool_ignores(const struct walk *w, const struct sg_iis_app *app)
{
	const struct sg_cfg *cfg = &w->iis->cfg;
	uint32_t pools = host_section(cfg, "applicationPools");
	uint32_t nodes[2] = { child(cfg, pools, "add", "name", app->pool),
		child(cfg, pools, "applicationPoolDefaults", NULL, NULL) };

	return line_of_no(cfg, nodes, 2, "enableConfigurationOverride");
}

static const struct sg_iis_vdir *vdir_of(const struct sg_iis_app *app, const char *url, size_t *ret_len)
{
	const struct sg_iis_vdir *vdir = NULL;

	*ret_len = 0;
	for (size_t i = 0; i < app->n_vdirs; i++) {
		char *own = sg_iis_vdir_url(app, &app->vdirs[i]);

		if (sg_iis_url_covers(own, url) && strlen(own) > *ret_len) {
			vdir = &app->vdirs[i];
			*ret_len = strlen(own);
		}
		free(own);
	}
	return vdir;
}

/* <application> or <virtualDirectory> of that path: "/owa", "owa" and "/owa/" are one. */
static uint32_t with_path(const struct sg_cfg *cfg, uint32_t node, const char *tag, const char *path)
{
	uint32_t kid = node == SG_NO_NODE ? node : sg_cfg_first_element(cfg, node);

	while (kid != SG_NO_NODE) {
		const char *written = sg_cfg_attr(cfg, kid, "path");
		char *own = sg_iis_url_join("/", written ? written : "/");
		bool same = sg_cfg_is(cfg, kid, tag) && sg_same(own, path);

		free(own);
		if (same)
			break;
		kid = sg_cfg_next_element(cfg, kid);
	}
	return kid;
}

/* Whether the web.config of a sub-folder of the virtual directory is not looked for: the line that says so, or 0. */
static unsigned vdir_ignores(
        const struct walk *w, const struct sg_iis_app *app, const struct sg_iis_vdir *vdir)
{
	const struct sg_cfg *cfg = &w->iis->cfg;
	uint32_t sites = host_section(cfg, "sites");
	uint32_t site = child(cfg, sites, "site", "name", w->site->name);
	uint32_t node = with_path(cfg, site, "application", app->path);
	uint32_t nodes[4] = { with_path(cfg, node, "virtualDirectory", vdir->path),
		child(cfg, node, "virtualDirectoryDefaults", NULL, NULL),
		child(cfg, site, "virtualDirectoryDefaults", NULL, NULL),
		child(cfg, sites, "virtualDirectoryDefaults", NULL, NULL) };

	return line_of_no(cfg, nodes, 4, "allowSubDirConfig");
}

/* --- the way down */

static void visit(struct walk *w, const struct sg_iis_file *file, const char *level)
{
	struct sg_iis_occurrences found = { 0 };

	sg_iis_occurrences(&file->cfg, w->section, w->site->name, level, &found);
	for (size_t i = 0; i < found.n; i++)
		meet(w, file->container, &file->cfg, &found.at[i]);
	sg_iis_occurrences_release(&found);
}

/* The web.config of one level, unless IIS ignores it. */
static void descend(struct walk *w, const char *level, unsigned pool_line)
{
	const struct sg_iis_app *app = NULL;
	const struct sg_iis_vdir *vdir;
	const struct sg_iis_file *file = NULL;
	struct sg_err why = SG_ERR_INIT;
	char *folder = NULL, *container;
	size_t own_len = 0;
	unsigned line = pool_line;
	int r;

	if (!sg_iis_resolve(w->site, level, &app, &folder))
		return;
	container = sg_win_join(folder, "web.config");
	r = sg_iis_files_get_to_tell(w->files, container, &file, &why);
	if (r == SG_ENOENT || r == SG_EINVAL) /* what is no name on a drive is no folder either */
		goto out;
	vdir = vdir_of(app, level, &own_len);
	if (!line && vdir && strlen(level) > own_len)
		line = vdir_ignores(w, app, vdir);
	if (line) {
		if (!w->ret->ignored)
			w->ret->ignored = sg_format("%s:%u: %s: %s is ignored", w->iis->apphost, line,
			        pool_line ? "enableConfigurationOverride=\"false\" of the application pool"
			                  : "allowSubDirConfig=\"false\" of the virtual directory",
			        container);
	} else if (r) {
		note_broken(w, why.msg, r == SG_EPARSE);
	} else {
		visit(w, file, level);
	}
out:
	free(container);
	free(folder);
}

void sg_iis_effective(struct sg_iis_files *files, const char *section, const struct sg_iis_site *site,
        const char *url, struct sg_iis_effective *ret)
{
	struct walk w = { .files = files,
		.iis = sg_iis_files_iis(files),
		.section = section,
		.site = site,
		.url = url,
		.ret = ret };
	const struct sg_iis_occurrences *server = sg_iis_files_server(files, section);
	const struct sg_iis_app *app = NULL;
	unsigned pool_line = 0;
	size_t len = 0;

	*ret = (struct sg_iis_effective){ 0 };
	for (size_t i = 0; i < server->n; i++)
		meet(&w, w.iis->apphost, &w.iis->cfg, &server->at[i]);
	if (site && sg_iis_resolve(site, url, &app, NULL))
		pool_line = pool_ignores(&w, app);
	while (site) {
		char *level = len ? sg_strndup(url, len) : sg_strdup("/");

		descend(&w, level, pool_line);
		free(level);
		if (!url[len] || !url[len + 1])
			break;
		len += 1 + strcspn(url + len + 1, "/");
	}
	free(w.levels);
}

static void release_met(struct sg_iis_met *met, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(met[i].site);
		free(met[i].url);
	}
	free(met);
}

void sg_iis_effective_release(struct sg_iis_effective *e)
{
	release_met(e->at, e->n);
	release_met(e->withheld, e->n_withheld);
	free(e->ignored);
	free(e->broken);
	memset(e, 0, sizeof(*e));
}

/* --- URIs */

static int hex(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

static char *decoded(const char *uri)
{
	struct sg_buf path = { 0 };

	for (; *uri && *uri != '?' && *uri != '#'; uri++) {
		char c = *uri;

		if (c == '%' && hex(uri[1]) >= 0 && hex(uri[2]) >= 0 && (hex(uri[1]) || hex(uri[2]))) {
			c = (char)(hex(uri[1]) * 16 + hex(uri[2]));
			uri += 2;
		}
		sg_buf_char(&path, (char)(c == '\\' ? '/' : c));
	}
	return path.len ? sg_buf_detach(&path) : sg_strdup("");
}

char *sg_iis_uri_path(const char *uri)
{
	char *path = decoded(uri), *joined = sg_strdup("/");

	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");
		char *segment = sg_strndup(p, len), *next;

		if (!strcmp(segment, "..")) {
			char *slash = strrchr(joined, '/');

			slash[slash == joined ? 1 : 0] = 0;
		} else if (len && strcmp(segment, ".")) {
			next = sg_iis_url_join(joined, segment);
			free(joined);
			joined = next;
		}
		free(segment);
		p += len + (p[len] == '/');
	}
	free(path);
	return joined;
}
