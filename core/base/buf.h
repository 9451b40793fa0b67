/* buf.h - octets: a borrowed run of them, and a growing buffer that owns them. */
#ifndef SG_BASE_BUF_H
#define SG_BASE_BUF_H

#include "base/mem.h"
#include <stdarg.h>

/* Borrowed octets: valid as long as their owner says. */
struct sg_bytes {
	const unsigned char *data;
	size_t len;
};

/* Owned octets. {0} is an empty one. data[len] is always 0 once anything was added, so text can be read as a
 * C string. Growth cannot fail (mem.h). */
struct sg_buf {
	unsigned char *data;
	size_t len, cap;
};

void sg_buf_add(struct sg_buf *buf, const void *data, size_t len);
void sg_buf_str(struct sg_buf *buf, const char *s);
void sg_buf_char(struct sg_buf *buf, char c);
void sg_buf_fmt(struct sg_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sg_buf_vfmt(struct sg_buf *buf, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void sg_buf_insert(struct sg_buf *buf, size_t at, const void *data, size_t len);
void sg_buf_cut(struct sg_buf *buf, size_t at, size_t len);
/* Replaces the content; data may be NULL with len 0. */
void sg_buf_set(struct sg_buf *buf, const void *data, size_t len);
void sg_buf_clear(struct sg_buf *buf);   /* empty, capacity kept */
void sg_buf_release(struct sg_buf *buf); /* frees; {0} again */
char *sg_buf_detach(struct sg_buf *buf); /* the caller owns the NUL-terminated text; {0} again */
struct sg_bytes sg_buf_bytes(const struct sg_buf *buf);

struct sg_bytes sg_bytes_of(const char *s);
bool sg_bytes_equal(struct sg_bytes a, struct sg_bytes b);
bool sg_bytes_is(struct sg_bytes a, const char *s);

/* A list of octets; zeroed is empty. */
struct sg_bufs {
	struct sg_buf *at;
	size_t n, cap;
};
struct sg_buf *sg_bufs_add(struct sg_bufs *bufs); /* a new empty one at the end; valid until the next call */
void sg_bufs_release(struct sg_bufs *bufs);

#endif
