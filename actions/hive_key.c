/* hive_key.c - keys of a hive: lists of subkeys, lists of lists one level deep. See hive.h. */
#include "actions/hive_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LISTED = 65536 };

/* Walks over the subkeys of one key. No more are visited than the key says it has, and no more than the file has room for: a list that is named again
 * and again by a list of lists costs nothing. */
struct walk {
	const struct sg_hive *h;
	uint32_t key; /* as the file names it */
	uint32_t left;
	/* each subkey: its record, and where it is */
	void (*each)(struct walk *w, const unsigned char *nk, uint32_t rel);
	void *arg;
	const char *name;
	uint32_t found; /* SG_NO_KEY: none */
	bool twice, strayed;
};

static int walk_leaf(struct walk *w, uint32_t list, struct sg_err *err)
{
	uint32_t have, n, step;
	const unsigned char *p = sg_hive_cell(w->h, list, 4, &have), *nk;

	if (!p)
		return sg_hive_wrong(w->h, SG_HIVE_BASE + (size_t)list, "no list of subkeys is here", err);
	step = !memcmp(p, "lf", 2) || !memcmp(p, "lh", 2) ? 8 : !memcmp(p, "li", 2) ? 4 : 0;
	n = sg_hive_u16(p + 2);
	if (!step || (have - 4) / step < n)
		return sg_hive_wrong(
		        w->h, SG_HIVE_BASE + (size_t)list, "the list of subkeys is damaged", err);
	if (n > w->left)
		return sg_hive_wrong(
		        w->h, SG_HIVE_BASE + (size_t)list, "more subkeys are listed than the key has", err);
	w->left -= n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t rel = sg_hive_u32(p + 4 + step * i);

		nk = sg_hive_nk(w->h, rel);
		if (!nk)
			return sg_hive_wrong(w->h, SG_HIVE_BASE + (size_t)list,
			        "a subkey is listed where there is no key", err);
		w->each(w, nk, rel);
	}
	return 0;
}

static int walk_subkeys(struct walk *w, struct sg_err *err)
{
	const unsigned char *nk = sg_hive_nk(w->h, w->key), *p;
	uint32_t have, n, list;
	int r = 0;

	if (!nk)
		return sg_hive_wrong(w->h, SG_HIVE_BASE + (size_t)w->key, "no key is here", err);
	w->left = sg_hive_u32(nk + SG_NK_SUBKEYS);
	if (!w->left)
		return 0;
	if (w->left > w->h->octets.len / (SG_HIVE_NK + 4))
		return sg_hive_wrong(w->h, SG_HIVE_BASE + (size_t)w->key,
		        "the key has more subkeys than the file has room for", err);
	list = sg_hive_u32(nk + SG_NK_LIST);
	p = sg_hive_cell(w->h, list, 4, &have);
	if (!p || memcmp(p, "ri", 2))
		return walk_leaf(w, list, err);
	n = sg_hive_u16(p + 2);
	if ((have - 4) / 4 < n)
		return sg_hive_wrong(
		        w->h, SG_HIVE_BASE + (size_t)list, "the list of lists of subkeys is damaged", err);
	for (uint32_t i = 0; !r && i < n; i++) /* a list of lists in it is no leaf: one level, no cycle */
		r = walk_leaf(w, sg_hive_u32(p + 4 + 4 * (size_t)i), err);
	return r;
}

static void match_child(struct walk *w, const unsigned char *nk, uint32_t rel)
{
	if (!sg_hive_named(nk + SG_HIVE_NK, sg_hive_u16(nk + SG_NK_NAME_LEN),
	            sg_hive_u16(nk + SG_NK_FLAGS) & SG_NK_LATIN1, w->name))
		return;
	w->twice = w->twice || w->found != SG_NO_KEY;
	w->strayed = w->strayed || sg_hive_u32(nk + SG_NK_PARENT) != w->key;
	w->found = rel;
}

int sg_hive_child(const struct sg_hive *h, uint32_t from, const char *name, uint32_t *ret, struct sg_err *err)
{
	struct walk w = {
		.h = h, .key = from - SG_HIVE_BASE, .each = match_child, .name = name, .found = SG_NO_KEY
	};
	int r = walk_subkeys(&w, err);

	*ret = SG_NO_KEY;
	if (r)
		return r;
	if (w.found == SG_NO_KEY)
		return sg_fail(err, SG_ENOENT, "%s has no key \"%s\" where it is looked for", h->name, name);
	if (w.twice)
		return sg_fail(err, SG_EPARSE, "%s: at octet %zu: there are two keys \"%s\"", h->name,
		        SG_HIVE_BASE + (size_t)w.found, name);
	if (w.strayed)
		return sg_fail(err, SG_EPARSE,
		        "%s: at octet %zu: the key \"%s\" says that it belongs elsewhere", h->name,
		        SG_HIVE_BASE + (size_t)w.found, name);
	*ret = SG_HIVE_BASE + w.found;
	return 0;
}

int sg_hive_key(const struct sg_hive *h, uint32_t from, const char *path, uint32_t *ret, struct sg_err *err)
{
	uint32_t key = from;
	int r = 0;

	*ret = SG_NO_KEY;
	while (!r && *path) {
		size_t len = strcspn(path, "\\");
		char *name = sg_strndup(path, len);

		path += len + (path[len] == '\\');
		r = len ? sg_hive_child(h, key, name, &key, err) : 0;
		free(name);
	}
	if (!r)
		*ret = key;
	return r;
}

static void list_child(struct walk *w, const unsigned char *nk, uint32_t rel)
{
	struct sg_hive_keys *keys = w->arg;
	struct sg_buf name = { 0 };

	sg_hive_utf8(nk + SG_HIVE_NK, sg_hive_u16(nk + SG_NK_NAME_LEN),
	        sg_hive_u16(nk + SG_NK_FLAGS) & SG_NK_LATIN1, &name);
	keys->at = sg_grow(keys->at, keys->n, &keys->cap, sizeof(*keys->at));
	keys->at[keys->n++] =
	        (struct sg_hive_named_key){ .name = sg_buf_detach(&name), .key = SG_HIVE_BASE + rel };
}

int sg_hive_list(const struct sg_hive *h, uint32_t key, struct sg_hive_keys *ret, struct sg_err *err)
{
	struct sg_hive_keys keys = { 0 };
	struct walk w = { .h = h, .key = key - SG_HIVE_BASE, .each = list_child, .arg = &keys };
	const unsigned char *nk = sg_hive_nk(h, w.key);
	int r = 0;

	if (nk && sg_hive_u32(nk + SG_NK_SUBKEYS) > MAX_LISTED)
		r = sg_fail(err, SG_ELIMIT, "%s: at octet %u: a key with %u subkeys; at most %u are read",
		        h->name, (unsigned)key, (unsigned)sg_hive_u32(nk + SG_NK_SUBKEYS),
		        (unsigned)MAX_LISTED);
	if (!r)
		r = walk_subkeys(&w, err);
	if (!r) {
		*ret = keys;
		keys = (struct sg_hive_keys){ 0 };
	}
	sg_hive_keys_release(&keys);
	return r;
}

void sg_hive_keys_release(struct sg_hive_keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		free(k->at[i].name);
	free(k->at);
	memset(k, 0, sizeof(*k));
}

int sg_hive_subkeys(const struct sg_hive *h, uint32_t key, struct sg_strs *ret, struct sg_err *err)
{
	struct sg_hive_keys keys = { 0 };
	int r = sg_hive_list(h, key, &keys, err);

	if (!r) {
		sg_strs_release(ret);
		for (size_t i = 0; i < keys.n; i++)
			sg_strs_add(ret, keys.at[i].name);
	}
	sg_hive_keys_release(&keys);
	return r;
}

static int read_set(
        const struct sg_hive *h, uint32_t select, const char *name, uint32_t *ret, struct sg_err *err)
{
	int r = sg_hive_dword(h, select, name, ret, NULL, err);

	if (!r && (*ret < 1 || *ret > 999))
		r = sg_fail(err, SG_EPARSE, "%s: Select\\%s is %u, and control sets are numbered 1 to 999",
		        h->name, name, (unsigned)*ret);
	return r;
}

int sg_hive_control_set(const struct sg_hive *h, uint32_t *ret_key, unsigned *ret_number, struct sg_err *err)
{
	uint32_t select, current = 0, next = 0, key = SG_NO_KEY;
	char *name = NULL;
	int r;

	*ret_key = SG_NO_KEY;
	r = sg_hive_key(h, h->root, "Select", &select, err);
	if (!r)
		r = read_set(h, select, "Current", &current, err);
	if (!r)
		r = read_set(h, select, "Default", &next, err);
	if (!r && current != next)
		r = sg_fail(err, SG_EUNSUPPORTED,
		        "%s: Windows ran from ControlSet%03u (Select\\Current), and its next start takes "
		        "ControlSet%03u "
		        "(Select\\Default): start Windows once, shut it down properly, and try again",
		        h->name, (unsigned)current, (unsigned)next);
	if (!r) {
		name = sg_format("ControlSet%03u", (unsigned)current);
		r = sg_hive_key(h, h->root, name, &key, err);
	}
	free(name);
	if (r)
		return r;
	*ret_key = key;
	*ret_number = current;
	return 0;
}
