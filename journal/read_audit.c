/* read_audit.c - the audit trail in order, its chain verified on the way (read.h). */
#include "journal/reader.h"

#include <string.h>

struct walk {
	const struct sg_source *s;
	int (*fn)(void *arg, const struct sg_audit *line);
	void *arg;
	struct sg_err *err;
	bool backwards, started;
	uint64_t expect;     /* seq of the next line */
	struct sg_hash link; /* forwards: hash of the line before; backwards: prev of the line after */
};

static int line_at(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct walk *w = arg;
	struct sg_audit line;
	int rc = sg_look_audit(w->s, key, value, &line, w->err);

	if (rc != 0)
		return rc;
	if (w->started &&
	        (line.seq != w->expect || !sg_hash_equal(w->backwards ? &line.hash : &line.prev, &w->link)))
		rc = sg_fail(w->err, SG_EDAMAGED,
		        "record audit/%llu: the chain is broken here: the line next to it was changed or is "
		        "missing",
		        (unsigned long long)line.seq);
	if (rc == 0) {
		w->started = true;
		w->expect = w->backwards ? line.seq - 1 : line.seq + 1;
		w->link = w->backwards ? line.prev : line.hash;
		rc = w->fn(w->arg, &line);
	}
	sg_audit_release(&line);
	return rc;
}

/* What stands where the walk ended must fit, too: the head behind the last line, or the checkpoint in front of the first. */
static int end_fits(const struct walk *w, const struct sg_head *head)
{
	uint64_t end = w->backwards ? head->audit_first - 1 : head->audit_last + 1;

	if (!w->started)
		return 0;
	if (w->expect != end || !sg_hash_equal(&w->link, w->backwards ? &head->base : &head->chain))
		return sg_fail(w->err, SG_EDAMAGED,
		        "the audit trail has lines %llu to %llu, and the one before or behind line %llu is "
		        "missing",
		        (unsigned long long)head->audit_first, (unsigned long long)head->audit_last,
		        (unsigned long long)(w->backwards ? w->expect + 1 : w->expect - 1));
	return 0;
}

int sg_journal_audits(struct sg_journal_read *r, uint64_t from_seq, bool backwards,
        int (*fn)(void *arg, const struct sg_audit *line), void *arg, struct sg_err *err)
{
	struct walk w = { .fn = fn, .arg = arg, .err = err, .backwards = backwards };
	struct sg_head head = { 0 };
	struct sg_look_at l;
	unsigned char key[8];
	struct sg_bytes from = { 0 };
	int rc = sg_look_begin(&l, r, err);

	w.s = &l.source;
	if (rc == 0)
		rc = sg_look_head(&l.source, &head, err);
	if (from_seq != 0) {
		sg_key_of_audit(from_seq, key);
		from = (struct sg_bytes){ key, sizeof key };
	} else if (!backwards && head.audit_first != 0) {
		w.started = true;
		w.expect = head.audit_first;
		w.link = head.base;
	}
	if (rc == 0)
		rc = l.source.each(l.source.self, SG_T_AUDIT, from, backwards, line_at, &w, err);
	if (rc == 0)
		rc = end_fits(&w, &head);
	sg_look_end(&l);
	return rc;
}
