/* scenario.h - what is done while it crashes: operations of the real engine on a throw-away drive, step by step.
 *
 * A scenario prepares a drive (orderly, durable), then acts; every call of the act may be the last one. What a child learns is in `told`, which
 * is shared with its parent.
 */
#ifndef SG_TESTS_CRASH_SCENARIO_H
#define SG_TESTS_CRASH_SCENARIO_H

#include "base/buf.h"
#include "model/row.h"

#include <stdint.h>

enum { STEPS = 4, MEMBERS = 3 };
struct step {
	enum sg_op op;           /* 0: no more steps; SG_OP_REVERT takes out what `id` holds */
	const char *id;          /* the mitigation */
	const char *body;        /* what goes in; NULL for a revert */
	uint32_t files, folders; /* that it changes: its flushes are files + folders + 5 */
	bool adopt;              /* somebody else's equivalent rules make way */
	struct step_also {       /* in the same operation, with their bodies */
		const char *id, *body;
		bool unfit; /* it fits into no file, and is left out of the group */
	} also[MEMBERS - 1];
};
struct scenario {
	const char *name, *about;
	struct step prepare[STEPS], act[STEPS];
	bool replaced; /* between the two somebody puts another web.config in the place of the site's */
	bool beside; /* before all of it the site's web.config has a rule of somebody else that does what AD would */
	bool export; /* the act is an export of the journal to a file */
};
extern const struct scenario scenarios[];
extern const size_t n_scenarios;
size_t steps_of(const struct step *steps);

#define JOURNAL        "/ProgramData/stopgap/state" /* all that the journal owns, below the drive */
#define JOURNAL_FOLDER JOURNAL "/journal"
#define EXPORT         JOURNAL "/export.mdb"

/* A place in a child's work, by the number of events in the shim's log, with what the journal claims there. */
struct mark {
	uint32_t events;
	char claims[3000]; /* bodies that are applied, and values that are held, as text */
};
struct told {
	uint32_t acknowledged; /* steps of the act that returned 0 */
	uint32_t flushes[STEPS];
	bool recovered; /* opening and recovery returned 0 */
	uint32_t recovery_calls;
	struct mark after_recovery, after_again, after_return;
	char message[1200]; /* why a child failed */
};
extern struct told *told;
void told_init(void);

/* What children do; each returns 0 or 1 with told->message. The drive is a folder; the shim is tracking already. */
int work_prepare(const char *drive, const struct scenario *s);
void work_replace(const char *drive); /* in the parent, as is the next */
void work_beside(const char *drive);
int work_act(const char *drive, const struct scenario *s, size_t from, size_t steps);
/* Looks at what the crash left, then starts, dying at the m-th call (0: never), then goes on: with `onward` the act is finished and everything is
 * given back. `recover` false: the start leaves out recovery, to see that somebody notices. */
int work_start(const char *drive, const struct scenario *s, uint32_t m, bool onward, bool recover);

/* inspect.c: P1 on the files as they are, and every promise that the journal's file can show. 0, or 1 with told->message. `crashed`: nothing was
 * recovered yet. */
int inspect_drive(const char *drive, bool crashed);
int inspect_export(const char *drive);

#endif
