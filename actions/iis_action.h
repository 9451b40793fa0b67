/* iis_action.h - what the kinds share that add elements to IIS's sections: reading <At> and elements as IIS writes them, the places, what stands in
 * the way there, the wishes with their scaffolds, and the same as lines for appcmd. A kind brings what is in its own element and what it means.
 */
#ifndef SG_ACTIONS_IIS_ACTION_H
#define SG_ACTIONS_IIS_ACTION_H

#include "actions/action.h"
#include "base/xml.h"

enum { SG_IIS_MAX_ADDS = 64 }; /* of one action */

/* --- iis_action_read.c: from the feed. Pure. */

/* Where: scope and <At>. Owns its strings; release with sg_iis_at_release(). */
struct sg_iis_at {
	bool server;        /* scope="Server" */
	char *sites, *path; /* NULL for the server */
	bool inherit;
};
void sg_iis_at_release(struct sg_iis_at *at);

/* SG_EINVAL: "mitigation 'ID', TYPE: " and the sentence. */
int sg_iis_refuse(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err,
        const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* An action that is one <At> and one element `body` in no namespace. *ret_doc is freed by the caller with xmlFreeDoc(), *ret_body points into it;
 * both and *ret_at are written only on success. */
int sg_iis_action_parse(const struct sg_mitigation *m, const struct sg_action *a, const char *body,
        struct sg_iis_at *ret_at, xmlDoc **ret_doc, const xmlNode **ret_body, struct sg_err *err);

/* SG_EINVAL when the element carries attributes: a mitigation adds elements of a collection and sets nothing around them. */
int sg_iis_check_plain(const struct sg_mitigation *m, const struct sg_action *a, const xmlNode *node,
        const char *added, struct sg_err *err);

/* The element by itself: no namespace, no comments, nothing between the tags. Attributes stand as `order` (NULL-terminated, may be NULL) has them,
 * the others behind. SG_EINVAL: namespaces, text, lock* and config* attributes. */
int sg_iis_element(const struct sg_mitigation *m, const struct sg_action *a, const xmlNode *node,
        const char *const *order, struct sg_buf *out, struct sg_err *err);

/* --- iis_action.c: on this server */

/* One element to be added; all borrowed. */
struct sg_iis_add {
	struct sg_iis_item item;
	struct sg_bytes octets;
};

/* SG_ENOENT: no IIS, no such site or path. */
int sg_iis_action_places(const struct sg_iis_at *at, const struct sg_host *host,
        const struct sg_drives *drives, struct sg_iis_place **ret, size_t *ret_n, struct sg_err *err);
void sg_iis_places_free(struct sg_iis_place *places, size_t n);

/* The wishes for `adds` at each of the places, in their order, scaffolds before what stands in them. What `m` alone holds goes when its new values
 * come, and does not stand in their way; what another mitigation of ours holds does, unless it is the very same value. Errors: those of
 * sg_iis_may_write() and sg_iis_names_free(). */
int sg_iis_action_wishes(const struct sg_mitigation *m, const struct sg_iis_place *places, size_t n_places,
        const struct sg_iis_add *adds, size_t n_adds, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret,
        struct sg_err *err);

/* --- iis_action_byhand.c. Pure text; nothing is run. */

/* `items`: the sorts of elements that the kind adds. A wish for none of them (a scaffold) has no line. */
void sg_iis_action_by_hand(
        const struct sg_iis_item *items, size_t n, const struct sg_wish *wish, bool undo, struct sg_buf *out);

#endif
