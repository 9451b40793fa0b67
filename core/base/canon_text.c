/* canon_text.c - what stands in canonical octets between mark-up: names, texts, values, and what a namespace may be called.
 *
 * Strings are written to a copy at the very places where their octets stand in the original: resolved they are never longer, and the octet behind each is
 * mark-up, so there is room for its NUL.
 */
#include "base/canon_parts.h"

#include "base/text.h"
#include <string.h>

/* --- names: XML 1.0, fifth edition, 2.3, without the colon */

static bool may_begin(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = { { 0xc0, 0xd6 }, { 0xd8, 0xf6 }, { 0xf8, 0x2ff }, { 0x370, 0x37d }, { 0x37f, 0x1fff },
		{ 0x200c, 0x200d }, { 0x2070, 0x218f }, { 0x2c00, 0x2fef }, { 0x3001, 0xd7ff },
		{ 0xf900, 0xfdcf }, { 0xfdf0, 0xfffd }, { 0x10000, 0xeffff } };

	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static bool may_go_on(uint32_t c)
{
	return may_begin(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == 0xb7 ||
	       (c >= 0x300 && c <= 0x36f) || c == 0x203f || c == 0x2040;
}

/* NULL: there is none here. The NUL goes where the octet behind the name stands, which is a delimiter or the end. */
static const char *name(struct sg_canon_reader *r)
{
	size_t from = r->at, n;
	char *copy = r->doc->strings;
	uint32_t c;

	while (r->at < r->in.len && (n = sg_utf8_next(r->in, r->at, &c)) != 0 &&
	        (r->at == from ? may_begin(c) : may_go_on(c)))
		r->at += n;
	if (r->at == from)
		return NULL;
	memcpy(copy + from, r->in.data + from, r->at - from);
	copy[r->at] = '\0';
	return copy + from;
}

int sg_canon_name(struct sg_canon_reader *r, const char **ret_prefix, const char **ret)
{
	const char *first = name(r), *second = NULL;

	if (first && sg_canon_here(r) == ':') {
		r->at++;
		second = name(r);
		if (!second)
			return sg_canon_bad(r, "a name that ends in its prefix");
	}
	if (!first)
		return sg_canon_bad(r, "a name is missing");
	*ret_prefix = second ? first : "";
	*ret = second ? second : first;
	return 0;
}

/* --- text and values */

/* The character that stands for the reference here, which is the one that this place is written with; 0: there is no such one. */
static char reference(struct sg_canon_reader *r, bool value)
{
	static const struct {
		const char *as;
		char is;
		bool text, value;
	} known[] = { { "&amp;", '&', true, true }, { "&lt;", '<', true, true }, { "&gt;", '>', true, false },
		{ "&quot;", '"', false, true }, { "&#x9;", '\t', false, true },
		{ "&#xA;", '\n', false, true }, { "&#xD;", '\r', true, true } };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if ((value ? known[i].value : known[i].text) && sg_canon_take(r, known[i].as))
			return known[i].is;
	return 0;
}

/* The octets at r->at that stand for themselves whatever is around them. */
static size_t plain(const struct sg_canon_reader *r)
{
	const unsigned char *from = r->in.data + r->at, *end = r->in.data + r->in.len, *c = from;

	while (c < end && *c >= ' ' && *c < 0x80 && *c != '<' && *c != '&' && *c != '>' && *c != '"')
		c++;
	return (size_t)(c - from);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool all_blank(const char *s, size_t n)
{
	while (n && blank(s[n - 1]))
		n--;
	return n == 0;
}

/* One character that is not plain, written to *to. */
static int other(struct sg_canon_reader *r, bool value, char **to)
{
	int c = sg_canon_here(r);
	uint32_t cp = 0;
	size_t n;

	if (c == '&') {
		char is = reference(r, value);

		if (!is)
			return sg_canon_bad(r, "a reference that is not written here");
		*(*to)++ = is;
		return 0;
	}
	if (c < 0x80) {
		if (!(value ? c == '>' : c == '"' || c == '\t' || c == '\n'))
			return sg_canon_bad(r, "a character that is not written so");
		*(*to)++ = (char)c;
		r->at++;
		return 0;
	}
	n = sg_utf8_next(r->in, r->at, &cp);
	if (!n || cp == 0xfffe || cp == 0xffff)
		return sg_canon_bad(r, "no character of XML in UTF-8");
	memcpy(*to, r->in.data + r->at, n);
	*to += n;
	r->at += n;
	return 0;
}

int sg_canon_run(struct sg_canon_reader *r, bool value, const char **ret, bool *ret_says)
{
	char *to = r->doc->strings + r->at;
	const char *from = to;
	int stop = value ? '"' : '<', code = 0;

	while (!code && sg_canon_here(r) != stop) {
		size_t n = plain(r);

		memcpy(to, r->in.data + r->at, n);
		to += n;
		r->at += n;
		if (r->at >= r->in.len)
			return sg_canon_bad(r, "the document ends too early");
		if (sg_canon_here(r) != stop)
			code = other(r, value, &to);
	}
	if (code)
		return code;
	*ret_says = !all_blank(from, (size_t)(to - from));
	*to = '\0';
	*ret = from;
	return 0;
}

/* --- the name of a namespace */

bool sg_canon_uri(const char *s)
{
	const char *p = s;

	while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
	        (*p && p > s && strchr("0123456789+-.", *p)))
		p++;
	return p > s && *p == ':' && !strpbrk(p, "&<\"\r\t\n");
}
