/* field.h - one struct's fields as a constant table, written into a map and read from it. Used by the shapes only. */
#ifndef SG_JOURNAL_FIELD_H
#define SG_JOURNAL_FIELD_H

#include "model/row.h"
#include <stddef.h>

enum sg_field_kind {
	SG_F_STR, /* char *, never NULL */
	SG_F_OPT, /* char *, NULL is nil */
	SG_F_I64,
	SG_F_U64,
	SG_F_U32,
	SG_F_INT,
	SG_F_BOOL,
	SG_F_HASH,    /* struct sg_hash; zero is nil */
	SG_F_WHO,     /* struct sg_who; nothing said is nil */
	SG_F_BOOT,    /* char[40] */
	SG_F_NAME,    /* an enum, by name */
	SG_F_CONTENT, /* struct sg_content; the empty one is nil */
	SG_F_VAL,     /* struct sg_val *; NULL is nil */
};
struct sg_field {
	const char *key;
	enum sg_field_kind kind;
	size_t at;
	const char *(*name)(int value); /* NAME: "?" for a value that has none */
	int count;                      /* NAME: values are below this */
};
#define SG_FIELD(type, member, field_kind)                                                                   \
	{                                                                                                    \
		.key = #member, .kind = SG_F_##field_kind, .at = offsetof(struct type, member)               \
	}
#define SG_FIELD_NAME(type, member, names, n)                                                                \
	{                                                                                                    \
#member, SG_F_NAME, offsetof(struct type, member), names, n                                  \
	}

void sg_fields_write(const struct sg_field *f, size_t n, const void *from, struct sg_val *map);
void sg_fields_read(const struct sg_field *f, size_t n, struct sg_rd *rd, void *to); /* sticky in rd */

const char *sg_field_state(int v);
const char *sg_field_reason(int v);

#endif
