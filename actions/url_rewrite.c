/* url_rewrite.c - the action that adds URL Rewrite rules: what it wants on this server, and what speaks against it. Plans only.
 *
 * Each rule and each preCondition is a value of its own; the elements around them are scaffolds. Nothing is planned where IIS could not load it:
 * without the module, in a locked or outsourced section, or where a name would be met twice.
 */
#include "actions/url_rewrite_parts.h"
#include "actions/config_edit.h"
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

/* --- where */

int sg_ur_places(const struct sg_ur *ur, const struct sg_host *host, const struct sg_drives *drives,
        struct sg_iis_place **ret, size_t *ret_n, struct sg_err *err)
{
	if (!host->iis)
		return sg_fail(err, SG_ENOENT, "there is no IIS that can be read here: %s",
		        host->iis_error ? host->iis_error : "");
	if (!ur->server)
		return sg_iis_places(host->iis, drives, ur->sites, ur->path, ur->inherit, ret, ret_n, err);
	*ret = sg_alloc(sizeof(**ret));
	*ret_n = 1;
	sg_iis_place_server(host->iis, *ret);
	return 0;
}

void sg_ur_places_free(struct sg_iis_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sg_iis_place_release(&places[i]);
	free(places);
}

/* --- what speaks against it */

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

static int check_place(const struct sg_ur *ur, const struct sg_host *host, const struct sg_drives *drives,
        const struct sg_iis_place *place, const struct sg_addr *own, size_t n_own, struct sg_err *err)
{
	bool asked[SG_UR_SECTIONS] = { false };
	int r = 0;

	for (size_t i = 0; !r && i < ur->n; i++) {
		const struct sg_ur_item *item = &ur->items[i];
		char *section = sg_format("system.webServer/rewrite/%s", sg_ur_section_names[item->section]);

		if (!asked[item->section])
			r = sg_iis_may_write(host->iis, drives, place, section, err);
		asked[item->section] = true;
		if (!r)
			r = sg_iis_name_free(host->iis, drives, place, section,
			        item->pre ? "preCondition" : "rule", item->name, own, n_own, err);
		free(section);
	}
	return r;
}

/* --- the wishes */

static struct sg_wish *add_wish(
        struct sg_wishes *wishes, enum sg_value_kind kind, const struct sg_iis_place *place, const char *path)
{
	struct sg_wish *wish = sg_wishes_add(wishes);

	wish->addr.kind = kind;
	wish->addr.container = sg_strdup(place->container);
	wish->addr.path = sg_strdup(path);
	wish->site = place->site ? sg_format("%s%s", place->site, strcmp(place->path, "/") ? place->path : "")
	                         : NULL;
	wish->to.present = true;
	return wish;
}

static void add_scaffold(struct sg_wishes *wishes, const struct sg_iis_place *place, const char *path)
{
	for (size_t i = 0; i < wishes->n; i++)
		if (wishes->at[i].addr.kind == SG_VALUE_SCAFFOLD && !strcmp(wishes->at[i].addr.path, path) &&
		        sg_win_same(wishes->at[i].addr.container, place->container))
			return;
	add_wish(wishes, SG_VALUE_SCAFFOLD, place, path);
}

/* Everything from below /configuration down to `path`, outer before inner. */
static void add_scaffolds(struct sg_wishes *wishes, const struct sg_iis_place *place, const char *path)
{
	char *parent = sg_path_parent(path);

	if (parent && strcmp(path, "/configuration"))
		add_scaffolds(wishes, place, parent);
	if (strcmp(path, "/configuration"))
		add_scaffold(wishes, place, path);
	free(parent);
}

static void add_items(const struct sg_ur *ur, const struct sg_iis_place *place, struct sg_wishes *wishes)
{
	char *last_step[SG_UR_SECTIONS][2] = { { NULL } }; /* per parent: the element in front */

	for (size_t i = 0; i < ur->n; i++) {
		const struct sg_ur_item *item = &ur->items[i];
		char *parent = sg_format("%s/system.webServer/rewrite/%s%s", place->prefix,
		        sg_ur_section_names[item->section], item->pre ? "/preConditions" : "");
		char *step = sg_path_step(item->pre ? "preCondition" : "rule", "name", item->name);
		char *path = sg_path_join(parent, step);
		struct sg_wish *wish;

		add_scaffolds(wishes, place, parent);
		wish = add_wish(wishes, SG_VALUE_ELEMENT, place, path);
		sg_buf_add(&wish->to.octets, item->octets.data, item->octets.len);
		wish->to.after = last_step[item->section][item->pre];
		last_step[item->section][item->pre] = step;
		free(path);
		free(parent);
	}
	for (size_t s = 0; s < SG_UR_SECTIONS; s++) {
		free(last_step[s][0]);
		free(last_step[s][1]);
	}
}

int sg_url_rewrite_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	struct sg_ur ur = { 0 };
	struct sg_wishes wishes = { 0 };
	struct sg_iis_place *places = NULL;
	struct sg_addr *held = NULL; /* borrowed contents */
	size_t n = 0, n_own = own ? own->n : 0;
	int r;

	r = sg_ur_read(m, a, &ur, err);
	if (!r)
		r = sg_ur_places(&ur, host, drives, &places, &n, err);
	if (r)
		goto out;
	if (host->iis->rewrite_missing) {
		r = sg_fail(err, SG_EUNSUPPORTED, "%s", host->iis->rewrite_missing);
		goto out;
	}
	r = check_variables(&ur, host->iis, err);
	held = sg_alloc(n_own * sizeof(*held));
	for (size_t i = 0; i < n_own; i++)
		held[i] = own->at[i].addr;
	for (size_t i = 0; !r && i < n; i++) {
		r = check_place(&ur, host, drives, &places[i], held, n_own, err);
		if (!r)
			add_items(&ur, &places[i], &wishes);
	}
	if (!r) {
		*ret = wishes;
		memset(&wishes, 0, sizeof(wishes));
	}
out:
	free(held);
	sg_ur_places_free(places, n);
	sg_wishes_release(&wishes);
	sg_ur_release(&ur);
	return r;
}
