/* run_win.c - the runner of running Windows: services and pools by the door that belongs to them. Refuses W3SVC and WAS itself (P14); iisreset is never
 * run. */
#include "actions/run_win.h"

enum { RENEW_MS = 20 * 1000 };

static int look(void *arg, enum sg_hook_kind kind, const char *name, enum sg_run_state *ret,
        struct sg_strs *ret_dependants, struct sg_err *err)
{
	int r;

	(void)arg;
	if (kind == SG_HOOK_POOL) {
		r = sg_run_check(kind, name, err);
		return r ? r : sg_run_pool_look(name, ret, err);
	}
	r = sg_run_service_look(name, ret, ret_dependants, err);
	/* what would have to be stopped with it is known before anything is touched */
	for (size_t i = 0; !r && i < ret_dependants->n; i++)
		if (sg_run_check(kind, ret_dependants->at[i], NULL))
			r = sg_fail(err, SG_EUNSUPPORTED,
			        "the service %s cannot be stopped: %s runs and depends on it, and that is "
			        "never "
			        "stopped by stopgap",
			        name, ret_dependants->at[i]);
	return r;
}

static int needs(void *arg, const char *service, struct sg_strs *ret, struct sg_err *err)
{
	(void)arg;
	return sg_run_service_needs(service, ret, err);
}

static int stop(void *arg, enum sg_hook_kind kind, const char *name, int64_t timeout_ms, struct sg_err *err)
{
	int r = sg_run_check(kind, name, err);

	(void)arg;
	if (r)
		return r;
	return kind == SG_HOOK_POOL ? sg_run_pool_turn(name, false, timeout_ms, err)
	                            : sg_run_service_stop(name, timeout_ms, err);
}

static int start(void *arg, enum sg_hook_kind kind, const char *name, int64_t timeout_ms, struct sg_err *err)
{
	int r = sg_run_check(kind, name, err);

	(void)arg;
	if (r)
		return r;
	return kind == SG_HOOK_POOL ? sg_run_pool_turn(name, true, timeout_ms, err)
	                            : sg_run_service_start(name, timeout_ms, err);
}

static int recycle(void *arg, const char *pool, int64_t timeout_ms, struct sg_err *err)
{
	int r = sg_run_check(SG_HOOK_POOL, pool, err);

	(void)arg;
	return r ? r : sg_run_pool_recycle(pool, timeout_ms, err);
}

static const struct sg_runner live = {
	.look = look, .needs = needs, .stop = stop, .start = start, .recycle = recycle, .renew_ms = RENEW_MS
};

const struct sg_runner *sg_run_live(void)
{
	return &live;
}
