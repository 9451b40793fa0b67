/* request_change.c - the methods that change something: each notes what was asked, by whom and why, then lets the work follow. */
#include "engine/request_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static void approve_row(struct sg_request *r, bool now)
{
	struct sg_clock clock;

	sg_engine_clock(r->e, &clock);
	r->row->approved = r->row->offered;
	sg_who_release(&r->row->approved_who);
	sg_who_copy(&r->row->approved_who, &r->who);
	r->row->approved_at = clock.wall;
	r->row->now = now;
}

int sg_request_check_approve(struct sg_request *r)
{
	if (sg_hash_is_zero(&r->row->offered))
		return sg_fail(r->err, SG_ESTATE, "%s has no body to approve: %s", r->row->key.id,
		        r->row->text ? r->row->text : "it was withdrawn");
	return 0;
}

int sg_request_do_approve(struct sg_request *r)
{
	char *text;
	int code = sg_request_check_approve(r);

	if (code)
		return code;
	approve_row(r, false);
	text = sg_format("approved%s%s", r->row->offered_revision ? " revision " : "",
	        r->row->offered_revision ? r->row->offered_revision : "");
	code = sg_request_note(r, SG_EV_APPROVED, r->row, NULL, text);
	if (!code)
		code = sg_request_settle(r);
	if (!code)
		sg_request_done(r, true, "%s: %s; %s", r->row ? r->row->key.id : "?", text,
		        r->row && r->row->text ? r->row->text : "");
	free(text);
	return code;
}

/* What a person can do about a mitigation that does not move. */
const char *sg_request_way_out(const struct sg_row *row)
{
	if (row && row->state == SG_APPLICABLE && row->reason == SG_WHY_OTHERS)
		return "; <removal equivalent=\"adopt\"/> in the configuration lets ours take its place";
	if (!row || row->state != SG_BLOCKED)
		return "";
	if (row->reason == SG_WHY_DRIFT || row->reason == SG_WHY_CONFLICT)
		return "; look at it with 'stopgapctl show ID', then 'resolve ID --retry', '--take-over' "
		       "(ours is written, theirs comes back with a rollback) or "
		       "'--accept' (theirs stays)";
	if (row->reason == SG_WHY_REMOVED || row->reason == SG_WHY_FOUGHT || row->reason == SG_WHY_FAILED)
		return "; 'stopgapctl resolve ID --retry' tries again";
	return "";
}

/* While Setup is at work, files are its own: whoever changes them then is overwritten, or breaks it. */
int sg_request_refuse_in_setup(struct sg_request *r)
{
	sg_engine_host(r->e, 0);
	if (!r->e->host || !r->e->host->setup_running)
		return 0;
	return sg_fail(r->err, SG_ESTATE, "not while Setup is at work: %s", r->e->host->setup_text);
}

/* Past window, delay and ring; never past applicability, locks, space or a block. */
int sg_request_do_apply(struct sg_request *r)
{
	const struct sg_block *block;
	const char *failed;
	bool keep;
	int code = sg_request_refuse_in_setup(r);

	if (code)
		return code;
	block = sg_policy_block(&r->w.blocks, r->row, r->row->offered_revision, r->w.now.wall, &keep);
	if (block)
		return sg_fail(r->err, SG_ESTATE, "%s is blocked (%s%s%s): 'stopgapctl unblock %s' first",
		        r->row->key.id, block->source, block->who.reason ? ": " : "",
		        block->who.reason ? block->who.reason : "", r->row->key.id);
	if (r->row->tombstone)
		return sg_fail(r->err, SG_ESTATE, "%s was withdrawn by its feed: %s", r->row->key.id,
		        r->row->withdraw_reason ? r->row->withdraw_reason : "?");
	if (sg_world_paused(&r->w))
		return sg_fail(r->err, SG_ESTATE,
		        "stopgap is paused: 'stopgapctl resume' first, then apply %s", r->row->key.id);
	if (!r->e->conf)
		return sg_fail(r->err, SG_ESTATE,
		        "no configuration is in force: nothing is applied; start stopgapd with --config");
	approve_row(r, true);
	r->row->out = false;
	r->row->attempts = 0;
	r->row->retry_at = 0;
	r->row->failed = (struct sg_hash){ { 0 } };
	if (r->row->state == SG_BLOCKED && !sg_holds_any(&r->w.holds, &r->row->key))
		sg_row_move(
		        r->row, SG_PENDING, SG_WHY_NEW, r->w.now.wall, "an administrator asked to apply it");
	code = sg_request_note(r, SG_EV_APPLY_ASKED, r->row, NULL, "asked to apply now");
	if (!code)
		code = sg_request_settle(r);
	if (code)
		return code;
	if (!r->row || r->row->state != SG_APPLIED)
		return sg_fail(r->err, SG_ESTATE, "%s was not applied: %s%s", r->row ? r->row->key.id : "it",
		        r->row && r->row->text ? r->row->text : "?", sg_request_way_out(r->row));
	failed = sg_view_failed(r->e, &r->row->key);
	if (failed)
		return sg_fail(r->err, SG_ESTATE,
		        "%s was applied before, and whether it still is cannot be seen: %s", r->row->key.id,
		        failed);
	sg_request_done(r, true, "%s is applied", r->row->key.id);
	return 0;
}

int sg_request_do_block(struct sg_request *r)
{
	static char source[] = "admin";
	const char *id = sg_request_param(r, "id");
	const char *at = strchr(id, '@');
	char *name = at ? sg_strndup(id, (size_t)(at - id)) : sg_strdup(id);
	char *feed = sg_strdup(sg_request_param(r, "feed")),
	     *revision = at && at[1] ? sg_strdup(at + 1) : NULL;
	struct sg_block block = {
		.feed = feed, .id = name, .revision = revision, .source = source, .who = r->who
	};
	struct sg_change change = { .blocks_put = &block, .n_blocks_put = 1 };
	char *text = NULL;
	int code = 0;

	block.keep = sg_val_get_bool(r->params, "keep", false);
	block.until = sg_val_get_int(r->params, "until", 0);
	block.created = r->w.now.wall;
	if (at && (!at[1] || strchr(at + 1, '@')))
		code = sg_fail(r->err, SG_EINVAL,
		        "'%s': behind '@' stands one revision, such as EXK-2022-41040@1.1", id);
	else if (!sg_id_valid(name))
		code = sg_fail(r->err, SG_EINVAL,
		        "'%s' is not an id: letters, digits, '.', '_' and '-', such as EXK-2022-41040 or "
		        "EXK-2022-41040@1.1",
		        name);
	else if (block.until && block.until <= block.created)
		code = sg_fail(r->err, SG_EINVAL, "the block would end in the past");
	if (code)
		goto out;
	text = sg_format("blocked %s", id);
	code = sg_request_note(r, SG_EV_BLOCKED, NULL, &change, text);
	if (!code)
		code = sg_request_settle(r);
	if (code)
		goto out;
	for (size_t i = 0; !r->row && i < r->w.rows.n; i++) {
		if (sg_same(r->w.rows.at[i]->key.id, name) &&
		        (!feed || strcmp(feed, r->w.rows.at[i]->key.feed) == 0))
			r->row = r->w.rows.at[i];
	}
	if (r->row && revision && sg_holds_any(&r->w.holds, &r->row->key) &&
	        !sg_revision_covers(revision, r->row->applied_revision ? r->row->applied_revision : ""))
		sg_request_done(r, true,
		        "%s; revision %s is in place, which that does not cover: it stays ('block %s' takes "
		        "it "
		        "out, too)",
		        text, r->row->applied_revision ? r->row->applied_revision : "(without a label)",
		        name);
	else if (r->row && !block.keep && sg_holds_any(&r->w.holds, &r->row->key) && r->e->host &&
	         r->e->host->setup_running)
		sg_request_done(r, true, "%s; it is in force still, and goes out when Setup ends: %s", text,
		        r->e->host->setup_text ? r->e->host->setup_text : "Setup is at work");
	else
		sg_request_done(r, true, "%s%s%s", text, r->row ? "; " : "; no feed offers it yet",
		        r->row && r->row->text ? r->row->text : "");
	sg_report_beside(r->e, &r->w, r->row, r->reply);
out:
	free(text);
	free(name);
	free(feed);
	free(revision);
	return code;
}

static int note_unblocked(struct sg_request *r, const char *id, const struct sg_change *change)
{
	char *text = sg_format("unblocked %s", id);
	int code = sg_request_note(r, SG_EV_UNBLOCKED, NULL, change, text);

	free(text);
	return code;
}

int sg_request_do_unblock(struct sg_request *r)
{
	const char *id = sg_request_param(r, "id"), *feed = sg_request_param(r, "feed");
	const char *at = strchr(id, '@');
	size_t len = at ? (size_t)(at - id) : strlen(id);
	struct sg_block *drop = sg_alloc((r->w.blocks.n + 1) * sizeof(*drop));
	struct sg_change change = { .blocks_drop = drop };
	bool config = false;
	int code;

	for (size_t i = 0; i < r->w.blocks.n; i++) {
		const struct sg_block *b = &r->w.blocks.at[i];

		if (strlen(b->id) != len || !sg_same_n(b->id, id, len) ||
		        (feed && b->feed && strcmp(feed, b->feed) != 0))
			continue;
		if (at && !sg_same(b->revision, at + 1))
			continue;
		if (strcmp(b->source, "config") == 0)
			config = true;
		else
			drop[change.n_blocks_drop++] = *b;
	}
	if (change.n_blocks_drop)
		code = note_unblocked(r, id, &change);
	else if (config)
		code = sg_fail(r->err, SG_ESTATE,
		        "%s is blocked by the configuration: take its <block> out there and reload", id);
	else
		code = sg_fail(
		        r->err, SG_ENOENT, "nothing blocks %s; 'stopgapctl list' shows the blocks", id);
	if (!code)
		code = sg_request_settle(r);
	if (!code) {
		for (size_t i = 0; !r->row && i < r->w.rows.n; i++) {
			if (strlen(r->w.rows.at[i]->key.id) == len &&
			        sg_same_n(r->w.rows.at[i]->key.id, id, len))
				r->row = r->w.rows.at[i];
		}
		sg_request_done(r, true, "unblocked %s%s%s%s", id,
		        config ? "; the configuration still blocks it" : "", r->row ? "; " : "",
		        r->row && r->row->text ? r->row->text : "");
	}
	free(drop);
	return code;
}

/* This id stays out, whatever its body, until `apply`. */
static int take_out(struct sg_request *r, struct sg_row *row)
{
	row->out = true;
	row->out_at = r->w.now.wall;
	sg_who_release(&row->out_who);
	sg_who_copy(&row->out_who, &r->who);
	row->retry_at = 0;
	row->now = false;
	row->approved = (struct sg_hash){ { 0 } };
	return sg_request_note(r, SG_EV_ROLLBACK_ASKED, row, NULL, "asked to roll back");
}

int sg_request_do_rollback(struct sg_request *r)
{
	bool all = sg_val_get_bool(r->params, "all", false);
	size_t n = 0, left = 0;
	struct sg_keys taken = { 0 };
	struct sg_val *list;
	int code = sg_request_refuse_in_setup(r);

	if (code)
		return code;
	if (all == (r->row != NULL))
		return sg_fail(r->err, SG_EINVAL, "rollback takes an id, or --all");
	if (r->row) {
		code = take_out(r, r->row);
		if (!code)
			code = sg_request_settle(r);
		if (code)
			return code;
		if (!r->row || sg_holds_any(&r->w.holds, &r->row->key))
			return sg_fail(r->err, SG_ESTATE, "%s could not be taken out whole: %s%s",
			        r->row ? r->row->key.id : "it", r->row && r->row->text ? r->row->text : "?",
			        sg_request_way_out(r->row));
		sg_request_done(
		        r, true, "%s: %s", r->row->key.id, r->row->text ? r->row->text : "rolled back");
		sg_report_beside(r->e, &r->w, r->row, r->reply);
		return 0;
	}
	for (size_t i = 0; !code && i < r->w.rows.n; i++) {
		struct sg_row *row = r->w.rows.at[i];

		if (!sg_holds_any(&r->w.holds, &row->key)) /* a heartbeat is in place, and nothing of it */
			continue;
		code = take_out(r, row);
		sg_keys_add(&taken, row->key.feed, row->key.id);
		n++;
	}
	if (!code)
		code = sg_request_settle(r);
	left = r->w.holds.n;
	if (code || left)
		sg_keys_release(&taken);
	if (code)
		return code;
	if (left)
		return sg_fail(r->err, SG_ESTATE,
		        "%zu value%s could not be taken out: 'stopgapctl list' and 'show ID' say why", left,
		        left == 1 ? "" : "s");
	sg_request_done(
	        r, n > 0, "%zu mitigation%s rolled back; nothing of ours is left", n, n == 1 ? "" : "s");
	list = sg_val_set(r->reply, "mitigations", sg_val_array());
	for (size_t i = 0; i < r->w.rows.n; i++) {
		if (sg_keys_has(&taken, &r->w.rows.at[i]->key))
			sg_val_push(list, sg_report_row(r->e, &r->w, r->w.rows.at[i]));
	}
	sg_keys_release(&taken);
	return 0;
}

static int set_pause(struct sg_request *r, struct sg_val *pause, int event, const char *text)
{
	struct sg_val *facts = sg_val_map();
	struct sg_change change = { .facts = facts };
	int code;

	sg_val_set(facts, "pause", pause);
	code = sg_request_note(r, event, NULL, &change, text);
	sg_val_free(facts);
	if (!code)
		code = sg_request_settle(r);
	if (!code)
		sg_request_done(r, true, "%s", text);
	return code;
}

int sg_request_do_pause(struct sg_request *r)
{
	struct sg_val *pause;
	int64_t until = sg_val_get_int(r->params, "until", 0);
	char end[32], *text;
	int code;

	if (until && until <= r->w.now.wall)
		return sg_fail(r->err, SG_EINVAL, "the pause would end in the past");
	pause = sg_val_map();
	sg_val_set_int(pause, "until", until);
	sg_val_set_str(pause, "account", r->who.account);
	sg_val_set_str(pause, "reason", r->who.reason);
	sg_time_format(until, end);
	text = until ? sg_format("paused: nothing is applied, repaired or reverted until %s, or before that "
	                         "until 'stopgapctl resume'",
	                       end)
	             : sg_strdup(
	                       "paused: nothing is applied, repaired or reverted until 'stopgapctl resume'");
	code = set_pause(r, pause, SG_EV_PAUSED, text);
	free(text);
	return code;
}

int sg_request_do_resume(struct sg_request *r)
{
	return set_pause(r, sg_val_nil(), SG_EV_RESUMED, "work goes on");
}

/* After the polls that the daemon made for a refresh: what they asked for is done. */
int sg_request_do_refresh(struct sg_request *r)
{
	struct sg_val *list;
	int code = sg_request_note(r, SG_EV_REFRESH_ASKED, NULL, NULL, "asked to poll the feeds now");

	if (!code)
		code = sg_request_settle(r);
	if (code)
		return code;
	sg_request_done(r, true, "every feed was asked");
	list = sg_val_set(r->reply, "mitigations", sg_val_array());
	for (size_t i = 0; i < r->w.rows.n; i++)
		sg_val_push(list, sg_report_row(r->e, &r->w, r->w.rows.at[i]));
	return 0;
}
