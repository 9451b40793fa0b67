/* val_read.c - the strict, sticky reader of maps: rows and requests. Every key must be there, have its type and its
 * range, and be read; the first failure names thing and key, and all later calls do nothing. */
#include "base/val.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void sg_rd_begin(struct sg_rd *rd, const struct sg_val *map, const char *what, struct sg_err *err)
{
	*rd = (struct sg_rd){ .map = map, .what = what, .err = err };
	if (!map || map->type != SG_VAL_MAP)
		rd->code = sg_fail(err, SG_EPARSE, "%s: it is not a map", what);
	else
		rd->seen = sg_alloc(map->n * sizeof *rd->seen);
}

static const struct sg_val *find(const struct sg_rd *rd, const char *key, size_t *ret_at)
{
	for (size_t i = 0; i < rd->map->n; i++)
		if (strcmp(rd->map->kid[i]->key, key) == 0) {
			*ret_at = i;
			return rd->map->kid[i];
		}
	return NULL;
}

static const char *type_name(enum sg_val_type type)
{
	static const char *const names[] = { "nil", "a boolean", "an integer", "a string", "octets",
		"an array", "a map" };

	return names[type];
}

static void wrong(struct sg_rd *rd, const char *key, enum sg_val_type want, enum sg_val_type is)
{
	rd->code = sg_fail(rd->err, SG_EPARSE, "%s: the key \"%s\" holds %s where %s is expected", rd->what,
	        key, type_name(is), type_name(want));
}

/* The value under a required key, marked as read; NULL and a recorded failure when it is not there or of another
 * type. With `nil`, nil is accepted, too. */
static const struct sg_val *take(struct sg_rd *rd, const char *key, enum sg_val_type type, bool nil)
{
	const struct sg_val *v;
	size_t at = 0;

	if (rd->code)
		return NULL;
	v = find(rd, key, &at);
	if (!v) {
		rd->code = sg_fail(rd->err, SG_EPARSE, "%s: the key \"%s\" is missing", rd->what, key);
		return NULL;
	}
	rd->seen[at] = true;
	if (v->type != type && !(nil && v->type == SG_VAL_NIL)) {
		wrong(rd, key, type, v->type);
		return NULL;
	}
	return v;
}

static char *text(struct sg_rd *rd, const char *key, bool nil)
{
	const struct sg_val *v = take(rd, key, SG_VAL_STR, nil);

	if (!v || v->type == SG_VAL_NIL)
		return NULL;
	if (memchr(v->s, 0, v->len)) {
		rd->code =
		        sg_fail(rd->err, SG_EPARSE, "%s: the text of \"%s\" contains a NUL", rd->what, key);
		return NULL;
	}
	return sg_strdup(v->s);
}

char *sg_rd_str(struct sg_rd *rd, const char *key)
{
	return text(rd, key, false);
}

char *sg_rd_str_or_nil(struct sg_rd *rd, const char *key)
{
	return text(rd, key, true);
}

int64_t sg_rd_int(struct sg_rd *rd, const char *key, int64_t min, int64_t max)
{
	const struct sg_val *v = take(rd, key, SG_VAL_INT, false);

	if (!v)
		return 0;
	if (v->i < min || v->i > max) {
		rd->code = sg_fail(rd->err, SG_EPARSE,
		        "%s: \"%s\" is %" PRId64 ", which is not between %" PRId64 " and %" PRId64, rd->what,
		        key, v->i, min, max);
		return 0;
	}
	return v->i;
}

bool sg_rd_bool(struct sg_rd *rd, const char *key)
{
	const struct sg_val *v = take(rd, key, SG_VAL_BOOL, false);

	return v && v->i;
}

void sg_rd_bin(struct sg_rd *rd, const char *key, size_t max, struct sg_buf *ret)
{
	const struct sg_val *v = take(rd, key, SG_VAL_BIN, true);

	if (!v)
		return;
	if (v->len > max) {
		rd->code = sg_fail(rd->err, SG_ELIMIT, "%s: \"%s\" has %llu octets, more than %llu", rd->what,
		        key, (unsigned long long)v->len, (unsigned long long)max);
		return;
	}
	sg_buf_set(ret, v->s, v->len);
}

const struct sg_val *sg_rd_array(struct sg_rd *rd, const char *key, size_t max)
{
	const struct sg_val *v = take(rd, key, SG_VAL_ARRAY, false);

	if (v && v->n > max) {
		rd->code = sg_fail(rd->err, SG_ELIMIT, "%s: \"%s\" has %llu entries, more than %llu",
		        rd->what, key, (unsigned long long)v->n, (unsigned long long)max);
		return NULL;
	}
	return v;
}

const struct sg_val *sg_rd_map(struct sg_rd *rd, const char *key)
{
	return take(rd, key, SG_VAL_MAP, false);
}

bool sg_rd_has(const struct sg_rd *rd, const char *key)
{
	const struct sg_val *v;
	size_t at = 0;

	if (rd->code)
		return false;
	v = find(rd, key, &at);
	return v && v->type != SG_VAL_NIL;
}

int sg_rd_end(struct sg_rd *rd)
{
	for (size_t i = 0; !rd->code && i < rd->map->n; i++)
		if (!rd->seen[i])
			rd->code = sg_fail(rd->err, SG_EPARSE, "%s: the key \"%s\" is not known here",
			        rd->what, rd->map->kid[i]->key);
	free(rd->seen);
	rd->seen = NULL;
	return rd->code;
}
