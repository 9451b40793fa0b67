/* url_rewrite_others.c - rules of somebody else that do what the action would do: EM's, a script's, a person's.
 *
 * Looks at the rules that IIS inherits down to each place of the action (applicationHost.config, its locations, each web.config on the way, with
 * <clear/> and <remove/>), and compares by behaviour: pattern, inputs, action; abort and 403 count as equal, names do not count. An outbound rule
 * counts with its preCondition only. What cannot be read is no rule that does the same. Reads only; whether such a rule takes effect is for the
 * mitigation's own tests to say.
 */
#include "actions/iis_parts.h"
#include "actions/rules_apart.h"
#include "actions/url_rewrite_parts.h"
#include "actions/config_edit.h"

#include <stdlib.h>
#include <string.h>

/* The address of the parent of system.webServer, and whether applications below inherit what stands there; NULL behind a configSource, where nothing
 * has an address. */
static char *prefix_of(const struct sg_cfg *cfg, uint32_t section, bool *ret_inherit)
{
	uint32_t node = section;
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

/* What is asked about one place. */
struct asked {
	bool known; /* the files on the way could be read */
	struct sg_rules_equals equals;
};

static void ask(const struct sg_ur *ur, const struct sg_iis_place *place, const struct sg_host *host,
        struct sg_iis_files *files, struct asked *ret)
{
	const struct sg_iis_site *site = place->site ? sg_iis_site(host->iis, place->site) : NULL;
	struct sg_rules *rules = sg_iis_files_rules(files);
	char *folder = sg_ur_folder(place->path);
	size_t chain = 0;

	ret->known = !sg_rules_chain(rules, files, site, place->path, &chain, NULL);
	if (ret->known)
		sg_rules_compare(rules, chain, ur, folder, &ret->equals);
	free(folder);
}

static void add_other(struct sg_others *ret, const struct sg_addr *addr, const char *name, uint32_t line)
{
	struct sg_other *other;

	for (size_t i = 0; i < ret->n; i++) {
		if (sg_addr_equal(&ret->at[i].addr, addr))
			return;
	}
	other = sg_others_add(ret);
	sg_addr_copy(&other->addr, addr);
	other->text =
	        sg_format("%s:%u: rule '%s' (%s)", addr->container, line, name, whose(name, &other->em));
}

/* Whether it counts at the place as somebody else's; then it is added. */
static bool take(const struct sg_rules_equal *equal, const struct sg_ur_item *item, bool inherited,
        const struct sg_holds *own, struct sg_others *ret)
{
	const char *name = sg_cfg_attr(equal->cfg, equal->rule, "name");
	bool inherit = false, counts = false;
	char *prefix = prefix_of(equal->cfg, equal->section, &inherit);
	char *step = sg_path_step("rule", "name", name);
	struct sg_addr addr = { .kind = SG_VALUE_ELEMENT };

	if (prefix && step) {
		char *parent = sg_format(
		        "%s/system.webServer/rewrite/%s", prefix, sg_ur_section_names[item->section]);

		addr.container = sg_strdup(equal->container);
		addr.path = sg_path_join(parent, step);
		counts = !(own && sg_holds_find(own, &addr)) && (inherit || !inherited);
		free(parent);
	}
	if (counts)
		add_other(ret, &addr, name, equal->cfg->nodes[equal->rule].line);
	sg_addr_release(&addr);
	free(step);
	free(prefix);
	return counts;
}

/* What cannot be read is no error: nobody's rule is known to do the same there. */
static bool place_covered(const struct asked *asked, const struct sg_ur *ur, bool inherited,
        const struct sg_holds *own, struct sg_others *ret)
{
	bool all = asked->known;

	for (size_t i = 0; i < ur->n; i++) {
		bool found = ur->items[i].pre;

		for (size_t k = 0; k < asked->equals.n; k++) {
			if (asked->equals.at[k].item == i &&
			        take(&asked->equals.at[k], &ur->items[i], inherited, own, ret))
				found = true;
		}
		all = all && found;
	}
	return all;
}

int sg_url_rewrite_others(const struct sg_mitigation *m, const struct sg_action *a,
        const struct sg_host *host, const struct sg_drives *drives, const struct sg_holds *own,
        struct sg_others *ret, struct sg_err *err)
{
	struct sg_others others = { 0 };
	struct sg_iis_files *files = sg_iis_files_new(host->iis, drives);
	struct sg_iis_place *places = NULL;
	struct asked *asked = NULL;
	struct sg_ur ur = { 0 };
	size_t n = 0;
	int r;

	r = sg_ur_read(m, a, &ur, err);
	if (!r)
		r = sg_ur_places(&ur, host, drives, &places, &n, err);
	asked = sg_alloc((n + 1) * sizeof(*asked));
	for (size_t i = 0; !r && i < n; i++)
		ask(&ur, &places[i], host, files, &asked[i]);
	if (!r)
		r = sg_rules_answer(sg_iis_files_rules(files), err);
	others.all = n > 0;
	for (size_t i = 0; !r && i < n; i++) {
		if (!place_covered(&asked[i], &ur, places[i].inherit, own, &others))
			others.all = false;
	}
	if (!r) {
		*ret = others;
		memset(&others, 0, sizeof(others));
	}
	for (size_t i = 0; i < n; i++)
		sg_rules_equals_release(&asked[i].equals);
	free(asked);
	sg_others_release(&others);
	sg_iis_places_free(places, n);
	sg_ur_release(&ur);
	sg_iis_files_free(files);
	return r;
}
