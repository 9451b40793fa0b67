/* worker_lab.h - asks a worker of this test program, and judges how it failed. */
#ifndef SG_TESTS_WORKER_LAB_H
#define SG_TESTS_WORKER_LAB_H

#include "base/worker.h"

/* The request is a text; the reply has at most 100,000 octets. */
int t_worker_call(
        const char *job, const char *request, int64_t timeout_ms, struct sg_buf *ret, struct sg_err *err);
/* It must fail with that code and a message that has `says` in it. */
void t_worker_fails(const char *job, const char *request, int64_t timeout_ms, int code, const char *says);

#endif
