/* dump.h - stopgap-journal: reads a private copy of a journal and prints it for people and for programs. Never writes beside it.
 *
 * Every command goes on behind damage: what is damaged is said on stderr, at which record, and the rest is printed; the exit status is then 1.
 * Text that came from outside (feeds, files, administrators) is made safe for a terminal. JSON has one object per line, each with a "schema";
 * the shapes are in schemas/journal.md.
 */
#ifndef SG_JOURNAL_DUMP_H
#define SG_JOURNAL_DUMP_H

#include "journal/reader.h"
#include "journal/verify.h"

enum { SG_DUMP_CLEAN = 0, SG_DUMP_FINDINGS = 1, SG_DUMP_USAGE = 2, SG_DUMP_UNREADABLE = 3 };
enum sg_dump_style { SG_DUMP_SHORT, SG_DUMP_JSON, SG_DUMP_PRETTY };

struct sg_dump_command;
struct sg_dump_options {
	const struct sg_dump_command *command;
	const char *arg;     /* the command's own argument; NULL: none */
	const char *journal; /* folder or file */
	enum sg_dump_style style;
	bool local, reverse, follow;
	int64_t since, until; /* ms; INT64_MIN and INT64_MAX when not given */
	int64_t count;        /* -n; -1: all */
	const char *id;       /* pattern; NULL: all */
	const char *before;   /* file that takes the exact bytes, "-": stdout */
};

struct sg_dump {
	const struct sg_dump_options *o;
	struct sg_journal_read *r;
	struct sg_source s;
	struct sg_buf out;    /* for stdout; sg_dump_flush() empties it */
	struct sg_finder bad; /* damage, printed on stderr as it is met */
	bool verified;        /* damage was named before the command ran, so its walks pass it in silence */
	int status;
};

enum sg_dump_arg { SG_DUMP_NO_ARG, SG_DUMP_MAY_ARG, SG_DUMP_NEEDS_ARG };
enum sg_dump_opt {
	SG_DUMP_O_STYLE = 1,
	SG_DUMP_O_TIMES = 2,
	SG_DUMP_O_ID = 4,
	SG_DUMP_O_COUNT = 8,
	SG_DUMP_O_REVERSE = 16,
	SG_DUMP_O_FOLLOW = 32,
	SG_DUMP_O_ZONE = 64,
	SG_DUMP_O_BEFORE = 128
};
struct sg_dump_command {
	const char *name;
	enum sg_dump_arg arg;
	unsigned options; /* enum sg_dump_opt */
	void (*run)(struct sg_dump *d);
	const char *synopsis, *help, *examples;
};

/* 0, or 1: help or version was asked for and is in `out`, or SG_EINVAL. Times relative to now_ms. */
int sg_dump_parse(int argc, char **argv, int64_t now_ms, struct sg_dump_options *ret, struct sg_buf *out,
        struct sg_err *err);
/* The whole tool: parse, copy, run, print. Gives the exit status. */
int sg_dump_main(int argc, char **argv);

void sg_dump_log(struct sg_dump *d);
void sg_dump_show(struct sg_dump *d);
void sg_dump_intent(struct sg_dump *d);
void sg_dump_holds(struct sg_dump *d);
void sg_dump_coverage(struct sg_dump *d);
void sg_dump_check(struct sg_dump *d);
void sg_dump_export(struct sg_dump *d);
void sg_dump_stat(struct sg_dump *d);

/* --- shared by the commands */

void sg_dump_flush(struct sg_dump *d);
/* One line on standard error, safe for a terminal. */
void sg_dump_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool sg_dump_json(const struct sg_dump *d);
void sg_dump_safe(const char *s, struct sg_buf *out); /* NULL: "-" */
void sg_dump_safe_lines(
        struct sg_bytes text, const char *indent, struct sg_buf *out);      /* line by line, tabs kept */
void sg_dump_time(const struct sg_dump *d, int64_t ms, struct sg_buf *out); /* 0: "-" */
/* One JSON object in the asked style, "schema" first; takes v, a map. */
void sg_dump_object(struct sg_dump *d, const char *thing, struct sg_val *v);
/* A record's tree for JSON: hashes as hex, other octets as {"text": ...} or {"base64": ...}; takes v. */
struct sg_val *sg_dump_plain(struct sg_val *v);
struct sg_val *sg_dump_line_val(const struct sg_audit *line); /* for JSON */
void sg_dump_line_text(const struct sg_dump *d, const struct sg_audit *line, struct sg_buf *out);

/* Every record of a table that can be read, as its tree; damage and newer formats are named (a newer one's payload is printed raw, as JSON). */
void sg_dump_each(
        struct sg_dump *d, enum sg_table t, void (*fn)(void *arg, const struct sg_val *v), void *arg);
/* Every audit line that can be read, from a seq on. The chain is checked on the way. */
void sg_dump_lines(
        struct sg_dump *d, uint64_t from_seq, void (*fn)(void *arg, const struct sg_audit *line), void *arg);
bool sg_dump_is(const char *pattern, const struct sg_key *key); /* "ID" or "FEED/ID", '*' and '?' */
void sg_dump_diff(const struct sg_content *a, const struct sg_content *b, const char *name_a,
        const char *name_b, struct sg_buf *out);

#endif
