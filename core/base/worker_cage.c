/* worker_cage.c - see worker_cage.h. */
#include "base/worker_cage.h"

#include "base/worker.h"

#include <stdatomic.h>

/* --- what is said of it */

enum { NOTED = 0x100 };
static atomic_uint cages[2]; /* NOTED and enum sg_worker_lack, by whether the job uses the network */

void sg_worker_caged(bool network, unsigned lacks)
{
	atomic_store(&cages[network], NOTED | lacks);
}

static const struct {
	unsigned lack;
	const char *text;
} texts[] = {
	{ SG_LACKS_CHECK,
	        "no restricted token comes up, so that its account's rights are checked once only" },
	{ SG_LACKS_LEVEL, "its integrity level is not Low" },
	{ SG_LACKS_PRIVILEGES, "it keeps privileges" },
	{ SG_LACKS_ACCOUNT, "it runs as the system's own account" },
	{ SG_LACKS_FILES, "this kernel has no landlock, so that it can read what everybody may" },
	{ SG_LACKS_ROOT, "chroot is forbidden here, so that its root folder is this machine's" },
};

enum sg_worker_cage sg_worker_cage(bool network, char **ret_why)
{
	unsigned noted = atomic_load(&cages[network]), lacks = noted & SG_LACKS_ALL;
	struct sg_buf why = { 0 };

	if (lacks == SG_LACKS_ALL)
		sg_buf_str(&why, "none comes up with few enough rights");
	for (size_t i = 0; lacks != SG_LACKS_ALL && i < sizeof texts / sizeof *texts; i++)
		if (lacks & texts[i].lack)
			sg_buf_fmt(&why, "%s%s", why.len ? "; " : "", texts[i].text);
	if (ret_why)
		*ret_why = lacks ? sg_strdup((const char *)why.data) : NULL;
	sg_buf_release(&why);
	return !noted                  ? SG_CAGE_UNKNOWN
	       : !lacks                ? SG_CAGE_WHOLE
	       : lacks == SG_LACKS_ALL ? SG_CAGE_REFUSED
	                               : SG_CAGE_LESS;
}

/* --- Windows */

size_t sg_cage_steps(bool network, bool system, enum sg_worker_rights ret[SG_CAGE_STEPS])
{
	size_t n = 0;

	/* a token that is checked twice opens few of the doors that name resolution and TLS go through: what talks gets it where nothing better is left */
	if (!network)
		ret[n++] = SG_RIGHTS_RESTRICTED;
	if (system)
		ret[n++] = SG_RIGHTS_SERVICE;
	ret[n++] = network && system ? SG_RIGHTS_RESTRICTED : SG_RIGHTS_LOWERED;
	return n;
}

bool sg_cage_may(const struct sg_worker_token *is, bool network)
{
	return !network || !is->system || is->restricted;
}

unsigned sg_cage_lacks(const struct sg_worker_token *is, bool network)
{
	unsigned lacks = 0;

	if (!network && !is->restricted)
		lacks |= SG_LACKS_CHECK;
	if (is->system && (network || !is->restricted))
		lacks |= SG_LACKS_ACCOUNT;
	if (!is->low)
		lacks |= SG_LACKS_LEVEL;
	if (!is->stripped)
		lacks |= SG_LACKS_PRIVILEGES;
	return lacks;
}
