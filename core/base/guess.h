/* guess.h - "did you mean": the known word that is nearest to a mistyped one. Pure. */
#ifndef SG_BASE_GUESS_H
#define SG_BASE_GUESS_H

#include "base/err.h"

#include <stddef.h>

enum { SG_GUESS_LONGEST = 40 }; /* characters of a word that is guessed at */

/* The insertions, deletions, replacements and swaps of neighbours that make one word of the other (optimal string alignment); ASCII letters' case does not
 * count. SIZE_MAX: one of them is longer than SG_GUESS_LONGEST. */
size_t sg_guess_slips(const char *a, size_t la, const char *b, size_t lb);

/* The word of the NULL-terminated list that is at most two slips away (a letter too many, missing, wrong, or two swapped) or that begins
 * with what was typed; NULL when none is, or when two are alike near. */
const char *sg_guess(const char *typed, const char *const *words);

/* SG_EINVAL: "there is no KIND "typed": did you mean "word"?" */
int sg_guess_fail(struct sg_err *err, const char *kind, const char *typed, const char *const *words);

#endif
