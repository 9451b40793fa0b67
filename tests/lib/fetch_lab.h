/* fetch_lab.h - what the tests of one fetched document share. */
#ifndef SG_TESTS_FETCH_LAB_H
#define SG_TESTS_FETCH_LAB_H

#include "feed/fetch.h"

/* With a time limit of 10 s and 1,000 octets at most; borrows the address. */
struct sg_fetch_request fetch_ask(const char *url);

/* The fetch fails with this code and a text that has these words in it, and gives nothing. */
void assert_fetch_refused(const struct sg_fetch_request *req, int code, const char *says);

/* A file of this text in the folder; its path is the caller's. */
char *fetch_file(const char *dir, const char *name, const char *text);

#endif
