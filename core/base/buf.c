/* buf.c - owned and borrowed octets. Guarantees a NUL behind the content once anything was added. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A wrong place is a bug of the caller; writing on would turn it into damage. Holds in release builds, too. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

/* Room for `more` octets and the NUL. */
static void reserve(struct sg_buf *buf, size_t more)
{
	must(more < SIZE_MAX / 2 - buf->len);
	buf->data = sg_grow(buf->data, buf->len + more, &buf->cap, 1);
}

void sg_buf_add(struct sg_buf *buf, const void *data, size_t len)
{
	reserve(buf, len);
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = 0;
}

void sg_buf_str(struct sg_buf *buf, const char *s)
{
	sg_buf_add(buf, s, strlen(s));
}

void sg_buf_char(struct sg_buf *buf, char c)
{
	sg_buf_add(buf, &c, 1);
}

void sg_buf_vfmt(struct sg_buf *buf, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len >= 0) {
		reserve(buf, (size_t)len);
		vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, fmt, again);
		buf->len += (size_t)len;
	}
	va_end(again);
}

void sg_buf_fmt(struct sg_buf *buf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sg_buf_vfmt(buf, fmt, ap);
	va_end(ap);
}

void sg_buf_insert(struct sg_buf *buf, size_t at, const void *data, size_t len)
{
	must(at <= buf->len);
	reserve(buf, len);
	memmove(buf->data + at + len, buf->data + at, buf->len - at);
	if (len)
		memcpy(buf->data + at, data, len);
	buf->len += len;
	buf->data[buf->len] = 0;
}

void sg_buf_cut(struct sg_buf *buf, size_t at, size_t len)
{
	must(at <= buf->len && len <= buf->len - at);
	if (len == 0)
		return;
	memmove(buf->data + at, buf->data + at + len, buf->len - at - len);
	buf->len -= len;
	buf->data[buf->len] = 0;
}

void sg_buf_set(struct sg_buf *buf, const void *data, size_t len)
{
	buf->len = 0;
	sg_buf_add(buf, data, len);
}

void sg_buf_clear(struct sg_buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = 0;
}

void sg_buf_release(struct sg_buf *buf)
{
	free(buf->data);
	*buf = (struct sg_buf){ 0 };
}

char *sg_buf_detach(struct sg_buf *buf)
{
	char *s = buf->data ? (char *)buf->data : sg_strdup("");

	*buf = (struct sg_buf){ 0 };
	return s;
}

struct sg_bytes sg_buf_bytes(const struct sg_buf *buf)
{
	return (struct sg_bytes){ buf->data, buf->len };
}

struct sg_bytes sg_bytes_of(const char *s)
{
	return (struct sg_bytes){ (const unsigned char *)s, s ? strlen(s) : 0 };
}

bool sg_bytes_equal(struct sg_bytes a, struct sg_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool sg_bytes_is(struct sg_bytes a, const char *s)
{
	return sg_bytes_equal(a, sg_bytes_of(s));
}

struct sg_buf *sg_bufs_add(struct sg_bufs *bufs)
{
	bufs->at = sg_grow(bufs->at, bufs->n, &bufs->cap, sizeof(*bufs->at));
	bufs->at[bufs->n] = (struct sg_buf){ 0 };
	return &bufs->at[bufs->n++];
}

void sg_bufs_release(struct sg_bufs *bufs)
{
	for (size_t i = 0; i < bufs->n; i++)
		sg_buf_release(&bufs->at[i]);
	free(bufs->at);
	*bufs = (struct sg_bufs){ 0 };
}
