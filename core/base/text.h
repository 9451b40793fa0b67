/* text.h - the small formats that people type and read: time, duration, version, glob, UTF-8. All pure. */
#ifndef SG_BASE_TEXT_H
#define SG_BASE_TEXT_H

#include "base/buf.h"
#include "base/err.h"

/* Time: milliseconds since 1970-01-01T00:00:00Z. Written "2026-11-21T09:00:00Z" (".123" only when not 0). */
void sg_time_format(int64_t ms, char out[32]);
/* RFC 3339 with Z or an offset; seconds needed. */
int sg_time_parse(const char *s, int64_t *ret_ms, struct sg_err *err);

/* Duration: a whole number and a unit, ms s m h d w ("5m", "90s"), or several from large to small ("2h30m").
 * At most ten years. */
int sg_duration_parse(const char *s, int64_t *ret_ms, struct sg_err *err);
void sg_duration_format(int64_t ms, char out[32]); /* the two largest units: "2d 3h", "15m", "0s" */

/* Window of each day, "22:00-05:00": minutes since midnight (0 to 1439) of its two ends, which differ; the second is the
 * smaller one when midnight lies inside. */
int sg_window_parse(const char *s, int *ret_from, int *ret_to, struct sg_err *err);

/* Product versions: 1 to 4 parts of decimal numbers below 2^32; missing parts count as 0 in comparisons. */
struct sg_version {
	uint32_t part[4];
	int n; /* parts that were written */
};
int sg_version_parse(const char *s, struct sg_version *ret, struct sg_err *err);
/* <0, 0, >0 over all four parts. */
int sg_version_cmp(const struct sg_version *a, const struct sg_version *b);
/* The prefix's written parts are equal. */
bool sg_version_has_prefix(const struct sg_version *v, const struct sg_version *prefix);
void sg_version_format(const struct sg_version *v, char out[48]);

/* A revision prefix, part by part: "2.1" covers "2.1" and "2.1.0", not "2.10". */
bool sg_revision_covers(const char *prefix, const char *revision);

bool sg_glob(const char *pattern, const char *s);   /* '*' and '?'; ASCII case ignored */
bool sg_globs(const char *patterns, const char *s); /* any of the blank-separated patterns */
bool sg_same(const char *a, const char *b);         /* ASCII case ignored; NULL equals only NULL */
bool sg_same_n(const char *a, const char *b, size_t n);
bool sg_utf8_valid(struct sg_bytes s);
/* The character at s.data[at] (at < s.len): its length in octets, or 0 when it is no shortest-form UTF-8. */
size_t sg_utf8_next(struct sg_bytes s, size_t at, uint32_t *ret);
bool sg_char_safe(uint32_t cp); /* false for control and bidi characters and line separators */
/* Makes foreign text safe for a terminal and a log: control and bidi-override characters become \xNN or \u{...}. */
void sg_text_safe(const char *s, struct sg_buf *out);
/* The same of a name or sentence that may be as long as its writer liked: at most `most` octets of it, and no half character. Owned. */
char *sg_text_short(const char *s, size_t most);
/* The same for a whole page: its newlines and tabs stay. The last thing that a program does to text before it prints it; safe text passes unchanged. */
void sg_text_page(struct sg_bytes page, struct sg_buf *out);

#endif
