/* pages_own.h - what a loaded file is made of; private to pages.c, which fills it, and pages_read.c, which answers from it. */
#ifndef SG_JOURNAL_PAGES_OWN_H
#define SG_JOURNAL_PAGES_OWN_H

#include "journal/pages.h"

struct entry {
	struct sg_bytes key, value;
};
struct entries {
	struct entry *at;
	size_t n, cap;
};
struct sg_pages {
	struct sg_buf file;
	size_t psize;
	uint64_t last, map_size, txn, free_pages;
	unsigned char *seen; /* per page: in use by a tree or the free list */
	struct entries table[SG_T_COUNT];
	struct sg_strs faults;
};

/* <0, 0, >0 as LMDB orders keys; integer keys have 8 octets. */
int sg_pages_key_cmp(bool integer, struct sg_bytes a, struct sg_bytes b);

#endif
