/* config_scan.h - where everything stands in an IIS configuration file, by byte offsets.
 *
 * Two readers must agree: a tokenizer of ours finds the byte range of every tag, comment, processing instruction and run of text, and
 * libxml2's SAX reader sees the same octets; their sequences of events (names, attributes with their values, comments, text) are compared
 * one by one. Where they differ the file is refused, so a construct that only one of them understands is never edited.
 * Refused with a reason, nothing touched: ill-formed, DOCTYPE, UTF-16 or another encoding than UTF-8, NUL octets, beyond sg_xml_config_limits.
 * Pure; any thread. Owner: the caller; borrows the octets, which must outlive it.
 */
#ifndef SG_ACTIONS_CONFIG_SCAN_H
#define SG_ACTIONS_CONFIG_SCAN_H

#include "base/buf.h"
#include "base/err.h"

struct sg_cfg_attr {
	size_t name_at, name_len;   /* in the octets */
	size_t value_at, value_len; /* raw, between the quotes */
	char quote;
	char *value; /* decoded: references and white space as XML 1.0 section 3.3.3 normalises CDATA */
};
enum sg_cfg_type { SG_CFG_ELEMENT, SG_CFG_COMMENT, SG_CFG_PI, SG_CFG_CDATA, SG_CFG_TEXT };
struct sg_cfg_node {
	enum sg_cfg_type type;
	/* Indices into nodes; UINT32_MAX: none. Node 0 is the document itself. */
	uint32_t parent, first, next;
	uint32_t line;   /* 1-based, of `at` */
	size_t at, end;  /* the whole node: from '<' to behind the last '>' */
	size_t open_end; /* ELEMENT: behind the start tag's '>' */
	size_t close_at; /* ELEMENT: the '<' of the end tag; == open_end when self-closed */
	bool self_closed;
	size_t name_at, name_len; /* ELEMENT */
	uint32_t attr, n_attrs;   /* into attrs */
};
struct sg_cfg {
	struct sg_bytes octets;
	struct sg_cfg_node *nodes;
	size_t n_nodes;
	struct sg_cfg_attr *attrs;
	size_t n_attrs;
	char *values;  /* what every attr.value points into */
	uint32_t root; /* the document element */
	bool bom;
	const char *newline; /* "\r\n", "\n" or "\r": the most frequent; "\r\n" when there is none */
	/* One step: "\t", "  ", "    ": as most children of this file stand; "    " when none does. */
	char indent[17];
};
typedef int sg_cfg_scanner(struct sg_bytes octets, const char *name, struct sg_cfg *ret, struct sg_err *err);
sg_cfg_scanner sg_cfg_scan;
/* The same of octets that nothing is written by, only said: SG_EIO when their readers were held up too long lately (apart_time.c), SG_ECANCELED when the
 * process is to stop. */
sg_cfg_scanner sg_cfg_scan_to_tell;
void sg_cfg_release(struct sg_cfg *cfg);

bool sg_cfg_is(const struct sg_cfg *cfg, uint32_t node, const char *name); /* element of that very name */
char *sg_cfg_name(const struct sg_cfg *cfg, uint32_t node);                /* owned by the caller */
/* The decoded value, or NULL; borrowed. */
const char *sg_cfg_attr(const struct sg_cfg *cfg, uint32_t node, const char *name);
/* The next sibling element and the first child element, or UINT32_MAX. */
uint32_t sg_cfg_next_element(const struct sg_cfg *cfg, uint32_t node);
uint32_t sg_cfg_first_element(const struct sg_cfg *cfg, uint32_t node);

/* Whether two nodes have the same events: names, attribute sets with decoded values, children in order; white space between tags, comments,
 * quotes and references do not count. */
bool sg_cfg_same(const struct sg_cfg *a, uint32_t na, const struct sg_cfg *b, uint32_t nb);
/* The same for two octet runs that each hold exactly one element. */
bool sg_cfg_same_octets(struct sg_bytes a, struct sg_bytes b);

#endif
