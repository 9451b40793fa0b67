/* canon_reference.h - libxml2's canonical form of an element, to hold against sg_xml_octets(). Header only: the fuzz targets use it, too. */
#ifndef SG_TESTS_LIB_CANON_REFERENCE_H
#define SG_TESTS_LIB_CANON_REFERENCE_H

#include "base/xml.h"
#include <libxml/c14n.h>
#include <string.h>

/* libxml2 2.9 writes these in a namespace's name as they are, which C14N 1.0 (2.3) does not allow. */
static inline bool canon_reference_differs(const xmlNode *node)
{
	for (const xmlNs *ns = node->nsDef; ns; ns = ns->next)
		if (ns->href && strpbrk((const char *)ns->href, "&<\"\r\t\n"))
			return true;
	for (const xmlNode *n = node->children; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && canon_reference_differs(n))
			return true;
	return false;
}

/* Of the root of a document; false: it has no such form. */
static inline bool canon_reference(xmlDoc *doc, struct sg_buf *ret)
{
	xmlChar *octets = NULL;
	int n = xmlC14NDocDumpMemory(doc, NULL, XML_C14N_1_0, NULL, 0, &octets);

	if (n > 0)
		sg_buf_set(ret, octets, (size_t)n);
	xmlFree(octets);
	return n > 0;
}

#endif
