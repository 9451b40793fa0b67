/* dump_args.c - the command line of stopgap-journal, and its help. */
#include "journal/dump.h"

#include "base/guess.h"
#include "base/os.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

#ifndef SG_JOURNAL_DEFAULT
#define SG_JOURNAL_DEFAULT "/var/lib/stopgap/journal"
#endif

enum { LISTS = SG_DUMP_O_STYLE | SG_DUMP_O_ZONE };

static const struct sg_dump_command commands[] = {
	{ "dump", SG_DUMP_NO_ARG,
	        LISTS | SG_DUMP_O_TIMES | SG_DUMP_O_ID | SG_DUMP_O_COUNT | SG_DUMP_O_REVERSE |
	                SG_DUMP_O_FOLLOW,
	        sg_dump_log, "dump [PATH]", "prints what happened, one line each, oldest first",
	        "  stopgap-journal dump --since 2h\n"
	        "  stopgap-journal dump --id 'M*' -n 20 -r\n"
	        "  stopgap-journal dump -o json --since 2026-11-21T09:00:00Z | jq .text\n"
	        "  stopgap-journal dump -f\n" },
	{ "show", SG_DUMP_NEEDS_ARG, LISTS, sg_dump_show, "show ID [PATH]",
	        "prints one mitigation's whole life: what is known, held, blocked, and what happened",
	        "  stopgap-journal show M1\n  stopgap-journal show microsoft/M1 -o json\n" },
	{ "intent", SG_DUMP_NO_ARG, LISTS, sg_dump_intent, "intent [PATH]",
	        "prints the operation that is under way, value by value", "  stopgap-journal intent\n" },
	{ "holds", SG_DUMP_MAY_ARG, LISTS | SG_DUMP_O_ID | SG_DUMP_O_BEFORE, sg_dump_holds,
	        "holds [NUMBER|ADDRESS] [PATH]",
	        "prints what is held, before and after as a diff; --before FILE writes the exact bytes that "
	        "were there",
	        "  stopgap-journal holds\n  stopgap-journal holds 3 --before rule.xml\n  stopgap-journal "
	        "holds --id M1 -o json\n" },
	{ "coverage", SG_DUMP_MAY_ARG, LISTS | SG_DUMP_O_TIMES, sg_dump_coverage, "coverage [ID] [PATH]",
	        "prints when this server was protected, exposed, or when that is unknown, with the causes, "
	        "as "
	        "stopgapctl coverage does",
	        "  stopgap-journal coverage M1\n  stopgap-journal coverage -o json --since 30d\n" },
	{ "check", SG_DUMP_NO_ARG, SG_DUMP_O_STYLE, sg_dump_check, "check [PATH]",
	        "checks every promise that the file can show; exit 1 when one is broken",
	        "  stopgap-journal check\n  stopgap-journal check /mnt/copy/journal.mdb\n" },
	{ "export", SG_DUMP_NEEDS_ARG, 0, sg_dump_export, "export FILE [PATH]",
	        "writes one consistent file, also while the service runs",
	        "  stopgap-journal export /tmp/journal.mdb\n" },
	{ "stat", SG_DUMP_NO_ARG, LISTS, sg_dump_stat, "stat [PATH]", "prints sizes and counts",
	        "  stopgap-journal stat -o json\n" },
};
enum { COMMANDS = sizeof commands / sizeof *commands };

struct option {
	const char *name, *short_name;
	unsigned bit;
	bool value;
	const char *help;
};
static const struct option options[] = {
	{ "--output", "-o", SG_DUMP_O_STYLE, true, "short, json (one object per line) or json-pretty" },
	{ "--since", NULL, SG_DUMP_O_TIMES, true,
	        "only from this time on: 2026-11-21T09:00:00Z, or a while ago: 2h" },
	{ "--until", NULL, SG_DUMP_O_TIMES, true, "only before this time" },
	{ "--id", NULL, SG_DUMP_O_ID, true, "only this mitigation: ID or FEED/ID, * and ? match" },
	{ "--lines", "-n", SG_DUMP_O_COUNT, true, "only the last N" },
	{ "--reverse", "-r", SG_DUMP_O_REVERSE, false, "newest first" },
	{ "--follow", "-f", SG_DUMP_O_FOLLOW, false, "goes on printing what happens" },
	{ "--before", NULL, SG_DUMP_O_BEFORE, true,
	        "writes the bytes that were there before to FILE, - for standard output" },
	{ "--utc", NULL, SG_DUMP_O_ZONE, false, "times in UTC (the default)" },
	{ "--local", NULL, SG_DUMP_O_ZONE, false, "times in this machine's zone" },
	{ "--journal", "-j", 0, true, "folder or file of the journal; default " SG_JOURNAL_DEFAULT },
	{ "--help", "-h", 0, false, "this text; after a command, that command's" },
	{ "--version", NULL, 0, false, "the version" },
};
enum { OPTIONS = sizeof options / sizeof *options };

static void help(const struct sg_dump_command *c, struct sg_buf *out)
{
	if (!c) {
		sg_buf_str(out, "stopgap-journal COMMAND [OPTIONS] [PATH]: reads a journal, live or copied, "
		                "without ever writing beside it\n\nCommands:\n");
		for (size_t i = 0; i < COMMANDS; i++)
			sg_buf_fmt(out, "  %-30s %s\n", commands[i].synopsis, commands[i].help);
	} else {
		sg_buf_fmt(out, "stopgap-journal %s: %s\n", c->synopsis, c->help);
	}
	sg_buf_str(out, "\nOptions:\n");
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];
		if (!c || o->bit == 0 || (o->bit & c->options))
			sg_buf_fmt(out, "  %s%s%-12s%s %s\n", o->short_name ? o->short_name : "  ",
			        o->short_name ? ", " : "  ", o->name, o->value ? " VALUE" : "      ",
			        o->help);
	}
	sg_buf_str(out, "\nExamples:\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!c || c == &commands[i])
			sg_buf_str(out, commands[i].examples);
	}
	sg_buf_str(out, "\nExit status: 0 clean, 1 findings or damage, 2 usage, 3 unreadable.\n");
}

static int when(const char *s, int64_t now_ms, int64_t *ret, struct sg_err *err)
{
	int64_t ago;

	if (sg_duration_parse(s, &ago, NULL) == 0) {
		*ret = now_ms - ago;
		return 0;
	}
	if (sg_time_parse(s, ret, NULL) == 0)
		return 0;
	return sg_fail(err, SG_EINVAL,
	        "\"%.60s\" is no time: write 2026-11-21T09:00:00Z, or a while ago such as 2h", s);
}

static const struct option *find_option(const char *typed, size_t len)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const char *names[] = { options[i].name, options[i].short_name };
		for (size_t k = 0; k < 2; k++) {
			if (names[k] && strlen(names[k]) == len && memcmp(names[k], typed, len) == 0)
				return &options[i];
		}
	}
	return NULL;
}

static int style(const char *s, enum sg_dump_style *ret, struct sg_err *err)
{
	static const char *const names[] = { "short", "json", "json-pretty", NULL };

	for (size_t i = 0; names[i]; i++) {
		if (strcmp(s, names[i]) == 0) {
			*ret = (enum sg_dump_style)i;
			return 0;
		}
	}
	return sg_guess_fail(err, "output style", s, names);
}

static int count(const char *s, int64_t *ret, struct sg_err *err)
{
	char *end = NULL;
	long long n = strtoll(s, &end, 10);

	if (!*s || *end || n < 0)
		return sg_fail(err, SG_EINVAL, "-n takes a number of lines, not \"%.40s\"", s);
	*ret = n;
	return 0;
}

static int set(struct sg_dump_options *o, const struct option *opt, const char *value, int64_t now_ms,
        struct sg_err *err)
{
	const char *name = opt->name;

	if (!value) {
		if (strcmp(name, "--reverse") == 0)
			o->reverse = true;
		else if (strcmp(name, "--follow") == 0)
			o->follow = true;
		else if (opt->bit == SG_DUMP_O_ZONE)
			o->local = strcmp(name, "--local") == 0;
		return 0;
	}
	if (strcmp(name, "--output") == 0)
		return style(value, &o->style, err);
	if (strcmp(name, "--since") == 0)
		return when(value, now_ms, &o->since, err);
	if (strcmp(name, "--until") == 0)
		return when(value, now_ms, &o->until, err);
	if (strcmp(name, "--lines") == 0)
		return count(value, &o->count, err);
	if (strcmp(name, "--id") == 0)
		o->id = value;
	else if (strcmp(name, "--before") == 0)
		o->before = value;
	else if (strcmp(name, "--journal") == 0)
		o->journal = value;
	return 0;
}

static int unknown_option(const char *typed, struct sg_err *err)
{
	const char *names[OPTIONS + 1] = { NULL };

	for (size_t i = 0; i < OPTIONS; i++)
		names[i] = options[i].name;
	return sg_guess_fail(err, "option", typed, names);
}

/* The arguments that are no options: command, its argument, path. An optional argument that names a file is the path. */
static int positional(struct sg_dump_options *o, const char *s, struct sg_err *err)
{
	const char *names[COMMANDS + 1] = { NULL };
	struct sg_file_id id;

	if (!o->command) {
		for (size_t i = 0; i < COMMANDS; i++) {
			names[i] = commands[i].name;
			if (strcmp(s, names[i]) == 0)
				o->command = &commands[i];
		}
		return o->command ? 0 : sg_guess_fail(err, "command", s, names);
	}
	bool wants = o->command->arg != SG_DUMP_NO_ARG && !o->arg;
	if (wants && o->command->arg == SG_DUMP_MAY_ARG && sg_os_stat(s, &id, NULL) == 0)
		wants = false;
	if (wants)
		o->arg = s;
	else if (!o->journal)
		o->journal = s;
	else
		return sg_fail(
		        err, SG_EINVAL, "\"%.60s\" is one argument too many: %s", s, o->command->synopsis);
	return 0;
}

int sg_dump_parse(int argc, char **argv, int64_t now_ms, struct sg_dump_options *ret, struct sg_buf *out,
        struct sg_err *err)
{
	struct sg_dump_options o = { .since = INT64_MIN, .until = INT64_MAX, .count = -1 };
	bool asked_help = false, only_names = false;
	unsigned used = 0;
	int rc = 0;

	for (int i = 1; i < argc && rc == 0; i++) {
		const char *s = argv[i], *value = NULL;
		if (only_names || s[0] != '-' || s[1] == 0) {
			rc = positional(&o, s, err);
			continue;
		}
		if (strcmp(s, "--") == 0) {
			only_names = true;
			continue;
		}
		const char *equals = s[1] == '-' ? strchr(s, '=') : NULL;
		const struct option *opt = find_option(s, equals ? (size_t)(equals - s) : strlen(s));
		if (!opt)
			return unknown_option(s, err);
		if (opt->value) {
			value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
			if (!value)
				return sg_fail(err, SG_EINVAL, "%s needs a value: %s", s, opt->help);
		} else if (equals) {
			return sg_fail(err, SG_EINVAL, "%s takes no value", opt->name);
		}
		if (strcmp(opt->name, "--version") == 0) {
			sg_buf_str(out, "stopgap-journal " SG_VERSION "\n");
			return 1;
		}
		asked_help |= strcmp(opt->name, "--help") == 0;
		used |= opt->bit;
		rc = set(&o, opt, value, now_ms, err);
	}
	if (rc != 0)
		return rc;
	if (asked_help) {
		help(o.command, out);
		return 1;
	}
	if (!o.command)
		return sg_fail(err, SG_EINVAL,
		        "a command is needed: dump, show, intent, holds, coverage, check, export or stat; "
		        "see --help");
	if (o.command->arg == SG_DUMP_NEEDS_ARG && !o.arg)
		return sg_fail(
		        err, SG_EINVAL, "an argument is missing: stopgap-journal %s", o.command->synopsis);
	for (size_t i = 0; i < OPTIONS; i++) {
		if ((used & options[i].bit) && !(o.command->options & options[i].bit))
			return sg_fail(err, SG_EINVAL, "%s takes no %s; see stopgap-journal %s --help",
			        o.command->name, options[i].name, o.command->name);
	}
	if (!o.journal)
		o.journal = SG_JOURNAL_DEFAULT;
	*ret = o;
	return 0;
}
