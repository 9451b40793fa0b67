/* iis_read.c - applicationHost.config as sites, pools and the signs of URL Rewrite. Reads only, and only what IIS itself would read:
 * with redirection.config enabled the file at hand is not the live one, and that is refused. */
#include "actions/iis_parts.h"
#include "base/os.h"
#include "base/text.h"
#include "base/xml.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG_FOLDER "%windir%\\System32\\inetsrv\\config"

enum { MAX_WEB_CONFIG = 250 * 1024 }; /* IIS's own limit where the registry names no other */

static char *copy_attr(const struct sg_cfg *cfg, uint32_t node, const char *name, const char *otherwise)
{
	const char *value = sg_cfg_attr(cfg, node, name);

	return sg_strdup(value ? value : otherwise);
}

static uint32_t child(const struct sg_cfg *cfg, uint32_t node, const char *name)
{
	uint32_t kid;

	if (node == SG_NO_NODE)
		return node;
	for (kid = sg_cfg_first_element(cfg, node); kid != SG_NO_NODE; kid = sg_cfg_next_element(cfg, kid))
		if (sg_cfg_is(cfg, kid, name))
			break;
	return kid;
}

/* --- sites */

static char *physical_of(const struct sg_drives *drives, const char *written)
{
	struct sg_err ignored = SG_ERR_INIT;
	char *canonical = NULL;

	/* what cannot be made canonical (a share, an unknown variable) stays as written: places there are refused by name */
	if (sg_drive_canonical(drives, written, &canonical, &ignored) == 0)
		return canonical;
	return sg_strdup(written);
}

static void read_app(const struct sg_cfg *cfg, uint32_t node, const char *default_pool,
        const struct sg_drives *drives, struct sg_iis_app *app)
{
	size_t cap = 0;
	char *path = copy_attr(cfg, node, "path", "/");

	app->path = sg_iis_url_join("/", path);
	free(path);
	app->pool_explicit = sg_cfg_attr(cfg, node, "applicationPool") != NULL;
	app->pool = copy_attr(cfg, node, "applicationPool", default_pool);
	for (uint32_t kid = sg_cfg_first_element(cfg, node); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid)) {
		const char *physical = sg_cfg_attr(cfg, kid, "physicalPath");
		struct sg_iis_vdir *vdir;

		if (!sg_cfg_is(cfg, kid, "virtualDirectory") || !physical)
			continue;
		app->vdirs = sg_grow(app->vdirs, app->n_vdirs, &cap, sizeof(*app->vdirs));
		vdir = &app->vdirs[app->n_vdirs++];
		path = copy_attr(cfg, kid, "path", "/");
		vdir->path = sg_iis_url_join("/", path);
		vdir->physical = physical_of(drives, physical);
		free(path);
	}
}

static const char *pool_default(const struct sg_cfg *cfg, uint32_t parent, const char *otherwise)
{
	uint32_t defaults = child(cfg, parent, "applicationDefaults");
	const char *pool = defaults == SG_NO_NODE ? NULL : sg_cfg_attr(cfg, defaults, "applicationPool");

	return pool ? pool : otherwise;
}

static void read_sites(struct sg_iis *iis, uint32_t sites, const struct sg_drives *drives, size_t *cap)
{
	const struct sg_cfg *cfg = &iis->cfg;
	const char *pool = pool_default(cfg, sites, "");

	for (uint32_t node = sg_cfg_first_element(cfg, sites); node != SG_NO_NODE;
	        node = sg_cfg_next_element(cfg, node)) {
		const char *own_pool = pool_default(cfg, node, pool);
		struct sg_iis_site *site;
		size_t app_cap = 0;

		if (!sg_cfg_is(cfg, node, "site") || !sg_cfg_attr(cfg, node, "name"))
			continue;
		iis->sites = sg_grow(iis->sites, iis->n_sites, cap, sizeof(*iis->sites));
		site = &iis->sites[iis->n_sites++];
		*site = (struct sg_iis_site){ 0 };
		site->name = copy_attr(cfg, node, "name", NULL);
		site->id = copy_attr(cfg, node, "id", "");
		for (uint32_t kid = sg_cfg_first_element(cfg, node); kid != SG_NO_NODE;
		        kid = sg_cfg_next_element(cfg, kid)) {
			if (!sg_cfg_is(cfg, kid, "application"))
				continue;
			site->apps = sg_grow(site->apps, site->n_apps, &app_cap, sizeof(*site->apps));
			site->apps[site->n_apps] = (struct sg_iis_app){ 0 };
			read_app(cfg, kid, own_pool, drives, &site->apps[site->n_apps++]);
		}
	}
}

static const char *attr_or(const struct sg_cfg *cfg, uint32_t node, const char *name, const char *otherwise)
{
	const char *value = node == SG_NO_NODE ? NULL : sg_cfg_attr(cfg, node, name);

	return value ? value : otherwise;
}

static void read_pools(struct sg_iis *iis, uint32_t pools, size_t *cap)
{
	const struct sg_cfg *cfg = &iis->cfg;
	uint32_t defaults = child(cfg, pools, "applicationPoolDefaults");
	const char *by_default = attr_or(cfg, defaults, "enableConfigurationOverride", NULL);

	for (uint32_t node = sg_cfg_first_element(cfg, pools); node != SG_NO_NODE;
	        node = sg_cfg_next_element(cfg, node)) {
		const char *override = sg_cfg_attr(cfg, node, "enableConfigurationOverride");
		struct sg_iis_pool *pool;

		if (!sg_cfg_is(cfg, node, "add") || !sg_cfg_attr(cfg, node, "name"))
			continue;
		iis->pools = sg_grow(iis->pools, iis->n_pools, cap, sizeof(*iis->pools));
		pool = &iis->pools[iis->n_pools++];
		*pool = (struct sg_iis_pool){ 0 };
		pool->name = copy_attr(cfg, node, "name", NULL);
		pool->auto_start = copy_attr(cfg, node, "autoStart", NULL);
		pool->start_mode = copy_attr(cfg, node, "startMode", NULL);
		pool->auto_start_read =
		        copy_attr(cfg, node, "autoStart", attr_or(cfg, defaults, "autoStart", "true"));
		pool->start_mode_read =
		        copy_attr(cfg, node, "startMode", attr_or(cfg, defaults, "startMode", "OnDemand"));
		pool->line = cfg->nodes[node].line;
		override = override ? override : by_default;
		pool->no_config_override = override && sg_same(override, "false");
	}
}

static void read_hosts(struct sg_iis *iis, const struct sg_drives *drives)
{
	const struct sg_cfg *cfg = &iis->cfg;
	size_t site_cap = 0, pool_cap = 0;

	for (uint32_t group = sg_cfg_first_element(cfg, cfg->root); group != SG_NO_NODE;
	        group = sg_cfg_next_element(cfg, group)) {
		if (!sg_cfg_is(cfg, group, "system.applicationHost"))
			continue;
		for (uint32_t kid = sg_cfg_first_element(cfg, group); kid != SG_NO_NODE;
		        kid = sg_cfg_next_element(cfg, kid)) {
			if (sg_cfg_is(cfg, kid, "sites"))
				read_sites(iis, kid, drives, &site_cap);
			if (sg_cfg_is(cfg, kid, "applicationPools"))
				read_pools(iis, kid, &pool_cap);
		}
	}
}

/* --- the signs of URL Rewrite */

/* <add name="RewriteModule"> in that section, at top level or in a location that stands for the whole server. */
static uint32_t module_in(const struct sg_cfg *cfg, const char *section)
{
	struct sg_iis_occurrences found = { 0 };
	uint32_t ret = SG_NO_NODE;

	sg_iis_occurrences(cfg, section, NULL, NULL, &found);
	for (size_t i = 0; i < found.n && ret == SG_NO_NODE; i++) {
		if (found.at[i].site)
			continue;
		for (uint32_t kid = sg_cfg_first_element(cfg, found.at[i].node); kid != SG_NO_NODE;
		        kid = sg_cfg_next_element(cfg, kid))
			if (sg_cfg_is(cfg, kid, "add") &&
			        sg_same(sg_cfg_attr(cfg, kid, "name"), "RewriteModule"))
				ret = kid;
	}
	sg_iis_occurrences_release(&found);
	return ret;
}

static void read_signs(struct sg_iis *iis, const struct sg_drives *drives)
{
	static const char *const sections[] = { "rules", "outboundRules", "globalRules" };
	uint32_t global = module_in(&iis->cfg, "system.webServer/globalModules");
	uint32_t module = module_in(&iis->cfg, "system.webServer/modules");
	const char *image = global == SG_NO_NODE ? NULL : sg_cfg_attr(&iis->cfg, global, "image");
	struct sg_buf missing = { 0 };

	iis->rewrite_section = iis->rewrite_module = iis->rewrite_schema = SG_SIGN_THERE;
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		char *section = sg_format("system.webServer/rewrite/%s", sections[i]);

		if (sg_iis_declared(&iis->cfg, section) == SG_NO_NODE) {
			iis->rewrite_section = SG_SIGN_MISSING;
			sg_buf_fmt(&missing, "%sno <section> %s in configSections", missing.len ? ", " : "",
			        section);
		}
		free(section);
	}
	if (global == SG_NO_NODE || module == SG_NO_NODE) {
		iis->rewrite_module = SG_SIGN_MISSING;
		sg_buf_fmt(&missing, "%sno RewriteModule in %s", missing.len ? ", " : "",
		        global == SG_NO_NODE ? "globalModules" : "modules");
	}
	if (!sg_iis_exists(drives, CONFIG_FOLDER "\\schema\\rewrite_schema.xml", NULL)) {
		iis->rewrite_schema = SG_SIGN_MISSING;
		sg_buf_fmt(&missing, "%sno schema\\rewrite_schema.xml", missing.len ? ", " : "");
	}
	if (!sg_iis_exists(drives, image ? image : "%windir%\\System32\\inetsrv\\rewrite.dll", NULL)) {
		iis->rewrite_schema = SG_SIGN_MISSING;
		sg_buf_fmt(&missing, "%sno %s", missing.len ? ", " : "", image ? image : "rewrite.dll");
	}
	if (missing.len)
		iis->rewrite_missing =
		        sg_format("URL Rewrite is not installed: %s", (const char *)missing.data);
	sg_buf_release(&missing);
}

/* --- the file */

int sg_iis_redirected(const struct sg_drives *drives, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_iis_file file = { 0 };
	char *container = NULL;
	const char *path;
	uint32_t node;
	int r;

	r = sg_drive_canonical(drives, CONFIG_FOLDER "\\redirection.config", &container, &why);
	if (!r)
		r = sg_iis_file_read(drives, container, &file, &why);
	free(container);
	if (r == SG_ENOENT)
		return 0;
	if (r < 0)
		return sg_fail(err, r, "%s", why.msg);
	for (node = sg_cfg_first_element(&file.cfg, file.cfg.root); file.cfg.nodes && node != SG_NO_NODE;
	        node = sg_cfg_next_element(&file.cfg, node)) {
		if (!sg_cfg_is(&file.cfg, node, "configurationRedirection") ||
		        !sg_same(sg_cfg_attr(&file.cfg, node, "enabled"), "true"))
			continue;
		path = sg_cfg_attr(&file.cfg, node, "path");
		r = sg_fail(err, SG_EUNSUPPORTED,
		        "%s:%u: redirection.config is enabled: the live applicationHost.config is in \"%s\", "
		        "perhaps for several "
		        "servers, and is not edited",
		        file.container, file.cfg.nodes[node].line, path ? path : "");
	}
	sg_iis_file_release(&file);
	return r;
}

int sg_iis_read(const struct sg_drives *drives, struct sg_iis **ret, struct sg_err *err)
{
	struct sg_iis *iis = sg_alloc(sizeof(*iis));
	struct sg_file_id id;
	char *native = NULL;
	int r;

	r = sg_drive_canonical(drives, CONFIG_FOLDER "\\applicationHost.config", &iis->apphost, err);
	if (r < 0)
		goto out;
	r = sg_drive_path(drives, iis->apphost, false, &native, err);
	if (r < 0)
		goto out;
	r = sg_iis_redirected(drives, err);
	if (r < 0)
		goto out;
	r = sg_os_read(native, sg_xml_config_limits.bytes, &iis->octets, &id, err);
	if (r < 0)
		goto out;
	r = sg_cfg_scan(sg_buf_bytes(&iis->octets), iis->apphost, &iis->cfg, err);
	if (r < 0)
		goto out;
	if (!sg_cfg_is(&iis->cfg, iis->cfg.root, "configuration")) {
		r = sg_fail(err, SG_EPARSE, "%s: the document element is not <configuration>", iis->apphost);
		goto out;
	}
	iis->max_web_config = MAX_WEB_CONFIG;
	read_hosts(iis, drives);
	read_signs(iis, drives);
	*ret = iis;
	iis = NULL;
out:
	free(native);
	sg_iis_free(iis);
	return r;
}
