/* others.c - whether somebody else's rules do it already: EM's, a script's, a person's. Changes nothing durable.
 *
 * A rule of somebody else counts when it does the same by its parts at every place (actions/action.h: others) and the mitigation's own tests do not
 * say otherwise: ours is not there while this is asked, so they are about theirs alone. By policy it is left, and counted as in force; or it is
 * adopted, all but the rules of Microsoft's EM while its service is enabled: EM would put them back within the hour.
 */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 3 }; /* rules that are named in one sentence */

void sg_engine_forget_others(struct sg_engine *e)
{
	for (size_t i = 0; i < e->n_neighbours; i++) {
		sg_key_release(&e->neighbours[i].key);
		free(e->neighbours[i].text);
	}
	e->n_neighbours = 0;
}

static char *names(const struct sg_others *others)
{
	struct sg_buf text = { 0 };

	for (size_t i = 0; i < others->n && i < TEXTS_MAX; i++)
		sg_buf_fmt(&text, "%s%s", i ? "; " : "", others->at[i].text);
	if (others->n > TEXTS_MAX)
		sg_buf_fmt(&text, "; and %zu more", others->n - TEXTS_MAX);
	return sg_buf_detach(&text);
}

static void forget(struct sg_neighbour *n)
{
	n->in_force = n->adopt = false;
	free(n->text);
	n->text = NULL;
}

/* Files as they are, without a rule of ours in them. false: it could not be asked, and what was known stays. */
static bool look(struct sg_engine *e, const struct sg_world *w, const struct sg_mitigation *m,
        struct sg_neighbour *ret)
{
	struct sg_others others = { 0 };
	struct sg_proof proof = { 0 };
	int r = sg_actions_others(m, e->host, e->options.drives, &w->holds, &others, NULL);

	if (r == SG_EIO)
		return false;
	forget(ret);
	if (r || !others.all)
		goto out;
	if (sg_actions_test(m, e->host, e->options.drives, &proof, NULL) ||
	        proof.effective == SG_EFFECTIVE_NO)
		goto out;
	ret->in_force = true;
	ret->adopt = true;
	for (size_t i = 0; i < others.n; i++)
		ret->adopt = ret->adopt && sg_other_adoptable(&others.at[i], e->host);
	ret->text = names(&others);
out:
	sg_proof_release(&proof);
	sg_others_release(&others);
	return true;
}

/* As seen since the files may have changed last, and no longer ago than an audit. */
static const struct sg_neighbour *neighbour(
        struct sg_engine *e, const struct sg_world *w, const struct sg_decision *d)
{
	struct sg_neighbour *n = NULL;

	for (size_t i = 0; !n && i < e->n_neighbours; i++) {
		if (sg_key_equal(&e->neighbours[i].key, &d->row->key))
			n = &e->neighbours[i];
	}
	if (!n) {
		e->neighbours =
		        sg_grow(e->neighbours, e->n_neighbours, &e->cap_neighbours, sizeof(*e->neighbours));
		n = &e->neighbours[e->n_neighbours++];
		*n = (struct sg_neighbour){ 0 };
		sg_key_copy(&n->key, &d->row->key);
	}
	if (!sg_hash_equal(&n->body, &d->row->offered)) {
		forget(n);
		n->body = d->row->offered;
		n->at = 0;
	}
	if ((!n->at || w->now.wall < n->at || w->now.wall - n->at >= sg_engine_conf(e)->audit_every) &&
	        look(e, w, d->m, n))
		n->at = w->now.wall;
	return n;
}

/* Only where it is needed and nothing of ours is in place does it matter who else does it. */
static bool matters(const struct sg_engine *e, const struct sg_decision *d)
{
	return e->host && d->m && !d->facts.holds && d->row->state != SG_APPLIED &&
	       d->row->applies == SG_APPLIES_YES && !d->facts.shadowed && !d->facts.withdrawn &&
	       !d->facts.ended;
}

void sg_decide_others(struct sg_engine *e, const struct sg_world *w, struct sg_decision *d)
{
	const struct sg_neighbour *n = matters(e, d) ? neighbour(e, w, d) : NULL;
	struct sg_row *row = d->row;
	bool in_force = n && n->in_force;
	char *text = in_force ? sg_strdup(n->text) : NULL;

	d->others = in_force != row->in_force_by_others ||
	            (in_force && strcmp(text, row->others_text ? row->others_text : "") != 0);
	row->in_force_by_others = in_force;
	free(row->others_text);
	row->others_text = text;
	d->facts.equivalent = in_force;
	d->facts.adopt = n && n->adopt && sg_engine_conf(e)->adopt; /* as it is configured now */
}
