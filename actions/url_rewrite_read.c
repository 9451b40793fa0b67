/* url_rewrite_read.c - an UrlRewrite action from its octets. Pure. What it lets through, IIS could load: the rules pass the evaluator's strict
 * reader, names carry our prefix, and only rules and preConditions are added; whatever else a <rewrite> may hold belongs to the administrator.
 */
#include "actions/url_rewrite_parts.h"
#include "rewrite/rewrite.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 200 };

const char *const sg_ur_section_names[SG_UR_SECTIONS] = { "globalRules", "rules", "outboundRules" };

void sg_ur_release(struct sg_ur *ur)
{
	for (size_t i = 0; i < ur->n; i++) {
		free(ur->items[i].name);
		sg_buf_release(&ur->items[i].octets);
	}
	free(ur->items);
	sg_iis_at_release(&ur->at);
	sg_buf_release(&ur->rewrite);
	sg_strs_release(&ur->variables);
	memset(ur, 0, sizeof(*ur));
}

/* What the functions below work with. */
struct reader {
	const struct sg_mitigation *m;
	const struct sg_action *a;
	struct sg_ur *ur;
	struct sg_err *err;
};

/* Canonicalisation sorts attributes by name; rules are written in the order of rewrite_schema.xml, as IIS's own tools write them. */
static const char *const attribute_order[] = { "name", "preCondition", "enabled", "patternSyntax",
	"stopProcessing", "logicalGrouping", "trackAllCaptures", "input", "matchType", "type", "url",
	"filterByTags", "customTags", "serverVariable", "pattern", "occurrences", "ignoreCase", "negate",
	"value", "replace", "appendQueryString", "logRewrittenUrl", "redirectType", "statusCode",
	"subStatusCode", "statusReason", "statusDescription", NULL };

/* --- names */

static int check_name(struct reader *r, const xmlNode *node, const char *name)
{
	char *prefix = sg_format("stopgap %s", r->m->id);
	size_t len = strlen(prefix);
	int code = 0;

	if (strncmp(name, prefix, len) || (name[len] && name[len] != ' '))
		code = sg_iis_refuse(r->m, r->a, r->err, "line %ld: the name \"%s\" must begin with \"%s \"",
		        xmlGetLineNo(node), name, prefix);
	else if (strlen(name) > MAX_NAME)
		code = sg_iis_refuse(r->m, r->a, r->err, "line %ld: a name of more than %d octets",
		        xmlGetLineNo(node), MAX_NAME);
	else if (strchr(name, '\'') && strchr(name, '"'))
		code = sg_iis_refuse(
		        r->m, r->a, r->err, "line %ld: a name with both kinds of quotes", xmlGetLineNo(node));
	free(prefix);
	return code;
}

static bool has_pre(const struct sg_ur *ur, const char *name)
{
	for (size_t i = 0; i < ur->n; i++)
		if (ur->items[i].pre && sg_same(ur->items[i].name, name))
			return true;
	return false;
}

/* --- the parts of <rewrite> */

static void note_variables(struct sg_ur *ur, const xmlNode *rule)
{
	const xmlNode *sets = sg_xml_child(rule, NULL, "serverVariables");

	for (const xmlNode *set = sets ? sg_xml_first(sets) : NULL; set; set = sg_xml_next(set)) {
		char *name = sg_xml_attr(set, NULL, "name");

		if (name && !sg_strs_has(&ur->variables, name))
			sg_strs_add(&ur->variables, name);
		free(name);
	}
}

static int read_item(struct reader *r, const xmlNode *node, enum sg_ur_section section, bool pre)
{
	struct sg_ur *ur = r->ur;
	struct sg_ur_item *item;
	int code;

	if (ur->n == SG_IIS_MAX_ADDS)
		return sg_iis_refuse(
		        r->m, r->a, r->err, "more than %d rules and preConditions", SG_IIS_MAX_ADDS);
	ur->items = sg_grow(ur->items, ur->n, &ur->cap, sizeof(*ur->items));
	item = &ur->items[ur->n++];
	*item = (struct sg_ur_item){ .section = section, .pre = pre };
	item->name = sg_xml_attr(node, NULL, "name");
	if (!item->name)
		return sg_iis_refuse(r->m, r->a, r->err, "line %ld: <%s> has no name", xmlGetLineNo(node),
		        (const char *)node->name);
	code = check_name(r, node, item->name);
	if (!code)
		code = sg_iis_element(r->m, r->a, node, attribute_order, &item->octets, r->err);
	if (!code && section != SG_UR_OUTBOUND)
		note_variables(ur, node);
	return code;
}

static int read_section(struct reader *r, const xmlNode *node, enum sg_ur_section section)
{
	int code = sg_iis_check_plain(r->m, r->a, node, "rules and preConditions", r->err);

	for (const xmlNode *kid = sg_xml_first(node); kid && !code; kid = sg_xml_next(kid)) {
		if (sg_xml_is(kid, NULL, "rule")) {
			code = read_item(r, kid, section, false);
		} else if (section == SG_UR_OUTBOUND && sg_xml_is(kid, NULL, "preConditions")) {
			code = sg_iis_check_plain(r->m, r->a, kid, "rules and preConditions", r->err);
			for (const xmlNode *pre = sg_xml_first(kid); pre && !code; pre = sg_xml_next(pre))
				code = sg_xml_is(pre, NULL, "preCondition")
				               ? read_item(r, pre, section, true)
				               : sg_iis_refuse(r->m, r->a, r->err,
				                         "line %ld: <%s> in <preConditions>; allowed: "
				                         "preCondition",
				                         xmlGetLineNo(pre), (const char *)pre->name);
		} else {
			code = sg_iis_refuse(r->m, r->a, r->err,
			        "line %ld: <%s> in <%s> is not supported: a mitigation only adds; allowed: "
			        "%s",
			        xmlGetLineNo(kid), (const char *)kid->name, (const char *)node->name,
			        section == SG_UR_OUTBOUND ? "rule, preConditions" : "rule");
		}
	}
	return code;
}

static int read_rewrite(struct reader *r, const xmlNode *rewrite)
{
	int code = sg_iis_check_plain(r->m, r->a, rewrite, "rules and preConditions", r->err);

	for (const xmlNode *kid = sg_xml_first(rewrite); kid && !code; kid = sg_xml_next(kid)) {
		int section = 0;

		while (section < SG_UR_SECTIONS && !sg_xml_is(kid, NULL, sg_ur_section_names[section]))
			section++;
		if (section == SG_UR_SECTIONS)
			code = sg_iis_refuse(r->m, r->a, r->err,
			        "line %ld: <%s> in <rewrite> is not supported; allowed: rules, "
			        "outboundRules, globalRules",
			        xmlGetLineNo(kid), (const char *)kid->name);
		else if (section == SG_UR_GLOBAL && !r->ur->at.server)
			code = sg_iis_refuse(r->m, r->a, r->err,
			        "line %ld: <globalRules> needs scope=\"Server\"", xmlGetLineNo(kid));
		else
			code = read_section(r, kid, (enum sg_ur_section)section);
	}
	if (!code && !r->ur->n)
		code = sg_iis_refuse(r->m, r->a, r->err, "there is no rule in it");
	return code;
}

/* --- all of it */

/* The preConditions that rules name must come with them: one that is merely there may go at any time. */
static int check_pre_names(struct reader *r, const xmlNode *rewrite)
{
	const xmlNode *outbound = sg_xml_child(rewrite, NULL, "outboundRules");
	int code = 0;

	for (const xmlNode *rule = outbound ? sg_xml_first(outbound) : NULL; rule && !code;
	        rule = sg_xml_next(rule)) {
		char *pre = sg_xml_attr(rule, NULL, "preCondition");

		if (pre && pre[0] && !has_pre(r->ur, pre))
			code = sg_iis_refuse(r->m, r->a, r->err,
			        "line %ld: the preCondition \"%s\" is not in this action", xmlGetLineNo(rule),
			        pre);
		free(pre);
	}
	return code;
}

static int check_rules(struct reader *r, const xmlNode *rewrite)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_rw_rules *rules = NULL;
	int code;

	code = sg_iis_element(r->m, r->a, rewrite, attribute_order, &r->ur->rewrite, r->err);
	if (code)
		return code;
	code = sg_rw_read(sg_buf_bytes(&r->ur->rewrite), &rules, &why);
	if (code)
		code = sg_iis_refuse(r->m, r->a, r->err, "%s", why.msg);
	sg_rw_free(rules);
	return code;
}

int sg_ur_read(
        const struct sg_mitigation *m, const struct sg_action *a, struct sg_ur *ret, struct sg_err *err)
{
	struct sg_ur ur = { 0 };
	struct reader r = { m, a, &ur, err };
	const xmlNode *rewrite = NULL;
	xmlDoc *doc = NULL;
	int code;

	code = sg_iis_action_parse(m, a, "rewrite", &ur.at, &doc, &rewrite, err);
	if (!code)
		code = read_rewrite(&r, rewrite);
	if (!code)
		code = check_pre_names(&r, rewrite);
	if (!code)
		code = check_rules(&r, rewrite);
	if (!code) {
		*ret = ur;
		memset(&ur, 0, sizeof(ur));
	}
	xmlFreeDoc(doc);
	sg_ur_release(&ur);
	return code;
}
