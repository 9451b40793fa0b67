/* row.h - what the journal keeps, as plain structs. journal/record.c writes and reads them; engine decides with them.
 *
 * Times are ms since 1970 UTC, 0 means none. Strings are owned by the struct that holds them; NULL means none. Every type has
 * _release (accepts zeroed) and, where rows are copied, _copy. Format versions live in journal/record.c. No I/O.
 */
#ifndef SG_MODEL_ROW_H
#define SG_MODEL_ROW_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/val.h"
#include "model/state.h"

/* (feed, id): the name of a mitigation. */
struct sg_key {
	char *feed, *id;
};
bool sg_key_equal(const struct sg_key *a, const struct sg_key *b);
void sg_key_copy(struct sg_key *to, const struct sg_key *from);
void sg_key_release(struct sg_key *k);
struct sg_keys {
	struct sg_key *at;
	size_t n, cap;
};
void sg_keys_add(
        struct sg_keys *keys, const char *feed, const char *id); /* once: a second time changes nothing */
bool sg_keys_has(const struct sg_keys *keys, const struct sg_key *k);
void sg_keys_remove(struct sg_keys *keys, const struct sg_key *k);
void sg_keys_push(
        struct sg_keys *keys, const char *feed, const char *id); /* one that is known not to be there yet */
void sg_keys_copy(struct sg_keys *to, const struct sg_keys *from);
void sg_keys_release(struct sg_keys *keys);

/* Who asked. `account` is authenticated ("uid 0 (root)", a SID and name); the rest is what that account said. */
struct sg_who {
	char *account, *reason, *ticket, *on_behalf_of;
};
void sg_who_copy(struct sg_who *to, const struct sg_who *from);
void sg_who_release(struct sg_who *w);

/* One mitigation as this server knows it. */
struct sg_row {
	struct sg_key key;
	enum sg_state state;
	enum sg_reason reason; /* why it is in that state */
	char *text;            /* the sentence for people */
	int64_t since;         /* of state and reason */

	struct sg_hash offered; /* body that the feed offers now; zero: none (missing, tombstone) */
	char *offered_revision;
	int64_t offered_at;
	uint64_t offered_serial;
	struct sg_hash applied; /* body whose values are held; zero: none */
	char *applied_revision;
	int64_t applied_at;
	struct sg_hash failed; /* body whose apply failed last; zero: none */
	bool mixed; /* an operation ended short of its settle: what is held may be half of a body, or of two, until it is brought back whole or out */
	bool missing; /* the feed no longer lists it (and its profile does not take that as a withdrawal) */
	bool tombstone;
	char *withdraw_reason;
	int64_t remove_after;
	enum sg_severity_row { SG_ROW_LOW, SG_ROW_MEDIUM, SG_ROW_HIGH, SG_ROW_CRITICAL } severity;
	char *desc;

	enum sg_applies applies;
	char *proof;         /* of NO, or what makes it UNKNOWN */
	int64_t fixed_since; /* reads fixed since; the settle time counts from here */
	enum sg_effective effective;
	char *effective_text; /* file and line that defeats it */
	enum sg_look
	        seen; /* not in the row's record, but a fact of its own: what was said of its values, where they are not as they should be and nothing is done about it */
	char *seen_text;
	bool in_force_by_others;
	char *others_text;
	char *shadowed_by; /* feed that offers the same id with precedence */

	bool out; /* taken out by an administrator: this id, any body, until `apply` */
	struct sg_who out_who;
	int64_t out_at;
	struct sg_hash approved; /* body that was approved; zero: none */
	struct sg_who approved_who;
	int64_t approved_at;
	bool now;            /* `apply`: past window, delay and ring, for the approved body */
	int64_t delay_until; /* policy's delay, fixed when the body was first seen as applicable */
	int64_t ask_until;   /* ask ... then apply: when "then" comes */

	int64_t retry_at; /* when work is tried again */
	uint32_t attempts;
	enum sg_want goal; /* what a blocked (io) row wants when its retry is due */
	uint32_t repairs;  /* within repairs_since + the bound's time */
	int64_t repairs_since;
};
struct sg_row *sg_row_new(const char *feed, const char *id);
struct sg_row *sg_row_copy(const struct sg_row *from);
void sg_row_free(struct sg_row *row);

/* A value's content. For an element: its exact octets, the white space that stands (or is to stand) before it, and the name of
 * the element sibling before it, so that a re-insertion finds the same place: with "+N" where N more octets stand between the two. */
struct sg_content {
	bool present;
	struct sg_buf octets;
	struct sg_buf lead;
	char *after; /* the step of the element sibling in front: "rule[@name='x']"; "": first in its parent; NULL: not known */
};
void sg_content_copy(struct sg_content *to, const struct sg_content *from);
void sg_content_release(struct sg_content *c);

enum sg_value_kind {
	SG_VALUE_ELEMENT = 1,   /* a keyed element: a rule, a preCondition, an <add> */
	SG_VALUE_SCAFFOLD = 2,  /* an element made or opened to hold others; AFTER means that it exists */
	SG_VALUE_ATTRIBUTE = 3, /* one attribute; octets are its raw value between the quotes */
	SG_VALUE_SERVICE = 4,   /* start type of a service */
};

/* The address of a value. `container` is a canonical Windows path; `path` addresses inside it in the manner of XPath, for XML:
 * /configuration/location[@path='Default Web Site'][@inheritInChildApplications='false']/system.webServer/rewrite/rules/rule[@name='x']
 * and ".../@autoStart" for an attribute. */
struct sg_addr {
	enum sg_value_kind kind;
	char *container;
	char *path;
};
bool sg_addr_equal(
        const struct sg_addr *a, const struct sg_addr *b); /* container without case, path exactly */
int sg_addr_cmp(
        const struct sg_addr *a, const struct sg_addr *b); /* container, then path: outer before inner */
void sg_addr_copy(struct sg_addr *to, const struct sg_addr *from);
void sg_addr_release(struct sg_addr *a);

/* A repeatable side effect of a value: what it belongs to is stopped once the value is in, and runs again once it is out, if it ran before. */
enum sg_hook_kind { SG_HOOK_NONE = 0, SG_HOOK_SERVICE, SG_HOOK_POOL };
enum sg_run_state {
	SG_RUN_UNKNOWN = 0,
	SG_RUN_STOPPED,
	SG_RUN_RUNNING,
	SG_RUN_OFFLINE, /* a drive: nothing runs there */
};
struct sg_hook {
	enum sg_hook_kind kind;
	char *name;            /* the service or pool; NULL: none */
	bool companion;        /* stopped before what is none, started after it */
	enum sg_run_state was; /* before we touched it */
	struct sg_strs
	        dependants; /* services that ran and depend on it, in the order in which they were stopped */
	char boot[40];      /* a run state counts within this boot only */
};
void sg_hook_copy(struct sg_hook *to, const struct sg_hook *from);
void sg_hook_release(struct sg_hook *h);

/* The journal's claim on a value. */
struct sg_hold {
	struct sg_addr addr;
	struct sg_content before; /* before we touched it */
	struct sg_content after;  /* as its holders want it */
	struct sg_keys holders;
	bool adopted;        /* the before was an equivalent thing of somebody else's */
	struct sg_hook hook; /* kind NONE: no side effect */
	uint64_t dev, ino;   /* the container's identity when it was last written by us */
	struct sg_hash file; /* SHA-256 of what the container would then be without any value of ours */
};
void sg_hold_copy(struct sg_hold *to, const struct sg_hold *from);
void sg_hold_release(struct sg_hold *h);
struct sg_holds {
	struct sg_hold *at;
	size_t n, cap;
};
/* Somebody else's rule that made way for ours: nothing of ours stands at its address. */
bool sg_hold_makes_way(const struct sg_hold *h);
struct sg_hold *sg_holds_find(const struct sg_holds *holds, const struct sg_addr *addr);
struct sg_hold *sg_holds_add(struct sg_holds *holds); /* a zeroed one at the end */
void sg_holds_release(struct sg_holds *holds);

enum sg_op { SG_OP_APPLY = 1, SG_OP_SUPERSEDE, SG_OP_REPAIR, SG_OP_REVERT, SG_OP_TAKE_OVER };
const char *sg_op_name(enum sg_op op);

/* One value of an operation under way. settle is one of the two: where it goes when the operation does not finish. */
struct sg_move {
	struct sg_addr addr;
	struct sg_content from, to;
	bool settle_to; /* false: settles to `from` */
};
void sg_move_copy(struct sg_move *to, const struct sg_move *from);
void sg_move_release(struct sg_move *m);
struct sg_moves {
	struct sg_move *at;
	size_t n, cap;
};
struct sg_move *sg_moves_add(struct sg_moves *moves);
/* A held value from its before to its after; `back`: the other way, as when it is taken out. It settles to `from`. */
struct sg_move *sg_moves_add_hold(struct sg_moves *moves, const struct sg_hold *h, bool back);
void sg_moves_release(struct sg_moves *moves);

/* What a mitigation of the operation becomes when it finishes, and when it settles. */
struct sg_outcome {
	struct sg_key key;
	struct sg_hash body; /* body that is going in; zero for a revert */
	char *revision;      /* its label */
	enum sg_state
	        done; /* state and reason when the operation ends as wanted: a revert that crashed leads there too */
	enum sg_reason done_why;
};
/* An operation under way. At most one is open. */
struct sg_intent {
	uint64_t seq;
	enum sg_op op;
	int64_t started;
	char boot[40];
	struct sg_who who;           /* who asked; account NULL: the service itself */
	struct sg_outcome *outcomes; /* the mitigations, in their order */
	size_t n_outcomes;
	struct sg_moves moves;
	struct sg_strs temps; /* Windows paths of the temporary files; recovery removes them */
	uint32_t attempts;    /* starts of recovery that did not finish */
};
void sg_intent_release(struct sg_intent *i);

/* An administrator's or the directory's refusal: a row of its own. */
struct sg_block {
	char *feed; /* NULL: any */
	char *id;
	char *revision; /* NULL: any; else a prefix, part by part */
	char *source;   /* "admin", "config", "directory" */
	bool keep;      /* what is applied stays */
	struct sg_who who;
	int64_t created, until; /* until 0: for ever */
};
void sg_block_release(struct sg_block *b);

struct sg_feed_row {
	char *name;
	char *url;
	bool eocs; /* profile */
	uint64_t serial;
	struct sg_hash document;
	int64_t issued, expires;
	int64_t verified; /* last time that a document of it verified, an unchanged one included */
	int64_t tried;
	char *etag, *last_modified;
	char *signer; /* subject of the leaf */
	char *error;  /* of the last try; NULL: it went well */
	int error_code;
	int64_t failing_since;
	uint32_t failures; /* in a row */
};
struct sg_feed_row *sg_feed_row_new(const char *name);
void sg_feed_row_copy(struct sg_feed_row *to, const struct sg_feed_row *from);
void sg_feed_row_release(struct sg_feed_row *f);

/* One line of the audit trail. seq, prev and hash are set by the journal. */
struct sg_audit {
	uint64_t seq;
	struct sg_hash prev, hash;
	int64_t wall;
	char boot[40];
	int code;          /* model/codes.h */
	struct sg_key key; /* zeroed: of the service itself */
	struct sg_who who;
	char *text; /* the sentence */
	struct sg_val
	        *data; /* a map, or NULL: state, reason, verdict, revision, values with content hashes, ... */
};
void sg_audit_release(struct sg_audit *a);

#endif
