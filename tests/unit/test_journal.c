/* test_journal.c - the four durable writes, thresholds, pruning, copies: on real files in a folder of their own. */
#include "base/os.h"
#include "journal/journal.h"
#include "journal/mirror.h"
#include "journal/read.h"
#include "model/codes.h"
#include "tests/lib/journal_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void an_intent_and_its_holds_come_back_as_they_were(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 }, back = { 0 };
	struct sg_holds holds = { 0 };
	struct sg_err err = SG_ERR_INIT;
	bool open = false;

	fixture_apply(f, "M1", 3, 1200, &intent);
	fixture_reopen(f);
	assert_int_equal(sg_journal_intent(sg_journal_reader(f->j), &back, &open, &err), 0);
	assert_true(open);
	assert_int_equal(back.seq, intent.seq);
	assert_int_equal(back.op, SG_OP_APPLY);
	assert_int_equal(back.moves.n, 3);
	assert_int_equal(back.n_outcomes, 1);
	assert_string_equal(back.outcomes[0].key.id, "M1");
	for (size_t i = 0; i < 3; i++) {
		assert_true(sg_addr_equal(&back.moves.at[i].addr, &intent.moves.at[i].addr));
		assert_true(sg_bytes_equal(sg_buf_bytes(&back.moves.at[i].to.octets),
		        sg_buf_bytes(&intent.moves.at[i].to.octets)));
	}
	assert_int_equal(sg_journal_holds(sg_journal_reader(f->j), &holds, &err), 0);
	assert_int_equal(holds.n, 3);
	assert_int_equal(holds.at[0].before.octets.len, 1200);
	assert_string_equal(holds.at[0].holders.at[0].id, "M1");
	sg_holds_release(&holds);
	sg_intent_release(&back);
	sg_intent_release(&intent);
}

static void a_second_intent_is_refused_until_the_first_is_closed(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 }, second = { .op = SG_OP_REVERT };
	struct sg_change none = { 0 };
	struct sg_err err = SG_ERR_INIT;
	bool open = true;

	fixture_apply(f, "M1", 1, 20, &intent);
	assert_int_equal(sg_journal_open_intent(f->j, &second, &none, &f->now, &err), SG_ESTATE);
	assert_int_equal(second.seq, 0);
	fixture_close(f, "M1", SG_APPLIED);
	assert_int_equal(sg_journal_intent(sg_journal_reader(f->j), &second, &open, &err), 0);
	assert_false(open);
	sg_err_clear(&err);
	assert_int_equal(sg_journal_open_intent(f->j, &second, &none, &f->now, &err), 0);
	assert_int_equal(second.seq, intent.seq + 1);
	sg_intent_release(&intent);
	sg_intent_release(&second);
}

static void closing_nothing_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sg_change none = { 0 };
	struct sg_err err = SG_ERR_INIT;

	assert_int_equal(sg_journal_close_intent(f->j, &none, &f->now, &err), SG_ESTATE);
}

static void attempts_are_counted_across_starts(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 };
	struct sg_err err = SG_ERR_INIT;
	uint32_t n = 0;

	fixture_apply(f, "M1", 1, 20, &intent);
	assert_int_equal(sg_journal_count_attempt(f->j, &n, &f->now, &err), 0);
	assert_int_equal(n, 1);
	fixture_reopen(f);
	assert_int_equal(sg_journal_count_attempt(f->j, &n, &f->now, &err), 0);
	assert_int_equal(n, 2);
	sg_intent_release(&intent);
}

static void a_dropped_hold_is_gone_and_another_stays(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 };
	struct sg_holds holds = { 0 };
	struct sg_err err = SG_ERR_INIT;

	fixture_apply(f, "M1", 2, 300, &intent);
	struct sg_change change = { .holds_drop = &intent.moves.at[0].addr, .n_holds_drop = 1 };
	assert_int_equal(sg_journal_close_intent(f->j, &change, &f->now, &err), 0);
	assert_int_equal(sg_journal_holds(sg_journal_reader(f->j), &holds, &err), 0);
	assert_int_equal(holds.n, 1);
	assert_true(sg_addr_equal(&holds.at[0].addr, &intent.moves.at[1].addr));
	sg_holds_release(&holds);
	sg_intent_release(&intent);
}

static int count_line(void *arg, const struct sg_audit *line)
{
	uint64_t *n = arg;

	assert_int_equal(line->seq, *n + 1);
	*n = line->seq;
	return 0;
}

static int count_back(void *arg, const struct sg_audit *line)
{
	uint64_t *n = arg;

	assert_int_equal(line->seq, *n - 1);
	*n = line->seq;
	return *n == 2 ? 7 : 0;
}

static void audit_lines_come_in_order_and_backwards_and_stop_when_asked(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	uint64_t n = 0;

	fixture_lines(f, 5);
	assert_int_equal(sg_journal_audits(sg_journal_reader(f->j), 0, false, count_line, &n, &err), 0);
	assert_int_equal(n, 5);
	n = 6;
	assert_int_equal(sg_journal_audits(sg_journal_reader(f->j), 0, true, count_back, &n, &err), 7);
	n = 2;
	assert_int_equal(sg_journal_audits(sg_journal_reader(f->j), 3, false, count_line, &n, &err), 0);
	assert_int_equal(n, 5);
}

static void a_serial_never_goes_down(void **state) /* P9 */
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_feed_row feed = { .name = (char *)"f", .serial = 7 };
	struct sg_change change = { .feeds = &feed, .n_feeds = 1 };

	assert_int_equal(sg_journal_accept(f->j, &change, &f->now, &err), 0);
	feed.serial = 6;
	assert_int_equal(sg_journal_accept(f->j, &change, &f->now, &err), SG_ETRUST);
	sg_err_clear(&err);
	feed.serial = 7;
	assert_int_equal(sg_journal_note(f->j, &change, &f->now, &err), 0);
}

static void a_write_that_fails_changes_nothing(void **state) /* P4 */
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_feed_row feed[2] = { { .name = (char *)"f", .serial = 7 },
		{ .name = (char *)"g", .serial = 1 } };
	struct sg_change change = { .feeds = feed, .n_feeds = 2 };
	struct sg_feed_rows feeds = { 0 };

	assert_int_equal(sg_journal_accept(f->j, &change, &f->now, &err), 0);
	feed[0].serial = 8;
	feed[1].serial = 0;
	assert_int_equal(sg_journal_accept(f->j, &change, &f->now, &err), SG_ETRUST);
	sg_err_clear(&err);
	assert_int_equal(sg_journal_feeds(sg_journal_reader(f->j), &feeds, &err), 0);
	assert_int_equal(feeds.at[0].serial, 7);
	sg_feed_rows_release(&feeds);
}

static void bodies_and_facts_are_kept(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf octets = { 0 }, back = { 0 };
	struct sg_val *facts = sg_val_map(), *read = NULL;

	for (int i = 0; i < 5000; i++)
		sg_buf_fmt(&octets, "%d,", i);
	struct sg_body bodies[2] = { { sg_sha256(sg_buf_bytes(&octets)), sg_buf_bytes(&octets) },
		{ sg_sha256((struct sg_bytes){ 0 }), { 0 } } };
	sg_val_set_str(facts, "config", "good");
	sg_val_set(facts, "long", sg_val_strn((char *)octets.data, octets.len));
	struct sg_change change = { .bodies = bodies, .n_bodies = 2, .facts = facts };
	assert_int_equal(sg_journal_note(f->j, &change, &f->now, &err), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(sg_journal_body(sg_journal_reader(f->j), &bodies[i].hash, &back, &err), 0);
		assert_true(sg_bytes_equal(sg_buf_bytes(&back), bodies[i].octets));
	}
	struct sg_hash unknown = { { 1 } };
	assert_int_equal(sg_journal_body(sg_journal_reader(f->j), &unknown, &back, &err), SG_ENOENT);
	sg_err_clear(&err);
	assert_int_equal(sg_journal_facts(sg_journal_reader(f->j), &read, &err), 0);
	assert_true(sg_val_equal(read, facts));
	sg_val_free(read);
	sg_val_set(facts, "long", sg_val_nil());
	change.n_bodies = 0;
	assert_int_equal(sg_journal_note(f->j, &change, &f->now, &err), 0);
	assert_int_equal(sg_journal_facts(sg_journal_reader(f->j), &read, &err), 0);
	assert_null(sg_val_get(read, "long"));
	assert_string_equal(sg_val_get_str(read, "config", ""), "good");
	sg_val_free(read);
	sg_val_free(facts);
	sg_buf_release(&octets);
	sg_buf_release(&back);
}

static void past_the_first_threshold_applies_stop_and_reverts_go_on(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 }, revert = { .op = SG_OP_REVERT };
	struct sg_journal_space space;
	struct sg_change none = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	int rc = 0;

	fixture_apply(f, "M1", 1, 40, &intent);
	fixture_close(f, "M1", SG_APPLIED);
	for (int i = 0; rc == 0; i++) {
		assert_true(i < 10000);
		sg_buf_clear(&octets);
		for (int k = 0; k < 2000; k++)
			sg_buf_fmt(&octets, "%d.%d ", i, k);
		struct sg_body body = { sg_sha256(sg_buf_bytes(&octets)), sg_buf_bytes(&octets) };
		struct sg_change change = { .bodies = &body, .n_bodies = 1 };
		rc = sg_journal_accept(f->j, &change, &f->now, &err);
	}
	assert_int_equal(rc, SG_ENOSPC);
	sg_journal_space(f->j, &space);
	assert_true(space.used > space.size / 2);
	/* Right below the threshold a small apply may fit; notes fill it up. */
	for (rc = 0; rc == 0 && space.used < space.first_threshold; sg_journal_space(f->j, &space)) {
		sg_buf_fmt(&octets, "%llu", (unsigned long long)space.used);
		struct sg_body body = { sg_sha256(sg_buf_bytes(&octets)), sg_buf_bytes(&octets) };
		struct sg_change change = { .bodies = &body, .n_bodies = 1 };
		rc = sg_journal_note(f->j, &change, &f->now, NULL);
	}
	assert_int_equal(rc, 0);
	struct sg_intent apply = { .op = SG_OP_APPLY };
	sg_err_clear(&err);
	assert_int_equal(sg_journal_open_intent(f->j, &apply, &none, &f->now, &err), SG_ENOSPC);
	sg_err_clear(&err);
	assert_int_equal(sg_journal_open_intent(f->j, &revert, &none, &f->now, &err), 0);
	assert_int_equal(sg_journal_close_intent(f->j, &none, &f->now, &err), 0);
	sg_buf_release(&octets);
	sg_intent_release(&intent);
	sg_intent_release(&revert);
	sg_intent_release(&apply);
}

static void pruning_frees_what_nothing_names_and_keeps_the_chain(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf octets = { 0 }, back = { 0 };
	uint64_t lines = 0, n;

	fixture_lines(f, 4);
	fixture_apply(f, "M1", 1, 3000, &intent);
	fixture_close(f, "M1", SG_APPLIED);
	for (int i = 0; i < 400; i++)
		sg_buf_fmt(&octets, "unnamed %d ", i);
	struct sg_body body = { sg_sha256(sg_buf_bytes(&octets)), sg_buf_bytes(&octets) };
	struct sg_change change = { .bodies = &body, .n_bodies = 1 };
	assert_int_equal(sg_journal_accept(f->j, &change, &f->now, &err), 0);
	/* Lines 1 to 4 have the times 1001 to 1004. */
	assert_int_equal(sg_journal_prune(f->j, 1003, &f->now, &lines, &err), 0);
	assert_int_equal(lines, 2);
	assert_int_equal(sg_journal_body(sg_journal_reader(f->j), &body.hash, &back, &err), SG_ENOENT);
	sg_err_clear(&err);
	n = 2;
	assert_int_equal(sg_journal_audits(sg_journal_reader(f->j), 0, false, count_line, &n, &err), 0);
	assert_true(n >= 4);
	fixture_reopen(f); /* verifies everything */
	struct sg_holds holds = { 0 };
	assert_int_equal(sg_journal_holds(sg_journal_reader(f->j), &holds, &err), 0);
	assert_int_equal(holds.at[0].before.octets.len, 3000);
	sg_holds_release(&holds);
	sg_buf_release(&octets);
	sg_buf_release(&back);
	sg_intent_release(&intent);
}

static void a_copy_says_what_the_journal_says_and_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 }, back = { 0 };
	struct sg_journal_read *copy = NULL;
	struct sg_strs before = { 0 }, after = { 0 };
	struct sg_err err = SG_ERR_INIT;
	bool open = false;
	uint64_t n = 0;

	fixture_lines(f, 40);
	fixture_apply(f, "M1", 3, 900, &intent);
	assert_int_equal(sg_os_list(f->dir, &before, &err), 0);
	assert_int_equal(sg_journal_copy(f->dir, &copy, &err), 0);
	assert_int_equal(sg_journal_intent(copy, &back, &open, &err), 0);
	assert_true(open);
	assert_int_equal(back.moves.n, 3);
	assert_int_equal(sg_journal_audits(copy, 0, false, count_line, &n, &err), 0);
	assert_true(n >= 40);
	assert_int_equal(sg_os_list(f->dir, &after, &err), 0);
	assert_int_equal(before.n, after.n);
	sg_journal_copy_close(copy);
	sg_strs_release(&before);
	sg_strs_release(&after);
	sg_intent_release(&back);
	sg_intent_release(&intent);
}

static void an_exported_copy_is_a_journal(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 };
	struct sg_journal_read *copy = NULL;
	struct sg_err err = SG_ERR_INIT;
	char *out = sg_format("%s/out", f->dir), *file = sg_format("%s/out/journal.mdb", f->dir);

	fixture_apply(f, "M1", 3, 900, &intent);
	assert_int_equal(sg_journal_copy(f->dir, &copy, &err), 0);
	assert_int_equal(mkdir(out, 0700), 0);
	assert_int_equal(sg_journal_export(copy, file, &err), 0);
	assert_int_equal(sg_journal_export(copy, file, &err), SG_EEXIST);
	sg_err_clear(&err);
	sg_journal_copy_close(copy);
	sg_journal_close(f->j);
	f->j = NULL;
	assert_int_equal(sg_journal_open(out, &f->options, &f->now, &f->j, &err), 0);
	fixture_close(f, "M1", SG_APPLIED);
	free(out);
	free(file);
	sg_intent_release(&intent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(an_intent_and_its_holds_come_back_as_they_were),
		T(a_second_intent_is_refused_until_the_first_is_closed),
		T(closing_nothing_is_refused),
		T(attempts_are_counted_across_starts),
		T(a_dropped_hold_is_gone_and_another_stays),
		T(audit_lines_come_in_order_and_backwards_and_stop_when_asked),
		T(a_serial_never_goes_down),
		T(a_write_that_fails_changes_nothing),
		T(bodies_and_facts_are_kept),
		T(past_the_first_threshold_applies_stop_and_reverts_go_on),
		T(pruning_frees_what_nothing_names_and_keeps_the_chain),
		T(a_copy_says_what_the_journal_says_and_writes_nothing),
		T(an_exported_copy_is_a_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
