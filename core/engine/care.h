/* care.h - private to core/engine/care*.c: one round of looking after what is due, and what was said before.
 *
 * What is said once, or once a day, is a fact of the journal ("said TOPIC": a time), written with the line itself: a restart repeats nothing. A topic that no
 * round names any more is over, and its fact goes.
 */
#ifndef SG_ENGINE_CARE_H
#define SG_ENGINE_CARE_H

#include "engine/inside.h"

struct sg_care {
	struct sg_engine *e;
	const struct sg_world *w;
	const struct sg_decision *list; /* of w->rows */
	struct sg_ctx ctx;
	struct sg_lines lines;
	struct sg_val *facts; /* to be written with the lines */
	struct sg_strs live;  /* facts that this round named */
	struct sg_keys drop;  /* rows that go with the lines */
	int64_t wake;         /* when something of it is due next */
};

/* The time that was noted for the topic, 0: none. Names it for this round. */
int64_t sg_care_noted(struct sg_care *c, const char *topic);
void sg_care_note(struct sg_care *c, const char *topic, int64_t at);
/* Whether `at` has come; if not, the engine wakes then. */
bool sg_care_due(struct sg_care *c, int64_t at);

/* --- care_remind.c: what is exposed, what asks, a Setup that does not end, a registry that cannot be trusted */
void sg_care_remind(struct sg_care *c);
/* --- care_ends.c: blocks that end soon, remove-after and review-by that have passed */
void sg_care_ends(struct sg_care *c);
/* --- care_expiry.c: certificates and lists that end soon; what was withdrawn so long ago that it can be forgotten */
void sg_care_expiry(struct sg_care *c);
void sg_care_forget(struct sg_care *c);
#endif
