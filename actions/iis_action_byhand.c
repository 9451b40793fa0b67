/* iis_action_byhand.c - the same change as lines that a person can type. Pure text; nothing is run.
 *
 * appcmd addresses a level and commits to the file that holds it; a <location inheritInChildApplications="false"> is out of its reach, so for such a
 * place the file, the element and the octets are named instead.
 */
#include "actions/iis_action.h"
#include "actions/config_edit.h"

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

static void by_editor(
        const struct sg_wish *wish, const struct sg_iis_item *item, bool undo, struct sg_buf *out)
{
	char *parent = sg_path_parent(wish->addr.path);

	if (undo) {
		sg_buf_fmt(out, "In %s take out the element %s, and nothing else.\r\n", wish->addr.container,
		        wish->addr.path);
	} else {
		sg_buf_fmt(out, "In %s put into %s%s:\r\n", wish->addr.container, parent ? parent : "",
		        item->first ? ", in front of others" : "");
		sg_buf_add(out, wish->to.octets.data, wish->to.octets.len);
		sg_buf_str(out, "\r\n");
	}
	free(parent);
}

/* Which sort of element the address means; NULL: none of them. */
static const struct sg_iis_item *sort_of(const struct sg_iis_item *items, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++) {
		char *step = sg_format("/%s%s%s/%s[@%s=", items[i].section, items[i].list[0] ? "/" : "",
		        items[i].list, items[i].tag, items[i].key);
		bool is = strstr(path, step) != NULL;

		free(step);
		if (is)
			return &items[i];
	}
	return NULL;
}

/* "preConditions.[name='x'" or, at the section itself, "[name='x'": as appcmd names an element. */
static void add_key(const struct sg_iis_item *item, const xmlNode *root, struct sg_buf *out)
{
	char *name = sg_xml_attr(root, NULL, item->key);

	sg_buf_fmt(out, "%s%s[%s=", item->list, item->list[0] ? "." : "", item->key);
	add_quoted(out, name ? name : "");
	sg_buf_char(out, ']');
	free(name);
}

void sg_iis_action_by_hand(
        const struct sg_iis_item *items, size_t n, const struct sg_wish *wish, bool undo, struct sg_buf *out)
{
	const struct sg_iis_item *item =
	        wish->addr.kind == SG_VALUE_ELEMENT ? sort_of(items, n, wish->addr.path) : NULL;
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_buf change = { 0 }, key = { 0 };
	const xmlNode *root;
	xmlDoc *doc = NULL;

	if (!item)
		return;
	if (strstr(wish->addr.path, "[@inheritInChildApplications='false']") ||
	        sg_xml_parse(sg_buf_bytes(&wish->to.octets), "value", &sg_xml_feed_limits, &doc, &ignored)) {
		by_editor(wish, item, undo, out);
		return;
	}
	root = xmlDocGetRootElement(doc);
	add_key(item, root, &key);
	if (undo) {
		sg_buf_fmt(&change, "/-\"%s\"", (const char *)key.data);
	} else {
		sg_buf_fmt(&change, "/+\"%s%s", item->list, item->list[0] ? "." : "");
		add_attrs(root, item->first, &change);
		sg_buf_char(&change, '"');
	}
	add_line(out, wish, item->section, (const char *)change.data);
	if (!undo)
		add_parts(wish, item->section, (const char *)key.data, root, out);
	sg_buf_release(&change);
	sg_buf_release(&key);
	xmlFreeDoc(doc);
}
