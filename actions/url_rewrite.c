/* url_rewrite.c - the action that adds URL Rewrite rules: what it wants on this server, and what speaks against it. Plans only.
 *
 * Each rule and each preCondition is a value of its own; the elements around them are scaffolds. Nothing is planned where IIS could not load it:
 * without the module, in a locked or outsourced section, or where a name would be met twice.
 */
#include "actions/url_rewrite_parts.h"
#include "actions/iis_parts.h"

#include <stdlib.h>
#include <string.h>

/* A name is used once in a mitigation, so that its actions cannot collide on one chain. */
static int check_names_across(
        const struct sg_mitigation *m, const struct sg_action *a, const struct sg_ur *ur, struct sg_err *err)
{
	int r = 0;

	for (const struct sg_action *other = m->actions; !r && other < a; other++) {
		struct sg_ur before = { 0 };

		if (!other->type || strcmp(other->type, a->type))
			continue;
		r = sg_ur_read(m, other, &before, err);
		for (size_t i = 0; !r && i < ur->n; i++)
			for (size_t j = 0; !r && j < before.n; j++)
				if (ur->items[i].section == before.items[j].section &&
				        sg_same(ur->items[i].name, before.items[j].name))
					r = sg_fail(err, SG_EINVAL,
					        "mitigation '%s', UrlRewrite: two actions use the name "
					        "\"%s\"",
					        m->id, ur->items[i].name);
		sg_ur_release(&before);
	}
	return r;
}

int sg_url_rewrite_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err)
{
	struct sg_ur ur = { 0 };
	int r = sg_ur_read(m, a, &ur, err);

	if (!r && a >= m->actions && a < m->actions + m->n_actions)
		r = check_names_across(m, a, &ur, err);
	sg_ur_release(&ur);
	return r;
}

int sg_ur_places(const struct sg_ur *ur, const struct sg_host *host, const struct sg_drives *drives,
        struct sg_iis_place **ret, size_t *ret_n, struct sg_err *err)
{
	return sg_iis_action_places(&ur->at, host, drives, ret, ret_n, err);
}

/* An inbound rule that sets a server variable which is not in allowedServerVariables answers every request with 500.50. */
static int check_variables(const struct sg_ur *ur, const struct sg_iis *iis, struct sg_err *err)
{
	struct sg_iis_occurrences lists = { 0 };
	int r = 0;

	sg_iis_occurrences(&iis->cfg, "system.webServer/rewrite/allowedServerVariables", NULL, NULL, &lists);
	for (size_t v = 0; !r && v < ur->variables.n; v++) {
		bool allowed = false;

		for (size_t i = 0; i < lists.n && !allowed; i++)
			for (uint32_t kid = sg_cfg_first_element(&iis->cfg, lists.at[i].node);
			        kid != SG_NO_NODE && !lists.at[i].site;
			        kid = sg_cfg_next_element(&iis->cfg, kid))
				allowed = allowed || (sg_cfg_is(&iis->cfg, kid, "add") &&
				                             sg_same(sg_cfg_attr(&iis->cfg, kid, "name"),
				                                     ur->variables.at[v]));
		if (!allowed)
			r = sg_fail(err, SG_EUNSUPPORTED,
			        "%s: the server variable %s is not in allowedServerVariables; IIS would "
			        "answer every request with 500.50",
			        iis->apphost, ur->variables.at[v]);
	}
	sg_iis_occurrences_release(&lists);
	return r;
}

/* --- the wishes */

/* The sorts of elements that are added: a rule of each section, and a preCondition. */
enum { PRE = SG_UR_SECTIONS };
static const struct sg_iis_item sorts[] = {
	[SG_UR_GLOBAL] = { "system.webServer/rewrite/globalRules", "", "rule", "name", NULL, true },
	[SG_UR_INBOUND] = { "system.webServer/rewrite/rules", "", "rule", "name", NULL, true },
	[SG_UR_OUTBOUND] = { "system.webServer/rewrite/outboundRules", "", "rule", "name", NULL, true },
	[PRE] = { "system.webServer/rewrite/outboundRules", "preConditions", "preCondition", "name", NULL,
	        false },
};

int sg_url_rewrite_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	struct sg_iis_add adds[SG_IIS_MAX_ADDS];
	struct sg_iis_place *places = NULL;
	struct sg_ur ur = { 0 };
	size_t n = 0;
	int r;

	r = sg_ur_read(m, a, &ur, err);
	if (!r)
		r = sg_ur_places(&ur, host, drives, &places, &n, err);
	if (!r && host->iis->rewrite_missing)
		r = sg_fail(err, SG_EUNSUPPORTED, "%s", host->iis->rewrite_missing);
	if (!r)
		r = check_variables(&ur, host->iis, err);
	for (size_t i = 0; !r && i < ur.n; i++) {
		const struct sg_ur_item *item = &ur.items[i];

		adds[i] = (struct sg_iis_add){ sorts[item->pre ? PRE : item->section],
			sg_buf_bytes(&item->octets) };
		adds[i].item.name = item->name;
	}
	if (!r)
		r = sg_iis_action_wishes(m, places, n, adds, ur.n, host, drives, own, ret, err);
	sg_iis_places_free(places, n);
	sg_ur_release(&ur);
	return r;
}

void sg_url_rewrite_by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out)
{
	sg_iis_action_by_hand(sorts, sizeof(sorts) / sizeof(*sorts), wish, undo, out);
}

const struct sg_action_kind sg_kind_url_rewrite = {
	.type = "UrlRewrite",
	.conf_name = "url_rewrite",
	.check = sg_url_rewrite_check,
	.plan = sg_url_rewrite_plan,
	.others = sg_url_rewrite_others,
	.judge = sg_url_rewrite_judge,
	.prove = sg_url_rewrite_prove,
	.by_hand = sg_url_rewrite_by_hand,
};
