/* change.h - the change lane: the only thing that calls the engine while the loop runs, one job at a time, on a thread of libuv's pool.
 *
 * Order. What asks for the right to read only (a read) and work go in turn while both wait, however many ask: between two steps of work there is one
 * read at most. Work is what people may change (requests, a reload), then fetched documents, then sg_engine_run() until nothing is due; but what waits
 * is passed over SG_PATIENCE times at most: then a due round comes first, and next a document. So no loop of requests keeps a mitigation from being
 * applied, repaired or taken out, and none keeps people from being answered.
 *
 * Each job that may have moved something ends by taking a snapshot, which the loop gets with the job. Thread: the loop's, but for the job itself.
 * Owner: the loop.
 */
#ifndef SG_DAEMON_CHANGE_H
#define SG_DAEMON_CHANGE_H

#include "daemon/authorise.h"
#include "engine/engine.h"
#include <stdatomic.h>
#include <uv.h>

enum {
	SG_PATIENCE =
	        8, /* times that work which waits is passed over by work that came before it in the order */
	SG_READS_WAITING = 2, /* of one account: the desk refuses the next */
};

enum sg_job_kind { SG_JOB_REQUEST = 1, SG_JOB_RELOAD, SG_JOB_FETCHED, SG_JOB_RUN };

/* One job. The lane owns it from sg_change_add() on; the hook may take parts out of it. */
struct sg_job {
	enum sg_job_kind kind;
	struct sg_job *next;
	/* request */
	uint64_t conn;
	uint32_t id;
	char *account;       /* who asks: an id of authorise.h */
	enum sg_right right; /* that the method asks for: SG_RIGHT_READ makes it a read; 0: nobody asked */
	char *method;
	struct sg_val *params;
	struct sg_val *reply; /* when code is 0 */
	bool only_reads;      /* it moves nothing: no snapshot is taken, and nothing becomes due */
	struct sg_walk *
	        walks; /* of "doctor": borrowed from walks.h's round until the job is done; NULL: no way was walked */
	size_t n_walks;
	/* fetched */
	char *feed;
	struct sg_fetched fetched;
	struct sg_err failure; /* code 0: it went well */
	/* run */
	struct sg_strs touched; /* files that may have changed */
	/* reload */
	struct sg_access *access; /* when code is 0 */
	/* what came of it */
	int code;
	struct sg_err err;
	struct sg_snapshot *snapshot;
};
struct sg_job *sg_job_new(enum sg_job_kind kind);
void sg_job_free(struct sg_job *job);

struct sg_change;
struct sg_change_options {
	uv_loop_t *loop;
	struct sg_engine *engine;                    /* borrowed */
	const char *config;                          /* file that a reload reads; NULL: none was given */
	void (*done)(void *arg, struct sg_job *job); /* on the loop's thread, after each job */
	void *arg;
};
struct sg_change *sg_change_new(const struct sg_change_options *options);
void sg_change_free(struct sg_change *lane); /* idle or stopped */

void sg_change_add(struct sg_change *lane, struct sg_job *job);
void sg_change_wake(
        struct sg_change *lane); /* something may be due: sg_engine_run() is called until nothing is */
/* These files may have changed: the engine hears of it with its next run, which is due now. Copied. */
void sg_change_touched(struct sg_change *lane, const struct sg_strs *paths);
bool sg_change_idle(const struct sg_change *lane); /* nothing is under way, nothing waits */
/* No document waits and no round is due, and none is under way: what was fetched has come to its end. What people ask for in between does not count. */
bool sg_change_settled(const struct sg_change *lane);
/* Reads of this account that wait; the one under way does not. */
size_t sg_change_waiting(const struct sg_change *lane, const char *account);
int64_t sg_change_since(
        const struct sg_change *lane); /* uv_now() at which the job under way began; 0: none is */

/* Begins no more jobs. What was queued is given to the hook with SG_ECANCELED; the job under way ends by itself. */
void sg_change_stop(struct sg_change *lane);

#endif
