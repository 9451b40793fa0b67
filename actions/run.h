/* run.h - what runs: services and application pools, started and stopped. A backend per platform, one contract; it moves no value and knows no journal.
 *
 * On a drive (--root) nothing runs: sg_run_offline says so and does nothing, successfully. The Windows backend asks the service control manager and
 * appcmd. All calls block, on the change lane's thread; a time limit that passes is SG_ETIMEOUT with what was still running.
 */
#ifndef SG_ACTIONS_RUN_H
#define SG_ACTIONS_RUN_H

#include "base/err.h"
#include "model/row.h"

enum { SG_RUN_TIMEOUT_MS = 120 * 1000 };

struct sg_runner {
	void *arg;
	/* Its state now, and the running services that depend on it, those that depend on others of them first. SG_ENOENT: no such service or pool. */
	int (*look)(void *arg, enum sg_hook_kind kind, const char *name, enum sg_run_state *ret,
	        struct sg_strs *ret_dependants, struct sg_err *err);
	/* Already so is 0. */
	int (*stop)(
	        void *arg, enum sg_hook_kind kind, const char *name, int64_t timeout_ms, struct sg_err *err);
	int (*start)(
	        void *arg, enum sg_hook_kind kind, const char *name, int64_t timeout_ms, struct sg_err *err);
};
extern const struct sg_runner sg_run_offline;

#endif
