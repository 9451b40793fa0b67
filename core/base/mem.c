/* mem.c - allocation that cannot fail: it ends the process instead (mem.h says why that is safe). */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t size)
{
	fprintf(stderr, "stopgap: out of memory (%llu bytes wanted)\n", (unsigned long long)size);
	_Exit(70);
}

void *sg_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		out_of_memory(size);
	return p;
}

void *sg_realloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);

	if (!q)
		out_of_memory(size);
	return q;
}

void *sg_grow(void *p, size_t n, size_t *cap, size_t item)
{
	size_t want;

	if (n < *cap)
		return p;
	if (n >= SIZE_MAX / 2 / item)
		out_of_memory(SIZE_MAX);
	want = *cap ? *cap : 8;
	while (want <= n)
		want *= 2;
	p = sg_realloc(p, want * item);
	*cap = want;
	return p;
}

char *sg_strdup(const char *s)
{
	return s ? sg_strndup(s, strlen(s)) : NULL;
}

char *sg_strndup(const char *s, size_t n)
{
	const char *end = n ? memchr(s, 0, n) : NULL;
	size_t len = end ? (size_t)(end - s) : n;
	char *copy = sg_alloc(len + 1);

	if (len)
		memcpy(copy, s, len);
	return copy;
}

void sg_str_set(char **to, const char *s)
{
	char *copy = sg_strdup(s);

	free(*to);
	*to = copy;
}

bool sg_str_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

char *sg_format(const char *fmt, ...)
{
	va_list ap;
	int len;
	char *s;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return sg_strdup("");
	s = sg_alloc((size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}

void sg_strs_add(struct sg_strs *strs, const char *s)
{
	strs->at = sg_grow(strs->at, strs->n, &strs->cap, sizeof *strs->at);
	strs->at[strs->n++] = sg_strdup(s);
}

void sg_strs_add_once(struct sg_strs *strs, const char *s)
{
	if (!sg_strs_has(strs, s))
		sg_strs_add(strs, s);
}

bool sg_strs_has(const struct sg_strs *strs, const char *s)
{
	for (size_t i = 0; i < strs->n; i++)
		if (strcmp(strs->at[i], s) == 0)
			return true;
	return false;
}

void sg_strs_release(struct sg_strs *strs)
{
	for (size_t i = 0; i < strs->n; i++)
		free(strs->at[i]);
	free(strs->at);
	*strs = (struct sg_strs){ 0 };
}
