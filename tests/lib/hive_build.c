/* hive_build.c - a tree of keys as the octets of a hive, and back. See hive_file.h. */
#include "hive_parts.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASE = 4096, PAGE = 4096, SEGMENT = 16344 };
#define NIL      0xffffffffu
#define FILETIME UINT64_C(0x01d9123456789a00) /* always the same: the same tree gives the same octets */

static void die(const char *what)
{
	fprintf(stderr, "test hive: %s\n", what);
	abort();
}

/* --- little-endian numbers */

static void put(unsigned char *p, uint64_t v, int octets)
{
	for (int i = 0; i < octets; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint32_t get(const unsigned char *p, int octets)
{
	uint32_t v = 0;

	for (int i = 0; i < octets; i++)
		v |= (uint32_t)p[i] << (8 * i);
	return v;
}

static void add(struct sg_buf *b, uint64_t v, int octets)
{
	unsigned char p[8];

	put(p, v, octets);
	sg_buf_add(b, p, (size_t)octets);
}

/* --- names */

void t_hive_utf16(const char *text, struct sg_buf *out)
{
	struct sg_bytes s = sg_bytes_of(text);

	sg_buf_add(out, "", 0);
	for (size_t i = 0; i < s.len;) {
		uint32_t c;
		size_t took = sg_utf8_next(s, i, &c);

		if (!took || c > 0xffff)
			die("a name that is no text of one UTF-16 unit a character");
		add(out, c, 2);
		i += took;
	}
}

uint32_t t_hive_upper(uint32_t c)
{
	bool lower = (c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7);

	return lower ? c - 32 : c;
}

/* Whether one octet a character is enough; *ret is the name as it is stored. */
static bool stored(const char *name, struct sg_buf *ret)
{
	struct sg_buf wide = { 0 };
	bool narrow = true;

	t_hive_utf16(name, &wide);
	for (size_t i = 0; i < wide.len; i += 2)
		narrow = narrow && !wide.data[i + 1];
	sg_buf_add(ret, "", 0);
	for (size_t i = 0; i < wide.len; i += narrow ? 2 : 1)
		sg_buf_add(ret, wide.data + i, 1);
	sg_buf_release(&wide);
	return narrow;
}

static uint32_t hash_of(const char *name)
{
	struct sg_buf wide = { 0 };
	uint32_t h = 0;

	t_hive_utf16(name, &wide);
	for (size_t i = 0; i < wide.len; i += 2)
		h = h * 37 + t_hive_upper(get(wide.data + i, 2));
	sg_buf_release(&wide);
	return h;
}

static int by_name(const void *a, const void *b)
{
	const struct t_hive_node *x = *(struct t_hive_node *const *)a, *y = *(struct t_hive_node *const *)b;
	struct sg_buf p = { 0 }, q = { 0 };
	int c = 0;

	t_hive_utf16(x->name, &p);
	t_hive_utf16(y->name, &q);
	for (size_t i = 0; !c && (i < p.len || i < q.len); i += 2) {
		uint32_t u = i < p.len ? t_hive_upper(get(p.data + i, 2)) : 0;
		uint32_t v = i < q.len ? t_hive_upper(get(q.data + i, 2)) : 0;

		c = u < v ? -1 : u > v;
	}
	sg_buf_release(&p);
	sg_buf_release(&q);
	return c;
}

/* --- writing */

struct writer {
	struct sg_buf bins;
	size_t pos, end; /* of the bin that is filled */
	struct t_hive_shape shape;
	uint32_t security, keys;
};

static void next_bin(struct writer *w, size_t need)
{
	size_t size = (need + 32 + PAGE - 1) / PAGE * PAGE, at = w->bins.len;
	void *zeros = sg_alloc(size);

	if (w->pos < w->end) /* the rest is one free cell */
		put(w->bins.data + w->pos, w->end - w->pos, 4);
	sg_buf_add(&w->bins, zeros, size);
	free(zeros);
	memcpy(w->bins.data + at, "hbin", 4);
	put(w->bins.data + at + 4, at, 4);
	put(w->bins.data + at + 8, size, 4);
	put(w->bins.data + at + 20, at ? 0 : FILETIME, 8);
	w->pos = at + 32;
	w->end = at + size;
}

static uint32_t take(struct writer *w, size_t len, bool used)
{
	size_t size = (4 + len + 7) / 8 * 8;
	uint32_t at;

	if (w->pos + size > w->end)
		next_bin(w, size);
	at = (uint32_t)w->pos;
	put(w->bins.data + at, used ? 0u - (uint32_t)size : (uint32_t)size, 4);
	w->pos += size;
	return at;
}

static uint32_t cell(struct writer *w, const void *data, size_t len)
{
	uint32_t at = take(w, len, true);

	if (data)
		memcpy(w->bins.data + at + 4, data, len);
	return at;
}

static uint32_t cell_of(struct writer *w, struct sg_buf *b)
{
	uint32_t at = cell(w, b->data, b->len);

	sg_buf_release(b);
	return at;
}

/* SYSTEM and administrators everything, users to read: O:BAG:SYD:(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;BU). */
static void add_security(struct writer *w)
{
	static const unsigned char descriptor[] = { 1, 0, 4, 0x80, 0x60, 0, 0, 0, 0x70, 0, 0, 0, 0, 0, 0, 0,
		0x14, 0, 0, 0, 2, 0, 0x4c, 0, 3, 0, 0, 0, 0, 2, 0x14, 0, 0x3f, 0, 0x0f, 0, 1, 1, 0, 0, 0, 0,
		0, 5, 0x12, 0, 0, 0, 0, 2, 0x18, 0, 0x3f, 0, 0x0f, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0,
		0x20, 2, 0, 0, 0, 2, 0x18, 0, 0x19, 0, 2, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x21, 2,
		0, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5, 0x12, 0,
		0, 0 };
	struct sg_buf b = { 0 };

	sg_buf_str(&b, "sk");
	for (int i = 0; i < 9; i++)
		add(&b, 0, 2);
	put(b.data + 16, sizeof(descriptor), 4);
	sg_buf_add(&b, descriptor, sizeof(descriptor));
	w->security = cell_of(w, &b);
}

static uint32_t add_data(struct writer *w, const struct sg_buf *data)
{
	struct sg_buf list = { 0 }, db = { 0 };
	uint32_t n = 0;

	if (data->len <= SEGMENT || w->shape.minor <= 3)
		return cell(w, data->data, data->len);
	for (size_t at = 0; at < data->len; at += SEGMENT, n++) {
		size_t part = data->len - at < SEGMENT ? data->len - at : SEGMENT;
		uint32_t segment = cell(w, NULL, part + 4);

		memcpy(w->bins.data + segment + 4, data->data + at, part);
		add(&list, segment, 4);
	}
	sg_buf_str(&db, "db");
	add(&db, n, 2);
	add(&db, cell_of(w, &list), 4);
	add(&db, 0, 4);
	return cell_of(w, &db);
}

static uint32_t add_value(struct writer *w, const struct t_hive_value *v)
{
	struct sg_buf name = { 0 }, vk = { 0 };
	bool narrow = stored(v->name, &name), is_inline = v->data.len <= 4;
	uint32_t at, data = 0;

	if (v->type == T_REG_DWORD && w->shape.cells)
		is_inline = false;
	if (!is_inline)
		data = add_data(w, &v->data);
	else
		for (size_t i = 0; i < v->data.len; i++)
			data |= (uint32_t)v->data.data[i] << (8 * i);
	sg_buf_str(&vk, "vk");
	add(&vk, name.len, 2);
	add(&vk, (uint32_t)v->data.len | (is_inline ? 0x80000000u : 0), 4);
	add(&vk, data, 4);
	add(&vk, v->type, 4);
	add(&vk, narrow && name.len ? 1 : 0, 2);
	add(&vk, 0, 2);
	sg_buf_add(&vk, name.data, name.len);
	at = cell_of(w, &vk);
	sg_buf_release(&name);
	return at;
}

static uint32_t add_leaf(
        struct writer *w, struct t_hive_node *const *subs, const uint32_t *cells, size_t n, const char *kind)
{
	struct sg_buf b = { 0 };

	sg_buf_str(&b, kind);
	add(&b, n, 2);
	for (size_t i = 0; i < n; i++) {
		char four[5] = { 0 };

		add(&b, cells[i], 4);
		if (!strcmp(kind, "lh"))
			add(&b, hash_of(subs[i]->name), 4);
		else if (!strcmp(kind, "lf"))
			sg_buf_add(&b, strncpy(four, subs[i]->name, 4), 4);
	}
	return cell_of(w, &b);
}

static uint32_t add_lists(struct writer *w, struct t_hive_node *const *subs, const uint32_t *cells, size_t n)
{
	const char *kind = w->shape.list ? w->shape.list : "lh";
	struct sg_buf lists = { 0 }, b = { 0 };
	uint32_t count = 0, only = NIL;

	for (size_t at = 0; at < n; at += w->shape.chunk, count++) {
		size_t part = n - at < w->shape.chunk ? n - at : w->shape.chunk;

		only = add_leaf(w, subs + at, cells + at, part, kind);
		add(&lists, only, 4);
	}
	if (count > 1) {
		sg_buf_str(&b, "ri");
		add(&b, count, 2);
		sg_buf_add(&b, lists.data, lists.len);
		only = cell_of(w, &b);
	}
	sg_buf_release(&lists);
	return only;
}

/* As deep as the tests' trees are. */
static uint32_t add_key(struct writer *w, struct t_hive_node *k, uint32_t parent, bool root)
{
	struct sg_buf name = { 0 }, list = { 0 };
	bool narrow = stored(k->name, &name);
	uint32_t at = cell(w, NULL, 76 + name.len), longest[3] = { 0 }, values = NIL, subs = NIL;
	uint32_t *cells = sg_alloc((k->n_subs + 1) * sizeof(*cells));
	unsigned char *p;

	w->keys++;
	if (root) {
		add_security(w);
		if (w->shape.gap)
			take(w, w->shape.gap, false);
	}
	for (size_t i = 0; i < k->n_values; i++) {
		const struct t_hive_value *v = &k->values[i];

		add(&list, add_value(w, v), 4);
		longest[1] = strlen(v->name) * 2 > longest[1] ? (uint32_t)strlen(v->name) * 2 : longest[1];
		longest[2] = v->data.len > longest[2] ? (uint32_t)v->data.len : longest[2];
	}
	if (k->n_values)
		values = cell_of(w, &list);
	if (k->n_subs)
		qsort(k->subs, k->n_subs, sizeof(*k->subs), by_name);
	for (size_t i = 0; i < k->n_subs; i++) {
		cells[i] = add_key(w, k->subs[i], at, false);
		longest[0] = strlen(k->subs[i]->name) * 2 > longest[0]
		                     ? (uint32_t)strlen(k->subs[i]->name) * 2
		                     : longest[0];
	}
	if (k->n_subs)
		subs = add_lists(w, k->subs, cells, k->n_subs);
	p = w->bins.data + at + 4;
	memcpy(p, "nk", 2);
	put(p + 2, (root ? 0x0cu : 0) | (narrow ? 0x20u : 0), 2);
	put(p + 4, FILETIME, 8);
	put(p + 16, parent, 4);
	put(p + 20, k->n_subs, 4);
	put(p + 28, subs, 4);
	put(p + 32, NIL, 4);
	put(p + 36, k->n_values, 4);
	put(p + 40, values, 4);
	put(p + 44, w->security, 4);
	put(p + 48, NIL, 4);
	put(p + 52, longest[0], 4);
	put(p + 60, longest[1], 4);
	put(p + 64, longest[2], 4);
	put(p + 72, name.len, 2);
	memcpy(p + 76, name.data, name.len);
	sg_buf_release(&name);
	free(cells);
	return at;
}

void t_hive_seal(struct sg_buf *octets)
{
	uint32_t x = 0;

	for (size_t i = 0; i < 508; i += 4)
		x ^= get(octets->data + i, 4);
	put(octets->data + 508, x == 0 ? 1 : x == NIL ? NIL - 1 : x, 4);
}

void t_hive_build(const struct t_hive *h, const struct t_hive_shape *shape, struct sg_buf *ret)
{
	struct writer w = { .shape = shape ? *shape : (struct t_hive_shape){ 0 } };
	unsigned char base[BASE] = { 0 };
	void *slack;
	uint32_t root;

	if (!w.shape.primary && !w.shape.secondary)
		w.shape.primary = w.shape.secondary = 7;
	w.shape.minor = w.shape.minor ? w.shape.minor : 5;
	w.shape.chunk = w.shape.chunk ? w.shape.chunk : 500;
	root = add_key(&w, h->root, 0, true);
	if (w.pos < w.end)
		put(w.bins.data + w.pos, w.end - w.pos, 4);
	put(w.bins.data + w.security + 8, w.security, 4);
	put(w.bins.data + w.security + 12, w.security, 4);
	put(w.bins.data + w.security + 16, w.keys, 4);
	memcpy(base, "regf", 4);
	put(base + 4, w.shape.primary, 4);
	put(base + 8, w.shape.secondary, 4);
	put(base + 12, FILETIME, 8);
	put(base + 20, 1, 4);
	put(base + 24, w.shape.minor, 4);
	put(base + 32, 1, 4);
	put(base + 36, root, 4);
	put(base + 40, w.bins.len, 4);
	put(base + 44, 1, 4);
	sg_buf_set(ret, base, sizeof(base));
	sg_buf_add(ret, w.bins.data, w.bins.len);
	t_hive_seal(ret);
	ret->data[508] ^= w.shape.bad_checksum ? 1 : 0;
	slack = sg_alloc(w.shape.slack + 1);
	sg_buf_add(ret, slack, w.shape.slack);
	free(slack);
	sg_buf_release(&w.bins);
}

void t_hive_log(struct sg_bytes hive, uint32_t first, uint32_t entries, struct sg_buf *ret)
{
	sg_buf_set(ret, hive.data, 512);
	put(ret->data + 4, first, 4);
	put(ret->data + 8, first, 4);
	put(ret->data + 28, 6, 4);
	t_hive_seal(ret);
	for (uint32_t i = 0; i < entries; i++) {
		/* one page each; its two hashes are left 0: nobody replays it here */
		enum { SIZE = 40 + 8 + PAGE, WHOLE = (SIZE + 511) / 512 * 512 };
		unsigned char entry[WHOLE] = { 0 };

		memcpy(entry, "HvLE", 4);
		put(entry + 4, WHOLE, 4);
		put(entry + 12, first + i, 4);
		put(entry + 16, hive.len - BASE, 4);
		put(entry + 20, 1, 4);
		put(entry + 44, PAGE, 4);
		memcpy(entry + 48, hive.data + BASE, PAGE);
		sg_buf_add(ret, entry, sizeof(entry));
	}
}
