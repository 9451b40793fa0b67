/* growth.h - whether a cost grows with its input as it should: the processor time of one size against that of another in the same run, never against a
 * clock on the wall. Eight times the input may cost at most 24 times as much; a square would cost 64 times. */
#ifndef SG_TESTS_LIB_GROWTH_H
#define SG_TESTS_LIB_GROWTH_H

#include <stddef.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static inline double growth_cost(void (*fn)(size_t n), size_t n)
{
	clock_t before = clock();

	fn(n);
	return (double)(clock() - before) / CLOCKS_PER_SEC;
}

/* `fn` does the work on an input of size n, and asserts what it must; n is large enough to be measured. */
static inline void assert_linear(void (*fn)(size_t n), size_t n)
{
	double small = growth_cost(fn, n / 8), large = growth_cost(fn, n);

	/* 20 ms are beyond doubt the machine's own. */
	if (large > 24 * small + 0.02)
		fail_msg("%zu of input cost %.3f s, %zu of it %.3f s: that is not linear", n / 8, small, n,
		        large);
}

#endif
