/* blob.c - puts long contents aside and finds them again (blob.h). */
#include "journal/blob.h"

#include "base/pack.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

/* What one record may unfold to; far above what any has, and small enough to hold in memory. */
static const struct sg_pack_limits whole_limits = { 8 * 1024 * 1024, 14, 500000 };
enum { BLOB_MAX = 64 * 1024 * 1024 };

struct aside {
	struct sg_hash hash;
	struct sg_bytes octets; /* borrowed from the tree that is packed */
};
struct shrink {
	size_t inline_max;
	struct aside *at;
	size_t n, cap;
};

static struct sg_val *shrunk(struct shrink *s, const struct sg_val *v)
{
	switch (v->type) {
	case SG_VAL_NIL:
	case SG_VAL_BOOL:
	case SG_VAL_INT: return sg_val_copy(v);
	case SG_VAL_STR:
	case SG_VAL_BIN: {
		if (v->len <= s->inline_max) {
			struct sg_val *copy = sg_val_copy(v);
			free(copy->key);
			copy->key = NULL;
			return copy;
		}
		struct sg_bytes octets = { (const unsigned char *)v->s, v->len };
		struct aside a = { sg_sha256(octets), octets };
		s->at = sg_grow(s->at, s->n, &s->cap, sizeof *s->at);
		s->at[s->n++] = a;
		struct sg_val *ref = sg_val_map();
		sg_val_set_bin(ref, "$blob", a.hash.b, sizeof a.hash.b);
		sg_val_set_int(ref, "len", (int64_t)v->len);
		sg_val_set_bool(ref, "text", v->type == SG_VAL_STR);
		return ref;
	}
	case SG_VAL_ARRAY: {
		struct sg_val *out = sg_val_array();
		for (size_t i = 0; i < v->n; i++)
			sg_val_push(out, shrunk(s, v->kid[i]));
		return out;
	}
	case SG_VAL_MAP: break;
	}
	struct sg_val *out = sg_val_map();
	for (size_t i = 0; i < v->n; i++)
		sg_val_set(out, v->kid[i]->key, shrunk(s, v->kid[i]));
	if (v->n > 0 && v->kid[0]->key[0] == '$') {
		struct sg_val *wrap = sg_val_map();
		sg_val_set(wrap, "$map", out);
		return wrap;
	}
	return out;
}

/* True when some text below is no UTF-8. */
static bool unclean(const struct sg_val *v)
{
	if (v->type == SG_VAL_STR)
		return !sg_utf8_valid((struct sg_bytes){ (const unsigned char *)v->s, v->len });
	for (size_t i = 0; i < v->n; i++) {
		if (unclean(v->kid[i]))
			return true;
	}
	return false;
}

static void clean(struct sg_val *v)
{
	if (v->type == SG_VAL_STR && unclean(v)) {
		struct sg_buf safe = { 0 };
		sg_text_safe(v->s, &safe);
		free(v->s);
		v->len = safe.len;
		v->s = sg_buf_detach(&safe);
	}
	for (size_t i = 0; i < v->n; i++)
		clean(v->kid[i]);
}

void sg_blob_shrink(const struct sg_val *v, sg_blob_put_fn *put, void *arg, struct sg_buf *ret)
{
	const size_t inline_max[] = { SG_INLINE_MAX, 48 };
	struct sg_val *cleaned = NULL;

	if (unclean(v)) {
		cleaned = sg_val_copy(v);
		clean(cleaned);
		v = cleaned;
	}
	for (size_t i = 0; i < 2; i++) {
		struct shrink s = { .inline_max = inline_max[i] };
		struct sg_val *tree = shrunk(&s, v);
		sg_buf_clear(ret);
		sg_pack(tree, ret);
		bool fits = ret->len <= SG_PAYLOAD_MAX;
		for (size_t k = 0; fits && k < s.n; k++)
			put(arg, &s.at[k].hash, s.at[k].octets);
		sg_val_free(tree);
		free(s.at);
		if (fits)
			goto out;
	}
	struct sg_buf whole = { 0 };
	sg_pack(v, &whole);
	struct sg_hash hash = sg_sha256(sg_buf_bytes(&whole));
	put(arg, &hash, sg_buf_bytes(&whole));
	sg_buf_release(&whole);
	struct sg_val *ref = sg_val_map();
	sg_val_set_bin(ref, "$all", hash.b, sizeof hash.b);
	sg_buf_clear(ret);
	sg_pack(ref, ret);
	sg_val_free(ref);
out:
	sg_val_free(cleaned);
}

/* The hash under the only-or-first key `name`, when v is such a reference. */
static bool ref_hash(const struct sg_val *v, const char *name, struct sg_hash *ret)
{
	const struct sg_val *h;

	if (v->type != SG_VAL_MAP || v->n == 0 || strcmp(v->kid[0]->key, name) != 0)
		return false;
	h = v->kid[0];
	if (h->type != SG_VAL_BIN || h->len != sizeof ret->b)
		return false;
	memcpy(ret->b, h->s, sizeof ret->b);
	return true;
}

static int get_named(
        const struct sg_source *s, const struct sg_hash *hash, struct sg_buf *ret, struct sg_err *err)
{
	char hex[65];
	int rc = sg_blob_get(s, hash, ret, err);

	if (rc == SG_ENOENT) {
		sg_hash_hex(hash, hex);
		return sg_fail(err, SG_EDAMAGED, "blob %.16s..., which a record names, is missing", hex);
	}
	return rc;
}

/* Replaces references below v in place; *slot may be replaced itself. */
static int unfold(const struct sg_source *s, struct sg_val **slot, int depth, struct sg_err *err)
{
	struct sg_val *v = *slot;
	struct sg_hash hash;
	int rc = 0;

	if (depth > 16)
		return sg_fail(err, SG_EDAMAGED, "a record is nested too deeply");
	if (ref_hash(v, "$blob", &hash)) {
		struct sg_buf octets = { 0 };
		rc = get_named(s, &hash, &octets, err);
		if (rc == 0) {
			bool text = sg_val_get_bool(v, "text", false);
			struct sg_val *leaf = text ? sg_val_strn((char *)octets.data, octets.len)
			                           : sg_val_bin(octets.data, octets.len);
			leaf->key = v->key;
			v->key = NULL;
			sg_val_free(v);
			*slot = leaf;
		}
		sg_buf_release(&octets);
		return rc;
	}
	if (v->type == SG_VAL_MAP && v->n == 1 && strcmp(v->kid[0]->key, "$map") == 0) {
		struct sg_val *inner = v->kid[0];
		v->n = 0;
		free(inner->key);
		inner->key = v->key;
		v->key = NULL;
		sg_val_free(v);
		*slot = v = inner;
	}
	for (size_t i = 0; rc == 0 && i < v->n; i++)
		rc = unfold(s, &v->kid[i], depth + 1, err);
	return rc;
}

int sg_blob_expand(const struct sg_source *s, struct sg_val *v, struct sg_val **ret, struct sg_err *err)
{
	struct sg_hash hash;
	int rc;

	if (ref_hash(v, "$all", &hash)) {
		struct sg_buf whole = { 0 };
		struct sg_err why = SG_ERR_INIT;
		sg_val_free(v);
		v = NULL;
		rc = get_named(s, &hash, &whole, err);
		if (rc == 0 && sg_unpack(sg_buf_bytes(&whole), &whole_limits, &v, &why) != 0)
			rc = sg_fail(err, SG_EDAMAGED, "a record's whole: %s", why.msg);
		sg_buf_release(&whole);
	} else {
		rc = unfold(s, &v, 0, err);
	}
	if (rc != 0) {
		sg_val_free(v);
		return rc;
	}
	*ret = v;
	return 0;
}

int sg_blob_get(const struct sg_source *s, const struct sg_hash *hash, struct sg_buf *ret, struct sg_err *err)
{
	struct sg_buf key = { 0 }, all = { 0 };
	struct sg_record record;
	char hex[65];
	int rc = 0;

	for (uint32_t i = 0; all.len <= BLOB_MAX; i++) {
		struct sg_bytes value;
		sg_key_of_chunk(hash, i, &key);
		rc = s->get(s->self, SG_T_BLOBS, sg_buf_bytes(&key), &value, err);
		if (rc == SG_ENOENT && i > 0)
			rc = 1;
		if (rc != 0)
			break;
		rc = sg_record_open(SG_T_BLOBS, sg_buf_bytes(&key), value, &record, err);
		if (rc != 0)
			break;
		sg_buf_add(&all, record.payload.data, record.payload.len);
		if (record.payload.len < SG_CHUNK) {
			rc = 1;
			break;
		}
	}
	sg_buf_release(&key);
	if (rc == 1 || rc == 0) {
		struct sg_hash have = sg_sha256(sg_buf_bytes(&all));
		rc = 0;
		if (!sg_hash_equal(&have, hash)) {
			sg_hash_hex(hash, hex);
			rc = sg_fail(err, SG_EDAMAGED, "blob %.16s...: its content has another hash", hex);
		}
	}
	if (rc == 0) {
		sg_buf_release(ret);
		*ret = all;
		return 0;
	}
	sg_buf_release(&all);
	return rc;
}

void sg_blob_refs(const struct sg_val *v, void (*fn)(void *arg, const struct sg_hash *hash), void *arg)
{
	struct sg_hash hash;

	if (v->type == SG_VAL_BIN && v->len == sizeof hash.b) {
		memcpy(hash.b, v->s, sizeof hash.b);
		fn(arg, &hash);
	} else if (v->type == SG_VAL_STR && v->len == 64 && sg_hash_from_hex(v->s, &hash)) {
		fn(arg, &hash);
	}
	for (size_t i = 0; i < v->n; i++)
		sg_blob_refs(v->kid[i], fn, arg);
}
