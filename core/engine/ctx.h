/* ctx.h - what an operation works with: the journal, the drive, the host's facts, the time. Borrowed pointers, one change-lane job long. */
#ifndef SG_ENGINE_CTX_H
#define SG_ENGINE_CTX_H

#include "actions/action.h"
#include "actions/run.h"
#include "actions/step.h"
#include "journal/journal.h"
#include "journal/read.h"
#include "model/codes.h"

struct sg_ctx {
	struct sg_journal *journal;
	struct sg_journal_read *read;
	const struct sg_drives *drives;
	const struct sg_runner *runner; /* starts and stops; never NULL in an operation */
	const struct sg_host *host;     /* NULL: could not be read; only recovery and reverts work then */
	struct sg_clock now;
	const struct sg_who *who; /* who asked; NULL: the service itself */
	bool (*stop)(void *arg);
	void *stop_arg;
	struct sg_rests *rests; /* what rest.h remembers; NULL: nothing */
};

/* One audit line for a row. The text is formatted; `data` (may be NULL) is taken over. Every line carries the row's state, reason, verdict, revision. */
struct sg_lines {
	struct sg_audit *at;
	size_t n, cap;
	struct sg_val
	        *facts; /* what the journal is to know from then on, written with the lines; NULL: nothing */
};
void sg_line(struct sg_lines *lines, const struct sg_ctx *ctx, int code, const struct sg_row *row,
        struct sg_val *data, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void sg_lines_release(struct sg_lines *lines);
/* `data` of a line about a feed: {"feed": name}. */
struct sg_val *sg_line_of_feed(const char *feed);

/* Whether a row holds at least one value. */
bool sg_holds_any(const struct sg_holds *holds, const struct sg_key *key);
/* Moves a row: state, reason, since (when they differ) and its sentence. */
void sg_row_move(struct sg_row *row, enum sg_state state, enum sg_reason reason, int64_t now, const char *fmt,
        ...) __attribute__((format(printf, 5, 6)));
/* For people: why nobody can tell whether its values are in place, or that they are not and nothing is done about it; NULL: neither. The caller's. */
char *sg_row_sight(const struct sg_row *row);
/* The verdict of a row as it stands. */
enum sg_verdict sg_row_verdict(const struct sg_row *row, bool holds);
/* One note: these rows and lines. */
int sg_note(
        struct sg_ctx *ctx, struct sg_row *const *rows, size_t n, struct sg_lines *lines, struct sg_err *err);

#endif
