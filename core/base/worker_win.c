/* worker_win.c - the same contract on Windows, where a job runs in the caller's own process and thread for now: no deadline, no limits, no other rights.
 * The restricted process (a job object, a token without privileges, no child processes) comes with the Windows service itself.
 */
#include "base/worker_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sg_worker_begin(int argc, char **argv, const struct sg_worker_job *jobs)
{
	sg_worker_in_process(jobs);
	if (argc < 2 || strcmp(argv[1], SG_WORKER_OPTION) != 0)
		return;
	fputs(SG_WORKER_OPTION " is for this program itself\n", stderr);
	exit(2);
}

/* Never reached: sg_worker_begin() offers nothing that runs apart. */
int sg_worker_apart(const struct sg_worker_call *call, const struct sg_worker_job *job,
        struct sg_buf *ret_reply, struct sg_err *err)
{
	(void)job, (void)ret_reply;
	return sg_fail(err, SG_EUNSUPPORTED, "'%s': Windows starts no worker process", call->job);
}
