/* hive_value.c - values of a key: in their own record, in a cell, or in a chain of big-data segments. See hive.h. */
#include "actions/hive_parts.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENT = 16344, DATA_MAX = 1 << 20, VALUES_MAX = 16384 };

void sg_hive_value_release(struct sg_hive_value *v)
{
	sg_buf_release(&v->data);
	memset(v, 0, sizeof(*v));
}

/* The record of the value, as the file names it. */
static int find(const struct sg_hive *h, uint32_t key, const char *name, uint32_t *ret, struct sg_err *err)
{
	const unsigned char *nk = sg_hive_nk(h, key - SG_HIVE_BASE), *list, *vk;
	uint32_t n, have, found = SG_NO_KEY;

	if (!nk)
		return sg_hive_wrong(h, key, "no key is here", err);
	n = sg_hive_u32(nk + SG_NK_VALUES);
	if (n > VALUES_MAX)
		return sg_fail(err, SG_ELIMIT, "%s: at octet %u: a key with %u values; at most %d are read",
		        h->name, (unsigned)key, (unsigned)n, (int)VALUES_MAX);
	list = n ? sg_hive_cell(h, sg_hive_u32(nk + SG_NK_VALUE_LIST), 4 * n, NULL) : nk;
	if (!list)
		return sg_hive_wrong(h, key, "the key's list of values is damaged", err);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t rel = sg_hive_u32(list + 4 * (size_t)i);

		vk = sg_hive_cell(h, rel, SG_HIVE_VK, &have);
		if (!vk || memcmp(vk, "vk", 2) || sg_hive_u16(vk + SG_VK_NAME_LEN) > have - SG_HIVE_VK)
			return sg_hive_wrong(h, key, "the key lists a value where there is none", err);
		if (!sg_hive_named(vk + SG_HIVE_VK, sg_hive_u16(vk + SG_VK_NAME_LEN),
		            sg_hive_u16(vk + SG_VK_FLAGS) & SG_VK_LATIN1, name))
			continue;
		if (found != SG_NO_KEY)
			return sg_fail(err, SG_EPARSE, "%s: at octet %u: the key has two values \"%s\"",
			        h->name, (unsigned)key, name);
		found = rel;
	}
	if (found == SG_NO_KEY)
		return sg_fail(
		        err, SG_ENOENT, "%s has no value \"%s\" where it is looked for", h->name, name);
	*ret = found;
	return 0;
}

/* More than one cell holds: "db", the number of segments, a list of them. */
static int read_segments(
        const struct sg_hive *h, uint32_t rel, uint32_t len, struct sg_buf *out, struct sg_err *err)
{
	const unsigned char *db = sg_hive_cell(h, rel, 8, NULL), *list, *p;
	uint32_t n = (len + SEGMENT - 1) / SEGMENT;

	list = db && !memcmp(db, "db", 2) && sg_hive_u16(db + 2) == n
	               ? sg_hive_cell(h, sg_hive_u32(db + 4), 4 * n, NULL)
	               : NULL;
	for (uint32_t i = 0; list && i < n; i++) {
		uint32_t part = len > SEGMENT ? SEGMENT : len;

		p = sg_hive_cell(h, sg_hive_u32(list + 4 * (size_t)i), part, NULL);
		if (!p)
			break;
		sg_buf_add(out, p, part);
		len -= part;
	}
	if (!list || len)
		return sg_hive_wrong(h, SG_HIVE_BASE + (size_t)rel, "a large value is damaged", err);
	return 0;
}

int sg_hive_value(const struct sg_hive *h, uint32_t key, const char *name, struct sg_hive_value *ret,
        struct sg_err *err)
{
	struct sg_hive_value v = { 0 };
	const unsigned char *vk, *p;
	uint32_t rel = 0, len;
	int r;

	r = find(h, key, name, &rel, err);
	if (r)
		return r;
	vk = h->octets.data + SG_HIVE_BASE + rel + 4;
	v.type = sg_hive_u32(vk + SG_VK_TYPE);
	len = sg_hive_u32(vk + SG_VK_LEN);
	if (len & SG_VK_INLINE) {
		len &= ~SG_VK_INLINE;
		if (len > 4)
			return sg_hive_wrong(h, SG_HIVE_BASE + (size_t)rel,
			        "a value has more octets in its record than fit there", err);
		v.is_inline = true;
		v.at = SG_HIVE_BASE + (size_t)rel + 4 + SG_VK_DATA; /* behind the cell's size */
		sg_buf_add(&v.data, vk + SG_VK_DATA, len);
	} else if (len > DATA_MAX) {
		return sg_fail(err, SG_ELIMIT, "%s: the value \"%s\" has %u octets, and at most %d are read",
		        h->name, name, (unsigned)len, (int)DATA_MAX);
	} else if (len > SEGMENT && h->minor > 3) {
		r = read_segments(h, sg_hive_u32(vk + SG_VK_DATA), len, &v.data, err);
	} else if (len) {
		p = sg_hive_cell(h, sg_hive_u32(vk + SG_VK_DATA), len, NULL);
		if (!p)
			return sg_hive_wrong(
			        h, SG_HIVE_BASE + (size_t)rel, "the data of a value is not there", err);
		sg_buf_add(&v.data, p, len);
	}
	if (!r) {
		*ret = v;
		v = (struct sg_hive_value){ 0 };
	}
	sg_hive_value_release(&v);
	return r;
}

static int check_type(const struct sg_hive_value *v, const char *where, const char *name, uint32_t type,
        uint32_t other, struct sg_err *err)
{
	if (v->type == type || v->type == other)
		return 0;
	return sg_fail(err, SG_EINVAL, "%s: the value \"%s\" is of type %u instead of %u", where, name,
	        (unsigned)v->type, (unsigned)type);
}

int sg_hive_value_dword(
        const struct sg_hive_value *v, const char *where, const char *name, uint32_t *ret, struct sg_err *err)
{
	int r = check_type(v, where, name, SG_REG_DWORD, SG_REG_DWORD, err);

	if (!r && v->data.len != 4)
		r = sg_fail(err, SG_EINVAL, "%s: the number \"%s\" has %zu octets instead of 4", where, name,
		        v->data.len);
	if (!r)
		*ret = sg_hive_u32(v->data.data);
	return r;
}

/* Length in octets of the UTF-16 text at `at`, up to its NUL or the end. */
static size_t text_len(const struct sg_buf *data, size_t at)
{
	size_t len = 0;

	while (at + len + 2 <= data->len && sg_hive_u16(data->data + at + len))
		len += 2;
	return len;
}

int sg_hive_value_string(
        const struct sg_hive_value *v, const char *where, const char *name, char **ret, struct sg_err *err)
{
	struct sg_buf text = { 0 };
	int r = check_type(v, where, name, SG_REG_SZ, SG_REG_EXPAND_SZ, err);

	if (r)
		return r;
	sg_buf_add(&text, "", 0);
	if (v->data.len)
		sg_hive_utf8(v->data.data, text_len(&v->data, 0), false, &text);
	*ret = sg_buf_detach(&text);
	return 0;
}

int sg_hive_value_strings(const struct sg_hive_value *v, const char *where, const char *name,
        struct sg_strs *ret, struct sg_err *err)
{
	struct sg_strs list = { 0 };
	int r = check_type(v, where, name, SG_REG_MULTI_SZ, SG_REG_MULTI_SZ, err);

	if (r)
		return r;
	for (size_t at = 0; at + 2 <= v->data.len;) {
		size_t len = text_len(&v->data, at);
		struct sg_buf text = { 0 };

		if (len) { /* an empty one ends the list, but some writers leave them inside */
			sg_hive_utf8(v->data.data + at, len, false, &text);
			sg_strs_add(&list, (const char *)text.data);
			sg_buf_release(&text);
		}
		at += len + 2;
	}
	sg_strs_release(ret);
	*ret = list;
	return 0;
}

/* --- a value of a key, as what it is */

int sg_hive_dword(const struct sg_hive *h, uint32_t key, const char *name, uint32_t *ret, size_t *ret_at,
        struct sg_err *err)
{
	struct sg_hive_value v = { 0 };
	int r = sg_hive_value(h, key, name, &v, err);

	if (!r)
		r = sg_hive_value_dword(&v, h->name, name, ret, err);
	if (!r && ret_at)
		*ret_at = v.is_inline ? v.at : 0;
	sg_hive_value_release(&v);
	return r;
}

int sg_hive_string(const struct sg_hive *h, uint32_t key, const char *name, char **ret, struct sg_err *err)
{
	struct sg_hive_value v = { 0 };
	int r = sg_hive_value(h, key, name, &v, err);

	if (!r)
		r = sg_hive_value_string(&v, h->name, name, ret, err);
	sg_hive_value_release(&v);
	return r;
}

int sg_hive_strings(
        const struct sg_hive *h, uint32_t key, const char *name, struct sg_strs *ret, struct sg_err *err)
{
	struct sg_hive_value v = { 0 };
	int r = sg_hive_value(h, key, name, &v, err);

	if (!r)
		r = sg_hive_value_strings(&v, h->name, name, ret, err);
	sg_hive_value_release(&v);
	return r;
}
