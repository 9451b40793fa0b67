/* pack.c - MessagePack for value trees; the only user of msgpack-c. Guarantees that nothing is allocated for a
 * message before one linear walk has found its bytes, depth and counts to be within the limits. */
#include "base/pack.h"
#include "base/text.h"

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

const struct sg_pack_limits sg_pack_row_limits = { .bytes = 64 << 10, .depth = 12, .objects = 4096 };
const struct sg_pack_limits sg_pack_request_limits = { .bytes = 64 << 10, .depth = 8, .objects = 1024 };
const struct sg_pack_limits sg_pack_import_limits = {
	.bytes = (6 << 20) + (512 << 10), .depth = 8, .objects = 1024
};
const struct sg_pack_limits sg_pack_reply_limits = { .bytes = 16 << 20, .depth = 16, .objects = 1000000 };

enum { DEEPEST = 16 }; /* msgpack-c itself stops at 32 */

static int add(void *out, const char *data, size_t len)
{
	sg_buf_add(out, data, len);
	return 0;
}

static void pack_str(msgpack_packer *pk, const char *s, size_t len)
{
	msgpack_pack_str(pk, len);
	msgpack_pack_str_body(pk, s, len);
}

static void pack(const struct sg_val *v, msgpack_packer *pk)
{
	switch (v->type) {
	case SG_VAL_NIL: msgpack_pack_nil(pk); break;
	case SG_VAL_BOOL: v->i ? msgpack_pack_true(pk) : msgpack_pack_false(pk); break;
	case SG_VAL_INT: msgpack_pack_int64(pk, v->i); break;
	case SG_VAL_STR: pack_str(pk, v->s, v->len); break;
	case SG_VAL_BIN:
		msgpack_pack_bin(pk, v->len);
		msgpack_pack_bin_body(pk, v->s, v->len);
		break;
	case SG_VAL_ARRAY:
		msgpack_pack_array(pk, v->n);
		for (size_t i = 0; i < v->n; i++)
			pack(v->kid[i], pk);
		break;
	case SG_VAL_MAP:
		msgpack_pack_map(pk, v->n);
		for (size_t i = 0; i < v->n; i++) {
			pack_str(pk, v->kid[i]->key, strlen(v->kid[i]->key));
			pack(v->kid[i], pk);
		}
		break;
	}
}

void sg_pack(const struct sg_val *v, struct sg_buf *out)
{
	msgpack_packer pk;

	msgpack_packer_init(&pk, out, add);
	pack(v, &pk);
}

/* What one value's first bytes say. */
struct head {
	uint64_t size;  /* of the value itself: first byte, count and octets; without its kids */
	uint64_t kids;  /* values that follow and belong to it */
	bool whole;     /* the count's bytes were there */
	bool container; /* array or map */
	bool refused;   /* 0xc1 or an extension type */
};

static uint64_t big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static struct head head_of(const unsigned char *p, size_t len)
{
	/* bytes of the count, or of the number, after 0xc0 to 0xdf */
	static const unsigned char width[32] = {
		[4] = 1, 2, 4, [10] = 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, [25] = 1, 2, 4, 2, 4, 2, 4
	};
	struct head h = { .size = 1, .whole = true };
	unsigned char c = *p;
	size_t w;
	uint64_t n;

	if (c <= 0x7f || c >= 0xe0)
		return h;
	if (c <= 0x9f) {
		h.container = true;
		h.kids = c <= 0x8f ? (c & 15u) * 2u : c & 15u;
		return h;
	}
	if (c <= 0xbf) {
		h.size += c & 31u;
		return h;
	}
	h.refused = c == 0xc1 || (c >= 0xc7 && c <= 0xc9) || (c >= 0xd4 && c <= 0xd8);
	w = width[c - 0xc0];
	h.size += w;
	h.whole = w < len;
	if (!h.whole || h.refused || (c >= 0xca && c <= 0xd3))
		return h;
	n = big_endian(p + 1, w);
	h.container = c >= 0xdc;
	if (h.container)
		h.kids = c >= 0xde ? n * 2 : n;
	else
		h.size += n;
	return h;
}

int64_t sg_pack_walk(struct sg_bytes data, const struct sg_pack_limits *limits, struct sg_err *err)
{
	uint64_t left[DEEPEST]; /* kids still to come, per open container */
	size_t max_depth = limits->depth < DEEPEST ? limits->depth : DEEPEST;
	size_t depth = 0;
	uint64_t objects = 1, owed = 1,
	         at = 0; /* announced in all; announced and not yet begun; bytes walked */

	for (;;) {
		struct head h = { .size = 1 };

		if (at < data.len)
			h = head_of(data.data + at, data.len - (size_t)at);
		if (h.refused)
			return sg_fail(err, SG_EPARSE,
			        "octet %llu of the message (0x%02x) is not of a type that is used here",
			        (unsigned long long)at, (unsigned)data.data[at]);
		objects += h.kids;
		owed += h.kids - 1;
		if (objects > limits->objects)
			return sg_fail(err, SG_ELIMIT, "the message has more than %llu values",
			        (unsigned long long)limits->objects);
		/* each value that is still to come needs an octet at least */
		if (at + h.size + owed > limits->bytes)
			return sg_fail(err, SG_ELIMIT, "the message is longer than %llu octets",
			        (unsigned long long)limits->bytes);
		if (h.container && depth == max_depth)
			return sg_fail(err, SG_ELIMIT, "the message is nested deeper than %llu",
			        (unsigned long long)max_depth);
		if (!h.whole || h.size > data.len - at)
			return 0;
		at += h.size;
		if (h.kids)
			left[depth++] = h.kids;
		else
			while (depth > 0 && --left[depth - 1] == 0)
				depth--;
		if (depth == 0)
			return (int64_t)at;
	}
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(struct sg_val *const *)a)->key, (*(struct sg_val *const *)b)->key);
}

/* Sorting a copy keeps the check at n log n for a map of any size. */
static int check_keys(const struct sg_val *map, struct sg_err *err)
{
	struct sg_val **sorted;
	int r = 0;

	if (map->n < 2)
		return 0;
	sorted = sg_alloc(map->n * sizeof(*sorted));
	memcpy(sorted, map->kid, map->n * sizeof(*sorted));
	qsort(sorted, map->n, sizeof(*sorted), by_key);
	for (size_t i = 1; !r && i < map->n; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			r = sg_fail(err, SG_EPARSE, "the key \"%.80s\" is there twice", sorted[i]->key);
	free(sorted);
	return r;
}

static int read_key(const msgpack_object *o, char **ret, struct sg_err *err)
{
	struct sg_bytes s;

	if (o->type != MSGPACK_OBJECT_STR)
		return sg_fail(err, SG_EPARSE, "a map has a key that is no string");
	s = (struct sg_bytes){ (const unsigned char *)o->via.str.ptr, o->via.str.size };
	if (!sg_utf8_valid(s) || (s.len && memchr(s.data, 0, s.len)))
		return sg_fail(err, SG_EPARSE, "a map has a key that is no UTF-8 text");
	*ret = sg_strndup(o->via.str.ptr, s.len);
	return 0;
}

static struct sg_val *read_str(const msgpack_object *o, struct sg_err *err)
{
	struct sg_bytes s = { (const unsigned char *)o->via.str.ptr, o->via.str.size };

	if (!sg_utf8_valid(s)) {
		sg_fail(err, SG_EPARSE, "a string is no UTF-8");
		return NULL;
	}
	return sg_val_strn(o->via.str.ptr, s.len);
}

/* NULL and a recorded failure when the object has no place in a value tree. Depth is bounded by the walk. */
static struct sg_val *read_object(const msgpack_object *o, struct sg_err *err)
{
	struct sg_val *v, *kid;
	char *key = NULL;

	switch (o->type) {
	case MSGPACK_OBJECT_NIL: return sg_val_nil();
	case MSGPACK_OBJECT_BOOLEAN: return sg_val_bool(o->via.boolean);
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		if (o->via.u64 <= INT64_MAX)
			return sg_val_int((int64_t)o->via.u64);
		sg_fail(err, SG_EPARSE, "an integer is beyond 64 bits with sign");
		return NULL;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER: return sg_val_int(o->via.i64);
	case MSGPACK_OBJECT_STR: return read_str(o, err);
	case MSGPACK_OBJECT_BIN: return sg_val_bin(o->via.bin.ptr, o->via.bin.size);
	case MSGPACK_OBJECT_ARRAY:
		v = sg_val_array();
		for (uint32_t i = 0; i < o->via.array.size; i++) {
			kid = read_object(&o->via.array.ptr[i], err);
			if (!kid)
				goto fail;
			sg_val_push(v, kid);
		}
		return v;
	case MSGPACK_OBJECT_MAP:
		v = sg_val_map();
		for (uint32_t i = 0; i < o->via.map.size; i++) {
			if (read_key(&o->via.map.ptr[i].key, &key, err) < 0)
				goto fail;
			kid = read_object(&o->via.map.ptr[i].val, err);
			if (!kid) {
				free(key);
				goto fail;
			}
			kid->key = key;
			sg_val_push(v, kid); /* not set: repeated keys are looked for once, below */
		}
		if (check_keys(v, err) < 0)
			goto fail;
		return v;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
	case MSGPACK_OBJECT_EXT:
	default:
		sg_fail(err, SG_EPARSE,
		        "a value is of a type that is not used here (a float or an extension)");
		return NULL;
	}
fail:
	sg_val_free(v);
	return NULL;
}

int sg_unpack(
        struct sg_bytes data, const struct sg_pack_limits *limits, struct sg_val **ret, struct sg_err *err)
{
	int64_t len = sg_pack_walk(data, limits, err);
	msgpack_unpacked unpacked;
	struct sg_val *v = NULL;

	if (len < 0)
		return (int)len;
	if (len == 0)
		return sg_fail(err, SG_EPARSE, "the message is cut short after %llu octets",
		        (unsigned long long)data.len);
	if ((uint64_t)len != data.len)
		return sg_fail(err, SG_EPARSE, "the message has %llu octets too many",
		        (unsigned long long)(data.len - (uint64_t)len));

	msgpack_unpacked_init(&unpacked);
	if (msgpack_unpack_next(&unpacked, (const char *)data.data, data.len, NULL) == MSGPACK_UNPACK_SUCCESS)
		v = read_object(&unpacked.data, err);
	else
		sg_fail(err, SG_EPARSE, "the message cannot be unpacked");
	msgpack_unpacked_destroy(&unpacked);
	if (!v)
		return SG_EPARSE;
	*ret = v;
	return 0;
}
