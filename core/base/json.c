/* json.c - a value tree as JSON (RFC 8259). Guarantees valid UTF-8 whatever the tree holds: an octet that is none
 * becomes U+FFFD, and characters that could disturb a terminal are escaped. */
#include "base/json.h"
#include "base/text.h"

#include <inttypes.h>

static void escape(uint32_t cp, struct sg_buf *out)
{
	if (cp > 0xffff) {
		cp -= 0x10000;
		sg_buf_fmt(out, "\\u%04x\\u%04x", 0xd800u + (unsigned)(cp >> 10),
		        0xdc00u + (unsigned)(cp & 0x3ff));
	} else {
		sg_buf_fmt(out, "\\u%04x", (unsigned)cp);
	}
}

static void string(struct sg_bytes s, bool ascii, struct sg_buf *out)
{
	sg_buf_char(out, '"');
	for (size_t at = 0; at < s.len;) {
		uint32_t cp = 0xfffd;
		size_t n = sg_utf8_next(s, at, &cp);

		at += n ? n : 1;
		switch (cp) {
		case '"': sg_buf_str(out, "\\\""); break;
		case '\\': sg_buf_str(out, "\\\\"); break;
		case '\b': sg_buf_str(out, "\\b"); break;
		case '\f': sg_buf_str(out, "\\f"); break;
		case '\n': sg_buf_str(out, "\\n"); break;
		case '\r': sg_buf_str(out, "\\r"); break;
		case '\t': sg_buf_str(out, "\\t"); break;
		default:
			if (!sg_char_safe(cp) || (ascii && cp > 0x7e))
				escape(cp, out);
			else if (n)
				sg_buf_add(out, s.data + at - n, n);
			else
				sg_buf_str(out, "\xef\xbf\xbd");
		}
	}
	sg_buf_char(out, '"');
}

static void base64(const struct sg_val *v, struct sg_buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)v->s;

	sg_buf_char(out, '"');
	for (size_t i = 0; i < v->len; i += 3) {
		size_t left = v->len - i;
		uint32_t w = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
		             (left > 2 ? p[i + 2] : 0u);

		sg_buf_char(out, digits[w >> 18]);
		sg_buf_char(out, digits[w >> 12 & 63]);
		sg_buf_char(out, left > 1 ? digits[w >> 6 & 63] : '=');
		sg_buf_char(out, left > 2 ? digits[w & 63] : '=');
	}
	sg_buf_char(out, '"');
}

static void line(int style, int depth, struct sg_buf *out)
{
	if (!(style & SG_JSON_PRETTY))
		return;
	sg_buf_char(out, '\n');
	for (int i = 0; i < depth; i++)
		sg_buf_str(out, "  ");
}

static void value(const struct sg_val *v, int style, int depth, struct sg_buf *out)
{
	bool ascii = (style & SG_JSON_ASCII) != 0, map = v->type == SG_VAL_MAP;

	switch (v->type) {
	case SG_VAL_NIL: sg_buf_str(out, "null"); break;
	case SG_VAL_BOOL: sg_buf_str(out, v->i ? "true" : "false"); break;
	case SG_VAL_INT: sg_buf_fmt(out, "%" PRId64, v->i); break;
	case SG_VAL_STR: string((struct sg_bytes){ (const unsigned char *)v->s, v->len }, ascii, out); break;
	case SG_VAL_BIN: base64(v, out); break;
	case SG_VAL_ARRAY:
	case SG_VAL_MAP:
		sg_buf_char(out, map ? '{' : '[');
		for (size_t i = 0; i < v->n; i++) {
			if (i)
				sg_buf_char(out, ',');
			line(style, depth + 1, out);
			if (map) {
				string(sg_bytes_of(v->kid[i]->key), ascii, out);
				sg_buf_str(out, style & SG_JSON_PRETTY ? ": " : ":");
			}
			value(v->kid[i], style, depth + 1, out);
		}
		if (v->n)
			line(style, depth, out);
		sg_buf_char(out, map ? '}' : ']');
		break;
	}
}

void sg_json(const struct sg_val *v, int style, struct sg_buf *out)
{
	value(v, style, 0, out);
}
