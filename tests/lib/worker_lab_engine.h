/* worker_lab_engine.h - an engine whose workers are counted, and fail when the test says so. They run in this process.
 *
 * One of the jobs that stopgapd offers is watched; the rest do their work. The process must have called sg_actions_apart().
 */
#ifndef SG_TESTS_LIB_WORKER_LAB_ENGINE_H
#define SG_TESTS_LIB_WORKER_LAB_ENGINE_H

#include "tests/lib/engine_lab.h"

struct t_workers {
	int asked; /* how often the watched job was */
	bool dead; /* it ends without an answer */
};
extern struct t_workers t_workers;

/* For main(): which job, SG_JOB_CONFIG or SG_JOB_RULES. */
void t_workers_watch(const char *job);
/* For cmocka: a lab whose engine is open, without a configuration; the server is known by then, nothing is remembered and nobody has asked. */
int t_workers_set_up(void **state);
void t_workers_forget(void);          /* all that this process remembers of what workers said */
void t_workers_are_there(bool there); /* false: this program has no such job */

#endif
