/* A feed on copies of servers: what would happen, and that nothing of the given folder is touched. And the copies: tar, masking, collecting. */
#include "base/os.h"
#include "base/tar.h"
#include "base/xml.h"
#include "engine/collect.h"
#include "engine/try.h"
#include "tests/lib/drive.h"
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct stage {
	char *drive, *scratch;
	struct sg_drives drives;
	struct t_snapshot *before;
	struct sg_feed feed;
	struct sg_mitigation *m;
};

static int set_up(void **state)
{
	struct stage *s = sg_alloc(sizeof(*s));

	s->drive = t_drive_make();
	s->scratch = t_drive_empty();
	t_drive_drives(s->drive, &s->drives);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	sg_drives_release(&s->drives);
	t_snapshot_free(s->before);
	t_drive_free(s->drive);
	t_drive_free(s->scratch);
	sg_mitigation_free(s->m);
	free(s);
	return 0;
}

static void offer(struct stage *s, const char *config)
{
	static char name[] = "corp";
	struct sg_err err = SG_ERR_INIT;
	xmlDoc *doc = NULL;
	struct sg_buf octets = { 0 };
	char *whole = sg_format("<r xmlns:sg=\"" SG_FEED_NS "\">%s</r>", config);

	if (sg_xml_parse(sg_bytes_of(whole), "x", &sg_xml_feed_limits, &doc, &err) ||
	        sg_xml_octets(sg_xml_first(xmlDocGetRootElement(doc)), &octets, &err) ||
	        sg_mitigation_decode(name, sg_buf_bytes(&octets), &s->m, &err))
		fail_msg("%s", err.msg);
	s->feed = (struct sg_feed){ .name = name, .serial = 1, .at = &s->m, .n = 1 };
	sg_buf_release(&octets);
	xmlFreeDoc(doc);
	free(whole);
}

static void offer_rule(struct stage *s, const char *extra)
{
	char *config = lab_config("CORP-1", "1", "/", "yes", "cmd=run", extra);

	offer(s, config);
	free(config);
}

static void run(struct stage *s, struct sg_try *ret)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_strs names = { 0 };

	s->before = t_drive_snapshot(s->drive);
	if (sg_try(&s->drives, &s->feed, s->scratch, ret, &err))
		fail_msg("%s", err.msg);
	assert_true(t_drive_same(s->drive, s->before));
	assert_int_equal(sg_os_list(s->scratch, &names, NULL), 0);
	assert_int_equal(names.n, 0); /* the copy is gone */
	sg_strs_release(&names);
}

static void expect(struct stage *s, enum sg_try_outcome outcome, const char *words)
{
	struct sg_try t = { 0 };

	run(s, &t);
	assert_null(t.broken);
	assert_int_equal(t.n, 1);
	if (t.outcome != outcome || t.at[0].outcome != outcome || !strstr(t.at[0].text, words))
		fail_msg("outcome %d: %s", (int)t.at[0].outcome, t.at[0].text);
	sg_try_release(&t);
}

#define TESTS "<sg:Test><sg:Refuse uri=\"/owa/?cmd=run\"/><sg:Serve uri=\"/owa/\"/></sg:Test>"

static void what_goes_in_and_comes_out_whole_would_apply(void **state)
{
	offer_rule(*state, TESTS);
	expect(*state, SG_TRY_APPLIED, "its tests hold");
}

static void what_the_server_does_not_need_is_said_with_its_proof(void **state)
{
	offer_rule(*state, "<sg:Applicability><sg:Product name=\"Exchange\"><sg:Affected from=\"14.0\" "
	                   "below=\"15.0\"/></sg:Product>"
	                   "</sg:Applicability>" TESTS);
	expect(*state, SG_TRY_NOT_NEEDED, "outside the affected builds");
}

static void a_server_without_url_rewrite_is_refused_with_its_reason(void **state)
{
	struct stage *s = *state;

	t_drive_remove(s->drive, T_SCHEMA);
	offer_rule(s, TESTS);
	expect(s, SG_TRY_REFUSED, "URL Rewrite is not installed");
}

static void a_rule_that_refuses_nothing_is_refused(void **state)
{
	offer_rule(*state, "<sg:Test><sg:Refuse uri=\"/owa/?other=1\"/></sg:Test>");
	expect(*state, SG_TRY_REFUSED, "without effect");
}

static void the_condition_on_a_file_is_asked_of_the_copy(void **state)
{
	struct stage *s = *state;
	struct sg_buf pe = { 0 };

	t_pe(4, 2, 0, 0, &pe);
	t_drive_write(s->drive, T_V15 "\\Bin\\Portal.dll", sg_buf_bytes(&pe));
	sg_buf_release(&pe);
	offer_rule(s, "<sg:Applicability><sg:Product name=\"Exchange\"/><sg:File "
	              "path=\"{app}\\Bin\\Portal.dll\" below=\"4.3\"/>"
	              "</sg:Applicability>" TESTS);
	expect(s, SG_TRY_APPLIED, "");
}

static void a_service_is_tried_on_a_copy_of_the_hive(void **state)
{
	offer(*state, "<Config id=\"CORP-2\"><ActionList><Action type=\"Service\" "
	              "scope=\"Server\"><sg:Service name=\"MSExchangeTransport\" "
	              "start=\"Disabled\" run=\"Stopped\"/></Action></ActionList></Config>");
	expect(*state, SG_TRY_APPLIED, "");
}

static void a_drive_without_iis_needs_no_rule(void **state)
{
	struct stage *s = *state;
	struct sg_try t = { 0 };

	t_drive_remove(s->drive, T_APPHOST);
	offer_rule(s, TESTS);
	run(s, &t);
	assert_int_not_equal(t.outcome, SG_TRY_APPLIED);
	sg_try_release(&t);
}

/* --- copies */

static void collect(struct stage *s, bool hives, struct sg_buf *tar, struct sg_collected *about)
{
	struct sg_strs with = { 0 };
	struct sg_err err = SG_ERR_INIT;

	if (sg_collect(&s->drives, hives, &with, 0, tar, about, &err))
		fail_msg("%s", err.msg);
}

static void a_collected_copy_answers_as_the_drive_does(void **state)
{
	struct stage *s = *state;
	struct sg_collected about = { 0 };
	struct sg_drives copy = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf tar = { 0 };
	struct sg_try t = { 0 };
	char *folder = sg_format("%s/unpacked", s->scratch);

	collect(s, true, &tar, &about);
	assert_true(about.files >= 8);
	assert_true(about.exchange);
	assert_int_equal(sg_os_mkdirs(folder, &err), 0);
	assert_int_equal(sg_try_unpack(sg_buf_bytes(&tar), folder, &copy, &err), 0);
	offer_rule(s, "<sg:Applicability><sg:Product name=\"Exchange\"><sg:Affected from=\"15.2\" "
	              "below=\"15.3\"/></sg:Product>"
	              "</sg:Applicability>" TESTS);
	assert_int_equal(sg_try(&copy, &s->feed, s->scratch, &t, &err), 0);
	assert_int_equal(t.outcome, SG_TRY_APPLIED);
	assert_non_null(strstr(t.build, "15.2.986.29"));
	sg_try_release(&t);
	sg_drives_release(&copy);
	sg_collected_release(&about);
	sg_buf_release(&tar);
	free(folder);
}

static void a_drive_with_nothing_to_take_is_a_drive_still(void **state)
{
	struct stage *s = *state;
	char *bare = sg_format("%s/bare", s->scratch), *folder = sg_format("%s/unpacked", s->scratch),
	     *arg = sg_format("C=%s", bare);
	struct sg_drives drives = { 0 }, copy = { 0 };
	struct sg_collected about = { 0 };
	struct sg_strs with = { 0 };
	struct sg_buf tar = { 0 };

	assert_int_equal(sg_os_mkdirs(bare, NULL), 0);
	assert_int_equal(sg_os_mkdirs(folder, NULL), 0);
	assert_int_equal(sg_drives_add(&drives, arg, NULL), 0);
	assert_int_equal(sg_collect(&drives, true, &with, 0, &tar, &about, NULL), 0);
	assert_int_equal(about.files, 0);
	assert_true(about.notes.n > 0);
	assert_int_equal(sg_try_unpack(sg_buf_bytes(&tar), folder, &copy, NULL), 0);
	sg_drives_release(&drives);
	sg_drives_release(&copy);
	sg_collected_release(&about);
	sg_buf_release(&tar);
	free(bare);
	free(folder);
	free(arg);
}

static void hives_stay_unless_they_are_asked_for(void **state)
{
	struct stage *s = *state;
	struct sg_collected about = { 0 };
	struct sg_tar_entry e;
	struct sg_buf tar = { 0 };
	size_t at = 0;
	int r;

	collect(s, false, &tar, &about);
	assert_int_equal(about.left_out, 2);
	while ((r = sg_tar_next(sg_buf_bytes(&tar), &at, &e, NULL)) > 0)
		assert_null(strstr(e.name, "config/SYSTEM"));
	assert_int_equal(r, 0);
	sg_collected_release(&about);
	sg_buf_release(&tar);
}

static void secrets_are_masked_at_equal_length(void **state)
{
	static const struct {
		const char *from, *to;
		size_t n;
	} c[] = {
		{ "<add name=\"a\" connectionString=\"Server=x;Password=y\"/>",
		        "<add name=\"a\" connectionString=\"~~~~~~~~~~~~~~~~~~~\"/>", 1 },
		{ "<processModel userName=\"u\" password='geheim'/>",
		        "<processModel userName=\"u\" password='~~~~~~'/>", 1 },
		{ "<machineKey validationKey=\"AB12\" decryptionKey = \"CD\"/>",
		        "<machineKey validationKey=\"~~~~\" decryptionKey = \"~~\"/>", 2 },
		{ "<a v=\"[enc:AesProvider:zz==:enc]\"/>", "<a v=\"~~~~~~~~~~~~~~~~~~~~~~~~~~\"/>", 1 },
		{ "<add key=\"ApiKey\" value=\"q1\"/>", "<add key=\"ApiKey\" value=\"~~\"/>", 1 },
		{ "<add value=\"q1\" key=\"SmtpPassword\"/><add key=\"b\" value=\"q2\"/>",
		        "<add value=\"~~\" key=\"SmtpPassword\"/><add key=\"b\" value=\"q2\"/>", 1 },
		{ "<!-- <x password=\"old\"/> -->", "<!-- <x password=\"~~~\"/> -->", 1 },
		{ "<add key=\"u\" value=\"https://a:b@c/\"/>", "<add key=\"u\" value=\"~~~~~~~~~~~~~~\"/>",
		        1 },
		{ "<CipherValue>AAAA</CipherValue>", "<CipherValue>~~~~</CipherValue>", 1 },
		{ "<rule name=\"x\" enabled=\"true\"/><add key=\"a\" value=\"b\"/>",
		        "<rule name=\"x\" enabled=\"true\"/><add key=\"a\" value=\"b\"/>", 0 },
		{ "<a password=\"\"/>", "<a password=\"\"/>", 0 },
		{ "<a password=\"open", "<a password=\"open", 0 },
		{ "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(*c); i++) {
		struct sg_buf b = { 0 };

		sg_buf_str(&b, c[i].from);
		char *to = sg_strdup(c[i].to);

		for (char *p = to; *p; p++) /* ~ is what is masked */
			*p = *p == '~' ? 'x' : *p;
		assert_int_equal(sg_mask(&b), c[i].n);
		assert_int_equal(b.len, strlen(c[i].from));
		if (b.len)
			assert_string_equal((const char *)b.data, to);
		free(to);
		sg_buf_release(&b);
	}
}

static void an_archive_is_what_tar_reads_and_damage_is_refused(void **state)
{
	struct sg_tar_entry e;
	struct sg_buf tar = { 0 }, deep = { 0 };
	struct sg_err err = SG_ERR_INIT;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 14; i++)
		sg_buf_str(&deep, "a folder/0123456/");
	sg_buf_str(&deep, "web.config");
	assert_int_equal(sg_tar_add_folder(&tar, "C/x", 0, &err), 0);
	assert_int_equal(sg_tar_add_file(&tar, "C/x/y", sg_bytes_of("hello"), 1000, &err), 0);
	assert_int_equal(sg_tar_add_file(&tar, (const char *)deep.data, sg_bytes_of(""), 0, &err), 0);
	sg_buf_str(&deep, "0123456789012345678901234567890123456789");
	assert_int_equal(sg_tar_add_file(&tar, (const char *)deep.data, sg_bytes_of(""), 0, NULL), SG_ELIMIT);
	sg_tar_end(&tar);
	assert_int_equal(sg_tar_next(sg_buf_bytes(&tar), &at, &e, &err), 1);
	assert_true(e.folder);
	assert_string_equal(e.name, "C/x");
	assert_int_equal(sg_tar_next(sg_buf_bytes(&tar), &at, &e, &err), 1);
	assert_true(sg_bytes_is(e.octets, "hello"));
	assert_int_equal(sg_tar_next(sg_buf_bytes(&tar), &at, &e, &err), 1);
	assert_int_equal(strlen(e.name), deep.len - 40);
	assert_int_equal(sg_tar_next(sg_buf_bytes(&tar), &at, &e, &err), 0);
	/* every octet of a header counts, and no name leads out */
	for (size_t i = 0; i < 512; i += 3) {
		at = 0;
		tar.data[i] ^= 1;
		assert_true(sg_tar_next(sg_buf_bytes(&tar), &at, &e, NULL) < 0);
		tar.data[i] ^= 1;
	}
	for (size_t len = 0; len < 512; len += 7) {
		at = 0;
		assert_int_equal(sg_tar_next((struct sg_bytes){ tar.data, len }, &at, &e, NULL), SG_EPARSE);
	}
	sg_buf_clear(&tar);
	assert_int_equal(sg_tar_add_file(&tar, "C/../../etc/x", sg_bytes_of("a"), 0, &err), 0);
	at = 0;
	assert_int_equal(sg_tar_next(sg_buf_bytes(&tar), &at, &e, NULL), SG_EUNSUPPORTED);
	sg_buf_release(&tar);
	sg_buf_release(&deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        what_goes_in_and_comes_out_whole_would_apply, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        what_the_server_does_not_need_is_said_with_its_proof, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_server_without_url_rewrite_is_refused_with_its_reason, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_rule_that_refuses_nothing_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        the_condition_on_a_file_is_asked_of_the_copy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_service_is_tried_on_a_copy_of_the_hive, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_drive_without_iis_needs_no_rule, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_collected_copy_answers_as_the_drive_does, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_drive_with_nothing_to_take_is_a_drive_still, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hives_stay_unless_they_are_asked_for, set_up, tear_down),
		cmocka_unit_test(secrets_are_masked_at_equal_length),
		cmocka_unit_test(an_archive_is_what_tar_reads_and_damage_is_refused),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
