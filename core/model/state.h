/* state.h - what a mitigation is, what it should be, and THE table of what is done about the difference. Pure.
 *
 * Level-triggered: sg_state_want() looks at stored facts only, so nothing depends on having seen an event. sg_state_situation() names
 * the one thing that matters now, and sg_state_cell() looks the pair (slot, situation) up in one constant table. No other file
 * compares states to decide what to do. README.md's table is sg_state_print()'s output.
 */
#ifndef SG_MODEL_STATE_H
#define SG_MODEL_STATE_H

#include "base/buf.h"

enum sg_state { SG_PENDING = 1, SG_APPLICABLE, SG_APPLIED, SG_BLOCKED, SG_REVERTED };

enum sg_reason {
	SG_WHY_NONE = 0,
	/* pending */
	SG_WHY_NEW,        /* recorded, not evaluated yet */
	SG_WHY_NOT_NEEDED, /* NO, with proof */
	SG_WHY_UNKNOWN,    /* cannot tell */
	SG_WHY_SHADOWED,   /* another feed offers the same id with precedence */
	SG_WHY_GONE,       /* what held its values is gone */
	/* applicable: what it waits for */
	SG_WHY_APPROVAL,
	SG_WHY_WINDOW,
	SG_WHY_MAINTENANCE, /* its window is maintenance mode, which opens at no known time */
	SG_WHY_DELAY,
	SG_WHY_RETRY,
	SG_WHY_HOLDER,  /* another mitigation holds the value with another content */
	SG_WHY_OTHERS,  /* an equivalent rule of somebody else is in force */
	SG_WHY_STALE,   /* the feed is past its expires: nothing new starts */
	SG_WHY_OBSERVE, /* the mode changes nothing */
	SG_WHY_PAUSED,
	SG_WHY_REFUSED, /* the file cannot take it now (unparsable, locked, module missing, conflict); retried when it changes */
	SG_WHY_SETUP, /* Setup is running */
	/* applied */
	SG_WHY_APPLIED,
	SG_WHY_REMOVAL_WINDOW, /* is to go, waits for its window */
	SG_WHY_NEWER_WAITS,
	SG_WHY_NEWER_FAILED,
	SG_WHY_VALUES_MISSING, /* EXPOSED; the repair is tried again */
	/* blocked */
	SG_WHY_ADMIN,
	SG_WHY_REMOVED, /* a person took it out by hand */
	SG_WHY_DRIFT,
	SG_WHY_CONFLICT,
	SG_WHY_FOUGHT,
	SG_WHY_FAILED,
	SG_WHY_IO, /* retries by itself */
	/* reverted */
	SG_WHY_WITHDRAWN,
	SG_WHY_ENDED,
	SG_WHY_BY_ADMIN,
	SG_WHY_COUNT
};

enum sg_want { SG_IN = 1, SG_OUT, SG_HOLD };
enum sg_applies { SG_APPLIES_UNKNOWN = 0, SG_APPLIES_YES, SG_APPLIES_NO };
enum sg_effective { SG_EFFECTIVE_UNKNOWN = 0, SG_EFFECTIVE_YES, SG_EFFECTIVE_NO };

/* What a look at the held values found, all of them together: the worst wins. */
enum sg_look {
	SG_LOOK_NONE = 0, /* nothing is held */
	SG_LOOK_AFTER,    /* every value is at its after */
	SG_LOOK_MISSING,  /* some absent or at their before, none other */
	SG_LOOK_OTHER,    /* some value is somebody else's work */
	SG_LOOK_GONE,     /* the file, site, pool or service of some value is gone */
	SG_LOOK_FAILED,   /* it could not be looked at */
};

/* Everything that want and situation depend on; filled by engine from row, blocks, policy, feed and look. */
struct sg_facts {
	/* for want */
	bool setup_running;
	bool admin_out;     /* taken out by an administrator, until `apply` */
	bool blocked, keep; /* a block covers it; with keep what is there stays */
	bool paused, observe;
	bool withdrawn;                /* tombstoned, or absent in eocs */
	bool ended;                    /* remove-after has passed */
	bool shadowed, shadow_settled; /* the one above it has settled */
	enum sg_applies applies;
	/* for the situation */
	bool holds;          /* it holds at least one value */
	bool incomplete;     /* it holds values, yet no body is in whole: what an error left half done */
	bool mixed;          /* a body is in, yet what is held may be half of it, or of another one, too */
	bool asked;          /* a person or a recall asked for the removal */
	bool removal_window; /* the removal window is open (or there is none) */
	enum sg_look look;
	bool replaced; /* Setup ran, the build changed, or the file's identity AND its other bytes changed */
	bool reapply;  /* by-hand="reapply" */
	bool repair_bound; /* too many repairs in the bound's time */
	bool other_body;   /* the offered body is not the applied one */
	bool body_failed;  /* the offered body is the one whose apply failed */
	bool go;
	bool removed; /* a person took the applied body out by hand, and the rest of it was begun to be taken out */
	bool retry_due;  /* no retry time is set, or it has come */
	bool tried_out;  /* a revert was tried already and left what is OTHER alone */
	bool equivalent; /* somebody else's equivalent rule is in force */
	bool adopt;      /* policy adopts it */
};

enum sg_want sg_state_want(const struct sg_facts *f);

/* State and, for blocked, why: the rows of the table. */
enum sg_slot {
	SG_SLOT_PENDING,
	SG_SLOT_APPLICABLE,
	SG_SLOT_APPLIED,
	SG_SLOT_REVERTED,
	SG_SLOT_ADMIN,
	SG_SLOT_REMOVED,
	SG_SLOT_DRIFT,
	SG_SLOT_CONFLICT,
	SG_SLOT_FOUGHT,
	SG_SLOT_FAILED,
	SG_SLOT_IO,
	SG_SLOT_COUNT
};
enum sg_slot sg_state_slot(enum sg_state state, enum sg_reason reason);

/* The columns: first match, in this order. */
enum sg_situation {
	SG_SIT_HOLD,         /* HOLD */
	SG_SIT_HOLD_PENDING, /* HOLD, holds nothing: it cannot be told, or what kept it out is over */
	SG_SIT_RETRY_WAIT,   /* something failed before and its retry is not due */
	SG_SIT_OUT_WAIT, /* OUT with holds, its window shut and no person or recall asked; or only foreign work is left */
	SG_SIT_OUT,       /* OUT with holds */
	SG_SIT_OUT_EMPTY, /* OUT, holds nothing */
	SG_SIT_GONE,      /* holds, and what held them is gone */
	SG_SIT_UNSEEN,    /* holds, and they cannot be looked at now */
	SG_SIT_OTHER,     /* IN, holds, some value other */
	SG_SIT_HALF,      /* IN, holds values of no whole body: what an error left half done */
	SG_SIT_MIXED,     /* IN, an operation ended short of its settle: what is held may be of two bodies */
	SG_SIT_REPLACED,  /* IN, values missing because the file was replaced */
	SG_SIT_FOUGHT,    /* the same past the bound */
	SG_SIT_BY_HAND,   /* IN, values missing, anything else; respected */
	SG_SIT_BY_HAND_REAPPLY,
	SG_SIT_NEWER,       /* IN, all after, another body, go */
	SG_SIT_NEWER_WAITS, /* IN, all after, another body, no go */
	SG_SIT_AFTER,       /* IN, same body, all after */
	SG_SIT_OTHERS,      /* IN, holds nothing, equivalent rule there, left */
	SG_SIT_GO,          /* IN, holds nothing, go */
	SG_SIT_WAIT,        /* IN, holds nothing, no go */
	SG_SIT_STUCK, /* IN, holds nothing, and this very body failed, conflicted or was taken out by hand */
	SG_SIT_COUNT
};
enum sg_situation sg_state_situation(enum sg_slot slot, enum sg_want want, const struct sg_facts *f);

enum sg_cell_kind { SG_CELL_WORK, SG_CELL_IGNORE, SG_CELL_REFUSE };
enum sg_work {
	SG_WORK_NONE,
	SG_WORK_NOTE,
	SG_WORK_APPLY,
	SG_WORK_SUPERSEDE,
	SG_WORK_REPAIR,
	SG_WORK_REVERT,
	SG_WORK_DROP
};

/* One cell: what is done, and where it leads. done/failed 0: the state stays. A reason of SG_WHY_NONE: by the cause (want's reason, the
 * waiting cause, or the error's class). */
struct sg_cell {
	enum sg_cell_kind kind;
	enum sg_work work;
	enum sg_state done;
	enum sg_reason done_why;
	enum sg_state failed;
	enum sg_reason failed_why;
	const char *text; /* for people */
};
const struct sg_cell *sg_state_cell(enum sg_slot slot, enum sg_situation situation);

/* Why want is OUT or HOLD, as a reason for the row: SG_WHY_ADMIN, SG_WHY_WITHDRAWN, SG_WHY_NOT_NEEDED, ... */
enum sg_reason sg_state_want_reason(const struct sg_facts *f);

/* What people see. */
enum sg_verdict {
	SG_V_IN_FORCE = 1,
	SG_V_BY_OTHERS,
	SG_V_NOT_NEEDED,
	SG_V_WAITING,
	SG_V_EXPOSED,
	SG_V_UNKNOWN
};
struct sg_verdict_in {
	enum sg_state state;
	enum sg_reason reason;
	enum sg_applies applies;
	enum sg_effective effective;
	enum sg_look
	        seen; /* of its values, where nothing is done about it: SG_LOOK_FAILED or SG_LOOK_MISSING */
	bool holds, by_others;
	bool scheduled; /* it will be applied by itself at a known time */
};
enum sg_verdict sg_state_verdict(const struct sg_verdict_in *in);
/* The same in the words of Exchange's Get-Mitigations.ps1: "Applied", "Blocked" (a person keeps it out, whatever else is true of it), "Failed" (it should be in
 * force, was tried, and is not), and four for what that script does not list: "ByOthers", "NotNeeded", "Waiting" (needed, and not tried yet), "Unknown". */
const char *sg_state_status(enum sg_state state, enum sg_reason reason, enum sg_verdict verdict);

const char *sg_state_name(enum sg_state s);
const char *sg_reason_name(enum sg_reason r);
bool sg_state_parse(const char *name, enum sg_state *ret);
bool sg_reason_parse(const char *name, enum sg_reason *ret);
const char *sg_want_name(enum sg_want w);
const char *sg_slot_name(enum sg_slot s);
const char *sg_situation_name(enum sg_situation s);
const char *sg_work_name(enum sg_work w);
const char *sg_verdict_name(enum sg_verdict
                v); /* "IN FORCE", "IN FORCE BY OTHERS", "NOT NEEDED", "WAITING", "EXPOSED", "UNKNOWN" */
const char *sg_applies_name(enum sg_applies a);
const char *sg_effective_name(enum sg_effective e);
const char *sg_look_name(enum sg_look l);

/* The table, as README.md shows it (Markdown), or as a Graphviz digraph. */
enum sg_state_print_style { SG_PRINT_TEXT, SG_PRINT_DOT };
void sg_state_print(enum sg_state_print_style style, struct sg_buf *out);

#endif
