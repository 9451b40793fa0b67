/* test_mirror.c - journal.mirror: two slots in turn, torn writes, and its part in opening a journal. */
#include "journal/mirror.h"
#include "journal/mirror_content.h"
#include "tests/lib/journal_fixture.h"

#include <unistd.h>

enum { SLOT = 64 * 1024 };

static char *path_in(struct fixture *f, const char *name)
{
	return sg_format("%s/%s", f->dir, name);
}

static void write_number(struct sg_mirror *m, int64_t n)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *v = sg_val_map();

	sg_val_set_int(v, "n", n);
	assert_int_equal(sg_mirror_write(m, v, &err), 0);
	sg_val_free(v);
}

static int64_t read_number(const char *path)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *v = NULL;
	uint64_t seq = 0;

	if (sg_mirror_read(path, &v, &seq, &err) != 0)
		return -1;
	int64_t n = sg_val_get_int(v, "n", -2);
	sg_val_free(v);
	return n;
}

static void the_newest_content_counts_and_opening_goes_on_from_it(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_mirror *m = NULL;
	char *path = path_in(f, "m");

	assert_int_equal(sg_mirror_open(path, SLOT, &m, &err), 0);
	assert_int_equal(sg_mirror_seq(m), 0);
	for (int i = 1; i <= 5; i++) {
		write_number(m, i);
		assert_int_equal(read_number(path), i);
	}
	sg_mirror_close(m);
	assert_int_equal(sg_mirror_open(path, SLOT, &m, &err), 0);
	assert_int_equal(sg_mirror_seq(m), 5);
	write_number(m, 6);
	assert_int_equal(read_number(path), 6);
	sg_mirror_close(m);
	free(path);
}

/* Whatever part of the last write reached the disk, the one before it, or the whole, is what is read. */
static void a_torn_write_costs_one_generation_at_most(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_mirror *m = NULL;
	struct sg_buf before = { 0 }, after = { 0 };
	char *path = path_in(f, "m");
	int old = 0, new = 0;

	assert_int_equal(sg_mirror_open(path, SLOT, &m, &err), 0);
	for (int i = 1; i <= 3; i++)
		write_number(m, i);
	assert_int_equal(sg_os_read(path, SIZE_MAX, &before, NULL, &err), 0);
	write_number(m, 4);
	sg_mirror_close(m);
	assert_int_equal(sg_os_read(path, SIZE_MAX, &after, NULL, &err), 0);
	for (size_t at = 0; at < 80; at++) {
		struct sg_buf torn = { 0 };
		sg_buf_add(&torn, after.data, at);
		sg_buf_add(&torn, before.data + at, before.len - at);
		fixture_write(path, sg_buf_bytes(&torn));
		int64_t n = read_number(path);
		assert_true(n == 3 || n == 4);
		old += n == 3;
		new += n == 4;
		sg_buf_release(&torn);
	}
	assert_true(old > 40 && new > 0);
	sg_buf_release(&before);
	sg_buf_release(&after);
	free(path);
}

static void content_larger_than_a_slot_is_refused_before_anything_is_written(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_mirror *m = NULL;
	struct sg_val *v = sg_val_map();
	struct sg_buf text = { 0 };
	char *path = path_in(f, "m");

	assert_int_equal(sg_mirror_open(path, SLOT, &m, &err), 0);
	write_number(m, 1);
	while (text.len < SLOT)
		sg_buf_str(&text, "0123456789");
	sg_val_set(v, "n", sg_val_strn((char *)text.data, text.len));
	assert_int_equal(sg_mirror_write(m, v, &err), SG_ELIMIT);
	assert_int_equal(read_number(path), 1);
	sg_mirror_close(m);
	sg_val_free(v);
	sg_buf_release(&text);
	free(path);
}

static void an_absent_and_a_damaged_mirror_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct sg_val *v = NULL;
	uint64_t seq = 0;
	char *path = path_in(f, "m");

	assert_int_equal(sg_mirror_read(path, &v, &seq, NULL), SG_ENOENT);
	fixture_write(path, sg_bytes_of("nothing that verifies"));
	assert_int_equal(sg_mirror_read(path, &v, &seq, NULL), SG_EDAMAGED);
	free(path);
}

static void an_open_intent_is_in_the_mirror_with_every_before(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_intent intent = { 0 };
	struct sg_mirror_gist gist;
	struct sg_val *v = NULL;
	uint64_t seq = 0;
	char *path = path_in(f, "journal.mirror");

	fixture_lines(f, 2);
	fixture_apply(f, "M1", 3, 2000, &intent);
	assert_int_equal(sg_mirror_read(path, &v, &seq, &err), 0);
	sg_mirror_gist(v, &gist);
	assert_string_equal(gist.machine, "machine-1");
	assert_int_equal(gist.holds, 3);
	assert_int_equal(gist.audit_last, 2);
	const struct sg_val *before = sg_val_get(sg_val_get(v, "holds")->kid[0], "before");
	assert_int_equal(sg_val_get(before, "octets")->len, 2000);
	sg_val_free(v);
	sg_intent_release(&intent);
	free(path);
}

static void a_mirror_that_was_lost_is_made_again_at_the_next_start(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_intent intent = { 0 };
	struct sg_mirror_gist gist;
	struct sg_val *v = NULL;
	uint64_t seq = 0;
	char *path = path_in(f, "journal.mirror");

	fixture_apply(f, "M1", 3, 100, &intent);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f);
	assert_int_equal(sg_mirror_read(path, &v, &seq, &err), 0);
	sg_mirror_gist(v, &gist);
	assert_int_equal(gist.holds, 3);
	sg_val_free(v);
	sg_intent_release(&intent);
	free(path);
}

static void an_intent_that_the_mirror_cannot_hold_is_refused_and_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct sg_err err = SG_ERR_INIT;
	struct sg_intent intent = { .op = SG_OP_APPLY };
	struct sg_holds holds = { 0 };
	bool open = true;

	/* The slot has an eighth of the map; contents are random, so that nothing is stored once for two. */
	struct sg_rand rand = { 7 };
	for (int i = 0; i < 45; i++) {
		struct sg_hold *h = sg_holds_add(&holds);
		h->addr = (struct sg_addr){ SG_VALUE_ELEMENT, sg_strdup("C:\\x"), sg_format("/r[%d]", i) };
		h->before.present = true;
		for (int k = 0; k < 6000; k++)
			sg_buf_char(&h->before.octets, (char)('a' + sg_rand_below(&rand, 26)));
		sg_keys_add(&h->holders, "f", "M1");
	}
	struct sg_change change = { .holds_put = holds.at, .n_holds_put = holds.n };
	assert_int_equal(sg_journal_open_intent(f->j, &intent, &change, &f->now, &err), SG_ENOSPC);
	assert_non_null(strstr(err.msg, "a slot has"));
	assert_int_equal(intent.seq, 0);
	sg_holds_release(&holds);
	assert_int_equal(sg_journal_intent(sg_journal_reader(f->j), &intent, &open, NULL), 0);
	assert_false(open);
	assert_int_equal(sg_journal_holds(sg_journal_reader(f->j), &holds, NULL), 0);
	assert_int_equal(holds.n, 0);
	sg_holds_release(&holds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(the_newest_content_counts_and_opening_goes_on_from_it),
		T(a_torn_write_costs_one_generation_at_most),
		T(content_larger_than_a_slot_is_refused_before_anything_is_written),
		T(an_absent_and_a_damaged_mirror_are_told_apart),
		T(an_open_intent_is_in_the_mirror_with_every_before),
		T(a_mirror_that_was_lost_is_made_again_at_the_next_start),
		T(an_intent_that_the_mirror_cannot_hold_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
