/* run_offline.c - a drive: nothing runs on it, so nothing is stopped and nothing is started. */
#include "actions/run.h"

static int look(void *arg, enum sg_hook_kind kind, const char *name, enum sg_run_state *ret,
        struct sg_strs *ret_dependants, struct sg_err *err)
{
	(void)arg, (void)kind, (void)name, (void)ret_dependants, (void)err;
	*ret = SG_RUN_OFFLINE;
	return 0;
}

static int needs(void *arg, const char *service, struct sg_strs *ret, struct sg_err *err)
{
	(void)arg, (void)service, (void)ret, (void)err;
	return 0;
}

static int nothing(
        void *arg, enum sg_hook_kind kind, const char *name, int64_t timeout_ms, struct sg_err *err)
{
	(void)arg, (void)kind, (void)name, (void)timeout_ms, (void)err;
	return 0;
}

const struct sg_runner sg_run_offline = { .look = look, .needs = needs, .stop = nothing, .start = nothing };
