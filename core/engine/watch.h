/* watch.h - private to core/engine: the files that the mitigations rest on, and the time in which an update is at work on them. */
#ifndef SG_ENGINE_WATCH_H
#define SG_ENGINE_WATCH_H

#include "engine/inside.h"

/* Fills watch, watch_roots and handles_off. */
void sg_watch_snapshot(struct sg_engine *e, const struct sg_world *w, struct sg_snapshot *s);
/* Something changed: the list is made anew. Also releases it. */
void sg_watch_forget(struct sg_engine *e);

/* --- overhaul.c */
/* An update is at work, or was until now: what is missing was taken by it. */
bool sg_overhaul_open(const struct sg_world *w);
/* Notes that Setup began or that builds changed, and that it is over and all is in place again. 1: something was written. */
int sg_overhaul_begin(struct sg_engine *e, const struct sg_world *w, struct sg_err *err);
int sg_overhaul_end(
        struct sg_engine *e, const struct sg_world *w, const struct sg_decision *list, struct sg_err *err);

/* --- again.c */
/* Rows whose waiting time is over because the files are other ones: their retry_at is taken away, in memory. */
void sg_again_look(struct sg_engine *e, const struct sg_world *w);

#endif
