/* iis_names.c - whether IIS would meet a key twice. A rule's name (or a sequence, or whatever the schema calls a collection's key) that a level and a
 * level below it both hold makes IIS refuse the whole application (500.19, 0x800700b7), so every file on every chain through a place is looked at:
 * above it, itself, and below it. */
#include "actions/iis_parts.h"
#include "actions/config_edit.h"
#include "actions/iis_effective.h"
#include "base/os.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Whoever owns a site makes as many folders and files in it as he likes. */
enum { MAX_FOLDERS = 20000, MAX_BROKEN = 64 << 20 };
static const size_t all_broken =
        (size_t)256 << 20; /* what is looked through of files that no reader understands, for one place */

struct search {
	const struct sg_iis *iis;
	struct sg_iis_files *files;
	const struct sg_drives *drives;
	const struct sg_iis_place *place;
	const struct sg_iis_item *items;
	size_t n_items;
	const struct sg_addr *own;
	size_t n_own;
	size_t looked_through; /* of all_broken */
	/* the URL whose chain is walked now: the place's, or another that reads the same file */
	const struct sg_iis_site *site;
	const char *url;
};

/* --- one file */

static bool is_ours(const struct search *s, const struct sg_iis_item *item, const char *container,
        const struct sg_cfg *cfg, const struct sg_iis_occurrence *o)
{
	char *prefix = sg_iis_occurrence_prefix(cfg, o), *path = sg_iis_item_path(prefix, item);
	bool ours = false;

	for (size_t i = 0; !ours && i < s->n_own; i++)
		ours = sg_win_same(s->own[i].container, container) && sg_same(s->own[i].path, path);
	free(path);
	free(prefix);
	return ours;
}

/* `o` is NULL in an outsourced section, where nothing is ours. */
static int search_list(struct search *s, const struct sg_iis_item *item, const char *container,
        const struct sg_cfg *cfg, const struct sg_iis_occurrence *o, uint32_t list, struct sg_err *err)
{
	for (uint32_t kid = sg_cfg_first_element(cfg, list); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid)) {
		if (!sg_cfg_is(cfg, kid, item->tag) ||
		        !sg_same(sg_cfg_attr(cfg, kid, item->key), item->name) ||
		        (o && is_ours(s, item, container, cfg, o)))
			continue;
		return sg_fail(err, SG_ECONFLICT,
		        "%s:%u: there is <%s %s=\"%s\"> in %s already, and IIS may meet it only once",
		        container, cfg->nodes[kid].line, item->tag, item->key, item->name,
		        item->list[0] ? item->list : item->section);
	}
	return 0;
}

static int search_section(struct search *s, const struct sg_iis_item *item, const char *container,
        const struct sg_cfg *cfg, const struct sg_iis_occurrence *o, uint32_t section, struct sg_err *err)
{
	int r = 0;

	if (!item->list[0])
		return search_list(s, item, container, cfg, o, section, err);
	for (uint32_t kid = sg_cfg_first_element(cfg, section); !r && kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid))
		if (sg_cfg_is(cfg, kid, item->list))
			r = search_list(s, item, container, cfg, o, kid, err);
	return r;
}

/* --- a file that no reader understands */

static bool holds(struct sg_bytes octets, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= octets.len; i++)
		if (sg_same_n((const char *)octets.data + i, word, len))
			return true;
	return false;
}

/* A file that no reader understands: whether it holds one of the names can still be told. One that is larger than IIS reads it refuses, whatever it holds; and
 * whose many such files are more than is looked through has broken his own folders, nobody else's. */
static int search_octets(
        struct search *s, const char *container, const struct sg_err *why, struct sg_err *err)
{
	uint64_t most = s->iis->max_web_config;
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	struct sg_file_id id;
	char *native = NULL;
	int r = 0;

	if (!most || most > MAX_BROKEN)
		most = MAX_BROKEN;
	if (s->looked_through < all_broken &&
	        sg_drive_path(s->drives, container, false, &native, &ignored) == 0 &&
	        sg_os_read(native, (size_t)most, &octets, &id, &ignored) == 0)
		for (size_t i = 0; !r && i < s->n_items; i++)
			if (holds(sg_buf_bytes(&octets), s->items[i].name))
				r = sg_fail(err, SG_ECONFLICT,
				        "%s cannot be read (%s) and holds the name \"%s\"", container,
				        why->msg, s->items[i].name);
	s->looked_through += octets.len;
	sg_buf_release(&octets);
	free(native);
	return r;
}

/* --- one file's sections */

/* A section whose body is in another file: <rules configSource="rules.config"/>. */
static int search_source(struct search *s, const struct sg_iis_item *item, const char *container,
        const char *source, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	const struct sg_iis_file *file;
	const char *slash = strrchr(container, '\\');
	char *folder = sg_strndup(container, slash ? (size_t)(slash - container) : 0);
	char *path = sg_win_join(folder, source);
	int r = sg_iis_files_get_to_tell(s->files, path, &file, &why);

	if (!r)
		r = search_section(s, item, path, &file->cfg, NULL, file->cfg.root, err);
	else /* IIS does not load what is not there */
		r = r == SG_ENOENT || r == SG_EINVAL ? 0 : search_octets(s, path, &why, err);
	free(path);
	free(folder);
	return r;
}

/* Whether the occurrence and the walked URL are on one chain, in either order. */
static bool on_chain(const struct search *s, const struct sg_iis_occurrence *o)
{
	const struct sg_iis_app *here = NULL, *there = NULL;

	if (!s->site || !o->site) /* what stands for the whole server meets everything */
		return true;
	if (sg_iis_reaches(s->iis, o, s->site->name, s->url))
		return true;
	if (!sg_same(o->site, s->site->name) || !sg_iis_url_covers(s->url, o->url))
		return false;
	if (s->place->inherit)
		return true;
	return sg_iis_resolve(s->site, s->url, &here, NULL) &&
	       sg_iis_resolve(s->site, o->url, &there, NULL) && here == there;
}

static int search_item(struct search *s, const struct sg_iis_item *item, const char *container,
        const struct sg_cfg *cfg, const char *site, const char *url, struct sg_err *err)
{
	bool itself = site && sg_win_same(container, s->place->container);
	struct sg_iis_occurrences found = { 0 };
	int r = 0;

	sg_iis_occurrences(cfg, item->section, site, url, &found);
	for (size_t i = 0; !r && i < found.n; i++) {
		const char *source = sg_cfg_attr(cfg, found.at[i].node, "configSource");

		if (!itself && !on_chain(s, &found.at[i]))
			continue;
		r = search_section(s, item, container, cfg, &found.at[i], found.at[i].node, err);
		if (!r && source)
			r = search_source(s, item, container, source, err);
	}
	sg_iis_occurrences_release(&found);
	return r;
}

static int search_file(struct search *s, const char *container, const struct sg_cfg *cfg, const char *site,
        const char *url, struct sg_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < s->n_items; i++)
		r = search_item(s, &s->items[i], container, cfg, site, url, err);
	return r;
}

static int visit(void *arg, const char *container, const struct sg_cfg *cfg, const char *site,
        const char *url, struct sg_err *err)
{
	return search_file(arg, container, cfg, site, url, err);
}

/* --- below a folder */

static int search_url(struct search *s, const char *url, struct sg_err *err)
{
	const struct sg_iis_file *file = NULL;
	struct sg_err why = SG_ERR_INIT;
	char *folder = NULL, *container;
	int r;

	if (!sg_iis_resolve(s->site, url, NULL, &folder))
		return 0;
	container = sg_win_join(folder, "web.config");
	r = sg_iis_files_get_to_tell(s->files, container, &file, &why);
	if (!r)
		r = search_file(s, container, &file->cfg, s->site->name, url, err);
	else
		r = r == SG_ENOENT ? 0 : search_octets(s, container, &why, err);
	free(container);
	free(folder);
	return r;
}

/* Every virtual directory of the site below the walked URL, and every folder that holds a web.config. */
static int search_site_below(struct search *s, struct sg_err *err)
{
	struct sg_strs urls = { 0 };
	bool all;
	int r = 0;

	sg_iis_urls_below(s->files, s->site, s->url, s->place->inherit, MAX_FOLDERS, &urls, &all);
	for (size_t i = 0; !r && i < urls.n; i++)
		if (!sg_same(urls.at[i], s->url)) /* the chain has looked at the URL's own file already */
			r = search_url(s, urls.at[i], err);
	sg_strs_release(&urls);
	return r;
}

/* --- the same file twice on one chain */

static int check_sharing(struct search *s, const struct sg_iis_readers *readers, struct sg_err *err)
{
	for (size_t i = 0; i < readers->n; i++)
		for (size_t j = 0; j < readers->n; j++) {
			const struct sg_iis_reader *up = &readers->at[i], *down = &readers->at[j];
			const struct sg_iis_app *app_up = NULL, *app_down = NULL;

			if (i == j || up->site != down->site || !sg_iis_url_covers(up->url, down->url))
				continue;
			sg_iis_resolve(up->site, up->url, &app_up, NULL);
			sg_iis_resolve(down->site, down->url, &app_down, NULL);
			if (!s->place->inherit && app_up != app_down)
				continue;
			return sg_fail(err, SG_ECONFLICT,
			        "%s is read for %s%s and again for %s%s below it: IIS would meet \"%s\" "
			        "twice%s",
			        s->place->container, up->site->name, up->url, down->site->name, down->url,
			        s->items[0].name, s->place->inherit ? "; inherit=\"no\" avoids that" : "");
		}
	return 0;
}

/* Whether all of the items' sections stand in applicationHost.config and nowhere below. */
static bool server_only(const struct search *s)
{
	for (size_t i = 0; i < s->n_items; i++) {
		uint32_t declared = sg_iis_declared(&s->iis->cfg, s->items[i].section);

		if (declared == SG_NO_NODE ||
		        !sg_same(sg_cfg_attr(&s->iis->cfg, declared, "allowDefinition"), "AppHostOnly"))
			return false;
	}
	return true;
}

int sg_iis_names_free(const struct sg_iis *iis, struct sg_iis_files *files, const struct sg_iis_place *place,
        const struct sg_iis_item *items, size_t n, const struct sg_addr *own, size_t n_own,
        struct sg_err *err)
{
	const struct sg_drives *drives = sg_iis_files_drives(files);
	struct search s = { .iis = iis,
		.files = files,
		.drives = drives,
		.place = place,
		.items = items,
		.n_items = n,
		.own = own,
		.n_own = n_own };
	struct sg_iis_readers readers = { 0 };
	int r = 0;

	if (!n)
		return 0;
	if (!place->site) {
		r = search_file(&s, iis->apphost, &iis->cfg, NULL, NULL, err);
		/* what stands at the server meets every site's own */
		for (size_t i = 0; !r && !server_only(&s) && i < iis->n_sites; i++) {
			s.site = &iis->sites[i];
			s.url = "/";
			r = sg_iis_chain(files, s.site->name, s.url, visit, &s, err);
			if (!r)
				r = search_site_below(&s, err);
		}
		return r;
	}
	if (sg_win_same(place->container, iis->apphost)) {
		s.site = sg_iis_site(iis, place->site);
		s.url = place->path;
		r = sg_iis_chain(files, place->site, place->path, visit, &s, err);
		return r ? r : search_site_below(&s, err);
	}
	sg_iis_readers(iis, place->folder, &readers);
	r = check_sharing(&s, &readers, err);
	for (size_t i = 0; !r && i < readers.n; i++) {
		s.site = readers.at[i].site;
		s.url = readers.at[i].url;
		r = sg_iis_chain(files, s.site->name, s.url, visit, &s, err);
		if (!r)
			r = search_site_below(&s, err);
	}
	sg_iis_readers_release(&readers);
	return r;
}
