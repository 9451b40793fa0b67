/* rerun.c - see rerun.h. */
#include "engine/rerun.h"
#include "engine/op_run.h"
#include "engine/recover.h"

#include <stdlib.h>
#include <string.h>

static const char head[] = "stopped ";

static const char *word(enum sg_hook_kind kind)
{
	return kind == SG_HOOK_POOL ? "pool" : "service";
}

/* What a fact says; strings are borrowed from it. */
struct waiting {
	const char *fact;
	enum sg_hook_kind kind;
	const char *name, *feed, *id, *boot, *why;
	const char *waits_for; /* what it depends on and a mitigation wants stopped; NULL: nothing */
	int64_t tries, at;     /* 0: given up */
};

/* The next fact of this kind from *at on. */
static bool next(const struct sg_val *facts, size_t *at, struct waiting *ret)
{
	for (; facts && *at < facts->n; ++*at) {
		const struct sg_val *v = facts->kid[*at];

		if (strncmp(v->key, head, sizeof(head) - 1) != 0 || v->type != SG_VAL_MAP)
			continue;
		*ret = (struct waiting){
			.fact = v->key,
			.kind = strcmp(sg_val_get_str(v, "kind", ""), "pool") == 0 ? SG_HOOK_POOL
			                                                           : SG_HOOK_SERVICE,
			.name = sg_val_get_str(v, "name", ""),
			.feed = sg_val_get_str(v, "feed", NULL),
			.id = sg_val_get_str(v, "id", NULL),
			.boot = sg_val_get_str(v, "boot", ""),
			.why = sg_val_get_str(v, "why", "?"),
			.waits_for = sg_val_get_str(v, "waits_for", NULL),
			.tries = sg_val_get_int(v, "tries", 0),
			.at = sg_val_get_int(v, "at", 0),
		};
		++*at;
		return true;
	}
	return false;
}

static void put(struct sg_val *facts, const struct waiting *one)
{
	struct sg_val *v = sg_val_set(facts, one->fact, sg_val_map());

	sg_val_set_str(v, "kind", word(one->kind));
	sg_val_set_str(v, "name", one->name);
	sg_val_set_str(v, "feed", one->feed);
	sg_val_set_str(v, "id", one->id);
	sg_val_set_str(v, "boot", one->boot);
	sg_val_set_str(v, "why", one->why);
	if (one->waits_for)
		sg_val_set_str(v, "waits_for", one->waits_for);
	sg_val_set_int(v, "tries", one->tries);
	sg_val_set_int(v, "at", one->at);
}

/* What does not exist, and what is never started by us, does not start later either. */
static bool may_come(int code)
{
	return code != SG_ENOENT && code != SG_EUNSUPPORTED && code != SG_EINVAL;
}

static char *when(const struct waiting *one)
{
	char time[32];

	if (one->waits_for)
		return sg_format("it is tried again as soon as %s may run", one->waits_for);
	sg_time_format(one->at, time);
	return sg_format("it is tried again at %s", time);
}

static void why_it_waits(const char *waits_for, struct sg_err *ret)
{
	sg_fail(ret, SG_ESTATE,
	        "it depends on the service %s, which would be started with it and which a mitigation "
	        "that is in wants stopped",
	        waits_for);
}

static char *note(struct sg_lines *lines, struct waiting *one)
{
	char *fact = sg_format("%s%s %s", head, word(one->kind), one->name);

	one->fact = fact;
	if (!lines->facts)
		lines->facts = sg_val_map();
	put(lines->facts, one);
	free(fact);
	return one->at ? when(one) : sg_strdup("it is not tried again");
}

char *sg_rerun_note(struct sg_lines *lines, const struct sg_ctx *ctx, enum sg_hook_kind kind,
        const char *name, const struct sg_row *row, const struct sg_err *why)
{
	struct waiting one = {
		.kind = kind,
		.name = name,
		.feed = row ? row->key.feed : NULL,
		.id = row ? row->key.id : NULL,
		.boot = ctx->now.boot,
		.why = why->msg,
		.tries = 1,
		.at = may_come(why->code) ? ctx->now.wall + sg_retry_delay(1) : 0,
	};

	return note(lines, &one);
}

char *sg_rerun_wait(struct sg_lines *lines, const struct sg_ctx *ctx, enum sg_hook_kind kind,
        const char *name, const struct sg_row *row, const char *waits_for, struct sg_err *ret_why)
{
	struct waiting one = {
		.kind = kind,
		.name = name,
		.feed = row ? row->key.feed : NULL,
		.id = row ? row->key.id : NULL,
		.boot = ctx->now.boot,
		.waits_for = waits_for,
		.at = ctx->now.wall,
	};

	why_it_waits(waits_for, ret_why);
	one.why = ret_why->msg;
	return note(lines, &one);
}

void sg_rerun_renew(struct sg_lines *lines, const struct sg_ctx *ctx)
{
	struct sg_val *facts = NULL;
	struct waiting one;

	if (sg_journal_facts(ctx->read, &facts, NULL))
		return; /* they go on as they are */
	for (size_t at = 0; next(facts, &at, &one);) {
		if (strcmp(one.boot, ctx->now.boot) != 0)
			continue;
		one.tries = 0;
		one.at = ctx->now.wall;
		free(note(lines, &one));
	}
	sg_val_free(facts);
}

/* --- again */

struct round {
	struct sg_engine *e;
	const struct sg_world *w;
	struct sg_ctx ctx;
	struct sg_lines lines;
	struct sg_hold **held;
	struct waiting due; /* the longest due of those that may be tried; no name: none */
};

static bool wanted_stopped(const struct sg_world *w, const struct waiting *one)
{
	for (size_t i = 0; i < w->holds.n; i++) {
		const struct sg_hook *h = &w->holds.at[i].hook;

		if (h->kind == one->kind && sg_same(h->name, one->name))
			return true;
	}
	return false;
}

/* A line about it: of its mitigation, which may be forgotten by now. */
static void say(struct round *r, const struct waiting *one, int code, const char *what, const char *more)
{
	const struct sg_key key = { (char *)(uintptr_t)one->feed, (char *)(uintptr_t)one->id };
	const struct sg_row *row = one->feed && one->id ? sg_world_row(r->w, &key) : NULL;

	sg_line(&r->lines, &r->ctx, code, row, NULL, "%s%s %s%s",
	        one->kind == SG_HOOK_POOL ? "the application pool " : "the service ", one->name, what, more);
}

static void forget(struct round *r, const struct waiting *one)
{
	sg_val_set(r->lines.facts, one->fact, sg_val_nil());
}

static void try_again(struct round *r, const struct waiting *was)
{
	struct sg_err why = SG_ERR_INIT;
	struct waiting one = *was;
	const struct sg_runner *runner = r->ctx.runner;
	int code = runner->start(runner->arg, one.kind, one.name, SG_RUN_TIMEOUT_MS, &why);

	sg_engine_clock(r->e, &r->ctx.now); /* that took its time */
	if (!code) {
		forget(r, &one);
		say(r, &one, SG_EV_RAN, "runs again", "");
		return;
	}
	one.tries++;
	one.waits_for = NULL;
	one.why = why.msg;
	one.at = may_come(code) && one.tries < SG_RERUN_TRIES
	                 ? r->ctx.now.wall + sg_retry_delay((uint32_t)one.tries)
	                 : 0;
	put(r->lines.facts, &one);
	if (!one.at)
		say(r, &one, SG_EV_STAYS_DOWN, "ran before, and is not tried any more: ", one.why);
}

/* It is due: it has its turn, or it waits. */
static void line_up(struct round *r, const struct waiting *one)
{
	const char *waits_for = sg_run_waits_for(&r->ctx, one->kind, one->name, r->held, r->w->holds.n);
	struct waiting then = *one;
	struct sg_err why = SG_ERR_INIT;

	if (!waits_for) {
		if (!r->due.name || one->at < r->due.at)
			r->due = *one;
		return;
	}
	if (one->waits_for && sg_same(one->waits_for, waits_for))
		return;
	why_it_waits(waits_for, &why);
	then.why = why.msg;
	then.waits_for = waits_for;
	then.tries = 0;
	put(r->lines.facts, &then);
}

static void look_at(struct round *r, const struct waiting *one)
{
	const struct sg_runner *runner = r->ctx.runner;
	enum sg_run_state now = SG_RUN_UNKNOWN;
	struct sg_strs dependants = { 0 };
	int code;

	if (strcmp(one->boot, r->ctx.now.boot) != 0) {
		forget(r, one);
		say(r, one, SG_EV_NOT_RUN,
		        "ran before, and Windows has started since: whether it runs is left as it is", "");
		return;
	}
	code = runner->look(runner->arg, one->kind, one->name, &now, &dependants, NULL);
	sg_strs_release(&dependants);
	if (code == SG_ENOENT) {
		forget(r, one);
		say(r, one, SG_EV_NOT_RUN, "ran before, and is not there any more", "");
	} else if (now == SG_RUN_RUNNING && !wanted_stopped(r->w, one)) {
		forget(r, one);
		say(r, one, SG_EV_RAN, "runs again", "");
	} else if (!code && now == SG_RUN_STOPPED && one->at && one->at <= r->ctx.now.wall &&
	           !wanted_stopped(r->w, one)) {
		line_up(r, one);
	}
}

int sg_rerun(struct sg_engine *e, const struct sg_world *w, struct sg_err *err)
{
	struct round r = { .e = e, .w = w };
	struct waiting one;
	int code = 0;

	sg_engine_ctx(e, NULL, &r.ctx);
	if (sg_world_paused(w) || (e->host && e->host->setup_running) ||
	        r.ctx.runner->look == sg_run_offline.look)
		return 0;
	r.lines.facts = sg_val_map();
	r.held = sg_alloc((w->holds.n + 1) * sizeof(*r.held));
	for (size_t i = 0; i < w->holds.n; i++)
		r.held[i] = &w->holds.at[i];
	for (size_t at = 0; !sg_engine_stopping(e) && next(w->facts, &at, &one);)
		look_at(&r, &one);
	if (r.due.name && !sg_engine_stopping(e))
		try_again(&r, &r.due);
	free(r.held);
	if (r.lines.facts->n) {
		struct sg_change change = {
			.facts = r.lines.facts, .audits = r.lines.at, .n_audits = r.lines.n
		};

		code = sg_journal_note(e->journal, &change, &r.ctx.now, err);
		code = code ? code : 1;
	}
	sg_lines_release(&r.lines);
	return code;
}

/* Those that were given up are looked at, too: somebody may start them. */
int64_t sg_rerun_wake(const struct sg_world *w)
{
	int64_t wake = INT64_MAX;
	struct waiting one;

	for (size_t at = 0; next(w->facts, &at, &one);) {
		int64_t then = w->now.wall + SG_MINUTE;

		if (one.at > w->now.wall && one.at < then)
			then = one.at;
		if (then < wake)
			wake = then;
	}
	return wake;
}

void sg_rerun_texts(
        const struct sg_world *w, const struct sg_key *key, struct sg_strs *ret, bool **ret_given_up)
{
	struct waiting one;

	for (size_t at = 0; next(w->facts, &at, &one);) {
		char *then, *text;

		if (key &&
		        !(one.feed && one.id && strcmp(one.feed, key->feed) == 0 && sg_same(one.id, key->id)))
			continue;
		then = one.at ? when(&one) : sg_strdup("it is not tried any more: start it by hand");
		text = sg_format("%s %s ran before and does not run: %s; %s",
		        one.kind == SG_HOOK_POOL ? "the application pool" : "the service", one.name, one.why,
		        then);
		if (ret_given_up) {
			*ret_given_up = sg_realloc(*ret_given_up, (ret->n + 1) * sizeof(**ret_given_up));
			(*ret_given_up)[ret->n] = !one.at;
		}
		sg_strs_add(ret, text);
		free(text);
		free(then);
	}
}
