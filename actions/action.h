/* action.h - the contract of a kind of action. One file and one row of kinds.h each; nothing else changes for a new kind.
 *
 * A kind only plans: it says which values it wants on this server and refuses what IIS could not load. It never writes (actions/step.c does) and
 * never sees the journal.
 */
#ifndef SG_ACTIONS_ACTION_H
#define SG_ACTIONS_ACTION_H

#include "actions/host.h"
#include "actions/iis_effective.h"
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
	enum sg_hook_kind
	        hook; /* what the value belongs to is to be stopped once the value is in, and started again once it is out */
	char *hook_name; /* the service or pool; NULL with SG_HOOK_NONE */
	bool companion; /* stopped before what is no companion, started after it: it would start that again */
	bool adopt; /* somebody else's equivalent thing: what is there becomes the before, `to` is absent */
};
struct sg_wishes {
	struct sg_wish *at;
	size_t n, cap;
};
struct sg_wish *sg_wishes_add(struct sg_wishes *w);
void sg_wishes_release(struct sg_wishes *w);
/* A value that is held (`own` may be NULL) keeps the letters of its hold, so that it stays one value: the wish gets that address. The hold, or NULL. */
const struct sg_hold *sg_wish_keep_letters(struct sg_wish *wish, const struct sg_holds *own);

/* What an action's part of the configuration does to one test's request at one site, as IIS would read the files now. */
enum sg_fate {
	SG_FATE_NONE,    /* the action has no say about it: another place, or a test of another sort */
	SG_FATE_SERVED,  /* it goes on to the application, whatever other actions do */
	SG_FATE_REFUSED, /* a status of 400 or more, or the connection is aborted */
	SG_FATE_OTHER,   /* answered below 400, or redirected */
	SG_FATE_BECOMES, /* of a Response test: the header is as the test wants it */
	SG_FATE_DIFFERS, /* of a Response test: it is not */
	SG_FATE_UNKNOWN, /* it cannot be told */
};
struct sg_judgement {
	enum sg_fate fate;
	char *text;   /* "refused by rule 'stopgap X' (403)" */
	char *defeat; /* what keeps the action's part from counting here: "FILE:LINE: how"; NULL: nothing */
};
void sg_judgement_release(struct sg_judgement *j);
/* How much a fate weighs in a test of that kind: the heaviest of all actions is the request's. */
int sg_fate_weight(enum sg_test_kind kind, enum sg_fate fate);
/* YES: as the test wants it; NO: otherwise. */
enum sg_effective sg_fate_verdict(const struct sg_test *test, enum sg_fate fate);

/* Something of somebody else that does what the action would do, at one of its places. */
struct sg_other {
	struct sg_addr addr;
	char *text; /* "FILE:LINE: rule 'EEMS M1.1 PowerShell - inbound' (Microsoft's EM)" */
	bool em;    /* Microsoft's own EM made it, by its name ("EEMS ...") */
};
struct sg_others {
	struct sg_other *at;
	size_t n, cap;
	bool all; /* the action's whole effect is there already at every one of its places */
};
struct sg_other *sg_others_add(struct sg_others *o);
/* Never EM's while its service is enabled, or nobody knows whether it is: it would put its rule back. */
bool sg_other_adoptable(const struct sg_other *o, const struct sg_host *host);
void sg_others_release(struct sg_others *o);

/* What the evaluator says about the mitigation's own tests, with the rules as they stand in the files now. */
struct sg_proof_line {
	bool passed;
	bool warning; /* not passed, and yet no defeat: the tests decide, and none of them asks there */
	char *text;   /* "refused by rule 'stopgap X' (403): GET /autodiscover/..." */
};
struct sg_proof {
	enum sg_effective effective;
	char *text; /* when NO: what defeats it, with file and line */
	struct sg_proof_line *at;
	size_t n, cap;
};
void sg_proof_add(struct sg_proof *p, bool passed, char *text); /* one more line; takes `text` */
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
	/* How one test's request fares at a site by this action's part of the configuration as it is. The judgements of all actions are joined per
	 * request (sg_actions_prove). `files` is one for the whole proof. host->iis is there. What rewrite rules do to it is filled in later, with all that
	 * the proof asks of them (sg_rules_answer): *ret stays where it is until then. NULL: the kind has no say about requests. */
	int (*judge)(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
	        struct sg_iis_files *files, const struct sg_iis_site *site, const struct sg_test *test,
	        struct sg_judgement *ret, struct sg_err *err);
	/* What somebody else has put in that does the same. `own` do not count. SG_EIO: it could not be asked (rules_apart.h). NULL: nobody else's can be
	 * told. */
	int (*others)(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
	        const struct sg_drives *drives, const struct sg_holds *own, struct sg_others *ret,
	        struct sg_err *err);
	/* What of the action is in force apart from requests: that its rules are in the effective configuration of each place, that its pool or service
	 * reads as wanted. NULL: nothing beside what judge says. */
	int (*prove)(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
	        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err);
	/* What it means for people beside the files, in or `out`: sentences, each once, added to `ret`. NULL: nothing to say. */
	void (*effects)(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
	        bool out, struct sg_strs *ret);
	/* The equal appcmd or PowerShell lines for one value, apply and undo. */
	void (*by_hand)(const struct sg_wish *wish, bool undo, struct sg_buf *out);
};
const struct sg_action_kind *sg_action_kind(
        const char *type); /* case as written; NULL: this version does not know it */
/* The same; SG_EUNSUPPORTED names mitigation and type. */
int sg_action_kind_of(const struct sg_mitigation *m, const struct sg_action *a,
        const struct sg_action_kind **ret, struct sg_err *err);

char *sg_action_words(
        void); /* the configuration's names of all kinds, with blanks between them; owned by the caller */

/* All actions of a mitigation together: checks each kind is known (else SG_EUNSUPPORTED naming the type). */
int sg_actions_check(const struct sg_mitigation *m, struct sg_err *err);
int sg_actions_plan(const struct sg_mitigation *m, const struct sg_host *host, const struct sg_drives *drives,
        const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err);
int sg_actions_prove(const struct sg_mitigation *m, const struct sg_host *host,
        const struct sg_drives *drives, struct sg_proof *ret, struct sg_err *err);
/* Only the mitigation's own tests, whoever's rules decide them: what is asked of somebody else's. */
int sg_actions_test(const struct sg_mitigation *m, const struct sg_host *host, const struct sg_drives *drives,
        struct sg_proof *ret, struct sg_err *err);
/* All of it joined; ret->all only when every action's effect is there. Kinds without `others` make it not all. */
int sg_actions_others(const struct sg_mitigation *m, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_others *ret,
        struct sg_err *err);
/* One sentence more, unless it was said; takes `line`. For the kinds' effects. */
void sg_effect_add(struct sg_strs *ret, char *line);
/* Kinds that this version does not know have nothing to say. */
void sg_actions_effects(
        const struct sg_mitigation *m, const struct sg_host *host, bool out, struct sg_strs *ret);

#endif
