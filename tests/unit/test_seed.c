/* test_seed.c - the first configuration of a server: what goes where, what is refused, and that a refusal leaves nothing. */
#include "base/os.h"
#include "base/text.h"
#include "base/xml.h"
#include "daemon/seed.h"
#include "tests/lib/drive.h"
#include "tests/lib/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ONE                                                                                                  \
	"<?xml version=\"1.0\"?>\n<!-- a > b --><stopgap xmlns=\"urn:stopgap:config:1\" mode=\"ask\">\n"     \
	"  <trust><anchor name=\"a\" file=\"anchors/a.pem\"/></trust>\n</stopgap>\n"

struct stage {
	char *drive, *seed, *anchor, *target, *place;
	struct sg_buf pem;
	struct sg_seeding s;
	struct sg_err err;
};

static int set_up(void **state)
{
	struct stage *st = sg_alloc(sizeof *st);
	struct pki pki = { 0 };

	sg_xml_init();
	st->drive = t_drive_empty();
	st->seed = t_drive_native(st->drive, "C:\\from\\seed.xml");
	st->anchor = t_drive_native(st->drive, "C:\\from\\a.pem");
	st->target = t_drive_native(st->drive, "C:\\data\\stopgap.xml");
	st->place = t_drive_native(st->drive, "C:\\data\\anchors\\a.pem");
	pki_chain(&pki, 1795000000000LL);
	pki_cert_pem(&pki.root, &st->pem);
	pki_release(&pki);
	t_drive_write(st->drive, "C:\\from\\a.pem", sg_buf_bytes(&st->pem));
	*state = st;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *st = *state;

	sg_seeding_release(&st->s);
	sg_buf_release(&st->pem);
	t_drive_free(st->drive);
	free(st->seed);
	free(st->anchor);
	free(st->target);
	free(st->place);
	free(st);
	return 0;
}

/* As an installation does it. */
static int plant(struct stage *st, const char *text, const char *anchor, const char *mode)
{
	const struct sg_seed seed = { .config = text ? st->seed : NULL, .anchor = anchor, .mode = mode };
	int r;

	sg_seeding_release(&st->s);
	sg_err_clear(&st->err);
	if (text)
		t_drive_write(st->drive, "C:\\from\\seed.xml", sg_bytes_of(text));
	r = sg_seed_read(&seed, st->target, &st->s, &st->err);
	return r < 0 ? r : sg_seed_write(&st->s, &st->err);
}

static bool is_there(const char *path)
{
	struct sg_file_id id;

	return sg_os_stat(path, &id, NULL) == 0;
}

static void expect_text(const char *path, const char *text)
{
	struct sg_buf octets = { 0 };

	assert_int_equal(sg_os_read(path, 1 << 20, &octets, NULL, NULL), 0);
	assert_string_equal((char *)octets.data, text);
	sg_buf_release(&octets);
}

/* Each of them was told, and left nothing. */
static void expect_refusal(
        struct stage *st, const char *text, const char *anchor, const char *mode, const char *says)
{
	int r = plant(st, text, anchor, mode);

	if (r >= 0 || !strstr(st->err.msg, says))
		fail_msg("%d \"%s\" does not say \"%s\"", r, st->err.msg, says);
	assert_false(is_there(st->target));
	assert_false(is_there(st->place));
}

static void a_seed_is_copied_octet_by_octet_with_its_certificate(void **state)
{
	struct stage *st = *state;

	assert_int_equal(plant(st, ONE, st->anchor, NULL), 0);
	expect_text(st->target, ONE);
	expect_text(st->place, (char *)st->pem.data);
}

static void nothing_asked_for_is_nothing_done(void **state)
{
	struct stage *st = *state;

	assert_int_equal(plant(st, NULL, "", ""), 0);
	assert_null(st->s.target);
	assert_false(is_there(st->target));
}

static void a_configuration_that_is_there_stays_whatever_the_seed_is(void **state)
{
	struct stage *st = *state;

	t_drive_write(st->drive, "C:\\data\\stopgap.xml", sg_bytes_of("mine"));
	assert_int_equal(plant(st, "<wrong", st->anchor, "nonsense"), 0);
	assert_null(st->s.target);
	expect_text(st->target, "mine");
	assert_false(is_there(st->place));
}

static void the_mode_is_all_that_changes(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "<stopgap xmlns='urn:stopgap:config:1'/>",
		        "<stopgap mode=\"observe\" xmlns='urn:stopgap:config:1'/>" },
		{ "<stopgap xmlns='urn:stopgap:config:1' mode = 'ask' ></stopgap>",
		        "<stopgap xmlns='urn:stopgap:config:1' mode = 'observe' ></stopgap>" },
		{ "<s:stopgap\n mode=\"enforce\"\n xmlns:s=\"urn:stopgap:config:1\"/>",
		        "<s:stopgap\n mode=\"observe\"\n xmlns:s=\"urn:stopgap:config:1\"/>" },
		{ "<!-- <stopgap mode=\"ask\"> -->\n<stopgap "
		  "xmlns=\"urn:stopgap:config:1\">\n</stopgap>",
		        "<!-- <stopgap mode=\"ask\"> -->\n<stopgap mode=\"observe\" "
		        "xmlns=\"urn:stopgap:config:1\">\n</stopgap>" },
		{ "\xEF\xBB\xBF<stopgap xmlns=\"urn:stopgap:config:1\" mode=\"ask\"/>\r\n",
		        "\xEF\xBB\xBF<stopgap xmlns=\"urn:stopgap:config:1\" mode=\"observe\"/>\r\n" },
	};
	struct stage *st = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (plant(st, rows[i].before, NULL, "observe"))
			fail_msg("row %zu: %s", i, st->err.msg);
		expect_text(st->target, rows[i].after);
		sg_seed_undo(&st->s);
		assert_false(is_there(st->target));
	}
}

static void what_is_wrong_is_named_and_nothing_is_left(void **state)
{
	struct stage *st = *state;
	char *none = t_drive_native(st->drive, "C:\\from\\none.pem");

	expect_refusal(st, "<stopgap xmlns=\"urn:stopgap:config:1\">\n<stopgup/></stopgap>", NULL, NULL,
	        "seed.xml:2: ");
	expect_refusal(st, ONE, st->anchor, "sometimes", "enforce");
	expect_refusal(st, ONE, st->anchor, "\" x=\"", "enforce");
	expect_refusal(st, ONE, NULL, NULL, "a.pem"); /* it names a certificate that is not there */
	expect_refusal(st, ONE, none, NULL, "none.pem");
	expect_refusal(st, NULL, st->anchor, NULL, "name that, too");
	expect_refusal(st, NULL, NULL, "ask", "name that, too");
	t_drive_write(st->drive, "C:\\from\\a.pem", sg_bytes_of("no certificate"));
	expect_refusal(st, ONE, st->anchor, NULL, "is no certificate");
	free(none);
}

static void a_certificate_goes_where_the_configuration_has_it_and_nowhere_else(void **state)
{
	struct stage *st = *state;
	char *outside = sg_format("<stopgap xmlns=\"urn:stopgap:config:1\"><trust><anchor name=\"a\" "
	                          "file=\"%s\"/></trust></stopgap>",
	        st->seed);

	expect_refusal(st, outside, st->anchor, NULL, "is not below");
	expect_refusal(st,
	        "<stopgap xmlns=\"urn:stopgap:config:1\"><trust><anchor name=\"a\" "
	        "file=\"../a.pem\"/></trust></stopgap>",
	        st->anchor, NULL, "is not below");
	expect_refusal(st,
	        "<stopgap xmlns=\"urn:stopgap:config:1\"><trust><anchor name=\"a\" file=\"x.pem\"/>"
	        "<anchor name=\"b\" file=\"y.pem\"/></trust></stopgap>",
	        st->anchor, NULL, "names 2 anchors");
	free(outside);
}

static void another_certificate_in_its_place_is_not_replaced(void **state)
{
	struct stage *st = *state;

	t_drive_write(st->drive, "C:\\data\\anchors\\a.pem", sg_bytes_of("theirs"));
	assert_true(plant(st, ONE, st->anchor, NULL) < 0);
	assert_non_null(strstr(st->err.msg, "is there already"));
	expect_text(st->place, "theirs");
	assert_false(is_there(st->target));

	t_drive_write(st->drive, "C:\\data\\anchors\\a.pem", sg_buf_bytes(&st->pem));
	assert_int_equal(plant(st, ONE, st->anchor, NULL), 0);
	sg_seed_undo(&st->s);
	assert_false(is_there(st->target));
	assert_true(is_there(st->place)); /* it was there before */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        a_seed_is_copied_octet_by_octet_with_its_certificate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_asked_for_is_nothing_done, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_configuration_that_is_there_stays_whatever_the_seed_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_mode_is_all_that_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        what_is_wrong_is_named_and_nothing_is_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_certificate_goes_where_the_configuration_has_it_and_nowhere_else, set_up,
		        tear_down),
		cmocka_unit_test_setup_teardown(
		        another_certificate_in_its_place_is_not_replaced, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
