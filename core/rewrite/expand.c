/* expand.c - the references in inputs and substitutions: {VARIABLE} {R:1} {C:1} {ToLower:...} {Map:...}.
 *
 * What stands after the colon of a function or a map is a text with references of its own, taken as it is: the blank
 * of {UrlDecode: {REQUEST_URI}} is part of the value. UrlDecode leaves + alone and keeps a % that starts no escape;
 * UrlEncode escapes all but the unreserved characters of RFC 3986. A back-reference to a group that the pattern does not have is not known here
 * (IIS answers 500.52, "cannot be expanded"). No result grows beyond SG_RW_TEXT_MAX.
 */
#include "rewrite/rules.h"
#include "base/text.h"
#include <string.h>

/* The length of the reference at text[0] == '{', braces included; 0 when it has no end. */
static size_t reference_length(const char *text, size_t len)
{
	size_t depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '{')
			depth++;
		else if (text[i] == '}' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* The length of the name at the start of what stands between the braces. */
static size_t name_length(const char *inner, size_t len)
{
	const char *colon = memchr(inner, ':', len);
	return colon ? (size_t)(colon - inner) : len;
}

static int check(
        const char *all, const char *text, size_t len, int depth, const char *what, struct sg_err *err)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '{')
			continue;
		size_t whole = reference_length(text + i, len - i);
		if (!whole)
			return sg_fail(err, SG_EINVAL, "%s: '%s' has a '{' without its '}'", what, all);
		const char *inner = text + i + 1;
		size_t name = name_length(inner, whole - 2);
		if (!name || memchr(inner, '{', name))
			return sg_fail(err, SG_EINVAL, "%s: '%s' has a reference without a name", what, all);
		if (depth >= SG_RW_NESTING_MAX)
			return sg_fail(err, SG_ELIMIT, "%s: '%s' nests more than %d references", what, all,
			        SG_RW_NESTING_MAX);
		if (name < whole - 2) {
			int r = check(all, inner + name + 1, whole - 2 - name - 1, depth + 1, what, err);
			if (r)
				return r;
		}
		i += whole - 1;
	}
	return 0;
}

int sg_rw_template_check(const char *text, const char *what, struct sg_err *err)
{
	return check(text, text, strlen(text), 0, what, err);
}

bool sg_rw_template_has(const char *text, char which)
{
	for (const char *p = text ? strchr(text, '{') : NULL; p; p = strchr(p + 1, '{'))
		if (sg_same_n(p + 1, &which, 1) && p[2] == ':' &&
		        !(sg_same_n(&which, "R", 1) && !strncmp(p + 3, "0}", 2)))
			return true;
	return false;
}

struct scope {
	struct sg_rw_eval *e;
	const struct sg_rw_caps *r, *c;
};

static bool expand(const struct scope *s, const char *text, size_t len, struct sg_buf *out);

static bool back_reference(
        const struct scope *s, const struct sg_rw_caps *caps, const char *ref, size_t len, struct sg_buf *out)
{
	size_t n = 0, digits = len - 2;

	if (caps->state == SG_RW_CAPS_UNKNOWN) {
		sg_rw_why_set(&s->e->why, "what {%.*s} refers to", (int)len, ref);
		return false;
	}
	for (size_t i = 2; i < len && digits <= 2; i++) {
		if (ref[i] < '0' || ref[i] > '9')
			digits = 3;
		n = n * 10 + (size_t)(ref[i] - '0');
	}
	if (!digits || digits > (caps->many ? 2U : 1U) || n >= caps->n) {
		sg_rw_why_set(&s->e->why, "{%.*s}, which refers to nothing (IIS answers 500.52)",
		        (int)(len < 100 ? len : 100), ref);
		return false;
	}
	sg_buf_add(out, caps->at[n].data, caps->at[n].len);
	return true;
}

enum function { TO_LOWER, URL_ENCODE, URL_DECODE, HTML_ENCODE, N_FUNCTIONS };
static const char *const function_names[N_FUNCTIONS] = { "ToLower", "UrlEncode", "UrlDecode", "HtmlEncode" };

static void encode_url(struct sg_bytes in, struct sg_buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		unsigned char c = in.data[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		             (c && strchr("-_.~", c));
		if (plain)
			sg_buf_char(out, (char)c);
		else
			sg_buf_fmt(out, "%%%02X", c);
	}
}

static void encode_html(struct sg_bytes in, struct sg_buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		switch (in.data[i]) {
		case '<': sg_buf_str(out, "&lt;"); break;
		case '>': sg_buf_str(out, "&gt;"); break;
		case '&': sg_buf_str(out, "&amp;"); break;
		case '"': sg_buf_str(out, "&quot;"); break;
		default: sg_buf_char(out, (char)in.data[i]);
		}
	}
}

static void apply(enum function f, struct sg_bytes in, struct sg_buf *out)
{
	struct sg_buf text = { 0 };

	switch (f) {
	case TO_LOWER:
		for (size_t i = 0; i < in.len; i++)
			sg_buf_char(out, (char)(in.data[i] >= 'A' && in.data[i] <= 'Z' ? in.data[i] + 32
			                                                               : in.data[i]));
		break;
	case URL_ENCODE: encode_url(in, out); break;
	case HTML_ENCODE: encode_html(in, out); break;
	case URL_DECODE:
		sg_rw_percent_decode(in, false, &text);
		sg_rw_to_utf8(&text);
		sg_buf_add(out, text.data, text.len);
		break;
	case N_FUNCTIONS: break;
	}
	sg_buf_release(&text);
}

static void look_up(const struct sg_rw_map *map, struct sg_bytes key, struct sg_buf *out)
{
	for (size_t i = 0; i < map->keys.n; i++) {
		const char *k = map->keys.at[i];
		if (strlen(k) == key.len && (map->ignore_case ? sg_same_n(k, (const char *)key.data, key.len)
		                                              : !key.len || !memcmp(k, key.data, key.len))) {
			sg_buf_str(out, map->values.at[i]);
			return;
		}
	}
	if (map->otherwise)
		sg_buf_str(out, map->otherwise);
}

/* One reference, without its braces. */
static bool reference(const struct scope *s, const char *ref, size_t len, struct sg_buf *out)
{
	size_t name = name_length(ref, len);
	struct sg_buf arg = { 0 };
	bool ok = false;

	if (name == len)
		return sg_rw_var_get(s->e, ref, len, out);
	if (name == 1 && sg_same_n(ref, "R", 1))
		return back_reference(s, s->r, ref, len, out);
	if (name == 1 && sg_same_n(ref, "C", 1))
		return back_reference(s, s->c, ref, len, out);
	if (!expand(s, ref + name + 1, len - name - 1, &arg))
		goto out;

	const struct sg_rw_map *map = sg_rw_map_find(s->e->rules, ref, name);
	for (enum function f = TO_LOWER; f < N_FUNCTIONS && !ok; f++) {
		if (strlen(function_names[f]) == name && sg_same_n(ref, function_names[f], name)) {
			apply(f, sg_buf_bytes(&arg), out);
			ok = true;
		}
	}
	if (!ok && map) {
		look_up(map, sg_buf_bytes(&arg), out);
		ok = true;
	}
	if (!ok)
		sg_rw_why_set(&s->e->why,
		        "what {%.*s:...} is: no function, and no rewrite map of these rules",
		        (int)(name < 100 ? name : 100), ref);
out:
	sg_buf_release(&arg);
	return ok;
}

static bool expand(const struct scope *s, const char *text, size_t len, struct sg_buf *out)
{
	for (size_t i = 0; i < len; i++) {
		size_t whole = text[i] == '{' ? reference_length(text + i, len - i) : 0;
		if (!whole) {
			sg_buf_char(out, text[i]);
			continue;
		}
		if (!reference(s, text + i + 1, whole - 2, out))
			return false;
		if (out->len > SG_RW_TEXT_MAX) {
			sg_rw_why_set(&s->e->why, "what IIS does with a value of more than %d octets",
			        SG_RW_TEXT_MAX);
			return false;
		}
		i += whole - 1;
	}
	return true;
}

bool sg_rw_expand(struct sg_rw_eval *e, const struct sg_rw_caps *r, const struct sg_rw_caps *c,
        const char *text, struct sg_buf *out)
{
	struct scope s = { e, r, c };
	return expand(&s, text, strlen(text), out);
}
