/* bare.h - what mitigations do to a request on a server that has nothing else: the author's question before any server is asked.
 *
 * The rules are run by the same evaluator as in a proof, and request filtering is judged by the same comparison; what is left out is everything that
 * only a server has: other rules, web.config files, modules that are missing. Each word that an <At> names as its sites is one site; every path is
 * there. Pure: no file is opened.
 */
#ifndef SG_ACTIONS_BARE_H
#define SG_ACTIONS_BARE_H

#include "actions/action.h"

/* Owner: who made it; read-only, so any thread may ask. The mitigations are not needed any more once it is made. */
struct sg_bare;
/* In the order in which they stand in their document: of rules at the same place the earlier ones run first. Tombstones and actions that have no say
 * about requests are passed over. SG_EINVAL: an action is wrong by itself, or a name is met twice. */
int sg_bare_new(const struct sg_mitigation *const *list, size_t n, struct sg_bare **ret, struct sg_err *err);
void sg_bare_free(struct sg_bare *bare);
bool sg_bare_any(const struct sg_bare *bare); /* something in it has a say about requests */

/* Over all sites where anything has a say: the heaviest fate of the test's kind (Refuse: one site that refuses does not make up for one that
 * serves). NONE: nothing has a say about the request. Errors: SG_EINVAL, SG_ELIMIT for a request that is none. */
int sg_bare_judge(
        const struct sg_bare *bare, const struct sg_test *test, struct sg_judgement *ret, struct sg_err *err);

/* The same, only at the sites where `where` has a say about the request: what becomes of one mitigation's business beside others. */
int sg_bare_judge_where(const struct sg_bare *bare, const struct sg_bare *where, const struct sg_test *test,
        struct sg_judgement *ret, struct sg_err *err);

#endif
