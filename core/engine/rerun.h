/* rerun.h - private to core/engine: what ran before a mitigation went in, did not start when it went out, and is tried again.
 *
 * Each is a fact of the journal ("stopped service NAME", "stopped pool NAME"), written with the line that says so: a restart of stopgap forgets none. It is tried
 * again after 1 min, 2, 4, ... up to an hour, SG_RERUN_TRIES times with the first, and then no more: that is said once, and lists and the doctor have it until it
 * runs, whoever started it, or Windows has started anew. Not tried while a mitigation that is in wants it stopped, nor in a pause, nor while Setup is at work.
 */
#ifndef SG_ENGINE_RERUN_H
#define SG_ENGINE_RERUN_H

#include "engine/inside.h"

enum { SG_RERUN_TRIES = 8 };

/* The first start failed; `row` (may be NULL): whose mitigation went out. The caller says so, with *ret_when: what is done about it, for people. The caller's. */
char *sg_rerun_note(struct sg_lines *lines, const struct sg_ctx *ctx, enum sg_hook_kind kind,
        const char *name, const struct sg_row *row, const struct sg_err *why);
/* Looks at each, and tries those that are due. 1: something was written. */
int sg_rerun(struct sg_engine *e, const struct sg_world *w, struct sg_err *err);
/* When that is due next; INT64_MAX: nothing waits. */
int64_t sg_rerun_wake(const struct sg_world *w);

/* One sentence for each: of one mitigation (`key`), or all (NULL). ret_given_up, as long as they are, in their order; NULL: not asked for. The caller's to free. */
void sg_rerun_texts(
        const struct sg_world *w, const struct sg_key *key, struct sg_strs *ret, bool **ret_given_up);

#endif
