/* feed_args.h - the command line of stopgap-feed: its verbs, their options, and what was typed. Pure.
 *
 * A verb is one row of the table in feed_verbs.c and one function; an option is one name here and one row there. Help is made of the rows.
 */
#ifndef SG_CLI_FEED_ARGS_H
#define SG_CLI_FEED_ARGS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/rpc.h"
#include "base/val.h"

enum sg_author_opt {
	SG_AUTHOR_HELP,
	SG_AUTHOR_JSON,
	SG_AUTHOR_KEY,
	SG_AUTHOR_CERT,
	SG_AUTHOR_CHAIN,
	SG_AUTHOR_PASSWORD_FILE,
	SG_AUTHOR_MODULE,
	SG_AUTHOR_PREVIOUS,
	SG_AUTHOR_OUT,
	SG_AUTHOR_TO,
	SG_AUTHOR_URL,
	SG_AUTHOR_CMS,
	SG_AUTHOR_ANCHOR,
	SG_AUTHOR_P7S,
	SG_AUTHOR_SIGNERS,
	SG_AUTHOR_AT,
	SG_AUTHOR_TIMESTAMP_ANCHOR,
	SG_AUTHOR_CRL,
	SG_AUTHOR_PROFILE,
	SG_AUTHOR_EOCS,
	SG_AUTHOR_FEED,
	SG_AUTHOR_EXPIRES,
	SG_AUTHOR_REASON,
	SG_AUTHOR_NAME,
	SG_AUTHOR_DAYS,
	SG_AUTHOR_EXIT_CODE,
	SG_AUTHOR_CA_FILE,
	SG_AUTHOR_PROXY,
	SG_AUTHOR_ID,
	SG_AUTHOR_KIND,
	SG_AUTHOR_DESC,
	SG_AUTHOR_CVE,
	SG_AUTHOR_SEVERITY,
	SG_AUTHOR_REFUSE,
	SG_AUTHOR_SERVE,
	SG_AUTHOR_METHOD,
	SG_AUTHOR_MATCH,
	SG_AUTHOR_QUERY,
	SG_AUTHOR_SEQUENCE,
	SG_AUTHOR_SITES,
	SG_AUTHOR_PATH,
	SG_AUTHOR_SERVICE,
	SG_AUTHOR_POOL,
	SG_AUTHOR_COMPANION,
	SG_AUTHOR_PRODUCT,
	SG_AUTHOR_AFFECTED,
	SG_AUTHOR_FIXED,
	SG_AUTHOR_SIDE_EFFECT,
	SG_AUTHOR_REVIEW_BY,
	SG_AUTHOR_DRIVES,
	SG_AUTHOR_SCRATCH,
	SG_AUTHOR_OPTIONS /* how many there are; at most 64 */
};
#define SG_AUTHOR_BIT(opt) (UINT64_C(1) << (opt))

struct sg_author_option {
	const char *name;  /* "--key" */
	const char *value; /* what it takes, for help: "FILE"; NULL: nothing */
	bool many;         /* it may be given more than once */
	const char *help;  /* one line */
};

struct sg_author_args;
/* What a verb leaves behind. Text is printed also when the verb fails. */
struct sg_author_out {
	struct sg_buf text;
	struct sg_val *json;  /* printed instead of text with --json; NULL: none */
	enum sg_exit failure; /* the exit status that goes with a failure; SG_EXIT_FAILED at first */
	enum sg_exit status;  /* and with success */
};
struct sg_author_verb {
	const char *name;
	const char *synopsis; /* behind the name: "FEED [--anchor PEM]..." */
	const char *summary;  /* one line */
	const char *details;  /* for help: lines, the last of them an example that works */
	uint64_t options;     /* SG_AUTHOR_BIT() of each, besides --help and --json */
	int min, max;         /* words behind the verb; max < 0: any number */
	int (*run)(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
};
const struct sg_author_option *sg_author_option_of(enum sg_author_opt opt);
const struct sg_author_verb *sg_author_verb_at(size_t i); /* NULL past the last */
const struct sg_author_verb *sg_author_verb_find(const char *name);
/* SG_EINVAL: there is no such verb, and which is near. */
int sg_author_unknown(const char *typed, struct sg_err *err);

struct sg_author_args {
	const struct sg_author_verb *verb; /* NULL: none was given */
	struct sg_strs words;
	struct sg_strs opt[SG_AUTHOR_OPTIONS]; /* the values, in their order; "" of one that takes none */
	int64_t now;                           /* wall time, ms */
};
/* SG_EINVAL says what is wrong, and what was probably meant. What was read until then is in *ret in any case. */
int sg_author_args_read(int argc, char **argv, int64_t now, struct sg_author_args *ret, struct sg_err *err);
void sg_author_args_release(struct sg_author_args *a);

bool sg_author_has(const struct sg_author_args *a, enum sg_author_opt opt);
const char *sg_author_value(const struct sg_author_args *a, enum sg_author_opt opt); /* NULL: not given */
bool sg_author_eocs(const struct sg_author_args *a); /* EM's own profile is asked for */
/* Options that hold a time: 2026-11-21T09:00:00Z, or with `ahead` also a while from now, such as 14d. SG_EINVAL. */
int sg_author_time(const struct sg_author_args *a, enum sg_author_opt opt, bool ahead, int64_t otherwise,
        int64_t *ret, struct sg_err *err);
/* A number from `min` to `max`. SG_EINVAL. */
int sg_author_number(const struct sg_author_args *a, enum sg_author_opt opt, int min, int max, int otherwise,
        int *ret, struct sg_err *err);
/* Fails as a mistake of the command line: exit status 2. */
int sg_author_usage(struct sg_author_out *out, struct sg_err *err, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

void sg_author_help(struct sg_buf *out); /* all verbs */
void sg_author_help_verb(const struct sg_author_verb *verb, struct sg_buf *out);

/* feed_run.c: one run of the program, from the command line to the exit status. */
enum sg_exit sg_author_run(int argc, char **argv);

#endif
