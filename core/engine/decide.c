/* decide.c - from rows and facts to one cell of the table, for one mitigation. Changes nothing durable. */
#include "engine/watch.h"

#include <stdlib.h>
#include <string.h>

/* More repairs than this within a day, and something fights us: a person has to look. */
#define SG_REPAIR_BOUND 5

void sg_decision_release(struct sg_decision *d)
{
	free(d->look_text);
	free(d->out_text);
	*d = (struct sg_decision){ 0 };
}

static struct sg_view *view_of(struct sg_engine *e, const struct sg_key *key)
{
	struct sg_view *v;

	for (size_t i = 0; i < e->n_views; i++) {
		if (sg_key_equal(&e->views[i].key, key))
			return &e->views[i];
	}
	e->views = sg_grow(e->views, e->n_views, &e->cap_views, sizeof(*e->views));
	v = &e->views[e->n_views++];
	*v = (struct sg_view){ 0 };
	sg_key_copy(&v->key, key);
	return v;
}

/* What is in place is proven as often as it is looked at: others may take it out of force without touching a value of ours, and a value that
 * they did touch may have lost its effect. */
static void prove(struct sg_ctx *ctx, struct sg_decision *d)
{
	struct sg_row *row = d->row;
	enum sg_effective effective = row->effective;
	char *text = sg_strdup(row->effective_text);

	sg_op_prove(ctx, row, d->held);
	d->proven = row->effective != effective ||
	            (row->effective == SG_EFFECTIVE_NO && !sg_str_equal(row->effective_text, text));
	free(text);
}

/* Whether a whole folder with a value of the row is away: nothing is served out of it, and it may be put back as it was. */
static bool folder_gone(const struct sg_engine *e, const struct sg_world *w, const struct sg_key *key)
{
	bool gone = false;

	for (size_t i = 0; i < w->holds.n && !gone; i++) {
		const char *container = w->holds.at[i].addr.container;
		const char *cut = strrchr(container, '\\');
		struct sg_err why = SG_ERR_INIT;
		char *folder, *native = NULL;

		if (!cut || !sg_keys_has(&w->holds.at[i].holders, key))
			continue;
		folder = sg_strndup(container, (size_t)(cut - container));
		gone = sg_drive_path(e->options.drives, folder, false, &native, &why) == SG_ENOENT;
		free(native);
		free(folder);
	}
	return gone;
}

static bool has_failed(const struct sg_view *v)
{
	return v->failed_since && v->at - v->failed_since >= SG_FAILED_SETTLES;
}

int64_t sg_view_due(const struct sg_view *v, int64_t audit_every)
{
	if (v->gone_since)
		return v->gone_since + SG_GONE_SETTLES;
	if (v->failed_since)
		return v->at + (has_failed(v) ? SG_FAILED_AGAIN : SG_FAILED_SETTLES);
	return v->at + audit_every;
}

static char *sight_of(const struct sg_row *row)
{
	return sg_format("sight %s %s", row->key.feed, row->key.id);
}

void sg_sight_known(const struct sg_world *w, struct sg_row *row)
{
	char *name = sight_of(row);
	const struct sg_val *fact = w->facts ? sg_val_get(w->facts, name) : NULL;
	const char *look = fact ? sg_val_get_str(fact, "look", "") : "";

	if (strcmp(look, sg_look_name(SG_LOOK_FAILED)) == 0)
		row->seen = SG_LOOK_FAILED;
	else if (strcmp(look, sg_look_name(SG_LOOK_MISSING)) == 0)
		row->seen = SG_LOOK_MISSING;
	if (row->seen)
		sg_str_set(&row->seen_text, sg_val_get_str(fact, "text", NULL));
	free(name);
}

void sg_sight_said(const struct sg_row *row, struct sg_val **facts)
{
	char *name = sight_of(row);
	struct sg_val *fact;

	if (!*facts)
		*facts = sg_val_map();
	fact = sg_val_set(*facts, name, row->seen ? sg_val_map() : sg_val_nil());
	if (row->seen) {
		sg_val_set_str(fact, "look", sg_look_name(row->seen));
		sg_val_set_str(fact, "text", row->seen_text);
	}
	free(name);
}

const char *sg_view_failed(const struct sg_engine *e, const struct sg_key *key)
{
	for (size_t i = 0; i < e->n_views; i++) {
		const struct sg_view *v = &e->views[i];

		if (sg_key_equal(&v->key, key) && v->at && v->look.look == SG_LOOK_FAILED)
			return v->look.text ? v->look.text : sg_look_name(v->look.look);
	}
	return NULL;
}

static void look(struct sg_engine *e, const struct sg_world *w, struct sg_decision *d)
{
	struct sg_view *v = view_of(e, &d->row->key);
	bool settled = v->gone_since && w->now.wall - v->gone_since >= SG_GONE_SETTLES;
	struct sg_ctx ctx;

	if (!v->at || w->now.wall < v->at || w->now.wall >= v->at + sg_engine_conf(e)->audit_every ||
	        w->now.wall >= sg_view_due(v, sg_engine_conf(e)->audit_every)) {
		struct sg_err err = SG_ERR_INIT;

		sg_engine_ctx(e, NULL, &ctx);
		sg_look_result_release(&v->look);
		if (sg_op_look(&ctx, &w->holds, &d->row->key, &v->look, &err)) {
			v->look.look = SG_LOOK_FAILED;
			v->look.text = sg_strdup(err.msg);
		}
		v->at = w->now.wall;
		if (d->held)
			prove(&ctx, d);
	}
	if (v->look.look != SG_LOOK_GONE || w->now.wall < v->gone_since || !folder_gone(e, w, &d->row->key))
		v->gone_since = 0;
	else if (!v->gone_since)
		v->gone_since = w->now.wall;
	if (v->look.look != SG_LOOK_FAILED || w->now.wall < v->failed_since)
		v->failed_since = 0;
	if (v->look.look == SG_LOOK_FAILED && !v->failed_since)
		v->failed_since = w->now.wall;
	d->failed = has_failed(v);
	d->facts.look = v->gone_since && !settled ? SG_LOOK_FAILED : v->look.look;
	d->facts.replaced = v->look.replaced || sg_overhaul_open(w);
	d->look_text = sg_strdup(v->look.text);
}

/* What people are told of values that are not as they should be where nothing is done about it: in a pause, until a window or a retry, or because they cannot
 * be looked at. A moment's failure tells nothing. */
static void see(struct sg_decision *d)
{
	struct sg_row *row = d->row;
	bool idle = d->situation == SG_SIT_HOLD || d->situation == SG_SIT_OUT_WAIT ||
	            d->situation == SG_SIT_RETRY_WAIT;
	enum sg_look seen = SG_LOOK_NONE;

	if (d->failed)
		seen = SG_LOOK_FAILED;
	else if (d->facts.look == SG_LOOK_MISSING && idle && row->state == SG_APPLIED)
		seen = SG_LOOK_MISSING;
	else if (d->facts.look == SG_LOOK_FAILED)
		return;
	if (row->seen == seen && (!seen || sg_str_equal(row->seen_text, d->look_text)))
		return;
	d->sight = true;
	row->seen = seen;
	sg_str_set(&row->seen_text, seen ? d->look_text : NULL);
}

/* A feed that stands before this row's in the configuration and offers the same id. */
static void shadow(struct sg_engine *e, const struct sg_world *w, struct sg_decision *d)
{
	const struct sg_conf *conf = sg_engine_conf(e);

	sg_str_set(&d->row->shadowed_by, NULL);
	for (size_t i = 0; i < conf->n_feeds; i++) {
		struct sg_key key = { conf->feeds[i].name, d->row->key.id };
		const struct sg_row *above;

		if (strcmp(conf->feeds[i].name, d->row->key.feed) == 0)
			return;
		above = sg_world_row(w, &key);
		if (!above || above->tombstone || sg_hash_is_zero(&above->offered))
			continue;
		d->facts.shadowed = true;
		d->facts.shadow_settled = !(above->state == SG_PENDING && above->reason == SG_WHY_NEW);
		sg_str_set(&d->row->shadowed_by, conf->feeds[i].name);
		return;
	}
}

bool sg_world_paused(const struct sg_world *w)
{
	const struct sg_val *pause = w->facts ? sg_val_get(w->facts, "pause") : NULL;
	int64_t until = pause ? sg_val_get_int(pause, "until", 0) : 0;

	return pause && (!until || w->now.wall < until);
}

void sg_decide(struct sg_engine *e, const struct sg_world *w, struct sg_row *row, struct sg_decision *ret)
{
	const struct sg_conf *conf = sg_engine_conf(e);
	struct sg_decision d = { .row = row };
	struct sg_facts *f = &d.facts;
	struct sg_err why = SG_ERR_INIT;
	bool maintenance = e->host && e->host->maintenance, newer_keep;
	int64_t opens;

	f->holds = sg_holds_any(&w->holds, &row->key);
	if (!sg_hash_is_zero(&row->offered))
		d.m = sg_engine_body(e, row->key.feed, &row->offered, &why);
	if (!sg_hash_is_zero(&row->applied))
		d.held = sg_engine_body(e, row->key.feed, &row->applied, NULL);
	if (!d.m && !row->tombstone)
		sg_str_set(&row->proof, why.msg[0] ? why.msg : "its body is not in the journal");
	d.block = sg_policy_block(&w->blocks, row, f->holds ? row->applied_revision : row->offered_revision,
	        w->now.wall, &f->keep);
	sg_decide_evaluate(e, w, &d);
	d.slot = sg_state_slot(row->state, row->reason);
	f->blocked = d.block != NULL;
	f->setup_running = e->host && e->host->setup_running;
	f->admin_out = row->out;
	f->paused = sg_world_paused(w);
	f->observe = sg_policy_observe(conf, d.m);
	f->withdrawn = row->tombstone;
	f->ended = row->remove_after && w->now.wall >= row->remove_after;
	shadow(e, w, &d);
	f->applies = row->applies;
	f->retry_due = !row->retry_at || w->now.wall >= row->retry_at;
	/* What a person asked for and what failed waits for its retry, too: a request puts that time back to now. */
	f->asked = (row->out || f->blocked) && (f->retry_due || d.slot != SG_SLOT_IO);
	f->removal_window =
	        sg_policy_window(sg_policy_removal_window(conf), w->now.wall, maintenance, &opens);
	f->reapply = conf->reapply_by_hand;
	f->repair_bound =
	        row->repairs >= SG_REPAIR_BOUND && w->now.wall - row->repairs_since < SG_REPAIR_BOUND_TIME;
	f->body_failed = !sg_hash_is_zero(&row->failed) && sg_hash_equal(&row->offered, &row->failed);
	f->other_body = sg_hash_is_zero(&row->applied) ? !f->body_failed
	                                               : d.m && !sg_hash_equal(&row->offered, &row->applied);
	f->tried_out = row->goal == SG_OUT;
	f->removed = !sg_hash_is_zero(&row->applied) && sg_hash_equal(&row->failed, &row->applied);
	f->incomplete = f->holds && sg_hash_is_zero(&row->applied);
	f->mixed = f->holds && row->mixed;
	if (d.m) {
		struct sg_go_in in = { .conf = conf,
			.m = d.m,
			.row = row,
			.feed = sg_world_feed(w, row->key.feed),
			.maintenance = maintenance,
			.now = w->now.wall };

		in.newer_blocked = sg_policy_block(&w->blocks, row, row->offered_revision, w->now.wall,
		                           &newer_keep) != NULL;
		sg_policy_go(&in, &d.go);
		f->go = d.go.go;
	}
	if (f->holds)
		look(e, w, &d);
	sg_decide_others(e, w, &d);
	d.want = sg_state_want(f);
	d.situation = sg_state_situation(d.slot, d.want, f);
	d.cell = sg_state_cell(d.slot, d.situation);
	see(&d);
	*ret = d;
}

void sg_out_goal(const struct sg_facts *f, enum sg_state *ret, enum sg_reason *ret_why)
{
	enum sg_reason why = sg_state_want_reason(f);

	*ret_why = why;
	if (why == SG_WHY_ADMIN)
		*ret = SG_BLOCKED;
	else if (why == SG_WHY_BY_ADMIN || why == SG_WHY_WITHDRAWN || why == SG_WHY_ENDED)
		*ret = SG_REVERTED;
	else
		*ret = SG_PENDING;
}

char *sg_decision_sentence(const struct sg_decision *d, enum sg_reason why)
{
	const struct sg_row *row = d->row;

	switch (why) {
	case SG_WHY_NOT_NEEDED: return sg_format("not needed here: %s", row->proof ? row->proof : "?");
	case SG_WHY_UNKNOWN: return sg_format("cannot be told: %s", row->proof ? row->proof : "?");
	case SG_WHY_SHADOWED:
		return sg_format("feed '%s' offers the same id and comes first",
		        row->shadowed_by ? row->shadowed_by : "?");
	case SG_WHY_ADMIN:
		return sg_format("blocked by %s%s%s",
		        d->block && d->block->who.account ? d->block->who.account
		        : d->block                        ? d->block->source
		                                          : "a block",
		        d->block && d->block->who.reason ? ": " : "",
		        d->block && d->block->who.reason ? d->block->who.reason : "");
	case SG_WHY_BY_ADMIN:
		return sg_format("taken out by %s%s%s; 'stopgapctl apply %s' takes it in again",
		        row->out_who.account ? row->out_who.account : "an administrator",
		        row->out_who.reason ? ": " : "", row->out_who.reason ? row->out_who.reason : "",
		        row->key.id);
	case SG_WHY_WITHDRAWN:
		return sg_format("withdrawn by its feed%s%s", row->withdraw_reason ? ": " : "",
		        row->withdraw_reason ? row->withdraw_reason : "");
	case SG_WHY_ENDED: return sg_strdup("its remove-after has passed");
	case SG_WHY_PAUSED: return sg_strdup("paused: 'stopgapctl resume' lets the work go on");
	case SG_WHY_OBSERVE: return sg_strdup("needed here; the mode is observe, so nothing is changed");
	case SG_WHY_SETUP: return sg_strdup("Setup is running: nothing is touched until it ends");
	case SG_WHY_DRIFT:
	case SG_WHY_FOUGHT:
		return sg_format(
		        "%s", d->look_text ? d->look_text : "a held value was edited by somebody else");
	case SG_WHY_OTHERS:
		return sg_format("in force by others, and left to them: %s",
		        row->others_text ? row->others_text : "?");
	case SG_WHY_REMOVAL_WINDOW: return sg_strdup("is to go; waits for its window");
	case SG_WHY_NEWER_WAITS: return sg_format("in place; a newer body waits: %s", d->go.text);
	case SG_WHY_NEW: return sg_strdup("recorded; to be evaluated");
	case SG_WHY_APPLIED: return sg_strdup("in place since its values were written");
	case SG_WHY_NONE:
	case SG_WHY_GONE:
	case SG_WHY_APPROVAL:
	case SG_WHY_WINDOW:
	case SG_WHY_MAINTENANCE:
	case SG_WHY_DELAY:
	case SG_WHY_RETRY:
	case SG_WHY_HOLDER:
	case SG_WHY_STALE:
	case SG_WHY_REFUSED:
	case SG_WHY_NEWER_FAILED:
	case SG_WHY_VALUES_MISSING:
	case SG_WHY_REMOVED:
	case SG_WHY_CONFLICT:
	case SG_WHY_FAILED:
	case SG_WHY_IO:
	case SG_WHY_COUNT: break;
	}
	return sg_format("%s", d->go.text);
}

void sg_decision_note(const struct sg_decision *d, int64_t now, bool *ret_moved)
{
	struct sg_row *row = d->row;
	enum sg_state state = d->cell->done ? d->cell->done : row->state;
	enum sg_reason why = d->cell->done_why;
	char *text;

	*ret_moved = false;
	if (d->cell->kind != SG_CELL_WORK || d->cell->work != SG_WORK_NOTE)
		return;
	if (why == SG_WHY_NONE) {
		if (d->situation == SG_SIT_OUT_EMPTY)
			sg_out_goal(&d->facts, &state, &why);
		else
			why = d->situation == SG_SIT_WAIT ? d->go.why : sg_state_want_reason(&d->facts);
	}
	/* What failed keeps saying why until its retry; so does a newer body that did. */
	if (d->situation == SG_SIT_WAIT && why == SG_WHY_RETRY && row->state == SG_APPLICABLE)
		return;
	if (d->situation == SG_SIT_NEWER_WAITS && row->state == SG_APPLIED &&
	        row->reason == SG_WHY_NEWER_FAILED && d->go.why == SG_WHY_RETRY)
		return;
	if (row->state == state && row->reason == why &&
	        (state == SG_APPLIED || why == SG_WHY_REMOVAL_WINDOW))
		return;
	text = sg_decision_sentence(d, why);
	if (row->state != state || row->reason != why || !sg_str_equal(row->text, text)) {
		*ret_moved = true;
		sg_row_move(row, state, why, now, "%s", text);
	}
	free(text);
}
