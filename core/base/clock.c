/* clock.c - the seeded source of jitter (splitmix64: S. Vigna's public constants). */
#include "base/clock.h"

uint64_t sg_rand_next(struct sg_rand *r)
{
	uint64_t z = (r->s += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int64_t sg_rand_below(struct sg_rand *r, int64_t n)
{
	return n <= 0 ? 0 : (int64_t)(sg_rand_next(r) % (uint64_t)n);
}
