/* action.h - the contract of a kind of action. One file and one row of sg_action_kinds[] each; nothing else changes for a new kind.
 *
 * A kind only plans: it says which values it wants on this server and refuses what IIS could not load. It never writes (actions/step.c does) and
 * never sees the journal.
 */
#ifndef SG_ACTIONS_ACTION_H
#define SG_ACTIONS_ACTION_H

#include "actions/host.h"
#include "model/mitigation.h"
#include "model/row.h"

/* A value that an action wants. Scaffolds that it may need are listed too, outer before inner, `to` empty: whether one is really to be made is seen
 * from what is there and from who holds it. */
struct sg_wish {
	struct sg_addr addr;
	struct sg_content
	        to; /* ELEMENT: octets in the feed's own form, lead empty, after set when it follows another wish */
	char *site; /* for people: "Default Web Site/owa"; NULL: the server */
	char *was;  /* for people, of an attribute: the value that was there before us; NULL: none */
	bool stop;  /* for people: what the value belongs to is to be stopped, too */
};
struct sg_wishes {
	struct sg_wish *at;
	size_t n, cap;
};
struct sg_wish *sg_wishes_add(struct sg_wishes *w);
void sg_wishes_release(struct sg_wishes *w);

/* What the evaluator says about the mitigation's own tests, with the rules as they stand in the files now. */
struct sg_proof_line {
	bool passed;
	char *text; /* "refused by rule 'stopgap X' (403): GET /autodiscover/..." */
};
struct sg_proof {
	enum sg_effective effective;
	char *text; /* when NO: what defeats it, with file and line */
	struct sg_proof_line *at;
	size_t n, cap;
};
void sg_proof_release(struct sg_proof *p);

struct sg_action_kind {
	const char *type;      /* in the feed: "UrlRewrite" */
	const char *conf_name; /* in the configuration: "url_rewrite" */
	bool disruptive;       /* stops something: windows bind it */
	/* The action by itself, no server needed: shape, names ("stopgap ID ..."), patterns. SG_EINVAL says what and where. */
	int (*check)(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err);
	/* What it wants here. `own` are the values that this mitigation or any other of ours holds now. Errors: SG_ENOENT (no such site, path, pool or
	 * service: not needed here), SG_EUNSUPPORTED, SG_EACCES, SG_ECONFLICT, SG_ELIMIT, SG_EPARSE: it cannot go in now, and why. */
	int (*plan)(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
	        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret,
	        struct sg_err *err);
	/* Runs the mitigation's tests over the files as they are. NULL: the kind cannot be proven. */
	int (*prove)(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
	        const struct sg_drives *drives, struct sg_proof *ret, struct sg_err *err);
	/* What it means for people beside the files, in or `out`: sentences, each once, added to `ret`. NULL: nothing to say. */
	void (*effects)(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
	        bool out, struct sg_strs *ret);
	/* The equal appcmd or PowerShell lines for one value, apply and undo. */
	void (*by_hand)(const struct sg_wish *wish, bool undo, struct sg_buf *out);
};
extern const struct sg_action_kind sg_action_kinds[];
extern const size_t sg_action_kind_count;
const struct sg_action_kind *sg_action_kind(
        const char *type); /* case as written; NULL: this version does not know it */

/* All actions of a mitigation together: checks each kind is known (else SG_EUNSUPPORTED naming the type). */
int sg_actions_check(const struct sg_mitigation *m, struct sg_err *err);
int sg_actions_plan(const struct sg_mitigation *m, const struct sg_host *host, const struct sg_drives *drives,
        const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err);
int sg_actions_prove(const struct sg_mitigation *m, const struct sg_host *host,
        const struct sg_drives *drives, struct sg_proof *ret, struct sg_err *err);
/* Kinds that this version does not know have nothing to say. */
void sg_actions_effects(
        const struct sg_mitigation *m, const struct sg_host *host, bool out, struct sg_strs *ret);

#endif
