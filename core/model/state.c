/* state.c - want, situation and verdict: pure functions of facts. The table itself is state_table.c. */
#include "model/state.h"

#include <string.h>

/* A pause and observe keep back what would change something. That nothing is to be there is said all the same where nothing is: no proof of a NO, and no
 * withdrawal, is hidden behind them. */
enum sg_want sg_state_want(const struct sg_facts *f)
{
	if (f->setup_running)
		return SG_HOLD;
	if (f->admin_out || (f->blocked && !f->keep))
		return SG_OUT;
	if ((f->paused || f->observe) && f->holds)
		return SG_HOLD;
	if (f->withdrawn || f->ended)
		return SG_OUT;
	if (f->blocked)
		return f->holds ? SG_HOLD : SG_OUT;
	if (f->shadowed)
		return f->holds && !f->shadow_settled ? SG_HOLD : SG_OUT;
	if (f->applies == SG_APPLIES_UNKNOWN)
		return SG_HOLD;
	if (f->applies == SG_APPLIES_NO)
		return SG_OUT;
	return f->paused || f->observe ? SG_HOLD : SG_IN;
}

enum sg_reason sg_state_want_reason(const struct sg_facts *f)
{
	if (f->setup_running)
		return SG_WHY_SETUP;
	if (f->admin_out)
		return SG_WHY_BY_ADMIN;
	if (f->blocked && !f->keep)
		return SG_WHY_ADMIN;
	if ((f->paused || f->observe) && f->holds)
		return f->paused ? SG_WHY_PAUSED : SG_WHY_OBSERVE;
	if (f->withdrawn)
		return SG_WHY_WITHDRAWN;
	if (f->ended)
		return SG_WHY_ENDED;
	if (f->blocked)
		return SG_WHY_ADMIN;
	if (f->shadowed)
		return SG_WHY_SHADOWED;
	if (f->applies == SG_APPLIES_UNKNOWN)
		return SG_WHY_UNKNOWN;
	if (f->applies == SG_APPLIES_NO)
		return SG_WHY_NOT_NEEDED;
	if (f->paused || f->observe)
		return f->paused ? SG_WHY_PAUSED : SG_WHY_OBSERVE;
	return SG_WHY_NONE;
}

enum sg_slot sg_state_slot(enum sg_state state, enum sg_reason reason)
{
	static const struct {
		enum sg_reason reason;
		enum sg_slot slot;
	} blocked[] = {
		{ SG_WHY_ADMIN, SG_SLOT_ADMIN },
		{ SG_WHY_REMOVED, SG_SLOT_REMOVED },
		{ SG_WHY_DRIFT, SG_SLOT_DRIFT },
		{ SG_WHY_CONFLICT, SG_SLOT_CONFLICT },
		{ SG_WHY_FOUGHT, SG_SLOT_FOUGHT },
		{ SG_WHY_FAILED, SG_SLOT_FAILED },
	};

	switch (state) {
	case SG_PENDING: return SG_SLOT_PENDING;
	case SG_APPLICABLE: return SG_SLOT_APPLICABLE;
	case SG_APPLIED: return SG_SLOT_APPLIED;
	case SG_REVERTED: return SG_SLOT_REVERTED;
	case SG_BLOCKED: break;
	}
	for (size_t i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++) {
		if (blocked[i].reason == reason)
			return blocked[i].slot;
	}
	return SG_SLOT_IO;
}

static enum sg_situation out_situation(enum sg_slot slot, const struct sg_facts *f)
{
	if (!f->holds)
		return SG_SIT_OUT_EMPTY;
	if (f->look == SG_LOOK_GONE)
		return SG_SIT_GONE;
	if (slot == SG_SLOT_DRIFT && f->tried_out && f->look == SG_LOOK_OTHER)
		return SG_SIT_OUT_WAIT;
	return f->removal_window || f->asked ? SG_SIT_OUT : SG_SIT_OUT_WAIT;
}

static enum sg_situation in_missing(enum sg_slot slot, const struct sg_facts *f)
{
	/* what fought the older body may leave another one alone */
	if (slot == SG_SLOT_FOUGHT && f->other_body && !f->body_failed && f->go)
		return SG_SIT_NEWER;
	if (!f->retry_due)
		return SG_SIT_RETRY_WAIT;
	if ((f->replaced || f->reapply) && f->repair_bound)
		return SG_SIT_FOUGHT;
	if (f->replaced)
		return SG_SIT_REPLACED;
	return f->reapply ? SG_SIT_BY_HAND_REAPPLY : SG_SIT_BY_HAND;
}

static enum sg_situation in_held(enum sg_slot slot, const struct sg_facts *f)
{
	switch (f->look) {
	case SG_LOOK_GONE: return SG_SIT_GONE;
	case SG_LOOK_FAILED: return SG_SIT_UNSEEN;
	case SG_LOOK_OTHER: return SG_SIT_OTHER;
	case SG_LOOK_NONE: /* an applied mitigation without values: the heartbeat */
	case SG_LOOK_MISSING:
	case SG_LOOK_AFTER: break;
	}
	if (f->incomplete)
		return f->retry_due ? SG_SIT_HALF : SG_SIT_RETRY_WAIT;
	/* Whatever it is blocked for by now: values that look right may be another body's. */
	if (f->mixed && !f->removed)
		return f->retry_due ? SG_SIT_MIXED : SG_SIT_RETRY_WAIT;
	if (f->look == SG_LOOK_MISSING)
		return in_missing(slot, f);
	if (!f->other_body)
		return SG_SIT_AFTER;
	return f->go ? SG_SIT_NEWER : SG_SIT_NEWER_WAITS;
}

enum sg_situation sg_state_situation(enum sg_slot slot, enum sg_want want, const struct sg_facts *f)
{
	bool settled_by_person = slot == SG_SLOT_REMOVED || slot == SG_SLOT_CONFLICT ||
	                         slot == SG_SLOT_FAILED || slot == SG_SLOT_FOUGHT;

	if (want == SG_HOLD) {
		bool over = slot == SG_SLOT_ADMIN || slot == SG_SLOT_REVERTED; /* what kept it out */

		if (f->holds || f->setup_running)
			return SG_SIT_HOLD;
		return f->applies == SG_APPLIES_UNKNOWN || over ? SG_SIT_HOLD_PENDING : SG_SIT_HOLD;
	}
	if (slot == SG_SLOT_IO && !f->retry_due && !f->asked)
		return SG_SIT_RETRY_WAIT;
	if (want == SG_OUT)
		return out_situation(slot, f);
	if (f->holds || slot == SG_SLOT_APPLIED)
		return in_held(slot, f);
	if (settled_by_person && !f->other_body && f->body_failed)
		return SG_SIT_STUCK;
	if (f->equivalent && !f->adopt)
		return SG_SIT_OTHERS;
	return f->go ? SG_SIT_GO : SG_SIT_WAIT;
}

enum sg_verdict sg_state_verdict(const struct sg_verdict_in *in)
{
	if (in->state == SG_APPLIED && in->reason != SG_WHY_VALUES_MISSING &&
	        in->effective != SG_EFFECTIVE_NO) {
		if (in->seen == SG_LOOK_FAILED)
			return SG_V_UNKNOWN;
		if (in->seen != SG_LOOK_MISSING || in->effective == SG_EFFECTIVE_YES)
			return SG_V_IN_FORCE;
	}
	if (in->state == SG_BLOCKED && in->holds && in->effective == SG_EFFECTIVE_YES)
		return SG_V_IN_FORCE;
	if (in->by_others)
		return SG_V_BY_OTHERS;
	if (in->state == SG_REVERTED && (in->reason == SG_WHY_WITHDRAWN || in->reason == SG_WHY_ENDED))
		return SG_V_NOT_NEEDED;
	if (in->applies == SG_APPLIES_NO || in->reason == SG_WHY_SHADOWED)
		return SG_V_NOT_NEEDED;
	if (in->applies == SG_APPLIES_UNKNOWN && in->state != SG_APPLIED)
		return SG_V_UNKNOWN;
	return in->scheduled ? SG_V_WAITING : SG_V_EXPOSED;
}

/* Whether a person said no, rather than that something went wrong. */
static bool kept_out(enum sg_state state, enum sg_reason reason)
{
	return (state == SG_BLOCKED && (reason == SG_WHY_ADMIN || reason == SG_WHY_REMOVED)) ||
	       (state == SG_REVERTED && reason == SG_WHY_BY_ADMIN);
}

const char *sg_state_status(enum sg_state state, enum sg_reason reason, enum sg_verdict verdict)
{
	if (kept_out(state, reason))
		return "Blocked";
	switch (verdict) {
	case SG_V_IN_FORCE: return "Applied";
	case SG_V_BY_OTHERS: return "ByOthers";
	case SG_V_NOT_NEEDED: return "NotNeeded";
	case SG_V_WAITING:
	case SG_V_EXPOSED: break;
	case SG_V_UNKNOWN: return "Unknown";
	}
	if (state == SG_BLOCKED || state == SG_APPLIED || reason == SG_WHY_RETRY || reason == SG_WHY_REFUSED)
		return "Failed";
	return "Waiting";
}
