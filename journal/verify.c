/* verify.c - the walk that proves a journal whole (verify.h). */
#include "journal/verify.h"

#include "base/pack.h"
#include "journal/blob.h"
#include "journal/reader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sg_finder_add(struct sg_finder *f, const char *promise, const char *record, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	struct sg_finding finding = { promise, sg_strdup(record), sg_buf_detach(&text) };
	f->fn(f->arg, &finding);
	f->n++;
	free(finding.record);
	free(finding.text);
}

void sg_finder_add_err(
        struct sg_finder *f, const char *promise, enum sg_table t, struct sg_bytes key, struct sg_err *err)
{
	struct sg_buf name = { 0 };

	sg_record_name(t, key, &name);
	sg_finder_add(f, promise, (char *)name.data, "%s", err->msg);
	sg_buf_release(&name);
	sg_err_clear(err);
}

struct walk {
	const struct sg_source *s;
	struct sg_finder *find;
	enum sg_table table;
	uint64_t records[SG_T_COUNT];
	unsigned char sum[SG_RECORD_SUM];
	struct sg_head head;
	bool has_head;
	uint64_t expect; /* seq of the next audit line; 0: the first */
	struct sg_hash chain;
	struct sg_hash blob; /* under the walk of chunks: the last blob that was verified whole */
	bool has_blob;
};

static void audit_line(struct walk *w, struct sg_bytes key, struct sg_bytes payload)
{
	uint64_t seq = sg_key_audit_seq(key);
	struct sg_hash prev, hash;
	char name[40];

	snprintf(name, sizeof name, "audit/%llu", (unsigned long long)seq);
	if (payload.len < 64) {
		sg_finder_add(w->find, "P4", name, "the line is shorter than its hashes");
		w->expect = 0;
		return;
	}
	memcpy(prev.b, payload.data, sizeof prev.b);
	memcpy(hash.b, payload.data + 32, sizeof hash.b);
	if (w->expect == 0)
		w->chain = prev; /* behind a damaged line: that one is named already */
	else if (w->expect != 0 && seq != w->expect)
		sg_finder_add(w->find, "P4", name, "lines %llu to %llu are missing before it",
		        (unsigned long long)w->expect, (unsigned long long)(seq - 1));
	else if (!sg_hash_equal(&prev, &w->chain))
		sg_finder_add(
		        w->find, "P4", name, "the chain is broken: it does not follow the line before it");
	struct sg_hash have = sg_sha256_2((struct sg_bytes){ payload.data, 32 },
	        (struct sg_bytes){ payload.data + 64, payload.len - 64 });
	if (!sg_hash_equal(&have, &hash))
		sg_finder_add(w->find, "P4", name, "the line is not what its hash says");
	w->chain = hash;
	w->expect = seq + 1;
}

/* Every blob is whole: the chunks of one follow each other in key order. */
static void chunk(struct walk *w, struct sg_bytes key)
{
	struct sg_buf all = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_hash hash;

	if (key.len != 36)
		return;
	memcpy(hash.b, key.data, sizeof hash.b);
	if (w->has_blob && sg_hash_equal(&hash, &w->blob))
		return;
	w->blob = hash;
	w->has_blob = true;
	int rc = sg_blob_get(w->s, &hash, &all, &err);
	if (rc == SG_ENOENT)
		sg_fail(&err, SG_EDAMAGED, "its first chunk is missing");
	if (rc != 0)
		sg_finder_add_err(w->find, "file", SG_T_BLOBS, key, &err);
	sg_buf_release(&all);
}

static int record(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct walk *w = arg;
	struct sg_err err = SG_ERR_INIT;
	struct sg_record rec;
	struct sg_val *v = NULL;

	if (w->table == SG_T_META && sg_bytes_is(key, "head"))
		return 0;
	w->records[w->table]++;
	if (sg_record_open(w->table, key, value, &rec, &err) != 0) {
		sg_finder_add_err(w->find, "file", w->table, key, &err);
		w->expect = 0;
		return 0;
	}
	for (size_t i = 0; i < SG_RECORD_SUM; i++)
		w->sum[i] ^= rec.sum[i];
	if (w->has_head && rec.stamp > w->head.stamp) {
		struct sg_buf name = { 0 };
		sg_record_name(w->table, key, &name);
		sg_finder_add(w->find, "file", (char *)name.data,
		        "it was written after the head (write %llu, head %llu): this is a copy that was "
		        "taken while the journal was being written",
		        (unsigned long long)rec.stamp, (unsigned long long)w->head.stamp);
		sg_buf_release(&name);
	}
	if (w->table == SG_T_AUDIT) {
		audit_line(w, key, rec.payload);
	} else if (w->table == SG_T_BLOBS) {
		chunk(w, key);
	} else if (sg_record_readable(rec.format) && w->table != SG_T_META) {
		if (sg_look_decode(w->s, w->table, key, value, &v, &err) != 0)
			sg_finder_add_err(w->find, "file", w->table, key, &err);
		sg_val_free(v);
	}
	return 0;
}

static void compare(struct walk *w)
{
	bool counts = true;

	for (size_t i = 1; i < SG_T_COUNT; i++) {
		if (w->records[i] == w->head.records[i])
			continue;
		counts = false;
		sg_finder_add(w->find, "file", sg_table_name((enum sg_table)i),
		        "%llu records are there, %llu were written", (unsigned long long)w->records[i],
		        (unsigned long long)w->head.records[i]);
	}
	if (counts && memcmp(w->sum, w->head.sum, sizeof w->sum) != 0)
		sg_finder_add(w->find, "file", "meta/head",
		        "the records are not the ones that were written last: some are older, or damaged");
	if (w->expect != 0 &&
	        (w->head.audit_last != w->expect - 1 || !sg_hash_equal(&w->chain, &w->head.chain)))
		sg_finder_add(w->find, "P4", "meta/head",
		        "the chain ends at line %llu, and the head names line %llu",
		        (unsigned long long)(w->expect - 1), (unsigned long long)w->head.audit_last);
}

int sg_verify(const struct sg_source *s, void (*fn)(void *arg, const struct sg_finding *f), void *arg)
{
	struct sg_finder find = { fn, arg, 0 };
	struct walk w = { .s = s, .find = &find };
	struct sg_err err = SG_ERR_INIT;
	struct sg_made made = { 0 };

	if (sg_look_made(s, &made, &err) != 0)
		sg_finder_add_err(&find, "file", SG_T_META, sg_bytes_of("made"), &err);
	free(made.machine);
	if (sg_look_head(s, &w.head, &err) != 0)
		sg_finder_add_err(&find, "file", SG_T_META, sg_bytes_of("head"), &err);
	else
		w.has_head = true;
	w.expect = w.head.audit_first;
	w.chain = w.head.base;
	for (size_t i = 0; i < SG_T_COUNT; i++) {
		w.table = (enum sg_table)i;
		int rc = s->each(s->self, w.table, (struct sg_bytes){ 0 }, false, record, &w, &err);
		if (rc != 0) {
			sg_finder_add(&find, "file", sg_table_name(w.table), "%s", err.msg);
			sg_err_clear(&err);
		}
	}
	if (w.has_head)
		compare(&w);
	return find.n;
}
