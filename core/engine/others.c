/* others.c - whether somebody else's rules do it already: EM's, a script's, a person's. Changes nothing durable. */
#include "engine/inside.h"

void sg_decide_others(struct sg_engine *e, const struct sg_world *w, struct sg_decision *d)
{
	(void)w;
	d->facts.adopt = sg_engine_conf(e)->adopt;
}
