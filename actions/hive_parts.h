/* hive_parts.h - what the files of the hive reader share; nothing else includes it.
 *
 * A cell is named by its offset in the file. The file itself counts from the end of its base block: sg_hive_from() converts, and refuses.
 */
#ifndef SG_ACTIONS_HIVE_PARTS_H
#define SG_ACTIONS_HIVE_PARTS_H

#include "actions/hive.h"

enum {
	SG_HIVE_BASE = 4096, /* octets of the base block */
	SG_HIVE_NK = 76,     /* octets of a key's record before its name */
	SG_HIVE_VK = 20,     /* octets of a value's record before its name */
};

/* Where a base block has what: octets from its beginning. */
enum {
	SG_BASE_PRIMARY = 4,
	SG_BASE_SECONDARY = 8,
	SG_BASE_MAJOR = 20,
	SG_BASE_MINOR = 24,
	SG_BASE_TYPE = 28,
	SG_BASE_FORMAT = 32,
	SG_BASE_ROOT = 36,
	SG_BASE_BINS = 40,
	SG_BASE_FLAGS = 144,
};
/* The same of a key ("nk") and of a value ("vk"). */
enum {
	SG_NK_FLAGS = 2,
	SG_NK_PARENT = 16,
	SG_NK_SUBKEYS = 20, /* their number */
	SG_NK_LIST = 28,    /* of them */
	SG_NK_VALUES = 36,
	SG_NK_VALUE_LIST = 40,
	SG_NK_NAME_LEN = 72,
	SG_NK_LATIN1 = 0x20, /* a flag */
	SG_VK_NAME_LEN = 2,
	SG_VK_LEN = 4,
	SG_VK_DATA = 8,
	SG_VK_TYPE = 12,
	SG_VK_FLAGS = 16,
	SG_VK_LATIN1 = 1, /* a flag */
};
#define SG_VK_INLINE 0x80000000u /* of the length: the data is in the record itself */

static inline uint16_t sg_hive_u16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t sg_hive_u32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The data of the allocated cell that the file calls `rel`, when it has at least `need` octets; NULL otherwise. *ret_have (may be NULL): how many. */
const unsigned char *sg_hive_cell(const struct sg_hive *h, uint32_t rel, uint32_t need, uint32_t *ret_have);
/* The record of a key or NULL; its name lies within the cell. */
const unsigned char *sg_hive_nk(const struct sg_hive *h, uint32_t rel);
/* Every message about a hive begins alike: its name, and the octet where it is wrong. */
int sg_hive_wrong(const struct sg_hive *h, size_t at, const char *what, struct sg_err *err);

/* Names and strings: one octet a character (Latin-1), or UTF-16LE. Unpaired surrogates and NUL become U+FFFD, so that no name is cut short. */
void sg_hive_utf8(const unsigned char *p, size_t len, bool latin1, struct sg_buf *out);
/* Whether the name is `want` (UTF-8), letters' case of ASCII and Latin-1 ignored. */
bool sg_hive_named(const unsigned char *p, size_t len, bool latin1, const char *want);

#endif
