/* iis_parts.c - files, URLs and occurrences of sections: the ground under places, locks and names. Reads only. */
#include "actions/iis_parts.h"
#include "actions/config_edit.h"
#include "actions/iis_effective.h"
#include "base/os.h"
#include "base/text.h"
#include "base/xml.h"

#include <stdlib.h>
#include <string.h>

/* --- files */

int sg_iis_file_read_native(const char *native, const char *container, sg_cfg_scanner *scan,
        struct sg_iis_file *ret, struct sg_err *err)
{
	struct sg_iis_file file = { 0 };
	struct sg_file_id id;
	int r;

	r = sg_os_read(native, sg_xml_config_limits.bytes, &file.octets, &id, err);
	if (r < 0)
		goto out;
	r = scan(sg_buf_bytes(&file.octets), container, &file.cfg, err);
	if (r < 0)
		goto out;
	file.container = sg_strdup(container);
	*ret = file;
	memset(&file, 0, sizeof(file));
out:
	sg_iis_file_release(&file);
	return r;
}

int sg_iis_file_read(
        const struct sg_drives *drives, const char *container, struct sg_iis_file *ret, struct sg_err *err)
{
	char *native = NULL;
	int r;

	r = sg_drive_path(drives, container, false, &native, err);
	if (!r)
		r = sg_iis_file_read_native(native, container, sg_cfg_scan, ret, err);
	free(native);
	return r;
}

void sg_iis_file_release(struct sg_iis_file *file)
{
	sg_cfg_release(&file->cfg);
	sg_buf_release(&file->octets);
	free(file->container);
	memset(file, 0, sizeof(*file));
}

bool sg_iis_exists(const struct sg_drives *drives, const char *win_path, bool *ret_is_dir)
{
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_file_id id = { 0 };
	char *native = NULL;
	bool there;

	there = sg_drive_path(drives, win_path, false, &native, &ignored) == 0 &&
	        sg_os_stat(native, &id, &ignored) == 0;
	if (there && ret_is_dir)
		*ret_is_dir = id.is_dir;
	free(native);
	return there;
}

/* --- URLs */

char *sg_iis_url_join(const char *base, const char *rest)
{
	struct sg_buf b = { 0 };

	while (*rest == '/')
		rest++;
	if (strcmp(base, "/"))
		sg_buf_str(&b, base);
	sg_buf_char(&b, '/');
	sg_buf_str(&b, rest);
	while (b.len > 1 && b.data[b.len - 1] == '/')
		sg_buf_cut(&b, b.len - 1, 1);
	return sg_buf_detach(&b);
}

bool sg_iis_url_covers(const char *outer, const char *inner)
{
	size_t len = strlen(outer);

	if (!strcmp(outer, "/"))
		return true;
	return strlen(inner) >= len && sg_same_n(outer, inner, len) && (inner[len] == 0 || inner[len] == '/');
}

char *sg_iis_vdir_url(const struct sg_iis_app *app, const struct sg_iis_vdir *vdir)
{
	return sg_iis_url_join(app->path, vdir->path);
}

bool sg_iis_resolve(
        const struct sg_iis_site *site, const char *url, const struct sg_iis_app **ret_app, char **ret_folder)
{
	const struct sg_iis_app *app = NULL;
	const struct sg_iis_vdir *vdir = NULL;
	size_t best = 0;

	/* the longest application first, then its longest virtual directory: so IIS maps URLs */
	for (size_t i = 0; i < site->n_apps; i++)
		if (sg_iis_url_covers(site->apps[i].path, url) &&
		        (!app || strlen(site->apps[i].path) > best)) {
			app = &site->apps[i];
			best = strlen(app->path);
		}
	best = 0;
	for (size_t i = 0; app && i < app->n_vdirs; i++) {
		char *own = sg_iis_vdir_url(app, &app->vdirs[i]);

		if (sg_iis_url_covers(own, url) && strlen(own) > best) {
			vdir = &app->vdirs[i];
			best = strlen(own);
		}
		free(own);
	}
	if (!vdir)
		return false;
	if (ret_app)
		*ret_app = app;
	if (ret_folder) {
		char *rest = sg_strdup(strcmp(url, "/") ? url + (best > 1 ? best : 0) : "");

		for (char *p = rest; *p; p++)
			if (*p == '/')
				*p = '\\';
		*ret_folder = rest[0] ? sg_win_join(vdir->physical, rest + (rest[0] == '\\'))
		                      : sg_strdup(vdir->physical);
		free(rest);
	}
	return true;
}

static void add_reader(struct sg_iis_readers *readers, const struct sg_iis_site *site, char *url)
{
	for (size_t i = 0; i < readers->n; i++)
		if (readers->at[i].site == site && sg_same(readers->at[i].url, url)) {
			free(url);
			return;
		}
	readers->at = sg_grow(readers->at, readers->n, &readers->cap, sizeof(*readers->at));
	readers->at[readers->n++] = (struct sg_iis_reader){ site, url };
}

void sg_iis_readers(const struct sg_iis *iis, const char *folder, struct sg_iis_readers *ret)
{
	for (size_t s = 0; s < iis->n_sites; s++)
		for (size_t a = 0; a < iis->sites[s].n_apps; a++)
			for (size_t v = 0; v < iis->sites[s].apps[a].n_vdirs; v++) {
				const struct sg_iis_site *site = &iis->sites[s];
				const struct sg_iis_vdir *vdir = &site->apps[a].vdirs[v];
				char *own, *rest, *url, *served = NULL;

				if (!sg_win_under(folder, vdir->physical))
					continue;
				own = sg_iis_vdir_url(&site->apps[a], vdir);
				rest = sg_strdup(folder + strlen(vdir->physical));
				for (char *p = rest; *p; p++)
					if (*p == '\\')
						*p = '/';
				url = sg_iis_url_join(own, rest);
				/* another virtual directory may stand in front of that sub-folder */
				if (sg_iis_resolve(site, url, NULL, &served) && sg_win_same(served, folder))
					add_reader(ret, site, url);
				else
					free(url);
				free(served);
				free(rest);
				free(own);
			}
}

void sg_iis_readers_release(struct sg_iis_readers *readers)
{
	for (size_t i = 0; i < readers->n; i++)
		free(readers->at[i].url);
	free(readers->at);
	memset(readers, 0, sizeof(*readers));
}

/* --- occurrences */

/* Where a <location> of the file points to. */
static void place_location(
        const struct sg_cfg *cfg, struct sg_iis_occurrence *o, const char *site, const char *url)
{
	const char *path = NULL, *inherit = NULL, *slash;

	if (o->location != SG_NO_NODE) {
		path = sg_cfg_attr(cfg, o->location, "path");
		inherit = sg_cfg_attr(cfg, o->location, "inheritInChildApplications");
	}
	if (path && !strcmp(path, "."))
		path = NULL;
	o->inherit = !inherit || !sg_same(inherit, "false");
	if (site) {
		o->site = sg_strdup(site);
		o->url = path ? sg_iis_url_join(url, path) : sg_strdup(url);
	} else if (path && *path) {
		slash = strchr(path, '/');
		o->site = slash ? sg_strndup(path, (size_t)(slash - path)) : sg_strdup(path);
		o->url = sg_iis_url_join("/", slash ? slash : "");
	}
}

static void find_below(const struct sg_cfg *cfg, uint32_t node, const char *section, uint32_t location,
        const char *site, const char *url, struct sg_iis_occurrences *ret)
{
	size_t len = strcspn(section, "/");
	char *step = sg_strndup(section, len);

	for (uint32_t kid = sg_cfg_first_element(cfg, node); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid)) {
		struct sg_iis_occurrence *o;

		if (!sg_cfg_is(cfg, kid, step))
			continue;
		if (section[len]) {
			find_below(cfg, kid, section + len + 1, location, site, url, ret);
			continue;
		}
		ret->at = sg_grow(ret->at, ret->n, &ret->cap, sizeof(*ret->at));
		o = &ret->at[ret->n++];
		*o = (struct sg_iis_occurrence){ .node = kid, .location = location };
		place_location(cfg, o, site, url);
	}
	free(step);
}

void sg_iis_occurrences(const struct sg_cfg *cfg, const char *section, const char *site, const char *url,
        struct sg_iis_occurrences *ret)
{
	if (cfg->root == SG_NO_NODE || !sg_cfg_is(cfg, cfg->root, "configuration"))
		return;
	find_below(cfg, cfg->root, section, SG_NO_NODE, site, url, ret);
	for (uint32_t kid = sg_cfg_first_element(cfg, cfg->root); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid))
		if (sg_cfg_is(cfg, kid, "location"))
			find_below(cfg, kid, section, kid, site, url, ret);
}

void sg_iis_occurrences_release(struct sg_iis_occurrences *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->at[i].site);
		free(o->at[i].url);
	}
	free(o->at);
	memset(o, 0, sizeof(*o));
}

bool sg_iis_reaches(
        const struct sg_iis *iis, const struct sg_iis_occurrence *o, const char *site, const char *url)
{
	const struct sg_iis_app *there = NULL, *here = NULL;
	const struct sg_iis_site *s;

	if (!o->site)
		return true;
	if (!site || !sg_same(o->site, site) || !sg_iis_url_covers(o->url, url))
		return false;
	if (o->inherit)
		return true;
	s = sg_iis_site(iis, site);
	return s && sg_iis_resolve(s, o->url, &there, NULL) && sg_iis_resolve(s, url, &here, NULL) &&
	       there == here;
}

char *sg_iis_location_prefix(const char *path, bool inherit)
{
	char *step = sg_path_step("location", "path", path), *prefix;

	prefix = sg_format(
	        "/configuration/%s%s", step, inherit ? "" : "[@inheritInChildApplications='false']");
	free(step);
	return prefix;
}

char *sg_iis_occurrence_prefix(const struct sg_cfg *cfg, const struct sg_iis_occurrence *o)
{
	const char *path;

	if (o->location == SG_NO_NODE)
		return sg_strdup("/configuration");
	path = sg_cfg_attr(cfg, o->location, "path");
	return sg_iis_location_prefix(path ? path : ".", o->inherit);
}

char *sg_iis_item_path(const char *prefix, const struct sg_iis_item *item)
{
	char *step = sg_path_step(item->tag, item->key, item->name), *path = NULL;

	if (step)
		path = sg_format(
		        "%s/%s%s%s/%s", prefix, item->section, item->list[0] ? "/" : "", item->list, step);
	free(step);
	return path;
}

/* --- chains */

int sg_iis_chain(struct sg_iis_files *files, const char *site, const char *url, sg_iis_visit *each, void *arg,
        struct sg_err *err)
{
	const struct sg_iis *iis = sg_iis_files_iis(files);
	const struct sg_iis_site *s = site ? sg_iis_site(iis, site) : NULL;
	size_t len = 0;
	int r;

	r = each(arg, iis->apphost, &iis->cfg, NULL, NULL, err);
	if (r || !s)
		return r;
	/* "/" first, then one more segment each time */
	do {
		struct sg_err why = SG_ERR_INIT;
		const struct sg_iis_file *file;
		char *at, *folder = NULL, *container;

		at = len ? sg_strndup(url, len) : sg_strdup("/");
		if (sg_iis_resolve(s, at, NULL, &folder)) {
			container = sg_win_join(folder, "web.config");
			/* whose drive is not at hand (--root): that site's values stand in applicationHost.config, and its own file cannot be asked */
			if (container[0] >= 'A' && container[0] <= 'Z' && container[1] == ':' &&
			        !sg_drive_root(sg_iis_files_drives(files), container[0]))
				r = SG_ENOENT;
			else
				r = sg_iis_files_get(files, container, &file, &why);
			if (!r)
				r = each(arg, container, &file->cfg, s->name, at, err);
			else
				r = r == SG_ENOENT ? 0 : sg_fail(err, r, "%s", why.msg);
			free(container);
		}
		free(folder);
		free(at);
		if (!url[len] || !url[len + 1])
			break;
		len += 1 + strcspn(url + len + 1, "/");
	} while (!r);
	return r;
}

uint32_t sg_iis_declared(const struct sg_cfg *cfg, const char *section)
{
	uint32_t node, kid;

	for (node = sg_cfg_first_element(cfg, cfg->root); node != SG_NO_NODE;
	        node = sg_cfg_next_element(cfg, node))
		if (sg_cfg_is(cfg, node, "configSections"))
			break;
	while (node != SG_NO_NODE) {
		size_t len = strcspn(section, "/");
		bool last = !section[len];

		for (kid = sg_cfg_first_element(cfg, node); kid != SG_NO_NODE;
		        kid = sg_cfg_next_element(cfg, kid)) {
			const char *name = sg_cfg_attr(cfg, kid, "name");

			if (sg_cfg_is(cfg, kid, last ? "section" : "sectionGroup") && name &&
			        strlen(name) == len && !strncmp(name, section, len))
				break;
		}
		if (last)
			return kid;
		node = kid;
		section += len + 1;
	}
	return SG_NO_NODE;
}
