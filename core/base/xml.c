/* xml.c - libxml2 behind the prescan: parsing, small helpers, canonical octets. Guarantees no DTD, no entity
 * substitution, no network, no file, and nothing printed. The prescan is xml_prescan.c. */
#include "base/xml.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>

const struct sg_xml_limits sg_xml_feed_limits = {
	.bytes = 4 << 20,
	.tag_bytes = 16 << 10,
	.attributes = 32,
	.depth = 32,
	.tags = 200000,
	.scope = 2000000,
	.allow_comment = true,
};

const struct sg_xml_limits sg_xml_config_limits = {
	.bytes = 64 << 20,
	.tag_bytes = 1 << 20,
	.attributes = 256,
	.depth = 100,
	.tags = 5000000,
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
	        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
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

/* As inclusive C14N has it: xml:lang, xml:space and their like come along from the elements around. */
static void inherit_xml_attrs(const xmlNode *node, xmlNode *copy)
{
	for (const xmlNode *up = node->parent; up && up->type == XML_ELEMENT_NODE; up = up->parent) {
		for (const xmlAttr *a = up->properties; a; a = a->next) {
			if (!a->ns || !xmlStrEqual(a->ns->href, XML_XML_NAMESPACE) ||
			        xmlHasNsProp(copy, a->name, XML_XML_NAMESPACE))
				continue;
			xmlChar *value = xmlGetNsProp(up, a->name, XML_XML_NAMESPACE);
			xmlSetNsProp(
			        copy, xmlSearchNsByHref(copy->doc, copy, XML_XML_NAMESPACE), a->name, value);
			xmlFree(value);
		}
	}
}

/* A copy of the element as a document of its own, with every namespace in scope declared on it. Canonicalising a part
 * of the big document instead would walk all of it for each part. */
static xmlDoc *alone(xmlNode *node)
{
	xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNode *copy = doc ? xmlDocCopyNode(node, doc, 1) : NULL;
	xmlNs **scope;

	if (!copy) {
		xmlFreeDoc(doc);
		return NULL;
	}
	xmlDocSetRootElement(doc, copy);
	scope = xmlGetNsList(node->doc, node);
	for (size_t i = 0; scope && scope[i]; i++)
		if (scope[i]->href && *scope[i]->href)
			xmlNewNs(copy, scope[i]->href, scope[i]->prefix); /* refuses a prefix that is there */
	xmlFree(scope);
	inherit_xml_attrs(node, copy);
	return doc;
}

int sg_xml_octets(xmlNode *node, struct sg_buf *ret, struct sg_err *err)
{
	xmlDoc *doc = alone(node);
	xmlChar *octets = NULL;
	int n = doc ? xmlC14NDocDumpMemory(doc, NULL, XML_C14N_1_0, NULL, 0, &octets) : -1;

	/* an empty result has been a failure that nobody noticed (CVE-2025-66568) */
	if (n > 0)
		sg_buf_set(ret, octets, (size_t)n);
	xmlFree(octets);
	xmlFreeDoc(doc);
	if (n <= 0)
		return sg_fail(
		        err, SG_EPARSE, "the element <%s> has no canonical form", (const char *)node->name);
	return 0;
}
