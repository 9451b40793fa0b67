/* iis_locks.c - whether a section may be written at a place: declaration, locks, where its body really lives, and what IIS calls invalid.
 *
 * Follows Microsoft's "How to Use Locking in IIS Configuration" and "Deep Dive into IIS Configuration": setting a locked section lower down is an
 * error for the whole application, not a no-op, so in doubt the answer is no.
 */
#include "actions/iis_effective.h"
#include "actions/iis_parts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct check {
	const struct sg_iis *iis;
	struct sg_iis_files *files;
	const struct sg_iis_place *place;
	const struct sg_iis_item *item;
	const char *section; /* the item's */
	bool in_apphost;
	/* what overrides so far: the most specific statement wins */
	bool denied;
	char *denied_by;
};

static unsigned line_of(const struct sg_cfg *cfg, uint32_t node)
{
	return cfg->nodes[node].line;
}

static bool is_true(const char *value)
{
	return sg_same(value, "true") || sg_same(value, "1");
}

/* --- the declaration */

static int check_declaration(struct check *c, struct sg_err *err)
{
	const struct sg_cfg *cfg = &c->iis->cfg;
	uint32_t node = sg_iis_declared(cfg, c->section);
	const char *where, *mode;

	if (node == SG_NO_NODE)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "%s: the section %s is not declared in configSections, IIS could not load it",
		        c->iis->apphost, c->section);
	where = sg_cfg_attr(cfg, node, "allowDefinition");
	if (where && !sg_same(where, "Everywhere") && c->place->site &&
	        !(sg_same(where, "MachineToApplication") && c->in_apphost))
		return sg_fail(err, SG_EACCES, "%s:%u: the section %s is allowed only at the level %s",
		        c->iis->apphost, line_of(cfg, node), c->section, where);
	if (where && (sg_same(where, "MachineOnly") || sg_same(where, "MachineToRootWeb")))
		return sg_fail(err, SG_EACCES, "%s:%u: the section %s is allowed only at the level %s",
		        c->iis->apphost, line_of(cfg, node), c->section, where);
	if (sg_same(sg_cfg_attr(cfg, node, "allowLocation"), "false") &&
	        strstr(c->place->prefix, "/location["))
		return sg_fail(err, SG_EACCES, "%s:%u: the section %s is not allowed in location tags",
		        c->iis->apphost, line_of(cfg, node), c->section);
	mode = sg_cfg_attr(cfg, node, "overrideModeDefault");
	if (mode && sg_same(mode, "Deny")) {
		c->denied = true;
		c->denied_by =
		        sg_format("%s:%u: overrideModeDefault=\"Deny\"", c->iis->apphost, line_of(cfg, node));
	}
	return 0;
}

/* --- files above the place */

static bool lists(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, ", ;");

		if ((n == 1 && *list == '*') || (n == len && sg_same_n(list, name, n)))
			return true;
		list += n;
		list += strspn(list, ", ;");
	}
	return false;
}

static const char *attr_of(const struct sg_cfg *cfg, uint32_t node, const char *name)
{
	return sg_cfg_attr(cfg, node, name);
}

static int check_element_lock(struct check *c, const char *container, const struct sg_cfg *cfg, uint32_t node,
        const char *tag, struct sg_err *err)
{
	const char *lock = attr_of(cfg, node, "lockElements"),
	           *but = attr_of(cfg, node, "lockAllElementsExcept");

	if (is_true(attr_of(cfg, node, "lockItem")))
		return sg_fail(err, SG_EACCES, "%s:%u: the section %s is locked (lockItem)", container,
		        line_of(cfg, node), c->section);
	if (tag && ((lock && lists(lock, tag)) || (but && !lists(but, tag))))
		return sg_fail(err, SG_EACCES, "%s:%u: <%s> is locked in the section %s (%s)", container,
		        line_of(cfg, node), tag, c->section,
		        lock && lists(lock, tag) ? "lockElements" : "lockAllElementsExcept");
	return 0;
}

/* On what the section stands in, on the section, and on each collection down to the one that takes the item. */
static int check_element_locks(struct check *c, const char *container, const struct sg_cfg *cfg,
        uint32_t section, struct sg_err *err)
{
	bool inner = c->item->list[0] != 0;
	int r = check_element_lock(c, container, cfg, section, inner ? c->item->list : c->item->tag, err);

	for (uint32_t node = cfg->nodes[section].parent; !r && node != cfg->root && node != SG_NO_NODE;
	        node = cfg->nodes[node].parent)
		r = check_element_lock(c, container, cfg, node, NULL, err);
	for (uint32_t kid = sg_cfg_first_element(cfg, section); !r && inner && kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid))
		if (sg_cfg_is(cfg, kid, c->item->list))
			r = check_element_lock(c, container, cfg, kid, c->item->tag, err);
	return r;
}

static int visit_above(void *arg, const char *container, const struct sg_cfg *cfg, const char *site,
        const char *url, struct sg_err *err)
{
	struct check *c = arg;
	struct sg_iis_occurrences found = { 0 };
	int r = 0;

	if (sg_win_same(container, c->place->container) && site)
		return 0; /* its own file: what stands there binds the levels below it only */
	sg_iis_occurrences(cfg, c->section, site, url, &found);
	for (size_t i = 0; !r && i < found.n; i++) {
		const struct sg_iis_occurrence *o = &found.at[i];
		const char *mode, *allow;

		if (!sg_iis_reaches(c->iis, o, c->place->site, c->place->path))
			continue;
		if (o->location != SG_NO_NODE) {
			mode = attr_of(cfg, o->location, "overrideMode");
			allow = attr_of(cfg, o->location, "allowOverride");
			if (allow)
				mode = is_true(allow) ? "Allow" : "Deny";
			if (mode && !sg_same(mode, "Inherit")) {
				c->denied = sg_same(mode, "Deny");
				free(c->denied_by);
				c->denied_by = sg_format("%s:%u: <location> with overrideMode=\"%s\"",
				        container, line_of(cfg, o->location), mode);
			}
		}
		r = check_element_locks(c, container, cfg, o->node, err);
	}
	sg_iis_occurrences_release(&found);
	return r;
}

static int check_locks(struct check *c, struct sg_err *err)
{
	int r;

	/* inside applicationHost.config locks of the same file do not bind: a location there is how locked sections are set */
	if (c->in_apphost)
		return 0;
	r = sg_iis_chain(c->files, c->place->site, c->place->path, visit_above, c, err);
	if (r)
		return r;
	if (c->denied)
		return sg_fail(err, SG_EACCES, "%s: the section %s is locked for %s%s", c->denied_by,
		        c->section, c->place->site, c->place->path);
	return 0;
}

/* --- the file itself */

static bool same_place(const struct check *c, const struct sg_cfg *cfg, const struct sg_iis_occurrence *o)
{
	char *prefix = sg_iis_occurrence_prefix(cfg, o);
	bool same = sg_same(prefix, c->place->prefix);

	free(prefix);
	return same;
}

/* Whether the occurrence stands for the very URL that the place stands for, in whatever form. */
static bool same_url(const struct check *c, const struct sg_iis_occurrence *o)
{
	if (!o->site || !c->place->site)
		return !o->site && !c->place->site;
	return sg_same(o->site, c->place->site) && sg_same(o->url, c->place->path);
}

static int check_body(struct check *c, const struct sg_cfg *cfg, uint32_t section, struct sg_err *err)
{
	const char *file = c->place->container;
	uint32_t kid;

	for (uint32_t node = section; node != cfg->root && node != SG_NO_NODE;
	        node = cfg->nodes[node].parent) {
		if (attr_of(cfg, node, "configSource"))
			return sg_fail(err, SG_EUNSUPPORTED,
			        "%s:%u: the section %s lives in another file (configSource=\"%s\")", file,
			        line_of(cfg, node), c->section, attr_of(cfg, node, "configSource"));
		if (attr_of(cfg, node, "configProtectionProvider"))
			return sg_fail(err, SG_EUNSUPPORTED,
			        "%s:%u: the section %s is encrypted (configProtectionProvider)", file,
			        line_of(cfg, node), c->section);
	}
	for (kid = sg_cfg_first_element(cfg, section); kid != SG_NO_NODE; kid = sg_cfg_next_element(cfg, kid))
		if (sg_cfg_is(cfg, kid, "EncryptedData"))
			return sg_fail(err, SG_EUNSUPPORTED, "%s:%u: the section %s is encrypted", file,
			        line_of(cfg, kid), c->section);
	return 0;
}

/* A section may stand once per path: not at top level and in <location path=".">, not in two locations of one path. */
static int check_container(struct check *c, struct sg_err *err)
{
	const struct sg_cfg *cfg = &c->iis->cfg;
	struct sg_iis_occurrences found = { 0 };
	const struct sg_iis_file *file = NULL;
	const struct sg_iis_occurrence *ours = NULL;
	int r = 0;

	if (!c->in_apphost) {
		r = sg_iis_files_get(c->files, c->place->container, &file, err);
		if (r < 0)
			return r;
		cfg = &file->cfg;
	}
	if (!sg_cfg_is(cfg, cfg->root, "configuration"))
		return sg_fail(err, SG_EPARSE, "%s: the document element is not <configuration>",
		        c->place->container);
	sg_iis_occurrences(cfg, c->section, c->in_apphost ? NULL : c->place->site, c->place->path, &found);
	for (size_t i = 0; !r && i < found.n; i++) {
		const struct sg_iis_occurrence *o = &found.at[i];
		bool mine = same_place(c, cfg, o), top = o->location == SG_NO_NODE;

		if (!same_url(c, o))
			continue;
		if (mine)
			r = check_body(c, cfg, o->node, err);
		if (!r && mine && !top && ours && ours->location != o->location)
			r = sg_fail(err, SG_EUNSUPPORTED,
			        "%s:%u: the section %s stands in two locations of the same path",
			        c->place->container, line_of(cfg, o->node), c->section);
		if (!r && !mine)
			r = sg_fail(err, SG_EUNSUPPORTED,
			        "%s:%u: the section %s stands %s already; IIS does not load a file that has "
			        "it %s, too",
			        c->place->container, line_of(cfg, o->node), c->section,
			        top ? "at top level" : "in another <location> of the same path",
			        strstr(c->place->prefix, "/location[") ? "in a <location> of that path"
			                                               : "at top level");
		if (mine)
			ours = o;
	}
	sg_iis_occurrences_release(&found);
	return r;
}

static int check_pool(struct check *c, struct sg_err *err)
{
	const struct sg_iis_site *site = c->place->site ? sg_iis_site(c->iis, c->place->site) : NULL;
	const struct sg_iis_app *app = NULL;

	if (c->in_apphost || !site || !sg_iis_resolve(site, c->place->path, &app, NULL))
		return 0;
	for (size_t i = 0; i < c->iis->n_pools; i++)
		if (sg_same(c->iis->pools[i].name, app->pool) && c->iis->pools[i].no_config_override)
			return sg_fail(err, SG_EUNSUPPORTED,
			        "%s%s runs in the pool %s, which ignores every web.config "
			        "(enableConfigurationOverride=\"false\")",
			        c->place->site, c->place->path, app->pool);
	return 0;
}

int sg_iis_may_write(struct sg_iis_files *files, const struct sg_iis_place *place,
        const struct sg_iis_item *item, struct sg_err *err)
{
	const struct sg_iis *iis = sg_iis_files_iis(files);
	struct check c = {
		.iis = iis, .files = files, .place = place, .item = item, .section = item->section
	};
	int r;

	c.in_apphost = sg_win_same(place->container, iis->apphost);
	r = check_declaration(&c, err);
	if (!r)
		r = check_container(&c, err);
	if (!r)
		r = check_locks(&c, err);
	if (!r)
		r = check_pool(&c, err);
	free(c.denied_by);
	return r;
}
