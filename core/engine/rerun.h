/* rerun.h - private to core/engine: what ran before a mitigation went in, did not start when it went out, and is tried again.
 *
 * Each is a fact of the journal ("stopped service NAME", "stopped pool NAME"), written with the line that says so: a restart of stopgap forgets none. It is tried
 * again after 1 min, 2, 4, ... up to an hour, SG_RERUN_TRIES times with the first, and then no more: that is said once, and lists and the doctor have it until it
 * runs, whoever started it, or Windows has started anew. Not tried while a mitigation that is in wants it stopped, or something that it depends on: it waits, and
 * that uses up no try; nor in a pause, nor while Setup is at work. When any mitigation lets what it stopped run again, all of them begin anew, those that were
 * given up, too: what went out may be what they lacked.
 */
#ifndef SG_ENGINE_RERUN_H
#define SG_ENGINE_RERUN_H

#include "engine/inside.h"

enum { SG_RERUN_TRIES = 8 };

/* The first start failed; `row` (may be NULL): whose mitigation went out. The caller says so, with *ret_when: what is done about it, for people. The caller's. */
char *sg_rerun_note(struct sg_lines *lines, const struct sg_ctx *ctx, enum sg_hook_kind kind,
        const char *name, const struct sg_row *row, const struct sg_err *why);
/* The same for one that was not even tried, because of `waits_for` (sg_run_waits_for); ret_why: this as a sentence. */
char *sg_rerun_wait(struct sg_lines *lines, const struct sg_ctx *ctx, enum sg_hook_kind kind,
        const char *name, const struct sg_row *row, const char *waits_for, struct sg_err *ret_why);
/* What one held stopped is let go: all of this boot are due, with all tries before them. Written with the lines. */
void sg_rerun_renew(struct sg_lines *lines, const struct sg_ctx *ctx);
/* Looks at each, and tries one of those that are due, the longest due first: a start may take SG_RUN_TIMEOUT_MS, and people and documents get in between. 1:
 * something was written. */
int sg_rerun(struct sg_engine *e, const struct sg_world *w, struct sg_err *err);
/* When that is due next; INT64_MAX: nothing waits. */
int64_t sg_rerun_wake(const struct sg_world *w);

/* One sentence for each: of one mitigation (`key`), or all (NULL). ret_given_up, as long as they are, in their order; NULL: not asked for. The caller's to free. */
void sg_rerun_texts(
        const struct sg_world *w, const struct sg_key *key, struct sg_strs *ret, bool **ret_given_up);

#endif
