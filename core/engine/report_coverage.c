/* report_coverage.c - "were we protected from X to Y" out of the journal (journal/coverage.h), and what stays known of history that is taken out. */
#include "engine/report_parts.h"

#include "journal/coverage.h"

#include <stdlib.h>

struct keeping {
	struct sg_coverage c;
	int64_t keep_from;
	uint64_t last, until; /* the trail's last line; the first line that stays */
};

static int take_line(void *arg, const struct sg_audit *line)
{
	sg_coverage_line(arg, line);
	return 0;
}

int sg_report_coverage(struct sg_engine *e, const char *id, const char *feed, int64_t from, int64_t to,
        struct sg_val **ret, struct sg_err *err)
{
	char *pattern = id && feed ? sg_format("%s/%s", feed, id) : sg_strdup(id);
	struct sg_coverage c = { 0 };
	struct sg_val *facts = NULL, *report = NULL;
	struct sg_clock now;
	int code = sg_journal_facts(e->read, &facts, err);

	if (!pattern && feed)
		pattern = sg_format("%s/*", feed);
	sg_coverage_init(&c, facts);
	if (!code)
		code = sg_journal_audits(e->read, 0, false, take_line, &c, err);
	if (code)
		goto out;
	sg_engine_clock(e, &now);
	sg_coverage_end(&c, now.wall);
	report = sg_coverage_report(&c, pattern, from, to);
	if (pattern && sg_val_get(report, "mitigations")->n == 0)
		code = sg_fail(err, SG_ENOENT,
		        "nothing is recorded of %s at that time; 'stopgapctl list' shows what is known",
		        pattern);
out:
	if (code)
		sg_val_free(report);
	else
		*ret = report;
	sg_coverage_release(&c);
	sg_val_free(facts);
	free(pattern);
	return code;
}

static int last_seq(void *arg, const struct sg_audit *line)
{
	*(uint64_t *)arg = line->seq;
	return 1;
}

/* The same lines as sg_journal_prune() takes out: those older than keep_from up to the first that is not, never the last. */
static int take_old(void *arg, const struct sg_audit *line)
{
	struct keeping *k = arg;

	k->until = line->seq;
	if (line->wall >= k->keep_from || line->seq == k->last)
		return 1;
	sg_coverage_line(&k->c, line);
	return 0;
}

int sg_coverage_keep(struct sg_engine *e, int64_t keep_from, const struct sg_clock *now, struct sg_err *err)
{
	struct keeping k = { .keep_from = keep_from };
	struct sg_val *facts = NULL, *put = NULL;
	struct sg_change change = { 0 };
	int code = sg_journal_facts(e->read, &facts, err);

	sg_coverage_init(&k.c, facts);
	if (!code)
		code = sg_journal_audits(e->read, 0, true, last_seq, &k.last, err);
	if (code >= 0)
		code = sg_journal_audits(e->read, 0, false, take_old, &k, err);
	if (code >= 0 && k.c.first_seq) {
		put = sg_coverage_standing(&k.c, k.until, facts);
		change.facts = put;
		code = sg_journal_note(e->journal, &change, now, err);
	}
	sg_coverage_release(&k.c);
	sg_val_free(facts);
	sg_val_free(put);
	return code < 0 ? code : 0;
}
