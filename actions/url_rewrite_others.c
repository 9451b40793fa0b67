/* url_rewrite_others.c - rules of somebody else that do what the action would do: EM's, a script's, a person's.
 *
 * Looks at the rules that IIS inherits down to each place of the action (applicationHost.config, its locations, each web.config on the way, with
 * <clear/> and <remove/>), and compares by behaviour: pattern, inputs, action; abort and 403 count as equal, names do not count. An outbound rule
 * counts with its preCondition only. What cannot be read is no rule that does the same. Reads only; whether such a rule takes effect is for the
 * mitigation's own tests to say.
 */
#include "actions/iis_parts.h"
#include "actions/url_rewrite_parts.h"
#include "actions/config_edit.h"
#include "rewrite/rewrite.h"

#include <stdlib.h>
#include <string.h>

static const enum sg_rw_kind kinds[SG_UR_SECTIONS] = {
	[SG_UR_GLOBAL] = SG_RW_GLOBAL,
	[SG_UR_INBOUND] = SG_RW_INBOUND,
	[SG_UR_OUTBOUND] = SG_RW_OUTBOUND,
};

/* Where a rule was written. */
struct origin {
	enum sg_ur_section section;
	char *name;
	struct sg_addr addr;
	uint32_t line;
	bool inherit; /* applications below get it, too */
};
/* The rules in force at one place, and where each was written. */
struct force {
	struct sg_rw_rules *rules;
	struct origin *at;
	size_t n, cap;
};

static void force_release(struct force *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->at[i].name);
		sg_addr_release(&f->at[i].addr);
	}
	free(f->at);
	sg_rw_free(f->rules);
}

/* The address of the parent of system.webServer, and whether applications below inherit what stands there; NULL behind a configSource, where nothing
 * has an address. */
static char *prefix_of(const struct sg_iis_met *met, bool *ret_inherit)
{
	const struct sg_cfg *cfg = met->cfg;
	uint32_t node = met->node;
	const char *path, *inherit;

	while (node != cfg->root && !sg_cfg_is(cfg, node, "location"))
		node = cfg->nodes[node].parent;
	*ret_inherit = true;
	if (node == cfg->root)
		return sg_cfg_is(cfg, node, "configuration") ? sg_strdup("/configuration") : NULL;
	path = sg_cfg_attr(cfg, node, "path");
	inherit = sg_cfg_attr(cfg, node, "inheritInChildApplications");
	*ret_inherit = !inherit || !sg_same(inherit, "false");
	return sg_iis_location_prefix(path ? path : ".", *ret_inherit);
}

static void add_origins(struct force *f, const struct sg_iis_met *met, enum sg_ur_section section)
{
	const struct sg_cfg *cfg = met->cfg;
	bool inherit;
	char *prefix = prefix_of(met, &inherit), *parent;

	if (!prefix)
		return;
	parent = sg_format("%s/system.webServer/rewrite/%s", prefix, sg_ur_section_names[section]);
	for (uint32_t kid = sg_cfg_first_element(cfg, met->node); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid)) {
		const char *name = sg_cfg_is(cfg, kid, "rule") ? sg_cfg_attr(cfg, kid, "name") : NULL;
		char *step = name ? sg_path_step("rule", "name", name) : NULL;

		if (step) {
			f->at = sg_grow(f->at, f->n, &f->cap, sizeof(*f->at));
			f->at[f->n++] = (struct origin){ .section = section,
				.name = sg_strdup(name),
				.addr = { SG_VALUE_ELEMENT, sg_strdup(met->container),
				        sg_path_join(parent, step) },
				.line = cfg->nodes[kid].line,
				.inherit = inherit };
		}
		free(step);
	}
	free(parent);
	free(prefix);
}

static int gather(struct sg_iis_files *files, const struct sg_iis_site *site, const char *url,
        struct force *f, struct sg_err *err)
{
	int r = 0;

	for (unsigned s = 0; !r && s < SG_UR_SECTIONS; s++) {
		char *section = sg_format("system.webServer/rewrite/%s", sg_ur_section_names[s]);
		struct sg_iis_effective e = { 0 };

		sg_iis_effective(files, section, site, url, &e);
		if (e.broken)
			r = sg_fail(err, SG_EPARSE, "%s", e.broken);
		for (size_t i = 0; !r && i < e.n; i++) {
			r = sg_ur_inherit(f->rules, &e.at[i], err);
			add_origins(f, &e.at[i], (enum sg_ur_section)s);
		}
		sg_iis_effective_release(&e);
		free(section);
	}
	return r;
}

/* --- whose it probably is: by the names that each of them gives */

static const char *whose(const char *name, bool *ret_em)
{
	static const struct {
		const char *name;
		bool begins; /* else it is the whole name */
		const char *who;
	} known[] = {
		{ "EEMS ", true, "Microsoft's EM" },
		{ "PowerShell - inbound", false, "EOMTv2, probably" },
		{ "X-AnonResource-Backend Abort - inbound", false, "EOMT or ExchangeMitigations, probably" },
		{ "X-BEResource Abort - inbound", false, "EOMT or ExchangeMitigations, probably" },
		{ "EOMT ", true, "EOMT, probably" },
		{ "RequestBlockingRule", true, "made by hand in IIS Manager, probably" },
		{ "stopgap ", true, "a copy of ours that stopgap does not hold" },
	};

	*ret_em = sg_same_n(name, "EEMS ", 5);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].begins ? sg_same_n(name, known[i].name, strlen(known[i].name))
		                    : sg_same(name, known[i].name))
			return known[i].who;
	}
	return "made by hand or by another tool";
}

/* --- the comparison */

static const struct origin *origin_of(const struct force *f, enum sg_ur_section section, const char *name)
{
	for (size_t i = f->n; i > 0;
	        i--) { /* a name that was removed and met again: the last one is in force */
		if (f->at[i - 1].section == section && sg_same(f->at[i - 1].name, name))
			return &f->at[i - 1];
	}
	return NULL;
}

static void add_other(struct sg_others *ret, const struct origin *o)
{
	struct sg_other *other;

	for (size_t i = 0; i < ret->n; i++) {
		if (sg_addr_equal(&ret->at[i].addr, &o->addr))
			return;
	}
	other = sg_others_add(ret);
	sg_addr_copy(&other->addr, &o->addr);
	other->text = sg_format(
	        "%s:%u: rule '%s' (%s)", o->addr.container, o->line, o->name, whose(o->name, &other->em));
}

/* Whether somebody else's rule in force does what ours would; all that do are added. */
static bool covered(const struct force *f, const struct sg_rw_rules *ours, const struct sg_ur_item *item,
        bool inherited, const struct sg_holds *own, struct sg_others *ret)
{
	enum sg_rw_kind kind = kinds[item->section];
	bool found = false;
	size_t mine = 0;

	while (mine < sg_rw_count(ours, kind) && !sg_same(sg_rw_name(ours, kind, mine), item->name))
		mine++;
	if (mine == sg_rw_count(ours, kind))
		return false;
	for (size_t i = 0; i < sg_rw_count(f->rules, kind); i++) {
		const struct origin *o = origin_of(f, item->section, sg_rw_name(f->rules, kind, i));

		if (!o || (own && sg_holds_find(own, &o->addr)) || (inherited && !o->inherit) ||
		        !sg_rw_enabled(f->rules, kind, i) || !sg_rw_equivalent(ours, mine, f->rules, i, kind))
			continue;
		add_other(ret, o);
		found = true;
	}
	return found;
}

/* What cannot be read is no error: nobody's rule is known to do the same there. */
static bool place_covered(const struct sg_ur *ur, const struct sg_iis_place *place,
        const struct sg_host *host, struct sg_iis_files *files, const struct sg_holds *own,
        struct sg_others *ret)
{
	static const char none[] = "<rewrite/>";
	const struct sg_iis_site *site = place->site ? sg_iis_site(host->iis, place->site) : NULL;
	struct force f = { 0 };
	struct sg_err why = SG_ERR_INIT;
	struct sg_rw_rules *ours = NULL;
	bool all = false;
	char *folder = sg_ur_folder(place->path);

	if (sg_rw_read(sg_bytes_of(none), &f.rules, &why) ||
	        sg_rw_read(sg_buf_bytes(&ur->rewrite), &ours, &why) ||
	        gather(files, site, place->path, &f, &why))
		goto out;
	sg_rw_place(ours, folder);
	all = true;
	for (size_t i = 0; i < ur->n; i++) {
		if (!ur->items[i].pre && !covered(&f, ours, &ur->items[i], place->inherit, own, ret))
			all = false;
	}
out:
	free(folder);
	sg_rw_free(ours);
	force_release(&f);
	return all;
}

int sg_url_rewrite_others(const struct sg_mitigation *m, const struct sg_action *a,
        const struct sg_host *host, const struct sg_drives *drives, const struct sg_holds *own,
        struct sg_others *ret, struct sg_err *err)
{
	struct sg_others others = { 0 };
	struct sg_iis_files *files = sg_iis_files_new(host->iis, drives);
	struct sg_iis_place *places = NULL;
	struct sg_ur ur = { 0 };
	size_t n = 0;
	int r;

	r = sg_ur_read(m, a, &ur, err);
	if (!r)
		r = sg_ur_places(&ur, host, drives, &places, &n, err);
	others.all = n > 0;
	for (size_t i = 0; !r && i < n; i++) {
		if (!place_covered(&ur, &places[i], host, files, own, &others))
			others.all = false;
	}
	if (!r) {
		*ret = others;
		memset(&others, 0, sizeof(others));
	}
	sg_others_release(&others);
	sg_iis_places_free(places, n);
	sg_ur_release(&ur);
	sg_iis_files_free(files);
	return r;
}
