/* authorise.c - the table of methods with their rights, and the one decision. Opens nothing, looks nothing up. */
#include "daemon/authorise.h"

#include <stdlib.h>
#include <string.h>

static const struct sg_method methods[] = {
	{ "status", SG_RIGHT_READ, SG_BY_SNAPSHOT },
	{ "list", SG_RIGHT_READ, SG_BY_SNAPSHOT },
	{ "states", SG_RIGHT_READ, SG_BY_SNAPSHOT },
	{ "watch", SG_RIGHT_READ, SG_BY_WATCH },
	{ "show", SG_RIGHT_READ, SG_BY_READING },
	{ "plan", SG_RIGHT_READ, SG_BY_READING },
	{ "history", SG_RIGHT_READ, SG_BY_READING },
	{ "coverage", SG_RIGHT_READ, SG_BY_READING },
	{ "audit", SG_RIGHT_READ, SG_BY_ENGINE }, /* what it finds is acted on */
	{ "doctor", SG_RIGHT_READ,
	        SG_BY_DOCTOR }, /* a file of its own comes and goes in each target folder */
	{ "refresh", SG_RIGHT_CHANGE, SG_BY_REFRESH },
	{ "import", SG_RIGHT_CHANGE, SG_BY_ENGINE },
	{ "reset-serial", SG_RIGHT_CHANGE, SG_BY_ENGINE },
	{ "approve", SG_RIGHT_CHANGE, SG_BY_ENGINE },
	{ "apply", SG_RIGHT_CHANGE, SG_BY_ENGINE },
	{ "block", SG_RIGHT_CHANGE, SG_BY_ENGINE },
	{ "unblock", SG_RIGHT_CHANGE, SG_BY_ENGINE },
	{ "rollback", SG_RIGHT_CHANGE, SG_BY_ENGINE },
	{ "resolve", SG_RIGHT_CHANGE, SG_BY_ENGINE },
	{ "pause", SG_RIGHT_CHANGE, SG_BY_ENGINE },
	{ "resume", SG_RIGHT_CHANGE, SG_BY_ENGINE },
};

const struct sg_method *sg_method_at(size_t i)
{
	return i < sizeof methods / sizeof *methods ? &methods[i] : NULL;
}

const struct sg_method *sg_method_find(const char *name)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

void sg_access_free(struct sg_access *access)
{
	if (!access)
		return;
	sg_strs_release(&access->always);
	sg_strs_release(&access->never);
	sg_strs_release(&access->read);
	sg_strs_release(&access->change);
	free(access);
}

void sg_caller_release(struct sg_caller *caller)
{
	free(caller->account);
	sg_strs_release(&caller->ids);
	sg_strs_release(&caller->barred);
	*caller = (struct sg_caller){ 0 };
}

void sg_caller_level(struct sg_caller *caller, bool known, uint32_t level)
{
	enum { LOW = 0x1000, MEDIUM = 0x2000 };
	char *sid = sg_format("S-1-16-%lu", (unsigned long)(known && level >= MEDIUM ? level : LOW));

	sg_strs_add_once(&caller->ids, sid);
	free(sid);
}

const char *sg_caller_account(const struct sg_caller *caller)
{
	return caller->account ? caller->account : "nobody";
}

static bool any_of(const struct sg_strs *ids, const struct sg_strs *listed)
{
	for (size_t i = 0; i < ids->n; i++)
		if (sg_strs_has(listed, ids->at[i]))
			return true;
	return false;
}

static bool any_but(const struct sg_strs *ids, const struct sg_strs *known)
{
	for (size_t i = 0; i < ids->n; i++)
		if (!sg_strs_has(known, ids->at[i]))
			return true;
	return false;
}

bool sg_access_others(const struct sg_access *a)
{
	return any_but(&a->read, &a->always) || any_but(&a->change, &a->always);
}

static bool is_refused(const struct sg_access *a, const struct sg_caller *c)
{
	return any_of(&c->ids, &a->never) || any_of(&c->barred, &a->never);
}

bool sg_authorise(const struct sg_access *access, const struct sg_caller *caller, enum sg_right right)
{
	if (is_refused(access, caller))
		return false;
	if (any_of(&caller->ids, &access->always) || any_of(&caller->ids, &access->change))
		return true;
	return right == SG_RIGHT_READ && any_of(&caller->ids, &access->read);
}
