/* companion.h - the services that would start a target again: each is disabled and stopped before the target, and comes back after it.
 *
 * Each is one more value of a service, held by reference like any other: two mitigations that share one, ended in whatever order, leave it as it was (P6).
 * Shared by the kinds that stop something; included by nothing outside actions/.
 */
#ifndef SG_ACTIONS_COMPANION_H
#define SG_ACTIONS_COMPANION_H

#include "actions/action.h"
#include "actions/action_read.h"

struct sg_companion {
	char *name;
	bool may_miss; /* if-missing="skip" */
};
struct sg_companions {
	struct sg_companion *at;
	size_t n, cap;
};
void sg_companions_release(struct sg_companions *c);
/* The Companion elements inside `node`, and nothing else there. `target`: a service that is none of them; NULL: not a service. */
int sg_companions_read(
        const struct sg_action_reader *r, const xmlNode *node, const char *target, struct sg_companions *ret);

/* Adds their wishes. One that is missing and may not be: SG_EUNSUPPORTED, for the target is here and is not to go in half. `target` is for messages: "the
 * application pool X". */
int sg_companions_plan(const struct sg_companions *c, const char *target, const struct sg_host *host,
        const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err);
void sg_companions_prove(const struct sg_companions *c, const struct sg_host *host, struct sg_proof *proof);
void sg_companions_effects(
        const struct sg_companions *c, const struct sg_host *host, bool out, struct sg_strs *ret);

#endif
