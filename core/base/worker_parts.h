/* worker_parts.h - what worker.c and its two systems' halves share; nobody else includes it. */
#ifndef SG_BASE_WORKER_PARTS_H
#define SG_BASE_WORKER_PARTS_H

#include "base/worker.h"

void sg_worker_offer(const struct sg_worker_job *jobs);
const struct sg_worker_job *sg_worker_find(const char *name); /* NULL: this program has no such job */

/* sg_worker_call() in a child; its request and limits are checked already. */
int sg_worker_apart(const struct sg_worker_call *call, const struct sg_worker_job *job,
        struct sg_buf *ret_reply, struct sg_err *err);

#endif
