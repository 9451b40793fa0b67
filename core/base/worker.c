/* worker.c - what this program offers as jobs, and a job in this very process, for those who say so before they ask. */
#include "base/worker_parts.h"

#include <string.h>

enum { MAX_READY = 16 };

static const struct sg_worker_job *offered;
static bool in_process;

void sg_worker_offer(const struct sg_worker_job *jobs)
{
	offered = jobs;
	in_process = false;
}

void sg_worker_in_process(const struct sg_worker_job *jobs)
{
	offered = jobs;
	in_process = true;
}

const struct sg_worker_job *sg_worker_find(const char *name)
{
	for (const struct sg_worker_job *j = offered; j && j->name; j++)
		if (strcmp(j->name, name) == 0)
			return j;
	return NULL;
}

static int run_here(const struct sg_worker_call *call, const struct sg_worker_job *job,
        struct sg_buf *ret_reply, struct sg_err *err)
{
	static const struct sg_worker_job *ready
	        [MAX_READY]; /* whose libraries are; the first call comes before threads, or prepare() allows them */
	struct sg_buf reply = { 0 };
	size_t i = 0;
	int r = 0;

	while (i < MAX_READY && ready[i] && ready[i] != job)
		i++;
	if (job->prepare && (i == MAX_READY || !ready[i]))
		r = job->prepare(err);
	if (!r && i < MAX_READY)
		ready[i] = job;
	if (!r && job->run(call->request, &reply))
		r = sg_fail(err, SG_EDAMAGED, "the worker for '%s' gave up", call->job);
	if (!r && reply.len > call->max_reply)
		r = sg_fail(err, SG_ELIMIT, "the worker for '%s' answers with too many octets", call->job);
	if (!r)
		sg_buf_set(ret_reply, reply.data, reply.len);
	sg_buf_release(&reply);
	return r;
}

int sg_worker_call(const struct sg_worker_call *call, struct sg_buf *ret_reply, struct sg_err *err)
{
	const struct sg_worker_job *job = sg_worker_find(call->job);

	if (!job)
		return sg_fail(err, SG_EUNSUPPORTED, "this program has no worker for '%s'", call->job);
	if (call->request.len > SG_WORKER_MAX || call->max_reply > SG_WORKER_MAX)
		return sg_fail(err, SG_ELIMIT, "'%s': more than %d octets are too many for a worker",
		        call->job, (int)SG_WORKER_MAX);
	return in_process ? run_here(call, job, ret_reply, err) : sg_worker_apart(call, job, ret_reply, err);
}
