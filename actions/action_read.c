/* action_read.c - one element of our own words, strictly. Pure. */
#include "actions/action_read.h"

#include <stdlib.h>
#include <string.h>

int sg_action_refuse(const struct sg_action_reader *r, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;
	int code;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	code = sg_fail(
	        r->err, SG_EINVAL, "mitigation '%s', %s: %s", r->m->id, r->what, (const char *)text.data);
	sg_buf_release(&text);
	return code;
}

int sg_action_element(
        const struct sg_action_reader *r, const struct sg_action *a, xmlDoc **ret_doc, const xmlNode **ret)
{
	xmlDoc *doc = NULL;
	const xmlNode *node;
	int code;

	if (a->scope && !sg_same(a->scope, "Server"))
		return sg_action_refuse(r, "scope=\"%s\"; allowed: Server", a->scope);
	code = sg_xml_parse(sg_buf_bytes(&a->xml), r->m->id, &sg_xml_feed_limits, &doc, r->err);
	if (code)
		return code;
	node = sg_xml_first(xmlDocGetRootElement(doc));
	if (!node || !sg_xml_is(node, SG_FEED_NS, r->what) || sg_xml_next(node)) {
		xmlFreeDoc(doc);
		return sg_action_refuse(
		        r, "the Action holds exactly one element %s of %s", r->what, SG_FEED_NS);
	}
	*ret_doc = doc;
	*ret = node;
	return 0;
}

int sg_action_shape(
        const struct sg_action_reader *r, const xmlNode *node, const char *const *allowed, size_t n)
{
	char *text;
	bool blank;

	for (const xmlAttr *a = node->properties; a; a = a->next) {
		bool known = false;

		for (size_t i = 0; i < n && !a->ns; i++)
			known = known || !strcmp((const char *)a->name, allowed[i]);
		if (!known)
			return sg_action_refuse(r, "unknown attribute %s of %s", (const char *)a->name,
			        (const char *)node->name);
	}
	text = sg_xml_text(node);
	blank = !text || !*text;
	free(text);
	return blank ? 0 : sg_action_refuse(r, "text in %s", (const char *)node->name);
}

int sg_action_word(
        const struct sg_action_reader *r, const xmlNode *node, const char *name, const char *word, bool *ret)
{
	char *value = sg_xml_attr(node, NULL, name);
	int code = 0;

	*ret = value != NULL;
	if (value && strcmp(value, word) != 0)
		code = sg_action_refuse(r, "%s=\"%s\"; allowed: %s", name, value, word);
	free(value);
	return code;
}

int sg_action_check_name(
        const struct sg_action_reader *r, const struct sg_action_name *rule, const char *name)
{
	struct sg_bytes octets = sg_bytes_of(name);
	size_t step, n = 0;
	uint32_t cp;

	for (size_t at = 0; at < octets.len; at += step, n++) {
		step = sg_utf8_next(octets, at, &cp);
		if (!step || !sg_char_safe(cp) || (cp < 128 && strchr(rule->forbidden, (int)cp)))
			return sg_action_refuse(r, "%s has a character that %s does not allow in one",
			        rule->thing, rule->whose);
	}
	if (!n || n > rule->max || name[0] == ' ' || name[octets.len - 1] == ' ')
		return sg_action_refuse(
		        r, "%s has 1 to %zu characters, and no blank at its ends", rule->thing, rule->max);
	return 0;
}

int sg_action_named_once(
        const struct sg_action_reader *r, const struct sg_action *a, const char *thing, const char *name)
{
	const struct sg_mitigation *m = r->m;
	int code = 0;

	for (const struct sg_action *other = m->actions;
	        !code && other < m->actions + m->n_actions && other < a; other++) {
		const xmlNode *node = NULL;
		xmlDoc *doc = NULL;
		char *before;

		if (!sg_str_equal(other->type, a->type))
			continue;
		code = sg_action_element(r, other, &doc, &node);
		if (code)
			continue;
		before = sg_xml_attr(node, NULL, "name");
		if (sg_same(before, name))
			code = sg_action_refuse(r, "two actions name the %s %s", thing, name);
		free(before);
		xmlFreeDoc(doc);
	}
	return code;
}
