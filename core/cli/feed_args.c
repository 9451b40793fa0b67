/* feed_args.c - reads the command line of stopgap-feed against the tables. A mistake is found before anything is read or written. */
#include "cli/feed_args.h"
#include "base/guess.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { VERBS_MAX = 64 };

static uint64_t allowed(const struct sg_author_verb *verb)
{
	return verb->options | SG_AUTHOR_BIT(SG_AUTHOR_HELP) | SG_AUTHOR_BIT(SG_AUTHOR_JSON);
}

static int unknown_option(const struct sg_author_verb *verb, const char *typed, struct sg_err *err)
{
	const char *names[SG_AUTHOR_OPTIONS + 1] = { NULL };
	struct sg_err why = SG_ERR_INIT;
	size_t n = 0;

	for (int i = 0; i < SG_AUTHOR_OPTIONS; i++)
		if (!verb || (allowed(verb) & SG_AUTHOR_BIT(i)))
			names[n++] = sg_author_option_of((enum sg_author_opt)i)->name;
	sg_guess_fail(&why, "option", typed, names);
	if (verb)
		return sg_fail(err, SG_EINVAL, "%s: %s", verb->name, why.msg);
	return sg_fail(err, SG_EINVAL, "%s", why.msg);
}

int sg_author_unknown(const char *typed, struct sg_err *err)
{
	const char *names[VERBS_MAX] = { NULL };
	size_t n = 0;

	for (const struct sg_author_verb *v; n < VERBS_MAX - 1 && (v = sg_author_verb_at(n)) != NULL;)
		names[n++] = v->name;
	return sg_guess_fail(err, "verb", typed, names);
}

/* An option at argv[*at], its value included. */
static int read_option(struct sg_author_args *a, int argc, char **argv, int *at, struct sg_err *err)
{
	const char *arg = strcmp(argv[*at], "-h") == 0 ? "--help" : argv[*at], *value;
	size_t len = strcspn(arg, "=");
	int found = -1;

	for (int i = 0; i < SG_AUTHOR_OPTIONS; i++) {
		const char *name = sg_author_option_of((enum sg_author_opt)i)->name;

		if (strlen(name) == len && memcmp(name, arg, len) == 0)
			found = i;
	}
	if (found < 0 || (a->verb && !(allowed(a->verb) & SG_AUTHOR_BIT(found))))
		return unknown_option(a->verb, arg, err);
	const struct sg_author_option *o = sg_author_option_of((enum sg_author_opt)found);

	value = arg[len] == '=' ? arg + len + 1 : NULL;
	if (value && !o->value)
		return sg_fail(err, SG_EINVAL, "%s takes no value", o->name);
	if (o->value && !value) {
		if (*at + 1 == argc)
			return sg_fail(err, SG_EINVAL, "%s needs a value: %s %s", o->name, o->name, o->value);
		value = argv[++*at];
	}
	if (a->opt[found].n && !o->many)
		return sg_fail(err, SG_EINVAL, "%s is given twice", o->name);
	sg_strs_add(&a->opt[found], value ? value : "");
	return 0;
}

static int check(const struct sg_author_args *a, struct sg_err *err)
{
	const struct sg_author_verb *v = a->verb;
	int n = (int)a->words.n;

	if (!v)
		return 0;
	for (int i = 0; i < SG_AUTHOR_OPTIONS; i++) /* those that stood before the verb */
		if (a->opt[i].n && !(allowed(v) & SG_AUTHOR_BIT(i)))
			return unknown_option(v, sg_author_option_of((enum sg_author_opt)i)->name, err);
	if (sg_author_has(a, SG_AUTHOR_HELP))
		return 0;
	if (n < v->min)
		return sg_fail(
		        err, SG_EINVAL, "%s needs more: stopgap-feed %s %s", v->name, v->name, v->synopsis);
	if (v->max >= 0 && n > v->max)
		return sg_fail(err, SG_EINVAL, "%s: \"%.80s\" is one word too many: stopgap-feed %s %s",
		        v->name, a->words.at[v->max], v->name, v->synopsis);
	if (sg_author_has(a, SG_AUTHOR_PROFILE) &&
	        strcmp(sg_author_value(a, SG_AUTHOR_PROFILE), "stopgap") != 0 &&
	        strcmp(sg_author_value(a, SG_AUTHOR_PROFILE), "eocs") != 0)
		return sg_guess_fail(err, "profile", sg_author_value(a, SG_AUTHOR_PROFILE),
		        (const char *const[]){ "stopgap", "eocs", NULL });
	return 0;
}

int sg_author_args_read(int argc, char **argv, int64_t now, struct sg_author_args *ret, struct sg_err *err)
{
	bool only_words = false;
	int r = 0;

	*ret = (struct sg_author_args){ .now = now };
	for (int i = 1; r == 0 && i < argc; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
			r = read_option(ret, argc, argv, &i, err);
		} else if (!ret->verb) {
			ret->verb = sg_author_verb_find(argv[i]);
			if (!ret->verb)
				r = sg_author_unknown(argv[i], err);
		} else {
			sg_strs_add(&ret->words, argv[i]);
		}
	}
	return r ? r : check(ret, err);
}

void sg_author_args_release(struct sg_author_args *a)
{
	sg_strs_release(&a->words);
	for (int i = 0; i < SG_AUTHOR_OPTIONS; i++)
		sg_strs_release(&a->opt[i]);
	*a = (struct sg_author_args){ 0 };
}

bool sg_author_has(const struct sg_author_args *a, enum sg_author_opt opt)
{
	return a->opt[opt].n > 0;
}

const char *sg_author_value(const struct sg_author_args *a, enum sg_author_opt opt)
{
	return a->opt[opt].n ? a->opt[opt].at[0] : NULL;
}

bool sg_author_eocs(const struct sg_author_args *a)
{
	const char *profile = sg_author_value(a, SG_AUTHOR_PROFILE);

	return sg_author_has(a, SG_AUTHOR_EOCS) || (profile && strcmp(profile, "eocs") == 0);
}

int sg_author_time(const struct sg_author_args *a, enum sg_author_opt opt, bool ahead, int64_t otherwise,
        int64_t *ret, struct sg_err *err)
{
	const char *value = sg_author_value(a, opt);
	int64_t ms = otherwise;

	if (value && ahead && sg_duration_parse(value, &ms, NULL) == 0)
		ms += a->now;
	else if (value && sg_time_parse(value, &ms, NULL) < 0)
		return sg_fail(err, SG_EINVAL, "%s \"%.60s\" is no time: write 2026-11-21T09:00:00Z%s",
		        sg_author_option_of(opt)->name, value,
		        ahead ? ", or a while from now such as 14d" : "");
	*ret = ms;
	return 0;
}

int sg_author_number(const struct sg_author_args *a, enum sg_author_opt opt, int min, int max, int otherwise,
        int *ret, struct sg_err *err)
{
	const char *value = sg_author_value(a, opt);
	size_t len = value ? strlen(value) : 0;
	int n = 0;

	if (!value) {
		*ret = otherwise;
		return 0;
	}
	bool digits = len >= 1 && len <= 6 && strspn(value, "0123456789") == len;

	for (size_t i = 0; digits && i < len; i++)
		n = n * 10 + (value[i] - '0');
	if (!digits || n < min || n > max)
		return sg_fail(err, SG_EINVAL, "%s \"%.20s\": it must be a number from %d to %d",
		        sg_author_option_of(opt)->name, value, min, max);
	*ret = n;
	return 0;
}

int sg_author_usage(struct sg_author_out *out, struct sg_err *err, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	out->failure = SG_EXIT_USAGE;
	sg_fail(err, SG_EINVAL, "%s", (const char *)text.data);
	sg_buf_release(&text);
	return SG_EINVAL;
}
