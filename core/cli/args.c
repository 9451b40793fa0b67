/* args.c - reads the command line of stopgapctl against the tables. A mistake is found before anything is asked of anybody. */
#include "cli/args.h"
#include "base/guess.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct option {
	const char *name;
	enum sg_opt bit;
	bool value;
};
static const struct option options[] = {
	{ "--json", SG_OPT_JSON, false },
	{ "--timeout", SG_OPT_TIMEOUT, true },
	{ "--socket", SG_OPT_SOCKET, true },
	{ "--root", SG_OPT_ROOT, true },
	{ "--journal", SG_OPT_JOURNAL, true },
	{ "--help", SG_OPT_HELP, false },
	{ "-h", SG_OPT_HELP, false },
	{ "--version", SG_OPT_VERSION, false },
	{ "--reason", SG_OPT_REASON, true },
	{ "--ticket", SG_OPT_TICKET, true },
	{ "--on-behalf-of", SG_OPT_ON_BEHALF_OF, true },
	{ "--feed", SG_OPT_FEED, true },
	{ "--by-hand", SG_OPT_BY_HAND, false },
	{ "--for", SG_OPT_FOR, true },
	{ "--until", SG_OPT_UNTIL, true },
	{ "--keep", SG_OPT_KEEP, false },
	{ "--all", SG_OPT_ALL, false },
	{ "--offline", SG_OPT_OFFLINE, false },
	{ "--retry", SG_OPT_RETRY, false },
	{ "--take-over", SG_OPT_TAKE_OVER, false },
	{ "--accept", SG_OPT_ACCEPT, false },
	{ "--exit-code", SG_OPT_EXIT_CODE, false },
	{ "--dot", SG_OPT_DOT, false },
	{ "--limit", SG_OPT_LIMIT, true },
	{ "--any-machine", SG_OPT_ANY_MACHINE, false },
	{ "--from", SG_OPT_FROM, true },
	{ "--to", SG_OPT_TO, true },
	{ "--hives", SG_OPT_HIVES, false },
	{ "--with", SG_OPT_WITH, true },
	{ "--as", SG_OPT_AS, true },
};
enum { OPTION_COUNT = sizeof options / sizeof *options, VERBS_MAX = 64 };

static const char *name_of(enum sg_opt bit)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (options[i].bit == bit)
			return options[i].name;
	return "?";
}

/* The options that the verb takes, or all of them before it is known. */
static int unknown_option(const struct sg_verb *verb, const char *typed, struct sg_err *err)
{
	const char *names[OPTION_COUNT + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (!verb || ((verb->options | SG_OPTS_ALWAYS) & options[i].bit))
			names[n++] = options[i].name;
	return sg_guess_fail(err, "option", typed, names);
}

/* Every verb, then `more` (NULL-terminated). */
static int unknown(const char *kind, const char *typed, const char *const *more, struct sg_err *err)
{
	const char *names[VERBS_MAX] = { NULL };
	size_t n = 0;

	for (const struct sg_verb *v; n < VERBS_MAX - 1 && (v = sg_verb_at(n)) != NULL;)
		names[n++] = v->name;
	for (; *more && n < VERBS_MAX - 1; more++)
		names[n++] = *more;
	return sg_guess_fail(err, kind, typed, names);
}

static int unknown_verb(const char *typed, struct sg_err *err)
{
	static const char *const none[] = { NULL };

	return unknown("verb", typed, none, err);
}

int sg_help_unknown(const char *typed, struct sg_err *err)
{
	static const char *const pages[] = { "states", "events", NULL };

	return unknown("verb or page of help", typed, pages, err);
}

static const struct option *find_option(const char *arg)
{
	size_t len = strcspn(arg, "=");

	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].name) == len && memcmp(options[i].name, arg, len) == 0)
			return &options[i];
	return NULL;
}

static int duration(const char *name, const char *value, int64_t *ret, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;

	if (sg_duration_parse(value, ret, &why) < 0)
		return sg_fail(err, SG_EINVAL, "%s: %s", name, why.msg);
	if (*ret <= 0)
		return sg_fail(err, SG_EINVAL, "%s \"%s\": it must be longer than nothing", name, value);
	return 0;
}

static int future(const char *name, const char *value, int64_t now, int64_t *ret, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;

	if (sg_time_parse(value, ret, &why) < 0)
		return sg_fail(err, SG_EINVAL, "%s: %s", name, why.msg);
	if (*ret <= now)
		return sg_fail(err, SG_EINVAL, "%s %s is in the past", name, value);
	return 0;
}

/* A time, or a while ago. */
static int past(const char *name, const char *value, int64_t now, int64_t *ret, struct sg_err *err)
{
	int64_t ago;

	if (sg_duration_parse(value, &ago, NULL) == 0)
		*ret = now - ago;
	else if (sg_time_parse(value, ret, NULL) < 0)
		return sg_fail(err, SG_EINVAL,
		        "%s \"%.60s\" is no time: write 2026-11-21T09:00:00Z, or a while ago such as 30d",
		        name, value);
	return 0;
}

static int number(const char *name, const char *value, int64_t *ret, struct sg_err *err)
{
	size_t len = strlen(value);
	int64_t n = 0;

	if (len == 0 || len > 6 || strspn(value, "0123456789") != len)
		len = 0;
	for (size_t i = 0; i < len; i++)
		n = n * 10 + (value[i] - '0');
	if (n < 1)
		return sg_fail(
		        err, SG_EINVAL, "%s \"%s\": it must be a number from 1 to 999999", name, value);
	*ret = n;
	return 0;
}

static int take(struct sg_args *a, const struct option *o, const char *value, int64_t now, struct sg_err *err)
{
	int64_t ms = 0;
	int r = 0;

	if ((a->given & o->bit) && o->bit != SG_OPT_ROOT && o->bit != SG_OPT_WITH)
		return sg_fail(err, SG_EINVAL, "%s is given twice", o->name);
	a->given |= o->bit;
	/* the rest are switches: their bit says it all */
	if (o->bit == SG_OPT_TIMEOUT) {
		r = duration(o->name, value, &a->timeout, err);
	} else if (o->bit == SG_OPT_FOR) {
		r = duration(o->name, value, &ms, err);
		a->until = now + ms;
	} else if (o->bit == SG_OPT_UNTIL) {
		r = future(o->name, value, now, &a->until, err);
	} else if (o->bit == SG_OPT_FROM) {
		r = past(o->name, value, now, &a->from, err);
	} else if (o->bit == SG_OPT_TO) {
		r = past(o->name, value, now, &a->to, err);
	} else if (o->bit == SG_OPT_LIMIT) {
		r = number(o->name, value, &a->limit, err);
	} else if (o->bit == SG_OPT_ROOT) {
		sg_strs_add(&a->roots, value);
	} else if (o->bit == SG_OPT_WITH) {
		sg_strs_add(&a->with, value);
	} else if (o->bit == SG_OPT_SOCKET) {
		a->socket = value;
	} else if (o->bit == SG_OPT_JOURNAL) {
		a->journal = value;
	} else if (o->bit == SG_OPT_REASON) {
		a->reason = value;
	} else if (o->bit == SG_OPT_TICKET) {
		a->ticket = value;
	} else if (o->bit == SG_OPT_ON_BEHALF_OF) {
		a->on_behalf_of = value;
	} else if (o->bit == SG_OPT_FEED) {
		a->feed = value;
	} else if (o->bit == SG_OPT_AS) {
		a->as = value;
	}
	return r;
}

/* An option at argv[*at], its value included. */
static int read_option(struct sg_args *a, int argc, char **argv, int *at, int64_t now, struct sg_err *err)
{
	const char *arg = argv[*at], *equals = strchr(arg, '='), *value = equals ? equals + 1 : NULL;
	const struct option *o = find_option(arg);

	if (!o)
		return unknown_option(a->verb, arg, err);
	if (value && !o->value)
		return sg_fail(err, SG_EINVAL, "%s takes no value", o->name);
	if (o->value && !value) {
		if (*at + 1 == argc)
			return sg_fail(err, SG_EINVAL, "%s needs a value", o->name);
		value = argv[++*at];
	}
	return take(a, o, value ? value : "", now, err);
}

static int count_of(unsigned bits)
{
	int n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

static int check_plan(const struct sg_args *a, struct sg_err *err)
{
	static const char *const verbs[] = { "apply", "approve", "block", "unblock", "rollback", "resolve",
		"pause", "resume", NULL };
	bool of_all = a->as && (strcmp(a->as, "pause") == 0 || strcmp(a->as, "resume") == 0);
	int hows = count_of(a->given & SG_OPTS_HOW);
	bool known = !a->as;

	for (size_t i = 0; !known && verbs[i]; i++)
		known = strcmp(a->as, verbs[i]) == 0;
	if (!known)
		return sg_guess_fail(err, "verb to plan --as", a->as, verbs);
	if ((a->given & SG_OPT_KEEP) && (!a->as || strcmp(a->as, "block") != 0))
		return sg_fail(err, SG_EINVAL, "--keep goes with --as block alone");
	if (hows != (a->as && strcmp(a->as, "resolve") == 0))
		return sg_fail(err, SG_EINVAL,
		        hows ? "--retry, --take-over and --accept: one of them, with --as resolve"
		             : "plan --as resolve needs one of --retry, --take-over and --accept");
	if (a->as && !a->word && !of_all && strcmp(a->as, "rollback") != 0)
		return sg_fail(err, SG_EINVAL, "plan --as %s needs the id of a mitigation", a->as);
	if (of_all && a->word)
		return sg_fail(err, SG_EINVAL, "plan --as %s is of all mitigations: it takes no id", a->as);
	return 0;
}

/* What no table says: options that exclude or need each other. */
static int check_together(const struct sg_args *a, struct sg_err *err)
{
	const char *verb = a->verb->name;

	if ((a->given & SG_OPT_FOR) && (a->given & SG_OPT_UNTIL))
		return sg_fail(err, SG_EINVAL, "--for and --until both say when it ends: give one of them");
	if ((a->given & SG_OPT_FROM) && (a->given & SG_OPT_TO) && a->from >= a->to)
		return sg_fail(err, SG_EINVAL, "--from must lie before --to");
	if (strcmp(verb, "resolve") == 0 && count_of(a->given & SG_OPTS_HOW) != 1)
		return sg_fail(err, SG_EINVAL, "resolve needs one of --retry, --take-over and --accept");
	if (strcmp(verb, "rollback") == 0 && !a->word == !(a->given & SG_OPT_ALL))
		return sg_fail(err, SG_EINVAL,
		        a->word ? "rollback takes the id of a mitigation or --all, not both"
		                : "rollback needs the id of a mitigation, or --all");
	if (strcmp(verb, "feed") == 0 && (!a->sub || strcmp(a->sub, "reset-serial") != 0))
		return sg_fail(
		        err, SG_EINVAL, "feed knows reset-serial alone, not \"%.60s\"", a->sub ? a->sub : "");
	if (strcmp(verb, "feed") == 0 && !(a->given & SG_OPT_REASON))
		return sg_fail(err, SG_EINVAL, "feed reset-serial needs --reason \"why\"");
	if (strcmp(verb, "plan") == 0 && check_plan(a, err) < 0)
		return SG_EINVAL;
	if (strcmp(verb, "help") == 0 && a->sub && strcmp(a->sub, "event") != 0)
		return sg_fail(err, SG_EINVAL, "help takes one word, or \"event\" and a number");
	if ((a->given & (SG_OPT_JOURNAL | SG_OPT_ANY_MACHINE)) && !(a->given & SG_OPT_OFFLINE))
		return sg_fail(err, SG_EINVAL, "--journal and --any-machine go with --offline alone");
	return 0;
}

static int check(const struct sg_args *a, int words, struct sg_err *err)
{
	const struct sg_verb *v = a->verb;
	unsigned foreign;

	if (!v)
		return a->given & ~(unsigned)(SG_OPTS_ALWAYS | SG_OPT_VERSION)
		               ? sg_fail(err, SG_EINVAL,
		                         "what is to be done? \"stopgapctl help\" lists the verbs")
		               : 0;
	if (a->given & SG_OPT_HELP)
		return 0;
	foreign = a->given & ~(v->options | (unsigned)SG_OPTS_ALWAYS);
	if (foreign)
		return sg_fail(err, SG_EINVAL, "%s does not take %s: stopgapctl %s %s", v->name,
		        name_of((enum sg_opt)(foreign & -foreign)), v->name, v->synopsis);
	if (words < v->min)
		return sg_fail(err, SG_EINVAL, "%s needs %s: stopgapctl %s %s", v->name,
		        strncmp(v->synopsis, "FILE", 4) == 0    ? "the name of a file"
		        : strncmp(v->synopsis, "reset", 5) == 0 ? "what to do, and a feed's name"
		                                                : "the id of a mitigation",
		        v->name, v->synopsis);
	if (words > v->max)
		return sg_fail(err, SG_EINVAL, "%s takes %s: stopgapctl %s %s", v->name,
		        v->max > 1 ? "two words"
		        : v->max   ? "one word"
		                   : "no word",
		        v->name, v->synopsis);
	return check_together(a, err);
}

int sg_args_read(int argc, char **argv, int64_t now, struct sg_args *ret, struct sg_err *err)
{
	struct sg_args a = { 0 };
	bool only_words = false;
	int words = 0, r = 0;

	for (int i = 1; r == 0 && i < argc; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
			r = read_option(&a, argc, argv, &i, now, err);
		} else if (!a.verb) {
			a.verb = sg_verb_find(argv[i]);
			if (!a.verb)
				r = unknown_verb(argv[i], err);
		} else {
			a.sub = a.word;
			a.word = argv[i];
			words++;
		}
	}
	if (r == 0)
		r = check(&a, words, err);
	if (r < 0) {
		sg_args_release(&a);
		return r;
	}
	*ret = a;
	return 0;
}

void sg_args_release(struct sg_args *a)
{
	sg_strs_release(&a->roots);
	sg_strs_release(&a->with);
	free(a->typed);
	*a = (struct sg_args){ 0 };
}

bool sg_args_ask_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

static void set_if(struct sg_val *params, const char *key, const char *value)
{
	if (value)
		sg_val_set_str(params, key, value);
}

struct sg_val *sg_args_params(const struct sg_args *a)
{
	struct sg_val *p = sg_val_map();
	const char *verb = a->verb ? a->verb->name : "";

	if (strcmp(verb, "feed") == 0)
		set_if(p, "feed", a->word);
	else if (strcmp(verb, "import") == 0)
		set_if(p, "name", a->word);
	else
		set_if(p, "id", a->word);
	set_if(p, "feed", a->feed);
	set_if(p, "as", a->as);
	set_if(p, "reason", a->reason);
	set_if(p, "ticket", a->ticket);
	set_if(p, "on_behalf_of", a->on_behalf_of);
	if (a->given & SG_OPT_BY_HAND)
		sg_val_set_bool(p, "by_hand", true);
	if (a->given & SG_OPT_KEEP)
		sg_val_set_bool(p, "keep", true);
	if (a->given & SG_OPT_ALL)
		sg_val_set_bool(p, "all", true);
	if (a->until)
		sg_val_set_int(p, "until", a->until);
	if (a->limit)
		sg_val_set_int(p, "limit", a->limit);
	if (a->given & SG_OPT_FROM)
		sg_val_set_int(p, "from", a->from);
	if (a->given & SG_OPT_TO)
		sg_val_set_int(p, "to", a->to);
	set_if(p, "how",
	        a->given & SG_OPT_RETRY       ? "retry"
	        : a->given & SG_OPT_TAKE_OVER ? "take-over"
	        : a->given & SG_OPT_ACCEPT    ? "accept"
	                                      : NULL);
	return p;
}
