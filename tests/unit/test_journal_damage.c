/* test_journal_damage.c - files that were cut, torn, mixed or damaged at random: named, or shown harmless, and nobody dies of them. */
#include "base/pack.h"
#include "journal/db.h"
#include "journal/pages.h"
#include "journal/reader.h"
#include "journal/shape.h"
#include "tests/lib/journal_found.h"

#include <sys/wait.h>
#include <unistd.h>

/* A record that is older than the head says, or newer, shows in the sum: LMDB alone notices nothing. */
static void pages_of_two_different_times_are_found(void **state)
{
	struct fixture *f = *state;
	char *path = sg_format("%s/journal.mdb", f->dir);
	struct sg_buf old = { 0 }, new = { 0 };
	struct sg_err err = SG_ERR_INIT;
	int differ = 0, silent = 0;

	fill(f);
	assert_int_equal(sg_os_read(path, SIZE_MAX, &old, NULL, &err), 0);
	fixture_close(f, "M2", SG_APPLIED);
	fixture_lines(f, 30);
	assert_int_equal(sg_os_read(path, SIZE_MAX, &new, NULL, &err), 0);
	sg_journal_close(f->j);
	f->j = NULL;
	/* A copy whose first half is old and whose second half is new, cut at every page: what a plain copy of a live file is. */
	for (size_t cut = 8192; cut < 60u * 4096; cut += 4096) {
		struct sg_buf mixed = { 0 };
		struct found found = { 0 };
		sg_buf_add(&mixed, old.data, cut);
		sg_buf_add(&mixed, new.data + cut, new.len - cut);
		fixture_write(path, sg_buf_bytes(&mixed));
		bool same = memcmp(mixed.data, old.data, old.len) == 0 ||
		            memcmp(mixed.data, new.data, new.len) == 0;
		if (!same) {
			differ++;
			silent += check(f, &found) == 0;
		}
		sg_buf_release(&mixed);
		sg_buf_release(&found.text);
	}
	print_message("%d torn copies, %d of them whole all the same\n", differ, silent);
	assert_true(differ > 10);
	assert_true(silent < differ);
	sg_buf_release(&old);
	sg_buf_release(&new);
	free(path);
}

/* Copies of a journal that another process writes all the time: each is whole, and none says less than the one before. */
static void copies_of_a_busy_journal_are_whole(void **state)
{
	struct fixture *f = *state;
	struct found found = { 0 };
	int copies = 0, busy = 0, status = 0;
	uint64_t last = 0;

	fill(f);
	sg_journal_close(f->j);
	f->j = NULL;
	pid_t child = fork();
	if (child == 0) {
		struct sg_err err = SG_ERR_INIT;
		if (sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err) != 0)
			_exit(1);
		for (int i = 0; i < 400; i++)
			fixture_lines(f, 1);
		sg_journal_close(f->j);
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct sg_journal_read *copy = NULL;
		struct sg_journal_meta meta = { 0 };
		struct sg_err err = SG_ERR_INIT;
		int rc = sg_journal_copy(f->dir, &copy, &err);
		if (rc == SG_EBUSY) {
			busy++;
			continue;
		}
		assert_int_equal(rc, 0);
		int n = sg_journal_check(copy, note, &found, &err);
		if (n)
			print_error("%s", (char *)found.text.data);
		assert_int_equal(n, 0);
		assert_int_equal(sg_journal_read_meta(copy, &meta, &err), 0);
		assert_true(meta.audit_last >= last);
		last = meta.audit_last;
		copies++;
		sg_journal_meta_release(&meta);
		sg_journal_copy_close(copy);
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	print_message("%d copies, %d times too busy; line %llu was the last seen\n", copies, busy,
	        (unsigned long long)last);
	assert_true(copies > 0 && last > 24);
	sg_buf_release(&found.text);
}

/* --- random damage */

static void absorb(struct sg_buf *all, struct sg_val *v)
{
	sg_pack(v, all);
	sg_val_free(v);
}

static int absorb_line(void *arg, const struct sg_audit *line)
{
	absorb(arg, sg_shape_audit(line));
	return 0;
}

/* Everything that a reader can be asked, as one hash; false when any answer is an error. */
static bool answers(struct sg_journal_read *r, struct sg_hash *ret)
{
	struct sg_buf all = { 0 };
	struct sg_rows rows = { 0 };
	struct sg_holds holds = { 0 };
	struct sg_blocks blocks = { 0 };
	struct sg_feed_rows feeds = { 0 };
	struct sg_intent intent = { 0 };
	struct sg_val *facts = NULL;
	bool open = false;
	int rc = sg_journal_rows(r, &rows, NULL);

	rc = rc ? rc : sg_journal_holds(r, &holds, NULL);
	rc = rc ? rc : sg_journal_blocks(r, &blocks, NULL);
	rc = rc ? rc : sg_journal_feeds(r, &feeds, NULL);
	rc = rc ? rc : sg_journal_intent(r, &intent, &open, NULL);
	rc = rc ? rc : sg_journal_facts(r, &facts, NULL);
	rc = rc ? rc : sg_journal_audits(r, 0, false, absorb_line, &all, NULL);
	for (size_t i = 0; i < rows.n; i++)
		absorb(&all, sg_shape_row(rows.at[i]));
	for (size_t i = 0; i < holds.n; i++)
		absorb(&all, sg_shape_hold(&holds.at[i]));
	for (size_t i = 0; i < blocks.n; i++)
		absorb(&all, sg_shape_block(&blocks.at[i]));
	for (size_t i = 0; i < feeds.n; i++)
		absorb(&all, sg_shape_feed(&feeds.at[i]));
	for (size_t i = 0; i < intent.moves.n; i++)
		absorb(&all, sg_shape_move(&intent.moves.at[i]));
	if (facts)
		absorb(&all, facts);
	if (open)
		absorb(&all, sg_shape_intent(&intent));
	*ret = sg_sha256(sg_buf_bytes(&all));
	sg_rows_release(&rows);
	sg_holds_release(&holds);
	sg_blocks_release(&blocks);
	sg_feed_rows_release(&feeds);
	sg_intent_release(&intent);
	sg_buf_release(&all);
	return rc == 0;
}

struct trial {
	char *path;
	struct sg_hash good;
};

/* In a child: LMDB itself reads what the check called whole, and gives the same answers. */
static int with_lmdb(void *arg)
{
	struct trial *t = arg;
	struct sg_journal_read r = { 0 };
	struct sg_hash have;

	if (sg_db_open(t->path, true, &r.db, NULL) != 0)
		return 1;
	bool read = answers(&r, &have);
	sg_db_close(r.db);
	return read && sg_hash_equal(&have, &t->good) ? 0 : 2;
}

static void damage(struct sg_buf *b, size_t used, struct sg_rand *rand)
{
	size_t at = (size_t)sg_rand_below(rand, (int64_t)used);
	size_t n = (size_t)sg_rand_below(rand, 8) + 1;

	switch (sg_rand_below(rand, 6)) {
	case 0: /* one bit */ b->data[at] ^= (unsigned char)(1u << sg_rand_below(rand, 8)); break;
	case 1: /* a sector that was lost */
		at &= ~(size_t)511;
		memset(b->data + at, 0, 512);
		break;
	case 2: { /* a page in another one's place */
		size_t from = (size_t)sg_rand_below(rand, (int64_t)(used / 4096)) * 4096;
		at &= ~(size_t)4095;
		memmove(b->data + at, b->data + from, 4096);
		break;
	}
	case 3: /* the heads of pages, where structure is */
		at = (at & ~(size_t)4095) + (size_t)sg_rand_below(rand, 64);
		b->data[at] = (unsigned char)sg_rand_next(rand);
		break;
	default: /* some bytes */
		for (size_t i = 0; i < n && at + i < used; i++)
			b->data[at + i] = (unsigned char)sg_rand_next(rand);
		break;
	}
}

static void random_damage_is_named_or_harmless(void **state)
{
	enum { TRIALS = 2000 };
	struct fixture *f = *state;
	struct sg_rand rand = { 20261121 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_journal_read *copy = NULL;
	struct sg_buf good = { 0 }, bad = { 0 };
	char *path = sg_format("%s/journal.mdb", f->dir), *other = sg_format("%s/other.mdb", f->dir);
	struct trial t = { other, { { 0 } } };
	int unreadable = 0, named = 0, harmless = 0, wrong = 0, refused = 0, opened = 0;

	fill(f);
	sg_journal_close(f->j);
	f->j = NULL;
	assert_int_equal(sg_journal_copy(path, &copy, &err), 0);
	size_t used = sg_pages_octets(copy->pages).len;
	assert_true(answers(copy, &t.good));
	sg_journal_copy_close(copy);
	assert_int_equal(sg_os_read(path, SIZE_MAX, &good, NULL, &err), 0);
	sg_buf_cut(&good, used, good.len - used);
	fixture_write(other, sg_buf_bytes(&good));
	assert_int_equal(sg_os_guarded(with_lmdb, &t, 20000, &err), 0);
	for (int i = 0; i < TRIALS; i++) {
		struct found found = { 0 };
		struct sg_hash have = { { 0 } };
		sg_buf_set(&bad, good.data, good.len);
		damage(&bad, used, &rand);
		fixture_write(other, sg_buf_bytes(&bad));
		sg_err_clear(&err);
		copy = NULL;
		int rc = sg_journal_copy(other, &copy, &err);
		if (rc != 0) {
			assert_int_equal(rc, SG_EDAMAGED);
			assert_true(err.msg[0] != 0);
			unreadable++;
		} else {
			int n = sg_journal_check(copy, note, &found, &err);
			bool read = answers(copy, &have), same = read && sg_hash_equal(&have, &t.good);
			assert_true(n >= 0);
			if (n > 0) {
				named++;
			} else if (same && sg_os_guarded(with_lmdb, &t, 20000, NULL) == 0) {
				harmless++;
			} else {
				wrong++;
				print_error("trial %d: no finding, and %s\n", i,
				        same ? "LMDB reads something else" : "other answers");
			}
		}
		/* And the service itself: it opens what is whole, refuses the rest, and lives. */
		if (i % 10 == 0) {
			struct sg_journal *j = NULL;
			fixture_write(path, sg_buf_bytes(&bad));
			sg_err_clear(&err);
			rc = sg_journal_open(f->dir, &f->options, &f->now, &j, &err);
			assert_true(rc == 0 || rc == SG_EDAMAGED || rc == SG_EVERSION);
			assert_true((rc == 0) == (copy && found.n == 0));
			refused += rc != 0;
			opened += rc == 0;
			sg_journal_close(j);
		}
		sg_journal_copy_close(copy);
		sg_buf_release(&found.text);
	}
	print_message("%d damages: %d unreadable, %d named, %d harmless, %d wrong; opened %d, refused %d\n",
	        (int)TRIALS, unreadable, named, harmless, wrong, opened, refused);
	assert_int_equal(wrong, 0);
	assert_true(named > TRIALS / 4);
	sg_buf_release(&good);
	sg_buf_release(&bad);
	free(path);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(pages_of_two_different_times_are_found),
		T(copies_of_a_busy_journal_are_whole),
		T(random_damage_is_named_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
