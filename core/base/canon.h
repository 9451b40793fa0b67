/* canon.h - canonical octets (C14N 1.0 without comments) as a tree, read without an XML parser.
 *
 * What a signature covers is in canonical form: no comments here, no CDATA, no DOCTYPE, no processing instructions, no empty tags, no "<" but a tag's, seven
 * character references and one way to write each attribute, in one order. One pass reads that; whatever deviates from the form is refused, so that what is
 * read here is what every XML parser reads in the same octets. Values and names are NUL-terminated UTF-8, references resolved.
 * Pure. Thread: any.
 */
#ifndef SG_BASE_CANON_H
#define SG_BASE_CANON_H

#include "base/buf.h"
#include "base/err.h"

struct sg_xml_limits; /* xml.h */

struct sg_canon_attr {                 /* not a declaration of a namespace */
	const char *ns, *name, *value; /* ns: the namespace's name; "" when it is in none */
	struct sg_bytes octets; /* as it stands there, from the blank before it to its last quotation mark */
	struct sg_canon_attr *next; /* in canonical order */
};
struct sg_canon_ns { /* a declaration; prefix "": of the default namespace */
	const char *prefix, *name;
	struct sg_bytes octets;
	struct sg_canon_ns *next;
};
struct sg_canon_elem {
	const char *ns, *name; /* ns "" when it is in none */
	struct sg_canon_attr *attrs;
	struct sg_canon_ns *declares;
	const char *text;       /* what stands before its first element; never NULL */
	bool says;              /* more than blanks stands directly in it, anywhere */
	struct sg_bytes octets; /* from < of its start tag to > of its end tag */
	size_t name_len;        /* of the start tag, from < to the end of the name */
	size_t tag_len;         /* of the start tag */
	size_t nodes;           /* elements, attributes and declarations in it, itself included */
	struct sg_canon_elem *parent, *first, *next;
	const struct sg_canon_elem
	        *scope; /* the nearest that declares something, it itself included; NULL: none does */
};
struct sg_canon {
	const struct sg_canon_elem *root;
	/* own */
	char *strings;
	struct sg_canon_pool *pool;
};

/* `octets` are borrowed for as long as *ret is in use. Of the limits, bytes, tag_bytes, attributes, depth, nodes and scope count, as in sg_xml_prescan().
 * Errors: SG_EPARSE and SG_ELIMIT name the octet (from 0) at or behind what is wrong. *ret: sg_canon_release() is the caller's. */
int sg_canon_read(
        struct sg_bytes octets, const struct sg_xml_limits *limits, struct sg_canon *ret, struct sg_err *err);
void sg_canon_release(struct sg_canon *c);

/* `ns` NULL = in no namespace. The value is borrowed from the tree; NULL: there is no such attribute. */
bool sg_canon_is(const struct sg_canon_elem *e, const char *ns, const char *name);
const char *sg_canon_attr(const struct sg_canon_elem *e, const char *ns, const char *name);

/* The element as a document of its own, as sg_xml_octets() writes it: namespaces in scope and xml: attributes come along into its start tag, the rest is the
 * same octets. Replaces what is in *ret. SG_ELIMIT: what came along makes more of it than sg_canon_read() takes with these limits. */
int sg_canon_alone(const struct sg_canon_elem *e, const struct sg_xml_limits *limits, struct sg_buf *ret,
        struct sg_err *err);

#endif
