/* evaluate.c - whether this server needs it now: applicability, its target, and a fix that has to stay for its settle time. Changes nothing durable. */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

/* It stays although it reads fixed, and why. */
static void stays(struct sg_row *row, const struct sg_match *match, const char *why)
{
	row->applies = SG_APPLIES_YES;
	free(row->proof);
	row->proof = sg_format("%s; it stays: %s", match->proof, why);
}

/* Fixed must read so for the settle time before what is applied goes; what is not applied never goes in meanwhile. The time counts only while no restart
 * is due: files that wait to be replaced are not the ones that run, and a restart may bring the old ones back. */
static void settle_fixed(
        struct sg_engine *e, struct sg_row *row, const struct sg_match *match, bool holds, int64_t now)
{
	int64_t settle = sg_engine_conf(e)->fixed_settle;
	char *why = NULL;

	if (!match->fixed)
		row->fixed_since = 0;
	if (!match->fixed || !holds)
		return;
	if (e->host && e->host->restart_pending) {
		row->fixed_since = 0;
		stays(row, match, e->host->restart_text);
		return;
	}
	if (!row->fixed_since || row->fixed_since > now) /* the clock may have been set back */
		row->fixed_since = now;
	if (now - row->fixed_since < settle) {
		char left[32];

		sg_duration_format(settle - (now - row->fixed_since), left);
		why = sg_format("it is taken out when it has read so for another %s", left);
		stays(row, match, why);
		free(why);
	}
}

/* While Setup is at work the files say nothing: half of them are the old ones. What was known stays known, and a settle time begins anew at its end. */
static bool wait_for_setup(struct sg_engine *e, struct sg_row *row)
{
	if (!e->host || !e->host->setup_running || !row->proof)
		return false;
	if (row->fixed_since) {
		row->fixed_since = 0;
		free(row->proof);
		row->proof = sg_format("it read fixed; it stays: %s", e->host->setup_text);
	}
	return true;
}

/* A target that does not exist here is a NO with proof, as long as nothing is held. */
static void match_target(
        struct sg_engine *e, const struct sg_mitigation *m, const struct sg_world *w, struct sg_match *match)
{
	struct sg_wishes wishes = { 0 };
	struct sg_err why = SG_ERR_INIT;

	if (match->applies != SG_APPLIES_YES || !e->host)
		return;
	if (sg_actions_plan(m, e->host, e->options.drives, &w->holds, &wishes, &why) == SG_ENOENT) {
		free(match->proof);
		*match = (struct sg_match){ .applies = SG_APPLIES_NO, .proof = sg_strdup(why.msg) };
	}
	sg_wishes_release(&wishes);
}

void sg_decide_evaluate(struct sg_engine *e, const struct sg_world *w, struct sg_decision *d)
{
	struct sg_row *row = d->row;
	enum sg_applies applies = row->applies;
	int64_t fixed_since = row->fixed_since;
	char *proof = sg_strdup(row->proof);
	struct sg_match match = { 0 };
	bool holds = d->facts.holds;

	if (!d->m) {
		row->applies = SG_APPLIES_UNKNOWN;
	} else if (sg_policy_harmless(d->m) && (row->out || d->block)) {
		row->applies = SG_APPLIES_NO;
		sg_str_set(&row->proof, "it changes nothing, so nothing is missing without it");
	} else if (!wait_for_setup(e, row)) {
		sg_match(d->m, e->host, e->options.drives, &match);
		if (!holds)
			match_target(e, d->m, w, &match);
		row->applies = match.applies;
		sg_str_set(&row->proof, match.proof);
		settle_fixed(e, row, &match, holds, w->now.wall);
	}
	/* The remaining settle time in the sentence is no news. */
	d->evaluated = row->applies != applies || row->fixed_since != fixed_since ||
	               (!row->fixed_since && !sg_str_equal(proof, row->proof));
	free(proof);
	sg_match_release(&match);
}
