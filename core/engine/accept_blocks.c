/* accept_blocks.c - the configuration's blocks become rows like others. */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

static bool same_block(const struct sg_block *b, const struct sg_conf_block *conf)
{
	return sg_same(b->id, conf->id) && sg_same(b->revision, conf->revision);
}

/* Blocks of the configuration are rows like others, so that list, show and want see one kind. What came and what went is said. */
int sg_engine_sync_blocks(struct sg_engine *e, struct sg_err *err)
{
	static char source[] = "config", account[] = "the configuration";
	const struct sg_conf *conf = sg_engine_conf(e);
	struct sg_block *put = sg_alloc((conf->n_blocks + 1) * sizeof(*put)), *drop = NULL;
	struct sg_who who = { .account = account };
	struct sg_blocks blocks = { 0 };
	struct sg_change change = { .blocks_put = put };
	struct sg_lines lines = { 0 };
	struct sg_ctx ctx;
	int code = sg_journal_blocks(e->read, &blocks, err);

	if (code)
		goto out;
	sg_engine_ctx(e, &who, &ctx);
	drop = sg_alloc((blocks.n + 1) * sizeof(*drop));
	for (size_t i = 0; i < conf->n_blocks; i++) {
		const struct sg_conf_block *b = &conf->blocks[i];
		const struct sg_block *old = NULL;

		if (b->until && ctx.now.wall >= b->until)
			continue; /* it is over, and its end was said */
		for (size_t k = 0; !old && k < blocks.n; k++)
			old = strcmp(blocks.at[k].source, source) == 0 && same_block(&blocks.at[k], b)
			              ? &blocks.at[k]
			              : NULL;
		if (old && old->keep == b->keep && old->until == b->until &&
		        sg_same(old->who.reason, b->reason))
			continue;
		who.reason = b->reason;
		sg_line(&lines, &ctx, SG_EV_BLOCKED, NULL, NULL, "blocked %s%s%s", b->id,
		        b->revision ? "@" : "", b->revision ? b->revision : "");
		put[change.n_blocks_put++] = (struct sg_block){ .id = b->id,
			.revision = b->revision,
			.source = source,
			.keep = b->keep,
			.who = who,
			.created = ctx.now.wall,
			.until = b->until };
	}
	who.reason = NULL;
	for (size_t i = 0; i < blocks.n; i++) {
		bool stays = strcmp(blocks.at[i].source, source) != 0;

		for (size_t k = 0; !stays && k < conf->n_blocks; k++)
			stays = same_block(&blocks.at[i], &conf->blocks[k]);
		if (stays)
			continue;
		sg_line(&lines, &ctx, SG_EV_UNBLOCKED, NULL, NULL, "unblocked %s%s%s", blocks.at[i].id,
		        blocks.at[i].revision ? "@" : "", blocks.at[i].revision ? blocks.at[i].revision : "");
		drop[change.n_blocks_drop++] = blocks.at[i];
	}
	change.blocks_drop = drop;
	change.audits = lines.at;
	change.n_audits = lines.n;
	if (lines.n)
		code = sg_journal_note(e->journal, &change, &ctx.now, err);
out:
	free(put);
	free(drop);
	sg_lines_release(&lines);
	sg_blocks_release(&blocks);
	return code;
}
