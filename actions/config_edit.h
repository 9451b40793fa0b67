/* config_edit.h - finds a value by its address, and changes it by splicing bytes. Pure: octets in, octets out.
 *
 * Guarantees (P7, P10): apply then revert gives back the identical octets, BOM, newlines, quotes, indentation and a missing last newline
 * included; after every edit the new octets are scanned again and everything outside the addressed nodes must have the
 * same events AND the same octets, or the edit is refused. Before anything is written both readers must have agreed on the file as it was and as it will
 * be (sg_cfg_referee()); in a process that asks workers (apart.h) only our own reads what is in between. Edits made by others elsewhere in the file survive.
 * Addresses are those of model/row.h (struct sg_addr.path). Element names match exactly; the values of key attributes (names of rules and pools,
 * sequences, location paths) without case, as IIS's schema compares them. A `location` step without [@inheritInChildApplications] matches only
 * locations without that attribute or with "true"; path absent, path="" and path='.' are the same. A step that matches several elements (two
 * top-level <system.webServer>) means their union for finding; what is inserted goes into the last of them that is open, else the last.
 */
#ifndef SG_ACTIONS_CONFIG_EDIT_H
#define SG_ACTIONS_CONFIG_EDIT_H

#include "actions/config_scan.h"
#include "model/row.h"

/* What stands at the address. ret->present false when there is nothing. ELEMENT: octets, lead and after as they are now; two elements of
 * that name are SG_ECONFLICT. SCAFFOLD: when it is open, octets hold the start tag; when it is shut (self-closed, or nothing at all between
 * its tags), the whole element. ATTRIBUTE: octets are the raw value between the quotes, `lead` all octets from behind what stands in front of it
 * to its opening quote, `after` the name of the attribute in front; absent when only the attribute is missing; SG_ENOENT when the element
 * that should carry it is missing. `lead` of the others: the newline and the indentation before the element; empty when it begins no line.
 * Errors: SG_ECONFLICT, SG_EINVAL (no such address), SG_EUNSUPPORTED (a name with both kinds of quotes: path NULL). */
int sg_cfg_look(
        const struct sg_cfg *cfg, const struct sg_addr *addr, struct sg_content *ret, struct sg_err *err);

/* Whether two contents mean the same: both absent, or both present with the same events (ELEMENT), both open or both shut (SCAFFOLD; octets that
 * are empty or a start tag mean open), the same decoded value (ATTRIBUTE). */
bool sg_content_same(enum sg_value_kind kind, const struct sg_content *a, const struct sg_content *b);

/* The length of the step in content.after, without the octets that are counted behind it: "rule[@name='x']+12". */
size_t sg_content_anchor(const char *after, bool *ret_counted);

enum sg_edit_result {
	SG_EDIT_DONE,
	SG_EDIT_ALREADY,      /* it was so */
	SG_EDIT_KEPT_FOREIGN, /* a scaffold with something foreign inside: it stays; the claim is to be dropped */
};

/* Brings the value at `addr` from what is there to `to`, in `octets`.
 * ELEMENT absent -> present: inserted behind `to->after` when that sibling is there; else before every foreign element but behind leading <clear/>
 *   and <remove/> (and <preConditions> and <customTags>). The parent must exist (SG_ENOENT) and not be self-closed (SG_EINVAL): list every
 *   element of the path as a scaffold, /configuration included. With to->lead empty it is a wish: the lead is made, and the element is laid out
 *   in the style of the lines around. With a lead, or with octets counted in to->after, octets and lead are written as they are.
 * ELEMENT present -> absent: the element, and the newline and indentation before it.
 * ELEMENT present -> present: replaced in place; the lead stays.
 * SCAFFOLD absent -> present (to->octets empty or a start tag): made in the file's style, attributes as the last step of the address has them, as
 *   the last child of its parent (so a location stands just before </configuration>; <configSections> stays first); <preConditions> and
 *   <customTags> first.
 * SCAFFOLD shut -> present: gets a start and an end tag in place.
 * SCAFFOLD present -> absent, or -> `to` with the octets of a shut element: taken out, or shut with those very octets, when nothing but white space
 *   is inside and no foreign attribute is on it; else SG_EDIT_KEPT_FOREIGN and nothing is changed.
 * ATTRIBUTE: set, added behind to->after or the last attribute, or taken out with the white space before it. to->octets is the raw value.
 * What was written is given back in *ret_written (may be NULL; as sg_cfg_look() would see it, an opened scaffold as its start tag).
 * Errors leave the octets as they were: SG_EPARSE, SG_ELIMIT, SG_EUNSUPPORTED (configSource, configProtectionProvider: only adding is refused),
 * SG_ENOENT, SG_EINVAL (`to` is not what the address says), SG_ECONFLICT (two of that name, or the referee's veto). */
int sg_cfg_set(struct sg_buf *octets, const char *name, const struct sg_addr *addr,
        const struct sg_content *to, struct sg_content *ret_written, enum sg_edit_result *ret,
        struct sg_err *err);

/* The same for one of several values in turn: `cfg` is empty before the first one, and from then on what `octets` are read as, so that each state of them is
 * read once. Nobody else may change the octets in between; sg_cfg_release() is the caller's. */
int sg_cfg_set_next(struct sg_buf *octets, struct sg_cfg *cfg, const char *name, const struct sg_addr *addr,
        const struct sg_content *to, struct sg_content *ret_written, enum sg_edit_result *ret,
        struct sg_err *err);

/* Takes all these elements out at once, which costs one reading of the octets for all of them; addresses of scaffolds that are to go or to be shut afterwards are
 * among `addrs` and stay. What comes is what taking them out one after the other makes, in any order. Where that could differ nothing is changed and *ret is
 * false: one begins no line, is not there, is inside another, has a CR before its lead and an LF behind it, or an address is of another kind. */
int sg_cfg_take_out(struct sg_buf *octets, const char *name, const struct sg_addr *const *addrs, size_t n,
        bool *ret, struct sg_err *err);

/* The referee, for the privileged side: both readers agree on `before` and on `after`, and these differ only at the addresses. SG_ECONFLICT names the line of
 * `after`. Where workers are asked, libxml2 has no say in the second half: octets and events that are compared are those which our own reader found here. */
int sg_cfg_referee(struct sg_bytes before, struct sg_bytes after, const char *name,
        const struct sg_addr *addrs, size_t n, struct sg_err *err);

/* Building addresses: XPath 1.0, values in the kind of quotes that they do not have. The caller owns the result. */
char *sg_path_join(const char *path, const char *step); /* "/a" + "b" -> "/a/b" */
/* "rule" "name" "x" -> rule[@name='x']; NULL when the value has both kinds of quotes. sg_path_join gives NULL for NULL. */
char *sg_path_step(const char *element, const char *key, const char *value);
char *sg_path_parent(const char *path); /* NULL for the document element */

#endif
