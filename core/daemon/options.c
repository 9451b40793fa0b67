/* options.c - reads the command line of stopgapd: every option once, a value after a blank or an equals sign. */
#include "daemon/options.h"
#include "base/guess.h"
#include "base/os.h"

#include <string.h>

const char sg_options_help[] =
        "usage: stopgapd [run] --config FILE --root C=DIR [--root D=DIR]... [options]\n"
        "       stopgapd --once recover | --once rollback ID | --once rollback --all  --root C=DIR\n"
        "       stopgapd install [--config FILE] [--journal DIR] [--start] [--seed FILE [--anchor FILE] "
        "[--mode MODE]]\n"
        "       stopgapd uninstall [--keep | --rollback] [--journal DIR] | start | reload | stop\n"
        "\n"
        "Applies the mitigations of signed feeds to a server's system drive, and gives back what was there.\n"
        "It never goes to the background by itself: run it from a service manager (Type=notify). On Windows "
        "the\n"
        "drives are the machine's own unless --root says otherwise, and these words manage the service "
        "\"stopgap\":\n"
        "\n"
        "  install          make or mend the service, its folders' access lists and its event source\n"
        "  uninstall        take them away; refused while mitigations are in place, unless --keep leaves "
        "them there,\n"
        "                   or --rollback takes all of them out first: all of them, or the service stays.\n"
        "                   The journal is --journal's, else the service's, else the last installation's\n"
        "  start, stop      and wait until it has; mitigations stay in place\n"
        "  reload           have it read its configuration again\n"
        "\n"
        "  --config FILE    the configuration; without it the journal's last good one, or the defaults\n"
        "  --root X=DIR     the folder that is drive X: (a mounted or copied drive); once per drive\n"
        "  --journal DIR    the journal's folder; default C:\\ProgramData\\stopgap\\journal\n"
        "  --socket PATH    the control socket or pipe; default <control socket> of the configuration, or\n"
        "                   C:\\ProgramData\\stopgap\\control\\control.sock, on Windows "
        "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\stopgap\n"
        "  --seed FILE      of install: the first configuration, checked and copied to its place; never over "
        "one that is there\n"
        "  --anchor FILE    of --seed: the certificate that it names, copied to where it names it\n"
        "  --mode MODE      of --seed: enforce, ask or observe, written over its own\n"
        "  --start          of install: start the service afterwards, unless it is disabled\n"
        "  --foreground     messages for a person: no level prefixes\n"
        "  --any-machine    accept a journal that another machine wrote\n"
        "  --check-config   read the configuration, say what is wrong with it, and stop\n"
        "  --print-config   print the configuration with every default, and where each setting comes from\n"
        "  --once recover          finish or take back what an operation left unfinished, and stop\n"
        "  --once rollback ID      give back what one mitigation changed; no feed, configuration or daemon "
        "needed\n"
        "  --once rollback --all   the same for all of them\n"
        "  --help, --version\n"
        "\n"
        "SIGHUP reloads the configuration and SIGTERM stops; on Windows \"stopgapd reload\" and\n"
        "\"stopgapd stop\" do, and in a console Ctrl+C stops. Mitigations stay in place.\n"
        "Exit status: 0 done, 1 failed, 2 usage, 5 refused because of the state.\n";

enum option {
	CONFIG,
	ROOT,
	JOURNAL,
	SOCKET,
	SEED,
	ANCHOR,
	MODE,
	ONCE,
	FOREGROUND,
	ANY_MACHINE,
	CHECK_CONFIG,
	PRINT_CONFIG,
	ALL,
	KEEP,
	START,
	ROLLBACK,
	HELP,
	VERSION,
	OPTION_COUNT,
};
static const char *const names[OPTION_COUNT + 1] = { "--config", "--root", "--journal", "--socket", "--seed",
	"--anchor", "--mode", "--once", "--foreground", "--any-machine", "--check-config", "--print-config",
	"--all", "--keep", "--start", "--rollback", "--help", "--version", NULL };

static bool takes_value(int option)
{
	return option <= ONCE;
}

/* Its number, with *ret_value behind an equals sign or NULL; negative when it is none. */
static int find_option(const char *arg, const char **ret_value, struct sg_err *err)
{
	size_t len = strcspn(arg, "=");

	*ret_value = arg[len] ? arg + len + 1 : NULL;
	if (strcmp(arg, "-h") == 0)
		return HELP;
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (strlen(names[i]) != len || memcmp(names[i], arg, len) != 0)
			continue;
		if (*ret_value && !takes_value(i))
			return sg_fail(err, SG_EINVAL, "%s takes no value", names[i]);
		return i;
	}
	return sg_guess_fail(err, "option", arg, names);
}

static int once(struct sg_options *o, const char *what, struct sg_err *err)
{
	if (strcmp(what, "recover") == 0)
		o->run = SG_RUN_RECOVER;
	else if (strcmp(what, "rollback") == 0)
		o->run = SG_RUN_ROLLBACK;
	else
		return sg_fail(err, SG_EINVAL, "--once \"%s\": it may be recover or rollback", what);
	return 0;
}

static int take(struct sg_options *o, int option, const char *value, bool *all, struct sg_err *err)
{
	switch ((enum option)option) {
	case CONFIG: o->config = value; break;
	case ROOT: return sg_drives_add(&o->drives, value, err);
	case JOURNAL: o->journal = value; break;
	case SOCKET: o->socket = value; break;
	case SEED: o->seed = value; break;
	case ANCHOR: o->anchor = value; break;
	case MODE: o->mode = value; break;
	case ONCE: return once(o, value, err);
	case FOREGROUND: o->foreground = true; break;
	case ANY_MACHINE: o->any_machine = true; break;
	case CHECK_CONFIG: o->run = SG_RUN_CHECK_CONFIG; break;
	case PRINT_CONFIG: o->run = SG_RUN_PRINT_CONFIG; break;
	case ALL: *all = true; break;
	case KEEP: o->keep = true; break;
	case START: o->start = true; break;
	case ROLLBACK: o->rollback = true; break;
	case HELP: o->run = SG_RUN_HELP; break;
	case VERSION: o->run = SG_RUN_VERSION; break;
	case OPTION_COUNT: break;
	}
	return 0;
}

static const struct {
	const char *name;
	enum sg_run run;
} words[] = {
	{ "run", SG_RUN_SERVICE },
	{ "install", SG_RUN_INSTALL },
	{ "uninstall", SG_RUN_UNINSTALL },
	{ "start", SG_RUN_START },
	{ "reload", SG_RUN_RELOAD },
	{ "stop", SG_RUN_STOP },
};
enum { WORD_COUNT = sizeof words / sizeof *words };

/* The first argument may be a word. */
static bool take_word(struct sg_options *o, const char *arg)
{
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (strcmp(words[i].name, arg) == 0) {
			o->run = words[i].run;
			return true;
		}
	}
	return false;
}

/* An argument that is no option, and no id that --once rollback waits for. `word` as for check_word(). */
static int stray(const struct sg_options *o, enum sg_run word, struct sg_err *err)
{
	const char *here[WORD_COUNT + 1] = { NULL };
	bool manages = sg_os_slash('\\'); /* there is a service to be managed: this is Windows */

	if (word)
		return sg_fail(err, SG_EINVAL, "\"%.80s\" is one argument too many", o->id);
	if (o->run != SG_RUN_SERVICE)
		return sg_fail(err, SG_EINVAL, "%.80s goes with --once rollback alone", o->id);
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (manages || words[i].run == SG_RUN_SERVICE)
			here[i] = words[i].name;
		if (strcmp(words[i].name, o->id) == 0)
			return sg_fail(err, SG_EINVAL, "%s comes first: stopgapd %s, and then its options",
			        o->id, o->id);
	}
	if (!manages && !sg_guess(o->id, here))
		return sg_fail(err, SG_EINVAL,
		        "there is no verb \"%.80s\": run is the only one here, the others manage the service "
		        "on "
		        "Windows",
		        o->id);
	return sg_guess_fail(err, "verb", o->id, here);
}

/* The word says all of it: what else was given would be taken for done. `word`: what it said, 0: there was none. */
static int check_word(const struct sg_options *o, enum sg_run word, struct sg_err *err)
{
	bool drives = false;

	for (size_t i = 0; i < sizeof o->drives.dir / sizeof *o->drives.dir; i++)
		drives = drives || o->drives.dir[i];
	if (word && o->run != word)
		return sg_fail(err, SG_EINVAL,
		        "run, install, uninstall, start, reload and stop are one thing to do, and --once, "
		        "--check-config and --print-config another");
	if ((o->keep || o->rollback) && o->run != SG_RUN_UNINSTALL)
		return sg_fail(err, SG_EINVAL, "--keep and --rollback go with uninstall alone");
	if (o->keep && o->rollback)
		return sg_fail(err, SG_EINVAL, "--keep leaves in place what --rollback takes out");
	if ((o->seed || o->anchor || o->mode || o->start) && o->run != SG_RUN_INSTALL)
		return sg_fail(err, SG_EINVAL, "--seed, --anchor, --mode and --start go with install alone");
	if (o->run < SG_RUN_INSTALL || o->run > SG_RUN_STOP)
		return 0;
	if (drives || o->socket || o->foreground || o->any_machine ||
	        (o->run != SG_RUN_INSTALL && o->config) ||
	        (o->run != SG_RUN_INSTALL && o->run != SG_RUN_UNINSTALL && o->journal))
		return sg_fail(err, SG_EINVAL,
		        "install takes --config, --journal, --seed, --anchor, --mode and --start, uninstall "
		        "takes "
		        "--keep or --rollback, and --journal, start, reload and stop take nothing: the rest "
		        "is the "
		        "configuration's");
	return 0;
}

static int check(struct sg_options *o, enum sg_run word, bool all, struct sg_err *err)
{
	if (o->run == SG_RUN_HELP || o->run == SG_RUN_VERSION)
		return 0;
	if (check_word(o, word, err) < 0)
		return SG_EINVAL;
	if (all && o->run == SG_RUN_ROLLBACK && !o->id)
		o->run = SG_RUN_ROLLBACK_ALL;
	else if (all)
		return sg_fail(err, SG_EINVAL, "--all goes with --once rollback alone");
	else if (o->id && o->run != SG_RUN_ROLLBACK)
		return stray(o, word, err);
	if (o->run == SG_RUN_ROLLBACK && !o->id)
		return sg_fail(err, SG_EINVAL, "--once rollback needs the id of a mitigation, or --all");
	if ((o->run == SG_RUN_CHECK_CONFIG || o->run == SG_RUN_PRINT_CONFIG) && !o->config)
		return sg_fail(err, SG_EINVAL, "which configuration? --config FILE");
	return 0;
}

int sg_options_read(int argc, char **argv, struct sg_options *ret, struct sg_err *err)
{
	struct sg_options o = { .run = SG_RUN_SERVICE };
	enum sg_run word = 0;
	bool all = false;
	int r = 0;

	for (int i = 1; r >= 0 && i < argc; i++) {
		const char *value = NULL;
		int option;

		if (i == 1 && take_word(&o, argv[i])) {
			word = o.run;
			continue;
		}
		if (argv[i][0] != '-') {
			if (o.id)
				r = sg_fail(err, SG_EINVAL, "\"%s\" is one argument too many", argv[i]);
			o.id = argv[i];
			continue;
		}
		r = option = find_option(argv[i], &value, err);
		if (r >= 0 && takes_value(option) && !value) {
			if (i + 1 == argc)
				r = sg_fail(err, SG_EINVAL, "%s needs a value", argv[i]);
			else
				value = argv[++i];
		}
		if (r >= 0)
			r = take(&o, option, value ? value : "", &all, err);
	}
	if (r >= 0)
		r = check(&o, word, all, err);
	if (r < 0) {
		sg_options_release(&o);
		return r;
	}
	*ret = o;
	return 0;
}

void sg_options_release(struct sg_options *o)
{
	sg_drives_release(&o->drives);
	*o = (struct sg_options){ 0 };
}
