/* run.h - what runs: services and application pools, started and stopped. A backend per platform, one contract; it moves no value and knows no journal.
 *
 * On a drive (--root) nothing runs: sg_run_offline says so and does nothing, successfully. The Windows backend (run_win.c) asks the service control
 * manager and appcmd. All calls block, on the change lane's thread; a time limit that passes is SG_ETIMEOUT with what was still running.
 */
#ifndef SG_ACTIONS_RUN_H
#define SG_ACTIONS_RUN_H

#include "base/drive.h"
#include "base/err.h"
#include "model/row.h"

enum { SG_RUN_TIMEOUT_MS = 120 * 1000 };

struct sg_runner {
	void *arg;
	/* Its state now, and the running services that depend on it, those that depend on others of them first. SG_ENOENT: no such service or pool. */
	int (*look)(void *arg, enum sg_hook_kind kind, const char *name, enum sg_run_state *ret,
	        struct sg_strs *ret_dependants, struct sg_err *err);
	/* The services that this one depends on, directly or through others, and that do not run: whoever starts it starts them, or fails. */
	int (*needs)(void *arg, const char *service, struct sg_strs *ret, struct sg_err *err);
	/* Already so is 0. */
	int (*stop)(
	        void *arg, enum sg_hook_kind kind, const char *name, int64_t timeout_ms, struct sg_err *err);
	int (*start)(
	        void *arg, enum sg_hook_kind kind, const char *name, int64_t timeout_ms, struct sg_err *err);
	/* New worker processes for a pool that runs, without an interruption. */
	int (*recycle)(void *arg, const char *pool, int64_t timeout_ms, struct sg_err *err);
	/* How long IIS may take to renew its pools' copies of applicationHost.config before they are recycled; 0: there is no IIS at work to wait for. */
	int64_t renew_ms;
};
extern const struct sg_runner sg_run_offline;

/* Running Windows's; elsewhere the offline one. */
const struct sg_runner *sg_run_live(void);
/* The one that goes with the drives. */
const struct sg_runner *sg_runner_of(const struct sg_drives *drives);

/* P14: W3SVC and WAS are neither stopped nor started by us, whatever asks for it, and no name can carry a command: a pool's name has nothing that appcmd
 * reads as anything but a part of one name (its range operators begin with $; "Using Range Operators" of the IIS resource kit). SG_EUNSUPPORTED, SG_EINVAL. */
int sg_run_check(enum sg_hook_kind kind, const char *name, struct sg_err *err);
/* Whoever starts a service starts whatever it depends on and does not run: W3SVC by the back door (P14), or what an administrator has stopped. So it may be
 * started only when all of that runs, but for services that come and go: the system starts these whenever one of their triggers fires ("Service Trigger
 * Events"), and they stop by themselves when nobody needs them, as after we stopped who did. SG_ESTATE names the first that does not run: it may later. */
struct sg_run_need {
	const char *name;
	bool group; /* one member that runs is enough */
	bool runs;
	bool comes_and_goes; /* a trigger starts it; whatever it depends on itself is in the list, too */
	bool missing;        /* there is no such service */
};
int sg_run_check_needs(const char *service, const struct sg_run_need *needs, size_t n, struct sg_err *err);
/* What appcmd prints about a pool's state ("Started", "Stopping", ...), with whatever line ends. SG_EPARSE quotes anything else. */
int sg_run_parse_pool(const char *text, enum sg_run_state *ret, struct sg_err *err);

#endif
