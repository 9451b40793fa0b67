/* action_read.h - what the readers of our own words in an Action share: one element, its attributes, its sentences. Pure; nothing outside actions/
 * includes it. */
#ifndef SG_ACTIONS_ACTION_READ_H
#define SG_ACTIONS_ACTION_READ_H

#include "base/xml.h"
#include "model/mitigation.h"

struct sg_action_reader {
	const struct sg_mitigation *m;
	const char *what; /* the element, for messages: "AppPool" */
	struct sg_err *err;
};

/* SG_EINVAL: "mitigation 'ID', AppPool: ...". */
int sg_action_refuse(const struct sg_action_reader *r, const char *fmt, ...)
        __attribute__((format(printf, 2, 3)));
/* The one element `what` that the action holds, which has the server as its scope. The document is the caller's to free. */
int sg_action_element(
        const struct sg_action_reader *r, const struct sg_action *a, xmlDoc **ret_doc, const xmlNode **ret);
/* Only these attributes, in no namespace, and no text between the children. */
int sg_action_shape(
        const struct sg_action_reader *r, const xmlNode *node, const char *const *allowed, size_t n);
/* An attribute that is absent, or this one word: *ret says which. */
int sg_action_word(
        const struct sg_action_reader *r, const xmlNode *node, const char *name, const char *word, bool *ret);
/* A name of 1 to `max` characters, none of them in `forbidden` or one that hides in a terminal, and no blank at its ends. `thing` is for messages: "the pool's
 * name"; `whose` has the rule: "IIS". */
struct sg_action_name {
	const char *thing, *whose, *forbidden;
	size_t max;
};
int sg_action_check_name(
        const struct sg_action_reader *r, const struct sg_action_name *rule, const char *name);
/* That no action of this sort in front of `a` has the same name, so that the actions of a mitigation cannot contradict each other. */
int sg_action_named_once(
        const struct sg_action_reader *r, const struct sg_action *a, const char *thing, const char *name);

#endif
