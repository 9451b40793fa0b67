/* verbs.c - the one table of verbs, and the help that is made of it. */
#include "cli/args.h"
#include "cli/collect.h"
#include "cli/render.h"

#include <string.h>

static const struct sg_verb verbs[] = {
	{ "status", "", "is this server protected, by which feeds, and what is wrong",
	        "PROTECTED needs every feed verified within its stale-after and no needed mitigation "
	        "exposed.\n",
	        0, 0, 0, sg_render_status },
	{ "list", "", "every mitigation with its verdict, and every block",
	        "Verdicts: IN FORCE, IN FORCE BY OTHERS, NOT NEEDED, WAITING, EXPOSED, UNKNOWN.\n", 0, 0, 0,
	        sg_render_list },
	{ "show", "ID [--by-hand]", "one mitigation in full: what it changed, and why it is as it is",
	        "  --by-hand  the equal appcmd or PowerShell lines, the file, and the bytes\n"
	        "example: stopgapctl show CORP-1 --by-hand\n",
	        SG_OPT_BY_HAND | SG_OPT_FEED, 1, 1, sg_render_show },
	{ "plan", "[ID] [--as VERB] [--exit-code]",
	        "what would be done now, as a diff per file; changes nothing",
	        "An ID that waits is shown as `apply ID` would do it. In the mode observe, and while work "
	        "is paused,\nnothing would be done, and plan says so; with an ID it shows what would be done "
	        "without that.\n"
	        "  --as VERB    what `VERB ID` would do, and whether it would be refused: apply, approve, "
	        "block (--keep),\n"
	        "               unblock, rollback (without an ID: --all), resolve (--retry, --take-over or "
	        "--accept),\n"
	        "               pause, resume (both without an ID)\n"
	        "  --exit-code  exit with 10 when something would change\n"
	        "example: stopgapctl plan CORP-1 --as rollback\n",
	        SG_OPT_AS | SG_OPT_KEEP | SG_OPTS_HOW | SG_OPT_EXIT_CODE | SG_OPT_FEED, 0, 1,
	        sg_render_plan },
	{ "refresh", "[--feed NAME]", "poll the feeds now, and wait until what they bring is done",
	        "Fails when a feed could not be fetched or was refused; what the others brought is in force "
	        "all the same.\n",
	        SG_OPT_FEED | SG_OPTS_WHO, 0, 0, sg_render_done },
	{ "import", "FILE [--feed NAME]", "bring a feed's document from a file: a server without a network",
	        "FILE is as its publisher signed it; FILE.p7s beside it is its detached signature. It is "
	        "verified like "
	        "one that\nwas fetched. Without --feed: whichever feed it is signed for.\n"
	        "example: stopgapctl import /media/usb/exchange-known.xml --reason \"brought by hand\"\n",
	        SG_OPT_FEED | SG_OPTS_WHO, 1, 1, sg_render_done },
	{ "feed", "reset-serial NAME --reason TEXT", "let a feed's next document have any serial",
	        "For a publisher that lost count, once it says so: an old document could be brought into "
	        "force by it.\n",
	        SG_OPTS_WHO, 2, 2, sg_render_done },
	{ "approve", "ID", "this body of the mitigation may go in when its turn comes", "",
	        SG_OPT_FEED | SG_OPTS_WHO, 1, 1, sg_render_done },
	{ "apply", "ID", "approve, and now: past window, delay and ring",
	        "Never past applicability, a lock, missing space or a block. Also ends a rollback of the "
	        "same id.\n",
	        SG_OPT_FEED | SG_OPTS_WHO, 1, 1, sg_render_done },
	{ "block", "ID[@REV] [--for T | --until TIME] [--keep]",
	        "refuse a mitigation, also one that no feed has yet",
	        "What it changed is given back, unless --keep. REV covers part by part: M2@2.1 covers 2.1.0, "
	        "not 2.10.\n"
	        "  --for T       for that long: 90s, 15m, 8h, 2d, 2h30m\n"
	        "  --until TIME  until then: 2026-11-23T08:00:00Z\n"
	        "  --keep        what is in force stays\n"
	        "example: stopgapctl block CORP-1 --for 8h --reason \"calendar printing\" --ticket OPS-17\n",
	        SG_OPT_FOR | SG_OPT_UNTIL | SG_OPT_KEEP | SG_OPT_FEED | SG_OPTS_WHO, 1, 1, sg_render_done },
	{ "unblock", "ID[@REV]", "take a block back; the mitigation is evaluated at once", "",
	        SG_OPT_FEED | SG_OPTS_WHO, 1, 1, sg_render_done },
	{ "rollback", "ID | --all [--offline]",
	        "give back what was there before; the id stays out until `apply`",
	        "  --all      every mitigation\n"
	        "  --offline  without a daemon: needs --root C=DIR (on Windows the drives are the machine's "
	        "own unless it is given),\n"
	        "             and --journal DIR when it is not at its place\n"
	        "example: stopgapctl rollback CORP-1 --reason \"breaks printing\"\n",
	        SG_OPT_ALL | SG_OPT_OFFLINE | SG_OPT_JOURNAL | SG_OPT_ANY_MACHINE | SG_OPT_FEED | SG_OPTS_WHO,
	        0, 1, sg_render_done },
	{ "resolve", "ID --retry | --take-over | --accept", "decide about a mitigation that is blocked",
	        "  --retry      look again, and evaluate\n"
	        "  --take-over  what is there now becomes what is given back later, and ours is written\n"
	        "  --accept     what is there now stays, and is none of ours any more\n",
	        SG_OPTS_HOW | SG_OPT_FEED | SG_OPTS_WHO, 1, 1, sg_render_done },
	{ "pause", "[--for T]", "change nothing until resume, or for that long", "",
	        SG_OPT_FOR | SG_OPT_UNTIL | SG_OPTS_WHO, 0, 0, sg_render_done },
	{ "resume", "", "go on after a pause", "", SG_OPTS_WHO, 0, 0, sg_render_done },
	{ "history", "[ID] [--limit N]", "what happened, newest last",
	        "  --limit N  the last N lines; default 100\n", SG_OPT_LIMIT, 0, 1, sg_render_history },
	{ "coverage", "[ID] [--from T] [--to T] [--exit-code]",
	        "was this server protected: since when, until when, and why not",
	        "Protected: in force, in force by others, or not needed. Exposed: waiting, or exposed. "
	        "Unknown: "
	        "cannot be\ntold, the service was not running, or a feed could not be had.\n"
	        "  --from T, --to T  a time (2026-11-21T09:00:00Z) or a while ago (30d); default: all that "
	        "is "
	        "recorded\n"
	        "  --exit-code       exit with 11 when exposed at some time, else with 12 when that is not "
	        "known\n"
	        "example: stopgapctl coverage --from 90d --exit-code\n",
	        SG_OPT_FROM | SG_OPT_TO | SG_OPT_EXIT_CODE | SG_OPT_FEED, 0, 1, sg_render_coverage },
	{ "watch", "", "print what happens as it happens, until interrupted",
	        "  --timeout T  stop after that long\n", 0, 0, 0, NULL },
	{ "audit", "", "look at every held value now", "", 0, 0, 0, sg_render_audit },
	{ "doctor", "", "what keeps this server from being protected, and what to do about it",
	        "The daemon is asked: it looks with its own account, proxy and clock. It walks the way of "
	        "each feed "
	        "step by step\n(name, TCP, proxy, TLS, HTTP, size, parse, signature, time, serial) and takes "
	        "nothing "
	        "in; that is over after 30 s.\nChanges nothing that is held; it creates, renames and deletes "
	        "a file of "
	        "its own in each target folder.\nExit status 1 when a check or a step failed.\n",
	        0, 0, 0, sg_render_doctor },
	{ "collect", "FILE [--hives] [--with PATH]...",
	        "a copy of this server for those who write feeds, secrets masked",
	        "FILE becomes a tar of what a plan reads: IIS's configuration, web.config files, product "
	        "files. Passwords,\n"
	        "connection strings and keys in them become x's. No daemon is asked.\n"
	        "  --hives      the registry's SYSTEM and SOFTWARE, too, whole: services are known by them "
	        "alone;\n"
	        "               of a copied drive only, as a running Windows shares it with nobody\n"
	        "  --with PATH  one more file, as a mitigation's File condition would name it\n"
	        "example: stopgapctl collect mail1.tar --hives --root C=/mnt/c\n",
	        SG_OPT_HIVES | SG_OPT_WITH, 1, 1, sg_collect_render },
	{ "help", "[VERB | states [--dot] | events | event N]",
	        "this list, one verb, the states, or the events",
	        "  --dot  the states as a Graphviz graph\nevents: what each means, why it comes, and what to "
	        "do about it.\n",
	        SG_OPT_DOT, 0, 2, NULL },
};

const struct sg_verb *sg_verb_at(size_t i)
{
	return i < sizeof verbs / sizeof *verbs ? &verbs[i] : NULL;
}

const struct sg_verb *sg_verb_find(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static void common(struct sg_buf *out)
{
	sg_buf_str(out,
	        "  --json          one JSON document on stdout, in ASCII; its \"schema\" names its shape "
	        "(schemas/control.md)\n"
	        "  --timeout T     give up waiting after that long (the daemon goes on); default 5m\n"
	        "  --socket PATH   the control socket; or $STOPGAP_SOCKET, or the one of --root C=DIR;\n"
	        "                  on Windows without --root the service's own pipe\n");
}

void sg_help(struct sg_buf *out)
{
	sg_buf_str(out, "usage: stopgapctl [VERB] [options]      without a verb: the status in short\n\n");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		sg_buf_fmt(out, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
	sg_buf_str(out, "\n");
	common(out);
	sg_buf_str(out, "  --reason TEXT, --ticket TEXT, --on-behalf-of NAME\n"
	                "                  with every verb that changes something: kept in the journal "
	                "beside your account;\n"
	                "                  \"--reason -\" reads the reason from stdin, as UTF-8\n"
	                "  --version\n"
	                "\n"
	                "\"stopgapctl help VERB\" says more. A mitigation is not a fix: install the update.\n"
	                "Exit status: 0 done, 1 failed, 2 usage, 3 no daemon, 4 not allowed, 5 refused "
	                "because of the state,\n"
	                "6 timed out, 10 plan would change something (plan --exit-code), 11 exposed and 12 "
	                "unknown at some time\n"
	                "(coverage --exit-code).\n");
}

void sg_help_verb(const struct sg_verb *verb, struct sg_buf *out)
{
	sg_buf_fmt(out, "usage: stopgapctl %s %s\n\n%s\n", verb->name, verb->synopsis, verb->summary);
	if (*verb->details)
		sg_buf_fmt(out, "%s", verb->details);
	sg_buf_str(out, "\n");
	if (verb->options & SG_OPT_REASON)
		sg_buf_str(out, "  --reason TEXT   why; kept in the journal, and needed where the "
		                "configuration says so; - is stdin\n"
		                "  --ticket TEXT, --on-behalf-of NAME   kept beside it\n");
	if (verb->options & SG_OPT_FEED)
		sg_buf_str(out, "  --feed NAME     which feed, where two offer the same id\n");
	common(out);
}
