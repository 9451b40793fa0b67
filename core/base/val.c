/* val.c - value trees: building, comparing, lenient reading. The strict reader is val_read.c. */
#include "base/val.h"

#include <stdlib.h>
#include <string.h>

static struct sg_val *new_val(enum sg_val_type type)
{
	struct sg_val *v = sg_alloc(sizeof *v);

	v->type = type;
	return v;
}

struct sg_val *sg_val_nil(void)
{
	return new_val(SG_VAL_NIL);
}

struct sg_val *sg_val_bool(bool b)
{
	struct sg_val *v = new_val(SG_VAL_BOOL);

	v->i = b;
	return v;
}

struct sg_val *sg_val_int(int64_t i)
{
	struct sg_val *v = new_val(SG_VAL_INT);

	v->i = i;
	return v;
}

static struct sg_val *new_octets(enum sg_val_type type, const void *data, size_t len)
{
	struct sg_val *v = new_val(type);

	v->s = sg_alloc(len + 1);
	if (len)
		memcpy(v->s, data, len);
	v->len = len;
	return v;
}

struct sg_val *sg_val_str(const char *s)
{
	return s ? new_octets(SG_VAL_STR, s, strlen(s)) : sg_val_nil();
}

struct sg_val *sg_val_strn(const char *s, size_t len)
{
	return new_octets(SG_VAL_STR, s, len);
}

struct sg_val *sg_val_bin(const void *data, size_t len)
{
	return new_octets(SG_VAL_BIN, data, len);
}

struct sg_val *sg_val_array(void)
{
	return new_val(SG_VAL_ARRAY);
}

struct sg_val *sg_val_map(void)
{
	return new_val(SG_VAL_MAP);
}

static void append(struct sg_val *v, struct sg_val *kid)
{
	v->kid = sg_grow(v->kid, v->n, &v->cap, sizeof *v->kid);
	v->kid[v->n++] = kid;
}

struct sg_val *sg_val_copy(const struct sg_val *v)
{
	struct sg_val *copy;

	if (!v)
		return NULL;
	copy = new_val(v->type);
	copy->i = v->i;
	if (v->s) {
		copy->s = sg_alloc(v->len + 1);
		memcpy(copy->s, v->s, v->len);
		copy->len = v->len;
	}
	for (size_t i = 0; i < v->n; i++) {
		append(copy, sg_val_copy(v->kid[i]));
		copy->kid[i]->key = sg_strdup(v->kid[i]->key);
	}
	return copy;
}

void sg_val_free(struct sg_val *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++)
		sg_val_free(v->kid[i]);
	free(v->kid);
	free(v->key);
	free(v->s);
	free(v);
}

bool sg_val_equal(const struct sg_val *a, const struct sg_val *b)
{
	if (!a || !b)
		return a == b;
	if (a->type != b->type || a->i != b->i || a->len != b->len || a->n != b->n)
		return false;
	if (a->len && memcmp(a->s, b->s, a->len) != 0)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->type == SG_VAL_MAP && strcmp(a->kid[i]->key, b->kid[i]->key) != 0)
			return false;
		if (!sg_val_equal(a->kid[i], b->kid[i]))
			return false;
	}
	return true;
}

struct sg_val *sg_val_set(struct sg_val *map, const char *key, struct sg_val *v)
{
	char *name = sg_strdup(key); /* before anything is freed: key may be the old value's own */

	free(v->key);
	v->key = name;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->kid[i]->key, name) == 0) {
			sg_val_free(map->kid[i]);
			map->kid[i] = v;
			return v;
		}
	append(map, v);
	return v;
}

void sg_val_set_bool(struct sg_val *map, const char *key, bool b)
{
	sg_val_set(map, key, sg_val_bool(b));
}

void sg_val_set_int(struct sg_val *map, const char *key, int64_t i)
{
	sg_val_set(map, key, sg_val_int(i));
}

void sg_val_set_str(struct sg_val *map, const char *key, const char *s)
{
	sg_val_set(map, key, sg_val_str(s));
}

void sg_val_set_bin(struct sg_val *map, const char *key, const void *data, size_t len)
{
	sg_val_set(map, key, sg_val_bin(data, len));
}

struct sg_val *sg_val_push(struct sg_val *array, struct sg_val *v)
{
	append(array, v);
	return v;
}

const struct sg_val *sg_val_get(const struct sg_val *map, const char *key)
{
	if (!map || map->type != SG_VAL_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->kid[i]->key, key) == 0)
			return map->kid[i];
	return NULL;
}

const char *sg_val_get_str(const struct sg_val *map, const char *key, const char *otherwise)
{
	const struct sg_val *v = sg_val_get(map, key);

	return v && v->type == SG_VAL_STR ? v->s : otherwise;
}

int64_t sg_val_get_int(const struct sg_val *map, const char *key, int64_t otherwise)
{
	const struct sg_val *v = sg_val_get(map, key);

	return v && v->type == SG_VAL_INT ? v->i : otherwise;
}

bool sg_val_get_bool(const struct sg_val *map, const char *key, bool otherwise)
{
	const struct sg_val *v = sg_val_get(map, key);

	return v && v->type == SG_VAL_BOOL ? v->i != 0 : otherwise;
}
