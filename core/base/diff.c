/* diff.c - unified diffs by Myers' greedy algorithm (E. Myers, "An O(ND) Difference Algorithm and Its Variations",
 * 1986). Pure. Equal heads and tails are skipped first; the search in between is bounded in time and memory. */
#include "base/diff.h"

#include <stdlib.h>
#include <string.h>

enum {
	MOST_LINES = 4000
}; /* of both sides between the equal head and tail; D*D/2 ints are kept: 32 MB at worst */

struct line {
	const unsigned char *s;
	size_t len; /* with its newline */
	uint64_t hash;
};

struct text {
	struct line *at;
	int n;
	bool *touched; /* per line: removed from a, or added in b */
};

static void split(struct sg_bytes bytes, struct text *t)
{
	size_t most = 1; /* the last line may have no newline */

	for (size_t i = 0; i < bytes.len; i++)
		most += bytes.data[i] == '\n';
	t->at = sg_alloc(most * sizeof *t->at);
	t->touched = sg_alloc(most * sizeof *t->touched);
	for (size_t i = 0; i < bytes.len;) {
		const unsigned char *s = bytes.data + i;
		const unsigned char *nl = memchr(s, '\n', bytes.len - i);
		struct line l = {
			.s = s, .len = nl ? (size_t)(nl - s) + 1 : bytes.len - i, .hash = 0xcbf29ce484222325u
		};

		for (size_t k = 0; k < l.len; k++)
			l.hash = (l.hash ^ s[k]) * 0x100000001b3u;
		t->at[t->n++] = l;
		i += l.len;
	}
}

static void release(struct text *t)
{
	free(t->at);
	free(t->touched);
}

static bool same(const struct line *a, const struct line *b)
{
	return a->hash == b->hash && a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static void touch(struct text *t, int from, int to)
{
	for (int i = from; i < to; i++)
		t->touched[i] = true;
}

/* The furthest x on diagonal k after d edits is kept at row d, column (k + d) / 2: a row has d + 1 of them. */
static int *row(int *trace, int d)
{
	return trace + (size_t)d * ((size_t)d + 1) / 2;
}

static bool goes_down(const int *prev, int d, int k)
{
	int i = (k + d) / 2; /* in row d - 1, diagonal k - 1 is column i - 1 and diagonal k + 1 is column i */

	return k == -d || (k != d && prev[i - 1] < prev[i]);
}

/* Marks the lines of a[lo, ahi) and b[lo, bhi) that differ. */
static void search(struct text *a, struct text *b, int lo, int ahi, int bhi)
{
	int n = ahi - lo, m = bhi - lo, d, x = 0, k = n - m;
	int *trace = NULL;
	bool found = false;

	for (d = 0; !found; d++) {
		int *now, *prev;

		trace = sg_realloc(trace, ((size_t)d + 1) * ((size_t)d + 2) / 2 * sizeof *trace);
		now = row(trace, d);
		prev = d ? row(trace, d - 1) : NULL;
		for (int diag = -d; diag <= d && !found; diag += 2) {
			int y, i = (diag + d) / 2;

			if (d == 0)
				x = 0;
			else
				x = goes_down(prev, d, diag) ? prev[i] : prev[i - 1] + 1;
			y = x - diag;
			while (x < n && y < m && same(&a->at[lo + x], &b->at[lo + y])) {
				x++;
				y++;
			}
			now[i] = x;
			found = x >= n && y >= m;
		}
	}
	/* back along the path: each of its d edits is one line removed or added */
	for (d--; d > 0; d--) {
		const int *prev = row(trace, d - 1);
		int i = (k + d) / 2;

		if (goes_down(prev, d, k)) {
			x = prev[i];
			k++;
			b->touched[lo + x - k] = true;
		} else {
			x = prev[i - 1];
			k--;
			a->touched[lo + x] = true;
		}
	}
	free(trace);
}

static void put(struct sg_buf *out, char mark, const struct line *l)
{
	sg_buf_char(out, mark);
	sg_buf_add(out, l->s, l->len);
	if (l->s[l->len - 1] != '\n')
		sg_buf_str(out, "\n\\ No newline at end of file\n");
}

/* "12,3", "12" for one line, "11,0" (the line before) for none. */
static void range(struct sg_buf *out, int from, int to)
{
	if (to - from == 1)
		sg_buf_fmt(out, "%d", from + 1);
	else
		sg_buf_fmt(out, "%d,%d", to > from ? from + 1 : from, to - from);
}

static void hunk(const struct text *a, const struct text *b, int a0, int a1, int b0, int b1, bool replaced,
        struct sg_buf *out)
{
	int i = a0, k = b0;

	sg_buf_str(out, "@@ -");
	range(out, a0, a1);
	sg_buf_str(out, " +");
	range(out, b0, b1);
	sg_buf_str(out, replaced ? " @@ replaced\n" : " @@\n");
	while (i < a1 || k < b1) {
		if (i < a1 && a->touched[i]) {
			put(out, '-', &a->at[i++]);
		} else if (k < b1 && b->touched[k]) {
			put(out, '+', &b->at[k++]);
		} else {
			put(out, ' ', &a->at[i++]);
			k++;
		}
	}
}

static int min(int a, int b)
{
	return a < b ? a : b;
}

static void hunks(const struct text *a, const struct text *b, int context, bool replaced, struct sg_buf *out)
{
	int i = 0, k = 0; /* both at the same place of the common text */

	for (;;) {
		int a0, b0, a1, b1, quiet;

		while (i < a->n && k < b->n && !a->touched[i] && !b->touched[k])
			i++, k++;
		if (i == a->n && k == b->n)
			return;
		a0 = i - min(context, min(i, k));
		b0 = k - (i - a0);
		a1 = i;
		b1 = k;
		/* on to the next change as long as the contexts would touch */
		for (quiet = 0; (i < a->n || k < b->n) && quiet <= 2 * context;) {
			if (i < a->n && a->touched[i]) {
				i++;
			} else if (k < b->n && b->touched[k]) {
				k++;
			} else {
				i++, k++, quiet++;
				continue;
			}
			quiet = 0;
			a1 = i;
			b1 = k;
		}
		quiet = min(context, min(a->n - a1, b->n - b1));
		hunk(a, b, a0, a1 + quiet, b0, b1 + quiet, replaced, out);
		i = a1;
		k = b1;
	}
}

void sg_diff_unified(struct sg_bytes a, struct sg_bytes b, const char *name_a, const char *name_b,
        int context, struct sg_buf *out)
{
	struct text ta = { 0 }, tb = { 0 };
	int lo = 0, ahi, bhi;
	bool replaced;

	if (sg_bytes_equal(a, b))
		return;
	split(a, &ta);
	split(b, &tb);
	while (lo < ta.n && lo < tb.n && same(&ta.at[lo], &tb.at[lo]))
		lo++;
	for (ahi = ta.n, bhi = tb.n; ahi > lo && bhi > lo && same(&ta.at[ahi - 1], &tb.at[bhi - 1]);)
		ahi--, bhi--;
	replaced = ahi - lo + (bhi - lo) > MOST_LINES;
	if (replaced) {
		touch(&ta, lo, ahi);
		touch(&tb, lo, bhi);
	} else {
		search(&ta, &tb, lo, ahi, bhi);
	}
	sg_buf_fmt(out, "--- %s\n+++ %s\n", name_a, name_b);
	hunks(&ta, &tb, context < 0 ? 0 : context, replaced, out);
	release(&ta);
	release(&tb);
}
