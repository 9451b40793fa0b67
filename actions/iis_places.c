/* iis_places.c - from what a feed says (sites, path, inherit) to the files and addresses where it goes. Creates no file: where a folder has no
 * web.config, its place is a <location> in applicationHost.config. */
#include "actions/iis_parts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char having_app[] = "having-app:";

static bool site_matches(const struct sg_iis_site *site, const char *sites)
{
	if (!strcmp(sites, "*"))
		return true;
	if (strncmp(sites, having_app, sizeof(having_app) - 1))
		return sg_same(site->name, sites);
	for (size_t i = 0; i < site->n_apps; i++)
		if (sg_same(site->apps[i].path, sites + sizeof(having_app) - 1))
			return true;
	return false;
}

/* The site's virtual directory with that very URL, as the file writes it. */
static const struct sg_iis_vdir *vdir_at(const struct sg_iis_site *site, const char *url, char **ret_url)
{
	for (size_t a = 0; a < site->n_apps; a++)
		for (size_t v = 0; v < site->apps[a].n_vdirs; v++) {
			char *own = sg_iis_vdir_url(&site->apps[a], &site->apps[a].vdirs[v]);

			if (sg_same(own, url)) {
				*ret_url = own;
				return &site->apps[a].vdirs[v];
			}
			free(own);
		}
	return NULL;
}

static void describe_sharing(const struct sg_iis *iis, struct sg_iis_place *place)
{
	struct sg_iis_readers readers = { 0 };
	struct sg_buf text = { 0 };

	sg_iis_readers(iis, place->folder, &readers);
	place->shared = readers.n > 1;
	for (size_t i = 0; place->shared && i < readers.n; i++)
		sg_buf_fmt(&text, "%s%s%s", i ? ", " : "", readers.at[i].site->name, readers.at[i].url);
	if (place->shared)
		place->shared_text = sg_buf_detach(&text);
	sg_iis_readers_release(&readers);
}

static int make_place(const struct sg_iis *iis, const struct sg_drives *drives,
        const struct sg_iis_site *site, const struct sg_iis_vdir *vdir, const char *url, bool inherit,
        struct sg_iis_place *ret, struct sg_err *err)
{
	char *web_config = sg_win_join(vdir->physical, "web.config"), *path;
	bool is_dir = false;
	int r = 0;

	if (!sg_iis_exists(drives, vdir->physical, &is_dir) || !is_dir) {
		r = sg_fail(err, SG_EUNSUPPORTED,
		        "%s%s: its folder %s is not on the drives at hand, so nobody can tell what its "
		        "web.config holds",
		        site->name, url, vdir->physical);
		goto out;
	}
	ret->site = sg_strdup(site->name);
	ret->path = sg_strdup(url);
	ret->inherit = inherit;
	ret->folder = sg_strdup(vdir->physical);
	if (sg_iis_exists(drives, web_config, NULL)) {
		ret->container = web_config;
		web_config = NULL;
		ret->prefix = inherit ? sg_strdup("/configuration") : sg_iis_location_prefix(".", false);
		describe_sharing(iis, ret);
	} else {
		/* a location of its own for each URL: shared folders do not matter */
		path = sg_format("%s%s", site->name, strcmp(url, "/") ? url : "");
		ret->container = sg_strdup(iis->apphost);
		ret->prefix = sg_iis_location_prefix(path, inherit);
		free(path);
	}
out:
	free(web_config);
	return r;
}

int sg_iis_places(const struct sg_iis *iis, const struct sg_drives *drives, const char *sites,
        const char *path, bool inherit, struct sg_iis_place **ret, size_t *ret_n, struct sg_err *err)
{
	struct sg_iis_place *places = NULL;
	size_t n = 0, cap = 0, n_sites = 0;
	char *url = sg_iis_url_join("/", path);
	int r = 0;

	for (size_t i = 0; !r && i < iis->n_sites; i++) {
		const struct sg_iis_site *site = &iis->sites[i];
		const struct sg_iis_vdir *vdir;
		char *own = NULL;

		if (!site_matches(site, sites))
			continue;
		n_sites++;
		vdir = vdir_at(site, url, &own);
		if (vdir) {
			places = sg_grow(places, n, &cap, sizeof(*places));
			places[n] = (struct sg_iis_place){ 0 };
			r = make_place(iis, drives, site, vdir, own, inherit, &places[n++], err);
		}
		free(own);
	}
	if (!r && !n_sites)
		r = sg_fail(err, SG_ENOENT, "there is no site \"%s\" here", sites);
	else if (!r && !n)
		r = sg_fail(err, SG_ENOENT, "there is no virtual directory \"%s\" in the site \"%s\"", url,
		        sites);
	if (!r) {
		*ret = places;
		*ret_n = n;
	} else {
		for (size_t i = 0; i < n; i++)
			sg_iis_place_release(&places[i]);
		free(places);
	}
	free(url);
	return r;
}

bool sg_iis_place_covers(const struct sg_iis_place *place, const struct sg_iis_site *site, const char *path)
{
	return (!place->site || sg_same(place->site, site->name)) &&
	       (!place->path || sg_iis_url_covers(place->path, path));
}

void sg_iis_place_server(const struct sg_iis *iis, struct sg_iis_place *ret)
{
	*ret = (struct sg_iis_place){ .inherit = true };
	ret->container = sg_strdup(iis->apphost);
	ret->prefix = sg_strdup("/configuration");
}
