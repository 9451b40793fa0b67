/* calm.h - private to core/engine: how much one mitigation's coming and going may write. Whoever may write a site's files can make our values come and go every
 * second; a journal that fills would keep every mitigation of the server out.
 *
 * Each row may be written SG_CALM_FREE times at once, and once more for each hour. Beyond that what got worse is written as ever, at once; what got better, or
 * only different, waits for the hour, counted. So the journal never says "protected" for a time in which it was not seen to be, and what a site's owner can
 * make it grow by is bounded (P12, P13). Nothing is kept back of operations that take out, repair or supersede, nor of what a person asked for: a request, and
 * another body of the feed, begin afresh. In memory only.
 */
#ifndef SG_ENGINE_CALM_H
#define SG_ENGINE_CALM_H

#include "engine/inside.h"

#define SG_CALM_FREE 24

/* Whether the row has nothing left to write with; then the caller keeps a copy of what is durable for sg_calm_hold(). */
bool sg_calm_spent(struct sg_engine *e, const struct sg_row *row, int64_t now);
/* Makes the decision one that writes nothing, with the durable row `was` in its place, unless it must not wait. Owns `was` from here on. */
void sg_calm_hold(struct sg_engine *e, struct sg_decision *d, struct sg_row *was, int64_t now);
/* The row was written `times`. */
void sg_calm_spend(struct sg_engine *e, const struct sg_row *row, int times);
/* Adds to the row's newest line how much was not written before it. */
void sg_calm_say(struct sg_engine *e, const struct sg_row *row, struct sg_lines *lines);
/* When something that waits may be written; INT64_MAX: nothing does. */
int64_t sg_calm_wake(const struct sg_engine *e);
/* A person asked for something: every row begins afresh. Also releases. */
void sg_calm_forget(struct sg_engine *e);

#endif
