/* op_rows.c - what a row becomes when an operation ended: in, out, or failed. The only place that decides retry times. */
#include "engine/op_build.h"
#include "engine/recover.h"

#include <stdlib.h>

/* A taken name, a file that cannot be parsed, a locked section: waited for this long and this often, and tried again at once when the file changes, before
 * a person has to decide. What is missing here (the module, a place) is waited for without end: nobody has to decide about it. */
#define SG_CONFLICT_TIME  SG_DAY
#define SG_CONFLICT_TRIES 3

int64_t sg_retry_delay(uint32_t attempts)
{
	int64_t delay = SG_MINUTE;

	for (uint32_t i = 1; i < attempts && delay < SG_HOUR; i++)
		delay *= 2;
	return delay < SG_HOUR ? delay : SG_HOUR;
}

static void retry_later(struct sg_row *row, int64_t now)
{
	row->attempts++;
	row->retry_at = now + sg_retry_delay(row->attempts);
}

static void apply_failed(struct sg_row *row, const struct sg_err *cause, bool holder, int64_t now)
{
	const char *why = cause->msg[0] ? cause->msg : "the cause is not known";

	retry_later(row, now);
	if (holder) {
		sg_row_move(row, SG_APPLICABLE, SG_WHY_HOLDER, now, "waits for another mitigation: %s", why);
		return;
	}
	switch (cause->code) {
	case SG_ECONFLICT:
	case SG_EPARSE:
	case SG_EACCES:
		if (row->state == SG_APPLICABLE && row->reason == SG_WHY_REFUSED &&
		        row->attempts >= SG_CONFLICT_TRIES && now - row->since >= SG_CONFLICT_TIME) {
			row->failed = row->offered;
			row->retry_at = 0;
			sg_row_move(row, SG_BLOCKED, SG_WHY_CONFLICT, now, "%s", why);
			return;
		}
		sg_row_move(row, SG_APPLICABLE, SG_WHY_REFUSED, now, "%s", why);
		return;
	case SG_EINVAL:
		row->failed = row->offered;
		row->retry_at = 0;
		sg_row_move(row, SG_BLOCKED, SG_WHY_FAILED, now, "%s", why);
		return;
	case SG_EUNSUPPORTED:
	case SG_ELIMIT:
	case SG_ENOENT: sg_row_move(row, SG_APPLICABLE, SG_WHY_REFUSED, now, "%s", why); return;
	default: sg_row_move(row, SG_APPLICABLE, SG_WHY_RETRY, now, "%s", why); return;
	}
}

void sg_row_failed(
        struct sg_row *row, enum sg_op op, const struct sg_err *cause, bool holder, bool holds, int64_t now)
{
	const char *why = cause->msg[0] ? cause->msg : "the cause is not known";

	switch (op) {
	case SG_OP_APPLY: apply_failed(row, cause, holder, now); return;
	case SG_OP_SUPERSEDE:
		retry_later(row, now);
		row->failed = row->offered;
		if (row->state == SG_BLOCKED) { /* what is missing of the older body is missing still */
			sg_row_move(row, SG_BLOCKED, row->reason, now, "another body failed, too: %s", why);
			return;
		}
		sg_row_move(row, SG_APPLIED, SG_WHY_NEWER_FAILED, now,
		        "the older body stays; the newer one failed: %s", why);
		return;
	case SG_OP_REPAIR:
		retry_later(row, now);
		if (row->mixed) {
			sg_row_move(
			        row, SG_BLOCKED, SG_WHY_IO, now, "could not be brought back whole: %s", why);
			return;
		}
		sg_row_move(row, SG_APPLIED, SG_WHY_VALUES_MISSING, now,
		        "values are missing and could not be put back: %s", why);
		return;
	case SG_OP_TAKE_OVER:
		if (holds && row->mixed && row->reason == SG_WHY_IO) {
			retry_later(row, now); /* what may be of two bodies is repaired still */
			sg_row_move(row, SG_BLOCKED, SG_WHY_IO, now, "could not be taken over: %s", why);
			return;
		}
		sg_row_move(row, SG_BLOCKED, holds ? SG_WHY_DRIFT : SG_WHY_CONFLICT, now,
		        "could not be taken over: %s", why);
		return;
	case SG_OP_REVERT:
		retry_later(row, now);
		row->goal = SG_OUT;
		if (cause->code == SG_ECONFLICT)
			sg_row_move(row, SG_BLOCKED, SG_WHY_DRIFT, now,
			        "what is there was edited by somebody else and stays: %s", why);
		else {
			row->mixed = true;
			sg_row_move(row, SG_BLOCKED, SG_WHY_IO, now, "could not be taken out: %s", why);
		}
		return;
	}
}

void sg_row_revert_failed(
        struct sg_row *row, enum sg_reason done_why, const struct sg_err *cause, int64_t now)
{
	if (done_why == SG_WHY_REMOVED)
		row->failed = row->applied;
	sg_row_failed(row, SG_OP_REVERT, cause, false, true, now);
}

void sg_row_applied(
        struct sg_row *row, const struct sg_hash *body, const char *revision, enum sg_op op, int64_t now)
{
	if (op == SG_OP_REPAIR) {
		if (!row->repairs || now - row->repairs_since >= SG_REPAIR_BOUND_TIME) {
			row->repairs = 0;
			row->repairs_since = now;
		}
		row->repairs++;
	}
	if (op ==
	        SG_OP_SUPERSEDE) /* what fought the older body is given the chance to leave this one alone */
		row->repairs = 0;
	if (op != SG_OP_REPAIR || !row->applied_at)
		row->applied_at = now;
	row->applied = *body;
	sg_str_set(&row->applied_revision, revision);
	row->failed = (struct sg_hash){ { 0 } };
	row->mixed = false;
	row->attempts = 0;
	row->retry_at = 0;
	row->goal = SG_IN;
	row->now = false;
	row->in_force_by_others = false;
	sg_row_move(row, SG_APPLIED, SG_WHY_APPLIED, now, "in place since its values were written");
}

void sg_row_out(struct sg_row *row, enum sg_state done, enum sg_reason why, const char *text, int64_t now)
{
	if (why == SG_WHY_REMOVED)
		row->failed =
		        row->applied; /* this very body was taken out by a person: it does not come back by itself */
	row->applied = (struct sg_hash){ { 0 } };
	sg_str_set(&row->applied_revision, NULL);
	row->applied_at = 0;
	row->mixed = false;
	if (why != SG_WHY_NEW) /* half done and taken out: the next failure still waits longer */
		row->attempts = 0;
	row->retry_at = 0;
	row->goal = SG_OUT;
	row->effective = SG_EFFECTIVE_UNKNOWN;
	sg_str_set(&row->effective_text, NULL);
	sg_row_move(row, done, why, now, "%s", text ? text : "what was there before is back");
}
