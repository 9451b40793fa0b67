/* words.c - lists of allowed words. The guess is the nearest word by insertions, deletions, replacements and swaps
 * (optimal string alignment), and only when it is near: a wrong guess is worse than none. */
#include "model/words.h"

#include <string.h>

enum { LONGEST = 40 };

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

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits between two words of at most LONGEST characters. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned d[LONGEST + 1][LONGEST + 1];

	for (unsigned i = 0; i <= na; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= nb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		for (size_t j = 1; j <= nb; j++) {
			unsigned same = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + same);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			        lower(a[i - 2]) == lower(b[j - 1]) && d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[na][nb];
}

void sg_words_hint(const char *words, const char *given, struct sg_buf *out)
{
	size_t len, n = strlen(given), best_len = 0;
	unsigned best = n <= 3 ? 2 : 3; /* farther is no guess */
	const char *guess = NULL;

	for (const char *p = words; n > 0 && n <= LONGEST && (p = next_word(p, &len)); p += len) {
		unsigned d = len <= LONGEST ? distance(p, len, given, n) : best;

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
