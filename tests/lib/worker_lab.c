#include "tests/lib/worker_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

int t_worker_call(
        const char *job, const char *request, int64_t timeout_ms, struct sg_buf *ret, struct sg_err *err)
{
	return sg_worker_call(&(struct sg_worker_call){ .job = job,
	                              .request = sg_bytes_of(request),
	                              .max_reply = 100000,
	                              .timeout_ms = timeout_ms },
	        ret, err);
}

void t_worker_fails(const char *job, const char *request, int64_t timeout_ms, int code, const char *says)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf reply = { 0 };
	int r = t_worker_call(job, request, timeout_ms, &reply, &err);

	if (r != code || !strstr(err.msg, says))
		fail_msg("%s %s: %d \"%s\" \"%s\", expected %d \"%s\"", job, request, r, err.msg,
		        reply.data ? (const char *)reply.data : "", code, says);
	assert_null(reply.data);
}
