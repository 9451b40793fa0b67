/* exam.h - a mitigation's own tests, and Exchange's health pages, on a server that has nothing else. Pure.
 *
 * What an author asks before any server is asked: the evaluator of the proofs (core/rewrite, request filtering's comparison) over the mitigation's own
 * rules alone. Managed availability restarts what answers its health pages wrongly, so each of them is asked for as if a <Serve> named it.
 */
#ifndef SG_ENGINE_EXAM_H
#define SG_ENGINE_EXAM_H

#include "actions/bare.h"

struct sg_exam_line {
	size_t test;        /* index in the mitigation's tests; SIZE_MAX: a health page */
	const char *method; /* borrowed from the mitigation */
	const char *uri;    /* the same, or static */
	const char *wanted; /* "refuse", "serve", "response" */
	enum sg_effective passed;
	char *text; /* "refused by rule 'stopgap X' (403)" */
};
struct sg_exam {
	struct sg_exam_line *at;
	size_t n, cap;
	size_t passed, failed, unknown;
	bool silent; /* nothing in the mitigation has a say about requests: there are no lines */
};
/* `m` outlives the result. A Refuse or Response that no place covers is unknown, a Serve there passes. SG_EINVAL: an action is wrong by itself. */
int sg_exam(const struct sg_mitigation *m, struct sg_exam *ret, struct sg_err *err);
void sg_exam_release(struct sg_exam *e);

#endif
