/* coverage.h - "was this server protected from X to Y" (P13), from audit lines alone: lines in, spans out. Pure; opens nothing, looks nothing up.
 *
 * A line that carries a verdict begins a span of its mitigation; what counts as what:
 *   protected  in force, in force by others, not needed
 *   exposed    waiting, exposed
 *   unknown    applicability unknown; the service was not running; before the first line that is kept; from a lost line to the next one of that mitigation
 * The server is exposed while any mitigation is; else unknown while one is, or while a feed could not be had, was stale, was refused, was not read yet or
 * lacked a part: nobody knows then whether it had anything new; else protected. Without any feed it is exposed.
 *
 * The service was not running between its STOPPED line and the next STARTED one. A STARTED, or a RECOVERED, without a STOPPED in front means that it
 * died: it is known to have run until its last line. Times that go back (a clock that was set) are held at the latest before.
 * Owner: whoever made it. Any thread, one at a time.
 */
#ifndef SG_JOURNAL_COVERAGE_H
#define SG_JOURNAL_COVERAGE_H

#include "model/row.h"

enum sg_cover { SG_COVER_PROTECTED = 0, SG_COVER_EXPOSED, SG_COVER_UNKNOWN };
const char *sg_cover_name(enum sg_cover cover); /* protected exposed unknown */

struct sg_span {
	enum sg_cover cover;
	enum sg_verdict verdict; /* what made it so; SG_V_UNKNOWN for all that is no verdict */
	char *cause;
	int64_t from, to; /* ms; from < to */
	uint64_t seq;     /* the line that began it */
};
struct sg_spans {
	struct sg_span *at;
	size_t n, cap;
	bool open; /* the last one goes on */
};

/* Ends the span that goes on, and begins another, unless it would say the same. One that lasted no time is forgotten. */
void sg_spans_begin(struct sg_spans *s, enum sg_cover cover, enum sg_verdict verdict, const char *cause,
        int64_t at, uint64_t seq);
void sg_spans_end(struct sg_spans *s, int64_t at);
void sg_spans_release(struct sg_spans *s);

struct sg_covered { /* one mitigation */
	struct sg_key key;
	struct sg_spans spans;
	enum sg_verdict verdict; /* by its last line */
	char *cause;
};
struct sg_covered_feed {
	char *name;
	bool listed, read; /* in the configuration; a document of it was accepted once */
	char *error, *stale, *part;
};

struct sg_coverage {
	struct sg_covered *at;
	size_t n, cap;
	struct sg_covered_feed *feeds;
	size_t n_feeds, cap_feeds;
	struct sg_spans server;
	int64_t first, now; /* wall times of the first line, and the latest met; 0: no line yet */
	uint64_t first_seq;
	uint64_t last_seq;
	bool live; /* the service runs: nothing lies behind `now` */
	bool running,
	        known;   /* known: a line of the service's life was met, so that `running` says something */
	bool configured; /* a configuration is in force, and `listed` is what it lists */
	char *gap;       /* why it does not run */
	struct sg_val *facts; /* until the first line that they are about */
};

/* `facts`: the journal's (sg_journal_facts()), among them what sg_coverage_standing() put when older lines were taken out; NULL: there are none. */
void sg_coverage_init(struct sg_coverage *c, const struct sg_val *facts);
/* The lines in order of seq. */
void sg_coverage_line(struct sg_coverage *c, const struct sg_audit *line);
/* No line more. `now`: the service runs, and this is the time; 0: a journal that is only read, of which nothing is known behind its last line. */
void sg_coverage_end(struct sg_coverage *c, int64_t now);
void sg_coverage_release(struct sg_coverage *c);

/* What must be known of the lines so far once they are gone, as facts to be put before lines below `seq` are taken out: SG_COVERAGE_FACT, and as many
 * parts of it as keep each within a record. Parts of `facts`, those of now, that are not needed any more are nil. The caller's. */
#define SG_COVERAGE_FACT "coverage"
struct sg_val *sg_coverage_standing(const struct sg_coverage *c, uint64_t seq, const struct sg_val *facts);

bool sg_coverage_is_fact(const char *name); /* SG_COVERAGE_FACT or a part of it */

/* stopgap.coverage.v1 (schemas/control.md), for from <= time < to; INT64_MIN and INT64_MAX: as far as the journal goes. `pattern`: only mitigations
 * that sg_coverage_is() says, and no "server"; NULL: all. The caller's. */
struct sg_val *sg_coverage_report(const struct sg_coverage *c, const char *pattern, int64_t from, int64_t to);
/* "ID" or "FEED/ID", with * and ?; letters without case. NULL: any. */
bool sg_coverage_is(const char *pattern, const struct sg_key *key);

#endif
