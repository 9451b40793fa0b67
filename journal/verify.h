/* verify.h - walks every record of a source and compares the whole with the head. */
#ifndef SG_JOURNAL_VERIFY_H
#define SG_JOURNAL_VERIFY_H

#include "journal/read.h"
#include "journal/table.h"

/* Each finding is one call of fn; the walk goes on behind it. Checks: checksums; number and sum of the records (one that is lost, or an old one that
 * came back); the chain of audit lines from checkpoint to head; every blob that is named, and its hash. Returns the number of findings. */
int sg_verify(const struct sg_source *s, void (*fn)(void *arg, const struct sg_finding *f), void *arg);

/* Collects findings for its callers. `record` is copied; text is formatted. */
struct sg_finder {
	void (*fn)(void *arg, const struct sg_finding *f);
	void *arg;
	int n;
};
void sg_finder_add(struct sg_finder *f, const char *promise, const char *record, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
/* The message of `err` as a finding; err is cleared. A "record X: " in front of it names the record. */
void sg_finder_add_err(
        struct sg_finder *f, const char *promise, enum sg_table t, struct sg_bytes key, struct sg_err *err);

#endif
