/* action_others.c - what somebody else has put in that does what a mitigation would do: the answers of its actions, joined. Reads only. */
#include "actions/action.h"

#include <stdlib.h>
#include <string.h>

struct sg_other *sg_others_add(struct sg_others *o)
{
	o->at = sg_grow(o->at, o->n, &o->cap, sizeof(*o->at));
	memset(&o->at[o->n], 0, sizeof(*o->at));
	return &o->at[o->n++];
}

bool sg_other_adoptable(const struct sg_other *o, const struct sg_host *host)
{
	return !o->em || host->em == SG_EM_ABSENT || host->em == SG_EM_DISABLED;
}

void sg_others_release(struct sg_others *o)
{
	for (size_t i = 0; i < o->n; i++) {
		sg_addr_release(&o->at[i].addr);
		free(o->at[i].text);
	}
	free(o->at);
	memset(o, 0, sizeof(*o));
}

int sg_actions_others(const struct sg_mitigation *m, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_others *ret, struct sg_err *err)
{
	struct sg_others all = { .all = m->n_actions > 0 };
	int r = 0;

	for (size_t i = 0; !r && i < m->n_actions; i++) {
		const struct sg_action_kind *kind = sg_action_kind(m->actions[i].type);
		struct sg_others one = { 0 };

		if (kind && kind->others)
			r = kind->others(m, &m->actions[i], host, drives, own, &one, err);
		all.all = all.all && one.all;
		for (size_t k = 0; !r && k < one.n; k++) {
			*sg_others_add(&all) = one.at[k];
			one.at[k] = (struct sg_other){ 0 };
		}
		sg_others_release(&one);
	}
	if (!r) {
		*ret = all;
		memset(&all, 0, sizeof(all));
	}
	sg_others_release(&all);
	return r;
}
