/* match.h - whether this server needs a mitigation: YES, NO with proof, or UNKNOWN with the cause (design.md section 4). Reads files' versions only. */
#ifndef SG_ENGINE_MATCH_H
#define SG_ENGINE_MATCH_H

#include "actions/action.h"

struct sg_match {
	enum sg_applies applies;
	bool fixed;  /* NO because a fixed build is installed */
	char *proof; /* a sentence; owned by the caller */
};
/* `host` may be NULL: UNKNOWN. */
void sg_match(const struct sg_mitigation *m, const struct sg_host *host, const struct sg_drives *drives,
        struct sg_match *ret);
void sg_match_release(struct sg_match *r);

#endif
