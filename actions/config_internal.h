/* config_internal.h - what the files config_*.c share. Not for anybody else.
 *
 * config_token.c   our reader: octets to nodes
 * config_sax.c     libxml2's reader, as the referee of the first
 * config_apart.c   the same in a worker, where this process asks one (apart.h)
 * config_memo.c    what workers said
 * config_scan.c    both together, the file's style, and questions about nodes
 * config_same.c    equality of events
 * config_path.c    addresses: building, reading, finding
 * config_style.c   white space: leads, indentation, and an element laid out in a file's style
 * config_look.c    what stands at an address
 * config_place.c   where a new element goes
 * config_edit.c    the splices
 * config_scaffold.c  those of scaffolds
 * config_referee.c that only the addressed nodes differ
 */
#ifndef SG_ACTIONS_CONFIG_INTERNAL_H
#define SG_ACTIONS_CONFIG_INTERNAL_H

#include "actions/apart_parts.h"
#include "actions/config_edit.h"

#define SG_NONE UINT32_MAX

static inline bool sg_cfg_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- config_token.c */

/* Fills octets, nodes, attrs, values, root and bom. Well-formedness is proven by the other reader, not here, but whatever this one returns
 * covers every octet of the document exactly once. The octets must have passed sg_xml_prescan(). On failure *ret is untouched. */
int sg_cfg_tokenize(struct sg_bytes octets, const char *name, struct sg_cfg *ret, struct sg_err *err);
/* One character at `at` of text (or of an attribute's value) as XML 1.0 reads it: references, sections 2.11 and 3.3.3. Writes 1 to 4 octets to
 * out and gives the number of raw octets it took; 0 when there is a reference that is neither numeric nor predefined. */
size_t sg_cfg_decode(struct sg_bytes raw, size_t at, bool in_attr, unsigned char out[4], size_t *out_len);

/* --- config_sax.c */

/* In this thread. */
int sg_cfg_sax(const struct sg_cfg *cfg, const char *name, struct sg_err *err);

/* --- config_apart.c */

/* What sg_cfg_sax() says of these octets, or what a worker says that it says (apart.h), which is remembered. SG_EIO: no worker could be started or was to be
 * asked now, or it died, hung or answered nonsense; SG_ECANCELED: the process is to stop. Refusals begin with `name`. */
int sg_cfg_second(const struct sg_cfg *cfg, const char *name, enum sg_action_for use, struct sg_err *err);
/* What is read between two words of the second reader, and is never written: the octets between two values of one plan. In a process that asks workers our
 * reader alone; else sg_cfg_scan(). */
int sg_cfg_between(struct sg_bytes octets, const char *name, struct sg_cfg *ret, struct sg_err *err);

/* --- config_scan.c */

/* Prescan and our reader only: all that sg_cfg_scan() gives, without the second reader's word. */
int sg_cfg_first(struct sg_bytes octets, const char *name, struct sg_cfg *ret, struct sg_err *err);
struct sg_bytes sg_cfg_octets(const struct sg_cfg *cfg, size_t at, size_t end);
bool sg_cfg_blank(const struct sg_cfg *cfg, uint32_t node);    /* TEXT of white space only */
bool sg_cfg_is_empty(const struct sg_cfg *cfg, uint32_t node); /* nothing but white space inside */
/* The octets as a document of one element: prescan and our reader only (prefixes may be declared around it). */
int sg_cfg_fragment(struct sg_bytes octets, struct sg_cfg *ret, struct sg_err *err);

/* --- config_path.c */

struct sg_path_pred {
	char *name, *value;
};
struct sg_path_step {
	char *name;
	struct sg_path_pred *preds;
	size_t n, cap;
};
struct sg_path {
	struct sg_path_step *steps;
	size_t n, cap;
	char *attr; /* of ".../@attr"; NULL for an element */
};
int sg_path_parse(const char *path, struct sg_path *ret, struct sg_err *err);
int sg_path_parse_step(
        const char *step, struct sg_path *ret, struct sg_err *err); /* one step without its '/' */
void sg_path_release(struct sg_path *path);
bool sg_path_matches(const struct sg_cfg *cfg, uint32_t node, const struct sg_path_step *step);
/* All nodes that the first `n` steps lead to, in the order of the document. */
struct sg_cfg_set {
	uint32_t *at;
	size_t n, cap;
};
void sg_path_find(const struct sg_cfg *cfg, const struct sg_path *path, size_t n, struct sg_cfg_set *ret);
void sg_cfg_set_release(struct sg_cfg_set *set);
char *sg_path_of(const struct sg_cfg *cfg,
        uint32_t node); /* the element as one step, by its key; NULL when no literal can hold it */

/* --- config_style.c */

/* How an element is to be written at one place. */
struct sg_style {
	const char *newline; /* NULL: everything in one line */
	char *indent;        /* of the element itself */
	char step[17];       /* of one level more */
	bool blank_slash;    /* " />", not "/>" */
};
void sg_style_release(struct sg_style *style);
/* Of a new child of `parent`. */
void sg_style_child(const struct sg_cfg *cfg, uint32_t parent, struct sg_style *ret);
/* Of `node` itself: for opening it and for replacing it. */
void sg_style_node(const struct sg_cfg *cfg, uint32_t node, struct sg_style *ret);
/* Where the white space before `at` begins that goes with what stands at `at`: its newline and indentation; `at` when it does not begin a line. */
size_t sg_style_lead(const struct sg_cfg *cfg, size_t at);
void sg_style_write_lead(const struct sg_style *style, struct sg_buf *out);
/* The one element in `octets`, laid out in that style: same events. */
int sg_style_write(
        const struct sg_style *style, struct sg_bytes octets, struct sg_buf *out, struct sg_err *err);

/* --- config_look.c */

/* The one element that an ELEMENT or SCAFFOLD address means, or SG_NONE. */
int sg_cfg_locate(const struct sg_cfg *cfg, const struct sg_addr *addr, const struct sg_path *path,
        uint32_t *ret, struct sg_err *err);
/* The attribute of a node by name, or SG_NONE: an index into attrs. */
uint32_t sg_cfg_find_attr(const struct sg_cfg *cfg, uint32_t node, const char *name);
void sg_cfg_content(const struct sg_cfg *cfg, uint32_t node, bool start_tag_only, struct sg_content *ret);
/* A scaffold that has to be opened before anything can stand inside: self-closed, or nothing at all between its tags. */
bool sg_cfg_is_shut(const struct sg_cfg *cfg, uint32_t node);

/* --- config_place.c */

/* The element that takes a new child: of all that the steps before the last lead to, the last that is open, else the last. SG_ENOENT. */
int sg_cfg_parent(const struct sg_cfg *cfg, const struct sg_addr *addr, const struct sg_path *path,
        uint32_t *ret, struct sg_err *err);
/* Where a new element is to stand in `parent`: always right behind a '>', so that the white space in front of it is its own. */
size_t sg_cfg_place_element(const struct sg_cfg *cfg, uint32_t parent, const char *after);
size_t sg_cfg_place_scaffold(const struct sg_cfg *cfg, uint32_t parent, const char *name);

/* --- config_edit.c and config_scaffold.c */

/* One edit on its way: [at, end) becomes `in`. */
struct sg_edit {
	const char *name;
	const struct sg_addr *addr;
	const struct sg_content *to;
	struct sg_path path;
	struct sg_cfg cfg;
	uint32_t node; /* what the address means now, or SG_NONE */
	bool needed;
	size_t at, end;
	struct sg_buf in;
	enum sg_edit_result result; /* when it is not needed */
	bool opened; /* a scaffold that has nothing inside yet: its start tag is what was written */
};
void sg_edit_splice(struct sg_edit *e, size_t at, size_t end);
void sg_edit_take_out(struct sg_edit *e, uint32_t node);
/* The lead that came with the content: its last newline and what follows. Empty when it begins no line. */
struct sg_bytes sg_edit_lead(const struct sg_content *to);
/* SG_EUNSUPPORTED below an element whose content is not its own: it is in another file, or encrypted. */
int sg_edit_may_add(const struct sg_edit *e, uint32_t parent, struct sg_err *err);
int sg_edit_scaffold(struct sg_edit *e, struct sg_err *err);

/* --- config_referee.c */

/* An element with no other attributes than its step names: what we make, and nobody has changed. */
bool sg_cfg_is_plain(const struct sg_cfg *cfg, uint32_t node, const struct sg_path *path);

int sg_cfg_compare(const struct sg_cfg *before, const struct sg_cfg *after, const char *name,
        const struct sg_addr *addrs, size_t n, struct sg_err *err);

#endif
