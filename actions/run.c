/* run.c - which runner goes with the drives, what none of them touches, and what appcmd says. Pure. */
#include "actions/run.h"
#include "base/text.h"

#include <string.h>

const struct sg_runner *sg_runner_of(const struct sg_drives *drives)
{
	return sg_drives_live(drives) ? sg_run_live() : &sg_run_offline;
}

/* A mitigation that names them is refused where it is read; this is the last door (P14). */
static const char *const never[] = { "W3SVC", "WAS" };

/* What IIS itself lets into no pool's name, and what is syntax to appcmd somewhere. */
static const char appcmd_syntax[] = "|<>&\"/[]+=;:,?*@";

int sg_run_check(enum sg_hook_kind kind, const char *name, struct sg_err *err)
{
	const char *bad;

	if (!*name || strlen(name) > 256)
		return sg_fail(err, SG_EINVAL, "no service and no application pool has a name of %zu octets",
		        strlen(name));
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == '"' || *p == 0x7f)
			return sg_fail(err, SG_EINVAL, "octet %zu of the name cannot be in one",
			        (size_t)(p - name) + 1);
	bad = kind == SG_HOOK_POOL ? *name == '$' ? name : strpbrk(name, appcmd_syntax) : NULL;
	if (bad)
		return sg_fail(err, SG_EINVAL,
		        "the application pool %s cannot be named to appcmd.exe, which reads '%c' as syntax",
		        name, *bad);
	for (size_t i = 0; kind == SG_HOOK_SERVICE && i < sizeof(never) / sizeof(*never); i++)
		if (sg_same(name, never[i]))
			return sg_fail(err, SG_EUNSUPPORTED,
			        "%s is never stopped and never started by stopgap: every site of this server "
			        "depends on it",
			        never[i]);
	return 0;
}

static bool may_start(const struct sg_run_need *need)
{
	return need->runs ||
	       (need->comes_and_goes && !need->group && !sg_run_check(SG_HOOK_SERVICE, need->name, NULL));
}

int sg_run_check_needs(const char *service, const struct sg_run_need *needs, size_t n, struct sg_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (needs[i].missing)
			return sg_fail(err, SG_ESTATE,
			        "it depends on %s, which this Windows does not have: put that back, or take "
			        "it "
			        "out of what %s depends on",
			        needs[i].name, service);
		else if (!may_start(&needs[i]))
			return sg_fail(err, SG_ESTATE,
			        "it depends on %s%s, which does not run and would be started with it; "
			        "stopgap "
			        "starts only what it has stopped: start that and then %s by hand",
			        needs[i].group ? "the group " : "", needs[i].name, service);
	return 0;
}

int sg_run_parse_pool(const char *text, enum sg_run_state *ret, struct sg_err *err)
{
	static const struct {
		const char *word;
		enum sg_run_state state;
	} words[] = {
		{ "Started", SG_RUN_RUNNING },
		{ "Stopped", SG_RUN_STOPPED },
		{ "Starting", SG_RUN_UNKNOWN },
		{ "Stopping", SG_RUN_UNKNOWN },
	};
	size_t len = strlen(text);

	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (len == strlen(words[i].word) && sg_same_n(text, words[i].word, len)) {
			*ret = words[i].state;
			return 0;
		}
	return sg_fail(err, SG_EPARSE, "appcmd says '%.*s' where a pool's state was expected",
	        len > 200 ? 200 : (int)len, text);
}
