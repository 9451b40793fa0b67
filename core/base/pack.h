/* pack.h - MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) for value trees. The only user of
 * msgpack-c. Input is walked for bytes, depth and counts before anything is unpacked: five bytes can ask for 400 MB. */
#ifndef SG_BASE_PACK_H
#define SG_BASE_PACK_H

#include "base/val.h"

struct sg_pack_limits {
	size_t bytes;   /* of one message */
	size_t depth;   /* nested arrays and maps */
	size_t objects; /* values in all, keys counted */
};
extern const struct sg_pack_limits sg_pack_row_limits;     /* a journal row: 64 KiB, 12, 4096 */
extern const struct sg_pack_limits sg_pack_request_limits; /* a control request: 64 KiB, 8, 1024 */
extern const struct sg_pack_limits
        sg_pack_import_limits; /* one with a feed's document in it: 6.5 MiB, 8, 1024 */
extern const struct sg_pack_limits sg_pack_reply_limits; /* what a client accepts: 16 MiB, 16, 1,000,000 */

/* Appends the tree to `out`, smallest encoding, maps in their own order. Cannot fail. */
void sg_pack(const struct sg_val *v, struct sg_buf *out);

/* How many bytes the first complete message in `data` has: that number, 0 when it is not complete yet, or a negative
 * code: SG_ELIMIT when it already breaks a limit, SG_EPARSE for the byte 0xc1 or an extension type. Allocates
 * nothing; runs in one pass and no recursion beyond `depth`. */
int64_t sg_pack_walk(struct sg_bytes data, const struct sg_pack_limits *limits, struct sg_err *err);

/* Exactly one message, no trailing bytes. Refuses: extension types, floats, integers beyond int64, map keys that are
 * no strings, repeated keys, strings that are no UTF-8. *ret is the caller's to free. */
int sg_unpack(
        struct sg_bytes data, const struct sg_pack_limits *limits, struct sg_val **ret, struct sg_err *err);

#endif
