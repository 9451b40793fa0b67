/* canon_agree.h - holds sg_canon_read() and sg_canon_alone() against libxml2: what is accepted is well-formed, in canonical form, and means the same. Header
 * only: the fuzz targets use it, too. */
#ifndef SG_TESTS_LIB_CANON_AGREE_H
#define SG_TESTS_LIB_CANON_AGREE_H

#include "base/canon.h"
#include "base/xml.h"
#include <libxml/uri.h>
#include <stdlib.h>
#include <string.h>

static inline const char *canon_agree_space(const xmlNs *ns)
{
	return ns && ns->href ? (const char *)ns->href : "";
}

static inline const char *canon_agree_attrs(const struct sg_canon_elem *e, const xmlNode *node)
{
	size_t n = 0;

	for (const struct sg_canon_attr *a = e->attrs; a; a = a->next)
		n++;
	for (const xmlAttr *a = node->properties; a; a = a->next, n--) {
		const char *ns = canon_agree_space(a->ns), *is;
		char *want = sg_xml_attr(node, *ns ? ns : NULL, (const char *)a->name);

		is = sg_canon_attr(e, *ns ? ns : NULL, (const char *)a->name);
		if (!is || !want || strcmp(is, want) != 0) {
			free(want);
			return "an attribute";
		}
		free(want);
	}
	return n ? "the number of attributes" : NULL;
}

static inline const char *canon_agree_text(const struct sg_canon_elem *e, const xmlNode *node)
{
	const xmlNode *n = node->children;
	bool says = false;
	struct sg_buf first = { 0 };
	const char *wrong = NULL;

	for (; n && n->type == XML_TEXT_NODE; n = n->next)
		sg_buf_str(&first, (const char *)n->content);
	for (n = node->children; n; n = n->next)
		says = says || (n->type == XML_TEXT_NODE && !xmlIsBlankNode(n));
	if (strcmp(e->text, first.data ? (const char *)first.data : "") != 0)
		wrong = "a text";
	else if (says != e->says)
		wrong = "whether there is text";
	sg_buf_release(&first);
	return wrong;
}

/* Alone it is what libxml2's tree gives, which can be read again; what has no such form would not be read. */
static inline const char *canon_agree_alone(const struct sg_canon_elem *e, const xmlNode *node)
{
	struct sg_buf ours = { 0 }, theirs = { 0 };
	struct sg_canon again = { 0 };
	const char *wrong = NULL;
	int has = sg_canon_alone(e, &sg_xml_feed_limits, &ours, NULL);

	if (sg_xml_octets(node, &theirs, NULL))
		wrong = "an element without a canonical form";
	else if (!has && !sg_bytes_equal(sg_buf_bytes(&ours), sg_buf_bytes(&theirs)))
		wrong = "the element alone";
	else if ((sg_canon_read(sg_buf_bytes(&theirs), &sg_xml_feed_limits, &again, NULL) != 0) != (has != 0))
		wrong = "whether the element alone can be read";
	sg_canon_release(&again);
	sg_buf_release(&ours);
	sg_buf_release(&theirs);
	return wrong;
}

/* libxml2 parses names of namespaces as RFC 3986 says, and refuses some; here they are but names. */
static inline bool canon_agree_odd(const struct sg_canon_elem *e)
{
	for (const struct sg_canon_ns *ns = e->declares; ns; ns = ns->next) {
		xmlURI *uri = *ns->name ? xmlParseURI(ns->name) : NULL;

		if (*ns->name && !uri)
			return true;
		xmlFreeURI(uri);
	}
	for (const struct sg_canon_elem *k = e->first; k; k = k->next)
		if (canon_agree_odd(k))
			return true;
	return false;
}

/* NULL, or what is not the same in the element and all that is in it. */
static inline const char *canon_agree(const struct sg_canon_elem *e, const xmlNode *node)
{
	const xmlNode *kid = sg_xml_first(node);
	const struct sg_canon_elem *k = e->first;
	const char *wrong = NULL;

	if (strcmp(e->name, (const char *)node->name) != 0 || strcmp(e->ns, canon_agree_space(node->ns)) != 0)
		return "a name";
	wrong = canon_agree_attrs(e, node);
	if (!wrong)
		wrong = canon_agree_text(e, node);
	if (!wrong)
		wrong = canon_agree_alone(e, node);
	for (; !wrong && k && kid; k = k->next, kid = sg_xml_next(kid))
		wrong = canon_agree(k, kid);
	return wrong ? wrong : k || kid ? "the number of elements" : NULL;
}

/* NULL: sg_canon_read() refuses it (*ret_read false), or libxml2 reads the same. */
static inline const char *canon_agree_document(struct sg_bytes octets, bool *ret_read)
{
	struct sg_canon tree = { 0 };
	struct sg_buf again = { 0 };
	xmlDoc *doc = NULL;
	const char *wrong = NULL;

	*ret_read = sg_canon_read(octets, &sg_xml_feed_limits, &tree, NULL) == 0;
	if (!*ret_read)
		return NULL;
	if (canon_agree_odd(tree.root)) {
		sg_canon_release(&tree);
		return NULL;
	}
	if (sg_xml_parse(octets, "it", &sg_xml_feed_limits, &doc, NULL))
		wrong = "libxml2 refuses it";
	else if (sg_xml_octets(xmlDocGetRootElement(doc), &again, NULL))
		wrong = "it has no canonical form";
	else if (!sg_bytes_equal(octets, sg_buf_bytes(&again)))
		wrong = "it is not in canonical form";
	else
		wrong = canon_agree(tree.root, xmlDocGetRootElement(doc));
	sg_buf_release(&again);
	xmlFreeDoc(doc);
	sg_canon_release(&tree);
	return wrong;
}

#endif
