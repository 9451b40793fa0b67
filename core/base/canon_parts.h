/* canon_parts.h - what the two halves of the reader of canonical octets share; nobody else includes it. */
#ifndef SG_BASE_CANON_PARTS_H
#define SG_BASE_CANON_PARTS_H

#include "base/canon.h"
#include "base/xml.h"

struct sg_canon_reader {
	struct sg_bytes in;
	size_t at; /* the octet that is looked at */
	const struct sg_xml_limits *limits;
	struct sg_canon *doc;
	struct sg_canon_elem *open,
	        *last; /* around the place where it stands; the element that ended before it in `open` */
	size_t depth, nodes, scope, in_scope;
	struct sg_err *err;
};

/* SG_EPARSE at the octet that is looked at. */
int sg_canon_bad(const struct sg_canon_reader *r, const char *what);
/* The octet that is looked at; -1 behind the last. */
int sg_canon_here(const struct sg_canon_reader *r);
/* Goes behind `text`, if that stands here. */
bool sg_canon_take(struct sg_canon_reader *r, const char *text);

/* canon_text.c: strings are written to doc->strings. */
/* prefix:local; the prefix "" when there is none. */
int sg_canon_name(struct sg_canon_reader *r, const char **ret_prefix, const char **ret);
/* Up to the octet that ends it, which must come: '<' of a text, '"' of a value. *ret_says: it has more than blanks. */
int sg_canon_run(struct sg_canon_reader *r, bool value, const char **ret, bool *ret_says);
/* Whether a namespace may be called so: it has a scheme (C14N 1.0 has no form for relative names), and nothing that needs a reference. What writes canonical
 * octets (xml_canon.c) asks for no less. */
bool sg_canon_uri(const char *s);

#endif
