/* reference.h - libxmlsec1's answer to the question that core/feed/verify.c answers by itself: does this signature hold by this key, and what does it cover?
 *
 * Used in the one safe way that facts about it leave: no keys manager, no files, no network, the key given, the transforms listed. No product code calls it.
 */
#ifndef SG_TESTS_LIB_REFERENCE_H
#define SG_TESTS_LIB_REFERENCE_H

#include "base/buf.h"
#include <openssl/evp.h>

int reference_init(void); /* 0, or libxmlsec1 cannot be used; a second call changes nothing */

/* Whether the document's one Signature holds by `key`; *ret gets xmlsec's pre-digest octets. */
bool reference_covers(struct sg_bytes document, EVP_PKEY *key, struct sg_buf *ret);

#endif
