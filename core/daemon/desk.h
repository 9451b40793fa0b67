/* desk.h - where requests arrive: who may ask is decided for each of them, what memory can answer is answered at once, the rest goes to the
 * change lane. Thread: the loop's. */
#ifndef SG_DAEMON_DESK_H
#define SG_DAEMON_DESK_H

#include "daemon/authorise.h"
#include "daemon/change.h"
#include "daemon/control.h"
#include "daemon/walks.h"
#include "model/limit.h"
/* All borrowed from the loop, which keeps them up to date. */
struct sg_desk {
	struct sg_control *control;
	struct sg_change *change;
	struct sg_walks *walks;
	const struct sg_access *access;
	const struct sg_snapshot *snapshot; /* the newest */
	struct sg_limit *limit;             /* of what is said of who was refused */
};
/* Answers, or sees to it that an answer will come. What is in *m may be taken out of it. */
void sg_desk_take(
        const struct sg_desk *d, uint64_t conn, const struct sg_caller *caller, struct sg_rpc_message *m);
bool sg_desk_allows(const struct sg_desk *d, const struct sg_caller *caller, enum sg_right right);

#endif
