/* iis_action_read.c - the parts of an action that every kind reads alike: its place, and elements as IIS writes them. Pure. */
#include "actions/iis_action.h"

#include <stdlib.h>
#include <string.h>

void sg_iis_at_release(struct sg_iis_at *at)
{
	free(at->sites);
	free(at->path);
	memset(at, 0, sizeof(*at));
}

int sg_iis_refuse(
        const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;
	int code;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	code = sg_fail(err, SG_EINVAL, "mitigation '%s', %s: %s", m->id, a->type, (const char *)text.data);
	sg_buf_release(&text);
	return code;
}

/* --- <At> */

static int check_at(const struct sg_mitigation *m, const struct sg_action *a, const xmlNode *node,
        const struct sg_iis_at *at, const char *inherit, struct sg_err *err)
{
	for (const xmlAttr *attr = node->properties; attr; attr = attr->next) {
		const char *name = (const char *)attr->name;

		if (attr->ns || (strcmp(name, "sites") && strcmp(name, "path") && strcmp(name, "inherit")))
			return sg_iis_refuse(
			        m, a, err, "<At> has no attribute '%s'; allowed: sites, path, inherit", name);
	}
	if (sg_xml_first(node))
		return sg_iis_refuse(m, a, err, "<At> holds nothing");
	if (!at->sites || !at->sites[0])
		return sg_iis_refuse(m, a, err, "<At> needs sites: a site's name, * or having-app:/path");
	if (!at->path || at->path[0] != '/' || strstr(at->path, "//") || strstr(at->path, ".."))
		return sg_iis_refuse(m, a, err, "<At> needs a path that begins with \"/\"");
	if (inherit && strcmp(inherit, "yes") && strcmp(inherit, "no"))
		return sg_iis_refuse(m, a, err, "<At inherit=\"%s\">; allowed: yes, no", inherit);
	return 0;
}

/* `node` is NULL where there is no <At>. */
static int read_at(const struct sg_mitigation *m, const struct sg_action *a, const xmlNode *node,
        struct sg_iis_at *ret, struct sg_err *err)
{
	const char *scope = a->scope ? a->scope : "";
	struct sg_iis_at at = { .server = !strcmp(scope, "Server"), .inherit = true };
	char *inherit;
	int code;

	if (!at.server && strcmp(scope, "Site") && strcmp(scope, "VDir"))
		return sg_iis_refuse(m, a, err, "scope=\"%s\"; allowed: Server, Site, VDir", scope);
	if (at.server && node)
		return sg_iis_refuse(m, a, err, "<At> with scope=\"Server\": the server has no place in it");
	if (at.server) {
		*ret = at;
		return 0;
	}
	if (!node)
		return sg_iis_refuse(m, a, err, "scope=\"%s\" needs <At sites=\"...\" path=\"...\">", scope);
	at.sites = sg_xml_attr(node, NULL, "sites");
	at.path = sg_xml_attr(node, NULL, "path");
	inherit = sg_xml_attr(node, NULL, "inherit");
	if (!at.path && !strcmp(scope, "Site"))
		at.path = sg_strdup("/");
	at.inherit = !inherit || !strcmp(inherit, "yes");
	code = check_at(m, a, node, &at, inherit, err);
	if (!code) {
		*ret = at;
		memset(&at, 0, sizeof(at));
	}
	sg_iis_at_release(&at);
	free(inherit);
	return code;
}

int sg_iis_action_parse(const struct sg_mitigation *m, const struct sg_action *a, const char *body,
        struct sg_iis_at *ret_at, xmlDoc **ret_doc, const xmlNode **ret_body, struct sg_err *err)
{
	const xmlNode *at = NULL, *found = NULL;
	xmlDoc *doc = NULL;
	char *name = sg_format("%s action", a->type);
	int code;

	code = sg_xml_parse(sg_buf_bytes(&a->xml), name, &sg_xml_feed_limits, &doc, err);
	free(name);
	for (const xmlNode *kid = code ? NULL : sg_xml_first(xmlDocGetRootElement(doc)); kid && !code;
	        kid = sg_xml_next(kid)) {
		if (sg_xml_is(kid, SG_FEED_NS, "At") && !at)
			at = kid;
		else if (sg_xml_is(kid, NULL, body) && !found)
			found = kid;
		else
			code = sg_iis_refuse(m, a, err,
			        "line %ld: <%s> is not known here, or there twice; allowed: one At, one %s "
			        "in no namespace",
			        xmlGetLineNo(kid), (const char *)kid->name, body);
	}
	if (!code && !found)
		code = sg_iis_refuse(m, a, err, "there is no <%s> in it", body);
	if (!code)
		code = read_at(m, a, at, ret_at, err);
	if (!code) {
		*ret_doc = doc;
		*ret_body = found;
		doc = NULL;
	}
	xmlFreeDoc(doc);
	return code;
}

/* --- elements as IIS writes them, without the namespaces that a feed brings along */

int sg_iis_check_plain(const struct sg_mitigation *m, const struct sg_action *a, const xmlNode *node,
        const char *added, struct sg_err *err)
{
	if (node->properties)
		return sg_iis_refuse(m, a, err,
		        "line %ld: <%s %s> would set what is not a mitigation's to set: only %s are added",
		        xmlGetLineNo(node), (const char *)node->name, (const char *)node->properties->name,
		        added);
	return 0;
}

/* What the functions below work with. */
struct writer {
	const struct sg_mitigation *m;
	const struct sg_action *a;
	const char *const *order;
	struct sg_buf *out;
	struct sg_err *err;
};

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

static int add_attribute(struct writer *w, const xmlNode *node, const xmlAttr *attr)
{
	const char *name = (const char *)attr->name;
	char *value;

	if (attr->ns)
		return sg_iis_refuse(w->m, w->a, w->err,
		        "line %ld: the attribute %s is in a namespace; elements stand as IIS writes them",
		        xmlGetLineNo(node), name);
	if (!strncmp(name, "lock", 4) || !strncmp(name, "config", 6))
		return sg_iis_refuse(w->m, w->a, w->err,
		        "line %ld: the attribute %s is not a mitigation's to set", xmlGetLineNo(node), name);
	value = sg_xml_attr(node, NULL, name);
	sg_buf_fmt(w->out, " %s=\"", name);
	add_escaped(w->out, value ? value : "");
	sg_buf_char(w->out, '"');
	free(value);
	return 0;
}

static bool is_ordered(const struct writer *w, const char *name)
{
	for (size_t i = 0; w->order && w->order[i]; i++)
		if (strcmp(w->order[i], name) == 0)
			return true;
	return false;
}

static int add_attributes(struct writer *w, const xmlNode *node)
{
	int code = 0;

	for (size_t i = 0; w->order && w->order[i] && !code; i++)
		for (const xmlAttr *attr = node->properties; attr && !code; attr = attr->next)
			if (strcmp(w->order[i], (const char *)attr->name) == 0)
				code = add_attribute(w, node, attr);
	for (const xmlAttr *attr = node->properties; attr && !code; attr = attr->next)
		if (!is_ordered(w, (const char *)attr->name))
			code = add_attribute(w, node, attr);
	return code;
}

static int add_element(struct writer *w, const xmlNode *node)
{
	bool empty = true;
	int code = 0;

	if (node->ns)
		return sg_iis_refuse(w->m, w->a, w->err,
		        "line %ld: <%s> is in a namespace; elements stand as IIS writes them",
		        xmlGetLineNo(node), (const char *)node->name);
	sg_buf_fmt(w->out, "<%s", (const char *)node->name);
	code = add_attributes(w, node);
	for (const xmlNode *kid = node->children; kid && !code; kid = kid->next) {
		if (kid->type == XML_TEXT_NODE || kid->type == XML_CDATA_SECTION_NODE) {
			const char *text = (const char *)kid->content;

			if (text[strspn(text, " \t\r\n")])
				code = sg_iis_refuse(w->m, w->a, w->err, "line %ld: there is text in <%s>",
				        xmlGetLineNo(kid), (const char *)node->name);
		} else if (kid->type == XML_ELEMENT_NODE) {
			if (empty)
				sg_buf_char(w->out, '>');
			empty = false;
			code = add_element(w, kid);
		}
	}
	if (empty)
		sg_buf_str(w->out, " />");
	else
		sg_buf_fmt(w->out, "</%s>", (const char *)node->name);
	return code;
}

int sg_iis_element(const struct sg_mitigation *m, const struct sg_action *a, const xmlNode *node,
        const char *const *order, struct sg_buf *out, struct sg_err *err)
{
	struct writer w = { m, a, order, out, err };

	return add_element(&w, node);
}
