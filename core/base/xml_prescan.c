/* xml_prescan.c - one linear pass over a document before any parser sees it.
 *
 * Guarantees that what passes is UTF-8 without NUL and without DOCTYPE, and within the limits on length, tags, tag
 * length, attributes and depth. It does not prove the document well-formed: that is the parser's work.
 */
#include "base/text.h"
#include "base/xml.h"

#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 128 };

struct scan {
	struct sg_bytes doc;
	const struct sg_xml_limits *limits;
	struct sg_err *err;
	size_t at; /* of the construct that is looked at */
	size_t depth, nodes, scope;
	bool elements;              /* there are some */
	size_t namespaces;          /* in scope */
	size_t declared[MAX_DEPTH]; /* of them by the open tag at each depth */
};

/* Fails with line and column (both from 1, the column in characters) of the octet at `at`. */
static int fail_at(const struct scan *s, size_t at, int code, const char *what)
{
	unsigned long line = 1, column = 1;

	for (size_t i = 0; i < at && i < s->doc.len; i++) {
		if (s->doc.data[i] == '\n') {
			line++;
			column = 1;
		} else if ((s->doc.data[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return sg_fail(s->err, code, "line %lu, column %lu: %s", line, column, what);
}

static bool begins(const struct scan *s, size_t at, const char *with)
{
	size_t n = strlen(with);

	return s->doc.len - at >= n && memcmp(s->doc.data + at, with, n) == 0;
}

/* The place behind the next `end` at or after `from`; 0 when there is none. */
static size_t behind(const struct scan *s, size_t from, const char *end)
{
	size_t n = strlen(end);

	while (from < s->doc.len) {
		const unsigned char *p = memchr(s->doc.data + from, end[0], s->doc.len - from);

		if (!p)
			return 0;
		from = (size_t)(p - s->doc.data);
		if (begins(s, from, end))
			return from + n;
		from++;
	}
	return 0;
}

static int count(struct scan *s, size_t nodes)
{
	s->nodes += nodes;
	return s->nodes > s->limits->nodes
	               ? fail_at(s, s->at, SG_ELIMIT, "there are too many elements, attributes and comments")
	               : 0;
}

static int skip(struct scan *s, size_t open, const char *end, bool allowed, const char *forbidden,
        const char *unclosed)
{
	size_t next;
	int r;

	if (!allowed)
		return fail_at(s, s->at, SG_EUNSUPPORTED, forbidden);
	next = behind(s, s->at + open, end);
	if (!next)
		return fail_at(s, s->at, SG_EPARSE, unclosed);
	r = count(s, 1);
	s->at = next;
	return r;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Names the encoding, when that can be a name (XML 1.0, production EncName). */
static int other_encoding(const struct scan *s, const char *name, size_t len)
{
	char text[120];
	bool good = len > 0 && len <= 40;

	for (size_t i = 0; good && i < len; i++)
		good = name[i] > ' ' && name[i] < 127 && !strchr("<>&'\"", name[i]);
	snprintf(text, sizeof text, "the encoding is not UTF-8%s%.*s: only UTF-8 is read",
	        good ? " but " : "", good ? (int)len : 0, name);
	return fail_at(s, s->at, SG_EUNSUPPORTED, text);
}

/* "<?xml ... ?>" at the very start: the encoding that it names must be one that UTF-8 includes. */
static int declaration(struct scan *s)
{
	const char *p, *end;
	size_t next = behind(s, s->at, "?>"), len;
	char quote;

	if (!next || next - s->at > 200)
		return fail_at(s, s->at, SG_EPARSE, "the XML declaration has no end");
	p = (const char *)s->doc.data + s->at;
	end = (const char *)s->doc.data + next - 2;
	while (p < end && !((size_t)(end - p) > 8 && memcmp(p, "encoding", 8) == 0))
		p++;
	if (p < end) {
		p += 8;
		while (p < end && (is_space((unsigned char)*p) || *p == '='))
			p++;
		quote = *p++;
		for (len = 0; p + len < end && p[len] != quote;)
			len++;
		if (!(len == 5 && sg_same_n(p, "utf-8", 5)) && !(len == 8 && sg_same_n(p, "us-ascii", 8)))
			return other_encoding(s, p, len);
	}
	s->at = next;
	return 0;
}

/* Whether the value that begins with the quote at `at` is that of xmlns or xmlns:x. */
static bool declares(const unsigned char *d, size_t from, size_t at)
{
	size_t end, begin;

	for (end = at; end > from && (is_space(d[end - 1]) || d[end - 1] == '=');)
		end--;
	for (begin = end;
	        begin > from && !is_space(d[begin - 1]) && d[begin - 1] != '"' && d[begin - 1] != '\'';)
		begin--;
	return end - begin >= 5 && memcmp(d + begin, "xmlns", 5) == 0 &&
	       (end - begin == 5 || d[begin + 5] == ':');
}

/* *at is on a quote; afterwards on the one that ends the value, or behind the document. */
static int value(const struct scan *s, size_t *at)
{
	const unsigned char *d = s->doc.data, *end, *angle;
	size_t from = *at + 1, room = s->at + s->limits->tag_bytes, most;

	most = from < room ? (room < s->doc.len ? room : s->doc.len) - from
	                   : 0; /* octets of the value that may be looked at */
	end = most ? memchr(d + from, d[*at], most) : NULL;
	angle = most ? memchr(d + from, '<', end ? (size_t)(end - d) - from : most) : NULL;
	if (angle)
		return fail_at(s, (size_t)(angle - d), SG_EPARSE, "there is a '<' inside of an attribute");
	if (!end && from + most < s->doc.len)
		return fail_at(s, s->at, SG_ELIMIT, "the tag is too long");
	*at = end ? (size_t)(end - d) : s->doc.len;
	return 0;
}

/* A start tag, an end tag or an element without content; s->at is on its '<'. */
static int tag(struct scan *s)
{
	const unsigned char *d = s->doc.data;
	bool closing = begins(s, s->at, "</");
	size_t i = s->at + 1, attributes = 0, declared = 0;
	int r;

	for (;; i++) {
		if (i - s->at >= s->limits->tag_bytes && i < s->doc.len)
			return fail_at(s, s->at, SG_ELIMIT, "the tag is too long");
		if (i >= s->doc.len)
			return fail_at(s, s->at, SG_EPARSE, "the tag has no end");
		if (d[i] == '<')
			return fail_at(s, i, SG_EPARSE, "there is a '<' inside of a tag");
		if (d[i] == '>')
			break;
		if (d[i] != '"' && d[i] != '\'')
			continue;
		if (++attributes > s->limits->attributes)
			return fail_at(s, s->at, SG_ELIMIT, "the tag has too many attributes");
		declared += declares(d, s->at, i);
		r = value(s, &i);
		if (r < 0)
			return r;
	}
	if (closing) {
		if (s->depth == 0)
			return fail_at(s, s->at, SG_EPARSE, "an end tag that closes nothing");
		s->namespaces -= s->declared[--s->depth];
	} else {
		r = count(s, 1 + attributes);
		if (r < 0)
			return r;
		s->elements = true;
		if (s->depth == s->limits->depth || s->depth == MAX_DEPTH)
			return fail_at(s, s->at, SG_ELIMIT, "the elements are nested too deeply");
		s->scope += (s->namespaces + declared) * (s->namespaces + declared);
		if (s->scope > s->limits->scope)
			return fail_at(
			        s, s->at, SG_ELIMIT, "too many namespaces are in scope of too many elements");
		if (d[i - 1] != '/') {
			s->declared[s->depth++] = declared;
			s->namespaces += declared;
		}
	}
	s->at = i + 1;
	return 0;
}

static int construct(struct scan *s)
{
	if (begins(s, s->at, "<!--"))
		return skip(s, 4, "-->", s->limits->allow_comment, "comments are not allowed here",
		        "the comment has no end");
	if (begins(s, s->at, "<![CDATA["))
		return skip(s, 9, "]]>", s->limits->allow_cdata, "CDATA sections are not allowed here",
		        "the CDATA section has no end");
	if (begins(s, s->at, "<!DOCTYPE"))
		return fail_at(s, s->at, SG_EUNSUPPORTED, "a document type (DOCTYPE) is not allowed");
	if (begins(s, s->at, "<!"))
		return fail_at(s, s->at, SG_EPARSE, "there is a declaration where none may be");
	if (begins(s, s->at, "<?"))
		return skip(s, 2, "?>", s->limits->allow_pi, "processing instructions are not allowed here",
		        "the processing instruction has no end");
	return tag(s);
}

/* The octets themselves, before any mark-up: no UTF-16, no NUL. */
static int octets(const struct scan *s)
{
	const struct sg_bytes d = s->doc;
	const unsigned char *nul;

	if (d.len == 0)
		return sg_fail(s->err, SG_EPARSE, "the document is empty");
	if (d.len > s->limits->bytes || d.len > INT32_MAX)
		return sg_fail(s->err, SG_ELIMIT, "the document has %llu octets, more than %llu",
		        (unsigned long long)d.len, (unsigned long long)s->limits->bytes);
	if (d.len >= 2 &&
	        ((d.data[0] == 0xff && d.data[1] == 0xfe) || (d.data[0] == 0xfe && d.data[1] == 0xff) ||
	                (d.data[0] == '<' && d.data[1] == 0) || (d.data[0] == 0 && d.data[1] == '<')))
		return fail_at(s, 0, SG_EUNSUPPORTED, "the document is in UTF-16, not in UTF-8");
	nul = memchr(d.data, 0, d.len);
	if (nul)
		return fail_at(s, (size_t)(nul - d.data), SG_EPARSE, "there is a NUL in the document");
	return 0;
}

/* After the declaration: of a document in another encoding its name is what helps, and not the first octet that is strange here. */
static int only_utf8(const struct scan *s)
{
	const struct sg_bytes d = s->doc;
	uint32_t cp;

	for (size_t at = 0; at < d.len;) {
		uint64_t eight;
		size_t n;

		if (d.len - at >= sizeof eight) { /* nearly all of it is ASCII */
			memcpy(&eight, d.data + at, sizeof eight);
			if (!(eight & UINT64_C(0x8080808080808080))) {
				at += sizeof eight;
				continue;
			}
		}
		n = d.data[at] < 0x80 ? 1 : sg_utf8_next(d, at, &cp);

		if (!n)
			return fail_at(s, at, SG_EPARSE, "the octet here is not UTF-8");
		at += n;
	}
	return 0;
}

int sg_xml_prescan(struct sg_bytes doc, const struct sg_xml_limits *limits, struct sg_err *err)
{
	struct scan s = { .doc = doc, .limits = limits, .err = err };
	int r = octets(&s);

	if (r < 0)
		return r;
	if (begins(&s, 0, "\xef\xbb\xbf"))
		s.at = 3;
	if (begins(&s, s.at, "<?xml") && doc.len > s.at + 5 && is_space(doc.data[s.at + 5])) {
		r = declaration(&s);
		if (r < 0)
			return r;
	}
	r = only_utf8(&s);
	if (r < 0)
		return r;
	for (;;) {
		const unsigned char *p = s.at < doc.len ? memchr(doc.data + s.at, '<', doc.len - s.at) : NULL;

		if (!p)
			break;
		s.at = (size_t)(p - doc.data);
		r = construct(&s);
		if (r < 0)
			return r;
	}
	if (s.depth)
		return fail_at(&s, doc.len, SG_EPARSE, "the document ends inside of an element");
	return s.elements ? 0 : fail_at(&s, doc.len, SG_EPARSE, "the document has no element");
}
