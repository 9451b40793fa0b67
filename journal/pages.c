/* pages.c - the bounds-checked reader of LMDB's file format (pages.h). */
#include "journal/pages_own.h"

#include <stdlib.h>
#include <string.h>

enum {
	PAGE_HEAD = 16,
	NODE_HEAD = 8,
	DB_SIZE = 48,
	META_AT = PAGE_HEAD,
	META_SIZE = 136,
	P_BRANCH = 0x01,
	P_LEAF = 0x02,
	P_OVERFLOW = 0x04,
	P_META = 0x08,
	P_KIND = 0x6f, /* without the bits that only matter in memory */
	F_BIGDATA = 0x01,
	F_SUBDATA = 0x02,
	DEPTH_MAX = 32,
	FAULTS_MAX = 200
};
#define MAGIC      0xBEEFC0DEu
#define NO_PAGE    UINT64_MAX
#define INTEGERKEY 0x08u

/* One tree under the walk. */
struct tree {
	struct sg_pages *p;
	const char *name;
	bool integer_keys;
	uint64_t branches, leaves, overflows, entries;
	struct sg_bytes last_key,
	        floor; /* the last key met; the separator above, which the next key may not be below */
	bool has_last, has_floor;
	void (*fn)(struct tree *t, struct sg_bytes key, struct sg_bytes value, unsigned flags);
	enum sg_table table;
};

static uint16_t u16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t u32(const unsigned char *p)
{
	return (uint32_t)u16(p) | (uint32_t)u16(p + 2) << 16;
}

static uint64_t u64(const unsigned char *p)
{
	return (uint64_t)u32(p) | (uint64_t)u32(p + 4) << 32;
}

static void fault(struct sg_pages *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fault(struct sg_pages *p, const char *fmt, ...)
{
	struct sg_buf b = { 0 };
	va_list ap;

	if (p->faults.n > FAULTS_MAX)
		return;
	va_start(ap, fmt);
	sg_buf_vfmt(&b, fmt, ap);
	va_end(ap);
	sg_strs_add(&p->faults,
	        p->faults.n == FAULTS_MAX ? "more damaged pages, not listed" : (const char *)b.data);
	sg_buf_release(&b);
}

static void tree_fault(struct tree *t, uint64_t pgno, const char *what)
{
	fault(t->p, "page %llu, in the tree of %s: %s", (unsigned long long)pgno, t->name, what);
}

/* The page, marked as used by this tree; NULL and a fault when it cannot be. */
static const unsigned char *claim(struct tree *t, uint64_t pgno, uint64_t count)
{
	struct sg_pages *p = t->p;

	if (pgno < 2 || pgno > p->last || count > p->last - pgno + 1) {
		tree_fault(t, pgno, "there is no such page");
		return NULL;
	}
	if ((pgno + count) * p->psize > p->file.len) {
		tree_fault(t, pgno, "the file ends before it");
		return NULL;
	}
	for (uint64_t i = pgno; i < pgno + count; i++) {
		if (p->seen[i]) {
			tree_fault(t, i, "it is in use twice");
			return NULL;
		}
	}
	memset(p->seen + pgno, 1, (size_t)count);
	return p->file.data + pgno * p->psize;
}

static void in_order(struct tree *t, uint64_t pgno, struct sg_bytes key, bool separator)
{
	if (t->has_last && sg_pages_key_cmp(t->integer_keys, t->last_key, key) >= 0)
		tree_fault(t, pgno, "its keys are out of order");
	else if (t->has_floor && sg_pages_key_cmp(t->integer_keys, t->floor, key) > 0)
		tree_fault(t, pgno, "a key is on the wrong side of its branch");
	if (separator) {
		t->floor = key;
		t->has_floor = true;
	} else {
		t->last_key = key;
		t->has_last = true;
		t->has_floor = false;
	}
}

static void leaf_node(struct tree *t, uint64_t pgno, const unsigned char *page, const unsigned char *node,
        struct sg_bytes key)
{
	unsigned flags = u16(node + 4);
	uint64_t size = u32(node);
	struct sg_bytes value = { node + NODE_HEAD + key.len, (size_t)size };
	size_t room = t->p->psize - (size_t)(value.data - page);

	in_order(t, pgno, key, false);
	t->entries++;
	if (flags & F_BIGDATA) {
		if (room < 8) {
			tree_fault(t, pgno, "a record does not fit into it");
			return;
		}
		uint64_t first = u64(value.data), count = (size + PAGE_HEAD - 1) / t->p->psize + 1;
		const unsigned char *big = claim(t, first, count);
		if (!big)
			return;
		if (u64(big) != first || (u16(big + 10) & P_KIND) != P_OVERFLOW || u32(big + 12) != count) {
			tree_fault(t, first, "it is not the overflow page that it should be");
			return;
		}
		t->overflows += count;
		value.data = big + PAGE_HEAD;
	} else if (size > room) {
		tree_fault(t, pgno, "a record does not fit into it");
		return;
	}
	t->fn(t, key, value, flags & ~(unsigned)F_BIGDATA);
}

static void walk(struct tree *t, uint64_t pgno, unsigned depth, unsigned level)
{
	const unsigned char *page = claim(t, pgno, 1);
	size_t psize = t->p->psize;

	if (!page)
		return;
	unsigned kind = u16(page + 10) & P_KIND;
	size_t lower = u16(page + 12), upper = u16(page + 14);
	if (u64(page) != pgno || (kind != P_BRANCH && kind != P_LEAF) ||
	        (kind == P_LEAF) != (level == depth)) {
		tree_fault(t, pgno, "it is not the page that it should be");
		return;
	}
	if (lower < PAGE_HEAD || lower % 2 != 0 || upper < lower || upper > psize) {
		tree_fault(t, pgno, "its bounds are wrong");
		return;
	}
	size_t n = (lower - PAGE_HEAD) / 2;
	if (kind == P_LEAF)
		t->leaves++;
	else
		t->branches++;
	if (n == 0 || (kind == P_BRANCH && n < 2))
		tree_fault(t, pgno, "it is empty");
	for (size_t i = 0; i < n; i++) {
		size_t at = u16(page + PAGE_HEAD + 2 * i);
		if (at < upper || at % 2 != 0 || at + NODE_HEAD > psize) {
			tree_fault(t, pgno, "one of its records is out of bounds");
			continue;
		}
		const unsigned char *node = page + at;
		struct sg_bytes key = { node + NODE_HEAD, u16(node + 6) };
		if (at + NODE_HEAD + key.len > psize ||
		        (t->integer_keys && key.len != 8 && !(kind == P_BRANCH && i == 0))) {
			tree_fault(t, pgno, "one of its keys is out of bounds");
			continue;
		}
		if (kind == P_LEAF) {
			leaf_node(t, pgno, page, node, key);
			continue;
		}
		if (i > 0)
			in_order(t, pgno, key, true);
		walk(t, (uint64_t)u32(node) | (uint64_t)u16(node + 4) << 32, depth, level + 1);
	}
}

/* One tree from its MDB_db. */
static void walk_db(struct sg_pages *p, struct tree *t, const unsigned char *db, unsigned flags)
{
	unsigned depth = u16(db + 6);
	uint64_t root = u64(db + 40);

	t->p = p;
	if ((u16(db + 4) & 0x3fu) != flags || depth > DEPTH_MAX || (root == NO_PAGE) != (depth == 0)) {
		fault(p, "the head of the tree of %s is damaged", t->name);
		return;
	}
	size_t before = p->faults.n;
	if (root != NO_PAGE)
		walk(t, root, depth, 1);
	uint64_t branches = u64(db + 8), leaves = u64(db + 16), overflows = u64(db + 24),
	         entries = u64(db + 32);
	if (p->faults.n == before && (t->branches != branches || t->leaves != leaves ||
	                                     t->overflows != overflows || t->entries != entries))
		fault(p, "the tree of %s has %llu records in %llu leaves, and its head says %llu in %llu",
		        t->name, (unsigned long long)t->entries, (unsigned long long)t->leaves,
		        (unsigned long long)entries, (unsigned long long)leaves);
}

static void on_record(struct tree *t, struct sg_bytes key, struct sg_bytes value, unsigned flags)
{
	struct entries *e = &t->p->table[t->table];

	if (flags != 0) {
		fault(t->p, "a record of %s has flags %u", t->name, flags);
		return;
	}
	e->at = sg_grow(e->at, e->n, &e->cap, sizeof *e->at);
	e->at[e->n++] = (struct entry){ key, value };
}

static void on_table(struct tree *t, struct sg_bytes key, struct sg_bytes value, unsigned flags)
{
	for (size_t i = 0; i < SG_T_COUNT; i++) {
		struct tree sub = {
			.name = sg_table_name((enum sg_table)i), .fn = on_record, .table = (enum sg_table)i
		};
		if (!sg_bytes_is(key, sub.name))
			continue;
		if (flags != F_SUBDATA || value.len != DB_SIZE)
			fault(t->p, "the head of the tree of %s is damaged", sub.name);
		else
			walk_db(t->p, &sub, value.data, 0);
		return;
	}
	fault(t->p, "there is a table with a name that is not known here");
}

/* The list of free pages: LMDB writes into them next, so one that is in use would be lost. */
static void on_free(struct tree *t, struct sg_bytes key, struct sg_bytes value, unsigned flags)
{
	struct sg_pages *p = t->p;
	uint64_t n = value.len >= 8 ? u64(value.data) : 0;

	if (flags != 0 || value.len < 8 || value.len % 8 != 0 || n > value.len / 8 - 1 ||
	        u64(key.data) > p->txn) {
		fault(p, "the list of free pages is damaged");
		return;
	}
	for (uint64_t i = 1; i <= n; i++) {
		uint64_t pgno = u64(value.data + 8 * i);
		if (pgno < 2 || pgno > p->last || p->seen[pgno])
			fault(p, "page %llu is in the list of free pages, and in use",
			        (unsigned long long)pgno);
		else
			p->seen[pgno] = 2;
	}
	p->free_pages += n;
}

struct meta {
	size_t psize;
	uint64_t map_size, last, txn;
	const unsigned char *db; /* the free list's, then the main tree's */
};

static bool meta_read(struct sg_bytes file, size_t at, uint64_t pgno, struct meta *ret)
{
	const unsigned char *page = file.data + at, *m = page + META_AT;

	if (at + PAGE_HEAD + META_SIZE > file.len)
		return false;
	struct meta meta = { u32(m + 24), u64(m + 16), u64(m + 120), u64(m + 128), m + 24 };
	bool power = meta.psize >= 512 && meta.psize <= 65536 && (meta.psize & (meta.psize - 1)) == 0;
	if (u64(page) != pgno || (u16(page + 10) & P_KIND) != P_META || u32(m) != MAGIC || u32(m + 4) != 1 ||
	        !power || meta.last < 1 || meta.last >= (uint64_t)1 << 40 ||
	        (meta.last + 1) * meta.psize > meta.map_size)
		return false;
	*ret = meta;
	return true;
}

/* The newest of the two meta pages that are valid; *ret_both is false when one is not. */
static bool meta_pick(struct sg_bytes file, struct meta *ret, bool *ret_both)
{
	struct meta a, b;
	bool has_a = meta_read(file, 0, 0, &a);
	bool has_b = meta_read(file, has_a ? a.psize : 4096, 1, &b);

	*ret_both = has_a && has_b && a.psize == b.psize;
	if (!has_a && !has_b)
		return false;
	*ret = has_a && (!has_b || a.txn >= b.txn) ? a : b;
	return true;
}

int sg_pages_peek(
        struct sg_bytes first_two_pages, uint64_t *ret_txn, uint64_t *ret_octets, struct sg_err *err)
{
	struct meta meta;
	bool both;

	if (!meta_pick(first_two_pages, &meta, &both))
		return sg_fail(err, SG_EDAMAGED,
		        "neither of its two meta pages is one: this is no journal, or its start is damaged");
	*ret_txn = meta.txn;
	*ret_octets = (meta.last + 1) * meta.psize;
	return 0;
}

static int entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return sg_pages_key_cmp(false, x->key, y->key);
}

int sg_pages_load(struct sg_buf *file, struct sg_pages **ret, struct sg_err *err)
{
	struct sg_pages *p;
	struct meta meta;
	bool both;

	if (!meta_pick(sg_buf_bytes(file), &meta, &both))
		return sg_fail(err, SG_EDAMAGED,
		        "neither of its two meta pages is one: this is no journal, or its start is damaged");
	p = sg_alloc(sizeof *p);
	p->file = *file;
	*file = (struct sg_buf){ 0 };
	p->psize = meta.psize;
	p->last = meta.last;
	p->map_size = meta.map_size;
	p->txn = meta.txn;
	if (!both)
		fault(p, "one of the two meta pages is damaged");
	uint64_t have = p->file.len / p->psize;
	if (have <= p->last) {
		fault(p, "the file is cut: it has %llu pages, and %llu are in use", (unsigned long long)have,
		        (unsigned long long)p->last + 1);
		p->last = have > 2 ? have - 1 : 1;
	}
	p->seen = sg_alloc((size_t)p->last + 1);
	struct tree main_tree = { .name = "tables", .fn = on_table };
	walk_db(p, &main_tree, meta.db + DB_SIZE, 0);
	struct tree free_tree = { .name = "free pages", .fn = on_free, .integer_keys = true };
	walk_db(p, &free_tree, meta.db, INTEGERKEY);
	for (size_t i = 0; i < SG_T_COUNT && p->faults.n > 0; i++) {
		if (p->table[i].n > 0)
			qsort(p->table[i].at, p->table[i].n, sizeof *p->table[i].at, entry_cmp);
	}
	*ret = p;
	return 0;
}
