/* mitigation_tree.h - a mitigation from a tree that is read already. The rest is mitigation.h. */
#ifndef SG_MODEL_MITIGATION_TREE_H
#define SG_MODEL_MITIGATION_TREE_H

#include "base/canon.h"
#include "model/mitigation.h"

/* sg_mitigation_decode() of an element of a larger tree. `octets`: its sg_canon_alone() with sg_xml_feed_limits, so that they can be decoded alone later;
 * taken over on success. */
int sg_mitigation_read(const char *feed, const struct sg_canon_elem *config, struct sg_buf *octets,
        struct sg_mitigation **ret, struct sg_err *err);

#endif
