/* ctx.c - audit lines and row moves, shared by every operation. */
#include "engine/ctx.h"

#include <stdlib.h>

bool sg_holds_any(const struct sg_holds *holds, const struct sg_key *key)
{
	for (size_t i = 0; i < holds->n; i++) {
		if (sg_keys_has(&holds->at[i].holders, key))
			return true;
	}
	return false;
}

void sg_row_move(
        struct sg_row *row, enum sg_state state, enum sg_reason reason, int64_t now, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;

	if (row->state != state || row->reason != reason || !row->since)
		row->since = now;
	row->state = state;
	row->reason = reason;
	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	free(row->text);
	row->text = sg_buf_detach(&text);
}

/* Whether it will go in by itself at a known time, nobody doing anything. */
static bool scheduled(const struct sg_row *row)
{
	switch (row->reason) {
	case SG_WHY_NEW:
	case SG_WHY_WINDOW:
	case SG_WHY_DELAY:
	case SG_WHY_RETRY:
	case SG_WHY_SETUP:
	case SG_WHY_GONE: return true;
	case SG_WHY_PAUSED:
	case SG_WHY_APPROVAL: return row->ask_until != 0;
	case SG_WHY_MAINTENANCE:
	case SG_WHY_REFUSED: /* tried again, but it can only succeed when somebody changes the file */
	case SG_WHY_HOLDER:
	case SG_WHY_NONE:
	case SG_WHY_NOT_NEEDED:
	case SG_WHY_UNKNOWN:
	case SG_WHY_SHADOWED:
	case SG_WHY_OTHERS:
	case SG_WHY_STALE:
	case SG_WHY_OBSERVE:
	case SG_WHY_APPLIED:
	case SG_WHY_REMOVAL_WINDOW:
	case SG_WHY_NEWER_WAITS:
	case SG_WHY_NEWER_FAILED:
	case SG_WHY_VALUES_MISSING:
	case SG_WHY_ADMIN:
	case SG_WHY_REMOVED:
	case SG_WHY_DRIFT:
	case SG_WHY_CONFLICT:
	case SG_WHY_FOUGHT:
	case SG_WHY_FAILED:
	case SG_WHY_IO:
	case SG_WHY_WITHDRAWN:
	case SG_WHY_ENDED:
	case SG_WHY_BY_ADMIN:
	case SG_WHY_COUNT: break;
	}
	return false;
}

char *sg_row_sight(const struct sg_row *row)
{
	const char *text = row->seen_text ? row->seen_text : "its values cannot be looked at";

	if (row->seen == SG_LOOK_FAILED)
		return sg_format("whether it is still in place cannot be seen: %s", text);
	if (row->seen == SG_LOOK_MISSING)
		return sg_format("it is not in place, and nothing is done about it now: %s", text);
	return NULL;
}

enum sg_verdict sg_row_verdict(const struct sg_row *row, bool holds)
{
	struct sg_verdict_in in = {
		.state = row->state,
		.reason = row->reason,
		.applies = row->applies,
		.effective = row->effective,
		.seen = row->seen,
		.holds = holds,
		.by_others = row->in_force_by_others,
		.scheduled = scheduled(row),
	};

	return sg_state_verdict(&in);
}

void sg_line(struct sg_lines *lines, const struct sg_ctx *ctx, int code, const struct sg_row *row,
        struct sg_val *data, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	struct sg_audit *line;
	va_list ap;

	lines->at = sg_grow(lines->at, lines->n, &lines->cap, sizeof(*lines->at));
	line = &lines->at[lines->n++];
	*line = (struct sg_audit){ .wall = ctx->now.wall, .code = code };
	for (size_t i = 0; i < sizeof(line->boot); i++)
		line->boot[i] = ctx->now.boot[i];
	if (ctx->who)
		sg_who_copy(&line->who, ctx->who);
	if (!data)
		data = sg_val_map();
	if (row) {
		bool holds = !sg_hash_is_zero(&row->applied) || row->state == SG_APPLIED;

		sg_key_copy(&line->key, &row->key);
		sg_val_set_str(data, "state", sg_state_name(row->state));
		sg_val_set_str(data, "reason", sg_reason_name(row->reason));
		sg_val_set_str(data, "verdict", sg_verdict_name(sg_row_verdict(row, holds)));
		sg_val_set_str(data, "revision",
		        row->applied_revision ? row->applied_revision : row->offered_revision);
	}
	line->data = data;
	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	line->text = sg_buf_detach(&text);
}

struct sg_val *sg_line_of_feed(const char *feed)
{
	struct sg_val *data = sg_val_map();

	sg_val_set_str(data, "feed", feed);
	return data;
}

void sg_lines_release(struct sg_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		sg_audit_release(&lines->at[i]);
	free(lines->at);
	sg_val_free(lines->facts);
	*lines = (struct sg_lines){ 0 };
}

int sg_note(
        struct sg_ctx *ctx, struct sg_row *const *rows, size_t n, struct sg_lines *lines, struct sg_err *err)
{
	struct sg_change change = { .rows = rows, .n_rows = n };

	if (lines) {
		change.audits = lines->at;
		change.n_audits = lines->n;
		change.facts = lines->facts;
	}
	return sg_journal_note(ctx->journal, &change, &ctx->now, err);
}
