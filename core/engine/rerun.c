/* rerun.c - see rerun.h. */
#include "engine/rerun.h"
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
	int64_t tries, at; /* 0: given up */
};

/* The next fact of this kind from *at on. */
static bool next(const struct sg_world *w, size_t *at, struct waiting *ret)
{
	for (; w->facts && *at < w->facts->n; ++*at) {
		const struct sg_val *v = w->facts->kid[*at];

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
	sg_val_set_int(v, "tries", one->tries);
	sg_val_set_int(v, "at", one->at);
}

/* What does not exist, and what is never started by us, does not start later either. */
static bool may_come(int code)
{
	return code != SG_ENOENT && code != SG_EUNSUPPORTED && code != SG_EINVAL;
}

static char *when(int64_t at)
{
	char time[32];

	sg_time_format(at, time);
	return sg_format("it is tried again at %s", time);
}

char *sg_rerun_note(struct sg_lines *lines, const struct sg_ctx *ctx, enum sg_hook_kind kind,
        const char *name, const struct sg_row *row, const struct sg_err *why)
{
	char *fact = sg_format("%s%s %s", head, word(kind), name);
	struct waiting one = {
		.fact = fact,
		.kind = kind,
		.name = name,
		.feed = row ? row->key.feed : NULL,
		.id = row ? row->key.id : NULL,
		.boot = ctx->now.boot,
		.why = why->msg,
		.tries = 1,
		.at = may_come(why->code) ? ctx->now.wall + sg_retry_delay(1) : 0,
	};

	if (!lines->facts)
		lines->facts = sg_val_map();
	put(lines->facts, &one);
	free(fact);
	return one.at ? when(one.at) : sg_strdup("it is not tried again");
}

/* --- again */

struct round {
	struct sg_engine *e;
	const struct sg_world *w;
	struct sg_ctx ctx;
	struct sg_lines lines;
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

	if (!code) {
		forget(r, &one);
		say(r, &one, SG_EV_RAN, "runs again", "");
		return;
	}
	one.tries++;
	one.why = why.msg;
	one.at = may_come(code) && one.tries < SG_RERUN_TRIES
	                 ? r->ctx.now.wall + sg_retry_delay((uint32_t)one.tries)
	                 : 0;
	put(r->lines.facts, &one);
	if (!one.at)
		say(r, &one, SG_EV_STAYS_DOWN, "ran before, and is not tried any more: ", one.why);
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
		try_again(r, one);
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
	for (size_t at = 0; !sg_engine_stopping(e) && next(w, &at, &one);)
		look_at(&r, &one);
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

	for (size_t at = 0; next(w, &at, &one);) {
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

	for (size_t at = 0; next(w, &at, &one);) {
		char *then, *text;

		if (key &&
		        !(one.feed && one.id && strcmp(one.feed, key->feed) == 0 && sg_same(one.id, key->id)))
			continue;
		then = one.at ? when(one.at) : sg_strdup("it is not tried any more: start it by hand");
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
