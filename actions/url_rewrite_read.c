/* url_rewrite_read.c - an UrlRewrite action from its octets. Pure. What it lets through, IIS could load: the rules pass the evaluator's strict
 * reader, names carry our prefix, and only rules and preConditions are added; whatever else a <rewrite> may hold belongs to the administrator.
 */
#include "actions/url_rewrite_parts.h"
#include "base/xml.h"
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
	free(ur->sites);
	free(ur->path);
	sg_buf_release(&ur->rewrite);
	sg_strs_release(&ur->variables);
	memset(ur, 0, sizeof(*ur));
}

/* What the functions below work with. */
struct reader {
	const struct sg_mitigation *m;
	struct sg_ur *ur;
	struct sg_err *err;
};

static int refuse(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int refuse(struct reader *r, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;
	int code;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	code = sg_fail(
	        r->err, SG_EINVAL, "mitigation '%s', UrlRewrite: %s", r->m->id, (const char *)text.data);
	sg_buf_release(&text);
	return code;
}

/* --- an element as IIS writes it, without the namespaces that a feed brings along */

static void add_escaped(struct sg_buf *out, const char *value)
{
	for (; *value; value++)
		switch (*value) {
		case '&': sg_buf_str(out, "&amp;"); break;
		case '<': sg_buf_str(out, "&lt;"); break;
		case '>': sg_buf_str(out, "&gt;"); break;
		case '"': sg_buf_str(out, "&quot;"); break;
		case '\t': sg_buf_str(out, "&#x9;"); break;
		case '\n': sg_buf_str(out, "&#xA;"); break;
		case '\r': sg_buf_str(out, "&#xD;"); break;
		default: sg_buf_char(out, *value); break;
		}
}

/* Canonicalisation sorts attributes by name; rules are written in the order of rewrite_schema.xml, as IIS's own tools write them. */
static const char *const attribute_order[] = { "name", "preCondition", "enabled", "patternSyntax",
	"stopProcessing", "logicalGrouping", "trackAllCaptures", "input", "matchType", "type", "url",
	"filterByTags", "customTags", "serverVariable", "pattern", "occurrences", "ignoreCase", "negate",
	"value", "replace", "appendQueryString", "logRewrittenUrl", "redirectType", "statusCode",
	"subStatusCode", "statusReason", "statusDescription" };
enum { ATTRIBUTES = sizeof(attribute_order) / sizeof(attribute_order[0]) };

static int add_attribute(struct reader *r, const xmlNode *node, const xmlAttr *a, struct sg_buf *out)
{
	const char *name = (const char *)a->name;
	char *value;

	if (a->ns)
		return refuse(r,
		        "line %ld: the attribute %s is in a namespace; rules stand as IIS writes them",
		        xmlGetLineNo(node), name);
	if (!strncmp(name, "lock", 4) || !strncmp(name, "config", 6))
		return refuse(r, "line %ld: the attribute %s is not a mitigation's to set",
		        xmlGetLineNo(node), name);
	value = sg_xml_attr(node, NULL, name);
	sg_buf_fmt(out, " %s=\"", name);
	add_escaped(out, value ? value : "");
	sg_buf_char(out, '"');
	free(value);
	return 0;
}

static bool is_ordered(const char *name)
{
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		if (strcmp(attribute_order[i], name) == 0)
			return true;
	}
	return false;
}

static int add_attributes(struct reader *r, const xmlNode *node, struct sg_buf *out)
{
	int code = 0;

	for (size_t i = 0; i < ATTRIBUTES && !code; i++) {
		for (const xmlAttr *a = node->properties; a && !code; a = a->next) {
			if (strcmp(attribute_order[i], (const char *)a->name) == 0)
				code = add_attribute(r, node, a, out);
		}
	}
	for (const xmlAttr *a = node->properties; a && !code; a = a->next) {
		if (!is_ordered((const char *)a->name))
			code = add_attribute(r, node, a, out);
	}
	return code;
}

static int add_element(struct reader *r, const xmlNode *node, struct sg_buf *out)
{
	bool empty = true;
	int code = 0;

	if (node->ns)
		return refuse(r, "line %ld: <%s> is in a namespace; rules stand as IIS writes them",
		        xmlGetLineNo(node), (const char *)node->name);
	sg_buf_fmt(out, "<%s", (const char *)node->name);
	code = add_attributes(r, node, out);
	for (const xmlNode *kid = node->children; kid && !code; kid = kid->next) {
		if (kid->type == XML_TEXT_NODE || kid->type == XML_CDATA_SECTION_NODE) {
			const char *text = (const char *)kid->content;

			if (text[strspn(text, " \t\r\n")])
				code = refuse(r, "line %ld: there is text in <%s>", xmlGetLineNo(kid),
				        (const char *)node->name);
		} else if (kid->type == XML_ELEMENT_NODE) {
			if (empty)
				sg_buf_char(out, '>');
			empty = false;
			code = add_element(r, kid, out);
		}
	}
	if (empty)
		sg_buf_str(out, " />");
	else
		sg_buf_fmt(out, "</%s>", (const char *)node->name);
	return code;
}

/* --- names */

static int check_name(struct reader *r, const xmlNode *node, const char *name)
{
	char *prefix = sg_format("stopgap %s", r->m->id);
	size_t len = strlen(prefix);
	int code = 0;

	if (strncmp(name, prefix, len) || (name[len] && name[len] != ' '))
		code = refuse(r, "line %ld: the name \"%s\" must begin with \"%s \"", xmlGetLineNo(node),
		        name, prefix);
	else if (strlen(name) > MAX_NAME)
		code = refuse(r, "line %ld: a name of more than %d octets", xmlGetLineNo(node), MAX_NAME);
	else if (strchr(name, '\'') && strchr(name, '"'))
		code = refuse(r, "line %ld: a name with both kinds of quotes", xmlGetLineNo(node));
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

	if (ur->n == SG_UR_MAX_ITEMS)
		return refuse(r, "more than %d rules and preConditions", SG_UR_MAX_ITEMS);
	ur->items = sg_grow(ur->items, ur->n, &ur->cap, sizeof(*ur->items));
	item = &ur->items[ur->n++];
	*item = (struct sg_ur_item){ .section = section, .pre = pre };
	item->name = sg_xml_attr(node, NULL, "name");
	if (!item->name)
		return refuse(r, "line %ld: <%s> has no name", xmlGetLineNo(node), (const char *)node->name);
	code = check_name(r, node, item->name);
	if (!code)
		code = add_element(r, node, &item->octets);
	if (!code && section != SG_UR_OUTBOUND)
		note_variables(ur, node);
	return code;
}

static int check_plain(struct reader *r, const xmlNode *node)
{
	if (node->properties)
		return refuse(r,
		        "line %ld: <%s %s> would set what is not a mitigation's to set: only rules and "
		        "preConditions are added",
		        xmlGetLineNo(node), (const char *)node->name, (const char *)node->properties->name);
	return 0;
}

static int read_section(struct reader *r, const xmlNode *node, enum sg_ur_section section)
{
	int code = check_plain(r, node);

	for (const xmlNode *kid = sg_xml_first(node); kid && !code; kid = sg_xml_next(kid)) {
		if (sg_xml_is(kid, NULL, "rule")) {
			code = read_item(r, kid, section, false);
		} else if (section == SG_UR_OUTBOUND && sg_xml_is(kid, NULL, "preConditions")) {
			code = check_plain(r, kid);
			for (const xmlNode *pre = sg_xml_first(kid); pre && !code; pre = sg_xml_next(pre))
				code = sg_xml_is(pre, NULL, "preCondition")
				               ? read_item(r, pre, section, true)
				               : refuse(r,
				                         "line %ld: <%s> in <preConditions>; allowed: "
				                         "preCondition",
				                         xmlGetLineNo(pre), (const char *)pre->name);
		} else {
			code = refuse(r,
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
	int code = check_plain(r, rewrite);

	for (const xmlNode *kid = sg_xml_first(rewrite); kid && !code; kid = sg_xml_next(kid)) {
		int section = 0;

		while (section < SG_UR_SECTIONS && !sg_xml_is(kid, NULL, sg_ur_section_names[section]))
			section++;
		if (section == SG_UR_SECTIONS)
			code = refuse(r,
			        "line %ld: <%s> in <rewrite> is not supported; allowed: rules, "
			        "outboundRules, globalRules",
			        xmlGetLineNo(kid), (const char *)kid->name);
		else if (section == SG_UR_GLOBAL && !r->ur->server)
			code = refuse(r, "line %ld: <globalRules> needs scope=\"Server\"", xmlGetLineNo(kid));
		else
			code = read_section(r, kid, (enum sg_ur_section)section);
	}
	if (!code && !r->ur->n)
		code = refuse(r, "there is no rule in it");
	return code;
}

/* --- sg:At */

static int read_at(struct reader *r, const struct sg_action *a, const xmlNode *at)
{
	struct sg_ur *ur = r->ur;
	char *inherit = NULL;
	int code = 0;

	ur->server = a->scope && !strcmp(a->scope, "Server");
	if (!ur->server && (!a->scope || (strcmp(a->scope, "Site") && strcmp(a->scope, "VDir"))))
		return refuse(r, "scope=\"%s\"; allowed: Server, Site, VDir", a->scope ? a->scope : "");
	if (ur->server && at)
		return refuse(r, "<At> with scope=\"Server\": the server has no place in it");
	ur->inherit = true;
	if (ur->server)
		return 0;
	if (!at)
		return refuse(r, "scope=\"%s\" needs <At sites=\"...\" path=\"...\">", a->scope);
	for (const xmlAttr *attr = at->properties; attr; attr = attr->next) {
		const char *name = (const char *)attr->name;

		if (attr->ns || (strcmp(name, "sites") && strcmp(name, "path") && strcmp(name, "inherit")))
			return refuse(r, "<At> has no attribute '%s'; allowed: sites, path, inherit", name);
	}
	if (sg_xml_first(at))
		return refuse(r, "<At> holds nothing");
	ur->sites = sg_xml_attr(at, NULL, "sites");
	ur->path = sg_xml_attr(at, NULL, "path");
	inherit = sg_xml_attr(at, NULL, "inherit");
	if (!ur->path && !strcmp(a->scope, "Site"))
		ur->path = sg_strdup("/");
	if (!ur->sites || !ur->sites[0])
		code = refuse(r, "<At> needs sites: a site's name, * or having-app:/path");
	else if (!ur->path || ur->path[0] != '/' || strstr(ur->path, "//") || strstr(ur->path, ".."))
		code = refuse(r, "<At> needs a path that begins with \"/\"");
	else if (inherit && strcmp(inherit, "yes") && strcmp(inherit, "no"))
		code = refuse(r, "<At inherit=\"%s\">; allowed: yes, no", inherit);
	ur->inherit = !inherit || !strcmp(inherit, "yes");
	free(inherit);
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
			code = refuse(r, "line %ld: the preCondition \"%s\" is not in this action",
			        xmlGetLineNo(rule), pre);
		free(pre);
	}
	return code;
}

static int check_rules(struct reader *r, const xmlNode *rewrite)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_rw_rules *rules = NULL;
	int code;

	code = add_element(r, rewrite, &r->ur->rewrite);
	if (code)
		return code;
	code = sg_rw_read(sg_buf_bytes(&r->ur->rewrite), &rules, &why);
	if (code)
		code = refuse(r, "%s", why.msg);
	sg_rw_free(rules);
	return code;
}

int sg_ur_read(
        const struct sg_mitigation *m, const struct sg_action *a, struct sg_ur *ret, struct sg_err *err)
{
	struct sg_ur ur = { 0 };
	struct reader r = { m, &ur, err };
	const xmlNode *root, *at = NULL, *rewrite = NULL;
	xmlDoc *doc = NULL;
	int code;

	code = sg_xml_parse(sg_buf_bytes(&a->xml), "UrlRewrite action", &sg_xml_feed_limits, &doc, err);
	if (code)
		goto out;
	root = xmlDocGetRootElement(doc);
	for (const xmlNode *kid = sg_xml_first(root); kid && !code; kid = sg_xml_next(kid)) {
		if (sg_xml_is(kid, SG_FEED_NS, "At") && !at)
			at = kid;
		else if (sg_xml_is(kid, NULL, "rewrite") && !rewrite)
			rewrite = kid;
		else
			code = refuse(&r,
			        "line %ld: <%s> is not known here, or there twice; allowed: one At, one "
			        "rewrite in no namespace",
			        xmlGetLineNo(kid), (const char *)kid->name);
	}
	if (!code && !rewrite) {
		code = refuse(&r, "there is no <rewrite> in it");
		goto out;
	}
	if (!code)
		code = read_at(&r, a, at);
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
out:
	xmlFreeDoc(doc);
	sg_ur_release(&ur);
	return code;
}
