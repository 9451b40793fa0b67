/* decode.c - from the octets of a request line to the text that rules see.
 *
 * Follows what is known of HTTP.sys: the path is percent-decoded once (%uXXXX too), read as UTF-8 or else as the ANSI
 * code page (Latin-1 here), \ counts as /, runs of slashes as one, and dot segments are resolved after decoding. The
 * query string is never touched.
 */
#include "rewrite/rules.h"
#include "base/text.h"
#include <string.h>

static int hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The number that `n` hex digits at `at` make, or -1. */
static int hex_number(struct sg_bytes in, size_t at, size_t n)
{
	int number = 0;

	if (in.len < at + n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int digit = hex(in.data[at + i]);
		if (digit < 0)
			return -1;
		number = number * 16 + digit;
	}
	return number;
}

/* A code point below 65536. */
static void add_utf8(struct sg_buf *out, int c)
{
	if (c < 0x80) {
		sg_buf_char(out, (char)c);
	} else if (c < 0x800) {
		sg_buf_char(out, (char)(0xc0 | c >> 6));
		sg_buf_char(out, (char)(0x80 | (c & 0x3f)));
	} else {
		sg_buf_char(out, (char)(0xe0 | c >> 12));
		sg_buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
		sg_buf_char(out, (char)(0x80 | (c & 0x3f)));
	}
}

bool sg_rw_percent_decode(struct sg_bytes in, bool wide, struct sg_buf *out)
{
	bool clean = true;

	for (size_t i = 0; i < in.len; i++) {
		int c = -1;
		if (in.data[i] != '%') {
			sg_buf_char(out, (char)in.data[i]);
		} else if ((c = hex_number(in, i + 1, 2)) >= 0) {
			sg_buf_char(out, (char)c);
			i += 2;
		} else if (wide && i + 1 < in.len && (in.data[i + 1] | 0x20) == 'u' &&
		           (c = hex_number(in, i + 2, 4)) >= 0 && (c < 0xd800 || c > 0xdfff)) {
			add_utf8(out, c);
			i += 5;
		} else {
			sg_buf_char(out, '%');
			clean = false;
		}
	}
	return clean;
}

void sg_rw_to_utf8(struct sg_buf *buf)
{
	struct sg_buf out = { 0 };

	if (sg_utf8_valid(sg_buf_bytes(buf)))
		return;
	for (size_t i = 0; i < buf->len; i++)
		add_utf8(&out, buf->data[i]);
	sg_buf_release(buf);
	*buf = out;
}

/* Takes the last segment and its slash off; false at the root. */
static bool drop_segment(struct sg_buf *out)
{
	if (!out->len)
		return false;
	do
		out->len--;
	while (out->len && out->data[out->len] != '/');
	out->data[out->len] = 0;
	return true;
}

bool sg_rw_cook_path(struct sg_bytes raw, struct sg_buf *out)
{
	struct sg_buf text = { 0 };
	bool ok = sg_rw_percent_decode(raw, true, &text) && !(text.len && memchr(text.data, 0, text.len));

	sg_rw_to_utf8(&text);
	sg_buf_clear(out);
	for (size_t i = 0; ok && i < text.len;) {
		while (i < text.len && (text.data[i] == '/' || text.data[i] == '\\'))
			i++;
		size_t start = i;
		while (i < text.len && text.data[i] != '/' && text.data[i] != '\\')
			i++;
		struct sg_bytes segment = { text.data + start, i - start };
		bool last = i == text.len;
		if (sg_bytes_is(segment, "..")) {
			ok = drop_segment(out);
			if (last)
				sg_buf_char(out, '/');
		} else if (!sg_bytes_is(segment, ".") || last) {
			sg_buf_char(out, '/');
			if (!sg_bytes_is(segment, "."))
				sg_buf_add(out, segment.data, segment.len);
		}
	}
	sg_buf_release(&text);
	return ok;
}
