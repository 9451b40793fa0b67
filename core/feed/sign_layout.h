/* sign_layout.h - where the parts of a feed document stand in its octets, so that authors' tools change one part and leave every other octet alone. Pure.
 *
 * Positions count octets from the document's first one; `to` is behind the last. They hold for the very octets that were read. Owner: whoever read it.
 */
#ifndef SG_FEED_SIGN_LAYOUT_H
#define SG_FEED_SIGN_LAYOUT_H

#include "base/buf.h"
#include "base/err.h"

struct sg_layout_part { /* a child element of the root */
	size_t from, to;
	char *id;       /* of a Config; NULL: none */
	bool signature; /* it is a Signature (XMLDSig), and not a Config */
};
struct sg_layout {
	size_t tag_from, tag_to; /* the root's start tag, from '<' to behind '>' */
	size_t end; /* of the '<' of the root's end tag; tag_to when the root is written <EOCS/> */
	bool empty; /* it is */
	struct sg_layout_part *at;
	size_t n;
	char *prefix; /* the root's prefix of our namespace; NULL: it declares none */
	char *feed;   /* sg:feed; NULL: there is none */
};
/* Errors: SG_ELIMIT and SG_EPARSE as sg_xml_parse(), SG_EPARSE when the root is not EOCS. `name` is for messages. */
int sg_layout_read(struct sg_bytes doc, const char *name, struct sg_layout *ret, struct sg_err *err);
void sg_layout_release(struct sg_layout *l);
/* Of a file that holds one Config: where that element stands, and its id (the caller's). SG_EPARSE when the root is something else. */
int sg_layout_config(struct sg_bytes doc, const char *name, size_t *ret_from, size_t *ret_to, char **ret_id,
        struct sg_err *err);
bool sg_layout_signed(const struct sg_layout *l);

/* The value of an attribute, as it is written between its quotes in the tag that begins at `tag`. False when it is not there. */
bool sg_layout_attr(struct sg_bytes doc, size_t tag, const char *name, size_t *ret_from, size_t *ret_to);

/* The document without its signatures; the octets around them stay. */
void sg_layout_unsigned(struct sg_bytes doc, const struct sg_layout *l, struct sg_buf *ret);

/* Text that goes between the quotes "..." of an attribute, appended. */
void sg_layout_escape(const char *text, struct sg_buf *out);

#endif
