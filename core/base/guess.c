/* guess.c - optimal string alignment distance over short words; longer ones are never guessed. */
#include "base/guess.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { NEAR = 2 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool same(char a, char b)
{
	return lower(a) == lower(b);
}

size_t sg_guess_slips(const char *a, size_t la, const char *b, size_t lb)
{
	size_t d[SG_GUESS_LONGEST + 1][SG_GUESS_LONGEST + 1];

	if (la > SG_GUESS_LONGEST || lb > SG_GUESS_LONGEST)
		return SIZE_MAX;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			size_t n = d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]);

			n = least(n, least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				n = least(n, d[i - 2][j - 2] + 1);
			d[i][j] = n;
		}
	}
	return d[la][lb];
}

const char *sg_guess(const char *typed, const char *const *words)
{
	size_t len = strcspn(typed, "="), nearest = NEAR + 1;
	const char *found = NULL;

	if (len < 2 || len > SG_GUESS_LONGEST)
		return NULL;
	for (; *words; words++) {
		size_t n = strlen(*words), d;

		d = n > len && memcmp(*words, typed, len) == 0 ? 1 : sg_guess_slips(typed, len, *words, n);
		/* two slips in a word of three letters are another word */
		if (d >= len - strspn(typed, "-"))
			continue;
		if (d < nearest) {
			nearest = d;
			found = *words;
		} else if (d == nearest) {
			found = NULL;
		}
	}
	return found;
}

int sg_guess_fail(struct sg_err *err, const char *kind, const char *typed, const char *const *words)
{
	const char *guess = sg_guess(typed, words);
	int len = (int)strcspn(typed, "=");

	if (len > 80)
		len = 80;
	if (guess)
		return sg_fail(err, SG_EINVAL, "there is no %s \"%.*s\": did you mean \"%s\"?", kind, len,
		        typed, guess);
	return sg_fail(err, SG_EINVAL, "there is no %s \"%.*s\"", kind, len, typed);
}
