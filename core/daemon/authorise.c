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

void sg_ids_add(struct sg_ids *ids, uint32_t id)
{
	ids->at = sg_grow(ids->at, ids->n, &ids->cap, sizeof *ids->at);
	ids->at[ids->n++] = id;
}

void sg_access_free(struct sg_access *access)
{
	if (!access)
		return;
	free(access->read_uids.at);
	free(access->read_gids.at);
	free(access->change_uids.at);
	free(access->change_gids.at);
	free(access);
}

static bool has(const struct sg_ids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (ids->at[i] == id)
			return true;
	return false;
}

static bool others(const struct sg_ids *uids, uint32_t self)
{
	for (size_t i = 0; i < uids->n; i++)
		if (uids->at[i] != 0 && uids->at[i] != self)
			return true;
	return false;
}

bool sg_access_others(const struct sg_access *a)
{
	return a->read_gids.n || a->change_gids.n || others(&a->read_uids, a->self) ||
	       others(&a->change_uids, a->self);
}

static bool listed(const struct sg_ids *uids, const struct sg_ids *gids, const struct sg_caller *c)
{
	if (has(uids, c->uid) || has(gids, c->gid))
		return true;
	for (size_t i = 0; i < c->n_groups; i++)
		if (has(gids, c->groups[i]))
			return true;
	return false;
}

bool sg_authorise(const struct sg_access *access, const struct sg_caller *caller, enum sg_right right)
{
	if (caller->uid == 0 || caller->uid == access->self)
		return true;
	if (listed(&access->change_uids, &access->change_gids, caller))
		return true;
	return right == SG_RIGHT_READ && listed(&access->read_uids, &access->read_gids, caller);
}
