/* shape.c - rows, blocks, feeds, audit lines and the journal's own records as value trees (shape.h). */
#include "journal/shape.h"

#include "journal/field.h"
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *severity_name(int v)
{
	static const char *const names[] = { "low", "medium", "high", "critical" };

	return (size_t)v < COUNT(names) ? names[v] : "?";
}

static const char *applies_name(int v)
{
	return sg_applies_name((enum sg_applies)v);
}

static const char *effective_name(int v)
{
	return sg_effective_name((enum sg_effective)v);
}

static const char *want_name(int v)
{
	return v == 0 ? "?" : sg_want_name((enum sg_want)v);
}

static const struct sg_field row_fields[] = {
	{ "feed", SG_F_STR, offsetof(struct sg_row, key.feed), NULL, 0 },
	{ "id", SG_F_STR, offsetof(struct sg_row, key.id), NULL, 0 },
	SG_FIELD_NAME(sg_row, state, sg_field_state, 16),
	SG_FIELD_NAME(sg_row, reason, sg_field_reason, SG_WHY_COUNT),
	SG_FIELD(sg_row, text, OPT),
	SG_FIELD(sg_row, since, I64),
	SG_FIELD(sg_row, offered, HASH),
	SG_FIELD(sg_row, offered_revision, OPT),
	SG_FIELD(sg_row, offered_at, I64),
	SG_FIELD(sg_row, offered_serial, U64),
	SG_FIELD(sg_row, applied, HASH),
	SG_FIELD(sg_row, applied_revision, OPT),
	SG_FIELD(sg_row, applied_at, I64),
	SG_FIELD(sg_row, failed, HASH),
	SG_FIELD(sg_row, missing, BOOL),
	SG_FIELD(sg_row, tombstone, BOOL),
	SG_FIELD(sg_row, withdraw_reason, OPT),
	SG_FIELD(sg_row, remove_after, I64),
	SG_FIELD_NAME(sg_row, severity, severity_name, 8),
	SG_FIELD(sg_row, desc, OPT),
	SG_FIELD_NAME(sg_row, applies, applies_name, 8),
	SG_FIELD(sg_row, proof, OPT),
	SG_FIELD(sg_row, fixed_since, I64),
	SG_FIELD_NAME(sg_row, effective, effective_name, 8),
	SG_FIELD(sg_row, effective_text, OPT),
	SG_FIELD(sg_row, in_force_by_others, BOOL),
	SG_FIELD(sg_row, others_text, OPT),
	SG_FIELD(sg_row, shadowed_by, OPT),
	SG_FIELD(sg_row, out, BOOL),
	SG_FIELD(sg_row, out_who, WHO),
	SG_FIELD(sg_row, out_at, I64),
	SG_FIELD(sg_row, approved, HASH),
	SG_FIELD(sg_row, approved_who, WHO),
	SG_FIELD(sg_row, approved_at, I64),
	SG_FIELD(sg_row, now, BOOL),
	SG_FIELD(sg_row, delay_until, I64),
	SG_FIELD(sg_row, ask_until, I64),
	SG_FIELD(sg_row, retry_at, I64),
	SG_FIELD(sg_row, attempts, U32),
	SG_FIELD_NAME(sg_row, goal, want_name, 8),
	SG_FIELD(sg_row, repairs, U32),
	SG_FIELD(sg_row, repairs_since, I64),
};

/* A map of one struct's fields, alone. */
static struct sg_val *written(const struct sg_field *f, size_t n, const void *from)
{
	struct sg_val *map = sg_val_map();

	sg_fields_write(f, n, from, map);
	return map;
}

static int read_all(const struct sg_field *f, size_t n, const struct sg_val *v, const char *what, void *to,
        struct sg_err *err)
{
	struct sg_rd rd;

	sg_rd_begin(&rd, v, what, err);
	sg_fields_read(f, n, &rd, to);
	return sg_rd_end(&rd);
}

struct sg_val *sg_shape_row(const struct sg_row *row)
{
	struct sg_val *map = written(row_fields, COUNT(row_fields), row);

	sg_val_set_bool(map, "mixed", row->mixed);
	return map;
}

/* Format 1 had no "mixed": what an error had left half done was told by its reason alone. */
int sg_shape_row_read(const struct sg_val *v, struct sg_row **ret, struct sg_err *err)
{
	struct sg_row *row = sg_alloc(sizeof *row);
	struct sg_rd rd;

	sg_rd_begin(&rd, v, "row", err);
	sg_fields_read(row_fields, COUNT(row_fields), &rd, row);
	row->mixed = sg_rd_has(&rd, "mixed") ? sg_rd_bool(&rd, "mixed")
	                                     : row->state == SG_BLOCKED && row->reason == SG_WHY_IO;
	int rc = sg_rd_end(&rd);
	if (rc != 0)
		sg_row_free(row);
	else
		*ret = row;
	return rc;
}

static const struct sg_field block_fields[] = {
	SG_FIELD(sg_block, feed, OPT),
	SG_FIELD(sg_block, id, STR),
	SG_FIELD(sg_block, revision, OPT),
	SG_FIELD(sg_block, source, STR),
	SG_FIELD(sg_block, keep, BOOL),
	SG_FIELD(sg_block, who, WHO),
	SG_FIELD(sg_block, created, I64),
	SG_FIELD(sg_block, until, I64),
};

struct sg_val *sg_shape_block(const struct sg_block *b)
{
	return written(block_fields, COUNT(block_fields), b);
}

int sg_shape_block_read(const struct sg_val *v, struct sg_block *ret, struct sg_err *err)
{
	struct sg_block b = { 0 };
	int rc = read_all(block_fields, COUNT(block_fields), v, "block", &b, err);

	if (rc != 0)
		sg_block_release(&b);
	else
		*ret = b;
	return rc;
}

static const struct sg_field feed_fields[] = {
	SG_FIELD(sg_feed_row, name, STR),
	SG_FIELD(sg_feed_row, url, OPT),
	SG_FIELD(sg_feed_row, eocs, BOOL),
	SG_FIELD(sg_feed_row, serial, U64),
	SG_FIELD(sg_feed_row, document, HASH),
	SG_FIELD(sg_feed_row, issued, I64),
	SG_FIELD(sg_feed_row, expires, I64),
	SG_FIELD(sg_feed_row, verified, I64),
	SG_FIELD(sg_feed_row, tried, I64),
	SG_FIELD(sg_feed_row, etag, OPT),
	SG_FIELD(sg_feed_row, last_modified, OPT),
	SG_FIELD(sg_feed_row, signer, OPT),
	SG_FIELD(sg_feed_row, error, OPT),
	SG_FIELD(sg_feed_row, error_code, INT),
	SG_FIELD(sg_feed_row, failing_since, I64),
	SG_FIELD(sg_feed_row, failures, U32),
};

struct sg_val *sg_shape_feed(const struct sg_feed_row *f)
{
	return written(feed_fields, COUNT(feed_fields), f);
}

int sg_shape_feed_read(const struct sg_val *v, struct sg_feed_row *ret, struct sg_err *err)
{
	struct sg_feed_row f = { 0 };
	int rc = read_all(feed_fields, COUNT(feed_fields), v, "feed", &f, err);

	if (rc != 0)
		sg_feed_row_release(&f);
	else
		*ret = f;
	return rc;
}

static const struct sg_field audit_fields[] = {
	SG_FIELD(sg_audit, seq, U64),
	SG_FIELD(sg_audit, wall, I64),
	SG_FIELD(sg_audit, boot, BOOT),
	SG_FIELD(sg_audit, code, INT),
	{ "feed", SG_F_OPT, offsetof(struct sg_audit, key.feed), NULL, 0 },
	{ "id", SG_F_OPT, offsetof(struct sg_audit, key.id), NULL, 0 },
	SG_FIELD(sg_audit, who, WHO),
	SG_FIELD(sg_audit, text, OPT),
	SG_FIELD(sg_audit, data, VAL),
};

struct sg_val *sg_shape_audit(const struct sg_audit *a)
{
	return written(audit_fields, COUNT(audit_fields), a);
}

int sg_shape_audit_read(const struct sg_val *v, struct sg_audit *ret, struct sg_err *err)
{
	struct sg_audit a = { 0 };
	int rc = read_all(audit_fields, COUNT(audit_fields), v, "audit line", &a, err);

	if (rc != 0)
		sg_audit_release(&a);
	else
		*ret = a;
	return rc;
}

static const struct sg_field head_fields[] = {
	SG_FIELD(sg_head, stamp, U64),
	SG_FIELD(sg_head, intents, U64),
	SG_FIELD(sg_head, audit_first, U64),
	SG_FIELD(sg_head, audit_last, U64),
	SG_FIELD(sg_head, base, HASH),
	SG_FIELD(sg_head, chain, HASH),
	SG_FIELD(sg_head, max_wall, I64),
};

struct sg_val *sg_shape_head(const struct sg_head *h)
{
	struct sg_val *map = written(head_fields, COUNT(head_fields), h);
	struct sg_val *records = sg_val_set(map, "records", sg_val_array());

	for (size_t i = 0; i < COUNT(h->records); i++)
		sg_val_push(records, sg_val_int((int64_t)h->records[i]));
	sg_val_set_bin(map, "sum", h->sum, sizeof h->sum);
	return map;
}

int sg_shape_head_read(const struct sg_val *v, struct sg_head *ret, struct sg_err *err)
{
	struct sg_head h = { 0 };
	struct sg_buf sum = { 0 };
	struct sg_rd rd;

	sg_rd_begin(&rd, v, "meta/head", err);
	sg_fields_read(head_fields, COUNT(head_fields), &rd, &h);
	const struct sg_val *records = sg_rd_array(&rd, "records", COUNT(h.records));
	for (size_t i = 0; records && i < records->n; i++)
		h.records[i] = (uint64_t)records->kid[i]->i;
	sg_rd_bin(&rd, "sum", sizeof h.sum, &sum);
	if (sum.len == sizeof h.sum)
		memcpy(h.sum, sum.data, sum.len);
	sg_buf_release(&sum);
	int rc = sg_rd_end(&rd);
	if (rc == 0)
		*ret = h;
	return rc;
}

static const struct sg_field made_fields[] = {
	SG_FIELD(sg_made, format, U32),
	SG_FIELD(sg_made, created, I64),
	SG_FIELD(sg_made, machine, STR),
};

struct sg_val *sg_shape_made(const struct sg_made *m)
{
	return written(made_fields, COUNT(made_fields), m);
}

/* Lenient about keys that a newer format may have added: the format must be readable before anything else is judged. */
int sg_shape_made_read(const struct sg_val *v, struct sg_made *ret, struct sg_err *err)
{
	int64_t format = sg_val_get_int(v, "format", 0);

	if (format < 1 || format > UINT32_MAX)
		return sg_fail(err, SG_EDAMAGED, "record meta/made: it names no format");
	ret->format = (uint32_t)format;
	ret->created = sg_val_get_int(v, "created", 0);
	ret->machine = sg_strdup(sg_val_get_str(v, "machine", ""));
	return 0;
}
