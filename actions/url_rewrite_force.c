/* url_rewrite_force.c - whether rules are in the effective set of an URL, enabled and reached. Reads only.
 *
 * What IIS would do with one request is not asked here (url_rewrite_judge.c): a rule in front of ours counts as a defeat only when it ends the
 * processing of every request there is, and lets it through.
 */
#include "actions/url_rewrite_force.h"
#include "actions/iis_collection.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *attr(const struct sg_iis_entry *e, const char *name)
{
	return sg_cfg_attr(e->cfg, e->node, name);
}

static bool is_false(const char *value)
{
	return sg_same(value, "false") || sg_same(value, "0");
}

static bool is_true(const char *value)
{
	return sg_same(value, "true") || sg_same(value, "1");
}

/* --- rules that let nothing reach what stands behind them */

static uint32_t part(const struct sg_iis_entry *e, const char *name)
{
	const struct sg_cfg *cfg = e->cfg;
	uint32_t kid = sg_cfg_first_element(cfg, e->node);

	while (kid != SG_NO_NODE && !sg_cfg_is(cfg, kid, name))
		kid = sg_cfg_next_element(cfg, kid);
	return kid;
}

static const char *part_attr(const struct sg_iis_entry *e, const char *name, const char *attribute)
{
	uint32_t node = part(e, name);

	return node == SG_NO_NODE ? NULL : sg_cfg_attr(e->cfg, node, attribute);
}

/* Patterns that match whatever there is; nobody writes many others for it. */
static bool matches_all(const struct sg_iis_entry *e)
{
	static const char *const regular[] = { ".*", "^.*$", "^.*", ".*$", "(.*)", "^(.*)$", "^(.*)", "(.*)$",
		"^", "$", ".?", "(.*)?" };
	const char *syntax = attr(e, "patternSyntax"), *pattern;
	uint32_t match = part(e, "match");

	if (match == SG_NO_NODE)
		return true;
	if (is_true(part_attr(e, "match", "negate")))
		return false;
	pattern = part_attr(e, "match", part_attr(e, "match", "serverVariable") ? "pattern" : "url");
	if (!pattern)
		return false;
	if (sg_same(syntax, "Wildcard"))
		return !strcmp(pattern, "*");
	if (sg_same(syntax, "ExactMatch"))
		return false;
	for (size_t i = 0; i < sizeof(regular) / sizeof(*regular); i++)
		if (!strcmp(pattern, regular[i]))
			return true;
	return false;
}

static bool has_conditions(const struct sg_iis_entry *e)
{
	uint32_t node = part(e, "conditions");

	return node != SG_NO_NODE && sg_cfg_first_element(e->cfg, node) != SG_NO_NODE;
}

/* An unconditional end of the processing that does not refuse. `ours` is the rule behind it. */
static bool ends_all(const struct sg_iis_entry *e, const struct sg_iis_entry *ours, bool outbound)
{
	const char *action = part_attr(e, "action", "type"), *status = part_attr(e, "action", "statusCode");
	const char *pre = attr(e, "preCondition");
	bool stops = is_true(attr(e, "stopProcessing"));

	if (is_false(attr(e, "enabled")) || has_conditions(e) || !matches_all(e))
		return false;
	if (outbound)
		return stops && !(pre && *pre) && part_attr(e, "match", "serverVariable") &&
		       sg_same(part_attr(e, "match", "serverVariable"),
		               part_attr(ours, "match", "serverVariable"));
	if (sg_same(action, "AbortRequest") ||
	        (sg_same(action, "CustomResponse") && (!status || status[0] >= '4')))
		return false; /* nothing gets past it: what ours would refuse is refused */
	return stops || sg_same(action, "CustomResponse") || sg_same(action, "Redirect");
}

/* --- what became of one item */

static char *defeat_of(const struct sg_iis_collection *c, const struct sg_ur_item *item)
{
	const struct sg_iis_entry *ours = sg_iis_collection_find(c, item->name);

	if (!ours)
		return c->ignored
		               ? sg_format("%s, and '%s' is nowhere else", c->ignored, item->name)
		               : sg_format("'%s' is in none of the files that IIS reads for it", item->name);
	if (ours->gone)
		return sg_format("%s takes '%s' out of force", ours->gone, item->name);
	if (is_false(attr(ours, "enabled")))
		return sg_format("%s:%u: enabled=\"false\" takes '%s' out of force", ours->container,
		        sg_iis_entry_line(ours), item->name);
	for (const struct sg_iis_entry *before = c->at; !item->pre && before < ours; before++)
		if (!before->gone && ends_all(before, ours, item->section == SG_UR_OUTBOUND))
			return sg_format("%s:%u: rule '%s' ends the processing of every request before '%s'",
			        before->container, sg_iis_entry_line(before), before->text, item->name);
	return NULL;
}

static void check_list(struct sg_iis_files *files, const struct sg_ur *ur, enum sg_ur_section section,
        bool pre, const struct sg_iis_site *site, const char *url, struct sg_ur_force *f)
{
	char *path = sg_format("system.webServer/rewrite/%s", sg_ur_section_names[section]);
	struct sg_iis_item list = { path, pre ? "preConditions" : "", pre ? "preCondition" : "rule", "name",
		NULL, false };
	struct sg_iis_collection c = { 0 };

	sg_iis_collect(files, &list, site, url, &c);
	for (size_t i = 0; i < ur->n; i++) {
		const struct sg_ur_item *item = &ur->items[i];
		const struct sg_iis_entry *ours;

		if (item->section != section || item->pre != pre)
			continue;
		ours = sg_iis_collection_find(&c, item->name);
		if (ours && !ours->gone && !f->container)
			f->container = sg_strdup(ours->container);
		if (!f->defeat &&
		        (ours || !c.broken)) /* what a file that cannot be read holds is not known */
			f->defeat = defeat_of(&c, item);
	}
	if (!f->broken) {
		f->broken = c.broken;
		c.broken = NULL;
	}
	sg_iis_collection_release(&c);
	free(path);
}

char *sg_ur_module_off(
        struct sg_iis_files *files, const struct sg_iis *iis, const struct sg_iis_site *site, const char *url)
{
	char *why = NULL;

	if (iis->rewrite_missing)
		return sg_format("%s: %s", iis->apphost, iis->rewrite_missing);
	sg_iis_module(files, iis, "RewriteModule", site, url, &why);
	return why;
}

void sg_ur_force(struct sg_iis_files *files, const struct sg_iis *iis, const struct sg_ur *ur, bool outbound,
        const struct sg_iis_site *site, const char *url, struct sg_ur_force *ret)
{
	bool any = false;

	*ret = (struct sg_ur_force){ 0 };
	for (size_t i = 0; i < ur->n; i++)
		any = any || (ur->items[i].section == SG_UR_OUTBOUND) == outbound;
	if (!any)
		return;
	ret->defeat = sg_ur_module_off(files, iis, site, url);
	if (outbound) {
		check_list(files, ur, SG_UR_OUTBOUND, true, site, url, ret);
		check_list(files, ur, SG_UR_OUTBOUND, false, site, url, ret);
		return;
	}
	check_list(files, ur, SG_UR_GLOBAL, false, site, url, ret);
	check_list(files, ur, SG_UR_INBOUND, false, site, url, ret);
}

void sg_ur_force_release(struct sg_ur_force *f)
{
	free(f->defeat);
	free(f->broken);
	free(f->container);
	*f = (struct sg_ur_force){ 0 };
}

bool sg_ur_concerns(const struct sg_ur *ur, enum sg_test_kind kind)
{
	for (size_t i = 0; i < ur->n; i++)
		if ((ur->items[i].section == SG_UR_OUTBOUND) == (kind == SG_TEST_RESPONSE))
			return true;
	return false;
}
