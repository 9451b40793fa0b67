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
