/* mirror_content.h - what journal.mirror says, from a journal: live holds, blocks, administrators' marks, serials, the chain's head. */
#ifndef SG_JOURNAL_MIRROR_CONTENT_H
#define SG_JOURNAL_MIRROR_CONTENT_H

#include "journal/shape.h"
#include "journal/table.h"

/* From a source and the head that goes with it (the one that is about to be written). The caller frees *ret. */
int sg_mirror_content(
        const struct sg_source *s, const struct sg_head *head, struct sg_val **ret, struct sg_err *err);

/* What anybody asks of a mirror's content first. */
struct sg_mirror_gist {
	const char *machine; /* borrowed from the content */
	uint64_t stamp, audit_last;
	struct sg_hash chain;
	size_t holds, blocks;
};
void sg_mirror_gist(const struct sg_val *content, struct sg_mirror_gist *ret);

#endif
