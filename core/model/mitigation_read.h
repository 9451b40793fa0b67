/* mitigation_read.h - what mitigation.c and mitigation_parts.c share; nobody else includes it.
 *
 * The reader is sticky: after the first failure everything is a harmless no-op or its result is thrown away.
 */
#ifndef SG_MODEL_MITIGATION_READ_H
#define SG_MODEL_MITIGATION_READ_H

#include "base/canon.h"
#include "model/mitigation.h"

struct sg_mread {
	struct sg_mitigation *m;
	int code;      /* 0 or the first failure */
	size_t octets; /* of the actions as documents of their own */
	struct sg_err *err;
};

/* Records SG_EINVAL with the id and the element `at`; returns the first failure's code. */
int sg_mread_fail(struct sg_mread *r, const struct sg_canon_elem *at, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
void sg_mread_attrs(struct sg_mread *r, const struct sg_canon_elem *node,
        const char *allowed); /* refuses every other attribute */
void sg_mread_no_text(
        struct sg_mread *r, const struct sg_canon_elem *node); /* refuses text between elements */
/* Owned; NULL when absent. Empty and overlong ones are refused. */
char *sg_mread_attr(struct sg_mread *r, const struct sg_canon_elem *node, const char *ns, const char *name,
        bool required);
char *sg_mread_text(struct sg_mread *r, const struct sg_canon_elem *node); /* owned; text without elements */
/* Notes the first thing that is not understood: applicability is UNKNOWN from then on. */
void sg_mread_unknown(struct sg_mread *r, const char *kind, const char *name, const char *in);

/* mitigation_parts.c */
void sg_mread_reference(struct sg_mread *r, const struct sg_canon_elem *node);
void sg_mread_side_effect(struct sg_mread *r, const struct sg_canon_elem *node);
void sg_mread_fixed_by(struct sg_mread *r, const struct sg_canon_elem *node);
void sg_mread_applicability(struct sg_mread *r, const struct sg_canon_elem *node);
void sg_mread_tests(struct sg_mread *r, const struct sg_canon_elem *node);
void sg_mread_probe(struct sg_mread *r, const struct sg_canon_elem *node);
void sg_mitigation_parts_release(struct sg_mitigation *m);

#endif
