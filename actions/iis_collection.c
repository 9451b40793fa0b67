/* iis_collection.c - merging a collection level by level; see iis_collection.h. Reads only. */
#include "actions/iis_collection.h"
#include "actions/iis_parts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void sg_iis_collection_release(struct sg_iis_collection *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->at[i].gone);
	free(c->at);
	free(c->ignored);
	free(c->broken);
	memset(c, 0, sizeof(*c));
}

/* <clear/> (name NULL) or <remove>. */
static void drop(struct sg_iis_collection *c, const struct sg_iis_met *met, uint32_t node, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->at[i].gone && (!name || sg_same(c->at[i].text, name)))
			c->at[i].gone = sg_format("%s:%u: <%s>", met->container, met->cfg->nodes[node].line,
			        name ? "remove" : "clear");
}

static void merge(struct sg_iis_collection *c, const struct sg_iis_item *item, const struct sg_iis_met *met,
        uint32_t list)
{
	for (uint32_t kid = sg_cfg_first_element(met->cfg, list); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(met->cfg, kid)) {
		const char *name = sg_cfg_attr(met->cfg, kid, item->key);

		if (sg_cfg_is(met->cfg, kid, "clear"))
			drop(c, met, kid, NULL);
		else if (sg_cfg_is(met->cfg, kid, "remove") && name)
			drop(c, met, kid, name);
		if (!sg_cfg_is(met->cfg, kid, item->tag) || !name)
			continue;
		c->at = sg_grow(c->at, c->n, &c->cap, sizeof(*c->at));
		c->at[c->n++] = (struct sg_iis_entry){ name, met->container, met->cfg, kid, NULL };
	}
}

static void merge_met(
        struct sg_iis_collection *c, const struct sg_iis_item *item, const struct sg_iis_met *met)
{
	if (!item->list[0]) {
		merge(c, item, met, met->node);
		return;
	}
	for (uint32_t kid = sg_cfg_first_element(met->cfg, met->node); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(met->cfg, kid))
		if (sg_cfg_is(met->cfg, kid, item->list))
			merge(c, item, met, kid);
}

void sg_iis_collect(struct sg_iis_files *files, const struct sg_iis_item *item,
        const struct sg_iis_site *site, const char *url, struct sg_iis_collection *ret)
{
	struct sg_iis_collection c = { 0 };
	struct sg_iis_effective e = { 0 };

	sg_iis_effective(files, item->section, site, url, &e);
	/* what another application keeps for itself comes first, all of it gone */
	for (size_t i = 0; i < e.n_withheld; i++) {
		size_t n = c.n;

		merge_met(&c, item, &e.withheld[i]);
		for (; n < c.n; n++)
			if (!c.at[n].gone)
				c.at[n].gone = sg_format("%s:%u: inheritInChildApplications=\"false\"",
				        e.withheld[i].container, e.withheld[i].location);
	}
	for (size_t i = 0; i < e.n; i++)
		merge_met(&c, item, &e.at[i]);
	c.ignored = sg_strdup(e.ignored);
	c.broken = sg_strdup(e.broken);
	sg_iis_effective_release(&e);
	*ret = c;
}

const struct sg_iis_entry *sg_iis_collection_find(const struct sg_iis_collection *c, const char *name)
{
	const struct sg_iis_entry *found = NULL;

	for (size_t i = 0; i < c->n; i++)
		if (sg_same(c->at[i].text, name) && (!found || found->gone || !c->at[i].gone))
			found = &c->at[i];
	return found;
}

unsigned sg_iis_entry_line(const struct sg_iis_entry *entry)
{
	return entry->cfg->nodes[entry->node].line;
}

char *sg_iis_entry_path(const struct sg_iis_entry *entry, const struct sg_iis_item *item)
{
	const struct sg_cfg *cfg = entry->cfg;
	struct sg_iis_item named = *item;
	uint32_t node = entry->node;
	const char *path, *inherit;
	char *prefix, *ret;

	while (node != cfg->root && node != SG_NO_NODE && !sg_cfg_is(cfg, node, "location"))
		node = cfg->nodes[node].parent;
	if (node == cfg->root || node == SG_NO_NODE) {
		prefix = sg_strdup("/configuration");
	} else {
		path = sg_cfg_attr(cfg, node, "path");
		inherit = sg_cfg_attr(cfg, node, "inheritInChildApplications");
		prefix = sg_iis_location_prefix(path ? path : ".", !inherit || !sg_same(inherit, "false"));
	}
	named.name = entry->text;
	ret = sg_iis_item_path(prefix, &named);
	free(prefix);
	return ret;
}

bool sg_iis_module(struct sg_iis_files *files, const struct sg_iis *iis, const char *name,
        const struct sg_iis_site *site, const char *url, char **ret_why)
{
	static const struct sg_iis_item global = { "system.webServer/globalModules", "", "add", "name", NULL,
		false };
	static const struct sg_iis_item modules = { "system.webServer/modules", "", "add", "name", NULL,
		false };
	const struct sg_iis_item *const ways[] = { &global, &modules };
	char *why = NULL;

	for (size_t i = 0; !why && i < sizeof(ways) / sizeof(*ways); i++) {
		bool local = ways[i] == &modules;
		struct sg_iis_collection c = { 0 };
		const struct sg_iis_entry *entry;

		sg_iis_collect(files, ways[i], local ? site : NULL, local ? url : NULL, &c);
		entry = sg_iis_collection_find(&c, name);
		if (!entry)
			why = sg_format("%s: there is no %s in %s", iis->apphost, name,
			        local ? "modules" : "globalModules");
		else if (entry->gone)
			why = sg_format("%s takes %s out of force", entry->gone, name);
		sg_iis_collection_release(&c);
	}
	if (!why)
		return true;
	*ret_why = why;
	return false;
}

char *sg_iis_module_below(struct sg_iis_files *files, const struct sg_iis *iis, const char *name,
        const struct sg_iis_place *place, const struct sg_iis_site **ret_site, char **ret_why)
{
	const struct sg_iis_app *own = NULL;
	char *why = NULL;

	for (size_t s = 0; s < iis->n_sites; s++) {
		const struct sg_iis_site *site = &iis->sites[s];
		const char *path = place->path ? place->path : "/";

		if (place->site && !sg_same(place->site, site->name))
			continue;
		sg_iis_resolve(site, path, &own, NULL);
		for (size_t a = 0; a <= site->n_apps; a++) {
			const char *url = a ? site->apps[a - 1].path : path;
			char *one = NULL;

			if (a && (!sg_iis_url_covers(path, url) ||
			                 (!place->inherit && &site->apps[a - 1] != own)))
				continue;
			if (sg_iis_module(files, iis, name, site, url, &one)) {
				free(why);
				*ret_site = site;
				return sg_strdup(url);
			}
			if (why)
				free(one);
			else
				why = one;
		}
	}
	*ret_why = why ? why : sg_strdup("there is no site");
	return NULL;
}
