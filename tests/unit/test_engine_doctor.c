/* test_engine_doctor.c - the doctor names what is wrong and what to do, and leaves everything as it was. */
#include "tests/lib/engine_lab.h"
#include "tests/lib/hive_file.h"

#include "base/text.h"
#include "model/codes.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Each name of a check is one that schemas/control.md has in the paragraph on the doctor. */
static void is_documented(const struct sg_val *reply)
{
	const struct sg_val *list = sg_val_get(reply, "checks");
	struct sg_buf page = { 0 };
	char *from, *to;

	assert_int_equal(sg_os_read(SG_SOURCE_DIR "/schemas/control.md", 1 << 20, &page, NULL, NULL), 0);
	from = strstr((char *)page.data, "\n- `stopgap.doctor.v1`");
	assert_non_null(from);
	to = strstr(from + 1, "\n- `");
	assert_non_null(to);
	*to = 0;
	for (size_t i = 0; i < list->n; i++) {
		char *name = sg_format("`%s`", sg_val_get_str(list->kid[i], "check", ""));

		if (!strstr(from, name))
			fail_msg("schemas/control.md does not list the check %s", name);
		free(name);
	}
	sg_buf_release(&page);
}

static struct sg_val *ask(struct lab *lab)
{
	struct sg_val *reply = NULL;

	assert_int_equal(lab_ask(lab, &reply, "doctor", NULL), 0);
	assert_string_equal(sg_val_get_str(reply, "schema", ""), "stopgap.doctor.v1");
	is_documented(reply);
	return reply;
}

/* The first check of that name whose text has `says`. */
static const struct sg_val *find(const struct sg_val *reply, const char *name, const char *says)
{
	const struct sg_val *list = sg_val_get(reply, "checks");

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(sg_val_get_str(list->kid[i], "check", ""), name) == 0 &&
		        strstr(sg_val_get_str(list->kid[i], "text", ""), says))
			return list->kid[i];
	}
	fail_msg("no check %s says '%s'", name, says);
	return NULL;
}

static size_t checks(const struct sg_val *reply, const char *name)
{
	const struct sg_val *list = sg_val_get(reply, "checks");
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += strcmp(sg_val_get_str(list->kid[i], "check", ""), name) == 0;
	return n;
}

static void is(const struct sg_val *reply, const char *name, const char *says, const char *status)
{
	const struct sg_val *c = find(reply, name, says);

	assert_string_equal(sg_val_get_str(c, "status", ""), status);
	if (strcmp(status, "fail") == 0)
		assert_true(strlen(sg_val_get_str(c, "cure", "")) > 0);
}

static void all_is_well_on_a_server_with_a_fresh_feed(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_offer(lab, "local", 1, "");
	lab_run(lab);
	reply = ask(lab);
	is(reply, "drive", "C: is", "ok");
	is(reply, "iis", "applicationHost.config reads", "ok");
	is(reply, "url-rewrite", "section, module and schema", "ok");
	is(reply, "product", "15.2.986.29", "ok");
	is(reply, "services", "can be read", "ok");
	is(reply, "setup", "no Setup", "ok");
	is(reply, "restart", "no restart", "ok");
	is(reply, "em", "disabled", "ok");
	is(reply, "configuration", "is in force", "ok");
	is(reply, "feed", "corp: serial 1", "ok");
	is(reply, "journal", "bytes in use", "ok");
	is(reply, "folder", "C:\\inetpub\\wwwroot", "ok");
	is(reply, "space", "drive C: ", "ok");
	is(reply, "space", "the journal's volume", "ok");
	is(reply, "reserve", "space is kept", "ok");
	is(reply, "clock", "it says 2026-11-18", "ok");
	is(reply, "applicability", "needed here: 1 (M1); not needed: 0; cannot be told: 0", "ok");
	is(reply, "prerequisite", "is there and not locked", "ok");
	assert_int_equal(sg_val_get_int(reply, "fail", -1), 0);
	sg_val_free(reply);
}

static void it_leaves_everything_as_it_was(void **state)
{
	struct lab *lab = *state;
	struct t_snapshot *before;
	struct sg_val *reply;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	before = t_drive_snapshot(lab->drive);
	reply = ask(lab);
	assert_true(t_drive_same(lab->drive, before));
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	t_snapshot_free(before);
	sg_val_free(reply);
}

static void what_is_wrong_fails_with_a_cure(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = ask(lab);

	is(reply, "configuration", "none is in force", "fail");
	is(reply, "feed", "no feed is configured", "fail");
	assert_true(sg_val_get_int(reply, "fail", 0) >= 2);
	sg_val_free(reply);
	lab_configure(lab, NULL, NULL);
	t_drive_remove(lab->drive, T_SCHEMA);
	t_make_dirty(lab->drive, T_SYSTEM);
	reply = ask(lab);
	is(reply, "url-rewrite", "rewrite_schema.xml", "fail");
	is(reply, "services", "", "fail");
	is(reply, "feed", "corp has not been fetched", "unknown");
	sg_val_free(reply);
	t_drive_remove(lab->drive, T_APPHOST);
	reply = ask(lab);
	is(reply, "iis", "", "fail");
	sg_val_free(reply);
}

static void a_stale_feed_fails(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	lab->now += 40 * 24 * 3600 * 1000LL;
	reply = ask(lab);
	is(reply, "feed", "corp has not verified for", "fail");
	sg_val_free(reply);
}

static void a_folder_that_cannot_be_written_fails(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	t_drive_remove(lab->drive, T_WWWROOT);
	{
		char *native = t_drive_native(lab->drive, "C:\\inetpub\\wwwroot"),
		     *aside = sg_format("%s-x", native);

		assert_int_equal(rename(native, aside), 0);
		reply = ask(lab);
		is(reply, "folder", "wwwroot", "fail");
		assert_int_equal(rename(aside, native), 0);
		free(aside);
		free(native);
	}
	sg_val_free(reply);
}

/* What waits for a person, and a web.config that somebody broke, are what keeps a server from being protected. */
static void what_is_exposed_and_what_cannot_be_read_fails(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply;

	lab_configure(lab, "ask", NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	reply = ask(lab);
	is(reply, "mitigation", "M1 is needed here and not in force: waits for approval", "fail");
	sg_val_free(reply);
	lab_do(lab, "apply", "id", "M1", "reason", "x", NULL);
	lab_run(lab);
	reply = ask(lab);
	assert_int_equal(sg_val_get_int(reply, "fail", -1), 0);
	sg_val_free(reply);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", "");
	reply = ask(lab);
	is(reply, "file", "wwwroot\\web.config: line ", "fail");
	sg_val_free(reply);
}

static void nothing_is_tried_while_a_pause_is_on(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	lab_do(lab, "pause", NULL);
	reply = ask(lab);
	is(reply, "folder", "not tried", "unknown");
	sg_val_free(reply);
}

static void em_beside_what_is_kept_out_is_a_warning(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply;

	t_set_start(lab->drive, "MSExchangeMitigation", 2);
	lab_configure(lab, NULL, NULL);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>",
	        "<system.webServer><rewrite><rules><rule name=\"EEMS M1.1 PowerShell - inbound\" "
	        "stopProcessing=\"true\"><match url=\".*\" /><conditions><add "
	        "input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"" LAB_ATTACK
	        "\" /></conditions><action type=\"AbortRequest\" "
	        "/></rule></rules></rewrite></system.webServer></configuration>");
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	reply = ask(lab);
	is(reply, "em", "enabled; 1 rule of it does", "ok");
	is(reply, "neighbour", "EEMS M1.1", "ok");
	sg_val_free(reply);
	lab_do(lab, "block", "id", "M1", NULL);
	reply = ask(lab);
	is(reply, "neighbour", "M1 is kept out here, and EM's rule does the same", "warn");
	sg_val_free(reply);
}

static void what_cannot_be_told_and_what_is_not_needed_is_counted(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply;
	char *nowhere = lab_config("N2", "1", "/no-such-folder", "no", LAB_ATTACK, NULL),
	     *both = sg_format("<Config id=\"N1\" desc=\"no\"><ActionList><Action type=\"FromTheFuture\" "
	                       "scope=\"Server\" desc=\"x\"/></ActionList></Config>%s",
	             nowhere);

	lab_configure(lab, NULL, NULL);
	lab_offer(lab, "corp", 1, both);
	lab_run(lab);
	reply = ask(lab);
	is(reply, "applicability", "N1: whether it is needed here cannot be told: ", "unknown");
	is(reply, "applicability", "FromTheFuture", "unknown");
	is(reply, "applicability", "needed here: 0; not needed: 1; cannot be told: 1", "ok");
	is(reply, "prerequisite", "FromTheFuture", "fail");
	sg_val_free(reply);
	free(nowhere);
	free(both);
}

static void a_locked_section_and_a_missing_module_fail_as_prerequisites(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply;

	lab_configure(lab, "observe", NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	t_drive_replace(lab->drive, T_APPHOST, "<section name=\"rules\" overrideModeDefault=\"Allow\" />",
	        "<section name=\"rules\" overrideModeDefault=\"Deny\" />");
	lab_run(lab);
	reply = ask(lab);
	is(reply, "prerequisite", "locked", "fail");
	assert_non_null(strstr(sg_val_get_str(find(reply, "prerequisite", "M1: "), "cure", ""), "unlock"));
	sg_val_free(reply);
	t_drive_remove(lab->drive, T_SCHEMA);
	reply = ask(lab);
	is(reply, "prerequisite", "M1: ", "fail");
	sg_val_free(reply);
}

static void a_reserve_that_is_used_up_and_a_clock_set_back_are_warnings(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply;
	char *reserve;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	reserve = sg_format("%s/reserve", lab->journal);
	assert_int_equal(remove(reserve), 0);
	lab->now -= 3600 * 1000;
	reply = ask(lab);
	is(reply, "reserve", "is not there", "warn");
	is(reply, "clock", "it was set back", "warn");
	sg_val_free(reply);
	free(reserve);
}

/* A warning comes before the failure, and the failure before a write that does not fit. */
static void a_journal_that_fills_up_warns_and_then_fails(void **state)
{
	enum { BODIES = 5, LONG = 900, DOCUMENTS = 160 };
	struct lab *lab = *state;
	char desc[LONG + 1], seen[64] = "";

	memset(desc, 'a', LONG);
	desc[LONG] = 0;
	lab_configure(lab, NULL, NULL);
	for (int i = 1; i <= DOCUMENTS && !strstr(seen, "fail"); i++) { /* 4 MiB are there */
		struct sg_buf configs = { 0 };
		struct sg_val *reply;
		const char *status;

		for (int k = 0; k < BODIES; k++)
			sg_buf_fmt(&configs,
			        "<Config id=\"B%d-%d\" desc=\"%s\"><ActionList><Action type=\"DoNothing\" "
			        "scope=\"Server\" "
			        "desc=\"x\"><Value>DoNothing</Value></Action></ActionList></Config>",
			        i, k, desc);
		lab_offer(lab, "corp", (uint64_t)i, (const char *)configs.data);
		sg_buf_release(&configs);
		reply = ask(lab);
		status = sg_val_get_str(find(reply, "journal", "bytes in use"), "status", "");
		if (!strstr(seen, status))
			strcat(strcat(seen, status), " ");
		sg_val_free(reply);
	}
	assert_string_equal(seen, "ok warn fail ");
}

static void what_the_daemon_found_is_recorded_and_named_until_the_next_start(void **state)
{
	static const char *const said[] = { "anna had the right to change C:\\x", "bert may change C:\\y" };
	struct lab *lab = *state;
	struct sg_val *reply;
	char *text = NULL;

	sg_engine_say(lab->engine, SG_EV_LISTS_PUT_BACK, said[0]);
	for (int i = 0; i < 2; i++) /* as at each reload */
		sg_engine_say(lab->engine, SG_EV_LISTS_LEFT, said[1]);
	assert_int_equal(lab_said(lab, "lists-put-back", &text), 1);
	assert_string_equal(text, said[0]);
	assert_int_equal(lab_said(lab, "lists-left", NULL), 2);
	reply = ask(lab);
	is(reply, "access-lists", "anna had", "warn");
	is(reply, "access-lists", "bert may", "warn");
	assert_int_equal(checks(reply, "access-lists"), 2);
	sg_val_free(reply);
	free(text);
	lab_close(lab);
	lab_open(lab);
	reply = ask(lab);
	assert_int_equal(checks(reply, "access-lists"), 0);
	sg_val_free(reply);
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_is_well_on_a_server_with_a_fresh_feed),
		T(it_leaves_everything_as_it_was),
		T(what_is_wrong_fails_with_a_cure),
		T(a_stale_feed_fails),
		T(a_folder_that_cannot_be_written_fails),
		T(what_is_exposed_and_what_cannot_be_read_fails),
		T(nothing_is_tried_while_a_pause_is_on),
		T(em_beside_what_is_kept_out_is_a_warning),
		T(what_cannot_be_told_and_what_is_not_needed_is_counted),
		T(a_locked_section_and_a_missing_module_fail_as_prerequisites),
		T(a_reserve_that_is_used_up_and_a_clock_set_back_are_warnings),
		T(a_journal_that_fills_up_warns_and_then_fails),
		T(what_the_daemon_found_is_recorded_and_named_until_the_next_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
