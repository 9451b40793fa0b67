/* worker_win.c - the same contract on Windows, where a job runs in the caller's own process and thread for now: no deadline, no limits, no other rights.
 * The restricted process (a job object, a token without privileges, no child processes) comes with the Windows service itself.
 */
#include "base/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sg_worker_job *offered;

void sg_worker_begin(int argc, char **argv, const struct sg_worker_job *jobs)
{
	offered = jobs;
	if (argc < 2 || strcmp(argv[1], SG_WORKER_OPTION) != 0)
		return;
	fputs(SG_WORKER_OPTION " is for this program itself\n", stderr);
	exit(2);
}

int sg_worker_call(const struct sg_worker_call *call, struct sg_buf *ret_reply, struct sg_err *err)
{
	static const struct sg_worker_job *ready[8]; /* whose libraries are */
	const struct sg_worker_job *job = offered;
	struct sg_buf reply = { 0 };
	size_t i = 0;
	int r = 0;

	while (job && job->name && strcmp(job->name, call->job) != 0)
		job++;
	if (!job || !job->name)
		return sg_fail(err, SG_EUNSUPPORTED, "this program has no worker for '%s'", call->job);
	while (i < 8 && ready[i] && ready[i] != job)
		i++;
	if (job->prepare && (i == 8 || !ready[i]))
		r = job->prepare(err);
	if (!r && i < 8)
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
