/* val.h - a tree of plain values: what a journal row, a control request, a status answer and a JSON line are made of.
 *
 * One tree serves all four, so a shape is written once. pack.h turns it into MessagePack and back, json.h into JSON.
 * Owner: whoever holds the root; a value set into a map or pushed into an array belongs to it from then on.
 * Integers are 64-bit signed. Map keys are UTF-8 strings, kept in the order in which they were set.
 */
#ifndef SG_BASE_VAL_H
#define SG_BASE_VAL_H

#include "base/buf.h"
#include "base/err.h"

enum sg_val_type { SG_VAL_NIL, SG_VAL_BOOL, SG_VAL_INT, SG_VAL_STR, SG_VAL_BIN, SG_VAL_ARRAY, SG_VAL_MAP };

struct sg_val {
	enum sg_val_type type;
	int64_t i;           /* BOOL: 0 or 1; INT */
	char *s;             /* STR: UTF-8 and NUL-terminated; BIN: octets */
	size_t len;          /* STR and BIN: octets without the NUL */
	char *key;           /* this value's key, when it sits in a map */
	struct sg_val **kid; /* ARRAY and MAP */
	size_t n, cap;
};

struct sg_val *sg_val_nil(void);
struct sg_val *sg_val_bool(bool b);
struct sg_val *sg_val_int(int64_t i);
struct sg_val *sg_val_str(const char *s); /* NULL gives nil */
struct sg_val *sg_val_strn(const char *s, size_t len);
struct sg_val *sg_val_bin(const void *data, size_t len);
struct sg_val *sg_val_array(void);
struct sg_val *sg_val_map(void);
struct sg_val *sg_val_copy(const struct sg_val *v);
void sg_val_free(struct sg_val *v); /* NULL is fine */
bool sg_val_equal(const struct sg_val *a, const struct sg_val *b);

/* Into a map (an older value under the key is freed) or an array. They return the value that went in. */
struct sg_val *sg_val_set(struct sg_val *map, const char *key, struct sg_val *v);
void sg_val_set_bool(struct sg_val *map, const char *key, bool b);
void sg_val_set_int(struct sg_val *map, const char *key, int64_t i);
void sg_val_set_str(struct sg_val *map, const char *key, const char *s); /* NULL sets nil */
void sg_val_set_bin(struct sg_val *map, const char *key, const void *data, size_t len);
struct sg_val *sg_val_push(struct sg_val *array, struct sg_val *v);

/* Lenient reading, for trees of our own making: NULL, "" or the default when it is not there or of another type. */
const struct sg_val *sg_val_get(const struct sg_val *map, const char *key);
const char *sg_val_get_str(const struct sg_val *map, const char *key, const char *otherwise);
int64_t sg_val_get_int(const struct sg_val *map, const char *key, int64_t otherwise);
bool sg_val_get_bool(const struct sg_val *map, const char *key, bool otherwise);

/* Strict reading, for rows and requests: sticky. After the first failure every call is a no-op that returns a zero
 * value; sg_rd_end() also fails on a key that nobody read. `what` names the thing in messages ("row of M1"). */
struct sg_rd {
	const struct sg_val *map;
	const char *what;
	struct sg_err *err;
	int code;   /* 0 or the first failure */
	bool *seen; /* one per key; owned by the reader */
};
void sg_rd_begin(struct sg_rd *rd, const struct sg_val *map, const char *what, struct sg_err *err);
char *sg_rd_str(struct sg_rd *rd, const char *key);        /* required; owned by the caller */
char *sg_rd_str_or_nil(struct sg_rd *rd, const char *key); /* required key, nil gives NULL */
int64_t sg_rd_int(struct sg_rd *rd, const char *key, int64_t min, int64_t max);
bool sg_rd_bool(struct sg_rd *rd, const char *key);
void sg_rd_bin(struct sg_rd *rd, const char *key, size_t max, struct sg_buf *ret); /* nil gives empty */
const struct sg_val *sg_rd_array(struct sg_rd *rd, const char *key, size_t max);   /* borrowed */
const struct sg_val *sg_rd_map(struct sg_rd *rd, const char *key);                 /* borrowed */
bool sg_rd_has(const struct sg_rd *rd, const char *key);                           /* present and not nil */
int sg_rd_end(struct sg_rd *rd); /* releases the reader; returns its code */

#endif
