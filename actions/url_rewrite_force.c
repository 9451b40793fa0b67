/* url_rewrite_force.c - whether rules are in the effective set of an URL, enabled and reached. Reads only.
 *
 * What IIS would do with one request is not asked here (url_rewrite_judge.c): a rule in front of ours counts as a defeat only when it ends the
 * processing of every request there is, and lets it through.
 */
#include "actions/url_rewrite_force.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* One rule of the effective set, or what took one out of it. */
struct entry {
	const struct sg_iis_met *met; /* NULL: none */
	uint32_t node;
};
struct set {
	const struct sg_ur *ur;
	enum sg_ur_section section;
	bool pre;
	struct entry *at;
	size_t n, cap;
	struct entry dropper[SG_UR_MAX_ITEMS]; /* of each item of the action */
};

static const char *attr(const struct entry *e, const char *name)
{
	return sg_cfg_attr(e->met->cfg, e->node, name);
}

static unsigned line(const struct entry *e)
{
	return e->met->cfg->nodes[e->node].line;
}

static bool is_false(const char *value)
{
	return sg_same(value, "false") || sg_same(value, "0");
}

static bool is_true(const char *value)
{
	return sg_same(value, "true") || sg_same(value, "1");
}

static bool in_set(const struct set *s, const struct sg_ur_item *item)
{
	return item->section == s->section && item->pre == s->pre;
}

/* --- the set */

static const struct entry *find(const struct set *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (sg_same(attr(&s->at[i], "name"), name))
			return &s->at[i];
	return NULL;
}

/* Takes what is named out of the set, or all of it with name NULL. */
static void drop(struct set *s, const char *name, struct entry by)
{
	size_t n = 0;

	for (size_t i = 0; i < s->ur->n; i++) {
		const struct sg_ur_item *item = &s->ur->items[i];

		if (in_set(s, item) && (!name || sg_same(item->name, name)) && find(s, item->name))
			s->dropper[i] = by;
	}
	for (size_t i = 0; i < s->n; i++)
		if (name && !sg_same(attr(&s->at[i], "name"), name))
			s->at[n++] = s->at[i];
	s->n = n;
}

static void add_children(struct set *s, const struct sg_iis_met *met, uint32_t parent)
{
	const struct sg_cfg *cfg = met->cfg;

	for (uint32_t kid = sg_cfg_first_element(cfg, parent); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid)) {
		struct entry e = { met, kid };

		if (sg_cfg_is(cfg, kid, "clear")) {
			drop(s, NULL, e);
		} else if (sg_cfg_is(cfg, kid, "remove")) {
			const char *name = sg_cfg_attr(cfg, kid, "name");

			drop(s, name ? name : "", e);
		} else if (sg_cfg_is(cfg, kid, s->pre ? "preCondition" : "rule")) {
			s->at = sg_grow(s->at, s->n, &s->cap, sizeof(*s->at));
			s->at[s->n++] = e;
		}
	}
}

static void gather(struct set *s, const struct sg_iis_effective *e)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct sg_iis_met *met = &e->at[i];

		if (!s->pre) {
			add_children(s, met, met->node);
			continue;
		}
		for (uint32_t kid = sg_cfg_first_element(met->cfg, met->node); kid != SG_NO_NODE;
		        kid = sg_cfg_next_element(met->cfg, kid))
			if (sg_cfg_is(met->cfg, kid, "preConditions"))
				add_children(s, met, kid);
	}
}

/* --- rules that let nothing reach what stands behind them */

static uint32_t part(const struct entry *e, const char *name)
{
	const struct sg_cfg *cfg = e->met->cfg;
	uint32_t kid = sg_cfg_first_element(cfg, e->node);

	while (kid != SG_NO_NODE && !sg_cfg_is(cfg, kid, name))
		kid = sg_cfg_next_element(cfg, kid);
	return kid;
}

static const char *part_attr(const struct entry *e, const char *name, const char *attribute)
{
	uint32_t node = part(e, name);

	return node == SG_NO_NODE ? NULL : sg_cfg_attr(e->met->cfg, node, attribute);
}

/* Patterns that match whatever there is; nobody writes many others for it. */
static bool matches_all(const struct entry *e)
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

static bool has_conditions(const struct entry *e)
{
	uint32_t node = part(e, "conditions");

	return node != SG_NO_NODE && sg_cfg_first_element(e->met->cfg, node) != SG_NO_NODE;
}

/* An unconditional end of the processing that does not refuse. `ours` is the rule behind it. */
static bool ends_all(const struct entry *e, const struct entry *ours, bool outbound)
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

static char *absent(const struct set *s, const struct sg_iis_effective *e, size_t item)
{
	const char *name = s->ur->items[item].name;
	const struct entry *by = &s->dropper[item];
	struct set held = { .ur = s->ur, .section = s->section, .pre = s->pre };
	char *text = NULL;

	if (by->met) {
		char *tag = sg_cfg_name(by->met->cfg, by->node);

		text = sg_format(
		        "%s:%u: <%s> takes '%s' out of force", by->met->container, line(by), tag, name);
		free(tag);
		return text;
	}
	for (size_t i = 0; !text && i < e->n_withheld; i++) {
		const struct sg_iis_met *met = &e->withheld[i];

		add_children(&held, met, met->node);
		if (find(&held, name))
			text = sg_format("%s:%u: inheritInChildApplications=\"false\" keeps '%s' from it",
			        met->container, met->location, name);
	}
	free(held.at);
	if (!text && e->ignored)
		text = sg_format("%s, and '%s' is nowhere else", e->ignored, name);
	return text ? text : sg_format("'%s' is in none of the files that IIS reads for it", name);
}

static char *defeat_of(const struct set *s, const struct sg_iis_effective *e, size_t item)
{
	const char *name = s->ur->items[item].name;
	const struct entry *ours = find(s, name);

	if (!ours)
		return absent(s, e, item);
	if (s->pre)
		return NULL;
	if (is_false(attr(ours, "enabled")))
		return sg_format("%s:%u: enabled=\"false\" takes '%s' out of force", ours->met->container,
		        line(ours), name);
	for (const struct entry *before = s->at; before < ours; before++) {
		const char *other = attr(before, "name");

		if (ends_all(before, ours, s->section == SG_UR_OUTBOUND))
			return sg_format("%s:%u: rule '%s' ends the processing of every request before '%s'",
			        before->met->container, line(before), other ? other : "", name);
	}
	return NULL;
}

static void check_section(struct sg_iis_files *files, const struct sg_ur *ur, enum sg_ur_section section,
        const struct sg_iis_site *site, const char *url, struct sg_ur_force *f)
{
	char *path = sg_format("system.webServer/rewrite/%s", sg_ur_section_names[section]);
	struct sg_iis_effective e = { 0 };

	sg_iis_effective(files, path, site, url, &e);
	if (e.broken && !f->broken)
		f->broken = sg_strdup(e.broken);
	for (int pre = 0; pre < 2; pre++) {
		struct set s = { .ur = ur, .section = section, .pre = pre != 0 };

		gather(&s, &e);
		for (size_t i = 0; i < ur->n; i++) {
			const struct entry *ours =
			        in_set(&s, &ur->items[i]) ? find(&s, ur->items[i].name) : NULL;

			if (ours && !f->container)
				f->container = sg_strdup(ours->met->container);
			if (!f->defeat && in_set(&s, &ur->items[i]))
				f->defeat = defeat_of(&s, &e, i);
		}
		free(s.at);
	}
	sg_iis_effective_release(&e);
	free(path);
}

char *sg_ur_module_off(
        struct sg_iis_files *files, const struct sg_iis *iis, const struct sg_iis_site *site, const char *url)
{
	struct sg_iis_effective e = { 0 };
	char *off = sg_format("%s: %s", iis->apphost,
	        iis->rewrite_missing ? iis->rewrite_missing : "RewriteModule is in no <modules>");

	sg_iis_effective(files, "system.webServer/modules", site, url, &e);
	for (size_t i = 0; i < e.n; i++) {
		const struct sg_cfg *cfg = e.at[i].cfg;

		for (uint32_t kid = sg_cfg_first_element(cfg, e.at[i].node); kid != SG_NO_NODE;
		        kid = sg_cfg_next_element(cfg, kid)) {
			bool named = sg_same(sg_cfg_attr(cfg, kid, "name"), "RewriteModule");
			bool clear = sg_cfg_is(cfg, kid, "clear");

			if (sg_cfg_is(cfg, kid, "add") && named) {
				free(off);
				off = NULL;
			} else if (!off && (clear || (sg_cfg_is(cfg, kid, "remove") && named))) {
				off = sg_format("%s:%u: <%s> takes URL Rewrite out of force",
				        e.at[i].container, cfg->nodes[kid].line, clear ? "clear" : "remove");
			}
		}
	}
	sg_iis_effective_release(&e);
	if (!off && iis->rewrite_missing)
		off = sg_format("%s: %s", iis->apphost, iis->rewrite_missing);
	return off;
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
	for (int s = 0; s < SG_UR_SECTIONS; s++)
		if ((s == SG_UR_OUTBOUND) == outbound)
			check_section(files, ur, (enum sg_ur_section)s, site, url, ret);
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

bool sg_ur_covers(const struct sg_iis_place *place, const struct sg_iis_site *site, const char *path)
{
	return (!place->site || sg_same(place->site, site->name)) &&
	       (!place->path || sg_iis_url_covers(place->path, path));
}
