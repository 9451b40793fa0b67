/* config_edit.h - finds a value by its address, and changes it by splicing bytes. Pure: octets in, octets out.
 *
 * Guarantees (P7, P10): apply then revert gives back the identical octets, BOM, newlines, quotes, indentation and a missing last newline
 * included; after every edit the new octets are scanned again by both readers and everything outside the addressed nodes must have the
 * same events AND the same octets, or the edit is refused. Edits made by others elsewhere in the file survive.
 * Addresses are those of model/row.h (struct sg_addr.path). Element names match exactly; rule names, pool names and location paths without
 * case. A `location` step without [@inheritInChildApplications] matches only locations without that attribute or with "true"; path absent
 * and path='.' are the same. A step that matches several elements (two top-level <system.webServer>) means their union for finding, and the
 * last of them that already has the next step, else the last, for inserting.
 */
#ifndef SG_ACTIONS_CONFIG_EDIT_H
#define SG_ACTIONS_CONFIG_EDIT_H

#include "actions/config_scan.h"
#include "model/row.h"

/* What stands at the address. ret->present false when there is nothing. ELEMENT: octets, lead and after as they are now; two elements of
 * that name are SG_ECONFLICT. SCAFFOLD: octets hold the start tag when it is open, the whole element when it is self-closed.
 * ATTRIBUTE: raw value between the quotes, `lead` the white space before it and its quote; absent when only the attribute is missing;
 * SG_ENOENT when the element that should carry it is missing. Errors: SG_EPARSE, SG_EUNSUPPORTED (with line and reason). */
int sg_cfg_look(const struct sg_cfg *cfg, const struct sg_addr *addr, struct sg_content *ret, struct sg_err *err);

/* Whether two contents mean the same: both absent, or both present with the same events (ELEMENT), both open or both
 * self-closed (SCAFFOLD; octets that are empty or end in ">" without "/" mean open), the same decoded value (ATTRIBUTE). */
bool sg_content_same(enum sg_value_kind kind, const struct sg_content *a, const struct sg_content *b);

enum sg_edit_result {
	SG_EDIT_DONE,
	SG_EDIT_ALREADY,      /* it was so */
	SG_EDIT_KEPT_FOREIGN, /* a scaffold with something foreign inside: it stays; the claim is to be dropped */
};

/* Brings the value at `addr` from what is there to `to`, in `octets`.
 * ELEMENT absent -> present: inserted behind `to->after` when that sibling is there; else after leading <clear/>, <remove/> and the like (and
 *   for a rule before every foreign rule); the parent must exist. With to->lead empty the lead is made: newline and the file's indentation
 *   (nested elements of to->octets are re-indented to the file's style only when to->lead is empty).
 * ELEMENT present -> absent: the element and the lead that was ours (or, when somebody re-indented, the element and its then empty line).
 * ELEMENT present -> present: replaced in place.
 * SCAFFOLD absent -> present: made in the file's style at the place where IIS writes it (sectionless parents: last child; <configSections>
 *   stays first; <preConditions> at the end of outboundRules... as rewrite_schema orders; a location just before </configuration>);
 *   self-closed -> opened in place. With a `to` whose octets are set, those very octets come back (revert of an opened one).
 * SCAFFOLD present -> absent: removed with its lead when nothing but white space is inside, else SG_EDIT_KEPT_FOREIGN.
 * ATTRIBUTE: set, added behind the last attribute, or taken out with the white space before it.
 * What was written is given back in *ret_written (octets and lead as they now stand), for the journal. */
int sg_cfg_set(struct sg_buf *octets, const char *name, const struct sg_addr *addr, const struct sg_content *to, struct sg_content *ret_written,
	enum sg_edit_result *ret, struct sg_err *err);

/* The referee, for the privileged side: that `after` differs from `before` only inside the addressed nodes of `moves`. */
int sg_cfg_referee(struct sg_bytes before, struct sg_bytes after, const char *name, const struct sg_addr *addrs, size_t n, struct sg_err *err);

/* Building addresses. Values are quoted and escaped as needed. The caller owns the result. */
char *sg_path_join(const char *path, const char *step);                      /* "/a" + "b" -> "/a/b" */
char *sg_path_step(const char *element, const char *key, const char *value); /* "rule" "name" "x" -> rule[@name='x'] */
char *sg_path_parent(const char *path);                                     /* NULL for the document element */

#endif
