/* op_copies.c - see op_copies.h. */
#include "engine/op_copies.h"

#include "actions/run.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 250 };

static bool is_apphost(const char *container)
{
	static const char name[] = "\\applicationHost.config";
	size_t len = strlen(container), tail = sizeof(name) - 1;

	return len > tail && sg_same(container + len - tail, name);
}

void sg_copies_begin(struct sg_ctx *ctx, const struct sg_step_plan *plan, struct sg_copies_watch *ret)
{
	for (size_t i = 0; i < plan->n_files && ctx->runner->renew_ms; i++)
		ret->on = ret->on || (plan->files[i].changed && is_apphost(plan->files[i].container));
	if (ret->on)
		sg_pool_copies_read(ctx->drives, &ret->before);
}

void sg_copies_release(struct sg_copies_watch *watch)
{
	sg_pool_copies_release(&watch->before);
	*watch = (struct sg_copies_watch){ 0 };
}

static bool runs(struct sg_ctx *ctx, enum sg_hook_kind kind, const char *name)
{
	enum sg_run_state now = SG_RUN_UNKNOWN;
	struct sg_strs ignored = { 0 };
	int code = ctx->runner->look(ctx->runner->arg, kind, name, &now, &ignored, NULL);

	sg_strs_release(&ignored);
	return !code && now == SG_RUN_RUNNING;
}

static int64_t mono(void)
{
	struct sg_clock now = { 0 };

	sg_os_clock(&now);
	return now.mono;
}

static void wait_for_all(struct sg_ctx *ctx, const struct sg_pool_copies *before, struct sg_strs *ret_stale)
{
	int64_t end = mono() + ctx->runner->renew_ms;

	for (;;) {
		struct sg_pool_copies now = { 0 };

		sg_strs_release(ret_stale);
		sg_pool_copies_read(ctx->drives, &now);
		sg_pool_copies_stale(before, &now, ret_stale);
		sg_pool_copies_release(&now);
		if (!ret_stale->n || mono() >= end || (ctx->stop && ctx->stop(ctx->stop_arg)))
			return;
		sg_os_sleep(AGAIN_MS);
	}
}

void sg_copies_end(struct sg_ctx *ctx, struct sg_copies_watch *watch)
{
	struct sg_strs stale = { 0 };
	struct sg_lines lines = { 0 };

	/* without the service that writes them they are all old, and nobody reads them */
	if (!watch->on || !watch->before.n || !runs(ctx, SG_HOOK_SERVICE, "WAS"))
		return;
	wait_for_all(ctx, &watch->before, &stale);
	for (size_t i = 0; i < stale.n && !(ctx->stop && ctx->stop(ctx->stop_arg)); i++) {
		const char *pool = stale.at[i];
		struct sg_err why = SG_ERR_INIT;

		if (!runs(ctx, SG_HOOK_POOL, pool))
			continue;
		if (ctx->runner->recycle(ctx->runner->arg, pool, SG_RUN_TIMEOUT_MS, &why))
			sg_line(&lines, ctx, SG_EV_COPY_STALE, NULL, NULL,
			        "IIS did not renew the configuration of the application pool %s within %d s, "
			        "and it "
			        "could not be recycled: %s",
			        pool, (int)(ctx->runner->renew_ms / 1000), why.msg);
		else
			sg_line(&lines, ctx, SG_EV_COPY_STALE, NULL, NULL,
			        "IIS did not renew the configuration of the application pool %s within %d s: "
			        "it was "
			        "recycled",
			        pool, (int)(ctx->runner->renew_ms / 1000));
	}
	if (lines.n)
		sg_note(ctx, NULL, 0, &lines, NULL);
	sg_lines_release(&lines);
	sg_strs_release(&stale);
}
