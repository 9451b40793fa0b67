/* xml.c - libxml2 behind the prescan: parsing, small helpers, canonical octets. Guarantees no DTD, no entity
 * substitution, no network, no file, and nothing printed. The prescan is xml_prescan.c. */
#include "base/xml.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

const struct sg_xml_limits sg_xml_feed_limits = {
	.bytes = 4 << 20,
	.tag_bytes = 16 << 10,
	.attributes = 32,
	.depth = 32,
	.tags = 200000,
	.allow_comment = true,
};

const struct sg_xml_limits sg_xml_config_limits = {
	.bytes = 64 << 20,
	.tag_bytes = 1 << 20,
	.attributes = 256,
	.depth = 100,
	.tags = 5000000,
	.allow_comment = true,
	.allow_cdata = true,
	.allow_pi = true,
};

void sg_xml_init(void)
{
	xmlInitParser();
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

/* What belongs to the element `apex`: itself, what is below, and the attributes and namespaces of those (for which
 * libxml2 gives the parent, because a namespace has no link to it). */
static int below(void *apex, xmlNode *node, xmlNode *parent)
{
	if (node && node->type != XML_NAMESPACE_DECL && node->type != XML_ATTRIBUTE_NODE)
		parent = node;
	while (parent && parent != apex)
		parent = parent->parent;
	return parent != NULL;
}

int sg_xml_octets(xmlNode *node, struct sg_buf *ret, struct sg_err *err)
{
	xmlOutputBuffer *out = xmlAllocOutputBuffer(NULL);
	int n;

	if (!out)
		return sg_fail(err, SG_EIO, "libxml2 gives no buffer");
	n = xmlC14NExecute(node->doc, below, node, XML_C14N_1_0, NULL, 0, out);
	/* an empty result has been a failure that nobody noticed (CVE-2025-66568) */
	if (n < 0 || xmlOutputBufferGetSize(out) == 0) {
		xmlOutputBufferClose(out);
		return sg_fail(
		        err, SG_EPARSE, "the element <%s> has no canonical form", (const char *)node->name);
	}
	sg_buf_set(ret, xmlOutputBufferGetContent(out), xmlOutputBufferGetSize(out));
	xmlOutputBufferClose(out);
	return 0;
}
