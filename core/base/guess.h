/* guess.h - "did you mean": the known word that is nearest to a mistyped one. Pure. */
#ifndef SG_BASE_GUESS_H
#define SG_BASE_GUESS_H

#include "base/err.h"

/* The word of the NULL-terminated list that is at most two slips away (a letter too many, missing, wrong, or two swapped) or that begins
 * with what was typed; NULL when none is, or when two are alike near. */
const char *sg_guess(const char *typed, const char *const *words);

/* SG_EINVAL: "there is no KIND "typed": did you mean "word"?" */
int sg_guess_fail(struct sg_err *err, const char *kind, const char *typed, const char *const *words);

#endif
