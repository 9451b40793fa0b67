/* canon.h - where the parts of a verified document lie, found in its canonical octets (C14N 1.0) without an XML reader.
 *
 * Canonical form has no comments here, no CDATA, no empty tags, no "<" but a tag's, and one way to write an attribute; so one pass that counts tags finds
 * every element's octets. What a worker says about a document is checked against these ranges. Pure; nothing is allocated but the list.
 */
#ifndef SG_FEED_CANON_H
#define SG_FEED_CANON_H

#include "base/buf.h"
#include "base/err.h"

struct sg_canon {
	struct sg_bytes root; /* the root's start tag, from < to > */
	struct sg_bytes *
	        kids; /* each child element of the root, from < of its start tag to > of its end tag; owned */
	size_t n;
};
/* `octets` is borrowed for as long as ret is in use. Errors: SG_EPARSE (no canonical form), SG_ELIMIT (more than `max` children). */
int sg_canon_read(struct sg_bytes octets, size_t max, struct sg_canon *ret, struct sg_err *err);
void sg_canon_release(struct sg_canon *c);

/* Whether `alone`, an element that is said to be made a document of its own, is this child: everything behind its start tag is the same octets, and its
 * start tag has exactly the child's attributes and, besides them, only what comes along from the root (namespaces, xml:lang and the like). */
bool sg_canon_is(const struct sg_canon *c, size_t kid, struct sg_bytes alone);

/* Whether the root's start tag has the attribute `name` of the namespace `ns` with a value that needs no escapes; borrowed. */
bool sg_canon_attr(const struct sg_canon *c, const char *ns, const char *name, struct sg_bytes *ret);

#endif
