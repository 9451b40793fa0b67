/* bench.h - one worker's place of work: a drive, a scenario set up on it, its reference states, and children that work on it.
 *
 * What holds after every chain of crashes is checked here; which chains are tried is crash_matrix.c's.
 */
#ifndef SG_TESTS_CRASH_BENCH_H
#define SG_TESTS_CRASH_BENCH_H

#include "disk.h"
#include "scenario.h"

/* Shared by the workers. */
struct counts {
	uint32_t points, doubles, states, failures;
};
extern struct counts *counts;
void count(uint32_t *which);
bool given_up(void); /* enough failures were seen */

/* One place in the matrix; what it takes to be there again. */
struct at {
	uint32_t n; /* call of the act that is not made; one more than it has: the act ended */
	int loss;   /* enum disk_loss; -1: no crash yet */
	uint32_t
	        m; /* call of the second start that is not made; one more than it has: the start ended; two more: so did the act after it */
	int loss_again; /* -1: no second crash */
};
struct bench {
	const struct scenario *s;
	const char *drive;
	struct disk fresh, start, origin;
	struct disk state[STEPS + 1]; /* after that many steps of the act */
	char claims[STEPS + 1][sizeof(told->after_again.claims)];
	size_t n_states;
	uint32_t calls; /* of the whole act */
	struct sg_hash *seen;
	size_t n_seen, cap_seen;
	uint32_t n_again;
	bool no_recovery; /* the deliberately wrong start */
	bool uncounted;   /* flushes may be as many as they are */
	bool loud, replaying;
};
/* `drive` is an empty folder, borrowed. One bench in a process. */
void bench_init(struct bench *b, const char *drive);
void bench_release(struct bench *b);
/* Prepares the scenario and takes its reference states; counts the flushes of each step. False: it failed, and that is counted. */
bool bench_set(struct bench *b, const struct scenario *s);
void bench_strike(struct bench *b);
void bench_fail(const struct bench *b, const struct at *at, const char *what);

/* The act dies at its n-th call; ret: the disk with its log. Returns how many steps were acknowledged. */
uint32_t bench_crash(struct bench *b, uint32_t n, struct disk *ret);
/* A start dies at its m-th call. */
bool bench_crash_start(
        struct bench *b, const struct at *at, const struct disk *d, uint32_t acknowledged, struct disk *ret);

/* A start that ends well, and what is behind it: finishing the act, giving back. Between states from and to. */
struct ended {
	struct disk disk;          /* with all that was done */
	uint32_t recovered, again; /* events until recovery was acknowledged, and until the act was */
	uint32_t calls;            /* of opening and recovery */
	size_t state;              /* that recovery led to */
};
/* False: a promise was broken, and that is counted. ret (may be NULL) is the caller's to release, on success only. */
bool bench_start(struct bench *b, const struct at *at, const struct disk *d, uint32_t acknowledged,
        size_t from, size_t to, struct ended *ret);

#endif
