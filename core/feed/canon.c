/* canon.c - byte ranges of canonical octets. Guarantees that nothing outside the given octets is read, whatever they are. */
#include "feed/canon.h"

#include <stdlib.h>
#include <string.h>

/* Behind the > that ends the tag at `at`; 0: it has no end. Canonical values are between quotation marks, which they never contain. */
static size_t behind_tag(struct sg_bytes s, size_t at)
{
	bool quoted = false;

	for (; at < s.len; at++) {
		if (s.data[at] == '"')
			quoted = !quoted;
		else if (s.data[at] == '>' && !quoted)
			return at + 1;
		else if (s.data[at] == '<' && quoted)
			return 0;
	}
	return 0;
}

static size_t next_tag(struct sg_bytes s, size_t at)
{
	const unsigned char *found = at < s.len ? memchr(s.data + at, '<', s.len - at) : NULL;

	return found ? (size_t)(found - s.data) : s.len;
}

static int bad(struct sg_err *err)
{
	return sg_fail(err, SG_EPARSE, "the verified octets are no canonical form of a document");
}

int sg_canon_read(struct sg_bytes s, size_t max, struct sg_canon *ret, struct sg_err *err)
{
	struct sg_canon c = { 0 };
	size_t depth = 0, cap = 0, begin = 0, at = 0, end;
	int r = 0;

	do {
		if (at >= s.len || s.data[at] != '<' || (end = behind_tag(s, at + 1)) == 0 ||
		        strchr("!?", s.data[at + 1])) {
			r = bad(err);
			break;
		}
		if (s.data[at + 1] != '/') {
			if (depth == 0)
				c.root = (struct sg_bytes){ s.data + at, end - at };
			else if (depth == 1)
				begin = at;
			depth++;
			if (s.data[end - 2] == '/')
				r = bad(err);
		} else if (--depth == 1) {
			if (c.n == max)
				r = sg_fail(err, SG_ELIMIT, "the document has more than %zu parts", max);
			c.kids = sg_grow(c.kids, c.n, &cap, sizeof *c.kids);
			c.kids[c.n++] = (struct sg_bytes){ s.data + begin, end - begin };
		}
		at = depth ? next_tag(s, end) : end;
	} while (depth && !r);
	if (!r && at != s.len)
		r = bad(err);
	if (r)
		sg_canon_release(&c);
	else
		*ret = c;
	return r;
}

void sg_canon_release(struct sg_canon *c)
{
	free(c->kids);
	*c = (struct sg_canon){ 0 };
}

/* --- a start tag: <name, then ' name="value"' any number of times, then > */

static size_t name_end(struct sg_bytes tag)
{
	size_t at = 1;

	while (at < tag.len && tag.data[at] != ' ' && tag.data[at] != '>')
		at++;
	return at;
}

/* The attribute at *at, blank included, and *at behind it; false: there is none. */
static bool next_attr(struct sg_bytes tag, size_t *at, struct sg_bytes *ret)
{
	size_t from = *at, to = from, quotes = 0;

	if (from >= tag.len || tag.data[from] != ' ')
		return false;
	for (; to < tag.len && quotes < 2; to++)
		quotes += tag.data[to] == '"';
	if (quotes < 2)
		return false;
	*ret = (struct sg_bytes){ tag.data + from, to - from };
	*at = to;
	return true;
}

static bool has_attr(struct sg_bytes tag, struct sg_bytes attr)
{
	struct sg_bytes a;

	for (size_t at = name_end(tag); next_attr(tag, &at, &a);)
		if (sg_bytes_equal(a, attr))
			return true;
	return false;
}

static bool begins(struct sg_bytes s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.data, with, n) == 0;
}

static struct sg_bytes tag_of(struct sg_bytes element)
{
	return (struct sg_bytes){ element.data, behind_tag(element, 1) };
}

bool sg_canon_is(const struct sg_canon *c, size_t kid, struct sg_bytes alone)
{
	struct sg_bytes whole = c->kids[kid], theirs = tag_of(whole), ours = tag_of(alone), a, rest, same;
	size_t at = name_end(ours), name = name_end(theirs);

	if (!ours.len || at != name || memcmp(ours.data, theirs.data, name) != 0)
		return false;
	rest = (struct sg_bytes){ alone.data + ours.len, alone.len - ours.len };
	same = (struct sg_bytes){ whole.data + theirs.len, whole.len - theirs.len };
	if (!sg_bytes_equal(rest, same))
		return false;
	while (next_attr(ours, &at, &a))
		if (!has_attr(theirs, a) &&
		        !((begins(a, " xmlns:") || begins(a, " xmlns=") || begins(a, " xml:")) &&
		                has_attr(c->root, a)))
			return false;
	if (at != ours.len - 1)
		return false;
	for (at = name; next_attr(theirs, &at, &a);)
		if (!has_attr(ours, a))
			return false;
	return true;
}

bool sg_canon_attr(const struct sg_canon *c, const char *ns, const char *name, struct sg_bytes *ret)
{
	size_t ns_len = strlen(ns), name_len = strlen(name);
	struct sg_bytes declared, a;

	for (size_t at = name_end(c->root); next_attr(c->root, &at, &declared);) {
		const unsigned char *is = memchr(declared.data, '=', declared.len);
		size_t prefix = 7; /* " xmlns:" */

		if (!begins(declared, " xmlns:") || declared.data + declared.len != is + 2 + ns_len + 1 ||
		        memcmp(is + 2, ns, ns_len) != 0)
			continue;
		struct sg_bytes p = { declared.data + prefix, (size_t)(is - declared.data) - prefix };

		for (size_t k = name_end(c->root); next_attr(c->root, &k, &a);) {
			size_t head = 1 + p.len + 1 + name_len; /* " p:name" */

			if (a.len < head + 3 || memcmp(a.data + 1, p.data, p.len) != 0 ||
			        a.data[1 + p.len] != ':' || memcmp(a.data + 2 + p.len, name, name_len) != 0 ||
			        a.data[head] != '=')
				continue;
			*ret = (struct sg_bytes){ a.data + head + 2, a.len - head - 3 };
			return !memchr(ret->data, '&', ret->len);
		}
	}
	return false;
}
