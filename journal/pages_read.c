/* pages_read.c - answers from the records that pages.c found (pages.h). */
#include "journal/pages_own.h"

#include <stdlib.h>
#include <string.h>

int sg_pages_key_cmp(bool integer, struct sg_bytes a, struct sg_bytes b)
{
	if (integer) {
		uint64_t x, y;

		memcpy(&x, a.data, sizeof x);
		memcpy(&y, b.data, sizeof y);
		return x < y ? -1 : x > y;
	}
	int c = a.len && b.len ? memcmp(a.data, b.data, a.len < b.len ? a.len : b.len) : 0;
	return c ? c : (a.len > b.len) - (a.len < b.len);
}

void sg_pages_free(struct sg_pages *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < SG_T_COUNT; i++)
		free(p->table[i].at);
	sg_buf_release(&p->file);
	sg_strs_release(&p->faults);
	free(p->seen);
	free(p);
}

size_t sg_pages_faults(const struct sg_pages *p)
{
	return p->faults.n;
}

const char *sg_pages_fault(const struct sg_pages *p, size_t i)
{
	return p->faults.at[i];
}

uint64_t sg_pages_size(const struct sg_pages *p)
{
	return p->map_size;
}

uint64_t sg_pages_used(const struct sg_pages *p)
{
	uint64_t pages = p->last + 1;

	return (pages - (p->free_pages < pages ? p->free_pages : pages)) * p->psize;
}

struct sg_bytes sg_pages_octets(const struct sg_pages *p)
{
	return sg_buf_bytes(&p->file);
}

/* The first entry whose key is not below `key`. */
static size_t lower_bound(const struct entries *e, struct sg_bytes key)
{
	size_t lo = 0, hi = e->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (sg_pages_key_cmp(false, e->at[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int source_get(
        void *self, enum sg_table table, struct sg_bytes key, struct sg_bytes *ret, struct sg_err *err)
{
	const struct entries *e = &((struct sg_pages *)self)->table[table];
	size_t i = lower_bound(e, key);

	(void)err;
	if (i == e->n || sg_pages_key_cmp(false, e->at[i].key, key) != 0)
		return SG_ENOENT;
	*ret = e->at[i].value;
	return 0;
}

static int source_each(void *self, enum sg_table table, struct sg_bytes from, bool backwards,
        sg_source_fn *fn, void *arg, struct sg_err *err)
{
	const struct entries *e = &((struct sg_pages *)self)->table[table];
	int stop = 0;

	(void)err;
	if (!backwards) {
		for (size_t i = from.len ? lower_bound(e, from) : 0; i < e->n && stop == 0; i++)
			stop = fn(arg, e->at[i].key, e->at[i].value);
		return stop;
	}
	size_t end = e->n;
	if (from.len) {
		end = lower_bound(e, from);
		if (end < e->n && sg_pages_key_cmp(false, e->at[end].key, from) == 0)
			end++;
	}
	for (size_t i = end; i-- > 0 && stop == 0;)
		stop = fn(arg, e->at[i].key, e->at[i].value);
	return stop;
}

struct sg_source sg_pages_source(struct sg_pages *p)
{
	return (struct sg_source){ p, source_get, source_each };
}
