/* hash.h - SHA-256 (FIPS 180-4), through OpenSSL's libcrypto. */
#ifndef SG_BASE_HASH_H
#define SG_BASE_HASH_H

#include "base/buf.h"

struct sg_hash {
	unsigned char b[32];
};
struct sg_hash sg_sha256(struct sg_bytes data);
struct sg_hash sg_sha256_2(struct sg_bytes a, struct sg_bytes b); /* of a followed by b */
bool sg_hash_equal(const struct sg_hash *a, const struct sg_hash *b);
bool sg_hash_is_zero(const struct sg_hash *h);
void sg_hash_hex(const struct sg_hash *h, char out[65]);
bool sg_hash_from_hex(const char *hex, struct sg_hash *ret); /* exactly 64 hex digits */

#endif
