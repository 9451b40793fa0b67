/* dump_check.c - `check`, `stat` and `export`. */
#include "journal/dump.h"

#include "base/text.h"
#include <stdio.h>
#include <string.h>

static void on_finding(void *arg, const struct sg_finding *f)
{
	struct sg_dump *d = arg;

	if (sg_dump_json(d)) {
		struct sg_val *v = sg_val_map();
		sg_val_set_str(v, "promise", f->promise);
		sg_val_set_str(v, "record", f->record);
		sg_val_set_str(v, "text", f->text);
		sg_dump_object(d, "finding", v);
		return;
	}
	sg_buf_fmt(&d->out, "%-6s ", f->promise);
	sg_text_safe(f->record, &d->out);
	sg_buf_str(&d->out, ": ");
	sg_text_safe(f->text, &d->out);
	sg_buf_char(&d->out, '\n');
}

void sg_dump_check(struct sg_dump *d)
{
	struct sg_err err = SG_ERR_INIT;
	int n = sg_journal_check(d->r, on_finding, d, &err);

	if (n < 0) {
		sg_dump_complain("%s", err.msg);
		d->status = SG_DUMP_UNREADABLE;
		return;
	}
	if (sg_dump_json(d)) {
		struct sg_val *v = sg_val_map();
		sg_val_set_int(v, "findings", n);
		sg_dump_object(d, "check", v);
	} else {
		sg_buf_fmt(&d->out,
		        n == 0 ? "clean: every record, chain and promise that the file can show is as it "
		                 "should be\n"
		               : "%d findings\n",
		        n);
	}
	if (n > 0)
		d->status = SG_DUMP_FINDINGS;
}

void sg_dump_export(struct sg_dump *d)
{
	struct sg_err err = SG_ERR_INIT;

	if (sg_journal_export(d->r, d->o->arg, &err) != 0) {
		sg_dump_complain("%s", err.msg);
		d->status = err.code == SG_EEXIST ? SG_DUMP_USAGE : SG_DUMP_UNREADABLE;
	}
}

void sg_dump_stat(struct sg_dump *d)
{
	struct sg_journal_meta m = { 0 };
	struct sg_err err = SG_ERR_INIT;

	if (sg_journal_read_meta(d->r, &m, &err) != 0) {
		sg_finder_add(&d->bad, "file", "meta", "%s", err.msg);
		return;
	}
	if (sg_dump_json(d)) {
		struct sg_val *v = sg_val_map(), *records;
		sg_val_set_int(v, "format", m.format);
		sg_val_set_int(v, "created", m.created);
		sg_val_set_str(v, "machine", m.machine);
		sg_val_set_int(v, "size", (int64_t)m.size);
		sg_val_set_int(v, "used", (int64_t)m.used);
		sg_val_set_int(v, "audit_first", (int64_t)m.audit_first);
		sg_val_set_int(v, "audit_last", (int64_t)m.audit_last);
		sg_val_set_int(v, "max_wall", m.max_wall);
		records = sg_val_set(v, "records", sg_val_map());
		for (size_t i = 0; sg_journal_table_name(i); i++)
			sg_val_set_int(records, sg_journal_table_name(i), (int64_t)m.records[i]);
		sg_dump_object(d, "stat", v);
	} else {
		sg_buf_fmt(&d->out, "format   %u\nmachine  ", m.format);
		sg_text_safe(m.machine, &d->out);
		sg_buf_str(&d->out, "\ncreated  ");
		sg_dump_time(d, m.created, &d->out);
		sg_buf_str(&d->out, "\nlatest   ");
		sg_dump_time(d, m.max_wall, &d->out);
		sg_buf_fmt(&d->out,
		        "\nsize     %llu bytes\nused     %llu bytes (%llu%%)\nlines    %llu to %llu\n",
		        (unsigned long long)m.size, (unsigned long long)m.used,
		        (unsigned long long)(m.size ? m.used * 100 / m.size : 0),
		        (unsigned long long)m.audit_first, (unsigned long long)m.audit_last);
		for (size_t i = 0; sg_journal_table_name(i); i++)
			sg_buf_fmt(&d->out, "%-8s %llu records\n", sg_journal_table_name(i),
			        (unsigned long long)m.records[i]);
	}
	sg_journal_meta_release(&m);
}
