/* fake_runner.h - services and pools that a test starts, stops and breaks, behind the contract of actions/run.h.
 *
 * It lives in memory that a forked process shares: what was stopped by a service that died stays stopped, as on a server.
 */
#ifndef SG_TESTS_LIB_FAKE_RUNNER_H
#define SG_TESTS_LIB_FAKE_RUNNER_H

#include "actions/run.h"

struct fake_runner {
	struct fake_thing {
		enum sg_hook_kind kind;
		char name[64], needs[64]; /* needs: the service that it depends on */
		bool runs;
		bool comes; /* a trigger starts it: whoever starts what depends on it starts it, too */
	} things[16];
	size_t n;
	char log[4096]; /* "stop A; start B; " in the order of the calls; looking is not written down */
	char fails[64]; /* neither stops nor starts */
	char gone[64];  /* there is no such thing any more */
	int dies_at; /* the process ends in the n-th call that stops or starts, after it took effect; 0: never */
	int calls;
	const char *
	        hive_dir; /* a disabled service does not start: read from this drive's SYSTEM hive; NULL: it does */
};
struct fake_runner *fake_runner_new(void);
void fake_runner_free(struct fake_runner *f);
void fake_runner_as(struct fake_runner *f, struct sg_runner *ret); /* borrows f */
void fake_runner_add(
        struct fake_runner *f, enum sg_hook_kind kind, const char *name, bool runs, const char *needs);
bool fake_runner_runs(const struct fake_runner *f, const char *name);
void fake_runner_comes(struct fake_runner *f, const char *name);
void fake_runner_set(struct fake_runner *f, const char *name, bool runs); /* by somebody else */

#endif
