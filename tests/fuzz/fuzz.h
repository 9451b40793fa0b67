/* fuzz.h - what the fuzz targets share: the documents of seed/, and an end that a fuzzer and a plain driver both notice. */
#ifndef SG_TESTS_FUZZ_FUZZ_H
#define SG_TESTS_FUZZ_FUZZ_H

#include "feed/feed.h"
#include <stdint.h>

#define FUZZ_NOW 1795000000000LL /* when the seeds were good */

/* seed/NAME; the process ends when it is not there. */
void fuzz_seed(const char *name, struct sg_buf *ret);
/* What accepts the seeds: signed.xml, and with `later` stamped.xml. */
struct sg_feed_rules fuzz_rules(bool later);
/* Ends the process with a word: what must never be was seen. */
_Noreturn void fuzz_broken(const char *what);
/* 0, or the process ends: libxml2 and the rules above. */
void fuzz_init(void);

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
