/* record.c - seals and opens records, and makes their keys and names. */
#include "journal/record.h"

#include "base/pack.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

void sg_be_put(unsigned char *to, uint64_t v, size_t bytes)
{
	for (size_t i = bytes; i-- > 0; v >>= 8)
		to[i] = (unsigned char)(v & 0xff);
}

uint64_t sg_be_get(const unsigned char *from, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | from[i];
	return v;
}

static void checksum(enum sg_table table, struct sg_bytes key, const unsigned char head[12],
        struct sg_bytes payload, unsigned char ret[SG_RECORD_SUM])
{
	const char *name = sg_table_name(table);
	struct sg_buf all = { 0 };

	sg_buf_add(&all, name, strlen(name) + 1);
	sg_buf_add(&all, key.data, key.len);
	sg_buf_add(&all, head, 12);
	sg_buf_add(&all, payload.data, payload.len);
	struct sg_hash h = sg_sha256(sg_buf_bytes(&all));
	memcpy(ret, h.b, SG_RECORD_SUM);
	sg_buf_release(&all);
}

void sg_record_seal(
        enum sg_table table, struct sg_bytes key, uint64_t stamp, struct sg_bytes payload, struct sg_buf *ret)
{
	unsigned char head[SG_RECORD_HEAD] = { 'S', (unsigned char)(0x40 + (int)table) };

	sg_be_put(head + 2, SG_RECORD_FORMAT, 2);
	sg_be_put(head + 4, stamp, 8);
	checksum(table, key, head, payload, head + 12);
	sg_buf_set(ret, head, sizeof head);
	sg_buf_add(ret, payload.data, payload.len);
}

static int damaged(enum sg_table table, struct sg_bytes key, const char *what, struct sg_err *err)
{
	struct sg_buf name = { 0 };

	sg_record_name(table, key, &name);
	sg_fail(err, SG_EDAMAGED, "record %s: %s", (char *)name.data, what);
	sg_buf_release(&name);
	return SG_EDAMAGED;
}

int sg_record_open(enum sg_table table, struct sg_bytes key, struct sg_bytes value, struct sg_record *ret,
        struct sg_err *err)
{
	unsigned char sum[SG_RECORD_SUM];

	if (value.len < SG_RECORD_HEAD)
		return damaged(table, key, "it is shorter than its head", err);
	struct sg_bytes payload = { value.data + SG_RECORD_HEAD, value.len - SG_RECORD_HEAD };
	checksum(table, key, value.data, payload, sum);
	if (memcmp(sum, value.data + 12, sizeof sum) != 0)
		return damaged(table, key, "its checksum is wrong", err);
	if (value.data[0] != 'S' || value.data[1] != 0x40 + (int)table)
		return damaged(table, key, "it belongs to another table", err);
	ret->format = (uint16_t)sg_be_get(value.data + 2, 2);
	ret->stamp = sg_be_get(value.data + 4, 8);
	memcpy(ret->sum, sum, sizeof sum);
	ret->payload = payload;
	return 0;
}

bool sg_record_readable(unsigned format)
{
	return format >= 1 && format <= SG_RECORD_FORMAT;
}

int sg_record_val(enum sg_table table, struct sg_bytes key, struct sg_bytes value, struct sg_val **ret,
        struct sg_err *err)
{
	struct sg_record record;
	struct sg_err why = SG_ERR_INIT;
	int rc = sg_record_open(table, key, value, &record, err);

	if (rc != 0)
		return rc;
	if (!sg_record_readable(record.format)) {
		struct sg_buf name = { 0 };
		sg_record_name(table, key, &name);
		sg_fail(err, SG_EVERSION, "record %s has format %u; this stopgap reads formats up to %d",
		        (char *)name.data, (unsigned)record.format, SG_RECORD_FORMAT);
		sg_buf_release(&name);
		return SG_EVERSION;
	}
	if (sg_unpack(record.payload, &sg_pack_row_limits, ret, &why) != 0)
		return damaged(table, key, why.msg, err);
	return 0;
}

static void name_hex(struct sg_bytes key, size_t max, struct sg_buf *out)
{
	for (size_t i = 0; i < key.len && i < max; i++)
		sg_buf_fmt(out, "%02x", key.data[i]);
}

static void name_text(struct sg_bytes key, struct sg_buf *out)
{
	char *copy = sg_alloc(key.len + 1);

	if (key.len > 0)
		memcpy(copy, key.data, key.len);
	for (size_t i = 0; i < key.len; i++) {
		if (copy[i] == 0)
			copy[i] = '/';
	}
	sg_text_safe(copy, out);
	free(copy);
}

void sg_record_name(enum sg_table table, struct sg_bytes key, struct sg_buf *out)
{
	sg_buf_fmt(out, "%s/", sg_table_name(table));
	switch (table) {
	case SG_T_AUDIT:
		if (key.len == 8)
			sg_buf_fmt(out, "%llu", (unsigned long long)sg_be_get(key.data, 8));
		else
			name_hex(key, 16, out);
		break;
	case SG_T_BLOBS:
	case SG_T_HOLDS:
	case SG_T_BLOCKS:
		name_hex(key, 8, out);
		if (table == SG_T_BLOBS && key.len == 36)
			sg_buf_fmt(out, "/%llu", (unsigned long long)sg_be_get(key.data + 32, 4));
		break;
	case SG_T_INTENT:
		if (key.len == 8 && memcmp(key.data, "move", 4) == 0) {
			sg_buf_fmt(out, "move/%llu", (unsigned long long)sg_be_get(key.data + 4, 4));
			break;
		}
		name_text(key, out);
		break;
	case SG_T_META:
	case SG_T_ROWS:
	case SG_T_FEEDS:
	case SG_T_FACTS:
	case SG_T_COUNT: name_text(key, out); break;
	}
}

/* Keys sort as people read them, unless they are too long for LMDB: then a hash takes the tail's place. */
static void bounded(struct sg_buf *key)
{
	enum { KEEP = 200 };

	if (key->len <= SG_KEY_MAX)
		return;
	struct sg_hash h = sg_sha256(sg_buf_bytes(key));
	sg_buf_cut(key, KEEP, key->len - KEEP);
	sg_buf_add(key, "\0", 2);
	sg_buf_add(key, h.b, sizeof h.b);
}

void sg_key_of_row(const struct sg_key *k, struct sg_buf *ret)
{
	sg_buf_set(ret, k->feed, strlen(k->feed) + 1);
	sg_buf_str(ret, k->id);
	bounded(ret);
}

void sg_key_of_hold(const struct sg_addr *a, struct sg_buf *ret)
{
	struct sg_buf all = { 0 };

	sg_buf_char(&all, (char)('0' + (int)a->kind));
	for (const char *p = a->container; *p; p++)
		sg_buf_char(&all, *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p);
	sg_buf_char(&all, 0);
	sg_buf_str(&all, a->path);
	struct sg_hash h = sg_sha256(sg_buf_bytes(&all));
	sg_buf_set(ret, h.b, sizeof h.b);
	sg_buf_release(&all);
}

void sg_key_of_block(const struct sg_block *b, struct sg_buf *ret)
{
	const char *part[] = { b->feed, b->id, b->revision, b->source };
	struct sg_buf all = { 0 };

	/* "any" is one byte that no string starts with, so that it differs from the empty string. */
	for (size_t i = 0; i < 4; i++) {
		if (part[i])
			sg_buf_str(&all, part[i]);
		else
			sg_buf_char(&all, 1);
		sg_buf_char(&all, 0);
	}
	struct sg_hash h = sg_sha256(sg_buf_bytes(&all));
	sg_buf_set(ret, h.b, sizeof h.b);
	sg_buf_release(&all);
}

void sg_key_of_name(const char *name, struct sg_buf *ret)
{
	sg_buf_set(ret, name, strlen(name));
	bounded(ret);
}

void sg_key_of_move(uint32_t i, struct sg_buf *ret)
{
	unsigned char key[8] = { 'm', 'o', 'v', 'e' };

	sg_be_put(key + 4, i, 4);
	sg_buf_set(ret, key, sizeof key);
}

void sg_key_of_chunk(const struct sg_hash *hash, uint32_t i, struct sg_buf *ret)
{
	unsigned char no[4];

	sg_be_put(no, i, 4);
	sg_buf_set(ret, hash->b, sizeof hash->b);
	sg_buf_add(ret, no, sizeof no);
}

void sg_key_of_audit(uint64_t seq, unsigned char ret[8])
{
	sg_be_put(ret, seq, 8);
}

uint64_t sg_key_audit_seq(struct sg_bytes key)
{
	return key.len == 8 ? sg_be_get(key.data, 8) : 0;
}
