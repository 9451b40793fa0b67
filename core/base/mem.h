/* mem.h - allocation that cannot fail.
 *
 * When memory runs out the process ends at once with one line on stderr (exit status 70). That is safe here: an
 * operation may die at any instant (promise P5) and the next start recovers, so no caller has a path for a failed
 * malloc that was never tested. Sizes that come from outside are capped by the caller before they reach this.
 */
#ifndef SG_BASE_MEM_H
#define SG_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *sg_alloc(size_t size);                                /* zeroed; size 0 gives a unique pointer */
void *sg_realloc(void *p, size_t size);                     /* new bytes are NOT zeroed */
void *sg_grow(void *p, size_t n, size_t *cap, size_t item); /* room for at least n+1 items of `item` bytes */
char *sg_strdup(const char *s);                             /* NULL gives NULL */
char *sg_strndup(const char *s, size_t n);
void sg_str_set(
        char **to, const char *s); /* *to becomes a copy of s, which may be part of it; NULL as above */
bool sg_str_equal(const char *a, const char *b); /* octet by octet; NULL equals only NULL */
char *sg_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A list of owned strings. {0} is an empty one. */
struct sg_strs {
	char **at;
	size_t n, cap;
};
void sg_strs_add(struct sg_strs *strs, const char *s);
void sg_strs_add_once(struct sg_strs *strs, const char *s);
bool sg_strs_has(const struct sg_strs *strs, const char *s);
void sg_strs_release(struct sg_strs *strs);

#endif
