/* journal_found.h - a journal with something in every table, and what the check finds in it. */
#ifndef SG_TESTS_JOURNAL_FOUND_H
#define SG_TESTS_JOURNAL_FOUND_H

#include "tests/lib/journal_fixture.h"

struct found {
	int n;
	struct sg_buf text;
};

static inline void note(void *arg, const struct sg_finding *f)
{
	struct found *found = arg;

	found->n++;
	sg_buf_fmt(&found->text, "%s %s: %s\n", f->promise, f->record, f->text);
}

static inline int check(struct fixture *f, struct found *found)
{
	struct sg_journal_read *copy = NULL;
	struct sg_err err = SG_ERR_INIT;

	sg_buf_clear(&found->text);
	found->n = 0;
	assert_int_equal(sg_journal_copy(f->dir, &copy, &err), 0);
	int n = sg_journal_check(copy, note, found, &err);
	assert_int_equal(n, found->n);
	sg_journal_copy_close(copy);
	return n;
}

/* A journal with something in every table, an open intent included. */
static inline void fill(struct fixture *f)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_intent intent = { 0 };
	struct sg_feed_row *feed = sg_feed_row_new("f");
	struct sg_block block = { .id = (char *)"M9", .source = (char *)"admin", .created = 5 };
	struct sg_val *facts = sg_val_map();
	struct sg_audit line = {
		.code = SG_EV_FEED_ACCEPTED, .key.feed = (char *)"f", .text = (char *)"serial 7"
	};

	fixture_lines(f, 3);
	fixture_apply(f, "M1", 3, 1500, &intent);
	fixture_close(f, "M1", SG_APPLIED);
	sg_intent_release(&intent);
	feed->serial = 7;
	sg_val_set_str(facts, "host", "EX1");
	line.data = sg_val_map();
	sg_val_set_int(line.data, "serial", 7);
	struct sg_change change = { .feeds = feed,
		.n_feeds = 1,
		.blocks_put = &block,
		.n_blocks_put = 1,
		.facts = facts,
		.audits = &line,
		.n_audits = 1 };
	assert_int_equal(sg_journal_accept(f->j, &change, &f->now, &err), 0);
	fixture_lines(f, 20);
	fixture_apply(f, "M2", 2, 100, &intent);
	sg_intent_release(&intent);
	sg_val_free(line.data);
	sg_val_free(facts);
	sg_feed_row_release(feed);
	free(feed);
}

#endif
