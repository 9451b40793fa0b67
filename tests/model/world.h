/* world.h - a server, its journal and two mitigations, small enough to count every state they can be in.
 *
 * The model explores with the product's own operations, recovery and state table (core/engine/op*.c, recover.c, core/model/state*.c); only what lies below
 * them is replaced at link time: fake_journal.c and fake_step.c keep everything in one flat struct that is compared, copied and hashed as octets.
 *
 * Values: file F holds the scaffold S and in it the elements a (both mitigations may want it) and c, and e, which is somebody else's rule that does what
 * M2 does; in the file G b is a start type, changed in place: what stands there is its before, be it what we want ourselves. Contents: 0 absent, 1 and
 * 2 ours, 9 somebody else's. Bodies: M1/1 wants S, a=1, b=1; M1/2 wants b=2 (it drops S and a); M2/1 wants S, a=1, b=1, c=1; M2/2 wants S, a=2, c=1.
 * Whether such rules as e are left or adopted is policy, and may change at any time.
 */
#ifndef SG_TESTS_MODEL_WORLD_H
#define SG_TESTS_MODEL_WORLD_H

#include "engine/op.h"

enum { VS, VA, VC, VE, VB, NV };
#define FOREIGN   9
#define MODEL_NOW 1000000

struct w_row {
	uint8_t known, state, reason, offered, applied, failed, goal, out, attempts, retry, tombstone,
	        repairs, mixed;
};
struct w_hold {
	uint8_t present, before, after, holders, gen, adopted;
};
struct w_move {
	uint8_t v, from, to, settle_to;
};
struct w_intent {
	uint8_t open, op, n_moves, attempts, members, body[2], done[2], why[2];
	struct w_move move[NV];
};
struct world {
	uint8_t disk[NV];
	uint8_t in_s;     /* somebody put something of theirs into S */
	uint8_t gen;      /* F was replaced by another file that often (modulo 4) */
	uint8_t orig[NV]; /* ghost: what stands or stood there and is not ours */
	struct w_row row[2];
	struct w_hold hold[NV];
	struct w_intent intent;
	uint8_t blocked[2], needed, adopt;
	uint8_t edits, crashes, faults, asks; /* what was spent of the bounds */
};

/* Where a run is cut: at the n-th point (1-based) the process dies, or the call fails with an error. */
enum cut { CUT_NONE, CUT_CRASH, CUT_ONCE, CUT_FROM_THERE };
struct run {
	struct world *w;
	enum cut cut;
	int at;     /* which point */
	int points; /* passed so far */
	bool dead;  /* nothing has an effect any more */
	bool taking_over, adopting;
	int mutant; /* 0: none; else one planted fault of the world below, which the invariants must catch */
	char broken[256]; /* the first promise that broke; "" none */
};
extern struct run the_run;

/* A point where the process may die or a call may fail. 0, or the code of the failure. */
int point(int failure, struct sg_err *err);
void broken(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

const struct sg_mitigation *world_body(int m, int body);
/* What the body wants of a value; 0: nothing. */
int world_wish(int m, int body, int v);
/* Somebody else's rule that does what M2 does is there, and nobody claims it. */
bool world_equivalent(void);
struct sg_hash world_hash(int m, int body);
int world_body_of(const struct sg_hash *h); /* 0 for the zero hash */
const char *world_container(int v);
const char *world_path(int v);
int world_value(const struct sg_addr *a);
enum sg_value_kind world_kind(int v);
void world_content(int v, int content, struct sg_content *ret);
int world_content_of(const struct sg_content *c);
int world_member(const struct sg_key *k);

#endif
