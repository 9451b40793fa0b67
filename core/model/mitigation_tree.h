/* mitigation_tree.h - a mitigation from a tree that is read already: for those who know libxml2's types. The rest is mitigation.h. */
#ifndef SG_MODEL_MITIGATION_TREE_H
#define SG_MODEL_MITIGATION_TREE_H

#include "base/xml.h"
#include "model/mitigation.h"

/* sg_mitigation_decode() of an element of a larger tree. `octets`: its sg_xml_octets(), which must have passed sg_xml_prescan() by themselves, so that they
 * can be decoded alone later; taken over on success. */
int sg_mitigation_read(const char *feed, xmlNode *config, struct sg_buf *octets, struct sg_mitigation **ret,
        struct sg_err *err);

#endif
