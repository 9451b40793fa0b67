/* worker_cage.h - what a worker is kept by: which tokens it is tried with on Windows, and what is said of the cage that it got. Decides and remembers; asks
 * the system nothing. For worker*.c and sandbox_posix.c only. */
#ifndef SG_BASE_WORKER_CAGE_H
#define SG_BASE_WORKER_CAGE_H

#include <stdbool.h>
#include <stddef.h>

/* What was left out, as bits. */
enum sg_worker_lack {
	SG_LACKS_CHECK = 1,      /* Windows: accesses are checked once, not twice */
	SG_LACKS_LEVEL = 2,      /* Windows: its integrity level is not Low */
	SG_LACKS_PRIVILEGES = 4, /* Windows: it keeps privileges */
	SG_LACKS_ACCOUNT = 8,    /* Windows: it is the system's own account */
	SG_LACKS_FILES = 16,     /* Linux: no landlock */
	SG_LACKS_ROOT = 32,      /* Linux: no empty root folder */
	SG_LACKS_ALL = 255,      /* none came up */
};
/* Notes it for sg_worker_cage(). Any thread. */
void sg_worker_caged(bool network, unsigned lacks);

/* --- Windows */

enum sg_worker_rights {
	SG_RIGHTS_RESTRICTED, /* both this account and the ordinary users of this machine must be allowed what it does; Low */
	SG_RIGHTS_SERVICE, /* the account LocalService without its privileges; Low */
	SG_RIGHTS_LOWERED, /* this account without its privileges and its administrators' groups; Low */
};
enum { SG_CAGE_STEPS = 3 };
/* What a job is tried with, from strict to what starts nearly always. `system`: this process is the system's own account. */
size_t sg_cage_steps(bool network, bool system, enum sg_worker_rights ret[SG_CAGE_STEPS]);

/* What a token is, as Windows says of it once it is made: what was asked for proves nothing. */
struct sg_worker_token {
	bool system;     /* of the system's own account */
	bool restricted; /* every access is checked a second time */
	bool low;        /* of the integrity level Low, or below */
	bool stripped;   /* of every privilege but the one to be told of changes */
};
/* Whether a job may run with it at all: libcurl and what a server sends it never meet with the system's own rights. */
bool sg_cage_may(const struct sg_worker_token *is, bool network);
unsigned sg_cage_lacks(const struct sg_worker_token *is, bool network);

#endif
