/* engine.h - the whole of stopgap behind one object: journal, host, feeds, decisions, operations. No loop, no sockets, no uv.
 *
 * Thread: the change lane. One call at a time, from whichever thread runs the job; nothing here locks. What others need (status, list, polls,
 * events) leaves as a snapshot that belongs to whoever took it. Every call is blocking; `stop` is asked at each step boundary.
 * Level-triggered: sg_engine_run() derives all work from rows and facts, so a lost event loses nothing.
 */
#ifndef SG_ENGINE_ENGINE_H
#define SG_ENGINE_ENGINE_H

#include "base/clock.h"
#include "base/drive.h"
#include "base/val.h"
#include "feed/fetch_walk.h"
#include "model/conf.h"

struct sg_engine;
struct sg_runner;

struct sg_engine_options {
	const struct sg_drives *drives;                 /* borrowed; outlives the engine */
	const char *journal;                            /* native folder */
	bool any_machine;                               /* accept another machine's journal */
	uint64_t journal_size;                          /* of a new one; 0: default */
	void (*clock)(void *arg, struct sg_clock *ret); /* NULL: the system's */
	void *clock_arg;
	bool (*stop)(void *arg); /* asked at step boundaries; NULL: never */
	void *stop_arg;
	const struct sg_runner *
	        runner; /* what starts and stops services and pools; NULL: the one of the drives (a folder: nothing runs there) */
	const struct sg_engine_said
	        *said; /* what the start has to say besides, recorded with it; borrowed until it is open */
	size_t n_said;
	uint64_t seed;  /* of the jitter */
	bool unguarded; /* tests only: no child that checks the journal first */
};
/* Locks and checks the journal, then recovers: every value of an open intent is at its settle content when this returns 0. Works without any
 * configuration and without a feed. Errors: those of sg_journal_open(); SG_EFATAL when the process must stop. */
int sg_engine_open(const struct sg_engine_options *options, struct sg_engine **ret, struct sg_err *err);
void sg_engine_close(struct sg_engine *e); /* mitigations stay in place; writes a STOPPED line */

/* Puts a configuration in force: anchors are read (a missing or wrong one is SG_EINVAL and the old configuration stays), its octets become the
 * journal's last good one. Takes ownership of `conf` on success only. */
int sg_engine_configure(struct sg_engine *e, struct sg_conf *conf, struct sg_bytes octets, const char *file,
        struct sg_err *err);
/* The same for what stands in for a configuration that was refused, the journal's last good one or the defaults: it is not recorded as good, so that what was
 * good stays. When a file that it pins is refused, or *distrust says at the call that one was, nothing at all is trusted (without a list of revoked
 * certificates too much would be): what is in place stays, nothing new is accepted, and *distrust says why. */
int sg_engine_configure_again(struct sg_engine *e, struct sg_conf *conf, const char *file,
        struct sg_err *distrust, struct sg_err *err);
/* The last good configuration of the journal: SG_ENOENT when there is none. */
int sg_engine_last_good(struct sg_engine *e, struct sg_buf *ret_octets, char **ret_file, struct sg_err *err);
/* Says in the journal that a configuration was refused and why. */
void sg_engine_refused_conf(struct sg_engine *e, const struct sg_err *why);

/* What the daemon has found by itself: a line of the history, and a warning of the doctor's (`access-lists`) as long as this engine is open. */
void sg_engine_say(struct sg_engine *e, int code, const char *text);

/* What came of a poll: octets, "unchanged", or a failure (code and message in `failure`, NULL when it went well). Verifies, accepts, records. A bad
 * document is recorded and is no failure of this call. 1: nothing was recorded, it is to be fetched again in a second, as the next
 * snapshot says: document and detached signature were of two publications, or the rules changed meanwhile. */
int sg_engine_fetched(struct sg_engine *e, const char *feed, const struct sg_fetched *fetched,
        const struct sg_err *failure, struct sg_err *err);

/* Does the next piece of work that is due (at most one operation). 1: call again, 0: nothing is due now, negative: SG_EFATAL, the process must stop. */
int sg_engine_run(struct sg_engine *e, struct sg_err *err);

/* Something outside may have changed these native paths (files or folders): what was seen in them counts no more, and sg_engine_run() looks again. NULL:
 * anything may have changed. */
void sg_engine_touched(struct sg_engine *e, const struct sg_strs *native);

/* One request of an administrator or client. `method` and `params` as schemas/control.md says; authorisation is done already. The reply is the
 * caller's. For verbs that change something the work itself is done before it returns, so the reply says what came of it.
 * Errors: SG_EINVAL (params), SG_ENOENT (no such id), SG_ESTATE (refused because of the state), SG_EFATAL, ... with what to do next. */
int sg_engine_request(struct sg_engine *e, const char *method, const struct sg_val *params,
        const char *account, struct sg_val **ret_reply, struct sg_err *err);

/* The request "doctor" with the ways of the feeds as far as SIZE, each walked by now (sg_fetch_walk; `feed` says whose): the rest of their steps is added to
 * them. Without walks, as sg_engine_request() has it, the reply has no path. */
int sg_engine_doctor(struct sg_engine *e, struct sg_walk *walks, size_t n, const struct sg_val *params,
        const char *account, struct sg_val **ret_reply, struct sg_err *err);

struct sg_poll {
	char *feed, *url, *etag, *last_modified, *proxy, *ca_file;
	bool detached; /* the signature beside the document is fetched, too */
	char *cms_etag, *cms_last_modified;
	int64_t due; /* wall ms */
	int64_t timeout_ms;
	uint64_t max_bytes;
};
struct sg_snapshot {
	struct sg_val *status; /* reply of `status` */
	struct sg_val *list;   /* reply of `list` */
	struct sg_val *events; /* array: audit lines since the last snapshot, for watchers */
	struct sg_poll *polls; /* every feed with its next poll */
	size_t n_polls;
	/* Native paths of the files that the mitigations rest on, whether they are there or not: containers of what is held, and what proofs, targets and
	 * applicability are read from. Nothing above `watch_roots`, the native folders of the drives, is of interest. With `handles_off` (Setup or a pause)
	 * nobody may keep a handle on them or their folders: they are asked by stat instead. */
	struct sg_strs watch, watch_roots;
	bool handles_off;
	int64_t wake; /* wall ms when sg_engine_run() has something to do; INT64_MAX: nothing is scheduled */
	bool fatal;   /* the process must stop */
};
struct sg_snapshot *sg_engine_snapshot(struct sg_engine *e);
void sg_snapshot_free(struct sg_snapshot *s);

#endif
