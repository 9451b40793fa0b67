/* dump.c - stopgap-journal from its command line to its exit status (dump.h). */
#include "journal/dump.h"

#include "base/os.h"
#include "base/text.h"
#include <stdio.h>

static void on_damage(void *arg, const struct sg_finding *f)
{
	(void)arg;
	sg_dump_complain("%s: %s", f->record, f->text);
}

int sg_dump_main(int argc, char **argv)
{
	struct sg_dump_options o;
	struct sg_dump d = { .o = &o, .bad = { on_damage, NULL, 0 } };
	struct sg_clock now = { 0 };
	struct sg_err err = SG_ERR_INIT;

	sg_os_clock(&now);
	int rc = sg_dump_parse(argc, argv, now.wall, &o, &d.out, &err);
	if (rc == 1) {
		sg_dump_flush(&d);
		sg_buf_release(&d.out);
		return SG_DUMP_CLEAN;
	}
	if (rc != 0) {
		sg_dump_complain("%s", err.msg);
		sg_buf_release(&d.out);
		return SG_DUMP_USAGE;
	}
	if (sg_journal_copy(o.journal, &d.r, &err) != 0) {
		sg_dump_complain("%s", err.msg);
		return SG_DUMP_UNREADABLE;
	}
	d.s = sg_pages_source(d.r->pages);
	/* `check` lists damage among its findings; elsewhere it stands in front, because records may be missing below. */
	if (o.command->run != sg_dump_check) {
		for (size_t i = 0; i < sg_pages_faults(d.r->pages); i++)
			sg_finder_add(&d.bad, "file", "pages", "%s", sg_pages_fault(d.r->pages, i));
		d.bad.n += sg_verify(&d.s, on_damage, NULL);
		d.verified = true;
	}
	o.command->run(&d);
	sg_dump_flush(&d);
	if (d.status == SG_DUMP_CLEAN && d.bad.n > 0)
		d.status = SG_DUMP_FINDINGS;
	if (ferror(stdout) && d.status == SG_DUMP_CLEAN) {
		sg_dump_complain("standard output could not be written");
		d.status = SG_DUMP_UNREADABLE;
	}
	sg_journal_copy_close(d.r);
	sg_buf_release(&d.out);
	return d.status;
}
