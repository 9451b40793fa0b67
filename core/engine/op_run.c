/* op_run.c - stopping and starting, around the two durable writes of an operation. See op_run.h for the rules. */
#include "engine/op_run.h"
#include "engine/rerun.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
	[SG_HOOK_NONE] = "?", [SG_HOOK_SERVICE] = "the service", [SG_HOOK_POOL] = "the application pool"
};

void sg_rans_release(struct sg_rans *rans)
{
	for (size_t i = 0; i < rans->n; i++)
		free(rans->at[i].name);
	free(rans->at);
	*rans = (struct sg_rans){ 0 };
}

static void remember(struct sg_rans *rans, enum sg_hook_kind kind, const char *name)
{
	rans->at = sg_grow(rans->at, rans->n, &rans->cap, sizeof(*rans->at));
	rans->at[rans->n++] = (struct sg_ran){ kind, sg_strdup(name) };
}

/* Whether it is among the first n of the list. */
static bool listed(const struct sg_rans *rans, size_t n, enum sg_hook_kind kind, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (rans->at[i].kind == kind && sg_same(rans->at[i].name, name))
			return true;
	return false;
}

static bool offline(const struct sg_ctx *ctx)
{
	return ctx->runner->look == sg_run_offline.look;
}

static bool this_boot(const struct sg_ctx *ctx, const struct sg_hook *h)
{
	return strcmp(h->boot, ctx->now.boot) == 0;
}

static void set_boot(const struct sg_ctx *ctx, struct sg_hook *h)
{
	memcpy(h->boot, ctx->now.boot, sizeof(h->boot));
}

/* --- before the intent */

/* What ran before us stays remembered when it does not run any more, as long as Windows has not started since: we stopped it. */
static void merge(const struct sg_ctx *ctx, struct sg_hook *h, enum sg_run_state now, struct sg_strs *running)
{
	bool known = this_boot(ctx, h);

	if (!known)
		sg_strs_release(&h->dependants);
	if (!known || h->was != SG_RUN_RUNNING)
		h->was = now;
	for (size_t i = 0; i < running->n; i++)
		if (!sg_strs_has(&h->dependants, running->at[i]))
			sg_strs_add(&h->dependants, running->at[i]);
	set_boot(ctx, h);
}

int sg_run_look(struct sg_ctx *ctx, struct sg_build *b, struct sg_err *err)
{
	int code = 0;

	for (size_t i = 0; i < b->n && !code; i++) {
		struct sg_staged *s = &b->staged[i];
		struct sg_strs dependants = { 0 };
		enum sg_run_state now = SG_RUN_UNKNOWN;

		if (!s->run || s->drop)
			continue;
		code = ctx->runner->look(
		        ctx->runner->arg, s->hold.hook.kind, s->hold.hook.name, &now, &dependants, err);
		if (!code) {
			merge(ctx, &s->hold.hook, now, &dependants);
			s->running = now == SG_RUN_RUNNING || now == SG_RUN_UNKNOWN;
			s->only_hook = !s->opening;
			s->opening = true;
		}
		sg_strs_release(&dependants);
	}
	return code;
}

static bool ran_before(const struct sg_ctx *ctx, const struct sg_hook *h)
{
	return h->kind && h->was == SG_RUN_RUNNING && this_boot(ctx, h);
}

bool sg_run_any(const struct sg_ctx *ctx, const struct sg_build *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->staged[i].run &&
		        (b->staged[i].drop ? ran_before(ctx, &b->staged[i].hold.hook) : b->staged[i].running))
			return true;
	return false;
}

/* --- stopping */

static int stop_one(struct sg_ctx *ctx, enum sg_hook_kind kind, const char *name, struct sg_rans *done,
        struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int code;

	if (ctx->stop && ctx->stop(ctx->stop_arg))
		return sg_fail(err, SG_ECANCELED, "a stop was asked for before %s %s was stopped",
		        words[kind], name);
	if (listed(done, done->n, kind, name))
		return 0;
	remember(done, kind, name); /* before: what does not stop in time may stop later */
	code = ctx->runner->stop(ctx->runner->arg, kind, name, SG_RUN_TIMEOUT_MS, &why);
	if (code)
		sg_fail(err, code, "%s %s could not be stopped: %s", words[kind], name, why.msg);
	return code;
}

static int stop_hook(struct sg_ctx *ctx, const struct sg_hook *h, struct sg_rans *done, struct sg_err *err)
{
	int code = 0;

	for (size_t i = 0; i < h->dependants.n && !code; i++)
		code = stop_one(ctx, SG_HOOK_SERVICE, h->dependants.at[i], done, err);
	return code ? code : stop_one(ctx, h->kind, h->name, done, err);
}

int sg_run_stop(struct sg_ctx *ctx, struct sg_build *b, struct sg_rans *ret_done, struct sg_err *err)
{
	int code = 0;

	for (int companions = 1; companions >= 0; companions--)
		for (size_t i = 0; i < b->n && !code; i++) {
			const struct sg_staged *s = &b->staged[i];

			if (s->run && !s->drop && s->running && s->hold.hook.companion == (companions == 1))
				code = stop_hook(ctx, &s->hold.hook, ret_done, err);
		}
	return code;
}

void sg_run_hold(struct sg_ctx *ctx, const struct sg_hold *h, struct sg_row *row, struct sg_lines *lines)
{
	enum sg_run_state now = SG_RUN_UNKNOWN;
	struct sg_hook hook = { .kind = h->hook.kind, .name = h->hook.name };
	struct sg_rans done = { 0 };
	struct sg_err why = SG_ERR_INIT;
	int code = ctx->runner->look(ctx->runner->arg, hook.kind, hook.name, &now, &hook.dependants, &why);

	if (!code && now == SG_RUN_RUNNING)
		code = stop_hook(ctx, &hook, &done, &why);
	if (code)
		sg_line(lines, ctx, SG_EV_NOT_RUN, row, NULL, "%s", why.msg);
	sg_strs_release(&hook.dependants);
	sg_rans_release(&done);
}

/* --- starting */

const char *sg_run_waits_for(const struct sg_ctx *ctx, enum sg_hook_kind kind, const char *name,
        struct sg_hold *const *held, size_t n)
{
	struct sg_strs needs = { 0 };
	const char *ret = NULL;

	if (kind == SG_HOOK_SERVICE)
		ctx->runner->needs(ctx->runner->arg, name, &needs, NULL);
	for (size_t i = 0; needs.n && i < n && !ret; i++) {
		const struct sg_hook *h = &held[i]->hook;

		for (size_t k = 0; h->kind == SG_HOOK_SERVICE && k < needs.n && !ret; k++)
			ret = sg_same(needs.at[k], h->name) ? h->name : NULL;
	}
	sg_strs_release(&needs);
	return ret;
}

static void start_one(struct sg_ctx *ctx, const struct sg_ran *one, struct sg_hold *const *kept,
        size_t n_kept, struct sg_row *row, struct sg_lines *lines)
{
	const char *name = one->name, *waits_for;
	enum sg_hook_kind kind = one->kind;
	struct sg_err why = SG_ERR_INIT;
	char *then;

	waits_for = sg_run_waits_for(ctx, kind, name, kept, n_kept);
	if (!waits_for && !ctx->runner->start(ctx->runner->arg, kind, name, SG_RUN_TIMEOUT_MS, &why)) {
		sg_line(lines, ctx, SG_EV_RAN, row, NULL, "%s %s runs again", words[kind], name);
		return;
	}
	then = waits_for ? sg_rerun_wait(lines, ctx, kind, name, row, waits_for, &why)
	                 : sg_rerun_note(lines, ctx, kind, name, row, &why);
	sg_line(lines, ctx, SG_EV_NOT_RUN, row, NULL, "%s %s ran before and could not be started: %s; %s",
	        words[kind], name, why.msg, then);
	free(then);
}

/* A claim that stays and wants the service stopped takes over the memory that it ran. */
static bool taken_over(
        struct sg_ctx *ctx, const char *name, struct sg_hold *const *kept, size_t n, bool *touched)
{
	for (size_t i = 0; i < n; i++) {
		struct sg_hook *h = &kept[i]->hook;

		if (h->kind != SG_HOOK_SERVICE || !sg_same(h->name, name))
			continue;
		h->was = SG_RUN_RUNNING;
		set_boot(ctx, h);
		touched[i] = true;
		return true;
	}
	return false;
}

static struct sg_row *row_of(const struct sg_hold *h, struct sg_row *const *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sg_keys_has(&h->holders, &rows[i]->key))
			return rows[i];
	return NULL;
}

/* Started in the order in which it would be stopped, turned round: what depends on something comes after it, companions come last. */
void sg_run_start_ended(struct sg_ctx *ctx, const struct sg_hold *const *ended, size_t n_ended,
        struct sg_hold *const *kept, size_t n_kept, bool *ret_touched, struct sg_row *const *rows, size_t n,
        struct sg_lines *lines)
{
	struct sg_rans order = { 0 };
	size_t owners = 0;
	struct sg_row **owner = NULL;
	bool let_go = false;

	for (size_t i = 0; i < n_ended; i++)
		let_go = let_go || ended[i]->hook.kind;
	if (let_go)
		sg_rerun_renew(lines, ctx);
	for (int companions = 1; companions >= 0; companions--)
		for (size_t i = 0; i < n_ended; i++) {
			const struct sg_hook *h = &ended[i]->hook;
			struct sg_row *row = row_of(ended[i], rows, n);

			if (!h->kind || h->companion != (companions == 1))
				continue;
			if (h->was == SG_RUN_OFFLINE && !offline(ctx))
				sg_line(lines, ctx, SG_EV_NOT_RUN, row, NULL,
				        "%s %s went in while nothing ran on this drive: its configuration is "
				        "back, and whether it runs is left as it is",
				        words[h->kind], h->name);
			if (h->was != SG_RUN_RUNNING)
				continue;
			if (!this_boot(ctx, h)) {
				sg_line(lines, ctx, SG_EV_NOT_RUN, row, NULL,
				        "%s %s ran before, and Windows has started since: its configuration "
				        "is back, and whether it runs is left as it is",
				        words[h->kind], h->name);
				continue;
			}
			for (size_t k = 0; k < h->dependants.n; k++)
				remember(&order, SG_HOOK_SERVICE, h->dependants.at[k]);
			remember(&order, h->kind, h->name);
			owner = sg_realloc(owner, order.n * sizeof(struct sg_row *));
			while (owners < order.n)
				owner[owners++] = row;
		}
	for (size_t i = order.n; i > 0; i--) {
		const struct sg_ran *one = &order.at[i - 1];

		if (!listed(&order, i - 1, one->kind, one->name) &&
		        !(one->kind == SG_HOOK_SERVICE &&
		                taken_over(ctx, one->name, kept, n_kept, ret_touched)))
			start_one(ctx, one, kept, n_kept, owner[i - 1], lines);
	}
	free(owner);
	sg_rans_release(&order);
}

/* Claims that stay and may have to remember that their service ran are put into the build, so that the close writes them. */
static void stage_memories(struct sg_ctx *ctx, struct sg_build *b)
{
	for (size_t i = 0; i < b->holds.n; i++) {
		const struct sg_hold *h = &b->holds.at[i];
		const struct sg_staged *s = sg_build_find(b, &h->addr);
		bool asked = false;

		if (s || h->hook.kind != SG_HOOK_SERVICE)
			continue;
		for (size_t k = 0; k < b->n && !asked; k++) {
			const struct sg_hook *other = &b->staged[k].hold.hook;

			for (size_t d = 0; d < other->dependants.n && b->staged[k].drop && b->staged[k].run;
			        d++)
				asked = asked || (ran_before(ctx, other) &&
				                         sg_same(other->dependants.at[d], h->hook.name));
		}
		if (asked)
			sg_build_stage(b, &h->addr);
	}
}

void sg_run_start(
        struct sg_ctx *ctx, struct sg_build *b, struct sg_row *const *rows, size_t n, struct sg_lines *lines)
{
	const struct sg_hold **ended;
	struct sg_hold **kept;
	size_t n_ended = 0, n_kept = 0;
	bool *touched;

	stage_memories(ctx, b);
	ended = sg_alloc((b->n + 1) * sizeof(*ended));
	kept = sg_alloc((b->n + b->holds.n + 1) * sizeof(*kept));
	touched = sg_alloc((b->n + b->holds.n + 1) * sizeof(*touched));
	for (size_t i = 0; i < b->n; i++) {
		if (b->staged[i].drop && b->staged[i].run)
			ended[n_ended++] = &b->staged[i].hold;
		else if (!b->staged[i].drop)
			kept[n_kept++] = &b->staged[i].hold;
	}
	for (size_t i = 0; i < b->holds.n; i++) /* these have nothing new to remember */
		if (!sg_build_find(b, &b->holds.at[i].addr))
			kept[n_kept++] = &b->holds.at[i];
	sg_run_start_ended(ctx, ended, n_ended, kept, n_kept, touched, rows, n, lines);
	free(touched);
	free(kept);
	free(ended);
}

void sg_run_again(struct sg_ctx *ctx, const struct sg_rans *stopped, struct sg_hold *const *kept,
        size_t n_kept, struct sg_row *row, struct sg_lines *lines)
{
	for (size_t i = stopped->n; i > 0; i--)
		start_one(ctx, &stopped->at[i - 1], kept, n_kept, row, lines);
}

/* --- for people */

char *sg_run_text(const struct sg_rans *stopped)
{
	struct sg_buf text = { 0 };

	for (size_t i = 0; i < stopped->n; i++)
		sg_buf_fmt(&text, "%s%s %s", i ? ", " : "", words[stopped->at[i].kind], stopped->at[i].name);
	return text.len ? sg_buf_detach(&text) : NULL;
}

static void say(struct sg_strs *ret, char *line)
{
	if (!sg_strs_has(ret, line))
		sg_strs_add(ret, line);
	free(line);
}

static void plan_one(struct sg_ctx *ctx, const struct sg_staged *s, struct sg_strs *ret)
{
	const struct sg_hook *h = &s->hold.hook;
	const char *word = words[h->kind];

	if (offline(ctx)) {
		say(ret, sg_format("%s %s is not %s by this: what is written counts when %s starts from this "
		                   "drive",
		                 word, h->name, s->drop ? "started" : "stopped",
		                 h->kind == SG_HOOK_POOL ? "IIS" : "Windows"));
		return;
	}
	if (s->drop && ran_before(ctx, h))
		say(ret, sg_format("%s %s is started again", word, h->name));
	else if (s->drop && h->was == SG_RUN_RUNNING)
		say(ret, sg_format("%s %s ran before, and Windows has started since: it is not started", word,
		                 h->name));
	for (size_t i = 0; i < h->dependants.n && !s->drop && s->running; i++)
		say(ret, sg_format("the service %s runs, depends on %s and is stopped with it",
		                 h->dependants.at[i], h->name));
	if (!s->drop)
		say(ret, sg_format("%s %s %s", word, h->name,
		                 s->running ? "runs and is stopped" : "does not run now"));
}

void sg_run_plan(struct sg_ctx *ctx, const struct sg_build *b, struct sg_strs *ret)
{
	for (int companions = 1; companions >= 0; companions--)
		for (size_t i = 0; i < b->n; i++)
			if (b->staged[i].run && b->staged[i].hold.hook.companion == (companions == 1))
				plan_one(ctx, &b->staged[i], ret);
}

char *sg_run_defeat(struct sg_ctx *ctx, const struct sg_row *row)
{
	struct sg_holds holds = { 0 };
	char *text = NULL;

	if (offline(ctx) || sg_journal_holds(ctx->read, &holds, NULL))
		return NULL;
	for (size_t i = 0; i < holds.n && !text; i++) {
		const struct sg_hook *h = &holds.at[i].hook;
		enum sg_run_state now = SG_RUN_UNKNOWN;
		struct sg_strs dependants = { 0 };

		if (h->kind && sg_keys_has(&holds.at[i].holders, &row->key) &&
		        !ctx->runner->look(ctx->runner->arg, h->kind, h->name, &now, &dependants, NULL) &&
		        now == SG_RUN_RUNNING)
			text = sg_format(
			        "%s %s runs: somebody has started it again", words[h->kind], h->name);
		sg_strs_release(&dependants);
	}
	sg_holds_release(&holds);
	return text;
}
