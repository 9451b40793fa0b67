/* inside.h - private to core/engine: the engine's own parts and what passes between its files. Everything here belongs to the change lane. */
#ifndef SG_ENGINE_INSIDE_H
#define SG_ENGINE_INSIDE_H

#include "engine/ctx.h"
#include "engine/engine.h"
#include "engine/match.h"
#include "engine/op.h"
#include "engine/policy.h"
#include "engine/rest.h"
#include "engine/trust.h"
#include "feed/feed.h"
#include "model/limit.h"
/* While Setup is at work the host's facts are read again so often, ms: what waits for its end goes on within that time. */
#define SG_SETUP_LOOK 2000

/* What was seen of one mitigation's values, and when: looks are repeated at the audit interval and after whatever may have changed them. */
struct sg_view {
	struct sg_key key;
	struct sg_look_result look;
	int64_t at;           /* 0: to be looked at */
	int64_t gone_since;   /* a folder with a value in it is away since then; 0: none is */
	int64_t failed_since; /* no look has succeeded since then; 0: the last one did */
};
/* A folder that is away is not given up before it has been for that long, ms: it may be put back, with our values in it. */
#define SG_GONE_SETTLES SG_MINUTE
/* What cannot be looked at may be in somebody's hands for a moment: it is looked at again after that long, and from then on each minute; ms. */
#define SG_FAILED_SETTLES (10 * SG_SECOND)
#define SG_FAILED_AGAIN   SG_MINUTE
/* Whether somebody else's rules do what one mitigation would: others.c. */
struct sg_neighbour {
	struct sg_key key;
	struct sg_hash body;
	bool in_force, adopt;
	char *text; /* whose, with file and line; NULL: nobody's */
	int64_t at;
};
/* How often one row may be written still, and what was not: calm.h. */
struct sg_calm {
	struct sg_key key;
	struct sg_hash body;
	int64_t at; /* of the last hour that was counted */
	int left;
	uint64_t unsaid;
	int64_t since; /* of the first that is unsaid */
};
/* A decoded body, by its hash. */
struct sg_cached {
	struct sg_hash hash;
	struct sg_mitigation *m;
};

struct sg_engine {
	struct sg_engine_options options;
	struct sg_journal *journal;
	struct sg_journal_read *read;
	struct sg_conf *conf;     /* NULL: none in force: nothing is brought in */
	struct sg_conf *defaults; /* what stands in for it when something must be asked */
	struct sg_trust trust;
	struct sg_walk *walks; /* doctor's, while it is asked; borrowed */
	size_t n_walks;
	struct sg_strs again;    /* feeds whose document and detached signature are fetched a second time */
	uint64_t documents_read; /* verified or tried to, since the start */
	struct sg_limit limit;   /* of what is said to watchers and the log */
	char *conf_file, *conf_error;
	struct sg_strs said;  /* sg_engine_say() */
	char *server;         /* the name of the machine that this runs on */
	struct sg_host *host; /* NULL: not read yet, or it could not be */
	char *host_error;
	int64_t host_at;
	struct sg_view *views;
	size_t n_views, cap_views;
	struct sg_neighbour *neighbours;
	size_t n_neighbours, cap_neighbours;
	struct sg_calm *calm;
	size_t n_calm, cap_calm;
	struct sg_cached *cache;
	size_t n_cache, cap_cache;
	struct sg_rests rests;
	struct sg_rand rand;
	int64_t started;
	int64_t audited, pruned; /* when that was done last; audited counts from the start */
	bool told_full;          /* the journal's fill was said */
	struct sg_strs stale;    /* feeds that were said to be stale */
	struct sg_strs watched;  /* the last list of sg_watch_snapshot(), from what it was made, and when */
	struct sg_hash watched_from;
	int64_t watched_at;
	bool touched;  /* files changed since the last run */
	bool held;     /* Setup or a pause was on at the last run */
	uint64_t told; /* audit lines up to here were given out as events */
	struct sg_val *events;
	int64_t wake;
	int64_t care_wake; /* when something is due to be said again */
	bool fatal;
};

/* All rows of the journal, read afresh for each piece of work: what is decided rests on what is durable. */
struct sg_world {
	struct sg_rows rows;
	struct sg_holds holds;
	struct sg_blocks blocks;
	struct sg_feed_rows feeds;
	struct sg_val *facts;
	struct sg_clock now;
};
int sg_world_load(struct sg_engine *e, struct sg_world *ret, struct sg_err *err);
void sg_world_release(struct sg_world *w);
struct sg_row *sg_world_row(const struct sg_world *w, const struct sg_key *key);
const struct sg_feed_row *sg_world_feed(const struct sg_world *w, const char *name); /* NULL: never polled */
bool sg_world_paused(const struct sg_world *w);

const struct sg_conf *sg_engine_conf(const struct sg_engine *e); /* never NULL */
void sg_engine_clock(const struct sg_engine *e, struct sg_clock *ret);
void sg_engine_ctx(struct sg_engine *e, const struct sg_who *who, struct sg_ctx *ret);
/* A stop was asked for. What is looked at from then on may be half known, because workers are given up (actions/apart.h): nothing is to be concluded from it. */
bool sg_engine_stopping(const struct sg_engine *e);
/* Reads the host's facts again when they are older than max_age ms. */
void sg_engine_host(struct sg_engine *e, int64_t max_age);
/* The body with that hash, decoded; NULL with the cause in err. Owned by the engine. */
const struct sg_mitigation *sg_engine_body(
        struct sg_engine *e, const char *feed, const struct sg_hash *hash, struct sg_err *err);
/* What the row's feed offers, and what is in place (with the offered one where nothing is); NULL: none, or it cannot be read. */
const struct sg_mitigation *sg_engine_offered(struct sg_engine *e, const struct sg_row *row);
const struct sg_mitigation *sg_engine_in_place(struct sg_engine *e, const struct sg_row *row);
void sg_engine_forget_views(struct sg_engine *e);
int sg_engine_fail(struct sg_engine *e, int code); /* remembers SG_EFATAL */
/* New audit lines become log lines and events for watchers. */
void sg_engine_tell(struct sg_engine *e);

/* --- decide.c: pure but for looking */
struct sg_decision {
	struct sg_row *row;               /* evaluated: applies and proof are fresh */
	const struct sg_mitigation *m;    /* the offered body; NULL when it cannot be read */
	const struct sg_mitigation *held; /* the applied body, or NULL */
	struct sg_facts facts;
	struct sg_go go;
	enum sg_want want;
	enum sg_slot slot;
	enum sg_situation situation;
	const struct sg_cell *cell;
	const struct sg_block *block;
	bool evaluated; /* applies, proof or settle time differ from what is durable */
	bool proven;    /* whether it takes effect differs from what is durable */
	bool others;    /* whether somebody else's rules do it differs from what is durable */
	bool sight;     /* what is seen of its values differs from what was said */
	bool failed;    /* its values cannot be looked at, and not only since a moment ago */
	char *look_text;
	char *out_text; /* why it goes, while it is taken out */
};
void sg_decide(struct sg_engine *e, const struct sg_world *w, struct sg_row *row, struct sg_decision *ret);
/* When the values of a view are to be looked at next, wall ms. */
int64_t sg_view_due(const struct sg_view *v, int64_t audit_every);
/* What was said of a row's values last is a fact of the journal, "sight FEED ID": into the row; and what the row has by now, into the facts to be written. */
void sg_sight_known(const struct sg_world *w, struct sg_row *row);
void sg_sight_said(const struct sg_row *row, struct sg_val **facts);
/* Why the last look at a mitigation's values failed; NULL: it did not. Borrowed until the next one. */
const char *sg_view_failed(const struct sg_engine *e, const struct sg_key *key);
void sg_decision_release(struct sg_decision *d);
/* evaluate.c: fills applies, proof and fixed_since of d->row, and d->evaluated; d->facts.holds and d->block are known. */
void sg_decide_evaluate(struct sg_engine *e, const struct sg_world *w, struct sg_decision *d);
/* others.c: fills facts.equivalent and facts.adopt, and the row's in_force_by_others with its text. */
void sg_decide_others(struct sg_engine *e, const struct sg_world *w, struct sg_decision *d);
void sg_engine_forget_others(struct sg_engine *e);
/* The sentence for people about a row with that reason; the caller's. */
char *sg_decision_sentence(const struct sg_decision *d, enum sg_reason why);
/* Where a row goes by the cell and the cause, without any edit. *ret_moved: something differs from what is durable. */
void sg_decision_note(const struct sg_decision *d, int64_t now, bool *ret_moved);
/* State and reason that OUT leads to. */
void sg_out_goal(const struct sg_facts *f, enum sg_state *ret, enum sg_reason *ret_why);

/* --- care.c: what is due beside the mitigations, once nothing else is */
int sg_care(
        struct sg_engine *e, const struct sg_world *w, const struct sg_decision *list, struct sg_err *err);

/* --- start.c */
/* The products here with their builds, as facts keep and compare them: [name, build, ...]. The caller's. */
struct sg_val *sg_builds_of(const struct sg_host *host);
int sg_engine_note_start(struct sg_engine *e,
        struct sg_err *err); /* a start is a fact, and so is what changed since the last one */

/* --- accept_blocks.c */
int sg_engine_sync_blocks(
        struct sg_engine *e, struct sg_err *err); /* the configuration's blocks become rows */

/* --- care_expiry.c: when what the feeds rest on ends; added */
void sg_engine_ends(const struct sg_engine *e, const struct sg_world *w, struct sg_ends *ends);

/* --- polls.c: every feed that has an address, with its next poll */
void sg_polls_add(struct sg_engine *e, const struct sg_world *w, struct sg_snapshot *s);
void sg_polls_release(struct sg_snapshot *s);

/* --- report.c */
struct sg_val *sg_report_status(struct sg_engine *e, const struct sg_world *w);
struct sg_val *sg_report_list(struct sg_engine *e, const struct sg_world *w);
struct sg_val *sg_report_row(struct sg_engine *e, const struct sg_world *w, const struct sg_row *row);
struct sg_val *sg_report_line(const struct sg_audit *line);
struct sg_val *sg_report_blocks(const struct sg_world *w, const char *id); /* id NULL: all */
int sg_report_show(struct sg_engine *e, const struct sg_world *w, const struct sg_row *row, bool by_hand,
        struct sg_val **ret, struct sg_err *err);
int sg_report_history(
        struct sg_engine *e, const char *id, int64_t limit, struct sg_val **ret, struct sg_err *err);
/* `id` NULL: all, and the server; `feed` NULL: any. Times as sg_coverage_report() takes them. */
int sg_report_coverage(struct sg_engine *e, const char *id, const char *feed, int64_t from, int64_t to,
        struct sg_val **ret, struct sg_err *err);
/* What must be known of the lines that a prune takes out; a durable note, before it. */
int sg_coverage_keep(struct sg_engine *e, int64_t keep_from, const struct sg_clock *now, struct sg_err *err);
int sg_report_audit(struct sg_engine *e, const struct sg_world *w, struct sg_val **ret, struct sg_err *err);

/* --- report_others.c */
const char *sg_em_name(enum sg_em em);
/* into["others"]: rules of others that do what the row's body does, and the state of Microsoft's EM. */
void sg_report_others(
        struct sg_engine *e, const struct sg_world *w, const struct sg_row *row, struct sg_val *into);
/* What a reply says when ours goes: which rules of others stay, and the line that keeps EM's away. Row NULL: nothing. */
void sg_report_beside(
        struct sg_engine *e, const struct sg_world *w, const struct sg_row *row, struct sg_val *reply);

/* --- doctor.c */
int sg_report_doctor(struct sg_engine *e, const struct sg_world *w, struct sg_val **ret, struct sg_err *err);

/* --- plan.c */
/* What a plan supposes that a person asked for. */
enum sg_plan_as {
	SG_AS_IS,
	SG_AS_APPLY,
	SG_AS_BLOCK,
	SG_AS_BLOCK_KEEP,
	SG_AS_UNBLOCK,
	SG_AS_ROLLBACK,
	SG_AS_PAUSE,
	SG_AS_RESUME,
	SG_AS_APPROVE, /* for these the row is as the verb writes it */
	SG_AS_RETRY,
	SG_AS_TAKE_OVER,
	SG_AS_ACCEPT,
};
/* `only` NULL: all mitigations; one that is not known gives an empty plan. */
int sg_report_plan(struct sg_engine *e, const struct sg_world *w, const struct sg_key *only,
        enum sg_plan_as as, struct sg_val **ret, struct sg_err *err);

#endif
