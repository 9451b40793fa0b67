/* walk_lab.h - one walk at a time, and what is expected of it. */
#ifndef SG_TESTS_LIB_WALK_LAB_H
#define SG_TESTS_LIB_WALK_LAB_H

#include "feed/fetch_walk.h"

extern struct sg_walk walk; /* the last one */

struct sg_fetch_request walk_ask(const char *url); /* without a proxy, at most 10 s and 1,000 octets */
void walk_is(enum sg_walk_step step, enum sg_walked walked, const char *says);
/* Walks. Every step before `step` went well or was left out for a reason, it failed so, and the rest was not tried. */
void walk_fails(
        const struct sg_fetch_request *req, enum sg_walk_step step, const char *says, const char *cure);
void walk_is_well(const struct sg_fetch_request *req);

/* A folder for a test's files: for cmocka. Files are native paths, the caller's. */
int walk_set_up(void **state);
int walk_tear_down(void **state);
char *walk_file(const char *name, const char *text);

#endif
