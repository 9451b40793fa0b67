/* overhaul.c - the time in which an update is at work on this server: Setup runs, or the builds are others than before. What goes missing then was taken by the
 * update and not by a person, even where the file that it leaves is the one that was there before us, or has the old identity.
 *
 * Kept as a fact of the journal, so that a restart in the middle forgets nothing. Must not decide about mitigations.
 */
#include "engine/watch.h"

#include <stdlib.h>
#include <string.h>

/* An update without Setup's marks goes on replacing files for a while after the first build that is another one. */
#define SG_UPDATE_LASTS (10 * SG_MINUTE)

static const struct sg_val *open_fact(const struct sg_world *w)
{
	const struct sg_val *o = w->facts ? sg_val_get(w->facts, "overhaul") : NULL;

	return o && o->type == SG_VAL_MAP ? o : NULL;
}

bool sg_overhaul_open(const struct sg_world *w)
{
	const struct sg_val *o = open_fact(w);
	int64_t since = o ? sg_val_get_int(o, "since", 0) : 0;

	if (!o || sg_val_get_bool(o, "setup", false))
		return o != NULL;
	return w->now.wall >= since && w->now.wall - since < SG_UPDATE_LASTS;
}

static int note(struct sg_engine *e, struct sg_val *facts, int event, const char *text, struct sg_err *err)
{
	struct sg_lines lines = { 0 };
	struct sg_change change = { .facts = facts };
	struct sg_ctx ctx;
	int code;

	sg_engine_ctx(e, NULL, &ctx);
	if (event)
		sg_line(&lines, &ctx, event, NULL, NULL, "%s", text);
	change.audits = lines.at;
	change.n_audits = lines.n;
	code = sg_journal_note(e->journal, &change, &ctx.now, err);
	sg_lines_release(&lines);
	sg_val_free(facts);
	return code ? code : 1;
}

static struct sg_val *opened(const struct sg_world *w, bool setup)
{
	struct sg_val *facts = sg_val_map(), *o = sg_val_set(facts, "overhaul", sg_val_map());

	sg_val_set_int(o, "since", w->now.wall);
	sg_val_set_bool(o, "setup", setup);
	return facts;
}

static bool said_by_start(const struct sg_world *w, const struct sg_val *builds)
{
	const struct sg_val *start = sg_val_get(w->facts, "start");

	return start && start->type == SG_VAL_MAP && sg_val_equal(sg_val_get(start, "products"), builds);
}

int sg_overhaul_begin(struct sg_engine *e, const struct sg_world *w, struct sg_err *err)
{
	const struct sg_val *o = open_fact(w), *known = w->facts ? sg_val_get(w->facts, "builds") : NULL;
	struct sg_val *builds, *facts;
	bool said;
	char *text;
	int code;

	if (!e->host)
		return 0;
	if (e->host->setup_running && !(o && sg_val_get_bool(o, "setup", false))) {
		text = sg_format("Setup is at work (%s): nothing is touched until it ends",
		        e->host->setup_text ? e->host->setup_text : "its mark is there");
		code = note(e, opened(w, true), SG_EV_SETUP, text, err);
		free(text);
		return code;
	}
	builds = sg_builds_of(e->host);
	if (!builds->n || (known && sg_val_equal(known, builds))) {
		sg_val_free(builds);
		return 0;
	}
	/* Setup's own end closes what Setup began, so its mark stays on it. */
	facts = known && !o ? opened(w, false) : sg_val_map();
	said = !known || said_by_start(w, builds);
	sg_val_set(facts, "builds", builds);
	return note(e, facts, said ? 0 : SG_EV_HOST_CHANGED, "product builds changed", err);
}

int sg_overhaul_end(
        struct sg_engine *e, const struct sg_world *w, const struct sg_decision *list, struct sg_err *err)
{
	const struct sg_val *o = open_fact(w);
	struct sg_val *facts;
	bool setup;

	if (!o || !e->host || e->host->setup_running || sg_world_paused(w))
		return 0;
	setup = sg_val_get_bool(o, "setup", false);
	if (!setup && sg_overhaul_open(w))
		return 0;
	for (size_t i = 0; i < w->rows.n; i++) {
		const struct sg_facts *f = &list[i].facts;

		if (setup && f->holds && list[i].want == SG_IN && list[i].row->state == SG_APPLIED &&
		        f->look != SG_LOOK_AFTER)
			return 0;
	}
	facts = sg_val_map();
	sg_val_set(facts, "overhaul", sg_val_nil());
	return note(e, facts, setup ? SG_EV_SETUP_ENDED : 0,
	        "Setup has ended; all that it took is back in place", err);
}
