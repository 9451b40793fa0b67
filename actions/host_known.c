/* host_known.c - the one table of what this version can find on a server. Whoever reads products takes their names from it, and whoever is asked for one that
 * it does not list cannot tell whether that is here: its absence from the facts proves nothing. Pure.
 */
#include "actions/host_parts.h"

#include "base/guess.h"

#include <stdlib.h>

static const struct {
	const char *name, *role;
} known[SG_FOUND_COUNT] = {
	[SG_FOUND_IIS] = { "IIS", NULL },
	[SG_FOUND_MAILBOX] = { "Exchange", "Mailbox" },
	[SG_FOUND_EDGE] = { "Exchange", "Edge" },
};

const char *sg_found_name(enum sg_found found)
{
	return known[found].name;
}

const char *sg_found_role(enum sg_found found)
{
	return known[found].role;
}

static int refuse(
        const char *before, const char *word, const char *after, const char *const *words, struct sg_err *err)
{
	const char *guess = sg_guess(word, words);
	char *safe = sg_text_short(word, 60);

	sg_fail(err, SG_EUNSUPPORTED, "this version %s '%s'%s%s%s%s", before, safe, after,
	        guess ? "; did you mean '" : "", guess ? guess : "", guess ? "'?" : "");
	free(safe);
	return SG_EUNSUPPORTED;
}

int sg_host_can_tell(const char *name, const char *role, struct sg_err *err)
{
	const char *names[SG_FOUND_COUNT + 1] = { NULL }, *roles[SG_FOUND_COUNT + 1] = { NULL };
	size_t n_names = 0, n_roles = 0;
	bool here = false;
	char *after;
	int r;

	for (size_t i = 0; i < SG_FOUND_COUNT; i++) {
		/* rows of one product stand together */
		if (!n_names || !sg_same(names[n_names - 1], known[i].name))
			names[n_names++] = known[i].name;
		if (!sg_same(name, known[i].name))
			continue;
		here = true;
		if (!role || (known[i].role && sg_same(role, known[i].role)))
			return 0;
		if (known[i].role)
			roles[n_roles++] = known[i].role;
	}
	if (!here)
		return refuse("does not know the product", name, "", names, err);
	after = sg_format(" of %s is installed", name);
	r = refuse("cannot tell whether the role", role, after, roles, err);
	free(after);
	return r;
}
