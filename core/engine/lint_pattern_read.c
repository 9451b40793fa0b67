/* lint_pattern_read.c - from a pattern's text to its tree: ECMA-262's grammar, octet by octet. Pure.
 *
 * Back-references and word boundaries become nothing; named groups, look-behind and inline options, which ECMAScript of IIS's time does not have, are not
 * understood.
 */
#include "engine/lint_pattern.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NODES = 4096, MOST_DEPTH = 64 };

struct parser {
	const char *p;
	bool fold, failed;
	int depth;
	struct sg_pat *tree;
};

/* --- sets of octets */

static void put(struct sg_pat_set *s, unsigned c)
{
	s->bits[c >> 5 & 7] |= UINT32_C(1) << (c & 31);
}

static void join(struct sg_pat_set *to, const struct sg_pat_set *from)
{
	for (int i = 0; i < 8; i++)
		to->bits[i] |= from->bits[i];
}

static void invert(struct sg_pat_set *s)
{
	for (int i = 0; i < 8; i++)
		s->bits[i] = ~s->bits[i];
}

static void put_range(struct sg_pat_set *s, unsigned from, unsigned to, bool fold)
{
	for (unsigned c = from; c <= to && c < 256; c++) {
		unsigned letter = c | 0x20;

		put(s, c);
		if (fold && letter >= 'a' && letter <= 'z')
			put(s, c ^ 0x20);
	}
}

/* What \d \w \s and their opposites stand for; false: no such class. */
static bool put_class(struct sg_pat_set *s, char c)
{
	struct sg_pat_set class = { { 0 } };

	switch (c | 0x20) {
	case 'd': put_range(&class, '0', '9', false); break;
	case 'w':
		put_range(&class, '0', '9', false);
		put_range(&class, 'a', 'z', true);
		put(&class, '_');
		break;
	case 's':
		put_range(&class, '\t', '\r', false);
		put(&class, ' ');
		break;
	default: return false;
	}
	if (!(c & 0x20))
		invert(&class);
	join(s, &class);
	return true;
}

bool sg_pat_has(const struct sg_pat_set *s, unsigned octet)
{
	return s->bits[octet >> 5 & 7] >> (octet & 31) & 1;
}

/* --- reading */

static uint32_t make(struct parser *r, enum sg_pat_kind kind)
{
	if (r->tree->n >= MOST_NODES) {
		r->failed = true;
		return 0;
	}
	r->tree->at = sg_grow(r->tree->at, r->tree->n, &r->tree->cap, sizeof(*r->tree->at));
	r->tree->at[r->tree->n] =
	        (struct sg_pat_node){ .kind = kind, .first = SG_PAT_NONE, .next = SG_PAT_NONE };
	return (uint32_t)r->tree->n++;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'                     ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
	                                                : -1;
}

/* The octet behind a backslash, which was read; more than one octet of UTF-8 counts as its lead. */
static unsigned escaped(struct parser *r)
{
	static const char named[] = "tnvfr", stands[] = "\t\n\v\f\r";
	char c = *r->p++;
	const char *name = strchr(named, c);
	int digits = c == 'x' ? 2 : c == 'u' ? 4 : 0;
	unsigned value = 0;

	if (name && c)
		return (unsigned char)stands[name - named];
	for (int i = 0; i < digits; i++, r->p++) {
		if (hex(*r->p) < 0) {
			r->failed = true;
			return 0;
		}
		value = value * 16 + (unsigned)hex(*r->p);
	}
	return digits ? (value < 256 ? value : 255) : (unsigned char)c;
}

/* [...], its bracket read. */
static void read_class(struct parser *r, struct sg_pat_set *ret)
{
	struct sg_pat_set s = { { 0 } };
	bool negated = *r->p == '^';

	r->p += negated;
	while (*r->p && *r->p != ']') {
		unsigned from, to;

		if (*r->p == '\\' && put_class(&s, r->p[1])) {
			r->p += 2;
			continue;
		}
		from = *r->p == '\\' ? (r->p++, escaped(r)) : (unsigned char)*r->p++;
		to = from;
		if (*r->p == '-' && r->p[1] && r->p[1] != ']') {
			r->p++;
			to = *r->p == '\\' ? (r->p++, escaped(r)) : (unsigned char)*r->p++;
		}
		put_range(&s, from, to, r->fold);
	}
	if (*r->p)
		r->p++;
	else
		r->failed = true;
	if (negated)
		invert(&s);
	*ret = s;
}

static uint32_t read_alternatives(struct parser *r);

static uint32_t read_group(struct parser *r)
{
	bool look = r->p[0] == '?' && (r->p[1] == '=' || r->p[1] == '!');
	uint32_t inside, node;

	if (look || (r->p[0] == '?' && r->p[1] == ':'))
		r->p += 2;
	else if (r->p[0] == '?')
		r->failed = true;
	inside = read_alternatives(r);
	if (*r->p == ')')
		r->p++;
	else
		r->failed = true;
	if (!look || r->failed)
		return inside;
	node = make(r, SG_PAT_LOOK);
	r->tree->at[node].first = inside;
	return node;
}

static uint32_t read_set(struct parser *r, char c)
{
	uint32_t node = make(r, SG_PAT_SET);
	struct sg_pat_set s = { { 0 } };

	if (c == '.') {
		put(&s, '\n');
		put(&s, '\r');
		invert(&s);
	} else if (c == '[') {
		read_class(r, &s);
	} else if (c == '\\' && put_class(&s, *r->p)) {
		r->p++;
	} else {
		unsigned one = c == '\\' ? escaped(r) : (unsigned char)c;

		put_range(&s, one, one, r->fold);
	}
	r->tree->at[node].set = s;
	return node;
}

static uint32_t read_atom(struct parser *r)
{
	char c = *r->p++;

	switch (c) {
	case '(': return read_group(r);
	case '^': return make(r, SG_PAT_BEGIN);
	case '$': return make(r, SG_PAT_END);
	case '*':
	case '+':
	case '?': r->failed = true; return 0;
	case '\\':
		if (!*r->p)
			r->failed = true;
		else if (*r->p == 'b' || *r->p == 'B' || (*r->p >= '1' && *r->p <= '9'))
			return r->p++, make(r, SG_PAT_NOTHING);
		break;
	default: break;
	}
	return r->failed ? 0 : read_set(r, c);
}

static bool read_number(struct parser *r, uint32_t *ret)
{
	uint32_t n = 0;
	bool any = false;

	for (; *r->p >= '0' && *r->p <= '9'; r->p++, any = true)
		n = n > 100000 ? n : n * 10 + (uint32_t)(*r->p - '0');
	*ret = n;
	return any;
}

/* A quantifier behind the atom. */
static bool read_rounds(struct parser *r, uint32_t *min, uint32_t *max)
{
	const char *start = r->p;

	*min = *r->p == '+';
	*max = *r->p == '?' ? 1 : SG_PAT_FOREVER;
	if (*r->p == '*' || *r->p == '+' || *r->p == '?') {
		r->p++;
	} else if (*r->p == '{') {
		r->p++;
		if (!read_number(r, min)) {
			r->p = start;
			return false;
		}
		*max = *min;
		if (*r->p == ',') {
			r->p++;
			if (!read_number(r, max))
				*max = SG_PAT_FOREVER;
		}
		if (*r->p++ != '}') {
			r->p = start;
			return false;
		}
	} else {
		return false;
	}
	if (*r->p == '?')
		r->p++;
	return true;
}

static uint32_t read_sequence(struct parser *r)
{
	uint32_t seq = make(r, SG_PAT_SEQ), last = SG_PAT_NONE;

	while (!r->failed && *r->p && *r->p != '|' && *r->p != ')') {
		uint32_t kid = read_atom(r), min, max, loop;

		if (!r->failed && read_rounds(r, &min, &max)) {
			loop = make(r, SG_PAT_LOOP);
			r->tree->at[loop].min = min;
			r->tree->at[loop].max = max;
			r->tree->at[loop].first = kid;
			kid = loop;
		}
		if (r->failed)
			break;
		if (last == SG_PAT_NONE)
			r->tree->at[seq].first = kid;
		else
			r->tree->at[last].next = kid;
		last = kid;
	}
	return seq;
}

static uint32_t read_alternatives(struct parser *r)
{
	uint32_t alt = make(r, SG_PAT_ALT), last;

	if (r->failed || ++r->depth > MOST_DEPTH) {
		r->failed = true;
		return 0;
	}
	last = read_sequence(r);
	r->tree->at[alt].first = last;
	while (!r->failed && *r->p == '|') {
		uint32_t more;

		r->p++;
		more = read_sequence(r);
		r->tree->at[last].next = more;
		last = more;
	}
	r->depth--;
	return alt;
}

bool sg_pat_read(const char *pattern, bool ignore_case, struct sg_pat *ret)
{
	struct parser r = { .p = pattern, .fold = ignore_case, .tree = ret };

	*ret = (struct sg_pat){ 0 };
	read_alternatives(&r);
	return !r.failed && !*r.p;
}

void sg_pat_release(struct sg_pat *pat)
{
	free(pat->at);
	*pat = (struct sg_pat){ 0 };
}
