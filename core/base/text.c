/* text.c - versions, revisions, globs, UTF-8 and safe text. Pure; time and duration are in text_time.c. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

int sg_version_parse(const char *s, struct sg_version *ret, struct sg_err *err)
{
	struct sg_version v = { .n = 0 };
	const char *p = s;

	for (;;) {
		uint64_t part = 0;
		const char *start = p;

		if (v.n == 4)
			return sg_fail(
			        err, SG_EPARSE, "\"%.80s\" is no version: it has more than four parts", s);
		for (; *p >= '0' && *p <= '9'; p++) {
			part = part * 10 + (uint64_t)(*p - '0');
			if (part > UINT32_MAX)
				return sg_fail(err, SG_EPARSE,
				        "\"%.80s\" is no version: part %d is too large", s, v.n + 1);
		}
		if (p == start)
			return sg_fail(err, SG_EPARSE,
			        "\"%.80s\" is no version: numbers with dots between them are expected", s);
		v.part[v.n++] = (uint32_t)part;
		if (!*p)
			break;
		if (*p++ != '.')
			return sg_fail(err, SG_EPARSE,
			        "\"%.80s\" is no version: numbers with dots between them are expected", s);
	}
	*ret = v;
	return 0;
}

int sg_version_cmp(const struct sg_version *a, const struct sg_version *b)
{
	for (int i = 0; i < 4; i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return 0;
}

bool sg_version_has_prefix(const struct sg_version *v, const struct sg_version *prefix)
{
	for (int i = 0; i < prefix->n; i++)
		if (v->part[i] != prefix->part[i])
			return false;
	return true;
}

void sg_version_format(const struct sg_version *v, char out[48])
{
	size_t n = 0;

	out[0] = 0;
	for (int i = 0; i < v->n && i < 4; i++)
		n += (size_t)snprintf(out + n, 48 - n, "%s%lu", i ? "." : "", (unsigned long)v->part[i]);
}

bool sg_revision_covers(const char *prefix, const char *revision)
{
	size_t n = strlen(prefix);

	return n && strncmp(prefix, revision, n) == 0 && (revision[n] == 0 || revision[n] == '.');
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* One character further: the continuation octets of UTF-8 belong to what is before them. */
static const char *step(const char *s)
{
	s++;
	while (((unsigned char)*s & 0xc0) == 0x80)
		s++;
	return s;
}

/* Keeps only the last star to come back to: that is enough for globs, and bounds the work by the product of lengths. */
static bool glob(const char *p, const char *end, const char *s)
{
	const char *star = NULL, *from = NULL;

	while (*s) {
		if (p < end && *p == '*') {
			star = ++p;
			from = s;
		} else if (p < end && *p == '?') {
			p++;
			s = step(s);
		} else if (p < end && lower(*p) == lower(*s)) {
			p++;
			s++;
		} else if (star) {
			p = star;
			s = from = step(from);
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

bool sg_glob(const char *pattern, const char *s)
{
	return glob(pattern, pattern + strlen(pattern), s);
}

bool sg_globs(const char *patterns, const char *s)
{
	static const char blank[] = " \t\r\n";

	for (const char *p = patterns + strspn(patterns, blank); *p; p += strspn(p, blank)) {
		const char *end = p + strcspn(p, blank);

		if (glob(p, end, s))
			return true;
		p = end;
	}
	return false;
}

bool sg_same_n(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
		if (!a[i])
			break;
	}
	return true;
}

bool sg_same(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return sg_same_n(a, b, SIZE_MAX);
}

size_t sg_utf8_next(struct sg_bytes s, size_t at, uint32_t *ret)
{
	unsigned char c = s.data[at];
	uint32_t cp, least;
	size_t n;

	if (c < 0x80) {
		*ret = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		n = 2;
		cp = c & 0x1fu;
		least = 0x80;
	} else if (c >= 0xe0 && c <= 0xef) {
		n = 3;
		cp = c & 0x0fu;
		least = 0x800;
	} else if (c >= 0xf0 && c <= 0xf4) {
		n = 4;
		cp = c & 0x07u;
		least = 0x10000;
	} else {
		return 0;
	}
	if (n > s.len - at)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s.data[at + i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (s.data[at + i] & 0x3fu);
	}
	if (cp < least || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*ret = cp;
	return n;
}

bool sg_utf8_valid(struct sg_bytes s)
{
	uint32_t cp;

	for (size_t at = 0; at < s.len;) {
		size_t n = sg_utf8_next(s, at, &cp);

		if (!n)
			return false;
		at += n;
	}
	return true;
}

bool sg_char_safe(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
		return false; /* C0, DEL, C1 */
	if (cp == 0x061c || cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
	        (cp >= 0x2066 && cp <= 0x2069))
		return false; /* bidirectional marks, embeddings, overrides, isolates */
	return cp != 0x2028 && cp != 0x2029 && cp != 0xfeff;
}

static void put_safe(struct sg_bytes b, const char *kept, struct sg_buf *out)
{
	uint32_t cp = 0;

	sg_buf_add(out, NULL, 0); /* so that even an empty text can be read as a C string */
	for (size_t at = 0; at < b.len;) {
		size_t n = sg_utf8_next(b, at, &cp);

		if (!n)
			sg_buf_fmt(out, "\\x%02x", (unsigned)b.data[at]);
		else if (sg_char_safe(cp) || (cp && cp < 0x80 && strchr(kept, (int)cp)))
			sg_buf_add(out, b.data + at, n);
		else if (cp < 0x80)
			sg_buf_fmt(out, "\\x%02x", (unsigned)cp);
		else
			sg_buf_fmt(out, "\\u{%x}", (unsigned)cp);
		at += n ? n : 1;
	}
}

void sg_text_safe(const char *s, struct sg_buf *out)
{
	put_safe(sg_bytes_of(s), "", out);
}

char *sg_text_short(const char *s, size_t most)
{
	struct sg_buf safe = { 0 };
	size_t n;
	char *part;

	sg_text_safe(s, &safe);
	n = safe.len < most ? safe.len : most;
	while (n && n < safe.len && (safe.data[n] & 0xc0) == 0x80)
		n--;
	part = sg_strndup((const char *)safe.data, n);
	sg_buf_release(&safe);
	return part;
}

void sg_text_page(struct sg_bytes page, struct sg_buf *out)
{
	put_safe(page, "\n\t", out);
}
