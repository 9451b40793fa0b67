/* limit.h - how often the same event of the same thing is said in a while. Bounded; no clock, no I/O: the time is passed in.
 *
 * It is for what is read as it comes, log and watchers: the audit trail has every line. The first few are said, the rest of the while is counted, and the
 * next that is said carries the count. When more things than there is room for speak at once, the one that spoke longest ago is forgotten with its count.
 */
#ifndef SG_MODEL_LIMIT_H
#define SG_MODEL_LIMIT_H

#include "base/hash.h"

enum {
	SG_LIMIT_THINGS = 128,
	SG_LIMIT_SAID = 5,               /* of one event of one thing ... */
	SG_LIMIT_WHILE = 10 * 60 * 1000, /* ... within so many ms */
};
struct sg_limited {
	struct sg_hash what; /* of event and thing */
	int64_t since, last;
	uint32_t said, left_out;
	int code;
	char thing[80]; /* for people; cut where it is longer */
};
/* Zeroed is empty. */
struct sg_limit {
	struct sg_limited at[SG_LIMIT_THINGS];
	size_t n;
};
/* Whether it is said. *ret_left_out: how many like it were not, since the last that was. `thing` NULL: the service. */
bool sg_limit_pass(struct sg_limit *l, int code, const char *thing, int64_t now, uint32_t *ret_left_out);
/* Takes out one whose while is over and of which something was left out that nobody was told of; false: there is none. */
bool sg_limit_over(struct sg_limit *l, int64_t now, struct sg_limited *ret);

#endif
