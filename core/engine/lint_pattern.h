/* lint_pattern.h - a pattern as a tree: what lint_pattern_read.c makes and lint_pattern.c judges; nothing else includes it. */
#ifndef SG_ENGINE_LINT_PATTERN_H
#define SG_ENGINE_LINT_PATTERN_H

#include "engine/lint_parts.h"

#define SG_PAT_FOREVER UINT32_MAX
#define SG_PAT_NONE    UINT32_MAX

struct sg_pat_set { /* of octets */
	uint32_t bits[8];
};
enum sg_pat_kind {
	SG_PAT_SET,
	SG_PAT_SEQ,
	SG_PAT_ALT,
	SG_PAT_LOOP,
	SG_PAT_LOOK,
	SG_PAT_BEGIN,
	SG_PAT_END,
	SG_PAT_NOTHING
};
struct sg_pat_node {
	enum sg_pat_kind kind;
	struct sg_pat_set set; /* SET */
	uint32_t min, max;     /* LOOP: rounds */
	uint32_t first, next;  /* indices of the first kid and the next sibling; an ALT's kids are SEQs */
};
/* Owns its nodes. at[0] is the whole, an ALT. */
struct sg_pat {
	struct sg_pat_node *at;
	size_t n, cap;
};
/* False: it is not understood. sg_pat_release() in any case. */
bool sg_pat_read(const char *pattern, bool ignore_case, struct sg_pat *ret);
void sg_pat_release(struct sg_pat *pat);
bool sg_pat_has(const struct sg_pat_set *s, unsigned octet);

#endif
