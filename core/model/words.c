/* words.c - lists of allowed words. The nearest word is a guess only when it is near: a wrong guess is worse than none. */
#include "model/words.h"

#include "base/guess.h"

#include <string.h>

/* Steps to the next word: its start, and its length in *ret_len; NULL at the end. */
static const char *next_word(const char *p, size_t *ret_len)
{
	p += strspn(p, " ");
	*ret_len = strcspn(p, " ");
	return *ret_len ? p : NULL;
}

int sg_words_index(const char *words, const char *word)
{
	size_t len, wanted = strlen(word);
	int i = 0;

	for (const char *p = words; (p = next_word(p, &len)); p += len, i++)
		if (len == wanted && memcmp(p, word, len) == 0)
			return i;
	return -1;
}

char *sg_words_at(const char *words, int index)
{
	size_t len;
	int i = 0;

	for (const char *p = words; (p = next_word(p, &len)); p += len, i++)
		if (i == index)
			return sg_strndup(p, len);
	return NULL;
}

void sg_words_hint(const char *words, const char *given, struct sg_buf *out)
{
	size_t len, n = strlen(given), best_len = 0, best = n <= 3 ? 2 : 3; /* farther is no guess */
	const char *guess = NULL;

	for (const char *p = words; n > 0 && (p = next_word(p, &len)); p += len) {
		size_t d = sg_guess_slips(p, len, given, n);

		if (d < best && d < len) {
			best = d;
			guess = p;
			best_len = len;
		}
	}
	if (guess)
		sg_buf_fmt(out, "; did you mean '%.*s'? Allowed: ", (int)best_len, guess);
	else
		sg_buf_str(out, "; allowed: ");
	if (!next_word(words, &len))
		sg_buf_str(out, "nothing");
	for (const char *p = words; (p = next_word(p, &len)); p += len)
		sg_buf_fmt(out, "%s%.*s", p == words ? "" : ", ", (int)len, p);
}
