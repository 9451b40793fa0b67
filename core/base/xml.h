/* xml.h - reading XML that may be hostile, through libxml2, with no DTD, no entities, no network and no files.
 *
 * Every XML octet that a parser gets passes sg_xml_prescan() first: one linear pass that refuses what makes parsers
 * slow or dangerous (facts: libxml2 2.9.14 is quadratic in the number of attributes of one tag). Callers that need a
 * tree take it from sg_xml_parse() and may use libxml2's tree functions on it; nobody else calls a parser, except
 * actions/config_scan.c, which needs byte positions. What a signature covers needs none: base/canon.h.
 * Thread: sg_xml_init() once, before threads; the rest anywhere.
 */
#ifndef SG_BASE_XML_H
#define SG_BASE_XML_H

#include "base/buf.h"
#include "base/err.h"
#include <libxml/tree.h>

struct sg_xml_limits {
	size_t bytes;      /* of the document */
	size_t tag_bytes;  /* of one tag, from < to > */
	size_t attributes; /* of one tag */
	size_t depth;
	size_t nodes; /* elements, attributes and comments: each costs a parser more than its octets */
	size_t scope; /* sum, over all tags, of the square of the namespaces in scope: what canonical form costs */
	bool allow_comment, allow_cdata, allow_pi; /* DOCTYPE is never allowed */
};
/* Feeds: 6 MiB, 16 KiB, 32, 32, 150,000, 2,000,000; no CDATA, no PI, comments yes. Together they keep a tree under 64 MB. */
extern const struct sg_xml_limits sg_xml_feed_limits;
/* IIS files: 64 MiB, 1 MiB, 256, 100, 4,000,000, 200,000,000; all but DOCTYPE. What our own reader makes of one is under 1 GB, of a usual one a few times
 * its octets. */
extern const struct sg_xml_limits sg_xml_config_limits;

void sg_xml_init(void);

/* Encoding must be UTF-8 (declared so, undeclared, or us-ascii), with or without BOM, no NUL. Errors name line and column. */
int sg_xml_prescan(struct sg_bytes doc, const struct sg_xml_limits *limits, struct sg_err *err);

/* Prescan, then parse (NONET, no entity substitution). `name` is for messages. *ret: xmlFreeDoc() is the caller's. Nodes may be taken out of the tree; short
 * texts lie inside their nodes (XML_PARSE_COMPACT), so a text's content is never changed in place. */
int sg_xml_parse(struct sg_bytes doc, const char *name, const struct sg_xml_limits *limits, xmlDoc **ret,
        struct sg_err *err);

/* Small helpers over a tree; strings returned are owned by the caller, NULL when absent. `ns` NULL = no namespace. */
char *sg_xml_attr(const xmlNode *node, const char *ns, const char *name);
char *sg_xml_text(const xmlNode *node); /* text of the element, trimmed */
/* The first such child element, or NULL. */
xmlNode *sg_xml_child(const xmlNode *node, const char *ns, const char *name);
xmlNode *sg_xml_next(const xmlNode *node);  /* next sibling element, or NULL */
xmlNode *sg_xml_first(const xmlNode *node); /* first child element, or NULL */
bool sg_xml_is(const xmlNode *node, const char *ns, const char *name);

/* The element as a document of its own: inclusive C14N 1.0 without comments, so the namespaces in scope come along. SG_EPARSE: it has no such form (a
 * namespace that is named relatively or by a name that needs escapes, an entity reference). */
int sg_xml_octets(const xmlNode *node, struct sg_buf *ret, struct sg_err *err);

#endif
