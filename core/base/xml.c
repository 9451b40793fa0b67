/* xml.c - libxml2 behind the prescan: parsing and small helpers. Guarantees no DTD, no entity
 * substitution, no network, no file, and nothing printed. The prescan is xml_prescan.c, canonical form xml_canon.c. */
#include "base/xml.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>

const struct sg_xml_limits sg_xml_feed_limits = {
	.bytes = 6 << 20,
	.tag_bytes = 16 << 10,
	.attributes = 32,
	.depth = 32,
	.nodes = 150000,
	.scope = 2000000,
	.allow_comment = true,
};

const struct sg_xml_limits sg_xml_config_limits = {
	.bytes = 64 << 20,
	.tag_bytes = 1 << 20,
	.attributes = 256,
	.depth = 100,
	.nodes = 4000000,
	.scope = 200000000,
	.allow_comment = true,
	.allow_cdata = true,
	.allow_pi = true,
};

/* Its own words go to stderr by default, from canonical form and from ids too; where a sentence is wanted it is made here. */
static void quiet(void *data, xmlErrorPtr error)
{
	(void)data, (void)error;
}

static void quiet_text(void *data, const char *format, ...)
{
	(void)data, (void)format;
}

void sg_xml_init(void)
{
	xmlInitParser();
	xmlSetStructuredErrorFunc(NULL, quiet);
	xmlSetGenericErrorFunc(NULL, quiet_text);
	xmlThrDefSetStructuredErrorFunc(NULL, quiet); /* of the threads to come */
	xmlThrDefSetGenericErrorFunc(NULL, quiet_text);
	xmlSubstituteEntitiesDefault(0);
}

int sg_xml_parse(struct sg_bytes doc, const char *name, const struct sg_xml_limits *limits, xmlDoc **ret,
        struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	xmlParserCtxt *ctxt;
	xmlDoc *tree;
	int r;

	r = sg_xml_prescan(doc, limits, &why);
	if (r < 0)
		return sg_fail(err, r, "%s: %s", name, why.msg);
	ctxt = xmlNewParserCtxt();
	if (!ctxt)
		return sg_fail(err, SG_EIO, "%s: libxml2 gives no parser", name);
	tree = xmlCtxtReadMemory(ctxt, (const char *)doc.data, (int)doc.len, NULL, NULL,
	        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
	if (!tree || !ctxt->wellFormed || !ctxt->nsWellFormed) {
		const char *msg = ctxt->lastError.message ? ctxt->lastError.message : "it is not well-formed";

		r = sg_fail(err, SG_EPARSE, "%s: line %d, column %d: %.*s", name, ctxt->lastError.line,
		        ctxt->lastError.int2, (int)strcspn(msg, "\r\n"), msg);
		xmlFreeDoc(tree);
	} else {
		*ret = tree;
	}
	xmlFreeParserCtxt(ctxt);
	return r;
}

/* libxml2's strings come from its own allocator: what is handed out is ours. */
static char *own(xmlChar *s)
{
	char *copy = sg_strdup((const char *)s);

	xmlFree(s);
	return copy;
}

char *sg_xml_attr(const xmlNode *node, const char *ns, const char *name)
{
	return own(ns ? xmlGetNsProp(node, (const xmlChar *)name, (const xmlChar *)ns)
	              : xmlGetNoNsProp(node, (const xmlChar *)name));
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *sg_xml_text(const xmlNode *node)
{
	xmlChar *all = xmlNodeGetContent(node);
	const char *s = (const char *)all;
	char *text = NULL;
	size_t len;

	if (s) {
		while (is_space(*s))
			s++;
		for (len = strlen(s); len > 0 && is_space(s[len - 1]);)
			len--;
		text = sg_strndup(s, len);
	}
	xmlFree(all);
	return text;
}

static xmlNode *element(xmlNode *n)
{
	while (n && n->type != XML_ELEMENT_NODE)
		n = n->next;
	return n;
}

xmlNode *sg_xml_first(const xmlNode *node)
{
	return element(node->children);
}

xmlNode *sg_xml_next(const xmlNode *node)
{
	return element(node->next);
}

bool sg_xml_is(const xmlNode *node, const char *ns, const char *name)
{
	const char *has = node->ns ? (const char *)node->ns->href : NULL;

	if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0)
		return false;
	return ns ? has && strcmp(has, ns) == 0 : !has || !*has;
}

xmlNode *sg_xml_child(const xmlNode *node, const char *ns, const char *name)
{
	xmlNode *n = sg_xml_first(node);

	while (n && !sg_xml_is(n, ns, name))
		n = sg_xml_next(n);
	return n;
}
