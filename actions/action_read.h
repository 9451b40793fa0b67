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

#endif
