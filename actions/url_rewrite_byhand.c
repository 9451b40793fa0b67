/* url_rewrite_byhand.c - the same change as lines that a person can type. Pure text; nothing is run.
 *
 * appcmd addresses a level and commits to the file that holds it; a <location inheritInChildApplications="false"> is out of its reach, so for such a
 * place the file, the element and the octets are named instead.
 */
#include "actions/url_rewrite_parts.h"
#include "actions/config_edit.h"
#include "base/xml.h"

#include <stdlib.h>
#include <string.h>

static const char appcmd[] = "%windir%\\System32\\inetsrv\\appcmd.exe set config";

/* Inside cmd's double quotes and appcmd's single ones. */
static void add_quoted(struct sg_buf *out, const char *value)
{
	sg_buf_char(out, '\'');
	for (; *value; value++) {
		if (*value == '\'')
			sg_buf_char(out, '\'');
		if (*value == '"')
			sg_buf_char(out, '\\');
		sg_buf_char(out, *value);
	}
	sg_buf_char(out, '\'');
}

static void add_line(struct sg_buf *out, const struct sg_wish *wish, const char *section, const char *change)
{
	const char *name = strrchr(wish->addr.container, '\\');
	bool apphost = name && sg_same(name + 1, "applicationHost.config");

	sg_buf_str(out, appcmd);
	if (wish->site)
		sg_buf_fmt(out, " \"%s\"", wish->site);
	sg_buf_fmt(out, " -section:%s %s%s\r\n", section, change, apphost ? " /commit:apphost" : "");
}

/* "[name='x',a='b']" of the element itself, then a line for each attribute and condition inside. `first`: put in front of the others. */
static void add_attrs(const xmlNode *node, bool first, struct sg_buf *out)
{
	const char *comma = first ? "," : "";

	sg_buf_str(out, first ? "[@start" : "[");
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		char *value = sg_xml_attr(node, NULL, (const char *)a->name);

		sg_buf_fmt(out, "%s%s=", comma, (const char *)a->name);
		add_quoted(out, value ? value : "");
		comma = ",";
		free(value);
	}
	sg_buf_char(out, ']');
}

static void add_parts(const struct sg_wish *wish, const char *section, const char *prefix,
        const xmlNode *node, struct sg_buf *out)
{
	for (const xmlNode *kid = sg_xml_first(node); kid; kid = sg_xml_next(kid)) {
		struct sg_buf change = { 0 };
		bool item = sg_xml_is(kid, NULL, "add") || sg_xml_is(kid, NULL, "set");
		char *inner;

		if (item) {
			sg_buf_fmt(&change, "/+\"%s.", prefix);
			add_attrs(kid, false, &change);
			sg_buf_char(&change, '"');
			add_line(out, wish, section, (const char *)change.data);
			sg_buf_release(&change);
			continue;
		}
		inner = sg_format("%s.%s", prefix, (const char *)kid->name);
		for (const xmlAttr *a = kid->properties; a; a = a->next) {
			char *value = sg_xml_attr(kid, NULL, (const char *)a->name);

			sg_buf_clear(&change);
			sg_buf_fmt(&change, "\"/%s.%s:", inner, (const char *)a->name);
			for (const char *p = value ? value : ""; *p; p++) {
				if (*p == '"')
					sg_buf_char(&change, '\\');
				sg_buf_char(&change, *p);
			}
			sg_buf_char(&change, '"');
			add_line(out, wish, section, (const char *)change.data);
			free(value);
		}
		add_parts(wish, section, inner, kid, out);
		free(inner);
		sg_buf_release(&change);
	}
}

static void by_editor(const struct sg_wish *wish, bool undo, struct sg_buf *out)
{
	char *parent = sg_path_parent(wish->addr.path);

	if (undo) {
		sg_buf_fmt(out, "In %s take out the element %s, and nothing else.\r\n", wish->addr.container,
		        wish->addr.path);
	} else {
		sg_buf_fmt(out, "In %s put into %s, in front of other rules:\r\n", wish->addr.container,
		        parent ? parent : "");
		sg_buf_add(out, wish->to.octets.data, wish->to.octets.len);
		sg_buf_str(out, "\r\n");
	}
	free(parent);
}

void sg_url_rewrite_by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out)
{
	const char *at = strstr(wish->addr.path, "/system.webServer/rewrite/");
	bool pre = strstr(wish->addr.path, "/preConditions/preCondition[") != NULL;
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_buf change = { 0 };
	char *section = NULL, *name, *prefix;
	xmlDoc *doc = NULL;
	const xmlNode *root;

	if (wish->addr.kind != SG_VALUE_ELEMENT || !at)
		return;
	if (strstr(wish->addr.path, "[@inheritInChildApplications='false']") ||
	        sg_xml_parse(sg_buf_bytes(&wish->to.octets), "value", &sg_xml_feed_limits, &doc, &ignored)) {
		by_editor(wish, undo, out);
		return;
	}
	at += strlen("/system.webServer/rewrite/");
	section = sg_format("system.webServer/rewrite/%.*s", (int)strcspn(at, "/"), at);
	root = xmlDocGetRootElement(doc);
	name = sg_xml_attr(root, NULL, "name");
	sg_buf_fmt(&change, "/%c\"%s", undo ? '-' : '+', pre ? "preConditions." : "");
	if (undo) {
		sg_buf_str(&change, "[name=");
		add_quoted(&change, name ? name : "");
		sg_buf_char(&change, ']');
	} else {
		add_attrs(root, !pre, &change); /* rules of others may stop before it */
	}
	sg_buf_char(&change, '"');
	add_line(out, wish, section, (const char *)change.data);
	sg_buf_clear(&change);
	sg_buf_fmt(&change, "%s[name=", pre ? "preConditions." : "");
	add_quoted(&change, name ? name : "");
	sg_buf_char(&change, ']');
	prefix = sg_buf_detach(&change);
	if (!undo)
		add_parts(wish, section, prefix, root, out);
	free(prefix);
	free(name);
	free(section);
	xmlFreeDoc(doc);
}
