/* action_prove.c - whether a mitigation takes effect: the answers of its actions, joined. Reads only. */
#include "actions/action.h"

#include <stdlib.h>
#include <string.h>

void sg_judgement_release(struct sg_judgement *j)
{
	free(j->text);
	free(j->defeat);
	memset(j, 0, sizeof(*j));
}

void sg_proof_release(struct sg_proof *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->at[i].text);
	free(p->at);
	free(p->text);
	memset(p, 0, sizeof(*p));
}

/* NO wins over UNKNOWN, UNKNOWN over YES; the first text of the winner stays. */
static void join(struct sg_proof *to, struct sg_proof *from, bool first)
{
	static const int weight[] = {
		[SG_EFFECTIVE_YES] = 0,
		[SG_EFFECTIVE_UNKNOWN] = 1,
		[SG_EFFECTIVE_NO] = 2,
	};

	if (first || weight[from->effective] > weight[to->effective]) {
		to->effective = from->effective;
		free(to->text);
		to->text = from->text;
		from->text = NULL;
	}
	for (size_t i = 0; i < from->n; i++) {
		to->at = sg_grow(to->at, to->n, &to->cap, sizeof(*to->at));
		to->at[to->n++] = from->at[i];
	}
	from->n = 0;
}

int sg_actions_prove(const struct sg_mitigation *m, const struct sg_host *host,
        const struct sg_drives *drives, struct sg_proof *ret, struct sg_err *err)
{
	struct sg_proof all = { .effective = SG_EFFECTIVE_UNKNOWN };
	struct sg_iis_files *files = sg_iis_files_new(host->iis, drives);
	bool first = true;
	int r = 0;

	for (size_t i = 0; !r && i < m->n_actions; i++) {
		const struct sg_action_kind *kind;
		struct sg_proof proof = { .effective = SG_EFFECTIVE_UNKNOWN };

		kind = sg_action_kind(m->actions[i].type);
		if (!kind)
			r = sg_fail(err, SG_EUNSUPPORTED,
			        "mitigation '%s': this version does not know the action type \"%s\"", m->id,
			        m->actions[i].type ? m->actions[i].type : "");
		if (!r && kind->prove) {
			r = kind->prove(m, &m->actions[i], host, files, &proof, err);
			if (!r) {
				join(&all, &proof, first);
				first = false;
			}
		}
		sg_proof_release(&proof);
	}
	if (!r) {
		*ret = all;
		memset(&all, 0, sizeof(all));
	}
	sg_proof_release(&all);
	sg_iis_files_free(files);
	return r;
}
