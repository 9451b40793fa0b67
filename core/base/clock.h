/* clock.h - time and chance, passed in: what decides takes a struct sg_clock, only the shell asks the system. */
#ifndef SG_BASE_CLOCK_H
#define SG_BASE_CLOCK_H

#include <stdint.h>

/* ms */
#define SG_SECOND INT64_C(1000)
#define SG_MINUTE (60 * SG_SECOND)
#define SG_HOUR   (60 * SG_MINUTE)
#define SG_DAY    (24 * SG_HOUR)

struct sg_clock {
	int64_t wall; /* ms since 1970 UTC, as the system says */
	int64_t mono; /* ms, never goes back within one boot */
	int64_t max_wall; /* the highest wall time this journal has seen: wall below it means the clock was set back */
	char boot[40]; /* changes with each boot of the machine */
};

/* A seeded source for jitter, not for secrets: splitmix64. */
struct sg_rand {
	uint64_t s;
};
uint64_t sg_rand_next(struct sg_rand *r);
int64_t sg_rand_below(struct sg_rand *r, int64_t n); /* 0 .. n-1; 0 when n <= 0 */

#endif
