/* iis.c - owning and asking a struct sg_iis. */
#include "actions/iis_parts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void sg_iis_free(struct sg_iis *iis)
{
	if (!iis)
		return;
	for (size_t s = 0; s < iis->n_sites; s++) {
		struct sg_iis_site *site = &iis->sites[s];

		for (size_t a = 0; a < site->n_apps; a++) {
			struct sg_iis_app *app = &site->apps[a];

			for (size_t v = 0; v < app->n_vdirs; v++) {
				free(app->vdirs[v].path);
				free(app->vdirs[v].physical);
			}
			free(app->vdirs);
			free(app->path);
			free(app->pool);
		}
		free(site->apps);
		free(site->name);
		free(site->id);
	}
	for (size_t p = 0; p < iis->n_pools; p++) {
		free(iis->pools[p].name);
		free(iis->pools[p].auto_start);
		free(iis->pools[p].start_mode);
		free(iis->pools[p].auto_start_read);
		free(iis->pools[p].start_mode_read);
	}
	free(iis->sites);
	free(iis->pools);
	sg_cfg_release(&iis->cfg);
	sg_buf_release(&iis->octets);
	free(iis->apphost);
	free(iis->rewrite_missing);
	free(iis);
}

const struct sg_iis_site *sg_iis_site(const struct sg_iis *iis, const char *name)
{
	for (size_t i = 0; i < iis->n_sites; i++)
		if (sg_same(iis->sites[i].name, name))
			return &iis->sites[i];
	return NULL;
}

void sg_iis_place_release(struct sg_iis_place *p)
{
	free(p->site);
	free(p->path);
	free(p->folder);
	free(p->container);
	free(p->prefix);
	free(p->shared_text);
	memset(p, 0, sizeof(*p));
}

/* A changed web.config unloads every application that reads it, and ASP.NET unloads the applications below, which inherit it. */
void sg_iis_restarts(const struct sg_iis *iis, const char *container, struct sg_strs *ret)
{
	static const char name[] = "\\web.config";
	struct sg_iis_readers readers = { 0 };
	size_t len = strlen(container);
	char *folder;

	if (sg_win_same(container, iis->apphost) || len < sizeof(name))
		return;
	folder = sg_strndup(container, len - (sizeof(name) - 1));
	sg_iis_readers(iis, folder, &readers);
	for (size_t i = 0; i < readers.n; i++) {
		const struct sg_iis_site *site = readers.at[i].site;
		const struct sg_iis_app *own = NULL;

		sg_iis_resolve(site, readers.at[i].url, &own, NULL);
		for (size_t a = 0; a < site->n_apps; a++) {
			const struct sg_iis_app *app = &site->apps[a];
			char *line;

			if (app != own && !sg_iis_url_covers(readers.at[i].url, app->path))
				continue;
			line = sg_format("application %s%s (pool %s)", site->name, app->path,
			        app->pool[0] ? app->pool : "by default");
			if (!sg_strs_has(ret, line))
				sg_strs_add(ret, line);
			free(line);
		}
	}
	sg_iis_readers_release(&readers);
	free(folder);
}
