/* words.h - lists of allowed words, for readers that say what they would have understood.
 *
 * A list is one string of blank-separated words, in the order in which people should read them. Pure.
 */
#ifndef SG_MODEL_WORDS_H
#define SG_MODEL_WORDS_H

#include "base/buf.h"

/* The word's place in the list, from 0; -1 when it is not there. Case counts. */
int sg_words_index(const char *words, const char *word);

/* The word at a place of the list, as an owned string; NULL past the end. */
char *sg_words_at(const char *words, int index);

/* Appends what may stand there: "; did you mean 'every'? Allowed: name, url, every". */
void sg_words_hint(const char *words, const char *given, struct sg_buf *out);

#endif
