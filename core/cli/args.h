/* args.h - the command line of stopgapctl, and the table of its verbs. Pure, but for the time that --for counts from, which is passed in. */
#ifndef SG_CLI_ARGS_H
#define SG_CLI_ARGS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/val.h"

/* Options, one bit each. A verb names those that it takes besides the ones that all take. */
enum sg_opt {
	SG_OPT_JSON = 1 << 0,
	SG_OPT_TIMEOUT = 1 << 1,
	SG_OPT_SOCKET = 1 << 2,
	SG_OPT_ROOT = 1 << 3,
	SG_OPT_JOURNAL = 1 << 4,
	SG_OPT_HELP = 1 << 5,
	SG_OPT_VERSION = 1 << 6,
	SG_OPT_REASON = 1 << 7,
	SG_OPT_TICKET = 1 << 8,
	SG_OPT_ON_BEHALF_OF = 1 << 9,
	SG_OPT_FEED = 1 << 10,
	SG_OPT_BY_HAND = 1 << 11,
	SG_OPT_FOR = 1 << 12,
	SG_OPT_UNTIL = 1 << 13,
	SG_OPT_KEEP = 1 << 14,
	SG_OPT_ALL = 1 << 15,
	SG_OPT_OFFLINE = 1 << 16,
	SG_OPT_RETRY = 1 << 17,
	SG_OPT_TAKE_OVER = 1 << 18,
	SG_OPT_ACCEPT = 1 << 19,
	SG_OPT_EXIT_CODE = 1 << 20,
	SG_OPT_DOT = 1 << 21,
	SG_OPT_LIMIT = 1 << 22,
	SG_OPT_ANY_MACHINE = 1 << 23,
	SG_OPT_FROM = 1 << 24,
	SG_OPT_TO = 1 << 25,
	SG_OPT_HIVES = 1 << 26,
	SG_OPT_WITH = 1 << 27,
	SG_OPT_AS = 1 << 28,

	SG_OPTS_ALWAYS = SG_OPT_JSON | SG_OPT_TIMEOUT | SG_OPT_SOCKET | SG_OPT_ROOT | SG_OPT_HELP,
	SG_OPTS_WHO = SG_OPT_REASON | SG_OPT_TICKET |
	              SG_OPT_ON_BEHALF_OF, /* of every verb that changes something */
	SG_OPTS_HOW = SG_OPT_RETRY | SG_OPT_TAKE_OVER | SG_OPT_ACCEPT,
};

typedef void sg_render(const struct sg_val *reply, struct sg_buf *out); /* a reply as lines for a person */

struct sg_verb {
	const char *name;
	const char *synopsis; /* behind the name: "ID [--by-hand]" */
	const char *summary;  /* one line */
	const char *details;  /* for `help VERB`: lines, an example among them */
	unsigned options;     /* besides SG_OPTS_ALWAYS */
	int min, max;         /* words behind the verb */
	sg_render *render;    /* NULL: the verb prints by itself */
};
const struct sg_verb *sg_verb_find(const char *name);
const struct sg_verb *sg_verb_at(size_t i); /* NULL past the last */

struct sg_args {
	const struct sg_verb *verb; /* NULL: none was given */
	unsigned given;             /* enum sg_opt */
	const char *word;           /* the id, the file, the verb that help is about; NULL: none */
	const char *sub;            /* where a verb takes two words: the first of them; NULL: one was given */
	const char *reason, *ticket, *on_behalf_of, *feed, *socket, *journal, *as;
	int64_t timeout, until; /* ms; until is a wall time, 0: none */
	int64_t from, to;       /* wall times; they count when they are given */
	int64_t limit;
	struct sg_strs roots; /* "C=DIR" as written */
	struct sg_strs with;  /* Windows paths */
	char *typed;          /* what stood for "--reason -" on stdin: cli/typed.h */
};
/* Strings are borrowed from argv, but for `typed`. `now` is wall time. SG_EINVAL says what is wrong, and what was probably meant. */
int sg_args_read(int argc, char **argv, int64_t now, struct sg_args *ret, struct sg_err *err);
void sg_args_release(struct sg_args *a);
/* Whether --json is among them, whatever else is wrong with them: mistakes are told in the form that was asked for. */
bool sg_args_ask_json(int argc, char **argv);

/* The params of the verb's request, as schemas/control.md says; the caller's. */
struct sg_val *sg_args_params(const struct sg_args *a);

void sg_help(struct sg_buf *out); /* all verbs */
void sg_help_verb(const struct sg_verb *verb, struct sg_buf *out);
/* SG_EINVAL: help has nothing about the word, and which it has that is near. */
int sg_help_unknown(const char *typed, struct sg_err *err);

#endif
