/* hive_parse.c - what t_hive_build() wrote, back into a tree; trusting, because it was our own hand. See hive_file.h. */
#include "hive_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASE = 4096, SEGMENT = 16344 };

static uint32_t get(const unsigned char *p, int octets)
{
	uint32_t v = 0;

	for (int i = 0; i < octets; i++)
		v |= (uint32_t)p[i] << (8 * i);
	return v;
}

static void add_char(struct sg_buf *out, uint32_t c)
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

static char *name_of(const unsigned char *p, size_t len, bool narrow)
{
	struct sg_buf out = { 0 };

	for (size_t i = 0; i < len; i += narrow ? 1 : 2)
		add_char(&out, get(p + i, narrow ? 1 : 2));
	return sg_buf_detach(&out);
}

static const unsigned char *cell(struct sg_bytes o, uint32_t at)
{
	if (BASE + (size_t)at + 4 > o.len) {
		fprintf(stderr, "test hive: octet %u is behind its end\n", (unsigned)at);
		abort();
	}
	return o.data + BASE + at + 4;
}

static void parse_value(struct sg_bytes o, uint32_t at, struct t_hive_node *k)
{
	const unsigned char *p = cell(o, at);
	uint32_t len = get(p + 4, 4) & 0x7fffffff, data = get(p + 8, 4);
	char *name = name_of(p + 20, get(p + 2, 2), p[16] & 1);
	struct t_hive_value *v = t_hive_value_add(k, name);

	v->type = get(p + 12, 4);
	if (get(p + 4, 4) >> 31) {
		v->at = BASE + (size_t)at + 12;
		sg_buf_add(&v->data, p + 8, len);
	} else if (len > SEGMENT && get(o.data + 24, 4) > 3) {
		const unsigned char *list = cell(o, get(cell(o, data) + 4, 4));

		for (uint32_t i = 0; len; i++) {
			uint32_t part = len < SEGMENT ? len : SEGMENT;

			sg_buf_add(&v->data, cell(o, get(list + 4 * (size_t)i, 4)), part);
			len -= part;
		}
	} else {
		sg_buf_add(&v->data, len ? cell(o, data) : p, len);
	}
	free(name);
}

static struct t_hive_node *parse_key(struct sg_bytes o, uint32_t at)
{
	const unsigned char *p = cell(o, at), *list;
	char *name = name_of(p + 76, get(p + 72, 2), p[2] & 0x20);
	struct t_hive_node *k = t_hive_node_new(name);
	uint32_t n = get(p + 20, 4), done = 0, outer = 1;
	bool nested;

	free(name);
	for (uint32_t i = 0; i < get(p + 36, 4); i++)
		parse_value(o, get(cell(o, get(p + 40, 4)) + 4 * (size_t)i, 4), k);
	list = n ? cell(o, get(p + 28, 4)) : NULL;
	nested = n && !memcmp(list, "ri", 2);
	if (nested)
		outer = get(list + 2, 2);
	for (uint32_t i = 0; i < outer && done < n; i++) {
		const unsigned char *leaf = nested ? cell(o, get(list + 4 + 4 * (size_t)i, 4)) : list;
		size_t step = memcmp(leaf, "li", 2) ? 8 : 4;

		for (uint32_t m = get(leaf + 2, 2), j = 0; j < m; j++, done++)
			t_hive_node_add(k, parse_key(o, get(leaf + 4 + step * j, 4)));
	}
	return k;
}

struct t_hive *t_hive_parse(struct sg_bytes octets)
{
	struct t_hive *h = sg_alloc(sizeof(*h));

	h->root = parse_key(octets, get(octets.data + 36, 4));
	return h;
}
