/* model.h - the model's parts: events.c says what can happen and does it, judge.c what must be true, model_main.c goes everywhere. */
#ifndef SG_TESTS_MODEL_MODEL_H
#define SG_TESTS_MODEL_MODEL_H

#include "world.h"

extern struct bounds {
	int edits, crashes, faults, asks;
} bound;

enum event {
	RUN_1,
	RUN_2,
	RUN_BOTH,
	TIME,
	START,
	OFFER_1_1,
	OFFER_1_2,
	OFFER_2_1,
	OFFER_2_2,
	GONE_1,
	GONE_2,
	OUT_1,
	OUT_2,
	APPLY_1,
	APPLY_2,
	BLOCK_1,
	RETRY_1,
	TAKE_OVER_1,
	ACCEPT_1,
	FIXED_1,
	POLICY,
	EDIT_A,
	EDIT_B,
	EDIT_C,
	EDIT_B_ALIKE,
	EDIT_E,
	UNDO,
	HAND_A,
	HAND_B,
	HAND_E,
	INTO_S,
	REPLACE_BARE,
	REPLACE_WITH_S,
	N_EVENTS
};
extern const char *const event_names[N_EVENTS];

/* Whether the event can happen in this state, within the bounds; spends them. */
bool allowed(enum event e, struct world *w);
void happen(enum event e, struct sg_err *err);
/* One piece of work for the mitigations in `mask`; both at once only when both want the same. */
void work(int mask, struct sg_err *err);

/* What must be true of every state, whether the process lives or not. */
void judge(const struct world *w);
/* Left alone, with time passing, everything comes to rest, and where it should be. */
void settles(const struct world *from);
void print_world(const struct world *w);

#endif
