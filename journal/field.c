/* field.c - fields of structs into maps and back (field.h). */
#include "journal/field.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct sg_field who_fields[] = {
	SG_FIELD(sg_who, account, OPT),
	SG_FIELD(sg_who, reason, OPT),
	SG_FIELD(sg_who, ticket, OPT),
	SG_FIELD(sg_who, on_behalf_of, OPT),
};

const char *sg_field_state(int v)
{
	return v == 0 ? "?" : sg_state_name((enum sg_state)v);
}

const char *sg_field_reason(int v)
{
	return sg_reason_name((enum sg_reason)v);
}

static struct sg_val *content(const struct sg_content *c)
{
	struct sg_val *map;

	if (!c->present && c->octets.len == 0 && c->lead.len == 0 && !c->after)
		return sg_val_nil();
	map = sg_val_map();
	sg_val_set_bool(map, "present", c->present);
	sg_val_set_bin(map, "octets", c->octets.data, c->octets.len);
	sg_val_set_bin(map, "lead", c->lead.data, c->lead.len);
	sg_val_set_str(map, "after", c->after);
	return map;
}

static struct sg_val *field(const struct sg_field *f, const char *p)
{
	switch (f->kind) {
	case SG_F_STR:
	case SG_F_OPT: {
		const char *s;
		memcpy(&s, p, sizeof s);
		return sg_val_str(!s && f->kind == SG_F_STR ? "" : s);
	}
	case SG_F_I64:
	case SG_F_U64: {
		int64_t i;
		memcpy(&i, p, sizeof i);
		return sg_val_int(i);
	}
	case SG_F_U32: {
		uint32_t i;
		memcpy(&i, p, sizeof i);
		return sg_val_int(i);
	}
	case SG_F_INT: {
		int i;
		memcpy(&i, p, sizeof i);
		return sg_val_int(i);
	}
	case SG_F_BOOL: return sg_val_bool(*(const bool *)p);
	case SG_F_HASH:
		if (sg_hash_is_zero((const struct sg_hash *)(const void *)p))
			return sg_val_nil();
		return sg_val_bin(p, sizeof(struct sg_hash));
	case SG_F_WHO: {
		const struct sg_who *w = (const void *)p;
		if (!w->account && !w->reason && !w->ticket && !w->on_behalf_of)
			return sg_val_nil();
		struct sg_val *map = sg_val_map();
		sg_fields_write(who_fields, sizeof who_fields / sizeof *who_fields, w, map);
		return map;
	}
	case SG_F_BOOT: return sg_val_strn(p, strnlen(p, 40));
	case SG_F_NAME: {
		int i;
		memcpy(&i, p, sizeof i);
		const char *name = i < f->count ? f->name(i) : "?";
		return name && strcmp(name, "?") != 0 ? sg_val_str(name) : sg_val_nil();
	}
	case SG_F_CONTENT: return content((const void *)p);
	case SG_F_VAL: {
		const struct sg_val *v;
		memcpy(&v, p, sizeof v);
		return v ? sg_val_copy(v) : sg_val_nil();
	}
	}
	return sg_val_nil();
}

void sg_fields_write(const struct sg_field *f, size_t n, const void *from, struct sg_val *map)
{
	for (size_t i = 0; i < n; i++)
		sg_val_set(map, f[i].key, field(&f[i], (const char *)from + f[i].at));
}

static void read_hash(struct sg_rd *rd, const char *key, char *p)
{
	struct sg_buf b = { 0 };

	sg_rd_bin(rd, key, sizeof(struct sg_hash), &b);
	if (b.len == sizeof(struct sg_hash))
		memcpy(p, b.data, b.len);
	else if (b.len != 0 && rd->code == 0)
		rd->code = sg_fail(rd->err, SG_EPARSE, "%s: \"%s\" is no hash", rd->what, key);
	sg_buf_release(&b);
}

/* nil leaves the zeroed member as it is; otherwise a map, read by `read`. The key is marked as read in both cases. */
static const struct sg_val *map_or_nil(struct sg_rd *rd, const char *key)
{
	struct sg_buf none = { 0 };

	if (sg_rd_has(rd, key))
		return sg_rd_map(rd, key);
	sg_rd_bin(rd, key, 0, &none);
	sg_buf_release(&none);
	return NULL;
}

static void read_who(struct sg_rd *rd, const char *key, char *p)
{
	const struct sg_val *map = map_or_nil(rd, key);
	struct sg_rd inner;

	if (!map)
		return;
	sg_rd_begin(&inner, map, rd->what, rd->err);
	sg_fields_read(who_fields, sizeof who_fields / sizeof *who_fields, &inner, p);
	rd->code = sg_rd_end(&inner);
}

static void read_content(struct sg_rd *rd, const char *key, char *p)
{
	struct sg_content *c = (void *)p;
	const struct sg_val *map = map_or_nil(rd, key);
	struct sg_rd inner;

	if (!map)
		return;
	sg_rd_begin(&inner, map, rd->what, rd->err);
	c->present = sg_rd_bool(&inner, "present");
	sg_rd_bin(&inner, "octets", SIZE_MAX, &c->octets);
	sg_rd_bin(&inner, "lead", SIZE_MAX, &c->lead);
	c->after = sg_rd_str_or_nil(&inner, "after");
	rd->code = sg_rd_end(&inner);
}

static void read_name(struct sg_rd *rd, const struct sg_field *f, char *p)
{
	char *s = sg_rd_str_or_nil(rd, f->key);
	int value = 0;

	if (s) {
		while (value < f->count && (!f->name(value) || strcmp(f->name(value), s) != 0))
			value++;
		if (value == f->count)
			rd->code = sg_fail(rd->err, SG_EPARSE,
			        "%s: \"%s\" is \"%.40s\", which is not known here", rd->what, f->key, s);
		else
			memcpy(p, &value, sizeof value);
	}
	free(s);
}

static void read_field(struct sg_rd *rd, const struct sg_field *f, char *p)
{
	switch (f->kind) {
	case SG_F_STR:
	case SG_F_OPT: {
		char *s = f->kind == SG_F_STR ? sg_rd_str(rd, f->key) : sg_rd_str_or_nil(rd, f->key);
		memcpy(p, &s, sizeof s);
		break;
	}
	case SG_F_I64:
	case SG_F_U64: {
		int64_t i = sg_rd_int(rd, f->key, INT64_MIN, INT64_MAX);
		memcpy(p, &i, sizeof i);
		break;
	}
	case SG_F_U32: {
		uint32_t i = (uint32_t)sg_rd_int(rd, f->key, 0, UINT32_MAX);
		memcpy(p, &i, sizeof i);
		break;
	}
	case SG_F_INT: {
		int i = (int)sg_rd_int(rd, f->key, INT_MIN, INT_MAX);
		memcpy(p, &i, sizeof i);
		break;
	}
	case SG_F_BOOL: *(bool *)p = sg_rd_bool(rd, f->key); break;
	case SG_F_HASH: read_hash(rd, f->key, p); break;
	case SG_F_WHO: read_who(rd, f->key, p); break;
	case SG_F_BOOT: {
		char *s = sg_rd_str(rd, f->key);
		if (s && strlen(s) < 40)
			memcpy(p, s, strlen(s) + 1);
		else if (s && rd->code == 0)
			rd->code = sg_fail(rd->err, SG_EPARSE, "%s: the boot id is too long", rd->what);
		free(s);
		break;
	}
	case SG_F_NAME: read_name(rd, f, p); break;
	case SG_F_CONTENT: read_content(rd, f->key, p); break;
	case SG_F_VAL: {
		const struct sg_val *v = map_or_nil(rd, f->key);
		struct sg_val *copy = v ? sg_val_copy(v) : NULL;
		memcpy(p, &copy, sizeof copy);
		break;
	}
	}
}

void sg_fields_read(const struct sg_field *f, size_t n, struct sg_rd *rd, void *to)
{
	for (size_t i = 0; i < n; i++) {
		if (rd->code == 0)
			read_field(rd, &f[i], (char *)to + f[i].at);
	}
}
