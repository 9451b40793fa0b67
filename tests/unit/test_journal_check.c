/* test_journal_check.c - the check finds each promise that was broken, and nothing when nothing is wrong. */
#include "journal/db.h"
#include "journal/mirror.h"
#include "journal/pages.h"
#include "journal/reader.h"
#include "journal/shape.h"
#include "journal/verify.h"
#include "journal/writer.h"
#include "tests/lib/journal_fixture.h"
#include "tests/lib/journal_found.h"

#include <unistd.h>

static void a_whole_journal_has_no_findings(void **state)
{
	struct fixture *f = *state;
	struct found found = { 0 };

	check(f, &found);
	assert_int_equal(found.n, 0);
	fill(f);
	check(f, &found);
	if (found.n)
		print_error("%s", (char *)found.text.data);
	assert_int_equal(found.n, 0);
	fixture_close(f, "M2", SG_APPLIED);
	fixture_reopen(f);
	assert_int_equal(check(f, &found), 0);
	sg_buf_release(&found.text);
}

/* Puts one record past the journal's own rules, as a hand or a mistake would. */
static void force(struct fixture *f, enum sg_table table, struct sg_bytes key, struct sg_val *v)
{
	char *path = sg_format("%s/journal.mdb", f->dir);
	struct sg_err err = SG_ERR_INIT;
	struct sg_db *db = NULL;
	struct sg_writer w;

	sg_journal_close(f->j);
	f->j = NULL;
	assert_int_equal(sg_db_open(path, false, &db, &err), 0);
	sg_writer_begin(&w, db, false, &err);
	if (v)
		sg_writer_put(&w, table, key, v);
	else
		sg_writer_del(&w, table, key);
	assert_int_equal(sg_writer_commit(&w, &f->now), 0);
	sg_db_close(db);
	sg_val_free(v);
	free(path);
}

static void assert_finds(struct fixture *f, const char *promise, const char *text)
{
	struct found found = { 0 };

	check(f, &found);
	if (!found.n || !strstr((char *)found.text.data, text) || !strstr((char *)found.text.data, promise))
		print_error("wanted %s %s, found:\n%s", promise, text,
		        found.n ? (char *)found.text.data : "nothing\n");
	assert_true(found.n > 0);
	assert_non_null(strstr((char *)found.text.data, text));
	assert_non_null(strstr((char *)found.text.data, promise));
	sg_buf_release(&found.text);
}

static void a_holder_that_is_not_in_the_journal_is_found(void **state) /* P1 */
{
	struct fixture *f = *state;
	struct sg_key key = { (char *)"f", (char *)"M1" };
	struct sg_buf k = { 0 };

	fill(f);
	sg_key_of_row(&key, &k);
	force(f, SG_T_ROWS, sg_buf_bytes(&k), NULL);
	assert_finds(f, "P1", "its holder M1 of feed f is not in the journal");
	sg_buf_release(&k);
}

static void a_move_without_a_hold_is_found(void **state) /* P1 */
{
	struct fixture *f = *state;
	struct sg_addr addr = { SG_VALUE_ELEMENT, (char *)"C:\\inetpub\\wwwroot\\web.config",
		(char *)"/configuration/rule[@name='M2 0']" };
	struct sg_buf k = { 0 };

	fill(f);
	sg_key_of_hold(&addr, &k);
	force(f, SG_T_HOLDS, sg_buf_bytes(&k), NULL);
	assert_finds(f, "P1", "no hold keeps the before");
	sg_buf_release(&k);
}

static void a_missing_move_is_found(void **state) /* P5 */
{
	struct fixture *f = *state;
	struct sg_buf k = { 0 };

	fill(f);
	sg_key_of_move(1, &k);
	force(f, SG_T_INTENT, sg_buf_bytes(&k), NULL);
	assert_finds(f, "P5", "intent/move/1 is missing");
	sg_buf_release(&k);
}

static void a_missing_audit_line_is_found(void **state) /* P4 */
{
	struct fixture *f = *state;
	unsigned char key[8];

	fill(f);
	sg_key_of_audit(5, key);
	force(f, SG_T_AUDIT, (struct sg_bytes){ key, 8 }, NULL);
	assert_finds(f, "P4 audit/6", "lines 5 to 5 are missing");
}

static void a_serial_below_an_accepted_one_is_found(void **state) /* P9 */
{
	struct fixture *f = *state;
	struct sg_feed_row feed = { .name = (char *)"f", .serial = 3 };
	struct sg_buf k = { 0 };

	fill(f);
	sg_key_of_name("f", &k);
	force(f, SG_T_FEEDS, sg_buf_bytes(&k), sg_shape_feed(&feed));
	assert_finds(f, "P9", "its serial is 3, and 7 was accepted");
	sg_buf_release(&k);
}

static void a_mirror_that_is_gone_bad_is_found(void **state)
{
	struct fixture *f = *state;
	char *path = sg_format("%s/journal.mirror", f->dir);
	struct sg_buf zeros = { 0 };

	fill(f);
	for (int i = 0; i < 20000; i++)
		sg_buf_char(&zeros, 0);
	fixture_write(path, sg_buf_bytes(&zeros));
	assert_finds(f, "mirror", "neither of its two slots verifies");
	sg_buf_release(&zeros);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(a_whole_journal_has_no_findings),
		T(a_holder_that_is_not_in_the_journal_is_found),
		T(a_move_without_a_hold_is_found),
		T(a_missing_move_is_found),
		T(a_missing_audit_line_is_found),
		T(a_serial_below_an_accepted_one_is_found),
		T(a_mirror_that_is_gone_bad_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
